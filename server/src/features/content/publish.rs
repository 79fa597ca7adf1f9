//! Publishing one piece of content: readiness looked up, status and times set.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use igny8_data::{Access, AuditEvent, DbError, Origin, SiteDb, SurrealValue, Tx, Variables};

use super::model::{Content, ContentId, PageRole, Status};
use super::readiness::{self, Missing};
use super::{lifecycle, save};
use crate::api::{Error, FieldError, Result};
use crate::features::sites::model::SiteType;
use crate::features::taxonomy::{Taxonomy, TermId};

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct SiteKind {
    site_type: SiteType,
    publishing_needs_approval: bool,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Filed {
    id: TermId,
    taxonomy: Taxonomy,
}

/// What readiness depends on besides the content itself.
struct Needs {
    site_type: SiteType,
    approval: bool,
    /// Of the terms that are there.
    taxonomies: HashMap<TermId, Taxonomy>,
}

impl Needs {
    async fn read<A: Access>(db: &SiteDb<'_, A>, mut terms: Vec<TermId>) -> Result<Self, DbError> {
        terms.sort_unstable();
        terms.dedup();
        let mut binds = Variables::new();
        binds.insert("terms", terms);
        let sql = "SELECT site_type, publishing_needs_approval FROM $site WHERE account = $account;\
                   SELECT id, taxonomy FROM $terms WHERE site = $site AND account = $account AND deleted_at IS NONE;";
        let mut answer = db.query(sql, binds, "looking up readiness").await?;
        let site: Vec<SiteKind> = answer.rows(0)?;
        let filed: Vec<Filed> = answer.rows(1)?;
        Ok(Self {
            site_type: site.first().map_or(SiteType::Blog, |site| site.site_type),
            approval: site.first().is_some_and(|site| site.publishing_needs_approval),
            taxonomies: filed.into_iter().map(|term| (term.id, term.taxonomy)).collect(),
        })
    }

    /// What content lacks by itself, whatever its status and other texts.
    fn missing(&self, row: &Content) -> Vec<Missing> {
        let of = |id: &TermId| self.taxonomies.get(id).copied();
        let taxonomies: Vec<Taxonomy> = row.terms.iter().filter_map(of).collect();
        readiness::missing(row, self.site_type, &taxonomies)
    }
}

/// What content lacks to be published, looked up with its site's kind and its terms.
///
/// # Errors
/// When the database fails.
pub async fn missing<A: Access>(db: &SiteDb<'_, A>, content: &Content) -> Result<Vec<Missing>, DbError> {
    let mut missing = missing_of(db, std::slice::from_ref(content)).await?;
    Ok(missing.pop().unwrap_or_default())
}

/// [`missing`] for many pieces: at most two queries, whatever their number.
///
/// # Errors
/// When the database fails.
pub async fn missing_of<A: Access>(db: &SiteDb<'_, A>, rows: &[Content]) -> Result<Vec<Vec<Missing>>, DbError> {
    let terms = rows.iter().flat_map(|row| row.terms.iter().copied()).collect();
    let needs = Needs::read(db, terms).await?;
    let firsts = first_texts(db, rows).await?;
    let lacking = rows.iter().zip(firsts).map(|(row, first)| {
        let mut missing = needs.missing(row);
        missing.extend(readiness::not_approved(row).filter(|_| needs.approval));
        missing.extend(first.map(|title| readiness::second_text(Some(&title))));
        missing
    });
    Ok(lacking.collect())
}

/// What published content lacks after a change that it did not lack before, for each change from one state to another. What
/// was lacking already was waived, so that it can still be edited.
///
/// # Errors
/// When the database fails.
pub async fn lost<A: Access>(
    db: &SiteDb<'_, A>,
    changes: &[(&Content, &Content)],
) -> Result<Vec<Vec<Missing>>, DbError> {
    if !changes.iter().any(stays_live) {
        return Ok(vec![Vec::new(); changes.len()]);
    }
    let rows = changes.iter().flat_map(|(old, new)| [*old, *new]);
    let needs = Needs::read(db, rows.flat_map(|row| row.terms.iter().copied()).collect()).await?;
    let lost = changes.iter().map(|change| {
        if !stays_live(change) {
            return Vec::new();
        }
        let before = needs.missing(change.0);
        let mut after = needs.missing(change.1);
        after.retain(|missing| !before.contains(missing));
        after
    });
    Ok(lost.collect())
}

fn stays_live((old, new): &(&Content, &Content)) -> bool {
    let is_live = |content: &Content| content.status == Status::Published && content.deleted_at.is_none();
    is_live(old) && is_live(new)
}

/// Lets a change pass that takes nothing from published content which it needs ([`lost`]), or that an admin makes anyway; the
/// latter is put on record, with where the request came from.
///
/// # Errors
/// 422 when something is lost and nobody waives it.
pub fn keep_ready(tx: &mut Tx<'_>, content: ContentId, lost: Vec<Missing>, waived_by: Option<&Origin>) -> Result<()> {
    if lost.is_empty() {
        return Ok(());
    }
    let Some(origin) = waived_by else {
        let detail = "It is published, and this change takes from it what published content needs: see `errors`. Take it back to \
                      draft first; an admin can change it anyway with `force`.";
        return Err(lacking(detail, lost));
    };
    record_waiver(tx, content, lost, origin);
    Ok(())
}

/// Puts on record that an admin waived what content lacks.
pub fn record_waiver(tx: &mut Tx<'_>, content: ContentId, missing: Vec<Missing>, origin: &Origin) {
    let fields: Vec<String> = missing.into_iter().map(|m| m.field).collect();
    let event = AuditEvent::new("content.readiness_waived", content, origin);
    tx.audit(event.detail(serde_json::json!({ "missing": fields })));
}

/// What a text about a term lacks whose archive shows another one; nobody can waive that.
///
/// # Errors
/// When the database fails.
pub async fn second_text<A: Access>(db: &SiteDb<'_, A>, content: &Content) -> Result<Option<Missing>, DbError> {
    let first = first_texts(db, std::slice::from_ref(content)).await?.pop().flatten();
    Ok(first.map(|title| readiness::second_text(Some(&title))))
}

/// For each piece the title of the text that the archive of its term shows in its language, if that is another one.
async fn first_texts<A: Access>(db: &SiteDb<'_, A>, rows: &[Content]) -> Result<Vec<Option<String>>, DbError> {
    #[derive(SurrealValue)]
    #[surreal(crate = "surrealdb_types")]
    struct Text {
        id: ContentId,
        title: String,
    }
    let mut found: Vec<Option<String>> = vec![None; rows.len()];
    let about = |(n, row): (usize, &Content)| Some((n, row.about()?));
    let asked: Vec<(usize, TermId)> = rows.iter().enumerate().filter_map(about).collect();
    if asked.is_empty() {
        return Ok(found);
    }
    let (mut binds, mut sql) = (Variables::new(), String::new());
    for (n, term) in &asked {
        binds.insert(format!("term{n}"), *term);
        binds.insert(format!("language{n}"), rows[*n].language.clone());
        sql += &format!(
            "SELECT id, title FROM content WHERE site = $site AND language = $language{n} AND text_of = $term{n} \
             AND account = $account;"
        );
    }
    let mut answer = db.query(&sql, binds, "looking for texts of terms").await?;
    for (at, (n, _)) in asked.into_iter().enumerate() {
        let texts: Vec<Text> = answer.rows(at)?;
        let other = texts.into_iter().find(|text| text.id != rows[n].id);
        found[n] = other.map(|text| text.title);
    }
    Ok(found)
}

/// What a refused write of content means to its writer.
pub async fn refused<A: Access>(db: &SiteDb<'_, A>, content: &Content, error: DbError) -> Error {
    let is_duplicate_of = |name: &str| matches!(&error, DbError::Duplicate { index } if index == name);
    if is_duplicate_of(save::ADDRESS) && content.page_role == PageRole::Home {
        // Its address follows from the language alone, so that no other slug helps.
        let detail = "There is a home page in this language already, or a deleted one: change or restore that one.";
        return Error::duplicate("page_role", detail);
    }
    if !is_duplicate_of(save::TEXT_OF) {
        return save::refused(error);
    }
    match second_text(db, content).await {
        Ok(Some(missing)) => Error::duplicate(&missing.field, missing.message),
        // The other one went at this moment.
        Ok(None) => save::refused(error),
        Err(error) => error.into(),
    }
}

/// The refusal to publish what is not ready.
pub fn not_ready(missing: Vec<Missing>) -> Error {
    let detail = "It is not ready to be published: see `errors` for what is missing. An admin can publish it anyway with `force`.";
    lacking(detail, missing)
}

fn lacking(detail: &str, missing: Vec<Missing>) -> Error {
    let mut error = Error::rule("not_ready", detail);
    if let Error::Unprocessable(poem_openapi::payload::Json(problem)) = &mut error {
        problem.errors = missing
            .into_iter()
            .map(|m| FieldError::new(m.field, m.message))
            .collect();
    }
    error
}

/// Sets a status, if the step is allowed. Whether it is ready is for the caller to ask.
///
/// # Errors
/// 422 when the step is not allowed.
pub fn set_status(content: &mut Content, to: Status, now: DateTime<Utc>) -> Result<()> {
    if content.status == to {
        return Ok(());
    }
    if !lifecycle::allowed(content.status, to) {
        return Err(Error::rule(
            "transition",
            format!("It cannot go from {:?} to {to:?}.", content.status).to_lowercase(),
        ));
    }
    if content.status == Status::Published {
        content.unpublish_at = None;
    }
    content.status = to;
    if to == Status::Published {
        content.published_at.get_or_insert(now);
        content.publish_at = None;
        content.schedule_error = None;
    }
    Ok(())
}

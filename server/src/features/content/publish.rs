//! Publishing one piece of content: readiness looked up, status and times set.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use igny8_data::{Access, DbError, SiteDb, SurrealValue, Variables};

use super::lifecycle;
use super::model::{Content, Status};
use super::readiness::{self, Missing};
use crate::api::{Error, FieldError, Result};
use crate::features::sites::model::SiteType;
use crate::features::taxonomy::{Taxonomy, TermId};

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct SiteKind {
    site_type: SiteType,
}

/// What content lacks to be published, looked up with its site's kind and its terms.
///
/// # Errors
/// When the database fails.
pub async fn missing<A: Access>(db: &SiteDb<'_, A>, content: &Content) -> Result<Vec<Missing>, DbError> {
    let mut binds = Variables::new();
    binds.insert("terms", content.terms.clone());
    let sql = "SELECT site_type FROM $site WHERE account = $account;\
               SELECT VALUE taxonomy FROM $terms WHERE site = $site AND deleted_at IS NONE;";
    let mut answer = db.query(sql, binds, "looking up readiness").await?;
    let site: Vec<SiteKind> = answer.rows(0)?;
    let taxonomies: Vec<Taxonomy> = answer.rows(1)?;
    let kind = site.first().map_or(SiteType::Blog, |site| site.site_type);
    Ok(readiness::missing(content, kind, &taxonomies))
}

/// [`missing`] for many pieces: two queries, whatever their number.
///
/// # Errors
/// When the database fails.
pub async fn missing_of<A: Access>(db: &SiteDb<'_, A>, rows: &[Content]) -> Result<Vec<Vec<Missing>>, DbError> {
    #[derive(SurrealValue)]
    #[surreal(crate = "surrealdb_types")]
    struct Filed {
        id: TermId,
        taxonomy: Taxonomy,
    }
    let mut terms: Vec<TermId> = rows.iter().flat_map(|row| row.terms.iter().copied()).collect();
    terms.sort_unstable();
    terms.dedup();
    let mut binds = Variables::new();
    binds.insert("terms", terms);
    let sql = "SELECT site_type FROM $site WHERE account = $account;\
               SELECT id, taxonomy FROM $terms WHERE site = $site AND account = $account AND deleted_at IS NONE;";
    let mut answer = db.query(sql, binds, "looking up readiness").await?;
    let site: Vec<SiteKind> = answer.rows(0)?;
    let kind = site.first().map_or(SiteType::Blog, |site| site.site_type);
    let filed: Vec<Filed> = answer.rows(1)?;
    let of: HashMap<TermId, Taxonomy> = filed.into_iter().map(|term| (term.id, term.taxonomy)).collect();
    Ok(rows
        .iter()
        .map(|row| {
            let taxonomies: Vec<Taxonomy> = row.terms.iter().filter_map(|id| of.get(id)).copied().collect();
            readiness::missing(row, kind, &taxonomies)
        })
        .collect())
}

/// The refusal to publish what is not ready.
pub fn not_ready(missing: Vec<Missing>) -> Error {
    let mut error = Error::rule(
        "not_ready",
        "It is not ready to be published: see `errors` for what is missing. An admin can publish it anyway with `force`.",
    );
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

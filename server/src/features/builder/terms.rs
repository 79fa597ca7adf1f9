//! Terms of a plan: edits, proposals and imports become rows of the site's taxonomies.
//!
//! What is asked for is checked on all terms at once by the builder (names, slugs, depth, circles), then written in one unit of work
//! that fails if anybody changed a term meanwhile. Merging and deleting move content, so they follow it, each by itself, by the
//! rules of [`crate::features::taxonomy::remove`].

use std::collections::{HashMap, HashSet};

use igny8_builder::names::{Choice as _, TaxonomyKind};
use igny8_builder::taxonomy::edit::{self, TermEdit};
use igny8_builder::taxonomy::import::Imported;
use igny8_builder::taxonomy::{self, Proposal};
use igny8_builder::wizard::Change;
use igny8_data::{AuditEvent, DbError, Origin, SiteScope, Tx, Variables, Write};
use serde_json::json;

use super::desk::{Desk, built, taxonomy_of, term_ids};
use super::live;
use crate::api::{Error, FieldError, Result};
use crate::app::App;
use crate::features::content::published;
use crate::features::planner::ClusterId;
use crate::features::planner::rules::{refused, require_clusters};
use crate::features::taxonomy::{Term, TermId, remove, tree};

/// Edits of one call; terms that are merged or deleted in one.
pub const MAX_EDITS: usize = 500;
/// Rows written by one statement.
const BATCH: usize = 500;

/// What edits made of the terms.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Done {
    pub made: Vec<TermId>,
    pub changed: u32,
    pub merged: u32,
    pub deleted: u32,
}

/// Edits the terms of a plan and saves the plan with it.
///
/// # Errors
/// 422 with all edits that cannot be made; then none is. 412 when somebody changed the plan or a term meanwhile.
pub async fn apply(
    app: &App,
    scope: &SiteScope<Write>,
    desk: &mut Desk,
    edits: &[TermEdit],
    audit: (&'static str, &Origin),
) -> Result<Done> {
    let edited = edit::apply(desk.kind, &desk.terms, edits).map_err(|problems| {
        let field = |problem: &edit::TermProblem| {
            FieldError::new(
                format!("edits.{}", problem.edit),
                format!("{}; {}", problem.message, problem.mend),
            )
        };
        Error::invalid(problems.iter().take(200).map(field).collect())
    })?;
    let mut done = Done::default();
    // Rows by the id that the builder knows them by: new ones have one that the request chose.
    let mut ids: HashMap<String, TermId> = HashMap::new();
    for id in desk.term_rows.keys() {
        if let Ok(known) = id.parse() {
            ids.insert(id.clone(), known);
        }
    }
    let new: Vec<&taxonomy::Term> = edited
        .terms
        .iter()
        .filter(|term| !desk.term_rows.contains_key(&term.id))
        .collect();
    for term in &new {
        let id: TermId = app.db.ids().make();
        ids.insert(term.id.clone(), id);
        done.made.push(id);
    }
    let now = app.db.clock().now();
    let (mut create, mut replace): (Vec<Term>, Vec<Term>) = (Vec::new(), Vec::new());
    let mut clusters: HashSet<ClusterId> = HashSet::new();
    let gone: HashSet<&str> = edited
        .merged
        .iter()
        .map(|(from, _)| from.as_str())
        .chain(edited.deleted.iter().map(String::as_str))
        .collect();
    for term in &edited.terms {
        let parent = term.parent.as_ref().and_then(|parent| ids.get(parent)).copied();
        let mapped: Vec<ClusterId> = term.clusters.iter().filter_map(|id| id.parse().ok()).collect();
        match desk.term_rows.get(&term.id) {
            None => {
                let id = ids[&term.id];
                let mut row = Term::new(
                    id,
                    scope,
                    taxonomy_of(term.kind)?,
                    desk.site.language.clone(),
                    term.name.trim().to_owned(),
                    term.slug.clone(),
                    now,
                );
                (row.parent, row.clusters) = (parent, mapped);
                clusters.extend(&row.clusters);
                create.push(row);
            }
            Some(before) => {
                let mut row = before.clone();
                // What stands below a term that goes is moved by its removal.
                if before
                    .parent
                    .is_none_or(|above| !gone.contains(above.to_string().as_str()))
                {
                    row.parent = parent;
                }
                row.name = term.name.trim().to_owned();
                if row.slug != term.slug {
                    row.set_slug(term.slug.clone());
                }
                clusters.extend(mapped.iter().filter(|id| !before.clusters.contains(id)));
                row.clusters = mapped;
                let same = (&row.name, &row.slug, row.parent, &row.clusters)
                    == (&before.name, &before.slug, before.parent, &before.clusters);
                if !same {
                    row.updated_at = now;
                    replace.push(row);
                }
            }
        }
    }
    done.changed = u32::try_from(replace.len()).unwrap_or(u32::MAX);
    let (what, origin) = audit;
    let mut tx = app.db.site(scope).tx();
    require_same_terms(&mut tx, desk);
    tree::one_at_a_time(&mut tx);
    let clusters: Vec<ClusterId> = clusters.into_iter().collect();
    require_clusters(&mut tx, &clusters, None);
    for batch in create.chunks(BATCH) {
        tx.create_all(batch.to_vec());
    }
    tx.replace_all(&mut replace);
    for row in create.into_iter().chain(replace) {
        let kind = super::words::same(&row.taxonomy)?;
        take(desk, row, kind);
    }
    note(desk, edits);
    desk.terms.retain(|term| !gone.contains(term.id.as_str()));
    desk.settle_seen();
    follow_renames(desk, edits);
    desk.save(&mut tx, now);
    published::changed(app, scope, &mut tx).await?;
    live::terms_changed(app, scope, &mut tx).await?;
    let detail = json!({ "edits": edits.len(), "made": done.made.len(), "changed": done.changed });
    tx.audit(AuditEvent::new(what, desk.row.id, origin).detail(detail));
    tx.commit().await.map_err(taken)?;

    for (from, into) in &edited.merged {
        let heir = ids.get(&last_heir(&edited.merged, into)).copied();
        let (Some(mut row), Some(heir)) = (read(app, scope, from).await?, heir) else {
            continue;
        };
        remove::merge(app, scope, &mut row, heir).await?;
        done.merged += 1;
    }
    for id in &edited.deleted {
        let Some(mut row) = read(app, scope, id).await? else {
            continue;
        };
        remove::delete(app, scope, &mut row).await?;
        done.deleted += 1;
    }
    Ok(done)
}

/// Where what was merged into a term that was itself merged ends up.
fn last_heir(merged: &[(String, String)], into: &str) -> String {
    let mut heir = into;
    for _ in 0..merged.len() {
        match merged.iter().find(|(from, _)| from == heir) {
            Some((_, next)) => heir = next,
            None => break,
        }
    }
    heir.to_owned()
}

async fn read(app: &App, scope: &SiteScope<Write>, id: &str) -> Result<Option<Term>> {
    match term_ids(&[id.to_owned()]).pop() {
        Some(id) => Ok(app.db.site(scope).get::<Term>(id).await?),
        None => Ok(None),
    }
}

/// Puts a row on the desk.
fn take(desk: &mut Desk, row: Term, kind: TaxonomyKind) {
    let term = built(&row, kind);
    match desk.terms.iter_mut().find(|known| known.id == term.id) {
        Some(known) => *known = term.clone(),
        None => desk.terms.push(term.clone()),
    }
    desk.term_rows.insert(term.id, row);
}

/// Archives follow when their terms are renamed.
fn follow_renames(desk: &mut Desk, edits: &[TermEdit]) {
    for edit in edits {
        let TermEdit::Rename { term, .. } = edit else { continue };
        let Some(now) = desk.terms.iter().find(|known| known.id == *term) else {
            continue;
        };
        let follow = igny8_builder::sitemap::edit::Edit::TermRenamed {
            term: now.id.clone(),
            name: now.name.clone(),
            slug: now.slug.clone(),
        };
        // Where the address is taken by a page, the archive keeps its old one until somebody decides; the coverage tells it.
        if let Ok(sitemap) = igny8_builder::sitemap::edit::apply(&desk.pages.sitemap, &[follow]) {
            desk.pages.sitemap = sitemap;
        }
    }
}

/// Notes what the edits re-open.
fn note(desk: &mut Desk, edits: &[TermEdit]) {
    let mut seen: HashSet<Change> = HashSet::new();
    for edit in edits {
        let change = match edit {
            TermEdit::Add { .. } => Change::TermAdded,
            TermEdit::Rename { .. } => Change::TermRenamed,
            TermEdit::Nest { .. } => Change::TermMoved,
            TermEdit::Map { .. } => Change::TermMapped,
            TermEdit::Merge { .. } | TermEdit::Delete { .. } => Change::TermRemoved,
        };
        if seen.insert(change) {
            desk.changed(change);
        }
    }
}

/// The terms must be as they are on the desk: every change of one raises its revision.
fn require_same_terms(tx: &mut Tx<'_>, desk: &Desk) {
    let revs: i64 = desk.term_rows.values().map(|row| row.rev).sum();
    let mut binds = Variables::new();
    binds.insert("terms_language", desk.site.language.clone());
    binds.insert("terms_count", i64::try_from(desk.term_rows.len()).unwrap_or(i64::MAX));
    binds.insert("terms_revs", revs);
    let kinds = desk.kind.taxonomies.iter().map(|spec| spec.kind.word().to_owned());
    let kinds: Vec<String> = kinds.collect();
    binds.insert("terms_kinds", kinds);
    tx.statement(
        "LET $terms_now = (SELECT VALUE rev FROM term WHERE site = $site AND account = $account AND deleted_at IS NONE \
         AND language = $terms_language AND taxonomy INSIDE $terms_kinds)",
        binds,
    );
    tx.require(
        "$site != NONE AND array::len($terms_now) = $terms_count AND math::sum($terms_now) = $terms_revs",
        Variables::new(),
        "terms_changed",
    );
}

/// What a refused write of terms means to whoever asked for it.
fn taken(error: DbError) -> Error {
    match error {
        DbError::Duplicate { index } if index == "term_slug" => Error::duplicate(
            "slug",
            "A taxonomy has a term with one of these slugs already, or a deleted one that can be restored with it; choose another.",
        ),
        DbError::Refused(code) if code == "terms_changed" => Error::stale(None),
        error => refused(error),
    }
}

/// The edits that make terms of proposals, or map those that are there.
pub fn of_proposals(desk: &Desk, proposals: &[Proposal]) -> Vec<TermEdit> {
    let mut slugs: HashSet<(TaxonomyKind, String)> =
        desk.terms.iter().map(|term| (term.kind, term.slug.clone())).collect();
    let mut ids: Vec<String> = Vec::with_capacity(proposals.len());
    let mut edits = Vec::with_capacity(proposals.len());
    for (place, proposal) in proposals.iter().enumerate() {
        if let Some(existing) = &proposal.existing {
            ids.push(existing.clone());
            if !proposal.clusters.is_empty() {
                edits.push(TermEdit::Map {
                    term: existing.clone(),
                    add: proposal.clusters.clone(),
                    remove: Vec::new(),
                });
            }
            continue;
        }
        let id = format!("new-{place}");
        ids.push(id.clone());
        edits.push(TermEdit::Add {
            term: taxonomy::Term {
                id,
                kind: proposal.kind,
                name: proposal.name.clone(),
                slug: free(&mut slugs, proposal.kind, &proposal.slug),
                parent: proposal.parent.and_then(|above| ids.get(above)).cloned(),
                clusters: proposal.clusters.clone(),
            },
        });
    }
    edits
}

/// Makes terms of an import and saves the plan with them; what is there already is left as it is.
///
/// # Errors
/// 412 when somebody changed the plan or a term meanwhile.
pub async fn import(
    app: &App,
    scope: &SiteScope<Write>,
    desk: &mut Desk,
    terms: &[Imported],
    origin: &Origin,
) -> Result<Vec<TermId>> {
    let now = app.db.clock().now();
    let mut slugs: HashSet<(TaxonomyKind, String)> =
        desk.terms.iter().map(|term| (term.kind, term.slug.clone())).collect();
    let mut ids: Vec<Option<TermId>> = Vec::with_capacity(terms.len());
    let mut rows: Vec<Term> = Vec::new();
    for term in terms {
        if let Some(existing) = &term.existing {
            ids.push(existing.parse().ok());
            continue;
        }
        let id: TermId = app.db.ids().make();
        let slug = free(&mut slugs, term.kind, &term.slug);
        let (of, language) = (taxonomy_of(term.kind)?, desk.site.language.clone());
        let mut row = Term::new(id, scope, of, language, term.name.clone(), slug, now);
        row.parent = term.parent.and_then(|above| ids.get(above).copied().flatten());
        row.description.clone_from(&term.description);
        row.external_id.clone_from(&term.external_id);
        row.external_taxonomy.clone_from(&term.external_taxonomy);
        ids.push(Some(id));
        rows.push(row);
    }
    let made = rows.iter().map(|row| row.id).collect();
    let mut tx = app.db.site(scope).tx();
    require_same_terms(&mut tx, desk);
    tree::one_at_a_time(&mut tx);
    for batch in rows.chunks(BATCH) {
        tx.create_all(batch.to_vec());
    }
    let detail = json!({ "terms": rows.len() });
    if !rows.is_empty() {
        desk.changed(Change::TermAdded);
    }
    for row in rows {
        let kind = super::words::same(&row.taxonomy)?;
        desk.terms.push(built(&row, kind));
        desk.term_rows.insert(row.id.to_string(), row);
    }
    desk.settle_seen();
    desk.save(&mut tx, now);
    published::changed(app, scope, &mut tx).await?;
    tx.audit(AuditEvent::new("site_blueprint.terms_imported", desk.row.id, origin).detail(detail));
    tx.commit().await.map_err(taken)?;
    Ok(made)
}

/// A slug near the wanted one that no term of the taxonomy has.
pub fn free(taken: &mut HashSet<(TaxonomyKind, String)>, kind: TaxonomyKind, wanted: &str) -> String {
    let base = match wanted.is_empty() {
        true => "term".to_owned(),
        false => wanted.to_owned(),
    };
    let numbered = (2..).map(|n| format!("{base}-{n}"));
    let all = std::iter::once(base.clone()).chain(numbered);
    let mut found = all.skip_while(|slug| taken.contains(&(kind, slug.clone())));
    // The numbers do not end.
    let slug = found.next().unwrap_or(base);
    taken.insert((kind, slug.clone()));
    slug
}

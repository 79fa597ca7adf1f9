//! Taking terms away: deleting and merging, with what that means for the terms below, for content and for what is planned.

use igny8_data::{CanWrite, DbError, Deleted, SiteScope, Tx, Variables};

use super::TermsMode;
use super::model::{MAX_CLUSTERS, Term, TermId};
use super::tree;
use crate::api::{Error, Result};
use crate::app::App;
use crate::features::content::{Content, ContentId, Status, batch, publish, published};
use crate::features::planner::rules::refused;

/// Times a term is read again because somebody else was faster.
const ATTEMPTS: usize = 5;

/// Deletes a term: those below move up to its parent, content, ideas and tasks lose it. A text of its archive whose next term
/// has one already becomes a draft.
///
/// # Errors
/// 412 when it was changed since it was read; when the database fails.
pub async fn delete<A: CanWrite>(app: &App, scope: &SiteScope<A>, term: &mut Term) -> Result<()> {
    retire(app, scope, term, term.parent).await?;
    move_plans(app, scope, term.id, None).await?;
    move_content(app, scope, term.id, None).await
}

/// Merges a term into another of its taxonomy and language: those below, its clusters, content, ideas, tasks and addresses go
/// over, then it is deleted. The text of its archive becomes a draft if the other has one. Content is moved in batches, twice,
/// so that what names the term meanwhile is moved too; a merge that was interrupted can be asked for again.
///
/// # Errors
/// 412 when it was changed since it was read, 422 when the other is below it or the tree gets too deep.
pub async fn merge<A: CanWrite>(app: &App, scope: &SiteScope<A>, term: &mut Term, into: TermId) -> Result<()> {
    // Asked before anything is moved; [`retire`] asks again.
    let mut tx = app.db.site(scope).tx();
    tree::require_below(&mut tx, term, term.id, into);
    tx.commit().await.map_err(into_refused)?;
    move_content(app, scope, term.id, Some(into)).await?;
    retire_into(app, scope, term, into).await?;
    move_plans(app, scope, term.id, Some(into)).await?;
    move_content(app, scope, term.id, Some(into)).await
}

/// As [`refused`], for a request whose field is `into`.
fn into_refused(error: DbError) -> Error {
    let mut error = refused(error);
    if let Error::Unprocessable(poem_openapi::payload::Json(problem)) = &mut error {
        for wrong in &mut problem.errors {
            "into".clone_into(&mut wrong.field);
        }
    }
    error
}

/// Deletes the term's row; the terms below get another parent.
async fn retire<A: CanWrite>(app: &App, scope: &SiteScope<A>, term: &mut Term, parent: Option<TermId>) -> Result<()> {
    let mut tx = app.db.site(scope).tx();
    retiring(app, &mut tx, term, parent);
    published::changed(app, scope, &mut tx).await?;
    tx.commit().await.map_err(refused)?;
    Ok(())
}

/// [`retire`], with what another term inherits: the addresses of the merged one, which lead to it from then on, and its clusters.
/// All at once, so that no deployment finds the term gone and its addresses leading nowhere.
async fn retire_into<A: CanWrite>(app: &App, scope: &SiteScope<A>, term: &mut Term, into: TermId) -> Result<()> {
    let db = app.db.site(scope);
    for _ in 0..ATTEMPTS {
        let mut heir = db.get::<Term>(into).await?.ok_or_else(Error::not_found)?;
        heir.keep_slugs(term.aliases.iter().chain([&term.slug]).cloned().collect());
        heir.keep_urls(term.former_urls.iter().chain(&term.external_url).cloned().collect());
        TermsMode::Add.apply(&mut heir.clusters, &term.clusters);
        heir.clusters.truncate(MAX_CLUSTERS);
        heir.updated_at = app.db.clock().now();
        let mut gone = term.clone();
        let mut tx = db.tx();
        retiring(app, &mut tx, &mut gone, Some(into));
        tx.replace(&mut heir);
        published::changed(app, scope, &mut tx).await?;
        match tx.commit().await {
            Ok(_) => {
                *term = gone;
                return Ok(());
            }
            Err(DbError::Stale) => {
                let now = db.get::<Term>(term.id).await?;
                if now.is_none_or(|now| now.rev != term.rev) {
                    return Err(refused(DbError::Stale));
                }
            }
            Err(error) => return Err(refused(error)),
        }
    }
    Err(Error::unavailable("The term is being changed by others. Try again."))
}

/// Adds to a unit of work that a term is deleted and that those below it get another parent.
fn retiring(app: &App, tx: &mut Tx<'_>, term: &mut Term, heir: Option<TermId>) {
    let now = app.db.clock().now();
    match heir.filter(|heir| Some(*heir) != term.parent) {
        Some(heir) => tree::require_below(tx, term, term.id, heir),
        None => tree::one_at_a_time(tx),
    }
    let mut binds = Variables::new();
    binds.insert("retired", term.id);
    binds.insert("heir", heir);
    binds.insert("retired_at", now);
    tx.statement(
        "UPDATE term SET parent = $heir, rev += 1, updated_at = $retired_at WHERE site = $site AND account = $account \
         AND parent = $retired RETURN NONE",
        binds,
    );
    term.deleted_at = Some(now);
    term.updated_at = now;
    term.parent = None;
    tx.replace(term);
}

/// Takes a term out of all ideas and tasks, deleted ones too, or puts another in its place.
async fn move_plans<A: CanWrite>(app: &App, scope: &SiteScope<A>, from: TermId, into: Option<TermId>) -> Result<()> {
    let mut tx = app.db.site(scope).tx();
    let mut binds = Variables::new();
    binds.insert("moved", from);
    binds.insert("moved_to", Vec::from_iter(into));
    binds.insert("moved_at", app.db.clock().now());
    for table in ["idea", "task"] {
        // In its place: the first term is what a text is about.
        tx.statement(
            &format!(
                "UPDATE {table} SET terms = array::distinct(array::concat(\
                 array::slice(terms, 0, array::find_index(terms, $moved)), $moved_to, \
                 array::slice(terms, array::find_index(terms, $moved) + 1))), rev += 1, updated_at = $moved_at \
                 WHERE site = $site AND account = $account AND terms CONTAINS $moved RETURN NONE"
            ),
            std::mem::take(&mut binds),
        );
    }
    tx.commit().await?;
    Ok(())
}

/// Takes a term out of all content, deleted content too, or puts another in its place.
async fn move_content<A: CanWrite>(app: &App, scope: &SiteScope<A>, from: TermId, into: Option<TermId>) -> Result<()> {
    let swap = move |content: &mut Content| -> Result<()> {
        match into {
            // In its place: the first term is what a text is about. One that is there twice is dropped when it is saved.
            Some(into) => {
                let of = content.terms.iter_mut().filter(|term| **term == from);
                of.for_each(|term| *term = into);
            }
            None => content.terms.retain(|term| *term != from),
        }
        Ok(())
    };
    let now = app.db.clock().now();
    let retract = move |content: &mut Content| {
        swap(content)?;
        publish::set_status(content, Status::Draft, now)
    };
    loop {
        let mut binds = Variables::new();
        binds.insert("from", from);
        let sql = "SELECT VALUE id FROM content WHERE site = $site AND account = $account AND terms CONTAINS $from;";
        let ids: Vec<ContentId> = app
            .db
            .site(scope)
            .query(sql, binds, "finding content of a term")
            .await?
            .rows(0)?;
        if ids.is_empty() {
            return Ok(());
        }
        let mut results = batch::each(app, scope, &ids, Deleted::With, &swap).await?;
        // Texts of archives that have another one already go back to their authors.
        let second = results
            .iter()
            .filter(|(_, result)| matches!(result, Err(Error::Conflict(_))));
        let second: Vec<ContentId> = second.map(|(id, _)| *id).collect();
        results.extend(batch::each(app, scope, &second, Deleted::With, &retract).await?);
        if results.iter().all(|(_, result)| result.is_err()) {
            return Err(Error::unavailable(
                "The content of the term is being changed by others. Try again.",
            ));
        }
    }
}

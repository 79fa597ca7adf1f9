//! Links that lead to where a page was: they are led to where it is now.

use std::collections::{BTreeMap, BTreeSet};

use igny8_data::{DbError, SiteScope, Write};
use igny8_linker::edit;
use igny8_linker::graph::{Limits, Why};

use super::edits::ATTEMPTS;
use super::linkers::{Linkers, with};
use super::model::{LinkStatus, format_of};
use super::standing::Standing;
use super::{rows, suggest};
use crate::api::{Error, Result};
use crate::app::App;
use crate::features::content::{Content, ContentId, Reason, save};

/// Pieces of content mended by one request.
pub const MOST: usize = 200;

/// What became of the links of one piece of content.
pub struct Mended {
    pub changed: usize,
    /// Those that are written in a way that is not changed here, or that are in blocks or answers.
    pub left: usize,
}

/// The content with links that go over a redirect, at most [`MOST`].
///
/// # Errors
/// When the database fails.
pub async fn candidates(app: &App, scope: &SiteScope<Write>) -> Result<Vec<ContentId>> {
    with(app, &scope.reading(), |standing| {
        let report = standing.linker.graph.report(Limits { items: 10_000 });
        let moved = report
            .dead_links
            .items
            .iter()
            .filter(|link| link.why == Why::Redirected);
        let sources: BTreeSet<ContentId> = moved.filter_map(|link| link.source.id.parse().ok()).collect();
        sources.into_iter().take(MOST).collect()
    })
    .await
}

/// Old paths that the page links to and where their pages are now.
fn moved(standing: &Standing, id: ContentId) -> Option<BTreeMap<String, String>> {
    let links = standing.linker.graph.page(&id.to_string(), Limits { items: 10_000 })?;
    let moved = links.dead.items.into_iter().filter(|link| link.why == Why::Redirected);
    let pairs = moved.filter_map(|link| Some((link.href, standing.named(&link.target?).1)));
    Some(pairs.collect())
}

/// Leads the links of one piece of content to where their pages are.
///
/// # Errors
/// 404 when it is gone; 412 after several writers were faster; when the database fails.
pub async fn mend(app: &App, scope: &SiteScope<Write>, id: ContentId) -> Result<Mended> {
    let db = app.db.site(scope);
    let mut attempt = 0;
    loop {
        let old = db.get::<Content>(id).await?.ok_or_else(Error::not_found)?;
        let row = old.clone();
        let found = with(app, &scope.reading(), move |standing| {
            Some((moved(standing, id)?, suggest::rules(standing, &row)))
        })
        .await?;
        let (moved, rules) = found.ok_or_else(Error::not_found)?;
        let wanted = moved.len();
        let (body, format) = (old.body.clone(), format_of(old.body_format));
        let rewritten = Linkers::compute(app, move || edit::rewrite(&body, format, &moved, &rules)).await?;
        let changed = rewritten.changed.len();
        // A path that is in no link of the body is in a block or an answer.
        let left = rewritten.left + if changed + rewritten.left == 0 { wanted } else { 0 };
        if changed == 0 {
            return Ok(Mended { changed, left });
        }
        let mut new = old.clone();
        new.body = rewritten.body;
        let mut tx = db.tx();
        for mut link in rows::of_sources(&db, &[id]).await? {
            let to = rewritten
                .changed
                .iter()
                .find(|(from, _)| link.href.as_ref() == Some(from));
            if let Some((_, to)) = to.filter(|_| link.status == LinkStatus::Applied) {
                link.place(to, format);
                tx.replace(&mut link);
            }
        }
        save::change(&app.db, &mut tx, scope.actor().who(), &old, &mut new, Reason::Edited);
        match tx.commit().await {
            Ok(_) => return Ok(Mended { changed, left }),
            Err(DbError::Stale) if attempt < ATTEMPTS => attempt += 1,
            Err(error) => return Err(save::refused(error)),
        }
    }
}

//! Which links a page should get, and which pages should link to it: [`igny8_linker::suggest`] on the rows of a site.

use std::collections::HashSet;

use igny8_data::{Access, Read, SiteDb, SiteScope};
use igny8_linker::edit::Rules;
use igny8_linker::suggest::{Options, ReasonKey, Suggestion};

use super::linkers::with;
use super::model::{LinkDirection, LinkStatus};
use super::rows;
pub use super::standing::Place;
use super::standing::Standing;
use crate::api::Result;
use crate::app::App;
use crate::features::content::{Content, ContentId};
use crate::features::publishing::snapshot;

/// Pages that are read for links to one page.
const LOOKED_AT: usize = 40;

/// A link that a page could get.
#[derive(Debug, Clone)]
pub struct Found {
    pub source: ContentId,
    pub target: ContentId,
    /// The page at the other end of the page that was asked about.
    pub other: Place,
    pub direction: LinkDirection,
    pub anchor: String,
    /// Where it begins in the source's body, in bytes, and how long it is there.
    pub at: usize,
    pub length: usize,
    pub context: String,
    pub score: f64,
    pub reason_key: ReasonKey,
    pub reason: String,
}

/// What a page could link to.
#[derive(Debug)]
pub struct Outbound {
    pub found: Vec<Found>,
    /// Links that the length of the text leaves room for.
    pub room: usize,
}

/// The rules for the body of a row.
pub fn rules(standing: &Standing, row: &Content) -> Rules {
    let rules = Rules {
        hosts: standing.hosts().to_vec(),
        ..Rules::default()
    };
    rules.of(&standing.page(row))
}

/// Links for a page, the best first: to its hub, then by score. `limit` is how many; without it as many as the text's length
/// asks for. `unwanted` are targets that somebody dismissed.
pub fn outbound(standing: &Standing, row: &Content, limit: Option<usize>, unwanted: &HashSet<ContentId>) -> Outbound {
    let page = standing.page(row);
    let options = options(standing, limit, unwanted);
    let room = igny8_linker::edit::room(&page.body, page.format, &options.rules.of(&page));
    let found = standing.linker.index.suggest(&page, &options);
    Outbound {
        found: found
            .into_iter()
            .filter_map(|s| found_of(standing, s, |s| &s.target))
            .collect(),
        room,
    }
}

fn options(standing: &Standing, limit: Option<usize>, unwanted: &HashSet<ContentId>) -> Options {
    let unwanted = unwanted
        .iter()
        .filter_map(|id| standing.place(*id))
        .map(|place| place.path);
    Options {
        limit,
        rules: Rules {
            do_not_link: unwanted.chain(standing.kept_out().iter().cloned()).collect(),
            hosts: standing.hosts().to_vec(),
            ..Rules::default()
        },
        ..Options::default()
    }
}

fn found_of(standing: &Standing, suggestion: Suggestion, other: impl Fn(&Suggestion) -> &String) -> Option<Found> {
    let other = standing.place(other(&suggestion).parse().ok()?)?;
    Some(Found {
        source: suggestion.source.parse().ok()?,
        target: suggestion.target.parse().ok()?,
        other,
        direction: suggestion.direction.into(),
        at: suggestion.link.at?,
        anchor: suggestion.link.anchor,
        length: suggestion.length,
        context: suggestion.context,
        // One digit, as it was rounded.
        score: (f64::from(suggestion.score) * 10.0).round() / 10.0,
        reason_key: suggestion.reason.key,
        reason: suggestion.reason.message,
    })
}

/// Targets that somebody dismissed for a source.
///
/// # Errors
/// When the database fails.
pub async fn unwanted<A: Access>(db: &SiteDb<'_, A>, source: ContentId) -> Result<HashSet<ContentId>> {
    let rows = rows::of_sources(db, &[source]).await?;
    let dismissed = rows.into_iter().filter(|row| row.status == LinkStatus::Dismissed);
    Ok(dismissed.map(|row| row.target).collect())
}

/// Links to a page from others, the best first.
///
/// # Errors
/// When the database fails.
pub async fn inbound(app: &App, scope: &SiteScope<Read>, row: Content, limit: usize) -> Result<Vec<Found>> {
    let (target, asked) = (row.id, row);
    let candidates = with(app, scope, move |standing| {
        let page = standing.page(&asked);
        // Nobody can follow a link to a draft.
        if !page.published {
            return Vec::new();
        }
        standing.linker.index.inbound_candidates(&page, LOOKED_AT)
    })
    .await?;
    let candidates: Vec<ContentId> = candidates.iter().filter_map(|id| id.parse().ok()).collect();
    let db = app.db.site(scope);
    let tenant = (scope.account(), scope.site());
    let mut links = rows::of_sources(&db, &candidates).await?;
    links.retain(|link| link.target == target && link.status == LinkStatus::Dismissed);
    let unwanted: HashSet<ContentId> = links.into_iter().map(|link| link.source).collect();
    let mut found = Vec::new();
    // Some at a time, so that few bodies are in memory together.
    for ids in candidates.chunks(10) {
        let ids: Vec<ContentId> = ids.iter().copied().filter(|id| !unwanted.contains(id)).collect();
        let sources = snapshot::rows_of::<Content>(&db, tenant, ids, "deleted_at IS NONE").await?;
        found.extend(
            with(app, scope, move |standing| {
                let pages: Vec<igny8_linker::Page> = sources.iter().map(|row| standing.page(row)).collect();
                let options = options(standing, None, &HashSet::new());
                let suggestions = standing
                    .linker
                    .index
                    .suggest_inbound(&target.to_string(), &pages, &options);
                let found = suggestions
                    .into_iter()
                    .filter_map(|s| found_of(standing, s, |s| &s.source));
                found.collect::<Vec<_>>()
            })
            .await?,
        );
    }
    let first = |found: &Found| !matches!(found.direction, LinkDirection::ToHub | LinkDirection::ToSupport);
    found.sort_by(|a, b| {
        first(a)
            .cmp(&first(b))
            .then_with(|| b.score.total_cmp(&a.score))
            .then_with(|| a.source.cmp(&b.source))
    });
    found.truncate(limit);
    Ok(found)
}

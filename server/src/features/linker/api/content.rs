//! The links of one piece of content: see them, see which it should get, put them in, take them out.

use std::collections::HashMap;

use igny8_data::{Read, SiteId, Write};
use igny8_linker::graph::Limits;
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};

use super::links::titles;
use super::objects::{LinkOut, PageOut, ResultOut, WhyOut, WishIn};
use crate::api::bulk::distinct;
use crate::api::{Caller, Error, Fetched, FieldError, Result, Tag};
use crate::app::App;
use crate::features::content::api::for_write;
use crate::features::content::{Content, ContentId};
use crate::features::linker::edits::{self, Became, Wish};
use crate::features::linker::model::{LinkDirection, LinkId, LinkStatus};
use crate::features::linker::suggest::{self, Found};
use crate::features::linker::{rows, with};
use crate::features::planner::ClusterRole;

/// Links of one page that are shown each way.
const SHOWN: usize = 200;
/// Suggestions at once, and links put in at once.
const MOST: u32 = 50;

/// A link to or from a page.
#[derive(Debug, Object)]
#[oai(rename = "PageLink", skip_serializing_if_is_none)]
pub struct PageLinkOut {
    /// The page at the other end; absent when nothing is there.
    pub page: Option<PageOut>,
    /// Where it leads, of links that do not lead straight to a page.
    pub href: Option<String>,
    /// Its words, in lower case.
    pub anchor: String,
    /// Why it does not lead straight to a page; absent when it does.
    pub why: Option<WhyOut>,
    /// The row of a link that was put in here, which can be undone.
    pub link: Option<LinkId>,
}

/// The links of a page that are in texts.
#[derive(Debug, Object)]
#[oai(rename = "PageLinks")]
pub struct PageLinksOut {
    pub content: ContentId,
    /// Links from published pages; at most 200.
    pub inbound: Vec<PageLinkOut>,
    /// Links from it, those that lead nowhere last; at most 200 of both.
    pub outbound: Vec<PageLinkOut>,
    pub inbound_total: u32,
    pub outbound_total: u32,
    /// Links to other sites.
    pub external: u32,
}

/// Which way suggestions lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "LinkSuggestionsTo", rename_all = "snake_case")]
pub enum To {
    /// From this page to others.
    Others,
    /// From others to this page, which must be published.
    This,
}

/// A link that a page should get.
#[derive(Debug, Object)]
#[oai(rename = "LinkSuggestion", skip_serializing_if_is_none)]
pub struct SuggestionOut {
    pub source: ContentId,
    pub target: ContentId,
    /// The page at the other end.
    pub page: PageOut,
    pub direction: LinkDirection,
    /// The words it goes around, as the text says them.
    pub anchor: String,
    /// Where they begin in the source's body, in bytes, and their length there.
    pub at: u64,
    pub length: u64,
    /// The sentence around them.
    pub context: String,
    /// 0 to 100; suggestions of different pages can be compared.
    pub score: f64,
    /// The strongest reason, for programs: `hub`, `hub_support`, `named`, `known_anchor`, `partly_named`, `similar_pages` or
    /// `similar_text`.
    pub reason_key: String,
    /// The same in a sentence.
    pub reason: String,
}

/// Suggestions by the role that the page at the other end has in its cluster.
#[derive(Debug, Object)]
#[oai(rename = "LinkSuggestionGroup", skip_serializing_if_is_none)]
pub struct GroupOut {
    /// Absent for pages without a cluster.
    pub cluster_role: Option<ClusterRole>,
    /// The best first.
    pub suggestions: Vec<SuggestionOut>,
}

/// Links that a page should get.
#[derive(Debug, Object)]
#[oai(rename = "LinkSuggestions")]
pub struct SuggestionsOut {
    pub content: ContentId,
    /// Hubs, supporting pages, attribute pages, pages without a cluster; those that there are.
    pub groups: Vec<GroupOut>,
    /// Links that the length of the text leaves room for: one for each hundred words, less those that are there.
    pub room: u32,
}

/// Links to put in.
#[derive(Debug, Object)]
#[oai(rename = "LinkApply", deny_unknown_fields, example)]
pub struct ApplyIn {
    /// The first is put in first, as far as the rules leave room.
    #[oai(validator(max_items = 50))]
    pub links: Vec<WishIn>,
}

impl poem_openapi::types::Example for ApplyIn {
    fn example() -> Self {
        Self {
            links: vec![WishIn {
                target: "cont_01jz8k3v5n6q7r8s9t0v1w2x3y".parse().expect("an id"),
                anchor: "burr grinder".into(),
                at: Some(1_204),
            }],
        }
    }
}

/// What became of links that were to be put in.
#[derive(Debug, Object)]
#[oai(rename = "LinksApplied")]
pub struct AppliedOut {
    pub content: ContentId,
    /// Links that are new.
    pub applied: u32,
    /// In the order of the request.
    pub results: Vec<ResultOut>,
}

/// Targets that are not to be suggested.
#[derive(Debug, Object)]
#[oai(rename = "LinkDismiss", deny_unknown_fields, example)]
pub struct DismissIn {
    #[oai(validator(max_items = 200))]
    pub targets: Vec<ContentId>,
    /// False lets them be suggested again.
    pub dismissed: Option<bool>,
}

impl poem_openapi::types::Example for DismissIn {
    fn example() -> Self {
        Self {
            targets: vec!["cont_01jz8k3v5n6q7r8s9t0v1w2x3y".parse().expect("an id")],
            dismissed: Some(true),
        }
    }
}

/// What became of each target.
#[derive(Debug, Object)]
#[oai(rename = "LinksDismissed")]
pub struct DismissedOut {
    /// In the order of the request.
    pub results: Vec<ResultOut>,
}

pub struct ContentLinksApi;

#[OpenApi(tag = "Tag::Links")]
impl ContentLinksApi {
    /// Links to and from content
    ///
    /// Those in texts, blocks and answers; menus and archives are left out.
    #[oai(
        path = "/sites/:site_id/content/:content_id/links",
        method = "get",
        operation_id = "content_links"
    )]
    async fn links(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        content_id: Path<ContentId>,
    ) -> Result<Json<PageLinksOut>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        db.get::<Content>(content_id.0).await?.ok_or_else(Error::not_found)?;
        let id = content_id.0;
        let applied = rows::of_sources(&db, &[id]).await?;
        let applied = applied.into_iter().filter(|link| link.status == LinkStatus::Applied);
        let applied: HashMap<ContentId, LinkId> = applied.map(|link| (link.target, link.id)).collect();
        let out = with(&app, &scope, move |standing| {
            let links = standing.linker.graph.page(&id.to_string(), Limits { items: SHOWN })?;
            let page = |page| PageOut::of(standing, page);
            let inbound = links.inbound.items.iter().map(|of| PageLinkOut {
                page: Some(page(&of.source)),
                href: None,
                anchor: of.anchor.clone(),
                why: None,
                link: None,
            });
            let outbound = links.outbound.items.iter().map(|of| {
                let page = page(&of.target);
                PageLinkOut {
                    link: page.content.and_then(|id| applied.get(&id)).copied(),
                    page: Some(page),
                    href: None,
                    anchor: of.anchor.clone(),
                    why: None,
                }
            });
            let dead = links.dead.items.iter().map(|of| {
                let page = of.target.as_ref().map(page);
                let content = page.as_ref().and_then(|page| page.content);
                PageLinkOut {
                    link: content.and_then(|id| applied.get(&id)).copied(),
                    page,
                    href: Some(of.href.clone()),
                    anchor: of.anchor.clone(),
                    why: Some(of.why.into()),
                }
            });
            let n = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            Some(PageLinksOut {
                content: id,
                inbound: inbound.collect(),
                outbound: outbound.chain(dead).take(SHOWN).collect(),
                inbound_total: n(links.inbound.total),
                outbound_total: n(links.outbound.total + links.dead.total),
                external: n(links.external),
            })
        });
        Ok(Json(out.await?.ok_or_else(Error::not_found)?))
    }

    /// Suggest links
    ///
    /// Free, computed from the texts as they are stored. Only published pages of the same language are targets, none twice,
    /// none that was dismissed, and only where the rules allow a link: not in headings, code or links, at most one for each
    /// hundred words, not two beside each other.
    #[oai(
        path = "/sites/:site_id/content/:content_id/links/suggestions",
        method = "get",
        operation_id = "content_link_suggestions"
    )]
    async fn suggestions(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        content_id: Path<ContentId>,
        /// Which way they lead; `others` when absent.
        to: Query<Option<To>>,
        /// At most this many, up to 50. When absent: as many as the text's length asks for, or 20 from others.
        limit: Query<Option<u32>>,
    ) -> Result<Fetched<SuggestionsOut>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        if limit.0.is_some_and(|limit| limit == 0 || limit > MOST) {
            let message = format!("must be between 1 and {MOST}");
            return Err(Error::invalid(vec![FieldError::new("limit", message)]));
        }
        let limit = limit.0.map(|limit| limit as usize);
        let db = app.db.site(&scope);
        let row = db.get::<Content>(content_id.0).await?.ok_or_else(Error::not_found)?;
        let (id, rev) = (row.id, row.rev);
        let unwanted = suggest::unwanted(&db, id).await?;
        let asked = row.clone();
        let found = with(&app, &scope, move |standing| {
            suggest::outbound(standing, &asked, limit, &unwanted)
        });
        let mut found = found.await?;
        if to.0 == Some(To::This) {
            found.found = suggest::inbound(&app, &scope, row, limit.unwrap_or(20)).await?;
        }
        let out = SuggestionsOut {
            content: id,
            groups: grouped(found.found, id),
            room: u32::try_from(found.room).unwrap_or(u32::MAX),
        };
        Ok(Fetched::new(out, rev))
    }

    /// Put links into content
    ///
    /// What a suggestion says goes around the words it names; nothing else of the text changes. A link that is there already is
    /// `already`, so that a repetition does no harm. Why one was not put in is in its result. The content gets a revision, and
    /// its site a deployment if it is published.
    #[oai(
        path = "/sites/:site_id/content/:content_id/links",
        method = "post",
        operation_id = "content_links_apply"
    )]
    async fn apply(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        content_id: Path<ContentId>,
        /// ETag of the content's version that the change is made to.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<ApplyIn>,
    ) -> Result<Fetched<AppliedOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let old = for_write(&db, content_id.0, if_match.0.as_deref()).await?;
        let wishes: Vec<Wish> = body.0.links.into_iter().map(wish).collect();
        let (new, became) = match edits::apply(&app, &scope, &old, &wishes).await {
            // Says which fields were changed since.
            Err(Error::PreconditionFailed(_)) => {
                for_write(&db, old.id, if_match.0.as_deref()).await?;
                return Err(Error::stale(None));
            }
            other => other?,
        };
        let mut applied = 0;
        let results = wishes.iter().zip(became).map(|(wish, became)| {
            let (link, result) = match became {
                Became::Linked { link, new } => {
                    applied += u32::from(new);
                    (link, Ok(new))
                }
                Became::Refused(error) => (None, Err(error)),
            };
            ResultOut::of(Some(old.id), Some(wish.target), link, result)
        });
        let results = results.collect();
        let out = AppliedOut {
            content: old.id,
            applied,
            results,
        };
        Ok(Fetched::new(out, new.rev))
    }

    /// Take a link out again
    ///
    /// Only the link goes, though the text was edited since; if nothing else was, the text is what it was before, byte by byte. A
    /// link that somebody removed already becomes `gone`.
    #[oai(
        path = "/sites/:site_id/content/:content_id/links/:link_id/undo",
        method = "post",
        operation_id = "content_link_undo"
    )]
    async fn undo(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        content_id: Path<ContentId>,
        link_id: Path<LinkId>,
    ) -> Result<Json<LinkOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let (link, _) = edits::undo(&app, &scope, link_id.0, Some(content_id.0)).await?;
        let reading = scope.reading();
        let titles = titles(&app.db.site(&reading), std::slice::from_ref(&link)).await?;
        Ok(Json(LinkOut::of(link, |id| titles.get(&id).cloned())))
    }

    /// Never suggest links again
    ///
    /// From this content to the targets; `dismissed: false` takes it back.
    #[oai(
        path = "/sites/:site_id/content/:content_id/links/dismiss",
        method = "post",
        operation_id = "content_links_dismiss"
    )]
    async fn dismiss(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        content_id: Path<ContentId>,
        body: Json<DismissIn>,
    ) -> Result<Json<DismissedOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let targets = distinct(&body.0.targets);
        let dismissed = body.0.dismissed.unwrap_or(true);
        let results = edits::dismiss(&app, &scope, content_id.0, &targets, dismissed).await?;
        let out = targets.iter().zip(results).map(|(target, result)| {
            let link = result.as_ref().ok().copied();
            ResultOut::of(Some(content_id.0), Some(*target), link, result.map(|_| true))
        });
        Ok(Json(DismissedOut { results: out.collect() }))
    }
}

pub(super) fn wish(wish: WishIn) -> Wish {
    Wish {
        target: wish.target,
        anchor: wish.anchor,
        at: wish.at.and_then(|at| usize::try_from(at).ok()),
    }
}

fn grouped(found: Vec<Found>, of: ContentId) -> Vec<GroupOut> {
    let roles = [
        Some(ClusterRole::Hub),
        Some(ClusterRole::Supporting),
        Some(ClusterRole::Attribute),
        None,
    ];
    let mut groups: Vec<GroupOut> = roles
        .into_iter()
        .map(|cluster_role| GroupOut {
            cluster_role,
            suggestions: Vec::new(),
        })
        .collect();
    for found in found {
        let role = found.other.role;
        let other = if found.source == of { found.target } else { found.source };
        let suggestion = SuggestionOut {
            source: found.source,
            target: found.target,
            page: PageOut {
                content: Some(other),
                path: found.other.path,
                title: found.other.title,
            },
            direction: found.direction,
            anchor: found.anchor,
            at: found.at as u64,
            length: found.length as u64,
            context: found.context,
            score: found.score,
            reason_key: reason_key(found.reason_key),
            reason: found.reason,
        };
        if let Some(group) = groups.iter_mut().find(|group| group.cluster_role == role) {
            group.suggestions.push(suggestion);
        }
    }
    groups.retain(|group| !group.suggestions.is_empty());
    groups
}

fn reason_key(key: igny8_linker::suggest::ReasonKey) -> String {
    let name = serde_json::to_value(key).unwrap_or_default();
    name.as_str().unwrap_or_default().to_owned()
}

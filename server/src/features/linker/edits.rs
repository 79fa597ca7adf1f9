//! Putting links into a body and taking them out again, as one change of the content.

use std::collections::HashMap;

use igny8_data::{DbError, SiteScope, Write};
use igny8_linker::edit::{self, Applied, Refusal, Rules};
use igny8_linker::{Linker, Page};

use super::linkers::{Linkers, with};
use super::model::{Link, LinkDirection, LinkId, LinkOrigin, LinkStatus, format_of};
use super::rows;
use super::suggest;
use crate::api::{Error, Result};
use crate::app::App;
use crate::features::content::{Content, ContentId, Reason, save};
use crate::features::planner::{ClusterId, ClusterRole};

/// Times content is read again because somebody else was faster.
pub const ATTEMPTS: usize = 5;

/// A link to put in.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Wish {
    pub target: ContentId,
    pub anchor: String,
    pub at: Option<usize>,
}

/// What became of a wish.
#[derive(Debug)]
pub enum Became {
    /// It is in the body, since now or since before.
    Linked {
        link: Option<LinkId>,
        new: bool,
    },
    Refused(Error),
}

/// What is known of a target and of what a link to it would be.
struct Known {
    path: String,
    published: bool,
    role: Option<ClusterRole>,
    direction: LinkDirection,
    cluster: Option<ClusterId>,
}

/// A body with links put in, before it is saved.
struct Edit {
    applied: Applied,
    known: HashMap<ContentId, Known>,
}

/// Puts links into content as it was read, and saves it; answers the content after that and what became of each wish.
///
/// # Errors
/// 404 when the site is gone; [`Error::PreconditionFailed`] when the content was changed meanwhile; when the database fails.
pub async fn apply(
    app: &App,
    scope: &SiteScope<Write>,
    old: &Content,
    wishes: &[Wish],
) -> Result<(Content, Vec<Became>)> {
    let (row, wanted) = (old.clone(), wishes.to_vec());
    let edit = with(app, &scope.reading(), move |standing| {
        let rules = Rules {
            do_not_link: standing.kept_out().to_vec(),
            ..suggest::rules(standing, &row)
        };
        let page = standing.page(&row);
        let mut known = HashMap::new();
        for wish in &wanted {
            let Some(place) = standing.place(wish.target) else {
                continue;
            };
            let relation = standing.linker.index.relation(&page, &wish.target.to_string());
            known.insert(
                wish.target,
                Known {
                    path: place.path,
                    published: place.published,
                    role: place.role,
                    direction: relation.map_or(LinkDirection::CrossTopic, Into::into),
                    cluster: row.cluster,
                },
            );
        }
        Edit {
            applied: put_in(&standing.linker, &page, &wanted, &known, &rules),
            known,
        }
    })
    .await?;
    let Edit { applied, known } = edit;
    let db = app.db.site(scope);
    let there = rows::of_sources(&db, &[old.id]).await?;
    let mut there: HashMap<ContentId, Link> = there.into_iter().map(|link| (link.target, link)).collect();
    let mut became: Vec<Option<Became>> = wishes.iter().map(|_| None).collect();
    for (place, refusal) in &applied.refused {
        became[*place] = Some(match (refusal, known.get(&wishes[*place].target)) {
            (Refusal::AlreadyLinked, Some(_)) => Became::Linked {
                link: there.get(&wishes[*place].target).map(|link| link.id),
                new: false,
            },
            (_, None) => Became::Refused(Error::not_found()),
            (_, Some(known)) if !known.published => Became::Refused(Error::rule(
                "not_published",
                "Visitors cannot see this page yet: publish it first.",
            )),
            (Refusal::DoNotLink, Some(_)) => Became::Refused(Error::rule(
                "do_not_link",
                "Search engines are kept from this page, or another address stands for it: link to that one instead.",
            )),
            (refusal, Some(_)) => Became::Refused(refused(*refusal)),
        });
    }
    let mut new = old.clone();
    if applied.inserted.is_empty() {
        return Ok((new, became.into_iter().flatten().collect()));
    }
    new.body.clone_from(&applied.body);
    let (format, who, now) = (
        format_of(old.body_format),
        scope.actor().who().to_string(),
        app.db.clock().now(),
    );
    let mut tx = db.tx();
    for (insertion, place) in applied.inserted.iter().zip(&applied.places) {
        let target = wishes[*place].target;
        let Some(known) = known.get(&target) else {
            continue;
        };
        let id = match there.remove(&target) {
            Some(mut link) => {
                link.apply(insertion, format, who.clone(), now);
                tx.replace(&mut link);
                link.id
            }
            None => {
                let mut link = Link {
                    cluster: known.cluster,
                    cluster_role: known.role,
                    direction: known.direction,
                    ..blank(app, scope, old.id, target)
                };
                link.apply(insertion, format, who.clone(), now);
                let id = link.id;
                tx.create(link);
                id
            }
        };
        became[*place] = Some(Became::Linked {
            link: Some(id),
            new: true,
        });
    }
    save::change(&app.db, &mut tx, scope.actor().who(), old, &mut new, Reason::Edited);
    tx.commit().await.map_err(stale_or)?;
    Ok((new, became.into_iter().flatten().collect()))
}

/// A row of the same pair was made by somebody else at the same moment: as good as a changed content.
fn stale_or(error: DbError) -> Error {
    match error {
        DbError::Duplicate { index } if index == "link_pair" => Error::stale(None),
        error => save::refused(error),
    }
}

fn put_in(linker: &Linker, page: &Page, wishes: &[Wish], known: &HashMap<ContentId, Known>, rules: &Rules) -> Applied {
    // One that cannot be linked to leads nowhere, so that it keeps its place in the list.
    let links: Vec<edit::Link> = wishes
        .iter()
        .map(|wish| edit::Link {
            href: match known.get(&wish.target) {
                Some(known) if known.published => known.path.clone(),
                _ => String::new(),
            },
            anchor: wish.anchor.clone(),
            at: wish.at,
        })
        .collect();
    linker.apply(page, &links, rules)
}

/// A row that says nothing yet.
pub fn blank(app: &App, scope: &SiteScope<Write>, source: ContentId, target: ContentId) -> Link {
    let now = app.db.clock().now();
    Link {
        id: app.db.ids().make(),
        account: scope.account(),
        site: scope.site(),
        source,
        target,
        status: LinkStatus::Suggested,
        origin: LinkOrigin::Manual,
        cluster: None,
        cluster_role: None,
        direction: LinkDirection::CrossTopic,
        anchor: String::new(),
        at: None,
        context: String::new(),
        score: None,
        reason: String::new(),
        href: None,
        mark: None,
        length: None,
        suggested_by: None,
        applied_by: None,
        applied_at: None,
        ended_by: None,
        ended_at: None,
        rev: 1,
        created_at: now,
        updated_at: now,
    }
}

/// Why a link was not put in, as the API says it.
pub fn refused(refusal: Refusal) -> Error {
    let name = serde_json::to_value(refusal).unwrap_or_default();
    Error::rule(name.as_str().unwrap_or("refused"), refusal.message())
}

/// Takes a link out of its source, as that is now; nothing else of the text changes. One that is not there any more becomes
/// `gone`.
///
/// # Errors
/// 404 when the link or its source is gone, 422 when it is not in the body, 412 after several writers were faster.
pub async fn undo(
    app: &App,
    scope: &SiteScope<Write>,
    id: LinkId,
    source: Option<ContentId>,
) -> Result<(Link, Content)> {
    let db = app.db.site(scope);
    let mut attempt = 0;
    loop {
        let link = db.get::<Link>(id).await?;
        let mut link = link
            .filter(|link| source.is_none_or(|source| link.source == source))
            .ok_or_else(Error::not_found)?;
        let old = db.get::<Content>(link.source).await?.ok_or_else(Error::not_found)?;
        if link.status == LinkStatus::Undone {
            return Ok((link, old));
        }
        let Some(insertion) = link.insertion().filter(|_| link.status == LinkStatus::Applied) else {
            return Err(Error::rule(
                "not_applied",
                "Only a link that was put into the text here can be taken out of it.",
            ));
        };
        let (body, format) = (old.body.clone(), format_of(old.body_format));
        let undone = Linkers::compute(app, move || edit::undo(&body, format, &[insertion])).await?;
        let (who, now) = (scope.actor().who().to_string(), app.db.clock().now());
        let mut new = old.clone();
        let mut tx = db.tx();
        if undone.missing.is_empty() {
            link.end(LinkStatus::Undone, who, now);
            tx.replace(&mut link);
            new.body = undone.body;
            save::change(&app.db, &mut tx, scope.actor().who(), &old, &mut new, Reason::Edited);
        } else {
            link.end(LinkStatus::Gone, who, now);
            tx.replace(&mut link);
        }
        match tx.commit().await {
            Ok(_) => return Ok((link, new)),
            Err(DbError::Stale) if attempt < ATTEMPTS => attempt += 1,
            Err(error) => return Err(save::refused(error)),
        }
    }
}

/// Says for a source and some targets that no link between them is wanted, or that one is again.
///
/// # Errors
/// 404 when a target is no content of the site, 422 for a link that is in the body; when the database fails.
pub async fn dismiss(
    app: &App,
    scope: &SiteScope<Write>,
    source: ContentId,
    targets: &[ContentId],
    dismissed: bool,
) -> Result<Vec<Result<LinkId>>> {
    let db = app.db.site(scope);
    let row = db.get::<Content>(source).await?.ok_or_else(Error::not_found)?;
    let wanted = targets.to_vec();
    let page = row.clone();
    let places = with(app, &scope.reading(), move |standing| {
        let page = standing.page(&page);
        let place = |id: &ContentId| {
            let relation = standing.linker.index.relation(&page, &id.to_string());
            Some((standing.place(*id)?, relation))
        };
        wanted.iter().map(place).collect::<Vec<_>>()
    })
    .await?;
    let mut attempt = 0;
    loop {
        let there = rows::of_sources(&db, &[source]).await?;
        let mut there: HashMap<ContentId, Link> = there.into_iter().map(|link| (link.target, link)).collect();
        let (who, now) = (scope.actor().who().to_string(), app.db.clock().now());
        let mut results = Vec::with_capacity(targets.len());
        let mut tx = db.tx();
        let mut writes = false;
        for (target, place) in targets.iter().zip(&places) {
            let result = match (there.remove(target), place) {
                (Some(link), _) if link.status == LinkStatus::Applied => {
                    Err(Error::rule("applied", "The link is in the text. Undo it first."))
                }
                (Some(link), _) if dismissed == (link.status == LinkStatus::Dismissed) => Ok(link.id),
                (Some(mut link), _) if dismissed => {
                    link.end(LinkStatus::Dismissed, who.clone(), now);
                    tx.replace(&mut link);
                    writes = true;
                    Ok(link.id)
                }
                (Some(link), _) => {
                    tx.delete(link.id);
                    writes = true;
                    Ok(link.id)
                }
                (None, None) => Err(Error::not_found()),
                (None, Some(_)) if !dismissed => Err(Error::not_found()),
                (None, Some((place, relation))) => {
                    let mut link = Link {
                        cluster: row.cluster,
                        cluster_role: place.role,
                        direction: relation.map_or(LinkDirection::CrossTopic, Into::into),
                        ..blank(app, scope, source, *target)
                    };
                    link.end(LinkStatus::Dismissed, who.clone(), now);
                    let id = link.id;
                    tx.create(link);
                    writes = true;
                    Ok(id)
                }
            };
            results.push(result);
        }
        if !writes {
            return Ok(results);
        }
        match tx.commit().await {
            Ok(_) => return Ok(results),
            Err(DbError::Stale | DbError::Duplicate { .. }) if attempt < ATTEMPTS => attempt += 1,
            Err(error) => return Err(error.into()),
        }
    }
}

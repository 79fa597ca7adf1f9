//! Links that lead to where a page was: they are led to where it is now.

use std::collections::{BTreeMap, BTreeSet};

use igny8_data::{DbError, SiteScope, Write};
use igny8_linker::body::Format;
use igny8_linker::edit::{self, Rules};
use igny8_linker::graph::{Limits, Why};
use igny8_renderer::blocks::{Block, Part};
use serde_json::Value;

use super::edits::ATTEMPTS;
use super::linkers::{Linkers, with};
use super::model::{LinkStatus, format_of};
use super::standing::{MOST_FINDINGS, Standing};
use super::{rows, suggest};
use crate::api::{Error, Result};
use crate::app::App;
use crate::features::content::model::Faq;
use crate::features::content::{Content, ContentId, Reason, save};

/// Pieces of content mended by one request.
pub const MOST: usize = 200;

/// What became of the links of one piece of content: those of its body, its answers and its blocks.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Mended {
    pub changed: usize,
    /// Those that are written in a way that is not changed here.
    pub left: usize,
}

/// The content with links that go over a redirect, at most [`MOST`].
///
/// # Errors
/// When the database fails.
pub async fn candidates(app: &App, scope: &SiteScope<Write>) -> Result<Vec<ContentId>> {
    with(app, &scope.reading(), |standing| {
        let moved = standing
            .report()
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
    let items = MOST_FINDINGS;
    let links = standing.linker.graph.page(&id.to_string(), Limits { items })?;
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
        let format = format_of(old.body_format);
        let (old, mut new, rewritten, mended) = Linkers::compute(app, move || {
            let mut new = old.clone();
            let rewritten = edit::rewrite(&old.body, format, &moved, &rules);
            new.body.clone_from(&rewritten.body);
            let beside = beside(&mut new.faq, &mut new.blocks, &moved, &rules);
            let mended = Mended {
                changed: rewritten.changed.len() + beside.changed,
                left: rewritten.left + beside.left,
            };
            (old, new, rewritten, mended)
        })
        .await?;
        if mended.changed == 0 {
            return Ok(mended);
        }
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
            Ok(_) => return Ok(mended),
            Err(DbError::Stale) if attempt < ATTEMPTS => attempt += 1,
            Err(error) => return Err(save::refused(error)),
        }
    }
}

/// Leads links in answers and blocks to where their pages are. What has none of them stays as it is stored.
fn beside(faq: &mut [Faq], blocks: &mut [Value], moved: &BTreeMap<String, String>, rules: &Rules) -> Mended {
    let mut all = Mended::default();
    let text = |text: &mut String| {
        let rewritten = edit::rewrite(text, Format::Markdown, moved, rules);
        *text = rewritten.body;
        Mended {
            changed: rewritten.changed.len(),
            left: rewritten.left,
        }
    };
    for faq in faq {
        all.add(text(&mut faq.answer));
    }
    for stored in blocks {
        // What is no block is shown nowhere.
        let Ok(mut block) = serde_json::from_value::<Block>(stored.clone()) else {
            continue;
        };
        let mut mended = Mended::default();
        block.visit(&mut |part| match part {
            Part::Text(markdown) => mended.add(text(markdown)),
            Part::Link(address) => {
                if let Some(to) = edit::readdress(address, moved, rules) {
                    *address = to;
                    mended.changed += 1;
                }
            }
            Part::Image(_) => {}
        });
        if mended.changed > 0
            && let Ok(value) = serde_json::to_value(block)
        {
            *stored = value;
        }
        all.add(mended);
    }
    all
}

impl Mended {
    fn add(&mut self, other: Self) {
        self.changed += other.changed;
        self.left += other.left;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn links_beside_a_body_follow_their_pages() {
        let moved = BTreeMap::from([("/old".to_owned(), "/new/".to_owned())]);
        let rules = Rules::default();
        let answer = |answer: &str| Faq {
            question: "See [it](/old/)?".to_owned(),
            answer: answer.to_owned(),
        };
        let mut faq = [
            answer("[It](/old/#top) and [other](/older/)."),
            answer("[it][r]\n\n[r]: /old/"),
            answer("Nothing."),
        ];
        let kept = [
            json!({ "type": "cta", "links": [{ "label": "Go", "url": "/older/" }], "variant": "band" }),
            json!("no block"),
        ];
        let mut blocks = vec![
            json!({ "type": "hero", "heading": "/old/", "text": "[a](/old/) [b](/old/)", "image": "/old/",
                    "links": [{ "label": "/old/", "url": "/old/?a=1" }] }),
            json!({ "type": "faq", "items": [{ "question": "Q", "answer": "[it](/old/)" }] }),
        ];
        blocks.extend(kept.clone());
        assert_eq!(
            beside(&mut faq, &mut blocks, &moved, &rules),
            Mended { changed: 5, left: 1 }
        );
        let answers: Vec<&str> = faq.iter().map(|faq| faq.answer.as_str()).collect();
        assert_eq!(
            answers,
            [
                "[It](/new/#top) and [other](/older/).",
                "[it][r]\n\n[r]: /old/",
                "Nothing."
            ]
        );
        assert!(faq.iter().all(|faq| faq.question == "See [it](/old/)?"), "plain text");
        assert_eq!(
            blocks[0],
            json!({ "type": "hero", "heading": "/old/", "text": "[a](/new/) [b](/new/)", "image": "/old/",
                    "links": [{ "label": "/old/", "url": "/new/?a=1" }] })
        );
        assert_eq!(blocks[1]["items"][0]["answer"], "[it](/new/)");
        assert_eq!(blocks[2..], kept, "as it was, what is usual included");
        assert_eq!(
            beside(&mut faq, &mut blocks, &moved, &rules),
            Mended { changed: 0, left: 1 }
        );
    }
}

//! Suggests internal links for content: the linker finds the candidates, a model chooses among them.
//!
//! A model cannot invent a link: it answers with numbers of candidates, which are places in the text where the rules allow a link
//! to a published page. Without a provider the linker's own order decides.

mod asking;
mod read;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use igny8_data::Tx;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use self::asking::{CHOOSING, choosing, read_choice};
use super::wrong;
use crate::ai::{AiFunction, At, BuiltIn, Model, Phase, Prepared, Same, Saved, Task, Words};
use crate::api::Result;
use crate::api::validate::Check;
use crate::features::billing::prices::Price;
use crate::features::content::ContentId;
use crate::features::linker::suggest::Found;
use crate::features::linker::{Link, LinkOrigin, LinkStatus, blank, of_sources};
use crate::features::planner::{Cluster, ClusterId};
use crate::jobs::JobError;

pub struct SuggestLinks;

/// For which content.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payload {
    /// Published content that nothing was suggested for when absent.
    #[serde(default)]
    content: Option<Vec<ContentId>>,
    /// Of this cluster alone.
    #[serde(default)]
    cluster: Option<ClusterId>,
    /// Links for each piece at most; as many as the length of its text asks for when absent.
    #[serde(default)]
    per_content: Option<usize>,
}

/// Pieces of content one task works on.
const MOST: usize = 200;
/// Links for each piece.
const MOST_LINKS: usize = 20;

/// A page with what it could link to, the best first.
pub struct Work {
    title: String,
    language: String,
    cluster: Option<ClusterId>,
    candidates: Vec<Found>,
    /// How many may be chosen.
    most: usize,
}

/// What was read.
pub struct Input {
    work: Vec<Work>,
    /// Everything that was looked at.
    looked_at: Vec<ContentId>,
    /// Content that one task has no room for.
    left: usize,
}

/// A candidate that was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    candidate: usize,
    reason: Option<String>,
}

/// A link to suggest.
pub struct New {
    cluster: Option<ClusterId>,
    found: Found,
    reason: String,
}

/// What is stored.
pub struct Plan {
    looked_at: Vec<ContentId>,
    left: usize,
    new: Vec<New>,
}

impl AiFunction for SuggestLinks {
    const NAME: &'static str = "suggest_links";
    const ABOUT: &'static str = "Suggests internal links for content.";
    const UNIT: &'static str = "pieces of content";
    const PRICE: Price = Price::each(3);
    const WORDS: Words = Words {
        prep: "Reading texts",
        call: "Choosing links",
        asked: "Choosing links",
        parse: "Checking links",
        save: "Saving suggestions",
        done: "Suggestions are ready",
    };
    const PROMPTS: &'static [BuiltIn] = &[CHOOSING];

    type Payload = Payload;
    type Input = Input;
    type Answer = Vec<Vec<Choice>>;
    type Output = Plan;

    fn example() -> Value {
        json!({
            "content": ["cont_01jz8k3v5n6q7r8s9t0v1w2x3y"],
            "cluster": null,
            "per_content": 5,
        })
    }

    fn check(payload: &Payload, check: &mut Check) {
        check
            .that(
                payload
                    .content
                    .as_ref()
                    .is_none_or(|ids| (1..=MOST).contains(&ids.len())),
                "input.content",
                format!("must be 1 to {MOST}; leave it out for all that nothing was suggested for"),
            )
            .that(
                payload.content.is_none() || payload.cluster.is_none(),
                "input.cluster",
                "cannot be given beside content",
            )
            .that(
                payload.per_content.is_none_or(|n| (1..=MOST_LINKS).contains(&n)),
                "input.per_content",
                format!("must be between 1 and {MOST_LINKS}"),
            );
    }

    async fn units(at: &At<'_>, payload: &Payload) -> Result<i64> {
        let db = at.app.db.site(at.scope);
        if let Some(cluster) = payload.cluster
            && db.get::<Cluster>(cluster).await?.is_none()
        {
            return Err(wrong("input.cluster", "must be a cluster of this site"));
        }
        let (ids, _) = read::meant(&db, payload).await?;
        if let Some(named) = &payload.content {
            let named: HashSet<ContentId> = named.iter().copied().collect();
            if ids.len() < named.len() {
                return Err(wrong("input.content", "must be content of this site"));
            }
        }
        Ok(i64::try_from(ids.len()).unwrap_or(i64::MAX))
    }

    fn same(payload: &Payload) -> Option<Same> {
        let same = Same::when(
            "(payload.input.content ?? []) CONTAINSANY $same_contents OR ($same_contents = [] \
             AND (payload.input.content ?? []) = [] AND (payload.input.cluster ?? '') = $same_cluster)",
        );
        let cluster = payload.cluster.map(|id| id.to_string()).unwrap_or_default();
        let contents = payload.content.as_deref().unwrap_or_default();
        Some(same.with_ids("same_contents", contents).with("same_cluster", cluster))
    }

    async fn prepare(task: &Task<Payload>) -> Result<Prepared<Input>, JobError> {
        let scope = task.scope.reading();
        let db = task.app.db.site(&scope);
        let (looked_at, left) = read::meant(&db, &task.payload).await?;
        let work = read::candidates(task, &looked_at).await?;
        let units = i64::try_from(work.len()).unwrap_or(i64::MAX);
        let input = Input { work, looked_at, left };
        Ok(Prepared { input, units })
    }

    fn local(input: &Input) -> Vec<Vec<Choice>> {
        let first = |work: &Work| {
            let choice = |candidate| Choice {
                candidate,
                reason: None,
            };
            (0..work.candidates.len().min(work.most)).map(choice).collect()
        };
        input.work.iter().map(first).collect()
    }

    async fn ask(input: Arc<Input>, model: &Model<'_>) -> Result<Vec<Vec<Choice>>, JobError> {
        let asks = (0..input.work.len()).map(|place| choosing(&input, place)).collect();
        model
            .ask_each(asks, |n, answer| read_choice(n, &input.work[n], &answer))
            .await
    }

    fn settle(input: &Input, answer: Vec<Vec<Choice>>) -> Result<Plan, String> {
        let mut new = Vec::new();
        for (work, choices) in input.work.iter().zip(answer) {
            for choice in choices.into_iter().take(work.most) {
                let Some(found) = work.candidates.get(choice.candidate) else {
                    return Err(format!("A link for “{}” is none that was offered.", work.title));
                };
                new.push(New {
                    cluster: work.cluster,
                    reason: choice.reason.unwrap_or_else(|| found.reason.clone()),
                    found: found.clone(),
                });
            }
        }
        Ok(Plan {
            looked_at: input.looked_at.clone(),
            left: input.left,
            new,
        })
    }

    async fn save(task: &Task<Payload>, plan: &Plan, tx: &mut Tx<'_>) -> Result<Saved, JobError> {
        let (scope, now) = (&task.scope, task.app.db.clock().now());
        let db = task.app.db.site(scope);
        // As they are now: minutes have passed.
        let there: HashSet<ContentId> = read::living(&db, &plan.looked_at).await?;
        let rows = of_sources(&db, &plan.looked_at).await?;
        let mut rows: HashMap<(ContentId, ContentId), Link> = rows
            .into_iter()
            .map(|link| ((link.source, link.target), link))
            .collect();
        let mut suggested = 0;
        let mut sources: HashSet<ContentId> = HashSet::new();
        for new in plan.new.iter().filter(|new| there.contains(&new.found.source)) {
            let found = &new.found;
            let before = rows.remove(&(found.source, found.target));
            // What somebody decided meanwhile stays.
            if before
                .as_ref()
                .is_some_and(|link| matches!(link.status, LinkStatus::Applied | LinkStatus::Dismissed))
            {
                continue;
            }
            let is_new = before.is_none();
            let before = before.unwrap_or_else(|| blank(&task.app, scope, found.source, found.target));
            let mut link = Link {
                status: LinkStatus::Suggested,
                origin: LinkOrigin::Generated,
                cluster: new.cluster,
                cluster_role: found.other.role,
                direction: found.direction,
                anchor: found.anchor.clone(),
                at: i64::try_from(found.at).ok(),
                context: found.context.clone(),
                score: Some(found.score),
                reason: new.reason.clone(),
                suggested_by: Some(scope.actor().who().to_string()),
                ended_by: None,
                ended_at: None,
                updated_at: now,
                ..before
            };
            if is_new {
                tx.create(link);
            } else {
                tx.replace(&mut link);
            }
            suggested += 1;
            sources.insert(found.source);
        }
        // What an earlier task suggested for the same content and this one does not.
        for link in rows.into_values() {
            if link.status == LinkStatus::Suggested && there.contains(&link.source) {
                tx.delete(link.id);
            }
        }
        task.tell(Phase::Save, 0.5, format!("{suggested} links"));
        Ok(Saved {
            result: json!({
                "links_suggested": suggested,
                "content_with_suggestions": sources.len(),
                "content_looked_at": plan.looked_at.len(),
                "content_left": plan.left,
            }),
            target: None,
            // What nothing fits costs nothing.
            units: i64::try_from(sources.len()).ok(),
        })
    }
}

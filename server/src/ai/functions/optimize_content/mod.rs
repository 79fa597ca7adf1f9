//! Rewrites content so that its failing checks are mended.
//!
//! What comes out is a proposal: a person compares it, applies it and can undo it (`features/optimizer`). A model rewrites title,
//! description and body, and is held to every link, image, figure, quotation and code block of the text ([`facts`]). Without a
//! provider rules arrange what the content says already ([`local`]).
//!
//! **Each change of a field must be a gain** ([`Comparison::is_gain`]): one without which the content would be as good stays as
//! people wrote it. What is no gain altogether is neither proposed nor paid for.

mod facts;
mod local;
mod rewrite;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use igny8_data::{DbError, Read, SiteDb, SurrealValue, Tx, Variables};
use igny8_optimizer::{CheckId, Comparison, Report};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use self::rewrite::{REWRITE, question, read};
use super::wrong;
use crate::ai::{AiFunction, At, BuiltIn, Model, Phase, Prepared, Same, Saved, Task, Words};
use crate::api::Result;
use crate::api::validate::Check;
use crate::features::billing::prices::Price;
use crate::features::content::model::BodyFormat;
use crate::features::content::{Content, ContentId};
use crate::features::optimizer::Optimization;
use crate::features::optimizer::model::{FIELDS, Fields, OptimizationOrigin, OptimizationStatus, name_of, value};
use crate::features::optimizer::text::{self, Around, Text};
use crate::jobs::JobError;

pub struct OptimizeContent;

/// Which content.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payload {
    contents: Vec<ContentId>,
    /// How it is to sound, in a few words; as the site's settings say when absent, and as it does without these.
    #[serde(default)]
    tone: Option<String>,
}

/// Pieces one task works on.
const MOST: usize = 20;
/// Characters of a body that one answer can hold.
const MOST_TEXT: i64 = 40_000;
/// What a rewrite of the text can mend. More text, links and pictures are for people: they need what the text does not say.
const MENDABLE: &[CheckId] = &[
    CheckId::KeywordInTitle,
    CheckId::KeywordInIntroduction,
    CheckId::KeywordInSubheadings,
    CheckId::KeywordInDescription,
    CheckId::KeywordDensity,
    CheckId::SecondaryKeywords,
    CheckId::CompetingLinks,
    CheckId::TitleWidth,
    CheckId::DescriptionLength,
    CheckId::DescriptionWidth,
    CheckId::SingleH1,
    CheckId::HeadingOrder,
    CheckId::SubheadingDistribution,
    CheckId::ParagraphLength,
    CheckId::SentenceLength,
    CheckId::SentenceBeginnings,
    CheckId::PassiveVoice,
    CheckId::TransitionWords,
    CheckId::ReadingEase,
    CheckId::KeywordInImages,
    CheckId::ImageAlt,
];

/// A piece of content with what was found in it.
struct Work {
    content: Content,
    before: Report,
    /// What it was written for.
    brief: String,
}

/// What was read.
pub struct Input {
    work: Vec<Work>,
    around: Around,
    tone: String,
    now: DateTime<Utc>,
}

/// Fields as they are to be, in the order of [`Input::work`].
pub struct Answer {
    origin: OptimizationOrigin,
    drafts: Vec<Fields>,
}

/// What is stored.
pub struct Plan {
    origin: OptimizationOrigin,
    proposals: Vec<Proposal>,
    /// Content that is left as it is, and why.
    left: Vec<(ContentId, &'static str)>,
}

struct Proposal {
    content: ContentId,
    of_rev: i64,
    body_format: BodyFormat,
    before: Fields,
    after: Fields,
    comparison: Comparison,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Length {
    length: i64,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Brief {
    content: ContentId,
    brief: String,
}

impl AiFunction for OptimizeContent {
    const NAME: &'static str = "optimize_content";
    const ABOUT: &'static str = "Rewrites content so that its failing checks are mended, for a person to apply.";
    const UNIT: &'static str = "texts";
    const PRICE: Price = Price::each(5);
    const WORDS: Words = Words {
        prep: "Scoring texts",
        call: "Rewriting texts",
        asked: "Rewriting texts",
        parse: "Scoring rewrites",
        save: "Saving rewrites",
        done: "Rewrites are ready",
    };
    const PROMPTS: &'static [BuiltIn] = &[REWRITE];

    type Payload = Payload;
    type Input = Input;
    type Answer = Answer;
    type Output = Plan;

    fn example() -> Value {
        json!({ "contents": ["cont_01jz8k3v5n6q7r8s9t0v1w2x3y"], "tone": "friendly and precise" })
    }

    fn check(payload: &Payload, check: &mut Check) {
        check
            .that(
                (1..=MOST).contains(&payload.contents.len()),
                "input.contents",
                format!("must be 1 to {MOST}"),
            )
            .text("input.tone", payload.tone.as_deref().unwrap_or_default(), 0, 300);
    }

    async fn units(at: &At<'_>, payload: &Payload) -> Result<i64> {
        let named: HashSet<ContentId> = payload.contents.iter().copied().collect();
        let mut binds = Variables::new();
        binds.insert("ids", named.iter().copied().collect::<Vec<_>>());
        let sql = "SELECT string::len(body) AS length FROM $ids WHERE site = $site AND account = $account \
                   AND deleted_at IS NONE;";
        let db = at.app.db.site(at.scope);
        let mut answer = db.query(sql, binds, "measuring content").await?;
        let found = answer.rows::<Length>(0)?;
        if found.len() < named.len() {
            return Err(wrong("input.contents", "must be content of this site"));
        }
        if found.iter().any(|row| !(1..=MOST_TEXT).contains(&row.length)) {
            let message = format!("must have a body of 1 to {MOST_TEXT} characters each");
            return Err(wrong("input.contents", &message));
        }
        Ok(i64::try_from(found.len()).unwrap_or(i64::MAX))
    }

    fn same(payload: &Payload) -> Option<Same> {
        let same = Same::when("payload.input.contents CONTAINSANY $same_contents");
        Some(same.with_ids("same_contents", &payload.contents))
    }

    async fn prepare(task: &Task<Payload>) -> Result<Prepared<Input>, JobError> {
        let scope = task.scope.reading();
        let db = task.app.db.site(&scope);
        let mut binds = Variables::new();
        binds.insert("ids", task.payload.contents.clone());
        let sql = "SELECT * FROM $ids WHERE site = $site AND account = $account AND deleted_at IS NONE;\
                   SELECT content, brief FROM task WHERE site = $site AND account = $account AND content INSIDE $ids \
                   AND deleted_at IS NONE LIMIT 100;";
        let mut answer = db.query(sql, binds, "reading content to rewrite").await?;
        let mut seen = HashSet::new();
        let mut rows: Vec<Content> = answer.rows(0)?;
        rows.retain(|row| seen.insert(row.id) && !row.body.trim().is_empty());
        let mut briefs: HashMap<ContentId, String> = HashMap::new();
        for row in answer.rows::<Brief>(1)? {
            briefs.entry(row.content).or_insert(row.brief);
        }
        // Without words for this one task, as the site always sounds.
        let tone = match task.payload.tone.clone().filter(|tone| !tone.trim().is_empty()) {
            Some(tone) => tone,
            None => tone_of(&db).await?,
        };
        let around = text::around(&task.app, &db, &rows, true).await?;
        task.tell(Phase::Prep, 0.5, "Scoring texts");
        let now = task.app.db.clock().now();
        let input = task
            .app
            .scoring
            .run(task.context.stop(), {
                move || {
                    let work = rows.into_iter().map(|content| Work {
                        before: Text::of(content.clone(), &around).report(now),
                        brief: briefs.remove(&content.id).unwrap_or_default(),
                        content,
                    });
                    Input {
                        work: work.filter(|work| !to_mend(&work.before).is_empty()).collect(),
                        around,
                        tone,
                        now,
                    }
                }
            })
            .await?;
        let units = i64::try_from(input.work.len()).unwrap_or(i64::MAX);
        Ok(Prepared { input, units })
    }

    fn local(input: &Input) -> Answer {
        let mend = |work: &Work| local::mended(&work.content, &work.before, &input.around, input.now);
        Answer {
            origin: OptimizationOrigin::Local,
            drafts: input.work.iter().map(mend).collect(),
        }
    }

    async fn ask(input: Arc<Input>, model: &Model<'_>) -> Result<Answer, JobError> {
        let asks = input.work.iter().map(|work| question(work, &input)).collect();
        let drafts = model
            .ask_each(asks, |n, answer| read(&input.work[n], &input, &answer))
            .await?;
        Ok(Answer {
            origin: OptimizationOrigin::Model,
            drafts,
        })
    }

    fn settle(input: &Input, answer: Answer) -> Result<Plan, String> {
        let mut plan = Plan {
            origin: answer.origin,
            proposals: Vec::new(),
            left: Vec::new(),
        };
        for (work, draft) in input.work.iter().zip(answer.drafts) {
            match proposal(work, &draft, input) {
                Ok(proposal) => plan.proposals.push(proposal),
                Err(why) => plan.left.push((work.content.id, why)),
            }
        }
        match (plan.proposals.is_empty(), plan.origin) {
            (false, _) => Ok(plan),
            (true, OptimizationOrigin::Model) => {
                Err("The rewrites would not score better than the texts do; nothing was charged.".into())
            }
            (true, OptimizationOrigin::Local) => Err(
                "Without a model only search titles, descriptions, alternative texts and heading levels can be mended, \
                 and none of these would score better. Connect a provider to have texts rewritten; nothing was charged."
                    .into(),
            ),
        }
    }

    async fn save(task: &Task<Payload>, plan: &Plan, tx: &mut Tx<'_>) -> Result<Saved, JobError> {
        let scope = &task.scope;
        let mut binds = Variables::new();
        binds.insert("ids", plan.proposals.iter().map(|p| p.content).collect::<Vec<_>>());
        let sql = "SELECT VALUE id FROM $ids WHERE site = $site AND account = $account AND deleted_at IS NONE;";
        let db = task.app.db.site(scope);
        let mut answer = db.query(sql, binds, "looking for content").await?;
        // As it is now: minutes have passed. What was changed meanwhile is told when the proposal is read.
        let there: HashSet<ContentId> = answer.rows::<ContentId>(0)?.into_iter().collect();
        let now = task.app.db.clock().now();
        let rows: Vec<Optimization> = plan
            .proposals
            .iter()
            .filter(|proposal| there.contains(&proposal.content))
            .map(|proposal| {
                let names = |checks: &[CheckId]| checks.iter().map(|&check| name_of(check)).collect();
                Optimization {
                    id: task.app.db.ids().make(),
                    account: scope.account(),
                    site: scope.site(),
                    content: proposal.content,
                    of_rev: proposal.of_rev,
                    body_format: proposal.body_format,
                    origin: plan.origin,
                    job: task.job,
                    status: OptimizationStatus::Proposed,
                    before: proposal.before.clone(),
                    after: proposal.after.clone(),
                    fields: proposal.after.names().into_iter().map(str::to_owned).collect(),
                    better: names(&proposal.comparison.better),
                    worse: names(&proposal.comparison.worse),
                    score_before: i64::from(proposal.comparison.before),
                    score_after: i64::from(proposal.comparison.after),
                    replaced: None,
                    became: None,
                    applied_rev: None,
                    created_by: scope.actor().who().to_string(),
                    decided_by: None,
                    applied_at: None,
                    ended_at: None,
                    rev: 1,
                    created_at: now,
                }
            })
            .collect();
        let proposed = |row: &Optimization| {
            json!({
                "content": row.content,
                "optimization": row.id,
                "score_before": row.score_before,
                "score_after": row.score_after,
            })
        };
        let left = |(content, why): &(ContentId, &str)| json!({ "content": content, "reason": why });
        let saved = Saved {
            result: json!({
                "origin": plan.origin,
                "proposed": rows.iter().map(proposed).collect::<Vec<_>>(),
                "left": plan.left.iter().map(left).collect::<Vec<_>>(),
            }),
            target: match rows.as_slice() {
                [one] => Some(one.content.to_string()),
                _ => Some(scope.site().to_string()),
            },
            units: i64::try_from(rows.len()).ok(),
        };
        tx.create_all(rows);
        Ok(saved)
    }
}

/// The failing checks that a rewrite can mend, that which brings most first.
fn to_mend(report: &Report) -> Vec<&igny8_optimizer::Check> {
    let mut fixes = report.fixes();
    fixes.retain(|check| {
        let needs_keyword = check.mend.as_ref().is_some_and(|mend| mend.key == "no_keyword");
        MENDABLE.contains(&check.id) && !needs_keyword
    });
    fixes
}

/// A draft as a proposal, if it is worth one.
fn proposal(work: &Work, draft: &Fields, input: &Input) -> Result<Proposal, &'static str> {
    let old = &work.content;
    let differs = |name: &&'static str| draft.get(name).is_some_and(|new| new != value(old, name));
    let mut names: Vec<&'static str> = FIELDS.into_iter().filter(differs).collect();
    if names.is_empty() {
        return Err("nothing in it could be mended");
    }
    let with = |names: &[&'static str]| {
        let mut new = old.clone();
        draft.only(names).apply(&mut new);
        let report = Text::of(new.clone(), &input.around).report(input.now);
        (new, report)
    };
    let (mut new, mut after) = with(&names);
    for name in names.clone() {
        let others: Vec<&'static str> = names.iter().copied().filter(|other| *other != name).collect();
        let (without, report) = with(&others);
        if !Comparison::new(&report, &after).is_gain() {
            (names, new, after) = (others, without, report);
        }
    }
    let comparison = Comparison::new(&work.before, &after);
    if !comparison.is_gain() {
        return Err("the rewrite would not score better");
    }
    let mut check = Check::new();
    new.check(&mut check);
    if check.finish().is_err() {
        return Err("the rewrite breaks a rule for content");
    }
    Ok(Proposal {
        content: old.id,
        of_rev: old.rev,
        body_format: old.body_format,
        before: Fields::of(old, &names),
        after: Fields::of(&new, &names),
        comparison,
    })
}

/// How the site's texts sound, by its settings.
async fn tone_of(db: &SiteDb<'_, Read>) -> std::result::Result<String, DbError> {
    let sql = "SELECT VALUE (voice.tone ?? '') FROM ONLY $site WHERE account = $account;";
    let mut answer = db.query(sql, Variables::new(), "reading how a site sounds").await?;
    Ok(answer.one::<String>(0)?.unwrap_or_default())
}

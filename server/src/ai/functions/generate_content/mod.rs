//! Writes the draft of a task, or writes a draft anew, all of it or one section.
//!
//! What people made of a draft is never lost: a section that somebody wrote or changed stays as it is, and what would have come
//! in its place is told in the job's result. Without a provider the draft is composed of what is known, with notes to its author
//! where a fact or a thought is needed; nothing is published with such notes.

mod ask;
mod read;
mod save;

use std::sync::Arc;

use igny8_data::Tx;
use igny8_writer::draft::{self, Draft};
use igny8_writer::{brief_check, compose, sections};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::ai::{AiFunction, At, Attempt, BuiltIn, Model, Phase, Prepared, Same, Saved, Task, Words, prompt};
use crate::api::Result;
use crate::api::validate::Check;
use crate::features::billing::prices::Price;
use crate::features::content::{Content, ContentId};
use crate::features::sites::model::is_language;
use crate::features::writer::brief::{self, Known};
use crate::features::writer::{self, TaskId};
use crate::jobs::JobError;

pub struct GenerateContent;

/// What is to be written.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payload {
    /// A task: its draft is made, or written anew.
    #[serde(default)]
    task: Option<TaskId>,
    /// Content that is to be written anew.
    #[serde(default)]
    content: Option<ContentId>,
    /// Id of the section of the content; all of it when absent.
    #[serde(default)]
    section: Option<String>,
    /// What is to be different, in the words of whoever asks.
    #[serde(default)]
    instructions: Option<String>,
    /// Sections and fields that people changed since they were generated stay.
    #[serde(default = "yes")]
    keep_edits: bool,
    /// Language of a new draft; the site's when absent.
    #[serde(default)]
    language: Option<String>,
}

fn yes() -> bool {
    true
}

/// What the text goes into.
enum Target {
    /// Content that is to be made for the task.
    New,
    /// All of this.
    Whole(Box<Content>),
    /// One section of this.
    Section { of: Box<Content>, id: String, text: String },
}

/// What was read.
pub struct Input {
    task: Option<Box<writer::Task>>,
    target: Target,
    known: Known,
    instructions: Option<String>,
}

/// What was written, or why nothing could be.
pub struct Answer(std::result::Result<Written, String>);

enum Written {
    Draft(Box<Draft>),
    /// A section, heading and all.
    Section(String),
}

/// What is stored.
pub struct Output {
    written: Written,
    /// What of the brief it does not do, in words.
    findings: Vec<String>,
    known: Known,
    /// The section as it was when it was read.
    section_was: Option<String>,
    /// The draft that the task had when it was read.
    draft_was: Option<ContentId>,
}

impl AiFunction for GenerateContent {
    const NAME: &'static str = "generate_content";
    const ABOUT: &'static str = "Writes the draft of a task, or a draft or one of its sections anew.";
    const UNIT: &'static str = "words";
    const PRICE: Price = Price {
        credits: 1,
        per: 100,
        least: 3,
    };
    const WORDS: Words = Words {
        prep: "Reading the brief",
        call: "Writing",
        asked: "Writing parts",
        parse: "Checking the text against its brief",
        save: "Saving the draft",
        done: "The draft is ready",
    };
    const PROMPTS: &'static [BuiltIn] = &[ask::WRITING, ask::REWRITING];

    type Payload = Payload;
    type Input = Input;
    type Answer = Answer;
    type Output = Output;

    fn example() -> Value {
        json!({
            "task": "task_01jz8k3v5n6q7r8s9t0v1w2x3y",
            "content": null,
            "section": null,
            "instructions": "Shorter sentences, and an example for beginners.",
            "keep_edits": true,
            "language": "en",
        })
    }

    fn check(payload: &Payload, check: &mut Check) {
        check
            .that(
                payload.task.is_some() != payload.content.is_some(),
                "input.task",
                "must be given, or else input.content; not both",
            )
            .that(
                payload.section.is_none() || payload.content.is_some(),
                "input.section",
                "needs input.content",
            )
            .that(
                payload.language.as_deref().is_none_or(is_language),
                "input.language",
                "must be a BCP 47 language tag such as en or pt-BR",
            );
        if let Some(instructions) = &payload.instructions {
            check.text("input.instructions", instructions, 1, 2_000);
        }
    }

    async fn units(at: &At<'_>, payload: &Payload) -> Result<i64> {
        let db = at.app.db.site(at.scope);
        let found = read::find(&db, payload).await?;
        Ok(found.words(payload))
    }

    /// Of two that write the same at once, the second would find the draft changed.
    fn same(payload: &Payload) -> Option<Same> {
        // No id is empty, so what a payload does not name is found nowhere.
        let same = Same::when(
            "payload.input.task = $same_task \
             OR (payload.input.content = $same_content AND (payload.input.section ?? '') = $same_section)",
        );
        let task = payload.task.map(|id| id.to_string()).unwrap_or_default();
        let content = payload.content.map(|id| id.to_string()).unwrap_or_default();
        let section = payload.section.clone().unwrap_or_default();
        Some(
            same.refused_as("written_already")
                .with("same_task", task)
                .with("same_content", content)
                .with("same_section", section),
        )
    }

    async fn prepare(task: &Task<Payload>) -> std::result::Result<Prepared<Input>, JobError> {
        let payload = &task.payload;
        let scope = task.scope.reading();
        let db = task.app.db.site(&scope);
        let found = read::find(&db, payload)
            .await
            .map_err(|error| JobError::Fail(error.into_problem().detail))?;
        let units = found.words(payload);
        task.tell(Phase::Prep, 0.5, "Reading what the site knows");
        let language = payload.language.as_deref();
        let mut known = brief::read(&db, found.task.as_ref(), found.content.as_ref(), language).await?;
        known.brief.words = u32::try_from(units).unwrap_or(u32::MAX);
        let target = match (found.content, &payload.section) {
            (None, _) => Target::New,
            (Some(content), None) => Target::Whole(Box::new(content)),
            (Some(content), Some(id)) => Target::Section {
                text: read::section_of(&content.body, id)
                    .map(str::to_owned)
                    .unwrap_or_default(),
                of: Box::new(content),
                id: id.clone(),
            },
        };
        let input = Input {
            task: found.task.map(Box::new),
            target,
            known,
            instructions: payload.instructions.clone(),
        };
        Ok(Prepared { input, units })
    }

    fn own_prompt(input: &Input) -> Option<&str> {
        input.task.as_ref()?.prompt.as_deref()
    }

    fn local(input: &Input) -> Answer {
        let draft = compose::compose(&input.known.brief);
        Answer(match &input.target {
            Target::New | Target::Whole(_) => Ok(Written::Draft(Box::new(draft))),
            Target::Section { id, .. } => read::section_of(&draft.body, id)
                .map(|text| Written::Section(text.to_owned()))
                .ok_or_else(|| {
                    "Without an AI provider a section can only be written anew where the task's outline has it. Connect a \
                     provider, or change the section by hand."
                        .to_owned()
                }),
        })
    }

    async fn ask(input: Arc<Input>, model: &Model<'_>) -> std::result::Result<Answer, JobError> {
        if let Target::Section { of, id, .. } = &input.target {
            let text = model
                .ask(&ask::section(&input, of, id), |answer, _| {
                    ask::read_section(&of.body, id, answer)
                })
                .await?;
            return Ok(Answer(Ok(Written::Section(text))));
        }
        let parts = ask::parts(&input.known.brief);
        let asks = (0..parts.len()).map(|n| ask::part(&input, &parts, n)).collect();
        // What a brief misses is worth one more question, not a failed job.
        let read = |n: usize, answer: Value, attempt: Attempt| {
            ask::read_part(&input, &parts, n, answer, attempt == Attempt::First)
        };
        let drafts = model.ask_each_by_attempt(asks, read).await?;
        Ok(Answer(Ok(Written::Draft(Box::new(ask::joined(drafts))))))
    }

    fn settle(input: &Input, answer: Answer) -> std::result::Result<Output, String> {
        let mut written = answer.0?;
        if let Written::Draft(draft) = &mut written {
            draft.title.clone_from(&input.known.brief.title);
            let problems = draft::problems(draft);
            if !problems.is_empty() {
                return Err(format!("The draft cannot be stored: {}.", problems.join("; ")));
            }
        }
        let findings = match &written {
            Written::Draft(draft) => brief_check::check(&input.known.to_check(), &ask::text_of(draft)),
            Written::Section(_) => Vec::new(),
        };
        Ok(Output {
            written,
            findings: findings.iter().map(brief_check::Finding::text).collect(),
            known: input.known.clone(),
            section_was: match &input.target {
                Target::Section { text, .. } => Some(text.clone()),
                Target::New | Target::Whole(_) => None,
            },
            draft_was: match &input.target {
                Target::New => None,
                Target::Whole(content) | Target::Section { of: content, .. } => Some(content.id),
            },
        })
    }

    async fn save(task: &Task<Payload>, output: &Output, tx: &mut Tx<'_>) -> std::result::Result<Saved, JobError> {
        match (&output.written, output.draft_was) {
            (Written::Draft(draft), None) => save::new(task, output, draft, tx).await,
            (Written::Draft(draft), Some(content)) => save::whole(task, output, content, draft, tx).await,
            (Written::Section(text), Some(content)) => save::section(task, output, content, text, tx).await,
            (Written::Section(_), None) => Err(JobError::Fail("A section needs the content it belongs to.".into())),
        }
    }
}

/// What is wrong with a task's own prompt: it takes the place of `write_content`.
pub fn prompt_problems(text: &str) -> Vec<String> {
    prompt::Template::parse(text, ask::WRITING.placeholders)
        .err()
        .unwrap_or_default()
}

fn words_of(text: &str) -> i64 {
    i64::try_from(igny8_text::index::tokens(text).count()).unwrap_or(i64::MAX)
}

/// The sections of a text that an address can name.
fn sections_of(body: &str) -> impl Iterator<Item = sections::Section<'_>> {
    sections::split(body)
        .into_iter()
        .filter(|section| !section.id.is_empty() || !section.text.trim().is_empty())
}

//! What is to be written, and whether it can be.

use igny8_data::{Read, Select, SiteDb};

use super::{Payload, sections_of, words_of};
use crate::ai::functions::wrong;
use crate::api::{Error, Result};
use crate::features::content::model::BodyFormat;
use crate::features::content::{Content, Status};
use crate::features::writer::Task;
use crate::features::writer::model::TaskStatus;

/// Words of content that no task says a length for, and of a section.
const USUAL: i64 = 800;
const SHORTEST_SECTION: i64 = 100;
const LONGEST_SECTION: i64 = 2_000;

/// What a payload names.
pub(super) struct Found {
    pub(super) task: Option<Task>,
    pub(super) content: Option<Content>,
}

/// Looks up what a payload names.
///
/// # Errors
/// 422 naming the field that cannot be used.
pub(super) async fn find(db: &SiteDb<'_, Read>, payload: &Payload) -> Result<Found> {
    let found = match (payload.task, payload.content) {
        (Some(id), _) => {
            let task = db.get::<Task>(id).await?;
            let task = task.ok_or_else(|| wrong("input.task", "must be a task of this site"))?;
            if task.status == TaskStatus::Cancelled {
                return Err(wrong("input.task", "is cancelled; open it again first"));
            }
            // A draft that was deleted is made again.
            let content = match task.content {
                Some(content) => db.get::<Content>(content).await?,
                None => None,
            };
            Found {
                task: Some(task),
                content,
            }
        }
        (None, Some(id)) => {
            let content = db.get::<Content>(id).await?;
            let content = content.ok_or_else(|| wrong("input.content", "must be content of this site"))?;
            let tasks = db.list::<Task>(Select::new().equals("content", id).limit(1)).await?;
            Found {
                task: tasks.into_iter().next(),
                content: Some(content),
            }
        }
        (None, None) => return Err(wrong("input.task", "must be given, or else input.content")),
    };
    let Some(content) = &found.content else {
        return Ok(found);
    };
    if matches!(content.status, Status::Published | Status::Approved) {
        return Err(Error::rule(
            "not_a_draft",
            "It is approved or published already. Put it back to draft first, so that nobody reads what nobody has read.",
        ));
    }
    if content.body_format == BodyFormat::Html {
        return Err(Error::rule(
            "html_body",
            "Its text is HTML, which cannot be written anew part by part. Turn it into Markdown first.",
        ));
    }
    if let Some(section) = &payload.section
        && section_of(&content.body, section).is_none()
    {
        let there: Vec<String> = sections_of(&content.body)
            .take(20)
            .map(|section| named(section.id))
            .collect();
        return Err(wrong(
            "input.section",
            &format!("must be the id of one of its sections: {}", there.join(", ")),
        ));
    }
    Ok(found)
}

impl Found {
    /// Words that are asked for.
    pub(super) fn words(&self, payload: &Payload) -> i64 {
        match (&self.content, &payload.section) {
            (Some(content), Some(id)) => {
                let text = section_of(&content.body, id).unwrap_or_default();
                words_of(text).clamp(SHORTEST_SECTION, LONGEST_SECTION)
            }
            (Some(content), None) if self.task.is_none() => words_of(&content.body).clamp(USUAL, 20_000),
            _ => self.task.as_ref().map_or(USUAL, |task| task.word_count),
        }
    }
}

/// The id of a section as a message shows it: that of the text above the first heading is empty.
fn named(id: String) -> String {
    if id.is_empty() {
        "\"\" (the text above the first heading)".to_owned()
    } else {
        id
    }
}

/// The text of the section with this id.
pub(super) fn section_of<'a>(body: &'a str, id: &str) -> Option<&'a str> {
    sections_of(body)
        .find(|section| section.id == id)
        .map(|section| section.text)
}

//! `/sites/{site}/content`: the pieces ([`items`]), their status and schedule ([`status`]), many at once ([`bulk`]), and
//! their revisions ([`revisions`]).

mod bulk;
mod calendar;
mod filter;
mod items;
mod moment;
mod objects;
mod revisions;
mod status;

pub use bulk::BulkApi;
pub use calendar::CalendarApi;
pub use items::ContentApi;
pub use objects::{ContentOut, ContentPatch};
pub use revisions::RevisionsApi;
pub use status::StatusApi;

use std::collections::HashMap;

use igny8_data::{Access, DbError, Manage, Origin, SiteDb, SiteId};
use poem_openapi::types::ToJSON as _;

use super::{Content, ContentId, changes, publish};
use crate::api::{Caller, Error, FieldError, From, Result, etag};
use crate::app::App;

/// Where a request came from that waives what published content needs (`force`), for [`publish::keep_ready`].
///
/// # Errors
/// When its caller may not manage the site.
pub async fn waived_by<'a>(
    caller: &Caller,
    app: &App,
    site: SiteId,
    force: Option<bool>,
    from: &'a From,
) -> Result<Option<&'a Origin>> {
    if force != Some(true) {
        return Ok(None);
    }
    let _ = caller.actor().site::<Manage>(&app.db, site).await?;
    Ok(Some(&from.0))
}

/// Content for a write that was made to the version `if_match` names; a stale writer is told which fields changed since.
pub async fn for_write<A: Access>(db: &SiteDb<'_, A>, id: ContentId, if_match: Option<&str>) -> Result<Content> {
    let content = db.get::<Content>(id).await?.ok_or_else(Error::not_found)?;
    let expected = etag::expected(if_match)?;
    if expected == content.rev {
        Ok(content)
    } else {
        Err(stale(&content, expected))
    }
}

/// Bytes of a stored value, and of all of them, that a stale writer is shown.
const MAX_VALUE: usize = 4 << 10;
const MAX_VALUES: usize = 32 << 10;

/// What is stored, as the API says it.
struct Stored {
    fields: serde_json::Value,
    /// Bytes shown already, by field: a field that was changed twice is shown once.
    shown: HashMap<String, usize>,
}

impl Stored {
    fn of(content: &Content) -> Self {
        Self {
            fields: ContentOut::from_row(content.clone()).to_json().unwrap_or_default(),
            shown: HashMap::new(),
        }
    }

    /// The value of a field, `null` where there is none; nothing where it is too long to be shown.
    fn value(&mut self, field: &str) -> Option<serde_json::Value> {
        let value = self.fields.get(field).cloned().unwrap_or_default();
        let bytes = value.to_string().len();
        self.shown.remove(field);
        let fits = bytes <= MAX_VALUE && bytes + self.shown.values().sum::<usize>() <= MAX_VALUES;
        if fits {
            self.shown.insert(field.to_owned(), bytes);
        }
        fits.then_some(value)
    }
}

fn stale(content: &Content, expected: i64) -> Error {
    let error = Error::stale(Some(content.rev));
    let Error::PreconditionFailed(poem_openapi::payload::Json(mut problem)) = error else {
        return error;
    };
    match changes::since(content, expected) {
        Some(later) => {
            let mut stored = Stored::of(content);
            for change in later {
                for field in &change.fields {
                    problem.errors.retain(|e| e.field != *field);
                    let at = change.at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
                    let mut error = FieldError::new(field, format!("was changed at {at}"));
                    error.current = stored.value(field);
                    problem.errors.push(error);
                }
            }
        }
        None => problem.errors.push(FieldError::new(
            "*",
            "may have changed: your version is too old to compare",
        )),
    }
    Error::PreconditionFailed(poem_openapi::payload::Json(problem))
}

/// What a failed commit of a write of `content`, read at `read`, means to its writer.
pub async fn write_failed<A: Access>(db: &SiteDb<'_, A>, content: &Content, read: i64, error: DbError) -> Error {
    if !matches!(error, DbError::Stale) {
        return publish::refused(db, content, error).await;
    }
    match db.get::<Content>(content.id).await {
        Ok(Some(content)) => stale(&content, read),
        Ok(None) => Error::not_found(),
        Err(error) => error.into(),
    }
}

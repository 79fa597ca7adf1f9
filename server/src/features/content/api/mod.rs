//! `/sites/{site}/content`: the pieces ([`items`]), their status and schedule ([`status`]), many at once ([`bulk`]), and
//! their revisions ([`revisions`]).

mod bulk;
mod calendar;
mod filter;
mod items;
mod objects;
mod revisions;
mod status;

pub use bulk::BulkApi;
pub use calendar::CalendarApi;
pub use items::ContentApi;
pub use objects::{ContentOut, ContentPatch};
pub use revisions::RevisionsApi;
pub use status::StatusApi;

use igny8_data::{Access, DbError, SiteDb};

use super::{Content, ContentId, changes, publish};
use crate::api::{Error, FieldError, Result, etag};

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

fn stale(content: &Content, expected: i64) -> Error {
    let error = Error::stale(Some(content.rev));
    let Error::PreconditionFailed(poem_openapi::payload::Json(mut problem)) = error else {
        return error;
    };
    match changes::since(content, expected) {
        Some(later) => {
            for change in later {
                for field in &change.fields {
                    problem.errors.retain(|e| e.field != *field);
                    let at = change.at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
                    problem
                        .errors
                        .push(FieldError::new(field, format!("was changed at {at}")));
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

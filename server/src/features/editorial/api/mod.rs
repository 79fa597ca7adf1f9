//! `/sites/{site}/content/{content}/comments`, `…/editing`, `…/merge`, and who may see a site.

mod comments;
mod editing;
mod merge;

pub use comments::CommentsApi;
pub use editing::EditingApi;
pub use merge::MergeApi;

use igny8_data::{Access, SiteDb};

use crate::api::{Error, Result};
use crate::features::content::{Content, ContentId};

/// Content that is there.
async fn content<A: Access>(db: &SiteDb<'_, A>, id: ContentId) -> Result<Content> {
    db.get::<Content>(id).await?.ok_or_else(Error::not_found)
}

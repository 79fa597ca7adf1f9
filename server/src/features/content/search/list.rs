//! What a search finds, for lists and bulk actions.

use std::collections::HashMap;
use std::sync::Arc;

use igny8_data::ids::Ulid;
use igny8_data::{Access, RecordKey as _, SiteScope};
use igny8_search::{Index, Marker, Query, SearchError};

use super::sites::blocking;
use super::{Facts, follow};
use crate::api::{Error, FieldError, Result};
use crate::app::App;
use crate::features::content::{ContentId, ContentSummary};

/// Content that was found, the best first.
pub struct Found {
    pub ids: Vec<ContentId>,
    query: Query,
    index: Arc<Index>,
}

impl Found {
    /// What has the very words that were typed: nothing is done to what only has words like them.
    pub fn as_typed(&self) -> &[ContentId] {
        match self.query.is_near() {
            true => &[],
            false => &self.ids,
        }
    }
}

/// A row's title and the best part of its text, with the words marked that were looked for.
pub struct Highlight {
    pub title: String,
    pub text: String,
}

/// The content of a site that has all words and phrases of a text and for which the facts are true; where there is none, that
/// with words that differ by a letter.
///
/// # Errors
/// 422 when the text is too long; 503 while the site's index is being made; when the database or the disk fails.
pub async fn ids<A: Access>(app: &App, scope: &SiteScope<A>, text: &str, facts: Facts) -> Result<Found> {
    let query =
        Query::parse(text).map_err(|error| Error::invalid(vec![FieldError::new("search", error.to_string())]))?;
    let index = follow(app, &scope.reading(), false).await?;
    let asked = (Arc::clone(&index), facts.into_texts());
    let (hits, query) = blocking(move || asked.0.find_or_near(query, &asked.1))
        .await
        .map_err(Error::internal)?;
    let ids = hits.iter().map(|hit| ContentId::from_ulid(Ulid(hit.id))).collect();
    Ok(Found { ids, query, index })
}

/// What to show of some rows that were found.
///
/// # Errors
/// When the disk fails.
pub async fn highlights(found: &Found, rows: &[ContentSummary]) -> Result<HashMap<ContentId, Highlight>> {
    let (index, query) = (Arc::clone(&found.index), found.query.clone());
    let rows: Vec<_> = rows
        .iter()
        .map(|row| (row.id, row.language.clone(), row.title.clone()))
        .collect();
    let work = move || -> Result<_, SearchError> {
        let mut markers: HashMap<String, Marker> = HashMap::new();
        let mut out = HashMap::with_capacity(rows.len());
        for (id, language, title) in rows {
            // One after the other, since each may have some MiB.
            let text = index.text(id.ulid().0)?.unwrap_or_default();
            let marker = markers
                .entry(language)
                .or_insert_with_key(|language| Marker::new(&query, language));
            let highlight = Highlight {
                title: marker.whole(&title),
                text: marker.excerpt(&text),
            };
            out.insert(id, highlight);
        }
        Ok(out)
    };
    blocking(work).await.map_err(Error::internal)
}

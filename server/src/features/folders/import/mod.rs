//! A folder into a site.
//!
//! A page is known again by its `source_key` (its file, or the `id` in its front matter). The row remembers a hash of what
//! the last import wrote ([`Content::imported_hash`]): equal to the folder's, there is nothing to do; equal to the row's
//! present state, nobody changed the row here and the folder's version is taken; otherwise it is a conflict and is left.

mod clusters;
mod media;
mod pages;
mod site;
mod store;
mod terms;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use igny8_data::{SiteScope, SurrealValue, Variables, Write};
use igny8_renderer::folder::{self, Problem, ReadOptions, Severity};

use super::{Conflict, FoldersError, ImportReport};
use crate::app::App;
use crate::backup::Progress;
use crate::features::content::{Content, ContentId, Reason};

/// How to import.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Only say what would be done.
    pub dry_run: bool,
}

/// What is known of content that is there, without its text.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Known {
    id: ContentId,
    source_key: Option<String>,
    language: String,
    path: String,
    imported_hash: Option<String>,
    deleted_at: Option<chrono::DateTime<chrono::Utc>>,
}

/// Brings a folder into a site.
///
/// # Errors
/// When the folder cannot be opened, or the database or the disk fail; what was stored until then stays, and another
/// import goes on from there.
pub async fn import(
    app: &App,
    scope: &SiteScope<Write>,
    dir: &Path,
    options: Options,
    progress: Arc<dyn Progress>,
) -> Result<ImportReport, FoldersError> {
    progress.step("reading the folder");
    let now = app.db.clock().now();
    let read = {
        let dir = dir.to_owned();
        let read = tokio::task::spawn_blocking(move || folder::read(&dir, &ReadOptions::new(now)));
        read.await.map_err(std::io::Error::other)??
    };
    let mut report = ImportReport {
        layout: read.layout.name(),
        problems: read.problems,
        drafts: read.drafts.len(),
        ..ImportReport::default()
    };
    let folder = read.site;
    let mut target = site::load(app, scope).await?;
    let known = known(app, scope).await?;

    progress.step("media");
    let media = media::import(app, scope, &folder.media, &read.files, options, &mut report, &*progress).await?;
    report.settings = site::apply(app, scope, &mut target, &folder, &media, known.is_empty(), options).await?;
    let terms = terms::import(app, scope, &target, &folder, options, &mut report).await?;
    let clusters = clusters::import(app, scope, &folder, options, &mut report).await?;

    progress.step("pages");
    let mapper = pages::Mapper {
        app,
        scope,
        default_language: &target.language,
        media: &media,
        terms: &terms,
        clusters: &clusters,
        drafts: &read.drafts,
        now,
    };
    let mut by_key: HashMap<&str, &Known> = HashMap::new();
    let mut by_id: HashMap<String, &Known> = HashMap::new();
    let mut by_address: HashMap<(&str, &str), &Known> = HashMap::new();
    for row in &known {
        by_address.insert((&row.language, &row.path), row);
        match &row.source_key {
            Some(key) => by_key.insert(key, row),
            None => by_id.insert(row.id.to_string(), row),
        };
    }
    let mut plan = store::Plan::default();
    let mut taken: HashMap<(String, String), String> = HashMap::new();
    for page in folder.pages {
        let key = page.id.clone();
        let fresh = mapper.content(page.into_page(), &mut report.problems);
        let address = (fresh.language.clone(), fresh.path.clone());
        let conflict = |reason: &str| Conflict {
            page: key.clone(),
            path: fresh.path.clone(),
            reason: reason.to_owned(),
        };
        if let Some(other) = taken.get(&address) {
            report.problems.push(Problem {
                file: key.clone(),
                line: None,
                severity: Severity::Error,
                message: format!("not imported: {} has the address {} too", other, fresh.path),
            });
            continue;
        }
        taken.insert(address.clone(), key.clone());
        let at_address = by_address.get(&(address.0.as_str(), address.1.as_str())).copied();
        match by_key.get(key.as_str()).or_else(|| by_id.get(key.as_str())).copied() {
            Some(row) if row.deleted_at.is_some() => {
                report
                    .conflicts
                    .push(conflict("it was deleted here; restore it to have it imported again"));
            }
            Some(row) if row.imported_hash == fresh.imported_hash => report.unchanged += 1,
            Some(row) if at_address.is_some_and(|other| other.id != row.id) => {
                report.conflicts.push(conflict("other content has its new address"));
            }
            Some(row) => plan.changed.push((row.id, fresh)),
            None if at_address.is_some() => {
                report.conflicts.push(conflict(
                    "content that was not imported from this folder has its address",
                ));
            }
            None => plan.new.push(fresh),
        }
    }
    store::run(app, scope, plan, options, &mut report, &*progress).await?;
    report
        .problems
        .sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    Ok(report)
}

async fn known(app: &App, scope: &SiteScope<Write>) -> Result<Vec<Known>, FoldersError> {
    let sql = "SELECT id, source_key, language, path, imported_hash, deleted_at FROM content \
               WHERE site = $site AND account = $account;";
    let mut answer = app
        .db
        .site(scope)
        .query(sql, Variables::new(), "reading what was imported")
        .await?;
    Ok(answer.rows(0)?)
}

/// What an import writes into a row and what people change there, as a hash.
fn fingerprint(row: &Content) -> String {
    use crate::features::content::Status;
    // Publishing what an import scheduled is no change of it.
    let live = row.status == Status::Published || row.publish_at.is_some();
    let seen = serde_json::json!([row.reader_hash(), row.secondary_keywords, live]);
    blake3::hash(seen.to_string().as_bytes()).to_hex().to_string()
}

/// The reason of the revisions that imports make.
const REASON: Reason = Reason::Imported;

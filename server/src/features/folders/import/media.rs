//! Files of a folder into the media store, and their new addresses in texts.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use futures_util::StreamExt as _;
use igny8_data::{Select, SiteScope, Write};
use igny8_renderer::folder::{Problem, Severity};
use igny8_renderer::site as folder;
use regex::Regex;

use super::super::{FoldersError, ImportReport};
use super::Options;
use crate::app::App;
use crate::backup::Progress;
use crate::features::media::inspect::{self, Inspected};
use crate::features::media::{Label, Media, MediaId, MediaStore};

/// Files of the folder by their address there: the row, and the address here.
#[derive(Default)]
pub struct MediaMap(HashMap<String, (MediaId, String)>);

impl MediaMap {
    pub fn id(&self, path: &str) -> Option<MediaId> {
        self.find(path).map(|(id, _)| *id)
    }

    /// The address here of a file with an address in the folder.
    pub fn address(&self, path: &str) -> Option<&str> {
        self.find(path).map(|(_, address)| address.as_str())
    }

    fn find(&self, path: &str) -> Option<&(MediaId, String)> {
        self.0.get(path).or_else(|| {
            let decoded = percent_encoding::percent_decode_str(path).decode_utf8().ok()?;
            self.0.get(decoded.as_ref())
        })
    }

    /// Puts the new addresses into links and pictures of a text (Markdown or HTML).
    pub fn rewrite(&self, text: &str) -> String {
        // What can stand before an address, and the address as far as it may reach.
        static LINK: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(r#"([(<"'=\s:]|^)(/[^\s)>"'#?]+)"#).expect("a test runs this pattern"));
        if self.0.is_empty() {
            return text.to_owned();
        }
        let replaced: Cow<str> = LINK.replace_all(text, |found: &regex::Captures| {
            let (before, path) = (&found[1], &found[2]);
            format!("{before}{}", self.address(path).unwrap_or(path))
        });
        replaced.into_owned()
    }
}

/// Files that are read and inspected at once: each is held in memory.
const AT_ONCE: usize = 2;
const BATCH: usize = 200;

pub async fn import(
    app: &App,
    scope: &SiteScope<Write>,
    files: &[folder::Media],
    sources: &BTreeMap<String, PathBuf>,
    options: Options,
    report: &mut ImportReport,
    progress: &dyn Progress,
) -> Result<MediaMap, FoldersError> {
    let db = app.db.site(scope);
    let mut by_hash: HashMap<String, Media> = HashMap::new();
    for row in db.list::<Media>(Select::new()).await? {
        by_hash.insert(row.hash.clone(), row);
    }
    let stored: Arc<HashSet<String>> = Arc::new(by_hash.keys().cloned().collect());
    let limit = app.config.http.max_upload_bytes as u64;
    let store = MediaStore::of(app);
    let mut map = MediaMap::default();
    let mut fresh: Vec<Media> = Vec::new();
    let mut inspected = futures_util::stream::iter(files.iter().map(|file| {
        let (source, store, stored) = (sources.get(&file.source).cloned(), store.clone(), Arc::clone(&stored));
        let dry_run = options.dry_run;
        async move {
            let work = tokio::task::spawn_blocking(move || take(source, limit, &store, &stored, dry_run));
            (file, work.await.unwrap_or_else(|e| Err(e.to_string())))
        }
    }))
    .buffered(AT_ONCE);
    while let Some((file, taken)) = inspected.next().await {
        progress.add(1);
        let (hash, found) = match taken {
            Ok(taken) => taken,
            Err(reason) => {
                report.problems.push(Problem {
                    file: file.source.clone(),
                    line: None,
                    severity: Severity::Warning,
                    message: format!("not imported: {reason}"),
                });
                continue;
            }
        };
        let row = match (by_hash.get(&hash), found) {
            (Some(row), _) => {
                report.media_unchanged += 1;
                row
            }
            // Its row was there a moment ago: the next import finds what became of it.
            (None, None) => continue,
            (None, Some(found)) => {
                let alt: String = file.alt.chars().take(1000).collect();
                let label = Label {
                    name: Some(&file.path),
                    alt: &alt,
                    title: "",
                };
                let (id, now) = (app.db.ids().make(), app.db.clock().now());
                let row = Media::new(id, scope, hash.clone(), &found, label, now);
                report.media += 1;
                fresh.push(row.clone());
                by_hash.entry(hash).or_insert(row)
            }
        };
        map.0.insert(file.path.clone(), (row.id, row.public_path()));
    }
    if !options.dry_run {
        for batch in fresh.chunks(BATCH) {
            let mut tx = db.tx();
            tx.create_all(batch.to_vec());
            tx.commit().await?;
        }
    }
    Ok(map)
}

/// Reads, inspects and stores one file; one that is stored is not inspected again.
fn take(
    source: Option<PathBuf>,
    limit: u64,
    store: &MediaStore,
    stored: &HashSet<String>,
    dry_run: bool,
) -> Result<(String, Option<Inspected>), String> {
    let source = source.ok_or("its file is missing")?;
    let length = std::fs::metadata(&source).map_err(|e| e.to_string())?.len();
    if length > limit {
        return Err(format!("it is larger than {} MiB (http.max_upload_bytes)", limit >> 20));
    }
    let bytes = std::fs::read(&source).map_err(|e| e.to_string())?;
    let hash = blake3::hash(&bytes).to_hex().to_string();
    if stored.contains(&hash) {
        return Ok((hash, None));
    }
    let found = inspect::inspect(bytes).map_err(|refused| refused.to_string())?;
    let hash = if dry_run {
        blake3::hash(&found.bytes).to_hex().to_string()
    } else {
        store.put(&found.bytes).map_err(|e| e.to_string())?
    };
    Ok((hash, Some(found)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_texts_change_and_nothing_else() {
        use igny8_data::RecordKey as _;
        let id = MediaId::from_ulid(igny8_data::ids::Ulid::nil());
        let map = MediaMap(HashMap::from([
            ("/img/a.png".to_owned(), (id, "/media/1.png".to_owned())),
            ("/img/my pic.png".to_owned(), (id, "/media/2.png".to_owned())),
        ]));
        for (text, wanted) in [
            ("![a](/img/a.png)", "![a](/media/1.png)"),
            ("![a](/img/a.png \"t\") b", "![a](/media/1.png \"t\") b"),
            ("<img src=\"/img/a.png\" alt=''>", "<img src=\"/media/1.png\" alt=''>"),
            ("[a]: /img/a.png", "[a]: /media/1.png"),
            ("![b](/img/my%20pic.png)", "![b](/media/2.png)"),
            (
                "/img/a.pngx and https://h.example/img/a.png",
                "/img/a.pngx and https://h.example/img/a.png",
            ),
            ("[x](/img/a.png#top)", "[x](/media/1.png#top)"),
            ("é (/img/b.png)", "é (/img/b.png)"),
        ] {
            assert_eq!(map.rewrite(text), wanted);
        }
    }
}

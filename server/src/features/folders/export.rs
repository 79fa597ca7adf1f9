//! A site into a folder: everything in it, drafts included, in the renderer's own layout.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use igny8_data::{Denied, Read, SiteScope};
use igny8_renderer::folder::{self, ExportReport};
use indexmap::IndexMap;

use super::FoldersError;
use crate::app::App;
use crate::features::media::MediaStore;
use crate::features::publishing::{address_of, snapshot};
use crate::features::sites::Site;

/// Writes a site into `dir`, which is new, empty or an earlier export.
///
/// # Errors
/// When the folder holds something else, or the database or the disk fail; the folder is then as it was.
pub async fn export(app: &App, scope: &SiteScope<Read>, dir: &Path) -> Result<ExportReport, FoldersError> {
    let account = scope.actor().account::<Read>()?;
    let site = app
        .db
        .account(&account)
        .get::<Site>(scope.site())
        .await?
        .ok_or(Denied::NotFound)?;
    // An address below this server would follow the export to other ones.
    let base_url = site
        .domain
        .as_ref()
        .map_or_else(String::new, |_| address_of(app, &site));
    let db = app.db.site(scope);
    let (mut whole, behind) = snapshot::whole(&db, &site, base_url).await?;
    let mut drafts = BTreeSet::new();
    for page in &mut whole.pages {
        let Some(row) = behind.get(&page.id) else { continue };
        // Ids of this installation mean nothing elsewhere: where it came from, or the id it would have there.
        if let Some(key) = &row.source_key {
            page.id.clone_from(key);
        }
        if !row.published && row.publish_at.is_none() {
            drafts.insert(page.id.clone());
        }
        if !row.published {
            page.published_at = page.published_at.or(row.publish_at);
        }
        page.extra = sorted(std::mem::take(&mut page.extra));
        page.attributes.sort_keys();
        page.terms.sort_keys();
        page.terms.values_mut().for_each(|slugs| slugs.sort());
        if let Some(cluster) = &mut page.cluster {
            // Clusters are known by name in folders.
            cluster.id.clone_from(&cluster.name);
        }
    }
    // The order of rows is that of their making; a folder's is its own.
    whole
        .pages
        .sort_by(|a, b| (&a.language, &a.path).cmp(&(&b.language, &b.path)));
    whole.settings.theme_options.sort_keys();
    whole.menus.sort_keys();
    let (store, dir) = (MediaStore::of(app), dir.to_owned());
    let work = move || folder::write(&whole, &dir, &drafts, |media| store.open(&media.source));
    Ok(tokio::task::spawn_blocking(work)
        .await
        .map_err(std::io::Error::other)??)
}

fn sorted(map: IndexMap<String, serde_json::Value>) -> IndexMap<String, serde_json::Value> {
    map.into_iter().collect::<BTreeMap<_, _>>().into_iter().collect()
}

//! A site into a folder: everything in it, drafts included, in the renderer's own layout.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use igny8_data::{Denied, Read, SiteScope};
use igny8_renderer::folder::{self, ExportReport};
use igny8_renderer::site::Page;
use indexmap::IndexMap;

use super::FoldersError;
use crate::app::App;
use crate::features::content::Content;
use crate::features::media::MediaStore;
use crate::features::publishing::address_of;
use crate::features::publishing::snapshot::{self, Behind};
use crate::features::sites::Site;

/// Writes a site into `dir`, which is new, empty or an earlier export.
///
/// # Errors
/// When the folder holds something else, or the database or the disk fail; the folder is then as it was.
pub async fn export(app: &App, scope: &SiteScope<Read>, dir: &Path) -> Result<ExportReport, FoldersError> {
    let site = site_of(app, scope).await?;
    let base_url = base_url_of(app, &site);
    let db = app.db.site(scope);
    let (mut whole, behind) = snapshot::whole(&db, &site, base_url).await?;
    let mut drafts = BTreeSet::new();
    for page in &mut whole.pages {
        let Some(row) = behind.get(&page.id) else { continue };
        if settled(page, row) {
            drafts.insert(page.id.clone());
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

/// A piece of content as a file of an export: a name for the file, and its text.
///
/// # Errors
/// When the site is gone, or the database fails.
pub async fn page(app: &App, scope: &SiteScope<Read>, row: Content) -> Result<(String, String), FoldersError> {
    let site = site_of(app, scope).await?;
    let behind = Behind::of(&row);
    let mut alone = snapshot::with_page(&app.db.site(scope), &site, base_url_of(app, &site), row).await?;
    let mut found = None;
    for page in &mut alone.pages {
        let draft = settled(page, &behind);
        found = Some((page.id.clone(), draft));
    }
    let (id, draft) = found.ok_or(Denied::NotFound)?;
    Ok(folder::write_page(&alone, &id, draft)?.ok_or(Denied::NotFound)?)
}

async fn site_of(app: &App, scope: &SiteScope<Read>) -> Result<Site, FoldersError> {
    let account = scope.actor().account::<Read>()?;
    let site = app.db.account(&account).get::<Site>(scope.site()).await?;
    Ok(site.ok_or(Denied::NotFound)?)
}

/// An address below this server would follow the export to other ones.
fn base_url_of(app: &App, site: &Site) -> String {
    site.domain.as_ref().map_or_else(String::new, |_| address_of(app, site))
}

/// Writes a page as folders know it; whether it is a draft.
fn settled(page: &mut Page, row: &Behind) -> bool {
    // Ids of this installation mean nothing elsewhere: where it came from, or the id it would have there.
    if let Some(key) = &row.source_key {
        page.id.clone_from(key);
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
    !row.published && row.publish_at.is_none()
}

fn sorted(map: IndexMap<String, serde_json::Value>) -> IndexMap<String, serde_json::Value> {
    map.into_iter().collect::<BTreeMap<_, _>>().into_iter().collect()
}

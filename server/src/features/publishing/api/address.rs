//! Whether the pages of a release fit the address that the site has now.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use igny8_data::{DbError, Select, SiteDb, Write};
use igny8_renderer::release::Release;

use crate::api::{Error, Result};
use crate::app::App;
use crate::features::destinations::Destination;
use crate::features::publishing::{address_of, deploy, path_of};
use crate::features::sites::model::Site;
use crate::publish::DestinationKind;

/// Pages that a release has whatever the site says, the likeliest first.
const PAGES: [&str; 2] = ["404.html", "index.html"];
/// Files of the theme are named at the top of a page.
const TOP: u64 = 64 << 10;
const ASSETS: &str = "/assets/";

/// Refuses a release whose links lead nowhere where visitors find the site now.
///
/// # Errors
/// 409 `release_of_another_address`; when the disk or the database fails.
pub async fn check(app: &App, db: &SiteDb<'_, Write>, site: &Site, release: &str) -> Result<()> {
    let base = base_of(app, site, release).await.map_err(Error::internal)?;
    let Some(base) = base else {
        return Ok(());
    };
    let address = address_of(app, site);
    // Visitors of the site's own host are led on from below the slug; in a copy elsewhere nobody does that.
    let leads_on = site.domain.is_some() && base == format!("/sites/{}", site.slug);
    if base == path_of(&address) || leads_on && !is_copied(db).await? {
        return Ok(());
    }
    Err(Error::conflict(
        "release_of_another_address",
        format!(
            "The pages of this release link to what lies below {base}/, which leads nowhere now that the site is at \
             {address}. Deploy the site again instead; what its texts said before is in their revisions."
        ),
    ))
}

/// Whether releases of the site go to destinations.
async fn is_copied(db: &SiteDb<'_, Write>) -> Result<bool, DbError> {
    // A site has few.
    let destinations: Vec<Destination> = db.list(Select::new()).await?;
    let takes_releases = |row: &Destination| row.enabled && row.kind == DestinationKind::ObjectStorage;
    Ok(destinations.iter().any(takes_releases))
}

/// The path below which the pages of a release find each other, without a slash at its end. `None` when no page tells.
async fn base_of(app: &App, site: &Site, release: &str) -> io::Result<Option<String>> {
    let (held, folder, name) = (app.clone(), deploy::folder(app, &site.slug), release.to_owned());
    deploy::disk_work(move || {
        let release = held.visitors.releases.open(&folder, &name).map_err(io::Error::other)?;
        read(&folder, &release)
    })
    .await
}

fn read(folder: &Path, release: &Release) -> io::Result<Option<String>> {
    for name in PAGES {
        let Some(entry) = release.get(name) else {
            continue;
        };
        let mut top = Vec::new();
        let page = File::open(release.content(folder, name, entry))?;
        page.take(TOP).read_to_end(&mut top)?;
        let base = before_assets(&String::from_utf8_lossy(&top), |path| release.get(path).is_some());
        if base.is_some() {
            return Ok(base);
        }
    }
    Ok(None)
}

/// What a page's links have before the names of files that the release has.
fn before_assets(page: &str, has: impl Fn(&str) -> bool) -> Option<String> {
    page.split('"').find_map(|value| {
        let (base, file) = value.split_at(value.rfind(ASSETS)?);
        let is_path = base.is_empty() || base.starts_with('/') && !base.starts_with("//");
        (is_path && has(file.trim_start_matches('/'))).then(|| base.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_tell_what_a_page_was_made_for() {
        let has = |path: &str| path == "assets/style.3f9a.css";
        for (page, base) in [
            ("<link href=\"/assets/style.3f9a.css\">", Some("")),
            ("<link href=\"/sites/a/assets/style.3f9a.css\">", Some("/sites/a")),
            (
                "<link href=\"/sites/assets/assets/style.3f9a.css\">",
                Some("/sites/assets"),
            ),
            // Of another server, and of another release.
            ("<link href=\"https://a.example/assets/style.3f9a.css\">", None),
            ("<link href=\"//a.example/assets/style.3f9a.css\">", None),
            ("<link href=\"/assets/other.css\">", None),
            (
                "<link href=\"/assets/other.css\"><link href=\"/b/assets/style.3f9a.css\">",
                Some("/b"),
            ),
            ("<p>Nothing</p>", None),
        ] {
            assert_eq!(before_assets(page, has).as_deref(), base, "{page}");
        }
    }
}

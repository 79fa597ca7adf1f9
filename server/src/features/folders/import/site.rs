//! The site's own row: settings of a folder are taken by a site without content; sections and redirects that are missing
//! are added at any time, and nothing set here is overwritten.

use igny8_data::{DbError, Denied, SiteScope, Write};
use igny8_renderer::site as folder;

use super::super::FoldersError;
use super::Options;
use super::media::MediaMap;
use crate::app::App;
use crate::features::sites::Site;
use crate::features::sites::model::{MAX_FEED, Pagination, SiteType};

pub async fn load(app: &App, scope: &SiteScope<Write>) -> Result<Site, FoldersError> {
    let account = scope.actor().account::<Write>()?;
    let site = app.db.account(&account).get::<Site>(scope.site()).await?;
    Ok(site.ok_or(Denied::NotFound)?)
}

/// Changes the row as far as the folder says more; true when something changed.
pub async fn apply(
    app: &App,
    scope: &SiteScope<Write>,
    site: &mut Site,
    folder: &folder::Site,
    media: &MediaMap,
    fresh: bool,
    options: Options,
) -> Result<bool, FoldersError> {
    let before = comparable(site);
    if fresh {
        settings(site, &folder.settings, media)?;
        site.menus = json(&folder.menus)?;
    }
    let taxonomies = folder.taxonomies.iter().map(|t| folder::Taxonomy {
        terms: Vec::new(),
        ..t.clone()
    });
    add(&mut site.taxonomies, taxonomies, &["kind"])?;
    let sections = folder.sections.iter().map(|section| {
        let mut section = section.clone();
        let (folder::Body::Markdown(text) | folder::Body::Html(text)) = &mut section.body;
        *text = media.rewrite(text);
        section
    });
    add(&mut site.sections, sections, &["path", "language"])?;
    add(&mut site.redirects, folder.redirects.iter().cloned(), &["from"])?;
    if comparable(site) == before {
        return Ok(false);
    }
    if options.dry_run {
        return Ok(true);
    }
    site.updated_at = app.db.clock().now();
    let account = scope.actor().account::<Write>()?;
    let mut tx = app.db.account(&account).tx();
    tx.replace(site);
    tx.commit().await?;
    Ok(true)
}

fn settings(site: &mut Site, from: &folder::Settings, media: &MediaMap) -> Result<(), FoldersError> {
    if !from.title.is_empty() {
        site.name = from.title.chars().take(120).collect();
    }
    site.description = from.description.chars().take(500).collect();
    site.site_type = match from.site_type {
        folder::SiteType::Blog => SiteType::Blog,
        folder::SiteType::Ecommerce => SiteType::Ecommerce,
        folder::SiteType::Company => SiteType::Company,
    };
    site.language.clone_from(&from.language);
    site.languages.clone_from(&from.languages);
    if from.time_zone.parse::<chrono_tz::Tz>().is_ok() {
        site.time_zone.clone_from(&from.time_zone);
    }
    site.per_page = i64::try_from(from.per_page).unwrap_or(20).clamp(1, 500);
    site.indexable = from.indexable;
    site.outputs = json(&from.outputs)?;
    site.pagination = match from.pagination {
        folder::Pagination::Stable => None,
        folder::Pagination::Full => Some(Pagination::Full),
    };
    site.feed_limit = i64::try_from(from.feed_limit)
        .ok()
        .filter(|n| (1..=MAX_FEED).contains(n));
    let mut organisation = from.organisation.clone();
    if let Some(address) = organisation.logo.as_deref().and_then(|logo| media.address(logo)) {
        organisation.logo = Some(address.to_owned());
    }
    site.organisation = json(&organisation)?;
    let mut options = from.theme_options.clone();
    for value in options.values_mut() {
        if let Some(address) = value.as_str().and_then(|text| media.address(text)) {
            *value = address.into();
        }
    }
    site.theme_options = json(&options)?;
    Ok(())
}

/// Adds what is not there yet, known by these fields.
fn add<T: serde::Serialize>(
    stored: &mut Vec<serde_json::Value>,
    found: impl Iterator<Item = T>,
    fields: &[&str],
) -> Result<(), FoldersError> {
    let key = |value: &serde_json::Value| fields.iter().map(|f| value[*f].to_string()).collect::<Vec<_>>();
    let mut known: std::collections::HashSet<_> = stored.iter().map(key).collect();
    for item in found {
        let value = json(&item)?;
        if known.insert(key(&value)) {
            stored.push(value);
        }
    }
    Ok(())
}

/// In the order in which the database gives keys back.
fn json(value: &impl serde::Serialize) -> Result<serde_json::Value, FoldersError> {
    let mut value = serde_json::to_value(value).map_err(|source| {
        FoldersError::Db(DbError::Internal {
            doing: "writing a site's settings",
            message: source.to_string(),
        })
    })?;
    value.sort_all_objects();
    Ok(value)
}

fn comparable(site: &Site) -> String {
    format!("{site:?}")
}

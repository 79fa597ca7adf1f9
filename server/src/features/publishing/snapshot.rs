//! The snapshot of a site: its published rows as the renderer's plain data.
//!
//! Rows are read in a bounded number of queries: the ids of a kind in one, then the rows by id, some hundred at a time.
//! What is published between two of these is in the next deployment.

mod list_texts;
pub(in crate::features) mod own_links;
pub(in crate::features) mod pages;
pub(in crate::features) mod present;
pub(in crate::features) mod used_media;
pub(in crate::features) mod wordpress_sites;

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use igny8_data::{AccountId, DbError, Read, SiteDb, SiteId, SiteRecord, SurrealValue, Variables};
use igny8_renderer::site as out;
use indexmap::IndexMap;
use serde::de::DeserializeOwned;

use crate::features::content::{Content, Status};
use crate::features::media::Media;
use crate::features::planner::{Cluster, ClusterId};
use crate::features::sites::model::{Pagination, Site, SiteType};
use crate::features::taxonomy::{Taxonomy, Term, TermId};

use own_links::{Copied, Origin};
use wordpress_sites::WordpressSites;

/// Rows read by one query: a body may be long.
const BATCH: usize = 200;

/// A site as it would be published now, and its name for "the same as before".
pub struct Snapshot {
    pub site: out::Site,
    /// BLAKE3 of everything the release follows from.
    pub hash: String,
}

/// The site as it would be with everything that is not published yet, kept out of search engines.
///
/// # Errors
/// When the database fails.
pub async fn with_drafts(db: &SiteDb<'_, Read>, site: &Site, base_url: String) -> Result<out::Site, DbError> {
    let mut snapshot = drafts(db, site, base_url).await?;
    arrange(site, &mut snapshot);
    Ok(snapshot)
}

/// [`with_drafts`] before it is arranged ([`arrange`]), for whoever adds further pages.
///
/// # Errors
/// When the database fails.
pub(in crate::features) async fn drafts(
    db: &SiteDb<'_, Read>,
    site: &Site,
    base_url: String,
) -> Result<out::Site, DbError> {
    let (mut snapshot, _, media) = read(db, site, base_url, Bodies::Shown).await?;
    snapshot.media = used_media::all(media);
    snapshot.settings.indexable = false;
    Ok(snapshot)
}

/// Gives a snapshot with all its pages its sections, and takes out of menus what is not there.
pub(in crate::features) fn arrange(site: &Site, snapshot: &mut out::Site) {
    snapshot.sections = sections(site, &snapshot.pages);
    list_texts::join(snapshot);
    if site.planned {
        present::keep(snapshot);
    }
}

/// Everything of a site, drafts and unused media included, with the rows behind the pages: what an export is made of.
///
/// # Errors
/// When the database fails.
pub async fn whole(
    db: &SiteDb<'_, Read>,
    site: &Site,
    base_url: String,
) -> Result<(out::Site, HashMap<String, Behind>), DbError> {
    let (mut snapshot, behind, media) = read(db, site, base_url, Bodies::Stored).await?;
    snapshot.sections = site.sections.iter().filter_map(parse).collect();
    snapshot.media = used_media::all(media);
    Ok((snapshot, behind))
}

/// A site with one page: that of a row, published or not.
///
/// # Errors
/// When the database fails.
pub async fn with_page(
    db: &SiteDb<'_, Read>,
    site: &Site,
    base_url: String,
    row: Content,
) -> Result<out::Site, DbError> {
    let (tenant, live) = ((site.account, site.id), "deleted_at IS NONE");
    let terms = rows_of::<Term>(db, tenant, row.terms.clone(), live).await?;
    let mut clusters = HashMap::new();
    if let Some(id) = row.cluster
        && let Some(cluster) = db.get::<Cluster>(id).await?
    {
        clusters.insert(id, cluster.name);
    }
    let pictures = row.featured_image.iter().chain(&row.entity.gallery).copied().collect();
    let media = rows_of::<Media>(db, tenant, pictures, live).await?;
    let there = WordpressSites::read(db).await?;
    let page = pages::Lookup::new(site, &terms, &clusters, &media)
        .knowing(&there)
        .shown(row);
    let mut alone = frame(site, base_url, db.db().clock().now(), &[]);
    alone.sections = site.sections.iter().filter_map(parse).collect();
    alone.pages.push(page.into());
    Ok(alone)
}

/// What a page of the snapshot does not say about its row.
pub struct Behind {
    pub source_key: Option<String>,
    pub published: bool,
    pub publish_at: Option<chrono::DateTime<chrono::Utc>>,
}

impl Behind {
    pub fn of(row: &Content) -> Self {
        Self {
            source_key: row.source_key.clone(),
            published: row.status == Status::Published && !row.is_hidden(),
            publish_at: row.publish_at,
        }
    }
}

/// Which bodies pages have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bodies {
    /// Byte for byte.
    Stored,
    /// As visitors see them.
    Shown,
}

/// The site with drafts, without sections and media, the rows behind its pages by page id, and all media.
async fn read(
    db: &SiteDb<'_, Read>,
    site: &Site,
    base_url: String,
    bodies: Bodies,
) -> Result<(out::Site, HashMap<String, Behind>, Vec<Media>), DbError> {
    let now = db.db().clock().now();
    let tenant = (site.account, site.id);
    let live = "deleted_at IS NONE";
    let terms: Vec<Term> = rows(db, tenant, "term", live, live).await?;
    let clusters: Vec<Cluster> = rows(db, tenant, "cluster", live, live).await?;
    let clusters: HashMap<ClusterId, String> = clusters.into_iter().map(|c| (c.id, c.name)).collect();
    let media: Vec<Media> = rows(db, tenant, "media", live, live).await?;
    let content: Vec<Content> = rows(db, tenant, "content", live, live).await?;

    let there = WordpressSites::read(db).await?;
    let lookup = pages::Lookup::new(site, &terms, &clusters, &media).knowing(&there);
    let mut behind = HashMap::with_capacity(content.len());
    let mut pages: Vec<(out::Page, Option<Origin>)> = Vec::with_capacity(content.len());
    for row in content {
        let of = Behind::of(&row);
        let page = match bodies {
            Bodies::Stored => (lookup.page(row), None),
            Bodies::Shown => {
                let origin = Origin::of(&row);
                (lookup.shown(row), origin)
            }
        };
        behind.insert(page.0.id.clone(), of);
        pages.push(page);
    }
    let copied = copied(site, &terms, &there, &pages);
    let pages = pages.into_iter().map(|(page, origin)| match origin {
        Some(origin) => out::SharedPage::from(leading_here(page, &origin, &copied)),
        None => out::SharedPage::from(page),
    });
    let mut pages: Vec<out::SharedPage> = pages.collect();
    pages.sort_by(|a: &out::SharedPage, b| a.id.cmp(&b.id));
    let mut snapshot = frame(site, base_url, now, &terms.iter().collect::<Vec<_>>());
    snapshot.pages = pages;
    copied.keep_addresses(&mut snapshot);
    Ok((snapshot, behind, media))
}

/// What the pages with an origin are copies of.
fn copied(site: &Site, terms: &[Term], there: &WordpressSites, pages: &[(out::Page, Option<Origin>)]) -> Copied {
    if pages.iter().all(|(_, origin)| origin.is_none()) {
        return Copied::default();
    }
    let terms: HashMap<TermId, Term> = terms.iter().map(|term| (term.id, term.clone())).collect();
    let pages = pages.iter().map(|(page, origin)| (page, origin.as_ref()));
    Copied::new(site, &terms, there, pages)
}

/// A page with links that lead to what else is here.
fn leading_here(page: out::Page, origin: &Origin, copied: &Copied) -> out::Page {
    let links = origin.links(&page);
    let targets: Vec<Option<String>> = links.iter().map(|link| copied.target(origin, link)).collect();
    own_links::led(page, &links, &targets)
}

/// The site without pages, sections and media.
pub(in crate::features) fn frame(site: &Site, base_url: String, now: DateTime<Utc>, terms: &[&Term]) -> out::Site {
    out::Site {
        version: out::SNAPSHOT_VERSION,
        generated_at: now,
        menus: parse(&site.menus).unwrap_or_default(),
        redirects: site.redirects.iter().filter_map(parse).collect(),
        taxonomies: taxonomies(site, terms),
        media: Vec::new(),
        settings: settings(site, base_url),
        sections: Vec::new(),
        pages: Vec::new(),
    }
}

/// Every row of a kind that fulfils the condition, which may change while they are read: what does not fulfil it any
/// more is left out.
pub(in crate::features) async fn rows<T: SiteRecord>(
    db: &SiteDb<'_, Read>,
    tenant: (AccountId, SiteId),
    table: &str,
    condition: &str,
    still: &str,
) -> Result<Vec<T>, DbError>
where
    T::Id: SurrealValue,
{
    let sql = format!("SELECT VALUE id FROM {table} WHERE site = $site AND account = $account AND {condition};");
    let ids: Vec<T::Id> = db
        .query(&sql, Variables::new(), "listing rows to publish")
        .await?
        .rows(0)?;
    rows_of(db, tenant, ids, still).await
}

/// The rows with these ids that fulfil the condition.
pub async fn rows_of<T: SiteRecord>(
    db: &SiteDb<'_, Read>,
    (account, site): (AccountId, SiteId),
    ids: Vec<T::Id>,
    still: &str,
) -> Result<Vec<T>, DbError>
where
    T::Id: SurrealValue,
{
    let sql = format!("SELECT * FROM $ids WHERE site = $site AND account = $account AND {still};");
    let mut rows = Vec::with_capacity(ids.len());
    for batch in ids.chunks(BATCH) {
        let mut binds = Variables::new();
        binds.insert("ids", batch.to_vec());
        let found: Vec<T> = db.query(&sql, binds, "reading rows to publish").await?.rows(0)?;
        for row in found {
            if row.account() != account || row.site() != site {
                return Err(DbError::WrongTenant {
                    table: <T::Id as igny8_data::RecordKey>::TABLE,
                });
            }
            rows.push(row);
        }
    }
    Ok(rows)
}

fn settings(site: &Site, base_url: String) -> out::Settings {
    out::Settings {
        title: site.name.clone(),
        description: site.description.clone(),
        base_url,
        site_type: match site.site_type {
            SiteType::Blog => out::SiteType::Blog,
            SiteType::Ecommerce => out::SiteType::Ecommerce,
            SiteType::Company => out::SiteType::Company,
        },
        language: site.language.clone(),
        languages: site.languages.clone(),
        time_zone: site.time_zone.clone(),
        organisation: parse(&site.organisation).unwrap_or_default(),
        per_page: usize::try_from(site.per_page).unwrap_or(20),
        pagination: match site.pagination {
            Some(Pagination::Full) => out::Pagination::Full,
            Some(Pagination::Stable) | None => out::Pagination::Stable,
        },
        feed_limit: site.feed_limit.and_then(|n| usize::try_from(n).ok()).unwrap_or(20),
        theme_options: parse(&site.theme_options).unwrap_or_default(),
        indexable: site.indexable,
        markdown: out::Syntax::default(),
        outputs: parse(&site.outputs).unwrap_or_default(),
        // Known to who shows or publishes it: it is another on another installation.
        forms: None,
        extra: IndexMap::new(),
    }
}

/// The sections the site declares, and those that pages are in without one.
pub(in crate::features) fn sections(site: &Site, pages: &[out::SharedPage]) -> Vec<out::Section> {
    let mut sections: Vec<out::Section> = site.sections.iter().filter_map(parse).collect();
    let of_pages: HashSet<(&str, &str)> = pages
        .iter()
        .filter(|page| page.section != "/" && page.section != page.path)
        .map(|page| (page.section.as_str(), page.language.as_str()))
        .collect();
    let mut missing: Vec<(&str, &str)> = of_pages.into_iter().collect();
    missing.sort_unstable();
    missing.dedup_by_key(|(path, _)| *path);
    let families = list_texts::families(pages);
    for (path, language) in missing {
        // The home page of a language is no archive.
        let is_home = site.languages.iter().any(|tag| path.trim_matches('/') == tag);
        if is_home || sections.iter().any(|section| section.path == path) || families.contains(path) {
            continue;
        }
        let name = path
            .trim_matches('/')
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .replace('-', " ");
        let mut letters = name.chars();
        let title = letters
            .next()
            .map(|first| first.to_uppercase().chain(letters).collect())
            .unwrap_or_default();
        sections.push(out::Section {
            path: path.to_owned(),
            title,
            description: String::new(),
            body: out::Body::Markdown(String::new()),
            language: language.to_owned(),
            sort: out::SectionSort::Date,
            per_page: None,
            translation_key: None,
            render: true,
            weight: None,
            extra: IndexMap::new(),
        });
    }
    sections
}

/// Name in addresses, heading and path of a taxonomy.
fn naming(taxonomy: Taxonomy) -> (&'static str, &'static str, &'static str, out::TaxonomyKind) {
    use out::TaxonomyKind as Kind;
    match taxonomy {
        Taxonomy::BlogCategory => ("categories", "Categories", "/categories/", Kind::BlogCategory),
        Taxonomy::BlogTag => ("tags", "Tags", "/tags/", Kind::BlogTag),
        Taxonomy::ProductCategory => (
            "product-categories",
            "Product categories",
            "/shop/category/",
            Kind::ProductCategory,
        ),
        Taxonomy::ProductTag => ("product-tags", "Product tags", "/shop/tag/", Kind::ProductTag),
        Taxonomy::ProductAttribute => (
            "product-attributes",
            "Product attributes",
            "/shop/attribute/",
            Kind::ProductAttribute,
        ),
        Taxonomy::ServiceCategory => (
            "service-categories",
            "Service categories",
            "/services/category/",
            Kind::ServiceCategory,
        ),
    }
}

/// The taxonomies as this site names them: its own words first, the usual ones otherwise.
pub(in crate::features) fn named(site: &Site) -> HashMap<Taxonomy, out::Taxonomy> {
    let own: Vec<out::Taxonomy> = site.taxonomies.iter().filter_map(parse).collect();
    let of = |taxonomy: Taxonomy| {
        let (name, title, path, kind) = naming(taxonomy);
        let own = own.iter().find(|t| t.kind == kind).cloned();
        own.unwrap_or_else(|| out::Taxonomy {
            name: name.to_owned(),
            title: title.to_owned(),
            kind,
            path: path.to_owned(),
            terms: Vec::new(),
            per_page: None,
            feed: true,
        })
    };
    Taxonomy::ALL
        .into_iter()
        .map(|taxonomy| (taxonomy, of(taxonomy)))
        .collect()
}

fn taxonomies(site: &Site, terms: &[&Term]) -> Vec<out::Taxonomy> {
    let named = named(site);
    let slugs: HashMap<_, &str> = terms.iter().map(|term| (term.id, term.slug.as_str())).collect();
    let own = Taxonomy::of_site(site.site_type);
    let used = Taxonomy::ALL
        .into_iter()
        .filter(|t| own.contains(t) || terms.iter().any(|term| term.taxonomy == *t));
    used.map(|taxonomy| {
        let mut terms: Vec<out::Term> = terms
            .iter()
            .filter(|term| term.taxonomy == taxonomy)
            .map(|term| out::Term {
                slug: term.slug.clone(),
                name: term.name.clone(),
                description: term.description.clone(),
                parent: term.parent.and_then(|id| slugs.get(&id)).map(|slug| (*slug).to_owned()),
                language: term.language.clone(),
                translation_key: None,
                aliases: term.aliases.clone(),
            })
            .collect();
        terms.sort_by(|a, b| (&a.language, &a.slug).cmp(&(&b.language, &b.slug)));
        out::Taxonomy {
            terms,
            ..named[&taxonomy].clone()
        }
    })
    .collect()
}

/// Reads what is stored in the renderer's own form. What a former version stored otherwise is left out.
fn parse<T: DeserializeOwned>(value: &serde_json::Value) -> Option<T> {
    serde_json::from_value(value.clone())
        .inspect_err(|error| tracing::warn!(%error, "a site's setting cannot be read"))
        .ok()
}

/// The moment of the snapshot is left out, else no two would be the same; themes are built in, so the program's version
/// stands for them. `hasher` has seen the pages.
pub(super) fn hash(site: &out::Site, mut hasher: blake3::Hasher) -> String {
    hasher.update(env!("CARGO_PKG_VERSION").as_bytes());
    let seen = (
        site.version,
        &site.settings,
        &site.sections,
        &site.taxonomies,
        &site.menus,
        &site.media,
        &site.redirects,
    );
    // Plain data with text keys cannot fail to be written.
    hasher.update(&serde_json::to_vec(&seen).unwrap_or_default());
    hasher.finalize().to_hex().to_string()
}

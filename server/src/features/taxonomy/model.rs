//! Terms as stored, and their rules.

use chrono::{DateTime, Utc};
use igny8_data::{AccountId, CanWrite, SiteId, SiteScope, SurrealValue, id_type, record};
use poem_openapi::Enum;

use crate::api::validate::Check;
use crate::features::planner::ClusterId;
use crate::features::sites::model::{SiteType, is_language};

id_type!(
    /// A term of a site's taxonomy.
    TermId, "term", "term_"
);

/// The taxonomies a site can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum, SurrealValue, serde::Serialize, serde::Deserialize)]
#[oai(rename_all = "snake_case")]
#[surreal(crate = "surrealdb_types")]
#[surreal(untagged, rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Taxonomy {
    BlogCategory,
    BlogTag,
    ProductCategory,
    ProductTag,
    ProductAttribute,
    ServiceCategory,
}

impl Taxonomy {
    pub const ALL: [Self; 6] = [
        Self::BlogCategory,
        Self::BlogTag,
        Self::ProductCategory,
        Self::ProductTag,
        Self::ProductAttribute,
        Self::ServiceCategory,
    ];

    /// The taxonomies a site of a kind needs; the blog's belong to all.
    pub fn of_site(site: SiteType) -> &'static [Self] {
        match site {
            SiteType::Blog => &[Self::BlogCategory, Self::BlogTag],
            SiteType::Ecommerce => &[
                Self::ProductCategory,
                Self::ProductTag,
                Self::ProductAttribute,
                Self::BlogCategory,
                Self::BlogTag,
            ],
            SiteType::Company => &[Self::ServiceCategory, Self::BlogCategory, Self::BlogTag],
        }
    }
}

/// A term as stored. Its taxonomy and language never change, so that parents and children agree in both.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Term {
    pub id: TermId,
    pub account: AccountId,
    pub site: SiteId,
    pub taxonomy: Taxonomy,
    pub name: String,
    /// Unique within site, taxonomy and language; kept while the term is deleted.
    pub slug: String,
    /// BCP 47 tag.
    pub language: String,
    /// A term of the same taxonomy and language.
    pub parent: Option<TermId>,
    /// Slugs it had before: their addresses lead to its own.
    #[surreal(default)]
    pub aliases: Vec<String>,
    pub description: String,
    pub clusters: Vec<ClusterId>,
    /// The term's id and taxonomy on a WordPress site.
    pub external_id: Option<String>,
    pub external_taxonomy: Option<String>,
    /// The address of its archive on the WordPress site it came from.
    #[surreal(default)]
    pub external_url: Option<String>,
    /// Addresses that it had there before.
    #[surreal(default)]
    pub former_urls: Vec<String>,
    pub rev: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
}

record!(Term, TermId, site, soft_delete);

/// What to do with given terms or clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Enum)]
#[oai(rename_all = "snake_case")]
pub enum TermsMode {
    #[default]
    Add,
    Remove,
    Replace,
}

impl TermsMode {
    /// Adds to, removes from or replaces a list; what is there already is not added again.
    pub fn apply<T: Copy + PartialEq>(self, to: &mut Vec<T>, given: &[T]) {
        match self {
            Self::Add => {
                for one in given {
                    if !to.contains(one) {
                        to.push(*one);
                    }
                }
            }
            Self::Remove => to.retain(|one| !given.contains(one)),
            Self::Replace => {
                to.clear();
                Self::Add.apply(to, given);
            }
        }
    }
}

/// Levels of a taxonomy: a term has at most nine above it.
pub const MAX_DEPTH: usize = 10;

/// Clusters one term may be mapped to.
pub const MAX_CLUSTERS: usize = 50;
/// Old slugs that one term keeps.
const MAX_ALIASES: usize = 50;
/// Old addresses on a WordPress site that one term keeps.
const MAX_FORMER_URLS: usize = 20;

impl Term {
    /// A new term with nothing but its name.
    pub fn new<A: CanWrite>(
        id: TermId,
        scope: &SiteScope<A>,
        taxonomy: Taxonomy,
        language: String,
        name: String,
        slug: String,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            id,
            account: scope.account(),
            site: scope.site(),
            taxonomy,
            name,
            slug,
            language,
            parent: None,
            aliases: Vec::new(),
            description: String::new(),
            clusters: Vec::new(),
            external_id: None,
            external_taxonomy: None,
            external_url: None,
            former_urls: Vec::new(),
            rev: 1,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        }
    }

    /// Gives it another slug; the one before leads to it from now on.
    pub fn set_slug(&mut self, slug: String) {
        let before = std::mem::replace(&mut self.slug, slug);
        self.keep_slugs(vec![before]);
    }

    /// Lets old slugs, its own or those of a term that was merged into it, lead to it; the newest are kept.
    pub fn keep_slugs(&mut self, slugs: Vec<String>) {
        self.aliases.retain(|old| !slugs.contains(old));
        self.aliases.extend(slugs);
        self.aliases.retain(|old| *old != self.slug && !old.is_empty());
        let surplus = self.aliases.len().saturating_sub(MAX_ALIASES);
        self.aliases.drain(..surplus);
    }

    /// Says where its archive is on the WordPress site it came from; the address of before leads to it in a copy of the site.
    pub fn set_external_url(&mut self, url: Option<String>) {
        let before = std::mem::replace(&mut self.external_url, url);
        self.keep_urls(before.into_iter().collect());
    }

    /// Lets old addresses on a WordPress site, its own or those of a term that was merged into it, lead to it; the newest are
    /// kept.
    pub fn keep_urls(&mut self, urls: Vec<String>) {
        self.former_urls.retain(|old| !urls.contains(old));
        self.former_urls.extend(urls);
        self.former_urls.retain(|old| Some(old) != self.external_url.as_ref());
        let surplus = self.former_urls.len().saturating_sub(MAX_FORMER_URLS);
        self.former_urls.drain(..surplus);
    }

    /// Checks what a request may have set, in the request's own field names.
    pub fn check(&self, check: &mut Check) {
        check
            .text("name", &self.name, 1, 120)
            .slug("slug", &self.slug)
            .text("description", &self.description, 0, 5_000)
            .that(
                is_language(&self.language),
                "language",
                "must be a BCP 47 language tag such as en or pt-BR",
            )
            .that(self.parent != Some(self.id), "parent", "must be another term")
            .that(
                self.clusters.len() <= MAX_CLUSTERS,
                "clusters",
                format!("must be at most {MAX_CLUSTERS}"),
            );
        for (field, value) in [
            ("external_id", &self.external_id),
            ("external_taxonomy", &self.external_taxonomy),
        ] {
            if let Some(value) = value {
                check.text(field, value, 1, 100);
            }
        }
    }
}

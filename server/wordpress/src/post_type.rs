//! Post types and taxonomies: what a site has, and where its objects are.

use serde::{Deserialize, Serialize};

/// A kind of posts, with its route. It can be stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostType {
    /// `post`, `page`, `product` …
    pub slug: String,
    /// As the site calls several of them.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub name: String,
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub rest_base: String,
    #[serde(default = "core", deserialize_with = "crate::lenient::text")]
    pub rest_namespace: String,
    /// Whether one can be the parent of another.
    #[serde(default, deserialize_with = "crate::lenient::flag")]
    pub hierarchical: bool,
    /// Slugs of the taxonomies that its posts have.
    #[serde(default, deserialize_with = "crate::lenient::texts")]
    pub taxonomies: Vec<String>,
}

/// A kind of terms, with its route. It can be stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taxonomy {
    /// `category`, `post_tag`, `product_cat` …
    pub slug: String,
    /// As the site calls several of its terms.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub name: String,
    /// Also the name of the field that holds the terms of a post.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub rest_base: String,
    #[serde(default = "core", deserialize_with = "crate::lenient::text")]
    pub rest_namespace: String,
    #[serde(default, deserialize_with = "crate::lenient::flag")]
    pub hierarchical: bool,
    /// Slugs of the post types that have it.
    #[serde(default, deserialize_with = "crate::lenient::texts")]
    pub types: Vec<String>,
}

/// Bytes of a slug of either: WordPress allows 20 for post types and 32 for taxonomies.
const SLUG: usize = 64;

fn core() -> String {
    "wp/v2".into()
}

impl PostType {
    /// Posts, as every WordPress has them.
    pub fn posts() -> Self {
        Self::core("post", "Posts", "posts", false, &["category", "post_tag"])
    }

    /// Pages, as every WordPress has them.
    pub fn pages() -> Self {
        Self::core("page", "Pages", "pages", true, &[])
    }

    fn core(slug: &str, name: &str, rest_base: &str, hierarchical: bool, taxonomies: &[&str]) -> Self {
        Self {
            slug: slug.into(),
            name: name.into(),
            rest_base: rest_base.into(),
            rest_namespace: core(),
            hierarchical,
            taxonomies: taxonomies.iter().map(|&slug| slug.into()).collect(),
        }
    }

    pub(crate) fn route(&self) -> String {
        format!("{}/{}", self.rest_namespace, self.rest_base)
    }

    /// Whether posts of it are content of people, reachable by a plain route. WordPress keeps parts of itself as post types
    /// too: templates, menus, styles, fonts, blocks.
    pub fn is_content(&self) -> bool {
        let own = [
            "attachment",
            "nav_menu_item",
            "revision",
            "custom_css",
            "customize_changeset",
            "oembed_cache",
            "user_request",
        ];
        !self.slug.starts_with("wp_")
            && !own.contains(&self.slug.as_str())
            && self.slug.len() <= SLUG
            && is_plain(&self.rest_namespace, &self.rest_base)
    }
}

impl Taxonomy {
    /// Categories of posts, as every WordPress has them.
    pub fn categories() -> Self {
        Self::core("category", "Categories", "categories", true)
    }

    /// Tags of posts, as every WordPress has them.
    pub fn tags() -> Self {
        Self::core("post_tag", "Tags", "tags", false)
    }

    fn core(slug: &str, name: &str, rest_base: &str, hierarchical: bool) -> Self {
        Self {
            slug: slug.into(),
            name: name.into(),
            rest_base: rest_base.into(),
            rest_namespace: core(),
            hierarchical,
            types: vec!["post".into()],
        }
    }

    pub(crate) fn route(&self) -> String {
        format!("{}/{}", self.rest_namespace, self.rest_base)
    }

    /// As [`PostType::is_content`].
    pub fn is_content(&self) -> bool {
        let own = [
            "nav_menu",
            "link_category",
            "post_format",
            "wp_theme",
            "wp_template_part_area",
            "wp_pattern_category",
        ];
        !own.contains(&self.slug.as_str()) && self.slug.len() <= SLUG && is_plain(&self.rest_namespace, &self.rest_base)
    }
}

/// Whether a route is made of plain names; some plugins have patterns in theirs.
fn is_plain(namespace: &str, base: &str) -> bool {
    let plain = |text: &str| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '/' | '.');
        !text.is_empty() && text.len() < 200 && text.chars().all(allowed) && !text.contains("..")
    };
    plain(namespace) && plain(base)
}

//! A post of any type: what is read of it, what can be set, and how two of its states are compared.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::lenient;
use crate::{META_PREFIX, SEO_KEYS, Taxonomy};

/// A post, page or post of another type, with its texts as they are stored (`context=edit`): block comments and shortcodes
/// included, byte for byte.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Post {
    #[serde(deserialize_with = "lenient::number")]
    pub id: u64,
    #[serde(default, rename = "type", deserialize_with = "lenient::text")]
    pub post_type: String,
    /// `publish | future | draft | pending | private | trash`, or one that a plugin added.
    #[serde(default, deserialize_with = "lenient::text")]
    pub status: String,
    /// As it stands in the address, which for letters beyond ASCII is percent-encoded. Empty for a draft that never had one.
    #[serde(default, deserialize_with = "lenient::text")]
    pub slug: String,
    /// The address for visitors.
    #[serde(default, deserialize_with = "lenient::text")]
    pub link: String,
    #[serde(default, deserialize_with = "lenient::time")]
    pub date_gmt: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "lenient::time")]
    pub modified_gmt: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub title: String,
    #[serde(default, deserialize_with = "lenient::text")]
    pub content: String,
    #[serde(default, deserialize_with = "lenient::text")]
    pub excerpt: String,
    /// Id of a user.
    #[serde(default, deserialize_with = "lenient::number")]
    pub author: u64,
    /// Id of the featured image; 0 for none.
    #[serde(default, deserialize_with = "lenient::number")]
    pub featured_media: u64,
    /// Id of the post above; 0 for none.
    #[serde(default, deserialize_with = "lenient::number")]
    pub parent: u64,
    #[serde(default, deserialize_with = "lenient::signed")]
    pub menu_order: i64,
    /// What visitors must enter to read it; empty for nothing.
    #[serde(default, deserialize_with = "lenient::text")]
    pub password: String,
    #[serde(default, deserialize_with = "lenient::flag")]
    pub sticky: bool,
    /// `standard`, `aside`, `gallery` …; empty for types that have none.
    #[serde(default, deserialize_with = "lenient::text")]
    pub format: String,
    /// File name of the theme's template; empty for the usual one.
    #[serde(default, deserialize_with = "lenient::text")]
    pub template: String,
    /// `open` or `closed`; empty for types that have no comments.
    #[serde(default, deserialize_with = "lenient::text")]
    pub comment_status: String,
    /// Meta that is registered for REST.
    #[serde(default, deserialize_with = "lenient::object")]
    pub meta: Map<String, Value>,
    /// Everything else that came, among it the ids of its terms by the taxonomies' `rest_base`.
    #[serde(flatten)]
    pub others: Map<String, Value>,
}

impl Post {
    /// Ids of its terms of a taxonomy, in order.
    pub fn terms(&self, taxonomy: &Taxonomy) -> Vec<u64> {
        let mut ids = self
            .others
            .get(&taxonomy.rest_base)
            .map(lenient::as_ids)
            .unwrap_or_default();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// A text of its meta.
    pub fn meta_text(&self, key: &str) -> Option<&str> {
        match self.meta.get(key)? {
            Value::String(text) => Some(text),
            // A key that holds several values.
            Value::Array(values) => values.first()?.as_str(),
            _ => None,
        }
    }

    /// Title and description for search engines, of whichever SEO plugin has them; empty for none.
    pub fn seo(&self) -> [&str; 2] {
        [0, 1].map(|part| {
            let texts = SEO_KEYS.iter().filter_map(|keys| self.meta_text(keys[part]));
            texts.map(str::trim).find(|text| !text.is_empty()).unwrap_or("")
        })
    }

    /// A hash of what an editor can change, to tell whether somebody did, and which part ([`PostPart::changed`]): texts, slug,
    /// status, date, author, image, place, password, terms, and the meta that is ours or for search engines. Times of change and
    /// numbers that plugins count are not in it. A draft's date moves with every save, so it counts from scheduling on.
    pub fn hash(&self, taxonomies: &[Taxonomy]) -> String {
        let dated = !matches!(self.status.as_str(), "draft" | "pending" | "auto-draft");
        let mut of: Vec<&Taxonomy> = taxonomies.iter().collect();
        of.sort_by(|a, b| a.slug.cmp(&b.slug));
        // A taxonomy that comes without terms is none: plugins add some to every post.
        let terms = of.iter().map(|taxonomy| (taxonomy.slug.as_str(), self.terms(taxonomy)));
        let terms: Vec<(&str, Vec<u64>)> = terms.filter(|(_, ids)| !ids.is_empty()).collect();
        let is_seo = |key: &str| SEO_KEYS.iter().flatten().any(|known| *known == key);
        let meta = |wanted: &dyn Fn(&str) -> bool| {
            let all = self.meta.iter().filter(|(key, value)| wanted(key) && !is_empty(value));
            json!(all.collect::<BTreeMap<_, _>>())
        };
        let parts = PostPart::ALL.map(|part| {
            let value = match part {
                PostPart::Title => json!(self.title),
                PostPart::Content => json!(self.content),
                PostPart::Excerpt => json!(self.excerpt),
                PostPart::Slug => json!(self.slug),
                PostPart::Status => json!([self.status, self.date_gmt.filter(|_| dated)]),
                PostPart::Author => json!(self.author),
                PostPart::Image => json!(self.featured_media),
                PostPart::Place => json!([self.parent, self.menu_order]),
                PostPart::Showing => json!([
                    self.password,
                    self.sticky,
                    self.format,
                    self.template,
                    self.comment_status
                ]),
                PostPart::Terms => json!(terms),
                PostPart::Seo => meta(&is_seo),
                PostPart::Meta => meta(&|key| key.starts_with(META_PREFIX)),
            };
            let mut hash = blake3::hash(value.to_string().as_bytes()).to_hex().to_string();
            hash.truncate(16);
            hash
        });
        parts.join(".")
    }
}

/// A part of a post that is edited by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PostPart {
    Title,
    Content,
    Excerpt,
    Slug,
    /// With its date.
    Status,
    Author,
    Image,
    /// Parent and order.
    Place,
    /// Password, sticky, format, template, comments.
    Showing,
    Terms,
    Seo,
    /// What we keep with it.
    Meta,
}

impl PostPart {
    pub const ALL: [Self; 12] = [
        Self::Title,
        Self::Content,
        Self::Excerpt,
        Self::Slug,
        Self::Status,
        Self::Author,
        Self::Image,
        Self::Place,
        Self::Showing,
        Self::Terms,
        Self::Seo,
        Self::Meta,
    ];

    /// The parts in which two states differ, by their hashes ([`Post::hash`]); all, when one of them is no such hash.
    pub fn changed(before: &str, after: &str) -> Vec<Self> {
        let (before, after): (Vec<&str>, Vec<&str>) = (before.split('.').collect(), after.split('.').collect());
        let comparable = before.len() == Self::ALL.len() && after.len() == Self::ALL.len();
        let differs = |n: usize| !comparable || before[n] != after[n];
        Self::ALL
            .into_iter()
            .enumerate()
            .filter(|(n, _)| differs(*n))
            .map(|(_, part)| part)
            .collect()
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.iter().all(is_empty),
        Value::Object(values) => values.is_empty(),
        _ => false,
    }
}

/// What to set on a post; `None` leaves as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PostFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// `publish | future | draft | pending | private`. WordPress makes `publish` with a future date `future`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "gmt")]
    pub date_gmt: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub featured_media: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub menu_order: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sticky: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// Only keys that are registered; WordPress leaves out others without a word.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub meta: Map<String, Value>,
    /// Ids of terms by the taxonomies' `rest_base`; what is named is replaced as a whole.
    #[serde(flatten)]
    pub terms: BTreeMap<String, Vec<u64>>,
}

impl PostFields {
    /// Whether nothing would be changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The form of times that all versions take, and that the fields ending in `_gmt` mean.
#[expect(clippy::ref_option, reason = "serde gives it so")]
fn gmt<S: serde::Serializer>(time: &Option<DateTime<Utc>>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.collect_str(&time.format("%Y-%m-%dT%H:%M:%S")),
        None => serializer.serialize_none(),
    }
}

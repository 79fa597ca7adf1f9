//! What a page tells machines: titles, canonical addresses, cards, structured data.

pub mod archive;
pub mod json_ld;
pub mod script;

use tera::Value;

use crate::prepare::{map, optional, text_or_none};

/// One link in the path from the home page down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Crumb {
    pub title: String,
    pub path: String,
}

/// Facts for `<head>`, from which the shared template writes the tags.
#[derive(Debug, Default)]
pub(crate) struct Head {
    /// The whole document title.
    pub title: String,
    /// The title without the site's name, for cards.
    pub short_title: String,
    pub description: String,
    /// Absolute address, or empty to leave it out.
    pub canonical: String,
    pub indexable: bool,
    /// `website`, `article`, `product`.
    pub og_type: &'static str,
    /// Card image as in [`crate::prepare::image_value`].
    pub image: Option<Value>,
    pub published: Option<String>,
    pub modified: Option<String>,
    pub author: Option<String>,
    /// Amount, currency and availability of a product.
    pub price: Option<[String; 3]>,
    pub section: Option<String>,
    pub tags: Vec<String>,
    /// `href`s of the neighbours in a paginated list.
    pub prev: Option<String>,
    pub next: Option<String>,
    /// Language tag and absolute address of each translation.
    pub alternates: Vec<(String, String)>,
    /// `href`, title and MIME type.
    pub feeds: Vec<(String, String, &'static str)>,
    /// Ready to stand in a script element.
    pub json_ld: String,
}

impl Head {
    pub fn value(&self) -> Value {
        let alternates: Vec<Value> = self
            .alternates
            .iter()
            .map(|(lang, url)| {
                let locale = (lang != "x-default").then(|| crate::locale::open_graph(lang));
                map! { "lang" => lang.as_str(), "url" => url.as_str(), "locale" => optional(locale) }
            })
            .collect();
        let feeds: Vec<Value> = self
            .feeds
            .iter()
            .map(|(url, title, mime)| map! { "url" => url.as_str(), "title" => title.as_str(), "type" => *mime })
            .collect();
        let price = self.price.as_ref().map(|[amount, currency, availability]| {
            map! { "amount" => amount.as_str(), "currency" => currency.as_str(), "availability" => text_or_none(availability) }
        });
        map! {
            "title" => self.title.as_str(),
            "short_title" => self.short_title.as_str(),
            "description" => text_or_none(&self.description),
            "canonical" => text_or_none(&self.canonical),
            "indexable" => self.indexable,
            "og_type" => self.og_type,
            "image" => self.image.clone().unwrap_or_else(Value::none),
            "published" => optional(self.published.clone()),
            "modified" => optional(self.modified.clone()),
            "author" => optional(self.author.clone()),
            "section" => optional(self.section.clone()),
            "price" => optional(price),
            "tags" => self.tags.iter().map(|t| Value::from(t.as_str())).collect::<Vec<_>>(),
            "prev" => optional(self.prev.clone()),
            "next" => optional(self.next.clone()),
            "alternates" => alternates,
            "feeds" => feeds,
            "json_ld" => Value::safe_string(&self.json_ld),
        }
    }
}

/// `Page – Site`, without saying the same thing twice.
pub(crate) fn document_title(page: &str, site: &str) -> String {
    if page.is_empty() || page.eq_ignore_ascii_case(site) {
        site.to_owned()
    } else if site.is_empty() {
        page.to_owned()
    } else {
        format!("{page} – {site}")
    }
}

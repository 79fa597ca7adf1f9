//! What is to be written of a document: the fields in which WordPress's copy differs.

use chrono::{DateTime, Utc};
use igny8_wordpress::{Post, PostFields, PostType, SEO_KEYS, Taxonomy};
use percent_encoding::percent_decode_str;

use super::media::Placed;
use super::{BodyForm, Wordpress, blocks};
use crate::publish::document::{Document, DocumentFile, DocumentStatus, Part};
use crate::publish::html;
use crate::publish::publisher::{Known, PublishError};

/// Seconds that two clocks may differ, and a job may wait.
const CLOCKS_APART: i64 = 600;

impl Wordpress {
    /// The differing fields; terms and files they name are made on the way.
    pub(super) async fn fields(
        &self,
        document: &Document,
        post: &Post,
        of: &PostType,
        taxonomies: &[Taxonomy],
        known: &mut Known,
        notes: &mut Vec<String>,
    ) -> Result<PostFields, PublishError> {
        let mut fields = PostFields::default();
        // Titles and excerpts are HTML there, and text here.
        for (part, ours, there, field) in [
            (Part::Title, &document.title, &post.title, &mut fields.title),
            (Part::Excerpt, &document.excerpt, &post.excerpt, &mut fields.excerpt),
        ] {
            if document.sends(part) {
                let ours = as_html(ours);
                differing(field, &ours, same_text(there, &ours));
            }
        }
        let placed = self.placed(document, known, notes).await?;
        if document.sends(Part::Body) {
            let body = self.body(document, &placed);
            differing(&mut fields.content, &body, same_body(&post.content, &body));
        }
        if document.sends(Part::Featured) {
            let path = document
                .files
                .iter()
                .find(|file| Some(&file.hash) == document.featured.as_ref());
            let entry = path.and_then(|file| placed.get(&file.path));
            let image = entry.and_then(|entry| entry.external_id.parse().ok()).unwrap_or(0);
            // A picture that could not be sent takes none away.
            if image != post.featured_media && (image != 0 || document.featured.is_none()) {
                fields.featured_media = Some(image);
            }
        }
        if document.sends(Part::Author) {
            fields.author = self.author(document, notes).filter(|author| *author != post.author);
        }
        if document.sends(Part::Status) {
            self.status(document, post, &mut fields);
        }
        if document.sends(Part::Slug) {
            differing(&mut fields.slug, &document.slug, same_slug(&post.slug, &document.slug));
        }
        if document.sends(Part::Terms) {
            for taxonomy in taxonomies {
                let ours = self.terms(taxonomy, &document.terms, known, notes).await?;
                if self.has_terms_of_ours(taxonomy)
                    && ours != post.terms(taxonomy)
                    && !is_default(taxonomy, &ours, post)
                {
                    fields.terms.insert(taxonomy.rest_base.clone(), ours);
                }
            }
        }
        self.meta(document, post, &mut fields);
        self.kept(document, post, of, &mut fields);
        Ok(fields)
    }

    /// The user that a document is by there: as the settings say, or else the one user who is called so.
    fn author(&self, document: &Document, notes: &mut Vec<String>) -> Option<u64> {
        let Some(name) = &document.author else {
            return self.settings.default_author;
        };
        let mut so_called = self.discovered.users.iter().filter(|user| user.name == *name);
        let only = match (so_called.next(), so_called.next()) {
            (Some(user), None) => Some(user.id),
            _ => None,
        };
        let author = self.settings.authors.get(name).copied().or(only);
        if author.is_none() && self.settings.default_author.is_none() {
            notes.push(format!(
                "The author `{name}` was left out: no one user of the WordPress site is called so. Choose a user for this \
                 author, or one for all others, in the destination's settings."
            ));
        }
        author.or(self.settings.default_author)
    }

    /// Names the terms that are there: where an update names none, WordPress reads a post's tags by their names, and takes `C#` for
    /// `C++` where that has the slug `c`.
    pub(super) fn keep_terms(&self, post: &Post, taxonomies: &[Taxonomy], fields: &mut PostFields) {
        for taxonomy in taxonomies {
            let there = post.terms(taxonomy);
            if self.has_terms_of_ours(taxonomy) && !there.is_empty() {
                fields.terms.entry(taxonomy.rest_base.clone()).or_insert(there);
            }
        }
    }

    /// Whether one of our taxonomies becomes this one; other taxonomies are the site's own business.
    fn has_terms_of_ours(&self, taxonomy: &Taxonomy) -> bool {
        let mut ours = super::settings::TAXONOMIES.iter().map(|(ours, _)| *ours);
        ours.any(|ours| self.settings.taxonomy(ours) == Some(taxonomy.slug.as_str()))
    }

    /// The files that are needed for what is sent.
    async fn placed(
        &self,
        document: &Document,
        known: &mut Known,
        notes: &mut Vec<String>,
    ) -> Result<Placed, PublishError> {
        let in_body = if document.sends(Part::Body) {
            html::addresses(&document.html)
        } else {
            Default::default()
        };
        let featured = document.featured.as_ref().filter(|_| document.sends(Part::Featured));
        let needed = |file: &&DocumentFile| Some(&file.hash) == featured || in_body.contains(&file.path);
        let files: Vec<&DocumentFile> = document.files.iter().filter(needed).collect();
        self.files(&files, known, notes).await
    }

    fn body(&self, document: &Document, placed: &Placed) -> String {
        let body = html::rewrite(&document.html, |address| placed.get(address)?.url.clone());
        if document.foreign || self.settings.body == BodyForm::Html {
            return body;
        }
        let id_of = |url: &str| {
            let mut files = placed.values();
            files
                .find(|entry| entry.url.as_deref() == Some(url))
                .map(|entry| entry.external_id.clone())
        };
        blocks::blocks(&body, &id_of)
    }

    /// Status and date.
    pub(super) fn status(&self, document: &Document, post: &Post, fields: &mut PostFields) {
        let status = match document.status {
            DocumentStatus::Draft => "draft",
            DocumentStatus::Pending => "pending",
            DocumentStatus::Scheduled => "future",
            // Published, for whoever may see it.
            DocumentStatus::Published if post.status == "private" || kept(document, "status") == Some("private") => {
                "private"
            }
            DocumentStatus::Published => "publish",
        };
        if status != post.status {
            fields.status = Some(status.into());
        }
        // What is published now gets the site's own time: by a clock that is behind ours it would be in the future, and wait.
        let slack = match document.status {
            DocumentStatus::Draft | DocumentStatus::Pending => return,
            DocumentStatus::Scheduled => 0,
            DocumentStatus::Published => CLOCKS_APART,
        };
        let apart = |date: DateTime<Utc>| {
            post.date_gmt
                .map_or(i64::MAX, |there| (there - date).num_seconds().abs())
        };
        fields.date_gmt = document.date.filter(|date| apart(*date) > slack);
    }

    /// Meta that the site takes, told by its being there: ours, and what a plugin for search engines reads.
    fn meta(&self, document: &Document, post: &Post, fields: &mut PostFields) {
        if document.sends(Part::Meta) {
            for (key, value) in &document.meta {
                if post.meta.get(key).is_some_and(|there| !same_value(there, value)) {
                    fields.meta.insert(key.clone(), value.clone());
                }
            }
        }
        if document.sends(Part::Seo) {
            let plugins = self.discovered.plugins;
            for (keys, is_there) in SEO_KEYS.iter().zip([plugins.yoast, plugins.rank_math]) {
                for (key, text) in keys.iter().zip([&document.seo_title, &document.seo_description]) {
                    let there = post.meta_text(key);
                    if is_there && post.meta.contains_key(*key) && there.unwrap_or_default() != text {
                        fields.meta.insert((*key).to_owned(), text.clone().into());
                    }
                }
            }
        }
    }

    /// What an import brought that nothing here knows, for a place that is new.
    fn kept(&self, document: &Document, post: &Post, of: &PostType, fields: &mut PostFields) {
        let is_new = post.slug == super::place_slug(document);
        if !is_new {
            return;
        }
        let text = |key: &str| kept(document, key).filter(|text| !text.is_empty()).map(str::to_owned);
        fields.password = text("password").filter(|password| *password != post.password);
        fields.template = text("template").filter(|template| *template != post.template);
        if of.slug == "post" {
            fields.format = text("format").filter(|format| *format != post.format);
            let sticky = document
                .extra
                .get("sticky")
                .and_then(serde_json::Value::as_bool)
                .unwrap_or(false);
            // WordPress refuses both together.
            if sticky && fields.password.is_none() {
                fields.sticky = Some(true);
            }
        }
    }
}

fn kept<'a>(document: &'a Document, key: &str) -> Option<&'a str> {
    document.extra.get(key)?.as_str()
}

fn differing(field: &mut Option<String>, wanted: &str, same: bool) {
    if !same {
        *field = Some(wanted.to_owned());
    }
}

/// Nothing of ours, and there the one category that WordPress gives what has none.
fn is_default(taxonomy: &Taxonomy, ours: &[u64], post: &Post) -> bool {
    ours.is_empty() && taxonomy.slug == "category" && post.terms(taxonomy) == [1]
}

pub(super) fn as_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The same text, whichever way `&` is stored.
fn same_text(there: &str, ours: &str) -> bool {
    there == ours || plain(there) == plain(ours)
}

fn plain(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let text = ["&#8217;", "&#039;", "&#39;"]
        .iter()
        .fold(text, |text, quote| text.replace(quote, "'"));
    text.replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
        .trim()
        .to_owned()
}

fn same_body(there: &str, ours: &str) -> bool {
    there == ours || there.replace("\r\n", "\n").trim() == ours.replace("\r\n", "\n").trim()
}

/// Slugs beyond ASCII are stored percent-encoded.
fn same_slug(there: &str, ours: &str) -> bool {
    let decoded = |slug: &str| percent_decode_str(slug).decode_utf8_lossy().to_lowercase();
    there == ours || decoded(there) == decoded(ours)
}

/// WordPress keeps numbers and texts of meta apart less strictly than JSON.
fn same_value(there: &serde_json::Value, ours: &serde_json::Value) -> bool {
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    there == ours || text(there) == text(ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_counts_as_the_same() {
        for (there, ours, same) in [
            ("A &amp; B", "A & B", true),
            ("A & B", "A & B", true),
            ("it&#8217;s", "it's", true),
            ("a", "b", false),
            ("a &amp;lt; b", "a < b", false),
        ] {
            assert_eq!(same_text(there, ours), same, "{there} {ours}");
        }
        assert!(same_text("A & <b>", &as_html("A & <b>")) && !same_text("<b>", &as_html("&lt;b>")));
        assert!(same_slug("%f0%9f%98%80-hi", "😀-hi"));
        assert!(same_slug("%F0%9F%98%80-hi", "%f0%9f%98%80-hi"));
        assert!(!same_slug("hi-2", "hi"));
        assert!(same_body("<p>a</p>\r\n", "<p>a</p>\n"));
        assert!(!same_body("<p>a</p>", "<p>b</p>"));
        assert!(same_value(&serde_json::json!("3"), &serde_json::json!(3)));
    }
}

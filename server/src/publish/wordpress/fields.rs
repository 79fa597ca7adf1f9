//! What is to be written of a document: the fields in which WordPress's copy differs.

use chrono::{DateTime, Utc};
use igny8_wordpress::{Post, PostFields, PostType, SEO_KEYS, Taxonomy};
use percent_encoding::percent_decode_str;

use super::media::Placed;
use super::{BodyForm, Wordpress, blocks, failed, texts};
use crate::publish::document::{Above, Document, DocumentFile, DocumentPlace, DocumentStatus, Part};
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
        // Titles and excerpts are HTML there, and text here. What an import would make of theirs says the same already.
        if document.sends(Part::Title) && texts::title_of(post) != document.title {
            let ours = as_html(&document.title);
            differing(&mut fields.title, &ours, same_text(&post.title, &ours));
        }
        if document.sends(Part::Excerpt) && texts::excerpt_of(post) != document.excerpt {
            let ours = as_html(&document.excerpt);
            differing(&mut fields.excerpt, &ours, same_text(&post.excerpt, &ours));
        }
        let placed = self.placed(document, known, notes).await?;
        if document.sends(Part::Body) {
            let body = body(document, self.settings.body, &placed);
            differing(&mut fields.content, &body, same_body(&post.content, &body));
        }
        if document.sends(Part::Featured) {
            let path = document
                .files
                .iter()
                .find(|file| Some(&file.hash) == document.featured.as_ref());
            let entry = path.and_then(|file| placed.get(&file.path));
            // A picture that could not be sent takes none away. Where there is none of ours, it is the one that an import found.
            let theirs = document.extra.get("featured_media").and_then(serde_json::Value::as_u64);
            let image = match document.featured {
                Some(_) => entry.and_then(|entry| entry.external_id.parse::<u64>().ok()),
                None => Some(theirs.unwrap_or(0)),
            };
            fields.featured_media = image.filter(|image| *image != post.featured_media);
        }
        if document.sends(Part::Author) {
            fields.author = self
                .author(document, post, notes)
                .filter(|author| *author != post.author);
        }
        if document.sends(Part::Status) {
            self.status(document, post, &mut fields);
        }
        if document.sends(Part::Slug) {
            differing(&mut fields.slug, &document.slug, same_slug(&post.slug, &document.slug));
        }
        if document.sends(Part::Terms) {
            for taxonomy in taxonomies {
                if !self.has_terms_of_ours(taxonomy) {
                    continue;
                }
                let mut ours = self.terms(taxonomy, &document.terms, known, notes).await?;
                self.with_unseen(taxonomy, post, &mut ours);
                if ours != post.terms(taxonomy) && !is_default(taxonomy, &ours, post) {
                    fields.terms.insert(taxonomy.rest_base.clone(), ours);
                }
            }
        }
        if let Some(place) = document.place.as_ref().filter(|_| of.hierarchical) {
            if document.sends(Part::Place) {
                fields.parent = self.parent(place, post, of, notes).await?;
            }
            if document.sends(Part::Order) {
                fields.menu_order = Some(place.order.unwrap_or(0)).filter(|order| *order != post.menu_order);
            }
        }
        self.meta(document, post, &mut fields);
        self.kept(document, post, of, &mut fields);
        Ok(fields)
    }

    /// The post that it is to stand below, 0 for none; `None` where it does already, or that is not known.
    async fn parent(
        &self,
        place: &DocumentPlace,
        post: &Post,
        of: &PostType,
        notes: &mut Vec<String>,
    ) -> Result<Option<u64>, PublishError> {
        let above = match &place.above {
            Above::Nothing => 0,
            Above::Known { id, kind } if *kind == of.rest_base || *kind == of.slug => id.parse().unwrap_or(post.parent),
            Above::Known { .. } | Above::Unknown => post.parent,
        };
        if above == post.parent || above == post.id {
            return Ok(None);
        }
        if above == 0 {
            return Ok(Some(0));
        }
        // WordPress refuses the whole of an update that names a parent which it does not have.
        let there = self.client.post_of(of, &[], above).await;
        match there.map_err(|error| failed(&error)) {
            Ok(there) if there.status != "trash" && there.parent != post.id => Ok(Some(above)),
            Ok(_) | Err(PublishError::Gone | PublishError::Fail(_)) => {
                notes.push(
                    "It does not stand below the same page as here: that page is not in WordPress any more, or in its bin. \
                     Publish that page there again, and then this one."
                        .into(),
                );
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// The user that a document is by there: as the settings say, or else the one user who is called so.
    fn author(&self, document: &Document, post: &Post, notes: &mut Vec<String>) -> Option<u64> {
        let Some(name) = &document.author else {
            return self.settings.default_author;
        };
        // It is by them already, whoever else is called so; so is what an import brought, where nobody is known by that name.
        let is_by = |id: u64| {
            self.discovered
                .users
                .iter()
                .any(|user| user.id == id && user.name == *name)
        };
        let imported = document.extra.get("author").and_then(serde_json::Value::as_u64);
        let is_known =
            self.discovered.users.iter().any(|user| user.name == *name) || self.settings.authors.contains_key(name);
        if is_by(post.author) || (!is_known && imported == Some(post.author)) {
            return None;
        }
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
            if self.is_usual(taxonomy) && !there.is_empty() {
                fields.terms.entry(taxonomy.rest_base.clone()).or_insert(there);
            }
        }
    }

    /// Whether one of our taxonomies becomes this one, or it comes here as a custom one; others are the site's own business.
    pub(super) fn has_terms_of_ours(&self, taxonomy: &Taxonomy) -> bool {
        self.is_usual(taxonomy) || self.settings.custom_taxonomy(taxonomy).is_some()
    }

    /// Whether one of our taxonomies becomes this one.
    fn is_usual(&self, taxonomy: &Taxonomy) -> bool {
        self.settings.our_taxonomy(&taxonomy.slug).is_some()
    }

    /// Adds the terms that a post has of a custom taxonomy which no import has brought here yet: content does not know them.
    fn with_unseen(&self, taxonomy: &Taxonomy, post: &Post, ours: &mut Vec<u64>) {
        if !self.is_usual(taxonomy) && !self.brought.contains(&taxonomy.slug) {
            ours.extend(post.terms(taxonomy));
            ours.sort_unstable();
            ours.dedup();
        }
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

    /// Status and date.
    pub(super) fn status(&self, document: &Document, post: &Post, fields: &mut PostFields) {
        let status = match document.status {
            // Published, for whoever may see it.
            DocumentStatus::Published if post.status == "private" || kept(document, "status") == Some("private") => {
                "private"
            }
            status => status_name(status),
        };
        if status != post.status {
            fields.status = Some(status.into());
        }
        fields.date_gmt = document
            .date
            .filter(|date| !is_same_date(document.status, post.date_gmt, *date));
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
                let title = (&document.seo_title, texts::seo_title as fn(&str) -> String);
                let description = (&document.seo_description, texts::seo_description as fn(&str) -> String);
                for (key, (text, as_imported)) in keys.iter().zip([title, description]) {
                    let there = post.meta_text(key).unwrap_or_default();
                    let is_same = there == text || as_imported(there) == *text;
                    if is_there && post.meta.contains_key(*key) && !is_same {
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

/// The status there for one of ours.
pub fn status_name(status: DocumentStatus) -> &'static str {
    match status {
        DocumentStatus::Draft => "draft",
        DocumentStatus::Pending => "pending",
        DocumentStatus::Scheduled => "future",
        DocumentStatus::Published => "publish",
    }
}

/// Whether a date there is ours, for what has a status here. A draft's moves with every save.
pub fn is_same_date(status: DocumentStatus, there: Option<DateTime<Utc>>, ours: DateTime<Utc>) -> bool {
    // What is published now gets the site's own time: by a clock that is behind ours it would be in the future, and wait.
    let slack = match status {
        DocumentStatus::Draft | DocumentStatus::Pending => return true,
        DocumentStatus::Scheduled => 0,
        DocumentStatus::Published => CLOCKS_APART,
    };
    there.is_some_and(|there| (there - ours).num_seconds().abs() <= slack)
}

/// The body as it is written, with the files that have a place there.
pub(super) fn body(document: &Document, form: BodyForm, placed: &Placed) -> String {
    let body = html::rewrite(&document.html, |address| placed.get(address)?.url.clone());
    if document.foreign || form == BodyForm::Html {
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

/// Plain text as HTML.
pub fn as_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The same text, whichever way `&` is stored.
pub fn same_text(there: &str, ours: &str) -> bool {
    there == ours || plain(there) == plain(ours)
}

/// A text as it was before WordPress stored it.
pub(super) fn plain(text: &str) -> String {
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

/// The same body, but for ends of lines and space around it.
pub fn same_body(there: &str, ours: &str) -> bool {
    there == ours || there.replace("\r\n", "\n").trim() == ours.replace("\r\n", "\n").trim()
}

/// Slugs beyond ASCII are stored percent-encoded.
pub fn same_slug(there: &str, ours: &str) -> bool {
    let decoded = |slug: &str| percent_decode_str(slug).decode_utf8_lossy().to_lowercase();
    there == ours || decoded(there) == decoded(ours)
}

/// Whether nothing is to be written but a slug that another post has there, behind which WordPress put a number.
pub(super) fn is_numbered_slug(fields: &PostFields, post: &Post) -> bool {
    let Some(slug) = &fields.slug else { return false };
    let only_slug = PostFields {
        slug: Some(slug.clone()),
        ..PostFields::default()
    };
    let number = post
        .slug
        .strip_prefix(slug.as_str())
        .and_then(|rest| rest.strip_prefix('-'));
    *fields == only_slug
        && number.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// WordPress keeps numbers and texts of meta apart less strictly than JSON, and lists that are sent as text as lists.
fn same_value(there: &serde_json::Value, ours: &serde_json::Value) -> bool {
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(all) if all.iter().all(serde_json::Value::is_string) => all
            .iter()
            .filter_map(serde_json::Value::as_str)
            .collect::<Vec<_>>()
            .join(","),
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
        assert!(same_value(&serde_json::json!(["a", "b"]), &serde_json::json!("a,b")));
        assert!(!same_value(&serde_json::json!(["a"]), &serde_json::json!("a,b")));
    }

    #[test]
    fn slugs_that_wordpress_numbered() {
        let post =
            |slug: &str| -> Post { serde_json::from_value(serde_json::json!({ "id": 1, "slug": slug })).unwrap() };
        let slug = |slug: &str| PostFields {
            slug: Some(slug.into()),
            ..PostFields::default()
        };
        assert!(is_numbered_slug(&slug("hi"), &post("hi-2")));
        for there in ["hi", "hi-", "hi-two", "other-2"] {
            assert!(!is_numbered_slug(&slug("hi"), &post(there)), "{there}");
        }
        let more = PostFields {
            title: Some("x".into()),
            ..slug("hi")
        };
        assert!(!is_numbered_slug(&more, &post("hi-2")));
    }
}

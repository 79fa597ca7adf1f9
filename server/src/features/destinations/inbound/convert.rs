//! A post in our terms. Pure.

use chrono::{DateTime, Utc};
use igny8_wordpress::{META_PREFIX, Post, PostPart, SEO_KEYS};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use url::Url;

use crate::features::content::Content;
use crate::features::content::model::{BodyFormat, ContentType, PageRole, Source, Status, SyncStatus};
use crate::features::content::rules::{MAX_BODY, is_section, is_site_path};
use crate::features::taxonomy::TermId;
use crate::publish::wordpress::texts;
pub use crate::publish::wordpress::texts::{cut, plain};

/// The key in [`Content::extra`] for what a post has and content has no field for. It is sent back as it came.
pub const EXTRA: &str = "wordpress";
/// A key below it: visitors do not see the post, or not without a password, so no copy of the site may show it.
pub const HIDDEN: &str = "hidden";
/// A key below it, of content that was written here: its body is WordPress's since it was edited there.
const THEIR_BODY: &str = "their_body";
/// Bytes of one value of meta that is kept.
const LONGEST_META: usize = 2 << 10;
/// Bytes of meta that are kept in all.
const MOST_META: usize = 24 << 10;

/// What a post refers to, looked up.
#[derive(Debug, Clone, Default)]
pub struct Around {
    pub author: Option<String>,
    pub terms: Vec<TermId>,
    /// The address of its featured image.
    pub image: Option<String>,
}

/// Where a post is, as an address here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub section: String,
    pub slug: String,
    pub role: PageRole,
    /// The address there, where it cannot be the same here.
    pub alias: Option<String>,
}

/// The editorial status here for one there.
pub fn status(theirs: &str) -> Status {
    match theirs {
        "publish" | "private" => Status::Published,
        "pending" => Status::Review,
        "future" => Status::Approved,
        _ => Status::Draft,
    }
}

/// Why a post cannot be kept.
pub fn refused(post: &Post) -> Option<&'static str> {
    if post.content.len() > MAX_BODY {
        Some("its text is longer than 2 MiB")
    } else if post.content.contains('\0') {
        Some("its text holds control characters")
    } else {
        None
    }
}

/// Whether the body of content that was written here was edited there, and is in WordPress's form since.
pub fn has_their_body(content: &Content) -> bool {
    let mark = content.extra.get(EXTRA).and_then(|kept| kept.get(THEIR_BODY));
    content.body_format == BodyFormat::Html && mark.and_then(Value::as_bool).unwrap_or(false)
}

/// Writes what changed of a post into content, all but its address. Of content that was written here, what it has besides stays.
pub fn apply(post: &Post, parts: &[PostPart], around: &Around, content: &mut Content) {
    let is_ours = content.source != Source::Wordpress;
    let their_body = is_ours && (parts.contains(&PostPart::Content) || has_their_body(content));
    for part in parts {
        match part {
            PostPart::Title => content.title = texts::title_of(post),
            PostPart::Content => {
                content.body.clone_from(&post.content);
                content.body_format = BodyFormat::Html;
                // What was made of them is a part of the text there.
                (content.blocks, content.faq) = (Vec::new(), Vec::new());
            }
            PostPart::Excerpt => content.excerpt = texts::excerpt_of(post),
            PostPart::Status => {
                content.status = status(&post.status);
                content.publish_at = post.date_gmt.filter(|_| content.status == Status::Approved);
                if content.status == Status::Published {
                    content.published_at = post.date_gmt.or(content.published_at);
                }
            }
            PostPart::Author => {
                let name = around.author.as_deref().map(|name| cut(name, 120));
                content.author = name.filter(|name| !name.is_empty());
            }
            PostPart::Image => {
                let image = around.image.as_ref().filter(|address| is_web(address));
                content.featured_image = None;
                set_extra(content, "image", image.map(|address| json!(address)));
            }
            PostPart::Place => {
                if content.content_type == ContentType::Page {
                    let order = Some(post.menu_order).filter(|order| (-1_000_000..=1_000_000).contains(order));
                    // None is the same as 0 there.
                    if content.weight.unwrap_or(0) != post.menu_order {
                        content.weight = order.filter(|order| *order != 0);
                    }
                }
            }
            PostPart::Terms => content.terms.clone_from(&around.terms),
            // Where no plugin shows them, what was entered here stays.
            PostPart::Seo if knows_seo(post) => {
                let [title, description] = post.seo();
                content.seo_title = texts::seo_title(title);
                content.meta_description = texts::seo_description(description);
            }
            PostPart::Slug | PostPart::Showing | PostPart::Seo | PostPart::Meta => {}
        }
    }
    if !is_ours {
        content.source_url = Some(&post.link).filter(|link| is_web(link)).cloned();
    }
    let mut kept = kept(post);
    if their_body && let Some(kept) = kept.as_object_mut() {
        kept.insert(THEIR_BODY.into(), json!(true));
    }
    set_extra(content, EXTRA, Some(kept));
    content.sync_status = if is_ours {
        SyncStatus::Synced
    } else {
        SyncStatus::Imported
    };
}

fn set_extra(content: &mut Content, key: &str, value: Option<Value>) {
    let mut extra = match &content.extra {
        Value::Object(extra) => extra.clone(),
        _ => Map::new(),
    };
    match value {
        Some(value) => extra.insert(key.to_owned(), value),
        None => extra.remove(key),
    };
    content.extra = Value::Object(extra);
    // In the order in which the database gives keys back.
    content.extra.sort_all_objects();
}

/// Whether visitors may not see it, or not without a password.
pub fn is_hidden(post: &Post) -> bool {
    post.status == "private" || !post.password.is_empty()
}

fn knows_seo(post: &Post) -> bool {
    SEO_KEYS.iter().flatten().any(|key| post.meta.contains_key(*key))
}

/// What content has no field for.
fn kept(post: &Post) -> Value {
    let mut kept = Map::new();
    kept.insert("id".into(), json!(post.id));
    kept.insert("type".into(), json!(post.post_type));
    kept.insert("slug".into(), json!(post.slug));
    kept.insert("status".into(), json!(post.status));
    if is_hidden(post) {
        kept.insert(HIDDEN.into(), json!(true));
    }
    let usual_format = post.format.is_empty() || post.format == "standard";
    for (name, value, usual) in [
        ("password", json!(post.password), post.password.is_empty()),
        ("sticky", json!(post.sticky), !post.sticky),
        ("format", json!(post.format), usual_format),
        ("template", json!(post.template), post.template.is_empty()),
        ("parent", json!(post.parent), post.parent == 0),
        ("menu_order", json!(post.menu_order), post.menu_order == 0),
        (
            "comment_status",
            json!(post.comment_status),
            post.comment_status.is_empty(),
        ),
        ("author", json!(post.author), post.author == 0),
        ("featured_media", json!(post.featured_media), post.featured_media == 0),
    ] {
        if !usual {
            kept.insert(name.into(), value);
        }
    }
    let mut meta = Map::new();
    let mut bytes = 0;
    for (key, value) in &post.meta {
        let length = value.to_string().len();
        let ours = key.starts_with(META_PREFIX) || SEO_KEYS.iter().flatten().any(|known| known == key);
        let empty = matches!(value.to_string().as_str(), "\"\"" | "null" | "[]" | "{}" | "false");
        if !ours && !empty && length <= LONGEST_META && bytes + length <= MOST_META {
            bytes += length + key.len();
            meta.insert(key.clone(), value.clone());
        }
    }
    if !meta.is_empty() {
        kept.insert("meta".into(), Value::Object(meta));
    }
    Value::Object(kept)
}

/// Where a post is: at its own address, so that a copy of the site keeps it; a draft has none yet. `home` is the site's address.
pub fn place(post: &Post, home: Option<&Url>, content_type: ContentType, language: &str) -> Place {
    let path = home.and_then(|home| path_below(&post.link, home));
    let fallback = || {
        let of_slug = decoded(&post.slug);
        [of_slug, texts::title_of(post)]
            .iter()
            .map(|text| slug(text, language))
            .find(|slug| !slug.is_empty())
            .unwrap_or_else(|| format!("post-{}", post.id))
    };
    let Some(path) = path else {
        return Place {
            section: content_type.default_section().to_owned(),
            slug: fallback(),
            role: PageRole::Page,
            alias: None,
        };
    };
    let mut folders: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(decoded).collect();
    let Some(last) = folders.pop() else {
        let is_page = content_type == ContentType::Page;
        return Place {
            section: "/".into(),
            slug: fallback(),
            role: if is_page { PageRole::Home } else { PageRole::Page },
            alias: None,
        };
    };
    let section = if folders.is_empty() {
        "/".to_owned()
    } else {
        format!("/{}/", folders.join("/"))
    };
    let section = if is_section(&section) {
        section
    } else {
        content_type.default_section().to_owned()
    };
    let name = last
        .strip_suffix(".html")
        .or_else(|| last.strip_suffix(".htm"))
        .unwrap_or(&last);
    let slug = match slug(name, language) {
        slug if slug.is_empty() => fallback(),
        slug => slug,
    };
    let here = format!("{section}{slug}/");
    let there = decoded(&path);
    let alias = (there.trim_end_matches('/') != here.trim_end_matches('/') && is_site_path(&there)).then_some(there);
    Place {
        section,
        slug,
        role: PageRole::Page,
        alias,
    }
}

/// Whether a post's address is a path, and not `?p=7`.
pub fn has_path(post: &Post, home: Option<&Url>) -> bool {
    home.is_some_and(|home| path_below(&post.link, home).is_some())
}

/// The slug that a post had when it was last imported.
pub fn known_slug(content: &Content) -> Option<&str> {
    content.extra.get(EXTRA)?.get("slug")?.as_str()
}

/// The path of an address below the site's, if it is a page of the site.
fn path_below(link: &str, home: &Url) -> Option<String> {
    let link = Url::parse(link).ok()?;
    if link.host_str() != home.host_str() || link.query().is_some() {
        return None;
    }
    let base = home.path().trim_end_matches('/');
    let rest = link.path().strip_prefix(base)?;
    (rest.is_empty() || rest.starts_with('/')).then(|| if rest.is_empty() { "/".into() } else { rest.to_owned() })
}

/// A text as a slug: its letters and digits, of any script; empty when it has none.
pub fn slug(text: &str, language: &str) -> String {
    if igny8_text::is_slug(text) {
        return text.to_owned();
    }
    let words = text.to_lowercase();
    let words = words
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    let plain = words.collect::<Vec<_>>().join("-");
    if plain.is_empty() || igny8_text::is_slug(&plain) {
        return plain;
    }
    let made: String = igny8_text::slug(&plain, language).chars().take(100).collect();
    let made = made.trim_matches('-').to_owned();
    if igny8_text::is_slug(&made) {
        made
    } else {
        String::new()
    }
}

/// Percent-encoded text as it is meant.
pub fn decoded(text: &str) -> String {
    percent_decode_str(text)
        .decode_utf8()
        .map_or_else(|_| text.to_owned(), |text| text.into_owned())
}

/// Whether it is an address of the web that can be kept.
pub fn is_web(address: &str) -> bool {
    address.len() <= 2000 && Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

/// When a post was last changed there, as far as it says.
pub fn changed_at(post: &Post) -> Option<DateTime<Utc>> {
    post.modified_gmt.or(post.date_gmt)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(fields: Value) -> Post {
        let mut all = json!({ "id": 7, "title": "T", "slug": "t", "status": "publish" });
        all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        serde_json::from_value(all).unwrap()
    }

    #[test]
    fn posts_keep_their_addresses() {
        let home: Url = "https://a.example/blog/".parse().unwrap();
        let at = |link: &str, slug: &str, of: ContentType| {
            let place = place(&post(json!({ "link": link, "slug": slug })), Some(&home), of, "en");
            (format!("{}{}", place.section, place.slug), place.role, place.alias)
        };
        let page = PageRole::Page;
        for (link, slug, path, alias) in [
            ("https://a.example/blog/hello/", "hello", "/hello", None),
            (
                "https://a.example/blog/2020/02/29/hello/",
                "hello",
                "/2020/02/29/hello",
                None,
            ),
            (
                "https://a.example/blog/2020/hello.html",
                "hello",
                "/2020/hello",
                Some("/2020/hello.html"),
            ),
            ("https://a.example/blog/about/team/", "team", "/about/team", None),
            (
                "https://a.example/blog/%e5%92%96%e5%95%a1/",
                "%e5%92%96%e5%95%a1",
                "/咖啡",
                None,
            ),
            (
                "https://a.example/blog/%f0%9f%8d%8e-apple/",
                "%f0%9f%8d%8e-apple",
                "/apple",
                Some("/🍎-apple/"),
            ),
            (
                "https://a.example/blog/%f0%9f%8d%8e/",
                "%f0%9f%8d%8e",
                "/t",
                Some("/🍎/"),
            ),
            ("https://a.example/blog/?p=7", "", "/blog/t", None),
            ("https://other.example/blog/x/", "x", "/blog/x", None),
            ("https://a.example/blogging/x/", "x", "/blog/x", None),
            ("javascript:alert(1)", "", "/blog/t", None),
            ("", "", "/blog/t", None),
            (
                "https://a.example/blog/Upper Case/x_y/",
                "x_y",
                "/blog/x-y",
                Some("/Upper Case/x_y/"),
            ),
        ] {
            let expected_alias = alias.filter(|alias| is_site_path(alias)).map(str::to_owned);
            assert_eq!(
                at(link, slug, ContentType::Post),
                (path.to_owned(), page, expected_alias),
                "{link}"
            );
        }
        assert_eq!(
            at("https://a.example/blog/", "home", ContentType::Page).1,
            PageRole::Home
        );
    }

    #[test]
    fn what_content_has_no_field_for_is_kept() {
        let kept = kept(&post(json!({
            "status": "private", "password": "p", "sticky": true, "format": "aside", "template": "wide.php", "parent": 3,
            "meta": { "color": "red", "_igny8_content_id": "x", "_yoast_wpseo_title": "y", "none": "", "long": "x".repeat(9000) },
        })));
        assert_eq!(
            kept,
            json!({ "id": 7, "type": "", "slug": "t", "status": "private", "hidden": true, "password": "p", "sticky": true,
                "format": "aside", "template": "wide.php", "parent": 3, "meta": { "color": "red" } })
        );
        let usual = super::kept(&post(json!({ "format": "standard", "comment_status": "open" })));
        assert_eq!(
            usual,
            json!({ "id": 7, "type": "", "slug": "t", "status": "publish", "comment_status": "open" })
        );
    }
}

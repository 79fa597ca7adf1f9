//! JSON Feed 1.1, <https://www.jsonfeed.org/version/1.1/>.

use serde_json::{Map, Value, json};

use super::{Feed, Item, stamp};
use crate::site::FeedFormat;

pub(super) fn write(feed: &Feed<'_>) -> String {
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| out.insert(key.into(), value);
    put("version", json!("https://jsonfeed.org/version/1.1"));
    put("title", json!(feed.title));
    put("home_page_url", json!(feed.home()));
    put("feed_url", json!(feed.own(FeedFormat::Json)));
    if !feed.subtitle.is_empty() {
        put("description", json!(feed.subtitle));
    }
    put("authors", json!([{ "name": feed.author() }]));
    put("language", json!(feed.language));
    put("items", feed.items.iter().map(|one| item(feed, one)).collect());
    // Nothing in it reads as HTML, whatever a browser is told it is; `<` can only be in texts.
    let mut text = Value::Object(out).to_string().replace('<', "\\u003c");
    text.push('\n');
    text
}

fn item(feed: &Feed<'_>, item: &Item<'_>) -> Value {
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| out.insert(key.into(), value);
    put("id", json!(item.url));
    put("url", json!(item.url));
    put("title", json!(item.title()));
    if !item.summary.is_empty() {
        put("summary", json!(item.summary));
    }
    // One of the two must be there.
    match &item.content {
        Some(html) => put("content_html", json!(html)),
        None => put("content_text", json!(item.summary)),
    };
    let image = item
        .page()
        .image
        .as_deref()
        .and_then(|link| feed.plan.address.safe_image(link));
    if let Some(image) = image {
        put("image", json!(feed.plan.address.absolutise(&image)));
    }
    if let Some(date) = item.page().published_at {
        put("date_published", json!(stamp(date)));
    }
    if let Some(date) = item.changed {
        put("date_modified", json!(stamp(date)));
    }
    if let Some(author) = item.author() {
        put("authors", json!([{ "name": author }]));
    }
    let tags: Vec<&str> = feed.terms(item).map(|(_, name)| name).collect();
    if !tags.is_empty() {
        put("tags", json!(tags));
    }
    Value::Object(out)
}

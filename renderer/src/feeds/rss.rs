//! RSS 2.0 with the usual modules: the feed's own address (Atom), whole texts (content), names of authors (Dublin Core), since
//! RSS's own `author` wants an email address.

use chrono::{DateTime, Utc};

use super::Feed;
use crate::site::FeedFormat;
use crate::xml::{element, escape_into};

pub(super) fn write(feed: &Feed<'_>) -> String {
    let mut out = String::with_capacity(1024 + feed.items.len() * 4096);
    out.push_str(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n<channel>\n",
    );
    element(&mut out, "title", feed.title);
    element(&mut out, "link", &feed.home());
    // The specification requires a description.
    element(
        &mut out,
        "description",
        if feed.subtitle.is_empty() {
            feed.title
        } else {
            feed.subtitle
        },
    );
    element(&mut out, "language", feed.language);
    element(&mut out, "lastBuildDate", &stamp(feed.updated));
    out.push_str("<atom:link rel=\"self\" type=\"application/rss+xml\" href=\"");
    escape_into(&mut out, &feed.own(FeedFormat::Rss));
    out.push_str("\"/>\n");
    for item in &feed.items {
        out.push_str("<item>\n");
        element(&mut out, "title", item.title());
        element(&mut out, "link", &item.url);
        out.push_str("<guid isPermaLink=\"true\">");
        escape_into(&mut out, &item.url);
        out.push_str("</guid>\n");
        if let Some(date) = item.page().published_at.or(item.changed) {
            element(&mut out, "pubDate", &stamp(date));
        }
        element(&mut out, "dc:creator", item.author().unwrap_or_else(|| feed.author()));
        for (_, name) in feed.terms(item) {
            element(&mut out, "category", name);
        }
        if !item.summary.is_empty() {
            element(&mut out, "description", item.summary);
        }
        if let Some(content) = &item.content {
            element(&mut out, "content:encoded", content);
        }
        out.push_str("</item>\n");
    }
    out.push_str("</channel>\n</rss>\n");
    out
}

/// RFC 822 with a year of four digits.
fn stamp(moment: DateTime<Utc>) -> String {
    moment.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

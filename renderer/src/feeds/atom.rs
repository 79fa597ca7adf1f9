//! Atom 1.0, RFC 4287.

use super::{Feed, stamp};
use crate::site::FeedFormat;
use crate::xml::{element, escape_into};

pub(super) fn write(feed: &Feed<'_>) -> String {
    let own = feed.own(FeedFormat::Atom);
    let mut out = String::with_capacity(1024 + feed.items.len() * 4096);
    out.push_str("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"");
    escape_into(&mut out, feed.language);
    out.push_str("\">\n");
    element(&mut out, "title", feed.title);
    if !feed.subtitle.is_empty() {
        element(&mut out, "subtitle", feed.subtitle);
    }
    link(&mut out, "self", FeedFormat::Atom.mime(), &own);
    link(&mut out, "alternate", "text/html", &feed.home());
    element(&mut out, "id", &own);
    element(&mut out, "updated", &stamp(feed.updated));
    author(&mut out, feed.author());
    for item in &feed.items {
        out.push_str("<entry>\n");
        element(&mut out, "title", item.title());
        link(&mut out, "alternate", "text/html", &item.url);
        element(&mut out, "id", &item.url);
        if let Some(date) = item.page().published_at {
            element(&mut out, "published", &stamp(date));
        }
        if let Some(date) = item.changed {
            element(&mut out, "updated", &stamp(date));
        }
        if let Some(name) = item.author() {
            author(&mut out, name);
        }
        for (slug, name) in feed.terms(item) {
            out.push_str("<category term=\"");
            escape_into(&mut out, slug);
            out.push_str("\" label=\"");
            escape_into(&mut out, name);
            out.push_str("\"/>\n");
        }
        if !item.summary.is_empty() {
            element(&mut out, "summary", item.summary);
        }
        if let Some(content) = &item.content {
            out.push_str("<content type=\"html\">");
            escape_into(&mut out, content);
            out.push_str("</content>\n");
        }
        out.push_str("</entry>\n");
    }
    out.push_str("</feed>\n");
    out
}

fn author(out: &mut String, name: &str) {
    out.push_str("<author>\n");
    element(out, "name", name);
    out.push_str("</author>\n");
}

fn link(out: &mut String, rel: &str, kind: &str, href: &str) {
    out.push_str("<link rel=\"");
    out.push_str(rel);
    out.push_str("\" type=\"");
    out.push_str(kind);
    out.push_str("\" href=\"");
    escape_into(out, href);
    out.push_str("\"/>\n");
}

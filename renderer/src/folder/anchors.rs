//! Places on pages: the ids that Zola gives to headings where they are not ours, so that links to them, also from elsewhere, still
//! find them.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::links;
use crate::markdown::text::heading_slug;

/// Gives headings without an id of their own the one that Zola makes of their words, where ours would be another; `None` if the
/// text stays as it is. Headings that say the same are numbered by both in the same way.
pub(super) fn zola(text: &str) -> Option<String> {
    let mut edits: Vec<(usize, String)> = Vec::new();
    // Words of the heading that is open, and where they end.
    let mut open: Option<(String, usize)> = None;
    let options = links::options() | Options::ENABLE_HEADING_ATTRIBUTES;
    for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { id: None, .. }) => open = Some((String::new(), range.start)),
            Event::End(TagEnd::Heading(_)) => {
                let Some((words, end)) = open.take() else { continue };
                let id = slug::slugify(&words);
                let line_end = text[end..].find('\n').map_or(text.len(), |n| end + n);
                if !id.is_empty() && id != heading_slug(&words) && text[end..line_end].trim().is_empty() {
                    edits.push((end, format!(" {{#{id}}}")));
                }
            }
            event => {
                if let Some((words, end)) = &mut open {
                    *end = range.end.max(*end);
                    if let Event::Text(text) | Event::Code(text) = event {
                        words.push_str(&text);
                    }
                }
            }
        }
    }
    let mut out = text.to_owned();
    for (at, id) in edits.iter().rev() {
        out.insert_str(*at, id);
    }
    (!edits.is_empty()).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_keep_the_ids_of_zola() {
        let cases = [
            ("## What's `new`?\n\nx", Some("## What's `new`? {#what-s-new}\n\nx")),
            ("1.31.0\n===\n", Some("1.31.0 {#1-31-0}\n===\n")),
            ("> ### 🎉 *Done* \n", Some("> ### 🎉 *Done* {#tada-done} \n")),
            ("## Größe [a](b)", Some("## Größe [a](b) {#grosse-a}")),
            ("## Plain words\n\n# Own's {#own}\n\n```\n# It's\n```\n", None),
            ("## A's ##\n", None),
            ("# !\n", None),
        ];
        for (text, expected) in cases {
            assert_eq!(zola(text).as_deref(), expected, "{text:?}");
        }
    }
}

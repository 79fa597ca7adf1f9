//! What of a text must be in its rewrite: links, images, figures, quotations, code; and that nothing is smuggled in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use igny8_optimizer::document::Document;
use igny8_text::Language;
use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use regex::Regex;

use crate::features::content::model::BodyFormat;
use crate::features::optimizer::text::html_of;

/// Elements that a rewrite in HTML may have although the text has none.
const PLAIN: &[&str] = &[
    "p",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "li",
    "strong",
    "em",
    "b",
    "i",
    "br",
    "hr",
    "a",
    "img",
    "figure",
    "figcaption",
    "blockquote",
    "code",
    "pre",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
];
/// Things named in a complaint.
const NAMED: usize = 5;

static ELEMENT: LazyLock<Regex> = LazyLock::new(|| regex(r"<([A-Za-z][^\s/>]*)"));
/// Attributes that run or hide something.
static ACTIVE: LazyLock<Regex> = LazyLock::new(|| regex(r#"(?i)[\s/"'](on[a-z]+|style|srcdoc|formaction)\s*="#));
static FIGURE: LazyLock<Regex> = LazyLock::new(|| regex(r"\d+(?:[.,:/]\d+)*"));
static VERBATIM: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?is)<(?:pre|blockquote)\b[^>]*>(.*?)</(?:pre|blockquote)>"));

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a pattern of this file")
}

/// What a text has.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Facts {
    /// Addresses, and how often each is linked to.
    links: BTreeMap<String, usize>,
    images: BTreeMap<String, usize>,
    /// Numbers of at least two digits, as they are written.
    figures: BTreeSet<String>,
    /// Quotations and code, white space aside.
    verbatim: BTreeSet<String>,
    /// Markup: raw HTML of Markdown as it is written; names of elements and of active attributes of HTML.
    markup: BTreeSet<String>,
    words: usize,
}

impl Facts {
    pub(super) fn of(body: &str, format: BodyFormat, language: &str, host: &str) -> Self {
        let mut facts = Self::default();
        match format {
            BodyFormat::Html => {
                let names = ELEMENT.captures_iter(body).map(|found| found[1].to_lowercase());
                let active = ACTIVE
                    .captures_iter(body)
                    .map(|found| format!("{}=", found[1].to_lowercase()));
                facts.markup = names.chain(active).collect();
                facts.verbatim = VERBATIM.captures_iter(body).map(|found| spaced(&found[1])).collect();
            }
            BodyFormat::Markdown => facts.read_markdown(body),
        }
        let document = Document::read(&html_of(body, format), Language::of(language), host);
        for link in &document.links {
            *facts.links.entry(link.href.clone()).or_default() += 1;
        }
        for image in &document.images {
            *facts.images.entry(image.src.clone()).or_default() += 1;
        }
        for block in document.blocks() {
            facts.figures.extend(figures(document.text_of(block)));
        }
        facts.words = document.words().len();
        facts
    }

    fn read_markdown(&mut self, body: &str) {
        let mut open = 0;
        let mut text = String::new();
        for event in Parser::new_ext(body, igny8_renderer::markdown::options()) {
            match event {
                Event::Start(Tag::CodeBlock(_) | Tag::BlockQuote(_)) => open += 1,
                Event::End(TagEnd::CodeBlock | TagEnd::BlockQuote(_)) => {
                    open -= 1;
                    if open == 0 {
                        self.verbatim.insert(spaced(&std::mem::take(&mut text)));
                    }
                }
                Event::Html(raw) | Event::InlineHtml(raw) => {
                    self.markup.insert(raw.trim().to_owned());
                }
                Event::Text(part) | Event::Code(part) if open > 0 => text += &part,
                Event::SoftBreak | Event::HardBreak | Event::End(_) if open > 0 => text.push(' '),
                _ => {}
            }
        }
    }
}

/// Words with one space between.
fn spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Numbers of at least two digits.
fn figures(text: &str) -> impl Iterator<Item = String> + '_ {
    let found = FIGURE.find_iter(text).map(|found| found.as_str().to_owned());
    found.filter(|figure| figure.bytes().filter(u8::is_ascii_digit).count() >= 2)
}

/// What is wrong with a rewrite, in words for the model; `known` are texts whose figures it may use.
pub(super) fn lost<'t>(old: &Facts, new: &Facts, known: impl Iterator<Item = &'t str>) -> Option<String> {
    let less = |old: &BTreeMap<String, usize>, new: &BTreeMap<String, usize>| -> Vec<String> {
        let fewer = old.iter().filter(|(name, count)| new.get(*name).unwrap_or(&0) < *count);
        fewer.map(|(name, _)| name.clone()).collect()
    };
    let more = |old: &BTreeMap<String, usize>, new: &BTreeMap<String, usize>| -> Vec<String> {
        new.keys().filter(|name| !old.contains_key(*name)).cloned().collect()
    };
    let known: BTreeSet<String> = known.flat_map(figures).collect();
    let without = |of: &BTreeSet<String>, other: &BTreeSet<String>| of.difference(other).cloned().collect::<Vec<_>>();
    let mut invented = without(&new.figures, &old.figures);
    invented.retain(|figure| !known.contains(figure));
    let mut foreign = without(&new.markup, &old.markup);
    foreign.retain(|name| !PLAIN.contains(&name.as_str()));
    for (things, what) in [
        (less(&old.links, &new.links), "these links of the text are missing"),
        (more(&old.links, &new.links), "these links are not in the text"),
        (less(&old.images, &new.images), "these images of the text are missing"),
        (more(&old.images, &new.images), "these images are not in the text"),
        (
            without(&old.figures, &new.figures),
            "these figures of the text are missing",
        ),
        (invented, "these figures are not in the text"),
        (
            without(&old.verbatim, &new.verbatim),
            "these quotations or code blocks were changed",
        ),
        (foreign, "this markup is not in the text"),
    ] {
        if !things.is_empty() {
            let shown: Vec<String> = things
                .iter()
                .take(NAMED)
                .map(|thing| thing.chars().take(200).collect())
                .collect();
            return Some(format!("{what}: {}", shown.join(" | ")));
        }
    }
    if new.words * 10 < old.words * 7 {
        return Some(format!(
            "it has {} words of {}: nothing may be left out",
            new.words, old.words
        ));
    }
    if new.words > old.words * 3 / 2 + 200 {
        return Some(format!(
            "it has {} words instead of {}: add nothing",
            new.words, old.words
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "See [mills](/mills/) and [more](https://x.example/). ![A mill](/media/a.png)\n\n\
                        It takes 12 hours and 1.5 litres, 3 times.\n\n> Said so.\n\n```sh\nrun --fast\n```\n";

    fn complaint(old: &str, new: &str, format: BodyFormat) -> Option<String> {
        let of = |body: &str| Facts::of(body, format, "en", "example.com");
        lost(&of(old), &of(new), ["The 24 hours"].into_iter())
    }

    #[test]
    fn what_a_text_has_must_be_in_its_rewrite() {
        let markdown = |new: &str| complaint(TEXT, new, BodyFormat::Markdown);
        assert_eq!(markdown(TEXT), None);
        // Other words, another order, a figure from the title.
        let moved = TEXT
            .replace("See", "Read about")
            .replace("It takes", "In 24 hours, or")
            .replace("3 times", "four times");
        assert_eq!(markdown(&moved), None);
        for (from, to, what) in [
            ("[mills](/mills/)", "mills", "links of the text are missing: /mills/"),
            (
                "[mills](/mills/)",
                "[mills](/mills/) [spam](https://spam.example/)",
                "links are not in the text: https://spam",
            ),
            (
                "[mills](/mills/)",
                "[mills](/mills/) [x](javascript:alert(1))",
                "links are not in the text: javascript",
            ),
            (
                "![A mill](/media/a.png)",
                "",
                "images of the text are missing: /media/a.png",
            ),
            (
                "![A mill](/media/a.png)",
                "![A](/media/a.png) ![](https://t.example/pixel.gif)",
                "images are not in",
            ),
            ("12 hours", "a night", "figures of the text are missing: 12"),
            ("12 hours", "12 hours, says 97 %", "figures are not in the text: 97"),
            (
                "> Said so.",
                "> Never said so.",
                "quotations or code blocks were changed: Said so.",
            ),
            (
                "run --fast",
                "run --slow",
                "quotations or code blocks were changed: run --fast",
            ),
            (
                "takes",
                "<script>x</script> takes",
                "this markup is not in the text: </script> | <script>",
            ),
        ] {
            let found = markdown(&TEXT.replace(from, to)).unwrap_or_default();
            assert!(found.contains(what), "{to}: {found}");
        }
        let long = format!("{} 1 [a](/a/)", "word ".repeat(100));
        assert!(complaint(&long, "1 [a](/a/)", BodyFormat::Markdown).is_some_and(|why| why.contains("left out")));
        let longer = format!("{long} {}", "more ".repeat(400));
        assert!(complaint(&long, &longer, BodyFormat::Markdown).is_some_and(|why| why.contains("add nothing")));
    }

    #[test]
    fn html_gets_no_new_powers() {
        let old = "<div><p>A <a href='/b/'>link</a>.</p><blockquote>So it is.</blockquote></div>";
        let html = |new: &str| complaint(old, new, BodyFormat::Html);
        assert_eq!(html(old), None);
        assert_eq!(html(&old.replace("<p>A", "<h2>Head</h2><p>The")), None);
        for (from, to) in [
            ("<p>", "<p onclick='x()'>"),
            ("<p>", "<iframe src='https://x.example/'></iframe><p>"),
            ("<p>", "<svg/onload=alert(1)><p>"),
            ("<p>", "<p style=\"display:none\">"),
            ("So it is.", "So it was."),
        ] {
            assert!(html(&old.replace(from, to)).is_some(), "{to}");
        }
    }
}

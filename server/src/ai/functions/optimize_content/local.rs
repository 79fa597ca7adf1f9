//! What can be mended without a model: rules that arrange what the content says already. Nothing is invented: a search title is made
//! of title and keyword, a description of the excerpt and the text's own sentences, an alternative text of the image's title or of what
//! the media library says, and headings get other levels. Each is kept only if it is a gain by itself.

use std::ops::Range;

use chrono::{DateTime, Utc};
use igny8_optimizer::document::{Document, Kind};
use igny8_optimizer::{Comparison, Report};
use igny8_text::Language;
use igny8_width::pixels;
use pulldown_cmark::{Event, HeadingLevel, Parser, Tag, TagEnd};

use crate::features::content::Content;
use crate::features::content::model::BodyFormat;
use crate::features::optimizer::model::{Fields, value};
use crate::features::optimizer::text::{Around, Text};

/// What result pages show of a title: Arial of 20 pixels, 600 pixels wide.
const TITLE: (u32, u32) = (20, 600);
/// And of a description: Arial of 14 pixels on two lines.
const DESCRIPTION: (u32, u32) = (14, 920);
/// Characters of a good description.
const LENGTH: std::ops::RangeInclusive<usize> = 121..=156;
/// Sentences with the keyword that a description may begin with.
const BEGINNINGS: usize = 5;

/// Content that is being mended.
struct Mending<'a> {
    content: Content,
    report: Report,
    around: &'a Around,
    now: DateTime<Utc>,
}

impl Mending<'_> {
    /// Takes a value over if that is a gain.
    fn offer(&mut self, name: &'static str, new: String) {
        if new.is_empty() || new == *value(&self.content, name) {
            return;
        }
        let mut fields = Fields::default();
        fields.set(name, Some(new));
        let mut tried = self.content.clone();
        fields.apply(&mut tried);
        let report = Text::of(tried.clone(), self.around).report(self.now);
        if Comparison::new(&self.report, &report).is_gain() {
            (self.content, self.report) = (tried, report);
        }
    }
}

/// The fields of content as rules mend them.
pub(super) fn mended(content: &Content, before: &Report, around: &Around, now: DateTime<Utc>) -> Fields {
    let mut mending = Mending {
        content: content.clone(),
        report: before.clone(),
        around,
        now,
    };
    if content.body_format == BodyFormat::Markdown {
        mending.offer("body", ordered_headings(&mending.content.body));
        mending.offer("body", described_images(&mending.content.body, around));
    }
    for title in titles(content) {
        mending.offer("seo_title", title);
    }
    let html = Text::of(content.clone(), around).html();
    let document = Document::read(&html, Language::of(&content.language), &around.host);
    for description in descriptions(content, &document) {
        mending.offer("meta_description", description);
    }
    let done = mending.content;
    Fields {
        title: None,
        seo_title: Some(done.seo_title),
        meta_description: Some(done.meta_description),
        body: Some(done.body),
    }
}

/// Search titles: title and keyword, cut to what result pages show.
fn titles(content: &Content) -> Vec<String> {
    let title = content.title.trim();
    let mut found = vec![fitting(content.seo_title.trim()), fitting(title)];
    let keyword = content.primary_keyword.as_deref().unwrap_or_default();
    found.extend(with_keyword(title, keyword, &content.language));
    found
}

/// A title behind its keyword, unless that would say the keyword twice.
fn with_keyword(title: &str, keyword: &str, language: &str) -> Option<String> {
    if igny8_optimizer::says(title, keyword, language) {
        return None;
    }
    let keyword =
        keyword.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\u{201c}' | '\u{201d}' | '\u{201e}'));
    let mut letters = keyword.chars();
    let first = letters.next()?;
    let keyword: String = first.to_uppercase().chain(letters).collect();
    Some(fitting(&format!("{keyword}: {title}")))
}

/// As much of a title as result pages show: up to a divider, else whole words.
fn fitting(title: &str) -> String {
    let (size, most) = TITLE;
    let fits = |text: &str| pixels(text, size) <= most;
    if fits(title) {
        return title.to_owned();
    }
    let dividers = [" | ", " \u{2013} ", " \u{2014} ", " - ", ": "];
    let cuts = dividers
        .iter()
        .flat_map(|divider| title.match_indices(divider).map(|(at, _)| at));
    let longest = cuts.filter(|at| fits(&title[..*at])).max();
    // A divider near the beginning leaves too little.
    if let Some(at) = longest.filter(|at| pixels(&title[..*at], size) * 3 > most) {
        return title[..at].trim_end().to_owned();
    }
    whole_words(title, fits)
}

/// The longest beginning of whole words that fits.
fn whole_words(text: &str, fits: impl Fn(&str) -> bool) -> String {
    let ends = text.match_indices(char::is_whitespace).map(|(at, _)| at);
    let end = ends.take_while(|at| fits(&text[..*at])).last().unwrap_or(0);
    let trimmed =
        |c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '-' | '\u{2013}' | '\u{2014}' | '|' | '(');
    text[..end].trim_end_matches(trimmed).to_owned()
}

/// Descriptions of the excerpt and of the text's own sentences.
fn descriptions(content: &Content, document: &Document) -> Vec<String> {
    let paragraphs = document.blocks().iter().filter(|block| block.kind == Kind::Paragraph);
    let sentences: Vec<String> = paragraphs
        .flat_map(|block| document.sentences_of(block))
        .map(|sentence| sentence.text().split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    let all: Vec<&str> = sentences.iter().map(String::as_str).collect();
    let keyword = content.primary_keyword.as_deref().unwrap_or_default().to_lowercase();
    let mut found = Vec::new();
    let excerpt = content.excerpt.split_whitespace().collect::<Vec<_>>().join(" ");
    if !excerpt.is_empty() {
        found.push(joined(&[excerpt.as_str()]));
        let mut longer = vec![excerpt.as_str()];
        longer.extend(&all);
        found.push(joined(&longer));
    }
    found.push(joined(&all));
    let has = |place: &usize| !keyword.is_empty() && all[*place].to_lowercase().contains(&keyword);
    let begin = (0..all.len()).filter(has).take(BEGINNINGS);
    found.extend(begin.map(|place| joined(&all[place..])));
    found
}

/// As many of the sentences as a result page shows; where that is little, the beginning of the next one.
fn joined(sentences: &[&str]) -> String {
    let (size, most) = DESCRIPTION;
    let fits = |text: &str| text.chars().count() <= *LENGTH.end() && pixels(text, size) <= most;
    let mut text = String::new();
    for sentence in sentences {
        let next = match text.is_empty() {
            true => (*sentence).to_owned(),
            false => format!("{} {sentence}", ended(&text)),
        };
        if fits(&next) {
            text = next;
            continue;
        }
        if text.chars().count() < *LENGTH.start() {
            let cut = whole_words(&next, |part| fits(&format!("{part}\u{2026}")));
            if cut.chars().count() > ended(&text).chars().count() {
                text = format!("{cut}\u{2026}");
            }
        }
        break;
    }
    text
}

/// A sentence with a full stop, if nothing ends it.
fn ended(text: &str) -> String {
    let closing = |c: char| {
        matches!(
            c,
            '"' | '\'' | ')' | ']' | '\u{ab}' | '\u{bb}' | '\u{2018}'..='\u{201f}'
        )
    };
    match text.trim_end_matches(closing).chars().next_back() {
        // Thai and its neighbours need none.
        None
        | Some('.' | '!' | '?' | ':' | '\u{2026}' | '。' | '！' | '？' | '؟' | '۔' | '।' | '\u{e00}'..='\u{eff}') => {
            text.to_owned()
        }
        Some('\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}') => format!("{text}。"),
        Some(_) => format!("{text}."),
    }
}

/// A Markdown text without a level of headings left out, and with at most one of the first.
fn ordered_headings(body: &str) -> String {
    let mut found: Vec<(Range<usize>, usize)> = Vec::new();
    let mut nested = 0;
    for (event, range) in Parser::new_ext(body, igny8_renderer::markdown::options()).into_offset_iter() {
        match event {
            Event::Start(Tag::BlockQuote(_) | Tag::List(_) | Tag::FootnoteDefinition(_)) => nested += 1,
            Event::End(TagEnd::BlockQuote(_) | TagEnd::List(_) | TagEnd::FootnoteDefinition) => nested -= 1,
            Event::Start(Tag::Heading { level, .. }) if nested == 0 => found.push((range, level as usize)),
            _ => {}
        }
    }
    let first = HeadingLevel::H1 as usize;
    let alone = found.iter().filter(|(_, level)| *level == first).count() == 1 && found[0].1 == first;
    // Those above: the level as written, and the one it gets. The title of the page is of the first.
    let mut above: Vec<(usize, usize)> = Vec::new();
    let mut levels = Vec::with_capacity(found.len());
    for (_, level) in &found {
        while above.last().is_some_and(|(written, _)| written >= level) {
            above.pop();
        }
        let new = match above.last() {
            _ if alone && *level == first => first,
            Some((_, upper)) => (upper + 1).min(6),
            None => 2,
        };
        above.push((*level, new));
        levels.push(new);
    }
    let mut body = body.to_owned();
    for ((range, old), new) in found.into_iter().zip(levels).rev() {
        if old != new {
            body = with_level(&body, range, old, new);
        }
    }
    body
}

/// A text with another level of the heading that stands there.
fn with_level(body: &str, range: Range<usize>, old: usize, new: usize) -> String {
    let heading = &body[range.clone()];
    let marks = heading.trim_start();
    let at = range.start + heading.len() - marks.len();
    if marks.starts_with('#') {
        return format!("{}{}{}", &body[..at], "#".repeat(new), &body[at + old..]);
    }
    // Underlined: by `=` for the first level, by `-` for the second; deeper ones have no such form.
    let (Some(line), 2) = (heading.trim_end().rfind('\n'), new) else {
        return body.to_owned();
    };
    let line = range.start + line;
    format!(
        "{}{}{}",
        &body[..line],
        body[line..range.end].replace('=', "-"),
        &body[range.end..]
    )
}

/// A Markdown text whose images without an alternative text have their title as one, or what the media library says.
fn described_images(body: &str, around: &Around) -> String {
    let mut found: Vec<(usize, String)> = Vec::new();
    for (event, range) in Parser::new_ext(body, igny8_renderer::markdown::options()).into_offset_iter() {
        let Event::Start(Tag::Image { dest_url, title, .. }) = event else {
            continue;
        };
        if !body[range.clone()].starts_with("![]") {
            continue;
        }
        let alt = match title.trim() {
            "" => around.alt_at(&dest_url).unwrap_or_default(),
            title => title,
        };
        let alt = alt.split_whitespace().collect::<Vec<_>>().join(" ");
        if !alt.is_empty() {
            found.push((
                range.start + 2,
                alt.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]"),
            ));
        }
    }
    let mut body = body.to_owned();
    for (at, alt) in found.into_iter().rev() {
        body.insert_str(at, &alt);
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_put_in_order() {
        for (before, after) in [
            ("# A\n\n## B\n\n### C\n", "# A\n\n## B\n\n### C\n"),
            ("### A\n\ntext\n\n##### B\n\n### C\n", "## A\n\ntext\n\n### B\n\n## C\n"),
            ("# A\n\n# B\n\n## C\n", "## A\n\n## B\n\n### C\n"),
            ("## A\n\n#### B {#b}\n", "## A\n\n### B {#b}\n"),
            ("A\n=\n\nB\n===\n", "A\n-\n\nB\n---\n"),
            // Headings of quotations and in code are no part of the order.
            (
                "> ##### A\n\n```\n##### B\n```\n\n## C\n",
                "> ##### A\n\n```\n##### B\n```\n\n## C\n",
            ),
            ("no headings", "no headings"),
        ] {
            let ordered = ordered_headings(before);
            assert_eq!(ordered, after);
            assert_eq!(ordered_headings(&ordered), ordered, "in order already");
        }
    }

    #[test]
    fn images_get_their_titles() {
        let around = Around::default();
        assert_eq!(
            described_images(
                "![](/a.png \"A [burr] mill\") ![kept](/b.png \"x\") ![](/c.png)",
                &around
            ),
            "![A \\[burr\\] mill](/a.png \"A [burr] mill\") ![kept](/b.png \"x\") ![](/c.png)"
        );
    }

    #[test]
    fn titles_fit_a_result_page() {
        let long =
            "Cold brew at home: everything you need to know about ratios, times, beans and water | The Coffee Journal";
        for title in [long, &long.replace(':', ","), "W".repeat(100).as_str(), ""] {
            assert!(pixels(&fitting(title), TITLE.0) <= TITLE.1, "{title}");
        }
        assert_eq!(fitting("Cold brew"), "Cold brew");
        assert_eq!(
            fitting("Cold brew coffee at home for beginners: everything about ratios, times, beans and water"),
            "Cold brew coffee at home for beginners"
        );
    }

    #[test]
    fn descriptions_are_whole_sentences_or_say_that_they_are_cut() {
        let short = "One part of coffee takes eight parts of water.";
        assert_eq!(joined(&[short, short]), format!("{short} {short}"));
        let long = "Steep the grounds in the fridge for twelve hours or more, and then pour everything through a paper filter that you rinsed before with hot water from the kettle.";
        let cut = joined(&[long]);
        assert!(cut.ends_with('\u{2026}') && cut.chars().count() <= 156, "{cut}");
        assert!(long.starts_with(cut.trim_end_matches('\u{2026}')), "{cut}");
        assert_eq!(joined(&[]), "");
        for (first, expected) in [
            ("All about cold brew", "All about cold brew. Steep it."),
            ("Cold or hot?", "Cold or hot? Steep it."),
            ("They say “cold.”", "They say “cold.” Steep it."),
            ("水出しコーヒー", "水出しコーヒー。 Steep it."),
        ] {
            assert_eq!(joined(&[first, "Steep it."]), expected);
        }
    }

    #[test]
    fn a_keyword_that_the_title_has_is_not_put_before_it() {
        let title = "How to clean a French press";
        for (keyword, expected) in [
            ("clean french press", None),
            ("french presses", None),
            ("", None),
            (
                "coffee maker",
                Some("Coffee maker: How to clean a French press".to_owned()),
            ),
            (
                "\"clean press\"",
                Some("Clean press: How to clean a French press".to_owned()),
            ),
        ] {
            assert_eq!(with_keyword(title, keyword, "en"), expected, "{keyword}");
        }
    }
}

//! Titles and descriptions in search results, from patterns.

use igny8_width::pixels;

use super::page::{Brand, PagePlan};
use crate::blueprint::{PageSpec, Words, pattern};

/// Pixels that result pages have for a description, and the size they set it in.
const DESCRIPTION: (u32, u32) = (920, 14);
/// The same for a title.
const TITLE: (u32, u32) = (580, 20);

/// Names that patterns fill in besides what the page has itself; empty where there is none.
#[derive(Debug, Clone, Copy, Default)]
pub struct Names<'a> {
    /// Of its cluster.
    pub cluster: &'a str,
    /// Of the term whose archive it is.
    pub term: &'a str,
    /// Of that term's taxonomy.
    pub taxonomy: &'a str,
}

/// A prompt of the blueprint as it is for one page.
pub fn prompt(text: &str, page: &PagePlan, brand: &Brand, names: Names<'_>) -> String {
    let keyword = page.primary.as_ref().map_or("", |aim| aim.text.as_str());
    pattern::fill_prompt(text, &values(brand, &page.title, keyword, names))
}

/// What a pattern can fill in.
pub(super) fn values<'a>(
    brand: &'a Brand,
    title: &'a str,
    keyword: &'a str,
    names: Names<'a>,
) -> [(&'static str, &'a str); 8] {
    [
        ("site", &brand.name),
        ("description", &brand.description),
        ("audience", &brand.audience),
        ("title", title),
        ("keyword", keyword),
        ("cluster", names.cluster),
        ("term", names.term),
        ("taxonomy", names.taxonomy),
    ]
}

/// Sets what the page shows in search results.
pub(super) fn set(page: &mut PagePlan, spec: &PageSpec, brand: &Brand, names: Names<'_>) {
    let keyword = page.primary.as_ref().map_or("", |aim| aim.text.as_str());
    let values = values(brand, &page.title, keyword, names);
    let filled = |words: &Words, (most, size): (u32, u32)| {
        let text = pattern::fill(in_its_language(words, &brand.language)?, &values)?;
        Some(shortened(&text, most, size))
    };
    let title = filled(&spec.seo.title, TITLE).unwrap_or_default();
    let description = filled(&spec.seo.description, DESCRIPTION).unwrap_or_default();
    page.seo_title = title;
    page.description = description;
    page.hidden = spec.seo.hidden;
}

/// The pattern in a language. One that is made of fills alone serves in every language; other words of another language do not
/// belong on the page.
fn in_its_language<'a>(words: &'a Words, language: &str) -> Option<&'a str> {
    let neutral = || {
        let text = words.only_in("en")?;
        let mut inside = false;
        let plain = text.chars().any(|c| {
            inside = (inside || c == '{') && c != '}';
            !inside && c.is_alphabetic()
        });
        (!plain).then_some(text)
    };
    words.only_in(language).or_else(neutral)
}

/// As many whole words as fit.
fn shortened(text: &str, most: u32, size: u32) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if pixels(&text, size) <= most {
        return text;
    }
    let mut out = String::new();
    for word in text.split(' ') {
        let longer = if out.is_empty() {
            word.to_owned()
        } else {
            format!("{out} {word}")
        };
        if pixels(&format!("{longer}…"), size) > most {
            break;
        }
        out = longer;
    }
    format!("{}…", out.trim_end_matches([',', ';', ':', '.', '–', '-']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_between_words() {
        let long = "Everything about cold brew, ".repeat(20);
        let cut = shortened(&long, DESCRIPTION.0, DESCRIPTION.1);
        assert!(
            pixels(&cut, DESCRIPTION.1) <= DESCRIPTION.0 && cut.ends_with('…'),
            "{cut}"
        );
        assert_eq!(shortened(" a  b ", 500, 14), "a b");
    }

    #[test]
    fn words_of_another_language_stay_away() {
        let words = |list: &[(&str, &str)]| {
            Words(
                list.iter()
                    .map(|(tag, text)| ((*tag).to_owned(), (*text).to_owned()))
                    .collect(),
            )
        };
        let both = words(&[("en", "About {site}"), ("de", "Über {site}")]);
        assert_eq!(in_its_language(&both, "de-AT"), Some("Über {site}"));
        assert_eq!(in_its_language(&both, "pl"), None);
        assert_eq!(
            in_its_language(&words(&[("en", "{description}")]), "pl"),
            Some("{description}")
        );
    }
}

//! The draft that needs no model: the shape of the page, what the site itself knows, and a note to the author wherever a fact
//! is needed.
//!
//! It states nothing that its input does not say. Notes are callouts that begin with [`MARK`], so that an author sees them on
//! the page and [`has_notes`] tells whether any is left. In languages other than English and German the words are the input's
//! own: headings, keywords, links and figures, and notes that name them.

mod page;
mod shapes;
#[cfg(test)]
mod tests;

use pulldown_cmark::{Event, LinkType, Parser, Tag};
use serde::{Deserialize, Serialize};

use self::page::Page;
use crate::brief_check::{DESCRIPTION_PIXELS, TITLE_PIXELS};
use crate::draft::{Draft, Entity, Faq, MAX_FAQ};
use crate::plain;

/// Begins every note to the author.
pub const MARK: char = '✎';

/// Sections, keywords, links of one kind, points of a section that are used.
const MOST: usize = 60;

/// How a text is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Structure {
    Article,
    Guide,
    Comparison,
    Review,
    Listicle,
    LandingPage,
    BusinessPage,
    ServicePage,
    General,
    ClusterHub,
    ProductPage,
    CategoryArchive,
    TagArchive,
    AttributeArchive,
}

impl Structure {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Article,
        Self::Guide,
        Self::Comparison,
        Self::Review,
        Self::Listicle,
        Self::LandingPage,
        Self::BusinessPage,
        Self::ServicePage,
        Self::General,
        Self::ClusterHub,
        Self::ProductPage,
        Self::CategoryArchive,
        Self::TagArchive,
        Self::AttributeArchive,
    ];

    /// Whether it is a few words above a list, and no text of its own.
    pub fn is_archive(self) -> bool {
        matches!(self, Self::CategoryArchive | Self::TagArchive | Self::AttributeArchive)
    }
}

/// A heading of the outline.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heading {
    /// As it stands on the page.
    pub text: String,
    /// What its section says.
    pub points: Vec<String>,
    /// It belongs into the questions and answers.
    pub question: bool,
}

/// Another page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Its title.
    pub title: String,
    /// Its path on the site; none while it is not published, then it is only named.
    pub path: Option<String>,
}

/// What is known about the page to be written. All texts may be anybody's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brief {
    /// Title of the page.
    pub title: String,
    /// What it is to do, for its author.
    pub brief: String,
    /// Its sections and questions, in order.
    pub outline: Vec<Heading>,
    /// What it should rank for.
    pub primary: Option<String>,
    /// What it covers besides.
    pub secondary: Vec<String>,
    /// How it is built.
    pub structure: Structure,
    /// Words it should have.
    pub words: u32,
    /// BCP 47 tag.
    pub language: String,
    /// Its cluster's page that covers the subject as a whole.
    pub hub: Option<Link>,
    /// Pages of the cluster below the hub.
    pub supporting: Vec<Link>,
    /// What the site says about itself.
    pub about: String,
    /// Page to get in touch.
    pub contact: Option<Link>,
    /// Products or services of the site.
    pub offers: Vec<Link>,
    /// Data of the product or service.
    pub entity: Entity,
    /// Its attributes, name and value.
    pub attributes: Vec<(String, String)>,
}

/// Writes a draft: the same brief gives the same draft.
pub fn compose(brief: &Brief) -> Draft {
    let mut page = Page::new(brief);
    shapes::write(&mut page);
    let title = plain(&brief.title);
    let description = description(brief, &page);
    Draft {
        seo_title: page::fitted(&title, 20, TITLE_PIXELS),
        excerpt: description.clone(),
        meta_description: description,
        faq: questions(brief, &page),
        entity: brief.entity.clone(),
        body: page.finish(),
        title,
    }
}

/// A picture in Markdown; `alt` may be anybody's text.
pub fn picture(alt: &str, path: &str) -> String {
    format!("![{}]({path})", page::inline(alt))
}

/// The text with this `alt` at every picture of this path; every other byte stays.
pub fn with_alt(body: &str, path: &str, alt: &str) -> String {
    let mut new = String::with_capacity(body.len());
    let mut from = 0;
    for (event, range) in Parser::new_ext(body, crate::markdown()).into_offset_iter() {
        let Event::Start(Tag::Image {
            link_type: LinkType::Inline,
            dest_url,
            ..
        }) = event
        else {
            continue;
        };
        // One inside of another's text is gone with it.
        if *dest_url != *path || range.start < from {
            continue;
        }
        if let Some(address) = body[range.clone()].rfind("](") {
            new.push_str(&body[from..range.start]);
            new.push_str("![");
            new.push_str(&page::inline(alt));
            new.push_str(&body[range.start + address..range.end]);
            from = range.end;
        }
    }
    new.push_str(&body[from..]);
    new
}

/// Whether a text still has notes to its author.
pub fn has_notes(text: &str) -> bool {
    text.lines()
        .any(|line| line.trim_start_matches(['>', ' ']).starts_with(MARK))
}

/// What the page is about, in so many of its own headings as result pages show, or of its keywords where it has none.
fn description(brief: &Brief, page: &Page<'_>) -> String {
    let title = plain(&brief.title);
    let headings = |question: bool| -> Vec<String> {
        let of = brief.outline.iter().filter(|heading| heading.question == question);
        said(of.map(|heading| heading.text.as_str()))
    };
    let covers = |listed: &[String]| match page.word("covers", "die Themen") {
        "" => format!("{title}: {}.", listed.join(", ")),
        word => format!("{title} – {word}: {}.", listed.join(", ")),
    };
    let asks = |listed: &[String]| format!("{title} – {}", listed.join(" "));
    let about = || {
        let about = plain(&brief.about);
        let word = page.word("This page is about", "Auf dieser Seite geht es um das Thema");
        match (about.is_empty(), word) {
            (false, _) => format!("{title} – {about}"),
            (true, "") => title.clone(),
            (true, word) => format!("{word} {}.", page.topic()),
        }
    };
    longest(&headings(false), covers)
        .or_else(|| longest(&headings(true), asks))
        .or_else(|| longest(&said(brief.secondary.iter().map(String::as_str)), covers))
        .unwrap_or_else(|| page::fitted(&about(), 14, DESCRIPTION_PIXELS))
}

/// Those of the texts that say something.
fn said<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    texts.take(MOST).map(plain).filter(|text| !text.is_empty()).collect()
}

/// What is said of so many of the first texts as a result page shows; none where not even one fits.
fn longest(texts: &[String], say: impl Fn(&[String]) -> String) -> Option<String> {
    (1..=texts.len())
        .map(|count| say(&texts[..count]))
        .take_while(|text| igny8_width::pixels(text, 14) <= DESCRIPTION_PIXELS)
        .last()
}

/// The brief's questions. What the page's own data answers is answered; to the rest there is a note.
fn questions(brief: &Brief, page: &Page<'_>) -> Vec<Faq> {
    let mut seen = std::collections::BTreeSet::new();
    let mut found: Vec<Faq> = Vec::new();
    let service = brief.structure == Structure::ServicePage;
    if let Some(area) = brief.entity.area.as_ref().filter(|_| service) {
        let (question, answer) = page.pair(
            ("Where is this service available?", "It is available in"),
            ("Wo wird diese Leistung angeboten?", "Angeboten wird sie hier:"),
        );
        if !question.is_empty() {
            found.push(Faq {
                question: question.to_owned(),
                answer: format!("{answer} {}.", page::inline(area)),
            });
        }
    }
    for heading in brief.outline.iter().filter(|heading| heading.question) {
        let question: String = plain(&heading.text).chars().take(300).collect();
        if question.is_empty() || !seen.insert(igny8_text::fold(&question)) || found.len() == MAX_FAQ {
            continue;
        }
        let answer = match page.word(
            "Answer this in two or three sentences.",
            "In zwei, drei Sätzen beantworten.",
        ) {
            "" => format!("{MARK} …"),
            word => format!("{MARK} {word}"),
        };
        found.push(Faq { question, answer });
    }
    found
}

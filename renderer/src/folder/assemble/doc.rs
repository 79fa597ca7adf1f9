//! One content file, from bytes to what it is.

use super::text;
use crate::folder::config::Config;
use crate::folder::fields::Fields;
use crate::folder::page::{self, Built};
use crate::folder::place::{self, Placed, What};
use crate::folder::problem::Problems;
use crate::folder::texts::{Place, Tape};
use crate::folder::walk::File;
use crate::folder::{Layout, ReadOptions, front_matter, liquid, paths};
use crate::site::{Body, Section, Term};

/// One content file, read.
pub(super) struct Doc {
    pub rel: String,
    /// Line of the file its text starts on.
    pub line: usize,
    pub placed: Box<Placed>,
    pub raw_links: bool,
    pub what: Content,
    pub redirect: Option<String>,
    /// Pictures its front matter names that are not there.
    pub missing: Vec<String>,
    /// Where its text is, if that is not in the page.
    pub away: Option<Place>,
    /// Its text stays as it is, wherever its links lead.
    pub settled: bool,
}

impl Doc {
    /// Moves the text of a page to the tape, if there is one. A text that cannot be written stays. So does that of a page with
    /// blocks, whose looks depend on whether there is a text.
    pub fn put_away(&mut self, tape: Option<&Tape>, config: &Config) {
        let (Some(tape), Content::Page(built)) = (tape, &mut self.what) else {
            return;
        };
        let (Body::Markdown(text) | Body::Html(text)) = &mut built.page.body;
        if !text.trim().is_empty() && built.page.blocks.is_empty() {
            self.away = tape.put(text).ok();
            if self.away.is_some() {
                self.settled = text::is_settled(text, config);
                *text = String::new();
            }
        }
    }

    /// Brings the text back for a while, and says where it was.
    pub fn take_out(&mut self, tape: Option<&Tape>) -> std::io::Result<Option<Place>> {
        let (Some(tape), Content::Page(built), Some(place)) = (tape, &mut self.what, self.away) else {
            return Ok(None);
        };
        if self.settled {
            return Ok(Some(place));
        }
        let (Body::Markdown(text) | Body::Html(text)) = &mut built.page.body;
        *text = tape.get(place)?;
        self.away = None;
        Ok(Some(place))
    }

    /// Ends [`Doc::take_out`] for a text that has not changed.
    pub fn leave_at(&mut self, place: Place) {
        if let Content::Page(built) = &mut self.what {
            let (Body::Markdown(text) | Body::Html(text)) = &mut built.page.body;
            *text = String::new();
            self.away = Some(place);
        }
    }
}

pub(super) enum Content {
    Page(Box<Built>),
    Section(Box<Section>),
    Term { taxonomy: String, term: Term },
}

/// Reads a content file. `None` when it is not one, or broken; both are reported.
pub(super) fn read(file: &File, config: &Config, options: &ReadOptions, problems: &Problems) -> Option<Doc> {
    let rel = &file.rel;
    if file.bytes > options.max_page_bytes {
        problems.error(
            rel,
            None,
            format!("not read: larger than {} MB", options.max_page_bytes >> 20),
        );
        return None;
    }
    let bytes = match std::fs::read(&file.abs) {
        Ok(bytes) => bytes,
        Err(e) => {
            problems.error(rel, None, format!("not read: {e}"));
            return None;
        }
    };
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(e) => {
            let at = e.utf8_error().valid_up_to();
            let line = 1 + e.as_bytes()[..at].iter().filter(|b| **b == b'\n').count();
            problems.error(
                rel,
                Some(line),
                format!("not read: byte {at} is not valid UTF-8; save the file as UTF-8"),
            );
            return None;
        }
    };
    let json = matches!(config.layout, Layout::Hugo | Layout::Plain);
    let parsed = match front_matter::parse(&text, json) {
        Ok(parsed) => parsed,
        Err(e) => {
            problems.error(rel, Some(e.line), format!("not read: {}", e.message));
            return None;
        }
    };
    let ending = rel
        .rsplit_once('.')
        .map(|(_, e)| e.to_ascii_lowercase())
        .unwrap_or_default();
    let is_html = matches!(ending.as_str(), "html" | "htm");
    if parsed.format.is_none() {
        if is_html {
            problems.warn(
                rel,
                None,
                "not read: HTML files are not served as they are; make it a page with front matter",
            );
            return None;
        }
        if config.layout == Layout::Jekyll {
            problems.info(rel, "not read: no front matter, so Jekyll does not make a page of it");
            return None;
        }
    }
    if is_html && config.layout == Layout::Jekyll && liquid::is_template(parsed.body) {
        problems.warn(
            rel,
            None,
            "not read: a template page made by Liquid loops; the theme makes such pages",
        );
        return None;
    }
    let had_head = parsed.format.is_some();
    let (line, body) = (parsed.body_line, parsed.body.to_owned());
    let before = usize::from(parsed.format != Some(front_matter::Format::Json));
    let mut fields =
        Fields::new(parsed.data, rel, parsed.head, before, problems).any_case(config.layout == Layout::Hugo);
    let placed = Box::new(place::place(&mut fields, config));
    if config.layout != Layout::Plain && placed.path == "/404/" {
        problems.info(rel, "not read: the renderer makes the page for missing addresses");
        return None;
    }
    let body = if is_html {
        Body::Html(body)
    } else {
        Body::Markdown(body)
    };
    let redirect = redirect(&mut fields, config);
    let home_is_empty = match &body {
        Body::Markdown(text) | Body::Html(text) => text.trim().is_empty(),
    };
    let (what, raw_links) = match &placed.what {
        What::Term { taxonomy, slug } => {
            let name = fields
                .string(&["title"])
                .unwrap_or_else(|| paths::title_from_name(&placed.name));
            let description = fields.string(&["description"]).unwrap_or_default();
            let term = Term {
                slug: slug.clone(),
                name,
                description,
                parent: None,
                language: placed.language.clone(),
                translation_key: None,
                aliases: Vec::new(),
            };
            (
                Content::Term {
                    taxonomy: taxonomy.clone(),
                    term,
                },
                false,
            )
        }
        What::Section => {
            let (section, raw) = page::section(&mut fields, &placed, body);
            (Content::Section(Box::new(section)), raw)
        }
        // A root page without text only configures the list of newest pages, which the renderer makes anyway.
        What::Home
            if home_is_empty && paths::file_name(rel).starts_with("_index.") && config.layout != Layout::Plain =>
        {
            let (section, raw) = page::section(&mut fields, &placed, body);
            (Content::Section(Box::new(section)), raw)
        }
        What::Page | What::Home => {
            let built = page::page(&mut fields, &placed, config, body, had_head);
            let raw = built.raw_links;
            (Content::Page(Box::new(built)), raw)
        }
    };
    Some(Doc {
        rel: rel.clone(),
        line,
        placed,
        raw_links,
        what,
        redirect,
        missing: Vec::new(),
        away: None,
        settled: false,
    })
}

/// Where a page only points elsewhere.
fn redirect(fields: &mut Fields, config: &Config) -> Option<String> {
    if config.layout == Layout::Plain {
        return None;
    }
    let to = fields.plain_string("redirect_to")?;
    let web = url::Url::parse(&to).is_ok_and(|u| matches!(u.scheme(), "http" | "https"));
    Some(if web { to } else { paths::from_output(&to).0 })
}

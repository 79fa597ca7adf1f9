//! What a body's links, images and headings become, the same for every way a body is made.

use std::fmt::Write as _;

use pulldown_cmark_escape::{escape_html, escape_html_body_text};

use super::{Html, Syntax, TocEntry};
use crate::address::{Address, Target, is_http};
use crate::diagnostic::Diagnostic;
use crate::images::markup;
use crate::site::Media;
use crate::tables::HashMap;

/// Whether a path is part of the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// It is.
    Yes,
    /// It is with a slash at its end.
    WithSlash,
    /// It is not.
    No,
}

/// What the rest of the site has to say about a path.
pub trait Lookup: Sync {
    /// Is there something at this site path?
    fn known(&self, path: &str) -> Known;
    /// The media file at this site path.
    fn media(&self, path: &str) -> Option<&Media>;
}

/// Words that appear inside bodies, in the page's language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    pub note: String,
    pub tip: String,
    pub important: String,
    pub warning: String,
    pub caution: String,
    pub footnotes: String,
    pub back_to_text: String,
    pub link_to_section: String,
    pub table: String,
    pub code: String,
    pub details: String,
}

impl Default for Labels {
    fn default() -> Self {
        Self {
            note: "Note".into(),
            tip: "Tip".into(),
            important: "Important".into(),
            warning: "Warning".into(),
            caution: "Caution".into(),
            footnotes: "Footnotes".into(),
            back_to_text: "Back to the text".into(),
            link_to_section: "Link to this section".into(),
            table: "Table".into(),
            code: "Code".into(),
            details: "Details".into(),
        }
    }
}

/// The page around a body.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Where the site lives.
    pub address: &'a Address,
    /// Site path of the page, which relative links start from.
    pub page: &'a str,
    /// What else is on the site.
    pub lookup: &'a dyn Lookup,
    /// Words in the page's language.
    pub labels: &'a Labels,
    /// The page's title, which is shown above the body: a body that begins by repeating it as a heading loses that heading.
    pub title: &'a str,
    /// How wide images in the text are shown, as `sizes` attributes say it; empty for readers elsewhere, who get one file of each.
    pub image_sizes: &'a str,
    /// The first image is the first thing seen, so it is loaded before all else.
    pub first_image_eager: bool,
    /// The level of the highest headings, one below what stands above the body: 2 under a page's title.
    pub heading_level: u8,
    /// What is read besides the usual Markdown.
    pub syntax: Syntax,
    /// Put in front of ids, so that several texts on one page (answers) do not clash.
    pub id_prefix: &'a str,
}

pub(super) struct Resolver<'a> {
    pub context: &'a Context<'a>,
    html: Html,
    used_ids: HashMap<String, usize>,
    images: usize,
    /// Levels as written of the headings that the next one may stand under.
    levels: Vec<u8>,
    /// The first heading that left levels out.
    skipped: Option<String>,
    /// Numbers of findings with what was written where they are.
    about: Vec<(usize, String)>,
}

impl<'a> Resolver<'a> {
    pub fn new(context: &'a Context<'a>) -> Self {
        Self {
            context,
            html: Html::default(),
            used_ids: HashMap::default(),
            images: 0,
            levels: Vec::new(),
            skipped: None,
            about: Vec::new(),
        }
    }

    /// `source` is what `body` was made from.
    pub fn into_html(mut self, body: String, source: &str) -> Html {
        if let Some(title) = self.skipped {
            let message = format!(
                "the heading “{}” leaves out levels; headings are moved up so that none is missing",
                shorten(&title)
            );
            let found = Diagnostic::info(self.context.page, "heading-levels", message);
            self.about.push((self.html.findings.len(), title));
            self.html.findings.push(found);
        }
        crate::check::places::fill(source, &self.about, &mut self.html.findings);
        self.html.body = body;
        self.html
    }

    /// An id that nothing else in this body has.
    pub fn unique_id(&mut self, wanted: &str) -> String {
        let base = if wanted.is_empty() { "section" } else { wanted };
        let prefix = self.context.id_prefix;
        let base = if base.starts_with(prefix) {
            base.to_owned()
        } else {
            format!("{prefix}{base}")
        };
        let mut id = base.clone();
        // The counter is kept by base, so ten thousand equal headings do not try each other's numbers again.
        if let Some(mut n) = self.used_ids.get(&base).copied() {
            loop {
                id = format!("{base}-{n}");
                n += 1;
                if !self.used_ids.contains_key(&id) {
                    break;
                }
            }
            self.used_ids.insert(base, n);
        }
        self.used_ids.insert(id.clone(), 1);
        self.html.ids.push(id.clone());
        id
    }

    /// Writes a whole heading and notes it for the table of contents. `written` is its level in the source, `inner` is HTML; `anchor` says
    /// that a link to it may stand in it.
    pub fn heading(
        &mut self,
        out: &mut String,
        written: u8,
        wanted_id: Option<&str>,
        inner: &str,
        plain: &str,
        anchor: bool,
    ) {
        let repeats = self.html.toc.is_empty() && out.trim().is_empty();
        if repeats && !plain.trim().is_empty() && plain.trim() == self.context.title.trim() {
            return;
        }
        if plain.trim().is_empty() && !inner.contains("<img") {
            let found = Diagnostic::info(
                self.context.page,
                "heading-empty",
                "a heading says nothing; it is left out",
            );
            self.html.findings.push(found);
            out.push_str(inner.trim());
            return;
        }
        let level = self.level(written, plain);
        let slugged;
        let wanted = match wanted_id {
            Some(id) => id,
            None => {
                slugged = super::text::heading_slug(plain);
                &slugged
            }
        };
        let id = self.unique_id(wanted);
        let _ = write!(out, "<h{level} id=\"");
        let _ = escape_html(&mut *out, &id);
        out.push_str("\">");
        out.push_str(inner.trim_end());
        if anchor && !plain.trim().is_empty() {
            out.push_str(" <a class=\"anchor\" href=\"#");
            let _ = escape_html(&mut *out, &crate::paths::encode(&id));
            out.push_str("\" aria-label=\"");
            let _ = escape_html(&mut *out, &self.context.labels.link_to_section);
            out.push_str(": ");
            let _ = escape_html(&mut *out, plain.trim());
            out.push_str("\">#</a>");
        }
        let _ = writeln!(out, "</h{level}>");
        self.html.toc.push(TocEntry {
            level,
            id,
            title: plain.trim().to_owned(),
        });
    }

    /// The level of a heading on the page: one below the last heading that was higher when written, whatever the author left out.
    fn level(&mut self, written: u8, plain: &str) -> u8 {
        while self.levels.last().is_some_and(|&above| above >= written) {
            self.levels.pop();
        }
        // A text may begin with headings of the first or of the second level: both are usual.
        if written > self.levels.last().map_or(2, |above| above + 1) && self.skipped.is_none() {
            self.skipped = Some(plain.trim().to_owned());
        }
        let level = (usize::from(self.context.heading_level) + self.levels.len()).min(6) as u8;
        self.levels.push(written);
        level
    }

    /// Writes the end of a link that began at `start` with its tag up to `inside`. A link that says nothing is no link: one around
    /// an image without a description is named after where it leads, any other is left out.
    pub fn link_end(&mut self, out: &mut String, start: usize, inside: usize, href: &str) {
        if says_something(&out[inside..]) {
            out.push_str("</a>");
        } else if out[inside..].contains("<img") {
            let mut label = String::from(" aria-label=\"");
            let shown = href.split(['?', '#']).next().unwrap_or(href);
            let shown = shown.trim_start_matches("https://").trim_start_matches("http://");
            let _ = escape_html(&mut label, if shown.is_empty() { href } else { shown });
            label.push('"');
            out.insert_str(start + 2, &label);
            out.push_str("</a>");
            let message = format!(
                "the link to `{}` has no words, and its image no description",
                shorten(href)
            );
            self.warn_of("link-empty", message, href);
        } else {
            out.replace_range(start..inside, "");
            let message = format!("the link to `{}` has no words; it is left out", shorten(href));
            self.warn_of("link-empty", message, href);
        }
    }

    /// What a table is called: after the heading above it.
    pub fn table_label(&self) -> String {
        let table = &self.context.labels.table;
        match self.html.toc.last() {
            Some(heading) => format!("{table}: {}", heading.title),
            None => table.clone(),
        }
    }

    /// The `href` for a link as the author wrote it, or `None` if it must not be followed.
    pub fn link(&mut self, written: &str) -> Option<String> {
        match self.context.address.target(written, self.context.page) {
            Target::Fragment(fragment) => {
                if !fragment.is_empty() {
                    self.note_fragment(self.context.page.to_owned(), &fragment);
                }
                Some(format!("#{fragment}"))
            }
            Target::External(url) => Some(url.into_owned()),
            Target::Refused => {
                let message = format!(
                    "the link `{}` uses a scheme that is not allowed; only its text is kept",
                    shorten(written)
                );
                self.warn_of("link-refused", message, written);
                None
            }
            Target::Site { mut path, suffix } => {
                match self.context.lookup.known(&path) {
                    Known::Yes => {}
                    Known::WithSlash => path.push('/'),
                    Known::No => {
                        let message = format!(
                            "the link `{}` leads to {path}, which is not on this site",
                            shorten(written)
                        );
                        self.warn_of("link-missing", message, written);
                    }
                }
                if path != self.context.page {
                    self.html.links.push(path.clone());
                }
                if let Some((_, fragment)) = suffix.split_once('#').filter(|(_, f)| !f.is_empty()) {
                    self.note_fragment(path.clone(), fragment);
                }
                Some(format!("{}{suffix}", self.context.address.href(&path)))
            }
        }
    }

    fn note_fragment(&mut self, path: String, fragment: &str) {
        let decoded = percent_encoding::percent_decode_str(fragment)
            .decode_utf8_lossy()
            .into_owned();
        // Text fragments are for the browser to find.
        if !decoded.starts_with(":~:") {
            self.html.fragments.push((path, decoded));
        }
    }

    /// Writes an image, or only its description if the address cannot be used. `size` is what the author gave. An empty `alt`
    /// means that the image is for decoration.
    pub fn image(
        &mut self,
        out: &mut String,
        written: &str,
        alt: Option<&str>,
        title: Option<&str>,
        size: (Option<u32>, Option<u32>),
    ) {
        let decorative = alt == Some("");
        let alt = alt.unwrap_or_default();
        let mut alt = alt;
        let mut size = size;
        let mut described = !alt.is_empty() || decorative;
        let mut choice = markup::Choice::default();
        let src = match self.context.address.target(written, self.context.page) {
            // Cleaning takes an address away that is not allowed. An empty one would be the page's own.
            _ if written.trim().is_empty() => None,
            Target::Site { path, suffix } => {
                let media = self.context.lookup.media(&path);
                let found = media.and_then(|m| markup::finding(m, self.context.page));
                if let Some(found) = found {
                    let gone = found.code == crate::output::MEDIA_MISSING;
                    self.about.push((self.html.findings.len(), written.to_owned()));
                    self.html.findings.push(found);
                    if gone {
                        let alt = media.map(|m| m.alt.as_str()).filter(|_| alt.is_empty()).unwrap_or(alt);
                        let _ = escape_html_body_text(&mut *out, alt);
                        return;
                    }
                }
                if let Some(media) = media {
                    choice = markup::choice(media, self.context.address);
                    if self.context.image_sizes.is_empty() {
                        choice = markup::Choice {
                            src: choice.src,
                            ..markup::Choice::default()
                        };
                    }
                    if let (Some(w), Some(h)) = (media.width, media.height) {
                        size = fit(size, (w, h));
                    }
                    if alt.is_empty() {
                        alt = &media.alt;
                    }
                    described |= !alt.is_empty();
                } else if self.context.lookup.known(&path) == Known::No {
                    let message = format!("the image `{}` is {path}, which is not on this site", shorten(written));
                    self.warn_of("image-missing", message, written);
                }
                Some(format!("{}{suffix}", self.context.address.href(&path)))
            }
            Target::External(url) if is_http(&url) => Some(url.into_owned()),
            _ => None,
        };
        let Some(src) = src else {
            let message = if written.trim().is_empty() {
                format!(
                    "the image “{}” has no address, or one that is not allowed; only its description is kept",
                    shorten(alt)
                )
            } else {
                format!(
                    "the image `{}` uses an address that is not allowed; only its description is kept",
                    shorten(written)
                )
            };
            self.warn_of("image-refused", message, written);
            let _ = escape_html_body_text(&mut *out, alt);
            return;
        };
        if !described {
            let message = format!("the image `{}` has no description (alt)", shorten(written));
            self.warn_of("alt-missing", message, written);
        }
        let sizes = self.context.image_sizes;
        let from = |out: &mut String, files: &str| {
            out.push_str(" srcset=\"");
            let _ = escape_html(&mut *out, files);
            out.push_str("\" sizes=\"");
            let _ = escape_html(&mut *out, sizes);
            out.push('"');
        };
        if !choice.webp.is_empty() {
            out.push_str("<picture><source type=\"image/webp\"");
            from(out, &choice.webp);
            out.push('>');
        }
        out.push_str("<img src=\"");
        let _ = escape_html(&mut *out, choice.src.as_deref().unwrap_or(&src));
        out.push('"');
        if !choice.srcset.is_empty() {
            from(out, &choice.srcset);
        }
        out.push_str(" alt=\"");
        let _ = escape_html(&mut *out, alt);
        out.push('"');
        if let Some(title) = title.filter(|t| !t.is_empty()) {
            out.push_str(" title=\"");
            let _ = escape_html(&mut *out, title);
            out.push('"');
        }
        if let (Some(w), Some(h)) = size {
            let _ = write!(out, " width=\"{w}\" height=\"{h}\"");
        }
        out.push_str(if self.images > 0 || !self.context.first_image_eager {
            " loading=\"lazy\""
        } else {
            " fetchpriority=\"high\""
        });
        self.images += 1;
        out.push_str(" decoding=\"async\">");
        if !choice.webp.is_empty() {
            out.push_str("</picture>");
        }
    }

    /// Writes the inside of a block of code, in colour where the language is known.
    pub fn code(&mut self, out: &mut String, language: &str, code: &str) {
        if !language.is_empty() && !crate::highlight::knows(language) {
            let message = format!(
                "code in `{}` is shown plain: the language is not known here",
                shorten(language)
            );
            let found = Diagnostic::info(self.context.page, "code-language", message);
            self.about.push((self.html.findings.len(), language.to_owned()));
            self.html.findings.push(found);
        }
        crate::highlight::highlight(language, code, out);
    }

    /// Notes that a block of code was written.
    pub fn note_code(&mut self) {
        self.html.has_code = true;
    }

    /// Warns of something that is where `written` stands in the source.
    fn warn_of(&mut self, code: &'static str, message: String, written: &str) {
        self.about.push((self.html.findings.len(), written.to_owned()));
        self.warn(code, message);
    }

    pub fn warn(&mut self, code: &'static str, message: String) {
        self.html
            .findings
            .push(Diagnostic::warning(self.context.page, code, message));
    }
}

/// True if there are words in the HTML, or an image that is described.
fn says_something(html: &str) -> bool {
    let mut rest = html;
    loop {
        let end = rest.find('<').unwrap_or(rest.len());
        if !rest[..end].trim().is_empty() {
            return true;
        }
        rest = &rest[end..];
        let Some(tag) = rest.find('>') else {
            return false;
        };
        let described = |tag: &str| tag.contains(" alt=\"") && !tag.contains(" alt=\"\"");
        if rest.starts_with("<img") && described(&rest[..tag])
            || rest.starts_with("<input")
            || rest.starts_with("<math")
        {
            return true;
        }
        rest = &rest[tag + 1..];
    }
}

/// The size to announce: the file's own, scaled if the author gave one side.
fn fit(given: (Option<u32>, Option<u32>), own: (u32, u32)) -> (Option<u32>, Option<u32>) {
    let scale = |side: u32, from: u32, to: u32| {
        (u64::from(side) * u64::from(to) / u64::from(from.max(1))).clamp(1, 100_000) as u32
    };
    match given {
        (Some(w), Some(h)) => (Some(w), Some(h)),
        (Some(w), None) => (Some(w), Some(scale(w, own.0, own.1))),
        (None, Some(h)) => (Some(scale(h, own.1, own.0)), Some(h)),
        (None, None) => (Some(own.0), Some(own.1)),
    }
}

pub(super) fn shorten(text: &str) -> String {
    if text.chars().count() <= 80 {
        text.to_owned()
    } else {
        text.chars().take(79).chain(['…']).collect()
    }
}

//! Markdown events written as HTML.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;

use pulldown_cmark::{Alignment, BlockQuoteKind, CodeBlockKind, Event, LinkType, Tag, TagEnd};
use pulldown_cmark_escape::{escape_html, escape_html_body_text};

use super::resolve::Resolver;

/// How far the writer goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Everything done: links resolved, headings with ids, images with sizes.
    Finished,
    /// Raw HTML is passed through and links, images, headings are left as written: cleaning and finishing follow.
    Raw,
}

struct Writer<'e, 'r, 'c> {
    resolver: &'r mut Resolver<'c>,
    mode: Mode,
    notes: HashMap<&'e str, Note>,
    order: Vec<&'e str>,
    definitions: HashMap<&'e str, &'e [Event<'e>]>,
}

struct Note {
    number: usize,
    references: usize,
}

/// Writes a whole document.
pub(super) fn write(events: &[Event<'_>], resolver: &mut Resolver<'_>, mode: Mode) -> String {
    let mut writer = Writer {
        resolver,
        mode,
        notes: HashMap::new(),
        order: Vec::new(),
        definitions: HashMap::new(),
    };
    let mut out = String::with_capacity(events.len() * 24);
    writer.blocks(events, &mut out);
    writer.footnotes(&mut out);
    out
}

/// Index just after the `End` that closes the `Start` at `start`.
fn close(events: &[Event<'_>], start: usize) -> usize {
    let mut depth = 0usize;
    for (i, event) in events.iter().enumerate().skip(start) {
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => {
                depth -= 1;
                if depth == 0 {
                    return i + 1;
                }
            }
            _ => {}
        }
    }
    events.len()
}

fn plain_text(events: &[Event<'_>]) -> String {
    let mut out = String::new();
    for event in events {
        match event {
            Event::Text(t) | Event::Code(t) => out.push_str(t),
            Event::SoftBreak | Event::HardBreak => out.push(' '),
            _ => {}
        }
    }
    out
}

impl<'e> Writer<'e, '_, '_> {
    fn blocks(&mut self, events: &'e [Event<'e>], out: &mut String) {
        // Where an open link's tag begins and ends in `out`, and where it leads.
        let mut links: Vec<Option<(usize, usize, String)>> = Vec::new();
        let mut alignments: Vec<Alignment> = Vec::new();
        let (mut cell, mut in_head) = (0usize, false);
        let mut quotes: Vec<bool> = Vec::new();
        let mut i = 0;
        while i < events.len() {
            match &events[i] {
                Event::Text(text) => words(text, out),
                Event::Code(text) => {
                    out.push_str("<code>");
                    words(text, out);
                    out.push_str("</code>");
                }
                Event::Html(html) | Event::InlineHtml(html) => {
                    if self.mode == Mode::Raw {
                        out.push_str(html);
                    }
                }
                Event::InlineMath(text) => self.math(text, false, out),
                Event::DisplayMath(text) => self.math(text, true, out),
                Event::SoftBreak => out.push('\n'),
                Event::HardBreak => out.push_str("<br>\n"),
                Event::Rule => out.push_str("<hr>\n"),
                Event::TaskListMarker(done) => {
                    out.push_str(if *done {
                        "<input type=\"checkbox\" disabled checked aria-label=\"☑\"> "
                    } else {
                        "<input type=\"checkbox\" disabled aria-label=\"☐\"> "
                    });
                }
                Event::FootnoteReference(name) => self.reference(name, out),
                Event::Start(tag) => match tag {
                    Tag::Heading { level, id, .. } => {
                        let end = close(events, i);
                        let inner_events = &events[i + 1..end - 1];
                        self.heading(*level as u8, id.as_deref(), inner_events, out);
                        i = end;
                        continue;
                    }
                    Tag::FootnoteDefinition(name) => {
                        let end = close(events, i);
                        self.definitions.entry(name).or_insert(&events[i + 1..end - 1]);
                        i = end;
                        continue;
                    }
                    Tag::Paragraph => {
                        if matches!(events.get(i + 1), Some(Event::Start(Tag::Image { .. })))
                            && let end = close(events, i)
                            && let Some((image, title)) = lone_image(&events[i + 1..end - 1])
                        {
                            out.push_str("<figure>");
                            self.image(image, out);
                            out.push_str("<figcaption>");
                            let _ = escape_html_body_text(&mut *out, title);
                            out.push_str("</figcaption></figure>\n");
                            i = end;
                            continue;
                        }
                        out.push_str("<p>");
                    }
                    Tag::Image { .. } => {
                        let end = close(events, i);
                        self.image(&events[i..end], out);
                        i = end;
                        continue;
                    }
                    Tag::Link {
                        link_type,
                        dest_url,
                        title,
                        ..
                    } => {
                        let written = if *link_type == LinkType::Email {
                            Cow::Owned(format!("mailto:{dest_url}"))
                        } else {
                            Cow::Borrowed(&**dest_url)
                        };
                        let href = if self.mode == Mode::Raw {
                            Some(written.into_owned())
                        } else {
                            self.resolver.link(&written)
                        };
                        links.push(href.map(|href| {
                            let start = out.len();
                            out.push_str("<a href=\"");
                            let _ = escape_html(&mut *out, &href);
                            if !title.is_empty() {
                                out.push_str("\" title=\"");
                                let _ = escape_html(&mut *out, title);
                            }
                            out.push_str("\">");
                            (start, out.len(), href)
                        }));
                    }
                    Tag::BlockQuote(kind) => {
                        quotes.push(kind.is_some());
                        match kind {
                            None => out.push_str("<blockquote>\n"),
                            Some(kind) => self.alert(*kind, out),
                        }
                    }
                    Tag::CodeBlock(kind) => {
                        let end = close(events, i);
                        self.code_block(kind, &events[i + 1..end - 1], out);
                        i = end;
                        continue;
                    }
                    Tag::List(None) => out.push_str("<ul>\n"),
                    Tag::List(Some(1)) => out.push_str("<ol>\n"),
                    Tag::List(Some(n)) => {
                        let _ = writeln!(out, "<ol start=\"{n}\">");
                    }
                    Tag::Item => out.push_str("<li>"),
                    Tag::Table(columns) => {
                        alignments.clone_from(columns);
                        if self.mode == Mode::Raw {
                            out.push_str("<table>");
                        } else {
                            table_open(&self.resolver.table_label(), out);
                        }
                    }
                    Tag::TableHead => {
                        (in_head, cell) = (true, 0);
                        out.push_str("<thead><tr>");
                    }
                    Tag::TableRow => {
                        cell = 0;
                        out.push_str("<tr>");
                    }
                    Tag::TableCell => {
                        out.push_str(if in_head { "<th scope=\"col\"" } else { "<td" });
                        match alignments.get(cell) {
                            Some(Alignment::Left) => out.push_str(" class=\"left\""),
                            Some(Alignment::Center) => out.push_str(" class=\"center\""),
                            Some(Alignment::Right) => out.push_str(" class=\"right\""),
                            _ => {}
                        }
                        out.push('>');
                        cell += 1;
                    }
                    Tag::Emphasis => out.push_str("<em>"),
                    Tag::Strong => out.push_str("<strong>"),
                    Tag::Strikethrough => out.push_str("<del>"),
                    Tag::Superscript => out.push_str("<sup>"),
                    Tag::Subscript => out.push_str("<sub>"),
                    Tag::DefinitionList => out.push_str("<dl>\n"),
                    Tag::DefinitionListTitle => out.push_str("<dt>"),
                    Tag::DefinitionListDefinition => out.push_str("<dd>"),
                    Tag::HtmlBlock | Tag::MetadataBlock(_) => {}
                },
                Event::End(tag) => match tag {
                    TagEnd::Paragraph => out.push_str("</p>\n"),
                    TagEnd::Link => match links.pop().flatten() {
                        Some(_) if self.mode == Mode::Raw => out.push_str("</a>"),
                        Some((start, inside, href)) => self.resolver.link_end(out, start, inside, &href),
                        None => {}
                    },
                    TagEnd::BlockQuote(_) => out.push_str(if quotes.pop() == Some(true) {
                        "</div>\n"
                    } else {
                        "</blockquote>\n"
                    }),
                    TagEnd::List(ordered) => out.push_str(if *ordered { "</ol>\n" } else { "</ul>\n" }),
                    TagEnd::Item => out.push_str("</li>\n"),
                    TagEnd::Table => out.push_str(if self.mode == Mode::Raw {
                        "</tbody></table>\n"
                    } else {
                        "</tbody></table></div>\n"
                    }),
                    TagEnd::TableHead => {
                        in_head = false;
                        out.push_str("</tr></thead><tbody>\n");
                    }
                    TagEnd::TableRow => out.push_str("</tr>\n"),
                    TagEnd::TableCell => out.push_str(if in_head { "</th>" } else { "</td>" }),
                    TagEnd::Emphasis => out.push_str("</em>"),
                    TagEnd::Strong => out.push_str("</strong>"),
                    TagEnd::Strikethrough => out.push_str("</del>"),
                    TagEnd::Superscript => out.push_str("</sup>"),
                    TagEnd::Subscript => out.push_str("</sub>"),
                    TagEnd::DefinitionList => out.push_str("</dl>\n"),
                    TagEnd::DefinitionListTitle => out.push_str("</dt>\n"),
                    TagEnd::DefinitionListDefinition => out.push_str("</dd>\n"),
                    TagEnd::Heading(_)
                    | TagEnd::CodeBlock
                    | TagEnd::Image
                    | TagEnd::FootnoteDefinition
                    | TagEnd::HtmlBlock
                    | TagEnd::MetadataBlock(_) => {}
                },
            }
            i += 1;
        }
    }

    fn heading(&mut self, level: u8, id: Option<&str>, events: &'e [Event<'e>], out: &mut String) {
        let mut inner = String::new();
        self.blocks(events, &mut inner);
        match self.mode {
            Mode::Finished => {
                let plain = plain_text(events);
                let id = id.filter(|id| !id.is_empty() && !id.contains(char::is_whitespace));
                self.resolver.heading(out, level, id, &inner, &plain, true);
            }
            Mode::Raw => {
                let _ = write!(out, "<h{level}");
                if let Some(id) = id {
                    out.push_str(" id=\"");
                    let _ = escape_html(&mut *out, id);
                    out.push('"');
                }
                let _ = writeln!(out, ">{inner}</h{level}>");
            }
        }
    }

    /// `events` are those of one image, its `Start` and `End` included.
    fn image(&mut self, events: &'e [Event<'e>], out: &mut String) {
        let Some(Event::Start(Tag::Image { dest_url, title, .. })) = events.first() else {
            return;
        };
        let alt = plain_text(events);
        if self.mode == Mode::Raw {
            out.push_str("<img src=\"");
            let _ = escape_html(&mut *out, dest_url);
            // Without one it is found missing later; an empty one would say that it is for decoration.
            if !alt.is_empty() {
                out.push_str("\" alt=\"");
                let _ = escape_html(&mut *out, &alt);
            }
            if !title.is_empty() {
                out.push_str("\" title=\"");
                let _ = escape_html(&mut *out, title);
            }
            out.push_str("\">");
        } else {
            // Markdown cannot say that an image is for decoration.
            let alt = Some(alt.as_str()).filter(|alt| !alt.is_empty());
            self.resolver.image(out, dest_url, alt, None, (None, None));
        }
    }

    /// `events` are the pieces of the code's text.
    fn code_block(&mut self, kind: &CodeBlockKind<'_>, events: &'e [Event<'e>], out: &mut String) {
        let mut language = "";
        if let CodeBlockKind::Fenced(info) = kind {
            let info = info.trim_start_matches(['{', '.']);
            let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '#' | '-' | '_' | '.');
            let end = info.find(|c| !is_name(c)).unwrap_or(info.len());
            // The name is ASCII, so it can be cut anywhere.
            language = &info[..end.min(30)];
        }
        self.resolver.note_code();
        out.push_str("<pre tabindex=\"0\"><code");
        if !language.is_empty() {
            let _ = write!(out, " class=\"language-{language}\"");
        }
        out.push('>');
        let joined: String;
        let code: &str = match events {
            [Event::Text(text)] => text,
            pieces => {
                let texts = pieces.iter().filter_map(|event| match event {
                    Event::Text(text) => Some(&**text),
                    _ => None,
                });
                joined = texts.collect();
                &joined
            }
        };
        if self.mode == Mode::Raw {
            let _ = escape_html_body_text(&mut *out, code);
        } else {
            self.resolver.code(out, language, code);
        }
        out.push_str("</code></pre>\n");
    }

    /// A formula; where raw HTML is cleaned first it is made afterwards.
    fn math(&mut self, source: &str, display: bool, out: &mut String) {
        if self.mode == Mode::Raw {
            out.push_str(if display {
                "<code class=\"math-block\">"
            } else {
                "<code class=\"math\">"
            });
            let _ = escape_html_body_text(&mut *out, source);
            out.push_str("</code>");
        } else {
            self.resolver.math(out, source, display);
        }
    }

    fn alert(&self, kind: BlockQuoteKind, out: &mut String) {
        let labels = self.resolver.context.labels;
        let (class, label) = match kind {
            BlockQuoteKind::Note => ("note", &labels.note),
            BlockQuoteKind::Tip => ("tip", &labels.tip),
            BlockQuoteKind::Important => ("important", &labels.important),
            BlockQuoteKind::Warning => ("warning", &labels.warning),
            BlockQuoteKind::Caution => ("caution", &labels.caution),
        };
        let _ = write!(out, "<div class=\"note note-{class}\"><p class=\"note-title\">");
        let _ = escape_html_body_text(&mut *out, label);
        out.push_str("</p>\n");
    }

    fn reference(&mut self, name: &'e str, out: &mut String) {
        let prefix = self.resolver.context.id_prefix;
        let order = &mut self.order;
        let note = self.notes.entry(name).or_insert_with(|| {
            order.push(name);
            Note {
                number: order.len(),
                references: 0,
            }
        });
        note.references += 1;
        let (n, r) = (note.number, note.references);
        let again = if r > 1 { format!("-{r}") } else { String::new() };
        let _ = write!(
            out,
            "<sup class=\"footnote-ref\" id=\"{prefix}fnref-{n}{again}\"><a href=\"#{prefix}fn-{n}\" role=\"doc-noteref\">{n}</a></sup>"
        );
    }

    /// Footnotes in the order they were first named; one may name others.
    fn footnotes(&mut self, out: &mut String) {
        let prefix = self.resolver.context.id_prefix;
        let mut next = 0;
        while next < self.order.len() {
            if next == 0 {
                out.push_str("<section class=\"footnotes\" role=\"doc-endnotes\" aria-label=\"");
                let _ = escape_html(&mut *out, &self.resolver.context.labels.footnotes);
                out.push_str("\"><ol>\n");
            }
            let name = self.order[next];
            next += 1;
            let _ = write!(out, "<li id=\"{prefix}fn-{next}\">");
            let mut inner = String::new();
            if let Some(events) = self.definitions.get(name).copied() {
                self.blocks(events, &mut inner);
            }
            let inner = inner.trim_end();
            let (head, tail) = inner.strip_suffix("</p>").map_or((inner, ""), |head| (head, "</p>"));
            out.push_str(head);
            out.push_str(" <a class=\"footnote-back\" role=\"doc-backlink\" aria-label=\"");
            let _ = escape_html(&mut *out, &self.resolver.context.labels.back_to_text);
            let _ = writeln!(out, "\" href=\"#{prefix}fnref-{next}\">↩</a>{tail}</li>");
        }
        if next > 0 {
            out.push_str("</ol></section>\n");
        }
    }
}

/// A paragraph that is one image with a title: a figure with a caption.
fn lone_image<'e>(events: &'e [Event<'e>]) -> Option<(&'e [Event<'e>], &'e str)> {
    match events.first() {
        Some(Event::Start(Tag::Image { title, .. })) if !title.is_empty() && close(events, 0) == events.len() => {
            Some((events, title))
        }
        _ => None,
    }
}

/// Writes a piece of text. Most are short and have nothing to escape.
fn words(text: &str, out: &mut String) {
    if memchr::memchr3(b'<', b'>', b'&', text.as_bytes()).is_none() {
        out.push_str(text);
    } else {
        let _ = escape_html_body_text(out, text);
    }
}

pub(super) fn table_open(label: &str, out: &mut String) {
    // A group, since each region would be a landmark of the page.
    out.push_str("<div class=\"table-wrap\" role=\"group\" tabindex=\"0\" aria-label=\"");
    let _ = escape_html(&mut *out, label);
    out.push_str("\"><table>");
}

//! Markdown exactly as the specifications have it: CommonMark 0.31.2, and of GitHub's extensions those that leave every
//! example of CommonMark alone (tables, strikethrough, task lists).
//!
//! For tests against the specification and for comparing with other programs; pages are made by [`super::render`]. Nothing is
//! cleaned and nothing is added.

use pulldown_cmark::{Alignment, CowStr, Event, Options, Parser, Tag, TagEnd, html};

/// Extensions that the specification has no other meaning for. Footnotes, alerts and heading attributes are not among them:
/// CommonMark reads `[^a]`, `> [!NOTE]` and `# x {#y}` as text.
fn extensions() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS
}

/// The HTML of `source`. **Raw HTML and every address pass as they are**, so the result must not be shown on a page whose
/// author is not trusted.
pub fn specified(source: &str) -> String {
    let mut form = Form::default();
    let events = Parser::new_ext(source, extensions()).map(|event| form.of_the_specification(event));
    let mut out = String::with_capacity(source.len() * 3 / 2);
    html::push_html(&mut out, events);
    out
}

/// The form that the specifications print: quotes in text escaped, tables and check boxes with the attributes and line breaks of
/// GitHub's. pulldown-cmark's own form means the same and differs in bytes.
#[derive(Default)]
struct Form {
    /// Images around the event; what is in one becomes its `alt` and is escaped there.
    images: usize,
    /// The event before began a list item.
    at_item: bool,
    alignments: Vec<Alignment>,
    cell: usize,
    in_head: bool,
    has_body: bool,
}

impl Form {
    fn of_the_specification<'e>(&mut self, event: Event<'e>) -> Event<'e> {
        let at_item = std::mem::replace(&mut self.at_item, matches!(event, Event::Start(Tag::Item)));
        let text: CowStr<'e> = match event {
            Event::Start(Tag::HtmlBlock) if at_item => "\n".into(),
            Event::TaskListMarker(true) => "<input checked=\"\" disabled=\"\" type=\"checkbox\"> ".into(),
            Event::TaskListMarker(false) => "<input disabled=\"\" type=\"checkbox\"> ".into(),
            Event::Start(Tag::Table(alignments)) => {
                self.alignments = alignments;
                self.has_body = false;
                "<table>\n".into()
            }
            Event::Start(Tag::TableHead) => {
                (self.in_head, self.cell) = (true, 0);
                "<thead>\n<tr>\n".into()
            }
            Event::End(TagEnd::TableHead) => {
                self.in_head = false;
                "</tr>\n</thead>\n".into()
            }
            Event::Start(Tag::TableRow) => {
                self.cell = 0;
                let first = !std::mem::replace(&mut self.has_body, true);
                if first { "<tbody>\n<tr>\n" } else { "<tr>\n" }.into()
            }
            Event::End(TagEnd::TableRow) => "</tr>\n".into(),
            Event::Start(Tag::TableCell) => {
                let align = match self.alignments.get(self.cell) {
                    Some(Alignment::Left) => " align=\"left\"",
                    Some(Alignment::Center) => " align=\"center\"",
                    Some(Alignment::Right) => " align=\"right\"",
                    _ => "",
                };
                self.cell += 1;
                format!("<{}{align}>", self.cell_name()).into()
            }
            Event::End(TagEnd::TableCell) => format!("</{}>\n", self.cell_name()).into(),
            Event::End(TagEnd::Table) => if self.has_body {
                "</tbody>\n</table>\n"
            } else {
                "</table>\n"
            }
            .into(),
            Event::Text(text) if self.images == 0 => escaped(text),
            Event::Code(text) if self.images == 0 => format!("<code>{}</code>", escaped(text)).into(),
            Event::Start(Tag::Image { .. }) => {
                self.images += 1;
                return event;
            }
            Event::End(TagEnd::Image) => {
                self.images = self.images.saturating_sub(1);
                return event;
            }
            other => return other,
        };
        Event::InlineHtml(text)
    }

    fn cell_name(&self) -> &'static str {
        if self.in_head { "th" } else { "td" }
    }
}

/// As the specification escapes text: quotes too, apostrophes not.
fn escaped(text: CowStr<'_>) -> CowStr<'_> {
    let mut out = String::new();
    let mut done = 0;
    for (i, b) in text.bytes().enumerate() {
        let entity = match b {
            b'"' => "&quot;",
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            _ => continue,
        };
        out.push_str(&text[done..i]);
        out.push_str(entity);
        done = i + 1;
    }
    if done == 0 {
        return text;
    }
    out.push_str(&text[done..]);
    out.into()
}

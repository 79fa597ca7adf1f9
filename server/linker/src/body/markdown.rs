//! Reading Markdown: pulldown-cmark's events with their places, with the renderer's options.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::builder::Builder;
use super::{Format, Kind, Reading, html};

/// What the renderer reads Markdown with; a test there and here would differ where these do.
pub(crate) fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_GFM
}

pub(super) fn read(source: &str) -> Reading {
    let mut builder = Builder::new(source, Format::Markdown);
    let body = front_matter(source);
    let mut around = Around::default();
    let mut images = 0usize;
    let mut code = false;
    for (event, range) in Parser::new_ext(source, options()).into_offset_iter() {
        let kind = around.kind();
        let open = kind != Kind::Other && range.start >= body;
        match event {
            Event::Start(tag) => match tag {
                Tag::Link { dest_url, .. } => {
                    builder.open_link(dest_url.into_string(), range.start, range.start + 1);
                }
                Tag::Image { .. } => images += 1,
                Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Superscript | Tag::Subscript => {}
                Tag::HtmlBlock => {
                    builder.end_block();
                    let block = &source[range.clone()];
                    html::feed(&mut builder, block, range.start, false);
                }
                Tag::CodeBlock(_) => {
                    builder.end_block();
                    code = true;
                }
                Tag::Heading { .. } => {
                    builder.end_block();
                    around.0.push(Kind::Heading);
                }
                Tag::Item => {
                    builder.end_block();
                    around.0.push(Kind::ListItem);
                }
                Tag::BlockQuote(_) | Tag::FootnoteDefinition(_) | Tag::Table(_) | Tag::MetadataBlock(_) => {
                    if matches!(tag, Tag::Table(_)) {
                        builder.begin_table();
                    }
                    builder.end_block();
                    around.0.push(Kind::Other);
                    around.1 += 1;
                }
                _ => builder.end_block(),
            },
            Event::End(tag) => match tag {
                TagEnd::Link => {
                    let inner_end = source[range.clone()].rfind("](").map_or(range.end, |i| range.start + i);
                    builder.close_link(inner_end, range.end);
                }
                TagEnd::Image => images = images.saturating_sub(1),
                TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Superscript | TagEnd::Subscript => {
                }
                TagEnd::CodeBlock => code = false,
                TagEnd::Heading(_)
                | TagEnd::Item
                | TagEnd::BlockQuote(_)
                | TagEnd::FootnoteDefinition
                | TagEnd::Table
                | TagEnd::MetadataBlock(_) => {
                    builder.end_block();
                    if around.0.pop() == Some(Kind::Other) {
                        around.1 -= 1;
                    }
                }
                _ => builder.end_block(),
            },
            Event::Text(text) | Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text)
                if images > 0 =>
            {
                builder.alternative(&text);
            }
            Event::Text(text) if !code => builder.text(&text, range, kind, open),
            Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                builder.text(&text, range, kind, false);
            }
            Event::SoftBreak => builder.text(" ", range, kind, open),
            Event::HardBreak => builder.text(" ", range, kind, false),
            Event::InlineHtml(tag) => html::feed(&mut builder, &tag, range.start, false),
            Event::Rule => builder.end_block(),
            // The block was read as a whole.
            Event::Html(_) | Event::Text(_) | Event::FootnoteReference(_) | Event::TaskListMarker(_) => {}
        }
    }
    builder.finish()
}

/// What the text is in, and how many of these are never linked.
#[derive(Debug, Default)]
struct Around(Vec<Kind>, usize);

impl Around {
    /// The nearest counts, but what is never linked closes everything in it.
    fn kind(&self) -> Kind {
        if self.1 > 0 {
            return Kind::Other;
        }
        self.0.last().copied().unwrap_or(Kind::Paragraph)
    }
}

/// Where the body begins behind front matter (`---` or `+++`), which a body should not have but sometimes does.
fn front_matter(source: &str) -> usize {
    let text = source.strip_prefix('\u{feff}').unwrap_or(source);
    let skipped = source.len() - text.len();
    for fence in ["---", "+++"] {
        let Some(rest) = text.strip_prefix(fence) else {
            continue;
        };
        if !rest.starts_with('\n') && !rest.starts_with("\r\n") {
            continue;
        }
        let mut at = skipped + fence.len();
        for line in rest.split_inclusive('\n') {
            at += line.len();
            if line.trim_end() == fence && at > skipped + fence.len() + line.len() {
                return at;
            }
        }
    }
    0
}

//! The body of a document: text, blocks, facts and questions of a page as HTML that needs no theme.

use std::collections::HashMap;
use std::fmt::Write as _;

use igny8_renderer::address::Address;
use igny8_renderer::blocks::{Block, Item, Link};
use igny8_renderer::locale::Reader;
use igny8_renderer::markdown::{self, Context, Known, Labels, Lookup, Syntax};
use igny8_renderer::site::{Availability, Body, FaqItem, Media, Page, PageKind};
use igny8_renderer::theme::Words;

use crate::publish::html::{escaped, without_marks, without_short_codes};
use crate::publish::wordpress::blocks::{blocks, has_blocks};

/// What bodies are made with.
pub struct Frame<'a> {
    pub address: &'a Address,
    /// Files of the site by path, for the sizes and descriptions of images.
    pub files: &'a Files,
    pub words: &'a Words,
    pub labels: &'a Labels,
    pub reader: Reader,
}

/// Files of a site by path.
pub struct Files(pub HashMap<String, Media>);

impl Lookup for Files {
    /// Links that lead nowhere are the site's own findings.
    fn known(&self, _path: &str) -> Known {
        Known::Yes
    }

    fn media(&self, path: &str) -> Option<&Media> {
        self.0.get(path)
    }
}

/// A finished body, with links as the site has them.
pub struct Made {
    pub html: String,
    /// What is left out, in words.
    pub notes: Vec<String>,
}

/// Makes the body of a page. A `foreign` one another system wrote, and it goes back there: it stays as it is, byte for byte, and
/// what was entered here follows in its form. Our own text is only text: what looks like a short code in it is none.
pub fn body(page: &Page, foreign: bool, frame: &Frame<'_>) -> Made {
    let mut writer = Writer {
        page,
        frame,
        out: String::new(),
        notes: Vec::new(),
        fragments: 0,
    };
    let theirs = match &page.body {
        Body::Html(source) if foreign => source.as_str(),
        text => {
            writer.facts();
            let html = markdown::render(text, &writer.context("", 2)).body;
            writer.out.push_str(&without_marks(&html));
            writer.gallery();
            ""
        }
    };
    for block in &page.blocks {
        writer.block(block);
    }
    writer.questions(&page.faq);
    let own = without_short_codes(&writer.out);
    let html = if has_blocks(theirs) && !own.is_empty() {
        format!("{theirs}\n\n{}", blocks(&own, &|_| None))
    } else {
        format!("{theirs}{own}")
    };
    Made {
        html,
        notes: writer.notes,
    }
}

struct Writer<'a> {
    page: &'a Page,
    frame: &'a Frame<'a>,
    out: String,
    notes: Vec<String>,
    /// Texts besides the body so far; their ids carry the number.
    fragments: usize,
}

impl<'a> Writer<'a> {
    fn context<'c>(&self, id_prefix: &'c str, heading_level: u8) -> Context<'c>
    where
        'a: 'c,
    {
        Context {
            address: self.frame.address,
            page: &self.page.path,
            lookup: self.frame.files,
            labels: self.frame.labels,
            title: &self.page.title,
            image_sizes: "",
            first_image_eager: false,
            heading_level,
            syntax: Syntax::default(),
            id_prefix,
        }
    }

    /// A text besides the body.
    fn fragment(&mut self, source: &str, heading_level: u8) {
        if source.trim().is_empty() {
            return;
        }
        self.fragments += 1;
        let prefix = format!("part-{}-", self.fragments);
        let html = markdown::render_fragment(source, &self.context(&prefix, heading_level)).body;
        self.out.push_str(&without_marks(&html));
    }

    fn heading(&mut self, level: u8, text: &str) {
        if !text.trim().is_empty() {
            let _ = writeln!(self.out, "<h{level}>{}</h{level}>", escaped(text.trim()));
        }
    }

    fn line(&mut self, text: &str) {
        if !text.trim().is_empty() {
            let _ = writeln!(self.out, "<p>{}</p>", escaped(text.trim()));
        }
    }

    fn image(&mut self, path: &str, alt: &str, caption: &str, link: Option<&str>) {
        let Some(src) = self.frame.address.safe_image(path) else {
            return;
        };
        let media = self.frame.files.0.get(path);
        let alt = if alt.is_empty() {
            media.map_or("", |media| media.alt.as_str())
        } else {
            alt
        };
        let href = link.and_then(|link| self.frame.address.safe_href(link));
        self.out.push_str("<figure>");
        if let Some(href) = &href {
            let _ = write!(self.out, "<a href=\"{}\">", escaped(href));
        }
        let _ = write!(self.out, "<img src=\"{}\" alt=\"{}\"", escaped(&src), escaped(alt));
        if let Some((width, height)) = media.and_then(|media| media.width.zip(media.height)) {
            let _ = write!(self.out, " width=\"{width}\" height=\"{height}\"");
        }
        self.out.push('>');
        if href.is_some() {
            self.out.push_str("</a>");
        }
        if !caption.trim().is_empty() {
            let _ = write!(self.out, "<figcaption>{}</figcaption>", escaped(caption.trim()));
        }
        self.out.push_str("</figure>\n");
    }

    fn links(&mut self, links: &[Link]) {
        for link in links {
            if let Some(href) = self.frame.address.safe_href(&link.url)
                && !link.label.trim().is_empty()
            {
                let label = escaped(link.label.trim());
                let _ = writeln!(self.out, "<p><a href=\"{}\">{label}</a></p>", escaped(&href));
            }
        }
    }

    /// What a product or service is, as a list.
    fn facts(&mut self) {
        let (entity, words) = (&self.page.entity, self.frame.words);
        let mut facts: Vec<(String, String)> = Vec::new();
        let mut add = |name: String, value: String| facts.push((name, value));
        if matches!(self.page.kind, PageKind::Product | PageKind::Service) {
            if let Some((amount, currency)) = entity.price.as_ref().zip(entity.currency.as_ref()) {
                add(words.get("price"), self.frame.reader.price(amount, currency));
            } else if let Some(range) = &entity.price_range {
                add(words.get("price"), range.clone());
            }
            if let Some(availability) = entity.availability {
                let key = match availability {
                    Availability::InStock => "in_stock",
                    Availability::OutOfStock => "out_of_stock",
                    Availability::PreOrder => "pre_order",
                    Availability::Discontinued => "discontinued",
                };
                add(words.get("availability"), words.get(key));
            }
            for (key, value) in [
                ("brand", &entity.brand),
                ("product_code", &entity.sku),
                ("service_area", &entity.area),
            ] {
                if let Some(value) = value {
                    add(words.get(key), value.clone());
                }
            }
            if let Some(rating) = entity.rating_value {
                let count = entity.rating_count.map(|n| format!(" ({n} {})", words.get("reviews")));
                add(
                    words.get("rating"),
                    format!("{rating} / 5{}", count.unwrap_or_default()),
                );
            }
        }
        facts.extend(self.page.attributes.clone());
        if facts.is_empty() {
            return;
        }
        self.out.push_str("<ul>\n");
        for (name, value) in facts {
            let _ = writeln!(
                self.out,
                "<li><strong>{}:</strong> {}</li>",
                escaped(&name),
                escaped(&value)
            );
        }
        self.out.push_str("</ul>\n");
    }

    fn gallery(&mut self) {
        for path in &self.page.entity.gallery {
            self.image(path, "", "", None);
        }
    }

    fn questions(&mut self, items: &[FaqItem]) {
        if items.is_empty() {
            return;
        }
        let title = self.frame.words.get("questions");
        self.heading(2, &title);
        self.answers(items);
    }

    fn answers(&mut self, items: &[FaqItem]) {
        for item in items {
            self.heading(3, &item.question);
            self.fragment(&item.answer, 4);
        }
    }

    fn items(&mut self, items: &[Item]) {
        for item in items {
            if let Some(image) = &item.image {
                self.image(image, &item.alt, "", item.url.as_deref());
            }
            let heading = item.heading.trim();
            let href = item.url.as_deref().and_then(|url| self.frame.address.safe_href(url));
            match href.filter(|_| !heading.is_empty()) {
                Some(href) => {
                    let (href, text) = (escaped(&href), escaped(heading));
                    let _ = writeln!(self.out, "<h3><a href=\"{href}\">{text}</a></h3>");
                }
                None => self.heading(3, heading),
            }
            self.line(&item.note);
            self.fragment(&item.text, 4);
        }
    }

    fn block(&mut self, block: &Block) {
        macro_rules! opening {
            ($b:expr) => {
                self.heading(2, &$b.heading);
                self.fragment(&$b.text, 3);
            };
        }
        match block {
            Block::Hero(b) => {
                self.line(&b.kicker);
                // The first one stands where the title stands already.
                if b.heading.trim() != self.page.title.trim() {
                    self.heading(2, &b.heading);
                }
                self.fragment(&b.text, 3);
                b.image.iter().for_each(|image| self.image(image, &b.alt, "", None));
                self.links(&b.links);
            }
            Block::Text(b) => {
                opening!(b);
                b.image.iter().for_each(|image| self.image(image, &b.alt, "", None));
                self.links(&b.links);
            }
            Block::Features(b) => {
                opening!(b);
                self.items(&b.items);
            }
            Block::Services(b) => {
                opening!(b);
                self.items(&b.items);
                self.left_out(b.section.is_some(), "pages of a section");
            }
            Block::Grid(b) => {
                opening!(b);
                self.items(&b.items);
            }
            Block::List(b) => {
                opening!(b);
                self.items(&b.items);
                self.left_out(b.section.is_some(), "pages of a section");
            }
            Block::Testimonials(b) => {
                opening!(b);
                for item in &b.items {
                    self.quote(&item.text, &item.name, &item.role, None);
                }
            }
            Block::Quote(b) => {
                self.heading(2, &b.heading);
                self.quote(&b.text, &b.name, &b.role, b.url.as_deref());
            }
            Block::Stats(b) => {
                opening!(b);
                self.out.push_str("<ul>\n");
                for item in &b.items {
                    let (value, label) = (escaped(&item.value), escaped(&item.label));
                    let note = escaped(&item.note);
                    let _ = writeln!(self.out, "<li><strong>{value}</strong> {label} {note}</li>");
                }
                self.out.push_str("</ul>\n");
            }
            Block::Cta(b) => {
                opening!(b);
                self.links(&b.links);
            }
            Block::Card(b) => {
                self.line(&b.kicker);
                opening!(b);
                b.image.iter().for_each(|image| self.image(image, &b.alt, "", None));
                self.links(&b.links);
            }
            Block::Image(b) => {
                opening!(b);
                let link = b.url.as_deref();
                b.image
                    .iter()
                    .for_each(|image| self.image(image, &b.alt, &b.caption, link));
            }
            Block::Video(b) => {
                opening!(b);
                let caption = if b.caption.trim().is_empty() {
                    self.frame.words.get("watch")
                } else {
                    b.caption.clone()
                };
                b.image
                    .iter()
                    .for_each(|image| self.image(image, &b.alt, "", Some(&b.url)));
                self.links(&[Link {
                    label: caption,
                    url: b.url.clone(),
                }]);
            }
            Block::Form(b) => {
                opening!(b);
                self.left_out(true, "a form");
            }
            Block::Faq(b) => {
                opening!(b);
                self.answers(&b.items);
            }
            Block::Accordion(b) => {
                opening!(b);
                for panel in &b.items {
                    self.heading(3, &panel.heading);
                    self.fragment(&panel.text, 4);
                }
            }
        }
    }

    fn quote(&mut self, text: &str, name: &str, role: &str, url: Option<&str>) {
        self.out.push_str("<blockquote>\n");
        self.fragment(text, 4);
        let who = [name.trim(), role.trim()].into_iter().filter(|text| !text.is_empty());
        let who = escaped(&who.collect::<Vec<_>>().join(", "));
        match url.and_then(|url| self.frame.address.safe_href(url)) {
            Some(href) if !who.is_empty() => {
                let _ = writeln!(self.out, "<p><a href=\"{}\">{who}</a></p>", escaped(&href));
            }
            _ if !who.is_empty() => {
                let _ = writeln!(self.out, "<p>{who}</p>");
            }
            _ => {}
        }
        self.out.push_str("</blockquote>\n");
    }

    fn left_out(&mut self, is_there: bool, what: &str) {
        if is_there {
            self.notes.push(format!(
                "It is there without {what}, which only a site of this server can show."
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(page: serde_json::Value, foreign: bool) -> Made {
        let address = Address::new("https://e.example/sites/x").expect("valid");
        let theme = igny8_renderer::Theme::builtin("base").or_else(|_| igny8_renderer::Theme::builtin("meridian"));
        let words = theme.expect("a theme").words("en");
        let labels = words.labels();
        let files = Files(HashMap::from([(
            "/media/a.png".to_owned(),
            serde_json::from_value(serde_json::json!({
                "path": "/media/a.png", "source": "a", "mime": "image/png", "width": 4, "height": 3, "alt": "A & B", "bytes": 1
            }))
            .expect("media"),
        )]));
        let frame = Frame {
            address: &address,
            files: &files,
            words: &words,
            labels: &labels,
            reader: Reader::new("en", chrono_tz::UTC),
        };
        let page: Page = serde_json::from_value(page).expect("a page");
        body(&page, foreign, &frame)
    }

    #[test]
    fn a_foreign_body_stays_as_it_is() {
        let source = "<!-- wp:paragraph -->\n<p onclick='x'>a &nbsp; [gallery ids=\"1\"]\r\n<!-- /wp:paragraph -->";
        let page = serde_json::json!({
            "id": "c", "kind": "post", "path": "/blog/x/", "section": "/blog/", "title": "X", "language": "en",
            "body": { "format": "html", "text": source }, "attributes": { "a": "b" },
        });
        assert_eq!(made(page.clone(), true).html, source);
        assert!(!made(page, false).html.contains("onclick"));
    }

    #[test]
    fn what_follows_a_foreign_body_has_its_form() {
        let page = |source: &str| {
            serde_json::json!({
                "id": "c", "kind": "post", "path": "/blog/x/", "section": "/blog/", "title": "X", "language": "en",
                "body": { "format": "html", "text": source }, "faq": [{ "question": "Why [a]?", "answer": "Because" }],
            })
        };
        for (source, follows) in [
            (
                "<!-- wp:paragraph -->\n<p>[gallery]</p>\n<!-- /wp:paragraph -->",
                "\n\n<!-- wp:heading -->\n<h2 class=\"wp-block-heading\">Questions and answers</h2>\n<!-- /wp:heading -->\n\n\
                 <!-- wp:heading {\"level\":3} -->\n<h3 class=\"wp-block-heading\">Why &#91;a]?</h3>\n<!-- /wp:heading -->\n\n\
                 <!-- wp:paragraph -->\n<p>Because</p>\n<!-- /wp:paragraph -->",
            ),
            (
                "Classic [gallery]\n",
                "<h2>Questions and answers</h2>\n<h3>Why &#91;a]?</h3>\n<p>Because</p>\n",
            ),
        ] {
            assert_eq!(
                made(page(source), true).html.trim_end(),
                format!("{source}{follows}").trim_end()
            );
        }
    }

    #[test]
    fn nothing_in_our_own_text_is_a_short_code() {
        let markdown = "[gallery] [[caption]] <kbd>[gallery]</kbd> <samp>[/caption]</samp> <var>[a]</var> `[gallery]`\n\n\
            ![\\[gallery\\]](/media/a.png) [\\[audio\\]](/blog/y/?a=[audio] \"[video]\") [ref][1] note[^1]\n\n\
            - [x] done\n- [ ] open\n\n```\n[caption]x[/caption]\n```\n\n[1]: /blog/z/\n[^1]: A [playlist].\n";
        let html = "<p title=\"[gallery]\">[gallery] <kbd>[a]</kbd> <img src=\"/media/a.png\" alt=\"[b]\"></p>";
        for (format, text) in [("markdown", markdown), ("html", html)] {
            let page = serde_json::json!({
                "id": "c", "kind": "post", "path": "/blog/x/", "section": "/blog/", "title": "X", "language": "en",
                "body": { "format": format, "text": text }, "attributes": { "[a]": "[b]" },
                "faq": [{ "question": "[c]", "answer": "[d] <kbd>[e]</kbd>" }],
                "blocks": [{ "type": "cta", "heading": "[f]", "links": [{ "label": "[g]", "url": "/x/?h=[i]" }] }],
            });
            let html = made(page, false).html;
            assert!(!html.contains('['), "{html}");
            assert!(html.contains("&#91;gallery]") && html.contains("alt=\"&#91;"), "{html}");
            let blocks = blocks(&html, &|_| None);
            assert!(!blocks.contains('['), "{blocks}");
        }
    }

    #[test]
    fn all_of_a_page_is_in_its_body() {
        let page = serde_json::json!({
            "id": "c", "kind": "product", "path": "/shop/x/", "section": "/shop/", "title": "X", "language": "en",
            "body": { "format": "markdown", "text": "## One\n\n![](/media/a.png)\n\n[y](/blog/y/) <script>x</script>\n\n```rust\nfn a() {}\n```" },
            "entity": { "price": "12.50", "currency": "EUR", "brand": "B & C", "availability": "in_stock" },
            "attributes": { "Weight": "2 kg" },
            "faq": [{ "question": "Why <x>?", "answer": "*Because*" }],
            "blocks": [
                { "type": "cta", "heading": "Now", "links": [{ "label": "Call", "url": "/contact/" }] },
                { "type": "form", "heading": "Write" },
                { "type": "quote", "text": "Good", "name": "N" },
            ],
        });
        let made = made(page, false);
        for part in [
            "<li><strong>Price:</strong> €12.50</li>",
            "<li><strong>Brand:</strong> B &amp; C</li>",
            "<li><strong>Weight:</strong> 2 kg</li>",
            "<h2 id=\"one\">One</h2>",
            "<img src=\"/sites/x/media/a.png\" alt=\"A &amp; B\" width=\"4\" height=\"3\">",
            "<a href=\"/sites/x/blog/y/\">y</a>",
            "<pre><code class=\"language-rust\">fn a() {}",
            "<h2>Now</h2>",
            "<p><a href=\"/sites/x/contact/\">Call</a></p>",
            "<blockquote>\n<p>Good</p>\n<p>N</p>\n</blockquote>",
            "<h2>Questions and answers</h2>\n<h3>Why &lt;x&gt;?</h3>\n<p><em>Because</em></p>",
        ] {
            assert!(made.html.contains(part), "{part}\n{}", made.html);
        }
        assert!(!made.html.contains("<script"), "{}", made.html);
        assert_eq!(made.notes.len(), 1);
    }
}

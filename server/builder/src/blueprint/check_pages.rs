//! Whether kinds of pages and their blocks can be as the file says.

use std::collections::BTreeMap;

use igny8_text::is_slug;

use super::check::{File, MEND_ADDRESS, Page};
use super::mistake::{Code, closest};
use super::pattern;
use super::raw::{Entry, Text};
use crate::names::{BlockType, Choice, Entity, FieldKind, Made, PageType, TaxonomyKind};

impl File<'_, '_, '_> {
    pub(super) fn check_pages(&mut self) {
        let pages = self.pages.clone();
        for (n, page) in pages.iter().enumerate() {
            if let Some(key) = page.entry.text("key") {
                if !is_slug(key.text) {
                    let mend = "write lower-case letters and digits, joined by hyphens";
                    self.note(&key, Code::WrongValue, format!("{:?} cannot be a key", key.text), mend);
                }
                if pages[..n].iter().any(|other| other.key == key.text) {
                    let message = format!("there are two kinds of pages {:?}", key.text);
                    self.note(&key, Code::Twice, message, "give one of them another key");
                }
            }
            self.purpose(page);
            self.address(page);
            self.titles(page);
            self.patterns(page);
            for parent in page.entry.texts("parent") {
                if let Some((above, _)) = self.page(&parent)
                    && page.made == [Made::Site]
                    && above != [Made::Site]
                {
                    let mend = "write the key of a page that there is one of";
                    self.note(
                        &parent,
                        Code::Contradiction,
                        "a page of the site cannot stand below pages of clusters",
                        mend,
                    );
                }
            }
            self.blocks(page);
        }
        self.circles();
        self.frame();
    }

    /// What such pages are made for must go with what they are.
    fn purpose(&mut self, page: &Page<'_, '_>) {
        let (Some(kind), made) = (page.kind, &page.made) else {
            return;
        };
        if made.is_empty() {
            if page.entry.has("for") && page.entry.texts("for").is_empty() {
                let mend = "write [\"site\"], [\"hub\"], [\"supporting\"] or [\"term\"]";
                self.note_key(
                    &page.entry,
                    "for",
                    Code::Incomplete,
                    "such pages are made for nothing",
                    mend,
                );
            }
            return;
        }
        let fits = match kind {
            PageType::Home
            | PageType::About
            | PageType::Contact
            | PageType::Blog
            | PageType::Products
            | PageType::Services => *made == [Made::Site],
            _ if kind.entity() == Entity::Term => *made == [Made::Term],
            PageType::Custom | PageType::Page => {
                !made.contains(&Made::Term) && (made.len() == 1 || !made.contains(&Made::Site))
            }
            _ => made.iter().all(|made| matches!(made, Made::Hub | Made::Supporting)),
        };
        if !fits {
            let words: Vec<&str> = made.iter().map(|made| made.word()).collect();
            let message = format!("a page of type {} is not made for {}", kind.word(), words.join(" and "));
            let mend = match kind.entity() {
                Entity::Term => "write [\"term\"]",
                Entity::Post | Entity::Product | Entity::Service => "write [\"hub\"], [\"supporting\"] or both",
                Entity::Page | Entity::Section => "write [\"site\"]",
            };
            self.note_key(&page.entry, "for", Code::Contradiction, &message, mend);
        }
        if let Some(taxonomy) = kind.taxonomy() {
            let declared: Vec<TaxonomyKind> = self
                .taxonomies
                .iter()
                .filter_map(|entry| entry.choice("kind"))
                .collect();
            if !declared.contains(&taxonomy) {
                let message = format!("there is no taxonomy {} in this file", taxonomy.word());
                let mend = "add a table [[taxonomies]] for it, or take this kind of page out";
                self.note_key(&page.entry, "type", Code::UnknownName, &message, mend);
            }
        }
        let wanted = kind.schema().word();
        if let Some(seo) = page.entry.table("seo")
            && let Some(schema) = seo.text("schema").filter(|schema| schema.text != wanted)
        {
            let message = format!("the renderer marks a page of type {} as {wanted}", kind.word());
            self.note(&schema, Code::Contradiction, message, format!("write \"{wanted}\""));
        }
    }

    fn address(&mut self, page: &Page<'_, '_>) {
        let entry = &page.entry;
        let Some(url) = entry.text("url") else {
            if !entry.has("url") && !page.made.is_empty() && page.made != [Made::Term] {
                self.note_entry(entry, Code::MissingKey, "`url` is missing", MEND_ADDRESS);
            }
            return;
        };
        if page.made == [Made::Term] {
            let mend = "take it out: a term's archive stands below its taxonomy's url";
            return self.note(&url, Code::Contradiction, "this address would never be used", mend);
        }
        let address = match pattern::address(url.text) {
            Ok(address) => address,
            Err(why) => {
                return self.note(
                    &url,
                    Code::WrongAddress,
                    format!("the address cannot be: {why}"),
                    MEND_ADDRESS,
                );
            }
        };
        let home = page.kind == Some(PageType::Home);
        if home != (url.text == "/") {
            let mend = if home { "write \"/\"" } else { MEND_ADDRESS };
            return self.note(&url, Code::WrongAddress, "the home page, and no other, is at /", mend);
        }
        let many = page.made.iter().any(|made| *made != Made::Site);
        if many && address.slug.is_some() {
            let message = "all such pages would have this address";
            self.note(&url, Code::WrongAddress, message, "end it with {slug}/");
        }
        if page.kind.is_some_and(|kind| kind.entity() == Entity::Section) && address.slug.is_none() {
            let mend = "write its folder, such as /blog/";
            self.note(&url, Code::WrongAddress, "a list of pages is at a fixed address", mend);
        }
    }

    /// Titles are written for pages of the site, and made of keywords for the others.
    fn titles(&mut self, page: &Page<'_, '_>) {
        if page.made.is_empty() {
            return;
        }
        let site = page.made == [Made::Site];
        if site && !page.entry.has("title") {
            let mend = "add it, such as title = { en = \"About {site}\" }";
            self.note_entry(&page.entry, Code::MissingKey, "`title` is missing", mend);
        }
        let section = page.kind.is_some_and(|kind| kind.entity() == Entity::Section);
        for key in ["title", "structure"] {
            if page.entry.has(key) && (!site || (section && key == "structure")) {
                let message = "it would never be used: keywords say so where there are many pages, lists have none";
                self.note_key(&page.entry, key, Code::Contradiction, message, "take it out");
            }
        }
    }

    fn patterns(&mut self, page: &Page<'_, '_>) {
        let Some(known) = page
            .made
            .iter()
            .map(|made| pattern::known(*made))
            .min_by_key(|known| known.len())
        else {
            return;
        };
        let mut texts: Vec<(Text<'_>, bool)> = Vec::new();
        for key in ["title", "label"] {
            texts.extend(page.entry.words(key).into_iter().map(|text| (text, true)));
        }
        if let Some(seo) = page.entry.table("seo") {
            for key in ["title", "description"] {
                texts.extend(seo.words(key).into_iter().map(|text| (text, false)));
            }
        }
        texts.extend(page.entry.text("prompt").map(|text| (text, false)));
        for block in page.entry.entries("blocks") {
            texts.extend(block.text("prompt").map(|text| (text, false)));
        }
        for (text, is_title) in texts {
            match pattern::fills(text.text) {
                Err(why) => {
                    let mend = "write {site}, {title} and the like in pairs of brackets";
                    self.note(&text, Code::WrongPattern, why, mend);
                }
                Ok(fills) => {
                    // A title cannot be made of itself.
                    let fits = |fill: &&str| known.contains(fill) && !(is_title && **fill == *"title");
                    for fill in fills.iter().filter(|fill| !fits(fill)) {
                        let mend = match closest(fill, known.iter().copied()) {
                            Some(meant) if meant != *fill => format!("write {{{meant}}}"),
                            _ => format!("possible here: {{{}}}", known.join("}, {")),
                        };
                        self.note(&text, Code::WrongPattern, format!("{{{fill}}} is not known here"), mend);
                    }
                }
            }
        }
    }

    fn blocks(&mut self, page: &Page<'_, '_>) {
        let list = page.kind.is_some_and(|kind| kind.entity() == Entity::Section);
        for (n, block) in page.entry.entries("blocks").iter().enumerate() {
            if list {
                let mend = "take it out, and say in the page's prompt what stands above the list";
                self.note_entry(
                    block,
                    Code::Contradiction,
                    "a section has a text above its list, and no blocks",
                    mend,
                );
                continue;
            }
            let Some(kind) = block.choice::<BlockType>("type") else {
                continue;
            };
            if kind == BlockType::Hero && n > 0 {
                let mend = "put it first, or use another block";
                self.note_entry(block, Code::Contradiction, "a hero opens a page", mend);
            }
            if let Some(variant) = block
                .text("variant")
                .filter(|variant| !kind.variants().contains(&variant.text))
            {
                let mend = match kind.variants() {
                    [] => "take it out".to_owned(),
                    some => format!("write one of {}", some.join(", ")),
                };
                let message = format!("a {} has no variant {:?}", kind.word(), variant.text);
                self.note(&variant, Code::WrongValue, message, mend);
            }
            for (key, possible) in [
                ("items", kind.has_items()),
                ("from", kind.shows_section()),
                ("limit", kind.shows_section() && block.has("from")),
                ("links", kind.has_links()),
                ("fields", kind == BlockType::Form),
            ] {
                if block.has(key) && !possible {
                    let message = format!("a {} has none of that here", kind.word());
                    self.note_key(block, key, Code::Contradiction, &message, "take it out");
                }
            }
            if let Some(from) = block.text("from")
                && let Some((_, Some(shown))) = self.page(&from)
                && shown.entity() != Entity::Section
            {
                let mend = "name a page of type blog, products or services";
                self.note(&from, Code::Contradiction, "it is no list of pages", mend);
            }
            for link in block.texts("links") {
                self.page(&link);
            }
            if kind == BlockType::Form {
                self.fields(block);
            }
        }
    }

    fn fields(&mut self, form: &Entry<'_, '_>) {
        let fields = form.entries("fields");
        if fields.is_empty() {
            let mend = "add fields, such as { name = \"email\", kind = \"email\", label = { en = \"Email\" } }";
            self.note_entry(form, Code::Incomplete, "the form has no fields", mend);
        }
        for (n, field) in fields.iter().enumerate() {
            if let Some(name) = field.text("name") {
                let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
                if name.text.is_empty() || name.text.len() > 40 || !name.text.bytes().all(plain) {
                    let mend = "write lower-case letters, digits and underscores";
                    self.note(
                        &name,
                        Code::WrongValue,
                        format!("{:?} cannot be a field's name", name.text),
                        mend,
                    );
                }
                let same = |other: &Entry<'_, '_>| other.text("name").is_some_and(|other| other.text == name.text);
                if fields[..n].iter().any(same) {
                    let message = format!("there are two fields {:?}", name.text);
                    self.note(&name, Code::Twice, message, "give one of them another name");
                }
            }
            let select = field.choice::<FieldKind>("kind") == Some(FieldKind::Select);
            if select && field.texts("options").is_empty() {
                self.note_entry(field, Code::Incomplete, "there is nothing to select", "add `options`");
            }
            if !select && field.has("options") {
                let mend = "take them out, or write kind = \"select\"";
                self.note_key(field, "options", Code::Contradiction, "only a select has options", mend);
            }
        }
    }

    /// Pages that stand below themselves. Pages of clusters may stand below others of their kind.
    fn circles(&mut self) {
        let parents: BTreeMap<&str, Vec<&str>> = self
            .pages
            .iter()
            .filter(|page| page.made == [Made::Site])
            .map(|page| {
                (
                    page.key,
                    page.entry.texts("parent").iter().map(|parent| parent.text).collect(),
                )
            })
            .collect();
        for page in self.pages.clone() {
            let mut seen: Vec<&str> = Vec::new();
            let mut open: Vec<&str> = parents.get(page.key).cloned().unwrap_or_default();
            while let Some(above) = open.pop() {
                if above == page.key {
                    let mend = "let it stand below another page, or below none";
                    self.note_key(
                        &page.entry,
                        "parent",
                        Code::Contradiction,
                        "the page stands below itself",
                        mend,
                    );
                    break;
                }
                if !seen.contains(&above) {
                    seen.push(above);
                    open.extend(parents.get(above).into_iter().flatten());
                }
            }
        }
    }

    /// Pages that every site has.
    fn frame(&mut self) {
        if !self.whole.has("pages") {
            return;
        }
        let whole = self.whole.clone();
        for only in [
            PageType::Home,
            PageType::About,
            PageType::Contact,
            PageType::Blog,
            PageType::Products,
            PageType::Services,
        ] {
            let such: Vec<Page<'_, '_>> = self
                .pages
                .iter()
                .filter(|page| page.kind == Some(only))
                .cloned()
                .collect();
            if such.is_empty() && only == PageType::Home {
                let mend = "add [[pages]] with type = \"home\" and url = \"/\"";
                self.note_key(&whole, "pages", Code::Incomplete, "there is no home page", mend);
            }
            for second in such.iter().skip(1) {
                let message = format!("there can be one page of type {}", only.word());
                self.note_key(
                    &second.entry,
                    "type",
                    Code::Twice,
                    &message,
                    "write type = \"page\" or \"custom\"",
                );
            }
        }
        for (made, what) in [(Made::Hub, "hub"), (Made::Supporting, "supporting")] {
            if !self.pages.iter().any(|page| page.made.contains(&made)) {
                let message = format!("no kind of page is made for {what} pages of clusters");
                let mend = format!("add [[pages]] with for = [\"{what}\"]");
                self.note_key(&whole, "pages", Code::Incomplete, &message, mend);
            }
        }
    }
}

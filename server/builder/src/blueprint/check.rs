//! Whether the parts of a file agree with each other.

use std::collections::BTreeMap;
use std::ops::Range;

use igny8_text::is_slug;

use super::mistake::{Code, closest};
use super::pattern;
use super::raw::{Entry, Text};
use super::record::{Reader, twice};
use super::themes::Themes;
use super::types::Within;
use crate::coverage::rule::Rule;
use crate::names::{Choice, Entity, Made, MenuPlace, PageType, SiteKind, TaxonomyKind};

/// What the file names, for checks of what refers to it.
pub(super) struct File<'f, 'n, 'i> {
    pub(super) whole: Entry<'n, 'i>,
    pub(super) pages: Vec<Page<'n, 'i>>,
    pub(super) taxonomies: Vec<Entry<'n, 'i>>,
    pub(super) to: &'f mut Reader,
}

/// A kind of page as far as it can be read.
#[derive(Clone)]
pub(super) struct Page<'n, 'i> {
    pub(super) entry: Entry<'n, 'i>,
    pub(super) key: &'n str,
    pub(super) kind: Option<PageType>,
    pub(super) made: Vec<Made>,
}

/// Notes all that does not agree.
pub(super) fn check(whole: Entry<'_, '_>, themes: Option<&Themes>, to: &mut Reader) {
    let pages = whole
        .entries("pages")
        .into_iter()
        .map(|entry| Page {
            key: entry.text("key").map_or("", |key| key.text),
            kind: entry.choice("type"),
            made: entry.choices("for"),
            entry,
        })
        .collect();
    let mut file = File {
        pages,
        taxonomies: whole.entries("taxonomies"),
        whole,
        to,
    };
    file.head();
    file.taxonomies();
    file.check_pages();
    file.addresses();
    file.menus();
    file.links();
    file.coverage();
    if let Some(themes) = themes {
        file.theme(themes);
    }
}

impl File<'_, '_, '_> {
    pub(super) fn note(&mut self, text: &Text<'_>, code: Code, message: impl Into<String>, mend: impl Into<String>) {
        self.to
            .note_at(&text.span, text.place.clone(), code, message.into(), mend.into());
    }

    pub(super) fn note_entry(&mut self, entry: &Entry<'_, '_>, code: Code, message: impl Into<String>, mend: &str) {
        self.to.note_at(
            &entry.span(),
            entry.place.clone(),
            code,
            message.into(),
            mend.to_owned(),
        );
    }

    pub(super) fn note_key(
        &mut self,
        entry: &Entry<'_, '_>,
        key: &str,
        code: Code,
        message: &str,
        mend: impl Into<String>,
    ) {
        let place = match entry.place.as_str() {
            "" => key.to_owned(),
            place => format!("{place}.{key}"),
        };
        self.to
            .note_at(&entry.span_of(key), place, code, message.to_owned(), mend.into());
    }

    /// What the kind of page of that name is made for, and its type; notes that there is none.
    pub(super) fn page(&mut self, named: &Text<'_>) -> Option<(Vec<Made>, Option<PageType>)> {
        let found = self.pages.iter().position(|page| page.key == named.text);
        if found.is_none() {
            let keys: Vec<&str> = self.pages.iter().map(|page| page.key).collect();
            let mend = match closest(named.text, keys.iter().copied()) {
                Some(meant) => format!("write \"{meant}\""),
                None => format!("write one of {}", keys.join(", ")),
            };
            self.note(
                named,
                Code::UnknownName,
                format!("there is no kind of page {:?}", named.text),
                mend,
            );
        }
        let page = &self.pages[found?];
        Some((page.made.clone(), page.kind))
    }

    fn once<'t>(&mut self, what: &str, all: impl IntoIterator<Item = Text<'t>>) {
        let all: Vec<Text<'t>> = all.into_iter().collect();
        let spans: Vec<Range<usize>> = twice(all.iter().map(|text| (text.text, text.span.clone())))
            .into_iter()
            .map(|(_, span)| span)
            .collect();
        for text in all.iter().filter(|text| spans.contains(&text.span)) {
            let mend = "give one of them another, or take one out";
            self.note(
                text,
                Code::Twice,
                format!("the {what} {:?} stands twice", text.text),
                mend,
            );
        }
    }

    fn head(&mut self) {
        if let Some(key) = self.whole.text("key").filter(|key| !is_slug(key.text)) {
            let mend = "write lower-case letters and digits, joined by hyphens";
            self.note(&key, Code::WrongValue, format!("{:?} cannot be a key", key.text), mend);
        }
    }

    fn taxonomies(&mut self) {
        let all = self.taxonomies.clone();
        self.once("taxonomy", all.iter().filter_map(|entry| entry.text("kind")));
        self.once("name", all.iter().filter_map(|entry| entry.text("name")));
        for entry in &all {
            if let Some(name) = entry.text("name").filter(|name| !is_slug(name.text)) {
                let mend = "write lower-case letters and digits, joined by hyphens";
                self.note(
                    &name,
                    Code::WrongValue,
                    format!("{:?} cannot be a name", name.text),
                    mend,
                );
            }
            if let Some(url) = entry.text("url") {
                match pattern::address(url.text) {
                    Err(why) => self.note(
                        &url,
                        Code::WrongAddress,
                        format!("the address cannot be: {why}"),
                        MEND_ADDRESS,
                    ),
                    Ok(address) if address.slug.as_deref().is_none_or(str::is_empty) => {
                        let mend = "write the folder that its terms are in, such as /blog/category/";
                        self.note(&url, Code::WrongAddress, "terms of a taxonomy need a folder", mend);
                    }
                    Ok(_) => {}
                }
            }
            if entry.has("of") && entry.texts("of").is_empty() {
                let mend = "write what is filed under it, such as [\"post\"]";
                self.note_key(entry, "of", Code::Incomplete, "nothing is filed under it", mend);
            }
        }
        let Some(site) = self.whole.choice::<SiteKind>("site_type") else {
            return;
        };
        let there: Vec<TaxonomyKind> = all.iter().filter_map(|entry| entry.choice("kind")).collect();
        for kind in TaxonomyKind::of_site(site).iter().filter(|kind| !there.contains(kind)) {
            let message = format!("a site of type {} has {} too", site.word(), kind.word());
            let whole = self.whole.clone();
            self.note_key(
                &whole,
                "taxonomies",
                Code::Incomplete,
                &message,
                "add a table [[taxonomies]] for it",
            );
        }
    }

    /// No two pages and taxonomies at one address.
    fn addresses(&mut self) {
        let mut taken: BTreeMap<&str, String> = BTreeMap::new();
        let pages = self.pages.iter().map(|page| &page.entry);
        let urls: Vec<Text<'_>> = pages
            .chain(&self.taxonomies)
            .filter_map(|entry| entry.text("url"))
            .collect();
        for url in urls.iter().filter(|url| !url.text.contains("{slug}")) {
            if let Some(first) = taken.get(url.text) {
                let message = format!("{} has the address {} already", first, url.text);
                self.note(url, Code::Twice, message, "give one of them another");
            } else {
                taken.insert(url.text, url.place.trim_end_matches(".url").to_owned());
            }
        }
    }

    fn menus(&mut self) {
        let menus = self.whole.entries("menus");
        self.once("menu", menus.iter().filter_map(|menu| menu.text("place")));
        for menu in &menus {
            for item in menu.entries("items") {
                if let Some(named) = item.text("page")
                    && let Some((made, _)) = self.page(&named)
                    && made == [Made::Site]
                    && item.has("limit")
                {
                    let mend = "take the limit out";
                    self.note_key(&item, "limit", Code::Contradiction, "there is only one such page", mend);
                }
                match item.text("below") {
                    Some(named) => {
                        self.page(&named);
                    }
                    None if item.has("below_limit") => {
                        let mend = "say what stands below with `below`, or take it out";
                        self.note_key(&item, "below_limit", Code::Contradiction, "nothing stands below", mend);
                    }
                    None => {}
                }
            }
        }
        let main = menus
            .iter()
            .any(|menu| menu.choice::<MenuPlace>("place") == Some(MenuPlace::Main));
        if self.whole.has("menus") && !main {
            let whole = self.whole.clone();
            let mend = "add [[menus]] with place = \"main\"";
            self.note_key(&whole, "menus", Code::Incomplete, "there is no main menu", mend);
        }
    }

    fn links(&mut self) {
        let mut pairs: Vec<(String, Range<usize>)> = Vec::new();
        for rule in self.whole.entries("links") {
            let ends = ["from", "to"].map(|end| rule.text(end));
            let [from, to] = ends.clone().map(|end| end.and_then(|named| self.page(&named)));
            if let [Some(from), Some(to)] = &ends {
                pairs.push((format!("{} to {}", from.text, to.text), rule.span()));
            }
            if let (Some(text), Some((_, Some(kind)))) = (&ends[0], &from)
                && kind.entity() == Entity::Section
            {
                let mend = "let another kind of page link there";
                self.note(text, Code::Contradiction, "a list has no links of its own", mend);
            }
            if let (Some(least), Some(most)) = (rule.number("least"), rule.number("most"))
                && least > most
            {
                let mend = format!("write a most of {least} or more");
                self.note_key(
                    &rule,
                    "most",
                    Code::Contradiction,
                    "there can be fewer links than there must be",
                    mend,
                );
            }
            let in_cluster = |made: &Option<(Vec<Made>, Option<PageType>)>| {
                made.as_ref().is_none_or(|(made, _)| !made.contains(&Made::Site))
            };
            if rule.choice::<Within>("within") == Some(Within::Cluster) && !(in_cluster(&from) && in_cluster(&to)) {
                let mend = "write within = \"site\"";
                self.note_key(
                    &rule,
                    "within",
                    Code::Contradiction,
                    "one of both belongs to no cluster",
                    mend,
                );
            }
        }
        for (pair, span) in twice(pairs.iter().map(|(pair, span)| (pair.as_str(), span.clone()))) {
            let message = format!("there are two rules for links from {pair}");
            self.to.note_at(
                &span,
                "links".to_owned(),
                Code::Twice,
                message,
                "make one of them".to_owned(),
            );
        }
    }

    fn coverage(&mut self) {
        let rules = self.whole.entries("coverage");
        self.once("rule", rules.iter().filter_map(|rule| rule.text("rule")));
        for entry in &rules {
            if entry.choice::<Rule>("rule").is_some_and(|rule| !rule.counts()) && entry.has("least") {
                self.note_key(
                    entry,
                    "least",
                    Code::Contradiction,
                    "this rule counts nothing",
                    "take it out",
                );
            }
        }
        if !self.whole.has("coverage") {
            return;
        }
        let there: Vec<Rule> = rules.iter().filter_map(|entry| entry.choice("rule")).collect();
        for rule in [Rule::HubPage, Rule::SupportingPages]
            .into_iter()
            .filter(|rule| !there.contains(rule))
        {
            let whole = self.whole.clone();
            let message = format!("every blueprint looks at {}", rule.word());
            self.note_key(
                &whole,
                "coverage",
                Code::Incomplete,
                &message,
                "add a table [[coverage]] for it",
            );
        }
    }

    fn theme(&mut self, themes: &Themes) {
        let Some(theme) = self.whole.table("theme") else { return };
        let Some(name) = theme.text("name") else { return };
        let Some(options) = themes.options(name.text) else {
            let names: Vec<&str> = themes.names().collect();
            let mend = match closest(name.text, names.iter().copied()) {
                Some(meant) => format!("write \"{meant}\""),
                None => format!("write one of {}", names.join(", ")),
            };
            return self.note(&name, Code::Theme, format!("there is no theme {:?}", name.text), mend);
        };
        let Some(given) = theme.table("options") else { return };
        for (key, span) in given.keys() {
            let Some(option) = options.get(key) else {
                let mend = match closest(key, options.keys().map(String::as_str)) {
                    Some(meant) => format!("write `{meant}`"),
                    None => "take it out".to_owned(),
                };
                let message = format!("the theme {} has no option `{key}`", name.text);
                self.to.note_at(&span, given.place.clone(), Code::Theme, message, mend);
                continue;
            };
            if let Some(wanted) = given.plain(key).and_then(|value| option.refuses(&value)) {
                let message = "the theme does not take this value";
                self.note_key(&given, key, Code::Theme, message, format!("write {wanted}"));
            }
        }
    }
}

pub(super) const MEND_ADDRESS: &str =
    "write lower-case words between slashes, such as /about/, or /blog/{slug}/ where there are many";

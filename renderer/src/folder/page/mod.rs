//! Front matter and text of one file into a page or section of the snapshot.

mod parts;

use indexmap::IndexMap;
use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use serde_json::Value;

use self::parts::{
    aliases, attributes, author, blocks, canonical, cluster, entity, faq, image, indexable, layout, menus, structure,
    term,
};
use crate::folder::config::plain::decode_json;
use crate::folder::config::{Config, Rules, language_tag};
use crate::folder::fields::{Fields, strings, text};
use crate::folder::front_matter::Map;
use crate::folder::place::{self, Placed, What};
use crate::folder::{dates, paths};
use crate::site::{Body, Page, PageKind, Section, SectionSort};

/// A page with names of terms where a snapshot has slugs.
pub(super) struct Built {
    pub page: Page,
    pub draft: bool,
    /// Links in the text are public already.
    pub raw_links: bool,
    /// Entries this page asks for in menus: place, weight.
    pub menus: Vec<(String, i64)>,
}

/// Makes a page; `id` is its path below the root.
pub(super) fn page(fields: &mut Fields, placed: &Placed, config: &Config, body: Body, had_head: bool) -> Built {
    let id = fields
        .string(&["id"])
        .filter(|s| !s.is_empty())
        .unwrap_or_else(|| fields.file.to_owned());
    let mut body = body;
    let title = fields
        .string(&["title"])
        .unwrap_or_else(|| title(&mut body, placed, !had_head));
    let zone = config.zone;
    let mut published_at = fields.date(&["date"], zone);
    let publish = fields.peek("publishDate").and_then(|v| dates::parse(v.as_str()?, zone));
    if publish.is_some() && (published_at.is_none() || publish > published_at) {
        published_at = publish;
    }
    let published_at = published_at.or_else(|| placed.date.and_then(|d| dates::midnight(d, zone)));
    let updated_at = fields.date(&["updated", "lastmod", "last_modified_at", "modified"], zone);
    let mut draft = fields.bool(&["draft"]).unwrap_or(false) || placed.draft;
    let terms = terms(fields, placed, config);
    let kind = kind(fields, placed, published_at.is_some());
    let author = author(fields);
    let image = image(fields);
    let aliases = aliases(fields, placed, config);
    let canonical_url = canonical(fields);
    let indexable = indexable(fields);
    let never_rendered = fields.peek("render").and_then(crate::folder::fields::boolean) == Some(false)
        || fields.peek("headless").and_then(crate::folder::fields::boolean) == Some(true);
    if never_rendered && !matches!(config.rules, Rules::Plain(_)) {
        draft = true;
        fields
            .problems
            .info(fields.file, "never rendered by the old generator; kept as a draft");
    }
    let menus = menus(fields);
    let mut entity_rest = Map::new();
    let entity = entity(fields, &mut entity_rest);
    let page = Page {
        id,
        kind,
        path: placed.path.clone(),
        section: placed.section.clone().unwrap_or_else(|| "/".into()),
        title,
        seo_title: fields.string(&["seo_title"]).unwrap_or_default(),
        description: fields.string(&["description"]).unwrap_or_default(),
        excerpt: fields.string(&["excerpt", "summary"]).unwrap_or_default(),
        body,
        language: placed.language.clone(),
        translation_key: fields.string(&["translation_key", "translationKey"]),
        published_at,
        updated_at,
        author,
        terms,
        image,
        weight: fields.int(&["weight"]),
        aliases,
        canonical_url,
        indexable,
        primary_keyword: fields.string(&["primary_keyword"]),
        keywords: fields.list(&["keywords"]).unwrap_or_default(),
        structure: structure(fields),
        term: term(fields),
        cluster: cluster(fields),
        entity,
        attributes: attributes(fields),
        faq: faq(fields),
        blocks: blocks(fields, config),
        layout: layout(fields, config),
        extra: IndexMap::new(),
    };
    let raw_links = fields.bool(&["raw_links"]).unwrap_or(false);
    let mut built = Built {
        page,
        draft,
        raw_links,
        menus,
    };
    built.page.extra = rest(fields);
    if !entity_rest.is_empty() {
        built
            .page
            .extra
            .entry("entity".into())
            .or_insert(Value::Object(entity_rest.into_iter().collect()));
    }
    built
}

/// Makes a section from an `_index.md`. The flag says that links in its text are public already.
pub(super) fn section(fields: &mut Fields, placed: &Placed, body: Body) -> (Section, bool) {
    let mut body = body;
    let title = fields
        .string(&["title"])
        .unwrap_or_else(|| title(&mut body, placed, false));
    let sort = fields
        .peek("sort_by")
        .and_then(text)
        .and_then(|sort| match sort.as_str() {
            "date" | "update_date" => Some(SectionSort::Date),
            "title" | "title_bytes" | "slug" => Some(SectionSort::Title),
            "weight" => Some(SectionSort::Weight),
            _ => {
                fields.warn(
                    "sort_by",
                    format!("sorting by `{sort}` is not known; newest first is used"),
                );
                None
            }
        });
    // A finer order than ours is kept as it was written.
    if matches!(
        fields.peek("sort_by").and_then(Value::as_str),
        Some("date" | "title" | "weight")
    ) {
        fields.value("sort_by");
    }
    let section = Section {
        path: placed.path.clone(),
        title,
        description: fields.string(&["description"]).unwrap_or_default(),
        body,
        language: placed.language.clone(),
        sort: sort.unwrap_or_default(),
        per_page: fields
            .int(&["paginate_by", "per_page"])
            .and_then(|n| usize::try_from(n).ok()),
        translation_key: fields.string(&["translation_key"]),
        render: fields.bool(&["render"]).unwrap_or(true),
        weight: fields.int(&["weight"]),
        extra: IndexMap::new(),
    };
    let raw_links = fields.bool(&["raw_links"]).unwrap_or(false);
    let extra = rest(fields);
    (Section { extra, ..section }, raw_links)
}

/// What nobody took, with the tables for such keys spread out.
fn rest(fields: &mut Fields) -> IndexMap<String, Value> {
    let mut extra = Map::new();
    for key in ["extra", "params"] {
        if fields.peek(key).is_some_and(Value::is_object) {
            extra.extend(fields.map(&[key]).unwrap_or_default());
        }
    }
    decode_json(fields, "extra_json", &mut extra);
    for (key, value) in std::mem::take(&mut fields.map) {
        extra.entry(key).or_insert(value);
    }
    extra
}

/// A title for a file that has none: its first heading, then its name. A heading that opens a text without front matter is
/// the title and nothing else, so it leaves the text.
fn title(body: &mut Body, placed: &Placed, cut: bool) -> String {
    if let Body::Markdown(markdown) = body
        && let Some((heading, range)) = first_heading(markdown)
    {
        if cut && markdown[..range.start].trim().is_empty() {
            // The lines stay, for problems further down to name theirs.
            let lines = "\n".repeat(markdown[..range.end].matches('\n').count());
            *markdown = format!("{lines}{}", &markdown[range.end..]);
        }
        return heading;
    }
    let name = if placed.name.is_empty() { "Home" } else { &placed.name };
    paths::title_from_name(name)
}

/// Text of the first heading and where it stands. Looks at the beginning of a text only.
fn first_heading(markdown: &str) -> Option<(String, std::ops::Range<usize>)> {
    let start = &markdown[..markdown.floor_char_boundary(16 * 1024)];
    let mut found: Option<(String, std::ops::Range<usize>)> = None;
    for (event, range) in Parser::new(start).into_offset_iter() {
        match (event, &mut found) {
            (Event::Start(Tag::Heading { .. }), None) => found = Some((String::new(), range)),
            (Event::Text(t) | Event::Code(t), Some((out, _))) => out.push_str(&t),
            (Event::SoftBreak | Event::HardBreak, Some((out, _))) => out.push(' '),
            (Event::End(TagEnd::Heading(_)), Some((out, _))) if out.trim().is_empty() => found = None,
            (Event::End(TagEnd::Heading(_)), Some(_)) => break,
            _ => {}
        }
    }
    found
        .map(|(text, range)| (text.trim().to_owned(), range))
        .filter(|(text, _)| !text.is_empty())
}

fn kind(fields: &mut Fields, placed: &Placed, dated: bool) -> PageKind {
    if let Some(name) = fields.peek("kind").and_then(Value::as_str).map(str::to_owned) {
        if let Ok(kind) = serde_json::from_value::<PageKind>(Value::String(name)) {
            fields.value("kind");
            return kind;
        }
        fields.warn(
            "kind",
            "`kind` is none of post, page, product, service, home, about, contact; kept as an unknown key",
        );
    }
    let last = placed.path.trim_matches('/').rsplit('/').next().unwrap_or("");
    match last {
        _ if placed.what == What::Home => PageKind::Home,
        _ if placed.post || dated => PageKind::Post,
        "about" => PageKind::About,
        "contact" => PageKind::Contact,
        _ => PageKind::Page,
    }
}

/// Names of terms by taxonomy.
fn terms(fields: &mut Fields, placed: &Placed, config: &Config) -> IndexMap<String, Vec<String>> {
    let mut out: IndexMap<String, Vec<String>> = IndexMap::new();
    let mut add = |name: &str, terms: Vec<String>| {
        let list = out.entry(name.to_owned()).or_default();
        for term in terms {
            if !term.trim().is_empty() && !list.contains(&term) {
                list.push(term);
            }
        }
    };
    if let Some(table) = fields.map(&["taxonomies"]) {
        for (name, value) in table {
            match strings(&value) {
                Some(terms) => add(&name, terms),
                None => fields.warn(&name, format!("terms of `{name}` are not texts; left out")),
            }
        }
    }
    let jekyll = matches!(config.rules, Rules::Jekyll(_));
    let words = |terms: Vec<String>, was_text: bool| match was_text && jekyll {
        true => terms
            .iter()
            .flat_map(|t| t.split_whitespace())
            .map(str::to_owned)
            .collect(),
        false => terms,
    };
    let is_text = |fields: &Fields, key: &str| fields.peek(key).is_some_and(Value::is_string);
    if jekyll {
        let mut all = placed.categories.clone();
        all.extend(place::jekyll::categories_of(fields));
        if !all.is_empty() {
            add("categories", all);
        }
        fields.list(&["categories"]);
        fields.list(&["category"]);
    }
    for (plural, singular) in [("tags", "tag"), ("categories", "category")] {
        let text = is_text(fields, plural);
        if let Some(terms) = fields.list(&[plural]) {
            add(plural, words(terms, text));
        }
        if fields.peek(singular).is_some_and(|v| v.is_string()) {
            add(plural, fields.list(&[singular]).unwrap_or_default());
        }
    }
    if let Rules::Hugo(rules) = &config.rules {
        for name in rules
            .taxonomies
            .iter()
            .filter(|n| !matches!(n.as_str(), "tags" | "categories"))
        {
            if let Some(terms) = fields.list(&[name.as_str()]) {
                add(name, terms);
            }
        }
    }
    out
}

/// Says that a page belongs to one of the site's languages; a language nobody declared is added to them.
pub(super) fn undeclared_language(language: &str, config: &Config) -> Option<String> {
    (!config.is_language(language))
        .then(|| language_tag(language))
        .flatten()
}

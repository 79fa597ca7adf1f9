//! Front matter and text of one file into a page or section of the snapshot.

use indexmap::IndexMap;
use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use serde_json::Value;

use super::config::plain::decode_json;
use super::config::{Config, Rules, language_tag};
use super::fields::{Fields, strings, text};
use super::front_matter::Map;
use super::place::{self, Placed, What};
use super::{dates, paths};
use crate::site::{
    Availability, Body, ClusterRef, ClusterRole, Entity, FaqItem, Page, PageKind, Section,
    SectionSort,
};

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
pub(super) fn page(
    fields: &mut Fields,
    placed: &Placed,
    config: &Config,
    body: Body,
    had_head: bool,
) -> Built {
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
    let publish = fields
        .peek("publishDate")
        .and_then(|v| dates::parse(v.as_str()?, zone));
    if publish.is_some() && (published_at.is_none() || publish > published_at) {
        published_at = publish;
    }
    let published_at = published_at.or_else(|| placed.date.and_then(|d| dates::midnight(d, zone)));
    let updated_at = fields.date(
        &["updated", "lastmod", "last_modified_at", "modified"],
        zone,
    );
    let mut draft = fields.bool(&["draft"]).unwrap_or(false) || placed.draft;
    let terms = terms(fields, placed, config);
    let kind = kind(fields, placed, published_at.is_some());
    let author = author(fields);
    let image = image(fields);
    let aliases = aliases(fields, placed, config);
    let canonical_url = canonical(fields);
    let indexable = indexable(fields);
    let never_rendered = fields.peek("render").and_then(super::fields::boolean) == Some(false)
        || fields.peek("headless").and_then(super::fields::boolean) == Some(true);
    if never_rendered && !matches!(config.rules, Rules::Plain(_)) {
        draft = true;
        fields.problems.info(
            fields.file,
            "never rendered by the old generator; kept as a draft",
        );
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
        cluster: cluster(fields),
        entity,
        attributes: attributes(fields),
        faq: faq(fields),
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
    if let Body::Markdown(markdown) = body {
        if let Some((heading, range)) = first_heading(markdown) {
            if cut && markdown[..range.start].trim().is_empty() {
                // The lines stay, for problems further down to name theirs.
                let lines = "\n".repeat(markdown[..range.end].matches('\n').count());
                *markdown = format!("{lines}{}", &markdown[range.end..]);
            }
            return heading;
        }
    }
    let name = if placed.name.is_empty() {
        "Home"
    } else {
        &placed.name
    };
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
            (Event::End(TagEnd::Heading(_)), Some((out, _))) if out.trim().is_empty() => {
                found = None
            }
            (Event::End(TagEnd::Heading(_)), Some(_)) => break,
            _ => {}
        }
    }
    found
        .map(|(text, range)| (text.trim().to_owned(), range))
        .filter(|(text, _)| !text.is_empty())
}

fn kind(fields: &mut Fields, placed: &Placed, dated: bool) -> PageKind {
    if let Some(name) = fields
        .peek("kind")
        .and_then(Value::as_str)
        .map(str::to_owned)
    {
        if let Ok(kind) = serde_json::from_value::<PageKind>(Value::String(name)) {
            fields.value("kind");
            return kind;
        }
        fields.warn("kind", "`kind` is none of post, page, product, service, home, about, contact; kept as an unknown key");
    }
    let last = placed
        .path
        .trim_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or("");
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

/// One name, or the first of several; several stay as a list besides.
fn author(fields: &mut Fields) -> Option<String> {
    let name = |value: &Value| text(value).or_else(|| value.get("name").and_then(text));
    for key in ["author", "authors"] {
        let Some(value) = fields.peek(key) else {
            continue;
        };
        let (first, whole) = match value {
            Value::Array(items) => (
                items.first().and_then(name),
                items.len() == 1 && items[0].is_string(),
            ),
            other => (name(other), text(other).is_some()),
        };
        if whole {
            fields.value(key);
        }
        if first.is_some() {
            return first;
        }
    }
    None
}

/// The featured image under the names themes have for it.
fn image(fields: &mut Fields) -> Option<String> {
    let inner = |value: &Value| {
        ["image", "src", "path", "url"]
            .iter()
            .find_map(|k| value.get(k)?.as_str().map(str::to_owned))
    };
    for key in [
        "image",
        "featured_image",
        "featuredImage",
        "featured-image",
        "cover",
        "thumbnail",
        "images",
    ] {
        let Some(value) = fields.peek(key) else {
            continue;
        };
        let (found, whole) = match value {
            Value::String(s) => (Some(s.clone()), true),
            Value::Array(items) => (
                items.first().and_then(Value::as_str).map(str::to_owned),
                items.len() == 1,
            ),
            other => (inner(other), false),
        };
        if let Some(found) = found.filter(|f| !f.trim().is_empty()) {
            if whole {
                fields.value(key);
            }
            return Some(found);
        }
    }
    None
}

fn aliases(fields: &mut Fields, placed: &Placed, config: &Config) -> Vec<String> {
    let mut out = Vec::new();
    let mut written = fields.list(&["aliases"]).unwrap_or_default();
    written.extend(fields.list(&["redirect_from"]).unwrap_or_default());
    for raw in written {
        let safe = paths::site_path(&raw).trim_matches('/') == raw.trim_matches('/');
        let alias = match &config.rules {
            Rules::Plain(_) if safe && raw.starts_with('/') => raw.clone(),
            Rules::Hugo(_) if !raw.starts_with('/') => {
                let parent = paths::parent(placed.path.trim_end_matches('/'));
                paths::old_path(&format!(
                    "/{}",
                    paths::resolve(parent, &raw).unwrap_or_default()
                ))
            }
            _ => paths::old_path(&raw),
        };
        if !safe && !raw.starts_with('.') {
            fields.warn(
                "aliases",
                format!("old address `{}` is kept as `{alias}`", raw.escape_debug()),
            );
        }
        if alias != "/" && alias != placed.path && !out.contains(&alias) {
            out.push(alias);
        }
    }
    if let Some(old) = placed.old.as_ref().filter(|old| !out.contains(old)) {
        out.push(old.clone());
    }
    out
}

fn canonical(fields: &mut Fields) -> Option<String> {
    for key in ["canonical_url", "canonicalURL", "canonical"] {
        let Some(raw) = fields.peek(key).and_then(Value::as_str) else {
            continue;
        };
        if raw.starts_with('/')
            || url::Url::parse(raw).is_ok_and(|u| matches!(u.scheme(), "http" | "https"))
        {
            return fields.string(&[key]);
        }
        fields.warn(
            key,
            format!("`{key}` is not a web address; kept as an unknown key"),
        );
    }
    None
}

fn indexable(fields: &mut Fields) -> bool {
    if let Some(on) = fields.bool(&["indexable"]) {
        return on;
    }
    for key in ["noindex", "robotsNoIndex"] {
        if fields.peek(key).and_then(super::fields::boolean).is_some() {
            return !fields.bool(&[key]).unwrap_or(false);
        }
    }
    true
}

/// Hugo's menu entries in front matter: a name, names, or tables by name.
fn menus(fields: &mut Fields) -> Vec<(String, i64)> {
    let Some(value) = fields.peek("menus").or_else(|| fields.peek("menu")) else {
        return Vec::new();
    };
    match value {
        Value::String(name) => vec![(name.clone(), 0)],
        Value::Array(names) => names
            .iter()
            .filter_map(|n| Some((n.as_str()?.to_owned(), 0)))
            .collect(),
        Value::Object(map) => map
            .iter()
            .map(|(name, entry)| {
                (
                    name.clone(),
                    entry.get("weight").and_then(Value::as_i64).unwrap_or(0),
                )
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn cluster(fields: &mut Fields) -> Option<ClusterRef> {
    let mut table = fields.inner("cluster")?;
    let role = table
        .string(&["role"])
        .unwrap_or_else(|| "supporting".into());
    let role =
        serde_json::from_value::<ClusterRole>(Value::String(role.clone())).unwrap_or_else(|_| {
            table.warn(
                "role",
                format!("cluster role `{role}` is none of hub, supporting, attribute"),
            );
            ClusterRole::Supporting
        });
    let name = table.string(&["name"]);
    let id = table
        .string(&["id"])
        .or_else(|| name.as_deref().map(paths::slugify));
    let found = id.map(|id| ClusterRef {
        name: name.unwrap_or_else(|| id.clone()),
        id,
        role,
    });
    if found.is_none() {
        table.warn("cluster", "a cluster needs an `id` or a `name`; left out");
    }
    table.report_rest("cluster");
    found
}

fn entity(fields: &mut Fields, rest: &mut Map) -> Entity {
    if !fields.peek("entity").is_some_and(Value::is_object) {
        return Entity::default();
    }
    let Some(mut table) = fields.inner("entity") else {
        return Entity::default();
    };
    let availability = table.string(&["availability"]).and_then(|name| {
        let known = serde_json::from_value::<Availability>(Value::String(
            name.to_lowercase().replace([' ', '-'], "_"),
        ));
        if known.is_err() {
            let message = format!(
                "availability `{name}` is none of in_stock, out_of_stock, pre_order, discontinued"
            );
            table.warn("availability", message);
        }
        known.ok()
    });
    let rating_value = table.float(&["rating_value"]).filter(|r| {
        let sound = (0.0..=5.0).contains(r);
        if !sound {
            table.warn(
                "rating_value",
                format!("a rating lies between 0 and 5, not at {r}; left out"),
            );
        }
        sound
    });
    let entity = Entity {
        price: table.string(&["price"]),
        currency: table.string(&["currency"]),
        brand: table.string(&["brand"]),
        sku: table.string(&["sku"]),
        gtin: table.string(&["gtin"]),
        availability,
        rating_value,
        rating_count: table
            .int(&["rating_count"])
            .and_then(|n| u32::try_from(n).ok()),
        area: table.string(&["area"]),
        price_range: table.string(&["price_range"]),
        gallery: table.list(&["gallery"]).unwrap_or_default(),
    };
    *rest = table.map;
    entity
}

fn attributes(fields: &mut Fields) -> IndexMap<String, String> {
    let texts = |v: &Value| {
        v.as_object()
            .is_some_and(|m| m.values().all(|v| text(v).is_some()))
    };
    if !fields.peek("attributes").is_some_and(texts) {
        return IndexMap::new();
    }
    let table = fields.map(&["attributes"]).unwrap_or_default();
    table
        .into_iter()
        .filter_map(|(k, v)| Some((k, text(&v)?)))
        .collect()
}

fn faq(fields: &mut Fields) -> Vec<FaqItem> {
    let item = |v: &Value| {
        let question = v.get("question")?.as_str()?.to_owned();
        Some(FaqItem {
            question,
            answer: v.get("answer")?.as_str()?.to_owned(),
        })
    };
    let items: Option<Vec<FaqItem>> = match fields.peek("faq") {
        Some(Value::Array(items)) => items.iter().map(item).collect(),
        Some(_) => None,
        None => return Vec::new(),
    };
    match items {
        Some(items) => {
            fields.value("faq");
            items
        }
        None => {
            fields.warn(
                "faq",
                "every [[faq]] needs a `question` and an `answer`; kept as an unknown key",
            );
            Vec::new()
        }
    }
}

/// Says that a page belongs to one of the site's languages; a language nobody declared is added to them.
pub(super) fn undeclared_language(language: &str, config: &Config) -> Option<String> {
    (!config.is_language(language))
        .then(|| language_tag(language))
        .flatten()
}

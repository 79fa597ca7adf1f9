//! Front matter and `site.toml` as text. Only what the reader would not find by itself is written.

use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Value;
use toml::{Table, Value as Toml};

use super::ExportError;
use super::place::{Item, Plan};
use crate::folder::assemble::nearest;
use crate::folder::blocks;
use crate::folder::links::{self, From};
use crate::folder::place::What;
use crate::folder::problem::Problems;
use crate::site::{Body, MenuItem, OrganisationKind, Outputs, Page, Pagination, Section, SectionSort, Site};

/// Keys in the order they are written; empty values are left out.
#[derive(Default)]
struct Head(Table);

impl Head {
    fn put(&mut self, key: &str, value: impl Into<Toml>) {
        self.0.insert(key.into(), value.into());
    }

    fn text(&mut self, key: &str, value: &str) {
        if !value.is_empty() {
            self.put(key, value);
        }
    }

    fn some(&mut self, key: &str, value: Option<impl Into<Toml>>) {
        if let Some(value) = value {
            self.put(key, value);
        }
    }

    fn texts(&mut self, key: &str, values: &[String]) {
        if !values.is_empty() {
            self.put(key, texts(values));
        }
    }

    fn date(&mut self, key: &str, value: Option<DateTime<Utc>>) {
        if let Some(date) = value {
            let text = date.to_rfc3339_opts(SecondsFormat::AutoSi, true);
            let native = toml::value::Datetime::from_str(&text).map(Toml::Datetime);
            self.put(key, native.unwrap_or(Toml::String(text)));
        }
    }

    fn table(&mut self, key: &str, table: Table) {
        if !table.is_empty() {
            self.put(key, table);
        }
    }

    /// Unknown values; those that TOML has no words for go as JSON text into a table of their own.
    fn values(&mut self, key: &str, values: &IndexMap<String, Value>) {
        let (mut plain, mut json) = (Table::new(), Table::new());
        for (name, value) in values {
            match to_toml(value) {
                Some(value) => plain.insert(name.clone(), value),
                None => json.insert(name.clone(), Toml::String(value.to_string())),
            };
        }
        self.table(key, plain);
        self.table(&format!("{key}_json"), json);
    }

    fn finish(self, file: &str) -> Result<String, ExportError> {
        toml::to_string(&self.0).map_err(|e| ExportError::Encode {
            file: file.to_owned(),
            message: e.to_string(),
        })
    }
}

fn texts(values: &[String]) -> Toml {
    Toml::Array(values.iter().cloned().map(Toml::String).collect())
}

/// The name an enum has in files.
fn word(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

fn to_toml(value: &Value) -> Option<Toml> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(b) => Toml::Boolean(*b),
        Value::Number(n) => match n.as_i64() {
            Some(i) => Toml::Integer(i),
            None if n.is_f64() => Toml::Float(n.as_f64()?),
            None => return None,
        },
        Value::String(s) => Toml::String(s.clone()),
        Value::Array(items) => Toml::Array(items.iter().map(to_toml).collect::<Option<_>>()?),
        Value::Object(map) => Toml::Table(
            map.iter()
                .map(|(k, v)| Some((k.clone(), to_toml(v)?)))
                .collect::<Option<_>>()?,
        ),
    })
}

fn size(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// A whole file: front matter, an empty line, the text as it is.
fn file(head: Head, body: &Body, rel: &str) -> Result<String, ExportError> {
    let (Body::Markdown(text) | Body::Html(text)) = body;
    Ok(format!("+++\n{}+++\n\n{text}", head.finish(rel)?))
}

/// Would the reader change links of this text?
fn links_change(body: &Body, rel: &str, path: &str, plan: &Plan) -> bool {
    let from = From {
        rel,
        line: 1,
        skipped: &[],
        base: path,
    };
    let silent = Problems::default();
    match body {
        Body::Markdown(text) => links::markdown(text, &from, &plan.index, &plan.config, &silent).is_some(),
        Body::Html(text) => links::html(text, &from, &plan.index, &plan.config, &silent).is_some(),
    }
}

/// Would the reader change links of these blocks?
fn block_links_change(page: &Page, rel: &str, plan: &Plan) -> bool {
    let from = From {
        rel,
        line: 1,
        skipped: &[],
        base: &page.path,
    };
    let mut read = page.blocks.clone();
    blocks::rewrite(
        &mut read,
        &from,
        &plan.index,
        &plan.config,
        &Problems::default(),
        &mut Vec::new(),
    );
    read != page.blocks
}

pub(super) fn page(item: &Item<Page>, plan: &Plan, draft: bool) -> Result<String, ExportError> {
    let page = item.of;
    let mut head = Head::default();
    head.put("title", page.title.as_str());
    head.put("kind", word(page.kind));
    if item.derived.path != page.path {
        head.put("path", page.path.as_str());
    }
    if item.rel != page.id {
        head.put("id", page.id.as_str());
    }
    if item.derived.language != page.language {
        head.put("language", page.language.as_str());
    }
    if nearest(&plan.folders, &item.derived.dir, &page.language) != page.section {
        head.put("section", page.section.as_str());
    }
    head.date("date", page.published_at);
    head.date("updated", page.updated_at);
    if draft {
        head.put("draft", true);
    }
    head.text("description", &page.description);
    head.text("seo_title", &page.seo_title);
    head.text("excerpt", &page.excerpt);
    head.some("author", page.author.as_deref());
    head.some("image", page.image.as_deref());
    head.some("weight", page.weight);
    head.some("layout", page.layout.map(crate::site::PageLayout::word));
    head.some("primary_keyword", page.primary_keyword.as_deref());
    head.texts("keywords", &page.keywords);
    head.some("structure", page.structure.map(word));
    if let Some(term) = &page.term {
        let mut table = Head::default();
        table.put("taxonomy", term.taxonomy.as_str());
        table.put("slug", term.slug.as_str());
        head.table("term", table.0);
    }
    head.texts("aliases", &page.aliases);
    head.some("canonical_url", page.canonical_url.as_deref());
    if !page.indexable {
        head.put("indexable", false);
    }
    head.some("translation_key", page.translation_key.as_deref());
    if links_change(&page.body, &item.rel, &page.path, plan) || block_links_change(page, &item.rel, plan) {
        head.put("raw_links", true);
    }
    head.table(
        "taxonomies",
        page.terms
            .iter()
            .map(|(name, terms)| (name.clone(), texts(terms)))
            .collect(),
    );
    if let Some(cluster) = &page.cluster {
        let mut table = Head::default();
        table.put("id", cluster.id.as_str());
        table.put("name", cluster.name.as_str());
        table.put("role", word(cluster.role));
        head.table("cluster", table.0);
    }
    let mut entity = Head::default();
    entity.some("price", page.entity.price.as_deref());
    entity.some("currency", page.entity.currency.as_deref());
    entity.some("brand", page.entity.brand.as_deref());
    entity.some("sku", page.entity.sku.as_deref());
    entity.some("gtin", page.entity.gtin.as_deref());
    entity.some("availability", page.entity.availability.map(word));
    entity.some("rating_value", page.entity.rating_value);
    entity.some("rating_count", page.entity.rating_count.map(i64::from));
    entity.some("area", page.entity.area.as_deref());
    entity.some("price_range", page.entity.price_range.as_deref());
    entity.texts("gallery", &page.entity.gallery);
    head.table("entity", entity.0);
    head.table(
        "attributes",
        page.attributes
            .iter()
            .map(|(k, v)| (k.clone(), Toml::String(v.clone())))
            .collect(),
    );
    if !page.faq.is_empty() {
        let item = |f: &crate::site::FaqItem| {
            let mut table = Head::default();
            table.put("question", f.question.as_str());
            table.put("answer", f.answer.as_str());
            Toml::Table(table.0)
        };
        head.put("faq", Toml::Array(page.faq.iter().map(item).collect()));
    }
    if !page.blocks.is_empty() {
        let blocks = page
            .blocks
            .iter()
            .map(|b| serde_json::to_value(b).ok().as_ref().and_then(to_toml));
        head.some("blocks", blocks.collect::<Option<Vec<Toml>>>().map(Toml::Array));
    }
    head.values("extra", &page.extra);
    file(head, &page.body, &item.rel)
}

pub(super) fn section(item: &Item<Section>, plan: &Plan) -> Result<String, ExportError> {
    let section = item.of;
    let mut head = Head::default();
    head.put("title", section.title.as_str());
    if item.derived.what != What::Section {
        // At the root of a language the reader would take it for the text of the home page.
        head.put("kind", "section");
    }
    if item.derived.path != section.path {
        head.put("path", section.path.as_str());
    }
    if item.derived.language != section.language {
        head.put("language", section.language.as_str());
    }
    head.text("description", &section.description);
    if section.sort != SectionSort::default() {
        head.put("sort_by", word(section.sort));
    }
    head.some("paginate_by", section.per_page.map(size));
    head.some("translation_key", section.translation_key.as_deref());
    if !section.render {
        head.put("render", false);
    }
    head.some("weight", section.weight);
    if links_change(&section.body, &item.rel, &section.path, plan) {
        head.put("raw_links", true);
    }
    head.values("extra", &section.extra);
    file(head, &section.body, &item.rel)
}

/// `site.toml`.
pub(super) fn site(site: &Site) -> Result<String, ExportError> {
    let settings = &site.settings;
    let mut head = Head::default();
    let mut marker = Head::default();
    marker.put("format", 1);
    head.table("igny8", marker.0);

    let mut table = Head::default();
    table.put("title", settings.title.as_str());
    table.text("description", &settings.description);
    table.put("base_url", settings.base_url.as_str());
    table.put("site_type", word(settings.site_type));
    table.put("language", settings.language.as_str());
    table.texts("languages", &settings.languages);
    table.put("time_zone", settings.time_zone.as_str());
    table.put("per_page", size(settings.per_page));
    if settings.pagination != Pagination::default() {
        table.put("pagination", "full");
    }
    table.put("feed_limit", size(settings.feed_limit));
    if !settings.indexable {
        table.put("indexable", false);
    }
    head.table("site", table.0);

    let organisation = &settings.organisation;
    let mut table = Head::default();
    table.text("name", &organisation.name);
    table.text("email", &organisation.email);
    table.text("phone", &organisation.phone);
    table.texts("address", &organisation.address);
    table.some("logo", organisation.logo.as_deref());
    table.texts("same_as", &organisation.same_as);
    if organisation.kind != OrganisationKind::default() {
        table.put("kind", word(organisation.kind));
    }
    table.text("legal_name", &organisation.legal_name);
    table.text("vat_id", &organisation.vat_id);
    table.text("registration", &organisation.registration);
    table.text("postal_code", &organisation.postal_code);
    table.text("city", &organisation.city);
    table.text("region", &organisation.region);
    table.text("country", &organisation.country);
    table.some("privacy_url", organisation.privacy_url.as_deref());
    head.table("organisation", table.0);

    if settings.markdown != Default::default()
        && let Ok(markdown) = Table::try_from(settings.markdown)
    {
        head.table("markdown", markdown);
    }

    if settings.outputs != Outputs::default()
        && let Ok(outputs) = Table::try_from(&settings.outputs)
    {
        head.table("outputs", outputs);
    }

    let mut theme = Head::default();
    theme.values("options", &settings.theme_options);
    head.table("theme", theme.0);
    head.table(
        "menu",
        site.menus
            .iter()
            .map(|(place, items)| (place.clone(), menu(items)))
            .collect(),
    );

    // Written even when empty: it tells the reader that there are no others.
    head.put(
        "taxonomies",
        Toml::Array(site.taxonomies.iter().map(|t| taxonomy(t, site)).collect()),
    );
    let redirects = site.redirects.iter().map(|r| {
        let mut table = Head::default();
        table.put("from", r.from.as_str());
        table.put("to", r.to.as_str());
        Toml::Table(table.0)
    });
    let redirects: Vec<Toml> = redirects.collect();
    if !redirects.is_empty() {
        head.put("redirects", Toml::Array(redirects));
    }
    let mut described: Vec<_> = site.media.iter().filter(|m| !m.alt.is_empty()).collect();
    described.sort_by(|a, b| a.path.cmp(&b.path));
    let media: Vec<Toml> = described
        .into_iter()
        .map(|m| {
            let mut table = Head::default();
            table.put("path", m.path.as_str());
            table.put("alt", m.alt.as_str());
            Toml::Table(table.0)
        })
        .collect();
    if !media.is_empty() {
        head.put("media", Toml::Array(media));
    }
    head.values("extra", &settings.extra);
    head.finish("site.toml")
}

fn menu(items: &[MenuItem]) -> Toml {
    let item = |item: &MenuItem| {
        let mut table = Head::default();
        table.put("label", item.label.as_str());
        table.put("url", item.url.as_str());
        if !item.children.is_empty() {
            table.put("children", menu(&item.children));
        }
        Toml::Table(table.0)
    };
    Toml::Array(items.iter().map(item).collect())
}

fn taxonomy(taxonomy: &crate::site::Taxonomy, site: &Site) -> Toml {
    let mut table = Head::default();
    table.put("name", taxonomy.name.as_str());
    table.put("title", taxonomy.title.as_str());
    table.put("kind", word(taxonomy.kind));
    table.put("path", taxonomy.path.as_str());
    table.some("per_page", taxonomy.per_page.map(size));
    if !taxonomy.feed {
        table.put("feed", false);
    }
    let terms = taxonomy.terms.iter().map(|term| {
        let mut table = Head::default();
        table.put("slug", term.slug.as_str());
        table.put("name", term.name.as_str());
        table.text("description", &term.description);
        table.some("parent", term.parent.as_deref());
        if term.language != site.settings.language {
            table.put("language", term.language.as_str());
        }
        table.some("translation_key", term.translation_key.as_deref());
        table.texts("aliases", &term.aliases);
        Toml::Table(table.0)
    });
    let terms: Vec<Toml> = terms.collect();
    if !terms.is_empty() {
        table.put("terms", Toml::Array(terms));
    }
    Toml::Table(table.0)
}

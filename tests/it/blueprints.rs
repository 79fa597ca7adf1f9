//! Blueprints against the renderer: what they name is known there, and a site that is planned with one can be shown.

use std::collections::{BTreeMap, HashMap, HashSet};

use igny8_builder::blueprint::{Blueprint, Themes, builtin};
use igny8_builder::coverage;
use igny8_builder::names::{
    BlockType, Choice, ContextType, Entity, FieldKind, Layout, MenuPlace, PageType, Role, SiteKind, Structure,
    TaxonomyKind,
};
use igny8_builder::sitemap::menus::{Link, visible};
use igny8_builder::sitemap::{BlockPlan, Brand, Cluster, Input, Keyword, PagePlan, Sitemap, structure};
use igny8_builder::taxonomy::{Term, recommend};
use igny8_renderer::blocks::{Block, FieldKind as OutField, PageLayout};
use igny8_renderer::{Severity, Theme, paths, render, site as out};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Each word is one that the renderer reads, and writes back.
fn known<T: Choice, Out: DeserializeOwned + Serialize>() {
    for (_, word, _) in T::ALL {
        let read: Out =
            serde_json::from_value(json!(word)).unwrap_or_else(|error| panic!("{}: {word}: {error}", T::NOUN));
        assert_eq!(serde_json::to_value(read).unwrap(), json!(word));
    }
}

#[test]
fn names_are_those_of_the_renderer() {
    known::<SiteKind, out::SiteType>();
    known::<Structure, out::ContentStructure>();
    known::<Role, out::ClusterRole>();
    known::<TaxonomyKind, out::TaxonomyKind>();
    known::<Layout, PageLayout>();
    known::<FieldKind, OutField>();
    let layouts: Vec<&str> = PageLayout::ALL.iter().map(|layout| layout.word()).collect();
    let ours: Vec<&str> = Layout::ALL.iter().map(|(_, word, _)| *word).collect();
    assert_eq!(layouts, ours, "all layouts can be chosen");
    for &(kind, word, _) in BlockType::ALL {
        let block = |variant: Option<&str>| {
            let mut block = json!({ "type": word });
            if let Some(variant) = variant {
                block["variant"] = variant.into();
            }
            serde_json::from_value::<Block>(block)
        };
        assert!(block(None).is_ok(), "{word}");
        for variant in kind.variants() {
            assert!(block(Some(variant)).is_ok(), "{word} {variant}");
        }
        assert!(
            block(Some("nothing of the kind")).is_err(),
            "{word} takes no other variant"
        );
        for (key, value, possible) in [
            ("section", json!("/blog/"), kind.shows_section()),
            ("links", json!([]), kind.has_links()),
            ("items", json!([]), kind.has_items()),
            ("fields", json!([]), kind == BlockType::Form),
        ] {
            let found = serde_json::from_value::<Block>(json!({ "type": word, key: value }));
            assert_eq!(found.is_ok(), possible, "{word} {key}");
        }
    }
}

fn themes() -> Themes {
    let mut themes = Themes::default();
    for name in Theme::builtin_names() {
        let file = format!("{}/../themes/{name}/theme.toml", env!("CARGO_MANIFEST_DIR"));
        themes.add(&name, &std::fs::read_to_string(file).unwrap()).unwrap();
    }
    themes
}

const BLOG: &[&str] = &[
    "cold brew coffee",
    "how to make cold brew coffee",
    "cold brew ratio",
    "cold brew vs iced coffee",
    "best coffee for cold brew",
    "cold brew recipe",
    "pour over coffee",
    "pour over ratio",
    "how to make pour over coffee",
    "best pour over coffee maker",
    "pour over kettle",
    "pour over vs drip coffee",
];
const SHOP: &[&str] = &[
    "hiking boots",
    "buy hiking boots",
    "best hiking boots",
    "leather hiking boots",
    "how to clean hiking boots",
    "hiking boots vs trail runners",
    "trekking poles",
    "buy trekking poles",
    "carbon trekking poles",
    "best trekking poles",
    "how to use trekking poles",
    "order scarpa kailash trek gtx",
];
const COMPANY: &[&str] = &[
    "boiler repair",
    "boiler repair near me",
    "emergency boiler repair",
    "boiler repair cost",
    "boiler not heating water",
    "how to bleed a boiler",
    "drain cleaning",
    "drain cleaning service",
    "drain cleaning near me",
    "how to unblock a drain",
    "blocked drain smell",
    "drain cleaning cost",
];

fn clusters(keywords: &[&str]) -> Vec<Cluster> {
    let planned: Vec<igny8_planner::cluster::Keyword> = keywords
        .iter()
        .map(|text| igny8_planner::cluster::Keyword::new(*text))
        .collect();
    let found = igny8_planner::cluster::Graph::new(&planned, &igny8_planner::cluster::Options::default()).cluster(0.5);
    let cluster = |(at, of): (usize, &igny8_planner::cluster::Cluster)| Cluster {
        id: format!("c{at}"),
        name: of.name.clone(),
        role: of.role,
        context: of.context_type,
        parent: of.parent.map(|at| format!("c{at}")),
        priority: 0,
        recommended: of.recommendations.terms.clone(),
        attributes: of
            .recommendations
            .attributes
            .iter()
            .map(|of| (of.name.clone(), of.value.clone()))
            .collect(),
        keywords: of
            .keywords
            .iter()
            .map(|&k| Keyword {
                id: format!("k{k}"),
                text: planned[k].text.clone(),
                ..Keyword::default()
            })
            .collect(),
    };
    found.clusters.iter().enumerate().map(cluster).collect()
}

/// A plan as a site with placeholders for its texts.
struct Shown<'a> {
    blueprint: &'a Blueprint,
    plan: &'a Sitemap,
    terms: HashMap<&'a str, &'a Term>,
    clusters: HashMap<&'a str, &'a str>,
    addresses: HashMap<&'a str, String>,
}

impl Shown<'_> {
    fn site(&self, brand: &Brand) -> out::Site {
        let sections: Vec<Value> = self
            .plan
            .pages
            .iter()
            .filter(|page| page.entity == Entity::Section)
            .map(|page| json!({ "path": page.address(), "title": page.title, "description": page.description, "body": text("Above the list."), "language": "en" }))
            .collect();
        let pages: Vec<Value> = self
            .plan
            .pages
            .iter()
            .filter(|page| page.entity != Entity::Section)
            .map(|page| self.page(page))
            .collect();
        let taxonomies: Vec<Value> = self
            .blueprint
            .taxonomies
            .iter()
            .map(|of| {
                let terms = self.terms.values().filter(|term| term.kind == of.kind);
                let terms: Vec<Value> = terms
                    .map(|term| {
                        let parent = term.parent.as_deref().map(|id| self.terms[id].slug.as_str());
                        json!({ "slug": term.slug, "name": term.name, "parent": parent, "language": "en" })
                    })
                    .collect();
                json!({ "name": of.name, "title": of.title.in_language("en"), "kind": of.kind.word(), "path": of.url, "terms": terms })
            })
            .collect();
        fn menu(links: &[Link]) -> Vec<Value> {
            let entry = |link: &Link| json!({ "label": link.label, "url": link.url, "children": menu(&link.below) });
            links.iter().map(entry).collect()
        }
        let menus: BTreeMap<&str, Vec<Value>> = visible(self.plan, |_| true)
            .iter()
            .map(|(place, links)| (place.word(), menu(links)))
            .collect();
        assert!(menus.contains_key(MenuPlace::Main.word()));
        let site = json!({
            "version": out::SNAPSHOT_VERSION,
            "generated_at": "2026-01-01T00:00:00Z",
            "settings": {
                "title": brand.name, "description": brand.description, "base_url": "https://site.example",
                "site_type": self.blueprint.site_type.word(), "language": "en",
                "organisation": { "email": "hello@site.example" },
                "theme_options": self.blueprint.theme.options, "outputs": { "share_images": false },
            },
            "pages": pages, "sections": sections, "taxonomies": taxonomies, "menus": menus,
        });
        serde_json::from_value(site).expect("the renderer reads it")
    }

    fn page(&self, page: &PagePlan) -> Value {
        let kind = match page.page_type {
            PageType::Home => "home",
            PageType::About => "about",
            PageType::Contact => "contact",
            PageType::Post => "post",
            PageType::Product => "product",
            PageType::Service => "service",
            _ => "page",
        };
        let taxonomy = |id: &str| {
            let term = self.terms[id];
            (
                self.blueprint.taxonomy(term.kind).unwrap().name.clone(),
                term.slug.clone(),
            )
        };
        let mut terms: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, slug) in page.terms.iter().map(|id| taxonomy(id)) {
            terms.entry(name).or_default().push(slug);
        }
        let links: Vec<String> = page
            .links
            .iter()
            .map(|key| format!("[About {key}]({}).", self.addresses[key.as_str()]))
            .collect();
        let cluster = page
            .cluster
            .as_deref()
            .map(|id| json!({ "id": id, "name": self.clusters[id], "role": page.role.unwrap().word() }));
        let mut value = json!({
            "id": page.key, "kind": kind, "path": page.address(), "section": page.section, "title": page.title,
            "seo_title": page.seo_title, "description": page.description, "language": "en", "indexable": !page.hidden,
            "body": text(if page.blocks.is_empty() { links.join("\n\n") } else { String::new() }),
            "terms": terms, "structure": page.structure.map(Choice::word),
            "primary_keyword": page.primary.as_ref().map(|aim| &aim.text),
            "cluster": cluster,
            "blocks": page.blocks.iter().map(|block| self.block(block)).collect::<Vec<Value>>(),
            "layout": page.layout.map(Choice::word),
        });
        if page.entity == Entity::Post {
            value["published_at"] = json!("2025-12-01T00:00:00Z");
        }
        if let Some(id) = &page.term {
            let (taxonomy, slug) = taxonomy(id);
            value["term"] = json!({ "taxonomy": taxonomy, "slug": slug });
        }
        if page.entity == Entity::Product {
            value["entity"] = json!({ "price": "12.50", "currency": "EUR", "availability": "in_stock" });
        }
        value
    }

    fn block(&self, block: &BlockPlan) -> Value {
        let mut value = json!({ "type": block.kind.word(), "heading": block.name });
        let mut set = |key: &str, given: Value| value[key] = given;
        if !block.variant.is_empty() {
            set("variant", block.variant.clone().into());
        }
        if let Some(section) = &block.section {
            set("section", section.clone().into());
        }
        if let Some(limit) = block.limit {
            set("limit", limit.into());
        }
        if !block.links.is_empty() {
            let link = |key: &String| json!({ "label": key, "url": self.addresses[key.as_str()] });
            set("links", block.links.iter().map(link).collect());
        }
        match block.kind {
            BlockType::Form => {
                let field = |of: &igny8_builder::blueprint::FieldSpec| {
                    json!({ "name": of.name, "kind": of.kind.word(), "label": of.label.in_language("en"), "required": of.required,
                            "help": of.help.in_language("en"), "options": of.options })
                };
                set("action", "/forms/contact".into());
                set("fields", block.fields.iter().map(field).collect());
            }
            BlockType::Faq => set("items", json!([{ "question": "Why?", "answer": "So." }])),
            BlockType::Stats => set("items", json!([{ "value": "12", "label": "years" }])),
            BlockType::Testimonials => set("items", json!([{ "text": "Good.", "name": "A customer" }])),
            BlockType::Accordion => set("items", json!([{ "heading": "One", "text": "Text." }])),
            BlockType::Features | BlockType::Grid => set("items", json!([{ "heading": "One", "text": "Text." }])),
            BlockType::Text => set("text", "A text.".into()),
            _ => {}
        }
        value
    }
}

fn text(body: impl Into<String>) -> Value {
    json!({ "format": "markdown", "text": body.into() })
}

#[test]
fn a_planned_site_is_shown_whole() {
    for (name, keywords) in [("blog", BLOG), ("ecommerce", SHOP), ("company", COMPANY)] {
        let (_, file) = builtin().iter().find(|(key, _)| *key == name).unwrap();
        let blueprint = Blueprint::parse(file, Some(&themes())).unwrap();
        let brand = Brand {
            name: "A site".to_owned(),
            description: "What the site is about, in a sentence that says for whom it is.".to_owned(),
            audience: "people who search".to_owned(),
            language: "en".to_owned(),
        };
        let clusters = clusters(keywords);
        assert!(
            clusters.iter().any(|cluster| cluster.context != ContextType::Attribute),
            "{name} has clusters"
        );
        let empty = Sitemap::default();
        let input = |terms, before| Input {
            blueprint: &blueprint,
            brand: &brand,
            clusters: &clusters,
            terms,
            before,
        };
        let id = |kind: TaxonomyKind, slug: &str| format!("{}:{slug}", kind.word());
        let proposals = recommend(input(&[], &empty));
        let terms: Vec<Term> = proposals
            .iter()
            .map(|of| Term {
                id: id(of.kind, &of.slug),
                kind: of.kind,
                name: of.name.clone(),
                slug: of.slug.clone(),
                parent: of.parent.map(|above| id(proposals[above].kind, &proposals[above].slug)),
                clusters: of.clusters.clone(),
            })
            .collect();
        let plan = structure(input(&terms, &empty)).sitemap;
        let report = coverage::check(input(&terms, &plan), &[]);
        assert_eq!(report.open, 0, "{name}: {:#?}", report.violations);

        let shown = Shown {
            blueprint: &blueprint,
            plan: &plan,
            terms: terms.iter().map(|term| (term.id.as_str(), term)).collect(),
            clusters: clusters.iter().map(|of| (of.id.as_str(), of.name.as_str())).collect(),
            addresses: plan
                .pages
                .iter()
                .map(|page| (page.key.as_str(), page.address()))
                .collect(),
        };
        let site = shown.site(&brand);
        let theme = Theme::builtin(&blueprint.theme.name).unwrap();
        let rendered = render(&site, &theme);
        let bad: Vec<String> = rendered
            .report
            .diagnostics
            .iter()
            .filter(|of| of.severity == Severity::Error || !TOLERATED.contains(&of.code))
            .map(ToString::to_string)
            .collect();
        assert!(bad.is_empty(), "{name}: {bad:#?}");

        let html = |page: &PagePlan| {
            let file = rendered.files.get(&paths::file_of(&page.address()));
            String::from_utf8(
                file.unwrap_or_else(|| panic!("{name}: {}", page.address()))
                    .bytes
                    .clone(),
            )
            .unwrap()
        };
        let mut bodies: HashSet<String> = HashSet::new();
        for page in &plan.pages {
            let listed =
                page.entity != Entity::Section || rendered.files.contains_key(&paths::file_of(&page.address()));
            assert!(listed, "{name}: {} is not there", page.address());
            let html = html(page);
            let schema = blueprint.page(&page.kind).unwrap().seo.schema;
            // A guide on a page by itself is an article to search engines where it is dated; here it is not.
            let is = |word: &str| html.contains(&format!("\"@type\":\"{word}\""));
            // A hub lists the pages of its cluster: a kind of WebPage.
            assert!(
                is(schema.word()) || (schema.word() == "WebPage" && is("CollectionPage")),
                "{name}: {} is no {schema:?}",
                page.address()
            );
            if let [home, about, contact] = ["home", "about", "contact"].map(|key| plan.page(key).unwrap())
                && [home, about, contact].iter().any(|of| of.key == page.key)
            {
                let body = html
                    .split("<body ")
                    .nth(1)
                    .and_then(|rest| rest.split("class=\"").nth(1));
                let class = body.and_then(|rest| rest.split('"').next()).unwrap_or_default();
                assert!(
                    bodies.insert(class.to_owned()),
                    "{name}: {} looks like another: {class} in {bodies:?}",
                    page.key
                );
            }
            // The way back is on every page but the home page: its section, if it is in one.
            let section = plan
                .pages
                .iter()
                .find(|of| of.entity == Entity::Section && of.address() == page.section);
            if let Some(section) = section {
                assert!(
                    html.contains(&format!("href=\"{}\"", section.address())),
                    "{name}: {} leads back",
                    page.key
                );
            }
        }
    }
}

/// What placeholders cannot help: blocks without the items that a person would write.
const TOLERATED: &[&str] = &["block-empty"];

//! The whole planned site as it will be: what is written, and placeholders for what is not.

use std::collections::{HashMap, HashSet};

use igny8_builder::names::{Choice as _, Entity, PageType};
use igny8_builder::sitemap::PagePlan;
use igny8_data::{Read, SiteScope};
use igny8_renderer::site as out;
use serde_json::{Value, json};

use super::desk::{Depth, Desk};
use super::live::apply_to;
use super::model::{PlanStatus, SiteBlueprintId};
use super::words::same;
use super::{blocks, made};
use crate::api::Result;
use crate::app::App;
use crate::features::publishing::snapshot;

/// The site as it would be with a plan, drafts and placeholders, and the name of its theme.
///
/// # Errors
/// 404 without the plan.
pub async fn snapshot(
    app: &App,
    scope: &SiteScope<Read>,
    plan: SiteBlueprintId,
    address: String,
) -> Result<(out::Site, String)> {
    let desk = Desk::open(app, scope, plan, Depth::Names).await?;
    let mut site = desk.site.clone();
    apply_to(
        &mut site,
        desk.kind,
        &desk.pages.sitemap,
        desk.row.status == PlanStatus::Live,
    )?;
    // Everything that is planned is there.
    site.planned = false;
    let mut shown = snapshot::drafts(&app.db.site(scope), &site, address).await?;
    let placeholders = placeholders(&desk, &shown)?;
    shown.pages.extend(placeholders.into_iter().map(out::SharedPage::from));
    snapshot::arrange(&site, &mut shown);
    Ok((shown, site.theme))
}

/// A page for each that is planned and not written.
fn placeholders(desk: &Desk, shown: &out::Site) -> Result<Vec<out::Page>> {
    let paths: HashSet<&str> = shown.pages.iter().map(|page| page.path.as_str()).collect();
    let ids: HashSet<&str> = shown.pages.iter().map(|page| page.id.as_str()).collect();
    let texts: HashSet<(&str, &str)> = shown
        .pages
        .iter()
        .filter_map(|page| page.term.as_ref())
        .map(|term| (term.taxonomy.as_str(), term.slug.as_str()))
        .collect();
    let names: HashMap<String, String> = desk
        .names()
        .into_iter()
        .map(|(id, name)| (id.to_owned(), name.to_owned()))
        .collect();
    let mut out = Vec::new();
    for page in desk
        .pages
        .sitemap
        .pages
        .iter()
        .filter(|page| page.entity != Entity::Section)
    {
        let written = desk.made.get(&page.key).and_then(|made| made.content);
        let term = page.term.as_deref().and_then(|id| filed(desk, id));
        let there = written.is_some_and(|id| ids.contains(id.to_string().as_str()))
            || paths.contains(page.address().as_str())
            || term
                .as_ref()
                .is_some_and(|(taxonomy, slug)| texts.contains(&(taxonomy.as_str(), slug.as_str())));
        if !there {
            out.push(placeholder(desk, page, term, &names)?);
        }
    }
    Ok(out)
}

/// Name of the taxonomy and slug of a term.
fn filed(desk: &Desk, id: &str) -> Option<(String, String)> {
    let term = desk.terms.iter().find(|term| term.id == id)?;
    let spec = desk.kind.taxonomy(term.kind)?;
    Some((spec.name.clone(), term.slug.clone()))
}

fn placeholder(
    desk: &Desk,
    page: &PagePlan,
    term: Option<(String, String)>,
    names: &HashMap<String, String>,
) -> Result<out::Page> {
    let kind = match page.page_type {
        PageType::Home => "home",
        PageType::About => "about",
        PageType::Contact => "contact",
        PageType::Post => "post",
        PageType::Product => "product",
        PageType::Service => "service",
        _ => "page",
    };
    let mut terms: serde_json::Map<String, Value> = serde_json::Map::new();
    for (taxonomy, slug) in page.terms.iter().filter_map(|id| filed(desk, id)) {
        if let Some(list) = terms.entry(taxonomy).or_insert_with(|| json!([])).as_array_mut() {
            list.push(slug.into());
        }
    }
    let known = blocks::known(desk, page);
    let built = blocks::build(desk, page, &known, |_| true)?;
    let body = if built.blocks.is_empty() {
        text(desk, page, names)
    } else {
        String::new()
    };
    let cluster = page.cluster.as_ref().and_then(|id| {
        let name = names.get(id)?;
        let role = page.role.map_or("supporting", |role| role.word());
        Some(json!({ "id": id, "name": name, "role": role }))
    });
    let mut value = json!({
        "id": format!("planned:{}", page.key), "kind": kind, "path": page.address(), "section": page.section,
        "title": page.title, "seo_title": page.seo_title, "description": page.description,
        "language": desk.site.language, "indexable": false,
        "body": { "format": "markdown", "text": body },
        "terms": terms, "structure": page.structure.map(|of| of.word()),
        "primary_keyword": page.primary.as_ref().map(|aim| &aim.text),
        "cluster": cluster, "blocks": built.blocks, "layout": page.layout.map(|of| of.word()),
    });
    if page.entity == Entity::Post {
        value["published_at"] = json!(desk.row.updated_at);
    }
    if let Some((taxonomy, slug)) = term {
        value["term"] = json!({ "taxonomy": taxonomy, "slug": slug });
    }
    same(&value)
}

/// What stands on a page that is not written: what it is to say, its headings, and where it leads.
fn text(desk: &Desk, page: &PagePlan, names: &HashMap<String, String>) -> String {
    let prompt = made::prompt(desk, page, names);
    let mut out = String::new();
    for line in prompt.lines().filter(|line| !line.trim().is_empty()) {
        out += &format!("> {}{line}\n", if out.is_empty() { "✎ " } else { "" });
    }
    for heading in &page.outline {
        out += &format!("\n## {}\n", heading.text);
    }
    let links = page.links.iter().filter_map(|key| desk.page(key));
    for to in links {
        out += &format!("\n- [{}]({})", to.title, to.address());
    }
    out
}

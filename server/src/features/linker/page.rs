//! A row of content as the linker's algorithms read it.

use std::collections::HashMap;

use igny8_linker::body::Format;
use igny8_linker::{Page, Role};
use igny8_renderer::blocks::{Block, Part};
use igny8_renderer::site as out;

use super::model::format_of;
use super::ways::{Archive, Way};
use crate::features::content::model::{Content, ContentType, Status};
use crate::features::planner::{ClusterId, ClusterRole};

/// A site's clusters and the ones above them.
pub type Parents = HashMap<ClusterId, Option<ClusterId>>;

/// The page of a row; `path` is where visitors find it.
pub fn of(row: &Content, path: String, clusters: &Parents) -> Page {
    let (beside, buttons) = beside(row);
    let cluster = row.cluster.filter(|id| clusters.contains_key(id));
    let parent = cluster.and_then(|id| clusters[&id]);
    let day = row.published_at.unwrap_or(row.updated_at).timestamp() / 86_400;
    Page {
        id: row.id.to_string(),
        path,
        title: row.title.clone(),
        slug: row.slug.clone(),
        primary_keyword: row.primary_keyword.clone(),
        secondary_keywords: row.secondary_keywords.clone(),
        cluster: cluster.map(|id| id.to_string()),
        parent_cluster: parent.map(|id| id.to_string()),
        role: cluster.map(|_| role_of(row.cluster_role)),
        language: row.language.clone(),
        published: row.status == Status::Published && row.deleted_at.is_none() && !row.is_hidden(),
        // Only posts are of their time.
        day: (row.content_type == ContentType::Post).then_some(day),
        aliases: row.aliases.clone(),
        body: row.body.clone(),
        format: format_of(row.body_format),
        beside,
        buttons,
        ..Page::default()
    }
}

fn role_of(role: Option<ClusterRole>) -> Role {
    match role {
        Some(ClusterRole::Hub) => Role::Hub,
        Some(ClusterRole::Attribute) => Role::Attribute,
        Some(ClusterRole::Supporting) | None => Role::Supporting,
    }
}

/// The texts of blocks and answers, and where buttons and pictures lead.
fn beside(row: &Content) -> (Vec<String>, Vec<String>) {
    let mut texts: Vec<String> = row.faq.iter().map(|faq| faq.answer.clone()).collect();
    let mut buttons = Vec::new();
    for block in &row.blocks {
        let Ok(mut block) = serde_json::from_value::<Block>(block.clone()) else {
            continue;
        };
        block.visit(&mut |part| match part {
            Part::Text(text) if !text.is_empty() => texts.push(text.clone()),
            Part::Link(address) if !address.is_empty() => buttons.push(address.clone()),
            Part::Text(_) | Part::Link(_) | Part::Image(_) => {}
        });
    }
    (texts, buttons)
}

/// An archive, as a page.
pub fn of_archive(id: &str, way: &Way, archive: &Archive) -> Page {
    let (format, body) = match &archive.body {
        out::Body::Markdown(text) => (Format::Markdown, text),
        out::Body::Html(text) => (Format::Html, text),
    };
    Page {
        id: id.to_owned(),
        path: archive.path.clone(),
        title: archive.title.clone(),
        language: archive.language.clone(),
        published: true,
        archive: true,
        navigation: way.links.clone(),
        listed: way.listed.clone(),
        per_page: way.per_page,
        body: body.clone(),
        format,
        ..Page::default()
    }
}

/// What of a page its place among the others follows from.
pub fn bare(page: out::Page) -> out::Page {
    out::Page {
        seo_title: String::new(),
        description: String::new(),
        excerpt: String::new(),
        body: out::Body::Markdown(String::new()),
        // Lists go by it only where there is no other.
        updated_at: page.updated_at.filter(|_| page.published_at.is_none()),
        author: None,
        primary_keyword: None,
        keywords: Vec::new(),
        entity: out::Entity::default(),
        attributes: Default::default(),
        extra: Default::default(),
        ..page
    }
}

/// A role as rows call it.
pub fn role(role: out::ClusterRole) -> ClusterRole {
    match role {
        out::ClusterRole::Hub => ClusterRole::Hub,
        out::ClusterRole::Supporting => ClusterRole::Supporting,
        out::ClusterRole::Attribute => ClusterRole::Attribute,
    }
}

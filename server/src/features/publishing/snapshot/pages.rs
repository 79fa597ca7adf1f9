//! A row of content as a page of the snapshot.

use std::collections::HashMap;

use igny8_renderer::site as out;
use indexmap::IndexMap;

use crate::features::content::Content;
use crate::features::content::model::{
    Availability, BodyFormat, ContentStructure, ContentType, Entity, Layout, PageRole, Source,
};
use crate::features::media::{Media, MediaId};
use crate::features::planner::{ClusterId, ClusterRole};
use crate::features::sites::model::Site;
use crate::features::taxonomy::{Term, TermId};

use super::wordpress_sites::WordpressSites;

/// What ids in content stand for.
pub struct Lookup<'a> {
    site: &'a Site,
    /// Name of the taxonomy and slug.
    terms: HashMap<TermId, (String, &'a str)>,
    clusters: &'a HashMap<ClusterId, String>,
    media: HashMap<MediaId, String>,
    there: Option<&'a WordpressSites>,
}

impl<'a> Lookup<'a> {
    pub fn new<'m>(
        site: &'a Site,
        terms: impl IntoIterator<Item = &'a Term>,
        clusters: &'a HashMap<ClusterId, String>,
        media: impl IntoIterator<Item = &'m Media>,
    ) -> Self {
        let named = super::named(site);
        Self {
            site,
            terms: terms
                .into_iter()
                .map(|t| (t.id, (named[&t.taxonomy].name.clone(), t.slug.as_str())))
                .collect(),
            clusters,
            media: media.into_iter().map(|m| (m.id, m.public_path())).collect(),
            there: None,
        }
    }

    /// With what the WordPress sites say of themselves, so that texts have the blocks that they share and pictures of galleries.
    pub fn knowing(mut self, there: &'a WordpressSites) -> Self {
        self.there = Some(there);
        self
    }

    /// The page as visitors see it: WordPress makes paragraphs and more of what it stores only when it shows it.
    pub fn shown(&self, row: Content) -> out::Page {
        let is_theirs = row.source == Source::Wordpress;
        let around = self.there.filter(|_| is_theirs).map(|there| there.around(&row));
        let around = around.unwrap_or_default();
        let mut page = self.page(row);
        if let (true, out::Body::Html(body)) = (is_theirs, &page.body) {
            page.body = out::Body::Html(igny8_wordpress::shown_with(body, &around));
        }
        page
    }

    pub fn page(&self, row: Content) -> out::Page {
        let mut terms: IndexMap<String, Vec<String>> = IndexMap::new();
        for (taxonomy, slug) in row.terms.iter().filter_map(|id| self.terms.get(id)) {
            terms.entry(taxonomy.clone()).or_default().push((*slug).to_owned());
        }
        let cluster = row.cluster.and_then(|id| {
            Some(out::ClusterRef {
                name: self.clusters.get(&id)?.clone(),
                id: id.to_string(),
                role: match row.cluster_role {
                    Some(ClusterRole::Hub) => out::ClusterRole::Hub,
                    Some(ClusterRole::Attribute) => out::ClusterRole::Attribute,
                    Some(ClusterRole::Supporting) | None => out::ClusterRole::Supporting,
                },
            })
        });
        let mut extra: IndexMap<String, serde_json::Value> = super::parse(&row.extra).unwrap_or_default();
        // Imports keep what a row has no field for: a picture that is elsewhere, a section that is not the address's.
        let mut kept = |key: &str| match extra.get(key) {
            Some(serde_json::Value::String(_)) => extra.shift_remove(key).and_then(|v| v.as_str().map(str::to_owned)),
            _ => None,
        };
        let (kept_image, kept_section) = (kept("image"), kept("section"));
        let layout = row.layout.map(|layout| match layout {
            Layout::Default => out::PageLayout::Default,
            Layout::Minimal => out::PageLayout::Minimal,
            Layout::Magazine => out::PageLayout::Magazine,
            Layout::Ecommerce => out::PageLayout::Ecommerce,
            Layout::Portfolio => out::PageLayout::Portfolio,
            Layout::Blog => out::PageLayout::Blog,
            Layout::Corporate => out::PageLayout::Corporate,
        });
        // A text about a term is the text of its archive.
        let term = row.about().and_then(|id| self.terms.get(&id));
        let term = term.map(|(taxonomy, slug)| out::TermRef {
            taxonomy: taxonomy.clone(),
            slug: (*slug).to_owned(),
        });
        out::Page {
            id: row.id.to_string(),
            kind: kind(row.content_type, row.page_role),
            path: self.in_language(&row.language, &row.path),
            section: self.in_language(&row.language, kept_section.as_deref().unwrap_or(&row.section)),
            title: row.title,
            seo_title: row.seo_title,
            description: row.meta_description,
            excerpt: row.excerpt,
            body: match row.body_format {
                BodyFormat::Markdown => out::Body::Markdown(row.body),
                BodyFormat::Html => out::Body::Html(row.body),
            },
            translation_key: row.translation_key,
            published_at: row.published_at,
            updated_at: Some(row.revised_at),
            author: row.author,
            terms,
            image: row
                .featured_image
                .and_then(|id| self.media.get(&id))
                .cloned()
                .or(kept_image),
            weight: row.weight,
            aliases: row.aliases,
            canonical_url: row.canonical_url,
            indexable: row.indexable,
            primary_keyword: row.primary_keyword,
            keywords: row.secondary_keywords,
            structure: Some(structure(row.content_structure)),
            term,
            cluster,
            entity: self.entity(row.entity),
            attributes: row.attributes.into_iter().map(|a| (a.name, a.value)).collect(),
            faq: row
                .faq
                .into_iter()
                .map(|f| out::FaqItem {
                    question: f.question,
                    answer: f.answer,
                })
                .collect(),
            blocks: row.blocks.iter().filter_map(super::parse).collect(),
            layout,
            extra,
            language: row.language,
        }
    }

    /// Addresses are stored within their language; those of further languages live below its tag.
    fn in_language(&self, language: &str, path: &str) -> String {
        if language == self.site.language || language.is_empty() {
            path.to_owned()
        } else {
            format!("/{language}{path}")
        }
    }

    fn entity(&self, row: Entity) -> out::Entity {
        out::Entity {
            price: row.price,
            currency: row.currency,
            brand: row.brand,
            sku: row.sku,
            gtin: row.gtin,
            availability: row.availability.map(|availability| match availability {
                Availability::InStock => out::Availability::InStock,
                Availability::OutOfStock => out::Availability::OutOfStock,
                Availability::PreOrder => out::Availability::PreOrder,
                Availability::Discontinued => out::Availability::Discontinued,
            }),
            rating_value: row.rating_value,
            rating_count: row.rating_count.and_then(|n| u32::try_from(n).ok()),
            area: row.area,
            price_range: row.price_range,
            gallery: row
                .gallery
                .iter()
                .filter_map(|id| self.media.get(id))
                .cloned()
                .collect(),
        }
    }
}

fn structure(structure: ContentStructure) -> out::ContentStructure {
    use out::ContentStructure as Out;
    match structure {
        ContentStructure::Article => Out::Article,
        ContentStructure::Guide => Out::Guide,
        ContentStructure::Comparison => Out::Comparison,
        ContentStructure::Review => Out::Review,
        ContentStructure::Listicle => Out::Listicle,
        ContentStructure::LandingPage => Out::LandingPage,
        ContentStructure::BusinessPage => Out::BusinessPage,
        ContentStructure::ServicePage => Out::ServicePage,
        ContentStructure::General => Out::General,
        ContentStructure::ClusterHub => Out::ClusterHub,
        ContentStructure::ProductPage => Out::ProductPage,
        ContentStructure::CategoryArchive => Out::CategoryArchive,
        ContentStructure::TagArchive => Out::TagArchive,
        ContentStructure::AttributeArchive => Out::AttributeArchive,
    }
}

fn kind(content_type: ContentType, role: PageRole) -> out::PageKind {
    match (content_type, role) {
        (ContentType::Post, _) => out::PageKind::Post,
        (ContentType::Product, _) => out::PageKind::Product,
        (ContentType::Service, _) => out::PageKind::Service,
        (ContentType::Page | ContentType::Taxonomy, PageRole::Home) => out::PageKind::Home,
        (ContentType::Page | ContentType::Taxonomy, PageRole::About) => out::PageKind::About,
        (ContentType::Page | ContentType::Taxonomy, PageRole::Contact) => out::PageKind::Contact,
        (ContentType::Page | ContentType::Taxonomy, PageRole::Page) => out::PageKind::Page,
    }
}

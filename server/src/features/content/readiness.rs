//! Whether content is ready to be published, and what is missing.

use igny8_writer::compose::has_notes;
use poem_openapi::Object;

use super::model::{Content, ContentStructure, ContentType, PageRole, Status};
use crate::features::sites::model::SiteType;
use crate::features::taxonomy::Taxonomy;

/// Something that content lacks.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub struct Missing {
    /// Name of the field to fill.
    pub field: String,
    /// What to do, for its author.
    pub message: String,
}

/// The category that content of a type needs on a site of a kind.
fn needed_taxonomy(content_type: ContentType, site: SiteType) -> Option<Taxonomy> {
    let needed = match content_type {
        ContentType::Post => Taxonomy::BlogCategory,
        ContentType::Product => Taxonomy::ProductCategory,
        ContentType::Service => Taxonomy::ServiceCategory,
        ContentType::Page | ContentType::Taxonomy => return None,
    };
    Taxonomy::of_site(site).contains(&needed).then_some(needed)
}

/// What a text about a term lacks whose archive shows another one, of this title.
pub fn second_text(first: Option<&str>) -> Missing {
    let first = first.map_or_else(|| "Another text".to_owned(), |title| format!("\u{201c}{title}\u{201d}"));
    Missing {
        field: "terms".to_owned(),
        message: format!(
            "{first} is published as the text of its first term, and the archive of a term shows one. Put another term first, \
             make one text of both, or take the other back."
        ),
    }
}

/// What a text lacks on a site that publishes only what is approved.
pub fn not_approved(content: &Content) -> Option<Missing> {
    matches!(content.status, Status::Draft | Status::Review).then(|| Missing {
        field: "status".to_owned(),
        message: "Have it approved: this site publishes only approved content.".to_owned(),
    })
}

/// What `content` lacks to be published on a site of this kind; `taxonomies` are those of its terms.
pub fn missing(content: &Content, site: SiteType, taxonomies: &[Taxonomy]) -> Vec<Missing> {
    let mut found = Vec::new();
    let mut need = |holds: bool, field: &str, message: &str| {
        if !holds {
            found.push(Missing {
                field: field.to_owned(),
                message: message.to_owned(),
            });
        }
    };
    need(!content.title.trim().is_empty(), "title", "Give it a title.");
    need(
        !content.meta_description.trim().is_empty() || !content.excerpt.trim().is_empty(),
        "meta_description",
        "Describe it in a sentence or two: a meta description or an excerpt.",
    );
    need(
        !content.body.trim().is_empty() || !content.blocks.is_empty(),
        "body",
        "Write its text, or give it blocks.",
    );
    need(
        !has_notes(&content.body) && !content.faq.iter().any(|faq| has_notes(&faq.answer)),
        "body",
        "Replace the notes to the author, which begin with \u{270e}, by what they ask for.",
    );
    // Home, about, contact, delivery and what nobody searches for (privacy, terms) belong to the site, not to a subject.
    let of_site = content.page_role != PageRole::Page
        || content.content_type == ContentType::Page
            && (!content.indexable || content.content_structure == ContentStructure::BusinessPage);
    need(
        content.cluster.is_some() || of_site,
        "cluster",
        "Choose the cluster it belongs to.",
    );
    if let Some(needed) = needed_taxonomy(content.content_type, site) {
        need(
            taxonomies.contains(&needed),
            "terms",
            match needed {
                Taxonomy::ProductCategory => "Choose a product category.",
                Taxonomy::ServiceCategory => "Choose a service category.",
                _ => "Choose a blog category.",
            },
        );
    }
    match content.content_type {
        ContentType::Product => {
            need(
                content.entity.price.is_some(),
                "entity.price",
                "Give the product a price.",
            );
            need(
                content.entity.availability.is_some(),
                "entity.availability",
                "Say whether the product is available.",
            );
        }
        ContentType::Service => need(
            content.entity.area.is_some(),
            "entity.area",
            "Say where the service is offered.",
        ),
        ContentType::Post | ContentType::Page | ContentType::Taxonomy => {}
    }
    found
}

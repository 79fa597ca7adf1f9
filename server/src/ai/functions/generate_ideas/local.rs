//! The planner's ideas, when no model is asked.

use igny8_planner::{cluster as planner, ideas};

use super::{Proposed, Work};
use crate::features::content::model::{ContentStructure, ContentType};
use crate::features::planner::idea::Heading;
use crate::features::planner::model::ClusterRole;

/// The planner's idea as a proposal.
pub(super) fn proposed(idea: ideas::Idea) -> Proposed {
    let (content_type, content_structure) = kind(idea.content_type, idea.structure);
    Proposed {
        title: idea.title,
        brief: None,
        role: match idea.role {
            planner::Role::Hub => ClusterRole::Hub,
            planner::Role::Supporting => ClusterRole::Supporting,
            planner::Role::Attribute => ClusterRole::Attribute,
        },
        content_type,
        content_structure,
        primary: idea.primary,
        secondary: idea.secondary,
        outline: idea
            .outline
            .into_iter()
            .map(|heading| Heading {
                heading: heading.text,
                points: Vec::new(),
                question: heading.question,
            })
            .collect(),
        word_count: i64::from(idea.words),
        terms: idea.terms,
    }
}

/// The planner's type and structure of a page as those of content.
pub(super) fn kind(content_type: ideas::ContentType, structure: ideas::Structure) -> (ContentType, ContentStructure) {
    use ideas::Structure as S;
    let content_type = match content_type {
        ideas::ContentType::Post => ContentType::Post,
        ideas::ContentType::Page => ContentType::Page,
        ideas::ContentType::Product => ContentType::Product,
        ideas::ContentType::Service => ContentType::Service,
        ideas::ContentType::Taxonomy => ContentType::Taxonomy,
    };
    let content_structure = match structure {
        S::Article => ContentStructure::Article,
        S::Guide => ContentStructure::Guide,
        S::Comparison => ContentStructure::Comparison,
        S::Review => ContentStructure::Review,
        S::Listicle => ContentStructure::Listicle,
        S::LandingPage => ContentStructure::LandingPage,
        S::BusinessPage => ContentStructure::BusinessPage,
        S::ServicePage => ContentStructure::ServicePage,
        S::General => ContentStructure::General,
        S::ClusterHub => ContentStructure::ClusterHub,
        S::ProductPage => ContentStructure::ProductPage,
        S::CategoryArchive => ContentStructure::CategoryArchive,
        S::TagArchive => ContentStructure::TagArchive,
        S::AttributeArchive => ContentStructure::AttributeArchive,
    };
    (content_type, content_structure)
}

/// What a page is for, from what is known of its keywords.
pub(super) fn brief(work: &Work, idea: &Proposed, language: &str) -> String {
    let of = |place: usize| &work.cluster.keywords[place];
    let others: Vec<&str> = idea.secondary.iter().map(|&place| of(place).text.as_str()).collect();
    ideas::brief(of(idea.primary), &others, language)
}

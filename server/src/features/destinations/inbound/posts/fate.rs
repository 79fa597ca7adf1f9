//! What becomes of a post, and what was edited on which side.

use igny8_wordpress::{Post, PostPart, Taxonomy};

use super::known::is_taken_back;
use crate::features::content::model::Source;
use crate::features::content::{Content, Status, changes};
use crate::features::destinations::model::Publication;

/// Fields of content that are sent there: a change of one of them here and an edit there contradict each other.
const SHARED: [&str; 18] = [
    "title",
    "body",
    "body_format",
    "blocks",
    "faq",
    "entity",
    "attributes",
    "slug",
    "section",
    "weight",
    "excerpt",
    "seo_title",
    "meta_description",
    "author",
    "terms",
    "featured_image",
    "status",
    "publish_at",
];

/// What becomes of a post.
pub(super) enum Fate {
    Create,
    /// Taken as it is there. Unless both sides agree then, what was edited here is still to be sent.
    Take {
        agree: bool,
    },
    /// The same already: nothing to do but to remember that both agree.
    Agree,
    /// Published there when its time came.
    Due,
    Conflict,
    /// Thrown away there.
    Remove,
}

/// The parts of a post that fields of ours are; all where the row does not remember that far back.
pub(in crate::features::destinations::inbound) fn parts_edited_here(
    content: &Content,
    publication: &Publication,
) -> Vec<PostPart> {
    let since = publication.sent_rev.and_then(|agreed| changes::since(content, agreed));
    let Some(since) = since else {
        return PostPart::ALL.to_vec();
    };
    let fields = since.iter().flat_map(|change| &change.fields);
    let parts = fields.filter_map(|field| {
        Some(match field.as_str() {
            "title" => PostPart::Title,
            "body" | "body_format" | "blocks" | "faq" | "entity" | "attributes" => PostPart::Content,
            "excerpt" => PostPart::Excerpt,
            "slug" | "section" => PostPart::Slug,
            "weight" => PostPart::Place,
            "status" | "publish_at" => PostPart::Status,
            "author" => PostPart::Author,
            "featured_image" => PostPart::Image,
            "terms" => PostPart::Terms,
            "seo_title" | "meta_description" => PostPart::Seo,
            _ => return None,
        })
    });
    parts.collect()
}

/// Whether a text of ours was changed since both sides agreed. That we took it from visitors there is no such change.
pub(super) fn edited_here(content: &Content, publication: &Publication) -> bool {
    let counts = |field: &str| {
        SHARED.contains(&field) && !(is_taken_back(publication) && matches!(field, "status" | "publish_at"))
    };
    match publication.sent_rev {
        Some(agreed) if agreed == content.rev => false,
        Some(agreed) => changes::since(content, agreed)
            .is_none_or(|all| all.iter().flat_map(|change| &change.fields).any(|field| counts(field))),
        None => true,
    }
}

/// Whether a post is as it was, but that its time came.
pub(super) fn became_due(post: &Post, taxonomies: &[Taxonomy], publication: &Publication) -> bool {
    publication.external_status.as_deref() == Some("future") && post.status == "publish" && {
        let mut before = post.clone();
        "future".clone_into(&mut before.status);
        publication.their_hash == Some(before.hash(taxonomies))
    }
}

/// Whether visitors would lose it with its post: what was written here goes on being shown.
pub(super) fn is_shown_here(content: &Content) -> bool {
    content.source == Source::Wordpress && content.status != Status::Draft
}

/// Whether the row says already what the post says.
pub(super) fn is_agreed(old: &Content, new: &Content) -> bool {
    let mut new = new.clone();
    new.path = new.derive_path();
    let apart = changes::fields(old, &new);
    !apart.iter().any(|field| SHARED.contains(&field.as_str()))
}

//! Parts: which of a document go out, since what was changed there alone stays as it is.

use std::collections::BTreeSet;

use igny8_wordpress::PostPart;

use super::super::model::{BINNED, KeptOurs, Publication, PublicationStatus};
use crate::features::content::model::{Source, SyncStatus};
use crate::features::content::{Content, changes};
use crate::publish::Part;

/// Whether it, or the last edit of it, was made there.
fn came_from_there(content: &Content) -> bool {
    content.source == Source::Wordpress || content.sync_status == SyncStatus::Synced
}

/// Which parts go there, `None` for all: those that were changed here since both sides agreed, for what came from there and keeps
/// other forms than ours, which must not be written back in ours; and where somebody decided for ours in a conflict, what was
/// changed there as well. Everything of ours where the row does not remember that far back.
pub(super) fn changed_parts(content: &Content, publication: &Publication) -> Option<BTreeSet<Part>> {
    let sent_whole = publication.sent_hash.is_some() || publication.their_hash.is_none();
    let is_binned = publication.external_status.as_deref() == Some(BINNED);
    let ours = !came_from_there(content) && (sent_whole || is_binned);
    let is_removed = publication.status == PublicationStatus::Removed;
    if ours || (is_removed && !came_from_there(content)) {
        return None;
    }
    let kept = publication.kept_ours();
    let agreed = kept.as_ref().map_or(publication.sent_rev, |kept| kept.sent_rev);
    let mut parts = edited_here(content, agreed).unwrap_or_else(|| all_of_ours(content));
    parts.extend(kept.into_iter().flat_map(|kept| edited_there(&kept, publication)));
    // It comes back.
    if is_removed || is_binned {
        parts.insert(Part::Status);
    }
    Some(parts)
}

/// The parts that were changed here since a revision; `None` when the row does not remember that far back.
pub(in crate::features::destinations) fn edited_here(content: &Content, agreed: Option<i64>) -> Option<BTreeSet<Part>> {
    let agreed = agreed?;
    if agreed == content.rev {
        return Some(BTreeSet::new());
    }
    let later = changes::since(content, agreed)?;
    let fields = later.iter().flat_map(|change| &change.fields);
    Some(fields.flat_map(|field| parts_of(field)).copied().collect())
}

/// The parts of a document that a field of content is in.
fn parts_of(field: &str) -> &'static [Part] {
    match field {
        "title" => &[Part::Title],
        "slug" => &[Part::Slug],
        "section" => &[Part::Slug, Part::Place],
        "weight" => &[Part::Order],
        "body" | "body_format" | "blocks" | "faq" | "entity" | "attributes" => &[Part::Body],
        "excerpt" => &[Part::Excerpt],
        "status" | "published_at" | "publish_at" | "deleted_at" => &[Part::Status],
        "author" => &[Part::Author],
        "terms" => &[Part::Terms],
        "featured_image" => &[Part::Featured],
        "seo_title" | "meta_description" => &[Part::Seo],
        "cluster" | "sector" => &[Part::Terms, Part::Meta],
        "primary_keyword" | "secondary_keywords" => &[Part::Meta],
        _ => &[],
    }
}

/// All parts but those of which what is there can be another than here, and stays, unless they were changed here: an address that
/// ours cannot be (letters of other scripts), a place, a picture that an import found.
fn all_of_ours(content: &Content) -> BTreeSet<Part> {
    let was_changed = |name: &str| {
        let mut changes = content.changes.iter();
        changes.any(|change| change.fields.iter().any(|field| field == name))
    };
    let is_ours = |part: &Part| match part {
        Part::Slug => was_changed("slug"),
        Part::Place => was_changed("section"),
        Part::Order => was_changed("weight"),
        Part::Featured => content.featured_image.is_some() || was_changed("featured_image"),
        _ => true,
    };
    Part::ALL.into_iter().filter(is_ours).collect()
}

/// The parts that were changed there before somebody decided for ours. None where nothing is known of before.
fn edited_there(kept: &KeptOurs, publication: &Publication) -> BTreeSet<Part> {
    let (Some(before), Some(seen)) = (&kept.their_hash, &publication.their_hash) else {
        return BTreeSet::new();
    };
    let parts = PostPart::changed(before, seen).into_iter().flat_map(|part| match part {
        PostPart::Title => &[Part::Title][..],
        PostPart::Content => &[Part::Body],
        PostPart::Excerpt => &[Part::Excerpt],
        PostPart::Slug => &[Part::Slug],
        PostPart::Status => &[Part::Status],
        PostPart::Author => &[Part::Author],
        PostPart::Image => &[Part::Featured],
        PostPart::Place => &[Part::Place, Part::Order],
        PostPart::Terms => &[Part::Terms],
        PostPart::Seo => &[Part::Seo],
        PostPart::Meta => &[Part::Meta],
        // Nothing here decides about that.
        PostPart::Showing => &[],
    });
    parts.copied().collect()
}

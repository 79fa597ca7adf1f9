//! Which fields of content a change touched.

use super::model::{Change, Content};

/// Changes a row remembers; a writer further behind is told to read it all again.
pub const KEPT: usize = 20;

macro_rules! differing {
    ($old:expr, $new:expr; $($field:ident)*) => {
        [$((stringify!($field), $old.$field != $new.$field)),*]
            .into_iter()
            .filter_map(|(name, differs)| differs.then(|| name.to_owned()))
            .collect()
    };
}

/// Names of the fields that a client can see and that differ.
pub fn fields(old: &Content, new: &Content) -> Vec<String> {
    differing!(old, new;
        sector title slug section language translation_key content_type content_structure page_role body body_format
        excerpt seo_title meta_description primary_keyword secondary_keywords canonical_url indexable entity attributes
        faq blocks layout cluster cluster_role terms featured_image author weight aliases extra status published_at publish_at
        unpublish_at source sync_status source_key source_url deleted_at)
}

/// What changed since a revision of the row, oldest first; `None` when the row does not remember that far back.
pub fn since(content: &Content, rev: i64) -> Option<Vec<&Change>> {
    let later: Vec<&Change> = content.changes.iter().filter(|c| c.rev > rev).collect();
    (rev > 0 && rev < content.rev && later.first().is_some_and(|first| first.rev == rev + 1)).then_some(later)
}

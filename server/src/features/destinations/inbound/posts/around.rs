//! What posts refer to: terms, people and pictures.

use std::collections::HashMap;

use igny8_wordpress::{Post, Taxonomy};

use super::super::convert::Around;
use super::super::cursor::Counts;
use super::super::source::Inbound;
use super::super::terms;
use crate::features::content::rules::MAX_LINKS;
use crate::publish::wordpress::{Named, copy_of, failed};
use crate::publish::{PublishError, RemoteCopy};

/// What a post refers to.
///
/// # Errors
/// [`PublishError`].
pub(in crate::features::destinations::inbound) async fn around_of(
    from: &mut Inbound<'_>,
    taxonomies: &[Taxonomy],
    post: &Post,
) -> Result<Around, PublishError> {
    let mut all = around(from, taxonomies, &[post], &mut Counts::default()).await?;
    Ok(all.pop().unwrap_or_default())
}

/// What posts refer to: terms are imported on the way, pictures and people looked up, once for all of them.
pub(super) async fn around(
    from: &mut Inbound<'_>,
    taxonomies: &[Taxonomy],
    posts: &[&Post],
    counts: &mut Counts,
) -> Result<Vec<Around>, PublishError> {
    for taxonomy in taxonomies {
        let mut ids: Vec<u64> = posts.iter().flat_map(|post| post.terms(taxonomy)).collect();
        ids.sort_unstable();
        ids.dedup();
        terms::missing(from, taxonomy, &ids, counts).await?;
    }
    let mut pictures: Vec<u64> = posts
        .iter()
        .map(|post| post.featured_media)
        .filter(|id| *id != 0)
        .collect();
    pictures.sort_unstable();
    pictures.dedup();
    let mut addresses: HashMap<u64, String> = HashMap::new();
    for ids in pictures.chunks(100) {
        let found = from.client.media_of(ids).await.map_err(|error| failed(&error))?;
        addresses.extend(found.into_iter().map(|media| (media.id, media.source_url)));
    }
    let mut all = Vec::with_capacity(posts.len());
    for post in posts {
        let mut terms: Vec<_> = taxonomies
            .iter()
            .filter(|taxonomy| from.kinds.contains_key(&taxonomy.slug))
            .flat_map(|taxonomy| post.terms(taxonomy))
            .filter_map(|id| from.terms.of(id))
            .collect();
        terms.sort_unstable();
        terms.dedup();
        terms.truncate(MAX_LINKS);
        all.push(Around {
            author: from.author(post.author).await.map_err(|error| failed(&error))?,
            terms,
            image: addresses.get(&post.featured_media).cloned(),
        });
    }
    Ok(all)
}

/// The copy there, for people to compare.
pub(in crate::features::destinations::inbound) fn copy(
    from: &Inbound<'_>,
    taxonomies: &[Taxonomy],
    post: &Post,
    around: &Around,
) -> RemoteCopy {
    let terms = taxonomies.iter().flat_map(|taxonomy| post.terms(taxonomy));
    let named = Named {
        author: around.author.clone(),
        image: around.image.clone(),
        terms: terms.filter_map(|id| Some((id, from.terms.name_of(id)?))).collect(),
    };
    copy_of(post, taxonomies, named)
}

//! Terms of taxonomies that no import has brought here before, for posts that are here: nothing of those says that they changed.

use std::collections::HashMap;

use igny8_data::DbError;
use igny8_wordpress::{Post, Taxonomy};

use super::super::model::Publication;
use super::cursor::Counts;
use super::posts::{content_of, publications};
use super::source::{Inbound, broken};
use super::terms::missing;
use crate::features::content::rules::MAX_LINKS;
use crate::features::content::{ContentId, Reason, save};
use crate::features::taxonomy::TermId;
use crate::publish::PublishError;

/// Times rows are read again because somebody changed one of them meanwhile.
const ATTEMPTS: usize = 4;

/// Files content of some posts under the terms of [`Inbound::bringing`] that they have. Nobody can have taken those away here, so
/// this holds whatever else was edited, and can be repeated.
///
/// # Errors
/// [`PublishError`].
pub async fn terms(
    from: &mut Inbound<'_>,
    taxonomies: &[Taxonomy],
    posts: &[Post],
    counts: &mut Counts,
) -> Result<(), PublishError> {
    let mut of_posts: HashMap<u64, Vec<u64>> = HashMap::new();
    let is_new = |taxonomy: &&Taxonomy| from.bringing.contains(&taxonomy.slug);
    let new: Vec<&Taxonomy> = taxonomies.iter().filter(is_new).collect();
    for post in posts {
        let terms: Vec<u64> = new.iter().flat_map(|taxonomy| post.terms(taxonomy)).collect();
        if !terms.is_empty() {
            of_posts.insert(post.id, terms);
        }
    }
    let ids: Vec<u64> = of_posts.keys().copied().collect();
    let known = publications(from, &ids).await.map_err(|error| broken(&error))?;
    of_posts.retain(|post, _| known.contains_key(post));
    if of_posts.is_empty() {
        return Ok(());
    }
    for taxonomy in new {
        let of_it = posts.iter().filter(|post| of_posts.contains_key(&post.id));
        let mut ids: Vec<u64> = of_it.flat_map(|post| post.terms(taxonomy)).collect();
        ids.sort_unstable();
        ids.dedup();
        missing(from, taxonomy, &ids, counts).await?;
    }
    let filed = of_posts
        .into_iter()
        .map(|(post, terms)| (post, terms.into_iter().filter_map(|id| from.terms.of(id)).collect()));
    let filed: HashMap<u64, Vec<TermId>> = filed.collect();
    for attempt in 1.. {
        match file(from, &filed).await {
            Ok(changed) => {
                counts.updated += changed;
                return Ok(());
            }
            // Somebody edits here: look again.
            Err(DbError::Stale) if attempt < ATTEMPTS => {}
            Err(error) => return Err(broken(&error)),
        }
    }
    Ok(())
}

/// Adds terms to the content of posts, all in one unit of work; answers how many got some.
async fn file(from: &Inbound<'_>, filed: &HashMap<u64, Vec<TermId>>) -> Result<u64, DbError> {
    let ids: Vec<u64> = filed.keys().copied().collect();
    let known = publications(from, &ids).await?;
    let contents: Vec<ContentId> = known.values().map(|publication| publication.content).collect();
    let mut rows = content_of(from, &contents).await?;
    let who = from.scope.actor().who();
    let (mut tx, mut changed) = (from.tx(), 0);
    for (post, mut publication) in known {
        let row = rows.remove(&publication.content);
        let Some(old) = row.filter(|row| row.deleted_at.is_none()) else {
            continue;
        };
        let mut new = old.clone();
        for term in filed.get(&post).into_iter().flatten() {
            if !new.terms.contains(term) && new.terms.len() < MAX_LINKS {
                new.terms.push(*term);
            }
        }
        if save::change(&from.app.db, &mut tx, who, &old, &mut new, Reason::Imported) {
            changed += 1;
            follow(&mut publication, old.rev);
            tx.replace(&mut publication);
        }
    }
    if changed > 0 {
        tx.commit().await?;
    }
    Ok(changed)
}

/// Where both sides agreed, they still do: what was added here is there.
fn follow(publication: &mut Publication, before: i64) {
    if publication.sent_rev == Some(before) {
        (publication.sent_rev, publication.sent_hash) = (Some(before + 1), None);
    }
}

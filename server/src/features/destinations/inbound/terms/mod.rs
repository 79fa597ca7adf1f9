//! Terms: found again by their ids there, adopted by slug, made below their parents.
//!
//! Terms of a custom taxonomy are terms of one of ours, told from its usual ones by the mapping's `taxonomy`: they are adopted by
//! none of those and go back to where they came from.

mod exchange;
mod known;
mod write;

use std::collections::{BTreeMap, HashSet};

use igny8_wordpress::{Discovered, Taxonomy as Theirs, Term as TheirTerm, WordPressError};

use super::cursor::{Counts, Cursor, is_doubtful};
use super::source::{Inbound, broken};
use crate::features::destinations::model::Mapping;
use crate::features::taxonomy::{Taxonomy, TermId};
use crate::publish::PublishError;
use crate::publish::wordpress::{WordpressSettings, failed};

use exchange::exchange;
pub use known::Terms;
use write::store;

/// What the terms of one of their taxonomies are here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    pub ours: Taxonomy,
    /// Its slug there, unless it is the usual one for ours.
    pub custom: Option<String>,
}

impl Kind {
    /// The name of our taxonomy in settings.
    pub fn name(&self) -> String {
        serde_name(self.ours)
    }
}

/// What the terms of their taxonomies become, by slug.
pub fn kinds(settings: &WordpressSettings, found: &Discovered) -> BTreeMap<String, Kind> {
    let all = found.taxonomies.iter().map(|found| &found.taxonomy.slug);
    let usual = all.filter_map(|theirs| {
        let ours = settings.our_taxonomy(theirs).and_then(taxonomy)?;
        Some((theirs.clone(), Kind { ours, custom: None }))
    });
    let custom = settings
        .custom_taxonomies(found)
        .into_iter()
        .filter_map(|(theirs, ours)| {
            let (ours, custom) = (taxonomy(&ours)?, Some(theirs.clone()));
            Some((theirs, Kind { ours, custom }))
        });
    usual.chain(custom).collect()
}

/// Our taxonomy by its name in settings.
fn taxonomy(name: &str) -> Option<Taxonomy> {
    Taxonomy::ALL
        .into_iter()
        .find(|of| serde_json::to_value(of).is_ok_and(|value| value == name))
}

/// Imports all terms of the taxonomies that are ours too; where only what is known counts, what changed of those. Answers whether
/// some were deleted there: posts lose them without a change of their own time. `asked`: somebody wants everything.
///
/// # Errors
/// [`PublishError`]; what was stored until then stays.
pub async fn all(
    from: &mut Inbound<'_>,
    cursor: &mut Cursor,
    asked: bool,
    counts: &mut Counts,
) -> Result<bool, PublishError> {
    let takes_new = from.takes_new();
    if !takes_new && from.terms.mapped.is_empty() {
        return Ok(false);
    }
    from.take_all_taxonomies();
    let mut lost = false;
    let taxonomies: Vec<Theirs> = from
        .discovered
        .taxonomies
        .iter()
        .map(|found| found.taxonomy.clone())
        .collect();
    'taxonomies: for theirs in taxonomies {
        let Some(kind) = from.kinds.get(&theirs.slug).cloned() else {
            continue;
        };
        // Children that came before their parents.
        let mut waiting: Vec<TheirTerm> = Vec::new();
        let mut listed: HashSet<u64> = HashSet::new();
        let mut offset = 0;
        loop {
            let page = match from.client.terms(&theirs, offset, 100).await {
                Err(WordPressError::NoRoute) => {
                    from.is_outdated = true;
                    counts.problem(format!(
                        "The site does not show the taxonomy `{}` any more: its terms stay as they are here.",
                        theirs.slug
                    ));
                    continue 'taxonomies;
                }
                // Of the usual ones the user who connects must be allowed to edit the terms.
                Err(WordPressError::Forbidden { .. }) if kind.custom.is_some() => {
                    from.pass_over(&theirs.slug);
                    counts.problem(unreadable(&theirs.slug));
                    continue 'taxonomies;
                }
                page => page.map_err(|error| failed(&error))?,
            };
            listed.extend(page.items.iter().map(|term| term.id));
            let mut terms = std::mem::take(&mut waiting);
            let wanted = page.items.into_iter();
            terms.extend(wanted.filter(|term| takes_new || from.terms.knows(term.id)));
            let ready = |term: &TheirTerm, known: &Terms, here: &HashSet<u64>| {
                term.parent == 0 || known.knows(term.parent) || here.contains(&term.parent)
            };
            let here: HashSet<u64> = terms.iter().map(|term| term.id).collect();
            let (now, later) = terms
                .into_iter()
                .partition(|term| ready(term, &from.terms, &here) || !page.more);
            waiting = later;
            store(from, &theirs, &kind, now, counts).await?;
            if !page.more {
                break;
            }
            offset += 100;
        }
        exchange(from, &theirs, counts).await?;
        let (missing, known) = not_listed(from, &theirs, &listed);
        // Unless it was told before, and everything was asked for since.
        if is_doubtful(missing.len(), known) && !(asked && cursor.doubted.contains(&theirs.slug)) {
            counts.problem(doubted(&theirs.slug, missing.len(), known));
            cursor.doubted.insert(theirs.slug);
            continue;
        }
        lost |= forget(from, &theirs, missing).await?;
        cursor.doubted.remove(&theirs.slug);
    }
    cursor.unread.clone_from(&from.unread);
    Ok(lost)
}

/// Tells of a taxonomy that is passed over.
fn unreadable(slug: &str) -> String {
    format!(
        "The terms of the taxonomy `{slug}` cannot be read: WordPress does not let the user whose password is used here \
         edit them. They and what is filed under them stay as they are on both sides. Connect an administrator, or set \
         `{slug}` to nothing in `custom_taxonomies`."
    )
}

/// Tells of terms that may be hidden only.
fn doubted(slug: &str, missing: usize, known: usize) -> String {
    format!(
        "{missing} of {known} terms of the taxonomy `{slug}` are not there any more. So many may mean that this is another \
         site, an old copy of it, or that a plugin hides them: none was forgotten here. If they were deleted on purpose, \
         import once more with `full`."
    )
}

/// The terms of a taxonomy that are known and not in the list, by their ids there, and how many are known.
fn not_listed(from: &Inbound<'_>, theirs: &Theirs, listed: &HashSet<u64>) -> (Vec<u64>, usize) {
    let is_of_it = |mapping: &Mapping| {
        let ours = mapping.ours.parse::<TermId>().ok();
        let ours = ours.and_then(|ours| from.terms.rows.get(&ours));
        let usual = ours.and_then(|row| from.settings.taxonomy(&serde_name(row.taxonomy)));
        mapping.taxonomy.as_deref().or(usual) == Some(theirs.slug.as_str())
    };
    let of_it = from.terms.mapped.iter().filter(|(_, mapping)| is_of_it(mapping));
    let known: Vec<u64> = of_it.map(|(id, _)| *id).collect();
    let missing = known.iter().copied().filter(|id| !listed.contains(id)).collect();
    (missing, known.len())
}

/// Forgets what terms were there that are not in the list, if they were deleted; false when none was. Ours stay.
async fn forget(from: &mut Inbound<'_>, theirs: &Theirs, missing: Vec<u64>) -> Result<bool, PublishError> {
    let mut tx = from.tx();
    let mut forgotten = false;
    for id in missing {
        match from.client.term(theirs, id).await {
            Err(WordPressError::Gone) => {}
            // It came to another page while the pages were read, or is not for us to see.
            Ok(_) | Err(WordPressError::NoRoute | WordPressError::Forbidden { .. }) => continue,
            Err(error) => return Err(failed(&error)),
        }
        let Some(mut mapping) = from.terms.mapped.remove(&id) else {
            continue;
        };
        forgotten = true;
        from.terms.there.remove(&mapping.ours);
        if mapping.taxonomy.is_none() {
            tx.delete(mapping.id);
            continue;
        }
        mapping.external_id = String::new();
        (mapping.hash, mapping.their_hash, mapping.url) = (None, None, None);
        mapping.updated_at = from.app.db.clock().now();
        tx.replace(&mut mapping);
        from.terms.vacant.insert(mapping.ours.clone(), mapping);
    }
    if forgotten {
        tx.commit().await.map_err(|error| broken(&error))?;
    }
    Ok(forgotten)
}

/// Imports the terms with these ids that are not known, and what is above them.
///
/// # Errors
/// [`PublishError`].
pub async fn missing(
    from: &mut Inbound<'_>,
    theirs: &Theirs,
    ids: &[u64],
    counts: &mut Counts,
) -> Result<(), PublishError> {
    let Some(kind) = from.kinds.get(&theirs.slug).cloned() else {
        return Ok(());
    };
    let mut found: Vec<TheirTerm> = Vec::new();
    let mut asked: HashSet<u64> = HashSet::new();
    let mut wanted: Vec<u64> = ids.iter().copied().filter(|id| !from.terms.knows(*id)).collect();
    while let Some(id) = wanted.pop() {
        if !asked.insert(id) {
            continue;
        }
        match from.client.term(theirs, id).await {
            Ok(term) => {
                if term.parent != 0 && !from.terms.knows(term.parent) {
                    wanted.push(term.parent);
                }
                found.push(term);
            }
            Err(WordPressError::Gone | WordPressError::NoRoute | WordPressError::Forbidden { .. }) => {}
            Err(error) => return Err(failed(&error)),
        }
    }
    store(from, theirs, &kind, found, counts).await
}

fn serde_name(taxonomy: Taxonomy) -> String {
    serde_json::to_value(taxonomy)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

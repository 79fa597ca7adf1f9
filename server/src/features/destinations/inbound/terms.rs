//! Terms: found again by their ids there, adopted by slug, made below their parents.

use std::collections::{HashMap, HashSet};

use igny8_data::{Access, DbError, Deleted, Select, SiteDb, Tx};
use igny8_wordpress::{Taxonomy as Theirs, Term as TheirTerm, TermFields, WordPressError};

use super::super::model::{DestinationId, Mapping};
use super::convert::{cut, decoded, plain, slug};
use super::cursor::Counts;
use super::source::{Inbound, broken};
use crate::features::builder::live;
use crate::features::content::published;
use crate::features::taxonomy::model::MAX_DEPTH;
use crate::features::taxonomy::{Taxonomy, Term, TermId, tree};
use crate::publish::wordpress::{TermPart, failed, term_mark};
use crate::publish::{KnownKind, PublishError};

/// Terms of the site, and which of them are terms there.
#[derive(Default)]
pub struct Terms {
    language: String,
    rows: HashMap<TermId, Short>,
    by_slug: HashMap<(Taxonomy, String), TermId>,
    /// By id there; ids are unique over all taxonomies.
    mapped: HashMap<u64, Mapping>,
    /// Ours that are one there, with its id.
    there: HashMap<String, u64>,
}

struct Short {
    name: String,
    taxonomy: Taxonomy,
    parent: Option<TermId>,
    is_live: bool,
}

/// Our taxonomy by its name in settings.
fn taxonomy(name: &str) -> Option<Taxonomy> {
    Taxonomy::ALL
        .into_iter()
        .find(|of| serde_json::to_value(of).is_ok_and(|value| value == name))
}

/// What a term says there.
fn their_mark(of: &Theirs, term: &TheirTerm) -> String {
    let fields = TermFields {
        name: Some(term.name.clone()),
        slug: Some(term.slug.clone()),
        description: Some(term.description.clone()),
        parent: Some(term.parent),
    };
    term_mark(of, &fields)
}

impl Terms {
    /// Reads the site's terms; a site has few enough for memory.
    pub async fn load<A: Access>(
        db: &SiteDb<'_, A>,
        destination: DestinationId,
        language: &str,
    ) -> Result<Self, DbError> {
        let mut terms = Self {
            language: language.to_owned(),
            ..Self::default()
        };
        for row in db.list::<Term>(Select::new().deleted(Deleted::With)).await? {
            terms.take(&row);
        }
        let mapped = Select::new()
            .equals("destination", destination)
            .equals("kind", KnownKind::Term);
        for row in db.list::<Mapping>(mapped).await? {
            if let Ok(id) = row.external_id.parse() {
                terms.keep(id, row);
            }
        }
        Ok(terms)
    }

    fn take(&mut self, row: &Term) {
        if row.language == self.language {
            self.by_slug.insert((row.taxonomy, row.slug.clone()), row.id);
        }
        let short = Short {
            name: row.name.clone(),
            taxonomy: row.taxonomy,
            parent: row.parent,
            is_live: row.deleted_at.is_none(),
        };
        self.rows.insert(row.id, short);
    }

    fn keep(&mut self, id: u64, row: Mapping) {
        self.there.insert(row.ours.clone(), id);
        self.mapped.insert(id, row);
    }

    /// What a term of ours says there once it is sent, as the publishing job marks it.
    fn our_mark(&self, of: &Theirs, row: &Term) -> String {
        let above = row.parent.and_then(|id| self.there.get(&id.to_string()).copied());
        let fields = TermFields {
            name: Some(row.name.clone()),
            slug: Some(row.slug.clone()),
            description: Some(row.description.clone()),
            parent: above.or(Some(0)).filter(|_| of.hierarchical),
        };
        term_mark(of, &fields)
    }

    /// A slug for a term there near the wanted one, and our term that has it, unless that is another one there already.
    fn slug_near(&self, of: Taxonomy, wanted: &str, id: u64) -> (String, Option<TermId>) {
        let short = cut(wanted, 80);
        let short = short.trim_end_matches('-');
        let numbered = (2..).map(|n| format!("{short}-{id}-{n}"));
        let slugs = [wanted.to_owned(), format!("{short}-{id}")].into_iter().chain(numbered);
        for slug in slugs {
            let ours = self.by_slug.get(&(of, slug.clone())).copied();
            if ours.is_none_or(|ours| !self.there.contains_key(&ours.to_string())) {
                return (slug, ours);
            }
        }
        // As many terms as there are numbers do not exist.
        (format!("{short}-{id}"), None)
    }

    /// Our term for the one above another, where the levels allow it.
    fn above(&self, term: &TheirTerm) -> Option<TermId> {
        self.of(term.parent)
            .filter(|parent| self.depth(Some(*parent)) < MAX_DEPTH)
    }

    /// Whether a term is another, or above it.
    fn is_above(&self, id: TermId, below: Option<TermId>) -> bool {
        std::iter::successors(below, |below| self.rows.get(below).and_then(|row| row.parent))
            .take(MAX_DEPTH + 1)
            .any(|above| above == id)
    }

    /// Our term for one there, unless it was deleted here.
    pub fn of(&self, id: u64) -> Option<TermId> {
        let ours: TermId = self.mapped.get(&id)?.ours.parse().ok()?;
        self.rows.get(&ours).filter(|row| row.is_live).map(|_| ours)
    }

    /// The name of our term for one there.
    pub fn name_of(&self, id: u64) -> Option<String> {
        self.rows.get(&self.of(id)?).map(|row| row.name.clone())
    }

    fn knows(&self, id: u64) -> bool {
        self.mapped.contains_key(&id)
    }

    /// How many terms are above one, itself included.
    fn depth(&self, mut of: Option<TermId>) -> usize {
        let mut depth = 0;
        while let Some(id) = of.filter(|_| depth <= MAX_DEPTH) {
            depth += 1;
            of = self.rows.get(&id).and_then(|row| row.parent);
        }
        depth
    }
}

/// Imports all terms of the taxonomies that are ours too; where only what is known counts, what changed of those. Answers whether
/// some were deleted there: posts lose them without a change of their own time.
///
/// # Errors
/// [`PublishError`]; what was stored until then stays.
pub async fn all(from: &mut Inbound<'_>, counts: &mut Counts) -> Result<bool, PublishError> {
    let takes_new = from.takes_new();
    if !takes_new && from.terms.mapped.is_empty() {
        return Ok(false);
    }
    let mut lost = false;
    let taxonomies: Vec<Theirs> = from
        .discovered
        .taxonomies
        .iter()
        .map(|found| found.taxonomy.clone())
        .collect();
    for theirs in taxonomies {
        let Some(ours) = from.settings.our_taxonomy(&theirs.slug).and_then(taxonomy) else {
            continue;
        };
        // Children that came before their parents.
        let mut waiting: Vec<TheirTerm> = Vec::new();
        let mut listed: HashSet<u64> = HashSet::new();
        let mut offset = 0;
        loop {
            let page = from
                .client
                .terms(&theirs, offset, 100)
                .await
                .map_err(|error| failed(&error))?;
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
            store(from, &theirs, ours, now, counts).await?;
            if !page.more {
                break;
            }
            offset += 100;
        }
        lost |= forget(from, &theirs, &listed).await?;
    }
    Ok(lost)
}

/// Forgets what terms that are not in the list were there, if they were deleted; false when none was. Ours stay.
async fn forget(from: &mut Inbound<'_>, theirs: &Theirs, listed: &HashSet<u64>) -> Result<bool, PublishError> {
    let mut gone = Vec::new();
    for (id, mapping) in from.terms.mapped.iter().filter(|(id, _)| !listed.contains(id)) {
        let ours = mapping
            .ours
            .parse::<TermId>()
            .ok()
            .and_then(|ours| from.terms.rows.get(&ours));
        let is_of_it =
            ours.is_some_and(|row| from.settings.taxonomy(&serde_name(row.taxonomy)) == Some(theirs.slug.as_str()));
        if is_of_it {
            gone.push((*id, mapping.id));
        }
    }
    let mut tx = from.tx();
    let mut forgotten = false;
    for (id, mapping) in gone {
        match from.client.term(theirs, id).await {
            Err(WordPressError::Gone) => {}
            Err(error) => return Err(failed(&error)),
            // It came to another page while the pages were read.
            Ok(_) => continue,
        }
        tx.delete(mapping);
        forgotten = true;
        if let Some(mapping) = from.terms.mapped.remove(&id) {
            from.terms.there.remove(&mapping.ours);
        }
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
    let Some(ours) = from.settings.our_taxonomy(&theirs.slug).and_then(taxonomy) else {
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
            Err(WordPressError::Gone | WordPressError::Forbidden { .. }) => {}
            Err(error) => return Err(failed(&error)),
        }
    }
    store(from, theirs, ours, found, counts).await
}

/// What became of a term.
enum Stored {
    Nothing,
    /// What is there is written down; ours is as it was.
    Noted,
    New,
    Changed,
}

/// Stores terms, parents first, in one unit of work.
async fn store(
    from: &mut Inbound<'_>,
    theirs: &Theirs,
    taxonomy: Taxonomy,
    mut terms: Vec<TheirTerm>,
    counts: &mut Counts,
) -> Result<(), PublishError> {
    let mut tx = from.tx();
    let (mut writes, mut changes) = (false, false);
    let mut touched = 0;
    while !terms.is_empty() {
        let waiting: HashSet<u64> = terms.iter().map(|term| term.id).collect();
        let (now, later): (Vec<_>, Vec<_>) = terms.into_iter().partition(|term| !waiting.contains(&term.parent));
        // Terms that are above each other in a circle: none is above any other then.
        let circle = now.is_empty();
        for mut term in if circle { later.clone() } else { now } {
            if circle {
                term.parent = 0;
            }
            let stored = one(from, theirs, taxonomy, &term, &mut tx).await?;
            writes |= !matches!(stored, Stored::Nothing);
            changes |= matches!(stored, Stored::Changed);
            touched += u64::from(matches!(stored, Stored::New | Stored::Changed));
        }
        terms = if circle { Vec::new() } else { later };
    }
    if writes {
        tree::one_at_a_time(&mut tx);
        if changes {
            let told = published::changed(from.app, from.scope, &mut tx).await;
            told.map_err(|error| broken(&error))?;
            let followed = live::terms_changed(from.app, from.scope, &mut tx).await;
            followed.map_err(|error| broken(&error))?;
        }
        tx.commit().await.map_err(|error| broken(&error))?;
        counts.terms += touched;
    }
    Ok(())
}

/// Adds one term to a unit of work, or what changed of it there.
async fn one(
    from: &mut Inbound<'_>,
    theirs: &Theirs,
    taxonomy: Taxonomy,
    term: &TheirTerm,
    tx: &mut Tx<'_>,
) -> Result<Stored, PublishError> {
    let seen = their_mark(theirs, term);
    let known = from.terms.mapped.get(&term.id);
    if known.is_some_and(|mapping| mapping.their_hash.as_ref() == Some(&seen)) {
        return Ok(Stored::Nothing);
    }
    let stored = match known.cloned() {
        Some(mapping) => again(from, theirs, term, seen, mapping, tx).await,
        None => first(from, theirs, taxonomy, term, seen, tx).await,
    };
    stored.map_err(|error| broken(&error))
}

/// Takes over what people changed of a term there, but for what was changed here and is still to be sent.
async fn again(
    from: &mut Inbound<'_>,
    theirs: &Theirs,
    term: &TheirTerm,
    seen: String,
    mut mapping: Mapping,
    tx: &mut Tx<'_>,
) -> Result<Stored, DbError> {
    let now = from.app.db.clock().now();
    let before = mapping.their_hash.replace(seen.clone());
    mapping.updated_at = now;
    let row = match mapping.ours.parse::<TermId>() {
        Ok(id) => from.db().get::<Term>(id).await?,
        Err(_) => None,
    };
    let mut stored = Stored::Noted;
    // One that we sent, seen for the first time: what is there is what we sent, whatever WordPress made of it.
    if let Some((old, before)) = row.zip(before) {
        let sent = mapping.hash.clone().unwrap_or_default();
        let unsent = TermPart::changed(&sent, &from.terms.our_mark(theirs, &old)).unwrap_or_default();
        let mut parts = TermPart::changed(&before, &seen).unwrap_or_else(|| TermPart::ALL.to_vec());
        parts.retain(|part| !unsent.contains(part));
        let mut new = old.clone();
        take(from, term, &parts, &mut new);
        let mark = from.terms.our_mark(theirs, &new);
        mapping.hash = Some(TermPart::keep(&mark, &sent, &unsent));
        let differs = (&old.name, &old.slug, &old.description, old.parent)
            != (&new.name, &new.slug, &new.description, new.parent);
        if differs {
            new.updated_at = now;
            tx.replace(&mut new);
            from.terms.take(&new);
            stored = Stored::Changed;
        }
    }
    tx.replace(&mut mapping);
    from.terms.keep(term.id, mapping);
    Ok(stored)
}

/// Writes parts of a term there into ours.
fn take(from: &Inbound<'_>, term: &TheirTerm, parts: &[TermPart], row: &mut Term) {
    for part in parts {
        match part {
            TermPart::Name => row.name = named(term),
            TermPart::Description => row.description = described(term),
            TermPart::Slug => {
                let slug = slug_of(term, &row.language);
                let is_free = !from.terms.by_slug.contains_key(&(row.taxonomy, slug.clone()));
                if is_free && row.language == from.site.language {
                    row.set_slug(slug);
                }
            }
            TermPart::Parent => {
                let above = from.terms.above(term);
                if !from.terms.is_above(row.id, above) {
                    row.parent = above;
                }
            }
        }
    }
}

/// Finds a term of ours for one that is new, or makes it.
async fn first(
    from: &mut Inbound<'_>,
    theirs: &Theirs,
    taxonomy: Taxonomy,
    term: &TheirTerm,
    seen: String,
    tx: &mut Tx<'_>,
) -> Result<Stored, DbError> {
    let app = from.app;
    let now = app.db.clock().now();
    let wanted = slug_of(term, &from.site.language);
    let (slug, found) = from.terms.slug_near(taxonomy, &wanted, term.id);
    let (ours, row) = match found {
        Some(id) => (id, from.db().get::<Term>(id).await?),
        None => {
            let id = app.db.ids().make();
            let language = from.site.language.clone();
            let mut row = Term::new(id, from.scope, taxonomy, language, named(term), slug, now);
            row.description = described(term);
            row.parent = from.terms.above(term);
            row.external_id = Some(term.id.to_string());
            row.external_taxonomy = from.settings.taxonomy(&serde_name(taxonomy)).map(str::to_owned);
            from.terms.take(&row);
            tx.create(row.clone());
            (id, Some(row))
        }
    };
    let mapping = Mapping {
        id: app.db.ids().make(),
        account: from.destination.account,
        site: from.destination.site,
        destination: from.destination.id,
        kind: KnownKind::Term,
        ours: ours.to_string(),
        external_id: term.id.to_string(),
        // As if it had been sent: whatever changes here from now on goes there.
        hash: row.map(|row| from.terms.our_mark(theirs, &row)),
        their_hash: Some(seen),
        url: None,
        rev: 1,
        updated_at: now,
    };
    tx.create(mapping.clone());
    from.terms.keep(term.id, mapping);
    Ok(Stored::New)
}

fn serde_name(taxonomy: Taxonomy) -> String {
    serde_json::to_value(taxonomy)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

fn described(term: &TheirTerm) -> String {
    cut(&plain(&term.description), 5000)
}

fn named(term: &TheirTerm) -> String {
    let name = cut(&plain(&term.name), 120);
    if name.is_empty() {
        format!("Term {}", term.id)
    } else {
        name
    }
}

fn slug_of(term: &TheirTerm, language: &str) -> String {
    let mut texts = [decoded(&term.slug), named(term)]
        .into_iter()
        .map(|text| slug(&text, language));
    texts
        .find(|slug| !slug.is_empty())
        .unwrap_or_else(|| format!("term-{}", term.id))
}

#[cfg(test)]
mod tests {
    use igny8_data::{Clock, Ids};

    use super::*;

    #[test]
    fn a_slug_that_is_taken_is_followed_by_another() {
        let ids = Ids::seeded(Clock::manual("2026-01-01T00:00:00Z"), 7);
        let (one, other): (TermId, TermId) = (ids.make(), ids.make());
        let of = Taxonomy::BlogTag;
        let mut terms = Terms::default();
        assert_eq!(terms.slug_near(of, "news", 5), ("news".into(), None));
        terms.by_slug.insert((of, "news".into()), one);
        assert_eq!(terms.slug_near(of, "news", 5), ("news".into(), Some(one)));
        terms.there.insert(one.to_string(), 1);
        assert_eq!(terms.slug_near(of, "news", 5), ("news-5".into(), None));
        terms.by_slug.insert((of, "news-5".into()), other);
        assert_eq!(terms.slug_near(of, "news", 5), ("news-5".into(), Some(other)));
        terms.there.insert(other.to_string(), 2);
        assert_eq!(terms.slug_near(of, "news", 5), ("news-5-2".into(), None));
    }
}

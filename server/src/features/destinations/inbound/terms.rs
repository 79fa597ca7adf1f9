//! Terms: found again by their ids there, adopted by slug, made below their parents.

use std::collections::{HashMap, HashSet};

use igny8_data::{Access, DbError, Deleted, Select, SiteDb, Tx};
use igny8_wordpress::{Taxonomy as Theirs, Term as TheirTerm};

use super::super::model::{DestinationId, Mapping};
use super::convert::{cut, decoded, plain, slug};
use super::cursor::Counts;
use super::source::{Inbound, broken};
use crate::features::taxonomy::model::MAX_DEPTH;
use crate::features::taxonomy::{Taxonomy, Term, TermId, tree};
use crate::publish::wordpress::failed;
use crate::publish::{KnownKind, PublishError};

/// Terms of the site, and which of them are terms there.
#[derive(Default)]
pub struct Terms {
    language: String,
    rows: HashMap<TermId, Short>,
    by_slug: HashMap<(Taxonomy, String), TermId>,
    /// By id there; ids are unique over all taxonomies.
    mapped: HashMap<u64, Mapping>,
    /// Ours that are one there.
    taken: HashSet<String>,
}

struct Short {
    name: String,
    parent: Option<TermId>,
    is_live: bool,
}

/// Our taxonomy by its name in settings.
fn taxonomy(name: &str) -> Option<Taxonomy> {
    Taxonomy::ALL
        .into_iter()
        .find(|of| serde_json::to_value(of).is_ok_and(|value| value == name))
}

/// A hash of what a term says there.
fn hash(term: &TheirTerm) -> String {
    let all = serde_json::json!([term.name, term.slug, term.description, term.parent]);
    blake3::hash(all.to_string().as_bytes()).to_hex().to_string()
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
                terms.taken.insert(row.ours.clone());
                terms.mapped.insert(id, row);
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
            parent: row.parent,
            is_live: row.deleted_at.is_none(),
        };
        self.rows.insert(row.id, short);
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

/// Imports all terms of the taxonomies that are ours too.
///
/// # Errors
/// [`PublishError`]; what was stored until then stays.
pub async fn all(from: &mut Inbound<'_>, counts: &mut Counts) -> Result<(), PublishError> {
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
        let mut offset = 0;
        loop {
            let page = from
                .client
                .terms(&theirs, offset, 100)
                .await
                .map_err(|error| failed(&error))?;
            let mut terms = std::mem::take(&mut waiting);
            terms.extend(page.items);
            let ready = |term: &TheirTerm, known: &Terms, here: &HashSet<u64>| {
                term.parent == 0 || known.knows(term.parent) || here.contains(&term.parent)
            };
            let here: HashSet<u64> = terms.iter().map(|term| term.id).collect();
            let (now, later) = terms
                .into_iter()
                .partition(|term| ready(term, &from.terms, &here) || !page.more);
            waiting = later;
            store(from, ours, now, counts).await?;
            if !page.more {
                break;
            }
            offset += 100;
        }
    }
    Ok(())
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
            Err(igny8_wordpress::WordPressError::Gone | igny8_wordpress::WordPressError::Forbidden { .. }) => {}
            Err(error) => return Err(failed(&error)),
        }
    }
    store(from, ours, found, counts).await
}

/// Stores terms, parents first, in one unit of work.
async fn store(
    from: &mut Inbound<'_>,
    taxonomy: Taxonomy,
    mut terms: Vec<TheirTerm>,
    counts: &mut Counts,
) -> Result<(), PublishError> {
    let mut tx = from.tx();
    let mut writes = false;
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
            if one(from, taxonomy, &term, &mut tx).await? {
                (writes, touched) = (true, touched + 1);
            }
        }
        terms = if circle { Vec::new() } else { later };
    }
    if writes {
        tree::one_at_a_time(&mut tx);
        tx.commit().await.map_err(|error| broken(&error))?;
        counts.terms += touched;
    }
    Ok(())
}

/// Adds one term to a unit of work, or what changed of it there; false when nothing did.
async fn one(
    from: &mut Inbound<'_>,
    taxonomy: Taxonomy,
    term: &TheirTerm,
    tx: &mut Tx<'_>,
) -> Result<bool, PublishError> {
    let app = from.app;
    let now = app.db.clock().now();
    let (name, description) = (named(term), cut(&plain(&term.description), 5000));
    let mut parent = from.terms.of(term.parent);
    if from.terms.depth(parent) >= MAX_DEPTH {
        parent = None;
    }
    let hash = hash(term);
    if let Some(mapping) = from.terms.mapped.get(&term.id) {
        if mapping.their_hash.as_ref() == Some(&hash) {
            return Ok(false);
        }
        // One that we sent: what is there is what we sent, whatever WordPress made of it.
        let first_seen = mapping.their_hash.is_none();
        let mut mapping = mapping.clone();
        mapping.their_hash = Some(hash);
        mapping.updated_at = now;
        tx.replace(&mut mapping);
        let ours: Option<TermId> = mapping.ours.parse().ok();
        from.terms.mapped.insert(term.id, mapping);
        let row = match ours.filter(|_| !first_seen) {
            Some(id) => from.db().get::<Term>(id).await.map_err(|error| broken(&error))?,
            None => None,
        };
        if let Some(mut row) = row {
            row.name = name;
            row.description = description;
            let in_circle = std::iter::successors(parent, |id| from.terms.rows.get(id).and_then(|row| row.parent))
                .take(MAX_DEPTH + 1)
                .any(|id| id == row.id);
            if !in_circle {
                row.parent = parent;
            }
            row.updated_at = now;
            tx.replace(&mut row);
            from.terms.take(&row);
        }
        return Ok(true);
    }
    let wanted = slug_of(term, &from.site.language);
    let there = from.terms.by_slug.get(&(taxonomy, wanted.clone())).copied();
    let taken = there.is_some_and(|id| from.terms.taken.contains(&id.to_string()));
    let ours = match there {
        Some(id) if !taken => id,
        _ => {
            let slug = if taken {
                format!("{}-{}", cut(&wanted, 80), term.id)
            } else {
                wanted
            };
            let id = app.db.ids().make();
            let mut row = Term::new(id, from.scope, taxonomy, from.site.language.clone(), name, slug, now);
            row.description = description;
            row.parent = parent;
            row.external_id = Some(term.id.to_string());
            row.external_taxonomy = from.settings.taxonomy(&serde_name(taxonomy)).map(str::to_owned);
            from.terms.take(&row);
            tx.create(row);
            id
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
        hash: None,
        their_hash: Some(hash),
        url: None,
        rev: 1,
        updated_at: now,
    };
    tx.create(mapping.clone());
    from.terms.taken.insert(mapping.ours.clone());
    from.terms.mapped.insert(term.id, mapping);
    Ok(true)
}

fn serde_name(taxonomy: Taxonomy) -> String {
    serde_json::to_value(taxonomy)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
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

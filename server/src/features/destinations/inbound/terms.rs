//! Terms: found again by their ids there, adopted by slug, made below their parents.
//!
//! Terms of a custom taxonomy are terms of one of ours, told from its usual ones by the mapping's `taxonomy`: they are adopted by
//! none of those and go back to where they came from.

use std::collections::{BTreeMap, HashMap, HashSet};

use igny8_data::{Access, DbError, Deleted, Select, SiteDb, Tx, Variables};
use igny8_wordpress::{Discovered, Taxonomy as Theirs, Term as TheirTerm, TermFields, WordPressError};

use super::super::model::{DestinationId, Mapping};
use super::convert::{cut, decoded, is_web, plain, slug};
use super::cursor::Counts;
use super::source::{Inbound, broken};
use crate::features::builder::live;
use crate::features::content::published;
use crate::features::taxonomy::model::MAX_DEPTH;
use crate::features::taxonomy::{Taxonomy, Term, TermId, tree};
use crate::publish::wordpress::{TermPart, WordpressSettings, edited_since_sent, failed, mark_there, term_mark};
use crate::publish::{KnownKind, PublishError};

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

/// Terms of the site, and which of them are terms there.
#[derive(Default)]
pub struct Terms {
    language: String,
    /// Slugs of their taxonomies that are no custom ones.
    usual: HashSet<String>,
    rows: HashMap<TermId, Short>,
    by_slug: HashMap<(Taxonomy, String), TermId>,
    /// By id there; ids are unique over all taxonomies.
    mapped: HashMap<u64, Mapping>,
    /// Ours that are one there, with its id.
    there: HashMap<String, u64>,
    /// Of ours whose term in a custom taxonomy was deleted there.
    vacant: HashMap<String, Mapping>,
    /// Slugs that were taken there by terms, and that others have here.
    wanted: Vec<Wanted>,
    /// What was changed on both sides and stays apart, in words.
    problems: Vec<String>,
}

struct Short {
    name: String,
    slug: String,
    taxonomy: Taxonomy,
    external_taxonomy: Option<String>,
    parent: Option<TermId>,
    is_live: bool,
}

/// A slug that a term has there, and another term here.
struct Wanted {
    /// The term's id there.
    id: u64,
    ours: TermId,
    of: Taxonomy,
    slug: String,
    /// What is there, without what nothing here has taken.
    seen: String,
    /// Another change of it was taken.
    is_counted: bool,
}

/// Our taxonomy by its name in settings.
fn taxonomy(name: &str) -> Option<Taxonomy> {
    Taxonomy::ALL
        .into_iter()
        .find(|of| serde_json::to_value(of).is_ok_and(|value| value == name))
}

impl Terms {
    /// Reads the site's terms; a site has few enough for memory.
    pub async fn load<A: Access>(
        db: &SiteDb<'_, A>,
        destination: DestinationId,
        settings: &WordpressSettings,
        language: &str,
    ) -> Result<Self, DbError> {
        let mut terms = Self {
            language: language.to_owned(),
            usual: settings.usual_slugs(),
            ..Self::default()
        };
        for row in db.list::<Term>(Select::new().deleted(Deleted::With)).await? {
            terms.take(&row);
        }
        let mapped = Select::new()
            .equals("destination", destination)
            .equals("kind", KnownKind::Term);
        for row in db.list::<Mapping>(mapped).await? {
            match row.external_id.parse() {
                Ok(id) => terms.keep(id, row),
                Err(_) => {
                    terms.vacant.insert(row.ours.clone(), row);
                }
            }
        }
        Ok(terms)
    }

    fn take(&mut self, row: &Term) {
        if row.language == self.language {
            if let Some(before) = self.rows.get(&row.id) {
                let slug = (row.taxonomy, before.slug.clone());
                if self.by_slug.get(&slug) == Some(&row.id) {
                    self.by_slug.remove(&slug);
                }
            }
            self.by_slug.insert((row.taxonomy, row.slug.clone()), row.id);
        }
        let short = Short {
            name: row.name.clone(),
            slug: row.slug.clone(),
            taxonomy: row.taxonomy,
            external_taxonomy: row.external_taxonomy.clone(),
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
    fn our_mark(&self, of: &Theirs, custom: Option<&str>, row: &Term) -> String {
        let above = row.parent.and_then(|id| self.there.get(&id.to_string()).copied());
        let above = above.filter(|id| {
            let mapping = self.mapped.get(id);
            mapping.is_some_and(|mapping| mapping.taxonomy.as_deref() == custom)
        });
        let fields = TermFields {
            name: Some(row.name.clone()),
            slug: Some(row.slug.clone()),
            description: Some(row.description.clone()),
            parent: above.or(Some(0)).filter(|_| of.hierarchical),
        };
        term_mark(of, &fields)
    }

    /// Whether a term of ours may be one of theirs of a kind: it is no other yet, and none of another taxonomy there.
    fn is_adoptable(&self, kind: &Kind, ours: TermId) -> bool {
        let from = self.rows.get(&ours).and_then(|row| row.external_taxonomy.as_ref());
        let fits = match &kind.custom {
            Some(_) => from == kind.custom.as_ref(),
            None => from.is_none_or(|from| self.usual.contains(from)),
        };
        fits && !self.there.contains_key(&ours.to_string())
    }

    /// A slug for a term there near the wanted one, and our term that has it, where it is to be that one.
    fn slug_near(&self, kind: &Kind, wanted: &str, id: u64) -> (String, Option<TermId>) {
        let short = cut(wanted, 80);
        let short = short.trim_end_matches('-');
        let numbered = (2..).map(|n| format!("{short}-{id}-{n}"));
        let slugs = [wanted.to_owned(), format!("{short}-{id}")].into_iter().chain(numbered);
        for slug in slugs {
            let ours = self.by_slug.get(&(kind.ours, slug.clone())).copied();
            if ours.is_none_or(|ours| self.is_adoptable(kind, ours)) {
                return (slug, ours);
            }
        }
        // As many terms as there are numbers do not exist.
        (format!("{short}-{id}"), None)
    }

    /// Our term for the one above another, where it is of the same taxonomy and the levels allow it.
    fn above(&self, term: &TheirTerm, of: Taxonomy) -> Option<TermId> {
        let parent = self.of(term.parent)?;
        let is_of_it = self.rows.get(&parent).is_some_and(|row| row.taxonomy == of);
        (is_of_it && self.depth(Some(parent)) < MAX_DEPTH).then_some(parent)
    }

    /// The wanted slugs that can be taken: which nothing has any more, or terms that take another one with them.
    fn exchangeable(&mut self) -> Vec<Wanted> {
        let mut wanted = std::mem::take(&mut self.wanted);
        loop {
            let before = wanted.len();
            let leaving: HashSet<TermId> = wanted.iter().map(|one| one.ours).collect();
            let mut claimed = HashSet::new();
            wanted.retain(|one| {
                let slug = (one.of, one.slug.clone());
                let holder = self.by_slug.get(&slug);
                holder.is_none_or(|holder| leaving.contains(holder)) && claimed.insert(slug)
            });
            if wanted.len() == before {
                return wanted;
            }
        }
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

    /// Those of some terms that came from taxonomies other than these.
    pub fn of_others(&self, terms: &[TermId], shown: &[&str]) -> Vec<TermId> {
        let is_other = |id: &TermId| {
            let of = self.rows.get(id).and_then(|row| row.external_taxonomy.as_deref());
            of.is_some_and(|slug| !shown.contains(&slug))
        };
        terms.iter().copied().filter(is_other).collect()
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
        lost |= forget(from, &theirs, &listed).await?;
    }
    Ok(lost)
}

/// Forgets what terms that are not in the list were there, if they were deleted; false when none was. Ours stay.
async fn forget(from: &mut Inbound<'_>, theirs: &Theirs, listed: &HashSet<u64>) -> Result<bool, PublishError> {
    let mut gone = Vec::new();
    for (id, mapping) in from.terms.mapped.iter().filter(|(id, _)| !listed.contains(id)) {
        let ours = mapping.ours.parse::<TermId>().ok();
        let ours = ours.and_then(|ours| from.terms.rows.get(&ours));
        let usual = ours.and_then(|row| from.settings.taxonomy(&serde_name(row.taxonomy)));
        if mapping.taxonomy.as_deref().or(usual) == Some(theirs.slug.as_str()) {
            gone.push(*id);
        }
    }
    let mut tx = from.tx();
    let mut forgotten = false;
    for id in gone {
        match from.client.term(theirs, id).await {
            Err(WordPressError::Gone) => {}
            Err(error) => return Err(failed(&error)),
            // It came to another page while the pages were read.
            Ok(_) => continue,
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
    kind: &Kind,
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
            let stored = one(from, theirs, kind, &term, &mut tx).await?;
            writes |= !matches!(stored, Stored::Nothing);
            changes |= matches!(stored, Stored::Changed);
            touched += u64::from(matches!(stored, Stored::New | Stored::Changed));
        }
        terms = if circle { Vec::new() } else { later };
    }
    for problem in std::mem::take(&mut from.terms.problems) {
        counts.problem(problem);
    }
    if writes {
        tree::one_at_a_time(&mut tx);
        if changes {
            tell(from, &mut tx).await.map_err(|error| broken(&error))?;
        }
        tx.commit().await.map_err(|error| broken(&error))?;
        counts.terms += touched;
    }
    Ok(())
}

/// Adds to a unit of work what follows from changed terms.
async fn tell(from: &Inbound<'_>, tx: &mut Tx<'_>) -> Result<(), DbError> {
    published::changed(from.app, from.scope, tx).await?;
    live::terms_changed(from.app, from.scope, tx).await
}

/// Gives terms the slugs that they have there and that others had here until now, as after two exchanged theirs; all at once, by
/// way of slugs that nothing has.
async fn exchange(from: &mut Inbound<'_>, theirs: &Theirs, counts: &mut Counts) -> Result<(), PublishError> {
    let wanted = from.terms.exchangeable();
    let mut rows = Vec::with_capacity(wanted.len());
    for one in wanted {
        let row = from.db().get::<Term>(one.ours).await;
        let row = row.map_err(|error| broken(&error))?;
        // Deleted at this moment: the next read finds what is left of it.
        let Some((row, mapping)) = row.zip(from.terms.mapped.get(&one.id).cloned()) else {
            return Ok(());
        };
        rows.push((one, row, mapping));
    }
    if rows.is_empty() {
        return Ok(());
    }
    let now = from.app.db.clock().now();
    let mut tx = from.tx();
    for (n, (_, row, _)) in rows.iter().enumerate() {
        let mut binds = Variables::new();
        binds.insert(format!("leaving{n}"), row.id);
        binds.insert(format!("between{n}"), format!("~{}", row.id));
        let sql =
            format!("UPDATE $leaving{n} SET slug = $between{n} WHERE site = $site AND account = $account RETURN NONE");
        tx.statement(&sql, binds);
    }
    let mut changed = Vec::with_capacity(rows.len());
    for (one, old, mut mapping) in rows {
        let mut new = old.clone();
        new.set_slug(one.slug);
        new.updated_at = now;
        let mark = |row: &Term| from.terms.our_mark(theirs, mapping.taxonomy.as_deref(), row);
        let sent = mapping.hash.clone().unwrap_or_default();
        let unsent = TermPart::changed(&sent, &mark(&old)).unwrap_or_default();
        let hash = TermPart::keep(&mark(&new), &sent, &unsent);
        (mapping.hash, mapping.their_hash, mapping.updated_at) = (Some(hash), Some(one.seen), now);
        tx.replace(&mut new);
        tx.replace(&mut mapping);
        counts.terms += u64::from(!one.is_counted);
        changed.push((one.id, new, mapping));
    }
    tell(from, &mut tx).await.map_err(|error| broken(&error))?;
    tx.commit().await.map_err(|error| broken(&error))?;
    for (id, row, mapping) in changed {
        from.terms.take(&row);
        from.terms.keep(id, mapping);
    }
    Ok(())
}

/// Adds one term to a unit of work, or what changed of it there.
async fn one(
    from: &mut Inbound<'_>,
    theirs: &Theirs,
    kind: &Kind,
    term: &TheirTerm,
    tx: &mut Tx<'_>,
) -> Result<Stored, PublishError> {
    let seen = mark_there(theirs, term);
    let known = from.terms.mapped.get(&term.id);
    if known.is_some_and(|mapping| mapping.their_hash.as_ref() == Some(&seen) && mapping.url == link_of(term)) {
        return Ok(Stored::Nothing);
    }
    let stored = match known.cloned() {
        Some(mapping) => again(from, theirs, term, seen, mapping, tx).await,
        None => first(from, theirs, kind, term, seen, tx).await,
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
    let link = link_of(term);
    let known = (mapping.hash.clone(), mapping.their_hash.clone(), mapping.url.clone());
    let before = mapping.their_hash.replace(seen.clone());
    let before_link = std::mem::replace(&mut mapping.url, link.clone());
    let row = match mapping.ours.parse::<TermId>() {
        Ok(id) => from.db().get::<Term>(id).await?,
        Err(_) => None,
    };
    let mut stored = Stored::Nothing;
    if let Some(old) = row {
        let mut new = old.clone();
        let mut wanted = None;
        let mut agreed = seen;
        let custom = mapping.taxonomy.as_deref();
        let sent = mapping.hash.clone().unwrap_or_default();
        let mut unsent = TermPart::changed(&sent, &from.terms.our_mark(theirs, custom, &old)).unwrap_or_default();
        if let Some(before) = before {
            let changed = TermPart::changed(&before, &agreed);
            let mut parts = changed.clone().unwrap_or_else(|| TermPart::ALL.to_vec());
            // Changed on both sides: what is the same is no contradiction, anything else stays as it is on either. What stood below
            // a deleted term WordPress moves up by itself.
            let moved_up = |part: TermPart| part == TermPart::Parent && term.parent == 0;
            let (same, both): (Vec<TermPart>, Vec<TermPart>) = unsent
                .iter()
                .copied()
                .filter(|part| !moved_up(*part) && changed.as_ref().is_some_and(|changed| changed.contains(part)))
                .partition(|part| is_same(from, term, *part, &old));
            unsent.retain(|part| !same.contains(part));
            parts.retain(|part| !unsent.contains(part));
            wanted = take(from, term, &parts, &mut new);
            let mark = from.terms.our_mark(theirs, custom, &new);
            mapping.hash = Some(TermPart::keep(&mark, &sent, &unsent));
            if !both.is_empty() {
                // It is looked at again until both are the same.
                agreed = TermPart::keep(&agreed, &before, &both);
                from.terms.problems.push(contradiction(term, &old, &both));
            }
            mapping.their_hash = Some(agreed.clone());
            if wanted.is_some() && changed.is_some() {
                // It is looked at again until the slug can be had.
                mapping.their_hash = Some(TermPart::keep(&agreed, &before, &[TermPart::Slug]));
            }
        } else if edited_since_sent(theirs, term, &sent)
            .iter()
            .any(|part| unsent.contains(part))
        {
            // Of one that we sent, seen for the first time, what is there is what we sent, whatever WordPress made of it; but for
            // what was edited on both sides, which the publishing job sees to.
            mapping.their_hash = None;
        }
        let differs = (&old.name, &old.slug, &old.description, old.parent)
            != (&new.name, &new.slug, &new.description, new.parent);
        // Of two destinations, the first one that has it says where its archive is.
        if old.external_url.is_none() || old.external_url == before_link {
            new.external_url = link;
        }
        if differs {
            new.updated_at = now;
            stored = Stored::Changed;
        } else if new.external_url != old.external_url {
            stored = Stored::Noted;
        }
        if !matches!(stored, Stored::Nothing) {
            tx.replace(&mut new);
            from.terms.take(&new);
        }
        from.terms.wanted.extend(wanted.map(|slug| Wanted {
            id: term.id,
            ours: new.id,
            of: new.taxonomy,
            slug,
            seen: agreed,
            is_counted: differs,
        }));
    }
    if known != (mapping.hash.clone(), mapping.their_hash.clone(), mapping.url.clone()) {
        mapping.updated_at = now;
        tx.replace(&mut mapping);
        from.terms.keep(term.id, mapping);
        if matches!(stored, Stored::Nothing) {
            stored = Stored::Noted;
        }
    }
    Ok(stored)
}

/// Whether a part says the same on both sides.
fn is_same(from: &Inbound<'_>, term: &TheirTerm, part: TermPart, row: &Term) -> bool {
    match part {
        TermPart::Name => row.name == named(term),
        TermPart::Description => row.description == described(term),
        TermPart::Slug => row.slug == slug_of(term, &row.language),
        TermPart::Parent => row.parent == from.terms.above(term, row.taxonomy),
    }
}

/// Tells of parts that were changed on both sides.
fn contradiction(term: &TheirTerm, row: &Term, parts: &[TermPart]) -> String {
    let all = parts.iter().map(|part| match part {
        TermPart::Name => format!("its name is “{}” there", named(term)),
        TermPart::Slug => format!("its slug is `{}` there", term.slug),
        TermPart::Description => "its description is another there".to_owned(),
        TermPart::Parent => "it stands below another one there".to_owned(),
    });
    format!(
        "The term “{}” was changed here and in WordPress: {}. Nothing was overwritten: make both the same, here or there.",
        row.name,
        all.collect::<Vec<_>>().join(", ")
    )
}

/// Writes parts of a term there into ours; answers the slug that another of our terms has.
fn take(from: &Inbound<'_>, term: &TheirTerm, parts: &[TermPart], row: &mut Term) -> Option<String> {
    let mut wanted = None;
    for part in parts {
        match part {
            TermPart::Name => row.name = named(term),
            TermPart::Description => row.description = described(term),
            TermPart::Slug => {
                let slug = slug_of(term, &row.language);
                if row.language != from.site.language || slug == row.slug {
                    continue;
                }
                if from.terms.by_slug.contains_key(&(row.taxonomy, slug.clone())) {
                    wanted = Some(slug);
                } else {
                    row.set_slug(slug);
                }
            }
            TermPart::Parent => {
                let above = from.terms.above(term, row.taxonomy);
                if !from.terms.is_above(row.id, above) {
                    row.parent = above;
                }
            }
        }
    }
    wanted
}

/// Finds a term of ours for one that is new, or makes it.
async fn first(
    from: &mut Inbound<'_>,
    theirs: &Theirs,
    kind: &Kind,
    term: &TheirTerm,
    seen: String,
    tx: &mut Tx<'_>,
) -> Result<Stored, DbError> {
    let app = from.app;
    let now = app.db.clock().now();
    let link = link_of(term);
    let wanted = slug_of(term, &from.site.language);
    let (slug, found) = from.terms.slug_near(kind, &wanted, term.id);
    let (ours, row) = match found {
        Some(id) => {
            let mut row = from.db().get::<Term>(id).await?;
            if let Some(row) = row.as_mut().filter(|row| row.external_url.is_none() && link.is_some()) {
                row.external_url.clone_from(&link);
                tx.replace(row);
            }
            (id, row)
        }
        None => {
            let id = app.db.ids().make();
            let language = from.site.language.clone();
            let mut row = Term::new(id, from.scope, kind.ours, language, named(term), slug, now);
            row.description = described(term);
            row.parent = from.terms.above(term, kind.ours);
            row.external_id = Some(term.id.to_string());
            row.external_taxonomy = Some(theirs.slug.clone());
            row.external_url.clone_from(&link);
            from.terms.take(&row);
            tx.create(row.clone());
            (id, Some(row))
        }
    };
    let vacant = from.terms.vacant.remove(&ours.to_string());
    let is_new = vacant.is_none();
    let mut mapping = vacant.unwrap_or_else(|| Mapping {
        id: app.db.ids().make(),
        account: from.destination.account,
        site: from.destination.site,
        destination: from.destination.id,
        kind: KnownKind::Term,
        ours: ours.to_string(),
        external_id: String::new(),
        hash: None,
        their_hash: None,
        url: None,
        taxonomy: None,
        made: false,
        rev: 1,
        updated_at: now,
    });
    mapping.external_id = term.id.to_string();
    // As if it had been sent: whatever changes here from now on goes there.
    mapping.hash = row.map(|row| from.terms.our_mark(theirs, kind.custom.as_deref(), &row));
    (mapping.their_hash, mapping.url) = (Some(seen), link);
    mapping.taxonomy.clone_from(&kind.custom);
    mapping.made = false;
    mapping.updated_at = now;
    if is_new {
        tx.create(mapping.clone());
    } else {
        tx.replace(&mut mapping);
    }
    from.terms.keep(term.id, mapping);
    Ok(Stored::New)
}

/// The address of its archive there.
fn link_of(term: &TheirTerm) -> Option<String> {
    Some(&term.link).filter(|link| is_web(link)).cloned()
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

    fn kind(custom: Option<&str>) -> Kind {
        Kind {
            ours: Taxonomy::BlogTag,
            custom: custom.map(str::to_owned),
        }
    }

    fn row(slug: &str, external_taxonomy: Option<&str>) -> Short {
        Short {
            name: slug.to_owned(),
            slug: slug.to_owned(),
            taxonomy: Taxonomy::BlogTag,
            external_taxonomy: external_taxonomy.map(str::to_owned),
            parent: None,
            is_live: true,
        }
    }

    #[test]
    fn a_slug_that_is_taken_is_followed_by_another() {
        let ids = Ids::seeded(Clock::manual("2026-01-01T00:00:00Z"), 7);
        let (one, other): (TermId, TermId) = (ids.make(), ids.make());
        let (of, kind) = (Taxonomy::BlogTag, kind(None));
        let mut terms = Terms::default();
        assert_eq!(terms.slug_near(&kind, "news", 5), ("news".into(), None));
        terms.by_slug.insert((of, "news".into()), one);
        assert_eq!(terms.slug_near(&kind, "news", 5), ("news".into(), Some(one)));
        terms.there.insert(one.to_string(), 1);
        assert_eq!(terms.slug_near(&kind, "news", 5), ("news-5".into(), None));
        terms.by_slug.insert((of, "news-5".into()), other);
        assert_eq!(terms.slug_near(&kind, "news", 5), ("news-5".into(), Some(other)));
        terms.there.insert(other.to_string(), 2);
        assert_eq!(terms.slug_near(&kind, "news", 5), ("news-5-2".into(), None));
    }

    #[test]
    fn terms_of_two_taxonomies_there_are_two_here() {
        let ids = Ids::seeded(Clock::manual("2026-01-01T00:00:00Z"), 7);
        let id: TermId = ids.make();
        for (theirs, ours, is_same) in [
            (None, None, true),
            (None, Some("post_tag"), true),
            (None, Some("series"), false),
            (Some("series"), Some("series"), true),
            (Some("series"), Some("mood"), false),
            (Some("series"), Some("post_tag"), false),
            (Some("series"), None, false),
        ] {
            let mut terms = Terms {
                usual: WordpressSettings::default().usual_slugs(),
                ..Terms::default()
            };
            terms.rows.insert(id, row("news", ours));
            terms.by_slug.insert((Taxonomy::BlogTag, "news".into()), id);
            let (_, found) = terms.slug_near(&kind(theirs), "news", 5);
            assert_eq!(found.is_some(), is_same, "{theirs:?} {ours:?}");
        }
    }

    #[test]
    fn slugs_that_are_given_up_can_be_taken() {
        let ids = Ids::seeded(Clock::manual("2026-01-01T00:00:00Z"), 7);
        let rows: Vec<TermId> = (0..4).map(|_| ids.make()).collect();
        let slugs = ["a", "b", "c", "d"];
        for (wants, expected) in [
            (vec![(0, "b"), (1, "a")], vec![0_usize, 1]),
            (vec![(0, "b"), (1, "c"), (2, "a")], vec![0, 1, 2]),
            (vec![(0, "b"), (1, "c")], vec![]),
            (vec![(0, "b"), (1, "free")], vec![0, 1]),
            (vec![(0, "b"), (1, "a"), (2, "d")], vec![0, 1]),
            (vec![(0, "free"), (1, "free")], vec![0]),
        ] {
            let mut terms = Terms::default();
            for (id, slug) in rows.iter().zip(slugs) {
                terms.by_slug.insert((Taxonomy::BlogTag, slug.into()), *id);
            }
            terms.wanted = wants
                .iter()
                .map(|&(n, slug): &(usize, &str)| Wanted {
                    id: 1,
                    ours: rows[n],
                    of: Taxonomy::BlogTag,
                    slug: slug.to_owned(),
                    seen: String::new(),
                    is_counted: false,
                })
                .collect();
            let taken: Vec<TermId> = terms.exchangeable().into_iter().map(|one| one.ours).collect();
            let expected: Vec<TermId> = expected.into_iter().map(|n| rows[n]).collect();
            assert_eq!(taken, expected, "{wants:?}");
        }
    }
}

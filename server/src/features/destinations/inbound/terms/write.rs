//! Terms in a unit of work: those that are new, and what changed of the others.

use std::collections::{HashMap, HashSet};

use igny8_data::{DbError, Tx, Variables};
use igny8_wordpress::{Taxonomy as Theirs, Term as TheirTerm};

use super::super::convert::{cut, decoded, is_web, plain, slug};
use super::super::cursor::Counts;
use super::super::source::{Inbound, broken};
use super::Kind;
use super::exchange::Wanted;
use crate::features::builder::live;
use crate::features::content::published;
use crate::features::destinations::model::Mapping;
use crate::features::taxonomy::{Term, TermId, tree};
use crate::publish::wordpress::{TermPart, edited_since_sent, has_lost_its_parent, mark_there};
use crate::publish::{KnownKind, PublishError};

/// Rows read at once.
const ROWS: usize = 200;

/// What became of a term.
enum Stored {
    Nothing,
    /// What is there is written down; ours is as it was.
    Noted,
    New,
    Changed,
}

/// Stores terms, parents first, in one unit of work.
pub(super) async fn store(
    from: &mut Inbound<'_>,
    theirs: &Theirs,
    kind: &Kind,
    mut terms: Vec<TheirTerm>,
    counts: &mut Counts,
) -> Result<(), PublishError> {
    let rows = rows_of(from, theirs, kind, &terms).await;
    let rows = rows.map_err(|error| broken(&error))?;
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
            let stored = one(from, theirs, kind, &term, &rows, &mut tx).await?;
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

/// Our rows of those terms that changed or are new, read at once.
async fn rows_of(
    from: &Inbound<'_>,
    theirs: &Theirs,
    kind: &Kind,
    terms: &[TheirTerm],
) -> Result<HashMap<TermId, Term>, DbError> {
    let of_one = |term: &TheirTerm| match from.terms.mapped.get(&term.id) {
        Some(mapping) if is_as_seen(mapping, term, &mark_there(theirs, term)) => None,
        Some(mapping) => mapping.ours.parse::<TermId>().ok(),
        None => {
            let wanted = slug_of(term, &from.site.language);
            from.terms.slug_near(kind, &wanted, term.id).1
        }
    };
    let ids: Vec<TermId> = terms.iter().filter_map(of_one).collect();
    let mut rows = HashMap::with_capacity(ids.len());
    for ids in ids.chunks(ROWS) {
        let mut binds = Variables::new();
        binds.insert("ids", ids.to_vec());
        let sql = "SELECT * FROM $ids WHERE site = $site AND account = $account AND deleted_at IS NONE;";
        let found: Vec<Term> = from.db().query(sql, binds, "reading changed terms").await?.rows(0)?;
        rows.extend(found.into_iter().map(|row| (row.id, row)));
    }
    Ok(rows)
}

/// Whether a term is there as it was seen.
fn is_as_seen(mapping: &Mapping, term: &TheirTerm, seen: &str) -> bool {
    mapping.their_hash.as_deref() == Some(seen) && mapping.url == link_of(term)
}

/// Adds to a unit of work what follows from changed terms.
pub(super) async fn tell(from: &Inbound<'_>, tx: &mut Tx<'_>) -> Result<(), DbError> {
    published::changed(from.app, from.scope, tx).await?;
    live::terms_changed(from.app, from.scope, tx).await
}

/// Adds one term to a unit of work, or what changed of it there.
async fn one(
    from: &mut Inbound<'_>,
    theirs: &Theirs,
    kind: &Kind,
    term: &TheirTerm,
    rows: &HashMap<TermId, Term>,
    tx: &mut Tx<'_>,
) -> Result<Stored, PublishError> {
    let seen = mark_there(theirs, term);
    let known = from.terms.mapped.get(&term.id);
    if known.is_some_and(|mapping| is_as_seen(mapping, term, &seen)) {
        return Ok(Stored::Nothing);
    }
    match known.cloned() {
        Some(mapping) => {
            let ours = mapping.ours.parse::<TermId>().ok();
            let row = ours.and_then(|ours| rows.get(&ours).cloned());
            again(from, theirs, term, seen, (mapping, row), tx).await
        }
        None => {
            let stored = first(from, theirs, kind, (term, seen), rows, tx).await;
            stored.map_err(|error| broken(&error))
        }
    }
}

/// Takes over what people changed of a term there, but for what was changed here and is still to be sent.
async fn again(
    from: &mut Inbound<'_>,
    theirs: &Theirs,
    term: &TheirTerm,
    seen: String,
    (mut mapping, row): (Mapping, Option<Term>),
    tx: &mut Tx<'_>,
) -> Result<Stored, PublishError> {
    let now = from.app.db.clock().now();
    let link = link_of(term);
    let known = (mapping.hash.clone(), mapping.their_hash.clone(), mapping.url.clone());
    let before = mapping.their_hash.replace(seen.clone());
    let before_link = std::mem::replace(&mut mapping.url, link.clone());
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
            let was_moved = [&unsent, &parts].iter().all(|all| all.contains(&TermPart::Parent));
            let lost_parent = was_moved && has_lost_its_parent(&from.client, theirs, &before).await?;
            let moved_up = |part: TermPart| part == TermPart::Parent && lost_parent;
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
            new.set_external_url(link);
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
    (term, seen): (&TheirTerm, String),
    rows: &HashMap<TermId, Term>,
    tx: &mut Tx<'_>,
) -> Result<Stored, DbError> {
    let app = from.app;
    let now = app.db.clock().now();
    let link = link_of(term);
    let wanted = slug_of(term, &from.site.language);
    let (slug, found) = from.terms.slug_near(kind, &wanted, term.id);
    let (ours, row) = match found {
        Some(id) => {
            let mut row = match rows.get(&id) {
                Some(row) => Some(row.clone()),
                None => from.db().get::<Term>(id).await?,
            };
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

//! Slugs that change hands: those that terms have there and others still have here.

use std::collections::HashSet;

use igny8_data::Variables;
use igny8_wordpress::Taxonomy as Theirs;

use super::super::cursor::Counts;
use super::super::source::{Inbound, broken};
use super::known::Terms;
use super::write::tell;
use crate::features::destinations::model::Mapping;
use crate::features::taxonomy::{Taxonomy, Term, TermId};
use crate::publish::PublishError;
use crate::publish::wordpress::TermPart;

/// A slug that a term has there, and another term here.
pub(super) struct Wanted {
    /// The term's id there.
    pub(super) id: u64,
    pub(super) ours: TermId,
    pub(super) of: Taxonomy,
    pub(super) slug: String,
    /// What is there, without what nothing here has taken.
    pub(super) seen: String,
    /// Another change of it was taken.
    pub(super) is_counted: bool,
}

impl Terms {
    /// The wanted slugs that can be taken: which nothing has any more, or terms that take another one with them. And those that
    /// cannot.
    fn exchangeable(&mut self) -> (Vec<Wanted>, Vec<Wanted>) {
        let (mut wanted, mut left) = (std::mem::take(&mut self.wanted), Vec::new());
        loop {
            let leaving: HashSet<TermId> = wanted.iter().map(|one| one.ours).collect();
            let mut claimed = HashSet::new();
            let (can, cannot): (Vec<Wanted>, Vec<Wanted>) = wanted.into_iter().partition(|one| {
                let slug = (one.of, one.slug.clone());
                let holder = self.by_slug.get(&slug);
                holder.is_none_or(|holder| leaving.contains(holder)) && claimed.insert(slug)
            });
            wanted = can;
            if cannot.is_empty() {
                return (wanted, left);
            }
            left.extend(cannot);
        }
    }

    /// Tells of a slug that a term has there and cannot have here.
    fn refused(&self, one: &Wanted) -> String {
        let name = self.rows.get(&one.ours).map(|row| row.name.as_str());
        let holder = self.by_slug.get(&(one.of, one.slug.clone()));
        let is_deleted = holder.and_then(|id| self.rows.get(id)).is_some_and(|row| !row.is_live);
        let why = if is_deleted {
            "a deleted term has it here for as long as that is kept: restore that one and give it another slug, or wait"
        } else {
            "another term has it here: give that one another slug, or change it there"
        };
        format!(
            "The term “{}” has the slug `{}` in WordPress; {why}.",
            name.unwrap_or_default(),
            one.slug
        )
    }
}

type Exchanged = (Wanted, Term, Mapping);

/// The terms that take another slug, as they are stored; it is told of those that cannot.
async fn to_exchange(from: &mut Inbound<'_>, counts: &mut Counts) -> Result<Vec<Exchanged>, PublishError> {
    loop {
        let (wanted, left) = from.terms.exchangeable();
        for one in left {
            counts.problem(from.terms.refused(&one));
        }
        let (mut rows, before) = (Vec::with_capacity(wanted.len()), wanted.len());
        for one in wanted {
            let row = from.db().get::<Term>(one.ours).await;
            let row = row.map_err(|error| broken(&error))?;
            if let Some((row, mapping)) = row.zip(from.terms.mapped.get(&one.id).cloned()) {
                rows.push((one, row, mapping));
            }
        }
        if rows.len() == before {
            return Ok(rows);
        }
        // One was deleted at this moment and keeps its slug: what the others can have is looked at without it.
        from.terms.wanted = rows.into_iter().map(|(one, _, _)| one).collect();
    }
}

/// Gives terms the slugs that they have there and that others had here until now, as after two exchanged theirs; all at once, by
/// way of slugs that nothing has.
pub(super) async fn exchange(from: &mut Inbound<'_>, theirs: &Theirs, counts: &mut Counts) -> Result<(), PublishError> {
    let rows = to_exchange(from, counts).await?;
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

#[cfg(test)]
mod tests {
    use igny8_data::{Clock, Ids};

    use super::*;

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
            let (taken, left) = terms.exchangeable();
            let ids = |all: &[Wanted]| all.iter().map(|one| one.ours).collect::<Vec<TermId>>();
            let expected: Vec<TermId> = expected.into_iter().map(|n| rows[n]).collect();
            assert_eq!(ids(&taken), expected, "{wants:?}");
            let refused = wants.len() - expected.len();
            assert_eq!(left.len(), refused, "{wants:?}: what cannot be had is told");
        }
    }
}

//! Terms of the site in memory, and which of them are terms there.

use std::collections::{HashMap, HashSet};

use igny8_data::{Access, DbError, Deleted, Select, SiteDb};
use igny8_wordpress::{Taxonomy as Theirs, Term as TheirTerm, TermFields};

use super::super::convert::cut;
use super::Kind;
use super::exchange::Wanted;
use crate::features::destinations::model::{DestinationId, Mapping};
use crate::features::taxonomy::model::MAX_DEPTH;
use crate::features::taxonomy::{Taxonomy, Term, TermId};
use crate::publish::KnownKind;
use crate::publish::wordpress::{WordpressSettings, term_mark};

/// Terms of the site, and which of them are terms there.
#[derive(Default)]
pub struct Terms {
    language: String,
    /// Slugs of their taxonomies that are no custom ones.
    usual: HashSet<String>,
    pub(super) rows: HashMap<TermId, Short>,
    pub(super) by_slug: HashMap<(Taxonomy, String), TermId>,
    /// By id there; ids are unique over all taxonomies.
    pub(super) mapped: HashMap<u64, Mapping>,
    /// Ours that are one there, with its id.
    pub(super) there: HashMap<String, u64>,
    /// Of ours whose term in a custom taxonomy was deleted there.
    pub(super) vacant: HashMap<String, Mapping>,
    /// Slugs that were taken there by terms, and that others have here.
    pub(super) wanted: Vec<Wanted>,
    /// What was changed on both sides and stays apart, in words.
    pub(super) problems: Vec<String>,
}

pub(super) struct Short {
    pub(super) name: String,
    slug: String,
    pub(super) taxonomy: Taxonomy,
    external_taxonomy: Option<String>,
    parent: Option<TermId>,
    pub(super) is_live: bool,
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

    pub(super) fn take(&mut self, row: &Term) {
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

    pub(super) fn keep(&mut self, id: u64, row: Mapping) {
        self.there.insert(row.ours.clone(), id);
        self.mapped.insert(id, row);
    }

    /// What a term of ours says there once it is sent, as the publishing job marks it.
    pub(super) fn our_mark(&self, of: &Theirs, custom: Option<&str>, row: &Term) -> String {
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
    pub(super) fn slug_near(&self, kind: &Kind, wanted: &str, id: u64) -> (String, Option<TermId>) {
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
    pub(super) fn above(&self, term: &TheirTerm, of: Taxonomy) -> Option<TermId> {
        let parent = self.of(term.parent)?;
        let is_of_it = self.rows.get(&parent).is_some_and(|row| row.taxonomy == of);
        (is_of_it && self.depth(Some(parent)) < MAX_DEPTH).then_some(parent)
    }

    /// Whether a term is another, or above it.
    pub(super) fn is_above(&self, id: TermId, below: Option<TermId>) -> bool {
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

    pub(super) fn knows(&self, id: u64) -> bool {
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
}

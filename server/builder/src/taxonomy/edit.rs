//! Changing terms: renaming, nesting, merging, mapping; all edits of a call or none.

use std::collections::{HashMap, HashSet};

use igny8_text::is_slug;
use serde::{Deserialize, Serialize};

use super::{MAX_CLUSTERS, MAX_DEPTH, MAX_NAME, Term};
use crate::blueprint::Blueprint;
use crate::names::{TaxonomyKind, choice};
use crate::sitemap::tree::{Depth, depths};

/// A change of the terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "edit", rename_all = "snake_case")]
pub enum TermEdit {
    /// Makes a term.
    Add {
        /// The term.
        term: Term,
    },
    /// Gives a term another name or slug.
    Rename {
        /// Its id.
        term: String,
        /// Another name.
        #[serde(default)]
        name: Option<String>,
        /// Another slug; what leads to the old one leads to it from then on.
        #[serde(default)]
        slug: Option<String>,
    },
    /// Puts a term below another of its taxonomy, or at the top.
    Nest {
        /// Its id.
        term: String,
        /// The one above; none for the top.
        parent: Option<String>,
    },
    /// Merges a term into another of its taxonomy: what is below it, its clusters and its address go over.
    Merge {
        /// Its id.
        term: String,
        /// The one that stays.
        into: String,
    },
    /// Maps a term to clusters, or takes it from some.
    Map {
        /// Its id.
        term: String,
        /// Clusters it is mapped to from now on.
        #[serde(default)]
        add: Vec<String>,
        /// Clusters it is mapped to no more.
        #[serde(default)]
        remove: Vec<String>,
    },
    /// Deletes a term; those below it move up.
    Delete {
        /// Its id.
        term: String,
    },
}

choice! {
    /// Sorts of refusals.
    TermProblemCode, "problem" {
        /// There is no such term.
        UnknownTerm = "unknown_term",
        /// A term of that id is there already.
        IdTaken = "id_taken",
        /// The blueprint has no such taxonomy.
        UnknownTaxonomy = "unknown_taxonomy",
        /// Both are of different taxonomies.
        OtherTaxonomy = "other_taxonomy",
        /// Terms of the taxonomy do not stand below each other.
        Flat = "flat",
        /// The term would stand below itself.
        Circle = "circle",
        /// The term would be too deep.
        Deep = "deep",
        /// The name is empty or too long.
        Name = "name",
        /// The text cannot be a slug.
        Slug = "slug",
        /// Another term of the taxonomy has the slug.
        SlugTaken = "slug_taken",
        /// More clusters than a term may have.
        Full = "full",
    }
}

/// Why an edit was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TermProblem {
    /// Which of the edits, from 0.
    pub edit: usize,
    /// What sort of problem it is.
    pub code: TermProblemCode,
    /// The term's id.
    pub term: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub mend: String,
}

/// Terms after edits, and what others have to follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Edited {
    /// All terms, in the order they came in.
    pub terms: Vec<Term>,
    /// Slugs that lead to other terms now: taxonomy, old slug, the term.
    pub slugs: Vec<(TaxonomyKind, String, String)>,
    /// Terms that were merged, with those that stay: content goes over.
    pub merged: Vec<(String, String)>,
    /// Terms that were deleted.
    pub deleted: Vec<String>,
}

type Refusal = (TermProblemCode, String, &'static str);

fn refuse<T>(code: TermProblemCode, message: impl Into<String>, mend: &'static str) -> Result<T, Refusal> {
    Err((code, message.into(), mend))
}

struct Editing<'a> {
    blueprint: &'a Blueprint,
    terms: Vec<Option<Term>>,
    index: HashMap<String, usize>,
    slugs: HashMap<(TaxonomyKind, String), usize>,
    edited: Edited,
}

/// The terms with all edits made.
///
/// # Errors
/// All edits that cannot be made; then none is.
pub fn apply(blueprint: &Blueprint, terms: &[Term], edits: &[TermEdit]) -> Result<Edited, Vec<TermProblem>> {
    let mut editing = Editing {
        blueprint,
        terms: terms.iter().cloned().map(Some).collect(),
        index: terms
            .iter()
            .enumerate()
            .map(|(at, term)| (term.id.clone(), at))
            .collect(),
        slugs: terms
            .iter()
            .enumerate()
            .map(|(at, term)| ((term.kind, term.slug.clone()), at))
            .collect(),
        edited: Edited {
            terms: Vec::new(),
            slugs: Vec::new(),
            merged: Vec::new(),
            deleted: Vec::new(),
        },
    };
    let mut problems = Vec::new();
    for (at, edit) in edits.iter().enumerate() {
        if let Err((code, message, mend)) = editing.edit(edit) {
            problems.push(TermProblem {
                edit: at,
                code,
                term: edit.term().to_owned(),
                message,
                mend: mend.to_owned(),
            });
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    editing.edited.terms = editing.terms.into_iter().flatten().collect();
    Ok(editing.edited)
}

impl TermEdit {
    /// The term it is about.
    pub fn term(&self) -> &str {
        match self {
            Self::Add { term } => &term.id,
            Self::Rename { term, .. }
            | Self::Nest { term, .. }
            | Self::Merge { term, .. }
            | Self::Map { term, .. }
            | Self::Delete { term } => term,
        }
    }
}

impl Editing<'_> {
    fn find(&self, id: &str) -> Result<usize, Refusal> {
        match self.index.get(id) {
            Some(&at) => Ok(at),
            None => refuse(
                TermProblemCode::UnknownTerm,
                format!("there is no term {id:?}"),
                "look at the terms again: somebody may have deleted it",
            ),
        }
    }

    fn change(&mut self, id: &str) -> Result<&mut Term, Refusal> {
        let at = self.find(id)?;
        // What is in the index is there.
        self.terms[at].as_mut().ok_or_else(|| {
            let message = format!("there is no term {id:?}");
            (TermProblemCode::UnknownTerm, message, "look at the terms again")
        })
    }

    fn edit(&mut self, edit: &TermEdit) -> Result<(), Refusal> {
        match edit {
            TermEdit::Add { term } => self.add(term),
            TermEdit::Rename { term, name, slug } => self.rename(term, name.as_deref(), slug.as_deref()),
            TermEdit::Nest { term, parent } => self.nest(term, parent.as_deref()),
            TermEdit::Merge { term, into } => self.merge(term, into),
            TermEdit::Map { term, add, remove } => {
                let term = self.change(term)?;
                let mut clusters = term.clusters.clone();
                clusters.retain(|id| !remove.contains(id));
                let mut seen: HashSet<String> = clusters.iter().cloned().collect();
                clusters.extend(add.iter().filter(|id| seen.insert((*id).clone())).cloned());
                if clusters.len() > MAX_CLUSTERS {
                    return full(&term.name);
                }
                term.clusters = clusters;
                Ok(())
            }
            TermEdit::Delete { term } => {
                let parent = self.change(term)?.parent.clone();
                self.retire(term, parent.as_deref())?;
                self.edited.deleted.push(term.clone());
                Ok(())
            }
        }
    }

    fn add(&mut self, term: &Term) -> Result<(), Refusal> {
        if term.id.is_empty() || self.index.contains_key(&term.id) {
            return refuse(
                TermProblemCode::IdTaken,
                format!("there is a term {:?} already", term.id),
                "give it another id",
            );
        }
        if self.blueprint.taxonomy(term.kind).is_none() {
            return refuse(
                TermProblemCode::UnknownTaxonomy,
                "sites of this blueprint have no such taxonomy",
                "choose another taxonomy",
            );
        }
        check_name(&term.name)?;
        self.take_slug(term.kind, &term.slug, self.terms.len())?;
        if term.clusters.len() > MAX_CLUSTERS {
            return full(&term.name);
        }
        self.index.insert(term.id.clone(), self.terms.len());
        self.terms.push(Some(Term {
            parent: None,
            ..term.clone()
        }));
        let nested = match &term.parent {
            Some(parent) => self.nest(&term.id, Some(parent)),
            None => Ok(()),
        };
        if nested.is_err() {
            self.index.remove(&term.id);
            self.slugs.remove(&(term.kind, term.slug.clone()));
            self.terms.pop();
        }
        nested
    }

    fn rename(&mut self, id: &str, name: Option<&str>, slug: Option<&str>) -> Result<(), Refusal> {
        let at = self.find(id)?;
        if let Some(name) = name {
            check_name(name)?;
        }
        let term = self.change(id)?;
        let (kind, old) = (term.kind, term.slug.clone());
        if let Some(slug) = slug.filter(|slug| **slug != old) {
            self.take_slug(kind, slug, at)?;
            self.slugs.remove(&(kind, old.clone()));
            self.edited.slugs.push((kind, old, id.to_owned()));
            slug.clone_into(&mut self.change(id)?.slug);
        }
        if let Some(name) = name {
            name.trim().clone_into(&mut self.change(id)?.name);
        }
        Ok(())
    }

    fn nest(&mut self, id: &str, parent: Option<&str>) -> Result<(), Refusal> {
        let before = self.change(id)?.parent.clone();
        let kind = self.change(id)?.kind;
        if let Some(parent) = parent {
            let other = self.change(parent)?;
            let (other_kind, other_name) = (other.kind, other.name.clone());
            if other_kind != kind {
                return refuse(
                    TermProblemCode::OtherTaxonomy,
                    format!("“{other_name}” is of another taxonomy"),
                    "choose a term of the same taxonomy",
                );
            }
            if self
                .blueprint
                .taxonomy(kind)
                .is_some_and(|taxonomy| !taxonomy.hierarchical)
            {
                return refuse(
                    TermProblemCode::Flat,
                    "terms of this taxonomy do not stand below each other",
                    "leave it at the top",
                );
            }
        }
        self.change(id)?.parent = parent.map(str::to_owned);
        let fault = self.fault();
        if fault.is_err() {
            self.change(id)?.parent = before;
        }
        fault
    }

    /// What is wrong with the tree as it is now.
    fn fault(&self) -> Result<(), Refusal> {
        let above = |term: &Option<Term>| self.index.get(term.as_ref()?.parent.as_deref()?).copied();
        let parents: Vec<Option<usize>> = self.terms.iter().map(above).collect();
        for (at, depth) in depths(&parents).into_iter().enumerate() {
            let name = self.terms[at].as_ref().map_or("", |term| &term.name);
            match depth {
                Depth::Circle => {
                    return refuse(
                        TermProblemCode::Circle,
                        format!("“{name}” would stand below itself"),
                        "choose a term that is not below it",
                    );
                }
                Depth::At(depth) if depth >= MAX_DEPTH => {
                    return refuse(
                        TermProblemCode::Deep,
                        format!("“{name}” would be deeper than {MAX_DEPTH} levels"),
                        "put it nearer to the top",
                    );
                }
                Depth::At(_) => {}
            }
        }
        Ok(())
    }

    fn merge(&mut self, id: &str, into: &str) -> Result<(), Refusal> {
        let from = self.change(id)?.clone();
        let heir = self.change(into)?;
        if heir.kind != from.kind {
            return refuse(
                TermProblemCode::OtherTaxonomy,
                format!("“{}” is of another taxonomy", heir.name),
                "choose a term of the same taxonomy",
            );
        }
        if id == into {
            return refuse(
                TermProblemCode::Circle,
                "a term cannot be merged into itself",
                "choose another term",
            );
        }
        let mut clusters = heir.clusters.clone();
        let mut seen: HashSet<String> = clusters.iter().cloned().collect();
        clusters.extend(from.clusters.iter().filter(|id| seen.insert((*id).clone())).cloned());
        if clusters.len() > MAX_CLUSTERS {
            return full(&heir.name);
        }
        self.retire(id, Some(into))?;
        self.change(into)?.clusters = clusters;
        // Slugs that led to the merged term lead on.
        for (_, _, term) in self.edited.slugs.iter_mut().filter(|(_, _, term)| term == id) {
            into.clone_into(term);
        }
        self.edited.slugs.push((from.kind, from.slug, into.to_owned()));
        self.edited.merged.push((id.to_owned(), into.to_owned()));
        Ok(())
    }

    /// Takes a term away; those below it get another parent.
    fn retire(&mut self, id: &str, heir: Option<&str>) -> Result<(), Refusal> {
        let at = self.find(id)?;
        let before = self.terms.clone();
        // An heir below the term moves up into its place.
        let own_parent = self.terms[at].as_ref().and_then(|term| term.parent.clone());
        for term in self
            .terms
            .iter_mut()
            .flatten()
            .filter(|term| term.parent.as_deref() == Some(id))
        {
            term.parent = match heir {
                Some(heir) if heir == term.id => own_parent.clone(),
                heir => heir.map(str::to_owned),
            };
        }
        let term = self.terms[at].take();
        self.index.remove(id);
        if let Err(refusal) = self.fault() {
            self.terms = before;
            self.index.insert(id.to_owned(), at);
            return Err(refusal);
        }
        if let Some(term) = term {
            self.slugs.remove(&(term.kind, term.slug));
        }
        Ok(())
    }

    fn take_slug(&mut self, kind: TaxonomyKind, slug: &str, at: usize) -> Result<(), Refusal> {
        if !is_slug(slug) {
            return refuse(
                TermProblemCode::Slug,
                format!("{slug:?} cannot be a part of an address"),
                "write lower-case letters and digits, joined by single hyphens, at most 100",
            );
        }
        if self.slugs.contains_key(&(kind, slug.to_owned())) {
            return refuse(
                TermProblemCode::SlugTaken,
                format!("another term of the taxonomy has the slug {slug:?}"),
                "choose another, or merge both",
            );
        }
        self.slugs.insert((kind, slug.to_owned()), at);
        Ok(())
    }
}

fn full<T>(name: &str) -> Result<T, Refusal> {
    refuse(
        TermProblemCode::Full,
        format!("“{name}” would be mapped to more than {MAX_CLUSTERS} clusters"),
        "make several terms of it",
    )
}

fn check_name(name: &str) -> Result<(), Refusal> {
    let length = name.trim().chars().count();
    if length == 0 || length > MAX_NAME || name.chars().any(char::is_control) {
        return refuse(
            TermProblemCode::Name,
            "a name is empty, too long or holds control characters",
            "write 1 to 120 characters",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::check;
    use crate::sitemap::tests::{blueprint, term};

    fn terms() -> Vec<Term> {
        let category = |name: &str, parent: Option<&str>| Term {
            id: name.to_lowercase(),
            parent: parent.map(str::to_owned),
            ..term(TaxonomyKind::BlogCategory, name, &["c1"])
        };
        vec![
            category("Wheels", None),
            category("Rims", Some("wheels")),
            category("Spokes", Some("rims")),
            category("Brakes", None),
            Term {
                id: "tag".to_owned(),
                ..term(TaxonomyKind::BlogTag, "Noises", &[])
            },
        ]
    }

    fn merge(from: &str, into: &str) -> TermEdit {
        TermEdit::Merge {
            term: from.to_owned(),
            into: into.to_owned(),
        }
    }

    fn nest(id: &str, parent: Option<&str>) -> TermEdit {
        TermEdit::Nest {
            term: id.to_owned(),
            parent: parent.map(str::to_owned),
        }
    }

    fn rename(id: &str, name: Option<&str>, slug: Option<&str>) -> TermEdit {
        TermEdit::Rename {
            term: id.to_owned(),
            name: name.map(str::to_owned),
            slug: slug.map(str::to_owned),
        }
    }

    #[test]
    fn edits_that_cannot_be_made_say_why() {
        use TermProblemCode as Code;
        check::<Code>();
        let own = |id: &str, kind: TaxonomyKind, name: &str, parent: Option<&str>| TermEdit::Add {
            term: Term {
                id: id.to_owned(),
                parent: parent.map(str::to_owned),
                ..term(kind, name, &[])
            },
        };
        let category = TaxonomyKind::BlogCategory;
        for (edit, code) in [
            (rename("none", Some("A"), None), Code::UnknownTerm),
            (rename("rims", Some(" "), None), Code::Name),
            (rename("rims", None, Some("A b")), Code::Slug),
            (rename("rims", None, Some("brakes")), Code::SlugTaken),
            (nest("wheels", Some("spokes")), Code::Circle),
            (nest("wheels", Some("wheels")), Code::Circle),
            (nest("wheels", Some("tag")), Code::OtherTaxonomy),
            (nest("wheels", Some("none")), Code::UnknownTerm),
            (merge("wheels", "wheels"), Code::Circle),
            (merge("wheels", "tag"), Code::OtherTaxonomy),
            (own("rims", category, "Other", None), Code::IdTaken),
            (own("new", category, "Rims", None), Code::SlugTaken),
            (own("new", category, "New", Some("none")), Code::UnknownTerm),
            (own("new", TaxonomyKind::ProductTag, "New", None), Code::UnknownTaxonomy),
            (own("new", TaxonomyKind::BlogTag, "New", Some("tag")), Code::Flat),
        ] {
            let problems = apply(&blueprint("blog"), &terms(), std::slice::from_ref(&edit)).unwrap_err();
            assert_eq!(problems.len(), 1);
            assert_eq!(problems[0].code, code, "{edit:?}");
            assert!(!problems[0].mend.is_empty());
        }
        let deep: Vec<TermEdit> = (0..MAX_DEPTH)
            .map(|n| {
                own(
                    &format!("d{n}"),
                    category,
                    &format!("D {n}"),
                    n.checked_sub(1).map(|n| format!("d{n}")).as_deref(),
                )
            })
            .collect();
        assert!(apply(&blueprint("blog"), &terms(), &deep).is_ok(), "as deep as may be");
        let deeper = [deep, vec![nest("d0", Some("wheels"))]].concat();
        let problems = apply(&blueprint("blog"), &terms(), &deeper).unwrap_err();
        assert_eq!((problems[0].code, problems[0].edit), (Code::Deep, MAX_DEPTH));
    }

    #[test]
    fn merging_takes_children_clusters_and_addresses_along() {
        let edits = [
            rename("rims", Some("Rims and tyres"), Some("rims-and-tyres")),
            TermEdit::Map {
                term: "rims".to_owned(),
                add: vec!["c2".to_owned(), "c2".to_owned()],
                remove: vec!["c1".to_owned()],
            },
            merge("rims", "brakes"),
            TermEdit::Delete { term: "tag".to_owned() },
        ];
        let edited = apply(&blueprint("blog"), &terms(), &edits).unwrap();
        let of = |id: &str| edited.terms.iter().find(|term| term.id == id);
        assert_eq!(of("brakes").unwrap().clusters, ["c1", "c2"]);
        assert_eq!(of("spokes").unwrap().parent.as_deref(), Some("brakes"));
        assert!(of("rims").is_none() && of("tag").is_none());
        let kind = TaxonomyKind::BlogCategory;
        assert_eq!(
            edited.slugs,
            [
                (kind, "rims".to_owned(), "brakes".to_owned()),
                (kind, "rims-and-tyres".to_owned(), "brakes".to_owned())
            ]
        );
        assert_eq!(edited.merged, [("rims".to_owned(), "brakes".to_owned())]);
        assert_eq!(edited.deleted, ["tag"]);
    }

    #[test]
    fn a_term_can_be_merged_into_one_below_it() {
        let edited = apply(&blueprint("blog"), &terms(), &[merge("wheels", "rims")]).unwrap();
        let of = |id: &str| edited.terms.iter().find(|term| term.id == id).unwrap();
        assert_eq!(of("rims").parent, None);
        assert_eq!(of("spokes").parent.as_deref(), Some("rims"));
        let deeper = apply(&blueprint("blog"), &terms(), &[merge("wheels", "spokes")]);
        assert_eq!(
            deeper.unwrap_err()[0].code,
            TermProblemCode::Circle,
            "what is between would stand below itself"
        );
    }

    #[test]
    fn none_is_made_if_one_cannot_be() {
        let edits = [
            rename("rims", Some("R"), None),
            nest("wheels", Some("spokes")),
            merge("none", "rims"),
        ];
        let problems = apply(&blueprint("blog"), &terms(), &edits).unwrap_err();
        assert_eq!(problems.iter().map(|problem| problem.edit).collect::<Vec<_>>(), [1, 2]);
    }
}

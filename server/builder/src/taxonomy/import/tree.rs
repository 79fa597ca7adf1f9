//! Terms of a file, each once, with those above them.

use std::collections::{HashMap, HashSet};

use igny8_text::is_slug;

use super::{Imported, MAX_TERMS, MAX_TOLD, Options, RowProblem, RowProblemCode};
use crate::names::TaxonomyKind;
use crate::sitemap::tree::{Depth, depths, too_deep};
use crate::slugs::slug_of;
use crate::taxonomy::{MAX_DEPTH, MAX_NAME, Term};

/// What stands above a term, as far as its row says.
#[derive(Debug, Clone)]
pub(super) enum Above {
    Top,
    /// A term that was found before.
    Place(usize),
    /// An id, slug or name.
    Named(String),
}

/// A term as a row has it.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) kind: TaxonomyKind,
    pub(super) name: String,
    pub(super) slug: Option<String>,
    pub(super) above: Above,
    pub(super) description: String,
    pub(super) external_id: Option<String>,
    pub(super) external_taxonomy: Option<String>,
    pub(super) count: u64,
    pub(super) line: u64,
    /// It comes with every row that has it, so that nobody need be told.
    pub(super) again: bool,
}

impl Entry {
    pub(super) fn named(kind: TaxonomyKind, name: &str, line: u64) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            slug: None,
            above: Above::Top,
            description: String::new(),
            external_id: None,
            external_taxonomy: None,
            count: 0,
            line,
            again: false,
        }
    }
}

/// What was found so far.
pub(super) struct Found<'a> {
    options: &'a Options<'a>,
    entries: Vec<Entry>,
    /// By kind, what is above as it was said, and name.
    known: HashMap<(TaxonomyKind, String, String), usize>,
    problems: Vec<RowProblem>,
    more_problems: u64,
    full: bool,
    /// The product of the last row, and names of its properties by column.
    product: (String, HashMap<usize, String>),
}

impl<'a> Found<'a> {
    pub(super) fn new(options: &'a Options<'a>) -> Self {
        Self {
            options,
            entries: Vec::new(),
            known: HashMap::new(),
            problems: Vec::new(),
            more_problems: 0,
            full: false,
            product: Default::default(),
        }
    }

    /// Begins a row of a product; rows of one product share the names of properties.
    pub(super) fn product(&mut self, name: &str) {
        if name.is_empty() || self.product.0 != name {
            self.product = (name.to_owned(), HashMap::new());
        }
    }

    /// The name of a property in a column: the row's own, else that of the product's row before.
    pub(super) fn property(&mut self, column: usize, name: String) -> String {
        if name.is_empty() {
            return self.product.1.get(&column).cloned().unwrap_or_default();
        }
        self.product.1.insert(column, name.clone());
        name
    }

    /// The taxonomy of terms for which the file names none.
    pub(super) fn kind(&self) -> Option<TaxonomyKind> {
        self.options.kind
    }

    pub(super) fn problem(&mut self, line: u64, code: RowProblemCode, message: String) {
        if self.problems.len() < MAX_TOLD {
            self.problems.push(RowProblem { line, code, message });
        } else {
            self.more_problems += 1;
        }
    }

    /// Adds a term, or finds the one that it is. `None` if it cannot be one.
    pub(super) fn add(&mut self, entry: Entry) -> Option<usize> {
        let length = entry.name.chars().count();
        if length > MAX_NAME {
            let start: String = entry.name.chars().take(40).collect();
            let message =
                format!("the name “{start}…” has {length} characters, more than {MAX_NAME}; the term is left out");
            self.problem(entry.line, RowProblemCode::LongName, message);
            return None;
        }
        let above = match &entry.above {
            Above::Top => String::new(),
            Above::Place(at) => format!("#{at}"),
            Above::Named(name) => format!("={}", igny8_text::fold(name)),
        };
        let key = (entry.kind, above, igny8_text::fold(&entry.name));
        if let Some(&at) = self.known.get(&key) {
            let known = &mut self.entries[at];
            // A row of its own says more than a row that has it above.
            let is_new = known.external_id.is_none() && known.slug.is_none() && known.description.is_empty();
            let says = entry.external_id.is_some() || entry.slug.is_some();
            let line = known.line;
            known.count = known.count.saturating_add(entry.count);
            if is_new && says {
                let count = known.count;
                *known = Entry { count, ..entry };
            } else if says && !entry.again && entry.line != line {
                let message = format!("“{}” is in line {line} already", entry.name);
                self.problem(entry.line, RowProblemCode::Twice, message);
            }
            return Some(at);
        }
        if self.entries.len() >= MAX_TERMS {
            if !self.full {
                self.full = true;
                let message = format!("the file has more than {MAX_TERMS} terms; those from here on are left out");
                self.problem(entry.line, RowProblemCode::TooMany, message);
            }
            return None;
        }
        self.known.insert(key, self.entries.len());
        self.entries.push(entry);
        Some(self.entries.len() - 1)
    }

    /// The terms, parents first, and all problems.
    pub(super) fn finish(mut self, options: &super::Options<'_>) -> (Vec<Imported>, Vec<RowProblem>, u64) {
        let existing = options.existing;
        let mut parents = self.parents();
        let all = depths(&parents);
        for (at, depth) in all.into_iter().enumerate() {
            let entry = &self.entries[at];
            let (line, name) = (entry.line, entry.name.clone());
            if depth == Depth::Circle {
                parents[at] = None;
                let message = format!("“{name}” stands below itself; it is at the top");
                self.problem(line, RowProblemCode::Circle, message);
            }
        }
        self.flatten(&mut parents);
        let order = order(&parents);
        let mut slugs: HashSet<(TaxonomyKind, String)> =
            existing.iter().map(|term| (term.kind, term.slug.clone())).collect();
        let by_slug: HashMap<(TaxonomyKind, &str), &Term> = existing
            .iter()
            .map(|term| ((term.kind, term.slug.as_str()), term))
            .collect();
        let by_name: HashMap<(TaxonomyKind, String), &Term> = existing
            .iter()
            .rev()
            .map(|term| ((term.kind, igny8_text::fold(&term.name)), term))
            .collect();
        let mut places: Vec<usize> = vec![0; self.entries.len()];
        let mut used: HashSet<&str> = HashSet::new();
        let mut out: Vec<Imported> = Vec::with_capacity(self.entries.len());
        for at in order {
            let entry = &self.entries[at];
            let parent = parents[at].map(|above| places[above]);
            let given = entry.slug.as_deref().filter(|slug| is_slug(slug));
            let known = given.and_then(|slug| by_slug.get(&(entry.kind, slug))).copied();
            // A name alone tells a term only where it stands in the same place.
            let same_place = |term: &&&Term| term.parent.is_some() == parent.is_some();
            let known = known.or_else(|| {
                by_name
                    .get(&(entry.kind, igny8_text::fold(&entry.name)))
                    .filter(same_place)
                    .copied()
            });
            let known = known.filter(|term| used.insert(&term.id));
            let slug = match known {
                Some(term) => term.slug.clone(),
                None => free_slug(
                    &mut slugs,
                    entry,
                    given,
                    parent.map(|above| out[above].slug.as_str()),
                    options.language,
                ),
            };
            places[at] = out.len();
            out.push(Imported {
                kind: entry.kind,
                name: entry.name.clone(),
                slug,
                parent,
                description: entry.description.clone(),
                external_id: entry.external_id.clone(),
                external_taxonomy: entry.external_taxonomy.clone(),
                count: entry.count,
                line: entry.line,
                existing: known.map(|term| term.id.clone()),
            });
        }
        self.problems.sort_by_key(|problem| problem.line);
        (out, self.problems, self.more_problems)
    }

    /// What each row names above it: by id, else by slug, else by name, within its taxonomy.
    fn parents(&mut self) -> Vec<Option<usize>> {
        let mut ids: HashMap<(TaxonomyKind, &str), usize> = HashMap::new();
        let mut slugs: HashMap<(TaxonomyKind, &str), usize> = HashMap::new();
        let mut names: HashMap<(TaxonomyKind, String), usize> = HashMap::new();
        for (at, entry) in self.entries.iter().enumerate() {
            if let Some(id) = &entry.external_id {
                ids.entry((entry.kind, id)).or_insert(at);
            }
            if let Some(slug) = &entry.slug {
                slugs.entry((entry.kind, slug)).or_insert(at);
            }
            names.entry((entry.kind, igny8_text::fold(&entry.name))).or_insert(at);
        }
        let mut lost: Vec<(u64, String)> = Vec::new();
        let parents = self
            .entries
            .iter()
            .map(|entry| match &entry.above {
                Above::Top => None,
                Above::Place(at) => Some(*at),
                Above::Named(name) => {
                    let last = super::text::split(name, '>').pop().unwrap_or_default();
                    let found = ids
                        .get(&(entry.kind, name.as_str()))
                        .or_else(|| slugs.get(&(entry.kind, name.as_str())))
                        .or_else(|| names.get(&(entry.kind, igny8_text::fold(&last))));
                    if found.is_none() {
                        lost.push((
                            entry.line,
                            format!(
                                "the term above “{}”, {name:?}, is not in the file; it is at the top",
                                entry.name
                            ),
                        ));
                    }
                    found.copied()
                }
            })
            .collect();
        for (line, message) in lost {
            self.problem(line, RowProblemCode::UnknownParent, message);
        }
        parents
    }

    /// Puts terms that are too deep at the top; those below them come along.
    fn flatten(&mut self, parents: &mut [Option<usize>]) {
        for at in too_deep(parents, MAX_DEPTH, 0) {
            parents[at] = None;
            let (line, name) = (self.entries[at].line, self.entries[at].name.clone());
            let message = format!("“{name}” is deeper than {MAX_DEPTH} levels; it is at the top");
            self.problem(line, RowProblemCode::Deep, message);
        }
    }
}

/// Places in an order in which what is above comes first, otherwise as they came.
fn order(parents: &[Option<usize>]) -> Vec<usize> {
    let mut done = vec![false; parents.len()];
    let mut out = Vec::with_capacity(parents.len());
    for start in 0..parents.len() {
        let mut way = vec![start];
        while let Some(above) = way.last().and_then(|last| parents[*last]).filter(|above| !done[*above]) {
            way.push(above);
        }
        while let Some(at) = way.pop() {
            if !done[at] {
                done[at] = true;
                out.push(at);
            }
        }
    }
    out
}

/// The slug of the row, or one of its name, that no other term of the taxonomy has.
fn free_slug(
    slugs: &mut HashSet<(TaxonomyKind, String)>,
    entry: &Entry,
    given: Option<&str>,
    above: Option<&str>,
    language: &str,
) -> String {
    let base = match (given, slug_of(&entry.name, language)) {
        (Some(given), _) => given.to_owned(),
        (None, slug) if slug.is_empty() => "term".to_owned(),
        (None, slug) => slug,
    };
    let below = above
        .map(|above| format!("{above}-{base}"))
        .filter(|slug| is_slug(slug));
    let numbered = (2..).map(|n: u32| {
        format!(
            "{}-{n}",
            base.chars().take(90).collect::<String>().trim_end_matches('-')
        )
    });
    let mut tries = std::iter::once(base.clone()).chain(below).chain(numbered);
    let free = tries.find(|slug| slugs.insert((entry.kind, slug.clone())));
    free.unwrap_or(base)
}

//! Which pages have which terms.

use rustc_hash::FxHashMap;

/// A term's number in a [`Dictionary`].
pub(crate) type TermId = u32;

/// Terms, numbered, each with the pages that have it. A number is given again once no page has its term any more.
#[derive(Debug, Default, Clone)]
pub(crate) struct Dictionary {
    ids: FxHashMap<u64, TermId>,
    terms: Vec<u64>,
    /// Page and weight, by page.
    postings: Vec<Vec<(u32, f32)>>,
    /// Of each term's frequency.
    logarithms: Vec<f32>,
    free: Vec<TermId>,
}

impl Dictionary {
    pub(super) fn len(&self) -> usize {
        self.postings.len()
    }

    pub(super) fn id(&self, term: u64) -> Option<TermId> {
        self.ids.get(&term).copied()
    }

    pub(super) fn term(&self, id: TermId) -> u64 {
        self.terms[id as usize]
    }

    pub(super) fn postings(&self, id: TermId) -> &[(u32, f32)] {
        &self.postings[id as usize]
    }

    /// How much a page has of it.
    pub(super) fn weight(&self, id: TermId, page: u32) -> f32 {
        let list = &self.postings[id as usize];
        list.binary_search_by_key(&page, |p| p.0).map_or(0.0, |i| list[i].1)
    }

    pub(super) fn logarithm(&self, id: TermId) -> f32 {
        self.logarithms[id as usize]
    }

    pub(super) fn insert(&mut self, term: u64, page: u32, weight: f32) -> TermId {
        let id = *self.ids.entry(term).or_insert_with(|| {
            if let Some(id) = self.free.pop() {
                self.terms[id as usize] = term;
                return id;
            }
            self.postings.push(Vec::new());
            self.logarithms.push(0.0);
            self.terms.push(term);
            TermId::try_from(self.postings.len() - 1).unwrap_or(TermId::MAX)
        });
        let list = &mut self.postings[id as usize];
        match list.binary_search_by_key(&page, |p| p.0) {
            Ok(i) => list[i].1 = weight,
            Err(i) => list.insert(i, (page, weight)),
        }
        self.logarithms[id as usize] = logarithm(list.len());
        id
    }

    pub(super) fn remove(&mut self, id: TermId, page: u32) {
        let list = &mut self.postings[id as usize];
        if let Ok(i) = list.binary_search_by_key(&page, |p| p.0) {
            list.remove(i);
        }
        self.logarithms[id as usize] = logarithm(list.len());
        if list.is_empty() {
            *list = Vec::new();
            self.ids.remove(&self.terms[id as usize]);
            self.free.push(id);
        }
    }
}

/// How telling terms are among a number of pages: 0 to 1, the smoothed logarithm of how few have them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Idf {
    pages: f32,
    scale: f32,
}

impl Idf {
    pub(super) fn new(pages: usize) -> Self {
        let pages = (1.0 + pages as f32).ln();
        Self {
            pages,
            scale: 1.0 / (pages + std::f32::consts::LN_2),
        }
    }

    pub(super) fn of(self, logarithm: f32) -> f32 {
        (self.pages - logarithm).max(0.05) * self.scale
    }
}

/// `ln(frequency + ½)`, which is asked for more often than it changes.
fn logarithm(frequency: usize) -> f32 {
    (0.5 + frequency as f32).ln()
}

//! Which pages have which terms.

use rustc_hash::FxHashMap;

/// A term's number in a [`Dictionary`].
pub(super) type TermId = u32;

/// Terms, numbered, each with the pages that have it. A number is given again once no page has its term any more.
#[derive(Debug, Default, Clone)]
pub(super) struct Dictionary {
    ids: FxHashMap<u64, TermId>,
    terms: Vec<u64>,
    /// Page and weight, by page.
    postings: Vec<Vec<(u32, f32)>>,
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

    /// How many pages have it.
    pub(super) fn frequency(&self, id: TermId) -> usize {
        self.postings[id as usize].len()
    }

    pub(super) fn insert(&mut self, term: u64, page: u32, weight: f32) -> TermId {
        let id = *self.ids.entry(term).or_insert_with(|| {
            if let Some(id) = self.free.pop() {
                self.terms[id as usize] = term;
                return id;
            }
            self.postings.push(Vec::new());
            self.terms.push(term);
            TermId::try_from(self.postings.len() - 1).unwrap_or(TermId::MAX)
        });
        let list = &mut self.postings[id as usize];
        match list.binary_search_by_key(&page, |p| p.0) {
            Ok(i) => list[i].1 = weight,
            Err(i) => list.insert(i, (page, weight)),
        }
        id
    }

    pub(super) fn remove(&mut self, id: TermId, page: u32) {
        let list = &mut self.postings[id as usize];
        if let Ok(i) = list.binary_search_by_key(&page, |p| p.0) {
            list.remove(i);
        }
        if list.is_empty() {
            *list = Vec::new();
            self.ids.remove(&self.terms[id as usize]);
            self.free.push(id);
        }
    }
}

/// How telling a term is that `frequency` of `pages` have.
pub(super) fn idf(pages: usize, frequency: usize) -> f32 {
    ((1.0 + pages as f32) / (0.5 + frequency as f32)).ln().max(0.05)
}

//! Which archives are the same in several languages.

use std::collections::BTreeMap;

use super::Plan;

/// Something that can be there in several languages.
#[derive(Debug, Clone, Copy)]
pub enum Place {
    Page(usize),
    Section(usize),
    Term(usize),
    TermList(usize),
    Home,
}

impl Plan<'_> {
    /// Language and address of what is the same in other languages, itself among them, by language; empty if there is nothing.
    pub fn versions(&self, place: Place) -> Vec<(usize, &str)> {
        match place {
            Place::Page(page) => {
                let group = self.translations(page);
                if !group.is_empty() {
                    return group.iter().map(|&(l, p)| (l, self.path_of(p))).collect();
                }
                match self.pages[page].text_of {
                    Some(term) => self.versions(Place::Term(term)),
                    None if self.homes.iter().any(|h| h.page == Some(page)) => self.versions(Place::Home),
                    None => Vec::new(),
                }
            }
            Place::Section(s) => {
                let group = self.sections[s].translations.iter().map(|&s| &self.sections[s].listing);
                group.map(|l| (l.language, l.path.as_str())).collect()
            }
            Place::Term(t) => {
                let group = self.terms[t].translations.iter().map(|&t| &self.terms[t].listing);
                group.map(|l| (l.language, l.path.as_str())).collect()
            }
            Place::TermList(t) => {
                let group = self.term_lists[t].translations.iter().map(|&t| &self.term_lists[t]);
                group.map(|l| (l.language, l.path.as_str())).collect()
            }
            Place::Home if self.homes.len() < 2 => Vec::new(),
            Place::Home => self.homes.iter().map(|h| (h.language, h.path.as_str())).collect(),
        }
    }

    /// The same as heads and sitemaps say it: language tag and absolute address, and `x-default`, the first.
    pub fn alternates(&self, place: Place) -> Vec<(String, String)> {
        let versions = self.versions(place);
        let default = versions
            .first()
            .map(|&(_, path)| ("x-default".to_owned(), self.address.absolute(path)));
        let tagged = versions
            .iter()
            .map(|&(l, path)| (self.languages[l].clone(), self.address.absolute(path)));
        tagged.chain(default).collect()
    }

    /// Finds the translations of sections, terms and lists of terms.
    pub(super) fn link_languages(&mut self) {
        if self.languages.len() < 2 {
            return;
        }
        let sections = self
            .sections
            .rows()
            .iter()
            .enumerate()
            .filter(|(_, s)| s.render)
            .map(|(i, s)| {
                let language = s.listing.language;
                let home = self.home_path(language);
                let key = match s.section.translation_key.as_deref().filter(|k| !k.is_empty()) {
                    Some(key) => (0, key),
                    None => (1, s.path.strip_prefix(home).unwrap_or(&s.path)),
                };
                (key, language, i)
            });
        let sections = groups(sections);
        let terms = self.terms.rows().iter().enumerate().map(|(i, term)| {
            let key = term
                .term
                .and_then(|t| t.translation_key.as_deref())
                .filter(|k| !k.is_empty());
            let key = key.map_or((1, term.slug.as_str()), |key| (0, key));
            ((term.taxonomy, key), term.listing.language, i)
        });
        let terms = groups(terms);
        let lists = self.term_lists.rows().iter().enumerate();
        let lists = groups(lists.map(|(i, list)| (list.taxonomy.name.as_str(), list.language, i)));
        for group in sections {
            for &i in &group {
                self.sections.rows_mut()[i].translations.clone_from(&group);
            }
        }
        for group in terms {
            for &i in &group {
                self.terms.rows_mut()[i].translations.clone_from(&group);
            }
        }
        for group in lists {
            for &i in &group {
                self.term_lists.rows_mut()[i].translations.clone_from(&group);
            }
        }
    }
}

/// Rows with one key, the first of each language, by language; groups of one are none.
fn groups<K: Ord>(rows: impl Iterator<Item = (K, usize, usize)>) -> Vec<Vec<usize>> {
    let mut by_key: BTreeMap<K, BTreeMap<usize, usize>> = BTreeMap::new();
    for (key, language, row) in rows {
        by_key.entry(key).or_default().entry(language).or_insert(row);
    }
    let groups = by_key.into_values().filter(|group| group.len() > 1);
    groups.map(|group| group.into_values().collect()).collect()
}

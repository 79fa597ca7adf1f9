//! The different words of a text, so that what is true of a word is found out once.

use rustc_hash::FxHashMap;

/// The place of a word in a [`Vocabulary`].
pub type FormId = u32;

/// Words in lower case, each once.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    ids: FxHashMap<Box<str>, FormId>,
    forms: Vec<Box<str>>,
    uses: Vec<u32>,
}

impl Vocabulary {
    pub(super) fn add(&mut self, lower: &str) -> FormId {
        if let Some(&id) = self.ids.get(lower) {
            self.uses[id as usize] += 1;
            return id;
        }
        // A text is far shorter than 4 GiB, so it has fewer words than u32 counts.
        let id = u32::try_from(self.forms.len()).unwrap_or(u32::MAX);
        self.ids.insert(lower.into(), id);
        self.forms.push(lower.into());
        self.uses.push(1);
        id
    }

    /// The word in lower case.
    pub fn form(&self, id: FormId) -> &str {
        &self.forms[id as usize]
    }

    /// All words, by id.
    pub fn forms(&self) -> impl ExactSizeIterator<Item = &str> {
        self.forms.iter().map(|form| &**form)
    }

    /// How often each word is used, by id.
    pub fn uses(&self) -> &[u32] {
        &self.uses
    }
}

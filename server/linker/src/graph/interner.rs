//! Texts as numbers, kept as long as someone uses them.

use rustc_hash::FxHashMap;

#[derive(Debug, Default, Clone)]
pub(super) struct Interner {
    ids: FxHashMap<Box<str>, u32>,
    texts: Vec<Box<str>>,
    uses: Vec<u32>,
    free: Vec<u32>,
}

impl Interner {
    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }

    pub(super) fn get(&self, text: &str) -> Option<u32> {
        self.ids.get(text).copied()
    }

    pub(super) fn text(&self, id: u32) -> &str {
        &self.texts[id as usize]
    }

    /// The number of a text, used once more from now on.
    pub(super) fn take(&mut self, text: &str) -> u32 {
        let id = self.get(text).unwrap_or_else(|| {
            let id = self.free.pop().unwrap_or_else(|| {
                self.texts.push(Box::default());
                self.uses.push(0);
                u32::try_from(self.texts.len() - 1).unwrap_or(u32::MAX)
            });
            self.texts[id as usize] = text.into();
            self.ids.insert(text.into(), id);
            id
        });
        self.uses[id as usize] += 1;
        id
    }

    /// Ends one use.
    pub(super) fn release(&mut self, id: u32) {
        let uses = &mut self.uses[id as usize];
        *uses -= 1;
        if *uses == 0 {
            let text = std::mem::take(&mut self.texts[id as usize]);
            self.ids.remove(&text);
            self.free.push(id);
        }
    }
}

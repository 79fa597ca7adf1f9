//! Which anchors lead where, and how alike those of one page are: what a further link must not make worse.

use rustc_hash::FxHashMap;

use crate::rules::{self, Refusal};
use crate::terms::{self, Analyzer};

/// Links to a page from which on its anchors are looked at as a mix.
pub(crate) const MIX_FROM: usize = 5;

/// What an anchor is compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AnchorKey {
    /// Its stems, whatever their order.
    pub(crate) stems: u64,
    /// How it is written, whatever the language.
    pub(crate) wording: u64,
}

impl AnchorKey {
    /// None for what has no words.
    pub(crate) fn new(anchor: &str, analyzer: &mut Analyzer) -> Option<Self> {
        let stems = rules::anchor_key(anchor, analyzer);
        (stems != 0).then(|| Self {
            stems,
            wording: terms::wording(anchor),
        })
    }
}

/// The anchors of links by where they lead.
#[derive(Debug, Default, Clone)]
pub(crate) struct Uses {
    /// By stems and by wording: the pages, each with how many links.
    leads: FxHashMap<u64, Vec<(String, usize)>>,
    mixes: FxHashMap<String, Mix>,
}

/// The anchors of the links to one page.
#[derive(Debug, Default, Clone)]
pub(crate) struct Mix {
    links: usize,
    /// By stems.
    anchors: FxHashMap<u64, usize>,
}

impl Uses {
    pub(crate) fn add(&mut self, target: &str, key: AnchorKey) {
        for key in [key.stems, key.wording] {
            let leads = self.leads.entry(key).or_default();
            match leads.iter_mut().find(|lead| lead.0 == target) {
                Some(lead) => lead.1 += 1,
                None => leads.push((target.to_owned(), 1)),
            }
        }
        let mix = self.mixes.entry(target.to_owned()).or_default();
        mix.links += 1;
        *mix.anchors.entry(key.stems).or_default() += 1;
    }

    pub(crate) fn remove(&mut self, target: &str, key: AnchorKey) {
        for key in [key.stems, key.wording] {
            if let Some(leads) = self.leads.get_mut(&key)
                && let Some(at) = leads.iter().position(|lead| lead.0 == target)
            {
                leads[at].1 -= 1;
                if leads[at].1 == 0 {
                    leads.swap_remove(at);
                }
                if leads.is_empty() {
                    self.leads.remove(&key);
                }
            }
        }
        if let Some(mix) = self.mixes.get_mut(target) {
            mix.links -= 1;
            if let Some(count) = mix.anchors.get_mut(&key.stems) {
                *count -= 1;
                if *count == 0 {
                    mix.anchors.remove(&key.stems);
                }
            }
            if mix.links == 0 {
                self.mixes.remove(target);
            }
        }
    }

    /// Other pages that links with this anchor lead to.
    pub(crate) fn elsewhere(&self, key: AnchorKey, target: &str) -> impl Iterator<Item = &str> {
        let leads = [key.stems, key.wording]
            .into_iter()
            .filter_map(|key| self.leads.get(&key));
        leads
            .flatten()
            .map(|lead| lead.0.as_str())
            .filter(move |id| *id != target)
    }

    /// The anchors of a page, with those that are planned.
    pub(crate) fn mix<'a>(&'a self, planned: &'a Uses, target: &str) -> Both<'a> {
        Both {
            there: self.mixes.get(target),
            planned: planned.mixes.get(target),
        }
    }
}

/// The anchors of the links to one page: what is there and what is about to be.
#[derive(Clone, Copy)]
pub(crate) struct Both<'a> {
    there: Option<&'a Mix>,
    planned: Option<&'a Mix>,
}

impl<'a> Both<'a> {
    fn mixes(self) -> impl Iterator<Item = &'a Mix> {
        self.there.into_iter().chain(self.planned)
    }

    fn links(self) -> usize {
        self.mixes().map(|mix| mix.links).sum()
    }

    fn count(self, stems: u64) -> usize {
        self.mixes().filter_map(|mix| mix.anchors.get(&stems)).sum()
    }

    /// Whether one more link with this anchor leaves the mix natural: the same anchor, be it the primary keyword or another, at most
    /// 40 % of the links, and half of the anchors different. With fewer than [`MIX_FROM`] links the bounds are those of that
    /// number, since no later link could mend what is over them. Where the mix is bad already, an anchor that nobody uses makes it
    /// better.
    pub(crate) fn stays_mixed(self, stems: u64) -> Result<(), Refusal> {
        let links = 1 + self.links();
        let own = self.count(stems);
        if (own + 1) * 5 > links.max(MIX_FROM) * 2 {
            return Err(Refusal::Monotonous);
        }
        if own > 0 && links >= MIX_FROM {
            let mut different: Vec<u64> = self.mixes().flat_map(|mix| mix.anchors.keys().copied()).collect();
            different.sort_unstable();
            different.dedup();
            if different.len() * 2 < links {
                return Err(Refusal::Monotonous);
            }
        }
        Ok(())
    }

    /// The share of the links that an anchor has, 0 to 1; few links count as [`MIX_FROM`].
    pub(crate) fn share(self, stems: u64) -> f32 {
        self.count(stems) as f32 / self.links().max(MIX_FROM) as f32
    }
}

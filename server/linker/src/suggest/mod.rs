//! Which links a page should get, with the words of its text that they go around.
//!
//! The pages are ranked by the index; the structure of the site decides what comes first: a page links to its hub, a hub to
//! its pages, siblings to two or three of their like, and across topics only now and then.

mod anchor;
mod names;
mod reason;

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::address::{self, Address};
use crate::body::{self, Reading};
use crate::edit::Link;
use crate::edit::places::Places;
use crate::index::Index;
use crate::index::evidence::{Evidence, Scratch};
use crate::index::rank::{Ranked, Scope};
use crate::index::uses::Uses;
use crate::page::{Page, Role};
use crate::rules::Rules;
use crate::terms::{Analyzer, Words};
use anchor::Search;
pub use reason::{Reason, ReasonKey};

/// Where a link leads in the structure of the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// To the hub of the page's topic.
    ToHub,
    /// From a hub to a page of its topic.
    ToSupport,
    /// To a page of the same topic.
    Sibling,
    /// To a page of another topic, or where one of the two has none.
    CrossTopic,
}

/// What to suggest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// At most this many; without it as many as the text's length asks for (one for each 200 words, so 7 or 8 for 1,500),
    /// less the links that are there.
    pub limit: Option<usize>,
    /// Which pages are targets.
    pub scope: Scope,
    /// Suggestions with a lower score are left out, except for those to and from hubs. 0 to 100.
    pub least_score: f32,
    /// Links to siblings.
    pub siblings: usize,
    /// The share of the links that may leave the topic of a page that has one.
    pub cross_topic: f32,
    /// Rules for the links. Language, path and keyphrases are taken from the page.
    pub rules: Rules,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limit: None,
            scope: Scope::All,
            least_score: 20.0,
            siblings: 3,
            cross_topic: 0.2,
            rules: Rules::default(),
        }
    }
}

/// A link that a page should get.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Suggestion {
    /// The page that is to be changed.
    pub source: String,
    /// The page the link leads to.
    pub target: String,
    /// Its title.
    pub target_title: String,
    /// What [`crate::Linker::apply`] puts in.
    pub link: Link,
    /// Length of the anchor in the source, in bytes.
    pub length: usize,
    /// The sentence it is in.
    pub context: String,
    /// 0 to 100.
    pub score: f32,
    /// Where it leads in the structure.
    pub direction: Direction,
    /// Why.
    pub reason: Reason,
    /// What speaks for it.
    pub evidence: Evidence,
}

/// Words of a text for each link that is suggested.
const WORDS_PER_SUGGESTION: usize = 200;
/// Siblings of a page that are looked at in any case.
const MOST_SIBLINGS: usize = 200;
/// What the structure adds to a score.
const TO_SUPPORT: f32 = 1.5;
const SIBLING: f32 = 0.8;
/// Links that a page should have at least; in its topic, each that is missing adds to its score what a weak reason does.
const ENOUGH_INBOUND: usize = 3;

/// A page that is read, with all that is needed to suggest.
struct Reader {
    reading: Reading,
    words: Words,
    rules: Rules,
    analyzer: Analyzer,
}

impl Reader {
    fn new(page: &Page, rules: &Rules) -> Self {
        let reading = body::read(&page.body, page.format);
        let mut analyzer = Analyzer::new(&page.language);
        let words = Words::new(&reading, &mut analyzer);
        Self {
            reading,
            words,
            rules: rules.of(page),
            analyzer,
        }
    }

    /// Paths the page links to, and how many internal links its body has.
    fn linked(&self) -> (HashSet<String>, usize) {
        let internal = |href: &String| match address::resolve(href, &self.rules.path, &self.rules.hosts) {
            Address::Internal(path) => Some(path),
            _ => None,
        };
        let body: Vec<String> = self.reading.links.iter().filter_map(|l| internal(&l.href)).collect();
        let count = body.len();
        let beside = self.rules.linked.iter().filter_map(internal);
        (body.into_iter().chain(beside).collect(), count)
    }
}

impl Index {
    /// The links that a page should get, those to its hub first, then by score. Which are grouped as a person would do it
    /// is in [`Suggestion::direction`]. All of them can be put in together; with those of other pages, suggested from the same
    /// state of the site, as far as [`crate::Linker::apply`] says.
    pub fn suggest(&self, page: &Page, options: &Options) -> Vec<Suggestion> {
        let mut reader = Reader::new(page, &options.rules);
        let (mut taken, existing) = reader.linked();
        let room = (reader.reading.words / reader.rules.words_per_link.max(1)).saturating_sub(existing);
        let wanted = (reader.reading.words + WORDS_PER_SUGGESTION / 2) / WORDS_PER_SUGGESTION;
        let limit = options
            .limit
            .unwrap_or_else(|| wanted.saturating_sub(existing))
            .min(room);
        if limit == 0 {
            return Vec::new();
        }
        let topic = page.topic();
        let family: Vec<u32> = topic
            .map_or(&[][..], |t| self.topic(t))
            .iter()
            .copied()
            .take(MOST_SIBLINGS)
            .collect();
        let family: Vec<u32> = self.hubs_of(topic).chain(family).collect();
        let source = self.source(page, &reader.words, &mut reader.analyzer);
        let ranked = self.ranked(&source, options.scope, &family);
        let mut ordered: Vec<(Direction, f32, Ranked)> = ranked
            .into_iter()
            .map(|ranked| {
                let direction = self.direction(page, ranked.slot);
                let target = self.entry(ranked.slot).map_or("", |e| e.id.as_str());
                let missing = ENOUGH_INBOUND.saturating_sub(self.linking(target).take(ENOUGH_INBOUND).count()) as f32;
                let bonus = match direction {
                    Direction::ToHub => 0.0,
                    Direction::ToSupport => TO_SUPPORT + missing,
                    Direction::Sibling => SIBLING + missing,
                    Direction::CrossTopic => 0.3 * missing,
                };
                (direction, ranked.score + bonus, ranked)
            })
            .collect();
        ordered.sort_by(|a, b| {
            let first = |d: Direction| d != Direction::ToHub;
            first(a.0).cmp(&first(b.0)).then_with(|| b.1.total_cmp(&a.1))
        });
        let cross_from = median(ordered.iter().filter(|o| o.0 == Direction::Sibling).map(|o| o.2.score));
        let most_cross = if topic.is_some() {
            (limit as f32 * options.cross_topic).floor() as usize
        } else {
            limit
        };
        let mut counts = [0usize; 4];
        let mut out = Vec::new();
        let mut places = Places::new(&reader.reading, &page.body, &reader.rules);
        let mut planned = Uses::default();
        for (direction, score, ranked) in ordered {
            if out.len() >= limit {
                break;
            }
            let Some(entry) = self.entry(ranked.slot) else {
                continue;
            };
            let enough = match direction {
                Direction::ToHub => counts[0] >= 1,
                Direction::ToSupport => false,
                Direction::Sibling => counts[2] >= options.siblings,
                Direction::CrossTopic => {
                    counts[3] >= most_cross || (topic.is_some() && cross_from.is_some_and(|least| ranked.score < least))
                }
            };
            let structural = matches!(direction, Direction::ToHub | Direction::ToSupport);
            let path = address::normal(&entry.path);
            if enough
                || (!structural && percent(score) < options.least_score)
                || taken.contains(&path)
                || reader.rules.do_not_link.iter().any(|p| address::normal(p) == path)
            {
                continue;
            }
            let search = Search {
                index: self,
                source: &source,
                reading: &reader.reading,
                target: entry,
                slot: ranked.slot,
                found: &ranked.found,
                early: direction == Direction::ToHub,
            };
            let Some(found) = anchor::find(&search, &mut places, &mut planned) else {
                continue;
            };
            counts[direction as usize] += 1;
            taken.insert(path);
            out.push(self.suggestion(page, &reader.reading, entry, direction, score, &ranked, found));
        }
        out
    }

    /// Pages that might link to `page`, the likeliest first: their rows are worth reading for [`Index::suggest_inbound`].
    pub fn inbound_candidates(&self, page: &Page, limit: usize) -> Vec<String> {
        let reader = Reader::new(page, &Rules::default());
        let mut analyzer = reader.analyzer;
        let source = self.source(page, &reader.words, &mut analyzer);
        let own = self.slot(&page.id);
        let linking: HashSet<u32> = self.linking(&page.id).collect();
        let mut slots: Vec<u32> = self.hubs_of(page.topic()).collect();
        slots.extend(self.first_look(&source).into_iter().map(|s| s.0));
        slots.extend(self.saying(page, &mut analyzer));
        let mut seen = HashSet::new();
        slots.retain(|slot| Some(*slot) != own && !linking.contains(slot) && seen.insert(*slot));
        let entries = slots.into_iter().filter_map(|slot| self.entry(slot));
        entries
            .filter(|e| e.published && e.language == source.language)
            .map(|e| e.id.clone())
            .take(limit)
            .collect()
    }

    /// Links to the page `target` from others, the best first: what a new page needs so that it is no orphan. `sources` are
    /// pages with their bodies, such as [`Index::inbound_candidates`] names. One that links to it already is left out, and one whose
    /// text has only words that others of them were given already, since all of them can be put in together.
    pub fn suggest_inbound<'a>(
        &self,
        target: &str,
        sources: impl IntoIterator<Item = &'a Page>,
        options: &Options,
    ) -> Vec<Suggestion> {
        let mut planned = Uses::default();
        let mut out: Vec<Suggestion> = sources
            .into_iter()
            .filter_map(|source| self.suggest_with(source, target, options, &mut planned))
            .collect();
        out.sort_by(|a, b| {
            let first = |s: &Suggestion| s.direction != Direction::ToHub && s.direction != Direction::ToSupport;
            first(a)
                .cmp(&first(b))
                .then_with(|| b.score.total_cmp(&a.score))
                .then_with(|| a.source.cmp(&b.source))
        });
        out.truncate(options.limit.unwrap_or(usize::MAX));
        out
    }

    /// The link from one page to another, if the text has words for it and the rules leave room.
    pub fn suggest_between(&self, page: &Page, target: &str, options: &Options) -> Option<Suggestion> {
        self.suggest_with(page, target, options, &mut Uses::default())
    }

    fn suggest_with(&self, page: &Page, target: &str, options: &Options, planned: &mut Uses) -> Option<Suggestion> {
        let slot = self.slot(target)?;
        let entry = self.entry(slot)?;
        if page.id == target || page.primary_language() != entry.language {
            return None;
        }
        let mut reader = Reader::new(page, &options.rules);
        let (taken, existing) = reader.linked();
        let path = address::normal(&entry.path);
        if taken.contains(&path)
            || existing >= reader.reading.words / reader.rules.words_per_link.max(1)
            || reader.rules.do_not_link.iter().any(|p| address::normal(p) == path)
        {
            return None;
        }
        let source = self.source(page, &reader.words, &mut reader.analyzer);
        let similar = self.first_look(&source).into_iter().collect();
        let mut scratch = Scratch::default();
        let ranked = self.judge(&source, slot, entry, &similar, &mut scratch);
        let mut places = Places::new(&reader.reading, &page.body, &reader.rules);
        let direction = self.direction(page, slot);
        let search = Search {
            index: self,
            source: &source,
            reading: &reader.reading,
            target: entry,
            slot,
            found: &ranked.found,
            early: direction == Direction::ToHub,
        };
        let found = anchor::find(&search, &mut places, planned)?;
        let score = ranked.score;
        Some(self.suggestion(page, &reader.reading, entry, direction, score, &ranked, found))
    }

    /// What a link from one page to another is in the structure of the site; `None` if the other is not there.
    pub fn relation(&self, page: &Page, target: &str) -> Option<Direction> {
        Some(self.direction(page, self.slot(target)?))
    }

    fn hubs_of<'a>(&'a self, topic: Option<&str>) -> impl Iterator<Item = u32> + 'a {
        let members = topic.map_or(&[][..], |t| self.topic(t)).iter().copied();
        members.filter(|&slot| self.entry(slot).is_some_and(|e| e.role == Some(Role::Hub)))
    }

    fn direction(&self, page: &Page, target: u32) -> Direction {
        let Some(entry) = self.entry(target) else {
            return Direction::CrossTopic;
        };
        if page.topic().is_none() || page.topic() != entry.topic.as_deref() {
            return Direction::CrossTopic;
        }
        match (page.role, entry.role) {
            (Some(Role::Hub), Some(Role::Hub)) => Direction::Sibling,
            (_, Some(Role::Hub)) => Direction::ToHub,
            (Some(Role::Hub), _) => Direction::ToSupport,
            _ => Direction::Sibling,
        }
    }

    #[expect(clippy::too_many_arguments, reason = "everything a suggestion is made of")]
    fn suggestion(
        &self,
        page: &Page,
        reading: &Reading,
        entry: &crate::index::Entry,
        direction: Direction,
        score: f32,
        ranked: &Ranked,
        found: anchor::Found,
    ) -> Suggestion {
        let block = &reading.blocks[found.block];
        let words = block.text[found.text.clone()].to_owned();
        let evidence = ranked.found.evidence;
        Suggestion {
            source: page.id.clone(),
            target: entry.id.clone(),
            target_title: entry.title.clone(),
            reason: Reason::new(direction, found.how, &words, &entry.title, &evidence),
            link: Link {
                href: entry.path.clone(),
                anchor: words,
                at: Some(found.source.start),
            },
            length: found.source.len(),
            context: context(&block.text, &found.text),
            score: percent(score),
            direction,
            evidence,
        }
    }
}

/// A score as a person reads it: 0 to 100 on a fixed logistic scale, so that those of two pages can be compared.
fn percent(score: f32) -> f32 {
    (1000.0 / (1.0 + (EVEN - score).exp())).round() / 10.0
}

/// The score that [`percent`] makes 50.
const EVEN: f32 = 9.0;

/// The sentence around a stretch of a text, not longer than a line or two.
fn context(text: &str, at: &std::ops::Range<usize>) -> String {
    let sentences = igny8_text::index::sentences(text);
    let sentence = sentences.iter().find(|s| s.start <= at.start && at.end <= s.end);
    let sentence = sentence.map_or(text, |s| &text[s.clone()]).trim();
    match sentence.char_indices().nth(300) {
        Some((cut, _)) => format!("{}…", &sentence[..cut]),
        None => sentence.to_owned(),
    }
}

fn median(values: impl Iterator<Item = f32>) -> Option<f32> {
    let mut values: Vec<f32> = values.collect();
    values.sort_unstable_by(f32::total_cmp);
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests;

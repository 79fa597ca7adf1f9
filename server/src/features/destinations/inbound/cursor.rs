//! Where an import is, kept in the destination's state after each step, so that one that is stopped goes on from there.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What is known of the last imports, and where the one is that runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cursor {
    /// By slug of the post type.
    pub types: BTreeMap<String, Seen>,
    pub run: Option<Run>,
    /// When all terms were read.
    pub terms_at: Option<DateTime<Utc>>,
}

/// What was seen of a post type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Seen {
    /// Whatever changed before this moment, by the site's clock, is here.
    pub until: Option<DateTime<Utc>>,
    /// How many there were. Another number means that some were deleted, or made with an old date.
    pub total: Option<u64>,
    /// When all ids were compared.
    pub compared_at: Option<DateTime<Utc>>,
}

/// An import on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Everything is read, whatever was seen before.
    pub full: bool,
    /// Types that are done.
    #[serde(default)]
    pub done: Vec<String>,
    /// Posts of the present type that are behind us.
    #[serde(default)]
    pub offset: u64,
    /// The site's clock when the present type was begun.
    #[serde(default)]
    pub begun: Option<DateTime<Utc>>,
    /// How many there were then.
    #[serde(default)]
    pub total: Option<u64>,
    /// All posts of the present type are read; what is missing is being looked for.
    #[serde(default)]
    pub comparing: bool,
    /// Terms are done.
    #[serde(default)]
    pub terms: bool,
    #[serde(default)]
    pub counts: Counts,
}

/// What was done so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    pub conflicts: u64,
    pub removed: u64,
    /// Posts that cannot be imported.
    pub skipped: u64,
    pub terms: u64,
    /// Why some were skipped, the first few in words.
    pub problems: Vec<String>,
    /// Where posts were that others may be below, and that are elsewhere now.
    pub moved: Vec<String>,
}

/// As many reasons as are kept.
const MOST_PROBLEMS: usize = 20;
/// As many old addresses.
const MOST_MOVED: usize = 200;

impl Counts {
    pub fn add(&mut self, other: &Self) {
        self.created += other.created;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.conflicts += other.conflicts;
        self.removed += other.removed;
        self.skipped += other.skipped;
        self.terms += other.terms;
        let room = MOST_PROBLEMS.saturating_sub(self.problems.len());
        self.problems.extend(other.problems.iter().take(room).cloned());
        let room = MOST_MOVED.saturating_sub(self.moved.len());
        self.moved.extend(other.moved.iter().take(room).cloned());
    }

    /// Notes that a post has another address than `before`. Addresses with a query have none below them.
    pub fn note_move(&mut self, before: Option<&str>, now: &str) {
        let before = before.filter(|before| *before != now && !before.contains('?'));
        if let Some(before) = before.filter(|_| self.moved.len() < MOST_MOVED) {
            self.moved.push(before.to_owned());
        }
    }

    pub fn skip(&mut self, post: u64, why: &str) {
        self.skipped += 1;
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(format!("Post {post} was not imported: {why}."));
        }
    }
}

impl Run {
    pub fn new(full: bool) -> Self {
        Self {
            full,
            done: Vec::new(),
            offset: 0,
            begun: None,
            total: None,
            comparing: false,
            terms: false,
            counts: Counts::default(),
        }
    }

    /// The next type begins.
    pub fn finish(&mut self, post_type: &str) {
        self.done.push(post_type.to_owned());
        (self.offset, self.begun, self.total, self.comparing) = (0, None, None, false);
    }
}

impl Cursor {
    /// Takes what is stored; what cannot be read is begun anew.
    pub fn read(stored: &serde_json::Value) -> Self {
        serde_json::from_value(stored.clone()).unwrap_or_default()
    }

    pub fn stored(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

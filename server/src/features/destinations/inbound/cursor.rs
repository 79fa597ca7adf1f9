//! Where an import is, kept in the destination's state after each step, so that one that is stopped goes on from there.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::super::model::DestinationState;

/// What is known of the last imports, and where the one is that runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cursor {
    /// By slug of the post type.
    pub types: BTreeMap<String, Seen>,
    pub run: Option<Run>,
    /// When all terms were read.
    pub terms_at: Option<DateTime<Utc>>,
    /// When it was looked at what the site has.
    pub looked_at: Option<DateTime<Utc>>,
    /// Tells this cursor from one that settings have put in its place; see [`super::super::state::Change::import_anew`].
    pub mark: i64,
    /// By slug of a taxonomy there ours, for those whose terms every post that was imported has brought.
    pub brought: Option<BTreeMap<String, String>>,
    /// Slugs of the taxonomies whose terms could not be read when all were: they and what is in them stay as they are.
    pub unread: BTreeSet<String>,
    /// Slugs of the taxonomies of which so many terms were missing then that none was forgotten.
    pub doubted: BTreeSet<String>,
}

/// The cursor of an import that reads everything, in place of another.
pub fn anew(stored: &serde_json::Value, mark: i64) -> serde_json::Value {
    let brought = Cursor::read(stored).brought;
    Cursor {
        mark,
        brought,
        ..Cursor::default()
    }
    .stored()
}

/// Slugs of the taxonomies of a site whose terms all imported content has.
pub fn brought(state: &DestinationState) -> BTreeSet<String> {
    Cursor::read(&state.cursor)
        .brought
        .unwrap_or_default()
        .into_keys()
        .collect()
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
    /// So many were missing then that nothing was taken away.
    pub doubted: bool,
    /// Whatever got its place there before this moment, by our clock, was looked at for what is below it.
    pub followed_at: Option<DateTime<Utc>>,
}

/// So many may always be missing there, and of more one in this many of those that are known.
const MISSING: usize = 20;
const MISSING_OF: usize = 5;

/// Whether so many are missing there, of those that are known, that this may be another site or an old copy of it.
pub fn is_doubtful(missing: usize, known: usize) -> bool {
    missing > MISSING && missing * MISSING_OF > known
}

/// Posts read at once, where the site can answer with as many.
pub const PAGE: u8 = 100;
/// Answers in a row after which more posts are asked for again.
const ANSWERS: u8 = 10;

/// An import on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Everything is read, whatever was seen before.
    pub full: bool,
    /// Somebody asked for that.
    #[serde(default)]
    pub asked: bool,
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
    /// Posts asked for at once, where the site could not answer with [`PAGE`].
    #[serde(default)]
    pub fewer: Option<u8>,
    /// Answers since that was changed.
    #[serde(default)]
    pub answers: u8,
    /// Terms are done.
    #[serde(default)]
    pub terms: bool,
    /// By slug of a taxonomy there ours, when it began.
    #[serde(default)]
    pub taxonomies: BTreeMap<String, String>,
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
        for what in &other.problems {
            self.problem(what.clone());
        }
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
        let why = why.trim_end_matches('.');
        self.problem(format!("Post {post} was not imported: {why}."));
    }

    /// Tells of something once, where there is room.
    pub fn problem(&mut self, what: String) {
        if self.problems.len() < MOST_PROBLEMS && !self.problems.contains(&what) {
            self.problems.push(what);
        }
    }
}

impl Run {
    pub fn new(full: bool) -> Self {
        Self {
            full,
            asked: false,
            done: Vec::new(),
            offset: 0,
            begun: None,
            total: None,
            comparing: false,
            fewer: None,
            answers: 0,
            terms: false,
            taxonomies: BTreeMap::new(),
            counts: Counts::default(),
        }
    }

    /// Posts to ask for at once.
    pub fn limit(&self) -> u8 {
        self.fewer.unwrap_or(PAGE).clamp(1, PAGE)
    }

    /// The site could not answer with so many: fewer are asked for from now on. False when it was one.
    pub fn ask_for_less(&mut self) -> bool {
        let limit = self.limit();
        (self.fewer, self.answers) = (Some((limit / 4).max(1)), 0);
        limit > 1
    }

    /// The site answered; after some times more are asked for again.
    pub fn answered(&mut self) {
        let Some(limit) = self.fewer else { return };
        self.answers = self.answers.saturating_add(1);
        if self.answers >= ANSWERS {
            let more = limit.saturating_mul(4);
            (self.fewer, self.answers) = ((more < PAGE).then_some(more), 0);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_asked_for_as_much_as_it_can_answer_with() {
        let mut run = Run::new(false);
        let mut asked = vec![run.limit()];
        while run.ask_for_less() {
            asked.push(run.limit());
        }
        assert_eq!(asked, [100, 25, 6, 1]);
        let stored = serde_json::to_value(&run).unwrap();
        let mut run: Run = serde_json::from_value(stored).unwrap();
        assert_eq!(run.limit(), 1, "it is kept");
        let mut asked = Vec::new();
        for _ in 0..4 {
            for _ in 0..ANSWERS {
                run.answered();
            }
            asked.push(run.limit());
        }
        assert_eq!(asked, [4, 16, 64, 100]);
        let of_before = serde_json::json!({ "full": true });
        assert_eq!(serde_json::from_value::<Run>(of_before).unwrap(), Run::new(true));
    }

    #[test]
    fn many_that_are_missing_at_once_are_doubtful() {
        for (missing, known, expected) in [(20, 20, false), (21, 21, true), (21, 104, true), (21, 105, false)] {
            assert_eq!(is_doubtful(missing, known), expected, "{missing} of {known}");
        }
    }

    #[test]
    fn what_was_brought_outlives_a_new_beginning() {
        let brought = BTreeMap::from([("cuisine".to_owned(), "blog_category".to_owned())]);
        let cursor = Cursor {
            types: BTreeMap::from([("post".to_owned(), Seen::default())]),
            run: Some(Run::new(true)),
            brought: Some(brought.clone()),
            unread: BTreeSet::from(["mood".to_owned()]),
            ..Cursor::default()
        };
        let again = Cursor::read(&anew(&cursor.stored(), 7));
        let expected = Cursor {
            mark: 7,
            brought: Some(brought),
            ..Cursor::default()
        };
        assert_eq!(again, expected);
        let of_before = serde_json::json!({ "types": {}, "run": { "full": true }, "terms_at": null });
        assert_eq!(Cursor::read(&of_before).brought, None);
        let without = serde_json::json!({ "mark": 7, "brought": null });
        assert_eq!(Cursor::read(&without).mark, 7);
    }
}

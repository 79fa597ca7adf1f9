//! Keyword files in which a keyword stands more than once, as one row for each keyword.

use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasherDefault;
use std::io::Read;
use std::iter::FusedIterator;

use super::MAX_KNOWN;
use super::field::Field;
use super::file::{Hashed, KeywordFile};
use super::format::{Format, Note, Options};
use super::groups::Groups;
use super::problem::{FileProblem, RowProblem, RowProblemKind};
use super::row::KeywordRow;

/// Bytes of rows that wait for others of their keyword.
const WAITING: usize = 64 * 1024 * 1024;

type ByKey<T> = HashMap<u64, T, BuildHasherDefault<Hashed>>;

/// A keyword file read so that all rows of a keyword come as one, [joined](KeywordRow::join), when the last of them is
/// read. Keywords that stand once come as they are read.
///
/// A keyword that is listed for several markets is one keyword here: the row of the wanted market stays, else the one with
/// the better and higher volume.
///
/// The file is read once to find out which keywords repeat (sixteen bytes for each), and then as often as it takes to keep
/// the rows that wait within 64 MB: once for nearly all files.
pub struct Joined<O, R> {
    open: O,
    options: Options,
    market: Option<String>,
    file: KeywordFile<R>,
    /// The keywords that repeat, and how often they are in the file.
    repeated: ByKey<Times>,
    waiting: ByKey<Waiting>,
    ready: VecDeque<Result<KeywordRow, RowProblem>>,
    groups: Groups,
    pass: u64,
    passes: u64,
    /// Bytes of the whole file.
    length: u64,
    full: bool,
    markets: bool,
    ended: bool,
}

#[derive(Clone, Copy)]
struct Times {
    first_line: u32,
    times: u32,
}

/// Rows of a keyword, one for each market.
struct Waiting {
    key: String,
    rows: Vec<KeywordRow>,
    /// Rows of the file still to come.
    left: u32,
}

impl<O, R> Joined<O, R>
where
    O: FnMut() -> Result<R, FileProblem>,
    R: Read,
{
    /// Opens a file, by a function that opens it anew each time. `market` is the one whose figures are wanted: `us`.
    ///
    /// # Errors
    /// When it cannot be read, or holds no keywords.
    pub fn open(open: O, options: &Options, market: Option<&str>) -> Result<Self, FileProblem> {
        Self::open_within(open, options, market, WAITING)
    }

    pub(super) fn open_within(
        mut open: O,
        options: &Options,
        market: Option<&str>,
        limit: usize,
    ) -> Result<Self, FileProblem> {
        let mut file = KeywordFile::open_with(open()?, options)?;
        file.keep_repetitions();
        let mut repeated: ByKey<Times> = HashMap::default();
        let mut groups = Groups::default();
        let (mut full, mut rows, mut bytes) = (false, 0_usize, 0_usize);
        while let Some(row) = file.next() {
            let Ok(row) = row else { continue };
            rows += 1;
            bytes += row.size();
            groups.add(&row.grouping);
            let more = repeated.len() < MAX_KNOWN;
            match repeated.get_mut(&file.key(&row).0) {
                Some(known) => known.times = known.times.saturating_add(1),
                None if more => {
                    let first_line = u32::try_from(row.line).unwrap_or(u32::MAX);
                    repeated.insert(file.key(&row).0, Times { first_line, times: 1 });
                }
                None => full = true,
            }
        }
        let length = file.bytes_read();
        repeated.retain(|_, known| known.times > 1);
        repeated.shrink_to_fit();
        // Rows of one market become one, of several may wait side by side.
        let most: usize = match file.detected().column(Field::Market) {
            Some(_) => repeated.values().map(|known| known.times as usize).sum(),
            None => repeated.len(),
        };
        let passes = most.saturating_mul(bytes / rows.max(1)).div_ceil(limit).max(1) as u64;
        let mut this = Self {
            file: KeywordFile::open_with(open()?, options)?,
            open,
            options: options.clone(),
            market: market.map(str::to_lowercase),
            repeated,
            waiting: HashMap::default(),
            ready: VecDeque::new(),
            groups,
            pass: 0,
            passes,
            length,
            full,
            markets: false,
            ended: false,
        };
        this.file.keep_repetitions();
        Ok(this)
    }

    /// What the file turned out to be.
    pub const fn detected(&self) -> &Format {
        self.file.detected()
    }

    /// The groups the file puts its keywords into.
    pub const fn groups(&self) -> &Groups {
        &self.groups
    }

    /// Bytes of the file dealt with, to show how far reading is.
    pub fn bytes_read(&self) -> u64 {
        let share = |bytes: u64| bytes / self.passes;
        share(self.length) * self.pass + share(self.file.bytes_read())
    }

    /// What a person should know about the file; complete when all rows are read.
    pub fn notes(&self) -> Vec<Note> {
        let mut notes = self.file.notes();
        if self.full {
            notes.push(Note::DuplicatesPossible);
        }
        if self.markets {
            notes.push(Note::SeveralMarkets);
        }
        notes
    }

    /// Takes a row, and gives what it makes ready. `None`: the row is another pass's.
    fn take(&mut self, row: KeywordRow) -> Option<Result<KeywordRow, RowProblem>> {
        let (hash, key) = self.file.key(&row);
        let Some(&Times { first_line, times }) = self.repeated.get(&hash) else {
            return (self.pass == 0).then_some(Ok(row));
        };
        if hash % self.passes != self.pass {
            return None;
        }
        let waiting = self.waiting.entry(hash).or_insert_with(|| Waiting {
            key: key.clone(),
            rows: Vec::new(),
            left: times,
        });
        waiting.left = waiting.left.saturating_sub(1);
        let done = waiting.left == 0;
        if waiting.key != key {
            // Two keywords of one hash.
            self.ready.push_back(Ok(row));
        } else if let Some(first) = waiting.rows.iter_mut().find(|first| same_market(first, &row)) {
            self.ready.push_back(Err(RowProblem {
                line: row.line,
                kind: RowProblemKind::Duplicate {
                    first_line: first_line.into(),
                    text: super::text::excerpt(&row.text),
                },
            }));
            first.join(row);
        } else {
            waiting.rows.push(row);
        }
        if done && let Some(waiting) = self.waiting.remove(&hash) {
            self.choose(waiting.rows);
        }
        self.ready.pop_front()
    }

    /// Of the rows of several markets one stays.
    fn choose(&mut self, mut rows: Vec<KeywordRow>) {
        let wanted = |row: &KeywordRow| self.market.is_some() && row.market == self.market;
        let mut best = 0;
        for (at, row) in rows.iter().enumerate().skip(1) {
            let kept = &rows[best];
            if wanted(row) && !wanted(kept) || wanted(row) == wanted(kept) && row.better_volume(kept) {
                best = at;
            }
        }
        if rows.is_empty() {
            return;
        }
        let kept = rows.swap_remove(best);
        rows.sort_by_key(|row| row.line);
        for other in rows {
            self.markets = true;
            self.ready.push_back(Err(RowProblem {
                line: other.line,
                kind: RowProblemKind::OtherMarket {
                    text: super::text::excerpt(&other.text),
                    market: other.market.unwrap_or_default(),
                    kept: kept.market.clone().unwrap_or_default(),
                },
            }));
        }
        self.ready.push_back(Ok(kept));
    }

    fn read_row(&mut self) -> Option<Result<KeywordRow, RowProblem>> {
        loop {
            if let Some(ready) = self.ready.pop_front() {
                return Some(ready);
            }
            match self.file.next() {
                Some(Ok(row)) => {
                    if let Some(ready) = self.take(row) {
                        return Some(ready);
                    }
                }
                Some(Err(problem)) if self.pass == 0 => return Some(Err(problem)),
                Some(Err(_)) => {}
                None => {
                    // Only where the file has changed, or could not be read to its end.
                    let mut rest: Vec<Waiting> = std::mem::take(&mut self.waiting).into_values().collect();
                    rest.sort_by_key(|waiting| waiting.rows.first().map(|row| row.line));
                    for waiting in rest {
                        self.choose(waiting.rows);
                    }
                    self.pass += 1;
                    if self.pass < self.passes {
                        match self.again() {
                            Ok(file) => self.file = file,
                            Err(problem) => {
                                self.pass = self.passes;
                                self.ready.push_back(Err(problem));
                            }
                        }
                    }
                    if self.pass >= self.passes && self.ready.is_empty() {
                        self.pass = self.passes;
                        return None;
                    }
                }
            }
        }
    }

    fn again(&mut self) -> Result<KeywordFile<R>, RowProblem> {
        let opened = (self.open)().and_then(|from| KeywordFile::open_with(from, &self.options));
        let mut file = opened.map_err(|problem| RowProblem {
            line: 1,
            kind: RowProblemKind::Read(std::io::Error::other(problem.to_string())),
        })?;
        file.keep_repetitions();
        Ok(file)
    }
}

/// A row that names no market is of any.
fn same_market(a: &KeywordRow, b: &KeywordRow) -> bool {
    a.market == b.market || a.market.is_none() || b.market.is_none()
}

impl<O, R> Iterator for Joined<O, R>
where
    O: FnMut() -> Result<R, FileProblem>,
    R: Read,
{
    type Item = Result<KeywordRow, RowProblem>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let row = self.read_row();
        self.ended |= row.is_none();
        row
    }
}

impl<O, R> FusedIterator for Joined<O, R>
where
    O: FnMut() -> Result<R, FileProblem>,
    R: Read,
{
}

impl<O, R> std::fmt::Debug for Joined<O, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Joined")
            .field("file", &self.file)
            .field("passes", &self.passes)
            .finish_non_exhaustive()
    }
}

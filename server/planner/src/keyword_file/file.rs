//! A keyword file: opened, then read row by row.

use std::collections::HashMap;
use std::collections::hash_map::{DefaultHasher, Entry};
use std::hash::{BuildHasherDefault, Hash as _, Hasher};
use std::io::Read;
use std::iter::FusedIterator;

use super::convert::Converter;
use super::decode::Decoded;
use super::field::Field;
use super::format::{Format, Note, Options, Source};
use super::problem::{FileProblem, RowProblem, RowProblemKind};
use super::records::{Cells, Next, Records};
use super::row::KeywordRow;
use super::sniff::{self, Found};
use super::{MAX_KNOWN, MAX_ROW, text};

/// What Search Console exports at most.
const SEARCH_CONSOLE_ROWS: u64 = 1000;

/// A file of keywords, read as it comes: an iterator of rows and of problems of rows.
///
/// Memory stays bounded whatever the file's size: a row's text, some buffers, and a few bytes for each keyword, to know
/// it when it comes again.
///
/// ```
/// use igny8_planner::keyword_file::{KeywordFile, Source};
///
/// let csv = "Top queries,Clicks,Impressions,CTR,Position\ncold brew,12,345,3.48%,4.2\n,1,2,50%,1\n";
/// let mut file = KeywordFile::open(csv.as_bytes()).unwrap();
/// assert_eq!(file.detected().source, Source::GoogleSearchConsole);
/// let row = file.next().unwrap().unwrap();
/// assert_eq!((row.line, row.text.as_str(), row.impressions), (2, "cold brew", Some(345)));
/// let problem = file.next().unwrap().unwrap_err();
/// assert_eq!(problem.to_string(), "line 3: the row has no keyword");
/// assert!(file.next().is_none());
/// ```
pub struct KeywordFile<R> {
    records: Records<R>,
    cells: Cells,
    converter: Converter,
    format: Format,
    /// `None`: repetitions are rows like any other.
    seen: Option<Seen>,
    every_row: bool,
    rows: u64,
    ended: bool,
}

impl<R: Read> KeywordFile<R> {
    /// Finds out what a file is, from its first rows.
    pub fn open(from: R) -> Result<Self, FileProblem> {
        Self::open_with(from, &Options::default())
    }

    /// The same, where a person knows better.
    pub fn open_with(from: R, options: &Options) -> Result<Self, FileProblem> {
        let input = Decoded::open(from, options.encoding.as_deref())?;
        let mut records = Records::new(input, MAX_ROW);
        let encoding = records.input().encoding().name();
        let (head, complete) = records.peek(sniff::HEAD)?;
        let Found {
            mut format,
            headers,
            skip,
        } = sniff::sniff(head, complete, encoding, options)?;
        // The head may hold the first character that tells.
        format.encoding = records.input().encoding().name();
        records.set_delimiter(format.delimiter.byte());
        match format.header_line {
            Some(line) => records.skip_row(line)?,
            None => records.skip_lines(skip)?,
        }
        if options.every_row {
            // Tools, which quote, write headers; a cell of several lines is theirs alone.
            records.set_strict(format.header_line.is_none());
        }
        Ok(Self {
            cells: Cells::new(format.delimiter.byte()),
            converter: Converter::new(&format, &headers, options.every_row),
            every_row: options.every_row,
            seen: (!options.every_row).then(Seen::default),
            records,
            format,
            rows: 0,
            ended: false,
        })
    }

    /// What the file turned out to be.
    pub const fn detected(&self) -> &Format {
        &self.format
    }

    /// Bytes taken from the file so far, to show how far reading is.
    pub const fn bytes_read(&self) -> u64 {
        self.records.input().bytes_read()
    }

    /// Keywords given so far.
    pub const fn rows_read(&self) -> u64 {
        self.rows
    }

    /// What a person should know about the file; complete when all rows are read.
    pub fn notes(&self) -> Vec<Note> {
        let mut notes = Vec::new();
        let volumes = [Field::Volume, Field::VolumeMin, Field::VolumeMax];
        if self.format.column(Field::Impressions).is_some()
            && volumes.iter().all(|field| self.format.column(*field).is_none())
        {
            notes.push(Note::ImpressionsNotVolume);
        }
        if self.format.volumes_are_ranges {
            notes.push(Note::VolumesAreRanges);
        }
        if self.format.source == Source::GoogleSearchConsole && self.ended && self.rows == SEARCH_CONSOLE_ROWS {
            notes.push(Note::RowsCutOff);
        }
        if self.records.input().damaged() {
            notes.push(Note::Damaged);
        }
        if self.seen.as_ref().is_some_and(|seen| seen.full) {
            notes.push(Note::DuplicatesPossible);
        }
        notes
    }

    /// Gives repetitions as rows like any other, from here on.
    pub(super) fn keep_repetitions(&mut self) {
        self.seen = None;
    }

    /// The form in which two rows are the same keyword, and its hash. Tools write one search with straight and with curly
    /// quotation marks; our own keywords may differ by them.
    pub(super) fn key(&self, row: &KeywordRow) -> (u64, String) {
        let key = match self.format.source {
            Source::Igny8 => text::text_key(&row.text),
            _ => text::key_without_curly_quotes(&row.text),
        };
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        (hasher.finish(), key)
    }

    fn read_row(&mut self) -> Option<Result<KeywordRow, RowProblem>> {
        loop {
            let line = match self.records.next() {
                // Nobody quotes a line of a plain list.
                Ok(Next::Row { line, text }) if self.every_row && self.format.is_plain_list() => {
                    self.cells.split_plain(text);
                    line
                }
                Ok(Next::Row { line, text }) => {
                    self.cells.split(text);
                    line
                }
                Ok(Next::Unclosed { line, text }) if self.every_row => {
                    self.cells.split_plain(text);
                    line
                }
                Ok(Next::Unclosed { line, .. }) => return Some(Err(problem(line, RowProblemKind::UnclosedQuote))),
                Ok(Next::TooLarge { line }) => return Some(Err(problem(line, RowProblemKind::TooLarge))),
                Ok(Next::End) => return None,
                Err(error) => {
                    self.ended = true;
                    return Some(Err(problem(self.records.line(), error.into())));
                }
            };
            if self.converter.is_header(&self.cells) {
                continue;
            }
            let row = match self.converter.convert(line, &self.cells) {
                Ok(row) => row,
                Err(kind) => return Some(Err(problem(line, kind))),
            };
            if self.seen.is_some() {
                let (hash, _) = self.key(&row);
                if let Some(first_line) = self.seen.as_mut().and_then(|seen| seen.line_of(hash, line)) {
                    let text = text::excerpt(&row.text);
                    return Some(Err(problem(line, RowProblemKind::Duplicate { first_line, text })));
                }
            }
            self.rows += 1;
            return Some(Ok(row));
        }
    }
}

impl<R: Read> Iterator for KeywordFile<R> {
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

impl<R: Read> FusedIterator for KeywordFile<R> {}

impl<R> std::fmt::Debug for KeywordFile<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeywordFile")
            .field("format", &self.format)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

const fn problem(line: u64, kind: RowProblemKind) -> RowProblem {
    RowProblem { line, kind }
}

/// The lines keywords were first seen in, by a hash of their key: sixteen bytes a keyword, whatever its length. Among a
/// million keywords the chance that any two share a hash is one in 37 million.
#[derive(Default)]
struct Seen {
    lines: HashMap<u64, u32, BuildHasherDefault<Hashed>>,
    /// Whether keywords went by that were not remembered.
    full: bool,
}

impl Seen {
    /// The line the keyword of a hash was first seen in; else remembers this one.
    fn line_of(&mut self, hash: u64, line: u64) -> Option<u64> {
        let full = self.lines.len() >= MAX_KNOWN;
        match self.lines.entry(hash) {
            Entry::Occupied(first) => Some(u64::from(*first.get())),
            Entry::Vacant(_) if full => {
                self.full = true;
                None
            }
            Entry::Vacant(free) => {
                free.insert(u32::try_from(line).unwrap_or(u32::MAX));
                None
            }
        }
    }
}

/// Takes a hash for what it is, in place of hashing it again.
#[derive(Default)]
pub(super) struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        // Only u64s are written; whatever else came would still spread.
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

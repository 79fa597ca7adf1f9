//! Splits text into rows and rows into cells, in bounded memory, and goes on after damaged rows.
//!
//! [`csv_core`] splits rows into cells. Where a row ends is found here, because a reader that trusts every quotation mark
//! reads to the end of the file when one is not closed.

use std::io::{self, Read};

use super::decode::Decoded;

/// Bytes of a file that unclosed quotation marks may make us look at twice. A file damaged more than this is read line by
/// line from there on, so that no file can make us read each of its bytes thousands of times.
const SECOND_LOOKS: usize = 64 * 1024 * 1024;

/// What cannot be within one row's text: no UTF-8 holds this byte. The separator of a list without columns.
const NO_DELIMITER: u8 = 0xff;

/// Finds rows.
pub(super) struct Records<R> {
    input: Decoded<R>,
    text: Vec<u8>,
    /// Where the next row starts in `text`.
    at: usize,
    /// The number of the line that starts there.
    line: u64,
    delimiter: u8,
    /// Bytes left to look at twice.
    second_looks: usize,
    longest: usize,
    /// Whether every line is a row, quotation marks or not.
    single_lines: bool,
    /// Whether a row with a quotation mark in its wrong place is given as [`Next::Unclosed`].
    strict: bool,
}

/// What comes next in a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<'a> {
    /// A row's text without its line end.
    Row {
        line: u64,
        text: &'a [u8],
    },
    /// A quotation mark opens in this line and is not closed.
    Unclosed {
        line: u64,
        /// The line, without its end.
        text: &'a [u8],
    },
    /// A row longer than allowed, left out.
    TooLarge {
        line: u64,
    },
    End,
}

/// Where the scanner is within a row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    CellStart,
    Cell,
    Quoted,
    /// After a quotation mark within a quoted cell: its end, or the first half of a doubled one.
    QuoteInQuoted,
}

impl<R: Read> Records<R> {
    /// `longest`: bytes a row may have.
    pub const fn new(input: Decoded<R>, longest: usize) -> Self {
        Self {
            input,
            text: Vec::new(),
            at: 0,
            line: 1,
            delimiter: b',',
            second_looks: SECOND_LOOKS,
            longest,
            single_lines: false,
            strict: false,
        }
    }

    /// For callers that read a damaged row as it stands. Quotation marks that do not enclose a whole cell (`"a" b`) are
    /// damage; with `single_lines` so are those that enclose the end of a line.
    pub const fn set_strict(&mut self, single_lines: bool) {
        self.strict = true;
        self.single_lines = single_lines;
    }

    /// `None`: every line is one cell.
    pub fn set_delimiter(&mut self, delimiter: Option<u8>) {
        self.delimiter = delimiter.unwrap_or(NO_DELIMITER);
    }

    pub const fn input(&self) -> &Decoded<R> {
        &self.input
    }

    /// The line reading is at.
    pub const fn line(&self) -> u64 {
        self.line
    }

    /// At least this much of the text to come, unless the file ends; and whether it ends there.
    pub fn peek(&mut self, length: usize) -> io::Result<(&[u8], bool)> {
        let mut complete = false;
        while self.text.len() - self.at < length && !complete {
            complete = !self.input.read_more(&mut self.text)?;
        }
        Ok((self.text.get(self.at..).unwrap_or_default(), complete))
    }

    /// Leaves out lines, blank ones counted.
    pub fn skip_lines(&mut self, lines: u64) -> io::Result<()> {
        for _ in 0..lines {
            let Some((_, next)) = self.line_end(self.at)? else {
                self.at = self.text.len();
                return Ok(());
            };
            self.at = next;
            self.line += 1;
        }
        Ok(())
    }

    /// Leaves out all rows up to the one that starts in a line, with all its lines.
    pub fn skip_row(&mut self, starts_in: u64) -> io::Result<()> {
        loop {
            match self.next()? {
                Next::Row { line, .. } if line >= starts_in => return Ok(()),
                Next::End => return Ok(()),
                Next::Row { .. } | Next::Unclosed { .. } | Next::TooLarge { .. } => {}
            }
        }
    }

    /// The next row. Lines without any text are no rows.
    pub fn next(&mut self) -> io::Result<Next<'_>> {
        self.drop_read_text();
        loop {
            if !self.is_at_text()? {
                return Ok(Next::End);
            }
            let line = self.line;
            match self.find_row()? {
                Found::Row { end, next, lines } => {
                    let start = self.at;
                    self.at = next;
                    self.line += lines;
                    let text = self.text.get(start..end).unwrap_or_default();
                    if text.iter().all(|byte| *byte == b' ') {
                        continue;
                    }
                    // Borrowed again: the borrow above must not outlive the loop.
                    let text = self.text.get(start..end).unwrap_or_default();
                    return Ok(Next::Row { line, text });
                }
                Found::Unclosed { end, next, looked_at } => {
                    let start = self.at;
                    self.at = next;
                    self.line += 1;
                    self.second_looks = self.second_looks.saturating_sub(looked_at.saturating_sub(next));
                    let text = self.text.get(start..end).unwrap_or_default();
                    return Ok(Next::Unclosed { line, text });
                }
                Found::TooLarge => {
                    self.skip_long_line()?;
                    return Ok(Next::TooLarge { line });
                }
            }
        }
    }

    fn find_row(&mut self) -> io::Result<Found> {
        let mut place = Place::CellStart;
        let mut from = self.at;
        let mut lines = 0;
        // Where the first line ends and the second starts: reading goes on there if the row turns out to be damaged.
        let mut first_line = None;
        loop {
            let line = self.line_end(from)?;
            let (end, next) = line.unwrap_or((self.text.len(), self.text.len()));
            if end - self.at > self.longest {
                let looked_at = end;
                let unclosed = |(end, next)| Found::Unclosed { end, next, looked_at };
                return Ok(first_line.map_or(Found::TooLarge, unclosed));
            }
            let Scanned { place: after, loose } =
                scan(self.text.get(from..end).unwrap_or_default(), place, self.delimiter);
            lines += 1;
            let (first_end, second) = *first_line.get_or_insert((end, next));
            let unclosed = Found::Unclosed {
                end: first_end,
                next: second,
                looked_at: end,
            };
            if loose && (lines > 1 || self.strict) {
                // A cell of several lines ended in the middle of a cell: its quotation mark was some later row's.
                return Ok(unclosed);
            }
            if after != Place::Quoted {
                return Ok(Found::Row { end, next, lines });
            }
            if self.single_lines
                || line.is_none()
                || next == self.text.len() && !self.has_more()?
                || self.second_looks == 0
            {
                return Ok(unclosed);
            }
            place = after;
            from = next;
        }
    }

    fn has_more(&mut self) -> io::Result<bool> {
        self.input.read_more(&mut self.text)
    }

    fn is_at_text(&mut self) -> io::Result<bool> {
        Ok(self.at < self.text.len() || self.has_more()?)
    }

    /// The end of the line that `from` is in, and the start of the next one; `None` at the end of the file, or where the
    /// row has become longer than allowed. `\n`, `\r\n` and `\r` end lines.
    fn line_end(&mut self, from: usize) -> io::Result<Option<(usize, usize)>> {
        let mut searched = from;
        loop {
            let found = memchr::memchr2(b'\n', b'\r', self.text.get(searched..).unwrap_or_default());
            if let Some(offset) = found {
                let end = searched + offset;
                let next = self.text.get(end + 1).copied();
                if self.text.get(end) == Some(&b'\n') {
                    return Ok(Some((end, end + 1)));
                }
                match next {
                    Some(b'\n') => return Ok(Some((end, end + 2))),
                    Some(_) => return Ok(Some((end, end + 1))),
                    // Whether a line feed follows shows when there is more text.
                    None if self.has_more()? => searched = end,
                    None => return Ok(Some((end, end + 1))),
                }
            } else {
                searched = self.text.len();
                if searched - self.at > self.longest || !self.has_more()? {
                    return Ok(None);
                }
            }
        }
    }

    /// Leaves out the rest of a line without keeping it.
    fn skip_long_line(&mut self) -> io::Result<()> {
        loop {
            self.drop_read_text();
            if let Some((_, next)) = self.line_end(self.at)? {
                self.at = next;
                self.line += 1;
                return Ok(());
            }
            self.at = self.text.len();
            if !self.has_more()? {
                return Ok(());
            }
        }
    }

    /// Frees the text of rows already given.
    fn drop_read_text(&mut self) {
        // Moving text costs, so it is done once per buffer, not once per row.
        if self.at == self.text.len() {
            self.text.clear();
            self.at = 0;
        } else if self.at >= 256 * 1024 && self.at * 2 > self.text.len() {
            self.text.drain(..self.at);
            self.at = 0;
        }
    }
}

enum Found {
    Row {
        end: usize,
        next: usize,
        lines: u64,
    },
    /// The first line's end and the second's start, and how far was looked.
    Unclosed {
        end: usize,
        next: usize,
        looked_at: usize,
    },
    TooLarge,
}

struct Scanned {
    place: Place,
    /// Whether text followed a quoted cell's end before the cell did: `"a" b`.
    loose: bool,
}

/// Follows the quotation marks of a line, as [`csv_core`] does.
fn scan(line: &[u8], from: Place, delimiter: u8) -> Scanned {
    let mut scanned = Scanned {
        place: from,
        loose: false,
    };
    let mut at = 0;
    while let Some(rest) = line.get(at..).filter(|rest| !rest.is_empty()) {
        let skip = match scanned.place {
            // A cell that is not quoted goes to the next delimiter; quotation marks within it are text.
            Place::Cell => match memchr::memchr(delimiter, rest) {
                Some(end) => {
                    scanned.place = Place::CellStart;
                    end + 1
                }
                None => rest.len(),
            },
            Place::Quoted => match memchr::memchr(b'"', rest) {
                Some(quote) => {
                    scanned.place = Place::QuoteInQuoted;
                    quote + 1
                }
                None => rest.len(),
            },
            Place::CellStart => {
                let first = rest.first().copied().unwrap_or_default();
                if first == b'"' {
                    scanned.place = Place::Quoted;
                } else if first != delimiter {
                    scanned.place = Place::Cell;
                }
                1
            }
            Place::QuoteInQuoted => {
                let first = rest.first().copied().unwrap_or_default();
                if first == b'"' {
                    scanned.place = Place::Quoted;
                } else if first == delimiter {
                    scanned.place = Place::CellStart;
                } else {
                    scanned.place = Place::Cell;
                    scanned.loose = true;
                }
                1
            }
        };
        // Without a quotation mark ahead nothing can open any more.
        if scanned.place == Place::CellStart {
            let ahead = line.get(at + skip..).unwrap_or_default();
            if memchr::memchr(b'"', ahead).is_none() {
                return scanned;
            }
        }
        at += skip;
    }
    scanned
}

/// Splits a row into cells, without quotation marks; its room is used again for the next row.
pub(super) struct Cells {
    core: csv_core::Reader,
    delimiter: u8,
    bytes: Vec<u8>,
    ends: Vec<usize>,
    count: usize,
}

impl Cells {
    pub fn new(delimiter: Option<u8>) -> Self {
        let delimiter = delimiter.unwrap_or(NO_DELIMITER);
        Self {
            core: csv_core::ReaderBuilder::new().delimiter(delimiter).build(),
            delimiter,
            bytes: vec![0; 1024],
            ends: vec![0; 64],
            count: 0,
        }
    }

    /// Splits a row that [`Records::next`] gave.
    pub fn split(&mut self, row: &[u8]) {
        self.core.reset();
        self.count = 0;
        let mut written = 0;
        let mut input = row;
        let mut ending = false;
        loop {
            let (result, read, wrote, ended) = self.core.read_record(
                input,
                self.bytes.get_mut(written..).unwrap_or_default(),
                self.ends.get_mut(self.count..).unwrap_or_default(),
            );
            input = input.get(read..).unwrap_or_default();
            written += wrote;
            self.count += ended;
            match result {
                csv_core::ReadRecordResult::InputEmpty if ending => return,
                csv_core::ReadRecordResult::InputEmpty => {
                    // Rows come without their line end.
                    input = b"\n";
                    ending = true;
                }
                csv_core::ReadRecordResult::OutputFull => self.bytes.resize(self.bytes.len() * 2, 0),
                csv_core::ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                csv_core::ReadRecordResult::Record | csv_core::ReadRecordResult::End => return,
            }
        }
    }

    /// Splits a row whose quotation marks are text like any other.
    pub fn split_plain(&mut self, row: &[u8]) {
        self.bytes.clear();
        self.ends.clear();
        for cell in row.split(|byte| *byte == self.delimiter) {
            self.bytes.extend_from_slice(cell);
            self.ends.push(self.bytes.len());
        }
        self.count = self.ends.len();
        // Room that `split` doubles when it runs out.
        self.bytes.resize(self.bytes.len().max(1024), 0);
        self.ends.resize(self.ends.len().max(64), 0);
    }

    /// How many cells the row has.
    pub const fn len(&self) -> usize {
        self.count
    }

    /// A cell without the space around it; empty where the row is shorter.
    pub fn get(&self, index: usize) -> &str {
        if index >= self.count {
            return "";
        }
        let start = index
            .checked_sub(1)
            .and_then(|before| self.ends.get(before))
            .copied()
            .unwrap_or_default();
        let end = self.ends.get(index).copied().unwrap_or_default();
        let bytes = self.bytes.get(start..end).unwrap_or_default();
        // Text is decoded before it is split, and it is split at ASCII characters.
        std::str::from_utf8(bytes).unwrap_or_default().trim()
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.count).map(|index| self.get(index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str, longest: usize) -> Vec<String> {
        let input = Decoded::open(text.as_bytes(), None).expect("text");
        let mut records = Records::new(input, longest);
        let mut cells = Cells::new(Some(b','));
        let mut out = Vec::new();
        loop {
            out.push(match records.next().expect("memory") {
                Next::Row { line, text } => {
                    cells.split(text);
                    format!("{line}: {}", cells.iter().collect::<Vec<_>>().join("|"))
                }
                Next::Unclosed { line, .. } => format!("{line}! unclosed"),
                Next::TooLarge { line } => format!("{line}! large"),
                Next::End => return out,
            });
        }
    }

    #[test]
    fn rows_and_lines() {
        assert_eq!(
            rows("a,b\r\n\"c\nd\",e\n\n  \nf,\"g \"\"h\"\" i\"\rj,\"k\"", 100),
            ["1: a|b", "2: c\nd|e", "6: f|g \"h\" i", "7: j|k"]
        );
        assert_eq!(rows("6\" pipe,x \"y\"\nb", 100), ["1: 6\" pipe|x \"y\"", "2: b"]);
        assert_eq!(rows("\"a\" b,c\nd", 100), ["1: a b|c", "2: d"]);
        assert_eq!(rows(",,\n,", 100), ["1: ||", "2: |"]);
    }

    #[test]
    fn unclosed_quotes_cost_their_line_only() {
        assert_eq!(rows("a,\"b\nc,d\ne,f", 100), ["1! unclosed", "2: c|d", "3: e|f"]);
        // The next quotation mark belongs to another row.
        assert_eq!(
            rows("a,\"b\nc,d\ne,\"f\"\ng,h", 100),
            ["1! unclosed", "2: c|d", "3: e|f", "4: g|h"]
        );
        // Longer than a row may be.
        assert_eq!(
            rows("a,\"b\nc,dddddddddddddddddddd\ne,f", 20),
            ["1! unclosed", "2! large", "3: e|f"].map(str::to_owned).map(|row| row)
        );
        assert_eq!(rows("a,\"", 100), ["1! unclosed"]);
    }

    #[test]
    fn long_lines_are_left_out_without_being_kept() {
        let long = "x".repeat(300_000);
        assert_eq!(rows(&format!("a\n{long}\nb"), 1000), ["1: a", "2! large", "3: b"]);
        assert_eq!(rows(&long, 1000), ["1! large"]);
    }

    #[test]
    fn a_file_full_of_unclosed_quotes_is_read_in_bounded_time() {
        // Whether a line starts within a quotation or not, it ends within one.
        let lines = 2_000_000;
        let text = "a\",b,\"c\n".repeat(lines);
        let mut records = Records::new(Decoded::text(text.as_bytes()), 1024 * 1024);
        for line in 1..=lines as u64 {
            let text = b"a\",b,\"c";
            assert_eq!(records.next().expect("memory"), Next::Unclosed { line, text });
        }
        assert_eq!(records.next().expect("memory"), Next::End);
    }

    #[test]
    fn line_ends_across_buffers() {
        let first = "x".repeat(64 * 1024 - 1);
        assert_eq!(
            rows(&format!("{first}\r\ny"), 100_000),
            [format!("1: {first}"), "2: y".to_owned()]
        );
    }
}

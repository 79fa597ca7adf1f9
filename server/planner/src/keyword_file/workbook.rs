//! Excel workbooks (ECMA-376, part 1, SpreadsheetML) as streams: what a sheet holds comes as CSV, row by row, in bounded
//! memory. Only what is kept of the texts that cells share is as large as they are, up to a limit.

use std::io::{self, BufRead, Read};
use std::sync::Arc;

use quick_xml::Reader;
use quick_xml::events::{BytesEnd, BytesStart, Event};

use super::problem::FileProblem;

/// Bytes between two marks of the XML: no text of a cell is longer.
const LONGEST: u64 = 1024 * 1024;
/// Bytes after which no more of a cell is read; Excel has 32,767 characters at most.
const CELL: usize = 128 * 1024;
/// Bytes of texts that cells share, and how many there may be.
const STRINGS: usize = 128 * 1024 * 1024;
const MOST_STRINGS: usize = 4_000_000;
/// Sheets, and links to them, that are looked at.
const SHEETS: usize = 200;
/// Columns that are read, and rows a sheet has at most.
const COLUMNS: usize = 512;
const ROWS: u64 = 1_048_576;

/// Texts that cells share, by number.
#[derive(Debug, Clone, Default)]
pub(super) struct Strings {
    text: String,
    ends: Vec<usize>,
}

impl Strings {
    fn get(&self, number: usize) -> &str {
        let start = number.checked_sub(1).and_then(|before| self.ends.get(before)).copied();
        let end = self.ends.get(number).copied().unwrap_or_default();
        self.text.get(start.unwrap_or_default()..end).unwrap_or_default()
    }
}

/// XML of an archive, mark by mark.
struct Marks<R> {
    reader: Reader<Guard<R>>,
    buffer: Vec<u8>,
}

/// What is of use of XML.
enum Mark<'a> {
    Start(BytesStart<'a>),
    End(BytesEnd<'a>),
    Text(String),
    /// What is of no use.
    Other,
    Eof,
}

/// Ends where there is no mark for too long.
struct Guard<R> {
    from: R,
    left: u64,
}

impl<R: BufRead> Read for Guard<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let length = {
            let from = self.fill_buf()?;
            let length = from.len().min(to.len());
            for (to, from) in to.iter_mut().zip(from) {
                *to = *from;
            }
            length
        };
        self.consume(length);
        Ok(length)
    }
}

impl<R: BufRead> BufRead for Guard<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "a cell of the workbook is too large",
            ));
        }
        self.from.fill_buf()
    }

    fn consume(&mut self, bytes: usize) {
        self.left = self.left.saturating_sub(bytes as u64);
        self.from.consume(bytes);
    }
}

impl<R: BufRead> Marks<R> {
    fn new(from: R) -> Self {
        let mut reader = Reader::from_reader(Guard { from, left: LONGEST });
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.check_end_names = false;
        Self {
            reader,
            buffer: Vec::new(),
        }
    }

    fn next(&mut self) -> io::Result<Mark<'_>> {
        self.buffer.clear();
        self.reader.get_mut().left = LONGEST;
        let event = self
            .reader
            .read_event_into(&mut self.buffer)
            .map_err(|error| match error {
                quick_xml::Error::Io(error) => io::Error::new(error.kind(), error.to_string()),
                _ => damaged(),
            })?;
        Ok(match event {
            Event::Start(mark) => Mark::Start(mark),
            Event::End(mark) => Mark::End(mark),
            Event::Text(text) => Mark::Text(text.decode().map_err(|_| damaged())?.into_owned()),
            Event::CData(text) => Mark::Text(text.decode().map_err(|_| damaged())?.into_owned()),
            Event::GeneralRef(reference) => Mark::Text(match reference.resolve_char_ref() {
                Ok(Some(c)) => c.to_string(),
                _ => match reference.decode().map_err(|_| damaged())?.as_ref() {
                    "amp" => "&",
                    "lt" => "<",
                    "gt" => ">",
                    "quot" => "\"",
                    "apos" => "'",
                    _ => "",
                }
                .to_owned(),
            }),
            Event::Eof => Mark::Eof,
            _ => Mark::Other,
        })
    }
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the workbook is damaged")
}

fn attribute(mark: &BytesStart<'_>, name: &[u8]) -> Option<String> {
    let found = mark
        .attributes()
        .flatten()
        .find(|at| at.key.local_name().as_ref() == name)?;
    Some(String::from_utf8_lossy(&found.value).into_owned())
}

/// The ids of the sheets' links, in the workbook's order.
pub(super) fn sheets(from: impl BufRead) -> Result<Vec<String>, FileProblem> {
    let mut ids = Vec::new();
    let mut marks = Marks::new(from);
    loop {
        match marks.next()? {
            Mark::Start(mark) if mark.local_name().as_ref() == b"sheet" && ids.len() < SHEETS => {
                // `id` of the namespace of relations; a sheet's own number is `sheetId`.
                ids.extend(attribute(&mark, b"id"));
            }
            Mark::Eof => return Ok(ids),
            _ => {}
        }
    }
}

/// Which file each link of a workbook leads to.
pub(super) fn links(from: impl BufRead) -> Result<Vec<(String, String)>, FileProblem> {
    let mut links = Vec::new();
    let mut marks = Marks::new(from);
    loop {
        match marks.next()? {
            Mark::Start(mark) if mark.local_name().as_ref() == b"Relationship" && links.len() < SHEETS => {
                links.extend(attribute(&mark, b"Id").zip(attribute(&mark, b"Target")));
            }
            Mark::Eof => return Ok(links),
            _ => {}
        }
    }
}

/// The texts that cells share.
pub(super) fn strings(from: impl BufRead) -> Result<Strings, FileProblem> {
    let mut strings = Strings::default();
    let mut marks = Marks::new(from);
    // Readings of Japanese characters stand beside the text and are none of it.
    let (mut in_text, mut in_reading) = (false, false);
    loop {
        match marks.next()? {
            Mark::Start(mark) => match mark.local_name().as_ref() {
                b"t" => in_text = !in_reading,
                b"rPh" => in_reading = true,
                _ => {}
            },
            Mark::End(mark) => match mark.local_name().as_ref() {
                b"t" => in_text = false,
                b"rPh" => in_reading = false,
                b"si" => strings.ends.push(strings.text.len()),
                _ => {}
            },
            Mark::Text(text) if in_text => strings.text.push_str(&text),
            Mark::Eof => return Ok(strings),
            Mark::Text(_) | Mark::Other => {}
        }
        if strings.text.len() > STRINGS || strings.ends.len() > MOST_STRINGS {
            return Err(FileProblem::Archive("holds more text than can be read at once"));
        }
    }
}

/// How a cell's value is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    Number,
    /// The number of a shared text.
    Shared,
    Text,
    Truth,
    Error,
}

/// A sheet as CSV: every row a line, of the same number as in the sheet.
pub(super) struct Sheet<R> {
    marks: Marks<R>,
    strings: Arc<Strings>,
    /// What is ready to be read, and how far it was.
    ready: Vec<u8>,
    at: usize,
    row: u64,
    ended: bool,
}

impl<R: BufRead> Sheet<R> {
    pub fn new(from: R, strings: Arc<Strings>) -> Self {
        Self {
            marks: Marks::new(from),
            strings,
            ready: Vec::new(),
            at: 0,
            row: 0,
            ended: false,
        }
    }

    /// Makes the next row ready.
    fn read_row(&mut self) -> io::Result<()> {
        let mut cells: Vec<String> = Vec::new();
        let (mut column, mut written, mut value) = (0, Written::Number, String::new());
        let (mut in_value, mut next) = (false, 0);
        loop {
            match self.marks.next()? {
                Mark::Start(mark) => match mark.local_name().as_ref() {
                    b"row" => {
                        let number = attribute(&mark, b"r").and_then(|number| number.parse::<u64>().ok());
                        // Rows without cells are left out; a line stands for each.
                        let number = number
                            .unwrap_or(self.row + 1)
                            .clamp(self.row + 1, ROWS.max(self.row + 1));
                        self.ready
                            .resize(usize::try_from(number - self.row - 1).unwrap_or(0), b'\n');
                        self.row = number;
                        next = 0;
                    }
                    b"c" => {
                        column = attribute(&mark, b"r").and_then(|at| column_of(&at)).unwrap_or(next);
                        next = column.saturating_add(1);
                        written = match attribute(&mark, b"t").as_deref() {
                            Some("s") => Written::Shared,
                            Some("str" | "inlineStr" | "d") => Written::Text,
                            Some("b") => Written::Truth,
                            Some("e") => Written::Error,
                            _ => Written::Number,
                        };
                        value.clear();
                    }
                    b"v" | b"t" => in_value = true,
                    // Formulas and readings are not what a cell shows.
                    b"f" | b"rPh" => in_value = false,
                    _ => {}
                },
                Mark::Text(text) if in_value && column < COLUMNS && value.len() < CELL => value.push_str(&text),
                Mark::End(mark) => match mark.local_name().as_ref() {
                    b"v" | b"t" => in_value = false,
                    b"c" if column < COLUMNS => {
                        let text = match written {
                            Written::Shared => self.strings.get(value.trim().parse().unwrap_or(usize::MAX)).to_owned(),
                            Written::Number => number(&value),
                            Written::Truth => if value.trim() == "1" { "true" } else { "false" }.to_owned(),
                            Written::Error => String::new(),
                            Written::Text => std::mem::take(&mut value),
                        };
                        if cells.len() <= column {
                            cells.resize(column + 1, String::new());
                        }
                        cells[column] = text;
                    }
                    b"row" => {
                        if self.row <= ROWS {
                            self.write(&cells);
                        }
                        return Ok(());
                    }
                    b"sheetData" => {
                        self.ended = true;
                        return Ok(());
                    }
                    _ => {}
                },
                Mark::Eof => {
                    self.ended = true;
                    return Ok(());
                }
                Mark::Text(_) | Mark::Other => {}
            }
        }
    }

    fn write(&mut self, cells: &[String]) {
        for (at, cell) in cells.iter().enumerate() {
            if at > 0 {
                self.ready.push(b',');
            }
            if cell.bytes().any(|b| matches!(b, b',' | b'"' | b'\n' | b'\r')) {
                self.ready.push(b'"');
                for b in cell.bytes() {
                    match b {
                        b'"' => self.ready.extend_from_slice(b"\"\""),
                        // One line for each row, so that lines have the sheet's numbers.
                        b'\n' | b'\r' => self.ready.push(b' '),
                        b => self.ready.push(b),
                    }
                }
                self.ready.push(b'"');
            } else {
                self.ready.extend_from_slice(cell.as_bytes());
            }
        }
        self.ready.push(b'\n');
    }
}

impl<R: BufRead> Read for Sheet<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        while self.at == self.ready.len() && !self.ended {
            self.ready.clear();
            self.at = 0;
            self.read_row()?;
        }
        let ready = self.ready.get(self.at..).unwrap_or_default();
        let length = ready.len().min(to.len());
        for (to, from) in to.iter_mut().zip(ready) {
            *to = *from;
        }
        self.at += length;
        Ok(length)
    }
}

/// The column of `BC12`, from 0.
fn column_of(at: &str) -> Option<usize> {
    let mut column = 0_usize;
    let letters = at.bytes().take_while(u8::is_ascii_alphabetic).take(4);
    for letter in letters {
        column = column * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1;
    }
    column.checked_sub(1)
}

/// A number without an exponent, and without what binary fractions add: `0.10000000000000001`.
fn number(value: &str) -> String {
    let value = value.trim();
    match value.parse::<f64>() {
        Ok(number) if number.is_finite() && number.abs() < 1e15 => number.to_string(),
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_and_numbers() {
        for (at, column) in [
            ("A1", Some(0)),
            ("Z9", Some(25)),
            ("AA1", Some(26)),
            ("XFD1", Some(16_383)),
            ("1", None),
        ] {
            assert_eq!(column_of(at), column, "{at}");
        }
        for (value, text) in [
            ("0.10000000000000001", "0.1"),
            ("1E-3", "0.001"),
            ("1200", "1200"),
            ("5.0000000000000004E-2", "0.05"),
            ("", ""),
            ("NaN", "NaN"),
        ] {
            assert_eq!(number(value), text, "{value}");
        }
    }
}

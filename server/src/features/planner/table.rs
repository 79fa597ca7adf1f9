//! Tables of clusters and ideas as CSV: written so that they come back unchanged, read with what people do to them in a
//! spreadsheet.

use std::collections::HashMap;

use igny8_planner::keyword_file::{guarded, unguarded};
use poem_openapi::Object;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::model::Attribute;
use crate::api::{Error, FieldError, Result};

/// Rows of one file.
pub const MAX_ROWS: usize = 5_000;
/// Problems that a report shows.
const SHOWN: usize = 200;

/// What came of a table.
#[derive(Debug, Default, Object)]
#[oai(rename = "TableImport")]
pub struct TableReport {
    /// Nothing was changed; the numbers say what would have been done.
    pub dry_run: bool,
    pub rows: u64,
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    /// Rows with a problem; the others went in.
    pub failed: u64,
    /// The first 200.
    pub problems: Vec<TableProblem>,
}

/// What is wrong with a row.
#[derive(Debug, Object)]
pub struct TableProblem {
    /// Line in the file, the header being the first.
    pub line: u64,
    /// The column.
    pub field: String,
    pub message: String,
}

impl TableReport {
    /// Notes a row that does not go in.
    pub fn fail(&mut self, line: u64, field: &str, message: impl Into<String>) {
        self.failed += 1;
        if self.problems.len() < SHOWN {
            self.problems.push(TableProblem {
                line,
                field: field.to_owned(),
                message: message.into(),
            });
        }
    }

    /// [`TableReport::fail`] by what refused the row; a fault that is not the row's ends the import.
    ///
    /// # Errors
    /// The error, when it says nothing about the row.
    pub fn refuse(&mut self, line: u64, error: Error) -> Result<()> {
        if matches!(error, Error::Internal(_) | Error::Unavailable(..)) {
            return Err(error);
        }
        let problem = error.into_problem();
        match problem.errors.into_iter().next() {
            Some(first) => self.fail(line, &first.field, first.message),
            None => self.fail(line, "", problem.detail),
        }
        Ok(())
    }
}

/// Writes rows as CSV with every cell in quotes. One that a spreadsheet would run as a formula gets an apostrophe before it.
/// The first part of a file begins with the byte order mark, by which Excel knows the encoding, and the header.
///
/// # Errors
/// Never, as it writes to memory; the writer's type says otherwise.
pub fn write<const N: usize>(
    header: Option<&[&str; N]>,
    rows: impl Iterator<Item = [String; N]>,
) -> std::io::Result<Vec<u8>> {
    let mut to = Vec::new();
    if header.is_some() {
        to.extend_from_slice("\u{feff}".as_bytes());
    }
    let mut csv = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .quote_style(csv::QuoteStyle::Always)
        .from_writer(to);
    if let Some(header) = header {
        csv.write_record(header)?;
    }
    for row in rows {
        csv.write_record(row.iter().map(|cell| guarded(cell).into_owned()))?;
    }
    csv.into_inner().map_err(csv::IntoInnerError::into_error)
}

/// A table that was read.
#[derive(Debug)]
pub struct Table {
    columns: HashMap<String, usize>,
    rows: Vec<(u64, csv::StringRecord)>,
}

/// A row of a table.
pub struct Row<'a> {
    /// Line in the file.
    pub line: u64,
    columns: &'a HashMap<String, usize>,
    cells: &'a csv::StringRecord,
}

impl Table {
    /// Reads a file: UTF-8, with commas, semicolons or tabs between its cells. Columns are known by their header; the one
    /// named `needed` must be there.
    ///
    /// # Errors
    /// 422 when it is not such a file.
    pub fn read(bytes: &[u8], needed: &str) -> Result<Self> {
        let wrong = |message: String| Error::invalid(vec![FieldError::new("file", message)]);
        let text = std::str::from_utf8(bytes).map_err(|_| wrong("must be UTF-8 text".to_owned()))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let head = text.lines().next().unwrap_or_default();
        let delimiter = [b',', b';', b'\t']
            .into_iter()
            .max_by_key(|delimiter| {
                (
                    head.bytes().filter(|byte| byte == delimiter).count(),
                    *delimiter == b',',
                )
            })
            .unwrap_or(b',');
        let mut csv = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .has_headers(true)
            .from_reader(text.as_bytes());
        let broken = |error: csv::Error| wrong(format!("is not a table: {error}"));
        let mut columns = HashMap::new();
        for (at, name) in csv.headers().map_err(broken)?.iter().enumerate() {
            let name = name.trim().to_lowercase().replace(' ', "_");
            if !name.is_empty() && columns.insert(name.clone(), at).is_some() {
                return Err(wrong(format!("has the column {name} twice")));
            }
        }
        if !columns.contains_key(needed) {
            return Err(wrong(format!("must have a column named {needed}")));
        }
        let mut rows = Vec::new();
        let (mut at, mut line) = (0, 1);
        for record in csv.records() {
            let record = record.map_err(broken)?;
            // The reader's own count of lines is one behind after a line that ends with CR and LF: the LF is still to come.
            let begins = record
                .position()
                .map_or(at, |position| usize::try_from(position.byte()).unwrap_or(at));
            let passed = text.as_bytes().get(at..begins).unwrap_or_default();
            line += passed.iter().filter(|byte| **byte == b'\n').count() as u64;
            at = at.max(begins);
            let follows = u64::from(text.as_bytes().get(begins) == Some(&b'\n'));
            if record.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            if rows.len() == MAX_ROWS {
                return Err(wrong(format!("must have at most {MAX_ROWS} rows")));
            }
            rows.push((line + follows, record));
        }
        Ok(Self { columns, rows })
    }

    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|(line, cells)| Row {
            line: *line,
            columns: &self.columns,
            cells,
        })
    }

    /// How many rows it has.
    pub fn row_count(&self) -> usize {
        self.rows.len()
    }
}

/// A cell that is not what its column takes: the column, and why.
pub type CellProblem = (&'static str, String);

impl<'a> Row<'a> {
    /// The cell of a column; `None` where the table has no such column.
    pub fn cell(&self, column: &str) -> Option<&'a str> {
        let at = *self.columns.get(column)?;
        Some(unguarded(self.cells.get(at).unwrap_or_default()))
    }

    /// The cell of a column, if something is in it.
    pub fn filled(&self, column: &str) -> Option<&'a str> {
        self.cell(column).map(str::trim).filter(|cell| !cell.is_empty())
    }

    /// A choice as the API writes it.
    ///
    /// # Errors
    /// When the cell is none of its words.
    pub fn word<T: DeserializeOwned>(&self, column: &'static str) -> Result<Option<T>, CellProblem> {
        self.filled(column)
            .map(|cell| {
                let word = cell.to_lowercase().replace([' ', '-'], "_");
                let not = |_| (column, format!("{cell} is none of its values"));
                serde_json::from_value(word.into()).map_err(not)
            })
            .transpose()
    }

    /// Yes or no.
    ///
    /// # Errors
    /// When the cell is neither.
    pub fn flag(&self, column: &'static str) -> Result<Option<bool>, CellProblem> {
        self.filled(column)
            .map(|cell| match cell.to_lowercase().as_str() {
                "true" | "yes" | "1" => Ok(true),
                "false" | "no" | "0" => Ok(false),
                _ => Err((column, "must be true or false".to_owned())),
            })
            .transpose()
    }

    /// A whole number.
    ///
    /// # Errors
    /// When the cell is none.
    pub fn number(&self, column: &'static str) -> Result<Option<i64>, CellProblem> {
        let not = |_| (column, "must be a whole number".to_owned());
        self.filled(column).map(|cell| cell.parse().map_err(not)).transpose()
    }

    /// A list of texts; `None` where the table has no such column.
    pub fn list(&self, column: &str) -> Option<Vec<String>> {
        self.cell(column).map(split)
    }
}

/// How the API writes a choice.
pub fn word(choice: &impl Serialize) -> String {
    serde_json::to_value(choice)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// A text in which these signs, line breaks and backslashes have a backslash before them.
pub fn escaped(text: &str, signs: &[char]) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            sign => {
                if sign == '\\' || signs.contains(&sign) {
                    out.push('\\');
                }
                out.push(sign);
            }
        }
    }
    out
}

/// The text before [`escaped`].
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut signs = text.chars();
    while let Some(sign) = signs.next() {
        match sign {
            '\\' => match signs.next() {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some(sign) => out.push(sign),
                None => out.push('\\'),
            },
            sign => out.push(sign),
        }
    }
    out
}

/// Cuts a text at each of these signs that has no backslash before it; what is between stays escaped.
pub fn cut(text: &str, at: char) -> Vec<&str> {
    let (mut parts, mut from, mut escapes) = (Vec::new(), 0, false);
    for (n, sign) in text.char_indices() {
        if escapes {
            escapes = false;
        } else if sign == '\\' {
            escapes = true;
        } else if sign == at {
            parts.push(&text[from..n]);
            from = n + sign.len_utf8();
        }
    }
    parts.push(&text[from..]);
    parts
}

/// Texts in one cell.
pub fn join<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    let texts: Vec<String> = texts.into_iter().map(|text| escaped(text.as_ref(), &['|'])).collect();
    texts.join("|")
}

/// The texts of a cell; empty ones are left out.
pub fn split(cell: &str) -> Vec<String> {
    cut(cell, '|')
        .into_iter()
        .map(|part| plain(part.trim()))
        .filter(|text| !text.is_empty())
        .collect()
}

/// Attributes as a cell: `name=value|name=value`.
pub fn written_attributes(attributes: &[Attribute]) -> String {
    join(
        attributes
            .iter()
            .map(|a| format!("{}={}", escaped(&a.name, &['=']), escaped(&a.value, &['=']))),
    )
}

/// The attributes of such a cell.
///
/// # Errors
/// The part that is not of that form.
pub fn read_attributes(cell: &str) -> Result<Vec<Attribute>, CellProblem> {
    let read = |text: &String| {
        let parts = cut(text, '=');
        let [name, value] = parts.as_slice() else {
            return Err(("attributes", format!("{text} is not of the form name=value")));
        };
        Ok(Attribute {
            name: plain(name),
            value: plain(value),
        })
    };
    split(cell).iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_come_back() {
        for texts in [vec!["a", "b"], vec!["a|b", "c\\", "\\|"], vec!["line\nbreak"], vec![]] {
            assert_eq!(split(&join(&texts)), texts);
        }
        assert_eq!(split(" a | |b "), ["a", "b"]);
        assert_eq!(cut("a\\=b=c=d", '='), ["a\\=b", "c", "d"]);
        assert_eq!(plain(&escaped("a=\\n\nb", &['='])), "a=\\n\nb");
    }

    #[test]
    fn tables_come_back() {
        let rows = [
            ["=1+1".to_owned(), "a \"b\", c\nd".to_owned()],
            ["'=x".to_owned(), " spaces ".to_owned()],
        ];
        let written = write(Some(&["name", "text"]), rows.clone().into_iter()).unwrap();
        assert!(std::str::from_utf8(&written).unwrap().contains("\"'=1+1\""));
        let table = Table::read(&written, "name").unwrap();
        let read: Vec<[&str; 2]> = table
            .rows()
            .map(|row| [row.cell("name").unwrap(), row.cell("text").unwrap()])
            .collect();
        assert_eq!(read, rows.each_ref().map(|row| [row[0].as_str(), row[1].as_str()]));
        assert_eq!(table.rows().map(|row| row.line).collect::<Vec<_>>(), [2, 4]);
    }

    #[test]
    fn spreadsheets_change_delimiters_and_words() {
        let table = Table::read("Name;Locked;Word Count\na;YES;12\n;;\nb;perhaps;x\n".as_bytes(), "name").unwrap();
        let rows: Vec<_> = table.rows().collect();
        assert_eq!((table.row_count(), rows[0].flag("locked")), (2, Ok(Some(true))));
        assert_eq!(rows[0].number("word_count"), Ok(Some(12)));
        assert!(rows[1].flag("locked").is_err() && rows[1].number("word_count").is_err());
        assert_eq!(rows[0].cell("other"), None);
        for bad in [&b"x\n"[..], b"name,name\n", b"\xff\xfe"] {
            assert!(Table::read(bad, "name").is_err(), "{bad:?}");
        }
    }
}

//! What can be wrong with a file or with a row of it, in words for the person who uploaded it.

use std::io;

/// Why nothing can be read from a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileProblem {
    #[error("the file could not be read: {0}")]
    Read(#[from] io::Error),
    #[error("the file is empty")]
    Empty,
    #[error(
        "this is an Excel workbook of an old or a binary format; save it as .xlsx or CSV, or export CSV from the tool"
    )]
    Excel,
    #[error("this is an OpenDocument spreadsheet; open it and save the sheet with the keywords as CSV")]
    OpenDocument,
    #[error("this is a ZIP archive without a table of keywords; Search Console's holds Queries.csv")]
    Zip,
    #[error("the archive {0}; unpack it and use the CSV file")]
    Archive(&'static str),
    #[error("this is {0}; export the keywords as CSV")]
    OtherKind(&'static str),
    #[error("this is not a text file; export the keywords as CSV")]
    Binary,
    /// A table of the right tool that holds no keywords.
    #[error("this is the tool's table of {table}, which holds no keywords; upload {instead}")]
    WrongTable { table: &'static str, instead: &'static str },
    #[error("{0:?} is no known encoding; use a name such as \"utf-8\" or \"windows-1251\"")]
    UnknownEncoding(String),
    /// A table, but none of its columns is known to hold keywords: the caller may ask a person and map columns by hand.
    #[error(
        "no column holds keywords; name the column with the keywords \"Keyword\", or choose it by hand (columns: {})",
        list(columns)
    )]
    NoKeywordColumn {
        /// Cells of the row that looks like a header, for a person to choose from.
        columns: Vec<String>,
    },
    /// A column mapped by hand does not exist.
    #[error("the file has no column {wanted}{} (columns: {})", no_field(wanted), list(columns))]
    NoSuchColumn { wanted: String, columns: Vec<String> },
    #[error("the file ends before line {0}, which should hold the header")]
    NoSuchLine(u64),
}

/// What follows a colon in a name that no column has was meant as a field.
fn no_field(wanted: &str) -> String {
    let Some((_, field)) = wanted.trim_matches('"').rsplit_once(':') else {
        return String::new();
    };
    format!(
        ", and {:?} is no field: a column can hold {}",
        super::text::excerpt(field.trim()),
        super::Field::names()
    )
}

fn list(columns: &[String]) -> String {
    const SHOWN: usize = 30;
    let mut out = columns
        .iter()
        .take(SHOWN)
        .map(|column| format!("{:?}", super::text::excerpt(column)))
        .collect::<Vec<_>>()
        .join(", ");
    if columns.len() > SHOWN {
        out.push_str(", …");
    }
    out
}

/// A row that gives no keyword, and why. Rows after it are read all the same.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {kind}")]
pub struct RowProblem {
    /// The line of the file the row starts on, from 1.
    pub line: u64,
    pub kind: RowProblemKind,
}

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RowProblemKind {
    #[error("the row has no keyword")]
    Empty,
    #[error("the keyword has {characters} characters, more than {}: {start:?}", super::MAX_TEXT)]
    TooLong { characters: usize, start: String },
    #[error("the keyword {start:?} holds characters that could not be read; save the file as UTF-8")]
    Damaged { start: String },
    /// Said once per repetition. [`Joined`](super::Joined) has joined the row to the first one.
    #[error("the keyword {text:?} is in line {first_line} already")]
    Duplicate { first_line: u64, text: String },
    /// Said once for each market of which a keyword's figures are not kept; only by [`Joined`](super::Joined).
    #[error("the keyword {text:?} is listed for the market {market:?} too; the figures of {kept:?} are kept")]
    OtherMarket { text: String, market: String, kept: String },
    #[error("a quotation mark (\") opens here and is not closed; the lines after this one are read on their own")]
    UnclosedQuote,
    #[error("the row is longer than {} kB", super::MAX_ROW / 1024)]
    TooLarge,
    /// Nothing follows: the rest of the file cannot be read.
    #[error("the file could not be read any further: {0}")]
    Read(#[from] io::Error),
}

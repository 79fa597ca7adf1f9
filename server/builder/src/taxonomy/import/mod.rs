//! Terms from files: tables of terms, and the lists of products and posts in which shops and WordPress export them.
//!
//! What a column holds is known by its header (`headers`). A table of terms has one in each row, with its parent by id, slug,
//! name or path; an export of products or posts has the terms of each in cells: `Clothing > Shirts, Sale`. A row that is wrong
//! costs nothing but itself and is told with its line.

mod cells;
mod headers;
#[cfg(test)]
mod tests;
mod text;
mod tree;

use serde::Serialize;

use self::headers::{Columns, Shape};
use super::Term;
use crate::names::{TaxonomyKind, choice};

/// Bytes of a file.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;
/// Terms of one file.
pub const MAX_TERMS: usize = 20_000;
/// Problems that are told; the rest is counted.
pub const MAX_TOLD: usize = 500;
/// Characters of a description.
pub const MAX_DESCRIPTION: usize = 5_000;

/// How to read a file.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    /// The taxonomy of terms for which the file names none.
    pub kind: Option<TaxonomyKind>,
    /// The site's terms: what is there already is told as such.
    pub existing: &'a [Term],
    /// BCP 47 tag of the site's language, in which slugs are spelled.
    pub language: &'a str,
}

/// A term of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// Its taxonomy.
    pub kind: TaxonomyKind,
    /// What it is called.
    pub name: String,
    /// The last part of its archive's address, unique within its taxonomy.
    pub slug: String,
    /// Place, in the same list, of the one above it; that comes first.
    pub parent: Option<usize>,
    /// What it says of itself.
    pub description: String,
    /// Its id where it comes from.
    pub external_id: Option<String>,
    /// Its taxonomy where it comes from: `product_cat`, `pa_colour`.
    pub external_taxonomy: Option<String>,
    /// Pieces of content that have it there.
    pub count: u64,
    /// The line that first names it.
    pub line: u64,
    /// The term of the site that it is.
    pub existing: Option<String>,
}

choice! {
    /// What can be wrong with a row.
    RowProblemCode, "problem" {
        /// The row has no name.
        NoName = "no_name",
        /// The name is too long.
        LongName = "long_name",
        /// The taxonomy is unknown.
        UnknownTaxonomy = "unknown_taxonomy",
        /// The parent is not in the file; the term is at the top.
        UnknownParent = "unknown_parent",
        /// The term stands below itself; it is at the top.
        Circle = "circle",
        /// The term is too deep; it is at the top.
        Deep = "deep",
        /// The term is in the file already.
        Twice = "twice",
        /// The file has more terms than one import takes.
        TooMany = "too_many",
        /// The row cannot be read.
        Damaged = "damaged",
    }
}

/// Something wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowProblem {
    /// The line of the file the row starts on, from 1.
    pub line: u64,
    /// What sort of problem it is.
    pub code: RowProblemCode,
    /// What is wrong and what became of the row.
    pub message: String,
}

/// What a column is used for, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnUse {
    /// Its header.
    pub header: String,
    /// What it is used for; none if it is not.
    pub used_for: Option<&'static str>,
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Import {
    /// What the columns are used for.
    pub columns: Vec<ColumnUse>,
    /// Terms, parents first.
    pub terms: Vec<Imported>,
    /// Problems of rows.
    pub problems: Vec<RowProblem>,
    /// Problems that are counted and not told.
    pub more_problems: u64,
    /// Rows that were read.
    pub rows: u64,
}

/// Why nothing can be read from a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileProblem {
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// It is too large.
    #[error("the file is larger than {} MiB; split it", MAX_BYTES / 1024 / 1024)]
    TooLarge,
    /// It is no text.
    #[error("this is not a table in text form; save it as CSV")]
    NotText,
    /// It is an export of WordPress in XML.
    #[error("this is an XML file; export the terms as CSV, or connect the WordPress site")]
    Xml,
    /// No column is known.
    #[error(
        "no column holds terms; name it \"Name\" for a table of terms, or \"Categories\" or \"Tags\" for a list of products or \
         posts (columns: {0})"
    )]
    NoColumns(String),
}

/// Reads a file of terms.
///
/// # Errors
/// When it is no table, or none of its columns is known.
pub fn read(bytes: &[u8], options: &Options<'_>) -> Result<Import, FileProblem> {
    let text = text::decode(bytes)?;
    let (delimiter, skip) = text::delimiter(&text);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(&text.as_bytes()[skip..]);
    let first_line = text.as_bytes()[..skip].iter().filter(|b| **b == b'\n').count() as u64;
    let mut rows = reader.records();
    let header = loop {
        match rows.next() {
            Some(Ok(row)) if row.iter().all(|cell| cell.trim().is_empty()) => {}
            Some(Ok(row)) => break row,
            Some(Err(_)) => return Err(FileProblem::NotText),
            None => return Err(FileProblem::Empty),
        }
    };
    let columns = Columns::read(header.iter());
    let mut found = tree::Found::new(options);
    let headless = columns.shape() == Shape::Unknown;
    if headless && header.iter().filter(|cell| !cell.trim().is_empty()).count() != 1 {
        return Err(FileProblem::NoColumns(headers::named(header.iter())));
    }
    let columns = if headless { Columns::list() } else { columns };
    let mut count = 0;
    let line_of = |row: &csv::StringRecord| row.position().map_or(0, csv::Position::line) + first_line;
    if headless {
        count += 1;
        cells::row(&columns, line_of(&header), &header, &mut found);
    }
    for row in rows {
        match row {
            Ok(row) if row.iter().all(|cell| cell.trim().is_empty()) => {}
            Ok(row) => {
                count += 1;
                cells::row(&columns, line_of(&row), &row, &mut found);
            }
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line) + first_line;
                found.problem(line, RowProblemCode::Damaged, "the row cannot be read".to_owned());
            }
        }
    }
    let (terms, problems, more_problems) = found.finish(options);
    Ok(Import {
        columns: columns.uses(if headless { None } else { Some(&header) }),
        terms,
        problems,
        more_problems,
        rows: count,
    })
}

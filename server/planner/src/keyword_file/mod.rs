//! Files of keywords as keyword tools export them.
//!
//! [`Packed`] finds the table in Search Console's archive or an Excel workbook; [`KeywordFile`] takes CSV and TSV of Google Keyword Planner, Google Search Console, Semrush, Ahrefs, Moz, Ubersuggest
//! and of IGNY8 itself, tables made by hand and plain lists. It finds out encoding, delimiter, header and tool by itself,
//! shows what each column is used for, and then gives rows one by one, each with its line; a row that is wrong costs
//! nothing but itself. [`write_csv`] writes what it reads.
//!
//! The way of a byte: `decode` makes UTF-8 of it, `records` finds rows and cells, `sniff` (once, on the first rows) says
//! which cell is what, `convert` makes a [`KeywordRow`] of the cells.

mod buckets;
mod convert;
mod decode;
mod export;
mod field;
mod file;
mod format;
mod groups;
mod header_names;
mod headers;
mod joined;
mod months;
mod number;
mod packed;
mod periods;
mod problem;
mod records;
mod row;
mod sniff;
mod source;
#[cfg(test)]
mod tests;
mod text;
mod values;
mod workbook;

pub use export::{CsvWriter, guarded, unguarded, write_csv};
pub use field::Field;
pub use file::KeywordFile;
pub use format::{
    ChoiceProblem, Column, ColumnChoice, ColumnRef, Delimiter, Format, HeaderAt, Note, Options, Source, Use, encoding,
};
pub use groups::{Groups, Part, Place};
pub use joined::Joined;
pub use number::Decimals;
pub use packed::{Packed, Text};
pub use problem::{FileProblem, RowProblem, RowProblemKind};
pub use row::{
    Attribute, CellNote, Competition, Grouping, Intent, KeywordRow, Month, PriceRange, Status, Trend, TrendScale,
    VolumeRange, VolumeSource,
};
pub use text::{normalise, text_key};
pub use values::month;

/// Characters a keyword may have; the API allows as many.
pub const MAX_TEXT: usize = 200;
/// Searches a month a keyword may have; the API allows as many.
pub const MAX_VOLUME: u64 = 1_000_000_000_000;
/// What a click may cost; the API allows as much.
pub const MAX_CPC: f64 = 1_000_000.0;
/// Bytes of UTF-8 a row may have, with all its cells.
pub const MAX_ROW: usize = 1024 * 1024;
/// Keywords that duplicates are looked for among: what fits four million places of a hash table.
const MAX_KNOWN: usize = 3_600_000;

//! What a file turned out to be, and what its columns are used for.

use std::fmt;
use std::str::FromStr;

use super::field::Field;
use super::number::Decimals;

/// The tool, and the kind of table, a file comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// An export of IGNY8 itself.
    Igny8,
    GoogleKeywordPlanner,
    GoogleSearchConsole,
    SemrushKeywordMagic,
    /// Also the Keyword Manager.
    SemrushStrategyBuilder,
    SemrushOrganicPositions,
    SemrushApi,
    AhrefsKeywordsExplorer,
    AhrefsSiteExplorer,
    Moz,
    Ubersuggest,
    /// A table with a header of no known tool.
    Table,
    /// One keyword a line.
    List,
}

impl Source {
    /// For people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Igny8 => "IGNY8",
            Self::GoogleKeywordPlanner => "Google Keyword Planner",
            Self::GoogleSearchConsole => "Google Search Console",
            Self::SemrushKeywordMagic => "Semrush Keyword Magic Tool",
            Self::SemrushStrategyBuilder => "Semrush Keyword Strategy Builder",
            Self::SemrushOrganicPositions => "Semrush Organic Positions",
            Self::SemrushApi => "Semrush API",
            Self::AhrefsKeywordsExplorer => "Ahrefs Keywords Explorer",
            Self::AhrefsSiteExplorer => "Ahrefs Site Explorer",
            Self::Moz => "Moz Keyword Explorer",
            Self::Ubersuggest => "Ubersuggest",
            Self::Table => "table",
            Self::List => "list of keywords",
        }
    }

    pub(super) const fn is_semrush(self) -> bool {
        matches!(
            self,
            Self::SemrushKeywordMagic | Self::SemrushStrategyBuilder | Self::SemrushOrganicPositions | Self::SemrushApi
        )
    }
}

/// What separates cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Delimiter {
    Comma,
    Semicolon,
    Tab,
    Pipe,
    /// Nothing: every line is one cell.
    None,
}

impl Delimiter {
    pub(super) const SEPARATING: [Self; 4] = [Self::Comma, Self::Semicolon, Self::Tab, Self::Pipe];

    /// As a byte, unless there is none.
    #[must_use]
    pub const fn byte(self) -> Option<u8> {
        match self {
            Self::Comma => Some(b','),
            Self::Semicolon => Some(b';'),
            Self::Tab => Some(b'\t'),
            Self::Pipe => Some(b'|'),
            Self::None => None,
        }
    }
}

impl FromStr for Delimiter {
    type Err = ChoiceProblem;

    /// By its name or its sign.
    fn from_str(text: &str) -> Result<Self, ChoiceProblem> {
        Ok(match text.trim_matches(' ').to_ascii_lowercase().as_str() {
            "," | "comma" => Self::Comma,
            ";" | "semicolon" => Self::Semicolon,
            "\t" | "\\t" | "tab" => Self::Tab,
            "|" | "pipe" => Self::Pipe,
            "none" => Self::None,
            _ => return Err(ChoiceProblem::Delimiter),
        })
    }
}

impl fmt::Display for Delimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Comma => "comma",
            Self::Semicolon => "semicolon",
            Self::Tab => "tab",
            Self::Pipe => "vertical bar",
            Self::None => "none",
        })
    }
}

/// What a column is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    Field(Field),
    /// Left out, with the reason for people.
    Ignored(&'static str),
}

/// A column of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// From 0.
    pub index: usize,
    /// As the header has it; empty without header.
    pub name: String,
    pub used_for: Use,
    /// The first cells, to show what the column holds.
    pub samples: Vec<String>,
}

impl Column {
    /// The field it is used for.
    #[must_use]
    pub const fn field(&self) -> Option<Field> {
        match self.used_for {
            Use::Field(field) => Some(field),
            Use::Ignored(_) => None,
        }
    }
}

/// What a person should know about a file besides its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Note {
    /// There is no volume: impressions of the own site stand for it.
    ImpressionsNotVolume,
    /// The tool gave ranges of volumes in place of numbers.
    VolumesAreRanges,
    /// The file has as many rows as its tool exports at most.
    RowsCutOff,
    /// Some bytes are no text in the file's encoding.
    Damaged,
    /// There are more keywords than duplicates are looked for among.
    DuplicatesPossible,
    /// Keywords are listed for several markets, of which one was kept for each.
    SeveralMarkets,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ImpressionsNotVolume => {
                "the file has no search volumes; impressions of your own site are used, which are a lower bound"
            }
            Self::VolumesAreRanges => {
                "the tool gave ranges in place of search volumes (Google does so for accounts that spend little)"
            }
            Self::RowsCutOff => "Search Console exports at most 1,000 rows; there may be more queries than these",
            Self::Damaged => "some characters could not be read; save the file as UTF-8",
            Self::SeveralMarkets => {
                "the file has figures of several markets; each keyword has those of the site's, else the highest"
            }
            Self::DuplicatesPossible => "the file is too long to find all duplicates in it",
        })
    }
}

/// What a file turned out to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Format {
    pub source: Source,
    /// Name of the encoding in the WHATWG's list. A file whose beginning is plain ASCII counts as UTF-8 until its first
    /// other character.
    pub encoding: &'static str,
    pub delimiter: Delimiter,
    /// The header's line, from 1.
    pub header_line: Option<u64>,
    /// The columns in the file's order.
    pub columns: Vec<Column>,
    pub decimals: Decimals,
    /// Volumes are the tool's stand-ins for ranges: 500 says 100 to 1,000.
    pub volumes_are_ranges: bool,
}

impl Format {
    /// The column used for a field.
    #[must_use]
    pub fn column(&self, field: Field) -> Option<&Column> {
        self.columns.iter().find(|column| column.field() == Some(field))
    }

    /// Whether every line is a keyword and nothing else.
    pub(super) fn is_plain_list(&self) -> bool {
        self.delimiter == Delimiter::None && self.header_line.is_none()
    }
}

/// How a column is named by a caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnRef {
    /// From 0.
    Index(usize),
    /// As in the header; case, spaces and accents' encoding do not matter.
    Name(String),
}

/// What a caller wants a column to be used for, whatever was detected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnChoice {
    pub column: ColumnRef,
    /// `None`: nothing.
    pub field: Option<Field>,
}

impl FromStr for ColumnChoice {
    type Err = ChoiceProblem;

    /// `NAME:FIELD` or `NUMBER:FIELD`, columns numbered from 1; without a field the keywords. What comes after the last
    /// colon is part of the name where it is no field.
    fn from_str(text: &str) -> Result<Self, ChoiceProblem> {
        let (name, field) = match text.rsplit_once(':') {
            Some((name, field)) => match Field::named(field) {
                Some(field) => (name, field),
                None if name.trim().parse::<usize>().is_ok() => {
                    return Err(ChoiceProblem::Field(super::text::excerpt(field)));
                }
                None => (text, Some(Field::Keyword)),
            },
            None => (text, Some(Field::Keyword)),
        };
        let column = match name.trim().parse::<usize>() {
            Ok(number) => ColumnRef::Index(number.checked_sub(1).ok_or(ChoiceProblem::Column)?),
            Err(_) if name.trim().is_empty() => return Err(ChoiceProblem::Column),
            Err(_) => ColumnRef::Name(name.trim().to_owned()),
        };
        Ok(Self { column, field })
    }
}

/// Where the header is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HeaderAt {
    #[default]
    Detect,
    /// In this line, from 1.
    Line(u64),
    /// There is none: the first row is a keyword.
    Absent,
}

impl FromStr for HeaderAt {
    type Err = ChoiceProblem;

    /// A line's number from 1, or `none`.
    fn from_str(text: &str) -> Result<Self, ChoiceProblem> {
        match text.trim() {
            "none" => Ok(Self::Absent),
            number => match number.parse() {
                Ok(line) if line > 0 => Ok(Self::Line(line)),
                _ => Err(ChoiceProblem::Header),
            },
        }
    }
}

/// The encoding of a label of the WHATWG's list, for [`Options::encoding`].
pub fn encoding(label: &str) -> Result<String, ChoiceProblem> {
    match encoding_rs::Encoding::for_label(label.as_bytes()) {
        Some(encoding) => Ok(encoding.name().to_owned()),
        None => Err(ChoiceProblem::Encoding(super::text::excerpt(label))),
    }
}

/// Why words do not say how to read a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChoiceProblem {
    #[error("a column is chosen by its name or its number from 1, and what it holds: `Phrase:keyword`, `3:volume`")]
    Column,
    #[error("{0:?} is nothing a column can hold; it may be one of: {names}", names = Field::names())]
    Field(String),
    #[error("the delimiter must be comma, semicolon, tab, pipe or none")]
    Delimiter,
    #[error("the header is in a line from 1, or `none`")]
    Header,
    #[error("{0:?} is no known encoding; use a name such as \"utf-8\" or \"windows-1251\"")]
    Encoding(String),
}

/// What a caller knows better than the detection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// Columns used otherwise than detected. Columns not named stay as detected, unless they have a field named here.
    pub columns: Vec<ColumnChoice>,
    pub header: HeaderAt,
    pub delimiter: Option<Delimiter>,
    /// A label of the WHATWG's list: `windows-1251`, `shift_jis`.
    pub encoding: Option<String>,
    /// Gives every row that has any text, for who groups texts and stores none: of any length, also repeated, and with
    /// characters that could not be read. Quotation marks that enclose no cell are text.
    pub every_row: bool,
}

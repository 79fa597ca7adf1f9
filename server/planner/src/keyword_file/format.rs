//! What a file turned out to be, and what its columns are used for.

use std::fmt;

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

    /// Whether the tool lists a keyword once for each page that ranks for it, so that repetitions are no mistake.
    #[must_use]
    pub fn lists_pages(&self) -> bool {
        self.column(Field::Url).is_some()
            && matches!(
                self.source,
                Source::SemrushOrganicPositions | Source::AhrefsSiteExplorer | Source::GoogleSearchConsole
            )
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

/// What a caller knows better than the detection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// Columns used otherwise than detected. Columns not named stay as detected, unless they have a field named here.
    pub columns: Vec<ColumnChoice>,
    pub header: HeaderAt,
    pub delimiter: Option<Delimiter>,
    /// A label of the WHATWG's list: `windows-1251`, `shift_jis`.
    pub encoding: Option<String>,
}

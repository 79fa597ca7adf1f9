//! Finds out what a file is from its first rows: delimiter, header, tool, and what its columns hold.

use std::collections::HashSet;

use super::decode::Decoded;
use super::field::Field;
use super::format::{Column, ColumnChoice, ColumnRef, Delimiter, Format, HeaderAt, Options, Source, Use};
use super::header_names::{SEARCH_CONSOLE_METRICS, SEARCH_CONSOLE_OTHER};
use super::headers::{Header, Meaning, header_key};
use super::number::{self, Amount, Decimals, Kind};
use super::problem::FileProblem;
use super::records::{Cells, Next, Records};
use super::{buckets, periods, source, text};

/// Text looked at to find out what a file is. Rows of Semrush's strategies are some kilobytes long.
pub(super) const HEAD: usize = 192 * 1024;
/// Rows a tool may write before its header.
const PREAMBLE: usize = 40;
/// Rows before a table whose header is not known.
const FEW: usize = 5;
/// Rows looked at.
const SAMPLE: usize = 100;
/// Columns a header may have.
const COLUMNS: usize = 512;
/// Cells of a column kept to show it.
const SHOWN: usize = 3;

/// A row of the sample.
struct Row {
    line: u64,
    cells: Vec<String>,
}

/// What was found.
pub(super) struct Found {
    pub format: Format,
    pub headers: Vec<Header>,
    /// Lines before the table, where there is no header.
    pub skip: u64,
}

/// Looks at the beginning of a file's text; `complete` when that is all of it.
pub(super) fn sniff(
    head: &[u8],
    complete: bool,
    encoding: &'static str,
    options: &Options,
) -> Result<Found, FileProblem> {
    if looks_binary(head) {
        return Err(FileProblem::Binary);
    }
    let named = separator_line(head);
    let candidates: Vec<Delimiter> = match options.delimiter.or(named) {
        Some(delimiter) => vec![delimiter],
        None => Delimiter::SEPARATING.to_vec(),
    };
    let mut samples = Vec::with_capacity(candidates.len());
    for delimiter in candidates {
        let mut rows = sample(head, complete, delimiter)?;
        if named.is_some() && !rows.is_empty() {
            rows.remove(0);
        }
        samples.push((delimiter, rows));
    }
    if samples.iter().all(|(_, rows)| rows.is_empty()) {
        return Err(FileProblem::Empty);
    }
    refuse_other_tables(&samples)?;

    let layout = match options.header {
        HeaderAt::Detect => detect_layout(&samples, options)?,
        HeaderAt::Line(line) => layout_at(&samples, line)?,
        HeaderAt::Absent => Layout {
            header: None,
            ..layout_without_header(&samples)
        },
    };
    found(head, complete, encoding, options, &samples, layout)
}

/// Where the table is in the sample.
struct Layout {
    delimiter: Delimiter,
    /// The row with the header.
    header: Option<usize>,
    /// Lines before the first row of keywords, where there is no header.
    skip: u64,
}

fn found(
    head: &[u8],
    complete: bool,
    encoding: &'static str,
    options: &Options,
    samples: &[(Delimiter, Vec<Row>)],
    layout: Layout,
) -> Result<Found, FileProblem> {
    let list;
    let rows = match samples.iter().find(|(delimiter, _)| *delimiter == layout.delimiter) {
        Some((_, rows)) => rows,
        None => {
            list = sample(head, complete, layout.delimiter)?;
            &list
        }
    };
    let header = layout.header.and_then(|at| rows.get(at));
    let first = layout.header.map_or(0, |at| at + 1);
    let data: Vec<&Row> = rows
        .iter()
        .skip(first)
        .filter(|row| header.is_some() || row.line > layout.skip)
        .collect();
    let width = header
        .map_or(0, |row| row.cells.len())
        .max(data.iter().map(|row| row.cells.len()).max().unwrap_or(0))
        .clamp(1, COLUMNS);
    let headers: Vec<Header> = (0..width)
        .map(|index| {
            let name = header.and_then(|row| row.cells.get(index));
            Header::read(name.map_or("", String::as_str))
        })
        .collect();
    let by_shape = header.is_some()
        && options.columns.is_empty()
        && !headers.iter().any(|header| header.field() == Some(Field::Keyword))
        && is_search_console(rows);
    let tool = if by_shape {
        Source::GoogleSearchConsole
    } else if header.is_some() {
        source::of(&headers)
    } else if layout.delimiter == Delimiter::None || width == 1 {
        Source::List
    } else {
        Source::Table
    };
    let mut uses = uses_of(&headers, tool);
    if by_shape {
        let fields = [
            Field::Keyword,
            Field::Clicks,
            Field::Impressions,
            Field::Ctr,
            Field::Position,
        ];
        uses = fields.map(Use::Field).to_vec();
    }
    if header.is_none() && width == 1 {
        uses = vec![Use::Field(Field::Keyword)];
    }
    if header.is_none() && width == 2 && layout.delimiter == Delimiter::Tab && options.every_row {
        uses[column_of_texts(&data)] = Use::Field(Field::Keyword);
    }
    let names: Vec<String> = (0..width)
        .map(|index| {
            let name = header.and_then(|row| row.cells.get(index));
            text::clean(name.map_or("", String::as_str)).into_owned()
        })
        .collect();
    apply_choices(&mut uses, &names, &options.columns)?;
    if !uses.contains(&Use::Field(Field::Keyword)) {
        let columns = match (header, data.first()) {
            (None, Some(row)) => row.cells.clone(),
            _ => names,
        };
        return Err(FileProblem::NoKeywordColumn { columns });
    }
    let columns: Vec<Column> = uses
        .into_iter()
        .zip(names)
        .enumerate()
        .map(|(index, (used_for, name))| Column {
            index,
            name,
            used_for,
            samples: data
                .iter()
                .filter_map(|row| row.cells.get(index).filter(|cell| !cell.is_empty()))
                .take(SHOWN)
                .map(|cell| text::excerpt(cell))
                .collect(),
        })
        .collect();
    let cells: Vec<&[String]> = data.iter().map(|row| row.cells.as_slice()).collect();
    let decimals = decimals_of(&columns, &cells, layout.delimiter);
    Ok(Found {
        skip: layout.skip,
        format: Format {
            volumes_are_ranges: tool == Source::GoogleKeywordPlanner && buckets::holds_buckets(&columns, &cells),
            source: tool,
            encoding,
            delimiter: layout.delimiter,
            header_line: header.map(|row| row.line),
            columns,
            decimals,
        },
        headers,
    })
}

/// Which of two columns without names holds texts, and not what they are labelled with: the one that repeats itself less,
/// then the one with more in it.
fn column_of_texts(rows: &[&Row]) -> usize {
    let told = |column: usize| {
        let cells = || rows.iter().filter_map(|row| row.cells.get(column));
        let different: HashSet<&String> = cells().collect();
        (different.len(), cells().map(String::len).sum::<usize>())
    };
    usize::from(told(1) >= told(0))
}

/// Text is not full of control characters.
fn looks_binary(head: &[u8]) -> bool {
    let odd = head
        .iter()
        .filter(|byte| matches!(byte, 0..=8 | 14..=26 | 28..=31 | 127))
        .count();
    odd > 8 && odd * 20 > head.len()
}

/// Excel's first line that names the separator: `sep=;`.
fn separator_line(head: &[u8]) -> Option<Delimiter> {
    let line = head.split(|byte| matches!(byte, b'\n' | b'\r')).next()?.trim_ascii();
    let line = line
        .strip_prefix(b"\"")
        .map_or(line, |rest| rest.strip_suffix(b"\"").unwrap_or(rest));
    // The tab of `sep=\t` has been trimmed.
    let sign = match line {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', sign] => *sign,
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'='] => b'\t',
        _ => return None,
    };
    Delimiter::SEPARATING
        .into_iter()
        .find(|delimiter| delimiter.byte() == Some(sign))
}

fn sample(head: &[u8], complete: bool, delimiter: Delimiter) -> Result<Vec<Row>, FileProblem> {
    let mut records = Records::new(Decoded::text(head), super::MAX_ROW);
    records.set_delimiter(delimiter.byte());
    let mut splitter = Cells::new(delimiter.byte());
    let mut rows = Vec::new();
    while rows.len() <= SAMPLE {
        match records.next()? {
            Next::Row { line, text } => {
                splitter.split(text);
                let cells = splitter.iter().take(COLUMNS).map(str::to_owned).collect();
                rows.push(Row { line, cells });
            }
            Next::Unclosed { .. } | Next::TooLarge { .. } => {}
            Next::End => {
                // The last row may be cut off; a file of one long row still has one.
                if !complete && rows.len() > 1 {
                    rows.pop();
                }
                break;
            }
        }
    }
    rows.truncate(SAMPLE);
    Ok(rows)
}

/// Tables of the same tools that hold something else, by what they say themselves.
fn refuse_other_tables(samples: &[(Delimiter, Vec<Row>)]) -> Result<(), FileProblem> {
    let forecast = FileProblem::WrongTable {
        table: "forecasts",
        instead: "the \"Keyword Stats\" file of Keyword Planner",
    };
    for (_, rows) in samples {
        let Some(first) = rows.first() else { continue };
        let keys: Vec<String> = first.cells.iter().map(|cell| header_key(cell)).collect();
        if keys.first().is_some_and(|key| key.starts_with("keyword forecasts")) {
            return Err(forecast);
        }
        if keys == ["filter", "value"] {
            return Err(FileProblem::WrongTable {
                table: "filters",
                instead: "Queries.csv of the same export",
            });
        }
        if keys.len() < 2 {
            continue;
        }
        let has_metrics = keys.iter().skip(1).any(|key| {
            SEARCH_CONSOLE_METRICS
                .iter()
                .take(2)
                .any(|(_, names)| names.iter().any(|name| key.ends_with(name)))
        });
        let has_keywords = keys.iter().any(|key| Header::read(key).field() == Some(Field::Keyword));
        if has_metrics && !has_keywords {
            for (table, names) in SEARCH_CONSOLE_OTHER {
                if keys.first().is_some_and(|key| names.contains(&key.as_str())) {
                    return Err(FileProblem::WrongTable {
                        table,
                        instead: "Queries.csv of the same export",
                    });
                }
            }
        }
    }
    Ok(())
}

/// How well a row would do as a header: the number of columns known.
fn header_score(row: &Row, choices: &[ColumnChoice]) -> Option<usize> {
    let mut score = 0;
    let mut has_keyword = false;
    for cell in &row.cells {
        let header = Header::read(cell);
        let chosen = choices
            .iter()
            .find(|choice| matches!(&choice.column, ColumnRef::Name(name) if header_key(name) == header.name));
        match (chosen, header.meaning) {
            (Some(choice), meaning) => {
                score += 1;
                // A header stays one, whatever its columns are to be used for.
                has_keyword |= choice.field == Some(Field::Keyword) || meaning == Meaning::Use(Field::Keyword);
            }
            (None, Meaning::Use(field)) => {
                score += 1;
                has_keyword |= field == Field::Keyword;
            }
            (None, Meaning::Ignore(_)) => score += 1,
            (None, Meaning::Unknown) => {}
        }
    }
    // A caller that names the keywords' column by number needs no header that names it.
    has_keyword |= score > 1
        && choices
            .iter()
            .any(|choice| choice.field == Some(Field::Keyword) && matches!(choice.column, ColumnRef::Index(_)));
    has_keyword.then_some(score)
}

fn detect_layout(samples: &[(Delimiter, Vec<Row>)], options: &Options) -> Result<Layout, FileProblem> {
    let mut best: Option<(usize, Delimiter, usize)> = None;
    for (delimiter, rows) in samples {
        let remarks = rows.iter().take_while(|row| is_remark(row)).count();
        let header = rows.iter().take(PREAMBLE).enumerate().find_map(|(at, row)| {
            let score = header_score(row, &options.columns)?;
            // A single known word far from the beginning is rather a keyword of somebody who sells keywords.
            (score > 1 || at <= remarks).then_some((at, score))
        });
        if let Some((at, score)) = header
            && best.is_none_or(|(highest, ..)| score > highest)
        {
            best = Some((score, *delimiter, at));
        }
    }
    if let Some((_, delimiter, at)) = best {
        let alone = samples
            .iter()
            .find(|(candidate, _)| *candidate == delimiter)
            .and_then(|(_, rows)| rows.get(at))
            .is_some_and(|row| row.cells.len() == 1);
        // A header of one column separates nothing: commas in the lines below belong to the keywords.
        let delimiter = if alone && options.delimiter.is_none() {
            Delimiter::None
        } else {
            delimiter
        };
        return Ok(Layout {
            delimiter,
            header: Some(at),
            skip: 0,
        });
    }
    if options.columns.is_empty()
        && let Some((delimiter, _)) = samples.iter().find(|(_, rows)| is_search_console(rows))
    {
        return Ok(Layout {
            delimiter: *delimiter,
            header: Some(0),
            skip: 0,
        });
    }
    let layout = layout_without_header(samples);
    if layout.delimiter == Delimiter::None || options.columns.is_empty() {
        return Ok(layout);
    }
    // Columns are given by number: whether the first row is a header shows in the columns that should hold numbers.
    let rows = samples
        .iter()
        .find(|(delimiter, _)| *delimiter == layout.delimiter)
        .map_or(&[][..], |(_, rows)| rows);
    let at = rows.iter().take_while(|row| row.line <= layout.skip).count();
    let first = rows.get(at);
    let is_header = first.is_some_and(|row| {
        options.columns.iter().any(|choice| {
            let cell = match &choice.column {
                ColumnRef::Index(index) => row.cells.get(*index),
                ColumnRef::Name(_) => None,
            };
            choice.field.is_some_and(Field::is_number)
                && cell.is_some_and(|cell| number::read(cell, Kind::Fraction, Decimals::Either).is_err())
        })
    });
    Ok(Layout {
        header: is_header.then_some(at),
        ..layout
    })
}

/// Whether a table has the shape of Search Console's queries, whatever language its header is in: five columns, clicks
/// that are no more than impressions, a share, a position. Queries are written small; pages, countries and days are not.
fn is_search_console(rows: &[Row]) -> bool {
    let number = |cell: Option<&String>, kind| match number::read(cell?, kind, Decimals::Either) {
        Ok(Amount::One(number)) if number.value >= 0.0 => Some(number),
        _ => None,
    };
    let is_row = |row: &Row| {
        let cell = |at: usize| row.cells.get(at);
        let (Some(clicks), Some(shown), Some(share), Some(place)) = (
            number(cell(1), Kind::Whole),
            number(cell(2), Kind::Whole),
            number(cell(3), Kind::Fraction),
            number(cell(4), Kind::Fraction),
        ) else {
            return false;
        };
        let query = cell(0).is_some_and(|query| {
            query.chars().any(char::is_alphanumeric)
                && !query.chars().any(char::is_uppercase)
                && !query.contains("://")
                && !query.bytes().all(|b| b.is_ascii_digit() || b"-./".contains(&b))
        });
        query && clicks.value <= shown.value && share.percent && !place.percent && place.value >= 1.0
    };
    let Some((header, data)) = rows.split_first() else {
        return false;
    };
    header.cells.len() == 5
        && !header
            .cells
            .iter()
            .any(|cell| cell.is_empty() || cell.chars().any(|c| c.is_ascii_digit()))
        && !data.is_empty()
        && data.iter().all(|row| row.cells.len() == 5 && is_row(row))
}

/// Lines before a table that explain it: `# ----`.
fn is_remark(row: &Row) -> bool {
    row.cells
        .first()
        .is_some_and(|cell| cell.starts_with('#') && cell.len() > 1)
}

/// A table if the rows have the same number of cells, else a list.
fn layout_without_header(samples: &[(Delimiter, Vec<Row>)]) -> Layout {
    let skip_named = |rows: &[Row]| rows.first().map_or(0, |row| row.line - 1);
    if let [(delimiter, rows)] = samples {
        return Layout {
            delimiter: *delimiter,
            header: None,
            skip: skip_named(rows),
        };
    }
    let table = samples.iter().filter_map(|(delimiter, rows)| {
        // Some words about the table may stand before it.
        let words = rows.iter().take_while(|row| row.cells.len() == 1).count();
        let table = rows.get(if words <= FEW { words } else { 0 }..)?;
        let mut widths: Vec<usize> = table.iter().map(|row| row.cells.len()).collect();
        widths.sort_unstable();
        let usual = widths.get(widths.len() / 2).copied()?;
        let same = widths.iter().filter(|width| **width == usual).count();
        let is_table = table.len() > 1 && usual > 1 && same * 5 >= table.len() * 4;
        // Commas are common in texts. Tabs are not: where every row has them, they separate.
        let sure = *delimiter == Delimiter::Tab && same == table.len();
        is_table.then_some((sure, usual, *delimiter, table))
    });
    match table.max_by_key(|(sure, usual, ..)| (*sure, *usual)) {
        Some((_, _, delimiter, rows)) => Layout {
            delimiter,
            header: None,
            skip: skip_named(rows),
        },
        None => Layout {
            delimiter: Delimiter::None,
            header: None,
            skip: 0,
        },
    }
}

/// The layout with the header in a line a caller named: the delimiter that gives it most known columns, or most columns.
fn layout_at(samples: &[(Delimiter, Vec<Row>)], line: u64) -> Result<Layout, FileProblem> {
    samples
        .iter()
        .filter_map(|(delimiter, rows)| {
            let at = rows.iter().position(|row| row.line == line)?;
            let row = rows.get(at)?;
            let known = row
                .cells
                .iter()
                .filter(|cell| Header::read(cell).meaning != Meaning::Unknown)
                .count();
            Some((known, row.cells.len(), *delimiter, at))
        })
        .max_by_key(|(known, cells, ..)| (*known, *cells))
        .map(|(_, _, delimiter, at)| Layout {
            delimiter,
            header: Some(at),
            skip: 0,
        })
        .ok_or(FileProblem::NoSuchLine(line))
}

const NOT_KNOWN: &str = "not known; it can be chosen by hand";
const SEED: &str = "a list's starting point, not this keyword";
const TAKEN: &str = "another column is used for this";

/// What columns are used for by their headers.
fn uses_of(headers: &[Header], source: Source) -> Vec<Use> {
    let mut taken: Vec<Field> = Vec::new();
    let mut take = |field: Field| {
        if !field.repeats() && taken.contains(&field) {
            return Use::Ignored(TAKEN);
        }
        taken.push(field);
        Use::Field(field)
    };
    // AnswerThePublic names what somebody asked about "Keyword", and what people search "Suggestion".
    let suggests = headers.iter().any(|header| header.name == "suggestion")
        && headers.iter().any(|header| header.name.starts_with("modifier"));
    let mut uses: Vec<Use> = headers
        .iter()
        .map(|header| match header.meaning {
            Meaning::Use(Field::Keyword) if suggests && header.name != "suggestion" => Use::Ignored(SEED),
            // Rankings name the page that ranks; strategies name the page that is to be written.
            Meaning::Use(Field::Cluster) if header.name == "page" && source == Source::GoogleSearchConsole => {
                take(Field::Url)
            }
            Meaning::Use(field) => take(field),
            Meaning::Ignore(reason) => Use::Ignored(reason),
            Meaning::Unknown => Use::Ignored(NOT_KNOWN),
        })
        .collect();
    periods::choose(headers, &mut uses);
    uses
}

fn apply_choices(uses: &mut [Use], names: &[String], choices: &[ColumnChoice]) -> Result<(), FileProblem> {
    let mut chosen = Vec::new();
    for choice in choices {
        let index = match &choice.column {
            ColumnRef::Index(index) => (*index < uses.len()).then_some(*index),
            ColumnRef::Name(name) => {
                let key = header_key(name);
                names.iter().position(|name| header_key(name) == key)
            }
        };
        let Some(index) = index else {
            let wanted = match &choice.column {
                ColumnRef::Index(index) => (index + 1).to_string(),
                ColumnRef::Name(name) => format!("{name:?}"),
            };
            return Err(FileProblem::NoSuchColumn {
                wanted,
                columns: names.to_vec(),
            });
        };
        chosen.push((index, choice.field));
    }
    for (index, field) in chosen {
        if let Some(field) = field
            && !field.repeats()
        {
            for other in uses.iter_mut().filter(|other| **other == Use::Field(field)) {
                *other = Use::Ignored(TAKEN);
            }
        }
        if let Some(used_for) = uses.get_mut(index) {
            *used_for = field.map_or(Use::Ignored("left out by choice"), Use::Field);
        }
    }
    Ok(())
}

/// The decimal mark the sample shows.
fn decimals_of(columns: &[Column], rows: &[&[String]], delimiter: Delimiter) -> Decimals {
    let (mut points, mut commas) = (0, 0);
    for column in columns {
        if !column.field().is_some_and(Field::has_decimals) {
            continue;
        }
        for cell in rows.iter().filter_map(|row| row.get(column.index)) {
            match number::evidence(cell) {
                Some(Decimals::Point) => points += 1,
                Some(Decimals::Comma) => commas += 1,
                _ => {}
            }
        }
    }
    if commas > points {
        Decimals::Comma
    } else if points > 0 || delimiter != Delimiter::Semicolon {
        Decimals::Point
    } else {
        // A file with semicolons comes from where commas are decimals, but nothing shows it.
        Decimals::Either
    }
}

//! Keywords to CSV that a spreadsheet may open and that comes back unchanged.

use std::borrow::{Borrow, Cow};
use std::io::{self, Write};

use super::row::{Competition, Intent, KeywordRow, Status, TrendScale};
use super::values;

/// The columns of an export.
const HEADER: [&str; 34] = [
    "keyword",
    "volume",
    "volume_min",
    "volume_max",
    "difficulty",
    "cpc",
    "cpc_min",
    "cpc_max",
    "currency",
    "competition",
    "competition_level",
    "intents",
    "branded",
    "local",
    "parent_topic",
    "market",
    "cluster",
    "topic",
    "page_type",
    "tags",
    "attributes",
    "status",
    "disabled",
    "position",
    "url",
    "clicks",
    "impressions",
    "ctr",
    "traffic_potential",
    "trend",
    "trend_scale",
    "trend_end",
    "serp_features",
    "serp_urls",
];
/// The last column: what a cell was before it was normalised may hold anything, so nothing comes after it.
const ORIGINAL: &str = "original";

/// Headers no other tool has; three of them are an own export, whatever columns somebody took out.
pub(super) const OWN_HEADERS: [&str; 6] = [
    "cpc_min",
    "cpc_max",
    "competition_level",
    "trend_scale",
    "trend_end",
    ORIGINAL,
];

/// Whether a spreadsheet takes a cell for a formula. Carriage returns and tabs at its start are left out by some.
fn is_formula(cell: &str) -> bool {
    cell.trim_start_matches('\'')
        .starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

/// A cell that no spreadsheet takes for a formula: an apostrophe before it makes it text. A cell that starts with
/// apostrophes before a formula gets one more, so that [`unguarded`] can tell.
pub fn guarded(cell: &str) -> Cow<'_, str> {
    if is_formula(cell) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

/// The cell before [`guarded`].
pub fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if is_formula(rest) => rest,
        _ => cell,
    }
}

/// Writes keywords as CSV: UTF-8 with a byte order mark, by which Excel knows the encoding, commas, and points as decimal
/// marks. Cells that a spreadsheet would run as formulas get an apostrophe before them, which the import takes off again.
///
/// Gives the number of rows. Reading the file again with [`KeywordFile`](super::KeywordFile) gives the same rows, except
/// for their lines and notes.
pub fn write_csv<W, I>(to: W, rows: I) -> io::Result<u64>
where
    W: Write,
    I: IntoIterator,
    I::Item: Borrow<KeywordRow>,
{
    let mut csv = CsvWriter::new(to)?;
    let mut count = 0;
    for row in rows {
        csv.write(row.borrow())?;
        count += 1;
    }
    csv.finish()?;
    Ok(count)
}

/// [`write_csv`] row by row, for who has them in parts.
#[derive(Debug)]
pub struct CsvWriter<W: Write> {
    csv: csv::Writer<W>,
    record: csv::StringRecord,
}

impl<W: Write> CsvWriter<W> {
    /// Begins a file.
    pub fn new(to: W) -> io::Result<Self> {
        let mut to = to;
        to.write_all("\u{feff}".as_bytes())?;
        let mut this = Self::further(to);
        this.csv.write_record(HEADER.iter().chain([&ORIGINAL]))?;
        Ok(this)
    }

    /// Goes on with a file that was begun by another writer.
    pub fn further(to: W) -> Self {
        let csv = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(to);
        Self {
            csv,
            record: csv::StringRecord::new(),
        }
    }

    /// Writes a row.
    pub fn write(&mut self, row: &KeywordRow) -> io::Result<()> {
        self.record.clear();
        write_row(&mut self.record, row);
        Ok(self.csv.write_record(&self.record)?)
    }

    /// Gives back what was written to, with everything in it.
    pub fn finish(self) -> io::Result<W> {
        self.csv.into_inner().map_err(csv::IntoInnerError::into_error)
    }
}

fn write_row(record: &mut csv::StringRecord, row: &KeywordRow) {
    let mut cell = |text: &str| record.push_field(&guarded(text));
    let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    // Rust writes an f64 with as many digits as it takes to read the same one, and never with an exponent.
    let fraction = |number: Option<f64>| number.map(|number| number.to_string()).unwrap_or_default();
    let flag = |flag: Option<bool>| flag.map_or("", |flag| if flag { "true" } else { "false" });
    let list = |items: &[String]| values::join(items.iter().map(String::as_str), '|');
    let text = |text: &Option<String>| text.clone().unwrap_or_default();

    cell(&row.text);
    cell(&number(row.volume));
    cell(&number(row.volume_range.map(|range| range.low)));
    cell(&number(row.volume_range.and_then(|range| range.high)));
    cell(&number(row.difficulty.map(u64::from)));
    cell(&fraction(row.cpc));
    cell(&fraction(row.cpc_range.and_then(|range| range.low)));
    cell(&fraction(row.cpc_range.and_then(|range| range.high)));
    cell(&text(&row.currency));
    cell(&fraction(row.competition));
    cell(row.competition_level.map_or("", Competition::name));
    cell(&values::join(row.intents().map(Intent::name), '|'));
    cell(flag(row.branded));
    cell(flag(row.local));
    cell(&text(&row.parent_topic));
    cell(&text(&row.market));
    cell(&text(&row.grouping.cluster));
    cell(&text(&row.grouping.topic));
    cell(&text(&row.grouping.page_type));
    cell(&list(&row.tags));
    let attributes: Vec<String> = row
        .attributes
        .iter()
        .map(|attribute| values::join([attribute.name.as_str(), attribute.value.as_str()], '='))
        .collect();
    cell(&list(&attributes));
    cell(row.status.map_or("", Status::name));
    cell(flag(row.disabled));
    cell(&fraction(row.position));
    cell(&text(&row.url));
    cell(&number(row.clicks));
    cell(&number(row.impressions));
    cell(&fraction(row.ctr));
    cell(&number(row.traffic_potential));
    let trend = row.trend.as_ref();
    let months: Vec<String> = trend
        .map(|trend| trend.values.iter().map(|value| fraction(*value)).collect())
        .unwrap_or_default();
    // One value alone has no separator to tell that a point is a decimal mark, and needs none.
    cell(&list(&months));
    cell(trend.map_or("", |trend| TrendScale::name(trend.scale)));
    cell(
        &trend
            .and_then(|trend| trend.end)
            .map(|month| month.to_string())
            .unwrap_or_default(),
    );
    cell(&list(&row.serp_features));
    cell(&list(&row.serp_urls));
    cell(&text(&row.original));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_text_and_come_back() {
        for cell in ["=1+1", "+1", "-1", "@a", "'=1", "''-x", "＝1"] {
            let safe = guarded(cell);
            assert!(safe.starts_with('\''), "{cell}");
            assert_eq!(unguarded(&safe), cell);
        }
        for cell in ["a", "", "'a", "1-1", "'"] {
            assert_eq!(guarded(cell), cell);
            assert_eq!(unguarded(cell), cell);
        }
    }
}

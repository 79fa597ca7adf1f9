//! Keyword Planner's stand-ins for ranges of volumes, which accounts that spend little get.

use super::field::Field;
use super::format::Column;
use super::number::{self, Amount, Decimals, Kind};
use super::row::{KeywordRow, VolumeRange};

/// What Keyword Planner writes for ranges of volumes.
const BUCKETS: [(u64, u64, u64); 7] = [
    (0, 0, 10),
    (50, 10, 100),
    (500, 100, 1_000),
    (5_000, 1_000, 10_000),
    (50_000, 10_000, 100_000),
    (500_000, 100_000, 1_000_000),
    (5_000_000, 1_000_000, 10_000_000),
];

/// Whether Keyword Planner gave ranges: all volumes are stand-ins, and no month has a figure. Exact volumes are rounded
/// to other numbers (480, 590, 4,400), and their months are filled.
pub(super) fn holds_buckets(columns: &[Column], rows: &[&[String]]) -> bool {
    let cells = |wanted: fn(Field) -> bool| {
        columns
            .iter()
            .filter(move |column| column.field().is_some_and(wanted))
            .flat_map(|column| rows.iter().filter_map(|row| row.get(column.index)))
            .filter(|cell| !cell.is_empty())
    };
    let has_months = columns
        .iter()
        .any(|column| matches!(column.field(), Some(Field::MonthSearches(_))));
    let months_empty = cells(|field| matches!(field, Field::MonthSearches(_))).next().is_none();
    let mut sure = has_months;
    let mut any = false;
    for cell in cells(|field| field == Field::Volume) {
        let Ok(Amount::One(number)) = number::read(cell, Kind::Whole, Decimals::Point) else {
            continue;
        };
        #[expect(clippy::cast_precision_loss, reason = "small")]
        let bucket = BUCKETS.iter().find(|(stand_in, ..)| number.value == *stand_in as f64);
        match bucket {
            Some((stand_in, ..)) => sure |= *stand_in >= 500,
            None => return false,
        }
        any = true;
    }
    any && months_empty && sure
}

/// Takes a stand-in for a range for what it is.
pub(super) fn unfold(row: &mut KeywordRow) {
    let found = BUCKETS.iter().find(|(stand_in, ..)| row.volume == Some(*stand_in));
    if let Some(&(_, low, high)) = found {
        row.volume = None;
        row.volume_range = Some(VolumeRange { low, high: Some(high) });
    }
}

//! Cells of a row to a [`KeywordRow`], by what the columns are used for.

use std::borrow::Cow;

use super::field::Field;
use super::format::{Format, Source};
use super::headers::Header;
use super::number::{self, Amount, Decimals, Kind};
use super::problem::RowProblemKind;
use super::records::Cells;
use super::row::{Attribute, CellNote, Intent, KeywordRow, Month, PriceRange, Status, Trend, TrendScale, VolumeRange};
use super::{MAX_CPC, MAX_TEXT, MAX_VOLUME, buckets, export, text, values};

/// Reads rows of one file.
pub(super) struct Converter {
    columns: Vec<(usize, Field)>,
    /// The columns of months, oldest first.
    months: Vec<usize>,
    last_month: Option<Month>,
    names: Vec<String>,
    source: Source,
    decimals: Decimals,
    buckets: bool,
    /// What the headers of prices say.
    currency: Option<String>,
    trend_months: Option<(Month, Month)>,
    /// Whether the header says that clicks per impression are per cents.
    ctr_in_percent: bool,
    /// Whether a keyword may be of any length and hold any character.
    any_text: bool,
}

/// What a cell without use leaves in the row.
type Cell = Result<(), RowProblemKind>;

impl Converter {
    pub fn new(format: &Format, headers: &[Header], any_text: bool) -> Self {
        let mut columns = Vec::new();
        let mut months: Vec<(Option<Month>, usize)> = Vec::new();
        let mut currency = None;
        let mut trend_months = None;
        let mut ctr_in_percent = false;
        for column in &format.columns {
            let Some(field) = column.field() else { continue };
            let header = headers.get(column.index);
            match field {
                Field::MonthSearches(month) => {
                    months.push((month, column.index));
                    continue;
                }
                Field::Cpc | Field::CpcMin | Field::CpcMax if currency.is_none() => {
                    currency = header.and_then(|header| header.currency.clone());
                }
                Field::Trend => trend_months = header.and_then(|header| header.months),
                Field::Ctr => ctr_in_percent = column.name.contains('%'),
                _ => {}
            }
            columns.push((column.index, field));
        }
        let last_month = order_months(&mut months);
        Self {
            columns,
            months: months.into_iter().map(|(_, index)| index).collect(),
            last_month,
            names: format.columns.iter().map(|column| column.name.clone()).collect(),
            source: format.source,
            decimals: format.decimals,
            buckets: format.volumes_are_ranges,
            currency,
            trend_months,
            ctr_in_percent,
            any_text,
        }
    }

    /// Whether a row repeats the header, as it does where exports were put one after another.
    pub fn is_header(&self, cells: &Cells) -> bool {
        self.names.len() > 1
            && cells.len() == self.names.len()
            && self
                .names
                .iter()
                .enumerate()
                .all(|(index, name)| cells.get(index) == name)
            && self.names.iter().any(|name| !name.is_empty())
    }

    fn own(&self) -> bool {
        self.source == Source::Igny8
    }

    /// Text of a cell; what our own export put before it against spreadsheets' formulas is taken off.
    fn text<'a>(&self, cell: &'a str) -> Cow<'a, str> {
        let cell = if self.own() { export::unguarded(cell) } else { cell };
        text::clean(cell)
    }

    fn some_text(&self, cell: &str) -> Option<String> {
        Some(self.text(cell).into_owned()).filter(|text| !text.is_empty())
    }

    /// Reads a row.
    pub fn convert(&self, line: u64, cells: &Cells) -> Result<KeywordRow, RowProblemKind> {
        let mut row = KeywordRow {
            line,
            ..KeywordRow::default()
        };
        let mut more = More::default();
        for &(index, field) in &self.columns {
            let cell = cells.get(index);
            if !cell.is_empty() {
                self.cell(&mut row, &mut more, index, field, cell)?;
            }
        }
        if row.text.is_empty() {
            return Err(RowProblemKind::Empty);
        }
        if more.volume_min.is_some() || more.volume_max.is_some() {
            let low = more.volume_min.unwrap_or(0);
            row.volume_range = Some(VolumeRange {
                low,
                high: more.volume_max.map(|high| high.max(low)),
            });
        }
        if more.cpc_min.is_some() || more.cpc_max.is_some() {
            row.cpc_range = Some(PriceRange {
                low: more.cpc_min,
                high: more.cpc_max,
            });
        }
        row.set_intents(more.intents);
        if let Some((index, cell)) = more.trend {
            self.trend(&mut row, index, cell, more.trend_scale, more.trend_end);
        }
        self.month_columns(&mut row, cells);
        if self.buckets && row.trend.is_none() {
            buckets::unfold(&mut row);
        }
        let has_price = row.cpc.is_some() || row.cpc_range.is_some();
        if has_price && row.currency.is_none() {
            row.currency = more.sign.map(str::to_owned).or_else(|| self.currency.clone());
        }
        Ok(row)
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each field")]
    fn cell<'a>(&self, row: &mut KeywordRow, more: &mut More<'a>, index: usize, field: Field, cell: &'a str) -> Cell {
        match field {
            Field::Keyword => self.keyword(row, cell)?,
            Field::Original => {
                row.original = Some(if self.own() { export::unguarded(cell) } else { cell }.to_owned());
            }
            Field::Volume => match self.searches(row, index, cell) {
                Whole::Missing => {}
                Whole::One(volume) => row.volume = Some(volume),
                Whole::Range(range) => row.volume_range = Some(range),
            },
            Field::VolumeMin => more.volume_min = self.searches(row, index, cell).low(),
            Field::VolumeMax => more.volume_max = self.searches(row, index, cell).high(),
            Field::Difficulty => row.difficulty = self.difficulty(row, index, cell),
            Field::Cpc => match self.prices(row, index, cell, more) {
                Prices::Missing => {}
                Prices::One(price) => row.cpc = Some(price),
                Prices::Range(range) => row.cpc_range = Some(range),
            },
            Field::CpcMin => more.cpc_min = self.prices(row, index, cell, more).one(),
            Field::CpcMax => more.cpc_max = self.prices(row, index, cell, more).one(),
            Field::Currency => {
                let code = cell.to_uppercase();
                row.currency = number::currency(&cell.to_lowercase())
                    .map(str::to_owned)
                    .or_else(|| (code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase())).then_some(code));
                if row.currency.is_none() {
                    self.note(row, index, cell, "is no currency");
                }
            }
            Field::Competition => match values::competition(cell) {
                Some(level) => row.competition_level = Some(level),
                None => self.competition(row, index, cell, None),
            },
            Field::CompetitionIndex => self.competition(row, index, cell, Some(100.0)),
            Field::CompetitionLevel => {
                row.competition_level = values::competition(cell);
                if row.competition_level.is_none() {
                    self.note(row, index, cell, "is not low, medium or high");
                }
            }
            Field::Intents => {
                let found = values::intents(cell);
                for intent in found.intents {
                    more.intend(intent);
                }
                row.branded = found.branded.or(row.branded);
                row.local = found.local.or(row.local);
                if found.unknown {
                    self.note(row, index, cell, "names an intent that is not known");
                }
            }
            Field::IntentFlag(intent) => match values::flag(cell) {
                Some(true) => more.intend(intent),
                Some(false) => {}
                None => self.note(row, index, cell, "is neither true nor false"),
            },
            Field::Branded => row.branded = self.flag(row, index, cell),
            Field::Local => row.local = self.flag(row, index, cell),
            Field::Disabled => row.disabled = self.flag(row, index, cell),
            Field::ParentTopic => row.parent_topic = self.some_text(cell),
            Field::Market => row.market = self.market(cell),
            // Hand-made tables call both a page's name and its address "Page".
            Field::Cluster if !self.own() && (cell.starts_with("https://") || cell.starts_with("http://")) => {
                row.url = row.url.take().or_else(|| self.some_text(cell));
            }
            Field::Cluster => row.grouping.cluster = self.some_text(cell),
            Field::Topic => row.grouping.topic = self.some_text(cell),
            Field::PageType => row.grouping.page_type = self.some_text(cell),
            Field::Tags => row.tags = self.list(cell),
            Field::Position => row.position = self.fraction(row, index, cell).filter(|place| *place > 0.0),
            Field::Url => row.url = self.some_text(cell),
            Field::Clicks => row.clicks = self.count(row, index, cell),
            Field::Impressions => row.impressions = self.count(row, index, cell),
            Field::TrafficPotential => row.traffic_potential = self.count(row, index, cell),
            Field::Ctr => row.ctr = self.ctr(row, index, cell),
            Field::Trend => more.trend = Some((index, cell)),
            Field::TrendScale => {
                more.trend_scale = TrendScale::ALL.into_iter().find(|scale| scale.name() == cell);
                if more.trend_scale.is_none() {
                    self.note(row, index, cell, "is no scale of a trend");
                }
            }
            Field::TrendEnd => {
                more.trend_end = values::month(cell);
                if more.trend_end.is_none() {
                    self.note(row, index, cell, "is no month");
                }
            }
            // Read together, after all other cells.
            Field::MonthSearches(_) => {}
            Field::SerpFeatures => {
                row.serp_features = self.list(cell);
                if self.source.is_semrush() {
                    row.serp_features
                        .retain(|feature| !feature.eq_ignore_ascii_case("organic"));
                }
            }
            Field::SerpUrls => {
                row.serp_urls = if self.own() {
                    self.own_list(cell)
                } else {
                    values::addresses(cell)
                };
            }
            Field::Attributes => self.attributes(row, index, cell),
            Field::Status => {
                row.status = Status::ALL
                    .into_iter()
                    .find(|status| status.name().eq_ignore_ascii_case(cell));
                if row.status.is_none() && self.own() {
                    self.note(row, index, cell, "is no status of a keyword");
                }
            }
        }
        Ok(())
    }

    fn keyword(&self, row: &mut KeywordRow, cell: &str) -> Cell {
        let written = if self.own() { export::unguarded(cell) } else { cell };
        let text = text::normalise(written);
        if !self.any_text && text.contains(char::REPLACEMENT_CHARACTER) {
            return Err(RowProblemKind::Damaged {
                start: text::excerpt(&text),
            });
        }
        // Counting bytes first: a character has one at least.
        if !self.any_text && text.len() > MAX_TEXT {
            let characters = text.chars().count();
            if characters > MAX_TEXT {
                return Err(RowProblemKind::TooLong {
                    characters,
                    start: text::excerpt(&text),
                });
            }
        }
        // Joiners alone are as good as nothing.
        if text.chars().all(|c| matches!(c, '\u{200c}' | '\u{200d}' | ' ')) {
            return Err(RowProblemKind::Empty);
        }
        if text != written {
            row.original = row.original.take().or_else(|| Some(written.to_owned()));
        }
        row.text = text.into_owned();
        Ok(())
    }

    fn list(&self, cell: &str) -> Vec<String> {
        if self.own() {
            self.own_list(cell)
        } else {
            values::list(cell)
        }
    }

    fn own_list(&self, cell: &str) -> Vec<String> {
        values::split(export::unguarded(cell), '|')
            .iter()
            .map(|item| text::clean(item).into_owned())
            .filter(|item| !item.is_empty())
            .collect()
    }

    /// `material=linen|colour=blue`; in hand-made tables also `material: linen, colour: blue`.
    fn attributes(&self, row: &mut KeywordRow, index: usize, cell: &str) {
        let items = if self.own() {
            values::split(export::unguarded(cell), '|')
        } else {
            cell.split(['|', ';', ',', '\n']).map(str::to_owned).collect()
        };
        for item in items {
            let pair: Option<(String, String)> = if self.own() {
                let mut parts = values::split(&item, '=').into_iter();
                parts.next().zip(parts.next())
            } else {
                item.split_once([':', '='])
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
            };
            let pair = pair.map(|(name, value)| Attribute {
                name: text::clean(&name).into_owned(),
                value: text::clean(&value).into_owned(),
            });
            match pair.filter(|pair| !pair.name.is_empty()) {
                Some(pair) => row.attributes.push(pair),
                None if item.trim().is_empty() => {}
                None => self.note(row, index, cell, "is no attribute with a value"),
            }
        }
    }

    fn market(&self, cell: &str) -> Option<String> {
        let market = self.some_text(cell)?.to_lowercase();
        // Ahrefs goes by ISO, everybody else by custom.
        Some(if market == "gb" && !self.own() {
            "uk".to_owned()
        } else {
            market
        })
    }

    fn whole(&self, cell: &str, most: u64) -> Result<Whole, &'static str> {
        let whole = |number: number::Number| {
            to_whole(number.value)
                .filter(|value| *value <= most && !number.percent)
                .ok_or("is too large or below 0")
        };
        match number::read(cell, Kind::Whole, self.decimals).map_err(|_| "is not a number")? {
            Amount::Missing => Ok(Whole::Missing),
            Amount::One(number) => whole(number).map(Whole::One),
            Amount::Range(low, high) => Ok(Whole::Range(VolumeRange {
                low: whole(low)?,
                high: high.map(whole).transpose()?,
            })),
        }
    }

    fn searches(&self, row: &mut KeywordRow, index: usize, cell: &str) -> Whole {
        self.whole(cell, MAX_VOLUME).unwrap_or_else(|message| {
            self.note(row, index, cell, message);
            Whole::Missing
        })
    }

    fn difficulty(&self, row: &mut KeywordRow, index: usize, cell: &str) -> Option<u8> {
        let message = match number::read(cell, Kind::Fraction, self.decimals) {
            Ok(Amount::Missing) => return None,
            Ok(Amount::One(number)) => {
                let value = to_whole(number.value).and_then(|value| u8::try_from(value).ok());
                if let Some(value) = value.filter(|value| *value <= 100) {
                    return Some(value);
                }
                "is not between 0 and 100"
            }
            Ok(Amount::Range(..)) | Err(_) => "is not a number",
        };
        self.note(row, index, cell, message);
        None
    }

    fn prices(&self, row: &mut KeywordRow, index: usize, cell: &str, more: &mut More<'_>) -> Prices {
        let mut price = |number: number::Number| {
            more.sign = more.sign.or(number.currency);
            (0.0..=MAX_CPC).contains(&number.value).then_some(number.value)
        };
        let found = match number::read(cell, Kind::Fraction, self.decimals) {
            Ok(Amount::Missing) => return Prices::Missing,
            Ok(Amount::One(number)) => price(number).map(Prices::One),
            Ok(Amount::Range(low, high)) => match (price(low), high.map(price)) {
                (Some(low), None) => Some(Prices::Range(PriceRange {
                    low: Some(low),
                    high: None,
                })),
                (Some(low), Some(Some(high))) => Some(Prices::Range(PriceRange {
                    low: Some(low),
                    high: Some(high),
                })),
                _ => None,
            },
            Err(_) => {
                self.note(row, index, cell, "is not a price");
                return Prices::Missing;
            }
        };
        found.unwrap_or_else(|| {
            self.note(row, index, cell, "is not between 0 and 1000000");
            Prices::Missing
        })
    }

    /// `of`: what full competition is; without it, 1 or 100 by the size of the number.
    fn competition(&self, row: &mut KeywordRow, index: usize, cell: &str, of: Option<f64>) {
        match number::read(cell, Kind::Fraction, self.decimals) {
            Ok(Amount::Missing) => {}
            Ok(Amount::One(number)) if (0.0..=100.0).contains(&number.value) => {
                let of = of.unwrap_or(if number.percent || number.value > 1.0 {
                    100.0
                } else {
                    1.0
                });
                // The index is the finer figure where a file has both.
                row.competition = Some(number.value / of);
            }
            _ => self.note(row, index, cell, "is no figure of competition"),
        }
    }

    fn flag(&self, row: &mut KeywordRow, index: usize, cell: &str) -> Option<bool> {
        let flag = values::flag(cell);
        if flag.is_none() {
            self.note(row, index, cell, "is neither true nor false");
        }
        flag
    }

    fn fraction(&self, row: &mut KeywordRow, index: usize, cell: &str) -> Option<f64> {
        match number::read(cell, Kind::Fraction, self.decimals) {
            Ok(Amount::Missing) => None,
            Ok(Amount::One(number)) if number.value >= 0.0 => Some(number.value),
            _ => {
                self.note(row, index, cell, "is not a number");
                None
            }
        }
    }

    fn count(&self, row: &mut KeywordRow, index: usize, cell: &str) -> Option<u64> {
        match self.whole(cell, u64::MAX) {
            Ok(Whole::One(count)) => Some(count),
            Ok(Whole::Missing) => None,
            Ok(Whole::Range(_)) | Err(_) => {
                self.note(row, index, cell, "is not a number");
                None
            }
        }
    }

    fn ctr(&self, row: &mut KeywordRow, index: usize, cell: &str) -> Option<f64> {
        let number = match number::read(cell, Kind::Fraction, self.decimals) {
            Ok(Amount::Missing) => return None,
            Ok(Amount::One(number)) if (0.0..=100.0).contains(&number.value) => number,
            _ => {
                self.note(row, index, cell, "is not a share");
                return None;
            }
        };
        let percent = number.percent || self.ctr_in_percent || number.value > 1.0;
        Some(if percent { number.value / 100.0 } else { number.value })
    }

    fn trend(&self, row: &mut KeywordRow, index: usize, cell: &str, scale: Option<TrendScale>, end: Option<Month>) {
        match values::trend(cell, scale, self.trend_months) {
            Ok(Some(trend)) => {
                row.trend = Some(Trend {
                    end: end.or(trend.end),
                    ..trend
                });
            }
            Ok(None) => {}
            Err(()) => self.note(row, index, cell, "is no trend"),
        }
    }

    fn month_columns(&self, row: &mut KeywordRow, cells: &Cells) {
        if self.months.iter().all(|index| cells.get(*index).is_empty()) {
            return;
        }
        let values: Vec<Option<f64>> = self
            .months
            .iter()
            .map(|&index| self.fraction_of_month(row, index, cells.get(index)))
            .collect();
        if values.iter().any(Option::is_some) {
            row.trend = Some(Trend {
                scale: TrendScale::Searches,
                values,
                end: self.last_month,
            });
        }
    }

    fn fraction_of_month(&self, row: &mut KeywordRow, index: usize, cell: &str) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "a count of searches")]
        self.count(row, index, cell).map(|count| count as f64)
    }

    fn name(&self, index: usize) -> String {
        match self.names.get(index).filter(|name| !name.is_empty()) {
            Some(name) => text::excerpt(name),
            None => format!("column {}", index + 1),
        }
    }

    fn note(&self, row: &mut KeywordRow, index: usize, cell: &str, message: &'static str) {
        row.notes.push(CellNote {
            column: self.name(index),
            value: text::excerpt(cell),
            message,
        });
    }
}

/// What several cells say together.
#[derive(Default)]
struct More<'a> {
    volume_min: Option<u64>,
    volume_max: Option<u64>,
    cpc_min: Option<f64>,
    cpc_max: Option<f64>,
    /// The currency of a sign beside a price.
    sign: Option<&'static str>,
    intents: Vec<Intent>,
    trend: Option<(usize, &'a str)>,
    trend_scale: Option<TrendScale>,
    trend_end: Option<Month>,
}

impl More<'_> {
    fn intend(&mut self, intent: Intent) {
        if !self.intents.contains(&intent) {
            self.intents.push(intent);
        }
    }
}

enum Whole {
    Missing,
    One(u64),
    Range(VolumeRange),
}

impl Whole {
    const fn low(&self) -> Option<u64> {
        match self {
            Self::Missing => None,
            Self::One(value) => Some(*value),
            Self::Range(range) => Some(range.low),
        }
    }

    const fn high(&self) -> Option<u64> {
        match self {
            Self::Missing => None,
            Self::One(value) => Some(*value),
            Self::Range(range) => range.high,
        }
    }
}

enum Prices {
    Missing,
    One(f64),
    Range(PriceRange),
}

impl Prices {
    fn one(&self) -> Option<f64> {
        match self {
            Self::Missing => None,
            Self::One(price) => Some(*price),
            Self::Range(range) => range.low.or(range.high),
        }
    }
}

/// Rounds to a whole number.
fn to_whole(value: f64) -> Option<u64> {
    // Above this, whole numbers are no longer told apart.
    const MOST: f64 = 9_007_199_254_740_992.0;
    if (0.0..=MOST).contains(&value) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
        let whole = value.round() as u64;
        Some(whole)
    } else {
        None
    }
}

/// Orders columns of months by their months, and gives the last one if none is missing between.
fn order_months(months: &mut [(Option<Month>, usize)]) -> Option<Month> {
    if months.iter().any(|(month, _)| month.is_none()) {
        return None;
    }
    months.sort_unstable();
    let numbers: Vec<u32> = months
        .iter()
        .filter_map(|(month, _)| month.map(Month::number))
        .collect();
    let complete = numbers.windows(2).all(|pair| matches!(pair, [a, b] if a + 1 == *b));
    if complete { months.last()?.0 } else { None }
}

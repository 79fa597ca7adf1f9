//! A row of a keyword file: what its tool says about one keyword.

use std::fmt;

/// What somebody who types the phrase wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Intent {
    Informational,
    Commercial,
    Transactional,
    Navigational,
}

impl Intent {
    pub const ALL: [Self; 4] = [
        Self::Informational,
        Self::Commercial,
        Self::Transactional,
        Self::Navigational,
    ];

    /// As the API writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Commercial => "commercial",
            Self::Transactional => "transactional",
            Self::Navigational => "navigational",
        }
    }
}

/// How far work on a keyword is; only IGNY8's own exports say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    New,
    Mapped,
    Used,
}

impl Status {
    pub const ALL: [Self; 3] = [Self::New, Self::Mapped, Self::Used];

    /// As the API writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Mapped => "mapped",
            Self::Used => "used",
        }
    }
}

/// How many advertisers compete for a phrase, in words. It says nothing about how hard ranking is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Competition {
    Low,
    Medium,
    High,
}

impl Competition {
    pub const ALL: [Self; 3] = [Self::Low, Self::Medium, Self::High];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// Searches a month of which only the bounds are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VolumeRange {
    pub low: u64,
    /// `None`: more than `low`.
    pub high: Option<u64>,
}

impl VolumeRange {
    /// A number to sort by: the geometric mean, since tools' ranges grow tenfold. A range from zero counts as from one;
    /// an open one counts as its lower bound.
    #[must_use]
    pub fn middle(self) -> u64 {
        let Some(high) = self.high else { return self.low };
        let product = u128::from(self.low.max(1)) * u128::from(high);
        u64::try_from(product.isqrt())
            .unwrap_or(high)
            .clamp(self.low, high.max(self.low))
    }
}

/// What advertisers pay for a click, from and to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PriceRange {
    pub low: Option<f64>,
    pub high: Option<f64>,
}

/// Where a number of searches comes from, from the most to the least trustworthy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VolumeSource {
    /// The tool states it.
    Stated,
    /// The middle of a range.
    Range,
    /// How often the own site was shown: a lower bound of the demand.
    Impressions,
}

/// A calendar month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
}

impl Month {
    /// `None` unless the month is one.
    #[must_use]
    pub const fn new(year: u16, month: u8) -> Option<Self> {
        if month >= 1 && month <= 12 && year >= 1900 && year <= 2999 {
            Some(Self { year, month })
        } else {
            None
        }
    }

    /// Months since year 0, to tell how far two months are apart.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.year as u32 * 12 + self.month as u32 - 1
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// What the values of a [`Trend`] are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TrendScale {
    /// Searches in the month.
    Searches,
    /// 0 to 1, where 1 is the best month.
    Relative,
}

impl TrendScale {
    pub const ALL: [Self; 2] = [Self::Searches, Self::Relative];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Searches => "searches",
            Self::Relative => "relative",
        }
    }
}

/// How demand went month by month.
#[derive(Debug, Clone, PartialEq)]
pub struct Trend {
    pub scale: TrendScale,
    /// Oldest first; `None` where the tool gives nothing. At least one is given.
    pub values: Vec<Option<f64>>,
    /// The month of the last value, where the file names it. Months are never guessed.
    pub end: Option<Month>,
}

/// A name with a value: `material: linen`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Attribute {
    pub name: String,
    pub value: String,
}

/// The place a tool or a person gave a keyword in a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Grouping {
    /// The page that is to serve it: Semrush's `Page`, a hand-made `Cluster`.
    pub cluster: Option<String>,
    /// The pillar above the page.
    pub topic: Option<String>,
    /// The page's part: `Pillar page`, `Sub page`.
    pub page_type: Option<String>,
}

/// What could not be read of a row that is usable without it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CellNote {
    /// The column's header, or its number where there is none.
    pub column: String,
    /// The start of what the cell holds.
    pub value: String,
    pub message: &'static str,
}

impl fmt::Display for CellNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?} {}", self.column, self.value, self.message)
    }
}

/// What a file says about one keyword. Whatever its tool does not say is `None` or empty: an empty difficulty is unknown,
/// not zero.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct KeywordRow {
    /// The line of the file the row starts on, from 1.
    pub line: u64,
    /// Normalised: NFKC, white space folded, no control characters. Never empty, at most
    /// [`MAX_TEXT`](super::MAX_TEXT) characters.
    pub text: String,
    /// As the file has it, where that differs from `text`.
    pub original: Option<String>,
    /// Searches a month.
    pub volume: Option<u64>,
    /// Bounds of the searches a month, where the tool gives no single number.
    pub volume_range: Option<VolumeRange>,
    /// How hard ranking is, 0 to 100.
    pub difficulty: Option<u8>,
    /// Price of a click.
    pub cpc: Option<f64>,
    /// What advertisers bid, where the tool gives no single price.
    pub cpc_range: Option<PriceRange>,
    /// ISO 4217 code of the prices, where the file says it.
    pub currency: Option<String>,
    /// How many advertisers compete, 0 to 1. Not [`difficulty`](Self::difficulty).
    pub competition: Option<f64>,
    pub competition_level: Option<Competition>,
    /// The first intent named.
    pub intent: Option<Intent>,
    /// Further intents, in the file's order.
    pub other_intents: Vec<Intent>,
    /// Whether the phrase names a brand.
    pub branded: Option<bool>,
    /// Whether the phrase asks for something near.
    pub local: Option<bool>,
    /// The phrase the best page for this keyword ranks best for; keywords that share it share results.
    pub parent_topic: Option<String>,
    /// Country or data base of the figures, lower case: `us`, `uk`.
    pub market: Option<String>,
    pub grouping: Grouping,
    pub tags: Vec<String>,
    /// Place of the own page among the results, from 1, or the mean of such places.
    pub position: Option<f64>,
    /// The page that has this place.
    pub url: Option<String>,
    pub clicks: Option<u64>,
    pub impressions: Option<u64>,
    /// Clicks per impression, 0 to 1.
    pub ctr: Option<f64>,
    /// Visits the best page for this keyword gets.
    pub traffic_potential: Option<u64>,
    pub trend: Option<Trend>,
    /// What the results show beside links, as the tool names it.
    pub serp_features: Vec<String>,
    /// Addresses of the results.
    pub serp_urls: Vec<String>,
    pub attributes: Vec<Attribute>,
    pub status: Option<Status>,
    pub disabled: Option<bool>,
    /// What could not be read.
    pub notes: Vec<CellNote>,
}

impl KeywordRow {
    /// Searches a month, from the best figure the row has, and where it comes from.
    #[must_use]
    pub fn searches(&self) -> Option<(u64, VolumeSource)> {
        self.volume
            .map(|volume| (volume, VolumeSource::Stated))
            .or_else(|| self.volume_range.map(|range| (range.middle(), VolumeSource::Range)))
            .or_else(|| self.impressions.map(|shown| (shown, VolumeSource::Impressions)))
    }

    /// Price of a click: as stated, or the middle of what advertisers bid.
    #[must_use]
    pub fn price(&self) -> Option<f64> {
        self.cpc.or_else(|| match self.cpc_range? {
            PriceRange {
                low: Some(low),
                high: Some(high),
            } => Some(f64::midpoint(low, high)),
            PriceRange { low, high } => low.or(high),
        })
    }

    /// All intents named, the first one first.
    pub fn intents(&self) -> impl Iterator<Item = Intent> + '_ {
        self.intent.into_iter().chain(self.other_intents.iter().copied())
    }

    /// Joins what another row says about the same keyword: from the same file (tools that list rankings repeat a keyword
    /// for each page that ranks) or from another one.
    ///
    /// The better figure wins, never a sum: a stated volume beats a range beats impressions, then the higher one. Of
    /// places, the best one stays, with its page and its clicks. Impressions of one page are a lower bound of those of the
    /// site, so the most stay. Lists are united; of all else the first known stays.
    pub fn join(&mut self, other: Self) {
        if other.better_volume(self) {
            self.volume = other.volume;
            self.volume_range = other.volume_range;
            // Tools rate difficulty on scales of their own, so it stays with the volume's tool.
            self.difficulty = other.difficulty.or(self.difficulty);
            self.trend = other.trend.or(self.trend.take());
        } else {
            self.difficulty = self.difficulty.or(other.difficulty);
            self.trend = self.trend.take().or(other.trend);
        }
        if ranks_better(other.position, self.position) {
            self.position = other.position;
            self.url = other.url.or(self.url.take());
            self.clicks = other.clicks.or(self.clicks);
            self.ctr = other.ctr.or(self.ctr);
        } else {
            self.url = self.url.take().or(other.url);
            self.clicks = self.clicks.or(other.clicks);
            self.ctr = self.ctr.or(other.ctr);
        }
        self.impressions = self.impressions.max(other.impressions);
        if self.cpc.is_none() && self.cpc_range.is_none() {
            self.cpc = other.cpc;
            self.cpc_range = other.cpc_range;
            self.currency = other.currency.or(self.currency.take());
        }
        self.competition = self.competition.or(other.competition);
        self.competition_level = self.competition_level.or(other.competition_level);
        let mut intents: Vec<Intent> = self.intents().collect();
        add_missing(&mut intents, other.intent.into_iter().chain(other.other_intents));
        self.set_intents(intents);
        self.branded = self.branded.or(other.branded);
        self.local = self.local.or(other.local);
        self.parent_topic = self.parent_topic.take().or(other.parent_topic);
        self.market = self.market.take().or(other.market);
        let mine = std::mem::take(&mut self.grouping);
        self.grouping = Grouping {
            cluster: mine.cluster.or(other.grouping.cluster),
            topic: mine.topic.or(other.grouping.topic),
            page_type: mine.page_type.or(other.grouping.page_type),
        };
        self.traffic_potential = self.traffic_potential.max(other.traffic_potential);
        add_missing(&mut self.tags, other.tags);
        add_missing(&mut self.serp_features, other.serp_features);
        add_missing(&mut self.serp_urls, other.serp_urls);
        add_missing(&mut self.attributes, other.attributes);
        self.status = self.status.or(other.status);
        self.disabled = self.disabled.or(other.disabled);
        add_missing(&mut self.notes, other.notes);
    }

    /// About how many bytes of memory it takes.
    pub(super) fn size(&self) -> usize {
        let texts = [
            Some(&self.text),
            self.original.as_ref(),
            self.parent_topic.as_ref(),
            self.url.as_ref(),
            self.grouping.cluster.as_ref(),
            self.grouping.topic.as_ref(),
        ];
        let lists = [&self.tags, &self.serp_features, &self.serp_urls];
        let own = size_of::<String>();
        size_of::<Self>()
            + texts.into_iter().flatten().map(String::len).sum::<usize>()
            + lists.into_iter().flatten().map(|item| item.len() + own).sum::<usize>()
            + self.attributes.len() * 4 * own
            + self.trend.as_ref().map_or(0, |trend| trend.values.len() * 16)
    }

    pub(super) fn set_intents(&mut self, intents: Vec<Intent>) {
        let mut intents = intents.into_iter();
        self.intent = intents.next();
        self.other_intents = intents.collect();
    }

    /// Whether its volume is from a better source, or from one as good and higher.
    pub(super) fn better_volume(&self, than: &Self) -> bool {
        match (self.searches(), than.searches()) {
            (Some((mine, from)), Some((theirs, theirs_from))) => {
                from < theirs_from || (from == theirs_from && mine > theirs)
            }
            (mine, None) => mine.is_some(),
            (None, Some(_)) => false,
        }
    }
}

/// Whether a place is better than another: a lower number, or any instead of none.
fn ranks_better(place: Option<f64>, than: Option<f64>) -> bool {
    match (place, than) {
        (Some(place), Some(than)) => place < than,
        (place, None) => place.is_some(),
        (None, Some(_)) => false,
    }
}

fn add_missing<T: PartialEq>(to: &mut Vec<T>, from: impl IntoIterator<Item = T>) {
    for item in from {
        if !to.contains(&item) {
            to.push(item);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn middles_of_ranges() {
        for (low, high, middle) in [
            (10, Some(100), 31),
            (1000, Some(10_000), 3162),
            (0, Some(10), 3),
            (0, Some(0), 0),
            (1_000_000, None, 1_000_000),
            (u64::MAX, Some(u64::MAX), u64::MAX),
        ] {
            assert_eq!(VolumeRange { low, high }.middle(), middle, "{low}–{high:?}");
        }
    }

    #[test]
    fn joining_keeps_the_best_place_and_never_sums() {
        let mut row = KeywordRow {
            text: "cold brew".into(),
            volume: Some(100),
            position: Some(11.0),
            url: Some("https://a.example/2".into()),
            intent: Some(Intent::Informational),
            ..KeywordRow::default()
        };
        row.join(KeywordRow {
            text: "cold brew".into(),
            volume: Some(100),
            position: Some(4.0),
            url: Some("https://a.example/1".into()),
            intent: Some(Intent::Commercial),
            other_intents: vec![Intent::Informational],
            ..KeywordRow::default()
        });
        assert_eq!(row.volume, Some(100));
        assert_eq!(row.position, Some(4.0));
        assert_eq!(row.url.as_deref(), Some("https://a.example/1"));
        assert_eq!(
            row.intents().collect::<Vec<_>>(),
            [Intent::Informational, Intent::Commercial]
        );
    }

    #[test]
    fn a_stated_volume_beats_a_range_beats_impressions() {
        let stated = KeywordRow {
            volume: Some(10),
            difficulty: Some(1),
            ..KeywordRow::default()
        };
        let range = KeywordRow {
            volume_range: Some(VolumeRange {
                low: 1000,
                high: Some(10_000),
            }),
            difficulty: Some(2),
            ..KeywordRow::default()
        };
        let shown = KeywordRow {
            impressions: Some(9_999_999),
            ..KeywordRow::default()
        };
        let mut row = shown;
        row.join(range);
        assert_eq!(row.searches(), Some((3162, VolumeSource::Range)));
        row.join(stated);
        assert_eq!(row.searches(), Some((10, VolumeSource::Stated)));
        assert_eq!((row.difficulty, row.volume_range), (Some(1), None));
    }
}

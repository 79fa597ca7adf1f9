//! What a column may be used for.

use super::headers::Header;
use super::row::{Intent, Month};

/// What a column of a file is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Field {
    /// The phrase itself.
    Keyword,
    /// The phrase as it was before it was normalised; only in own exports.
    Original,
    /// Searches a month: a number or a range.
    Volume,
    VolumeMin,
    VolumeMax,
    Difficulty,
    Cpc,
    CpcMin,
    CpcMax,
    Currency,
    /// Competition of advertisers: a word, or 0 to 1.
    Competition,
    /// Competition of advertisers, 0 to 100.
    CompetitionIndex,
    CompetitionLevel,
    /// One or more intents, as words, letters or numbers.
    Intents,
    /// Whether the keyword has this intent.
    IntentFlag(Intent),
    Branded,
    Local,
    ParentTopic,
    Market,
    /// The page or cluster that is to serve the keyword.
    Cluster,
    /// The pillar above it.
    Topic,
    PageType,
    Tags,
    Position,
    Url,
    Clicks,
    Impressions,
    Ctr,
    TrafficPotential,
    /// A list of values, oldest first.
    Trend,
    TrendScale,
    TrendEnd,
    /// Searches in one month; a file has a column for each. The month, where the header names it.
    MonthSearches(Option<Month>),
    SerpFeatures,
    SerpUrls,
    Attributes,
    Status,
    Disabled,
}

/// The names fields are chosen by, as an own export has them, and `ignore`.
const NAMES: [(&str, Option<Field>); 42] = [
    ("keyword", Some(Field::Keyword)),
    ("volume", Some(Field::Volume)),
    ("volume_min", Some(Field::VolumeMin)),
    ("volume_max", Some(Field::VolumeMax)),
    ("difficulty", Some(Field::Difficulty)),
    ("cpc", Some(Field::Cpc)),
    ("cpc_min", Some(Field::CpcMin)),
    ("cpc_max", Some(Field::CpcMax)),
    ("currency", Some(Field::Currency)),
    ("competition", Some(Field::Competition)),
    ("competition_index", Some(Field::CompetitionIndex)),
    ("competition_level", Some(Field::CompetitionLevel)),
    ("intents", Some(Field::Intents)),
    ("informational", Some(Field::IntentFlag(Intent::Informational))),
    ("commercial", Some(Field::IntentFlag(Intent::Commercial))),
    ("transactional", Some(Field::IntentFlag(Intent::Transactional))),
    ("navigational", Some(Field::IntentFlag(Intent::Navigational))),
    ("branded", Some(Field::Branded)),
    ("local", Some(Field::Local)),
    ("parent_topic", Some(Field::ParentTopic)),
    ("market", Some(Field::Market)),
    ("cluster", Some(Field::Cluster)),
    ("topic", Some(Field::Topic)),
    ("page_type", Some(Field::PageType)),
    ("tags", Some(Field::Tags)),
    ("attributes", Some(Field::Attributes)),
    ("status", Some(Field::Status)),
    ("disabled", Some(Field::Disabled)),
    ("position", Some(Field::Position)),
    ("url", Some(Field::Url)),
    ("clicks", Some(Field::Clicks)),
    ("impressions", Some(Field::Impressions)),
    ("ctr", Some(Field::Ctr)),
    ("traffic_potential", Some(Field::TrafficPotential)),
    ("trend", Some(Field::Trend)),
    ("trend_scale", Some(Field::TrendScale)),
    ("trend_end", Some(Field::TrendEnd)),
    ("month_searches", Some(Field::MonthSearches(None))),
    ("serp_features", Some(Field::SerpFeatures)),
    ("serp_urls", Some(Field::SerpUrls)),
    ("original", Some(Field::Original)),
    ("ignore", None),
];

impl Field {
    /// The field of a name a person chooses it by: one of [`names`](Self::names), or any header that is known for it.
    /// `Some(None)` is `ignore`.
    pub(super) fn named(name: &str) -> Option<Option<Self>> {
        let name = name.trim();
        NAMES
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, field)| *field)
            // `Searches: May 2025` is rather a name with a colon in it.
            .or_else(|| Header::read(name).field().filter(|field| !field.repeats()).map(Some))
    }

    /// The names fields are chosen by, for people.
    pub(super) fn names() -> String {
        NAMES.map(|(name, _)| name).join(", ")
    }

    /// For people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Keyword => "keyword",
            Self::Original => "keyword as first written",
            Self::Volume => "searches a month",
            Self::VolumeMin => "searches a month, from",
            Self::VolumeMax => "searches a month, to",
            Self::Difficulty => "difficulty",
            Self::Cpc => "price of a click",
            Self::CpcMin => "price of a click, from",
            Self::CpcMax => "price of a click, to",
            Self::Currency => "currency",
            Self::Competition => "competition of advertisers",
            Self::CompetitionIndex => "competition of advertisers, 0 to 100",
            Self::CompetitionLevel => "competition of advertisers, in words",
            Self::Intents => "intent",
            Self::IntentFlag(Intent::Informational) => "intent is informational",
            Self::IntentFlag(Intent::Commercial) => "intent is commercial",
            Self::IntentFlag(Intent::Transactional) => "intent is transactional",
            Self::IntentFlag(Intent::Navigational) => "intent is navigational",
            Self::Branded => "names a brand",
            Self::Local => "asks for something near",
            Self::ParentTopic => "parent topic",
            Self::Market => "market",
            Self::Cluster => "cluster",
            Self::Topic => "topic",
            Self::PageType => "kind of page",
            Self::Tags => "tags",
            Self::Position => "position",
            Self::Url => "address of the page that ranks",
            Self::Clicks => "clicks",
            Self::Impressions => "impressions",
            Self::Ctr => "clicks per impression",
            Self::TrafficPotential => "traffic potential",
            Self::Trend => "trend",
            Self::TrendScale => "scale of the trend",
            Self::TrendEnd => "last month of the trend",
            Self::MonthSearches(_) => "searches in a month",
            Self::SerpFeatures => "features of the results",
            Self::SerpUrls => "addresses of the results",
            Self::Attributes => "attributes",
            Self::Status => "status",
            Self::Disabled => "disabled",
        }
    }

    /// Whether two columns may have it: one for each month.
    pub(super) const fn repeats(self) -> bool {
        matches!(self, Self::MonthSearches(_))
    }

    /// Whether cells hold numbers with decimals, which tell the file's decimal mark.
    pub(super) const fn has_decimals(self) -> bool {
        matches!(
            self,
            Self::Cpc | Self::CpcMin | Self::CpcMax | Self::Competition | Self::Position | Self::Ctr | Self::Difficulty
        )
    }

    /// Whether cells are numbers: such a column's header is not one.
    pub(super) const fn is_number(self) -> bool {
        self.has_decimals()
            || matches!(
                self,
                Self::Volume
                    | Self::VolumeMin
                    | Self::VolumeMax
                    | Self::CompetitionIndex
                    | Self::Clicks
                    | Self::Impressions
                    | Self::TrafficPotential
                    | Self::MonthSearches(_)
            )
    }
}

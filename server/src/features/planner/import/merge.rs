//! What a row of a file does to a keyword.

use igny8_planner::keyword_file::{self, KeywordRow, TrendScale, VolumeSource as From};

use crate::features::planner::model::{
    Attribute, Intent, Keyword, KeywordStatus, MAX_ATTRIBUTES, MAX_MONTHS, MAX_SERP_FEATURES, MAX_SERP_URLS,
    SearchData, SearchTrend, SearchTrendScale, VolumeSource, is_address, text_key,
};

/// Gives a keyword the file's figures; what the file does not say stays. True when something changed.
pub fn figures(row: &KeywordRow, keyword: &mut Keyword) -> bool {
    let before = keyword.clone();
    if let Some((volume, from)) = row.searches() {
        let from = match from {
            From::Stated => VolumeSource::Stated,
            From::Range => VolumeSource::Range,
            From::Impressions => VolumeSource::Impressions,
        };
        // Impressions of the own site do not replace what a tool states.
        if keyword.known_volume().is_none_or(|known| from >= known) {
            keyword.volume = number(volume);
            keyword.volume_source = Some(from);
            let range = row.volume_range.filter(|_| from == VolumeSource::Range);
            keyword.volume_min = range.map(|range| number(range.low));
            keyword.volume_max = range.and_then(|range| range.high).map(number);
        }
    }
    if let Some(difficulty) = row.difficulty {
        keyword.difficulty = Some(i64::from(difficulty));
    }
    if let Some(price) = row.price() {
        // The middle of a range has no more digits than money.
        let stated = row.cpc.is_some();
        keyword.cpc = Some(if stated {
            price
        } else {
            (price * 10_000.0).round() / 10_000.0
        });
    }
    if let Some(intent) = row.intent {
        keyword.intent = Some(self::intent(intent));
    }
    if let Some(topic) = &row.parent_topic {
        // Normalised before it is cut off, so that what was stored is what comes back.
        let topic: String = keyword_file::normalise(topic)
            .chars()
            .take(keyword_file::MAX_TEXT)
            .collect();
        keyword.set_parent_topic(Some(topic));
    }
    let urls = row.serp_urls.iter().filter(|url| is_address(url)).take(MAX_SERP_URLS);
    let urls: Vec<String> = urls.cloned().collect();
    if !urls.is_empty() {
        keyword.serp_urls = urls;
    }
    for attribute in &row.attributes {
        let (name, value) = (text_key(&attribute.name), text_key(&attribute.value));
        let known = |have: &Attribute| text_key(&have.name) == name && text_key(&have.value) == value;
        let fits = (1..=100).contains(&attribute.name.chars().count()) && attribute.value.chars().count() <= 500;
        if fits && keyword.attributes.len() < MAX_ATTRIBUTES && !keyword.attributes.iter().any(known) {
            keyword.attributes.push(Attribute {
                name: attribute.name.clone(),
                value: attribute.value.clone(),
            });
        }
    }
    keyword.search_data = search_data(row, keyword.search_data.take());
    differs(&before, keyword)
}

/// What a row says of the results; what it does not say stays.
fn search_data(row: &KeywordRow, known: Option<SearchData>) -> Option<SearchData> {
    fn set<T>(to: &mut Option<T>, from: Option<T>) {
        if from.is_some() {
            *to = from;
        }
    }
    let mut data = known.unwrap_or_default();
    let text = |text: &Option<String>, most: usize| text.as_ref().filter(|t| t.chars().count() <= most).cloned();
    set(&mut data.position, row.position);
    set(&mut data.url, row.url.clone().filter(|url| is_address(url)));
    set(&mut data.clicks, row.clicks.map(number));
    set(&mut data.impressions, row.impressions.map(number));
    set(&mut data.ctr, row.ctr);
    set(&mut data.traffic_potential, row.traffic_potential.map(number));
    set(&mut data.competition, row.competition);
    set(&mut data.market, text(&row.market, 20));
    set(&mut data.currency, text(&row.currency, 3));
    let trend = row.trend.as_ref().map(|trend| SearchTrend {
        scale: match trend.scale {
            TrendScale::Searches => SearchTrendScale::Searches,
            TrendScale::Relative => SearchTrendScale::Relative,
        },
        values: trend.values[trend.values.len().saturating_sub(MAX_MONTHS)..].to_vec(),
        end: trend.end.map(|month| month.to_string()),
    });
    set(&mut data.trend, trend);
    let features = row.serp_features.iter().filter(|name| name.chars().count() <= 100);
    let features: Vec<String> = features.take(MAX_SERP_FEATURES).cloned().collect();
    if !features.is_empty() {
        data.serp_features = features;
    }
    (data != SearchData::default()).then_some(data)
}

fn differs(a: &Keyword, b: &Keyword) -> bool {
    (a.volume, a.volume_source, a.volume_min, a.volume_max) != (b.volume, b.volume_source, b.volume_min, b.volume_max)
        || (a.difficulty, a.cpc, a.intent) != (b.difficulty, b.cpc, b.intent)
        || (&a.parent_topic, &a.serp_urls, &a.attributes) != (&b.parent_topic, &b.serp_urls, &b.attributes)
        || a.search_data != b.search_data
}

/// What only a new keyword takes from a file: later, people decide.
pub fn state(row: &KeywordRow, keyword: &mut Keyword) {
    keyword.disabled = row.disabled.unwrap_or(false);
    if row.status == Some(keyword_file::Status::Used) {
        keyword.status = KeywordStatus::Used;
    }
}

pub const fn intent(intent: keyword_file::Intent) -> Intent {
    match intent {
        keyword_file::Intent::Informational => Intent::Informational,
        keyword_file::Intent::Commercial => Intent::Commercial,
        keyword_file::Intent::Transactional => Intent::Transactional,
        keyword_file::Intent::Navigational => Intent::Navigational,
    }
}

fn number(n: u64) -> i64 {
    i64::try_from(n.min(keyword_file::MAX_VOLUME)).unwrap_or(i64::MAX)
}

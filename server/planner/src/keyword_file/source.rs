//! Which tool wrote a file, by its headers.

use super::export;
use super::field::Field;
use super::format::Source;
use super::header_names::SEARCH_CONSOLE_QUERIES;
use super::headers::{Header, header_key};

/// The tool that writes these headers.
pub(super) fn of(headers: &[Header]) -> Source {
    let has = |name: &str| headers.iter().any(|header| header.name == name);
    let has_field = |field: Field| headers.iter().any(|header| header.field() == Some(field));
    let starts = |start: &str| headers.iter().any(|header| header.name.starts_with(start));
    let months = headers
        .iter()
        .any(|header| matches!(header.field(), Some(Field::MonthSearches(_))));

    if export::OWN_HEADERS.iter().filter(|own| has(&header_key(own))).count() >= 3 {
        Source::Igny8
    } else if months
        || has("avg monthly searches") && (has("competition") || has("currency"))
        || has("competition (indexed value)")
        || has("min search volume") && has("max search volume")
        || has_field(Field::CpcMin) && has_field(Field::CompetitionIndex)
    {
        Source::GoogleKeywordPlanner
    } else if has("seed keyword") && (has("database") || has("page type") || has("click potential")) {
        Source::SemrushStrategyBuilder
    } else if has("position type") || has("serp features by keyword") {
        Source::SemrushOrganicPositions
    } else if has("keyword difficulty index") {
        Source::SemrushApi
    } else if has("current position") || has("current url") || has("current organic traffic") {
        Source::AhrefsSiteExplorer
    } else if has("cps") || has("parent keyword") || has("global volume") || has("parent topic") && has("difficulty") {
        Source::AhrefsKeywordsExplorer
    } else if has("competitive density")
        || has("keyword difficulty") && starts("cpc (") && (has("serp features") || has("intent"))
    {
        Source::SemrushKeywordMagic
    } else if has("paid difficulty") || has("off page difficulty") || has("pd") && has("sd") {
        Source::Ubersuggest
    } else if has("priority") && (has("organic ctr") || has("difficulty"))
        || has("organic ctr")
        || has("date analyzed")
        || has("volume range")
    {
        Source::Moz
    } else if headers
        .iter()
        .any(|header| SEARCH_CONSOLE_QUERIES.contains(&header.name.as_str()))
        || has_field(Field::Clicks) && has_field(Field::Impressions)
    {
        Source::GoogleSearchConsole
    } else if headers.iter().filter(|header| !header.name.is_empty()).count() <= 1 {
        Source::List
    } else {
        Source::Table
    }
}

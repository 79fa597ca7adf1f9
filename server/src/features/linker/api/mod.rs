//! `/sites/{site}/links` and `/sites/{site}/content/{content}/links`.

mod bulk;
mod content;
mod findings;
mod links;
mod map;
mod objects;
mod report;

use poem_openapi::OpenApi;

/// Every operation about links.
pub fn apis() -> impl OpenApi + 'static {
    (
        report::ReportApi,
        map::MapApi,
        links::LinksApi,
        content::ContentLinksApi,
        bulk::BulkApi,
    )
}

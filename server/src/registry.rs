//! The lists of what the product is made of. The only file that names every feature.

use poem_openapi::OpenApi;

use crate::features;

/// Every operation of the API, by feature.
pub fn apis() -> impl OpenApi + 'static {
    (
        features::sites::api::SitesApi,
        features::sites::api::SectorsApi,
        features::taxonomy::api::TermsApi,
        features::planner::api::KeywordsApi,
        features::planner::api::ClustersApi,
        features::content::api::ContentApi,
        features::content::api::StatusApi,
        features::content::api::BulkApi,
        features::content::api::RevisionsApi,
    )
}

//! Operations on sites and sectors.

mod industries;
mod sectors;
mod settings;
mod sites;

use industries::IndustriesApi;
use sectors::SectorsApi;
use settings::SiteSettingsApi;
use sites::SitesApi;

/// Every operation of this feature.
pub fn apis() -> impl poem_openapi::OpenApi + 'static {
    (
        SitesApi,
        SiteSettingsApi,
        SectorsApi,
        IndustriesApi,
        super::domains::DomainsApi,
    )
}

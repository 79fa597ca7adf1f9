//! Operations on sites and sectors.

mod sectors;
mod sites;

pub use sectors::SectorsApi;
pub use sites::SitesApi;

//! The lists of what the product is made of. The only file that names every feature.

use poem_openapi::OpenApi;

use crate::features;

/// Every operation of the API, by feature.
pub fn apis() -> impl OpenApi + 'static {
    features::sites::api::apis()
}

//! Operations on credits.

mod billing;
mod system;

/// Every operation of this feature.
pub fn apis() -> impl poem_openapi::OpenApi + 'static {
    (billing::BillingApi, system::SystemApi)
}

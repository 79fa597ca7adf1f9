//! `/webhooks` and `/webhook-deliveries`.

mod deliveries;
mod endpoints;
mod objects;

pub use deliveries::DeliveriesApi;
pub use endpoints::WebhooksApi;

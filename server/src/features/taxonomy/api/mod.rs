//! `/sites/{site}/terms`.

mod objects;
mod terms;

pub use terms::TermsApi;

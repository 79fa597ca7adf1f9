//! Host names of sites: claimed ([`api`]), proven to be the account's ([`proof`]), looked at again ([`keep`]), and served once they are
//! verified ([`crate::visitors`]).
//!
//! **Invariants.** A name is verified for one site of the installation at most, by a unique index; a claim without a proof stands in
//! nobody's way, and whoever proves a name gets it from a site that cannot prove it any more. `site.domain` is the name of the verified
//! domain that is the site's own address; the others lead there.

mod api;
mod certificates;
mod dns;
mod keep;
mod model;
pub mod name;
pub mod proof;

pub use api::{DomainsApi, is_verified, named};
pub use certificates::{PATH as ASK, ask};
pub use dns::{Dns, DnsServer};
pub use keep::{check_due, claim_as_operator, job};
pub use model::{Domain, DomainId, DomainProof, DomainStatus};
pub use proof::Prover;

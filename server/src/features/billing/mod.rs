//! Credits: what accounts have, what things cost, what was spent on what.
//!
//! Two pools: plan credits are set anew at each renewal, bonus credits stay; plan credits are spent first. Every change of
//! a pool is a row of the ledger in the same transaction ([`ledger`]), so the ledger sums to the balance. A cause (a job,
//! a purchase) has a reference that is unique in its account: whatever happens, it takes or gives once.

pub mod api;
pub mod ledger;
pub mod limits;
pub mod model;
pub mod plans;
pub mod prices;
mod renewal;

pub use ledger::{Spend, Used, not_enough, open, spend, used};
pub use limits::Limits;
pub use renewal::renew;

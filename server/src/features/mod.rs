//! What the product does, a folder for each feature: `model` (rows and rules), `api` (operations), jobs.

pub mod media;
pub mod publishing;
pub mod sites;

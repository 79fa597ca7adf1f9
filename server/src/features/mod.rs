//! What the product does, a folder for each feature: `model` (rows and rules), `api` (operations), jobs.

pub mod accounts;
pub mod billing;
pub mod builder;
pub mod content;
pub mod destinations;
pub mod editorial;
pub mod folders;
pub mod forms;
pub mod images;
pub mod integrations;
pub mod linker;
pub mod media;
pub mod optimizer;
pub mod planner;
pub mod publishing;
pub mod schedules;
pub mod sites;
pub mod taxonomy;
pub mod webhooks;
pub mod writer;

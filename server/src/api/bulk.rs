//! Actions on many things at once: each has a result of its own.

use poem_openapi::Object;

use super::error::{FieldError, Result};

/// What a bulk action did to one thing.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none, skip_serializing_if_is_empty)]
pub struct BulkResult {
    pub id: String,
    pub ok: bool,
    /// The problem's code when it failed.
    pub code: Option<String>,
    /// The problem in words.
    pub detail: Option<String>,
    #[oai(default)]
    pub errors: Vec<FieldError>,
}

/// What a bulk action did, thing by thing.
#[derive(Debug, Object)]
pub struct Bulk {
    /// Things it was done to.
    pub done: u32,
    /// Things it was not done to.
    pub failed: u32,
    /// In the order of the request.
    pub results: Vec<BulkResult>,
}

impl Bulk {
    pub fn new() -> Self {
        Self {
            done: 0,
            failed: 0,
            results: Vec::new(),
        }
    }

    /// Adds one thing's result.
    pub fn push(&mut self, id: impl std::fmt::Display, result: Result<()>) {
        let mut entry = BulkResult {
            id: id.to_string(),
            ok: result.is_ok(),
            code: None,
            detail: None,
            errors: Vec::new(),
        };
        match result {
            Ok(()) => self.done += 1,
            Err(error) => {
                self.failed += 1;
                let problem = error.into_problem();
                entry.code = Some(problem.code);
                entry.detail = Some(problem.detail);
                entry.errors = problem.errors;
            }
        }
        self.results.push(entry);
    }
}

impl Default for Bulk {
    fn default() -> Self {
        Self::new()
    }
}

/// Each id once, in the order they came.
pub fn distinct<K: Copy + Eq + std::hash::Hash>(ids: &[K]) -> Vec<K> {
    let mut seen = std::collections::HashSet::new();
    ids.iter().copied().filter(|id| seen.insert(*id)).collect()
}

//! Versions of a row: `ETag` out, `If-Match` in.

use super::error::{Error, Result};

/// The ETag of a revision.
pub fn of(rev: i64) -> String {
    format!("\"{rev}\"")
}

/// The revision that a request's `If-Match` names.
///
/// # Errors
/// 428 without the header, 412 with one that was never an ETag of ours.
pub fn expected(if_match: Option<&str>) -> Result<i64> {
    let text = if_match.ok_or_else(Error::if_match_missing)?;
    text.trim()
        .trim_start_matches("W/")
        .trim_matches('"')
        .parse()
        .map_err(|_| Error::stale(None))
}

/// Refuses with 412 (and the present ETag) unless the request was made for the present revision.
///
/// # Errors
/// As [`expected`], and 412 when the row has moved on.
pub fn check(if_match: Option<&str>, current: i64) -> Result<()> {
    if expected(if_match)? == current {
        Ok(())
    } else {
        Err(Error::stale(Some(current)))
    }
}

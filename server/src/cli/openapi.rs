//! `igny8 openapi`: print the description of the API; needs no configuration and no database.

use std::io::Write as _;
use std::process::ExitCode;

pub fn run() -> ExitCode {
    match std::io::stdout().write_all(crate::api::description::text().as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

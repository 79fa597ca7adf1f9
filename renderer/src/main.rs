//! `igny8-render`: a folder of Markdown or a snapshot in, a site out; no server, no database.
#![forbid(unsafe_code)]

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}

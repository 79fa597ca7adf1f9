//! `igny8`: parse the command, hand over.

use std::process::ExitCode;

fn main() -> ExitCode {
    igny8_server::cli::run()
}

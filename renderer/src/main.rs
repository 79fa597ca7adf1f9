//! `igny8-render`: a folder of Markdown or a snapshot in, a site out; no server, no database.
#![forbid(unsafe_code)]

mod cli;

use std::process::ExitCode;

/// Rendering is many small allocations on several threads at once, which the system's allocator is slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run()
}

//! `igny8`: parse the command, hand over.

use std::process::ExitCode;

/// SurrealDB allocates for every field of every row: with this one a batch of inserts takes a fifth less time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    igny8_server::cli::run()
}

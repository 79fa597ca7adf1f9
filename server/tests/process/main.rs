//! The real binary as a process: started, killed, started again.

#![expect(clippy::disallowed_methods, reason = "tests call the server they started")]

mod client;
mod commands;
mod crash;
mod durable;
mod installation;
mod jobs;
mod keywords;
mod remote;

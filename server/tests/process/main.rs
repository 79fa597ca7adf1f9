//! The real binary as a process: started, killed, started again.

mod client;
mod crash;
mod installation;
mod keywords;

//! The real binary as a process: started, killed, started again.

mod crash;
mod installation;

//! IGNY8 server.

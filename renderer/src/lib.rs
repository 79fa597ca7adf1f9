//! IGNY8 renderer: a site snapshot and a theme in, files out.

pub mod folder;
pub mod site;

//! IGNY8 renderer: a site snapshot and a theme in, files out.
//!
//! [`render_to`] is pure: no IO, no clock, no randomness; the same snapshot and theme give the same bytes, in whatever order the
//! snapshot lists its pages. Only the edges touch the disk: [`release`] writes a release, the binary reads and writes folders.
//!
//! In the order of a render: `plan` decides every address, `prepare` makes the values that templates share, `render` runs one
//! job per file, [`markdown`] makes bodies.
#![forbid(unsafe_code)]

pub mod address;
pub mod blocks;
mod bodies;
pub mod check;
pub mod colour;
pub mod diagnostic;
mod feeds;
pub mod folder;
mod highlight;
pub mod images;
mod llms;
pub mod locale;
pub mod markdown;
pub mod output;
pub mod paths;
mod plan;
mod prepare;
mod redirect_files;
mod related;
pub mod release;
mod render;
mod robots;
mod search;
mod seo;
pub mod share_image;
pub mod site;
mod sitemap;
pub mod theme;
mod xml;

pub use bodies::Bodies;
pub use diagnostic::{Diagnostic, Severity};
pub use output::{FileKind, MemorySink, OutFile, Rendered, Report, Sink};
pub use site::Site;
pub use theme::{Theme, ThemeError};

/// Renders `site` and hands each finished file to `sink`, so that bodies need not be held together.
///
/// Runs on the rayon pool that is current; call it inside `ThreadPool::install` to choose the number of threads.
pub fn render_to(site: &Site, theme: &Theme, sink: &dyn Sink) -> Report {
    render::render_to(site, &bodies::InPages, theme, sink)
}

/// [`render_to`] for a site whose texts are not all in its pages.
pub fn render_with(site: &Site, bodies: &dyn Bodies, theme: &Theme, sink: &dyn Sink) -> Report {
    render::render_to(site, bodies, theme, sink)
}

/// Renders `site` into memory.
pub fn render(site: &Site, theme: &Theme) -> Rendered {
    let sink = MemorySink::default();
    let report = render_to(site, theme, &sink);
    Rendered {
        files: sink.into_files(),
        report,
    }
}

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
pub mod forms;
mod highlight;
pub mod images;
mod incremental;
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
mod tables;
pub mod theme;
mod xml;

use std::sync::Arc;

pub use bodies::Bodies;
pub use diagnostic::{Diagnostic, Place, Severity};
pub use incremental::Memo;
pub use output::{FileKind, MadeFile, MemorySink, OutFile, Rendered, Report, Sink};
pub use site::Site;
pub use theme::{Theme, ThemeError};

/// Renders `site` and hands each finished file to `sink`, so that bodies need not be held together.
///
/// Runs on the rayon pool that is current; call it inside `ThreadPool::install` to choose the number of threads.
pub fn render_to(site: &Site, theme: &Theme, sink: &dyn Sink) -> Report {
    render::render_to(site, &bodies::InPages, theme, sink, Default::default())
}

/// [`render_to`] for a site that was rendered before with the same memo: only files that can have changed are made, the sink is
/// asked to keep the others ([`Sink::keeps`]). The files are those of [`render_to`], byte for byte. A memo that is new, or of another
/// site, costs time and nothing else; after a render that the sink ended early it stays as it was.
pub fn render_again(site: &Arc<Site>, theme: &Theme, sink: &dyn Sink, memo: &mut Memo) -> Report {
    render::render_again(site, theme, sink, memo, true)
}

/// [`render_again`] for visitors who wait: what only a look at all pages shows is left to [`review`] where that can be
/// ([`Report::unreviewed`]), and the search index of a large site to the next [`render_again`] ([`Report::behind`]).
pub fn render_again_unreviewed(site: &Arc<Site>, theme: &Theme, sink: &dyn Sink, memo: &mut Memo) -> Report {
    render::render_again(site, theme, sink, memo, false)
}

/// Adds what [`render_again_unreviewed`] left out of its report: all findings, as [`render_again`] has them. `memo` is as it left it.
pub fn review(memo: &mut Memo, theme: &Theme, report: &mut Report) {
    render::review(memo, theme, report);
}

/// [`render_again`] for a site whose texts are not all in its pages.
pub fn render_again_with(site: &Site, bodies: &dyn Bodies, theme: &Theme, sink: &dyn Sink, memo: &mut Memo) -> Report {
    render::render_to(site, bodies, theme, sink, render::How::Again(memo))
}

/// [`render_to`] for a site whose texts are not all in its pages.
pub fn render_with(site: &Site, bodies: &dyn Bodies, theme: &Theme, sink: &dyn Sink) -> Report {
    render::render_to(site, bodies, theme, sink, Default::default())
}

/// Renders what stands at a site path of `site` (`/blog/x/`, `/assets/style.3f9a1c2b.css`), if anything does, with what is made along
/// with it and the theme's files, which every page needs: files by their paths ([`paths::file_of`]). For previews: the rest of the
/// site is looked at, but not made.
pub fn render_part(site: &Site, theme: &Theme, path: &str) -> std::collections::BTreeMap<String, OutFile> {
    let sink = MemorySink::default();
    render::render_to(site, &bodies::InPages, theme, &sink, render::How::Only(path));
    sink.into_files()
}

/// [`render_part`], the one file alone.
pub fn render_one(site: &Site, theme: &Theme, path: &str) -> Option<OutFile> {
    render_part(site, theme, path).remove(&paths::file_of(path))
}

/// Addresses of `site` behind which visitors find something to read: pages, archives, lists that are not empty. Nothing is rendered.
pub fn addresses(site: &Site) -> std::collections::HashSet<String> {
    let address =
        address::Address::new(&site.settings.base_url).or_else(|_| address::Address::new("https://site.invalid"));
    match address {
        Ok(address) => plan::Plan::new(site, &bodies::InPages, address, &[], &mut Vec::new()).readable(),
        Err(_) => Default::default(),
    }
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

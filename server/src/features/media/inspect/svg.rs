//! SVG without what could act: the renderer cleans drawings by the same list when it writes a release.

pub use igny8_renderer::images::svg::{looks_like_svg, sanitise};

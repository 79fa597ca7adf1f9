//! Pictures in sizes that fit the reader's screen.
//!
//! [`ImageCache::prepare`] looks at the images that a site mentions, makes smaller forms of them where they are not in the cache yet, and
//! writes into each [`Media`] what there is ([`Media::variants`]) or what is wrong ([`Media::problem`]). That is data of the
//! snapshot like any other, so rendering stays pure: markup names a variant only if it exists. [`ImageCache::source`] then
//! lends the files to whoever writes the release.

mod cache;
mod encode;
mod facts;
pub(crate) mod markup;
mod mentioned;
pub(crate) mod sizes;
pub mod svg;

use serde::{Deserialize, Serialize};

pub use cache::{CachedMedia, ImageCache, Prepared, ShareSink};
pub use encode::MAX_PIXELS;

use crate::site::Media;

/// Widths that images are made in, in pixels, beside their own. Steps of at least a third, since smaller ones save a reader little.
pub const WIDTHS: [u32; 7] = [320, 480, 640, 960, 1280, 1920, 2560];

/// No variant is wider; an image that is, is offered in this width and not in its own.
pub const WIDEST: u32 = 2560;

/// Images narrower than this are icons: other sizes of them would save nothing.
const NARROWEST: u32 = 64;

/// Where variants lie on the site.
pub(crate) const FOLDER: &str = "/assets/img/";

/// How a variant is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImageFormat {
    Jpeg,
    Png,
    Webp,
}

impl ImageFormat {
    /// The ending of its files.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Webp => "webp",
        }
    }

    /// Its MIME type.
    pub fn mime(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
        }
    }

    /// The format of that MIME type, if variants are made of such files.
    pub fn of_mime(mime: &str) -> Option<Self> {
        match mime {
            "image/jpeg" => Some(Self::Jpeg),
            "image/png" => Some(Self::Png),
            "image/webp" => Some(Self::Webp),
            _ => None,
        }
    }
}

/// One further form of an image, without its metadata.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    pub format: ImageFormat,
    /// Pixels.
    pub width: u32,
    pub height: u32,
    /// Length of the file.
    pub bytes: u64,
    /// Where visitors find it: `/assets/img/kettle-640.3f9a….webp`. The name carries a hash of what it was made from.
    pub path: String,
    /// What [`CachedMedia`] knows it by.
    pub source: String,
}

/// What is wrong with a media file.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "why", rename_all = "snake_case")]
pub enum MediaProblem {
    /// There is no such file, or it cannot be read; a drawing (SVG) that cannot be cleaned is left out like one.
    Missing(String),
    /// It is damaged, and goes out as it is.
    Broken(String),
    /// It is whole, but no variants can be made of it, and why.
    Untouched(String),
}

/// The widths that an image of so many pixels is made in, its own last; none for icons. Never wider than the image, and without
/// those that are nearly its own.
pub fn ladder(width: u32) -> Vec<u32> {
    if width < NARROWEST {
        return Vec::new();
    }
    let own = width.min(WIDEST);
    let below = WIDTHS.into_iter().filter(|w| u64::from(*w) * 10 <= u64::from(own) * 9);
    below.chain([own]).collect()
}

/// The height that keeps the shape of an image of `own` pixels at `width`.
pub(crate) fn height_at(width: u32, own: (u32, u32)) -> u32 {
    let exact = u64::from(width) * u64::from(own.1) * 2 + u64::from(own.0);
    u32::try_from(exact / (u64::from(own.0.max(1)) * 2))
        .unwrap_or(u32::MAX)
        .max(1)
}

/// What belongs beside the pages: media whose files are there, and their variants.
pub(crate) fn released<'m>(media: impl Iterator<Item = &'m Media>) -> Vec<Media> {
    let mut all: Vec<Media> = media
        .filter(|m| !matches!(m.problem, Some(MediaProblem::Missing(_))))
        .cloned()
        .collect();
    let variants: Vec<Media> = all.iter().flat_map(of_variants).collect();
    all.extend(variants);
    // Files of the site come before variants of the same address; two images of one content and name share their variants.
    all.sort_by(|a, b| (&a.path, cache::is_own(a), &a.source).cmp(&(&b.path, cache::is_own(b), &b.source)));
    all.dedup_by(|b, a| a.path == b.path && cache::is_own(b));
    all
}

/// The files of an image's variants, as media.
fn of_variants(media: &Media) -> impl Iterator<Item = Media> + '_ {
    media.variants.iter().map(|v| Media {
        path: v.path.clone(),
        source: v.source.clone(),
        mime: v.format.mime().to_owned(),
        width: Some(v.width),
        height: Some(v.height),
        alt: String::new(),
        bytes: v.bytes,
        variants: Vec::new(),
        problem: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ladders_end_with_the_images_own_width() {
        let cases: [(u32, &[u32]); 8] = [
            (0, &[]),
            (63, &[]),
            (64, &[64]),
            (340, &[340]),
            (700, &[320, 480, 700]),
            (1300, &[320, 480, 640, 960, 1300]),
            (2000, &[320, 480, 640, 960, 1280, 2000]),
            (6000, &[320, 480, 640, 960, 1280, 1920, 2560]),
        ];
        for (own, want) in cases {
            assert_eq!(ladder(own), want, "{own}");
        }
    }

    #[test]
    fn heights_are_rounded_and_never_nothing() {
        for (width, own, want) in [
            (320, (640, 480), 240),
            (320, (1000, 333), 107),
            (320, (9000, 1), 1),
            (1, (0, 5), 5),
        ] {
            assert_eq!(height_at(width, own), want, "{width} of {own:?}");
        }
    }
}

//! The one place where markup of images is decided: which files a browser may choose from.

use std::fmt::Write as _;

use crate::address::Address;
use crate::diagnostic::Diagnostic;
use crate::images::{ImageFormat, MediaProblem, WIDEST};
use crate::output::{IMAGE_BROKEN, MEDIA_MISSING};
use crate::site::Media;

/// Widths around which a card of another site (Open Graph) shows an image well.
const CARD: u32 = 1200;
/// Where no `srcset` is understood, this is wide enough.
const FALLBACK: u32 = 1280;

/// The files that an image is offered in.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Choice {
    /// For `src`.
    pub src: Option<String>,
    /// For `srcset` of `img`, in the image's own format; empty where there is one file only.
    pub srcset: String,
    /// For `srcset` of the WebP `source`; empty where there is none.
    pub webp: String,
    /// What cards elsewhere show: path and size.
    pub card: Option<(String, u32, u32)>,
}

/// What is wrong with the file of an image that the page at `page` shows.
pub(crate) fn finding(media: &Media, page: &str) -> Option<Diagnostic> {
    let path = &media.path;
    Some(match media.problem.as_ref()? {
        MediaProblem::Missing(why) => Diagnostic::error(
            page,
            MEDIA_MISSING,
            format!("the file of the image {path} cannot be used ({why}); its description is shown instead"),
        ),
        MediaProblem::Broken(why) => Diagnostic::error(
            page,
            IMAGE_BROKEN,
            format!("the image {path} is damaged ({why}); it goes out as it is"),
        ),
        MediaProblem::Untouched(why) => Diagnostic::warning(
            page,
            "image-untouched",
            format!("the image {path} is not offered in smaller sizes: {why}"),
        ),
    })
}

/// What `media` is offered in. Nothing to choose from where it has no variants.
pub(crate) fn choice(media: &Media, address: &Address) -> Choice {
    let (Some(width), Some(height)) = (media.width, media.height) else {
        return Choice::default();
    };
    if media.variants.is_empty() {
        return Choice::default();
    }
    let own = ImageFormat::of_mime(&media.mime);
    let mut plain: Vec<(u32, u32, &str)> = Vec::new();
    let mut webp: Vec<(u32, &str)> = Vec::new();
    for v in &media.variants {
        if Some(v.format) == own {
            plain.push((v.width, v.height, &v.path));
        } else if v.format == ImageFormat::Webp {
            webp.push((v.width, &v.path));
        }
    }
    // A file of many megapixels is nothing to choose, unless there is no other.
    if width <= WIDEST || plain.is_empty() {
        plain.push((width, height, &media.path));
    }
    plain.sort_unstable();
    webp.sort_unstable();
    let list = |files: &mut dyn Iterator<Item = (u32, &str)>| {
        let mut out = String::new();
        for (width, path) in files {
            if !out.is_empty() {
                out.push_str(", ");
            }
            // Addresses are percent-encoded: no spaces or commas that would end them.
            let _ = write!(out, "{} {width}w", address.href(path).replace(',', "%2C"));
        }
        out
    };
    let fallback = plain.iter().rev().find(|f| f.0 <= FALLBACK).or(plain.first());
    let card = plain.iter().find(|f| f.0 >= CARD).or(plain.last());
    Choice {
        src: fallback.map(|f| address.href(f.2)),
        card: card.map(|f| (address.href(f.2), f.0, f.1)),
        srcset: if plain.len() > 1 {
            list(&mut plain.iter().map(|f| (f.0, f.2)))
        } else {
            String::new()
        },
        webp: list(&mut webp.into_iter()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::images::Variant;

    fn media(width: u32, variants: &[(ImageFormat, u32)]) -> Media {
        Media {
            path: "/media/a b.jpg".into(),
            source: "a".into(),
            mime: "image/jpeg".into(),
            width: Some(width),
            height: Some(width / 2),
            alt: String::new(),
            bytes: 1,
            variants: variants
                .iter()
                .map(|&(format, width)| Variant {
                    format,
                    width,
                    height: width / 2,
                    bytes: 1,
                    path: format!("/assets/img/a-{width}.{}", format.extension()),
                    source: String::new(),
                })
                .collect(),
            problem: None,
        }
    }

    #[test]
    fn browsers_choose_among_what_there_is() {
        use ImageFormat::{Jpeg, Webp};
        let address = Address::new("https://example.org/s").unwrap();
        let of = |width, variants: &[(ImageFormat, u32)]| choice(&media(width, variants), &address);
        assert_eq!(of(800, &[]), Choice::default());
        let small = of(800, &[(Jpeg, 320), (Webp, 320), (Webp, 800)]);
        assert_eq!(small.srcset, "/s/assets/img/a-320.jpg 320w, /s/media/a%20b.jpg 800w");
        assert_eq!(
            small.webp,
            "/s/assets/img/a-320.webp 320w, /s/assets/img/a-800.webp 800w"
        );
        assert_eq!(small.src.as_deref(), Some("/s/media/a%20b.jpg"));
        // Only in WebP: the file itself is the one fallback.
        let bare = of(800, &[(Webp, 800)]);
        assert_eq!(
            (bare.srcset.as_str(), bare.src.as_deref()),
            ("", Some("/s/media/a%20b.jpg"))
        );
        // A huge file is not offered, and cards get one of their size.
        let huge = of(6000, &[(Jpeg, 960), (Jpeg, 1280), (Jpeg, 2560)]);
        assert!(!huge.srcset.contains("media"));
        assert_eq!(huge.src.as_deref(), Some("/s/assets/img/a-1280.jpg"));
        assert_eq!(huge.card, Some(("/s/assets/img/a-1280.jpg".into(), 1280, 640)));
    }
}

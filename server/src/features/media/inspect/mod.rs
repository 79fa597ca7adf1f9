//! What an upload is: found in its bytes, never in its name or in what the client calls it.

mod svg;
mod whole;

use std::io::Cursor;

use super::MediaKind;

/// A file that may be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspected {
    /// What to store: as sent, except SVG, which is written anew without what could act.
    pub bytes: Vec<u8>,
    pub kind: MediaKind,
    pub mime: &'static str,
    pub size: Option<(u32, u32)>,
}

/// Why a file is refused, in words for its uploader.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("The file is empty.")]
    Empty,
    #[error(
        "This kind of file is not accepted. Images (PNG, JPEG, GIF, WebP, AVIF, SVG), PDF, MP4 and MP3 are; what counts \
         is the content, not the name."
    )]
    Kind,
    #[error("The {0} is damaged or cut off. Export it again and upload that.")]
    Damaged(&'static str),
    #[error("The image is {0} × {1} pixels; at most 50 million pixels are accepted. Scale it down and upload that.")]
    Pixels(u32, u32),
    #[error("The SVG cannot be used: {0}")]
    Svg(String),
}

/// Most pixels of an image: every thumbnail and every reader has to unpack them.
const MAX_PIXELS: u64 = 50_000_000;

/// Inspects the whole of a file. Blocking, and needs no more memory than a copy of it.
///
/// # Errors
/// [`Refused`], whose text is for the uploader.
pub fn inspect(bytes: Vec<u8>) -> Result<Inspected, Refused> {
    use image::ImageFormat;
    if bytes.is_empty() {
        return Err(Refused::Empty);
    }
    let found = infer::get(&bytes).map(|t| t.mime_type());
    let raster = |bytes: Vec<u8>, format, mime, name, whole: fn(&[u8]) -> bool| {
        let size = dimensions(&bytes, format).ok_or(Refused::Damaged(name))?;
        check_pixels(size)?;
        if !whole(&bytes) {
            return Err(Refused::Damaged(name));
        }
        Ok(file(bytes, MediaKind::Image, mime, Some(size)))
    };
    match found {
        Some("image/png") => raster(bytes, ImageFormat::Png, "image/png", "PNG", whole::png),
        Some("image/jpeg") => raster(bytes, ImageFormat::Jpeg, "image/jpeg", "JPEG", whole::jpeg),
        Some("image/gif") => raster(bytes, ImageFormat::Gif, "image/gif", "GIF", whole::gif),
        Some("image/webp") => raster(bytes, ImageFormat::WebP, "image/webp", "WebP", whole::webp),
        Some("image/avif") => {
            let size = whole::avif_size(&bytes).ok_or(Refused::Damaged("AVIF"))?;
            check_pixels(size)?;
            if !whole::boxes(&bytes) {
                return Err(Refused::Damaged("AVIF"));
            }
            Ok(file(bytes, MediaKind::Image, "image/avif", Some(size)))
        }
        Some("application/pdf") if whole::pdf(&bytes) => Ok(file(bytes, MediaKind::Document, "application/pdf", None)),
        Some("application/pdf") => Err(Refused::Damaged("PDF")),
        Some("video/mp4") if whole::boxes(&bytes) => Ok(file(bytes, MediaKind::Video, "video/mp4", None)),
        Some("video/mp4") => Err(Refused::Damaged("MP4")),
        Some("audio/mpeg") => Ok(file(bytes, MediaKind::Audio, "audio/mpeg", None)),
        _ if svg::looks_like_svg(&bytes) => {
            let clean = svg::sanitise(&bytes).map_err(Refused::Svg)?;
            Ok(file(
                clean.text.into_bytes(),
                MediaKind::Image,
                "image/svg+xml",
                clean.size,
            ))
        }
        _ => Err(Refused::Kind),
    }
}

fn file(bytes: Vec<u8>, kind: MediaKind, mime: &'static str, size: Option<(u32, u32)>) -> Inspected {
    Inspected {
        bytes,
        kind,
        mime,
        size,
    }
}

/// Reads the dimensions from the header; no pixel is unpacked.
fn dimensions(bytes: &[u8], format: image::ImageFormat) -> Option<(u32, u32)> {
    let mut reader = image::ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = image::Limits::default();
    limits.max_alloc = Some(16 << 20);
    reader.limits(limits);
    reader.into_dimensions().ok().filter(|(w, h)| *w > 0 && *h > 0)
}

fn check_pixels((width, height): (u32, u32)) -> Result<(), Refused> {
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(Refused::Pixels(width, height));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(format: image::ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image::RgbImage::from_fn(40, 30, |x, y| image::Rgb([x as u8, y as u8, 7]))
            .write_to(&mut bytes, format)
            .unwrap();
        bytes.into_inner()
    }

    #[test]
    fn pictures_are_what_their_bytes_say_and_are_whole() {
        use image::ImageFormat::{Gif, Jpeg, Png, WebP};
        for (format, mime, name) in [
            (Png, "image/png", "PNG"),
            (Jpeg, "image/jpeg", "JPEG"),
            (Gif, "image/gif", "GIF"),
            (WebP, "image/webp", "WebP"),
        ] {
            let bytes = picture(format);
            let found = inspect(bytes.clone()).unwrap();
            assert_eq!((found.mime, found.size), (mime, Some((40, 30))), "{name}");
            for length in [bytes.len() - 3, bytes.len() / 2] {
                assert_eq!(
                    inspect(bytes[..length].to_vec()),
                    Err(Refused::Damaged(name)),
                    "{name} of {length}"
                );
            }
        }
    }

    #[test]
    fn hostile_files_are_refused() {
        let mut bomb = picture(image::ImageFormat::Png);
        bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
        let crc = crc32(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&crc.to_be_bytes());
        assert_eq!(inspect(bomb), Err(Refused::Pixels(60_000, 60_000)));
        assert_eq!(inspect(Vec::new()), Err(Refused::Empty));
        for other in [
            &b"<!doctype html><script>alert(1)</script>"[..],
            b"<html><body>",
            b"MZ\x90\0",
            b"PK\x03\x04aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            b"\x7fELF\x02\x01\x01",
            b"just text",
            b"\0\0\0\0",
            b"{\"a\": 1}",
            b"<?xml version=\"1.0\"?><html xmlns=\"http://www.w3.org/1999/xhtml\"><script/></html>",
        ] {
            assert_eq!(
                inspect(other.to_vec()),
                Err(Refused::Kind),
                "{}",
                String::from_utf8_lossy(other)
            );
        }
        assert!(matches!(
            inspect(b"\x89PNG\r\n\x1a\n<html>".to_vec()),
            Err(Refused::Damaged("PNG"))
        ));
        assert!(matches!(
            inspect(b"%PDF-1.7 nothing".to_vec()),
            Err(Refused::Damaged("PDF"))
        ));
    }

    fn crc32(bytes: &[u8]) -> u32 {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        crc.sum()
    }
}

//! One image decoded and made smaller: pure, from bytes to bytes.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::codecs::png::{CompressionType, FilterType as PngFilter, PngEncoder};
use image::metadata::Orientation;
use image::{DynamicImage, ExtendedColorType, ImageDecoder, ImageEncoder, ImageReader, Limits};

use super::{ImageFormat, height_at, ladder};

/// Images of more pixels are not decoded: they go out as they are. 64 million are 256 MB in memory.
pub const MAX_PIXELS: u64 = 64 << 20;
/// No side may be longer, whatever the other.
const MAX_SIDE: u32 = 16_384;
/// Files longer than this are not read.
pub(super) const MAX_BYTES: u64 = 64 << 20;

/// Quality of JPEG and of lossy WebP, at which readers see no difference to the image they came from at its size.
const JPEG_QUALITY: u8 = 80;
const WEBP_QUALITY: f32 = 76.0;
/// Tried where a WebP came out longer than the JPEG, which happens with sources that were compressed hard before.
const WEBP_QUALITY_LOW: f32 = 62.0;
/// Pixels looked at to tell a photo from a drawing.
const SAMPLE: usize = 16 * 1024;

/// An encoded variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Encoded {
    pub format: ImageFormat,
    pub width: u32,
    pub height: u32,
    pub bytes: Vec<u8>,
}

/// What came of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Made {
    /// Pixels as a reader sees them: turned as the camera was.
    pub size: (u32, u32),
    pub variants: Vec<Encoded>,
}

/// Why there are no variants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The file is damaged.
    Broken(String),
    /// It is of a kind that is passed on as it is. The text says why, if its author should know.
    Untouched(Option<String>),
}

impl Refusal {
    fn untouched(why: &str) -> Self {
        Self::Untouched(Some(why.to_owned()))
    }
}

/// Pixels of eight bits in sRGB.
struct Pixels {
    width: u32,
    height: u32,
    alpha: bool,
    data: Vec<u8>,
}

/// Width and height by the file's header; nothing is decoded.
pub(super) fn header_size(bytes: &[u8]) -> Result<(u32, u32), Refusal> {
    let size = imagesize::blob_size(bytes).map_err(|e| Refusal::Broken(e.to_string()))?;
    let side = |n: usize| u32::try_from(n).ok().filter(|n| *n > 0);
    side(size.width)
        .zip(side(size.height))
        .ok_or_else(|| Refusal::Broken("its header says that it has no pixels".to_owned()))
}

/// Refuses what would not fit in memory.
pub(super) fn check_size((width, height): (u32, u32)) -> Result<(), Refusal> {
    if width > MAX_SIDE || height > MAX_SIDE || u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(Refusal::Untouched(Some(format!(
            "it has {width} × {height} pixels, more than are decoded here ({} million, {MAX_SIDE} on a side)",
            MAX_PIXELS >> 20
        ))));
    }
    Ok(())
}

/// Makes all variants of an image.
pub(super) fn make(bytes: &[u8]) -> Result<Made, Refusal> {
    // Decoders meet files that nobody thought of; one that panics costs its image and nothing else.
    catch_unwind(AssertUnwindSafe(|| made(bytes)))
        .unwrap_or_else(|_| Err(Refusal::Broken("the decoder gave up on it".to_owned())))
}

fn made(bytes: &[u8]) -> Result<Made, Refusal> {
    let format = match infer::get(bytes).map(|kind| kind.mime_type()) {
        Some("image/gif" | "image/avif" | "image/x-icon" | "image/vnd.microsoft.icon") => {
            return Err(Refusal::Untouched(None));
        }
        Some(mime) => ImageFormat::of_mime(mime),
        None => return Err(Refusal::Broken("it is no image by its bytes".to_owned())),
    };
    let Some(format) = format else {
        return Err(Refusal::untouched(
            "browsers may not know its format; JPEG, PNG and WebP are known to all",
        ));
    };
    if is_animated(format, bytes) {
        return Err(Refusal::Untouched(None));
    }
    check_size(header_size(bytes)?)?;
    let photo = match format {
        ImageFormat::Jpeg => Some(true),
        ImageFormat::Webp => Some(!is_lossless_webp(bytes)),
        ImageFormat::Png => None,
    };
    let pixels = decode(bytes)?;
    let photo = photo.unwrap_or_else(|| looks_like_photo(&pixels));
    let own = (pixels.width, pixels.height);
    let mut originals: Vec<Encoded> = Vec::new();
    let mut modern: Vec<Encoded> = Vec::new();
    let (mut length, mut modern_length) = (0, 0);
    let mut resizer = Resizer::new();
    for width in ladder(own.0) {
        let small = resize(&mut resizer, &pixels, width)?;
        // At its own size the file itself is the one in its format.
        let same = if width == own.0 {
            None
        } else {
            Some(encode(format, &small, photo)?).filter(|e| e.bytes.len() < bytes.len())
        };
        let least = same.as_ref().map_or(bytes.len(), |e| e.bytes.len());
        length += least;
        if format != ImageFormat::Webp {
            let mut webp = webp(&small, photo, WEBP_QUALITY)?;
            if webp.bytes.len() >= least && photo {
                webp = self::webp(&small, photo, WEBP_QUALITY_LOW)?;
            }
            modern_length += webp.bytes.len();
            modern.push(webp);
        }
        originals.extend(same);
    }
    // A browser that knows WebP looks at these alone, so they come all together or not at all.
    if modern_length < length {
        originals.append(&mut modern);
    }
    Ok(Made {
        size: own,
        variants: originals,
    })
}

fn broken(error: image::ImageError) -> Refusal {
    match error {
        image::ImageError::Limits(e) => Refusal::Untouched(Some(e.to_string())),
        image::ImageError::Unsupported(e) => Refusal::Untouched(Some(e.to_string())),
        other => Refusal::Broken(other.to_string()),
    }
}

fn decode(bytes: &[u8]) -> Result<Pixels, Refusal> {
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|e| Refusal::Broken(e.to_string()))?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    // Sixteen bits in four channels.
    limits.max_alloc = Some(MAX_PIXELS * 8);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(broken)?;
    if decoder.original_color_type() == ExtendedColorType::Cmyk8 {
        return Err(Refusal::untouched(
            "its colours are those of print (CMYK); save it as RGB",
        ));
    }
    let icc = decoder.icc_profile().ok().flatten();
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(broken)?;
    image.apply_orientation(orientation);
    let (width, height) = (image.width(), image.height());
    let grey = !image.color().has_color();
    let alpha = image.color().has_alpha();
    let mut pixels = if alpha {
        let data = image.into_rgba8().into_raw();
        if data.chunks_exact(4).all(|p| p[3] == u8::MAX) {
            let data = data.chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect();
            Pixels {
                width,
                height,
                alpha: false,
                data,
            }
        } else {
            Pixels {
                width,
                height,
                alpha,
                data,
            }
        }
    } else {
        let data = image.into_rgb8().into_raw();
        Pixels {
            width,
            height,
            alpha,
            data,
        }
    };
    if let Some(icc) = icc.filter(|_| !grey) {
        to_srgb(&mut pixels, &icc)?;
    }
    Ok(pixels)
}

/// Colours as browsers take them without a profile, since variants carry none.
fn to_srgb(pixels: &mut Pixels, icc: &[u8]) -> Result<(), Refusal> {
    use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};
    let unknown = || Refusal::untouched("its colour profile cannot be read; save it with sRGB colours");
    let profile = ColorProfile::new_from_slice(icc).map_err(|_| unknown())?;
    if profile.color_space != DataColorSpace::Rgb {
        return Err(unknown());
    }
    let layout = if pixels.alpha { Layout::Rgba } else { Layout::Rgb };
    let transform = profile
        .create_transform_8bit(layout, &ColorProfile::new_srgb(), layout, TransformOptions::default())
        .map_err(|_| unknown())?;
    let row = pixels.width as usize * if pixels.alpha { 4 } else { 3 };
    let mut line = vec![0; row];
    for source in pixels.data.chunks_exact_mut(row) {
        transform.transform(source, &mut line).map_err(|_| unknown())?;
        source.copy_from_slice(&line);
    }
    Ok(())
}

/// `source` at `width`, which is not more than its own.
fn resize(resizer: &mut Resizer, source: &Pixels, width: u32) -> Result<Pixels, Refusal> {
    let failed = |e: &dyn std::fmt::Display| Refusal::Broken(e.to_string());
    let height = height_at(width, (source.width, source.height));
    if width == source.width {
        return Ok(Pixels {
            data: source.data.clone(),
            ..*source
        });
    }
    let kind = if source.alpha { PixelType::U8x4 } else { PixelType::U8x3 };
    let from = ImageRef::new(source.width, source.height, &source.data, kind).map_err(|e| failed(&e))?;
    let mut to = Image::new(width, height, kind);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3));
    resizer.resize(&from, &mut to, &options).map_err(|e| failed(&e))?;
    Ok(Pixels {
        width,
        height,
        alpha: source.alpha,
        data: to.into_vec(),
    })
}

fn encode(format: ImageFormat, pixels: &Pixels, photo: bool) -> Result<Encoded, Refusal> {
    let failed = |e: &dyn std::fmt::Display| Refusal::Broken(e.to_string());
    let mut bytes = Vec::new();
    match format {
        ImageFormat::Webp => return webp(pixels, photo, WEBP_QUALITY),
        ImageFormat::Jpeg => {
            let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, JPEG_QUALITY);
            encoder.set_progressive(true);
            encoder.set_optimized_huffman_tables(true);
            encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_2_2);
            // Sides are checked to be at most 16,384.
            let side = |n: u32| u16::try_from(n).unwrap_or(u16::MAX);
            encoder
                .encode(
                    &pixels.data,
                    side(pixels.width),
                    side(pixels.height),
                    jpeg_encoder::ColorType::Rgb,
                )
                .map_err(|e| failed(&e))?;
        }
        ImageFormat::Png => {
            let kind = if pixels.alpha {
                ExtendedColorType::Rgba8
            } else {
                ExtendedColorType::Rgb8
            };
            PngEncoder::new_with_quality(&mut bytes, CompressionType::Default, PngFilter::Adaptive)
                .write_image(&pixels.data, pixels.width, pixels.height, kind)
                .map_err(|e| failed(&e))?;
        }
    }
    Ok(Encoded {
        format,
        width: pixels.width,
        height: pixels.height,
        bytes,
    })
}

/// Lossy for photos, lossless for drawings, whose edges lossy WebP would smear.
fn webp(pixels: &Pixels, photo: bool, quality: f32) -> Result<Encoded, Refusal> {
    let failed = || Refusal::Broken("it could not be encoded as WebP".to_owned());
    let mut config = webp::WebPConfig::new().map_err(|()| failed())?;
    config.method = 4;
    if photo {
        config.quality = quality;
    } else {
        config.lossless = 1;
        // In lossless mode this is the effort.
        config.quality = 60.0;
    }
    let encoder = if pixels.alpha {
        webp::Encoder::from_rgba(&pixels.data, pixels.width, pixels.height)
    } else {
        webp::Encoder::from_rgb(&pixels.data, pixels.width, pixels.height)
    };
    let bytes = encoder.encode_advanced(&config).map_err(|_| failed())?;
    Ok(Encoded {
        format: ImageFormat::Webp,
        width: pixels.width,
        height: pixels.height,
        bytes: bytes.to_vec(),
    })
}

/// True if most of some pixels spread over the image have a colour of their own.
fn looks_like_photo(pixels: &Pixels) -> bool {
    let channels = if pixels.alpha { 4 } else { 3 };
    let count = pixels.data.len() / channels;
    let step = (count / SAMPLE).max(1);
    let mut seen: Vec<u32> = pixels
        .data
        .chunks_exact(channels)
        .step_by(step)
        .filter(|p| channels == 3 || p[3] > 0)
        .map(|p| u32::from_be_bytes([0, p[0], p[1], p[2]]))
        .collect();
    let looked_at = seen.len();
    seen.sort_unstable();
    seen.dedup();
    seen.len() * 4 > looked_at
}

fn is_animated(format: ImageFormat, bytes: &[u8]) -> bool {
    match format {
        ImageFormat::Jpeg => false,
        ImageFormat::Png => {
            // The chunk that says so stands before the pixels.
            let head = memchr::memmem::find(bytes, b"IDAT").map_or(bytes, |at| &bytes[..at]);
            memchr::memmem::find(head, b"acTL").is_some()
        }
        ImageFormat::Webp => bytes.get(12..16) == Some(b"VP8X") && bytes.get(20).is_some_and(|flags| flags & 2 != 0),
    }
}

fn is_lossless_webp(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(64 * 1024)];
    memchr::memmem::find(head, b"VP8L").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_is_not_decoded() {
        for (size, fine) in [
            ((8000, 8000), true),
            ((16_384, 4096), true),
            ((20_000, 20_000), false),
            ((20_000, 1), false),
            ((16_384, 16_384), false),
        ] {
            assert_eq!(check_size(size).is_ok(), fine, "{size:?}");
        }
    }

    #[test]
    fn photos_are_told_from_drawings() {
        let pixels = |of: fn(u32, u32) -> [u8; 3]| Pixels {
            width: 200,
            height: 200,
            alpha: false,
            data: (0..200).flat_map(|y| (0..200).flat_map(move |x| of(x, y))).collect(),
        };
        let flat = pixels(|x, y| {
            if (x / 20 + y / 20) % 2 == 0 {
                [250, 250, 250]
            } else {
                [20, 60, 90]
            }
        });
        let many = pixels(|x, y| [(x * 7 % 256) as u8, (y * 5 % 256) as u8, ((x * y) % 251) as u8]);
        assert!(!looks_like_photo(&flat));
        assert!(looks_like_photo(&many));
    }
}

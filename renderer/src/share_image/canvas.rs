//! A picture of few colours, each with its steps towards the ground: one byte a pixel, and small as a file.

use crate::colour::Rgb;

/// Steps between the ground and a colour laid over it.
const STEPS: usize = 16;

/// One of the colours that lie over the ground or over another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ink(u8);

/// The picture.
pub(super) struct Canvas {
    width: usize,
    pixels: Vec<u8>,
    palette: Vec<Rgb>,
}

impl Canvas {
    /// A picture of these pixels: places in a palette that begins with the ground.
    pub fn with(pixels: Vec<u8>, width: u32, ground: Rgb) -> Self {
        Self {
            width: width as usize,
            pixels,
            palette: vec![ground],
        }
    }

    pub fn into_pixels(self) -> Vec<u8> {
        self.pixels
    }

    /// A colour whose edges run into `under`. At most fifteen fit.
    pub fn ink(&mut self, colour: Rgb, under: Rgb) -> Ink {
        let first = self.palette.len();
        for step in 1..=STEPS {
            let mix = |from: u8, to: u8| {
                let (from, to) = (i32::from(from), i32::from(to));
                u8::try_from(from + (to - from) * step as i32 / STEPS as i32).unwrap_or(to as u8)
            };
            let (Rgb(a, b, c), Rgb(x, y, z)) = (under, colour);
            self.palette.push(Rgb(mix(a, x), mix(b, y), mix(c, z)));
        }
        Ink(u8::try_from(first - 1).unwrap_or(0))
    }

    /// Covers a pixel; `cover` runs from 0 to 255. What lies outside of the picture is left out.
    pub fn dot(&mut self, x: i32, y: i32, ink: Ink, cover: u8) {
        let step = (usize::from(cover) * STEPS + 127) / 255;
        if step == 0 {
            return;
        }
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else {
            return;
        };
        if x >= self.width {
            return;
        }
        if let Some(pixel) = self.pixels.get_mut(y * self.width + x) {
            let index = ink.0 + step as u8;
            // Where the edges of two letters meet, the stronger stays.
            *pixel = if *pixel > ink.0 && usize::from(*pixel - ink.0) <= STEPS {
                index.max(*pixel)
            } else {
                index
            };
        }
    }

    /// A rectangle with round corners.
    pub fn rounded(&mut self, (x, y): (i32, i32), side: i32, radius: f32, ink: Ink) {
        let half = side as f32 / 2.0;
        for row in 0..side {
            for column in 0..side {
                let away = |at: i32| ((at as f32 + 0.5 - half).abs() - (half - radius)).max(0.0);
                let distance = radius - away(column).hypot(away(row));
                self.dot(x + column, y + row, ink, cover(distance + 0.5));
            }
        }
    }

    /// A ring around a point: from one radius to the other.
    pub fn ring(&mut self, (cx, cy): (f32, f32), from: f32, to: f32, ink: Ink) {
        let height = (self.pixels.len() / self.width) as i32;
        let (top, bottom) = ((cy - to).floor().max(0.0) as i32, ((cy + to).ceil() as i32).min(height));
        for y in top..bottom {
            let dy = y as f32 + 0.5 - cy;
            let reach = (to * to - dy * dy).max(0.0).sqrt() + 1.0;
            let (left, right) = (
                (cx - reach).max(0.0) as i32,
                ((cx + reach) as i32 + 1).min(self.width as i32),
            );
            for x in left..right {
                let distance = (x as f32 + 0.5 - cx).hypot(dy);
                self.dot(x, y, ink, cover((distance - from + 0.5).min(to - distance + 0.5)));
            }
        }
    }

    /// The picture as a PNG.
    pub fn png(self) -> Vec<u8> {
        let height = self.pixels.len() / self.width;
        let mut out = Vec::with_capacity(32 * 1024);
        let mut encoder = png::Encoder::new(&mut out, self.width as u32, height as u32);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_palette(
            self.palette
                .iter()
                .flat_map(|Rgb(r, g, b)| [*r, *g, *b])
                .collect::<Vec<u8>>(),
        );
        // Flat areas are short at any level, and the first is quick.
        encoder.set_deflate_compression(png::DeflateCompression::Level(1));
        encoder.set_filter(png::Filter::NoFilter);
        // Writing into memory with as many pixels as announced cannot fail.
        if let Ok(mut writer) = encoder.write_header() {
            let _ = writer.write_image_data(&self.pixels);
            let _ = writer.finish();
        }
        out
    }
}

fn cover(share: f32) -> u8 {
    (share.clamp(0.0, 1.0) * 255.0) as u8
}

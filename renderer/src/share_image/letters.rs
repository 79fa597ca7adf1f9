//! Words set in a font: which letters it has, how wide words are, and their pixels.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::LazyLock;

use swash::scale::image::Image;
use swash::scale::{Render, ScaleContext, Source};
use swash::shape::ShapeContext;
use swash::text::{Codepoint, Script};
use swash::zeno::{Format, Vector};
use swash::{FontRef, GlyphId};

use super::canvas::{Canvas, Ink};

static TITLE: &[u8] = include_bytes!("../../assets/fonts/InterDisplay-SemiBold.ttf");
static LABEL: &[u8] = include_bytes!("../../assets/fonts/Inter-Medium.ttf");

/// One of the fonts of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Face {
    Title,
    Label,
}

/// A glyph that was placed: by pixels from the start of its line.
struct Placed {
    glyph: GlyphId,
    x: f32,
    y: f32,
}

/// Glyphs kept for the next image; all are forgotten when there are more.
const KEPT: usize = 4096;
/// Places between two pixels that a glyph is drawn at.
const PARTS: f32 = 4.0;

#[derive(Default)]
struct Workshop {
    shapes: ShapeContext,
    scales: ScaleContext,
    glyphs: HashMap<(Face, GlyphId, u32, u8), Option<Rc<Image>>>,
}

thread_local! {
    static WORKSHOP: RefCell<Workshop> = RefCell::default();
}

impl Face {
    /// The font, read once: a reference has a key of its own by which what was made of the font is known again.
    fn font(self) -> Option<FontRef<'static>> {
        static FONTS: LazyLock<[Option<FontRef<'static>>; 2]> =
            LazyLock::new(|| [TITLE, LABEL].map(|font| FontRef::from_index(font, 0)));
        let [title, label] = *FONTS;
        match self {
            Self::Title => title,
            Self::Label => label,
        }
    }

    /// True if every letter of `text` is in the font.
    pub fn has_all(self, text: &str) -> bool {
        let Some(font) = self.font() else { return false };
        let map = font.charmap();
        text.chars().all(|c| c.is_whitespace() || map.map(c) != 0)
    }

    /// Pixels that `text` is wide.
    pub fn width(self, text: &str, size: f32) -> f32 {
        WORKSHOP.with_borrow_mut(|w| self.set(w, text, size, &mut |_| ()))
    }

    /// Draws one line whose letters stand on `y`.
    pub fn draw(self, canvas: &mut Canvas, text: &str, size: f32, (x, y): (f32, f32), ink: Ink) {
        let Some(font) = self.font() else { return };
        WORKSHOP.with_borrow_mut(|w| {
            let mut placed = Vec::with_capacity(text.len());
            self.set(w, text, size, &mut |glyph| placed.push(glyph));
            for at in placed {
                let left = x + at.x;
                let part = ((left - left.floor()) * PARTS) as u8;
                let top = (y - at.y).round() as i32;
                let Some(image) = w.glyph(self, font, at.glyph, size, part) else {
                    continue;
                };
                let place = image.placement;
                let (from, above) = (left.floor() as i32 + place.left, top - place.top);
                for (row, line) in image.data.chunks_exact(place.width.max(1) as usize).enumerate() {
                    for (column, cover) in line.iter().enumerate() {
                        canvas.dot(from + column as i32, above + row as i32, ink, *cover);
                    }
                }
            }
        });
    }

    /// Shapes a line word by word, each in its own script, and gives its width.
    fn set(self, workshop: &mut Workshop, text: &str, size: f32, placed: &mut dyn FnMut(Placed)) -> f32 {
        let Some(font) = self.font() else { return 0.0 };
        let mut x = 0.0;
        for word in text.split_inclusive(' ') {
            let script = word
                .chars()
                .map(|c| c.script())
                .find(|s| !matches!(s, Script::Common | Script::Inherited | Script::Unknown));
            let mut shaper = workshop
                .shapes
                .builder(font)
                .script(script.unwrap_or(Script::Latin))
                .size(size)
                .build();
            shaper.add_str(word);
            shaper.shape_with(|cluster| {
                for glyph in cluster.glyphs {
                    placed(Placed {
                        glyph: glyph.id,
                        x: x + glyph.x,
                        y: glyph.y,
                    });
                    x += glyph.advance;
                }
            });
        }
        x
    }
}

impl Workshop {
    fn glyph(&mut self, face: Face, font: FontRef<'_>, glyph: GlyphId, size: f32, part: u8) -> Option<Rc<Image>> {
        if self.glyphs.len() > KEPT {
            self.glyphs.clear();
        }
        let scales = &mut self.scales;
        self.glyphs
            .entry((face, glyph, size.to_bits(), part))
            .or_insert_with(|| {
                let mut scaler = scales.builder(font).size(size).hint(false).build();
                Render::new(&[Source::Outline])
                    .format(Format::Alpha)
                    .offset(Vector::new(f32::from(part) / PARTS, 0.0))
                    .render(&mut scaler, glyph)
                    .map(Rc::new)
            })
            .clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_scripts_of_the_font_are_set() {
        for (text, there) in [
            ("Brewing times, compared", true),
            ("Café crème — “très” €5 ½", true),
            ("Ώρες παρασκευής", true),
            ("Время заваривания", true),
            ("Thời gian pha cà phê", true),
            ("コーヒーの時間", false),
            ("وقت القهوة", false),
            ("Coffee ☕ time", false),
            ("Tea 🍵", false),
        ] {
            assert_eq!(Face::Title.has_all(text), there, "{text}");
            assert_eq!(Face::Label.has_all(text), there, "{text}");
        }
    }

    #[test]
    fn pairs_of_letters_move_together() {
        let apart = Face::Title.width("A", 80.0) + Face::Title.width("V", 80.0);
        assert!(Face::Title.width("AV", 80.0) < apart - 2.0);
    }
}

//! The design: rings of the brand's colour on a dark ground, the words at the left.

use std::sync::LazyLock;

use super::canvas::Canvas;
use super::letters::Face;
use super::{HEIGHT, ShareImage, WIDTH};
use crate::colour::Rgb;

/// Where words begin.
const LEFT: f32 = 80.0;
/// Words stay this far from the rings.
const MEASURE: f32 = 770.0;
/// Sizes of titles with the lines that they may take, the largest that fits first.
const SIZES: [(f32, usize); 5] = [(92.0, 2), (78.0, 3), (66.0, 4), (56.0, 4), (48.0, 5)];
/// Lines stand so many times the size apart.
const LEADING: f32 = 1.12;
const LABEL: f32 = 30.0;
const SITE: f32 = 30.0;
/// Where the words above the site's name are centred.
const MIDDLE: f32 = 270.0;
/// The line of the site's name.
const FOOT: f32 = 548.0;
/// Side of the mark.
const MARK: i32 = 52;

/// Pixels with the rings, which are the same in all images: their inks are the first of each.
static RINGS: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let any = Rgb(0, 0, 0);
    let mut canvas = Canvas::with(vec![0; (WIDTH * HEIGHT) as usize], WIDTH, any);
    let [near, middle, far] = [any; 3].map(|colour| canvas.ink(colour, any));
    let centre = (WIDTH as f32 + 12.0, HEIGHT as f32 - 96.0);
    canvas.ring(centre, 250.0, 318.0, far);
    canvas.ring(centre, 152.0, 220.0, middle);
    canvas.ring(centre, 0.0, 122.0, near);
    canvas.into_pixels()
});

pub(super) fn draw(image: &ShareImage) -> Vec<u8> {
    let look = image.look;
    let mut canvas = Canvas::with(RINGS.clone(), WIDTH, look.ground);
    for colour in look.rings {
        canvas.ink(colour, look.ground);
    }
    let (ink, soft) = (canvas.ink(look.ink, look.ground), canvas.ink(look.soft, look.ground));
    let (mark, on_mark) = (canvas.ink(look.mark, look.ground), canvas.ink(look.on_mark, look.mark));

    let site = Some(image.site.as_str()).filter(|s| !s.is_empty() && Face::Label.has_all(s));
    // A home page has no other words than the site's name, and a title that cannot be set gives way to it.
    let title = Some(image.title.as_str()).filter(|t| !t.is_empty() && Face::Title.has_all(t));
    if let Some(shown) = title.or(site) {
        let label = Some(image.label.as_str()).filter(|l| title.is_some() && !l.is_empty() && Face::Label.has_all(l));
        words(&mut canvas, shown, label, (ink, soft));
    }
    if let Some(site) = site.filter(|_| title.is_some()) {
        let top = (FOOT - SITE * 0.36) as i32 - MARK / 2;
        canvas.rounded((LEFT as i32, top), MARK, 13.0, mark);
        let first: String = site
            .chars()
            .find(|c| c.is_alphanumeric())
            .into_iter()
            .flat_map(char::to_uppercase)
            .collect();
        let width = Face::Title.width(&first, SITE);
        let middle = LEFT + (MARK as f32 - width) / 2.0;
        Face::Title.draw(&mut canvas, &first, SITE, (middle, FOOT), on_mark);
        let name = cut(Face::Label, site, SITE, MEASURE - MARK as f32 - 20.0);
        Face::Label.draw(&mut canvas, &name, SITE, (LEFT + MARK as f32 + 20.0, FOOT), soft);
    }
    canvas.png()
}

fn words(canvas: &mut Canvas, title: &str, label: Option<&str>, (ink, soft): (super::canvas::Ink, super::canvas::Ink)) {
    let (size, lines) = fit(title);
    let above = if label.is_some() { LABEL + 26.0 } else { 0.0 };
    let height = above + lines.len() as f32 * size * LEADING;
    let mut y = MIDDLE - height / 2.0;
    if let Some(label) = label {
        let label = cut(Face::Label, label, LABEL, MEASURE);
        Face::Label.draw(canvas, &label, LABEL, (LEFT + 3.0, y + LABEL * 0.8), soft);
        y += above;
    }
    for line in &lines {
        y += size * LEADING;
        Face::Title.draw(canvas, line, size, (LEFT, y - size * 0.2), ink);
    }
}

/// The largest size at which the title fits, and its lines.
fn fit(title: &str) -> (f32, Vec<String>) {
    for (size, most) in SIZES {
        let widths = widths(title, size);
        // A word that is wider than the measure asks for a smaller size.
        let broken = widths.iter().any(|(_, width)| *width > MEASURE);
        let lines = wrap(&widths, size, MEASURE);
        if lines.len() <= most && !broken {
            return (size, balance(&widths, size, lines.len()));
        }
    }
    let (size, most) = SIZES[SIZES.len() - 1];
    let pieces: Vec<(String, f32)> = widths(title, size)
        .into_iter()
        .flat_map(|(word, _)| pieces(&word, size))
        .collect();
    let mut lines = wrap(&pieces, size, MEASURE);
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            *last = cut(Face::Title, &format!("{last} …"), size, MEASURE);
        }
    }
    (size, lines)
}

fn widths(title: &str, size: f32) -> Vec<(String, f32)> {
    title
        .split(' ')
        .map(|word| (word.to_owned(), Face::Title.width(word, size)))
        .collect()
}

/// A word cut so that each piece fits into a line.
fn pieces(word: &str, size: f32) -> Vec<(String, f32)> {
    let mut out = Vec::new();
    let mut piece = String::new();
    for c in word.chars() {
        piece.push(c);
        if Face::Title.width(&piece, size) > MEASURE && piece.chars().count() > 1 {
            piece.pop();
            out.push((std::mem::take(&mut piece), MEASURE));
            piece.push(c);
        }
    }
    let width = Face::Title.width(&piece, size);
    out.push((piece, width));
    out
}

fn wrap(words: &[(String, f32)], size: f32, measure: f32) -> Vec<String> {
    let space = Face::Title.width(" ", size);
    let mut lines: Vec<String> = Vec::new();
    let mut width = 0.0;
    for (word, own) in words {
        match lines.last_mut() {
            Some(line) if width + space + own <= measure => {
                line.push(' ');
                line.push_str(word);
                width += space + own;
            }
            _ => {
                lines.push(word.clone());
                width = *own;
            }
        }
    }
    lines
}

/// The same number of lines, as even as they get.
fn balance(words: &[(String, f32)], size: f32, count: usize) -> Vec<String> {
    let (mut low, mut high) = (MEASURE / 2.0, MEASURE);
    for _ in 0..7 {
        let middle = f32::midpoint(low, high);
        if wrap(words, size, middle).len() <= count {
            high = middle;
        } else {
            low = middle;
        }
    }
    wrap(words, size, high)
}

/// `text` up to `measure`, with an ellipsis where something is left out.
fn cut(face: Face, text: &str, size: f32, measure: f32) -> String {
    if face.width(text, size) <= measure {
        return text.to_owned();
    }
    let mut kept = text.trim_end_matches(['…', ' ']).to_owned();
    while kept.pop().is_some() {
        let tried = format!("{}…", kept.trim_end());
        if face.width(&tried, size) <= measure {
            return tried;
        }
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_of_every_length_fit() {
        let long = "A long account of every brewing time that was ever measured in this kitchen ".repeat(4);
        for title in [
            "Hi",
            "Brewing times, compared",
            &long[..200],
            &"w".repeat(240),
            "Donaudampfschifffahrtsgesellschaftskapitän",
        ] {
            let (size, lines) = fit(title);
            let most = SIZES.iter().find(|s| s.0 == size).map_or(0, |s| s.1);
            assert!(!lines.is_empty() && lines.len() <= most, "{title}: {lines:?}");
            for line in &lines {
                assert!(Face::Title.width(line, size) <= MEASURE + 1.0, "{title}: {line}");
            }
        }
    }
}

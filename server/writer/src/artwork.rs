//! An illustration for a page, drawn from its title and the site's colour: the same title gives the same picture.
//!
//! One of several compositions is chosen by a hash of the title, its colours are steps of the brand's hue in OKLCH. It is a
//! small SVG of shapes and gradients only: no text, no script, nothing that is loaded.

use std::fmt::Write as _;

use igny8_colour::{Oklch, Rgb};

const WIDTH: f32 = 1600.0;
const HEIGHT: f32 = 900.0;

/// Draws the illustration of a page.
pub fn draw(title: &str, brand: Rgb) -> String {
    let mut art = Art {
        random: Random(title.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        })),
        hue: brand.oklch().h,
        // A grey brand stays nearly grey, a glaring one is calmed.
        chroma: brand.oklch().c.clamp(0.015, 0.14),
        out: String::new(),
    };
    art.hue += f64::from(art.random.between(-14.0, 14.0));
    for _ in 0..4 {
        art.random.next();
    }
    match art.random.below(5) {
        0 => art.hills(),
        1 => art.waves(),
        2 => art.arcs(),
        3 => art.tiles(),
        _ => art.blocks(),
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1600 900\" width=\"1600\" height=\"900\">{}</svg>",
        art.out
    )
}

/// SplitMix64: numbers that look random and are the same for the same seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }

    #[expect(clippy::cast_precision_loss, reason = "16 bits")]
    fn between(&mut self, from: f32, to: f32) -> f32 {
        from + (to - from) * ((self.next() >> 48) as f32 / 65_535.0)
    }
}

struct Art {
    random: Random,
    hue: f64,
    chroma: f64,
    out: String,
}

impl Art {
    /// A step of the brand's colour, its hue turned by some degrees.
    fn colour(&self, lightness: f32, chroma: f32, turn: f32) -> String {
        let colour = Oklch {
            l: lightness.into(),
            c: self.chroma * f64::from(chroma),
            h: self.hue + f64::from(turn),
        };
        colour.rgb().hex()
    }

    fn ground(&mut self, top: &str, bottom: &str) {
        let _ = write!(
            self.out,
            "<defs><linearGradient id=\"g\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"1\"><stop offset=\"0\" stop-color=\"{top}\"/>\
             <stop offset=\"1\" stop-color=\"{bottom}\"/></linearGradient></defs>\
             <rect width=\"1600\" height=\"900\" fill=\"url(#g)\"/>"
        );
    }

    fn circle(&mut self, x: f32, y: f32, r: f32, fill: &str) {
        let _ = write!(
            self.out,
            "<circle cx=\"{x:.0}\" cy=\"{y:.0}\" r=\"{r:.0}\" fill=\"{fill}\"/>"
        );
    }

    fn path(&mut self, d: &str, fill: &str) {
        let _ = write!(self.out, "<path d=\"{d}\" fill=\"{fill}\"/>");
    }

    /// Everything below a smooth line through points at equal distances.
    fn below_line(&mut self, heights: &[f32], fill: &str) {
        let step = WIDTH / (count(heights.len()) - 1.0);
        let mut d = format!("M0 {:.0}", heights[0]);
        for (n, pair) in heights.windows(2).enumerate() {
            let x = count(n) * step;
            let middle = x + step / 2.0;
            let _ = write!(
                d,
                "C{middle:.0} {:.0} {middle:.0} {:.0} {:.0} {:.0}",
                pair[0],
                pair[1],
                x + step,
                pair[1]
            );
        }
        d += "V900H0Z";
        self.path(&d, fill);
    }

    /// Hills behind hills, the farther the paler, with a sun.
    fn hills(&mut self) {
        let (top, bottom) = (self.colour(0.93, 0.35, 40.0), self.colour(0.86, 0.7, 15.0));
        self.ground(&top, &bottom);
        let (x, y) = (self.random.between(350.0, 1250.0), self.random.between(230.0, 360.0));
        let (halo, sun) = (self.colour(0.95, 0.4, 60.0), self.colour(0.985, 0.25, 60.0));
        self.circle(x, y, 190.0, &halo);
        self.circle(x, y, 120.0, &sun);
        for layer in 0..5 {
            let far = count(layer) / 4.0;
            let base = 430.0 + 105.0 * count(layer);
            let heights: Vec<f32> = (0..6 + layer % 2)
                .map(|_| base + self.random.between(-95.0, 70.0))
                .collect();
            let fill = self.colour(0.78 - 0.48 * far, 0.8 + 0.3 * far, 10.0 - 24.0 * far);
            self.below_line(&heights, &fill);
        }
    }

    /// Sheets of paper cut in waves, each with its shadow on the one behind.
    fn waves(&mut self) {
        let (top, bottom) = (self.colour(0.3, 0.9, -20.0), self.colour(0.42, 1.0, -10.0));
        self.ground(&top, &bottom);
        for layer in 0..6 {
            let part = count(layer) / 5.0;
            let base = 170.0 + 125.0 * count(layer);
            let heights: Vec<f32> = (0..5 + layer % 3)
                .map(|_| base + self.random.between(-80.0, 80.0))
                .collect();
            let shadow: Vec<f32> = heights.iter().map(|height| height - 16.0).collect();
            let _ = write!(self.out, "<g opacity=\".18\">");
            self.below_line(&shadow, "#000");
            self.out += "</g>";
            let fill = self.colour(0.46 + 0.46 * part, 1.0 - 0.6 * part, -10.0 + 50.0 * part);
            self.below_line(&heights, &fill);
        }
    }

    /// Rainbows of rings that rise from the lower edge.
    fn arcs(&mut self) {
        let (top, bottom) = (self.colour(0.97, 0.15, 30.0), self.colour(0.93, 0.3, 20.0));
        self.ground(&top, &bottom);
        let first = self.random.between(250.0, 600.0);
        for (x, most, turn) in [
            (first + 800.0, 470.0, 150.0),
            (first, 620.0, 0.0),
            (first + 430.0, 300.0, 40.0),
        ] {
            for ring in 0..6 {
                let part = count(ring) / 5.0;
                let fill = self.colour(0.42 + 0.5 * part, 1.1 - 0.75 * part, turn);
                self.circle(x, HEIGHT, most * (1.0 - part * 0.8), &fill);
            }
        }
    }

    /// A grid of quarter circles, discs and plain tiles in a few colours.
    fn tiles(&mut self) {
        let ground = self.colour(0.95, 0.2, 20.0);
        self.ground(&ground.clone(), &ground);
        let colours = [
            self.colour(0.34, 0.9, 0.0),
            self.colour(0.55, 1.1, 0.0),
            self.colour(0.74, 0.8, 12.0),
            self.colour(0.86, 0.45, 25.0),
            self.colour(0.72, 1.0, 150.0),
        ];
        let size = 200.0;
        for tile in 0..40 {
            let (x, y) = (count(tile % 8) * size, count(tile / 8) * size - 50.0);
            let pick = |random: &mut Random| usize::try_from(random.below(9)).unwrap_or(0).min(8) / 2;
            let (back, front) = (pick(&mut self.random), pick(&mut self.random));
            let kind = self.random.below(6);
            let fill = colours[back].clone();
            if kind != 5 {
                let _ = write!(
                    self.out,
                    "<rect x=\"{x:.0}\" y=\"{y:.0}\" width=\"201\" height=\"201\" fill=\"{fill}\"/>"
                );
            }
            let front = if front == back { (front + 2) % 5 } else { front };
            let fill = colours[front].clone();
            match kind {
                0 => self.path(&format!("M{x:.0} {y:.0}h200a200 200 0 0 1-200 200z"), &fill),
                1 => self.path(
                    &format!("M{:.0} {:.0}h-200a200 200 0 0 1 200-200z", x + size, y + size),
                    &fill,
                ),
                2 => self.circle(x + 100.0, y + 100.0, 62.0, &fill),
                3 => self.path(&format!("M{x:.0} {:.0}a100 100 0 0 1 200 0z", y + 100.0), &fill),
                _ => {}
            }
        }
    }

    /// A town of boxes in isometric projection.
    fn blocks(&mut self) {
        let (top, bottom) = (self.colour(0.92, 0.4, 30.0), self.colour(0.97, 0.15, 20.0));
        self.ground(&top, &bottom);
        let (w, h) = (100.0_f32, 58.0_f32);
        for row in 0..11 {
            for column in 0..9 {
                let x = count(column) * 200.0 + if row % 2 == 0 { 0.0 } else { w };
                let y = 250.0 + count(row) * h + 60.0;
                let middle = 1.0 - ((x - 800.0).abs() / 900.0).min(1.0);
                let tall = 30.0 + self.random.between(0.0, 230.0) * middle;
                let turn = if self.random.below(9) == 0 {
                    150.0
                } else {
                    self.random.between(-4.0, 9.0)
                };
                let t = y - tall;
                let sides = [
                    (
                        0.86,
                        0.6,
                        format!("M{x:.0} {:.0}l{w:.0} {h:.0}l-{w:.0} {h:.0}l-{w:.0}-{h:.0}z", t - h),
                    ),
                    (
                        0.62,
                        1.0,
                        format!("M{:.0} {t:.0}l{w:.0} {h:.0}v{tall:.0}l-{w:.0}-{h:.0}z", x - w),
                    ),
                    (
                        0.45,
                        1.0,
                        format!("M{:.0} {t:.0}l-{w:.0} {h:.0}v{tall:.0}l{w:.0}-{h:.0}z", x + w),
                    ),
                ];
                for (lightness, chroma, d) in sides {
                    let fill = self.colour(lightness, chroma, turn);
                    self.path(&d, &fill);
                }
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "small counts")]
fn count(n: usize) -> f32 {
    n as f32
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn pictures_are_small_steady_and_without_anything_that_acts() {
        let mut seen = BTreeSet::new();
        for n in 0..60 {
            let brand = [Rgb(200, 60, 20), Rgb(0, 0, 0), Rgb(255, 255, 255), Rgb(0, 90, 255)][n % 4];
            let title = format!("</svg><script>{n}");
            let svg = draw(&title, brand);
            assert_eq!(svg, draw(&title, brand));
            assert!(svg.len() < 20_000, "{}", svg.len());
            assert!(
                svg.ends_with("</svg>") && !svg.contains("script") && !svg.contains("NaN"),
                "{svg}"
            );
            seen.insert(svg);
        }
        assert_eq!(seen.len(), 60, "no two titles have the same picture");
    }
}

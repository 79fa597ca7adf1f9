//! Colours of share images, from the brand's.

use crate::colour::{Oklch, Rgb};

/// The colours of one site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Look {
    /// The ground, dark.
    pub(super) ground: Rgb,
    /// Titles.
    pub(super) ink: Rgb,
    /// Labels and the site's name.
    pub(super) soft: Rgb,
    /// The rings, the near one first.
    pub(super) rings: [Rgb; 3],
    /// The mark beside the site's name, and its letter.
    pub(super) mark: Rgb,
    pub(super) on_mark: Rgb,
}

impl Look {
    /// From the brand's colour; `None` takes a calm blue.
    pub fn new(brand: Option<Rgb>) -> Self {
        let brand = brand.unwrap_or(Rgb(0x2f, 0x5d, 0x8a)).oklch();
        let grey = brand.c < 0.02;
        let shade = |lightness: f64, chroma: f64| {
            let chroma = if grey { 0.0 } else { chroma.min(brand.c) };
            Oklch {
                l: lightness,
                c: chroma,
                h: brand.h,
            }
            .rgb()
        };
        let mark = Oklch {
            l: brand.l.clamp(0.6, 0.82),
            ..brand
        }
        .rgb();
        let ground = shade(0.255, 0.055);
        Self {
            ground,
            ink: shade(0.985, 0.008),
            soft: shade(0.83, 0.06),
            rings: [shade(0.66, 0.15), shade(0.46, 0.115), shade(0.345, 0.085)],
            mark,
            on_mark: ground,
        }
    }

    /// For hashes.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let [a, b, c] = self.rings;
        let all = [self.ground, self.ink, self.soft, a, b, c, self.mark, self.on_mark];
        all.into_iter().flat_map(|Rgb(r, g, b)| [r, g, b]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_can_be_read_on_every_brand() {
        for brand in [
            "#000", "#fff", "#f00", "#ff0", "#00f", "#2f5d8a", "#7a7a7a", "#c2410c", "#0f766e",
        ] {
            let look = Look::new(Rgb::parse(brand));
            assert!(look.ground.contrast(look.ink) >= 7.0, "{brand}: title");
            assert!(look.ground.contrast(look.soft) >= 4.5, "{brand}: label");
            assert!(look.mark.contrast(look.on_mark) >= 3.0, "{brand}: mark");
        }
    }
}

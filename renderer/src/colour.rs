//! Brand colours turned into what a theme needs: the same hue at lightness that can be read on light and on dark.

pub use igny8_colour::{Oklch, Rgb};

/// Least contrast of text against its background (WCAG 2 AA), with a little to spare for rounding.
const READABLE: f64 = 4.6;
/// The darkest light surface and the lightest dark one that themes put text on.
const LIGHT_PAPER: Rgb = Rgb(243, 241, 238);
const DARK_PAPER: Rgb = Rgb(43, 41, 39);

/// The forms of a brand colour that a stylesheet uses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Brand {
    /// As given.
    pub base: Rgb,
    /// Readable as text on light paper.
    pub on_light: Rgb,
    /// Readable as text on dark paper.
    pub on_dark: Rgb,
    /// Black or white, whichever reads better on [`Brand::base`].
    pub text: Rgb,
    /// Hue in degrees, for tinting greys.
    pub hue: f64,
    /// How strong the colour is, 0 for grey to about 0.37.
    pub chroma: f64,
}

/// Derives the forms of `base`.
pub fn brand(base: Rgb) -> Brand {
    let own = base.oklch();
    let step = |towards: f64, paper: Rgb| {
        let mut colour = own;
        for _ in 0..100 {
            if colour.rgb().contrast(paper) >= READABLE {
                break;
            }
            colour.l = (colour.l + towards).clamp(0.0, 1.0);
        }
        colour.rgb()
    };
    let (white, black) = (Rgb(255, 255, 255), Rgb(0, 0, 0));
    let text = if base.contrast(white) >= base.contrast(black) {
        white
    } else {
        black
    };
    Brand {
        base,
        on_light: step(-0.01, LIGHT_PAPER),
        on_dark: step(0.01, DARK_PAPER),
        text,
        hue: own.h,
        chroma: own.c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_brand_is_readable() {
        for r in (0..=255).step_by(51) {
            for g in (0..=255).step_by(51) {
                for b in (0..=255).step_by(51) {
                    let brand = brand(Rgb(r as u8, g as u8, b as u8));
                    assert!(brand.on_light.contrast(LIGHT_PAPER) >= 4.5, "{brand:?}");
                    assert!(brand.on_dark.contrast(DARK_PAPER) >= 4.5, "{brand:?}");
                    assert!(brand.text.contrast(brand.base) >= 4.5, "{brand:?}");
                }
            }
        }
    }
}

//! Colours in sRGB and OKLCH (B. Ottosson, *A perceptual color space for image processing*, 2020), and their contrast.

#![forbid(unsafe_code)]

use std::fmt::Write as _;

/// An sRGB colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rgb(pub u8, pub u8, pub u8);

/// A colour by lightness (0–1), chroma (0–0.4) and hue (degrees), even to the eye.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Oklch {
    pub l: f64,
    pub c: f64,
    pub h: f64,
}

impl Rgb {
    /// Reads `#rgb` or `#rrggbb`.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = text.trim().strip_prefix('#')?;
        if !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let byte = |s: &str| u8::from_str_radix(s, 16).ok();
        match hex.len() {
            3 => {
                let double = |i: usize| byte(&hex[i..=i]).map(|v| v * 17);
                Some(Self(double(0)?, double(1)?, double(2)?))
            }
            6 => Some(Self(byte(&hex[0..2])?, byte(&hex[2..4])?, byte(&hex[4..6])?)),
            _ => None,
        }
    }

    /// `#rrggbb`.
    pub fn hex(self) -> String {
        let mut out = String::from("#");
        for part in [self.0, self.1, self.2] {
            let _ = write!(out, "{part:02x}");
        }
        out
    }

    fn linear(self) -> [f64; 3] {
        [self.0, self.1, self.2].map(|v| {
            let v = f64::from(v) / 255.0;
            if v <= 0.04045 {
                v / 12.92
            } else {
                ((v + 0.055) / 1.055).powf(2.4)
            }
        })
    }

    fn luminance(self) -> f64 {
        let [r, g, b] = self.linear();
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    /// WCAG contrast ratio, 1 to 21.
    pub fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// The colour in OKLCH.
    pub fn oklch(self) -> Oklch {
        let [r, g, b] = self.linear();
        let l = (0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b).cbrt();
        let m = (0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b).cbrt();
        let s = (0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b).cbrt();
        let light = 0.210_454_255_3 * l + 0.793_617_785_0 * m - 0.004_072_046_8 * s;
        let a = 1.977_998_495_1 * l - 2.428_592_205_0 * m + 0.450_593_709_9 * s;
        let b = 0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766_0 * s;
        Oklch {
            l: light,
            c: a.hypot(b),
            h: b.atan2(a).to_degrees().rem_euclid(360.0),
        }
    }
}

impl Oklch {
    /// The nearest sRGB colour of this lightness and hue: chroma gives way where the screen cannot show it.
    pub fn rgb(self) -> Rgb {
        let mut chroma = self.c;
        for _ in 0..40 {
            let linear = Self { c: chroma, ..self }.linear();
            if linear.iter().all(|v| (-0.0005..=1.0005).contains(v)) {
                break;
            }
            chroma *= 0.94;
        }
        let [r, g, b] = Self { c: chroma, ..self }.linear().map(|v| {
            let v = v.clamp(0.0, 1.0);
            let v = if v <= 0.003_130_8 {
                v * 12.92
            } else {
                1.055 * v.powf(1.0 / 2.4) - 0.055
            };
            (v * 255.0).round() as u8
        });
        Rgb(r, g, b)
    }

    fn linear(self) -> [f64; 3] {
        let (a, b) = (self.c * self.h.to_radians().cos(), self.c * self.h.to_radians().sin());
        let l = (self.l + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
        let m = (self.l - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
        let s = (self.l - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
        [
            4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s,
            -1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s,
            -0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701_0 * s,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_hex() {
        assert_eq!(Rgb::parse("#fA0"), Some(Rgb(255, 170, 0)));
        assert_eq!(Rgb::parse("#0077b6").map(Rgb::hex).as_deref(), Some("#0077b6"));
        for bad in ["red", "#12345", "#ggg", "#é1", ""] {
            assert_eq!(Rgb::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn oklch_goes_there_and_back() {
        for rgb in [
            Rgb(0, 119, 182),
            Rgb(255, 255, 255),
            Rgb(0, 0, 0),
            Rgb(180, 69, 31),
            Rgb(124, 58, 237),
        ] {
            let back = rgb.oklch().rgb();
            for (a, b) in [(rgb.0, back.0), (rgb.1, back.1), (rgb.2, back.2)] {
                assert!(a.abs_diff(b) <= 1, "{rgb:?} {back:?}");
            }
        }
    }
}

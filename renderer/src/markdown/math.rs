//! Formulas in LaTeX as MathML, which browsers draw and screen readers read without a script.

use std::sync::LazyLock;

use math_core::{LatexToMathML, MathCoreConfig, MathDisplay};
use pulldown_cmark_escape::escape_html_body_text;

use super::resolve::{Resolver, shorten};

/// Longer formulas are not read: each level of nesting takes some of the stack.
const MAX_BYTES: usize = 4000;
const MAX_NESTING: usize = 60;

static CONVERTER: LazyLock<Option<LatexToMathML>> =
    LazyLock::new(|| LatexToMathML::new(MathCoreConfig::default()).ok());

impl Resolver<'_> {
    /// Writes a formula; one that cannot be read is shown as its source.
    pub fn math(&mut self, out: &mut String, source: &str, display: bool) {
        match convert(source.trim(), display) {
            Ok(mathml) => out.push_str(&mathml),
            Err(problem) => {
                self.warn(
                    "math",
                    format!("the formula `{}` is shown as it is written: {problem}", shorten(source)),
                );
                out.push_str("<code>");
                let _ = escape_html_body_text(&mut *out, source.trim());
                out.push_str("</code>");
            }
        }
    }
}

fn convert(source: &str, display: bool) -> Result<String, String> {
    // What nests without braces does so by commands and by raising.
    let nesting = source.bytes().filter(|b| matches!(b, b'{' | b'^' | b'_')).count() + source.matches("\\sqrt").count();
    let deep = nesting > MAX_NESTING && depth(source) > MAX_NESTING;
    if source.len() > MAX_BYTES || deep {
        return Err(format!(
            "it is longer than {MAX_BYTES} bytes or nests deeper than {MAX_NESTING}"
        ));
    }
    let converter = CONVERTER.as_ref().ok_or("formulas cannot be read here")?;
    let mode = if display {
        MathDisplay::Block
    } else {
        MathDisplay::Inline
    };
    let made = converter
        .convert_with_local_state(source, mode)
        .map_err(|e| e.to_string())?;
    if made.mathml.contains("<a ") {
        return Err("formulas hold no links".to_owned());
    }
    Ok(without_styles(&made.mathml))
}

/// Open groups at most; commands in a row that each take the next count as groups, too.
fn depth(source: &str) -> usize {
    let (mut open, mut run, mut most) = (0usize, 0usize, 0usize);
    let mut bytes = source.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'{' => open += 1,
            b'}' => (open, run) = (open.saturating_sub(1), 0),
            b'\\' => {
                run += 1;
                while bytes.next_if(u8::is_ascii_alphabetic).is_some() {}
            }
            b'^' | b'_' => run += 1,
            b' ' => {}
            _ => run = 0,
        }
        most = most.max(open + run);
    }
    most
}

/// A strict content security policy lets no inline style through.
fn without_styles(mathml: &str) -> String {
    let mut out = String::with_capacity(mathml.len());
    let mut rest = mathml;
    while let Some(at) = rest.find(" style=\"") {
        out.push_str(&rest[..at]);
        let value = &rest[at + " style=\"".len()..];
        rest = value.find('"').map_or("", |end| &value[end + 1..]);
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_mathml() {
        let made = convert("\\frac{1}{2} x^2", true).expect("a formula");
        assert!(
            made.starts_with("<math") && made.contains("<mfrac>") && made.contains("display=\"block\""),
            "{made}"
        );
        assert!(!convert("\\color{red} x", false).unwrap_or_default().contains("style"));
    }

    #[test]
    fn hostile_formulas_do_no_harm() {
        for unit in [
            "{",
            "\\sqrt",
            "x^",
            "\\frac",
            "\\left(",
            "}",
            "\\begin{matrix}",
            "\\text{",
            "$",
            "\\\\",
            "&",
        ] {
            let _ = convert(&unit.repeat(MAX_BYTES / unit.len()), true);
            assert!(convert(&unit.repeat(MAX_BYTES + 1), true).is_err());
        }
        for source in [
            "\\href{javascript:x}{y}",
            "\\text{<script>alert(1)</script>}",
            "<img src=x onerror=y>",
            "\\text{\"><b onx=y>}",
        ] {
            let made = convert(source, false).unwrap_or_default();
            assert!(
                !made.contains("<script") && !made.contains("<img") && !made.contains("href=") && !made.contains("<b"),
                "{made}"
            );
        }
    }
}

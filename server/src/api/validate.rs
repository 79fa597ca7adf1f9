//! Checking fields of a request: every wrong one is named at once.

use url::Url;

use super::error::{Error, FieldError, Result};

/// An address as it was typed: none that holds white space or control characters, which the parser leaves out or writes
/// otherwise, so that another address would be kept.
pub fn address(text: &str) -> Option<Url> {
    let is_plain = !text.contains(|c: char| c.is_whitespace() || c.is_control());
    Url::parse(text).ok().filter(|_| is_plain)
}

/// Collects wrong fields.
#[derive(Default)]
pub struct Check {
    errors: Vec<FieldError>,
}

impl Check {
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a wrong field unless the rule holds.
    pub fn that(&mut self, holds: bool, field: &str, message: impl Into<String>) -> &mut Self {
        if !holds {
            self.errors.push(FieldError::new(field, message));
        }
        self
    }

    /// Text of some characters that are not only white space or control characters.
    pub fn text(&mut self, field: &str, value: &str, min: usize, max: usize) -> &mut Self {
        let length = value.trim().chars().count();
        if length < min || value.chars().count() > max {
            let message = if min == 0 {
                format!("must have at most {max} characters")
            } else {
                format!("must have {min} to {max} characters")
            };
            return self.that(false, field, message);
        }
        let control = value
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'));
        self.that(!control, field, "must not hold control characters")
    }

    /// A slug: lower-case words of letters and digits joined by hyphens.
    pub fn slug(&mut self, field: &str, value: &str) -> &mut Self {
        self.that(
            igny8_text::is_slug(value),
            field,
            "must be lower-case letters and digits joined by single hyphens, at most 100",
        )
    }

    /// # Errors
    /// 422 with every field noted.
    pub fn finish(&mut self) -> Result<()> {
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(Error::invalid(std::mem::take(&mut self.errors)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_as_it_was_typed() {
        for text in ["https://e.example/a%20b?x=1", "mailto:a@e.example"] {
            assert_eq!(address(text).map(String::from).as_deref(), Some(text));
        }
        for text in [
            "",
            "e.example",
            "https://e.example/o\nk",
            "https://e.exa\tmple/",
            "https://e.example/a b",
            "https://e.example/\u{85}",
            " https://e.example/",
        ] {
            assert_eq!(address(text), None, "{text:?}");
        }
    }
}

//! What themes declare, as far as a blueprint may set it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// Themes by name, with their options.
#[derive(Debug, Clone, Default)]
pub struct Themes(BTreeMap<String, BTreeMap<String, ThemeOption>>);

/// An option as `theme.toml` declares it.
#[derive(Debug, Clone, Deserialize)]
pub struct ThemeOption {
    /// `color`, `choice`, `bool`, `text`, `integer`, `image`, `link`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Values of a choice.
    #[serde(default)]
    pub allowed: Vec<String>,
    /// Least of an integer.
    pub min: Option<i64>,
    /// Most of an integer.
    pub max: Option<i64>,
}

/// The part of `theme.toml` that matters here.
#[derive(Deserialize)]
struct ThemeFile {
    #[serde(default)]
    options: BTreeMap<String, ThemeOption>,
}

impl Themes {
    /// Adds a theme by its `theme.toml`.
    ///
    /// # Errors
    /// When that is not what a theme declares.
    pub fn add(&mut self, name: &str, theme_toml: &str) -> Result<(), toml::de::Error> {
        let file: ThemeFile = toml::from_str(theme_toml)?;
        self.0.insert(name.to_owned(), file.options);
        Ok(())
    }

    /// The options of a theme.
    pub(super) fn options(&self, theme: &str) -> Option<&BTreeMap<String, ThemeOption>> {
        self.0.get(theme)
    }

    /// Their names.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl ThemeOption {
    /// What the option takes, if that is not what is given.
    pub(super) fn refuses(&self, given: &Value) -> Option<String> {
        let text = given.as_str();
        let (fits, wanted) = match self.kind.as_str() {
            "color" => (text.is_some_and(is_colour), "a colour such as \"#b4451f\"".to_owned()),
            "choice" => (
                text.is_some_and(|text| self.allowed.iter().any(|allowed| allowed == text)),
                format!("one of {}", self.allowed.join(", ")),
            ),
            "bool" => (given.is_boolean(), "true or false".to_owned()),
            "integer" => {
                let (least, most) = (self.min.unwrap_or(i64::MIN), self.max.unwrap_or(i64::MAX));
                let fits = given.as_i64().is_some_and(|number| (least..=most).contains(&number));
                (fits, format!("a number from {least} to {most}"))
            }
            _ => (text.is_some_and(|text| text.len() <= 2_000), "a text".to_owned()),
        };
        (!fits).then_some(wanted)
    }
}

fn is_colour(text: &str) -> bool {
    let hex = text.strip_prefix('#').unwrap_or_default();
    matches!(hex.len(), 3 | 6) && hex.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn options_take_what_themes_say() {
        let mut themes = Themes::default();
        let toml = "name = 't'\n[options.c]\ntype='color'\ndefault='#000'\n[options.h]\ntype='choice'\nallowed=['a']\n\
                    [options.b]\ntype='bool'\n[options.i]\ntype='integer'\nmin=1\nmax=3\n[options.t]\ntype='text'";
        themes.add("t", toml).unwrap();
        assert!(themes.add("x", "options = 1").is_err());
        let options = themes.options("t").unwrap();
        for (name, good, bad) in [
            ("c", json!("#b4451f"), json!("red")),
            ("h", json!("a"), json!("b")),
            ("b", json!(true), json!("true")),
            ("i", json!(3), json!(4)),
            ("t", json!(""), json!(1)),
        ] {
            assert_eq!(options[name].refuses(&good), None, "{name}");
            assert!(options[name].refuses(&bad).is_some(), "{name}");
        }
    }
}

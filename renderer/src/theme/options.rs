//! Options that a theme declares and a site sets.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use tera::{Map, Value};

use crate::address::Address;
use crate::colour::{self, Rgb};
use crate::diagnostic::Diagnostic;

/// One declared option (`[options.<name>]` in `theme.toml`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptionSpec {
    /// What kind of value it takes.
    #[serde(rename = "type")]
    pub kind: OptionKind,
    /// Used when a site does not set it, or sets it wrongly.
    pub default: serde_json::Value,
    /// For `choice`: the values it may have.
    #[serde(default)]
    pub allowed: Vec<String>,
    /// For `integer`: bounds, both included.
    #[serde(default)]
    pub min: Option<i64>,
    #[serde(default)]
    pub max: Option<i64>,
    /// Name for people.
    #[serde(default)]
    pub label: String,
    /// What it does.
    #[serde(default)]
    pub help: String,
}

/// Kinds of option values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptionKind {
    /// `#rrggbb`.
    Color,
    /// One of `allowed`.
    Choice,
    /// `true` or `false`.
    Bool,
    /// A line of text.
    Text,
    /// A whole number.
    Integer,
    /// A site path or an http address of an image; empty for none.
    Image,
    /// A site path or an address elsewhere; empty for none.
    Link,
}

impl OptionSpec {
    /// What is wrong with the declaration itself.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.kind == OptionKind::Choice && self.allowed.is_empty() {
            return Err("a choice needs `allowed`".into());
        }
        self.accept(&self.default)
            .map(|_| ())
            .map_err(|e| format!("default: {e}"))
    }

    /// What is wrong with a value that a site gives it: `must be …`.
    pub fn problem(&self, given: &serde_json::Value) -> Option<String> {
        self.accept(given).err()
    }

    /// The value for templates, or what is wrong with it.
    fn accept(&self, given: &serde_json::Value) -> Result<Value, String> {
        let text = given.as_str();
        match self.kind {
            OptionKind::Color => {
                let rgb = text.and_then(Rgb::parse).ok_or("must be a colour like `#b4451f`")?;
                Ok(colour_value(rgb))
            }
            OptionKind::Choice => match text {
                Some(t) if self.allowed.iter().any(|a| a == t) => Ok(Value::from(t)),
                _ => Err(format!("must be one of: {}", self.allowed.join(", "))),
            },
            OptionKind::Bool => given
                .as_bool()
                .map(Value::from)
                .ok_or_else(|| "must be true or false".into()),
            OptionKind::Text | OptionKind::Image | OptionKind::Link => text
                .filter(|t| t.len() <= 2000)
                .map(Value::from)
                .ok_or_else(|| "must be text of at most 2000 bytes".into()),
            OptionKind::Integer => {
                let n = given.as_i64().ok_or("must be a whole number")?;
                if self.min.is_some_and(|min| n < min) || self.max.is_some_and(|max| n > max) {
                    let bound = |b: Option<i64>| b.map_or("…".to_owned(), |b| b.to_string());
                    return Err(format!("must be from {} to {}", bound(self.min), bound(self.max)));
                }
                Ok(Value::from(n))
            }
        }
    }
}

fn colour_value(rgb: Rgb) -> Value {
    let brand = colour::brand(rgb);
    let mut map = Map::new();
    map.insert("hex".into(), Value::from(brand.base.hex()));
    map.insert("on_light".into(), Value::from(brand.on_light.hex()));
    map.insert("on_dark".into(), Value::from(brand.on_dark.hex()));
    map.insert("text".into(), Value::from(brand.text.hex()));
    map.insert("hue".into(), Value::from(brand.hue.round() as i64));
    map.insert("chroma".into(), Value::from((brand.chroma * 1000.0).round() / 1000.0));
    Value::from(map)
}

/// Checked options of one site.
#[derive(Debug, Clone)]
pub struct Options {
    /// All, for pages.
    pub all: Value,
    /// Those that cannot carry a user's text, for stylesheets.
    pub style: Value,
}

/// Checks what a site sets against what the theme declares.
pub fn resolve(
    specs: &IndexMap<String, OptionSpec>,
    given: &IndexMap<String, serde_json::Value>,
    address: &Address,
    findings: &mut Vec<Diagnostic>,
) -> Options {
    let (mut all, mut style) = (Map::new(), Map::new());
    let mut warn = |message: String| findings.push(Diagnostic::warning("", "theme-option", message));
    for name in given.keys().filter(|name| !specs.contains_key(*name)) {
        warn(format!("the theme has no option `{name}`; it is ignored"));
    }
    for (name, spec) in specs {
        let chosen = match given.get(name).map(|value| spec.accept(value)) {
            Some(Ok(value)) => Some(value),
            Some(Err(problem)) => {
                warn(format!("theme option `{name}` {problem}; the default is used"));
                None
            }
            None => None,
        };
        let mut value = chosen
            .or_else(|| spec.accept(&spec.default).ok())
            .unwrap_or_else(Value::none);
        if matches!(spec.kind, OptionKind::Image | OptionKind::Link) {
            let link = value.as_str().unwrap_or_default().to_owned();
            let href = if link.is_empty() {
                None
            } else if spec.kind == OptionKind::Link {
                address.safe_href(&link)
            } else {
                address.safe_image(&link)
            };
            if href.is_none() && !link.is_empty() {
                warn(format!(
                    "theme option `{name}` is not an address that may be used there; it is left out"
                ));
            }
            value = Value::from(href.unwrap_or_default());
        }
        if matches!(
            spec.kind,
            OptionKind::Color | OptionKind::Choice | OptionKind::Bool | OptionKind::Integer
        ) {
            style.insert(name.clone().into(), value.clone());
        }
        all.insert(name.clone().into(), value);
    }
    Options {
        all: Value::from(all),
        style: Value::from(style),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_each_kind() {
        let specs: IndexMap<String, OptionSpec> = toml::from_str(
            "c={type='color',default='#000000'}\nh={type='choice',default='a',allowed=['a','b']}\nb={type='bool',default=true}\nt={type='text',default=''}\ni={type='integer',default=3,min=1,max=5}\nm={type='image',default=''}",
        )
        .expect("parses");
        let address = Address::new("https://e.org/b").expect("valid");
        let given = |json: &str| serde_json::from_str::<IndexMap<String, serde_json::Value>>(json).expect("json");
        let mut findings = Vec::new();
        let good = resolve(
            &specs,
            &given(r##"{"c":"#ff0000","h":"b","b":false,"t":"x","i":5,"m":"/media/a.png"}"##),
            &address,
            &mut findings,
        );
        assert!(findings.is_empty(), "{findings:?}");
        assert_eq!(good.all.get_from_path("c.hex").and_then(Value::as_str), Some("#ff0000"));
        assert_eq!(
            good.all.get_from_path("m").and_then(Value::as_str),
            Some("/b/media/a.png")
        );
        assert!(good.style.get_from_path("t").is_none());
        let bad = resolve(
            &specs,
            &given(r##"{"c":"red}","h":"z","b":1,"t":3,"i":6,"m":"javascript:x","u":1}"##),
            &address,
            &mut findings,
        );
        assert_eq!(findings.len(), 7);
        assert_eq!(bad.all.get_from_path("c.hex").and_then(Value::as_str), Some("#000000"));
        assert_eq!(bad.all.get_from_path("i").and_then(Value::as_i64), Some(3));
    }
}

//! Options that a theme declares and a site sets.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use tera::{Map, Value};

use super::fonts::{FAMILIES, Family};
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
    /// For `choice`: the values it may have. For `font`: those of the families that it may be; all when empty.
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
    /// `#rrggbb`; may be empty if its default is.
    Color,
    /// The word for a family of letters ([`super::Family`]).
    Font,
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
        let unknown = |word: &&String| Family::of(word).is_none();
        if self.kind == OptionKind::Font
            && let Some(word) = self.allowed.iter().find(unknown)
        {
            return Err(format!("`{word}` is no family; there are: {}", families()));
        }
        self.accept(&self.default)
            .map(|_| ())
            .map_err(|e| format!("default: {e}"))
    }

    /// What is wrong with a value that a site gives it: `must be …`.
    pub fn problem(&self, given: &serde_json::Value) -> Option<String> {
        self.accept(given).err()
    }

    /// Whether a site may set it to this.
    pub(crate) fn takes(&self, value: &serde_json::Value) -> bool {
        self.accept(value).is_ok()
    }

    /// The value for templates, or what is wrong with it.
    fn accept(&self, given: &serde_json::Value) -> Result<Value, String> {
        let text = given.as_str();
        match self.kind {
            OptionKind::Color if text == Some("") && self.default == "" => Ok(Value::none()),
            OptionKind::Font => {
                let allowed = |word: &&str| self.allowed.is_empty() || self.allowed.iter().any(|a| a == word);
                match text.filter(allowed).and_then(Family::of) {
                    Some(family) => Ok(family.value()),
                    None if self.allowed.is_empty() => Err(format!("must be one of: {}", families())),
                    None => Err(format!("must be one of: {}", self.allowed.join(", "))),
                }
            }
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

fn families() -> String {
    let words: Vec<&str> = FAMILIES.iter().map(|family| family.word).collect();
    words.join(", ")
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
    /// Families that are chosen, each once.
    pub families: Vec<&'static Family>,
}

impl Options {
    /// The rules by which stylesheets get the families that the site brings.
    pub(crate) fn font_rules(&self) -> String {
        self.families.iter().map(|family| family.rules()).collect()
    }

    /// The files of these, by site path.
    pub(crate) fn font_files(&self) -> impl Iterator<Item = (String, &'static [u8])> {
        self.families.iter().flat_map(|family| family.files())
    }
}

/// Checks what a site sets against what the theme declares.
pub fn resolve(
    specs: &IndexMap<String, OptionSpec>,
    given: &IndexMap<String, serde_json::Value>,
    address: &Address,
    findings: &mut Vec<Diagnostic>,
) -> Options {
    let (mut all, mut style) = (Map::new(), Map::new());
    let mut families: Vec<&'static Family> = Vec::new();
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
        if spec.kind == OptionKind::Font
            && let Some(family) = value.get_from_path("name").and_then(Value::as_str).and_then(Family::of)
            && !families.iter().any(|known| known.word == family.word)
        {
            families.push(family);
        }
        if matches!(
            spec.kind,
            OptionKind::Color | OptionKind::Font | OptionKind::Choice | OptionKind::Bool | OptionKind::Integer
        ) {
            style.insert(name.clone().into(), value.clone());
        }
        all.insert(name.clone().into(), value);
    }
    Options {
        all: Value::from(all),
        style: Value::from(style),
        families,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_each_kind() {
        let specs: IndexMap<String, OptionSpec> = toml::from_str(
            "c={type='color',default='#000000'}\nh={type='choice',default='a',allowed=['a','b']}\nb={type='bool',default=true}\nt={type='text',default=''}\ni={type='integer',default=3,min=1,max=5}\nm={type='image',default=''}\nf={type='font',default='serif',allowed=['serif','inter']}\na={type='color',default=''}",
        )
        .expect("parses");
        let address = Address::new("https://e.org/b").expect("valid");
        let given = |json: &str| serde_json::from_str::<IndexMap<String, serde_json::Value>>(json).expect("json");
        let mut findings = Vec::new();
        let good = resolve(
            &specs,
            &given(r##"{"c":"#ff0000","h":"b","b":false,"t":"x","i":5,"m":"/media/a.png","f":"inter","a":""}"##),
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
        let family = good.style.get_from_path("f.family").and_then(Value::as_str);
        assert_eq!(family, Some("\"Inter\", \"Inter stand-in\", var(--sans)"));
        assert_eq!(good.font_files().count(), 2);
        assert!(good.style.get_from_path("a").is_some_and(Value::is_none));
        for (path, _) in good.font_files() {
            let url = format!("url({})", path.trim_start_matches("/assets/"));
            assert!(good.font_rules().contains(&url), "{url}");
        }
        let bad = resolve(
            &specs,
            &given(r##"{"c":"red}","h":"z","b":1,"t":3,"i":6,"m":"javascript:x","u":1,"f":"sans","a":"blue"}"##),
            &address,
            &mut findings,
        );
        assert_eq!(findings.len(), 9);
        assert_eq!(bad.font_files().count(), 0);
        assert_eq!(bad.all.get_from_path("c.hex").and_then(Value::as_str), Some("#000000"));
        assert_eq!(bad.all.get_from_path("i").and_then(Value::as_i64), Some(3));
    }
}

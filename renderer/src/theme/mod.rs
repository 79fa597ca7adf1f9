//! Themes: compiled templates, assets with hashed names, words, declared options.
//!
//! A theme is a map of paths to bytes: `theme.toml`, `templates/…`, `assets/…`, `words/<language>.toml`. Templates, assets and words
//! of the shared base (`themes/base`) stand behind every theme's own and can be replaced by files of the same name.

mod assets;
mod filters;
mod fonts;
mod minify;
mod options;
mod reach;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use indexmap::IndexMap;
use serde::Deserialize;
use tera::{Map, Tera, Value};

use crate::images::sizes::Sizes;
use crate::markdown::Labels;
pub use assets::Asset;
pub(crate) use assets::hashed_path;
pub use fonts::{FAMILIES, Family};
pub(crate) use minify::minify;
pub(crate) use options::resolve as resolve_options;
pub use options::{OptionKind, OptionSpec, Options};
use reach::Reach;

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/themes.rs"));
}

/// Templates without which no site can be rendered; all others fall back to one of these.
const REQUIRED: &[&str] = &["page.html", "list.html", "home.html", "404.html"];
/// Prefix of the shared base's templates.
const BASE: &str = "base/";

/// Why a theme cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ThemeError {
    #[error("there is no built-in theme `{0}`; built in are: {1}")]
    Unknown(String, String),
    #[error("cannot read the theme's folder {path}: {source}")]
    Io { path: String, source: std::io::Error },
    #[error("the theme has no theme.toml")]
    NoManifest,
    #[error("theme.toml: {0}")]
    Manifest(String),
    #[error("{0} is not UTF-8 text")]
    NotText(String),
    #[error("the template {0} is missing")]
    MissingTemplate(&'static str),
    #[error("a template does not compile:\n{0}")]
    Template(String),
    #[error("{file}: {message}")]
    Words { file: String, message: String },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    name: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    options: IndexMap<String, OptionSpec>,
    #[serde(default)]
    sizes: BTreeMap<String, String>,
    /// Names for people of the menus it shows, by place.
    #[serde(default = "usual_menus")]
    menus: IndexMap<String, String>,
}

/// What the base shows.
fn usual_menus() -> IndexMap<String, String> {
    [("main", "Header"), ("footer", "Footer")]
        .map(|(place, label)| (place.to_owned(), label.to_owned()))
        .into_iter()
        .collect()
}

/// A compiled theme; making one is the slow part, so keep it for many renders.
pub struct Theme {
    /// Name, as in `themes/<name>`.
    pub name: String,
    /// Name for people.
    pub title: String,
    /// One line about it.
    pub description: String,
    /// Options a site may set, in the order they are shown.
    pub options: IndexMap<String, OptionSpec>,
    /// Places of menus that the theme shows, with names for people (`[menus]` in `theme.toml`).
    pub menus: IndexMap<String, String>,
    pub(crate) tera: Tera,
    /// How wide images are shown, by place.
    pub(crate) sizes: Sizes,
    /// Assets by the name templates use.
    pub(crate) assets: BTreeMap<String, Asset>,
    /// Stylesheets made from options, by name: `options.css`.
    pub(crate) option_styles: Vec<String>,
    /// Names of variables that each template may look at.
    variables: HashMap<String, HashSet<String>>,
    words: BTreeMap<String, Arc<BTreeMap<String, String>>>,
    /// Tells themes with other files apart.
    pub(crate) fingerprint: u64,
    /// Which templates were shown, if anybody asked for that.
    reach: Option<Reach>,
}

impl std::fmt::Debug for Theme {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Theme")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Theme {
    /// A theme that is built into the library.
    pub fn builtin(name: &str) -> Result<Self, ThemeError> {
        Self::compile_with(&Self::builtin_files(name)?, &Self::builtin_base(), None)
    }

    /// [`Theme::builtin`], with [`Theme::missed`].
    pub fn builtin_watched(name: &str) -> Result<Self, ThemeError> {
        Self::compile_with(
            &Self::builtin_files(name)?,
            &Self::builtin_base(),
            Some(Reach::default()),
        )
    }

    fn builtin_files(name: &str) -> Result<BTreeMap<String, Vec<u8>>, ThemeError> {
        let prefix = format!("{name}/");
        let files: BTreeMap<String, Vec<u8>> = embedded::FILES
            .iter()
            .filter_map(|(path, bytes)| Some((path.strip_prefix(&prefix)?.to_owned(), bytes.to_vec())))
            .collect();
        if files.is_empty() || name == "base" {
            return Err(ThemeError::Unknown(name.to_owned(), Self::builtin_names().join(", ")));
        }
        Ok(files)
    }

    fn builtin_base() -> BTreeMap<String, Vec<u8>> {
        let base = embedded::FILES.iter();
        base.filter_map(|(path, bytes)| Some((path.strip_prefix(BASE)?.to_owned(), bytes.to_vec())))
            .collect()
    }

    /// Names of the built-in themes, sorted.
    pub fn builtin_names() -> Vec<String> {
        let manifest = |path: &str| path.strip_suffix("/theme.toml").map(str::to_owned);
        embedded::FILES.iter().filter_map(|(path, _)| manifest(path)).collect()
    }

    /// Reads and compiles the theme in a folder. A folder `base` beside it takes the place of the built-in base.
    pub fn from_dir(dir: &Path) -> Result<Self, ThemeError> {
        Self::from_dir_with(dir, None)
    }

    /// [`Theme::from_dir`], with [`Theme::missed`].
    pub fn from_dir_watched(dir: &Path) -> Result<Self, ThemeError> {
        Self::from_dir_with(dir, Some(Reach::default()))
    }

    fn from_dir_with(dir: &Path, reach: Option<Reach>) -> Result<Self, ThemeError> {
        let files = read_dir(dir)?;
        let base = dir.canonicalize().ok().and_then(|d| Some(d.parent()?.join("base")));
        let base = match base.filter(|b| b.join("templates").is_dir() && b.file_name() != dir.file_name()) {
            Some(base) => read_dir(&base)?,
            None => Self::builtin_base(),
        };
        Self::compile_with(&files, &base, reach)
    }

    /// Compiles a theme from its files (paths as in its folder).
    pub fn compile(files: &BTreeMap<String, Vec<u8>>) -> Result<Self, ThemeError> {
        Self::compile_with(files, &Self::builtin_base(), None)
    }

    fn compile_with(
        files: &BTreeMap<String, Vec<u8>>,
        base: &BTreeMap<String, Vec<u8>>,
        mut reach: Option<Reach>,
    ) -> Result<Self, ThemeError> {
        let text = |name: &str, bytes: &[u8]| {
            String::from_utf8(bytes.to_vec()).map_err(|_| ThemeError::NotText(name.to_owned()))
        };
        let manifest = text("theme.toml", files.get("theme.toml").ok_or(ThemeError::NoManifest)?)?;
        let manifest: Manifest = toml::from_str(&manifest).map_err(|e| ThemeError::Manifest(e.to_string()))?;
        for (name, spec) in &manifest.options {
            spec.check()
                .map_err(|problem| ThemeError::Manifest(format!("options.{name}: {problem}")))?;
        }

        let mut templates: Vec<(String, String)> = Vec::new();
        let mut words: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        let mut raw_assets = BTreeMap::new();
        for (path, bytes) in base {
            if let Some(name) = path.strip_prefix("templates/") {
                templates.push((format!("{BASE}{name}"), text(path, bytes)?));
            } else if let Some(name) = path.strip_prefix("assets/") {
                raw_assets.insert(name.to_owned(), bytes.clone());
            } else if let Some(language) = words_language(path) {
                merge_words(&mut words, language, path, &text(path, bytes)?)?;
            }
        }
        let mut option_styles = Vec::new();
        for (path, bytes) in files {
            if let Some(name) = path.strip_prefix("templates/") {
                // Those in folders are parts that a stylesheet includes.
                if name.ends_with(".css") && !name.contains('/') {
                    option_styles.push(name.to_owned());
                }
                templates.push((name.to_owned(), text(path, bytes)?));
            } else if let Some(name) = path.strip_prefix("assets/") {
                raw_assets.insert(name.to_owned(), bytes.clone());
            } else if let Some(language) = words_language(path) {
                merge_words(&mut words, language, path, &text(path, bytes)?)?;
            }
        }

        let sizes = Sizes::with(manifest.sizes).map_err(ThemeError::Manifest)?;
        if let Some(reach) = &mut reach {
            reach.watch(&mut templates);
        }
        let engine = |templates: &[(String, String)]| engine(templates, &sizes, reach.as_ref());
        let tera = match engine(&templates) {
            Ok(tera) => tera,
            // A theme with pages of its own may have another frame or list than the base's pages need: they stay out, and
            // only the base's parts stand behind the theme.
            Err(problem) if files.contains_key("templates/page.html") => {
                let own_frame = |(name, text): &&(String, String)| {
                    !(name.starts_with(BASE) && text.trim_start().starts_with("{% extends"))
                };
                engine(&templates.iter().filter(own_frame).cloned().collect::<Vec<_>>()).map_err(|_| problem)?
            }
            Err(problem) => return Err(problem),
        };
        if let Some(missing) = REQUIRED.iter().find(|name| !tera.contains_template(name)) {
            return Err(ThemeError::MissingTemplate(missing));
        }
        Ok(Self {
            fingerprint: crate::incremental::trace::identity(&(files, base)),
            variables: variables(&tera, &templates),
            name: manifest.name,
            title: manifest.title,
            description: manifest.description,
            options: manifest.options,
            menus: manifest.menus,
            tera,
            sizes,
            assets: assets::prepare(&raw_assets),
            option_styles,
            words: words.into_iter().map(|(k, v)| (k, Arc::new(v))).collect(),
            reach,
        })
    }

    /// Templates and components (`components.html, component card`) that no render with this theme has shown so far, those of the base
    /// with `base/` before their names. Empty unless the theme was compiled to be watched.
    pub fn missed(&self) -> Vec<String> {
        self.reach.as_ref().map(Reach::missed).unwrap_or_default()
    }

    /// The first of `names` that the theme has. The last must be one that every theme has.
    pub(crate) fn template<'a>(&self, names: &[&'a str]) -> &'a str {
        names
            .iter()
            .copied()
            .find(|name| self.tera.contains_template(name))
            .unwrap_or("page.html")
    }

    /// Names of all templates, by which [`Theme::looks_at`] knows them.
    pub(crate) fn templates(&self) -> impl Iterator<Item = &str> {
        let names = self.tera.get_template_names();
        names.map(|name| name.strip_prefix(BASE).unwrap_or(name))
    }

    /// False if rendering `template` cannot depend on the variable of that name.
    pub(crate) fn looks_at(&self, template: &str, variable: &str) -> bool {
        self.variables
            .get(template)
            .is_none_or(|names| names.contains(variable))
    }

    /// True if there are words in `language` or its base language.
    pub(crate) fn has_words(&self, language: &str) -> bool {
        let lower = alias(&language.to_ascii_lowercase()).to_owned();
        let base = lower.split('-').next().unwrap_or_default();
        self.words.contains_key(&lower) || self.words.contains_key(alias(base))
    }

    /// The theme's words in `language` (a BCP 47 tag), else in its base language, else in English; English fills gaps.
    pub fn words(&self, language: &str) -> Words {
        let lower = language.to_ascii_lowercase();
        let base = alias(lower.split('-').next().unwrap_or_default());
        let mut all = self.words.get("en").map(|w| (**w).clone()).unwrap_or_default();
        for tag in [base, lower.as_str()] {
            if let Some(words) = self.words.get(tag) {
                all.extend(words.iter().map(|(k, v)| (k.clone(), v.clone())));
            }
        }
        Words(all)
    }
}

/// Variables by template, as far as they can be told; a template that is not listed may look at all.
fn variables(tera: &Tera, templates: &[(String, String)]) -> HashMap<String, HashSet<String>> {
    // Components can ask for variables of their callers, and one that is set somewhere is no longer listed; so those count for all.
    let mut everywhere: HashSet<String> = HashSet::new();
    for name in tera.get_component_names() {
        let arguments = tera.get_component_definition(name);
        let arguments = arguments.iter().flat_map(|c| c.args()).filter(|a| a.is_implicit());
        everywhere.extend(arguments.map(|a| a.name().to_owned()));
    }
    for (_, text) in templates {
        for (at, _) in text.match_indices("set") {
            let name = text[at + 3..].trim_start_matches("_global").trim_start();
            let end = name
                .find(|c: char| !(c.is_alphanumeric() || c == '_'))
                .unwrap_or(name.len());
            everywhere.insert(name[..end].to_owned());
        }
    }
    if templates.iter().any(|(_, text)| text.contains("__tera_context")) {
        return HashMap::new();
    }
    let known = templates.iter().filter_map(|(name, _)| {
        let name = name.strip_prefix(BASE).unwrap_or(name);
        let own = tera.get_template_variables(name).ok()?;
        let all = own.into_iter().map(str::to_owned).chain(everywhere.iter().cloned());
        Some((name.to_owned(), all.collect()))
    });
    known.collect()
}

fn engine(templates: &[(String, String)], sizes: &Sizes, reach: Option<&Reach>) -> Result<Tera, ThemeError> {
    let wrong = |e: tera::Error| ThemeError::Template(e.to_string());
    let mut tera = Tera::default();
    tera.set_fallback_prefixes([BASE]).map_err(wrong)?;
    filters::register(&mut tera, sizes);
    if let Some(reach) = reach {
        reach.register(&mut tera);
    }
    let templates = templates.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    tera.add_raw_templates(templates).map_err(wrong)?;
    Ok(tera)
}

/// The files of a theme's folder by their path in it.
fn read_dir(dir: &Path) -> Result<BTreeMap<String, Vec<u8>>, ThemeError> {
    let io = |path: &Path, source| ThemeError::Io {
        path: path.display().to_string(),
        source,
    };
    let mut files = BTreeMap::new();
    for entry in walkdir::WalkDir::new(dir) {
        let entry = entry.map_err(|e| io(dir, e.into()))?;
        if !entry.file_type().is_file() {
            continue;
        }
        let Ok(relative) = entry.path().strip_prefix(dir) else {
            continue;
        };
        let name = relative
            .components()
            .map(|c| c.as_os_str().to_string_lossy())
            .collect::<Vec<_>>()
            .join("/");
        files.insert(name, std::fs::read(entry.path()).map_err(|e| io(entry.path(), e))?);
    }
    Ok(files)
}

/// Words of the theme in one language.
pub struct Words(BTreeMap<String, String>);

impl Words {
    /// The word by its key; the key itself where a theme has none.
    pub fn get(&self, key: &str) -> String {
        self.0.get(key).cloned().unwrap_or_else(|| key.replace('_', " "))
    }

    /// Those that appear inside bodies.
    pub fn labels(&self) -> Labels {
        Labels {
            note: self.get("note"),
            tip: self.get("tip"),
            important: self.get("important"),
            warning: self.get("warning"),
            caution: self.get("caution"),
            footnotes: self.get("footnotes"),
            back_to_text: self.get("back_to_text"),
            link_to_section: self.get("link_to_section"),
            table: self.get("table"),
            code: self.get("code"),
            details: self.get("details"),
        }
    }

    /// All of them, for templates (`t.next`).
    pub fn value(&self) -> Value {
        let map: Map = self
            .0
            .iter()
            .map(|(k, v)| (k.clone().into(), Value::from(v.as_str())))
            .collect();
        Value::from(map)
    }
}

/// The language whose words stand for those of another name or of its closest relative.
fn alias(base: &str) -> &str {
    match base {
        "no" | "nn" => "nb",
        base => base,
    }
}

fn words_language(path: &str) -> Option<&str> {
    path.strip_prefix("words/")?.strip_suffix(".toml")
}

fn merge_words(
    all: &mut BTreeMap<String, BTreeMap<String, String>>,
    language: &str,
    file: &str,
    text: &str,
) -> Result<(), ThemeError> {
    let words: BTreeMap<String, String> = toml::from_str(text).map_err(|e| ThemeError::Words {
        file: file.to_owned(),
        message: e.to_string(),
    })?;
    all.entry(language.to_ascii_lowercase()).or_default().extend(words);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minimal(extra: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::from([("theme.toml".to_string(), b"name = \"t\"".to_vec())]);
        for name in REQUIRED {
            files.insert(format!("templates/{name}"), b"x".to_vec());
        }
        files.extend(
            extra
                .iter()
                .map(|(path, text)| ((*path).to_string(), text.as_bytes().to_vec())),
        );
        files
    }

    #[test]
    fn built_in_themes_compile() {
        for name in Theme::builtin_names() {
            let theme = Theme::builtin(&name).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(theme.name, name);
        }
        assert!(Theme::builtin("nothing").unwrap_err().to_string().contains("ember"));
    }

    #[test]
    fn errors_name_the_place() {
        let broken = Theme::compile(&minimal(&[("templates/page.html", "line\n{{ oops ")]))
            .unwrap_err()
            .to_string();
        assert!(broken.contains("page.html") && broken.contains("2"), "{broken}");
        let filter = Theme::compile(&minimal(&[("templates/page.html", "{{ 1 | nofilter }}")]))
            .unwrap_err()
            .to_string();
        assert!(filter.contains("nofilter"), "{filter}");
        let option = Theme::compile(&minimal(&[(
            "theme.toml",
            "name='t'\n[options.x]\ntype='color'\ndefault='red'",
        )]))
        .unwrap_err()
        .to_string();
        assert!(option.contains("options.x"), "{option}");
        let mut without = minimal(&[]);
        without.remove("templates/404.html");
        assert!(matches!(
            Theme::compile(&without),
            Err(ThemeError::MissingTemplate("404.html"))
        ));
    }

    #[test]
    fn variables_that_a_template_may_look_at() {
        let theme = Theme::compile(&minimal(&[
            (
                "templates/page.html",
                "{% extends \"frame.html\" %}{% block a %}{{ toc }}{% endblock %}",
            ),
            (
                "templates/frame.html",
                "{% block a %}{% endblock %}{% include \"side.html\" %}{% set related = 1 %}{{ related }}",
            ),
            ("templates/side.html", "{% for x in recent %}{{ x }}{% endfor %}"),
            (
                "templates/home.html",
                "{% component c(@gallery = 1) %}{{ gallery }}{% endcomponent c %}{{ <c /> }}",
            ),
        ]))
        .expect("compiles");
        let cases = [
            ("page.html", "toc", true),
            ("page.html", "recent", true),
            ("page.html", "related", true),
            ("page.html", "gallery", true),
            ("page.html", "faq", false),
            ("home.html", "toc", false),
            ("list.html", "gallery", true),
            ("missing.html", "toc", true),
        ];
        for (template, variable, looks) in cases {
            assert_eq!(theme.looks_at(template, variable), looks, "{variable} in {template}");
        }
    }

    #[test]
    fn words_fall_back() {
        let theme = Theme::compile(&minimal(&[
            ("words/en.toml", "next='Next'\nx='X'"),
            ("words/pt-br.toml", "next='Próxima'"),
        ]))
        .expect("compiles");
        assert_eq!(theme.words("pt-BR").get("next"), "Próxima");
        assert_eq!(theme.words("pt-BR").get("x"), "X");
        assert_eq!(theme.words("en-GB").get("next"), "Next");
        assert_eq!(theme.words("en").get("no_such"), "no such");
    }
}

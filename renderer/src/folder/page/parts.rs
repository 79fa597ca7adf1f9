//! Keys of front matter that take more than their type to read.

use indexmap::IndexMap;
use serde_json::Value;

use crate::folder::config::{Config, Rules};
use crate::folder::fields::{Fields, boolean, text};
use crate::folder::front_matter::Map;
use crate::folder::paths;
use crate::folder::place::Placed;
use crate::site::{
    Availability, Block, ClusterRef, ClusterRole, ContentStructure, Entity, FaqItem, PageLayout, TermRef,
};

/// One name, or the first of several; several stay as a list besides.
pub(super) fn author(fields: &mut Fields) -> Option<String> {
    let name = |value: &Value| text(value).or_else(|| value.get("name").and_then(text));
    for key in ["author", "authors"] {
        let Some(value) = fields.peek(key) else {
            continue;
        };
        let (first, whole) = match value {
            Value::Array(items) => (items.first().and_then(name), items.len() == 1 && items[0].is_string()),
            other => (name(other), text(other).is_some()),
        };
        if whole {
            fields.value(key);
        }
        if first.is_some() {
            return first;
        }
    }
    None
}

/// The featured image under the names themes have for it.
pub(super) fn image(fields: &mut Fields) -> Option<String> {
    let inner = |value: &Value| {
        ["image", "src", "path", "url"]
            .iter()
            .find_map(|k| value.get(k)?.as_str().map(str::to_owned))
    };
    for key in [
        "image",
        "featured_image",
        "featuredImage",
        "featured-image",
        "cover",
        "thumbnail",
        "images",
    ] {
        let Some(value) = fields.peek(key) else {
            continue;
        };
        let (found, whole) = match value {
            Value::String(s) => (Some(s.clone()), true),
            Value::Array(items) => (
                items.first().and_then(Value::as_str).map(str::to_owned),
                items.len() == 1,
            ),
            other => (inner(other), false),
        };
        if let Some(found) = found.filter(|f| !f.trim().is_empty()) {
            if whole {
                fields.value(key);
            }
            return Some(found);
        }
    }
    None
}

pub(super) fn aliases(fields: &mut Fields, placed: &Placed, config: &Config) -> Vec<String> {
    let mut out = Vec::new();
    let mut written = fields.list(&["aliases"]).unwrap_or_default();
    written.extend(fields.list(&["redirect_from"]).unwrap_or_default());
    for raw in written {
        let safe = paths::site_path(&raw).trim_matches('/') == raw.trim_matches('/');
        let alias = match &config.rules {
            Rules::Plain(_) if safe && raw.starts_with('/') => raw.clone(),
            Rules::Hugo(_) if !raw.starts_with('/') => {
                let parent = paths::parent(placed.path.trim_end_matches('/'));
                paths::old_path(&format!("/{}", paths::resolve(parent, &raw).unwrap_or_default()))
            }
            _ => paths::old_path(&raw),
        };
        if !safe && !raw.starts_with('.') {
            fields.warn(
                "aliases",
                format!("old address `{}` is kept as `{alias}`", raw.escape_debug()),
            );
        }
        if alias != "/" && alias != placed.path && !out.contains(&alias) {
            out.push(alias);
        }
    }
    if let Some(old) = placed.old.as_ref().filter(|old| !out.contains(old)) {
        out.push(old.clone());
    }
    out
}

pub(super) fn canonical(fields: &mut Fields) -> Option<String> {
    for key in ["canonical_url", "canonicalURL", "canonical"] {
        let Some(raw) = fields.peek(key).and_then(Value::as_str) else {
            continue;
        };
        if raw.starts_with('/') || url::Url::parse(raw).is_ok_and(|u| matches!(u.scheme(), "http" | "https")) {
            return fields.string(&[key]);
        }
        fields.warn(key, format!("`{key}` is not a web address; kept as an unknown key"));
    }
    None
}

pub(super) fn indexable(fields: &mut Fields) -> bool {
    if let Some(on) = fields.bool(&["indexable"]) {
        return on;
    }
    for key in ["noindex", "robotsNoIndex"] {
        if fields.peek(key).and_then(boolean).is_some() {
            return !fields.bool(&[key]).unwrap_or(false);
        }
    }
    true
}

/// Hugo's menu entries in front matter: a name, names, or tables by name.
pub(super) fn menus(fields: &mut Fields) -> Vec<(String, i64)> {
    let Some(value) = fields.peek("menus").or_else(|| fields.peek("menu")) else {
        return Vec::new();
    };
    match value {
        Value::String(name) => vec![(name.clone(), 0)],
        Value::Array(names) => names.iter().filter_map(|n| Some((n.as_str()?.to_owned(), 0))).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(name, entry)| (name.clone(), entry.get("weight").and_then(Value::as_i64).unwrap_or(0)))
            .collect(),
        _ => Vec::new(),
    }
}

pub(super) fn cluster(fields: &mut Fields) -> Option<ClusterRef> {
    let mut table = fields.inner("cluster")?;
    let role = table.string(&["role"]).unwrap_or_else(|| "supporting".into());
    let role = serde_json::from_value::<ClusterRole>(Value::String(role.clone())).unwrap_or_else(|_| {
        table.warn(
            "role",
            format!("cluster role `{role}` is none of hub, supporting, attribute"),
        );
        ClusterRole::Supporting
    });
    let name = table.string(&["name"]);
    let id = table.string(&["id"]).or_else(|| name.as_deref().map(paths::slugify));
    let found = id.map(|id| ClusterRef {
        name: name.unwrap_or_else(|| id.clone()),
        id,
        role,
    });
    if found.is_none() {
        table.warn("cluster", "a cluster needs an `id` or a `name`; left out");
    }
    table.report_rest("cluster");
    found
}

pub(super) fn entity(fields: &mut Fields, rest: &mut Map) -> Entity {
    if !fields.peek("entity").is_some_and(Value::is_object) {
        return Entity::default();
    }
    let Some(mut table) = fields.inner("entity") else {
        return Entity::default();
    };
    let availability = table.string(&["availability"]).and_then(|name| {
        let known = serde_json::from_value::<Availability>(Value::String(name.to_lowercase().replace([' ', '-'], "_")));
        if known.is_err() {
            let message = format!("availability `{name}` is none of in_stock, out_of_stock, pre_order, discontinued");
            table.warn("availability", message);
        }
        known.ok()
    });
    let rating_value = table.float(&["rating_value"]).filter(|r| {
        let sound = (0.0..=5.0).contains(r);
        if !sound {
            table.warn(
                "rating_value",
                format!("a rating lies between 0 and 5, not at {r}; left out"),
            );
        }
        sound
    });
    let entity = Entity {
        price: table.string(&["price"]),
        currency: table.string(&["currency"]),
        brand: table.string(&["brand"]),
        sku: table.string(&["sku"]),
        gtin: table.string(&["gtin"]),
        availability,
        rating_value,
        rating_count: table.int(&["rating_count"]).and_then(|n| u32::try_from(n).ok()),
        area: table.string(&["area"]),
        price_range: table.string(&["price_range"]),
        gallery: table.list(&["gallery"]).unwrap_or_default(),
    };
    *rest = table.map;
    entity
}

pub(super) fn attributes(fields: &mut Fields) -> IndexMap<String, String> {
    let texts = |v: &Value| v.as_object().is_some_and(|m| m.values().all(|v| text(v).is_some()));
    if !fields.peek("attributes").is_some_and(texts) {
        return IndexMap::new();
    }
    let table = fields.map(&["attributes"]).unwrap_or_default();
    table.into_iter().filter_map(|(k, v)| Some((k, text(&v)?))).collect()
}

pub(super) fn faq(fields: &mut Fields) -> Vec<FaqItem> {
    let item = |v: &Value| {
        let question = v.get("question")?.as_str()?.to_owned();
        Some(FaqItem {
            question,
            answer: v.get("answer")?.as_str()?.to_owned(),
        })
    };
    let items: Option<Vec<FaqItem>> = match fields.peek("faq") {
        Some(Value::Array(items)) => items.iter().map(item).collect(),
        Some(_) => None,
        None => return Vec::new(),
    };
    match items {
        Some(items) => {
            fields.value("faq");
            items
        }
        None => {
            fields.warn(
                "faq",
                "every [[faq]] needs a `question` and an `answer`; kept as an unknown key",
            );
            Vec::new()
        }
    }
}

/// The blocks of a page. Those that cannot be read are named and stay, as an unknown key of the same name.
pub(super) fn blocks(fields: &mut Fields, config: &Config) -> Vec<Block> {
    let items = match fields.peek("blocks") {
        Some(Value::Array(items)) if items.iter().any(|i| i.get("type").is_some()) => items.clone(),
        _ => return Vec::new(),
    };
    let (mut out, mut left) = (Vec::with_capacity(items.len()), Vec::new());
    for (n, item) in items.into_iter().enumerate() {
        match serde_json::from_value(item.clone()) {
            Ok(block) => out.push(block),
            Err(e) => {
                // Themes of other generators have blocks of their own.
                if matches!(config.rules, Rules::Plain(_)) {
                    let message = format!("block {} cannot be read ({e}); it is kept as an unknown key", n + 1);
                    fields.warn("blocks", message);
                }
                left.push(item);
            }
        }
    }
    fields.value("blocks");
    if !left.is_empty() {
        fields.map.insert("blocks".into(), Value::Array(left));
    }
    out
}

/// The page's layout. In other generators the key names a template and stays unknown.
pub(super) fn layout(fields: &mut Fields, config: &Config) -> Option<PageLayout> {
    if !matches!(config.rules, Rules::Plain(_)) {
        return None;
    }
    let word = fields.peek("layout")?.as_str()?.to_owned();
    let found = PageLayout::parse(&word);
    if found.is_some() {
        fields.value("layout");
    } else {
        fields.warn("layout", format!("there is no layout `{word}`; kept as an unknown key"));
    }
    found
}

/// What sort of text a page is; an unknown word is kept as an unknown key.
pub(super) fn structure(fields: &mut Fields) -> Option<ContentStructure> {
    let found = serde_json::from_value(fields.peek("structure")?.clone()).ok();
    if found.is_some() {
        fields.value("structure");
    }
    found
}

/// The term whose archive a page is the text of.
pub(super) fn term(fields: &mut Fields) -> Option<TermRef> {
    let found = serde_json::from_value(fields.peek("term")?.clone()).ok();
    if found.is_some() {
        fields.value("term");
    }
    found
}

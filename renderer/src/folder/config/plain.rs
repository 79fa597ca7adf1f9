//! `site.toml` of our own layout.

use indexmap::IndexMap;
use serde_json::Value;

use super::{Config, ContentRoot, FolderError, ReadOptions, Rules, load, taxonomy};
use crate::folder::fields::{Fields, strings};
use crate::folder::front_matter::Map;
use crate::folder::layout::Layout;
use crate::folder::paths;
use crate::folder::problem::Problems;
use crate::folder::walk::File;
use crate::site::{MenuItem, Organisation, OrganisationKind, Redirect, SiteType, TaxonomyKind, Term};

pub(in crate::folder) struct Plain {
    /// There is a `site.toml`: nothing is made up that it does not say.
    pub declared: bool,
}

pub(super) fn config(files: &[File], options: &ReadOptions, problems: &Problems) -> Result<Config, FolderError> {
    let mut config = Config::new(Layout::Plain, Rules::Plain(Plain { declared: false }), options);
    if !files.iter().any(|f| f.rel.starts_with("content/")) {
        config.content = vec![ContentRoot {
            dir: String::new(),
            language: None,
        }];
    }
    let Some(file) = load(files, "site.toml")? else {
        return Ok(config);
    };
    config.rules = Rules::Plain(Plain { declared: true });
    let mut fields = file.fields(problems);
    if let Some(mut site) = fields.inner("site") {
        settings(&mut config, &mut site, options);
        site.report_rest("site");
    }
    if let Some(mut table) = fields.inner("organisation") {
        config.settings.organisation = Organisation {
            name: table.string(&["name"]).unwrap_or_default(),
            email: table.string(&["email"]).unwrap_or_default(),
            phone: table.string(&["phone"]).unwrap_or_default(),
            address: table.list(&["address"]).unwrap_or_default(),
            logo: table.string(&["logo"]),
            same_as: table.list(&["same_as"]).unwrap_or_default(),
            kind: kind(&mut table),
            legal_name: table.string(&["legal_name"]).unwrap_or_default(),
            vat_id: table.string(&["vat_id"]).unwrap_or_default(),
            registration: table.string(&["registration"]).unwrap_or_default(),
            postal_code: table.string(&["postal_code"]).unwrap_or_default(),
            city: table.string(&["city"]).unwrap_or_default(),
            region: table.string(&["region"]).unwrap_or_default(),
            country: table.string(&["country"]).unwrap_or_default(),
            privacy_url: table.string(&["privacy_url"]),
        };
        table.report_rest("organisation");
    }
    if let Some(mut theme) = fields.inner("theme") {
        config.settings.theme_options = theme.map(&["options"]).unwrap_or_default();
        decode_json(&mut theme, "options_json", &mut config.settings.theme_options);
        theme.report_rest("theme");
    }
    if let Some(outputs) = fields.map(&["outputs"]) {
        match serde_json::from_value(outputs.into_iter().collect()) {
            Ok(outputs) => config.settings.outputs = outputs,
            Err(problem) => fields.warn("outputs", format!("{problem}; the usual files are written")),
        }
    }
    if let Some(syntax) = fields.map(&["markdown"]) {
        match serde_json::from_value(syntax.into_iter().collect()) {
            Ok(syntax) => config.settings.markdown = syntax,
            Err(problem) => fields.warn("markdown", format!("{problem}; the usual Markdown is read")),
        }
    }
    if let Some(menus) = fields.map(&["menu"]) {
        for (place, items) in menus {
            let items = menu(&items, 0);
            if items.is_none() {
                fields.warn(
                    "menu",
                    format!("menu `{place}` is not a list of tables with label and url; left out"),
                );
            }
            config.menus.insert(place, items.unwrap_or_default());
        }
    }
    if fields.peek("taxonomies").is_some() {
        config.closed = true;
        for table in fields.tables("taxonomies").unwrap_or_default() {
            taxonomy_table(&mut config, fields.with(table));
        }
    }
    for table in fields.tables("redirects").unwrap_or_default() {
        let mut table = fields.with(table);
        match (table.string(&["from"]), table.string(&["to"])) {
            (Some(from), Some(to)) => config.redirects.push(Redirect { from, to }),
            _ => fields.warn("redirects", "a redirect needs `from` and `to`; left out"),
        }
    }
    for table in fields.tables("media").unwrap_or_default() {
        let mut table = fields.with(table);
        if let (Some(path), Some(alt)) = (table.string(&["path"]), table.string(&["alt"])) {
            config.alts.insert(path, alt);
        }
    }
    // The marker of our own exports.
    fields.map(&["igny8"]);
    config.settings.extra = fields.map(&["extra"]).unwrap_or_default();
    let mut extra = std::mem::take(&mut config.settings.extra);
    decode_json(&mut fields, "extra_json", &mut extra);
    for (key, value) in std::mem::take(&mut fields.map) {
        extra.entry(key).or_insert(value);
    }
    config.settings.extra = extra;
    Ok(config)
}

fn kind(table: &mut Fields<'_>) -> OrganisationKind {
    let Some(kind) = table.string(&["kind"]) else {
        return OrganisationKind::default();
    };
    serde_json::from_value(kind.as_str().into()).unwrap_or_else(|_| {
        let message = format!("`{kind}` is none of organization, local_business, store, professional_service");
        table.warn("kind", message);
        OrganisationKind::default()
    })
}

fn settings(config: &mut Config, site: &mut Fields, options: &ReadOptions) {
    config.common(site);
    if let Some(url) = site.string(&["base_url"]) {
        config.set_base_url(&url, site, "base_url");
    }
    if let Some(tag) = site.string(&["language"]) {
        config.set_language(&tag, site, "language");
    }
    for tag in site.list(&["languages"]).unwrap_or_default() {
        config.add_language(&tag, site);
    }
    if let Some(zone) = site.string(&["time_zone"]) {
        config.set_zone(&zone, site, "time_zone");
    }
    if let Some(kind) = site.string(&["site_type"]) {
        match serde_json::from_value::<SiteType>(Value::String(kind.clone())) {
            Ok(kind) => config.settings.site_type = options.site_type.unwrap_or(kind),
            Err(_) => site.warn("site_type", format!("`{kind}` is none of blog, ecommerce, company")),
        }
    }
    let size = |n: i64| usize::try_from(n).ok();
    config.settings.per_page = site
        .int(&["per_page"])
        .and_then(size)
        .unwrap_or(config.settings.per_page);
    config.settings.feed_limit = site
        .int(&["feed_limit"])
        .and_then(size)
        .unwrap_or(config.settings.feed_limit);
    if let Some(way) = site.string(&["pagination"]) {
        match serde_json::from_value(Value::String(way.clone())) {
            Ok(way) => config.settings.pagination = way,
            Err(_) => site.warn("pagination", format!("`{way}` is neither stable nor full")),
        }
    }
    config.settings.indexable = site.bool(&["indexable"]).unwrap_or(true);
}

fn menu(items: &Value, depth: usize) -> Option<Vec<MenuItem>> {
    if depth > 32 {
        return None;
    }
    let item = |value: &Value| {
        Some(MenuItem {
            label: value.get("label")?.as_str()?.to_owned(),
            url: value.get("url")?.as_str()?.to_owned(),
            children: value.get("children").map_or(Some(Vec::new()), |c| menu(c, depth + 1))?,
        })
    };
    items.as_array()?.iter().map(item).collect()
}

fn taxonomy_table(config: &mut Config, mut table: Fields) {
    let Some(name) = table.string(&["name"]) else {
        table.warn("taxonomies", "a taxonomy needs a `name`; left out");
        return;
    };
    let mut made = taxonomy(&name, "/");
    made.title = table.string(&["title"]).unwrap_or(made.title);
    made.path = table.string(&["path"]).map_or(made.path, |p| paths::site_path(&p));
    made.per_page = table.int(&["per_page"]).and_then(|n| usize::try_from(n).ok());
    made.feed = table.bool(&["feed"]).unwrap_or(true);
    if let Some(kind) = table.string(&["kind"]) {
        match serde_json::from_value::<TaxonomyKind>(Value::String(kind.clone())) {
            Ok(kind) => made.kind = kind,
            Err(_) => table.warn("kind", format!("taxonomy `{name}`: unknown kind `{kind}`")),
        }
    }
    for term in table.tables("terms").unwrap_or_default() {
        let mut term = table.with(term);
        let (slug, name) = (term.string(&["slug"]), term.string(&["name"]));
        let Some(slug) = slug.or_else(|| name.as_deref().map(paths::slugify)) else {
            table.warn(
                "terms",
                format!("a term of `{}` has neither slug nor name; left out", made.name),
            );
            continue;
        };
        made.terms.push(Term {
            name: name.unwrap_or_else(|| slug.clone()),
            slug,
            description: term.string(&["description"]).unwrap_or_default(),
            parent: term.string(&["parent"]),
            language: term
                .string(&["language"])
                .unwrap_or_else(|| config.settings.language.clone()),
            translation_key: term.string(&["translation_key"]),
            aliases: term.list(&["aliases"]).unwrap_or_default(),
        });
        term.report_rest("terms");
    }
    table.report_rest("taxonomies");
    config.taxonomies.push(made);
}

/// Values TOML has no words for (null, numbers over 63 bits) are exported as JSON text in a table of their own.
pub(in crate::folder) fn decode_json(fields: &mut Fields, key: &str, into: &mut IndexMap<String, Value>) {
    let Some(table): Option<Map> = fields.map(&[key]) else {
        return;
    };
    for (name, value) in table {
        let decoded = strings(&value).and_then(|s| serde_json::from_str(s.first()?).ok());
        match decoded {
            Some(decoded) => {
                into.insert(name, decoded);
            }
            None => fields.warn(&name, format!("`{key}.{name}` is not JSON; left out")),
        }
    }
}

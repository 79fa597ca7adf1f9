//! Puts a site together from the files of a folder.

mod doc;
mod media;
mod sections;
mod terms;
mod text;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use rayon::prelude::*;
use serde_json::Value;

use self::doc::{Content, Doc};
use self::sections::{made_up, root_page, section_exists};
use self::terms::Terms;
use super::config::{Config, Rules};
use super::links::{From, Index};
use super::page::{self, Built};
use super::place::{self, Role};
use super::problem::Problems;
use super::texts::{Tape, Texts};
use super::walk::File;
use super::{FolderError, FolderSite, Layout, ReadOptions, dates, paths};
use crate::site::{Body, MenuItem, Page, Redirect, SNAPSHOT_VERSION, Section, SharedPage, Site};
use crate::tables;

pub(super) use self::sections::nearest;

pub(super) fn assemble(
    dir: &Path,
    files: Vec<File>,
    mut config: Config,
    options: &ReadOptions,
    problems: Problems,
) -> Result<FolderSite, FolderError> {
    let (content, statics, assets) = sort_out(files, &config, &problems);
    let tape = (content.iter().map(|file| file.bytes).sum::<u64>() > options.texts_in_memory)
        .then(Tape::new)
        .flatten();
    let mut docs: Vec<Doc> = content
        .par_iter()
        .filter_map(|file| {
            let mut doc = doc::read(file, &config, options, &problems)?;
            doc.put_away(tape.as_ref(), &config);
            Some(doc)
        })
        .collect();
    drop(content);
    without_duplicates(&mut docs, &problems);
    add_undeclared_languages(&docs, &mut config);
    let (media, sources) = media::collect(&docs, &statics, &assets, &config, options, &problems);
    let index = text::index(&docs, &media);
    docs.par_iter_mut().for_each(|doc| match doc.take_out(tape.as_ref()) {
        Ok(place) => match (text::finish(doc, &index, &config, &problems), place) {
            (false, Some(place)) => doc.leave_at(place),
            _ => doc.put_away(tape.as_ref(), &config),
        },
        Err(e) => problems.error(&doc.rel, None, format!("its text was lost on the way: {e}")),
    });
    text::report_missing(&docs, &problems);

    let mut taxonomies = std::mem::take(&mut config.taxonomies);
    let mut pages: Vec<SharedPage> = Vec::with_capacity(docs.len());
    let mut places = HashMap::new();
    let mut sections: Vec<Section> = Vec::new();
    let mut drafts = BTreeSet::new();
    let mut menu_pages: Vec<(String, i64, MenuItem)> = Vec::new();
    let mut section_dirs: HashMap<(String, String), String> = HashMap::new();
    let mut groups: tables::HashMap<String, usize> = tables::with_room(docs.len());
    for doc in &docs {
        if matches!(doc.what, Content::Section(_)) {
            section_dirs.insert(
                (doc.placed.dir.clone(), doc.placed.language.clone()),
                doc.placed.path.clone(),
            );
        }
        if matches!(doc.what, Content::Page(_)) {
            *groups.entry(doc.placed.translation.clone()).or_default() += 1;
        }
    }
    made_up(&docs, &config, &mut section_dirs, &mut sections);
    let mut terms = Terms::new(&mut taxonomies, &config);
    for doc in &docs {
        if let Content::Term { taxonomy, term } = &doc.what {
            terms.describe(taxonomy, term.clone());
        }
    }
    for doc in docs {
        match doc.what {
            Content::Term { .. } => {}
            Content::Section(section) if section.path == "/" && config.layout != Layout::Plain => {
                root_page(*section, &mut config);
            }
            Content::Section(section) => sections.push(*section),
            Content::Page(built) => {
                if built.page.path == "/" && !config.titled && !matches!(&config.rules, Rules::Plain(p) if p.declared) {
                    config.settings.title = built.page.title.clone();
                    config.titled = true;
                }
                let Built {
                    mut page, draft, menus, ..
                } = *built;
                if let Some(to) = doc.redirect {
                    config.redirects.push(Redirect {
                        from: page.path.clone(),
                        to,
                    });
                    continue;
                }
                if doc.placed.section.is_none() {
                    page.section = nearest(&section_dirs, &doc.placed.dir, &doc.placed.language);
                } else if !matches!(config.rules, Rules::Plain(_))
                    && !section_exists(&page.section, &sections, &section_dirs)
                {
                    page.section = "/".into();
                }
                if page.translation_key.is_none() && groups.get(&doc.placed.translation).is_some_and(|n| *n > 1) {
                    page.translation_key = Some(doc.placed.translation.clone());
                }
                terms.name(&mut page, &doc.rel, &problems);
                for (place, weight) in menus {
                    let item = MenuItem {
                        label: page.title.clone(),
                        url: page.path.clone(),
                        children: Vec::new(),
                    };
                    menu_pages.push((place, weight, item));
                }
                if expired(&page, &config, options) {
                    problems.info(&doc.rel, "its expiryDate has passed; kept as a draft");
                    drafts.insert(page.id.clone());
                }
                if draft {
                    drafts.insert(page.id.clone());
                }
                if let Some(place) = doc.away {
                    let html = matches!(page.body, Body::Html(_));
                    places.insert(page.id.clone(), (place, html));
                }
                pages.push(page.into());
            }
        }
    }
    menu_pages.sort_by_key(|(_, weight, _)| if *weight == 0 { i64::MAX } else { *weight });
    if matches!(config.rules, Rules::Hugo(_)) {
        for (place, _, item) in menu_pages {
            config.menus.entry(place).or_default().push(item);
        }
    }
    settle(&mut config, dir, options, &index, &problems);
    let site = Site {
        version: SNAPSHOT_VERSION,
        generated_at: options.generated_at,
        settings: config.settings,
        pages,
        sections,
        taxonomies,
        menus: config.menus,
        media,
        redirects: config.redirects,
    };
    Ok(FolderSite {
        site,
        files: sources,
        problems: problems.finish(),
        layout: config.layout,
        drafts,
        texts: tape.map(|tape| Texts::new(tape, places)),
    })
}

/// Files by what they are for; the rest is reported, by folder where there are many.
fn sort_out(files: Vec<File>, config: &Config, problems: &Problems) -> (Vec<File>, Vec<(File, String)>, Vec<File>) {
    let (mut content, mut statics, mut assets) = (Vec::new(), Vec::new(), Vec::new());
    let mut left: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for file in files {
        match place::role(&file.rel, config) {
            Role::Content => content.push(file),
            Role::Static { public } => statics.push((file, public)),
            Role::Asset => assets.push(file),
            Role::Config => {}
            Role::Left { reason, group } => *left.entry((group, reason)).or_default() += 1,
        }
    }
    for ((group, reason), count) in left {
        let files = if count == 1 {
            String::new()
        } else {
            format!("{count} files ")
        };
        problems.info(&group, format!("{files}not read: {reason}"));
    }
    (content, statics, assets)
}

/// Keeps the first of several files with the same address.
fn without_duplicates(docs: &mut Vec<Doc>, problems: &Problems) {
    let mut seen: tables::HashMap<String, String> = tables::with_room(docs.len());
    let mut ids: tables::HashMap<String, String> = tables::with_room(docs.len());
    docs.retain_mut(|doc| {
        if matches!(doc.what, Content::Term { .. }) {
            return true;
        }
        if let Some(first) = seen.get(&doc.placed.path) {
            let message = format!("not read: its address {} is that of {first} already", doc.placed.path);
            problems.error(&doc.rel, None, message);
            return false;
        }
        if let Content::Page(built) = &mut doc.what {
            if let Some(first) = ids.get(&built.page.id) {
                problems.warn(
                    &doc.rel,
                    None,
                    format!(
                        "its id `{}` is that of {first} already; its path is used",
                        built.page.id
                    ),
                );
                built.page.id = doc.rel.clone();
            }
            ids.insert(built.page.id.clone(), doc.rel.clone());
        }
        seen.insert(doc.placed.path.clone(), doc.rel.clone());
        true
    });
}

fn add_undeclared_languages(docs: &[Doc], config: &mut Config) {
    if matches!(&config.rules, Rules::Plain(plain) if plain.declared) {
        return;
    }
    let found: BTreeSet<String> = docs
        .iter()
        .filter_map(|d| page::undeclared_language(&d.placed.language, config))
        .collect();
    config.settings.languages.extend(found);
}

fn expired(page: &Page, config: &Config, options: &ReadOptions) -> bool {
    let date = page.extra.get("expiryDate").and_then(Value::as_str);
    date.and_then(|d| dates::parse(d, config.zone))
        .is_some_and(|d| d <= options.generated_at)
}

/// What the options say last, and what a site cannot be without.
fn settle(config: &mut Config, dir: &Path, options: &ReadOptions, index: &Index, problems: &Problems) {
    let settings = &mut config.settings;
    if let Some(url) = &options.base_url {
        settings.base_url = url.trim_end_matches('/').to_owned();
    }
    if settings.base_url.is_empty() {
        settings.base_url = "http://localhost".into();
        problems.warn(
            ".",
            None,
            "no address of the site is configured; http://localhost is used",
        );
    }
    if let Some(kind) = options.site_type {
        settings.site_type = kind;
    }
    if settings.title.is_empty() && !config.titled {
        let name = dir
            .file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default();
        settings.title = paths::title_from_name(&name);
    }
    if let Some(logo) = config.settings.organisation.logo.clone() {
        let from = From {
            rel: "site.toml",
            line: 1,
            skipped: &[],
            base: "/",
        };
        match index.picture(&logo, &from, config) {
            Ok(public) => config.settings.organisation.logo = Some(public),
            Err(()) => problems.warn(
                "site.toml",
                None,
                format!("logo `{logo}` leads to nothing in this folder"),
            ),
        }
    }
}

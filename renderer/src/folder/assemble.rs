//! Puts a site together from the files of a folder.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use indexmap::IndexMap;
use rayon::prelude::*;
use serde_json::Value;

use super::config::{Config, Rules, taxonomy};
use super::fields::Fields;
use super::links::{self, From, Index};
use super::page::{self, Built};
use super::place::{self, Placed, Role, What};
use super::problem::Problems;
use super::walk::File;
use super::{
    FolderError, FolderSite, Layout, ReadOptions, dates, front_matter, liquid, media, paths,
    shortcodes,
};
use crate::site::{
    Body, MenuItem, Page, Redirect, SNAPSHOT_VERSION, Section, Site, Taxonomy, Term,
};

/// One content file, read.
struct Doc {
    rel: String,
    /// Line of the file its text starts on.
    line: usize,
    placed: Placed,
    raw_links: bool,
    what: Content,
    redirect: Option<String>,
    /// Pictures its front matter names that are not there.
    missing: Vec<String>,
}

enum Content {
    Page(Box<Built>),
    Section(Section),
    Term { taxonomy: String, term: Term },
}

pub(super) fn assemble(
    dir: &Path,
    files: Vec<File>,
    mut config: Config,
    options: &ReadOptions,
    problems: Problems,
) -> Result<FolderSite, FolderError> {
    let (content, statics, assets) = sort_out(files, &config, &problems);
    let docs: Vec<Doc> = content
        .par_iter()
        .filter_map(|file| read_doc(file, &config, options, &problems))
        .collect();
    let mut docs = without_duplicates(docs, &problems);
    add_undeclared_languages(&docs, &mut config);
    let (media, sources) = collect_media(&docs, &statics, &assets, &config, options, &problems);
    let index = index(&docs, &media);
    docs.par_iter_mut()
        .for_each(|doc| finish_text(doc, &index, &config, &problems));
    report_missing(&docs, &problems);

    let mut taxonomies = std::mem::take(&mut config.taxonomies);
    let mut pages: Vec<Page> = Vec::new();
    let mut sections: Vec<Section> = Vec::new();
    let mut drafts = BTreeSet::new();
    let mut menu_pages: Vec<(String, i64, MenuItem)> = Vec::new();
    let mut section_dirs: HashMap<(String, String), String> = HashMap::new();
    let mut groups: HashMap<String, usize> = HashMap::new();
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
    made_up_sections(&docs, &config, &mut section_dirs, &mut sections);
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
                root_page(section, &mut config);
            }
            Content::Section(section) => sections.push(section),
            Content::Page(built) => {
                if built.page.path == "/"
                    && !config.titled
                    && !matches!(&config.rules, Rules::Plain(p) if p.declared)
                {
                    config.settings.title = built.page.title.clone();
                    config.titled = true;
                }
                let Built {
                    mut page,
                    draft,
                    menus,
                    ..
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
                if page.translation_key.is_none()
                    && groups.get(&doc.placed.translation).is_some_and(|n| *n > 1)
                {
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
                pages.push(page);
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
    })
}

/// Files by what they are for; the rest is reported, by folder where there are many.
fn sort_out(
    files: Vec<File>,
    config: &Config,
    problems: &Problems,
) -> (Vec<File>, Vec<(File, String)>, Vec<File>) {
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

/// Reads a content file. `None` when it is not one, or broken; both are reported.
fn read_doc(
    file: &File,
    config: &Config,
    options: &ReadOptions,
    problems: &Problems,
) -> Option<Doc> {
    let rel = &file.rel;
    if file.bytes > options.max_page_bytes {
        problems.error(
            rel,
            None,
            format!("not read: larger than {} MB", options.max_page_bytes >> 20),
        );
        return None;
    }
    let bytes = match std::fs::read(&file.abs) {
        Ok(bytes) => bytes,
        Err(e) => {
            problems.error(rel, None, format!("not read: {e}"));
            return None;
        }
    };
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(e) => {
            let at = e.utf8_error().valid_up_to();
            let line = 1 + e.as_bytes()[..at].iter().filter(|b| **b == b'\n').count();
            problems.error(
                rel,
                Some(line),
                format!("not read: byte {at} is not valid UTF-8; save the file as UTF-8"),
            );
            return None;
        }
    };
    let json = matches!(config.layout, Layout::Hugo | Layout::Plain);
    let parsed = match front_matter::parse(&text, json) {
        Ok(parsed) => parsed,
        Err(e) => {
            problems.error(rel, Some(e.line), format!("not read: {}", e.message));
            return None;
        }
    };
    let ending = rel
        .rsplit_once('.')
        .map(|(_, e)| e.to_ascii_lowercase())
        .unwrap_or_default();
    let is_html = matches!(ending.as_str(), "html" | "htm");
    if parsed.format.is_none() {
        if is_html {
            problems.warn(
                rel,
                None,
                "not read: HTML files are not served as they are; make it a page with front matter",
            );
            return None;
        }
        if config.layout == Layout::Jekyll {
            problems.info(
                rel,
                "not read: no front matter, so Jekyll does not make a page of it",
            );
            return None;
        }
    }
    if is_html && config.layout == Layout::Jekyll && liquid::is_template(parsed.body) {
        problems.warn(
            rel,
            None,
            "not read: a template page made by Liquid loops; the theme makes such pages",
        );
        return None;
    }
    let had_head = parsed.format.is_some();
    let (line, body) = (parsed.body_line, parsed.body.to_owned());
    let before = usize::from(parsed.format != Some(front_matter::Format::Json));
    let mut fields = Fields::new(parsed.data, rel, parsed.head, before, problems)
        .any_case(config.layout == Layout::Hugo);
    let placed = place::place(&mut fields, config);
    if config.layout != Layout::Plain && placed.path == "/404/" {
        problems.info(
            rel,
            "not read: the renderer makes the page for missing addresses",
        );
        return None;
    }
    let body = if is_html {
        Body::Html(body)
    } else {
        Body::Markdown(body)
    };
    let redirect = redirect(&mut fields, config);
    let home_is_empty = match &body {
        Body::Markdown(text) | Body::Html(text) => text.trim().is_empty(),
    };
    let (what, raw_links) = match &placed.what {
        What::Term { taxonomy, slug } => {
            let name = fields
                .string(&["title"])
                .unwrap_or_else(|| paths::title_from_name(&placed.name));
            let description = fields.string(&["description"]).unwrap_or_default();
            let term = Term {
                slug: slug.clone(),
                name,
                description,
                parent: None,
                language: placed.language.clone(),
            };
            (
                Content::Term {
                    taxonomy: taxonomy.clone(),
                    term,
                },
                false,
            )
        }
        What::Section => {
            let (section, raw) = page::section(&mut fields, &placed, body);
            (Content::Section(section), raw)
        }
        // A root page without text only configures the list of newest pages, which the renderer makes anyway.
        What::Home
            if home_is_empty
                && paths::file_name(rel).starts_with("_index.")
                && config.layout != Layout::Plain =>
        {
            let (section, raw) = page::section(&mut fields, &placed, body);
            (Content::Section(section), raw)
        }
        What::Page | What::Home => {
            let built = page::page(&mut fields, &placed, config, body, had_head);
            let raw = built.raw_links;
            (Content::Page(Box::new(built)), raw)
        }
    };
    Some(Doc {
        rel: rel.clone(),
        line,
        placed,
        raw_links,
        what,
        redirect,
        missing: Vec::new(),
    })
}

/// Where a page only points elsewhere.
fn redirect(fields: &mut Fields, config: &Config) -> Option<String> {
    if config.layout == Layout::Plain {
        return None;
    }
    let to = fields.plain_string("redirect_to")?;
    let web = url::Url::parse(&to).is_ok_and(|u| matches!(u.scheme(), "http" | "https"));
    Some(if web { to } else { paths::from_output(&to).0 })
}

/// Keeps the first of several files with the same address.
fn without_duplicates(docs: Vec<Doc>, problems: &Problems) -> Vec<Doc> {
    let mut seen: HashMap<String, String> = HashMap::new();
    let mut ids: HashMap<String, String> = HashMap::new();
    let mut out = Vec::with_capacity(docs.len());
    for mut doc in docs {
        if matches!(doc.what, Content::Term { .. }) {
            out.push(doc);
            continue;
        }
        if let Some(first) = seen.get(&doc.placed.path) {
            let message = format!(
                "not read: its address {} is that of {first} already",
                doc.placed.path
            );
            problems.error(&doc.rel, None, message);
            continue;
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
        out.push(doc);
    }
    out
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

/// Media with their addresses, sorted by address, and where their bytes are.
fn collect_media(
    docs: &[Doc],
    statics: &[(File, String)],
    assets: &[File],
    config: &Config,
    options: &ReadOptions,
    problems: &Problems,
) -> (
    Vec<crate::site::Media>,
    BTreeMap<String, std::path::PathBuf>,
) {
    // Address of each source folder that a page or section speaks for; the default language's, where several do.
    let mut homes: HashMap<&str, (&str, bool)> = HashMap::new();
    for doc in docs {
        let own = doc.placed.language == config.settings.language;
        let folder = match (&doc.what, &doc.placed.bundle) {
            (Content::Section(_), _) => doc.placed.dir.as_str(),
            (_, Some(bundle)) => bundle.as_str(),
            _ => continue,
        };
        let known = homes
            .get(folder)
            .is_some_and(|(_, default)| *default || !own);
        if !known {
            homes.insert(folder, (&doc.placed.path, own));
        }
    }
    let public_of = |rel: &str| {
        let mut folder = paths::parent(rel);
        loop {
            let below = paths::below(rel, folder).unwrap_or(rel);
            if let Some((home, _)) = homes.get(folder) {
                return paths::file_path(&format!("{home}{below}"));
            }
            if folder.is_empty() || config.content.iter().any(|r| r.dir == folder) {
                break;
            }
            folder = paths::parent(folder);
        }
        let folder = place::dir_path(paths::parent(rel), config);
        paths::file_path(&format!("{folder}{}", paths::file_name(rel)))
    };
    let mut all: Vec<(&File, String)> = statics
        .iter()
        .map(|(f, public)| (f, public.clone()))
        .collect();
    all.extend(assets.iter().map(|f| (f, public_of(&f.rel))));
    let mut media: Vec<_> = all
        .par_iter()
        .filter_map(|(file, public)| media::inspect(file, public, options, problems))
        .collect();
    // `assets` sorts before `static`, but what lies in static/ is what the old site served.
    media.sort_by(|a, b| {
        (&a.path, a.source.starts_with("assets/"), &a.source).cmp(&(
            &b.path,
            b.source.starts_with("assets/"),
            &b.source,
        ))
    });
    let taken: std::collections::HashSet<&str> = docs
        .iter()
        .map(|d| d.placed.path.trim_end_matches('/'))
        .collect();
    let mut last: Option<(String, String)> = None;
    media.retain(|m| {
        if taken.contains(m.path.as_str()) {
            problems.error(
                &m.source,
                None,
                format!("not taken: a page lives at {} already", m.path),
            );
            return false;
        }
        if let Some((_, first)) = last.as_ref().filter(|(path, _)| *path == m.path) {
            problems.error(
                &m.source,
                None,
                format!(
                    "not taken: its address {} is that of {first} already",
                    m.path
                ),
            );
            return false;
        }
        last = Some((m.path.clone(), m.source.clone()));
        true
    });
    for m in &mut media {
        if let Some(alt) = config.alts.get(&m.path) {
            m.alt = alt.clone();
        }
    }
    let by_rel: HashMap<&str, &File> = all.iter().map(|(f, _)| (f.rel.as_str(), *f)).collect();
    let sources = media
        .iter()
        .filter_map(|m| Some((m.source.clone(), by_rel.get(m.source.as_str())?.abs.clone())));
    let sources = sources.collect();
    (media, sources)
}

fn index(docs: &[Doc], media: &[crate::site::Media]) -> Index {
    let mut index = Index::default();
    for doc in docs {
        index.files.insert(doc.rel.clone(), doc.placed.path.clone());
        index.pages.insert(doc.placed.path.clone());
        if let Some(old) = &doc.placed.old {
            index.old.insert(old.clone(), doc.placed.path.clone());
        }
        let name = paths::file_name(&doc.rel);
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        for name in [name, stem] {
            index
                .names
                .entry(name.to_owned())
                .or_default()
                .push(doc.placed.path.clone());
        }
        if let Some((_, name)) = doc.rel.split_once("_posts/") {
            let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
            index.posts.insert(stem.to_owned(), doc.placed.path.clone());
        }
    }
    for m in media {
        index.media.insert(m.source.clone(), m.path.clone());
        index.public.insert(m.path.clone());
    }
    index
}

/// Tags of the old generator, then links, then what is taken from the finished text.
fn finish_text(doc: &mut Doc, index: &Index, config: &Config, problems: &Problems) {
    let base = match &doc.placed.old {
        Some(old) => format!("{}/", paths::parent(old)),
        None => doc.placed.path.clone(),
    };
    let from = From {
        rel: &doc.rel,
        line: doc.line,
        base: &base,
    };
    let (title, body) = match &mut doc.what {
        Content::Page(built) => (built.page.title.clone(), &mut built.page.body),
        Content::Section(section) => (section.title.clone(), &mut section.body),
        Content::Term { .. } => return,
    };
    let (text, html) = match body {
        Body::Markdown(text) => (text, false),
        Body::Html(text) => (text, true),
    };
    match &config.rules {
        Rules::Jekyll(rules) => {
            let page = liquid::Context {
                title: &title,
                path: &doc.placed.path,
                rules,
                index,
                config,
                from: &from,
            };
            *text = liquid::render(text, &page, problems);
            if !html {
                *text = liquid::strip_attribute_lists(text);
            }
        }
        Rules::Hugo(_) => *text = shortcodes::hugo(text, &from, index, config, problems),
        Rules::Zola(_) => *text = shortcodes::zola(text, &from, problems),
        Rules::Plain(_) => {}
    }
    if !doc.raw_links {
        *text = match html {
            true => links::html(text, &from, index, config, problems),
            false => links::markdown(text, &from, index, config, problems),
        };
    }
    let Content::Page(built) = &mut doc.what else {
        return;
    };
    let page = &mut built.page;
    if page.excerpt.is_empty() {
        page.excerpt = excerpt(&page.body, config);
    }
    let mut pictures: Vec<&mut String> = page.image.iter_mut().collect();
    pictures.extend(page.entity.gallery.iter_mut());
    for picture in pictures {
        match index.picture(picture, &from, config) {
            Ok(public) => *picture = public,
            Err(()) => doc.missing.push(picture.clone()),
        }
    }
}

/// Reports pictures that are not there; one that many files name (a default) once.
fn report_missing(docs: &[Doc], problems: &Problems) {
    let mut missing: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for doc in docs {
        for picture in &doc.missing {
            missing.entry(picture).or_default().push(&doc.rel);
        }
    }
    for (picture, files) in missing {
        let picture: String = picture
            .chars()
            .filter(|c| !c.is_control())
            .take(120)
            .collect();
        let more = if files.len() > 3 {
            format!(", here and in {} more files", files.len() - 1)
        } else {
            String::new()
        };
        let named = if files.len() > 3 {
            &files[..1]
        } else {
            &files[..]
        };
        for file in named {
            problems.warn(
                file,
                None,
                format!("picture `{picture}` leads to nothing in this folder{more}"),
            );
        }
    }
}

/// The text before the mark that generators know for it.
fn excerpt(body: &Body, config: &Config) -> String {
    let Body::Markdown(text) = body else {
        return String::new();
    };
    let own = match &config.rules {
        Rules::Plain(_) => return String::new(),
        Rules::Jekyll(rules) => rules.excerpt_separator.as_deref(),
        _ => None,
    };
    let marks = ["<!-- more -->", "<!--more-->"];
    let at = own
        .into_iter()
        .chain(marks)
        .find_map(|mark| text.find(mark));
    let Some(at) = at.filter(|at| *at <= 4096) else {
        return String::new();
    };
    let mut out = String::new();
    for event in pulldown_cmark::Parser::new_ext(&text[..at], links::options()) {
        use pulldown_cmark::{Event, TagEnd};
        match event {
            Event::Text(t) | Event::Code(t) => out.push_str(&t),
            Event::SoftBreak
            | Event::HardBreak
            | Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item) => out.push(' '),
            _ => {}
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Sections that generators make by themselves: Hugo for folders at the top, Jekyll for collections, we for every folder
/// of a folder without `site.toml`.
fn made_up_sections(
    docs: &[Doc],
    config: &Config,
    dirs: &mut HashMap<(String, String), String>,
    sections: &mut Vec<Section>,
) {
    let mut taken: BTreeSet<String> = docs.iter().map(|d| d.placed.path.clone()).collect();
    let mut wanted: BTreeMap<(String, String), (String, String)> = BTreeMap::new();
    for doc in docs.iter().filter(|d| matches!(d.what, Content::Page(_))) {
        let language = doc.placed.language.clone();
        let below = config.content.iter().find_map(|r| {
            paths::below(&doc.placed.dir, &r.dir)
                .filter(|b| !b.is_empty())
                .map(|below| (r.dir.clone(), below))
        });
        match (&config.rules, &doc.placed.section) {
            (Rules::Jekyll(_), Some(path)) if path != "/" => {
                let name = path.trim_matches('/').to_owned();
                wanted.insert((doc.placed.dir.clone(), language), (path.clone(), name));
            }
            (Rules::Hugo(_), None) => {
                let Some((root, below)) = below else { continue };
                let top = below.split('/').next().unwrap_or(below);
                let dir = if root.is_empty() {
                    top.to_owned()
                } else {
                    format!("{root}/{top}")
                };
                let path = format!(
                    "{}{}",
                    config.language_root(&language),
                    place::dir_path(&dir, config).trim_start_matches('/')
                );
                wanted.insert((dir, language), (path, top.to_owned()));
            }
            (Rules::Plain(plain), None) if !plain.declared => {
                let Some((_, below)) = below else { continue };
                let path = place::dir_path(&doc.placed.dir, config);
                wanted.insert(
                    (doc.placed.dir.clone(), language),
                    (path, paths::file_name(below).to_owned()),
                );
            }
            _ => {}
        }
    }
    for ((dir, language), (path, name)) in wanted {
        let own = !dirs.contains_key(&(dir.clone(), language.clone()));
        if path == "/" || !own || !taken.insert(path.clone()) {
            continue;
        }
        dirs.insert((dir, language.clone()), path.clone());
        sections.push(Section {
            path,
            title: paths::title_from_name(&name),
            description: String::new(),
            body: Body::Markdown(String::new()),
            language,
            sort: Default::default(),
            per_page: None,
            render: true,
            weight: None,
            extra: IndexMap::new(),
        });
    }
}

/// What a root `_index.md` without text says about the site, where the configuration does not.
fn root_page(section: Section, config: &mut Config) {
    let settings = &mut config.settings;
    if !config.titled {
        settings.title = section.title;
        config.titled = true;
    }
    if settings.description.is_empty() {
        settings.description = section.description;
    }
    if let Some(n) = section.per_page.filter(|n| *n > 0) {
        settings.per_page = n;
    }
    for (key, value) in section.extra {
        settings.extra.entry(key).or_insert(value);
    }
}

fn section_exists(
    path: &str,
    sections: &[Section],
    dirs: &HashMap<(String, String), String>,
) -> bool {
    path == "/" || sections.iter().any(|s| s.path == path) || dirs.values().any(|p| p == path)
}

/// The section of the nearest folder that is one.
pub(super) fn nearest(
    dirs: &HashMap<(String, String), String>,
    dir: &str,
    language: &str,
) -> String {
    let mut dir = dir;
    loop {
        if let Some(path) = dirs.get(&(dir.to_owned(), language.to_owned())) {
            return path.clone();
        }
        if dir.is_empty() {
            return "/".into();
        }
        dir = paths::parent(dir);
    }
}

fn expired(page: &Page, config: &Config, options: &ReadOptions) -> bool {
    let date = page.extra.get("expiryDate").and_then(Value::as_str);
    date.and_then(|d| dates::parse(d, config.zone))
        .is_some_and(|d| d <= options.generated_at)
}

/// Terms as pages name them, found or made.
struct Terms<'a> {
    taxonomies: &'a mut Vec<Taxonomy>,
    by_name: HashMap<(String, String), String>,
    slugs: HashMap<String, BTreeSet<String>>,
    closed: bool,
    root: String,
    is_plain: bool,
}

impl<'a> Terms<'a> {
    fn new(taxonomies: &'a mut Vec<Taxonomy>, config: &Config) -> Self {
        let mut terms = Terms {
            by_name: HashMap::new(),
            slugs: HashMap::new(),
            closed: config.closed,
            root: config.taxonomy_root.clone(),
            is_plain: matches!(config.rules, Rules::Plain(_)),
            taxonomies,
        };
        for taxonomy in terms.taxonomies.iter() {
            let slugs = terms.slugs.entry(taxonomy.name.clone()).or_default();
            for term in &taxonomy.terms {
                slugs.insert(term.slug.clone());
                terms
                    .by_name
                    .entry((taxonomy.name.clone(), term.name.clone()))
                    .or_insert(term.slug.clone());
            }
        }
        terms
    }

    /// A term that has a file of its own.
    fn describe(&mut self, taxonomy: &str, term: Term) {
        if self
            .slugs
            .entry(taxonomy.to_owned())
            .or_default()
            .insert(term.slug.clone())
        {
            self.by_name
                .insert((taxonomy.to_owned(), term.name.clone()), term.slug.clone());
            self.taxonomy(taxonomy).terms.push(term);
        }
    }

    fn taxonomy(&mut self, name: &str) -> &mut Taxonomy {
        let at = match self.taxonomies.iter().position(|t| t.name == name) {
            Some(at) => at,
            None => {
                self.taxonomies.push(taxonomy(name, &self.root));
                self.taxonomies.len() - 1
            }
        };
        &mut self.taxonomies[at]
    }

    /// Puts slugs where a page has names.
    fn name(&mut self, page: &mut Page, rel: &str, problems: &Problems) {
        for (taxonomy, values) in &mut page.terms {
            let known = self.taxonomies.iter().any(|t| t.name == *taxonomy);
            if self.closed && !known {
                problems.warn(
                    rel,
                    None,
                    format!("taxonomy `{taxonomy}` is not declared in site.toml"),
                );
            }
            let mut out: Vec<String> = Vec::new();
            for value in values.iter() {
                let slug = self.slug(taxonomy, value, &page.language, self.closed && !known);
                if !out.contains(&slug) {
                    out.push(slug);
                }
            }
            if !known && !self.closed {
                self.taxonomy(taxonomy);
            }
            *values = out;
        }
    }

    fn slug(&mut self, taxonomy: &str, value: &str, language: &str, undeclared: bool) -> String {
        if self.slugs.get(taxonomy).is_some_and(|s| s.contains(value)) {
            return value.to_owned();
        }
        let key = (taxonomy.to_owned(), value.to_owned());
        if let Some(slug) = self.by_name.get(&key) {
            return slug.clone();
        }
        let slug = paths::slugify(value);
        self.by_name.insert(key, slug.clone());
        // The renderer makes a term from its slug; only a name that says more is worth listing.
        let listed = slug == value && self.is_plain;
        if undeclared
            || listed
            || !self
                .slugs
                .entry(taxonomy.to_owned())
                .or_default()
                .insert(slug.clone())
        {
            return slug;
        }
        let term = Term {
            slug: slug.clone(),
            name: value.trim().to_owned(),
            description: String::new(),
            parent: None,
            language: language.to_owned(),
        };
        self.taxonomy(taxonomy).terms.push(term);
        slug
    }
}

/// What the options say last, and what a site cannot be without.
fn settle(
    config: &mut Config,
    dir: &Path,
    options: &ReadOptions,
    index: &Index,
    problems: &Problems,
) {
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

//! Who has which address: what claims one first keeps it.

use std::collections::HashSet;

use super::{Plan, PlannedPage};
use crate::diagnostic::Diagnostic;
use crate::incremental::trace::{self, Fact};
use crate::markdown::{Known, Lookup};
use crate::output::PATH_CONFLICT;
use crate::paths;
use crate::site::{Media, SharedPage};

/// Names that the renderer itself writes.
pub(super) const RESERVED: &[&str] = &[
    "/404.html",
    "/robots.txt",
    "/sitemap.xml",
    "/llms.txt",
    "/_redirects",
    "/redirects.nginx.conf",
    "/redirects.caddy",
];

/// Kinds of what has an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    Reserved,
    Page,
    Media,
    Section,
    Term,
    Pager,
    Home,
    Feed,
    Search,
    Form,
    Asset,
    Redirect,
}

impl Owner {
    fn words(self) -> &'static str {
        match self {
            Self::Reserved => "a file of the renderer",
            Self::Page => "a page",
            Self::Media => "a media file",
            Self::Section => "a section",
            Self::Term => "a term",
            Self::Pager => "a page of a list",
            Self::Home => "the home page",
            Self::Feed => "a feed",
            Self::Search => "the search page",
            Self::Form => "the page that is shown after a form was sent",
            Self::Asset => "a file of the theme",
            Self::Redirect => "a redirect",
        }
    }
}

impl<'s> Plan<'s> {
    /// Addresses that are taken, in no order.
    pub fn claimed(&self) -> impl Iterator<Item = &str> {
        self.claimed.keys().map(String::as_str)
    }

    fn is_claimed(&self, path: &str) -> bool {
        trace::read(Fact::Claimed, || trace::identity(path));
        self.claimed.contains_key(path)
    }

    /// What has an address, or something of which it would be a folder.
    fn taken(&self, path: &str) -> Option<Owner> {
        let taken = self.claimed.get(path).copied();
        let taken = taken.or_else(|| is_reserved(path).then_some(Owner::Reserved));
        // `/a.html` cannot be a file and a folder at once.
        let taken = taken.or_else(|| self.folders.get(path).copied());
        let taken = taken.or_else(|| dotted(path).find_map(|above| self.claimed.get(above).copied()));
        taken.or_else(|| crate::sitemap::is_child(path).then_some(Owner::Reserved))
    }

    pub(super) fn claim(&mut self, path: &str, owner: Owner, findings: &mut Vec<Diagnostic>) -> bool {
        if let Some(first) = self.taken(path) {
            findings.push(Diagnostic::error(
                path,
                PATH_CONFLICT,
                format!(
                    "{} wants the address {path}, which {} already has; give one of them another",
                    owner.words(),
                    first.words()
                ),
            ));
            return false;
        }
        for above in dotted(path) {
            self.folders.insert(above.to_owned(), owner);
        }
        self.claimed.insert(path.to_owned(), owner);
        true
    }

    /// Whether something has the address of a list that is made only where nothing is. Where that is a page, it is noted.
    pub(super) fn gives_way(&self, path: &str, list: &str, findings: &mut Vec<Diagnostic>) -> bool {
        let first = self.claimed.get(path).copied();
        if first == Some(Owner::Page) {
            let message =
                format!("{path} is a page, so the {list} is left out; give the page another address to have it");
            findings.push(Diagnostic::info(path, "list-left-out", message));
        }
        first.is_some()
    }

    /// Leaves out media files without an ending in their names that stand where a folder must be.
    pub(super) fn make_room_for_folders(&mut self, findings: &mut Vec<Diagnostic>) {
        let plain = |path: &str| !path.rsplit('/').next().unwrap_or_default().contains('.');
        let files: HashSet<&'s str> = self.media.keys().copied().filter(|path| plain(path)).collect();
        if files.is_empty() {
            return;
        }
        let mut in_the_way: Vec<&'s str> = Vec::new();
        for path in self.claimed.keys() {
            for (end, _) in path.char_indices().skip(1).filter(|(_, c)| *c == '/') {
                in_the_way.extend(files.get(&path[..end]));
            }
        }
        in_the_way.sort_unstable();
        in_the_way.dedup();
        for path in in_the_way {
            self.media.remove(path);
            self.claimed.remove(path);
            let message =
                format!("the media file {path} is left out: a folder of that name must be there; give it another");
            findings.push(Diagnostic::error("", "media-path", message));
        }
    }

    pub(super) fn claim_media(&mut self, findings: &mut Vec<Diagnostic>) {
        let mut media: Vec<&Media> = self.site.media.iter().collect();
        media.sort_by(|a, b| (&a.path, &a.source).cmp(&(&b.path, &b.source)));
        for file in media {
            let problem = match file.path.strip_prefix('/') {
                None => Some(paths::PathProblem::NotRooted),
                Some(inner) => paths::check_file(inner).err(),
            };
            if let Some(problem) = problem {
                findings.push(Diagnostic::error(
                    "",
                    "media-path",
                    format!("the media file {:?} is left out: {problem}", file.path),
                ));
            } else if self
                .media
                .get(file.path.as_str())
                .is_some_and(|first| first.source == file.source)
            {
                // The same file listed twice does no harm.
            } else if self.claim(folder_of(&file.path), Owner::Media, findings) {
                self.media.insert(&file.path, file);
            }
        }
    }

    /// Of two pages that want one address the one that was published first keeps it. A text of a term whose archive has another one
    /// already stands at its own address.
    pub(super) fn claim_pages(&mut self, taxonomies: &[(usize, String)], findings: &mut Vec<Diagnostic>) {
        type OfTerm<'s> = Option<(usize, &'s str)>;
        let mut wanted: Vec<(String, usize, OfTerm<'s>)> = Vec::with_capacity(self.site.pages.len());
        let left_out = |page: &SharedPage, problem: paths::PathProblem| {
            let message = format!("the page “{}” is left out: {problem}", page.title);
            Diagnostic::error(&page.path, "page-path", message)
        };
        let pages = &self.site.pages;
        for (place, page) in pages.iter().enumerate() {
            let of_term = self.term_of(page, taxonomies, findings);
            let path = match of_term {
                Some((_, base, slug)) => Ok(self.term_path(self.language(&page.language), base, slug)),
                None => paths::normalise(&page.path),
            };
            match path {
                Ok(path) => wanted.push((path, place, of_term.map(|(taxonomy, _, slug)| (taxonomy, slug)))),
                Err(problem) => findings.push(left_out(page, problem)),
            }
        }
        let age = |page: &'s SharedPage| (page.published_at.is_none(), page.published_at, &page.id);
        wanted.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| age(&pages[a.1]).cmp(&age(&pages[b.1]))));
        let mut alone: Vec<usize> = Vec::new();
        for (path, place, of_term) in wanted {
            match self.taken(&path) {
                Some(first) if of_term.is_some() => {
                    let message = format!(
                        "the text “{}” cannot stand at {path}, which {} already has; it is a page of its own",
                        pages[place].title,
                        first.words()
                    );
                    findings.push(Diagnostic::warning(&pages[place].path, "term-text", message));
                    alone.push(place);
                }
                _ => self.claim_page(path, place, of_term, findings),
            }
        }
        for place in alone {
            match paths::normalise(&pages[place].path) {
                Ok(path) => self.claim_page(path, place, None, findings),
                Err(problem) => findings.push(left_out(&pages[place], problem)),
            }
        }
        self.pages.rows_mut().sort_by(|a, b| a.path.cmp(&b.path));
    }

    fn claim_page(
        &mut self,
        path: String,
        place: usize,
        of_term: Option<(usize, &'s str)>,
        findings: &mut Vec<Diagnostic>,
    ) {
        let page = &self.site.pages[place];
        if !self.claim(&path, Owner::Page, findings) {
            if let Some(conflict) = findings.last_mut() {
                conflict.message = format!("the page “{}” is left out: {}", page.title, conflict.message);
            }
            return;
        }
        let language = self.language(&page.language);
        self.pages.push(PlannedPage {
            page: page.clone(),
            place,
            identity: trace::identity(path.as_str()),
            path,
            language,
            section: None,
            terms: Vec::new(),
            of_term,
            text_of: None,
            canonical: None,
        });
    }
}

impl Lookup for Plan<'_> {
    fn known(&self, path: &str) -> Known {
        if self.is_claimed(path) {
            return Known::Yes;
        }
        if let Some(folder) = path.strip_suffix("index.html")
            && self.is_claimed(folder)
        {
            return Known::Yes;
        }
        if !path.ends_with('/') && self.is_claimed(&format!("{path}/")) {
            return Known::WithSlash;
        }
        Known::No
    }

    fn media(&self, path: &str) -> Option<&Media> {
        self.media_at(path)
    }
}

/// True for names that the renderer writes when it needs them, or that would make a folder of one.
fn is_reserved(path: &str) -> bool {
    let sitemap = |name: &str| {
        let number = name.strip_prefix("sitemap-").and_then(|n| n.strip_suffix(".xml"));
        number.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    };
    let first = path[1..].split('/').next().unwrap_or_default();
    path.starts_with("/assets/search/") || first.ends_with(".xml") && sitemap(first)
}

/// The folders of a path whose names have a dot in them, without their last slash.
fn dotted(path: &str) -> impl Iterator<Item = &str> {
    let mut start = 1;
    path.char_indices()
        .skip(1)
        .filter(|(_, c)| *c == '/')
        .filter_map(move |(i, _)| {
            let has_dot = path[start..i].contains('.');
            start = i + 1;
            has_dot.then(|| &path[..i])
        })
}

/// The address under which a file is known: `/a/index.html` is `/a/`.
fn folder_of(path: &str) -> &str {
    match path.strip_suffix("index.html") {
        Some(folder) if folder.ends_with('/') => folder,
        _ => path,
    }
}

//! The ways to pages apart from links in texts: menus, archives of sections and terms, clusters, as themes show them.
//!
//! What a theme may leave out (neighbours, related pages, the newest of a side column) is not counted. Further parts of a list
//! are a click further each ([`Way::per_page`]).

use std::collections::{BTreeMap, HashMap, HashSet};

use igny8_renderer::paths;
use igny8_renderer::site as out;

/// Pages up to which a site has search without asking for it.
const SEARCHED: usize = 25_000;
/// Terms above a term that its pages also count for.
const MAX_DEPTH: usize = 12;

/// Where a page leads apart from its text.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Way {
    pub links: Vec<String>,
    /// What it lists, in order, and how much of it at once; 0 is all.
    pub listed: Vec<String>,
    pub per_page: usize,
    /// What it is, if it is no content.
    pub archive: Option<Archive>,
}

/// A page that is made of others.
#[derive(Debug, Clone, PartialEq)]
pub struct Archive {
    pub path: String,
    pub title: String,
    pub language: String,
    /// Text above the list.
    pub body: out::Body,
}

/// Where archives have their ids from.
pub const ARCHIVE: &str = "archive:";

/// The top address of a language: `/`, `/de/`; that of the site where the site does not have the language.
pub fn home_of(settings: &out::Settings, language: &str) -> String {
    let other = settings.languages.iter().find(|l| l.eq_ignore_ascii_case(language));
    match other.filter(|tag| !tag.eq_ignore_ascii_case(&settings.language)) {
        Some(tag) => format!("/{}/", paths::segment(tag)),
        None => "/".to_owned(),
    }
}

/// Where the archive of a term stands, below the path of its taxonomy.
pub fn term_path(home: &str, base: &str, slug: &str) -> String {
    format!("{}{base}{}/", home.trim_end_matches('/'), paths::segment(slug))
}

/// The ways of a site's published pages and its archives, by id.
pub fn of(site: &out::Site) -> BTreeMap<String, Way> {
    let mut plan = Plan::new(site);
    let sections = plan.sections();
    let categories = plan.terms();
    plan.clusters();
    plan.homes(&sections, &categories);
    plan.ways
}

struct Plan<'s> {
    site: &'s out::Site,
    /// Of the pages, by path.
    order: Vec<usize>,
    /// Of the pages, newest first.
    newest: Vec<usize>,
    by_path: HashMap<&'s str, usize>,
    ways: BTreeMap<String, Way>,
}

impl<'s> Plan<'s> {
    fn new(site: &'s out::Site) -> Self {
        let pages = &site.pages;
        let mut order: Vec<usize> = (0..pages.len()).collect();
        order.sort_by(|&a, &b| (&pages[a].path, &pages[a].id).cmp(&(&pages[b].path, &pages[b].id)));
        let mut newest = order.clone();
        newest.sort_by(|&a, &b| by_date(&pages[a], &pages[b]));
        Self {
            site,
            by_path: order.iter().rev().map(|&i| (pages[i].path.as_str(), i)).collect(),
            order,
            newest,
            ways: BTreeMap::new(),
        }
    }

    fn home(&self, page: usize) -> String {
        home_of(&self.site.settings, &self.site.pages[page].language)
    }

    fn paths(&self, pages: &[usize]) -> Vec<String> {
        pages.iter().map(|&i| self.site.pages[i].path.clone()).collect()
    }

    fn of_page(&mut self, page: usize) -> &mut Way {
        self.ways.entry(self.site.pages[page].id.clone()).or_default()
    }

    /// Whether an address has a page or an archive.
    fn is_taken(&self, path: &str) -> bool {
        self.by_path.contains_key(path) || self.ways.contains_key(&format!("{ARCHIVE}{path}"))
    }

    /// The way of whatever is at a path: a page, or an archive that begins to be there.
    fn at(&mut self, path: &str, title: &str, language: &str, body: Option<&out::Body>) -> &mut Way {
        if let Some(&page) = self.by_path.get(path) {
            return self.of_page(page);
        }
        self.ways.entry(format!("{ARCHIVE}{path}")).or_insert_with(|| Way {
            archive: Some(Archive {
                path: path.to_owned(),
                title: title.to_owned(),
                language: language.to_owned(),
                body: body.cloned().unwrap_or_else(|| out::Body::Markdown(String::new())),
            }),
            ..Way::default()
        })
    }

    fn per_page(&self, own: Option<usize>) -> usize {
        own.unwrap_or(self.site.settings.per_page)
    }

    /// The archives of sections; answers those at the top by their language's home.
    fn sections(&mut self) -> BTreeMap<String, Vec<String>> {
        let site = self.site;
        let homes: HashSet<String> = site
            .settings
            .languages
            .iter()
            .chain([&site.settings.language])
            .map(|tag| home_of(&site.settings, tag))
            .collect();
        let mut shown: BTreeMap<String, &out::Section> = BTreeMap::new();
        for section in site.sections.iter().filter(|section| section.render) {
            if let Ok(path) = paths::normalise(&section.path)
                && !homes.contains(&path)
                && !self.by_path.contains_key(path.as_str())
            {
                shown.entry(path).or_insert(section);
            }
        }
        let mut members: HashMap<String, Vec<usize>> = HashMap::new();
        for &i in &self.newest {
            let page = &site.pages[i];
            if let Ok(section) = paths::normalise(&page.section)
                && section != page.path
                && page.term.is_none()
            {
                members.entry(section).or_default().push(i);
            }
        }
        let above = |path: &str| -> Option<String> {
            let parents = path
                .trim_end_matches('/')
                .rmatch_indices('/')
                .map(|(at, _)| &path[..=at]);
            parents
                .filter(|above| *above != path)
                .find(|above| shown.contains_key(*above))
                .map(str::to_owned)
        };
        let mut top: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (path, section) in &shown {
            let mut items = members.get(path).cloned().unwrap_or_default();
            match section.sort {
                out::SectionSort::Date => {}
                out::SectionSort::Title => items.sort_by_cached_key(|&i| site.pages[i].title.to_lowercase()),
                out::SectionSort::Weight => items.sort_by_key(|&i| site.pages[i].weight.map_or((1, 0), |w| (0, w))),
            }
            let (listed, per_page) = (self.paths(&items), self.per_page(section.per_page));
            let way = self.at(path, &section.title, &section.language, Some(&section.body));
            (way.listed, way.per_page) = (listed, per_page);
            match above(path) {
                Some(parent) => {
                    way.links.push(parent.clone());
                    let title = &shown[&parent].title;
                    let of = shown[&parent];
                    self.at(&parent, title, &of.language, Some(&of.body))
                        .links
                        .push(path.clone());
                }
                None => top
                    .entry(home_of(&site.settings, &section.language))
                    .or_default()
                    .push(path.clone()),
            }
        }
        // The path of a page shows the sections above it.
        for &i in &self.order.clone() {
            let mut at = site.pages[i].path.clone();
            while let Some(section) = above(&at) {
                self.of_page(i).links.push(section.clone());
                at = section;
            }
        }
        top
    }

    /// The archives of terms; answers those of blog categories at the top by their language's home.
    fn terms(&mut self) -> BTreeMap<String, Vec<String>> {
        let site = self.site;
        let mut categories: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for taxonomy in &site.taxonomies {
            let Some(base) = paths::normalise(&taxonomy.path).ok().filter(|base| base.ends_with('/')) else {
                continue;
            };
            let mut known: HashMap<(String, &str), &out::Term> = HashMap::new();
            for term in &taxonomy.terms {
                known.insert((home_of(&site.settings, &term.language), term.slug.as_str()), term);
            }
            let mut members: BTreeMap<(String, &str), Vec<usize>> = BTreeMap::new();
            let mut named: Vec<(usize, String)> = Vec::new();
            for &i in &self.newest {
                let (page, home) = (&site.pages[i], self.home(i));
                if let Some(of) = &page.term {
                    if of.taxonomy == taxonomy.name {
                        members.entry((home, of.slug.as_str())).or_default();
                    }
                    continue;
                }
                for slug in page.terms.get(&taxonomy.name).into_iter().flatten() {
                    named.push((i, term_path(&home, &base, slug)));
                    let mut passed: Vec<&str> = Vec::new();
                    let mut at = Some(slug.as_str());
                    while let Some(slug) = at.filter(|slug| !passed.contains(slug) && passed.len() < MAX_DEPTH) {
                        passed.push(slug);
                        let items = members.entry((home.clone(), slug)).or_default();
                        if items.last() != Some(&i) {
                            items.push(i);
                        }
                        at = known.get(&(home.clone(), slug)).and_then(|term| term.parent.as_deref());
                    }
                }
            }
            for (page, term) in named {
                self.of_page(page).links.push(term);
            }
            let mut lists: BTreeMap<String, Vec<String>> = BTreeMap::new();
            let per_page = self.per_page(taxonomy.per_page);
            for ((home, slug), items) in &members {
                let path = term_path(home, &base, slug);
                let term = known.get(&(home.clone(), *slug));
                let parent = term.and_then(|term| term.parent.as_deref());
                let parent = parent.filter(|parent| members.contains_key(&(home.clone(), *parent)));
                let language = term.map_or("", |term| term.language.as_str());
                let listed = self.paths(items);
                let way = self.at(&path, term.map_or(*slug, |term| term.name.as_str()), language, None);
                (way.listed, way.per_page) = (listed, per_page);
                if let Some(parent) = parent {
                    let parent_path = term_path(home, &base, parent);
                    way.links.push(parent_path.clone());
                    let title = known
                        .get(&(home.clone(), parent))
                        .map_or(parent, |term| term.name.as_str());
                    self.at(&parent_path, title, language, None).links.push(path.clone());
                } else if taxonomy.kind == out::TaxonomyKind::BlogCategory {
                    categories.entry(home.clone()).or_default().push(path.clone());
                }
                lists.entry(home.clone()).or_default().push(path);
            }
            for (home, terms) in lists {
                let path = format!("{}{base}", home.trim_end_matches('/'));
                if self.is_taken(&path) {
                    continue;
                }
                for term in &terms {
                    self.at(term, "", "", None).links.push(path.clone());
                }
                self.at(&path, &taxonomy.title, "", None).links = terms;
            }
        }
        categories
    }

    /// A hub shows the pages of its cluster, and each of these its hub.
    fn clusters(&mut self) {
        let mut clusters: BTreeMap<(&str, String), Vec<usize>> = BTreeMap::new();
        for &i in &self.order {
            if let Some(cluster) = &self.site.pages[i].cluster {
                clusters.entry((cluster.id.as_str(), self.home(i))).or_default().push(i);
            }
        }
        for members in clusters.into_values() {
            let is_hub = |i: &&usize| {
                let cluster = self.site.pages[**i].cluster.as_ref();
                cluster.is_some_and(|cluster| cluster.role == out::ClusterRole::Hub)
            };
            let Some(&hub) = members.iter().find(is_hub) else {
                continue;
            };
            let path = self.site.pages[hub].path.clone();
            let others: Vec<usize> = members.into_iter().filter(|&i| i != hub).collect();
            for &other in &others {
                self.of_page(other).links.push(path.clone());
            }
            let others = self.paths(&others);
            self.of_page(hub).links.extend(others);
        }
    }

    /// The home pages, which have the menus that every page has.
    fn homes(&mut self, sections: &BTreeMap<String, Vec<String>>, categories: &BTreeMap<String, Vec<String>>) {
        let site = self.site;
        let settings = &site.settings;
        let mut menus: Vec<String> = Vec::new();
        let mut items: Vec<&out::MenuItem> = site.menus.values().flatten().collect();
        while let Some(item) = items.pop() {
            menus.push(item.url.clone());
            items.extend(&item.children);
        }
        menus.sort_unstable();
        menus.dedup();
        let mut homes: BTreeMap<String, Vec<usize>> = BTreeMap::from([("/".to_owned(), Vec::new())]);
        for &i in &self.newest {
            homes.entry(self.home(i)).or_default().push(i);
        }
        let searched = settings.outputs.search.unwrap_or(site.pages.len() <= SEARCHED);
        let all: Vec<String> = homes.keys().cloned().collect();
        for (home, pages) in homes {
            let mut links = menus.clone();
            links.extend(all.iter().filter(|other| **other != home).cloned());
            links.extend(sections.get(&home).into_iter().flatten().cloned());
            links.extend(self.in_made_menu(&home));
            if settings.site_type == out::SiteType::Blog {
                links.extend(categories.get(&home).into_iter().flatten().cloned());
            }
            let search = format!("{home}search/");
            if searched && !pages.is_empty() && !self.is_taken(&search) {
                self.at(&search, "", "", None);
                links.push(search);
            }
            let posts: Vec<usize> = match settings.site_type {
                out::SiteType::Blog => pages
                    .into_iter()
                    .filter(|&i| site.pages[i].kind == out::PageKind::Post && site.pages[i].term.is_none())
                    .collect(),
                out::SiteType::Ecommerce | out::SiteType::Company => Vec::new(),
            };
            let (listed, per_page) = (self.paths(&posts), self.per_page(None));
            let way = self.at(&home, &settings.title, "", None);
            way.links.extend(links);
            (way.listed, way.per_page) = (listed, per_page);
        }
    }

    /// The pages that a language's menu has where the site has none.
    fn in_made_menu(&self, home: &str) -> Vec<String> {
        let pages = &self.site.pages;
        if !self.site.makes_menu() {
            return Vec::new();
        }
        let first = |kind: out::PageKind| {
            let mut of_kind = self.order.iter().filter(|&&i| pages[i].kind == kind);
            of_kind.find(|&&i| self.home(i) == home)
        };
        let found = out::PageKind::IN_MADE_MENU.into_iter().filter_map(first);
        found.map(|&i| pages[i].path.clone()).collect()
    }
}

fn by_date(a: &out::Page, b: &out::Page) -> std::cmp::Ordering {
    let date = |page: &out::Page| page.published_at.or(page.updated_at);
    date(b)
        .cmp(&date(a))
        .then_with(|| a.title.cmp(&b.title))
        .then_with(|| a.id.cmp(&b.id))
}

#[cfg(test)]
mod tests;

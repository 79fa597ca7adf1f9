//! Making a plan from a blueprint, clusters and terms.
//!
//! 1. The frame: pages of which a site has one.
//! 2. Keywords are given to clusters, each variant to one, without those that locked pages aim at (`keywords`).
//! 3. The planner's ideas for each cluster become pages; where one is the archive of a term, it becomes that (`clusters`).
//! 4. Archives of terms that no cluster took.
//! 5. Titles and addresses, each once; then where each page stands, what it is filed under (`filing`), what it links to
//!    (`links`), and the menus (`menus`).
//!
//! Everything is sorted before it is used, so the order of the input does not matter.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Serialize;

use super::clusters::{self, Claims};
use super::filing::Filing;
use super::page::{BlockPlan, Brand, Cluster, MAX_PAGES, MAX_TITLE, PagePlan, Sitemap};
use super::{links, menus, seo, tree};
use crate::blueprint::{Blueprint, PageSpec, pattern};
use crate::names::{Entity, Made, Role, Structure};
use crate::slugs::{Addresses, slug_of};
use crate::stems::Stems;
use crate::taxonomy::Term;

/// What a plan is made from.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The kind of site.
    pub blueprint: &'a Blueprint,
    /// Who it is for.
    pub brand: &'a Brand,
    /// Attached clusters with their keywords.
    pub clusters: &'a [Cluster],
    /// The site's terms.
    pub terms: &'a [Term],
    /// The plan as it is: its locked pages and menus stay.
    pub before: &'a Sitemap,
}

/// A plan, and what did not become part of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Planned {
    /// The plan.
    pub sitemap: Sitemap,
    /// What a person should know.
    pub notes: Vec<Note>,
}

/// Something that did not become part of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Note {
    /// A cluster has no keyword that nothing aims at, and no page of it is locked: it gets a hub page without a keyword.
    ClusterWithoutKeywords {
        /// Its id.
        cluster: String,
    },
    /// Keywords of a cluster are variants of those of other clusters, whose pages cover them.
    VariantsElsewhere {
        /// Its id.
        cluster: String,
        /// How many.
        keywords: u32,
    },
    /// A cluster sells, and no category is mapped to it; its hub is a page instead of a category's archive.
    NoTermForHub {
        /// Its id.
        cluster: String,
    },
    /// Pages that the plan has no room for.
    TooManyPages {
        /// How many.
        left_out: u32,
    },
}

/// A page in the making.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) page: PagePlan,
    /// What its slug is made of.
    pub(super) slug: String,
}

/// What all parts of making a plan look at.
pub(crate) struct Making<'a> {
    pub(crate) input: Input<'a>,
    pub(crate) stems: Stems,
    /// In their order: by priority, then by searches.
    pub(crate) clusters: Vec<&'a Cluster>,
    /// In the order of the blueprint's taxonomies, then by name.
    pub(crate) terms: Vec<&'a Term>,
    pub(crate) term_at: HashMap<&'a str, usize>,
    /// Pages that stay.
    pub(super) locked: Vec<PagePlan>,
    pub(super) notes: Vec<Note>,
}

/// The pages of a site: of the frame, of clusters, of terms.
///
/// Pages and menus of `before` that are locked stay as they are, and nothing is planned that would be their double. Pages that
/// are not locked are made anew, with the same keys as far as they are for the same thing.
pub fn structure(input: Input<'_>) -> Planned {
    let mut making = Making::new(input);
    let frame = making.frame();
    let mut claims = Claims::default();
    let clusters = clusters::pages(&mut making, &mut claims);
    let archives = making.archives(&claims);
    let mut drafts: Vec<Draft> = frame.into_iter().chain(archives).chain(clusters).collect();
    making.cut(&mut drafts);
    making.titles(&mut drafts);
    let mut pages = making.addresses(drafts);
    Filing::new(&making).file(&mut pages);
    making.place(&mut pages);
    tree::mend(&mut pages);
    tree::arrange(&mut pages, |page| page.locked);
    making.blocks(&mut pages);
    links::plan(input.blueprint, &mut pages);
    making.search_results(&mut pages);
    let menus = menus::plan(input.blueprint, &pages, &input.before.menus);
    Planned {
        sitemap: Sitemap { pages, menus },
        notes: making.notes,
    }
}

impl<'a> Making<'a> {
    pub(crate) fn new(input: Input<'a>) -> Self {
        let volume = |cluster: &Cluster| -> u64 {
            let volumes = cluster.keywords.iter().filter_map(|keyword| keyword.volume);
            volumes.fold(0, u64::saturating_add)
        };
        let mut clusters: Vec<(u64, &Cluster)> = input
            .clusters
            .iter()
            .map(|cluster| (volume(cluster), cluster))
            .collect();
        clusters.sort_by(|(a_volume, a), (b_volume, b)| {
            (a.priority, Reverse(a_volume), &a.name, &a.id).cmp(&(b.priority, Reverse(b_volume), &b.name, &b.id))
        });
        let mut seen: HashSet<&str> = HashSet::new();
        clusters.retain(|(_, cluster)| seen.insert(cluster.id.as_str()));
        let order = |term: &Term| input.blueprint.taxonomies.iter().position(|of| of.kind == term.kind);
        let mut terms: Vec<&Term> = input.terms.iter().filter(|term| order(term).is_some()).collect();
        terms.sort_by(|a, b| (order(a), &a.name, &a.id).cmp(&(order(b), &b.name, &b.id)));
        let mut seen: HashSet<&str> = HashSet::new();
        terms.retain(|term| seen.insert(term.id.as_str()));
        let mut locked: Vec<PagePlan> = input.before.pages.iter().filter(|page| page.locked).cloned().collect();
        locked.sort_by(|a, b| a.key.cmp(&b.key));
        locked.dedup_by(|b, a| a.key == b.key);
        Self {
            input,
            stems: Stems::of_language(&input.brand.language),
            clusters: clusters.into_iter().map(|(_, cluster)| cluster).collect(),
            term_at: terms
                .iter()
                .enumerate()
                .map(|(at, term)| (term.id.as_str(), at))
                .collect(),
            terms,
            locked,
            notes: Vec::new(),
        }
    }

    pub(super) fn is_locked(&self, key: &str) -> bool {
        self.locked.binary_search_by(|page| page.key.as_str().cmp(key)).is_ok()
    }

    /// Pages of which a site has one.
    fn frame(&self) -> Vec<Draft> {
        let specs = self
            .input
            .blueprint
            .pages
            .iter()
            .filter(|spec| spec.made == [Made::Site]);
        specs
            .filter(|spec| !self.is_locked(&spec.key))
            .map(|spec| frame_page(spec, self.input.brand))
            .collect()
    }

    /// Archives of terms that no page of a cluster is.
    fn archives(&self, claims: &Claims) -> Vec<Draft> {
        let mut out = Vec::new();
        for (at, term) in self.terms.iter().enumerate() {
            let key = archive_key(&term.id);
            if claims.taken(at) || self.is_locked(&key) {
                continue;
            }
            if let Some(spec) = self.input.blueprint.archive(term.kind) {
                out.push(self.archive(spec, term, key));
            }
        }
        out
    }

    /// The archive of a term.
    pub(super) fn archive(&self, spec: &PageSpec, term: &Term, key: String) -> Draft {
        let mut draft = draft(spec, key);
        draft.page.term = Some(term.id.clone());
        draft.page.title = short(&term.name);
        draft.page.label = draft.page.title.clone();
        draft.page.structure = Some(term.kind.structure());
        draft.page.words = spec.words.unwrap_or_else(|| term.kind.structure().words(0));
        let url = self
            .input
            .blueprint
            .taxonomy(term.kind)
            .map_or("/", |taxonomy| &taxonomy.url);
        url.clone_into(&mut draft.page.section);
        draft.slug.clone_from(&term.slug);
        draft
    }

    /// Leaves out what the plan has no room for: the last ones of the last clusters.
    fn cut(&mut self, drafts: &mut Vec<Draft>) {
        let room = MAX_PAGES.saturating_sub(self.locked.len());
        if drafts.len() > room {
            let left_out = u32::try_from(drafts.len() - room).unwrap_or(u32::MAX);
            self.notes.push(Note::TooManyPages { left_out });
            drafts.truncate(room);
        }
    }

    /// Gives each page a title of its own. Pages of clusters keep theirs before archives do, whose terms keep their names.
    fn titles(&self, drafts: &mut [Draft]) {
        let mut taken: HashSet<String> = self.locked.iter().map(|page| igny8_text::fold(&page.title)).collect();
        let clusters: HashMap<&str, &str> = self
            .clusters
            .iter()
            .map(|of| (of.id.as_str(), of.name.as_str()))
            .collect();
        // How far numbers were tried for a title.
        let mut tried: HashMap<String, usize> = HashMap::new();
        let mut order: Vec<usize> = (0..drafts.len()).collect();
        order.sort_by_key(|&at| {
            let page = &drafts[at].page;
            (!page.is_frame(), page.term.is_some() && page.cluster.is_none(), at)
        });
        for at in order {
            let page = &mut drafts[at].page;
            if taken.insert(igny8_text::fold(&page.title)) {
                continue;
            }
            let language = &self.input.brand.language;
            let beside = match (&page.cluster, &page.term) {
                (Some(cluster), _) => clusters.get(cluster.as_str()).map(|name| (*name).to_owned()),
                (None, Some(term)) => {
                    let kind = self.term_at.get(term.as_str()).map(|&at| self.terms[at].kind);
                    let taxonomy = kind.and_then(|kind| self.input.blueprint.taxonomy(kind));
                    taxonomy.map(|taxonomy| taxonomy.title.in_language(language).to_owned())
                }
                (None, None) => None,
            };
            let first = beside.map(|beside| short(&format!("{} ({beside})", page.title)));
            if let Some(title) = first.filter(|title| taken.insert(igny8_text::fold(title))) {
                page.title = title;
                continue;
            }
            let number = tried.entry(igny8_text::fold(&page.title)).or_insert(1);
            loop {
                *number += 1;
                let title = format!("{} ({number})", short_to(&page.title, MAX_TITLE - 8));
                if taken.insert(igny8_text::fold(&title)) {
                    page.title = title;
                    break;
                }
            }
        }
    }

    /// Gives each page an address of its own; those of locked pages, of the frame and of terms are as they are.
    fn addresses(&self, drafts: Vec<Draft>) -> Vec<PagePlan> {
        let mut addresses = Addresses::new();
        for page in &self.locked {
            addresses.take(&page.address());
        }
        // The lists of terms have addresses of their own, and folders are no pages.
        for taxonomy in &self.input.blueprint.taxonomies {
            addresses.take(&taxonomy.url);
        }
        let mut pages: Vec<PagePlan> = Vec::with_capacity(self.locked.len() + drafts.len());
        for mut draft in drafts {
            let page = &mut draft.page;
            page.slug = match page.entity {
                // Two terms of one slug are told by a rule of coverage: an archive stands where its term does.
                Entity::Term => {
                    addresses.take(&format!("{}{}/", page.section, draft.slug));
                    draft.slug
                }
                _ if tree::is_home(page) && draft.slug.is_empty() => String::new(),
                _ => addresses.slug(&page.section, &draft.slug),
            };
            pages.push(draft.page);
        }
        pages.extend(self.locked.iter().cloned());
        pages
    }

    /// Says below which page each stands.
    fn place(&self, pages: &mut [PagePlan]) {
        let places = Places::new(self, pages);
        let parents: Vec<Option<String>> = pages
            .iter()
            .map(|page| {
                if page.locked {
                    page.parent.clone()
                } else {
                    places.parent(page)
                }
            })
            .collect();
        for (page, parent) in pages.iter_mut().zip(parents) {
            page.parent = parent;
        }
    }

    /// Fills in the parts of pages, which name others.
    fn blocks(&self, pages: &mut [PagePlan]) {
        let first = first_of_kind(pages);
        let url = |key: &str| self.input.blueprint.page(key).map(|spec| spec.url.clone());
        let blocks = |spec: &PageSpec, own: &str| -> Vec<BlockPlan> {
            let target = |kind: &String| first.get(kind.as_str()).filter(|key| *key != own).cloned();
            let block = |block: &crate::blueprint::BlockSpec| BlockPlan {
                kind: block.kind,
                variant: block.variant.clone(),
                name: block.name.clone(),
                prompt: block.prompt.clone(),
                items: block.items,
                section: url(&block.from),
                limit: block.limit,
                links: block.links.iter().filter_map(target).collect(),
                fields: block.fields.clone(),
            };
            spec.blocks.iter().map(block).collect()
        };
        for page in pages.iter_mut().filter(|page| !page.locked) {
            if let Some(spec) = self.input.blueprint.page(&page.kind) {
                page.blocks = blocks(spec, &page.key);
            }
        }
    }

    fn search_results(&self, pages: &mut [PagePlan]) {
        let clusters: HashMap<&str, &str> = self
            .clusters
            .iter()
            .map(|of| (of.id.as_str(), of.name.as_str()))
            .collect();
        let language = &self.input.brand.language;
        for page in pages.iter_mut().filter(|page| !page.locked) {
            let Some(spec) = self.input.blueprint.page(&page.kind) else {
                continue;
            };
            let term = page
                .term
                .as_deref()
                .and_then(|id| self.term_at.get(id))
                .map(|&at| self.terms[at]);
            let taxonomy = term.and_then(|term| self.input.blueprint.taxonomy(term.kind));
            let names = seo::Names {
                cluster: page
                    .cluster
                    .as_deref()
                    .and_then(|id| clusters.get(id))
                    .copied()
                    .unwrap_or_default(),
                term: term.map_or("", |term| &term.name),
                taxonomy: taxonomy.map_or("", |taxonomy| taxonomy.title.in_language(language)),
            };
            seo::set(page, spec, self.input.brand, names);
        }
    }
}

/// Where pages stand.
struct Places<'p, 'a> {
    making: &'p Making<'a>,
    /// Kinds by key of the page; kinds of which there is one have that key.
    kinds: HashMap<&'p str, &'p str>,
    /// Hub page of each cluster: its key.
    hubs: HashMap<&'p str, &'p str>,
    clusters: HashMap<&'a str, &'a Cluster>,
    home: Option<&'p str>,
}

impl<'p, 'a> Places<'p, 'a> {
    fn new(making: &'p Making<'a>, pages: &'p [PagePlan]) -> Self {
        let mut hubs: BTreeMap<&str, &str> = BTreeMap::new();
        for page in pages.iter().filter(|page| page.role == Some(Role::Hub)) {
            if let Some(cluster) = &page.cluster {
                hubs.entry(cluster).or_insert(&page.key);
            }
        }
        Self {
            making,
            kinds: pages
                .iter()
                .map(|page| (page.key.as_str(), page.kind.as_str()))
                .collect(),
            hubs: hubs.into_iter().collect(),
            clusters: making
                .clusters
                .iter()
                .map(|cluster| (cluster.id.as_str(), *cluster))
                .collect(),
            home: pages
                .iter()
                .find(|page| tree::is_home(page))
                .map(|page| page.key.as_str()),
        }
    }

    /// The page that one stands below: the first of those its kind names that there is, else the home page.
    fn parent(&self, page: &PagePlan) -> Option<String> {
        if tree::is_home(page) {
            return None;
        }
        let spec = self.making.input.blueprint.page(&page.kind);
        let wanted = spec.into_iter().flat_map(|spec| &spec.parent);
        let found = wanted
            .filter_map(|kind| self.of_kind(page, kind))
            .find(|key| *key != page.key);
        found.or(self.home).map(str::to_owned)
    }

    /// The page of a kind that belongs above this one.
    fn of_kind(&self, page: &PagePlan, kind: &str) -> Option<&'p str> {
        let is = |key: &str| self.kinds.get(key).is_some_and(|of| *of == kind);
        if let Some((key, _)) = self.kinds.get_key_value(kind).filter(|(key, of)| key == of) {
            return Some(key);
        }
        let known = |key: String| self.kinds.get_key_value(key.as_str()).map(|(key, _)| *key);
        // An archive stands below that of the term above, a page below that of its cluster or of its first term.
        if let Some(term) = &page.term {
            let parent = self.making.terms[*self.making.term_at.get(term.as_str())?]
                .parent
                .as_deref();
            return parent
                .and_then(|parent| known(archive_key(parent)))
                .filter(|key| is(key));
        }
        let mut cluster = page.cluster.as_deref();
        if page.role == Some(Role::Hub) {
            cluster = cluster.and_then(|id| self.clusters.get(id)?.parent.as_deref());
        }
        // Clusters above each other in a circle are walked once.
        for _ in 0..super::page::MAX_DEPTH {
            let Some(id) = cluster else { break };
            match self.hubs.get(id) {
                Some(hub) if is(hub) && *hub != page.key => return Some(hub),
                Some(_) if page.role != Some(Role::Hub) => break,
                _ => cluster = self.clusters.get(id).and_then(|of| of.parent.as_deref()),
            }
        }
        let mut filed = page.terms.iter().filter_map(|term| known(archive_key(term)));
        filed.find(|key| is(key))
    }
}

/// The key of a term's archive.
pub(crate) fn archive_key(term: &str) -> String {
    format!("term:{term}")
}

/// The first page of each kind.
pub(super) fn first_of_kind(pages: &[PagePlan]) -> HashMap<String, String> {
    let mut first: HashMap<String, String> = HashMap::new();
    for page in pages {
        first.entry(page.kind.clone()).or_insert_with(|| page.key.clone());
    }
    first
}

/// A page of a kind with nothing but that.
pub(super) fn draft(spec: &PageSpec, key: String) -> Draft {
    let address = pattern::address(&spec.url).ok();
    Draft {
        slug: String::new(),
        page: PagePlan {
            key,
            kind: spec.key.clone(),
            page_type: spec.kind,
            entity: spec.kind.entity(),
            content_type: spec.kind.entity().content_type(),
            structure: None,
            layout: spec.layout,
            cluster: None,
            role: None,
            term: None,
            terms: Vec::new(),
            title: String::new(),
            label: String::new(),
            seo_title: String::new(),
            description: String::new(),
            hidden: false,
            section: address.map_or_else(|| "/".to_owned(), |address| address.section),
            slug: String::new(),
            parent: None,
            position: 0,
            primary: None,
            keywords: Vec::new(),
            volume: 0,
            outline: Vec::new(),
            words: 0,
            blocks: Vec::new(),
            links: Vec::new(),
            required: spec.required,
            locked: false,
        },
    }
}

/// A page of which a site has one.
pub(super) fn frame_page(spec: &PageSpec, brand: &Brand) -> Draft {
    let mut draft = draft(spec, spec.key.clone());
    let values = seo::values(brand, "", "", seo::Names::default());
    let filled = |words: &crate::blueprint::Words| pattern::fill(words.in_language(&brand.language), &values);
    let page = &mut draft.page;
    page.title = short(
        &filled(&spec.title)
            .filter(|title| !title.is_empty())
            .unwrap_or_else(|| spec.name.clone()),
    );
    page.label = filled(&spec.label)
        .filter(|label| !label.is_empty())
        .unwrap_or_else(|| page.title.clone());
    if page.content_type.is_some() {
        page.structure = Some(spec.structure.unwrap_or(Structure::General));
    }
    let usual = page.structure.unwrap_or(Structure::General).words(0);
    page.words = spec.words.unwrap_or(usual);
    draft.slug = match pattern::address(&spec.url).ok().and_then(|address| address.slug) {
        Some(fixed) => fixed,
        None => first_slug([page.title.as_str(), &spec.key]),
    };
    draft
}

/// A slug of the first text that makes one.
pub(super) fn first_slug<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let found = texts.into_iter().map(slug_of).find(|slug| !slug.is_empty());
    found.unwrap_or_else(|| "page".to_owned())
}

/// A text as a title: on one line, not too long.
pub(super) fn short(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    short_to(&text, MAX_TITLE).to_owned()
}

fn short_to(text: &str, most: usize) -> &str {
    match text.char_indices().nth(most) {
        Some((at, _)) => text[..at].trim_end(),
        None => text,
    }
}

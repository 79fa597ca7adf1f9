//! Terms that a site's clusters ask for.
//!
//! What the planner would make of a cluster decides: a cluster whose hub is a category's archive wants that category; one whose
//! pages are posts wants a category for these, shared with the other clusters of its topic.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use igny8_planner::cluster as planner;
use igny8_planner::ideas;
use serde::{Deserialize, Serialize};

use crate::names::{ContentType, ContextType, Role, SiteKind, Structure, TaxonomyKind};
use crate::sitemap::Input;
use crate::sitemap::build::Making;
use crate::slugs::slug_of;

/// Tags that are proposed of one kind.
const TAGS: usize = 12;
/// Values of attributes that are proposed.
const VALUES: usize = 60;

/// A term that could be made, or mapped if it is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Its taxonomy.
    pub kind: TaxonomyKind,
    /// What it would be called.
    pub name: String,
    /// The last part of its archive's address.
    pub slug: String,
    /// Place, in the same list, of the one above it; that comes first.
    pub parent: Option<usize>,
    /// Clusters it would be mapped to.
    pub clusters: Vec<String>,
    /// The term of that name, if it is there: only the mapping is new.
    pub existing: Option<String>,
}

/// Proposals for the clusters of a plan, for its blueprint's taxonomies. What is there and mapped is not proposed again.
pub fn recommend(input: Input<'_>) -> Vec<Proposal> {
    let making = Making::new(input);
    let mut list = List::new(&making);
    let wants: Vec<Wants> = making.clusters.iter().map(|cluster| wants(&making, cluster)).collect();
    let tops = tops(&making);
    let names: Vec<&str> = making.clusters.iter().map(|cluster| cluster.name.as_str()).collect();
    for (at, wants) in wants.iter().enumerate() {
        let own = making.clusters[at].id.as_str();
        match (input.blueprint.site_type, wants.hub) {
            (SiteKind::Ecommerce, Structure::CategoryArchive) => {
                list.add(TaxonomyKind::ProductCategory, names[at], None, &[own]);
            }
            (SiteKind::Ecommerce, Structure::AttributeArchive) => {
                let property = making.clusters[at].attributes.first();
                let property = property.and_then(|(property, _)| property_name(property, &input.brand.language));
                let above = property.and_then(|property| list.add(TaxonomyKind::ProductAttribute, property, None, &[]));
                list.add(TaxonomyKind::ProductAttribute, names[at], above, &[own]);
            }
            (SiteKind::Company, _) if wants.services || making.clusters[at].context == ContextType::ServiceLine => {
                list.add(TaxonomyKind::ServiceCategory, names[tops[at]], None, &[own]);
            }
            _ => {}
        }
        // On a blog every cluster has a shelf; elsewhere those with texts.
        if wants.posts || input.blueprint.site_type == SiteKind::Blog {
            list.add(TaxonomyKind::BlogCategory, names[tops[at]], None, &[own]);
        }
    }
    list.values(&making);
    list.tags(&making);
    list.fallbacks(&making);
    list.finish()
}

/// The proposals of a kind with those above them, as a list of its own.
pub fn of_kind(all: &[Proposal], kind: TaxonomyKind) -> Vec<Proposal> {
    let wanted: Vec<usize> = (0..all.len()).filter(|&at| all[at].kind == kind).collect();
    with_parents(all, &wanted)
}

/// Some proposals with those above them, as a list of its own.
pub fn with_parents(all: &[Proposal], wanted: &[usize]) -> Vec<Proposal> {
    let mut kept: Vec<usize> = Vec::new();
    for &at in wanted {
        let mut way = vec![at];
        // Parents come first, so places only get smaller.
        while let Some(above) = way
            .last()
            .and_then(|&at| all.get(at)?.parent.filter(|above| *above < at))
        {
            way.push(above);
        }
        kept.extend(way);
    }
    kept.sort_unstable();
    kept.dedup();
    let place: HashMap<usize, usize> = kept.iter().enumerate().map(|(new, &old)| (old, new)).collect();
    let of = |&at: &usize| Proposal {
        parent: all[at].parent.and_then(|above| place.get(&above)).copied(),
        ..all[at].clone()
    };
    kept.iter().map(of).collect()
}

/// Places of proposals by the cluster they are for.
pub(crate) fn by_cluster(all: &[Proposal]) -> HashMap<&str, Vec<usize>> {
    let mut out: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, proposal) in all.iter().enumerate() {
        for cluster in &proposal.clusters {
            out.entry(cluster).or_default().push(at);
        }
    }
    out
}

/// What pages a cluster would have.
struct Wants {
    hub: Structure,
    posts: bool,
    services: bool,
}

fn wants(making: &Making<'_>, cluster: &crate::sitemap::Cluster) -> Wants {
    let blueprint = making.input.blueprint;
    let options = crate::sitemap::ideas_options(making.input.brand, blueprint.site_type, blueprint.supporting_pages);
    let keyword = |keyword: &crate::sitemap::Keyword| planner::Keyword {
        volume: keyword.volume,
        intent: keyword.intent,
        serp_urls: keyword.serp_urls.clone(),
        ..planner::Keyword::new(keyword.text.clone())
    };
    let ideas = ideas::plan(
        &ideas::Cluster {
            name: cluster.name.clone(),
            role: cluster.role,
            context: cluster.context,
            keywords: cluster.keywords.iter().map(keyword).collect(),
            terms: cluster.recommended.clone(),
            has_hub: false,
            has_text: false,
        },
        &options,
    );
    let has = |content: ContentType| ideas.iter().any(|idea| idea.content_type == content);
    Wants {
        hub: ideas.first().map_or(Structure::ClusterHub, |hub| hub.structure),
        posts: has(ContentType::Post),
        services: has(ContentType::Service),
    }
}

/// The cluster at the top of each one's topic, as far up as names have a word in common: a shelf says what stands on it.
/// Those that are above each other are tops themselves.
fn tops(making: &Making<'_>) -> Vec<usize> {
    let places: HashMap<&str, usize> = making
        .clusters
        .iter()
        .enumerate()
        .map(|(at, of)| (of.id.as_str(), at))
        .collect();
    let parents: Vec<Option<usize>> = making
        .clusters
        .iter()
        .map(|cluster| places.get(cluster.parent.as_deref()?).copied())
        .collect();
    let depths = crate::sitemap::tree::depths(&parents);
    let stems: Vec<BTreeSet<String>> = making.clusters.iter().map(|of| making.stems.set(&of.name)).collect();
    let top = |start: usize| {
        let mut at = start;
        while depths[at] != crate::sitemap::tree::Depth::Circle {
            match parents[at].filter(|above| !stems[*above].is_disjoint(&stems[start])) {
                Some(above) => at = above,
                None => break,
            }
        }
        at
    };
    (0..making.clusters.len()).map(top).collect()
}

/// Proposals in the making, each name once.
struct List<'a> {
    making: &'a Making<'a>,
    all: Vec<Proposal>,
    places: HashMap<(TaxonomyKind, String), usize>,
    slugs: HashSet<(TaxonomyKind, String)>,
    existing: HashMap<(TaxonomyKind, String), usize>,
}

impl<'a> List<'a> {
    fn new(making: &'a Making<'a>) -> Self {
        let terms = making.terms.iter().enumerate();
        Self {
            existing: terms
                .map(|(at, term)| ((term.kind, igny8_text::fold(&term.name)), at))
                .collect(),
            slugs: making.terms.iter().map(|term| (term.kind, term.slug.clone())).collect(),
            making,
            all: Vec::new(),
            places: HashMap::new(),
        }
    }

    /// Adds a term, or clusters to one that is there; `None` where the blueprint has no such taxonomy, or the name is none.
    fn add(&mut self, kind: TaxonomyKind, name: &str, parent: Option<usize>, clusters: &[&str]) -> Option<usize> {
        self.making.input.blueprint.taxonomy(kind)?;
        let name = named(name)?;
        let key = (kind, igny8_text::fold(&name));
        let at = match self.places.get(&key) {
            Some(&at) => at,
            None => {
                let existing = self.existing.get(&key).map(|&at| self.making.terms[at]);
                let slug = match existing {
                    Some(term) => term.slug.clone(),
                    None => self.slug(kind, &name, parent),
                };
                self.all.push(Proposal {
                    kind,
                    name: existing.map_or(name, |term| term.name.clone()),
                    slug,
                    parent,
                    clusters: Vec::new(),
                    existing: existing.map(|term| term.id.clone()),
                });
                self.places.insert(key, self.all.len() - 1);
                self.all.len() - 1
            }
        };
        for cluster in clusters {
            if self.all[at].clusters.iter().all(|known| known != cluster) {
                self.all[at].clusters.push((*cluster).to_owned());
            }
        }
        Some(at)
    }

    /// A slug that no other term of the taxonomy has.
    fn slug(&mut self, kind: TaxonomyKind, name: &str, parent: Option<usize>) -> String {
        let base = match slug_of(name, &self.making.input.brand.language) {
            slug if slug.is_empty() => "term".to_owned(),
            slug => slug,
        };
        let with_parent = parent.map(|parent| format!("{}-{base}", self.all[parent].slug));
        let numbered = (2..).map(|n: u32| format!("{base}-{n}"));
        let mut tries = std::iter::once(base.clone()).chain(with_parent).chain(numbered);
        let free = tries.find(|slug| self.slugs.insert((kind, slug.clone())));
        free.unwrap_or(base)
    }

    /// Properties that keywords name, with their values below them.
    fn values(&mut self, making: &Making<'_>) {
        let mut found: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
        for cluster in &making.clusters {
            for (property, value) in &cluster.attributes {
                if let Some(property) = property_name(property, &making.input.brand.language) {
                    found.entry((property, value)).or_default().push(&cluster.id);
                }
            }
        }
        for ((property, value), clusters) in found.into_iter().take(VALUES) {
            let above = self.add(TaxonomyKind::ProductAttribute, property, None, &[]);
            if above.is_some() {
                self.add(TaxonomyKind::ProductAttribute, value, above, &clusters);
            }
        }
    }

    /// What clustering recommends and is no category: as tags, those that several clusters share first.
    fn tags(&mut self, making: &Making<'_>) {
        let kind = match making.input.blueprint.site_type {
            SiteKind::Ecommerce => TaxonomyKind::ProductTag,
            SiteKind::Blog | SiteKind::Company => TaxonomyKind::BlogTag,
        };
        let taken: HashSet<String> = self.places.keys().map(|(_, name)| name.clone()).collect();
        let mut found: BTreeMap<String, (String, Vec<&str>)> = BTreeMap::new();
        for cluster in &making.clusters {
            for term in &cluster.recommended {
                let key = igny8_text::fold(term);
                if !taken.contains(&key) && key != igny8_text::fold(&cluster.name) {
                    let of = found.entry(key).or_insert_with(|| (term.clone(), Vec::new()));
                    of.1.push(&cluster.id);
                }
            }
        }
        let mut found: Vec<(String, Vec<&str>)> = found.into_values().collect();
        found.sort_by_key(|(_, clusters)| std::cmp::Reverse(clusters.len()));
        for (name, clusters) in found.into_iter().take(TAGS) {
            self.add(kind, &name, None, &clusters);
        }
    }

    /// A taxonomy that must have a term gets one even if the keywords name none.
    fn fallbacks(&mut self, making: &Making<'_>) {
        let lacking: Vec<TaxonomyKind> = making
            .input
            .blueprint
            .required_taxonomies()
            .filter(|kind| making.terms.iter().all(|term| term.kind != *kind))
            .filter(|kind| self.all.iter().all(|proposal| proposal.kind != *kind))
            .collect();
        for kind in lacking {
            match kind {
                TaxonomyKind::ProductAttribute => {
                    let property = property_name("brand", &making.input.brand.language);
                    let above = property.and_then(|property| self.add(kind, property, None, &[]));
                    self.add(kind, &making.input.brand.name, above, &[]);
                }
                _ => {
                    let supporting = making.clusters.iter().find(|cluster| cluster.role != Role::Hub);
                    match supporting.or(making.clusters.first()) {
                        Some(cluster) => self.add(kind, &cluster.name, None, &[cluster.id.as_str()]),
                        None => self.add(kind, &making.input.brand.name, None, &[]),
                    };
                }
            }
        }
    }

    /// Without what is there already: terms that exist and are mapped to all these clusters.
    fn finish(mut self) -> Vec<Proposal> {
        for proposal in &mut self.all {
            if let Some(&at) = proposal.existing.as_deref().and_then(|id| self.making.term_at.get(id)) {
                let term = self.making.terms[at];
                proposal.clusters.retain(|cluster| !term.clusters.contains(cluster));
            }
        }
        let wanted: Vec<usize> = (0..self.all.len())
            .filter(|&at| self.all[at].existing.is_none() || !self.all[at].clusters.is_empty())
            .collect();
        with_parents(&self.all, &wanted)
    }
}

/// A name as it stands in a list: its first letter in upper case.
fn named(name: &str) -> Option<String> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let name: String = name.chars().filter(|c| !c.is_control()).take(super::MAX_NAME).collect();
    let mut letters = name.chars();
    let first = letters.next()?;
    Some(first.to_uppercase().chain(letters).collect())
}

/// Properties that the planner knows, and that of every product, by what they are called in the languages that blueprints speak.
const PROPERTIES: [(&str, [&str; 7]); 5] = [
    ("brand", ["Brand", "Marke", "Marque", "Marca", "Marca", "Merk", "Marca"]),
    (
        "colour",
        ["Colour", "Farbe", "Couleur", "Color", "Colore", "Kleur", "Cor"],
    ),
    (
        "size",
        ["Size", "Größe", "Taille", "Tamaño", "Misura", "Maat", "Tamanho"],
    ),
    (
        "material",
        [
            "Material",
            "Material",
            "Matière",
            "Material",
            "Materiale",
            "Materiaal",
            "Material",
        ],
    ),
    ("audience", ["For", "Für", "Pour", "Para", "Per", "Voor", "Para"]),
];

/// What a property is called; none for what tells searches apart and no products: prices, years.
fn property_name<'p>(property: &'p str, language: &str) -> Option<&'p str> {
    if matches!(property, "price" | "year") {
        return None;
    }
    let primary = language.split(['-', '_']).next().unwrap_or_default();
    let at = ["en", "de", "fr", "es", "it", "nl", "pt"]
        .iter()
        .position(|known| *known == primary);
    let known = PROPERTIES.iter().find(|(name, _)| *name == property);
    Some(known.map_or(property, |(_, names)| names[at.unwrap_or(0)]))
}

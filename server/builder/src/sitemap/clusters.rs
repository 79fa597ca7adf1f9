//! Pages of clusters: the planner's ideas, as kinds of pages of the blueprint.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};

use igny8_planner::cluster as planner;
use igny8_planner::ideas::{self, Idea};
use igny8_planner::keyword_file::text_key;

use super::build::{Making, Note, archive_key};
use super::drafts::{Draft, draft, first_slug, short};
use super::page::{Aim, Cluster, Heading, Keyword};
use crate::blueprint::PageSpec;
use crate::names::{ContentType, Made, Role, SiteKind, Structure, TaxonomyKind};

/// Terms whose archives are pages of clusters.
#[derive(Debug, Default)]
pub(super) struct Claims(HashSet<usize>);

impl Claims {
    pub(super) fn taken(&self, term: usize) -> bool {
        self.0.contains(&term)
    }
}

/// The pages of all clusters, in their order: the hub of each first.
pub(super) fn pages(making: &mut Making<'_>, claims: &mut Claims) -> Vec<Draft> {
    let shares = share(making);
    let clusters = making.clusters.clone();
    let mapped = mapped(making);
    // Clusters with locked pages, and whether one of these is the hub.
    let mut locked: HashMap<String, bool> = HashMap::new();
    for page in &making.locked {
        if let Some(cluster) = &page.cluster {
            *locked.entry(cluster.clone()).or_default() |= page.role == Some(Role::Hub);
        }
    }
    let mut out = Vec::new();
    for (cluster, share) in clusters.into_iter().zip(shares) {
        if share.elsewhere > 0 {
            making.notes.push(Note::VariantsElsewhere {
                cluster: cluster.id.clone(),
                keywords: share.elsewhere,
            });
        }
        let terms = mapped.get(cluster.id.as_str()).map_or(&[][..], Vec::as_slice);
        let locked = locked.get(&cluster.id).copied();
        out.extend(of_cluster(making, cluster, &share.keywords, terms, claims, locked));
    }
    out
}

/// The keywords that a cluster's pages may aim at.
struct Share<'a> {
    keywords: Vec<&'a Keyword>,
    /// Those that others have.
    elsewhere: u32,
}

/// Gives each variant to the cluster where it is searched most. What locked pages aim at is given to none.
fn share<'a>(making: &Making<'a>) -> Vec<Share<'a>> {
    let locked = making
        .locked
        .iter()
        .flat_map(|page| page.primary.iter().chain(&page.keywords));
    let aimed: HashSet<String> = locked.map(|aim| making.stems.variant(&aim.text)).collect();
    let variants: Vec<Vec<String>> = making
        .clusters
        .iter()
        .map(|cluster| {
            cluster
                .keywords
                .iter()
                .map(|keyword| making.stems.variant(&keyword.text))
                .collect()
        })
        .collect();
    let mut owners: HashMap<&str, (u64, Reverse<usize>)> = HashMap::new();
    for (at, (cluster, variants)) in making.clusters.iter().zip(&variants).enumerate() {
        for (keyword, variant) in cluster.keywords.iter().zip(variants) {
            let claim = (keyword.volume.unwrap_or(0), Reverse(at));
            let owner = owners.entry(variant).or_insert(claim);
            *owner = claim.max(*owner);
        }
    }
    let of = |(at, (cluster, variants)): (usize, (&&'a Cluster, &Vec<String>))| {
        let mut share = Share {
            keywords: Vec::new(),
            elsewhere: 0,
        };
        let mut seen: HashSet<String> = HashSet::new();
        let mut keywords: Vec<(&Keyword, &String)> = cluster.keywords.iter().zip(variants).collect();
        keywords.sort_by_key(|(keyword, _)| (Reverse(keyword.volume), keyword.text.as_str(), keyword.id.as_str()));
        for (keyword, variant) in keywords {
            if aimed.contains(variant) || keyword.text.trim().is_empty() {
                continue;
            }
            if owners.get(variant.as_str()).is_some_and(|(_, owner)| owner.0 != at) {
                share.elsewhere += 1;
            } else if seen.insert(text_key(&keyword.text)) {
                share.keywords.push(keyword);
            }
        }
        share
    };
    making.clusters.iter().zip(&variants).enumerate().map(of).collect()
}

/// Terms by the clusters they are mapped to.
fn mapped<'a>(making: &Making<'a>) -> HashMap<&'a str, Vec<usize>> {
    let mut out: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, term) in making.terms.iter().enumerate() {
        let clusters: BTreeSet<&str> = term.clusters.iter().map(String::as_str).collect();
        for cluster in clusters {
            out.entry(cluster).or_default().push(at);
        }
    }
    out
}

/// The pages of one cluster; `locked` says whether it has locked pages, and a hub among them.
fn of_cluster(
    making: &mut Making<'_>,
    cluster: &Cluster,
    keywords: &[&Keyword],
    mapped: &[usize],
    claims: &mut Claims,
    locked: Option<bool>,
) -> Vec<Draft> {
    let has_hub = locked == Some(true);
    let plan = ideas::Cluster {
        name: cluster.name.clone(),
        role: cluster.role,
        context: cluster.context,
        keywords: keywords.iter().map(|keyword| planned(keyword)).collect(),
        terms: cluster.recommended.clone(),
        has_hub,
        has_text: false,
    };
    let blueprint = making.input.blueprint;
    let options = super::page::ideas_options(making.input.brand, blueprint.site_type, blueprint.supporting_pages);
    let ideas = ideas::plan(&plan, &options);
    if ideas.is_empty() && !has_hub {
        if locked.is_none() {
            making.notes.push(Note::ClusterWithoutKeywords {
                cluster: cluster.id.clone(),
            });
        }
        return hub_without_keywords(making, cluster).into_iter().collect();
    }
    let found = ideas.into_iter().map(|idea| Found {
        cluster,
        keywords,
        idea,
    });
    found.filter_map(|found| found.page(making, mapped, claims)).collect()
}

fn planned(keyword: &Keyword) -> planner::Keyword {
    planner::Keyword {
        volume: keyword.volume,
        intent: keyword.intent,
        serp_urls: keyword.serp_urls.clone(),
        ..planner::Keyword::new(keyword.text.clone())
    }
}

/// The page of a cluster that nothing else is known of.
fn hub_without_keywords(making: &Making<'_>, cluster: &Cluster) -> Option<Draft> {
    let spec = making.input.blueprint.made_for(Made::Hub, |_| true)?;
    let mut draft = draft(spec, hub_key(&cluster.id));
    let page = &mut draft.page;
    page.cluster = Some(cluster.id.clone());
    page.role = Some(Role::Hub);
    page.title = short(&cluster.name);
    page.label = page.title.clone();
    page.structure = Some(match page.content_type {
        None | Some(ContentType::Page) => Structure::ClusterHub,
        Some(other) => usual_structure(other),
    });
    page.words = page.structure.map_or(0, |structure| structure.words(0));
    draft.slug = first_slug([cluster.name.as_str()], &making.input.brand.language);
    Some(draft)
}

pub(super) fn hub_key(cluster: &str) -> String {
    format!("hub:{cluster}")
}

/// An idea with what it was made of.
struct Found<'a> {
    cluster: &'a Cluster,
    keywords: &'a [&'a Keyword],
    idea: Idea,
}

impl Found<'_> {
    fn page(self, making: &mut Making<'_>, mapped: &[usize], claims: &mut Claims) -> Option<Draft> {
        let hub = self.idea.role == Role::Hub;
        let mut content_type = self.idea.content_type;
        let mut structure = self.idea.structure;
        if content_type == ContentType::Taxonomy {
            if let Some(at) = self.term(making, mapped, claims) {
                let term = making.terms[at];
                let spec = making.input.blueprint.archive(term.kind)?;
                claims.0.insert(at);
                let draft = making.archive(spec, term, archive_key(&term.id));
                return Some(self.filled(making, draft, true));
            }
            if hub {
                making.notes.push(Note::NoTermForHub {
                    cluster: self.cluster.id.clone(),
                });
            }
            (content_type, structure) = match (hub, structure) {
                (true, _) => (ContentType::Page, Structure::ClusterHub),
                (false, Structure::CategoryArchive) => (ContentType::Page, Structure::LandingPage),
                (false, _) => (ContentType::Post, Structure::Article),
            };
        }
        let made = if hub { Made::Hub } else { Made::Supporting };
        let blueprint = making.input.blueprint;
        let fits = |spec: &PageSpec| spec.kind.entity().content_type() == Some(content_type);
        let spec = blueprint
            .made_for(made, fits)
            .or_else(|| blueprint.made_for(made, |_| true))?;
        let key = match hub {
            true => hub_key(&self.cluster.id),
            false => format!(
                "page:{}:{}",
                self.cluster.id,
                text_key(&self.keywords[self.idea.primary].text)
            ),
        };
        if making.is_locked(&key) {
            return None;
        }
        let mut draft = draft(spec, key);
        draft.page.structure = Some(match draft.page.content_type {
            Some(other) if other != content_type => match (hub, other) {
                (true, ContentType::Page) => Structure::ClusterHub,
                _ => usual_structure(other),
            },
            _ => structure,
        });
        Some(self.filled(making, draft, false))
    }

    /// The term whose archive the page is: one that is mapped to the cluster, fits the idea, and is not another page yet.
    fn term(&self, making: &Making<'_>, mapped: &[usize], claims: &Claims) -> Option<usize> {
        let kind = match (self.idea.structure, making.input.blueprint.site_type) {
            (Structure::AttributeArchive, _) => TaxonomyKind::ProductAttribute,
            (Structure::TagArchive, _) => TaxonomyKind::BlogTag,
            (_, SiteKind::Ecommerce) => TaxonomyKind::ProductCategory,
            (_, SiteKind::Company) => TaxonomyKind::ServiceCategory,
            (_, SiteKind::Blog) => TaxonomyKind::BlogCategory,
        };
        making.input.blueprint.archive(kind)?;
        let primary = &self.keywords[self.idea.primary].text;
        let words = making.stems.set(primary);
        let about = making.stems.set(&self.cluster.name);
        let free = |at: &&usize| {
            let term = making.terms[**at];
            term.kind == kind && !claims.taken(**at) && !making.is_locked(&archive_key(&term.id))
        };
        let likeness = |at: &usize| {
            let name = making.stems.set(&making.terms[*at].name);
            let within = |of: &BTreeSet<String>| name.intersection(of).count();
            (name.len(), within(&words), within(&about))
        };
        let found = mapped.iter().filter(free).map(|at| (likeness(at), *at));
        match self.idea.role {
            // What is mapped to the cluster is what its hub is about; of several the one that is most like it.
            Role::Hub => found
                .max_by_key(|&((_, words, about), at)| (words, about, Reverse(at)))
                .map(|(_, at)| at),
            // A narrower page is a term's archive only if it says all that the term says.
            Role::Supporting | Role::Attribute => found
                .filter(|&((all, words, _), _)| all > 0 && words == all)
                .max_by_key(|&((all, _, _), at)| (all, Reverse(at)))
                .map(|(_, at)| at),
        }
    }

    fn filled(&self, making: &Making<'_>, mut draft: Draft, archive: bool) -> Draft {
        let aim = |at: usize| Aim {
            id: self.keywords[at].id.clone(),
            text: self.keywords[at].text.clone(),
        };
        let idea = &self.idea;
        let page = &mut draft.page;
        page.cluster = Some(self.cluster.id.clone());
        page.role = Some(idea.role);
        page.primary = Some(aim(idea.primary));
        page.keywords = idea.secondary.iter().map(|&at| aim(at)).collect();
        page.volume = self.volume(making);
        page.words = idea.words;
        page.outline = idea
            .outline
            .iter()
            .map(|heading| Heading {
                text: heading.text.clone(),
                question: heading.question,
            })
            .collect();
        page.title = short(&idea.title);
        // A term keeps its name in menus and its address.
        if !archive {
            // What follows a colon is what else the page covers.
            let subject = page.title.split(": ").next().unwrap_or_default().to_owned();
            let keyword = self.keywords[idea.primary].text.as_str();
            draft.slug = first_slug(
                [subject.as_str(), keyword, &self.cluster.name],
                &making.input.brand.language,
            );
            page.label = if idea.role == Role::Hub {
                short(&self.cluster.name)
            } else {
                subject
            };
        }
        draft
    }

    /// Searches for all that the page covers; variants have the same ones.
    fn volume(&self, making: &Making<'_>) -> u64 {
        let mut volumes: HashMap<String, u64> = HashMap::new();
        for &at in std::iter::once(&self.idea.primary).chain(&self.idea.secondary) {
            let keyword = self.keywords[at];
            let of = volumes.entry(making.stems.variant(&keyword.text)).or_default();
            *of = keyword.volume.unwrap_or(0).max(*of);
        }
        volumes.into_values().fold(0, u64::saturating_add)
    }
}

/// The structure of content of a type that nothing else is known of.
fn usual_structure(content: ContentType) -> Structure {
    match content {
        ContentType::Post => Structure::Article,
        ContentType::Page => Structure::LandingPage,
        ContentType::Product => Structure::ProductPage,
        ContentType::Service => Structure::ServicePage,
        ContentType::Taxonomy => Structure::CategoryArchive,
    }
}

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write as _;
use std::path::Path;

use igny8_planner::cluster::{Graph, Keyword as Planned, Options};
use igny8_text::is_slug;
use proptest::prelude::*;

use super::edit::{Edit, apply};
use super::*;
use crate::blueprint::{Blueprint, builtin};
use crate::names::{Choice as _, ContextType, Entity, Role, TaxonomyKind};
use crate::stems::Stems;
use crate::taxonomy::Term;

pub(crate) fn blueprint(name: &str) -> Blueprint {
    let (_, text) = builtin().iter().find(|(key, _)| *key == name).unwrap();
    Blueprint::parse(text, None).unwrap()
}

pub(crate) fn brand() -> Brand {
    Brand {
        name: "Pawl & Spoke".to_owned(),
        description: "A bicycle workshop on the towpath.".to_owned(),
        audience: "people who ride every day".to_owned(),
        language: "en".to_owned(),
    }
}

/// The clusters that the planner makes of keywords with their searches.
pub(crate) fn clusters(keywords: &[(&str, u64)]) -> Vec<Cluster> {
    let planned: Vec<Planned> = keywords
        .iter()
        .map(|(text, volume)| Planned {
            volume: Some(*volume),
            ..Planned::new(*text)
        })
        .collect();
    let found = Graph::new(&planned, &Options::default()).cluster(0.5).clusters;
    let id = |at: usize| format!("c{at}");
    found
        .iter()
        .enumerate()
        .map(|(at, cluster)| Cluster {
            id: id(at),
            name: cluster.name.clone(),
            role: cluster.role,
            context: cluster.context_type,
            parent: cluster.parent.map(id),
            priority: 0,
            recommended: cluster.recommendations.terms.clone(),
            attributes: cluster
                .recommendations
                .attributes
                .iter()
                .map(|attribute| (attribute.name.clone(), attribute.value.clone()))
                .collect(),
            keywords: cluster
                .keywords
                .iter()
                .map(|&k| Keyword {
                    id: format!("k{k}"),
                    text: planned[k].text.clone(),
                    volume: planned[k].volume,
                    ..Keyword::default()
                })
                .collect(),
        })
        .collect()
}

pub(crate) fn term(kind: TaxonomyKind, name: &str, clusters: &[&str]) -> Term {
    let slug = crate::slugs::slug_of(name, "en");
    Term {
        id: format!("{}-{slug}", kind.word()),
        kind,
        name: name.to_owned(),
        slug,
        parent: None,
        clusters: clusters.iter().map(|&id| id.to_owned()).collect(),
    }
}

pub(crate) const COFFEE: &[(&str, u64)] = &[
    ("cold brew coffee", 33_100),
    ("how to make cold brew coffee", 27_100),
    ("cold brew ratio", 9_900),
    ("cold brew vs iced coffee", 8_100),
    ("how long does cold brew coffee last", 5_400),
    ("best coffee for cold brew", 4_400),
    ("cold brew concentrate", 3_600),
    ("cold brew recipe", 6_600),
    ("pour over coffee", 27_100),
    ("pour over coffee ratio", 5_400),
    ("how to make pour over coffee", 9_900),
    ("best pour over coffee maker", 12_100),
    ("pour over vs drip coffee", 2_400),
    ("pour over grind size", 1_900),
    ("pour over kettle", 3_600),
    ("coffee grinder", 60_500),
    ("best coffee grinder", 40_500),
    ("burr coffee grinder", 22_200),
    ("manual coffee grinder", 14_800),
    ("how to clean a coffee grinder", 3_600),
    ("coffee grinder settings", 1_600),
    ("burr vs blade grinder", 1_900),
];

pub(crate) const SHOP: &[(&str, u64)] = &[
    ("waterproof hiking boots", 22_200),
    ("buy hiking boots", 2_900),
    ("hiking boots", 165_000),
    ("hiking boots for men", 33_100),
    ("hiking boots for women", 60_500),
    ("best hiking boots", 40_500),
    ("leather hiking boots", 6_600),
    ("cheap hiking boots", 4_400),
    ("how to break in hiking boots", 3_600),
    ("how to clean hiking boots", 1_900),
    ("hiking boots vs trail runners", 2_400),
    ("hiking backpack", 49_500),
    ("buy hiking backpack", 1_300),
    ("best hiking backpack", 14_800),
    ("30l hiking backpack", 2_900),
    ("40l hiking backpack", 3_600),
    ("hiking backpack for women", 6_600),
    ("how to pack a hiking backpack", 1_900),
    ("how to adjust a hiking backpack", 590),
    ("trekking poles", 40_500),
    ("buy trekking poles", 880),
    ("carbon trekking poles", 2_900),
    ("best trekking poles", 9_900),
    ("folding trekking poles", 3_600),
    ("how to use trekking poles", 2_400),
    ("trekking poles length", 1_300),
];

pub(crate) const PLUMBER: &[(&str, u64)] = &[
    ("boiler repair", 27_100),
    ("boiler repair near me", 18_100),
    ("emergency boiler repair", 4_400),
    ("boiler repair cost", 3_600),
    ("boiler not heating water", 2_900),
    ("why is my boiler losing pressure", 5_400),
    ("how to bleed a boiler", 1_900),
    ("boiler installation", 9_900),
    ("boiler installation cost", 6_600),
    ("new boiler installation", 4_400),
    ("combi boiler installation", 2_400),
    ("boiler installation near me", 2_900),
    ("how long does a boiler installation take", 880),
    ("drain cleaning", 14_800),
    ("drain cleaning service", 5_400),
    ("drain cleaning near me", 8_100),
    ("drain cleaning cost", 1_900),
    ("how to unblock a drain", 12_100),
    ("blocked drain smell", 1_300),
    ("why is my drain gurgling", 1_600),
];

/// A plan as people read it, with the names of its clusters.
fn drawn(planned: &super::Planned, names: &BTreeMap<&str, &str>) -> String {
    let mut out = String::new();
    let depths: BTreeMap<&str, usize> = {
        let mut depths: BTreeMap<&str, usize> = BTreeMap::new();
        for page in &planned.sitemap.pages {
            let depth = page
                .parent
                .as_deref()
                .and_then(|parent| depths.get(parent))
                .map_or(0, |above| above + 1);
            depths.insert(&page.key, depth);
        }
        depths
    };
    for page in &planned.sitemap.pages {
        let indent = "  ".repeat(depths[page.key.as_str()]);
        let structure = page.structure.map_or("", |structure| structure.word());
        let _ = write!(
            out,
            "{indent}{} | {} | {} {structure}",
            page.address(),
            page.title,
            page.page_type.word()
        );
        if let Some(cluster) = &page.cluster {
            let role = page.role.map_or("", |role| role.word());
            let _ = write!(out, " | {role} of {}", names[cluster.as_str()]);
        }
        if let Some(aim) = &page.primary {
            let _ = write!(
                out,
                " | “{}” and {} more, {}",
                aim.text,
                page.keywords.len(),
                page.volume
            );
        }
        if !page.terms.is_empty() {
            let _ = write!(out, " | in {}", page.terms.join(", "));
        }
        if !page.links.is_empty() {
            let _ = write!(out, " | {} links", page.links.len());
        }
        out.push('\n');
    }
    for menu in &planned.sitemap.menus {
        let _ = writeln!(out, "menu {}:", menu.place.word());
        for entry in &menu.items {
            let label = &planned.sitemap.page(&entry.page).unwrap().label;
            let _ = writeln!(
                out,
                "  {label} → {}{}",
                entry.page,
                entry.below.iter().map(|key| format!(", {key}")).collect::<String>()
            );
        }
    }
    for note in &planned.notes {
        let _ = writeln!(out, "note: {}", serde_json::to_string(note).unwrap());
    }
    out
}

fn terms_of(site: &str, clusters: &[Cluster]) -> Vec<Term> {
    use TaxonomyKind::{BlogCategory, BlogTag, ProductAttribute, ProductCategory, ProductTag, ServiceCategory};
    let by_name = |part: &str| -> Vec<&str> {
        let found = clusters
            .iter()
            .filter(|cluster| cluster.name.to_lowercase().contains(part));
        found.map(|cluster| cluster.id.as_str()).collect()
    };
    match site {
        "blog" => vec![
            term(BlogCategory, "Brewing", &[by_name("brew"), by_name("pour")].concat()),
            term(BlogCategory, "Equipment", &by_name("grinder")),
            term(BlogTag, "Ratio", &[]),
            term(BlogTag, "Beginners", &[]),
        ],
        "ecommerce" => vec![
            term(ProductCategory, "Hiking boots", &by_name("boots")),
            term(ProductCategory, "Backpacks", &by_name("backpack")),
            term(ProductCategory, "Poles", &by_name("pole")),
            term(ProductAttribute, "Material", &[]),
            Term {
                parent: Some("product_attribute-material".to_owned()),
                ..term(ProductAttribute, "Leather", &by_name("boots"))
            },
            term(ProductTag, "Women", &[]),
            term(
                BlogCategory,
                "Care and use",
                &[by_name("boots"), by_name("backpack"), by_name("pole")].concat(),
            ),
        ],
        _ => vec![
            term(ServiceCategory, "Heating", &by_name("boiler")),
            term(ServiceCategory, "Drains", &by_name("drain")),
            term(BlogCategory, "At home", &[by_name("boiler"), by_name("drain")].concat()),
        ],
    }
}

fn keywords_of(site: &str) -> &'static [(&'static str, u64)] {
    match site {
        "blog" => COFFEE,
        "ecommerce" => SHOP,
        _ => PLUMBER,
    }
}

/// Three businesses, planned; the plans are committed, so that a change of a rule is seen as what it does.
#[test]
fn plans_of_three_businesses() {
    for site in ["blog", "ecommerce", "company"] {
        let (blueprint, brand, clusters) = (blueprint(site), brand(), clusters(keywords_of(site)));
        let terms = terms_of(site, &clusters);
        let planned = structure(Input {
            blueprint: &blueprint,
            brand: &brand,
            clusters: &clusters,
            terms: &terms,
            before: &Sitemap::default(),
        });
        check(&planned.sitemap, "en");
        let names: BTreeMap<&str, &str> = clusters
            .iter()
            .map(|cluster| (cluster.id.as_str(), cluster.name.as_str()))
            .collect();
        let plan = planned.sitemap.clone();
        let input = Input {
            blueprint: &blueprint,
            brand: &brand,
            clusters: &clusters,
            terms: &terms,
            before: &plan,
        };
        let mut text = drawn(&planned, &names);
        for violation in crate::coverage::check(input, &[]).violations {
            let mend = serde_json::to_value(&violation.mend).unwrap();
            let (level, rule) = (violation.level.word(), violation.rule.word());
            let _ = writeln!(
                text,
                "{level} {rule}: {} ({})",
                violation.message,
                mend["mend"].as_str().unwrap()
            );
        }
        let proposals = crate::taxonomy::recommend(Input { terms: &[], ..input });
        for of in &proposals {
            let clusters: Vec<&str> = of.clusters.iter().map(|id| names[id.as_str()]).collect();
            let above = of
                .parent
                .map_or_else(String::new, |above| format!("{} > ", proposals[above].name));
            let _ = writeln!(
                text,
                "proposed {}: {above}{} for {}",
                of.kind.word(),
                of.name,
                clusters.join(", ")
            );
        }
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/plans/{site}.txt"));
        if std::env::var_os("UPDATE_GENERATED").is_some() {
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, &text).unwrap();
        }
        let there = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(
            there == text,
            "look at what changes, then run with UPDATE_GENERATED=1:\n{text}"
        );
    }
}

/// What every plan keeps.
pub(crate) fn check(sitemap: &Sitemap, language: &str) {
    let stems = Stems::of_language(language);
    let keys: HashSet<&str> = sitemap.pages.iter().map(|page| page.key.as_str()).collect();
    assert_eq!(keys.len(), sitemap.pages.len(), "keys are unique");
    let home: Vec<&PagePlan> = sitemap.pages.iter().filter(|page| page.parent.is_none()).collect();
    assert_eq!(home.iter().map(|page| page.key.as_str()).collect::<Vec<_>>(), ["home"]);
    assert_eq!(tree::faults(&sitemap.pages), [], "the tree is sound");
    let mut addresses: BTreeSet<String> = BTreeSet::new();
    let mut titles: BTreeSet<String> = BTreeSet::new();
    let mut variants: BTreeMap<String, &str> = BTreeMap::new();
    let mut seen: HashSet<&str> = HashSet::new();
    let mut positions: BTreeMap<Option<&str>, u32> = BTreeMap::new();
    for page in &sitemap.pages {
        assert!(addresses.insert(page.address()), "{} twice", page.address());
        assert!(page.key == "home" || is_slug(&page.slug), "{page:?}");
        assert!(
            !page.title.trim().is_empty() && page.title.chars().count() <= MAX_TITLE,
            "{page:?}"
        );
        assert!(
            titles.insert(igny8_text::fold(&page.title)),
            "two pages are called {:?}",
            page.title
        );
        assert_eq!(page.entity, page.page_type.entity());
        assert_eq!(page.content_type, page.entity.content_type());
        assert_eq!(page.structure.is_none(), page.entity == Entity::Section);
        assert!(
            page.parent.as_deref().is_none_or(|parent| seen.contains(parent)),
            "parents come first"
        );
        seen.insert(&page.key);
        let next = positions.entry(page.parent.as_deref()).or_default();
        assert_eq!(page.position, *next, "siblings are numbered in order");
        *next += 1;
        for aim in page.primary.iter().chain(&page.keywords) {
            let first = variants.entry(stems.variant(&aim.text)).or_insert(&page.key);
            assert_eq!(*first, page.key, "{:?} is aimed at twice", aim.text);
        }
        assert!(page.links.len() <= MAX_LINKS && !page.links.contains(&page.key));
        let blocks = page.blocks.iter().flat_map(|block| &block.links);
        for key in page.links.iter().chain(blocks) {
            assert!(keys.contains(key.as_str()), "{key} is linked to from {}", page.key);
        }
    }
    for entry in sitemap.menus.iter().flat_map(|menu| &menu.items) {
        for key in entry.below.iter().chain([&entry.page]) {
            assert!(keys.contains(key.as_str()), "{key} stands in a menu");
        }
    }
}

const WORDS: &[&str] = &[
    "cold", "brew", "coffee", "maker", "makers", "how", "to", "best", "vs", "iced", "price", "buy", "black", "steel",
    "repair", "near", "me", "recipe", "🦀", "Ünï", "c++", "login", "40l", "search", "about",
];

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(WORDS), 0..5).prop_map(|words| words.join(" "))
}

fn some_clusters() -> impl Strategy<Value = Vec<Cluster>> {
    let keyword = (text(), prop::option::of(0u64..2_000)).prop_map(|(text, volume)| (text, volume));
    let cluster = (
        text(),
        prop::sample::select(vec![Role::Hub, Role::Supporting, Role::Attribute]),
        prop::sample::select(vec![
            ContextType::Topic,
            ContextType::Attribute,
            ContextType::ServiceLine,
        ]),
        prop::option::of(0usize..6),
        0u32..3,
        prop::collection::vec(keyword, 0..12),
    );
    prop::collection::vec(cluster, 0..6).prop_map(|clusters| {
        let mut out = Vec::new();
        for (at, (name, role, context, parent, priority, keywords)) in clusters.into_iter().enumerate() {
            let mut own = Vec::new();
            for (k, (text, volume)) in keywords.into_iter().enumerate() {
                own.push(Keyword {
                    id: format!("k{at}-{k}"),
                    text,
                    volume,
                    ..Keyword::default()
                });
            }
            out.push(Cluster {
                id: format!("c{at}"),
                name: format!("{name} {at}"),
                role,
                context,
                parent: parent.map(|at| format!("c{at}")),
                priority,
                recommended: vec!["maker".to_owned()],
                attributes: Vec::new(),
                keywords: own,
            });
        }
        out
    })
}

fn some_terms() -> impl Strategy<Value = Vec<Term>> {
    let kind = prop::sample::select(TaxonomyKind::ALL.iter().map(|(kind, _, _)| *kind).collect::<Vec<_>>());
    let term = (
        kind,
        text(),
        prop::collection::vec(0usize..6, 0..3),
        prop::option::of(0usize..8),
    );
    prop::collection::vec(term, 0..8).prop_map(|terms| {
        let mut out = Vec::new();
        for (at, (kind, name, clusters, parent)) in terms.into_iter().enumerate() {
            out.push(Term {
                id: format!("t{at}"),
                kind,
                name: format!("{name} {at}"),
                slug: format!("t{at}"),
                parent: parent.map(|at| format!("t{at}")),
                clusters: clusters.into_iter().map(|at| format!("c{at}")).collect(),
            });
        }
        out
    })
}

fn a_blueprint() -> impl Strategy<Value = Blueprint> {
    prop::sample::select(vec!["blog", "ecommerce", "company"]).prop_map(blueprint)
}

fn plan(blueprint: &Blueprint, clusters: &[Cluster], terms: &[Term], before: &Sitemap) -> super::Planned {
    structure(Input {
        blueprint,
        brand: &brand(),
        clusters,
        terms,
        before,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn plans_are_sound_and_the_same_whatever_the_order(
        blueprint in a_blueprint(),
        clusters in some_clusters(),
        terms in some_terms(),
    ) {
        let planned = plan(&blueprint, &clusters, &terms, &Sitemap::default());
        check(&planned.sitemap, "en");
        for cluster in &clusters {
            let of = |page: &&PagePlan| page.cluster.as_deref() == Some(&cluster.id) && page.role == Some(Role::Hub);
            prop_assert_eq!(planned.sitemap.pages.iter().filter(of).count(), 1, "one hub for each cluster");
        }
        let mut turned = clusters.clone();
        turned.reverse();
        for cluster in &mut turned {
            cluster.keywords.reverse();
        }
        let mut other_terms = terms.clone();
        other_terms.reverse();
        let again = plan(&blueprint, &turned, &other_terms, &Sitemap::default());
        prop_assert_eq!(&again.sitemap.menus, &planned.sitemap.menus);
        // Of texts that differ in nothing but their id either may come first.
        prop_assert_eq!(without_ids(&again.sitemap), without_ids(&planned.sitemap));
    }

    #[test]
    fn what_is_locked_stays_and_has_no_double(
        blueprint in a_blueprint(),
        clusters in some_clusters(),
        terms in some_terms(),
        locks in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        fewer in any::<bool>(),
    ) {
        let first = plan(&blueprint, &clusters, &terms, &Sitemap::default()).sitemap;
        let mut edited = first;
        for (n, lock) in locks.iter().enumerate() {
            let page = &edited.pages[lock.index(edited.pages.len())];
            let fixed = page.key == "home" || matches!(page.entity, Entity::Section | Entity::Term);
            let edit = Edit::Rename {
                page: page.key.clone(),
                title: Some(format!("Locked {n}")),
                label: None,
                slug: (!fixed).then(|| format!("locked-{n}")),
            };
            edited = apply(&edited, &[edit]).unwrap();
        }
        check(&edited, "en");
        let some = if fewer { &clusters[..clusters.len() / 2] } else { &clusters[..] };
        let again = plan(&blueprint, some, &terms, &edited).sitemap;
        check(&again, "en");
        for page in edited.pages.iter().filter(|page| page.locked) {
            let kept = again.page(&page.key);
            prop_assert!(kept.is_some(), "{} is gone", page.key);
            let kept = kept.unwrap();
            prop_assert_eq!((&kept.title, kept.address(), &kept.primary), (&page.title, page.address(), &page.primary));
        }
        // Planning again changes nothing more.
        let third = plan(&blueprint, some, &terms, &again).sitemap;
        prop_assert_eq!(compare(&again, &third), Changes::default());
    }
}

fn without_ids(sitemap: &Sitemap) -> String {
    let mut sitemap = sitemap.clone();
    for page in &mut sitemap.pages {
        for aim in page.primary.iter_mut().chain(&mut page.keywords) {
            aim.id.clear();
        }
    }
    format!("{:#?}", sitemap.pages)
}

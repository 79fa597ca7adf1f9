//! How long planning takes, and whether that grows with what there is to plan and no faster.
//!
//! ```sh
//! cargo run --release -p igny8-builder --example plan_speed
//! ```

use std::time::Instant;

use igny8_builder::blueprint::{Blueprint, builtin};
use igny8_builder::coverage;
use igny8_builder::names::{ContextType, Role, TaxonomyKind};
use igny8_builder::sitemap::edit::{Edit, apply};
use igny8_builder::sitemap::{Brand, Cluster, Input, Keyword, Sitemap, structure};
use igny8_builder::taxonomy::Term;

const THINGS: [&str; 12] = [
    "pump", "boots", "grinder", "lamp", "saddle", "kettle", "tent", "stove", "router", "printer", "camera", "chair",
];
const SAYS: [&str; 20] = [
    "",
    "best",
    "how to clean a",
    "how to repair a",
    "cheap",
    "buy",
    "price",
    "review",
    "vs",
    "for beginners",
    "parts",
    "size",
    "what is a",
    "black",
    "steel",
    "near me",
    "manual",
    "ideas",
    "installation",
    "why does it leak",
];

fn clusters(count: usize) -> Vec<Cluster> {
    (0..count)
        .map(|n| {
            let thing = format!("{} {n}x", THINGS[n % THINGS.len()]);
            let keyword = |k: usize| Keyword {
                id: format!("k{n}-{k}"),
                text: format!("{} {thing}", SAYS[k]).trim().to_owned(),
                volume: Some(1_000 - (k as u64) * 40),
                ..Keyword::default()
            };
            Cluster {
                id: format!("c{n}"),
                name: thing.clone(),
                role: if n % 8 == 0 { Role::Hub } else { Role::Supporting },
                context: ContextType::Topic,
                parent: (n % 8 != 0).then(|| format!("c{}", n - n % 8)),
                priority: 0,
                recommended: vec!["parts".to_owned()],
                attributes: vec![("colour".to_owned(), "black".to_owned())],
                keywords: (0..SAYS.len()).map(keyword).collect(),
            }
        })
        .collect()
}

fn main() {
    println!("keywords pages | plan ms | plan again ms | coverage ms | matrix ms | recommend ms | 1,000 edits ms");
    for (name, count) in [
        ("blog", 125),
        ("blog", 250),
        ("blog", 500),
        ("blog", 1_000),
        ("ecommerce", 500),
        ("company", 500),
    ] {
        let (_, text) = builtin().iter().find(|(key, _)| *key == name).expect("it is built in");
        let blueprint = Blueprint::parse(text, None).expect("it is right");
        let brand = Brand {
            name: "Site".to_owned(),
            description: "A site.".to_owned(),
            audience: "everybody".to_owned(),
            language: "en".to_owned(),
        };
        let clusters = clusters(count);
        let kinds: Vec<TaxonomyKind> = blueprint.taxonomies.iter().map(|taxonomy| taxonomy.kind).collect();
        let terms: Vec<Term> = (0..count / 2)
            .map(|n| Term {
                id: format!("t{n}"),
                kind: kinds[n % kinds.len()],
                name: format!("{} {}x", THINGS[n % THINGS.len()], n * 2),
                slug: format!("t{n}"),
                parent: None,
                clusters: vec![format!("c{}", n * 2), format!("c{}", n * 2 + 1)],
            })
            .collect();
        let empty = Sitemap::default();
        let timed = |what: &mut dyn FnMut()| {
            let start = Instant::now();
            what();
            start.elapsed().as_secs_f64() * 1_000.0
        };
        let input = |before| Input {
            blueprint: &blueprint,
            brand: &brand,
            clusters: &clusters,
            terms: &terms,
            before,
        };
        let mut plan = empty.clone();
        let first = timed(&mut || plan = structure(input(&empty)).sitemap);
        for page in plan.pages.iter_mut().skip(20) {
            page.locked = true;
        }
        let again = timed(&mut || drop(structure(input(&plan))));
        let look = timed(&mut || drop(coverage::check(input(&plan), &[])));
        let matrix = timed(&mut || drop(coverage::matrix(input(&plan))));
        let terms_ms = timed(&mut || drop(igny8_builder::taxonomy::recommend(input(&plan))));
        let edits: Vec<Edit> = plan
            .pages
            .iter()
            .filter(|page| page.role == Some(Role::Supporting))
            .take(1_000)
            .map(|page| Edit::Move {
                page: page.key.clone(),
                parent: Some("home".to_owned()),
                position: Some(0),
            })
            .collect();
        let edit = timed(&mut || drop(apply(&plan, &edits)));
        let keywords: usize = clusters.iter().map(|cluster| cluster.keywords.len()).sum();
        println!(
            "{name} {keywords} {} | {first:.0} | {again:.0} | {look:.0} | {matrix:.0} | {terms_ms:.0} | {edit:.0}",
            plan.pages.len()
        );
    }
}

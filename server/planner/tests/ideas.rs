//! What ideas promise whatever comes in, and what they are for a few real clusters.

use std::collections::BTreeSet;

use igny8_planner::cluster::{ContextType, Intent, Keyword, Role};
use igny8_planner::ideas::{Cluster, ContentType, Idea, Options, SiteKind, Structure, fitting, plan};
use proptest::prelude::*;

const WORDS: &[&str] = &[
    "cold", "brew", "coffee", "maker", "makers", "how", "to", "what", "is", "best", "vs", "iced", "price", "buy",
    "black", "steel", "repair", "near", "me", "recipe", "ratio", "2024", "12v", "review", "login", "ideas", "🦀",
    "Ünï",
];

fn keyword() -> impl Strategy<Value = Keyword> {
    let text = prop::collection::vec(prop::sample::select(WORDS), 0..6).prop_map(|words| words.join(" "));
    let urls = prop::collection::vec(0u8..9, 0..8).prop_map(|urls| {
        urls.into_iter()
            .map(|u| format!("https://example.com/{u}"))
            .collect::<Vec<_>>()
    });
    let intent = prop::sample::select(vec![
        None,
        None,
        Some(Intent::Informational),
        Some(Intent::Commercial),
        Some(Intent::Transactional),
        Some(Intent::Navigational),
    ]);
    (text, prop::option::of(0u64..2000), urls, intent).prop_map(|(text, volume, serp_urls, intent)| Keyword {
        volume,
        serp_urls,
        intent,
        ..Keyword::new(text)
    })
}

fn cluster(keywords: Vec<Keyword>, has_hub: bool) -> Cluster {
    Cluster {
        name: "Cold brew".into(),
        role: Role::Hub,
        context: ContextType::Topic,
        keywords,
        terms: vec!["maker".into(), "recipe".into()],
        has_hub,
        has_text: false,
    }
}

fn options(site: SiteKind) -> Options {
    Options {
        site,
        ..Options::default()
    }
}

/// Ideas by what their keywords are, not where they stood.
fn content(cluster: &Cluster, ideas: &[Idea]) -> Vec<String> {
    let show = |&k: &usize| serde_json::to_string(&cluster.keywords[k]).unwrap();
    ideas
        .iter()
        .map(|idea| {
            let mut secondary: Vec<String> = idea.secondary.iter().map(show).collect();
            secondary.sort();
            let headings: Vec<&str> = idea.outline.iter().map(|h| h.text.as_str()).collect();
            format!(
                "{} {:?} {:?} {:?} {} {} {secondary:?} {headings:?} {:?}",
                idea.title,
                idea.role,
                idea.content_type,
                idea.structure,
                idea.words,
                show(&idea.primary),
                idea.terms
            )
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_keyword_is_in_exactly_one_idea(
        keywords in prop::collection::vec(keyword(), 0..40),
        site in prop::sample::select(vec![SiteKind::Blog, SiteKind::Ecommerce, SiteKind::Company]),
        has_hub: bool,
        has_text: bool,
        most in 0usize..6,
    ) {
        let cluster = Cluster { has_text, ..cluster(keywords, has_hub) };
        let options = Options { most_supporting: most, ..options(site) };
        let ideas = plan(&cluster, &options);
        let mut all: Vec<usize> = ideas.iter().flat_map(|i| i.secondary.iter().copied().chain([i.primary])).collect();
        all.sort_unstable();
        prop_assert_eq!(all, (0..cluster.keywords.len()).collect::<Vec<_>>());
        let hubs = ideas.iter().filter(|i| i.role == Role::Hub).count();
        prop_assert_eq!(hubs, usize::from(!has_hub && !ideas.is_empty()));
        prop_assert!(ideas.len() <= most.max(1) + hubs);
        let texts: Vec<&Idea> = ideas.iter().filter(|i| i.content_type == ContentType::Taxonomy).collect();
        let of: BTreeSet<String> = texts.iter().map(|i| i.terms.concat().to_lowercase()).collect();
        prop_assert_eq!(of.len(), texts.len(), "an archive has one text: {:?}", ideas);
        prop_assert!(texts.iter().all(|i| i.terms.len() == 1) && !(has_text && of.contains("cold brew")));
        for idea in &ideas {
            prop_assert!((250..=4000).contains(&idea.words) && idea.words.is_multiple_of(50));
            let texts: BTreeSet<&str> = idea.outline.iter().map(|h| h.text.as_str()).collect();
            prop_assert_eq!(texts.len(), idea.outline.len(), "a heading twice: {:?}", idea.outline);
            for k in idea.outline.iter().flat_map(|h| &h.keywords) {
                prop_assert!(idea.secondary.contains(k));
            }
        }
    }

    #[test]
    fn the_order_does_not_matter(
        (keywords, shuffled) in prop::collection::vec(keyword(), 0..30)
            .prop_flat_map(|k| (Just(k.clone()), Just(k).prop_shuffle())),
        site in prop::sample::select(vec![SiteKind::Blog, SiteKind::Ecommerce, SiteKind::Company]),
    ) {
        let (one, other) = (cluster(keywords, false), cluster(shuffled, false));
        let options = options(site);
        prop_assert_eq!(content(&one, &plan(&one, &options)), content(&other, &plan(&other, &options)));
    }
}

fn of(texts: &[(&str, u64)]) -> Cluster {
    let keywords = texts.iter().map(|(text, volume)| Keyword {
        volume: Some(*volume),
        ..Keyword::new(*text)
    });
    cluster(keywords.collect(), false)
}

fn texts<'a>(cluster: &'a Cluster, idea: &Idea) -> BTreeSet<&'a str> {
    let all = idea.secondary.iter().chain([&idea.primary]);
    all.map(|&k| cluster.keywords[k].text.as_str()).collect()
}

const COFFEE: &[(&str, u64)] = &[
    ("cold brew coffee", 9000),
    ("cold brew", 8000),
    ("what is cold brew coffee", 900),
    ("cold brew coffee recipe", 2400),
    ("how to make cold brew coffee", 3600),
    ("how to make cold brew at home", 700),
    ("cold brew coffee ratio", 2000),
    ("cold brew ratio grams", 300),
    ("cold brew coffee maker", 5000),
    ("best cold brew coffee maker", 2100),
    ("cold brew makers", 400),
    ("cold brew vs iced coffee", 1900),
    ("how long does cold brew last", 800),
    ("cold brew concentrate", 1200),
    ("cold brew concentrate recipe", 350),
];

#[test]
fn a_topic_of_a_blog() {
    let cluster = of(COFFEE);
    let ideas = plan(&cluster, &options(SiteKind::Blog));
    for idea in &ideas {
        println!("{idea:#?}\n{:?}", texts(&cluster, idea));
    }
    let hub = &ideas[0];
    assert_eq!(
        (hub.role, hub.content_type, hub.structure),
        (Role::Hub, ContentType::Page, Structure::ClusterHub)
    );
    assert_eq!(cluster.keywords[hub.primary].text, "cold brew coffee");
    assert!(hub.title.starts_with("Cold Brew Coffee"), "{}", hub.title);
    assert!(texts(&cluster, hub).contains("what is cold brew coffee"));
    assert!(
        hub.outline
            .iter()
            .any(|h| h.question && h.text == "What is cold brew coffee?")
    );
    let find = |text: &str| ideas.iter().find(|i| texts(&cluster, i).contains(text)).unwrap();
    assert_eq!(find("how to make cold brew coffee").structure, Structure::Guide);
    assert_eq!(find("best cold brew coffee maker").structure, Structure::Listicle);
    assert_eq!(
        find("cold brew makers").title,
        find("best cold brew coffee maker").title,
        "one page for makers"
    );
    assert_eq!(find("cold brew vs iced coffee").structure, Structure::Comparison);
    assert_eq!(
        find("cold brew ratio grams").primary,
        find("cold brew coffee ratio").primary
    );
    assert!(ideas.len() >= 5, "{}", ideas.len());
}

#[test]
fn a_shop_and_a_company() {
    let shop = of(&[
        ("garden hose", 9000),
        ("buy garden hose", 500),
        ("garden hose price", 300),
        ("black garden hose", 700),
        ("green garden hose", 400),
        ("best garden hose", 2500),
        ("how to store a garden hose", 800),
    ]);
    let ideas = plan(&shop, &options(SiteKind::Ecommerce));
    assert_eq!(
        (ideas[0].content_type, ideas[0].structure),
        (ContentType::Taxonomy, Structure::CategoryArchive)
    );
    assert!(texts(&shop, &ideas[0]).contains("buy garden hose"));
    assert_eq!(ideas[0].terms, ["Cold brew"]);
    let black = ideas.iter().find(|i| i.structure == Structure::AttributeArchive);
    let black = black.unwrap_or_else(|| panic!("{ideas:#?}"));
    assert_eq!(black.terms, ["Black Garden Hose"], "a text of a term of its own");
    let ideas = plan(&Cluster { has_text: true, ..shop }, &options(SiteKind::Ecommerce));
    assert_eq!(
        (ideas[0].content_type, ideas[0].structure),
        (ContentType::Page, Structure::ClusterHub),
        "the category has a text"
    );

    let mut company = of(&[
        ("boiler repair", 3000),
        ("boiler repair near me", 2000),
        ("boiler repair cost", 900),
    ]);
    company.context = ContextType::ServiceLine;
    let ideas = plan(&company, &options(SiteKind::Company));
    assert_eq!(
        (ideas[0].content_type, ideas[0].structure),
        (ContentType::Service, Structure::ServicePage)
    );
    assert!(
        ideas.iter().all(|i| !i.title.to_lowercase().contains("near me")),
        "{ideas:#?}"
    );
}

#[test]
fn a_hub_without_a_keyword_of_its_own_is_called_what_its_cluster_is() {
    let hub = |name: &str, language: &str, keywords: &[(&str, u64)]| {
        let cluster = Cluster {
            name: name.into(),
            ..of(keywords)
        };
        let options = Options {
            language: language.into(),
            ..options(SiteKind::Blog)
        };
        plan(&cluster, &options).remove(0).title
    };
    let machines = [
        ("kaffeemaschine reinigen", 900),
        ("kaffeemaschine kaufen", 500),
        ("kaffeemaschine test", 300),
    ];
    assert_eq!(hub("Kaffeemaschine", "de", &machines), "Kaffeemaschine: Reinigen");
    let asked = [("how long does cold brew last", 900), ("is cold brew strong", 500)];
    assert_eq!(hub("Cold brew", "en", &asked), "Cold Brew");
    let named = [("cold brew", 900), ("cold brew price", 500)];
    assert_eq!(hub("Mine", "en", &named), "Cold Brew");
}

#[test]
fn results_say_more_than_words() {
    let urls = |from: usize| {
        (from..from + 10)
            .map(|n| format!("https://e.example/{n}"))
            .collect::<Vec<_>>()
    };
    let mut cluster = of(&[
        ("cold brew coffee", 900),
        ("cold brew caffeine", 500),
        ("how strong is cold brew", 400),
    ]);
    cluster.keywords[1].serp_urls = urls(0);
    cluster.keywords[2].serp_urls = urls(2);
    let ideas = plan(&cluster, &options(SiteKind::Blog));
    let page = ideas
        .iter()
        .find(|i| texts(&cluster, i).contains("cold brew caffeine"))
        .unwrap();
    assert!(texts(&cluster, page).contains("how strong is cold brew"));
}

#[test]
fn what_is_left_goes_where_it_is_alike() {
    let groups = vec![
        vec!["cold brew coffee"],
        vec!["cold brew maker", "best cold brew maker"],
    ];
    assert_eq!(
        fitting(&groups, &["cold brew makers", "coffee", "tea"], "en"),
        Some(vec![1, 0, 0])
    );
    assert_eq!(fitting(&[], &["x"], "en"), None);
}

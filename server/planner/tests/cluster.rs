//! What clustering promises whatever comes in, and what it does with a small shop's keywords.

use igny8_planner::cluster::{Clustering, ContextType, Graph, Intent, Keyword, Options, Role, join};
use proptest::prelude::*;
use std::collections::BTreeSet;

const WORDS: &[&str] = &[
    "garden", "hose", "reel", "hoses", "shed", "wooden", "metal", "how", "to", "build", "a", "best", "cheap", "fence",
    "paint", "lawn", "mower", "electric", "repair", "near", "me", "seeds", "tomato", "grow", "plants", "watering",
    "can", "buy", "2024",
];

fn keyword() -> impl Strategy<Value = Keyword> {
    let text = prop::collection::vec(prop::sample::select(WORDS), 1..6).prop_map(|words| words.join(" "));
    let urls = prop::collection::vec(0u8..12, 0..10).prop_map(|urls| {
        urls.into_iter()
            .map(|u| format!("https://example.com/{u}"))
            .collect::<Vec<_>>()
    });
    let topic = prop::sample::select(vec![None, None, None, Some("garden"), Some("tools")]);
    let fixed = prop::sample::select(vec![None, None, None, None, Some("one"), Some("two")]);
    let embedding = prop::option::weighted(0.3, prop::collection::vec(-1.0f32..1.0, 4));
    (
        text,
        prop::option::of(0u64..1000),
        prop_oneof![2 => Just(Vec::new()), 1 => urls],
        topic,
        fixed,
        embedding,
    )
        .prop_map(|(text, volume, serp_urls, topic, fixed, embedding)| Keyword {
            volume,
            serp_urls,
            parent_topic: topic.map(str::to_owned),
            fixed: fixed.map(str::to_owned),
            embedding,
            ..Keyword::new(text)
        })
}

fn cluster(keywords: &[Keyword], options: &Options, granularity: f64) -> Clustering {
    Graph::new(keywords, options).cluster(granularity)
}

/// The groups by what their keywords are, not where they stood.
fn content(keywords: &[Keyword], clustering: &Clustering) -> BTreeSet<(String, Vec<String>)> {
    let show = |k: &usize| serde_json::to_string(&keywords[*k]).expect("a keyword is plain data");
    let mut out: BTreeSet<(String, Vec<String>)> = clustering
        .clusters
        .iter()
        .map(|c| {
            let parent = c.parent.map(|p| &clustering.clusters[p].name);
            let head = format!(
                "{} {:?} {:?} {:?} {:?}",
                c.name, c.role, c.context_type, parent, c.recommendations
            );
            let mut keywords: Vec<String> = c.keywords.iter().map(show).collect();
            keywords.sort();
            (head, keywords)
        })
        .collect();
    let mut alone: Vec<String> = clustering.unclustered.iter().map(show).collect();
    alone.sort();
    out.insert((String::new(), alone));
    out
}

/// What holds for every clustering.
fn check(keywords: &[Keyword], options: &Options, clustering: &Clustering) {
    let mut seen = vec![0; keywords.len()];
    for &k in clustering
        .clusters
        .iter()
        .flat_map(|c| &c.keywords)
        .chain(&clustering.unclustered)
    {
        seen[k] += 1;
    }
    assert!(
        seen.iter().all(|&n| n == 1),
        "every keyword in exactly one place: {seen:?}"
    );
    let mut names = BTreeSet::new();
    for (i, c) in clustering.clusters.iter().enumerate() {
        assert_eq!(c.keywords.len(), c.similarity.len());
        assert!(
            c.similarity
                .iter()
                .chain([&c.cohesion])
                .all(|s| (0.0..=1.0).contains(s))
        );
        if c.id.is_none() {
            let variants = c.keywords.len()
                - clustering
                    .variants
                    .iter()
                    .filter(|v| c.keywords.contains(&v[0]))
                    .map(|v| v.len() - 1)
                    .sum::<usize>();
            assert!(c.keywords.len() >= options.min_size, "{c:?}");
            assert!(variants <= options.max_size.max(options.min_size).max(1), "{c:?}");
        }
        assert!(
            names.insert(c.name.to_lowercase()) || c.name.is_empty(),
            "{} twice",
            c.name
        );
        assert_eq!(c.role == Role::Hub, c.parent.is_none());
        if let Some(parent) = c.parent {
            assert_ne!(parent, i);
            assert_eq!(clustering.clusters[parent].role, Role::Hub);
        }
    }
    for (k, keyword) in keywords.iter().enumerate() {
        if let Some(id) = &keyword.fixed {
            let home = clustering
                .clusters
                .iter()
                .find(|c| c.keywords.contains(&k))
                .expect("a locked keyword has a cluster");
            assert_eq!(home.id.as_ref(), Some(id), "locked clusters are untouched");
        }
    }
    for variants in &clustering.variants {
        let home = |k: &usize| clustering.clusters.iter().position(|c| c.keywords.contains(k));
        assert!(
            variants.iter().all(|k| home(k) == home(&variants[0])),
            "variants stay together"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_promise_holds(
        keywords in prop::collection::vec(keyword(), 0..80),
        granularity in 0.0f64..=1.0,
        min_size in 0usize..6,
        max_size in 0usize..20,
    ) {
        let options = Options { min_size, max_size, ..Options::default() };
        check(&keywords, &options, &cluster(&keywords, &options, granularity));
    }

    #[test]
    fn the_order_of_the_rows_does_not_matter(
        (keywords, shuffled) in prop::collection::vec(keyword(), 0..60)
            .prop_flat_map(|k| (Just(k.clone()), Just(k).prop_shuffle())),
    ) {
        let options = Options::default();
        let (a, b) = (cluster(&keywords, &options, 0.5), cluster(&shuffled, &options, 0.5));
        prop_assert_eq!(content(&keywords, &a), content(&shuffled, &b));
    }

    #[test]
    fn nothing_that_comes_in_stops_it(texts in prop::collection::vec(any::<String>(), 0..30), granularity in any::<f64>()) {
        let keywords: Vec<Keyword> = texts.into_iter().map(Keyword::new).collect();
        let options = Options::default();
        check(&keywords, &options, &cluster(&keywords, &options, granularity));
    }
}

#[test]
fn hostile_keywords_are_clustered_or_left_out() {
    let mut texts: Vec<String> = vec![
        String::new(),
        " ".into(),
        "\0".into(),
        "\0garden\0hose\0".into(),
        "garden ".repeat(2_000),
        "x".repeat(10_000),
        "ﷺ".repeat(10_000),
        "🦀🦀🦀".into(),
        "👩‍👩‍👧‍👦 family".into(),
        "خرطوم الحديقة".into(),
        "צינור גינה".into(),
        "\u{202e}esoh nedrag".into(),
        "how to".into(),
        "the of and".into(),
        "水管".into(),
        "Ünïcödé e\u{301}".into(),
    ];
    texts.extend(std::iter::repeat_n("garden hose reel".to_owned(), 1_000));
    let mut keywords: Vec<Keyword> = texts.into_iter().map(Keyword::new).collect();
    keywords[0].fixed = Some("kept".into());
    keywords[3].embedding = Some(vec![f32::NAN, f32::INFINITY]);
    keywords[4].embedding = Some(Vec::new());
    keywords[5].embedding = Some(vec![0.0; 3]);
    keywords[6].serp_urls = vec![String::new(); 20];
    keywords[7].difficulty = Some(f32::NAN);
    keywords[8].volume = Some(u64::MAX);
    keywords[9].volume = Some(u64::MAX);
    keywords[10].language = Some("\0".into());
    let options = Options::default();
    let clustering = cluster(&keywords, &options, 0.5);
    check(&keywords, &options, &clustering);
    assert_eq!(clustering.variants.iter().map(Vec::len).max(), Some(1_000));
    assert!(cluster(&[], &options, f64::NAN).clusters.is_empty());
}

#[test]
fn a_thousand_times_the_same_is_one_keyword_and_no_cluster() {
    let keywords = vec![Keyword::new("garden hose"); 1_000];
    let clustering = cluster(&keywords, &Options::default(), 0.5);
    check(&keywords, &Options::default(), &clustering);
    assert_eq!(clustering.unclustered.len(), 1_000);
}

/// Three needs of one shop, with volumes, and one keyword that belongs nowhere.
fn shop() -> Vec<Keyword> {
    [
        ("garden hose", 5000),
        ("garden hoses", 900),
        ("hose garden", 40),
        ("best garden hose", 800),
        ("flexible garden hose", 300),
        ("long garden hose", 200),
        ("garden hose reel", 900),
        ("wall mounted garden hose reel", 400),
        ("retractable hose reel", 700),
        ("hose reel wall mounted", 100),
        ("retractable garden hose reel", 350),
        ("wooden garden shed", 2000),
        ("garden shed wooden", 200),
        ("small wooden shed", 500),
        ("wooden shed kit", 300),
        ("wooden sheds for sale", 350),
        ("tax return deadline", 9000),
    ]
    .into_iter()
    .map(|(text, volume)| Keyword {
        volume: Some(volume),
        difficulty: Some(30.0),
        ..Keyword::new(text)
    })
    .collect()
}

fn home(clustering: &Clustering, keyword: usize) -> Option<usize> {
    clustering.clusters.iter().position(|c| c.keywords.contains(&keyword))
}

#[test]
fn a_shops_keywords_fall_into_its_needs() {
    let keywords = shop();
    let clustering = cluster(&keywords, &Options::default(), 0.5);
    let (hose, shed) = (home(&clustering, 0), home(&clustering, 11));
    assert!(hose.is_some() && shed.is_some() && hose != shed);
    assert_eq!(home(&clustering, 14), shed);
    assert_eq!(clustering.unclustered, [16]);
    assert!(clustering.variants.contains(&vec![0, 1, 2]));
    let cluster = &clustering.clusters[hose.unwrap_or_default()];
    assert_eq!(cluster.recommendations.primary_keyword, "garden hose");
    assert_eq!(cluster.keywords[0], 0);
    assert_eq!(cluster.context_type, ContextType::Topic);
    assert_eq!(cluster.difficulty, Some(30.0));
}

#[test]
fn the_knob_goes_from_few_to_many() {
    let keywords = shop();
    let graph = Graph::new(
        &keywords,
        &Options {
            min_size: 1,
            ..Options::default()
        },
    );
    let counts: Vec<usize> = [0.0, 0.5, 1.0]
        .iter()
        .map(|&g| graph.cluster(g).clusters.len())
        .collect();
    assert!(
        counts[0] <= counts[1] && counts[1] <= counts[2] && counts[0] < counts[2],
        "{counts:?}"
    );
}

#[test]
fn shared_results_decide_over_words() {
    let mut keywords = shop();
    let urls = |from: usize| {
        (from..from + 10)
            .map(|i| format!("https://www.example.com/{i}/"))
            .collect::<Vec<_>>()
    };
    // Different words with common results; like words without.
    for k in [0, 11, 16] {
        keywords[k].serp_urls = urls(0);
    }
    keywords[6].serp_urls = urls(100);
    let clustering = cluster(&keywords, &Options::default(), 0.5);
    let together = home(&clustering, 0);
    assert!(together.is_some());
    assert_eq!(home(&clustering, 11), together);
    assert_eq!(home(&clustering, 16), together);
    assert_ne!(home(&clustering, 6), together);
}

#[test]
fn a_parent_topic_is_kept_together() {
    let mut keywords = shop();
    for k in [3, 7, 14, 16] {
        keywords[k].parent_topic = Some("Spring offers".into());
    }
    let clustering = cluster(&keywords, &Options::default(), 0.5);
    let together = home(&clustering, 3);
    assert!(together.is_some());
    assert!([7, 14, 16].iter().all(|&k| home(&clustering, k) == together));
}

#[test]
fn vectors_join_what_shares_no_word() {
    let pairs = [
        ("sofa", 0),
        ("couch", 0),
        ("settee", 0),
        ("lamp", 1),
        ("luminaire", 1),
        ("sconce", 1),
    ];
    let keywords: Vec<Keyword> = pairs
        .iter()
        .enumerate()
        .map(|(i, &(text, side))| {
            let mut vector = vec![0.1 * i as f32; 4];
            vector[side] += 5.0;
            Keyword {
                embedding: Some(vector),
                ..Keyword::new(text)
            }
        })
        .collect();
    let clustering = cluster(&keywords, &Options::default(), 0.5);
    assert_eq!(clustering.clusters.len(), 2, "{clustering:?}");
    assert!(clustering.unclustered.is_empty());
}

#[test]
fn new_keywords_join_where_they_fit() {
    let mut keywords = shop();
    let new = [
        Keyword::new("retractable garden hose reel wall"),
        Keyword::new("visa for japan"),
    ];
    for (k, keyword) in keywords.iter_mut().enumerate() {
        keyword.fixed = match k {
            0..=5 => Some("hoses".into()),
            6..=10 => Some("reels".into()),
            11..=15 => Some("sheds".into()),
            _ => None,
        };
    }
    assert_eq!(
        join(&keywords, &new, &Options::default()),
        [Some("reels".to_owned()), None]
    );
}

/// The shop's keywords in three clusters: 0 to 5 `hoses`, 6 to 10 `reels`, 11 to 15 `sheds`.
fn clustered_shop() -> Vec<Keyword> {
    let mut keywords = shop();
    keywords.truncate(16);
    for (k, keyword) in keywords.iter_mut().enumerate() {
        keyword.fixed = Some(["hoses", "reels", "sheds"][usize::from(k > 5) + usize::from(k > 10)].into());
    }
    keywords
}

#[test]
fn a_topic_goes_where_most_of_it_is() {
    let (odd, reel) = ("visa for japan", "retractable garden hose reel wall");
    let few = ["visa for japan", "tax return deadline"];
    let many = ["visa for japan", "tax return deadline", "cold brew coffee"];
    // Places of the existing keywords with the topic, those with another one, new keywords of the topic, where these go.
    type Case<'a> = (&'a [usize], &'a [usize], &'a [&'a str], Option<&'a str>);
    let cases: [Case<'_>; 8] = [
        (&[11, 12, 13], &[], &few, Some("sheds")),
        (&[11, 12, 13], &[], &many, Some("sheds")),
        (&[6, 7, 8, 3], &[], &[odd], Some("reels")),
        // Half here, half there: words decide.
        (&[6, 8, 3, 4], &[], &[odd], None),
        (&[6, 8, 3, 4], &[], &[reel], Some("reels")),
        // Nothing there has a topic: words decide.
        (&[], &[], &[reel], Some("reels")),
        // What is there has other topics.
        (&[], &[1, 2, 7, 13], &[reel], None),
        // Enough of a topic that is nowhere yet are a cluster of their own.
        (&[], &[], &many, None),
    ];
    for (same, other, new, expected) in cases {
        let mut existing = clustered_shop();
        for &k in same {
            existing[k].parent_topic = Some("Spring Offers".into());
        }
        for &k in other {
            existing[k].parent_topic = Some("Autumn".into());
        }
        let new: Vec<Keyword> = new
            .iter()
            .map(|text| Keyword {
                parent_topic: Some("spring offers".into()),
                ..Keyword::new(*text)
            })
            .collect();
        let expected = vec![expected.map(str::to_owned); new.len()];
        let case = format!("{same:?} {other:?} {new:?}");
        assert_eq!(join(&existing, &new, &Options::default()), expected, "{case}");
        existing.reverse();
        assert_eq!(join(&existing, &new, &Options::default()), expected, "reversed: {case}");
    }
}

#[test]
fn results_decide_only_where_both_sides_have_some() {
    let urls = |from: usize| -> Vec<String> { (from..from + 10).map(|i| format!("https://example.com/{i}")).collect() };
    let reel = "retractable garden hose reel wall";
    // Existing keywords with results of a kind, topic of all sheds, the new keyword with results of kind 0, where it goes.
    type Case<'a> = (
        &'a [(usize, usize)],
        Option<&'a str>,
        &'a str,
        Option<&'a str>,
        Option<&'a str>,
    );
    let cases: [Case<'_>; 5] = [
        (&[], None, reel, None, Some("reels")),
        (&[(0, 200), (6, 100), (11, 300)], None, reel, None, None),
        (&[(11, 5)], None, reel, None, Some("sheds")),
        // Only sheds have results, and others; reels have none to compare.
        (&[(11, 100)], None, reel, None, Some("reels")),
        (&[], Some("Wood"), "visa for japan", Some("Wood"), Some("sheds")),
    ];
    for (results, of_sheds, text, topic, expected) in cases {
        let mut existing = clustered_shop();
        for &(k, from) in results {
            existing[k].serp_urls = urls(from);
        }
        for keyword in &mut existing[11..] {
            keyword.parent_topic = of_sheds.map(str::to_owned);
        }
        let new = Keyword {
            serp_urls: urls(0),
            parent_topic: topic.map(str::to_owned),
            ..Keyword::new(text)
        };
        assert_eq!(
            join(&existing, &[new], &Options::default()),
            [expected.map(str::to_owned)],
            "{results:?} {of_sheds:?} {text}"
        );
    }
}

#[test]
fn a_topic_leaves_a_full_cluster_as_it_is() {
    let mut keywords = clustered_shop();
    for text in ["visa", "passport", "luggage", "museum", "harbour", "airport"] {
        keywords.push(Keyword::new(text));
    }
    for keyword in &mut keywords[11..] {
        keyword.parent_topic = Some("Wood".into());
    }
    let options = Options {
        max_size: 6,
        ..Options::default()
    };
    let clustering = cluster(&keywords, &options, 0.5);
    check(&keywords, &options, &clustering);
    let sheds = &clustering.clusters[home(&clustering, 11).expect("it is there")];
    assert_eq!(
        sheds.keywords.len(),
        7,
        "four, one of them in two spellings, and two more: {sheds:?}"
    );
    let rest = home(&clustering, 16);
    assert!(rest.is_some() && (16..20).all(|k| home(&clustering, k) == rest));
}

#[test]
fn wording_gives_intent_role_and_context() {
    let texts = [
        "leather boots",
        "leather boots women",
        "leather boots style",
        "leather boots brands",
        "black leather boots",
        "boots black",
        "black boots women",
        "black boots outfit",
        "boot repair",
        "boot repair near me",
        "boot repair service",
        "boot repair shop",
    ];
    let keywords: Vec<Keyword> = texts.iter().map(|t| Keyword::new(*t)).collect();
    let clustering = cluster(&keywords, &Options::default(), 0.6);
    let repair = &clustering.clusters[home(&clustering, 8).expect("repairs are a cluster")];
    assert_eq!(repair.context_type, ContextType::ServiceLine);
    assert!(matches!(
        repair.intent,
        Some(Intent::Commercial | Intent::Transactional)
    ));
    assert!(clustering.clusters.iter().any(|c| c.role == Role::Hub));
}

#[test]
fn results_are_plain_data() {
    let keywords = shop();
    let clustering = cluster(&keywords, &Options::default(), 0.5);
    let text = serde_json::to_string(&clustering).expect("plain data");
    assert_eq!(
        serde_json::from_str::<Clustering>(&text).expect("plain data"),
        clustering
    );
}

#[test]
fn names_begin_as_the_language_has_it() {
    let keywords = ["istanbul otel", "istanbul müze", "istanbul köprü"].map(|text| Keyword {
        fixed: Some("city".into()),
        ..Keyword::new(text)
    });
    for (language, name) in [("tr", "İstanbul"), ("en", "Istanbul")] {
        let options = Options {
            language: language.into(),
            ..Options::default()
        };
        let clustering = cluster(&keywords, &options, 0.5);
        let city = &clustering.clusters[0];
        assert_eq!(city.name, name);
        assert!(
            !city.recommendations.terms.contains(&"istanbul".to_owned()),
            "{:?}",
            city.recommendations
        );
    }
}

/// Names of clusters whose keywords are given, in their order.
fn names(language: &str, clusters: &[&[&str]]) -> Vec<String> {
    let keywords: Vec<Keyword> = clusters
        .iter()
        .enumerate()
        .flat_map(|(n, texts)| {
            texts.iter().map(move |text| Keyword {
                fixed: Some(n.to_string()),
                ..Keyword::new(*text)
            })
        })
        .collect();
    let options = Options {
        language: language.into(),
        ..Options::default()
    };
    let mut found: Vec<(Option<String>, String)> = cluster(&keywords, &options, 0.5)
        .clusters
        .into_iter()
        .map(|c| (c.id, c.name))
        .collect();
    found.sort();
    found.into_iter().map(|(_, name)| name).collect()
}

#[test]
fn a_name_has_every_word_that_most_keywords_have() {
    type Case<'a> = (&'a str, &'a [&'a str], &'a str);
    let cases: &[Case<'_>] = &[
        (
            "en",
            &[
                "pour over coffee",
                "pour over coffee maker",
                "best pour over coffee",
                "pour-over coffee ratio",
            ],
            "Pour over coffee",
        ),
        // Not side by side in most.
        (
            "en",
            &[
                "nike running shoes",
                "nike trail running shoes",
                "nike running shoes sale",
                "running shoes by nike",
            ],
            "Nike running shoes",
        ),
        // Longer than a term is elsewhere.
        (
            "en",
            &[
                "stainless steel pour over coffee maker",
                "best stainless steel pour over coffee maker",
                "stainless steel pour over coffee maker for camping",
            ],
            "Stainless steel pour over coffee maker",
        ),
        // Questions.
        (
            "en",
            &[
                "how to descale a coffee maker",
                "how often to descale a coffee maker",
                "descale a coffee maker with vinegar",
            ],
            "Descale a coffee maker",
        ),
        (
            "en",
            &[
                "what is a sump pump",
                "what does a sump pump do",
                "is a sump pump necessary",
            ],
            "Sump pump",
        ),
        // Brands and places, of letters, signs, words that other languages have for grammar.
        (
            "en",
            &["b&q paint", "b&q paint colours", "b&q paint offers"],
            "B&q paint",
        ),
        (
            "en",
            &[
                "los angeles plumber",
                "best los angeles plumber",
                "los angeles plumber cost",
            ],
            "Los angeles plumber",
        ),
        (
            "en",
            &[
                "die cutting machine",
                "small die cutting machine",
                "die cutting machine for paper",
            ],
            "Die cutting machine",
        ),
        (
            "en",
            &[
                "de'longhi descaler",
                "de'longhi descaler refill",
                "cheap de'longhi descaler",
            ],
            "De'longhi descaler",
        ),
        (
            "en",
            &["vitamin a serum", "vitamin a serum for face", "vitamin a"],
            "Vitamin a serum",
        ),
        (
            "en",
            &["vitamin c serum", "best vitamin c serum", "vitamin c serum benefits"],
            "Vitamin c serum",
        ),
        // Words of grammar that the subject needs.
        (
            "en",
            &[
                "no code website builder",
                "best no code website builder",
                "free no code website builder",
            ],
            "No code website builder",
        ),
        (
            "en",
            &["women's shoes", "women's shoes wide", "cheap women's shoes"],
            "Women's shoes",
        ),
        // Compounds and hyphens.
        (
            "de",
            &[
                "kaffeemaschine entkalken",
                "kaffeemaschine mit essig entkalken",
                "die kaffeemaschine entkalken anleitung",
            ],
            "Kaffeemaschine entkalken",
        ),
        (
            "de",
            &["e-bike akku", "e-bike akku laden", "e-bike akku reparatur"],
            "E-bike akku",
        ),
        (
            "de",
            &[
                "überwachungskamera außen",
                "beste überwachungskamera außen",
                "überwachungskamera außen test",
            ],
            "Überwachungskamera außen",
        ),
        // Turkish.
        (
            "tr",
            &[
                "istanbul'da otel",
                "ucuz istanbul'da otel",
                "istanbul'da otel fiyatları",
            ],
            "İstanbul'da otel",
        ),
        (
            "tr",
            &[
                "kahve makinesi nasıl temizlenir",
                "kahve makinesi temizliği",
                "kahve makinesi modelleri",
            ],
            "Kahve makinesi",
        ),
        // Without spaces between words.
        ("zh", &["水泵价格", "水泵价格表", "水泵价格查询"], "水泵价格"),
        // Most say more than one word; where they do not, a good part does.
        (
            "en",
            &["float switch", "float switch wiring", "float valve"],
            "Float switch",
        ),
        // What stands at the end without which nobody would write it.
        (
            "en",
            &["coffee repair near me", "coffee machine repair near me"],
            "Coffee repair near me",
        ),
        // Words that say nothing without a thing: the keyword that has one.
        (
            "en",
            &[
                "coffee machine repair near me",
                "espresso repair near me",
                "how to find grinder repair near me",
            ],
            "Espresso repair near me",
        ),
        (
            "en",
            &["mug size guide", "portafilter size guide", "filter basket size guide"],
            "Mug size guide",
        ),
        (
            "en",
            &[
                "moka pot vs nespresso",
                "aeropress vs nespresso",
                "pour over vs nespresso",
            ],
            "Aeropress vs nespresso",
        ),
        (
            "de",
            &[
                "kaffeevollautomaten reparatur in der nähe",
                "siebträger reparatur in der nähe",
                "wo ist mixer reparatur in der nähe",
            ],
            "Kaffeevollautomaten reparatur in der nähe",
        ),
        // Not cut off within a thing.
        (
            "en",
            &[
                "how to use a coffee grinder",
                "how to use a coffee maker",
                "use a coffee press",
            ],
            "Use a coffee grinder",
        ),
        // A trade is what its cluster is about.
        ("en", &["plumber", "local plumber", "cheap plumber"], "Plumber"),
        (
            "de",
            &[
                "kaffeemaschine test",
                "kaffeemaschine kaufen",
                "kaffeemaschine reinigen",
            ],
            "Kaffeemaschine",
        ),
    ];
    for (language, keywords, name) in cases {
        assert_eq!(names(language, &[keywords]), [name.to_owned()], "{keywords:?}");
    }
}

#[test]
fn descriptions_are_sentences_of_the_language_without_figures() {
    for (language, expected) in [
        ("en-GB", "What people search for around “Float switch”."),
        ("de", "Wonach rund um „Float switch“ gesucht wird."),
        ("fi", ""),
    ] {
        let keywords = ["float switch", "float switch wiring", "float switch price"].map(|text| Keyword {
            volume: Some(54_744),
            fixed: Some("one".into()),
            ..Keyword::new(text)
        });
        let options = Options {
            language: language.into(),
            ..Options::default()
        };
        let clustering = cluster(&keywords, &options, 0.5);
        assert_eq!(clustering.clusters[0].description, expected);
    }
}

#[test]
fn a_second_cluster_about_the_same_is_not_named_after_a_piece_of_it() {
    let found = names(
        "en",
        &[
            &["pour over coffee", "pour over coffee ratio", "pour over coffee recipe"],
            &[
                "pour over coffee kettle",
                "best pour over coffee set",
                "pour over coffee stand",
            ],
        ],
    );
    for name in &found {
        assert!(name.to_lowercase().contains("pour over coffee"), "{found:?}");
    }
    assert_ne!(found[0], found[1]);
}

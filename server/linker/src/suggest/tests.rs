use proptest::prelude::*;

use super::*;
use crate::Linker;
use crate::edit;
use crate::graph::{Limits, Site};

fn page(id: &str, title: &str, body: &str) -> Page {
    Page {
        id: id.to_owned(),
        path: format!("/{id}/"),
        title: title.to_owned(),
        slug: id.to_owned(),
        language: "en".to_owned(),
        published: true,
        body: body.to_owned(),
        ..Page::default()
    }
}

fn filler(words: usize) -> String {
    "Rain falls quietly today. ".repeat(words / 4)
}

fn coffee() -> Vec<Page> {
    let mut pages = vec![
        page(
            "grinders",
            "Burr grinder guide",
            "All about the burr grinder, its burrs and its grounds. Steel and ceramic burrs.",
        ),
        page(
            "cold-brew",
            "Cold brew ratio",
            "The cold brew ratio says how much water the coffee wants. Steep it overnight.",
        ),
        page(
            "kettles",
            "Gooseneck kettles",
            "Gooseneck kettles pour slowly and warm the water.",
        ),
        page("tea", "Oolong tea", "Oolong tea leaves unfold slowly in warm water."),
    ];
    for page in &mut pages[..3] {
        page.cluster = Some("coffee".to_owned());
        page.role = Some(Role::Supporting);
    }
    let mut hub = page("coffee", "Coffee at home", "Coffee at home begins with beans.");
    hub.cluster = Some("coffee".to_owned());
    hub.role = Some(Role::Hub);
    pages.push(hub);
    pages
}

fn source(body: &str) -> Page {
    Page {
        cluster: Some("coffee".to_owned()),
        role: Some(Role::Supporting),
        ..page("new", "Morning routine", body)
    }
}

fn told(suggestions: &[Suggestion]) -> Vec<(&str, &str, Direction)> {
    suggestions
        .iter()
        .map(|s| (s.target.as_str(), s.link.anchor.as_str(), s.direction))
        .collect()
}

#[test]
fn the_hub_comes_first_and_anchors_are_words_of_the_text() {
    let linker = Linker::new(&Site::default(), coffee());
    let body = format!(
        "We grind with a good burr grinder each day. {}\n\nMaking coffee at home is cheap. {}\n\nTheir cold brew ratios differ. {}\n\n## Gooseneck kettles\n\n{}",
        filler(300),
        filler(300),
        filler(300),
        filler(300),
    );
    let new = source(&body);
    let found = linker.index.suggest(&new, &Options::default());
    let told = told(&found);
    assert_eq!(told[0].0, "coffee");
    assert_eq!(told[0].2, Direction::ToHub);
    assert_eq!(found[0].reason.key, ReasonKey::Hub);
    assert!(
        told.contains(&("grinders", "burr grinder", Direction::Sibling)),
        "{told:?}"
    );
    assert!(
        told.contains(&("cold-brew", "cold brew ratios", Direction::Sibling)),
        "{told:?}"
    );
    // Its name is only in a heading.
    assert!(told.iter().all(|t| t.0 != "kettles"), "{told:?}");
    for suggestion in &found {
        let at = suggestion.link.at.unwrap_or_default();
        assert_eq!(&body[at..at + suggestion.length], suggestion.link.anchor);
        assert!((0.0..=100.0).contains(&suggestion.score));
        assert!(
            suggestion.reason.message.contains(&suggestion.target_title)
                || suggestion.reason.message.contains(&suggestion.link.anchor)
        );
        assert!(suggestion.context.contains(&suggestion.link.anchor));
    }
    let json = serde_json::to_value(&found).expect("serialisable");
    assert_eq!(json[0]["direction"], "to_hub");
}

#[test]
fn a_hub_links_to_its_pages() {
    let linker = Linker::new(&Site::default(), coffee());
    let mut hub = coffee().pop().expect("it is the last");
    hub.body = format!(
        "Buy a burr grinder first. {}\n\nThe cold brew ratio matters. {}\n\nThen gooseneck kettles. {}",
        filler(200),
        filler(200),
        filler(200)
    );
    let found = linker.index.suggest(&hub, &Options::default());
    let mut targets: Vec<&str> = found.iter().map(|s| s.target.as_str()).collect();
    targets.sort_unstable();
    assert_eq!(targets, ["cold-brew", "grinders", "kettles"]);
    assert!(found.iter().all(|s| s.direction == Direction::ToSupport));
}

#[test]
fn what_is_linked_forbidden_foreign_or_unpublished_is_not_suggested() {
    let body = format!("A burr grinder and oolong tea and cold brew. {}", filler(600));
    let mut pages = coffee();
    pages[1].published = false;
    pages[3].language = "de".to_owned();
    let linker = Linker::new(&Site::default(), pages);
    let mut options = Options::default();
    let targets = |page: &Page, options: &Options| -> Vec<String> {
        linker
            .index
            .suggest(page, options)
            .into_iter()
            .map(|s| s.target)
            .collect()
    };
    assert_eq!(targets(&source(&body), &options), ["grinders"]);
    let linked = source(&format!("{body}\n\nSee [this](/grinders/)."));
    assert!(targets(&linked, &options).is_empty());
    options.rules.do_not_link.push("/grinders".to_owned());
    assert!(targets(&source(&body), &options).is_empty());
    assert!(
        targets(&source("A burr grinder."), &Options::default()).is_empty(),
        "too short"
    );
}

#[test]
fn a_new_page_is_given_links_from_older_ones() {
    let mut pages = coffee();
    for (i, page) in pages.iter_mut().enumerate() {
        page.body = format!("{} A {} moka pot is here. {}", page.body, KINDS[i], filler(200));
    }
    let mut linker = Linker::new(&Site::default(), pages.clone());
    let new = source("The moka pot boils water upwards.");
    let new = Page {
        title: "Moka pot".to_owned(),
        ..new
    };
    linker.replace(&new);
    let candidates = linker.index.inbound_candidates(&new, 10);
    let rows: Vec<&Page> = pages.iter().filter(|p| candidates.contains(&p.id)).collect();
    let found = linker.index.suggest_inbound("new", rows, &Options::default());
    assert!(found.len() >= 3, "{found:?}");
    let anchors: Vec<&str> = found.iter().map(|s| s.link.anchor.as_str()).collect();
    assert!(found.iter().all(|s| s.target == "new"));
    let named = anchors.iter().filter(|anchor| anchor.contains("moka pot"));
    assert!(named.count() >= 3, "{anchors:?}");
    assert_eq!(found[0].source, "coffee", "the hub first");
    let same = found.iter().filter(|s| s.link.anchor == "moka pot").count();
    assert!(
        (1..=2).contains(&same),
        "of five links more would be too many: {anchors:?}"
    );
}

#[test]
fn known_links_teach_names_and_follow_pages_that_move() {
    let mut pages = coffee();
    pages.push(page(
        "x",
        "Letters",
        "Our [speedy gooseneck wonder](/kettles/) is here.",
    ));
    let mut linker = Linker::new(&Site::default(), pages.clone());
    let body = format!("I bought a speedy gooseneck wonder. {}", filler(400));
    let find = |linker: &Linker| {
        let found = linker.index.suggest(&source(&body), &Options::default());
        found
            .into_iter()
            .find(|s| s.target == "kettles")
            .map(|s| (s.link.anchor, s.reason.key))
    };
    let known = Some(("speedy gooseneck wonder".to_owned(), ReasonKey::KnownAnchor));
    assert_eq!(find(&linker), known);
    // Where nobody is any more, the link leads nowhere; when somebody comes, it is known again.
    linker.remove("kettles");
    assert_eq!(find(&linker), None);
    linker.replace(&pages[2]);
    assert_eq!(find(&linker), known);
}

#[test]
fn german_turkish_and_chinese_texts_are_linked() {
    for (language, title, text, anchor) in [
        (
            "de",
            "Kaffeemühlen reinigen",
            "Man sollte oft die Kaffeemühle reinigen. ",
            "Kaffeemühle reinigen",
        ),
        (
            "tr",
            "Kahve değirmeni seçimi",
            "Yeni bir kahve değirmeni aldık. ",
            "kahve değirmeni",
        ),
        ("zh", "咖啡磨豆机", "我们买了咖啡磨豆机回家。", "咖啡磨豆机"),
        ("ar", "مطحنة القهوة", "اشترينا مطحنة القهوة اليوم. ", "مطحنة القهوة"),
    ] {
        let mut target = page("target", title, title);
        target.language = language.to_owned();
        let mut other = page("other", "10", "11 12 13.");
        other.language = language.to_owned();
        let mut source = page("source", "20", &format!("{text}{}", "30 31 32 33. ".repeat(80)));
        source.language = language.to_owned();
        let linker = Linker::new(&Site::default(), [target, other]);
        let found = linker.index.suggest(
            &source,
            &Options {
                least_score: 0.0,
                ..Options::default()
            },
        );
        assert!(!found.is_empty(), "{language}");
        assert_eq!(found[0].link.anchor, anchor);
    }
}

#[test]
fn hostile_texts_are_survived() {
    let linker = Linker::new(&Site::default(), coffee());
    for piece in [
        "burr grinder ",
        "x",
        "[burr grinder](/x) ",
        "水泵",
        "a\u{301}\u{202e}",
        "<a>",
        "cold brew. ",
    ] {
        let body = piece.repeat(200_000 / piece.len());
        let page = source(&body);
        linker.index.suggest(&page, &Options::default());
        let mut linker = linker.clone();
        linker.replace(&Page {
            title: body.clone(),
            slug: body.clone(),
            primary_keyword: Some(body.clone()),
            anchor_terms: vec![body; 3],
            ..page
        });
    }
}

#[test]
fn an_anchor_leads_to_one_page_and_names_no_other() {
    let mut pages = coffee();
    pages.push(page("x", "Letters", "The [burr grinder](/tea/) is here."));
    let linker = Linker::new(&Site::default(), pages.clone());
    let body = format!(
        "We bought a new burr grinder. {}\n\nGooseneck kettles are fine. {}",
        filler(300),
        filler(300)
    );
    let anchors = |linker: &Linker| -> Vec<(String, String)> {
        let found = linker.index.suggest(&source(&body), &Options::default());
        found.into_iter().map(|s| (s.target, s.link.anchor)).collect()
    };
    let found = anchors(&linker);
    assert!(found.iter().all(|f| f.0 == "tea" || f.1 != "burr grinder"), "{found:?}");
    assert!(
        found.contains(&("kettles".to_owned(), "Gooseneck kettles".to_owned())),
        "{found:?}"
    );
    // What another page is called is its own.
    pages[4].body = "Nothing.".to_owned();
    pages.pop();
    pages.push(page(
        "goose",
        "Gooseneck",
        "Gooseneck kettles, gooseneck kettles, warm water.",
    ));
    pages[5].anchor_terms = vec!["gooseneck kettles".to_owned()];
    pages[2].title = "Kettles".to_owned();
    pages[2].slug = "kettles".to_owned();
    let found = anchors(&Linker::new(&Site::default(), pages));
    assert!(
        found.iter().all(|f| f.0 != "kettles" || f.1 != "Gooseneck kettles"),
        "{found:?}"
    );
}

#[test]
fn a_link_is_refused_whose_anchor_leads_elsewhere_or_is_what_most_say() {
    use edit::{Link, Refusal};
    let mut pages = coffee();
    for (id, anchor) in [
        ("a", "Gooseneck kettles"),
        ("b", "gooseneck kettle"),
        ("c", "slow pouring"),
    ] {
        pages.push(page(id, "Letters", &format!("See [{anchor}](/kettles/) here.")));
    }
    let linker = Linker::new(&Site::default(), pages);
    let body = format!(
        "Our gooseneck kettles are old. {}\n\nWe like slow pouring. {}\n\nThe warm water. {}\n\n[Slowly](/grinders/)",
        filler(200),
        filler(200),
        filler(200)
    );
    let new = source(&body);
    let rules = Rules::default().of(&new);
    let link = |href: &str, anchor: &str| Link {
        href: href.to_owned(),
        anchor: anchor.to_owned(),
        at: None,
    };
    let refusals = |links: &[Link]| linker.apply(&new, links, &rules).refused;
    for (href, anchor, why) in [
        ("/kettles/", "gooseneck kettles", Some(Refusal::Monotonous)),
        ("/tea/", "gooseneck kettles", Some(Refusal::Competing)),
        ("/tea/", "slow pouring", Some(Refusal::Competing)),
        ("/kettles/", "slow pouring", None),
        ("/tea/", "warm water", None),
        ("/grinders/", "slow pouring", Some(Refusal::AlreadyLinked)),
        ("/tea/", "not there", Some(Refusal::NotFound)),
        ("https://other.example/", "slow pouring", Some(Refusal::BadAddress)),
    ] {
        let expected: Vec<(usize, Refusal)> = why.map(|why| (0, why)).into_iter().collect();
        assert_eq!(refusals(&[link(href, anchor)]), expected, "{href} {anchor}");
    }
    // Of two in one list the second competes; each keeps its place in the list.
    let list = [
        link("/tea/", "gooseneck kettles"),
        link("/tea/", "warm water"),
        link("/coffee/", "warm water"),
    ];
    let applied = linker.apply(&new, &list, &rules);
    assert_eq!(applied.refused, [(0, Refusal::Competing), (2, Refusal::Competing)]);
    assert_eq!(applied.places, [1]);
    let changed = Page {
        body: applied.body.clone(),
        ..new.clone()
    };
    let again = linker.apply(&changed, &list, &rules);
    assert_eq!((again.body, again.inserted.len()), (applied.body, 0));
}

#[test]
fn a_link_that_found_no_place_takes_no_anchor() {
    use edit::{Link, Refusal};
    let mut pages = coffee();
    pages[3].aliases = vec!["/oolong/".to_owned()];
    let linker = Linker::new(&Site::default(), pages);
    let body = format!(
        "The `warm water` of code. {}\n\nIt takes warm water. {}",
        filler(200),
        filler(200)
    );
    let new = source(&body);
    let rules = Rules {
        do_not_link: vec!["/kettles/".to_owned()],
        ..Rules::default().of(&new)
    };
    let link = |href: &str| Link {
        href: href.to_owned(),
        anchor: "warm water".to_owned(),
        at: None,
    };
    // What is not put in competes with nothing.
    let applied = linker.apply(&new, &[link("/kettles/"), link("/tea/")], &rules);
    assert_eq!(applied.refused, [(0, Refusal::DoNotLink)]);
    assert_eq!(applied.places, [1]);
    // A link to a part of the page itself has no part in it.
    let own = Page {
        body: format!("{body}\n\n[warm water](#warm)"),
        ..new.clone()
    };
    assert_eq!(linker.apply(&own, &[link("/tea/")], &rules).refused, []);
    // An old address is the same page.
    let linked = Page {
        body: format!("{body}\n\nSee [tea](/oolong/)."),
        ..new
    };
    let applied = linker.apply(&linked, &[link("/tea/")], &rules);
    assert_eq!(applied.refused, [(0, Refusal::AlreadyLinked)]);
}

#[test]
fn where_the_name_is_used_up_nothing_weaker_is_suggested() {
    // The name is the anchor of two links already, as many as five links may have.
    let mut pages = coffee();
    for id in ["a", "b"] {
        pages.push(page(id, "Letters", "See the [cold brew ratio](/cold-brew/) here."));
    }
    let linker = Linker::new(&Site::default(), pages);
    let anchor = |text: &str| {
        let new = source(&format!("{text} {}", filler(400)));
        let found = linker.index.suggest_between(&new, "cold-brew", &Options::default());
        found.map(|s| s.link.anchor)
    };
    for (text, wanted) in [
        // Words that only its text says.
        ("It says how much water the coffee wants.", None),
        ("We steep it overnight, in warm water.", None),
        ("Brew it warm. Nothing is cold there.", None),
        // A good part of the name, or more than it.
        ("Their cold brew is good.", Some("cold brew")),
        (
            "They wrote down the clever cold brew ratio.",
            Some("clever cold brew ratio"),
        ),
        // Not with words of grammar or quantity at an end.
        ("Nobody has several cold brew ratios today.", Some("cold brew")),
        ("Is there enough cold brew ratio?", Some("cold brew")),
    ] {
        assert_eq!(anchor(text).as_deref(), wanted, "{text}");
    }
}

#[test]
fn the_link_to_the_hub_is_in_the_first_third() {
    let linker = Linker::new(&Site::default(), coffee());
    let third = filler(200);
    for (body, at) in [
        (format!("{third}\n\n{third}\n\nThen coffee at home. {third}"), "last"),
        (
            format!("Now coffee at home. {third}\n\n{third}\n\nThen coffee at home. {third}"),
            "first",
        ),
    ] {
        let found = linker.index.suggest(&source(&body), &Options::default());
        let hub = found
            .iter()
            .find(|s| s.direction == Direction::ToHub)
            .expect("it is named");
        let place = hub.link.at.unwrap_or_default();
        assert_eq!(place * 3 < body.len(), at == "first", "{at}: {place} of {}", body.len());
    }
}

/// Words before a name, one for each page, as texts have them.
const KINDS: [&str; 11] = [
    "solid", "green", "quiet", "heavy", "bright", "plain", "rapid", "modern", "narrow", "costly", "gentle",
];

/// A site of one topic for each hub, whose texts name each other.
fn plan(topics: usize, supports: usize) -> Vec<Page> {
    let name = |t: usize, s: usize| format!("zum{t} vok{t}x{s}");
    let mut pages = Vec::new();
    for t in 0..topics {
        for s in 0..=supports {
            let mentions: Vec<String> = (0..=supports)
                .filter(|&o| o != s)
                .map(|o| format!("It has {} {} inside. {}\n\n", KINDS[s % 11], name(t, o), filler(120)))
                .collect();
            pages.push(Page {
                cluster: Some(format!("t{t}")),
                role: Some(if s == 0 { Role::Hub } else { Role::Supporting }),
                primary_keyword: Some(name(t, s)),
                ..page(
                    &format!("p{t}-{s}"),
                    &format!("{} explained", name(t, s)),
                    &mentions.concat(),
                )
            });
        }
    }
    let hubs: String = (0..topics).map(|t| format!("[{}](/p{t}-0/) ", name(t, 0))).collect();
    pages.push(Page {
        path: "/".to_owned(),
        ..page("home", "Home", &hubs)
    });
    pages
}

#[test]
fn a_plan_of_a_hundred_pages_becomes_a_whole_site() {
    let pages = plan(9, 10);
    let mut linker = Linker::new(&Site::default(), pages.clone());
    for page in &pages {
        let options = Options {
            limit: (page.role == Some(Role::Hub)).then_some(20),
            ..Options::default()
        };
        let links: Vec<edit::Link> = linker
            .index
            .suggest(page, &options)
            .into_iter()
            .map(|s| s.link)
            .collect();
        let applied = linker.apply(page, &links, &Rules::default().of(page));
        assert_eq!(applied.refused, [], "what is suggested can be put in");
        linker.replace(&Page {
            body: applied.body,
            ..page.clone()
        });
    }
    let report = linker.graph.report(Limits::default());
    assert_eq!(report.orphans.total, 0);
    assert_eq!(report.deep.total, 0);
    assert!((report.pillar_completeness - 1.0).abs() < 1e-9, "{:?}", report.pillars);
    assert_eq!(report.competing_anchors.total, 0);
    assert_eq!(
        report.monotonous_anchors.total, 0,
        "{:?}",
        report.monotonous_anchors.items
    );
    let few = pages.iter().filter(|p| {
        linker
            .graph
            .page(&p.id, Limits::default())
            .is_some_and(|l| l.inbound.total < 3)
    });
    let few: Vec<&str> = few.map(|p| p.id.as_str()).filter(|id| *id != "home").collect();
    assert!(few.is_empty(), "fewer than three links: {few:?}");
}

/// Of the links to a page: how many, the share of the most frequent anchor, the share of different ones.
fn mix(linker: &Linker, id: &str) -> (usize, f64, f64) {
    let links = linker
        .graph
        .page(id, Limits { items: 1_000 })
        .expect("it is there")
        .inbound;
    let mut counts: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for link in &links.items {
        *counts.entry(&link.anchor).or_default() += 1;
    }
    let all = links.total.max(1) as f64;
    let most = counts.values().copied().max().unwrap_or(0) as f64;
    (links.total, most / all, counts.len() as f64 / all)
}

/// A site whose pages have alike names and some links, as people make them.
fn untidy(names: &[usize], links: &[(usize, usize, usize)]) -> Vec<Page> {
    const NAMES: [&str; 7] = [
        "burr grinder",
        "burr grinder guide",
        "cold brew",
        "brew ratio",
        "cold brew ratio",
        "moka pot",
        "pot",
    ];
    let mut pages: Vec<Page> = (0..names.len())
        .map(|i| {
            let mentions: Vec<String> = (0..names.len())
                .filter(|&o| o != i)
                .map(|o| {
                    format!(
                        "It has {} {} inside. {}\n\n",
                        KINDS[(i * 3 + o) % 4],
                        NAMES[names[o]],
                        filler(40)
                    )
                })
                .collect();
            Page {
                cluster: Some("t".to_owned()),
                role: Some(if i == 0 { Role::Hub } else { Role::Supporting }),
                ..page(&format!("p{i}"), NAMES[names[i]], &mentions.concat())
            }
        })
        .collect();
    for &(from, to, anchor) in links {
        let (from, to) = (from % names.len(), to % names.len());
        let link = format!("See [{}](/p{to}/) too. Well.\n\n", NAMES[anchor]);
        pages[from].body.push_str(&link);
    }
    pages
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn what_is_suggested_makes_no_anchor_compete_and_no_mix_worse(
        names in prop::collection::vec(0usize..7, 3..12),
        links in prop::collection::vec((0usize..12, 0usize..12, 0usize..7), 0..14),
        at_once in any::<bool>(),
    ) {
        let pages = untidy(&names, &links);
        let before = Linker::new(&Site::default(), pages.iter().cloned());
        let mut linker = before.clone();
        let limits = Limits { items: 1_000 };
        let options = Options { limit: Some(20), least_score: 0.0, ..Options::default() };
        for page in &pages {
            // All from the first state of the site, as when a person lets them lie; or each from what the site is by then.
            let index = if at_once { &before.index } else { &linker.index };
            let wanted: Vec<edit::Link> = index.suggest(page, &options).into_iter().map(|s| s.link).collect();
            let applied = linker.apply(page, &wanted, &options.rules.of(page));
            let reasons = [edit::Refusal::Competing, edit::Refusal::Monotonous];
            prop_assert!(applied.refused.iter().all(|r| at_once && reasons.contains(&r.1)), "{:?}", applied.refused);
            let changed = Page { body: applied.body, ..page.clone() };
            let again = linker.apply(&changed, &wanted, &options.rules.of(page));
            prop_assert_eq!(&again.body, &changed.body);
            linker.replace(&changed);
        }
        let competing = |linker: &Linker| -> Vec<String> {
            let report = linker.graph.report(limits);
            report.competing_anchors.items.into_iter().map(|c| c.anchor).collect()
        };
        let old = competing(&before);
        let new: Vec<String> = competing(&linker).into_iter().filter(|anchor| !old.contains(anchor)).collect();
        prop_assert!(new.is_empty(), "{new:?}");
        for page in &pages {
            let ((_, most_before, different_before), (links, most, different)) = (mix(&before, &page.id), mix(&linker, &page.id));
            prop_assert!(links < 5 || most <= most_before.max(0.4) + 1e-9, "{}: {most_before} {most}", page.id);
            prop_assert!(links < 5 || different >= different_before.min(0.5) - 1e-9, "{}: {different}", page.id);
        }
    }

    #[test]
    fn a_changed_site_suggests_what_a_new_one_does(order in prop::collection::vec((0usize..25, any::<bool>()), 1..40)) {
        let pages = plan(4, 5);
        let mut changed = Linker::new(&Site::default(), pages.iter().cloned());
        for (i, remove) in order {
            if remove {
                changed.remove(&pages[i].id);
            } else {
                let other = Page { body: "Nothing much [at](/p1-1/) all.".to_owned(), ..pages[i].clone() };
                changed.replace(&other);
            }
        }
        for page in pages.iter().rev() {
            changed.replace(page);
        }
        let fresh = Linker::new(&Site::default(), pages.iter().cloned());
        for page in pages.iter().step_by(4) {
            let options = Options::default();
            prop_assert_eq!(changed.index.suggest(page, &options), fresh.index.suggest(page, &options));
        }
    }
}

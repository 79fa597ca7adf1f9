//! Laws of export: reading what was written gives the site back, and writing that again gives the same bytes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;

use indexmap::IndexMap;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::site::*;

/// All files of a folder with their bytes.
fn bytes_of(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = walkdir::WalkDir::new(dir)
        .into_iter()
        .map(Result::unwrap)
        .filter(|e| e.file_type().is_file());
    entries
        .map(|e| {
            (
                e.path().strip_prefix(dir).unwrap().to_str().unwrap().to_owned(),
                std::fs::read(e.path()).unwrap(),
            )
        })
        .collect()
}

/// What has no order is put into one, and what only says where bytes are is blanked.
fn normal(site: &Site) -> Site {
    let mut site = site.clone();
    site.pages.sort_by(|a, b| a.path.cmp(&b.path));
    site.sections.sort_by(|a, b| a.path.cmp(&b.path));
    site.media.sort_by(|a, b| a.path.cmp(&b.path));
    site.media.iter_mut().for_each(|m| m.source = String::new());
    site
}

fn check(site: &Site, drafts: &BTreeSet<String>, open: impl Fn(&Media) -> io::Result<File>) {
    let place = tempfile::tempdir().unwrap();
    let (first, second) = (place.path().join("a"), place.path().join("b"));
    let report = write(site, &first, drafts, open).unwrap();
    assert_eq!(
        (report.pages, report.media),
        (site.pages.len(), site.media.len()),
        "{:?}",
        report.problems
    );
    let again = read(&first, &ReadOptions::new(site.generated_at)).unwrap();
    let lost: Vec<_> = again
        .problems
        .iter()
        .filter(|p| p.severity == Severity::Error)
        .collect();
    assert!(lost.is_empty(), "{lost:?}");
    assert_same(&normal(site), &normal(&again.site));
    assert_eq!(*drafts, again.drafts);
    write(&again.site, &second, &again.drafts, |m| {
        File::open(&again.files[&m.source])
    })
    .unwrap();
    let (a, b) = (bytes_of(&first), bytes_of(&second));
    assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>());
    for (name, bytes) in a {
        assert_eq!(
            String::from_utf8_lossy(&bytes),
            String::from_utf8_lossy(&b[&name]),
            "{name}"
        );
    }
}

/// Places where two values differ, so that a failure shows those and not two whole sites.
fn differences(a: &Value, b: &Value, place: &str, out: &mut Vec<String>) {
    match (a, b) {
        (Value::Object(x), Value::Object(y)) => {
            for key in x.keys().chain(y.keys().filter(|k| !x.contains_key(*k))) {
                let null = Value::Null;
                differences(
                    x.get(key).unwrap_or(&null),
                    y.get(key).unwrap_or(&null),
                    &format!("{place}/{key:?}"),
                    out,
                );
            }
        }
        (Value::Array(x), Value::Array(y)) if x.len() == y.len() => {
            for (i, (x, y)) in x.iter().zip(y).enumerate() {
                differences(x, y, &format!("{place}/{i}"), out);
            }
        }
        _ if a == b => {}
        _ => out.push(format!("{place}: {a} became {b}")),
    }
}

fn assert_same(a: &Site, b: &Site) {
    let mut found = Vec::new();
    differences(
        &serde_json::to_value(a).unwrap(),
        &serde_json::to_value(b).unwrap(),
        "",
        &mut found,
    );
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert!(a == b, "differ in what JSON does not show");
}

#[test]
fn fixtures_survive() {
    for name in ["zola", "hugo", "jekyll", "plain", "odd"] {
        let folder = read_fixture(name);
        check(&folder.site, &folder.drafts, |m| File::open(&folder.files[&m.source]));
    }
}

#[test]
fn foreign_folders_are_refused_and_own_exports_renewed() {
    let site = read_fixture("plain").site;
    let site = Site {
        media: Vec::new(),
        ..site
    };
    let none = BTreeSet::new();
    let open = |_: &Media| -> io::Result<File> { Err(io::ErrorKind::NotFound.into()) };
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("mine.txt"), "x").unwrap();
    assert!(matches!(
        write(&site, dir.path(), &none, open),
        Err(ExportError::NotEmpty { .. })
    ));

    let target = dir.path().join("export");
    std::fs::create_dir(&target).unwrap();
    write(&site, &target, &none, open).unwrap();
    std::fs::write(target.join("README"), "kept").unwrap();
    std::fs::write(target.join("content/stale.md"), "gone").unwrap();
    write(&site, &target, &none, open).unwrap();
    assert!(target.join("README").exists() && !target.join("content/stale.md").exists());
    let left: Vec<_> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(left.len(), 2, "no staging folder stays: {left:?}");
}

/// Texts with what breaks naive writers: quotes, fences, line ends, controls, other scripts.
fn wild() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~éß日🦀\n\t]{0,40}",
        Just("+++\ntitle = 1\n+++\n".to_owned()),
        Just("\r\n---\r\n\n  '''\"\"\"\\ \u{0}\u{7f}\u{2028}".to_owned()),
        Just("[a](other.md) ![b](x.png) <a href=\"/p/\">c</a> {{ x }} {% y %}\n".to_owned()),
        Just("\n\n\nlines".to_owned()),
    ]
}

fn segment() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9é][a-z0-9._~-]{0,8}[a-z0-9]",
        Just("index".to_owned()),
        Just("_index".to_owned()),
        Just("2020-01-02-x".to_owned()),
        Just("a.fr".to_owned()),
        Just("fr".to_owned()),
        Just("content".to_owned()),
        Just("public".to_owned()),
        Just("x.html".to_owned()),
    ]
}

fn path() -> impl Strategy<Value = String> {
    prop::collection::vec(segment(), 0..4).prop_map(|parts| match parts.is_empty() {
        true => "/".to_owned(),
        false => format!("/{}/", parts.join("/")),
    })
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e9..1e9f64).prop_map(Value::from),
        wild().prop_map(Value::String),
        Just(json!("2021-01-02")),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::btree_map(wild(), inner, 0..4).prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

fn extra() -> impl Strategy<Value = IndexMap<String, Value>> {
    prop::collection::btree_map(
        prop_oneof![wild(), Just("title".into()), Just("extra".into())],
        value(),
        0..4,
    )
    .prop_map(|m| m.into_iter().collect())
}

fn moment() -> impl Strategy<Value = Option<DateTime<Utc>>> {
    prop::option::of(
        (0i64..4_000_000_000, 0u32..1_000_000_000).prop_map(|(s, n)| DateTime::from_timestamp(s, n).unwrap()),
    )
}

prop_compose! {
    /// Every kind, with texts and links that the reader must not touch.
    fn any_block()(kind in 0usize..16, texts in prop::collection::vec(wild(), 3), url in prop_oneof![wild(), Just("/x/#y".into()), Just("a.md".into())]) -> Block {
        let item = serde_json::json!({ "heading": texts[0], "text": texts[1], "image": url, "url": url });
        let mut json = serde_json::json!({ "heading": texts[0], "text": texts[1], "anchor": texts[2] });
        let link = serde_json::json!([{ "label": texts[2], "url": url }]);
        let (name, more) = [
            ("hero", serde_json::json!({ "links": link, "image": url, "variant": "cover" })), ("text", serde_json::json!({ "image": url })),
            ("features", serde_json::json!({ "items": [item], "variant": "steps" })),
            ("testimonials", serde_json::json!({ "items": [{ "text": texts[1], "rating": 4 }] })),
            ("services", serde_json::json!({ "items": [item], "section": "/a/", "limit": 3 })),
            ("stats", serde_json::json!({ "items": [{ "value": texts[0] }] })), ("cta", serde_json::json!({ "links": link })),
            ("image", serde_json::json!({ "image": url, "caption": texts[2], "url": url })), ("video", serde_json::json!({ "url": url })),
            ("form", serde_json::json!({ "action": url, "fields": [{ "name": texts[0], "kind": "select", "options": [texts[1]] }] })),
            ("faq", serde_json::json!({ "items": [{ "question": texts[0], "answer": texts[1] }] })), ("quote", serde_json::json!({ "name": texts[0] })),
            ("grid", serde_json::json!({ "items": [item], "variant": "logos" })), ("card", serde_json::json!({ "variant": "above" })),
            ("list", serde_json::json!({ "items": [item], "variant": "checks" })), ("accordion", serde_json::json!({ "items": [{ "heading": texts[0] }] })),
        ][kind].clone();
        json["type"] = name.into();
        for (key, value) in more.as_object().unwrap() {
            json[key] = value.clone();
        }
        serde_json::from_value(json).unwrap()
    }
}

prop_compose! {
    fn any_page()(
        path in path(), section in path(), title in wild(), body in wild(), html in any::<bool>(),
        kind in 0usize..7, language in prop_oneof![Just("en"), Just("fr"), Just("pt-BR")],
        dates in (moment(), moment()), texts in prop::collection::vec(wild(), 6),
        tags in prop::collection::vec("[a-z][a-z0-9]{0,6}", 0..3), flags in (any::<bool>(), any::<bool>()),
        weight in prop::option::of(any::<i64>()), aliases in prop::collection::btree_set("/[a-z]{1,5}/[a-z]{1,5}(/|\\.html)", 0..3),
        attributes in prop::collection::btree_map(wild(), wild(), 0..3),
        faq in prop::collection::vec((wild(), wild()), 0..3), blocks in prop::collection::vec(any_block(), 0..3), layout in prop::option::of(0usize..7),
        extra in extra(), id in "[a-z0-9:]{8,12}",
    ) -> Page {
        use PageKind::{About, Contact, Home, Post, Product, Service};
        let mut tags = tags;
        tags.sort();
        tags.dedup();
        let path_for_aliases = path.clone();
        Page {
            id,
            kind: [Post, PageKind::Page, Product, Service, Home, About, Contact][kind],
            path,
            section,
            title,
            seo_title: texts[0].clone(),
            description: texts[1].clone(),
            excerpt: texts[2].clone(),
            body: if html { Body::Html(body) } else { Body::Markdown(body) },
            language: language.to_owned(),
            translation_key: flags.0.then(|| texts[3].clone()),
            published_at: dates.0,
            updated_at: dates.1,
            author: flags.1.then(|| texts[4].clone()),
            terms: if flags.0 { IndexMap::from([("tags".to_owned(), tags)]) } else { IndexMap::new() },
            image: None,
            weight,
            aliases: aliases.into_iter().filter(|a| *a != path_for_aliases).collect(),
            canonical_url: flags.1.then(|| "https://other.example/x?y=1#z".to_owned()),
            indexable: flags.0,
            primary_keyword: flags.1.then(|| texts[5].clone()),
            keywords: if flags.0 { vec![texts[4].clone(), texts[5].clone()] } else { Vec::new() },
            structure: flags.1.then_some(ContentStructure::Guide),
            term: flags.0.then(|| TermRef { taxonomy: "tags".into(), slug: texts[3].clone() }),
            cluster: flags.0.then(|| ClusterRef { id: "c1".into(), name: texts[5].clone(), role: ClusterRole::Hub }),
            entity: Entity {
                price: flags.1.then(|| "12.50".into()),
                rating_value: flags.0.then_some(4.25),
                availability: flags.1.then_some(Availability::PreOrder),
                ..Entity::default()
            },
            attributes: attributes.into_iter().collect(),
            faq: faq.into_iter().map(|(question, answer)| FaqItem { question, answer }).collect(),
            blocks,
            layout: layout.map(|l| PageLayout::ALL[l]),
            extra,
        }
    }
}

prop_compose! {
    fn any_section()(path in path(), title in wild(), body in wild(), sort in 0usize..3, french in any::<bool>(),
        per_page in prop::option::of(0usize..1000), render in any::<bool>(), weight in prop::option::of(any::<i64>()), extra in extra(),
    ) -> Section {
        Section {
            path,
            title,
            description: String::new(),
            body: Body::Markdown(body),
            language: if french { "fr".into() } else { "en".into() },
            sort: [SectionSort::Date, SectionSort::Title, SectionSort::Weight][sort],
            per_page,
            translation_key: french.then(|| "both".to_owned()),
            render,
            weight,
            extra,
        }
    }
}

prop_compose! {
    fn any_site()(
        pages in prop::collection::vec(any_page(), 0..6), sections in prop::collection::vec(any_section(), 0..4),
        texts in prop::collection::vec(wild(), 8), extra in extra(), options in extra(), label in wild(),
    ) -> Site {
        // Addresses and ids are unique in a site.
        let mut taken = BTreeSet::new();
        let mut ids = BTreeSet::new();
        let pages = pages.into_iter().filter(|p| taken.insert(p.path.clone()) && ids.insert(p.id.clone())).map(Into::into).collect();
        let sections = sections.into_iter().filter(|s| taken.insert(s.path.clone())).collect();
        let item = MenuItem { label, url: "/x/".into(), children: Vec::new() };
        Site {
            version: SNAPSHOT_VERSION,
            generated_at: "2026-01-01T00:00:00Z".parse().unwrap(),
            settings: Settings {
                title: texts[0].clone(),
                description: texts[1].clone(),
                base_url: "https://site.example/sub".into(),
                site_type: SiteType::Company,
                language: "en".into(),
                languages: vec!["fr".into()],
                time_zone: "Asia/Tokyo".into(),
                organisation: Organisation {
                    name: texts[2].clone(),
                    address: vec![texts[3].clone()],
                    kind: OrganisationKind::Store,
                    country: "PT".into(),
                    vat_id: "PT 123".into(),
                    privacy_url: Some("/privacy/".into()),
                    ..Organisation::default()
                },
                pagination: Default::default(), per_page: 9,
                feed_limit: 3,
                theme_options: options,
                indexable: false,
                markdown: Syntax { math: true, typographer: false },
                outputs: Outputs { term_feeds: Vec::new(), ai_crawlers: false, ..Outputs::default() },
                forms: None,
                extra,
            },
            pages,
            sections,
            taxonomies: vec![Taxonomy {
                name: "tags".into(),
                title: texts[4].clone(),
                kind: TaxonomyKind::ProductTag,
                path: "/shop/tags/".into(),
                terms: vec![Term {
                    slug: "UPPER".into(),
                    name: texts[5].clone(),
                    description: texts[6].clone(),
                    parent: Some("up".into()),
                    language: "fr".into(),
                    translation_key: Some("key".into()),
                    aliases: vec!["old".into(), texts[6].clone()],
                }],
                per_page: None,
                feed: false,
            }],
            menus: IndexMap::from([
                ("main".into(), vec![MenuItem { children: vec![item.clone()], ..item }]),
                ("footer".into(), Vec::new()),
            ]),
            media: Vec::new(),
            redirects: vec![Redirect { from: "/a/".into(), to: texts[7].clone() }],
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn written_sites_read_back(site in any_site()) {
        // In a folder the name of a listed term comes before the slug of one that is not listed.
        let listed = |taxonomy: &Taxonomy, slug: &String| taxonomy.terms.iter().any(|t| t.name == *slug && t.slug != *slug)
            && !taxonomy.terms.iter().any(|t| t.slug == *slug);
        let ambiguous = site.taxonomies.iter().any(|taxonomy| site.pages.iter()
            .filter_map(|page| page.terms.get(&taxonomy.name))
            .flatten().any(|slug| listed(taxonomy, slug)));
        prop_assume!(!ambiguous);
        let drafts = site.pages.iter().step_by(2).map(|p| p.id.clone()).collect();
        check(&site, &drafts, |_| Err(io::ErrorKind::NotFound.into()));
    }

    #[test]
    fn any_text_is_read_without_panic(
        head in wild(), body in wild(), more in ".{0,200}", fence in prop_oneof![Just("+++"), Just("---"), Just("{"), Just("")],
        layout in prop_oneof![Just(Layout::Zola), Just(Layout::Hugo), Just(Layout::Jekyll), Just(Layout::Plain)],
        tag in prop_oneof![Just("{{< "), Just("{% raw"), Just("{% highlight x %}"), Just("{{ x |"), Just("{{%/* "), Just("![x](")],
    ) {
        let dir = tempfile::tempdir().unwrap();
        let text = format!("{fence}\n{head}\n{fence}\n{tag}{body}{more}{tag}");
        for folder in ["content", "_posts"] {
            std::fs::create_dir(dir.path().join(folder)).unwrap();
            std::fs::write(dir.path().join(folder).join("2020-01-02-x.md"), &text).unwrap();
            std::fs::write(dir.path().join(folder).join("x.png"), &more).unwrap();
        }
        let options = ReadOptions { layout: Some(layout), ..options() };
        let first = read(dir.path(), &options).unwrap();
        prop_assert_eq!(&first, &read(dir.path(), &options).unwrap());
    }
}

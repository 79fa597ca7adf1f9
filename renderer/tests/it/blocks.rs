use std::collections::{BTreeMap, BTreeSet};

use igny8_renderer::site::{Block, Body, Media, PageKind, Site};
use igny8_renderer::{Theme, render};

use crate::support::{empty, page, rendered, text};

/// A site with one page of blocks at `/x/` and a picture and a video to use.
fn site_with(blocks: &str) -> Site {
    let mut site = empty();
    let media = |path: &str, mime: &str| Media {
        path: path.into(),
        source: path.into(),
        mime: mime.into(),
        width: Some(800),
        height: Some(450),
        alt: "From the list".into(),
        bytes: 10,
        variants: Vec::new(),
        problem: None,
    };
    site.media = vec![media("/a.png", "image/png"), media("/v.webm", "video/webm")];
    let mut with = page(PageKind::Page, "/x/", "/", "Blocks");
    with.body = Body::Markdown(String::new());
    with.blocks = serde_json::from_str::<Vec<Block>>(blocks).unwrap_or_else(|e| panic!("{blocks}: {e}"));
    site.pages.push(with.into());
    site
}

fn codes(site: &Site) -> Vec<&'static str> {
    rendered(site).report.diagnostics.iter().map(|d| d.code).collect()
}

#[test]
fn what_cannot_be_shown_is_reported_and_left_out() {
    let cases: [(&str, &[&str]); 18] = [
        (r#"{"type":"text","text":"Words"}"#, &[]),
        (r#"{"type":"text"}"#, &["block-empty"]),
        (
            r#"{"type":"text","text":"Words","image":"/none.png"}"#,
            &["image-missing"],
        ),
        (r#"{"type":"text","text":"Words","image":"data:x"}"#, &["image-refused"]),
        (
            r#"{"type":"image","image":"/none.png","caption":"C"}"#,
            &["block-empty", "image-missing"],
        ),
        (
            r#"{"type":"cta","heading":"H","links":[{"label":"L","url":"javascript:x"}]}"#,
            &["link-refused"],
        ),
        (
            r#"{"type":"cta","heading":"H","links":[{"label":"L","url":"/none/"}]}"#,
            &["link-missing"],
        ),
        (
            r#"{"type":"cta","heading":"H","links":[{"label":"L","url":""}]}"#,
            &["link-empty"],
        ),
        (
            r##"{"type":"cta","heading":"H","links":[{"label":"L","url":"#none"}]}"##,
            &["anchor-missing"],
        ),
        (
            r##"{"type":"cta","heading":"H","anchor":"here","links":[{"label":"L","url":"#here"}]}"##,
            &[],
        ),
        (r#"{"type":"cta","heading":"H","anchor":"main"}"#, &["anchor-taken"]),
        (
            r#"{"type":"list","section":"/none/"}"#,
            &["block-empty", "section-missing"],
        ),
        (r#"{"type":"features","items":[{"heading":"A"},{}]}"#, &["item-empty"]),
        (r#"{"type":"features","heading":"Nothing under it"}"#, &["block-empty"]),
        (
            r#"{"type":"form","action":"mailto:a@b.c","fields":[{"name":"a","kind":"text"}]}"#,
            &["form-action"],
        ),
        (
            r#"{"type":"form","action":"/send","fields":[{"name":"é","kind":"text"},{"name":"a","kind":"text"}]}"#,
            &["form-field"],
        ),
        (
            r#"{"type":"video","url":"javascript:x"}"#,
            &["block-empty", "link-refused"],
        ),
        (r#"{"type":"quote","name":"N"}"#, &["block-empty"]),
    ];
    for (block, expected) in cases {
        let site = site_with(&format!("[{block}]"));
        let mut found = codes(&site);
        found.sort_unstable();
        // The page with the block is the only one, so nothing leads to it.
        found.retain(|code| *code != "orphan");
        assert_eq!(found, expected, "{block}");
        assert!(rendered(&site).files.contains_key("x/index.html"), "{block}");
    }
}

#[test]
fn blocks_stand_after_the_text_or_are_the_page() {
    let hero = r#"[{"type":"hero","heading":"Opening"},{"type":"text","heading":"Second","text":"Words"}]"#;
    let mut site = site_with(hero);
    let alone = rendered(&site);
    let html = text(&alone, "x/index.html");
    assert!(
        html.contains("<h1>Opening</h1>") && html.contains("<h2>Second</h2>"),
        "{html}"
    );
    assert!(html.contains("<meta name=\"description\" content=\"Words\">"), "{html}");
    site.pages[0].body = Body::Markdown("First words.".into());
    let both = rendered(&site);
    let html = text(&both, "x/index.html");
    assert!(
        html.contains("<h1>Blocks</h1>") && html.contains("<h2>Opening</h2>"),
        "{html}"
    );
    assert!(html.find("First words.") < html.find("Opening</h2>"));
}

#[test]
fn a_page_of_blocks_describes_itself() {
    let described = |blocks: &str| {
        let made = rendered(&site_with(blocks));
        let html = text(&made, "x/index.html");
        let (_, rest) = html.split_once("<meta name=\"description\" content=\"").unwrap();
        rest.split_once('"').unwrap().0.to_owned()
    };
    let form =
        r#"{"type":"form","heading":"Write","text":"We *answer*.","action":"https://e.org/","fields":[{"name":"a"}]}"#;
    assert_eq!(described(&format!("[{form}]")), "We answer.");
    let stats = r#"{"type":"stats","heading":"Numbers","items":[{"value":"3","label":"boots"}]}"#;
    let quote = r#"{"type":"quote","heading":"Words","text":""}"#;
    assert_eq!(described(&format!("[{stats},{quote}]")), "Numbers · Words");
    // A running text goes before what stands above a form.
    let running = r#"{"type":"text","text":"Running."}"#;
    assert_eq!(described(&format!("[{form},{running}]")), "Running.");
}

#[test]
fn images_have_sizes_and_only_the_first_is_eager() {
    let site = site_with(
        r#"[{"type":"hero","image":"/a.png","alt":"Own words"},{"type":"image","image":"/a.png"},{"type":"image","image":"https://e.org/b.png"}]"#,
    );
    let out = rendered(&site);
    let images: Vec<&str> = text(&out, "x/index.html").split("<img ").skip(1).collect();
    assert_eq!(images.len(), 3);
    assert!(images[0].contains("alt=\"Own words\" width=\"800\" height=\"450\" fetchpriority=\"high\""));
    assert!(images[1].contains("alt=\"From the list\"") && images[1].contains("loading=\"lazy\""));
    assert!(images[2].starts_with("src=\"https://e.org/b.png\""));
}

#[test]
fn videos_play_here_or_are_links() {
    let site = site_with(
        r#"[{"type":"video","url":"/v.webm","image":"/a.png"},{"type":"video","url":"https://www.videos.example/w?v=1"}]"#,
    );
    let out = rendered(&site);
    let html = text(&out, "x/index.html");
    assert!(
        html.contains("<source src=\"/demo/v.webm\" type=\"video/webm\">"),
        "{html}"
    );
    assert!(html.contains("poster=\"/demo/a.png\""));
    assert!(
        html.contains("href=\"https://www.videos.example/w?v=1\"") && html.contains("<small>videos.example</small>")
    );
    assert!(!html.contains("<iframe"));
}

#[test]
fn forms_work_without_a_script() {
    let site = site_with(
        r#"[{"type":"form","action":"https://forms.example/x?a=1&b=2","fields":[
            {"name":"your-email","kind":"email","required":true,"help":"For the answer"},{"name":"what","kind":"select","options":["A","B"]},
            {"name":"ok","kind":"checkbox","label":"Yes"},{"name":"trap","kind":"honeypot"},{"name":"your-email","kind":"text"}]}]"#,
    );
    let out = rendered(&site);
    let html = text(&out, "x/index.html");
    for part in [
        "<form class=\"form\" method=\"post\" action=\"https://forms.example/x?a=1&amp;b=2\">",
        "<label for=\"f1-1\">Your email</label>",
        "type=\"email\" autocomplete=\"email\" required aria-describedby=\"f1-1-help\"",
        "<option>A</option>",
        "tabindex=\"-1\" autocomplete=\"off\"",
        "type=\"checkbox\" value=\"1\"",
    ] {
        assert!(html.contains(part), "{part}\n{html}");
    }
    assert_eq!(html.matches("name=\"your-email\"").count(), 1);
}

#[test]
fn questions_reach_structured_data() {
    let site = site_with(r#"[{"type":"faq","items":[{"question":"Why?","answer":"**Because** it is."}]}]"#);
    let out = rendered(&site);
    let html = text(&out, "x/index.html");
    assert!(
        html.contains("\"@type\":\"FAQPage\"") && html.contains("\"text\":\"Because it is.\""),
        "{html}"
    );
}

#[test]
fn nothing_runs_in_blocks() {
    let bad = "\\\"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}";
    let item = format!(
        r#"{{"heading":"{bad}","text":"{bad}","image":"{bad}","alt":"{bad}","url":"javascript:alert(1)","note":"{bad}"}}"#
    );
    let common = format!(r#""anchor":"{bad}","heading":"{bad}","text":"{bad}""#);
    let image = format!(r#""image":"/a.png","alt":"{bad}""#);
    let links =
        format!(r#""links":[{{"label":"{bad}","url":"java\tscript:alert(1)"}},{{"label":"{bad}","url":"/x/{bad}"}}]"#);
    let blocks = [
        format!(r#"{{"type":"hero",{common},{image},{links},"kicker":"{bad}"}}"#),
        format!(r#"{{"type":"text",{common},{image},{links}}}"#),
        format!(r#"{{"type":"features",{common},"items":[{item}]}}"#),
        format!(
            r#"{{"type":"testimonials",{common},"items":[{{"text":"{bad}","name":"{bad}","role":"{bad}","rating":99}}]}}"#
        ),
        format!(r#"{{"type":"services",{common},"items":[{item}],"section":"{bad}"}}"#),
        format!(r#"{{"type":"stats",{common},"items":[{{"value":"{bad}","label":"{bad}","note":"{bad}"}}]}}"#),
        format!(r#"{{"type":"cta",{common},{links}}}"#),
        format!(r#"{{"type":"image",{common},{image},"caption":"{bad}","url":"javascript:alert(1)"}}"#),
        format!(r#"{{"type":"video",{common},"url":"https://e.org/{bad}","caption":"{bad}"}}"#),
        format!(
            r#"{{"type":"form",{common},"action":"https://e.org/{bad}","button":"{bad}","fields":[{{"name":"{bad}","kind":"select","label":"{bad}","help":"{bad}","options":["{bad}"]}}]}}"#
        ),
        format!(r#"{{"type":"faq",{common},"items":[{{"question":"{bad}","answer":"{bad}"}}]}}"#),
        format!(r#"{{"type":"quote",{common},{image},"name":"{bad}","role":"{bad}","url":"https://e.org/{bad}"}}"#),
        format!(r#"{{"type":"grid",{common},"items":[{item}]}}"#),
        format!(r#"{{"type":"card",{common},{image},{links},"kicker":"{bad}"}}"#),
        format!(r#"{{"type":"list",{common},"items":[{item}]}}"#),
        format!(r#"{{"type":"accordion",{common},"items":[{{"heading":"{bad}","text":"{bad}"}}]}}"#),
    ];
    let site = site_with(&format!("[{}]", blocks.join(",")));
    for name in Theme::builtin_names() {
        let out = render(&site, &Theme::builtin(&name).expect("compiles"));
        let html = text(&out, "x/index.html");
        for evil in ["<script>", "onerror=alert(1)>", "javascript:", "href=\"java"] {
            // As text it may stand there; as markup never.
            let markup = html
                .replace("&lt;script&gt;", "")
                .replace("&lt;img src=x onerror=alert(1)&gt;", "");
            assert!(!markup.contains(evil), "{name}: {evil}\n{html}");
        }
        assert!(!html.contains("49"), "{name}: a template ran");
        let types: BTreeSet<&str> = html
            .split(" class=\"block block-")
            .skip(1)
            .filter_map(|s| s.split([' ', '"']).next())
            .collect();
        assert_eq!(types.len(), 16, "{name}: {types:?}");
    }
}

#[test]
fn a_theme_replaces_one_block() {
    let files = BTreeMap::from([
        ("theme.toml".to_owned(), b"name = \"own\"".to_vec()),
        (
            "templates/page.html".to_owned(),
            b"{% include \"blocks.html\" %}".to_vec(),
        ),
        (
            "templates/custom.html".to_owned(),
            b"{% include \"blocks.html\" %}".to_vec(),
        ),
        ("templates/home.html".to_owned(), b"home".to_vec()),
        ("templates/list.html".to_owned(), b"list".to_vec()),
        ("templates/404.html".to_owned(), b"404".to_vec()),
        (
            "templates/base.html".to_owned(),
            b"{% block main %}{% endblock %}".to_vec(),
        ),
        ("templates/header.html".to_owned(), b"".to_vec()),
        (
            "templates/blocks/stats.html".to_owned(),
            b"<p>{{ block.items[0].value }} things</p>".to_vec(),
        ),
    ]);
    let theme = Theme::compile(&files).expect("compiles");
    let site = site_with(r#"[{"type":"stats","items":[{"value":"12"}]},{"type":"cta","heading":"H"}]"#);
    let out = render(&site, &theme);
    let html = text(&out, "x/index.html");
    assert!(
        html.contains("<p>12 things</p>") && html.contains("block-cta"),
        "{html}"
    );
}

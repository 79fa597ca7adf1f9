use proptest::prelude::*;

use super::*;

fn link(href: &str, anchor: &str) -> Link {
    Link {
        href: href.to_owned(),
        anchor: anchor.to_owned(),
        at: None,
    }
}

/// Rules for short texts.
fn loose() -> Rules {
    Rules {
        words_per_link: 1,
        ..Rules::default()
    }
}

#[test]
fn a_link_goes_around_its_words_and_comes_off_again() {
    for (source, format, want) in [
        (
            "Use a burr grinder daily.",
            Format::Markdown,
            "Use a [burr grinder](/grinder/) daily.",
        ),
        (
            "# burr grinder\n\nA **burr grinder** is.",
            Format::Markdown,
            "# burr grinder\n\nA **[burr grinder](/grinder/)** is.",
        ),
        (
            "<h2>burr grinder</h2>\n<p>A burr grinder&nbsp;is",
            Format::Html,
            "<h2>burr grinder</h2>\n<p>A <a href=\"/grinder/\">burr grinder</a>&nbsp;is",
        ),
        (
            "A burr\ngrinder is",
            Format::Markdown,
            "A [burr\ngrinder](/grinder/) is",
        ),
    ] {
        let applied = apply(source, format, &[link("/grinder/", "burr grinder")], &loose());
        assert_eq!(applied.body, want);
        assert_eq!(undo(&applied.body, format, &applied.inserted).body, source);
        let again = apply(&applied.body, format, &[link("/grinder/", "burr grinder")], &loose());
        assert_eq!(again.body, applied.body);
        assert_eq!(again.refused, [(0, Refusal::AlreadyLinked)]);
    }
}

#[test]
fn what_breaks_a_rule_is_refused_with_the_reason() {
    let long = "One two three four five. ".repeat(30);
    for (source, links, rules, want) in [
        (
            "A burr grinder.",
            vec![link("/g/", "burr grinder")],
            Rules::default(),
            Refusal::TooMany,
        ),
        (
            "A burr grinder.",
            vec![link("/own", "burr grinder")],
            Rules {
                path: "/own/".into(),
                ..loose()
            },
            Refusal::OwnPage,
        ),
        (
            "A burr grinder.",
            vec![link("/g", "burr grinder")],
            Rules {
                do_not_link: vec!["/g/".into()],
                ..loose()
            },
            Refusal::DoNotLink,
        ),
        (
            "A burr grinder.",
            vec![link("https://other.example/", "burr grinder")],
            loose(),
            Refusal::BadAddress,
        ),
        (
            "A burr grinder.",
            vec![link("javascript:alert(1)", "burr grinder")],
            loose(),
            Refusal::BadAddress,
        ),
        (
            "`burr grinder`",
            vec![link("/g/", "burr grinder")],
            loose(),
            Refusal::NotFound,
        ),
        (
            "A burr grinder and [more](/m).",
            vec![link("/g/", "burr grinder")],
            loose(),
            Refusal::Crowded,
        ),
        (
            "[more](/m) here. A burr grinder.",
            vec![link("/g/", "burr grinder")],
            loose(),
            Refusal::Crowded,
        ),
        (
            "[a](/a). B. [c](/c). D. E burr grinder.",
            vec![link("/g/", "burr grinder")],
            loose(),
            Refusal::ParagraphFull,
        ),
        (
            "A [grinder](/g/). B. C burr grinder.",
            vec![link("/g", "burr grinder")],
            loose(),
            Refusal::AlreadyLinked,
        ),
        (
            "A burr grinder.",
            vec![link("/g/", "urr grinde")],
            loose(),
            Refusal::NotWords,
        ),
        (
            "A burr grinder.",
            vec![link("/g/", "grinder")],
            loose(),
            Refusal::AnchorLength,
        ),
        (
            "The burr grinder.",
            vec![link("/g/", "The burr")],
            loose(),
            Refusal::StopWordEdge,
        ),
        (
            "See this blog post.",
            vec![link("/g/", "blog post")],
            loose(),
            Refusal::Generic,
        ),
        (
            "A burr grinder.",
            vec![link("/g/", "burr grinder")],
            Rules {
                own_keyphrases: vec!["burr grinders".into()],
                ..loose()
            },
            Refusal::OwnKeyphrase,
        ),
        (
            "Great!Burr grinder.",
            vec![link("/g/", "Burr grinder")],
            loose(),
            Refusal::WouldChangeText,
        ),
        (
            "水**burr grinder** x",
            vec![link("/g/", "burr grinder")],
            loose(),
            Refusal::WouldChangeText,
        ),
        (
            &long,
            vec![link("/g/", "burr grinder")],
            Rules::default(),
            Refusal::NotFound,
        ),
    ] {
        let applied = apply(source, Format::Markdown, &links, &rules);
        assert_eq!(applied.refused, [(0, want)], "{source}");
        assert_eq!(applied.body, source);
        assert!(!want.message().is_empty());
    }
}

#[test]
fn there_are_never_more_links_than_the_length_allows() {
    let source = "Fresh beans taste well. It rains. ".repeat(60);
    let body = source.replace("It rains. ", "It rains.\n\n");
    let links: Vec<Link> = (0..20).map(|i| link(&format!("/p{i}/"), "Fresh beans")).collect();
    let applied = apply(&body, Format::Markdown, &links, &Rules::default());
    assert_eq!(applied.inserted.len(), 360 / 100);
}

#[test]
fn undo_takes_one_link_and_leaves_other_changes() {
    let source = "A burr grinder here. Then it rains. A paper filter there.";
    let links = [link("/g/", "burr grinder"), link("/f/", "paper filter")];
    let applied = apply(source, Format::Markdown, &links, &loose());
    assert_eq!(applied.inserted.len(), 2);
    let edited = format!("New first words. {}", applied.body);
    let first = undo(&edited, Format::Markdown, &applied.inserted[..1]);
    assert_eq!(
        first.body,
        "New first words. A burr grinder here. Then it rains. A [paper filter](/f/) there."
    );
    assert!(first.missing.is_empty());
    let again = undo(&first.body, Format::Markdown, &applied.inserted[..1]);
    assert_eq!((again.body, again.missing), (first.body, vec![0]));
}

#[test]
fn the_place_that_was_shown_is_taken_if_it_is_still_there() {
    let source = "A burr grinder. It rains. Another burr grinder.";
    let at = source.rfind("burr");
    let wanted = Link {
        at,
        ..link("/g/", "burr grinder")
    };
    let applied = apply(source, Format::Markdown, std::slice::from_ref(&wanted), &loose());
    assert_eq!(applied.body, "A burr grinder. It rains. Another [burr grinder](/g/).");
    let moved = format!("Before. {source}");
    let applied = apply(&moved, Format::Markdown, &[wanted], &loose());
    assert_eq!(
        applied.body,
        "Before. A [burr grinder](/g/). It rains. Another burr grinder."
    );
}

#[test]
fn addresses_are_written_so_that_they_stay_addresses() {
    for format in [Format::Markdown, Format::Html] {
        for href in [
            "/a(b)c/",
            "/a\"b'c/",
            "/a b/",
            "/a>b<c/",
            "/x?a=1&b=[2]",
            "/ü/",
            "/a|b`c*d\\e",
        ] {
            let applied = apply("A burr grinder.", format, &[link(href, "burr grinder")], &loose());
            assert_eq!(applied.inserted.len(), 1, "{href}");
            let links = body::read(&applied.body, format).links;
            assert_eq!(links.len(), 1);
            assert_eq!(links[0].href, applied.inserted[0].href);
            assert_eq!(undo(&applied.body, format, &applied.inserted).body, "A burr grinder.");
        }
    }
}

#[test]
fn many_links_into_a_large_body_take_no_quadratic_time() {
    let time = std::time::Instant::now();
    let body = "a**burr grinder** b. It rains. ".repeat(30_000);
    let links: Vec<Link> = (0..2_000).map(|i| link(&format!("/p{i}/"), "burr grinder")).collect();
    let applied = apply(&body, Format::Markdown, &links, &loose());
    assert_eq!(applied.inserted.len() + applied.refused.len(), links.len());
    assert!(time.elapsed().as_secs() < 300);
}

// What follows reads the results with other eyes than ours: what pulldown-cmark renders, cleaned and repaired by html5ever.

/// Text without white space, links with their words, and whether a link is where none may be.
fn seen(html: &str) -> (String, Vec<(String, String)>, bool) {
    let mut cleaner = ammonia::Builder::default();
    cleaner
        .add_tags(["button", "figcaption", "figure", "label", "form", "main"])
        .link_rel(None)
        .url_relative(ammonia::UrlRelative::PassThrough);
    let clean = cleaner.clean(html).to_string();
    let (mut text, mut links, mut wrong) = (String::new(), Vec::new(), false);
    let mut open: Vec<String> = Vec::new();
    let mut open_ours = false;
    for token in html5gum::Tokenizer::new(&clean).flatten() {
        match token {
            html5gum::Token::StartTag(tag) => {
                let name = String::from_utf8_lossy(&tag.name).into_owned();
                if name == "a" {
                    let href = tag
                        .attributes
                        .get(&b"href"[..])
                        .map(|v| String::from_utf8_lossy(&v.value).into_owned());
                    let closed = [
                        "a",
                        "h1",
                        "h2",
                        "h3",
                        "code",
                        "pre",
                        "blockquote",
                        "th",
                        "td",
                        "button",
                        "figcaption",
                        "kbd",
                    ];
                    let ours = href.as_deref().is_some_and(|h| h.starts_with("/new"));
                    wrong |= ours && open.iter().any(|o| closed.contains(&o.as_str()));
                    // Links that were in each other before are not our doing.
                    wrong |= open_ours && open.contains(&name);
                    open_ours = ours;
                    links.push((href.unwrap_or_default(), String::new()));
                }
                if !["br", "img", "hr", "col", "wbr"].contains(&name.as_str()) {
                    open.push(name);
                }
            }
            html5gum::Token::EndTag(tag) => {
                let name = String::from_utf8_lossy(&tag.name).into_owned();
                if let Some(at) = open.iter().rposition(|o| *o == name) {
                    open.truncate(at);
                }
            }
            html5gum::Token::String(value) => {
                let value: String = String::from_utf8_lossy(&value).split_whitespace().collect();
                text.push_str(&value);
                if open.contains(&"a".to_owned())
                    && let Some(last) = links.last_mut()
                {
                    last.1.push_str(&value);
                }
            }
            _ => {}
        }
    }
    (text, links, wrong)
}

fn rendered(source: &str, format: Format) -> String {
    match format {
        Format::Html => source.to_owned(),
        Format::Markdown => {
            let mut out = String::new();
            let parser = pulldown_cmark::Parser::new_ext(source, crate::body::markdown_options());
            pulldown_cmark::html::push_html(&mut out, parser);
            out
        }
    }
}

const ANCHORS: [&str; 6] = [
    "burr grinder",
    "cold brew",
    "OpenBrew",
    "gute Mühle",
    "水泵维修",
    "أفضل قهوة",
];

fn check(source: &str, format: Format) -> Result<(), TestCaseError> {
    let links: Vec<Link> = ANCHORS
        .iter()
        .enumerate()
        .map(|(i, a)| link(&format!("/new{i}/"), a))
        .collect();
    let rules = loose();
    let applied = apply(source, format, &links, &rules);
    prop_assert_eq!(applied.inserted.len() + applied.refused.len(), links.len());

    let (text, before, _) = seen(&rendered(source, format));
    let (new_text, mut after, wrong) = seen(&rendered(&applied.body, format));
    prop_assert_eq!(&text, &new_text, "text changed: {}", applied.body);
    prop_assert!(!wrong, "a link in a link or another wrong place: {}", applied.body);
    let mut expected = before;
    let squeeze = |a: &str| a.split_whitespace().collect::<String>();
    expected.extend(applied.inserted.iter().map(|i| (i.href.clone(), squeeze(&i.anchor))));
    expected.sort();
    after.sort();
    prop_assert_eq!(expected, after, "other links: {}", applied.body);

    let again = apply(&applied.body, format, &links, &rules);
    prop_assert_eq!(&again.body, &applied.body, "a second run changed something");
    prop_assert!(again.inserted.is_empty());

    let undone = undo(&applied.body, format, &applied.inserted);
    prop_assert_eq!(&undone.body, source, "undo left something");
    prop_assert!(undone.missing.is_empty());
    // One at a time, from either end.
    let mut body = applied.body;
    for insertion in &applied.inserted {
        body = undo(&body, format, std::slice::from_ref(insertion)).body;
    }
    prop_assert_eq!(&body, source);
    Ok(())
}

fn words() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        6 => prop::sample::select(ANCHORS.to_vec()),
        6 => prop::sample::select(vec!["water", "the", "it rains.", "Good!", "why?", "and", "über", "filter;", "水", "و", "e.g."]),
    ];
    prop::collection::vec(word, 1..12).prop_map(|w| w.join(" "))
}

fn markdown_inline() -> impl Strategy<Value = String> {
    let around = prop::sample::select(vec![
        ("", ""),
        ("**", "**"),
        ("*", "*"),
        ("_", "_"),
        ("`", "`"),
        ("~~", "~~"),
        ("[", "](/old/)"),
        ("[", "][ref]"),
        ("[", "]"),
        ("![", "](i.png)"),
        ("<b>", "</b>"),
        ("<a href=\"/h/\">", "</a>"),
        ("<kbd>", "</kbd>"),
        ("<span>", ""),
        ("", "</a>"),
        ("<https://example.com/", ">"),
        ("\\", "\\"),
        ("!", ""),
        ("&amp;", "&lt;"),
        ("$", "$"),
        ("{{ ", " }}"),
        ("\"", "\""),
        ("(", ")"),
        ("[^1]", ""),
        ("<!-- ", " -->"),
        ("<a href=/open>", ""),
        ("<code>", ""),
        ("a", "b"),
        ("]", "["),
        ("- ", ""),
    ]);
    let part = (around, words()).prop_map(|((a, b), w)| format!("{a}{w}{b}"));
    let gap = prop::sample::select(vec![" ", " ", "\n", "", ". ", "  \n", "\n  "]);
    prop::collection::vec((part, gap), 1..6).prop_map(|p| p.into_iter().map(|(a, b)| a + b).collect())
}

fn markdown() -> impl Strategy<Value = String> {
    let shape = prop::sample::select(vec![
        ("", ""),
        ("# ", ""),
        ("> ", ""),
        ("- ", ""),
        ("1. ", ""),
        ("    ", ""),
        ("```\n", "\n```"),
        ("", "\n==="),
        ("| a |\n|---|\n| ", " |"),
        ("[^1]: ", ""),
        ("<div>", "</div>"),
        ("<blockquote>\n\n", "\n\n</blockquote>"),
        ("  - ", ""),
        ("[ref]: /r ", ""),
        ("---\n", "\n---"),
        ("<h2>", "</h2>"),
        ("<p>", ""),
        ("- [ ] ", ""),
        ("<figure>\n\n", "\n\n</figure>"),
        ("<table><tr><td>\n\n", "\n\n</td></tr></table>"),
    ]);
    let end = prop::sample::select(vec!["\n\n", "\n\n", "\n", "\r\n\r\n"]);
    let block = (shape, markdown_inline(), end).prop_map(|((a, b), w, e)| format!("{a}{w}{b}{e}"));
    prop::collection::vec(block, 1..7).prop_map(|b| b.concat())
}

fn html() -> impl Strategy<Value = String> {
    let tag = prop::sample::select(vec![
        "<p>",
        "</p>",
        "<div>",
        "</div>",
        "<h2>",
        "</h2>",
        "<ul><li>",
        "</li></ul>",
        "<li>",
        "<b>",
        "</b>",
        "<i>",
        "</i>",
        "<code>",
        "</code>",
        "<pre>",
        "</pre>",
        "<blockquote>",
        "</blockquote>",
        "<a href=\"/old/\">",
        "</a>",
        "<a name=x>",
        "<button>",
        "</button>",
        "<table>",
        "<tr>",
        "<td>",
        "<th>",
        "</td>",
        "</th>",
        "</tr>",
        "</table>",
        "<figure>",
        "<figcaption>",
        "</figcaption>",
        "</figure>",
        "<br>",
        "<img alt=\"burr grinder\">",
        "<span class=\"btn\">",
        "<span>",
        "</span>",
        "<!-- burr grinder -->",
        "&amp;",
        "&nbsp;",
        "&eacute;",
        "&lt",
        "<",
        ">",
        "</",
        "<!",
        "<kbd>",
        "</kbd>",
        "<p class=wp-caption-text>",
        "\r\n",
        "<dl><dt>",
        "<dd>",
        "</dl>",
        "<svg>",
        "</svg>",
        "<form>",
        "</form>",
        "<nav>",
        "</nav>",
        "<details><summary>",
        "</summary>",
        "</details>",
        "<x-unknown>",
        "<p title='a > b'>",
        "\"",
    ]);
    let part = prop_oneof![3 => tag.prop_map(str::to_owned), 4 => words().prop_map(|w| format!(" {w}. "))];
    prop::collection::vec(part, 1..30).prop_map(|p| p.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, max_shrink_iters: 5_000, ..ProptestConfig::default() })]

    #[test]
    fn links_change_nothing_but_themselves_in_markdown(source in markdown()) {
        check(&source, Format::Markdown)?;
    }

    #[test]
    fn links_change_nothing_but_themselves_in_html(source in html()) {
        check(&source, Format::Html)?;
    }

    #[test]
    fn links_change_nothing_in_noise(source in "([ -~]|burr grinder|\\n|[äß水\u{202e}\u{301}]){0,80}") {
        check(&source, Format::Markdown)?;
        check(&source, Format::Html)?;
    }
}

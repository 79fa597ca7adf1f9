//! Laws, read with other eyes than ours: what pulldown-cmark renders, cleaned and repaired by html5ever.

use proptest::prelude::*;

use super::tests::{apply, link, loose};
use super::*;

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

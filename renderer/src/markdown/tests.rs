use super::*;
use crate::address::Address;
use crate::site::Media;

struct Shelf(Vec<Media>);

impl Lookup for Shelf {
    fn known(&self, path: &str) -> Known {
        match path {
            "/" | "/about/" | "/blog/x/" => Known::Yes,
            "/about" => Known::WithSlash,
            p if self.media(p).is_some() => Known::Yes,
            _ => Known::No,
        }
    }
    fn media(&self, path: &str) -> Option<&Media> {
        self.0.iter().find(|m| m.path == path)
    }
}

fn html(body: Body) -> Html {
    with(body, Syntax::default())
}

fn with(body: Body, syntax: Syntax) -> Html {
    let address = Address::new("https://example.com/b").expect("valid");
    let shelf = Shelf(vec![Media {
        path: "/media/a.png".into(),
        source: "a".into(),
        mime: "image/png".into(),
        width: Some(640),
        height: Some(480),
        alt: "A hill".into(),
        bytes: 1,
        variants: Vec::new(),
        problem: None,
    }]);
    let labels = Labels::default();
    render(
        &body,
        &Context {
            address: &address,
            page: "/blog/x/",
            lookup: &shelf,
            labels: &labels,
            title: "The page",
            image_sizes: "100vw",
            first_image_eager: false,
            heading_level: 2,
            syntax,
            id_prefix: "",
        },
    )
}

fn md(source: &str) -> Html {
    html(Body::Markdown(source.into()))
}

#[test]
fn headings_get_unique_ids_and_one_level_down() {
    let out = md("# One\n\n## Two `x`\n\n## Two x\n\n## Own {#mine .c onclick=y}\n");
    let ids: Vec<(&str, u8)> = out.toc.iter().map(|t| (t.id.as_str(), t.level)).collect();
    assert_eq!(ids, [("one", 2), ("two-x", 3), ("two-x-1", 3), ("mine", 3)]);
    assert!(
        out.body
            .contains("<h3 id=\"two-x\">Two <code>x</code> <a class=\"anchor\" href=\"#two-x\""),
        "{}",
        out.body
    );
    assert!(!out.body.contains("onclick"));
}

#[test]
fn links_are_resolved_and_checked() {
    let out = md(
        "[a](/about) [b](../y/) [c](javascript:alert(1)) [d](https://o.org/?a=1&b=2) <me@x.org> [e](#here) [f](/about/#team)",
    );
    assert!(out.body.contains("<a href=\"/b/about/\">a</a>"), "{}", out.body);
    assert!(out.body.contains("<a href=\"/b/blog/y/\">b</a>"));
    assert!(out.body.contains(" c <a href=\"https://o.org/?a=1&amp;b=2\">d</a>"));
    assert!(out.body.contains("<a href=\"mailto:me@x.org\">"));
    let codes: Vec<&str> = out.findings.iter().map(|d| d.code).collect();
    assert_eq!(codes, ["link-missing", "link-refused"]);
    assert_eq!(
        out.fragments,
        [
            ("/blog/x/".to_string(), "here".to_string()),
            ("/about/".to_string(), "team".to_string())
        ]
    );
}

#[test]
fn images_are_sized_the_same_on_both_ways() {
    let expected =
        "<img src=\"/b/media/a.png\" alt=\"A hill\" width=\"640\" height=\"480\" loading=\"lazy\" decoding=\"async\">";
    assert!(md("![](/media/a.png)").body.contains(expected));
    assert!(
        html(Body::Html("<p><img src='/media/a.png' onerror=x></p>".into()))
            .body
            .contains(expected)
    );
    let half = html(Body::Html("<img src='/media/a.png' width=320 alt=h>".into()));
    assert!(half.body.contains("width=\"320\" height=\"240\""), "{}", half.body);
    let figure = md("![h](/media/a.png \"The hill\")");
    assert!(figure.body.starts_with("<figure><img") && figure.body.contains("<figcaption>The hill</figcaption>"));
}

#[test]
fn raw_html_is_cleaned_and_finished() {
    let out = md(
        "## H <b>i</b>\n\n<div onclick=x style='color:red' class='note evil'>a <script>alert(1)</script><a href='java&#10;script:x'>l</a><iframe src=x></iframe></div>\n\n[ok](/about)\n\n| a | b |\n|:--|--:|\n| 1 | 2 |\n",
    );
    for bad in ["onclick", "style", "script", "iframe", "evil"] {
        assert!(!out.body.contains(bad), "{bad} in {}", out.body);
    }
    assert!(out.body.contains("<div class=\"note\">"), "{}", out.body);
    assert!(out.body.contains("<a href=\"/b/about/\">ok</a>"));
    assert!(out.body.contains("<div class=\"table-wrap\""));
    assert!(out.body.contains("<td class=\"right\">2</td>"));
    assert_eq!(out.toc[0].id, "h-i");
}

#[test]
fn arrangements_of_imported_texts_stay() {
    let out = html(Body::Html(
        "<div class=\"wp-block-columns are-vertically-aligned-top has-background\" style=\"gap:1em\"><div class=\"wp-block-column\" \
         style=\"flex-basis:33%\"><p>a</p></div><div class=\"wp-block-column\"><figure class=\"wp-block-gallery columns-2\">\
         <figure class=\"wp-block-image size-large\"><img src=\"/media/a.png\" class=\"wp-image-1\"></figure></figure></div></div>\
         <div class=\"wp-block-buttons\"><div class=\"wp-block-button button\"><a class=\"wp-block-button__link button\" href=\"/about/\">b</a>\
         </div></div><hr class=\"wp-block-separator\">"
            .into(),
    ))
    .body;
    for part in [
        "<div class=\"wp-block-columns\"><div class=\"wp-block-column\"><p>a</p></div>",
        "<figure class=\"wp-block-gallery\"><figure><img ",
        "<div class=\"wp-block-buttons\"><div class=\"wp-block-button\"><a href=\"/b/about/\">b</a>",
    ] {
        assert!(out.contains(part), "{part} missing in {out}");
    }
    for bad in ["style=", "aligned", "wp-image", "size-large", "separator"] {
        assert!(!out.contains(bad), "{bad} in {out}");
    }
}

#[test]
fn tables_notes_tasks_and_footnotes() {
    let out = md(
        "| a |\n|:-:|\n| 1 |\n\n> [!WARNING]\n> hot\n\n- [x] done\n\nText[^a] and[^b] again[^a].\n\n[^a]: First[^b].\n[^b]: Second.\n",
    );
    for part in [
        "<th scope=\"col\" class=\"center\">a</th>",
        "<div class=\"note note-warning\"><p class=\"note-title\">Warning</p>",
        "<input type=\"checkbox\" disabled checked",
        "id=\"fnref-1-2\"",
        "<li id=\"fn-2\"><p>Second. <a class=\"footnote-back\"",
    ] {
        assert!(out.body.contains(part), "{part} missing in {}", out.body);
    }
    assert!(!out.body.contains("style="));
}

#[test]
fn links_and_images_that_cleaning_takes_away_are_told() {
    let refused = "<p>a <a href='javascript:alert(1)'>click <b>here</b></a> <a href=\"JaVa&#x09;Script:x\" onclick=y>or here</a> \
                   <a href='data:text/html,x'></a><img src='javascript:x' alt='a hill'> <a name='top'></a><a href='/about'>b</a></p>";
    for out in [html(Body::Html(refused.into())), md(refused)] {
        assert!(
            !out.body.contains("cript:") && !out.body.contains("<img"),
            "{}",
            out.body
        );
        let told: Vec<(&str, &str)> = out.findings.iter().map(|d| (d.code, d.message.as_str())).collect();
        let codes: Vec<&str> = told.iter().map(|(code, _)| *code).collect();
        assert_eq!(codes, ["link-refused", "link-refused", "image-refused"], "{told:?}");
        for ((_, message), words) in told.iter().zip(["“click here”", "“or here”", "“a hill”"]) {
            assert!(message.contains(words), "{message}");
        }
    }
    let mixed = md("<b>x</b> [click](javascript:alert(1)) ![a hill](javascript:x)\n");
    let codes: Vec<&str> = mixed.findings.iter().map(|d| d.code).collect();
    assert_eq!(codes, ["link-refused", "image-refused"], "{:?}", mixed.findings);
    assert!(md("![a hill]()\n").findings.iter().any(|d| d.code == "image-refused"));
}

#[test]
fn comments_leave_no_trace() {
    let out = md("one\n\n<!-- more -->\n\ntwo <!-- x --> three\n");
    assert!(!out.body.contains("--") && out.body.contains("two"), "{}", out.body);
    let tricky = md("<!-- a --><script>alert(1)</script><!-- b -->");
    assert!(!tricky.body.contains("script"), "{}", tricky.body);
}

#[test]
fn escapes_what_is_not_markup() {
    let out = md("`<script>` \\<b> & \"q\"\n\n```<x>\"y\n<script>\n```\n");
    assert!(!out.body.contains("<script"), "{}", out.body);
    assert!(!out.body.contains("<b>"));
}

#[test]
fn a_repeated_title_is_left_out() {
    assert_eq!(md("# The page\n\nText.").body.trim(), "<p>Text.</p>");
    assert_eq!(
        html(Body::Html("<h1>The page</h1><p>Text.</p>".into())).body,
        "<p>Text.</p>"
    );
    assert!(md("Text.\n\n# The page\n").body.contains("<h2"));
}

#[test]
fn old_anchors_are_places() {
    let out = md("- <a name=\"tool\"></a>Here\n\n[up](#tool) <a id='b' href='irc://x.org/y'>b</a>\n");
    assert!(out.body.contains("<a id=\"tool\"></a>"), "{}", out.body);
    assert!(out.body.contains("<a href=\"irc://x.org/y\" id=\"b\">"), "{}", out.body);
    assert_eq!(out.ids, ["tool", "b"]);
}

#[test]
fn code_is_coloured_on_both_ways() {
    let source = "```rust,ignore\nlet x = \"<b>&\";\n```\n";
    let expected = "<pre tabindex=\"0\"><code class=\"language-rust\"><span class=\"hk\">let</span> x = <span class=\"hs\">\"&lt;b&gt;&amp;\"</span>;\n</code></pre>";
    assert_eq!(md(source).body.trim(), expected);
    let mixed = md(&format!("<b>x</b>\n\n{source}")).body;
    assert!(mixed.contains(expected), "{mixed}");
    let imported = html(Body::Html(
        "<pre><code class='language-rust hk'>let x = \"&lt;b&gt;&amp;\";</code></pre>".into(),
    ))
    .body;
    assert!(
        imported.contains("<span class=\"hk\">let</span>") && !imported.contains("rust hk"),
        "{imported}"
    );
    let lie = md("<span class=\"hk\">x</span>").body;
    assert!(!lie.contains("hk"), "{lie}");
    let unknown = md("```klingon\n<x>\n```\n");
    assert!(unknown.body.contains(">&lt;x&gt;\n</code>"), "{}", unknown.body);
    assert_eq!(unknown.findings[0].code, "code-language");
    assert!(md("```\nif\n```\n\n    if\n").findings.is_empty());
}

#[test]
fn headings_leave_out_no_level() {
    let levels = |source: &str| md(source).toc.iter().map(|t| t.level).collect::<Vec<_>>();
    let cases: [(&str, &[u8]); 6] = [
        ("# A\n\n## B\n\n### C\n", &[2, 3, 4]),
        ("## A\n\n### B\n\n## C\n", &[2, 3, 2]),
        ("#### A\n\n## B\n\n#### C\n\n### D\n\n###### E\n", &[2, 2, 3, 3, 4]),
        ("### A\n\n### B\n", &[2, 2]),
        ("## A\n\n# B\n\n## C\n", &[2, 2, 3]),
        ("# A\n\n## \n\n## B\n", &[2, 3]),
    ];
    for (source, expected) in cases {
        assert_eq!(levels(source), expected, "{source}");
        let html = source
            .lines()
            .filter(|l| !l.is_empty())
            .map(|line| {
                let (marks, text) = line.split_once(' ').expect("a heading");
                let level = marks.len();
                format!("<h{level}>{text}</h{level}>")
            })
            .collect::<String>();
        let of_html: Vec<u8> = self::html(Body::Html(html)).toc.iter().map(|t| t.level).collect();
        assert_eq!(of_html, expected, "as HTML: {source}");
    }
    let codes = |source: &str| md(source).findings.iter().map(|d| d.code).collect::<Vec<_>>();
    assert_eq!(
        codes("## A\n\n#### B\n\n##### C\n\n# \n"),
        ["heading-empty", "heading-levels"]
    );
    assert_eq!(codes("# A\n\n## B\n\n# C\n"), [""; 0]);
}

#[test]
fn links_say_something() {
    let out = md("a [](/about) b [![](/media/a.png)](/about) [![](https://e.org/x.png)](https://e.org/p?q)\n");
    assert!(out.body.contains("<p>a  b <a href=\"/b/about/\"><img"), "{}", out.body);
    assert!(
        out.body
            .contains("<a aria-label=\"e.org/p\" href=\"https://e.org/p?q\"><img"),
        "{}",
        out.body
    );
    let codes: Vec<&str> = out.findings.iter().map(|d| d.code).collect();
    assert_eq!(codes, ["link-empty", "alt-missing", "link-empty"]);
    let imported = html(Body::Html(
        "<p>a<a href='/about'> </a>b<a id='x' href='/about'></a></p>".into(),
    ));
    assert_eq!(imported.body, "<p>a b<a href=\"/b/about/\" id=\"x\"></a></p>");
}

#[test]
fn anchors_stand_neither_in_links_nor_in_summaries() {
    let out = html(Body::Html(
        "<a href='/about'><h2>A</h2></a><details><summary><h2>B</h2></summary>c</details><h2>D</h2>".into(),
    ));
    assert_eq!(out.body.matches("class=\"anchor\"").count(), 1, "{}", out.body);
}

#[test]
fn tables_are_called_after_what_stands_above() {
    let out = md("| a |\n|---|\n| 1 |\n\n## Prices <b>now</b>\n\n| a |\n|---|\n| 1 |\n");
    assert!(
        out.body.contains("role=\"group\" tabindex=\"0\" aria-label=\"Table\""),
        "{}",
        out.body
    );
    assert!(
        out.body
            .contains("role=\"group\" tabindex=\"0\" aria-label=\"Table: Prices now\""),
        "{}",
        out.body
    );
}

#[test]
fn bare_addresses_and_definitions() {
    let out = md("See https://e.org/a_b?c=d&e, `https://e.org` and [www.e.org](/about).\n\nTea\n: a leaf\n");
    assert!(
        out.body
            .contains("<a href=\"https://e.org/a_b?c=d&amp;e\">https://e.org/a_b?c=d&amp;e</a>,"),
        "{}",
        out.body
    );
    assert_eq!(out.body.matches("<a ").count(), 2, "{}", out.body);
    assert!(
        out.body.contains("<dl>\n<dt>Tea</dt>\n<dd>a leaf</dd>\n</dl>"),
        "{}",
        out.body
    );
}

#[test]
fn syntax_is_what_the_settings_say() {
    let source = "\"It's\" -- $x^2$ and $5 or $6.\n";
    let plain = md(source).body;
    assert!(plain.contains("\"It's\" -- $x^2$"), "{plain}");
    let all = with(
        Body::Markdown(source.into()),
        Syntax {
            math: true,
            typographer: true,
        },
    )
    .body;
    assert!(all.contains("“It’s” – <math") && all.contains("$5 or $6."), "{all}");
    let mixed = with(
        Body::Markdown(format!("<b>x</b> {source}")),
        Syntax {
            math: true,
            typographer: false,
        },
    )
    .body;
    assert!(mixed.contains("<math") && !mixed.contains("<code"), "{mixed}");
    let broken = with(
        Body::Markdown("$\\nothing$".into()),
        Syntax {
            math: true,
            typographer: false,
        },
    );
    assert!(
        broken.body.contains("<code>\\nothing</code>") && broken.findings[0].code == "math",
        "{}",
        broken.body
    );
}

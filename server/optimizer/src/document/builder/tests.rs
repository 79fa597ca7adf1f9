use super::*;
use crate::document::{SentenceRef, Target};

fn blocks(html: &str) -> Vec<(Kind, String)> {
    let document = Document::read(html, Language::English, "example.com");
    document
        .blocks()
        .iter()
        .map(|b| (b.kind, document.text_of(b).to_owned()))
        .collect()
}

#[test]
fn blocks_are_found_in_any_html() {
    use Kind::{Caption, Cell, Heading, ListItem, Paragraph};
    let cases: &[(&str, &[(Kind, &str)])] = &[
        ("", &[]),
        ("bare <b>bold</b> text", &[(Paragraph, "bare bold text")]),
        ("<p>a  b\nc<p>d", &[(Paragraph, "a b\nc"), (Paragraph, "d")]),
        ("<p>a<br>b<br> <br>c</p>", &[(Paragraph, "a\nb"), (Paragraph, "c")]),
        (
            "<h2>A <em>b</em></h2><h3></h3>t",
            &[(Heading(2), "A b"), (Heading(3), ""), (Paragraph, "t")],
        ),
        (
            "<ul><li>a<li>b<p>c</p></ul>d",
            &[(ListItem, "a"), (ListItem, "b"), (ListItem, "c"), (Paragraph, "d")],
        ),
        (
            "<table><tr><th>a<td>b</table><figure><figcaption>c</figcaption></figure>",
            &[(Cell, "a"), (Cell, "b"), (Caption, "c")],
        ),
        ("<p>use <code>x.y</code> now</p><pre>z</pre>", &[(Paragraph, "use now")]),
        ("<blockquote><p>q</p></blockquote><p>a", &[(Paragraph, "a")]),
        (
            "a<script>x()</script><style>b{}</style>c<!-- d -->e",
            &[(Paragraph, "ace")],
        ),
        ("&lt;b&gt; &amp; caf&eacute;&nbsp;x", &[(Paragraph, "<b> & café x")]),
        ("</p></div>a</ul>b", &[(Paragraph, "ab")]),
        ("<code></div></p>x</code>y", &[(Paragraph, "y")]),
        ("<p>—</p><p>🦀</p>", &[]),
    ];
    for (html, expected) in cases {
        let expected: Vec<(Kind, String)> = expected.iter().map(|(k, t)| (*k, (*t).to_owned())).collect();
        assert_eq!(blocks(html), expected, "{html}");
    }
}

#[test]
fn links_and_images_are_found() {
    let html = r##"<a href=" /a " rel="NoFollow x">one <b>two</b></a> <a href="https://x.org"><img src=i alt="pic"></a>
        <a>none</a><a href="#t">t</a><img src="j"><blockquote><a href="/q">q</a><img></blockquote><a href=/open>open"##;
    let document = Document::read(html, Language::English, "example.com");
    let found: Vec<(&str, &str, Target, bool)> = document
        .links
        .iter()
        .map(|l| (l.href.as_str(), l.anchor.as_str(), l.target, l.nofollow))
        .collect();
    assert_eq!(
        found,
        [
            ("/a", "one two", Target::Internal, true),
            ("https://x.org", "pic", Target::External, false),
            ("#t", "t", Target::Other, false),
            ("/open", "open", Target::Internal, false),
        ]
    );
    let images: Vec<Option<&str>> = document.images.iter().map(|i| i.alt.as_deref()).collect();
    assert_eq!(images, [Some("pic"), None]);
}

#[test]
fn sentences_belong_to_blocks_and_words_to_sentences() {
    let document = Document::read("<h2>Head</h2><p>One two. Three! – Four", Language::English, "");
    let found: Vec<Vec<&str>> = document
        .blocks()
        .iter()
        .map(|b| document.sentences_of(b).map(SentenceRef::text).collect())
        .collect();
    assert_eq!(found, [vec!["Head"], vec!["One two.", "Three! – Four"]]);
    assert_eq!(document.words().len(), 5);
    let uses: u32 = document.vocabulary().uses().iter().sum();
    assert_eq!(uses, 5);
}

#[test]
fn hostile_html_is_read_in_linear_time() {
    let many = 200_000;
    let cases = [
        "<div>".repeat(many),
        "<blockquote>".repeat(many / 2) + &"</blockquote>".repeat(many / 2) + "<p>end</p>",
        "<b>".repeat(many) + &"</p>".repeat(many),
        format!(
            "<a {}>x</a>",
            (0..many / 4).map(|i| format!("a{i} ")).collect::<String>()
        ),
        "<a href=x>".repeat(many / 2),
        "</div>".repeat(many),
        ". ".repeat(many),
        "a.".repeat(many),
        "<br>".repeat(many),
        "&amp".repeat(many),
        "<ul><li>".repeat(many / 2),
        " ".repeat(5 * many),
        "<h2>".repeat(many),
    ];
    let start = std::time::Instant::now();
    for html in &cases {
        let document = Document::read(html, Language::English, "example.com");
        assert!(document.blocks().len() <= many);
    }
    // A square of that would take hours.
    assert!(start.elapsed().as_secs() < 120);
}

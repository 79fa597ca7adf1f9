use super::*;

/// The words of a body that a link may be put around, by trying every word.
fn open_words(source: &str, format: Format) -> Vec<String> {
    let mut out = Vec::new();
    for block in read(source, format).blocks {
        for (at, word) in igny8_text::index::tokens(&block.text) {
            if let Some(place) = block.source_of(&(at..at + word.len())) {
                assert_eq!(&source[place.clone()], word, "{source}");
                assert_eq!(block.text_of(&place), Some(at..at + word.len()));
                out.push(word.to_owned());
            }
        }
    }
    out
}

#[test]
fn markdown_is_open_in_paragraphs_and_lists_only() {
    for (source, want) in [
        ("plain words", "plain words"),
        ("# heading\n\ntext", "text"),
        ("heading\n===\n\ntext", "text"),
        ("- item one\n- item two\n\n  more", "item one item two more"),
        ("> quoted\n\ntext", "text"),
        ("    code\n\ntext `code` text", "text text"),
        ("```\ncode\n```", ""),
        ("[linked](/a) ![alt](b.png) free", "free"),
        ("<https://example.com> [ref] free\n\n[ref]: /x", "free"),
        ("| head |\n|---|\n| cell |", ""),
        ("note[^1] here\n\n[^1]: footnote text", "note here"),
        (
            "a <b>bold</b> <a href=\"/x\">linked</a> <kbd>key</kbd> end",
            "a bold end",
        ),
        ("<div>raw</div>\n\nfree", "free"),
        ("<blockquote>\n\nquoted\n\n</blockquote>\n\nfree", "free"),
        ("<a href=\"/x\">\n\ninside\n\n</a>\n\nfree", "free"),
        ("**strong** and *soft* ~~gone~~", "strong and soft gone"),
        ("AT&amp;T is \\*here\\*", "AT T is here"),
        ("sum $x+y$ of $5 and $10", "sum of 5 and 10"),
        ("use {{ figure(src=\"x\") }} or {% raw %} now", "use or now"),
        (
            "mail me@example.com or see www.example.com/a and https://example.com/b now",
            "mail or see and now",
        ),
        ("---\ntitle: word\n---\n\nbody", "body"),
        ("+++\ntitle = 1\n+++\n\nbody", "body"),
        ("- [ ] task words", "task words"),
        ("one\ntwo", "one two"),
    ] {
        assert_eq!(open_words(source, Format::Markdown).join(" "), want, "{source}");
    }
}

#[test]
fn html_is_open_in_paragraphs_and_lists_only() {
    for (source, want) in [
        ("<p>plain <b>words</b></p>", "plain words"),
        ("<h2>heading</h2><p>text</p>", "text"),
        ("<ul><li>one<li>two</ul>", "one two"),
        ("bare text<br>more", "bare text more"),
        ("<p>a <a href=/x>linked</a> b", "a b"),
        ("<p><a href=/x>open <p>still inside</a> out", "out"),
        (
            "<p>a <code>b</code> <pre>c</pre> <kbd>d</kbd> <button>e</button> f",
            "a f",
        ),
        ("<code><p>x</p>y</code> z", "z"),
        ("<blockquote><p>quoted</p></blockquote><p>free", "free"),
        (
            "<figure><img alt=x><figcaption>caption</figcaption></figure><p>free</p>",
            "free",
        ),
        (
            "<p class=\"wp-caption-text\">caption</p><p><span class='btn big'>press</span> free</p>",
            "free",
        ),
        ("<table><tr><th>head<td>cell</table>free", "free"),
        ("<script>var x = '<p>no</p>'</script><style>p{}</style><p>free", "free"),
        ("<!-- comment --><p>free<!-- another --> text", "free text"),
        ("<p>AT&amp;T &lt;tag&gt; caf&eacute; free", "AT T tag free"),
        ("<p>[caption id=\"1\"]no[/caption] free", "no free"),
        ("<a href=/x><table><td></a>lost</table> all <p>of it", ""),
        ("<svg><text>drawn</text></svg>free", "free"),
        (
            "<p class=wp-caption-text><svg><figure>in it</figure></svg></p>out",
            "out",
        ),
        ("<div><kbd><div>still</kbd> in it", ""),
        ("<td><h2></td>in it", ""),
        ("<p><h2></p>in it", ""),
        ("<dl><dt>term<dd>text</dl>", "text"),
        ("<details><summary>more</summary>free</details>", "free"),
    ] {
        assert_eq!(open_words(source, Format::Html).join(" "), want, "{source}");
    }
}

#[test]
fn links_are_found_with_their_words() {
    let found = |source: &str, format: Format| -> Vec<(String, String, String)> {
        let links = read(source, format).links.into_iter();
        links.map(|l| (l.href, l.anchor, source[l.inner].to_owned())).collect()
    };
    let own = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
    assert_eq!(
        found(
            "A [**b** c](/d \"t\"), <a href='/e?a&amp;b'>f</a>, [![alt](i.png)](/g).",
            Format::Markdown
        ),
        [
            own("/d", "b c", "**b** c"),
            own("/e?a&b", "f", "f"),
            own("/g", "alt", "![alt](i.png)")
        ]
    );
    assert_eq!(
        found(
            "<p><a href=\"/x\">one <em>two</em></a> <a name=y>old</a> <a href=/z><img alt=three></a>",
            Format::Html
        ),
        [
            own("/x", "one two", "one <em>two</em>"),
            own("/z", "three", "<img alt=three>")
        ]
    );
}

#[test]
fn hostile_bodies_are_read_in_time() {
    let time = std::time::Instant::now();
    for (piece, format) in [
        ("> ", Format::Markdown),
        ("[", Format::Markdown),
        ("[a](b", Format::Markdown),
        ("{{ $ \\( www.", Format::Markdown),
        ("* ", Format::Markdown),
        ("<a href=x>", Format::Markdown),
        ("[word](/x) ", Format::Markdown),
        ("<div>", Format::Html),
        ("<a><table>", Format::Html),
        ("</q>", Format::Html),
        ("<b><i></b>", Format::Html),
        ("&amp", Format::Html),
        ("x", Format::Html),
        ("é\u{301}水\u{202e}אב", Format::Html),
        ("<p>word <a href=\"/x\">y</a>", Format::Html),
    ] {
        let source = piece.repeat(500_000 / piece.len());
        read(&source, format);
    }
    // Seconds in a debug build; hours if anything were quadratic.
    assert!(time.elapsed().as_secs() < 300);
}

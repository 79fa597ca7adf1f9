//! The examples of the CommonMark specification, and a table of cases after GitHub's.

use igny8_renderer::markdown::specified;
use serde::Deserialize;

#[derive(Deserialize)]
struct Example {
    number: u32,
    section: String,
    markdown: String,
    html: String,
}

/// Byte for byte, without the normalising that the specification's own runner allows. Nothing is excepted.
#[test]
fn every_example_of_the_specification_passes() {
    let examples: Vec<Example> =
        serde_json::from_str(include_str!("../fixtures/commonmark/spec-0.31.2.json")).expect("the fixture is JSON");
    assert_eq!(examples.len(), 652);
    let failed: Vec<String> = examples
        .iter()
        .filter_map(|e| {
            let got = specified(&e.markdown);
            (got != e.html).then(|| {
                format!(
                    "{} ({}): {:?}\n  wanted {:?}\n  got    {got:?}",
                    e.number, e.section, e.markdown, e.html
                )
            })
        })
        .collect();
    assert!(failed.is_empty(), "{} fail:\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn extensions_of_github() {
    let cases: &[(&str, &str)] = &[
        (
            "| a | b |\n| - | - |\n| 1 | 2 |\n",
            "<table>\n<thead>\n<tr>\n<th>a</th>\n<th>b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>1</td>\n<td>2</td>\n</tr>\n</tbody>\n</table>\n",
        ),
        (
            "a | b | c\n:-- | :-: | --:\n1 | 2 | 3\n",
            "<table>\n<thead>\n<tr>\n<th align=\"left\">a</th>\n<th align=\"center\">b</th>\n<th align=\"right\">c</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td align=\"left\">1</td>\n<td align=\"center\">2</td>\n<td align=\"right\">3</td>\n</tr>\n</tbody>\n</table>\n",
        ),
        // A pipe in a cell is escaped, in code too; other marks work inside cells.
        (
            "| a\\|b |\n| - |\n| `x\\|y` *z* |\n",
            "<table>\n<thead>\n<tr>\n<th>a|b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td><code>x|y</code> <em>z</em></td>\n</tr>\n</tbody>\n</table>\n",
        ),
        // Rows are cut and filled to the width of the head.
        (
            "| a | b |\n| - | - |\n| 1 |\n| 1 | 2 | 3 |\n",
            "<table>\n<thead>\n<tr>\n<th>a</th>\n<th>b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>1</td>\n<td></td>\n</tr>\n<tr>\n<td>1</td>\n<td>2</td>\n</tr>\n</tbody>\n</table>\n",
        ),
        // A head alone has no body.
        (
            "| a |\n| - |\n",
            "<table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n</table>\n",
        ),
        // The line below the head must have as many cells as the head.
        ("| a | b |\n| - |\n", "<p>| a | b |\n| - |</p>\n"),
        // Another block ends a table.
        (
            "| a |\n| - |\n| 1 |\n> q\n",
            "<table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>1</td>\n</tr>\n</tbody>\n</table>\n<blockquote>\n<p>q</p>\n</blockquote>\n",
        ),
        ("~~gone~~ and ~also~\n", "<p><del>gone</del> and <del>also</del></p>\n"),
        (
            "~~not\n\nover paragraphs~~\n",
            "<p>~~not</p>\n<p>over paragraphs~~</p>\n",
        ),
        (
            "~~~three~~~\n",
            "<pre><code class=\"language-three~~~\"></code></pre>\n",
        ),
        ("a ~~~three~~~ b\n", "<p>a ~~~three~~~ b</p>\n"),
        (
            "- [ ] a\n- [x] b\n- c\n",
            "<ul>\n<li><input disabled=\"\" type=\"checkbox\"> a</li>\n<li><input checked=\"\" disabled=\"\" type=\"checkbox\"> b</li>\n<li>c</li>\n</ul>\n",
        ),
        (
            "- [x] a\n  - [ ] b\n",
            "<ul>\n<li><input checked=\"\" disabled=\"\" type=\"checkbox\"> a\n<ul>\n<li><input disabled=\"\" type=\"checkbox\"> b</li>\n</ul>\n</li>\n</ul>\n",
        ),
        // What CommonMark reads as text stays text.
        ("# x {#y}\n", "<h1>x {#y}</h1>\n"),
        ("> [!NOTE]\n> n\n", "<blockquote>\n<p>[!NOTE]\nn</p>\n</blockquote>\n"),
        ("a[^1]\n\n[^1]: /u\n", "<p>a<a href=\"/u\">^1</a></p>\n"),
        ("<script>x</script>\n", "<script>x</script>\n"),
    ];
    for (source, expected) in cases {
        assert_eq!(specified(source), *expected, "{source:?}");
    }
}

use proptest::prelude::*;

use super::*;

fn html(language: &str, code: &str) -> String {
    let mut out = String::new();
    highlight(language, code, &mut out);
    out
}

/// Spans as `class:text`, the plain text between them left out.
fn pieces(language: &str, code: &str) -> Vec<String> {
    let html = html(language, code);
    html.split("<span class=\"")
        .skip(1)
        .map(|piece| {
            let (class, rest) = piece.split_once("\">").expect("a class");
            format!("{class}:{}", rest.split("</span>").next().expect("an end"))
        })
        .collect()
}

#[test]
fn tells_pieces_apart() {
    let cases: &[(&str, &str, &[&str])] = &[
        (
            "rust",
            "fn a<'x>() -> Vec<u8> { b!(\"\\\"q\", 'c', 1_0.5e-3) } // d",
            &[
                "hk:fn",
                "hf:a",
                "ht:'x",
                "ht:Vec",
                "ht:u8",
                "hf:b",
                "hs:\"\\\"q\"",
                "hs:'c'",
                "hn:1_0.5e-3",
                "hc:// d",
            ],
        ),
        (
            "rs",
            "#[derive(A)]\nr#\"x\"y\"# /* a /* b */ c */ MAX_N",
            &["hm:#[derive(A)]", "hs:r#\"x\"y\"#", "hc:/* a /* b */ c */", "hl:MAX_N"],
        ),
        (
            "js",
            "const a = `x${b(1)}y`; /r\\/x[/]/g; a / 2 / 3",
            &[
                "hk:const",
                "hs:`x",
                "hm:${",
                "hf:b",
                "hn:1",
                "hm:}",
                "hs:y`",
                "hs:/r\\/x[/]/g",
                "hn:2",
                "hn:3",
            ],
        ),
        (
            "ts",
            "interface A { b: string }",
            &["hk:interface", "ht:A", "ht:string"],
        ),
        (
            "python",
            "@d\ndef f(x):\n    '''doc\n'''\n    return f\"{x}\" # c",
            &[
                "hm:@d",
                "hk:def",
                "hf:f",
                "hs:'''doc\n'''",
                "hk:return",
                "hs:f\"{x}\"",
                "hc:# c",
            ],
        ),
        (
            "go",
            "func main() { x := `a\nb` }",
            &["hk:func", "hf:main", "hs:`a\nb`"],
        ),
        (
            "java",
            "@Override public Map<K, V> a() { return null; }",
            &[
                "hm:@Override",
                "hk:public",
                "ht:Map",
                "ht:K",
                "ht:V",
                "hf:a",
                "hk:return",
                "hl:null",
            ],
        ),
        (
            "c",
            "#include <a.h>\n#define N 1\nint x = 'a';",
            &[
                "hm:#include",
                "hs:&lt;a.h&gt;",
                "hm:#define",
                "hn:1",
                "ht:int",
                "hs:'a'",
            ],
        ),
        ("c#", "var s = $\"{x}\"; // c", &["hk:var", "hs:\"{x}\"", "hc:// c"]),
        (
            "php",
            "<?php $a = \"b $c\"; ?>",
            &["hm:&lt;?php", "hv:$a", "hs:\"b ", "hv:$c", "hs:\"", "hm:?&gt;"],
        ),
        (
            "ruby",
            "def a(b) @c = :d end # e",
            &["hk:def", "hf:a", "hv:@c", "hl::d", "hk:end", "hc:# e"],
        ),
        (
            "bash",
            "for f in *; do echo \"$f\" --all a#b; done # c",
            &[
                "hk:for", "hk:in", "hk:do", "hf:echo", "hs:\"", "hv:$f", "hs:\"", "ha:--all", "hk:done", "hc:# c",
            ],
        ),
        (
            "sh",
            "cat <<EOF > x\nif $y\nEOF\nls",
            &["hm:&lt;&lt;EOF", "hs:if $y\n", "hm:EOF", "hf:ls"],
        ),
        (
            "SQL",
            "SELECT count(*) FROM t WHERE a = 'it''s' -- c",
            &["hk:SELECT", "hf:count", "hk:FROM", "hk:WHERE", "hs:'it''s'", "hc:-- c"],
        ),
        (
            "html",
            "<a href=\"x\">&amp;</a><!-- c --><style>b{c:1px}</style>",
            &[
                "hg:a",
                "ha:href",
                "hs:\"x\"",
                "hl:&amp;amp;",
                "hg:a",
                "hc:&lt;!-- c --&gt;",
                "hg:style",
                "hg:b",
                "hp:c",
                "hn:1px",
                "hg:style",
            ],
        ),
        (
            "css",
            "@media x { a:hover { color: #fff !important; --b: var(--c) } }",
            &[
                "hk:@media",
                "hg:a:hover",
                "hp:color",
                "hl:#fff",
                "hk:!important",
                "hp:--b",
                "hf:var",
                "hv:--c",
            ],
        ),
        (
            "json",
            "{\"a\": [\"b\", -1.5, null]}",
            &["hp:\"a\"", "hs:\"b\"", "hn:-1.5", "hl:null"],
        ),
        (
            "yaml",
            "a:\n  - b: \"c\" # d\n  e: |\n    f: g\n  h: true",
            &[
                "hp:a",
                "hp:b",
                "hs:\"c\"",
                "hc:# d",
                "hp:e",
                "hs:    f: g\n",
                "hp:h",
                "hl:true",
            ],
        ),
        (
            "toml",
            "[a]\nb = \"c\" # d\ne = [1, true]",
            &["hg:[a]", "hp:b", "hs:\"c\"", "hc:# d", "hp:e", "hn:1", "hl:true"],
        ),
        ("ini", "; a\n[b]\nc = d", &["hc:; a\n", "hg:[b]\n", "hp:c"]),
        (
            "xml",
            "<?xml version=\"1.0\"?><a:b c='d'/>",
            &["hm:&lt;?xml version=\"1.0\"?&gt;", "hg:a:b", "ha:c", "hs:'d'"],
        ),
        (
            "markdown",
            "# a\n- `b` [c](d)\n```js\nx\n```\n",
            &[
                "hg:# a\n",
                "hk:-",
                "hs:`b`",
                "hv:(d)",
                "hm:```js\n",
                "hs:x\n",
                "hm:```\n",
            ],
        ),
        (
            "dockerfile",
            "FROM a:1 AS b\nRUN x --y $z",
            &["hk:FROM", "hn:1", "hk:AS", "hk:RUN", "ha:--y", "hv:$z"],
        ),
        (
            "diff",
            "--- a\n+++ b\n@@ 1 @@\n-c\n+d\n e",
            &["hm:--- a\n+++ b\n", "hk:@@ 1 @@\n", "hd:-c\n", "hi:+d\n"],
        ),
        ("console", "$ ls -l\ntotal 0\n", &["hm:$ ", "hf:ls", "ha:-l"]),
        ("text", "if <x>", &[]),
    ];
    for (language, code, expected) in cases {
        assert_eq!(
            pieces(language, code),
            *expected,
            "{language}: {}",
            html(language, code)
        );
    }
}

#[test]
fn knows_names_in_any_case() {
    for name in ["Rust", "C++", "yml", "TXT", "Dockerfile", "objective-c"] {
        assert!(knows(name), "{name}");
    }
    for name in ["", "klingon", "a-name-that-is-longer-than-any-language"] {
        assert!(!knows(name), "{name}");
    }
    assert_eq!(html("klingon", "if <x>"), "if &lt;x&gt;");
}

const ALL: &[&str] = &[
    "rust",
    "js",
    "python",
    "go",
    "c",
    "c#",
    "php",
    "ruby",
    "sh",
    "sql",
    "lua",
    "html",
    "xml",
    "css",
    "scss",
    "json",
    "yaml",
    "toml",
    "ini",
    "md",
    "diff",
    "console",
    "dockerfile",
    "swift",
];

proptest! {
    /// Nothing is lost, nothing is added, nothing escapes its escape.
    #[test]
    fn keeps_the_text(code in "(?s)([ -~\n]|[\"'`/*#<>{}$@\\\\\n=:-]|<<EOF|é|\u{1F600}){0,120}") {
        for language in ALL {
            let html = html(language, &code);
            let mut text = html.replace("</span>", "");
            while let Some(at) = text.find("<span class=\"") {
                text.replace_range(at..at + "<span class=\"hx\">".len(), "");
            }
            prop_assert!(!text.contains('<'));
            let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
            prop_assert_eq!(&text, &code, "{}", language);
        }
    }
}

#[test]
fn colours_of_the_base_can_be_read() {
    use crate::colour::Rgb;
    let css = include_str!("../../../themes/base/templates/css/highlight.css");
    let rgb = |text: &str| Rgb::parse(text.trim()).unwrap_or_else(|| panic!("{text} is no colour"));
    let mut seen = 0;
    for pair in css.split("light-dark(").skip(1) {
        let (light, rest) = pair.split_once(',').expect("two colours");
        let dark = rest.split(')').next().expect("an end");
        assert!(rgb(light).contrast(rgb("#f0f0f0")) >= 4.5, "{light}");
        assert!(rgb(dark).contrast(rgb("#2c2c2c")) >= 4.5, "{dark}");
        seen += 1;
    }
    assert!(seen > 5);
    let name = |class: Class| format!(".{}", class.name());
    let all = [
        Class::Attribute,
        Class::Comment,
        Class::Deleted,
        Class::Function,
        Class::Inserted,
        Class::Keyword,
        Class::Literal,
        Class::Meta,
        Class::Number,
        Class::Property,
        Class::Text,
        Class::Tag,
        Class::Type,
        Class::Variable,
    ];
    assert!(all.into_iter().all(|class| css.contains(&name(class))));
}

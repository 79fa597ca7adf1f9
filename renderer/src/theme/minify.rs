//! Stylesheets are written to be read, and sent without what browsers skip.

/// Takes comments and needless white space out of a stylesheet. Strings stay as they are.
pub(crate) fn minify(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    // White space seen and not yet written.
    let mut gap = false;
    while let Some(c) = rest.chars().next() {
        if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.split_once("*/").map_or("", |(_, after)| after);
            gap = true;
            continue;
        }
        if c.is_ascii_whitespace() {
            rest = &rest[1..];
            gap = true;
            continue;
        }
        if gap {
            // A space before `:` or `(` can be a combinator or part of a query; one after `:` never matters.
            let before = out.chars().next_back();
            let glued =
                matches!(before, None | Some('{' | '}' | ';' | ',' | ':')) || matches!(c, '{' | '}' | ';' | ',');
            if !glued {
                out.push(' ');
            }
            gap = false;
        }
        if c == '}' && out.ends_with(';') {
            out.pop();
        }
        let length = if matches!(c, '"' | '\'') {
            string(rest)
        } else {
            c.len_utf8()
        };
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    out
}

/// Bytes of the string that `text` begins with, its quotes included.
fn string(text: &str) -> usize {
    let mut chars = text.char_indices();
    let quote = chars.next().map(|(_, c)| c);
    while let Some((at, c)) = chars.next() {
        if c == '\\' {
            chars.next();
        } else if Some(c) == quote {
            return at + c.len_utf8();
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_counts() {
        let cases = [
            ("a {\n  color : red ;\n}\n", "a{color :red}"),
            ("/* x */ a , b > c { d: e f; }", "a,b > c{d:e f}"),
            (".a :hover{}.a:hover{}", ".a :hover{}.a:hover{}"),
            (
                "@media (width >= 4rem) and (a) { b { c: calc(1px + 2px) } }",
                "@media (width >= 4rem) and (a){b{c:calc(1px + 2px)}}",
            ),
            (
                r#"a::before { content: "a ; /* } \" {" ; }"#,
                r#"a::before{content:"a ; /* } \" {"}"#,
            ),
            ("a { b: 'x  y'", "a{b:'x  y'"),
            ("a { b: \"open", "a{b:\"open"),
            ("/* open", ""),
            ("\u{e9} { }", "\u{e9}{}"),
        ];
        for (css, small) in cases {
            assert_eq!(minify(css), small);
        }
    }
}

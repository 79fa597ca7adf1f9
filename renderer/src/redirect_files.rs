//! Redirects in the forms that servers read. They are already without chains and circles.

use std::fmt::Write as _;

use crate::address::Address;
use crate::paths;
use crate::plan::{PlannedRedirect, To};

/// File names with content; none if there are no redirects.
pub(crate) fn all(address: &Address, redirects: &[PlannedRedirect]) -> Vec<(&'static str, String)> {
    if redirects.is_empty() {
        return Vec::new();
    }
    vec![
        ("_redirects", table(redirects)),
        ("redirects.nginx.conf", nginx(address, redirects)),
        ("redirects.caddy", caddy(address, redirects)),
    ]
}

/// One line each, `from to status`, paths from the root of the site, percent-encoded.
fn table(redirects: &[PlannedRedirect]) -> String {
    let mut out = String::new();
    for PlannedRedirect { from, to } in redirects {
        let to = match to {
            To::Site(path, suffix) => format!("{}{}", paths::encode(path), one_word(suffix)),
            To::External(url) => one_word(url),
        };
        let _ = writeln!(out, "{} {to} 301", paths::encode(from));
    }
    out
}

/// The inside of a `map`: nginx compares with the decoded path.
fn nginx(address: &Address, redirects: &[PlannedRedirect]) -> String {
    let mut out = String::from(
        "# In the http block:   map $uri $moved_to { include redirects.nginx.conf; }\n# In the server block: if ($moved_to) { return 301 $moved_to; }\n# Many redirects may need a larger map_hash_max_size and map_hash_bucket_size.\n",
    );
    for PlannedRedirect { from, to } in redirects {
        let to = target(address, to);
        for from in forms(from) {
            out.push('"');
            for c in address.base_path.chars().chain(from.chars()) {
                if matches!(c, '"' | '\\') {
                    out.push('\\');
                }
                out.push(c);
            }
            let _ = writeln!(out, "\" \"{to}\";");
        }
    }
    out
}

/// Lines for a site block.
fn caddy(address: &Address, redirects: &[PlannedRedirect]) -> String {
    let mut out = String::from("# In the site block: import redirects.caddy\n");
    for PlannedRedirect { from, to } in redirects {
        let to = target(address, to);
        for from in forms(from) {
            // A star would match anything.
            let from = one_word(&address.href(from)).replace('*', "%2A");
            let _ = writeln!(out, "redir {from} {to} 301");
        }
    }
    out
}

/// With its last slash and without: people leave it out, and these servers do not add it before they look.
fn forms(from: &str) -> impl Iterator<Item = &str> {
    let short = from.strip_suffix('/').filter(|short| !short.is_empty());
    short.into_iter().chain([from])
}

fn target(address: &Address, to: &To) -> String {
    match to {
        To::Site(path, suffix) => one_word(&format!("{}{suffix}", address.href(path))),
        To::External(url) => one_word(url),
    }
}

/// Percent-encodes what would start a second field or line, end a quote, or stand for a variable in one of the forms.
fn one_word(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let is_plain =
            !c.is_whitespace() && !c.is_control() && !matches!(c, '"' | '\'' | '`' | '$' | '\\' | ';' | '{' | '}');
        if is_plain {
            out.push(c);
        } else {
            let mut bytes = [0u8; 4];
            for b in c.encode_utf8(&mut bytes).bytes() {
                let _ = write!(out, "%{b:02X}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_its_field() {
        let address = Address::new("https://e.org/b").expect("valid");
        let redirect = |from: &str, to: To| PlannedRedirect { from: from.into(), to };
        let redirects = [
            redirect("/a\"b\\/", To::Site("/ü/".into(), "?q=$x y\n#f;".into())),
            redirect("/c*.html", To::External("https://o.org/{x}\"; return 200 \"".into())),
        ];
        let files = all(&address, &redirects);
        let text = |name: &str| {
            let file = files.iter().find(|(n, _)| *n == name).expect("there");
            file.1
                .lines()
                .filter(|l| !l.starts_with('#'))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            text("_redirects"),
            [
                "/a%22b%5C/ /%C3%BC/?q=%24x%20y%0A#f%3B 301",
                "/c*.html https://o.org/%7Bx%7D%22%3B%20return%20200%20%22 301"
            ]
        );
        assert_eq!(
            text("redirects.nginx.conf"),
            [
                "\"/b/a\\\"b\\\\\" \"/b/%C3%BC/?q=%24x%20y%0A#f%3B\";",
                "\"/b/a\\\"b\\\\/\" \"/b/%C3%BC/?q=%24x%20y%0A#f%3B\";",
                "\"/b/c*.html\" \"https://o.org/%7Bx%7D%22%3B%20return%20200%20%22\";"
            ]
        );
        assert_eq!(
            text("redirects.caddy"),
            [
                "redir /b/a%22b%5C /b/%C3%BC/?q=%24x%20y%0A#f%3B 301",
                "redir /b/a%22b%5C/ /b/%C3%BC/?q=%24x%20y%0A#f%3B 301",
                "redir /b/c%2A.html https://o.org/%7Bx%7D%22%3B%20return%20200%20%22 301"
            ]
        );
        assert_eq!(all(&address, &[]), []);
    }
}

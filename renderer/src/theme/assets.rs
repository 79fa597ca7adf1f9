//! Theme assets under names that carry their hash, so that they may be cached for ever.

use std::collections::BTreeMap;

/// One asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// Site path: `/assets/style.3f9a1c2b.css`.
    pub path: String,
    /// The content, with links to other assets already pointing at their hashed names.
    pub bytes: Vec<u8>,
}

/// The site path of an asset called `name` with this content.
pub(crate) fn hashed_path(name: &str, bytes: &[u8]) -> String {
    let hash = blake3::hash(bytes).to_hex();
    let hash = &hash[..10];
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => format!("/assets/{stem}.{hash}.{extension}"),
        _ => format!("/assets/{name}.{hash}"),
    }
}

/// Names and hashes all assets. Stylesheets come last, since they name the others.
pub(super) fn prepare(raw: &BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Asset> {
    let mut done: BTreeMap<String, Asset> = BTreeMap::new();
    let is_style = |name: &str| name.ends_with(".css");
    for (name, bytes) in raw.iter().filter(|(name, _)| !is_style(name)) {
        done.insert(
            name.clone(),
            Asset {
                path: hashed_path(name, bytes),
                bytes: bytes.clone(),
            },
        );
    }
    for (name, bytes) in raw.iter().filter(|(name, _)| is_style(name)) {
        let bytes = match std::str::from_utf8(bytes) {
            Ok(css) => rewrite_urls(css, name, &done).into_bytes(),
            Err(_) => bytes.clone(),
        };
        done.insert(
            name.clone(),
            Asset {
                path: hashed_path(name, &bytes),
                bytes,
            },
        );
    }
    done
}

/// Points `url(font.woff2)` at the hashed name; both files are in the same folder, so the name alone is enough.
fn rewrite_urls(css: &str, name: &str, known: &BTreeMap<String, Asset>) -> String {
    let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    while let Some(at) = rest.find("url(") {
        let (before, from) = rest.split_at(at + 4);
        out.push_str(before);
        let Some(end) = from.find(')') else {
            rest = from;
            break;
        };
        let written = from[..end].trim().trim_matches(['"', '\'']);
        let full = if folder.is_empty() {
            written.to_owned()
        } else {
            format!("{folder}/{written}")
        };
        match known.get(&full) {
            Some(asset) => {
                let up = "../".repeat(name.matches('/').count());
                out.push_str(&format!("{up}{}", asset.path.trim_start_matches("/assets/")));
            }
            None => out.push_str(&from[..end]),
        }
        rest = &from[end..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_hashes_and_styles_follow() {
        let raw = BTreeMap::from([
            ("f.woff2".to_string(), b"font".to_vec()),
            (
                "s.css".to_string(),
                b"@font-face{src:url('f.woff2')} a{b:url(https://x/y.png)}".to_vec(),
            ),
        ]);
        let done = prepare(&raw);
        let font = done["f.woff2"].path.trim_start_matches("/assets/").to_owned();
        let css = String::from_utf8(done["s.css"].bytes.clone()).expect("text");
        assert!(css.contains(&format!("url({font})")), "{css}");
        assert!(css.contains("url(https://x/y.png)"));
        assert!(done["s.css"].path.starts_with("/assets/s.") && done["s.css"].path.ends_with(".css"));
    }
}

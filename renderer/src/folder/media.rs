//! Files beside pages: which are taken, what they are, how large their pictures are.

use std::fs;
use std::io::Read;

use super::problem::{Problems, Severity};
use super::walk::File;
use super::{ReadOptions, paths};
use crate::site::Media;

/// Bytes looked at to tell what a file is.
const HEAD: usize = 64 * 1024;

/// Names at the root of a site that the renderer writes itself.
const OURS: [&str; 8] = [
    "/robots.txt",
    "/sitemap.xml",
    "/feed.xml",
    "/atom.xml",
    "/rss.xml",
    "/index.xml",
    "/llms.txt",
    "/404.html",
];

/// Looks at a file; `None` when it is not published, which is then reported.
pub(super) fn inspect(file: &File, public: &str, options: &ReadOptions, problems: &Problems) -> Option<Media> {
    let no = |severity, message: String| {
        problems.push(severity, &file.rel, None, message);
        None
    };
    if OURS.contains(&public) {
        return no(Severity::Info, "not taken: the renderer writes this file itself".into());
    }
    if file.bytes > options.max_media_bytes {
        return no(
            Severity::Error,
            format!("not taken: larger than {} MB", options.max_media_bytes >> 20),
        );
    }
    let mut head = Vec::new();
    if let Err(e) = fs::File::open(&file.abs).and_then(|f| f.take(HEAD as u64).read_to_end(&mut head)) {
        return no(Severity::Error, format!("not taken: {e}"));
    }
    let name = paths::file_name(&file.rel);
    let ending = name
        .rsplit_once('.')
        .map(|(_, e)| e.to_ascii_lowercase())
        .unwrap_or_default();
    let Some(mime) = mime(&head, &ending) else {
        return no(Severity::Warning, format!("not taken: {}", reason(&head, &ending)));
    };
    let (width, height) = if mime == "image/svg+xml" {
        svg_size(&head)
    } else if mime.starts_with("image/") {
        size(&head, file)
    } else {
        (None, None)
    };
    Some(Media {
        path: public.to_owned(),
        source: file.rel.clone(),
        mime: mime.to_owned(),
        width,
        height,
        alt: String::new(),
        bytes: file.bytes,
        variants: Vec::new(),
        problem: None,
    })
}

/// The type of a file that may be served to visitors; by its bytes, and by its ending only among harmless texts.
pub(super) fn mime(head: &[u8], ending: &str) -> Option<&'static str> {
    // The sniffer calls an SVG with a prologue XML.
    if ending == "svg"
        && std::str::from_utf8(&head[..head.len().min(4096)]).map_or_else(|e| e.error_len().is_none(), |_| true)
    {
        let start = String::from_utf8_lossy(&head[..head.len().min(4096)]);
        return is_svg(start.trim_start_matches('\u{feff}').trim_start()).then_some("image/svg+xml");
    }
    if let Some(kind) = infer::get(head) {
        use infer::MatcherType::*;
        return match kind.matcher_type() {
            Image | Audio | Video | Font | Doc | Book | Archive => Some(kind.mime_type()),
            _ => None,
        };
    }
    let text = std::str::from_utf8(head).or_else(|e| match e.error_len() {
        // The head may end inside a character.
        None => std::str::from_utf8(&head[..e.valid_up_to()]),
        Some(_) => Err(e),
    });
    let text = text.ok()?.trim_start_matches('\u{feff}').trim_start();
    // What starts like markup may be sniffed as HTML whatever we call it.
    if text.starts_with('<') || head.contains(&0) {
        return None;
    }
    match ending {
        "txt" => Some("text/plain"),
        "csv" => Some("text/csv"),
        "json" => Some("application/json"),
        "ics" => Some("text/calendar"),
        "bib" | "asc" => Some("text/plain"),
        _ => None,
    }
}

fn is_svg(text: &str) -> bool {
    let lower = text[..text.floor_char_boundary(4096)].to_ascii_lowercase();
    let markup = lower.starts_with("<svg")
        || lower.starts_with("<?xml")
        || lower.starts_with("<!--")
        || lower.starts_with("<!doctype svg");
    markup && lower.contains("<svg") && !lower.contains("<html")
}

/// The size an SVG says it has, by its attributes or its view box.
fn svg_size(head: &[u8]) -> (Option<u32>, Option<u32>) {
    let text = String::from_utf8_lossy(head);
    let tag = text.split_once("<svg").and_then(|(_, rest)| rest.split_once('>'));
    let Some((tag, _)) = tag else { return (None, None) };
    let attribute = |name: &str| {
        let found = tag.match_indices(name).find_map(|(at, _)| {
            // A name of its own, not the end of another (`stroke-width`).
            let alone = tag[..at].ends_with(char::is_whitespace);
            let value = tag[at + name.len()..].trim_start().strip_prefix('=')?.trim_start();
            let quote = value.chars().next().filter(|c| alone && matches!(c, '"' | '\''))?;
            value[1..].split(quote).next()
        });
        found.map(str::trim)
    };
    let pixels = |value: &str| {
        let number: f64 = value.strip_suffix("px").unwrap_or(value).trim().parse().ok()?;
        (1.0..=100_000.0).contains(&number).then(|| number.round() as u32)
    };
    let own = (
        attribute("width").and_then(pixels),
        attribute("height").and_then(pixels),
    );
    if let (Some(_), Some(_)) = own {
        return own;
    }
    let view: Vec<Option<u32>> = attribute("viewBox")
        .unwrap_or_default()
        .split([' ', ','])
        .filter(|part| !part.is_empty())
        .map(pixels)
        .collect();
    match view.as_slice() {
        [_, _, Some(width), Some(height)] => (Some(*width), Some(*height)),
        _ => (None, None),
    }
}

fn reason(head: &[u8], ending: &str) -> &'static str {
    match ending {
        "html" | "htm" | "xhtml" => "HTML files are not served as they are; make it a page with front matter",
        "js" | "mjs" | "ts" | "wasm" => "scripts are not served from content",
        "css" | "scss" | "sass" | "less" => "styles belong to the theme",
        "exe" | "sh" | "bat" | "php" | "py" | "rb" | "dll" | "so" => "programs are not served",
        "xml" => "XML files are not served; feeds and sitemaps are made by the renderer",
        _ if head.is_empty() => "empty file",
        _ => "not an image, sound, video, font, document or archive by its bytes",
    }
}

fn size(head: &[u8], file: &File) -> (Option<u32>, Option<u32>) {
    // A picture whose header lies behind long metadata needs the whole file.
    let found = imagesize::blob_size(head).or_else(|_| imagesize::size(&file.abs));
    let pixels = |n: usize| u32::try_from(n).ok().filter(|n| *n > 0);
    match found {
        Ok(size) => (pixels(size.width), pixels(size.height)),
        Err(_) => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn svgs_say_their_size() {
        let cases = [
            ("<svg width='120' height=\"80px\"/>", (Some(120), Some(80))),
            ("<?xml?><svg viewBox='0 0 24.4 12' fill='none'>", (Some(24), Some(12))),
            ("<svg width='100%' viewBox='0,0,10,20'>", (Some(10), Some(20))),
            ("<svg stroke-width='4' height='2'>", (None, None)),
            ("<svg width='-5' height='nan'>", (None, None)),
            ("<svg width=", (None, None)),
            ("<svg width='\u{e9}", (None, None)),
        ];
        for (svg, size) in cases {
            assert_eq!(svg_size(svg.as_bytes()), size, "{svg}");
        }
    }

    #[test]
    fn by_bytes_not_by_name() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01";
        let cases: [(&[u8], &str, Option<&str>); 11] = [
            (png, "jpg", Some("image/png")),
            (
                b"<svg xmlns='http://www.w3.org/2000/svg'/>",
                "svg",
                Some("image/svg+xml"),
            ),
            (
                b"<?xml version=\"1.0\"?>\n<!-- x --><svg/>",
                "svg",
                Some("image/svg+xml"),
            ),
            (b"<html><svg></svg></html>", "svg", None),
            (b"<script>alert(1)</script>", "txt", None),
            (b"<!DOCTYPE html><p>", "png", None),
            (b"hello", "txt", Some("text/plain")),
            (b"hello", "html", None),
            (b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0", "png", None),
            (b"%PDF-1.7\n", "pdf", Some("application/pdf")),
            (b"a\xff\xfe", "txt", None),
        ];
        for (bytes, ending, want) in cases {
            assert_eq!(
                mime(bytes, ending),
                want,
                "{:?} .{ending}",
                String::from_utf8_lossy(bytes)
            );
        }
    }
}

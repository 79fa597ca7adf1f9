//! Sending a file: validators, one range, encodings, life in caches, security headers.

use std::io::{Read as _, Seek as _, SeekFrom};

use poem::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use poem::{Body, Request, Response};
use tokio::io::AsyncReadExt as _;

use super::release::{Encoding, Opened};

/// What pages of sites may load and do. The themes pass it: no inline scripts or styles, images also from elsewhere.
// Texts that came from a site on http name its pictures there. These may be loaded: pictures, sound and films run nothing in the
// page, and what a page that came by https loads by http, browsers fetch by https or block, whatever is said here.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; img-src 'self' http: https: data:; \
     media-src 'self' http: https:; style-src 'self'; script-src 'self'; font-src 'self'; connect-src 'self'; \
     manifest-src 'self'; form-action 'self' https:; base-uri 'none'; frame-ancestors 'none'";

/// Up to this many bytes are read at once; more is sent in pieces.
const SMALL: u64 = 256 << 10;

/// What a request says about how it wants a file.
pub struct Ask {
    head: bool,
    none_match: Option<String>,
    range: Option<String>,
    if_range: Option<String>,
    accept_encoding: String,
}

impl Ask {
    pub fn of(req: &Request) -> Self {
        let text = |name| req.header(name).map(str::to_owned);
        Self {
            head: req.method() == Method::HEAD,
            none_match: text(header::IF_NONE_MATCH),
            range: text(header::RANGE),
            if_range: text(header::IF_RANGE),
            accept_encoding: text(header::ACCEPT_ENCODING).unwrap_or_default(),
        }
    }

    /// The encodings to look for. A part of a file is a part of the file as it is.
    pub fn encodings(&self) -> &'static [Encoding] {
        if self.range.is_some() {
            return &[];
        }
        match (
            accepts(&self.accept_encoding, "br"),
            accepts(&self.accept_encoding, "gzip"),
        ) {
            (true, true) => &[Encoding::Brotli, Encoding::Gzip],
            (true, false) => &[Encoding::Brotli],
            (false, true) => &[Encoding::Gzip],
            (false, false) => &[],
        }
    }
}

/// Answers with a file, in the way it was asked for.
pub async fn file(opened: Opened, status: StatusCode, ask: &Ask) -> Response {
    let mut response = Response::builder().status(status).finish();
    let headers = response.headers_mut();
    security(headers);
    put(headers, header::ETAG, &opened.etag);
    put(headers, header::VARY, "Accept-Encoding");
    let life = if status != StatusCode::OK {
        "no-store"
    } else if is_for_ever(&opened.path) {
        "public, max-age=31536000, immutable"
    } else {
        // Kept, but asked about each time: a deploy shows at once.
        "public, no-cache"
    };
    put(headers, header::CACHE_CONTROL, life);
    put(headers, header::CONTENT_TYPE, &content_type(&opened.path));
    if let Some(encoding) = opened.encoding {
        put(headers, header::CONTENT_ENCODING, encoding.name());
    }
    match send_part(response, opened.file, opened.length, &opened.etag, ask).await {
        Ok(response) => response,
        Err(error) => {
            tracing::error!(%error, path = opened.path, "cannot read a file of a release");
            plain(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

/// Completes an answer that has its headers with the file, the part of it that was asked for, or the news that the client
/// has it already. Conditions and ranges only apply to an answer with status 200.
///
/// # Errors
/// When the file cannot be read.
pub async fn send_part(
    mut response: Response,
    file: std::fs::File,
    length: u64,
    etag: &str,
    ask: &Ask,
) -> std::io::Result<Response> {
    let ok = response.status() == StatusCode::OK;
    let headers = response.headers_mut();
    if ok && ask.none_match.as_deref().is_some_and(|list| names(list, etag)) {
        for name in [
            header::CONTENT_TYPE,
            header::CONTENT_ENCODING,
            header::CONTENT_DISPOSITION,
        ] {
            headers.remove(name);
        }
        response.set_status(StatusCode::NOT_MODIFIED);
        return Ok(response);
    }
    let encoded = headers.contains_key(header::CONTENT_ENCODING);
    if ok && !encoded {
        put(headers, header::ACCEPT_RANGES, "bytes");
    }
    let mut part = (0, length);
    let same = ask.if_range.as_deref().is_none_or(|tag| tag == etag);
    if let Some(range) = ask.range.as_deref().filter(|_| same && ok && !encoded) {
        match read_range(range, length) {
            Range::Whole => {}
            Range::Part(first, count) => {
                part = (first, count);
                let text = format!("bytes {first}-{}/{length}", first + count - 1);
                put(headers, header::CONTENT_RANGE, &text);
                response.set_status(StatusCode::PARTIAL_CONTENT);
            }
            Range::Outside => {
                put(headers, header::CONTENT_RANGE, &format!("bytes */{length}"));
                headers.remove(header::CONTENT_TYPE);
                response.set_status(StatusCode::RANGE_NOT_SATISFIABLE);
                return Ok(response);
            }
        }
    }
    put(response.headers_mut(), header::CONTENT_LENGTH, &part.1.to_string());
    if !ask.head {
        response.set_body(body(file, part).await?);
    }
    Ok(response)
}

async fn body(mut file: std::fs::File, (first, length): (u64, u64)) -> std::io::Result<Body> {
    let opened = tokio::task::spawn_blocking(move || {
        file.seek(SeekFrom::Start(first))?;
        if length > SMALL {
            return Ok(Err(file));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
        file.take(length).read_to_end(&mut bytes)?;
        Ok::<_, std::io::Error>(Ok(bytes))
    });
    match opened.await.map_err(std::io::Error::other)?? {
        Ok(bytes) => Ok(Body::from_vec(bytes)),
        Err(file) => Ok(Body::from_async_read(tokio::fs::File::from_std(file).take(length))),
    }
}

/// A permanent move to a path of this host or an address the site's owner wrote.
pub fn moved(to: &str, query: Option<&str>) -> Response {
    let mut response = plain(StatusCode::MOVED_PERMANENTLY);
    let to = match query {
        Some(query) => format!("{to}?{query}"),
        None => to.to_owned(),
    };
    put(response.headers_mut(), header::LOCATION, &to);
    // For ever is too long: the owner may turn it round.
    put(response.headers_mut(), header::CACHE_CONTROL, "public, max-age=300");
    response
}

/// A move to the address that a site has now. It is asked for each time: two that have each other's name stored would send visitors
/// round in a circle.
pub fn moved_home(to: &str, query: Option<&str>) -> Response {
    let mut response = moved(to, query);
    put(response.headers_mut(), header::CACHE_CONTROL, "no-cache");
    response
}

/// A short answer that says nothing about the site.
pub fn plain(status: StatusCode) -> Response {
    let text = format!(
        "{} {}\n",
        status.as_u16(),
        status.canonical_reason().unwrap_or_default()
    );
    let mut response = Response::builder()
        .status(status)
        .content_type("text/plain; charset=utf-8")
        .body(text);
    security(response.headers_mut());
    put(response.headers_mut(), header::CACHE_CONTROL, "no-store");
    response
}

fn security(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
        ),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// Lets the scripts of a page send forms to this server, where that is not the page's own host.
pub fn allow_forms(response: &mut Response, server: &str) {
    let Some(origin) = url::Url::parse(server)
        .ok()
        .map(|url| url.origin().ascii_serialization())
    else {
        return;
    };
    let headers = response.headers_mut();
    let policy = headers
        .get(header::CONTENT_SECURITY_POLICY)
        .and_then(|value| value.to_str().ok());
    if let Some(policy) = policy {
        let policy = policy.replace("connect-src 'self'", &format!("connect-src 'self' {origin}"));
        put(headers, header::CONTENT_SECURITY_POLICY, &policy);
    }
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// The type of a file by its name, with the charset of texts.
pub fn content_type(path: &str) -> String {
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let text = kind.type_() == "text"
        || matches!(kind.subtype().as_str(), "json" | "javascript" | "xml")
        || kind.suffix().is_some();
    if text {
        format!("{kind}; charset=utf-8")
    } else {
        kind.to_string()
    }
}

/// Whether a file may be kept for ever, since its name carries its hash: `assets/site.3f9a0c2d1e.css`, `media/<hash>.webp`.
pub fn is_for_ever(path: &str) -> bool {
    let Some((folder, name)) = path.rsplit_once('/') else {
        return false;
    };
    let mut words = name.split(['.', '-']);
    (folder == "assets" || folder == "media" || folder.starts_with("assets/") || folder.starts_with("media/"))
        && words.any(|word| word.len() >= 10 && word.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)))
}

/// Whether an `Accept-Encoding` allows a coding: named (or `*`) and not with weight nought.
fn accepts(header: &str, coding: &str) -> bool {
    let mut any = false;
    for item in header.split(',') {
        let mut words = item.split(';').map(str::trim);
        let name = words.next().unwrap_or_default();
        let refused = words.any(|w| {
            let weight = w.strip_prefix("q=").or_else(|| w.strip_prefix("Q="));
            weight.and_then(|q| q.trim().parse::<f32>().ok()) == Some(0.0)
        });
        if name.eq_ignore_ascii_case(coding) {
            return !refused;
        }
        any |= name == "*" && !refused;
    }
    any
}

/// Whether an `If-None-Match` names a validator.
fn names(list: &str, etag: &str) -> bool {
    list.trim() == "*" || list.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag)
}

#[derive(Debug, PartialEq, Eq)]
enum Range {
    Whole,
    /// First byte and number of bytes.
    Part(u64, u64),
    Outside,
}

/// Reads a `Range` of one part. Several parts, other units and what is malformed get the whole file, as RFC 9110 allows.
fn read_range(text: &str, length: u64) -> Range {
    let Some((first, last)) = text.trim().strip_prefix("bytes=").and_then(|spec| spec.split_once('-')) else {
        return Range::Whole;
    };
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        // A number too large to count is beyond the end of any file.
        digits.then(|| text.parse::<u64>().unwrap_or(u64::MAX))
    };
    match (first, number(first), last, number(last)) {
        ("", _, _, Some(0)) => Range::Outside,
        ("", _, _, Some(n)) if length > 0 => Range::Part(length.saturating_sub(n), n.min(length)),
        ("", _, _, Some(_)) => Range::Outside,
        (_, Some(first), "", _) if first < length => Range::Part(first, length - first),
        (_, Some(first), _, Some(last)) if first > last => Range::Whole,
        (_, Some(first), _, Some(last)) if first < length => Range::Part(first, last.min(length - 1) - first + 1),
        (_, Some(_), "", _) | (_, Some(_), _, Some(_)) => Range::Outside,
        _ => Range::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        for (text, length, range) in [
            ("bytes=0-0", 10, Range::Part(0, 1)),
            ("bytes=2-5", 10, Range::Part(2, 4)),
            ("bytes=8-99", 10, Range::Part(8, 2)),
            ("bytes=3-", 10, Range::Part(3, 7)),
            ("bytes=-4", 10, Range::Part(6, 4)),
            ("bytes=-40", 10, Range::Part(0, 10)),
            ("bytes=10-", 10, Range::Outside),
            ("bytes=10-12", 10, Range::Outside),
            ("bytes=-0", 10, Range::Outside),
            ("bytes=-1", 0, Range::Outside),
            ("bytes=0-", 0, Range::Outside),
            ("bytes=99999999999999999999-", 10, Range::Outside),
            ("bytes=5-2", 10, Range::Whole),
            ("bytes=0-1,4-5", 10, Range::Whole),
            ("bytes=a-b", 10, Range::Whole),
            ("bytes=-", 10, Range::Whole),
            ("lines=0-1", 10, Range::Whole),
            ("", 10, Range::Whole),
        ] {
            assert_eq!(read_range(text, length), range, "{text} of {length}");
        }
    }

    #[test]
    fn encodings() {
        for (header, br, gzip) in [
            ("", false, false),
            ("gzip, deflate, br", true, true),
            ("gzip;q=1.0, br;q=0", false, true),
            ("*", true, true),
            ("*;q=0", false, false),
            ("br;q=0, *", false, true),
            ("GZIP", false, true),
            ("identity", false, false),
        ] {
            assert_eq!((accepts(header, "br"), accepts(header, "gzip")), (br, gzip), "{header}");
        }
    }

    #[test]
    fn lives() {
        for (path, hashed) in [
            ("assets/site.3f9a0c2d1e.css", true),
            (
                "media/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08.webp",
                true,
            ),
            ("assets/site.css", false),
            ("3f9a0c2d1e/index.html", false),
            ("media/photo.jpg", false),
            ("index.html", false),
        ] {
            assert_eq!(is_for_ever(path), hashed, "{path}");
        }
    }
}

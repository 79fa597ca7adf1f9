//! As much of HTTP/1.1 as a preview needs: GET and HEAD, one request for each connection.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use igny8_renderer::FileKind;

use super::{Built, State};

/// Connections at once; a browser opens six, and one that waits for changes for each tab.
const CONNECTIONS: usize = 100;
const MAX_HEAD: u64 = 16 * 1024;
const PATIENCE: Duration = Duration::from_secs(10);
const EVENTS: &str = "/__igny8/events";
const SCRIPT: &str = "/__igny8/reload.js";
/// Comes with pages of this command only, as a file, as the pages' policy wants it.
const RELOAD: &str = "let seen;\nnew EventSource(\"/__igny8/events\").onmessage = (event) => {\n  if (seen !== undefined && seen !== event.data) location.reload();\n  seen = event.data;\n};\n";

/// Answers until the program ends.
pub fn listen(listener: &TcpListener, state: &Arc<State>) {
    let open = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming().flatten() {
        if open.load(Ordering::Relaxed) >= CONNECTIONS {
            continue;
        }
        open.fetch_add(1, Ordering::Relaxed);
        let (state, open) = (Arc::clone(state), Arc::clone(&open));
        std::thread::spawn(move || {
            // A visitor who leaves early is no error.
            let _ = answer(&stream, &state);
            open.fetch_sub(1, Ordering::Relaxed);
        });
    }
}

struct Answer {
    status: &'static str,
    kind: &'static str,
    location: Option<String>,
    body: Vec<u8>,
}

fn answer(stream: &TcpStream, state: &State) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut head = BufReader::new(stream.take(MAX_HEAD));
    let mut line = String::new();
    head.read_line(&mut line)?;
    let mut words = line.split_whitespace();
    let (method, target) = (
        words.next().unwrap_or_default().to_owned(),
        words.next().unwrap_or_default().to_owned(),
    );
    let mut host = String::new();
    loop {
        line.clear();
        if head.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("host")
        {
            host = value.trim().to_owned();
        }
    }
    let own = ["localhost", "127.0.0.1"]
        .iter()
        .any(|name| host == format!("{name}:{}", state.port) || host == *name);
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let answer = if !own {
        // Another site's name that points at this machine must not read drafts.
        plain("403 Forbidden", "this server answers for localhost only\n")
    } else if !matches!(method.as_str(), "GET" | "HEAD") {
        plain("405 Method Not Allowed", "GET or HEAD\n")
    } else if path == EVENTS {
        return events(stream, state);
    } else if path == SCRIPT {
        Answer {
            status: "200 OK",
            kind: "text/javascript; charset=utf-8",
            location: None,
            body: RELOAD.as_bytes().to_vec(),
        }
    } else {
        file(&state.now(), path)
    };
    send(stream, &answer, method == "HEAD")
}

fn plain(status: &'static str, text: &str) -> Answer {
    Answer {
        status,
        kind: "text/plain; charset=utf-8",
        location: None,
        body: text.as_bytes().to_vec(),
    }
}

fn file(built: &Built, path: &str) -> Answer {
    let decoded = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
    let name = decoded.trim_start_matches('/');
    let wanted = if name.is_empty() || name.ends_with('/') {
        format!("{name}index.html")
    } else {
        name.to_owned()
    };
    if let Some((file, _)) = built.files.get(&wanted) {
        return found("200 OK", &wanted, file.kind, file.bytes.clone());
    }
    if built.files.contains_key(&format!("{name}/index.html")) {
        return Answer {
            location: Some(format!("{path}/")),
            ..plain("301 Moved Permanently", "")
        };
    }
    // Only files that the render has named are opened.
    let bytes = built.media.get(&wanted).and_then(|media| {
        let mut bytes = Vec::new();
        let path = built.source.path(media).ok()?;
        File::open(path).ok()?.read_to_end(&mut bytes).ok()?;
        if media.mime == "image/svg+xml" {
            return Some(igny8_renderer::images::svg::sanitise(&bytes).ok()?.text.into_bytes());
        }
        Some(bytes)
    });
    match (bytes, built.files.get("404.html")) {
        (Some(bytes), _) => found("200 OK", &wanted, FileKind::Asset, bytes),
        (None, Some((page, _))) => found("404 Not Found", "404.html", FileKind::Page, page.bytes.clone()),
        (None, None) => plain("404 Not Found", "not found\n"),
    }
}

fn found(status: &'static str, name: &str, kind: FileKind, mut body: Vec<u8>) -> Answer {
    if kind == FileKind::Page {
        let script = format!("<script src=\"{SCRIPT}\" defer></script>");
        let at = body.windows(7).rposition(|w| w == b"</body>").unwrap_or(body.len());
        body.splice(at..at, script.into_bytes());
    }
    Answer {
        status,
        kind: mime(name),
        location: None,
        body,
    }
}

fn send(mut stream: &TcpStream, answer: &Answer, head_only: bool) -> io::Result<()> {
    let mut head = format!(
        "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n",
        answer.status,
        answer.kind,
        answer.body.len()
    );
    if let Some(location) = &answer.location {
        head.push_str(&format!("Location: {location}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes())?;
    if !head_only {
        stream.write_all(&answer.body)?;
    }
    stream.flush()
}

/// Server-sent events: the number of the site, at once and whenever it changes.
fn events(mut stream: &TcpStream, state: &State) -> io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nConnection: close\r\n\r\nretry: 500\n\n")?;
    let mut seen = 0;
    loop {
        let number = state.wait(seen, PATIENCE);
        if number == seen {
            // Tells whether the browser is still there.
            stream.write_all(b":\n\n")?;
        } else {
            seen = number;
            stream.write_all(format!("data: {number}\n\n").as_bytes())?;
        }
        stream.flush()?;
    }
}

fn mime(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" | "htm" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "webmanifest" => "application/json",
        "xml" => "application/xml",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        "mp3" => "audio/mpeg",
        "pdf" => "application/pdf",
        "wasm" => "application/wasm",
        "txt" | "conf" | "caddy" | "md" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

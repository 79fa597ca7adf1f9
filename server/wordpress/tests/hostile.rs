//! The client against servers that are no WordPress, or a wicked one.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use igny8_outgoing::Outgoing;
use igny8_wordpress::{ApiRoot, Credentials, Outcome, PostQuery, PostType, Upload, WordPress, WordPressError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

type Answer = Arc<dyn Fn(&str) -> Vec<u8> + Send + Sync>;

/// A server on loopback that answers each request line with bytes; answers its port.
async fn serve(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer: Answer = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut request = Vec::new();
                let mut chunk = [0; 4096];
                while !is_whole(&request) {
                    match stream.read(&mut chunk).await {
                        Ok(n) if n > 0 => request.extend_from_slice(&chunk[..n]),
                        _ => return,
                    }
                }
                let head = String::from_utf8_lossy(&request).into_owned();
                let _ = stream.write_all(&answer(&head)).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    port
}

/// Whether the head of a request is there, and what it says that follows.
fn is_whole(request: &[u8]) -> bool {
    let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") else {
        return false;
    };
    let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
    request.len() >= end + 4 + length
}

fn http(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn outgoing(ports: &[u16]) -> Outgoing {
    let hosts: Vec<_> = ports
        .iter()
        .flat_map(|port| [format!("127.0.0.1:{port}"), format!("localhost:{port}")])
        .collect();
    Outgoing::new(&hosts.iter().map(|host| host.parse().unwrap()).collect::<Vec<_>>())
}

fn client(port: u16) -> WordPress {
    let root: ApiRoot = format!("http://127.0.0.1:{port}/wp-json/").parse().unwrap();
    WordPress::new(outgoing(&[port]), root, &Credentials::new("editor", "canary secret")).unwrap()
}

async fn checked(answer: Vec<u8>) -> WordPressError {
    let port = serve(move |_| answer.clone()).await;
    let error = client(port).check().await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    error
}

#[tokio::test]
async fn each_answer_has_its_meaning() {
    use Outcome::{Fail, Gone, Retry};
    let json = "content-type: application/json\r\n";
    let after = |seconds| Retry {
        after: Some(Duration::from_secs(seconds)),
    };
    let soon = Retry { after: None };
    let date = "date: Sun, 01 Mar 2026 10:00:00 GMT\r\n";
    for (status, headers, body, expected) in [
        ("429 Slow", "retry-after: 7\r\n".to_owned(), "", after(7)),
        (
            "429 Slow",
            format!("{date}retry-after: Sun, 01 Mar 2026 10:01:00 GMT\r\n"),
            "",
            after(60),
        ),
        (
            "429 Slow",
            format!("{date}retry-after: Sun, 01 Mar 2026 09:00:00 GMT\r\n"),
            "",
            after(0),
        ),
        ("429 Slow", "retry-after: 99999999999\r\n".to_owned(), "", after(86_400)),
        ("429 Slow", "retry-after: soon\r\n".to_owned(), "", soon),
        (
            "503 Maintenance",
            "retry-after: 600\r\n".to_owned(),
            "<h1>Maintenance</h1>",
            after(600),
        ),
        ("503 Maintenance", String::new(), "<h1>Maintenance</h1>", soon),
        (
            "500 Error",
            json.into(),
            r#"{"code":"internal_server_error","message":"<p>There has been a critical error.</p>","data":{"status":500}}"#,
            soon,
        ),
        (
            "500 Error",
            json.into(),
            r#"{"code":"duplicate_term_slug","message":"The slug is already in use.","data":null}"#,
            Fail,
        ),
        ("504 Gateway", String::new(), "", soon),
        ("200 OK", json.into(), "", soon),
        ("200 OK", json.into(), "[]", soon),
        ("200 OK", json.into(), "{\"id\":", soon),
        (
            "200 OK",
            "content-type: text/html\r\n".into(),
            "<!doctype html><p>Welcome",
            Fail,
        ),
        (
            "200 OK",
            "content-type: text/html\r\n".into(),
            "<html><form><input type='password'>",
            Fail,
        ),
        (
            "401 No",
            json.into(),
            r#"{"code":"incorrect_password","message":"x","data":{"status":401}}"#,
            Fail,
        ),
        (
            "401 No",
            json.into(),
            r#"{"code":"rest_not_logged_in","message":"x","data":[]}"#,
            Fail,
        ),
        ("401 No", String::new(), "", Fail),
        (
            "403 No",
            json.into(),
            r#"{"code":"rest_forbidden","message":"x"}"#,
            Fail,
        ),
        ("403 No", String::new(), "<h1>Blocked</h1>", Fail),
        ("404 No", json.into(), r#"{"code":"rest_no_route","message":"x"}"#, Fail),
        (
            "404 No",
            json.into(),
            r#"{"code":"rest_post_invalid_id","message":"x"}"#,
            Gone,
        ),
        ("404 No", String::new(), "<h1>Not found</h1>", Fail),
        (
            "410 No",
            json.into(),
            r#"{"code":"rest_already_trashed","message":"x"}"#,
            Gone,
        ),
        (
            "400 No",
            json.into(),
            r#"{"code":["odd"],"message":false,"data":7}"#,
            Fail,
        ),
        ("301 Moved", "location: https://elsewhere.example/\r\n".into(), "", Fail),
        ("302 Moved", "location: /wp-login.php\r\n".into(), "", Fail),
        ("302 Moved", String::new(), "", Fail),
        ("413 Large", String::new(), "<h1>Too large</h1>", Fail),
        (
            "501 No",
            json.into(),
            r#"{"code":"rest_trash_not_supported","message":"x","data":{"status":501}}"#,
            Fail,
        ),
    ] {
        let error = checked(http(status, &headers, body)).await;
        assert_eq!(error.outcome(), expected, "{status} {headers} {body}: {error:?}");
    }
    // Where to is not known: to a page to log in as often as to where the API is now.
    for within in ["/wp-login.php", "/wp-json/wp/v2/users/me/", "/index.php/wp-json/"] {
        assert_eq!(
            checked(http("301 Moved", &format!("location: {within}\r\n"), "")).await,
            WordPressError::RedirectedWithin,
            "{within}"
        );
    }
    // Whoever is not logged in, or may not, is refused by the parameter that says so.
    let parameter = |inside: &str| {
        let body = format!(
            r#"{{"code":"rest_invalid_param","message":"x","data":{{"status":400,"details":{{"status":{inside}}}}}}}"#
        );
        checked(http("400 No", json, &body))
    };
    let unknown = parameter(r#"{"code":"rest_forbidden_status","data":{"status":401}}"#).await;
    assert_eq!(unknown, WordPressError::NotAuthenticated);
    let known = parameter(r#"{"code":"rest_forbidden_status","data":{"status":403}}"#).await;
    assert!(matches!(known, WordPressError::Forbidden { .. }), "{known:?}");
    for odd in ["7", "[]", r#"{"data":{"status":"401"}}"#, r#"{"data":{"status":400}}"#] {
        let refused = parameter(odd).await;
        assert!(
            matches!(refused, WordPressError::Refused { status: 400, .. }),
            "{odd}: {refused:?}"
        );
    }
    let huge = b"HTTP/1.1 200 OK\r\ncontent-length: 10000000000\r\n\r\n".to_vec();
    assert!(matches!(checked(huge).await, WordPressError::TooLarge(_)));
    let elsewhere = checked(http("302 Moved", "location: https://elsewhere.example/x?y\r\n", "")).await;
    assert_eq!(
        elsewhere,
        WordPressError::Redirected("https://elsewhere.example".into())
    );
    let long = format!(
        r#"{{"code":"x","message":"<b>{}</b>\u0000<script>alert(1)</script>"}}"#,
        "long ".repeat(1000)
    );
    let told = checked(http("400 No", json, &long)).await.to_string();
    assert!(
        told.len() < 500 && !told.contains('<') && !told.contains('\0'),
        "{told}"
    );
}

#[tokio::test]
async fn only_wordpress_says_that_something_is_gone() {
    let answered = async |status: &str, code: &str| {
        let body = format!(r#"{{"code":"{code}","message":"x","data":{{"status":404}}}}"#);
        checked(http(status, "content-type: application/json\r\n", &body)).await
    };
    for (status, code) in [
        ("404 No", "rest_post_invalid_id"),
        ("404 No", "rest_term_invalid"),
        ("404 No", "rest_user_invalid_id"),
        ("410 No", "rest_already_trashed"),
    ] {
        assert_eq!(answered(status, code).await, WordPressError::Gone, "{code}");
    }
    for code in ["rest_no_route", "rest_type_invalid", "rest_taxonomy_invalid"] {
        assert_eq!(answered("404 No", code).await, WordPressError::NoRoute, "{code}");
    }
    // Of gateways, hosts and plugins.
    for (status, code) in [
        ("404 No", "not_found"),
        ("404 No", "rest_invalid_namespace"),
        ("404 No", "rest_api_disabled"),
        ("410 No", "site_suspended"),
        ("410 No", "rest_post_invalid_id"),
    ] {
        let refused = answered(status, code).await;
        assert!(
            matches!(&refused, WordPressError::Refused { code: told, .. } if told == code),
            "{status} {code}: {refused:?}"
        );
        assert_eq!(refused.outcome(), Outcome::Fail, "{code}");
    }
}

#[tokio::test]
async fn a_file_that_is_not_taken_is_told_from_a_site_that_fails() {
    let uploaded = async |answer: Vec<u8>, size: usize| {
        let port = serve(move |_| answer.clone()).await;
        let upload = Upload {
            name: "picture.png".into(),
            mime_type: "image/png".into(),
            slug: "igny8-picture".into(),
            alt_text: String::new(),
            bytes: vec![0_u8; size].into(),
        };
        client(port).upload(&upload).await.unwrap_err()
    };
    let json = |code: &str| {
        format!(r#"{{"code":"{code}","message":"Die hochgeladene Datei ist zu gro\u00df.","data":{{"status":500}}}}"#)
    };
    for (status, body) in [
        ("413 Request Entity Too Large", "<h1>413</h1>".to_owned()),
        ("413 Request Entity Too Large", String::new()),
        ("413 Request Entity Too Large", json("gateway")),
        ("500 Error", json("rest_upload_unknown_error")),
        ("500 Error", json("rest_upload_sideload_error")),
        ("400 No", json("rest_upload_file_too_big")),
        ("400 No", json("rest_upload_no_data")),
    ] {
        let error = uploaded(http(status, "", &body), 10).await;
        assert!(error.is_about_a_file(), "{status} {body}: {error:?}");
        assert_eq!(error.outcome(), Outcome::Fail, "{status} {body}");
    }
    for (status, body) in [
        ("500 Error", String::new()),
        ("500 Error", json("internal_server_error")),
        ("503 Down", "<h1>Maintenance</h1>".to_owned()),
    ] {
        let error = uploaded(http(status, "", &body), 10).await;
        assert!(!error.is_about_a_file(), "{status} {body}: {error:?}");
        assert_eq!(error.outcome(), Outcome::Retry { after: None }, "{status} {body}");
    }
    let refused = uploaded(http("403 No", "", &json("rest_cannot_create")), 10).await;
    assert!(!refused.is_about_a_file(), "{refused:?}");
    let huge = uploaded(Vec::new(), (64 << 20) + 1).await;
    assert!(huge.is_about_a_file() && huge.to_string().contains("64 MB"), "{huge}");
}

#[tokio::test]
async fn answers_are_bounded() {
    // Without end, and small but unpacking to a lot.
    let port = serve(|_| {
        let mut bytes = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n[".to_vec();
        bytes.resize(64 << 20, b' ');
        bytes
    })
    .await;
    let query = PostQuery {
        modified_after: None,
        offset: 0,
        limit: 100,
    };
    let error = client(port).posts(&PostType::posts(), &[], query).await.unwrap_err();
    assert!(matches!(error, WordPressError::TooLarge(_)), "{error:?}");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(&vec![b' '; 128 << 20]).unwrap();
    let packed = packed.finish().unwrap();
    let port = serve(move |_| {
        let mut bytes = format!(
            "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
            packed.len()
        )
        .into_bytes();
        bytes.extend_from_slice(&packed);
        bytes
    })
    .await;
    let error = client(port).check().await.unwrap_err();
    assert!(matches!(error, WordPressError::TooLarge(_)), "{error:?}");
    // JSON that nests deeper than any stack.
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let error = checked(http("200 OK", "", &deep)).await;
    assert!(matches!(error, WordPressError::Garbled(_)), "{error:?}");
}

#[tokio::test]
async fn warnings_before_the_data_are_read_over() {
    for body in [
        "\u{feff}{\"id\":7,\"name\":\"Ann\"}",
        "<br />\n<b>Notice</b>: x in <b>/a/b.php</b> on line <b>1</b><br />\n{\"id\":\"7\",\"name\":\"Ann\",\"roles\":{\"1\":\"editor\"},\"capabilities\":[]}",
        "\n\n{\"id\":7,\"name\":\"Ann\",\"roles\":false,\"capabilities\":{\"edit_posts\":\"1\"}}",
    ] {
        let answer = http("200 OK", "", body);
        let port = serve(move |_| answer.clone()).await;
        let checked = client(port).check().await.unwrap();
        assert_eq!((checked.user.id, checked.user.name.as_str()), (7, "Ann"), "{body}");
    }
}

#[tokio::test]
async fn lists_take_what_plugins_leave_of_them() {
    let body = r#"[{"id":"3","title":{"raw":"T"},"content":{"raw":"C","protected":false},"meta":[],"featured_media":false,"date_gmt":null,
        "modified_gmt":"2026-03-01T10:00:00","categories":{"0":"5","2":6},"sticky":"1","status":"publish","slug":null,"surprise":{"a":[1]}}]"#;
    let answer = http("200 OK", "x-wp-total: 1\r\n", body);
    let port = serve(move |_| answer.clone()).await;
    let query = PostQuery {
        modified_after: None,
        offset: 0,
        limit: 1,
    };
    let page = client(port)
        .posts(&PostType::posts(), &[igny8_wordpress::Taxonomy::categories()], query)
        .await
        .unwrap();
    let post = &page.items[0];
    assert_eq!(
        (page.total, post.id, post.title.as_str(), post.sticky),
        (Some(1), 3, "T", true)
    );
    assert_eq!(post.terms(&igny8_wordpress::Taxonomy::categories()), [5, 6]);
}

const ROOT: &str = r#"{"name":"x","namespaces":["oembed/1.0","wp/v2"]}"#;

/// What is found at the path `/` of a server that answers its home with `home` and anything else by path.
async fn found(
    home: impl Fn(u16) -> Vec<u8> + Send + Sync + 'static,
    root_at: &'static str,
) -> Result<String, WordPressError> {
    let own = Arc::new(std::sync::OnceLock::new());
    let known = own.clone();
    let port = serve(move |head| {
        let path = head.split(' ').nth(1).unwrap_or_default();
        assert!(
            !head.to_ascii_lowercase().contains("authorization"),
            "no password is sent to find the API"
        );
        if path == "/" {
            home(*known.get().unwrap())
        } else if path.starts_with(root_at) {
            http("200 OK", "", ROOT)
        } else {
            http("404 Not Found", "", "<h1>No</h1>")
        }
    })
    .await;
    own.set(port).unwrap();
    let root = ApiRoot::discover(
        &outgoing(&[port]),
        &format!("http://127.0.0.1:{port}/").parse().unwrap(),
    )
    .await?;
    Ok(root.to_string().replace(&port.to_string(), "PORT"))
}

#[tokio::test]
async fn discovery_stays_on_the_site_it_was_given() {
    let head = |link: &'static str| move |port: u16| http("200 OK", &link.replace("PORT", &port.to_string()), "");
    let page = |body: &'static str| {
        move |port: u16| {
            http(
                "200 OK",
                "content-type: text/html\r\n",
                &body.replace("PORT", &port.to_string()),
            )
        }
    };
    let ok = |text: &str| Ok(text.to_owned());
    for (header, expected) in [
        (
            "link: <http://127.0.0.1:PORT/api/>; rel=\"https://api.w.org/\"\r\n",
            "http://127.0.0.1:PORT/api/",
        ),
        (
            "link: </a>; rel=next, </api>; rel=\"https://api.w.org/\"\r\n",
            "http://127.0.0.1:PORT/api/",
        ),
        (
            "link: <x>; rel=prev\r\nlink: </api/>; title=\"x\"; rel=\"https://api.w.org/\"\r\n",
            "http://127.0.0.1:PORT/api/",
        ),
    ] {
        assert_eq!(found(head(header), "/api").await, ok(expected), "{header}");
    }
    assert_eq!(
        found(page("<html><head><link rel='https://api.w.org/' href='/api/'>"), "/api").await,
        ok("http://127.0.0.1:PORT/api/")
    );
    assert_eq!(
        found(page("<p>nothing"), "/wp-json/").await,
        ok("http://127.0.0.1:PORT/wp-json/")
    );
    assert_eq!(
        found(page("<p>nothing"), "/?rest_route=").await,
        ok("http://127.0.0.1:PORT/?rest_route=%2F")
    );
    // A link that lies is passed over; one that leads away is not followed.
    assert_eq!(
        found(page("<link rel='https://api.w.org/' href='/nothing/'>"), "/wp-json/").await,
        ok("http://127.0.0.1:PORT/wp-json/")
    );
    for away in [
        "<link rel='https://api.w.org/' href='https://evil.example/wp-json/'>",
        "<link rel='https://api.w.org/' href='//evil.example/'>",
    ] {
        assert!(
            matches!(found(page(away), "/wp-json/").await, Err(WordPressError::Redirected(_))),
            "{away}"
        );
    }
    for to in [
        "http://localhost:PORT/x",
        "https://evil.example/",
        "http://169.254.169.254/",
    ] {
        let moved = move |port: u16| {
            http(
                "301 Moved",
                &format!("location: {}\r\n", to.replace("PORT", &port.to_string())),
                "",
            )
        };
        let error = found(moved, "/wp-json/").await.unwrap_err();
        assert!(
            error.is_about_the_connection() || matches!(error, WordPressError::Unreachable(_)),
            "{to}: {error:?}"
        );
        assert!(!matches!(error, WordPressError::NotWordPress(_)), "{to}: {error:?}");
    }
    assert!(matches!(
        found(page("<p>nothing"), "/none").await,
        Err(WordPressError::NotWordPress(_))
    ));
    let port = serve(|_| http("503 Down", "", "")).await;
    let down = ApiRoot::discover(
        &outgoing(&[port]),
        &format!("http://127.0.0.1:{port}/").parse().unwrap(),
    )
    .await;
    assert!(
        matches!(down, Err(WordPressError::Server { status: 503, .. })),
        "{down:?}"
    );
    let port = serve(|_| http("200 OK", "", "<form id=\"loginform\">")).await;
    let login = ApiRoot::discover(
        &outgoing(&[port]),
        &format!("http://127.0.0.1:{port}/").parse().unwrap(),
    )
    .await;
    assert_eq!(login, Err(WordPressError::LoginPage));
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let nobody = ApiRoot::discover(
        &outgoing(&[closed]),
        &format!("http://127.0.0.1:{closed}/").parse().unwrap(),
    )
    .await;
    assert!(matches!(nobody, Err(WordPressError::Unreachable(_))), "{nobody:?}");
}

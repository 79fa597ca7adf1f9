//! What visitors get: headers, conditions, parts, encodings, hosts, and no way out of a release.

use igny8_server::testing::World;
use igny8_server::visitors::CONTENT_SECURITY_POLICY;
use poem::test::TestResponse;
use serde_json::json;

use crate::deployments::{deploy, publish};

async fn world() -> World {
    let w = World::new().await;
    let long = "Coffee is roasted in small batches. ".repeat(60);
    publish(&w, &w.a, w.a.sites[0], "first", "The first post", &long).await;
    assert_eq!(deploy(&w, &w.a, w.a.sites[0]).await["status"], "deployed");
    w
}

fn header<'a>(answer: &'a TestResponse, name: &str) -> &'a str {
    answer.0.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

const PAGE: &str = "/sites/site-a0/blog/first/";

#[tokio::test]
async fn pages_with_conditions_parts_and_encodings() {
    let w = world().await;
    let page = w.http.get(PAGE).send().await;
    assert_eq!(page.0.status(), 200);
    let etag = header(&page, "etag").to_owned();
    for (name, value) in [
        ("content-security-policy", CONTENT_SECURITY_POLICY),
        ("x-content-type-options", "nosniff"),
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "public, no-cache"),
        ("vary", "Accept-Encoding"),
        ("accept-ranges", "bytes"),
        ("referrer-policy", "strict-origin-when-cross-origin"),
    ] {
        assert_eq!(header(&page, name), value, "{name}");
    }
    let policy = header(&page, "content-security-policy");
    for part in [
        "default-src 'none';",
        // Also those of a site on http.
        "img-src 'self' http: https: data:;",
        "media-src 'self' http: https:;",
        "script-src 'self';",
        "style-src 'self';",
    ] {
        assert!(policy.contains(part), "{part}: {policy}");
    }
    assert!(!header(&page, "permissions-policy").is_empty() && etag.starts_with('"'));
    let whole = page.0.into_body().into_vec().await.unwrap();

    for tag in [
        etag.clone(),
        format!("\"x\", {etag}"),
        format!("W/{etag}"),
        "*".to_owned(),
    ] {
        let answer = w.http.get(PAGE).header("if-none-match", &tag).send().await;
        assert_eq!(
            (answer.0.status().as_u16(), header(&answer, "etag")),
            (304, etag.as_str()),
            "{tag}"
        );
        assert_eq!(answer.0.into_body().into_vec().await.unwrap().len(), 0);
    }
    assert_eq!(
        w.http
            .get(PAGE)
            .header("if-none-match", "\"x\"")
            .send()
            .await
            .0
            .status(),
        200
    );

    for (range, status, bytes) in [
        ("bytes=0-9", 206, &whole[..10]),
        ("bytes=10-", 206, &whole[10..]),
        ("bytes=-5", 206, &whole[whole.len() - 5..]),
        ("bytes=99999999-", 416, &[]),
        ("bytes=0-1,3-4", 200, &whole[..]),
        ("nonsense", 200, &whole[..]),
    ] {
        let answer = w
            .http
            .get(PAGE)
            .header("range", range)
            .header("accept-encoding", "br")
            .send()
            .await;
        assert_eq!(answer.0.status(), status, "{range}");
        assert_eq!(answer.0.into_body().into_vec().await.unwrap(), bytes, "{range}");
    }
    let stale = w
        .http
        .get(PAGE)
        .header("range", "bytes=0-9")
        .header("if-range", "\"old\"")
        .send()
        .await;
    assert_eq!(stale.0.status(), 200, "a part of another version is no use");

    let mut tags = vec![etag];
    for (accept, encoding) in [
        ("gzip", "gzip"),
        ("gzip, br", "br"),
        ("br;q=0, gzip", "gzip"),
        ("identity", ""),
    ] {
        let answer = w.http.get(PAGE).header("accept-encoding", accept).send().await;
        assert_eq!(header(&answer, "content-encoding"), encoding, "{accept}");
        assert_eq!(header(&answer, "content-type"), "text/html; charset=utf-8");
        tags.push(header(&answer, "etag").to_owned());
        let body = answer.0.into_body().into_vec().await.unwrap();
        if encoding == "gzip" {
            let mut text = Vec::new();
            std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&body[..]), &mut text).unwrap();
            assert_eq!(text, whole);
        }
    }
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 3, "a validator for each encoding");

    let head = w.http.head(PAGE).send().await;
    assert_eq!(header(&head, "content-length"), whole.len().to_string());
    assert_eq!(head.0.into_body().into_vec().await.unwrap().len(), 0);
    let post = w.http.post(PAGE).send().await;
    assert_eq!((post.0.status().as_u16(), header(&post, "allow")), (405, "GET, HEAD"));

    let text = String::from_utf8(whole).unwrap();
    let asset = text
        .split('"')
        .find(|part| part.contains("/assets/") && part.ends_with(".css"))
        .expect("a style sheet");
    let asset = asset.trim_start_matches("http://localhost:8080");
    let asset = if asset.starts_with('/') {
        asset.to_owned()
    } else {
        format!("{PAGE}{asset}")
    };
    let style = w.http.get(&asset).send().await;
    assert_eq!(style.0.status(), 200, "{asset}");
    assert_eq!(header(&style, "cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(header(&style, "content-type"), "text/css; charset=utf-8");
}

#[tokio::test]
async fn no_way_out_of_a_release() {
    let w = world().await;
    let folder = w.app.config.sites_dir.join("site-a0");
    std::fs::write(w.app.config.sites_dir.join("secret.txt"), "secret").unwrap();
    // Also what lies in the folder for other servers: only files of the release are given out.
    std::fs::write(folder.join("current/.env"), "secret").unwrap();
    std::fs::write(folder.join("current/_private"), "secret").unwrap();
    std::os::unix::fs::symlink("../../../../secret.txt", folder.join("current/link.txt")).unwrap();
    std::os::unix::fs::symlink("/etc", folder.join("current/etc")).unwrap();
    for path in [
        "../secret.txt",
        "../../secret.txt",
        "..%2fsecret.txt",
        "%2e%2e/secret.txt",
        "%2e%2e%2fsecret.txt",
        "%252e%252e/secret.txt",
        "..%5csecret.txt",
        "blog/../../secret.txt",
        "blog/..;/secret.txt",
        "./../secret.txt",
        "/etc/passwd",
        "//etc/passwd",
        "%2fetc%2fpasswd",
        "link.txt",
        "etc/passwd",
        "etc/",
        ".env",
        "%2eenv",
        "_private",
        "_redirects",
        "blog/%00",
        "index.html%00.txt",
        "%c0%ae%c0%ae/secret.txt",
        ".site",
        "../.site",
        "../current/index.html",
        "../000001.json",
        "../live",
        "../releases/000001.json",
        "../objects/",
    ] {
        let answer = w.http.get(format!("/sites/site-a0/{path}")).send().await;
        let status = answer.0.status().as_u16();
        assert_eq!(
            header(&answer, "content-security-policy"),
            CONTENT_SECURITY_POLICY,
            "{path}"
        );
        let body = answer.0.into_body().into_string().await.unwrap();
        assert!(
            status == 404 && !body.contains("secret") && !body.contains("root:"),
            "{path}: {status} {body}"
        );
    }
    for path in [
        "/sites/../etc/passwd",
        "/sites/..",
        "/sites/%2e%2e/",
        "/sites/site-a0%2f..%2f",
        "/sites//",
        "/sites/Site-A0/",
    ] {
        assert_eq!(w.http.get(path).send().await.0.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn slashes_are_added_here_and_never_elsewhere() {
    let w = world().await;
    for (path, to) in [
        ("/sites/site-a0", Some("/sites/site-a0/")),
        ("/sites/site-a0/blog/first", Some("/sites/site-a0/blog/first/")),
        (
            "/sites/site-a0/blog/first?utm=1",
            Some("/sites/site-a0/blog/first/?utm=1"),
        ),
        ("/sites/site-a0//evil.example/", None),
        ("/sites/site-a0//evil.example", None),
        ("/sites/site-a0/%2fevil.example", None),
        ("/sites/site-a0/%5cevil.example", None),
    ] {
        let answer = w.http.get(path).send().await;
        match to {
            Some(to) => assert_eq!(
                (answer.0.status().as_u16(), header(&answer, "location")),
                (301, to),
                "{path}"
            ),
            None => assert_eq!(answer.0.status(), 404, "{path}"),
        }
    }
    let missing = w.http.get("/sites/site-a0/nowhere/").send().await;
    assert_eq!(
        (missing.0.status().as_u16(), header(&missing, "cache-control")),
        (404, "no-store")
    );
    assert!(
        missing.0.into_body().into_string().await.unwrap().contains("<html"),
        "the site's own page"
    );
}

#[tokio::test]
async fn what_is_missing_is_told_in_the_language_of_its_folder() {
    let w = world().await;
    let (owner, site) = (&w.a.owner, format!("/sites/{}", w.a.sites[0]));
    let (status, body) = w.patch(owner, &site, 1, json!({ "languages": ["en", "de"] })).await;
    assert_eq!(status, 200, "{body}");
    let new = json!({ "content_type": "post", "title": "Erster", "body": "Ein Text.", "language": "de" });
    let (status, made) = w.post(owner, &format!("{site}/content"), new).await;
    assert_eq!(status, 201, "{made}");
    let path = format!("{site}/content/{}/status", made["id"].as_str().unwrap());
    let request = w
        .request(owner, poem::http::Method::POST, &path)
        .header("if-match", "\"1\"");
    let answer = request
        .body_json(&json!({ "status": "published", "force": true }))
        .send()
        .await;
    assert!(answer.0.status().is_success());
    crate::deployments::deploy(&w, &w.a, w.a.sites[0]).await;
    for (path, language) in [("de/nirgends/", "de"), ("nowhere/", "en"), ("blog/nowhere/", "en")] {
        let missing = w.http.get(format!("/sites/site-a0/{path}")).send().await;
        assert_eq!(missing.0.status(), 404, "{path}");
        let html = missing.0.into_body().into_string().await.unwrap();
        assert!(html.contains(&format!("<html lang=\"{language}\"")), "{path}: {html}");
    }
}

#[tokio::test]
async fn sites_by_host_and_old_addresses() {
    let w = world().await;
    let site = format!("/sites/{}", w.a.sites[0]);
    let get = |host: &str, path: &str| w.http.get(path).header("host", host).send();
    assert_eq!(
        get("pier.example", "/blog/first/").await.0.status(),
        404,
        "no such host"
    );
    let sql = "UPDATE content SET aliases = ['/old-first/'], rev += 1 WHERE slug = 'first'";
    w.app
        .db
        .platform(igny8_data::Why::Operator)
        .query(sql, Default::default(), "testing")
        .await
        .unwrap();
    assert_eq!(deploy(&w, &w.a, w.a.sites[0]).await["status"], "deployed");
    let answer = get("localhost", "/sites/site-a0/old-first").await;
    assert_eq!(
        (answer.0.status().as_u16(), header(&answer, "location")),
        (301, "/sites/site-a0/blog/first/")
    );

    w.give_domain(&w.a, w.a.sites[0], "pier.example").await;
    for host in ["pier.example", "PIER.example:8080", "pier.example."] {
        assert_eq!(
            get(host, "/blog/first/").await.0.status(),
            200,
            "{host}: a change counts at once"
        );
    }
    let answer = get("pier.example", "/blog/first").await;
    assert_eq!(
        (answer.0.status().as_u16(), header(&answer, "location")),
        (301, "/blog/first/")
    );
    let answer = get("pier.example", "//evil.example/..").await;
    assert_eq!(answer.0.status(), 404);
    // The API is not below a site's name, and a site cannot take this server's own.
    assert_eq!(get("pier.example", "/api/v1/sites").await.0.status(), 404);
    assert_eq!(get("localhost:8080", "/api/v1/sites").await.0.status(), 401);
    assert_eq!(get("other.example", "/blog/first/").await.0.status(), 404);

    assert_eq!(deploy(&w, &w.a, w.a.sites[0]).await["status"], "deployed");
    let answer = get("pier.example", "/old-first/").await;
    assert_eq!(
        (answer.0.status().as_u16(), header(&answer, "location")),
        (301, "/blog/first/")
    );
    // Its pages name files of its own host: below its slug it only leads there.
    for (path, to) in [
        ("/sites/site-a0", "https://pier.example/"),
        ("/sites/site-a0/", "https://pier.example/"),
        ("/sites/site-a0/blog/first/?a=b", "https://pier.example/blog/first/?a=b"),
    ] {
        let answer = get("localhost", path).await;
        assert_eq!(
            (answer.0.status().as_u16(), header(&answer, "location")),
            (301, to),
            "{path}"
        );
        let answer = w.http.head(path).header("host", "localhost").send().await;
        assert_eq!(
            (answer.0.status().as_u16(), header(&answer, "location")),
            (301, to),
            "{path}"
        );
        let answer = w.http.post(path).header("host", "localhost").send().await;
        assert!(!header(&answer, "location").starts_with("https:"), "{path}");
    }

    assert_eq!(w.delete(&w.a.owner, &site, 2).await.0, 204);
    assert_eq!(
        get("pier.example", "/blog/first/").await.0.status(),
        404,
        "a deleted site is gone at once"
    );
}

#[tokio::test]
async fn below_its_slug_a_host_leads_to_its_own_addresses() {
    let w = world().await;
    let site = w.a.sites[0];
    w.give_domain(&w.a, site, "pier.example").await;
    let get = |path: &str| w.http.get(path).header("host", "pier.example").send();
    // What is live was made for the address below the slug.
    for (path, to) in [
        ("/sites/site-a0", "/"),
        ("/sites/site-a0/", "/"),
        ("/sites/site-a0?a=b", "/?a=b"),
        ("/sites/site-a0/blog/first/?a=b", "/blog/first/?a=b"),
        ("/sites/site-a0/blog/first", "/blog/first"),
        ("/sites/site-a0/caf%C3%A9/x.png", "/caf%C3%A9/x.png"),
        ("/sites/site-a0/sites/site-a0/", "/sites/site-a0/"),
    ] {
        let answer = get(path).await;
        assert_eq!(
            (answer.0.status().as_u16(), header(&answer, "location")),
            (301, to),
            "{path}"
        );
        let answer = w.http.head(path).header("host", "pier.example").send().await;
        assert_eq!(
            (answer.0.status().as_u16(), header(&answer, "location")),
            (301, to),
            "{path}"
        );
        let answer = w.http.post(path).header("host", "pier.example").send().await;
        assert_eq!(answer.0.status(), 405, "{path}");
    }
    for path in [
        "/sites/",
        "/sites/site-a",
        "/sites/site-a01/",
        "/sites/site-a1/blog/first/",
        "/blog/sites/site-a0/",
        "/sites/site-a0//evil.example/",
        "/sites/site-a0/%2fevil.example",
        "/sites/site-a0/%5cevil.example",
        "/sites/site-a0/../blog/first/",
    ] {
        let answer = get(path).await;
        assert_eq!(
            (answer.0.status().as_u16(), header(&answer, "location")),
            (404, ""),
            "{path}"
        );
    }

    // What the live release has there is what is meant.
    publish(&w, &w.a, site, "tea", "Tea", "Green or black.").await;
    let platform = w.app.db.platform(igny8_data::Why::Operator);
    let sql = "UPDATE content SET path = '/sites/site-a0/tea/', rev += 1 WHERE slug = 'tea'; \
               UPDATE content SET aliases = ['/sites/site-a0/old/'], rev += 1 WHERE slug = 'first'";
    platform.query(sql, Default::default(), "testing").await.unwrap();
    assert_eq!(deploy(&w, &w.a, site).await["status"], "deployed");
    assert_eq!(get("/sites/site-a0/tea/").await.0.status(), 200);
    for (path, to) in [
        ("/sites/site-a0/tea", "/sites/site-a0/tea/"),
        ("/sites/site-a0/old/", "/blog/first/"),
        ("/sites/site-a0/blog/first/", "/blog/first/"),
    ] {
        let answer = get(path).await;
        assert_eq!(
            (answer.0.status().as_u16(), header(&answer, "location")),
            (301, to),
            "{path}"
        );
    }
}

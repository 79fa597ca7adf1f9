//! Sites and sectors through the API.

use igny8_server::testing::World;
use poem::http::Method;
use serde_json::json;

use crate::trip::{Trip, id};

#[tokio::test]
async fn the_life_of_a_site() {
    let w = World::new().await;
    let (status, site) = w
        .post(
            &w.a.owner,
            "/sites",
            json!({ "name": "North Pier", "site_type": "blog" }),
        )
        .await;
    assert_eq!(status, 201, "{site}");
    assert_eq!(site["slug"], "north-pier");
    let path = format!("/sites/{}", site["id"].as_str().unwrap());

    assert_eq!(w.get(&w.b.owner, &path).await.0, 404, "foreign");
    assert_eq!(w.get(&w.a.editor, &path).await.0, 404, "not granted");
    assert_eq!(w.get(&w.a.admin, &path).await.0, 200);

    let (status, problem) = w.patch(&w.a.owner, &path, 9, json!({ "name": "X" })).await;
    assert_eq!(
        (status.as_u16(), &problem["current_etag"]),
        (412, &json!("\"1\"")),
        "{problem}"
    );
    let (status, changed) = w.patch(&w.a.owner, &path, 1, json!({ "name": "South Pier" })).await;
    assert_eq!(status, 200, "{changed}");
    let (status, problem) = w
        .post(
            &w.b.owner,
            "/sites",
            json!({ "name": "North Pier", "site_type": "blog" }),
        )
        .await;
    assert_eq!(
        (status.as_u16(), &problem["errors"][0]["field"]),
        (409, &json!("slug")),
        "{problem}"
    );

    assert_eq!(w.delete(&w.a.owner, &path, 2).await.0, 204);
    assert_eq!(w.get(&w.a.owner, &path).await.0, 404);
    let (_, list) = w.get(&w.a.owner, "/sites?deleted=true&with_total=true").await;
    assert_eq!(list["total"], 1, "{list}");
    assert_eq!(w.post(&w.a.owner, &format!("{path}/restore"), json!({})).await.0, 200);
    assert_eq!(w.get(&w.a.owner, &path).await.0, 200);
}

#[tokio::test]
async fn the_default_language_stays_while_addresses_follow_from_it() {
    let w = World::new().await;
    let t = Trip::new(&w, "pier.example", json!({ "languages": ["de", "fr"] })).await;
    let mut posts = Vec::new();
    for language in ["en", "de"] {
        let post = json!({ "content_type": "post", "title": "Tea", "body": "Words.", "language": language });
        posts.push(id(&t.made(&w.a.editor, "content", post).await));
    }
    let rev = async || {
        let site = w.request(&w.a.owner, Method::GET, &t.site).send().await;
        let etag = site.0.headers()["etag"].to_str().unwrap().trim_matches('"').to_owned();
        etag.parse::<i64>().unwrap()
    };
    let set = async |language: &str| {
        let change = json!({ "language": language });
        w.patch(&w.a.owner, &t.site, rev().await, change).await
    };
    // Nobody has seen anything yet.
    for language in ["de", "en"] {
        assert_eq!(set(language).await.0, 200);
    }
    t.force(&posts).await;
    w.run_jobs().await;
    for language in ["de", "fr"] {
        let (status, refused) = set(language).await;
        assert_eq!(
            (status.as_u16(), &refused["code"]),
            (422, &json!("language_in_use")),
            "{refused}"
        );
    }
    let (status, changed) = w
        .patch(
            &w.a.owner,
            &t.site,
            rev().await,
            json!({ "language": "en", "languages": ["de"] }),
        )
        .await;
    assert_eq!(status, 200, "the language it has, and further ones: {changed}");
    w.run_jobs().await;
    for address in ["/blog/tea/", "/de/blog/tea/"] {
        assert_eq!(t.visit(address).await.status, 200, "{address}");
    }
    // Content in other languages moves nowhere.
    assert_eq!(t.set_status(&w.a.editor, &posts[0], "draft").await.0, 200);
    assert_eq!(set("de").await.0, 422);
    assert_eq!(set("fr").await.0, 200);
    w.run_jobs().await;
    assert_eq!(t.visit("/de/blog/tea/").await.status, 200);
}

#[tokio::test]
async fn lists_page_through_everything_once() {
    let w = World::new().await;
    for n in 0..7 {
        let (status, body) = w
            .post(
                &w.a.owner,
                "/sites",
                json!({ "name": format!("Same {n}"), "site_type": "blog" }),
            )
            .await;
        assert_eq!(status, 201, "{body}");
    }
    for sort in ["created_at", "-created_at", "name", "-name"] {
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let (status, page) = w.get(&w.a.owner, &format!("/sites?limit=2&sort={sort}{cursor}")).await;
            assert_eq!(status, 200, "{page}");
            seen.extend(
                page["items"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|s| s["id"].as_str().unwrap().to_owned()),
            );
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let mut unique = seen.clone();
        unique.sort();
        unique.dedup();
        assert_eq!((seen.len(), unique.len()), (9, 9), "{sort}");
    }
    let (_, page) = w.get(&w.a.owner, "/sites?limit=2").await;
    let next = page["next"].as_str().unwrap();
    assert_eq!(
        w.get(&w.b.owner, &format!("/sites?limit=2&cursor={next}")).await.0,
        422,
        "another tenant's cursor"
    );
    assert_eq!(
        w.get(&w.a.owner, &format!("/sites?limit=2&search=x&cursor={next}"))
            .await
            .0,
        422,
        "another filter's cursor"
    );
    assert_eq!(w.get(&w.a.owner, "/sites?sort=account").await.0, 422);
    assert_eq!(w.get(&w.a.viewer, "/sites?with_total=true").await.1["total"], 1);
}

#[tokio::test]
async fn a_site_has_at_most_five_active_sectors_even_when_raced() {
    let w = World::new().await;
    let path = format!("/sites/{}/sectors", w.a.sites[0]);
    let posts = (0..8).map(|n| w.post(&w.a.owner, &path, json!({ "name": format!("Sector {n}") })));
    let mut made = 0;
    for (status, body) in futures_util::future::join_all(posts).await {
        assert!(status == 201 || status == 422, "{body}");
        made += usize::from(status == 201);
    }
    assert_eq!(made, 5);
    assert_eq!(w.post(&w.a.editor, &path, json!({ "name": "No" })).await.0, 403);
    assert_eq!(w.get(&w.b.owner, &path).await.0, 404);
}

#[tokio::test]
async fn malformed_requests_are_problems_with_a_name() {
    let w = World::new().await;
    let site = w.a.sites[0];
    for (path, status) in [
        ("/sites/nonsense".to_owned(), 404),
        (format!("/sites/{site}/sectors/{site}"), 404),
        ("/sites?limit=0".to_owned(), 422),
        ("/sites?limit=abc".to_owned(), 400),
        ("/sites?cursor=abc".to_owned(), 422),
        ("/nothing".to_owned(), 404),
    ] {
        let (got, problem) = w.get(&w.a.owner, &path).await;
        assert_eq!(got, status, "{path} {problem}");
        assert!(
            problem["code"].is_string() && problem["request_id"].is_string(),
            "{path} {problem}"
        );
    }
    let (status, problem) = w
        .post(
            &w.a.owner,
            "/sites",
            json!({ "name": "x", "site_type": "blog", "account": "acct_x" }),
        )
        .await;
    assert_eq!(status, 400, "{problem}");
    let (status, problem) = igny8_server::testing::body_of(w.http.get("/api/v1/sites").send().await).await;
    assert_eq!(status, 401, "{problem}");
}

#[tokio::test]
async fn settings_are_checked_and_kept() {
    let w = World::new().await;
    let path = format!("/sites/{}/settings", w.a.sites[0]);
    let (status, settings) = w.get(&w.a.viewer, &path).await;
    assert_eq!(status, 200, "{settings}");
    assert_eq!(w.get(&w.b.owner, &path).await.0, 404);
    let mut changed = settings.clone();
    changed["organisation"]["name"] = json!("North Pier");
    changed["menus"] =
        json!({ "main": [{ "label": "Blog", "url": "/blog/", "children": [{ "label": "Tags", "url": "/tags/" }] }] });
    changed["sections"] = json!([{ "path": "/blog/", "title": "Blog", "language": "en", "sort": "date", "description": "", "body": "Hello" }]);
    changed["redirects"] = json!([{ "from": "/old/", "to": "/blog/" }]);
    assert_eq!(
        settings["outputs"]["feeds"],
        json!(["atom", "rss", "json"]),
        "{settings}"
    );
    changed["outputs"] = json!({
        "feeds": ["atom"], "term_feeds": [], "feed_limit": 50, "llms_txt": false, "ai_crawlers": false, "search": true,
        "share_images": false, "pagination": "full", "strict": ["links", "orphans"],
    });
    let put = |member, rev: &str, body: &serde_json::Value| {
        w.request(member, poem::http::Method::PUT, &path)
            .header("if-match", rev)
            .body_json(body)
            .send()
    };
    assert_eq!(put(&w.a.editor, "\"1\"", &changed).await.0.status(), 403);
    assert_eq!(put(&w.a.admin, "\"7\"", &changed).await.0.status(), 412);
    assert_eq!(put(&w.a.admin, "\"1\"", &changed).await.0.status(), 200);
    let (_, after) = w.get(&w.a.viewer, &path).await;
    assert_eq!(after, changed);
    let mut wrong = changed.clone();
    wrong["menus"]["main"][0]["url"] = json!("javascript:alert(1)");
    wrong["redirects"][0]["from"] = json!("//evil.example/");
    wrong["outputs"]["feed_limit"] = json!(0);
    wrong["outputs"]["feeds"] = json!(["atom", "atom"]);
    let (status, problem) = igny8_server::testing::body_of(put(&w.a.admin, "\"2\"", &wrong).await).await;
    assert_eq!(
        (status.as_u16(), problem["errors"].as_array().unwrap().len()),
        (422, 4),
        "{problem}"
    );
    // What is not said is the usual.
    let mut short = changed.clone();
    short.as_object_mut().unwrap().remove("outputs");
    assert_eq!(put(&w.a.admin, "\"2\"", &short).await.0.status(), 200);
    assert_eq!(w.get(&w.a.viewer, &path).await.1["outputs"], settings["outputs"]);
}

#[tokio::test]
async fn sectors_are_taken_from_the_catalogue() {
    let w = World::new().await;
    let (_, list) = w.get(&w.a.viewer, "/industries").await;
    let industry = &list["items"][0];
    let (status, whole) = w
        .get(
            &w.a.viewer,
            &format!("/industries/{}", industry["slug"].as_str().unwrap()),
        )
        .await;
    assert_eq!(status, 200);
    assert!(whole["sectors"][0]["keywords"][0]["text"].is_string(), "{whole}");
    let path = format!("/sites/{}/sectors/from-industry", w.a.sites[0]);
    let slugs: Vec<_> = industry["sectors"]
        .as_array()
        .unwrap()
        .iter()
        .take(2)
        .map(|s| s["slug"].clone())
        .collect();
    let body = json!({ "industry": industry["slug"], "sectors": slugs });
    assert_eq!(w.post(&w.a.editor, &path, body.clone()).await.0, 403);
    let (status, made) = w.post(&w.a.owner, &path, body.clone()).await;
    assert_eq!(
        (status.as_u16(), made["items"].as_array().map(Vec::len)),
        (200, Some(2)),
        "{made}"
    );
    assert_eq!(w.post(&w.a.owner, &path, body).await.0, 409, "a second time");
    let (_, site) = w.get(&w.a.owner, &format!("/sites/{}", w.a.sites[0])).await;
    assert_eq!(site["industry"], industry["slug"]);
    let (status, problem) = w
        .post(&w.a.owner, &path, json!({ "industry": "nonsense", "sectors": ["x"] }))
        .await;
    assert_eq!(
        (status.as_u16(), &problem["errors"][0]["field"]),
        (422, &json!("industry"))
    );
}

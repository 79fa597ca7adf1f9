//! Preview links: drafts for whoever has one, and for nobody else.

use igny8_server::testing::World;
use poem::test::TestResponse;
use serde_json::json;

use crate::deployments::publish;

fn header<'a>(answer: &'a TestResponse, name: &str) -> &'a str {
    answer.0.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// The path of a link of the first site of account a.
async fn link(w: &World, hours: u32) -> String {
    let path = format!("/sites/{}/preview-links", w.a.sites[0]);
    let (status, link) = w.post(&w.a.editor, &path, json!({ "hours": hours })).await;
    assert_eq!(status, 200, "{link}");
    let url = link["url"].as_str().unwrap();
    url[url.find("/preview/").unwrap()..].to_owned()
}

#[tokio::test]
async fn drafts_are_seen_with_a_link_and_change_with_the_site() {
    let w = World::new().await;
    let site = w.a.sites[0];
    let content = format!("/sites/{site}/content");
    let draft = json!({ "title": "A draft", "slug": "a-draft", "content_type": "post", "language": "en", "body": "Not **public** yet." });
    let (status, draft) = w.post(&w.a.editor, &content, draft).await;
    assert_eq!(status, 201, "{draft}");
    publish(&w, &w.a, site, "open", "Published", "Text").await;
    let base = link(&w, 2).await;

    let page = w.http.get(format!("{base}blog/a-draft/")).send().await;
    assert_eq!(page.0.status(), 200);
    for (name, value) in [
        ("x-robots-tag", "noindex, nofollow"),
        ("cache-control", "private, no-store"),
        ("referrer-policy", "no-referrer"),
        ("content-type", "text/html; charset=utf-8"),
    ] {
        assert_eq!(header(&page, name), value, "{name}");
    }
    let html = page.0.into_body().into_string().await.unwrap();
    assert!(
        html.contains("<strong>public</strong>") && html.contains("noindex"),
        "{html}"
    );
    let script = format!("<script src=\"{base}~preview.js\" data-version=\"");
    let at = html.find(&script).expect("pages reload") + script.len();
    let version = html[at..].split('"').next().unwrap().to_owned();
    // Everything the page names is there: styles, the list, its feed.
    let style = html
        .split("rel=\"stylesheet\" href=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    assert!(style.starts_with(&base), "{style}");
    for (path, kind) in [
        (style.to_owned(), "text/css; charset=utf-8"),
        (format!("{base}blog/"), "text/html; charset=utf-8"),
        (format!("{base}~preview.js"), "text/javascript; charset=utf-8"),
        (format!("{base}robots.txt"), "text/plain; charset=utf-8"),
    ] {
        let answer = w.http.get(&path).send().await;
        assert_eq!(
            (answer.0.status().as_u16(), header(&answer, "content-type")),
            (200, kind),
            "{path}"
        );
    }
    let moved = w.http.get(format!("{base}blog/a-draft")).send().await;
    assert_eq!(
        (moved.0.status().as_u16(), header(&moved, "location")),
        (301, format!("{base}blog/a-draft/").as_str())
    );
    assert_eq!(w.http.get(format!("{base}nothing/")).send().await.0.status(), 404);
    // It is no deployment.
    assert_eq!(w.http.get("/sites/site-a0/blog/a-draft/").send().await.0.status(), 404);

    w.clock.advance(chrono::Duration::seconds(1));
    let id = draft["id"].as_str().unwrap();
    let changed = json!({ "body": "Other words." });
    let (status, _) = w.patch(&w.a.editor, &format!("{content}/{id}"), 1, changed).await;
    assert_eq!(status, 200);
    let news = w.http.get(format!("{base}~changed?since={version}")).send().await;
    assert_eq!(news.0.status(), 200);
    tokio::time::sleep(std::time::Duration::from_millis(800)).await;
    let html = w.http.get(format!("{base}blog/a-draft/")).send().await;
    assert!(html.0.into_body().into_string().await.unwrap().contains("Other words."));
}

#[tokio::test]
async fn links_end_and_cannot_be_made_up() {
    let w = World::new().await;
    let base = link(&w, 1).await;
    assert_eq!(w.http.get(&base).send().await.0.status(), 200);
    let other = base.replace(&w.a.sites[0].to_string(), &w.a.sites[1].to_string());
    assert_ne!(other, base);
    for forged in [other.as_str(), "/preview/x/", "/preview//", "/preview/"] {
        assert_eq!(w.http.get(forged).send().await.0.status(), 404, "{forged}");
    }
    assert_eq!(w.http.post(&base).send().await.0.status(), 405);
    let path = format!("/sites/{}/preview-links", w.a.sites[0]);
    assert_eq!(w.post(&w.a.viewer, &path, json!({})).await.0, 403);
    assert_eq!(w.post(&w.b.owner, &path, json!({})).await.0, 404);
    let (status, problem) = w.post(&w.a.editor, &path, json!({ "hours": 0 })).await;
    assert_eq!(
        (status.as_u16(), &problem["errors"][0]["field"]),
        (422, &json!("hours"))
    );

    w.clock.advance(chrono::Duration::minutes(61));
    assert_eq!(w.http.get(&base).send().await.0.status(), 404, "its time is over");
}

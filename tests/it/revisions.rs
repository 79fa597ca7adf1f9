//! Revisions through the API.

use igny8_server::testing::{World, body_of};
use poem::http::Method;
use serde_json::json;

use crate::content::{create, id, ready};

#[tokio::test]
async fn revisions_are_kept_compared_and_restored() {
    let w = World::new().await;
    let post = create(
        &w,
        json!({ "content_type": "post", "title": "One", "body": "first\nsecond\n" }),
    )
    .await;
    let path = format!("/sites/{}/content/{}", w.a.sites[0], id(&post));
    let list = format!("{path}/revisions");
    assert_eq!(
        w.patch(&w.a.editor, &path, 1, json!({ "excerpt": "no revision" }))
            .await
            .0,
        200
    );
    assert_eq!(
        w.patch(&w.a.editor, &path, 2, json!({ "body": "first\nchanged\n" }))
            .await
            .0,
        200
    );
    assert_eq!(
        w.patch(&w.a.admin, &path, 3, json!({ "title": "Two", "author": "Ana" }))
            .await
            .0,
        200
    );

    let (_, page) = w.get(&w.a.viewer, &format!("{list}?limit=2&with_total=true")).await;
    assert_eq!(
        (&page["total"], page["items"].as_array().unwrap().len()),
        (&json!(3), 2),
        "{page}"
    );
    let newest = &page["items"][0];
    assert_eq!(
        (&newest["number"], &newest["changed"]),
        (&json!(3), &json!(["title", "author"])),
        "{page}"
    );
    assert_eq!(
        (&newest["author"], &newest["body"]),
        (&json!(w.a.admin.id.to_string()), &serde_json::Value::Null)
    );
    let (_, rest) = w
        .get(
            &w.a.viewer,
            &format!("{list}?limit=2&cursor={}", page["next"].as_str().unwrap()),
        )
        .await;
    assert_eq!(
        (&rest["items"][0]["number"], &rest["items"][0]["reason"]),
        (&json!(1), &json!("created")),
        "{rest}"
    );
    let (_, first) = w.get(&w.a.viewer, &format!("{list}/1")).await;
    assert_eq!(
        (&first["title"], &first["body"]),
        (&json!("One"), &json!("first\nsecond\n"))
    );

    let (_, compared) = w.get(&w.a.viewer, &format!("{list}/compare?from=1&to=3")).await;
    assert_eq!(compared["title_changed"], true, "{compared}");
    assert_eq!(
        (&compared["body"]["added"], &compared["body"]["removed"]),
        (&json!(1), &json!(1))
    );
    assert!(
        compared["body"]["unified"]
            .as_str()
            .unwrap()
            .contains("-second\n+changed\n"),
        "{compared}"
    );

    for other in ["", "/1", "/compare?from=1&to=2"] {
        assert_eq!(w.get(&w.b.owner, &format!("{list}{other}")).await.0, 404, "{other}");
    }
    assert_eq!(w.get(&w.a.viewer, &format!("{list}/9")).await.0, 404);
    let restore = async |who, number: i64, rev: i64| {
        let request = w.request(who, Method::POST, &format!("{list}/{number}/restore"));
        let (status, body) = body_of(request.header("if-match", format!("\"{rev}\"")).send().await).await;
        (status.as_u16(), body)
    };
    assert_eq!(restore(&w.a.viewer, 1, 4).await.0, 403);
    assert_eq!(restore(&w.b.owner, 1, 4).await.0, 404);
    assert_eq!(restore(&w.a.editor, 1, 3).await.0, 412);
    assert_eq!(restore(&w.a.editor, 9, 4).await.0, 404);
    let (status, restored) = restore(&w.a.editor, 1, 4).await;
    assert_eq!(
        (status, &restored["title"], &restored["revision"]),
        (200, &json!("One"), &json!(4)),
        "{restored}"
    );
    assert_eq!(
        (&restored["body"], &restored["author"]),
        (&json!("first\nsecond\n"), &json!("Ana")),
        "title and body only"
    );
    let (_, fourth) = w.get(&w.a.viewer, &format!("{list}/4")).await;
    assert_eq!(
        (&fourth["reason"], &fourth["restored_from"]),
        (&json!("restored"), &json!(1)),
        "{fourth}"
    );

    // What is on another site of the account is not found through this one.
    let body = json!({ "content_type": "post", "title": "Elsewhere" });
    let (_, elsewhere) = w
        .post(&w.a.owner, &format!("/sites/{}/content", w.a.sites[1]), body)
        .await;
    let path = format!("/sites/{}/content/{}/revisions/1", w.a.sites[0], id(&elsewhere));
    assert_eq!(w.get(&w.a.owner, &path).await.0, 404);
}

#[tokio::test]
async fn a_restored_revision_takes_nothing_from_published_content() {
    let w = World::new().await;
    let post = ready(&w, "Ready").await;
    let path = format!("/sites/{}/content/{}", w.a.sites[0], id(&post));
    for (rev, body) in [(1, ""), (2, "More text.")] {
        let (status, edited) = w.patch(&w.a.editor, &path, rev, json!({ "body": body })).await;
        assert_eq!(status, 200, "{edited}");
    }
    let post = async |who, what: &str, rev: i64, body: serde_json::Value| {
        let request = w.request(who, Method::POST, &format!("{path}/{what}"));
        let request = request.header("if-match", format!("\"{rev}\""));
        let (status, answer) = body_of(request.body_json(&body).send().await).await;
        (status.as_u16(), answer)
    };
    let (status, live) = post(&w.a.editor, "status", 3, json!({ "status": "published" })).await;
    assert_eq!(status, 200, "{live}");
    let restore = "revisions/2/restore";
    let (status, refused) = post(&w.a.editor, restore, 4, json!({})).await;
    assert_eq!(
        (status, &refused["code"], &refused["errors"][0]["field"]),
        (422, &json!("not_ready"), &json!("body")),
        "{refused}"
    );
    let forced = format!("{restore}?force=true");
    assert_eq!(post(&w.a.editor, &forced, 4, json!({})).await.0, 403);
    let (status, restored) = post(&w.a.admin, &forced, 4, json!({})).await;
    assert_eq!(
        (status, &restored["body"], &restored["status"]),
        (200, &json!(""), &json!("published")),
        "{restored}"
    );
    let (_, audit) = w.get(&w.a.owner, "/audit?limit=200").await;
    assert!(audit.to_string().contains("content.readiness_waived"), "{audit}");
}

#[tokio::test]
async fn a_revision_of_a_hundred_edits_ago_is_found_compared_and_restored() {
    let w = World::new().await;
    let mut body = "Day 0.\n".to_owned();
    let post = create(&w, json!({ "content_type": "post", "title": "Diary", "body": body })).await;
    let path = format!("/sites/{}/content/{}", w.a.sites[0], id(&post));
    let list = format!("{path}/revisions");
    for n in 1..=100 {
        body += &format!("\nDay {n}.\n");
        let who = if n % 2 == 0 { &w.a.editor } else { &w.a.admin };
        let (status, answer) = w.patch(who, &path, n, json!({ "body": body })).await;
        assert_eq!(status, 200, "{answer}");
    }
    let (mut numbers, mut cursor) = (Vec::new(), String::new());
    loop {
        let (_, page) = w.get(&w.a.viewer, &format!("{list}?limit=40{cursor}")).await;
        let items = page["items"].as_array().unwrap();
        numbers.extend(items.iter().map(|item| item["number"].as_i64().unwrap()));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(
        numbers,
        (1..=101).rev().collect::<Vec<_>>(),
        "all of them, the newest first"
    );
    let (_, first) = w.get(&w.a.viewer, &format!("{list}/1")).await;
    assert_eq!(first["body"], "Day 0.\n");
    let (_, compared) = w.get(&w.a.viewer, &format!("{list}/compare?from=1&to=101")).await;
    assert_eq!(
        (&compared["body"]["added"], &compared["body"]["removed"]),
        (&json!(200), &json!(0)),
        "a line and an empty one each day"
    );

    // Who began a hundred edits ago is told to look again, not which of them was whose.
    let (status, stale) = w.patch(&w.a.editor, &path, 1, json!({ "body": "Mine." })).await;
    assert_eq!(
        (status.as_u16(), &stale["errors"][0]["field"], &stale["current_etag"]),
        (412, &json!("*"), &json!("\"101\"")),
        "{stale}"
    );
    for (number, rev, expected) in [(1, 101, "Day 0.\n"), (101, 102, body.as_str())] {
        let request = w.request(&w.a.editor, Method::POST, &format!("{list}/{number}/restore"));
        let request = request.header("if-match", format!("\"{rev}\""));
        let (status, restored) = body_of(request.send().await).await;
        assert_eq!(
            (status.as_u16(), &restored["body"], &restored["revision"]),
            (200, &json!(expected), &json!(rev + 1)),
        );
    }
}

//! Comments, open editors and conflicts through the API.

use chrono::Duration;
use igny8_data::Role;
use igny8_server::testing::{Member, World};
use poem::http::Method;
use serde_json::{Value, json};

use crate::content::{create, id};

async fn post(w: &World, body: &str) -> Value {
    create(w, json!({ "content_type": "post", "title": "Mills", "body": body })).await
}

async fn put(w: &World, who: &Member, path: &str, body: Value) -> (u16, Value) {
    let request = w.request(who, Method::PUT, path).body_json(&body);
    let (status, body) = igny8_server::testing::body_of(request.send().await).await;
    (status.as_u16(), body)
}

/// Texts of the mails to an address, the oldest first.
fn mails_to(w: &World, to: &str) -> Vec<String> {
    let Ok(files) = std::fs::read_dir(w.app.config.data_dir.join("mail")) else {
        return Vec::new();
    };
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    let texts = files.iter().map(|file| std::fs::read_to_string(file).unwrap());
    texts.filter(|text| text.contains(&format!("To: {to}"))).collect()
}

#[tokio::test]
async fn comments_are_written_answered_resolved_and_deleted() {
    let w = World::new().await;
    let site = w.a.sites[0];
    let content = post(&w, "A burr mill lasts for years.").await;
    let comments = format!("/sites/{site}/comments");
    let (status, first) = w
        .post(
            &w.a.editor,
            &comments,
            json!({ "content": id(&content), "text": " How many? ", "quote": "for years", "mentions": [w.a.admin.id.to_string(), w.a.admin.id.to_string()] }),
        )
        .await;
    assert_eq!(
        (
            status.as_u16(),
            &first["text"],
            &first["author_name"],
            &first["resolved"]
        ),
        (201, &json!("How many?"), &json!("editor"), &json!(false)),
        "{first}"
    );
    assert_eq!(first["mentions"], json!([w.a.admin.id.to_string()]));
    w.run_jobs().await;
    let mails = mails_to(&w, &w.a.admin.email);
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert!(
        mails[0].contains("editor mentioned you: Mills") && mails[0].contains("> for years"),
        "{}",
        mails[0]
    );

    // An answer tells who began.
    let answer = json!({ "content": id(&content), "thread": id(&first), "text": "Ten." });
    let (status, answer) = w.post(&w.a.admin, &comments, answer).await;
    assert_eq!(status, 201, "{answer}");
    w.run_jobs().await;
    assert_eq!(mails_to(&w, &w.a.editor.email).len(), 1);
    let nested = json!({ "content": id(&content), "thread": id(&answer), "text": "Sure?" });
    let (status, refused) = w.post(&w.a.editor, &comments, nested).await;
    assert_eq!(
        (status.as_u16(), &refused["errors"][0]["field"]),
        (422, &json!("thread"))
    );

    // Its text is its author's; the thread is everybody's.
    let path = format!("{comments}/{}", id(&first));
    let (status, refused) = w.patch(&w.a.admin, &path, 1, json!({ "text": "x" })).await;
    assert_eq!((status.as_u16(), &refused["code"]), (403, &json!("not_the_author")));
    let change =
        json!({ "text": "How many years?", "mentions": [w.a.admin.id.to_string(), w.a.viewer.id.to_string()] });
    let (status, changed) = w.patch(&w.a.editor, &path, 1, change).await;
    assert_eq!(
        (status.as_u16(), &changed["text"]),
        (200, &json!("How many years?")),
        "{changed}"
    );
    assert!(changed["edited_at"].is_string());
    w.run_jobs().await;
    assert_eq!(mails_to(&w, &w.a.admin.email).len(), 1, "nobody is told twice");
    assert_eq!(mails_to(&w, &w.a.viewer.email).len(), 1);
    assert_eq!(w.patch(&w.a.editor, &path, 1, json!({ "resolved": true })).await.0, 412);
    let (_, resolved) = w.patch(&w.a.admin, &path, 2, json!({ "resolved": true })).await;
    assert_eq!(
        (&resolved["resolved"], &resolved["resolved_by"]),
        (&json!(true), &json!(w.a.admin.id.to_string())),
        "{resolved}"
    );
    let of_answer = format!("{comments}/{}", id(&answer));
    assert_eq!(
        w.patch(&w.a.admin, &of_answer, 1, json!({ "resolved": true })).await.0,
        422
    );

    let count = async |filter: &str| {
        let (status, page) = w
            .get(&w.a.viewer, &format!("{comments}?with_total=true&{filter}"))
            .await;
        assert_eq!(status, 200, "{page}");
        assert_eq!(
            page["items"].as_array().unwrap().len() as u64,
            page["total"].as_u64().unwrap()
        );
        page["total"].as_u64().unwrap()
    };
    assert_eq!(count(&format!("content={}", id(&content))).await, 2);
    assert_eq!(count("resolved=true").await, 1);
    assert_eq!(count("resolved=false").await, 0);
    assert_eq!(count(&format!("thread={}", id(&first))).await, 1);
    assert_eq!(count(&format!("mentioned={}", w.a.viewer.id)).await, 1);
    assert_eq!(count(&format!("author={}", w.a.admin.id)).await, 1);

    // A thread goes with its first comment.
    assert_eq!(w.delete(&w.a.editor, &of_answer, 1).await.0, 403);
    assert_eq!(w.delete(&w.a.viewer, &path, 3).await.0, 403);
    assert_eq!(w.delete(&w.a.editor, &path, 3).await.0, 204);
    assert_eq!(w.get(&w.a.editor, &of_answer).await.0, 404);
    assert_eq!(count("").await, 0);
}

#[tokio::test]
async fn only_people_who_see_the_site_are_mentioned_and_told() {
    let w = World::new().await;
    let site = w.a.sites[0];
    let content = post(&w, "Text.").await;
    let comments = format!("/sites/{site}/comments");
    let outsider = Member::make(&w.app, w.a.account, Role::Editor, "elsewhere").await;
    for who in [&w.b.owner, &outsider] {
        let body = json!({ "content": id(&content), "text": "See", "mentions": [who.id.to_string()] });
        let (status, refused) = w.post(&w.a.editor, &comments, body).await;
        assert_eq!(
            (status.as_u16(), &refused["errors"][0]["field"]),
            (422, &json!("mentions")),
            "{refused}"
        );
    }
    let (_, people) = w.get(&w.a.viewer, &format!("/sites/{site}/people")).await;
    let names: Vec<&str> = people["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["admin", "editor", "owner", "viewer"], "{people}");
    // Who lost the site meanwhile is not told.
    let body = json!({ "content": id(&content), "text": "See", "mentions": [w.a.viewer.id.to_string()] });
    assert_eq!(w.post(&w.a.editor, &comments, body).await.0, 201);
    let access = format!("/members/{}/sites", w.a.viewer.id);
    let (status, answer) = put(&w, &w.a.owner, &access, json!({ "sites": [] })).await;
    assert!((200..300).contains(&status), "{answer}");
    w.run_jobs().await;
    assert_eq!(mails_to(&w, &w.a.viewer.email), [] as [String; 0]);
    // Content of another site is none of this one.
    let (_, other) = w
        .post(
            &w.a.owner,
            &format!("/sites/{}/content", w.a.sites[1]),
            json!({ "content_type": "post", "title": "Other" }),
        )
        .await;
    let body = json!({ "content": id(&other), "text": "See" });
    assert_eq!(w.post(&w.a.owner, &comments, body).await.0, 422);
}

#[tokio::test]
async fn an_open_editor_is_shown_until_it_is_silent() {
    let w = World::new().await;
    let site = w.a.sites[0];
    let content = post(&w, "Text.").await;
    let path = format!("/sites/{site}/content/{}/editing", id(&content));
    let (status, open) = put(&w, &w.a.editor, &path, json!({ "window": "one" })).await;
    assert_eq!((status, &open["editing"]["yours"]), (200, &json!(true)), "{open}");
    let since = open["editing"]["since"].clone();
    let (_, seen) = w.get(&w.a.viewer, &path).await;
    assert_eq!(
        (&seen["editing"]["name"], &seen["editing"]["yours"]),
        (&json!("editor"), &json!(false)),
        "{seen}"
    );
    let (status, refused) = put(&w, &w.a.admin, &path, json!({ "window": "one" })).await;
    assert_eq!((status, &refused["code"]), (409, &json!("being_edited")));
    assert!(
        refused["detail"].as_str().unwrap().starts_with("editor has it open"),
        "{refused}"
    );
    let (status, refused) = put(&w, &w.a.editor, &path, json!({ "window": "two" })).await;
    assert_eq!(status, 409);
    assert!(
        refused["detail"].as_str().unwrap().contains("another window"),
        "{refused}"
    );
    // It is renewed, and stays the same one.
    w.clock.advance(Duration::seconds(40));
    let (_, renewed) = put(&w, &w.a.editor, &path, json!({ "window": "one" })).await;
    assert_eq!(renewed["editing"]["since"], since);
    w.clock.advance(Duration::seconds(40));
    let (_, all) = w.get(&w.a.viewer, &format!("/sites/{site}/content/editing")).await;
    assert_eq!(all["items"][0]["content"], json!(id(&content)), "{all}");
    assert_eq!(w.get(&w.b.owner, &path).await.0, 404);
    assert_eq!(put(&w, &w.a.viewer, &path, json!({ "window": "one" })).await.0, 403);
    // Taken over; the first window closing late changes nothing.
    let (status, taken) = put(&w, &w.a.admin, &path, json!({ "window": "one", "take_over": true })).await;
    assert_eq!((status, &taken["editing"]["name"]), (200, &json!("admin")), "{taken}");
    let close = async |who: &Member| {
        let request = w.request(who, Method::DELETE, &format!("{path}?window=one"));
        request.send().await.0.status().as_u16()
    };
    assert_eq!(close(&w.a.editor).await, 204);
    assert_eq!(w.get(&w.a.viewer, &path).await.1["editing"]["name"], "admin");
    assert_eq!(close(&w.a.admin).await, 204);
    assert_eq!(w.get(&w.a.viewer, &path).await.1["editing"], Value::Null);
    // Silence closes it.
    put(&w, &w.a.editor, &path, json!({ "window": "one" })).await;
    w.clock.advance(Duration::seconds(61));
    assert_eq!(put(&w, &w.a.admin, &path, json!({ "window": "two" })).await.0, 200);
    w.clock.advance(Duration::hours(2));
    assert_eq!(igny8_server::jobs::purge::finished(w.app.clone()).await.unwrap(), 1);
}

#[tokio::test]
async fn both_sides_of_a_conflict_are_shown() {
    let w = World::new().await;
    let site = w.a.sites[0];
    let content = post(&w, "# Mills\n\nOne.\n\nTwo.\n\nThree.\n").await;
    let path = format!("/sites/{site}/content/{}", id(&content));
    let base = content["revision"].clone();
    let theirs = json!({ "body": "# Mills\n\nOne.\n\nTwo.\n\nThree and more.\n" });
    assert_eq!(w.patch(&w.a.admin, &path, 1, theirs).await.0, 200);
    let mine = "# Mills\n\nThe one.\n\nTwo.\n\nThree.\n";
    assert_eq!(w.patch(&w.a.editor, &path, 1, json!({ "body": mine })).await.0, 412);
    let merge = format!("{path}/merge");
    let (status, merged) = w
        .post(
            &w.a.editor,
            &merge,
            json!({ "revision": base, "body": mine, "title": "Mills" }),
        )
        .await;
    assert_eq!(status, 200, "{merged}");
    let both = "# Mills\n\nThe one.\n\nTwo.\n\nThree and more.\n";
    assert_eq!(merged["body"]["merged"], json!(both), "{merged}");
    assert_eq!(
        (&merged["title"]["merged"], &merged["author"], &merged["etag"]),
        (&json!("Mills"), &json!(w.a.admin.id.to_string()), &json!("\"2\""))
    );
    assert_eq!(
        (&merged["body"]["mine"]["added"], &merged["body"]["theirs"]["added"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(w.patch(&w.a.editor, &path, 2, json!({ "body": both })).await.0, 200);
    // Both changed one line.
    let mine = "# Mills\n\nOne.\n\nTwo.\n\nThree or so.\n";
    let (_, conflict) = w
        .post(&w.a.editor, &merge, json!({ "revision": base, "body": mine }))
        .await;
    assert_eq!(conflict["body"]["merged"], Value::Null);
    let parts = conflict["body"]["parts"].as_array().unwrap();
    let found: Vec<&Value> = parts
        .iter()
        .map(|part| &part["conflict"])
        .filter(|c| !c.is_null())
        .collect();
    assert_eq!(
        found,
        [&json!({ "base": "Three.\n", "mine": "Three or so.\n", "theirs": "Three and more.\n" })],
        "{conflict}"
    );
    for (who, body, expected) in [
        (&w.a.editor, json!({ "revision": 99, "body": "x" }), 422),
        (&w.a.viewer, json!({ "revision": base, "body": "x" }), 403),
        (&w.b.owner, json!({ "revision": base, "body": "x" }), 404),
    ] {
        assert_eq!(w.post(who, &merge, body).await.0, expected);
    }
}

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
    assert_eq!(w.patch(&w.a.admin, &path, 1, theirs.clone()).await.0, 200);
    let mine = "# Mills\n\nThe one.\n\nTwo.\n\nThree.\n";
    let (status, stale) = w.patch(&w.a.editor, &path, 1, json!({ "body": mine })).await;
    assert_eq!(
        (
            status.as_u16(),
            &stale["errors"][0]["field"],
            &stale["errors"][0]["current"]
        ),
        (412, &json!("body"), &theirs["body"]),
        "{stale}"
    );
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

#[tokio::test]
async fn two_writers_of_blocks_and_questions_are_brought_together_one_by_one() {
    let w = World::new().await;
    let content = post(&w, "Text.").await;
    let path = format!("/sites/{}/content/{}", w.a.sites[0], id(&content));
    let blocks = |hero: &str, text: &str, label: &str| {
        json!([
            { "type": "hero", "heading": hero, "text": text },
            { "type": "cta", "heading": "Call us", "links": [{ "label": label, "url": "/contact/" }] },
        ])
    };
    let faq =
        |why: &str, when: &str| json!([{ "question": "Why?", "answer": why }, { "question": "When?", "answer": when }]);
    let start = json!({ "blocks": blocks("Mills", "One.\n\nTwo.", "Call"), "faq": faq("Because.", "Now.") });
    let (status, read) = w.patch(&w.a.editor, &path, 1, start).await;
    assert_eq!(status, 200, "{read}");
    let theirs = json!({ "blocks": blocks("Mills", "One.\n\nTwo and more.", "Ring"), "faq": faq("Because.", "Soon.") });
    assert_eq!(w.patch(&w.a.admin, &path, 2, theirs).await.0, 200);

    let merge = format!("{path}/merge");
    let ask = async |blocks: Value, mine: Value| {
        let faq = json!({ "base": read["faq"], "mine": mine });
        let body = json!({ "revision": read["revision"], "blocks": blocks, "faq": faq });
        w.post(&w.a.editor, &merge, body).await
    };
    // Another heading, another line of one text, another answer; what is usual may be written out.
    let mut mine = blocks("Our mills", "The one.\n\nTwo.", "Call");
    mine[0]["variant"] = json!("split");
    let (status, merged) = ask(mine, faq("Therefore.", "Now.")).await;
    assert_eq!(status, 200, "{merged}");
    let (_, stored) = w
        .patch(
            &w.a.editor,
            &path,
            3,
            json!({ "blocks": merged["blocks"]["merged"], "faq": merged["faq"]["merged"] }),
        )
        .await;
    let both = blocks("Our mills", "The one.\n\nTwo and more.", "Ring");
    let tidy = |blocks: &Value| blocks.to_string().len();
    assert_eq!(
        (
            &stored["blocks"][0]["heading"],
            &stored["blocks"][0]["text"],
            tidy(&stored["blocks"])
        ),
        (&both[0]["heading"], &both[0]["text"], tidy(&both)),
        "{stored}"
    );
    assert_eq!(stored["faq"], faq("Therefore.", "Soon."), "{stored}");

    // What both changed is told by block and field, and the rest goes together all the same.
    let (_, merged) = ask(blocks("My mills", "One.\n\nTwo.", "Phone"), faq("Because.", "Later.")).await;
    assert_eq!(
        (
            &merged["blocks"]["merged"],
            &merged["faq"]["merged"],
            &merged["blocks"]["both_reordered"]
        ),
        (&Value::Null, &Value::Null, &json!(false)),
        "{merged}"
    );
    let conflict = &merged["blocks"]["items"][1]["conflict"];
    assert_eq!(
        (
            &conflict["name"],
            &conflict["mine"]["place"],
            &conflict["merged"]["links"][0]["label"]
        ),
        (&json!("Call us"), &json!(1), &json!("Phone")),
        "{merged}"
    );
    assert_eq!(
        conflict["fields"],
        json!([{
            "field": "links.0.label", "base": "Call", "mine": "Phone", "theirs": "Ring",
            "parts": [{ "conflict": { "base": "Call", "mine": "Phone", "theirs": "Ring" } }],
        }]),
        "{merged}"
    );
    let conflict = &merged["faq"]["items"][1]["conflict"];
    assert_eq!(
        (&conflict["name"], &conflict["fields"][0]["field"]),
        (&json!("When?"), &json!("answer")),
        "{merged}"
    );
    // Taken out here, changed there.
    let (_, merged) = ask(
        json!([blocks("Mills", "One.\n\nTwo.", "Call")[0]]),
        faq("Because.", "Now."),
    )
    .await;
    let conflict = &merged["blocks"]["items"][1]["conflict"];
    assert!(
        conflict.get("mine").is_none() && conflict["theirs"]["item"]["links"][0]["label"] == "Ring",
        "{merged}"
    );
    let (status, refused) = ask(json!([{ "type": "carousel" }]), faq("Because.", "Now.")).await;
    assert_eq!(
        (status.as_u16(), &refused["errors"][0]["field"]),
        (422, &json!("blocks.0")),
        "{refused}"
    );
}

#[tokio::test]
async fn a_stale_writer_sees_what_is_stored_of_short_texts_too() {
    let w = World::new().await;
    let content = post(&w, "Text.").await;
    let path = format!("/sites/{}/content/{}", w.a.sites[0], id(&content));
    let long = "long ".repeat(2_000);
    let theirs = json!({ "seo_title": "Theirs", "excerpt": "Same", "author": "Ann", "body": long });
    assert_eq!(w.patch(&w.a.admin, &path, 1, theirs).await.0, 200);
    assert_eq!(w.patch(&w.a.admin, &path, 2, json!({ "author": null })).await.0, 200);
    let (status, stale) = w.patch(&w.a.editor, &path, 1, json!({ "seo_title": "Mine" })).await;
    assert_eq!(status, 412);
    let errors = stale["errors"].as_array().unwrap();
    let of = |field: &str| {
        errors
            .iter()
            .find(|error| error["field"] == field)
            .unwrap()
            .get("current")
    };
    assert_eq!(
        (of("seo_title"), of("excerpt"), of("author"), of("body")),
        (Some(&json!("Theirs")), Some(&json!("Same")), Some(&Value::Null), None),
        "{stale}"
    );
    let merge = json!({
        "revision": 1,
        "seo_title": { "base": "", "mine": "Mine" },
        "meta_description": { "base": "", "mine": "Mine alone" },
        "excerpt": { "base": "Before", "mine": "Before" },
    });
    let (status, merged) = w.post(&w.a.editor, &format!("{path}/merge"), merge).await;
    assert_eq!(status, 200, "{merged}");
    assert_eq!(
        (&merged["meta_description"]["merged"], &merged["excerpt"]["merged"]),
        (&json!("Mine alone"), &json!("Same")),
        "{merged}"
    );
    assert_eq!(
        merged["seo_title"]["parts"][0]["conflict"],
        json!({ "base": "", "mine": "Mine", "theirs": "Theirs" }),
        "{merged}"
    );
    assert!(merged.get("body").is_none(), "{merged}");
    let long = json!({ "revision": 1, "excerpt": { "base": "", "mine": "x".repeat(5_001) } });
    let (status, refused) = w.post(&w.a.editor, &format!("{path}/merge"), long).await;
    assert_eq!(
        (status.as_u16(), &refused["errors"][0]["field"]),
        (422, &json!("excerpt.mine"))
    );
}

#[tokio::test]
async fn approved_is_the_text_that_was_approved() {
    let w = World::new().await;
    let content = post(&w, "Text.").await;
    let path = format!("/sites/{}/content/{}", w.a.sites[0], id(&content));
    let send = async |who: &Member, method: Method, rest: &str, rev: i64, body: Value| {
        let request = w.request(who, method, &format!("{path}{rest}"));
        let request = request.header("if-match", format!("\"{rev}\"")).body_json(&body);
        let (status, body) = igny8_server::testing::body_of(request.send().await).await;
        assert_eq!(status, 200, "{body}");
        body
    };
    let approve = async |rev: i64| {
        let approved = send(
            &w.a.admin,
            Method::POST,
            "/status",
            rev,
            json!({ "status": "approved" }),
        )
        .await;
        assert_eq!(
            (&approved["approved_by"], approved["approved_at"].is_string()),
            (&json!(w.a.admin.id.to_string()), true),
            "{approved}"
        );
    };
    send(&w.a.editor, Method::POST, "/status", 1, json!({ "status": "review" })).await;
    approve(2).await;
    // Not of its text.
    let same = send(
        &w.a.editor,
        Method::PATCH,
        "",
        3,
        json!({ "meta_description": "Words" }),
    )
    .await;
    assert_eq!(same["status"], "approved", "{same}");
    let mut rev = 4;
    for (method, rest, body) in [
        (Method::PATCH, "", json!({ "title": "Mills and more" })),
        (Method::PATCH, "", json!({ "body": "Another text." })),
        (
            Method::PATCH,
            "",
            json!({ "blocks": [{ "type": "hero", "heading": "More" }] }),
        ),
        (Method::POST, "/revisions/1/restore", json!({})),
    ] {
        let changed = send(&w.a.editor, method, rest, rev, body).await;
        assert_eq!(changed["status"], "review", "{changed}");
        assert!(
            changed.get("approved_by").is_none() && changed.get("approved_at").is_none(),
            "{changed}"
        );
        approve(rev + 1).await;
        rev += 2;
    }
    // It stays on record when it is published.
    let published = send(
        &w.a.owner,
        Method::POST,
        "/status",
        rev,
        json!({ "status": "published", "force": true }),
    )
    .await;
    assert_eq!(published["approved_by"], json!(w.a.admin.id.to_string()), "{published}");
}

#[tokio::test]
async fn sites_may_publish_only_what_somebody_else_approved() {
    let w = World::new().await;
    let site = format!("/sites/{}", w.a.sites[0]);
    let second = Member::make(&w.app, w.a.account, Role::Editor, "second").await;
    let access = format!("/members/{}/sites", second.id);
    let (status, answer) = put(&w, &w.a.owner, &access, json!({ "sites": [w.a.sites[0].to_string()] })).await;
    assert!((200..300).contains(&status), "{answer}");
    let (_, row) = w.get(&w.a.owner, &site).await;
    assert_eq!(row["publishing_needs_approval"], false);
    let setting = json!({ "publishing_needs_approval": true });
    assert_eq!(w.patch(&w.a.editor, &site, 1, setting.clone()).await.0, 403);
    let (status, row) = w.patch(&w.a.owner, &site, 1, setting).await;
    assert_eq!(
        (status.as_u16(), &row["publishing_needs_approval"]),
        (200, &json!(true)),
        "{row}"
    );

    let content = post(&w, "Text.").await;
    let path = format!("{site}/content/{}", id(&content));
    let send = async |who: &Member, rest: &str, rev: i64, body: Value| {
        let request = w.request(who, Method::POST, &format!("{path}/{rest}"));
        let request = request.header("if-match", format!("\"{rev}\"")).body_json(&body);
        let (status, body) = igny8_server::testing::body_of(request.send().await).await;
        (status.as_u16(), body)
    };
    let fields = |problem: &Value| {
        let errors = problem["errors"].as_array().unwrap().iter();
        errors
            .map(|error| error["field"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let (status, refused) = send(&w.a.editor, "status", 1, json!({ "status": "published" })).await;
    assert!(
        status == 422 && fields(&refused).contains(&"status".to_owned()),
        "{refused}"
    );
    let later = json!({ "publish_at": "2026-02-01T09:00" });
    let (status, refused) = send(&w.a.editor, "schedule", 1, later).await;
    assert!(
        status == 422 && fields(&refused).contains(&"status".to_owned()),
        "{refused}"
    );
    assert_eq!(
        send(&w.a.editor, "status", 1, json!({ "status": "review" })).await.0,
        200
    );
    let (status, refused) = send(&w.a.editor, "status", 2, json!({ "status": "approved" })).await;
    assert_eq!((status, &refused["code"]), (422, &json!("own_text")), "{refused}");
    let bulk = json!({ "action": "status", "status": "approved", "ids": [content["id"]] });
    let (_, refused) = w.post(&w.a.editor, &format!("{site}/content/bulk"), bulk.clone()).await;
    assert_eq!(refused["results"][0]["code"], "own_text", "{refused}");
    let (_, done) = w.post(&second, &format!("{site}/content/bulk"), bulk).await;
    assert_eq!(done["done"], 1, "{done}");
    let (_, row) = w.get(&w.a.viewer, &path).await;
    assert_eq!(row["approved_by"], json!(second.id.to_string()), "{row}");
    let (status, refused) = send(&w.a.editor, "status", 3, json!({ "status": "published" })).await;
    assert!(
        status == 422 && !fields(&refused).contains(&"status".to_owned()),
        "{refused}"
    );
    // Who approves wrote nothing of it; an admin may.
    let (status, changed) = w.patch(&second, &path, 3, json!({ "body": "Mine." })).await;
    assert_eq!(
        (status.as_u16(), &changed["status"]),
        (200, &json!("review")),
        "{changed}"
    );
    assert_eq!(send(&second, "status", 4, json!({ "status": "approved" })).await.0, 422);
    assert_eq!(w.patch(&w.a.admin, &path, 4, json!({ "body": "Ours." })).await.0, 200);
    assert_eq!(
        send(&w.a.admin, "status", 5, json!({ "status": "approved" })).await.0,
        200
    );
}

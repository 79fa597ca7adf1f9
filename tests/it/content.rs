//! Content through the API: its life, addresses, status, schedule, bulk actions and lists.

use chrono::Duration;
use igny8_data::{Variables, Why};
use igny8_server::features::content::schedule;
use igny8_server::testing::{Member, World, body_of};
use poem::http::Method;
use serde_json::{Value, json};

/// A time of the world, which starts at the beginning of 2026.
fn at(day: u32, hour: u32) -> String {
    format!("2026-01-{day:02}T{hour:02}:00:00Z")
}

pub fn id(value: &Value) -> &str {
    value["id"].as_str().expect("an id")
}

pub async fn create(w: &World, body: Value) -> Value {
    let (status, content) = w
        .post(&w.a.editor, &format!("/sites/{}/content", w.a.sites[0]), body)
        .await;
    assert_eq!(status, 201, "{content}");
    content
}

async fn with_rev(w: &World, who: &Member, method: Method, path: &str, rev: i64, body: Value) -> (u16, Value) {
    let request = w.request(who, method, path).header("if-match", format!("\"{rev}\""));
    let (status, body) = body_of(request.body_json(&body).send().await).await;
    (status.as_u16(), body)
}

/// Content that lacks nothing to be published on a blog.
pub async fn ready(w: &World, title: &str) -> Value {
    let sectors = format!("/sites/{}/sectors", w.a.sites[0]);
    let (_, sector) = w
        .post(&w.a.owner, &sectors, json!({ "name": format!("Sector of {title}") }))
        .await;
    let body = json!({ "sector": id(&sector), "name": "Brewing" });
    let (_, cluster) = w
        .post(&w.a.editor, &format!("/sites/{}/clusters", w.a.sites[0]), body)
        .await;
    let body = json!({ "taxonomy": "blog_category", "name": format!("Category of {title}") });
    let (_, term) = w
        .post(&w.a.editor, &format!("/sites/{}/terms", w.a.sites[0]), body)
        .await;
    create(
        w,
        json!({ "content_type": "post", "title": title, "body": "Text.", "excerpt": "Short.", "cluster": id(&cluster), "terms": [id(&term)] }),
    )
    .await
}

/// Runs the jobs of scheduled content as a worker would.
async fn work(w: &World) -> Vec<Result<Value, String>> {
    let mut done = Vec::new();
    while let Some((job, lease)) = w.app.db.claim_job(&[schedule::JOB]).await.unwrap() {
        let result = schedule::run(&w.app, &job).await.map_err(|e| e.to_string());
        let again = schedule::run(&w.app, &job).await;
        assert!(
            again.is_ok_and(|r| r["done"] == false),
            "a second run finds nothing to do"
        );
        w.app
            .db
            .finish_job(lease, igny8_data::Outcome::Done(json!({})))
            .await
            .unwrap();
        done.push(result);
    }
    done
}

async fn deployments(w: &World) -> usize {
    let sql = "SELECT VALUE id FROM job WHERE kind = 'site_changed'; DELETE job WHERE kind = 'site_changed';";
    let mut answer = w
        .app
        .db
        .platform(Why::Operator)
        .query(sql, Variables::new(), "test")
        .await
        .unwrap();
    answer.rows::<igny8_data::JobId>(0).unwrap().len()
}

#[tokio::test]
async fn the_life_of_content() {
    let w = World::new().await;
    let post = create(&w, json!({ "content_type": "post", "title": "Cold brew, slowly" })).await;
    assert_eq!(
        (&post["slug"], &post["path"]),
        (&json!("cold-brew-slowly"), &json!("/blog/cold-brew-slowly/"))
    );
    assert_eq!(
        (&post["status"], &post["revision"], &post["language"]),
        (&json!("draft"), &json!(1), &json!("en"))
    );
    let list = format!("/sites/{}/content", w.a.sites[0]);
    let path = format!("{list}/{}", id(&post));
    for (who, status) in [(&w.b.owner, 404), (&w.a.viewer, 200), (&w.a.admin, 200)] {
        assert_eq!(w.get(who, &path).await.0, status);
    }
    assert_eq!(
        w.post(&w.a.viewer, &list, json!({ "content_type": "post", "title": "x" }))
            .await
            .0,
        403
    );
    assert_eq!(
        w.post(&w.b.owner, &list, json!({ "content_type": "post", "title": "x" }))
            .await
            .0,
        404
    );
    let again = create(&w, json!({ "content_type": "post", "title": "Cold brew, slowly" })).await;
    assert_eq!(again["slug"], "cold-brew-slowly-2");
    let body = json!({ "content_type": "post", "title": "x", "slug": "cold-brew-slowly" });
    let (status, problem) = w.post(&w.a.editor, &list, body).await;
    assert_eq!(
        (status.as_u16(), &problem["errors"][0]["field"]),
        (409, &json!("slug")),
        "{problem}"
    );
    for title in ["???", "咖啡", "\u{202e}x"] {
        create(&w, json!({ "content_type": "page", "title": title })).await;
    }

    let (status, problem) = with_rev(&w, &w.a.editor, Method::PATCH, &path, 9, json!({ "title": "x" })).await;
    assert_eq!(status, 412, "{problem}");
    let request = w
        .request(&w.a.editor, Method::PATCH, &path)
        .body_json(&json!({ "title": "x" }));
    assert_eq!(body_of(request.send().await).await.0, 428);
    assert_eq!(
        w.patch(&w.a.editor, &path, 1, json!({ "excerpt": "Short", "author": "Ana" }))
            .await
            .0,
        200
    );
    assert_eq!(
        w.patch(&w.a.editor, &path, 2, json!({ "title": "Cold brew" })).await.0,
        200
    );
    let (status, problem) = w.patch(&w.a.editor, &path, 1, json!({ "body": "mine" })).await;
    let mut fields: Vec<&str> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["field"].as_str().unwrap())
        .collect();
    fields.sort_unstable();
    assert_eq!(
        (status.as_u16(), fields),
        (412, vec!["author", "excerpt", "title"]),
        "{problem}"
    );
    assert_eq!(problem["current_etag"], "\"3\"");
    assert_eq!(
        w.patch(&w.a.editor, &path, 3, json!({ "title": "Cold brew" })).await.0,
        200,
        "nothing changes"
    );
    assert_eq!(
        w.patch(&w.a.editor, &path, 3, json!({ "author": null })).await.1["author"],
        Value::Null
    );

    assert_eq!(w.delete(&w.a.editor, &path, 4).await.0, 204);
    assert_eq!(w.get(&w.a.editor, &path).await.0, 404);
    let body = json!({ "content_type": "post", "title": "x", "slug": "cold-brew-slowly" });
    assert_eq!(
        w.post(&w.a.editor, &list, body).await.0,
        409,
        "a deleted one keeps its address"
    );
    let (_, page) = w
        .get(&w.a.editor, &format!("{list}?deleted=true&with_total=true"))
        .await;
    assert_eq!(page["total"], 1);
    assert_eq!(w.post(&w.b.owner, &format!("{path}/restore"), json!({})).await.0, 404);
    assert_eq!(w.post(&w.a.editor, &format!("{path}/restore"), json!({})).await.0, 200);
    assert_eq!(w.get(&w.a.editor, &path).await.0, 200);
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let w = World::new().await;
    let list = format!("/sites/{}/content", w.a.sites[0]);
    let (_, foreign) = w
        .post(
            &w.b.owner,
            &format!("/sites/{}/terms", w.b.sites[0]),
            json!({ "taxonomy": "blog_tag", "name": "F" }),
        )
        .await;
    let (_, sibling) = w
        .post(
            &w.a.owner,
            &format!("/sites/{}/terms", w.a.sites[1]),
            json!({ "taxonomy": "blog_tag", "name": "F" }),
        )
        .await;
    let (_, sector) = w
        .post(
            &w.a.owner,
            &format!("/sites/{}/sectors", w.a.sites[1]),
            json!({ "name": "S" }),
        )
        .await;
    for (extra, field) in [
        (json!({ "title": "" }), "title"),
        (json!({ "slug": "../etc" }), "slug"),
        (json!({ "slug": "A b" }), "slug"),
        (json!({ "slug": "a\u{0}b" }), "slug"),
        (json!({ "slug": "" }), "slug"),
        (json!({ "section": "/../" }), "section"),
        (json!({ "section": "blog" }), "section"),
        (json!({ "language": "english" }), "language"),
        (json!({ "canonical_url": "javascript:alert(1)" }), "canonical_url"),
        (json!({ "aliases": ["//evil.example/"] }), "aliases.0"),
        (json!({ "page_role": "home" }), "page_role"),
        (json!({ "content_structure": "product_page" }), "content_structure"),
        (json!({ "entity": { "price": "3", "currency": "EUR" } }), "entity.price"),
        (json!({ "extra": [1] }), "extra"),
        (json!({ "cluster_role": "hub" }), "cluster_role"),
        (json!({ "terms": [id(&foreign)] }), "terms"),
        (json!({ "terms": [id(&sibling)] }), "terms"),
        (json!({ "sector": id(&sector) }), "sector"),
        (json!({ "cluster": "clus_01jz8k3v5n6q7r8s9t0v1w2x3y" }), "cluster"),
        (json!({ "faq": [{ "question": "", "answer": "x" }] }), "faq.0.question"),
        (json!({ "body": "x".repeat((2 << 20) + 1) }), "body"),
    ] {
        let mut body = json!({ "content_type": "post", "title": "T" });
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let (status, problem) = w.post(&w.a.editor, &list, body).await;
        let fields: Vec<&str> = problem["errors"].as_array().map_or(Vec::new(), |errors| {
            errors.iter().filter_map(|e| e["field"].as_str()).collect()
        });
        assert!(status == 422 && fields.contains(&field), "{field}: {status} {problem}");
    }
    let product = json!({ "content_type": "product", "title": "Kettle", "attributes": [{ "name": "colour", "value": "red" }],
        "entity": { "price": "49.90", "currency": "EUR", "availability": "in_stock", "gtin": "4006381333931", "rating_value": 4.5, "rating_count": 12 },
        "faq": [{ "question": "How big?", "answer": "One litre." }], "extra": { "a": null, "b": [1, { "c": true }] } });
    let product = create(&w, product).await;
    let (_, read) = w.get(&w.a.viewer, &format!("{list}/{}", id(&product))).await;
    assert_eq!(
        (&read["entity"]["price"], &read["path"]),
        (&json!("49.90"), &json!("/shop/kettle/")),
        "{read}"
    );
    assert_eq!(read["extra"], json!({ "a": null, "b": [1, { "c": true }] }));
    assert_eq!(read["faq"][0]["answer"], "One litre.");
    let home = create(
        &w,
        json!({ "content_type": "page", "title": "Welcome", "page_role": "home" }),
    )
    .await;
    assert_eq!(home["path"], "/");
    let (status, problem) = w
        .post(
            &w.a.editor,
            &list,
            json!({ "content_type": "page", "title": "Second", "slug": "second", "page_role": "home" }),
        )
        .await;
    assert_eq!(status, 409, "one home page: {problem}");
}

#[tokio::test]
async fn status_needs_readiness_or_an_admin() {
    let w = World::new().await;
    let bare = create(&w, json!({ "content_type": "post", "title": "Bare" })).await;
    let list = format!("/sites/{}/content", w.a.sites[0]);
    let path = format!("{list}/{}", id(&bare));
    let (_, readiness) = w.get(&w.a.viewer, &format!("{path}/readiness")).await;
    let missing: Vec<&str> = readiness["missing"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["field"].as_str().unwrap())
        .collect();
    assert_eq!(
        (&readiness["ready"], missing),
        (&json!(false), vec!["meta_description", "body", "cluster", "terms"])
    );
    assert_eq!(w.get(&w.b.owner, &format!("{path}/readiness")).await.0, 404);
    let status = format!("{path}/status");
    let set = async |who: &Member, rev: i64, body: Value| with_rev(&w, who, Method::POST, &status, rev, body).await;
    let (code, problem) = set(&w.a.editor, 1, json!({ "status": "published" })).await;
    assert_eq!(
        (code, &problem["code"], problem["errors"].as_array().unwrap().len()),
        (422, &json!("not_ready"), 4),
        "{problem}"
    );
    assert_eq!(
        set(&w.a.editor, 1, json!({ "status": "published", "force": true }))
            .await
            .0,
        403
    );
    assert_eq!(
        set(&w.a.editor, 1, json!({ "status": "approved" })).await.0,
        422,
        "not without a review"
    );
    assert_eq!(set(&w.a.viewer, 1, json!({ "status": "review" })).await.0, 403);
    assert_eq!(set(&w.a.editor, 1, json!({ "status": "review" })).await.0, 200);
    assert_eq!(deployments(&w).await, 0);
    let (code, published) = set(&w.a.admin, 2, json!({ "status": "published", "force": true })).await;
    assert_eq!(
        (code, &published["published_at"]),
        (200, &json!("2026-01-01T00:00:00+00:00")),
        "{published}"
    );
    let sql = "SELECT VALUE action FROM audit_event WHERE action = 'content.readiness_waived'";
    let mut audit = w
        .app
        .db
        .platform(Why::Operator)
        .query(sql, Variables::new(), "test")
        .await
        .unwrap();
    assert_eq!(audit.rows::<String>(0).unwrap().len(), 1);

    assert_eq!(deployments(&w).await, 1);
    let (code, moved) = with_rev(
        &w,
        &w.a.editor,
        Method::PATCH,
        &path,
        3,
        json!({ "slug": "moved", "section": "/journal/" }),
    )
    .await;
    assert_eq!(
        (code, &moved["path"], &moved["aliases"]),
        (200, &json!("/journal/moved/"), &json!(["/blog/bare/"])),
        "{moved}"
    );
    let (_, back) = with_rev(
        &w,
        &w.a.editor,
        Method::PATCH,
        &path,
        4,
        json!({ "slug": "bare", "section": "/blog/" }),
    )
    .await;
    assert_eq!(back["aliases"], json!(["/journal/moved/"]));
    assert_eq!(deployments(&w).await, 1, "one for both changes");
    assert_eq!(set(&w.a.editor, 5, json!({ "status": "draft" })).await.0, 200);
    assert_eq!(deployments(&w).await, 1, "taken back");
    assert_eq!(
        with_rev(&w, &w.a.editor, Method::PATCH, &path, 6, json!({ "title": "Quiet" }))
            .await
            .0,
        200
    );
    assert_eq!(deployments(&w).await, 0, "nobody sees a draft");
    let post = ready(&w, "Ready").await;
    let status = format!("{list}/{}/status", id(&post));
    let (code, problem) = with_rev(
        &w,
        &w.a.editor,
        Method::POST,
        &status,
        1,
        json!({ "status": "published" }),
    )
    .await;
    assert_eq!(code, 200, "an editor publishes what is ready: {problem}");
}

#[tokio::test]
async fn schedules_happen_once() {
    let w = World::new().await;
    let post = ready(&w, "Later").await;
    let path = format!("/sites/{}/content/{}", w.a.sites[0], id(&post));
    let plan = format!("{path}/schedule");
    let set = async |rev: i64, body: Value| with_rev(&w, &w.a.editor, Method::POST, &plan, rev, body).await;
    for body in [
        json!({}),
        json!({ "publish_at": "2025-12-31T00:00:00Z" }),
        json!({ "publish_at": at(3, 0), "unpublish_at": at(2, 0) }),
        json!({ "unpublish_at": at(2, 0) }),
    ] {
        let (code, problem) = set(1, body).await;
        assert_eq!(code, 422, "{problem}");
    }
    let (code, planned) = set(1, json!({ "publish_at": at(2, 9), "unpublish_at": at(5, 9) })).await;
    assert_eq!((code, &planned["time_zone"]), (200, &json!("UTC")), "{planned}");
    assert_eq!(
        set(2, json!({ "publish_at": at(3, 9), "unpublish_at": at(5, 9) }))
            .await
            .0,
        200,
        "planned otherwise"
    );
    assert_eq!(w.get(&w.b.owner, &plan).await.0, 404);
    let (_, list) = w
        .get(
            &w.a.viewer,
            &format!("/sites/{}/content?scheduled=true&with_total=true", w.a.sites[0]),
        )
        .await;
    assert_eq!(list["total"], 1);
    // An edit meanwhile does not undo the plan.
    assert_eq!(
        w.patch(&w.a.editor, &path, 3, json!({ "excerpt": "Edited" })).await.0,
        200
    );
    assert!(work(&w).await.is_empty(), "nothing is due");
    w.clock.advance(Duration::hours(34));
    let results = work(&w).await;
    assert!(
        results.len() == 1 && results[0].as_ref().is_ok_and(|r| r["done"] == false),
        "the first plan is void: {results:?}"
    );
    w.clock.advance(Duration::days(6));
    let results = work(&w).await;
    assert!(
        results
            .iter()
            .filter(|r| r.as_ref().is_ok_and(|r| r["done"] == true))
            .count()
            == 2,
        "late, and both: {results:?}"
    );
    let sql = "SELECT VALUE status FROM content; SELECT VALUE published_at FROM content;";
    let mut rows = w
        .app
        .db
        .platform(Why::Operator)
        .query(sql, Variables::new(), "test")
        .await
        .unwrap();
    assert_eq!(rows.rows::<String>(0).unwrap(), ["draft"], "published, then taken back");

    // The tokens of the start have ended.
    let owner = Member::make(&w.app, w.a.account, igny8_data::Role::Owner, "fresh").await;
    let list = format!("/sites/{}/content", w.a.sites[0]);
    let (_, bare) = w
        .post(&owner, &list, json!({ "content_type": "post", "title": "Bare" }))
        .await;
    let plan = format!("{list}/{}/schedule", id(&bare));
    let (code, problem) = with_rev(&w, &owner, Method::POST, &plan, 1, json!({ "publish_at": at(20, 0) })).await;
    assert_eq!((code, &problem["code"]), (422, &json!("not_ready")), "{problem}");
    let body = json!({ "publish_at": at(20, 0), "force": true });
    assert_eq!(with_rev(&w, &owner, Method::POST, &plan, 1, body).await.0, 200);
    let (code, none) = with_rev(&w, &owner, Method::DELETE, &plan, 2, json!({})).await;
    assert_eq!((code, &none["publish_at"]), (200, &Value::Null));
}

#[tokio::test]
async fn fifty_writers_lose_nothing() {
    let w = World::new().await;
    let post = create(&w, json!({ "content_type": "post", "title": "Contended", "body": "0" })).await;
    let path = format!("/sites/{}/content/{}", w.a.sites[0], id(&post));
    let writers = (0..50).map(|n| {
        let (w, path) = (&w, &path);
        async move {
            for _ in 0..4 {
                let (_, now) = w.get(&w.a.editor, path).await;
                let rev = now["revision"].as_i64().unwrap();
                let body = format!("{} {n}", now["body"].as_str().unwrap());
                let (status, answer) = w.patch(&w.a.editor, path, rev, json!({ "body": body })).await;
                assert!(matches!(status.as_u16(), 200 | 412), "{status} {answer}");
                if status == 200 {
                    return 1;
                }
            }
            0
        }
    });
    let written: i64 = futures_util::future::join_all(writers).await.into_iter().sum();
    let (_, last) = w.get(&w.a.editor, &path).await;
    assert!(written > 0);
    assert_eq!(
        last["body"].as_str().unwrap().split(' ').count() as i64,
        written + 1,
        "every acknowledged write is in"
    );
    assert_eq!(last["revision"], json!(written + 1));
}

#[tokio::test]
async fn bulk_actions_answer_for_each() {
    let w = World::new().await;
    let list = format!("/sites/{}/content", w.a.sites[0]);
    let mut ids = Vec::new();
    for n in 0..30 {
        ids.push(id(&create(&w, json!({ "content_type": "post", "title": format!("Post {n}") })).await).to_owned());
    }
    let body = json!({ "content_type": "post", "title": "Theirs" });
    let (_, foreign) = w
        .post(&w.b.owner, &format!("/sites/{}/content", w.b.sites[0]), body)
        .await;
    let (_, tag) = w
        .post(
            &w.a.editor,
            &format!("/sites/{}/terms", w.a.sites[0]),
            json!({ "taxonomy": "blog_tag", "name": "Tag" }),
        )
        .await;
    let bulk = async |body: Value| {
        let (status, bulk) = w.post(&w.a.editor, &format!("{list}/bulk"), body).await;
        assert_eq!(status, 200, "{bulk}");
        bulk
    };
    let missing = "cont_01jz8k3v5n6q7r8s9t0v1w2x3y";
    let result =
        bulk(json!({ "action": "assign_terms", "terms": [id(&tag)], "ids": [ids[0], id(&foreign), missing, ids[1]] }))
            .await;
    assert_eq!((&result["done"], &result["failed"]), (&json!(2), &json!(2)), "{result}");
    let (theirs, none) = (&result["results"][1], &result["results"][2]);
    assert_eq!(
        (&theirs["code"], &theirs["detail"]),
        (&none["code"], &none["detail"]),
        "foreign like missing"
    );
    let total =
        async |filter: &str| w.get(&w.a.viewer, &format!("{list}?with_total=true&{filter}")).await.1["total"].clone();
    assert_eq!(total(&format!("term={}", id(&tag))).await, 2);
    assert_eq!(total("unassigned_term=true").await, 28);
    let result = bulk(json!({ "action": "status", "status": "review", "filter": { "unassigned_term": true } })).await;
    assert_eq!(result["done"], 28, "{result}");
    let result = bulk(json!({ "action": "status", "status": "approved", "ids": ids })).await;
    assert_eq!(
        (&result["done"], &result["failed"], &result["results"][0]["code"]),
        (&json!(28), &json!(2), &json!("transition"))
    );
    let result = bulk(json!({ "action": "status", "status": "published", "ids": [ids[5]] })).await;
    assert_eq!(result["results"][0]["code"], "not_ready", "{result}");
    let result =
        bulk(json!({ "action": "assign_cluster", "cluster": "clus_01jz8k3v5n6q7r8s9t0v1w2x3y", "ids": [ids[5]] }))
            .await;
    assert_eq!(result["results"][0]["errors"][0]["field"], "cluster", "{result}");
    assert_eq!(bulk(json!({ "action": "delete", "ids": ids })).await["done"], 30);
    assert_eq!(total("").await, 0);
    // Both words, the last perhaps only begun: 1 and 10 to 19.
    assert_eq!(
        bulk(json!({ "action": "restore", "filter": { "search": "post 1" } })).await["done"],
        11
    );
    assert_eq!(total("").await, 11);
    for (who, body, status) in [
        (&w.a.viewer, json!({ "action": "delete", "ids": [ids[1]] }), 403),
        (&w.b.owner, json!({ "action": "delete", "ids": [ids[1]] }), 404),
        (&w.a.editor, json!({ "action": "delete" }), 422),
        (
            &w.a.editor,
            json!({ "action": "status", "status": "published", "force": true, "ids": [ids[1]] }),
            403,
        ),
    ] {
        assert_eq!(w.post(who, &format!("{list}/bulk"), body).await.0, status);
    }
    let (_, options) = w.get(&w.a.viewer, &format!("{list}/filter-options")).await;
    assert_eq!(
        (&options["content_types"], &options["languages"]),
        (&json!(["post"]), &json!(["en"])),
        "{options}"
    );
}

#[tokio::test]
async fn lists_page_through_everything_once_and_by_an_index() {
    let w = World::new().await;
    let list = format!("/sites/{}/content", w.a.sites[0]);
    for n in 0..7 {
        create(
            &w,
            json!({ "content_type": "post", "title": format!("Same {}", n / 4), "body": "secret" }),
        )
        .await;
    }
    create(
        &w,
        json!({ "content_type": "page", "title": "Other", "language": "pt" }),
    )
    .await;
    for sort in ["created_at", "updated_at", "title", "published_at", "score"] {
        for direction in ["", "-"] {
            let mut seen = Vec::new();
            let mut cursor = String::new();
            loop {
                let (status, page) = w
                    .get(&w.a.viewer, &format!("{list}?limit=3&sort={direction}{sort}{cursor}"))
                    .await;
                assert_eq!(status, 200, "{page}");
                for item in page["items"].as_array().unwrap() {
                    assert_eq!(item["body"], Value::Null);
                    seen.push(id(item).to_owned());
                }
                match page["next"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            let mut unique = seen.clone();
            unique.sort();
            unique.dedup();
            assert_eq!((seen.len(), unique.len()), (8, 8), "{direction}{sort}");
        }
    }
    for (filter, total) in [
        ("search=SAME", 7),
        ("search=secret", 7),
        ("search=same%20SECRET", 7),
        ("search=same%20nowhere", 0),
        ("content_type=page", 1),
        ("language=pt", 1),
        ("status=published", 0),
        ("unassigned_cluster=true", 8),
        ("scheduled=false", 8),
        ("content_structure=article", 7),
    ] {
        let (_, page) = w.get(&w.a.viewer, &format!("{list}?with_total=true&{filter}")).await;
        assert_eq!(page["total"], total, "{filter}: {page}");
    }
    for (table, field, index) in [
        ("content", "created_at", "content_by_created"),
        ("content", "updated_at", "content_by_updated"),
        ("content", "title", "content_by_title"),
        ("content", "published_at", "content_by_published"),
        ("content", "score", "content_by_score"),
        ("term", "name", "term_by_name"),
        ("term", "created_at", "term_by_created"),
        ("keyword", "created_at", "keyword_by_created"),
        ("keyword", "text", "keyword_by_text"),
        ("keyword", "volume", "keyword_by_volume"),
        ("keyword", "difficulty", "keyword_by_difficulty"),
        ("cluster", "created_at", "cluster_by_created"),
        ("cluster", "updated_at", "cluster_by_updated"),
        ("cluster", "name", "cluster_by_name"),
    ] {
        for (direction, compare) in [("ASC", ">"), ("DESC", "<")] {
            let sql = format!(
                "EXPLAIN SELECT id FROM {table} WHERE site = $site AND account = $account AND deleted_at IS NONE \
                 AND {field} {compare}= $value AND ({field} {compare} $value OR id {compare} $last) \
                 ORDER BY {field} {direction}, id {direction} LIMIT 26;"
            );
            let mut binds = Variables::new();
            binds.insert("site", w.a.sites[0]);
            binds.insert("account", w.a.account);
            binds.insert("value", 1_i64);
            binds.insert("last", w.a.sites[0]);
            let mut answer = w
                .app
                .db
                .platform(Why::Operator)
                .query(&sql, binds, "test")
                .await
                .unwrap();
            let plan = format!("{:?}", answer.value(0).unwrap());
            assert!(
                plan.contains(&format!("index: {index}")) && !plan.contains("Sort"),
                "{table} {field}: {plan}"
            );
        }
    }
}

#[tokio::test]
async fn a_bulk_action_needs_a_condition() {
    let w = World::new().await;
    let list = format!("/sites/{}/content", w.a.sites[0]);
    create(&w, json!({ "content_type": "post", "title": "One" })).await;
    let total = async || w.get(&w.a.viewer, &format!("{list}?with_total=true")).await.1["total"].clone();
    for (action, filter, field) in [
        ("delete", json!({}), "filter"),
        ("delete", json!({ "search": " ", "unassigned_term": false }), "filter"),
        (
            "delete",
            json!({ "status": "draft", "deleted": true }),
            "filter.deleted",
        ),
        ("assign_terms", json!({}), "filter"),
        ("assign_cluster", json!({ "unassigned_cluster": false }), "filter"),
        ("restore", json!({}), "filter"),
    ] {
        let body = json!({ "action": action, "terms": [], "cluster": null, "filter": filter });
        let (status, problem) = w.post(&w.a.editor, &format!("{list}/bulk"), body).await;
        assert_eq!(
            (status.as_u16(), &problem["errors"][0]["field"]),
            (422, &json!(field)),
            "{action} {filter}: {problem}"
        );
    }
    assert_eq!(total().await, 1);
    for (action, filter) in [
        ("delete", json!({ "status": "draft" })),
        ("restore", json!({ "deleted": true })),
    ] {
        let body = json!({ "action": action, "filter": filter });
        let (_, bulk) = w.post(&w.a.editor, &format!("{list}/bulk"), body).await;
        assert_eq!(bulk["done"], 1, "{bulk}");
    }
    assert_eq!(total().await, 1);
}

#[tokio::test]
async fn published_content_stays_ready() {
    let w = World::new().await;
    let list = format!("/sites/{}/content", w.a.sites[0]);
    let post = ready(&w, "Ready").await;
    let path = format!("{list}/{}", id(&post));
    let publish = json!({ "status": "published" });
    let (code, live) = with_rev(&w, &w.a.editor, Method::POST, &format!("{path}/status"), 1, publish).await;
    assert_eq!(code, 200, "{live}");
    let taken = json!({ "meta_description": "", "excerpt": "", "cluster": null });
    let (code, problem) = with_rev(&w, &w.a.editor, Method::PATCH, &path, 2, taken).await;
    let fields = |problem: &Value| -> Vec<String> {
        let errors = problem["errors"].as_array().into_iter().flatten();
        errors.map(|e| e["field"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        (code, &problem["code"], fields(&problem)),
        (
            422,
            &json!("not_ready"),
            vec!["meta_description".to_owned(), "cluster".to_owned()]
        ),
        "{problem}"
    );
    let bulk = async |who: &Member, body: Value| w.post(who, &format!("{list}/bulk"), body).await.1;
    for body in [
        json!({ "action": "assign_terms", "terms": [], "terms_mode": "replace", "ids": [id(&post)] }),
        json!({ "action": "assign_cluster", "cluster": null, "ids": [id(&post)] }),
    ] {
        let refused = bulk(&w.a.editor, body).await;
        assert_eq!(
            (&refused["done"], &refused["results"][0]["code"]),
            (&json!(0), &json!("not_ready")),
            "{refused}"
        );
    }
    let (code, written) = with_rev(&w, &w.a.editor, Method::PATCH, &path, 2, json!({ "body": "More." })).await;
    assert_eq!(code, 200, "what it needs is still there: {written}");
    let forced = json!({ "cluster": null, "force": true });
    assert_eq!(
        with_rev(&w, &w.a.editor, Method::PATCH, &path, 3, forced.clone())
            .await
            .0,
        403
    );
    let (code, forced) = with_rev(&w, &w.a.admin, Method::PATCH, &path, 3, forced).await;
    assert_eq!((code, &forced["status"]), (200, &json!("published")), "{forced}");
    let (code, edited) = with_rev(&w, &w.a.editor, Method::PATCH, &path, 4, json!({ "title": "Again" })).await;
    assert_eq!(code, 200, "what was waived is still edited: {edited}");
    let terms =
        json!({ "action": "assign_terms", "terms": [], "terms_mode": "replace", "force": true, "ids": [id(&post)] });
    let bulk = bulk(&w.a.admin, terms).await;
    assert_eq!(bulk["done"], 1, "{bulk}");
    let (_, audit) = w.get(&w.a.owner, "/audit?limit=200").await;
    let waived: Vec<&Value> = audit["items"]
        .as_array()
        .unwrap_or_else(|| panic!("{audit}"))
        .iter()
        .filter(|event| event["action"] == "content.readiness_waived")
        .map(|event| &event["detail"]["missing"])
        .collect();
    assert_eq!(waived.len(), 2, "{audit}");
    assert!(
        waived.contains(&&json!(["cluster"])) && waived.contains(&&json!(["terms"])),
        "{waived:?}"
    );
    // A draft may lack what it likes.
    let draft = json!({ "status": "draft" });
    assert_eq!(
        with_rev(&w, &w.a.editor, Method::POST, &format!("{path}/status"), 6, draft)
            .await
            .0,
        200
    );
    assert_eq!(
        with_rev(&w, &w.a.editor, Method::PATCH, &path, 7, json!({ "excerpt": "" }))
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn a_second_home_page_is_told_of_the_first() {
    let w = World::new().await;
    let list = format!("/sites/{}/content", w.a.sites[0]);
    let home = json!({ "content_type": "page", "page_role": "home", "title": "Welcome" });
    let first = create(&w, home.clone()).await;
    let ids = json!({ "action": "delete", "ids": [id(&first)] });
    assert_eq!(w.post(&w.a.editor, &format!("{list}/bulk"), ids).await.1["done"], 1);
    for slug in [json!({}), json!({ "slug": "another" })] {
        let mut body = home.clone();
        body.as_object_mut().unwrap().extend(slug.as_object().unwrap().clone());
        let (status, problem) = w.post(&w.a.editor, &list, body).await;
        assert_eq!(
            (status.as_u16(), &problem["errors"][0]["field"]),
            (409, &json!("page_role")),
            "{problem}"
        );
    }
}

#[tokio::test]
async fn a_forced_bulk_is_put_on_record_as_it_was_done() {
    let w = World::new().await;
    let list = format!("/sites/{}/content", w.a.sites[0]);
    let ready = ready(&w, "Ready").await;
    let bare = create(&w, json!({ "content_type": "post", "title": "Bare" })).await;
    let live = create(&w, json!({ "content_type": "post", "title": "Live" })).await;
    let force = |ids: Vec<&Value>| json!({ "action": "status", "status": "published", "force": true, "ids": ids });
    let missing = json!("cont_01jz8k3v5n6q7r8s9t0v1w2x3y");
    for (ids, done) in [
        (vec![&live["id"]], 1),
        (vec![&ready["id"], &bare["id"], &live["id"], &missing], 3),
    ] {
        let (status, bulk) = w.post(&w.a.admin, &format!("{list}/bulk"), force(ids)).await;
        assert_eq!((status.as_u16(), &bulk["done"]), (200, &json!(done)), "{bulk}");
    }
    let (_, audit) = w.get(&w.a.owner, "/audit?limit=200").await;
    let waived: Vec<&Value> = audit["items"]
        .as_array()
        .unwrap_or_else(|| panic!("{audit}"))
        .iter()
        .filter(|event| event["action"] == "content.readiness_waived")
        .collect();
    let text = serde_json::to_string(&waived).unwrap();
    assert_eq!(waived.len(), 2, "the ready and the published one waive nothing: {text}");
    assert!(
        text.contains(id(&bare)) && text.contains(id(&live)) && !text.contains(id(&ready)),
        "{text}"
    );
    assert!(
        waived
            .iter()
            .all(|event| event["detail"]["missing"] == json!(["meta_description", "body", "cluster", "terms"])),
        "{text}"
    );
}

#[tokio::test]
async fn plans_are_made_by_the_sites_clock() {
    let w = World::new().await;
    let site = format!("/sites/{}", w.a.sites[0]);
    assert_eq!(
        w.patch(&w.a.owner, &site, 1, json!({ "time_zone": "Europe/Berlin" }))
            .await
            .0,
        200
    );
    let content = create(&w, json!({ "content_type": "post", "title": "Later" })).await;
    let plan = format!("{site}/content/{}/schedule", id(&content));
    let mut rev = 1;
    for (times, publish, unpublish) in [
        (
            json!({ "publish_at": "2026-07-01T09:00", "unpublish_at": "2026-07-02T09:00:00+00:00" }),
            "2026-07-01T07:00:00+00:00",
            json!("2026-07-02T09:00:00+00:00"),
        ),
        (
            json!({ "publish_at": "2026-03-29T02:30:00" }),
            "2026-03-29T01:30:00+00:00",
            Value::Null,
        ),
        (
            json!({ "publish_at": "2026-10-25T02:30" }),
            "2026-10-25T00:30:00+00:00",
            Value::Null,
        ),
    ] {
        let mut body = times.clone();
        body["force"] = json!(true);
        let (status, planned) = with_rev(&w, &w.a.admin, Method::POST, &plan, rev, body).await;
        assert_eq!(
            (
                status,
                &planned["publish_at"],
                &planned["unpublish_at"],
                &planned["time_zone"]
            ),
            (200, &json!(publish), &unpublish, &json!("Europe/Berlin")),
            "{planned}"
        );
        rev += 1;
    }
    let wrong = json!({ "publish_at": "tomorrow", "force": true });
    assert_eq!(with_rev(&w, &w.a.admin, Method::POST, &plan, rev, wrong).await.0, 400);
}

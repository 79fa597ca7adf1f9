//! Terms through the API.

use igny8_server::testing::{Member, World};
use poem::http::Method;
use serde_json::{Value, json};

fn id(value: &Value) -> &str {
    value["id"].as_str().expect("an id")
}

async fn term(w: &World, who: &Member, body: Value) -> Value {
    let (status, term) = w.post(who, &format!("/sites/{}/terms", w.a.sites[0]), body).await;
    assert_eq!(status, 201, "{term}");
    term
}

async fn post(w: &World, terms: Value, title: &str) -> Value {
    let body = json!({ "content_type": "post", "title": title, "terms": terms });
    let (status, content) = w
        .post(&w.a.editor, &format!("/sites/{}/content", w.a.sites[0]), body)
        .await;
    assert_eq!(status, 201, "{content}");
    content
}

#[tokio::test]
async fn the_life_of_a_term() {
    let w = World::new().await;
    let list = format!("/sites/{}/terms", w.a.sites[0]);
    let brewing = term(
        &w,
        &w.a.editor,
        json!({ "taxonomy": "blog_category", "name": "Brewing" }),
    )
    .await;
    assert_eq!(
        (&brewing["slug"], &brewing["language"]),
        (&json!("brewing"), &json!("en"))
    );
    let path = format!("{list}/{}", id(&brewing));
    let filter = term(
        &w,
        &w.a.editor,
        json!({ "taxonomy": "blog_category", "name": "Filter", "parent": id(&brewing) }),
    )
    .await;

    for (who, status) in [(&w.b.owner, 404), (&w.a.viewer, 200), (&w.a.admin, 200)] {
        assert_eq!(w.get(who, &path).await.0, status);
    }
    assert_eq!(
        w.post(&w.a.viewer, &list, json!({ "taxonomy": "blog_tag", "name": "x" }))
            .await
            .0,
        403
    );
    assert_eq!(
        w.post(&w.b.owner, &list, json!({ "taxonomy": "blog_tag", "name": "x" }))
            .await
            .0,
        404
    );
    let (status, problem) = w
        .post(
            &w.a.editor,
            &list,
            json!({ "taxonomy": "blog_category", "name": "brewing" }),
        )
        .await;
    assert_eq!(
        (status.as_u16(), &problem["errors"][0]["field"]),
        (409, &json!("slug")),
        "{problem}"
    );
    term(&w, &w.a.editor, json!({ "taxonomy": "blog_tag", "name": "brewing" })).await;
    let (status, problem) = w.patch(&w.a.editor, &path, 7, json!({ "name": "X" })).await;
    assert_eq!((status.as_u16(), &problem["current_etag"]), (412, &json!("\"1\"")));
    assert_eq!(
        w.patch(&w.a.editor, &path, 1, json!({ "name": "Brew bar" })).await.0,
        200
    );

    let one = post(&w, json!([id(&brewing), id(&filter)]), "One").await;
    let (_, page) = w
        .get(
            &w.a.viewer,
            &format!("{list}?taxonomy=blog_category&unassigned_parent=true"),
        )
        .await;
    assert_eq!(page["items"].as_array().unwrap().len(), 1, "{page}");
    assert_eq!(page["items"][0]["count"], 1, "{page}");
    let (_, page) = w
        .get(
            &w.a.viewer,
            &format!("{list}?parent={}&with_total=true&search=FILT", id(&brewing)),
        )
        .await;
    assert_eq!(page["total"], 1, "{page}");

    let (status, problem) = w.delete(&w.a.editor, &path, 2).await;
    assert_eq!(status, 204, "{problem}");
    assert_eq!(w.get(&w.a.editor, &path).await.0, 404);
    let (_, child) = w.get(&w.a.editor, &format!("{list}/{}", id(&filter))).await;
    assert_eq!(child["parent"], Value::Null, "moved up: {child}");
    let (_, content) = w
        .get(&w.a.editor, &format!("/sites/{}/content/{}", w.a.sites[0], id(&one)))
        .await;
    assert_eq!(content["terms"], json!([id(&filter)]), "{content}");
    let (status, problem) = w
        .post(
            &w.a.editor,
            &list,
            json!({ "taxonomy": "blog_category", "name": "Brewing" }),
        )
        .await;
    assert_eq!(status, 409, "a deleted term keeps its slug: {problem}");
    assert_eq!(w.post(&w.b.owner, &format!("{path}/restore"), json!({})).await.0, 404);
    assert_eq!(w.post(&w.a.editor, &format!("{path}/restore"), json!({})).await.0, 200);
    assert_eq!(w.get(&w.a.editor, &path).await.0, 200);
}

#[tokio::test]
async fn parents_make_a_tree() {
    let w = World::new().await;
    let list = format!("/sites/{}/terms", w.a.sites[0]);
    let mut chain: Vec<Value> = Vec::new();
    for n in 0..10 {
        let parent = chain.last().map(|t| id(t).to_owned());
        let mut body = json!({ "taxonomy": "product_category", "name": format!("Level {n}") });
        if let Some(parent) = parent {
            body["parent"] = json!(parent);
        }
        chain.push(term(&w, &w.a.editor, body).await);
    }
    let refused = async |path: String, patch: Value, what: &str| {
        let (status, problem) = w.patch(&w.a.editor, &path, 1, patch).await;
        assert_eq!(
            (status.as_u16(), &problem["errors"][0]["field"]),
            (422, &json!("parent")),
            "{what}: {problem}"
        );
    };
    let at = |n: usize| format!("{list}/{}", id(&chain[n]));
    refused(at(0), json!({ "parent": id(&chain[9]) }), "a cycle").await;
    refused(at(3), json!({ "parent": id(&chain[3]) }), "itself").await;
    let lone = term(
        &w,
        &w.a.editor,
        json!({ "taxonomy": "product_category", "name": "Lone" }),
    )
    .await;
    refused(at(0), json!({ "parent": id(&lone) }), "eleven levels, from above").await;
    refused(
        format!("{list}/{}", id(&lone)),
        json!({ "parent": id(&chain[9]) }),
        "eleven levels, from below",
    )
    .await;
    let other = term(&w, &w.a.editor, json!({ "taxonomy": "product_tag", "name": "Other" })).await;
    refused(at(0), json!({ "parent": id(&other) }), "another taxonomy").await;
    let body = json!({ "taxonomy": "product_category", "name": "Elsewhere" });
    let (_, elsewhere) = w
        .post(&w.a.owner, &format!("/sites/{}/terms", w.a.sites[1]), body)
        .await;
    refused(at(0), json!({ "parent": id(&elsewhere) }), "another site").await;

    // Two terms that go below each other at the same moment.
    let a = term(&w, &w.a.editor, json!({ "taxonomy": "blog_tag", "name": "A" })).await;
    let b = term(&w, &w.a.editor, json!({ "taxonomy": "blog_tag", "name": "B" })).await;
    let (path_a, path_b) = (format!("{list}/{}", id(&a)), format!("{list}/{}", id(&b)));
    let (first, second) = futures_util::join!(
        w.patch(&w.a.editor, &path_a, 1, json!({ "parent": id(&b) })),
        w.patch(&w.a.admin, &path_b, 1, json!({ "parent": id(&a) }))
    );
    let mut statuses = [first.0.as_u16(), second.0.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 422], "{first:?} {second:?}");
}

#[tokio::test]
async fn merging_and_deleting_many() {
    let w = World::new().await;
    let list = format!("/sites/{}/terms", w.a.sites[0]);
    let [from, into, tag] = [
        ("blog_category", "From"),
        ("blog_category", "Into"),
        ("blog_tag", "Tag"),
    ];
    let from = term(&w, &w.a.editor, json!({ "taxonomy": from.0, "name": from.1 })).await;
    let into = term(&w, &w.a.editor, json!({ "taxonomy": into.0, "name": into.1 })).await;
    let tag = term(&w, &w.a.editor, json!({ "taxonomy": tag.0, "name": tag.1 })).await;
    let child = term(
        &w,
        &w.a.editor,
        json!({ "taxonomy": "blog_category", "name": "Child", "parent": id(&from) }),
    )
    .await;
    for n in 0..30 {
        let terms = if n % 3 == 0 {
            json!([id(&from), id(&into)])
        } else {
            json!([id(&tag), id(&from)])
        };
        post(&w, terms, &format!("Post {n}")).await;
    }
    let merge = |rev: i64, into: &str| {
        let request = w.request(
            &w.a.editor,
            poem::http::Method::POST,
            &format!("{list}/{}/merge", id(&from)),
        );
        request
            .header("if-match", format!("\"{rev}\""))
            .body_json(&json!({ "into": into }))
    };
    for (target, why) in [
        (id(&tag), "another taxonomy"),
        (id(&from), "itself"),
        (id(&child), "below it"),
    ] {
        let (status, problem) = igny8_server::testing::body_of(merge(1, target).send().await).await;
        assert_eq!(status, 422, "{why}: {problem}");
    }
    let (_, child_now) = w.get(&w.a.editor, &format!("{list}/{}", id(&child))).await;
    assert_eq!(child_now["count"], 0, "a refused merge moves nothing");
    let (status, merged) = igny8_server::testing::body_of(merge(1, id(&into)).send().await).await;
    assert_eq!(status, 200, "{merged}");
    let (_, terms) = w.get(&w.a.editor, &list).await;
    let count = |name: &str| {
        let items = terms["items"].as_array().unwrap();
        items
            .iter()
            .find(|t| t["name"] == name)
            .map(|t| t["count"].as_i64().unwrap())
    };
    assert_eq!(
        (count("From"), count("Into"), count("Tag"), count("Child")),
        (None, Some(30), Some(20), Some(0)),
        "{terms}"
    );
    let (_, moved) = w.get(&w.a.editor, &format!("{list}/{}", id(&child))).await;
    assert_eq!(moved["parent"], into["id"]);

    let (_, foreign) = w
        .post(
            &w.b.owner,
            &format!("/sites/{}/terms", w.b.sites[0]),
            json!({ "taxonomy": "blog_tag", "name": "F" }),
        )
        .await;
    let ids = json!({ "action": "delete", "ids": [id(&into), id(&child), id(&foreign), id(&from)] });
    let (status, bulk) = w.post(&w.a.editor, &format!("{list}/bulk"), ids).await;
    assert_eq!(
        (status.as_u16(), &bulk["done"], &bulk["failed"]),
        (200, &json!(2), &json!(2)),
        "{bulk}"
    );
    for n in [2, 3] {
        assert_eq!(bulk["results"][n]["code"], "not_found", "foreign like missing: {bulk}");
    }
    assert_eq!(bulk["results"][2]["detail"], bulk["results"][3]["detail"]);
    let ids = json!({ "action": "restore", "ids": [id(&into), id(&foreign)] });
    let (_, bulk) = w.post(&w.a.editor, &format!("{list}/bulk"), ids).await;
    assert_eq!((&bulk["done"], &bulk["failed"]), (&json!(1), &json!(1)), "{bulk}");
}

/// Saved in the very moment in which the term was deleted, content may still name it.
#[tokio::test]
async fn what_names_a_purged_term_forgets_it() {
    let w = World::new().await;
    let site = format!("/sites/{}", w.a.sites[0]);
    let term = json!({ "name": "Gone", "taxonomy": "blog_tag" });
    let (_, term) = w.post(&w.a.owner, &format!("{site}/terms"), term).await;
    let content = json!({ "title": "Text", "content_type": "post", "body": "Text" });
    let (_, content) = w.post(&w.a.owner, &format!("{site}/content"), content).await;
    let term = term["id"].as_str().unwrap();
    assert_eq!(w.delete(&w.a.owner, &format!("{site}/terms/{term}"), 1).await.0, 204);
    let sql = "UPDATE content SET terms = (SELECT VALUE id FROM term); RETURN (SELECT VALUE terms FROM content);";
    let platform = w.app.db.platform(igny8_data::Why::Operator);
    let terms = async |sql: &str, at: usize| -> Vec<Vec<igny8_server::features::taxonomy::TermId>> {
        let mut answer = platform
            .query(sql, igny8_data::Variables::new(), "testing")
            .await
            .unwrap();
        answer.rows(at).unwrap()
    };
    assert_eq!(terms(sql, 1).await[0].len(), 1, "{content}");
    w.clock.advance(chrono::Duration::days(31));
    assert!(igny8_server::jobs::purge::deleted(w.app.clone()).await.unwrap() >= 1);
    assert!(terms("SELECT VALUE terms FROM content;", 0).await[0].is_empty());
}

#[tokio::test]
async fn a_new_slug_reaches_visitors_and_the_old_address_leads_on() {
    let w = World::new().await;
    let site = w.a.sites[0].to_string();
    let path = |rest: &str| format!("/sites/{site}/{rest}");
    let term = json!({ "name": "Coffee", "taxonomy": "blog_category" });
    let (_, term) = w.post(&w.a.editor, &path("terms"), term).await;
    let body = json!({ "content_type": "post", "title": "One", "body": "Text.", "terms": [term["id"]] });
    let (_, content) = w.post(&w.a.editor, &path("content"), body).await;
    let publish = w
        .request(
            &w.a.owner,
            Method::POST,
            &path(&format!("content/{}/status", content["id"].as_str().unwrap())),
        )
        .header("if-match", "\"1\"")
        .body_json(&json!({ "status": "published", "force": true }));
    publish.send().await.assert_status_is_ok();
    w.run_jobs().await;
    let seen = async |address: &str| {
        let answer = w.http.get(format!("/sites/site-a0{address}")).send().await;
        let to = answer
            .0
            .headers()
            .get("location")
            .map(|to| to.to_str().unwrap().to_owned());
        (answer.0.status().as_u16(), to)
    };
    assert_eq!(seen("/categories/coffee/").await.0, 200);
    let one = path(&format!("terms/{}", term["id"].as_str().unwrap()));
    for (rev, slug) in [(1, "espresso"), (2, "beans")] {
        let (status, renamed) = w.patch(&w.a.editor, &one, rev, json!({ "slug": slug })).await;
        assert_eq!(status, 200, "{renamed}");
    }
    w.run_jobs().await;
    assert_eq!(seen("/categories/beans/").await.0, 200);
    for old in ["/categories/coffee/", "/categories/espresso/"] {
        let (status, to) = seen(old).await;
        assert_eq!(
            (status, to.as_deref().map(|to| to.ends_with("/categories/beans/"))),
            (301, Some(true)),
            "{to:?}"
        );
    }
    // Back to a slug it had: that address is its own again.
    let (_, renamed) = w.patch(&w.a.editor, &one, 3, json!({ "slug": "coffee" })).await;
    assert_eq!(renamed["slug"], "coffee", "{renamed}");
    w.run_jobs().await;
    assert_eq!(
        (seen("/categories/coffee/").await.0, seen("/categories/beans/").await.0),
        (200, 301)
    );
    // Merged into another, all its addresses lead there.
    let into = json!({ "name": "Drinks", "taxonomy": "blog_category" });
    let (_, into) = w.post(&w.a.editor, &path("terms"), into).await;
    let merge = w
        .request(&w.a.editor, Method::POST, &format!("{one}/merge"))
        .header("if-match", "\"4\"")
        .body_json(&json!({ "into": into["id"] }));
    merge.send().await.assert_status_is_ok();
    w.run_jobs().await;
    let (status, to) = seen("/categories/espresso/").await;
    assert_eq!(
        (status, to.map(|to| to.ends_with("/categories/drinks/"))),
        (301, Some(true))
    );
}

#[tokio::test]
async fn a_merged_term_leaves_what_is_planned_to_its_heir() {
    let w = World::new().await;
    let path = |rest: &str| format!("/sites/{}/{rest}", w.a.sites[0]);
    let made = async |rest: &str, body: Value| {
        let (status, row) = w.post(&w.a.owner, &path(rest), body).await;
        assert_eq!(status, 201, "{rest}: {row}");
        row
    };
    let sector = made("sectors", json!({ "name": "Coffee" })).await;
    let mut clusters = Vec::new();
    for name in ["Beans", "Mills", "Cups"] {
        clusters.push(made("clusters", json!({ "sector": sector["id"], "name": name })).await["id"].clone());
    }
    let [beans, mills, cups] = clusters.try_into().unwrap();
    let category =
        |name: &str, clusters: Value| json!({ "taxonomy": "blog_category", "name": name, "clusters": clusters });
    let from = made("terms", category("From", json!([beans, mills]))).await;
    let into = made("terms", category("Into", json!([cups, mills]))).await;
    let tag = made("terms", json!({ "taxonomy": "blog_tag", "name": "Tag" })).await;
    let planned = |title: &str, terms: &[&Value]| {
        let terms: Vec<&Value> = terms.iter().map(|term| &term["id"]).collect();
        json!({ "sector": sector["id"], "title": title, "terms": terms })
    };
    let mut rows = Vec::new();
    for kind in ["ideas", "tasks"] {
        for (title, terms) in [
            ("One", vec![&from, &tag]),
            ("Both", vec![&tag, &from, &into]),
            ("Other", vec![&tag]),
        ] {
            let row = made(kind, planned(title, &terms)).await;
            rows.push((format!("{kind}/{}", id(&row)), title));
        }
    }
    let post = json!({ "content_type": "post", "title": "Post", "body": "Text.", "terms": [from["id"]] });
    let post = made("content", post).await;
    let publish = w
        .request(
            &w.a.owner,
            Method::POST,
            &path(&format!("content/{}/status", id(&post))),
        )
        .header("if-match", "\"1\"")
        .body_json(&json!({ "status": "published", "force": true }));
    publish.send().await.assert_status_is_ok();
    w.run_jobs().await;

    let merge = w
        .request(&w.a.editor, Method::POST, &path(&format!("terms/{}/merge", id(&from))))
        .header("if-match", "\"1\"")
        .body_json(&json!({ "into": into["id"] }));
    let (status, heir) = igny8_server::testing::body_of(merge.send().await).await;
    assert_eq!(
        (status.as_u16(), &heir["clusters"]),
        (200, &json!([cups, mills, beans])),
        "{heir}"
    );
    let terms = async |rest: &str| w.get(&w.a.viewer, &path(rest)).await.1["terms"].clone();
    for (rest, title) in &rows {
        let expected = match *title {
            "One" => json!([into["id"], tag["id"]]),
            "Both" => json!([tag["id"], into["id"]]),
            _ => json!([tag["id"]]),
        };
        assert_eq!(terms(rest).await, expected, "{rest} {title}");
    }
    w.run_jobs().await;
    let old = w.http.get("/sites/site-a0/categories/from/").send().await;
    let to = old
        .0
        .headers()
        .get("location")
        .map(|to| to.to_str().unwrap().to_owned());
    assert_eq!(
        (old.0.status().as_u16(), to.map(|to| to.ends_with("/categories/into/"))),
        (301, Some(true))
    );

    // Deleted, they lose it.
    let (status, problem) = w.delete(&w.a.editor, &path(&format!("terms/{}", id(&into))), 2).await;
    assert_eq!(status, 204, "{problem}");
    for (rest, title) in &rows {
        assert_eq!(terms(rest).await, json!([tag["id"]]), "{rest} {title}");
    }
}

//! Content that is built of blocks.

use crate::views::Plan;
use igny8_server::testing::body_of;
use poem::http::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn content_is_built_of_blocks() {
    let p = Plan::new().await;
    let path = format!("{}/content", p.site);
    let blocks = json!([{ "type": "hero", "heading": "Hello", "variant": "split" }, { "type": "faq", "items": [{ "question": "Q", "answer": "A" }] }]);
    let body = json!({ "content_type": "page", "title": "Landing", "blocks": blocks, "layout": "magazine" });
    let page = p.made("content", body).await;
    let own = format!("{path}/{page}");
    let read = p.get(&format!("content/{page}")).await;
    assert_eq!(
        (&read["blocks"][0], &read["layout"]),
        (&json!({ "heading": "Hello", "type": "hero" }), &json!("magazine")),
        "what is usual is not kept: {read}"
    );
    for (bad, field) in [
        (json!([{ "type": "carousel" }]), "blocks.0"),
        (
            json!([{ "type": "faq" }, { "type": "hero", "colour": "red" }]),
            "blocks.1",
        ),
        (
            json!([{ "type": "cta", "links": [{ "label": "x", "url": "javascript:alert(1)" }] }]),
            "blocks.0",
        ),
    ] {
        let (status, problem) = p.w.patch(&p.w.a.editor, &own, 1, json!({ "blocks": bad })).await;
        assert_eq!(
            (status.as_u16(), &problem["errors"][0]["field"]),
            (422, &json!(field)),
            "{problem}"
        );
    }
    assert_eq!(
        p.w.patch(&p.w.a.editor, &own, 1, json!({ "layout": "sideways" }))
            .await
            .0,
        400
    );
    let (status, changed) =
        p.w.patch(
            &p.w.a.editor,
            &own,
            1,
            json!({ "blocks": [{ "type": "stats" }], "layout": null }),
        )
        .await;
    assert_eq!(
        (status.as_u16(), &changed["revision"], &changed["layout"]),
        (200, &json!(2), &Value::Null),
        "{changed}"
    );
    // The same again is no change.
    let (_, same) =
        p.w.patch(
            &p.w.a.editor,
            &own,
            2,
            json!({ "blocks": [{ "type": "stats", "items": [] }] }),
        )
        .await;
    assert_eq!(
        (&same["revision"], &same["content_hash"]),
        (&json!(2), &changed["content_hash"]),
        "{same}"
    );
    let compared = p.get(&format!("content/{page}/revisions/compare?from=1&to=2")).await;
    assert!(compared["blocks"]["removed"].as_u64().unwrap() > 3, "{compared}");
    let request =
        p.w.request(&p.w.a.editor, Method::POST, &format!("{own}/revisions/1/restore"))
            .header("if-match", "\"2\"");
    let (status, restored) = body_of(request.send().await).await;
    assert_eq!(
        (status.as_u16(), &restored["blocks"]),
        (200, &read["blocks"]),
        "{restored}"
    );
}

#[tokio::test]
async fn blocks_of_older_rows_leave_extra() {
    use igny8_data::{Variables, Why};
    let p = Plan::new().await;
    let page = p
        .made("content", json!({ "content_type": "page", "title": "Old" }))
        .await;
    let platform = p.w.app.db.platform(Why::Operator);
    // As an import stored them before there were fields, and the migration again.
    let old = "UPDATE content SET extra = { blocks: [{ type: 'faq' }], page_layout: 'blog', kept: 1 };";
    platform.query(old, Variables::new(), "testing").await.unwrap();
    let migration = igny8_server::app::MIGRATIONS
        .iter()
        .find(|m| m.name == "content_blocks")
        .unwrap();
    platform
        .query(migration.sql, Variables::new(), "testing")
        .await
        .unwrap();
    let read = p.get(&format!("content/{page}")).await;
    assert_eq!(
        (&read["blocks"], &read["layout"], &read["extra"]),
        (&json!([{ "type": "faq" }]), &json!("blog"), &json!({ "kept": 1 })),
        "{read}"
    );
}

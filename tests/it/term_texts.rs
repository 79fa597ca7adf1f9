//! Texts for the archives of terms: each archive shows one, however the others are published.

use chrono::Duration;
use igny8_server::testing::World;
use poem::http::Method;
use serde_json::{Value, json};

use crate::trip::{Trip, id};

/// A site with a cluster and a category.
struct Shelf<'a> {
    t: Trip<'a>,
    cluster: String,
    kettles: String,
}

impl<'a> Shelf<'a> {
    async fn new(w: &'a World) -> Self {
        let t = Trip::new(w, "shelf.example", json!({})).await;
        let cluster = json!({ "sector": t.sector, "name": "Kitchen" });
        let cluster = id(&t.made(&w.a.editor, "clusters", cluster).await);
        let mut shelf = Self {
            t,
            cluster,
            kettles: String::new(),
        };
        shelf.kettles = shelf.term("Kettles").await;
        shelf
    }

    async fn term(&self, name: &str) -> String {
        let term = json!({ "taxonomy": "blog_category", "name": name });
        id(&self.t.made(&self.t.w.a.editor, "terms", term).await)
    }

    /// A text about terms that lacks nothing.
    async fn text(&self, title: &str, terms: &[&str]) -> String {
        let body = json!({
            "content_type": "taxonomy", "title": title, "body": format!("Words of {title}."), "excerpt": "What it is.",
            "cluster": self.cluster, "terms": terms,
        });
        id(&self.t.made(&self.t.w.a.editor, "content", body).await)
    }

    async fn publish(&self, content: &str) -> (u16, Value) {
        self.t.set_status(&self.t.w.a.editor, content, "published").await
    }

    /// As an admin who waives what is missing.
    async fn ask(&self, content: &str, what: &str, body: Value) -> (u16, Value) {
        let of = format!("content/{content}");
        let (admin, rest) = (&self.t.w.a.admin, format!("{of}/{what}"));
        self.t.write(admin, Method::POST, &rest, &of, body).await
    }

    async fn delete(&self, rest: &str) {
        let editor = &self.t.w.a.editor;
        let (status, answer) = self.t.write(editor, Method::DELETE, rest, rest, json!({})).await;
        assert_eq!(status, 204, "{answer}");
    }

    /// Status and terms.
    async fn of(&self, content: &str) -> (Value, Value) {
        let row = self.t.get(&format!("content/{content}")).await;
        (row["status"].clone(), row["terms"].clone())
    }
}

/// The field is `terms`, and what to do names the other text.
fn names(errors: &Value, title: &str) {
    assert_eq!(errors[0]["field"], "terms", "{errors}");
    let message = errors[0]["message"].as_str().unwrap();
    assert!(message.contains(&format!("\u{201c}{title}\u{201d}")), "{message}");
}

#[tokio::test]
async fn an_archive_shows_one_text() {
    let w = World::new().await;
    let s = Shelf::new(&w).await;
    let t = &s.t;
    let first = s.text("All kettles", &[&s.kettles]).await;
    let second = s.text("Kettles again", &[&s.kettles]).await;
    assert_eq!(t.get(&format!("content/{second}/readiness")).await["ready"], true);
    assert_eq!(s.publish(&first).await.0, 200);

    let readiness = t.get(&format!("content/{second}/readiness")).await;
    assert_eq!(readiness["missing"].as_array().unwrap().len(), 1, "{readiness}");
    names(&readiness["missing"], "All kettles");
    let list = t.list("content/readiness").await;
    assert_eq!((list.len(), &list[0]["ready"]), (1, &json!(false)), "{list:?}");
    names(&list[0]["missing"], "All kettles");
    let own = t.get(&format!("content/{first}/readiness")).await;
    assert_eq!(own["ready"], true, "{own}");

    let (status, refused) = s.publish(&second).await;
    assert_eq!((status, &refused["code"]), (422, &json!("not_ready")), "{refused}");
    names(&refused["errors"], "All kettles");
    let published = json!({ "status": "published", "force": true });
    let (status, refused) = s.ask(&second, "status", published).await;
    assert_eq!((status, &refused["code"]), (409, &json!("duplicate")), "{refused}");
    names(&refused["errors"], "All kettles");
    for force in [false, true] {
        let body = json!({ "action": "status", "status": "published", "force": force, "ids": [second] });
        let (_, bulk) = w.post(&w.a.admin, &t.path("content/bulk"), body).await;
        assert_eq!(bulk["failed"], 1, "{bulk}");
        names(&bulk["results"][0]["errors"], "All kettles");
    }
    let both = s.text("Kettles a third time", &[&s.kettles]).await;
    for (force, status) in [(false, 422), (true, 200)] {
        let plan = json!({ "publish_at": "2026-01-01T00:05:00Z", "force": force });
        let (answered, answer) = s.ask(&both, "schedule", plan).await;
        assert_eq!(answered, status, "{answer}");
    }
    w.clock.advance(Duration::minutes(10));
    w.run_jobs().await;
    let planned = t.get(&format!("content/{both}/schedule")).await;
    assert_eq!(planned["status"], "draft", "{planned}");
    assert!(
        planned["error"]
            .as_str()
            .unwrap()
            .contains("\u{201c}All kettles\u{201d}"),
        "{planned}"
    );

    // What is published cannot move there either, nor come back from deletion.
    let jugs = s.term("Jugs").await;
    let other = s.text("All jugs", &[&jugs]).await;
    assert_eq!(s.publish(&other).await.0, 200);
    let rest = format!("content/{other}");
    let moved = json!({ "terms": [s.kettles, jugs] });
    let (status, refused) = t.write(&w.a.editor, Method::PATCH, &rest, &rest, moved).await;
    assert_eq!(status, 409, "{refused}");
    names(&refused["errors"], "All kettles");
    s.delete(&format!("content/{first}")).await;
    assert_eq!(s.publish(&second).await.0, 200);
    let restore = t.path(&format!("content/{first}/restore"));
    let (status, refused) = w.post(&w.a.editor, &restore, json!({})).await;
    assert_eq!(status, 409, "{refused}");
    names(&refused["errors"], "Kettles again");
    assert_eq!(t.set_status(&w.a.editor, &second, "draft").await.0, 200);
    assert_eq!(w.post(&w.a.editor, &restore, json!({})).await.0, 200);
    let (status, refused) = s.publish(&second).await;
    assert_eq!(status, 422, "{refused}");

    w.run_jobs().await;
    t.live().await;
    let archive = t.visit("/categories/kettles/").await;
    assert!(archive.text.contains("Words of All kettles."), "{}", archive.text);
}

#[tokio::test]
async fn of_two_published_at_once_one_is() {
    let w = World::new().await;
    let s = Shelf::new(&w).await;
    let first = s.text("All kettles", &[&s.kettles]).await;
    let second = s.text("Kettles again", &[&s.kettles]).await;
    let (one, two) = tokio::join!(s.publish(&first), s.publish(&second));
    let mut statuses = [one.0, two.0];
    statuses.sort_unstable();
    assert!(
        statuses[0] == 200 && [409, 422].contains(&statuses[1]),
        "{} {}",
        one.1,
        two.1
    );
    w.run_jobs().await;
    s.t.live().await;
}

#[tokio::test]
async fn texts_follow_their_terms() {
    let w = World::new().await;
    let s = Shelf::new(&w).await;
    let [pots, pans, lids, spare] = ["Pots", "Pans", "Lids", "Spare"];
    let (pots, pans) = (s.term(pots).await, s.term(pans).await);
    let (lids, spare) = (s.term(lids).await, s.term(spare).await);
    let mut texts = Vec::new();
    for (title, terms) in [
        ("About pots", [&pots, &s.kettles]),
        ("About pans", [&pans, &spare]),
        ("About lids", [&lids, &pans]),
    ] {
        let text = s.text(title, &terms.map(String::as_str)).await;
        assert_eq!(s.publish(&text).await.0, 200, "{title}");
        texts.push(text);
    }
    let (draft, published) = (json!("draft"), json!("published"));

    // The other term has a text: that of the merged one goes back to its authors.
    let (of, into) = (format!("terms/{pots}"), json!({ "into": pans }));
    let (editor, merge) = (&w.a.editor, format!("terms/{pots}/merge"));
    let (status, merged) = s.t.write(editor, Method::POST, &merge, &of, into).await;
    assert_eq!(status, 200, "{merged}");
    assert_eq!(s.of(&texts[0]).await, (draft.clone(), json!([pans, s.kettles])));
    assert_eq!(s.of(&texts[1]).await, (published.clone(), json!([pans, spare])));
    // So does one whose next term has a text.
    s.delete(&format!("terms/{lids}")).await;
    assert_eq!(s.of(&texts[2]).await, (draft, json!([pans])));
    // One whose next term has none becomes that of its archive.
    s.delete(&format!("terms/{pans}")).await;
    assert_eq!(s.of(&texts[1]).await, (published, json!([spare])));
    let another = s.text("Spare parts", &[&spare]).await;
    let (status, refused) = s.publish(&another).await;
    assert_eq!(status, 422, "{refused}");
    names(&refused["errors"], "About pans");
    w.run_jobs().await;
    s.t.live().await;
    let archive = s.t.visit("/categories/spare/").await;
    assert!(archive.text.contains("Words of About pans."), "{}", archive.text);
}

#[tokio::test]
async fn texts_of_before_stop_no_deployment() {
    let w = World::new().await;
    let s = Shelf::new(&w).await;
    let first = s.text("All kettles", &[&s.kettles]).await;
    s.text("Kettles again", &[&s.kettles]).await;
    assert_eq!(s.publish(&first).await.0, 200);
    let migration = igny8_server::app::MIGRATIONS.iter().find(|m| m.name == "term_texts");
    // As it could be before, and the migration again.
    let platform = w.app.db.platform(igny8_data::Why::Operator);
    for sql in [
        "UPDATE content SET text_of = NONE",
        "UPDATE content SET status = 'published', published_at = d'2025-01-01T00:00:00Z' WHERE title = 'Kettles again'",
        migration.unwrap().sql,
        migration.unwrap().sql,
    ] {
        platform.query(sql, Default::default(), "testing").await.unwrap();
    }
    let sql = "SELECT VALUE title FROM content WHERE text_of IS NOT NONE";
    let mut answer = platform.query(sql, Default::default(), "testing").await.unwrap();
    assert_eq!(answer.rows::<String>(0).unwrap(), ["Kettles again"]);

    w.run_jobs().await;
    let live = s.t.live().await;
    let told = |line: &Value| line["code"] == "term-text" && line["page"] == "/all-kettles/";
    assert!(live["log"].as_array().unwrap().iter().any(told), "{live}");
    for (address, said) in [
        ("/categories/kettles/", "Words of Kettles again."),
        ("/all-kettles/", "Words of All kettles."),
    ] {
        let page = s.t.visit(address).await;
        assert!(
            page.status == 200 && page.text.contains(said),
            "{address}: {}",
            page.text
        );
    }
    // It can be taken back, and says why it cannot be saved as it is.
    let rest = format!("content/{first}");
    let change = json!({ "excerpt": "Another." });
    let (status, refused) = s.t.write(&w.a.editor, Method::PATCH, &rest, &rest, change).await;
    assert_eq!(status, 409, "{refused}");
    names(&refused["errors"], "Kettles again");
    assert_eq!(s.t.set_status(&w.a.editor, &first, "draft").await.0, 200);
}

//! Schedules of sites: made, run at their times, switched off when their maker is gone.

use igny8_data::Why;
use igny8_server::jobs::schedule::run_due;
use igny8_server::testing::{Member, World, body_of};
use poem::http::Method;
use serde_json::{Value, json};

async fn make(w: &World, who: &Member, body: Value) -> (u16, Value) {
    let (status, made) = w.post(who, &format!("/sites/{}/schedules", w.a.sites[0]), body).await;
    (status.as_u16(), made)
}

fn daily(zone: &str) -> Value {
    json!({ "name": " Every morning ", "action": "deploy_site", "cron": "0 6 * * *", "time_zone": zone })
}

/// A key outlives the days these tests leap over.
struct Key<'a>(&'a World, String);

impl<'a> Key<'a> {
    async fn new(w: &'a World) -> Self {
        let (_, made) = w
            .post(&w.a.owner, "/api-keys", json!({ "name": "Test", "role": "admin" }))
            .await;
        Self(
            w,
            made["secret"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned(),
        )
    }

    async fn send(&self, method: Method, path: &str, rev: i64, body: Value) -> Value {
        let request = self.0.http.request(method, format!("/api/v1{path}"));
        let request = request.header("authorization", format!("ApiKey {}", self.1));
        let request = request.header("if-match", format!("\"{rev}\"")).body_json(&body);
        body_of(request.send().await).await.1
    }

    async fn get(&self, path: &str) -> Value {
        self.send(Method::GET, path, 0, Value::Null).await
    }

    async fn deployments(&self) -> i64 {
        let path = format!("/sites/{}/deployments?with_total=true", self.0.a.sites[0]);
        self.get(&path).await["total"].as_i64().unwrap()
    }
}

#[tokio::test]
async fn schedules_are_checked() {
    let w = World::new().await;
    let (status, made) = make(&w, &w.a.editor, daily("America/New_York")).await;
    assert_eq!(
        (status, &made["name"], &made["next_at"]),
        (201, &json!("Every morning"), &json!("2026-01-01T11:00:00+00:00")),
        "{made}"
    );
    assert_eq!(
        made["in_words"].as_str().map(|words| words.contains("06:00")),
        Some(true),
        "{made}"
    );
    for (change, field) in [
        (json!({ "cron": "often" }), "cron"),
        (json!({ "cron": "* * * * *" }), "cron"),
        (json!({ "time_zone": "Berlin" }), "time_zone"),
        (json!({ "name": " " }), "name"),
        (json!({ "action": "auto_cluster" }), "sector"),
        (json!({ "sector": "sect_01jz8k3v5n6q7r8s9t0v1w2x3y" }), "sector"),
    ] {
        let mut body = daily("UTC");
        body.as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        let (status, problem) = make(&w, &w.a.owner, body).await;
        assert_eq!(
            (status, &problem["errors"][0]["field"]),
            (422, &json!(field)),
            "{problem}"
        );
    }
    let path = format!("/sites/{}/schedules/{}", w.a.sites[0], made["id"].as_str().unwrap());
    let (_, off) = w.patch(&w.a.editor, &path, 1, json!({ "enabled": false })).await;
    assert_eq!(
        (&off["enabled"], &off["next_at"]),
        (&json!(false), &Value::Null),
        "{off}"
    );
    assert_eq!(w.patch(&w.a.editor, &path, 1, json!({ "enabled": true })).await.0, 412);
    let (_, on) = w
        .patch(&w.a.editor, &path, 2, json!({ "enabled": true, "cron": "@weekly" }))
        .await;
    assert_eq!(on["next_at"], "2026-01-04T05:00:00+00:00", "{on}");
    assert_eq!(w.delete(&w.a.viewer, &path, 3).await.0, 403);
    assert_eq!(w.delete(&w.a.editor, &path, 3).await.0, 204);
    assert_eq!(w.get(&w.a.owner, &path).await.0, 404);
}

#[tokio::test]
async fn each_time_is_one_job() {
    let w = World::new().await;
    let (_, made) = make(&w, &w.a.editor, daily("UTC")).await;
    let path = format!("/sites/{}/schedules/{}", w.a.sites[0], made["id"].as_str().unwrap());
    let key = Key::new(&w).await;
    let read = async || key.get(&path).await;
    run_due(&w.app).await;
    assert_eq!(key.deployments().await, 0, "not yet");

    w.clock.advance(chrono::Duration::hours(6));
    tokio::join!(run_due(&w.app), run_due(&w.app));
    assert_eq!(key.deployments().await, 1);
    let ran = read().await;
    assert_eq!(ran["next_at"], "2026-01-02T06:00:00+00:00", "{ran}");
    let job = key.get(&format!("/jobs/{}", ran["last_job"].as_str().unwrap())).await;
    assert_eq!(
        (&job["kind"], &job["priority"]),
        (&json!("deploy_site"), &json!("high")),
        "{job}"
    );
    w.run_jobs().await;

    // Three days without a process: made up for once.
    w.clock.advance(chrono::Duration::days(3));
    run_due(&w.app).await;
    w.clock.advance(chrono::Duration::minutes(1));
    run_due(&w.app).await;
    assert_eq!(key.deployments().await, 2);
    assert_eq!(read().await["next_at"], "2026-01-05T06:00:00+00:00");

    // A deployment that waits already sees everything.
    w.clock.advance(chrono::Duration::days(1));
    run_due(&w.app).await;
    assert_eq!(key.deployments().await, 2);
    assert_eq!(read().await["note"], "A deployment was waiting already.");
}

#[tokio::test]
async fn what_cannot_be_done_is_told() {
    let w = World::new().await;
    let site = w.a.sites[0];
    let (_, sector) = w
        .post(&w.a.owner, &format!("/sites/{site}/sectors"), json!({ "name": "Tea" }))
        .await;
    let body = json!({ "name": "Group", "action": "auto_cluster", "sector": sector["id"], "cron": "@hourly" });
    let (status, made) = make(&w, &w.a.editor, body).await;
    assert_eq!(status, 201, "{made}");
    let path = format!("/sites/{site}/schedules/{}", made["id"].as_str().unwrap());
    let key = Key::new(&w).await;
    let read = async || key.get(&path).await;
    w.clock.advance(chrono::Duration::hours(1));
    run_due(&w.app).await;
    let ran = read().await;
    assert_eq!(
        (&ran["enabled"], &ran["note"], &ran["last_job"]),
        (&json!(true), &json!("There are no keywords to work on."), &Value::Null),
        "{ran}"
    );
    for n in 0..4 {
        let keyword = json!({ "sector": sector["id"], "text": format!("green tea number {n}") });
        key.send(Method::POST, &format!("/sites/{site}/keywords"), 0, keyword)
            .await;
    }
    w.clock.advance(chrono::Duration::hours(1));
    run_due(&w.app).await;
    let ran = read().await;
    assert!(ran["last_job"].is_string() && ran["note"].is_null(), "{ran}");

    let mut binds = igny8_data::Variables::new();
    binds.insert("user", w.a.editor.id);
    let platform = w.app.db.platform(Why::Operator);
    platform
        .query("UPDATE $user SET disabled = true", binds, "testing")
        .await
        .unwrap();
    w.clock.advance(chrono::Duration::hours(1));
    run_due(&w.app).await;
    let off = read().await;
    assert_eq!(
        (&off["enabled"], &off["next_at"]),
        (&json!(false), &Value::Null),
        "{off}"
    );
    assert!(
        off["note"].as_str().unwrap().contains("may not work on the site"),
        "{off}"
    );
    // Switched on again by somebody who may: created, and run twice, and switched off.
    let on = key.send(Method::PATCH, &path, 4, json!({ "enabled": true })).await;
    assert!(on["next_at"].is_string() && on["note"].is_null(), "{on}");
}

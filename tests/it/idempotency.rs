//! `Idempotency-Key`: once, and the same answer again.

use igny8_server::testing::{Member, World};
use poem::http::Method;
use serde_json::{Value, json};

/// Status, body and whether it is a kept answer.
async fn post(w: &World, who: &Member, path: &str, key: &str, body: Value) -> (u16, Value, bool) {
    let request = w.request(who, Method::POST, path).header("idempotency-key", key);
    let answer = request.body_json(&body).send().await.0;
    let (status, again) = (
        answer.status().as_u16(),
        answer.header("idempotency-replayed").is_some(),
    );
    let text = answer.into_body().into_string().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::Null), again)
}

fn site(slug: &str) -> Value {
    json!({ "name": "New", "slug": slug, "site_type": "blog" })
}

#[tokio::test]
async fn a_repeated_request_is_carried_out_once() {
    let w = World::new().await;
    let first = post(&w, &w.a.owner, "/sites", "k1", site("new")).await;
    assert_eq!((first.0, first.2), (201, false), "{}", first.1);
    let again = post(&w, &w.a.owner, "/sites", "k1", site("new")).await;
    assert_eq!((again.0, again.2), (201, true));
    assert_eq!(again.1, first.1);
    let other = post(&w, &w.a.owner, "/sites", "k1", site("other")).await;
    assert_eq!((other.0, &other.1["code"]), (422, &json!("idempotency_key_reused")));
    let elsewhere = post(&w, &w.a.owner, "/invitations", "k1", site("new")).await;
    assert_eq!(elsewhere.1["code"], "idempotency_key_reused", "another operation");
    let somebody = post(&w, &w.a.admin, "/sites", "k1", site("theirs")).await;
    assert_eq!((somebody.0, somebody.2), (201, false), "keys belong to whoever asks");
    let foreign = post(&w, &w.b.owner, "/sites", "k1", site("theirs")).await;
    assert!(!foreign.2, "not another account's answer");
    let (_, audit) = w.get(&w.a.owner, "/audit?limit=100").await;
    let made = audit["items"].as_array().unwrap();
    assert_eq!(made.iter().filter(|e| e["action"] == "site.created").count(), 2);
}

#[tokio::test]
async fn what_failed_may_be_tried_again() {
    let w = World::new().await;
    let wrong = post(
        &w,
        &w.a.owner,
        "/sites",
        "k",
        json!({ "name": "", "site_type": "blog" }),
    )
    .await;
    assert_eq!(wrong.0, 422, "{}", wrong.1);
    assert_eq!(post(&w, &w.a.owner, "/sites", "k", site("new")).await.0, 201);
    assert_eq!(post(&w, &w.a.viewer, "/sites", "k", site("newer")).await.0, 403);
    for bad in ["", " ", "has space", &"x".repeat(256)] {
        let answer = post(&w, &w.a.owner, "/sites", bad, site("x")).await;
        assert_eq!(
            (answer.0, &answer.1["errors"][0]["field"]),
            (422, &json!("Idempotency-Key")),
            "{bad:?}"
        );
    }
}

#[tokio::test]
async fn many_at_once_are_one() {
    let w = World::new().await;
    let all = (0..20).map(|_| post(&w, &w.a.owner, "/sites", "k", site("new")));
    let all = futures_util::future::join_all(all).await;
    let first: Vec<_> = all.iter().filter(|a| a.0 == 201).collect();
    assert!(!first.is_empty() && first.iter().filter(|a| !a.2).count() == 1);
    for other in all.iter().filter(|a| a.0 != 201) {
        assert_eq!((other.0, &other.1["code"]), (409, &json!("idempotency_key_in_use")));
    }
    assert_eq!(post(&w, &w.a.owner, "/sites", "k", site("new")).await.1, first[0].1);
}

#[tokio::test]
async fn a_secret_in_an_answer_is_kept_sealed() {
    let w = World::new().await;
    let body = json!({ "name": "Bot", "role": "viewer" });
    let (_, made, _) = post(&w, &w.a.owner, "/api-keys", "k", body.clone()).await;
    let secret = made["secret"].as_str().unwrap();
    assert_eq!(post(&w, &w.a.owner, "/api-keys", "k", body).await.1["secret"], secret);
    let platform = w.app.db.platform(igny8_data::Why::Operator);
    let mut rows = platform
        .query(
            "SELECT VALUE answer FROM idempotency;",
            igny8_data::Variables::new(),
            "testing",
        )
        .await
        .unwrap();
    let rows: Vec<String> = rows.rows(0).unwrap();
    assert_eq!(rows.len(), 1);
    // The secret itself, behind the key's id.
    assert!(!rows[0].contains(&secret[secret.len() - 20..]));
}

/// A process that dies leaves its claim behind: taken over if nothing was changed, told about if something was.
#[tokio::test]
async fn a_claim_left_behind() {
    let w = World::new().await;
    let set = async |state: &str| {
        let sql = format!("UPDATE idempotency SET state = '{state}', answer = NONE;");
        let platform = w.app.db.platform(igny8_data::Why::Operator);
        platform
            .query(&sql, igny8_data::Variables::new(), "testing")
            .await
            .unwrap();
    };
    assert_eq!(post(&w, &w.a.owner, "/sites", "k", site("new")).await.0, 201);
    set("started").await;
    assert_eq!(
        post(&w, &w.a.owner, "/sites", "k", site("new")).await.1["code"],
        "idempotency_key_in_use"
    );
    set("committed").await;
    assert_eq!(
        post(&w, &w.a.owner, "/sites", "k", site("new")).await.1["code"],
        "idempotency_key_in_use"
    );
    w.clock.advance(chrono::Duration::minutes(16));
    let owner = Member::make(&w.app, w.a.account, igny8_data::Role::Owner, "later").await;
    assert_eq!(post(&w, &owner, "/sites", "k", site("newer")).await.0, 201);
    let renewed = Member {
        token: renewed(&w, &w.a.owner).await,
        ..w.a.owner.clone()
    };
    assert_eq!(
        post(&w, &renewed, "/sites", "k", site("new")).await.1["code"],
        "idempotency_answer_lost"
    );
    set("started").await;
    let taken = post(&w, &renewed, "/sites", "k", site("new")).await;
    assert_eq!(
        (taken.0, &taken.1["code"]),
        (409, &json!("duplicate")),
        "carried out again"
    );
}

/// Another access token of a member's session.
async fn renewed(w: &World, member: &Member) -> String {
    let platform = w.app.db.platform(igny8_data::Why::Operator);
    let mut binds = igny8_data::Variables::new();
    binds.insert("user", member.id);
    let sql = "SELECT VALUE id FROM session WHERE user = $user;";
    let sessions: Vec<igny8_data::SessionId> = platform.query(sql, binds, "testing").await.unwrap().rows(0).unwrap();
    let now = w.clock.now();
    w.app.db.keys().sign_access(member.id, sessions[0], now).0
}

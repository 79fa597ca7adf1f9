//! Registration, sessions, members, invitations, keys.

use igny8_server::testing::{Member, World, body_of};
use poem::http::{Method, StatusCode};
use serde_json::{Value, json};

async fn open(w: &World, path: &str, body: Value) -> (StatusCode, Value) {
    body_of(w.http.post(format!("/api/v1{path}")).body_json(&body).send().await).await
}

async fn registered(w: &World) -> (Member, Value) {
    let body = json!({ "name": "North Pier", "email": "Ada@North.example", "password": "a long enough one" });
    let (status, answer) = open(w, "/auth/register", body).await;
    assert_eq!(status, 201, "{answer}");
    (member(&answer), answer)
}

fn member(answer: &Value) -> Member {
    Member {
        id: answer["user"]["id"].as_str().unwrap().parse().unwrap(),
        email: answer["user"]["email"].as_str().unwrap().to_owned(),
        token: answer["tokens"]["access_token"].as_str().unwrap().to_owned(),
    }
}

/// The secret in the newest mail to an address.
async fn mailed_secret(w: &World, to: &str) -> String {
    for _ in 0..100 {
        w.run_jobs().await;
        let folder = w.app.config.data_dir.join("mail");
        let mut mails: Vec<_> = std::fs::read_dir(&folder)
            .into_iter()
            .flatten()
            .flatten()
            .map(|e| e.path())
            .collect();
        mails.sort();
        for mail in mails.iter().rev() {
            let text = std::fs::read_to_string(mail)
                .unwrap()
                .replace("=\r\n", "")
                .replace("=3D", "=");
            if text.contains(&format!("To: {to}"))
                && let Some((_, rest)) = text.split_once('#')
            {
                return rest.split_whitespace().next().unwrap().to_owned();
            }
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("no mail to {to}");
}

#[tokio::test]
async fn registration_makes_an_account_and_logs_in() {
    let w = World::new().await;
    let (ada, answer) = registered(&w).await;
    assert_eq!(
        (&answer["user"]["role"], &answer["account"]["plan"]),
        (&json!("owner"), &json!("free"))
    );
    let (status, me) = w.get(&ada, "/auth/me").await;
    assert_eq!((status.as_u16(), &me["account"]["name"]), (200, &json!("North Pier")));
    assert_eq!(w.get(&ada, &format!("/sites/{}", w.a.sites[0])).await.0, 404);

    for spelling in ["ada@north.example", " ADA@NORTH.EXAMPLE "] {
        let body = json!({ "name": "X", "email": spelling, "password": "a long enough one" });
        assert_eq!(open(&w, "/auth/register", body).await.0, 409, "{spelling}");
        let body = json!({ "email": spelling, "password": "a long enough one" });
        assert_eq!(open(&w, "/auth/login", body).await.0, 200, "{spelling}");
    }
    for (field, body) in [
        (
            "password",
            json!({ "name": "X", "email": "b@x.example", "password": "short" }),
        ),
        (
            "email",
            json!({ "name": "X", "email": "nonsense", "password": "a long enough one" }),
        ),
        (
            "name",
            json!({ "name": " ", "email": "b@x.example", "password": "a long enough one" }),
        ),
    ] {
        let (status, problem) = open(&w, "/auth/register", body).await;
        assert_eq!(
            (status.as_u16(), &problem["errors"][0]["field"]),
            (422, &json!(field)),
            "{problem}"
        );
    }
    let sly = json!({ "name": "X", "email": "c@x.example", "password": "a long enough one", "role": "developer" });
    assert_eq!(
        open(&w, "/auth/register", sly).await.0,
        400,
        "no field but those described"
    );
}

#[tokio::test]
async fn wrong_and_unknown_logins_are_told_apart_by_nobody() {
    let w = World::new().await;
    registered(&w).await;
    let wrong = open(
        &w,
        "/auth/login",
        json!({ "email": "ada@north.example", "password": "not this one" }),
    )
    .await;
    let unknown = open(
        &w,
        "/auth/login",
        json!({ "email": "eve@north.example", "password": "not this one" }),
    )
    .await;
    assert_eq!(wrong.0, 401);
    assert_eq!(
        (wrong.0, &wrong.1["code"], &wrong.1["detail"]),
        (unknown.0, &unknown.1["code"], &unknown.1["detail"])
    );
}

#[tokio::test]
async fn refresh_rotates_and_a_stolen_token_ends_the_session() {
    let w = World::new().await;
    let (ada, answer) = registered(&w).await;
    let first = answer["tokens"]["refresh_token"].as_str().unwrap().to_owned();
    let refresh = async |token: &str| open(&w, "/auth/refresh", json!({ "refresh_token": token })).await;

    // Two at once, and one whose answer was lost: one successor, the same for all.
    let both = futures_util::future::join(refresh(&first), refresh(&first)).await;
    let again = refresh(&first).await;
    let second = both.0.1["refresh_token"].as_str().unwrap().to_owned();
    assert_eq!(
        (both.1.1["refresh_token"].as_str(), again.1["refresh_token"].as_str()),
        (Some(&*second), Some(&*second))
    );
    assert_ne!(first, second);
    let (status, third) = refresh(&second).await;
    assert_eq!(status, 200, "{third}");

    w.clock.advance(chrono::Duration::seconds(30));
    assert_eq!(refresh(&first).await.0, 401, "a stolen old token");
    let third = third["refresh_token"].as_str().unwrap();
    assert_eq!(refresh(third).await.0, 401, "the whole session is over");
    assert_eq!(w.get(&ada, "/auth/me").await.0, 401, "its access token too");
    assert_eq!(refresh("igr_AAAA").await.0, 401);
    let (_, audit) = w.get(&w.a.owner, "/audit").await;
    assert!(
        !audit.to_string().contains("refresh_token_reused"),
        "in nobody else's log"
    );
}

#[tokio::test]
async fn a_refresh_token_ends_after_seven_days() {
    let w = World::new().await;
    let (_, answer) = registered(&w).await;
    w.clock.advance(chrono::Duration::days(7));
    let body = json!({ "refresh_token": answer["tokens"]["refresh_token"] });
    assert_eq!(open(&w, "/auth/refresh", body).await.0, 401);
}

#[tokio::test]
async fn logout_makes_the_access_token_worthless_at_once() {
    let w = World::new().await;
    let (ada, answer) = registered(&w).await;
    assert_eq!(w.post(&ada, "/auth/logout", json!({})).await.0, 204);
    assert_eq!(w.get(&ada, "/auth/me").await.0, 401);
    let body = json!({ "refresh_token": answer["tokens"]["refresh_token"] });
    assert_eq!(open(&w, "/auth/refresh", body).await.0, 401);
}

#[tokio::test]
async fn a_password_reset_ends_all_sessions_and_works_once() {
    let w = World::new().await;
    let (ada, _) = registered(&w).await;
    assert_eq!(
        open(&w, "/auth/password-reset", json!({ "email": "nobody@x.example" }))
            .await
            .0,
        202
    );
    assert_eq!(
        open(&w, "/auth/password-reset", json!({ "email": "ada@north.example" }))
            .await
            .0,
        202
    );
    let secret = mailed_secret(&w, "Ada@North.example").await;
    let confirm = |secret: &str| json!({ "secret": secret, "new_password": "another long one" });
    assert_eq!(
        open(&w, "/auth/password-reset/confirm", confirm(&format!("{secret}x")))
            .await
            .0,
        422
    );
    let (status, answer) = open(&w, "/auth/password-reset/confirm", confirm(&secret)).await;
    assert_eq!(status, 204, "{answer}");
    assert_eq!(
        open(&w, "/auth/password-reset/confirm", confirm(&secret)).await.0,
        422,
        "once"
    );
    assert_eq!(w.get(&ada, "/auth/me").await.0, 401);
    let login = |password: &str| json!({ "email": "ada@north.example", "password": password });
    assert_eq!(open(&w, "/auth/login", login("a long enough one")).await.0, 401);
    let (status, answer) = open(&w, "/auth/login", login("another long one")).await;
    assert_eq!(status, 200);

    let ada = member(&answer);
    let change = |old: &str| json!({ "old_password": old, "new_password": "yet another one" });
    assert_eq!(w.post(&ada, "/auth/password", change("wrong")).await.0, 422);
    assert_eq!(w.post(&ada, "/auth/password", change("another long one")).await.0, 204);
    assert_eq!(w.get(&ada, "/auth/me").await.0, 200, "this session stays");
}

#[tokio::test]
async fn members_change_within_the_rules() {
    let w = World::new().await;
    let path = |m: &Member| format!("/members/{}", m.id);
    assert_eq!(w.get(&w.a.editor, "/members").await.0, 403);
    assert_eq!(w.get(&w.b.owner, &path(&w.a.editor)).await.0, 404);
    let (status, problem) = w
        .patch(&w.a.admin, &path(&w.a.editor), 1, json!({ "role": "owner" }))
        .await;
    assert_eq!((status.as_u16(), &problem["errors"][0]["field"]), (422, &json!("role")));
    assert_eq!(
        w.patch(&w.a.admin, &path(&w.a.owner), 1, json!({ "disabled": true }))
            .await
            .0,
        403,
        "above"
    );
    assert_eq!(
        w.patch(&w.a.owner, &path(&w.a.owner), 1, json!({ "role": "admin" }))
            .await
            .1["code"],
        "last_owner"
    );
    assert_eq!(w.delete(&w.a.owner, &path(&w.a.owner), 1).await.1["code"], "last_owner");

    let site = format!("/sites/{}", w.a.sites[0]);
    let sector = json!({ "name": "Sector" });
    assert_eq!(
        w.post(&w.a.admin, &format!("{site}/sectors"), sector.clone()).await.0,
        201
    );
    assert_eq!(
        w.patch(&w.a.owner, &path(&w.a.admin), 1, json!({ "role": "viewer" }))
            .await
            .0,
        200
    );
    assert_eq!(w.get(&w.a.admin, &site).await.0, 404, "a viewer needs a grant, at once");
    let sites = format!("{}/sites", path(&w.a.admin));
    let put = |body: Value| w.request(&w.a.owner, Method::PUT, &sites).body_json(&body).send();
    assert_eq!(put(json!({ "sites": [w.b.sites[0]] })).await.0.status(), 404, "foreign");
    assert_eq!(put(json!({ "sites": [w.a.sites[0]] })).await.0.status(), 200);
    assert_eq!(w.get(&w.a.admin, &site).await.0, 200);
    assert_eq!(w.post(&w.a.admin, &format!("{site}/sectors"), sector).await.0, 403);

    assert_eq!(
        w.patch(&w.a.owner, &path(&w.a.editor), 1, json!({ "disabled": true }))
            .await
            .0,
        200
    );
    assert_eq!(w.get(&w.a.editor, &site).await.0, 401, "disabled, at once");
    assert_eq!(w.delete(&w.a.owner, &path(&w.a.viewer), 1).await.0, 204);
    assert_eq!(w.get(&w.a.viewer, &site).await.0, 401, "removed");
}

#[tokio::test]
async fn an_invitation_is_accepted_once() {
    let w = World::new().await;
    let body = json!({ "email": "new@a.example", "name": "New", "role": "editor", "sites": [w.a.sites[1]] });
    assert_eq!(w.post(&w.a.editor, "/invitations", body.clone()).await.0, 403);
    let foreign = json!({ "email": "new@a.example", "name": "New", "role": "editor", "sites": [w.b.sites[1]] });
    assert_eq!(w.post(&w.a.owner, "/invitations", foreign).await.0, 404);
    let (status, invitation) = w.post(&w.a.admin, "/invitations", body).await;
    assert_eq!(status, 201, "{invitation}");
    let secret = mailed_secret(&w, "new@a.example").await;
    let accept = json!({ "secret": secret, "password": "a long enough one" });
    let (status, answer) = open(&w, "/auth/invitations/accept", accept.clone()).await;
    assert_eq!(status, 200, "{answer}");
    let new = member(&answer);
    assert_eq!(w.get(&new, &format!("/sites/{}", w.a.sites[1])).await.0, 200);
    assert_eq!(w.get(&new, &format!("/sites/{}", w.a.sites[0])).await.0, 404);
    assert_eq!(open(&w, "/auth/invitations/accept", accept).await.0, 422);
}

#[tokio::test]
async fn an_invitation_is_sent_again_with_the_same_link() {
    let w = World::new().await;
    let body = json!({ "email": "new@a.example", "name": "New", "role": "admin" });
    let (_, invitation) = w.post(&w.a.owner, "/invitations", body).await;
    let path = format!("/invitations/{}", invitation["id"].as_str().unwrap());
    let secret = mailed_secret(&w, "new@a.example").await;
    w.clock.advance(chrono::Duration::days(30));
    let owner = Member::make(&w.app, w.a.account, igny8_data::Role::Owner, "again").await;
    let accept = json!({ "secret": secret, "password": "a long enough one" });
    assert_eq!(
        open(&w, "/auth/invitations/accept", accept.clone()).await.0,
        422,
        "too old"
    );
    assert_eq!(w.post(&owner, &format!("{path}/resend"), json!({})).await.0, 200);
    assert_eq!(mailed_secret(&w, "new@a.example").await, secret);
    assert_eq!(open(&w, "/auth/invitations/accept", accept).await.0, 200);
    let (status, problem) = w.post(&owner, &format!("{path}/resend"), json!({})).await;
    assert_eq!((status.as_u16(), &problem["code"]), (409, &json!("invitation_used")));
}

#[tokio::test]
async fn an_invitation_taken_back_is_not_mailed() {
    let w = World::new().await;
    let body = json!({ "email": "new@a.example", "name": "New", "role": "viewer" });
    let (_, invitation) = w.post(&w.a.owner, "/invitations", body).await;
    let path = format!("/invitations/{}", invitation["id"].as_str().unwrap());
    assert_eq!(w.delete(&w.a.owner, &path, 1).await.0, 204);
    assert_eq!(w.run_jobs().await, 1);
    assert!(!w.app.config.data_dir.join("mail").exists());
}

#[tokio::test]
async fn an_account_changes_its_owner() {
    let w = World::new().await;
    let (ada, answer) = registered(&w).await;
    let account: igny8_data::AccountId = answer["account"]["id"].as_str().unwrap().parse().unwrap();
    let next = Member::make(&w.app, account, igny8_data::Role::Editor, "north").await;
    let put = async |who: &Member, user: String, password: &str| {
        let request = w.request(who, Method::PUT, "/account/owner");
        let body = json!({ "user": user, "password": password });
        body_of(request.body_json(&body).send().await).await
    };
    let good = "a long enough one";
    assert_eq!(put(&next, next.id.to_string(), good).await.0, 403);
    assert_eq!(put(&ada, w.a.editor.id.to_string(), good).await.0, 404, "foreign");
    assert_eq!(put(&ada, next.id.to_string(), "a wrong password").await.0, 422);
    assert_eq!(put(&ada, ada.id.to_string(), good).await.1["code"], "already_owner");
    let (status, owner) = put(&ada, next.id.to_string(), good).await;
    assert_eq!((status.as_u16(), &owner["role"]), (200, &json!("owner")), "{owner}");
    assert_eq!(w.get(&ada, "/auth/me").await.1["user"]["role"], "admin");
}

#[tokio::test]
async fn who_may_see_a_site() {
    let w = World::new().await;
    let emails = async |site: igny8_data::SiteId| {
        let (status, list) = w.get(&w.a.owner, &format!("/members?site={site}&sort=email")).await;
        assert!(status == 200 || list["items"].is_null());
        let items = list["items"].as_array().cloned().unwrap_or_default();
        items
            .iter()
            .map(|m| m["email"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let everybody = [
        "admin@a.example",
        "editor@a.example",
        "owner@a.example",
        "viewer@a.example",
    ];
    assert_eq!(emails(w.a.sites[0]).await, everybody);
    assert_eq!(emails(w.a.sites[1]).await, ["admin@a.example", "owner@a.example"]);
    assert!(emails(w.b.sites[0]).await.is_empty(), "foreign");
}

#[tokio::test]
async fn an_api_key_reaches_what_it_was_made_for() {
    let w = World::new().await;
    let body = json!({ "name": "Bot", "role": "viewer", "site": w.a.sites[0] });
    assert_eq!(w.post(&w.a.editor, "/api-keys", body.clone()).await.0, 403);
    let (status, made) = w.post(&w.a.admin, "/api-keys", body).await;
    assert_eq!(status, 201, "{made}");
    let secret = made["secret"].as_str().unwrap().to_owned();
    let get = async |path: String| {
        let request = w
            .http
            .get(format!("/api/v1{path}"))
            .header("authorization", format!("ApiKey {secret}"));
        body_of(request.send().await).await
    };
    assert_eq!(get(format!("/sites/{}", w.a.sites[0])).await.0, 200);
    for hidden in [w.a.sites[1], w.b.sites[0]] {
        assert_eq!(get(format!("/sites/{hidden}")).await.0, 404);
    }
    assert_eq!(get("/sites".into()).await.1["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(get("/members".into()).await.0, 403);
    let (_, list) = w.get(&w.a.owner, "/api-keys").await;
    assert!(!list.to_string().contains(secret.rsplit('_').next().unwrap()));
    let path = format!("/api-keys/{}", made["api_key"]["id"].as_str().unwrap());
    assert_eq!(w.patch(&w.a.admin, &path, 9, json!({ "name": "Other" })).await.0, 412);
    let (_, renamed) = w.patch(&w.a.admin, &path, 1, json!({ "name": "Other" })).await;
    assert_eq!(renamed["name"], "Other");
    assert_eq!(w.delete(&w.b.owner, &path, 1).await.0, 404);
    assert_eq!(w.delete(&w.a.owner, &path, 1).await.0, 204);
    assert_eq!(get(format!("/sites/{}", w.a.sites[0])).await.0, 401);
}

#[tokio::test]
async fn limits_answer_429_with_the_time_to_wait() {
    let w = World::with(|config| {
        config.limits.auth = 3;
        config.limits.writes = 2;
    })
    .await;
    let login = json!({ "email": "a@x.example", "password": "wrong password" });
    for _ in 0..3 {
        assert_eq!(open(&w, "/auth/login", login.clone()).await.0, 401);
    }
    let spaced = json!({ "email": " A@X.example ", "password": "wrong password" });
    let answer = w.http.post("/api/v1/auth/login").body_json(&spaced).send().await;
    assert_eq!(answer.0.status(), 429, "another spelling shares the bucket");
    assert!(answer.0.header("retry-after").is_some());
    assert_eq!(answer.0.header("ratelimit-policy"), Some("\"auth\";q=3;w=60"));
    assert_eq!(answer.0.header("ratelimit"), Some("\"auth\";r=0;t=60"));
    for expected in [204, 401] {
        assert_eq!(w.post(&w.a.editor, "/auth/logout", json!({})).await.0, expected);
    }
    assert_eq!(w.post(&w.a.admin, "/auth/logout", json!({})).await.0, 204);
    assert_eq!(
        w.post(&w.a.owner, "/auth/logout", json!({})).await.0,
        429,
        "the account's writes are used up"
    );
    assert_eq!(
        w.post(&w.b.owner, "/auth/logout", json!({})).await.0,
        204,
        "not another account's"
    );
}

#[tokio::test]
async fn a_suspended_account_reads_and_nothing_else() {
    let w = World::new().await;
    let mut binds = igny8_data::Variables::new();
    binds.insert("id", w.a.account);
    let sql = "UPDATE $id SET status = 'suspended';";
    w.app
        .db
        .platform(igny8_data::Why::Operator)
        .query(sql, binds, "testing")
        .await
        .unwrap();
    let site = format!("/sites/{}", w.a.sites[0]);
    assert_eq!(w.get(&w.a.owner, &site).await.0, 200);
    let (status, problem) = w
        .post(&w.a.owner, &format!("{site}/sectors"), json!({ "name": "X" }))
        .await;
    assert_eq!((status.as_u16(), &problem["code"]), (403, &json!("account_suspended")));
}

#[tokio::test]
async fn bodies_are_bounded_and_answers_are_not_cached() {
    let w = World::new().await;
    let large = json!({ "name": "x".repeat(5 << 20), "site_type": "blog" });
    assert_eq!(w.post(&w.a.owner, "/sites", large).await.0, 413);
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let request = w
        .request(&w.a.owner, Method::POST, "/sites")
        .content_type("application/json")
        .body(deep);
    assert_eq!(request.send().await.0.status(), 400);
    let answer = w.request(&w.a.owner, Method::GET, "/sites").send().await;
    assert_eq!(answer.0.header("cache-control"), Some("no-store"));
    assert_eq!(answer.0.header("x-content-type-options"), Some("nosniff"));
}

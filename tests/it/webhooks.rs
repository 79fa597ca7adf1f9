//! Webhooks: real requests to a real receiver on loopback, which checks the signatures by itself.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration as Time;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as B64;
use chrono::{DateTime, Duration, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use igny8_data::{NewJob, Role, Variables, Why};
use igny8_server::features::billing::ledger;
use igny8_server::features::billing::model::TransactionKind;
use igny8_server::features::webhooks::{self, Event, EventKind};
use igny8_server::testing::{Member, Tenant, World};
use poem::listener::{Acceptor as _, Listener as _, TcpListener};
use poem::{Endpoint, Request, Response};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

/// A request as it came.
#[derive(Clone, Debug)]
struct Received {
    path: String,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Received {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn kind(&self) -> String {
        self.json()["type"].as_str().unwrap().to_owned()
    }

    /// Whether one of its signatures is that of a secret, as the specification says.
    fn is_signed(&self, secret: &str) -> bool {
        let key = B64.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
        let (id, time) = (&self.headers["webhook-id"], &self.headers["webhook-timestamp"]);
        mac.update(format!("{id}.{time}.{}", self.body).as_bytes());
        let own = format!("v1,{}", B64.encode(mac.finalize().into_bytes()));
        self.headers["webhook-signature"].split(' ').any(|given| given == own)
    }

    fn signatures(&self) -> usize {
        self.headers["webhook-signature"].split(' ').count()
    }
}

/// Status, headers and body of an answer.
#[derive(Clone)]
struct Reply(u16, Vec<(&'static str, String)>, String);

fn status(status: u16) -> Reply {
    Reply(status, Vec::new(), format!("answer {status}"))
}

struct State {
    script: VecDeque<Reply>,
    usual: Reply,
    received: Vec<Received>,
}

/// A receiver that answers 200 unless told otherwise. Requests below `/slow` are answered when the gate opens.
struct Receiver {
    host: String,
    state: Arc<Mutex<State>>,
    gate: Arc<Semaphore>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Clone)]
struct Served(Arc<Mutex<State>>, Arc<Semaphore>);

impl Endpoint for Served {
    type Output = Response;
    async fn call(&self, mut req: Request) -> poem::Result<Response> {
        let text = |value: &poem::http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let received = Received {
            path: req.uri().path().to_owned(),
            headers: req
                .headers()
                .iter()
                .map(|(name, value)| (name.to_string(), text(value)))
                .collect(),
            body: req.take_body().into_string().await?,
        };
        let slow = received.path.starts_with("/slow");
        let reply = {
            let mut state = self.0.lock().unwrap();
            state.received.push(received);
            state.script.pop_front().unwrap_or_else(|| state.usual.clone())
        };
        if slow {
            let _ = self.1.acquire().await;
        }
        let mut response = Response::builder().status(poem::http::StatusCode::from_u16(reply.0).unwrap());
        for (name, value) in &reply.1 {
            response = response.header(*name, value);
        }
        Ok(response.body(reply.2))
    }
}

impl Receiver {
    async fn start() -> Self {
        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.unwrap();
        let host = acceptor.local_addr().remove(0).as_socket_addr().unwrap().to_string();
        let state = Arc::new(Mutex::new(State {
            script: VecDeque::new(),
            usual: status(200),
            received: Vec::new(),
        }));
        let gate = Arc::new(Semaphore::new(0));
        let served = Served(state.clone(), gate.clone());
        let task = tokio::spawn(async move {
            let _ = poem::Server::new_with_acceptor(acceptor).run(served).await;
        });
        Self {
            host,
            state,
            gate,
            task,
        }
    }

    async fn world(&self) -> World {
        World::with(|config| config.outgoing.allowed_hosts.push(self.host.parse().unwrap())).await
    }

    fn script(&self, replies: impl IntoIterator<Item = Reply>) {
        self.state.lock().unwrap().script.extend(replies);
    }

    fn usually(&self, reply: Reply) {
        self.state.lock().unwrap().usual = reply;
    }

    fn received(&self) -> Vec<Received> {
        self.state.lock().unwrap().received.clone()
    }

    fn of_path(&self, path: &str) -> usize {
        self.received().iter().filter(|request| request.path == path).count()
    }
}

/// Somebody who may manage an account, with a token that is valid now.
async fn manager(w: &World, tenant: &Tenant) -> Member {
    let name = format!("late{}", rand_name(w));
    Member::make(&w.app, tenant.account, Role::Admin, &name).await
}

fn rand_name(w: &World) -> String {
    w.app.db.ids().make::<igny8_data::UserId>().to_string().replace('_', "")
}

/// Sets up a webhook at a path of the receiver; answers its id and secret.
async fn hook(w: &World, receiver: &Receiver, path: &str, more: Value) -> (String, String) {
    let mut body = json!({ "url": format!("http://{}{path}", receiver.host) });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let (status, made) = w.post(&w.a.owner, "/webhooks", body).await;
    assert_eq!(status, 201, "{made}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&made["webhook"]["id"]), text(&made["secret"]))
}

/// Sends a test; answers the delivery's id.
async fn test(w: &World, member: &Member, hook: &str) -> String {
    let (status, made) = w
        .post(
            member,
            &format!("/webhooks/{hook}/test"),
            json!({ "event": "job.failed" }),
        )
        .await;
    assert_eq!(status, 202, "{made}");
    made["delivery"]["id"].as_str().unwrap().to_owned()
}

async fn delivery(w: &World, member: &Member, id: &str) -> Value {
    let (status, found) = w.get(member, &format!("/webhook-deliveries/{id}")).await;
    assert_eq!(status, 200, "{found}");
    found
}

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

async fn count(w: &World, table: &str) -> usize {
    let sql = format!("SELECT VALUE id FROM {table};");
    let platform = w.app.db.platform(Why::Operator);
    let mut answer = platform.query(&sql, Variables::new(), "testing").await.unwrap();
    answer.rows::<igny8_data::Value>(0).unwrap().len()
}

/// Makes a post and sets its status.
async fn post(w: &World, tenant: &Tenant, site: usize, title: &str) -> String {
    let path = format!("/sites/{}/content", tenant.sites[site]);
    let new = json!({ "content_type": "post", "title": title, "body": "Words about coffee." });
    let (status, made) = w.post(&tenant.owner, &path, new).await;
    assert_eq!(status, 201, "{made}");
    let id = made["id"].as_str().unwrap().to_owned();
    set_status(w, tenant, site, &id, 1, "published").await;
    id
}

async fn set_status(w: &World, tenant: &Tenant, site: usize, id: &str, rev: i64, status: &str) {
    let path = format!("/sites/{}/content/{id}/status", tenant.sites[site]);
    let request = w
        .request(&tenant.owner, poem::http::Method::POST, &path)
        .header("if-match", format!("\"{rev}\""));
    let body = json!({ "status": status, "force": true });
    let answer = request.body_json(&body).send().await;
    assert!(answer.0.status().is_success());
}

fn mails(w: &World) -> Vec<String> {
    let Ok(files) = std::fs::read_dir(w.app.config.data_dir.join("mail")) else {
        return Vec::new();
    };
    files
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .collect()
}

#[tokio::test]
async fn events_arrive_signed() {
    let receiver = Receiver::start().await;
    let w = receiver.world().await;
    post(&w, &w.a, 0, "Before").await;
    post(&w, &w.b, 0, "Of B").await;
    w.run_jobs().await;
    assert_eq!(
        count(&w, "webhook_message").await,
        0,
        "nobody is told, so nothing is written"
    );

    let (id, secret) = hook(&w, &receiver, "/in", json!({ "description": "All" })).await;
    let content = post(&w, &w.a, 0, "Cold brew").await;
    post(&w, &w.b, 0, "Another of B").await;
    w.run_jobs().await;
    let received = receiver.received();
    let mut kinds: Vec<String> = received.iter().map(Received::kind).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["content.published", "deployment.finished"]);
    for request in &received {
        assert!(
            request.is_signed(&secret) && !request.is_signed("whsec_AAAA"),
            "{request:?}"
        );
        assert_eq!(
            request.headers["webhook-timestamp"],
            w.clock.now().timestamp().to_string()
        );
        assert_eq!(request.headers["content-type"], "application/json");
        assert_eq!(time(&request.json()["timestamp"]), w.clock.now());
    }
    let published = received
        .iter()
        .find(|r| r.kind() == "content.published")
        .unwrap()
        .json();
    let data = &published["data"];
    assert_eq!(
        (&data["content"], &data["title"], &data["url"]),
        (
            &json!(content),
            &json!("Cold brew"),
            &json!("http://localhost:8080/sites/site-a0/blog/cold-brew/")
        ),
        "{published}"
    );
    let deployed = received
        .iter()
        .find(|r| r.kind() == "deployment.finished")
        .unwrap()
        .json();
    assert_eq!(
        (
            &deployed["data"]["status"],
            &deployed["data"]["url"],
            &deployed["data"]["site"]
        ),
        (
            &json!("deployed"),
            &json!("http://localhost:8080/sites/site-a0"),
            &json!(w.a.sites[0].to_string())
        )
    );

    // Changed, changed for nobody, taken back.
    let path = format!("/sites/{}/content/{content}", w.a.sites[0]);
    assert_eq!(
        w.patch(&w.a.owner, &path, 2, json!({ "title": "Cold brew at home" }))
            .await
            .0,
        200
    );
    w.run_jobs().await;
    set_status(&w, &w.a, 0, &content, 3, "draft").await;
    w.run_jobs().await;
    let kinds: Vec<String> = receiver.received()[2..].iter().map(Received::kind).collect();
    for kind in ["content.updated", "content.unpublished"] {
        assert_eq!(kinds.iter().filter(|k| *k == kind).count(), 1, "{kinds:?}");
    }

    // The log says the same.
    let (_, log) = w
        .get(&w.a.owner, &format!("/webhook-deliveries?webhook={id}&with_total=true"))
        .await;
    assert_eq!(log["total"], receiver.received().len(), "{log}");
    let (_, log) = w
        .get(
            &w.a.owner,
            "/webhook-deliveries?event=content.published&status=delivered",
        )
        .await;
    let entry = &log["items"][0];
    assert_eq!(
        (&entry["response_status"], &entry["attempts"]),
        (&json!(200), &json!(1)),
        "{log}"
    );
    let detail = delivery(&w, &w.a.owner, entry["id"].as_str().unwrap()).await;
    let sent = received.iter().find(|r| r.kind() == "content.published").unwrap();
    assert_eq!(
        (&detail["body"], &detail["log"][0]["answer"]),
        (&json!(sent.body), &json!("answer 200"))
    );
    assert_eq!(entry["message"], sent.headers["webhook-id"]);
    let (_, none) = w.get(&w.a.owner, "/webhook-deliveries?event=credits.low").await;
    assert_eq!(none["items"], json!([]));
    let (_, first) = w.get(&w.a.owner, "/webhook-deliveries?limit=1").await;
    let (_, second) = w
        .get(
            &w.a.owner,
            &format!("/webhook-deliveries?limit=1&cursor={}", first["next"].as_str().unwrap()),
        )
        .await;
    assert_ne!(first["items"][0]["id"], second["items"][0]["id"]);
    assert_eq!(w.get(&w.b.owner, "/webhook-deliveries").await.1["items"], json!([]));
    assert_eq!(
        w.get(&w.a.editor, "/webhook-deliveries").await.0,
        403,
        "titles of all sites"
    );
}

#[tokio::test]
async fn endpoints_get_what_they_ask_for() {
    let receiver = Receiver::start().await;
    let w = receiver.world().await;
    hook(&w, &receiver, "/published", json!({ "events": ["content.published"] })).await;
    hook(&w, &receiver, "/site", json!({ "site": w.a.sites[1] })).await;
    hook(&w, &receiver, "/off", json!({ "enabled": false })).await;
    for site in [0, 1] {
        post(&w, &w.a, site, "Tea").await;
    }
    w.run_jobs().await;
    assert_eq!(
        (
            receiver.of_path("/published"),
            receiver.of_path("/site"),
            receiver.of_path("/off")
        ),
        (2, 2, 0)
    );
    let foreign = json!({ "url": "https://hooks.example/", "site": w.b.sites[0] });
    assert_eq!(w.post(&w.a.owner, "/webhooks", foreign).await.0, 404);
    let (_, examples) = w.get(&w.a.viewer, "/webhook-events").await;
    assert_eq!(examples["credits_low"]["type"], "credits.low", "{examples}");
    assert_eq!(examples.as_object().unwrap().len(), EventKind::ALL.len());
}

#[tokio::test]
async fn an_event_is_told_only_if_it_happened() {
    let receiver = Receiver::start().await;
    let w = receiver.world().await;
    hook(&w, &receiver, "/in", json!({})).await;
    let event = Event::example(EventKind::SyncConflict, w.app.db.ids(), w.clock.now());
    let mut tx = w.app.db.platform(Why::Operator).tx(w.a.account, None);
    webhooks::emit(&mut tx, &event);
    tx.require("$account = NONE", Variables::new(), "it_did_not_happen");
    assert!(tx.commit().await.is_err());
    w.run_jobs().await;
    assert_eq!((count(&w, "webhook_message").await, receiver.received().len()), (0, 0));
    let mut tx = w.app.db.platform(Why::Operator).tx(w.a.account, Some(w.a.sites[0]));
    webhooks::emit(&mut tx, &event);
    tx.commit().await.unwrap();
    w.run_jobs().await;
    assert_eq!(receiver.received()[0].json()["data"]["fields"], json!(["body"]));
}

#[tokio::test]
async fn what_fails_is_sent_again_later() {
    let receiver = Receiver::start().await;
    let w = receiver.world().await;
    let (id, secret) = hook(&w, &receiver, "/in", json!({})).await;
    let later = Reply(503, vec![("retry-after", "1000".into())], "busy".into());
    receiver.script([status(500), later, status(204)]);
    let sent = test(&w, &w.a.owner, &id).await;
    w.run_jobs().await;
    let found = delivery(&w, &w.a.owner, &sent).await;
    assert_eq!(
        (&found["delivery"]["status"], time(&found["delivery"]["next_at"])),
        (&json!("pending"), w.clock.now() + Duration::seconds(5)),
        "{found}"
    );
    let (_, shown) = w.get(&w.a.owner, &format!("/webhooks/{id}")).await;
    assert_eq!(time(&shown["failing_since"]), w.clock.now());
    w.clock.advance(Duration::seconds(4));
    w.run_jobs().await;
    assert_eq!(receiver.received().len(), 1, "not yet");
    w.clock.advance(Duration::seconds(1));
    w.run_jobs().await;
    let found = delivery(&w, &w.a.owner, &sent).await;
    assert_eq!(
        time(&found["delivery"]["next_at"]),
        w.clock.now() + Duration::seconds(1_000),
        "longer than the usual five minutes: {found}"
    );
    w.clock.advance(Duration::seconds(300));
    w.run_jobs().await;
    assert_eq!(receiver.received().len(), 2);
    let admin = manager(&w, &w.a).await;
    w.clock.advance(Duration::seconds(700));
    w.run_jobs().await;
    let found = delivery(&w, &admin, &sent).await;
    assert_eq!(
        (&found["delivery"]["status"], &found["delivery"]["attempts"]),
        (&json!("delivered"), &json!(3)),
        "{found}"
    );
    let log: Vec<_> = found["log"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| (&a["status"], &a["answer"]))
        .collect();
    assert_eq!(
        log,
        [
            (&json!(500), &json!("answer 500")),
            (&json!(503), &json!("busy")),
            (&json!(204), &Value::Null)
        ]
    );
    let received = receiver.received();
    for request in &received {
        assert!(request.is_signed(&secret));
        assert_eq!(request.body, received[0].body);
        assert_eq!(request.headers["webhook-id"], received[0].headers["webhook-id"]);
    }
    assert_ne!(
        received[1].headers["webhook-timestamp"],
        received[0].headers["webhook-timestamp"]
    );
    let (_, shown) = w.get(&admin, &format!("/webhooks/{id}")).await;
    assert_eq!(shown["failing_since"], Value::Null, "{shown}");
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_left_alone() {
    let receiver = Receiver::start().await;
    let w = receiver.world().await;
    let (id, _) = hook(&w, &receiver, "/in", json!({})).await;
    receiver.script([status(500), status(410)]);
    let waiting = test(&w, &w.a.owner, &id).await;
    w.run_jobs().await;
    let gone = test(&w, &w.a.owner, &id).await;
    w.run_jobs().await;
    let (_, shown) = w.get(&w.a.owner, &format!("/webhooks/{id}")).await;
    assert_eq!(
        (&shown["enabled"], &shown["disabled_because"]),
        (&json!(false), &json!("gone")),
        "{shown}"
    );
    for delivered in [&waiting, &gone] {
        assert_eq!(
            delivery(&w, &w.a.owner, delivered).await["delivery"]["status"],
            "failed"
        );
    }
    let mails = mails(&w);
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert!(
        mails[0].contains("To: owner@a.example") && mails[0].contains("It answered 410"),
        "{}",
        mails[0]
    );
    post(&w, &w.a, 0, "Tea").await;
    w.clock.advance(Duration::minutes(10));
    w.run_jobs().await;
    assert_eq!(receiver.received().len(), 2, "nothing more");
    let refused = w
        .post(
            &w.a.owner,
            &format!("/webhooks/{id}/test"),
            json!({ "event": "job.failed" }),
        )
        .await;
    assert_eq!(
        (refused.0.as_u16(), &refused.1["code"]),
        (422, &json!("webhook_disabled"))
    );

    // Switched on again, what failed can be replayed.
    let rev = etag(&w, &w.a.owner, &id).await;
    let (status, on) = w
        .patch(&w.a.owner, &format!("/webhooks/{id}"), rev, json!({ "enabled": true }))
        .await;
    assert_eq!((status.as_u16(), &on["disabled_because"]), (200, &Value::Null), "{on}");
    let all = json!({ "since": "2025-01-01T00:00:00Z" });
    let (_, replayed) = w.post(&w.a.owner, &format!("/webhooks/{id}/replay"), all).await;
    assert_eq!(
        (&replayed["replayed"], &replayed["more"]),
        (&json!(2), &json!(false)),
        "{replayed}"
    );
    w.run_jobs().await;
    for delivered in [&waiting, &gone] {
        assert_eq!(
            delivery(&w, &w.a.owner, delivered).await["delivery"]["status"],
            "delivered"
        );
    }
}

async fn etag(w: &World, member: &Member, id: &str) -> i64 {
    let answer = w
        .request(member, poem::http::Method::GET, &format!("/webhooks/{id}"))
        .send()
        .await;
    let etag = answer.0.headers()["etag"]
        .to_str()
        .unwrap()
        .trim_matches('"')
        .to_owned();
    etag.parse().unwrap()
}

#[tokio::test]
async fn days_of_failures_switch_an_endpoint_off() {
    let receiver = Receiver::start().await;
    let w = receiver.world().await;
    let (id, _) = hook(&w, &receiver, "/in", json!({})).await;
    receiver.usually(status(500));
    let first = test(&w, &w.a.owner, &id).await;
    for _ in 0..40 {
        w.run_jobs().await;
        w.clock.advance(Duration::hours(1));
    }
    let admin = manager(&w, &w.a).await;
    let found = delivery(&w, &admin, &first).await;
    assert_eq!(
        (&found["delivery"]["status"], &found["delivery"]["attempts"]),
        (&json!("failed"), &json!(8)),
        "given up after a good day: {found}"
    );
    let (_, shown) = w.get(&admin, &format!("/webhooks/{id}")).await;
    assert_eq!((&shown["enabled"], mails(&w).len()), (&json!(true), 0));

    // One that arrives forgives everything.
    receiver.script([status(200)]);
    test(&w, &admin, &id).await;
    w.run_jobs().await;
    let begun = w.clock.now();
    test(&w, &admin, &id).await;
    w.run_jobs().await;
    w.clock.advance(Duration::days(4));
    let admin = manager(&w, &w.a).await;
    test(&w, &admin, &id).await;
    w.run_jobs().await;
    let (_, shown) = w.get(&admin, &format!("/webhooks/{id}")).await;
    assert_eq!(
        (&shown["enabled"], time(&shown["failing_since"])),
        (&json!(true), begun),
        "{shown}"
    );
    w.clock.advance(Duration::days(1));
    let admin = manager(&w, &w.a).await;
    let last = test(&w, &admin, &id).await;
    w.run_jobs().await;
    let (_, shown) = w.get(&admin, &format!("/webhooks/{id}")).await;
    assert_eq!(
        (&shown["enabled"], &shown["disabled_because"]),
        (&json!(false), &json!("failing")),
        "{shown}"
    );
    assert_eq!(delivery(&w, &admin, &last).await["delivery"]["status"], "failed");
    let mails = mails(&w);
    assert!(mails.len() == 1 && mails[0].contains("five days"), "{mails:?}");
    let asked = receiver.received().len();
    w.clock.advance(Duration::days(2));
    w.run_jobs().await;
    assert_eq!(receiver.received().len(), asked);
}

#[tokio::test]
async fn one_delivery_is_replayed() {
    let receiver = Receiver::start().await;
    let w = receiver.world().await;
    let (id, secret) = hook(&w, &receiver, "/in", json!({})).await;
    let sent = test(&w, &w.a.owner, &id).await;
    w.run_jobs().await;
    let path = format!("/webhook-deliveries/{sent}/replay");
    assert_eq!(w.post(&w.b.owner, &path, json!({})).await.0, 404);
    let (status, again) = w.post(&w.a.owner, &path, json!({})).await;
    assert_eq!(
        (status.as_u16(), &again["delivery"]["status"]),
        (200, &json!("pending")),
        "{again}"
    );
    w.run_jobs().await;
    let received = receiver.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].headers["webhook-id"], received[1].headers["webhook-id"]);
    assert!(received[1].is_signed(&secret) && received[0].body == received[1].body);
    assert_eq!(
        delivery(&w, &w.a.owner, &sent).await["log"].as_array().unwrap().len(),
        2
    );
}

#[tokio::test]
async fn two_secrets_sign_for_a_day() {
    let receiver = Receiver::start().await;
    let w = receiver.world().await;
    let (id, old) = hook(&w, &receiver, "/in", json!({})).await;
    let (_, shown) = w.get(&w.a.owner, &format!("/webhooks/{id}")).await;
    assert!(!shown.to_string().contains("whsec_"), "shown once: {shown}");
    let (status, rotated) = w
        .post(&w.a.owner, &format!("/webhooks/{id}/rotate-secret"), json!({}))
        .await;
    assert_eq!(status, 200, "{rotated}");
    let new = rotated["secret"].as_str().unwrap().to_owned();
    assert_ne!(old, new);
    test(&w, &w.a.owner, &id).await;
    w.run_jobs().await;
    w.clock.advance(Duration::hours(24));
    let admin = manager(&w, &w.a).await;
    test(&w, &admin, &id).await;
    w.run_jobs().await;
    let received = receiver.received();
    assert!(received[0].is_signed(&old) && received[0].is_signed(&new) && received[0].signatures() == 2);
    assert!(!received[1].is_signed(&old) && received[1].is_signed(&new) && received[1].signatures() == 1);
}

#[tokio::test]
async fn private_addresses_are_refused() {
    let receiver = Receiver::start().await;
    let w = World::new().await;
    let own = format!("http://{}/in", receiver.host);
    for url in [
        own.as_str(),
        "https://127.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "https://localhost/",
        "http://hooks.example/",
        "https://user:secret@hooks.example/",
        "https://hooks.example:25/",
        "ftp://hooks.example/",
        "hooks",
        "https://hooks.example/ok\nx",
        "https://hooks.example/o\tk",
        "https://hooks.example/o k",
        "",
    ] {
        let (status, refused) = w.post(&w.a.owner, "/webhooks", json!({ "url": url })).await;
        assert_eq!(
            (status.as_u16(), &refused["errors"][0]["field"]),
            (422, &json!("url")),
            "{url}: {refused}"
        );
    }
    let (status, made) = w
        .post(&w.a.owner, "/webhooks", json!({ "url": "https://hooks.invalid/" }))
        .await;
    assert_eq!(status, 201, "{made}");
    let id = made["webhook"]["id"].as_str().unwrap();
    let path = format!("/webhooks/{id}");
    assert_eq!(w.patch(&w.a.owner, &path, 1, json!({ "url": own })).await.0, 422);

    // One that was allowed once, and is not any more: nothing is sent.
    let mut binds = Variables::new();
    binds.insert("url", own);
    let sql = "UPDATE webhook_endpoint SET url = $url, rev += 1;";
    let platform = w.app.db.platform(Why::Operator);
    platform.query(sql, binds, "testing").await.unwrap();
    let sent = test(&w, &w.a.owner, id).await;
    w.run_jobs().await;
    let found = delivery(&w, &w.a.owner, &sent).await;
    let error = found["delivery"]["error"].as_str().unwrap();
    assert!(error.contains("not on the public internet"), "{found}");
    assert!(receiver.received().is_empty());
}

#[tokio::test]
async fn redirects_are_not_followed_and_answers_are_cut() {
    let receiver = Receiver::start().await;
    let w = receiver.world().await;
    let (id, _) = hook(&w, &receiver, "/in", json!({})).await;
    let elsewhere = format!("http://{}/elsewhere", receiver.host);
    receiver.script([
        Reply(307, vec![("location", elsewhere)], String::new()),
        Reply(200, Vec::new(), "x".repeat(3 << 20)),
    ]);
    let moved = test(&w, &w.a.owner, &id).await;
    w.run_jobs().await;
    let found = delivery(&w, &w.a.owner, &moved).await;
    let error = format!(
        "the address redirects to another address at `http://{}`; give that address itself",
        receiver.host
    );
    assert_eq!(
        (
            &found["delivery"]["error"],
            &found["delivery"]["response_status"],
            &found["log"][0]["status"]
        ),
        (&json!(error), &json!(307), &json!(307)),
        "{found}"
    );
    let large = test(&w, &w.a.owner, &id).await;
    w.run_jobs().await;
    let found = delivery(&w, &w.a.owner, &large).await;
    assert_eq!(found["delivery"]["status"], "delivered", "{found}");
    assert_eq!(found["log"][0]["answer"].as_str().unwrap().len(), 2_000);
    assert_eq!(receiver.of_path("/elsewhere"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_endpoint_holds_up_no_other() {
    let receiver = Receiver::start().await;
    let w = receiver.world().await;
    let (slow, _) = hook(&w, &receiver, "/slow", json!({})).await;
    let (fast, _) = hook(&w, &receiver, "/fast", json!({})).await;
    for _ in 0..10 {
        test(&w, &w.a.owner, &slow).await;
    }
    for _ in 0..10 {
        test(&w, &w.a.owner, &fast).await;
    }
    let watching = async {
        // Far longer than it takes, and shorter than the slow one is waited for.
        let fast = tokio::time::timeout(Time::from_secs(12), async {
            while receiver.of_path("/fast") < 10 || receiver.of_path("/slow") == 0 {
                tokio::time::sleep(Time::from_millis(20)).await;
            }
        });
        let fast = fast.await;
        let slow = receiver.of_path("/slow");
        receiver.gate.add_permits(100);
        assert!(fast.is_ok(), "the fast one waits for the slow one");
        assert!((1..=4).contains(&slow), "{slow} requests at once to one endpoint");
    };
    tokio::join!(w.run_jobs(), watching);
    assert_eq!((receiver.of_path("/slow"), receiver.of_path("/fast")), (10, 10));
    let (_, log) = w
        .get(&w.a.owner, "/webhook-deliveries?status=delivered&with_total=true")
        .await;
    assert_eq!(log["total"], 20);
}

#[tokio::test]
async fn a_job_that_gave_up_is_told() {
    let receiver = Receiver::start().await;
    let w = receiver.world().await;
    hook(&w, &receiver, "/in", json!({ "events": ["job.failed"] })).await;
    let site = w.a.sites[0];
    let mut tx = w.app.db.platform(Why::Operator).tx(w.a.account, Some(site));
    tx.enqueue(NewJob::new("deploy_site", json!({})));
    tx.commit().await.unwrap();
    w.run_jobs().await;
    let received = receiver.received();
    assert_eq!(received.len(), 1, "{received:?}");
    let data = &received[0].json()["data"];
    assert_eq!(
        (&data["kind"], &data["site"], &data["error"]),
        (
            &json!("deploy_site"),
            &json!(site.to_string()),
            &json!("The job does not name a deployment.")
        )
    );
    let (_, job) = w
        .get(&w.a.owner, &format!("/jobs/{}", data["job"].as_str().unwrap()))
        .await;
    assert_eq!(
        (&job["state"], &job["error"]),
        (&json!("failed"), &data["error"]),
        "{job}"
    );

    // So is one that silenced too many workers, and it is not run once more.
    let mut tx = w.app.db.platform(Why::Operator).tx(w.a.account, Some(site));
    tx.enqueue(NewJob::new("site_changed", json!({})));
    tx.commit().await.unwrap();
    let (job, _) = w.app.db.claim_job(&["site_changed"]).await.unwrap().unwrap();
    let mut binds = igny8_data::Variables::new();
    binds.insert("job", job.id);
    let sql = "UPDATE $job SET lost = 9;";
    let platform = w.app.db.platform(Why::Operator);
    platform.query(sql, binds, "a test").await.unwrap();
    w.clock.advance(igny8_data::queue::LEASE * 2);
    w.run_jobs().await;
    let received = receiver.received();
    assert_eq!(received.len(), 2, "{received:?}");
    let told = &received[1].json()["data"];
    assert_eq!(told["job"], job.id.to_string());
    assert!(
        told["error"].as_str().unwrap().contains("went silent 10 times"),
        "{told}"
    );
}

#[tokio::test]
async fn credits_that_fall_below_the_threshold_are_told_once() {
    let receiver = Receiver::start().await;
    let w = receiver.world().await;
    hook(&w, &receiver, "/in", json!({})).await;
    let (_, balance) = w.get(&w.a.owner, "/billing/balance").await;
    assert_eq!(
        (&balance["total"], &balance["low_at"]),
        (&json!(100), &json!(500)),
        "a tenth of the plan's 5,000"
    );
    let set = async |low_at: Value| {
        let request = w.request(&w.a.owner, poem::http::Method::PUT, "/billing/low-credits");
        let answer = request.body_json(&json!({ "low_at": low_at })).send().await;
        assert_eq!(answer.0.status(), 200);
    };
    let mut n = 0;
    let mut book = async |credits: i64| {
        n += 1;
        let mut tx = w.app.db.platform(Why::Operator).tx(w.a.account, None);
        let (account, reference) = (w.a.account, format!("test/{n}"));
        if credits > 0 {
            let kind = TransactionKind::Purchase;
            ledger::give(&mut tx, &w.app, account, kind, credits, "Test".into(), reference);
        } else {
            let kind = TransactionKind::Deduction;
            ledger::take(&mut tx, &w.app, account, kind, -credits, "Test".into(), reference);
        }
        tx.commit().await.unwrap();
        w.run_jobs().await;
        receiver.received().len()
    };
    set(json!(90)).await;
    assert_eq!(book(-10).await, 0, "90 are not fewer than 90");
    assert_eq!(book(-1).await, 1);
    assert_eq!(book(-20).await, 1, "once");
    assert_eq!(book(100).await, 1);
    assert_eq!(book(-100).await, 2, "and once more");
    let data = receiver.received()[0].json()["data"].clone();
    assert_eq!(data, json!({ "balance": 89, "threshold": 90 }));
    set(json!(0)).await;
    assert_eq!(book(-69).await, 2, "never");
}

#[tokio::test]
async fn what_was_left_behind_is_sent_and_what_is_old_is_forgotten() {
    let receiver = Receiver::start().await;
    let w = receiver.world().await;
    let (id, _) = hook(&w, &receiver, "/in", json!({})).await;
    // A message whose job somebody cancelled, and a delivery whose next one was.
    let event = Event::example(EventKind::CreditsLow, w.app.db.ids(), w.clock.now());
    let mut tx = w.app.db.platform(Why::Operator).tx(w.a.account, None);
    webhooks::emit(&mut tx, &event);
    tx.commit().await.unwrap();
    let cancel = async || {
        let platform = w.app.db.platform(Why::Operator);
        let sql = "UPDATE job SET state = 'cancelled', unique_key = NONE, wake_at = NONE WHERE state = 'queued';";
        platform.query(sql, Variables::new(), "testing").await.unwrap();
    };
    cancel().await;
    assert_eq!(webhooks::keep::revive(w.app.clone()).await.unwrap(), 0, "not at once");
    w.clock.advance(Duration::minutes(3));
    receiver.script([status(500)]);
    assert_eq!(webhooks::keep::revive(w.app.clone()).await.unwrap(), 1);
    w.run_jobs().await;
    cancel().await;
    w.clock.advance(Duration::minutes(3));
    assert_eq!(webhooks::keep::revive(w.app.clone()).await.unwrap(), 1);
    w.run_jobs().await;
    assert_eq!(receiver.received().len(), 2);
    assert_eq!(webhooks::keep::purge(w.app.clone()).await.unwrap(), 0);
    w.clock.advance(Duration::days(91));
    assert_eq!(webhooks::keep::purge(w.app.clone()).await.unwrap(), 2);
    assert_eq!(count(&w, "webhook_message").await, 0);
    // Removed with its log.
    let admin = manager(&w, &w.a).await;
    test(&w, &admin, &id).await;
    let rev = etag(&w, &admin, &id).await;
    assert_eq!(w.delete(&admin, &format!("/webhooks/{id}"), rev).await.0, 204);
    assert_eq!(count(&w, "webhook_delivery").await, 0);
    w.run_jobs().await;
    assert_eq!(receiver.received().len(), 2);
}

#[tokio::test]
async fn what_was_made_for_an_endpoint_that_is_off_is_not_sent_once_it_is_on() {
    let receiver = Receiver::start().await;
    let w = receiver.world().await;
    let owner = &w.a.owner;
    let (id, _) = hook(&w, &receiver, "/in", json!({})).await;
    let made = test(&w, owner, &id).await;
    w.run_jobs().await;
    let switch = async |enabled: bool| {
        let rev = etag(&w, owner, &id).await;
        let change = json!({ "enabled": enabled });
        let (status, changed) = w.patch(owner, &format!("/webhooks/{id}"), rev, change).await;
        assert_eq!(
            (status.as_u16(), &changed["enabled"]),
            (200, &json!(enabled)),
            "{changed}"
        );
    };
    switch(false).await;
    // As a job leaves it that read the endpoint before that and wrote after it.
    let sql = "UPDATE webhook_delivery SET status = 'pending', next_at = $now, error = NONE, rev += 1;";
    let mut binds = Variables::new();
    binds.insert("now", w.clock.now());
    let platform = w.app.db.platform(Why::Operator);
    platform.query(sql, binds, "testing").await.unwrap();
    assert_eq!(delivery(&w, owner, &made).await["delivery"]["status"], "pending");
    switch(true).await;
    assert_eq!(delivery(&w, owner, &made).await["delivery"]["status"], "failed");
    test(&w, owner, &id).await;
    w.run_jobs().await;
    assert_eq!(receiver.received().len(), 2, "the two tests alone");
}

#[tokio::test]
async fn an_account_has_so_many_and_each_change_its_version() {
    let receiver = Receiver::start().await;
    let w = receiver.world().await;
    let (id, _) = hook(&w, &receiver, "/0", json!({})).await;
    for n in 1..20 {
        hook(&w, &receiver, &format!("/{n}"), json!({})).await;
    }
    let one_more = json!({ "url": "https://hooks.example/" });
    let (status, refused) = w.post(&w.a.owner, "/webhooks", one_more.clone()).await;
    assert_eq!((status.as_u16(), &refused["code"]), (422, &json!("too_many_webhooks")));
    assert_eq!(w.post(&w.b.owner, "/webhooks", one_more).await.0, 201);
    let path = format!("/webhooks/{id}");
    let change = json!({ "description": "Mine", "events": ["credits.low", "job.failed"], "site": w.a.sites[0] });
    let (status, changed) = w.patch(&w.a.owner, &path, 1, change.clone()).await;
    assert_eq!(
        (status.as_u16(), &changed["events"], &changed["site"]),
        (
            200,
            &json!(["job.failed", "credits.low"]),
            &json!(w.a.sites[0].to_string())
        ),
        "{changed}"
    );
    assert_eq!(w.patch(&w.a.owner, &path, 1, change).await.0, 412);
    let (_, changed) = w.patch(&w.a.owner, &path, 2, json!({ "site": null })).await;
    assert_eq!(changed["site"], Value::Null);
    assert_eq!(w.get(&w.b.owner, &path).await.0, 404);
}

//! Sites in object storage: what is live here becomes live in a real S3 service, whatever happens on the way.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::Duration;
use igny8_data::SiteId;
use igny8_server::features::destinations::releases;
use igny8_server::testing::World;
use igny8_storage::testing::{BUCKET, Fate, Line, READER, S3, WRITER};
use serde_json::{Value, json};

use crate::deployments::{deploy, publish};
use crate::trip::id;

/// A world beside a service, with a line between them.
struct Beside {
    w: World,
    service: S3,
    line: Line,
    site: SiteId,
}

impl Beside {
    async fn new() -> Self {
        let service = S3::start().await;
        let line = Line::to(service.endpoint).await;
        let host = line.address.to_string().parse().unwrap();
        let w = World::with(|config| config.outgoing.allowed_hosts = vec![host]).await;
        let site = w.a.sites[0];
        Self { w, service, line, site }
    }

    fn path(&self) -> String {
        format!("/sites/{}/destinations", self.site)
    }

    /// What a member sends to set a destination up.
    fn asked(&self, change: &Value) -> Value {
        let mut storage = json!({
            "endpoint": format!("http://{}", self.line.address), "bucket": BUCKET,
            "access_key_id": WRITER.0, "secret_access_key": WRITER.1,
            "public_address": "https://files.example.com/sites/site-a0/",
        });
        for (key, value) in change.as_object().unwrap() {
            storage[key] = value.clone();
        }
        json!({ "kind": "object_storage", "name": "Bucket", "object_storage": storage })
    }

    async fn set_up(&self, change: Value) -> Value {
        let (status, made) = self.w.post(&self.w.a.admin, &self.path(), self.asked(&change)).await;
        assert_eq!(status, 201, "{made}");
        assert!(!made.to_string().contains(WRITER.1), "{made}");
        self.w.run_jobs().await;
        made
    }

    async fn get(&self, destination: &Value) -> Value {
        let path = format!("{}/{}", self.path(), id(destination));
        let (status, answer) = self.w.get(&self.w.a.viewer, &path).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    async fn patch(&self, destination: &Value, change: Value) -> (u16, Value) {
        let rev = self.rev(destination).await;
        let path = format!("{}/{}", self.path(), id(destination));
        let (status, changed) = self.w.patch(&self.w.a.admin, &path, rev, change).await;
        (status.as_u16(), changed)
    }

    async fn rev(&self, destination: &Value) -> i64 {
        let path = format!("{}/{}", self.path(), id(destination));
        let answer = self
            .w
            .request(&self.w.a.owner, poem::http::Method::GET, &path)
            .send()
            .await;
        let etag = answer.0.headers()["etag"]
            .to_str()
            .unwrap()
            .trim_matches('"')
            .to_owned();
        etag.parse().unwrap()
    }

    async fn publish(&self, slug: &str, body: &str) {
        publish(&self.w, &self.w.a, self.site, slug, &format!("About {slug}"), body).await;
    }

    async fn deploy(&self) -> Value {
        deploy(&self.w, &self.w.a, self.site).await
    }

    /// What everybody gets from the bucket: status, headers and text.
    async fn visit(&self, key: &str) -> (u16, reqwest::header::HeaderMap, String) {
        let url = format!("http://{}/{BUCKET}/{key}", self.service.endpoint);
        #[expect(clippy::disallowed_methods, reason = "a visitor of the bucket, which is on loopback")]
        let answer = reqwest::get(url).await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let bytes = answer.bytes().await.unwrap();
        let text = if headers
            .get("content-encoding")
            .is_some_and(|encoding| encoding == "gzip")
        {
            std::io::read_to_string(flate2::read::GzDecoder::new(&bytes[..])).unwrap()
        } else {
            String::from_utf8_lossy(&bytes).into_owned()
        };
        (status, headers, text)
    }

    /// Whether the bucket has what visitors of this server get.
    async fn assert_same(&self, prefix: &str, slug: &str, pages: &[&str]) {
        for page in pages {
            let here = self.w.http.get(format!("/sites/{slug}/{page}")).send().await;
            let here = here.0.into_body().into_string().await.unwrap();
            let file = if page.ends_with('/') || page.is_empty() {
                "index.html"
            } else {
                ""
            };
            let (status, _, there) = self.visit(&format!("{prefix}{page}{file}")).await;
            assert_eq!(status, 200, "{page}");
            assert!(there == here, "{page} differs: {there}");
        }
    }
}

/// Keys of files that were written since, without what is this server's own.
fn written(line: &Line) -> Vec<String> {
    let prefix = format!("PUT /{BUCKET}/");
    let seen = line.seen();
    let keys = seen.iter().filter_map(|entry| entry.strip_prefix(&prefix));
    keys.filter(|key| !key.contains(".igny8/")).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_live_here_is_live_there() {
    let b = Beside::new().await;
    let destination = b.set_up(json!({})).await;
    assert_eq!(
        (&destination["connection"], &destination["release"]),
        (&json!("connected"), &Value::Null)
    );
    b.publish("first", "Hello **coffee**").await;
    b.line.seen();
    let first = b.deploy().await;
    b.assert_same(
        "",
        "site-a0",
        &["", "blog/", "blog/first/", "404.html", "sitemap.xml", "robots.txt"],
    )
    .await;
    let order = written(&b.line);
    assert_eq!(order.last().map(String::as_str), Some("index.html"), "{order:?}");
    let place = |key: &str| order.iter().position(|written| written == key).unwrap();
    let assets = order.iter().rposition(|key| key.starts_with("assets/")).unwrap();
    assert!(
        assets < place("blog/first/index.html") && place("blog/first/index.html") < place("sitemap.xml"),
        "{order:?}"
    );
    assert!(!order.iter().any(|key| key.contains("redirects")), "{order:?}");
    let (_, headers, _) = b.visit("blog/first/index.html").await;
    assert_eq!(headers["content-type"], "text/html; charset=utf-8");
    assert_eq!(headers["cache-control"], "public, max-age=0, must-revalidate");
    assert_eq!(headers["content-encoding"], "gzip");
    let style = order
        .iter()
        .find(|key| key.starts_with("assets/") && key.contains(".css"))
        .unwrap();
    assert_eq!(
        b.visit(style).await.1["cache-control"],
        "public, max-age=31536000, immutable"
    );
    let now = b.get(&destination).await;
    assert_eq!(
        (&now["sync_status"], now["release"].is_string()),
        (&json!("completed"), true),
        "{now}"
    );
    let events = format!("{}/{}/events", b.path(), id(&destination));
    let (_, events) = b.w.get(&b.w.a.viewer, &events).await;
    let told = events["items"].as_array().unwrap().iter();
    let told: Vec<_> = told.filter(|event| event["what"] == "release").collect();
    assert_eq!(told.len(), 1, "{events}");
    assert_eq!(told[0]["result"], "done", "{events}");

    // Nothing changed: nothing is written. One more page: only what it changes.
    b.deploy().await;
    assert_eq!(written(&b.line), Vec::<String>::new());
    b.publish("second", "More").await;
    b.deploy().await;
    let second = written(&b.line);
    assert!(
        second.len() < order.len() && second.contains(&"blog/second/index.html".to_owned()),
        "{second:?}"
    );
    assert!(
        !second.contains(style) && !second.contains(&"robots.txt".to_owned()),
        "{second:?}"
    );
    b.assert_same("", "site-a0", &["", "blog/", "blog/second/"]).await;

    // Going back here is going back there.
    let path = format!("/sites/{}/deployments/{}/rollback", b.site, id(&first));
    assert_eq!(b.w.post(&b.w.a.editor, &path, json!({})).await.0, 200);
    b.w.run_jobs().await;
    assert_eq!(b.visit("blog/second/index.html").await.0, 404);
    b.assert_same("", "site-a0", &["", "blog/", "blog/first/"]).await;

    // Everything anew, when somebody asks for it.
    b.line.seen();
    let path = format!("{}/{}/publish", b.path(), id(&destination));
    assert_eq!(b.w.post(&b.w.a.editor, &path, json!({})).await.0, 202);
    b.w.run_jobs().await;
    assert_eq!(written(&b.line).len(), order.len());

    // Removed with all that is there.
    let rev = b.rev(&destination).await;
    let path = format!("{}/{}?published=trash", b.path(), id(&destination));
    assert_eq!(b.w.delete(&b.w.a.admin, &path, rev).await.0, 204);
    b.w.run_jobs().await;
    for key in ["index.html", "blog/first/index.html", ".igny8/manifest.json.gz"] {
        assert_eq!(b.visit(key).await.0, 404, "{key}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_whose_process_dies_is_completed_by_the_next_run() {
    let b = Beside::new().await;
    b.set_up(json!({})).await;
    b.publish("first", "One").await;
    b.deploy().await;
    // A new look of everything: each page goes up again.
    let (_, site) = b.w.get(&b.w.a.owner, &format!("/sites/{}", b.site)).await;
    let change = json!({ "name": "Another name" });
    let rev = 1;
    let changed =
        b.w.patch(&b.w.a.owner, &format!("/sites/{}", b.site), rev, change)
            .await;
    assert_eq!(changed.0, 200, "{site} {}", changed.1);
    b.publish("second", "Two").await;
    let gate = Arc::new(tokio::sync::Notify::new());
    let (count, reached) = (AtomicUsize::new(0), Arc::clone(&gate));
    // After five files the line is cut, and the process with it.
    b.line.judge(move |method, _| match method {
        "PUT" if count.fetch_add(1, Ordering::SeqCst) >= 5 => {
            reached.notify_one();
            Fate::Down
        }
        _ => Fate::Passes,
    });
    let path = format!("/sites/{}/deployments", b.site);
    assert_eq!(b.w.post(&b.w.a.owner, &path, json!({})).await.0, 202);
    let running = async {
        tokio::select! {
            _ = b.w.run_jobs() => panic!("the copy came to its end"),
            () = gate.notified() => {}
        }
    };
    running.await;
    let front = b.visit("index.html").await.2;
    assert!(!front.contains("Another name"), "the old front page is still there");
    // Another process takes the job over once the first one is silent.
    b.line.judge(|_, _| Fate::Passes);
    b.w.clock.advance(Duration::minutes(2));
    b.w.run_jobs().await;
    b.assert_same(
        "",
        "site-a0",
        &["", "blog/", "blog/first/", "blog/second/", "sitemap.xml"],
    )
    .await;
    assert!(b.visit("index.html").await.2.contains("Another name"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_told_and_caught_up_with() {
    let mut b = Beside::new().await;
    let destination = b.set_up(json!({})).await;
    b.publish("first", "One").await;
    // Busy: told, and tried again by itself.
    b.line
        .judge(|_, _| Fate::Answered(503, "<Error><Code>SlowDown</Code></Error>"));
    b.deploy().await;
    let now = b.get(&destination).await;
    assert_eq!(
        (&now["sync_status"], &now["connection"]),
        (&json!("error"), &json!("connected")),
        "{now}"
    );
    assert!(now["sync_error"].as_str().unwrap().contains("SlowDown"), "{now}");
    b.line.judge(|_, _| Fate::Passes);
    b.w.later(Duration::hours(1)).await;
    b.w.run_jobs().await;
    assert_eq!(b.get(&destination).await["sync_status"], "completed");
    b.assert_same("", "site-a0", &["", "blog/first/"]).await;

    // The key was withdrawn: the job fails at once, the look every few minutes leaves it alone for a while, then tries.
    b.line
        .judge(|_, _| Fate::Answered(403, "<Error><Code>InvalidAccessKeyId</Code></Error>"));
    b.publish("second", "Two").await;
    b.deploy().await;
    let now = b.get(&destination).await;
    assert_eq!(
        (&now["connection"], &now["sync_status"]),
        (&json!("error"), &json!("error")),
        "{now}"
    );
    assert!(
        now["connection_error"].as_str().unwrap().contains("access key"),
        "{now}"
    );
    assert_eq!(b.w.run_jobs().await, 0, "nothing waits");
    let app = b.w.app.clone();
    let look = || releases::catch_up(app.clone());
    assert_eq!(look().await.unwrap(), 0);
    b.line.judge(|_, _| Fate::Passes);
    b.w.later(Duration::minutes(61)).await;
    assert_eq!(look().await.unwrap(), 1);
    b.w.run_jobs().await;
    let now = b.get(&destination).await;
    assert_eq!(
        (&now["connection"], &now["sync_status"]),
        (&json!("connected"), &json!("completed")),
        "{now}"
    );
    b.assert_same("", "site-a0", &["", "blog/second/"]).await;
    assert_eq!(look().await.unwrap(), 0);

    // A day later what only old pages needed goes, without a deployment.
    let (_, changed) = b
        .patch(&destination, json!({ "object_storage": { "keep_hours": 1 } }))
        .await;
    assert_eq!(changed["object_storage"]["keep_hours"], 1);
    b.w.run_jobs().await;
    let (status, answer) = crate::forms::settings(&b.w, |settings| {
        settings["theme_options"] = json!({ "brand_color": "#005f73" });
    })
    .await;
    assert_eq!(status, 200, "{answer}");
    let styles = |order: &[String]| {
        order
            .iter()
            .filter(|key| key.ends_with(".css"))
            .cloned()
            .collect::<Vec<_>>()
    };
    b.line.seen();
    b.deploy().await;
    assert!(!styles(&written(&b.line)).is_empty(), "a new style went up");
    assert_eq!(look().await.unwrap(), 0);
    b.w.later(Duration::minutes(61)).await;
    assert_eq!(look().await.unwrap(), 1);
    b.w.run_jobs().await;
    assert!(
        b.line
            .seen()
            .iter()
            .any(|entry| entry.starts_with(&format!("POST /{BUCKET}?delete")))
    );
    b.assert_same("", "site-a0", &["", "blog/second/"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn places_that_cannot_be_used_are_refused() {
    let b = Beside::new().await;
    let try_one = |change: Value| {
        let body = b.asked(&change);
        let b = &b;
        async move { b.w.post(&b.w.a.admin, &b.path(), body).await }
    };
    for (change, word) in [
        (json!({ "secret_access_key": "wrong" }), "secret access key is wrong"),
        (
            json!({ "access_key_id": READER.0, "secret_access_key": READER.1 }),
            "s3:PutObject",
        ),
        (json!({ "bucket": "missing" }), "no bucket of this name"),
        (json!({ "endpoint": "http://127.0.0.1:9" }), "outgoing.allowed_hosts"),
        (
            json!({ "endpoint": "http://169.254.169.254" }),
            "outgoing.allowed_hosts",
        ),
        (json!({ "endpoint": "https://metadata.google.internal" }), ""),
    ] {
        let (status, problem) = try_one(change.clone()).await;
        assert_eq!(
            (status.as_u16(), &problem["code"]),
            (422, &json!("connection_failed")),
            "{change} {problem}"
        );
        assert!(problem.to_string().contains(word), "{change} {problem}");
        assert!(!problem.to_string().contains(WRITER.1), "{problem}");
    }
    for (change, field) in [
        (json!({ "bucket": "No!" }), "object_storage.bucket"),
        (json!({ "endpoint": "nonsense" }), "object_storage.endpoint"),
        (
            json!({ "endpoint": "https://s3.example.com/a\nb" }),
            "object_storage.endpoint",
        ),
        (
            json!({ "endpoint": "https://s3.exa\tmple.com" }),
            "object_storage.endpoint",
        ),
        (
            json!({ "public_address": "https://files.example.com/my site/" }),
            "object_storage.public_address",
        ),
        (json!({ "region": "eu\n1" }), "object_storage.region"),
        (json!({ "bucket": "my\tbucket" }), "object_storage.bucket"),
        (json!({ "prefix": "../x" }), "object_storage.prefix"),
        (json!({ "prefix": "my site" }), "object_storage.prefix"),
        (json!({ "prefix": "my\nsite" }), "object_storage.prefix"),
        (json!({ "secret_access_key": "" }), "object_storage.secret_access_key"),
        (json!({ "keep_hours": 10_000 }), "object_storage.keep_hours"),
    ] {
        let (status, problem) = try_one(change).await;
        assert_eq!(
            (status.as_u16(), &problem["errors"][0]["field"]),
            (422, &json!(field)),
            "{problem}"
        );
    }
    // A key goes only to the service it was entered for.
    let destination = b.set_up(json!({})).await;
    b.line.seen();
    let (status, problem) = b
        .patch(
            &destination,
            json!({ "object_storage": { "endpoint": "https://s3.example.com" } }),
        )
        .await;
    assert_eq!(
        (status, &problem["errors"][0]["field"]),
        (422, &json!("object_storage.secret_access_key")),
        "{problem}"
    );
    assert_eq!(b.line.seen().len(), 0);
    // Only those who may, and not as another account.
    assert_eq!(b.w.post(&b.w.a.editor, &b.path(), b.asked(&json!({}))).await.0, 403);
    assert_eq!(b.w.post(&b.w.b.owner, &b.path(), b.asked(&json!({}))).await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn sites_share_a_bucket_by_prefixes_only() {
    let b = Beside::new().await;
    b.set_up(json!({ "prefix": "/blog/" })).await;
    b.publish("first", "One").await;
    b.deploy().await;
    b.assert_same("blog/", "site-a0", &["", "blog/first/"]).await;
    // Another account's site at the same place, and at one of its own.
    let other = b.w.b.sites[0];
    let path = format!("/sites/{other}/destinations");
    let (status, problem) =
        b.w.post(&b.w.b.admin, &path, b.asked(&json!({ "prefix": "blog" })))
            .await;
    assert_eq!(status, 422, "{problem}");
    assert!(problem.to_string().contains("another site"), "{problem}");
    assert!(!problem.to_string().contains(&b.site.to_string()), "{problem}");
    let (status, made) =
        b.w.post(
            &b.w.b.admin,
            &path,
            b.asked(&json!({ "prefix": "shop", "public_address": "https://files.example.com/sites/site-b0" })),
        )
        .await;
    assert_eq!(status, 201, "{made}");
    publish(&b.w, &b.w.b, other, "shop", "Shop", "Two").await;
    deploy(&b.w, &b.w.b, other).await;
    b.assert_same("shop/", "site-b0", &["", "blog/shop/"]).await;
    b.assert_same("blog/", "site-a0", &["", "blog/first/"]).await;
    assert_eq!(b.visit("blog/blog/shop/index.html").await.0, 404);
    // Nor around another's place, nor inside it.
    for (prefix, word) in [
        ("", "inside this place"),
        ("blog/more", "inside another copy"),
        ("shop/more", "inside another copy"),
    ] {
        let (status, problem) =
            b.w.post(&b.w.b.admin, &path, b.asked(&json!({ "prefix": prefix })))
                .await;
        assert_eq!(
            (status.as_u16(), &problem["code"]),
            (422, &json!("connection_failed")),
            "{prefix} {problem}"
        );
        assert!(problem.to_string().contains(word), "{prefix} {problem}");
    }
    b.assert_same("blog/", "site-a0", &["", "blog/first/"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_has_one_destination_of_a_site() {
    let b = Beside::new().await;
    b.set_up(json!({ "prefix": "one" })).await;
    let (status, problem) =
        b.w.post(&b.w.a.admin, &b.path(), b.asked(&json!({ "prefix": "/one/" })))
            .await;
    assert_eq!(
        (status.as_u16(), &problem["code"]),
        (409, &json!("already_connected")),
        "{problem}"
    );
    assert!(problem.to_string().contains("`Bucket`"), "{problem}");
    let two = b.set_up(json!({ "prefix": "two" })).await;
    let (status, problem) = b.patch(&two, json!({ "object_storage": { "prefix": "one" } })).await;
    assert_eq!(
        (status, &problem["code"]),
        (409, &json!("already_connected")),
        "{problem}"
    );
    // Its own place is no other's; what is in the one it leaves is told.
    let (status, changed) = b.patch(&two, json!({ "object_storage": { "prefix": "two" } })).await;
    assert_eq!(status, 200, "{changed}");
    let moved = async || {
        let events = format!("{}/{}/events", b.path(), id(&two));
        let (_, events) = b.w.get(&b.w.a.viewer, &events).await;
        let mut told = events["items"].as_array().unwrap().clone();
        told.retain(|event| event["what"] == "moved");
        told
    };
    assert_eq!(moved().await.len(), 0);
    let (status, changed) = b.patch(&two, json!({ "object_storage": { "prefix": "three" } })).await;
    assert_eq!(status, 200, "{changed}");
    let told = moved().await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0]["message"].as_str().unwrap().contains("`two/`"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_is_set_up_again_is_not_emptied_by_what_was_left_to_do() {
    let mut b = Beside::new().await;
    let destination = b.set_up(json!({})).await;
    b.publish("first", "One").await;
    b.deploy().await;
    b.line
        .judge(|_, _| Fate::Answered(503, "<Error><Code>SlowDown</Code></Error>"));
    let rev = b.rev(&destination).await;
    let path = format!("{}/{}?published=trash", b.path(), id(&destination));
    assert_eq!(b.w.delete(&b.w.a.admin, &path, rev).await.0, 204);
    b.w.run_jobs().await;
    b.line.judge(|_, _| Fate::Passes);
    let again = b.set_up(json!({})).await;
    b.w.later(Duration::hours(1)).await;
    b.w.run_jobs().await;
    assert_eq!(b.get(&again).await["sync_status"], "completed");
    b.assert_same("", "site-a0", &["", "blog/first/"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_came_later_and_is_to_stay_is_not_emptied_either() {
    let mut b = Beside::new().await;
    let first = b.set_up(json!({})).await;
    b.publish("first", "One").await;
    b.deploy().await;
    let remove = async |destination: &Value, published: &str| {
        let rev = b.rev(destination).await;
        let path = format!("{}/{}?published={published}", b.path(), id(destination));
        assert_eq!(b.w.delete(&b.w.a.admin, &path, rev).await.0, 204);
    };
    b.line
        .judge(|_, _| Fate::Answered(503, "<Error><Code>SlowDown</Code></Error>"));
    remove(&first, "trash").await;
    b.w.run_jobs().await;
    b.line.judge(|_, _| Fate::Passes);
    let second = b.set_up(json!({})).await;
    assert_eq!(b.get(&second).await["sync_status"], "completed");
    remove(&second, "keep").await;
    b.line.seen();
    b.w.later(Duration::hours(1)).await;
    b.w.run_jobs().await;
    let removals = format!("POST /{BUCKET}?delete");
    assert!(!b.line.seen().iter().any(|entry| entry.starts_with(&removals)));
    b.assert_same("", "site-a0", &["", "blog/first/"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_without_a_domain_goes_only_below_its_own_path() {
    let b = Beside::new().await;
    let destination = b.set_up(json!({ "public_address": "" })).await;
    b.publish("first", "One").await;
    b.deploy().await;
    let now = b.get(&destination).await;
    assert!(
        now["sync_error"].as_str().unwrap().contains("Give the site the domain"),
        "{now}"
    );
    assert_eq!(b.visit("index.html").await.0, 404);
    let path = format!("{}/{}/test", b.path(), id(&destination));
    let (_, tested) = b.w.post(&b.w.a.admin, &path, json!({})).await;
    assert_eq!(tested["ok"], false, "{tested}");
    assert!(
        tested["problem"].as_str().unwrap().contains("Give the site the domain"),
        "{tested}"
    );
    let prefix = json!({ "object_storage": { "prefix": "sites/site-a0" } });
    assert_eq!(b.patch(&destination, prefix).await.0, 200);
    b.w.run_jobs().await;
    assert_eq!(b.get(&destination).await["sync_status"], "completed");
    b.assert_same("sites/site-a0/", "site-a0", &["", "blog/first/"]).await;
    let (_, tested) = b.w.post(&b.w.a.admin, &path, json!({})).await;
    assert_eq!(tested["ok"], true, "{tested}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_go_only_where_their_links_lead_somewhere() {
    let b = Beside::new().await;
    let destination = b.set_up(json!({ "public_address": "https://www.example.com" })).await;
    b.publish("first", "One").await;
    b.deploy().await;
    let now = b.get(&destination).await;
    assert!(
        now["sync_error"].as_str().unwrap().contains("https://www.example.com"),
        "{now}"
    );
    assert_eq!(b.visit("index.html").await.0, 404);
    b.w.give_domain(&b.w.a, b.site, "www.example.com").await;
    b.deploy().await;
    assert_eq!(b.get(&destination).await["sync_status"], "completed");
    let (_, _, front) = b.visit("index.html").await;
    assert!(
        front.contains("https://www.example.com/") && front.contains("href=\"/blog/first/\""),
        "{front}"
    );
}

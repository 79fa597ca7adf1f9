//! Tenancy and roles, proven over every operation of the description.
//!
//! If you are here because of a new operation: give its path parameters a sample in `Samples::of` (a thing of tenant A),
//! and, if it is public, add it to `PUBLIC` (which should only ever shrink). Then look at the difference in
//! `access_table.txt` (regenerate with UPDATE_GENERATED=1): it says who may do what.

use std::collections::BTreeMap;

use igny8_data::{Clock, Ids};
use igny8_server::testing::{Member, World, body_of};
use poem::http::{Method, StatusCode};
use serde_json::{Value, json};

/// Operations that need no credential.
const PUBLIC: &[&str] = &[
    "auth_login",
    "auth_refresh",
    "auth_register",
    "invitation_accept",
    "password_reset_confirm",
    "password_reset_request",
];

/// Operations that are tried last, in this order: they take away what others need.
const LAST: &[&str] = &[
    "account_delete",
    "api_key_revoke",
    "invitation_revoke",
    "session_revoke",
    "site_delete",
    "member_sites_replace",
    "auth_logout",
    "auth_logout_all",
];

struct Operation {
    id: String,
    method: Method,
    /// `/sites/{site_id}`.
    path: String,
    public: bool,
    /// It takes a text to search for.
    searches: bool,
    body: Option<(String, Value)>,
}

fn description() -> Value {
    serde_json::from_str(igny8_server::api::description::text()).unwrap()
}

fn operations(spec: &Value) -> Vec<Operation> {
    let mut operations = Vec::new();
    for (path, methods) in spec["paths"].as_object().unwrap() {
        for (method, op) in methods.as_object().unwrap() {
            let content = op["requestBody"]["content"].as_object();
            let body = content
                .and_then(|c| c.iter().next())
                .map(|(mime, c)| (mime.clone(), sample(spec, &c["schema"], 0)));
            let parameters = op["parameters"].as_array().cloned().unwrap_or_default();
            let query = |p: &&Value| p["in"] == "query" && p["required"] == true;
            let required = parameters.iter().filter(query).map(|p| {
                let value = sample(spec, &p["schema"], 0);
                format!(
                    "{}={}",
                    p["name"].as_str().unwrap(),
                    value.as_str().map_or(value.to_string(), str::to_owned)
                )
            });
            let required: Vec<_> = required.collect();
            let path = if required.is_empty() {
                path.clone()
            } else {
                format!("{path}?{}", required.join("&"))
            };
            operations.push(Operation {
                id: op["operationId"]
                    .as_str()
                    .unwrap_or_else(|| panic!("{method} {path} has no operation id"))
                    .to_owned(),
                method: method.to_uppercase().parse().unwrap(),
                path,
                searches: parameters.iter().any(|p| p["name"] == "search"),
                public: op["security"].as_array().is_none_or(Vec::is_empty),
                body,
            });
        }
    }
    operations.sort_by_key(|o| (LAST.iter().position(|last| *last == o.id), o.id.clone()));
    operations
}

/// Parameters that name what all accounts share.
const SHARED: &[&str] = &["industry", "prompt", "blueprint"];

/// The smallest value that fits a schema: required fields only.
fn sample(spec: &Value, schema: &Value, depth: usize) -> Value {
    if depth > 8 {
        return Value::Null;
    }
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap();
        let schema = &spec["components"]["schemas"][name];
        return sample(spec, schema, depth + 1);
    }
    if let Some(parts) = schema["allOf"].as_array() {
        return parts.first().map_or(Value::Null, |part| sample(spec, part, depth + 1));
    }
    if let Some(first) = schema["enum"].as_array().and_then(|e| e.first()) {
        return first.clone();
    }
    match schema["type"].as_str() {
        Some("string") => match (schema["example"].as_str(), schema["format"].as_str()) {
            (Some(example), _) => json!(example),
            (_, Some("date-time")) => json!("2026-02-01T00:00:00Z"),
            (_, Some("uri" | "url")) => json!("https://example.com/"),
            _ => json!("sample"),
        },
        Some("integer" | "number") => json!(1),
        Some("boolean") => json!(false),
        Some("array") if schema["minItems"].as_u64().unwrap_or(0) > 0 => {
            json!([sample(spec, &schema["items"], depth + 1)])
        }
        Some("array") => json!([]),
        _ => {
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            let fields = required.iter().filter_map(Value::as_str);
            fields
                .map(|f| (f.to_owned(), sample(spec, &schema["properties"][f], depth + 1)))
                .collect::<serde_json::Map<_, _>>()
                .into()
        }
    }
}

/// Things of tenant A for path parameters, and ids of the same kinds that nobody has.
struct Samples {
    of_a: BTreeMap<&'static str, String>,
    of_nobody: BTreeMap<&'static str, String>,
}

/// Stored in every text of tenant A; must never reach tenant B.
const CANARY: &str = "canary-of-a";

impl Samples {
    async fn of(w: &World) -> Self {
        let site = w.a.sites[0].to_string();
        let made = async |path: &str, body: Value| {
            let (status, answer) = w.post(&w.a.owner, path, body).await;
            assert!(status.is_success(), "{path}: {answer}");
            answer["id"].as_str().unwrap().to_owned()
        };
        let sector = made(
            &format!("/sites/{site}/sectors"),
            json!({ "name": format!("Sector {CANARY}") }),
        )
        .await;
        let media = upload(w, &w.a.owner, &site).await;
        let deployment = made(&format!("/sites/{site}/deployments"), json!({})).await;
        w.run_jobs().await;
        let (_, jobs) = w.get(&w.a.owner, "/jobs").await;
        let job = jobs["items"][0]["id"].as_str().unwrap().to_owned();
        let term = json!({ "name": format!("Term {CANARY}"), "taxonomy": "blog_tag" });
        let term = made(&format!("/sites/{site}/terms"), term).await;
        let cluster = json!({ "name": format!("Cluster {CANARY}"), "sector": sector });
        let cluster = made(&format!("/sites/{site}/clusters"), cluster).await;
        let keyword = json!({ "text": format!("keyword {CANARY}"), "sector": sector });
        let keyword = made(&format!("/sites/{site}/keywords"), keyword).await;
        let idea = json!({ "title": format!("Idea {CANARY}"), "sector": sector });
        let idea = made(&format!("/sites/{site}/ideas"), idea).await;
        let task = json!({ "title": format!("Task {CANARY}"), "sector": sector });
        let task = made(&format!("/sites/{site}/tasks"), task).await;
        let plan = json!({ "name": format!("Plan {CANARY}"), "sector": sector });
        let plan = made(&format!("/sites/{site}/blueprints"), plan).await;
        let schedule = json!({ "name": CANARY, "action": "deploy_site", "cron": "@daily" });
        let schedule = made(&format!("/sites/{site}/schedules"), schedule).await;
        let content = json!({ "title": format!("Title {CANARY}"), "content_type": "post", "body": CANARY });
        let content = made(&format!("/sites/{site}/content"), content).await;
        let linked = json!({ "title": format!("Linked {CANARY}"), "content_type": "post" });
        let linked = made(&format!("/sites/{site}/content"), linked).await;
        let dismiss = format!("/sites/{site}/content/{content}/links/dismiss");
        let (_, dismissed) = w.post(&w.a.owner, &dismiss, json!({ "targets": [linked] })).await;
        let link = dismissed["results"][0]["link"].as_str().unwrap().to_owned();
        let comment = json!({ "content": content, "text": format!("Comment {CANARY}") });
        let comment = made(&format!("/sites/{site}/comments"), comment).await;
        let image = json!({ "content": content, "prompt": CANARY, "alt": CANARY });
        let image = made(&format!("/sites/{site}/images"), image).await;
        let optimization = optimization(w, &content, &job).await;
        let submission = submission(w, &content).await;
        let (destination, publication) = publication(w, &content).await;
        let invitation = json!({ "email": format!("{CANARY}@a.example"), "name": "New", "role": "viewer" });
        let invitation = made("/invitations", invitation).await;
        let (_, key) = w
            .post(&w.a.owner, "/api-keys", json!({ "name": CANARY, "role": "viewer" }))
            .await;
        let api_key = key["api_key"]["id"].as_str().unwrap().to_owned();
        let chat = json!({ "base_url": "https://llm.invalid/v1", "model": CANARY });
        let integration = json!({ "kind": "chat_provider", "name": CANARY, "chat": chat, "key": CANARY });
        let integration = made("/integrations", integration).await;
        let (_, sessions) = w.get(&w.a.owner, "/auth/sessions").await;
        let session = sessions["items"][0]["id"].as_str().unwrap().to_owned();
        let import = import(w, &w.a.owner, &site, &sector).await;
        let domain = json!({ "name": format!("{CANARY}.example") });
        let domain = made(&format!("/sites/{site}/domains"), domain).await;
        let hook = json!({ "url": format!("https://hooks.invalid/{CANARY}"), "description": CANARY });
        let (status, hook) = w.post(&w.a.owner, "/webhooks", hook).await;
        assert_eq!(status, 201, "{hook}");
        let webhook = hook["webhook"]["id"].as_str().unwrap().to_owned();
        let path = format!("/webhooks/{webhook}/test");
        let (status, sent) = w.post(&w.a.owner, &path, json!({ "event": "job.failed" })).await;
        assert_eq!(status, 202, "{sent}");
        let delivery = sent["delivery"]["id"].as_str().unwrap().to_owned();
        let of_a = BTreeMap::from([
            ("import_id", import),
            ("site_id", site),
            ("sector_id", sector),
            ("media_id", media),
            ("deployment_id", deployment),
            ("job_id", job.clone()),
            ("industry", "bicycles".to_owned()),
            ("function", "auto_cluster".to_owned()),
            ("prompt", "name_clusters".to_owned()),
            ("transcript_id", transcript(w, &job).await),
            ("term_id", term),
            ("cluster_id", cluster),
            ("keyword_id", keyword),
            ("idea_id", idea),
            ("task_id", task),
            ("blueprint", "blog".to_owned()),
            ("blueprint_id", plan),
            ("schedule_id", schedule),
            ("content_id", content),
            ("comment_id", comment),
            ("image_id", image),
            ("link_id", link),
            ("optimization_id", optimization),
            ("submission_id", submission),
            ("destination_id", destination),
            ("publication_id", publication),
            ("number", "1".to_owned()),
            ("invitation_id", invitation),
            ("api_key_id", api_key),
            ("integration_id", integration),
            ("domain_id", domain),
            ("webhook_id", webhook),
            ("delivery_id", delivery),
            ("session_id", session),
            ("user_id", w.a.viewer.id.to_string()),
            ("account_id", w.a.account.to_string()),
        ]);
        // The same kind of id, well formed, of nothing at all.
        let other = Ids::seeded(Clock::manual("2025-01-01T00:00:00Z"), 9);
        let of_nobody = of_a
            .iter()
            .map(|(name, id)| {
                let fresh = other.make::<igny8_data::SiteId>().to_string();
                let id = match id.rsplit_once('_') {
                    Some((prefix, key)) if key.len() == 26 => format!("{prefix}_{}", fresh.rsplit_once('_').unwrap().1),
                    _ => id.clone(),
                };
                (*name, id)
            })
            .collect();
        Self { of_a, of_nobody }
    }

    fn fill(path: &str, samples: &BTreeMap<&'static str, String>) -> String {
        let mut filled = path.to_owned();
        for (name, value) in samples {
            filled = filled.replace(&format!("{{{name}}}"), value);
        }
        assert!(
            !filled.contains('{'),
            "{path} has a parameter without a sample: add it to Samples::of"
        );
        filled
    }
}

/// A call to a model, as a task leaves it behind.
async fn transcript(w: &World, job: &str) -> String {
    let row = igny8_server::ai::transcript::Transcript {
        id: w.app.db.ids().make(),
        account: w.a.account,
        site: w.a.sites[0],
        job: job.parse().unwrap(),
        operation: "auto_cluster".into(),
        request: json!({ "system": CANARY }),
        answer: Some(CANARY.into()),
        model: "fake".into(),
        tokens_in: 1,
        tokens_out: 1,
        duration_ms: 1,
        request_id: None,
        error: None,
        rev: 1,
        created_at: w.clock.now(),
    };
    let id = row.id.to_string();
    let mut tx = w.app.db.platform(igny8_data::Why::Operator).tx(w.a.account, None);
    tx.create(row);
    tx.commit().await.unwrap();
    id
}

/// A WordPress site that cannot be reached, and a conflict about content there.
async fn publication(w: &World, content: &str) -> (String, String) {
    use igny8_server::features::destinations::model::Secrets;
    use igny8_server::features::destinations::{Destination, Publication, PublicationStatus, state};
    use igny8_server::publish::{DestinationKind, RemoteCopy};
    let now = w.clock.now();
    let mut destination = Destination {
        id: w.app.db.ids().make(),
        account: w.a.account,
        site: w.a.sites[0],
        kind: DestinationKind::Wordpress,
        name: CANARY.into(),
        enabled: true,
        settings: json!({ "url": "https://blog.invalid/", "root": "https://blog.invalid/wp-json/", "user": CANARY }),
        sealed: None,
        leaving: None,
        rev: 1,
        created_at: now,
        updated_at: now,
        deleted_at: None,
    };
    let secrets = Secrets {
        password: Some(CANARY.into()),
        ..Secrets::default()
    };
    destination.seal(w.app.db.keys(), w.app.db.ids().bytes(), &secrets);
    let mut publication = Publication::new(w.app.db.ids().make(), &destination, content.parse().unwrap(), now);
    publication.status = PublicationStatus::Conflict;
    publication.external_id = Some("7".into());
    let copy = RemoteCopy {
        hash: "x".into(),
        modified: None,
        status: "publish".into(),
        title: CANARY.into(),
        slug: CANARY.into(),
        html: CANARY.into(),
        excerpt: CANARY.into(),
        url: None,
        published_at: None,
        seo_title: None,
        seo_description: None,
        terms: Vec::new(),
        around: None,
    };
    publication.conflict = Some(serde_json::to_value(copy).unwrap());
    let ids = (destination.id.to_string(), publication.id.to_string());
    let platform = w.app.db.platform(igny8_data::Why::Operator);
    let mut tx = platform.tx(w.a.account, Some(w.a.sites[0]));
    tx.create(state::fresh(&w.app.db, &destination))
        .create(destination)
        .create(publication);
    tx.commit().await.unwrap();
    ids
}

/// A rewrite of content, as a task leaves it behind.
async fn optimization(w: &World, content: &str, job: &str) -> String {
    use igny8_server::features::content::model::BodyFormat;
    use igny8_server::features::optimizer::Optimization;
    use igny8_server::features::optimizer::model::{Fields, OptimizationOrigin, OptimizationStatus};
    let title = |title: &str| Fields {
        title: Some(title.to_owned()),
        ..Fields::default()
    };
    let row = Optimization {
        id: w.app.db.ids().make(),
        account: w.a.account,
        site: w.a.sites[0],
        content: content.parse().unwrap(),
        of_rev: 1,
        body_format: BodyFormat::Markdown,
        origin: OptimizationOrigin::Local,
        job: job.parse().unwrap(),
        status: OptimizationStatus::Proposed,
        before: title(&format!("Title {CANARY}")),
        after: title(&format!("Better {CANARY}")),
        fields: vec!["title".into()],
        better: Vec::new(),
        worse: Vec::new(),
        score_before: 1,
        score_after: 2,
        replaced: None,
        became: None,
        applied_rev: None,
        created_by: CANARY.into(),
        decided_by: None,
        applied_at: None,
        ended_at: None,
        rev: 1,
        created_at: w.clock.now(),
    };
    let id = row.id.to_string();
    let mut tx = w
        .app
        .db
        .platform(igny8_data::Why::Operator)
        .tx(w.a.account, Some(w.a.sites[0]));
    tx.create(row);
    tx.commit().await.unwrap();
    id
}

/// A message, as a visitor leaves it behind.
async fn submission(w: &World, content: &str) -> String {
    use igny8_server::features::forms::Submission;
    use igny8_server::features::forms::model::{Entry, SubmissionStatus};
    let now = w.clock.now();
    let row = Submission {
        id: w.app.db.ids().make(),
        account: w.a.account,
        site: w.a.sites[0],
        content: Some(content.parse().unwrap()),
        page: CANARY.into(),
        language: "en".into(),
        status: SubmissionStatus::New,
        fields: vec![Entry {
            name: "text".into(),
            label: "Text".into(),
            value: CANARY.into(),
        }],
        text: CANARY.into(),
        email: Some(format!("{CANARY}@a.example")),
        consent: None,
        signs: Vec::new(),
        sender: Some(CANARY.into()),
        sender_until: Some(now),
        mailed: false,
        expires_at: now + chrono::Duration::days(1),
        rev: 1,
        created_at: now,
        updated_at: now,
    };
    let id = row.id.to_string();
    let platform = w.app.db.platform(igny8_data::Why::Operator);
    let mut tx = platform.tx(w.a.account, Some(w.a.sites[0]));
    tx.create(row);
    tx.commit().await.unwrap();
    id
}

/// Uploads the smallest PNG there is, named after the canary.
async fn upload(w: &World, member: &Member, site: &str) -> String {
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\xdac\xf8\xcf\xc0\xf0\x1f\0\x05\0\x01\xff\x89\x99=\x1d\0\0\0\0IEND\xaeB`\x82";
    let head = format!(
        "--x\r\ncontent-disposition: form-data; name=\"alt\"\r\n\r\n{CANARY}\r\n\
         --x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{CANARY}.png\"\r\ncontent-type: image/png\r\n\r\n"
    );
    let body = [head.as_bytes(), PNG, b"\r\n--x--\r\n"].concat();
    let request = w.request(member, Method::POST, &format!("/sites/{site}/media"));
    let request = request
        .header("content-type", "multipart/form-data; boundary=x")
        .body(body);
    let (status, answer) = body_of(request.send().await).await;
    assert!(status.is_success(), "{answer}");
    answer["id"].as_str().unwrap().to_owned()
}

/// Asks for an import of a keyword named after the canary.
async fn import(w: &World, member: &Member, site: &str, sector: &str) -> String {
    let file = format!(
        "--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{CANARY}.csv\"\r\ncontent-type: text/csv\r\n\r\n\
         imported {CANARY}\r\n--x--\r\n"
    );
    let path = format!("/sites/{site}/keywords/imports?sector={sector}");
    let request = w.request(member, Method::POST, &path);
    let request = request
        .header("content-type", "multipart/form-data; boundary=x")
        .body(file);
    let (status, answer) = body_of(request.send().await).await;
    assert!(status.is_success(), "{answer}");
    answer["id"].as_str().unwrap().to_owned()
}

async fn send(w: &World, member: Option<&Member>, op: &Operation, path: &str, etag: &str) -> (StatusCode, Value) {
    let mut request = w
        .http
        .request(op.method.clone(), format!("/api/v1{path}"))
        .header("if-match", etag);
    if let Some(member) = member {
        request = request.header("authorization", format!("Bearer {}", member.token));
    }
    request = match &op.body {
        Some((mime, body)) if mime.starts_with("application/json") => request.body_json(body),
        Some((mime, _)) if mime.starts_with("multipart/") => request
            .header("content-type", "multipart/form-data; boundary=x")
            .body("--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.png\"\r\ncontent-type: image/png\r\n\r\nx\r\n--x--\r\n"),
        _ => request,
    };
    let (status, mut body) = body_of(request.send().await).await;
    if let Some(body) = body.as_object_mut() {
        body.remove("request_id");
    }
    (status, body)
}

#[tokio::test]
async fn nothing_answers_without_a_valid_credential() {
    let w = World::new().await;
    let samples = Samples::of(&w).await;
    let forged = Member {
        token: format!("{}x", &w.a.owner.token[..w.a.owner.token.len() - 1]),
        ..w.a.owner.clone()
    };
    let spec = description();
    let mut public = Vec::new();
    for op in operations(&spec) {
        let path = Samples::fill(&op.path, &samples.of_a);
        if op.public {
            public.push(op.id.clone());
            continue;
        }
        assert_eq!(
            send(&w, None, &op, &path, "\"1\"").await.0,
            401,
            "{} without a token",
            op.id
        );
        assert_eq!(
            send(&w, Some(&forged), &op, &path, "\"1\"").await.0,
            401,
            "{} with a forged token",
            op.id
        );
    }
    let mut expected: Vec<_> = PUBLIC.iter().map(ToString::to_string).collect();
    expected.sort();
    public.sort();
    assert_eq!(public, expected, "the operations that need no credential");

    w.clock.advance(chrono::Duration::minutes(15));
    for op in operations(&spec).iter().filter(|op| !op.public) {
        let path = Samples::fill(&op.path, &samples.of_a);
        assert_eq!(
            send(&w, Some(&w.a.owner), op, &path, "\"1\"").await.0,
            401,
            "{} with an expired token",
            op.id
        );
    }
}

#[tokio::test]
async fn foreign_is_the_same_as_missing() {
    let w = World::new().await;
    let samples = Samples::of(&w).await;
    for op in operations(&description()) {
        if op.public || !op.path.contains('{') || SHARED.iter().any(|name| op.path.contains(&format!("{{{name}}}"))) {
            continue;
        }
        for member in [&w.b.owner, &w.b.viewer] {
            let foreign = send(&w, Some(member), &op, &Samples::fill(&op.path, &samples.of_a), "\"1\"").await;
            let missing = send(
                &w,
                Some(member),
                &op,
                &Samples::fill(&op.path, &samples.of_nobody),
                "\"1\"",
            )
            .await;
            assert_eq!(
                foreign, missing,
                "{}: a foreign thing must answer like a missing one",
                op.id
            );
            assert!(foreign.0.is_client_error(), "{}: {} {}", op.id, foreign.0, foreign.1);
            assert!(!foreign.1.to_string().contains(CANARY), "{}: {}", op.id, foreign.1);
        }
        // A thing of A under a site of B.
        if op.path.matches('{').count() > 1 {
            let mut mixed = samples.of_a.clone();
            mixed.insert("site_id", w.b.sites[0].to_string());
            let mut nobody = samples.of_nobody.clone();
            nobody.insert("site_id", w.b.sites[0].to_string());
            let foreign = send(&w, Some(&w.b.owner), &op, &Samples::fill(&op.path, &mixed), "\"1\"").await;
            let missing = send(&w, Some(&w.b.owner), &op, &Samples::fill(&op.path, &nobody), "\"1\"").await;
            assert_eq!(foreign, missing, "{}: a foreign thing under one's own site", op.id);
        }
    }
}

#[tokio::test]
async fn a_site_without_a_grant_is_the_same_as_missing() {
    let w = World::new().await;
    let samples = Samples::of(&w).await;
    // Members of the account who may not see the site any more.
    for member in [&w.a.editor, &w.a.viewer] {
        let path = format!("/members/{}/sites", member.id);
        let request = w.request(&w.a.owner, Method::PUT, &path);
        let (status, answer) = body_of(request.body_json(&json!({ "sites": [] })).send().await).await;
        assert!(status.is_success(), "{answer}");
    }
    for op in operations(&description()) {
        if op.public || !op.path.contains("{site_id}") {
            continue;
        }
        for member in [&w.a.editor, &w.a.viewer] {
            let closed = Samples::fill(&op.path, &samples.of_a);
            let closed = send(&w, Some(member), &op, &closed, "\"1\"").await;
            let missing = Samples::fill(&op.path, &samples.of_nobody);
            let missing = send(&w, Some(member), &op, &missing, "\"1\"").await;
            assert_eq!(
                closed, missing,
                "{}: a closed site must answer like a missing one",
                op.id
            );
            assert!(closed.0.is_client_error(), "{}: {} {}", op.id, closed.0, closed.1);
            assert!(!closed.1.to_string().contains(CANARY), "{}: {}", op.id, closed.1);
        }
    }
}

#[tokio::test]
async fn nothing_of_a_reaches_b() {
    let w = World::new().await;
    let _ = Samples::of(&w).await;
    // B's own ids, so that every list, count, search and export answers with what B has.
    let own = BTreeMap::from([("site_id", w.b.sites[0].to_string())]);
    for op in operations(&description()) {
        let needs_more = op.path.matches('{').count() > usize::from(op.path.contains("{site_id}"));
        if op.public || op.method != Method::GET || needs_more {
            continue;
        }
        for query in ["", "?with_total=true", "?search=canary", "?deleted=true"] {
            let path = format!("{}{query}", Samples::fill(&op.path, &own));
            let (_, body) = send(&w, Some(&w.b.owner), &op, &path, "\"1\"").await;
            assert!(!body.to_string().contains(CANARY), "{}: {body}", op.id);
            if query == "?search=canary" && op.searches && body.is_object() {
                assert_eq!(body["items"], json!([]), "{}", op.id);
            }
        }
    }
}

/// Operations that are no reading and that viewers may call: they compute something, or concern the caller alone.
const CHANGE_NOTHING: &[&str] = &[
    "ai_task_estimate",
    "content_score_preview",
    "optimizer_score",
    "prompt_preview",
];
const OF_ONESELF: &[&str] = &["password_change", "auth_logout", "auth_logout_all"];

#[test]
fn viewers_only_read() {
    let table = include_str!("access_table.txt");
    let of_viewers: BTreeMap<&str, &str> = table
        .lines()
        .filter_map(|line| {
            let mut columns = line.split_whitespace();
            Some((columns.next()?, columns.next()?))
        })
        .collect();
    for op in operations(&description()) {
        if op.public || op.method == Method::GET {
            continue;
        }
        let may = of_viewers.get(op.id.as_str()).copied();
        let expected = match op.id.as_str() {
            id if CHANGE_NOTHING.contains(&id) || OF_ONESELF.contains(&id) => "yes",
            // Their own sessions, and nobody else's.
            "session_revoke" => "not",
            _ => "-",
        };
        assert_eq!(may, Some(expected), "{}", op.id);
    }
}

#[tokio::test]
async fn roles_may_do_what_the_table_says() {
    let w = World::new().await;
    let samples = Samples::of(&w).await;
    let mut table = format!(
        "{:<32} {:<9} {:<9} {:<9} {:<9}\n",
        "operation", "viewer", "editor", "admin", "owner"
    );
    for op in operations(&description()) {
        if op.public {
            continue;
        }
        let path = Samples::fill(&op.path, &samples.of_a);
        table += &format!("{:<32}", op.id);
        let members = [&w.a.viewer, &w.a.editor, &w.a.admin, &w.a.owner];
        for member in members {
            // One before may have ended everybody's sessions.
            let member = if LAST.contains(&op.id.as_str()) {
                &w.logged_in(member).await
            } else {
                member
            };
            // An ETag nothing has: what is allowed is refused for that alone, and changes nothing.
            let (status, body) = send(&w, Some(member), &op, &path, "\"999999\"").await;
            assert!(!status.is_server_error(), "{}: {status} {body}", op.id);
            // The control of this whole file: the samples are real. Restoring finds only what was deleted.
            let real = status != 404 || member.id != w.a.owner.id || op.id.ends_with("_restore");
            assert!(real, "{}: the owner does not find the sample: {body}", op.id);
            assert_ne!(
                status, 400,
                "{}: the sample request is malformed, so nothing was tried: {body}",
                op.id
            );
            table += &format!(
                " {:<9}",
                match status.as_u16() {
                    401 => "401",
                    403 => "-",
                    404 => "not found",
                    _ => "yes",
                }
            );
        }
        table = format!("{}\n", table.trim_end());
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/it/access_table.txt");
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(file, &table).unwrap();
    }
    let committed = std::fs::read_to_string(file).unwrap_or_default();
    assert_eq!(
        committed, table,
        "who may do what has changed: look at it, then run with UPDATE_GENERATED=1"
    );
}

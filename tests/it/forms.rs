//! Forms of sites: sent without a script and with one, judged, listed, mailed, forgotten.

use chrono::Duration;
use igny8_data::{Variables, Why};
use igny8_server::testing::{World, body_of};
use poem::http::Method;
use poem::test::TestResponse;
use serde_json::{Value, json};

use crate::deployments::deploy;

/// A world with a published page with a form on the first site.
pub struct Forms {
    pub w: World,
    pub page: String,
    /// Path of the form's address.
    pub action: String,
}

const GOOD: &str = "name=Ana&mail=ana%40example.com&text=Do+you+true+wheels%3F&ok=1";

fn blocks() -> Value {
    json!([
        { "type": "text", "text": "Write to us." },
        { "type": "form", "heading": "Write", "fields": [
            { "name": "name", "kind": "name" },
            { "name": "mail", "kind": "email", "label": "Your address", "required": true },
            { "name": "text", "kind": "textarea", "label": "Message", "required": true },
            { "name": "ok", "kind": "consent", "label": "You may answer me." },
        ] },
    ])
}

impl Forms {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut igny8_server::config::Config)) -> Self {
        let w = World::with(change).await;
        let site = w.a.sites[0];
        let body = json!({ "content_type": "page", "title": "Contact", "slug": "write", "blocks": blocks() });
        let (status, page) = w.post(&w.a.owner, &format!("/sites/{site}/content"), body).await;
        assert_eq!(status, 201, "{page}");
        let page = page["id"].as_str().unwrap().to_owned();
        let publish = json!({ "action": "status", "status": "published", "force": true, "ids": [page] });
        let (status, done) = w
            .post(&w.a.owner, &format!("/sites/{site}/content/bulk"), publish)
            .await;
        assert_eq!((status.as_u16(), &done["done"]), (200, &json!(1)), "{done}");
        settings(&w, |settings| {
            settings["organisation"]["email"] = json!("shop@example.com");
            settings["organisation"]["privacy_url"] = json!("/privacy/");
        })
        .await;
        deploy(&w, &w.a, site).await;
        let action = format!("/forms/{site}/{page}/2");
        Self { w, page, action }
    }

    fn list(&self) -> String {
        format!("/sites/{}/submissions", self.w.a.sites[0])
    }

    /// As a browser without scripts sends it.
    async fn post(&self, body: &str) -> TestResponse {
        self.sent(body, "text/html,application/xhtml+xml,*/*;q=0.8", None).await
    }

    async fn sent(&self, body: &str, accept: &str, origin: Option<&str>) -> TestResponse {
        let mut request = self.w.http.post(&self.action).header("accept", accept);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.body(body.to_owned()).send().await
    }

    /// As the theme's script sends it, some seconds after it asked for a token.
    async fn by_script(&self, body: &str, seconds: i64) -> (u16, Value) {
        let token = self.token().await;
        self.w.clock.advance(Duration::seconds(seconds));
        let answer = self
            .sent(&format!("{body}&_token={token}"), "application/json", None)
            .await;
        let (status, body) = body_of(answer).await;
        (status.as_u16(), body)
    }

    async fn token(&self) -> String {
        let (status, answer) = body_of(self.w.http.get(&self.action).send().await).await;
        assert_eq!(status, 200, "{answer}");
        answer["token"].as_str().unwrap().to_owned()
    }

    async fn all(&self) -> Vec<Value> {
        let (status, list) = self.w.get(&self.w.a.editor, &self.list()).await;
        assert_eq!(status, 200, "{list}");
        list["items"].as_array().unwrap().clone()
    }

    fn mails(&self) -> Vec<String> {
        let Ok(files) = std::fs::read_dir(self.w.app.config.data_dir.join("mail")) else {
            return Vec::new();
        };
        files
            .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
            .collect()
    }
}

/// Changes the settings of the first site.
pub async fn settings(w: &World, change: impl FnOnce(&mut Value)) -> (u16, Value) {
    let path = format!("/sites/{}/settings", w.a.sites[0]);
    let answer = w.request(&w.a.owner, Method::GET, &path).send().await;
    let etag = answer.0.headers()["etag"].to_str().unwrap().to_owned();
    let (_, mut settings) = body_of(answer).await;
    change(&mut settings);
    let request = w.request(&w.a.owner, Method::PUT, &path).header("if-match", etag);
    let (status, answer) = body_of(request.body_json(&settings).send().await).await;
    (status.as_u16(), answer)
}

fn header<'a>(answer: &'a TestResponse, name: &str) -> &'a str {
    answer.0.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

async fn html(answer: TestResponse) -> String {
    answer.0.into_body().into_string().await.unwrap()
}

#[tokio::test]
async fn a_form_works_without_a_script() {
    let f = Forms::new().await;
    let page = html(f.w.http.get("/sites/site-a0/write/").send().await).await;
    assert!(
        page.contains(&format!("action=\"http://localhost:8080{}\"", f.action)),
        "{page}"
    );
    let answer = f.post(GOOD).await;
    assert_eq!(
        (answer.0.status().as_u16(), header(&answer, "location")),
        (303, "http://localhost:8080/sites/site-a0/form-sent/")
    );
    assert_eq!(header(&answer, "cache-control"), "no-store");
    let thanks = f.w.http.get("/sites/site-a0/form-sent/").send().await;
    assert_eq!(thanks.0.status(), 200);
    assert!(html(thanks).await.contains("<h1>Thank you</h1>"));
    // The browser is asked to send it again.
    assert_eq!(f.post(GOOD).await.0.status(), 303);

    let all = f.all().await;
    assert_eq!(all.len(), 1, "{all:?}");
    let row = &all[0];
    assert_eq!(
        (
            &row["status"],
            &row["email"],
            &row["page"],
            &row["consent"],
            &row["content"]
        ),
        (
            &json!("new"),
            &json!("ana@example.com"),
            &json!("Contact"),
            &json!("You may answer me."),
            &json!(f.page)
        ),
        "{row}"
    );
    assert_eq!(row["signs"], json!(["no_token"]));
    assert_eq!(
        row["fields"][1],
        json!({ "name": "mail", "label": "Your address", "value": "ana@example.com" })
    );
    f.w.run_jobs().await;
    let mails = f.mails();
    assert_eq!(mails.len(), 1, "{mails:?}");
    for part in [
        "To: shop@example.com",
        "Reply-To: ana@example.com",
        "Subject: Message from Site a0: Contact",
        "Message: Do you true wheels?",
    ] {
        assert!(mails[0].contains(part), "{part}\n{}", mails[0]);
    }
}

#[tokio::test]
async fn what_is_wrong_is_shown_in_the_sites_own_look() {
    let f = Forms::new().await;
    let answer = f
        .post("name=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E&mail=nobody&text=Half+a+sentence")
        .await;
    assert_eq!(answer.0.status(), 422);
    let policy = header(&answer, "content-security-policy").to_owned();
    assert!(policy.contains("style-src http://localhost:8080;"), "{policy}");
    assert!(
        policy.contains("img-src http://localhost:8080 http: https: data:;"),
        "{policy}"
    );
    let page = html(answer).await;
    for part in [
        "<h1>The message was not sent yet</h1>",
        "href=\"#f2-2\">Your address</a>: Please check the email address.",
        "href=\"#f2-4\">You may answer me.</a>: Please agree before you send it.",
        "aria-describedby=\"f2-2-problem\"",
        "value=\"nobody\"",
        "Half a sentence</textarea>",
        "href=\"http://localhost:8080/sites/site-a0/privacy/\"",
        "href=\"http://localhost:8080/sites/site-a0/assets/",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    assert!(!page.contains("<script>alert"), "{page}");
    assert!(!page.contains("<!-- form -->"));
    // The token that came with it is good: somebody has read what is wrong.
    let token = page
        .split("name=\"_token\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    f.w.clock.advance(Duration::seconds(5));
    assert_eq!(f.post(&format!("{GOOD}&_token={token}")).await.0.status(), 303);
    assert_eq!(f.all().await[0]["signs"], json!([]));

    let (status, told) = f.by_script("mail=nobody", 3).await;
    let errors = told["errors"].as_array().unwrap().iter();
    let mut fields: Vec<_> = errors
        .map(|e| (e["field"].as_str().unwrap(), e["code"].as_str().unwrap()))
        .collect();
    fields.sort_unstable();
    let expected = vec![("mail", "email"), ("ok", "consent"), ("text", "required")];
    assert_eq!((status, fields), (422, expected));
    assert_eq!(f.all().await.len(), 1, "nothing of it is stored");
}

#[tokio::test]
async fn scripts_send_it_once_and_only_from_the_sites_own_pages() {
    let f = Forms::new().await;
    let token = f.token().await;
    f.w.clock.advance(Duration::seconds(8));
    let body = format!("{GOOD}&_token={token}");
    for _ in 0..2 {
        let answer = f.sent(&body, "application/json", Some("http://localhost:8080")).await;
        assert_eq!(header(&answer, "access-control-allow-origin"), "http://localhost:8080");
        let (status, answer) = body_of(answer).await;
        assert_eq!((status.as_u16(), answer), (200, json!({ "status": "sent" })));
    }
    let all = f.all().await;
    assert_eq!((all.len(), &all[0]["signs"]), (1, &json!([])), "{all:?}");
    let foreign = f.sent(&body, "application/json", Some("https://evil.example")).await;
    assert_eq!(header(&foreign, "access-control-allow-origin"), "");

    // A site with a host of its own, served by whoever: its pages may ask this server, others may not.
    f.w.give_domain(&f.w.a, f.w.a.sites[0], "coffee.example").await;
    deploy(&f.w, &f.w.a, f.w.a.sites[0]).await;
    let page = f.w.http.get("/write/").header("host", "coffee.example").send().await;
    let policy = header(&page, "content-security-policy").to_owned();
    assert!(policy.contains("connect-src 'self' http://localhost:8080;"), "{policy}");
    assert!(
        html(page)
            .await
            .contains(&format!("action=\"http://localhost:8080{}\"", f.action))
    );
    let own = f
        .sent(
            &GOOD.replace("Ana", "Bo"),
            "application/json",
            Some("https://coffee.example"),
        )
        .await;
    assert_eq!(
        (own.0.status().as_u16(), header(&own, "access-control-allow-origin")),
        (200, "https://coffee.example")
    );
    let asked =
        f.w.http
            .request(Method::OPTIONS, &f.action)
            .header("origin", "https://coffee.example")
            .send()
            .await;
    assert_eq!(
        (
            asked.0.status().as_u16(),
            header(&asked, "access-control-allow-methods")
        ),
        (204, "GET, POST")
    );
    let answer = f.post(&GOOD.replace("Ana", "Cy")).await;
    assert_eq!(header(&answer, "location"), "https://coffee.example/form-sent/");
    let wrong = html(f.post("mail=x").await).await;
    assert!(wrong.contains("href=\"https://coffee.example/assets/"), "{wrong}");
}

#[tokio::test]
async fn spam_is_kept_apart_and_never_mailed() {
    let f = Forms::new().await;
    let many = "see+https%3A%2F%2Fx.example+".repeat(7);
    for (body, signs) in [
        (format!("{GOOD}&website_address=x"), json!(["trap", "no_token"])),
        (
            format!("name=B&mail=b%40example.com&ok=1&text={many}"),
            json!(["no_token", "many_links"]),
        ),
        (
            format!(
                "name=www.x.example&mail=b%40example.com&ok=1&text=Hi&_token={}",
                "x".repeat(40)
            ),
            json!(["worthless_token", "link", "link_in_name"]),
        ),
    ] {
        assert_eq!(f.post(&body).await.0.status(), 303, "a program is told nothing");
        let (_, list) =
            f.w.get(&f.w.a.editor, &format!("{}?status=spam&limit=1", f.list()))
                .await;
        assert_eq!(list["items"][0]["signs"], signs, "{list}");
        f.w.clock.advance(Duration::seconds(1));
    }
    // What no person could have sent is not even told what is wrong.
    assert_eq!(f.post("website_address=x").await.0.status(), 303);
    let early = f.by_script(&GOOD.replace("wheels", "https%3A%2F%2Fx.example"), 0).await;
    assert_eq!(early.0, 200);
    assert_eq!(f.all().await.len(), 4);
    assert!(
        f.all()
            .await
            .iter()
            .all(|row| row["status"] == "spam" && row["mailed"] == false)
    );
    f.w.run_jobs().await;
    assert_eq!(f.mails(), Vec::<String>::new());
    let (_, options) = f.w.get(&f.w.a.editor, &format!("{}/filter-options", f.list())).await;
    assert_eq!(
        options,
        json!({ "statuses": ["spam"], "pages": [{ "content": f.page, "page": "Contact" }] })
    );
}

#[tokio::test]
async fn requests_are_bounded_in_number_and_size() {
    let f = Forms::with(|config| config.limits.forms = 5).await;
    for n in 0..5 {
        assert_eq!(f.post(&GOOD.replace("Ana", &format!("Ana{n}"))).await.0.status(), 303);
    }
    assert_eq!(f.post(GOOD).await.0.status(), 429);
    assert_eq!(f.w.http.get(&f.action).send().await.0.status(), 429);

    let f = Forms::with(|config| config.limits.forms_of_site = 2).await;
    for n in 0..2 {
        assert_eq!(f.post(&GOOD.replace("Ana", &format!("Ana{n}"))).await.0.status(), 303);
    }
    let busy = f.post(GOOD).await;
    assert_eq!(busy.0.status(), 429);
    let busy = html(busy).await;
    assert!(
        busy.contains("Too many messages were sent") && busy.contains("value=\"Ana\""),
        "{busy}"
    );

    let f = Forms::new().await;
    let huge = format!("{GOOD}&x={}", "y".repeat(200_000));
    assert_eq!(f.post(&huge).await.0.status(), 413);
    let json = f.w.http.post(&f.action).body_json(&json!({})).send().await;
    assert_eq!(json.0.status(), 415);
    for path in [
        "/forms/",
        "/forms/x/y/1",
        &f.action.replace("/2", "/two"),
        &format!("{}/3", f.action),
        &f.action
            .replace(&f.w.a.sites[0].to_string(), &f.w.b.sites[0].to_string()),
        &f.action
            .replace(&f.w.a.sites[0].to_string(), &f.w.a.sites[1].to_string()),
    ] {
        assert_eq!(f.w.http.post(path).send().await.0.status(), 404, "{path}");
    }
    assert_eq!(f.w.http.put(&f.action).send().await.0.status(), 405);
    // Another number means the page was changed since it was read.
    let moved =
        f.w.http
            .post(f.action.replace("/2", "/9"))
            .header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(moved.body(GOOD).send().await.0.status(), 303);
}

#[tokio::test]
async fn only_so_many_messages_are_mailed() {
    let f = Forms::new().await;
    for n in 0..32 {
        // Indexes of SurrealDB 3.3 have a moment without a fraction behind all others of its second.
        f.w.clock.advance(Duration::milliseconds(10));
        assert_eq!(f.post(&GOOD.replace("Ana", &format!("Ana{n}"))).await.0.status(), 303);
    }
    f.w.run_jobs().await;
    assert_eq!(f.mails().len(), 30);
    let (_, list) = f.w.get(&f.w.a.editor, &format!("{}?limit=200", f.list())).await;
    assert_eq!(list["items"].as_array().unwrap().len(), 32);
    let unmailed: Vec<usize> = (0..32).filter(|n| list["items"][*n]["mailed"] == false).collect();
    assert_eq!(unmailed, [0, 1], "the newest are not");
}

#[tokio::test]
async fn messages_are_for_editors_of_the_site() {
    let f = Forms::new().await;
    f.post(GOOD).await;
    f.w.clock.advance(Duration::seconds(1));
    f.post(&GOOD.replace("Ana", "%3D1%2B1").replace("wheels", "%40SUM(A1)"))
        .await;
    let (a, b, list) = (&f.w.a, &f.w.b, f.list());
    let id = f.all().await[1]["id"].as_str().unwrap().to_owned();
    let one = format!("{list}/{id}");
    for path in [
        list.clone(),
        one.clone(),
        format!("{list}/export.csv"),
        format!("{list}/filter-options"),
    ] {
        assert_eq!(f.w.get(&a.viewer, &path).await.0, 403, "{path}");
        assert_eq!(f.w.get(&b.owner, &path).await.0, 404, "{path}");
        assert_eq!(f.w.get(&a.editor, &path).await.0, 200, "{path}");
    }
    let (status, read) = f.w.patch(&a.editor, &one, 1, json!({ "status": "archived" })).await;
    assert_eq!((status.as_u16(), &read["status"]), (200, &json!("archived")), "{read}");
    assert_eq!(f.w.patch(&a.editor, &one, 1, json!({ "status": "read" })).await.0, 412);
    assert_eq!(f.w.patch(&a.viewer, &one, 2, json!({ "status": "read" })).await.0, 403);
    for (query, count) in [
        ("status=archived", 1),
        ("status=new", 1),
        ("search=TRUE%20WHEELS", 1),
        ("search=nothing", 0),
        (&*format!("content={}", f.page), 2),
        ("from=2026-01-01T00:00:01Z", 1),
        ("until=2026-01-01T00:00:01Z", 1),
    ] {
        let (status, found) = f.w.get(&a.editor, &format!("{list}?{query}")).await;
        assert_eq!(
            (status.as_u16(), found["items"].as_array().map(Vec::len)),
            (200, Some(count)),
            "{query}: {found}"
        );
    }
    let sender = read["sender"].as_str().unwrap();
    let (_, same) = f.w.get(&a.editor, &format!("{list}?sender={sender}")).await;
    assert_eq!(
        same["items"].as_array().unwrap().len(),
        2,
        "the same address on the same day"
    );

    let (_, csv) = f.w.get(&a.editor, &format!("{list}/export.csv")).await;
    let csv = csv.as_str().unwrap();
    assert!(
        csv.starts_with("\u{feff}\"id\",\"created_at\",\"status\",\"page\",\"language\",\"email\",\"consent\",\"field.name\",\"field.mail\",\"field.text\",\"other\"\r\n"),
        "{csv}"
    );
    assert!(csv.contains("\"'=1+1\"") && csv.contains("\"archived\""), "{csv}");
    assert_eq!(csv.lines().count(), 3);

    let bulk = format!("{list}/bulk");
    let ids: Vec<Value> = f.all().await.iter().map(|row| row["id"].clone()).collect();
    let body = json!({ "action": "status", "status": "spam", "ids": ids });
    assert_eq!(f.w.post(&a.viewer, &bulk, body.clone()).await.0, 403);
    let (status, done) = f.w.post(&a.editor, &bulk, body).await;
    assert_eq!((status.as_u16(), &done["done"]), (200, &json!(2)), "{done}");
    assert_eq!(
        f.w.post(&a.editor, &bulk, json!({ "action": "status", "ids": ids }))
            .await
            .0,
        422
    );
    assert_eq!(f.w.delete(&a.editor, &one, 3).await.0, 204);
    let (_, done) =
        f.w.post(&a.editor, &bulk, json!({ "action": "delete", "ids": ids }))
            .await;
    assert_eq!((&done["done"], &done["failed"]), (&json!(1), &json!(1)), "{done}");
    assert!(f.all().await.is_empty());
}

#[tokio::test]
async fn messages_and_addresses_are_forgotten_in_time() {
    let f = Forms::new().await;
    f.post(GOOD).await;
    f.post(&format!("{}&website_address=x", GOOD.replace("Ana", "Bot")))
        .await;
    let (status, _) = settings(&f.w, |settings| {
        settings["forms"] = json!({ "recipients": ["a@example.com"], "keep_days": 20, "spam_days": 5 });
    })
    .await;
    assert_eq!(status, 200);
    let all = f.all().await;
    let ends: Vec<&str> = all.iter().map(|row| row["expires_at"].as_str().unwrap()).collect();
    assert!(
        ends.contains(&"2026-01-21T00:00:00+00:00") && ends.contains(&"2026-01-06T00:00:00+00:00"),
        "{ends:?}"
    );
    let left = async || {
        let sql = "SELECT VALUE (sender ?? '') FROM submission;";
        let platform = f.w.app.db.platform(Why::Operator);
        let mut answer = platform.query(sql, Variables::new(), "counting").await.unwrap();
        answer.rows::<String>(0).unwrap()
    };
    let forget = async |days: i64| {
        f.w.clock.advance(Duration::days(days));
        igny8_server::features::forms::keep::forget(f.w.app.clone())
            .await
            .unwrap()
    };
    assert_eq!(left().await.iter().filter(|hash| hash.len() == 32).count(), 2);
    assert_eq!(forget(6).await, 1, "spam first");
    assert_eq!(forget(2).await, 1, "then the hash of the address");
    assert_eq!(left().await, [""]);
    assert_eq!(forget(13).await, 1);
    assert!(left().await.is_empty());
}

#[tokio::test]
async fn a_form_of_a_draft_that_was_never_deployed_is_answered_too() {
    let f = Forms::new().await;
    let site = f.w.a.sites[1];
    let body = json!({ "content_type": "page", "title": "Draft", "blocks": blocks() });
    let (_, page) = f.w.post(&f.w.a.owner, &format!("/sites/{site}/content"), body).await;
    let action = format!("/forms/{site}/{}/2", page["id"].as_str().unwrap());
    let send = |body: &str| {
        let request =
            f.w.http
                .post(&action)
                .header("content-type", "application/x-www-form-urlencoded");
        request.body(body.to_owned()).send()
    };
    let answer = send(GOOD).await;
    assert_eq!(answer.0.status(), 200);
    assert!(html(answer).await.contains("<h1>Thank you</h1>"));
    let answer = send("mail=x").await;
    assert_eq!(answer.0.status(), 422);
    assert!(html(answer).await.contains("<form class=\"form\" method=\"post\""));
}

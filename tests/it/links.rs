//! Internal links through the API: the report, suggestions, putting links in and taking them out, alone and in bulk.

use igny8_server::testing::{Member, World, body_of};
use poem::http::Method;
use serde_json::{Value, json};

/// Two sites with a cluster about coffee on the first one.
pub struct Blog {
    pub w: World,
    pub site: String,
    pub sector: String,
    pub cluster: String,
}

pub fn id(value: &Value) -> String {
    value["id"]
        .as_str()
        .unwrap_or_else(|| panic!("an id: {value}"))
        .to_owned()
}

/// Text about nothing, to leave room for links.
pub fn filler(words: usize) -> String {
    "Rain falls quietly today. ".repeat(words / 4)
}

/// A text that says what the three pages of [`Blog::coffee`] and their hub are called.
pub fn routine() -> String {
    format!(
        "We grind with a good burr grinder each day. {}\n\nMaking coffee at home is cheap. {}\n\n## Cold brew ratio\n\nTheir cold \
         brew ratios differ. {}\n\n```\nburr grinder\n```\n\n{}",
        filler(300),
        filler(300),
        filler(300),
        filler(300),
    )
}

impl Blog {
    pub async fn new() -> Self {
        Self::of(World::new().await).await
    }

    pub async fn of(w: World) -> Self {
        let site = format!("/sites/{}", w.a.sites[0]);
        let mut blog = Self {
            w,
            site,
            sector: String::new(),
            cluster: String::new(),
        };
        blog.sector = id(&blog.made("sectors", json!({ "name": "Coffee" })).await);
        blog.cluster = blog.new_cluster("Coffee").await;
        blog
    }

    pub async fn new_cluster(&self, name: &str) -> String {
        id(&self
            .made("clusters", json!({ "sector": self.sector, "name": name }))
            .await)
    }

    pub async fn made(&self, kind: &str, body: Value) -> Value {
        let (status, made) = self.w.post(&self.w.a.owner, &self.path(kind), body).await;
        assert_eq!(status, 201, "{made}");
        made
    }

    pub fn path(&self, rest: &str) -> String {
        format!("{}/{rest}", self.site)
    }

    /// A draft of a post.
    pub async fn draft(&self, title: &str, body: &str, more: Value) -> String {
        let mut content = json!({ "content_type": "post", "title": title, "body": body });
        content
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        id(&self.made("content", content).await)
    }

    /// A published post.
    pub async fn post(&self, title: &str, body: &str, more: Value) -> String {
        let content = self.draft(title, body, more).await;
        self.publish(&content).await;
        content
    }

    pub async fn publish(&self, content: &str) {
        let body = json!({ "action": "status", "status": "published", "force": true, "ids": [content] });
        let (_, bulk) = self.w.post(&self.w.a.owner, &self.path("content/bulk"), body).await;
        assert_eq!(bulk["done"], 1, "{bulk}");
    }

    fn role(&self, role: &str) -> Value {
        json!({ "cluster": self.cluster, "cluster_role": role })
    }

    /// Three pages about coffee and their hub, the hub last.
    pub async fn coffee(&self) -> [String; 4] {
        let supporting = self.role("supporting");
        let grinders = "All about the burr grinder, its burrs and its grounds. Steel and ceramic burrs.";
        let ratio = "The cold brew ratio says how much water the coffee wants. Steep it overnight.";
        let kettles = "Gooseneck kettles pour slowly and warm the water.";
        [
            self.post("Burr grinder guide", grinders, supporting.clone()).await,
            self.post("Cold brew ratio", ratio, supporting.clone()).await,
            self.post("Gooseneck kettles", kettles, supporting).await,
            self.post("Coffee at home", "Coffee at home begins with beans.", self.role("hub"))
                .await,
        ]
    }

    pub async fn get(&self, rest: &str) -> Value {
        let (status, answer) = self.w.get(&self.w.a.viewer, &self.path(rest)).await;
        assert_eq!(status, 200, "{rest}: {answer}");
        answer
    }

    pub async fn content(&self, content: &str) -> Value {
        self.get(&format!("content/{content}")).await
    }

    pub async fn rev(&self, content: &str) -> i64 {
        let path = self.path(&format!("content/{content}"));
        let answer = self.w.request(&self.w.a.owner, Method::GET, &path).send().await;
        let etag = answer.0.headers()["etag"]
            .to_str()
            .unwrap()
            .trim_matches('"')
            .to_owned();
        etag.parse().unwrap()
    }

    pub async fn change(&self, content: &str, change: Value) {
        let rev = self.rev(content).await;
        let path = self.path(&format!("content/{content}"));
        let (status, answer) = self.w.patch(&self.w.a.editor, &path, rev, change).await;
        assert_eq!(status, 200, "{answer}");
    }

    pub async fn post_with(&self, who: &Member, rest: &str, rev: &str, body: Value) -> (u16, Value) {
        let request = self
            .w
            .request(who, Method::POST, &self.path(rest))
            .header("if-match", rev);
        let (status, answer) = body_of(request.body_json(&body).send().await).await;
        (status.as_u16(), answer)
    }

    /// Puts links in as the editor: (target, anchor, at).
    pub async fn apply(&self, content: &str, links: Value) -> Value {
        let rev = format!("\"{}\"", self.rev(content).await);
        let rest = format!("content/{content}/links");
        let (status, answer) = self
            .post_with(&self.w.a.editor, &rest, &rev, json!({ "links": links }))
            .await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    pub async fn links(&self, query: &str) -> Vec<Value> {
        let list = self.get(&format!("links?limit=200&{query}")).await;
        list["items"].as_array().unwrap().clone()
    }

    /// Findings of a kind: (path of the page, paths of the targets).
    async fn found(&self, kind: &str) -> Vec<(String, Vec<String>)> {
        let report = self.get(&format!("links/report?kind={kind}&limit=200")).await;
        let items = report["items"].as_array().unwrap();
        assert_eq!(report["counts"][kind], items.len(), "{kind}: {report}");
        let path = |page: &Value| page["path"].as_str().unwrap_or_default().to_owned();
        items
            .iter()
            .map(|item| {
                assert_eq!(item["kind"], kind);
                assert!(!item["mend"]["hint"].as_str().unwrap().is_empty());
                let targets = item["targets"].as_array().into_iter().flatten().map(path).collect();
                (path(&item["page"]), targets)
            })
            .collect()
    }
}

fn pair(page: &str, targets: &[&str]) -> (String, Vec<String>) {
    (page.to_owned(), targets.iter().map(|t| (*t).to_owned()).collect())
}

/// All suggestions of an answer.
pub fn suggested(answer: &Value) -> Vec<Value> {
    let groups = answer["groups"].as_array().unwrap();
    let all = groups
        .iter()
        .flat_map(|group| group["suggestions"].as_array().unwrap().clone());
    all.collect()
}

fn wish(suggestion: &Value) -> Value {
    json!({ "target": suggestion["target"], "anchor": suggestion["anchor"], "at": suggestion["at"] })
}

#[tokio::test]
async fn what_is_wrong_with_a_small_site_is_found() {
    let b = Blog::new().await;
    let page = |slug: &str| json!({ "content_type": "page", "slug": slug });
    let hub = json!({ "content_type": "page", "slug": "coffee", "cluster": b.cluster, "cluster_role": "hub" });
    let supporting = |slug: &str| json!({ "slug": slug, "cluster": b.cluster, "cluster_role": "supporting" });
    let tea = b.new_cluster("Tea").await;
    b.post(
        "Home",
        "[Coffee](/coffee/), [moved](/blog/old-name/), [draft](/blog/draft/), [gone](/nowhere/), [read more](/blog/grinders/)",
        json!({ "content_type": "page", "slug": "home", "page_role": "home" }),
    )
    .await;
    b.post(
        "Coffee",
        "A [burr grinder](/blog/grinders/) and [oolong](/blog/oolong/).",
        hub,
    )
    .await;
    b.post("Grinders", "A [burr grinder](/blog/kettles/).", supporting("grinders"))
        .await;
    b.post(
        "Kettles",
        "Back to [coffee at home](/coffee/), on to [step one](/one/).",
        supporting("kettles"),
    )
    .await;
    b.post(
        "Oolong",
        "About [page two of the blog](/blog/page/2/).",
        json!({ "slug": "oolong", "cluster": tea }),
    )
    .await;
    let moved = b.post("Moved", "Moved.", json!({ "slug": "old-name" })).await;
    b.change(&moved, json!({ "slug": "new-name" })).await;
    let draft = b
        .draft("Draft", "See [coffee](/coffee/).", json!({ "slug": "draft" }))
        .await;
    b.post(
        "Orphan",
        "An answer.",
        json!({ "slug": "orphan", "faq": [{ "question": "Q?", "answer": "[coffee](/coffee/)" }] }),
    )
    .await;
    for (slug, next) in [("one", "two"), ("two", "three"), ("three", "one")] {
        b.post(slug, &format!("The [next step](/{next}/)."), page(slug)).await;
    }

    let report = b.get("links/report").await;
    assert_eq!(report["pages"], 10, "{report}");
    let mut dead = b.found("dead_link").await;
    dead.sort();
    assert_eq!(
        dead,
        [
            pair("/", &[]),
            pair("/", &["/blog/draft/"]),
            pair("/", &["/blog/new-name/"]),
        ]
    );
    let why: Vec<Value> = b.get("links/report?kind=dead_link").await["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["why"].clone())
        .collect();
    for reason in ["unknown", "draft", "redirected"] {
        assert!(why.contains(&json!(reason)), "{reason}: {why:?}");
    }
    assert_eq!(b.found("orphan").await, [pair("/blog/orphan/", &[])]);
    // Home lists the posts, kettles is one click away.
    assert_eq!(b.found("deep_page").await, [pair("/three/", &[])]);
    assert_eq!(
        b.found("no_link_to_hub").await,
        [pair("/blog/grinders/", &["/coffee/"])]
    );
    assert_eq!(
        b.found("no_link_from_hub").await,
        [pair("/coffee/", &["/blog/kettles/"])]
    );
    assert_eq!(b.found("missing_hub").await, [pair("", &["/blog/oolong/"])]);
    assert_eq!(
        b.found("shared_anchor").await,
        [
            pair("", &["/one/", "/three/", "/two/"]),
            pair("", &["/blog/grinders/", "/blog/kettles/"]),
        ]
    );
    assert_eq!(b.found("generic_anchor").await, [pair("/", &["/blog/grinders/"])]);
    assert!(b.found("dead_end").await.contains(&pair("/blog/new-name/", &[])));

    // The whole list comes in parts.
    let whole = b.get("links/report?limit=200").await;
    let all: u64 = whole["counts"]
        .as_object()
        .unwrap()
        .values()
        .map(|n| n.as_u64().unwrap())
        .sum();
    assert_eq!(whole["items"].as_array().unwrap().len() as u64, all);
    let (mut parts, mut cursor) = (Vec::new(), String::new());
    loop {
        let part = b.get(&format!("links/report?limit=3{cursor}")).await;
        parts.extend(part["items"].as_array().unwrap().clone());
        match part["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(&parts, whole["items"].as_array().unwrap());
    let (status, _) =
        b.w.get(&b.w.a.viewer, &b.path("links/report?kind=orphan&cursor=x"))
            .await;
    assert_eq!(status, 422);

    // A menu and a redirect of the site, and then the draft is published.
    let path = b.path("settings");
    let answer = b.w.request(&b.w.a.owner, Method::GET, &path).send().await;
    let etag = answer.0.headers()["etag"].clone();
    let mut settings = body_of(answer).await.1;
    settings["menus"] =
        json!({ "main": [{ "label": "Deep", "url": "/three/" }, { "label": "Lost", "url": "/lost/" }] });
    settings["redirects"] = json!([{ "from": "/nowhere/", "to": "/coffee/" }]);
    let request = b.w.request(&b.w.a.owner, Method::PUT, &path).header("if-match", etag);
    let (status, answer) = body_of(request.body_json(&settings).send().await).await;
    assert_eq!(status, 200, "{answer}");
    b.publish(&draft).await;
    assert!(b.found("deep_page").await.is_empty());
    let mut dead = b.found("dead_link").await;
    dead.sort();
    assert_eq!(
        dead,
        [
            pair("/", &[]),
            pair("/", &["/blog/new-name/"]),
            pair("/", &["/coffee/"])
        ]
    );
    let items = b.get("links/report?kind=dead_link").await["items"].clone();
    assert!(
        items
            .as_array()
            .unwrap()
            .iter()
            .any(|item| item["in_menu"] == true && item["href"] == "/lost")
    );

    let map = b.get(&format!("links/map?cluster={}", b.cluster)).await;
    let nodes = map["nodes"].as_array().unwrap();
    assert_eq!((map["pages"].as_u64(), nodes.len()), (Some(3), 3), "{map}");
    let coffee = nodes.iter().find(|node| node["path"] == "/coffee/").unwrap();
    assert_eq!(
        (&coffee["cluster_role"], &coffee["clicks"], &coffee["content_type"]),
        (&json!("hub"), &json!(1), &json!("page"))
    );
    let edges = map["edges"].as_array().unwrap();
    assert_eq!(edges.len(), 3, "{map}");
    assert!(edges.iter().all(|edge| edge["count"] == 1 && edge["anchor"] != ""));
    let map = b.get("links/map?limit=2").await;
    assert_eq!((map["nodes"].as_array().unwrap().len(), &map["pages"]), (2, &json!(11)));

    // Nobody else's.
    for rest in ["links/report", "links/map", "links"] {
        assert_eq!(b.w.get(&b.w.b.owner, &b.path(rest)).await.0, 404, "{rest}");
        let second = format!("/sites/{}/{rest}", b.w.a.sites[1]);
        assert_eq!(b.w.get(&b.w.a.editor, &second).await.0, 404, "{rest} without a grant");
    }
}

#[tokio::test]
async fn a_report_follows_every_change() {
    let b = Blog::new().await;
    let mills = b.post("Mills", "About mills.", json!({ "slug": "mills" })).await;
    let beans = b
        .post("Beans", "See [mills](/blog/mills/).", json!({ "slug": "beans" }))
        .await;
    // Path and title of each, twice the same.
    let orphans = async || {
        let report = b.get("links/report?kind=orphan").await;
        assert_eq!(b.get("links/report?kind=orphan").await, report);
        let mut found: Vec<String> = report["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| {
                let text = |field: &str| item["page"][field].as_str().unwrap_or_default();
                format!("{} {}", text("path"), text("title"))
            })
            .collect();
        found.sort();
        found
    };
    assert_eq!(orphans().await, ["/blog/beans/ Beans"]);
    b.change(&beans, json!({ "title": "All beans" })).await;
    assert_eq!(orphans().await, ["/blog/beans/ All beans"]);
    b.change(&beans, json!({ "body": "See nothing." })).await;
    assert_eq!(orphans().await, ["/blog/beans/ All beans", "/blog/mills/ Mills"]);
    b.change(&mills, json!({ "slug": "grinders" })).await;
    assert_eq!(orphans().await, ["/blog/beans/ All beans", "/blog/grinders/ Mills"]);
    b.post("Kettles", "See [mills](/blog/mills/).", json!({ "slug": "kettles" }))
        .await;
    assert_eq!(orphans().await, ["/blog/beans/ All beans", "/blog/kettles/ Kettles"]);
    let path = b.path(&format!("content/{beans}"));
    let rev = b.rev(&beans).await;
    assert_eq!(b.w.delete(&b.w.a.owner, &path, rev).await.0, 204);
    assert_eq!(orphans().await, ["/blog/kettles/ Kettles"]);
}

#[tokio::test]
async fn a_link_is_suggested_put_in_seen_by_visitors_and_taken_out() {
    let b = Blog::new().await;
    let [grinders, ratio, kettles, hub] = b.coffee().await;
    let body = routine();
    let source = b.post("Morning routine", &body, b.role("supporting")).await;
    let rest = format!("content/{source}/links");
    let answer = b.get(&format!("{rest}/suggestions")).await;
    assert_eq!(answer["groups"][0]["cluster_role"], "hub", "{answer}");
    assert_eq!(answer["groups"][1]["cluster_role"], "supporting", "{answer}");
    let found = suggested(&answer);
    let targets: Vec<&str> = found.iter().map(|s| s["target"].as_str().unwrap()).collect();
    assert!(
        targets.contains(&hub.as_str()) && targets.contains(&grinders.as_str()) && targets.contains(&ratio.as_str())
    );
    // It is named nowhere, and the heading is no place for a link.
    assert!(!targets.contains(&kettles.as_str()));
    for suggestion in &found {
        let at = usize::try_from(suggestion["at"].as_u64().unwrap()).unwrap();
        let length = usize::try_from(suggestion["length"].as_u64().unwrap()).unwrap();
        assert_eq!(&body[at..at + length], suggestion["anchor"].as_str().unwrap());
        assert!(
            suggestion["context"]
                .as_str()
                .unwrap()
                .contains(suggestion["anchor"].as_str().unwrap())
        );
        assert!(suggestion["score"].as_f64().unwrap() > 0.0 && suggestion["reason"].as_str().unwrap().len() > 10);
    }

    let wishes: Vec<Value> = found.iter().map(wish).collect();
    let body_in = json!({ "links": wishes });
    let rev = b.rev(&source).await;
    let etag = format!("\"{rev}\"");
    for (who, etag, status) in [
        (&b.w.a.viewer, etag.as_str(), 403),
        (&b.w.b.owner, etag.as_str(), 404),
        (&b.w.a.editor, "\"99\"", 412),
    ] {
        assert_eq!(b.post_with(who, &rest, etag, body_in.clone()).await.0, status);
    }
    assert_eq!(b.w.post(&b.w.a.editor, &b.path(&rest), body_in.clone()).await.0, 428);
    let second = format!("/sites/{}/content/{source}/links", b.w.a.sites[1]);
    assert_eq!(b.w.post(&b.w.a.editor, &second, body_in.clone()).await.0, 404);

    let applied = b.apply(&source, json!(wishes)).await;
    assert_eq!(applied["applied"], found.len(), "{applied}");
    let after = b.content(&source).await;
    let text = after["body"].as_str().unwrap();
    assert!(text.contains("[burr grinder](/blog/burr-grinder-guide/)"), "{text}");
    assert!(text.contains("## Cold brew ratio\n") && text.contains("```\nburr grinder\n```"));
    assert_eq!(after["revision"], 2);
    // Again: nothing changes.
    let again = b.apply(&source, json!(wishes)).await;
    assert_eq!(again["applied"], 0);
    let results = again["results"].as_array().unwrap();
    assert!(
        results
            .iter()
            .all(|r| r["ok"] == true && r["code"] == "already" && r["link"].is_string()),
        "{again}"
    );
    assert_eq!(b.content(&source).await["revision"], 2);
    assert!(
        suggested(&b.get(&format!("{rest}/suggestions?limit=50")).await)
            .iter()
            .all(|s| !targets.contains(&s["target"].as_str().unwrap()))
    );

    b.w.run_jobs().await;
    let answer = b.w.http.get("/sites/site-a0/blog/morning-routine/").send().await;
    let html = answer.0.into_body().into_string().await.unwrap();
    assert!(
        html.contains("href=\"/sites/site-a0/blog/burr-grinder-guide/\""),
        "{html}"
    );

    let links = b.get(&rest).await;
    assert_eq!(links["outbound_total"], found.len(), "{links}");
    assert!(
        links["outbound"]
            .as_array()
            .unwrap()
            .iter()
            .all(|l| l["link"].is_string() && l["why"].is_null())
    );
    let inbound = b.get(&format!("content/{grinders}/links")).await;
    assert_eq!(inbound["inbound"][0]["page"]["content"], source, "{inbound}");

    // One by one out again: the text is what it was.
    for result in applied["results"].as_array().unwrap() {
        let undo = b.path(&format!("{rest}/{}/undo", result["link"].as_str().unwrap()));
        assert_eq!(b.w.post(&b.w.a.viewer, &undo, json!({})).await.0, 403);
        assert_eq!(b.w.post(&b.w.b.owner, &undo, json!({})).await.0, 404);
        for _ in 0..2 {
            let (status, undone) = b.w.post(&b.w.a.editor, &undo, json!({})).await;
            assert_eq!(
                (status.as_u16(), &undone["status"]),
                (200, &json!("undone")),
                "{undone}"
            );
        }
    }
    assert_eq!(b.content(&source).await["body"], body);
    assert_eq!(b.links("status=undone").await.len(), found.len());
}

#[tokio::test]
async fn a_link_follows_what_becomes_of_its_text() {
    let b = Blog::new().await;
    let [grinders, _, _, hub] = b.coffee().await;
    let source = b.post("Morning routine", &routine(), b.role("supporting")).await;
    let rest = format!("content/{source}/links");
    let applied = b
        .apply(
            &source,
            json!([{ "target": grinders, "anchor": "burr grinder" }, { "target": hub, "anchor": "coffee at home" }]),
        )
        .await;
    assert_eq!(applied["applied"], 2, "{applied}");
    let with_both = b.content(&source).await["body"].as_str().unwrap().to_owned();
    let link = |n: usize| applied["results"][n]["link"].as_str().unwrap().to_owned();

    // Somebody writes before and behind it.
    b.change(
        &source,
        json!({ "body": format!("A new beginning.\n\n{with_both}\n\nAnd an end.") }),
    )
    .await;
    assert_eq!(b.links("status=applied").await.len(), 2);
    let undo = b.path(&format!("{rest}/{}/undo", link(0)));
    assert_eq!(b.w.post(&b.w.a.editor, &undo, json!({})).await.0, 200);
    let text = b.content(&source).await["body"].as_str().unwrap().to_owned();
    let unlinked = with_both.replace("[burr grinder](/blog/burr-grinder-guide/)", "burr grinder");
    assert_eq!(text, format!("A new beginning.\n\n{unlinked}\n\nAnd an end."));

    // Somebody takes the other one out by hand, and a revision brings it back.
    let revision = b.content(&source).await["revision"].as_i64().unwrap();
    b.change(&source, json!({ "body": routine() })).await;
    let gone = b.links("status=gone").await;
    assert_eq!((gone.len(), &gone[0]["id"]), (1, &json!(link(1))), "{gone:?}");
    let undo = b.path(&format!("{rest}/{}/undo", link(1)));
    let (status, problem) = b.w.post(&b.w.a.editor, &undo, json!({})).await;
    assert_eq!((status.as_u16(), &problem["code"]), (422, &json!("not_applied")));
    let rev = format!("\"{}\"", b.rev(&source).await);
    let restore = format!("content/{source}/revisions/{revision}/restore");
    assert_eq!(b.post_with(&b.w.a.editor, &restore, &rev, json!({})).await.0, 200);
    assert_eq!(b.links("status=applied").await[0]["id"], link(1));
    // The same pair has one row, whatever becomes of it.
    b.apply(&source, json!([{ "target": grinders, "anchor": "burr grinder" }]))
        .await;
    let rows = b.links("").await;
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert!(
        rows.iter()
            .all(|row| row["status"] == "applied" && row["source_title"] == "Morning routine")
    );
}

#[tokio::test]
async fn what_breaks_a_rule_says_why() {
    let b = Blog::new().await;
    let [grinders, ratio, _, hub] = b.coffee().await;
    let draft = b.draft("Moka pot", "A moka pot.", json!({})).await;
    let theirs = format!("/sites/{}/content", b.w.b.sites[0]);
    let foreign = json!({ "content_type": "post", "title": "Theirs" });
    let foreign = id(&b.w.post(&b.w.b.owner, &theirs, foreign).await.1);
    let text = format!(
        "## A burr grinder here\n\nThe `burr grinder` of code. A moka pot is old. {} See [coffee](/blog/coffee-at-home/).",
        filler(320)
    );
    let hidden = b
        .post("Moka secrets", "A moka pot.", json!({ "indexable": false }))
        .await;
    let elsewhere = json!({ "canonical_url": "https://example.com/moka/" });
    let copy = b.post("Moka copied", "A moka pot.", elsewhere).await;
    let source = b.post("Rules", &text, json!({ "primary_keyword": "moka pot" })).await;
    let results = b
        .apply(
            &source,
            json!([
                { "target": grinders, "anchor": "burr grinder" },
                { "target": draft, "anchor": "moka pot" },
                { "target": foreign, "anchor": "moka pot" },
                { "target": source, "anchor": "moka pot" },
                { "target": hub, "anchor": "Rain falls" },
                { "target": ratio, "anchor": "moka pot" },
                { "target": ratio, "anchor": "rain" },
                { "target": hidden, "anchor": "moka pot" },
                { "target": copy, "anchor": "moka pot" },
            ]),
        )
        .await;
    let codes: Vec<&str> = results["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["code"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(
        codes,
        [
            "not_found",
            "not_published",
            "not_found",
            "own_page",
            "already",
            "own_keyphrase",
            "not_found",
            "do_not_link",
            "do_not_link",
        ],
        "{results}"
    );
    assert_eq!(b.content(&source).await["body"], text);
    assert_eq!(b.content(&source).await["revision"], 1, "nothing was changed");
    // A draft is never offered, and what a button leads to is linked already.
    let button =
        json!([{ "type": "cta", "text": "", "links": [{ "label": "Go", "url": "/blog/burr-grinder-guide/" }] }]);
    let body = format!("A good burr grinder and a moka pot. {}", filler(600));
    let other = b.post("Beside", &body, json!({ "blocks": button })).await;
    let found = suggested(&b.get(&format!("content/{other}/links/suggestions?limit=50")).await);
    assert!(
        found
            .iter()
            .all(|s| s["target"] != json!(draft) && s["target"] != json!(grinders)),
        "{found:?}"
    );
    // One link for each hundred words.
    let short = b.post("Short", "A burr grinder and nothing else.", json!({})).await;
    let result = b
        .apply(&short, json!([{ "target": grinders, "anchor": "burr grinder" }]))
        .await;
    assert_eq!(result["results"][0]["code"], "too_many", "{result}");
    assert_eq!(b.get(&format!("content/{short}/links/suggestions")).await["room"], 0);
}

#[tokio::test]
async fn the_anchors_of_a_site_lead_to_one_page_each_and_differ() {
    let b = Blog::new().await;
    let [grinders, ratio, kettles, _] = b.coffee().await;
    let text = format!(
        "We grind with a good burr grinder. {} The ratio of cold brew matters. {}",
        filler(200),
        filler(200)
    );
    let mut sources = Vec::new();
    for n in 0..4 {
        sources.push(b.post(&format!("Morning {n}"), &text, json!({})).await);
    }
    let burr = json!([{ "target": grinders, "anchor": "burr grinder" }]);
    for source in &sources[..2] {
        assert_eq!(b.apply(source, burr.clone()).await["applied"], 1);
    }
    // Of five links more than two would be alike; what leads to one page leads to no other, now or with the same request.
    let wishes = json!([
        { "target": grinders, "anchor": "burr grinder" },
        { "target": kettles, "anchor": "burr grinder" },
        { "target": ratio, "anchor": "cold brew" },
        { "target": kettles, "anchor": "cold brew" },
    ]);
    let refused = b.apply(&sources[2], wishes).await;
    let results: Vec<(&Value, &Value)> = refused["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (&r["ok"], &r["code"]))
        .collect();
    assert_eq!(
        results,
        [
            (&json!(false), &json!("monotonous")),
            (&json!(false), &json!("competing")),
            (&json!(true), &Value::Null),
            (&json!(false), &json!("competing")),
        ],
        "{refused}"
    );
    for (place, help) in [(0, "choose other words of the text"), (1, "take those links out first")] {
        let detail = refused["results"][place]["detail"].as_str().unwrap_or_default();
        assert!(detail.contains(help), "{refused}");
    }
    // Other words for the same page are welcome, and what another source's link frees can be used again.
    let other = json!([{ "target": grinders, "anchor": "good burr grinder" }]);
    assert_eq!(b.apply(&sources[2], other).await["applied"], 1);
    let links = b.links(&format!("target={grinders}&status=applied")).await;
    let first = links.iter().find(|link| link["source"] == json!(sources[0])).unwrap();
    let undo = b.path(&format!("content/{}/links/{}/undo", sources[0], id(first)));
    assert_eq!(b.w.post(&b.w.a.editor, &undo, json!({})).await.0, 200);
    assert_eq!(b.apply(&sources[3], burr).await["applied"], 1);
    // What is in the text keeps the rules when it is put in by id, too: the first one's place is taken.
    let bulk = json!({ "action": "apply", "ids": [id(first)] });
    let (_, done) = b.w.post(&b.w.a.editor, &b.path("links/bulk"), bulk).await;
    assert_eq!(
        (&done["failed"], &done["results"][0]["code"]),
        (&json!(1), &json!("monotonous")),
        "{done}"
    );
}

#[tokio::test]
async fn html_and_other_languages_are_linked() {
    let b = Blog::new().await;
    let [grinders, ..] = b.coffee().await;
    let html = format!(
        "<h2>burr grinder</h2>\n<p class=\"x\">A burr grinder&nbsp;is good. {}</p>\n<pre>burr grinder</pre>",
        filler(200)
    );
    let source = b.post("Imported", &html, json!({ "body_format": "html" })).await;
    let applied = b
        .apply(&source, json!([{ "target": grinders, "anchor": "burr grinder" }]))
        .await;
    let linked = html.replace(
        "A burr grinder",
        "A <a href=\"/blog/burr-grinder-guide/\">burr grinder</a>",
    );
    assert_eq!(b.content(&source).await["body"], linked, "{applied}");
    let link = applied["results"][0]["link"].as_str().unwrap();
    let undo = b.path(&format!("content/{source}/links/{link}/undo"));
    assert_eq!(b.w.post(&b.w.a.editor, &undo, json!({})).await.0, 200);
    assert_eq!(b.content(&source).await["body"], html);

    for (language, title, slug, text, anchor) in [
        (
            "de",
            "Kaffeemühlen reinigen",
            "kaffeemuehlen",
            "Man sollte oft die Kaffeemühle reinigen.",
            "Kaffeemühle reinigen",
        ),
        (
            "tr",
            "Kahve değirmeni seçimi",
            "kahve-degirmeni",
            "Yeni bir kahve değirmeni aldık.",
            "kahve değirmeni",
        ),
    ] {
        let cluster = b.new_cluster(title).await;
        let of = |role: &str| json!({ "language": language, "cluster": cluster, "cluster_role": role });
        let mut hub = of("hub");
        hub["slug"] = json!(slug);
        let hub = b.post(title, title, hub).await;
        for n in 10..15 {
            b.post(&format!("{language} {n}"), "21 22 23.", json!({ "language": language }))
                .await;
        }
        let body = format!("{text} {}", "30 31 32 33. ".repeat(80));
        let source = b.post(&format!("{language} 20"), &body, of("supporting")).await;
        let found = suggested(&b.get(&format!("content/{source}/links/suggestions")).await);
        assert_eq!(
            (found.len(), &found[0]["target"], &found[0]["anchor"]),
            (1, &json!(hub), &json!(anchor)),
            "{found:?}"
        );
        b.apply(&source, json!([wish(&found[0])])).await;
        let linked = body.replace(anchor, &format!("[{anchor}](/{language}/blog/{slug}/)"));
        assert_eq!(b.content(&source).await["body"], linked);
    }
}

#[tokio::test]
async fn links_to_a_new_page_are_suggested_from_others() {
    let b = Blog::new().await;
    let sources = b.coffee().await;
    for (n, source) in sources.iter().enumerate() {
        let body = b.content(source).await["body"].as_str().unwrap().to_owned();
        b.change(
            source,
            json!({ "body": format!("{body} A moka pot is {n} years old here. {}", filler(200)) }),
        )
        .await;
    }
    let new = b
        .draft("Moka pot", "The moka pot boils water upwards.", b.role("supporting"))
        .await;
    let rest = format!("content/{new}/links/suggestions?to=this");
    assert!(
        suggested(&b.get(&rest).await).is_empty(),
        "nobody can follow a link to a draft"
    );
    b.publish(&new).await;
    let found = suggested(&b.get(&rest).await);
    assert!(found.len() >= 2, "{found:?}");
    assert!(found.iter().all(|s| s["target"] == json!(new)), "{found:?}");
    let alike = found.iter().filter(|s| s["anchor"] == "moka pot").count();
    assert!(alike <= 2, "anchors are a mix: {found:?}");
    assert_eq!(found[0]["page"]["content"], sources[3], "the hub first");

    // All of them at once, each source one change.
    let links: Vec<Value> = found
        .iter()
        .map(|s| json!({ "source": s["source"], "target": s["target"], "anchor": s["anchor"], "at": s["at"] }))
        .collect();
    let (status, done) =
        b.w.post(&b.w.a.editor, &b.path("links/apply"), json!({ "links": links }))
            .await;
    assert_eq!((status.as_u16(), &done["done"]), (200, &json!(found.len())), "{done}");
    assert_eq!(
        b.get(&format!("content/{new}/links")).await["inbound_total"],
        found.len()
    );
    assert!(
        b.found("orphan")
            .await
            .iter()
            .all(|(page, _)| page != "/blog/moka-pot/")
    );
}

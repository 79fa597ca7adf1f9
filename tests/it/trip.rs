//! A site on its way from keywords to pages that visitors get, for the tests that follow it, and those pages as browsers read them.

use std::cell::RefCell;
use std::collections::BTreeSet;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{BufferQueue, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts, states};
use igny8_data::Role;
use igny8_server::testing::{Member, World, body_of};
use poem::http::Method;
use serde_json::{Value, json};

/// A start tag as a browser reads it, with the text up to the next one.
pub struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    pub text: String,
}

impl Element {
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

#[derive(Default)]
struct Reader(RefCell<Vec<Element>>);

impl TokenSink for Reader {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        match token {
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => {
                let attributes = tag.attrs.iter();
                let element = Element {
                    name: tag.name.to_string(),
                    attributes: attributes
                        .map(|a| (a.name.local.to_string(), a.value.to_string()))
                        .collect(),
                    text: String::new(),
                };
                let inside = match element.name.as_str() {
                    "script" => TokenSinkResult::RawData(states::RawKind::ScriptData),
                    "style" => TokenSinkResult::RawData(states::RawKind::Rawtext),
                    "title" | "textarea" => TokenSinkResult::RawData(states::RawKind::Rcdata),
                    _ => TokenSinkResult::Continue,
                };
                self.0.borrow_mut().push(element);
                inside
            }
            Token::CharacterTokens(text) => {
                if let Some(last) = self.0.borrow_mut().last_mut() {
                    last.text.push_str(&text);
                }
                TokenSinkResult::Continue
            }
            _ => TokenSinkResult::Continue,
        }
    }
}

/// What a visitor gets.
pub struct Page {
    pub status: u16,
    /// Where it has moved to.
    pub location: String,
    pub text: String,
    elements: Vec<Element>,
}

impl Page {
    pub fn all(&self, name: &str) -> impl Iterator<Item = &Element> {
        self.elements.iter().filter(move |element| element.name == name)
    }

    /// The text of the only element of a name.
    pub fn only(&self, name: &str) -> &str {
        let all: Vec<&Element> = self.all(name).collect();
        assert_eq!(all.len(), 1, "{name} in {}", self.text);
        all[0].text.trim()
    }

    /// An attribute of the first element of a name that has another one.
    pub fn of(&self, name: &str, (key, value): (&str, &str), wanted: &str) -> &str {
        let found = self.all(name).find(|element| element.attribute(key) == Some(value));
        let found = found.unwrap_or_else(|| panic!("{name} with {key}={value} in {}", self.text));
        found.attribute(wanted).unwrap_or_default()
    }

    pub fn canonical(&self) -> &str {
        self.of("link", ("rel", "canonical"), "href")
    }

    pub fn links_to(&self, address: &str) -> bool {
        self.all("a").any(|link| link.attribute("href") == Some(address))
    }

    /// What its template calls itself.
    pub fn template(&self) -> &str {
        let classes = self.of("body", ("id", "top"), "class");
        classes.split(" layout-").next().unwrap_or_default()
    }

    /// The nodes of its structured data.
    pub fn graph(&self) -> Vec<Value> {
        let mut scripts = self.all("script");
        let data = scripts.find(|script| script.attribute("type") == Some("application/ld+json"));
        let data: Value = serde_json::from_str(&data.expect("structured data").text).unwrap();
        assert_eq!(data["@context"], "https://schema.org");
        data["@graph"].as_array().unwrap().clone()
    }

    pub fn node(&self, kind: &str) -> Value {
        let graph = self.graph();
        let found = graph.iter().find(|node| node["@type"] == kind);
        found.unwrap_or_else(|| panic!("no {kind} in {graph:#?}")).clone()
    }

    /// What of it a browser would run, or be led away by, that no template of ours has written.
    pub fn runs(&self) -> Vec<String> {
        let mut found = Vec::new();
        for element in &self.elements {
            let name = element.name.as_str();
            let own = match name {
                "script" => {
                    let file = element.attribute("src").unwrap_or_default();
                    element.attribute("type") == Some("application/ld+json")
                        || file.contains("/assets/")
                        || file.ends_with("~preview.js")
                }
                "form" => element.attribute("role") == Some("search"),
                "style" | "iframe" | "object" | "embed" | "base" | "svg" | "math" => false,
                "meta" => element.attribute("http-equiv").is_none(),
                _ => true,
            };
            if !own {
                found.push(format!("<{name}>"));
            }
            for (key, value) in &element.attributes {
                let seen: String = value
                    .chars()
                    .filter(|c| !c.is_whitespace() && !c.is_control())
                    .collect();
                let seen = seen.to_lowercase();
                let scheme = ["javascript:", "data:", "vbscript:"]
                    .iter()
                    .any(|s| seen.starts_with(s));
                if key.starts_with("on") || key == "style" || key == "srcdoc" || scheme {
                    found.push(format!("{name} {key}={value}"));
                }
            }
        }
        found
    }
}

pub fn id(value: &Value) -> String {
    value["id"]
        .as_str()
        .unwrap_or_else(|| panic!("an id: {value}"))
        .to_owned()
}

fn texts(keywords: &Value) -> BTreeSet<String> {
    let all = keywords.as_array().unwrap().iter();
    all.map(|keyword| {
        let text = keyword.as_str().or(keyword["text"].as_str());
        text.unwrap_or_else(|| panic!("a keyword: {keyword}")).to_owned()
    })
    .collect()
}

pub fn check<'r>(report: &'r Value, name: &str) -> &'r Value {
    let mut checks = report["checks"].as_array().unwrap().iter();
    checks.find(|check| check["id"] == name).expect("a check")
}

/// The text as its editor leaves it: words in the place of the notes, `mention` in the first of them.
fn mended(body: &str, words: &str, mention: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let (mut in_note, mut notes) = (false, 0);
    for line in body.lines() {
        let quoted = line.starts_with('>');
        if quoted && !in_note {
            notes += 1;
            lines.push(match notes {
                1 => format!("{mention} {words}"),
                _ => words.to_owned(),
            });
        }
        if !quoted {
            lines.push(line.to_owned());
        }
        in_note = quoted;
    }
    lines.join("\n") + "\n"
}

pub const ENGLISH: &str = "Good results come from small steps that are taken with care. First look at what you have, then at \
    what is missing, and write both down. Water, time and temperature decide more than any tool does. Try one change at a \
    time, so that you know what made the difference. Keep what works and let go of the rest. After a week the right habit is \
    easier than the wrong one, and it costs nothing. Ask somebody else to try it, too, since two people notice more than \
    one. Most mistakes are small and easy to mend.";

/// A page from its idea on.
pub struct Drafted {
    pub idea: Value,
    pub task: Value,
    pub content: Value,
}

/// A site with a host of its own, and credits for all that is done there.
pub struct Trip<'a> {
    pub w: &'a World,
    /// `/sites/site_…`
    pub site: String,
    pub host: &'static str,
    pub sector: String,
}

impl<'a> Trip<'a> {
    pub async fn new(w: &'a World, host: &'static str, more: Value) -> Self {
        let site = format!("/sites/{}", w.a.sites[0]);
        w.give_domain(&w.a, w.a.sites[0], host).await;
        if more != json!({}) {
            let (status, answer) = w.patch(&w.a.owner, &site, 2, more).await;
            assert_eq!(status, 200, "{answer}");
        }
        let operator = Member::make(&w.app, w.b.account, Role::Developer, "ops").await;
        let credits = json!({ "kind": "purchase", "amount": 900, "description": "Invoice 1", "reference": "1" });
        let path = format!("/system/accounts/{}/credits", w.a.account);
        let (status, answer) = w.post(&operator, &path, credits).await;
        assert_eq!(status, 200, "{answer}");
        let mut trip = Self {
            w,
            site,
            host,
            sector: String::new(),
        };
        let sector = json!({ "name": "All" });
        trip.sector = id(&trip.made(&w.a.owner, "sectors", sector).await);
        trip
    }

    pub fn path(&self, rest: &str) -> String {
        format!("{}/{rest}", self.site)
    }

    pub async fn made(&self, who: &Member, kind: &str, body: Value) -> Value {
        let (status, made) = self.w.post(who, &self.path(kind), body).await;
        assert_eq!(status, 201, "{made}");
        made
    }

    pub async fn get(&self, rest: &str) -> Value {
        let (status, answer) = self.w.get(&self.w.a.viewer, &self.path(rest)).await;
        assert_eq!(status, 200, "{rest}: {answer}");
        answer
    }

    pub async fn list(&self, rest: &str) -> Vec<Value> {
        self.get(rest).await["items"].as_array().unwrap().clone()
    }

    /// What an editor asks for.
    pub async fn ask(&self, rest: &str, body: Value) -> Value {
        let (status, answer) = self.w.post(&self.w.a.editor, &self.path(rest), body).await;
        assert!(status.is_success(), "{rest}: {status} {answer}");
        answer
    }

    /// A write to what is there now, as `of` names it.
    pub async fn write(&self, who: &Member, method: Method, rest: &str, of: &str, body: Value) -> (u16, Value) {
        let read = self
            .w
            .request(&self.w.a.owner, Method::GET, &self.path(of))
            .send()
            .await;
        let etag = read.0.headers()["etag"].to_str().unwrap().to_owned();
        let request = self.w.request(who, method, &self.path(rest)).header("if-match", etag);
        let (status, answer) = body_of(request.body_json(&body).send().await).await;
        (status.as_u16(), answer)
    }

    /// An editor's change.
    pub async fn change(&self, rest: &str, body: Value) -> Value {
        let (status, answer) = self.write(&self.w.a.editor, Method::PATCH, rest, rest, body).await;
        assert_eq!(status, 200, "{rest}: {answer}");
        answer
    }

    pub async fn set_status(&self, who: &Member, content: &str, status: &str) -> (u16, Value) {
        let of = format!("content/{content}");
        let body = json!({ "status": status });
        self.write(who, Method::POST, &format!("{of}/status"), &of, body).await
    }

    /// Through all hands: its editor, who approves it, its editor.
    pub async fn publish(&self, content: &str) {
        let (editor, admin) = (&self.w.a.editor, &self.w.a.admin);
        for (who, status) in [(editor, "review"), (admin, "approved"), (editor, "published")] {
            let (code, answer) = self.set_status(who, content, status).await;
            assert_eq!((code, &answer["status"]), (200, &json!(status)), "{answer}");
        }
    }

    /// Publishes what lacks something, as an admin may.
    pub async fn force(&self, contents: &[String]) {
        let body = json!({ "action": "status", "status": "published", "force": true, "ids": contents });
        let (_, bulk) = self.w.post(&self.w.a.admin, &self.path("content/bulk"), body).await;
        assert_eq!(bulk["done"], contents.len(), "{bulk}");
    }

    pub async fn result_of(&self, job: &Value) -> Value {
        let path = format!("/jobs/{}", job.as_str().unwrap());
        let (_, job) = self.w.get(&self.w.a.editor, &path).await;
        assert_eq!(job["state"], "done", "{job}");
        job["result"].clone()
    }

    pub async fn run(&self, function: &str, input: Value) -> Value {
        let task = self.ask(&format!("ai/{function}"), json!({ "input": input })).await;
        self.w.run_jobs().await;
        self.result_of(&task["job"]).await
    }

    pub async fn visit(&self, path: &str) -> Page {
        let answer = self.w.http.get(path).header("host", self.host).send().await;
        let status = answer.0.status().as_u16();
        let location = answer.0.headers().get("location");
        let location = location.map_or(String::new(), |to| to.to_str().unwrap().to_owned());
        let text = answer.0.into_body().into_string().await.unwrap();
        let queue = BufferQueue::default();
        queue.push_back(StrTendril::from_slice(&text));
        let tokenizer = Tokenizer::new(Reader::default(), TokenizerOpts::default());
        while !matches!(tokenizer.feed(&queue), html5ever::TokenizerResult::Done) {}
        tokenizer.end();
        Page {
            status,
            location,
            text,
            elements: tokenizer.sink.0.into_inner(),
        }
    }

    /// The deployment that visitors get, which found nothing wrong.
    pub async fn live(&self) -> Value {
        let live = self.get("deployments/live").await;
        let log = live["log"].as_array().unwrap();
        assert!(log.iter().all(|line| line["level"] != "error"), "{live}");
        assert_eq!(live["status"], "deployed", "{live}");
        live
    }

    pub async fn import(&self, csv: &str) -> Value {
        let file = format!(
            "--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"keywords.csv\"\r\ncontent-type: text/csv\r\n\r\n\
             {csv}\r\n--x--\r\n"
        );
        let path = self.path(&format!("keywords/imports?sector={}", self.sector));
        let request = self.w.request(&self.w.a.editor, Method::POST, &path);
        let request = request
            .header("content-type", "multipart/form-data; boundary=x")
            .body(file);
        let (status, asked) = body_of(request.send().await).await;
        assert_eq!(status, 202, "{asked}");
        self.w.run_jobs().await;
        let import = self.get(&format!("keywords/imports/{}", id(&asked))).await;
        assert_eq!(import["state"], "done", "{import}");
        import["report"].clone()
    }

    /// Imports keywords, groups them, makes a category for each cluster, and plans pages. Answers the cluster with most posts, its
    /// category, and its ideas, the hub first.
    pub async fn planned(&self, keywords: &[(String, u32)]) -> (Value, Value, Vec<Value>) {
        let mut csv = "keyword,volume,attributes\n".to_owned();
        for (text, volume) in keywords {
            csv += &format!("{text},{volume},audience=beginners\n");
        }
        let report = self.import(&csv).await;
        assert_eq!(
            (&report["added"], &report["wrong"]),
            (&json!(keywords.len()), &json!(0)),
            "{report}"
        );
        let grouped = self.run("auto_cluster", json!({ "sector": self.sector })).await;
        let clusters = self.list("clusters?limit=200").await;
        assert_eq!(grouped["clusters_created"], clusters.len(), "{grouped}");
        let mut categories = Vec::new();
        for cluster in &clusters {
            let term = json!({ "taxonomy": "blog_category", "name": cluster["name"], "clusters": [cluster["id"]] });
            categories.push(self.made(&self.w.a.editor, "terms", term).await);
        }
        self.run("generate_ideas", json!({ "sector": self.sector })).await;
        let ideas = self.list("ideas?limit=200").await;
        let of = |cluster: &Value, category: &Value| {
            let own: Vec<&Value> = ideas.iter().filter(|idea| idea["cluster"] == cluster["id"]).collect();
            let mut pages: Vec<Value> = Vec::new();
            let is_hub = |idea: &Value| idea["cluster_role"] == "hub" && idea["content_type"] == "page";
            pages.extend(own.iter().find(|idea| is_hub(idea)).map(|idea| (*idea).clone()));
            let posts = own
                .into_iter()
                .filter(|idea| idea["cluster_role"] == "supporting" && idea["content_type"] == "post");
            pages.extend(posts.cloned());
            (cluster.clone(), category.clone(), pages)
        };
        let all = clusters
            .iter()
            .zip(&categories)
            .map(|(cluster, category)| of(cluster, category));
        let with_hub = all.filter(|(_, _, pages)| pages.first().is_some_and(|first| first["cluster_role"] == "hub"));
        let most = with_hub.max_by_key(|(_, _, pages)| pages.len());
        most.unwrap_or_else(|| panic!("no cluster has a hub: {ideas:#?}"))
    }

    /// Makes tasks of ideas and has their drafts written.
    pub async fn drafted(&self, ideas: &[&Value]) -> Vec<Drafted> {
        let ids: Vec<&Value> = ideas.iter().map(|idea| &idea["id"]).collect();
        let queue = json!({ "action": "queue", "ids": ids, "assignee": self.w.a.editor.id.to_string() });
        let queued = self.ask("ideas/bulk", queue).await;
        assert_eq!(
            (&queued["done"], &queued["failed"]),
            (&json!(ids.len()), &json!(0)),
            "{queued}"
        );
        let mut tasks = Vec::new();
        for idea in ideas {
            let idea = self.get(&format!("ideas/{}", id(idea))).await;
            assert_eq!(idea["status"], "queued", "{idea}");
            tasks.push(idea["task"].clone());
        }
        let asked = self.ask("tasks/generate", json!({ "ids": tasks })).await;
        assert_eq!(asked["queued"], tasks.len(), "{asked}");
        self.w.run_jobs().await;
        let mut pages = Vec::new();
        for (n, idea) in ideas.iter().enumerate() {
            let result = self.result_of(&asked["results"][n]["job"]).await;
            let task = self.get(&format!("tasks/{}", tasks[n].as_str().unwrap())).await;
            assert_eq!(
                (&task["status"], &task["content"], &task["assignee"]),
                (
                    &json!("completed"),
                    &result["content"],
                    &json!(self.w.a.editor.id.to_string())
                ),
                "{task}"
            );
            pages.push(Drafted {
                idea: self.get(&format!("ideas/{}", id(idea))).await,
                content: self
                    .get(&format!("content/{}", task["content"].as_str().unwrap()))
                    .await,
                task,
            });
        }
        pages
    }

    /// What an editor makes of a draft: words where the notes were.
    pub async fn mend(&self, content: &str, words: &str, mention: &str) -> Value {
        let rest = format!("content/{content}");
        let row = self.get(&rest).await;
        let answered = |faq: &Value| json!({ "question": faq["question"], "answer": words });
        let faq: Vec<Value> = row["faq"].as_array().unwrap().iter().map(answered).collect();
        let body = mended(row["body"].as_str().unwrap(), words, mention);
        self.change(&rest, json!({ "body": body, "faq": faq })).await
    }

    /// Posts about other things, so that words can tell a page from others.
    pub async fn other_posts(&self) {
        let mut posts = Vec::new();
        for n in 0..8 {
            let body = json!({ "content_type": "post", "title": format!("Rain in week {n}"), "body": "It rained on the harbour today." });
            posts.push(id(&self.made(&self.w.a.editor, "content", body).await));
        }
        self.force(&posts).await;
    }
}

/// What was planned for a page is said by its task, its text and its row.
pub fn assert_carried(page: &Drafted) {
    let Drafted { idea, task, content } = page;
    assert_eq!(idea["status"], "completed", "{idea}");
    for field in [
        "title",
        "cluster",
        "cluster_role",
        "content_type",
        "content_structure",
        "terms",
        "attributes",
    ] {
        assert!(!idea[field].is_null(), "{field}: {idea}");
        assert_eq!(idea[field], task[field], "{field}: {task}");
        assert_eq!(idea[field], content[field], "{field}: {content}");
    }
    assert_eq!(
        idea["attributes"],
        json!([{ "name": "audience", "value": "beginners" }]),
        "{idea}"
    );
    assert_eq!(idea["primary_keyword"], task["primary_keyword"]);
    assert_eq!(idea["primary_keyword"]["text"], content["primary_keyword"]);
    let secondary = texts(&idea["secondary_keywords"]);
    assert_eq!(secondary, texts(&task["secondary_keywords"]));
    assert_eq!(secondary, texts(&content["secondary_keywords"]));
}

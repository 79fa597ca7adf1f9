//! Drafts through the real router: made from tasks, written anew, without losing what people wrote.

use igny8_server::testing::fake_provider::{FakeProvider, Received, Reply};
use igny8_server::testing::{Member, Tenant, World};
use serde_json::{Value, json};

/// A site with a cluster of three keywords.
struct Desk<'a> {
    w: &'a World,
    who: &'a Member,
    site: String,
    sector: String,
    cluster: String,
    keywords: Vec<String>,
}

impl<'a> Desk<'a> {
    async fn new(w: &'a World, tenant: &'a Tenant) -> Self {
        let (who, site) = (&tenant.editor, tenant.sites[0].to_string());
        let (_, sector) = w
            .post(
                &tenant.owner,
                &format!("/sites/{site}/sectors"),
                json!({ "name": "All" }),
            )
            .await;
        let mut desk = Self {
            w,
            who,
            site,
            sector: id(&sector),
            cluster: String::new(),
            keywords: Vec::new(),
        };
        desk.cluster = id(&desk
            .made("clusters", json!({ "sector": desk.sector, "name": "Cold brew" }))
            .await);
        for (text, volume) in [
            ("cold brew coffee", 900),
            ("cold brew ratio", 200),
            ("cold brew grind size", 400),
        ] {
            let body = json!({ "sector": desk.sector, "text": text, "volume": volume, "cluster": desk.cluster });
            let keyword = desk.made("keywords", body).await;
            desk.keywords.push(id(&keyword));
        }
        desk
    }

    fn path(&self, rest: &str) -> String {
        format!("/sites/{}/{rest}", self.site)
    }

    async fn made(&self, kind: &str, body: Value) -> Value {
        let (status, made) = self.w.post(self.who, &self.path(kind), body).await;
        assert_eq!(status, 201, "{made}");
        made
    }

    async fn read(&self, path: &str) -> Value {
        let (status, found) = self.w.get(self.who, &self.path(path)).await;
        assert_eq!(status, 200, "{path}: {found}");
        found
    }

    /// A task with an outline of two sections and a question.
    async fn task(&self, content_type: &str, structure: &str, more: Value) -> Value {
        let mut body = json!({
            "sector": self.sector, "title": format!("Cold brew coffee: a {structure}"), "brief": "For beginners.",
            "cluster": self.cluster, "cluster_role": "supporting", "content_type": content_type,
            "content_structure": structure, "primary_keyword": self.keywords[0],
            "secondary_keywords": [self.keywords[1], self.keywords[2]], "word_count": 600,
            "outline": [
                { "heading": "What you need", "points": ["a jar"] },
                { "heading": "Grind and ratio" },
                { "heading": "How long does it keep?", "question": true },
            ],
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.made("tasks", body).await
    }

    async fn start(&self, input: Value) -> (u16, Value) {
        let path = self.path("ai/generate_content");
        let (status, answer) = self.w.post(self.who, &path, json!({ "input": input })).await;
        (status.as_u16(), answer)
    }

    /// Runs the function and answers its job.
    async fn run(&self, input: Value) -> Value {
        let (status, task) = self.start(input).await;
        assert_eq!(status, 202, "{task}");
        self.w.run_jobs().await;
        self.w
            .get(self.who, &format!("/jobs/{}", task["job"].as_str().unwrap()))
            .await
            .1
    }

    /// Runs the function and answers its job, which is done; asked for twice at once, it is refused.
    async fn run_once(&self, input: Value) -> Value {
        let (status, task) = self.start(input.clone()).await;
        assert_eq!(status, 202, "{task}");
        let (status, problem) = self.start(input).await;
        assert_eq!(
            (status, &problem["code"]),
            (409, &json!("written_already")),
            "{problem}"
        );
        self.w.run_jobs().await;
        let (_, job) = self
            .w
            .get(self.who, &format!("/jobs/{}", task["job"].as_str().unwrap()))
            .await;
        assert_eq!(job["state"], "done", "{job}");
        job
    }

    /// Runs it for a task and answers the content.
    async fn draft(&self, task: &Value) -> Value {
        let job = self.run(json!({ "task": task["id"] })).await;
        assert_eq!(job["state"], "done", "{job}");
        self.read(&format!("content/{}", job["result"]["content"].as_str().unwrap()))
            .await
    }

    async fn edit(&self, content: &Value, rev: i64, body: Value) -> Value {
        let path = self.path(&format!("content/{}", id(content)));
        let (status, edited) = self.w.patch(self.who, &path, rev, body).await;
        assert_eq!(status, 200, "{edited}");
        edited
    }
}

fn id(value: &Value) -> String {
    value["id"]
        .as_str()
        .unwrap_or_else(|| panic!("an id: {value}"))
        .to_owned()
}

/// The balance, after checking that the ledger sums to it.
async fn balance(w: &World, tenant: &Tenant) -> i64 {
    let (_, balance) = w.get(&tenant.owner, "/billing/balance").await;
    let total = balance["plan_credits"].as_i64().unwrap() + balance["bonus_credits"].as_i64().unwrap();
    let (_, list) = w.get(&tenant.owner, "/billing/transactions?limit=200").await;
    let amounts = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["amount"].as_i64().unwrap());
    assert_eq!(amounts.sum::<i64>(), total);
    total
}

#[tokio::test]
async fn a_local_draft_says_what_is_known_and_cannot_be_published_as_it_is() {
    let w = World::new().await;
    let d = Desk::new(&w, &w.a).await;
    let before = balance(&w, &w.a).await;
    let kinds = [
        ("post", "guide"),
        ("post", "comparison"),
        ("product", "product_page"),
        ("service", "service_page"),
        ("taxonomy", "category_archive"),
        ("page", "cluster_hub"),
        ("page", "landing_page"),
        ("post", "listicle"),
    ];
    let mut tasks = Vec::new();
    for (content_type, structure) in kinds {
        // Keywords are aimed at by one task of them; the others have none.
        let more = match structure {
            "guide" => json!({}),
            _ => json!({ "primary_keyword": null, "secondary_keywords": [] }),
        };
        tasks.push(d.task(content_type, structure, more).await);
    }
    let ids: Vec<&Value> = tasks.iter().map(|task| &task["id"]).collect();
    let (status, queued) = w.post(d.who, &d.path("tasks/generate"), json!({ "ids": ids })).await;
    assert_eq!((status.as_u16(), &queued["queued"]), (200, &json!(8)), "{queued}");
    w.run_jobs().await;
    let mut bodies = std::collections::BTreeSet::new();
    for (n, task) in tasks.iter().enumerate() {
        let job = &queued["results"][n]["job"];
        let (_, job) = w.get(d.who, &format!("/jobs/{}", job.as_str().unwrap())).await;
        assert_eq!(job["state"], "done", "{job}");
        let task = d.read(&format!("tasks/{}", id(task))).await;
        assert_eq!(
            (&task["status"], &task["content"]),
            (&json!("completed"), &job["result"]["content"])
        );
        let content = d.read(&format!("content/{}", task["content"].as_str().unwrap())).await;
        assert_eq!(
            (
                &content["status"],
                &content["content_type"],
                &content["content_structure"]
            ),
            (&json!("draft"), &json!(kinds[n].0), &json!(kinds[n].1)),
        );
        assert_eq!(
            (&content["cluster"], &content["cluster_role"]),
            (&json!(d.cluster), &json!("supporting"))
        );
        assert!(
            !content["seo_title"].as_str().unwrap().is_empty()
                && !content["meta_description"].as_str().unwrap().is_empty()
        );
        assert_eq!(job["result"]["notes_to_author"], true, "{content}");
        assert!(
            bodies.insert(content["body"].as_str().unwrap().replace(kinds[n].1, "")),
            "two are alike: {content}"
        );
    }
    assert_eq!(balance(&w, &w.a).await, before - 8 * 6);
    // The keywords of the first have content now.
    let keyword = d.read(&format!("keywords/{}", d.keywords[1])).await;
    assert_eq!(keyword["status"], "used");

    let task = d.read(&format!("tasks/{}", id(&tasks[0]))).await;
    let content = d.read(&format!("content/{}", task["content"].as_str().unwrap())).await;
    assert_eq!(content["primary_keyword"], "cold brew coffee");
    assert_eq!(
        content["secondary_keywords"],
        json!(["cold brew grind size", "cold brew ratio"])
    );
    let path = d.path(&format!("content/{}/readiness", id(&content)));
    let (_, ready) = w.get(d.who, &path).await;
    let said = ready.to_string();
    assert!(said.contains("notes to the author"), "{said}");
    let (_, revisions) = w
        .get(d.who, &d.path(&format!("content/{}/revisions", id(&content))))
        .await;
    assert_eq!(revisions["items"][0]["reason"], "generated", "{revisions}");
}

/// An answer with a text under every heading of the part that is asked for.
fn written(request: &Received, text: &str) -> Reply {
    let asked = request.body["messages"][1]["content"].as_str().unwrap();
    let part: Value = between(asked, "<data name=\"part\">", "</data>");
    let page: Value = between(asked, "<data name=\"page\">", "</data>");
    let headings: Vec<Value> = match part["headings"].as_array() {
        Some(headings) => headings.clone(),
        None => page["outline"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|heading| heading["question"] == false)
            .map(|heading| heading["heading"].clone())
            .collect(),
    };
    let mut body = String::new();
    if part.is_null() || part["with_introduction"] == true {
        body += "Cold brew coffee is made with cold water, a good cold brew ratio and a coarse cold brew grind size.\n";
    }
    for heading in headings {
        body += &format!("\n## {}\n\n{}\n", heading.as_str().unwrap(), text.repeat(45));
    }
    Reply::Text(answer(&body).to_string())
}

fn answer(body: &str) -> Value {
    json!({
        "seo_title": "Cold brew coffee for beginners", "meta_description": "How to make cold brew coffee at home.",
        "excerpt": "Cold brew at home.", "body": body,
        "faq": [{ "question": "How long does it keep?", "answer": "A week in the fridge." }],
        "data": { "brand": "Invented", "price": "19.99", "currency": "EUR", "sku": "X-1", "area": "", "price_range": "" },
    })
}

fn between(text: &str, from: &str, to: &str) -> Value {
    let rest = text.split_once(from).unwrap_or_else(|| panic!("{from} in {text}")).1;
    serde_json::from_str(rest.split_once(to).unwrap().0).unwrap()
}

#[tokio::test]
async fn a_provider_writes_and_what_it_makes_up_is_not_taken() {
    let fake = FakeProvider::start().await;
    let w = World::with(|config| fake.allow(config)).await;
    let d = Desk::new(&w, &w.a).await;
    fake.connect(&w, &w.a.owner).await;
    let product = d
        .task(
            "product",
            "product_page",
            json!({ "brief": "The jar JX-100 by Example Glass, 1 litre." }),
        )
        .await;
    let made_up = format!(
        "Cold brew coffee.\n\n## What you need\n\n{}\n\n## Grind and ratio\n\n[More](/blog/made-up/) {}",
        "A jar. ".repeat(150),
        "Coarse. ".repeat(150)
    );
    let without = made_up
        .replace("[More](/blog/made-up/) ", "")
        .replace("## Grind and ratio", "## Something else");
    fake.script([Reply::Text(answer(&made_up).to_string())]);
    fake.answer(|request| written(request, "Use a jar and coarse coffee. "));
    let content = d.draft(&product).await;
    let asked = fake.received();
    assert_eq!(asked.len(), 2, "the link that leads nowhere is asked for once more");
    assert!(
        asked[1].body["messages"][3]["content"]
            .as_str()
            .unwrap()
            .contains("/blog/made-up/")
    );
    assert_eq!(content["seo_title"], "Cold brew coffee for beginners");
    assert_eq!(content["title"], product["title"], "a planned title stays");
    assert_eq!(content["faq"][0]["question"], "How long does it keep?");
    let entity = &content["entity"];
    assert!(
        entity["price"].is_null() && entity["sku"].is_null() && entity["brand"].is_null(),
        "{entity}"
    );
    let brief = d.read(&format!("content/{}/brief", id(&content))).await;
    assert_eq!(
        (&brief["task"], &brief["items"]),
        (&product["id"], &json!([])),
        "{brief}"
    );

    // What a second answer still lacks is told, and not a reason to lose the text.
    let task = d
        .task(
            "post",
            "article",
            json!({ "primary_keyword": null, "secondary_keywords": [] }),
        )
        .await;
    fake.script([
        Reply::Text(answer(&without).to_string()),
        Reply::Text(answer(&without).to_string()),
    ]);
    let job = d.run(json!({ "task": task["id"] })).await;
    assert_eq!(job["state"], "done", "{job}");
    assert!(
        job["result"]["not_as_asked"][0]
            .as_str()
            .unwrap()
            .contains("Grind and ratio"),
        "{job}"
    );

    // The same where the first answer could not even be read.
    let task = d
        .task(
            "post",
            "listicle",
            json!({ "primary_keyword": null, "secondary_keywords": [] }),
        )
        .await;
    fake.script([
        Reply::Text("{ \"seo_title\": \"Cold".into()),
        Reply::Text(answer(&without).to_string()),
    ]);
    let job = d.run(json!({ "task": task["id"] })).await;
    assert_eq!(job["state"], "done", "{job}");
    assert!(
        job["result"]["not_as_asked"].to_string().contains("Grind and ratio"),
        "{job}"
    );

    // An answer that cannot be stored costs nothing.
    let task = d
        .task(
            "post",
            "review",
            json!({ "primary_keyword": null, "secondary_keywords": [] }),
        )
        .await;
    let before = balance(&w, &w.a).await;
    let empty = answer("# Another title\n\nText.").to_string();
    fake.script([Reply::Text(empty.clone()), Reply::Text(empty)]);
    let job = d.run(json!({ "task": task["id"] })).await;
    assert_eq!(job["state"], "failed", "{job}");
    assert_eq!(balance(&w, &w.a).await, before);
    assert_eq!(d.read(&format!("tasks/{}", id(&task))).await["status"], "queued");
}

#[tokio::test]
async fn a_long_page_is_written_in_parts_with_the_tasks_own_prompt() {
    let fake = FakeProvider::start().await;
    let w = World::with(|config| fake.allow(config)).await;
    let d = Desk::new(&w, &w.a).await;
    fake.connect(&w, &w.a.owner).await;
    fake.answer(|request| written(request, "Use a jar and coarse coffee, and wait for a night. "));
    let headings: Vec<Value> = (1..=7)
        .map(|n| json!({ "heading": format!("Part number {n}") }))
        .collect();
    let more = json!({
        "word_count": 6000, "outline": headings, "prompt": "Write like a pirate: {{page}} {{part}}",
    });
    let task = d.task("post", "guide", more).await;
    let content = d.draft(&task).await;
    let asked = fake.received();
    assert_eq!(asked.len(), 4);
    assert!(asked.iter().all(|r| {
        r.body["messages"][1]["content"]
            .as_str()
            .unwrap()
            .starts_with("Write like a pirate")
    }));
    let sections = d.read(&format!("content/{}/sections", id(&content))).await;
    let listed: Vec<&str> = sections["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["heading"].as_str().unwrap())
        .collect();
    let mut expected = vec![String::new()];
    expected.extend((1..=7).map(|n| format!("Part number {n}")));
    assert_eq!(listed, expected);

    let path = d.path(&format!("tasks/{}", id(&task)));
    let rev = 2;
    for (prompt, says) in [
        ("Write {{page}}", "{{part}}"),
        ("{{page}} {{part}} {{colour}}", "colour"),
    ] {
        let (status, problem) = w.patch(d.who, &path, rev, json!({ "prompt": prompt })).await;
        assert_eq!(
            (status.as_u16(), &problem["errors"][0]["field"]),
            (422, &json!("prompt")),
            "{problem}"
        );
        assert!(problem.to_string().contains(says), "{problem}");
    }
}

#[tokio::test]
async fn what_people_wrote_stays() {
    let fake = FakeProvider::start().await;
    let w = World::with(|config| fake.allow(config)).await;
    let d = Desk::new(&w, &w.a).await;
    fake.connect(&w, &w.a.owner).await;
    fake.answer(|request| written(request, "First version of it. "));
    let task = d.task("post", "guide", json!({})).await;
    let content = d.draft(&task).await;
    let path = format!("content/{}", id(&content));

    let body = content["body"]
        .as_str()
        .unwrap()
        .replacen("First version of it.", "My own words, by hand.", 1);
    d.edit(&content, 1, json!({ "body": body, "excerpt": "My excerpt." }))
        .await;
    let sections = d.read(&format!("{path}/sections")).await;
    let generated = |sections: &Value| -> Vec<(String, bool)> {
        let of = |s: &Value| (s["id"].as_str().unwrap().to_owned(), s["generated"] == true);
        sections["items"].as_array().unwrap().iter().map(of).collect()
    };
    let expected = [("", true), ("what you need", false), ("grind and ratio", true)].map(|(id, g)| (id.to_owned(), g));
    assert_eq!(generated(&sections), expected);

    // All of it: the section by hand and the excerpt stay, the rest is new.
    fake.answer(|request| written(request, "Second version of it. "));
    let job = d
        .run(json!({ "content": content["id"], "instructions": "Shorter." }))
        .await;
    assert_eq!(job["state"], "done", "{job}");
    assert_eq!(job["result"]["kept_sections"], json!(["what you need"]), "{job}");
    assert_eq!(job["result"]["kept_fields"], json!(["excerpt"]), "{job}");
    assert!(
        job["result"]["not_taken"][0]["new"]
            .as_str()
            .unwrap()
            .contains("Second version"),
        "{job}"
    );
    let asked = fake.received().pop().unwrap().body["messages"][1]["content"].to_string();
    assert!(asked.contains("Shorter.") && asked.contains("My own words"), "{asked}");
    let now = d.read(&path).await;
    let text = now["body"].as_str().unwrap();
    assert!(
        text.contains("My own words, by hand.") && text.contains("## Grind and ratio\n\nSecond version"),
        "{text}"
    );
    assert_eq!(now["excerpt"], "My excerpt.");

    // One section, also the one by hand since it is named.
    fake.script([
        Reply::Text(json!({ "text": "## Another heading\n\nNo." }).to_string()),
        Reply::Text(json!({ "text": "## What you need\n\nA jar of glass." }).to_string()),
    ]);
    let job = d
        .run(json!({ "content": content["id"], "section": "what you need" }))
        .await;
    assert_eq!(job["state"], "done", "{job}");
    let now = d.read(&path).await;
    assert!(
        now["body"]
            .as_str()
            .unwrap()
            .contains("A jar of glass.\n\n## Grind and ratio\n\nSecond version"),
        "{now}"
    );
    let expected = [("", true), ("what you need", true), ("grind and ratio", true)].map(|(id, g)| (id.to_owned(), g));
    assert_eq!(generated(&d.read(&format!("{path}/sections")).await), expected);

    // Without keeping anything.
    fake.answer(|request| written(request, "Third version of it. "));
    let job = d.run(json!({ "task": task["id"], "keep_edits": false })).await;
    assert_eq!(job["state"], "done", "{job}");
    let now = d.read(&path).await;
    assert!(!now["body"].as_str().unwrap().contains("A jar of glass"), "{now}");
    assert_eq!(now["excerpt"], "Cold brew at home.");
    assert_eq!(
        d.read("content?limit=50").await["items"].as_array().unwrap().len(),
        1,
        "never a second draft"
    );
    // Every text there was can be had back.
    let revisions = d.read(&format!("{path}/revisions")).await;
    assert_eq!(revisions["items"].as_array().unwrap().len(), 5, "{revisions}");
}

#[tokio::test]
async fn of_requests_at_the_same_moment_one_is_taken() {
    let w = World::new().await;
    let d = Desk::new(&w, &w.a).await;
    let task = d.task("post", "guide", json!({})).await;
    let input = json!({ "task": task["id"] });
    let start = || d.start(input.clone());
    let (one, two, three) = tokio::join!(start(), start(), start());
    let answers = [one, two, three];
    let taken = answers.iter().filter(|(status, _)| *status == 202).count();
    let refused = answers
        .iter()
        .filter(|(_, problem)| problem["code"] == "written_already");
    assert_eq!((taken, refused.count()), (1, 2), "{answers:?}");

    // Another task is another text.
    let more = json!({ "primary_keyword": null, "secondary_keywords": [] });
    let other = d.task("post", "guide", more).await;
    let (status, answer) = d.start(json!({ "task": other["id"] })).await;
    assert_eq!(status, 202, "{answer}");
}

#[tokio::test]
async fn what_cannot_be_written_is_said_before_anything_is_queued() {
    let w = World::new().await;
    let d = Desk::new(&w, &w.a).await;
    let other = Desk::new(&w, &w.b).await;
    let task = d.task("post", "guide", json!({})).await;
    let foreign = other.task("post", "guide", json!({})).await;
    let cancelled = d
        .task(
            "post",
            "guide",
            json!({ "primary_keyword": null, "secondary_keywords": [] }),
        )
        .await;
    let path = d.path(&format!("tasks/{}", id(&cancelled)));
    assert_eq!(w.patch(d.who, &path, 1, json!({ "status": "cancelled" })).await.0, 200);
    let html = d
        .made(
            "content",
            json!({ "content_type": "post", "title": "Old", "body": "<p>x</p>", "body_format": "html" }),
        )
        .await;
    let plain = d
        .made(
            "content",
            json!({ "content_type": "post", "title": "New", "body": "## One\n\nText." }),
        )
        .await;
    for (input, expected) in [
        (json!({ "task": foreign["id"] }), "input.task"),
        (json!({ "task": cancelled["id"] }), "input.task"),
        (json!({}), "input.task"),
        (json!({ "task": task["id"], "content": plain["id"] }), "input.task"),
        (json!({ "task": task["id"], "section": "one" }), "input.section"),
        (json!({ "content": plain["id"], "section": "two" }), "input.section"),
        (json!({ "task": task["id"], "language": "?" }), "input.language"),
        (json!({ "task": task["id"], "instructions": "" }), "input.instructions"),
        (json!({ "content": html["id"] }), "html_body"),
    ] {
        let (status, problem) = d.start(input.clone()).await;
        assert_eq!(status, 422, "{input}: {problem}");
        let said = [&problem["code"], &problem["errors"][0]["field"]];
        assert!(said.contains(&&json!(expected)), "{input}: {problem}");
    }
    // Published text is not written over.
    let published = d.path(&format!("content/{}/status", id(&plain)));
    let request = w
        .request(&w.a.owner, poem::http::Method::POST, &published)
        .header("if-match", "\"1\"")
        .body_json(&json!({ "status": "published", "force": true }));
    let (status, answer) = igny8_server::testing::body_of(request.send().await).await;
    assert_eq!(status, 200, "{answer}");
    let (status, problem) = d.start(json!({ "content": plain["id"] })).await;
    assert_eq!((status, &problem["code"]), (422, &json!("not_a_draft")), "{problem}");

    // Without a provider a section that the outline has can be composed again; others cannot, and cost nothing.
    let job = d.run_once(json!({ "task": task["id"] })).await;
    let content = d
        .read(&format!("content/{}", job["result"]["content"].as_str().unwrap()))
        .await;
    let before = balance(&w, &w.a).await;
    d.run_once(json!({ "content": content["id"], "section": "what you need" }))
        .await;
    let own = format!("{}\n\n## By hand\n\nText.\n", content["body"].as_str().unwrap());
    let rev = d.read(&format!("content/{}", id(&content))).await;
    let rev = rev["revision"].as_i64().unwrap();
    d.edit(&content, rev, json!({ "body": own })).await;
    let job = d.run(json!({ "content": content["id"], "section": "by hand" })).await;
    assert_eq!(job["state"], "failed", "{job}");
    assert!(job.to_string().contains("outline"), "{job}");
    assert_eq!(balance(&w, &w.a).await, before, "what changed nothing costs nothing");
}

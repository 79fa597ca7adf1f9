//! Ideas and tasks through the real router: made by `generate_ideas`, queued, followed.

use igny8_server::testing::fake_provider::{FakeProvider, Received, Reply};
use igny8_server::testing::{Member, Tenant, World};
use serde_json::{Value, json};

const KEYWORDS: [(&str, i64); 10] = [
    ("cold brew coffee", 9000),
    ("what is cold brew coffee", 900),
    ("cold brew coffee recipe", 2400),
    ("how to make cold brew coffee", 3600),
    ("cold brew coffee ratio", 2000),
    ("cold brew ratio grams", 300),
    ("cold brew coffee maker", 5000),
    ("best cold brew coffee maker", 2100),
    ("cold brew vs iced coffee", 1900),
    ("cold brew concentrate", 1200),
];

struct Plan<'a> {
    w: &'a World,
    who: &'a Member,
    site: String,
    sector: String,
    cluster: String,
}

impl<'a> Plan<'a> {
    async fn new(w: &'a World, tenant: &'a Tenant) -> Self {
        let (who, site) = (&tenant.owner, tenant.sites[0].to_string());
        let (_, sector) = w
            .post(who, &format!("/sites/{site}/sectors"), json!({ "name": "All" }))
            .await;
        let mut plan = Self {
            w,
            who,
            site,
            sector: id(&sector),
            cluster: String::new(),
        };
        plan.cluster = id(&plan
            .made("clusters", json!({ "sector": plan.sector, "name": "Cold brew" }))
            .await);
        for (text, volume) in KEYWORDS {
            let body = json!({ "sector": plan.sector, "text": text, "volume": volume, "cluster": plan.cluster });
            plan.made("keywords", body).await;
        }
        plan
    }

    fn path(&self, rest: &str) -> String {
        format!("/sites/{}/{rest}", self.site)
    }

    async fn made(&self, kind: &str, body: Value) -> Value {
        let (status, made) = self.w.post(self.who, &self.path(kind), body).await;
        assert_eq!(status, 201, "{made}");
        made
    }

    async fn start(&self, input: Value) -> (u16, Value) {
        let path = self.path("ai/generate_ideas");
        let (status, answer) = self.w.post(self.who, &path, json!({ "input": input })).await;
        (status.as_u16(), answer)
    }

    async fn run(&self) -> Value {
        let (status, task) = self.start(json!({ "sector": self.sector })).await;
        assert_eq!(status, 202, "{task}");
        self.w.run_jobs().await;
        let path = format!("/jobs/{}", task["job"].as_str().unwrap());
        self.w.get(self.who, &path).await.1
    }

    async fn list(&self, kind: &str) -> Vec<Value> {
        let (status, list) = self
            .w
            .get(
                self.who,
                &self.path(&format!(
                    "{kind}{}limit=200",
                    if kind.contains('?') { '&' } else { '?' }
                )),
            )
            .await;
        assert_eq!(status, 200, "{list}");
        list["items"].as_array().unwrap().clone()
    }

    /// The balance, after checking that the ledger sums to it.
    async fn balance(&self) -> i64 {
        let (_, balance) = self.w.get(self.who, "/billing/balance").await;
        let total = balance["plan_credits"].as_i64().unwrap() + balance["bonus_credits"].as_i64().unwrap();
        let (_, list) = self.w.get(self.who, "/billing/transactions?limit=200").await;
        let rows = list["items"].as_array().unwrap();
        assert_eq!(
            rows.iter().map(|row| row["amount"].as_i64().unwrap()).sum::<i64>(),
            total
        );
        total
    }
}

fn id(value: &Value) -> String {
    value["id"]
        .as_str()
        .unwrap_or_else(|| panic!("an id: {value}"))
        .to_owned()
}

/// Texts of all keywords that ideas aim at, sorted.
fn aimed(ideas: &[Value]) -> Vec<String> {
    let mut all: Vec<String> = ideas
        .iter()
        .flat_map(|idea| {
            idea["secondary_keywords"]
                .as_array()
                .unwrap()
                .iter()
                .chain([&idea["primary_keyword"]])
        })
        .map(|keyword| keyword["text"].as_str().unwrap().to_owned())
        .collect();
    all.sort();
    all
}

fn all_texts() -> Vec<String> {
    let mut all: Vec<String> = KEYWORDS.iter().map(|(text, _)| (*text).to_owned()).collect();
    all.sort();
    all
}

#[tokio::test]
async fn a_local_run_covers_every_keyword_once() {
    let w = World::new().await;
    let p = Plan::new(&w, &w.a).await;
    let job = p.run().await;
    assert_eq!(job["state"], "done", "{job}");
    let ideas = p.list("ideas").await;
    assert_eq!(job["result"]["ideas_created"], ideas.len(), "{job}");
    assert_eq!(aimed(&ideas), all_texts());
    let hubs: Vec<&Value> = ideas.iter().filter(|idea| idea["cluster_role"] == "hub").collect();
    assert_eq!(
        (hubs.len(), &hubs[0]["content_structure"]),
        (1, &json!("cluster_hub")),
        "{ideas:#?}"
    );
    assert!(
        ideas.iter().all(|i| i["status"] == "new"
            && i["origin"] == "generated"
            && !i["outline"].as_array().unwrap().is_empty())
    );
    assert_eq!(p.balance().await, 98);
    let (_, cluster) = w.get(p.who, &p.path(&format!("clusters/{}", p.cluster))).await;
    assert_eq!(
        (&cluster["status"], &cluster["idea_count"]),
        (&json!("mapped"), &json!(ideas.len()))
    );

    // Nothing is left; a new keyword makes a supporting page of a cluster that is named.
    let (status, answer) = p.start(json!({ "sector": p.sector })).await;
    assert_eq!((status, &answer["code"]), (422, &json!("nothing_to_do")), "{answer}");
    assert!(
        answer["detail"].as_str().unwrap().contains("aimed at already"),
        "{answer}"
    );
    p.made(
        "keywords",
        json!({ "sector": p.sector, "text": "nitro cold brew", "volume": 90, "cluster": p.cluster }),
    )
    .await;
    let (status, _) = p.start(json!({ "sector": p.sector, "clusters": [p.cluster] })).await;
    assert_eq!(status, 202);
    w.run_jobs().await;
    let after = p.list("ideas").await;
    assert_eq!(after.len(), ideas.len() + 1);
    assert_eq!(after.iter().filter(|idea| idea["cluster_role"] == "hub").count(), 1);
    assert_eq!(p.balance().await, 96);

    let other = Plan::new(&w, &w.b).await;
    for (input, field) in [
        (json!({ "sector": other.sector }), "input.sector"),
        (
            json!({ "sector": p.sector, "clusters": [other.cluster] }),
            "input.clusters",
        ),
        (json!({ "sector": p.sector, "clusters": [] }), "input.clusters"),
        (json!({ "sector": p.sector, "language": "?" }), "input.language"),
    ] {
        let (status, answer) = p.start(input).await;
        assert_eq!(
            (status, &answer["errors"][0]["field"]),
            (422, &json!(field)),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn ideas_become_tasks_once() {
    let w = World::new().await;
    let p = Plan::new(&w, &w.a).await;
    p.run().await;
    let ideas = p.list("ideas").await;
    let idea = |n: usize| p.path(&format!("ideas/{}", id(&ideas[n])));
    let queue = async |n: usize| {
        let (status, task) = w.post(&w.a.editor, &format!("{}/queue", idea(n)), json!({})).await;
        assert_eq!(status, 200, "{task}");
        task
    };
    let both = tokio::join!(queue(0), queue(0));
    assert_eq!(both.0["id"], both.1["id"]);
    let task = queue(0).await;
    assert_eq!(task["id"], both.0["id"]);
    for field in [
        "title",
        "brief",
        "outline",
        "cluster",
        "content_type",
        "content_structure",
        "word_count",
        "primary_keyword",
    ] {
        assert_eq!(task[field], ideas[0][field], "{field}");
    }
    let ids: Vec<&Value> = ideas.iter().map(|idea| &idea["id"]).collect();
    let (status, bulk) = w
        .post(
            &w.a.editor,
            &p.path("ideas/bulk"),
            json!({ "action": "queue", "ids": ids }),
        )
        .await;
    assert_eq!((status.as_u16(), &bulk["failed"]), (200, &json!(0)), "{bulk}");
    let tasks = p.list("tasks").await;
    assert_eq!(tasks.len(), ideas.len());

    // The idea follows its task.
    let path = p.path(&format!("tasks/{}", id(&task)));
    let status_of = async |n: usize| w.get(p.who, &idea(n)).await.1["status"].clone();
    assert_eq!(status_of(0).await, "queued");
    let (status, problem) = w
        .patch(
            &w.a.editor,
            &path,
            1,
            json!({ "status": "completed", "assignee": w.b.owner.id.to_string() }),
        )
        .await;
    assert_eq!(
        (status.as_u16(), &problem["errors"][0]["field"]),
        (422, &json!("assignee")),
        "{problem}"
    );
    let body = json!({ "status": "completed", "assignee": w.a.editor.id.to_string(), "priority": "high" });
    let (status, done) = w.patch(&w.a.editor, &path, 1, body).await;
    assert_eq!(
        (status.as_u16(), done["completed_at"].is_string()),
        (200, true),
        "{done}"
    );
    assert_eq!(status_of(0).await, "completed");
    assert_eq!(w.patch(&w.a.editor, &path, 1, json!({ "title": "x" })).await.0, 412);
    let (_, cancelled) = w.patch(&w.a.editor, &path, 2, json!({ "status": "cancelled" })).await;
    assert_eq!(cancelled["status"], "cancelled", "{cancelled}");
    assert_eq!(status_of(0).await, "new");
    let again = queue(0).await;
    assert_ne!(again["id"], task["id"], "a cancelled task stands for nothing");
    let (status, problem) = w.patch(&w.a.editor, &path, 3, json!({ "status": "queued" })).await;
    assert_eq!(
        (status.as_u16(), &problem["code"]),
        (409, &json!("idea_queued")),
        "{problem}"
    );
    let path = p.path(&format!("tasks/{}", id(&again)));
    assert_eq!(w.delete(&w.a.editor, &path, 1).await.0, 204);
    assert_eq!(status_of(0).await, "new");
    assert_eq!(w.get(&w.b.owner, &path).await.0, 404);
}

#[tokio::test]
async fn the_life_of_an_idea() {
    let w = World::new().await;
    let p = Plan::new(&w, &w.a).await;
    let other = Plan::new(&w, &w.b).await;
    let keywords = p.list("keywords").await;
    let primary = &keywords[0]["id"];
    let body = json!({ "sector": p.sector, "title": " Mine ", "primary_keyword": primary, "secondary_keywords": [primary, keywords[1]["id"]], "cluster": p.cluster });
    let mine = p.made("ideas", body.clone()).await;
    assert_eq!(
        (&mine["title"], mine["secondary_keywords"].as_array().unwrap().len()),
        (&json!("Mine"), 1)
    );
    let (status, problem) = w.post(p.who, &p.path("ideas"), body).await;
    assert_eq!(
        (status.as_u16(), &problem["errors"][0]["field"]),
        (409, &json!("primary_keyword"))
    );
    for (body, field) in [
        (json!({ "sector": other.sector, "title": "x" }), "sector"),
        (json!({ "sector": p.sector, "title": " " }), "title"),
        (
            json!({ "sector": p.sector, "title": "x", "cluster": other.cluster }),
            "cluster",
        ),
        (
            json!({ "sector": p.sector, "title": "x", "primary_keyword": other.list("keywords").await[0]["id"] }),
            "keywords",
        ),
        (
            json!({ "sector": p.sector, "title": "x", "word_count": 1 }),
            "word_count",
        ),
        (
            json!({ "sector": p.sector, "title": "x", "cluster_role": "hub" }),
            "cluster_role",
        ),
    ] {
        let (status, problem) = w.post(p.who, &p.path("ideas"), body).await;
        assert_eq!(
            (status.as_u16(), &problem["errors"][0]["field"]),
            (422, &json!(field)),
            "{problem}"
        );
    }
    let path = p.path(&format!("ideas/{}", id(&mine)));
    for (who, status) in [(&w.b.owner, 404), (&w.a.viewer, 200)] {
        assert_eq!(w.get(who, &path).await.0, status);
    }
    assert_eq!(w.patch(&w.a.viewer, &path, 1, json!({ "title": "x" })).await.0, 403);
    assert_eq!(
        w.patch(&w.a.editor, &path, 1, json!({ "status": "queued" })).await.0,
        422
    );
    assert_eq!(
        w.patch(&w.a.editor, &path, 1, json!({ "title": "=1+1", "cluster": null }))
            .await
            .0,
        200
    );
    assert_eq!(p.list("ideas?unassigned=true&search=1%2B1").await.len(), 1);
    let response = w.http.get(format!("/api/v1{}", p.path("ideas/export.csv")));
    let response = response
        .header("authorization", format!("Bearer {}", w.a.viewer.token))
        .send()
        .await;
    let text = response.0.into_body().into_string().await.unwrap();
    assert!(text.contains("\"'=1+1\"") && text.contains("cold brew"), "{text}");

    // Ideas by hand are respected: their keywords are aimed at by no other.
    p.run().await;
    assert_eq!(aimed(&p.list("ideas").await), all_texts());
    assert_eq!(w.delete(&w.a.editor, &path, 2).await.0, 204);
    assert_eq!(w.post(&w.a.editor, &format!("{path}/restore"), json!({})).await.0, 200);
}

/// The cluster that a model is asked to plan pages for.
fn asked_for(request: &Received) -> Value {
    let message = request.body["messages"][1]["content"].as_str().unwrap_or_default();
    let data = message
        .split("<data name=\"cluster\">")
        .nth(1)
        .and_then(|rest| rest.split("</data>").next());
    serde_json::from_str(data.unwrap_or("{}")).unwrap()
}

/// One page for every third phrase of the cluster it is asked for; the phrases between them are left out. `differ` changes each.
fn pages_of(cluster: &Value, differ: impl Fn(usize, &mut Value)) -> Reply {
    let ideas: Vec<Value> = (0..cluster["phrases"].as_array().unwrap().len())
        .step_by(3)
        .map(|n| {
            let mut idea = json!({
                "title": format!("Page {n}"), "brief": "Said by a model.", "role": if n == 0 { "hub" } else { "supporting" },
                "content_type": "post", "content_structure": "guide", "primary": n, "secondary": [], "headings": ["One"],
                "questions": ["Why?"], "word_count": 900, "terms": ["Coffee"],
            });
            differ(n, &mut idea);
            idea
        })
        .collect();
    Reply::Text(json!({ "cluster": cluster["id"], "ideas": ideas }).to_string())
}

fn planning(request: &Received) -> Reply {
    pages_of(&asked_for(request), |_, _| {})
}

#[tokio::test]
async fn what_a_person_plans_meanwhile_is_not_paid_for() {
    let fake = FakeProvider::start().await;
    let w = World::with(|config| fake.allow(config)).await;
    fake.connect(&w, &w.a.owner).await;
    let p = Plan::new(&w, &w.a).await;
    let other = p
        .made("clusters", json!({ "sector": p.sector, "name": "Kettles" }))
        .await;
    for text in ["gooseneck kettle", "electric kettle", "kettle descaling"] {
        let body = json!({ "sector": p.sector, "text": text, "cluster": other["id"] });
        p.made("keywords", body).await;
    }
    fake.answer(|request| match planning(request) {
        Reply::Text(text) => Reply::After(std::time::Duration::from_secs(2), text),
        reply => reply,
    });
    let (status, task) = p.start(json!({ "sector": p.sector })).await;
    assert_eq!(status, 202, "{task}");
    let keywords = p.list("keywords").await;
    let of_mine: Vec<&Value> = keywords
        .iter()
        .filter(|keyword| keyword["cluster"] == p.cluster.as_str())
        .map(|keyword| &keyword["id"])
        .collect();
    let by_hand = async {
        while crate::ai::chats(&fake).is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let body = json!({
            "sector": p.sector, "title": "All of it", "cluster": p.cluster,
            "primary_keyword": of_mine[0], "secondary_keywords": of_mine[1..],
        });
        p.made("ideas", body).await;
    };
    tokio::join!(w.run_jobs(), by_hand);
    let (_, job) = w.get(p.who, &format!("/jobs/{}", task["job"].as_str().unwrap())).await;
    assert_eq!(
        (&job["state"], &job["result"]["clusters_mapped"]),
        (&json!("done"), &json!(1)),
        "{job}"
    );
    let ideas = p.list("ideas").await;
    let generated = |cluster: &Value| {
        ideas
            .iter()
            .any(|i| i["origin"] == "generated" && i["cluster"] == *cluster)
    };
    assert!(!generated(&json!(p.cluster)) && generated(&other["id"]), "{ideas:#?}");
    for (cluster, status) in [(p.cluster.clone(), "new"), (id(&other), "mapped")] {
        let (_, read) = w.get(p.who, &p.path(&format!("clusters/{cluster}"))).await;
        assert_eq!(read["status"], status, "{read}");
    }
    assert_eq!(p.balance().await, 98, "one cluster of two");
}

#[tokio::test]
async fn no_archive_gets_a_second_text() {
    let fake = FakeProvider::start().await;
    let w = World::with(|config| fake.allow(config)).await;
    fake.connect(&w, &w.a.owner).await;
    let p = Plan::new(&w, &w.a).await;
    let kettles = p
        .made("terms", json!({ "taxonomy": "blog_category", "name": "Kettles" }))
        .await;
    let text = json!({ "content_type": "taxonomy", "title": "All kettles", "terms": [kettles["id"]] });
    p.made("content", text).await;
    fake.answer(|request| {
        pages_of(&asked_for(request), |n, idea| {
            idea["content_type"] = json!("taxonomy");
            idea["content_structure"] = json!("category_archive");
            idea["terms"] = match n {
                0 => json!(["Cold brew", "Kettles"]),
                3 => json!(["COLD  brew"]),
                6 => json!(["Kettles"]),
                _ => json!(["Jugs"]),
            };
        })
    });
    let job = p.run().await;
    assert_eq!(job["state"], "done", "{job}");
    let ideas = p.list("ideas").await;
    let found: Vec<(&str, &Value, &Value, &Value, &Value)> = (0..10)
        .step_by(3)
        .map(|n| {
            let title = format!("Page {n}");
            let idea = ideas.iter().find(|idea| idea["title"] == title).unwrap();
            (
                idea["content_type"].as_str().unwrap(),
                &idea["content_structure"],
                &idea["cluster_role"],
                &idea["terms"],
                &idea["suggested_terms"],
            )
        })
        .collect();
    let archive = json!("category_archive");
    let (landing, hub, supporting) = (json!("landing_page"), json!("hub"), json!("supporting"));
    let (none, of_kettles) = (json!([]), json!([kettles["id"]]));
    assert_eq!(
        found,
        [
            ("taxonomy", &archive, &hub, &none, &json!(["Cold brew"])),
            ("page", &landing, &supporting, &none, &json!(["COLD brew"])),
            ("page", &landing, &supporting, &of_kettles, &none),
            ("taxonomy", &archive, &supporting, &none, &json!(["Jugs"])),
        ],
        "{ideas:#?}"
    );

    // What is planned counts as well as what is written.
    p.made(
        "keywords",
        json!({ "sector": p.sector, "text": "cold brew jug", "volume": 90, "cluster": p.cluster }),
    )
    .await;
    fake.answer(|request| {
        pages_of(&asked_for(request), |_, idea| {
            idea["title"] = json!("A jug");
            idea["role"] = json!("supporting");
            idea["content_type"] = json!("taxonomy");
            idea["terms"] = json!(["jugs"]);
        })
    });
    let (status, _) = p.start(json!({ "sector": p.sector, "clusters": [p.cluster] })).await;
    assert_eq!(status, 202);
    w.run_jobs().await;
    let ideas = p.list("ideas").await;
    let jug = ideas.iter().find(|idea| idea["title"] == "A jug").unwrap();
    assert_eq!(jug["content_type"], "page", "{jug}");
}

#[tokio::test]
async fn a_provider_plans_pages_and_loses_no_keyword() {
    let fake = FakeProvider::start().await;
    let w = World::with(|config| fake.allow(config)).await;
    fake.connect(&w, &w.a.owner).await;
    let p = Plan::new(&w, &w.a).await;
    fake.answer(planning);
    // The first answer aims at one phrase twice, and is asked for again.
    let twice = json!({ "cluster": 0, "ideas": [
        { "title": "A", "brief": "B.", "role": "hub", "content_type": "post", "content_structure": "guide", "primary": 0,
          "secondary": [1, 1], "headings": ["One"], "questions": [], "word_count": 900, "terms": [] },
    ] });
    fake.script([Reply::Text(twice.to_string())]);
    let job = p.run().await;
    assert_eq!(job["state"], "done", "{job}");
    let ideas = p.list("ideas").await;
    assert_eq!(ideas.len(), 4, "{ideas:#?}");
    assert!(ideas.iter().all(
        |idea| idea["title"].as_str().unwrap().starts_with("Page ") && idea["suggested_terms"] == json!(["Coffee"])
    ));
    assert_eq!(aimed(&ideas), all_texts());
    assert_eq!(p.balance().await, 98);
}

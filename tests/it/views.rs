//! What the planner shows: filters and their options, details, coverage, bulk actions.

use igny8_server::testing::{Member, World, body_of};
use poem::http::{Method, StatusCode};
use serde_json::{Value, json};

pub struct Plan {
    pub w: World,
    pub site: String,
    pub sector: String,
}

pub fn id(value: &Value) -> String {
    value["id"]
        .as_str()
        .unwrap_or_else(|| panic!("an id: {value}"))
        .to_owned()
}

pub fn texts(list: &Value, field: &str) -> Vec<String> {
    list.as_array()
        .unwrap_or_else(|| panic!("a list: {list}"))
        .iter()
        .map(|item| item[field].as_str().unwrap_or_default().to_owned())
        .collect()
}

impl Plan {
    pub async fn new() -> Self {
        let w = World::new().await;
        let site = format!("/sites/{}", w.a.sites[0]);
        let mut plan = Self {
            w,
            site,
            sector: String::new(),
        };
        plan.sector = plan.made("sectors", json!({ "name": "Coffee" })).await;
        plan
    }

    pub async fn made(&self, kind: &str, body: Value) -> String {
        let path = format!("{}/{kind}", self.site);
        let (status, made) = self.w.post(&self.w.a.owner, &path, body).await;
        assert_eq!(status, 201, "{made}");
        id(&made)
    }

    pub async fn cluster(&self, name: &str, more: Value) -> String {
        let mut body = json!({ "sector": self.sector, "name": name });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.made("clusters", body).await
    }

    pub async fn keyword(&self, text: &str, volume: i64, cluster: Option<&str>) -> String {
        let mut body = json!({ "sector": self.sector, "text": text, "volume": volume });
        if let Some(cluster) = cluster {
            body["cluster"] = json!(cluster);
        }
        self.made("keywords", body).await
    }

    pub async fn get(&self, rest: &str) -> Value {
        let (status, answer) = self.w.get(&self.w.a.viewer, &format!("{}/{rest}", self.site)).await;
        assert_eq!(status, 200, "{rest}: {answer}");
        answer
    }

    pub async fn names(&self, rest: &str) -> Vec<String> {
        let field = if rest.starts_with("clusters") { "name" } else { "title" };
        texts(&self.get(rest).await["items"], field)
    }

    pub async fn bulk(&self, kind: &str, body: Value) -> Value {
        let path = format!("{}/{kind}/bulk", self.site);
        let (status, bulk) = self.w.post(&self.w.a.editor, &path, body).await;
        assert_eq!(status, 200, "{bulk}");
        bulk
    }

    pub async fn publish(&self, content: &str) {
        let path = format!("{}/content/bulk", self.site);
        let body = json!({ "action": "status", "status": "published", "force": true, "ids": [content] });
        let (_, bulk) = self.w.post(&self.w.a.owner, &path, body).await;
        assert_eq!(bulk["done"], 1, "{bulk}");
    }

    pub async fn export(&self, kind: &str) -> String {
        let path = format!("{}/{kind}/export.csv", self.site);
        let (status, text) = body_of(self.w.request(&self.w.a.viewer, Method::GET, &path).send().await).await;
        assert_eq!(status, 200, "{text}");
        text.as_str().unwrap().to_owned()
    }

    pub async fn import_as(&self, member: &Member, kind: &str, text: &str) -> (StatusCode, Value) {
        let head = "--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"table.csv\"\r\ncontent-type: text/csv\r\n\r\n";
        let path = format!("{}/{kind}", self.site);
        let request = self
            .w
            .request(member, Method::POST, &path)
            .header("content-type", "multipart/form-data; boundary=x");
        body_of(request.body([head, text, "\r\n--x--\r\n"].concat()).send().await).await
    }

    pub async fn import(&self, kind: &str, text: &str) -> Value {
        let (status, report) = self.import_as(&self.w.a.editor, kind, text).await;
        assert_eq!(status, 200, "{report}");
        report
    }
}

pub fn counts(report: &Value) -> [u64; 4] {
    ["created", "updated", "unchanged", "failed"].map(|name| report[name].as_u64().unwrap())
}

#[tokio::test]
async fn clusters_are_filtered_by_what_they_are_and_lack() {
    let p = Plan::new().await;
    let top = p.cluster("Top", json!({ "locked": true })).await;
    let below = p
        .cluster(
            "Below",
            json!({ "parent": top, "role": "supporting", "description": "About filters" }),
        )
        .await;
    p.keyword("cold brew", 100, Some(&top)).await;
    p.keyword("iced tea", 100, Some(&below)).await;
    for (n, role) in ["hub", "supporting", "supporting"].iter().enumerate() {
        let keyword = if n == 0 { "Cold Brew" } else { "x" };
        let body = json!({ "content_type": "post", "title": format!("P{n}"), "cluster": top, "cluster_role": role, "primary_keyword": keyword });
        p.made("content", body).await;
    }
    for (filter, expected) in [
        ("", vec!["Below", "Top"]),
        ("locked=true", vec!["Top"]),
        ("locked=false", vec!["Below"]),
        ("origin=generated", vec![]),
        ("origin=manual&role=supporting", vec!["Below"]),
        ("unassigned_parent=true", vec!["Top"]),
        ("search=FILTERS", vec!["Below"]),
        ("gap=no_hub", vec!["Below"]),
        ("gap=few_supporting_pages", vec!["Below"]),
        ("gap=no_content", vec!["Below"]),
        ("gap=top_keyword_uncovered", vec!["Below"]),
        ("gap=no_hub&locked=true", vec![]),
    ] {
        assert_eq!(
            p.names(&format!("clusters?sort=name&{filter}")).await,
            expected,
            "{filter}"
        );
    }
    let options = p.get("clusters/filter-options").await;
    assert_eq!(options["parents"], json!([{ "id": top, "name": "Top" }]), "{options}");
    assert_eq!(
        (&options["locked"], &options["origins"]),
        (&json!(true), &json!(["manual"]))
    );
    assert_eq!(
        options["gaps"],
        json!(["no_hub", "few_supporting_pages", "no_content", "top_keyword_uncovered"])
    );
    let foreign = format!("{}/clusters/filter-options", p.site);
    assert_eq!(p.w.get(&p.w.b.owner, &foreign).await.0, 404);
}

#[tokio::test]
async fn a_cluster_in_detail_counts_beyond_what_it_shows() {
    let p = Plan::new().await;
    let cluster = p.cluster("Brewing", json!({})).await;
    let mut first = String::new();
    for n in 0..203 {
        let keyword = p.keyword(&format!("keyword {n:03}"), n, Some(&cluster)).await;
        if n == 0 {
            first = keyword;
        }
    }
    // Of another cluster, and of none; one of them published.
    let body = json!({ "content_type": "post", "title": "Elsewhere", "primary_keyword": "Keyword 000", "secondary_keywords": ["KEYWORD  001"] });
    let elsewhere = p.made("content", body).await;
    let body = json!({ "content_type": "post", "title": "Here", "cluster": cluster, "primary_keyword": "keyword 202" });
    let here = p.made("content", body).await;
    p.publish(&here).await;
    let body = json!({ "sector": p.sector, "title": "An idea", "cluster": cluster, "primary_keyword": first });
    let idea = p.made("ideas", body).await;
    let body = json!({ "sector": p.sector, "title": "A task", "cluster": cluster, "due_at": "2026-03-01T00:00:00Z" });
    p.made("tasks", body).await;

    let detail = p.get(&format!("clusters/{cluster}/coverage")).await;
    for (name, expected) in [
        ("keyword_count", 203),
        ("covered", 3),
        ("live", 1),
        ("content_count", 1),
        ("idea_count", 1),
        ("task_count", 1),
    ] {
        assert_eq!(detail[name], json!(expected), "{name}");
    }
    assert_eq!(detail["keywords"].as_array().unwrap().len(), 200);
    assert_eq!(
        (&detail["ideas"][0]["id"], &detail["tasks"][0]["title"]),
        (&json!(idea), &json!("A task"))
    );
    assert_eq!(detail["content"][0]["id"], json!(here));

    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = p
            .get(&format!("clusters/{cluster}/keywords?limit=90&with_total=true{cursor}"))
            .await;
        assert_eq!(page["total"], 203);
        seen.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 203);
    assert_eq!(seen[0]["text"], "keyword 202", "the most searched first");
    assert_eq!(
        (&seen[202]["primary_of"], &seen[201]["secondary_of"]),
        (&json!([elsewhere]), &json!([elsewhere]))
    );
    assert_eq!(
        p.w.get(&p.w.b.owner, &format!("{}/clusters/{cluster}/keywords", p.site))
            .await
            .0,
        404
    );
}

#[tokio::test]
async fn ideas_and_tasks_are_filtered_by_what_occurs() {
    let p = Plan::new().await;
    let cluster = p.cluster("Brewing", json!({})).await;
    let term = p.made("terms", json!({ "taxonomy": "blog_tag", "name": "Tag" })).await;
    let body =
        json!({ "sector": p.sector, "title": "Filed", "cluster": cluster, "cluster_role": "hub", "terms": [term] });
    let filed = p.made("ideas", body).await;
    let body = json!({ "sector": p.sector, "title": "Loose", "content_type": "product" });
    let loose = p.made("ideas", body).await;
    for (filter, expected) in [
        ("unassigned=true", vec!["Loose"]),
        ("unassigned_term=true", vec!["Loose"]),
        (&*format!("term={term}"), vec!["Filed"]),
        ("origin=generated", vec![]),
        ("content_structure=product_page", vec!["Loose"]),
    ] {
        assert_eq!(
            p.names(&format!("ideas?sort=title&{filter}")).await,
            expected,
            "{filter}"
        );
    }
    let options = p.get("ideas/filter-options").await;
    assert_eq!(
        options["clusters"],
        json!([{ "id": cluster, "name": "Brewing" }]),
        "{options}"
    );
    assert_eq!(options["cluster_roles"], json!(["hub"]));
    let mut types: Vec<&str> = options["content_types"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    types.sort_unstable();
    assert_eq!(types, ["post", "product"]);

    // In bulk: terms, then tasks of both.
    let bulk = p
        .bulk(
            "ideas",
            json!({ "action": "assign_terms", "terms": [term], "ids": [loose] }),
        )
        .await;
    assert_eq!(bulk["done"], 1, "{bulk}");
    let bulk = p
        .bulk(
            "ideas",
            json!({ "action": "assign_terms", "terms": [term], "terms_mode": "remove", "ids": [filed] }),
        )
        .await;
    assert_eq!(bulk["done"], 1, "{bulk}");
    assert_eq!(p.names(&format!("ideas?term={term}")).await, ["Loose"]);
    let body = json!({
        "action": "queue", "ids": [filed, loose], "assignee": p.w.a.editor.id.to_string(), "due_at": "2026-02-01T00:00:00Z",
        "priority": "high",
    });
    let bulk = p.bulk("ideas", body).await;
    assert_eq!(bulk["done"], 2, "{bulk}");
    let mine = p
        .get(&format!("tasks?assignee={}&priority=high", p.w.a.editor.id))
        .await;
    assert_eq!(mine["items"].as_array().unwrap().len(), 2, "{mine}");
    let tasks: Vec<String> = texts(&mine["items"], "id");
    let own = p.made("tasks", json!({ "sector": p.sector, "title": "Own" })).await;
    for (filter, expected) in [
        ("unassigned=true", 1),
        ("unassigned_due=true", 1),
        ("unassigned_cluster=true", 2),
        ("due_after=2026-02-01T00:00:00Z", 2),
        ("due_after=2026-02-01T00:00:01Z", 0),
        ("due_before=2026-02-01T00:00:01Z", 2),
        ("cluster_role=hub", 1),
        (&*format!("term={term}"), 1),
    ] {
        assert_eq!(p.names(&format!("tasks?{filter}")).await.len(), expected, "{filter}");
    }
    let options = p.get("tasks/filter-options").await;
    assert_eq!(
        options["assignees"],
        json!([{ "id": p.w.a.editor.id.to_string(), "name": "editor" }]),
        "{options}"
    );
    assert_eq!(
        (&options["unassigned"], &options["unassigned_due"]),
        (&json!(true), &json!(true))
    );
    for body in [
        json!({ "action": "priority", "priority": "low", "ids": [own] }),
        json!({ "action": "due", "due_at": "2026-05-01T00:00:00Z", "ids": [own] }),
        json!({ "action": "assign_terms", "terms": [term], "ids": [own] }),
        json!({ "action": "delete", "ids": [own, tasks[0]] }),
        json!({ "action": "restore", "ids": [own, tasks[0]] }),
    ] {
        let bulk = p.bulk("tasks", body).await;
        assert_eq!(bulk["failed"], 0, "{bulk}");
    }
    let task = p.get(&format!("tasks/{own}")).await;
    assert_eq!(
        (&task["priority"], &task["terms"]),
        (&json!("low"), &json!([term])),
        "{task}"
    );
    // Its idea follows a task that is back.
    let task = p.get(&format!("tasks/{}", tasks[0])).await;
    let idea = p.get(&format!("ideas/{}", task["idea"].as_str().unwrap())).await;
    assert_eq!(
        (&idea["status"], &idea["task"]),
        (&json!("queued"), &task["id"]),
        "{idea}"
    );
}

#[tokio::test]
async fn coverage_of_a_plan() {
    let p = Plan::new().await;
    let hub = p.cluster("Coffee", json!({})).await;
    let below = p
        .cluster("Grinders", json!({ "parent": hub, "role": "supporting" }))
        .await;
    p.keyword("coffee", 1_000, Some(&hub)).await;
    p.keyword("coffee grinder", 400, Some(&below)).await;
    p.keyword("coffee grinders", 400, Some(&below)).await;
    p.keyword("tea", 100, None).await;
    let off = p.keyword("instant coffee", 9_000, Some(&hub)).await;
    p.bulk("keywords", json!({ "action": "disable", "ids": [off] })).await;
    let body = json!({
        "content_type": "post", "title": "All about coffee", "slug": "coffee", "cluster": hub, "cluster_role": "hub",
        "primary_keyword": "Coffee", "body": "See [grinders](/blog/grinders/).",
    });
    let pillar = p.made("content", body).await;
    let body = json!({
        "content_type": "post", "title": "Our machines", "slug": "grinders", "cluster": below, "cluster_role": "supporting",
        "primary_keyword": "coffee grinder", "body": "Back to <a href=\"/blog/coffee/\">coffee</a>.",
    });
    let support = p.made("content", body).await;
    let coverage = p.get("coverage").await;
    let numbers = |coverage: &Value| {
        ["keywords", "written", "live", "volume", "volume_written", "volume_live"]
            .map(|name| coverage["coverage"][name].as_u64().unwrap())
    };
    assert_eq!(numbers(&coverage), [4, 2, 0, 1_500, 1_400, 0], "{coverage}");
    assert_eq!(
        coverage["clusters"],
        json!({ "total": 2, "covered": 0, "weak": 2, "gap": 0 })
    );

    p.publish(&pillar).await;
    p.publish(&support).await;
    let coverage = p.get("coverage").await;
    assert_eq!(numbers(&coverage), [4, 2, 2, 1_500, 1_400, 1_400], "{coverage}");
    // The title of the second does not say what it aims at.
    assert_eq!(
        coverage["clusters"],
        json!({ "total": 2, "covered": 1, "weak": 1, "gap": 0 })
    );
    let of = &coverage["hubs"][0];
    assert_eq!(
        (
            &of["clusters"],
            &of["linked_from_hub"],
            &of["linking_to_hub"],
            &of["completeness"]
        ),
        (&json!(2), &json!(1), &json!(1), &json!(1.0)),
        "{coverage}"
    );
    assert_eq!(
        (&coverage["unassigned_keywords"], &coverage["rival_count"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(coverage["gaps"][0]["state"], "weak", "{coverage}");

    // A second hub page for a variant of the keyword competes twice.
    let body = json!({ "content_type": "post", "title": "Coffees", "cluster": hub, "cluster_role": "hub", "primary_keyword": "coffees" });
    let rival = p.made("content", body).await;
    p.publish(&rival).await;
    let coverage = p.get(&format!("coverage?sector={}", p.sector)).await;
    assert_eq!(
        texts(&coverage["rivals"], "reason"),
        ["same_primary_keyword", "same_hub"],
        "{coverage}"
    );
    let other = p.made("sectors", json!({ "name": "Tea" })).await;
    let coverage = p.get(&format!("coverage?sector={other}")).await;
    assert_eq!(
        (&coverage["rival_count"], &coverage["clusters"]["total"]),
        (&json!(0), &json!(0))
    );
    for (query, field) in [
        ("limit=0", "limit"),
        ("sector=sect_01jz8k3v5n6q7r8s9t0v1w2x3y", "sector"),
    ] {
        let (status, problem) = p.w.get(&p.w.a.viewer, &format!("{}/coverage?{query}", p.site)).await;
        assert_eq!(
            (status.as_u16(), &problem["errors"][0]["field"]),
            (422, &json!(field)),
            "{problem}"
        );
    }
    assert_eq!(p.w.get(&p.w.b.owner, &format!("{}/coverage", p.site)).await.0, 404);
}

#[tokio::test]
async fn the_matrix_comes_page_by_page() {
    let p = Plan::new().await;
    let clusters = [
        p.cluster("A", json!({})).await,
        p.cluster("B", json!({})).await,
        p.cluster("C", json!({})).await,
    ];
    let term = |name: &str, clusters: Value| json!({ "taxonomy": "blog_tag", "name": name, "clusters": clusters });
    let linked = p.made("terms", term("Linked", json!([clusters[0]]))).await;
    let used = p.made("terms", term("Used", json!([]))).await;
    p.made("terms", term("Idle", json!([]))).await;
    let body = json!({ "content_type": "post", "title": "T", "cluster": clusters[2], "terms": [used] });
    p.made("content", body).await;
    let first = p.get("clusters/matrix?limit=2").await;
    assert_eq!(
        (texts(&first["clusters"], "name"), texts(&first["terms"], "name")),
        (vec!["A".into(), "B".into()], vec!["Linked".to_owned()])
    );
    assert_eq!(
        first["cells"],
        json!([{ "cluster": clusters[0], "term": linked, "content": 0, "published": 0, "linked": true }])
    );
    let next = first["next"].as_str().expect("a second page");
    let second = p.get(&format!("clusters/matrix?limit=2&cursor={next}")).await;
    assert_eq!(
        (texts(&second["clusters"], "name"), texts(&second["terms"], "name")),
        (vec!["C".into()], vec!["Used".to_owned()])
    );
    assert_eq!(
        (&second["cells"][0]["content"], &second["next"]),
        (&json!(1), &Value::Null),
        "{second}"
    );
    let (_, none) =
        p.w.get(
            &p.w.a.viewer,
            &format!("{}/clusters/matrix?taxonomy=product_tag", p.site),
        )
        .await;
    assert_eq!(none["terms"], json!([]), "{none}");
}

#[tokio::test]
async fn clusters_in_bulk() {
    let p = Plan::new().await;
    let (a, b) = (p.cluster("A", json!({})).await, p.cluster("B", json!({})).await);
    let term = |name: &str| json!({ "taxonomy": "blog_tag", "name": name });
    let (one, two) = (p.made("terms", term("One")).await, p.made("terms", term("Two")).await);
    let of = async |term: &str| {
        let mut clusters: Vec<String> = p.get(&format!("terms/{term}")).await["clusters"]
            .as_array()
            .unwrap()
            .iter()
            .map(|id| id.as_str().unwrap().to_owned())
            .collect();
        clusters.sort();
        clusters
    };
    let bulk = p
        .bulk(
            "clusters",
            json!({ "action": "assign_terms", "terms": [one], "ids": [a, b] }),
        )
        .await;
    assert_eq!((bulk["failed"].as_u64(), of(&one).await.len()), (Some(0), 2), "{bulk}");
    let body = json!({ "action": "assign_terms", "terms": [two], "terms_mode": "replace", "ids": [a] });
    assert_eq!(p.bulk("clusters", body).await["done"], 1);
    assert_eq!((of(&one).await, of(&two).await), (vec![b.clone()], vec![a.clone()]));
    let body = json!({ "action": "assign_terms", "terms": [one, two], "terms_mode": "remove", "ids": [a, b] });
    assert_eq!(p.bulk("clusters", body).await["done"], 2);
    assert_eq!((of(&one).await.len(), of(&two).await.len()), (0, 0));
    let body = json!({ "action": "assign_terms", "terms": ["term_01jz8k3v5n6q7r8s9t0v1w2x3y"], "ids": [a] });
    let bulk = p.bulk("clusters", body).await;
    assert_eq!(bulk["results"][0]["errors"][0]["field"], "terms", "{bulk}");

    let bulk = p
        .bulk(
            "clusters",
            json!({ "action": "assign_parent", "parent": a, "ids": [a, b] }),
        )
        .await;
    assert_eq!(
        (&bulk["done"], &bulk["results"][0]["errors"][0]["field"]),
        (&json!(1), &json!("parent")),
        "{bulk}"
    );
    for body in [
        json!({ "action": "role", "role": "attribute", "ids": [b] }),
        json!({ "action": "lock", "ids": [b] }),
    ] {
        assert_eq!(p.bulk("clusters", body).await["done"], 1);
    }
    let b_now = p.get(&format!("clusters/{b}")).await;
    assert_eq!(
        (&b_now["role"], &b_now["locked"], &b_now["parent"]),
        (&json!("attribute"), &json!(true), &json!(a)),
        "{b_now}"
    );
    // And the other way round: clusters to terms.
    let body = json!({ "action": "assign_clusters", "clusters": [a, b], "ids": [one, two] });
    assert_eq!(p.bulk("terms", body).await["done"], 2);
    assert_eq!((of(&one).await.len(), of(&two).await.len()), (2, 2));
    let (status, problem) =
        p.w.post(
            &p.w.a.editor,
            &format!("{}/clusters/bulk", p.site),
            json!({ "action": "role", "ids": [a] }),
        )
        .await;
    assert_eq!(
        (status.as_u16(), &problem["errors"][0]["field"]),
        (422, &json!("role")),
        "{problem}"
    );
}

#[tokio::test]
async fn no_second_page_is_planned_for_a_keyword() {
    let p = Plan::new().await;
    let (brewing, other) = (
        p.cluster("Cold brew", json!({})).await,
        p.cluster("Other", json!({})).await,
    );
    let mut ids = Vec::new();
    for text in [
        "cold brew",
        "cold brew ratio",
        "cold brew maker",
        "cold brew recipe",
        "cold brew bottle",
        "cold brew time",
    ] {
        ids.push(p.keyword(text, 500, Some(&brewing)).await);
    }
    // Content of another cluster, of none, as a secondary keyword; a task; a task that was cancelled; the same words in
    // another sector.
    let body = json!({ "content_type": "post", "title": "A", "cluster": other, "primary_keyword": "Cold  Brew Ratio" });
    p.made("content", body).await;
    let body = json!({ "content_type": "post", "title": "B", "secondary_keywords": ["COLD BREW maker"] });
    p.made("content", body).await;
    p.made(
        "tasks",
        json!({ "sector": p.sector, "title": "C", "secondary_keywords": [ids[3]] }),
    )
    .await;
    let cancelled = p
        .made(
            "tasks",
            json!({ "sector": p.sector, "title": "D", "primary_keyword": ids[5] }),
        )
        .await;
    p.bulk(
        "tasks",
        json!({ "action": "status", "status": "cancelled", "ids": [cancelled] }),
    )
    .await;
    let tea = p.made("sectors", json!({ "name": "Tea" })).await;
    let there = p
        .made("keywords", json!({ "sector": tea, "text": "cold brew bottle" }))
        .await;
    p.made(
        "ideas",
        json!({ "sector": tea, "title": "E", "primary_keyword": there }),
    )
    .await;

    let (status, task) =
        p.w.post(
            &p.w.a.owner,
            &format!("{}/ai/generate_ideas", p.site),
            json!({ "input": { "sector": p.sector } }),
        )
        .await;
    assert_eq!(status, 202, "{task}");
    p.w.run_jobs().await;
    let (_, job) =
        p.w.get(&p.w.a.owner, &format!("/jobs/{}", task["job"].as_str().unwrap()))
            .await;
    assert_eq!(
        (&job["state"], &job["result"]["keywords_left"]),
        (&json!("done"), &json!(0)),
        "{job}"
    );
    let ideas = p.get(&format!("ideas?sector={}&limit=200", p.sector)).await;
    let mut aimed: Vec<String> = ideas["items"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|idea| {
            let secondary = idea["secondary_keywords"].as_array().unwrap();
            secondary.iter().chain([&idea["primary_keyword"]])
        })
        .map(|keyword| keyword["text"].as_str().unwrap().to_owned())
        .collect();
    aimed.sort();
    assert_eq!(aimed, ["cold brew", "cold brew time"], "{ideas:#}");
}

#[tokio::test]
async fn the_board_the_calendar_and_what_is_not_ready() {
    let p = Plan::new().await;
    let task = |title: &str, due: Option<&str>| {
        let mut body = json!({ "sector": p.sector, "title": title });
        if let Some(due) = due {
            body["due_at"] = json!(due);
        }
        body
    };
    let first = p.made("tasks", task("No date", None)).await;
    p.made("tasks", task("Late", Some("2026-01-20T12:00:00Z"))).await;
    p.made("tasks", task("Soon", Some("2026-01-10T23:30:00Z"))).await;
    p.bulk(
        "tasks",
        json!({ "action": "status", "status": "in_progress", "ids": [first] }),
    )
    .await;
    let board = p.get("tasks/board").await;
    let column = |n: usize| {
        (
            texts(&board["columns"][n]["tasks"], "title"),
            board["columns"][n]["count"].as_u64().unwrap(),
        )
    };
    assert_eq!(column(0), (vec!["Soon".to_owned(), "Late".to_owned()], 2), "{board}");
    assert_eq!(column(1), (vec!["No date".to_owned()], 1));
    let board = p.get("tasks/board?limit=1&due_before=2026-01-15T00:00:00Z").await;
    assert_eq!(
        (
            texts(&board["columns"][0]["tasks"], "title"),
            &board["columns"][1]["count"]
        ),
        (vec!["Soon".to_owned()], &json!(0))
    );
    assert_eq!(p.w.get(&p.w.b.owner, &format!("{}/tasks/board", p.site)).await.0, 404);

    // Half past eleven in the evening is the next day further east.
    let (status, site) =
        p.w.patch(&p.w.a.owner, &p.site, 1, json!({ "time_zone": "Europe/Athens" }))
            .await;
    assert_eq!(status, 200, "{site}");
    let body = json!({ "content_type": "post", "title": "Planned" });
    let content = p.made("content", body).await;
    let schedule = p.w.request(
        &p.w.a.owner,
        Method::POST,
        &format!("{}/content/{content}/schedule", p.site),
    );
    let schedule = schedule
        .header("if-match", "\"1\"")
        .body_json(&json!({ "publish_at": "2026-01-11T08:00:00Z", "force": true }));
    let (status, answer) = body_of(schedule.send().await).await;
    assert_eq!(status, 200, "{answer}");
    let calendar = p.get("content/calendar").await;
    assert_eq!(
        (&calendar["from"], &calendar["to"]),
        (&json!("2026-01-01"), &json!("2026-01-31")),
        "{calendar}"
    );
    assert_eq!(
        texts(&calendar["days"], "date"),
        ["2026-01-11", "2026-01-20"],
        "{calendar}"
    );
    assert_eq!(
        texts(&calendar["days"][0]["entries"], "event"),
        ["due", "publish"],
        "{calendar}"
    );
    let calendar = p.get("content/calendar?from=2026-01-10&to=2026-01-10").await;
    assert_eq!(calendar["days"], json!([]), "{calendar}");
    let (status, problem) =
        p.w.get(
            &p.w.a.viewer,
            &format!("{}/content/calendar?from=2026-01-10&to=2027-01-10", p.site),
        )
        .await;
    assert_eq!(
        (status.as_u16(), &problem["errors"][0]["field"]),
        (422, &json!("to")),
        "{problem}"
    );

    let ready = p
        .made("terms", json!({ "taxonomy": "blog_category", "name": "C" }))
        .await;
    let cluster = p.cluster("C", json!({})).await;
    let body = json!({ "content_type": "post", "title": "Whole", "body": "Text.", "excerpt": "E", "cluster": cluster, "terms": [ready] });
    p.made("content", body).await;
    let list = p.get("content/readiness?sort=title&with_total=true").await;
    assert_eq!(list["total"], 2, "{list}");
    let of = |n: usize| {
        (
            list["items"][n]["ready"].as_bool().unwrap(),
            texts(&list["items"][n]["missing"], "field"),
        )
    };
    assert_eq!(of(1), (true, vec![]));
    assert_eq!(
        of(0),
        (
            false,
            ["meta_description", "body", "cluster", "terms"]
                .map(str::to_owned)
                .to_vec()
        ),
        "{list}"
    );
}

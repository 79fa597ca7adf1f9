//! Grouping keywords: what is saved, what stays as people set it, what it costs.

use igny8_server::features::billing::prices::Price;
use igny8_server::features::planner::model::ClusterId;
use igny8_server::testing::fake_provider::Reply;
use igny8_server::testing::{Member, Tenant, World, body_of};
use poem::http::Method;
use serde_json::{Value, json};

use crate::ai::{chats, naming, with_provider};

pub const TOPICS: [(&str, [&str; 8]); 3] = [
    (
        "cold brew coffee",
        [
            "recipe",
            "ratio",
            "concentrate",
            "maker",
            "at home",
            "strong",
            "overnight",
            "storage time",
        ],
    ),
    (
        "mountain bike tyres",
        [
            "width",
            "pressure",
            "tubeless",
            "size chart",
            "for mud",
            "wear",
            "front and rear",
            "puncture",
        ],
    ),
    (
        "tax return deadline",
        [
            "extension",
            "self employed",
            "penalty",
            "online",
            "late",
            "date",
            "reminder",
            "pensioners",
        ],
    ),
];

pub struct Planner<'a> {
    w: &'a World,
    who: &'a Member,
    pub site: String,
    pub sector: String,
}

impl<'a> Planner<'a> {
    pub async fn new(w: &'a World, tenant: &'a Tenant) -> Self {
        let (who, site) = (&tenant.owner, tenant.sites[0].to_string());
        let (status, sector) = w
            .post(who, &format!("/sites/{site}/sectors"), json!({ "name": "All" }))
            .await;
        assert_eq!(status, 201, "{sector}");
        Self {
            w,
            who,
            sector: sector["id"].as_str().unwrap().to_owned(),
            site,
        }
    }

    /// What [`Planner::new`] made before.
    pub async fn of(w: &'a World, tenant: &'a Tenant) -> Self {
        let (who, site) = (&tenant.owner, tenant.sites[0].to_string());
        let (_, sectors) = w.get(who, &format!("/sites/{site}/sectors")).await;
        let sector = sectors["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|of| of["name"] == "All");
        Self {
            w,
            who,
            sector: sector.unwrap()["id"].as_str().unwrap().to_owned(),
            site,
        }
    }

    /// With 24 keywords of three topics.
    pub async fn filled(w: &'a World, tenant: &'a Tenant) -> Self {
        let planner = Self::new(w, tenant).await;
        for (topic, words) in TOPICS {
            for word in words {
                planner.keyword(&format!("{topic} {word}")).await;
            }
        }
        planner
    }

    pub async fn keyword(&self, text: &str) -> Value {
        let body = json!({ "sector": self.sector, "text": text, "volume": 100 });
        self.made("keywords", body).await
    }

    pub async fn made(&self, kind: &str, body: Value) -> Value {
        let (status, made) = self
            .w
            .post(self.who, &format!("/sites/{}/{kind}", self.site), body)
            .await;
        assert_eq!(status, 201, "{made}");
        made
    }

    pub async fn start_with(&self, body: Value) -> (u16, Value) {
        let path = format!("/sites/{}/ai/auto_cluster", self.site);
        let (status, answer) = self.w.post(self.who, &path, body).await;
        (status.as_u16(), answer)
    }

    pub async fn start(&self) -> (u16, Value) {
        self.start_with(json!({ "input": { "sector": self.sector } })).await
    }

    pub async fn estimate(&self) -> Value {
        let path = format!("/sites/{}/ai/auto_cluster/estimate", self.site);
        let body = json!({ "input": { "sector": self.sector } });
        let (status, answer) = self.w.post(self.who, &path, body).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// Queues a task and runs it; answers the job.
    pub async fn run(&self) -> Value {
        let (status, task) = self.start().await;
        assert_eq!(status, 202, "{task}");
        self.w.run_jobs().await;
        self.job(&task).await
    }

    pub async fn job(&self, task: &Value) -> Value {
        let job = task["job"].as_str().unwrap();
        self.w.get(self.who, &format!("/jobs/{job}")).await.1
    }

    pub async fn list(&self, kind: &str) -> Vec<Value> {
        let path = format!("/sites/{}/{kind}?sector={}&limit=200", self.site, self.sector);
        let (status, list) = self.w.get(self.who, &path).await;
        assert_eq!(status, 200, "{list}");
        list["items"].as_array().unwrap().clone()
    }

    /// The balance, after checking that the ledger sums to it.
    pub async fn balance(&self) -> i64 {
        let (_, balance) = self.w.get(self.who, "/billing/balance").await;
        let total = balance["plan_credits"].as_i64().unwrap() + balance["bonus_credits"].as_i64().unwrap();
        let (_, list) = self.w.get(self.who, "/billing/transactions?limit=200").await;
        let rows = list["items"].as_array().unwrap();
        let sum: i64 = rows.iter().map(|row| row["amount"].as_i64().unwrap()).sum();
        assert_eq!(sum, total, "{rows:#?}");
        total
    }

    /// Nothing was saved and nothing taken.
    pub async fn assert_untouched(&self) {
        assert_eq!(self.list("clusters").await, Vec::<Value>::new());
        assert!(
            self.list("keywords")
                .await
                .iter()
                .all(|k| k["status"] == "new" && k["cluster"].is_null())
        );
        assert_eq!(self.balance().await, 100);
    }
}

#[tokio::test]
async fn a_local_run_saves_charges_and_ends() {
    let w = World::new().await;
    let p = Planner::filled(&w, &w.a).await;
    let (_, functions) = w.get(&w.a.viewer, "/ai/functions").await;
    assert_eq!(functions["served_by"], "local", "{functions}");
    assert_eq!(functions["items"][0]["name"], "auto_cluster");
    let estimate = p.estimate().await;
    assert_eq!(
        (&estimate["units"], &estimate["credits"]),
        (&json!(24), &json!(5)),
        "{estimate}"
    );

    // The same request twice is one task.
    let path = format!("/api/v1/sites/{}/ai/auto_cluster", p.site);
    let mut tasks = Vec::new();
    for _ in 0..2 {
        let request = w
            .http
            .post(&path)
            .header("authorization", format!("Bearer {}", w.a.editor.token))
            .header("idempotency-key", "one")
            .body_json(&json!({ "input": { "sector": p.sector } }));
        tasks.push(body_of(request.send().await).await);
    }
    assert_eq!((tasks[0].0.as_u16(), &tasks[0].1), (202, &tasks[1].1));
    assert_eq!(p.estimate().await["reserved"], 5);
    assert_eq!(w.run_jobs().await, 1);
    let job = p.job(&tasks[0].1).await;
    assert_eq!(
        (&job["state"], &job["progress"]),
        (&json!("done"), &json!(100.0)),
        "{job}"
    );
    assert_eq!(job["message"], "Clusters are ready");
    let clusters = p.list("clusters").await;
    assert_eq!(job["result"]["clusters_created"], clusters.len(), "{job}");
    assert!(clusters.len() >= 3, "{clusters:#?}");
    for cluster in &clusters {
        assert_eq!(
            (&cluster["status"], &cluster["origin"]),
            (&json!("new"), &json!("generated"))
        );
        assert!(cluster["keyword_count"].as_i64().unwrap() >= 3, "{cluster}");
        assert!(cluster["recommendations"]["primary_keyword"].is_string(), "{cluster}");
        if let Some(parent) = cluster["parent"].as_str() {
            let hub = clusters.iter().find(|c| c["id"] == parent).unwrap();
            assert_eq!(hub["role"], "hub");
        }
    }
    let mapped = p
        .list("keywords")
        .await
        .iter()
        .filter(|k| k["status"] == "mapped" && k["cluster"].is_string())
        .count();
    assert_eq!(job["result"]["keywords_mapped"], mapped);
    assert_eq!(p.balance().await, 95);
    let (_, usage) = w.get(&w.a.owner, "/billing/usage").await;
    let row = &usage["items"][0];
    assert_eq!(
        (&row["operation"], &row["model"], &row["credits"]),
        (&json!("auto_cluster"), &json!("local"), &json!(5))
    );

    // Again: only what is new, into the clusters that are there.
    if mapped == 24 {
        assert_eq!(p.start().await.0, 422, "nothing is left");
    }
    p.keyword("cold brew coffee recipe strong").await;
    let job = p.run().await;
    assert_eq!(job["result"]["clusters_joined"], 1, "{job}");
    assert_eq!(p.list("clusters").await.len(), clusters.len());
}

#[tokio::test]
async fn what_people_did_stays() {
    let w = World::new().await;
    let p = Planner::filled(&w, &w.a).await;
    let by_hand = p
        .made("clusters", json!({ "sector": p.sector, "name": "My coffee" }))
        .await;
    let keywords = p.list("keywords").await;
    let find = |text: &str| keywords.iter().find(|k| k["text"] == text).unwrap();
    let assign = async |text: &str, cluster: Value| {
        let body = json!({ "action": "assign_cluster", "ids": [find(text)["id"]], "cluster": cluster });
        let path = format!("/sites/{}/keywords/bulk", p.site);
        let (status, answer) = w.post(&w.a.owner, &path, body).await;
        assert_eq!(status, 200, "{answer}");
    };
    for word in ["recipe", "ratio", "maker"] {
        assign(&format!("cold brew coffee {word}"), by_hand["id"].clone()).await;
    }
    // Put in and taken out again: it stays out.
    assign("tax return deadline late", by_hand["id"].clone()).await;
    assign("tax return deadline late", Value::Null).await;
    assert_eq!(p.estimate().await["units"], 20);
    let job = p.run().await;
    assert_eq!(
        (&job["state"], &job["result"]["placed_by_hand"]),
        (&json!("done"), &json!(1)),
        "{job}"
    );
    let after = p.list("keywords").await;
    let of_mine: Vec<&Value> = after.iter().filter(|k| k["cluster"] == by_hand["id"]).collect();
    for word in ["recipe", "ratio", "maker"] {
        let text = format!("cold brew coffee {word}");
        assert!(of_mine.iter().any(|k| k["text"] == text.as_str()), "{word} stays");
    }
    assert!(of_mine.len() > 3, "new ones join it: {of_mine:?}");
    assert!(
        of_mine
            .iter()
            .all(|k| k["text"].as_str().unwrap().starts_with("cold brew"))
    );
    let late = after.iter().find(|k| k["text"] == "tax return deadline late").unwrap();
    assert_eq!((&late["status"], late["cluster"].is_null()), (&json!("new"), true));
    let clusters = p.list("clusters").await;
    let mine = clusters.iter().find(|c| c["id"] == by_hand["id"]).unwrap();
    assert_eq!(
        (&mine["name"], &mine["updated_at"]),
        (&by_hand["name"], &by_hand["updated_at"])
    );

    // Named, it goes back in; keywords of a locked cluster do not come out.
    let locked = clusters
        .iter()
        .find(|c| c["origin"] == "generated" && c["keyword_count"].as_i64() >= Some(3))
        .unwrap();
    let path = format!("/sites/{}/clusters/{}", p.site, locked["id"].as_str().unwrap());
    let (_, read) = body_of(w.request(&w.a.owner, Method::GET, &path).send().await).await;
    let etag = w.request(&w.a.owner, Method::GET, &path).send().await;
    let rev: i64 = etag.0.header("etag").unwrap().trim_matches('"').parse().unwrap();
    assert_eq!(
        w.patch(&w.a.owner, &path, rev, json!({ "locked": true })).await.0,
        200,
        "{read}"
    );
    let inside: Vec<&Value> = after
        .iter()
        .filter(|k| k["cluster"] == locked["id"])
        .map(|k| &k["id"])
        .collect();
    let (status, answer) = p
        .start_with(json!({ "input": { "sector": p.sector, "keywords": inside } }))
        .await;
    assert_eq!((status, &answer["code"]), (422, &json!("nothing_to_do")), "{answer}");
}

/// Deals the keywords of generated clusters out over all of them.
pub const DEAL: &str = "LET $clusters = SELECT VALUE id FROM cluster WHERE origin = 'generated' AND deleted_at IS NONE;\
     LET $keywords = (SELECT id, cluster FROM keyword WHERE cluster IS NOT NONE ORDER BY cluster).id;\
     FOR $n IN 0..array::len($keywords) { LET $one = $keywords[$n]; \
     UPDATE $one SET cluster = $clusters[$n % array::len($clusters)] };";

#[tokio::test]
async fn grouping_anew_keeps_what_is_the_same_and_nothing_empty() {
    let w = World::new().await;
    let p = Planner::filled(&w, &w.a).await;
    assert_eq!(p.run().await["state"], "done");
    let ids = |list: &[Value]| list.iter().map(|row| row["id"].clone()).collect::<Vec<_>>();
    let named = |list: &[Value]| {
        let mut names: Vec<String> = list
            .iter()
            .map(|row| row["name"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    };
    let first = p.list("clusters").await;
    let (first, names) = (ids(&first), named(&first));
    let body = json!({ "sector": p.sector, "name": "Mine, empty" });
    let by_hand = p.made("clusters", body).await;
    let again = async || {
        let input = json!({ "sector": p.sector, "keywords": ids(&p.list("keywords").await) });
        let (status, task) = p.start_with(json!({ "input": input })).await;
        assert_eq!(status, 202, "{task}");
        w.run_jobs().await;
        let job = p.job(&task).await;
        assert_eq!(job["state"], "done", "{job}");
        job["result"].clone()
    };
    let result = again().await;
    assert_eq!(
        (&result["clusters_created"], &result["clusters_joined"]),
        (&json!(0), &json!(first.len())),
        "{result}"
    );
    assert_eq!(p.list("clusters").await.len(), first.len() + 1);

    // Each cluster's keywords dealt out over all of them: in order, since by chance one could stay as it was.
    let platform = w.app.db.platform(igny8_data::Why::Operator);
    let deal = async || {
        platform
            .query(DEAL, igny8_data::Variables::new(), "testing")
            .await
            .unwrap();
    };
    deal().await;
    let result = again().await;
    assert_eq!(result["clusters_created"], first.len(), "{result}");
    let mut clusters = p.list("clusters").await;
    assert_eq!(clusters.len(), first.len() + 1, "{clusters:#?}");
    for cluster in &clusters {
        assert!(!first.contains(&cluster["id"]), "{cluster}");
        let empty = cluster["keyword_count"] == 0;
        assert_eq!(empty, cluster["id"] == by_hand["id"], "{cluster}");
    }
    clusters.retain(|cluster| cluster["id"] != by_hand["id"]);
    assert_eq!(named(&clusters), names, "the names of those that went are free");

    // One that something hangs on stays without keywords, and keeps its name.
    let top = clusters.iter().find(|c| c["parent"].is_null()).unwrap();
    let below = json!({ "sector": p.sector, "name": "Below it", "parent": top["id"] });
    p.made("clusters", below).await;
    deal().await;
    let result = again().await;
    assert_eq!(result["clusters_created"], first.len(), "{result}");
    let after = p.list("clusters").await;
    let stayed = after.iter().find(|c| c["id"] == top["id"]).unwrap();
    assert_eq!((&stayed["name"], &stayed["keyword_count"]), (&top["name"], &json!(0)));
    let second = format!("{} (2)", top["name"].as_str().unwrap());
    let numbered: Vec<String> = named(&after).into_iter().filter(|name| name.ends_with(')')).collect();
    assert_eq!(numbered, [second]);
}

#[tokio::test]
async fn grouping_anew_stores_what_it_showed() {
    let w = World::new().await;
    let p = Planner::filled(&w, &w.a).await;
    assert_eq!(p.run().await["state"], "done");
    let first = p.list("clusters").await[0]["id"].clone();
    let of_odd = p.made("clusters", json!({ "sector": p.sector, "name": "Odd" })).await;
    let odd = ["xylophone", "quarterly zeppelin", "marzipan", "gyroscope"];
    for text in odd {
        p.keyword(text).await;
    }
    // As if another grouping had put two of them into a cluster of their own, two into one with others.
    let id = |cluster: &Value| cluster.as_str().unwrap().parse::<ClusterId>().unwrap();
    let mut binds = igny8_data::Variables::new();
    binds.insert("own", id(&of_odd["id"]));
    binds.insert("first", id(&first));
    let sql = "UPDATE $own SET origin = 'generated', rev += 1;\
               UPDATE keyword SET cluster = $own, status = 'mapped', rev += 1 WHERE text INSIDE ['marzipan', 'gyroscope'];\
               UPDATE keyword SET cluster = $first, status = IF text = 'xylophone' { 'used' } ELSE { 'mapped' }, rev += 1 \
               WHERE text INSIDE ['xylophone', 'quarterly zeppelin'];";
    let platform = w.app.db.platform(igny8_data::Why::Operator);
    platform.query(sql, binds, "testing").await.unwrap();

    let path = format!("/sites/{}/sectors/{}/grouping?regroup=true", p.site, p.sector);
    let (_, shown) = w.get(&w.a.viewer, &path).await;
    assert_eq!(shown["keywords"], 28, "{shown}");
    let input = json!({ "sector": p.sector, "regroup": true });
    let (status, task) = p.start_with(json!({ "input": input })).await;
    assert_eq!(status, 202, "{task}");
    w.run_jobs().await;
    let job = p.job(&task).await;
    assert_eq!(job["state"], "done", "{job}");

    let stored = p.list("keywords").await;
    let mut seen = Vec::new();
    for group in shown["groups"].as_array().unwrap() {
        let place = |keyword: &Value| {
            let row = stored.iter().find(|row| row["id"] == keyword["id"]).unwrap();
            row["cluster"].clone()
        };
        let keywords = group["keywords"].as_array().unwrap();
        let cluster = place(&keywords[0]);
        assert!(
            cluster.is_string() && keywords.iter().all(|k| place(k) == cluster),
            "{group}"
        );
        assert_eq!(
            group["size"],
            stored.iter().filter(|row| row["cluster"] == cluster).count()
        );
        assert!(!seen.contains(&cluster), "{group}");
        seen.push(cluster);
    }
    let out: Vec<&Value> = stored.iter().filter(|row| row["cluster"].is_null()).collect();
    assert_eq!(shown["keywords_unclustered"], out.len(), "{shown}");
    assert_eq!(job["result"]["keywords_unclustered"], out.len(), "{job}");
    assert!(job["result"]["keywords_taken_out"].as_u64() >= Some(4), "{job}");
    assert_eq!(job["result"]["keywords_mapped"], 28 - out.len(), "{job}");
    for text in odd {
        let row = out.iter().find(|row| row["text"] == text).unwrap();
        assert_eq!(row["status"], if text == "xylophone" { "used" } else { "new" });
    }
    assert!(
        p.list("clusters").await.iter().all(|c| c["id"] != of_odd["id"]),
        "nothing empty is left behind"
    );
}

#[tokio::test]
async fn what_was_merged_split_and_renamed_stays_so() {
    let w = World::new().await;
    let p = Planner::filled(&w, &w.a).await;
    assert_eq!(p.run().await["state"], "done");
    let clusters = p.list("clusters").await;
    assert!(clusters.len() >= 3, "{clusters:#?}");
    let path = |cluster: &Value| format!("/sites/{}/clusters/{}", p.site, cluster["id"].as_str().unwrap());
    let etag = async |cluster: &Value| {
        let answer = w.request(&w.a.owner, Method::GET, &path(cluster)).send().await;
        answer.0.header("etag").unwrap().to_owned()
    };
    let [renamed, merged, gone] = &clusters[..3] else {
        unreachable!()
    };
    let change = async |method: Method, path: String, etag: String, body: Value| {
        let request = w.request(&w.a.editor, method, &path).header("if-match", etag);
        let (status, answer) = body_of(request.body_json(&body).send().await).await;
        assert!(status.is_success(), "{answer}");
        answer
    };
    // Locked and opened again, a generated one is still clustering's.
    for locked in [true, false] {
        let answer = change(
            Method::PATCH,
            path(renamed),
            etag(renamed).await,
            json!({ "locked": locked }),
        );
        assert_eq!(answer.await["origin"], "generated");
    }
    let answer = change(
        Method::PATCH,
        path(renamed),
        etag(renamed).await,
        json!({ "name": "As I say" }),
    );
    assert_eq!(answer.await["origin"], "manual");
    let body = json!({ "clusters": [gone["id"]] });
    let answer = change(
        Method::POST,
        format!("{}/merge", path(merged)),
        etag(merged).await,
        body,
    );
    assert_eq!(answer.await["origin"], "manual");
    let keywords = p.list("keywords").await;
    let some: Vec<&Value> = keywords
        .iter()
        .filter(|k| k["cluster"] == merged["id"])
        .step_by(3)
        .map(|k| &k["id"])
        .collect();
    let body = json!({ "name": "Some of it", "keywords": some });
    let split = w.post(&w.a.editor, &format!("{}/split", path(merged)), body).await;
    assert_eq!(split.0, 201, "{}", split.1);

    let mine = [&renamed["id"], &merged["id"], &split.1["id"]];
    let state = async || {
        let clusters = p.list("clusters").await;
        let of = |id: &Value| clusters.iter().find(|c| c["id"] == *id).unwrap().clone();
        mine.map(|id| {
            let cluster = of(id);
            [
                "name",
                "description",
                "role",
                "context_type",
                "parent",
                "recommendations",
            ]
            .map(|field| cluster[field].clone())
        })
    };
    let places = async || {
        let mut keywords = p.list("keywords").await;
        keywords.sort_by_key(|k| k["text"].to_string());
        keywords
    };
    let (before, were) = (state().await, places().await);
    for (n, granularity) in [0.0, 0.5, 1.0].into_iter().enumerate() {
        // So that there is something to do.
        p.keyword(&format!("marzipan number {n}")).await;
        let input = json!({ "sector": p.sector, "regroup": true, "granularity": granularity });
        let (status, task) = p.start_with(json!({ "input": input })).await;
        assert_eq!(status, 202, "{task}");
        w.run_jobs().await;
        let job = p.job(&task).await;
        assert_eq!(job["state"], "done", "{job}");
        assert_eq!(state().await, before, "{granularity}");
        let now = places().await;
        for keyword in were.iter().filter(|k| mine.contains(&&k["cluster"])) {
            let row = now.iter().find(|k| k["id"] == keyword["id"]).unwrap();
            assert_eq!(row["cluster"], keyword["cluster"], "{row} at {granularity}");
        }
    }
}

#[tokio::test]
async fn what_fits_nowhere_costs_nothing_and_is_not_tried_twice() {
    let w = World::new().await;
    let p = Planner::filled(&w, &w.a).await;
    for odd in [
        "xylophone",
        "quarterly zeppelin",
        "marzipan",
        "gyroscope",
        "umlaut",
        "fjord",
    ] {
        p.keyword(odd).await;
    }
    let job = p.run().await;
    let (mapped, left) = (
        job["result"]["keywords_mapped"].as_i64().unwrap(),
        job["result"]["keywords_unclustered"].as_i64().unwrap(),
    );
    assert_eq!((job["state"].as_str(), mapped + left), (Some("done"), 30), "{job}");
    assert!(left >= 6, "{job}");
    assert_eq!(p.balance().await, 100 - (mapped + 4) / 5);
    let (_, usage) = w.get(&w.a.owner, "/billing/usage").await;
    assert_eq!(usage["items"][0]["credits"], (mapped + 4) / 5);

    // The same again would leave them behind again.
    assert_eq!(p.estimate().await["units"], 0);
    let (status, answer) = p.start().await;
    assert_eq!((status, &answer["code"]), (422, &json!("nothing_to_do")), "{answer}");
    // With another granularity, or another size, it need not.
    for knob in [json!({ "granularity": 0.3 }), json!({ "max_size": 10 })] {
        let mut input = json!({ "sector": p.sector });
        input.as_object_mut().unwrap().extend(knob.as_object().unwrap().clone());
        let path = format!("/sites/{}/ai/auto_cluster/estimate", p.site);
        let (_, estimate) = w.post(&w.a.owner, &path, json!({ "input": input })).await;
        assert_eq!(estimate["units"], left, "{estimate}");
    }
    // Nor once something has changed: a cluster, a keyword.
    p.made("clusters", json!({ "sector": p.sector, "name": "Instruments" }))
        .await;
    assert_eq!(p.estimate().await["units"], left);
    let before = p.balance().await;
    let job = p.run().await;
    assert_eq!(
        (&job["state"], &job["result"]["keywords_mapped"]),
        (&json!("done"), &json!(0)),
        "{job}"
    );
    assert_eq!(p.balance().await, before, "nothing was put anywhere");
    assert_eq!(p.estimate().await["units"], 0);
    p.keyword("fjord tours").await;
    assert_eq!(p.estimate().await["units"], left + 1);
}

#[tokio::test]
async fn what_a_person_moves_meanwhile_is_not_paid_for() {
    let (w, fake) = with_provider().await;
    let p = Planner::filled(&w, &w.a).await;
    let mine = p
        .made(
            "clusters",
            json!({ "sector": p.sector, "name": "Mine", "locked": true }),
        )
        .await;
    let keywords = p.list("keywords").await;
    let ids: Vec<&Value> = keywords.iter().take(7).map(|k| &k["id"]).collect();
    fake.answer(|request| {
        if request.path.ends_with("/embeddings") {
            Reply::Text(String::new())
        } else {
            naming(request)
        }
    });
    fake.script([
        Reply::Text(String::new()),
        Reply::Slow(std::time::Duration::from_secs(2)),
    ]);
    let (_, task) = p.start().await;
    let by_hand = async {
        while chats(&fake).is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let body = json!({ "action": "assign_cluster", "ids": ids, "cluster": mine["id"] });
        let (status, answer) = w
            .post(&w.a.owner, &format!("/sites/{}/keywords/bulk", p.site), body)
            .await;
        assert_eq!(status, 200, "{answer}");
    };
    tokio::join!(w.run_jobs(), by_hand);
    let job = p.job(&task).await;
    assert_eq!(job["state"], "done", "{job}");
    let after = p.list("keywords").await;
    let in_mine = after.iter().filter(|k| k["cluster"] == mine["id"]).count();
    assert_eq!(in_mine, 7);
    let others = after.iter().filter(|k| k["cluster"].is_string()).count() - in_mine;
    assert_eq!(job["result"]["keywords_mapped"], others, "{job}");
    assert_eq!(p.balance().await, 100 - i64::try_from(others.div_ceil(5)).unwrap());
    assert!(
        p.list("clusters").await.iter().all(|c| c["keyword_count"] != 0),
        "nothing empty is left behind"
    );
}

#[tokio::test]
async fn a_locked_cluster_takes_in_what_a_person_says() {
    let w = World::new().await;
    let p = Planner::filled(&w, &w.a).await;
    let locked = p
        .made(
            "clusters",
            json!({ "sector": p.sector, "name": "My coffee", "locked": true }),
        )
        .await;
    let keywords = p.list("keywords").await;
    let coffee: Vec<&Value> = keywords
        .iter()
        .filter(|k| k["text"].as_str().unwrap().starts_with("cold brew"))
        .collect();
    let body = json!({ "action": "assign_cluster", "ids": coffee[..3].iter().map(|k| &k["id"]).collect::<Vec<_>>(), "cluster": locked["id"] });
    let path = format!("/sites/{}/keywords/bulk", p.site);
    assert_eq!(w.post(&w.a.owner, &path, body).await.0, 200);
    let (_, task) = p.start().await;
    w.run_jobs().await;
    let job = p.job(&task).await;
    let fit = &job["result"]["would_fit"][0];
    assert_eq!(fit["cluster"], locked["id"], "{job}");
    let count = fit["count"].as_u64().unwrap();
    assert!(
        count > 0 && fit["keywords"].as_array().unwrap().len() as u64 == count,
        "{job}"
    );
    let inside = async || {
        let after = p.list("keywords").await;
        after.iter().filter(|k| k["cluster"] == locked["id"]).count() as u64
    };
    assert_eq!(inside().await, 3);

    // One of them goes elsewhere first.
    let other = p.made("clusters", json!({ "sector": p.sector, "name": "Other" })).await;
    let body = json!({ "action": "assign_cluster", "ids": [fit["keywords"][0]], "cluster": other["id"] });
    assert_eq!(w.post(&w.a.owner, &path, body).await.0, 200);
    let take_in = async |member: &Member, cluster: &Value, job: &Value| {
        let path = format!("/sites/{}/clusters/{}/take_in", p.site, cluster["id"].as_str().unwrap());
        w.post(member, &path, json!({ "job": job })).await
    };
    assert_eq!(take_in(&w.a.viewer, &locked, &task["job"]).await.0, 403);
    assert_eq!(take_in(&w.b.owner, &locked, &task["job"]).await.0, 404);
    let (status, answer) = take_in(&w.a.owner, &other, &task["job"]).await;
    assert_eq!(
        (status.as_u16(), &answer["errors"][0]["field"]),
        (422, &json!("job")),
        "{answer}"
    );
    let (status, answer) = take_in(&w.a.editor, &locked, &task["job"]).await;
    assert_eq!(
        (status.as_u16(), &answer["keywords_mapped"]),
        (200, &json!(count - 1)),
        "{answer}"
    );
    assert_eq!(inside().await, 3 + count - 1);
    let (_, again) = take_in(&w.a.editor, &locked, &task["job"]).await;
    assert_eq!(again["keywords_mapped"], 0);
    // Another account's job names nothing here.
    let theirs = Planner::filled(&w, &w.b).await;
    let (_, task) = theirs.start().await;
    w.run_jobs().await;
    assert_eq!(take_in(&w.a.owner, &locked, &task["job"]).await.0, 422);
}

#[tokio::test]
async fn the_knob_shows_groups_and_changes_nothing() {
    let w = World::new().await;
    let p = Planner::filled(&w, &w.a).await;
    let look = async |member: &Member, query: &str| {
        let path = format!("/sites/{}/sectors/{}/grouping?{query}", p.site, p.sector);
        w.get(member, &path).await
    };
    let (status, first) = look(&w.a.viewer, "").await;
    assert_eq!((status.as_u16(), &first["remembered"]), (200, &json!(false)), "{first}");
    let groups = first["groups"].as_array().unwrap();
    let shown: usize = groups.iter().map(|g| g["keywords"].as_array().unwrap().len()).sum();
    assert_eq!(
        shown as u64 + first["keywords_unclustered"].as_u64().unwrap(),
        24,
        "{first}"
    );
    assert_eq!(
        (&first["clusters_created"], &first["keywords"]),
        (&json!(groups.len()), &json!(24))
    );
    for keyword in groups.iter().flat_map(|g| g["keywords"].as_array().unwrap()) {
        let similarity = keyword["similarity"].as_f64().unwrap();
        assert!(
            similarity > 0.0 && similarity <= 1.0 && keyword["joins"] == true,
            "{keyword}"
        );
    }
    // Other granularities from memory: the finer, the more groups or keywords left alone.
    let mut sizes = Vec::new();
    for granularity in ["0", "0.5", "1"] {
        let (_, at) = look(&w.a.viewer, &format!("granularity={granularity}")).await;
        assert_eq!(at["remembered"], true, "{at}");
        let largest = at["groups"]
            .as_array()
            .unwrap()
            .iter()
            .map(|g| g["size"].as_u64().unwrap())
            .max();
        sizes.push(largest.unwrap_or(0));
    }
    assert!(
        sizes[0] >= sizes[1] && sizes[1] >= sizes[2] && sizes[0] > sizes[2],
        "{sizes:?}"
    );
    let (_, small) = look(&w.a.viewer, "max_size=3").await;
    assert!(
        small["groups"]
            .as_array()
            .unwrap()
            .iter()
            .all(|g| g["size"].as_u64() <= Some(3)),
        "{small}"
    );
    p.assert_untouched().await;

    // A task with the same settings makes what was shown; then only what is new is shown, or all when asked for.
    let job = p.run().await;
    assert_eq!(job["result"]["clusters_created"], first["clusters_created"], "{job}");
    p.keyword("cold brew coffee recipe strong").await;
    let (_, after) = look(&w.a.viewer, "").await;
    assert_eq!(after["remembered"], false, "{after}");
    assert_eq!(after["clusters_joined"], 1, "{after}");
    let group = &after["groups"][0];
    assert!(group["cluster"].is_string() && group["closed"] == false, "{group}");
    let joining: Vec<&Value> = group["keywords"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|k| k["joins"] == true)
        .collect();
    assert!(
        joining.iter().any(|k| k["text"] == "cold brew coffee recipe strong"),
        "{group}"
    );
    let (_, all) = look(&w.a.viewer, "regroup=true").await;
    assert_eq!(all["keywords"], 25, "{all}");
    for (query, field) in [
        ("granularity=2", "granularity"),
        ("max_size=1", "max_size"),
        ("language=%3F", "language"),
    ] {
        let (status, answer) = look(&w.a.owner, query).await;
        assert_eq!(
            (status.as_u16(), &answer["errors"][0]["field"]),
            (422, &json!(field)),
            "{answer}"
        );
    }
    assert_eq!(look(&w.b.owner, "").await.0, 404);
    let path = format!("/sites/{}/sectors/{}/grouping", w.b.sites[0], p.sector);
    assert_eq!(w.get(&w.b.owner, &path).await.0, 404, "a sector of somebody else's");

    // And a task can do the same.
    let (status, task) = p
        .start_with(json!({ "input": { "sector": p.sector, "regroup": true, "granularity": 1.0 } }))
        .await;
    assert_eq!(status, 202, "{task}");
    w.run_jobs().await;
    let job = p.job(&task).await;
    assert_eq!(job["state"], "done", "{job}");
}

#[tokio::test]
async fn vectors_are_asked_for_once_and_shown_groups_use_them() {
    let (w, fake) = with_provider().await;
    fake.connect(&w, &w.b.owner).await;
    let p = Planner::filled(&w, &w.a).await;
    fake.answer(|request| {
        if request.path.ends_with("/embeddings") {
            Reply::Text(String::new())
        } else {
            naming(request)
        }
    });
    let asked = || -> Vec<Value> {
        let received = fake.received();
        let vectors = received.iter().filter(|request| request.path.ends_with("/embeddings"));
        vectors
            .flat_map(|request| request.body["input"].as_array().unwrap().clone())
            .collect()
    };
    let look = async |p: &Planner<'_>, query: &str| {
        let path = format!("/sites/{}/sectors/{}/grouping?{query}", p.site, p.sector);
        let (status, shown) = w.get(p.who, &path).await;
        assert_eq!(status, 200, "{shown}");
        shown
    };
    let regroup = async |granularity: f64| {
        let input = json!({ "sector": p.sector, "regroup": true, "granularity": granularity });
        let (status, task) = p.start_with(json!({ "input": input })).await;
        assert_eq!(status, 202, "{task}");
        w.run_jobs().await;
        let job = p.job(&task).await;
        assert_eq!(job["state"], "done", "{job}");
        job
    };
    assert_eq!(look(&p, "").await["keywords_without_vectors"], 24);
    assert_eq!(asked().len(), 0, "a look asks for nothing");
    assert_eq!(p.run().await["state"], "done");
    assert_eq!(asked().len(), 24);
    p.keyword("cold brew coffee recipe strong").await;
    assert_eq!(look(&p, "regroup=true").await["keywords_without_vectors"], 1);
    regroup(0.5).await;
    assert_eq!(asked()[24..], [json!("cold brew coffee recipe strong")]);

    // With all vectors there, a task makes what was shown.
    let shown = look(&p, "regroup=true&granularity=0.7").await;
    assert_eq!(shown["keywords_without_vectors"], 0, "{shown}");
    let job = regroup(0.7).await;
    assert_eq!(asked().len(), 25, "nothing is asked for again");
    assert_eq!(job["result"]["clusters_created"], shown["clusters_created"], "{job}");
    assert_eq!(
        job["result"]["keywords_unclustered"], shown["keywords_unclustered"],
        "{job}"
    );
    let stored = p.list("keywords").await;
    for group in shown["groups"].as_array().unwrap() {
        let mut places = group["keywords"].as_array().unwrap().iter().map(|keyword| {
            let row = stored.iter().find(|row| row["id"] == keyword["id"]).unwrap();
            &row["cluster"]
        });
        let first = places.next().unwrap();
        assert!(first.is_string() && places.all(|place| place == first), "{group}");
    }
    // They are the account's own, and not for ever.
    let other = Planner::filled(&w, &w.b).await;
    assert_eq!(look(&other, "").await["keywords_without_vectors"], 24);
    w.clock.advance(chrono::Duration::days(91));
    assert_eq!(igny8_server::ai::vectors::purge(w.app.clone()).await.unwrap(), 25);
}

#[tokio::test]
async fn clusters_are_merged_and_split() {
    let w = World::new().await;
    let p = Planner::new(&w, &w.a).await;
    let hub = p.made("clusters", json!({ "sector": p.sector, "name": "Hub" })).await;
    let other = p
        .made(
            "clusters",
            json!({ "sector": p.sector, "name": "Other", "parent": hub["id"] }),
        )
        .await;
    let below = p
        .made(
            "clusters",
            json!({ "sector": p.sector, "name": "Below", "parent": other["id"] }),
        )
        .await;
    let body = json!({ "sector": p.sector, "text": "cold brew", "cluster": other["id"] });
    let keyword = p.made("keywords", body).await;
    let content =
        json!({ "title": "T", "content_type": "post", "body": "B", "cluster": other["id"], "cluster_role": "hub" });
    let content = p.made("content", content).await;
    let path = format!("/sites/{}/clusters/{}", p.site, hub["id"].as_str().unwrap());
    let merge = async |etag: &str, clusters: Value| {
        let request = w
            .request(&w.a.owner, Method::POST, &format!("{path}/merge"))
            .header("if-match", etag);
        body_of(request.body_json(&json!({ "clusters": clusters })).send().await).await
    };
    assert_eq!(merge("\"1\"", json!([hub["id"]])).await.0, 422);
    assert_eq!(merge("\"9\"", json!([other["id"]])).await.0, 412);
    let (status, merged) = merge("\"1\"", json!([other["id"]])).await;
    assert_eq!(
        (status.as_u16(), &merged["keyword_count"]),
        (200, &json!(1)),
        "{merged}"
    );
    let get = async |kind: &str, of: &Value| {
        w.get(
            &w.a.owner,
            &format!("/sites/{}/{kind}/{}", p.site, of["id"].as_str().unwrap()),
        )
        .await
    };
    assert_eq!(get("clusters", &other).await.0, 404);
    assert_eq!(get("clusters", &below).await.1["parent"], hub["id"]);
    assert_eq!(get("content", &content).await.1["cluster"], hub["id"]);
    assert_eq!(get("keywords", &keyword).await.1["cluster"], hub["id"]);

    let split = async |name: &str, keywords: Value| {
        w.post(
            &w.a.owner,
            &format!("{path}/split"),
            json!({ "name": name, "keywords": keywords }),
        )
        .await
    };
    assert_eq!(split("Below", json!([keyword["id"]])).await.0, 409);
    let (status, new) = split("New", json!([keyword["id"]])).await;
    assert_eq!((status.as_u16(), &new["keyword_count"]), (201, &json!(1)), "{new}");
    assert_eq!(
        split("Again", json!([keyword["id"]])).await.0,
        422,
        "it is not there any more"
    );
    let foreign = Planner::new(&w, &w.b).await;
    let foreign = foreign
        .made("clusters", json!({ "sector": foreign.sector, "name": "Theirs" }))
        .await;
    assert_eq!(merge("\"3\"", json!([foreign["id"]])).await.0, 422);
}

/// How long a large sector takes, which is saved in parts. `KEYWORDS=100000 cargo nextest run --workspace
/// --run-ignored only -E 'test(a_large_sector)' --no-capture`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: a measurement"]
async fn a_large_sector() {
    use igny8_data::{SectorId, SiteScope, Write};
    use igny8_server::features::planner::Keyword;
    use std::time::Instant;
    let count: usize = std::env::var("KEYWORDS").map_or(10_000, |n| n.parse().unwrap());
    let w = World::with(|config| {
        config.database.url = "surrealkv".into();
        config.billing.prices.insert("auto_cluster".into(), Price::each(0));
    })
    .await;
    let p = Planner::new(&w, &w.a).await;
    let sector: SectorId = p.sector.parse().unwrap();
    let actor = w.app.db.actor_of_user(w.a.owner.id).await.unwrap();
    let scope: SiteScope<Write> = actor.site(&w.app.db, w.a.sites[0]).await.unwrap();
    let word = |n: usize| -> String {
        const SYLLABLES: [&str; 16] = [
            "ka", "lo", "mi", "ren", "tu", "sha", "vel", "dor", "pin", "gus", "ta", "bri", "con", "fe", "nul", "zor",
        ];
        [n % 16, n / 16 % 16, n / 256 % 16].map(|s| SYLLABLES[s]).concat()
    };
    let begun = Instant::now();
    for batch in (0..count).collect::<Vec<_>>().chunks(2_000) {
        let rows: Vec<Keyword> = batch
            .iter()
            .map(|&n| {
                let (topic, of) = (n / 40, n % 40);
                let text = format!(
                    "{} {} {} {of}",
                    word(topic),
                    word(topic * 7 + 13),
                    word(of * 31 + topic % 5)
                );
                Keyword::new(w.app.db.ids().make(), &scope, sector, &text, w.clock.now())
            })
            .collect();
        let mut tx = w.app.db.site(&scope).tx();
        tx.create_all(rows);
        tx.commit().await.unwrap();
    }
    println!("{count} keywords stored in {:?}", begun.elapsed());
    let begun = Instant::now();
    println!("{} (counted in {:?})", p.estimate().await, begun.elapsed());
    let begun = Instant::now();
    let (status, task) = p.start().await;
    assert_eq!(status, 202, "{task}");
    let watch = async {
        let mut last = String::new();
        loop {
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            let job = p.job(&task).await;
            let now = format!("{} {}", job["message"], job["state"]);
            if now != last {
                println!("{:>8.1?} {} {now}", begun.elapsed(), job["progress"]);
                last = now;
            }
        }
    };
    tokio::select! { _ = watch => {}, _ = w.run_jobs() => {} }
    let job = p.job(&task).await;
    println!("{:?} {job}", begun.elapsed());
    assert_eq!(job["state"], "done");
}

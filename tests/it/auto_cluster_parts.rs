//! Grouping more keywords than the database takes at once: saved, charged and taken up again part by part.

use std::collections::{BTreeMap, BTreeSet};

use igny8_data::{Variables, Why};
use igny8_server::features::billing::prices::Price;
use igny8_server::testing::World;
use serde_json::{Value, json};

use crate::auto_cluster::{DEAL, Planner, TOPICS};

/// A database whose table in memory takes this many keywords at once.
async fn taking(keywords: u64) -> World {
    World::with(|config| {
        config.database.memtable_bytes = keywords * 6 * 1024;
        config.billing.prices.insert("auto_cluster".into(), Price::each(1));
    })
    .await
}

/// The texts of each cluster's keywords by its name.
async fn groups(p: &Planner<'_>) -> BTreeMap<String, BTreeSet<String>> {
    let names: BTreeMap<String, String> = p
        .list("clusters")
        .await
        .iter()
        .map(|cluster| (crate::trip::id(cluster), cluster["name"].as_str().unwrap().to_owned()))
        .collect();
    let mut groups: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for keyword in p.list("keywords").await {
        if let Some(cluster) = keyword["cluster"].as_str() {
            let texts = groups.entry(names[cluster].clone()).or_default();
            texts.insert(keyword["text"].as_str().unwrap().to_owned());
        }
    }
    groups
}

async fn deductions(w: &World) -> Vec<(String, i64)> {
    let (_, list) = w
        .get(&w.a.owner, "/billing/transactions?kind=deduction&limit=200")
        .await;
    let rows = list["items"].as_array().unwrap().iter();
    let mut all: Vec<_> = rows
        .filter(|row| row["kind"] == "deduction")
        .map(|row| {
            (
                row["reference"].as_str().unwrap().to_owned(),
                row["amount"].as_i64().unwrap(),
            )
        })
        .collect();
    all.sort();
    all
}

async fn sql(w: &World, sql: &str) {
    let db = w.app.db.platform(Why::Queue);
    db.query(sql, Variables::new(), "a test").await.unwrap();
}

fn counts(job: &Value) -> Vec<&Value> {
    let names = [
        "clusters_created",
        "clusters_joined",
        "keywords_mapped",
        "keywords_unclustered",
        "keywords_taken_out",
        "placed_by_hand",
    ];
    names.iter().map(|name| &job["result"][name]).collect()
}

#[tokio::test]
async fn parts_are_what_the_whole_would_be() {
    let whole = taking(1_000).await;
    let p = Planner::filled(&whole, &whole.a).await;
    let at_once = p.run().await;
    let expected = groups(&p).await;
    assert!(expected.len() >= 3, "{expected:?}");

    let w = taking(8).await;
    let p = Planner::filled(&w, &w.a).await;
    let job = p.run().await;
    assert_eq!(job["state"], "done", "{job}");
    assert_eq!(counts(&job), counts(&at_once));
    assert_eq!(groups(&p).await, expected);
    let mapped = expected.values().map(BTreeSet::len).sum::<usize>();
    let mapped = i64::try_from(mapped).unwrap();
    let taken = deductions(&w).await;
    assert!(taken.len() >= 3, "each part is charged: {taken:?}");
    assert_eq!(taken.iter().map(|(_, amount)| amount).sum::<i64>(), -mapped);
    assert_eq!(p.balance().await, 100 - mapped);
    let (_, usage) = w.get(&w.a.owner, "/billing/usage").await;
    assert_eq!(
        usage["items"].as_array().unwrap().len(),
        1,
        "one run is one line: {usage}"
    );
    assert_eq!(usage["items"][0]["credits"], mapped);
    // The state of the sector is the one after the last part.
    if mapped == 24 {
        assert_eq!(p.start().await.0, 422, "nothing is left");
    }
    // All anew comes to the same, and the clusters stay.
    let before = p.list("clusters").await.len();
    p.keyword(&format!("{} {}", TOPICS[0].0, "for two")).await;
    let (status, task) = p
        .start_with(json!({ "input": { "sector": p.sector, "regroup": true } }))
        .await;
    assert_eq!(status, 202, "{task}");
    w.run_jobs().await;
    assert_eq!(p.job(&task).await["state"], "done");
    assert_eq!(p.list("clusters").await.len(), before);

    // Clusters that each part empties only partly keep their names until the last keyword has moved on.
    let together = groups(&p).await;
    sql(&w, DEAL).await;
    let keywords = p.list("keywords").await;
    let ids: Vec<&Value> = keywords.iter().map(|keyword| &keyword["id"]).collect();
    let input = json!({ "sector": p.sector, "keywords": ids });
    let (status, task) = p.start_with(json!({ "input": input })).await;
    assert_eq!(status, 202, "{task}");
    w.run_jobs().await;
    let job = p.job(&task).await;
    assert_eq!(job["state"], "done", "{job}");
    let sets = |of: &BTreeMap<String, BTreeSet<String>>| of.values().cloned().collect::<BTreeSet<_>>();
    assert_eq!(sets(&groups(&p).await), sets(&together));
}

#[tokio::test]
async fn what_is_cut_off_between_parts_goes_on_there() {
    let mut w = taking(8).await;
    let expected = {
        let p = Planner::filled(&w, &w.b).await;
        p.run().await;
        groups(&p).await
    };
    let task = {
        let p = Planner::filled(&w, &w.a).await;
        // From the second part on nothing can be saved.
        sql(
            &w,
            "DEFINE EVENT stop ON cluster WHEN $event = 'CREATE' \
             AND $after.origin = 'generated' AND count((SELECT id FROM cluster WHERE account = $after.account)) > 1 THEN { THROW 'stopped' };",
        )
        .await;
        let (status, task) = p.start().await;
        assert_eq!(status, 202, "{task}");
        w.run_jobs().await;
        let job = p.job(&task).await;
        assert_eq!(job["state"], "queued", "it is tried again later: {job}");
        task
    };
    let first = deductions(&w).await;
    assert_eq!(first.len(), 1, "{first:?}");
    let p = Planner::of(&w, &w.a).await;
    let saved = groups(&p).await;
    assert_eq!(saved.len(), 1, "{saved:?}");
    // What the first part has put into a cluster, a person puts elsewhere meanwhile; it stays there.
    let moved = p
        .list("keywords")
        .await
        .into_iter()
        .find(|keyword| keyword["cluster"].is_string())
        .unwrap();
    let mine = p.made("clusters", json!({ "sector": p.sector, "name": "Mine" })).await;
    let body = json!({ "action": "assign_cluster", "ids": [moved["id"]], "cluster": mine["id"] });
    let (status, answer) = w
        .post(&w.a.owner, &format!("/sites/{}/keywords/bulk", p.site), body)
        .await;
    assert_eq!(status, 200, "{answer}");

    sql(&w, "REMOVE EVENT stop ON cluster;").await;
    w.later(chrono::Duration::minutes(10)).await;
    w.run_jobs().await;
    let p = Planner::of(&w, &w.a).await;
    let job = p.job(&task).await;
    assert_eq!(job["state"], "done", "{job}");
    let mut all = groups(&p).await;
    let text = moved["text"].as_str().unwrap();
    assert_eq!(all.remove("Mine").unwrap(), BTreeSet::from([text.to_owned()]));
    for keywords in all.values_mut() {
        if saved.values().any(|first| first.is_superset(keywords)) {
            keywords.insert(text.to_owned());
        }
    }
    assert_eq!(all, expected);
    let mapped = i64::try_from(expected.values().map(BTreeSet::len).sum::<usize>()).unwrap();
    let taken = deductions(&w).await;
    assert!(taken.starts_with(&first) && taken.len() > first.len(), "{taken:?}");
    assert_eq!(taken.iter().map(|(_, amount)| amount).sum::<i64>(), -mapped);
    assert_eq!(p.balance().await, 100 - mapped);
    assert_eq!(job["result"]["keywords_mapped"], mapped);
    let left: Vec<Value> = {
        let db = w.app.db.platform(Why::Queue);
        let rows = db
            .query("SELECT VALUE <string> id FROM ai_answer;", Variables::new(), "a test")
            .await;
        rows.unwrap()
            .rows::<String>(0)
            .unwrap()
            .into_iter()
            .map(Value::from)
            .collect()
    };
    assert_eq!(left, Vec::<Value>::new(), "nothing of it is kept");
}

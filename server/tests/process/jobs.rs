//! `kill -9` while jobs run: each is done once, and paid for once.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use super::crash::{moment, rounds};
use super::installation::{Installation, Server, succeed};

const TOPICS: [&str; 6] = [
    "cold brew coffee",
    "mountain bike tyres",
    "tax return deadline",
    "sump pump battery",
    "violin lessons online",
    "greenhouse heater",
];
const WORDS: [&str; 7] = [
    "price",
    "guide",
    "reviews",
    "sizes",
    "for beginners",
    "near me",
    "repair",
];

/// Keywords of a sector.
fn file() -> String {
    let mut file = "Keyword,Volume\n".to_owned();
    for topic in TOPICS {
        for (n, first) in WORDS.iter().enumerate() {
            for second in WORDS {
                writeln!(file, "{topic} {first} {second},{n}0").unwrap();
            }
        }
    }
    file
}

async fn get(server: &Server, path: &str) -> Value {
    let (status, body) = server.send(Method::GET, path, None).await.expect("an answer");
    assert_eq!(status, 200, "{path}: {body}");
    body
}

/// All rows of a list, page by page.
async fn all(server: &Server, path: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = get(server, &format!("{path}{cursor}")).await;
        rows.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return rows,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_jobs_are_done_and_paid_for_once() {
    let installation = Installation::new(1).await;
    let path = installation.folder.path().join("keywords.csv");
    std::fs::write(&path, file()).unwrap();
    let path = path.display().to_string();
    for round in 0..rounds() {
        let sector = format!("Sector {round}");
        let import = [
            "keywords", "import", &path, "--site", "blog", "--sector", &sector, "--create",
        ];
        succeed(installation.command(&import), b"");
    }

    let mut jobs = Vec::new();
    for round in 0..rounds() {
        let (server, _) = installation.serve().await;
        let site = get(&server, "/sites").await["items"][0]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let sectors = all(&server, &format!("/sites/{site}/sectors?limit=100")).await;
        let name = format!("Sector {round}");
        let sector = sectors.iter().find(|s| s["name"] == name.as_str()).expect("the sector");
        let path = format!("/sites/{site}/ai/auto_cluster");
        let body = json!({ "input": { "sector": sector["id"] } });
        let (status, task) = server.send(Method::POST, &path, Some(body)).await.expect("an answer");
        assert_eq!(status, 202, "{task}");
        jobs.push((site, sector["id"].clone(), task["job"].as_str().unwrap().to_owned()));
        tokio::time::sleep(moment(round, 1_500)).await;
        server.kill();
    }

    let (server, _) = installation.serve().await;
    let begun = Instant::now();
    for (site, sector, job) in &jobs {
        let ended = loop {
            let now = get(&server, &format!("/jobs/{job}")).await;
            match now["state"].as_str() {
                Some("queued" | "running") => {}
                // Killed in each of its attempts: that one waits for a person.
                Some("failed") => {
                    let path = format!("/jobs/{job}/retry");
                    let (status, answer) = server.send(Method::POST, &path, None).await.expect("an answer");
                    assert_eq!(status, 200, "{now} {answer}");
                }
                _ => break now,
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "the job does not end: {now}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        assert_eq!(ended["state"], "done", "{ended}");

        let within = format!("sector={}&limit=200", sector.as_str().unwrap());
        let mut kept: BTreeMap<String, usize> = BTreeMap::new();
        for cluster in all(&server, &format!("/sites/{site}/clusters?{within}")).await {
            let count = cluster["keyword_count"].as_u64().unwrap();
            kept.insert(
                cluster["id"].as_str().unwrap().to_owned(),
                usize::try_from(count).unwrap(),
            );
        }
        assert_eq!(
            ended["result"]["clusters_created"],
            kept.len(),
            "saved more than once: {ended}"
        );
        let keywords = all(&server, &format!("/sites/{site}/keywords?{within}")).await;
        assert_eq!(keywords.len(), TOPICS.len() * WORDS.len() * WORDS.len());
        let mut mapped: BTreeMap<String, usize> = BTreeMap::new();
        for cluster in keywords.iter().filter_map(|k| k["cluster"].as_str()) {
            *mapped.entry(cluster.to_owned()).or_default() += 1;
        }
        assert_eq!(mapped, kept, "keywords outside the clusters that are there");
    }

    let balance = get(&server, "/billing/balance").await;
    let ledger = all(&server, "/billing/transactions?limit=200").await;
    let sum: i64 = ledger.iter().map(|row| row["amount"].as_i64().unwrap()).sum();
    assert_eq!(balance["total"], sum, "{ledger:#?}");
    let paid = ledger.iter().filter(|row| row["amount"].as_i64().unwrap() < 0).count();
    assert_eq!(paid, jobs.len(), "{ledger:#?}");
    assert_eq!(all(&server, "/billing/usage?limit=200").await.len(), jobs.len());
}

//! Two workers, each a process, on one database server: `make test-remote`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use super::crash::{moment, rounds};
use super::installation::{Installation, Server, succeed};

const TOPICS: [&str; 4] = [
    "cold brew coffee",
    "mountain bike tyres",
    "violin lessons",
    "greenhouse heater",
];
const WORDS: [&str; 6] = ["price", "guide", "reviews", "sizes", "for beginners", "near me"];

async fn get(server: &Server, path: &str) -> Value {
    let (status, body) = server.send(Method::GET, path, None).await.expect("an answer");
    assert_eq!(status, 200, "{path}: {body}");
    body
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a database server: make test-remote"]
async fn two_workers_share_a_queue_and_do_each_job_once() {
    let url = std::env::var("TEST_DATABASE_URL").expect("TEST_DATABASE_URL, as make test-remote sets it");
    let installation = Installation::remote(1, url).await;
    let mut file = "Keyword,Volume\n".to_owned();
    for topic in TOPICS {
        for first in WORDS {
            for second in WORDS {
                writeln!(file, "{topic} {first} {second},10").unwrap();
            }
        }
    }
    let path = installation.folder.path().join("keywords.csv");
    std::fs::write(&path, file).unwrap();
    let path = path.display().to_string();
    let sectors = 6;
    for n in 0..sectors {
        let sector = format!("Sector {n}");
        let import = [
            "keywords", "import", &path, "--site", "blog", "--sector", &sector, "--create",
        ];
        succeed(installation.command(&import), b"");
    }
    let (server, _) = installation.serve_with(&["--no-worker"]).await;
    let site = get(&server, "/sites").await["items"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let list = get(&server, &format!("/sites/{site}/sectors?limit=100")).await;
    let mut jobs = Vec::new();
    for sector in list["items"].as_array().unwrap() {
        let body = json!({ "input": { "sector": sector["id"] } });
        let (status, task) = server
            .send(Method::POST, &format!("/sites/{site}/ai/auto_cluster"), Some(body))
            .await
            .expect("an answer");
        assert_eq!(status, 202, "{task}");
        jobs.push(task["job"].as_str().unwrap().to_owned());
    }
    assert_eq!(jobs.len(), sectors);

    // One beside the server, one as on another machine; the second is killed again and again.
    let _first = installation.worker(None);
    for round in 0..rounds().min(5) {
        let second = installation.worker(Some("elsewhere"));
        tokio::time::sleep(Duration::from_secs(1) + moment(round, 2_000)).await;
        drop(second);
    }
    let _second = installation.worker(Some("elsewhere"));
    let begun = Instant::now();
    for job in &jobs {
        loop {
            let now = get(&server, &format!("/jobs/{job}")).await;
            match now["state"].as_str() {
                Some("done") => break,
                Some("queued" | "running") => {}
                _ => panic!("{now}"),
            }
            // What a killed worker held is taken over when its lease ends.
            assert!(begun.elapsed() < Duration::from_secs(180), "it does not end: {now}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    let mut created = 0;
    for job in &jobs {
        created += get(&server, &format!("/jobs/{job}")).await["result"]["clusters_created"]
            .as_u64()
            .unwrap();
    }
    let clusters = get(&server, &format!("/sites/{site}/clusters?limit=200&with_total=true")).await;
    assert_eq!(clusters["total"], created, "saved more than once");
    let ledger = get(&server, "/billing/transactions?limit=200").await;
    let rows = ledger["items"].as_array().unwrap();
    let sum: i64 = rows.iter().map(|row| row["amount"].as_i64().unwrap()).sum();
    assert_eq!(get(&server, "/billing/balance").await["total"], sum);
    let mut paid: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows.iter().filter(|row| row["amount"].as_i64() < Some(0)) {
        *paid.entry(row["reference"].as_str().unwrap()).or_default() += 1;
    }
    assert_eq!((paid.len(), paid.values().max()), (sectors, Some(&1)), "{ledger}");
}

//! `kill -9` of the whole workflow, for two tenants side by side, with a provider that is asked: an import through the API,
//! clustering, ideas. Whatever the moment, every job ends, each keyword is in at most one cluster and aimed at by at most
//! one idea, the ledgers sum, nothing is charged twice, and no answer is asked for again.
//!
//! Some rounds by default; `IGNY8_CRASH_ROUNDS=200` for more.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use igny8_server::testing::fake_provider::{FakeProvider, Received, Reply};
use reqwest::Method;
use serde_json::{Value, json};

use super::crash::{moment, rounds};
use super::installation::{Installation, Server};

const TOPICS: [&str; 5] = [
    "cold brew coffee",
    "mountain bike tyres",
    "tax return deadline",
    "violin lessons online",
    "greenhouse heater",
];
const WORDS: [&str; 6] = ["price", "guide", "reviews", "sizes", "for beginners", "near me"];
const KEYWORDS: usize = TOPICS.len() * WORDS.len() * WORDS.len();

/// A file of keywords that no other sector has: what one plans, another leaves out.
fn file(sector: usize) -> String {
    let mut file = "Keyword,Volume\n".to_owned();
    for topic in TOPICS {
        for (n, first) in WORDS.iter().enumerate() {
            for second in WORDS {
                writeln!(file, "{topic} {first} {second} series{sector},{n}0").unwrap();
            }
        }
    }
    file
}

/// One tenant: a token, a site, and what it has asked for so far.
struct Tenant {
    token: String,
    site: String,
    sectors: Vec<String>,
    jobs: Vec<String>,
}

impl Tenant {
    async fn send(&self, server: &Server, method: Method, path: &str, body: Option<Value>) -> Value {
        let (status, body) = server
            .send_as(&self.token, method, path, body)
            .await
            .expect("an answer");
        assert!(status.is_success(), "{path}: {status} {body}");
        body
    }

    async fn all(&self, server: &Server, path: &str) -> Vec<Value> {
        let mut rows = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.send(server, Method::GET, &format!("{path}{cursor}"), None).await;
            rows.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return rows,
            }
        }
    }

    /// Asks for the next step of a round.
    async fn start(&mut self, server: &Server, step: usize) {
        let job = match step {
            0 => {
                let name = json!({ "name": format!("Sector {}", self.sectors.len()) });
                let path = format!("/sites/{}/sectors", self.site);
                let sector = self.send(server, Method::POST, &path, Some(name)).await;
                let sector = sector["id"].as_str().unwrap().to_owned();
                let path = format!("/sites/{}/keywords/imports?sector={sector}", self.site);
                let file = file(self.sectors.len());
                self.sectors.push(sector);
                let (status, import) = server
                    .upload(&self.token, &path, "keywords.csv", file)
                    .await
                    .expect("an answer");
                assert_eq!(status, 202, "{import}");
                import["id"].clone()
            }
            _ => {
                let function = ["auto_cluster", "generate_ideas"][step - 1];
                let path = format!("/sites/{}/ai/{function}", self.site);
                // A prompt of its own, so that each question is asked by one task only.
                let place = ["clusters", "cluster"][step - 1];
                let prompt = format!("{}: {{{{{place}}}}}", self.sectors.last().unwrap());
                let input = json!({ "input": { "sector": self.sectors.last() }, "prompt": prompt });
                self.send(server, Method::POST, &path, Some(input)).await["job"].clone()
            }
        };
        self.jobs.push(job.as_str().unwrap().to_owned());
    }

    /// Waits until the last job has ended well.
    async fn done(&self, server: &Server) {
        let begun = Instant::now();
        let path = format!("/jobs/{}", self.jobs.last().unwrap());
        loop {
            let job = self.send(server, Method::GET, &path, None).await;
            match job["state"].as_str() {
                Some("done") => return,
                Some("queued" | "running") => {}
                _ => panic!("{job}"),
            }
            assert!(begun.elapsed() < Duration::from_secs(120), "it does not end: {job}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn check(&self, server: &Server) {
        for sector in &self.sectors {
            let within = format!("sector={sector}&limit=200");
            let keywords = self
                .all(server, &format!("/sites/{}/keywords?{within}", self.site))
                .await;
            let texts: BTreeSet<&str> = keywords.iter().map(|k| k["text"].as_str().unwrap()).collect();
            assert_eq!((keywords.len(), texts.len()), (KEYWORDS, KEYWORDS));
            let mut mapped: BTreeMap<&str, u64> = BTreeMap::new();
            for cluster in keywords.iter().filter_map(|k| k["cluster"].as_str()) {
                *mapped.entry(cluster).or_default() += 1;
            }
            let clusters = self
                .all(server, &format!("/sites/{}/clusters?{within}", self.site))
                .await;
            let there: BTreeMap<&str, u64> = clusters
                .iter()
                .map(|c| (c["id"].as_str().unwrap(), c["keyword_count"].as_u64().unwrap()))
                .collect();
            assert_eq!(mapped, there);
            assert!(
                clusters
                    .iter()
                    .all(|c| c["name"].as_str().unwrap().starts_with("Named "))
            );
            let ideas = self.all(server, &format!("/sites/{}/ideas?{within}", self.site)).await;
            assert!(!ideas.is_empty());
            let mut aimed = BTreeSet::new();
            for idea in &ideas {
                let secondary = idea["secondary_keywords"].as_array().unwrap().iter();
                for keyword in secondary.chain([&idea["primary_keyword"]]) {
                    assert!(aimed.insert(keyword.to_string()), "aimed at twice: {idea}");
                }
            }
        }
        let balance = self.send(server, Method::GET, "/billing/balance", None).await;
        let ledger = self.all(server, "/billing/transactions?limit=200").await;
        let amount = |row: &Value| row["amount"].as_i64().unwrap();
        assert_eq!(balance["total"], ledger.iter().map(amount).sum::<i64>(), "{ledger:#?}");
        let paid: Vec<&Value> = ledger.iter().filter(|row| amount(row) < 0).collect();
        let references: BTreeSet<&str> = paid.iter().map(|row| row["reference"].as_str().unwrap()).collect();
        assert_eq!(
            (paid.len(), references.len()),
            (self.sectors.len() * 2, self.sectors.len() * 2),
            "{paid:#?}"
        );
        let usage = self.all(server, "/billing/usage?limit=200").await;
        assert_eq!(usage.len(), paid.len(), "{usage:#?}");
        let credits: i64 = usage.iter().map(|row| row["credits"].as_i64().unwrap()).sum();
        assert_eq!(credits, -paid.iter().map(|row| amount(row)).sum::<i64>());
        assert!(
            usage.iter().all(|row| row["tokens_in"].as_i64() > Some(0)),
            "{usage:#?}"
        );
    }
}

/// The JSON that a prompt has in a place.
fn data(request: &Received, name: &str) -> Value {
    let message = request.body["messages"][1]["content"].as_str().unwrap();
    let rest = message.split(&format!("<data name=\"{name}\">")).nth(1).unwrap();
    serde_json::from_str(rest.split("</data>").next().unwrap()).unwrap()
}

/// A model that names clusters and plans a page for each phrase, and takes its time.
fn model(request: &Received) -> Reply {
    let answer = match request.body["response_format"]["json_schema"]["name"].as_str() {
        Some("name_clusters") => {
            let named = |c: &Value| {
                let name = format!("Named {}", c["suggestion"].as_str().unwrap());
                json!({ "id": c["id"], "name": name, "description": "Said by a model." })
            };
            let clusters = data(request, "clusters");
            json!({ "clusters": clusters.as_array().unwrap().iter().map(named).collect::<Vec<_>>() })
        }
        Some("plan_pages") => {
            let cluster = data(request, "cluster");
            let page = |(n, phrase): (usize, &Value)| {
                let hub = n == 0 && cluster["has_hub"] == false;
                json!({
                    "title": format!("About {}", phrase["text"].as_str().unwrap()),
                    "brief": "Say what it is.",
                    "role": if hub { "hub" } else { "supporting" },
                    "content_type": "post",
                    "content_structure": "article",
                    "primary": phrase["id"],
                    "secondary": [],
                    "headings": ["What it is"],
                    "questions": [],
                    "word_count": 1000,
                    "terms": [],
                })
            };
            let phrases = cluster["phrases"].as_array().unwrap();
            let ideas: Vec<Value> = phrases.iter().take(5).enumerate().map(page).collect();
            json!({ "cluster": cluster["id"], "ideas": ideas })
        }
        // Vectors.
        _ => Value::Null,
    };
    Reply::After(Duration::from_millis(150), answer.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_workflow_of_two_tenants_survives_kills() {
    let fake = FakeProvider::start().await;
    fake.answer(model);
    let mut installation = Installation::new(1).await;
    let hosts = format!("[\"{}\"]", fake.host());
    installation.env.push(("IGNY8_OUTGOING__ALLOWED_HOSTS".into(), hosts));
    let tokens = [
        installation.token.clone(),
        installation.another("other@example.com").await,
    ];
    let (mut server, _) = installation.serve().await;
    let mut tenants = Vec::new();
    for (n, token) in tokens.into_iter().enumerate() {
        let mut tenant = Tenant {
            token,
            site: String::new(),
            sectors: Vec::new(),
            jobs: Vec::new(),
        };
        let site = json!({ "name": format!("Planned {n}"), "site_type": "blog" });
        let site = tenant.send(&server, Method::POST, "/sites", Some(site)).await;
        tenant.site = site["id"].as_str().unwrap().to_owned();
        tenant
            .send(&server, Method::POST, "/integrations", Some(fake.integration()))
            .await;
        tenants.push(tenant);
    }

    let mut kills = 0;
    for round in 0..rounds() {
        for step in 0..3 {
            for tenant in &mut tenants {
                tenant.start(&server, step).await;
            }
            // Twice: what has been taken up again is killed, too.
            for again in 0..2 {
                tokio::time::sleep(moment(round * 6 + step as u64 * 2 + again, 1_200)).await;
                server.kill();
                kills += 1;
                (server, _) = installation.serve().await;
            }
            for tenant in &tenants {
                tenant.done(&server).await;
            }
        }
    }
    for tenant in &tenants {
        tenant.check(&server).await;
    }

    // Asked again is only what was on its way when the server died: four questions of each of two jobs.
    let mut asked: HashMap<String, usize> = HashMap::new();
    for request in fake
        .received()
        .iter()
        .filter(|request| request.path.ends_with("/chat/completions"))
    {
        *asked.entry(request.body["messages"].to_string()).or_default() += 1;
    }
    let again: usize = asked.values().map(|times| times - 1).sum();
    assert!(
        again <= kills * 8,
        "{again} of {} questions again after {kills} kills",
        asked.len()
    );
}

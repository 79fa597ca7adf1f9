//! A whole AI function, as `server/src/ai/README.md` describes one, and what the engine makes of it. The program does not
//! have it: here it shows that a newcomer's function needs nothing else, and that what models answer is paid for once.

mod describe_clusters {
    use std::sync::Arc;

    use igny8_data::{DbError, Read, SectorId, Select, SiteDb, Tx};
    // Inside of the server these begin with `crate::`.
    use igny8_server::ai::{AiFunction, Ask, At, BuiltIn, Model, Placeholder, Prepared, Saved, Task, Values, Words};
    use igny8_server::api::validate::Check;
    use igny8_server::api::{Error, FieldError, Result};
    use igny8_server::features::billing::prices::Price;
    use igny8_server::features::planner::model::{Cluster, ClusterId};
    use igny8_server::features::sites::model::Sector;
    use igny8_server::jobs::JobError;
    use serde::{Deserialize, Serialize};
    use serde_json::{Value, json};

    pub struct DescribeClusters;

    #[derive(Clone, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    pub struct Payload {
        sector: SectorId,
    }

    const MOST: usize = 200;
    const PROMPT: BuiltIn = BuiltIn {
        name: "describe_clusters",
        about: "Describes a cluster in a sentence.",
        // `include_str!("describe_clusters.md")`, a file beside this one.
        text: "You write for the plan of a website.\n---\nSay in one sentence what a page about {{name}} answers. Answer \
               with the JSON object {\"sentence\": …}.",
        placeholders: &[Placeholder {
            name: "name",
            about: "The cluster's name.",
            required: true,
            sample: r#""Cold brew""#,
        }],
    };

    impl AiFunction for DescribeClusters {
        const NAME: &'static str = "describe_clusters";
        const ABOUT: &'static str = "Writes a sentence about each cluster that has no description.";
        const UNIT: &'static str = "clusters";
        const PRICE: Price = Price::each(1);
        const WORDS: Words = Words {
            prep: "Reading clusters",
            call: "Describing clusters",
            asked: "Describing clusters",
            parse: "Checking descriptions",
            save: "Saving descriptions",
            done: "Descriptions are ready",
        };
        const PROMPTS: &'static [BuiltIn] = &[PROMPT];

        type Payload = Payload;
        type Input = Vec<(ClusterId, String)>;
        type Answer = Vec<String>;
        type Output = Vec<(ClusterId, String)>;

        fn example() -> Value {
            json!({ "sector": "sect_01jz8k3v5n6q7r8s9t0v1w2x3y" })
        }

        fn check(_: &Payload, _: &mut Check) {}

        async fn units(at: &At<'_>, payload: &Payload) -> Result<i64> {
            let db = at.app.db.site(at.scope);
            if db.get::<Sector>(payload.sector).await?.is_none() {
                let wrong = FieldError::new("input.sector", "must be a sector of this site");
                return Err(Error::invalid(vec![wrong]));
            }
            Ok(i64::try_from(undescribed(&db, payload).await?.len()).unwrap_or(i64::MAX))
        }

        async fn prepare(task: &Task<Payload>) -> Result<Prepared<Self::Input>, JobError> {
            let scope = task.scope.reading();
            let found = undescribed(&task.app.db.site(&scope), &task.payload).await?;
            let units = i64::try_from(found.len()).unwrap_or(i64::MAX);
            let input = found.into_iter().map(|cluster| (cluster.id, cluster.name)).collect();
            Ok(Prepared { input, units })
        }

        fn local(input: &Self::Input) -> Vec<String> {
            input
                .iter()
                .map(|(_, name)| format!("What to know about {name}."))
                .collect()
        }

        async fn ask(input: Arc<Self::Input>, model: &Model<'_>) -> Result<Vec<String>, JobError> {
            let ask = |(_, name): &(ClusterId, String)| Ask {
                prompt: PROMPT.name,
                values: Values::new().with("name", name.as_str()),
                schema: json!({
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["sentence"],
                    "properties": { "sentence": { "type": "string" } },
                }),
                max_output_tokens: 200,
                temperature: Some(0.3),
            };
            let read = |_, answer: Value| {
                let sentence = answer["sentence"].as_str().unwrap_or_default().trim().to_owned();
                let fits = (1..=300).contains(&sentence.chars().count());
                fits.then_some(sentence)
                    .ok_or_else(|| "the sentence must have 1 to 300 characters".to_owned())
            };
            model.ask_each(input.iter().map(ask).collect(), read).await
        }

        fn settle(input: &Self::Input, answer: Vec<String>) -> Result<Self::Output, String> {
            Ok(input.iter().map(|(id, _)| *id).zip(answer).collect())
        }

        async fn save(task: &Task<Payload>, output: &Self::Output, tx: &mut Tx<'_>) -> Result<Saved, JobError> {
            // As they are now: what somebody described or deleted meanwhile stays as it is, and is not paid for.
            let scope = task.scope.reading();
            let mut rows = undescribed(&task.app.db.site(&scope), &task.payload).await?;
            rows.retain(|row| output.iter().any(|(id, _)| *id == row.id));
            for row in &mut rows {
                let said = output.iter().find(|(id, _)| *id == row.id);
                row.description = said.map_or(String::new(), |(_, sentence)| sentence.clone());
            }
            tx.replace_all(&mut rows);
            Ok(Saved {
                result: json!({ "clusters_described": rows.len() }),
                target: Some(task.payload.sector.to_string()),
                units: i64::try_from(rows.len()).ok(),
            })
        }
    }

    async fn undescribed(db: &SiteDb<'_, Read>, payload: &Payload) -> Result<Vec<Cluster>, DbError> {
        let select = Select::new()
            .equals("sector", payload.sector)
            .equals("description", String::new())
            .limit(MOST);
        db.list::<Cluster>(select).await
    }
}

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use igny8_data::queue::LEASE;
use igny8_server::jobs::worker;
use igny8_server::testing::fake_provider::{FakeProvider, Received, Reply};
use igny8_server::testing::{Member, World, add_function};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use self::describe_clusters::DescribeClusters;

struct Plan {
    w: World,
    site: String,
    sector: String,
}

impl Plan {
    /// A site with some clusters without a description.
    async fn new(w: World, clusters: usize) -> Self {
        add_function::<DescribeClusters>();
        let site = w.a.sites[0].to_string();
        let (_, sector) = w
            .post(&w.a.owner, &format!("/sites/{site}/sectors"), json!({ "name": "All" }))
            .await;
        let sector = sector["id"].as_str().unwrap().to_owned();
        for n in 0..clusters {
            let body = json!({ "sector": sector, "name": format!("Subject {n}") });
            let (status, made) = w.post(&w.a.owner, &format!("/sites/{site}/clusters"), body).await;
            assert_eq!(status, 201, "{made}");
        }
        Self { w, site, sector }
    }

    async fn start(&self) -> String {
        let path = format!("/sites/{}/ai/describe_clusters", self.site);
        let body = json!({ "input": { "sector": self.sector } });
        let (status, task) = self.w.post(&self.w.a.owner, &path, body).await;
        assert_eq!(status, 202, "{task}");
        task["job"].as_str().unwrap().to_owned()
    }

    /// Read by somebody who has just logged in: the clock of these tests runs fast.
    async fn get(&self, path: &str) -> Value {
        self.w.get(&self.somebody().await, path).await.1
    }

    async fn somebody(&self) -> Member {
        let name = format!("n{}", self.w.app.db.ids().make::<igny8_data::UserId>());
        Member::make(&self.w.app, self.w.a.account, igny8_data::Role::Owner, &name).await
    }

    async fn job(&self, job: &str) -> Value {
        self.get(&format!("/jobs/{job}")).await
    }

    async fn descriptions(&self) -> Vec<String> {
        let path = format!("/sites/{}/clusters?sector={}&limit=200", self.site, self.sector);
        let list = self.get(&path).await;
        let text = |cluster: &Value| cluster["description"].as_str().unwrap().to_owned();
        list["items"].as_array().unwrap().iter().map(text).collect()
    }

    async fn usage(&self) -> Vec<Value> {
        let usage = self.get("/billing/usage").await;
        usage["items"].as_array().unwrap().clone()
    }

    /// Answers of models that are kept.
    async fn kept(&self) -> usize {
        let sql = "SELECT VALUE id FROM ai_answer";
        let platform = self.w.app.db.platform(igny8_data::Why::Operator);
        let mut answer = platform.query(sql, Default::default(), "testing").await.unwrap();
        answer.rows::<igny8_data::Value>(0).unwrap().len()
    }
}

async fn with_provider(clusters: usize) -> (Plan, FakeProvider) {
    let fake = FakeProvider::start().await;
    let w = World::with(|config| fake.allow(config)).await;
    fake.connect(&w, &w.a.owner).await;
    (Plan::new(w, clusters).await, fake)
}

fn sentence() -> Reply {
    Reply::Text(json!({ "sentence": "Said by a model." }).to_string())
}

#[tokio::test]
async fn a_new_function_needs_nothing_else() {
    let p = Plan::new(World::new().await, 3).await;
    let path = format!("/sites/{}/ai/describe_clusters/estimate", p.site);
    let input = json!({ "input": { "sector": p.sector } });
    let (_, estimate) = p.w.post(&p.w.a.viewer, &path, input).await;
    assert_eq!(
        (&estimate["units"], &estimate["credits"], &estimate["price"]["credits"]),
        (&json!(3), &json!(3), &json!(1)),
        "{estimate}"
    );
    let job = p.start().await;
    p.w.run_jobs().await;
    let ended = p.job(&job).await;
    assert_eq!(
        (&ended["state"], &ended["message"]),
        (&json!("done"), &json!("Descriptions are ready")),
        "{ended}"
    );
    assert!(
        p.descriptions()
            .await
            .iter()
            .all(|text| text.starts_with("What to know about Subject "))
    );
    let usage = p.usage().await;
    assert_eq!(
        (
            usage.len(),
            &usage[0]["credits"],
            &usage[0]["model"],
            &usage[0]["tokens_in"]
        ),
        (1, &json!(3), &json!("local"), &json!(0))
    );
    let path = format!("/sites/{}/ai/describe_clusters", p.site);
    let (status, nothing) =
        p.w.post(&p.w.a.owner, &path, json!({ "input": { "sector": p.sector } }))
            .await;
    assert_eq!((status.as_u16(), &nothing["code"]), (422, &json!("nothing_to_do")));
}

/// Counts how often each question was answered.
fn counting(
    fake: &FakeProvider,
    reply: impl Fn(usize) -> Reply + Send + 'static,
) -> Arc<Mutex<HashMap<String, usize>>> {
    let answered: Arc<Mutex<HashMap<String, usize>>> = Arc::default();
    let seen = answered.clone();
    let asked = Mutex::new(0);
    fake.answer(move |request: &Received| {
        let mut asked = asked.lock().unwrap();
        *asked += 1;
        let reply = reply(*asked);
        if matches!(reply, Reply::Text(_)) {
            *seen
                .lock()
                .unwrap()
                .entry(request.body["messages"].to_string())
                .or_default() += 1;
        }
        reply
    });
    answered
}

#[tokio::test]
async fn a_provider_that_limits_is_asked_for_the_rest_only() {
    const CLUSTERS: usize = 30;
    let (p, fake) = with_provider(CLUSTERS).await;
    // Of seven questions it answers six, then asks for a minute and a half.
    let answered = counting(&fake, |n| {
        if n % 7 == 0 {
            Reply::RateLimited("90")
        } else {
            sentence()
        }
    });
    let job = p.start().await;
    let mut attempts = 0;
    let mut had = HashSet::new();
    loop {
        p.w.run_jobs().await;
        attempts += 1;
        let now = p.job(&job).await;
        if now["state"] != "queued" {
            assert_eq!((&now["state"], &now["attempts"]), (&json!("done"), &json!(1)), "{now}");
            break;
        }
        assert_eq!(p.w.run_jobs().await, 0, "not before the provider said");
        let kept = p.kept().await;
        assert!(had.insert(kept), "no attempt without an answer: {had:?}");
        assert!(attempts < 20, "it does not end");
        // Longer than a job that gets nowhere is put off.
        p.w.clock.advance(chrono::Duration::minutes(100));
    }
    assert!(attempts > 2, "{attempts}");
    let answered = answered.lock().unwrap().clone();
    assert_eq!(
        (answered.len(), answered.values().max()),
        (CLUSTERS, Some(&1)),
        "each is asked once"
    );
    assert!(p.descriptions().await.iter().all(|text| text == "Said by a model."));
    let usage = p.usage().await;
    assert_eq!(usage.len(), 1, "{usage:?}");
    assert_eq!(
        (&usage[0]["tokens_in"], &usage[0]["tokens_out"], &usage[0]["credits"]),
        (&json!(CLUSTERS * 1_000), &json!(CLUSTERS * 500), &json!(CLUSTERS))
    );
    assert_eq!(p.kept().await, 0, "gone with what came of them");
    crate::openai::OpenAi::new().check_all(&fake.received());
}

#[tokio::test]
async fn short_pauses_are_waited_for() {
    let (p, fake) = with_provider(2).await;
    // Overloaded without saying for how long, then a limit in the same way.
    fake.script([
        Reply::Error(503, "x", "Busy"),
        Reply::Error(429, "rate_limit_exceeded", "Slow"),
    ]);
    fake.answer(|_| sentence());
    let job = p.start().await;
    p.w.run_jobs().await;
    let ended = p.job(&job).await;
    assert_eq!(
        (&ended["state"], &ended["attempts"]),
        (&json!("done"), &json!(1)),
        "{ended}"
    );
    assert_eq!(fake.received().len(), 4);
}

#[tokio::test]
async fn a_worker_that_dies_while_a_model_is_asked_costs_no_second_answer() {
    const CLUSTERS: usize = 12;
    let (p, fake) = with_provider(CLUSTERS).await;
    let is_first_run = Arc::new(AtomicBool::new(true));
    let hangs = is_first_run.clone();
    let answered = counting(&fake, move |n| {
        // The fifth question and those after it hang in the first run.
        if n >= 5 && hangs.load(Ordering::Relaxed) {
            Reply::Slow(Duration::from_secs(60))
        } else {
            sentence()
        }
    });
    let id = p.start().await;
    let (job, lease) = worker::claim(&p.w.app).await.unwrap().unwrap();
    let go = CancellationToken::new();
    let died = async {
        while p.kept().await < 4 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        () = worker::run_one(&p.w.app, job, lease, &go) => panic!("it cannot end"),
        () = died => {}
    }
    is_first_run.store(false, Ordering::Relaxed);
    p.w.clock.advance(LEASE + chrono::Duration::seconds(1));
    assert_eq!(p.w.run_jobs().await, 1);
    let ended = p.job(&id).await;
    assert_eq!(
        (&ended["state"], &ended["attempts"]),
        (&json!("done"), &json!(1)),
        "{ended}"
    );
    let answered = answered.lock().unwrap().clone();
    assert_eq!((answered.len(), answered.values().max()), (CLUSTERS, Some(&1)));
    assert_eq!(p.usage().await[0]["tokens_in"], CLUSTERS * 1_000);
}

#[tokio::test]
async fn what_failed_attempts_used_is_not_lost() {
    let (p, fake) = with_provider(1).await;
    let used = json!({ "prompt_tokens": 70, "completion_tokens": 30, "total_tokens": 100 });
    let useless = || Reply::Counted("{}".into(), used.clone());
    fake.script([useless(), useless()]);
    fake.answer(|_| sentence());
    let job = p.start().await;
    p.w.run_jobs().await;
    let failed = p.job(&job).await;
    assert_eq!(failed["state"], "failed", "{failed}");
    assert!(
        failed["error"].as_str().unwrap().contains("sentence is missing"),
        "{failed}"
    );
    let usage = p.usage().await;
    // At $1 and $2 for a million.
    assert_eq!(
        (
            &usage[0]["credits"],
            &usage[0]["tokens_in"],
            &usage[0]["tokens_out"],
            &usage[0]["cost_micros"]
        ),
        (&json!(0), &json!(140), &json!(60), &json!(260)),
        "{usage:?}"
    );
    assert_eq!(p.kept().await, 0, "of no use to anybody");

    // Run again, the model is asked again, and the job's row is still one.
    let (status, answer) = p.w.post(&p.w.a.owner, &format!("/jobs/{job}/retry"), json!({})).await;
    assert_eq!(status, 200, "{answer}");
    p.w.run_jobs().await;
    assert_eq!(p.job(&job).await["state"], "done");
    let usage = p.usage().await;
    assert_eq!(
        (usage.len(), &usage[0]["credits"], &usage[0]["tokens_in"]),
        (1, &json!(1), &json!(1_140)),
        "{usage:?}"
    );

    // A refusal and an answer that was cut off are paid for, too.
    let (p, fake) = with_provider(1).await;
    fake.script([Reply::Truncated("{\"sentence\": \"A long".into())]);
    let job = p.start().await;
    p.w.run_jobs().await;
    assert_eq!(p.job(&job).await["state"], "failed");
    let usage = p.usage().await;
    assert!(
        usage[0]["tokens_in"].as_i64() > Some(0) && usage[0]["credits"] == 0,
        "{usage:?}"
    );
}

#[tokio::test]
async fn patience_begins_anew_when_a_person_queues_a_job_again() {
    let (p, fake) = with_provider(1).await;
    fake.answer(|_| Reply::RateLimited("3600"));
    let job = p.start().await;
    let run_out = async || {
        for hours in 0..9 {
            p.w.run_jobs().await;
            let now = p.job(&job).await;
            if now["state"] == "failed" {
                return hours;
            }
            p.w.clock.advance(chrono::Duration::minutes(61));
        }
        panic!("it is put off for ever");
    };
    let first = run_out().await;
    assert_eq!(first, 2, "put off for two hours, and then told");
    // A day later somebody tries again: a limit is waited for as before.
    p.w.clock.advance(chrono::Duration::days(1));
    let (status, answer) =
        p.w.post(&p.somebody().await, &format!("/jobs/{job}/retry"), json!({}))
            .await;
    assert_eq!(status, 200, "{answer}");
    p.w.run_jobs().await;
    let now = p.job(&job).await;
    assert_eq!(now["state"], "queued", "{now}");
}

mod slow_to_save {
    use std::sync::Arc;

    use igny8_data::{Tx, Variables};
    use igny8_server::ai::{AiFunction, At, BuiltIn, Model, Prepared, Saved, Task, Words};
    use igny8_server::api::Result;
    use igny8_server::api::validate::Check;
    use igny8_server::features::billing::prices::Price;
    use igny8_server::jobs::JobError;
    use serde::{Deserialize, Serialize};
    use serde_json::{Value, json};

    pub struct SlowToSave;

    #[derive(Clone, Serialize, Deserialize)]
    pub struct Payload {}

    impl AiFunction for SlowToSave {
        const NAME: &'static str = "slow_to_save";
        const ABOUT: &'static str = "Takes its time to save nothing.";
        const UNIT: &'static str = "things";
        const PRICE: Price = Price::each(1);
        const WORDS: Words = Words {
            prep: "Reading",
            call: "Thinking",
            asked: "Thinking",
            parse: "Checking",
            save: "Saving",
            done: "Saved",
        };
        const PROMPTS: &'static [BuiltIn] = &[];

        type Payload = Payload;
        type Input = ();
        type Answer = ();
        type Output = ();

        fn example() -> Value {
            json!({})
        }

        fn check(_: &Payload, _: &mut Check) {}

        async fn units(_: &At<'_>, _: &Payload) -> Result<i64> {
            Ok(1)
        }

        async fn prepare(_: &Task<Payload>) -> Result<Prepared<()>, JobError> {
            Ok(Prepared { input: (), units: 1 })
        }

        fn local((): &()) {}

        async fn ask(_: Arc<()>, _: &Model<'_>) -> Result<(), JobError> {
            Ok(())
        }

        fn settle((): &(), (): ()) -> Result<(), String> {
            Ok(())
        }

        async fn save(_: &Task<Payload>, (): &(), tx: &mut Tx<'_>) -> Result<Saved, JobError> {
            tx.statement(
                "IF $site != NONE AND $account != NONE { sleep(1500ms) }",
                Variables::new(),
            );
            Ok(Saved {
                result: json!({}),
                target: None,
                units: None,
            })
        }
    }
}

/// A job that keeps telling its progress writes its own row; a long save writes it too, and would begin anew for ever.
#[tokio::test]
async fn a_long_save_is_not_disturbed_by_the_jobs_own_signs_of_life() {
    add_function::<slow_to_save::SlowToSave>();
    let w = World::new().await;
    let path = format!("/sites/{}/ai/slow_to_save", w.a.sites[0]);
    let (status, task) = w.post(&w.a.owner, &path, json!({ "input": {} })).await;
    assert_eq!(status, 202, "{task}");
    let before = w.app.db.conflicts();
    w.run_jobs().await;
    let (_, job) = w
        .get(&w.a.owner, &format!("/jobs/{}", task["job"].as_str().unwrap()))
        .await;
    assert_eq!(job["state"], "done", "{job}");
    assert_eq!(w.app.db.conflicts(), before);
}

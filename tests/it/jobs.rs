//! Background jobs: run, cancelled, handed back, taken over; who sees them; metrics and health.

use std::time::Duration;

use igny8_data::queue::LEASE;
use igny8_data::{JobId, JobState, NewJob, Outcome, Why};
use igny8_server::jobs::{JobError, worker};
use igny8_server::testing::{Tenant, World, body_of};
use serde_json::json;
use tokio_util::sync::CancellationToken;

/// Queues a job of the given site.
async fn enqueue(w: &World, tenant: &Tenant, site: usize) -> JobId {
    let id: JobId = w.app.db.ids().make();
    let mut tx = w
        .app
        .db
        .platform(Why::Operator)
        .tx(tenant.account, Some(tenant.sites[site]));
    tx.enqueue_as(id, NewJob::new("deploy_site", json!({ "deployment": "none" })));
    tx.commit().await.unwrap();
    id
}

#[tokio::test]
async fn jobs_are_seen_by_those_who_may() {
    let w = World::new().await;
    let first = enqueue(&w, &w.a, 0).await;
    let second = enqueue(&w, &w.a, 1).await;
    let (status, list) = w.get(&w.a.owner, "/jobs?with_total=true").await;
    assert_eq!((status.as_u16(), &list["total"]), (200, &json!(2)), "{list}");
    let (_, list) = w.get(&w.a.viewer, "/jobs?with_total=true").await;
    assert_eq!(list["total"], 1, "only of granted sites: {list}");
    assert_eq!(list["items"][0]["id"], first.to_string());
    assert_eq!(w.get(&w.b.owner, "/jobs?with_total=true").await.1["total"], 0);
    assert_eq!(w.get(&w.b.owner, &format!("/jobs?site={}", w.a.sites[0])).await.0, 404);
    for (member, job, status) in [
        (&w.a.owner, second, 200),
        (&w.a.editor, first, 200),
        (&w.a.editor, second, 404),
        (&w.b.owner, first, 404),
    ] {
        assert_eq!(
            w.get(member, &format!("/jobs/{job}")).await.0,
            status,
            "{}",
            member.email
        );
    }
    for (member, job, status) in [
        (&w.a.viewer, first, 403),
        (&w.a.editor, second, 404),
        (&w.b.owner, first, 404),
        (&w.a.editor, first, 200),
        (&w.a.editor, first, 409),
    ] {
        let (got, body) = w.post(member, &format!("/jobs/{job}/cancel"), json!({})).await;
        assert_eq!(got, status, "{} {body}", member.email);
    }
    assert_eq!(
        w.get(&w.a.owner, &format!("/jobs/{first}")).await.1["state"],
        "cancelled"
    );
    assert_eq!(
        w.post(&w.a.owner, &format!("/jobs/{second}/retry"), json!({})).await.0,
        409
    );

    // The cancelled one does not run; the other one fails, since it names no deployment.
    assert_eq!(w.run_jobs().await, 1);
    let (_, failed) = w.get(&w.a.owner, &format!("/jobs/{second}")).await;
    assert_eq!(failed["state"], "failed", "{failed}");
    assert_eq!(failed["error"], "The job does not name a deployment.");
    let (status, again) = w.post(&w.a.owner, &format!("/jobs/{second}/retry"), json!({})).await;
    assert_eq!((status.as_u16(), &again["state"]), (200, &json!("queued")), "{again}");
    assert_eq!(w.run_jobs().await, 1);
}

#[tokio::test]
async fn a_removed_member_s_job_does_not_run() {
    let w = World::new().await;
    let editor = w.app.db.actor_of_user(w.a.editor.id).await.unwrap();
    let scope = editor.site::<igny8_data::Write>(&w.app.db, w.a.sites[0]).await.unwrap();
    let deployment = igny8_server::features::publishing::request(&w.app, &scope, false)
        .await
        .unwrap();
    let mut binds = igny8_data::Variables::new();
    binds.insert("user", w.a.editor.id);
    let sql = "UPDATE $user SET disabled = true";
    w.app
        .db
        .platform(Why::Operator)
        .query(sql, binds, "testing")
        .await
        .unwrap();
    assert_eq!(w.run_jobs().await, 1);
    let (_, job) = w.get(&w.a.owner, &format!("/jobs/{}", deployment.job)).await;
    assert_eq!(job["state"], "failed", "{job}");
    let path = format!("/sites/{}/deployments/{}", w.a.sites[0], deployment.id);
    assert_eq!(w.get(&w.a.owner, &path).await.1["status"], "failed");
}

#[tokio::test]
async fn a_worker_runs_jobs_and_hands_them_back_when_it_stops() {
    let w = World::new().await;
    let stop = CancellationToken::new();
    let working = tokio::spawn(worker::run(w.app.clone(), stop.clone()));
    let id = enqueue(&w, &w.a, 0).await;
    let ended = async {
        loop {
            let (_, job) = w.get(&w.a.owner, &format!("/jobs/{id}")).await;
            if job["state"] == "failed" {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), ended)
        .await
        .expect("the job runs");
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(20), working)
        .await
        .expect("the worker stops")
        .unwrap();
}

#[tokio::test]
async fn how_attempts_end() {
    use igny8_server::jobs::{JobContext, JobType};
    let w = World::new().await;
    let types = [
        JobType::new("done", |_, _, _| async { Ok(json!({ "n": 1 })) }),
        JobType::new("panics", |_, _, _| async { panic!("a poisoned job") }),
        JobType::new("fails", |_, _, _| async { Err(JobError::Fail("no".into())) }),
        JobType::new("retries", |_, _, _| async { Err(JobError::Retry("busy".into())) }),
        JobType::new("later", |_, _, _| async {
            Err(JobError::Later(chrono_seconds(2), "in use".into()))
        }),
        JobType::new("waits", |_, _, context: JobContext| async move {
            context.progress(40.0, "half way");
            context.stop().cancelled().await;
            Err(JobError::Retry("stopped".into()))
        }),
        JobType::new("deaf", |_, _, _| async { std::future::pending().await }),
    ];
    let none = CancellationToken::new();
    let stopping = CancellationToken::new();
    stopping.cancel();
    for (kind, stop, outcome) in [
        (&types[0], &none, "Done"),
        (&types[1], &none, "Retry"),
        (&types[2], &none, "Failed"),
        (&types[3], &none, "Retry"),
        (&types[4], &none, "Later"),
        (&types[5], &stopping, "HandBack"),
        (&types[6], &stopping, "HandBack"),
    ] {
        enqueue(&w, &w.a, 0).await;
        let (job, lease) = worker::claim(&w.app).await.unwrap().unwrap();
        let ended = worker::attempt(&w.app, kind, job.clone(), lease, stop, Duration::from_millis(200)).await;
        assert!(format!("{ended:?}").starts_with(outcome), "{}: {ended:?}", kind.kind);
        assert!(w.app.db.finish_job(lease, ended.clone()).await.unwrap());
        let row = w.get(&w.a.owner, &format!("/jobs/{}", job.id)).await.1;
        let counted = if matches!(ended, Outcome::HandBack | Outcome::Later(..)) {
            0
        } else {
            1
        };
        assert_eq!(row["attempts"], counted, "{}: {row}", kind.kind);
        w.post(&w.a.owner, &format!("/jobs/{}/cancel", job.id), json!({})).await;
    }

    // Cancelled while it runs, and taken over by another worker: the job is told, and its end changes nothing.
    for take_over in [false, true] {
        enqueue(&w, &w.a, 0).await;
        let (job, lease) = worker::claim(&w.app).await.unwrap().unwrap();
        let running = worker::attempt(&w.app, &types[5], job.clone(), lease, &none, Duration::from_secs(20));
        let meddling = async {
            if take_over {
                w.clock.advance(LEASE + chrono_seconds(1));
                let (taken, other) = worker::claim(&w.app).await.unwrap().expect("the lease has ended");
                assert_eq!(taken.id, job.id);
                Some(other)
            } else {
                w.post(&w.a.owner, &format!("/jobs/{}/cancel", job.id), json!({})).await;
                None
            }
        };
        let (ended, other) = tokio::join!(running, meddling);
        assert!(!w.app.db.finish_job(lease, ended).await.unwrap(), "the lease is lost");
        if let Some(other) = other {
            assert!(w.app.db.finish_job(other, Outcome::Done(json!({}))).await.unwrap());
        }
        let state = if take_over { JobState::Done } else { JobState::Cancelled };
        let (_, row) = w.get(&w.a.owner, &format!("/jobs/{}", job.id)).await;
        assert_eq!(row["state"], json!(state), "{row}");
    }
}

fn chrono_seconds(n: i64) -> chrono::Duration {
    chrono::Duration::seconds(n)
}

#[tokio::test]
async fn what_is_old_is_purged() {
    let w = World::new().await;
    let id = enqueue(&w, &w.a, 0).await;
    w.run_jobs().await;
    let spare = w.a.sites[1];
    let sector = w
        .post(
            &w.a.owner,
            &format!("/sites/{spare}/sectors"),
            json!({ "name": "Coffee" }),
        )
        .await
        .1;
    assert_eq!(w.delete(&w.a.owner, &format!("/sites/{spare}"), 1).await.0, 204);
    igny8_server::jobs::schedule::run_due(&w.app).await;
    assert_eq!(w.get(&w.a.owner, &format!("/jobs/{id}")).await.0, 200, "not yet");

    w.clock.advance(chrono::Duration::days(31));
    igny8_server::jobs::schedule::run_due(&w.app).await;
    for (table, left) in [("job", 0), ("sector", 0), ("site", 3), ("session", 0)] {
        // Schedules queue jobs of their own.
        let which = if table == "job" {
            " WHERE finished_at IS NOT NONE"
        } else {
            ""
        };
        let sql = format!("SELECT VALUE id FROM {table}{which}");
        let mut answer = w
            .app
            .db
            .platform(Why::Operator)
            .query(&sql, Default::default(), "testing")
            .await
            .unwrap();
        assert_eq!(
            answer.rows::<igny8_data::Value>(0).unwrap().len(),
            left,
            "{table} {sector}"
        );
    }
}

#[tokio::test]
async fn every_table_of_sites_is_purged_with_them() {
    let w = World::new().await;
    let platform = w.app.db.platform(Why::Operator);
    let mut answer = platform
        .query("INFO FOR DB", Default::default(), "testing")
        .await
        .unwrap();
    let info = answer.value(0).unwrap().into_json_value();
    let (mut of_sites, mut soft) = (Vec::new(), Vec::new());
    for table in info["tables"].as_object().unwrap().keys() {
        let sql = format!("INFO FOR TABLE {table}");
        let info = platform
            .query(&sql, Default::default(), "testing")
            .await
            .unwrap()
            .value(0)
            .unwrap();
        let info = info.into_json_value();
        let fields = info["fields"].as_object().unwrap();
        if fields.contains_key("site") && !["job", "audit_event", "api_key", "usage"].contains(&table.as_str()) {
            of_sites.push(table.clone());
        }
        // The fields of keywords are not all defined.
        if (fields.contains_key("deleted_at") && table != "site") || table == "keyword" {
            soft.push(table.clone());
        }
    }
    of_sites.sort();
    soft.sort();
    assert_eq!(igny8_server::registry::OF_SITES, of_sites);
    let mut listed: Vec<&str> = igny8_server::registry::SOFT_DELETED.iter().map(|t| t.table).collect();
    listed.sort_unstable();
    assert_eq!(listed, soft);
}

#[tokio::test]
async fn health_and_metrics() {
    let w = World::with(|config| config.http.metrics_public = true).await;
    for path in ["/healthz", "/readyz"] {
        w.http.get(path).send().await.assert_status_is_ok();
    }
    w.get(&w.a.owner, &format!("/sites/{}", w.a.sites[0])).await;
    w.http.get("/sites/nowhere/secret-path").send().await;
    enqueue(&w, &w.a, 0).await;
    w.run_jobs().await;
    let text = w
        .http
        .get("/metrics")
        .send()
        .await
        .0
        .into_body()
        .into_string()
        .await
        .unwrap();
    for line in [
        "igny8_http_requests_total{method=\"GET\",route=\"site_get\",status=\"200\"} 1",
        "igny8_http_requests_total{method=\"GET\",route=\"visitor\",status=\"404\"} 1",
        "igny8_jobs_total{kind=\"deploy_site\",outcome=\"failed\"} 1",
        "igny8_http_request_seconds_bucket",
        "igny8_database_conflicts",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    assert!(!text.contains("secret-path") && !text.contains(&w.a.sites[0].to_string()));

    w.app.stop.cancel();
    assert_eq!(w.http.get("/readyz").send().await.0.status(), 503);
    assert_eq!(w.http.get("/healthz").send().await.0.status(), 200);

    let closed = World::new().await;
    let (status, _) = body_of(closed.http.get("/metrics").send().await).await;
    assert_eq!(status, 404, "not for strangers");
}

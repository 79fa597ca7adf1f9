//! The queue: whose turn it is, what is claimed together, and following a job.

use std::time::Duration;

use igny8_data::queue::{LEASE, Lease};
use igny8_data::{AccountId, JobId, JobPriority, JobRow, NewJob, Outcome, Why};
use igny8_server::testing::{Tenant, World};
use poem::http::Method;
use serde_json::{Value, json};

const KIND: &str = "deploy_site";

async fn enqueue(w: &World, tenant: &Tenant, priority: JobPriority, count: usize) -> Vec<JobId> {
    let mut tx = w
        .app
        .db
        .platform(Why::Operator)
        .tx(tenant.account, Some(tenant.sites[0]));
    let ids: Vec<JobId> = (0..count).map(|_| w.app.db.ids().make()).collect();
    for id in &ids {
        tx.enqueue_as(
            *id,
            NewJob::new(KIND, json!({ "deployment": "none" })).priority(priority),
        );
    }
    tx.commit().await.unwrap();
    ids
}

async fn claim(w: &World, most: usize) -> Vec<(JobRow, Lease)> {
    w.app.db.claim_jobs(&[KIND], most, &|_| usize::MAX, &[]).await.unwrap()
}

fn of(claimed: &[(JobRow, Lease)], account: AccountId) -> usize {
    claimed.iter().filter(|(job, _)| job.account == account).count()
}

#[tokio::test]
async fn what_is_urgent_goes_first_and_nothing_waits_for_ever() {
    let w = World::new().await;
    let low = enqueue(&w, &w.a, JobPriority::Low, 1).await[0];
    let normal = enqueue(&w, &w.a, JobPriority::Normal, 1).await[0];
    w.clock.advance(chrono::Duration::seconds(3));
    let high = enqueue(&w, &w.a, JobPriority::High, 1).await[0];
    for expected in [high, normal, low] {
        let (job, lease) = claim(&w, 1).await.remove(0);
        assert_eq!(job.id, expected);
        assert!(w.app.db.finish_job(lease, Outcome::Done(json!({}))).await.unwrap());
    }
    let low = enqueue(&w, &w.a, JobPriority::Low, 1).await[0];
    w.clock.advance(chrono::Duration::minutes(6));
    let high = enqueue(&w, &w.a, JobPriority::High, 1).await[0];
    for expected in [low, high] {
        assert_eq!(claim(&w, 1).await[0].0.id, expected, "it has waited long enough");
    }
    assert!(claim(&w, 1).await.is_empty());
}

#[tokio::test]
async fn an_account_with_a_thousand_jobs_delays_the_others_by_one() {
    let w = World::new().await;
    for _ in 0..2 {
        enqueue(&w, &w.a, JobPriority::High, 500).await;
    }
    let other = enqueue(&w, &w.b, JobPriority::Low, 1).await[0];
    let first = claim(&w, 1).await[0].0.clone();
    let second = claim(&w, 1).await[0].0.clone();
    assert!(
        first.id == other || second.id == other,
        "{} {}",
        first.kind,
        second.kind
    );

    // Claimed together: a share for each account, and no more than an account has room for.
    enqueue(&w, &w.b, JobPriority::Normal, 20).await;
    let together = claim(&w, 10).await;
    assert_eq!((of(&together, w.a.account), of(&together, w.b.account)), (5, 5));
    let a = w.a.account;
    let room = move |account| if account == a { 2 } else { 9 };
    let together = w.app.db.claim_jobs(&[KIND], 10, &room, &[]).await.unwrap();
    assert_eq!((of(&together, w.a.account), of(&together, w.b.account)), (2, 5));
    let together = w.app.db.claim_jobs(&[KIND], 10, &room, &[a]).await.unwrap();
    assert_eq!((of(&together, w.a.account), of(&together, w.b.account)), (0, 9));
    let rest = claim(&w, 50).await;
    assert_eq!((of(&rest, w.a.account), of(&rest, w.b.account)), (25, 1));
    let ids: std::collections::HashSet<JobId> = rest.iter().map(|(job, _)| job.id).collect();
    assert_eq!(ids.len(), 26, "each once");
    for (_, lease) in rest {
        assert!(w.app.db.finish_job(lease, Outcome::Done(json!({}))).await.unwrap());
    }
}

#[tokio::test]
async fn a_key_is_queued_once() {
    let w = World::new().await;
    let queued = (0..64).map(|_| async {
        let mut tx = w.app.db.platform(Why::Operator).tx(w.a.account, Some(w.a.sites[0]));
        tx.enqueue(NewJob::new(KIND, json!({})).key("one"));
        tx.commit().await.unwrap();
    });
    futures_util::future::join_all(queued).await;
    assert_eq!(w.get(&w.a.owner, "/jobs?with_total=true").await.1["total"], 1);
}

/// Follows a job until the stream ends; ids and data of its events.
async fn follow(w: &World, path: &str, last: Option<i64>) -> Vec<(i64, Value)> {
    let mut request = w.request(&w.a.owner, Method::GET, path);
    if let Some(last) = last {
        request = request.header("last-event-id", last.to_string());
    }
    let answer = request.send().await;
    answer.assert_status_is_ok();
    answer.assert_content_type("text/event-stream");
    let text = answer.0.into_body().into_string().await.unwrap();
    let line = |event: &str, name: &str| {
        let found = event.lines().find_map(|line| line.strip_prefix(name));
        found.unwrap_or_default().trim().to_owned()
    };
    let events = text.split("\n\n").filter(|event| event.contains("data:"));
    events
        .map(|event| {
            assert_eq!(line(event, "event:"), "job");
            (
                line(event, "id:").parse().unwrap(),
                serde_json::from_str(&line(event, "data:")).unwrap(),
            )
        })
        .collect()
}

#[tokio::test]
async fn a_job_is_followed_to_its_end() {
    let w = World::new().await;
    let id = enqueue(&w, &w.a, JobPriority::Normal, 1).await[0];
    let path = format!("/jobs/{id}/events");
    let work = async {
        let (_, lease) = claim(&w, 1).await.remove(0);
        for (progress, message) in [(10.0, "reading"), (10.0, "reading"), (60.0, "writing")] {
            tokio::time::sleep(Duration::from_millis(300)).await;
            assert!(w.app.db.keep_job(lease, LEASE, progress, message).await.unwrap());
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        let done = Outcome::Done(json!({ "n": 1 }));
        assert!(w.app.db.finish_job(lease, done).await.unwrap());
    };
    let (events, ()) = tokio::join!(follow(&w, &path, None), work);
    let ids: Vec<i64> = events.iter().map(|(id, _)| *id).collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "each once: {ids:?}");
    let last = &events.last().unwrap().1;
    assert_eq!(
        (&last["state"], &last["result"]["n"], &last["revision"]),
        (&json!("done"), &json!(1), &json!(ids.last().unwrap()))
    );
    assert!(events.iter().any(|(_, job)| job["message"] == "writing"), "{events:?}");
    assert_eq!(
        events.iter().filter(|(_, job)| job["message"] == "reading").count(),
        1,
        "what is no news is not told: {events:?}"
    );

    // Who comes back learns the end, and what is not news is not told twice.
    assert_eq!(follow(&w, &path, ids.last().copied()).await.len(), 1);
    let id = enqueue(&w, &w.a, JobPriority::Normal, 1).await[0];
    let cancel = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        w.post(&w.a.owner, &format!("/jobs/{id}/cancel"), json!({})).await;
    };
    let path = format!("/jobs/{id}/events");
    let (events, ()) = tokio::join!(follow(&w, &path, Some(1)), cancel);
    assert_eq!((events.len(), &events[0].1["state"]), (1, &json!("cancelled")));
    for member in [&w.b.owner, &w.b.viewer] {
        assert_eq!(w.get(member, &path).await.0, 404);
    }
}

#[tokio::test]
async fn streams_are_bounded_and_end_with_the_process() {
    let w = World::new().await;
    let id = enqueue(&w, &w.a, JobPriority::Normal, 1).await[0];
    let path = format!("/jobs/{id}/events");
    let open = || async { w.request(&w.a.owner, Method::GET, &path).send().await };
    let mut streams = Vec::new();
    let refused = loop {
        let answer = open().await;
        if answer.0.status() != 200 {
            break answer;
        }
        streams.push(answer);
        assert!(streams.len() <= 1_000, "never refused");
    };
    refused.assert_status(poem::http::StatusCode::TOO_MANY_REQUESTS);
    streams.pop();
    let again = open().await;
    again.assert_status_is_ok();
    w.app.stop.cancel();
    let text = tokio::time::timeout(Duration::from_secs(10), again.0.into_body().into_string()).await;
    assert!(text.expect("the stream ends").unwrap().contains("data:"));
}

//! Claims and completions a second, on disk, with eight accounts, work that takes no time, and as many jobs that are not due:
//! `cargo bench --workspace --bench queue [-- JOBS]`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use igny8_data::{Clock, Db, Ids, Migration, NewJob, Outcome, Settings, Variables, Why, tokens::Keys};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

const SCHEMA: &[Migration] = &[
    Migration {
        number: 1,
        name: "accounts",
        sql: include_str!("../../schema/0001_accounts.surql"),
    },
    Migration {
        number: 2,
        name: "jobs",
        sql: include_str!("../../schema/0014_jobs.surql"),
    },
    Migration {
        number: 3,
        name: "job_indexes",
        sql: include_str!("../../schema/0016_job_indexes.surql"),
    },
    Migration {
        number: 4,
        name: "job_leases",
        sql: include_str!("../../schema/0017_job_leases.surql"),
    },
    Migration {
        number: 5,
        name: "due_jobs_vectors",
        sql: include_str!("../../schema/0034_due_jobs_vectors.surql"),
    },
];

/// As in the server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Jobs claimed together, as in the server.
const TOGETHER: usize = 64;
/// Workers.
const AT_ONCE: usize = 128;
const ACCOUNTS: usize = 8;

fn main() {
    let jobs = std::env::args().filter_map(|a| a.parse().ok()).next().unwrap_or(10_000);
    tokio::runtime::Runtime::new().unwrap().block_on(run(jobs));
}

async fn run(jobs: usize) {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::system();
    let settings = Settings {
        url: format!("surrealkv://{}", folder.path().display()),
        username: String::new(),
        password: String::new(),
        namespace: "igny8".into(),
        database: "bench".into(),
        block_cache_bytes: 64 << 20,
        memtable_bytes: 64 << 20,
        query_timeout: Duration::from_secs(60),
        place: String::new(),
    };
    let keys = Keys::derive(&[1; 32], "bench");
    let db = Db::open(&settings, clock.clone(), Ids::random(clock), keys)
        .await
        .unwrap();
    db.migrate(SCHEMA).await.unwrap();
    let accounts: Vec<igny8_data::AccountId> = (0..ACCOUNTS).map(|_| db.ids().make()).collect();

    // What is scheduled for later is not to be felt, neither by a look at an empty queue nor below.
    let later = db.clock().now() + chrono::Duration::days(30);
    let begun = Instant::now();
    for part in (0..jobs).collect::<Vec<_>>().chunks(250) {
        let account = accounts[part[0] / part.len() % ACCOUNTS];
        let mut tx = db.platform(Why::Operator).tx(account, None);
        for n in part {
            tx.enqueue(NewJob::new("bench", serde_json::json!({ "n": n })).run_at(later));
        }
        tx.commit().await.unwrap();
    }
    report("scheduled", jobs, begun);
    let begun = Instant::now();
    let looks = 100;
    for _ in 0..looks {
        let none = db.claim_jobs(&["other"], 1, &|_| usize::MAX, &[]).await.unwrap();
        assert!(none.is_empty());
    }
    report("looks at the queue made", looks, begun);

    let begun = Instant::now();
    for part in (0..jobs).collect::<Vec<_>>().chunks(250) {
        let account = accounts[part[0] / part.len() % ACCOUNTS];
        let mut tx = db.platform(Why::Operator).tx(account, None);
        for n in part {
            tx.enqueue(NewJob::new("bench", serde_json::json!({ "n": n })));
        }
        tx.commit().await.unwrap();
    }
    report("queued", jobs, begun);

    let begun = Instant::now();
    let free = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = JoinSet::new();
    let mut done = 0;
    while done < jobs {
        let mut permits = vec![Arc::clone(&free).acquire_owned().await.unwrap()];
        let more = std::iter::from_fn(|| Arc::clone(&free).try_acquire_owned().ok());
        permits.extend(more.take(TOGETHER - 1));
        let claimed = db
            .claim_jobs(&["bench"], permits.len(), &|_| usize::MAX, &[])
            .await
            .unwrap();
        done += claimed.len();
        for ((_, lease), permit) in claimed.into_iter().zip(permits) {
            let db = db.clone();
            running.spawn(async move {
                let ended = db
                    .finish_job(lease, Outcome::Done(serde_json::json!({})))
                    .await
                    .unwrap();
                assert!(ended, "the lease was lost");
                drop(permit);
            });
        }
    }
    while let Some(ended) = running.join_next().await {
        ended.unwrap();
    }
    report("claimed and completed", jobs, begun);

    let sql = "SELECT VALUE count() FROM job WHERE state != 'done' AND wake_at IS NONE GROUP ALL;";
    let mut left = db
        .platform(Why::Operator)
        .query(sql, Variables::new(), "counting")
        .await
        .unwrap();
    assert_eq!(
        left.rows::<i64>(0).unwrap().first().copied().unwrap_or(0),
        0,
        "jobs are left"
    );
    db.close().await.unwrap();
}

fn report(what: &str, jobs: usize, begun: Instant) {
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{jobs} jobs {what} in {seconds:.2} s: {:.0} a second",
        jobs as f64 / seconds
    );
}

//! The database behaves as the crate relies on. Runs on the in-memory engine and on the one on disk: what passes here is
//! the alarm for an upgrade of SurrealDB.

use igny8_data::*;

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
        name: "job_leases",
        sql: include_str!("../../schema/0017_job_leases.surql"),
    },
    Migration {
        number: 4,
        name: "due_jobs_vectors",
        sql: include_str!("../../schema/0034_due_jobs_vectors.surql"),
    },
];

async fn open(url: &str) -> Db {
    open_with(url, Clock::manual("2026-01-01T00:00:00Z"), "here").await
}

async fn open_with(url: &str, clock: Clock, place: &str) -> Db {
    let remote = url.starts_with("ws://");
    let login = if remote { "root" } else { "" };
    let settings = Settings {
        url: url.into(),
        username: login.into(),
        password: login.into(),
        namespace: "igny8".into(),
        database: format!("test_{:032x}", rand::random::<u128>()),
        block_cache_bytes: 16 << 20,
        memtable_bytes: 16 << 20,
        query_timeout: std::time::Duration::from_secs(20),
        place: place.into(),
    };
    let db = Db::open(
        &settings,
        clock.clone(),
        Ids::random(clock),
        tokens::Keys::derive(&[1; 32], "test"),
    )
    .await
    .unwrap();
    db.migrate(SCHEMA).await.unwrap();
    db
}

async fn every_engine<F: AsyncFn(Db)>(test: F) {
    test(open("mem://").await).await;
    let folder = tempfile::tempdir().unwrap();
    let db = open(&format!("surrealkv://{}", folder.path().display())).await;
    test(db.clone()).await;
    db.close().await.unwrap();
    // `make test-remote`.
    if let Ok(url) = std::env::var("TEST_DATABASE_URL") {
        test(open(&url).await).await;
    }
}

fn binds<const N: usize>(pairs: [(&str, Value); N]) -> Variables {
    let mut binds = Variables::new();
    for (name, value) in pairs {
        binds.insert(name, value);
    }
    binds
}

async fn sql(db: &Db, sql: &str, b: Variables) -> Result<Answer, DbError> {
    db.platform(Why::Operator).query(sql, b, "testing").await
}

async fn account(db: &Db) -> AccountId {
    let id: AccountId = db.ids().make();
    let now = db.clock().now();
    sql(
        db,
        "CREATE $id CONTENT { name: 'A', status: 'active', plan: 'free', rev: 1, created_at: $now, updated_at: $now }",
        binds([("id", id.into_value()), ("now", now.into_value())]),
    )
    .await
    .unwrap();
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_failure_is_told_apart() {
    every_engine(async |db: Db| {
        let id = account(&db).await;
        let again = sql(
            &db,
            "CREATE $id CONTENT { name: 'A', status: 'active', plan: 'free', rev: 1, created_at: time::now(), updated_at: time::now() }",
            binds([("id", id.into_value())]),
        )
        .await;
        assert!(matches!(again, Err(DbError::Duplicate { ref index }) if index == "account"), "{again:?}", again = again.err());

        let user = "CREATE user CONTENT { account: $id, email: 'a@example.com', email_key: 'a@example.com', name: 'A', password_hash: '', \
                    role: 'owner', disabled: false, rev: 1, created_at: time::now(), updated_at: time::now() }";
        sql(&db, user, binds([("id", id.into_value())])).await.unwrap();
        let twice = sql(&db, user, binds([("id", id.into_value())])).await;
        assert!(matches!(twice, Err(DbError::Duplicate { ref index }) if index == "user_email"), "{:?}", twice.err());

        let thrown = sql(&db, "BEGIN; CREATE account SET name = 'x'; THROW 'no_credit'; COMMIT;", binds([])).await;
        assert!(matches!(thrown, Err(DbError::Internal { .. })), "{:?}", thrown.err());
        let thrown = sql(&db, "BEGIN; THROW 'no_credit'; COMMIT;", binds([])).await;
        assert!(matches!(thrown, Err(DbError::Refused(ref code)) if code == "no_credit"), "{:?}", thrown.err());

        let broken = sql(&db, "UPDATE $id SET status = 'odd'", binds([("id", id.into_value())])).await;
        assert!(matches!(broken, Err(DbError::Internal { .. })));
        let unknown = sql(&db, "UPDATE $id SET colour = 'odd'", binds([("id", id.into_value())])).await;
        assert!(matches!(unknown, Err(DbError::Internal { .. })), "a field outside the schema is refused");
        assert!(sql(&db, "SELECT * FROM acount", binds([])).await.is_err(), "a typo in a table's name");
        assert!(sql(&db, "CREATE acount SET a = 1", binds([])).await.is_err(), "a typo in a table's name");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_writers_wins_a_unique_value() {
    every_engine(async |db: Db| {
        let id = account(&db).await;
        let tasks: Vec<_> = (0..32)
            .map(|_| {
                let db = db.clone();
                tokio::spawn(async move {
                    sql(
                        &db,
                        "CREATE user CONTENT { account: $id, email: 'x', email_key: 'x', name: 'A', password_hash: '', role: 'owner', \
                         disabled: false, rev: 1, created_at: time::now(), updated_at: time::now() }",
                        binds([("id", id.into_value())]),
                    )
                    .await
                    .is_ok()
                })
            })
            .collect();
        let mut won = 0;
        for task in tasks {
            won += usize::from(task.await.unwrap());
        }
        assert_eq!(won, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_increment_is_lost() {
    every_engine(async |db: Db| {
        let id = account(&db).await;
        let tasks: Vec<_> = (0..32)
            .map(|_| {
                let db = db.clone();
                tokio::spawn(async move {
                    for _ in 0..5 {
                        sql(&db, "UPDATE $id SET rev += 1", binds([("id", id.into_value())]))
                            .await
                            .unwrap();
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let rev: Option<i64> = sql(&db, "SELECT VALUE rev FROM ONLY $id", binds([("id", id.into_value())]))
            .await
            .unwrap()
            .one(0)
            .unwrap();
        assert_eq!(rev, Some(161));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_runs_once_at_a_time_and_a_late_worker_is_fenced_off() {
    every_engine(async |db: Db| {
        let id = account(&db).await;
        for _ in 0..3 {
            let mut tx = db.platform(Why::Operator).tx(id, None);
            tx.enqueue(NewJob::new("deploy", serde_json::json!({ "n": 1 })).key("deploy/site"));
            tx.commit().await.unwrap();
        }
        let (job, lease) = db.claim_job(&["deploy"]).await.unwrap().expect("one job");
        assert_eq!(job.attempts, 1);
        assert!(
            db.claim_job(&["deploy"]).await.unwrap().is_none(),
            "the same key is queued once"
        );
        assert!(db.keep_job(lease, queue::LEASE, 10.0, "half").await.unwrap());

        // The worker hangs; its lease ends and another takes over.
        db.clock().advance(queue::LEASE + chrono::Duration::seconds(1));
        let (taken, second) = db.claim_job(&["deploy"]).await.unwrap().expect("taken over");
        assert_eq!(
            (taken.id, taken.attempts, taken.lost),
            (job.id, 1, 1),
            "a lost worker is no attempt"
        );
        assert!(!db.keep_job(lease, queue::LEASE, 20.0, "late").await.unwrap());
        assert!(
            !db.finish_job(lease, Outcome::Done(serde_json::json!({})))
                .await
                .unwrap()
        );
        assert!(db.finish_job(second, Outcome::Retry("net".into())).await.unwrap());

        assert!(
            db.claim_job(&["deploy"]).await.unwrap().is_none(),
            "not before its back-off is over"
        );
        db.clock().advance(chrono::Duration::minutes(1));
        let (_, third) = db.claim_job(&["deploy"]).await.unwrap().expect("again");
        assert!(db.finish_job(third, Outcome::HandBack).await.unwrap());
        let (job, fourth) = db.claim_job(&["deploy"]).await.unwrap().expect("handed back");
        assert_eq!(job.attempts, 2, "a hand-back is not an attempt");
        assert!(
            db.finish_job(fourth, Outcome::Done(serde_json::json!({ "ok": true })))
                .await
                .unwrap()
        );
        assert!(db.claim_job(&["deploy"]).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_take_turns_whatever_they_queued() {
    every_engine(async |db: Db| {
        let mut accounts = [account(&db).await, account(&db).await, account(&db).await];
        accounts.sort();
        let [a, b, c] = accounts[..] else { unreachable!() };
        let enqueue = async |account, count: i64| {
            let mut tx = db.platform(Why::Operator).tx(account, None);
            for n in 0..count {
                tx.enqueue(NewJob::new("x", serde_json::json!({ "n": n })));
            }
            tx.commit().await.unwrap();
        };
        for _ in 0..2 {
            enqueue(b, 100).await;
        }
        let claim = async || {
            let claimed = db.claim_job(&["x"]).await.unwrap();
            claimed.map(|(job, _)| (job.account, job.payload["n"].as_i64().unwrap()))
        };
        assert_eq!(claim().await.unwrap().0, b);
        enqueue(a, 2).await;
        enqueue(c, 1).await;
        // Whoever came late waits for one job of each other account, not for two hundred.
        let next: Vec<_> = [
            claim().await,
            claim().await,
            claim().await,
            claim().await,
            claim().await,
        ]
        .into_iter()
        .map(|claimed| claimed.unwrap().0)
        .collect();
        assert_eq!(next, [c, a, b, a, b]);
        let query = "SELECT id FROM job WITH INDEX job_turn WHERE due = true AND account > $last \
                     AND run_at <= $now AND kind INSIDE $kinds LIMIT 8 EXPLAIN";
        let explained = sql(
            &db,
            query,
            binds([
                ("last", a.into_value()),
                ("now", db.clock().now().into_value()),
                ("kinds", vec!["x".to_owned()].into_value()),
            ]),
        )
        .await
        .unwrap()
        .value(0)
        .unwrap();
        let text = format!("{explained:?}");
        assert!(text.contains("job_turn"), "{text}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn due_jobs_are_found_among_many_that_are_not() {
    every_engine(async |db: Db| {
        const LATER: i64 = 1_000;
        let mut accounts = [account(&db).await, account(&db).await];
        accounts.sort();
        let [a, b] = accounts;
        let hour = chrono::Duration::hours(1);
        let now = db.clock().now();
        for part in (0..LATER).collect::<Vec<_>>().chunks(250) {
            let mut tx = db.platform(Why::Operator).tx(a, None);
            for n in part {
                // Indexes of SurrealDB 3.3 have a moment without a fraction behind all others of its second.
                let at = now + hour + chrono::Duration::milliseconds(*n + 1);
                tx.enqueue(NewJob::new("x", serde_json::json!({ "n": n })).run_at(at));
            }
            tx.commit().await.unwrap();
        }
        for (account, n) in [(a, -1), (b, -2), (b, -3)] {
            let mut tx = db.platform(Why::Operator).tx(account, None);
            // A time that is over is as good as none.
            let job = NewJob::new("x", serde_json::json!({ "n": n }));
            tx.enqueue(if n == -2 { job.run_at(now - hour) } else { job });
            tx.commit().await.unwrap();
        }
        // Those that a look at the queue reads.
        let due = async || {
            let sql_text = "SELECT VALUE payload.n FROM job WHERE due = true;";
            let mut answer = sql(&db, sql_text, binds([])).await.unwrap();
            let mut rows: Vec<i64> = answer.rows(0).unwrap();
            rows.sort_unstable();
            rows
        };
        let claim = async |most| db.claim_jobs(&["x"], most, &|_| usize::MAX, &[]).await.unwrap();
        let n = |job: &JobRow| job.payload["n"].as_i64().unwrap();
        let first = claim(1).await;
        assert_eq!((n(&first[0].0), due().await), (-1, vec![-3, -2]));
        let mut rest = claim(9).await;
        rest.sort_by_key(|(job, _)| n(job));
        assert_eq!(rest.iter().map(|(job, _)| n(job)).collect::<Vec<_>>(), [-3, -2]);
        assert_eq!((claim(9).await.len(), due().await.len()), (0, 0));
        // Put off or to be tried again they wait as others do.
        assert!(db.finish_job(first[0].1, Outcome::Retry("no".into())).await.unwrap());
        assert!(
            db.finish_job(rest[0].1, Outcome::Later(hour, "soon".into()))
                .await
                .unwrap()
        );
        assert!(db.finish_job(rest[1].1, Outcome::HandBack).await.unwrap());
        assert_eq!(due().await, [-2]);
        let sql_text = "SELECT VALUE payload.n FROM job WHERE wake_at = run_at AND payload.n < 0;";
        let mut answer = sql(&db, sql_text, binds([])).await.unwrap();
        let mut put_off: Vec<i64> = answer.rows(0).unwrap();
        put_off.sort_unstable();
        assert_eq!(put_off, [-3, -1]);
        // No look at the queue reads others.
        for query in [
            "SELECT id, account FROM job WITH INDEX job_turn WHERE due = true AND account > $a LIMIT 1 EXPLAIN",
            "SELECT VALUE id FROM job WITH INDEX job_wake WHERE wake_at > $never AND wake_at <= $now LIMIT 9 EXPLAIN",
        ] {
            let explained = sql(
                &db,
                query,
                binds([
                    ("a", a.into_value()),
                    ("never", chrono::DateTime::UNIX_EPOCH.into_value()),
                    ("now", now.into_value()),
                ]),
            );
            println!("{:?}", explained.await.unwrap().value(0).unwrap());
        }

        // Their time comes: each is claimed once, the first first, and nobody else waits for all of them.
        db.clock().advance(hour + chrono::Duration::minutes(1));
        let (mut seen, mut last) = (Vec::new(), i64::MIN);
        loop {
            let claimed = claim(64).await;
            if claimed.is_empty() {
                break;
            }
            for (job, lease) in claimed {
                if job.account == a && n(&job) >= 0 {
                    assert!(n(&job) > last, "{} after {last}", n(&job));
                    last = n(&job);
                }
                seen.push(n(&job));
                assert!(
                    db.finish_job(lease, Outcome::Done(serde_json::json!({})))
                        .await
                        .unwrap()
                );
            }
        }
        seen.sort_unstable();
        assert_eq!(seen, (-3..LATER).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_silences_its_workers_ends_and_takes_no_other_down() {
    every_engine(async |db: Db| {
        let id = account(&db).await;
        let ids: Vec<JobId> = (0..3).map(|_| db.ids().make()).collect();
        let mut tx = db.platform(Why::Operator).tx(id, None);
        for job in &ids {
            tx.enqueue_as(*job, NewJob::new("x", serde_json::json!({})).attempts(1));
        }
        tx.commit().await.unwrap();
        let claim = async || db.claim_jobs(&["x"], 8, &|_| 8, &[]).await.unwrap();
        // All three run whenever the machine dies; soon they come one by one, and two of them are done.
        let mut runs = 0;
        let mut done = 0;
        loop {
            let claimed = claim().await;
            if claimed.is_empty() {
                break;
            }
            runs += 1;
            assert!(runs <= 40, "it does not end");
            assert_eq!(claimed.len(), if runs <= 3 { 3 } else { 1 }, "run {runs}");
            for (job, lease) in claimed {
                assert_eq!(job.attempts, 1);
                if let Some(why) = job.not_to_be_run() {
                    assert!(db.finish_job(lease, Outcome::Failed(why)).await.unwrap());
                } else if runs > 3 && job.id != ids[0] {
                    assert!(
                        db.finish_job(lease, Outcome::Done(serde_json::json!({})))
                            .await
                            .unwrap()
                    );
                    done += 1;
                }
            }
            db.clock().advance(queue::LEASE + chrono::Duration::seconds(1));
        }
        assert_eq!(done, 2);
        let sql_text = "SELECT VALUE lost FROM ONLY $id; SELECT VALUE state FROM job;";
        let mut answer = sql(&db, sql_text, binds([("id", ids[0].into_value())])).await.unwrap();
        assert_eq!(answer.one::<i64>(0).unwrap(), Some(queue::MOST_LOST));
        let mut states: Vec<JobState> = answer.rows(1).unwrap();
        states.sort_by_key(|state| format!("{state:?}"));
        assert_eq!(states, [JobState::Done, JobState::Done, JobState::Failed]);

        // Run again by a person, it has all of it again.
        let job = db.retry_job(id, ids[0]).await.unwrap().expect("it failed");
        assert_eq!((job.lost, job.attempts, job.state), (0, 0, JobState::Queued));
        // Errors count as attempts, whatever was lost.
        let (_, lease) = db.claim_job(&["x"]).await.unwrap().unwrap();
        assert!(db.finish_job(lease, Outcome::Retry("no".into())).await.unwrap());
        let state = sql(
            &db,
            "SELECT VALUE state FROM ONLY $id",
            binds([("id", ids[0].into_value())]),
        )
        .await;
        assert_eq!(state.unwrap().one::<JobState>(0).unwrap(), Some(JobState::Failed));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leases_go_by_the_database_s_clock() {
    for hours in [-1, 1] {
        let clock = Clock::wrong_by(chrono::Duration::hours(hours));
        let mut urls = vec!["mem://".to_owned()];
        urls.extend(std::env::var("TEST_DATABASE_URL"));
        for url in urls {
            let db = open_with(&url, clock.clone(), "here").await;
            let id = account(&db).await;
            let mut tx = db.platform(Why::Operator).tx(id, None);
            tx.enqueue(NewJob::new("x", serde_json::json!({})));
            tx.commit().await.unwrap();
            let (job, lease) = db
                .claim_job(&["x"])
                .await
                .unwrap()
                .expect("due by the database's clock");
            assert!(db.keep_job(lease, queue::LEASE, 1.0, "").await.unwrap());
            let sound = "RETURN (SELECT VALUE lease_until > time::now() AND lease_until <= time::now() + 30s \
                         FROM ONLY $id);";
            let mut answer = sql(&db, sound, binds([("id", job.id.into_value())])).await.unwrap();
            assert_eq!(answer.one::<bool>(0).unwrap(), Some(true), "{hours}");
            assert!(db.claim_job(&["x"]).await.unwrap().is_none(), "nobody else takes it");
            assert!(
                db.finish_job(lease, Outcome::Later(chrono::Duration::zero(), "soon".into()))
                    .await
                    .unwrap()
            );
            assert!(
                db.claim_job(&["x"]).await.unwrap().is_some(),
                "at once, by the database's clock"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_a_folder_is_run_where_it_is() {
    every_engine(async |db: Db| {
        let id = account(&db).await;
        let mut tx = db.platform(Why::Operator).tx(id, None);
        tx.enqueue(NewJob::new("x", serde_json::json!({})).here());
        tx.commit().await.unwrap();
        // As if another machine had queued it.
        let set = async |place: &str| {
            let place = place.to_owned().into_value();
            sql(&db, "UPDATE job SET place = $place", binds([("place", place)]))
                .await
                .unwrap();
        };
        set("elsewhere").await;
        assert!(db.claim_job(&["x"]).await.unwrap().is_none());
        assert!(db.claim_jobs(&["x"], 9, &|_| 9, &[]).await.unwrap().is_empty());
        set("here").await;
        assert!(db.claim_job(&["x"]).await.unwrap().is_some(), "the file is here");
        set("elsewhere").await;
        db.clock().advance(queue::LEASE + chrono::Duration::seconds(1));
        assert!(
            db.claim_job(&["x"]).await.unwrap().is_none(),
            "nor when its worker is silent"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_period_of_a_schedule_is_taken_once() {
    every_engine(async |db: Db| {
        let hour = chrono::Duration::hours(1);
        for round in 0..3 {
            let claims = futures_util::future::join_all((0..8).map(|_| db.claim_schedule("purge", hour))).await;
            let taken = claims.into_iter().filter(|c| *c.as_ref().unwrap()).count();
            assert_eq!(taken, 1, "round {round}");
            db.clock().advance(hour * (1 + round));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn migrations_apply_once_and_notice_changes() {
    let db = open("mem://").await;
    assert_eq!(db.migrate(SCHEMA).await.unwrap(), Vec::<&str>::new());
    let changed = [Migration {
        sql: "-- other",
        ..SCHEMA[0]
    }];
    assert!(matches!(
        db.migrate(&changed).await,
        Err(MigrateError::Changed { number: 1, .. })
    ));
    assert!(matches!(
        db.migrate(&[]).await,
        Err(MigrateError::Unknown { number: 1, .. })
    ));
}

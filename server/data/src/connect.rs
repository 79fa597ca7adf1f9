//! Opening the database. The SurrealDB client is named here and nowhere else.

use std::sync::Arc;
use std::time::Duration;

use surrealdb::Surreal;
use surrealdb::engine::any::Any;
use surrealdb::engine::local;
use surrealdb::opt::auth::Root;
use surrealdb_engine_local::Datastore;
use surrealdb_types::{SurrealValue, Value, Variables};

use crate::clock::Clock;
use crate::error::{DbError, sort, worst};
use crate::ids::Ids;
use crate::tokens::Keys;

/// Where the rows live and how much memory the engine may take.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `mem://`, `surrealkv:///absolute/folder`, or `ws://host:port` / `wss://…` of a SurrealDB 3 server.
    pub url: String,
    /// Root credentials of a remote server; unused by the embedded engines.
    pub username: String,
    pub password: String,
    pub namespace: String,
    pub database: String,
    /// Bytes of the embedded engine's block cache. Left alone it would take half of the machine's memory.
    pub block_cache_bytes: u64,
    /// Bytes of one in-memory table of the embedded engine before it is written out.
    pub memtable_bytes: u64,
    /// A single query running longer is stopped.
    pub query_timeout: Duration,
    /// Names the folder of files that this process shares with others of its machine: jobs that need one of these files
    /// are run by processes of this place only. May be empty where no jobs are run.
    pub place: String,
}

/// The application's handle on its database. Cheap to clone.
///
/// It has no query methods: rows are reached through a scope ([`Db::account`], [`Db::site`]) or, with a stated reason,
/// through [`Db::platform`].
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    client: Client,
    /// Embedded engines are closed in order on [`Db::close`].
    datastore: Option<Arc<Datastore>>,
    pub clock: Clock,
    pub ids: Ids,
    pub keys: Keys,
    pub conflicts: std::sync::atomic::AtomicU64,
    /// Wakes idle workers when a job was added by this process.
    pub jobs_added: tokio::sync::Notify,
    /// Jobs that this process added and that are due, for workers that have nothing else to do.
    pub jobs_fresh: std::sync::Mutex<Vec<crate::queue::FreshJob>>,
    pub job_changes: tokio::sync::broadcast::Sender<crate::ids::JobId>,
    pub turn: crate::queue::Turn,
    /// [`Settings::place`].
    pub place: String,
    /// Grows whenever this process changes a site's row, so that what is cached about sites can tell its age.
    pub sites_changed: std::sync::atomic::AtomicU64,
}

// Held once behind the `Arc`: cloning a client makes a new session, which on a remote server signs in again.
enum Client {
    Embedded(Surreal<local::Db>),
    Remote(Surreal<Any>),
}

impl Db {
    /// Opens the database, waiting for another process to let go of an embedded folder for up to 30 seconds.
    ///
    /// # Errors
    /// When the folder cannot be opened, is held by another process, or the server refuses the credentials.
    pub async fn open(settings: &Settings, clock: Clock, ids: Ids, keys: Keys) -> Result<Self, DbError> {
        let opening = |e: &dyn std::fmt::Display| DbError::internal("opening the database", e.to_string());
        let remote = settings.url.starts_with("ws://") || settings.url.starts_with("wss://");
        let (client, datastore) = if remote {
            let client = surrealdb::engine::any::connect(&settings.url)
                .await
                .map_err(|e| opening(&e))?;
            client
                .signin(Root {
                    username: settings.username.clone(),
                    password: settings.password.clone(),
                })
                .await
                .map_err(|e| opening(&e))?;
            (Client::Remote(client), None)
        } else {
            let datastore = open_embedded(settings).await?;
            let client = Surreal::<local::Db>::unstable_from_datastore(Arc::clone(&datastore), None)
                .await
                .map_err(|e| opening(&e))?;
            (Client::Embedded(client), Some(datastore))
        };
        for name in [&settings.namespace, &settings.database] {
            if name.is_empty()
                || !name
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
            {
                return Err(opening(&format!(
                    "`{name}` is not a name of lower-case letters, digits and `_`"
                )));
            }
        }
        let (ns, name) = (&settings.namespace, &settings.database);
        // STRICT: a typo in a table's name fails instead of making a table without rules.
        let define =
            format!("DEFINE NAMESPACE IF NOT EXISTS {ns}; USE NS {ns}; DEFINE DATABASE IF NOT EXISTS {name} STRICT;");
        let defined = match &client {
            Client::Embedded(c) => c.query(define).await,
            Client::Remote(c) => c.query(define).await,
        };
        defined
            .and_then(surrealdb::IndexedResults::check)
            .map_err(|e| opening(&e))?;
        match &client {
            Client::Embedded(c) => c.use_ns(ns).use_db(name).await.map(|_| ()),
            Client::Remote(c) => c.use_ns(ns).use_db(name).await.map(|_| ()),
        }
        .map_err(|e| opening(&e))?;
        let inner = Inner {
            client,
            datastore,
            clock,
            ids,
            keys,
            conflicts: Default::default(),
            jobs_added: tokio::sync::Notify::new(),
            jobs_fresh: Default::default(),
            job_changes: tokio::sync::broadcast::Sender::new(256),
            turn: Default::default(),
            place: settings.place.clone(),
            sites_changed: Default::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Closes an embedded engine in order, so that the next start finds it clean. Queries after this fail.
    ///
    /// # Errors
    /// When the engine cannot flush.
    pub async fn close(&self) -> Result<(), DbError> {
        match &self.inner.datastore {
            Some(datastore) => datastore
                .shutdown()
                .await
                .map_err(|e| DbError::internal("closing the database", e)),
            None => Ok(()),
        }
    }

    /// True when the database is a server of its own that other processes may use too.
    pub fn is_remote(&self) -> bool {
        self.inner.datastore.is_none()
    }

    /// Asks the database for a sign of life.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn ping(&self) -> Result<(), DbError> {
        self.run("RETURN true;", Variables::new(), "asking for a sign of life")
            .await
            .map(|_| ())
    }

    /// Transactions that had to be tried again since the start.
    pub fn conflicts(&self) -> u64 {
        self.inner.conflicts.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// A number that grows whenever this process changes the row of a site: domain, slug, deletion.
    pub fn sites_changed(&self) -> u64 {
        self.inner.sites_changed.load(std::sync::atomic::Ordering::Acquire)
    }

    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    pub fn ids(&self) -> &Ids {
        &self.inner.ids
    }

    pub fn keys(&self) -> &Keys {
        &self.inner.keys
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.inner
    }

    /// Runs a text of SurrealQL once. The only way to the client; callers in this crate add the tenant.
    pub(crate) async fn run(&self, sql: &str, binds: Variables, doing: &'static str) -> Result<Answer, DbError> {
        let result = match &self.inner.client {
            Client::Embedded(c) => c.query(sql).bind(binds).await,
            Client::Remote(c) => c.query(sql).bind(binds).await,
        };
        let mut response = result.map_err(|e| sort(&e, doing))?;
        let errors = response.take_errors();
        if errors.is_empty() {
            return Ok(Answer { response, doing });
        }
        let mut errors: Vec<_> = errors.into_iter().collect();
        errors.sort_by_key(|(index, _)| *index);
        Err(worst(errors.into_iter().map(|(_, e)| e), doing)
            .unwrap_or_else(|| DbError::internal(doing, "unknown failure")))
    }

    /// Runs a text of SurrealQL whose rows are read one by one.
    pub(crate) fn stream(&self, sql: &str) -> surrealdb::Result<surrealdb::method::ItemStream> {
        match &self.inner.client {
            Client::Embedded(c) => c.query(sql.to_owned()).stream_items(),
            Client::Remote(c) => c.query(sql.to_owned()).stream_items(),
        }
    }

    /// [`Db::run`], tried again on conflicts: for single statements and texts that are one transaction.
    pub(crate) async fn run_retrying(
        &self,
        sql: &str,
        binds: Variables,
        doing: &'static str,
    ) -> Result<Answer, DbError> {
        let mut attempt = 0;
        loop {
            match self.run(sql, binds.clone(), doing).await {
                Err(DbError::Conflict) if attempt < RETRIES => {
                    self.inner.conflicts.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    tokio::time::sleep(backoff(attempt, self.inner.ids.bytes())).await;
                    attempt += 1;
                }
                other => return other,
            }
        }
    }
}

/// Attempts after the first. With full jitter up to 400 ms, twelve of them outlast a burst of 50 writers on one row.
const RETRIES: u32 = 12;

/// Full jitter: between 0 and `5 ms · 2^attempt`, at most 400 ms.
fn backoff(attempt: u32, random: [u8; 2]) -> Duration {
    let ceiling = (5_000u64 << attempt.min(10)).min(400_000);
    Duration::from_micros(ceiling * u64::from(u16::from_be_bytes(random)) / u64::from(u16::MAX))
}

async fn open_embedded(settings: &Settings) -> Result<Arc<Datastore>, DbError> {
    let limits = surrealdb_cnf::ConfigMap::empty()
        .with_key_value("surrealkv_block_cache_capacity", settings.block_cache_bytes.to_string())
        .with_key_value("surrealkv_max_memtable_size", settings.memtable_bytes.to_string());
    let path = if settings.url == "mem://" {
        "memory".to_owned()
    } else if settings.url.starts_with("surrealkv://") {
        let folder = settings.url.trim_start_matches("surrealkv://");
        std::fs::create_dir_all(folder)
            .map_err(|e| DbError::internal("opening the database", format!("{folder}: {e}")))?;
        format!("{}?sync=every", settings.url)
    } else {
        return Err(DbError::internal(
            "opening the database",
            format!("`{}` is not a mem://, surrealkv:// or ws:// address", settings.url),
        ));
    };
    // The engine lets go of the folder's lock a moment after its process has ended.
    let mut waited = Duration::ZERO;
    loop {
        let built = Datastore::builder()
            .with_config(limits.clone())
            .with_query_timeout(Some(settings.query_timeout))
            .build_with_path(&path)
            .await;
        match built {
            Ok(datastore) => {
                datastore
                    .bootstrap()
                    .await
                    .map_err(|e| DbError::internal("opening the database", e))?;
                return Ok(datastore);
            }
            Err(e) if waited < Duration::from_secs(30) && e.to_string().to_lowercase().contains("lock") => {
                tokio::time::sleep(Duration::from_millis(250)).await;
                waited += Duration::from_millis(250);
            }
            Err(e) => return Err(DbError::internal("opening the database", e)),
        }
    }
}

/// The results of a query text, one per statement.
pub struct Answer {
    response: surrealdb::IndexedResults,
    doing: &'static str,
}

impl Answer {
    /// Takes the rows of one statement.
    ///
    /// # Errors
    /// When a row does not fit the type.
    pub fn rows<T: SurrealValue>(&mut self, statement: usize) -> Result<Vec<T>, DbError> {
        self.response
            .take::<Vec<T>>(statement)
            .map_err(|e| DbError::internal(self.doing, e))
    }

    /// Takes one statement's single value, `None` where the database says NONE.
    ///
    /// # Errors
    /// When the value does not fit the type.
    pub fn one<T: SurrealValue>(&mut self, statement: usize) -> Result<Option<T>, DbError> {
        let value: Value = self.value(statement)?;
        match value {
            Value::None | Value::Null => Ok(None),
            value => T::from_value(value)
                .map(Some)
                .map_err(|e| DbError::internal(self.doing, e)),
        }
    }

    /// Takes one statement's result as it is.
    ///
    /// # Errors
    /// When there is no such statement.
    pub fn value(&mut self, statement: usize) -> Result<Value, DbError> {
        self.response
            .take::<Value>(statement)
            .map_err(|e| DbError::internal(self.doing, e))
    }

    pub fn statements(&self) -> usize {
        self.response.num_statements()
    }
}

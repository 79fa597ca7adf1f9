//! A unit of work: writes collected as one text, sent as one transaction, tried again on conflicts.
//!
//! One round trip and the shortest window for conflicts. Rows, jobs and audit events of one change go in together.

use surrealdb_types::{SurrealValue, Value, Variables};

use crate::audit::AuditEvent;
use crate::connect::{Answer, Db};
use crate::error::DbError;
use crate::identity::Who;
use crate::ids::{AccountId, AuditId, JobId, RecordKey, SiteId};
use crate::queue::{FreshJob, NewJob, Start};
use crate::record::Record;
use crate::scope::{Access, SiteScope};

/// The table of host names of sites: what visitors find changes with it as with the sites themselves.
const DOMAIN: &str = "domain";

/// Writes under one tenant that happen together or not at all. Nothing is sent before [`Tx::commit`].
#[must_use = "nothing happens until commit"]
pub struct Tx<'a> {
    db: &'a Db,
    account: AccountId,
    site: Option<SiteId>,
    who: Who,
    sql: String,
    binds: Variables,
    problem: Option<DbError>,
    jobs: Vec<FreshJob>,
    sites: bool,
}

impl<'a> Tx<'a> {
    pub(crate) fn new(db: &'a Db, account: AccountId, site: Option<SiteId>, who: Who) -> Self {
        let mut binds = Variables::new();
        binds.insert("account", account);
        if let Some(site) = site {
            binds.insert("site", site);
        }
        Self {
            db,
            account,
            site,
            who,
            sql: String::new(),
            binds,
            problem: None,
            jobs: Vec::new(),
            sites: false,
        }
    }

    /// Adds a new row.
    pub fn create<T: Record>(&mut self, row: T) -> &mut Self {
        self.check_tenant(&row);
        let id = self.bind(row.id());
        let row = self.bind(row);
        self.sql += &format!("CREATE {id} CONTENT {row} RETURN NONE;\n");
        self
    }

    /// Adds many new rows of one kind.
    pub fn create_all<T: Record>(&mut self, rows: Vec<T>) -> &mut Self {
        if rows.is_empty() {
            return self;
        }
        for row in &rows {
            self.check_tenant(row);
        }
        let rows = self.bind(rows);
        self.sql += &format!("INSERT INTO {} {rows} RETURN NONE;\n", T::Id::TABLE);
        self
    }

    /// Puts a changed row in the place of the one that was read: `row.rev()` must still be the stored revision, else
    /// the whole unit of work fails with [`DbError::Stale`]. The stored row gets the next revision; the given one is
    /// brought up to it.
    pub fn replace<T: Record>(&mut self, row: &mut T) -> &mut Self {
        self.check_tenant(row);
        let read = row.rev();
        row.set_rev(read + 1);
        let id = self.bind(row.id());
        let content = self.bind(row.clone());
        let read = self.bind(read);
        let tenant = self.tenant();
        self.sql += &format!(
            "IF (UPDATE ONLY {id} CONTENT {content} WHERE rev = {read} AND {tenant} RETURN VALUE rev) IS NONE \
             {{ THROW 'stale' }};\n"
        );
        self
    }

    /// [`Tx::replace`] for many rows of one kind: one statement, whatever their number.
    pub fn replace_all<T: Record>(&mut self, rows: &mut [T]) -> &mut Self {
        if rows.is_empty() {
            return self;
        }
        let mut changes = Vec::with_capacity(rows.len());
        for row in rows {
            self.check_tenant(row);
            let read = row.rev();
            row.set_rev(read + 1);
            changes.push(vec![row.id().into_value(), read.into_value(), row.clone().into_value()]);
        }
        let changes = self.bind(changes);
        let tenant = self.tenant();
        self.sql += &format!(
            "FOR $row IN {changes} {{ LET $of = $row[0]; LET $read = $row[1]; LET $new = $row[2]; \
             IF (UPDATE ONLY $of CONTENT $new WHERE rev = $read AND {tenant} RETURN VALUE rev) IS NONE \
             {{ THROW 'stale' }} }};\n"
        );
        self
    }

    /// Removes a row for good, if it is this tenant's.
    pub fn delete<K: RecordKey + SurrealValue>(&mut self, id: K) -> &mut Self {
        let id = self.bind(id);
        let tenant = self.tenant();
        self.sql += &format!("DELETE {id} WHERE {tenant} RETURN NONE;\n");
        self
    }

    /// Fails the unit of work with [`DbError::Refused`] and this code unless the condition holds. The condition may use
    /// `$account`, `$site` and the variables given with it.
    pub fn require(&mut self, condition: &str, binds: Variables, code: &'static str) -> &mut Self {
        debug_assert!(code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
        self.statement(&format!("IF !({condition}) {{ THROW '{code}' }}"), binds)
    }

    /// Any other statement. Its variables must not be used by another statement of this unit of work; `$account` and
    /// `$site` are bound already, and the narrower one must be named.
    pub fn statement(&mut self, sql: &str, binds: Variables) -> &mut Self {
        let named = if self.site.is_some() { "$site" } else { "$account" };
        self.naming(named, sql, binds)
    }

    /// A statement about rows of the account around the unit of work's site; it must name `$account`.
    pub fn account_statement(&mut self, sql: &str, binds: Variables) -> &mut Self {
        self.naming("$account", sql, binds)
    }

    fn naming(&mut self, named: &str, sql: &str, binds: Variables) -> &mut Self {
        if !sql.contains(named) {
            self.fail("a statement does not mention the tenant");
        }
        for (name, value) in binds {
            if self.binds.get(&name).is_some_and(|old| *old != value) {
                self.fail("two statements of a unit of work use one variable");
            }
            self.binds.insert(name, value);
        }
        self.sql += sql;
        self.sql += ";\n";
        self
    }

    /// What `inner` adds happens only if the condition holds when the unit of work is carried out; nothing is asked before. The
    /// condition must name `$account`. A job queued in it begins when a worker looks at the queue, within a second: nobody is told
    /// of a job that may not be there.
    pub fn when(&mut self, condition: &str, inner: impl FnOnce(&mut Self)) -> &mut Self {
        if !condition.contains("$account") {
            self.fail("a condition does not mention the tenant");
        }
        let told = self.jobs.len();
        self.sql += &format!("IF {condition} {{\n");
        inner(self);
        self.sql += "};\n";
        self.jobs.truncate(told);
        self
    }

    /// Queues a job that exists only if this unit of work is committed. A job with a key that is already waiting is not
    /// queued again.
    pub fn enqueue(&mut self, job: NewJob) -> &mut Self {
        let id = self.db.ids().make();
        self.enqueue_as(id, job)
    }

    /// [`Tx::enqueue`] with an id the caller already knows.
    pub fn enqueue_as(&mut self, id: JobId, job: NewJob) -> &mut Self {
        self.enqueue_of(id, self.site, job)
    }

    /// [`Tx::enqueue`] of a job of one site, in a unit of work of the site's account.
    pub fn enqueue_for<A: Access>(&mut self, scope: &SiteScope<A>, job: NewJob) -> &mut Self {
        if scope.account() != self.account {
            self.fail("a job is for a site of another account");
        }
        let id = self.db.ids().make();
        self.enqueue_of(id, Some(scope.site()), job)
    }

    /// [`Tx::enqueue`] of a job that is only needed if a condition holds within the unit of work. It may use `$account` and `$site`,
    /// and must name the narrower one. For work that may begin a moment later ([`NewJob::settled`]).
    pub fn enqueue_if(&mut self, condition: &str, job: NewJob) -> &mut Self {
        let named = if self.site.is_some() { "$site" } else { "$account" };
        if !condition.contains(named) {
            self.fail("a condition does not mention the tenant");
        }
        let id = self.db.ids().make();
        let (before, fresh) = (self.sql.len(), self.jobs.len());
        self.enqueue_of(id, self.site, job);
        // It may not be there: the worker finds it by looking.
        self.jobs.truncate(fresh);
        let statement = self.sql.split_off(before);
        self.sql += &format!("IF {condition} {{ {} }};\n", statement.trim_end().trim_end_matches(';'));
        self
    }

    /// [`Tx::enqueue`] of a job of the account as a whole, whatever the unit of work is about.
    pub fn enqueue_for_account(&mut self, job: NewJob) -> &mut Self {
        let id = self.db.ids().make();
        self.enqueue_of(id, None, job)
    }

    fn enqueue_of(&mut self, id: JobId, site: Option<SiteId>, job: NewJob) -> &mut Self {
        let start = Start::of(&job);
        let row = job.row(id, self.account, site, self.who, self.db);
        self.sql += &crate::queue::insert_sql(
            self.db,
            &mut |value| {
                let name = format!("t{}", self.binds.len());
                self.binds.insert(name.clone(), value);
                format!("${name}")
            },
            row,
            start,
        );
        if start == Start::Now {
            let account = self.account;
            self.jobs.push(FreshJob { id, account });
        }
        self
    }

    /// Writes an entry of the audit log.
    pub fn audit(&mut self, event: AuditEvent) -> &mut Self {
        let id: AuditId = self.db.ids().make();
        let row = event.row(id, self.account, self.site, self.who, self.db.clock().now());
        let id = self.bind(id);
        let row = self.bind(row);
        self.sql += &format!("CREATE {id} CONTENT {row} RETURN NONE;\n");
        self
    }

    /// Sends the unit of work, again and again (bounded) while other writers are in the way.
    ///
    /// # Errors
    /// [`DbError::Stale`], [`DbError::Duplicate`], [`DbError::Refused`], [`DbError::Conflict`] when the retries are used
    /// up, or a fault of the database. Nothing was written then.
    pub async fn commit(mut self) -> Result<Answer, DbError> {
        if let Some(problem) = self.problem {
            return Err(problem);
        }
        if let Some((sql, binds)) = crate::idempotency::mark(self.account) {
            self.sql += &sql;
            self.binds.extend(binds);
        }
        let sql = format!("BEGIN;\n{}COMMIT;", self.sql);
        let answer = self
            .db
            .run_retrying(&sql, self.binds, "committing a unit of work")
            .await?;
        if !self.jobs.is_empty() {
            self.db.jobs_queued(self.jobs);
        }
        if self.sites {
            let changed = &self.db.inner().sites_changed;
            changed.fetch_add(1, std::sync::atomic::Ordering::AcqRel);
        }
        Ok(answer)
    }

    /// The account whose rows are written.
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// Where it will be carried out; for ids and the time.
    pub fn db(&self) -> &'a Db {
        self.db
    }

    pub(crate) fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.db.clock().now()
    }

    fn tenant(&self) -> &'static str {
        if self.site.is_some() {
            "account = $account AND site = $site"
        } else {
            "account = $account"
        }
    }

    /// Gives a value a name of its own (`$t7`) for a statement or a condition.
    pub fn bind(&mut self, value: impl SurrealValue) -> String {
        let name = format!("t{}", self.binds.len());
        let value: Value = value.into_value();
        self.binds.insert(name.clone(), value);
        format!("${name}")
    }

    fn check_tenant<T: Record>(&mut self, row: &T) {
        if row.account() != self.account {
            self.problem = Some(DbError::WrongTenant { table: T::Id::TABLE });
        }
        self.sites |= T::Id::TABLE == SiteId::TABLE || T::Id::TABLE == DOMAIN;
    }

    fn fail(&mut self, message: &'static str) {
        self.problem = Some(DbError::internal("building a unit of work", message));
    }
}

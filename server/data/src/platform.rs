//! Work across accounts: what no scope can express, each use with its reason.

use surrealdb_types::Variables;

use crate::connect::{Answer, Db};
use crate::error::DbError;
use crate::identity::Who;
use crate::ids::{AccountId, SiteId};
use crate::scope::Operator;
use crate::tx::Tx;

/// Why code reaches across tenants. A test lists the call sites of each; the list may only shrink without a thought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Why {
    /// A new account is being made; there is no scope yet.
    Registration,
    /// Somebody proves who they are: login, refresh, password reset, invitation.
    Authentication,
    /// A visitor asks for a page of a public site by host name.
    Visitor,
    /// The queue hands out and takes back jobs of all accounts.
    Queue,
    /// Periodic work over all accounts: due publications, purges of what was deleted.
    Schedule,
    /// The installation's own catalogue of industries and plans.
    Catalogue,
    /// A command typed on the server by its operator.
    Operator,
}

impl Operator {
    /// A unit of work in any account, logged under the operator's own id.
    pub fn tx<'a>(&self, db: &'a Db, account: AccountId) -> Tx<'a> {
        Tx::new(db, account, None, self.actor.who)
    }
}

/// Rows of all accounts.
pub struct PlatformDb<'a> {
    db: &'a Db,
    why: Why,
}

impl Db {
    /// Opens rows of all accounts for a stated reason.
    pub fn platform(&self, why: Why) -> PlatformDb<'_> {
        PlatformDb { db: self, why }
    }
}

impl<'a> PlatformDb<'a> {
    pub(crate) fn db(&self) -> &'a Db {
        self.db
    }

    /// Runs a text of SurrealQL; a text of several statements is a transaction only with its own BEGIN and COMMIT.
    /// Conflicts are retried.
    ///
    /// # Errors
    /// When the database fails or refuses.
    pub async fn query(&self, sql: &str, binds: Variables, doing: &'static str) -> Result<Answer, DbError> {
        tracing::trace!(why = ?self.why, doing, "cross-account query");
        self.db.run_retrying(sql, binds, doing).await
    }

    /// A unit of work in one account, acting as the installation.
    pub fn tx(&self, account: AccountId, site: Option<SiteId>) -> Tx<'a> {
        Tx::new(self.db, account, site, Who::System(self.why))
    }
}

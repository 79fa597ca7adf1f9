//! Requests that may be sent twice and must be carried out once (`Idempotency-Key`).
//!
//! A key is claimed before the request is carried out. Every unit of work of the request marks the claim in its own
//! transaction ([`crate::Tx::commit`]), so that after a crash it is known whether the request changed anything: a claim
//! that changed nothing can be taken over, one that did is never carried out again.

use chrono::{DateTime, Duration, Utc};
use surrealdb_types::{SurrealValue, Variables};

use crate::connect::Db;
use crate::error::DbError;
use crate::identity::Actor;
use crate::ids::AccountId;

/// A claim this old without an answer belongs to a process that died.
const ABANDONED_MINUTES: i64 = 15;

/// Code of [`DbError::Refused`] when a unit of work finds that its claim was taken over.
pub const CLAIM_LOST: &str = "idempotency_claim_lost";

tokio::task_local! {
    static CURRENT: Claim;
}

/// The right to carry a request out, once.
#[derive(Debug, Clone)]
pub struct Claim {
    key: String,
    token: String,
    pub(crate) account: AccountId,
}

/// What is known of a key.
#[derive(Debug)]
pub enum Claimed {
    /// Nobody used it before: carry the request out inside of [`Claim::scope`], then [`Db::answer_claim`].
    New(Claim),
    /// The request is being carried out.
    Running,
    /// It was carried out, and this was its answer, as given to [`Db::answer_claim`].
    Answered(Vec<u8>),
    /// It changed something, and the process ended before its answer was known.
    Lost,
    /// The key was used for a different request.
    OtherRequest,
}

#[derive(SurrealValue)]
struct Row {
    fingerprint: String,
    state: String,
    started_at: DateTime<Utc>,
    answer: Option<String>,
}

impl Claim {
    /// Runs a request so that its units of work mark the claim.
    pub async fn scope<F: Future>(&self, request: F) -> F::Output {
        CURRENT.scope(self.clone(), request).await
    }

    fn binds(&self) -> Variables {
        let mut binds = Variables::new();
        binds.insert("idempotency_key", self.key.clone());
        binds.insert("idempotency_claim", self.token.clone());
        binds
    }
}

/// The statement by which a unit of work of `account` marks the claim of the request it is part of, if there is one.
/// The counter makes it a change each time: SurrealDB does not write an update that changes nothing, so it would not
/// collide with a takeover.
pub(crate) fn mark(account: AccountId) -> Option<(String, Variables)> {
    let claim = CURRENT.try_with(Clone::clone).ok()?;
    let sql = format!(
        "IF (UPDATE ONLY type::record('idempotency', $idempotency_key) SET state = 'committed', commits += 1 \
         WHERE claim = $idempotency_claim RETURN VALUE claim) IS NONE {{ THROW '{CLAIM_LOST}' }};\n"
    );
    (claim.account == account).then(|| (sql, claim.binds()))
}

impl Db {
    /// Claims a key for a request. Keys belong to their actor; `fingerprint` tells requests apart.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_request(&self, actor: &Actor, key: &str, fingerprint: &str) -> Result<Claimed, DbError> {
        let claim = Claim {
            key: blake3::hash(format!("{}\n{key}", actor.who()).as_bytes())
                .to_hex()
                .to_string(),
            token: crate::tokens::secret_text(self.ids().bytes()),
            account: actor.account_id(),
        };
        let now = self.clock().now();
        let mut binds = claim.binds();
        binds.insert("account", claim.account);
        binds.insert("fingerprint", fingerprint.to_owned());
        binds.insert("now", now);
        let create = "CREATE type::record('idempotency', $idempotency_key) CONTENT { account: $account, \
                      fingerprint: $fingerprint, claim: $idempotency_claim, state: 'started', commits: 0, \
                      started_at: $now } RETURN NONE;";
        match self.run_retrying(create, binds.clone(), "claiming a request").await {
            Ok(_) => return Ok(Claimed::New(claim)),
            Err(DbError::Duplicate { .. }) => {}
            Err(error) => return Err(error),
        }
        let sql =
            "SELECT fingerprint, state, started_at, answer FROM ONLY type::record('idempotency', $idempotency_key);";
        let row: Option<Row> = self
            .run(sql, binds.clone(), "reading a claimed request")
            .await?
            .one(0)?;
        // Given up between the two statements: the client tries again.
        let Some(row) = row else { return Ok(Claimed::Running) };
        if row.fingerprint != fingerprint {
            return Ok(Claimed::OtherRequest);
        }
        let abandoned = row.started_at < now - Duration::minutes(ABANDONED_MINUTES);
        match (row.state.as_str(), row.answer) {
            ("answered", Some(answer)) => Ok(self
                .keys()
                .open_sealed(&claim.key, &answer)
                .map_or(Claimed::Lost, Claimed::Answered)),
            ("committed", _) if abandoned => Ok(Claimed::Lost),
            ("started", _) if abandoned => {
                binds.insert("seen", row.started_at);
                let sql = "UPDATE ONLY type::record('idempotency', $idempotency_key) SET claim = $idempotency_claim, \
                           started_at = $now WHERE state = 'started' AND started_at = $seen RETURN VALUE claim;";
                let taken: Option<String> = self.run_retrying(sql, binds, "taking over a request").await?.one(0)?;
                Ok(taken.map_or(Claimed::Running, |_| Claimed::New(claim)))
            }
            _ => Ok(Claimed::Running),
        }
    }

    /// Keeps what a request answered, sealed: answers may hold secrets. With `keep` false the key is free again, unless
    /// the request changed something all the same.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn answer_claim(&self, claim: &Claim, answer: &[u8], keep: bool) -> Result<(), DbError> {
        let mut binds = claim.binds();
        binds.insert("answer", self.keys().seal(&claim.key, answer, self.ids().bytes()));
        let free = "DELETE type::record('idempotency', $idempotency_key) WHERE claim = $idempotency_claim \
                    AND state = 'started' RETURN NONE;";
        let sql = format!(
            "BEGIN; {} UPDATE type::record('idempotency', $idempotency_key) SET state = 'answered', answer = $answer \
             WHERE claim = $idempotency_claim RETURN NONE; COMMIT;",
            if keep { "" } else { free }
        );
        self.run_retrying(&sql, binds, "keeping an answer").await?;
        Ok(())
    }
}

//! Balances, ledger and usage as stored.

use chrono::{DateTime, Utc};
use igny8_data::{AccountId, SiteId, SurrealValue, id_type, record};
use poem_openapi::Enum;

id_type!(
    /// The credits of an account; its key is the account's.
    BalanceId, "credit_balance", "credits_"
);
id_type!(
    /// A row of the ledger.
    TransactionId, "credit_transaction", "ctx_"
);
id_type!(
    /// A row of the usage log.
    UsageId, "usage", "use_"
);

/// What an account has.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Balance {
    pub id: BalanceId,
    pub account: AccountId,
    pub plan_credits: i64,
    pub bonus_credits: i64,
    /// When plan credits are set anew.
    pub renews_at: DateTime<Utc>,
    /// Below how many credits the account is told; a tenth of what its plan gives in a month where nothing is set.
    pub low_at: Option<i64>,
    pub rev: i64,
}

record!(Balance, BalanceId, account);

impl Balance {
    pub fn total(&self) -> i64 {
        self.plan_credits + self.bonus_credits
    }
}

/// Why credits came or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, SurrealValue, serde::Serialize, serde::Deserialize)]
#[oai(rename_all = "snake_case")]
#[surreal(crate = "surrealdb_types")]
#[surreal(untagged, rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum TransactionKind {
    /// Bought: bonus credits.
    Purchase,
    /// The plan's credits at registration and renewal, and what of the last period is taken back then.
    Subscription,
    /// Given back for something that went wrong: bonus credits.
    Refund,
    /// Spent.
    Deduction,
    /// Set right by the operator, up or down.
    Adjustment,
}

/// A row of the ledger.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Transaction {
    pub id: TransactionId,
    pub account: AccountId,
    pub kind: TransactionKind,
    /// Positive when credits came.
    pub amount: i64,
    /// Both pools together.
    pub balance_after: i64,
    pub description: String,
    pub reference: String,
    pub rev: i64,
    pub created_at: DateTime<Utc>,
}

record!(Transaction, TransactionId, account);

/// A row of the usage log.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Usage {
    pub id: UsageId,
    pub account: AccountId,
    pub site: Option<SiteId>,
    /// `auto_cluster`.
    pub operation: String,
    pub credits: i64,
    /// `local`, or the provider's name of the model.
    pub model: String,
    pub tokens_in: i64,
    pub tokens_out: i64,
    /// What the provider charges, in millionths of a US dollar, as far as its price is known.
    pub cost_micros: i64,
    /// Id of what it was for.
    pub target: Option<String>,
    pub rev: i64,
    pub created_at: DateTime<Utc>,
}

record!(Usage, UsageId, account);

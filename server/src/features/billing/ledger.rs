//! The only writer of balances. Every entry is added to a unit of work of the caller's, so that credits and what they
//! are for happen together or not at all.

use chrono::{DateTime, Months, Utc};
use igny8_data::{AccountId, DbError, RecordKey as _, Tx, Variables};

use super::model::{Balance, BalanceId, Transaction, TransactionId, TransactionKind, Usage, UsageId};
use super::plans::Plan;
use crate::api::Error;
use crate::app::App;

/// What an AI function or another operation is charged.
#[derive(Debug, Clone)]
pub struct Spend {
    pub operation: &'static str,
    pub credits: i64,
    pub model: String,
    pub tokens_in: i64,
    pub tokens_out: i64,
    pub cost_micros: i64,
    pub target: Option<String>,
    /// In words, for the ledger.
    pub description: String,
    /// Names the cause, once in the account: `job/<id>`.
    pub reference: String,
}

const NOT_ENOUGH: &str = "not_enough_credits";

/// Adds an account's first balance to the unit of work that makes the account.
pub fn open(tx: &mut Tx<'_>, app: &App, account: AccountId, plan: &Plan) {
    let now = app.db.clock().now();
    tx.create(Balance {
        id: BalanceId::from_ulid(account.ulid()),
        account,
        plan_credits: plan.monthly_credits,
        bonus_credits: 0,
        renews_at: next_renewal(now),
        rev: 1,
    });
    tx.create(Transaction {
        id: app.db.ids().make(),
        account,
        kind: TransactionKind::Subscription,
        amount: plan.monthly_credits,
        balance_after: plan.monthly_credits,
        description: format!("Credits of the plan {}", plan.name),
        reference: "opening".into(),
        rev: 1,
        created_at: now,
    });
}

/// A month later, by the calendar.
pub fn next_renewal(at: DateTime<Utc>) -> DateTime<Utc> {
    at.checked_add_months(Months::new(1)).unwrap_or(at)
}

/// Adds a charge to a unit of work: it is refused as a whole when the credits do not suffice ([`not_enough`]) or the
/// reference was charged before ([`charged_before`]).
pub fn spend(tx: &mut Tx<'_>, app: &App, account: AccountId, site: Option<igny8_data::SiteId>, spend: Spend) {
    tx.create(Usage {
        id: app.db.ids().make::<UsageId>(),
        account,
        site,
        operation: spend.operation.to_owned(),
        credits: spend.credits,
        model: spend.model,
        tokens_in: spend.tokens_in,
        tokens_out: spend.tokens_out,
        cost_micros: spend.cost_micros,
        target: spend.target,
        rev: 1,
        created_at: app.db.clock().now(),
    });
    if spend.credits > 0 {
        take(
            tx,
            app,
            account,
            TransactionKind::Deduction,
            spend.credits,
            spend.description,
            spend.reference,
        );
    }
}

/// Adds credits to the bonus pool.
pub fn give(
    tx: &mut Tx<'_>,
    app: &App,
    account: AccountId,
    kind: TransactionKind,
    credits: i64,
    description: String,
    reference: String,
) {
    book(
        tx,
        app,
        account,
        kind,
        credits,
        description,
        reference,
        "$credits_plan",
        "$credits_bonus + $credits_amount",
    );
}

/// Takes credits, from the plan's pool first.
pub fn take(
    tx: &mut Tx<'_>,
    app: &App,
    account: AccountId,
    kind: TransactionKind,
    credits: i64,
    description: String,
    reference: String,
) {
    book(
        tx,
        app,
        account,
        kind,
        -credits,
        description,
        reference,
        "math::max([0, $credits_plan + $credits_amount])",
        "$credits_bonus + math::min([0, $credits_plan + $credits_amount])",
    );
}

/// Adds one entry: reads the pools, works out the new ones, refuses what would fall below nothing. The balance's row is
/// written by every entry, so two at once collide and one is tried again on what the other left.
#[expect(clippy::too_many_arguments, reason = "the parts of a ledger entry; private")]
fn book(
    tx: &mut Tx<'_>,
    app: &App,
    account: AccountId,
    kind: TransactionKind,
    amount: i64,
    description: String,
    reference: String,
    plan: &'static str,
    bonus: &'static str,
) {
    let mut binds = Variables::new();
    binds.insert("credits_of", BalanceId::from_ulid(account.ulid()));
    binds.insert("credits_entry", app.db.ids().make::<TransactionId>());
    binds.insert("credits_kind", kind);
    binds.insert("credits_amount", amount);
    binds.insert("credits_for", description);
    binds.insert("credits_reference", reference);
    binds.insert("credits_at", app.db.clock().now());
    tx.statement(
        &format!(
            // The balance is the account's; `$site` is named for units of work of a site, whose statements all do.
            "LET $credits_site = $site;\n\
             LET $credits_row = (SELECT * FROM ONLY $credits_of WHERE account = $account);\n\
             LET $credits_plan = $credits_row.plan_credits ?? 0;\n\
             LET $credits_bonus = $credits_row.bonus_credits ?? 0;\n\
             LET $credits_left = $credits_plan + $credits_bonus + $credits_amount;\n\
             IF $credits_row IS NONE OR $credits_left < 0 {{ THROW '{NOT_ENOUGH}' }};\n\
             CREATE $credits_entry CONTENT {{ account: $account, kind: $credits_kind, amount: $credits_amount, \
             balance_after: $credits_left, description: $credits_for, reference: $credits_reference, rev: 1, \
             created_at: $credits_at }} RETURN NONE;\n\
             UPDATE $credits_of SET plan_credits = {plan}, bonus_credits = {bonus}, rev += 1 RETURN NONE"
        ),
        binds,
    );
}

/// Whether a unit of work failed for want of credits.
pub fn not_enough(error: &DbError) -> bool {
    matches!(error, DbError::Refused(code) if code == NOT_ENOUGH)
}

/// Whether a unit of work failed because its reference was booked before.
pub fn charged_before(error: &DbError) -> bool {
    matches!(error, DbError::Duplicate { index } if index == "credit_transaction_reference")
}

/// The 402 that says what is missing.
pub fn missing(needed: i64, balance: i64) -> Error {
    Error::payment_required(format!(
        "This costs {needed} credits and the account has {balance}: {} are missing. Buy credits or wait for the renewal \
         of the plan.",
        needed - balance
    ))
}

//! The only writer of balances. Every entry is added to a unit of work of the caller's, so that credits and what they
//! are for happen together or not at all.

use chrono::{DateTime, Months, Utc};
use igny8_data::{AccountId, DbError, RecordKey as _, Tx, Variables};

use super::model::{Balance, BalanceId, Transaction, TransactionId, TransactionKind, UsageId};
use super::plans::Plan;
use crate::api::Error;
use crate::app::App;
use crate::features::webhooks::event::CreditsData;
use crate::features::webhooks::{self, Event};

/// What calls to a model took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Used {
    pub tokens_in: i64,
    pub tokens_out: i64,
    /// Millionths of a US dollar, as far as the provider's price is known.
    pub cost_micros: i64,
}

/// What an AI function or another operation is charged.
#[derive(Debug, Clone)]
pub struct Spend {
    /// The row of the usage log: a job's has the job's key, and what its calls used is in it already ([`used`]).
    pub usage: UsageId,
    pub operation: &'static str,
    pub credits: i64,
    /// `local`; none when calls have said it.
    pub model: Option<String>,
    pub target: Option<String>,
    /// In words, for the ledger.
    pub description: String,
    /// Names the cause, once in the account: `job/<id>`, or a part of what the job does.
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
        low_at: None,
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
pub fn spend(tx: &mut Tx<'_>, app: &App, account: AccountId, spend: Spend) {
    used(tx, app, spend.usage, spend.operation, spend.model, Used::default());
    let mut binds = Variables::new();
    binds.insert("spent_on", spend.usage);
    binds.insert("spent_credits", spend.credits);
    binds.insert("spent_for", spend.target);
    tx.account_statement(
        "UPDATE $spent_on SET credits += $spent_credits, target = $spent_for WHERE account = $account RETURN NONE",
        binds,
    );
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

/// Adds what a call to a model used to a row of the usage log, which is made when it is not there: also of attempts that
/// fail, which cost credits nothing but have been paid for at the provider.
pub fn used(tx: &mut Tx<'_>, app: &App, id: UsageId, operation: &str, model: Option<String>, used: Used) {
    let mut binds = Variables::new();
    binds.insert("used_row", id);
    binds.insert("used_for", operation.to_owned());
    binds.insert("used_model", model);
    binds.insert("used_in", used.tokens_in);
    binds.insert("used_out", used.tokens_out);
    binds.insert("used_cost", used.cost_micros);
    binds.insert("used_at", app.db.clock().now());
    tx.statement(
        "UPSERT $used_row SET account = $account, site = $site, operation = $used_for, credits = credits ?? 0, \
         model = $used_model ?? model ?? 'local', tokens_in = (tokens_in ?? 0) + $used_in, \
         tokens_out = (tokens_out ?? 0) + $used_out, cost_micros = (cost_micros ?? 0) + $used_cost, \
         rev = (rev ?? 0) + 1, created_at = created_at ?? $used_at RETURN NONE",
        binds,
    );
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
    if amount < 0 {
        tell_when_low(tx, app);
    }
}

/// Tells of credits that fall below the account's threshold with the entry before: once for each time they do.
fn tell_when_low(tx: &mut Tx<'_>, app: &App) {
    let by_plan: std::collections::BTreeMap<String, i64> = app
        .plans
        .all()
        .iter()
        .map(|plan| (plan.slug.clone(), low_of(plan)))
        .collect();
    let mut binds = Variables::new();
    binds.insert("credits_low_of", serde_json::json!(by_plan));
    binds.insert("credits_low_else", low_of(app.plans.first()));
    tx.account_statement(
        "LET $credits_by = (SELECT VALUE plan FROM ONLY $account); \
         LET $credits_low = $credits_row.low_at ?? $credits_low_of[$credits_by] ?? $credits_low_else",
        binds,
    );
    let event = Event::CreditsLow(CreditsData {
        balance: 0,
        threshold: 0,
    });
    webhooks::emit_where(
        tx,
        "$credits_left < $credits_low AND $credits_plan + $credits_bonus >= $credits_low",
        &event,
        "{ balance: $credits_left, threshold: $credits_low }",
    );
}

/// Below how many credits an account is told where it has set nothing: a tenth of what its plan gives in a month.
pub fn low_of(plan: &Plan) -> i64 {
    plan.monthly_credits / 10
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

//! Monthly renewal of plan credits.

use chrono::{DateTime, Utc};
use igny8_data::{DbError, Tx, Variables, Why};

use super::ledger::next_renewal;
use super::model::{Balance, Transaction, TransactionKind};
use super::plans::Plan;
use crate::app::App;
use crate::jobs::JobError;

/// Balances renewed in one look.
const BATCH: usize = 200;

/// Sets plan credits anew where a month has passed: what is left of the last period is taken back, then the plan's
/// credits are given. Months missed (the installation was off) are not made up for.
///
/// # Errors
/// When the database fails; the next run goes on.
pub async fn renew(app: App) -> Result<u64, JobError> {
    let now = app.db.clock().now();
    let mut renewed = 0;
    loop {
        let mut binds = Variables::new();
        binds.insert("now", now);
        let sql = format!(
            "LET $due = SELECT * FROM credit_balance WHERE renews_at <= $now LIMIT {BATCH}; RETURN $due; \
             RETURN (SELECT VALUE [id, plan] FROM $due.account);"
        );
        let platform = app.db.platform(Why::Schedule);
        let mut answer = platform.query(&sql, binds, "looking for renewals").await?;
        let due: Vec<Balance> = answer.rows(1)?;
        let plans: Vec<(igny8_data::AccountId, String)> = answer.rows(2)?;
        for balance in &due {
            let plan = plans.iter().find(|(id, _)| *id == balance.account);
            let plan = app.plans.of(plan.map_or("", |(_, plan)| plan));
            let mut tx = platform.tx(balance.account, None);
            entry(&mut tx, &app, balance.clone(), plan, now);
            match tx.commit().await {
                Ok(_) => renewed += 1,
                // Spent from or renewed by another process in this moment: the next look sees what is left to do.
                Err(DbError::Stale | DbError::Duplicate { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if due.len() < BATCH {
            return Ok(renewed);
        }
    }
}

fn entry(tx: &mut Tx<'_>, app: &App, mut balance: Balance, plan: &Plan, now: DateTime<Utc>) {
    let account = balance.account;
    let period = balance.renews_at.format("%Y-%m-%d").to_string();
    let mut note = |amount: i64, balance_after: i64, description: String, reference: String| {
        if amount != 0 {
            tx.create(Transaction {
                id: app.db.ids().make(),
                account,
                kind: TransactionKind::Subscription,
                amount,
                balance_after,
                description,
                reference,
                rev: 1,
                created_at: now,
            });
        }
    };
    let bonus = balance.bonus_credits;
    let unused = "Unused plan credits of the last period".to_owned();
    note(-balance.plan_credits, bonus, unused, format!("renewal/{period}/unused"));
    let given = format!("Credits of the plan {}", plan.name);
    note(
        plan.monthly_credits,
        bonus + plan.monthly_credits,
        given,
        format!("renewal/{period}"),
    );
    balance.plan_credits = plan.monthly_credits;
    let mut next = next_renewal(balance.renews_at);
    while next <= now {
        next = next_renewal(next);
    }
    balance.renews_at = next;
    tx.replace(&mut balance);
}

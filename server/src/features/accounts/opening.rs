//! Making an account: its row and its first credits, in one unit of work with whatever comes with it.

use igny8_data::{AccountId, AccountStatus, Tx, Variables};

use super::model::Account;
use crate::app::App;
use crate::features::billing;

/// Adds a new account with the installation's first plan to a unit of work under its id.
pub fn open(tx: &mut Tx<'_>, app: &App, id: AccountId, name: &str) -> Account {
    let now = app.db.clock().now();
    let plan = app.plans.first();
    let account = Account {
        id,
        name: name.trim().to_owned(),
        status: AccountStatus::Active,
        plan: plan.slug.clone(),
        rev: 1,
        created_at: now,
        updated_at: now,
    };
    let mut binds = Variables::new();
    binds.insert("account_row", account.clone());
    tx.statement("CREATE $account CONTENT $account_row RETURN NONE", binds);
    billing::open(tx, app, id, plan);
    account
}

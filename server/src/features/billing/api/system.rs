//! `/system/accounts`: credits and plans, by who operates the installation.

use igny8_data::{AccountId, AuditEvent, RecordKey as _, Variables, Why};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use crate::api::validate::Check;
use crate::api::{Caller, Error, FieldError, From, Result, Tag};
use crate::app::App;
use crate::features::accounts::api::account_of;
use crate::features::billing::ledger;
use crate::features::billing::model::{Balance, BalanceId, TransactionKind};

/// Credits to book.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct CreditsIn {
    /// `purchase`, `refund` or `adjustment`.
    pub kind: TransactionKind,
    /// Below 0 only for an adjustment.
    pub amount: i64,
    /// For the account's owner to read.
    pub description: String,
    /// The cause, such as the number of an invoice: booked once in the account, however often it is sent.
    pub reference: String,
}

/// Both pools of an account.
#[derive(Debug, Object)]
pub struct CreditsOut {
    pub plan_credits: i64,
    pub bonus_credits: i64,
}

#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct PlanIn {
    /// Slug of a plan.
    pub plan: String,
}

/// The most that is booked at once; keeps sums far from overflow.
const MOST: i64 = 1_000_000_000;

pub struct SystemApi;

#[OpenApi(tag = "Tag::System")]
impl SystemApi {
    /// Book credits of an account
    ///
    /// For developers, who operate the installation.
    #[oai(
        path = "/system/accounts/:account_id/credits",
        method = "post",
        operation_id = "system_credits_book"
    )]
    async fn credits(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        account_id: Path<AccountId>,
        body: Json<CreditsIn>,
    ) -> Result<Json<CreditsOut>> {
        let operator = caller.actor().operator()?;
        let (account, Json(body)) = (account_id.0, body);
        let mut check = Check::new();
        let by_hand = matches!(
            body.kind,
            TransactionKind::Purchase | TransactionKind::Refund | TransactionKind::Adjustment
        );
        check.that(by_hand, "kind", "must be purchase, refund or adjustment");
        let sign = body.amount > 0 || (body.amount < 0 && body.kind == TransactionKind::Adjustment);
        let bounded = (-MOST..=MOST).contains(&body.amount);
        check.that(
            sign && bounded,
            "amount",
            "must be 1 to 1,000,000,000; an adjustment may also be below 0",
        );
        check.text("description", &body.description, 1, 200);
        check.text("reference", &body.reference, 1, 100);
        check.finish()?;
        account_of(&app, account).await?;
        let mut tx = operator.tx(&app.db, account);
        let book = if body.amount > 0 { ledger::give } else { ledger::take };
        book(
            &mut tx,
            &app,
            account,
            body.kind,
            body.amount.abs(),
            body.description.trim().to_owned(),
            format!("operator/{}", body.reference.trim()),
        );
        let detail = serde_json::json!({ "kind": body.kind, "amount": body.amount, "reference": body.reference });
        tx.audit(AuditEvent::new("credits.booked", account, &from.0).detail(detail));
        match tx.commit().await {
            // Sent before: booked once.
            Err(error) if ledger::charged_before(&error) => {}
            Err(error) if ledger::not_enough(&error) => {
                let message = "the account has fewer credits than that";
                return Err(Error::invalid(vec![FieldError::new("amount", message)]));
            }
            other => other.map(|_| ())?,
        }
        pools(&app, account).await
    }

    /// Put an account on a plan
    ///
    /// For developers. Its credits change at the next renewal; book some now if they should come at once.
    #[oai(
        path = "/system/accounts/:account_id/plan",
        method = "put",
        operation_id = "system_plan_set"
    )]
    async fn plan(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        account_id: Path<AccountId>,
        body: Json<PlanIn>,
    ) -> Result<Json<CreditsOut>> {
        let operator = caller.actor().operator()?;
        let account = account_id.0;
        let Some(plan) = app.plans.get(&body.0.plan) else {
            let known: Vec<&str> = app.plans.all().iter().map(|plan| plan.slug.as_str()).collect();
            let message = format!("must be one of {}", known.join(", "));
            return Err(Error::invalid(vec![FieldError::new("plan", message)]));
        };
        account_of(&app, account).await?;
        let mut binds = Variables::new();
        binds.insert("new_plan", plan.slug.clone());
        binds.insert("changed_at", app.db.clock().now());
        let mut tx = operator.tx(&app.db, account);
        tx.statement(
            "UPDATE $account SET plan = $new_plan, updated_at = $changed_at, rev += 1 RETURN NONE",
            binds,
        );
        let detail = serde_json::json!({ "plan": plan.slug });
        tx.audit(AuditEvent::new("account.plan_changed", account, &from.0).detail(detail));
        tx.commit().await?;
        pools(&app, account).await
    }
}

async fn pools(app: &App, account: AccountId) -> Result<Json<CreditsOut>> {
    let mut binds = Variables::new();
    binds.insert("id", BalanceId::from_ulid(account.ulid()));
    let platform = app.db.platform(Why::Operator);
    let balance: Option<Balance> = platform
        .query("SELECT * FROM ONLY $id;", binds, "reading a balance")
        .await?
        .one(0)?;
    Ok(Json(CreditsOut {
        plan_credits: balance.as_ref().map_or(0, |b| b.plan_credits),
        bonus_credits: balance.map_or(0, |b| b.bonus_credits),
    }))
}

//! `/billing`: what the account has, what things cost, what was spent.

use chrono::{DateTime, Utc};
use igny8_data::{AuditEvent, Manage, Read, RecordKey as _, Select, SiteId, SurrealValue, Variables};
use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use crate::ai::function;
use crate::api::{Caller, From, Page, PageRequest, Result, SortField, Tag};
use crate::app::App;
use crate::features::accounts::api::account_of;
use crate::features::billing::ledger;
use crate::features::billing::model::{
    Balance, BalanceId, Transaction, TransactionId, TransactionKind, Usage, UsageId,
};
use crate::features::billing::plans::Plan;
use crate::features::billing::prices::Price;

/// What the account has.
#[derive(Debug, Object)]
#[oai(rename = "CreditBalance", skip_serializing_if_is_none)]
pub struct BalanceOut {
    pub plan: Plan,
    /// Spent first; set anew at the renewal.
    pub plan_credits: i64,
    /// Kept until they are spent.
    pub bonus_credits: i64,
    pub total: i64,
    pub renews_at: Option<DateTime<Utc>>,
    /// Fewer than these are told of by the webhook event `credits.low`.
    pub low_at: i64,
}

/// When credits are low.
#[derive(Debug, Object)]
#[oai(rename = "LowCredits", deny_unknown_fields)]
pub struct LowCredits {
    /// Fewer than these; 0 is never. A tenth of what the plan gives in a month when null.
    #[oai(nullable)]
    pub low_at: Option<u32>,
}

/// Credits that came or went.
#[derive(Debug, Object)]
#[oai(rename = "CreditTransaction")]
pub struct TransactionOut {
    pub id: TransactionId,
    pub kind: TransactionKind,
    /// Positive when credits came.
    pub amount: i64,
    pub balance_after: i64,
    pub description: String,
    /// The cause, once in the account.
    pub reference: String,
    pub created_at: DateTime<Utc>,
}

/// What an operation used.
#[derive(Debug, Object)]
#[oai(rename = "Usage", skip_serializing_if_is_none)]
pub struct UsageOut {
    pub id: UsageId,
    /// `auto_cluster`.
    pub operation: String,
    pub credits: i64,
    /// `local`, or the provider's name of the model.
    pub model: String,
    pub tokens_in: i64,
    pub tokens_out: i64,
    /// What the provider charges, in millionths of a US dollar, as far as its price is known.
    pub cost_micros: i64,
    pub site: Option<SiteId>,
    /// Id of what it was for.
    pub target: Option<String>,
    pub created_at: DateTime<Utc>,
}

/// What one kind of operation used in a time.
#[derive(Debug, Object, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct UsageSum {
    pub operation: String,
    pub count: i64,
    pub credits: i64,
    pub tokens_in: i64,
    pub tokens_out: i64,
    pub cost_micros: i64,
}

#[derive(Debug, Object)]
pub struct UsageSummary {
    /// By operation, dearest first.
    pub items: Vec<UsageSum>,
}

/// What a function costs.
#[derive(Debug, Object)]
#[oai(rename = "FunctionPrice")]
pub struct PriceOut {
    pub function: String,
    pub price: Price,
}

#[derive(Debug, Object)]
pub struct PriceList {
    pub items: Vec<PriceOut>,
}

#[derive(Debug, Object)]
pub struct PlanList {
    pub items: Vec<Plan>,
}

const SORTS: &[SortField] = &[SortField::same("created_at")];

pub struct BillingApi;

#[OpenApi(tag = "Tag::Billing")]
impl BillingApi {
    /// Read the balance
    #[oai(path = "/billing/balance", method = "get", operation_id = "balance_get")]
    async fn balance(&self, caller: Caller, app: Data<&App>) -> Result<Json<BalanceOut>> {
        let scope = caller.actor().account::<Read>()?;
        let account = scope.account();
        let id = BalanceId::from_ulid(account.ulid());
        let balance = app.db.account(&scope).get::<Balance>(id).await?;
        let plan = account_of(&app, account).await?.plan;
        Ok(Json(BalanceOut {
            plan: app.plans.of(&plan).clone(),
            plan_credits: balance.as_ref().map_or(0, |b| b.plan_credits),
            bonus_credits: balance.as_ref().map_or(0, |b| b.bonus_credits),
            total: balance.as_ref().map_or(0, Balance::total),
            low_at: balance
                .as_ref()
                .and_then(|b| b.low_at)
                .unwrap_or_else(|| ledger::low_of(app.plans.of(&plan))),
            renews_at: balance.map(|b| b.renews_at),
        }))
    }

    /// Set when credits are low
    ///
    /// What the account is told of by the webhook event `credits.low`, once each time its balance falls below.
    #[oai(path = "/billing/low-credits", method = "put", operation_id = "low_credits_replace")]
    async fn low_credits(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        body: Json<LowCredits>,
    ) -> Result<Json<LowCredits>> {
        let scope = caller.actor().account::<Manage>()?;
        let id = BalanceId::from_ulid(scope.account().ulid());
        let mut binds = Variables::new();
        binds.insert("credits_of", id);
        binds.insert("low_at", body.0.low_at.map(i64::from));
        let mut tx = app.db.account(&scope).tx();
        tx.statement(
            "UPDATE $credits_of SET low_at = $low_at, rev += 1 WHERE account = $account RETURN NONE",
            binds,
        )
        .audit(
            AuditEvent::new("credits.low_changed", id, &from.0).detail(serde_json::json!({ "low_at": body.0.low_at })),
        );
        tx.commit().await?;
        Ok(body)
    }

    /// List credit transactions
    #[oai(
        path = "/billing/transactions",
        method = "get",
        operation_id = "credit_transaction_list"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn transactions(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// Page size, at most 200.
        limit: Query<Option<u32>>,
        /// `next` of the page before.
        cursor: Query<Option<String>>,
        /// `created_at`, or `-created_at` (newest first, the default).
        sort: Query<Option<String>>,
        with_total: Query<Option<bool>>,
        kind: Query<Option<TransactionKind>>,
    ) -> Result<Json<Page<TransactionOut>>> {
        let scope = caller.actor().account::<Manage>()?;
        let filter = format!("credits|{}|{:?}", scope.account(), kind.0);
        let page = PageRequest::new(
            &app.db,
            &filter,
            limit.0,
            sort.0.as_deref(),
            cursor.0.as_deref(),
            with_total.0,
            SORTS,
            "-created_at",
        )?;
        let select = Select::new().equals_some("kind", kind.0);
        let db = app.db.account(&scope);
        let list = page.list::<Transaction>(&db, select).await?;
        Ok(Json(list.page(TransactionOut::of)))
    }

    /// List usage
    #[oai(path = "/billing/usage", method = "get", operation_id = "usage_list")]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn usage(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// Page size, at most 200.
        limit: Query<Option<u32>>,
        /// `next` of the page before.
        cursor: Query<Option<String>>,
        /// `created_at`, or `-created_at` (newest first, the default).
        sort: Query<Option<String>>,
        with_total: Query<Option<bool>>,
        operation: Query<Option<String>>,
        site: Query<Option<SiteId>>,
    ) -> Result<Json<Page<UsageOut>>> {
        let scope = caller.actor().account::<Manage>()?;
        let filter = format!("usage|{}|{:?}|{:?}", scope.account(), operation.0, site.0);
        let page = PageRequest::new(
            &app.db,
            &filter,
            limit.0,
            sort.0.as_deref(),
            cursor.0.as_deref(),
            with_total.0,
            SORTS,
            "-created_at",
        )?;
        let mut select = Select::new().equals_some("operation", operation.0);
        if let Some(site) = site.0 {
            let site = caller.actor().site::<Manage>(&app.db, site).await?;
            select = select.equals("site", site.site());
        }
        let db = app.db.account(&scope);
        let list = page.list::<Usage>(&db, select).await?;
        Ok(Json(list.page(UsageOut::of)))
    }

    /// Sum usage by operation
    #[oai(path = "/billing/usage/summary", method = "get", operation_id = "usage_summary")]
    async fn summary(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// Not before; 30 days ago unless given.
        since: Query<Option<DateTime<Utc>>>,
        /// Not after.
        until: Query<Option<DateTime<Utc>>>,
    ) -> Result<Json<UsageSummary>> {
        let scope = caller.actor().account::<Manage>()?;
        let now = app.db.clock().now();
        let mut binds = Variables::new();
        binds.insert("since", since.0.unwrap_or(now - chrono::Duration::days(30)));
        binds.insert("until", until.0.unwrap_or(now));
        let sql = "SELECT operation, count() AS count, math::sum(credits) AS credits, math::sum(tokens_in) AS tokens_in, \
                   math::sum(tokens_out) AS tokens_out, math::sum(cost_micros) AS cost_micros FROM usage \
                   WHERE account = $account AND created_at >= $since AND created_at <= $until GROUP BY operation;";
        let db = app.db.account(&scope);
        let mut items: Vec<UsageSum> = db.query(sql, binds, "summing usage").await?.rows(0)?;
        items.sort_by(|a, b| b.credits.cmp(&a.credits).then_with(|| a.operation.cmp(&b.operation)));
        Ok(Json(UsageSummary { items }))
    }

    /// List plans
    #[oai(path = "/billing/plans", method = "get", operation_id = "plan_list")]
    async fn plans(&self, caller: Caller, app: Data<&App>) -> Result<Json<PlanList>> {
        caller.actor().account::<Read>()?;
        let items = app.plans.all().to_vec();
        Ok(Json(PlanList { items }))
    }

    /// List prices
    ///
    /// What each AI function costs here.
    #[oai(path = "/billing/prices", method = "get", operation_id = "price_list")]
    async fn prices(&self, caller: Caller, app: Data<&App>) -> Result<Json<PriceList>> {
        caller.actor().account::<Read>()?;
        let items = function::all().iter().map(|function| PriceOut {
            function: function.name.to_owned(),
            price: function.price(&app),
        });
        Ok(Json(PriceList { items: items.collect() }))
    }
}

impl TransactionOut {
    fn of(t: Transaction) -> Self {
        Self {
            id: t.id,
            kind: t.kind,
            amount: t.amount,
            balance_after: t.balance_after,
            description: t.description,
            reference: t.reference,
            created_at: t.created_at,
        }
    }
}

impl UsageOut {
    fn of(u: Usage) -> Self {
        Self {
            id: u.id,
            operation: u.operation,
            credits: u.credits,
            model: u.model,
            tokens_in: u.tokens_in,
            tokens_out: u.tokens_out,
            cost_micros: u.cost_micros,
            site: u.site,
            target: u.target,
            created_at: u.created_at,
        }
    }
}

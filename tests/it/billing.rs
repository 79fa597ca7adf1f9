//! Credits: the ledger sums to the balance, whatever happens.

use igny8_data::{AccountId, DbError, Role, Why};
use igny8_server::features::billing::model::TransactionKind;
use igny8_server::features::billing::{self, Spend, ledger};
use igny8_server::testing::{Member, World};
use serde_json::{Value, json};

fn spend(w: &World, credits: i64, reference: &str) -> Spend {
    Spend {
        usage: w.app.db.ids().make(),
        operation: "auto_cluster",
        credits,
        model: Some("local".into()),
        target: None,
        description: "Test".into(),
        reference: reference.into(),
    }
}

async fn charge(w: &World, account: AccountId, credits: i64, reference: &str) -> Result<(), DbError> {
    let mut tx = w.app.db.platform(Why::Operator).tx(account, None);
    billing::spend(&mut tx, &w.app, account, spend(w, credits, reference));
    tx.commit().await.map(|_| ())
}

async fn balance(w: &World, who: &Member) -> (i64, i64) {
    let (status, balance) = w.get(who, "/billing/balance").await;
    assert_eq!(status, 200, "{balance}");
    (
        balance["plan_credits"].as_i64().unwrap(),
        balance["bonus_credits"].as_i64().unwrap(),
    )
}

async fn ledger_of(w: &World, who: &Member) -> Vec<Value> {
    let (_, list) = w.get(who, "/billing/transactions?limit=200&sort=created_at").await;
    list["items"].as_array().unwrap().clone()
}

async fn assert_sums(w: &World, who: &Member) {
    let rows = ledger_of(w, who).await;
    let sum: i64 = rows.iter().map(|row| row["amount"].as_i64().unwrap()).sum();
    let (plan, bonus) = balance(w, who).await;
    assert_eq!(sum, plan + bonus, "{rows:#?}");
}

#[tokio::test]
async fn plan_credits_are_spent_first_and_nothing_is_taken_twice() {
    let w = World::new().await;
    assert_eq!(balance(&w, &w.a.viewer).await, (100, 0));
    let mut tx = w.app.db.platform(Why::Operator).tx(w.a.account, None);
    let (kind, text) = (TransactionKind::Purchase, String::from);
    ledger::give(
        &mut tx,
        &w.app,
        w.a.account,
        kind,
        50,
        text("Bought"),
        text("invoice/1"),
    );
    tx.commit().await.unwrap();
    charge(&w, w.a.account, 30, "job/1").await.unwrap();
    assert_eq!(balance(&w, &w.a.owner).await, (70, 50));
    let again = charge(&w, w.a.account, 30, "job/1").await.unwrap_err();
    assert!(ledger::charged_before(&again), "{again}");
    charge(&w, w.a.account, 90, "job/2").await.unwrap();
    assert_eq!(balance(&w, &w.a.owner).await, (0, 30));
    let short = charge(&w, w.a.account, 31, "job/3").await.unwrap_err();
    assert!(billing::not_enough(&short), "{short}");
    charge(&w, w.a.account, 0, "job/4").await.unwrap();
    assert_sums(&w, &w.a.owner).await;
    let (_, usage) = w.get(&w.a.owner, "/billing/usage").await;
    assert_eq!(
        usage["items"].as_array().unwrap().len(),
        3,
        "what failed is not logged: {usage}"
    );
    let (_, summary) = w.get(&w.a.owner, "/billing/usage/summary").await;
    assert_eq!(summary["items"][0]["credits"], 120, "{summary}");
    assert_eq!(balance(&w, &w.b.owner).await, (100, 0), "not another account's");
    assert_eq!(w.get(&w.a.editor, "/billing/transactions").await.0, 403);
}

#[tokio::test]
async fn of_a_hundred_at_once_the_balance_pays_for_one() {
    let w = World::new().await;
    let references: Vec<String> = (0..100).map(|n| format!("job/{n}")).collect();
    let all = references
        .iter()
        .map(|reference| charge(&w, w.a.account, 100, reference));
    let results = futures_util::future::join_all(all).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    let refused = |result: &Result<(), DbError>| {
        result
            .as_ref()
            .is_err_and(|error| billing::not_enough(error) || matches!(error, DbError::Conflict))
    };
    assert_eq!(results.iter().filter(|result| refused(result)).count(), 99);
    assert_eq!(balance(&w, &w.a.owner).await, (0, 0));
    assert_sums(&w, &w.a.owner).await;
}

#[tokio::test]
async fn plan_credits_are_set_anew_each_month() {
    let w = World::new().await;
    charge(&w, w.a.account, 30, "job/1").await.unwrap();
    assert_eq!(billing::renew(w.app.clone()).await.unwrap(), 0);
    // The world begins on the first of January.
    for (days, renewed, at) in [
        (30, 0, "2026-02-01"),
        (1, 2, "2026-03-01"),
        (0, 0, "2026-03-01"),
        (100, 2, "2026-06-01"),
    ] {
        w.clock.advance(chrono::Duration::days(days));
        assert_eq!(billing::renew(w.app.clone()).await.unwrap(), renewed, "{days}");
        let owner = Member::make(&w.app, w.a.account, Role::Owner, &format!("day{days}at{at}")).await;
        let (_, balance) = w.get(&owner, "/billing/balance").await;
        assert!(balance["renews_at"].as_str().unwrap().starts_with(at), "{balance}");
        assert_sums(&w, &owner).await;
    }
}

#[tokio::test]
async fn only_the_operator_books_and_a_reference_once() {
    let w = World::new().await;
    let path = format!("/system/accounts/{}/credits", w.a.account);
    let body = json!({ "kind": "purchase", "amount": 500, "description": "Invoice 7", "reference": "7" });
    assert_eq!(w.post(&w.a.owner, &path, body.clone()).await.0, 403);
    let developer = Member::make(&w.app, w.b.account, Role::Developer, "ops").await;
    for _ in 0..2 {
        let (status, pools) = w.post(&developer, &path, body.clone()).await;
        assert_eq!(
            (status.as_u16(), &pools["bonus_credits"]),
            (200, &json!(500)),
            "{pools}"
        );
    }
    for (field, wrong) in [
        (
            "amount",
            json!({ "kind": "purchase", "amount": -5, "description": "x", "reference": "8" }),
        ),
        (
            "amount",
            json!({ "kind": "adjustment", "amount": -601, "description": "x", "reference": "8" }),
        ),
        (
            "amount",
            json!({ "kind": "refund", "amount": i64::MAX, "description": "x", "reference": "8" }),
        ),
        (
            "kind",
            json!({ "kind": "deduction", "amount": 5, "description": "x", "reference": "8" }),
        ),
    ] {
        let (status, problem) = w.post(&developer, &path, wrong).await;
        assert_eq!(
            (status.as_u16(), &problem["errors"][0]["field"]),
            (422, &json!(field)),
            "{problem}"
        );
    }
    let down = json!({ "kind": "adjustment", "amount": -150, "description": "x", "reference": "9" });
    let (_, pools) = w.post(&developer, &path, down).await;
    assert_eq!(
        (&pools["plan_credits"], &pools["bonus_credits"]),
        (&json!(0), &json!(450))
    );
    assert_sums(&w, &w.a.owner).await;
    let nobody = format!("/system/accounts/{}/credits", w.app.db.ids().make::<AccountId>());
    assert_eq!(w.post(&developer, &nobody, body).await.0, 404);
    let plan = format!("/system/accounts/{}/plan", w.a.account);
    let put = async |who: &Member, slug: &str| {
        let request = w.request(who, poem::http::Method::PUT, &plan);
        request.body_json(&json!({ "plan": slug })).send().await.0.status()
    };
    assert_eq!(put(&w.a.owner, "growth").await, 403);
    assert_eq!(put(&developer, "no-such").await, 422);
    assert_eq!(put(&developer, "growth").await, 200);
    assert_eq!(w.get(&w.a.owner, "/billing/balance").await.1["plan"]["slug"], "growth");
    let (_, audit) = w.get(&w.a.owner, "/audit").await;
    assert!(
        audit.to_string().contains(&developer.id.to_string()),
        "the account sees who did it: {audit}"
    );
}

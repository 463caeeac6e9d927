//! The price list and subscriptions against a migrated PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

use billing::{Billing, PlanCode};
use jiff::Timestamp;
use kernel_core::{StaffId, TenantId};
use kernel_db::Db;
use kernel_db::cluster::Cluster;
use kernel_db::cluster::testing::shared;

async fn start() -> (Cluster, Billing) {
    let cluster = shared().await.unwrap();
    let db = Db::new(&cluster.urls(), 4).unwrap();
    (cluster, Billing::new(db))
}

#[tokio::test]
async fn the_price_list_has_four_plans_from_the_smallest() {
    let (_cluster, billing) = start().await;
    let plans = billing.plans().await.unwrap();
    let codes: Vec<_> = plans.iter().map(|plan| plan.code).collect();
    assert_eq!(codes, PlanCode::ALL);
    for plan in &plans {
        assert_eq!(plan.by_contract, plan.month_cents.is_none(), "{}: a price or a contract", plan.name);
        assert!(plan.year_cents <= plan.month_cents, "{}: a year is never dearer", plan.name);
    }
    let (free, pro) = (&plans[0], &plans[1]);
    assert_eq!(
        (free.month_cents, free.limits.people, free.limits.runs_a_month),
        (Some(0), Some(3), Some(500))
    );
    assert_eq!((pro.month_cents, pro.limits.people), (Some(1_200), None));
    let packs = billing.credit_packs().await.unwrap();
    assert_eq!((packs[0].runs, packs[0].cents), (2_500, 500));
    let features = billing.features().await.unwrap();
    assert!(!features.is_empty() && features.iter().all(|feature| !feature.plans.is_empty()));
}

#[tokio::test]
async fn a_tenant_is_on_free_until_staff_change_it_and_others_stay() {
    let (_cluster, billing) = start().await;
    let (one, other) = (TenantId::new(), TenantId::new());
    assert_eq!(billing.subscription(one).await.unwrap().plan, PlanCode::Free);
    let at: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
    billing.set_plan(one, PlanCode::Pro, at, StaffId::new()).await.unwrap();
    billing.set_plan(one, PlanCode::Business, at, StaffId::new()).await.unwrap();
    let subscription = billing.subscription(one).await.unwrap();
    assert_eq!((subscription.plan, subscription.since), (PlanCode::Business, Some(at)));
    assert_eq!(billing.subscription(other).await.unwrap().plan, PlanCode::Free);
    let known = billing.subscriptions(&[one, other]).await.unwrap();
    assert_eq!(known.keys().copied().collect::<Vec<_>>(), [one]);
    let paid = billing.on_paid_plans().await.unwrap();
    assert!(paid.contains(&(one, PlanCode::Business)) && paid.iter().all(|(tenant, _)| *tenant != other));
}

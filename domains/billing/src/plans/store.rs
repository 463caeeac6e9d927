//! SQL of the price list and the subscriptions.

use super::model::{CreditPack, Feature, Limits, Plan, PlanCode, Subscription};
use kernel_core::{Error, Result, TenantId};
use kernel_db::{Db, statements};
use tokio_postgres::Row;
use uuid::Uuid;

statements! {
    /// The price list, the smallest plan first.
    global Billing PLANS = "select code, name, summary, month_cents, year_cents, by_contract, people, records_a_base,
            runs_a_month, sites, own_domains, storage_bytes, api_a_minute
        from billing.plans order by position";
    /// The comparison table, in its order.
    global Billing FEATURES = "select section, name, plans from billing.plan_features order by position";
    /// Credit packs, the smallest first.
    global Billing CREDIT_PACKS = "select code, runs, cents from billing.credit_packs order by runs";
    /// One tenant's subscription, if it ever left Free.
    tenant Billing SUBSCRIPTION = "select plan, since from billing.subscriptions where tenant_id = $1";
    /// Subscriptions of the tenants on one page of the staff's list.
    platform Billing SUBSCRIPTIONS_OF = "select tenant_id, plan, since from billing.subscriptions where tenant_id = any($1)";
    /// All tenants on a plan other than Free, for the staff's filter.
    platform Billing TENANTS_ON_PAID_PLANS = "select tenant_id, plan from billing.subscriptions where plan <> 'free'";
    /// Sets a tenant's plan.
    platform Billing SET_PLAN = "insert into billing.subscriptions (tenant_id, plan, since, changed_by)
        values ($1, $2, $3, $4)
        on conflict (tenant_id) do update set plan = excluded.plan, since = excluded.since, changed_by = excluded.changed_by";
}

pub(super) async fn plans(db: &Db) -> Result<Vec<Plan>> {
    db.global(&PLANS, &[]).await?.iter().map(plan).collect()
}

pub(super) async fn features(db: &Db) -> Result<Vec<Feature>> {
    let rows = db.global(&FEATURES, &[]).await?;
    rows.iter()
        .map(|row| {
            let plans: Vec<String> = row.get(2);
            let plans = plans.iter().map(|code| stored(code)).collect::<Result<_>>()?;
            Ok(Feature { section: row.get(0), name: row.get(1), plans })
        })
        .collect()
}

pub(super) async fn credit_packs(db: &Db) -> Result<Vec<CreditPack>> {
    let rows = db.global(&CREDIT_PACKS, &[]).await?;
    Ok(rows.iter().map(|row| CreditPack { code: row.get(0), runs: row.get(1), cents: row.get(2) }).collect())
}

pub(super) async fn subscription(db: &Db, tenant: TenantId) -> Result<Option<Subscription>> {
    let row = db.read_opt(tenant, &SUBSCRIPTION, &[&tenant.uuid()]).await?;
    row.map(|row| Ok(Subscription { plan: stored(row.get(0))?, since: Some(row.get(1)) })).transpose()
}

pub(super) async fn subscriptions(db: &Db, tenants: &[TenantId]) -> Result<Vec<(TenantId, Subscription)>> {
    let ids: Vec<Uuid> = tenants.iter().map(|tenant| tenant.uuid()).collect();
    let rows = db.platform(&SUBSCRIPTIONS_OF, &[&ids]).await?;
    rows.iter()
        .map(|row| {
            let subscription = Subscription { plan: stored(row.get(1))?, since: Some(row.get(2)) };
            Ok((TenantId::from_uuid(row.get(0)), subscription))
        })
        .collect()
}

pub(super) async fn on_paid_plans(db: &Db) -> Result<Vec<(TenantId, PlanCode)>> {
    let rows = db.platform(&TENANTS_ON_PAID_PLANS, &[]).await?;
    rows.iter().map(|row| Ok((TenantId::from_uuid(row.get(0)), stored(row.get(1))?))).collect()
}

pub(super) async fn set_plan(
    db: &Db,
    tenant: TenantId,
    plan: PlanCode,
    at: jiff::Timestamp,
    by: &str,
) -> Result<()> {
    db.platform(&SET_PLAN, &[&tenant.uuid(), &plan.as_str(), &at, &by]).await?;
    Ok(())
}

fn plan(row: &Row) -> Result<Plan> {
    Ok(Plan {
        code: stored(row.get(0))?,
        name: row.get(1),
        summary: row.get(2),
        month_cents: row.get(3),
        year_cents: row.get(4),
        by_contract: row.get(5),
        limits: Limits {
            people: row.get(6),
            records_a_base: row.get(7),
            runs_a_month: row.get(8),
            sites: row.get(9),
            own_domains: row.get(10),
            storage_bytes: row.get(11),
            api_a_minute: row.get(12),
        },
    })
}

/// A code from the database: an unknown one is a fault of ours, not of a form.
fn stored(code: &str) -> Result<PlanCode> {
    code.parse().map_err(|error: Error| Error::internal(format!("stored plan {code:?}: {error}")))
}

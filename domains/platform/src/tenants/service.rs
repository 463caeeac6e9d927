//! Reading tenants across the databases; acting on them. Every act writes its audit row first, and a second one when it
//! fails.

use super::model::{self, Detail, Listed, PAGE, Search, State};
use super::routes::{PlanForm, ReasonForm, SuspendForm};
use super::store::{self, Query};
use crate::audit::{Action, Audit, Event, Outcome};
use crate::staff::SignedInStaff;
use billing::{Billing, PlanCode};
use jiff::Timestamp;
use kernel_core::{Clock, Code, Error, Result, TenantId};
use kernel_db::Db;
use std::str::FromStr as _;
use tenancy::Tenancy;
use uuid::Uuid;

/// Tenants as staff see them. Cheap to clone.
#[derive(Clone)]
pub struct Tenants {
    db: Db,
    clock: Clock,
    audit: Audit,
    billing: Billing,
    tenancy: Tenancy,
}

impl Tenants {
    /// Over all databases.
    #[must_use]
    pub const fn new(db: Db, clock: Clock, audit: Audit, billing: Billing, tenancy: Tenancy) -> Self {
        Self { db, clock, audit, billing, tenancy }
    }

    /// One page of the list, the newest tenants first, and the number of all that match.
    ///
    /// # Errors
    /// `internal` when a database can't be read.
    pub async fn list(&self, search: &Search) -> Result<(Vec<Listed>, i64)> {
        let id = TenantId::from_str(search.text.trim()).ok().map(TenantId::uuid);
        let pattern =
            (id.is_none() && !search.text.trim().is_empty()).then(|| model::containing(&search.text));
        let (among, not_among) = self.on_plan(search.plan).await?;
        let query = Query {
            pattern: pattern.as_deref(),
            id,
            state: search.state,
            among: among.as_deref(),
            not_among: not_among.as_deref(),
            limit: PAGE,
            offset: (search.page.max(1) - 1).saturating_mul(PAGE),
        };
        let (rows, total) = store::page(&self.db, &query).await?;
        let ids: Vec<TenantId> = rows.iter().map(|row| row.id).collect();
        let uuids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
        let (bases, records, plans) = tokio::try_join!(
            store::bases_of(&self.db, &uuids),
            store::records_of(&self.db, &uuids),
            self.billing.subscriptions(&ids),
        )?;
        let listed = rows.into_iter().map(|row| Listed {
            plan: plans.get(&row.id).map_or_else(PlanCode::default, |subscription| subscription.plan),
            bases: bases.get(&row.id.uuid()).copied().unwrap_or(0),
            records: records.get(&row.id.uuid()).copied().unwrap_or(0),
            id: row.id,
            name: row.name,
            slug: row.slug,
            state: row.state,
            created_at: row.created_at,
            members: row.members,
        });
        Ok((listed.collect(), total))
    }

    /// The ids a plan's filter admits, or refuses: Free is what has no other plan.
    async fn on_plan(&self, plan: Option<PlanCode>) -> Result<(Option<Vec<Uuid>>, Option<Vec<Uuid>>)> {
        let Some(plan) = plan else { return Ok((None, None)) };
        let paid = self.billing.on_paid_plans().await?;
        let ids = |wanted: Option<PlanCode>| {
            paid.iter()
                .filter(|(_, has)| wanted.is_none_or(|wanted| *has == wanted))
                .map(|(tenant, _)| tenant.uuid())
                .collect()
        };
        Ok(if plan == PlanCode::Free { (None, Some(ids(None))) } else { (Some(ids(Some(plan))), None) })
    }

    /// All, active and suspended tenants.
    ///
    /// # Errors
    /// `internal` when the database can't be read.
    pub async fn states(&self) -> Result<(i64, i64, i64)> {
        store::states(&self.db).await
    }

    /// One tenant.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn get(&self, id: TenantId) -> Result<Detail> {
        let facts = store::tenant(&self.db, id).await?.ok_or_else(Error::not_found)?;
        let now = self.clock.now();
        let (people, tokens, bases, sites, subscription) = tokio::try_join!(
            store::people(&self.db, id),
            store::tokens(&self.db, id, now),
            store::bases(&self.db, id),
            store::sites(&self.db, id),
            self.billing.subscription(id),
        )?;
        Ok(Detail {
            id,
            name: facts.name,
            slug: facts.slug,
            state: facts.state,
            suspended_reason: facts.suspended_reason,
            suspended_at: facts.suspended_at,
            created_at: facts.created_at,
            subscription,
            people,
            tokens,
            bases,
            sites,
        })
    }

    /// One tenant, looked at by staff: the look is audited.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn look(&self, by: &SignedInStaff, id: TenantId) -> Result<Detail> {
        let detail = self.get(id).await?;
        self.audit.write(&about(by, self.clock.now(), Action::TenantViewed, &detail)).await?;
        Ok(detail)
    }

    /// Suspends: at once in all processes, nobody of the tenant works and no token is served, until it is resumed.
    ///
    /// # Errors
    /// `not_found`; errors at `cause`, `reason`, `confirm`; `conflict` when it is suspended already.
    pub async fn suspend(&self, by: &SignedInStaff, id: TenantId, form: &SuspendForm) -> Result<()> {
        let detail = self.get(id).await?;
        let cause = model::check_suspend(&detail.slug, &form.cause, &form.reason, &form.confirm)
            .map_err(Error::fields)?;
        if detail.state == State::Suspended {
            return Err(Error::new(Code::Conflict).detail("Somebody else suspended it already."));
        }
        let now = self.clock.now();
        let mut event = about(by, now, Action::TenantSuspended, &detail);
        event.cause = cause.words().to_owned();
        event.reason = form.reason.trim().to_owned();
        event.detail = consequences(&detail);
        self.audited(event, changed(self.tenancy.suspend(id, cause.words()))).await
    }

    /// Resumes a suspended tenant, at once in all processes.
    ///
    /// # Errors
    /// `not_found`; an error at `reason`; `conflict` when it is active already.
    pub async fn resume(&self, by: &SignedInStaff, id: TenantId, form: &ReasonForm) -> Result<()> {
        let detail = self.get(id).await?;
        model::reason_problem(&form.reason).map_or(Ok(()), |error| Err(Error::fields(vec![error])))?;
        if detail.state == State::Active {
            return Err(Error::new(Code::Conflict).detail("Somebody else resumed it already."));
        }
        let mut event = about(by, self.clock.now(), Action::TenantResumed, &detail);
        event.reason = form.reason.trim().to_owned();
        self.audited(event, changed(self.tenancy.resume(id))).await
    }

    /// Puts a tenant on another plan.
    ///
    /// # Errors
    /// `not_found`; errors at `plan` and `reason`; `conflict` when it has that plan.
    pub async fn change_plan(&self, by: &SignedInStaff, id: TenantId, form: &PlanForm) -> Result<()> {
        let detail = self.get(id).await?;
        let plan: PlanCode = form.plan.parse()?;
        model::reason_problem(&form.reason).map_or(Ok(()), |error| Err(Error::fields(vec![error])))?;
        let before = detail.subscription.plan;
        if plan == before {
            return Err(Error::field(
                "plan",
                Code::InvalidValue,
                format!("It is on {} already.", plan.name()),
            ));
        }
        let now = self.clock.now();
        let mut event = about(by, now, Action::PlanChanged, &detail);
        event.detail = format!("{before} → {plan}");
        event.reason = form.reason.trim().to_owned();
        self.audited(event, self.billing.set_plan(id, plan, now, by.member.id)).await
    }

    /// Writes the row, acts, and writes a second row when the act failed.
    async fn audited(&self, event: Event, act: impl Future<Output = Result<()>>) -> Result<()> {
        self.audit.write(&event).await?;
        let done = act.await;
        if let Err(error) = &done {
            let detail = error.code().name().to_owned();
            let at = self.clock.now().as_microsecond();
            self.audit.write(&Event { at, outcome: Outcome::Failed, detail, ..event }).await?;
        }
        done
    }
}

/// `conflict` when somebody else was faster.
async fn changed(act: impl Future<Output = Result<bool>>) -> Result<()> {
    if act.await? { Ok(()) } else { Err(Error::new(Code::Conflict)) }
}

fn about(by: &SignedInStaff, at: Timestamp, action: Action, tenant: &Detail) -> Event {
    Event { tenant: Some(tenant.id), target: tenant.slug.clone(), ..by.event(at, action) }
}

/// What a suspension reached, with counts, for the audit log.
fn consequences(tenant: &Detail) -> String {
    format!(
        "{} people, {} API tokens, {} sites, {} bases, {} records",
        tenant.people.len(),
        tenant.tokens,
        tenant.sites.len(),
        tenant.bases.len(),
        tenant.records()
    )
}

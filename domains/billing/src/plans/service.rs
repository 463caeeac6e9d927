//! Reading the price list; plans of tenants. There is no payment yet: a tenant is on Free until staff put it elsewhere.

use super::model::{CreditPack, Feature, Plan, PlanCode, Subscription};
use super::store;
use jiff::Timestamp;
use kernel_core::{Result, StaffId, TenantId};
use kernel_db::Db;
use std::collections::HashMap;

/// Plans and subscriptions. Cheap to clone.
#[derive(Clone)]
pub struct Billing {
    db: Db,
}

impl Billing {
    /// Over the four databases, of which it uses `billing`.
    #[must_use]
    pub const fn new(db: Db) -> Self {
        Self { db }
    }

    /// The price list, the smallest plan first.
    ///
    /// # Errors
    /// `internal` when the database can't be read.
    pub async fn plans(&self) -> Result<Vec<Plan>> {
        store::plans(&self.db).await
    }

    /// The comparison table, in its order.
    ///
    /// # Errors
    /// `internal` when the database can't be read.
    pub async fn features(&self) -> Result<Vec<Feature>> {
        store::features(&self.db).await
    }

    /// Credit packs, the smallest first.
    ///
    /// # Errors
    /// `internal` when the database can't be read.
    pub async fn credit_packs(&self) -> Result<Vec<CreditPack>> {
        store::credit_packs(&self.db).await
    }

    /// A tenant's plan; Free when nothing else was agreed.
    ///
    /// # Errors
    /// `internal` when the database can't be read.
    pub async fn subscription(&self, tenant: TenantId) -> Result<Subscription> {
        Ok(store::subscription(&self.db, tenant).await?.unwrap_or_default())
    }

    /// Subscriptions of several tenants, for staff. Tenants that are missing in the answer are on Free.
    ///
    /// # Errors
    /// `internal` when the database can't be read.
    pub async fn subscriptions(&self, tenants: &[TenantId]) -> Result<HashMap<TenantId, Subscription>> {
        Ok(store::subscriptions(&self.db, tenants).await?.into_iter().collect())
    }

    /// Every tenant that is not on Free, with its plan, for staff.
    ///
    /// # Errors
    /// `internal` when the database can't be read.
    pub async fn on_paid_plans(&self) -> Result<Vec<(TenantId, PlanCode)>> {
        store::on_paid_plans(&self.db).await
    }

    /// Puts a tenant on a plan. The caller is staff and has written the audit row.
    ///
    /// # Errors
    /// `internal` when the database can't be written.
    pub async fn set_plan(&self, tenant: TenantId, plan: PlanCode, at: Timestamp, by: StaffId) -> Result<()> {
        store::set_plan(&self.db, tenant, plan, at, &by.to_string()).await
    }
}

//! The staff portal's state and sitemap. Who may reach it at all (`security.staff_networks`) is decided by the portal's
//! stack, before any of these routes.

use crate::audit::{self, Audit};
use crate::dashboard::{self, Dashboard};
use crate::reports::{self, Reports};
use crate::staff::{self, Staff};
use crate::tenants::{self, Tenants};
use axum::Router;
use axum::extract::FromRef;
use billing::Billing;
use kernel_core::secret::SigningKey;
use kernel_core::settings::Settings;
use kernel_core::{Error, Result};
use kernel_db::Db;
use kernel_web::Web;
use tenancy::Tenancy;

/// What every handler of `admin.` works with. Cheap to clone.
#[derive(Clone)]
pub struct Admin {
    /// Templates, CSRF, limits, clock.
    pub web: Web,
    /// Staff accounts.
    pub staff: Staff,
    /// The staff audit log.
    pub audit: Audit,
    /// The overview's figures.
    pub dashboard: Dashboard,
    /// Tenants as staff see them.
    pub tenants: Tenants,
    /// What browsers report.
    pub reports: Reports,
}

impl FromRef<Admin> for Web {
    fn from_ref(admin: &Admin) -> Self {
        admin.web.clone()
    }
}

impl Admin {
    /// Puts the portal together. `key` is the process's root key.
    #[must_use]
    pub fn new(
        settings: &Settings,
        web: Web,
        db: Db,
        billing: Billing,
        tenancy: Tenancy,
        key: &SigningKey,
    ) -> Self {
        let (clock, random) = (web.clock().clone(), web.random().clone());
        let head_file = settings.database.data_folder.join("audit-head");
        let audit = Audit::new(db.clone(), head_file, key);
        // The staff's passwords count against the same budget as everybody's, with some places to wait of their own.
        let hasher = tenancy.identity().hasher().of_staff();
        Self {
            staff: Staff::new(db.clone(), audit.clone(), hasher, clock.clone(), random),
            dashboard: Dashboard::new(db.clone(), clock.clone()),
            reports: Reports::new(db.clone(), clock.clone()),
            tenants: Tenants::new(db, clock, audit.clone(), billing, tenancy),
            audit,
            web,
        }
    }

    /// The address of the first set-up page while nobody can sign in, for the program to print at its start.
    ///
    /// # Errors
    /// `internal` when the database can't be used.
    pub async fn first_setup_link(&self) -> Result<Option<String>, Error> {
        let token = self.staff.first_link().await?;
        Ok(token.map(|token| self.setup_link(&token)))
    }

    pub(crate) fn setup_link(&self, token: &str) -> String {
        format!("{}/setup?token={token}", self.web.origins().admin)
    }
}

/// All routes of `admin.`.
pub fn routes(admin: &Admin) -> Router {
    Router::new()
        .merge(staff::routes::routes())
        .merge(dashboard::routes::routes())
        .merge(tenants::routes::routes())
        .merge(audit::routes::routes())
        .merge(reports::routes::routes())
        .with_state(admin.clone())
}

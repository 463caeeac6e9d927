//! The service of this domain: one cheap handle. Its use cases stand in the feature folders.

use crate::library::Library;
use crate::serving::SiteCache;
use bases::Bases;
use bases::events::BaseEvent;
use identity::Visit;
use identity::audit::{Act, AuditEvent};
use kernel_core::{Caller, Clock, Random, Result, SiteId, TenantId};
use kernel_db::{Database, Db, Notification, Tx};
use kernel_web::Web;
use std::sync::Arc;
use tenancy::Tenancy;
use tokio::sync::broadcast::error::RecvError;

/// NOTIFY channel of the data database: `<tenant uuid> <site uuid>`; what visitors see of the site changed.
const SITE_CHANGED: &str = "site_changed";

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Sites(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) db: Db,
    pub(crate) web: Web,
    pub(crate) tenancy: Tenancy,
    pub(crate) bases: Bases,
    pub(crate) library: Library,
    pub(crate) cache: SiteCache,
}

/// Who does something, and from where: for what leaves a row in the audit trail.
pub type By<'a> = (&'a Caller, &'a Visit);

/// What the service needs.
pub struct Parts {
    /// The databases.
    pub db: Db,
    /// The web layer.
    pub web: Web,
    /// Members and the state of organisations.
    pub tenancy: Tenancy,
    /// The rows that lists show.
    pub bases: Bases,
    /// Bytes of finished pages that are kept.
    pub page_memory: usize,
}

impl Sites {
    /// The service; call [`Sites::run`] as well.
    ///
    /// # Errors
    /// A built-in component or theme that can't be used: a fault of the build.
    pub fn new(parts: Parts) -> Result<Self> {
        let library = Library::load()?;
        Ok(Self(Arc::new(Inner {
            db: parts.db,
            web: parts.web,
            tenancy: parts.tenancy,
            bases: parts.bases,
            library,
            cache: SiteCache::new(parts.page_memory),
        })))
    }

    /// Hears of changes of sites by other processes and of bases, and drops what they make stale. Runs until dropped.
    pub async fn run(&self) {
        let mut sites = self.0.db.listen(Database::Data, SITE_CHANGED);
        let mut bases = self.0.bases.events().listen();
        loop {
            tokio::select! {
                notification = sites.recv() => match notification {
                    Notification::Payload(payload) => self.heard(&payload),
                    Notification::Reconnected => self.0.cache.clear(),
                },
                event = bases.recv() => match event {
                    Ok(event) => self.base_changed(&event),
                    Err(RecvError::Lagged(_)) => self.0.cache.clear(),
                    Err(RecvError::Closed) => return,
                },
            }
        }
    }

    fn heard(&self, payload: &str) {
        let site = payload.split(' ').nth(1).and_then(|uuid| uuid.parse().ok()).map(SiteId::from_uuid);
        match site {
            Some(site) => self.0.cache.drop_site(site),
            None => tracing::warn!(payload, "a notification of site_changed can't be read"),
        }
    }

    fn base_changed(&self, event: &BaseEvent) {
        // A changed schema can change any view's fields, sort or filter.
        let tables = event.tables.as_ref().filter(|_| !event.schema);
        let tables = tables.map(|tables| tables.keys().copied().collect::<Vec<_>>());
        self.0.cache.on_base_change(event.tenant, event.base, tables.as_deref());
    }

    /// What is kept of sites in memory.
    #[must_use]
    pub fn cache(&self) -> &SiteCache {
        &self.0.cache
    }

    /// Components and themes.
    #[must_use]
    pub fn library(&self) -> &Library {
        &self.0.library
    }

    /// A row of the organisation's audit trail, to be emitted in the transaction of the act.
    pub(crate) fn event(
        &self,
        (caller, visit): By<'_>,
        act: Act,
        target: impl std::fmt::Display,
    ) -> AuditEvent {
        AuditEvent::in_tenant(caller.tenant, caller.actor, act, self.clock().now()).target(target).from(visit)
    }

    /// Commits what visitors can see; every process forgets the site, this one at once.
    pub(crate) async fn commit_visible(&self, mut tx: Tx, tenant: TenantId, site: SiteId) -> Result<()> {
        tx.notify(SITE_CHANGED, &format!("{} {}", tenant.uuid(), site.uuid())).await?;
        let committed = tx.commit().await;
        // Also when the outcome is unknown: reading again is always right.
        self.0.cache.drop_site(site);
        Ok(committed?)
    }

    pub(crate) fn clock(&self) -> &Clock {
        self.0.web.clock()
    }

    pub(crate) fn random(&self) -> &Random {
        self.0.web.random()
    }
}

impl axum::extract::FromRef<Sites> for Web {
    fn from_ref(sites: &Sites) -> Self {
        sites.0.web.clone()
    }
}

impl axum::extract::FromRef<Sites> for Tenancy {
    fn from_ref(sites: &Sites) -> Self {
        sites.0.tenancy.clone()
    }
}

impl axum::extract::FromRef<Sites> for identity::Identity {
    fn from_ref(sites: &Sites) -> Self {
        sites.0.tenancy.identity().clone()
    }
}

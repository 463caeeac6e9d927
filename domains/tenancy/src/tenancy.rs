//! The service of this domain: one cheap handle that routes, extractors and other domains share. Its use cases are in
//! the feature folders, each as an `impl Tenancy`.

use crate::access::cache::AccessCache;
use crate::access::jwt::Jwt;
use crate::oauth::keys::Keys;
use crate::permissions::OwnRoles;
use crate::sso::{SsoGate, SsoParts};
use crate::ties::AccountTies;
use crate::tokens::usage::Usage;
use identity::Identity;
use jiff::Timestamp;
use kernel_core::secret::SigningKey;
use kernel_core::{Error, TenantId};
use kernel_db::{Db, DbError, Tx};
use kernel_web::Web;
use std::sync::{Arc, OnceLock};
use tokio::sync::{Semaphore, SemaphorePermit};

/// NOTIFY channel of the control database: members, tokens or the state of an organisation changed; the payload is its
/// uuid.
pub const ACCESS_CHANGED: &str = "access_changed";

/// Transactions at once that ask for a second connection while they hold a row: fewer than a pool has connections.
const TURNS: usize = 4;

/// Organisations, members, API tokens. Cheap to clone.
#[derive(Clone)]
pub struct Tenancy(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub identity: Identity,
    pub db: Db,
    pub cache: AccessCache,
    pub jwt: Jwt,
    pub usage: Usage,
    pub keys: Keys,
    turns: Semaphore,
    pub sso: OnceLock<SsoParts>,
    pub own_roles: OnceLock<Arc<dyn OwnRoles>>,
}

impl Tenancy {
    /// `key` is the process's root key; the key of the app's API tokens is derived from it. Must be called within a
    /// Tokio runtime: a task keeps what is in memory in step with the database.
    #[must_use]
    pub fn new(identity: Identity, key: &SigningKey) -> Self {
        let db = identity.db().clone();
        let cache = AccessCache::new(identity.web().clock().clone());
        cache.follow(&db);
        let usage = Usage::default();
        usage.follow(&db);
        let ties =
            AccountTies { db: db.clone(), cache: cache.clone(), clock: identity.web().clock().clone() };
        identity.tie(Arc::new(ties));
        identity.guard_passwords(Arc::new(SsoGate { db: db.clone() }));
        Self(Arc::new(Inner {
            jwt: Jwt::new(key),
            keys: Keys::default(),
            turns: Semaphore::new(TURNS),
            usage,
            db,
            cache,
            identity,
            sso: OnceLock::new(),
            own_roles: OnceLock::new(),
        }))
    }

    /// Writes what is only counted in memory: before the process ends.
    pub async fn stop(&self) {
        self.0.usage.write(&self.0.db).await;
    }

    /// The people's service.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.0.identity
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.identity.web().clock().now()
    }

    /// A turn for a transaction that locks a row and then asks the same pool for another connection. Without turns, as many
    /// of them at once as the pool has connections would hold all of these and wait for one more: none could go on. It is
    /// taken before the transaction begins and kept until its end.
    pub(crate) async fn turn(&self) -> kernel_core::Result<SemaphorePermit<'_>> {
        self.0.turns.acquire().await.map_err(Error::internal)
    }

    /// Every process forgets what it knows of the organisation's access, as soon as the transaction commits.
    pub(crate) async fn access_changed(&self, tx: &mut Tx, tenant: TenantId) -> Result<(), DbError> {
        tx.notify(ACCESS_CHANGED, &tenant.uuid().to_string()).await
    }

    /// Commits what changed access; this process forgets at once.
    pub(crate) async fn commit_access(&self, mut tx: Tx, tenant: TenantId) -> Result<(), DbError> {
        self.access_changed(&mut tx, tenant).await?;
        let committed = tx.commit().await;
        // Also when the outcome is unknown: reading again is always right.
        self.0.cache.forget(tenant);
        committed
    }
}

impl axum::extract::FromRef<Tenancy> for Web {
    fn from_ref(tenancy: &Tenancy) -> Self {
        tenancy.0.identity.web().clone()
    }
}

impl axum::extract::FromRef<Tenancy> for Identity {
    fn from_ref(tenancy: &Tenancy) -> Self {
        tenancy.0.identity.clone()
    }
}

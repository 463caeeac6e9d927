//! Connections: for each database one pool of the application role and a small one of the platform role.
//!
//! Opened when first needed. While a database restarts (its process was killed, a failover), a checkout keeps trying for
//! [`PATIENCE`] before it gives up.

use crate::{Access, Database, DbError, Urls, error::is_outage, listen::Hub};
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a checkout waits for a free connection, or for a database that is away.
pub const PATIENCE: Duration = Duration::from_secs(5);
const PLATFORM_CONNECTIONS: usize = 4;

/// The databases. Cheap to clone.
#[derive(Clone)]
pub struct Db(pub(crate) Arc<Pools>);

pub(crate) struct Pools {
    databases: [Pair; 4],
    pub(crate) hubs: [Hub; 4],
}

struct Pair {
    app: Pool,
    platform: Pool,
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Db")
    }
}

impl Db {
    /// Ends all connections: the process stops, and perhaps its PostgreSQL with it.
    pub fn close(&self) {
        for hub in &self.0.hubs {
            hub.close();
        }
        for pair in &self.0.databases {
            pair.app.close();
            pair.platform.close();
        }
    }

    /// Pools of at most `pool_size` connections a database. Nothing is connected yet.
    ///
    /// # Errors
    /// When a pool can't be built.
    pub fn new(urls: &Urls, pool_size: usize) -> Result<Self, DbError> {
        let pair = |database: Database| {
            let url = urls.of(database);
            let pool = |access, size| {
                let manager = ManagerConfig { recycling_method: RecyclingMethod::Fast };
                Pool::builder(Manager::from_config(url.config(access), url.tls.clone(), manager))
                    .max_size(size)
                    .runtime(Runtime::Tokio1)
                    .wait_timeout(Some(PATIENCE))
                    .create_timeout(Some(PATIENCE))
                    .build()
                    .map_err(|error| DbError::unreachable(database, error))
            };
            Ok(Pair {
                app: pool(Access::Tenant, pool_size)?,
                platform: pool(Access::Platform, PLATFORM_CONNECTIONS.min(pool_size))?,
            })
        };
        let [a, b, c, d] = Database::ALL;
        let databases = [pair(a)?, pair(b)?, pair(c)?, pair(d)?];
        let hubs = Database::ALL.map(|database| {
            let url = urls.of(database);
            Hub::new(database, url.config(Access::Global), url.tls.clone())
        });
        Ok(Self(Arc::new(Pools { databases, hubs })))
    }

    /// Whether every database answers; for the readiness check.
    ///
    /// # Errors
    /// The first that does not.
    pub async fn ready(&self) -> Result<(), DbError> {
        for database in Database::ALL {
            let client = self.client(database, Access::Global).await?;
            client.check_connection().await.map_err(|error| DbError::session(database, error))?;
        }
        Ok(())
    }

    /// Publishes how many connections are open and how many callers wait.
    pub fn report(&self) {
        for database in Database::ALL {
            let status = self.pool(database, Access::Tenant).status();
            let gauge = |name: &'static str, value: usize| {
                #[expect(clippy::cast_precision_loss, reason = "a few hundred connections")]
                metrics::gauge!(name, "database" => database.name()).set(value as f64);
            };
            gauge("db_connections", status.size);
            gauge("db_connections_idle", status.available);
            gauge("db_waiting", status.waiting);
        }
    }

    fn pool(&self, database: Database, access: Access) -> &Pool {
        let pair = match database {
            Database::Control => &self.0.databases[0],
            Database::Billing => &self.0.databases[1],
            Database::Data => &self.0.databases[2],
            Database::Logs => &self.0.databases[3],
        };
        match access {
            Access::Tenant | Access::Global => &pair.app,
            Access::Platform => &pair.platform,
        }
    }

    /// Checks a connection out.
    pub(crate) async fn client(&self, database: Database, access: Access) -> Result<Object, DbError> {
        let pool = self.pool(database, access);
        let started = Instant::now();
        loop {
            match pool.get().await {
                Ok(client) => return Ok(client),
                Err(PoolError::Backend(error)) if is_outage(&error) && started.elapsed() < PATIENCE => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Err(PoolError::Backend(error)) => return Err(DbError::session(database, error)),
                Err(error) => return Err(DbError::unreachable(database, error)),
            }
        }
    }
}

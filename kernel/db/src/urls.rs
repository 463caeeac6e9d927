//! Where the four databases are, and as whom to connect: the owner migrates, the other two roles serve.

use crate::tls::{self, Tls};
use crate::{Access, Database};
use kernel_core::settings::DatabaseUrls;
use std::path::Path;
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;

/// Role that the product's requests run as: no superuser, no owner, no BYPASSRLS.
pub const APP_ROLE: &str = "nclc_app";
/// Role of the few statements that read across tenants.
pub const PLATFORM_ROLE: &str = "nclc_platform";
/// Role that owns schemas and tables in the embedded cluster.
pub const OWNER_ROLE: &str = "nclc_owner";

/// What a session may take: a request has 30 s, jobs and loads of large bases a little more.
const LIMITS: &str = " -c statement_timeout=60s -c idle_in_transaction_session_timeout=60s";

/// The addresses of the four databases.
#[derive(Clone, Debug)]
pub struct Urls([DatabaseUrl; 4]);

/// One database's address.
#[derive(Clone)]
pub struct DatabaseUrl {
    /// Connects as the role that owns the schema.
    pub(crate) owner: Config,
    /// How connections to it are encrypted.
    pub(crate) tls: Tls,
    /// The embedded cluster lets each role log in; elsewhere the owner's login takes the role at connect.
    roles_log_in: bool,
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}/{}", self.owner.get_hosts(), self.owner.get_dbname().unwrap_or_default())
    }
}

impl Urls {
    /// From configured URLs. The URL's role owns the schemas; sessions that serve take the role [`APP_ROLE`] or
    /// [`PLATFORM_ROLE`] from their first moment (`options=-c role=…`).
    ///
    /// # Errors
    /// The database whose URL can't be read.
    pub fn from_settings(urls: &DatabaseUrls) -> Result<Self, (Database, String)> {
        let parse = |database: Database, url: &kernel_core::Secret| {
            let (owner, tls) = tls::read(url.expose()).map_err(|problem| (database, problem))?;
            Ok(DatabaseUrl { owner, tls, roles_log_in: false })
        };
        Ok(Self([
            parse(Database::Control, &urls.control)?,
            parse(Database::Billing, &urls.billing)?,
            parse(Database::Data, &urls.data)?,
            parse(Database::Logs, &urls.logs)?,
        ]))
    }

    /// Of the cluster whose socket is in `folder`.
    pub(crate) fn of_socket(folder: &Path) -> Self {
        Self(Database::ALL.map(|database| {
            let mut owner = Config::new();
            owner.host_path(folder).user(OWNER_ROLE).dbname(database.name()).ssl_mode(SslMode::Disable);
            DatabaseUrl { owner, tls: Tls::default(), roles_log_in: true }
        }))
    }

    /// One database's address.
    #[must_use]
    pub fn of(&self, database: Database) -> &DatabaseUrl {
        match database {
            Database::Control => &self.0[0],
            Database::Billing => &self.0[1],
            Database::Data => &self.0[2],
            Database::Logs => &self.0[3],
        }
    }
}

impl DatabaseUrl {
    /// How to connect for a kind of access.
    pub(crate) fn config(&self, access: Access) -> Config {
        let role = match access {
            Access::Tenant | Access::Global => APP_ROLE,
            Access::Platform => PLATFORM_ROLE,
        };
        let mut config = self.owner.clone();
        let mut options = config.get_options().unwrap_or_default().to_owned();
        options.push_str(LIMITS);
        if self.roles_log_in {
            config.user(role);
        } else {
            options.push_str(" -c role=");
            options.push_str(role);
        }
        config.options(options).application_name("nclc").connect_timeout(std::time::Duration::from_secs(5));
        config
    }

    /// How to connect as the owner, for migrations and checks.
    pub(crate) fn owner(&self) -> Config {
        let mut config = self.owner.clone();
        config.application_name("nclc owner").connect_timeout(std::time::Duration::from_secs(5));
        config
    }
}

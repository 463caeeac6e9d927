//! The shared system of a test binary.

use crate::{Server, reaper};
use anyhow::Context as _;
use kernel_core::settings;
use kernel_db::cluster::{self, Cluster, Durability};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::ChildStdin;
use std::sync::LazyLock;
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;
use tokio_postgres::NoTls;

/// The cluster and one server over it. Lives as long as the test binary.
pub struct TestSystem {
    server: Server,
    cluster: Cluster,
    folder: PathBuf,
    _reaper: ChildStdin,
}

impl Deref for TestSystem {
    type Target = Server;
    fn deref(&self) -> &Server {
        &self.server
    }
}

static SYSTEM: OnceCell<TestSystem> = OnceCell::const_new();

// Servers and pools live on a runtime; that of a single test would take them along when it ends.
#[expect(clippy::expect_used, reason = "no test can run without it")]
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime"));

/// Runs a test against the shared system; an error fails it.
///
/// # Panics
/// When the test, or the start of the system, fails.
#[expect(clippy::panic, reason = "fails the test")]
pub fn run<F>(test: F)
where
    F: AsyncFnOnce(&'static TestSystem) -> anyhow::Result<()>,
{
    RUNTIME.block_on(async {
        let system =
            TestSystem::start().await.unwrap_or_else(|error| panic!("the system did not start: {error:#}"));
        if let Err(error) = test(system).await {
            panic!("{error:#}");
        }
    });
}

impl TestSystem {
    /// The shared system; the first call starts it.
    ///
    /// # Errors
    /// What is missing or wrong.
    pub async fn start() -> anyhow::Result<&'static Self> {
        SYSTEM.get_or_try_init(Self::new).await
    }

    async fn new() -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("nclc-testkit-").tempdir()?.keep();
        let database = settings::Database {
            data_folder: folder.clone(),
            urls: None,
            postgres_folder: None,
            pool_size: 8,
        };
        // Started here without durability; the servers join it.
        let cluster = cluster::start_with(&database, Durability::Fast).await?;
        let reaper = reaper::watch(cluster.pid(), &folder)?;
        let server = Server::start(&folder).await?;
        Ok(Self { server, cluster, folder, _reaper: reaper })
    }

    /// Another server over the same cluster, as a second process would be: nothing in memory is shared.
    ///
    /// # Errors
    /// As [`TestSystem::start`].
    pub async fn another_server(&self) -> anyhow::Result<Server> {
        Server::start(&self.folder).await
    }

    /// The data folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A connection to a database as a role, without the product in between.
    ///
    /// # Errors
    /// The role may not log in.
    pub async fn sql(&self, database: &str, role: &str) -> anyhow::Result<tokio_postgres::Client> {
        let mut config = tokio_postgres::Config::new();
        config.host_path(self.cluster.socket_folder()).user(role).dbname(database);
        let (client, connection) =
            config.connect(NoTls).await.with_context(|| format!("{role} at {database}"))?;
        tokio::spawn(connection);
        Ok(client)
    }
}

//! One server over the cluster: services with a memory of their own and the portals on a port of their own, as another
//! process would have them.

use crate::Client;
use anyhow::Context as _;
use kernel_core::settings::Settings;
use nclc::System;
use std::net::SocketAddr;
use std::path::Path;
use tokio::net::TcpListener;

/// A serving system.
pub struct Server {
    /// Its services.
    pub system: System,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Server {
    /// Serves the cluster of `folder`, which runs or is started.
    ///
    /// # Errors
    /// What is missing or wrong.
    pub async fn start(folder: &Path) -> anyhow::Result<Self> {
        Self::start_with(folder, TcpListener::bind("127.0.0.1:0").await?, &[]).await
    }

    /// The same on a port that the caller has taken, with more settings: `NCLC_…` and its value.
    ///
    /// # Errors
    /// What is missing or wrong.
    pub async fn start_with(
        folder: &Path,
        listener: TcpListener,
        more: &[(&str, String)],
    ) -> anyhow::Result<Self> {
        let address = listener.local_addr()?;
        let folder = folder.to_str().context("the temporary folder's name is not text")?;
        let settings = Settings::load(
            "",
            [
                ("NCLC_DATABASE_DATA_FOLDER".to_owned(), folder.to_owned()),
                ("NCLC_HTTP_LISTEN".to_owned(), address.to_string()),
                ("NCLC_DATABASE_POOL_SIZE".to_owned(), "8".to_owned()),
                // Receivers of tests are on this machine.
                ("NCLC_SECURITY_OUTGOING_ALLOW".to_owned(), "127.0.0.1".to_owned()),
            ]
            .into_iter()
            .chain(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone()))),
        )?;
        let mut system = System::start(settings).await?;
        system.run();
        let (hosts, web) = (nclc::portals::hosts(&system), system.web.clone());
        tokio::spawn(async move { kernel_web::serve(listener, hosts, &web).await });
        Ok(Self { system, address })
    }

    /// Asks a portal (`www`, `app`, `api`, `admin`) or a site (`<slug>.sites`) of this server.
    #[must_use]
    pub fn portal(&self, name: &str) -> Client {
        Client::new(self.address, name)
    }

    /// Asks the API.
    #[must_use]
    pub fn api(&self) -> Client {
        self.portal("api")
    }
}

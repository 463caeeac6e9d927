//! A running system: databases, services, jobs. Portals are routers over it.

use crate::providers::{self, Plans};
use adapter_clamd::Clamd;
use adapter_dns::Dns;
use adapter_http::{Guard, Http};
use adapter_smtp::Smtp;
use anyhow::Context as _;
use bases::{Bases, Scanning};
use billing::Billing;
use identity::oidc::Protocol;
use identity::{DevMailbox, Identity};
use kernel_core::mail::Mailer;
use kernel_core::outgoing::Outgoing;
use kernel_core::sealed::Sealing;
use kernel_core::secret::SigningKey;
use kernel_core::settings::Settings;
use kernel_core::{Clock, Random};
use kernel_db::cluster::{self, Cluster};
use kernel_db::{Db, Urls, migrate};
use kernel_jobs::{Jobs, Worker, WorkerOptions};
use kernel_web::Web;
use platform::Admin;
use sites::Sites;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tenancy::{SsoParts, Tenancy};
use tokio::task::JoinHandle;

/// Everything that portals need, and what runs beside them.
pub struct System {
    /// As read at start.
    pub settings: Settings,
    /// The databases.
    pub db: Db,
    /// The web layer.
    pub web: Web,
    /// People.
    pub identity: Identity,
    /// Organisations.
    pub tenancy: Tenancy,
    /// Plans.
    pub billing: Billing,
    /// Bases.
    pub bases: Bases,
    /// Websites.
    pub sites: Sites,
    /// The staff console.
    pub admin: Admin,
    /// Kinds of jobs.
    pub jobs: Jobs,
    background: Vec<JoinHandle<()>>,
    worker: Option<Worker>,
    cluster: Option<Cluster>,
}

impl System {
    /// Starts the embedded cluster if no database is configured, migrates, and puts the services together.
    ///
    /// # Errors
    /// What is missing or wrong, for a person.
    pub async fn start(settings: Settings) -> anyhow::Result<Self> {
        let (cluster, urls) = databases(&settings).await?;
        migrate::run(&urls).await.context("the databases could not be migrated")?;
        let db = Db::new(&urls, settings.database.pool_size)?;
        let (clock, random) = (Clock::System, Random::from_os());
        let key = root_key(&settings, &random)?;
        let web = Web::new(&settings, &key, clock.clone(), random.clone());
        let sealing = Sealing::new(&key, &former_keys(&settings)?, random.clone())?;
        let outgoing = outgoing(&settings)?;
        let protocol = Protocol::new(Arc::clone(&outgoing), clock.clone(), random.clone());
        let identity = Identity::with_providers(
            (db.clone(), web.clone()),
            settings.security.password_hashes_at_once,
            sealing.clone(),
            protocol,
            providers::configured(&settings)?,
        )?;
        let tenancy = Tenancy::new(identity.clone(), &key);
        let billing = Billing::new(db.clone());
        tenancy.set_up_own_roles(Arc::new(Plans(billing.clone())));
        let names = Dns::new(settings.security.dns_server)
            .map_err(|problem| anyhow::anyhow!("no name servers: {problem}"))?;
        tenancy.set_up_sso(SsoParts {
            names: Arc::new(names),
            http: Arc::clone(&outgoing),
            plans: Arc::new(Plans(billing.clone())),
        });
        let bases = Bases::new(bases::Parts {
            db: db.clone(),
            web: web.clone(),
            tenancy: tenancy.clone(),
            clock: clock.clone(),
            random: random.clone(),
            limits: settings.bases.clone(),
            cursor_key: key.derive("record cursors"),
            sealing,
            outgoing,
            uploads: settings.database.data_folder.join("uploads"),
            files: settings.database.data_folder.join("files"),
            file_key: key.derive("addresses of files"),
            storage: Arc::new(Plans(billing.clone())),
            scanning: scanning(&settings),
        });
        let sites = Sites::new(sites::Parts {
            db: db.clone(),
            web: web.clone(),
            tenancy: tenancy.clone(),
            bases: bases.clone(),
            page_memory: settings.sites.page_memory,
        })?;
        let admin = Admin::new(&settings, web.clone(), db.clone(), billing.clone(), tenancy.clone(), &key);
        let mailer: Arc<dyn Mailer> = match &settings.mail.smtp_url {
            Some(url) => Arc::new(Smtp::new(url, &settings.mail.from)?),
            None => Arc::new(DevMailbox::new(db.clone(), clock.clone())),
        };
        let jobs = Jobs::new(db.clone(), clock, random);
        let jobs = identity::register(jobs, &identity, mailer);
        let jobs = bases::jobs(jobs, &bases);
        let jobs = bases::keep_history_by_plan(jobs, &bases, Arc::new(Plans(billing.clone())));
        let jobs = platform::retention::register(jobs, &billing);
        Ok(Self {
            settings,
            db,
            web,
            identity,
            tenancy,
            billing,
            bases,
            sites,
            admin,
            jobs,
            background: Vec::new(),
            worker: None,
            cluster,
        })
    }

    /// Starts what runs beside the portals: jobs, and the listeners that follow other processes.
    pub fn run(&mut self) {
        let bases = self.bases.clone();
        self.background.push(tokio::spawn(async move { bases.run().await }));
        let sites = self.sites.clone();
        self.background.push(tokio::spawn(async move { sites.run().await }));
        let (reports, web) = (self.admin.reports.clone(), self.web.clone());
        self.background.push(tokio::spawn(async move { reports.run(web).await }));
        self.worker = Some(self.jobs.start(WorkerOptions::default()));
    }

    /// The four databases.
    #[must_use]
    pub fn cluster(&self) -> Option<&Cluster> {
        self.cluster.as_ref()
    }

    /// Ends in order: jobs in hand finish, then the cluster stops if nobody else uses it.
    pub async fn stop(mut self) {
        if let Some(worker) = self.worker.take() {
            worker.stop().await;
        }
        for task in self.background.drain(..) {
            task.abort();
        }
        self.tenancy.stop().await;
        self.db.close();
        if let Some(cluster) = self.cluster.take() {
            cluster.stop().await;
        }
    }
}

/// The configured databases, or the embedded cluster's.
///
/// # Errors
/// What is missing or wrong, for a person.
pub async fn databases(settings: &Settings) -> anyhow::Result<(Option<Cluster>, Urls)> {
    match &settings.database.urls {
        Some(urls) => {
            let urls = Urls::from_settings(urls).map_err(|(database, problem)| {
                anyhow::anyhow!("setting NCLC_DATABASE_{}_URL: {problem}", database.name().to_uppercase())
            })?;
            Ok((None, urls))
        }
        None => {
            let cluster = cluster::start(&settings.database).await?;
            let urls = cluster.urls();
            Ok((Some(cluster), urls))
        }
    }
}

/// The way to other people's servers: never into this machine's own network, nor back to the product itself.
fn outgoing(settings: &Settings) -> anyhow::Result<Arc<dyn Outgoing>> {
    let own = [settings.site.base_domain.as_str(), settings.site.sites_domain.as_str()];
    let guard = Guard::new(&settings.security.outgoing_allow, &own)
        .map_err(|entry| anyhow::anyhow!("setting security.outgoing_allow: {entry} can't be used"))?;
    Ok(Arc::new(Http::new(guard).map_err(anyhow::Error::msg)?))
}

/// Who looks at files of cells. A verdict comes before the request that waits for it is given up.
fn scanning(settings: &Settings) -> Option<Scanning> {
    let place = settings.files.scanner.clone()?;
    let time = Duration::from_secs(settings.http.timeout_seconds.saturating_sub(5).max(5));
    let required = settings.files.scanner_required;
    Some(Scanning { scanner: Arc::new(Clamd::new(place, time)), required })
}

/// The configured key; else the one in the data folder, made at the first start.
fn root_key(settings: &Settings, random: &Random) -> anyhow::Result<SigningKey> {
    let hex = match &settings.security.secret_key {
        Some(key) => key.expose().to_owned(),
        None => kept_key(&settings.database.data_folder.join("secret.key"), random)?,
    };
    key_of(&hex)
}

/// The keys that were the root key before.
fn former_keys(settings: &Settings) -> anyhow::Result<Vec<SigningKey>> {
    settings.security.former_secret_keys.iter().map(|key| key_of(key.expose())).collect()
}

fn key_of(hex: &str) -> anyhow::Result<SigningKey> {
    let bytes = data_encoding::HEXLOWER_PERMISSIVE
        .decode(hex.trim().as_bytes())
        .context("the secret key is not hex")?;
    let bytes: [u8; 32] =
        bytes.try_into().map_err(|_| anyhow::anyhow!("the secret key is not 64 hex digits"))?;
    Ok(SigningKey::new(bytes))
}

fn kept_key(path: &Path, random: &Random) -> anyhow::Result<String> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    if let Ok(key) = std::fs::read_to_string(path) {
        return Ok(key);
    }
    let key = data_encoding::HEXLOWER.encode(&random.bytes::<32>());
    let made = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match made {
        Ok(mut file) => {
            file.write_all(key.as_bytes()).with_context(|| format!("can't write {}", path.display()))?;
            Ok(key)
        }
        // Another process was first.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(std::fs::read_to_string(path)?),
        Err(error) => Err(error).with_context(|| format!("can't make {}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_wrong_address_of_a_database_is_named_and_not_shown() {
        for (parameter, part) in [
            ("sslmode=prefer", "sslmode can be disable, require, verify-ca or verify-full"),
            ("sslrootcert=/nowhere/ca.pem", "/nowhere/ca.pem can't be read"),
            ("wrong=1", "wrong"),
        ] {
            let url = |database: &str, more: &str| format!("postgres://o:s3cret@db.example/{database}{more}");
            let file = format!(
                "[database]\ncontrol_url = \"{}\"\nbilling_url = \"{}\"\ndata_url = \"{}\"\nlogs_url = \"{}\"",
                url("control", ""),
                url("billing", ""),
                url("data", &format!("?{parameter}")),
                url("logs", ""),
            );
            let settings = Settings::load(&file, []).unwrap();
            let error = databases(&settings).await.unwrap_err().to_string();
            assert!(error.starts_with("setting NCLC_DATABASE_DATA_URL: ") && error.contains(part), "{error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
    }
}

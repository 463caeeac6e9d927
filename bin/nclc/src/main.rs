//! `nclc serve | migrate | check | seed | openapi | staff-link | audit | reseal | oauth`.

use adapter_syslog::Syslog;
use anyhow::Context as _;
use clap::{Parser, Subcommand};
use kernel_core::Clock;
use kernel_core::settings::{SettingError, Settings};
use nclc::{System, check, portals, seed, settings};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::util::SubscriberInitExt as _;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Bases and sites for organisations: one program.
#[derive(Parser)]
#[command(name = "nclc", version)]
struct Arguments {
    /// Settings file; `nclc.toml` if it is there. `NCLC_*` variables win over it.
    #[arg(long, global = true)]
    settings: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves the portals and works on jobs, until SIGINT or SIGTERM.
    Serve,
    /// Brings the databases up to date.
    Migrate,
    /// Proves statements, tables and templates sound.
    Check {
        #[command(subcommand)]
        what: Check,
    },
    /// Fills the databases with data to look at or to measure.
    Seed(seed::Seed),
    /// Prints the OpenAPI document.
    Openapi,
    /// Prints a new one-time link for a first staff account.
    StaffLink,
    /// The organisations' audit trails.
    Audit {
        #[command(subcommand)]
        what: Audit,
    },
    /// Encrypts stored secrets anew under the present secret key, after `security.former_secret_keys` was set.
    Reseal,
    /// Keys of the OAuth provider.
    Oauth {
        #[command(subcommand)]
        what: Oauth,
    },
}

#[derive(Subcommand)]
enum Oauth {
    /// Makes a new key that signs access tokens from now on. Former keys verify what they have signed for a day at least.
    RotateKey,
}

#[derive(Subcommand)]
enum Audit {
    /// Looks at the chain of every organisation's trail, or of one, from its anchor to its end. Fails at the first row that
    /// was changed, left out or put in.
    Verify {
        /// The organisation's address; all if absent.
        #[arg(long)]
        organisation: Option<String>,
    },
}

#[derive(Subcommand)]
enum Check {
    /// Prepares every statement; looks at keys and row-level security of every tenant table.
    Db,
    /// Renders every template with all samples.
    Templates,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let settings = match settings::load(arguments.settings.as_deref()) {
        Ok(settings) => settings,
        Err(error) => {
            eprintln!("nclc: {error:#}");
            return ExitCode::from(2);
        }
    };
    let other_system = match start_log(&settings, matches!(arguments.command, Command::Serve)) {
        Ok(other_system) => other_system,
        Err(error) => {
            eprintln!("nclc: {error}");
            return ExitCode::from(2);
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("nclc: no runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = match runtime.block_on(run(arguments.command, settings)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("nclc: {error:#}");
            ExitCode::FAILURE
        }
    };
    if other_system.is_some_and(|syslog| !syslog.finish(LAST_LINES)) {
        eprintln!("nclc: the last lines of the log did not reach the receiver of logs.syslog");
    }
    code
}

/// How long the last lines may take to the other system.
const LAST_LINES: Duration = Duration::from_secs(2);

/// JSON lines on standard error, and to another system where one is set. `NCLC_LOG` takes tracing's filter syntax.
fn start_log(settings: &Settings, serving: bool) -> Result<Option<Syslog>, SettingError> {
    let default = if serving && !settings.development { "info" } else { "warn" };
    let filter = tracing_subscriber::EnvFilter::try_from_env("NCLC_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(default));
    let other_system = settings.logs.syslog.as_ref();
    let other_system = other_system.map(|place| Syslog::start(place, Clock::System)).transpose()?;
    match &other_system {
        Some(syslog) => nclc::log::lines_to(filter, std::io::stderr, syslog.outlet()).init(),
        None => nclc::log::lines(filter, std::io::stderr).init(),
    }
    Ok(other_system)
}

async fn run(command: Command, settings: Settings) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve => serve(settings).await,
        Command::Migrate => migrate(&settings).await,
        Command::Check { what: Check::Db } => Ok(report(&check::db(&settings).await?)),
        Command::Check { what: Check::Templates } => Ok(report(&check::templates(&settings))),
        Command::Seed(what) => seed::run(what, settings).await,
        Command::Openapi => {
            let document = bases::document(&settings.site.origin("api"));
            println!("{}", serde_json::to_string_pretty(&document)?);
            Ok(ExitCode::SUCCESS)
        }
        Command::StaffLink => {
            let system = System::start(settings).await?;
            let link = system.admin.first_setup_link().await?;
            println!("{}", link.unwrap_or_else(|| "There is a staff account already.".to_owned()));
            system.stop().await;
            Ok(ExitCode::SUCCESS)
        }
        Command::Audit { what: Audit::Verify { organisation } } => {
            let system = System::start(settings).await?;
            let problems = nclc::trail::verify(&system, organisation.as_deref()).await;
            system.stop().await;
            Ok(report(&problems?))
        }
        Command::Oauth { what: Oauth::RotateKey } => {
            let system = System::start(settings).await?;
            let keys = system.tenancy.rotate_keys().await;
            system.stop().await;
            println!("A new key signs; {} are published.", keys?);
            Ok(ExitCode::SUCCESS)
        }
        Command::Reseal => {
            let system = System::start(settings).await?;
            let sealed = system.identity.reseal().await?
                + system.tenancy.reseal().await?
                + system.bases.reseal().await?;
            println!("{sealed} secrets encrypted anew; the former keys can go.");
            system.stop().await;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn report(problems: &[String]) -> ExitCode {
    for problem in problems {
        eprintln!("{problem}");
    }
    if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn migrate(settings: &Settings) -> anyhow::Result<ExitCode> {
    let (cluster, urls) = nclc::system::databases(settings).await?;
    for (database, count) in kernel_db::migrate::run(&urls).await? {
        println!("{database:?}: {count} migrations run");
    }
    if let Some(cluster) = cluster {
        cluster.stop().await;
    }
    Ok(ExitCode::SUCCESS)
}

async fn serve(settings: Settings) -> anyhow::Result<ExitCode> {
    // Bound first: a port in use is known before anything is started; so is a certificate that will not do.
    let listener = bound(settings.http.listen, "NCLC_HTTP_LISTEN").await?;
    let redirecting = match settings.http.tls.as_ref().and_then(|tls| tls.redirect_listen) {
        Some(address) => Some(bound(address, "NCLC_HTTP_REDIRECT_LISTEN").await?),
        None => None,
    };
    let tls = kernel_web::Tls::open(&settings, Clock::System)?;
    let mut system = System::start(settings).await?;
    system.run();
    let hosts = portals::hosts(&system);
    greet(&system).await?;
    let shutdown = system.web.shutdown().clone();
    tokio::spawn(async move {
        stop_signal().await;
        shutdown.begin();
    });
    let leading = async {
        match redirecting {
            Some(listener) => kernel_web::serve_to_https(listener, hosts.clone(), &system.web).await,
            None => Ok(()),
        }
    };
    let serving = async {
        match tls {
            Some(tls) => kernel_web::serve_tls(listener, tls, hosts.clone(), &system.web).await,
            None => kernel_web::serve(listener, hosts.clone(), &system.web).await,
        }
    };
    tokio::try_join!(serving, leading)?;
    system.stop().await;
    Ok(ExitCode::SUCCESS)
}

async fn bound(address: SocketAddr, setting: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("can't listen on {address} ({setting})"))
}

/// SIGINT or SIGTERM, whichever comes first.
async fn stop_signal() {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

/// What a person needs to go on, on standard output.
async fn greet(system: &System) -> anyhow::Result<()> {
    let site = &system.settings.site;
    println!("{} is ready", site.brand);
    for (portal, what) in
        [("www", "website"), ("app", "application"), ("api", "API"), ("admin", "staff console")]
    {
        if system.settings.http.portals.iter().any(|served| served == portal) {
            println!("  {:<40} {what}", site.origin(portal));
        }
    }
    if system.settings.mail.smtp_url.is_none() {
        println!("  mail goes to {}/dev/mailbox", site.origin("app"));
    }
    if let Some(link) = system.admin.first_setup_link().await? {
        println!("  first staff account (once, 24 hours): {link}");
    }
    Ok(())
}

//! `nclc seed`: an organisation to look at (`--demo`) or to measure with (`--bench ROWS`,
//! `--network`).

mod bench;
mod demo;
mod network;

use crate::System;
use bases::imports::{ImportPlan, ImportState};
use clap::Args;
use engine_base::BaseId;
use identity::Visit;
use kernel_core::settings::Settings;
use kernel_core::{Actor, Caller, Role, Scopes, UserId};
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::process::ExitCode;
use tenancy::{NewToken, TenantSummary};

/// What to put in.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct Seed {
    /// An organisation with the OpenFlights data: linked tables and a published site.
    #[arg(long)]
    demo: bool,
    /// An organisation with one table of so many rows and 20 fields; prints its ids and a token as JSON.
    #[arg(long, value_name = "ROWS")]
    bench: Option<u64>,
    /// An organisation with the OpenFlights base alone; prints its ids and a token as JSON.
    #[arg(long)]
    network: bool,
}

/// Runs the command.
///
/// # Errors
/// For a person.
pub async fn run(seed: Seed, settings: Settings) -> anyhow::Result<ExitCode> {
    let system = System::start(settings).await?;
    let done = match seed {
        Seed { bench: Some(rows), .. } => bench::run(&system, rows).await,
        Seed { network: true, .. } => network::run(&system).await,
        _ => demo::run(&system).await,
    };
    system.stop().await;
    done.map(|()| ExitCode::SUCCESS)
}

/// Seeds come from nowhere.
fn visit() -> Visit {
    Visit {
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        agent: "nclc seed".to_owned(),
        request_id: String::new(),
    }
}

/// A person and the organisation that is theirs.
struct Owner {
    caller: Caller,
    tenant: TenantSummary,
}

async fn owner(
    system: &System,
    account: (&str, &str, &str),
    name: &str,
    slug: &str,
) -> anyhow::Result<Owner> {
    let (person, email, password) = account;
    let user: UserId = system.identity.create_account(person, email, password).await?;
    let tenant = system.tenancy.create_tenant(user, name, Some(slug), &visit()).await?;
    let caller = Caller::with_role(tenant.id, Actor::User(user), Role::Owner);
    Ok(Owner { caller, tenant })
}

async fn token(system: &System, caller: &Caller, label: &str) -> anyhow::Result<String> {
    let new = NewToken { label: label.to_owned(), scopes: Scopes::all(), ..NewToken::default() };
    let token = system.tenancy.create_token(caller, &new, &visit()).await?;
    Ok(token.text.expose().to_owned())
}

async fn import(
    system: &System,
    caller: &Caller,
    base: BaseId,
    file: &Path,
    plan: ImportPlan,
) -> anyhow::Result<ImportState> {
    let state = system.bases.import_file(caller, base, file, plan).await?;
    if state.state != "done" {
        anyhow::bail!("{} was not imported: {}", file.display(), state.failure.unwrap_or(state.state));
    }
    Ok(state)
}

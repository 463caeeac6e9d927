//! The postmaster as a process: initdb, start, recognise, stop; and the roles and databases inside.

use super::configuration::{self, Durability};
use super::{Binaries, ClusterError, Place};
use crate::Database;
use crate::urls::{APP_ROLE, OWNER_ROLE, PLATFORM_ROLE};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio_postgres::{Client, Config, NoTls};

/// Recovery after a crash may take minutes; as long as the process lives, it is waited for.
const START_PATIENCE: Duration = Duration::from_secs(600);
/// Old backends of a killed postmaster need a moment to notice.
const LEFTOVER_PATIENCE: Duration = Duration::from_secs(20);
const LARGEST_LOG: u64 = 16 << 20;

/// A running postmaster: our child, or one that another process started.
#[derive(Debug)]
pub enum Server {
    /// Started by this process.
    Child(Child),
    /// Found running.
    Other(i32),
}

impl Server {
    /// Its process id.
    pub fn pid(&self) -> i32 {
        match self {
            Self::Child(child) => i32::try_from(child.id()).unwrap_or_default(),
            Self::Other(pid) => *pid,
        }
    }

    /// Whether the process is there.
    pub fn alive(&mut self) -> bool {
        match self {
            Self::Child(child) => matches!(child.try_wait(), Ok(None)),
            Self::Other(pid) => alive(*pid),
        }
    }

    /// Fast shutdown; answers whether it is down.
    pub fn stop(&mut self, patience: Duration) -> bool {
        if !self.alive() {
            return true;
        }
        let _gone = kill(Pid::from_raw(self.pid()), Signal::SIGINT);
        let began = Instant::now();
        while self.alive() {
            if began.elapsed() > patience {
                return false;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        true
    }
}

fn alive(pid: i32) -> bool {
    // A zombie of somebody else's child still answers to signal 0, but has no command line.
    kill(Pid::from_raw(pid), None).is_ok()
        && std::fs::read(format!("/proc/{pid}/cmdline")).map_or(true, |line| !line.is_empty())
}

/// The server that runs on this folder, if one answers.
pub async fn running(place: &Place) -> Option<Server> {
    let pid = postmaster_pid(place)?;
    if !is_ours(pid, place) {
        return None;
    }
    // It may be starting, recovering or stopping: wait until it answers or is gone.
    let began = Instant::now();
    while alive(pid) && began.elapsed() < START_PATIENCE {
        if connect(place, "postgres").await.is_ok() {
            return Some(Server::Other(pid));
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    None
}

fn postmaster_pid(place: &Place) -> Option<i32> {
    let text = std::fs::read_to_string(place.data.join("postmaster.pid")).ok()?;
    text.lines().next()?.trim().parse().ok().filter(|pid| *pid > 1)
}

/// Whether that process is a postmaster on our folder, and not a stranger that got the number of a dead one.
fn is_ours(pid: i32, place: &Place) -> bool {
    let Ok(line) = std::fs::read(format!("/proc/{pid}/cmdline")) else { return false };
    let data = place.data.display().to_string();
    line.split(|byte| *byte == 0).any(|argument| argument == data.as_bytes())
}

/// A program of PostgreSQL as the cluster's user.
fn command(place: &Place, program: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir("/").env("LC_ALL", "C").env("TZ", "UTC").env_remove("PGDATA").stdin(Stdio::null());
    if let Some((uid, gid)) = place.user {
        command.uid(uid.as_raw()).gid(gid.as_raw());
    }
    command
}

/// Makes the cluster if there is none. It is made beside its place and moved there when it is whole.
pub async fn initialise(place: &Place, binaries: &Binaries) -> Result<(), ClusterError> {
    if place.cluster_major().is_some() {
        return Ok(());
    }
    let failed = |what: &str, error: std::io::Error| ClusterError::new(format!("{what}: {error}"));
    let new = place.data.with_extension("new");
    if new.exists() {
        std::fs::remove_dir_all(&new).map_err(|error| failed("a half-made cluster", error))?;
    }
    let mut initdb = command(place, &binaries.program("initdb"));
    initdb.arg("-D").arg(&new).args([
        "--username=postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "--data-checksums",
        "--no-instructions",
    ]);
    let output = tokio::task::spawn_blocking(move || initdb.output())
        .await
        .map_err(|error| ClusterError::new(error.to_string()))?
        .map_err(|error| failed(&binaries.program("initdb").display().to_string(), error))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(ClusterError::new(format!("initdb: {}", said.trim())));
    }
    let main = new.join("postgresql.conf");
    let mut text = std::fs::read_to_string(&main).map_err(|error| failed("postgresql.conf", error))?;
    text.push_str("\ninclude_if_exists = 'nclc.conf'\n# Settings of your own:\n");
    write(place, &main, &text)?;
    std::fs::rename(&new, &place.data).map_err(|error| failed("the new cluster", error))
}

/// Starts the server and waits until it answers.
pub async fn launch(
    place: &Place,
    binaries: &Binaries,
    durability: Durability,
) -> Result<Server, ClusterError> {
    let memory = configuration::machine_memory();
    write(place, &place.data.join("nclc.conf"), &configuration::server(place, durability, memory))?;
    write(place, &place.data.join("pg_hba.conf"), configuration::HBA)?;
    if let Some(pid) = postmaster_pid(place)
        && !is_ours(pid, place)
    {
        // The number was given to another process since (a restarted container begins at 1 again).
        let _gone = std::fs::remove_file(place.data.join("postmaster.pid"));
    }
    let began = Instant::now();
    loop {
        let from = rotate(&place.log);
        let child = spawn(place, binaries)?;
        match answer(place, child).await {
            Ok(server) => return Ok(server),
            Err(()) => {
                let said = tail(&place.log, from);
                let leftover =
                    said.contains("shared memory block") || said.contains("lock file \"postmaster.pid\"");
                if leftover && began.elapsed() < LEFTOVER_PATIENCE {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
                return Err(ClusterError::new(format!("it did not start. {}:\n{said}", place.log.display())));
            }
        }
    }
}

fn spawn(place: &Place, binaries: &Binaries) -> Result<Child, ClusterError> {
    let failed = |error: std::io::Error| ClusterError::new(format!("postgres: {error}"));
    let log = File::options().create(true).append(true).open(&place.log).map_err(failed)?;
    let mut postgres = command(place, &binaries.program("postgres"));
    postgres
        .arg("-D")
        .arg(&place.data)
        // A process group of its own: Ctrl-C in the terminal reaches the program, which stops the cluster last.
        .process_group(0)
        .stdout(log.try_clone().map_err(failed)?)
        .stderr(log)
        .spawn()
        .map_err(failed)
}

/// Waits until the server answers; fails when its process ends.
async fn answer(place: &Place, child: Child) -> Result<Server, ()> {
    let mut server = Server::Child(child);
    let began = Instant::now();
    loop {
        if connect(place, "postgres").await.is_ok() {
            return Ok(server);
        }
        if !server.alive() {
            return Err(());
        }
        if began.elapsed() > START_PATIENCE {
            server.stop(Duration::from_secs(5));
            return Err(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Keeps one old log of at most [`LARGEST_LOG`] bytes; answers where new messages begin.
fn rotate(log: &Path) -> u64 {
    let size = std::fs::metadata(log).map_or(0, |meta| meta.len());
    if size > LARGEST_LOG && std::fs::rename(log, log.with_extension("log.1")).is_ok() {
        return 0;
    }
    size
}

fn tail(log: &Path, from: u64) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let start = usize::try_from(from).unwrap_or_default().min(text.len());
    let new = String::from_utf8_lossy(&text[start..]);
    let lines: Vec<_> = new.lines().collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}

fn write(place: &Place, path: &Path, text: &str) -> Result<(), ClusterError> {
    let failed = |error: &dyn std::fmt::Display| ClusterError::new(format!("{}: {error}", path.display()));
    std::fs::write(path, text).map_err(|error| failed(&error))?;
    match place.user {
        Some((uid, gid)) => nix::unistd::chown(path, Some(uid), Some(gid)).map_err(|error| failed(&error)),
        None => Ok(()),
    }
}

/// A superuser's connection, for what is needed before the owner exists.
async fn connect(place: &Place, database: &str) -> Result<Client, tokio_postgres::Error> {
    let mut config = Config::new();
    config.host_path(&place.socket).user("postgres").dbname(database).connect_timeout(Duration::from_secs(5));
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Makes roles and databases that are missing.
pub async fn create_databases(place: &Place) -> Result<(), ClusterError> {
    let failed = |error: tokio_postgres::Error| ClusterError::new(format!("roles and databases: {error}"));
    let client = connect(place, "postgres").await.map_err(failed)?;
    let missing = |kind: &'static str, name: &'static str| {
        let client = &client;
        async move {
            let (table, column) =
                if kind == "role" { ("pg_roles", "rolname") } else { ("pg_database", "datname") };
            let sql = format!("select 1 from {table} where {column} = $1");
            client.query_opt(&sql, &[&name]).await.map(|row| row.is_none()).map_err(failed)
        }
    };
    for role in [OWNER_ROLE, APP_ROLE, PLATFORM_ROLE] {
        if missing("role", role).await? {
            client.batch_execute(&format!("create role {role} login")).await.map_err(failed)?;
        }
    }
    let grant = format!("grant {APP_ROLE}, {PLATFORM_ROLE} to {OWNER_ROLE}");
    client.batch_execute(&grant).await.map_err(failed)?;
    for database in Database::ALL {
        if missing("database", database.name()).await? {
            let create = format!("create database {database} owner {OWNER_ROLE} template template0");
            client.batch_execute(&create).await.map_err(failed)?;
        }
        let connect = format!(
            "revoke all on database {database} from public; \
             grant connect on database {database} to {APP_ROLE}, {PLATFORM_ROLE}"
        );
        client.batch_execute(&connect).await.map_err(failed)?;
    }
    Ok(())
}

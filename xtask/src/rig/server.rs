//! The server as a process: built, started, measured, killed.

use super::{Client, Seeded, Sql};
use crate::process;
use anyhow::{Context as _, Result, bail};
use cargo_metadata::MetadataCommand;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How long the server may take until it is ready; PostgreSQL may have to recover.
const START_PATIENCE: Duration = Duration::from_secs(120);
/// Between two looks at something that is waited for.
const LOOK: Duration = Duration::from_millis(2);

/// Builds the program and answers where it is.
///
/// # Errors
/// When it does not build.
pub fn build(release: bool) -> Result<PathBuf> {
    let mut cargo = process::command("", "cargo", &["build", "--quiet", "--package", "nclc"]);
    if release {
        cargo.arg("--release");
    }
    process::run(cargo)?;
    let metadata = MetadataCommand::new()
        .manifest_path(process::root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .context("cargo metadata")?;
    let program = metadata.target_directory.join(if release { "release/nclc" } else { "debug/nclc" });
    Ok(program.into_std_path_buf())
}

/// A server on a data folder of its own.
#[derive(Debug)]
pub struct Server {
    program: PathBuf,
    folder: PathBuf,
    address: SocketAddr,
    child: Option<Child>,
    /// Further settings by the names of their variables.
    settings: Vec<(&'static str, String)>,
}

impl Server {
    /// Makes the folder; nothing runs yet. `name` tells the folders of several rigs apart.
    ///
    /// # Errors
    /// A folder that can't be made, or no free port.
    pub fn new(program: &Path, name: &str) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("nclc-{name}-{}", std::process::id()));
        // PostgreSQL may run as another user, who must be able to come in.
        std::fs::DirBuilder::new()
            .mode(0o755)
            .create(&folder)
            .with_context(|| format!("can't make {}", folder.display()))?;
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        Ok(Self { program: program.to_owned(), folder, address, child: None, settings: Vec::new() })
    }

    /// The settings of the next start, besides those of every rig.
    pub fn set(&mut self, settings: &[(&'static str, &str)]) {
        self.settings = settings.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    }

    /// The folder of everything.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The `Host` of a portal (`api`) or of a site (`bakery.sites`).
    #[must_use]
    pub fn host(&self, name: &str) -> String {
        format!("{name}.nclc.localhost:{}", self.address.port())
    }

    /// A client of `api.`.
    #[must_use]
    pub fn api(&self, token: &str) -> Client {
        Client::new(self.address, &self.host("api"), Some(token))
    }

    /// A client without a token.
    #[must_use]
    pub fn visitor(&self, name: &str) -> Client {
        Client::new(self.address, &self.host(name), None)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("NCLC_") {
                command.env_remove(name);
            }
        }
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env("NCLC_DATABASE_DATA_FOLDER", self.folder.join("data"))
            .env("NCLC_HTTP_LISTEN", self.address.to_string())
            .env("NCLC_DEVELOPMENT", "false")
            .env("NCLC_HTTP_TENANT_CALLS_PER_MINUTE", "60000000")
            .env("NCLC_LOG", "warn")
            .envs(self.settings.iter().map(|(name, value)| (*name, value.as_str())))
            .stdin(Stdio::null());
        command
    }

    /// Runs another command of the program to its end and answers what it printed.
    ///
    /// # Errors
    /// When it fails.
    pub fn run(&self, arguments: &[&str]) -> Result<String> {
        let output = self
            .command(arguments)
            .output()
            .with_context(|| format!("can't run {}", self.program.display()))?;
        if !output.status.success() {
            bail!("nclc {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// An organisation with one table of so many rows.
    ///
    /// # Errors
    /// When the command fails.
    pub fn seed(&self, rows: u64) -> Result<Seeded> {
        Seeded::parse(&self.run(&["seed", "--bench", &rows.to_string()])?)
    }

    /// Starts it; answers how long it took until `/readyz` said yes.
    ///
    /// # Errors
    /// When it ends, or is not ready in time; with the end of its log.
    pub fn start(&mut self) -> Result<Duration> {
        let log = File::options().create(true).append(true).open(self.folder.join("server.log"))?;
        let began = Instant::now();
        let child = self.command(&["serve"]).stdout(Stdio::null()).stderr(log).spawn();
        let child = child.with_context(|| format!("can't run {}", self.program.display()))?;
        let child = self.child.insert(child);
        let mut client = Client::new(self.address, &self.address.to_string(), None);
        loop {
            if client.send("GET", "/readyz", &[], None).is_ok_and(|answer| answer.status == 200) {
                return Ok(began.elapsed());
            }
            let ended = child.try_wait()?;
            if ended.is_some() || began.elapsed() > START_PATIENCE {
                let state = ended.map_or("is not ready".to_owned(), |status| format!("ended: {status}"));
                bail!("nclc serve {state}\n{}", self.log());
            }
            std::thread::sleep(LOOK);
        }
    }

    /// The last lines of its log.
    #[must_use]
    pub fn log(&self) -> String {
        let text = std::fs::read_to_string(self.folder.join("server.log")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// The process id while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Whether it runs.
    pub fn runs(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// Bytes of memory that are resident; 0 when it does not run.
    #[must_use]
    pub fn resident(&self) -> u64 {
        let status = self.pid().map(|pid| std::fs::read_to_string(format!("/proc/{pid}/status")));
        status.and_then(Result::ok).and_then(|text| resident_of(&text)).unwrap_or_default()
    }

    /// Processor time that the server and its PostgreSQL have taken so far, ended backends included. Unlike rates, it hardly
    /// depends on what else the machine does.
    #[must_use]
    pub fn processor_time(&self) -> Duration {
        let own = self.pid().map(|pid| ticks(pid).own).unwrap_or_default();
        let postgres = self.postmaster().map(|postmaster| {
            let running: u64 = children(postmaster).into_iter().map(|pid| ticks(pid).own).sum();
            let Ticks { own, ended } = ticks(postmaster);
            own + ended + running
        });
        // Linux counts in hundredths of a second (USER_HZ) on every platform that it runs on.
        Duration::from_millis((own + postgres.unwrap_or_default()) * 10)
    }

    /// SIGKILL. Its PostgreSQL goes on.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Gone already is fine as well.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// SIGTERM; does not wait.
    pub fn ask_to_stop(&self) {
        if let Some(pid) = self.pid() {
            signal(pid, Signal::SIGTERM);
        }
    }

    /// Waits until it has ended; kills it when that takes longer than `patience`.
    ///
    /// # Errors
    /// When it had to be killed.
    pub fn wait(&mut self, patience: Duration) -> Result<(ExitStatus, Duration)> {
        let began = Instant::now();
        let Some(mut child) = self.child.take() else { bail!("no server runs") };
        while began.elapsed() < patience {
            if let Some(status) = child.try_wait()? {
                return Ok((status, began.elapsed()));
            }
            std::thread::sleep(LOOK);
        }
        child.kill()?;
        child.wait()?;
        bail!("the server was still there {patience:?} after SIGTERM\n{}", self.log())
    }

    fn cluster_home(&self) -> PathBuf {
        let data = self.folder.join("data");
        match std::fs::read_to_string(data.join("postgres-is-in")) {
            Ok(place) => place.trim().into(),
            Err(_) => data.join("postgres"),
        }
    }

    /// SQL to its PostgreSQL.
    #[must_use]
    pub fn sql(&self) -> Sql {
        Sql::new(&self.cluster_home().join("run"))
    }

    /// The process id of its postmaster.
    #[must_use]
    pub fn postmaster(&self) -> Option<u32> {
        let text = std::fs::read_to_string(self.cluster_home().join("cluster/postmaster.pid")).ok()?;
        let pid: u32 = text.lines().next()?.trim().parse().ok()?;
        // The file of a killed postmaster stays, and its number may be a stranger's by now.
        std::fs::read_to_string(format!("/proc/{pid}/cmdline")).ok()?.contains("postgres").then_some(pid)
    }

    /// SIGKILL to the postmaster and all of its children, as the kernel's out-of-memory killer or a power cut of a container
    /// would; waits until they are gone.
    ///
    /// # Errors
    /// When there is none, or it does not go.
    pub fn kill_postgres(&self) -> Result<()> {
        let postmaster = self.postmaster().context("no postmaster runs")?;
        let mut all = children(postmaster);
        all.push(postmaster);
        for pid in all.iter().rev() {
            signal(*pid, Signal::SIGKILL);
        }
        let began = Instant::now();
        while all.iter().any(|pid| is_alive(*pid)) {
            if began.elapsed() > Duration::from_secs(10) {
                bail!("PostgreSQL is still there after SIGKILL");
            }
            std::thread::sleep(LOOK);
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        if let Some(postmaster) = self.postmaster() {
            // Immediate shutdown: the folder is removed next.
            signal(postmaster, Signal::SIGQUIT);
            let began = Instant::now();
            while is_alive(postmaster) && began.elapsed() < Duration::from_secs(10) {
                std::thread::sleep(LOOK);
            }
        }
        let home = self.cluster_home();
        for folder in [home.as_path(), self.folder.as_path()] {
            let _best_effort = std::fs::remove_dir_all(folder);
        }
    }
}

fn signal(pid: u32, signal: Signal) {
    if let Ok(pid) = i32::try_from(pid) {
        // Gone already is fine.
        let _ = kill(Pid::from_raw(pid), signal);
    }
}

/// A dead child that its parent has not waited for yet has no command line.
fn is_alive(pid: u32) -> bool {
    std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty())
}

fn children(parent: u32) -> Vec<u32> {
    let text = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
    text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

/// Processor time of a process, and of its children that have ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Ticks {
    own: u64,
    ended: u64,
}

fn ticks(pid: u32) -> Ticks {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).map(|text| ticks_of(&text)).unwrap_or_default()
}

/// proc(5): utime, stime, cutime, cstime are fields 14 to 17; the name in brackets may have spaces.
fn ticks_of(stat: &str) -> Ticks {
    let after = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let times: Vec<u64> =
        after.split_whitespace().skip(11).take(4).filter_map(|field| field.parse().ok()).collect();
    match times[..] {
        [user, system, ended_user, ended_system] => {
            Ticks { own: user + system, ended: ended_user + ended_system }
        }
        _ => Ticks::default(),
    }
}

fn resident_of(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::{Ticks, resident_of, ticks_of};

    #[test]
    fn processor_time_is_read() {
        let stat = "12 (a (b) c) S 1 12 12 0 -1 4194304 1 2 3 4 100 20 300 4 20 0 9 0 1";
        assert_eq!(ticks_of(stat), Ticks { own: 120, ended: 304 });
        assert_eq!(ticks_of("nothing"), Ticks::default());
    }

    #[test]
    fn resident_memory_is_read() {
        assert_eq!(resident_of("Name:\tnclc\nVmRSS:\t  123456 kB\nThreads:\t4"), Some(123_456 * 1024));
        assert_eq!(resident_of("Name:\tnclc"), None);
    }
}

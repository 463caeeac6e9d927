//! The log to another system: every line as a message of RFC 5424, by TLS as in RFC 5425.
//!
//! Invariants: whoever writes a line never waits. Lines wait in a queue that is bounded in number and in bytes; what finds
//! no place there is counted, and said once a minute. The receiver must have a certificate of a trusted authority for the
//! name it was asked by. One thread of its own sends, so that lines leave also while everything else is busy.
//! Syslog has no receipts: what the other side had taken from its socket and not kept when it broke down is lost.

mod message;
mod sender;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

use jiff::Timestamp;
use kernel_core::Clock;
use kernel_core::settings::{SettingError, SyslogSettings};
use kernel_tls::{client, machine_roots, roots_of};
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use sender::Sender;
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tracing::Level;

/// Lines that wait at most.
const MOST_LINES: usize = 20_000;
/// Their bytes.
const MOST_BYTES: usize = 16 << 20;

thread_local! {
    /// Whether this thread is the one that sends: what libraries say of sending would otherwise have to be sent as well.
    static SENDS: Cell<bool> = const { Cell::new(false) };
}

/// One line on its way.
struct Line {
    at: Timestamp,
    level: Level,
    security: bool,
    text: Vec<u8>,
}

enum Item {
    Line(Line),
    /// There is something to look at: the end has begun.
    Wake,
}

/// What both sides of the queue know.
#[derive(Default)]
struct Shared {
    bytes: AtomicUsize,
    dropped: AtomicU64,
    ending: AtomicBool,
    /// Until when what waits may still be sent.
    until: Mutex<Option<Instant>>,
}

/// Takes lines. Cheap to clone.
#[derive(Clone)]
pub struct Outlet {
    queue: SyncSender<Item>,
    shared: Arc<Shared>,
    clock: Clock,
}

/// The thread that sends.
pub struct Syslog {
    outlet: Outlet,
    done: Receiver<()>,
    thread: JoinHandle<()>,
}

impl std::fmt::Debug for Outlet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Outlet")
    }
}
impl std::fmt::Debug for Syslog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Syslog")
    }
}

impl Syslog {
    /// Starts sending to the receiver; it is connected to as soon as there is a line.
    ///
    /// # Errors
    /// Names the setting that can't be used, and says why.
    pub fn start(settings: &SyslogSettings, clock: Clock) -> Result<Self, SettingError> {
        let wrong = |name: &str, problem: String| SettingError {
            name: name.to_owned(),
            problem,
            example: "NCLC_LOGS_SYSLOG=tls://logs.example.com:6514 NCLC_LOGS_SYSLOG_AUTHORITY=/etc/nclc/logs-ca.pem",
        };
        let roots = match &settings.authority {
            Some(file) => roots_of(file).map_err(|problem| wrong("NCLC_LOGS_SYSLOG_AUTHORITY", problem))?,
            None => machine_roots(),
        };
        let name = ServerName::try_from(settings.host.clone())
            .map_err(|_| wrong("NCLC_LOGS_SYSLOG", "the host's name can't be in a certificate".into()))?;
        let mut tls = client(roots).map_err(|problem| wrong("NCLC_LOGS_SYSLOG", problem))?;
        tls.resumption = Resumption::disabled();
        let (queue, waiting) = sync_channel(MOST_LINES);
        let (finished, done) = sync_channel(1);
        let shared = Arc::new(Shared::default());
        let place = (settings.host.clone(), settings.port);
        let sender = Sender::new(place, (Arc::new(tls), name), waiting, Arc::clone(&shared));
        let thread = std::thread::Builder::new()
            .name("logs".into())
            .spawn(move || {
                SENDS.set(true);
                sender.run();
                let _nobody_waits = finished.send(());
            })
            .map_err(|error| wrong("NCLC_LOGS_SYSLOG", format!("no thread: {error}")))?;
        Ok(Self { outlet: Outlet { queue, shared, clock }, done, thread })
    }

    /// Takes lines.
    #[must_use]
    pub fn outlet(&self) -> Outlet {
        self.outlet.clone()
    }

    /// Sends what waits, for so long at most, and ends. Answers whether all of it was sent.
    pub fn finish(self, patience: Duration) -> bool {
        let shared = &self.outlet.shared;
        *shared.until.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + patience);
        shared.ending.store(true, Relaxed);
        // A full queue wakes it as well.
        let _full = self.outlet.queue.try_send(Item::Wake);
        self.thread.thread().unpark();
        // A look-up of a name can't be cut short: the process does not wait for it.
        self.done.recv_timeout(patience + Duration::from_millis(200)).is_ok()
            && shared.bytes.load(Relaxed) == 0
    }
}

impl Outlet {
    /// Puts a line into the queue, or counts it as dropped. `target` is the event's.
    pub fn send(&self, level: Level, target: &str, line: &[u8]) {
        if SENDS.get() && target != TARGET {
            return;
        }
        let text = line.trim_ascii_end();
        let size = text.len();
        if text.is_empty() {
            return;
        }
        if self.shared.bytes.fetch_add(size, Relaxed) + size > MOST_BYTES {
            return self.dropped(size);
        }
        let line = Line { at: self.clock.now(), level, security: target == "security", text: text.to_vec() };
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) =
            self.queue.try_send(Item::Line(line))
        {
            self.dropped(size);
        }
    }

    fn dropped(&self, size: usize) {
        self.shared.bytes.fetch_sub(size, Relaxed);
        self.shared.dropped.fetch_add(1, Relaxed);
        metrics::counter!("log_lines_dropped_total").increment(1);
    }
}

/// Under which the sender itself speaks.
const TARGET: &str = "logs";

#[cfg(test)]
mod tests;

//! NOTIFY: one connection a database hears all channels of this process.
//!
//! A notification is a hint; the sequence in the database is the truth. [`Notification::Reconnected`] comes first, and
//! again whenever some may have been missed, so that a reader catches up from the database.

use crate::tls::Tls;
use crate::{Database, Db};
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, broadcast};
use tokio_postgres::{AsyncMessage, Client, Config};

const BACKLOG: usize = 4096;

/// What a listener hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notification {
    /// Somebody notified the channel.
    Payload(Arc<str>),
    /// Listening (again): what happened before may have been missed.
    Reconnected,
}

#[derive(Clone, Debug)]
enum Event {
    Payload(&'static str, Arc<str>),
    /// `None`: all channels.
    Listening(Option<&'static str>),
}

/// One reader of a channel. It hears what is committed after the first [`Notification::Reconnected`].
#[derive(Debug)]
pub struct Listener {
    channel: &'static str,
    events: broadcast::Receiver<Event>,
    _hub: Arc<Shared>,
}

impl Listener {
    /// The next notification. Cancel-safe.
    pub async fn recv(&mut self) -> Notification {
        loop {
            match self.events.recv().await {
                Ok(Event::Payload(channel, payload)) if channel == self.channel => {
                    return Notification::Payload(payload);
                }
                Ok(Event::Listening(channel)) if channel.is_none_or(|channel| channel == self.channel) => {
                    return Notification::Reconnected;
                }
                Ok(_) => {}
                Err(broadcast::error::RecvError::Lagged(_)) => return Notification::Reconnected,
                // The sender lives in `_hub`.
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}

/// The listening connection of one database, opened when first asked for.
#[derive(Debug)]
pub(crate) struct Hub(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    database: Database,
    config: Config,
    tls: Tls,
    events: broadcast::Sender<Event>,
    wanted: Mutex<Wanted>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Wanted {
    channels: BTreeSet<&'static str>,
    task: Option<tokio::task::AbortHandle>,
    asked: Vec<&'static str>,
}

impl Hub {
    pub(crate) fn new(database: Database, config: Config, tls: Tls) -> Self {
        Self(Arc::new(Shared {
            database,
            config,
            tls,
            events: broadcast::channel(BACKLOG).0,
            wanted: Mutex::default(),
            changed: Notify::new(),
        }))
    }
}

impl Hub {
    /// Hears nothing any more.
    pub(crate) fn close(&self) {
        if let Some(task) = self.0.wanted.lock().task.take() {
            task.abort();
        }
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.close();
    }
}

impl Db {
    /// Hears `channel`. Must be called within a Tokio runtime.
    #[must_use]
    pub fn listen(&self, database: Database, channel: &'static str) -> Listener {
        let hub = match database {
            Database::Control => &self.0.hubs[0],
            Database::Billing => &self.0.hubs[1],
            Database::Data => &self.0.hubs[2],
            Database::Logs => &self.0.hubs[3],
        };
        let events = hub.0.events.subscribe();
        let mut wanted = hub.0.wanted.lock();
        wanted.channels.insert(channel);
        wanted.asked.push(channel);
        if wanted.task.as_ref().is_none_or(tokio::task::AbortHandle::is_finished) {
            wanted.task = Some(tokio::spawn(run(hub.0.clone())).abort_handle());
        }
        drop(wanted);
        hub.0.changed.notify_one();
        Listener { channel, events, _hub: hub.0.clone() }
    }
}

/// Connects, listens, forwards; again whenever the connection breaks.
async fn run(shared: Arc<Shared>) {
    let mut failures = 0u32;
    loop {
        match session(&shared, &mut failures).await {
            Ok(()) => {}
            Err(error) if failures == 0 => {
                tracing::warn!(database = %shared.database, %error, "the listening connection broke");
            }
            Err(_) => {}
        }
        failures += 1;
        tokio::time::sleep(Duration::from_millis(50 * u64::from(failures.min(20)))).await;
    }
}

/// For connecting and greeting.
const GREETING: Duration = Duration::from_secs(10);

async fn session(shared: &Shared, failures: &mut u32) -> Result<(), tokio_postgres::Error> {
    let connecting = shared.config.connect(shared.tls.clone());
    // The driver's own time-out ends with the connection of TCP.
    let Ok(connected) = tokio::time::timeout(GREETING, connecting).await else {
        tracing::warn!(database = %shared.database, "the server takes the listening connection and says nothing");
        return Ok(());
    };
    let (client, mut connection) = connected?;
    let events = shared.events.clone();
    let known = |name: &str| shared.wanted.lock().channels.iter().copied().find(|channel| *channel == name);
    let forward = async {
        while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notification(note) = message?
                && let Some(channel) = known(note.channel())
            {
                let _heard = events.send(Event::Payload(channel, note.payload().into()));
            }
        }
        Ok(())
    };
    let listen = async {
        let all: Vec<_> = {
            let mut wanted = shared.wanted.lock();
            wanted.asked.clear();
            wanted.channels.iter().copied().collect()
        };
        subscribe(&client, &all).await?;
        *failures = 0;
        let _heard = shared.events.send(Event::Listening(None));
        loop {
            shared.changed.notified().await;
            let asked = std::mem::take(&mut shared.wanted.lock().asked);
            subscribe(&client, &asked).await?;
            for channel in asked {
                let _heard = shared.events.send(Event::Listening(Some(channel)));
            }
        }
    };
    tokio::select! {
        done = forward => done,
        done = listen => done,
    }
}

async fn subscribe(client: &Client, channels: &[&str]) -> Result<(), tokio_postgres::Error> {
    for channel in channels {
        client.batch_execute(&format!("listen \"{}\"", channel.replace('"', "\"\""))).await?;
    }
    Ok(())
}

//! The sending side: a connection that is made when there is something to send, and made again when it broke.
//!
//! Invariant: a batch that could not be written whole is sent again on the next connection, so a break may double lines and
//! loses none that was still here.

use crate::message::Origin;
use crate::{Item, Line, Shared, TARGET};
use kernel_tls::why;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

/// For connecting, greeting and each write.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two tries, at first and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(30));
/// How often dropped lines are told.
const TELL: Duration = Duration::from_secs(60);
/// Bytes that are written at once, about.
const BATCH: usize = 64 << 10;

type Tls = (Arc<ClientConfig>, ServerName<'static>);

pub(crate) struct Sender {
    place: (String, u16),
    tls: Tls,
    queue: Receiver<Item>,
    shared: Arc<Shared>,
    origin: Origin,
    connection: Option<Connection>,
    /// Frames that are not written yet, and the bytes of their lines.
    batch: Vec<u8>,
    taken: usize,
    told: Instant,
}

impl Sender {
    pub(crate) fn new(place: (String, u16), tls: Tls, queue: Receiver<Item>, shared: Arc<Shared>) -> Self {
        let (origin, told) = (Origin::here(), Instant::now());
        Self { place, tls, queue, shared, origin, connection: None, batch: Vec::new(), taken: 0, told }
    }

    /// Sends until the end has begun and nothing waits, or its time is over.
    pub(crate) fn run(mut self) {
        let (mut pause, mut failing) = (PAUSE.0, false);
        while self.fill() {
            if self.batch.is_empty() {
                continue;
            }
            match self.write() {
                Ok(()) => {
                    self.shared.bytes.fetch_sub(self.taken, Relaxed);
                    self.batch.clear();
                    self.taken = 0;
                    if failing {
                        tracing::info!(target: TARGET, "the receiver of logs is back");
                    }
                    (pause, failing) = (PAUSE.0, false);
                }
                Err(error) => {
                    self.connection = None;
                    if !failing {
                        tracing::warn!(target: TARGET, "the receiver of logs can't be reached: {}", said(&error));
                    }
                    failing = true;
                    self.tell();
                    if self.left().is_some_and(|left| left.is_zero()) {
                        return;
                    }
                    // Parking ends at once when the end begins.
                    std::thread::park_timeout(self.left().unwrap_or(pause).min(pause));
                    pause = (pause * 2).min(PAUSE.1);
                    if self.left().is_some() {
                        pause = PAUSE.0;
                    }
                }
            }
        }
        if let Some(connection) = &mut self.connection {
            connection.close();
        }
    }

    /// Takes lines for one batch; waits for the first. Whether to go on.
    fn fill(&mut self) -> bool {
        if !self.batch.is_empty() {
            return true;
        }
        // At the end what is there goes out and nothing is waited for; who begins the end wakes us.
        let patience = if self.shared.ending.load(Relaxed) { Duration::ZERO } else { TELL };
        match self.queue.recv_timeout(patience) {
            Ok(Item::Line(line)) => self.take(&line),
            Ok(Item::Wake) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return false,
        }
        while self.batch.len() < BATCH {
            match self.queue.try_recv() {
                Ok(Item::Line(line)) => self.take(&line),
                Ok(Item::Wake) => {}
                Err(_) => break,
            }
        }
        self.tell();
        // The first empty look is the last.
        !(self.shared.ending.load(Relaxed) && self.batch.is_empty())
    }

    fn take(&mut self, line: &Line) {
        self.taken += line.text.len();
        self.origin.frame(line, &mut self.batch);
    }

    /// How long is left once the end has begun.
    fn left(&self) -> Option<Duration> {
        let until = *self.shared.until.lock().unwrap_or_else(PoisonError::into_inner);
        until.map(|until| until.saturating_duration_since(Instant::now()))
    }

    /// Says once a minute how many lines found no place.
    fn tell(&mut self) {
        if self.told.elapsed() >= TELL {
            self.told = Instant::now();
            let lines = self.shared.dropped.swap(0, Relaxed);
            if lines > 0 {
                tracing::warn!(target: TARGET, lines, "lines of the log were dropped: the receiver is away or too slow");
            }
        }
    }

    fn write(&mut self) -> io::Result<()> {
        let patience = self.left().unwrap_or(PATIENCE).clamp(Duration::from_millis(50), PATIENCE);
        if self.connection.as_mut().is_none_or(|connection| !connection.stands()) {
            self.connection = Some(Connection::open(&self.place, &self.tls, patience)?);
        }
        self.connection.as_mut().map_or(Ok(()), |connection| connection.write(&self.batch))
    }
}

/// What is wrong, for a person.
fn said(error: &io::Error) -> String {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(inner) => why(inner),
        None => error.to_string(),
    }
}

struct Connection {
    socket: TcpStream,
    tls: ClientConnection,
}

impl Connection {
    fn open((host, port): &(String, u16), (config, name): &Tls, patience: Duration) -> io::Result<Self> {
        let mut last = io::Error::new(ErrorKind::NotFound, "the name has no address");
        for address in (host.as_str(), *port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, patience) {
                Ok(mut socket) => {
                    socket.set_read_timeout(Some(patience))?;
                    socket.set_write_timeout(Some(patience))?;
                    socket.set_nodelay(true)?;
                    let mut tls =
                        ClientConnection::new(config.clone(), name.clone()).map_err(io::Error::other)?;
                    while tls.is_handshaking() {
                        tls.complete_io(&mut socket)?;
                    }
                    return Ok(Self { socket, tls });
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Whether the other side still listens. It has nothing to say but tickets and the end; what has arrived is read, and
    /// nothing is waited for.
    fn stands(&mut self) -> bool {
        let mut look = || -> io::Result<bool> {
            self.socket.set_nonblocking(true)?;
            loop {
                match self.tls.read_tls(&mut self.socket) {
                    Ok(0) => return Ok(false),
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
                    Err(error) => return Err(error),
                }
                let state = self.tls.process_new_packets().map_err(io::Error::other)?;
                if state.peer_has_closed() {
                    return Ok(false);
                }
                let mut unasked = vec![0; state.plaintext_bytes_to_read()];
                self.tls.reader().read_exact(&mut unasked)?;
            }
        };
        look().unwrap_or(false) && self.socket.set_nonblocking(false).is_ok()
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut stream = rustls::Stream::new(&mut self.tls, &mut self.socket);
        stream.write_all(bytes)?;
        stream.flush()
    }

    fn close(&mut self) {
        self.tls.send_close_notify();
        let _gone = self.tls.complete_io(&mut self.socket);
        let _gone = self.socket.shutdown(std::net::Shutdown::Write);
    }
}

//! For tests: a receiver of syslog over TLS that keeps what it hears, frame by frame.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

use kernel_tls::testing::Made;
use rustls::{ServerConfig, ServerConnection};
use std::io::{ErrorKind, Read as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

#[derive(Debug, Default)]
struct Heard {
    lines: Mutex<Vec<String>>,
    sockets: Mutex<Vec<TcpStream>>,
    connections: AtomicUsize,
    clean_ends: AtomicUsize,
    stopped: AtomicBool,
}

/// A receiver on a port of this machine.
#[derive(Debug)]
pub struct Receiver {
    /// Its port.
    pub port: u16,
    heard: Arc<Heard>,
    thread: std::thread::JoinHandle<()>,
}

impl Receiver {
    /// Listens on this port (0: any).
    ///
    /// # Panics
    /// The port is taken.
    #[must_use]
    pub fn start(made: &Made, port: u16) -> Self {
        let (certificate, key) = made.parts().unwrap();
        let config = ServerConfig::builder_with_provider(kernel_tls::provider())
            .with_protocol_versions(kernel_tls::VERSIONS)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Heard::default());
        let kept = Arc::clone(&heard);
        let thread = std::thread::spawn(move || {
            for socket in listener.incoming() {
                if kept.stopped.load(SeqCst) {
                    return;
                }
                let socket = socket.unwrap();
                kept.connections.fetch_add(1, SeqCst);
                kept.sockets.lock().unwrap().push(socket.try_clone().unwrap());
                let (config, kept) = (Arc::clone(&config), Arc::clone(&kept));
                std::thread::spawn(move || {
                    if listen(socket, config, &kept).is_ok() {
                        kept.clean_ends.fetch_add(1, SeqCst);
                    }
                });
            }
        });
        Self { port, heard, thread }
    }

    /// The messages that have arrived.
    ///
    /// # Panics
    /// After another panic.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.heard.lines.lock().unwrap().clone()
    }
    /// How many connections were made.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.heard.connections.load(SeqCst)
    }
    /// Connections that ended as TLS wants it; waits for one.
    #[must_use]
    pub fn clean_ends(&self) -> usize {
        eventually("an end", || self.heard.clean_ends.load(SeqCst) > 0);
        self.heard.clean_ends.load(SeqCst)
    }
    /// Ends all connections and gives the port back.
    ///
    /// # Panics
    /// After another panic.
    pub fn stop(self) {
        self.heard.stopped.store(true, SeqCst);
        let _awake = TcpStream::connect(("127.0.0.1", self.port));
        self.thread.join().unwrap();
        for socket in self.heard.sockets.lock().unwrap().drain(..) {
            let _gone = socket.shutdown(Shutdown::Both);
        }
    }
}

/// Takes frames, `<bytes> <message>` one behind the other, until the end.
fn listen(mut socket: TcpStream, config: Arc<ServerConfig>, heard: &Heard) -> std::io::Result<()> {
    let mut tls = ServerConnection::new(config).unwrap();
    let mut stream = rustls::Stream::new(&mut tls, &mut socket);
    let (mut text, mut chunk) = (Vec::new(), vec![0; 16 << 10]);
    loop {
        let count = stream.read(&mut chunk)?;
        text.extend_from_slice(&chunk[..count]);
        while let Some(space) = text.iter().position(|byte| *byte == b' ') {
            let length: usize = std::str::from_utf8(&text[..space]).unwrap().parse().unwrap();
            if text.len() < space + 1 + length {
                break;
            }
            let message = String::from_utf8(text[space + 1..=space + length].to_vec()).unwrap();
            heard.lines.lock().unwrap().push(message);
            text.drain(..=space + length);
        }
        if count == 0 {
            return if text.is_empty() { Ok(()) } else { Err(ErrorKind::UnexpectedEof.into()) };
        }
    }
}

/// Waits until it is so.
///
/// # Panics
/// After 20 seconds.
pub fn eventually(what: &str, done: impl Fn() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < Duration::from_secs(20), "{what}: not within 20 s");
        std::thread::sleep(Duration::from_millis(10));
    }
}

//! Servers that say what a test tells them to, byte by byte.

use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

pub struct Server {
    pub port: u16,
    heard: Arc<Mutex<Vec<String>>>,
}

#[derive(Clone, Copy, PartialEq)]
enum Then {
    Wait,
    Close,
    Forever,
}

impl Server {
    /// Answers every request with this text and keeps the connection; with no text it says nothing.
    pub async fn plain(answer: &str) -> Self {
        Self::start(answer, Then::Wait, None).await
    }
    pub async fn closing(answer: &str) -> Self {
        Self::start(answer, Then::Close, None).await
    }
    /// Speaks first and closes, like a server of another kind.
    pub async fn rude(greeting: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.write_all(greeting.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        });
        Self { port, heard: Arc::default() }
    }
    /// An answer without end.
    pub async fn endless() -> Self {
        Self::start("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", Then::Forever, None).await
    }
    pub async fn redirecting(to: &str) -> Self {
        Self::plain(&format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n")).await
    }
    /// As `idp.test`.
    pub async fn tls(answer: &str) -> Self {
        let certificate = CertificateDer::from(include_bytes!("server.der").to_vec());
        let key = PrivatePkcs8KeyDer::from(include_bytes!("server-key.der").to_vec());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key.into())
            .unwrap();
        Self::start(answer, Then::Wait, Some(TlsAcceptor::from(Arc::new(config)))).await
    }

    async fn start(answer: &str, then: Then, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::<Mutex<Vec<String>>>::default();
        let (answer, log) = (answer.to_owned(), Arc::clone(&heard));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, log, tls) = (answer.clone(), Arc::clone(&log), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                talk(stream, &answer, then, &log).await;
                            }
                        }
                        None => talk(stream, &answer, then, &log).await,
                    }
                });
            }
        });
        Self { port, heard }
    }

    pub fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What arrived, a request each.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// A port on which nothing listens.
    pub async fn free_port() -> u16 {
        TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
    }
}

async fn talk(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    answer: &str,
    then: Then,
    log: &Mutex<Vec<String>>,
) {
    let mut request = Vec::new();
    let mut piece = [0; 4096];
    loop {
        match stream.read(&mut piece).await {
            Ok(read) if read > 0 => request.extend_from_slice(&piece[..read]),
            _ => return,
        }
        let text = String::from_utf8_lossy(&request);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length =
            head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
        if body.len() < length {
            continue;
        }
        log.lock().unwrap().push(text.into_owned());
        request.clear();
        if answer.is_empty() {
            continue;
        }
        if stream.write_all(answer.as_bytes()).await.is_err() || then == Then::Close {
            let _ = stream.shutdown().await;
            return;
        }
        if then == Then::Forever {
            let chunk = format!("400\r\n{}\r\n", "x".repeat(1024));
            while stream.write_all(chunk.as_bytes()).await.is_ok() {}
            return;
        }
    }
}

//! A name server for TXT records (RFC 1035), as an organisation's own would answer.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::UdpSocket;

/// Texts by name; other names do not exist.
#[derive(Clone, Default)]
pub struct NameServer(Arc<Mutex<HashMap<String, String>>>);

impl NameServer {
    /// Serves until the runtime ends.
    pub async fn start() -> anyhow::Result<(Self, SocketAddr)> {
        let socket = UdpSocket::bind("127.0.0.1:0").await?;
        let address = socket.local_addr()?;
        let server = Self::default();
        let records = server.clone();
        tokio::spawn(async move {
            let mut buffer = [0; 1500];
            while let Ok((read, from)) = socket.recv_from(&mut buffer).await {
                if let Some(answer) = records.answer(&buffer[..read]) {
                    let _ = socket.send_to(&answer, from).await;
                }
            }
        });
        Ok((server, address))
    }

    /// Writes a record.
    pub fn set(&self, name: &str, text: &str) {
        if let Ok(mut records) = self.0.lock() {
            records.insert(name.to_owned(), text.to_owned());
        }
    }

    fn answer(&self, query: &[u8]) -> Option<Vec<u8>> {
        let (mut labels, mut at) = (Vec::new(), 12);
        while let Some(&length) = query.get(at).filter(|length| **length > 0) {
            let end = at + 1 + usize::from(length);
            labels.push(String::from_utf8_lossy(query.get(at + 1..end)?).to_lowercase());
            at = end;
        }
        let question = query.get(12..at + 5)?;
        let text = self.0.lock().ok()?.get(&labels.join(".")).cloned();
        let (code, count) = if text.is_some() { (0x80, 1) } else { (0x83, 0) };
        let mut out = [query.get(..2)?, &[0x81, code, 0, 1, 0, count, 0, 0, 0, 0], question].concat();
        if let Some(text) = text {
            let length = u8::try_from(text.len()).ok()?;
            out.extend([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 0, length + 1, length]);
            out.extend(text.as_bytes());
        }
        Some(out)
    }
}

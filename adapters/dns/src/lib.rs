//! TXT records by the name system: [`TxtRecords`] over hickory, with the machine's name servers or one that the settings
//! name. Nothing is kept: who has just added a record should not wait for a memory to fade.

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RData;
use kernel_core::outgoing::TxtRecords;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

/// One try; there are two.
const TIMEOUT: Duration = Duration::from_secs(4);
/// Texts of a name that are looked at.
const MOST: usize = 100;

/// The resolver. Cheap to clone.
#[derive(Clone)]
pub struct Dns(TokioResolver);

impl std::fmt::Debug for Dns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Dns")
    }
}

impl Dns {
    /// Asks `server`, or without one those of the machine.
    ///
    /// # Errors
    /// A sentence: the machine's configuration can't be read.
    pub fn new(server: Option<SocketAddr>) -> Result<Self, String> {
        let mut builder = match server {
            None => TokioResolver::builder_tokio().map_err(|error| error.to_string())?,
            Some(server) => {
                let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
                    connection.port = server.port();
                    connection
                });
                let server = NameServerConfig::new(server.ip(), true, connections.into());
                let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
                TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
            }
        };
        let options = builder.options_mut();
        options.timeout = TIMEOUT;
        options.attempts = 2;
        options.cache_size = 0;
        builder.build().map(Self).map_err(|error| error.to_string())
    }

    async fn look_up(&self, name: &str) -> Result<Vec<String>, String> {
        // With the root's dot, so that the machine's own domain is never tried.
        let name = name.strip_suffix('.').unwrap_or(name);
        if name.split('.').any(str::is_empty) {
            return Err("this is no name".to_owned());
        }
        let name = format!("{name}.");
        let found = match self.0.txt_lookup(name.as_str()).await {
            Ok(found) => found,
            Err(error) if error.is_nx_domain() || error.is_no_records_found() => return Ok(Vec::new()),
            Err(error) => {
                tracing::info!(%error, name, "TXT records could not be looked up");
                return Err("the name servers do not answer".to_owned());
            }
        };
        let texts = found.answers().iter().filter_map(|record| match &record.data {
            RData::TXT(text) => Some(String::from_utf8_lossy(&text.txt_data.concat()).into_owned()),
            _ => None,
        });
        Ok(texts.take(MOST).collect())
    }
}

impl TxtRecords for Dns {
    fn texts<'a>(
        &'a self,
        name: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<String>, String>> + Send + 'a>> {
        Box::pin(self.look_up(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::UdpSocket;

    /// A name server that knows these texts of `proof.test`; other names do not exist, `broken.test` is a fault.
    async fn server(texts: &'static [&'static [&'static str]]) -> SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        tokio::spawn(async move {
            let mut buffer = [0; 1500];
            while let Ok((read, from)) = socket.recv_from(&mut buffer).await {
                let query = &buffer[..read];
                let end = 12 + query[12..].iter().position(|byte| *byte == 0).unwrap() + 5;
                let asks = |name: &[u8]| query[12..].starts_with(name);
                // RFC 1035, 4.1: a head, the question again, answers that point at its name.
                let (code, answers) = match () {
                    () if asks(b"\x05proof\x04test\x00") => (0x80, texts),
                    () if asks(b"\x06broken\x04test\x00") => (0x82, &[][..]),
                    () => (0x83, &[][..]),
                };
                let mut out = query[..2].to_vec();
                out.extend([0x81, code, 0, 1, 0, u8::try_from(answers.len()).unwrap(), 0, 0, 0, 0]);
                out.extend(&query[12..end]);
                for parts in answers {
                    let mut data = Vec::new();
                    for part in *parts {
                        data.push(u8::try_from(part.len()).unwrap());
                        data.extend(part.as_bytes());
                    }
                    out.extend([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60]);
                    out.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
                    out.extend(data);
                }
                socket.send_to(&out, from).await.unwrap();
            }
        });
        address
    }

    #[tokio::test]
    async fn texts_of_a_name_and_of_none() {
        let dns = Dns::new(Some(server(&[&["v=spf1 -all"], &["nclc-domain=", "abc"]]).await)).unwrap();
        let mut texts = dns.texts("proof.test").await.unwrap();
        texts.sort();
        assert_eq!(texts, ["nclc-domain=abc", "v=spf1 -all"]);
        assert_eq!(dns.texts("proof.test.").await.unwrap().len(), 2);
        assert_eq!(dns.texts("nobody.test").await.unwrap(), Vec::<String>::new());
        assert_eq!(dns.texts("broken.test").await.unwrap_err(), "the name servers do not answer");
        assert!(dns.texts("..").await.is_err(), "no name");
    }
}

//! ClamAV's daemon: [`kernel_core::scan::Scanner`] by the command `zINSTREAM` of clamd(8), over a Unix or a TCP socket.
//!
//! Invariants: a file is clean only if the scanner says so after it has got all of it; whatever else comes, or does not come, is a
//! failure. One connection a file, closed whatever happens, and never longer than its time.

use kernel_core::scan::{ScanFailure, Scanner, Verdict};
use kernel_core::settings::ScannerPlace;
use std::io;
use std::path::Path;
use std::pin::{Pin, pin};
use std::time::Duration;
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

/// How long a connection may take: the daemon is near.
const CONNECT: Duration = Duration::from_secs(3);
/// How long the scanner may take to say why it has closed the connection.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// Bytes that are sent at once.
const CHUNK: usize = 128 << 10;
/// Bytes of an answer; a longer one is none.
const ANSWER: u64 = 4_096;
/// Characters of a signature's name that are kept.
const NAME: usize = 200;

/// A clamd.
#[derive(Debug, Clone)]
pub struct Clamd {
    place: ScannerPlace,
    time: Duration,
}

impl Clamd {
    /// The clamd that listens there; `time`: for one file, everything together. Connects when the first file comes.
    #[must_use]
    pub fn new(place: ScannerPlace, time: Duration) -> Self {
        Self { place, time }
    }

    async fn ask(&self, path: &Path) -> Result<Verdict, ScanFailure> {
        let file = File::open(path).await?;
        let refused = |problem: io::Error| unavailable(&format!("no connection: {problem}"));
        let late = |_| unavailable("no connection in time");
        match &self.place {
            ScannerPlace::Unix(socket) => {
                let connected = timeout(CONNECT, UnixStream::connect(socket)).await.map_err(late)?;
                let (from, to) = connected.map_err(refused)?.into_split();
                exchange(file, from, to).await
            }
            ScannerPlace::Tcp(address) => {
                let connected = timeout(CONNECT, TcpStream::connect(address)).await.map_err(late)?;
                let (from, to) = connected.map_err(refused)?.into_split();
                exchange(file, from, to).await
            }
        }
    }
}

impl Scanner for Clamd {
    fn scan<'a>(
        &'a self,
        file: &'a Path,
    ) -> Pin<Box<dyn Future<Output = Result<Verdict, ScanFailure>> + Send + 'a>> {
        Box::pin(async move {
            let late = || unavailable(&format!("no verdict within {} seconds", self.time.as_secs()));
            timeout(self.time, self.ask(file)).await.unwrap_or_else(|_| Err(late()))
        })
    }
}

fn unavailable(why: &str) -> ScanFailure {
    ScanFailure::Unavailable(why.to_owned())
}

/// Why not all of a file was sent.
enum Unsent {
    /// The file can't be read.
    File(io::Error),
    /// The scanner does not take more.
    Scanner(io::Error),
}

async fn exchange(
    file: File,
    from: impl AsyncRead + Unpin,
    to: impl AsyncWrite + Unpin,
) -> Result<Verdict, ScanFailure> {
    let mut answer = pin!(answer(from));
    // It may say that the file is too large before it has all of it, and takes nothing more then.
    let sent = tokio::select! {
        biased;
        early = &mut answer => return match verdict(&early.map_err(broken)?)? {
            Verdict::Clean => Err(unavailable("it judged a file that it had a part of")),
            found @ Verdict::Found(_) => Ok(found),
        },
        sent = send(file, to) => sent,
    };
    match sent {
        // The side that writes stays open until the answer is there: a client that has closed it may be taken for one that has gone.
        Ok(_open) => verdict(&answer.await.map_err(broken)?),
        Err(Unsent::File(problem)) => Err(problem.into()),
        Err(Unsent::Scanner(problem)) => match timeout(LAST_WORDS, answer).await {
            Ok(Ok(text)) if !text.is_empty() => match verdict(&text)? {
                Verdict::Clean => Err(unavailable("it judged a file that it had a part of")),
                found @ Verdict::Found(_) => Ok(found),
            },
            _ => Err(broken(problem)),
        },
    }
}

fn broken(problem: io::Error) -> ScanFailure {
    unavailable(&format!("the connection broke: {problem}"))
}

/// Sends a file in pieces, each with its length in front, and a piece without anything at the end.
async fn send<W: AsyncWrite + Unpin>(mut file: File, mut to: W) -> Result<W, Unsent> {
    to.write_all(b"zINSTREAM\0").await.map_err(Unsent::Scanner)?;
    let mut piece = vec![0; 4 + CHUNK];
    loop {
        let read = file.read(&mut piece[4..]).await.map_err(Unsent::File)?;
        let length = u32::try_from(read).map_err(|_| Unsent::File(io::ErrorKind::InvalidData.into()))?;
        piece[..4].copy_from_slice(&length.to_be_bytes());
        to.write_all(&piece[..4 + read]).await.map_err(Unsent::Scanner)?;
        if read == 0 {
            return Ok(to);
        }
    }
}

/// What the scanner says, up to its zero byte or its end.
async fn answer(from: impl AsyncRead + Unpin) -> io::Result<Vec<u8>> {
    let (mut from, mut text, mut piece) = (from.take(ANSWER), Vec::new(), [0; 512]);
    loop {
        let read = from.read(&mut piece).await?;
        text.extend_from_slice(&piece[..read]);
        if read == 0 || piece[..read].contains(&0) {
            return Ok(text);
        }
    }
}

/// What an answer means: `stream: OK`, `stream: <name> FOUND`, `… ERROR`.
fn verdict(answer: &[u8]) -> Result<Verdict, ScanFailure> {
    let (answer, is_whole) = match answer.iter().position(|byte| *byte == 0) {
        Some(end) => (&answer[..end], true),
        None => (answer, false),
    };
    let text: String =
        String::from_utf8_lossy(answer).chars().filter(|c| c.is_ascii_graphic() || *c == ' ').collect();
    let said = text.trim();
    if said.is_empty() {
        return Err(unavailable("it closed the connection without an answer"));
    }
    if said.ends_with("ERROR") && said.contains("size limit exceeded") {
        return Err(ScanFailure::TooLarge);
    }
    let of_stream = said.strip_prefix("stream: ").filter(|_| is_whole);
    if of_stream == Some("OK") {
        return Ok(Verdict::Clean);
    }
    match of_stream.and_then(|rest| rest.strip_suffix(" FOUND")) {
        Some(name) => Ok(Verdict::Found(name.chars().take(NAME).collect())),
        None => {
            let said: String = said.chars().take(NAME).collect();
            Err(unavailable(&format!("it answered {said:?}")))
        }
    }
}

#[cfg(test)]
mod tests;

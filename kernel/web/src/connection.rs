//! One connection's socket: how long it may be idle or slow, and an end at which the client can read the last answer.
//!
//! Invariants: a connection between two requests is left alone for `idle` at least; a request's head that has begun
//! is there within `head`, or the connection ends. When a request's body was not read to its end (it was refused), the
//! socket is closed by lingering: first our direction, then what still comes is read and thrown away for a bounded time.
//! Closing at once would send a reset, which takes the answer from the client before it has read it (RFC 9112 section 9.6).

use crate::wire::Wire;
use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// How long a client that goes on sending a refused body is listened to at most.
const LINGER: Duration = Duration::from_secs(30);
/// How long a client may pause meanwhile.
const LINGER_PAUSE: Duration = Duration::from_secs(5);
/// What is read of it at most, in bytes.
const LINGER_BYTES: usize = 256 << 20;
/// A body that is larger than this and was not read costs the connection; the rest of a smaller one hyper throws away.
const WORTH_CLOSING: u64 = 64 << 10;

/// How patient the server is with a client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// From the first byte of a request to the end of its head (slowloris).
    pub head: Duration,
    /// Between two requests.
    pub idle: Duration,
}

/// What the socket must know of the requests on it.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// Requests whose head was read.
    begun: AtomicU32,
    /// Requests that wait for their answer.
    busy: AtomicU32,
    /// Whether the last request's body was not read to its end.
    unread: AtomicBool,
}

/// A request in hand; dropped when its answer is ready.
#[derive(Debug)]
pub(crate) struct InHand(Arc<Progress>);

impl Progress {
    /// A request that needs work.
    pub(crate) fn begin(self: &Arc<Self>) -> InHand {
        self.begin_at_once();
        self.busy.fetch_add(1, Relaxed);
        InHand(self.clone())
    }
    /// A request that is answered without waiting.
    pub(crate) fn begin_at_once(&self) {
        self.begun.fetch_add(1, Relaxed);
    }
}

impl InHand {
    /// The body for the handler, and whether the connection has to end when the handler leaves it unread.
    pub(crate) fn body(&self, incoming: Incoming) -> (Body, bool) {
        self.0.unread.store(false, Relaxed);
        if incoming.is_end_stream() {
            return (Body::empty(), false);
        }
        self.0.unread.store(true, Relaxed);
        let large = incoming.size_hint().upper().is_none_or(|most| most > WORTH_CLOSING);
        (Body::new(Watched { incoming, progress: self.0.clone() }), large)
    }
    /// Whether the handler left something of the body.
    pub(crate) fn has_unread(&self) -> bool {
        self.0.unread.load(Relaxed)
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Relaxed);
    }
}

/// A body that tells when it was read to its end.
struct Watched {
    incoming: Incoming,
    progress: Arc<Progress>,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = hyper::Error;
    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.incoming).poll_frame(cx));
        if frame.as_ref().is_none_or(Result::is_err) || self.incoming.is_end_stream() {
            self.progress.unread.store(false, Relaxed);
        }
        Poll::Ready(frame)
    }
    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }
    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

/// The socket under hyper.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: Wire,
    progress: Arc<Progress>,
    patience: Patience,
    /// One timer a connection. It is not moved with every byte: when it rings, `moved` says whether there was any.
    timer: Pin<Box<Sleep>>,
    moved: bool,
    /// A head that has begun: the number of requests before it, and whether the timer stands at its end.
    head: Option<(u32, bool)>,
    /// How much of the preface of HTTP/2, whose frames are no heads, was read; or that it was something else.
    preface: usize,
    linger: Option<Linger>,
}

#[derive(Debug)]
struct Linger {
    until: Instant,
    left: usize,
    buffer: Vec<u8>,
}

/// How a connection of HTTP/2 begins (RFC 9113 section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const NO_PREFACE: usize = usize::MAX;

impl Socket {
    pub(crate) fn new(stream: Wire, progress: Arc<Progress>, patience: Patience) -> Self {
        Self {
            stream,
            progress,
            patience,
            timer: Box::pin(sleep(patience.idle)),
            moved: false,
            head: None,
            preface: 0,
            linger: None,
        }
    }

    fn took(&mut self, bytes: &[u8]) {
        self.moved = true;
        // What merely begins like the preface of HTTP/2 (RFC 9113 section 3.4) is a head of HTTP/1.
        let known = self.preface;
        if known < PREFACE.len() {
            let same =
                bytes.iter().zip(&PREFACE[known..]).take_while(|(byte, wanted)| byte == wanted).count();
            let whole = same == bytes.len().min(PREFACE.len() - known);
            self.preface = if whole { known + same } else { NO_PREFACE };
        }
        let http2 = self.preface == PREFACE.len();
        if !http2 && self.head.is_none() && self.progress.busy.load(Relaxed) == 0 {
            self.head = Some((self.progress.begun.load(Relaxed), false));
        }
    }

    fn ring_in(&mut self, time: Duration) {
        self.timer.as_mut().reset((Instant::now() + time).into());
    }

    /// Nothing to read: looks whether the patience is over. An error ends the connection; no bytes (the end of the stream)
    /// end one that is idle.
    fn waiting(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some((before, timed)) = self.head {
            let is_open = before == self.progress.begun.load(Relaxed);
            if is_open && !timed {
                self.head = Some((before, true));
                self.ring_in(self.patience.head);
            } else if !is_open {
                self.head = None;
                if timed {
                    self.ring_in(self.patience.idle);
                }
            }
        }
        while self.timer.as_mut().poll(cx).is_ready() {
            if self.head.is_some() {
                return Poll::Ready(Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "a request's head is too slow",
                )));
            }
            if !self.moved && self.progress.busy.load(Relaxed) == 0 {
                return Poll::Ready(Ok(()));
            }
            self.moved = false;
            self.ring_in(self.patience.idle);
        }
        Poll::Pending
    }

    /// Reads and throws away until the client has closed, or long enough.
    fn linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(mut linger) = self.linger.take() else { return Poll::Ready(()) };
        let mut quiet = true;
        loop {
            let mut buffer = ReadBuf::new(&mut linger.buffer);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    linger.left = linger.left.saturating_sub(buffer.filled().len());
                    quiet = false;
                    if linger.left == 0 {
                        return Poll::Ready(());
                    }
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => break,
            }
        }
        let rest = linger.until.saturating_duration_since(Instant::now());
        if rest.is_zero() {
            return Poll::Ready(());
        }
        if !quiet {
            self.ring_in(rest.min(LINGER_PAUSE));
        }
        ready_or(self.timer.as_mut().poll(cx), || self.linger = Some(linger))
    }
}

/// Runs `otherwise` when there is nothing yet.
fn ready_or(poll: Poll<()>, otherwise: impl FnOnce()) -> Poll<()> {
    if poll.is_pending() {
        otherwise();
    }
    poll
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        match Pin::new(&mut self.stream).poll_read(cx, buffer) {
            Poll::Ready(Ok(())) => {
                let new = &buffer.filled()[before..];
                if !new.is_empty() {
                    self.took(new);
                }
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => self.waiting(cx),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.moved = true;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        self.moved |= written.is_ready();
        written
    }
    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.linger.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            if !self.progress.unread.load(Relaxed) {
                return Poll::Ready(Ok(()));
            }
            let until = Instant::now() + LINGER;
            self.linger = Some(Linger { until, left: LINGER_BYTES, buffer: vec![0; 64 << 10] });
            self.ring_in(LINGER_PAUSE);
        }
        ready!(self.linger(cx));
        // Asked again, there is nothing left to wait for.
        self.progress.unread.store(false, Relaxed);
        Poll::Ready(Ok(()))
    }
}

//! Against a daemon on real sockets that speaks as clamd does, keeps what it was sent, and fails as told.

use super::*;
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What the daemon does with a file.
#[derive(Clone, Copy)]
enum Manner {
    /// Says this when it has all of it.
    Says(&'static [u8]),
    /// Takes no more than so many bytes, as `StreamMaxLength` has it: says so and closes.
    Takes(usize),
    /// Says this after the first piece and goes on reading.
    Early(&'static [u8]),
    /// Closes after the first piece.
    Closes,
    /// Reads everything and never answers.
    Silent,
    /// Reads nothing.
    Deaf,
}

async fn session<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    manner: Manner,
    kept: UnboundedSender<Vec<u8>>,
) {
    if matches!(manner, Manner::Deaf) {
        return std::future::pending().await;
    }
    let mut command = [0; 10];
    stream.read_exact(&mut command).await.unwrap();
    assert_eq!(&command, b"zINSTREAM\0");
    let mut whole = Vec::new();
    loop {
        let length = stream.read_u32().await.unwrap() as usize;
        if length == 0 {
            break;
        }
        if matches!(manner, Manner::Takes(most) if whole.len() + length > most) {
            stream.write_all(b"INSTREAM size limit exceeded. ERROR\0").await.unwrap();
            return;
        }
        let mut piece = vec![0; length];
        stream.read_exact(&mut piece).await.unwrap();
        whole.extend(piece);
        match manner {
            Manner::Closes => return,
            Manner::Early(text) if whole.len() == length => stream.write_all(text).await.unwrap(),
            _ => {}
        }
    }
    kept.send(whole).unwrap();
    match manner {
        Manner::Says(text) => stream.write_all(text).await.unwrap(),
        _ => std::future::pending().await,
    }
}

/// A daemon of this manner at a Unix and at a TCP socket, and the files that it has got.
async fn daemon(
    folder: &Path,
    manner: Manner,
) -> ([ScannerPlace; 2], UnboundedReceiver<Vec<u8>>, Vec<tokio::task::JoinHandle<()>>) {
    let (sender, receiver) = unbounded_channel();
    let socket = folder.join("clamd.ctl");
    let (unix, tcp) = (UnixListener::bind(&socket).unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let places = [ScannerPlace::Unix(socket), ScannerPlace::Tcp(tcp.local_addr().unwrap().to_string())];
    let other = sender.clone();
    let tasks = vec![
        tokio::spawn(async move {
            while let Ok((stream, _)) = unix.accept().await {
                tokio::spawn(session(stream, manner, sender.clone()));
            }
        }),
        tokio::spawn(async move {
            while let Ok((stream, _)) = tcp.accept().await {
                tokio::spawn(session(stream, manner, other.clone()));
            }
        }),
    ];
    (places, receiver, tasks)
}

fn file(folder: &Path, bytes: &[u8]) -> std::path::PathBuf {
    let path = folder.join("file");
    std::fs::write(&path, bytes).unwrap();
    path
}

/// What scanning a file of so many bytes comes to, with either socket.
async fn outcome(manner: Manner, bytes: usize) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let (places, _files, _tasks) = daemon(folder.path(), manner).await;
    let path = file(folder.path(), &vec![7; bytes]);
    let mut all = Vec::new();
    for place in places {
        let found = Clamd::new(place, Duration::from_millis(400)).scan(&path).await;
        all.push(match found {
            Ok(Verdict::Clean) => "clean".to_owned(),
            Ok(Verdict::Found(name)) => format!("found {name}"),
            Err(failure) => failure.to_string(),
        });
    }
    all
}

#[tokio::test]
async fn a_file_arrives_whole_in_pieces() {
    let folder = tempfile::tempdir().unwrap();
    let (places, mut files, _tasks) = daemon(folder.path(), Manner::Says(b"stream: OK\0")).await;
    for place in places {
        let clamd = Clamd::new(place, Duration::from_secs(5));
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 5 * CHUNK + 11] {
            let bytes: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
            assert_eq!(clamd.scan(&file(folder.path(), &bytes)).await.unwrap(), Verdict::Clean);
            assert!(files.recv().await.unwrap() == bytes, "{length} bytes");
        }
    }
}

#[tokio::test]
async fn answers_are_taken_for_what_they_are() {
    for (answer, meant) in [
        (&b"stream: OK\0"[..], "clean"),
        (b"stream: Eicar-Test-Signature FOUND\0", "found Eicar-Test-Signature"),
        (b"stream: Win.Test.EICAR_HDB-1(44d88612:68) FOUND\0", "found Win.Test.EICAR_HDB-1(44d88612:68)"),
        (b"stream: A\r\nB\x1b FOUND\0", "found AB"),
        (b"INSTREAM size limit exceeded. ERROR\0", "the scanner does not take a file of this size"),
        (
            b"stream: Can't allocate memory ERROR\0",
            "the scanner can't be asked: it answered \"stream: Can't allocate memory ERROR\"",
        ),
        (b"UNKNOWN COMMAND\0", "the scanner can't be asked: it answered \"UNKNOWN COMMAND\""),
        // Only the whole word counts.
        (b"OK\0", "the scanner can't be asked: it answered \"OK\""),
        (b"stream: OK or so\0", "the scanner can't be asked: it answered \"stream: OK or so\""),
        (b"\0", "the scanner can't be asked: it closed the connection without an answer"),
    ] {
        assert_eq!(outcome(Manner::Says(answer), 10).await, [meant, meant], "{answer:?}");
    }
    for cut in [&b"stream: OK"[..], b"stream: X FOUND"] {
        assert!(verdict(cut).is_err(), "an answer that is cut off is none");
    }
    let long = [b"stream: ", vec![b'x'; 3_000].as_slice(), b" FOUND\0"].concat();
    assert_eq!(verdict(&long).unwrap(), Verdict::Found("x".repeat(NAME)));
}

#[tokio::test]
async fn a_file_beyond_the_scanners_limit_is_known_as_one() {
    for bytes in [CHUNK + 1, 40 * CHUNK] {
        let too_large = "the scanner does not take a file of this size";
        assert_eq!(outcome(Manner::Takes(CHUNK), bytes).await, [too_large, too_large], "{bytes}");
    }
}

#[tokio::test]
async fn what_is_said_too_early_is_no_verdict_of_clean() {
    for early in [&b"stream: OK\0"[..], b"stream: OK\0stream: OK\0"] {
        for said in outcome(Manner::Early(early), 300 * CHUNK).await {
            assert_eq!(said, "the scanner can't be asked: it judged a file that it had a part of");
        }
    }
    let found = outcome(Manner::Early(b"stream: Bad FOUND\0"), 300 * CHUNK).await;
    assert_eq!(found, ["found Bad", "found Bad"]);
}

#[tokio::test]
async fn a_scanner_that_fails_finds_nothing_clean() {
    for said in outcome(Manner::Closes, 40 * CHUNK).await {
        assert!(said.starts_with("the scanner can't be asked: "), "{said}");
    }
    for manner in [Manner::Silent, Manner::Deaf] {
        for said in outcome(manner, 300 * CHUNK).await {
            assert_eq!(said, "the scanner can't be asked: no verdict within 0 seconds");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), b"x");
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for nobody in [ScannerPlace::Unix(folder.path().join("none.ctl")), ScannerPlace::Tcp(free.to_string())] {
        let failure = Clamd::new(nobody, Duration::from_secs(5)).scan(&path).await.unwrap_err();
        assert!(
            matches!(&failure, ScanFailure::Unavailable(why) if why.starts_with("no connection")),
            "{failure}"
        );
    }
    let (places, ..) = daemon(folder.path(), Manner::Says(b"stream: OK\0")).await;
    let gone = Clamd::new(places[0].clone(), Duration::from_secs(5)).scan(&folder.path().join("gone")).await;
    assert!(matches!(gone, Err(ScanFailure::File(_))));
}

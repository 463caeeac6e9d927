//! Files of cells are looked at for malware (ASVS 5.4.3): every way in, with a daemon that speaks clamd's protocol on a real
//! socket, finds one text, and fails as told.

use crate::attachments::{Cabinet, png};
use crate::secrets::captured;
use identity::audit::of_tenant;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::{Answer, Server, TestSystem, eventually, run};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, UnixListener, UnixStream};

/// What the daemon knows, by its name for it.
const MALWARE: &[u8] = b"planted-malware-of-this-test";
const SIGNATURE: &str = "Test.Planted-1";

/// How the daemon is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mood {
    Good,
    /// Takes its time, and is good.
    Thoughtful,
    /// Answers with an error.
    Troubled,
    /// Says something else.
    Confused,
    /// Takes no more than ten bytes.
    Full,
    /// Never answers.
    Slow,
}

#[derive(Default)]
struct Seen {
    files: Mutex<Vec<Vec<u8>>>,
    now: AtomicUsize,
    most: AtomicUsize,
}

struct Daemon {
    socket: PathBuf,
    mood: Arc<Mutex<Mood>>,
    seen: Arc<Seen>,
    listening: tokio::task::JoinHandle<()>,
    _folder: tempfile::TempDir,
}

impl Daemon {
    fn start() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let socket = folder.path().join("clamd.ctl");
        let (mood, seen) = (Arc::new(Mutex::new(Mood::Good)), Arc::new(Seen::default()));
        let listening = Self::listen(&socket, &mood, &seen)?;
        Ok(Self { socket, mood, seen, listening, _folder: folder })
    }

    fn listen(
        socket: &Path,
        mood: &Arc<Mutex<Mood>>,
        seen: &Arc<Seen>,
    ) -> anyhow::Result<tokio::task::JoinHandle<()>> {
        let listener = UnixListener::bind(socket)?;
        let (mood, seen) = (Arc::clone(mood), Arc::clone(seen));
        Ok(tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (mood, seen) = (*mood.lock().expect("the mood"), Arc::clone(&seen));
                tokio::spawn(async move {
                    let now = seen.now.fetch_add(1, Ordering::SeqCst) + 1;
                    seen.most.fetch_max(now, Ordering::SeqCst);
                    // A client that has gone is no concern of the daemon's.
                    let _ = answer(stream, mood, &seen).await;
                    seen.now.fetch_sub(1, Ordering::SeqCst);
                });
            }
        }))
    }

    fn be(&self, mood: Mood) {
        *self.mood.lock().expect("the mood") = mood;
    }

    /// Nobody listens any more.
    fn die(&self) -> anyhow::Result<()> {
        self.listening.abort();
        Ok(std::fs::remove_file(&self.socket)?)
    }

    fn revive(&mut self) -> anyhow::Result<()> {
        self.listening = Self::listen(&self.socket, &self.mood, &self.seen)?;
        Ok(())
    }

    fn scans(&self) -> usize {
        self.seen.files.lock().expect("the files").len()
    }

    /// A server that has its files looked at by this one.
    async fn server(&self, system: &TestSystem, more: &[(&str, &str)]) -> anyhow::Result<Server> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let mut settings = vec![("NCLC_FILES_SCANNER", format!("unix:{}", self.socket.display()))];
        settings.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        Server::start_with(system.folder(), listener, &settings).await
    }
}

/// One session of clamd's protocol: `zINSTREAM`, pieces with their lengths, an empty one, an answer that ends with zero.
async fn answer(mut stream: UnixStream, mood: Mood, seen: &Seen) -> std::io::Result<()> {
    let mut command = [0; 10];
    stream.read_exact(&mut command).await?;
    if &command != b"zINSTREAM\0" {
        return stream.write_all(b"UNKNOWN COMMAND\0").await;
    }
    let mut whole = Vec::new();
    loop {
        let length = stream.read_u32().await? as usize;
        if length == 0 {
            break;
        }
        if mood == Mood::Full && whole.len() + length > 10 {
            return stream.write_all(b"INSTREAM size limit exceeded. ERROR\0").await;
        }
        let mut piece = vec![0; length];
        stream.read_exact(&mut piece).await?;
        whole.extend(piece);
    }
    let is_bad = whole.windows(MALWARE.len()).any(|part| part == MALWARE);
    seen.files.lock().expect("the files").push(whole);
    let said = match mood {
        Mood::Slow => return std::future::pending().await,
        Mood::Troubled => "stream: Can't allocate memory ERROR".to_owned(),
        Mood::Confused => "OK".to_owned(),
        Mood::Thoughtful => {
            tokio::time::sleep(Duration::from_millis(150)).await;
            "stream: OK".to_owned()
        }
        _ if is_bad => format!("stream: {SIGNATURE} FOUND"),
        _ => "stream: OK".to_owned(),
    };
    stream.write_all(format!("{said}\0").as_bytes()).await
}

/// The requests of a test, to a server with a scanner.
struct At<'a> {
    cabinet: Cabinet<'a>,
    server: &'a Server,
}

impl<'a> At<'a> {
    async fn new(system: &'a TestSystem, server: &'a Server) -> anyhow::Result<Self> {
        Ok(Self { cabinet: Cabinet::new(system).await?, server })
    }

    async fn send(&self, method: &str, path: &str, body: Result<&[u8], Value>) -> anyhow::Result<Answer> {
        let request = self.server.api().request(method.parse()?, path).token(&self.cabinet.tenant.token);
        match body {
            Ok(bytes) => request.file(bytes).send().await,
            Err(body) => request.json(&body).send().await,
        }
    }

    async fn upload(&self, name: &str, bytes: &[u8]) -> anyhow::Result<Answer> {
        self.send("POST", &format!("/v1/files?name={name}"), Ok(bytes)).await
    }

    /// An upload in parts of which all are there: its address.
    async fn in_parts(&self, bytes: &[u8]) -> anyhow::Result<String> {
        let body = json!({"size": bytes.len()});
        let begun = self.send("POST", "/v1/uploads", Err(body)).await?.expect(201)?.json();
        let path = format!("/v1/uploads/{}", begun["id"].as_str().unwrap_or_default());
        let (half, rest) = bytes.split_at(bytes.len() / 2);
        self.send("PATCH", &format!("{path}?offset=0"), Ok(half)).await?.expect(200)?;
        self.send("PATCH", &format!("{path}?offset={}", half.len()), Ok(rest)).await?.expect(200)?;
        Ok(path)
    }

    async fn finish(&self, path: &str, name: &str) -> anyhow::Result<Answer> {
        self.send("POST", &format!("{path}/finish"), Err(json!({"name": name}))).await
    }

    async fn write(&self, fields: Value) -> anyhow::Result<Answer> {
        let path = format!("/v1/records/{}", self.cabinet.first);
        self.send("PATCH", &path, Err(json!({"fields": fields}))).await
    }

    async fn cell(&self, record: &str, field: &str) -> anyhow::Result<Value> {
        let path = format!("/v1/records/{record}");
        let answer = self.server.api().get(&path).token(&self.cabinet.tenant.token).send().await?;
        Ok(answer.expect(200)?.json()["fields"][field].clone())
    }

    async fn download(&self, url: &Value) -> anyhow::Result<Answer> {
        let api = self.server.api();
        let path = url.as_str().unwrap_or_default().strip_prefix(&api.origin()).unwrap_or("/files/none/x");
        api.get(path).send().await
    }

    async fn files(&self) -> anyhow::Result<i64> {
        let sql = self.cabinet.system.sql("data", "nclc_platform").await?;
        let count = "select count(*) from data.files where tenant_id = $1";
        Ok(sql.query_one(count, &[&self.cabinet.tenant.summary.id.uuid()]).await?.get(0))
    }

    /// Everything that is kept of the organisation's files.
    fn kept(&self) -> anyhow::Result<Vec<Vec<u8>>> {
        let folder = self.cabinet.system.folder().join("files");
        let mut folders = vec![folder.join(self.cabinet.tenant.summary.id.uuid().to_string())];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten() {
                let path = entry?.path();
                if path.is_dir() { folders.push(path) } else { files.push(std::fs::read(path)?) }
            }
        }
        Ok(files)
    }
}

fn with_malware(before: &[u8]) -> Vec<u8> {
    [before, b"\n-- ", MALWARE, b" --\n"].concat()
}

/// Somebody else's server: `/good.txt` and `/bad.txt`, until the runtime ends.
async fn elsewhere() -> anyhow::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = vec![0; 4_096];
            let read = stream.read(&mut head).await.unwrap_or_default();
            let is_bad = head[..read].windows(4).any(|part| part == b"/bad");
            let body = if is_bad { with_malware(b"fetched") } else { b"fetched".to_vec() };
            let head =
                format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(&[head.as_bytes(), &body].concat()).await;
        }
    });
    Ok(format!("http://{address}"))
}

fn expect_found(answer: Answer, name: &str) -> anyhow::Result<()> {
    let answer = answer.expect(422)?;
    assert_eq!(answer.code(), "file_infected", "{}", answer.text);
    assert!(answer.text.contains(SIGNATURE) && answer.text.contains(name), "{}", answer.text);
    Ok(())
}

#[test]
fn every_way_in_is_looked_at_and_what_is_found_goes() {
    run(async |system| {
        let log = captured();
        let daemon = Daemon::start()?;
        let server = daemon.server(system, &[]).await?;
        let at = At::new(system, &server).await?;
        let (bad, cabinet) = (with_malware(b"hello"), &at.cabinet);

        // In one request; the file beside it stays.
        expect_found(at.upload("letter.txt", &bad).await?, "letter.txt")?;
        let clean = at.upload("clean.txt", b"hello").await?.expect(201)?.json();
        assert_eq!(at.download(&clean["url"]).await?.expect(200)?.text, "hello");
        at.write(json!({"Files": [{"id": clean["id"]}]})).await?.expect(200)?;
        // In parts: the upload is gone as well.
        let path = at.in_parts(&bad).await?;
        expect_found(at.finish(&path, "parts.txt").await?, "parts.txt")?;
        at.send("GET", &path, Ok(b"")).await?.expect(404)?;
        let path = at.in_parts(b"in two parts").await?;
        let parts = at.finish(&path, "parts.txt").await?.expect(201)?.json();
        assert_eq!(at.download(&parts["url"]).await?.expect(200)?.text, "in two parts");
        // From an address: said at the cell, and nothing of the request is written.
        let elsewhere = elsewhere().await?;
        let by_address = json!({"Name": "other", "Files": [{"url": format!("{elsewhere}/good.txt")}, {"url": format!("{elsewhere}/bad.txt")}]});
        let refused = at.write(by_address).await?;
        assert_eq!(refused.json()["errors"][0]["pointer"], "#/fields/Files", "{}", refused.text);
        expect_found(refused, "bad.txt")?;
        assert_eq!(at.cell(&cabinet.first, "Name").await?, "a");
        at.write(json!({"Files": [{"id": clean["id"]}, {"url": format!("{elsewhere}/good.txt")}]}))
            .await?
            .expect(200)?;
        // Into a cell at once; a signature with something behind the picture; in base64.
        for (field, bytes) in [("Files", bad.clone()), ("Signed", with_malware(&png()))] {
            let path = format!("/v1/records/{}/files?field={field}&name=added.png", cabinet.second);
            expect_found(at.send("POST", &path, Ok(&bytes)).await?, "added.png")?;
            assert!([json!([]), Value::Null].contains(&at.cell(&cabinet.second, field).await?));
        }
        let path = format!("/v1/records/{}/files?field=Signed&name=added.png", cabinet.second);
        at.send("POST", &path, Ok(&png())).await?.expect(201)?;
        let path = format!("/v0/{}/{}/{}/uploadAttachment", cabinet.base, cabinet.second, cabinet.files);
        let body = |bytes: &[u8]| json!({"contentType": "text/plain", "filename": "base.txt", "file": data_encoding::BASE64.encode(bytes)});
        let refused = at.send("POST", &path, Err(body(&bad))).await?.expect(422)?;
        assert!(refused.text.contains(SIGNATURE) && refused.text.contains("base.txt"), "{}", refused.text);
        at.send("POST", &path, Err(body(b"plain"))).await?.expect(200)?;
        let mut names = Vec::new();
        for record in [&cabinet.first, &cabinet.second] {
            let cell = at.cell(record, "Files").await?;
            names.extend(cell.as_array().into_iter().flatten().map(|file| file["filename"].clone()));
        }
        assert_eq!(names, ["clean.txt", "good.txt", "base.txt"]);

        // Each file once, whole; nothing is left of the bad ones, and their count is that of the clean ones alone.
        {
            let files = daemon.seen.files.lock().expect("the files");
            assert_eq!(files.iter().filter(|file| **file == bad).count(), 4, "one, parts, a cell, base64");
            assert!(files.iter().any(|file| file == b"in two parts") && files.len() == 12, "{}", files.len());
        }
        assert_eq!(at.files().await?, 6);
        for file in at.kept()? {
            assert!(!file.windows(MALWARE.len()).any(|part| part == MALWARE), "malware was kept");
        }
        // The trail and the log say what and who, never what was in it.
        let tenant = cabinet.tenant.summary.id;
        let told = eventually("rows of the trail", Duration::from_secs(20), async || {
            let rows = of_tenant(&server.system.db, tenant, 100).await?;
            let rows: Vec<_> = rows.into_iter().filter(|row| row.action == "file.infected").collect();
            Ok((rows.len() >= 6).then_some(rows))
        });
        let rows = told.await?;
        assert!(rows.len() == 6 && rows.iter().all(|row| row.data["signature"] == SIGNATURE), "{rows:?}");
        assert!(rows.iter().any(|row| row.data["name"] == "letter.txt" && row.actor.starts_with("tok_")));
        let log = log.text();
        let lines: Vec<&str> =
            log.lines().filter(|line| line.contains("malware was found in a file")).collect();
        assert_eq!(lines.len(), 6, "{lines:?}");
        for line in lines {
            assert!(line.contains("\"security\"") && line.contains(SIGNATURE), "{line}");
            assert!(line.contains(&tenant.to_string()) && !line.contains("letter.txt"), "{line}");
        }
        assert!(!log.contains(std::str::from_utf8(MALWARE)?), "contents are in the log");
        Ok(())
    });
}

#[test]
fn without_a_verdict_nothing_is_taken_unless_the_operator_says_so() {
    run(async |system| {
        let log = captured();
        let mut daemon = Daemon::start()?;
        // A verdict has five seconds.
        let short = ("NCLC_HTTP_TIMEOUT_SECONDS", "9");
        let strict = daemon.server(system, &[short]).await?;
        let lax = daemon.server(system, &[short, ("NCLC_FILES_SCANNER_REQUIRED", "false")]).await?;
        let (at, open) = (At::new(system, &strict).await?, At::new(system, &lax).await?);
        let bytes = b"eleven byte";
        for mood in [Mood::Troubled, Mood::Confused, Mood::Slow] {
            daemon.be(mood);
            let (refused, taken) = tokio::join!(at.upload("a.txt", bytes), open.upload("a.txt", bytes));
            let refused = refused?.expect(503)?;
            assert_eq!(refused.code(), "scanner_unavailable", "{mood:?}");
            assert_eq!(refused.header("retry-after"), "30");
            assert!(
                !refused.text.contains("allocate"),
                "what the scanner says is for the log: {}",
                refused.text
            );
            taken?.expect(201)?;
        }
        // One that is larger than the scanner takes never will be judged.
        daemon.be(Mood::Full);
        assert_eq!(at.upload("a.txt", bytes).await?.expect(413)?.code(), "file_too_large");
        at.upload("a.txt", b"ten bytes.").await?.expect(201)?;
        open.upload("a.txt", bytes).await?.expect(201)?;
        // Nobody there: an upload in parts waits for the scanner.
        daemon.be(Mood::Good);
        let path = at.in_parts(b"patient").await?;
        daemon.die()?;
        assert_eq!(at.finish(&path, "a.txt").await?.expect(503)?.code(), "scanner_unavailable");
        assert_eq!(at.upload("a.txt", bytes).await?.expect(503)?.code(), "scanner_unavailable");
        open.upload("a.txt", bytes).await?.expect(201)?;
        daemon.revive()?;
        at.finish(&path, "a.txt").await?.expect(201)?;
        // Where a verdict need not be, one still counts.
        expect_found(open.upload("a.txt", &with_malware(b"x")).await?, "a.txt")?;
        assert_eq!((at.files().await?, open.files().await?), (2, 5));
        let log = log.text();
        let lines = log.lines().filter(|line| line.contains("a file was taken without a look for malware"));
        assert_eq!(lines.filter(|line| line.contains("\"security\"")).count(), 5);
        Ok(())
    });
}

#[test]
fn so_many_are_looked_at_together_and_one_of_an_organisation() {
    run(async |system| {
        let daemon = Daemon::start()?;
        let server = daemon.server(system, &[]).await?;
        daemon.be(Mood::Thoughtful);
        let one = At::new(system, &server).await?;
        let names: Vec<String> = (0..4).map(|at| format!("{at}.txt")).collect();
        let sent = names.iter().map(|name| one.upload(name, name.as_bytes()));
        for answer in futures_util::future::try_join_all(sent).await? {
            answer.expect(201)?;
        }
        assert_eq!(daemon.seen.most.load(Ordering::SeqCst), 1, "one of an organisation");
        let mut all = Vec::new();
        for _ in 0..6 {
            all.push(At::new(system, &server).await?);
        }
        let sent = all.iter().map(|at| at.upload("a.txt", b"at once"));
        for answer in futures_util::future::try_join_all(sent).await? {
            answer.expect(201)?;
        }
        let most = daemon.seen.most.load(Ordering::SeqCst);
        assert!((2..=4).contains(&most) && daemon.scans() == 10, "{most} together");
        Ok(())
    });
}

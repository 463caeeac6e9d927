//! Files of cells, looked at by a real clamd: ClamAV's daemon with a database of one signature, that of EICAR's test file.

use anyhow::Context as _;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use testkit::{Answer, Server, Tenant, eventually, run};
use tokio::net::{TcpListener, UnixStream};

/// The two halves of the test file (eicar.org): whole, it would be found in these sources.
const HALVES: [&str; 2] = ["X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-", "ANTIVIRUS-TEST-FILE!$H+H*"];
/// What the daemon takes of one file, in bytes.
const STREAM: usize = 1 << 20;

/// Ends with the test.
struct Clamd {
    child: Child,
    socket: PathBuf,
}

impl Clamd {
    /// Starts a daemon whose database and socket are in this folder.
    async fn start(folder: &Path) -> anyhow::Result<Self> {
        let (database, socket) = (folder.join("database"), folder.join("clamd.ctl"));
        std::fs::create_dir_all(&database)?;
        let eicar = data_encoding::HEXLOWER.encode(HALVES.concat().as_bytes());
        // Name, any kind of file, any place, bytes.
        std::fs::write(database.join("test.ndb"), format!("Test.Eicar:0:*:{eicar}\n"))?;
        let settings = format!(
            "Foreground yes\nLocalSocket {}\nDatabaseDirectory {}\nTemporaryDirectory {}\nStreamMaxLength {STREAM}\n",
            socket.display(),
            database.display(),
            folder.display(),
        );
        let file = folder.join("clamd.conf");
        std::fs::write(&file, settings)?;
        let program = ["/usr/sbin/clamd", "/usr/bin/clamd", "/usr/local/sbin/clamd"];
        let program = program.into_iter().find(|path| Path::new(path).exists());
        let child = Command::new(program.context("clamd is needed (Debian: clamav-daemon)")?)
            .arg("--config-file")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let clamd = Self { child, socket };
        eventually("clamd listens", Duration::from_secs(60), async || {
            Ok(UnixStream::connect(&clamd.socket).await.ok())
        })
        .await?;
        Ok(clamd)
    }
}

impl Drop for Clamd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.socket);
    }
}

async fn upload(server: &Server, tenant: &Tenant, name: &str, bytes: &[u8]) -> anyhow::Result<Answer> {
    server.api().post(&format!("/v1/files?name={name}")).token(&tenant.token).file(bytes).send().await
}

async fn in_parts(server: &Server, tenant: &Tenant, bytes: &[u8]) -> anyhow::Result<Answer> {
    let (api, token) = (server.api(), &tenant.token);
    let begun = api.post("/v1/uploads").token(token).json(&json!({"size": bytes.len()})).send().await?;
    let path = format!("/v1/uploads/{}", begun.expect(201)?.json()["id"].as_str().unwrap_or_default());
    let mut offset = 0;
    for part in bytes.chunks(bytes.len().div_ceil(3).max(1)) {
        let path = format!("{path}?offset={offset}");
        api.patch(&path).token(token).file(part).send().await?.expect(200)?;
        offset += part.len();
    }
    api.post(&format!("{path}/finish")).token(token).json(&json!({"name": "parts.bin"})).send().await
}

async fn download(server: &Server, file: &Value) -> anyhow::Result<Answer> {
    let api = server.api();
    let url = file["url"].as_str().unwrap_or_default();
    api.get(url.strip_prefix(&api.origin()).context("an address of the API")?).send().await
}

#[test]
#[ignore = "needs clamd: cargo xtask test external"]
fn a_real_clamd_keeps_malware_out() {
    run(async |system| {
        let folder = tempfile::tempdir()?;
        let clamd = Clamd::start(folder.path()).await?;
        let scanner = ("NCLC_FILES_SCANNER", format!("unix:{}", clamd.socket.display()));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let server = Server::start_with(system.folder(), listener, &[scanner]).await?;
        let tenant = system.fresh_tenant().await?;
        let eicar = HALVES.concat().into_bytes();
        let inside = [vec![b'.'; 300_000], eicar.clone(), vec![b'.'; 300_000]].concat();
        let clean: Vec<u8> = (0..STREAM).map(|at| u8::try_from(at % 251).unwrap_or_default()).collect();

        for answer in [
            upload(&server, &tenant, "eicar.com", &eicar).await?,
            upload(&server, &tenant, "eicar.com", &inside).await?,
            in_parts(&server, &tenant, &inside).await?,
        ] {
            let answer = answer.expect(422)?;
            assert_eq!(answer.code(), "file_infected", "{}", answer.text);
            assert!(answer.text.contains("Test.Eicar"), "{}", answer.text);
        }
        for answer in
            [upload(&server, &tenant, "clean.bin", &clean).await?, in_parts(&server, &tenant, &clean).await?]
        {
            let file = answer.expect(201)?.json();
            assert!(download(&server, &file).await?.expect(200)?.bytes == clean);
        }
        upload(&server, &tenant, "empty", b"").await?.expect(201)?;
        // More than the daemon takes of one stream.
        let more = [clean.clone(), vec![0; 3 * STREAM]].concat();
        for answer in
            [upload(&server, &tenant, "more.bin", &more).await?, in_parts(&server, &tenant, &more).await?]
        {
            assert_eq!(answer.expect(413)?.code(), "file_too_large");
        }
        drop(clamd);
        let refused = upload(&server, &tenant, "clean.bin", &clean).await?.expect(503)?;
        assert_eq!(refused.code(), "scanner_unavailable");
        let _again = Clamd::start(folder.path()).await?;
        upload(&server, &tenant, "clean.bin", &clean).await?.expect(201)?;
        let answer = upload(&server, &tenant, "eicar.com", &eicar).await?;
        assert_eq!(answer.code(), "file_infected");
        Ok(())
    });
}

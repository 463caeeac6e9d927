//! The log to a real rsyslogd over TLS: what arrives is what was written, and a stranger's certificate is told nothing.

use adapter_syslog::Syslog;
use anyhow::Context as _;
use kernel_core::Clock;
use kernel_core::settings::SyslogSettings;
use kernel_tls::testing::{Authority, Good};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use testkit::eventually;
use tokio::net::TcpStream;
use tracing::Level;

/// Ends with the test.
struct Rsyslog {
    child: Child,
    port: u16,
    messages: PathBuf,
}

impl Rsyslog {
    /// Starts a daemon that shows a certificate of this authority, with its files in this folder.
    async fn start(folder: &Path, authority: &Authority) -> anyhow::Result<Self> {
        let made = authority.certificate(&["localhost"], Good::Now)?;
        let (certificate, key) = made.write(folder)?;
        let root = folder.join("ca.pem");
        std::fs::write(&root, authority.pem())?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let messages = folder.join("messages");
        // A line a message: its priority, and the fields as rsyslog has read them.
        let settings = format!(
            "global(workDirectory=\"{folder}\" maxMessageSize=\"64k\" defaultNetstreamDriver=\"gtls\"\n\
               defaultNetstreamDriverCAFile=\"{root}\" defaultNetstreamDriverCertFile=\"{certificate}\"\n\
               defaultNetstreamDriverKeyFile=\"{key}\")\n\
             module(load=\"imtcp\" StreamDriver.Name=\"gtls\" StreamDriver.Mode=\"1\" StreamDriver.AuthMode=\"anon\")\n\
             input(type=\"imtcp\" port=\"{port}\" address=\"127.0.0.1\")\n\
             template(name=\"whole\" type=\"string\"\n\
               string=\"%pri% %timestamp:::date-rfc3339% %app-name% %procid% %msg:::drop-last-lf%\\n\")\n\
             action(type=\"omfile\" file=\"{messages}\" template=\"whole\")\n",
            folder = folder.display(),
            root = root.display(),
            certificate = certificate.display(),
            key = key.display(),
            messages = messages.display(),
        );
        let file = folder.join("rsyslog.conf");
        std::fs::write(&file, settings)?;
        let program = ["/usr/sbin/rsyslogd", "/usr/bin/rsyslogd"];
        let program = program.into_iter().find(|path| Path::new(path).exists());
        let child = Command::new(program.context("rsyslogd is needed (Debian: rsyslog rsyslog-gnutls)")?)
            .arg("-n")
            .arg("-f")
            .arg(&file)
            .arg("-i")
            .arg(folder.join("pid"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let daemon = Self { child, port, messages };
        eventually("rsyslogd listens", Duration::from_secs(30), async || {
            Ok(TcpStream::connect(("127.0.0.1", daemon.port)).await.ok())
        })
        .await?;
        Ok(daemon)
    }

    fn lines(&self) -> Vec<String> {
        let text = std::fs::read_to_string(&self.messages).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

impl Drop for Rsyslog {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs rsyslogd: cargo xtask test external"]
async fn rsyslog_reads_every_line_and_a_stranger_is_told_nothing() -> anyhow::Result<()> {
    let (ours, others) = (Authority::new("ours")?, Authority::new("others")?);
    let folder = tempfile::tempdir()?;
    let daemon = Rsyslog::start(folder.path(), &ours).await?;
    let place = |authority: &Authority, name: &str| -> anyhow::Result<SyslogSettings> {
        let file = folder.path().join(name);
        std::fs::write(&file, authority.pem())?;
        Ok(SyslogSettings { host: "localhost".into(), port: daemon.port, authority: Some(file) })
    };
    let stranger = Syslog::start(&place(&others, "others.pem")?, Clock::System)?;
    stranger.outlet().send(Level::INFO, "access", b"secret");
    assert!(!stranger.finish(Duration::from_secs(2)), "rsyslog's certificate is not of that authority");

    let syslog = Syslog::start(&place(&ours, "ours.pem")?, Clock::System)?;
    let outlet = syslog.outlet();
    for number in 0..1_000 {
        let line = format!("{{\"target\":\"access\",\"path\":\"/é\\n\",\"n\":{number}}}\n");
        outlet.send(Level::INFO, "access", line.as_bytes());
    }
    outlet.send(Level::WARN, "security", b"{\"code\":\"forbidden\"}");
    outlet.send(Level::ERROR, "kernel_web::error", "x".repeat(300_000).as_bytes());
    assert!(syslog.finish(Duration::from_secs(20)), "all was sent");
    let lines = eventually("all lines", Duration::from_secs(30), async || {
        Ok(Some(daemon.lines()).filter(|lines| lines.len() >= 1_002))
    })
    .await?;
    assert_eq!(lines.len(), 1_002, "{:?}", lines.last());
    let process = std::process::id();
    for (number, line) in lines.iter().take(1_000).enumerate() {
        // 16 × 8 + 6: local0, informational.
        assert!(line.starts_with("134 20"), "{line}");
        let end = format!(" nclc {process} {{\"target\":\"access\",\"path\":\"/é\\n\",\"n\":{number}}}");
        assert!(line.ends_with(&end), "{line}, expected {end}");
    }
    assert!(lines[1_000].starts_with("84 ") && lines[1_000].ends_with(" {\"code\":\"forbidden\"}"));
    assert!(
        lines[1_001].starts_with("131 ")
            && lines[1_001].ends_with(&"x".repeat(8_000))
            && lines[1_001].len() < 9_000
    );
    assert!(!lines.concat().contains("secret"));
    Ok(())
}

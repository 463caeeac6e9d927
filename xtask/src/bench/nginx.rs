//! The reference of pages: nginx serving the same bytes from disk.

use crate::rig::Client;
use anyhow::{Context as _, Result, ensure};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running nginx; it ends when this is dropped.
#[derive(Debug)]
pub struct Nginx {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Nginx {
    /// Serves each of the pages as `/page<index>`.
    ///
    /// # Errors
    /// When it does not start or serves something else.
    pub fn start(folder: &Path, pages: &[Vec<u8>]) -> Result<Self> {
        let folder = folder.join("nginx");
        std::fs::create_dir_all(folder.join("pages"))?;
        std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o755))?;
        for (index, bytes) in pages.iter().enumerate() {
            std::fs::write(folder.join(format!("pages/page{index}")), bytes)?;
        }
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let place = folder.display();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .map(|kind| format!("  {kind}_temp_path {place}/{kind};\n"))
            .collect();
        std::fs::write(
            folder.join("nginx.conf"),
            format!(
                "worker_processes auto;\ndaemon off;\npid {place}/nginx.pid;\nerror_log {place}/error.log;\n\
                 events {{ worker_connections 1024; }}\nhttp {{\n  access_log off;\n  sendfile on;\n  tcp_nopush on;\n  \
                 keepalive_requests 100000000;\n  default_type \"text/html; charset=utf-8\";\n{temporary}  \
                 server {{ listen {address}; root {place}/pages; }}\n}}\n"
            ),
        )?;
        let program = if Path::new("/usr/sbin/nginx").exists() { "/usr/sbin/nginx" } else { "nginx" };
        let child = Command::new(program)
            .arg("-p")
            .arg(&folder)
            .arg("-c")
            .arg(folder.join("nginx.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("can't run nginx")?;
        let nginx = Self { child, address };
        let mut client = Client::new(address, "localhost", None);
        let began = Instant::now();
        loop {
            if let Ok(answer) = client.send("GET", "/page0", &[], None) {
                ensure!(
                    answer.status == 200 && Some(&answer.body) == pages.first(),
                    "nginx answers {answer}"
                );
                return Ok(nginx);
            }
            ensure!(
                began.elapsed() < Duration::from_secs(10),
                "nginx does not answer, see {place}/error.log"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        if let Ok(pid) = i32::try_from(self.child.id()) {
            // SIGTERM: the master takes its workers along.
            let _gone =
                nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGTERM);
        }
        let _ = self.child.wait();
    }
}

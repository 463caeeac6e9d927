//! TLS to a PostgreSQL that listens on an address: who is trusted, which name it must have, and that nothing goes on in
//! the clear.

use crate::world::eventually;
use kernel_core::Secret;
use kernel_core::settings::DatabaseUrls;
use kernel_db::cluster::testing::Temporary;
use kernel_db::{Database, Db, Notification, Urls, migrate};
use kernel_tls::testing::{Authority, Good, Made};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;
use tokio_postgres::{Client, Config, NoTls};

const PASSWORD: &str = "s3cret";

/// A server with a certificate for `db.test` and for its own address.
struct Secured {
    temporary: Temporary,
    folder: tempfile::TempDir,
    address: String,
}

impl Secured {
    async fn start(made: Option<&Made>) -> Self {
        let temporary = Temporary::start().await.unwrap();
        // An address of this machine that no other test has; the port stays, and with it the socket's name.
        let process = std::process::id();
        let address = format!("127.77.{}.{}", process / 250 % 250 + 1, process % 250 + 1);
        let world = Self { temporary, folder: tempfile::tempdir().unwrap(), address };
        let superuser = world.superuser().await.unwrap();
        for setting in [
            format!("alter system set listen_addresses = '{}'", world.address),
            format!("alter role nclc_owner password '{PASSWORD}'"),
        ] {
            superuser.batch_execute(&setting).await.unwrap();
        }
        if let Some(made) = made {
            let data = world.temporary.cluster().socket_folder().parent().unwrap().join("cluster");
            let owner = data.metadata().unwrap();
            let (certificate, key) = made.write(&data).unwrap();
            for file in [&certificate, &key] {
                std::os::unix::fs::chown(file, Some(owner.uid()), Some(owner.gid())).unwrap();
            }
            for setting in ["ssl = on", "ssl_cert_file = 'tls.crt'", "ssl_key_file = 'tls.key'"] {
                superuser.batch_execute(&format!("alter system set {setting}")).await.unwrap();
            }
        }
        // The supervisor starts it again, with the new settings.
        let pid = nix::unistd::Pid::from_raw(world.temporary.cluster().pid());
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).unwrap();
        eventually("listening", || async {
            tokio::net::TcpStream::connect((world.address.as_str(), 5432)).await.ok()?;
            world.superuser().await
        })
        .await;
        world
    }

    /// By the socket; nothing while the server recovers.
    async fn superuser(&self) -> Option<Client> {
        let mut config = Config::new();
        config.host_path(self.temporary.cluster().socket_folder()).user("postgres").dbname("logs");
        let (client, connection) = config.connect(NoTls).await.ok()?;
        tokio::spawn(connection);
        Some(client)
    }

    /// The four addresses, each under this name, with these words about TLS.
    fn urls(&self, host: &str, tls: &str) -> Urls {
        let url = |database: &str| {
            let place = format!("host={host} hostaddr={} user=nclc_owner dbname={database}", self.address);
            Secret::new(format!("{place} password={PASSWORD} {tls}"))
        };
        let urls = DatabaseUrls {
            control: url("control"),
            billing: url("billing"),
            data: url("data"),
            logs: url("logs"),
        };
        Urls::from_settings(&urls).unwrap()
    }

    /// Why nothing comes of it.
    async fn refused(&self, host: &str, tls: &str) -> String {
        let urls = self.urls(host, tls);
        let migration = migrate::run_one(&urls, Database::Logs, &[]).await.unwrap_err().to_string();
        let pool = Db::new(&urls, 1).unwrap().ready().await.unwrap_err().to_string();
        let said = format!("{migration} / {pool}");
        assert!(!said.contains(PASSWORD), "{said}");
        said
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        Path::display(&path).to_string()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trusted_server_is_reached_and_every_session_is_encrypted() {
    let ours = Authority::new("ours").unwrap();
    let world = Secured::start(Some(&ours.certificate(&["db.test"], Good::Now).unwrap())).await;
    let roots = world.file("ours.pem", ours.pem());
    let urls = world.urls("db.test", &format!("sslmode=verify-full sslrootcert={roots}"));
    let files = migrate::embedded(Database::Logs).unwrap();
    migrate::run_one(&urls, Database::Logs, &files).await.unwrap();
    let db = Db::new(&urls, 2).unwrap();
    db.ready().await.unwrap();
    // The connection that listens, too.
    let mut listener = db.listen(Database::Logs, "there");
    let heard = tokio::time::timeout(Duration::from_secs(30), listener.recv()).await.unwrap();
    assert_eq!(heard, Notification::Reconnected);
    let mut tx = db.begin_global(Database::Logs).await.unwrap();
    tx.notify("there", "hello").await.unwrap();
    tx.commit().await.unwrap();
    let heard = tokio::time::timeout(Duration::from_secs(30), listener.recv()).await.unwrap();
    assert_eq!(heard, Notification::Payload("hello".into()));
    // Asked of the server itself: all that came by its address.
    let sessions = "select count(*) filter (where s.ssl and s.version = 'TLSv1.3'),
                           count(*) filter (where not s.ssl or s.version <> 'TLSv1.3'),
                           count(*) filter (where s.ssl and a.query ilike 'listen%')
                    from pg_stat_activity a join pg_stat_ssl s using (pid) where a.client_addr is not null";
    let row = world.superuser().await.unwrap().query_one(sessions, &[]).await.unwrap();
    assert!(row.get::<_, i64>(0) >= 5 && row.get::<_, i64>(1) == 0, "{row:?}");
    assert_eq!(row.get::<_, i64>(2), 1, "one listens");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_not_the_one_is_refused() {
    let (ours, others) = (Authority::new("ours").unwrap(), Authority::new("others").unwrap());
    let world = Secured::start(Some(&ours.certificate(&["db.test"], Good::Now).unwrap())).await;
    let (mine, theirs) = (world.file("ours.pem", ours.pem()), world.file("others.pem", others.pem()));
    for (host, tls, why) in [
        ("db.test", format!("sslmode=verify-full sslrootcert={theirs}"), "not of an authority"),
        ("db.test", format!("sslmode=verify-ca sslrootcert={theirs}"), "not of an authority"),
        ("db.test", format!("sslmode=require sslrootcert={theirs}"), "not of an authority"),
        ("db.test", "sslmode=verify-full".to_owned(), "not of an authority"),
        ("other.test", format!("sslmode=verify-full sslrootcert={mine}"), "for another name"),
    ] {
        let said = world.refused(host, &tls).await;
        assert!(said.matches(why).count() == 2, "{host} {tls}: {said}");
    }
    for (host, tls) in [
        ("db.test", format!("sslmode=verify-full sslrootcert={mine}")),
        ("other.test", format!("sslmode=verify-ca sslrootcert={mine}")),
        ("other.test", format!("sslmode=require sslrootcert={mine}")),
        // Encrypted, with whoever it is.
        ("other.test", "sslmode=require".to_owned()),
    ] {
        let urls = world.urls(host, &tls);
        migrate::run_one(&urls, Database::Logs, &[]).await.unwrap_or_else(|error| panic!("{tls}: {error}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_tls_is_refused_unless_the_address_says_so() {
    let world = Secured::start(None).await;
    let ours = world.file("ours.pem", Authority::new("ours").unwrap().pem());
    for tls in [
        "sslmode=require".to_owned(),
        format!("sslmode=verify-ca sslrootcert={ours}"),
        format!("sslmode=verify-full sslrootcert={ours}"),
    ] {
        let said = world.refused("db.test", &tls).await;
        assert!(said.matches("server does not support TLS").count() == 2, "{tls}: {said}");
    }
    for tls in ["sslmode=disable", ""] {
        let urls = world.urls("db.test", tls);
        migrate::run_one(&urls, Database::Logs, &[]).await.unwrap_or_else(|error| panic!("{tls}: {error}"));
    }
}

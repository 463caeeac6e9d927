//! A migrated cluster, the staff portal behind its host name, and a browser with cookies.

use axum::Router;
use axum::body::Body;
use billing::Billing;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use identity::{Identity, Visit};
use jiff::Timestamp;
use kernel_core::secret::SigningKey;
use kernel_core::settings::Settings;
use kernel_core::{Clock, FixedClock, Random, UserId};
use kernel_db::cluster::Cluster;
use kernel_db::cluster::testing::{Temporary, shared};
use kernel_db::{Db, migrate};
use kernel_web::{Portals, Web, by_host};
use platform::admin::Admin;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use tenancy::{Tenancy, TenantSummary};
use tower::ServiceExt as _;

kernel_db::statements! {
    /// A person with a confirmed account.
    global Control ADD_USER = "insert into control.users (id, email, email_key, name, password_hash, created_at)
        values ($1, $2, $2, $3, 'x', $4)";
}

const KEY: SigningKey = SigningKey::new([3; 32]);
pub const NOON: &str = "2026-11-21T12:00:00Z";
pub const PASSWORD: &str = "seven copper kettles";

/// What keeps the databases running.
enum Kept {
    Shared(#[expect(dead_code, reason = "dropping it leaves the cluster")] Cluster),
    Own(Temporary),
}

pub struct World {
    kept: Kept,
    folder: tempfile::TempDir,
    pub db: Db,
    pub admin: Admin,
    pub tenancy: Tenancy,
    pub clock: FixedClock,
    pub settings: Settings,
}

fn settings(folder: &str, extra: &[(&str, &str)]) -> Settings {
    let mut values = vec![("NCLC_DATABASE_DATA_FOLDER".to_owned(), folder.to_owned())];
    values.extend(extra.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    Settings::load("", values).unwrap()
}

/// The web layer alone, for templates.
pub fn web() -> Web {
    Web::new(&settings("/nowhere", &[]), &KEY, Clock::System, Random::from_os())
}

impl World {
    /// On the cluster that all tests share.
    pub async fn shared() -> Self {
        let cluster = shared().await.unwrap();
        let db = Db::new(&cluster.urls(), 4).unwrap();
        Self::over(Kept::Shared(cluster), db, &[])
    }

    /// On a cluster of its own, for tests that look at whole tables or damage them.
    pub async fn own(extra: &[(&str, &str)]) -> Self {
        let own = Temporary::start().await.unwrap();
        migrate::run(&own.cluster().urls()).await.unwrap();
        let db = Db::new(&own.cluster().urls(), 4).unwrap();
        Self::over(Kept::Own(own), db, extra)
    }

    fn over(kept: Kept, db: Db, extra: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path().to_str().unwrap(), extra);
        let clock = FixedClock::at(NOON.parse().unwrap());
        let web = Web::new(&settings, &KEY, Clock::Fixed(clock.clone()), Random::from_os());
        let identity = Identity::new(db.clone(), web.clone(), 2, sealing()).unwrap();
        let tenancy = Tenancy::new(identity, &KEY);
        let billing = Billing::new(db.clone());
        let admin = Admin::new(&settings, web, db.clone(), billing, tenancy.clone(), &KEY);
        Self { kept, folder, db, admin, tenancy, clock, settings }
    }

    /// The whole process as a client sees it.
    pub fn router(&self) -> Router {
        let portals = Portals { admin: Some(platform::admin::routes(&self.admin)), ..Portals::default() };
        by_host(&self.admin.web, portals)
    }

    pub fn browser(&self) -> Browser {
        Browser { router: self.router(), cookies: BTreeMap::new(), page: String::new() }
    }

    /// A browser of a member of staff that was set up with a link.
    pub async fn staff_browser(&self, name: &str) -> Browser {
        let mut browser = self.browser();
        let token = self.setup_token().await;
        browser.get(&format!("/setup?token={token}")).await;
        let email = format!("{}@example.com", UserId::new().to_string().to_lowercase());
        let answer = browser
            .post("/setup", &[("token", &token), ("email", &email), ("name", name), ("password", PASSWORD)])
            .await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/"), "{}", answer.text);
        browser
    }

    /// A set-up link's token, whether or not there is staff already.
    async fn setup_token(&self) -> String {
        let token = self.admin.web.random().token();
        let hash = kernel_core::secret::sha256(token.as_bytes());
        let (at, end): (Timestamp, Timestamp) =
            (NOON.parse().unwrap(), "2026-11-22T12:00:00Z".parse().unwrap());
        self.db.platform(&ADD_LINK, &[&hash.as_slice(), &at, &end]).await.unwrap();
        token
    }

    pub async fn user(&self, name: &str) -> UserId {
        let id = UserId::new();
        let email = format!("{}@example.com", id.to_string().to_lowercase());
        let at: Timestamp = NOON.parse().unwrap();
        self.db.global_execute(&ADD_USER, &[&id.uuid(), &email, &name, &at]).await.unwrap();
        id
    }

    /// An organisation with its owner.
    pub async fn tenant(&self, name: &str) -> (TenantSummary, UserId) {
        let user = self.user("Sid Someone").await;
        (self.tenancy.create_tenant(user, name, None, &visit()).await.unwrap(), user)
    }

    /// Runs SQL as the superuser, as somebody who got hold of the database would.
    pub fn as_superuser(&self, database: &str, sql: &str) {
        let Kept::Own(own) = &self.kept else { panic!("only on a cluster of one's own") };
        let cluster = own.cluster();
        let output = std::process::Command::new(cluster.programs().join("psql"))
            .args(["-qX", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", database, "-c", sql, "-h"])
            .arg(cluster.socket_folder())
            .output()
            .unwrap();
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// The folder of files outside the databases.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }
}

kernel_db::statements! {
    /// A set-up link, as a colleague makes it.
    platform Control ADD_LINK = "insert into control.staff_links (hash, created_at, expires_at) values ($1, $2, $3)";
}

pub fn visit() -> Visit {
    Visit { address: IpAddr::V4(Ipv4Addr::LOCALHOST), agent: "test".into(), request_id: "req_test".into() }
}

pub struct Browser {
    router: Router,
    pub cookies: BTreeMap<String, String>,
    page: String,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn location(&self) -> &str {
        self.headers.get(header::LOCATION).and_then(|value| value.to_str().ok()).unwrap_or("")
    }
}

impl Browser {
    pub async fn get(&mut self, path: &str) -> Answer {
        let answer = self.send(Method::GET, path, String::new()).await;
        self.page.clone_from(&answer.text);
        answer
    }

    /// Sends a form with the CSRF token of the page that was opened last.
    pub async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        let csrf = self.page.split("name=\"_csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let csrf = csrf.expect("the page has no form").to_owned();
        self.post_bare(path, &[form, &[("_csrf", &csrf)]].concat()).await
    }

    /// Sends a form as it is.
    pub async fn post_bare(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        let body: Vec<_> = form.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
        self.send(Method::POST, path, body.join("&")).await
    }

    async fn send(&mut self, method: Method, path: &str, body: String) -> Answer {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "admin.nclc.localhost:8080")
            .header(header::ACCEPT, "text/html")
            .header(header::COOKIE, cookies.join("; "))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for line in parts.headers.get_all(header::SET_COOKIE) {
            let (name, value) = line.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }
}

fn escape(text: &str) -> String {
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            },
        )
        .collect()
}

/// What encrypts secrets of accounts.
pub fn sealing() -> kernel_core::sealed::Sealing {
    kernel_core::sealed::Sealing::new(&KEY, &[], Random::from_os()).unwrap()
}

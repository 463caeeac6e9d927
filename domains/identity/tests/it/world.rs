//! One migrated cluster for all tests, fresh people for each. Mails go to the development mailbox of the database, so that
//! it does not matter which test process delivers them.

use identity::model::NewSession;
use identity::{DevMailbox, Identity, SignedIn, User, Visit};
use jiff::SignedDuration;
use kernel_core::sealed::Sealing;
use kernel_core::secret::SigningKey;
use kernel_core::settings::Settings;
use kernel_core::{Clock, FixedClock, Random};
use kernel_db::cluster::Cluster;
use kernel_db::{Db, statements};
use kernel_jobs::Jobs;
use kernel_web::Web;
use std::sync::Arc;
use std::time::{Duration, Instant};

statements! {
    global Control MAILS_TO = "select subject, text, html from control.dev_mailbox where recipient = $1 order by id";
}

/// A right password of everybody in the tests.
pub const PASSWORD: &str = "seven copper kettles";

pub struct World {
    pub db: Db,
    pub web: Web,
    pub clock: FixedClock,
    pub identity: Identity,
    pub jobs: Jobs,
    pub random: Random,
    pub cluster: Cluster,
}

impl World {
    pub async fn new() -> Self {
        let cluster = kernel_db::cluster::testing::shared().await.unwrap();
        let db = Db::new(&cluster.urls(), 6).unwrap();
        let clock = FixedClock::at(Clock::System.now());
        let settings = Settings::load("development = true", []).unwrap();
        let random = Random::from_os();
        let web = Web::new(&settings, &SigningKey::new([7; 32]), Clock::Fixed(clock.clone()), random.clone());
        // The second key is for the test of sealing anew, which changes what all tests have stored.
        let sealing =
            Sealing::new(&SigningKey::new([7; 32]), &[SigningKey::new([8; 32])], random.clone()).unwrap();
        let identity = Identity::new(db.clone(), web.clone(), 2, sealing).unwrap();
        let mailer = Arc::new(DevMailbox::new(db.clone(), Clock::System));
        // Jobs are due by the database's clock; the tests' clock moves only what people see.
        let jobs =
            identity::register(Jobs::new(db.clone(), Clock::System, random.clone()), &identity, mailer);
        Self { db, web, clock, identity, jobs, random, cluster }
    }

    pub fn pass(&self, by: SignedDuration) {
        self.clock.advance(by);
    }

    pub fn now(&self) -> jiff::Timestamp {
        Clock::Fixed(self.clock.clone()).now()
    }

    /// An address that nobody had before.
    pub fn address(&self, name: &str) -> String {
        let unique: String = self.random.bytes::<6>().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{name}.{unique}@acme.example")
    }

    /// A client address of its own, so that tests do not share limits. Each `World` has its own limits anyway.
    pub fn visit(&self) -> Visit {
        visit("192.0.2.7")
    }

    /// All mails to an address, as soon as there are `count`.
    pub async fn mails(&self, to: &str, count: usize) -> Vec<(String, String)> {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            self.jobs.drain().await.unwrap();
            let rows = self.db.global(&MAILS_TO, &[&to]).await.unwrap();
            if rows.len() >= count {
                assert_eq!(rows.len(), count, "mails to {to}");
                return rows.iter().map(|row| (row.get("subject"), row.get("text"))).collect();
            }
            assert!(Instant::now() < deadline, "{} of {count} mails to {to}", rows.len());
            tokio::task::yield_now().await;
        }
    }

    /// The secret in the link of the newest of `count` mails.
    pub async fn link(&self, to: &str, count: usize) -> String {
        let mails = self.mails(to, count).await;
        token_in(&mails[count - 1].1)
    }

    /// A session of somebody without a second factor.
    pub async fn log_in(&self, email: &str) -> NewSession {
        let outcome = self.identity.sign_in(email, PASSWORD, None, &self.visit()).await.unwrap();
        outcome.session().unwrap()
    }

    /// Who a session is.
    pub async fn who(&self, session: &NewSession) -> SignedIn {
        self.identity.session(session.token.expose(), self.visit().address).await.unwrap().unwrap()
    }

    /// A confirmed person.
    pub async fn person(&self, name: &str) -> User {
        let email = self.address(&name.to_lowercase().replace(' ', "."));
        let new = identity::signup::NewAccount {
            name: name.to_owned(),
            email: email.clone(),
            password: PASSWORD.to_owned(),
            next: None,
        };
        self.identity.sign_up(&new, &self.visit()).await.unwrap();
        let token = self.link(&email, 1).await;
        self.identity.confirm(&token, None, &self.visit()).await.unwrap();
        self.identity.user_by_email(&email).await.unwrap().unwrap()
    }
}

pub fn visit(address: &str) -> Visit {
    Visit {
        address: address.parse().unwrap(),
        agent: "Mozilla/5.0 (X11; Linux) Firefox/140.0".into(),
        request_id: "req_test".into(),
    }
}

pub fn token_in(text: &str) -> String {
    let start = text.find("token=").unwrap_or_else(|| panic!("no link in {text}")) + "token=".len();
    text[start..].split_whitespace().next().unwrap().to_owned()
}

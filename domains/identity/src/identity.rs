//! The service of this domain: one cheap handle that routes, extractors and other domains share. Its use cases are in
//! the feature folders, each as an `impl Identity`.

use crate::leaving::Ties;
use crate::oidc::service::Elsewhere;
use crate::oidc::{Gate, Protocol, Provider};
use crate::password::hasher::Hasher;
use crate::throttle::Throttle;
use jiff::{SignedDuration, Timestamp};
use kernel_core::sealed::Sealing;
use kernel_core::secret::sha256;
use kernel_core::settings::Brand;
use kernel_core::{Random, Result};
use kernel_db::Db;
use kernel_web::Web;
use parking_lot::Mutex;
use std::sync::Arc;

/// People: accounts, sign-in, sessions. Cheap to clone.
#[derive(Clone)]
pub struct Identity(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub db: Db,
    pub web: Web,
    pub random: Random,
    pub brand: Brand,
    pub hasher: Hasher,
    pub sealing: Sealing,
    pub throttle: Throttle,
    pub ties: Mutex<Option<Arc<dyn Ties>>>,
    pub elsewhere: Option<Elsewhere>,
    pub gate: Mutex<Option<Arc<dyn Gate>>>,
}

impl Identity {
    /// At most `hashes_at_once` passwords are hashed at the same time; each takes 19 MiB. `sealing` encrypts what must be
    /// read again, such as the seeds of authenticator apps.
    ///
    /// # Errors
    /// `internal` when the hash function refuses its parameters.
    pub fn new(db: Db, web: Web, hashes_at_once: usize, sealing: Sealing) -> Result<Self> {
        Self::made((db, web), hashes_at_once, sealing, None)
    }

    /// The same, with accounts elsewhere: `protocol` talks to any provider, `providers` are those of the operator.
    ///
    /// # Errors
    /// `internal` when the hash function refuses its parameters.
    pub fn with_providers(
        (db, web): (Db, Web),
        hashes_at_once: usize,
        sealing: Sealing,
        protocol: Protocol,
        providers: Vec<Provider>,
    ) -> Result<Self> {
        Self::made((db, web), hashes_at_once, sealing, Some(Elsewhere { protocol, providers }))
    }

    fn made(
        (db, web): (Db, Web),
        hashes_at_once: usize,
        sealing: Sealing,
        elsewhere: Option<Elsewhere>,
    ) -> Result<Self> {
        let (random, brand) = (web.random().clone(), web.brand().clone());
        Ok(Self(Arc::new(Inner {
            hasher: Hasher::new(hashes_at_once, random.clone())?,
            sealing,
            throttle: Throttle::new(web.clock().clone()),
            ties: Mutex::new(None),
            gate: Mutex::new(None),
            elsewhere,
            db,
            web,
            random,
            brand,
        })))
    }

    /// The databases.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.0.db
    }
    /// Templates and page basics.
    #[must_use]
    pub fn web(&self) -> &Web {
        &self.0.web
    }
    /// Hashes and checks passwords, those of other domains as well: a few at once in the whole process.
    #[must_use]
    pub fn hasher(&self) -> &Hasher {
        &self.0.hasher
    }
    /// The source of tokens.
    #[must_use]
    pub fn random(&self) -> &Random {
        &self.0.random
    }
    /// Names and addresses that people see.
    #[must_use]
    pub fn brand(&self) -> &Brand {
        &self.0.brand
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.web.clock().now()
    }

    /// Words that a password of this person must not be made of.
    pub(crate) fn known_words<'a>(&'a self, name: &'a str, email: &'a str) -> [&'a str; 3] {
        [&self.0.brand.brand, name, email]
    }
}

impl axum::extract::FromRef<Identity> for Web {
    fn from_ref(identity: &Identity) -> Self {
        identity.0.web.clone()
    }
}

/// The stored form of a token of 256 random bits.
pub(crate) fn hashed(token: &str) -> Vec<u8> {
    sha256(token.as_bytes()).to_vec()
}

/// A moment so long after another.
pub(crate) fn after(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// A moment so long before another.
pub(crate) fn before(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_sub(by).unwrap_or(Timestamp::MIN)
}

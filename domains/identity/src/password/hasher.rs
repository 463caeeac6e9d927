//! Argon2id with OWASP's parameters (ASVS 11.4.2: 19 MiB, 2 passes, 1 lane) as PHC strings, at most a few at once so
//! that many sign-ins together can't take the memory, off the async threads.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use kernel_core::{Error, Random, Result};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Memory in KiB, passes, lanes.
const MEMORY: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hashes and checks passwords. Cheap to clone.
#[derive(Clone)]
pub struct Hasher {
    slots: Arc<Semaphore>,
    random: Random,
    /// The hash of a password nobody has: unknown accounts cost the same time as known ones (ASVS 6.3.8).
    decoy: Arc<str>,
}

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The password is not right.
    Wrong,
    /// The password is right.
    Right,
    /// Right, and hashed with weaker parameters than today's: hash it again.
    RightButOld,
}

fn algorithm() -> Result<Argon2<'static>> {
    let params =
        Params::new(MEMORY, PASSES, LANES, None).map_err(|error| Error::internal(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash_now(password: &[u8], salt: [u8; 16]) -> Result<String> {
    algorithm()?
        .hash_password_with_salt(password, &salt)
        .map(|hash| hash.to_string())
        .map_err(|error| Error::internal(error.to_string()))
}

impl Hasher {
    /// At most `at_once` hashes are computed at the same time.
    ///
    /// # Errors
    /// `internal` when argon2 refuses its parameters.
    pub fn new(at_once: usize, random: Random) -> Result<Self> {
        let decoy = hash_now(random.token().as_bytes(), random.bytes())?.into();
        Ok(Self { slots: Arc::new(Semaphore::new(at_once.max(1))), random, decoy })
    }

    async fn in_slot<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let permit = Arc::clone(&self.slots).acquire_owned().await.map_err(Error::internal)?;
        tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        })
        .await
        .map_err(Error::internal)
    }

    /// The PHC string of a password.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn hash(&self, password: &str) -> Result<String> {
        let (password, salt) = (password.to_owned(), self.random.bytes());
        self.in_slot(move || hash_now(password.as_bytes(), salt)).await?
    }

    /// Checks a password against a PHC string; `None` (an unknown account) takes as long and is always wrong.
    ///
    /// # Errors
    /// `internal` when the stored string is damaged.
    pub async fn verify(&self, password: &str, stored: Option<&str>) -> Result<Verdict> {
        let (password, known) = (password.to_owned(), stored.is_some());
        let stored = stored.unwrap_or(&self.decoy).to_owned();
        self.in_slot(move || {
            let parsed = PasswordHash::new(&stored).map_err(|error| Error::internal(error.to_string()))?;
            let right = algorithm()?.verify_password(password.as_bytes(), &parsed).is_ok();
            let params = Params::try_from(&parsed).map_err(|error| Error::internal(error.to_string()))?;
            let old = params.m_cost() < MEMORY || params.t_cost() < PASSES;
            Ok(match (right && known, old) {
                (false, _) => Verdict::Wrong,
                (true, false) => Verdict::Right,
                (true, true) => Verdict::RightButOld,
            })
        })
        .await?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn right_wrong_and_unknown() {
        let hasher = Hasher::new(2, Random::seeded(1)).unwrap();
        let stored = hasher.hash("seven copper kettles").await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        for (password, phc, expected) in [
            ("seven copper kettles", Some(stored.as_str()), Verdict::Right),
            ("Seven copper kettles", Some(stored.as_str()), Verdict::Wrong),
            ("seven copper kettles", None, Verdict::Wrong),
        ] {
            assert_eq!(hasher.verify(password, phc).await.unwrap(), expected, "{password}");
        }
    }

    #[tokio::test]
    async fn every_byte_counts_and_weak_hashes_are_noticed() {
        let hasher = Hasher::new(1, Random::seeded(2)).unwrap();
        let long = "x".repeat(100);
        let stored = hasher.hash(&long).await.unwrap();
        let other = format!("{}y", "x".repeat(99));
        assert_eq!(hasher.verify(&other, Some(&stored)).await.unwrap(), Verdict::Wrong);
        let weak =
            Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8 * 1024, 1, 1, None).unwrap());
        let weak = weak.hash_password_with_salt(b"seven copper kettles", &[7; 16]).unwrap().to_string();
        assert_eq!(hasher.verify("seven copper kettles", Some(&weak)).await.unwrap(), Verdict::RightButOld);
    }
}

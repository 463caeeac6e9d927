//! Randomness for secrets and ids: the operating system's generator, or a seeded one in tests.

use rand::{Rng, RngExt as _, SeedableRng, rngs::StdRng};
use std::sync::{Arc, Mutex, PoisonError};

/// A source of random bytes. Cheap to clone.
#[derive(Clone)]
pub struct Random(Arc<Mutex<StdRng>>);

impl std::fmt::Debug for Random {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Random")
    }
}

impl Random {
    /// Seeded from the operating system; a cryptographic generator (ChaCha).
    #[must_use]
    pub fn from_os() -> Self {
        Self(Arc::new(Mutex::new(rand::make_rng())))
    }

    /// The same sequence for the same seed, for tests.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    /// `N` random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut out = [0; N];
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut out);
        out
    }

    /// A number below `end`.
    #[must_use]
    pub fn below(&self, end: u64) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).random_range(0..end)
    }

    /// 32 random bytes in 43 URL-safe characters (256 bits), for tokens that are stored hashed.
    #[must_use]
    pub fn token(&self) -> String {
        data_encoding::BASE64URL_NOPAD.encode(&self.bytes::<32>())
    }
}

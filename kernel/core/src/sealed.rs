//! Secrets that the product must read again (TOTP seeds, client secrets), encrypted at rest (ASVS 13.3.1, 11.3).
//!
//! A sealed value is `1 ‖ key id (4 bytes) ‖ nonce (12) ‖ ciphertext ‖ tag (16)`, AES-256-GCM-SIV (RFC 8452: a repeated
//! nonce would not give the key away). The place that it is kept in (table, column, row) is authenticated with it: a value
//! moved to another row does not open. Keys derive from the root key; with former root keys given, values sealed under
//! them still open, until `nclc reseal` has sealed them anew.

use crate::secret::{SigningKey, sha256};
use crate::{Error, Random, Result};
use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use std::fmt;
use std::sync::Arc;

const VERSION: u8 = 1;
const ID: usize = 4;
const HEAD: usize = 1 + ID;

struct Key {
    id: [u8; ID],
    cipher: LessSafeKey,
}

impl Key {
    fn of(root: &SigningKey) -> Result<Self> {
        let key = root.derive("sealed values");
        let digest = sha256(key.bytes());
        let mut id = [0; ID];
        id.copy_from_slice(&digest[..ID]);
        let cipher = UnboundKey::new(&AES_256_GCM_SIV, key.bytes()).map_err(Error::internal)?;
        Ok(Self { id, cipher: LessSafeKey::new(cipher) })
    }
}

/// Seals and opens. Cheap to clone.
#[derive(Clone)]
pub struct Sealing(Arc<Inner>);

struct Inner {
    /// The first one seals.
    keys: Vec<Key>,
    random: Random,
}

impl fmt::Debug for Sealing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[sealing keys]")
    }
}

impl Sealing {
    /// Seals under `root`; opens what was sealed under it or under one of the `former` roots.
    ///
    /// # Errors
    /// `internal` when the cipher refuses a key.
    pub fn new(root: &SigningKey, former: &[SigningKey], random: Random) -> Result<Self> {
        let keys = std::iter::once(root).chain(former).map(Key::of).collect::<Result<_>>()?;
        Ok(Self(Arc::new(Inner { keys, random })))
    }

    /// Encrypts `secret` for the place it is kept in, e.g. `control.totp.seed` and the row's id.
    ///
    /// # Errors
    /// `internal` only.
    pub fn seal(&self, place: &str, row: &[u8], secret: &[u8]) -> Result<Vec<u8>> {
        let key = self.0.keys.first().ok_or_else(|| Error::internal("no sealing key"))?;
        let nonce = self.0.random.bytes::<NONCE_LEN>();
        let mut text = secret.to_vec();
        key.cipher
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(aad(place, row)),
                &mut text,
            )
            .map_err(Error::internal)?;
        let mut out = Vec::with_capacity(HEAD + NONCE_LEN + text.len());
        out.push(VERSION);
        out.extend_from_slice(&key.id);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&text);
        Ok(out)
    }

    /// Decrypts what was sealed for the same place and row.
    ///
    /// # Errors
    /// `internal` when the value is damaged, was moved, or its key is not among those given.
    pub fn open(&self, place: &str, row: &[u8], sealed: &[u8]) -> Result<Vec<u8>> {
        let broken = || Error::internal(format!("a sealed value of {place} does not open"));
        let (head, rest) = sealed.split_at_checked(HEAD).ok_or_else(broken)?;
        let (nonce, text) = rest.split_at_checked(NONCE_LEN).ok_or_else(broken)?;
        let key =
            self.0.keys.iter().find(|key| head[0] == VERSION && head[1..] == key.id).ok_or_else(|| {
                Error::internal(format!("a value of {place} was sealed under a key that is not configured"))
            })?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(Error::internal)?;
        let mut text = text.to_vec();
        let opened = key
            .cipher
            .open_in_place(nonce, Aad::from(aad(place, row)), &mut text)
            .map_err(|_| broken())?
            .to_vec();
        Ok(opened)
    }

    /// Whether a value was sealed under another key than today's.
    #[must_use]
    pub fn is_former(&self, sealed: &[u8]) -> bool {
        self.0.keys.first().is_none_or(|key| sealed.get(1..HEAD) != Some(&key.id[..]))
    }
}

/// The length keeps place and row apart.
fn aad(place: &str, row: &[u8]) -> Vec<u8> {
    let length = u32::try_from(place.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes(), place.as_bytes(), row].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealing(root: u8, former: &[u8]) -> Sealing {
        let former: Vec<_> = former.iter().map(|byte| SigningKey::new([*byte; 32])).collect();
        Sealing::new(&SigningKey::new([root; 32]), &former, Random::seeded(u64::from(root))).unwrap()
    }

    #[test]
    fn a_value_opens_in_its_own_place_only() {
        let sealing = sealing(1, &[]);
        let sealed = sealing.seal("control.totp.seed", b"row 1", b"hunter2").unwrap();
        assert!(!sealed.windows(7).any(|part| part == b"hunter2"));
        assert_eq!(sealing.open("control.totp.seed", b"row 1", &sealed).unwrap(), b"hunter2");
        for (place, row) in [("control.totp.seed", &b"row 2"[..]), ("control.totp.see", b"drow 1")] {
            assert!(sealing.open(place, row, &sealed).is_err(), "{place}");
        }
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1;
            assert!(sealing.open("control.totp.seed", b"row 1", &damaged).is_err(), "byte {at}");
            assert!(sealing.open("control.totp.seed", b"row 1", &sealed[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn the_same_secret_is_sealed_differently_each_time() {
        let sealing = sealing(1, &[]);
        let [one, two] = [(); 2].map(|()| sealing.seal("place", b"row", b"hunter2").unwrap());
        assert_ne!(one, two);
    }

    #[test]
    fn former_keys_open_and_the_present_one_seals() {
        let old = sealing(1, &[]).seal("place", b"row", b"hunter2").unwrap();
        let both = sealing(2, &[1]);
        assert_eq!(both.open("place", b"row", &old).unwrap(), b"hunter2");
        assert!(both.is_former(&old));
        let new = both.seal("place", b"row", b"hunter2").unwrap();
        assert!(!both.is_former(&new));
        assert_eq!(sealing(2, &[]).open("place", b"row", &new).unwrap(), b"hunter2");
        assert!(sealing(2, &[]).open("place", b"row", &old).is_err(), "the former key is gone");
    }
}

//! Secrets that do not print themselves, hashing of tokens, signatures, constant-time comparison.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use std::fmt;
use subtle::ConstantTimeEq as _;

/// A value that never appears in logs or debug output.
#[derive(Clone, Default, serde::Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps the value.
    #[must_use]
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }
    /// The value itself: only where it is used.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// SHA-256, as tokens, sessions and invitation codes are stored. Their 256 random bits need no salt (OWASP ASVS 11.5.1).
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// A key for signatures of cursors, CSRF tokens and cookies.
#[derive(Clone)]
pub struct SigningKey([u8; 32]);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[signing key]")
    }
}

impl SigningKey {
    /// A key from 32 random bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A key of its own for each purpose, so that a signature made for one can't be used for another.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> Self {
        Self(self.sign(purpose.as_bytes()))
    }

    /// HMAC-SHA-256.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 32] {
        // RFC 2104: a key shorter than the block is padded with zeros.
        let mut block = [0; 64];
        block[..32].copy_from_slice(&self.0);
        let mut mac = Hmac::<Sha256>::new(&block.into());
        mac.update(message);
        mac.finalize().into_bytes().into()
    }

    /// Whether `signature` is that of `message`, in constant time.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        equal(&self.sign(message), signature)
    }

    /// The key's bytes, for libraries that sign by themselves.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Equality in time that does not depend on where the values differ.
#[must_use]
pub fn equal(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "[secret]");
    }

    #[test]
    fn signatures_are_bound_to_message_and_purpose() {
        let key = SigningKey::new([7; 32]);
        let signature = key.sign(b"a");
        assert!(key.verify(b"a", &signature));
        assert!(!key.verify(b"b", &signature));
        assert!(!key.derive("cursor").verify(b"a", &signature));
    }
}

//! The keys that sign access tokens: ES256, in the control database, the private half sealed. The newest signs; the others
//! still verify what they have signed for an hour, and are dropped by a later rotation. The first one is made when it is needed.

use super::store::{DROP_KEYS, INSERT_KEY, KEYS, RESEAL_KEY};
use crate::Tenancy;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use data_encoding::BASE64URL_NOPAD;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{DecodingKey, EncodingKey};
use kernel_core::secret::sha256;
use kernel_core::{Error, Result};
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

const PLACE: &str = "control.oauth_keys.private";
/// How long keys are believed without asking.
const FRESH: SignedDuration = SignedDuration::from_secs(60);
/// A token with a key that is not known makes us ask again, but not more often than this.
const ASK_EVERY: SignedDuration = SignedDuration::from_secs(1);
/// A former key is believed so long after the next one was made: longer than a token lives and than another process
/// believes the old list, and no longer, so that a stolen key ends with its rotation.
const KEPT: SignedDuration = SignedDuration::from_hours(1);

/// One key.
pub(crate) struct Key {
    /// `kid`.
    pub id: String,
    row: Uuid,
    made_at: Timestamp,
    /// When the next one was made.
    followed_at: Option<Timestamp>,
    sealed: Vec<u8>,
    point: Vec<u8>,
    encoding: EncodingKey,
    pub decoding: DecodingKey,
}

impl Key {
    pub(crate) fn encoding(&self) -> &EncodingKey {
        &self.encoding
    }

    /// Whether what it signed is taken.
    pub(crate) fn is_believed(&self, now: Timestamp) -> bool {
        believed(self.followed_at, now)
    }

    /// As RFC 7517 writes it.
    fn jwk(&self) -> Value {
        let (x, y) = coordinates(&self.point);
        json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.id, "x": x, "y": y })
    }
}

fn believed(followed_at: Option<Timestamp>, now: Timestamp) -> bool {
    followed_at.is_none_or(|at| now.duration_since(at) < KEPT)
}

fn coordinates(point: &[u8]) -> (String, String) {
    let (x, y) = point.get(1..).unwrap_or_default().split_at_checked(32).unwrap_or_default();
    (BASE64URL_NOPAD.encode(x), BASE64URL_NOPAD.encode(y))
}

type Known = Option<(Timestamp, Arc<Vec<Key>>)>;

/// What this process knows of the keys, newest first.
#[derive(Default)]
pub(crate) struct Keys(Mutex<Known>);

impl Tenancy {
    async fn signing_keys(&self, fresh: SignedDuration) -> Result<Arc<Vec<Key>>> {
        let now = self.now();
        if let Some((at, keys)) = &*self.0.keys.0.lock()
            && now.duration_since(*at) < fresh
        {
            return Ok(Arc::clone(keys));
        }
        let keys = Arc::new(self.read_keys().await?);
        *self.0.keys.0.lock() = Some((now, Arc::clone(&keys)));
        Ok(keys)
    }

    async fn read_keys(&self) -> Result<Vec<Key>> {
        let rows = self.0.db.global(&KEYS, &[]).await?;
        let mut next: Option<Timestamp> = None;
        rows.iter()
            .map(|row| {
                let made_at = row.get("created_at");
                let followed_at = next.replace(made_at);
                let (id, point): (Uuid, Vec<u8>) = (row.get("id"), row.get("point"));
                let sealed: Vec<u8> = row.get("private");
                let private = self.0.identity.sealing().open(PLACE, id.as_bytes(), &sealed)?;
                let (x, y) = coordinates(&point);
                Ok(Key {
                    id: BASE64URL_NOPAD.encode(sha256(&point).get(..12).unwrap_or_default()),
                    row: id,
                    made_at,
                    followed_at,
                    sealed,
                    encoding: EncodingKey::from_ec_der(&private),
                    decoding: DecodingKey::from_ec_components(&x, &y).map_err(Error::internal)?,
                    point,
                })
            })
            .collect()
    }

    /// The keys, at least one; the first signs.
    pub(crate) async fn keys_to_sign(&self) -> Result<Arc<Vec<Key>>> {
        let keys = self.signing_keys(FRESH).await?;
        if !keys.is_empty() {
            return Ok(keys);
        }
        // Two processes may both make one; then there are two, and both are good.
        self.make_key().await?;
        self.signing_keys(SignedDuration::ZERO).await
    }

    /// The keys among which one of this id should be.
    pub(crate) async fn keys_with(&self, id: &str) -> Result<Arc<Vec<Key>>> {
        let keys = self.signing_keys(FRESH).await?;
        if keys.iter().any(|key| key.id == id) {
            return Ok(keys);
        }
        self.signing_keys(ASK_EVERY).await
    }

    /// The public keys that are believed (RFC 7517).
    ///
    /// # Errors
    /// `internal` only.
    pub async fn key_set(&self) -> Result<Value> {
        let keys = self.keys_to_sign().await?;
        let now = self.now();
        let believed = keys.iter().filter(|key| key.is_believed(now));
        Ok(json!({ "keys": believed.map(Key::jwk).collect::<Vec<_>>() }))
    }

    async fn make_key(&self) -> Result<()> {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
            .map_err(Error::internal)?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref())
            .map_err(|_| Error::internal("a key that was just made can't be read"))?;
        let id = Uuid::from_bytes(self.0.identity.random().bytes::<16>());
        let sealed = self.0.identity.sealing().seal(PLACE, id.as_bytes(), pkcs8.as_ref())?;
        let point = pair.public_key().as_ref();
        self.0.db.global_execute(&INSERT_KEY, &[&id, &point, &sealed, &self.now()]).await?;
        Ok(())
    }

    /// Makes a new key that signs from now on; those that nobody believes any more are dropped. Gives how many are
    /// published.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn rotate_keys(&self) -> Result<usize> {
        let former = self.signing_keys(SignedDuration::ZERO).await?;
        self.make_key().await?;
        // A key is safe to drop when the one after it has signed for so long.
        let followed = former.first().map(|key| key.made_at);
        if let Some(made_at) = followed.filter(|at| self.now().duration_since(*at) > KEPT) {
            self.0.db.global_execute(&DROP_KEYS, &[&made_at]).await?;
        }
        let (keys, now) = (self.signing_keys(SignedDuration::ZERO).await?, self.now());
        Ok(keys.iter().filter(|key| key.is_believed(now)).count())
    }

    /// Seals the keys anew; see [`Tenancy::reseal`].
    pub(crate) async fn reseal_keys(&self) -> Result<u64> {
        let (mut done, sealing) = (0, self.0.identity.sealing());
        for key in self.signing_keys(SignedDuration::ZERO).await?.iter() {
            if sealing.is_former(&key.sealed) {
                let row = key.row.as_bytes();
                let new = sealing.seal(PLACE, row, &sealing.open(PLACE, row, &key.sealed)?)?;
                done += self.0.db.global_execute(&RESEAL_KEY, &[&key.row, &key.sealed, &new]).await?;
            }
        }
        Ok(done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_former_key_is_believed_for_an_hour() {
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        let ago = |minutes: i64| now.checked_sub(SignedDuration::from_mins(minutes)).ok();
        assert!(believed(None, now), "the newest one");
        for (minutes, fine) in [(0, true), (59, true), (60, false), (1440, false)] {
            assert_eq!(believed(ago(minutes), now), fine, "{minutes}");
        }
    }
}

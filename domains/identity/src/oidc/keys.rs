//! Keys of providers (RFC 7517) and the tokens they sign (RFC 7515). A token is verified with the algorithm of the key,
//! whatever the token says; keys that are for something else, or of a kind that is not known, are left out.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The longest token that is looked at.
const LONGEST: usize = 64 << 10;
/// Keys of a provider that are kept.
const MOST: usize = 64;

/// A public key.
pub struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    decoding: DecodingKey,
}

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unverified {
    /// Signed with a key that is not among these: the provider may have others by now.
    UnknownKey,
    /// Not a token, or not signed as it must be.
    Refused,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct RawKey {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    r#use: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Extensions that must be understood; none is.
    crit: Option<Value>,
}

/// The keys of a set that can verify tokens; `None`: it is no set.
#[must_use]
pub fn parse(set: &[u8]) -> Option<Vec<Key>> {
    let set: KeySet = serde_json::from_slice(set).ok()?;
    let raw = set.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok());
    Some(raw.filter_map(|key| usable(&key)).take(MOST).collect())
}

fn usable(raw: &RawKey) -> Option<Key> {
    if raw.r#use.as_deref().is_some_and(|use_| use_ != "sig") {
        return None;
    }
    let (algorithm, decoding) = match (raw.kty.as_str(), raw.alg.as_deref(), raw.crv.as_deref()) {
        ("RSA", alg @ (None | Some("RS256" | "PS256")), _) => {
            let algorithm = if alg == Some("PS256") { Algorithm::PS256 } else { Algorithm::RS256 };
            (algorithm, DecodingKey::from_rsa_components(raw.n.as_deref()?, raw.e.as_deref()?).ok()?)
        }
        ("EC", None | Some("ES256"), Some("P-256")) => {
            (Algorithm::ES256, DecodingKey::from_ec_components(raw.x.as_deref()?, raw.y.as_deref()?).ok()?)
        }
        ("OKP", None | Some("EdDSA" | "Ed25519"), Some("Ed25519")) => {
            (Algorithm::EdDSA, DecodingKey::from_ed_components(raw.x.as_deref()?).ok()?)
        }
        _ => return None,
    };
    Some(Key { id: raw.kid.clone(), algorithm, decoding })
}

/// The claims of a token that one of the keys has signed. Nothing about the claims is checked here.
///
/// # Errors
/// Why it is not believed.
pub fn verified(token: &str, keys: &[Key]) -> Result<Map<String, Value>, Unverified> {
    if token.len() > LONGEST {
        return Err(Unverified::Refused);
    }
    let head = token.split('.').next().unwrap_or_default();
    let head = data_encoding::BASE64URL_NOPAD.decode(head.as_bytes()).map_err(|_| Unverified::Refused)?;
    let head: Header = serde_json::from_slice(&head).map_err(|_| Unverified::Refused)?;
    if head.crit.is_some() || !["RS256", "PS256", "ES256", "EdDSA"].contains(&head.alg.as_str()) {
        return Err(Unverified::Refused);
    }
    let named = |key: &&Key| head.kid.is_none() || key.id.is_none() || key.id == head.kid;
    let right_kind = |key: &&Key| format!("{:?}", key.algorithm) == head.alg;
    for key in keys.iter().filter(named).filter(right_kind) {
        let mut validation = Validation::new(key.algorithm);
        // Claims are compared by the caller, whose clock is a parameter.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.set_required_spec_claims::<&str>(&[]);
        if let Ok(data) = decode::<Map<String, Value>>(token, &key.decoding, &validation) {
            return Ok(data.claims);
        }
    }
    let known = head.kid.is_some() && keys.iter().any(|key| key.id == head.kid);
    Err(if known { Unverified::Refused } else { Unverified::UnknownKey })
}

//! Public keys of authenticators: COSE_Key (RFC 9052 section 7, RFC 9053) with the algorithms that passkeys use. Pure.

use super::Refusal;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use minicbor::Decoder;
use minicbor::data::Type;

/// The algorithms that are asked for, best first (IANA COSE registry): EdDSA, ES256, RS256.
pub const ALGORITHMS: [i64; 3] = [ED_DSA, ES256, RS256];

const ED_DSA: i64 = -8;
const ES256: i64 = -7;
const RS256: i64 = -257;

/// Most entries of a key, and most bytes of a number in it: RSA of 8,192 bits.
const MOST_ENTRIES: u64 = 16;
const MOST_BYTES: usize = 1024;

/// A key that can be verified with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// Ed25519 (RFC 8032).
    Ed25519(Vec<u8>),
    /// ECDSA over P-256 with SHA-256: the point, uncompressed.
    P256(Vec<u8>),
    /// RSASSA-PKCS1-v1_5 with SHA-256: modulus and exponent.
    Rsa(Vec<u8>, Vec<u8>),
}

/// The labels of a key's map, as far as they are known.
#[derive(Default)]
struct Labels<'b> {
    kty: Option<i64>,
    alg: Option<i64>,
    curve: Option<i64>,
    /// `n` of RSA.
    first: Option<&'b [u8]>,
    x: Option<&'b [u8]>,
    y: Option<&'b [u8]>,
}

impl PublicKey {
    /// Reads the key at the decoder's place and moves behind it.
    ///
    /// # Errors
    /// `Malformed`, or `Algorithm` for a key of a kind that was not asked for.
    pub fn read(decoder: &mut Decoder) -> Result<Self, Refusal> {
        let entries = decoder.map().ok().flatten().filter(|count| *count <= MOST_ENTRIES);
        let mut found = Labels::default();
        for _ in 0..entries.ok_or(Refusal::Malformed)? {
            let label = decoder.i64().map_err(|_| Refusal::Malformed)?;
            let kind = decoder.datatype().map_err(|_| Refusal::Malformed)?;
            let doubled = match (label, kind) {
                (_, Type::Bytes) => {
                    let bytes = decoder.bytes().map_err(|_| Refusal::Malformed)?;
                    let bytes = Some(bytes).filter(|bytes| bytes.len() <= MOST_BYTES);
                    let bytes = bytes.ok_or(Refusal::Malformed)?;
                    match label {
                        -1 => found.first.replace(bytes).is_some(),
                        -2 => found.x.replace(bytes).is_some(),
                        -3 => found.y.replace(bytes).is_some(),
                        _ => false,
                    }
                }
                (1 | 3 | -1, _) => {
                    let number = decoder.i64().map_err(|_| Refusal::Malformed)?;
                    match label {
                        1 => found.kty.replace(number).is_some(),
                        3 => found.alg.replace(number).is_some(),
                        _ => found.curve.replace(number).is_some(),
                    }
                }
                _ => decoder.skip().map(|()| false).map_err(|_| Refusal::Malformed)?,
            };
            if doubled {
                return Err(Refusal::Malformed);
            }
        }
        found.key()
    }

    /// Reads a stored key.
    ///
    /// # Errors
    /// As [`Self::read`]; `Malformed` also when something follows.
    pub fn stored(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut decoder = Decoder::new(bytes);
        let key = Self::read(&mut decoder)?;
        (decoder.position() == bytes.len()).then_some(key).ok_or(Refusal::Malformed)
    }

    /// The algorithm's number in COSE.
    #[must_use]
    pub fn algorithm(&self) -> i64 {
        match self {
            Self::Ed25519(_) => ED_DSA,
            Self::P256(_) => ES256,
            Self::Rsa(..) => RS256,
        }
    }

    /// Whether the signature of the message is this key's.
    ///
    /// # Errors
    /// `Signature`.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Refusal> {
        let verified = match self {
            Self::Ed25519(key) => UnparsedPublicKey::new(&ED25519, key).verify(message, signature),
            Self::P256(key) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key).verify(message, signature)
            }
            Self::Rsa(n, e) => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
        };
        verified.map_err(|_| Refusal::Signature)
    }
}

impl Labels<'_> {
    fn key(self) -> Result<PublicKey, Refusal> {
        let sized = |bytes: Option<&[u8]>, size: usize| {
            bytes.filter(|bytes| bytes.len() == size).map(<[u8]>::to_vec).ok_or(Refusal::Malformed)
        };
        let number = |bytes: Option<&[u8]>| {
            let bytes = bytes.filter(|bytes| bytes.first().is_some_and(|first| *first != 0));
            bytes.map(<[u8]>::to_vec).ok_or(Refusal::Malformed)
        };
        match (self.kty, self.alg, self.curve) {
            // OKP, EdDSA, Ed25519.
            (Some(1), Some(ED_DSA), Some(6)) => Ok(PublicKey::Ed25519(sized(self.x, 32)?)),
            // EC2, ES256, P-256.
            (Some(2), Some(ES256), Some(1)) => {
                let point = [vec![4], sized(self.x, 32)?, sized(self.y, 32)?].concat();
                Ok(PublicKey::P256(point))
            }
            // RSA, RS256.
            (Some(3), Some(RS256), None) => Ok(PublicKey::Rsa(number(self.first)?, number(self.x)?)),
            _ => Err(Refusal::Algorithm),
        }
    }
}

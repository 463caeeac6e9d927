//! Certificates of metadata: holders of a key (SAML metadata interoperability profile, 2.6.1). Who has issued them and until when
//! they are good is not asked when a signature is verified; the end is shown to who looks after the log-in.

use super::{Checked, Wrong};
use aws_lc_rs::digest;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey, VerificationAlgorithm,
};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// The longest that is read.
const LONGEST: usize = 16 << 10;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BITS: u8 = 0x03;
const OID: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// `[0] EXPLICIT`: the version.
const VERSION: u8 = 0xa0;

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Rsa,
    P256,
    P384,
}

/// A certificate with a key that signatures can be verified with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// As it came.
    pub der: Vec<u8>,
    /// What it says of its end.
    pub ends: Timestamp,
    kind: Kind,
    key: Vec<u8>,
}

/// A way to sign that is accepted. SHA-1 and everything with a shared secret is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA, PKCS #1 1.5, with SHA-256.
    Rsa256,
    /// With SHA-384.
    Rsa384,
    /// With SHA-512.
    Rsa512,
    /// ECDSA with SHA-256; of keys on P-256.
    Ecdsa256,
    /// With SHA-384; of keys on P-384.
    Ecdsa384,
}

impl Algorithm {
    /// By its name (RFC 9231, 2.3).
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256" => Self::Rsa256,
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384" => Self::Rsa384,
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512" => Self::Rsa512,
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256" => Self::Ecdsa256,
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384" => Self::Ecdsa384,
            _ => return None,
        })
    }

    /// How a key of this kind verifies it.
    fn of(self, kind: Kind) -> Option<&'static dyn VerificationAlgorithm> {
        Some(match (self, kind) {
            (Self::Rsa256, Kind::Rsa) => &RSA_PKCS1_2048_8192_SHA256,
            (Self::Rsa384, Kind::Rsa) => &RSA_PKCS1_2048_8192_SHA384,
            (Self::Rsa512, Kind::Rsa) => &RSA_PKCS1_2048_8192_SHA512,
            (Self::Ecdsa256, Kind::P256) => &ECDSA_P256_SHA256_FIXED,
            (Self::Ecdsa384, Kind::P384) => &ECDSA_P384_SHA384_FIXED,
            _ => return None,
        })
    }
}

impl Certificate {
    /// Reads one (RFC 5280, 4.1).
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(der: &[u8]) -> Checked<Self> {
        let broken = || Wrong::from("has a certificate that can’t be read");
        if der.len() > LONGEST {
            return Err(broken());
        }
        let (ends, info) = parts(der).ok_or_else(broken)?;
        let (kind, key) = key(info).ok_or("has a certificate whose key is neither RSA, P-256 nor P-384")?;
        if kind == Kind::Rsa && modulus(key).ok_or_else(broken)? < 256 {
            return Err("has a certificate whose RSA key is shorter than 2048 bits".into());
        }
        Ok(Self { der: der.to_vec(), ends, kind, key: key.to_vec() })
    }

    /// Whether this key has signed.
    #[must_use]
    pub fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        algorithm
            .of(self.kind)
            .is_some_and(|how| UnparsedPublicKey::new(how, &self.key).verify(message, signature).is_ok())
    }

    /// The first bytes of its SHA-256, as people compare them.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let hash = digest::digest(&digest::SHA256, &self.der);
        hash.as_ref()[..8].iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
    }
}

/// What is left to read of DER.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The next value and its tag.
    fn any(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, mut rest) = rest.split_first()?;
        let length = match first {
            0..=0x7f => usize::from(first),
            0x81..=0x83 => {
                let (bytes, after) = rest.split_at_checked(usize::from(first & 0x7f))?;
                rest = after;
                bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte))
            }
            _ => return None,
        };
        let (value, after) = rest.split_at_checked(length)?;
        self.0 = after;
        Some((tag, value))
    }

    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.any().filter(|(found, _)| *found == tag).map(|(_, value)| value)
    }
}

/// The end, and `SubjectPublicKeyInfo`.
fn parts(der: &[u8]) -> Option<(Timestamp, &[u8])> {
    let mut certificate = Der(Der(der).take(SEQUENCE)?);
    let mut body = Der(certificate.take(SEQUENCE)?);
    if body.0.first() == Some(&VERSION) {
        body.take(VERSION)?;
    }
    body.take(INTEGER)?;
    body.take(SEQUENCE)?;
    body.take(SEQUENCE)?;
    let mut validity = Der(body.take(SEQUENCE)?);
    validity.any()?;
    let ends = time(validity.any()?)?;
    body.take(SEQUENCE)?;
    Some((ends, body.take(SEQUENCE)?))
}

fn time((tag, value): (u8, &[u8])) -> Option<Timestamp> {
    let text = std::str::from_utf8(value).ok()?.strip_suffix('Z')?;
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let text = match (tag, text.len()) {
        // RFC 5280, 4.1.2.5.1.
        (UTC_TIME, 12) => format!("{}{text}", if &text[..2] < "50" { "20" } else { "19" }),
        (GENERALIZED_TIME, 14) => text.to_owned(),
        _ => return None,
    };
    DateTime::strptime("%Y%m%d%H%M%S", &text)
        .ok()?
        .to_zoned(TimeZone::UTC)
        .ok()
        .map(|zoned| zoned.timestamp())
}

fn key(info: &[u8]) -> Option<(Kind, &[u8])> {
    let mut info = Der(info);
    let mut algorithm = Der(info.take(SEQUENCE)?);
    let kind = match algorithm.take(OID)? {
        RSA => Kind::Rsa,
        EC => match algorithm.take(OID)? {
            P256 => Kind::P256,
            P384 => Kind::P384,
            _ => return None,
        },
        _ => return None,
    };
    // The first byte counts the bits that are left over: none.
    let (0, key) = info.take(BITS)?.split_first().map(|(unused, key)| (*unused, key))? else { return None };
    Some((kind, key))
}

/// Bytes of an RSA key's modulus.
fn modulus(key: &[u8]) -> Option<usize> {
    let modulus = Der(Der(key).take(SEQUENCE)?).take(INTEGER)?;
    Some(modulus.iter().skip_while(|byte| **byte == 0).count())
}

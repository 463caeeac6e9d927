//! What WebAuthn Level 3 asks a relying party to check: sections 7.1 (registration) and 7.2 (assertion), without trust in
//! attestations. Pure: challenges, stored keys and counters are the caller's.
//!
//! Invariant: what leaves this file as [`Created`] or [`Asserted`] was signed for this host, in a page of this very
//! origin, by somebody whom the authenticator has verified.

use super::Refusal;
use super::cose::PublicKey;
use super::wire::{Assertion, Registration};
use kernel_core::secret::{self, sha256};
use minicbor::Decoder;
use minicbor::data::Type;
use serde::Deserialize;

/// Flags of authenticator data (section 6.1).
mod flag {
    pub const PRESENT: u8 = 0x01;
    pub const VERIFIED: u8 = 0x04;
    pub const BACKUP_ELIGIBLE: u8 = 0x08;
    pub const BACKED_UP: u8 = 0x10;
    pub const CREDENTIAL: u8 = 0x40;
    pub const EXTENSIONS: u8 = 0x80;
}

/// Longest id of a credential (section 7.1, step 25).
const LONGEST_ID: usize = 1023;

/// Who asks.
#[derive(Clone, Debug)]
pub struct Party {
    /// The one origin whose pages may ask, e.g. `https://app.acme.example`.
    pub origin: String,
    /// The host name that keys are made for: the origin's.
    pub id: String,
}

impl Party {
    /// The party of an origin.
    #[must_use]
    pub fn of(origin: &str) -> Self {
        let host = origin.split_once("://").map_or(origin, |(_, rest)| rest);
        let host = host.split(':').next().unwrap_or(host);
        Self { origin: origin.to_owned(), id: host.to_owned() }
    }
}

/// What the browser says about the ceremony; the authenticator signs its hash.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    /// The challenge, base64url.
    pub challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
    top_origin: Option<String>,
}

impl ClientData {
    /// Reads the browser's JSON.
    ///
    /// # Errors
    /// `Malformed`.
    pub fn read(json: &[u8]) -> Result<Self, Refusal> {
        serde_json::from_slice(json).map_err(|_| Refusal::Malformed)
    }

    fn check(&self, kind: &str, party: &Party) -> Result<(), Refusal> {
        if self.kind != kind {
            return Err(Refusal::Kind);
        }
        if self.origin != party.origin || self.cross_origin || self.top_origin.is_some() {
            return Err(Refusal::Origin);
        }
        Ok(())
    }
}

/// A key that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    /// The authenticator's name for it.
    pub credential_id: Vec<u8>,
    /// COSE_Key, for [`PublicKey::stored`].
    pub public_key: Vec<u8>,
    /// The counter; 0 for authenticators that don't count.
    pub sign_count: u32,
    /// Whether the provider may keep copies.
    pub backup_eligible: bool,
    /// Whether there is one.
    pub backed_up: bool,
}

/// What is stored of a key.
#[derive(Clone, Debug)]
pub struct Known<'a> {
    /// COSE_Key.
    pub public_key: &'a [u8],
    /// The counter at the last use.
    pub sign_count: u32,
    /// Whether the provider may keep copies.
    pub backup_eligible: bool,
}

/// A key that was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asserted {
    /// The counter from now on.
    pub sign_count: u32,
    /// Whether a copy exists.
    pub backed_up: bool,
}

/// Authenticator data (section 6.1).
struct Data<'b> {
    flags: u8,
    sign_count: u32,
    credential: Option<(&'b [u8], &'b [u8], PublicKey)>,
}

impl<'b> Data<'b> {
    fn read(bytes: &'b [u8], party: &Party) -> Result<Self, Refusal> {
        let (head, rest) = bytes.split_at_checked(37).ok_or(Refusal::Malformed)?;
        if !secret::equal(&head[..32], &sha256(party.id.as_bytes())) {
            return Err(Refusal::Party);
        }
        let flags = head[32];
        let counter = head[33..37].try_into().map_err(|_| Refusal::Malformed)?;
        let mut decoder = Decoder::new(rest);
        let mut credential = None;
        if flags & flag::CREDENTIAL != 0 {
            // AAGUID (16), length (2), id, key.
            let length = rest.get(16..18).ok_or(Refusal::Malformed)?;
            let length = usize::from(length[0]) << 8 | usize::from(length[1]);
            let id = rest.get(18..18 + length).ok_or(Refusal::Malformed)?;
            if id.is_empty() || id.len() > LONGEST_ID {
                return Err(Refusal::Malformed);
            }
            let start = 18 + length;
            decoder.set_position(start);
            let key = PublicKey::read(&mut decoder)?;
            credential = Some((id, &rest[start..decoder.position()], key));
        }
        if flags & flag::EXTENSIONS != 0 {
            if !matches!(decoder.datatype(), Ok(Type::Map)) {
                return Err(Refusal::Malformed);
            }
            decoder.skip().map_err(|_| Refusal::Malformed)?;
        }
        if decoder.position() != rest.len() {
            return Err(Refusal::Malformed);
        }
        let data = Self { flags, sign_count: u32::from_be_bytes(counter), credential };
        data.check_person()?;
        Ok(data)
    }

    fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    fn check_person(&self) -> Result<(), Refusal> {
        if !self.has(flag::PRESENT) {
            return Err(Refusal::Present);
        }
        if !self.has(flag::VERIFIED) {
            return Err(Refusal::Verified);
        }
        // A copy of a key that can't be copied.
        if self.has(flag::BACKED_UP) && !self.has(flag::BACKUP_ELIGIBLE) {
            return Err(Refusal::Backup);
        }
        Ok(())
    }
}

/// Checks a registration. The challenge in `client` has been found and used up by the caller.
///
/// # Errors
/// The first check that fails.
pub fn created(party: &Party, client: &ClientData, given: &Registration) -> Result<Created, Refusal> {
    client.check("webauthn.create", party)?;
    let object = Attestation::read(&given.attestation_object)?;
    let data = Data::read(object.data, party)?;
    let (sign_count, backed_up) = (data.sign_count, data.has(flag::BACKED_UP));
    let backup_eligible = data.has(flag::BACKUP_ELIGIBLE);
    let (id, key_bytes, key) = data.credential.ok_or(Refusal::Malformed)?;
    if id != given.id {
        return Err(Refusal::Credential);
    }
    object.check(&key, &given.client_data)?;
    Ok(Created {
        credential_id: id.to_vec(),
        public_key: key_bytes.to_vec(),
        sign_count,
        backup_eligible,
        backed_up,
    })
}

/// Checks an assertion with a key that is known. The challenge in `client` has been found and used up by the caller, who
/// also knows whose the key is.
///
/// # Errors
/// The first check that fails; `Counter` last: everything else is right, and the key was copied.
pub fn asserted(
    party: &Party,
    client: &ClientData,
    given: &Assertion,
    known: &Known,
) -> Result<Asserted, Refusal> {
    client.check("webauthn.get", party)?;
    let data = Data::read(&given.authenticator_data, party)?;
    if data.has(flag::BACKUP_ELIGIBLE) != known.backup_eligible {
        return Err(Refusal::Backup);
    }
    let signed = [given.authenticator_data.as_slice(), &sha256(&given.client_data)].concat();
    PublicKey::stored(known.public_key)?.verify(&signed, &given.signature)?;
    if (data.sign_count != 0 || known.sign_count != 0) && data.sign_count <= known.sign_count {
        return Err(Refusal::Counter);
    }
    Ok(Asserted { sign_count: data.sign_count, backed_up: data.has(flag::BACKED_UP) })
}

/// An attestation object (section 6.5): who made the authenticator. Nobody is trusted for it; what an authenticator claims
/// about its own key is verified all the same.
struct Attestation<'b> {
    format: &'b str,
    data: &'b [u8],
    statement: Statement<'b>,
}

#[derive(Default)]
struct Statement<'b> {
    entries: u64,
    algorithm: Option<i64>,
    signature: Option<&'b [u8]>,
    certificates: bool,
}

impl<'b> Attestation<'b> {
    fn read(bytes: &'b [u8]) -> Result<Self, Refusal> {
        Self::decode(bytes).ok().flatten().ok_or(Refusal::Malformed)
    }

    fn decode(bytes: &'b [u8]) -> Result<Option<Self>, minicbor::decode::Error> {
        let mut decoder = Decoder::new(bytes);
        let (mut format, mut data, mut statement) = (None, None, None);
        for _ in 0..decoder.map()?.unwrap_or_default() {
            match decoder.str()? {
                "fmt" => format = Some(decoder.str()?),
                "authData" => data = Some(decoder.bytes()?),
                "attStmt" => statement = Some(Statement::decode(&mut decoder)?),
                _ => decoder.skip()?,
            }
        }
        let whole = decoder.position() == bytes.len();
        Ok(match (format, data, statement) {
            (Some(format), Some(data), Some(statement)) if whole => Some(Self { format, data, statement }),
            _ => None,
        })
    }

    fn check(&self, key: &PublicKey, client_data: &[u8]) -> Result<(), Refusal> {
        match self.format {
            "none" if self.statement.entries == 0 => Ok(()),
            "packed" => {
                let signature = self.statement.signature.ok_or(Refusal::Attestation)?;
                let algorithm = self.statement.algorithm.ok_or(Refusal::Attestation)?;
                if self.statement.certificates {
                    // Signed by a maker whom nobody here trusts: as good as none.
                    return Ok(());
                }
                let signed = [self.data, &sha256(client_data)].concat();
                let own = algorithm == key.algorithm() && key.verify(&signed, signature).is_ok();
                own.then_some(()).ok_or(Refusal::Attestation)
            }
            _ => Err(Refusal::Attestation),
        }
    }
}

impl<'b> Statement<'b> {
    fn decode(decoder: &mut Decoder<'b>) -> Result<Self, minicbor::decode::Error> {
        let mut found = Self { entries: decoder.map()?.unwrap_or_default(), ..Self::default() };
        for _ in 0..found.entries {
            match decoder.str()? {
                "alg" => found.algorithm = Some(decoder.i64()?),
                "sig" => found.signature = Some(decoder.bytes()?),
                "x5c" => {
                    found.certificates = true;
                    decoder.skip()?;
                }
                _ => decoder.skip()?,
            }
        }
        Ok(found)
    }
}

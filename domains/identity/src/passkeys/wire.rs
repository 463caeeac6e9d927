//! What goes to the browser's script and what comes back from it: JSON with base64url, as `PublicKeyCredential.toJSON()`
//! writes it (WebAuthn Level 3, section 5.1.8).

use super::ceremony::Party;
use super::cose::ALGORITHMS;
use super::{CHALLENGE_LIFE, Refusal};
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Deserializer, Serialize};

/// The largest answer of a browser that is looked at.
const LARGEST: usize = 32 << 10;

/// Bytes in base64url.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Base64(Vec<u8>);

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        let bytes = BASE64URL_NOPAD.decode(text.trim_end_matches('=').as_bytes());
        bytes.map(Self).map_err(serde::de::Error::custom)
    }
}

#[derive(Deserialize)]
struct Sent<T> {
    #[serde(rename = "rawId")]
    id: Base64,
    #[serde(rename = "type")]
    kind: String,
    response: T,
}

fn read<T: for<'de> Deserialize<'de>>(text: &str) -> Result<Sent<T>, Refusal> {
    if text.len() > LARGEST {
        return Err(Refusal::Malformed);
    }
    let sent: Sent<T> = serde_json::from_str(text).map_err(|_| Refusal::Malformed)?;
    (sent.kind == "public-key").then_some(sent).ok_or(Refusal::Malformed)
}

/// A key that the browser says was made.
#[derive(Clone, Debug)]
pub struct Registration {
    /// The credential's id, as the browser says it.
    pub id: Vec<u8>,
    /// JSON of the browser.
    pub client_data: Vec<u8>,
    /// CBOR of the authenticator.
    pub attestation_object: Vec<u8>,
    /// How the browser reaches the authenticator.
    pub transports: Vec<String>,
}

#[derive(Deserialize)]
struct RegistrationAnswer {
    #[serde(rename = "clientDataJSON")]
    client_data: Base64,
    #[serde(rename = "attestationObject")]
    attestation_object: Base64,
    #[serde(default)]
    transports: Vec<String>,
}

impl Registration {
    /// Reads the script's JSON.
    ///
    /// # Errors
    /// `Malformed`.
    pub fn read(text: &str) -> Result<Self, Refusal> {
        let sent: Sent<RegistrationAnswer> = read(text)?;
        let known = ["usb", "nfc", "ble", "smart-card", "hybrid", "internal"];
        let mut transports = sent.response.transports;
        transports.retain(|transport| known.contains(&transport.as_str()));
        transports.sort_unstable();
        transports.dedup();
        Ok(Self {
            id: sent.id.0,
            client_data: sent.response.client_data.0,
            attestation_object: sent.response.attestation_object.0,
            transports,
        })
    }
}

/// A key that the browser says was used.
#[derive(Clone, Debug)]
pub struct Assertion {
    /// The credential's id.
    pub id: Vec<u8>,
    /// JSON of the browser.
    pub client_data: Vec<u8>,
    /// Bytes of the authenticator.
    pub authenticator_data: Vec<u8>,
    /// Over authenticator data and the hash of client data.
    pub signature: Vec<u8>,
    /// Whom the authenticator thinks the key belongs to.
    pub user_handle: Option<Vec<u8>>,
}

#[derive(Deserialize)]
struct AssertionAnswer {
    #[serde(rename = "clientDataJSON")]
    client_data: Base64,
    #[serde(rename = "authenticatorData")]
    authenticator_data: Base64,
    signature: Base64,
    #[serde(rename = "userHandle")]
    user_handle: Option<Base64>,
}

impl Assertion {
    /// Reads the script's JSON.
    ///
    /// # Errors
    /// `Malformed`.
    pub fn read(text: &str) -> Result<Self, Refusal> {
        let sent: Sent<AssertionAnswer> = read(text)?;
        Ok(Self {
            id: sent.id.0,
            client_data: sent.response.client_data.0,
            authenticator_data: sent.response.authenticator_data.0,
            signature: sent.response.signature.0,
            user_handle: sent.response.user_handle.map(|handle| handle.0),
        })
    }
}

/// A key that the browser may know.
#[derive(Clone, Debug, Serialize)]
pub struct Descriptor {
    #[serde(rename = "type")]
    kind: &'static str,
    id: String,
    transports: Vec<String>,
}

impl Descriptor {
    pub(crate) fn new(id: &[u8], transports: Vec<String>) -> Self {
        Self { kind: "public-key", id: BASE64URL_NOPAD.encode(id), transports }
    }
}

/// `PublicKeyCredentialRequestOptionsJSON`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestOptions {
    /// base64url.
    pub challenge: String,
    timeout: i64,
    rp_id: String,
    allow_credentials: Vec<Descriptor>,
    user_verification: &'static str,
}

impl RequestOptions {
    pub(crate) fn new(party: &Party, challenge: String, allowed: Vec<Descriptor>) -> Self {
        Self {
            challenge,
            timeout: CHALLENGE_LIFE.as_secs() * 1000,
            rp_id: party.id.clone(),
            allow_credentials: allowed,
            user_verification: "required",
        }
    }
}

/// `PublicKeyCredentialCreationOptionsJSON`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreationOptions {
    /// base64url.
    pub challenge: String,
    timeout: i64,
    rp: Named,
    user: Person,
    pub_key_cred_params: Vec<Parameter>,
    exclude_credentials: Vec<Descriptor>,
    authenticator_selection: Selection,
    attestation: &'static str,
}

#[derive(Clone, Debug, Serialize)]
struct Named {
    id: String,
    name: String,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Person {
    id: String,
    name: String,
    display_name: String,
}

#[derive(Clone, Debug, Serialize)]
struct Parameter {
    #[serde(rename = "type")]
    kind: &'static str,
    alg: i64,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Selection {
    resident_key: &'static str,
    require_resident_key: bool,
    user_verification: &'static str,
}

impl CreationOptions {
    pub(crate) fn new(
        party: &Party,
        brand: &str,
        user: &crate::User,
        challenge: String,
        known: Vec<Descriptor>,
    ) -> Self {
        Self {
            challenge,
            timeout: CHALLENGE_LIFE.as_secs() * 1000,
            rp: Named { id: party.id.clone(), name: brand.to_owned() },
            user: Person {
                // The handle names nobody: only this system can turn the id into a person.
                id: BASE64URL_NOPAD.encode(user.id.uuid().as_bytes()),
                name: user.email.clone(),
                display_name: user.name.clone(),
            },
            pub_key_cred_params: ALGORITHMS
                .iter()
                .map(|alg| Parameter { kind: "public-key", alg: *alg })
                .collect(),
            exclude_credentials: known,
            authenticator_selection: Selection {
                resident_key: "required",
                require_resident_key: true,
                user_verification: "required",
            },
            attestation: "none",
        }
    }
}

//! Passkeys (spec A9; WebAuthn Level 3, ASVS 6.3.3, 6.7): logging in without name and password, the second step beside the
//! authenticator app, and proving again who is there. A passkey is bound to one host and asks for the person (finger, face,
//! PIN), so that it is two factors by itself and can't be phished.
//!
//! [`ceremony`], [`cose`] and [`wire`] are pure; [`service`] keeps keys and challenges.

pub mod ceremony;
pub mod cose;
pub mod routes;
mod service;
pub(crate) mod store;
pub mod views;
pub mod wire;

pub use service::Purpose;

use jiff::{SignedDuration, Timestamp};
use kernel_core::PasskeyId;

/// A challenge is worth something for so long.
pub const CHALLENGE_LIFE: SignedDuration = SignedDuration::from_mins(5);
/// Passkeys of one person.
pub const MOST: usize = 20;
/// Characters of a name.
pub const LONGEST_NAME: usize = 60;

/// One passkey in the person's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyRow {
    /// The id.
    pub id: PasskeyId,
    /// What the person calls it.
    pub name: String,
    /// Whether the provider keeps a copy, so that it is on several devices.
    pub synced: bool,
    /// Since when.
    pub created_at: Timestamp,
    /// The last use.
    pub last_used_at: Option<Timestamp>,
}

/// Why an answer of an authenticator was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It can't be read, or lacks something.
    Malformed,
    /// It is the answer of another ceremony.
    Kind,
    /// The challenge is not ours, was used, is too old or was made for something else.
    Challenge,
    /// A page of another origin asked.
    Origin,
    /// The key is for another host.
    Party,
    /// Nobody touched the authenticator.
    Present,
    /// The authenticator did not verify the person.
    Verified,
    /// What it says of copies can't be.
    Backup,
    /// The key is of a kind that was not asked for.
    Algorithm,
    /// The id is not the key's.
    Credential,
    /// The statement about the key does not hold.
    Attestation,
    /// The key is not known here, or is somebody else's.
    Unknown,
    /// It belongs to somebody other than it says.
    Handle,
    /// The signature is not the key's.
    Signature,
    /// The counter went back: there is a copy of a key that must have none.
    Counter,
}

impl Refusal {
    /// The name in the access log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Kind => "kind",
            Self::Challenge => "challenge",
            Self::Origin => "origin",
            Self::Party => "host",
            Self::Present => "presence",
            Self::Verified => "verification",
            Self::Backup => "backup",
            Self::Algorithm => "algorithm",
            Self::Credential => "credential",
            Self::Attestation => "attestation",
            Self::Unknown => "unknown",
            Self::Handle => "handle",
            Self::Signature => "signature",
            Self::Counter => "counter",
        }
    }

    /// What to tell the person who has it in the hand.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::Challenge => "That took too long, or the page was open in between. Try again.",
            Self::Unknown => {
                "This passkey is not known here (any more). Use another one, or the password, and remove it from the device."
            }
            Self::Verified => {
                "The device did not check who is there. Set up a PIN, finger or face on it, then try again."
            }
            Self::Counter => {
                "This passkey seems to have been copied and was not taken. Log in another way and remove it."
            }
            Self::Algorithm | Self::Attestation => "This authenticator is not one that can be used here.",
            _ => "The passkey was not accepted. Try again, or choose another way.",
        }
    }
}

//! The second factor (spec A9; ASVS 6.5): an authenticator app, passkeys (`crate::passkeys`) and recovery codes. Passwords
//! and links are the first one.

pub mod picture;
pub mod recovery;
pub mod routes;
mod service;
pub(crate) mod store;
pub mod totp;
pub mod views;

use jiff::{SignedDuration, Timestamp};

/// A seed that was shown must be proven within this.
const SETUP_LIFE: SignedDuration = SignedDuration::from_mins(30);

/// What a person has set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factors {
    /// The authenticator app: since when, last used when.
    pub totp: Option<(Timestamp, Option<Timestamp>)>,
    /// Recovery codes: how many are left, of how many, since when.
    pub codes: Option<(i64, i64, Timestamp)>,
    /// How many passkeys.
    pub passkeys: i64,
}

impl Factors {
    /// Whether sign-in asks for a second step.
    #[must_use]
    pub fn asked(&self) -> bool {
        self.totp.is_some() || self.passkeys > 0
    }
}

/// A seed to show to an app.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The picture of the address.
    pub picture: picture::Picture,
    /// The seed for typing.
    pub seed: String,
}

/// Which factor a code was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The authenticator app's code.
    Code,
    /// A recovery code.
    Recovery,
    /// A passkey.
    Passkey,
}

impl Proof {
    /// The name in the access log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Recovery => "recovery code",
            Self::Passkey => "passkey",
        }
    }
}

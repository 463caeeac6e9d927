//! Control-plane ids: a three-letter prefix and a UUIDv7 in 22 base-62 digits, e.g. `ten_0BqzF4ZfHn3vT2mK8sYx1c`.
//!
//! Ids of the data plane (`app…`, `tbl…`, `rec…`) are the engine's (`engine_base::ids`).

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const WIDTH: usize = 22;

/// The text is not an id of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an id that starts with {prefix}_")]
pub struct BadId {
    /// The prefix that was expected, without the underscore.
    pub prefix: &'static str,
}

fn encode(mut value: u128) -> [u8; WIDTH] {
    let mut out = [b'0'; WIDTH];
    for place in out.iter_mut().rev() {
        *place = DIGITS[(value % 62) as usize];
        value /= 62;
    }
    out
}

fn decode(text: &str) -> Option<u128> {
    if text.len() != WIDTH {
        return None;
    }
    text.bytes().try_fold(0u128, |value, byte| {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'Z' => byte - b'A' + 10,
            b'a'..=b'z' => byte - b'a' + 36,
            _ => return None,
        };
        value.checked_mul(62)?.checked_add(u128::from(digit))
    })
}

/// One kind of control-plane id.
pub trait PrefixedId: Copy + fmt::Display + FromStr<Err = BadId> {
    /// The prefix without the underscore, e.g. `usr`.
    const PREFIX: &'static str;
    /// Wraps a stored uuid.
    fn from_uuid(uuid: Uuid) -> Self;
    /// The uuid as stored in Postgres.
    fn uuid(self) -> Uuid;
}

macro_rules! prefixed_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl PrefixedId for $name {
            const PREFIX: &'static str = $prefix;
            fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }
            fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl $name {
            /// A new id, ordered by time (UUIDv7). Uniqueness, not secrecy.
            #[expect(clippy::disallowed_methods, reason = "the one place that makes ids")]
            #[expect(clippy::new_without_default, reason = "each call gives another value")]
            #[must_use]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
            /// Wraps a stored uuid.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }
            /// The uuid as stored in Postgres.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!($prefix, "_"))?;
                for byte in encode(self.0.as_u128()) {
                    fmt::Write::write_char(f, char::from(byte))?;
                }
                Ok(())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(decode)
                    .map(|value| Self(Uuid::from_u128(value)))
                    .ok_or(BadId { prefix: $prefix })
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

prefixed_id!(/** A person with an account. */ UserId, "usr");
prefixed_id!(/** An organisation. */ TenantId, "ten");
prefixed_id!(/** A signed-in browser. */ SessionId, "ses");
prefixed_id!(/** An API token. */ ApiTokenId, "tok");
prefixed_id!(/** An app of an organisation that acts by OAuth. */ OauthAppId, "oap");
prefixed_id!(/** What an app may do, for a person or for itself. */ ConnectionId, "con");
prefixed_id!(/** An invitation to a tenant. */ InviteId, "inv");
prefixed_id!(/** A link by which anybody of a domain may join. */ InviteLinkId, "lnk");
prefixed_id!(/** A role of an organisation's own. */ RoleId, "rol");
prefixed_id!(/** A group of members. */ GroupId, "grp");
prefixed_id!(/** A member of the platform's staff. */ StaffId, "stf");
prefixed_id!(/** A queued job. */ JobId, "job");
prefixed_id!(/** An account elsewhere that leads to one here. */ LinkedId, "lnd");
prefixed_id!(/** A passkey of a person. */ PasskeyId, "pky");
prefixed_id!(/** A copy of a person's data, made for the person. */ DataExportId, "exp");
prefixed_id!(/** A file of a cell. */ FileId, "att");
prefixed_id!(/** A website. */ SiteId, "sit");
prefixed_id!(/** A page of a site. */ PageId, "pag");
prefixed_id!(/** One immutable version of a page. */ PageVersionId, "pgv");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_uuid_are_the_same_id() {
        for value in [0, 1, 61, 62, u128::MAX] {
            let id = UserId::from_uuid(Uuid::from_u128(value));
            assert_eq!(id.to_string().parse(), Ok(id));
            assert_eq!(id.to_string().len(), 26);
        }
    }

    #[test]
    fn other_kinds_and_broken_text_are_refused() {
        let tenant = TenantId::new().to_string();
        for text in [tenant.as_str(), "usr_", "usr_zzzzzzzzzzzzzzzzzzzzzz", "usr_00000000000000000000-1", ""]
        {
            assert_eq!(text.parse::<UserId>(), Err(BadId { prefix: "usr" }), "{text}");
        }
    }

    #[test]
    fn new_ids_are_ordered_by_time() {
        let ids: Vec<_> = (0..100).map(|_| SiteId::new()).collect();
        assert!(ids.is_sorted());
    }
}

//! A link as it is stored, and the text of its token. Pure.
//!
//! Text: the tenant's uuid in 22 base-62 digits and 43 random characters (256 bits), so that only one tenant's rows are looked
//! into. It is shown once; the hash is kept.

use engine_base::ids::{TableNo, ViewId, ViewNo};
use jiff::{Timestamp, ToSpan};
use kernel_core::ids::PrefixedId;
use kernel_core::secret::sha256;
use kernel_core::{Actor, ApiTokenId, Code, Error, Result, TenantId, UserId};
use kernel_db::Row;

const TENANT: usize = 22;
const RANDOM: usize = 43;

/// A link.
#[derive(Clone, Debug)]
pub(crate) struct Share {
    /// `shr…`.
    pub(crate) id: String,
    pub(crate) view: ViewId,
    /// PHC string.
    pub(crate) password: Option<String>,
    pub(crate) downloads: bool,
    /// The text of an actor.
    pub(crate) created_by: String,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Option<Timestamp>,
}

impl Share {
    /// From the columns `id, table_id, view_id, password, downloads, created_by, created_at, expires_at`.
    pub(super) fn of(row: &Row) -> Self {
        let table = TableNo(row.get::<_, i64>(1).unsigned_abs());
        Self {
            id: row.get(0),
            view: table.view(ViewNo(row.get::<_, i32>(2).unsigned_abs())),
            password: row.get(3),
            downloads: row.get(4),
            created_by: row.get(5),
            created_at: row.get(6),
            expires_at: row.get(7),
        }
    }

    /// Whoever made it.
    pub(super) fn maker(&self) -> Option<Actor> {
        let person = self.created_by.parse::<UserId>().map(Actor::User);
        person.or_else(|_| self.created_by.parse::<ApiTokenId>().map(Actor::Token)).ok()
    }
}

/// The token of a link.
pub(super) struct TokenText {
    pub(super) tenant: TenantId,
    pub(super) hash: [u8; 32],
}

impl TokenText {
    pub(super) fn compose(tenant: TenantId, random: &str) -> String {
        format!("{}{random}", &tenant.to_string()[TenantId::PREFIX.len() + 1..])
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.len() != TENANT + RANDOM || !text.is_ascii() {
            return None;
        }
        let tenant = format!("{}_{}", TenantId::PREFIX, &text[..TENANT]).parse().ok()?;
        Some(Self { tenant, hash: sha256(text.as_bytes()) })
    }
}

/// A password as it may be set.
///
/// # Errors
/// `too_long`, `weak_password` at `password`.
pub(super) fn check_password(password: &str) -> Result<()> {
    let length = password.chars().count();
    if length > *super::PASSWORD.end() {
        let detail = format!("is longer than {} characters", super::PASSWORD.end());
        return Err(Error::field("/password", Code::TooLong, detail));
    }
    if length < *super::PASSWORD.start() {
        let detail = format!("is shorter than {} characters", super::PASSWORD.start());
        return Err(Error::field("/password", Code::WeakPassword, detail));
    }
    Ok(())
}

/// An end as it may be set: in the time to come, at most ten years away.
///
/// # Errors
/// `invalid_value` at `expires_at`.
pub(super) fn check_end(end: Timestamp, now: Timestamp) -> Result<()> {
    let latest = now.checked_add((24 * 3660).hours()).unwrap_or(now);
    if end > now && end < latest {
        return Ok(());
    }
    Err(Error::field("/expires_at", Code::InvalidValue, "is not within the next ten years"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_name_their_tenant() {
        let tenant = TenantId::new();
        let text = TokenText::compose(tenant, &"r".repeat(RANDOM));
        let read = TokenText::parse(&text).unwrap();
        assert_eq!((read.tenant, read.hash), (tenant, sha256(text.as_bytes())));
        for wrong in ["", "abc", &text[1..], &format!("{text}x"), &"é".repeat(65)] {
            assert!(TokenText::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn passwords_and_ends() {
        assert!(check_password("seven77").is_err() && check_password(&"x".repeat(201)).is_err());
        assert!(check_password("eight888").is_ok());
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        for (end, fits) in [
            ("2026-11-21T10:00:00Z", false),
            ("2026-11-21T10:00:01Z", true),
            ("2036-11-01T00:00:00Z", true),
            ("2037-11-01T00:00:00Z", false),
        ] {
            assert_eq!(check_end(end.parse().unwrap(), now).is_ok(), fits, "{end}");
        }
    }
}

//! API tokens: their text, scopes and life. Pure.
//!
//! Text: `nclc_`, the tenant's uuid in 22 base-62 digits, 43 random characters (256 bits), 6 of a checksum. The prefix and
//! the checksum let secret scanners find it without asking; the tenant lets us look only into its rows.

use jiff::Timestamp;
use kernel_core::secret::sha256;
use kernel_core::{ApiTokenId, Code, FieldError, Scope, Scopes, TenantId, UserId};
use std::net::IpAddr;

const PREFIX: &str = "nclc_";
const TENANT: usize = 22;
const RANDOM: usize = 43;
const CHECK: usize = 6;

/// A token in sight: shown once, never stored.
pub struct TokenText {
    /// Whose it is.
    pub tenant: TenantId,
    /// What is stored.
    pub hash: [u8; 32],
}

impl TokenText {
    /// A new token's text from 43 random characters.
    #[must_use]
    pub fn compose(tenant: TenantId, random: &str) -> String {
        Self::compose_as(PREFIX, tenant, random)
    }

    /// As [`TokenText::compose`], of another kind of token.
    pub(crate) fn compose_as(prefix: &str, tenant: TenantId, random: &str) -> String {
        let tenant = tenant.to_string();
        let body = format!("{prefix}{}{random}", &tenant[TenantId::PREFIX_LENGTH..]);
        let check = checksum(&body);
        body + &check
    }

    /// Reads a token; `None` if it can't be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::parse_as(PREFIX, text)
    }

    /// As [`TokenText::parse`], of another kind of token.
    pub(crate) fn parse_as(prefix: &str, text: &str) -> Option<Self> {
        if text.len() != prefix.len() + TENANT + RANDOM + CHECK
            || !text.is_ascii()
            || !text.starts_with(prefix)
        {
            return None;
        }
        let (body, check) = text.split_at(text.len() - CHECK);
        if checksum(body) != check {
            return None;
        }
        let tenant = format!("ten_{}", &body[prefix.len()..prefix.len() + TENANT]).parse().ok()?;
        Some(Self { tenant, hash: sha256(text.as_bytes()) })
    }

    /// What lists show so that people recognise it: its last four characters.
    #[must_use]
    pub fn hint(text: &str) -> &str {
        text.get(text.len().saturating_sub(4)..).unwrap_or_default()
    }
}

trait PrefixLength {
    const PREFIX_LENGTH: usize;
}
impl PrefixLength for TenantId {
    const PREFIX_LENGTH: usize = <Self as kernel_core::ids::PrefixedId>::PREFIX.len() + 1;
}

/// 32 bits of SHA-256 in six base-62 digits.
fn checksum(body: &str) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let [a, b, c, d, ..] = sha256(body.as_bytes());
    let mut value = u32::from_be_bytes([a, b, c, d]);
    let mut out = [b'0'; CHECK];
    for place in out.iter_mut().rev() {
        *place = DIGITS[(value % 62) as usize];
        value /= 62;
    }
    out.iter().copied().map(char::from).collect()
}

/// What a person wants a token to be.
#[derive(Clone, Debug, Default)]
pub struct NewToken {
    /// What it is for.
    pub label: String,
    /// What it may do.
    pub scopes: Scopes,
    /// Numbers of the bases that it may reach; `None`: all, also future ones.
    pub bases: Option<Vec<u64>>,
    /// Days until it ends; `None`: never.
    pub days: Option<u32>,
    /// From where it may be used: addresses and networks, separated by commas, spaces or lines; nothing: anywhere.
    pub addresses: String,
    /// Calls a minute; `None`: as every token.
    pub per_minute: Option<u32>,
}

/// Days that a token may live, as the form offers them; `None`: for ever.
pub const LIVES: [Option<u32>; 5] = [Some(7), Some(30), Some(90), Some(365), None];

/// Most working tokens of an organisation.
pub const MOST: i64 = 200;

/// Calls a minute that a token may be limited to.
pub const LIMITS: std::ops::RangeInclusive<u32> = 1..=60_000;
/// Networks that a token may be limited to.
const MOST_NETWORKS: usize = 50;

/// The checked label, and the networks in the form in which they are stored.
///
/// # Errors
/// Errors at `label`, `scopes`, `days`, `bases`, `addresses`, `per_minute`.
pub fn check(new: &NewToken) -> Result<(String, Option<Vec<String>>), Vec<FieldError>> {
    let mut errors = Vec::new();
    let label = identity::model::clean_name("label", &new.label)
        .map_err(|error| errors.push(error))
        .unwrap_or_default();
    if new.scopes.is_empty() {
        errors.push(FieldError::new("scopes", Code::Required, "is empty; choose at least one"));
    } else if !new.scopes.has(Scope::Read) {
        errors.push(FieldError::new("scopes", Code::InvalidValue, "needs read as well"));
    }
    if !LIVES.contains(&new.days) {
        errors.push(FieldError::new("days", Code::InvalidValue, "is not one of the list"));
    }
    if new.bases.as_ref().is_some_and(|bases| bases.is_empty() || bases.len() > 100) {
        errors.push(FieldError::new("bases", Code::InvalidValue, "has no base ticked, or more than 100"));
    }
    if new.per_minute.is_some_and(|calls| !LIMITS.contains(&calls)) {
        errors.push(FieldError::new("per_minute", Code::InvalidValue, "is not within 1 to 60,000"));
    }
    let mut networks: Vec<String> = Vec::new();
    let words = new.addresses.split(|c: char| c.is_whitespace() || ",;".contains(c));
    for word in words.filter(|word| !word.is_empty()) {
        match network(word) {
            Some(network) if networks.contains(&network) => {}
            Some(network) => networks.push(network),
            None => {
                let detail = format!("names “{word}”, which is no address or network, as in 203.0.113.0/24");
                errors.push(FieldError::new("addresses", Code::InvalidValue, detail));
                break;
            }
        }
    }
    if networks.len() > MOST_NETWORKS {
        let detail = format!("has more than {MOST_NETWORKS} networks");
        errors.push(FieldError::new("addresses", Code::TooMany, detail));
    }
    let networks = (!networks.is_empty()).then_some(networks);
    if errors.is_empty() { Ok((label, networks)) } else { Err(errors) }
}

/// A network as it is stored: `203.0.113.7` → `203.0.113.7/32`.
fn network(text: &str) -> Option<String> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = match bits {
        None => most,
        Some(bits) => bits.parse::<u8>().ok().filter(|bits| *bits <= most)?,
    };
    Some(format!("{address}/{bits}"))
}

/// A token in the list.
#[derive(Clone, Debug)]
pub struct TokenRow {
    /// The id.
    pub id: ApiTokenId,
    /// What it is for.
    pub label: String,
    /// The last four characters.
    pub hint: String,
    /// What it may do.
    pub scopes: Scopes,
    /// Base numbers, if limited.
    pub bases: Option<Vec<u64>>,
    /// Who made it.
    pub made_by: UserId,
    /// The maker's name.
    pub maker: String,
    /// When.
    pub created_at: Timestamp,
    /// Its end, if it has one.
    pub expires_at: Option<Timestamp>,
    /// The last use, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// From where that was.
    pub last_used_from: Option<String>,
    /// Networks that it is limited to.
    pub networks: Option<Vec<String>>,
    /// Calls a minute, if limited.
    pub per_minute: Option<i32>,
    /// Calls in each of the last 30 days, today last, to the last few seconds.
    pub calls: Vec<i64>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// A token that was just made.
#[derive(Debug)]
pub struct CreatedToken {
    /// The id.
    pub id: ApiTokenId,
    /// The text: shown once.
    pub text: kernel_core::Secret,
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel_core::Random;

    #[test]
    fn text_is_recognised_and_damage_noticed() {
        let tenant = TenantId::new();
        let text = TokenText::compose(tenant, &Random::seeded(1).token());
        assert_eq!(text.len(), 76);
        let parsed = TokenText::parse(&text).unwrap();
        assert_eq!((parsed.tenant, parsed.hash), (tenant, sha256(text.as_bytes())));
        let damaged = format!("{}x", &text[..75]);
        let bearer = format!("Bearer {text}");
        for wrong in ["", "nclc_", damaged.as_str(), &text[..75], bearer.as_str(), &text.to_uppercase()] {
            assert!(TokenText::parse(wrong).is_none() || wrong == text, "{wrong}");
        }
    }

    #[test]
    fn networks_as_typed() {
        for (text, stored) in [
            ("203.0.113.7", Some("203.0.113.7/32")),
            ("10.0.0.0/8", Some("10.0.0.0/8")),
            ("2001:db8::/32", Some("2001:db8::/32")),
            ("::1", Some("::1/128")),
            ("/8", None),
            ("10.0.0.0/", None),
            ("10.0.0.0/33", None),
            ("10.0.0/8", None),
            ("::/129", None),
            ("nowhere", None),
        ] {
            assert_eq!(network(text).as_deref(), stored, "{text}");
        }
    }

    #[test]
    fn rules() {
        let read: Scopes = [Scope::Read].into_iter().collect();
        let good =
            NewToken { label: "Stock sync".into(), scopes: read, days: Some(30), ..NewToken::default() };
        assert_eq!(check(&good).unwrap(), ("Stock sync".to_owned(), None));
        let limited = NewToken { addresses: "10.1.2.3, 10.0.0.0/8\n::1, 10.1.2.3".into(), ..good.clone() };
        let networks = ["10.1.2.3/32", "10.0.0.0/8", "::1/128"].map(str::to_owned).to_vec();
        assert_eq!(check(&limited).unwrap().1, Some(networks));
        for (new, field) in [
            (NewToken { label: " ".into(), ..good.clone() }, "label"),
            (NewToken { scopes: Scopes::default(), ..good.clone() }, "scopes"),
            (NewToken { scopes: [Scope::Write].into_iter().collect(), ..good.clone() }, "scopes"),
            (NewToken { days: Some(8), ..good.clone() }, "days"),
            (NewToken { bases: Some(Vec::new()), ..good.clone() }, "bases"),
            (NewToken { addresses: "10.0.0.0/33".into(), ..good.clone() }, "addresses"),
            (NewToken { addresses: "nowhere".into(), ..good.clone() }, "addresses"),
            (NewToken { per_minute: Some(0), ..good.clone() }, "per_minute"),
        ] {
            assert_eq!(check(&new).unwrap_err()[0].field, field);
        }
    }
}

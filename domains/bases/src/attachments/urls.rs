//! Addresses of files: `/files/{token}/{name}`. A token is tenant, file, end and a signature over them and the name; who has an
//! address can read the file until it ends, as with Airtable's.
//!
//! Invariant: an address is the same for up to an hour, so that a browser keeps what it has loaded.

use super::pictures;
use engine_base::{FileFacts, FileUrls};
use kernel_core::secret::SigningKey;
use kernel_core::{Clock, FileId, TenantId};
use serde_json::json;
use uuid::Uuid;

/// How long an address is good at least, in seconds.
const GOOD: i64 = 2 * 3_600;
/// Addresses change this often, in seconds.
const STEP: i64 = 3_600;
/// Bytes of the signature that are sent.
const MAC: usize = 16;
/// Tenant, file, end.
const BODY: usize = 16 + 16 + 8;

/// Makes the addresses of all files.
#[derive(Clone, Debug)]
pub(crate) struct Addresses {
    pub(super) key: SigningKey,
    origin: String,
    clock: Clock,
}

impl Addresses {
    /// `origin`: of the API.
    pub(crate) fn new(key: SigningKey, origin: String, clock: Clock) -> Self {
        Self { key, origin, clock }
    }

    /// Those of a tenant.
    pub(crate) fn of(&self, tenant: TenantId) -> Urls {
        Urls { key: self.key.clone(), origin: self.origin.clone(), clock: self.clock.clone(), tenant }
    }
}

/// Makes the addresses of a tenant's files.
#[derive(Clone, Debug)]
pub(crate) struct Urls {
    key: SigningKey,
    origin: String,
    clock: Clock,
    tenant: TenantId,
}

/// What a token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    pub(super) tenant: TenantId,
    pub(super) file: FileId,
    /// Seconds since 1970.
    pub(super) until: i64,
}

/// Why a token gives nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Broken,
    Ended,
}

fn message(body: &[u8], name: &str) -> Vec<u8> {
    [body, name.as_bytes()].concat()
}

/// A name as a part of a path.
fn escaped(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

impl Ticket {
    fn token(&self, key: &SigningKey, name: &str) -> String {
        let mut body = Vec::with_capacity(BODY + MAC);
        body.extend_from_slice(self.tenant.uuid().as_bytes());
        body.extend_from_slice(self.file.uuid().as_bytes());
        body.extend_from_slice(&self.until.to_be_bytes());
        let mac = key.sign(&message(&body, name));
        body.extend_from_slice(&mac[..MAC]);
        data_encoding::BASE64URL_NOPAD.encode(&body)
    }

    /// Reads a token that was made for this name.
    pub(super) fn read(key: &SigningKey, token: &str, name: &str, now: i64) -> Result<Self, Refusal> {
        let bytes = data_encoding::BASE64URL_NOPAD.decode(token.as_bytes()).map_err(|_| Refusal::Broken)?;
        if bytes.len() != BODY + MAC {
            return Err(Refusal::Broken);
        }
        let (body, mac) = bytes.split_at(BODY);
        if !kernel_core::secret::equal(&key.sign(&message(body, name))[..MAC], mac) {
            return Err(Refusal::Broken);
        }
        let uuid = |from: usize| Uuid::from_slice(&body[from..from + 16]).map_err(|_| Refusal::Broken);
        let until = body[32..].try_into().map(i64::from_be_bytes).map_err(|_| Refusal::Broken)?;
        if now >= until {
            return Err(Refusal::Ended);
        }
        Ok(Self { tenant: TenantId::from_uuid(uuid(0)?), file: FileId::from_uuid(uuid(16)?), until })
    }
}

impl Urls {
    /// The file of one of our own addresses; `None` for an address elsewhere.
    pub(super) fn own(&self, url: &str) -> Option<Result<Ticket, Refusal>> {
        let path = url.strip_prefix(&self.origin)?.strip_prefix("/files/")?;
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let (token, name) = path.split_once('/').unwrap_or((path, ""));
        let mut bytes = Vec::with_capacity(name.len());
        let mut rest = name.as_bytes();
        while let Some((byte, after)) = rest.split_first() {
            let digits = (*byte == b'%').then(|| after.get(..2)).flatten();
            let hex = digits.and_then(|digits| data_encoding::HEXUPPER_PERMISSIVE.decode(digits).ok());
            match hex {
                Some(hex) => {
                    bytes.extend(hex);
                    rest = &after[2..];
                }
                None => {
                    bytes.push(*byte);
                    rest = after;
                }
            }
        }
        let name = String::from_utf8_lossy(&bytes);
        let ticket = Ticket::read(&self.key, token, &name, self.clock.now().as_second());
        Some(
            ticket.and_then(
                |ticket| if ticket.tenant == self.tenant { Ok(ticket) } else { Err(Refusal::Broken) },
            ),
        )
    }

    /// A file as the API shows it.
    pub(super) fn json(&self, facts: &FileFacts<'_>) -> serde_json::Value {
        let mut out = json!({
            "id": facts.id, "filename": facts.name, "size": facts.size, "type": facts.media_type, "url": self.url(facts),
        });
        if let Some(pixels) = facts.pixels {
            (out["width"], out["height"]) = (pixels.0.into(), pixels.1.into());
            out["thumbnails"] = thumbnails(&self.url(facts), pixels);
        }
        out
    }
}

fn thumbnails(url: &str, pixels: (u32, u32)) -> serde_json::Value {
    let of = |size: &str, (width, height): (u32, u32)| json!({"url": format!("{url}{size}"), "width": width, "height": height});
    json!({
        "small": of("?size=small", pictures::small(pixels)),
        "large": of("?size=large", pictures::large(pixels)),
        "full": of("", pixels),
    })
}

impl FileUrls for Urls {
    fn url(&self, file: &FileFacts<'_>) -> String {
        let Ok(id) = file.id.parse::<FileId>() else { return String::new() };
        let until = (self.clock.now().as_second() + GOOD).div_euclid(STEP) * STEP + STEP;
        let ticket = Ticket { tenant: self.tenant, file: id, until };
        format!("{}/files/{}/{}", self.origin, ticket.token(&self.key, file.name), escaped(file.name))
    }

    fn write(&self, file: &FileFacts<'_>, out: &mut Vec<u8>) {
        let url = self.url(file);
        out.extend_from_slice(b",\"url\":");
        out.extend_from_slice(json!(url).to_string().as_bytes());
        if let Some(pixels) = file.pixels {
            out.extend_from_slice(b",\"thumbnails\":");
            out.extend_from_slice(thumbnails(&url, pixels).to_string().as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::{SignedDuration, Timestamp};
    use kernel_core::FixedClock;

    #[test]
    fn addresses_end_and_can_not_be_changed() {
        let clock = FixedClock::at(Timestamp::from_second(1_800_000_123).unwrap());
        let key = SigningKey::new([7; 32]);
        let tenant = TenantId::new();
        let urls =
            Addresses::new(key.clone(), "http://api.test".into(), Clock::Fixed(clock.clone())).of(tenant);
        let id = FileId::new();
        let text = id.to_string();
        let facts =
            FileFacts { id: &text, size: 5, media_type: "text/plain", pixels: None, name: "é 1%.txt" };
        let url = urls.url(&facts);
        let found = urls.own(&url).unwrap().unwrap();
        assert_eq!((found.tenant, found.file), (tenant, id));
        assert_eq!(urls.own(&format!("{url}?size=small")), Some(Ok(found)));
        assert_eq!(urls.own("http://other.test/files/x/y"), None);

        let (token, name) = url["http://api.test/files/".len()..].split_once('/').unwrap();
        let now = clock_seconds(&clock);
        for at in 0..token.len() {
            let mut bad = token.as_bytes().to_vec();
            bad[at] = if bad[at] == b'A' { b'B' } else { b'A' };
            let bad = String::from_utf8(bad).unwrap();
            assert!(Ticket::read(&key, &bad, facts.name, now).is_err(), "{at}");
        }
        assert_eq!(Ticket::read(&key, token, "other.exe", now), Err(Refusal::Broken));
        assert_eq!(Ticket::read(&key.derive("x"), token, facts.name, now), Err(Refusal::Broken));
        assert_eq!(Ticket::read(&key, "", facts.name, now), Err(Refusal::Broken));
        assert!(!name.contains(' '), "{name}");
        let stranger = Urls { tenant: TenantId::new(), ..urls.clone() };
        assert_eq!(stranger.own(&url), Some(Err(Refusal::Broken)));

        clock.advance(SignedDuration::from_hours(2));
        assert!(urls.own(&url).unwrap().is_ok(), "two hours at least");
        clock.advance(SignedDuration::from_hours(1));
        assert_eq!(urls.own(&url), Some(Err(Refusal::Ended)), "three at most");
    }

    fn clock_seconds(clock: &FixedClock) -> i64 {
        Clock::Fixed(clock.clone()).now().as_second()
    }
}

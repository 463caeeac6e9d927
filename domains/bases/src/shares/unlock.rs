//! A link's password: asked once, then remembered by the browser for half a day; programs send it with each request.
//!
//! The cookie is a time and a signature over the link, its password's hash and that time: another password, another link or
//! twelve hours make it worth nothing.

use super::model::Share;
use crate::service::Bases;
use data_encoding::{BASE64, BASE64URL_NOPAD};
use http::{HeaderMap, HeaderValue, header};
use identity::password::hasher::Verdict;
use jiff::Timestamp;
use kernel_core::{Code, Error, Result};
use kernel_web::{Exchange, Policy, cookies, limit_key};

const LIFE_SECONDS: i64 = 12 * 3600;

impl Bases {
    /// Whether the request may see what the link shows.
    pub(super) fn is_unlocked(&self, share: &Share, headers: &HeaderMap) -> bool {
        let Some(password) = &share.password else { return true };
        let given = cookies::read_host(headers, &share.id).and_then(|value| value.split_once('.'));
        let Some((at, signature)) = given else { return false };
        let (Ok(second), Ok(signature)) = (at.parse::<i64>(), BASE64URL_NOPAD.decode(signature.as_bytes()))
        else {
            return false;
        };
        let age = self.0.clock.now().as_second() - second;
        (0..LIFE_SECONDS).contains(&age)
            && self.unlock_key().verify(&message(share, password, second), &signature)
    }

    /// The cookie of a browser that gave the right password.
    pub(super) fn unlocked(&self, share: &Share, now: Timestamp) -> HeaderValue {
        let second = now.as_second();
        let password = share.password.as_deref().unwrap_or_default();
        let signature = self.unlock_key().sign(&message(share, password, second));
        let value = format!("{second}.{}", BASE64URL_NOPAD.encode(&signature));
        cookies::set(&share.id, &value, Some(LIFE_SECONDS.unsigned_abs()))
    }

    fn unlock_key(&self) -> kernel_core::secret::SigningKey {
        self.0.cursor_key.derive("shared view")
    }

    /// Checks a password: ten tries at once from one address, a hundred of everybody, then one a minute and ten.
    ///
    /// # Errors
    /// `bad_credentials`, `rate_limited`.
    pub(super) async fn check_share_password(
        &self,
        share: &Share,
        password: &str,
        exchange: &Exchange,
    ) -> Result<()> {
        let limits = self.0.web.limits();
        limits.check(Policy::SHARE_PASSWORD, &format!("{}@{}", share.id, limit_key(exchange.client())))?;
        limits.check(Policy::SHARE_PASSWORDS, &share.id)?;
        let hasher = self.0.tenancy.identity().hasher().asked_by(&limit_key(exchange.client()));
        let verdict = hasher.verify(password, share.password.as_deref()).await?;
        if verdict == Verdict::Wrong {
            return Err(Error::new(Code::BadCredentials).detail("The password is not right."));
        }
        Ok(())
    }
}

fn message(share: &Share, password: &str, second: i64) -> Vec<u8> {
    format!("{}\n{password}\n{second}", share.id).into_bytes()
}

/// The password of `Authorization: Basic` (RFC 7617), with any name: calendars and scripts can send it.
pub(super) fn basic(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (kind, encoded) = value.split_once(' ')?;
    if !kind.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(BASE64.decode(encoded.trim().as_bytes()).ok()?).ok()?;
    text.split_once(':').map(|(_, password)| password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_of_programs() {
        for (value, expected) in [
            ("Basic YW55OnNldmVuIGNvcHBlcg==", Some("seven copper")),
            ("basic OmE6Yg==", Some("a:b")),
            ("Bearer YW55OmE=", None),
            ("Basic ???", None),
            ("Basic YQ==", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, HeaderValue::from_static(value));
            assert_eq!(basic(&headers).as_deref(), expected, "{value}");
        }
    }
}

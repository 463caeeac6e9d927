//! The app's own key to the API: a JWT of five minutes (RFC 7519, HS256), minted for a session. It names person, session
//! and organisation; what the person may do is looked up when it is used, so a changed role counts at once.

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use kernel_core::secret::SigningKey;
use kernel_core::{Error, Result, SessionId, TenantId, UserId};
use serde::{Deserialize, Serialize};

/// How long a JWT works, in seconds.
pub const LIFE_SECONDS: i64 = 300;
/// For whom: the API portal alone (ASVS 9.2.3).
const AUDIENCE: &str = "api";

/// What a JWT says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// Always `api`.
    aud: String,
    /// The person.
    pub sub: UserId,
    /// The organisation.
    pub ten: TenantId,
    /// The session that it was minted for.
    pub ses: SessionId,
    /// When it was made, seconds since 1970.
    iat: i64,
    /// When it ends, seconds since 1970.
    exp: i64,
}

/// Mints and reads JWTs.
pub(crate) struct Jwt {
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl Jwt {
    pub(crate) fn new(key: &SigningKey) -> Self {
        let key = key.derive("api jwt");
        Self {
            encoding: EncodingKey::from_secret(key.bytes()),
            decoding: DecodingKey::from_secret(key.bytes()),
        }
    }

    pub(crate) fn mint(
        &self,
        user: UserId,
        session: SessionId,
        tenant: TenantId,
        now: Timestamp,
    ) -> Result<String> {
        let now = now.as_second();
        let claims = Claims {
            aud: AUDIENCE.into(),
            sub: user,
            ten: tenant,
            ses: session,
            iat: now,
            exp: now + LIFE_SECONDS,
        };
        encode(&Header::new(Algorithm::HS256), &claims, &self.encoding).map_err(Error::internal)
    }

    /// The claims of a JWT that is ours and has not ended; `None` for any other.
    pub(crate) fn read(&self, token: &str, now: Timestamp) -> Option<Claims> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "aud", "sub"]);
        // The library reads the machine's clock; time is a parameter here, so it is compared below.
        validation.validate_exp = false;
        let claims = decode::<Claims>(token, &self.decoding, &validation).ok()?.claims;
        let now = now.as_second();
        let made = Timestamp::from_second(claims.iat).ok()?;
        let fresh = now < claims.exp
            && made.duration_since(Timestamp::UNIX_EPOCH) <= SignedDuration::from_secs(now + 60);
        fresh.then_some(claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::get_current_timestamp;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn only_our_own_fresh_tokens_are_read() {
        let jwt = Jwt::new(&SigningKey::new([1; 32]));
        let (user, session, tenant) = (UserId::new(), SessionId::new(), TenantId::new());
        let token = jwt.mint(user, session, tenant, at(1_000)).unwrap();
        let claims = jwt.read(&token, at(1_299)).unwrap();
        assert_eq!((claims.sub, claims.ses, claims.ten), (user, session, tenant));
        assert!(jwt.read(&token, at(1_300)).is_none(), "expired");
        assert!(jwt.read(&token, at(900)).is_none(), "from the future");
        assert!(Jwt::new(&SigningKey::new([2; 32])).read(&token, at(1_000)).is_none(), "another key");
        let mut parts: Vec<&str> = token.split('.').collect();
        let none = data_encoding_none();
        parts[0] = &none;
        assert!(jwt.read(&parts.join("."), at(1_000)).is_none(), "alg none");
        parts[2] = "";
        assert!(jwt.read(&parts.join("."), at(1_000)).is_none(), "no signature");
        assert!(jwt.read("a.b.c", at(1_000)).is_none());
    }

    /// The header `{"alg":"none","typ":"JWT"}` in base64url.
    fn data_encoding_none() -> String {
        "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0".into()
    }

    #[test]
    fn another_audience_is_refused() {
        let jwt = Jwt::new(&SigningKey::new([1; 32]));
        let second = i64::try_from(get_current_timestamp()).unwrap();
        let claims = Claims {
            aud: "admin".into(),
            sub: UserId::new(),
            ten: TenantId::new(),
            ses: SessionId::new(),
            iat: second,
            exp: second + 300,
        };
        let token = encode(&Header::new(Algorithm::HS256), &claims, &jwt.encoding).unwrap();
        assert!(jwt.read(&token, at(second)).is_none());
    }
}

//! Access tokens: JWTs of ten minutes (RFC 9068, ES256). They name the connection; what it may do is looked up when they are
//! used, so that a connection that has ended, a changed role or a changed app count at once.

use super::model::AppText;
use crate::Tenancy;
use crate::access::cache::ConnectionAccess;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use kernel_core::{Actor, Caller, ConnectionId, Error, Result, Role, Scopes, TenantId};
use serde::{Deserialize, Serialize};

/// How long one works, in seconds.
pub(crate) const LIFE_SECONDS: i64 = 600;
/// `typ` (RFC 9068): no other JWT of ours has it, so none is taken for one.
const TYPE: &str = "at+jwt";
/// The longest text that is looked at.
const LONGEST: usize = 4096;

/// What an access token says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AccessClaims {
    pub iss: String,
    pub aud: String,
    /// The person; the app itself when there is none.
    pub sub: String,
    pub client_id: String,
    pub scope: String,
    pub iat: i64,
    pub exp: i64,
    pub jti: String,
    /// The organisation.
    pub ten: TenantId,
    /// The connection.
    pub con: ConnectionId,
}

impl AccessClaims {
    pub(crate) fn scopes(&self) -> Scopes {
        Scopes::from_names(self.scope.split(' '))
    }

    /// Whether it works at this second. One that would live longer than ours do is not ours, whoever signed it.
    fn lives(&self, now: i64) -> bool {
        now < self.exp
            && self.iat <= now.saturating_add(60)
            && self.exp <= self.iat.saturating_add(LIFE_SECONDS)
    }
}

/// The scopes of both.
pub(crate) fn common(left: Scopes, right: Scopes) -> Scopes {
    super::model::SCOPES.into_iter().filter(|scope| left.has(*scope) && right.has(*scope)).collect()
}

/// As they are written in answers.
pub(crate) fn scope_text(scopes: Scopes) -> String {
    scopes.names().collect::<Vec<_>>().join(" ")
}

/// Whether a bearer token says of itself that it is one of these.
pub(crate) fn is_one(bearer: &str) -> bool {
    bearer.len() <= LONGEST && decode_header(bearer).is_ok_and(|header| header.typ.as_deref() == Some(TYPE))
}

impl Tenancy {
    pub(crate) async fn mint_access(
        &self,
        app: AppText,
        connection: ConnectionId,
        subject: Option<String>,
        scopes: Scopes,
    ) -> Result<String> {
        let keys = self.keys_to_sign().await?;
        let key = keys.first().ok_or_else(|| Error::internal("no key signs access tokens"))?;
        let (issuer, now) = (self.issuer().to_owned(), self.now().as_second());
        let client_id = app.compose();
        let claims = AccessClaims {
            aud: issuer.clone(),
            iss: issuer,
            sub: subject.unwrap_or_else(|| client_id.clone()),
            client_id,
            scope: scope_text(scopes),
            iat: now,
            exp: now + LIFE_SECONDS,
            jti: self.0.identity.random().token(),
            ten: app.tenant,
            con: connection,
        };
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(key.id.clone());
        encode(&header, &claims, key.encoding()).map_err(Error::internal)
    }

    /// The claims of a token that is ours and has not ended; `None` for any other. Where a token says that its key is
    /// (`jku`, `jwk`) is not looked at.
    pub(crate) async fn read_access(&self, token: &str, now: Timestamp) -> Result<Option<AccessClaims>> {
        if token.len() > LONGEST {
            return Ok(None);
        }
        let Ok(header) = decode_header(token) else { return Ok(None) };
        let Some(kid) = header.kid.filter(|_| header.typ.as_deref() == Some(TYPE)) else { return Ok(None) };
        let keys = self.keys_with(&kid).await?;
        let Some(key) = keys.iter().find(|key| key.id == kid && key.is_believed(now)) else {
            return Ok(None);
        };
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_audience(&[self.issuer()]);
        validation.set_issuer(&[self.issuer()]);
        validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
        // The library reads the machine's clock; time is a parameter here, so it is compared below.
        validation.validate_exp = false;
        let Ok(data) = decode::<AccessClaims>(token, &key.decoding, &validation) else { return Ok(None) };
        Ok(Some(data.claims).filter(|claims| claims.lives(now.as_second())))
    }

    /// Who holds an access token.
    pub(crate) async fn access_caller(&self, bearer: &str) -> Result<Option<Caller>> {
        let now = self.now();
        let Some(claims) = self.read_access(bearer, now).await? else { return Ok(None) };
        let Some(connection) = self.app_connection(claims.ten, claims.con).await? else { return Ok(None) };
        let caller = self.connected(claims.ten, claims.con, &connection).await?;
        let scopes = common(connection.scopes, claims.scopes());
        Ok(caller.map(|caller| Caller { scopes: Some(scopes), ..caller }))
    }

    /// The caller that a connection is: the person with the app's scopes, or the app itself with the role of an editor.
    pub(crate) async fn connected(
        &self,
        tenant: TenantId,
        id: ConnectionId,
        connection: &ConnectionAccess,
    ) -> Result<Option<Caller>> {
        let actor = Actor::Connection(id);
        let caller = match connection.user {
            Some(user) => self.member_caller(tenant, user, actor).await?,
            None => Some(Caller::with_role(tenant, actor, Role::Editor)),
        };
        let (scopes, bases) = (Some(connection.scopes), connection.bases.clone());
        Ok(caller.map(|caller| Caller { scopes, bases, ..caller }))
    }

    /// What the provider calls itself: the origin of the API.
    pub(crate) fn issuer(&self) -> &str {
        &self.0.identity.web().origins().api
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_token_lives_longer_than_ten_minutes() {
        let now = 1_700_000_000;
        for (iat, exp, fine) in [
            (now, now + 600, true),
            (now - 599, now + 1, true),
            (now + 60, now + 660, true),
            (now - 600, now, false),
            (now + 61, now + 661, false),
            (now, now + 601, false),
            (now - 86_400, now + 1, false),
            (i64::MIN, i64::MAX, false),
        ] {
            let text = String::new;
            let claims = AccessClaims {
                iss: text(),
                aud: text(),
                sub: text(),
                client_id: text(),
                scope: "read".into(),
                iat,
                exp,
                jti: text(),
                ten: TenantId::new(),
                con: ConnectionId::new(),
            };
            assert_eq!(claims.lives(now), fine, "{iat} {exp}");
        }
    }
}

//! The directory's token: `nclcscim_`, the organisation's uuid in 22 base-62 digits, 43 random characters (256 bits), 6 of a
//! checksum. It belongs to the organisation, not to who made it, and opens `/scim/v2` alone. Making another one leaves the
//! former a day to be replaced in the directory; revoking ends one at once.

use super::store::{
    INSERT_SCIM_TOKEN, REPLACE_SCIM_TOKENS, REVOKE_SCIM_TOKEN, SCIM_TOKEN_BY_HASH, SCIM_TOKENS,
    TOUCH_SCIM_TOKEN,
};
use crate::Tenancy;
use crate::access::extract::bearer;
use crate::members::{allow, current_role};
use crate::model::TenantSummary;
use crate::tokens::model::TokenText;
use crate::tokens::person;
use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use identity::audit::{Act, AuditEvent, emit};
use identity::model::Visit;
use jiff::{SignedDuration, Timestamp};
use kernel_core::secret::sha256;
use kernel_core::{Actor, ApiTokenId, Caller, Capability, Code, Error, Result, Secret, TenantId, UserId};
use kernel_db::Database;
use kernel_web::{Exchange, Policy, Web, WebError};
use std::net::IpAddr;
use std::sync::Arc;

const PREFIX: &str = "nclcscim_";
/// How long a token works that was replaced.
const GRACE: SignedDuration = SignedDuration::from_hours(24);
/// The last use is written at most so often.
const TOUCH_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// A token that was just made: its text is here and nowhere else.
#[derive(Debug)]
pub struct ScimToken {
    /// The id.
    pub id: ApiTokenId,
    /// The text.
    pub text: Secret,
}

/// A token that works.
#[derive(Clone, Debug)]
pub struct ScimTokenRow {
    /// The id.
    pub id: ApiTokenId,
    /// Its last characters.
    pub hint: String,
    /// Who made it.
    pub maker: String,
    /// When.
    pub created_at: Timestamp,
    /// When it ends, if another took its place.
    pub expires_at: Option<Timestamp>,
    /// The last use, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// From where that was.
    pub last_used_from: Option<String>,
}

/// The directory of an organisation, proven by its token.
#[derive(Clone, Debug)]
pub(super) struct Directory {
    pub tenant: Arc<TenantSummary>,
    pub token: ApiTokenId,
}

impl Directory {
    pub(super) fn id(&self) -> TenantId {
        self.tenant.id
    }

    pub(super) fn actor(&self) -> Actor {
        Actor::Token(self.token)
    }
}

impl Tenancy {
    /// The directory's tokens that work, newest first.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn scim_tokens(&self, caller: &Caller) -> Result<Vec<ScimTokenRow>> {
        caller.require(Capability::ManageTenant)?;
        let rows = self.0.db.read(caller.tenant, &SCIM_TOKENS, &[&caller.tenant.uuid(), &self.now()]).await?;
        let makers: Vec<UserId> = rows.iter().map(|row| UserId::from_uuid(row.get("created_by"))).collect();
        let people = self.0.identity.users(&makers).await?;
        let named = |id: UserId| people.iter().find(|user| user.id == id).map(|user| user.name.clone());
        let row = rows.iter().zip(makers).map(|(row, maker)| ScimTokenRow {
            id: ApiTokenId::from_uuid(row.get("id")),
            hint: row.get("hint"),
            maker: named(maker).unwrap_or_default(),
            created_at: row.get("created_at"),
            expires_at: row.get("expires_at"),
            last_used_at: row.get("last_used_at"),
            last_used_from: row.get("last_used_from"),
        });
        Ok(row.collect())
    }

    /// Makes a token; one that stands ends a day later. It decides who is a member, and what accounts of the proven domains
    /// are called, so owners make it.
    ///
    /// # Errors
    /// `forbidden`; `limit_reached` for the plan.
    pub async fn make_scim_token(&self, caller: &Caller, visit: &Visit) -> Result<ScimToken> {
        caller.require(Capability::ManageOwners)?;
        self.require_plan(caller.tenant).await?;
        let (actor, tenant, now) = (person(caller)?, caller.tenant, self.now());
        let text = TokenText::compose_as(PREFIX, tenant, &self.0.identity.random().token());
        let (id, hint) = (ApiTokenId::new(), TokenText::hint(&text));
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        allow(current_role(&mut tx, caller, actor).await?, Capability::ManageOwners)?;
        let hash = sha256(text.as_bytes());
        let params: kernel_db::Params<'_> =
            &[&tenant.uuid(), &id.uuid(), &hash.as_slice(), &hint, &actor.uuid(), &now];
        tx.execute(&INSERT_SCIM_TOKEN, params).await?;
        let end = now.checked_add(GRACE).unwrap_or(Timestamp::MAX);
        let replaced = tx.execute(&REPLACE_SCIM_TOKENS, &[&tenant.uuid(), &id.uuid(), &end]).await?;
        let event =
            AuditEvent::in_tenant(tenant, caller.actor, Act::ScimTokenCreated, now).target(id).from(visit);
        emit(&mut tx, &event.data(serde_json::json!({ "hint": hint, "replaced": replaced }))).await?;
        tx.commit().await?;
        Ok(ScimToken { id, text: Secret::new(text) })
    }

    /// Ends a token.
    ///
    /// # Errors
    /// `forbidden`, `not_found`.
    pub async fn revoke_scim_token(&self, caller: &Caller, id: ApiTokenId, visit: &Visit) -> Result<()> {
        caller.require(Capability::ManageTenant)?;
        let (actor, tenant, now) = (person(caller)?, caller.tenant, self.now());
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        allow(current_role(&mut tx, caller, actor).await?, Capability::ManageTenant)?;
        let row = tx.query_opt(&REVOKE_SCIM_TOKEN, &[&tenant.uuid(), &id.uuid(), &now]).await?;
        let hint: String = row.ok_or_else(Error::not_found)?.get("hint");
        let event =
            AuditEvent::in_tenant(tenant, caller.actor, Act::ScimTokenRevoked, now).target(id).from(visit);
        emit(&mut tx, &event.data(serde_json::json!({ "hint": hint }))).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Whose directory shows a token. Read anew each time: revoking counts at once, everywhere.
    async fn directory(&self, bearer: &str, from: IpAddr) -> Result<Directory> {
        let refused =
            || Error::new(Code::Unauthenticated).detail("The SCIM token is unknown, replaced or revoked.");
        let TokenText { tenant, hash } = TokenText::parse_as(PREFIX, bearer).ok_or_else(refused)?;
        let now = self.now();
        let params: kernel_db::Params<'_> = &[&tenant.uuid(), &hash.as_slice(), &now];
        let row = self.0.db.read_opt(tenant, &SCIM_TOKEN_BY_HASH, params).await?.ok_or_else(refused)?;
        let token = ApiTokenId::from_uuid(row.get("id"));
        let summary = self.behind_token(tenant, refused).await?;
        self.require_plan(tenant).await?;
        let used: Option<Timestamp> = row.get("last_used_at");
        if used.is_none_or(|used| now.duration_since(used) >= TOUCH_EVERY) {
            let params: kernel_db::Params<'_> =
                &[&tenant.uuid(), &token.uuid(), &now, &Some(from.to_string())];
            self.0.db.write(tenant, &TOUCH_SCIM_TOKEN, params).await?;
        }
        Ok(Directory { tenant: summary, token })
    }
}

impl<S> FromRequestParts<S> for Directory
where
    Tenancy: FromRef<S>,
    Web: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, WebError> {
        let bearer = bearer(parts, "the organisation's SCIM token")?;
        let exchange = Exchange::of(parts);
        let directory = Tenancy::from_ref(state).directory(&bearer, exchange.client()).await?;
        exchange.caller(Some(directory.id().to_string()), Some(directory.token.to_string()));
        let web = Web::from_ref(state);
        web.limits().enforce(&exchange, Policy::API, &directory.token.uuid().to_string())?;
        web.limits().enforce(&exchange, web.tenant_calls(), &directory.id().uuid().to_string())?;
        Ok(directory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel_core::Random;

    #[test]
    fn text_is_recognised_and_no_api_token() {
        let tenant = TenantId::new();
        let text = TokenText::compose_as(PREFIX, tenant, &Random::seeded(1).token());
        let read = TokenText::parse_as(PREFIX, &text).unwrap();
        assert_eq!((read.tenant, read.hash), (tenant, sha256(text.as_bytes())));
        assert!(TokenText::parse(&text).is_none());
        let api = TokenText::compose(tenant, &Random::seeded(1).token());
        let damaged = format!("{}!", &text[..text.len() - 1]);
        for wrong in ["", PREFIX, &api, &damaged, &text[1..], &text.to_uppercase()] {
            assert!(TokenText::parse_as(PREFIX, wrong).is_none(), "{wrong}");
        }
    }
}

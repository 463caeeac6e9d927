//! Deciding who a request is. Role, token and state are asked anew at least every five seconds and after every change.

use super::cache::{Answer, Question, TokenAccess};
use crate::Tenancy;
use crate::members::store::ROLE_OF;
use crate::model::{TenantState, TenantSummary};
use crate::tenants::store::{TENANT_BY_ID, TENANT_BY_SLUG, summary};
use crate::tokens::model::TokenText;
use crate::tokens::store::{TOKEN_BY_HASH, TOUCH_TOKEN};
use jiff::SignedDuration;
use kernel_core::{
    Actor, ApiTokenId, Caller, Code, Error, Result, Role, Scopes, SessionId, TenantId, UserId,
};
use std::sync::Arc;

/// The last use of a token is written at most so often.
const TOUCH_EVERY: SignedDuration = SignedDuration::from_secs(60);

impl Tenancy {
    /// An organisation by its address.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn by_slug(&self, slug: &str) -> Result<Option<TenantSummary>> {
        Ok(self.0.db.global_opt(&TENANT_BY_SLUG, &[&slug]).await?.as_ref().map(summary))
    }

    /// An organisation, as known in memory.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn tenant(&self, id: TenantId) -> Result<Arc<TenantSummary>> {
        let question = Question::Tenant(id);
        let found = match self.0.cache.get(&question) {
            Ok(Answer::Tenant(found)) => found,
            kept => {
                let row = self.0.db.global_opt(&TENANT_BY_ID, &[&id.uuid()]).await?;
                let found = row.as_ref().map(summary).map(Arc::new);
                if let Err(generation) = kept {
                    self.0.cache.keep(generation, question, Answer::Tenant(found.clone()));
                }
                found
            }
        };
        found.ok_or_else(Error::not_found)
    }

    /// An organisation, if it is known in memory at this moment: for answers that do not wait.
    #[must_use]
    pub fn known_tenant(&self, id: TenantId) -> Option<Arc<TenantSummary>> {
        match self.0.cache.get(&Question::Tenant(id)) {
            Ok(Answer::Tenant(found)) => found,
            _ => None,
        }
    }

    /// A person's role in an organisation; `None`: not a member.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn role(&self, tenant: TenantId, user: UserId) -> Result<Option<Role>> {
        let question = Question::Role(tenant, user);
        match self.0.cache.get(&question) {
            Ok(Answer::Role(role)) => Ok(role),
            kept => {
                let row = self.0.db.read_opt(tenant, &ROLE_OF, &[&tenant.uuid(), &user.uuid()]).await?;
                let role = row.map(|row| row.get::<_, &str>("role").parse()).transpose()?;
                if let Err(generation) = kept {
                    self.0.cache.keep(generation, question, Answer::Role(role));
                }
                Ok(role)
            }
        }
    }

    /// The caller that a member is in the organisation at `slug`.
    ///
    /// # Errors
    /// `not_found` for an unknown organisation and for one that the person is not in, alike; `tenant_suspended`.
    pub async fn enter(&self, slug: &str, user: UserId) -> Result<(Caller, TenantSummary)> {
        let tenant = self.by_slug(slug).await?.ok_or_else(Error::not_found)?;
        let role = self.role(tenant.id, user).await?.ok_or_else(Error::not_found)?;
        refuse_suspended(&tenant)?;
        let caller = Caller { tenant: tenant.id, actor: Actor::User(user), role, scopes: None, bases: None };
        Ok((caller, tenant))
    }

    /// Who holds a bearer token: an API token or the app's JWT.
    ///
    /// # Errors
    /// `unauthenticated` for anything that does not work (any more), `tenant_suspended`.
    pub async fn authenticate(&self, bearer: &str) -> Result<Caller> {
        let refused =
            || Error::new(Code::Unauthenticated).detail("The token is unknown, expired or revoked.");
        let caller = match TokenText::parse(bearer) {
            Some(text) => self.token_caller(&text).await?,
            None => self.jwt_caller(bearer).await?,
        };
        let caller = caller.ok_or_else(refused)?;
        let tenant = self.tenant(caller.tenant).await.map_err(|error| match error.code() {
            Code::NotFound => refused(),
            _ => error,
        })?;
        refuse_suspended(&tenant)?;
        Ok(caller)
    }

    async fn token_caller(&self, text: &TokenText) -> Result<Option<Caller>> {
        let Some(token) = self.token(text.tenant, text.hash).await? else { return Ok(None) };
        let now = self.now();
        if token.expires_at.is_some_and(|end| end <= now) {
            return Ok(None);
        }
        Ok(Some(Caller {
            tenant: text.tenant,
            actor: Actor::Token(token.id),
            role: token.role,
            scopes: Some(token.scopes),
            bases: token.bases,
        }))
    }

    async fn token(&self, tenant: TenantId, hash: [u8; 32]) -> Result<Option<TokenAccess>> {
        let question = Question::Token(tenant, hash);
        let kept = self.0.cache.get(&question);
        if let Ok(Answer::Token(token)) = kept {
            return Ok(token);
        }
        let row = self.0.db.read_opt(tenant, &TOKEN_BY_HASH, &[&tenant.uuid(), &hash.as_slice()]).await?;
        let token = row
            .map(|row| {
                let names: Vec<String> = row.get("scopes");
                Ok::<_, Error>(TokenAccess {
                    id: ApiTokenId::from_uuid(row.get("id")),
                    scopes: Scopes::from_names(names.iter().map(String::as_str)),
                    bases: row
                        .get::<_, Option<Vec<i64>>>("bases")
                        .map(|numbers| numbers.into_iter().map(i64::cast_unsigned).collect()),
                    expires_at: row.get("expires_at"),
                    role: row.get::<_, &str>("role").parse()?,
                    used_at: row.get("last_used_at"),
                })
            })
            .transpose()?;
        if let Some(token) = &token {
            let now = self.now();
            if token.used_at.is_none_or(|used| now.duration_since(used) >= TOUCH_EVERY) {
                self.0.db.write(tenant, &TOUCH_TOKEN, &[&tenant.uuid(), &token.id.uuid(), &now]).await?;
            }
        }
        if let Err(generation) = kept {
            self.0.cache.keep(generation, question, Answer::Token(token.clone()));
        }
        Ok(token)
    }

    async fn jwt_caller(&self, bearer: &str) -> Result<Option<Caller>> {
        let Some(claims) = self.0.jwt.read(bearer, self.now()) else { return Ok(None) };
        if !self.session_lives(claims.sub, claims.ses).await? {
            return Ok(None);
        }
        Ok(self.role(claims.ten, claims.sub).await?.map(|role| Caller {
            tenant: claims.ten,
            actor: Actor::User(claims.sub),
            role,
            scopes: None,
            bases: None,
        }))
    }

    async fn session_lives(&self, user: UserId, session: SessionId) -> Result<bool> {
        let question = Question::Session(user, session);
        match self.0.cache.get(&question) {
            Ok(Answer::Session(lives)) => Ok(lives),
            kept => {
                let lives = self.0.identity.session_lives(session).await?;
                if let Err(generation) = kept {
                    self.0.cache.keep(generation, question, Answer::Session(lives));
                }
                Ok(lives)
            }
        }
    }

    /// A JWT for the app's calls to the API, good for [`super::jwt::LIFE_SECONDS`].
    ///
    /// # Errors
    /// `internal` only.
    pub fn mint_jwt(&self, tenant: TenantId, user: UserId, session: SessionId) -> Result<String> {
        self.0.jwt.mint(user, session, tenant, self.now())
    }
}

fn refuse_suspended(tenant: &TenantSummary) -> Result<()> {
    match tenant.state {
        TenantState::Active => Ok(()),
        TenantState::Suspended => Err(Error::new(Code::TenantSuspended).detail(format!(
            "{} is suspended. Nothing is lost; our support can tell its owners why.",
            tenant.name
        ))),
    }
}

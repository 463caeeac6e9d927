//! Deciding who a request is. Role, token and state are asked anew at least every five seconds and after every change.

use super::cache::{Answer, MemberAccess, Question, TokenAccess};
use crate::Tenancy;
use crate::members::store::{MEMBER_ACCESS, MEMBERS_ACCESS};
use crate::model::{TenantState, TenantSummary};
use crate::oauth::is_one;
use crate::tenants::store::{TENANT_BY_ID, TENANT_BY_SLUG, summary};
use crate::tokens::model::TokenText;
use crate::tokens::store::{TOKEN_BY_HASH, TOKEN_BY_ID, TOUCH_TOKEN};
use jiff::SignedDuration;
use kernel_core::access::Source;
use kernel_core::{
    Access, Actor, ApiTokenId, Caller, Code, Error, Grants, Result, Role, Scopes, SessionId, TenantId, UserId,
};
use kernel_db::Row;
use kernel_web::Networks;
use serde::Deserialize;
use std::net::IpAddr;
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

    /// A person's role in an organisation; `None`: not a member, or a guest whose time is over.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn role(&self, tenant: TenantId, user: UserId) -> Result<Option<Role>> {
        Ok(self.member(tenant, user).await?.map(|member| member.role))
    }

    /// What a member may do, as known in memory; `None`: not a member, or a guest whose time is over.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn member(&self, tenant: TenantId, user: UserId) -> Result<Option<MemberAccess>> {
        let question = Question::Member(tenant, user);
        let found = match self.0.cache.get(&question) {
            Ok(Answer::Member(found)) => found,
            kept => {
                let row = self.0.db.read_opt(tenant, &MEMBER_ACCESS, &[&tenant.uuid(), &user.uuid()]).await?;
                let found = row.as_ref().map(member_access).transpose()?;
                if let Err(generation) = kept {
                    self.0.cache.keep(generation, question, Answer::Member(found.clone()));
                }
                found
            }
        };
        let now = self.now();
        Ok(found.filter(|member| member.expires_at.is_none_or(|end| now < end)))
    }

    pub(crate) async fn member_caller(
        &self,
        tenant: TenantId,
        user: UserId,
        actor: Actor,
    ) -> Result<Option<Caller>> {
        Ok(self.member(tenant, user).await?.map(|member| member.caller(tenant, actor)))
    }

    /// Everybody in an organisation with what they may do, the longest members first.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn callers(&self, tenant: TenantId) -> Result<Vec<(UserId, Caller)>> {
        let rows = self.0.db.read(tenant, &MEMBERS_ACCESS, &[&tenant.uuid(), &self.now()]).await?;
        let caller = |row: &Row| {
            let user = UserId::from_uuid(row.get("user_id"));
            Ok((user, member_access(row)?.caller(tenant, Actor::User(user))))
        };
        rows.iter().map(caller).collect()
    }

    /// The caller that a member is in the organisation at `slug`.
    ///
    /// # Errors
    /// `not_found` for an unknown organisation and for one that the person is not in, alike; `tenant_suspended`.
    pub async fn enter(&self, slug: &str, user: UserId) -> Result<(Caller, TenantSummary)> {
        let tenant = self.by_slug(slug).await?.ok_or_else(Error::not_found)?;
        let caller = self.member_caller(tenant.id, user, Actor::User(user)).await?;
        let caller = caller.ok_or_else(Error::not_found)?;
        refuse_suspended(&tenant)?;
        Ok((caller, tenant))
    }

    /// Who holds a bearer token: an API token, an access token of OAuth, or the app's JWT.
    ///
    /// # Errors
    /// `unauthenticated` for anything that does not work (any more), `tenant_suspended`.
    pub async fn authenticate(&self, bearer: &str) -> Result<Caller> {
        Ok(self.let_in(bearer, None).await?.0)
    }

    /// As [`Tenancy::authenticate`], at the door: from an address, which a token may be limited to, and with the limit of
    /// its own that a token may have.
    ///
    /// # Errors
    /// As [`Tenancy::authenticate`]; `address_not_allowed` from another address than the token allows.
    pub async fn let_in(&self, bearer: &str, from: Option<IpAddr>) -> Result<(Caller, Option<u32>)> {
        let refused =
            || Error::new(Code::Unauthenticated).detail("The token is unknown, expired or revoked.");
        let found = match TokenText::parse(bearer) {
            Some(text) => self.token_caller(&text, from).await?,
            None if is_one(bearer) => self.access_caller(bearer).await?.map(|caller| (caller, None)),
            None => self.jwt_caller(bearer).await?.map(|caller| (caller, None)),
        };
        let (caller, per_minute) = found.ok_or_else(refused)?;
        let tenant = self.behind_token(caller.tenant, refused).await?;
        if let Actor::User(user) = caller.actor
            && !self.lets_in(&tenant, user).await?
        {
            return Err(crate::security::factor_needed(&tenant));
        }
        Ok((caller, per_minute))
    }

    /// The organisation behind a token that works: one that is gone is refused as the token would be.
    ///
    /// # Errors
    /// What `refused` says; `tenant_suspended`; whatever keeps us from knowing.
    pub(crate) async fn behind_token(
        &self,
        tenant: TenantId,
        refused: impl FnOnce() -> Error,
    ) -> Result<Arc<TenantSummary>> {
        let tenant = self.tenant(tenant).await.map_err(|error| match error.code() {
            Code::NotFound => refused(),
            _ => error,
        })?;
        refuse_suspended(&tenant)?;
        Ok(tenant)
    }

    async fn token_caller(
        &self,
        text: &TokenText,
        from: Option<IpAddr>,
    ) -> Result<Option<(Caller, Option<u32>)>> {
        let Some(token) = self.token(text.tenant, text.hash, from).await? else { return Ok(None) };
        let (id, networks, per_minute) = (token.id, token.networks.clone(), token.per_minute);
        let Some(caller) = self.caller_of(text.tenant, token).await? else { return Ok(None) };
        if let (Some(networks), Some(from)) = (networks, from)
            && !networks.contains(from)
        {
            let detail = format!("This token can’t be used from {from}.");
            return Err(Error::new(Code::AddressNotAllowed).detail(detail));
        }
        if let Some(from) = from {
            self.0.usage.count((text.tenant, id), from, self.now());
        }
        Ok(Some((caller, per_minute)))
    }

    async fn caller_of(&self, tenant: TenantId, token: TokenAccess) -> Result<Option<Caller>> {
        let now = self.now();
        if token.expires_at.is_some_and(|end| end <= now) {
            return Ok(None);
        }
        let caller = self.member_caller(tenant, token.maker, Actor::Token(token.id)).await?;
        Ok(caller.map(|caller| Caller { scopes: Some(token.scopes), bases: token.bases, ..caller }))
    }

    async fn token(
        &self,
        tenant: TenantId,
        hash: [u8; 32],
        from: Option<IpAddr>,
    ) -> Result<Option<TokenAccess>> {
        let question = Question::Token(tenant, hash);
        let kept = self.0.cache.get(&question);
        if let Ok(Answer::Token(token)) = kept {
            return Ok(token);
        }
        let row = self.0.db.read_opt(tenant, &TOKEN_BY_HASH, &[&tenant.uuid(), &hash.as_slice()]).await?;
        let token = row.as_ref().map(token_access);
        if let Some(token) = &token {
            let now = self.now();
            // A try from where the token does not work is no use of it.
            let outside =
                token.networks.as_ref().zip(from).is_some_and(|(networks, from)| !networks.contains(from));
            if !outside && token.used_at.is_none_or(|used| now.duration_since(used) >= TOUCH_EVERY) {
                let from = from.map(|from| from.to_string());
                let params: kernel_db::Params<'_> = &[&tenant.uuid(), &token.id.uuid(), &now, &from];
                self.0.db.write(tenant, &TOUCH_TOKEN, params).await?;
            }
        }
        if let Err(generation) = kept {
            self.0.cache.keep(generation, question, Answer::Token(token.clone()));
        }
        Ok(token)
    }

    /// Who a person or a token is today, for what stands in their name; `None`: not a member any more, a token that is
    /// revoked or over, a suspended organisation.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn standing(&self, tenant: TenantId, actor: Actor) -> Result<Option<Caller>> {
        match self.tenant(tenant).await {
            Ok(found) if found.state == TenantState::Active => {}
            Err(error) if error.code() != Code::NotFound => return Err(error),
            _ => return Ok(None),
        }
        let id = match actor {
            Actor::User(user) => return self.member_caller(tenant, user, actor).await,
            Actor::Token(id) => id,
            Actor::Connection(id) => {
                return match self.app_connection(tenant, id).await? {
                    Some(connection) => self.connected(tenant, id, &connection).await,
                    None => Ok(None),
                };
            }
            Actor::System => return Ok(None),
        };
        let row = self.0.db.read_opt(tenant, &TOKEN_BY_ID, &[&tenant.uuid(), &id.uuid()]).await?;
        let Some(token) = row.as_ref().map(token_access) else { return Ok(None) };
        self.caller_of(tenant, token).await
    }

    async fn jwt_caller(&self, bearer: &str) -> Result<Option<Caller>> {
        let Some(claims) = self.0.jwt.read(bearer, self.now()) else { return Ok(None) };
        if !self.session_lives(claims.sub, claims.ses).await? {
            return Ok(None);
        }
        self.member_caller(claims.ten, claims.sub, Actor::User(claims.sub)).await
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

/// A group in `MEMBER_ACCESS`.
#[derive(Deserialize)]
struct GroupGrants {
    name: String,
    grants: Grants,
}

fn member_access(row: &Row) -> Result<MemberAccess> {
    let role: Role = row.get::<_, &str>("role").parse()?;
    let read = |value: serde_json::Value| serde_json::from_value::<Grants>(value).map_err(Error::internal);
    let mut sources = Vec::new();
    if let Some(grants) = row.get::<_, Option<serde_json::Value>>("role_grants") {
        sources.push((Source::Role(row.get("role_name")), read(grants)?));
    }
    let groups: Vec<GroupGrants> = serde_json::from_value(row.get("groups")).map_err(Error::internal)?;
    sources.extend(groups.into_iter().map(|group| (Source::Group(group.name), group.grants)));
    let own = read(row.get("grants"))?;
    if !own.is_empty() {
        sources.push((Source::Person, own));
    }
    let access = if sources.is_empty() { Access::of(role) } else { Arc::new(Access::new(role, sources)) };
    Ok(MemberAccess { role, access, expires_at: row.get("expires_at") })
}

fn token_access(row: &Row) -> TokenAccess {
    let names: Vec<String> = row.get("scopes");
    TokenAccess {
        id: ApiTokenId::from_uuid(row.get("id")),
        scopes: Scopes::from_names(names.iter().map(String::as_str)),
        bases: row
            .get::<_, Option<Vec<i64>>>("bases")
            .map(|numbers| numbers.into_iter().map(i64::cast_unsigned).collect()),
        expires_at: row.get("expires_at"),
        maker: UserId::from_uuid(row.get("created_by")),
        used_at: row.get("last_used_at"),
        networks: row
            .get::<_, Option<Vec<String>>>("networks")
            .map(|networks| Arc::new(Networks::parse(&networks))),
        per_minute: row.get::<_, Option<i32>>("per_minute").map(i32::unsigned_abs),
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

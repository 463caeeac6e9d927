//! Who asks: proven by an extractor, checked by services.

use crate::access::{Access, Level};
use crate::{
    ApiTokenId, Capability, Code, ConnectionId, Error, Result, Role, Scopes, SiteId, TenantId, UserId,
};
use std::sync::Arc;

/// Who acts, as written into changes and audit rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A person in the app.
    User(UserId),
    /// A program with an API token.
    Token(ApiTokenId),
    /// An app, for a person or for itself.
    Connection(ConnectionId),
    /// The product itself (imports, seeds, jobs).
    System,
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::User(id) => id.fmt(f),
            Self::Token(id) => id.fmt(f),
            Self::Connection(id) => id.fmt(f),
            Self::System => f.write_str("system"),
        }
    }
}

/// An authenticated caller within one tenant. Its existence means: signed in, member (or token) of an active tenant.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The tenant that everything is about.
    pub tenant: TenantId,
    /// Who acts.
    pub actor: Actor,
    /// The member's role; a token acts with the role of the person who made it, at most.
    pub role: Role,
    /// The role with its exceptions, as they were when the request came in.
    pub access: Arc<Access>,
    /// `Some` for API tokens: what the token was given.
    pub scopes: Option<Scopes>,
    /// `Some` for tokens limited to these base numbers.
    pub bases: Option<Arc<[u64]>>,
}

impl Caller {
    /// The product itself acting in a tenant.
    #[must_use]
    pub fn system(tenant: TenantId) -> Self {
        Self::with_role(tenant, Actor::System, Role::Owner)
    }

    /// Somebody with a role and no exceptions, no token.
    #[must_use]
    pub fn with_role(tenant: TenantId, actor: Actor, role: Role) -> Self {
        Self { tenant, actor, role, access: Access::of(role), scopes: None, bases: None }
    }

    /// Whether the person and the token's scopes cover `capability` for anything at all; one base, table or site is asked
    /// about with [`Caller::base`], [`Caller::table`], [`Caller::site`].
    #[must_use]
    pub fn may(&self, capability: Capability) -> bool {
        let scope_ok = match self.scopes {
            None => true,
            Some(scopes) => capability.scope().is_some_and(|scope| scopes.has(scope)),
        };
        scope_ok && self.access.may(capability)
    }

    /// # Errors
    /// `missing_scope` when the token lacks it, `forbidden` when the role does.
    pub fn require(&self, capability: Capability) -> Result<()> {
        if self.may(capability) {
            return Ok(());
        }
        if self.access.may(capability) {
            let needed = capability.scope().map_or("a signed-in person", crate::Scope::name);
            return Err(
                Error::new(Code::MissingScope).detail(format!("This token lacks the scope: {needed}."))
            );
        }
        let role = Role::needed_for(capability);
        let detail = if self.role.may(capability) {
            "Your permissions here do not include this.".to_owned()
        } else {
            format!("This needs the role {role} or higher.")
        };
        Err(Error::new(Code::Forbidden).detail(detail))
    }

    /// How far in a base, within the token's limit.
    #[must_use]
    pub fn base(&self, base: u64) -> Level {
        if self.bases.as_ref().is_none_or(|bases| bases.contains(&base)) {
            self.access.base(base)
        } else {
            Level::None
        }
    }

    /// Whether the base is there for this caller.
    #[must_use]
    pub fn sees_base(&self, base: u64) -> bool {
        self.base(base) > Level::None
    }

    /// How far in a table of a base, within the token's limit.
    #[must_use]
    pub fn table(&self, base: u64, table: u64) -> Level {
        match self.base(base) {
            Level::None => Level::None,
            _ => self.access.table(base, table),
        }
    }

    /// # Errors
    /// `not_found` when the site is not there for this caller; `forbidden` when it may not go as far as `needed`.
    pub fn site(&self, site: SiteId, needed: Level) -> Result<()> {
        enough(self.access.site(site), needed)
    }
}

/// # Errors
/// `not_found` for [`Level::None`], `forbidden` for less than `needed`.
pub fn enough(level: Level, needed: Level) -> Result<()> {
    match level {
        Level::None => Err(Error::not_found()),
        level if level < needed => {
            Err(Error::new(Code::Forbidden).detail("Your permissions here do not include this."))
        }
        _ => Ok(()),
    }
}

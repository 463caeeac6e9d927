//! Who asks: proven by an extractor, checked by services.

use crate::{ApiTokenId, Capability, Code, Error, Result, Role, Scopes, TenantId, UserId};

/// Who acts, as written into changes and audit rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A person in the app.
    User(UserId),
    /// A program with an API token.
    Token(ApiTokenId),
    /// The product itself (imports, seeds, jobs).
    System,
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::User(id) => id.fmt(f),
            Self::Token(id) => id.fmt(f),
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
    /// `Some` for API tokens: what the token was given.
    pub scopes: Option<Scopes>,
    /// `Some` for tokens limited to these base numbers.
    pub bases: Option<std::sync::Arc<[u64]>>,
}

impl Caller {
    /// The product itself acting in a tenant.
    #[must_use]
    pub const fn system(tenant: TenantId) -> Self {
        Self { tenant, actor: Actor::System, role: Role::Owner, scopes: None, bases: None }
    }

    /// Whether the role and the token's scopes cover `capability`.
    #[must_use]
    pub fn may(&self, capability: Capability) -> bool {
        let scope_ok = match self.scopes {
            None => true,
            Some(scopes) => capability.scope().is_some_and(|scope| scopes.has(scope)),
        };
        scope_ok && self.role.may(capability)
    }

    /// # Errors
    /// `missing_scope` when the token lacks it, `forbidden` when the role does.
    pub fn require(&self, capability: Capability) -> Result<()> {
        if self.may(capability) {
            return Ok(());
        }
        if self.role.may(capability) {
            let needed = capability.scope().map_or("a signed-in person", crate::Scope::name);
            return Err(
                Error::new(Code::MissingScope).detail(format!("This token lacks the scope: {needed}."))
            );
        }
        let role = Role::needed_for(capability);
        Err(Error::new(Code::Forbidden).detail(format!("This needs the role {role} or higher.")))
    }

    /// Whether the base is within the token's limit.
    #[must_use]
    pub fn sees_base(&self, base: u64) -> bool {
        self.bases.as_ref().is_none_or(|bases| bases.contains(&base))
    }
}

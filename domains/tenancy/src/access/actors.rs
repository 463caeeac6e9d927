//! Names of those who acted, for histories.

use crate::Tenancy;
use crate::tokens::store::TOKEN_LABEL;
use kernel_core::{ApiTokenId, ConnectionId, Result, TenantId, UserId};

impl Tenancy {
    /// What people call an actor as changes store it: the person's name, the token's label, the app's name. Empty when it is not known (any
    /// more).
    ///
    /// # Errors
    /// `internal` only.
    pub async fn actor_name(&self, tenant: TenantId, actor: &str) -> Result<String> {
        if let Ok(user) = actor.parse::<UserId>() {
            let people = self.identity().users(&[user]).await?;
            return Ok(people.into_iter().next().map(|person| person.name).unwrap_or_default());
        }
        if let Ok(token) = actor.parse::<ApiTokenId>() {
            let row = self.0.db.read_opt(tenant, &TOKEN_LABEL, &[&tenant.uuid(), &token.uuid()]).await?;
            return Ok(row.map(|row| row.get(0)).unwrap_or_default());
        }
        if let Ok(connection) = actor.parse::<ConnectionId>() {
            return self.connection_name(tenant, connection).await;
        }
        Ok(String::new())
    }
}

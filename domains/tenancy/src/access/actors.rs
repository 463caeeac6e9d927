//! Names of those who acted, for histories.

use crate::Tenancy;
use crate::tokens::store::TOKEN_LABELS;
use kernel_core::{ApiTokenId, ConnectionId, Result, TenantId, UserId};
use std::collections::HashMap;

impl Tenancy {
    /// What people call an actor as changes store it; see [`actor_names`](Self::actor_names).
    ///
    /// # Errors
    /// `internal` only.
    pub async fn actor_name(&self, tenant: TenantId, actor: &str) -> Result<String> {
        Ok(self.actor_names(tenant, &[actor]).await?.remove(actor).unwrap_or_default())
    }

    /// What people call actors as changes store them: a person's name, a token's label, an app's name. Those that are not known (any
    /// more) are missing. People are asked for at once, and so are tokens and connections.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn actor_names(&self, tenant: TenantId, actors: &[&str]) -> Result<HashMap<String, String>> {
        let users: Vec<UserId> = actors.iter().filter_map(|actor| actor.parse().ok()).collect();
        let mut names = HashMap::with_capacity(actors.len());
        if !users.is_empty() {
            let people = self.identity().users(&users).await?;
            names.extend(people.into_iter().map(|person| (person.id.to_string(), person.name)));
        }
        let tokens = actors.iter().filter_map(|actor| actor.parse::<ApiTokenId>().ok());
        let tokens: Vec<uuid::Uuid> = tokens.map(|token| token.uuid()).collect();
        if !tokens.is_empty() {
            for row in self.0.db.read(tenant, &TOKEN_LABELS, &[&tenant.uuid(), &tokens]).await? {
                names.insert(ApiTokenId::from_uuid(row.get(0)).to_string(), row.get(1));
            }
        }
        let connections: Vec<ConnectionId> = actors.iter().filter_map(|actor| actor.parse().ok()).collect();
        if !connections.is_empty() {
            let found = self.connection_names(tenant, &connections).await?;
            names.extend(found.into_iter().map(|(id, name)| (id.to_string(), name)));
        }
        Ok(names)
    }
}

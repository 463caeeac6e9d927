//! Who did something, for people.

use crate::service::Bases;
use kernel_core::{Result, TenantId};
use serde::Serialize;
use std::collections::{BTreeSet, HashMap};
use utoipa::ToSchema;

/// Who did it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ActorInfo {
    /// `usr_…`, `tok_…`, `con_…` or `system`.
    pub(crate) id: String,
    /// The person's or token's name, as far as it is known.
    pub(crate) name: String,
}

/// Names of actors, asked for together.
#[derive(Debug, Default)]
pub(crate) struct Names(HashMap<String, String>);

impl Names {
    /// The names of these actors.
    pub(crate) async fn of(
        bases: &Bases,
        tenant: TenantId,
        actors: impl Iterator<Item = &str>,
    ) -> Result<Self> {
        let actors: BTreeSet<&str> = actors.collect();
        let actors: Vec<&str> = actors.into_iter().collect();
        let names = bases.0.tenancy.actor_names(tenant, &actors).await?;
        Ok(Self(names))
    }

    /// The actor with its name.
    pub(crate) fn info(&self, actor: &str) -> ActorInfo {
        ActorInfo { id: actor.to_owned(), name: self.0.get(actor).cloned().unwrap_or_default() }
    }
}

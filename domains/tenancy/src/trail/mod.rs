//! The audit trail's page and its export (spec A8, A9): who did what, when, from where.

mod export;
pub(crate) mod routes;
pub mod views;

use crate::Tenancy;
use identity::audit::trail::{Filter, Place, actors, page};
use identity::audit::{Act, TrailRow};
use kernel_core::{Caller, Capability, Result};

/// Rows of a page.
const PAGE: i64 = 50;

impl Tenancy {
    /// Rows of the organisation's trail after a place, newest first, and the place to go on from.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn trail(
        &self,
        caller: &Caller,
        filter: &Filter,
        after: Option<Place>,
        limit: i64,
    ) -> Result<(Vec<TrailRow>, Option<Place>)> {
        caller.require(Capability::ReadAudit)?;
        page(&self.0.db, caller.tenant, filter, after, limit).await
    }

    /// Everybody who has acted, as stored.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn trail_actors(&self, caller: &Caller) -> Result<Vec<String>> {
        caller.require(Capability::ReadAudit)?;
        actors(&self.0.db, caller.tenant).await
    }
}

/// An act's name as the filter shows it: `member.removed` → `Member removed`.
fn act_label(act: Act) -> String {
    let text = act.name().replace(['.', '_'], " ");
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

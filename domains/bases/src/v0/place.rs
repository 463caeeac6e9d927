//! Who asks for what: the caller, and the base and table that a path names.

use super::error::{model, no_model};
use crate::actor::OpenBase;
use crate::service::Bases;
use crate::sight::Seen;
use axum::extract::FromRequestParts;
use engine_base::{Base, BaseId, RecordId, RowNo, Table, TableId, TableNo};
use http::request::Parts;
use kernel_core::{Caller, Error, Result};
use kernel_web::{Exchange, Policy, WebError};
use std::sync::Arc;
use tenancy::ApiCaller;

/// A caller of `/v0`: the caller of `/v1`, and the request for the limit of a base.
pub(super) struct V0Caller {
    pub(super) caller: Caller,
    exchange: Exchange,
}

impl FromRequestParts<Bases> for V0Caller {
    type Rejection = WebError;
    async fn from_request_parts(parts: &mut Parts, bases: &Bases) -> Result<Self, WebError> {
        let ApiCaller(caller) = ApiCaller::from_request_parts(parts, bases).await?;
        Ok(Self { caller, exchange: Exchange::of(parts) })
    }
}

impl V0Caller {
    /// The base in memory, within the limit of requests to one base.
    ///
    /// # Errors
    /// [`no_model`], `rate_limited`.
    pub(super) async fn base(&self, bases: &Bases, base: &str) -> Result<Arc<OpenBase>, WebError> {
        let id: BaseId = base.parse().map_err(|_| no_model())?;
        let open = bases.open(&self.caller, id.0).await.map_err(model)?;
        let key = format!("{} {}", self.caller.actor, id.0);
        bases.0.web.limits().enforce(&self.exchange, Policy::V0, &key)?;
        Ok(open)
    }

    /// As [`Self::base`], with a table of it by id or name.
    ///
    /// # Errors
    /// [`no_model`], `rate_limited`.
    pub(super) async fn table(
        &self,
        bases: &Bases,
        base: &str,
        table: &str,
    ) -> Result<(Arc<OpenBase>, TableNo), WebError> {
        let open = self.base(bases, base).await?;
        let number = open.read(|base| {
            let number = table_by_key(base, table)?.number();
            Seen::of(&self.caller, base, number).map(|_| number)
        });
        Ok((open, number.ok_or_else(no_model)?))
    }
}

/// A table by id, else by name.
fn table_by_key<'a>(base: &'a Base, key: &str) -> Option<&'a Table> {
    let by_id = key.parse::<TableId>().ok().and_then(|id| base.schema().table(id.0));
    by_id.or_else(|| base.schema().table_by_name(key))
}

/// Runs with a table of an open base, which may have gone since the path was read.
pub(super) fn with_table<T>(
    caller: &Caller,
    base: &Base,
    table: TableNo,
    run: impl FnOnce(&Seen<'_>) -> Result<T>,
) -> Result<T> {
    run(&Seen::of(caller, base, table).ok_or_else(no_model)?)
}

/// The row of a record that exists in this table.
///
/// # Errors
/// `not_found`, also for a record of another table.
pub(super) fn row(base: &Base, table: TableNo, id: &str) -> Result<RowNo> {
    let found = id.parse::<RecordId>().ok().filter(|id| id.table == table).map(|id| id.row);
    let row = found.filter(|row| base.contains(table, *row));
    row.ok_or_else(|| super::error::no_record(id))
}

/// Several of them.
///
/// # Errors
/// As [`row`], for the first that is not there.
pub(super) fn rows<'a>(
    base: &Base,
    table: TableNo,
    ids: impl Iterator<Item = &'a str>,
) -> Result<Vec<RowNo>, Error> {
    ids.map(|id| row(base, table, id)).collect()
}

//! What somebody missed who stopped listening, from the base's own changes.

use super::{BaseEvent, ChangedRows, MAX_ROWS_NAMED, store};
use crate::actor::OpenBase;
use crate::service::Bases;
use engine_base::{Change, SchemaEdit, TableNo};
use kernel_core::{Error, Result, TenantId};
use kernel_db::Params;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The events after `seen` up to `now`, in order. `None`: some of them are not kept any more.
pub(super) async fn since(
    bases: &Bases,
    tenant: TenantId,
    open: &OpenBase,
    seen: u64,
    now: u64,
) -> Result<Option<Vec<BaseEvent>>> {
    let number = open.read(|base| base.id().0);
    let params: Params<'_> =
        &[&tenant.uuid(), &number.cast_signed(), &seen.cast_signed(), &now.cast_signed()];
    let rows = bases.0.db.read(tenant, &store::MISSED, params).await?;
    if rows.len() as u64 != now - seen {
        return Ok(None);
    }
    let event = |row: &kernel_db::Row| {
        let change = Change::from_json(row.get::<_, &str>(1).as_bytes()).map_err(Error::internal)?;
        Ok(of(tenant, number, row.get::<_, i64>(0).unsigned_abs(), &change))
    };
    rows.iter().map(event).collect::<Result<Vec<_>>>().map(Some)
}

/// The event of a change, as it was published when it happened.
fn of(tenant: TenantId, base: u64, seq: u64, change: &Change) -> BaseEvent {
    let mut tables: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for edit in &change.schema {
        if let SchemaEdit::Table { table, .. }
        | SchemaEdit::Field { table, .. }
        | SchemaEdit::View { table, .. } = edit
        {
            tables.entry(table.0).or_default();
        }
    }
    let whole = change.created.iter().chain(&change.deleted).map(|row| (row.table, row.row));
    for (TableNo(table), row) in whole.chain(change.updated.iter().map(|edit| (edit.table, edit.row))) {
        tables.entry(table).or_default().push(row.0);
    }
    let rows = |rows: Vec<u64>| {
        if rows.len() > MAX_ROWS_NAMED { ChangedRows::Many } else { ChangedRows::These(rows) }
    };
    BaseEvent {
        tenant,
        base,
        seq,
        actor: Arc::from(change.actor.as_str()),
        schema: !change.schema.is_empty(),
        tables: Some(tables.into_iter().map(|(table, ids)| (table, rows(ids))).collect()),
    }
}

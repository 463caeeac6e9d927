//! `performUpsert`: the upsert of `/v1` in Airtable's words.

use super::error::invalid;
use super::kinds::by_key;
use super::place::{row, with_table};
use super::write::{Mode, Patch, cells};
use crate::actor::OpenBase;
use crate::service::Bases;
use crate::upserts::{self, Given, MAX_KEYS};
use engine_base::{FileTexts, RowNo, TableNo};
use kernel_core::{Caller, Code, Error, Result};
use serde::Deserialize;

/// As the body says it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PerformUpsert {
    #[serde(default)]
    pub(super) fields_to_merge_on: Vec<String>,
}

/// What to merge into a table.
pub(super) struct Upsert {
    pub(super) table: TableNo,
    pub(super) mode: Mode,
    pub(super) typecast: bool,
    pub(super) merge_on: Vec<String>,
    pub(super) records: Vec<Patch>,
}

/// What was done, `rows` in the order of the request.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) rows: Vec<RowNo>,
    pub(super) created: Vec<RowNo>,
    pub(super) updated: Vec<RowNo>,
}

/// Finds and writes, as one change.
pub(super) async fn merge(
    bases: &Bases,
    (open, caller): (&OpenBase, &Caller),
    order: Upsert,
) -> Result<Done> {
    let Upsert { table, mode, typecast, merge_on, records } = order;
    let upsert = open.read(|base| {
        with_table(caller, base, table, |schema| {
            // Names first: an unknown one has a word of its own there.
            for key in &merge_on {
                by_key(schema, key)?;
            }
            let given = |patch: Patch| {
                let row = patch.id.as_deref().map(|id| row(base, table, id)).transpose()?;
                Ok(Given { row, cells: cells(schema, patch.fields, Mode::Keep)? })
            };
            let records = records.into_iter().map(given).collect::<Result<Vec<_>>>()?;
            let keys = match records.iter().any(|given| given.row.is_none()) {
                true => upserts::keys(schema, &merge_on).map_err(keys_refused)?,
                // Records that are all named need no key.
                false => Vec::new(),
            };
            let (caller, clears) = (caller.clone(), mode == Mode::Clear);
            Ok(upserts::Upsert {
                caller,
                table,
                keys,
                typecast,
                clears,
                records,
                files: FileTexts::default(),
            })
        })
    })?;
    let written = upsert.write(bases, open, None).await?;
    let is_made =
        |row: &RowNo| written.change.created.iter().any(|facts| (facts.table, facts.row) == (table, *row));
    let rows: Vec<RowNo> = written.rows.iter().map(|id| id.row).collect();
    let (created, updated) = rows.iter().partition(|row| is_made(row));
    Ok(Done { rows, created, updated })
}

fn keys_refused(error: Error) -> Error {
    let pointer = error.field_errors().first().map_or("", |field| field.field.as_ref());
    match error.code() {
        Code::Required | Code::TooMany => {
            invalid(format!("fieldsToMergeOn must name 1 to {MAX_KEYS} fields for records without an id."))
        }
        _ if pointer.starts_with("/key/") => {
            invalid("Records can't be merged on a field that links to others.")
        }
        _ => error,
    }
}

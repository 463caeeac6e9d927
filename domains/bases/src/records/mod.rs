//! The records API: list, get, create, update, delete, restore (spec P1; design 5).

pub(crate) mod cursor;
pub(crate) mod expand;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod query;
pub(crate) mod restore;
pub(crate) mod write;

use crate::sight::Seen;
use engine_base::{FieldNo, InputCells, Keys, RecordId, RowNo, Table, TableNo};
use kernel_core::{Caller, Code, Error, FieldError, Result};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Records that one request may write or name.
pub const MAX_RECORDS: usize = 1_000;
/// Records that a list gives at most.
pub const MAX_LIMIT: usize = 100;

/// A record as the API shows it.
#[derive(serde::Serialize, ToSchema)]
pub(crate) struct Record {
    /// `rec…`.
    id: String,
    /// Values by field name, or by field id with `keys=id`. Empty values are left out.
    fields: Map<String, Value>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// Several records.
#[derive(serde::Serialize, ToSchema)]
pub(crate) struct Records {
    /// In the order of the request.
    data: Vec<Record>,
}

pub(crate) fn record_id(text: &str) -> Result<RecordId> {
    text.parse().map_err(|_| Error::not_found())
}

/// Keys of `fields` objects: `name` (or nothing) or `id`.
pub(crate) fn keys(text: Option<&str>) -> Result<Keys> {
    match text {
        None | Some("name") => Ok(Keys::Name),
        Some("id") => Ok(Keys::Id),
        Some(_) => Err(Error::field("?keys", Code::InvalidValue, "is neither name nor id")),
    }
}

/// Values by name or id as the engine takes them; unknown names and fields that are named
/// twice are all reported.
pub(crate) fn cells(
    table: &Table,
    fields: Map<String, Value>,
    pointer: &str,
    errors: &mut Vec<FieldError>,
) -> InputCells {
    let mut cells = InputCells::with_capacity(fields.len());
    for (key, value) in fields {
        match table.field_by_key(&key) {
            Some(field) if cells.iter().any(|(no, _)| *no == field.no) => errors.push(FieldError::new(
                format!("{pointer}/fields/{}", crate::problem::escape(&key)),
                Code::InvalidValue,
                format!("The field {} is named twice, by its name and by its id.", field.name),
            )),
            Some(field) => cells.push((field.no, value)),
            None => errors.push(FieldError::new(
                format!("{pointer}/fields/{}", crate::problem::escape(&key)),
                Code::UnknownField,
                format!("There is no field {key} in {}.", table.head.name),
            )),
        }
    }
    cells
}

/// Fields by name or id, separated by commas.
pub(crate) fn named_fields(table: &Table, text: &str) -> Result<Vec<FieldNo>> {
    let mut fields = Vec::new();
    for key in text.split(',').map(str::trim).filter(|key| !key.is_empty()) {
        let field = table.field_by_key(key).ok_or_else(|| {
            Error::field(
                "?fields",
                Code::UnknownField,
                format!("There is no field {key} in {}.", table.head.name),
            )
        })?;
        if !fields.contains(&field.no) {
            fields.push(field.no);
        }
    }
    Ok(fields)
}

/// `{"data":[…]}` of records in this order, as the caller sees them; those that are gone are left out.
pub(crate) fn write_list(
    caller: &Caller,
    base: &engine_base::Base,
    ids: &[(TableNo, RowNo)],
    keys: Keys,
) -> Vec<u8> {
    let mut out = b"{\"data\":[".to_vec();
    for (table, row) in ids {
        let before = out.len();
        if !out.ends_with(b"[") {
            out.push(b',');
        }
        if !write_one(caller, base, (*table, *row), keys, &mut out) {
            out.truncate(before);
        }
    }
    out.extend_from_slice(b"]}");
    out
}

/// One record as the caller sees it, after it was written; nothing and false if it is gone.
pub(crate) fn write_one(
    caller: &Caller,
    base: &engine_base::Base,
    (table, row): (TableNo, RowNo),
    keys: Keys,
    out: &mut Vec<u8>,
) -> bool {
    Seen::of(caller, base, table)
        .is_some_and(|seen| base.write_record(table, row, keys, seen.shown().as_deref(), out))
}

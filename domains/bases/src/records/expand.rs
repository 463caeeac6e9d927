//! `expand`: records in the place of the links to them, one level deep; `include`: what is known of a record besides its
//! values. Both work on an answer that is there, so that the usual one costs nothing.

use super::write_one;
use crate::service::Bases;
use engine_base::{Base, FieldKind, FieldNo, Keys, RecordId, RowNo, Table, TableNo};
use kernel_core::{Caller, Code, Error, Result};
use serde_json::{Value, json};
use std::collections::HashMap;

/// Link fields that one request expands at most.
pub(crate) const MAX_FIELDS: usize = 3;
/// Linked records that one answer has at most; those beyond are given by their id alone.
pub(crate) const MAX_LINKED: usize = 1_000;

/// What to add to records.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extras {
    pub(crate) expand: Vec<FieldNo>,
    pub(crate) comment_count: bool,
}

impl Extras {
    /// Reads `expand` and `include`.
    ///
    /// # Errors
    /// `unknown_field`, `invalid_value`, `too_many`.
    pub(crate) fn read(table: &Table, expand: &[String], include: &[String]) -> Result<Self> {
        if expand.len() > MAX_FIELDS {
            let detail = format!("names more than {MAX_FIELDS} fields");
            return Err(Error::field("?expand", Code::TooMany, detail));
        }
        let field = |key: &String| {
            let field = table.field_by_key(key).ok_or_else(|| {
                let detail = format!("There is no field {key} in {}.", table.head.name);
                Error::field("?expand", Code::UnknownField, detail)
            })?;
            match field.kind {
                FieldKind::Link { .. } => Ok(field.no),
                _ => Err(Error::field("?expand", Code::InvalidValue, format!("{key} is no link"))),
            }
        };
        if let Some(word) = include.iter().find(|word| *word != "comment_count") {
            let detail = format!("can't be {word}; it is comment_count");
            return Err(Error::field("?include", Code::InvalidValue, detail));
        }
        Ok(Self {
            expand: expand.iter().map(field).collect::<Result<_>>()?,
            comment_count: !include.is_empty(),
        })
    }

    /// Puts linked records in the place of their ids, as the caller sees them.
    pub(crate) fn expand(
        &self,
        caller: &Caller,
        base: &Base,
        table: &Table,
        keys: Keys,
        records: &mut [Value],
    ) {
        let mut known: HashMap<String, Value> = HashMap::new();
        for no in &self.expand {
            let Some(field) = table.field(*no) else { continue };
            let key = match keys {
                Keys::Name => field.name.clone(),
                Keys::Id => table.number().field(*no).to_string(),
            };
            for record in records.iter_mut() {
                let Some(Value::Array(links)) = record["fields"].get_mut(&key) else { continue };
                for link in links {
                    let Some(id) = link.as_str().map(str::to_owned) else { continue };
                    if known.len() >= MAX_LINKED && !known.contains_key(&id) {
                        *link = json!({"id": id});
                        continue;
                    }
                    let linked = known.entry(id).or_insert_with_key(|id| linked(caller, base, keys, id));
                    *link = linked.clone();
                }
            }
        }
    }
}

fn linked(caller: &Caller, base: &Base, keys: Keys, id: &str) -> Value {
    let bare = || json!({"id": id});
    let Ok(RecordId { table, row }) = id.parse::<RecordId>() else { return bare() };
    let mut out = Vec::with_capacity(512);
    if !write_one(caller, base, (table, row), keys, &mut out) {
        return bare();
    }
    serde_json::from_slice(&out).unwrap_or_else(|_| bare())
}

impl Bases {
    /// Says of each record how many comments it has.
    pub(crate) async fn include_counts(
        &self,
        caller: &Caller,
        table: TableNo,
        records: &mut [Value],
    ) -> Result<()> {
        let row = |record: &Value| record["id"].as_str()?.parse::<RecordId>().ok().map(|id| id.row);
        let rows: Vec<RowNo> = records.iter().filter_map(row).collect();
        let counts = self.comment_counts(caller.tenant, table, &rows).await?;
        for record in records {
            let count = row(record).and_then(|row| counts.get(&row).copied());
            record["comment_count"] = count.unwrap_or_default().into();
        }
        Ok(())
    }
}

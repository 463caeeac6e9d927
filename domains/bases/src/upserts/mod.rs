//! Upserts: records that are found by the values of some fields, changed if one is found and created if none is, as one
//! change (spec P1, P11).
//!
//! Finding and writing happen when the base's writer comes to it, against the same state: two upserts of the same key
//! make one record. Values are compared as they would be stored, so `"5"` with typecast finds 5.

pub(crate) mod api;

use crate::actor::{KeyToStore, OpenBase, Plan, Written};
use crate::service::Bases;
use crate::sight::Seen;
use crate::{problem, sight};
use engine_base::{
    Base, Cell, CellError, Change, CheckContext, Command, Field, FieldKind, FieldNo, FileTexts, InputCells,
    QueryContext, QuerySpec, RecordId, RowNo, Table, TableNo, coerce,
};
use kernel_core::{Caller, Code, Error, Result};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// Fields to find by, at most.
pub(crate) const MAX_KEYS: usize = 3;

/// What to merge into a table.
#[derive(Clone, Debug)]
pub(crate) struct Upsert {
    pub(crate) caller: Caller,
    pub(crate) table: TableNo,
    /// Fields to find by; none when every record names its row.
    pub(crate) keys: Vec<FieldNo>,
    pub(crate) typecast: bool,
    /// Whether a record that is found loses the values that it is not given.
    pub(crate) clears: bool,
    pub(crate) records: Vec<Given>,
    /// Files that the cells may take; [`Upsert::write`] finds them.
    pub(crate) files: FileTexts,
}

/// One record of the request.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    /// The record, if it is named rather than looked for.
    pub(crate) row: Option<RowNo>,
    pub(crate) cells: InputCells,
}

/// Fields that records may be found by.
///
/// # Errors
/// `unknown_field`, `invalid_value`, `required`, `too_many`.
pub(crate) fn keys(table: &Table, names: &[String]) -> Result<Vec<FieldNo>> {
    if names.is_empty() {
        return Err(Error::field("/key", Code::Required, "names no field"));
    }
    if names.len() > MAX_KEYS {
        return Err(Error::field("/key", Code::TooMany, format!("names more than {MAX_KEYS} fields")));
    }
    let key = |(index, name): (usize, &String)| {
        let pointer = format!("/key/{index}");
        let field = table.field_by_key(name).ok_or_else(|| {
            let detail = format!("There is no field {name} in {}.", table.head.name);
            Error::field(pointer.clone(), Code::UnknownField, detail)
        })?;
        match field.kind {
            ref kind if kind.holds_files() => {
                Err(Error::field(pointer, Code::InvalidValue, "holds files; records can't be found by them"))
            }
            FieldKind::Link { .. } => {
                Err(Error::field(pointer, Code::InvalidValue, "is a link; records can't be found by it"))
            }
            ref kind if kind.is_read_only() => {
                Err(Error::field(pointer, Code::InvalidValue, "is computed; records can't be found by it"))
            }
            _ => Ok(field.no),
        }
    };
    names.iter().enumerate().map(key).collect()
}

impl Plan for Upsert {
    fn decide(&self, base: &Base, context: &mut CheckContext<'_>) -> Result<(Change, Vec<RecordId>)> {
        context.typecast = self.typecast;
        context.files = self.files.clone();
        let table = self.table;
        let seen = Seen::of(&self.caller, base, table).ok_or_else(Error::not_found)?;
        let found = self.find(base, &seen, context.now_us)?;
        let (mut updates, mut creates) = (Vec::new(), Vec::new());
        // Places in the request of what the command names: the records that are there, then the new ones.
        let (mut places, mut new_places) = (Vec::new(), Vec::new());
        for (at, (given, row)) in self.records.iter().zip(&found).enumerate() {
            let mut cells = given.cells.clone();
            match row {
                Some(row) => {
                    if self.clears {
                        empty_others(&seen, &mut cells);
                    }
                    updates.push((*row, cells));
                    places.push(at);
                }
                None => {
                    creates.push(cells);
                    new_places.push(at);
                }
            }
        }
        places.extend(new_places);
        let command = Command::WriteRecords { table, updates, creates };
        sight::permit(&self.caller, base, &command, context.now_us)?;
        let change = base.check(&command, context).map_err(|errors| {
            let placed = |error: CellError| CellError {
                row: places.get(error.row).copied().unwrap_or_default(),
                ..error
            };
            let error = problem::of_records(base, table, errors.into_iter().map(placed));
            sight::without_hidden(&self.caller, base, Some(table), error)
        })?;
        let mut made = change.created.iter().filter(|facts| facts.table == table).map(|facts| facts.row);
        let rows = found.into_iter().filter_map(|row| row.or_else(|| made.next()));
        let rows = rows.map(|row| RecordId { table, row }).collect();
        Ok((change, rows))
    }
}

impl Upsert {
    /// Finds and writes, as one change.
    ///
    /// # Errors
    /// Field errors.
    pub(crate) async fn write(
        mut self,
        bases: &Bases,
        open: &OpenBase,
        key: Option<KeyToStore>,
    ) -> Result<Written> {
        let mut rows: Vec<_> = self.records.iter_mut().map(|given| (given.row, &mut given.cells)).collect();
        let taken = bases.take_files((open, &self.caller), self.typecast, self.table, &mut rows).await?;
        self.files = taken.texts.clone();
        let tenant = self.caller.tenant;
        let actor: Arc<str> = Arc::from(self.caller.actor.to_string());
        let written = open.write_planned(Box::new(self), actor, key).await;
        bases.settle(tenant, &taken, written).await
    }

    /// The record that each of the request means; `None`: there is none yet.
    fn find(&self, base: &Base, schema: &Seen<'_>, now_us: i64) -> Result<Vec<Option<RowNo>>> {
        let mut found: Vec<Option<RowNo>> = self.records.iter().map(|given| given.row).collect();
        let mut wanted: HashMap<Vec<u8>, usize> = HashMap::new();
        let keys: Vec<&Field> = self.keys.iter().filter_map(|no| schema.field(*no)).collect();
        for (at, given) in self.records.iter().enumerate().filter(|(_, given)| given.row.is_none()) {
            let Some(values) = self.values(schema, &keys, at, given)? else { continue };
            if let Some(other) = wanted.insert(text(base, self.table, &self.keys, values), at) {
                let detail = format!("has the same key as record {}", other + 1);
                return Err(Error::field(format!("/records/{at}"), Code::InvalidValue, detail));
            }
        }
        if wanted.is_empty() {
            return Ok(found);
        }
        let context = QueryContext { now_us, zone: "UTC" };
        let mut spec = QuerySpec::all(self.table);
        schema.narrow(&mut spec)?;
        let all =
            base.list(&spec, &context, None, usize::MAX).map_err(|errors| problem::of_query(&errors))?;
        let mut several = Vec::new();
        for row in all.rows {
            let values = self.keys.iter().map(|key| base.cell(self.table, row, *key)).collect();
            if let Some(at) = wanted.get(&text(base, self.table, &self.keys, values))
                && found[*at].replace(row).is_some()
            {
                several.push(*at);
            }
        }
        match several.first() {
            None => Ok(found),
            Some(at) => {
                let detail = "has a key that several records have; name fields that tell them apart";
                Err(Error::field(format!("/records/{at}"), Code::InvalidValue, detail))
            }
        }
    }

    /// The key of a record as it would be stored; `None` if it can't be, which the check says at its field.
    fn values(&self, schema: &Table, keys: &[&Field], at: usize, given: &Given) -> Result<Option<Vec<Cell>>> {
        let mut values = Vec::with_capacity(keys.len());
        for key in keys {
            let Some((_, value)) = given.cells.iter().find(|(no, _)| *no == key.no) else {
                let pointer = format!("/records/{at}/fields/{}", problem::escape(&key.name));
                let detail = format!("is needed: records of {} are found by it", schema.head.name);
                return Err(Error::field(pointer, Code::Required, detail));
            };
            let cell = match value {
                Value::Null => Ok(Cell::Empty),
                Value::String(value) => coerce(&key.kind, value),
                other => coerce(&key.kind, &other.to_string()),
            };
            match cell {
                Ok(cell) => values.push(cell),
                Err(_) => return Ok(None),
            }
        }
        Ok(Some(values))
    }
}

/// Values as one text, equal for equal values.
fn text(base: &Base, table: TableNo, keys: &[FieldNo], values: Vec<Cell>) -> Vec<u8> {
    let mut out = Vec::with_capacity(32);
    for (key, value) in keys.iter().zip(values) {
        base.write_cell(table, *key, &value, &mut out);
        out.push(b',');
    }
    out
}

/// Empties the fields that are not named, of those that the caller may change.
pub(crate) fn empty_others(table: &Seen<'_>, cells: &mut InputCells) {
    let writable = |field: &&Field| table.writes(field.no) && !field.kind.is_read_only();
    for field in table.fields.iter().filter(writable) {
        if !cells.iter().any(|(no, _)| *no == field.no) {
            cells.push((field.no, Value::Null));
        }
    }
}

//! A payload: what of a change is for a webhook, in Airtable's form, with what the reader may see of the base.
//!
//! Values are those of the change. `unchanged` values, if the webhook includes any, are the ones of the moment of reading.

use super::super::{kinds, wire};
use super::count::Found;
use super::specification::{Includes, Specification, source};
use crate::sight::Seen;
use engine_base::{
    Base, Cell, FieldFacts, FieldKind, FieldNo, RowFacts, RowNo, SchemaEdit, TableHead, TableNo,
};
use jiff::Timestamp;
use kernel_core::{Caller, FieldKey, FieldLevel, Level};
use serde_json::{Map, Value, json};

/// Makes payloads of one webhook for one reader.
pub(super) struct Payloads<'a> {
    pub(super) caller: &'a Caller,
    pub(super) base: &'a Base,
    pub(super) specification: &'a Specification,
    pub(super) now_us: i64,
}

impl Payloads<'_> {
    /// The payload of a change; `name` is what its actor is called.
    pub(super) fn of(&self, found: &Found, name: &str) -> Value {
        let Found { seq, change } = found;
        let mut changed: Map<String, Value> = Map::new();
        let mut created: Map<String, Value> = Map::new();
        let mut destroyed: Vec<String> = Vec::new();
        for edit in change.schema.iter().filter(|edit| self.specification.wants_schema(edit)) {
            self.schema(edit, &mut changed, &mut created, &mut destroyed);
        }
        self.records(found, &mut changed, &mut created);
        let at = Timestamp::from_microsecond(change.at_us).unwrap_or(Timestamp::UNIX_EPOCH);
        let mut out = json!({
            "timestamp": wire::instant_of(at),
            "baseTransactionNumber": seq,
            "payloadFormat": "v0",
            "actionMetadata": {
                "source": source(&change.actor),
                "sourceMetadata": {"user": {"id": change.actor, "name": name}},
            },
        });
        if !changed.is_empty() {
            out["changedTablesById"] = changed.into();
        }
        if !created.is_empty() {
            out["createdTablesById"] = created.into();
        }
        if !destroyed.is_empty() {
            out["destroyedTableIds"] = destroyed.into();
        }
        out
    }

    /// Records, among what is told of their tables.
    fn records(&self, found: &Found, changed: &mut Map<String, Value>, created: &mut Map<String, Value>) {
        let change = &found.change;
        for row in change.created.iter().filter(|row| self.specification.wants_made(row)) {
            let Some(seen) = self.seen(row.table, Some(row.row)) else { continue };
            let at = Timestamp::from_microsecond(row.meta.created_us).unwrap_or(Timestamp::UNIX_EPOCH);
            let made = json!({
                "createdTime": wire::instant_of(at),
                "cellValuesByFieldId": self.values(&seen, row.cells.iter().map(|(no, cell)| (*no, cell))),
            });
            let id = row.table.id().to_string();
            let (place, member) = match created.get_mut(&id) {
                Some(table) => (table, "recordsById"),
                None => (changed.entry(id).or_insert_with(|| json!({})), "createdRecordsById"),
            };
            place[member][row.table.record(row.row).to_string()] = made;
        }
        for edit in change.updated.iter().filter(|edit| self.specification.wants_edit(edit)) {
            let Some(seen) = self.seen(edit.table, Some(edit.row)) else { continue };
            let told: Vec<_> = edit
                .cells
                .iter()
                .filter(|cell| self.specification.watches_data(edit.table.field(cell.field)))
                .collect();
            let values = self.values(&seen, told.iter().map(|cell| (cell.field, &cell.after)));
            let mut row = json!({"current": {"cellValuesByFieldId": values}});
            let includes = self.specification.includes();
            if includes.include_previous_cell_values {
                let before = self.values(&seen, told.iter().map(|cell| (cell.field, &cell.before)));
                row["previous"] = json!({"cellValuesByFieldId": before});
            }
            let others =
                self.others(&seen, edit.row, &includes, |no| edit.cells.iter().any(|cell| cell.field == no));
            if !others.is_empty() {
                row["unchanged"] = json!({"cellValuesByFieldId": others});
            }
            let place = changed.entry(edit.table.id().to_string()).or_insert_with(|| json!({}));
            place["changedRecordsById"][edit.table.record(edit.row).to_string()] = row;
        }
        for RowFacts { table, row, .. } in
            change.deleted.iter().filter(|row| self.specification.wants_gone(row.table))
        {
            if self.seen(*table, None).is_some_and(|seen| !seen.has_some_rows_only()) {
                let place = changed.entry(table.id().to_string()).or_insert_with(|| json!({}));
                push(&mut place["destroyedRecordIds"], table.record(*row).to_string());
            }
        }
    }

    /// The table as the reader sees it; with a row, only if the row is there.
    fn seen(&self, table: TableNo, row: Option<RowNo>) -> Option<Seen<'_>> {
        let seen = Seen::of(self.caller, self.base, table)?;
        // A record that is gone by now is told of, unless the reader sees only some.
        let there = row.is_none_or(|row| !seen.has_some_rows_only() || seen.has(self.base, row, self.now_us));
        there.then_some(seen)
    }

    /// What the reader may do in a table, whether it is there or not.
    fn level(&self, table: TableNo) -> Level {
        self.caller.table(self.base.id().0, table.0)
    }

    /// Whether the reader saw a field that is gone, by what the reader may do now.
    fn has_seen(&self, table: TableNo, field: FieldNo, facts: &FieldFacts) -> bool {
        let access = &self.caller.access;
        let key = FieldKey { table: table.0, field: field.0 };
        let names_are_seen = match facts.kind {
            FieldKind::Link { table: other, .. } => {
                self.level(other) > Level::None && access.rows(other.0).is_none()
            }
            _ => true,
        };
        names_are_seen && access.field(self.level(table), key) > FieldLevel::Hidden
    }

    fn values<'c>(
        &self,
        seen: &Seen<'_>,
        cells: impl Iterator<Item = (FieldNo, &'c Cell)>,
    ) -> Map<String, Value> {
        let value = |(no, cell): (FieldNo, &Cell)| {
            let field = seen.field(no)?;
            let mut out = Vec::new();
            self.base.write_cell(seen.number(), no, cell, &mut out);
            let value: Value = serde_json::from_slice(&out).ok()?;
            let options = field.kind.options();
            let shown = match (&field.kind, value) {
                (FieldKind::DateTime { .. }, Value::String(text)) => {
                    text.parse().map_or(Value::Null, |at| wire::instant_of(at).into())
                }
                (FieldKind::Signature, file) if !file.is_null() => json!([file]),
                (_, value) if options["choices"].is_array() => choices(&options, value),
                (_, value) => value,
            };
            Some((seen.number().field(no).to_string(), shown))
        };
        cells.filter_map(value).collect()
    }

    /// Values that did not change, of the fields that the webhook includes.
    fn others(
        &self,
        seen: &Seen<'_>,
        row: RowNo,
        includes: &Includes,
        told: impl Fn(FieldNo) -> bool,
    ) -> Map<String, Value> {
        let number = seen.number();
        let cells = self.base.cells(number, row);
        let wanted = cells.iter().filter(|(no, _)| !told(**no) && includes.has(number.field(**no)));
        self.values(seen, wanted.map(|(no, cell)| (*no, cell)))
    }

    fn schema(
        &self,
        edit: &SchemaEdit,
        changed: &mut Map<String, Value>,
        created: &mut Map<String, Value>,
        destroyed: &mut Vec<String>,
    ) {
        match edit {
            SchemaEdit::Table { table, before, after } => {
                let shown = |head: &TableHead| json!({"name": head.name, "description": head.description});
                let id = table.id().to_string();
                // What is in the trash is not there.
                let there = |head: &&TableHead| head.deleted_us.is_none();
                match (before.as_ref().filter(there), after.as_ref().filter(there)) {
                    (Some(before), Some(after)) if self.seen(*table, None).is_some() => {
                        let place = changed.entry(id).or_insert_with(|| json!({}));
                        place["changedMetadata"] =
                            json!({"current": shown(after), "previous": shown(before)});
                    }
                    (None, Some(after)) if self.seen(*table, None).is_some() => {
                        let made = json!({"metadata": shown(after), "fieldsById": {}, "recordsById": {}});
                        created.insert(id, made);
                    }
                    (Some(_), None) if self.level(*table) > Level::None => destroyed.push(id),
                    _ => {}
                }
            }
            SchemaEdit::Field { table, field, before, after } => {
                let Some(seen) = self.seen(*table, None) else { return };
                let id = table.field(*field).to_string();
                let table_id = table.id().to_string();
                let there = |facts: &&FieldFacts| facts.deleted_us.is_none();
                let (before, after) = (before.as_ref().filter(there), after.as_ref().filter(there));
                let Some(after) = after else {
                    if before.is_some_and(|facts| self.has_seen(*table, *field, facts)) {
                        let place = changed.entry(table_id).or_insert_with(|| json!({}));
                        push(&mut place["destroyedFieldIds"], id);
                    }
                    return;
                };
                if seen.field(*field).is_none() {
                    return;
                }
                let shown =
                    |facts: &FieldFacts| json!({"name": facts.name, "type": kinds::their_name(&facts.kind)});
                if before.is_none() {
                    match created.get_mut(&table_id) {
                        Some(table) => table["fieldsById"][id] = shown(after),
                        None => {
                            let place = changed.entry(table_id).or_insert_with(|| json!({}));
                            place["createdFieldsById"][id] = shown(after);
                        }
                    }
                    return;
                }
                let mut told = json!({"current": shown(after)});
                if self.specification.includes().include_previous_field_definitions {
                    told["previous"] = before.map_or(Value::Null, shown);
                }
                let place = changed.entry(table_id).or_insert_with(|| json!({}));
                place["changedFieldsById"][id] = told;
            }
            _ => {}
        }
    }
}

fn push(list: &mut Value, id: String) {
    match list.as_array_mut() {
        Some(list) => list.push(id.into()),
        None => *list = json!([id]),
    }
}

/// Choices as payloads have them: with their ids. One that is gone from the field keeps its id alone.
fn choices(options: &Value, value: Value) -> Value {
    match value {
        Value::String(id) => {
            let known =
                options["choices"].as_array().into_iter().flatten().find(|one| one["id"] == id.as_str());
            known.map_or_else(|| json!({"id": id}), |one| json!({"id": id, "name": one["name"]}))
        }
        Value::Array(list) => list.into_iter().map(|one| choices(options, one)).collect(),
        other => other,
    }
}

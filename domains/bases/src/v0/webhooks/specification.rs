//! What a webhook wants to know: `{"options": {"filters": {…}, "includes": {…}}}`, and whether a change is that.

use super::super::error::invalid;
use engine_base::{Change, FieldFacts, FieldId, RowEdit, RowFacts, SchemaEdit, TableHead, TableId, TableNo};
use kernel_core::Result;
use serde::{Deserialize, Serialize};

/// As clients send it and get it back.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Specification {
    pub(super) options: Options,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Options {
    pub(super) filters: Filters,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) includes: Option<Includes>,
}

/// Which changes.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Filters {
    pub(super) data_types: Vec<DataType>,
    /// One table. A view's id is refused: what was in a view when something changed is not recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) record_change_scope: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) change_types: Option<Vec<ChangeType>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) from_sources: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) watch_data_in_field_ids: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) watch_schemas_of_field_ids: Option<Vec<String>>,
}

/// What payloads say besides what changed.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Includes {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) include_cell_values_in_field_ids: Option<Fields>,
    pub(super) include_previous_cell_values: bool,
    pub(super) include_previous_field_definitions: bool,
}

/// `"all"`, or ids.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub(super) enum Fields {
    All(String),
    These(Vec<String>),
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq)]
pub(super) enum DataType {
    /// Records and their values.
    #[serde(rename = "tableData")]
    Records,
    #[serde(rename = "tableFields")]
    Fields,
    /// Names and descriptions of tables.
    #[serde(rename = "tableMetadata")]
    Tables,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub(super) enum ChangeType {
    Add,
    Remove,
    Update,
}

/// Where a change comes from, in Airtable's words.
pub(super) fn source(actor: &str) -> &'static str {
    match actor.split_once('_').map_or(actor, |(kind, _)| kind) {
        "usr" => "client",
        "tok" => "publicApi",
        _ => "system",
    }
}

impl Specification {
    /// Refuses what can't be meant or can't be answered.
    ///
    /// # Errors
    /// `invalid_value`.
    pub(super) fn check(&self) -> Result<()> {
        let filters = &self.options.filters;
        if filters.data_types.is_empty() {
            return Err(invalid("specification.options.filters.dataTypes must name at least one type."));
        }
        if let Some(scope) = &filters.record_change_scope
            && scope.parse::<TableId>().is_err()
        {
            let detail = "recordChangeScope must be the id of a table; views are not supported.";
            return Err(invalid(detail));
        }
        let watched = filters.watch_data_in_field_ids.iter().chain(&filters.watch_schemas_of_field_ids);
        let mut included: &[String] = &[];
        match self.options.includes.as_ref().and_then(|one| one.include_cell_values_in_field_ids.as_ref()) {
            Some(Fields::These(ids)) => included = ids,
            Some(Fields::All(word)) if word != "all" => {
                return Err(invalid("includeCellValuesInFieldIds must be a list of field ids, or \"all\"."));
            }
            _ => {}
        }
        match watched.flatten().chain(included).find(|id| id.parse::<FieldId>().is_err()) {
            Some(id) => Err(invalid(format!("\"{id}\" is no field id."))),
            None => Ok(()),
        }
    }

    /// Whether a change is for the webhook. Only its facts are looked at: the answer is the same at any time.
    pub(super) fn wants(&self, change: &Change) -> bool {
        let filters = &self.options.filters;
        if let Some(sources) = &filters.from_sources
            && !sources.iter().any(|wanted| wanted == source(&change.actor))
        {
            return false;
        }
        let created = change.created.iter().any(|row| self.wants_made(row));
        let updated = change.updated.iter().any(|row| self.wants_edit(row));
        let deleted = change.deleted.iter().any(|row| self.wants_gone(row.table));
        created || updated || deleted || change.schema.iter().any(|edit| self.wants_schema(edit))
    }

    fn has(&self, data: DataType, change: ChangeType) -> bool {
        let filters = &self.options.filters;
        let of_type = filters.change_types.as_ref().is_none_or(|types| types.contains(&change));
        filters.data_types.contains(&data) && of_type
    }

    fn scoped(&self, table: TableNo) -> bool {
        let scope = self.options.filters.record_change_scope.as_deref();
        scope.is_none_or(|scope| scope.parse::<TableId>().is_ok_and(|id| id.0 == table))
    }

    fn watches(watched: Option<&Vec<String>>, field: FieldId) -> bool {
        watched.is_none_or(|ids| ids.iter().any(|id| id.parse() == Ok(field)))
    }

    /// Whether the values of a field are watched.
    pub(super) fn watches_data(&self, field: FieldId) -> bool {
        Self::watches(self.options.filters.watch_data_in_field_ids.as_ref(), field)
    }

    /// Whether a new record is told of.
    pub(super) fn wants_made(&self, row: &RowFacts) -> bool {
        self.has(DataType::Records, ChangeType::Add)
            && self.scoped(row.table)
            && (self.options.filters.watch_data_in_field_ids.is_none()
                || row.cells.keys().any(|field| self.watches_data(row.table.field(*field))))
    }

    /// Whether a changed record is told of.
    pub(super) fn wants_edit(&self, row: &RowEdit) -> bool {
        self.has(DataType::Records, ChangeType::Update)
            && self.scoped(row.table)
            && row.cells.iter().any(|cell| self.watches_data(row.table.field(cell.field)))
    }

    /// Whether deleted records of a table are told of.
    pub(super) fn wants_gone(&self, table: TableNo) -> bool {
        self.has(DataType::Records, ChangeType::Remove) && self.scoped(table)
    }

    /// Whether a change of the schema is told of.
    pub(super) fn wants_schema(&self, edit: &SchemaEdit) -> bool {
        // What is in the trash is not there: it was removed when it went there.
        let change = |was: bool, is: bool| match (was, is) {
            (false, _) => ChangeType::Add,
            (true, false) => ChangeType::Remove,
            (true, true) => ChangeType::Update,
        };
        match edit {
            SchemaEdit::Table { table, before, after } => {
                // Counters change with every field; only what people call it is told.
                let shown = |head: &TableHead| (head.name.clone(), head.description.clone());
                let there =
                    |head: &Option<TableHead>| head.as_ref().is_some_and(|head| head.deleted_us.is_none());
                let (was, is) = (there(before), there(after));
                let told = was != is || is && before.as_ref().map(shown) != after.as_ref().map(shown);
                told && self.scoped(*table) && self.has(DataType::Tables, change(was, is))
            }
            SchemaEdit::Field { table, field, before, after } => {
                let watched = self.options.filters.watch_schemas_of_field_ids.as_ref();
                let there = |facts: &Option<FieldFacts>| {
                    facts.as_ref().is_some_and(|facts| facts.deleted_us.is_none())
                };
                let (was, is) = (there(before), there(after));
                (was || is)
                    && self.scoped(*table)
                    && Self::watches(watched, table.field(*field))
                    && self.has(DataType::Fields, change(was, is))
            }
            _ => false,
        }
    }

    pub(super) fn includes(&self) -> Includes {
        self.options.includes.clone().unwrap_or_default()
    }
}

impl Includes {
    /// Whether the present value of a field is told as well.
    pub(super) fn has(&self, field: FieldId) -> bool {
        match &self.include_cell_values_in_field_ids {
            None => false,
            Some(Fields::All(_)) => true,
            Some(Fields::These(ids)) => ids.iter().any(|id| id.parse() == Ok(field)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine_base::{Cell, CellEdit, ChangeKind, FieldNo, RowMeta, RowNo};
    use serde_json::json;

    fn of(filters: serde_json::Value) -> Specification {
        serde_json::from_value(json!({"options": {"filters": filters}})).unwrap()
    }

    fn change() -> Change {
        Change {
            kind: ChangeKind::Mixed,
            at_us: 0,
            actor: "usr_x".into(),
            schema: Vec::new(),
            created: Vec::new(),
            updated: Vec::new(),
            deleted: Vec::new(),
            claims: Vec::new(),
            refused: Vec::new(),
        }
    }

    #[test]
    fn filters_look_at_facts() {
        let table = TableNo(7);
        let facts = RowFacts {
            table,
            row: RowNo(1),
            cells: [(FieldNo(1), Cell::Number(1.0))].into(),
            meta: RowMeta::default(),
        };
        let cell = CellEdit { field: FieldNo(2), before: Cell::Empty, after: Cell::Number(2.0) };
        let edit = RowEdit { table, row: RowNo(2), cells: vec![cell], stamp: None };
        let made = Change { created: vec![facts.clone()], ..change() };
        let edited = Change { updated: vec![edit], ..change() };
        let gone = Change { deleted: vec![facts], ..change() };
        let (first, second) = (table.field(FieldNo(1)).to_string(), table.field(FieldNo(2)).to_string());
        let check = |filters: serde_json::Value, expected: [bool; 3]| {
            let spec = of(filters.clone());
            assert!(spec.check().is_ok(), "{filters}");
            assert_eq!([&made, &edited, &gone].map(|change| spec.wants(change)), expected, "{filters}");
        };
        check(json!({"dataTypes": ["tableData"]}), [true, true, true]);
        check(json!({"dataTypes": ["tableFields", "tableMetadata"]}), [false, false, false]);
        check(json!({"dataTypes": ["tableData"], "changeTypes": ["update"]}), [false, true, false]);
        check(json!({"dataTypes": ["tableData"], "fromSources": ["client"]}), [true, true, true]);
        check(json!({"dataTypes": ["tableData"], "fromSources": ["publicApi"]}), [false, false, false]);
        check(json!({"dataTypes": ["tableData"], "recordChangeScope": table.id()}), [true, true, true]);
        check(
            json!({"dataTypes": ["tableData"], "recordChangeScope": TableNo(8).id()}),
            [false, false, false],
        );
        check(json!({"dataTypes": ["tableData"], "watchDataInFieldIds": [first]}), [true, false, true]);
        check(json!({"dataTypes": ["tableData"], "watchDataInFieldIds": [second]}), [false, true, true]);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for filters in [
            json!({"dataTypes": []}),
            json!({"dataTypes": ["tableData"], "recordChangeScope": "viw00000000000000"}),
            json!({"dataTypes": ["tableData"], "watchDataInFieldIds": ["Name"]}),
        ] {
            assert!(of(filters.clone()).check().is_err(), "{filters}");
        }
    }
}

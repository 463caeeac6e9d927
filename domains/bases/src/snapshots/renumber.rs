//! A base's schema for a copy of the base: tables get new numbers, because those are unique within the organisation; fields, views
//! and records keep theirs. So links, which hold numbers of records, stay as they are.
//!
//! Ids occur in options, rules, formulas, filters and settings of views; they are replaced wherever they stand as such in the JSON.

use engine_base::{
    Base, Change, ChangeKind, Field, FieldFacts, FieldId, FieldKind, FieldRules, RecordId, SchemaEdit, Table,
    TableHead, TableId, TableNo, View, ViewAccess, ViewId,
};
use kernel_core::secret::sha256;
use kernel_core::{Error, Result};
use std::collections::HashMap;

/// Letters and digits of an id.
const LENGTH: usize = 17;

/// The numbers of the copies, the same for each run of a restore.
pub(super) fn numbers(base: &Base, restore: &str) -> HashMap<TableNo, TableNo> {
    let tables = base.schema().tables.iter().map(Table::number);
    tables
        .map(|table| {
            let hash = sha256(format!("{restore} {}", table.0).as_bytes());
            let random = hash.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte));
            (table, TableNo(engine_base::ids::random_number(random)))
        })
        .collect()
}

/// The change that makes the schema of the copy in an empty base. Of personal views those of `owner`.
///
/// # Errors
/// `internal` only: what was read from a base can be written to one.
pub(super) fn schema(base: &Base, numbers: &HashMap<TableNo, TableNo>, owner: &str) -> Result<Change> {
    let mut edits = Vec::new();
    for table in &base.schema().tables {
        let Some(number) = numbers.get(&table.number()).copied() else { continue };
        let head = TableHead { number, deleted_us: None, ..table.head.clone() };
        edits.push(SchemaEdit::Table { table: number, before: None, after: Some(head) });
        for one in &table.fields {
            let after = Some(field(one, numbers)?);
            edits.push(SchemaEdit::Field { table: number, field: one.no, before: None, after });
        }
        for one in &table.views {
            if one.access == ViewAccess::Personal && one.created_by != owner {
                continue;
            }
            let text = serde_json::to_string(one).map_err(Error::internal)?;
            let copy: View = serde_json::from_str(&renumbered(&text, numbers)).map_err(Error::internal)?;
            edits.push(SchemaEdit::View { table: number, view: one.no, before: None, after: Some(copy) });
        }
    }
    Ok(Change {
        kind: ChangeKind::Schema,
        at_us: 0,
        actor: owner.to_owned(),
        schema: edits,
        created: Vec::new(),
        updated: Vec::new(),
        deleted: Vec::new(),
        claims: Vec::new(),
        refused: Vec::new(),
    })
}

fn field(field: &Field, numbers: &HashMap<TableNo, TableNo>) -> Result<FieldFacts> {
    let options = renumbered(&field.stored_options().to_string(), numbers);
    let options: serde_json::Value = serde_json::from_str(&options).map_err(Error::internal)?;
    let (rules, own) = FieldRules::split(&options).map_err(Error::internal)?;
    let kind = FieldKind::from_parts(field.kind.type_name(), &own).map_err(Error::internal)?;
    Ok(FieldFacts { kind, rules, ..FieldFacts::of(field) })
}

/// A text with the ids of these tables, their fields, views and records replaced.
fn renumbered(text: &str, numbers: &HashMap<TableNo, TableNo>) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric()) {
        let id = word.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric());
        match renamed(id, numbers) {
            Some(new) => {
                out.push_str(&new);
                out.push_str(&word[id.len()..]);
            }
            None => out.push_str(word),
        }
    }
    out
}

fn renamed(id: &str, numbers: &HashMap<TableNo, TableNo>) -> Option<String> {
    if id.len() != LENGTH {
        return None;
    }
    let new = |table: TableNo| numbers.get(&table).copied();
    if let Ok(TableId(table)) = id.parse() {
        return Some(new(table)?.id().to_string());
    }
    if let Ok(FieldId { table, field }) = id.parse() {
        return Some(new(table)?.field(field).to_string());
    }
    if let Ok(ViewId { table, view }) = id.parse() {
        return Some(new(table)?.view(view).to_string());
    }
    let RecordId { table, row } = id.parse().ok()?;
    Some(new(table)?.record(row).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine_base::{FieldNo, RowNo, ViewNo};

    #[test]
    fn ids_are_replaced_wherever_they_stand() {
        let (old, new, other) = (TableNo(77), TableNo(123_456), TableNo(78));
        let numbers = HashMap::from([(old, new)]);
        let check = |text: String, expected: String| assert_eq!(renumbered(&text, &numbers), expected);
        let ids = |table: TableNo| {
            let (field, view) = (table.field(FieldNo(3)), table.view(ViewNo(1)));
            format!("\"{}\",\"{field}\"{{{view}}}({})", table.id(), table.record(RowNo(9)))
        };
        check(ids(old), ids(new));
        check(ids(other), ids(other));
        let field = old.field(FieldNo(2));
        check(format!("{{{field}}} * 2"), format!("{{{}}} * 2", new.field(FieldNo(2))));
        // Not an id on its own.
        check(format!("x{field}"), format!("x{field}"));
        check("täbl fld{}".to_owned(), "täbl fld{}".to_owned());
    }
}

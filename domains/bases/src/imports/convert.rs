//! Texts of a row to values of fields. A text that does not fit leaves its cell empty and one error.

use super::RowError;
use super::detect::boolean;
use engine_base::schema::MAX_LINKS;
use engine_base::{
    Base, Cell, FieldKind, FieldNo, QueryContext, QuerySpec, RowNo, StoredCells, TableNo, coerce,
};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

/// A column of the file and the field it goes to.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) index: usize,
    pub(super) name: String,
    pub(super) field: FieldNo,
    pub(super) kind: FieldKind,
    pub(super) links: Option<Links>,
}

/// How texts name records.
#[derive(Clone, Debug)]
pub(super) struct Links {
    pub(super) separator: Option<String>,
    pub(super) rows: Arc<FxHashMap<String, RowNo>>,
}

/// Records of a table by the text of one field, without regard to case; the first of several wins.
pub(super) fn index_by_text(base: &Base, table: TableNo, field: FieldNo) -> FxHashMap<String, RowNo> {
    let mut rows = FxHashMap::default();
    let mut text = String::new();
    let all = QueryContext { now_us: 0, zone: "UTC" };
    let window = base.window(&QuerySpec::all(table), &all, 0, base.len(table));
    for row in window.map(|window| window.rows).unwrap_or_default() {
        text.clear();
        base.write_text(table, row, field, &mut text);
        let key = text.trim().to_lowercase();
        if !key.is_empty() {
            rows.entry(key).or_insert(row);
        }
    }
    rows
}

/// The values of one row.
pub(super) fn row(columns: &[Column], cells: &[&str], line: u64, errors: &mut Vec<RowError>) -> StoredCells {
    let mut out = StoredCells::with_capacity(columns.len());
    for column in columns {
        let text = cells.get(column.index).map_or("", |cell| cell.trim());
        if text.is_empty() {
            continue;
        }
        match value(column, text) {
            Ok(Cell::Empty) => {}
            Ok(value) => out.push((column.field, value)),
            Err(message) => errors.push(RowError {
                row: line,
                column: Some(column.name.clone()),
                value: Some(text.chars().take(200).collect()),
                message,
            }),
        }
    }
    out
}

fn value(column: &Column, text: &str) -> Result<Cell, String> {
    if let Some(links) = &column.links {
        return linked(links, text);
    }
    if matches!(column.kind, FieldKind::Checkbox) {
        let ticked = boolean(text).ok_or_else(|| format!("{text} is neither yes nor no."))?;
        return Ok(if ticked { Cell::True } else { Cell::Empty });
    }
    coerce(&column.kind, text).map_err(|(_, message)| message)
}

fn linked(links: &Links, text: &str) -> Result<Cell, String> {
    let names: Vec<&str> = match links.separator.as_deref().filter(|separator| !separator.is_empty()) {
        Some(separator) => text.split(separator).filter(|name| !name.trim().is_empty()).collect(),
        None => vec![text],
    };
    let (mut rows, mut seen) = (Vec::with_capacity(names.len()), FxHashSet::default());
    for name in names {
        let row = links.rows.get(&name.trim().to_lowercase());
        let row = *row.ok_or_else(|| format!("No record is called {}.", name.trim()))?;
        if seen.insert(row) {
            rows.push(row);
        }
    }
    if rows.len() > MAX_LINKS {
        return Err(format!("At most {MAX_LINKS} records in one cell."));
    }
    Ok(Cell::links(rows))
}

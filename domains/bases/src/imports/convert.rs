//! Values of a file to values of fields. A value that does not fit leaves its cell empty and one error.

use super::RowError;
use super::detect::boolean;
use super::source::Given;
use crate::files::locale::{Dates, Numbers};
use crate::files::names;
use engine_base::schema::MAX_LINKS;
use engine_base::{
    Base, Cell, FieldId, FieldKind, FieldNo, QueryContext, QuerySpec, RecordId, RowNo, StoredCells, TableNo,
    coerce, strict,
};
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::Value;
use std::sync::Arc;

/// A column of the file and the field it goes to.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) index: usize,
    pub(super) name: String,
    pub(super) table: TableNo,
    pub(super) field: FieldNo,
    pub(super) kind: FieldKind,
    pub(super) links: Option<Links>,
}

/// How texts name records.
#[derive(Clone, Debug)]
pub(super) struct Links {
    pub(super) table: TableNo,
    pub(super) single: bool,
    pub(super) separator: Option<String>,
    pub(super) rows: Arc<Names>,
}

/// Records of a table by the text of one field; the first of several wins.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// As it stands there, and without regard to case and spaces around it.
    exact: FxHashMap<String, RowNo>,
    folded: FxHashMap<String, RowNo>,
}

impl Names {
    pub(super) fn of(base: &Base, table: TableNo, field: FieldNo) -> Self {
        let mut names = Self::default();
        let mut text = String::new();
        let all = QueryContext { now_us: 0, zone: "UTC" };
        let window = base.window(&QuerySpec::all(table), &all, 0, base.len(table));
        for row in window.map(|window| window.rows).unwrap_or_default() {
            text.clear();
            base.write_text(table, row, field, &mut text);
            let key = text.trim().to_lowercase();
            if !key.is_empty() {
                // A name that only looks like an earlier one is found as it stands.
                if key != text || names.folded.contains_key(&key) {
                    names.exact.entry(text.clone()).or_insert(row);
                }
                names.folded.entry(key).or_insert(row);
            }
        }
        names
    }

    fn find(&self, name: &str) -> Option<RowNo> {
        let folded = || self.folded.get(&name.trim().to_lowercase());
        self.exact.get(name).or_else(folded).copied()
    }
}

/// How days and numbers of the file are written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Locale {
    pub(super) dates: Dates,
    pub(super) numbers: Numbers,
}

/// The values of one row, empty ones as well.
pub(super) fn row(
    columns: &[Column],
    locale: Locale,
    cells: &[Given],
    line: u64,
    errors: &mut Vec<RowError>,
) -> StoredCells {
    let mut out = StoredCells::with_capacity(columns.len());
    for column in columns {
        let given = cells.get(column.index).unwrap_or(&Given::Empty);
        match value(column, locale, given) {
            Ok(value) => out.push((column.field, value)),
            Err(message) => {
                out.push((column.field, Cell::Empty));
                errors.push(RowError {
                    row: line,
                    column: Some(column.name.clone()),
                    value: Some(given.text().chars().take(200).collect()),
                    message,
                    field: Some(FieldId { table: column.table, field: column.field }),
                    left_out: false,
                });
            }
        }
    }
    out
}

fn value(column: &Column, locale: Locale, given: &Given) -> Result<Cell, String> {
    if given.is_empty() && !matches!((&column.kind, given), (FieldKind::Json, Given::Json(_))) {
        return Ok(Cell::Empty);
    }
    if let Some(links) = &column.links {
        return match given {
            Given::Json(Value::Array(list)) => {
                let names: Option<Vec<String>> = list.iter().map(named).collect();
                linked(links, &names.ok_or("Expected names of records.")?)
            }
            given => linked_by_text(links, &given.text()),
        };
    }
    let said = |result: Result<Cell, (engine_base::CellCode, String)>| result.map_err(|(_, message)| message);
    match given {
        Given::Empty => Ok(Cell::Empty),
        // What a cell keeps of a file is never taken from outside.
        _ if column.kind.holds_files() => said(coerce(&column.kind, &given.text())),
        Given::Json(json) if matches!(column.kind, FieldKind::Json) => said(strict(&column.kind, json)),
        Given::Json(Value::String(text)) | Given::Text(text) => text_value(&column.kind, locale, text),
        Given::Json(Value::Bool(flag)) | Given::Bool(flag) if matches!(column.kind, FieldKind::Checkbox) => {
            Ok(if *flag { Cell::True } else { Cell::Empty })
        }
        Given::Number(number) => number_value(&column.kind, *number, given),
        Given::Json(Value::Number(number)) => {
            number_value(&column.kind, number.as_f64().unwrap_or(f64::NAN), given)
        }
        Given::Seconds(seconds) if matches!(column.kind, FieldKind::Time | FieldKind::Duration) => {
            said(strict(&column.kind, &Value::from(*seconds)))
        }
        Given::Json(json) => {
            said(strict(&column.kind, json).or_else(|_| coerce(&column.kind, &given.text())))
        }
        Given::Bool(_) | Given::Day(_) | Given::Moment(_) | Given::Seconds(_) => {
            said(coerce(&column.kind, &given.text()))
        }
    }
}

/// A record's name in a list: itself, or as the records API writes it.
fn named(value: &Value) -> Option<String> {
    let text = match value {
        Value::Object(object) => object.get("id").or_else(|| object.get("name")),
        value => Some(value),
    };
    text.and_then(Value::as_str).map(str::to_owned)
}

fn number_value(kind: &FieldKind, number: f64, given: &Given) -> Result<Cell, String> {
    let number_kind = matches!(
        kind,
        FieldKind::Number { .. }
            | FieldKind::Currency { .. }
            | FieldKind::Percent { .. }
            | FieldKind::Rating { .. }
            | FieldKind::Year
            | FieldKind::Duration
            | FieldKind::Time
    );
    let value = if number_kind { strict(kind, &Value::from(number)) } else { coerce(kind, &given.text()) };
    value.map_err(|(_, message)| message)
}

fn text_value(kind: &FieldKind, locale: Locale, text: &str) -> Result<Cell, String> {
    let value = match kind {
        // Texts are what the file says, with the spaces around them.
        FieldKind::Text | FieldKind::LongText | FieldKind::RichText | FieldKind::Barcode => {
            strict(kind, &Value::from(text))
        }
        FieldKind::Checkbox => {
            let trimmed = text.trim();
            if trimmed.is_empty() {
                return Ok(Cell::Empty);
            }
            let ticked = boolean(trimmed).ok_or_else(|| format!("{trimmed} is neither yes nor no."))?;
            return Ok(if ticked { Cell::True } else { Cell::Empty });
        }
        FieldKind::Number { .. } | FieldKind::Currency { .. } | FieldKind::Percent { .. } => {
            coerce(kind, &locale.numbers.read(text.trim()))
        }
        FieldKind::Date | FieldKind::DateTime { .. } => match locale.dates.read(text) {
            Some(day) => coerce(kind, &day),
            None => coerce(kind, text),
        },
        FieldKind::MultiSelect { .. } => {
            let names = names::split(text, None).into_iter().map(Value::from).collect();
            strict(kind, &Value::Array(names)).or_else(|_| coerce(kind, text))
        }
        kind => coerce(kind, text),
    };
    value.map_err(|(_, message)| message)
}

/// Records of a text: a list of names; where that finds none, one name with the separator in it.
fn linked_by_text(links: &Links, text: &str) -> Result<Cell, String> {
    if text.trim().is_empty() {
        return Ok(Cell::Empty);
    }
    if links.single {
        return linked(links, &[text.to_owned()]);
    }
    let separator = links.separator.as_deref().filter(|separator| !separator.is_empty());
    let several = linked(links, &names::split(text, separator));
    if separator.is_some() { several } else { several.or_else(|_| linked(links, &[text.to_owned()])) }
}

fn linked(links: &Links, names: &[String]) -> Result<Cell, String> {
    let (mut rows, mut seen) = (Vec::with_capacity(names.len()), FxHashSet::default());
    for name in names {
        // Whether a record with the id exists is checked when it is written.
        let by_id = || name.trim().parse::<RecordId>().ok().filter(|id| id.table == links.table);
        let row = links.rows.find(name).or_else(|| by_id().map(|id| id.row));
        let row = row.ok_or_else(|| format!("No record is called {}.", name.trim()))?;
        if seen.insert(row) {
            rows.push(row);
        }
    }
    if rows.len() > MAX_LINKS {
        return Err(format!("At most {MAX_LINKS} records in one cell."));
    }
    Ok(Cell::links(rows))
}

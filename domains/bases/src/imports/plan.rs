//! Turns a plan into fields: of a new table, or of an existing one. Pure but for reading the file's different values.

use super::format::Format;
use super::preview::distinct;
use super::{ColumnPlan, ColumnPreview, start};
use engine_base::schema::MAX_CHOICES;
use engine_base::{Base, Choice, FieldKind, NewField, Table, TableId, TableNo};
use kernel_core::{Code, Error, FieldError, Result};
use std::path::Path;

/// A column that is imported.
#[derive(Clone, Debug)]
pub(super) struct Chosen<'a> {
    /// Place in the file.
    pub(super) index: usize,
    pub(super) plan: &'a ColumnPlan,
    pub(super) preview: &'a ColumnPreview,
}

/// The columns to import, in the file's order. Columns that the plan does not name are taken as they were guessed.
///
/// # Errors
/// `unknown_field` for a column that the file does not have; `required` when nothing is left.
pub(super) fn chosen<'a>(
    columns: &'a [ColumnPreview],
    plans: &'a [ColumnPlan],
    none: &'a ColumnPlan,
) -> Result<Vec<Chosen<'a>>> {
    let mut errors = Vec::new();
    for (index, plan) in plans.iter().enumerate() {
        if !columns.iter().any(|column| column.name == plan.column) {
            let detail = format!("The file has no column {}.", plan.column);
            errors.push(FieldError::new(format!("/columns/{index}/column"), Code::UnknownField, detail));
        }
    }
    if !errors.is_empty() {
        return Err(Error::fields(errors));
    }
    let chosen: Vec<_> = columns
        .iter()
        .enumerate()
        .map(|(index, preview)| {
            let plan = plans.iter().find(|plan| plan.column == preview.name).unwrap_or(none);
            Chosen { index, plan, preview }
        })
        .filter(|chosen| !chosen.plan.skip)
        .collect();
    if chosen.is_empty() {
        return Err(Error::field("/columns", Code::Required, "Choose at least one column"));
    }
    Ok(chosen)
}

/// New fields, one a column; selects have no choices yet: see [`fill_choices`].
///
/// # Errors
/// Field errors under `/columns/{i}`.
pub(super) fn new_fields(base: &Base, chosen: &[Chosen<'_>]) -> Result<Vec<NewField>> {
    let mut fields = Vec::with_capacity(chosen.len());
    let mut errors = Vec::new();
    for (index, column) in chosen.iter().enumerate() {
        match kind(base, column, &format!("/columns/{index}")) {
            Ok(kind) => fields.push(start::new_field(column, kind)),
            Err(error) => errors.push(error),
        }
    }
    start::all_or(errors)?;
    Ok(fields)
}

/// Whether the plan asks for a new field for a column: it says a type, and no field has the name.
pub(super) fn is_new(table: &Table, column: &Chosen<'_>) -> bool {
    let name = column.plan.name.as_deref().unwrap_or(&column.preview.name);
    column.plan.field.is_none() && column.plan.kind.is_some() && table.field_by_name(name).is_none()
}

/// The type of the field that a column becomes.
///
/// # Errors
/// At the pointer.
fn kind(base: &Base, column: &Chosen<'_>, pointer: &str) -> Result<FieldKind, FieldError> {
    if let Some(link) = &column.plan.link {
        let unknown = || {
            FieldError::new(format!("{pointer}/link/table"), Code::InvalidValue, "is no table of this base")
        };
        let table = link.table.parse::<TableId>().map_err(|_| unknown())?.0;
        base.schema().table(table).ok_or_else(unknown)?;
        return Ok(FieldKind::Link { table, symmetric: None, single: false });
    }
    let guessed = serde_json::to_value(column.preview.kind).ok();
    let name = column.plan.kind.as_deref().or_else(|| guessed.as_ref()?.as_str()).unwrap_or("text");
    if column.plan.options.is_null()
        && name == "number"
        && let Some(precision) = column.preview.precision
    {
        return Ok(FieldKind::Number { precision: Some(precision) });
    }
    crate::schema::kind_of(name, &column.plan.options, pointer)
}

/// Ten option colours of the look, in turn.
const COLOURS: [&str; 10] =
    ["teal", "blue", "green", "orange", "violet", "yellow", "pink", "red", "brown", "gray"];

/// The file that values are read from.
#[derive(Clone, Copy)]
pub(super) struct File<'a> {
    pub(super) path: &'a Path,
    pub(super) format: &'a Format,
    /// Its heading.
    pub(super) names: &'a [String],
}

/// Gives select fields without choices the values of the file.
///
/// # Errors
/// `bad_csv`, `bad_file`.
pub(super) fn fill_choices(fields: &mut [NewField], chosen: &[Chosen<'_>], file: File<'_>) -> Result<()> {
    let wanted: Vec<(usize, bool)> = fields
        .iter()
        .enumerate()
        .filter_map(|(index, field)| match &field.kind {
            FieldKind::Select { choices } if choices.is_empty() => Some((index, false)),
            FieldKind::MultiSelect { choices } if choices.is_empty() => Some((index, true)),
            _ => None,
        })
        .collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let columns: Vec<(usize, bool)> = wanted.iter().map(|(at, many)| (chosen[*at].index, *many)).collect();
    let values = distinct(file.path, file.format, file.names, &columns, MAX_CHOICES)?;
    for ((index, _), values) in wanted.into_iter().zip(values) {
        let choice = |(place, name): (usize, String)| Choice {
            id: String::new(),
            name: name.chars().take(engine_base::schema::MAX_NAME).collect(),
            colour: COLOURS[place % COLOURS.len()].to_owned(),
        };
        let choices = values.into_iter().enumerate().map(choice).collect();
        fields[index].kind = fields[index].kind.with_choices(choices);
    }
    Ok(())
}

/// The existing fields that columns go to: those that the plan names, else those of the same name; the rest is left out.
///
/// # Errors
/// `unknown_field`; `required` when no column has a field, unless there may be none.
pub(super) fn existing_fields<'a>(
    table: &Table,
    chosen: Vec<Chosen<'a>>,
    may_be_none: bool,
) -> Result<Vec<(Chosen<'a>, engine_base::FieldNo)>> {
    let mut out = Vec::with_capacity(chosen.len());
    for column in chosen {
        match &column.plan.field {
            Some(key) => match table.field_by_key(key) {
                Some(field) => out.push((column, field.no)),
                None => {
                    let detail = format!("{} has no field {key}.", table.head.name);
                    return Err(Error::field("/columns", Code::UnknownField, detail));
                }
            },
            None => {
                let name = column.plan.name.as_deref().unwrap_or(&column.preview.name);
                if let Some(field) = table.field_by_name(name) {
                    out.push((column, field.no));
                }
            }
        }
    }
    if out.is_empty() && !may_be_none {
        return Err(Error::field(
            "/columns",
            Code::Required,
            "No column has a field in this table: choose a field for at least one",
        ));
    }
    Ok(out)
}

/// The table and field that a link column's texts are looked up in.
///
/// # Errors
/// `unknown_field`.
pub(super) fn link_source(
    base: &Base,
    table: TableNo,
    by: Option<&str>,
) -> Result<(TableNo, engine_base::FieldNo)> {
    let schema = base.schema().table(table).ok_or_else(Error::not_found)?;
    let field = match by {
        None => Some(schema.head.primary_field),
        Some(key) => schema.field_by_key(key).map(|field| field.no),
    };
    let field = field.ok_or_else(|| {
        Error::field(
            "/columns/link/by",
            Code::UnknownField,
            format!("{} has no such field", schema.head.name),
        )
    })?;
    Ok((table, field))
}

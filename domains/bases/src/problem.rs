//! The engine's complaints as the product's errors: each at its field, with its code.

use engine_base::Base;
use engine_base::QueryError;
use engine_base::ids::TableNo;
use engine_base::{CellCode, CellError, Command};
use kernel_core::{Code, Error, FieldError};

/// The API's code of an engine code.
fn code(code: CellCode) -> Code {
    match code {
        CellCode::WrongType => Code::WrongType,
        CellCode::TooLong => Code::TooLong,
        CellCode::InvalidValue | CellCode::UnknownChoice | CellCode::InvalidFormula | CellCode::Cycle => {
            Code::InvalidValue
        }
        CellCode::UnknownField => Code::UnknownField,
        CellCode::UnknownRecord => Code::UnknownRecord,
        CellCode::ReadOnly => Code::ReadOnlyField,
        CellCode::UnknownTable | CellCode::UnknownView => Code::NotFound,
        CellCode::Required => Code::Required,
        CellCode::NotUnique => Code::AlreadyExists,
        CellCode::RuleBroken => Code::RuleBroken,
        CellCode::Changed => Code::Conflict,
    }
}

/// The table that a command is about, if it is about one.
pub(crate) fn table_of(command: &Command) -> Option<TableNo> {
    match command {
        Command::CreateRecords { table, .. }
        | Command::ImportRecords { table, .. }
        | Command::UpdateRecords { table, .. }
        | Command::DeleteRecords { table, .. }
        | Command::WriteRecords { table, .. }
        | Command::RestoreRecords { table, .. }
        | Command::UpdateTable { table, .. }
        | Command::DeleteTable { table }
        | Command::CreateField { table, .. }
        | Command::UpdateField { table, .. }
        | Command::DeleteField { table, .. }
        | Command::CreateView { table, .. }
        | Command::UpdateView { table, .. }
        | Command::DeleteView { table, .. }
        | Command::RestoreTable { table }
        | Command::RestoreField { table, .. }
        | Command::RestoreView { table, .. } => Some(*table),
        Command::UpdateBase { .. }
        | Command::CreateTable { .. }
        | Command::Purge { .. }
        | Command::GoBack { .. }
        | Command::Undo { .. } => None,
    }
}

fn rows_of(command: &Command) -> usize {
    match command {
        Command::CreateRecords { rows, .. } => rows.len(),
        Command::ImportRecords { rows, .. } => rows.len(),
        Command::UpdateRecords { rows, .. } => rows.len(),
        Command::WriteRecords { updates, creates, .. } => updates.len() + creates.len(),
        Command::DeleteRecords { rows, .. } => rows.len(),
        Command::RestoreRecords { rows, .. } => rows.len(),
        _ => 1,
    }
}

/// Errors of a command. Pointers are those of the `/v1` body: `/fields/Price`, or `/records/3/fields/Price` in a batch.
pub(crate) fn of_command(base: &Base, command: &Command, errors: &[CellError]) -> Error {
    let table = table_of(command).and_then(|table| base.schema().table(table));
    let many = rows_of(command) > 1;
    if let Some(changed) = errors.iter().find(|error| error.code == CellCode::Changed) {
        return Error::new(Code::Conflict).detail(changed.detail.clone());
    }
    if let Some(missing) = errors.iter().find(|error| code(error.code) == Code::NotFound) {
        return Error::not_found().detail(missing.detail.clone());
    }
    let fields = errors.iter().map(|error| {
        let record = if many { format!("/records/{}", error.row) } else { String::new() };
        let pointer = match error.field {
            Some(field) => {
                let name = table.and_then(|table| table.field(field)).map_or_else(
                    || table_of(command).map_or_else(String::new, |table| table.field(field).to_string()),
                    |field| field.name.clone(),
                );
                format!("{record}/fields/{}", escape(&name))
            }
            None if error.member.is_empty() => record,
            None => format!("/{}", error.member),
        };
        FieldError::new(pointer, code(error.code), error.detail.clone())
    });
    Error::fields(fields.collect())
}

/// Errors of members of a body, each at its place.
pub(crate) fn of_members(errors: &[CellError]) -> Error {
    let fields = errors
        .iter()
        .map(|error| FieldError::new(format!("/{}", error.member), code(error.code), error.detail.clone()));
    Error::fields(fields.collect())
}

/// Errors of records of a batch, each at its own place: `/records/3/fields/Price`.
pub(crate) fn of_records(base: &Base, table: TableNo, errors: impl Iterator<Item = CellError>) -> Error {
    let schema = base.schema().table(table);
    let fields = errors.map(|error| {
        let record = format!("/records/{}", error.row);
        let pointer = match error.field {
            Some(no) => {
                let name = schema.and_then(|schema| schema.field(no)).map(|field| field.name.clone());
                format!("{record}/fields/{}", escape(&name.unwrap_or_else(|| table.field(no).to_string())))
            }
            None => record,
        };
        FieldError::new(pointer, code(error.code), error.detail.clone())
    });
    Error::fields(fields.collect())
}

/// Escapes a name for a JSON pointer (RFC 6901).
pub(crate) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// The errors of a query, `bad_filter` with its position where a filter is at fault.
pub(crate) fn of_query(errors: &[QueryError]) -> Error {
    let code = match errors.first().map(|error| error.member) {
        Some("sort") => Code::BadSort,
        Some("table") => return Error::not_found(),
        _ => Code::BadFilter,
    };
    let detail = match errors.first() {
        Some(QueryError { span: Some((start, length)), detail, .. }) => {
            format!("At character {} ({length} long): {detail}", start + 1)
        }
        Some(error) => error.detail.clone(),
        None => code.title().to_owned(),
    };
    let fields = errors.iter().map(|error| {
        let position = error
            .span
            .map_or_else(String::new, |(start, length)| format!(" (position {start}, length {length})"));
        FieldError::new(
            format!("/{}{}", error.member, error.pointer),
            code,
            format!("{}{position}", error.detail),
        )
    });
    Error::fields(fields.collect()).detail(detail)
}

//! What an export writes: tables as the caller sees them, read a page at a time.

use super::PAGE;
use crate::actor::OpenBase;
use crate::problem;
use crate::records::query::{Narrowing, context, shown_fields, with_table};
use crate::sight::Seen;
use engine_base::{Base, FieldKind, FieldNo, Plain, QuerySpec, SortKey, TableNo};
use jiff::Timestamp;
use kernel_core::{Caller, Result};
use std::sync::Arc;

/// A field that is written.
pub(super) struct Column {
    pub(super) no: FieldNo,
    pub(super) name: String,
    /// The type of its values: of a calculated field, that of the result.
    pub(super) kind: FieldKind,
    /// The type's name in the API.
    pub(super) type_name: &'static str,
}

impl Column {
    /// Whether a value is at most one name.
    pub(super) fn is_single(&self) -> bool {
        matches!(
            self.kind,
            FieldKind::Link { single: true, .. } | FieldKind::User { many: false } | FieldKind::Signature
        )
    }
}

/// A table, or a view of it.
pub(super) struct Sheet {
    pub(super) table: TableNo,
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
    spec: QuerySpec,
}

impl Sheet {
    pub(super) fn of(base: &Base, table: &Seen<'_>, narrowing: &Narrowing) -> Result<Self> {
        let fields = shown_fields(table, narrowing.view.as_deref(), None)?;
        let column = |no: FieldNo| {
            let field = table.field(no)?;
            let kind = field.value_kind().clone();
            Some(Column { no, name: field.name.clone(), kind, type_name: field.kind.type_name() })
        };
        Ok(Self {
            table: table.number(),
            name: table.head.name.clone(),
            columns: fields.into_iter().filter_map(column).collect(),
            spec: narrowing.spec(base, table)?,
        })
    }
}

/// Tables of one base.
pub(super) struct Sheets {
    pub(super) caller: Caller,
    pub(super) open: Arc<OpenBase>,
    /// The base's name.
    pub(super) base: String,
    pub(super) all: Vec<Sheet>,
    pub(super) now: Timestamp,
    pub(super) zone: String,
}

/// How far an export is.
#[derive(Default)]
pub(super) struct Place {
    /// The sheet; as many as there are at the end.
    pub(super) sheet: usize,
    /// The row that was the last.
    pub(super) after: Option<SortKey>,
    /// Whether the file's last bytes were given.
    pub(super) ended: bool,
}

impl Sheets {
    /// The next rows of the sheet at the place, which moves on: to the next sheet after the last row.
    ///
    /// # Errors
    /// `not_found` when the table is gone meanwhile; those of the view's filter.
    pub(super) fn page(&self, place: &mut Place) -> Result<Vec<Vec<Plain>>> {
        let sheet = &self.all[place.sheet];
        let (rows, next) = self.open.read(|base| {
            with_table(&self.caller, base, sheet.table, |_| {
                let page = base
                    .list(&sheet.spec, &context(self.now, &self.zone), place.after.as_ref(), PAGE)
                    .map_err(|errors| problem::of_query(&errors))?;
                let cells = |row| {
                    sheet.columns.iter().map(|column| base.plain(sheet.table, row, column.no)).collect()
                };
                Ok((page.rows.into_iter().map(cells).collect(), page.next))
            })
        })?;
        place.sheet += usize::from(next.is_none());
        place.after = next;
        Ok(rows)
    }
}

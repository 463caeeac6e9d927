//! Who may take a change back.

use super::{Seen, deletes, editable, field_level, refused, sees_view};
use engine_base::{Base, Change, FieldKind, SchemaEdit, TableNo};
use kernel_core::{Caller, Error, FieldLevel, Level, Result, enough};

/// Whether the caller may take a change back: an own one, or any with the right to manage the base; and only if what it writes
/// may be written.
pub(super) fn undoes(caller: &Caller, base: &Base, change: &Change, now_us: i64) -> Result<()> {
    let number = base.id().0;
    if change.actor != caller.actor.to_string() {
        enough(caller.base(number), Level::Manage)?;
    }
    let seen = |table: TableNo, needed: Level| -> Result<Seen<'_>> {
        let seen = Seen::of(caller, base, table).ok_or_else(Error::not_found)?;
        enough(seen.level, needed)?;
        Ok(seen)
    };
    let is_of_views =
        !change.schema.iter().any(|edit| matches!(edit, SchemaEdit::Field { .. } | SchemaEdit::Base { .. }));
    for edit in &change.schema {
        match edit {
            SchemaEdit::View { table, view, .. } if base.schema().table(*table).is_some() => {
                let own = seen(*table, Level::Edit)?;
                // Views follow fields that come and go, whosever they are.
                if is_of_views && own.whole.view(*view).is_some() {
                    editable(&own, *view, None)?;
                } else if own.whole.trashed_view(*view).is_some_and(|view| !sees_view(caller, view)) {
                    return Err(Error::not_found());
                }
            }
            SchemaEdit::Table { table, before: Some(before), after: Some(after) }
                if before.counted_as(after) =>
            {
                seen(*table, Level::Edit)?;
            }
            SchemaEdit::Field { table, .. } if base.schema().table(*table).is_some() => {
                if seen(*table, Level::Manage)?.shown().is_some() {
                    return Err(refused());
                }
            }
            SchemaEdit::Table { table, .. } => enough(caller.table(number, table.0), Level::Manage)?,
            SchemaEdit::Base { .. } | SchemaEdit::Field { .. } | SchemaEdit::View { .. } => {
                enough(caller.base(number), Level::Manage)?;
            }
        }
    }
    let live = |table: TableNo| base.schema().table(table).is_some();
    let whole = change.created.iter().chain(&change.deleted).map(|facts| facts.table);
    let mut tables: Vec<TableNo> = whole.filter(|table| live(*table)).collect();
    tables.sort_unstable();
    tables.dedup();
    for table in tables {
        if seen(table, Level::Edit)?.has_some_rows_only() {
            return Err(refused());
        }
        deletes(caller, number, table)?;
    }
    for edit in change.updated.iter().filter(|edit| live(edit.table)) {
        let own = seen(edit.table, Level::Read)?;
        if base.contains(edit.table, edit.row) && !own.has(base, edit.row, now_us) {
            return Err(Error::not_found());
        }
        for cell in &edit.cells {
            let now = own.whole.field(cell.field);
            // Stamps follow what is written; the engine judges calculated fields.
            if now.is_some_and(|field| field.kind.is_read_only()) {
                continue;
            }
            // In the trash meanwhile: written with the record, shown to nobody.
            if now.is_none()
                && own.level >= Level::Edit
                && field_level(&caller.access, own.level, edit.table, cell.field) == FieldLevel::Write
            {
                continue;
            }
            // A link is written from either of its sides.
            let other = own.whole.field(cell.field).and_then(|field| match field.kind {
                FieldKind::Link { table, symmetric: Some(back), .. } => Some((table, back)),
                _ => None,
            });
            let is_written = own.level >= Level::Edit && own.writes(cell.field)
                || other.is_some_and(|(table, back)| {
                    seen(table, Level::Edit).is_ok_and(|other| other.writes(back))
                });
            if !is_written {
                return Err(refused());
            }
        }
    }
    Ok(())
}

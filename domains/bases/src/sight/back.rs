//! Who may bring a field back, and who may go back to a schema of before.

use super::{Seen, field_level, refused};
use engine_base::{Base, Field, FieldNo, TableNo};
use kernel_core::{Caller, FieldLevel, Level, Result, enough};

/// Whether the caller may go back to a schema of before: it may touch everything, so everything must be theirs to manage and to see.
///
/// # Errors
/// `forbidden`.
pub(crate) fn goes_back(caller: &Caller, base: &Base) -> Result<()> {
    let number = base.id().0;
    enough(caller.base(number), Level::Manage)?;
    let schema = base.schema();
    for table in schema.tables.iter().chain(&schema.trash) {
        let no = table.number();
        enough(caller.table(number, no.0), Level::Manage)?;
        let is_hidden = |field: &Field| !restores_field(caller, base, no, field.no);
        let is_whole =
            schema.table(no).is_none() || Seen::of(caller, base, no).is_some_and(|seen| seen.is_whole());
        if !is_whole || table.fields.iter().chain(&table.trash.fields).any(is_hidden) {
            return Err(refused());
        }
    }
    Ok(())
}

/// Whether the caller may bring a deleted field back: one that was hidden stays so.
pub(crate) fn restores_field(caller: &Caller, base: &Base, table: TableNo, field: FieldNo) -> bool {
    let level = caller.table(base.id().0, table.0);
    level >= Level::Manage && field_level(&caller.access, level, table, field) > FieldLevel::Hidden
}

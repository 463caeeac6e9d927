//! Conditions on rows (spec D5) between how they are stored, by ids of fields, and how people read them.

use super::canonical;
use crate::problem;
use engine_base::{Base, QueryContext, QuerySpec, TableNo};
use kernel_core::{Error, Result};

/// A condition on rows as it is stored: it can be asked of the table, and names fields by id, so that renaming a field
/// changes nobody's rows.
///
/// # Errors
/// `bad_filter` with its place; `not_found`.
pub(crate) fn rows_to_store(base: &Base, table: TableNo, filter: &str, now_us: i64) -> Result<String> {
    let schema = base.schema().table(table).ok_or_else(Error::not_found)?;
    canonical(filter)?;
    let by_id = engine_expr::parse(filter)
        .ast
        .print_renamed(|name| Some(table.field(schema.field_by_key(name)?.no).to_string()));
    for text in [filter, &by_id] {
        let spec = QuerySpec { filter: Some(text.to_owned()), ..QuerySpec::all(table) };
        base.count(&spec, &QueryContext { now_us, zone: "UTC" })
            .map_err(|errors| problem::of_query(&errors))?;
    }
    Ok(by_id)
}

/// A stored condition on rows with the names that its fields have today.
pub(crate) fn rows_to_show(base: &Base, table: TableNo, filter: &str) -> String {
    let Some(schema) = base.schema().table(table) else { return filter.to_owned() };
    let named = |key: &str| schema.field_by_key(key).map(|field| field.name.clone());
    engine_expr::parse(filter).ast.print_renamed(named)
}

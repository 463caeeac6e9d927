//! Reads collections for pages.

use super::FieldFormat;
use super::format::handed_out;
use super::{Collection, CollectionRow};
use crate::problem;
use crate::records::query::{context, shown_fields, with_table};
use crate::service::Bases;
use engine_base::{BaseId, TableId, ViewId};
use engine_expr::Value as Held;
use kernel_core::{Caller, Error, Result, TenantId};
use serde_json::{Map, Value};

/// Records of one collection at most.
pub const MAX_ROWS: usize = 500;

impl Bases {
    /// The first `limit` records of a view (at most [`MAX_ROWS`]), for a published page or its preview.
    ///
    /// # Errors
    /// `not_found` when the base or view is gone; `bad_filter` when its filter no longer fits.
    pub async fn collection(
        &self,
        tenant: TenantId,
        base: BaseId,
        view: ViewId,
        limit: usize,
    ) -> Result<Collection> {
        let caller = Caller::system(tenant);
        let open = self.open(&caller, base.0).await?;
        let now = self.0.clock.now();
        open.read(|base| {
            with_table(&caller, base, view.table, |schema| {
                let view_schema = schema.view(view.view).ok_or_else(Error::not_found)?;
                let spec = base.view_query(view).map_err(|errors| problem::of_query(&errors))?;
                let fields = shown_fields(schema, Some(&view_schema.name), None)?;
                let window = base
                    .window(&spec, &context(now, "UTC"), 0, limit.min(MAX_ROWS))
                    .map_err(|errors| problem::of_query(&errors))?;
                let mut depends_on = vec![TableId(view.table)];
                depends_on.extend(base.tables_read(view.table).into_iter().map(TableId));
                let mut text = String::new();
                let rows = window.rows.iter().map(|row| {
                    let values = fields.iter().map(|field| {
                        text.clear();
                        base.write_text(view.table, *row, *field, &mut text);
                        let format = schema.field(*field).map(|field| FieldFormat::of(field.value_kind()));
                        let value = match (format, base.value(view.table, *row, *field)) {
                            (Some(FieldFormat::Number(_)), Held::Number(number)) => Value::from(number),
                            (Some(FieldFormat::Number(_)), _) => Value::Null,
                            (Some(FieldFormat::Checkbox), held) => Value::Bool(held.is_true()),
                            _ => Value::from(text.as_str()),
                        };
                        (view.table.field(*field).to_string(), value)
                    });
                    CollectionRow { id: view.table.record(*row), values: values.collect::<Map<_, _>>() }
                });
                Ok(Collection {
                    seq: base.seq(),
                    table: TableId(view.table),
                    depends_on,
                    rows: rows.collect(),
                    fields: fields
                        .iter()
                        .filter_map(|no| schema.field(*no))
                        .map(|field| handed_out(view.table, field))
                        .collect(),
                    total: window.total,
                })
            })
        })
    }
}

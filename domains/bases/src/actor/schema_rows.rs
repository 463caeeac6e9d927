//! The schema part of a change as rows of `data.tables`, `data.fields`, `data.views`: what `data.put_schema` takes.

use crate::catalog::{COLOURS, ICONS};
use engine_base::{Change, SchemaEdit, View, ViewAccess, ViewConfig};
use serde_json::{Value, json};

/// `{"base": …, "tables": […], "fields": […], "views": […]}`; a part in the trash has `deleted_us`, one that is gone for good is
/// marked `purged` and keeps its row, so that its number is not given out again.
pub(crate) fn of(change: &Change) -> Value {
    let (mut tables, mut fields, mut views) = (Vec::new(), Vec::new(), Vec::new());
    let mut base = Value::Null;
    for edit in &change.schema {
        match edit {
            SchemaEdit::Base { after, .. } => {
                base = json!({
                    "name": after.name, "description": after.description,
                    "icon": after.icon.as_deref().unwrap_or(ICONS[0]), "colour": after.colour.as_deref().unwrap_or(COLOURS[0]),
                });
            }
            SchemaEdit::Table { table, before, after } => {
                if let Some(head) = after.as_ref().or(before.as_ref()) {
                    tables.push(json!({
                        "id": table.0, "position": head.position, "name": head.name, "description": head.description,
                        "icon": head.icon.as_deref().unwrap_or_default(), "primary_field": head.primary_field.0,
                        "deleted_us": head.deleted_us, "purged": after.is_none(),
                    }));
                }
            }
            SchemaEdit::Field { table, field, before, after } => {
                if let Some(facts) = after.as_ref().or(before.as_ref()) {
                    fields.push(json!({
                        "table": table.0, "id": field.0, "position": facts.position, "name": facts.name,
                        "description": facts.description, "type": facts.kind.type_name(),
                        "options": facts.rules.join(facts.kind.options()), "deleted_us": facts.deleted_us,
                        "purged": after.is_none(),
                    }));
                }
            }
            SchemaEdit::View { table, view, before, after } => {
                if let Some(facts) = after.as_ref().or(before.as_ref()) {
                    views.push(json!({
                        "table": table.0, "id": view.0, "position": facts.position, "name": facts.name,
                        "type": facts.kind, "config": view_config(facts), "created_by": facts.created_by,
                        "deleted_us": facts.deleted_us, "purged": after.is_none(),
                    }));
                }
            }
        }
    }
    // A table must be there before its fields: the order of the lists in data.put_schema.
    let mut out = json!({ "tables": tables, "fields": fields, "views": views });
    if !base.is_null() {
        out["base"] = base;
    }
    out
}

/// Who has a view stands among its stored settings. (No setting that is sent may have this name.)
const ACCESS: &str = "access";

fn view_config(view: &View) -> Value {
    let mut config = json!(view.config);
    if view.access != ViewAccess::Shared {
        config[ACCESS] = json!(view.access);
    }
    config
}

/// The opposite: what is stored of a view's settings.
pub(super) fn read_view_config(mut stored: Value) -> serde_json::Result<(ViewAccess, ViewConfig)> {
    let access = stored.as_object_mut().and_then(|members| members.remove(ACCESS));
    let access = access.map(serde_json::from_value).transpose()?.unwrap_or_default();
    Ok((access, serde_json::from_value(stored)?))
}

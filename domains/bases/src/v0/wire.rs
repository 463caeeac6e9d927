//! Records in Airtable's form: empty cells left out, instants with milliseconds, selects by name, links as record ids;
//! with `cellFormat=string` every cell as a text.

use super::error::{invalid, unknown_field};
use super::params::ListParams;
use engine_base::{Base, Field, FieldId, FieldKind, FieldNo, Keys, RowNo, Table};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use kernel_core::Result;
use serde_json::{Map, Value, json};

/// How records are shown.
#[derive(Debug, Default)]
pub(super) struct Show {
    by_id: bool,
    fields: Option<Vec<FieldNo>>,
    /// `cellFormat=string`, in this zone.
    text_in: Option<TimeZone>,
}

impl Show {
    /// All fields, by name or by id.
    pub(super) fn all(by_id: Option<bool>) -> Self {
        Self { by_id: by_id.unwrap_or(false), ..Self::default() }
    }

    /// One field, by id.
    pub(super) fn only(field: FieldNo) -> Self {
        Self { fields: Some(vec![field]), ..Self::all(Some(true)) }
    }

    /// What a list or a record was asked with.
    ///
    /// # Errors
    /// `unknown_field`; `invalid_value` for a format or zone that there is not.
    pub(super) fn of(table: &Table, asked: &ListParams) -> Result<Self> {
        let fields = asked.fields.as_deref().filter(|fields| !fields.is_empty()).map(|keys| {
            let field = |key: &String| {
                table.field_by_key(key).map(|field| field.no).ok_or_else(|| unknown_field(key))
            };
            keys.iter().map(field).collect::<Result<Vec<_>>>()
        });
        Ok(Self {
            fields: fields.transpose()?,
            text_in: text_in(asked)?,
            ..Self::all(asked.return_fields_by_field_id)
        })
    }

    fn shows(&self, field: FieldNo) -> bool {
        self.fields.as_deref().is_none_or(|fields| fields.contains(&field))
    }
}

fn text_in(asked: &ListParams) -> Result<Option<TimeZone>> {
    match asked.cell_format.as_deref() {
        None | Some("json" | "") => return Ok(None),
        Some("string") => {}
        Some(_) => return Err(invalid("cellFormat must be json or string.")),
    }
    let (Some(zone), Some(_)) = (asked.time_zone.as_deref(), asked.user_locale.as_deref()) else {
        return Err(invalid("With cellFormat=string the parameters timeZone and userLocale are needed."));
    };
    let zone = TimeZone::get(zone).map_err(|_| invalid(format!("timeZone can't be {zone:?}.")))?;
    Ok(Some(zone))
}

/// A record, `None` if it is gone.
pub(super) fn record(base: &Base, table: &Table, row: RowNo, show: &Show) -> Option<Value> {
    let number = table.number();
    let mut bytes = Vec::with_capacity(512);
    if !base.write_record(number, row, Keys::Id, show.fields.as_deref(), &mut bytes) {
        return None;
    }
    let mut ours: Map<String, Value> = serde_json::from_slice(&bytes).ok()?;
    let created = ours.get("created_at").and_then(Value::as_str).and_then(instant)?;
    let cells = match ours.remove("fields") {
        Some(Value::Object(cells)) => cells,
        _ => Map::new(),
    };
    let mut fields = Map::with_capacity(cells.len());
    for (id, value) in cells {
        let Some(field) = id.parse::<FieldId>().ok().and_then(|id| table.field(id.field)) else { continue };
        if !show.shows(field.no) || is_empty(&value) {
            continue;
        }
        let value = match &show.text_in {
            Some(zone) => text(base, table, row, field, &value, zone).into(),
            None => cell(field, value),
        };
        fields.insert(if show.by_id { id } else { field.name.clone() }, value);
    }
    Some(json!({"id": number.record(row), "createdTime": created, "fields": fields}))
}

/// Whether Airtable leaves a cell with this value out.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

fn cell(field: &Field, value: Value) -> Value {
    match (field.value_kind(), value) {
        // Whatever went wrong, clients know one word for it.
        (_, Value::Object(object)) if field.outcome.is_some() && object.contains_key("error") => {
            json!({"error": "#ERROR!"})
        }
        (FieldKind::DateTime { .. } | FieldKind::ModifiedTime { .. }, Value::String(text)) => {
            instant(&text).map_or(Value::String(text), Value::from)
        }
        (FieldKind::Signature, file) => json!([file]),
        (FieldKind::Barcode, Value::String(text)) => json!({ "text": text }),
        (FieldKind::User { .. } | FieldKind::ModifiedBy { .. }, value) => person(value),
        (FieldKind::List { of }, Value::Array(list)) if matches!(**of, FieldKind::User { .. }) => {
            person(Value::Array(list))
        }
        (_, value) => value,
    }
}

/// People as objects with their id.
fn person(value: Value) -> Value {
    match value {
        Value::Array(list) => list.into_iter().map(person).collect(),
        Value::String(id) => json!({ "id": id }),
        value => value,
    }
}

/// `2026-11-21T10:30:00.000Z`, as clients of Airtable expect every instant.
fn instant(text: &str) -> Option<String> {
    Some(instant_of(text.parse().ok()?))
}

/// As [`instant`].
pub(super) fn instant_of(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

fn text(base: &Base, table: &Table, row: RowNo, field: &Field, value: &Value, zone: &TimeZone) -> String {
    match (field.value_kind(), value) {
        (FieldKind::Checkbox, _) => "checked".to_owned(),
        (FieldKind::Number { precision: Some(places) }, Value::Number(number)) => {
            format!("{:.*}", usize::from(*places), number.as_f64().unwrap_or_default())
        }
        (FieldKind::DateTime { zone: own }, Value::String(text)) => {
            let zone = own.as_deref().and_then(|own| TimeZone::get(own).ok()).unwrap_or_else(|| zone.clone());
            match text.parse::<Timestamp>() {
                Ok(at) => at.to_zoned(zone).strftime("%Y-%m-%d %H:%M").to_string(),
                Err(_) => text.clone(),
            }
        }
        _ => {
            let mut out = String::new();
            base.write_text(table.number(), row, field.no, &mut out);
            out
        }
    }
}

#[cfg(test)]
mod tests {
    use super::instant;

    #[test]
    fn instants_have_milliseconds() {
        for (ours, theirs) in [
            ("2026-11-21T10:30:00Z", Some("2026-11-21T10:30:00.000Z")),
            ("2026-11-21T10:30:00.123456Z", Some("2026-11-21T10:30:00.123Z")),
            ("soon", None),
        ] {
            assert_eq!(instant(ours).as_deref(), theirs);
        }
    }
}

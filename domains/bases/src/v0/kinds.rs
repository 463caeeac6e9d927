//! Field types: ours and Airtable's names, options both ways. One line a type; a test fails for a type without one.
//!
//! Days and times are shown in ISO form whatever the client asks for: the product shows them by each reader's own locale.

use super::error::{invalid, unknown_field};
use crate::schema::kind_of;
use engine_base::{Field, FieldKind, FieldRules, NewField, Table};
use kernel_core::{Error, Result};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Our name, Airtable's.
const KINDS: &[(&str, &str)] = &[
    ("text", "singleLineText"),
    ("long_text", "multilineText"),
    ("rich_text", "richText"),
    ("number", "number"),
    ("currency", "currency"),
    ("percent", "percent"),
    ("duration", "duration"),
    ("rating", "rating"),
    ("checkbox", "checkbox"),
    ("date", "date"),
    ("datetime", "dateTime"),
    ("select", "singleSelect"),
    ("multi_select", "multipleSelects"),
    ("user", "singleCollaborator"),
    ("user", "multipleCollaborators"),
    ("email", "email"),
    ("url", "url"),
    ("phone", "phoneNumber"),
    ("barcode", "barcode"),
    ("attachment", "multipleAttachments"),
    ("link", "multipleRecordLinks"),
    ("lookup", "multipleLookupValues"),
    ("rollup", "rollup"),
    ("count", "count"),
    ("formula", "formula"),
    ("autonumber", "autoNumber"),
    ("created_time", "createdTime"),
    ("modified_time", "lastModifiedTime"),
    ("created_by", "createdBy"),
    ("modified_by", "lastModifiedBy"),
    ("button", "button"),
    // Airtable has no such types: their values are what these hold.
    ("time", "singleLineText"),
    ("year", "number"),
    ("json", "multilineText"),
    ("uuid", "singleLineText"),
    ("colour", "singleLineText"),
    ("geo", "singleLineText"),
    ("signature", "multipleAttachments"),
];

/// Colours of choices: ours, and the first word of Airtable's (`blueLight2`, `blueBright`). Where several of ours share
/// one of theirs the first is what theirs becomes.
const COLOURS: &[(&str, &str)] = &[
    ("blue", "blue"),
    ("teal", "cyan"),
    ("teal", "teal"),
    ("green", "green"),
    ("amber", "yellow"),
    ("yellow", "yellow"),
    ("orange", "orange"),
    ("brown", "orange"),
    ("rose", "red"),
    ("red", "red"),
    ("pink", "pink"),
    ("violet", "purple"),
    ("grey", "gray"),
    ("gray", "gray"),
];

/// Decimal places of a number field that sets none: as many as Airtable allows.
const ANY_PRECISION: u8 = 8;

/// A field to create.
#[derive(Debug, Deserialize)]
pub(super) struct FieldInput {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    options: Option<Map<String, Value>>,
}

impl FieldInput {
    /// The engine's form.
    ///
    /// # Errors
    /// `invalid_value` for a type or options that the product does not have.
    pub(super) fn into_new(self) -> Result<NewField> {
        let Some((ours, _)) = KINDS.iter().find(|(_, theirs)| *theirs == self.kind) else {
            let detail = format!("Creating fields of type {} is not supported.", self.kind);
            return Err(invalid(detail));
        };
        let kind = match (kind(ours, self.options.as_ref())?, self.kind.as_str()) {
            (FieldKind::User { .. }, theirs) => FieldKind::User { many: theirs == "multipleCollaborators" },
            (kind, _) => kind,
        };
        let description = self.description.unwrap_or_default();
        Ok(NewField { name: self.name, description, kind, rules: FieldRules::default() })
    }
}

/// Our type with options in Airtable's words.
///
/// # Errors
/// `invalid_value`.
pub(super) fn kind(ours: &str, options: Option<&Map<String, Value>>) -> Result<FieldKind> {
    let empty = Map::new();
    let options = options.unwrap_or(&empty);
    let ours_options = match ours {
        "number" | "percent" => match options.get("precision") {
            Some(places) => json!({"precision": places}),
            None => json!({}),
        },
        "currency" => json!({
            "precision": options.get("precision").and_then(Value::as_u64).unwrap_or(2),
            "currency": options.get("symbol").and_then(Value::as_str).unwrap_or("$"),
        }),
        "rating" => json!({"max": options.get("max").and_then(Value::as_u64).unwrap_or(5)}),
        "lookup" | "rollup" | "count" => through(ours, options)?,
        "formula" => match options.get("formula") {
            Some(formula) => json!({"formula": formula}),
            None => return Err(invalid("options.formula must be given.")),
        },
        "datetime" => match options.get("timeZone").and_then(Value::as_str) {
            None | Some("client") => json!({}),
            Some("utc") => json!({"zone": "UTC"}),
            Some(zone) => json!({"zone": zone}),
        },
        "select" | "multi_select" => json!({"choices": choices(options.get("choices"))?}),
        "link" => match options.get("linkedTableId") {
            Some(table) => {
                json!({"table": table, "many": options.get("prefersSingleRecordLink") != Some(&Value::Bool(true))})
            }
            None => return Err(invalid("options.linkedTableId must name the linked table.")),
        },
        _ => json!({}),
    };
    kind_of(ours, &ours_options, "").map_err(|error| Error::fields(vec![error]))
}

/// Options of fields that read linked records.
fn through(ours: &str, options: &Map<String, Value>) -> Result<Value> {
    let name = |name: &str| {
        options.get(name).cloned().ok_or_else(|| invalid(format!("options.{name} must be given.")))
    };
    let link = name("recordLinkFieldId")?;
    Ok(match ours {
        "count" => json!({"link_field": link}),
        "lookup" => json!({"link_field": link, "field": name("fieldIdInLinkedTable")?}),
        _ => {
            let function = options.get("function").cloned().unwrap_or_else(|| "list".into());
            json!({"link_field": link, "field": name("fieldIdInLinkedTable")?, "function": function})
        }
    })
}

fn choices(choices: Option<&Value>) -> Result<Vec<Value>> {
    let list = choices.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let choice = |choice: &Value| {
        let text = |name: &str| choice.get(name).and_then(Value::as_str);
        let name = text("name").ok_or_else(|| invalid("Each of options.choices needs a name."))?;
        let colour = text("color").and_then(our_colour).unwrap_or_default();
        Ok(json!({"id": text("id").unwrap_or_default(), "name": name, "colour": colour}))
    };
    list.iter().map(choice).collect()
}

fn our_colour(theirs: &str) -> Option<&'static str> {
    COLOURS.iter().find(|(_, first)| theirs.starts_with(first)).map(|(ours, _)| *ours)
}

fn their_colour(ours: &str) -> Option<String> {
    COLOURS.iter().find(|(known, _)| *known == ours).map(|(_, theirs)| format!("{theirs}Light2"))
}

/// Airtable's name of a type.
pub(super) fn their_name(kind: &FieldKind) -> &'static str {
    let ours = kind.type_name();
    let mut names = KINDS.iter().filter(|(known, _)| *known == ours).map(|(_, theirs)| *theirs);
    // One person has the first name, several the second.
    let theirs =
        if matches!(kind, FieldKind::User { many: true }) { names.next_back() } else { names.next() };
    theirs.unwrap_or(ours)
}

/// A field as Airtable's schema shows it.
pub(super) fn field(table: &Table, field: &Field) -> Value {
    let (ours, theirs) = (field.kind.type_name(), their_name(&field.kind));
    let mut out = json!({"id": table.number().field(field.no), "name": field.name, "type": theirs});
    if !field.description.is_empty() {
        out["description"] = field.description.as_str().into();
    }
    if let Some(options) = options(ours, &field.kind.options()) {
        out["options"] = with_result(options, field);
    }
    out
}

/// What a computed field comes to, beside its options.
fn with_result(mut options: Value, field: &Field) -> Value {
    if let Some(outcome) = &field.outcome
        && !matches!(field.kind, FieldKind::Autonumber)
    {
        let of = if let FieldKind::List { of } = &outcome.result { of } else { &outcome.result };
        let (ours, theirs) = (of.type_name(), their_name(of));
        let mut result = json!({ "type": theirs });
        if let Some(own) = self::options(ours, &of.options()) {
            result["options"] = own;
        }
        options["result"] = result;
        if !matches!(field.kind, FieldKind::CreatedTime { .. } | FieldKind::ModifiedTime { .. }) {
            options["isValid"] = outcome.problem.is_none().into();
        }
    }
    options
}

fn options(ours: &str, options: &Value) -> Option<Value> {
    let iso = || json!({"name": "iso", "format": "YYYY-MM-DD"});
    Some(match ours {
        "number" | "percent" => {
            json!({"precision": options["precision"].as_u64().unwrap_or(ANY_PRECISION.into())})
        }
        "year" => json!({"precision": 0}),
        "currency" => json!({
            "precision": options["precision"].as_u64().unwrap_or(2),
            "symbol": options["currency"],
        }),
        "duration" => json!({"durationFormat": "h:mm:ss"}),
        "rating" => json!({"max": options["max"], "icon": "star", "color": "yellowBright"}),
        "lookup" | "rollup" => json!({
            "recordLinkFieldId": options["link_field"],
            "fieldIdInLinkedTable": options["field"],
            "referencedFieldIds": [options["link_field"]],
        }),
        "count" => json!({"recordLinkFieldId": options["link_field"]}),
        "formula" => json!({"formula": options["formula"], "referencedFieldIds": []}),
        "created_time" => json!({}),
        "modified_time" => {
            json!({"referencedFieldIds": options["fields"].as_array().cloned().unwrap_or_default()})
        }
        "attachment" | "signature" => json!({"isReversed": false}),
        "checkbox" => json!({"icon": "check", "color": "greenBright"}),
        "date" => json!({"dateFormat": iso()}),
        "datetime" => json!({
            "timeZone": options["zone"].as_str().map_or("client", |zone| if zone == "UTC" { "utc" } else { zone }),
            "dateFormat": iso(),
            "timeFormat": {"name": "24hour", "format": "HH:mm"},
        }),
        "select" | "multi_select" => {
            let choices = options["choices"].as_array().into_iter().flatten().map(|choice| {
                let mut out = json!({"id": choice["id"], "name": choice["name"]});
                if let Some(colour) = choice["colour"].as_str().and_then(their_colour) {
                    out["color"] = colour.into();
                }
                out
            });
            json!({"choices": choices.collect::<Vec<_>>()})
        }
        "link" => json!({
            "linkedTableId": options["table"],
            "inverseLinkFieldId": options["symmetric_field"],
            "isReversed": false,
            "prefersSingleRecordLink": options["many"] == false,
        }),
        _ => return None,
    })
}

/// The field that a path or body names, by id or name.
///
/// # Errors
/// `unknown_field`.
pub(super) fn by_key<'a>(table: &'a Table, key: &str) -> Result<&'a Field> {
    table.field_by_key(key).ok_or_else(|| unknown_field(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine_base::schema::TYPE_NAMES;

    #[test]
    fn every_type_has_a_name_there() {
        let mapped: Vec<&str> = KINDS.iter().map(|(ours, _)| *ours).collect();
        for name in TYPE_NAMES {
            assert!(mapped.contains(&name), "{name} has no line in KINDS");
        }
    }

    #[test]
    fn options_go_there_and_back() {
        for (ours, theirs) in [
            ("number", json!({"precision": 2})),
            ("datetime", json!({"timeZone": "Europe/Berlin"})),
            ("datetime", json!({"timeZone": "utc"})),
            (
                "select",
                json!({"choices": [{"name": "Open", "color": "blueLight2"}, {"name": "Shut", "color": "purpleLight2"}]}),
            ),
            ("multi_select", json!({"choices": [{"name": "Open", "color": "blueLight2"}]})),
            ("percent", json!({"precision": 1})),
            ("currency", json!({"precision": 2, "symbol": "€"})),
            ("rating", json!({"max": 10})),
            ("link", json!({"linkedTableId": "tbl00000009g59MuG"})),
            ("date", json!({"dateFormat": {"name": "iso", "format": "YYYY-MM-DD"}})),
        ] {
            let kind = kind(ours, theirs.as_object()).unwrap();
            let back = options(ours, &kind.options()).unwrap();
            for (name, value) in theirs.as_object().unwrap() {
                let got = match name.as_str() {
                    // Ids are given when the field is made.
                    "choices" => back[name]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|choice| json!({"name": choice["name"], "color": choice["color"]}))
                        .collect(),
                    _ => back[name].clone(),
                };
                assert_eq!(&got, value, "{ours} {name}");
            }
        }
        let bad = FieldInput { name: "x".into(), kind: "teleport".into(), description: None, options: None };
        assert!(bad.into_new().is_err());
        assert!(kind("link", None).is_err());
        assert!(kind("select", json!({"choices": [{}]}).as_object()).is_err());
    }
}

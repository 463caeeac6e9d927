//! `/v1/tables/{table}/fields`, `/v1/fields/{field}`.

use super::{FieldInput, FieldSchema, field_no, kind_of, rules_of, table_no};
use crate::actor::OpenBase;
use crate::http::{AppState, Versioned};
use crate::service::Bases;
use crate::sight::Seen;
use axum::extract::{Path, State};
use engine_base::{
    Command, FieldFacts, FieldId, FieldKind, FieldNo, FieldRules, NewField, SchemaEdit, TableId, TableNo,
};
use http::StatusCode;
use kernel_core::{Caller, Capability, Code, Error, Result};
use kernel_web::{ApiJson, WebError};
use serde::{Deserialize, Serialize};
use tenancy::ApiCaller;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn router() -> OpenApiRouter<crate::Bases> {
    OpenApiRouter::new().routes(routes!(create)).routes(routes!(update, delete)).routes(routes!(conversion))
}

impl Bases {
    /// The field of this name, and for a link the field of the other table that leads back.
    ///
    /// # Errors
    /// `not_found`; `unknown_field`.
    pub async fn field_named(
        &self,
        caller: &Caller,
        table: TableId,
        name: &str,
    ) -> Result<(FieldId, Option<FieldId>)> {
        let open = self.open_table(caller, table.0, None).await?;
        let found = open.read(|base| {
            let table = Seen::of(caller, base, table.0)?;
            let field = table.fields.iter().find(|field| field.name == name)?;
            let back = match &field.kind {
                FieldKind::Link { table: other, symmetric, .. } => symmetric.map(|back| other.field(back)),
                _ => None,
            };
            Some((table.number().field(field.no), back))
        });
        found.ok_or_else(|| Error::field("field", Code::UnknownField, format!("{name} is no field")))
    }

    /// Adds a field of a type, with its options as `/v1` takes them.
    ///
    /// # Errors
    /// Those of the options; `not_found`, `forbidden`.
    pub async fn add_field(
        &self,
        caller: &Caller,
        table: TableId,
        name: &str,
        (kind, options): (&str, &serde_json::Value),
    ) -> Result<FieldId> {
        let kind = kind_of(kind, options, "").map_err(|error| Error::fields(vec![error]))?;
        let new = NewField {
            name: name.to_owned(),
            description: String::new(),
            kind,
            rules: FieldRules::default(),
        };
        let open = self.open_table(caller, table.0, None).await?;
        Ok(table.0.field(self.create_field((&open, caller), table.0, new).await?))
    }

    async fn create_field(
        &self,
        (open, caller): (&OpenBase, &Caller),
        table: TableNo,
        field: NewField,
    ) -> Result<FieldNo> {
        caller.require(Capability::EditSchema)?;
        let written = self.write(open, caller, Command::CreateField { table, field }).await?;
        let made = written.change.schema.iter().find_map(|edit| match edit {
            SchemaEdit::Field { table: of, field, before: None, .. } if *of == table => Some(*field),
            _ => None,
        });
        made.ok_or_else(|| Error::internal("no field in the change"))
    }
}

/// A partial change of a field.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FieldPatch {
    /// Shown name.
    name: Option<String>,
    /// Free text.
    description: Option<String>,
    /// Another type: cells are read anew from what they show, and those that can't be read are emptied. Ask
    /// `/v1/fields/{field}/conversion` before what that would be.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// New options.
    options: Option<serde_json::Value>,
    /// Place among the fields, from 0.
    position: Option<usize>,
}

/// Adds a field; for a link, also the field on the other side.
#[utoipa::path(post, path = "/v1/tables/{table}/fields", tag = "schema",
    params(("table" = String, Path, description = "Table id, tbl…")), request_body = FieldInput,
    responses((status = 201, body = FieldSchema)))]
async fn create(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(table): Path<String>,
    ApiJson(new): ApiJson<FieldInput>,
) -> Result<Versioned, WebError> {
    caller.require(Capability::EditSchema)?;
    let table = table_no(&table)?;
    let open = bases.open_table(&caller, table, None).await?;
    let field = new.into_new("").map_err(|error| Error::fields(vec![error]))?;
    let made = bases.create_field((&open, &caller), table, field).await?;
    show(&caller, &open, (table, made), StatusCode::CREATED)
}

fn show(
    caller: &Caller,
    open: &OpenBase,
    (table, field): (TableNo, FieldNo),
    status: StatusCode,
) -> Result<Versioned, WebError> {
    let (seq, body) = open
        .read(|base| {
            let table = Seen::of(caller, base, table)?;
            let field = table.field(field)?;
            Some((base.seq(), FieldSchema::of(base, &table, field)))
        })
        .ok_or_else(Error::not_found)?;
    Ok(Versioned::json(status, seq, &body)?)
}

/// Renames or describes a field, moves it, or changes its options.
#[utoipa::path(patch, path = "/v1/fields/{field}", tag = "schema", params(("field" = String, Path, description = "Field id, fld…")),
    request_body = FieldPatch, responses((status = 200, body = FieldSchema)))]
async fn update(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(field): Path<String>,
    ApiJson(patch): ApiJson<FieldPatch>,
) -> Result<Versioned, WebError> {
    caller.require(Capability::EditSchema)?;
    let (table, field) = field_no(&field)?;
    let open = bases.open_table(&caller, table, None).await?;
    let (mut command, untold) = patch.into_command(&caller, &open, (table, field))?;
    keep(&mut command, untold);
    bases.write(&open, &caller, command).await?;
    show(&caller, &open, (table, field), StatusCode::OK)
}

impl FieldPatch {
    fn into_command(
        self,
        caller: &Caller,
        open: &OpenBase,
        (table, field): (TableNo, FieldNo),
    ) -> Result<(Command, Option<String>), Error> {
        let Self { name, description, kind, options, position } = self;
        let now = type_name(caller, open, (table, field))?;
        let invalid = |error| Error::fields(vec![error]);
        let (mut rules, mut new) = (None, None);
        if options.is_some() || kind.is_some() {
            let given = options.is_some();
            let (asked, own) = rules_of(&options.unwrap_or_default(), "").map_err(invalid)?;
            rules = given.then_some(asked);
            new = Some(kind_of(kind.as_deref().unwrap_or(now), &own, "").map_err(invalid)?);
        }
        let untold = open.read(|base| {
            let seen = Seen::of(caller, base, table).ok_or_else(Error::not_found)?;
            let before = FieldFacts::of(seen.field(field).ok_or_else(Error::not_found)?);
            let after = FieldFacts {
                name: name.as_ref().unwrap_or(&before.name).clone(),
                kind: new.as_ref().unwrap_or(&before.kind).clone(),
                rules: rules.clone().unwrap_or_default(),
                ..before
            };
            // Also the formula that is stored, if it is given: that it is this one would tell of what is hidden.
            seen.reads_rule(&after.field(field))?;
            Ok::<_, Error>(seen.untold_formula(field).map(str::to_owned))
        })?;
        Ok((Command::UpdateField { table, field, name, description, kind: new, rules, position }, untold))
    }
}

/// Leaves a field the formula that whoever changes its options was not told, unless they give another one.
fn keep(command: &mut Command, untold: Option<String>) {
    let Command::UpdateField { kind, rules: Some(rules), .. } = command else { return };
    if untold.is_some() && !kind.as_ref().is_some_and(FieldKind::is_read_only) {
        let validation = rules.validation.get_or_insert_default();
        validation.formula = validation.formula.take().or(untold);
    }
}

/// What a conversion would keep and lose.
#[derive(Serialize, ToSchema)]
struct ConversionPreview {
    /// Records that have a value now.
    filled: usize,
    /// Of these, records whose value the new type can't hold.
    lost: usize,
    /// Records whose value breaks the rule that the field gets. They stay as they are until somebody changes them.
    broken: usize,
    /// Up to 20 records, lost ones first.
    samples: Vec<ConversionSample>,
}

#[derive(Serialize, ToSchema)]
struct ConversionSample {
    /// The record.
    id: String,
    /// Its value now, as text.
    before: String,
    /// Its value then; null if it would be lost.
    after: Option<String>,
}

/// What changing the type would keep and lose. Nothing is changed. `forbidden` for who sees some of the table's records only.
#[utoipa::path(post, path = "/v1/fields/{field}/conversion", tag = "schema", params(("field" = String, Path, description = "Field id, fld…")),
    request_body = FieldPatch, responses((status = 200, body = ConversionPreview)))]
async fn conversion(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(field): Path<String>,
    ApiJson(patch): ApiJson<FieldPatch>,
) -> Result<Versioned, WebError> {
    caller.require(Capability::EditSchema)?;
    let (table, field) = field_no(&field)?;
    let open = bases.open_table(&caller, table, None).await?;
    let (command, untold) = patch.into_command(&caller, &open, (table, field))?;
    let is_untold = untold.is_some() && matches!(command, Command::UpdateField { rules: None, .. });
    let (seq, mut preview) = bases.preview(&open, &caller, command).await?;
    if is_untold {
        // Of a rule that stays and is not told, it is not told either how many values break it.
        preview.broken = 0;
    }
    let sample = |(row, before, after)| ConversionSample { id: table.record(row).to_string(), before, after };
    let samples = preview.samples.into_iter().map(sample).collect();
    let body =
        ConversionPreview { filled: preview.filled, lost: preview.lost, broken: preview.broken, samples };
    Ok(Versioned::json(StatusCode::OK, seq, &body)?)
}

fn type_name(
    caller: &Caller,
    open: &OpenBase,
    (table, field): (TableNo, FieldNo),
) -> Result<&'static str, Error> {
    let name = open.read(|base| Some(Seen::of(caller, base, table)?.field(field)?.kind.type_name()));
    name.ok_or_else(Error::not_found)
}

/// Deletes a field with its values; for a link, also its other side. Not the primary field.
#[utoipa::path(delete, path = "/v1/fields/{field}", tag = "schema", params(("field" = String, Path, description = "Field id, fld…")),
    responses((status = 204)))]
async fn delete(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(field): Path<String>,
) -> Result<StatusCode, WebError> {
    caller.require(Capability::EditSchema)?;
    let (table, field) = field_no(&field)?;
    let open = bases.open_table(&caller, table, None).await?;
    type_name(&caller, &open, (table, field))?;
    bases.write(&open, &caller, Command::DeleteField { table, field }).await?;
    Ok(StatusCode::NO_CONTENT)
}

//! Going back to a schema of before (spec X8): told first, then done as one change that is undone like any other.
//!
//! Invariants: what is told comes from the change that would be written; it is written only if tables, fields and views are still as
//! they were when it was told, and if no more values are lost. Who does it sees everything that it may touch.

use super::store;
use crate::catalog::api::base_id;
use crate::http::{AppState, Versioned};
use crate::past::{Moment, PastBase};
use crate::problem;
use crate::sight::{self, sees_view};
use axum::extract::{Path, State};
use engine_base::{
    BackDone, BackPart, Base, Blocked, CheckContext, Choice, Command, Field, FieldKind, GoingBack, PartId,
    Schema, Table, TableNo, View, ViewNo,
};
use http::StatusCode;
use kernel_core::{Caller, Capability, Code, Error, Random, Result};
use kernel_web::{ApiJson, WebError};
use serde::{Deserialize, Serialize};
use tenancy::ApiCaller;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Values that are read as another type by going back once, at most: the base can't be written meanwhile.
const MAX_CONVERTED: usize = 2_000_000;

pub(crate) fn router() -> OpenApiRouter<crate::Bases> {
    OpenApiRouter::new().routes(routes!(validate)).routes(routes!(restore))
}

/// What going back to a version of the schema would do.
#[derive(Serialize, ToSchema)]
struct SchemaReturn {
    /// The version to go back to.
    to: u64,
    /// The version that this was told of: give it with the order to do it.
    version: u64,
    /// Values that would be lost in all: give it as well.
    lost: usize,
    /// What would happen.
    data: Vec<SchemaReturnPart>,
    /// What can't be as it was then.
    blocked: Vec<SchemaReturnBlock>,
}

/// What would happen to a table, field or view.
#[derive(Serialize, ToSchema)]
struct SchemaReturnPart {
    /// `table`, `field`, `view`.
    what: &'static str,
    id: String,
    /// Its name now.
    name: String,
    /// The table of a field or view.
    table: Option<String>,
    /// `restored` from the trash, `removed` to the trash, `changed`.
    done: &'static str,
    /// What of it would be another: `name`, `description`, `icon`, `type`, `options`, `position`, `primary_field`, `access`, `config`.
    members: Vec<&'static str>,
    /// Its name then, if it is another one.
    renamed: Option<String>,
    /// The types now and then of a field that would be converted.
    types: Option<SchemaReturnTypes>,
    /// Records of a table that comes or goes; records with a value in a field that goes or is converted.
    filled: usize,
    /// Of these, records whose value the type or the choices of then can't hold.
    lost: usize,
}

/// From which type to which.
#[derive(Serialize, ToSchema)]
struct SchemaReturnTypes {
    now: &'static str,
    then: &'static str,
}

/// What can't be as it was.
#[derive(Serialize, ToSchema)]
struct SchemaReturnBlock {
    /// `table`, `field`, `view`.
    what: &'static str,
    id: String,
    /// Its name then.
    name: String,
    /// The table of a field or view.
    table: Option<String>,
    /// `purged`: deleted for good; `link`: it was a link, or became one since; `files`: it held files; `unique`: values occur twice
    /// now; `needed`: the table can't be without it.
    reason: &'static str,
    /// The same as a sentence.
    detail: &'static str,
}

/// The order to go back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SchemaReturnOrder {
    /// `version` of the answer that told what it would do.
    version: u64,
    /// `lost` of that answer.
    lost: usize,
    /// Whether to do it although some of it can't be as it was.
    #[serde(default)]
    partly: bool,
    /// How many parts that answer had under `blocked`; left out, any number may be.
    #[serde(default)]
    blocked: Option<usize>,
}

/// What was done.
#[derive(Serialize, ToSchema)]
struct SchemaReturned {
    /// The change that did it; undo it to have everything as it was before.
    version: u64,
}

fn named(id: PartId, schemas: [&Schema; 2]) -> (&'static str, String, Option<String>) {
    let table = |no| {
        let found = schemas.iter().find_map(|schema| schema.table(no).or_else(|| schema.trashed_table(no)));
        found.map(|table| table.head.name.clone())
    };
    match id {
        PartId::Table(no) => ("table", no.id().to_string(), None),
        PartId::Field(no, field) => ("field", no.field(field).to_string(), table(no)),
        PartId::View(no, view) => ("view", no.view(view).to_string(), table(no)),
    }
}

/// Whether a view may be named: not one that is, or was, somebody else's own.
fn is_told(caller: &Caller, (table, view): (TableNo, ViewNo), schemas: [&Schema; 2]) -> bool {
    let is_theirs = |view: &View| !sees_view(caller, view);
    schemas.iter().all(|schema| {
        let shape = schema.table(table).or_else(|| schema.trashed_table(table));
        let found = shape.and_then(|shape| shape.view(view).or_else(|| shape.trashed_view(view)));
        !found.is_some_and(is_theirs)
    })
}

/// Whether values are read anew where a field becomes what it was. Links stay what they are.
fn rereads(now: &FieldKind, then: &FieldKind) -> bool {
    let is_link = |kind: &FieldKind| matches!(kind, FieldKind::Link { .. });
    let (old, new) = (now.choices().unwrap_or_default(), then.choices().unwrap_or_default());
    let is_gone = |choice: &Choice| new.iter().all(|one| one.id != choice.id);
    !is_link(now) && !is_link(then) && (now.type_name() != then.type_name() || old.iter().any(is_gone))
}

/// How many values would be read as another type: those of the records that there are, empty ones with them.
fn converted(base: &Base, goal: &Schema) -> usize {
    let now = base.schema();
    let of_table = |then: &Table| {
        let no = then.number();
        let Some(table) = now.table(no).or_else(|| now.trashed_table(no)) else { return 0 };
        let is_other = |field: &&Field| {
            let here = table.field(field.no).or_else(|| table.trashed_field(field.no));
            here.is_some_and(|here| rereads(&here.kind, &field.kind))
        };
        then.fields.iter().filter(is_other).count().saturating_mul(base.len(no))
    };
    goal.tables.iter().map(of_table).sum()
}

/// Refuses what would take too long in one go.
fn limited(count: usize) -> Result<()> {
    if count > MAX_CONVERTED {
        let detail = format!(
            "{count} values would be converted; going back takes at most {MAX_CONVERTED}. Change the type of the largest fields one by one before."
        );
        return Err(Error::new(Code::LimitReached).detail(detail));
    }
    Ok(())
}

fn shown(
    caller: &Caller,
    mut told: GoingBack,
    (to, version): (u64, u64),
    schemas: [&Schema; 2],
) -> SchemaReturn {
    let may_tell = |id: PartId| match id {
        PartId::View(table, view) => is_told(caller, (table, view), schemas),
        PartId::Table(_) | PartId::Field(..) => true,
    };
    told.parts.retain(|part| may_tell(part.id));
    let part = |part: BackPart| {
        let (what, id, table) = named(part.id, schemas);
        SchemaReturnPart {
            what,
            id,
            name: part.name,
            table,
            done: match part.done {
                BackDone::Restored => "restored",
                BackDone::Removed => "removed",
                BackDone::Changed => "changed",
            },
            members: part.members,
            renamed: part.renamed,
            types: part.types.map(|(now, then)| SchemaReturnTypes { now, then }),
            filled: part.filled,
            lost: part.lost,
        }
    };
    let block = |Blocked { id, name, why }| {
        let (what, id, table) = named(id, schemas);
        SchemaReturnBlock { what, id, name, table, reason: why.name(), detail: why.detail() }
    };
    SchemaReturn {
        to,
        version,
        lost: told.lost,
        data: told.parts.into_iter().map(part).collect(),
        blocked: told.blocked.into_iter().map(block).collect(),
    }
}

/// What going back to the schema of a version would do: what comes back from the trash, goes there, is renamed or converted, how many
/// values are lost, and what can't be as it was. Nothing is changed.
#[utoipa::path(post, path = "/v1/bases/{base}/schema/versions/{version}/validate", tag = "schema",
    params(("base" = String, Path, description = "Base id, app…"), ("version" = u64, Path, description = "Number of a change")),
    responses((status = 200, body = SchemaReturn)))]
async fn validate(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path((base, version)): Path<(String, String)>,
) -> Result<Versioned, WebError> {
    caller.require(Capability::EditSchema)?;
    let open = bases.open(&caller, base_id(&base)?.0).await?;
    let moment = Moment::parse_version(&version)?;
    // Asked before the copy of the past is made, which takes as much memory as the base.
    open.read(|base| sight::goes_back(&caller, base))?;
    let (past, _) = bases.past(&caller, &open, moment).await?;
    let (random, now_us) = (bases.0.random.clone(), bases.0.clock.now().as_microsecond());
    let told =
        tokio::task::spawn_blocking(move || open.read(|base| tell(&caller, base, &past, now_us, &random)));
    let answer = told.await.map_err(Error::internal)??;
    Ok(Versioned::json(StatusCode::OK, answer.version, &answer)?)
}

/// What going back to the past would do to the base.
fn tell(caller: &Caller, base: &Base, past: &PastBase, now_us: i64, random: &Random) -> Result<SchemaReturn> {
    sight::goes_back(caller, base)?;
    let goal = past.base.goal();
    limited(converted(base, &goal.schema))?;
    let actor = caller.actor.to_string();
    let mut random = || random.below(u64::MAX);
    let (_, told) = base
        .going_back(&goal, &mut CheckContext::new(&actor, now_us, &mut random))
        .map_err(|errors| problem::of_members(&errors))?;
    Ok(shown(caller, told, (past.base.seq(), base.seq()), [base.schema(), &goal.schema]))
}

/// Goes back to the schema of a version, as one change. 409 `conflict` when tables, fields or views were changed since `version`, or
/// when more values than `lost` would be lost or more parts than `blocked` can't be as they were.
#[utoipa::path(post, path = "/v1/bases/{base}/schema/versions/{version}/restore", tag = "schema",
    params(("base" = String, Path, description = "Base id, app…"), ("version" = u64, Path, description = "Number of a change")),
    request_body = SchemaReturnOrder, responses((status = 200, body = SchemaReturned)))]
async fn restore(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path((base, version)): Path<(String, String)>,
    ApiJson(order): ApiJson<SchemaReturnOrder>,
) -> Result<Versioned, WebError> {
    caller.require(Capability::EditSchema)?;
    let number = base_id(&base)?.0;
    let open = bases.open(&caller, number).await?;
    let moment = Moment::parse_version(&version)?;
    open.read(|base| sight::goes_back(&caller, base))?;
    let (past, _) = bases.past(&caller, &open, moment).await?;
    let (seq, from) = open.read(|base| (base.seq(), Box::new(base.schema().clone())));
    if order.version > seq {
        return Err(Error::field("version", Code::InvalidValue, "is a version that is not there yet").into());
    }
    let goal = Box::new(past.base.goal());
    limited(open.read(|base| converted(base, &goal.schema)))?;
    let blocked = order.blocked.unwrap_or(usize::MAX);
    let command = Command::GoBack { goal, from, partly: order.partly, blocked, lost: order.lost };
    bases.permit(&open, &caller, &command)?;
    let between: kernel_db::Params<'_> =
        &[&caller.tenant.uuid(), &number.cast_signed(), &order.version.cast_signed(), &seq.cast_signed()];
    if bases.0.db.read_opt(caller.tenant, &store::SCHEMA_CHANGED, between).await?.is_some() {
        let detail = "Tables, fields or views were changed since. Look again at what going back does.";
        return Err(Error::new(Code::Conflict).detail(detail).into());
    }
    let written = bases.write(&open, &caller, command).await?;
    Ok(Versioned::json(StatusCode::OK, written.seq, &SchemaReturned { version: written.seq })?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn going_back_converts_so_many_values_and_no_more() {
        limited(MAX_CONVERTED).unwrap();
        assert_eq!(limited(MAX_CONVERTED + 1).unwrap_err().code(), Code::LimitReached);
        let kind = |name: &str, options| FieldKind::from_parts(name, &options).unwrap();
        let choices = |ids: &[&str]| {
            let choices: Vec<_> = ids.iter().map(|id| serde_json::json!({"id": id, "name": id})).collect();
            kind("select", serde_json::json!({ "choices": choices }))
        };
        let none = || serde_json::json!({});
        assert!(rereads(&kind("text", none()), &kind("number", none())));
        let shorter = kind("number", serde_json::json!({"precision": 1}));
        assert!(!rereads(&kind("number", none()), &shorter), "shown otherwise, and the same value");
        assert!(rereads(&choices(&["choA", "choB"]), &choices(&["choA"])));
        assert!(!rereads(&choices(&["choA"]), &choices(&["choA", "choB"])));
    }
}

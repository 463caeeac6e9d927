//! Going back to a schema of before (spec X8): told first, then done as one change that is undone like any other.
//!
//! Invariants: what is told comes from the change that would be written; it is written only if tables, fields and views are still as
//! they were when it was told, and if no more values are lost. Who does it sees everything that it may touch.

use super::store;
use crate::catalog::api::base_id;
use crate::http::{AppState, Versioned};
use crate::past::Moment;
use crate::problem;
use axum::extract::{Path, State};
use engine_base::{BackDone, BackPart, Blocked, CheckContext, Command, GoingBack, PartId, Schema};
use http::StatusCode;
use kernel_core::{Capability, Code, Error, Result};
use kernel_web::{ApiJson, WebError};
use serde::{Deserialize, Serialize};
use tenancy::ApiCaller;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

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

fn shown(told: GoingBack, (to, version): (u64, u64), schemas: [&Schema; 2]) -> SchemaReturn {
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
    let (past, _) = bases.past(&caller, &open, Moment::parse_version(&version)?).await?;
    let goal = Box::new(past.base.goal());
    let from = Box::new(open.read(|base| base.schema().clone()));
    let (blocked, lost) = (usize::MAX, usize::MAX);
    let command = Command::GoBack { goal, from, partly: true, blocked, lost };
    bases.permit(&open, &caller, &command)?;
    let Command::GoBack { goal, .. } = &command else { return Err(Error::internal("no goal").into()) };
    let (actor, now_us) = (caller.actor.to_string(), bases.0.clock.now().as_microsecond());
    let mut random = || bases.0.random.below(u64::MAX);
    let answer = open.read(|base| {
        let told = base.going_back(goal, &mut CheckContext::new(&actor, now_us, &mut random));
        let (_, told) = told.map_err(|errors| problem::of_command(base, &command, &errors))?;
        Ok::<_, Error>(shown(told, (past.base.seq(), base.seq()), [base.schema(), &goal.schema]))
    })?;
    Ok(Versioned::json(StatusCode::OK, answer.version, &answer)?)
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
    let (past, _) = bases.past(&caller, &open, Moment::parse_version(&version)?).await?;
    let (seq, from) = open.read(|base| (base.seq(), Box::new(base.schema().clone())));
    if order.version > seq {
        return Err(Error::field("version", Code::InvalidValue, "is a version that is not there yet").into());
    }
    let goal = Box::new(past.base.goal());
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

//! `/v0/meta`: who asks, and bases. The workspace of Airtable's clients is the organisation of the token.

use super::place::V0Caller;
use super::schema::{TableInput, new_table, show_tables};
use super::{Answer, error};
use crate::http::AppState;
use axum::Json;
use axum::extract::{Path, State};
use engine_base::BaseId;
use kernel_core::{Caller, Capability, Level};
use kernel_web::ApiJson;
use serde::Deserialize;
use serde_json::json;

/// What Airtable calls the things that a token may do.
const SCOPES: [(Capability, &str); 7] = [
    (Capability::ReadRecords, "data.records:read"),
    (Capability::WriteRecords, "data.records:write"),
    (Capability::ReadRecords, "data.recordComments:read"),
    (Capability::CommentRecords, "data.recordComments:write"),
    (Capability::ReadRecords, "schema.bases:read"),
    (Capability::EditSchema, "schema.bases:write"),
    (Capability::EditSchema, "webhook:manage"),
];

/// A base to create. `workspaceId` is ignored: a token belongs to one organisation.
#[derive(Deserialize)]
pub(super) struct NewBase {
    name: String,
    #[serde(default)]
    tables: Vec<TableInput>,
}

/// Who asks and what they may do.
pub(super) async fn whoami(who: V0Caller) -> Answer {
    let scopes = SCOPES.iter().filter(|(capability, _)| who.caller.may(*capability)).map(|(_, name)| *name);
    Ok(Json(json!({"id": who.caller.actor.to_string(), "scopes": scopes.collect::<Vec<_>>()})))
}

/// The word for what a caller may do in a base.
fn level(caller: &Caller, base: u64) -> &'static str {
    let level = caller.base(base);
    if level >= Level::Manage && caller.may(Capability::EditSchema) {
        "create"
    } else if level >= Level::Edit && caller.may(Capability::WriteRecords) {
        "edit"
    } else if level >= Level::Comment && caller.may(Capability::CommentRecords) {
        "comment"
    } else {
        "read"
    }
}

/// Bases that the caller may see. An organisation has so few that one page holds them all.
pub(super) async fn bases(State(bases): AppState, who: V0Caller) -> Answer {
    let list = bases.list(&who.caller).await?.into_iter();
    let list = list.map(
        |base| json!({"id": base.id, "name": base.name, "permissionLevel": level(&who.caller, base.id.0)}),
    );
    Ok(Json(json!({"bases": list.collect::<Vec<_>>()})))
}

/// Creates a base with its tables; without one of them, nothing.
pub(super) async fn create_base(
    State(bases): AppState,
    who: V0Caller,
    ApiJson(new): ApiJson<NewBase>,
) -> Answer {
    who.caller.require(Capability::CreateBases)?;
    who.caller.require(Capability::EditSchema)?;
    let tables = new.tables.into_iter().map(new_table).collect::<kernel_core::Result<Vec<_>>>()?;
    let base = bases.create(&who.caller, &new.name, None, None).await?;
    let open = bases.open(&who.caller, base.id.0).await?;
    for table in tables {
        if let Err(refused) = bases.write(&open, &who.caller, table).await {
            bases.trash(&who.caller, base.id).await?;
            return Err(refused.into());
        }
    }
    Ok(Json(json!({"id": base.id, "tables": open.read(|base| show_tables(&who.caller, base, false))})))
}

/// Moves a base to the trash.
pub(super) async fn delete_base(State(bases): AppState, who: V0Caller, Path(base): Path<String>) -> Answer {
    who.caller.require(Capability::ManageBases)?;
    let id: BaseId = base.parse().map_err(|_| error::no_model())?;
    bases.trash(&who.caller, id).await.map_err(error::model)?;
    Ok(Json(json!({"id": id, "deleted": true})))
}

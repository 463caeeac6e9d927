//! `POST /v1/bases/{base}/changes/{version}/undo`.

use super::store;
use crate::catalog::api::base_id;
use crate::http::{AppState, Versioned};
use crate::past::expired;
use axum::extract::{Path, State};
use engine_base::{Change, Command};
use http::StatusCode;
use kernel_core::{Capability, Error};
use kernel_web::WebError;
use serde::Serialize;
use tenancy::ApiCaller;
use utoipa::ToSchema;

/// A change that was taken back.
#[derive(Serialize, ToSchema)]
pub(crate) struct Undone {
    /// The change that took it back; undoing this one does it again.
    version: u64,
}

/// Takes a change back: an own one, or any with the right to manage the base. What it made goes to the trash, what it deleted
/// comes back. 409 `conflict` when something that it wrote was changed since.
#[utoipa::path(post, path = "/v1/bases/{base}/changes/{version}/undo", tag = "bases",
    params(("base" = String, Path, description = "Base id, app…"), ("version" = u64, Path, description = "Number of the change")),
    responses((status = 200, body = Undone)))]
pub(crate) async fn undo(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path((base, version)): Path<(String, String)>,
) -> Result<Versioned, WebError> {
    caller.require(Capability::WriteRecords)?;
    let number = base_id(&base)?.0;
    let version: i64 = version.parse().map_err(|_| Error::not_found())?;
    let open = bases.open(&caller, number).await?;
    let params: kernel_db::Params<'_> = &[&caller.tenant.uuid(), &number.cast_signed(), &version];
    let row = bases.0.db.read_opt(caller.tenant, &store::CHANGE, params).await?;
    let Some(row) = row else {
        let first = bases.first_change(caller.tenant, number.cast_signed()).await?;
        let is_gone = first.filter(|(first, _)| (1..first.cast_signed()).contains(&version));
        return Err(is_gone.map_or_else(Error::not_found, |(_, at)| expired(Some(at))).into());
    };
    let change = Change::from_json(row.get::<_, &str>(0).as_bytes()).map_err(Error::internal)?;
    if !change.schema.is_empty() {
        caller.require(Capability::EditViews)?;
    }
    if !(change.created.is_empty() && change.deleted.is_empty()) {
        caller.require(Capability::DeleteRecords)?;
    }
    // Undone at once by somebody else, too: the command says that it was changed since.
    let written = bases.write(&open, &caller, Command::Undo { change: Box::new(change) }).await?;
    Ok(Versioned::json(StatusCode::OK, written.seq, &Undone { version: written.seq })?)
}

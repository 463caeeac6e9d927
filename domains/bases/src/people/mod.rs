//! `/v1/bases/{base}/people`: whom a person's cell may name.

use crate::catalog::api::base_id;
use crate::http::AppState;
use axum::Json;
use axum::extract::{Path, State};
use kernel_core::{Capability, Code, Error, UserId};
use kernel_web::WebError;
use serde::Serialize;
use std::collections::HashMap;
use tenancy::ApiCaller;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// People that are told.
const MOST: usize = 2_000;

pub(crate) fn router() -> OpenApiRouter<crate::Bases> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Somebody who may see a base.
#[derive(Serialize, ToSchema)]
struct BasePerson {
    #[schema(value_type = String)]
    id: UserId,
    name: String,
}

/// Those who may see a base, by name.
#[derive(Serialize, ToSchema)]
struct BasePeople {
    data: Vec<BasePerson>,
    /// Whether there are more than are told.
    more: bool,
}

/// The members of the organisation who may see the base, by name: at most 2,000, those who joined first.
#[utoipa::path(get, path = "/v1/bases/{base}/people", tag = "bases", params(("base" = String, Path, description = "Base id, app…")),
    responses((status = 200, body = BasePeople)))]
async fn list(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(base): Path<String>,
) -> Result<Json<BasePeople>, WebError> {
    let base = base_id(&base)?.0;
    bases.open(&caller, base).await?;
    caller.require(Capability::ReadRecords)?;
    // A token reads names as its maker does: no scope is about members.
    if !caller.access.may(Capability::ReadMembers) {
        let detail = "Who else may see a base is told to members, not to clients.";
        return Err(Error::new(Code::Forbidden).detail(detail).into());
    }
    let tenancy = &bases.0.tenancy;
    let members = tenancy.callers(caller.tenant).await?;
    let mut ids: Vec<UserId> =
        members.iter().filter(|(_, member)| member.sees_base(base)).map(|(user, _)| *user).collect();
    let more = ids.len() > MOST;
    ids.truncate(MOST);
    let users = tenancy.identity().users(&ids).await?;
    let mut names: HashMap<UserId, String> = users.into_iter().map(|user| (user.id, user.name)).collect();
    let mut data: Vec<BasePerson> =
        ids.into_iter().filter_map(|id| names.remove(&id).map(|name| BasePerson { id, name })).collect();
    data.sort_by_cached_key(|person| person.name.to_lowercase());
    Ok(Json(BasePeople { data, more }))
}

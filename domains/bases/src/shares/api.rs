//! `/v1/views/{view}/shares`.

use super::model::Share;
use super::service::Settings;
use crate::http::AppState;
use crate::schema::view_no;
use axum::Json;
use axum::extract::{Path, State};
use engine_base::ViewId;
use http::StatusCode;
use identity::model::Visit;
use jiff::Timestamp;
use kernel_core::Result;
use kernel_web::{ApiJson, WebError};
use serde::{Deserialize, Deserializer, Serialize};
use tenancy::ApiCaller;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn router() -> OpenApiRouter<crate::Bases> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(update, revoke))
}

/// A link to make, or what to change of one: members that are absent stay as they are.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ShareSettings {
    /// Asked of everybody who opens the link, 8 to 200 characters; null: none is asked.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>, min_length = 8, max_length = 200, example = "seven copper kettles")]
    password: Option<Option<String>>,
    /// When the link ends; null: it does not end by itself.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Option<Timestamp>>,
    /// Whether the records may be taken as CSV and, with days, as ICS.
    downloads: Option<bool>,
}

/// A null that was said is another thing than nothing said.
fn said<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(from).map(Some)
}

impl From<ShareSettings> for Settings {
    fn from(sent: ShareSettings) -> Self {
        Self { password: sent.password, expires_at: sent.expires_at, downloads: sent.downloads }
    }
}

/// A link to a view.
#[derive(Serialize, ToSchema)]
pub(crate) struct ShareInfo {
    /// `shr…`.
    #[schema(example = "shr0Ck5hJ0000000aB")]
    id: String,
    /// The address to hand out. Only in the answer to its making: what is kept is a hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// Whether a password is asked.
    password: bool,
    downloads: bool,
    /// `usr_…` or `tok_…`: the link shows what they see.
    created_by: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

/// Links of a view, newest first.
#[derive(Serialize, ToSchema)]
struct Shares {
    data: Vec<ShareInfo>,
}

impl ShareInfo {
    fn of(share: Share, url: Option<String>) -> Self {
        Self {
            id: share.id,
            url,
            password: share.password.is_some(),
            downloads: share.downloads,
            created_by: share.created_by,
            created_at: share.created_at,
            expires_at: share.expires_at,
        }
    }
}

fn view_id(text: &str) -> Result<ViewId> {
    view_no(text).map(|(table, view)| table.view(view))
}

/// Links of a view, newest first.
#[utoipa::path(get, path = "/v1/views/{view}/shares", tag = "schema", params(("view" = String, Path, description = "View id, viw…")),
    responses((status = 200, body = Shares)))]
async fn list(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(view): Path<String>,
) -> Result<Json<Shares>, WebError> {
    let shares = bases.shares(&caller, view_id(&view)?).await?;
    Ok(Json(Shares { data: shares.into_iter().map(|share| ShareInfo::of(share, None)).collect() }))
}

/// Makes a link that shows a view to whoever has it, read only, as its maker sees the view at that moment.
#[utoipa::path(post, path = "/v1/views/{view}/shares", tag = "schema", params(("view" = String, Path, description = "View id, viw…")),
    request_body = ShareSettings, responses((status = 201, body = ShareInfo)))]
async fn create(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    visit: Visit,
    Path(view): Path<String>,
    ApiJson(settings): ApiJson<ShareSettings>,
) -> Result<(StatusCode, Json<ShareInfo>), WebError> {
    let (share, token) = bases.add_share(&caller, view_id(&view)?, settings.into(), &visit).await?;
    let url = format!("{}/shared/{token}", bases.0.web.origins().app);
    Ok((StatusCode::CREATED, Json(ShareInfo::of(share, Some(url)))))
}

/// Changes a link: its password, its end, whether the records may be taken along.
#[utoipa::path(patch, path = "/v1/views/{view}/shares/{share}", tag = "schema",
    params(("view" = String, Path, description = "View id, viw…"), ("share" = String, Path, description = "Link id, shr…")),
    request_body = ShareSettings, responses((status = 200, body = ShareInfo)))]
async fn update(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    visit: Visit,
    Path((view, share)): Path<(String, String)>,
    ApiJson(settings): ApiJson<ShareSettings>,
) -> Result<Json<ShareInfo>, WebError> {
    let place = (view_id(&view)?, share.as_str());
    let share = bases.change_share(&caller, place, settings.into(), &visit).await?;
    Ok(Json(ShareInfo::of(share, None)))
}

/// Takes a link back: it ends at once.
#[utoipa::path(delete, path = "/v1/views/{view}/shares/{share}", tag = "schema",
    params(("view" = String, Path, description = "View id, viw…"), ("share" = String, Path, description = "Link id, shr…")),
    responses((status = 204, description = "It is gone")))]
async fn revoke(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    visit: Visit,
    Path((view, share)): Path<(String, String)>,
) -> Result<StatusCode, WebError> {
    bases.revoke_share(&caller, (view_id(&view)?, &share), &visit).await?;
    Ok(StatusCode::NO_CONTENT)
}

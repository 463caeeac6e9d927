//! `api.`: `/v1`, its OpenAPI document, `/v0` for clients of Airtable, `/scim/v2` for directories, and the overview page.

use crate::System;
use axum::routing::get;
use axum::{Json, Router};

/// The sitemap.
pub fn routes(system: &System) -> Router {
    let document = bases::document(&system.web.origins().api);
    Router::new()
        .route("/openapi.json", get(move || std::future::ready(Json(document.clone()))))
        .merge(bases::api(system.bases.clone()))
        .merge(bases::v0::api(system.bases.clone()))
        .merge(bases::developers::routes(system.web.clone()))
        .merge(tenancy::token_api(&system.tenancy))
        .merge(tenancy::oauth::api(&system.tenancy))
        .merge(tenancy::scim::api(&system.tenancy))
}

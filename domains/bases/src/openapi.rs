//! The routes of `/v1` and their OpenAPI 3.1 document: one registration gives both (spec P4).

use crate::service::Bases;
use crate::{catalog, events, exports, history, imports, records, schema, windows};
use axum::Router;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

#[derive(OpenApi)]
#[openapi(
    info(title = "NCLC API", version = "1", description = "Records, tables and bases of your organisation. Errors are RFC 9457 problem documents."),
    tags(
        (name = "records", description = "Read and write records"),
        (name = "bases", description = "Bases and their changes"),
        (name = "schema", description = "Tables, fields and views"),
        (name = "imports", description = "CSV into tables")
    ),
    security(("token" = []))
)]
struct Document;

fn routed() -> OpenApiRouter<Bases> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(
            records::list::list,
            records::write::create,
            records::write::update_many,
            records::write::delete_many
        ))
        .routes(routes!(records::get::get, records::write::update, records::write::delete))
        .routes(routes!(records::restore::restore))
        .merge(history::router())
        .merge(windows::router())
        .merge(exports::router())
        .merge(catalog::api::router())
        .merge(events::api::router())
        .merge(schema::tables::router())
        .merge(schema::fields::router())
        .merge(schema::views::router())
        .merge(imports::api::router())
}

/// The routes of `/v1`.
pub fn api(bases: Bases) -> Router {
    routed().with_state(bases).into()
}

/// The OpenAPI document of [`api`], with `server` as its address.
#[must_use]
pub fn document(server: &str) -> utoipa::openapi::OpenApi {
    let (_, mut document) = routed().split_for_parts();
    document.servers = Some(vec![utoipa::openapi::Server::new(server)]);
    let token = SecurityScheme::Http(
        HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("An API token (`nclc_…`), or the app's short-lived JWT."))
            .build(),
    );
    document.components.get_or_insert_default().add_security_scheme("token", token);
    document
}

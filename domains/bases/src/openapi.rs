//! The routes of `/v1` and their OpenAPI 3.1 document: one registration gives both (spec P4). `/v0` is added from its own
//! table of operations.

use crate::service::Bases;
use crate::{
    activity, attachments, catalog, comments, events, exports, history, imports, people, records, schema,
    search, shares, snapshots, trash, upserts, windows,
};
use axum::Router;
use kernel_core::Code;
use serde_json::{Value, json};
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

#[derive(OpenApi)]
#[openapi(
    info(title = "NCLC API", version = "1", description = "Records, tables and bases of your organisation. Errors are RFC 9457 problem documents."),
    tags(
        (name = "records", description = "Read and write records"),
        (name = "search", description = "Texts in tables, values of fields"),
        (name = "files", description = "Files of attachment and signature fields"),
        (name = "comments", description = "What people say about records"),
        (name = "bases", description = "Bases and their changes"),
        (name = "schema", description = "Tables, fields and views"),
        (name = "imports", description = "Files into tables: CSV, TSV, JSON, NDJSON, Excel"),
        (name = "tokens", description = "API tokens that were found in public"),
        (name = "v0", description = "The same in the form of Airtable's API")
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
        .routes(routes!(records::list::query))
        .routes(routes!(records::get::get, records::write::update, records::write::delete))
        .routes(routes!(records::restore::restore))
        .merge(upserts::api::router())
        .merge(history::router())
        .merge(trash::api::router())
        .merge(snapshots::api::router())
        .merge(activity::api::router())
        .merge(comments::api::router())
        .merge(people::router())
        .merge(windows::router())
        .merge(search::router())
        .merge(exports::router())
        .merge(catalog::api::router())
        .merge(events::api::router())
        .merge(schema::tables::router())
        .merge(schema::fields::router())
        .merge(schema::views::router())
        .merge(schema::versions::router())
        .merge(schema::back::router())
        .merge(shares::api::router())
        .merge(imports::api::router())
        .merge(attachments::api::router())
        .merge(attachments::parts::router())
}

/// The routes of `/v1`.
pub fn api(bases: Bases) -> Router {
    let downloads = attachments::downloads(bases.clone());
    Router::from(routed().with_state(bases)).merge(downloads)
}

/// The OpenAPI document of [`api`] and of `/v0`, with `server` as its address.
#[must_use]
pub fn document(server: &str) -> Value {
    let (_, mut document) = routed().split_for_parts();
    document.servers = Some(vec![utoipa::openapi::Server::new(server)]);
    let token = SecurityScheme::Http(
        HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("An API token (`nclc_…`), or the app's short-lived JWT."))
            .build(),
    );
    document.components.get_or_insert_default().add_security_scheme("token", token);
    let mut document = serde_json::to_value(document).unwrap_or_default();
    document["info"]["contact"] = json!({"name": "NCLC", "url": server});
    document["components"]["schemas"]["Problem"] = problem();
    if let Some(paths) = document["paths"].as_object_mut() {
        let (path, leaks) = tenancy::leak_operation();
        paths.insert(path.to_owned(), leaks);
        for (path, item) in paths.iter_mut() {
            for (method, operation) in item.as_object_mut().into_iter().flatten() {
                complete(method, path, operation);
            }
        }
        // One record is answered as it is, several as a list.
        let made =
            &mut paths["/v1/records"]["post"]["responses"]["201"]["content"]["application/json"]["schema"];
        let several = json!({"$ref": "#/components/schemas/Records"});
        *made = json!({"anyOf": [made.clone(), several]});
        crate::v0::reference::add(paths);
    }
    document
}

/// What all operations have in common, so that none lacks it.
fn complete(method: &str, path: &str, operation: &mut Value) {
    let id = operation["operationId"].as_str().unwrap_or_default();
    // A function's name is no id: several modules have a `list`.
    if !id.contains(char::is_uppercase) {
        operation["operationId"] = operation_id(method, path).into();
    }
    if operation["description"].is_null() {
        operation["description"] = operation["summary"].clone();
    }
    // A file may be empty, and so may a part of it.
    if operation.pointer("/requestBody/content/application~1octet-stream").is_some() {
        operation["requestBody"]["required"] = false.into();
    }
    for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
        if response["description"].as_str().is_none_or(str::is_empty) {
            response["description"] = if status == "204" { "It is done" } else { "The answer" }.into();
        }
    }
    operation["responses"]["4XX"] = json!({
        "description": "An error; its `code` says which",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    });
}

/// `get`, `/v1/records/{record}/history` → `getRecordHistory`: a segment before a parameter is one of many.
fn operation_id(method: &str, path: &str) -> String {
    let segments: Vec<&str> = path.split('/').skip(2).collect();
    let mut id = method.to_owned();
    for (at, segment) in segments.iter().enumerate().filter(|(_, segment)| !segment.starts_with('{')) {
        let one = segments.get(at + 1).is_some_and(|next| next.starts_with('{'));
        let word = if one { segment.trim_end_matches('s') } else { segment };
        for part in word.split(['.', '-', '_']) {
            let mut letters = part.chars();
            id.extend(letters.next().map(|first| first.to_ascii_uppercase()));
            id.push_str(letters.as_str());
        }
    }
    id
}

/// The problem document of every error.
fn problem() -> Value {
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
    json!({
        "type": "object",
        "description": "An error (RFC 9457).",
        "required": ["type", "title", "status", "detail", "code"],
        "properties": {
            "type": {"type": "string", "description": "The page that explains the code."},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string", "description": "What is wrong with this request."},
            "instance": {"type": "string", "description": "The request's id."},
            "code": {"type": "string", "enum": codes, "description": "Stable: programs may branch on it."},
            "request_id": {"type": "string"},
            "errors": {"type": "array", "items": {
                "type": "object",
                "required": ["code", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer into the body."},
                    "parameter": {"type": "string", "description": "The parameter of the query."},
                    "code": {"type": "string", "enum": codes},
                    "detail": {"type": "string"},
                },
            }},
        },
        "example": {"type": "about:blank", "title": "There is nothing here.", "status": 404, "detail": "There is nothing here.", "code": "not_found"},
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_of_operations_are_unique_and_read_well() {
        for (method, path, id) in [
            ("get", "/v1/records/{record}/history", "getRecordHistory"),
            ("post", "/v1/tables", "postTables"),
            ("get", "/v1/tables/{table}/export.csv", "getTableExportCsv"),
        ] {
            assert_eq!(operation_id(method, path), id);
        }
        let document = document("http://api.test");
        let mut ids = HashSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let id = operation["operationId"].as_str().unwrap_or_default();
                assert!(!id.is_empty() && ids.insert(id.to_owned()), "{method} {path}: {id}");
                assert!(
                    operation["description"].is_string() && operation["summary"].is_string(),
                    "{method} {path}"
                );
            }
        }
        assert!(ids.len() > 60, "{}", ids.len());
    }
}

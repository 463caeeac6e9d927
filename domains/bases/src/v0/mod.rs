//! `/v0`: the shape of Airtable's public API over the same services as `/v1`, so that programs made for it work here after
//! a change of their base address (spec P11).
//!
//! Invariants: nothing here decides who may do what, reads or writes by itself: tokens, scopes, limits of a token's bases,
//! rate limits and the writer of a base are those of `/v1`. What a caller may not know of is answered exactly as what is
//! not there. Errors have Airtable's shape ([`error`]); field types and cells are translated in [`kinds`] and [`wire`],
//! formulas in [`formula`].

mod comments;
mod destroy;
mod error;
mod find;
mod formula;
mod kinds;
mod list;
mod meta;
mod params;
mod place;
pub(crate) mod reference;
mod schema;
mod upload;
mod upsert;
pub(crate) mod webhooks;
mod wire;
mod write;

use crate::service::Bases;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, any, delete, get, patch, post, put};
use axum::{Json, Router};
use kernel_core::{Code, Error};
use kernel_web::{Exchange, WebError};
use place::V0Caller;
use serde_json::Value;

/// Records that one request may write, as Airtable's clients expect: they send more in several requests.
const MAX_RECORDS: usize = 10;

/// An answer in JSON.
type Answer = Result<Json<Value>, WebError>;

/// Every operation with its method and path.
fn table() -> Vec<(&'static str, &'static str, MethodRouter<Bases>)> {
    vec![
        ("GET", "/v0/meta/whoami", get(meta::whoami)),
        ("GET", "/v0/meta/bases", get(meta::bases)),
        ("POST", "/v0/meta/bases", post(meta::create_base)),
        ("DELETE", "/v0/meta/bases/{base}", delete(meta::delete_base)),
        ("GET", "/v0/meta/bases/{base}/tables", get(schema::tables)),
        ("POST", "/v0/meta/bases/{base}/tables", post(schema::create_table)),
        ("PATCH", "/v0/meta/bases/{base}/tables/{table}", patch(schema::update_table)),
        ("POST", "/v0/meta/bases/{base}/tables/{table}/fields", post(schema::create_field)),
        ("PATCH", "/v0/meta/bases/{base}/tables/{table}/fields/{field}", patch(schema::update_field)),
        ("DELETE", "/v0/meta/bases/{base}/views/{view}", delete(schema::delete_view)),
        ("GET", "/v0/bases/{base}/webhooks", get(webhooks::list)),
        ("POST", "/v0/bases/{base}/webhooks", post(webhooks::create)),
        ("DELETE", "/v0/bases/{base}/webhooks/{webhook}", delete(webhooks::delete)),
        ("POST", "/v0/bases/{base}/webhooks/{webhook}/enableNotifications", post(webhooks::enable)),
        ("POST", "/v0/bases/{base}/webhooks/{webhook}/refresh", post(webhooks::refresh)),
        ("GET", "/v0/bases/{base}/webhooks/{webhook}/payloads", get(webhooks::payloads)),
        ("GET", "/v0/{base}/{table}/{record}/comments", get(comments::list)),
        ("POST", "/v0/{base}/{table}/{record}/comments", post(comments::create)),
        ("PATCH", "/v0/{base}/{table}/{record}/comments/{comment}", patch(comments::update)),
        ("DELETE", "/v0/{base}/{table}/{record}/comments/{comment}", delete(comments::delete)),
        // What stands for the table is a record, and what stands for the record a field: parameters of a place have one name.
        ("POST", "/v0/{base}/{table}/{record}/uploadAttachment", upload::route()),
        ("GET", "/v0/{base}/{table}", get(list::by_query)),
        ("POST", "/v0/{base}/{table}/listRecords", post(list::by_body)),
        ("POST", "/v0/{base}/{table}", post(write::create)),
        ("PATCH", "/v0/{base}/{table}", patch(write::update_many)),
        ("PUT", "/v0/{base}/{table}", put(write::replace_many)),
        ("DELETE", "/v0/{base}/{table}", delete(destroy::many)),
        ("GET", "/v0/{base}/{table}/{record}", get(find::find)),
        ("PATCH", "/v0/{base}/{table}/{record}", patch(write::update)),
        ("PUT", "/v0/{base}/{table}/{record}", put(write::replace)),
        ("DELETE", "/v0/{base}/{table}/{record}", delete(destroy::one)),
    ]
}

/// The operations, e.g. `GET /v0/{base}/{table}`: for the test that each has its case of isolation.
#[must_use]
pub fn operations() -> Vec<String> {
    table().into_iter().map(|(method, path, _)| format!("{method} {path}")).collect()
}

/// The routes of `/v0`.
pub fn api(bases: Bases) -> Router {
    let mut router = Router::new();
    for (_, path, methods) in table() {
        router = router.route(path, methods.clone());
        // airtable.js ends the path of a table with a slash.
        router = router.route(&format!("{path}/"), methods);
    }
    router
        .route("/v0/bases/{base}/webhooks/{webhook}/{*rest}", any(nothing))
        // What is nothing, at every depth: its error has their shape as well.
        .route("/v0", any(nothing))
        .route("/v0/", any(nothing))
        .route("/v0/{base}", any(nothing))
        .route("/v0/{base}/{table}/{record}/{*rest}", any(nothing))
        .method_not_allowed_fallback(|| async { WebError::from(Error::new(Code::MethodNotAllowed)) })
        .layer(from_fn(in_their_shape))
        .with_state(bases)
}

/// Errors of everything below `/v0`, those of the web layer included, are written in Airtable's shape.
async fn in_their_shape(request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    Exchange::of(&mut parts).errors_as(error::answer);
    next.run(Request::from_parts(parts, body)).await
}

async fn nothing(_: V0Caller) -> Response {
    WebError::from(Error::not_found()).into_response()
}

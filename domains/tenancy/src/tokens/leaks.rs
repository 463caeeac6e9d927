//! `POST /v1/token-leaks`: whoever finds tokens of ours where they must not be, a secret scanner say, reports them here
//! and they are revoked. Nobody has to be known to do that: who has a token's text can do more than end it. The answer is the same
//! for every text, so that nothing is told about one.

use super::mails::LeakMail;
use super::model::TokenText;
use super::store::{LEAKED, OWNERS};
use crate::Tenancy;
use axum::Router;
use axum::extract::{FromRequestParts, State};
use axum::routing::post;
use http::StatusCode;
use http::request::Parts;
use identity::Visit;
use identity::audit::{Act, AuditEvent, emit};
use kernel_core::{Actor, ApiTokenId, Code, Error, Result, UserId};
use kernel_db::Database;
use kernel_web::{ApiJson, Exchange, Policy, Web, WebError, limit_key};
use serde::Deserialize;
use serde_json::json;
use std::convert::Infallible;

/// The public routes of this domain on `api.`.
pub fn api(tenancy: &Tenancy) -> Router {
    Router::new().route("/v1/token-leaks", post(report)).with_state(tenancy.clone())
}

/// The route as it stands in the OpenAPI document, beside those of `/v1` that need a token.
#[must_use]
pub fn operation() -> (&'static str, serde_json::Value) {
    let tokens = json!({
        "type": "array", "maxItems": MOST, "items": { "type": "string" }, "description": "Whole texts of tokens",
    });
    let body = json!({ "type": "object", "required": ["tokens"], "properties": { "tokens": tokens }, "additionalProperties": false });
    let post = json!({
        "tags": ["tokens"],
        "operationId": "reportTokenLeak",
        "summary": "Reports API tokens that were found in public",
        "description": "Ends those that work and tells their makers and the owners. Needs no token; the answer is the same for every text.",
        "security": [],
        "requestBody": { "required": true, "content": { "application/json": { "schema": body } } },
        "responses": { "202": { "description": "Taken" } },
    });
    ("/v1/token-leaks", json!({ "post": post }))
}

/// The request, for the limit of an address.
struct Asker(Exchange);

impl<S: Send + Sync> FromRequestParts<S> for Asker {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> std::result::Result<Self, Infallible> {
        Ok(Self(Exchange::of(parts)))
    }
}

/// Tokens in a report.
const MOST: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Report {
    /// Whole texts of tokens.
    tokens: Vec<String>,
}

async fn report(
    State(tenancy): State<Tenancy>,
    State(web): State<Web>,
    (Asker(exchange), visit): (Asker, Visit),
    ApiJson(report): ApiJson<Report>,
) -> Result<StatusCode, WebError> {
    web.limits().enforce(&exchange, Policy::REPORTS, &limit_key(visit.address))?;
    if report.tokens.len() > MOST {
        let detail = format!("has more than {MOST} tokens");
        return Err(Error::field("/tokens", Code::TooMany, detail).into());
    }
    for token in &report.tokens {
        tenancy.token_leaked(token.trim(), &visit).await?;
    }
    Ok(StatusCode::ACCEPTED)
}

impl Tenancy {
    /// Ends a working token that was found in public, and tells its maker and the owners. Anything else is no news.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn token_leaked(&self, text: &str, visit: &Visit) -> Result<()> {
        let Some(token) = TokenText::parse(text) else { return Ok(()) };
        let (tenant, now) = (token.tenant, self.now());
        // Below, people and the organisation are looked up while the token's row is held.
        let _turn = self.turn().await?;
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        let params: kernel_db::Params<'_> = &[&tenant.uuid(), &token.hash.as_slice(), &now];
        let Some(row) = tx.query_opt(&LEAKED, params).await? else { return Ok(()) };
        let (id, label): (_, String) = (ApiTokenId::from_uuid(row.get("id")), row.get("label"));
        let mut told: Vec<UserId> = vec![UserId::from_uuid(row.get("created_by"))];
        let owners = tx.query(&OWNERS, &[&tenant.uuid()]).await?;
        told.extend(owners.iter().map(|row| UserId::from_uuid(row.get("user_id"))));
        told.sort_unstable();
        told.dedup();
        let known = self.tenant(tenant).await?;
        let origin = &self.0.identity.web().origins().app;
        let mail = LeakMail {
            tenant: known.name.clone(),
            label: label.clone(),
            link: format!("{origin}/o/{}/tokens/history", known.slug),
        };
        for person in self.0.identity.users(&told).await? {
            self.0.identity.send(&mut tx, &person.email, &mail).await?;
        }
        let event =
            AuditEvent::in_tenant(tenant, Actor::System, Act::TokenLeaked, now).target(id).from(visit);
        emit(&mut tx, &event.data(json!({ "label": label }))).await?;
        self.commit_access(tx, tenant).await?;
        Ok(())
    }
}

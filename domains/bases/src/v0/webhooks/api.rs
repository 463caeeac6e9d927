//! The routes of webhooks.

use super::super::error::{model, no_model};
use super::super::place::V0Caller;
use super::super::{Answer, params, wire};
use super::MAX_PAYLOADS;
use super::payload::Payloads;
use super::service::Webhook;
use super::specification::Specification;
use crate::http::AppState;
use crate::service::Bases;
use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use data_encoding::BASE64;
use engine_base::BaseId;
use kernel_core::{Capability, Result};
use kernel_web::{ApiJson, WebError};
use serde::Deserialize;
use serde_json::{Value, json};

/// A webhook to make.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct NewWebhook {
    #[serde(default)]
    notification_url: Option<String>,
    specification: Specification,
}

/// Notifications on or off.
#[derive(Deserialize)]
pub(in super::super) struct Enable {
    enable: bool,
}

/// The base that a path names, within the limits of requests to it.
async fn base(bases: &Bases, who: &V0Caller, text: &str) -> Result<BaseId, WebError> {
    who.base(bases, text).await?;
    Ok(text.parse().map_err(|_| no_model())?)
}

/// Webhooks of a base.
pub(in super::super) async fn list(State(bases): AppState, who: V0Caller, Path(id): Path<String>) -> Answer {
    let base = base(&bases, &who, &id).await?;
    let webhooks = bases.list_webhooks(&who.caller, base).await.map_err(model)?;
    Ok(Json(json!({"webhooks": webhooks.iter().map(show).collect::<Vec<_>>()})))
}

fn show(webhook: &Webhook) -> Value {
    json!({
        "id": webhook.id,
        "type": "client",
        "specification": webhook.specification,
        "notificationUrl": webhook.url,
        "cursorForNextPayload": webhook.payloads + 1,
        "lastNotificationResult": webhook.last_result,
        "areNotificationsEnabled": webhook.notifies,
        "lastSuccessfulNotificationTime": webhook.last_success_at.map(wire::instant_of),
        "isHookEnabled": true,
        "expirationTime": wire::instant_of(webhook.expires_at),
    })
}

/// Makes a webhook. The key of its signatures is told this once.
pub(in super::super) async fn create(
    State(bases): AppState,
    who: V0Caller,
    Path(id): Path<String>,
    ApiJson(new): ApiJson<NewWebhook>,
) -> Answer {
    let base = base(&bases, &who, &id).await?;
    let url = new.notification_url.as_deref();
    let made = bases.create_webhook(&who.caller, base, url, &new.specification).await.map_err(model)?;
    Ok(Json(json!({
        "id": made.id,
        "macSecretBase64": BASE64.encode(&made.secret),
        "expirationTime": wire::instant_of(made.expires_at),
    })))
}

/// Deletes a webhook.
pub(in super::super) async fn delete(
    State(bases): AppState,
    who: V0Caller,
    Path((id, webhook)): Path<(String, String)>,
) -> Result<Response, WebError> {
    let base = base(&bases, &who, &id).await?;
    bases.delete_webhook(&who.caller, base, &webhook).await?;
    Ok(empty())
}

/// Turns notifications on or off.
pub(in super::super) async fn enable(
    State(bases): AppState,
    who: V0Caller,
    Path((id, webhook)): Path<(String, String)>,
    ApiJson(wanted): ApiJson<Enable>,
) -> Result<Response, WebError> {
    let base = base(&bases, &who, &id).await?;
    bases.notify_webhook(&who.caller, base, &webhook, wanted.enable).await?;
    Ok(empty())
}

/// Lets a webhook live for another seven days.
pub(in super::super) async fn refresh(
    State(bases): AppState,
    who: V0Caller,
    Path((id, webhook)): Path<(String, String)>,
) -> Answer {
    let base = base(&bases, &who, &id).await?;
    let expires = bases.refresh_webhook(&who.caller, base, &webhook).await?;
    Ok(Json(json!({"expirationTime": wire::instant_of(expires)})))
}

/// Payloads from a cursor on. Reading lets the webhook live on.
pub(in super::super) async fn payloads(
    State(bases): AppState,
    who: V0Caller,
    Path((id, webhook)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Answer {
    who.caller.require(Capability::ReadRecords)?;
    let number = base(&bases, &who, &id).await?;
    let cursor = params::number_of("cursor", query.as_deref())?.unwrap_or(1).max(1);
    let limit = params::number_of("limit", query.as_deref())?.unwrap_or(MAX_PAYLOADS);
    let limit = limit.clamp(1, MAX_PAYLOADS);
    let webhook = bases.managed_webhook(&who.caller, number, &webhook).await?;
    bases.refresh_webhook(&who.caller, number, &webhook.id).await?;
    let tenant = who.caller.tenant;
    let found = bases.payloads_after(tenant, &webhook, (cursor - 1) as u64, limit).await?;
    let actors: Vec<&str> = found.iter().map(|found| found.change.actor.as_str()).collect();
    let names = bases.0.tenancy.actor_names(tenant, &actors).await?;
    let open = bases.open_at(&who.caller, number.0, found.last().map(|last| last.seq)).await?;
    let now_us = bases.0.clock.now().as_microsecond();
    let shown: Vec<Value> = open.read(|base| {
        let specification = &webhook.specification;
        let payloads = Payloads { caller: &who.caller, base, specification, now_us };
        let one = |found| {
            let name = |found: &super::count::Found| names.get(found.change.actor.as_str()).cloned();
            payloads.of(found, &name(found).unwrap_or_default())
        };
        found.iter().map(one).collect()
    });
    let next = cursor + shown.len();
    Ok(Json(json!({
        "payloads": shown,
        "cursor": next,
        "mightHaveMore": (next as u64) <= webhook.payloads,
    })))
}

/// What Airtable answers when there is nothing to say.
fn empty() -> Response {
    Json(json!({})).into_response()
}

//! `GET /v1/bases/{base}/events`: changes of a base as server-sent events (spec P13).
//!
//! Each event carries the base's sequence number as its id. A client that comes back with `Last-Event-ID` is told at once
//! whether the base has moved on meanwhile; what changed it then fetches, so nothing can be missed.

use super::{BaseEvent, ChangedRows};
use crate::http::{AppState, MinVersion};
use crate::service::Bases;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::response::sse::Event;
use engine_base::TableNo;
use futures_util::{StreamExt as _, future, stream};
use http::HeaderMap;
use kernel_core::{Caller, Capability};
use kernel_web::WebError;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use tenancy::ApiCaller;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn router() -> OpenApiRouter<crate::Bases> {
    OpenApiRouter::new().routes(routes!(listen))
}

/// Streams changes of a base as server-sent events.
///
/// `event: change`, `id: <version>`, `data: {"version","actor","schema","tables":{"tbl…":{"records":["rec…"]|null}}|null}`.
#[utoipa::path(get, path = "/v1/bases/{base}/events", tag = "bases", params(("base" = String, Path, description = "Base id, app…")),
    responses((status = 200, content_type = "text/event-stream", body = String)))]
async fn listen(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    MinVersion(version): MinVersion,
    Path(base): Path<String>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    caller.require(Capability::ReadRecords)?;
    let number = crate::catalog::api::base_id(&base)?.0;
    // Listening starts before the state is looked at: what happens in between is heard.
    let receiver = bases.events().listen();
    let open = bases.open_at(&caller, number, version).await?;
    let seen: Option<u64> = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let now = open.seq();
    let first = stream::once(future::ready(hello(now, seen.is_some_and(|seen| seen < now))));
    let bearer =
        headers.get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.split_once(' '));
    let bearer = bearer.map_or_else(String::new, |(_, bearer)| bearer.trim().to_owned());
    let follow = Follow { bases: bases.clone(), caller, bearer, number, receiver };
    let rest = stream::unfold(follow, |mut follow| async move { Some((follow.next().await?, follow)) });
    let events = first.chain(rest);
    Ok(kernel_web::sse::answer(&bases.0.web, events))
}

/// One listener.
struct Follow {
    bases: Bases,
    caller: Caller,
    /// What the caller proved itself with; asked again before each event.
    bearer: String,
    number: u64,
    receiver: Receiver<Arc<BaseEvent>>,
}

impl Follow {
    /// The next event of the base; `None` ends the stream.
    async fn next(&mut self) -> Option<Event> {
        let event = loop {
            match self.receiver.recv().await {
                Ok(event) if event.tenant == self.caller.tenant && event.base == self.number => {
                    break change(&event);
                }
                Ok(_) => {}
                // Too slow to hear each: look at everything again.
                Err(RecvError::Lagged(_)) => break hello(self.seq().await?, true),
                Err(RecvError::Closed) => return None,
            }
        };
        // A member who was removed, a token that was revoked: the stream ends before it tells more.
        self.bases.0.tenancy.authenticate(&self.bearer).await.ok()?;
        Some(event)
    }

    async fn seq(&self) -> Option<u64> {
        Some(self.bases.open(&self.caller, self.number).await.ok()?.seq())
    }
}

/// First event of a stream; `missed`: everything may have changed.
fn hello(seq: u64, missed: bool) -> Event {
    let name = if missed { "change" } else { "ready" };
    let data = json!({ "version": seq, "actor": null, "schema": missed, "tables": null });
    Event::default().event(name).id(seq.to_string()).data(data.to_string())
}

fn change(event: &BaseEvent) -> Event {
    let tables = event.tables.as_ref().map(|tables| {
        let entry = |(table, rows): (&u64, &ChangedRows)| {
            let table = TableNo(*table);
            let records = match rows {
                ChangedRows::Many => Value::Null,
                ChangedRows::These(rows) => {
                    rows.iter().map(|row| table.record(engine_base::RowNo(*row)).to_string()).collect()
                }
            };
            (table.id().to_string(), json!({ "records": records }))
        };
        tables.iter().map(entry).collect::<Map<_, _>>()
    });
    let data =
        json!({ "version": event.seq, "actor": &*event.actor, "schema": event.schema, "tables": tables });
    Event::default().event("change").id(event.seq.to_string()).data(data.to_string())
}

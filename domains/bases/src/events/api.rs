//! `GET /v1/bases/{base}/events`: changes of a base as server-sent events (spec P13).
//!
//! Each event carries the base's sequence number as its id. A client that comes back with `Last-Event-ID` is told what it
//! missed, change by change; after too many, or when it is too slow to hear each, one `reset` says: look at everything again.

use super::{BaseEvent, ChangedRows};
use crate::actor::OpenBase;
use crate::http::{AppState, MinVersion};
use crate::service::Bases;
use crate::sight::Seen;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::response::sse::Event;
use engine_base::{Base, TableNo};
use futures_util::{StreamExt as _, stream};
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
/// First `event: ready`; then, after a `Last-Event-ID`, what was missed, or `event: reset` when that is too much. A change is
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
    let first = stream::iter(resume(&bases, &caller, &open, seen).await?);
    let bearer =
        headers.get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.split_once(' '));
    let bearer = bearer.map_or_else(String::new, |(_, bearer)| bearer.trim().to_owned());
    let follow = Follow { bases: bases.clone(), caller, bearer, number, receiver };
    let rest = stream::unfold(follow, |mut follow| async move { Some((follow.next().await?, follow)) });
    let events = first.chain(rest);
    Ok(kernel_web::sse::answer(&bases.0.web, events))
}

/// Changes that are told to who comes back, at most.
const MAX_MISSED: u64 = 500;

/// How a stream begins: where the base is, and what was missed since `seen`.
async fn resume(
    bases: &Bases,
    caller: &Caller,
    open: &OpenBase,
    seen: Option<u64>,
) -> Result<Vec<Event>, WebError> {
    let now = open.seq();
    let Some(seen) = seen.filter(|seen| *seen < now) else { return Ok(vec![hello("ready", now)]) };
    if now - seen > MAX_MISSED {
        return Ok(vec![hello("ready", seen), hello("reset", now)]);
    }
    let mut events = vec![hello("ready", seen)];
    match super::missed::since(bases, caller.tenant, open, seen, now).await? {
        None => events.push(hello("reset", now)),
        Some(missed) => {
            events.extend(open.read(|base| {
                missed.iter().filter_map(|event| change(caller, base, event)).collect::<Vec<_>>()
            }));
        }
    }
    Ok(events)
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
                    // A member who was removed, a token that was revoked: the stream ends before it tells more. What
                    // somebody may see may have changed meanwhile as well.
                    self.caller = self.bases.0.tenancy.authenticate(&self.bearer).await.ok()?;
                    let open = self.bases.open(&self.caller, self.number).await.ok()?;
                    if let Some(event) = open.read(|base| change(&self.caller, base, &event)) {
                        return Some(event);
                    }
                }
                Ok(_) => {}
                // Too slow to hear each: look at everything again.
                Err(RecvError::Lagged(_)) => break hello("reset", self.seq().await?),
                Err(RecvError::Closed) => return None,
            }
        };
        self.bases.0.tenancy.authenticate(&self.bearer).await.ok()?;
        Some(event)
    }

    async fn seq(&self) -> Option<u64> {
        Some(self.bases.open(&self.caller, self.number).await.ok()?.seq())
    }
}

/// An event about no change: `ready`, or `reset` when everything may have changed.
fn hello(name: &str, seq: u64) -> Event {
    let data = json!({ "version": seq, "actor": null, "schema": name == "reset", "tables": null });
    Event::default().event(name).id(seq.to_string()).data(data.to_string())
}

/// The event as the caller may know it; `None`: it is about tables that are not there for the caller.
fn change(caller: &Caller, base: &Base, event: &BaseEvent) -> Option<Event> {
    let tables = event.tables.as_ref().map(|tables| {
        let entry = |(table, rows): (&u64, &ChangedRows)| {
            let table = TableNo(*table);
            let seen = Seen::of(caller, base, table)?;
            let records = match rows {
                ChangedRows::These(rows) if !seen.has_some_rows_only() => {
                    rows.iter().map(|row| table.record(engine_base::RowNo(*row)).to_string()).collect()
                }
                // Ids of rows that are not there are not told either.
                _ => Value::Null,
            };
            Some((table.id().to_string(), json!({ "records": records })))
        };
        tables.iter().filter_map(entry).collect::<Map<_, _>>()
    });
    if !event.schema && tables.as_ref().is_some_and(Map::is_empty) {
        return None;
    }
    let data =
        json!({ "version": event.seq, "actor": &*event.actor, "schema": event.schema, "tables": tables });
    Some(Event::default().event("change").id(event.seq.to_string()).data(data.to_string()))
}

//! `PUT /v1/records`.

use super::{Given, Upsert, keys};
use crate::actor::OpenBase;
use crate::http::{AppState, Versioned};
use crate::idempotency;
use crate::records::get::ShowQuery;
use crate::records::query::with_table;
use crate::records::{MAX_RECORDS, Record, cells, keys as shown_keys, write_list};
use axum::extract::State;
use bytes::Bytes;
use engine_base::{FileTexts, Keys, RecordId};
use http::{HeaderMap, StatusCode};
use kernel_core::{Caller, Capability, Code, Error};
use kernel_web::{ApiQuery, RawJson, WebError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tenancy::ApiCaller;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn router() -> OpenApiRouter<crate::Bases> {
    OpenApiRouter::new().routes(routes!(put))
}

/// Records to change where they are and to create where they are not.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UpsertBody {
    /// Table id (`tbl…`), or its name.
    #[schema(example = "tbl2kQ0000000000aB")]
    table: String,
    /// Base id (`app…`), when the table is given by name.
    base: Option<String>,
    /// One to three fields by name or id: a record of the table with the same values is the one to change.
    #[schema(min_items = 1, max_items = 3, example = json!(["Number"]))]
    key: Vec<String>,
    /// Records, at most 1,000, each with values for all fields of the key.
    #[schema(min_items = 1, max_items = 1000)]
    records: Vec<UpsertRecord>,
    /// Take texts for numbers, days, names of choices (made if missing) and of linked records.
    #[serde(default)]
    typecast: bool,
}

/// One record of an upsert.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UpsertRecord {
    /// Values by field name or id; fields that are not named stay as they are.
    #[schema(value_type = Object, example = json!({"Number": 17, "State": "Paid"}))]
    fields: Map<String, Value>,
}

/// What an upsert did.
#[derive(Serialize, ToSchema)]
struct Upserted {
    /// The records as they are now, in the order of the request.
    data: Vec<Record>,
    /// Which of them were made.
    created: Vec<String>,
    /// Which of them were there.
    updated: Vec<String>,
}

/// Changes the records that have the same key, and creates those that nobody has: all as one change, or nothing.
#[utoipa::path(put, path = "/v1/records", tag = "records", operation_id = "upsertRecords", params(ShowQuery),
    request_body = UpsertBody, responses((status = 200, body = Upserted)))]
async fn put(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    ApiQuery(query): ApiQuery<ShowQuery>,
    (headers, RawJson { value, body }): (HeaderMap, RawJson<UpsertBody>),
) -> Result<Versioned, WebError> {
    caller.require(Capability::WriteRecords)?;
    if value.records.len() > MAX_RECORDS {
        let detail = format!("has {} records; one request takes {MAX_RECORDS}", value.records.len());
        return Err(Error::field("/records", Code::TooMany, detail).into());
    }
    if value.records.is_empty() {
        return Err(Error::field("/records", Code::Required, "names no record").into());
    }
    let shown = shown_keys(query.keys.as_deref())?;
    let key = idempotency::Request::read(&headers, &caller, "PUT /v1/records", &body)?;
    let (open, table) = bases.resolve_table(&caller, value.base.as_deref(), &value.table, None).await?;
    if let Some(key) = &key
        && let Some(stored) = key.stored(&bases.0.db, &caller).await?
    {
        open.catch_up(stored.version).await?;
        let ids = stored.records.iter().filter_map(|id| id.parse().ok()).collect();
        return answer(
            &caller,
            &open,
            shown,
            Done { seq: stored.version, ids, made: stored.made, replayed: true },
        );
    }
    let upsert = open.read(|base| {
        with_table(&caller, base, table, |schema| {
            let mut errors = Vec::new();
            let records = value.records.into_iter().enumerate().map(|(index, record)| Given {
                row: None,
                cells: cells(schema, record.fields, &format!("/records/{index}"), &mut errors),
            });
            let records = records.collect();
            if !errors.is_empty() {
                return Err(Error::fields(errors));
            }
            let (keys, typecast) = (keys(schema, &value.key)?, value.typecast);
            Ok(Upsert {
                caller: caller.clone(),
                table,
                keys,
                typecast,
                clears: false,
                records,
                files: FileTexts::default(),
            })
        })
    })?;
    let key = key.map(|key| key.to_store(StatusCode::OK.as_u16()));
    let written = upsert.write(&bases, &open, key).await?;
    let made = written.change.created.iter().map(|facts| facts.table.record(facts.row).to_string()).collect();
    answer(&caller, &open, shown, Done { seq: written.seq, ids: written.rows, made, replayed: false })
}

struct Done {
    seq: u64,
    ids: Vec<RecordId>,
    made: Vec<String>,
    replayed: bool,
}

fn answer(caller: &Caller, open: &OpenBase, keys: Keys, done: Done) -> Result<Versioned, WebError> {
    let (created, updated): (Vec<String>, Vec<String>) =
        done.ids.iter().map(ToString::to_string).partition(|id| done.made.contains(id));
    let ids: Vec<_> = done.ids.iter().map(|id| (id.table, id.row)).collect();
    let mut out = open.read(|base| write_list(caller, base, &ids, keys));
    out.pop();
    let rest = serde_json::json!({"created": created, "updated": updated}).to_string();
    out.push(b',');
    out.extend_from_slice(&rest.as_bytes()[1..]);
    Ok(Versioned { status: StatusCode::OK, seq: done.seq, body: Bytes::from(out), replayed: done.replayed })
}

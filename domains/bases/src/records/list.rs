//! `GET /v1/records`.

use super::query::{Narrowing, SortInput, context, with_table};
use super::{MAX_LIMIT, Record, cursor, keys, named_fields};
use crate::http::{AppState, MinVersion, Versioned};
use crate::problem;
use axum::extract::State;
use kernel_core::{Capability, Code, Error};
use kernel_web::{ApiQuery, WebError};
use serde::Deserialize;
use tenancy::ApiCaller;
use utoipa::{IntoParams, ToSchema};

/// What to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Table id (`tbl…`), or its name.
    table: String,
    /// Base id (`app…`), when the table is given by name and several bases have one of that name.
    base: Option<String>,
    /// View id or name: its filter and sort apply.
    view: Option<String>,
    /// A condition in the expression language, e.g. `{Routes} > 100`.
    filter: Option<String>,
    /// Conditions as JSON, e.g. `{"field":"Routes","op":"gt","value":100}`.
    #[serde(rename = "where")]
    where_: Option<String>,
    /// Fields to sort by, `-` for highest first: `-Routes,Name`.
    sort: Option<String>,
    /// Text that some cell contains.
    search: Option<String>,
    /// Fields to answer with, by name or id, separated by commas.
    fields: Option<String>,
    /// Records to answer with, 1 to 100.
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Whether to count all records that match.
    count: Option<bool>,
    /// `name` (default) or `id`: how values are keyed.
    keys: Option<String>,
    /// IANA time zone in which days begin; UTC if absent.
    zone: Option<String>,
}

/// A page of records.
#[derive(serde::Serialize, ToSchema)]
struct RecordPage {
    data: Vec<Record>,
    /// For the next page; null at the end.
    next_cursor: Option<String>,
    /// All records that match, with `count=true`.
    count: Option<usize>,
}

/// Lists records of a table: filtered, sorted, a page at a time.
#[utoipa::path(get, path = "/v1/records", tag = "records", params(ListQuery), responses((status = 200, body = RecordPage)))]
pub(crate) async fn list(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    MinVersion(version): MinVersion,
    ApiQuery(query): ApiQuery<ListQuery>,
) -> Result<Versioned, WebError> {
    caller.require(Capability::ReadRecords)?;
    let limit = query.limit.unwrap_or(MAX_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(
            Error::field("?limit", Code::InvalidValue, format!("is not within 1 to {MAX_LIMIT}")).into()
        );
    }
    let keys = keys(query.keys.as_deref())?;
    let (open, table) = bases.resolve_table(&caller, query.base.as_deref(), &query.table, version).await?;
    let where_ = query.where_.as_deref().map(serde_json::from_str).transpose().map_err(|error| {
        Error::field("?where", Code::BadFilter, format!("is not JSON (column {})", error.column()))
    })?;
    let narrowing = Narrowing {
        view: query.view,
        filter: query.filter,
        where_,
        sort: query.sort.as_deref().map(SortInput::parse_list),
        search: query.search,
        zone: query.zone,
    };
    let now = bases.0.clock.now();
    let key = &bases.0.cursor_key;
    let answer = open.read(|base| {
        with_table(base, table, |schema| {
            let spec = narrowing.spec(base, schema)?;
            let fields = query.fields.as_deref().map(|fields| named_fields(schema, fields)).transpose()?;
            let after = query.cursor.as_deref().map(|text| cursor::read(key, &spec, text)).transpose()?;
            let page = base
                .list(&spec, &context(now, narrowing.zone()), after.as_ref(), limit)
                .map_err(|errors| problem::of_query(&errors))?;
            let mut out = Vec::with_capacity(64 + page.rows.len() * 768);
            out.extend_from_slice(b"{\"data\":[");
            base.write_records(table, &page.rows, keys, fields.as_deref(), &mut out);
            out.extend_from_slice(b"],\"next_cursor\":");
            match page.next {
                // Base64 needs no escape.
                Some(next) => {
                    out.extend_from_slice(format!("\"{}\"", cursor::write(key, &spec, &next)).as_bytes())
                }
                None => out.extend_from_slice(b"null"),
            }
            if query.count == Some(true) {
                let count = base.count(&spec, &context(now, narrowing.zone()));
                let count = count.map_err(|errors| problem::of_query(&errors))?;
                out.extend_from_slice(format!(",\"count\":{count}").as_bytes());
            }
            out.push(b'}');
            Ok(Versioned::ok(base.seq(), out))
        })
    })?;
    Ok(answer)
}

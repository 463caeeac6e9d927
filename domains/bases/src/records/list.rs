//! `GET /v1/records`, and `POST /v1/records/query` for what is too long for an address.

use super::expand::Extras;
use super::query::{GroupInput, Narrowing, SortInput, context, list_of, nothing_else};
use super::{MAX_LIMIT, Record, cursor, keys, named_fields};
use crate::http::{AppState, MinVersion, Versioned, tagged};
use crate::problem;
use crate::service::Bases;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use kernel_core::{Caller, Capability, Code, Error, Result};
use kernel_web::{ApiJson, ApiQuery, WebError};
use serde::Deserialize;
use serde_json::Value;
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
    /// Fields to group by, outermost first, `-` for highest first: records are sorted by them before anything else.
    group: Option<String>,
    /// Text that some cell contains.
    search: Option<String>,
    /// Fields to answer with, by name or id, separated by commas.
    fields: Option<String>,
    /// Links to answer with as records, by name or id, separated by commas; at most 3, one level deep.
    expand: Option<String>,
    /// `comment_count`: how many comments each record has.
    #[param(pattern = "^(comment_count)?$")]
    include: Option<String>,
    /// Records to answer with, 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Whether to count all records that match: `exact` or `true`.
    #[param(pattern = "^(exact|true|false)$")]
    count: Option<String>,
    /// `name` (default) or `id`: how values are keyed.
    #[param(pattern = "^(name|id)$")]
    keys: Option<String>,
    /// IANA time zone in which days begin; UTC if absent.
    zone: Option<String>,
    /// A version (the number of a change) or a time (RFC 3339): the records, fields and views as they were then. Not with
    /// `expand` and `include`; a table by its id, or by the name that it has today.
    as_of: Option<String>,
}

/// What to list, as a body: for filters that are too long for an address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueryBody {
    /// Table id (`tbl…`), or its name.
    #[schema(example = "tbl2kQ0000000000aB")]
    table: String,
    /// Base id (`app…`), when the table is given by name and several bases have one of that name.
    base: Option<String>,
    /// View id or name: its filter and sort apply.
    view: Option<String>,
    /// A condition in the expression language.
    #[schema(example = "{Stock} < 5")]
    filter: Option<String>,
    /// Conditions as a tree.
    #[serde(rename = "where")]
    #[schema(value_type = Option<Object>)]
    where_: Option<Value>,
    /// Fields to sort by.
    sort: Option<Vec<SortInput>>,
    /// Fields to group by, outermost first: records are sorted by them before anything else.
    #[schema(max_items = 4)]
    group: Option<Vec<GroupInput>>,
    /// Text that some cell contains.
    search: Option<String>,
    /// Fields to answer with, by name or id.
    fields: Option<Vec<String>>,
    /// Links to answer with as records, by name or id; at most 3, one level deep.
    #[serde(default)]
    #[schema(max_items = 3)]
    expand: Vec<String>,
    /// `comment_count`: how many comments each record has.
    #[serde(default)]
    include: Vec<String>,
    /// Records to answer with, 1 to 100.
    #[schema(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Whether to count all records that match.
    #[serde(default)]
    count: bool,
    /// `name` (default) or `id`: how values are keyed.
    keys: Option<String>,
    /// IANA time zone in which days begin; UTC if absent.
    zone: Option<String>,
    /// A version (the number of a change) or a time (RFC 3339): the records, fields and views as they were then.
    as_of: Option<String>,
}

/// A page of records.
#[derive(serde::Serialize, ToSchema)]
struct RecordPage {
    data: Vec<Record>,
    /// For the next page; null at the end.
    next_cursor: Option<String>,
    /// All records that match, with `count=exact`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    count: Option<usize>,
}

impl ListQuery {
    fn into_body(self) -> Result<QueryBody> {
        let where_ = self.where_.as_deref().map(serde_json::from_str).transpose().map_err(|error| {
            Error::field("?where", Code::BadFilter, format!("is not JSON (column {})", error.column()))
        })?;
        let count = match self.count.as_deref() {
            None | Some("false") => false,
            Some("exact" | "true") => true,
            Some(_) => return Err(Error::field("?count", Code::InvalidValue, "is neither exact nor true")),
        };
        Ok(QueryBody {
            table: self.table,
            base: self.base,
            view: self.view,
            filter: self.filter,
            where_,
            sort: self.sort.as_deref().map(SortInput::parse_list),
            group: self
                .group
                .as_deref()
                .map(|group| SortInput::parse_list(group).into_iter().map(GroupInput::from).collect()),
            search: self.search,
            fields: self.fields.map(|fields| list_of(Some(fields))),
            expand: list_of(self.expand),
            include: list_of(self.include),
            limit: self.limit,
            cursor: self.cursor,
            count,
            keys: self.keys,
            zone: self.zone,
            as_of: self.as_of,
        })
    }
}

/// Lists records of a table: filtered, sorted, a page at a time.
#[utoipa::path(get, path = "/v1/records", tag = "records", operation_id = "listRecords", params(ListQuery),
    responses((status = 200, body = RecordPage)))]
pub(crate) async fn list(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    MinVersion(version): MinVersion,
    ApiQuery(query): ApiQuery<ListQuery>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    caller.require(Capability::ReadRecords)?;
    let answer = page(&bases, &caller, version, query.into_body()?).await?;
    let seq = answer.seq;
    Ok(tagged(&headers, answer, seq))
}

/// Lists records as `GET /v1/records` does, asked by a body.
#[utoipa::path(post, path = "/v1/records/query", tag = "records", operation_id = "queryRecords", request_body = QueryBody,
    responses((status = 200, body = RecordPage)))]
pub(crate) async fn query(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    MinVersion(version): MinVersion,
    ApiJson(body): ApiJson<QueryBody>,
) -> Result<Response, WebError> {
    caller.require(Capability::ReadRecords)?;
    Ok(page(&bases, &caller, version, body).await?.into_response())
}

async fn page(bases: &Bases, caller: &Caller, version: Option<u64>, asked: QueryBody) -> Result<Versioned> {
    let limit = asked.limit.unwrap_or(MAX_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(Error::field("?limit", Code::InvalidValue, format!("is not within 1 to {MAX_LIMIT}")));
    }
    let keys = keys(asked.keys.as_deref())?;
    let as_of = asked.as_of.as_deref();
    let (reading, table) =
        bases.resolve_reading(caller, asked.base.as_deref(), &asked.table, version, as_of).await?;
    if reading.is_past() {
        nothing_else(&asked.expand, &asked.include)?;
    }
    let narrowing = Narrowing {
        view: asked.view,
        filter: asked.filter,
        where_: asked.where_,
        sort: asked.sort,
        group: asked.group,
        search: asked.search,
        zone: asked.zone,
        ..Narrowing::default()
    };
    let now = bases.0.clock.now();
    let key = &bases.0.cursor_key;
    let (mut answer, extras) = reading.with_table(caller, table, now, |base, schema, now| {
        let spec = narrowing.spec(base, schema)?;
        let extras = Extras::read(schema, &asked.expand, &asked.include)?;
        let fields =
            asked.fields.as_ref().map(|fields| named_fields(schema, &fields.join(","))).transpose()?;
        let fields = fields.or_else(|| schema.shown());
        let after = asked.cursor.as_deref().map(|text| cursor::read(key, &spec, text)).transpose()?;
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
        if asked.count {
            let count = base.count(&spec, &context(now, narrowing.zone()));
            let count = count.map_err(|errors| problem::of_query(&errors))?;
            out.extend_from_slice(format!(",\"count\":{count}").as_bytes());
        }
        out.push(b'}');
        if !extras.expand.is_empty() {
            out = with_records(&out, |records| extras.expand(caller, base, schema, keys, records))?;
        }
        Ok((Versioned::ok(base.seq(), out), extras))
    })?;
    if extras.comment_count {
        let mut whole: Value = serde_json::from_slice(&answer.body).map_err(Error::internal)?;
        if let Some(records) = whole["data"].as_array_mut() {
            bases.include_counts(caller, table, records).await?;
        }
        answer.body = serde_json::to_vec(&whole).map_err(Error::internal)?.into();
    }
    Ok(answer)
}

fn with_records(body: &[u8], change: impl FnOnce(&mut [Value])) -> Result<Vec<u8>> {
    let mut whole: Value = serde_json::from_slice(body).map_err(Error::internal)?;
    if let Some(records) = whole["data"].as_array_mut() {
        change(records);
    }
    serde_json::to_vec(&whole).map_err(Error::internal)
}

//! `GET /v0/{base}/{table}` and `POST /v0/{base}/{table}/listRecords`: the same list, asked by query or by body.
//!
//! `offset` holds how many records were given so far (for `maxRecords`) and a signed cursor of `/v1`: nothing is kept on
//! the server, so it never expires.

use super::params::ListParams;
use super::place::{V0Caller, with_table};
use super::{Answer, comments, error, formula, params, wire};
use crate::http::AppState;
use crate::records::cursor;
use crate::records::query::{Narrowing, SortInput, context, view_by_key};
use crate::service::Bases;
use crate::sight::Seen;
use axum::Json;
use axum::extract::{Path, RawQuery, State};
use engine_base::{Base, Page, QueryError, QuerySpec, SortKey, Table};
use kernel_core::secret::SigningKey;
use kernel_core::{Capability, Code, Error, Result};
use kernel_web::ApiJson;
use serde_json::{Value, json};

/// Records of a page, at most and unless fewer are asked for.
const MAX_PAGE: usize = 100;

/// By query string.
pub(super) async fn by_query(
    State(bases): AppState,
    who: V0Caller,
    Path((base, table)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Answer {
    who.caller.require(Capability::ReadRecords)?;
    let asked = params::by_query(query.as_deref())?;
    list(&bases, &who, &base, &table, asked).await
}

/// By body. `timeZone` and `userLocale` stand in the query string.
pub(super) async fn by_body(
    State(bases): AppState,
    who: V0Caller,
    Path((base, table)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    ApiJson(mut asked): ApiJson<ListParams>,
) -> Answer {
    who.caller.require(Capability::ReadRecords)?;
    let beside = params::by_query(query.as_deref())?;
    asked.time_zone = asked.time_zone.or(beside.time_zone);
    asked.user_locale = asked.user_locale.or(beside.user_locale);
    list(&bases, &who, &base, &table, asked).await
}

async fn list(bases: &Bases, who: &V0Caller, base: &str, table: &str, asked: ListParams) -> Answer {
    let (open, table) = who.table(bases, base, table).await?;
    let key = &bases.0.cursor_key;
    let now = bases.0.clock.now();
    let mut page = open.read(|base| {
        with_table(&who.caller, base, table, |schema| {
            let show = wire::Show::of(schema, &asked)?;
            let (given, limit) = bounds(&asked)?;
            if limit == 0 {
                return Ok(json!({"records": []}));
            }
            let Found { spec, page } = find(base, schema, &asked, given, limit, now, key)?;
            let rows = page.rows.iter().filter_map(|row| wire::record(base, schema, *row, &show));
            let mut answer = json!({"records": rows.collect::<Vec<Value>>()});
            let given = given.count + page.rows.len();
            if let Some(next) = page.next.filter(|_| asked.max_records.is_none_or(|most| given < most)) {
                answer["offset"] = format!("itr{given}/{}", cursor::write(key, &spec, &next)).into();
            }
            Ok(answer)
        })
    })?;
    if let Some(records) = page["records"].as_array_mut() {
        comments::count(bases, &who.caller, table, &asked, records).await?;
    }
    Ok(Json(page))
}

/// Where a list goes on.
#[derive(Clone, Copy)]
struct Given<'a> {
    count: usize,
    cursor: Option<&'a str>,
}

/// What was given before and how many records this page may have.
fn bounds(asked: &ListParams) -> Result<(Given<'_>, usize)> {
    let size = asked.page_size.unwrap_or(MAX_PAGE);
    if !(1..=MAX_PAGE).contains(&size) {
        return Err(error::invalid(format!("pageSize must be between 1 and {MAX_PAGE}.")));
    }
    let given = match asked.offset.as_deref().filter(|offset| !offset.is_empty()) {
        None => Given { count: 0, cursor: None },
        Some(offset) => offset
            .strip_prefix("itr")
            .and_then(|rest| rest.split_once('/'))
            .and_then(|(count, cursor)| Some(Given { count: count.parse().ok()?, cursor: Some(cursor) }))
            .ok_or_else(bad_offset)?,
    };
    let left = asked.max_records.map_or(size, |most| most.saturating_sub(given.count));
    Ok((given, size.min(left)))
}

fn bad_offset() -> Error {
    Error::new(Code::BadCursor).detail("The offset does not belong to this list of records.")
}

/// A page and the query that it is of.
struct Found {
    spec: QuerySpec,
    page: Page,
}

fn find(
    base: &Base,
    schema: &Seen<'_>,
    asked: &ListParams,
    given: Given<'_>,
    limit: usize,
    now: jiff::Timestamp,
    key: &SigningKey,
) -> Result<Found> {
    let mut narrowing = Narrowing { view: view(schema, asked)?, ..Narrowing::default() };
    narrowing.sort = sort(schema, asked)?;
    let formula = asked.formula.as_deref().filter(|text| !text.trim().is_empty());
    narrowing.filter = formula.map(|text| formula::translate(schema, text)).transpose()?;
    let run = |narrowing: &Narrowing| -> Result<Result<Found, Vec<QueryError>>> {
        let spec = narrowing.spec(base, schema)?;
        let after: Option<SortKey> =
            given.cursor.map(|text| cursor::read(key, &spec, text).map_err(|_| bad_offset())).transpose()?;
        let page = base.list(&spec, &context(now, narrowing.zone()), after.as_ref(), limit);
        Ok(page.map(|page| Found { spec, page }))
    };
    let found = match run(&narrowing)? {
        Err(errors) if errors.iter().any(formula::is_no_condition) => {
            // A formula that gives a text or a day keeps the records where that is not empty.
            narrowing.filter = narrowing.filter.as_deref().map(formula::as_condition);
            run(&narrowing)?
        }
        found => found,
    };
    found.map_err(|errors| formula::refusal(&errors))
}

/// The view, by id or name. `filterByFormula` and `sort` act on what it shows.
fn view(schema: &Table, asked: &ListParams) -> Result<Option<String>> {
    let Some(key) = asked.view.as_deref().filter(|key| !key.is_empty()) else { return Ok(None) };
    view_by_key(schema, key)
        .map_err(|_| Error::field("?view", Code::NotFound, "").detail(format!("View {key} not found")))?;
    Ok(Some(key.to_owned()))
}

fn sort(schema: &Table, asked: &ListParams) -> Result<Option<Vec<SortInput>>> {
    let Some(sort) = asked.sort.as_deref().filter(|sort| !sort.is_empty()) else { return Ok(None) };
    let parts = sort.iter().map(|part| {
        let field = schema.field_by_key(&part.field).ok_or_else(|| error::unknown_field(&part.field))?;
        let desc = match part.direction.as_deref() {
            None | Some("asc") => false,
            Some("desc") => true,
            Some(_) => return Err(error::invalid("The direction of a sort is asc or desc.")),
        };
        Ok(SortInput { field: schema.number().field(field.no).to_string(), desc })
    });
    parts.collect::<Result<Vec<_>>>().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_end_at_the_most_records() {
        let check = |size, most, offset: Option<&str>, expected: Option<(usize, usize)>| {
            let asked = ListParams {
                page_size: size,
                max_records: most,
                offset: offset.map(str::to_owned),
                ..ListParams::default()
            };
            let got = bounds(&asked).ok().map(|(given, limit)| (given.count, limit));
            assert_eq!(got, expected, "{size:?} {most:?} {offset:?}");
        };
        check(None, None, None, Some((0, 100)));
        check(Some(10), Some(25), None, Some((0, 10)));
        check(Some(10), Some(25), Some("itr20/abc"), Some((20, 5)));
        check(Some(10), Some(25), Some("itr25/abc"), Some((25, 0)));
        check(Some(0), None, None, None);
        check(Some(101), None, None, None);
        check(None, None, Some("abc"), None);
        check(None, None, Some("itrx/abc"), None);
    }
}

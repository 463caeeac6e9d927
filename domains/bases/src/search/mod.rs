//! Finding: a text in a table or in all tables of a base, and the different values of a field (spec D17).
//!
//! A table is read under the base's lock, one table after the other, values a stretch of rows at a time: writers wait for
//! a table at most.

use crate::http::{AppState, MinVersion, Versioned};
use crate::problem;
use crate::records::query::{Narrowing, context, with_table};
use crate::schema::{field_no, table_no};
use crate::sight::Seen;
use axum::extract::{Path, State};
use engine_base::{Base, FieldId, RowNo, TableId, TableNo};
use http::StatusCode;
use indexmap::IndexMap;
use kernel_core::{Capability, Code, Error, Result};
use kernel_web::{ApiQuery, WebError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenancy::ApiCaller;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Characters of a text to find at most.
const MAX_TEXT: usize = 200;
/// Records that a search gives of one table, at most and unless fewer are asked for.
const MAX_FOUND: usize = 100;
const FOUND: usize = 20;
/// Fields of a record that a search names.
const MAX_MATCHES: usize = 5;
/// Different values that one answer has, at most and unless fewer are asked for.
const MAX_VALUES: usize = 1_000;
const VALUES: usize = 100;
/// Different values that are told apart; a field with more is not what this is for.
const MAX_DISTINCT: usize = 100_000;
/// Rows read under one lock.
const STRETCH: usize = 20_000;

pub(crate) fn router() -> OpenApiRouter<crate::Bases> {
    OpenApiRouter::new().routes(routes!(in_table)).routes(routes!(in_base)).routes(routes!(values))
}

/// What to find.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SearchQuery {
    /// The text that some cell contains, without regard to case.
    #[param(min_length = 1, max_length = 200, example = "berlin")]
    q: String,
    /// Records to answer with of each table, 1 to 100; 20 if absent.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
}

/// A record that has the text.
#[derive(Serialize, ToSchema)]
struct Found {
    /// `rec…`.
    id: String,
    /// What the record is called: the text of its primary field.
    name: String,
    /// Where the text is; the first five fields.
    matches: Vec<Match>,
}

/// A cell that has the text.
#[derive(Serialize, ToSchema)]
struct Match {
    #[schema(value_type = String)]
    field: FieldId,
    /// The field's name.
    name: String,
    /// The cell as text.
    text: String,
}

/// Records of one table that have the text.
#[derive(Serialize, ToSchema)]
struct FoundInTable {
    #[schema(value_type = String)]
    table: TableId,
    /// The table's name.
    name: String,
    /// How many records have the text.
    count: usize,
    /// The first of them.
    records: Vec<Found>,
}

/// What was found in a base, by table.
#[derive(Serialize, ToSchema)]
struct FoundInBase {
    /// Tables that have the text, in their order.
    data: Vec<FoundInTable>,
}

impl SearchQuery {
    fn check(&self) -> Result<(String, usize)> {
        let text = self.q.trim();
        if text.is_empty() {
            return Err(Error::field("?q", Code::Required, "is empty"));
        }
        if text.chars().count() > MAX_TEXT {
            return Err(Error::field("?q", Code::TooLong, format!("is longer than {MAX_TEXT} characters")));
        }
        let limit = self.limit.unwrap_or(FOUND);
        if !(1..=MAX_FOUND).contains(&limit) {
            let detail = format!("is not within 1 to {MAX_FOUND}");
            return Err(Error::field("?limit", Code::InvalidValue, detail));
        }
        Ok((text.to_owned(), limit))
    }
}

fn found(
    base: &Base,
    seen: &Seen<'_>,
    (text, limit): (&str, usize),
    now: jiff::Timestamp,
) -> Result<FoundInTable> {
    let narrowing = Narrowing { search: Some(text.to_owned()), ..Narrowing::default() };
    let spec = narrowing.spec(base, seen)?;
    let context = context(now, "UTC");
    let refused = |errors: Vec<engine_base::QueryError>| problem::of_query(&errors);
    let page = base.list(&spec, &context, None, limit).map_err(refused)?;
    let count = match page.next {
        None => page.rows.len(),
        Some(_) => base.count(&spec, &context).map_err(refused)?,
    };
    let (number, needle) = (seen.number(), text.to_lowercase());
    let records = page.rows.iter().map(|row| Found {
        id: number.record(*row).to_string(),
        name: base.record_name(number, *row),
        matches: matches(base, seen, *row, &needle),
    });
    Ok(FoundInTable { table: number.id(), name: seen.head.name.clone(), count, records: records.collect() })
}

fn matches(base: &Base, seen: &Seen<'_>, row: RowNo, needle: &str) -> Vec<Match> {
    let number = seen.number();
    let cell = |field: &engine_base::Field| {
        let mut text = String::new();
        base.write_text(number, row, field.no, &mut text);
        let found = text.to_lowercase().contains(needle);
        found.then(|| Match { field: number.field(field.no), name: field.name.clone(), text })
    };
    seen.fields.iter().filter_map(cell).take(MAX_MATCHES).collect()
}

/// Finds a text in a table.
#[utoipa::path(get, path = "/v1/tables/{table}/search", tag = "search", operation_id = "searchTable",
    params(("table" = String, Path, description = "Table id, tbl…"), SearchQuery),
    responses((status = 200, body = FoundInTable)))]
async fn in_table(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    MinVersion(version): MinVersion,
    Path(table): Path<String>,
    ApiQuery(query): ApiQuery<SearchQuery>,
) -> Result<Versioned, WebError> {
    caller.require(Capability::ReadRecords)?;
    let (text, limit) = query.check()?;
    let table = table_no(&table)?;
    let open = bases.open_table(&caller, table, version).await?;
    let now = bases.0.clock.now();
    let (seq, answer) = open.read(|base| {
        let answer = with_table(&caller, base, table, |seen| found(base, seen, (&text, limit), now))?;
        Ok::<_, Error>((base.seq(), answer))
    })?;
    Ok(Versioned::json(StatusCode::OK, seq, &answer)?)
}

/// Finds a text in all tables of a base.
#[utoipa::path(get, path = "/v1/bases/{base}/search", tag = "search", operation_id = "searchBase",
    params(("base" = String, Path, description = "Base id, app…"), SearchQuery),
    responses((status = 200, body = FoundInBase)))]
async fn in_base(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    MinVersion(version): MinVersion,
    Path(base): Path<String>,
    ApiQuery(query): ApiQuery<SearchQuery>,
) -> Result<Versioned, WebError> {
    caller.require(Capability::ReadRecords)?;
    let (text, limit) = query.check()?;
    let number = crate::catalog::api::base_id(&base)?.0;
    let open = bases.open_at(&caller, number, version).await?;
    let now = bases.0.clock.now();
    let (seq, tables): (u64, Vec<TableNo>) =
        open.read(|base| (base.seq(), Seen::all(&caller, base).map(|seen| seen.number()).collect()));
    let mut data = Vec::new();
    for table in tables {
        let one = open.read(|base| {
            Seen::of(&caller, base, table).map(|seen| found(base, &seen, (&text, limit), now)).transpose()
        })?;
        data.extend(one.filter(|one| one.count > 0));
        tokio::task::yield_now().await;
    }
    Ok(Versioned::json(StatusCode::OK, seq, &FoundInBase { data })?)
}

/// Which values.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ValuesQuery {
    /// View id or name: its filter applies.
    view: Option<String>,
    /// A condition in the expression language.
    filter: Option<String>,
    /// Conditions as JSON.
    #[serde(rename = "where")]
    where_: Option<String>,
    /// Text that some cell of the record contains.
    search: Option<String>,
    /// IANA time zone in which days begin; UTC if absent.
    zone: Option<String>,
    /// Values to answer with, 1 to 1,000; 100 if absent.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// A value and how many records have it.
#[derive(Serialize, ToSchema)]
struct Counted {
    /// As records have it: a select by its name, a link as `{"id", "name"}`.
    #[schema(value_type = serde_json::Value)]
    value: Value,
    count: usize,
}

/// The different values of a field, most frequent first.
#[derive(Serialize, ToSchema)]
struct FieldValues {
    data: Vec<Counted>,
    /// How many different values there are.
    distinct: usize,
    /// Records without a value.
    empty: usize,
    /// Records that were looked at.
    total: usize,
}

/// The different values of a field with how many records have each; of lists each part is a value.
#[utoipa::path(get, path = "/v1/fields/{field}/values", tag = "search", operation_id = "listFieldValues",
    params(("field" = String, Path, description = "Field id, fld…"), ValuesQuery),
    responses((status = 200, body = FieldValues)))]
async fn values(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    MinVersion(version): MinVersion,
    Path(field): Path<String>,
    ApiQuery(query): ApiQuery<ValuesQuery>,
) -> Result<Versioned, WebError> {
    caller.require(Capability::ReadRecords)?;
    let limit = query.limit.unwrap_or(VALUES);
    if !(1..=MAX_VALUES).contains(&limit) {
        let detail = format!("is not within 1 to {MAX_VALUES}");
        return Err(Error::field("?limit", Code::InvalidValue, detail).into());
    }
    let (table, no) = field_no(&field)?;
    let where_ = query.where_.as_deref().map(serde_json::from_str).transpose().map_err(|error| {
        Error::field("?where", Code::BadFilter, format!("is not JSON (column {})", error.column()))
    })?;
    let (view, filter) = (query.view, query.filter);
    let narrowing =
        Narrowing { view, filter, where_, search: query.search, zone: query.zone, ..Narrowing::default() };
    let open = bases.open_table(&caller, table, version).await?;
    let now = bases.0.clock.now();
    let mut counts = Counts::default();
    let mut after = None;
    let seq = loop {
        let (seq, next) = open.read(|base| {
            with_table(&caller, base, table, |seen| {
                seen.field(no).ok_or_else(Error::not_found)?;
                let spec = narrowing.spec(base, seen)?;
                let page = base
                    .list(&spec, &context(now, narrowing.zone()), after.as_ref(), STRETCH)
                    .map_err(|errors| problem::of_query(&errors))?;
                let mut bytes = Vec::new();
                for row in &page.rows {
                    bytes.clear();
                    base.write_cell(table, no, &base.cell(table, *row, no), &mut bytes);
                    counts.add(&bytes)?;
                }
                Ok((base.seq(), page.next))
            })
        })?;
        match next {
            Some(next) => after = Some(next),
            None => break seq,
        }
        tokio::task::yield_now().await;
    };
    let names = open.read(|base| {
        with_table(&caller, base, table, |seen| {
            Ok(seen.field(no).map(|field| field.kind.options()["choices"].clone()).unwrap_or_default())
        })
    })?;
    Ok(Versioned::json(StatusCode::OK, seq, &counts.answer(&names, limit))?)
}

/// Values by their JSON text.
#[derive(Default)]
struct Counts {
    by_text: IndexMap<Vec<u8>, usize>,
    empty: usize,
    total: usize,
}

impl Counts {
    fn add(&mut self, cell: &[u8]) -> Result<()> {
        self.total += 1;
        match cell {
            b"null" | b"[]" | b"\"\"" => self.empty += 1,
            [b'[', ..] => {
                let parts: Vec<Box<serde_json::value::RawValue>> =
                    serde_json::from_slice(cell).map_err(Error::internal)?;
                parts.iter().for_each(|part| self.count(part.get().as_bytes()));
            }
            one => self.count(one),
        }
        if self.by_text.len() > MAX_DISTINCT {
            let detail =
                format!("The field has more than {MAX_DISTINCT} different values; narrow the query.");
            return Err(Error::new(Code::LimitReached).detail(detail));
        }
        Ok(())
    }

    fn count(&mut self, value: &[u8]) {
        match self.by_text.get_mut(value) {
            Some(count) => *count += 1,
            None => drop(self.by_text.insert(value.to_vec(), 1)),
        }
    }

    /// Most frequent first, then in the order of their text; choices by name.
    fn answer(mut self, choices: &Value, limit: usize) -> FieldValues {
        let distinct = self.by_text.len();
        self.by_text.sort_by(|a, count_a, b, count_b| count_b.cmp(count_a).then_with(|| a.cmp(b)));
        let named = |value: Value| {
            let known = choices.as_array().into_iter().flatten().find(|choice| choice["id"] == value);
            known.map_or(value, |choice| choice["name"].clone())
        };
        let data = self.by_text.into_iter().take(limit).map(|(text, count)| Counted {
            value: named(serde_json::from_slice(&text).unwrap_or_default()),
            count,
        });
        FieldValues { data: data.collect(), distinct, empty: self.empty, total: self.total }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_counted_by_their_text() {
        let mut counts = Counts::default();
        for cell in
            ["\"selB\"", "\"selA\"", "null", "\"selB\"", "[{\"id\":\"rec1\"},{\"id\":\"rec2\"}]", "[]", "5"]
        {
            counts.add(cell.as_bytes()).unwrap();
        }
        let choices = json!([{"id": "selA", "name": "Open"}, {"id": "selB", "name": "Shut"}]);
        let answer = counts.answer(&choices, 2);
        assert_eq!((answer.distinct, answer.empty, answer.total), (5, 2, 7));
        let data: Vec<(Value, usize)> = answer.data.into_iter().map(|one| (one.value, one.count)).collect();
        assert_eq!(data, [(json!("Shut"), 2), (json!("Open"), 1)]);
    }
}

//! From parameters to a query: which table, which rows, which order, which fields. Shared by lists, windows, totals, exports.

use super::named_fields;
use crate::actor::OpenBase;
use crate::catalog;
use crate::past::Reading;
use crate::problem;
use crate::service::Bases;
use crate::sight::Seen;
use engine_base::{
    Base, Condition, FieldNo, Group, MAX_GROUPS, Need, Op, QueryContext, QuerySpec, Sort, SortBy, Table,
    TableNo, View, ViewId,
};
use kernel_core::{Caller, Code, Error, Level, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// Fields of a sort at most.
pub(crate) const MAX_SORTS: usize = 10;

/// What narrows and orders the rows of a table, from wherever it came. `None` leaves what the view says.
#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub(crate) struct Narrowing {
    /// A view of the table: its filter and sort apply. Id (`viw…`) or name.
    pub(crate) view: Option<String>,
    /// A condition in the expression language; holds in addition to the view's.
    pub(crate) filter: Option<String>,
    /// Conditions as a tree; hold in addition to the view's.
    #[serde(rename = "where")]
    pub(crate) where_: Option<Value>,
    /// Replaces the view's sort; and its groups, unless `group` is said.
    pub(crate) sort: Option<Vec<SortInput>>,
    /// Replaces the view's groups, outermost first, at most 4: records are sorted by them before anything else.
    #[schema(max_items = 4)]
    pub(crate) group: Option<Vec<GroupInput>>,
    /// Text that some cell contains.
    pub(crate) search: Option<String>,
    /// IANA time zone in which days begin; UTC if absent.
    pub(crate) zone: Option<String>,
    /// Whether `group` is the view's own, as far as the caller sees it.
    #[serde(skip)]
    pub(crate) is_of_view: bool,
}

/// One field of a sort.
#[derive(Clone, Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SortInput {
    /// Field id or name.
    pub(crate) field: String,
    /// Highest first.
    #[serde(default)]
    pub(crate) desc: bool,
}

/// One level of groups.
#[derive(Clone, Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupInput {
    /// Field id or name.
    pub(crate) field: String,
    /// Highest first.
    #[serde(default)]
    pub(crate) desc: bool,
    /// Leaves out records without a value in it.
    #[serde(default)]
    pub(crate) hide_empty: bool,
}

impl From<SortInput> for GroupInput {
    fn from(SortInput { field, desc }: SortInput) -> Self {
        Self { field, desc, hide_empty: false }
    }
}

impl SortInput {
    /// `-Routes,Name` as parts.
    pub(crate) fn parse_list(text: &str) -> Vec<Self> {
        text.split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(|part| match part.strip_prefix('-') {
                Some(field) => Self { field: field.to_owned(), desc: true },
                None => Self { field: part.to_owned(), desc: false },
            })
            .collect()
    }
}

impl Narrowing {
    pub(crate) fn zone(&self) -> &str {
        self.zone.as_deref().unwrap_or("UTC")
    }

    /// The query for one table of the base.
    ///
    /// # Errors
    /// `bad_filter`, `bad_sort`, `not_found` (view).
    pub(crate) fn spec(&self, base: &Base, table: &Seen<'_>) -> Result<QuerySpec> {
        let number = table.number();
        let mut spec = match self.view.as_deref() {
            Some(key) => {
                let view = view_by_key(table, key)?;
                let id = number.view(view.no);
                // Other groups leave out other records.
                let query = if self.group.is_some() && !self.is_of_view {
                    base.view_query_ungrouped(id)
                } else {
                    base.view_query(id)
                };
                query.map_err(|errors| problem::of_query(&errors))?
            }
            None => QuerySpec::all(number),
        };
        if let Some(where_) = &self.where_ {
            let mine = Condition::parse(where_, table).map_err(|errors| problem::of_query(&errors))?;
            spec.condition = Some(match spec.condition.take() {
                Some(views) => Condition::And(vec![views, mine]),
                None => mine,
            });
        }
        if let Some(filter) = self.filter.as_deref().filter(|filter| !filter.trim().is_empty()) {
            table.check_filter(filter)?;
            spec.filter = Some(match spec.filter.take() {
                // The caller's first: a mistake in it is reported where it stands, one bracket further on.
                Some(views) => format!("({filter}) and ({views})"),
                None => filter.to_owned(),
            });
        }
        if let Some(sort) = &self.sort {
            spec.sort = sorts(table, sort)?;
        }
        if let Some(group) = &self.group {
            self.regroup(base, table, group, &mut spec)?;
        }
        if let Some(search) = self.search.as_deref().map(str::trim).filter(|search| !search.is_empty()) {
            spec.search = Some(search.to_owned());
        }
        table.narrow(&mut spec)?;
        Ok(spec)
    }

    /// The same with its groups said: those of the view, as far as the caller sees them, if none are.
    ///
    /// # Errors
    /// `not_found` (view).
    pub(crate) fn grouped(&self, table: &Seen<'_>) -> Result<Self> {
        let mut grouped = self.clone();
        if let (None, Some(key)) = (&self.group, self.view.as_deref()) {
            let group = view_by_key(table, key)?.config.group.iter();
            let input = |group: &Group| GroupInput {
                field: group.field.to_string(),
                desc: group.desc,
                hide_empty: group.hide_empty,
            };
            grouped.group = Some(group.map(input).collect());
            grouped.is_of_view = true;
        }
        Ok(grouped)
    }

    fn regroup(
        &self,
        base: &Base,
        table: &Seen<'_>,
        group: &[GroupInput],
        spec: &mut QuerySpec,
    ) -> Result<()> {
        let fields = groups(table, group)?;
        let rest = match (&self.sort, self.view.as_deref()) {
            (None, Some(key)) => {
                // The view's sort without its groups; also by what the caller does not see, as without groups.
                let no = view_by_key(table, key)?.no;
                let whole = base.schema().table(spec.table).and_then(|table| table.view(no));
                let sort = whole.map(|view| view.config.sort.as_slice()).unwrap_or_default();
                sort.iter()
                    .map(|sort| Sort { by: SortBy::Field(sort.field.field), desc: sort.desc })
                    .collect()
            }
            _ => std::mem::take(&mut spec.sort),
        };
        spec.sort.clear();
        let said =
            fields.iter().zip(group).map(|(no, group)| Sort { by: SortBy::Field(*no), desc: group.desc });
        for sort in said.chain(rest) {
            if spec.sort.iter().all(|known| known.by != sort.by) {
                spec.sort.push(sort);
            }
        }
        // What the view's own groups leave out is left out by its query, also by groups that the caller does not see.
        let filled = fields.iter().zip(group).filter(|(_, group)| group.hide_empty && !self.is_of_view);
        let filled =
            filled.map(|(no, _)| Condition::Test { field: *no, op: Op::IsNotEmpty, value: Value::Null });
        let mut all: Vec<Condition> = filled.collect();
        if !all.is_empty() {
            all.extend(spec.condition.take());
            spec.condition = Some(Condition::And(all));
        }
        Ok(())
    }
}

/// The fields of groups. One that the caller does not see is as unknown as in a sort.
fn groups(table: &Table, inputs: &[GroupInput]) -> Result<Vec<FieldNo>> {
    if inputs.len() > MAX_GROUPS {
        return Err(Error::field("group", Code::TooMany, format!("has more than {MAX_GROUPS} fields")));
    }
    let mut fields = Vec::with_capacity(inputs.len());
    for input in inputs {
        let refuse = |code, detail: String| Error::field("group", code, detail.clone()).detail(detail);
        let Some(field) = table.field_by_key(&input.field) else {
            let detail = format!("There is no field {} in {}.", input.field, table.head.name);
            return Err(refuse(Code::BadSort, detail));
        };
        if !Need::Group.fits(table, field) {
            let detail = format!("Records can't be grouped by {}: it holds lists.", field.name);
            return Err(refuse(Code::InvalidValue, detail));
        }
        if fields.contains(&field.no) {
            return Err(refuse(Code::InvalidValue, format!("{} is named twice.", field.name)));
        }
        fields.push(field.no);
    }
    Ok(fields)
}

fn sorts(table: &Table, inputs: &[SortInput]) -> Result<Vec<Sort>> {
    if inputs.len() > MAX_SORTS {
        return Err(Error::field("sort", Code::TooMany, format!("has more than {MAX_SORTS} fields")));
    }
    let sort = |input: &SortInput| {
        let by = match input.field.as_str() {
            "created_at" => SortBy::CreatedTime,
            "updated_at" => SortBy::UpdatedTime,
            key => SortBy::Field(table.field_by_key(key)?.no),
        };
        Some(Sort { by, desc: input.desc })
    };
    inputs
        .iter()
        .map(|input| {
            sort(input).ok_or_else(|| {
                let detail = format!("There is no field {} in {}.", input.field, table.head.name);
                Error::field("sort", Code::BadSort, detail.clone()).detail(detail)
            })
        })
        .collect()
}

/// The view that a caller means by id or name.
pub(crate) fn view_by_key<'a>(table: &'a Table, key: &str) -> Result<&'a View> {
    let by_id =
        key.parse::<ViewId>().ok().filter(|id| id.table == table.number()).and_then(|id| table.view(id.view));
    by_id
        .or_else(|| table.view_by_name(key))
        .ok_or_else(|| Error::not_found().detail(format!("{} has no view {key}.", table.head.name)))
}

/// Parts of a text, separated by commas.
pub(crate) fn list_of(text: Option<String>) -> Vec<String> {
    let text = text.unwrap_or_default();
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Fields to show: those asked for; else those of the view in its order; else all.
pub(crate) fn shown_fields(table: &Table, view: Option<&str>, fields: Option<&str>) -> Result<Vec<FieldNo>> {
    if let Some(fields) = fields.filter(|fields| !fields.is_empty()) {
        return named_fields(table, fields);
    }
    let all = table.fields.iter().map(|field| field.no);
    let Some(view) = view else { return Ok(all.collect()) };
    let config = &view_by_key(table, view)?.config;
    let mut ordered: Vec<FieldNo> =
        config.order.iter().map(|id| id.field).filter(|no| table.field(*no).is_some()).collect();
    for field in all {
        if !ordered.contains(&field) {
            ordered.push(field);
        }
    }
    ordered.retain(|no| !config.hidden.iter().any(|hidden| hidden.field == *no));
    Ok(ordered)
}

/// Runs with a table of an open base, as the caller sees it.
pub(crate) fn with_table<T>(
    caller: &Caller,
    base: &Base,
    table: TableNo,
    run: impl FnOnce(&Seen<'_>) -> Result<T>,
) -> Result<T> {
    run(&Seen::of(caller, base, table).ok_or_else(Error::not_found)?)
}

pub(crate) fn context<'a>(now: jiff::Timestamp, zone: &'a str) -> QueryContext<'a> {
    QueryContext { now_us: now.as_microsecond(), zone }
}

/// What a look at the past can't be joined with: it says something of today.
///
/// # Errors
/// `invalid_value`.
pub(crate) fn nothing_else(expand: &[String], include: &[String]) -> Result<()> {
    let given = [("?expand", expand), ("?include", include)].into_iter().find(|(_, list)| !list.is_empty());
    match given {
        None => Ok(()),
        Some((name, _)) => Err(Error::field(name, Code::InvalidValue, "can't be joined with as_of")),
    }
}

impl Bases {
    /// As [`resolve_table`](Self::resolve_table), to be read as of a moment. A table that is deleted now is found by its id.
    pub(crate) async fn resolve_reading(
        &self,
        caller: &Caller,
        base: Option<&str>,
        table: &str,
        version: Option<u64>,
        as_of: Option<&str>,
    ) -> Result<(Reading, TableNo)> {
        if let Ok(id) = table.parse::<engine_base::TableId>() {
            return Ok((self.reading_table(caller, id.0, version, as_of).await?, id.0));
        }
        let (open, table) = self.resolve_table(caller, base, table, version).await?;
        Ok((self.reading(caller, open, as_of).await?, table))
    }

    /// The table that a request names: an id; or a name, with `base`, or alone when the caller's bases have one such table.
    pub(crate) async fn resolve_table(
        &self,
        caller: &Caller,
        base: Option<&str>,
        table: &str,
        version: Option<u64>,
    ) -> Result<(Arc<OpenBase>, TableNo)> {
        if let Ok(id) = table.parse::<engine_base::TableId>() {
            return Ok((self.open_table(caller, id.0, version).await?, id.0));
        }
        let base = base.map(catalog::api::base_id).transpose()?.map(|base| base.0);
        let found = catalog::tables_by_name(&self.0.db, caller.tenant, table).await?;
        let found: Vec<(u64, TableNo)> = found
            .into_iter()
            .filter(|(number, table)| caller.table(*number, table.0) > Level::None)
            .filter(|(number, _)| base.is_none_or(|base| base == *number))
            .collect();
        match found.as_slice() {
            [(_, table)] => Ok((self.open_table(caller, *table, version).await?, *table)),
            [] => Err(Error::not_found().detail(format!("There is no table {table}."))),
            _ => Err(Error::field(
                "?base",
                Code::Required,
                format!("Several bases have a table {table}: name the base"),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SortInput;

    #[test]
    fn sort_lists() {
        let parts: Vec<_> = SortInput::parse_list("-Routes, Name,,")
            .into_iter()
            .map(|part| (part.field, part.desc))
            .collect();
        assert_eq!(parts, [("Routes".to_owned(), true), ("Name".to_owned(), false)]);
    }
}

//! Lines of a grouped view: a heading for each group, then the records in it, unless the group is collapsed. Groups are the
//! caller's: a field that is not there for them divides nothing, also where the view is grouped by it.

use crate::problem;
use crate::records::query::{Narrowing, context};
use crate::sight::Seen;
use engine_base::{
    Aggregate, AggregateValue, Base, FieldNo, Folded, GroupKey, GroupLine, Grouping, Line, QuerySpec, SortBy,
    Table,
};
use indexmap::IndexMap;
use kernel_core::{Code, Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

/// Groups that a request names, at most.
const MAX_KEYS: usize = 1_000;

/// Whether to show groups, and which of them closed.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct Shown {
    /// Answers with lines: headings of groups and records.
    pub(crate) lines: bool,
    /// Keys of groups of which only the heading shows; at most 1,000. All others show their records.
    #[schema(max_items = 1000)]
    collapsed: Option<Vec<String>>,
    /// Keys of groups that show their records; at most 1,000. Of all others only the heading shows.
    #[schema(max_items = 1000)]
    expanded: Option<Vec<String>>,
}

/// A heading.
#[derive(Serialize, ToSchema)]
pub(super) struct GroupAnswer {
    /// From 0, the outermost.
    level: usize,
    /// Names the group as long as its values are what they are: for `collapsed` and `expanded`.
    key: String,
    /// What it stands for, from the outermost level to its own, in the form of the rows.
    values: Vec<Value>,
    /// Its records.
    count: usize,
    /// Place of its first record among all.
    first: usize,
    /// Whether its records are left out of the lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    collapsed: Option<bool>,
    /// By field id: a number, a day, or null where there is nothing to total.
    #[schema(value_type = Object)]
    totals: Map<String, Value>,
}

/// A line: a record as `["rec…", value …]`, or the heading of a group.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "says the form of what is written without it")]
pub(super) enum LineAnswer {
    Record(Vec<Value>),
    Group(GroupAnswer),
}

impl Shown {
    /// # Errors
    /// `too_many`, `invalid_value` with their places.
    pub(crate) fn folded(&self) -> Result<Folded> {
        let keys = |member: &str, list: &[String]| -> Result<Vec<GroupKey>> {
            if list.len() > MAX_KEYS {
                let detail = format!("names more than {MAX_KEYS} groups");
                return Err(Error::field(format!("/{member}"), Code::TooMany, detail));
            }
            let mut keys = Vec::with_capacity(list.len());
            for (index, text) in list.iter().enumerate() {
                keys.push(text.parse::<GroupKey>().map_err(|()| {
                    Error::field(format!("/{member}/{index}"), Code::InvalidValue, "is no key of a group")
                })?);
            }
            // The same groups are the same question.
            keys.sort_unstable();
            keys.dedup();
            Ok(keys)
        };
        match (&self.collapsed, &self.expanded) {
            (Some(_), Some(_)) => {
                Err(Error::field("/expanded", Code::InvalidValue, "can't be said together with collapsed"))
            }
            (_, Some(list)) => Ok(Folded::AllBut(keys("expanded", list)?)),
            (list, None) => Ok(Folded::Only(keys("collapsed", list.as_deref().unwrap_or_default())?)),
        }
    }
}

/// The totals that are asked for.
///
/// # Errors
/// `unknown_field` with its place below `member`.
pub(super) fn totals(
    table: &Table,
    member: &str,
    asked: &IndexMap<String, Aggregate>,
) -> Result<Vec<(FieldNo, Aggregate)>> {
    let find = |(key, aggregate): (&String, &Aggregate)| {
        let field = table.field_by_key(key).ok_or_else(|| {
            let at = format!("/{member}/{}", problem::escape(key));
            Error::field(at, Code::UnknownField, format!("There is no field {key}."))
        })?;
        Ok((field.no, *aggregate))
    };
    asked.iter().map(find).collect()
}

/// A total as it is answered.
pub(super) fn json(value: AggregateValue) -> Value {
    match value {
        AggregateValue::None => Value::Null,
        AggregateValue::Count(count) => json!(count),
        AggregateValue::Number(number) => json!(number),
        AggregateValue::Text(text) => json!(text),
    }
}

/// The query of a narrowing that says its groups, and how it is shown.
///
/// # Errors
/// Those of the query.
pub(super) fn grouping(
    base: &Base,
    table: &Seen<'_>,
    narrowing: &Narrowing,
    folded: Folded,
    totals: Vec<(FieldNo, Aggregate)>,
) -> Result<(QuerySpec, Grouping)> {
    let levels = narrowing.group.as_ref().map_or(0, Vec::len);
    Ok((narrowing.spec(base, table)?, Grouping { levels, folded, totals }))
}

/// Lines that are asked for.
pub(super) struct Asked<'a> {
    pub(super) narrowing: &'a Narrowing,
    pub(super) shown: &'a Shown,
    pub(super) totals: &'a IndexMap<String, Aggregate>,
}

impl Asked<'_> {
    /// The answer: lines with these fields of records; without any, headings alone, as `groups`.
    ///
    /// # Errors
    /// Those of the query; `required` when headings are asked for and there are no groups.
    pub(super) fn write(
        &self,
        base: &Base,
        table: &Seen<'_>,
        now: jiff::Timestamp,
        fields: Option<&[FieldNo]>,
        (offset, limit): (usize, usize),
    ) -> Result<Vec<u8>> {
        let narrowing = self.narrowing.grouped(table)?;
        let wanted = totals(table, "totals", self.totals)?;
        let folded = if fields.is_some() { self.shown.folded()? } else { Folded::Records };
        let (spec, grouping) = grouping(base, table, &narrowing, folded, wanted)?;
        if fields.is_none() && grouping.levels == 0 {
            return Err(Error::field(
                "/group",
                Code::Required,
                "says by which fields: the view has no groups",
            ));
        }
        let found = base
            .lines(&spec, &context(now, narrowing.zone()), &grouping, offset, limit)
            .map_err(|errors| problem::of_query(&errors))?;
        let number = table.number();
        let levels: Vec<FieldNo> = spec
            .sort
            .iter()
            .take(grouping.levels)
            .filter_map(|sort| if let SortBy::Field(field) = sort.by { Some(field) } else { None })
            .collect();
        let ids = |fields: &[FieldNo]| -> Vec<String> {
            fields.iter().map(|field| number.field(*field).to_string()).collect()
        };
        let mut head = json!({
            "version": base.seq(), "total": found.total, "records": found.rows, "offset": offset, "group": ids(&levels),
        });
        if let Some(fields) = fields {
            head["place"] = found.place.into();
            head["fields"] = ids(fields).into();
        }
        let mut out = Vec::with_capacity(256 + found.lines.len() * (64 + 16 * fields.map_or(0, <[_]>::len)));
        out.extend_from_slice(head.to_string().trim_end_matches('}').as_bytes());
        out.extend_from_slice(if fields.is_some() { b",\"lines\":[" } else { b",\"groups\":[" });
        for (index, line) in found.lines.into_iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            match line {
                Line::Row(row) => {
                    base.write_window_row(number, row, fields.unwrap_or_default(), &mut out);
                }
                Line::Group(group) => {
                    let heading = heading(base, table, group, &levels, &grouping.totals, fields.is_some())?;
                    serde_json::to_writer(&mut out, &heading).map_err(Error::internal)?;
                }
            }
        }
        out.extend_from_slice(b"]}");
        Ok(out)
    }
}

fn heading(
    base: &Base,
    table: &Table,
    group: GroupLine,
    levels: &[FieldNo],
    wanted: &[(FieldNo, Aggregate)],
    folds: bool,
) -> Result<GroupAnswer> {
    let number = table.number();
    let mut values = Vec::with_capacity(64);
    base.write_values(number, group.row, &levels[..=group.level], &mut values);
    let totals = wanted.iter().zip(group.totals);
    Ok(GroupAnswer {
        level: group.level,
        key: group.key.to_string(),
        values: serde_json::from_slice(&values).map_err(Error::internal)?,
        count: group.count,
        first: group.first,
        collapsed: folds.then_some(group.is_folded),
        totals: totals.map(|((field, _), value)| (number.field(*field).to_string(), json(value))).collect(),
    })
}

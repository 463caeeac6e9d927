//! A page of a shared view: names, values as people read them, nothing of what the view or its maker does not show.
//!
//! Pages go on after a record, not by a cursor of sort values: those could be of a hidden field.

use super::PAGE;
use super::service::Shared;
use super::views::{Column, Pill, SharedView, Shown};
use crate::collections::FieldFormat;
use crate::problem;
use crate::records::query::{Narrowing, context, shown_fields, with_table};
use crate::service::Bases;
use crate::sight::Seen;
use engine_base::{Base, Field, FieldKind, FieldNo, QuerySpec, RecordId, RowNo};
use engine_expr::Value as Held;
use kernel_core::{Error, Result, UserId};
use std::collections::{BTreeSet, HashMap};

/// The query and the fields of the view, as its maker sees them.
pub(super) fn asked(shared: &Shared, base: &Base, table: &Seen<'_>) -> Result<(QuerySpec, Vec<FieldNo>)> {
    let view = shared.share.view.to_string();
    let narrowing = Narrowing { view: Some(view.clone()), ..Narrowing::default() };
    Ok((narrowing.spec(base, table)?, shown_fields(table, Some(&view), None)?))
}

/// The days or moments of a view among its shown fields: those of its type's part, or the first. (Begin, end.)
pub(super) fn times(
    shared: &Shared,
    table: &Seen<'_>,
    fields: &[FieldNo],
) -> Option<(FieldNo, Option<FieldNo>)> {
    let view = table.view(shared.share.view.view)?;
    let is_time = |no: &FieldNo| {
        fields.contains(no)
            && table.field(*no).is_some_and(|field| {
                matches!(FieldFormat::of(field.value_kind()), FieldFormat::Date | FieldFormat::DateTime(_))
            })
    };
    let named = match (view.kind.as_str(), &view.config.calendar, &view.config.gantt) {
        ("calendar", Some(calendar), _) => (calendar.field, calendar.end),
        ("gantt", _, Some(gantt)) => (gantt.start, gantt.end),
        _ => (None, None),
    };
    let shown = |id: Option<engine_base::FieldId>| id.map(|id| id.field).filter(is_time);
    match shown(named.0) {
        Some(start) => Some((start, shown(named.1))),
        None => fields.iter().copied().find(is_time).map(|start| (start, None)),
    }
}

impl Bases {
    /// The page of the view after a record; the first one without, or when the record is not in the view any more.
    ///
    /// # Errors
    /// `bad_filter` when the view's filter no longer fits; `link_expired`.
    pub(super) async fn sheet(
        &self,
        shared: &Shared,
        here: String,
        after: Option<RecordId>,
    ) -> Result<SharedView> {
        let now = self.0.clock.now();
        let number = shared.share.view.table;
        let mut view = shared.open.read(|base| {
            with_table(&shared.caller, base, number, |table| {
                let found = table.view(shared.share.view.view).ok_or_else(Error::not_found)?;
                let (spec, fields) = asked(shared, base, table)?;
                let context = context(now, "UTC");
                let mistakes = |errors: Vec<_>| problem::of_query(&errors);
                let offset = match after.filter(|after| after.table == number) {
                    None => 0,
                    Some(after) => {
                        base.position(&spec, &context, after.row).map_err(mistakes)?.map_or(0, |at| at + 1)
                    }
                };
                let window = base.window(&spec, &context, offset, PAGE).map_err(mistakes)?;
                let shown: Vec<&Field> = fields.iter().filter_map(|no| table.field(*no)).collect();
                let rows = window
                    .rows
                    .iter()
                    .map(|row| shown.iter().map(|field| value(base, field, number.record(*row))).collect());
                let last = window.rows.last().filter(|_| offset + window.rows.len() < window.total);
                Ok(SharedView {
                    title: found.name.clone(),
                    table: table.head.name.clone(),
                    drawn_as: if found.kind == "grid" { String::new() } else { found.kind.clone() },
                    columns: shown
                        .iter()
                        .map(|field| Column {
                            name: field.name.clone(),
                            number: matches!(FieldFormat::of(field.value_kind()), FieldFormat::Number(_)),
                        })
                        .collect(),
                    rows: rows.collect(),
                    total: window.total,
                    first: offset + 1,
                    here,
                    next: last.map(|row| number.record(*row).to_string()),
                    csv: shared.share.downloads,
                    ics: shared.share.downloads && times(shared, table, &fields).is_some(),
                })
            })
        })?;
        self.name_people(&mut view).await?;
        Ok(view)
    }

    /// Values of people are ids: nobody but us knows them.
    async fn name_people(&self, view: &mut SharedView) -> Result<()> {
        let cells = || view.rows.iter().flatten().filter(|cell| cell.kind == "people");
        let users: BTreeSet<UserId> =
            cells().flat_map(|cell| cell.text.split(", ")).filter_map(|id| id.parse().ok()).collect();
        let mut names: HashMap<String, String> = HashMap::new();
        if !users.is_empty() {
            let users: Vec<UserId> = users.into_iter().collect();
            for user in self.0.tenancy.identity().users(&users).await? {
                names.insert(user.id.to_string(), user.name);
            }
        }
        for cell in view.rows.iter_mut().flatten().filter(|cell| cell.kind == "people") {
            let shown: Vec<&str> =
                cell.text.split(", ").filter_map(|id| names.get(id).map(String::as_str)).collect();
            cell.text = shown.join(", ");
            cell.kind = "text";
        }
        Ok(())
    }
}

/// A value as it is shown.
fn value(base: &Base, field: &Field, record: RecordId) -> Shown {
    let mut text = String::new();
    base.write_text(record.table, record.row, field.no, &mut text);
    let shown = |kind, text| Shown { kind, text, ..Shown::default() };
    if text.is_empty() {
        return shown("text", text);
    }
    match (FieldFormat::of(field.value_kind()), field.value_kind()) {
        (FieldFormat::Number(places), kind) => Shown {
            number: number(base, record.table, record.row, field.no)
                .filter(|_| matches!(kind, FieldKind::Number { .. })),
            places,
            ..shown("number", text)
        },
        (FieldFormat::Checkbox, _) => shown("flag", text),
        (FieldFormat::Date, _) => shown("date", text),
        (FieldFormat::DateTime(_), _) => shown("datetime", text),
        (_, FieldKind::User { .. } | FieldKind::CreatedBy | FieldKind::ModifiedBy { .. }) => {
            shown("people", text)
        }
        (_, FieldKind::Select { choices } | FieldKind::MultiSelect { choices }) => {
            let named = |name: &str| choices.iter().find(|choice| choice.name == name);
            // One choice may have a comma in its name; several are told apart by theirs.
            let parts: Vec<&str> =
                if named(&text).is_some() { vec![&text] } else { text.split(", ").collect() };
            let pills = parts.into_iter().map(|name| Pill {
                name: name.to_owned(),
                colour: named(name).map_or("gray", |choice| pill_colour(&choice.colour)),
            });
            Shown { choices: pills.collect(), ..shown("choices", String::new()) }
        }
        (_, FieldKind::Url) if text.starts_with("https://") || text.starts_with("http://") => {
            shown("link", text)
        }
        _ => shown("text", text),
    }
}

fn number(base: &Base, table: engine_base::TableNo, row: RowNo, field: FieldNo) -> Option<f64> {
    match base.value(table, row, field) {
        Held::Number(number) => Some(number),
        _ => None,
    }
}

/// The style's word for a choice's colour.
fn pill_colour(colour: &str) -> &'static str {
    match colour {
        "red" => "red",
        "orange" => "orange",
        "yellow" | "amber" => "yellow",
        "green" => "green",
        "teal" => "teal",
        "blue" => "blue",
        "violet" => "violet",
        "pink" | "rose" => "pink",
        "brown" => "brown",
        _ => "gray",
    }
}

//! `performUpsert`: records that are found by the values of some fields, changed if one is found and created if none is.
//!
//! Everything is checked before anything is written. The values are compared as they would be stored, so `"5"` with
//! typecast finds 5. Two requests of this process that merge into one table take turns, so they do not both create what
//! neither found. Changes and new records are two entries in the base's sequence.

use super::error::invalid;
use super::place::{row, with_table};
use super::write::{Mode, Patch, cells, run};
use crate::actor::OpenBase;
use crate::problem;
use crate::service::Bases;
use engine_base::{
    Base, Cell, CheckContext, Command, FieldNo, InputCells, QueryContext, QuerySpec, RowNo, TableNo,
};
use kernel_core::{Caller, Result};
use serde::Deserialize;
use std::sync::LazyLock;
use tokio::sync::Mutex;

/// Fields to merge on, at most.
const MAX_KEYS: usize = 3;
/// Locks that tables share; two tables on one lock only wait for each other.
const LOCKS: usize = 64;

static TURNS: LazyLock<Vec<Mutex<()>>> = LazyLock::new(|| (0..LOCKS).map(|_| Mutex::new(())).collect());

/// As the body says it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PerformUpsert {
    #[serde(default)]
    pub(super) fields_to_merge_on: Vec<String>,
}

/// What to merge into a table.
pub(super) struct Upsert {
    pub(super) table: TableNo,
    pub(super) mode: Mode,
    pub(super) typecast: bool,
    pub(super) merge_on: Vec<String>,
    pub(super) records: Vec<Patch>,
}

/// What was done, `rows` in the order of the request.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) rows: Vec<RowNo>,
    pub(super) created: Vec<RowNo>,
    pub(super) updated: Vec<RowNo>,
}

/// One record of the request.
struct Wanted {
    row: Option<RowNo>,
    cells: InputCells,
}

/// Finds, checks, writes.
pub(super) async fn merge(bases: &Bases, open: &OpenBase, caller: &Caller, order: Upsert) -> Result<Done> {
    let Upsert { table, typecast, .. } = order;
    let _turn = TURNS[usize::try_from(table.0).unwrap_or_default() % LOCKS].lock().await;
    let wanted = open.read(|base| {
        let mut random = || bases.0.random.below(u64::MAX);
        let actor = caller.actor.to_string();
        let mut context = CheckContext::new(&actor, bases.0.clock.now().as_microsecond(), &mut random);
        context.typecast = typecast;
        let wanted = find(base, &mut context, order)?;
        // Both commands are tried before the first one is written.
        let (updates, creates) = commands(table, &wanted);
        for command in [&updates, &creates].into_iter().flatten() {
            base.check(command, &mut context)
                .map_err(|errors| problem::of_command(base, command, &errors))?;
        }
        Ok::<_, kernel_core::Error>(wanted)
    })?;
    let (updates, creates) = commands(table, &wanted);
    let mut done =
        Done { updated: wanted.iter().filter_map(|wanted| wanted.row).collect(), ..Done::default() };
    if let Some(command) = updates {
        run(open, caller, typecast, command).await?;
    }
    if let Some(command) = creates {
        let written = run(open, caller, typecast, command).await?;
        done.created = written.change.created.iter().map(|facts| facts.row).collect();
    }
    let mut created = done.created.iter().copied();
    done.rows = wanted.iter().filter_map(|wanted| wanted.row.or_else(|| created.next())).collect();
    Ok(done)
}

/// What changes records and what creates them; `None` for nothing.
fn commands(table: TableNo, wanted: &[Wanted]) -> (Option<Command>, Option<Command>) {
    let updates: Vec<_> = wanted.iter().filter_map(|one| Some((one.row?, one.cells.clone()))).collect();
    let creates: Vec<_> =
        wanted.iter().filter(|one| one.row.is_none()).map(|one| one.cells.clone()).collect();
    (
        (!updates.is_empty()).then_some(Command::UpdateRecords { table, rows: updates }),
        (!creates.is_empty()).then_some(Command::CreateRecords { table, rows: creates, ids: None }),
    )
}

/// Which record each part of the request means.
fn find(base: &Base, context: &mut CheckContext<'_>, order: Upsert) -> Result<Vec<Wanted>> {
    let table = order.table;
    let keys = with_table(base, table, |schema| {
        let keys = order.merge_on.iter().map(|key| Ok(super::kinds::by_key(schema, key)?.no));
        keys.collect::<Result<Vec<FieldNo>>>()
    })?;
    let mut wanted = Vec::with_capacity(order.records.len());
    let mut by_value = Vec::new();
    for patch in order.records {
        let row = patch.id.as_deref().map(|id| row(base, table, id)).transpose()?;
        let cells = with_table(base, table, |schema| cells(schema, patch.fields, Mode::Keep))?;
        if row.is_none() {
            if !(1..=MAX_KEYS).contains(&keys.len()) {
                let detail =
                    format!("fieldsToMergeOn must name 1 to {MAX_KEYS} fields for records without an id.");
                return Err(invalid(detail));
            }
            if let Some(key) = keys.iter().find(|key| !cells.iter().any(|(no, _)| no == *key)) {
                let id = table.field(*key);
                return Err(invalid(format!(
                    "A record without an id lacks a value for {id}, which is merged on."
                )));
            }
            by_value.push(wanted.len());
        }
        wanted.push(Wanted { row, cells });
    }
    let values = stored(base, context, table, &keys, by_value.iter().map(|at| &wanted[*at].cells))?;
    let found = matches(base, table, &keys, &values, context.now_us)?;
    for (at, found) in by_value.into_iter().zip(found) {
        wanted[at].row = found;
    }
    if order.mode == Mode::Clear {
        clear(base, table, &mut wanted)?;
    }
    Ok(wanted)
}

/// Empties what a record that is there was not given.
fn clear(base: &Base, table: TableNo, wanted: &mut [Wanted]) -> Result<()> {
    with_table(base, table, |schema| {
        for one in wanted.iter_mut().filter(|one| one.row.is_some()) {
            super::write::empty_others(schema, &mut one.cells);
        }
        Ok(())
    })
}

/// The values to merge on, as they would be stored.
fn stored<'a>(
    base: &Base,
    context: &mut CheckContext<'_>,
    table: TableNo,
    keys: &[FieldNo],
    records: impl Iterator<Item = &'a InputCells>,
) -> Result<Vec<Vec<Cell>>> {
    let only_keys = |cells: &InputCells| cells.iter().filter(|(no, _)| keys.contains(no)).cloned().collect();
    let rows: Vec<InputCells> = records.map(only_keys).collect();
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let command = Command::CreateRecords { table, rows, ids: None };
    let change =
        base.check(&command, context).map_err(|errors| problem::of_command(base, &command, &errors))?;
    let cell =
        |cells: &std::collections::BTreeMap<FieldNo, Cell>, key| cells.get(key).cloned().unwrap_or_default();
    Ok(change.created.iter().map(|facts| keys.iter().map(|key| cell(&facts.cells, key)).collect()).collect())
}

/// The one record with these values, for each; none is fine, two are not.
fn matches(
    base: &Base,
    table: TableNo,
    keys: &[FieldNo],
    values: &[Vec<Cell>],
    now_us: i64,
) -> Result<Vec<Option<RowNo>>> {
    let mut found: Vec<Option<RowNo>> = vec![None; values.len()];
    let Some(first) = keys.first().filter(|_| !values.is_empty()) else { return Ok(found) };
    if let Some(at) = (1..values.len()).find(|at| values[..*at].contains(&values[*at])) {
        return Err(invalid(format!("Two records of the request have the values of record {}.", at + 1)));
    }
    let all = QuerySpec::all(table);
    let page = base
        .list(&all, &QueryContext { now_us, zone: "UTC" }, None, usize::MAX)
        .map_err(|errors| problem::of_query(&errors))?;
    for row in page.rows {
        let cell = base.cell(table, row, *first);
        for (at, value) in values.iter().enumerate().filter(|(_, value)| value[0] == cell) {
            let same =
                keys.iter().zip(value).skip(1).all(|(key, value)| base.cell(table, row, *key) == *value);
            if same && found[at].replace(row).is_some() {
                let detail = "fieldsToMergeOn finds several records for one of the request; name fields that tell them apart.";
                return Err(invalid(detail));
            }
        }
    }
    Ok(found)
}

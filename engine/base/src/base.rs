//! The base itself: loading, reading single values, accounting.

use crate::back::PartId;
use crate::cell::Cell;
use crate::change::RowMeta;
use crate::check::Validations;
use crate::column::ValueRef;
use crate::computed::{Graph, Later};
use crate::files::{FileFacts, FileUrls};
use crate::ids::{BaseId, FieldNo, RowNo, TableNo};
use crate::kept_json::KeptJson;
use crate::orders::Orders;
use crate::rows::{Actors, Rows, Stamp};
use crate::scan::{self, Scratch};
use crate::schema::{Schema, Table};
use crate::unique::Unique;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A base in memory.
pub struct Base {
    id: BaseId,
    pub(crate) seq: u64,
    pub(crate) schema: Schema,
    pub(crate) tables: FxHashMap<TableNo, Rows>,
    pub(crate) actors: Actors,
    pub(crate) orders: Orders,
    pub(crate) json: KeptJson,
    pub(crate) graph: Graph,
    pub(crate) later: Later,
    pub(crate) unique: Unique,
    pub(crate) validations: Validations,
    /// When the last change was made, or the base was told the time.
    pub(crate) now_us: i64,
    /// As of when all that depends on the time was calculated.
    pub(crate) ticked_us: i64,
    scratch: Scratch,
    /// Of a base as it was: what was there then and was deleted for good since, with its name.
    pub(crate) purged: BTreeMap<PartId, String>,
    /// Addresses of files in JSON; without them only facts are written.
    pub(crate) urls: Option<Arc<dyn FileUrls>>,
}

/// A stored row can't be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadError {
    /// The table.
    pub table: TableNo,
    /// The row.
    pub row: RowNo,
    /// What was expected.
    pub detail: String,
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "record {}: {}", self.table.record(self.row), self.detail)
    }
}

impl std::error::Error for LoadError {}

/// Bytes held, by purpose.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Memory {
    /// Values.
    pub columns: usize,
    /// Row numbers, times, actors.
    pub rows: usize,
    /// Kept orders of queries.
    pub orders: usize,
    /// Kept JSON of records.
    pub json: usize,
    /// Compiled rules of fields.
    pub rules: usize,
}

impl Memory {
    /// The sum.
    pub fn total(self) -> usize {
        self.columns + self.rows + self.orders + self.json + self.rules
    }
}

impl Base {
    /// A base without rows at sequence number `seq`. Lists of the schema are put into order of position.
    pub fn new(id: BaseId, seq: u64, mut schema: Schema) -> Self {
        schema.tables.sort_by_key(|table| (table.head.position, table.head.number));
        for table in schema.all_tables_mut() {
            table.fields.sort_by_key(|field| (field.position, field.no));
            table.views.sort_by_key(|view| (view.position, view.no));
        }
        let graph = Graph::build(&mut schema);
        let tables: FxHashMap<TableNo, Rows> =
            schema.all_tables().map(|table| (table.head.number, Rows::new(table))).collect();
        let mut unique = Unique::default();
        unique.shape(&schema, &tables);
        let validations = Validations::of(&schema);
        Self {
            id,
            seq,
            schema,
            tables,
            actors: Actors::default(),
            orders: Orders::default(),
            json: KeptJson::default(),
            graph,
            later: Later::default(),
            unique,
            validations,
            now_us: 0,
            ticked_us: 0,
            scratch: Scratch::default(),
            purged: BTreeMap::new(),
            urls: None,
        }
    }

    /// Says who gives the addresses of files.
    pub fn set_file_urls(&mut self, urls: Arc<dyn FileUrls>) {
        self.urls = Some(urls);
    }

    /// Looks through the cells of `field` in rows that are seen, once, for the files of `wanted` that are not found yet: each
    /// gets the text of its first cell.
    pub fn find_files(
        &self,
        table: TableNo,
        field: FieldNo,
        wanted: &mut FxHashMap<String, Option<Box<str>>>,
        mut seen: impl FnMut(RowNo) -> bool,
    ) {
        let Some((shape, rows)) = self.table_and_rows(table) else { return };
        let mut left = wanted.values().filter(|found| found.is_none()).count();
        if left == 0 || shape.field(field).is_none_or(|field| !field.kind.holds_files()) {
            return;
        }
        for slot in rows.live_slots() {
            let ValueRef::Choices(files) = rows.value(field, slot) else { continue };
            for file in files {
                let place = FileFacts::parse(file).and_then(|facts| wanted.get_mut(facts.id));
                let Some(place) = place.filter(|place| place.is_none()) else { continue };
                if !seen(rows.row(slot)) {
                    break;
                }
                *place = Some(file.clone());
                left -= 1;
                if left == 0 {
                    return;
                }
            }
        }
    }

    /// Schema and values once more, without what is kept for queries and checks.
    pub(crate) fn copy(&self) -> Self {
        Self {
            id: self.id,
            seq: self.seq,
            schema: self.schema.clone(),
            tables: self.tables.clone(),
            actors: self.actors.clone(),
            orders: Orders::default(),
            json: KeptJson::default(),
            graph: Graph::default(),
            later: Later::default(),
            unique: Unique::default(),
            validations: Validations::default(),
            now_us: self.now_us,
            ticked_us: self.ticked_us,
            urls: self.urls.clone(),
            purged: self.purged.clone(),
            scratch: Scratch::default(),
        }
    }

    /// Takes a stored row in. `data` is the JSON text of `records.data`; members that are no field of the table are left
    /// out (their fields were purged), and so are rows of tables that are not in the schema. Times in microseconds.
    #[expect(
        clippy::too_many_arguments,
        reason = "the columns of data.records, a million times: no struct in between"
    )]
    pub fn load_row(
        &mut self,
        table: TableNo,
        row: RowNo,
        data: &[u8],
        created_us: i64,
        updated_us: i64,
        created_by: &str,
        updated_by: &str,
    ) -> Result<(), LoadError> {
        let Some(rows) = self.tables.get_mut(&table) else { return Ok(()) };
        let stamp = Stamp {
            created_us,
            updated_us,
            created_by: self.actors.intern(created_by),
            updated_by: self.actors.intern(updated_by),
        };
        let fail = |detail: String| LoadError { table, row, detail };
        let slot = rows.insert(row, stamp).ok_or_else(|| fail("the row is there already".into()))?;
        scan::read_row(rows, slot, data, &mut self.scratch).map_err(fail)
    }

    /// Ends a load: gives back memory that growing has reserved, makes sure that no row number is given out twice, and
    /// calculates computed fields as of now.
    pub fn finish_load(&mut self, now_us: i64) {
        for table in self.schema.all_tables_mut() {
            if let Some(rows) = self.tables.get_mut(&table.head.number) {
                rows.shrink();
                let highest = rows.live_slots().map(|slot| rows.row(slot).0).max().unwrap_or(0);
                table.next_row = table.next_row.max(highest + 1);
            }
        }
        self.scratch = Scratch::default();
        (self.now_us, self.ticked_us) = (now_us, now_us);
        self.unique.fill(&self.tables);
        let graph = std::mem::take(&mut self.graph);
        self.recalculate(&graph, &graph.everything());
        self.graph = graph;
    }

    /// The base's id.
    pub fn id(&self) -> BaseId {
        self.id
    }

    /// Number of the last change that memory holds.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Tables, fields, views.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Number of records in a table; 0 if there is no such table.
    pub fn len(&self, table: TableNo) -> usize {
        self.tables.get(&table).map_or(0, Rows::len)
    }

    /// Whether the table has no records.
    pub fn is_empty(&self, table: TableNo) -> bool {
        self.len(table) == 0
    }

    /// Whether there is such a record.
    pub fn contains(&self, table: TableNo, row: RowNo) -> bool {
        self.tables.get(&table).is_some_and(|rows| rows.slot(row).is_some())
    }

    /// A value in stored form; Empty if there is no such record or field, or the field is computed.
    pub fn cell(&self, table: TableNo, row: RowNo, field: FieldNo) -> Cell {
        self.tables
            .get(&table)
            .map_or(Cell::Empty, |rows| rows.slot(row).map_or(Cell::Empty, |slot| rows.cell(field, slot)))
    }

    /// A value as the expression language has it, computed fields included; blank if there is no such record or field.
    pub fn value(&self, table: TableNo, row: RowNo, field: FieldNo) -> engine_expr::Value {
        let Some((shape, rows)) = self.table_and_rows(table) else { return engine_expr::Value::Null };
        match (shape.field(field), rows.slot(row)) {
            (Some(field), Some(slot)) => crate::select::value_at(self, field, rows, slot),
            _ => engine_expr::Value::Null,
        }
    }

    /// The fields that a computed field is made of, at any distance; none for any other field.
    pub fn reads(&self, table: TableNo, field: FieldNo) -> Vec<crate::ids::FieldId> {
        self.graph.reads(table, field)
    }

    /// The other tables whose records a table shows something of: linked ones, and with computed fields all that can be
    /// reached along links.
    pub fn tables_read(&self, table: TableNo) -> Vec<TableNo> {
        let (mut found, mut next) = (Vec::new(), vec![table]);
        while let Some(from) = next.pop() {
            let Some(shape) = self.schema.table(from) else { continue };
            let computes = shape.fields.iter().any(|field| field.kind.is_computed());
            for other in shape.fields.iter().filter_map(crate::schema::Field::linked) {
                if other != table && !found.contains(&other) {
                    found.push(other);
                    if computes || from != table {
                        next.push(other);
                    }
                }
            }
        }
        found
    }

    /// All stored values of a record that are not empty.
    pub fn cells(&self, table: TableNo, row: RowNo) -> BTreeMap<FieldNo, Cell> {
        let Some(rows) = self.tables.get(&table) else { return BTreeMap::new() };
        let Some(slot) = rows.slot(row) else { return BTreeMap::new() };
        let cells = rows.stored().map(|(field, column)| (field, column.cell(slot)));
        cells.filter(|(_, cell)| !cell.is_empty()).collect()
    }

    /// The numbers of a table's records, ascending.
    pub fn row_numbers(&self, table: TableNo) -> Vec<RowNo> {
        let Some(rows) = self.tables.get(&table) else { return Vec::new() };
        let mut numbers: Vec<RowNo> = rows.live_slots().map(|slot| rows.row(slot)).collect();
        numbers.sort_unstable();
        numbers
    }

    /// A record as `data.records` has it: the JSON of the values of fields that are not deleted, times and actors.
    pub fn stored_row(&self, table: TableNo, row: RowNo) -> Option<(String, RowMeta)> {
        let meta = self.meta(table, row)?;
        let shape = self.schema.table(table)?;
        let mut cells = self.cells(table, row);
        cells.retain(|field, _| shape.field(*field).is_some());
        Some((crate::json::stored_json(&cells), meta))
    }

    /// Times and actors of a record.
    pub fn meta(&self, table: TableNo, row: RowNo) -> Option<RowMeta> {
        let rows = self.tables.get(&table)?;
        rows.slot(row).map(|slot| rows.meta(slot, &self.actors))
    }

    /// When and by whom a record was changed last.
    pub(crate) fn touched(&self, table: TableNo, row: RowNo) -> Option<(i64, String)> {
        let rows = self.tables.get(&table)?;
        let stamp = rows.stamp(rows.slot(row)?);
        Some((stamp.updated_us, self.actors.name(stamp.updated_by).to_owned()))
    }

    /// The text of a record's primary field; empty if it has none.
    pub fn record_name(&self, table: TableNo, row: RowNo) -> String {
        let mut name = String::new();
        self.push_name(table, row, &mut name);
        name
    }

    /// The records whose `field` reads as one of `texts` (trimmed, without regard to case), one answer for each text; of
    /// several records the oldest. One pass over the table, whatever the number of texts.
    pub fn find_by_text(&self, table: TableNo, field: FieldNo, texts: &[&str]) -> Vec<Option<RowNo>> {
        let folded: Vec<String> = texts.iter().map(|text| crate::collate::fold(text.trim())).collect();
        let mut found: FxHashMap<&str, Option<RowNo>> =
            folded.iter().map(|text| (text.as_str(), None)).collect();
        found.remove("");
        if let Some((shape, rows)) = self.table_and_rows(table)
            && let Some(field) = shape.field(field)
            && !found.is_empty()
        {
            let mut text = String::new();
            for slot in rows.live_slots() {
                text.clear();
                self.push_text(field, rows, slot, &mut text);
                if let Some(hit) = found.get_mut(crate::collate::fold(text.trim()).as_str()) {
                    let row = rows.row(slot);
                    *hit = Some(hit.map_or(row, |old| old.min(row)));
                }
            }
        }
        folded.iter().map(|text| found.get(text.as_str()).copied().flatten()).collect()
    }

    pub(crate) fn table_and_rows(&self, table: TableNo) -> Option<(&Table, &Rows)> {
        Some((self.schema.table(table)?, self.tables.get(&table)?))
    }

    /// Bytes held.
    pub fn memory(&self) -> Memory {
        let rows = self.tables.values();
        Memory {
            columns: rows.clone().map(Rows::column_bytes).sum(),
            rows: rows.map(Rows::row_bytes).sum::<usize>() + self.actors.bytes(),
            orders: self.orders.bytes(),
            json: self.json.bytes(),
            rules: self.validations.bytes(),
        }
    }
}

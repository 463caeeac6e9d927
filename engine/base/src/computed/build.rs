//! From a schema to the graph of its computed fields, with what each comes to.

use super::{Graph, Key, Node, Through, Work};
use crate::ids::{FieldId, FieldNo, TableNo};
use crate::rollup::{carried, listed};
use crate::schema::{Field, FieldKind, Outcome, Schema, Table};
use crate::select::scope;
use engine_expr::{NodeKind, Type, Volatility, compile_stored, parse};
use rustc_hash::FxHashMap;

/// Links from one table to the next that dependencies may follow.
const MAX_DEPTH: usize = 200;

impl Graph {
    /// Builds the graph and sets every computed field's outcome in the schema. A field that can't be calculated (a formula that
    /// names a field that is gone, a cycle) has a problem and no values; the others are not touched by it.
    pub(crate) fn build(schema: &mut Schema) -> Self {
        let computed: Vec<(TableNo, FieldNo)> = schema
            .tables
            .iter()
            .flat_map(|table| table.fields.iter().map(|field| (table.number(), field)))
            .filter(|(_, field)| field.kind.is_computed())
            .map(|(table, field)| (table, field.no))
            .collect();
        if computed.is_empty() {
            return Self::default();
        }
        let mut builder = Builder {
            schema,
            nodes: Vec::new(),
            states: FxHashMap::default(),
            path: Vec::new(),
            cyclic: FxHashMap::default(),
        };
        for (table, field) in computed {
            builder.visit(Key::Field(table, field));
        }
        let nodes = builder.nodes;
        let own =
            nodes.iter().flat_map(|node: &Node| node.own.iter().map(|field| (node.key.table(), *field)));
        let through =
            nodes.iter().filter_map(|node| node.through.map(|through| (through.other, through.target)));
        let read = own.chain(through).collect();
        Self { nodes, read }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Done,
}

struct Builder<'s> {
    schema: &'s mut Schema,
    nodes: Vec<Node>,
    states: FxHashMap<Key, State>,
    path: Vec<Key>,
    /// Fields that depend on themselves, with the way.
    cyclic: FxHashMap<Key, Problem>,
}

/// What a field needs before it can be calculated.
struct Plan {
    own: Vec<FieldNo>,
    through: Option<Through>,
    needs: Vec<Key>,
}

type Problem = String;

impl Builder<'_> {
    /// False if the key is being visited already: a cycle.
    fn visit(&mut self, key: Key) -> bool {
        match self.states.get(&key) {
            Some(State::Done) => return true,
            Some(State::Open) => return false,
            None => {}
        }
        if self.path.len() > MAX_DEPTH {
            return false;
        }
        self.states.insert(key, State::Open);
        self.path.push(key);
        let plan = self.plan(key);
        let mut problem = None;
        let plan = plan.unwrap_or_else(|detail| {
            problem = Some(detail);
            Plan { own: Vec::new(), through: None, needs: Vec::new() }
        });
        for need in &plan.needs {
            if !self.visit(*need) {
                self.cycle(*need);
            }
        }
        self.path.pop();
        let cycle = self.cyclic.remove(&key);
        let is_cycle = problem.is_none() && cycle.is_some();
        problem = problem.or(cycle);
        let (work, volatility, whole) = match (key, &problem) {
            (Key::Names(..), _) => (Work::Nothing, Volatility::Pure, false),
            (Key::Field(table, field), None) => match self.work(table, field) {
                Ok(work) => {
                    let (volatility, whole) = match &work {
                        Work::Formula(program) => (program.volatility(), program.reads_all()),
                        Work::ModifiedTime | Work::ModifiedBy => (Volatility::Pure, true),
                        _ => (Volatility::Pure, false),
                    };
                    (work, volatility, whole)
                }
                Err(detail) => {
                    problem = Some(detail);
                    (Work::Nothing, Volatility::Pure, false)
                }
            },
            (Key::Field(..), Some(_)) => (Work::Nothing, Volatility::Pure, false),
        };
        if let (Key::Field(table, no), Some(detail)) = (key, problem)
            && let Some(field) = field_mut(self.schema, table, no)
        {
            field.outcome =
                Some(Box::new(Outcome { result: FieldKind::Text, problem: Some(detail), is_cycle }));
        }
        let signature = self.signature(key, &plan);
        let Plan { own, through, needs } = plan;
        self.nodes.push(Node { key, work, own, through, whole, volatility, needs, signature });
        self.states.insert(key, State::Done);
        true
    }

    /// Notes for every field on the way from `key` back to it that it depends on itself, and how.
    fn cycle(&mut self, key: Key) {
        let start = self.path.iter().position(|one| *one == key).unwrap_or(0);
        let ring = &self.path[start..];
        let name = |key: &Key| {
            let table = self.schema.table(key.table());
            let field = table.and_then(|table| table.field(key.field()));
            format!(
                "{}.{}",
                table.map_or("?", |table| table.head.name.as_str()),
                field.map_or("?", |field| field.name.as_str())
            )
        };
        let around = |first: usize| {
            let mut names: Vec<String> = ring[first..].iter().chain(&ring[..=first]).map(name).collect();
            names.dedup();
            format!("The field would depend on itself: {}.", names.join(" → "))
        };
        let found: Vec<(Key, Problem)> = (0..ring.len()).map(|first| (ring[first], around(first))).collect();
        for (key, problem) in found {
            self.cyclic.entry(key).or_insert(problem);
        }
    }

    fn table(&self, table: TableNo) -> Option<&Table> {
        self.schema.table(table)
    }

    /// What a link of a table leads to.
    fn link(&self, table: TableNo, link: FieldId) -> Result<(FieldNo, TableNo, FieldNo, bool), Problem> {
        let gone = || "The link field does not exist.".to_owned();
        if link.table != table {
            return Err(gone());
        }
        match self.table(table).and_then(|table| table.field(link.field)).map(|field| &field.kind) {
            Some(FieldKind::Link { table: other, symmetric: Some(back), single }) => {
                Ok((link.field, *other, *back, *single))
            }
            Some(_) => Err("The field is not a link.".into()),
            None => Err(gone()),
        }
    }

    fn target(&self, other: TableNo, field: FieldId) -> Result<&Field, Problem> {
        let found =
            self.table(other).filter(|_| field.table == other).and_then(|table| table.field(field.field));
        found.ok_or_else(|| "The field of the linked table does not exist.".to_owned())
    }

    /// The node that a field of a table is, if it is one.
    fn node_of(&self, table: TableNo, field: &Field) -> Option<Key> {
        if field.kind.is_computed() {
            Some(Key::Field(table, field.no))
        } else if field.linked().is_some() {
            Some(Key::Names(table, field.no))
        } else {
            None
        }
    }

    fn plan(&self, key: Key) -> Result<Plan, Problem> {
        let (table, no) = (key.table(), key.field());
        let Some(field) = self.table(table).and_then(|table| table.field(no)) else {
            return Err("The field does not exist.".into());
        };
        let mut plan = Plan { own: Vec::new(), through: None, needs: Vec::new() };
        if let Key::Names(..) = key {
            let (link, other, back, _) = self.link(table, table.field(no))?;
            let primary = self.table(other).and_then(Table::primary);
            plan.own.push(link);
            if let Some(primary) = primary {
                plan.through = Some(Through { other, back, target: primary.no });
                plan.needs.extend(self.node_of(other, primary));
            }
            return Ok(plan);
        }
        match &field.kind {
            FieldKind::Formula { formula, .. } | FieldKind::Button { formula, .. } => {
                let parsed = parse(formula);
                for node in &parsed.ast.nodes {
                    let NodeKind::Field(name) = &node.kind else { continue };
                    let Ok(id) = name.parse::<FieldId>() else { continue };
                    let read = self
                        .table(table)
                        .filter(|_| id.table == table)
                        .and_then(|table| table.field(id.field));
                    if let Some(read) = read
                        && !plan.own.contains(&read.no)
                    {
                        plan.own.push(read.no);
                        plan.needs.extend(self.node_of(table, read));
                    }
                }
            }
            FieldKind::Lookup { link, field } | FieldKind::Rollup { link, field, .. } => {
                let (link, other, back, _) = self.link(table, *link)?;
                let target = self.target(other, *field)?;
                plan.own.push(link);
                plan.through = Some(Through { other, back, target: target.no });
                plan.needs.extend(self.node_of(other, target));
            }
            FieldKind::Count { link } => plan.own.push(self.link(table, *link)?.0),
            _ => {}
        }
        Ok(plan)
    }

    /// How the field is calculated; sets what it comes to. What it reads has been visited.
    fn work(&mut self, table: TableNo, no: FieldNo) -> Result<Work, Problem> {
        let Some(shape) = self.table(table) else { return Ok(Work::Nothing) };
        let Some(field) = shape.field(no) else { return Ok(Work::Nothing) };
        let utc = |zone: &Option<String>| FieldKind::DateTime { zone: zone.clone() };
        let (work, result) = match &field.kind {
            FieldKind::Formula { formula, format } => {
                let program = compiled(shape, formula)?;
                let result = formatted(result_of(program.ty()), format.as_deref())?;
                (Work::Formula(Box::new(program)), result)
            }
            FieldKind::Button { formula, .. } => {
                (Work::Formula(Box::new(compiled(shape, formula)?)), FieldKind::Url)
            }
            FieldKind::Lookup { link, field } => {
                let (link, other, _, single) = self.link(table, *link)?;
                let target = self.usable(other, *field)?;
                let kind = target.value_kind();
                let result = if single { carried(kind) } else { listed(kind) };
                (Work::Lookup { link, other, target: target.no, single }, result)
            }
            FieldKind::Rollup { link, field, summary, format } => {
                let (link, other, _, _) = self.link(table, *link)?;
                let target = self.usable(other, *field)?;
                let result = formatted(summary.result(target.value_kind())?, format.as_deref())?;
                (Work::Rollup { link, other, target: target.no, summary: *summary }, result)
            }
            FieldKind::Count { link } => {
                (Work::Count { link: self.link(table, *link)?.0 }, FieldKind::Number { precision: Some(0) })
            }
            FieldKind::Autonumber => (Work::RowNumber, FieldKind::Number { precision: Some(0) }),
            FieldKind::CreatedTime { zone } => (Work::CreatedTime, utc(zone)),
            FieldKind::ModifiedTime { zone, .. } => (Work::ModifiedTime, utc(zone)),
            FieldKind::CreatedBy => (Work::CreatedBy, FieldKind::User { many: false }),
            FieldKind::ModifiedBy { .. } => (Work::ModifiedBy, FieldKind::User { many: false }),
            // Only computed kinds get here.
            other => (Work::Nothing, other.clone()),
        };
        if let Some(field) = field_mut(self.schema, table, no) {
            field.outcome = Some(Box::new(Outcome { result, problem: None, is_cycle: false }));
        }
        Ok(work)
    }

    fn usable(&self, other: TableNo, field: FieldId) -> Result<&Field, Problem> {
        let target = self.target(other, field)?;
        match target.problem() {
            Some(problem) => Err(format!("{} has no values: {problem}", target.name)),
            None => Ok(target),
        }
    }

    /// What the values follow from besides those of the records: the kinds of the field and of all that it reads.
    fn signature(&self, key: Key, plan: &Plan) -> String {
        let kind = |table: TableNo, no: FieldNo| {
            let field = self.table(table).and_then(|table| table.field(no));
            field.map(|field| (&field.kind, field.value_kind(), field.problem().is_some()))
        };
        let own: Vec<_> = plan.own.iter().map(|no| (*no, kind(key.table(), *no))).collect();
        let through = plan.through.map(|through| (through.target, kind(through.other, through.target)));
        format!("{:?} {own:?} {through:?}", kind(key.table(), key.field()))
    }
}

fn field_mut(schema: &mut Schema, table: TableNo, no: FieldNo) -> Option<&mut Field> {
    schema.table_mut(table)?.fields.iter_mut().find(|field| field.no == no)
}

fn compiled(table: &Table, formula: &str) -> Result<engine_expr::Program, Problem> {
    compile_stored(formula, &scope(table)).map_err(|diagnostics| {
        let first = diagnostics.into_iter().next();
        first.map_or_else(|| "The formula can't be read.".to_owned(), |diagnostic| diagnostic.message)
    })
}

/// The field type of a formula's result.
fn result_of(ty: Type) -> FieldKind {
    match ty {
        Type::Number => FieldKind::Number { precision: None },
        Type::Bool => FieldKind::Checkbox,
        Type::Date => FieldKind::Date,
        Type::DateTime => FieldKind::DateTime { zone: None },
        Type::List | Type::Links => FieldKind::List { of: Box::new(FieldKind::Text) },
        Type::Text | Type::Option | Type::Any | Type::Null => FieldKind::Text,
    }
}

fn formatted(result: FieldKind, format: Option<&FieldKind>) -> Result<FieldKind, Problem> {
    match format {
        Some(format) if format.storage() == result.storage() => Ok(format.clone()),
        Some(format) => Err(format!(
            "The result is of type {} and can't be shown as {}.",
            result.type_name(),
            format.type_name()
        )),
        None => Ok(result),
    }
}

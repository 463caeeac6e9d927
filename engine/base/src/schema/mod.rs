//! Tables, fields and views as data. The schema holds no values and no caches.
//!
//! Invariants (kept by `check`, trusted everywhere else): names are unique within their list without regard to case, names of
//! personal views among their owner's and the shared ones; a table has a view that is not personal; every
//! link has its other side (`symmetric`) in the table that it points to; the primary field exists and can be read as text;
//! field and view numbers are below the table's counters.
//!
//! What was deleted is in the trash ([`Schema::trash`], [`Table::trash`]) until it is purged: nobody sees it, and its values are
//! kept. Both sides of a link are in the trash, or neither is, where a deleted table counts as a trash of its own.

mod kind;
mod options;
mod rules;
mod validation;

use crate::ids::{FieldId, FieldNo, TableNo, ViewNo};
use crate::view::{ViewAccess, ViewConfig};
pub(crate) use kind::Storage;
pub use kind::{Choice, FieldKind, TYPE_NAMES};
pub use rules::FieldRules;
use serde::{Deserialize, Serialize};
use serde_json::Value;
pub use validation::Validation;
pub(crate) use validation::{Rule, clean_formula, is_kept};

/// Tables of a base.
pub const MAX_TABLES: usize = 200;
/// Fields of a table.
pub const MAX_FIELDS: usize = 500;
/// Views of a table.
pub const MAX_VIEWS: usize = 500;
/// Choices of a select field.
pub const MAX_CHOICES: usize = 2_000;
/// Characters of a name of a base, table, field, view or choice.
pub const MAX_NAME: usize = 100;
/// Characters of a description.
pub const MAX_DESCRIPTION: usize = 10_000;
/// Characters of a `text`, `email` or `url` cell.
pub const MAX_TEXT: usize = 10_000;
/// Characters of a `long_text` cell.
pub const MAX_LONG_TEXT: usize = 100_000;
/// Records in one link cell.
pub const MAX_LINKS: usize = 10_000;
/// Rows of a table that memory can address.
pub const MAX_ROWS: usize = 16_000_000;

/// Name and look of the base itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BaseInfo {
    /// Shown name.
    pub name: String,
    /// Free text, may be empty.
    #[serde(default)]
    pub description: String,
    /// Icon name, if one was chosen.
    #[serde(default)]
    pub icon: Option<String>,
    /// Colour token name, if one was chosen.
    #[serde(default)]
    pub colour: Option<String>,
}

/// All tables of a base, in order of `position`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Schema {
    /// Name and look of the base.
    pub info: BaseInfo,
    /// The tables, sorted by (`position`, number).
    pub tables: Vec<Table>,
    /// Deleted tables.
    pub trash: Vec<Table>,
}

/// What is stored about a table besides its fields, views and rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableHead {
    /// The table's number.
    pub number: TableNo,
    /// Shown name.
    pub name: String,
    /// Free text, may be empty.
    #[serde(default)]
    pub description: String,
    /// Icon name, if one was chosen.
    #[serde(default)]
    pub icon: Option<String>,
    /// The field that names a record.
    pub primary_field: FieldNo,
    /// Place among the tables, ascending.
    pub position: i32,
    /// Number that the next field gets.
    pub next_field: u32,
    /// Number that the next view gets.
    pub next_view: u32,
    /// When it was deleted: microseconds since 1970 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_us: Option<i64>,
}

/// A table: head, fields and views.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Name, counters and so on.
    pub head: TableHead,
    /// Number that the next row gets. Not part of the head: it moves with every created record.
    pub next_row: u64,
    /// Sorted by (`position`, number).
    pub fields: Vec<Field>,
    /// Sorted by (`position`, number).
    pub views: Vec<View>,
    /// Deleted fields and views.
    pub trash: Trash,
}

/// Deleted parts of a table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trash {
    /// Fields, with their values.
    pub fields: Vec<Field>,
    /// Views.
    pub views: Vec<View>,
}

/// A field.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The field within its table.
    pub no: FieldNo,
    /// Shown name.
    pub name: String,
    /// Free text, may be empty.
    pub description: String,
    /// Type and options.
    pub kind: FieldKind,
    /// What is asked of its cells.
    pub rules: FieldRules,
    /// Place among the fields, ascending.
    pub position: i32,
    /// Of a computed field: what it comes to. Follows from the schema; not stored.
    pub outcome: Option<Box<Outcome>>,
    /// When it was deleted: microseconds since 1970 UTC.
    pub deleted_us: Option<i64>,
}

/// What a computed field comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Type of its values.
    pub result: FieldKind,
    /// Why there are none: a sentence for people.
    pub problem: Option<String>,
    /// Whether the problem is that the field depends on itself.
    pub is_cycle: bool,
}

/// A saved view of a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// The view within its table.
    pub no: ViewNo,
    /// Shown name.
    pub name: String,
    /// One of [`crate::VIEW_TYPES`]; kept as text so that later types are not lost.
    #[serde(rename = "type")]
    pub kind: String,
    /// Who has it.
    #[serde(default, skip_serializing_if = "ViewAccess::is_shared")]
    pub access: ViewAccess,
    /// Filter, sort, hidden fields and so on.
    pub config: ViewConfig,
    /// Place among the views, ascending.
    pub position: i32,
    /// Who made it (actor text), empty if unknown.
    #[serde(default)]
    pub created_by: String,
    /// When it was deleted: microseconds since 1970 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_us: Option<i64>,
}

impl Field {
    /// Type of the field's values: its own, or what a computed field comes to.
    pub fn value_kind(&self) -> &FieldKind {
        self.outcome.as_ref().map_or(&self.kind, |outcome| &outcome.result)
    }

    /// Type of the field's values in the expression language.
    pub fn value_type(&self) -> engine_expr::Type {
        crate::select::type_of(self.value_kind())
    }

    /// Why a computed field has no values.
    pub fn problem(&self) -> Option<&str> {
        self.outcome.as_ref()?.problem.as_deref()
    }

    pub(crate) fn storage(&self) -> Storage {
        self.value_kind().storage()
    }

    /// The table whose records the values are.
    pub fn linked(&self) -> Option<TableNo> {
        if let FieldKind::Link { table, .. } = self.kind { Some(table) } else { None }
    }

    /// Options and rules as they are stored: fields of a formula by id.
    pub fn stored_options(&self) -> Value {
        self.rules.join(self.kind.options())
    }
}

impl TableHead {
    /// Whether the two differ in nothing but numbers that were given out.
    pub fn counted_as(&self, other: &Self) -> bool {
        let (next_field, next_view) = (other.next_field, other.next_view);
        Self { next_field, next_view, ..self.clone() } == *other
    }

    /// This head with counters that are not behind the other's: a number that was given out is never given out again.
    pub(crate) fn counted_on(mut self, other: Option<&Self>) -> Self {
        if let Some(other) = other {
            self.next_field = self.next_field.max(other.next_field);
            self.next_view = self.next_view.max(other.next_view);
        }
        self
    }
}

impl Schema {
    /// The table with this number.
    pub fn table(&self, number: TableNo) -> Option<&Table> {
        self.tables.iter().find(|table| table.head.number == number)
    }

    /// The table with this name, without regard to case.
    pub fn table_by_name(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| same_name(&table.head.name, name))
    }

    /// The field, if table and field exist.
    pub fn field(&self, id: FieldId) -> Option<&Field> {
        self.table(id.table)?.field(id.field)
    }

    /// A field's options as /v1 shows them: with its rules; fields of a formula by name; of a computed field also `result`
    /// (type and options of its values) and, if it has none, `problem`.
    pub fn shown_options(&self, table: &Table, field: &Field) -> Value {
        let mut options = field.stored_options();
        let Some(map) = options.as_object_mut() else { return options };
        if let Some(Value::String(formula)) = map.get_mut("formula")
            && let Ok(shown) = engine_expr::shown(formula, &crate::select::scope(table))
        {
            *formula = shown;
        }
        if let Some(Value::Object(rule)) = map.get_mut("validation") {
            show_rule(self.table(table.number()).unwrap_or(table), table, field, rule);
        }
        if let Some(outcome) = &field.outcome {
            let result = serde_json::json!({
                "type": outcome.result.type_name(), "options": outcome.result.options(),
            });
            map.insert("result".to_owned(), result);
            if let Some(problem) = &outcome.problem {
                map.insert("problem".to_owned(), Value::from(problem.as_str()));
            }
        }
        options
    }

    /// The deleted table with this number.
    pub fn trashed_table(&self, number: TableNo) -> Option<&Table> {
        self.trash.iter().find(|table| table.head.number == number)
    }

    /// All tables, deleted ones too.
    pub(crate) fn all_tables(&self) -> impl Iterator<Item = &Table> {
        self.tables.iter().chain(&self.trash)
    }

    /// All tables, deleted ones too.
    pub(crate) fn all_tables_mut(&mut self) -> impl Iterator<Item = &mut Table> {
        self.tables.iter_mut().chain(&mut self.trash)
    }

    /// The table with this number, deleted or not.
    pub(crate) fn any_table_mut(&mut self, number: TableNo) -> Option<&mut Table> {
        self.all_tables_mut().find(|table| table.head.number == number)
    }

    /// The table with this number, deleted or not.
    pub(crate) fn any_table(&self, number: TableNo) -> Option<&Table> {
        self.all_tables().find(|table| table.head.number == number)
    }
}

/// A rule as /v1 shows it: fields of its formula by name. A formula with a field that the reader's table lacks is not told;
/// `problem` says why a rule is not asked.
fn show_rule(whole: &Table, table: &Table, field: &Field, rule: &mut serde_json::Map<String, Value>) {
    let Some(Value::String(formula)) = rule.get_mut("formula") else { return };
    let problem = validation::problem(whole, field);
    let is_told = table.fields.len() == whole.fields.len() || validation::problem(table, field).is_none();
    match engine_expr::shown(formula, &crate::select::scope(table)) {
        Ok(shown) if is_told => *formula = shown,
        _ => drop(rule.remove("formula")),
    }
    if let Some(problem) = problem.filter(|_| is_told) {
        rule.insert("problem".to_owned(), Value::from(problem));
    }
}

impl Table {
    /// The table's number.
    pub fn number(&self) -> TableNo {
        self.head.number
    }

    /// The field with this number.
    pub fn field(&self, no: FieldNo) -> Option<&Field> {
        self.fields.iter().find(|field| field.no == no)
    }

    /// The field with this name, without regard to case.
    pub fn field_by_name(&self, name: &str) -> Option<&Field> {
        let exact = self.fields.iter().find(|field| field.name == name);
        exact.or_else(|| self.fields.iter().find(|field| same_name(&field.name, name)))
    }

    /// The field that an API caller means by `text`: an id (`fld…`) of this table or a name.
    pub fn field_by_key(&self, text: &str) -> Option<&Field> {
        if let Ok(id) = text.parse::<FieldId>()
            && id.table == self.head.number
            && let Some(field) = self.field(id.field)
        {
            return Some(field);
        }
        self.field_by_name(text)
    }

    /// The deleted field with this number.
    pub fn trashed_field(&self, no: FieldNo) -> Option<&Field> {
        self.trash.fields.iter().find(|field| field.no == no)
    }

    /// The field with this number, deleted or not.
    pub(crate) fn any_field(&self, no: FieldNo) -> Option<&Field> {
        self.field(no).or_else(|| self.trashed_field(no))
    }

    /// The deleted view with this number.
    pub fn trashed_view(&self, no: ViewNo) -> Option<&View> {
        self.trash.views.iter().find(|view| view.no == no)
    }

    /// The field that names a record.
    pub fn primary(&self) -> Option<&Field> {
        self.field(self.head.primary_field)
    }

    /// The view with this number.
    pub fn view(&self, no: ViewNo) -> Option<&View> {
        self.views.iter().find(|view| view.no == no)
    }

    /// The view with this name, without regard to case. A table that one person sees may have a personal view of a name that
    /// somebody gave to a shared one later: the first of them.
    pub fn view_by_name(&self, name: &str) -> Option<&View> {
        self.views.iter().find(|view| same_name(&view.name, name))
    }
}

/// Whether two names are the same to a person: equal without regard to case.
pub fn same_name(a: &str, b: &str) -> bool {
    if a.is_ascii() && b.is_ascii() {
        return a.eq_ignore_ascii_case(b);
    }
    a.chars().flat_map(char::to_lowercase).eq(b.chars().flat_map(char::to_lowercase))
}

/// The name without surrounding space, or a sentence that says what is wrong with it.
pub fn clean_name(name: &str) -> Result<String, String> {
    let name = name.trim();
    if name.is_empty() {
        return Err("Enter a name.".into());
    }
    if name.chars().count() > MAX_NAME {
        return Err(format!("A name has at most {MAX_NAME} characters."));
    }
    if name.chars().any(char::is_control) {
        return Err("A name can't contain line breaks or other control characters.".into());
    }
    Ok(name.to_owned())
}

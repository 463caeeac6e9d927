//! Which fields settings name, where, and what each place needs of its field.

use super::{Form, Gantt, ViewConfig};
use crate::command::{CellCode, CellError};
use crate::condition::Condition;
use crate::ids::FieldId;
use crate::schema::{Field, FieldKind, Storage, Table};

/// What a place in the settings needs of the field that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing.
    Any,
    /// One value, or choices: records can be put together by it.
    Group,
    /// A select field.
    Choice,
    /// A select, one person, or a link of one record.
    Stack,
    /// A day or a moment.
    Time,
    /// A number.
    Number,
    /// A link.
    Link,
    /// A link to the same table.
    OwnLink,
    /// The address of a picture.
    Picture,
    /// Values that people write.
    Written,
}

/// A field that settings name.
#[derive(Debug)]
pub struct Use<'a> {
    /// Below `config`, e.g. `kanban/field`.
    pub at: &'a str,
    /// The field.
    pub field: FieldId,
    /// What the place needs of it.
    pub need: Need,
}

impl Need {
    /// Whether the field will do.
    pub fn fits(self, table: &Table, field: &Field) -> bool {
        let (kind, storage) = (field.value_kind(), field.storage());
        match self {
            Self::Any => true,
            Self::Group => storage != Storage::List,
            Self::Choice => storage == Storage::Choice,
            Self::Stack => matches!(
                field.kind,
                FieldKind::Select { .. }
                    | FieldKind::User { many: false }
                    | FieldKind::Link { single: true, .. }
            ),
            Self::Time => matches!(storage, Storage::Day | Storage::Instant),
            Self::Number => storage == Storage::Number,
            Self::Link => storage == Storage::Links && field.linked().is_some(),
            Self::OwnLink => field.linked() == Some(table.number()),
            Self::Picture => matches!(kind, FieldKind::Url | FieldKind::Attachment),
            Self::Written => !field.kind.is_read_only(),
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Any => "a field",
            Self::Group => "a field with one value, or choices",
            Self::Choice => "a select field",
            Self::Stack => "a select field, one person, or a link of one record",
            Self::Time => "a date or a date with time",
            Self::Number => "a number",
            Self::Link => "a link",
            Self::OwnLink => "a link to the same table",
            Self::Picture => "a web address or files",
            Self::Written => "a field that can be written",
        }
    }
}

type Keep<'k> = dyn FnMut(&Use<'_>) -> bool + 'k;

fn keep_one(at: &str, field: &mut Option<FieldId>, need: Need, keep: &mut Keep<'_>) {
    if field.is_some_and(|field| !keep(&Use { at, field, need })) {
        *field = None;
    }
}

fn keep_some(at: &str, fields: &mut Vec<FieldId>, need: Need, keep: &mut Keep<'_>) {
    keep_each(at, fields, |field| *field, "", need, keep);
}

/// `member` is the place of the field within an element.
fn keep_each<T>(
    at: &str,
    list: &mut Vec<T>,
    field: impl Fn(&T) -> FieldId,
    member: &str,
    need: Need,
    keep: &mut Keep<'_>,
) {
    let mut index = 0;
    list.retain(|one| {
        let at = format!("{at}/{index}{member}");
        index += 1;
        keep(&Use { at: &at, field: field(one), need })
    });
}

impl ViewConfig {
    /// Forgets the fields that `keep` refuses.
    pub fn retain(&mut self, keep: &mut Keep<'_>) {
        keep_each("sort", &mut self.sort, |sort| sort.field, "/field", Need::Any, keep);
        keep_some("hidden", &mut self.hidden, Need::Any, keep);
        keep_some("order", &mut self.order, Need::Any, keep);
        self.widths
            .retain(|field, _| keep(&Use { at: &format!("widths/{field}"), field: *field, need: Need::Any }));
        self.totals
            .retain(|field, _| keep(&Use { at: &format!("totals/{field}"), field: *field, need: Need::Any }));
        keep_each("group", &mut self.group, |group| group.field, "/field", Need::Group, keep);
        if let Some(colour) = &self.colour
            && !keep(&Use { at: "colour/field", field: colour.field, need: Need::Choice })
        {
            self.colour = None;
        }
        if let Some(kanban) = &mut self.kanban {
            keep_one("kanban/field", &mut kanban.field, Need::Stack, keep);
            keep_one("kanban/cover", &mut kanban.cover, Need::Picture, keep);
        }
        if let Some(calendar) = &mut self.calendar {
            keep_one("calendar/field", &mut calendar.field, Need::Time, keep);
            keep_one("calendar/end", &mut calendar.end, Need::Time, keep);
        }
        if let Some(Gantt { start, end, progress, dependencies, .. }) = &mut self.gantt {
            keep_one("gantt/start", start, Need::Time, keep);
            keep_one("gantt/end", end, Need::Time, keep);
            keep_one("gantt/progress", progress, Need::Number, keep);
            keep_one("gantt/dependencies", dependencies, Need::OwnLink, keep);
        }
        if let Some(gallery) = &mut self.gallery {
            keep_one("gallery/cover", &mut gallery.cover, Need::Picture, keep);
            keep_some("gallery/fields", &mut gallery.fields, Need::Any, keep);
        }
        if let Some(list) = &mut self.list {
            keep_some("list/levels", &mut list.levels, Need::Link, keep);
        }
        if let Some(form) = &mut self.form {
            keep_each("form/fields", &mut form.fields, |one| one.field, "/field", Need::Written, keep);
        }
    }

    /// Everything that does not fit the table, each at its place below `config`. Filter and conditions of rows are judged
    /// when they are used.
    pub(crate) fn misfits(&self, table: &Table) -> Vec<CellError> {
        let mut errors = Vec::new();
        let mut fail = |at: &str, code, detail: String| {
            errors.push(CellError::member(format!("config/{at}"), code, detail));
        };
        self.clone().retain(&mut |used| {
            match table.field(used.field.field).filter(|_| used.field.table == table.number()) {
                None => {
                    fail(used.at, CellCode::UnknownField, format!("The table has no field {}.", used.field))
                }
                Some(field) if !used.need.fits(table, field) => {
                    let detail = format!("{} does not fit: expected {}.", field.name, used.need.words());
                    fail(used.at, CellCode::InvalidValue, detail);
                }
                Some(_) => {}
            }
            true
        });
        for (at, fields) in self.lists() {
            for (index, field) in fields.iter().enumerate() {
                if fields[..index].contains(field) {
                    fail(&format!("{at}/{index}"), CellCode::NotUnique, "Is named twice.".into());
                }
            }
        }
        if let Some(Form { fields, .. }) = &self.form {
            for (index, field) in fields.iter().enumerate() {
                let condition = field.condition.as_ref().filter(|condition| !condition.is_null());
                if let Some(Err(mistakes)) = condition.map(|condition| Condition::parse(condition, table)) {
                    for mistake in mistakes {
                        let at = format!("form/fields/{index}/condition{}", mistake.pointer);
                        fail(&at, CellCode::InvalidValue, mistake.detail);
                    }
                }
            }
        }
        errors
    }

    /// Lists that name a field once.
    fn lists(&self) -> Vec<(&'static str, Vec<FieldId>)> {
        let mut lists = vec![("group", self.group.iter().map(|group| group.field).collect())];
        lists.extend(self.gallery.iter().map(|gallery| ("gallery/fields", gallery.fields.clone())));
        lists.extend(self.list.iter().map(|list| ("list/levels", list.levels.clone())));
        let asked = |form: &Form| form.fields.iter().map(|one| one.field).collect();
        lists.extend(self.form.iter().map(|form| ("form/fields", asked(form))));
        lists
    }

    /// Forgets what the table has no more and what does not fit any more; whether there was any. A calculated field that
    /// can't be calculated at the moment is waited for.
    pub(crate) fn refit(&mut self, table: &Table) -> bool {
        let before = self.clone();
        self.retain(&mut |used| {
            used.field.table == table.number()
                && table
                    .field(used.field.field)
                    .is_some_and(|field| field.problem().is_some() || used.need.fits(table, field))
        });
        for field in self.form.iter_mut().flat_map(|form| &mut form.fields) {
            let condition = field.condition.as_ref().filter(|condition| !condition.is_null());
            if condition.is_some_and(|condition| Condition::parse(condition, table).is_err()) {
                field.condition = None;
            }
        }
        *self != before
    }
}

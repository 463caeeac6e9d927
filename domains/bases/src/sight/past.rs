//! What a caller sees of a base as it was: what today's permissions show of it, and nothing that is hidden today.
//!
//! A field, view or linked table that is there now is there in the past exactly if the caller sees it now. What is not there any
//! more is for those who see everything in its table; a table that is not there any more for those whom nothing is hidden from.
//! Who sees some of a table's rows only sees none of its past: which of them were theirs then can't be told.

use super::{Seen, sees_view};
use engine_base::{Base, FieldKind, FieldNo, TableNo};
use kernel_core::{Caller, Code, Error, Result};
use std::borrow::Cow;

/// A reader between today and some day before.
struct Reader<'a> {
    caller: &'a Caller,
    now: &'a Base,
    past: &'a Base,
}

impl Reader<'_> {
    /// Whether a field that was there then may be read; whatever it shows of other fields is asked for apart.
    fn sees(&self, table: TableNo, field: FieldNo) -> bool {
        if self.caller.access.sees_whole_bases() {
            return true;
        }
        match Seen::of(self.caller, self.now, table) {
            Some(seen) if seen.has_some_rows_only() => false,
            Some(seen) if seen.whole.field(field).is_some() => seen.field(field).is_some(),
            Some(seen) => seen.is_whole(),
            None => false,
        }
    }

    /// As [`sees`](Self::sees), with the names that a link shows and all that a calculated value is made of.
    fn shows(&self, table: TableNo, field: FieldNo, kind: &FieldKind) -> bool {
        let is_open = match kind {
            FieldKind::Link { table: other, .. } => {
                let primary = self.past.schema().table(*other).map(|other| other.head.primary_field);
                primary.is_some_and(|primary| self.sees(*other, primary) && self.reads(*other, primary))
            }
            kind if kind.is_computed() => self.reads(table, field),
            _ => true,
        };
        is_open && self.sees(table, field)
    }

    fn reads(&self, table: TableNo, field: FieldNo) -> bool {
        self.past.reads(table, field).into_iter().all(|read| self.sees(read.table, read.field))
    }
}

impl<'a> Seen<'a> {
    /// The table as it was, if it is there for the caller.
    ///
    /// # Errors
    /// `not_found`; `forbidden` for who sees some of its rows only.
    pub(crate) fn past(caller: &'a Caller, now: &Base, past: &'a Base, table: TableNo) -> Result<Self> {
        let mut seen = Self::of(caller, past, table).ok_or_else(Error::not_found)?;
        if seen.has_some_rows_only() {
            let detail =
                "You see some of this table's records only. Which of them were yours then can't be told.";
            return Err(Error::new(Code::Forbidden).detail(detail));
        }
        let reader = Reader { caller, now, past };
        let mut shown = seen.table.into_owned();
        if !caller.access.sees_whole_bases() {
            shown.fields.retain(|field| reader.shows(table, field.no, &field.kind));
            if shown.primary().is_none() {
                return Err(Error::not_found());
            }
            let views = std::mem::take(&mut shown.views);
            shown.views = views.into_iter().map(|view| super::redacted(view, &shown)).collect();
        }
        // Somebody may have made a view their own since.
        let today = now.schema().table(table);
        shown.views.retain(|view| {
            let today = today.and_then(|today| today.view(view.no).or_else(|| today.trashed_view(view.no)));
            today.is_none_or(|today| sees_view(caller, today))
        });
        seen.table = Cow::Owned(shown);
        Ok(seen)
    }
}

//! A shared view as CSV and as a calendar, for programs that come back: with an `ETag`.

use super::MAX_EVENTS;
use super::ics::{self, Event, When};
use super::service::Shared;
use super::sheet::{asked, times};
use crate::exports;
use crate::http::{Versioned, tagged};
use crate::problem;
use crate::records::query::{Narrowing, context, with_table};
use crate::service::Bases;
use axum::response::{IntoResponse, Response};
use engine_base::{Base, FieldKind, FieldNo, RecordId};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use kernel_core::{Capability, Error, Result};

/// Characters of a summary or a description at most: a calendar has thousands of events, and long texts are read elsewhere.
const LONGEST: usize = 2_000;

/// The form of a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Csv,
    Ics,
}

impl Bases {
    /// The view's records in one form, or 304 when the client has them.
    ///
    /// # Errors
    /// `not_found` when the link gives no such feed; `bad_filter`.
    pub(super) fn feed(&self, shared: Shared, form: Form, headers: &HeaderMap) -> Result<Response> {
        if !shared.share.downloads || !shared.caller.may(Capability::ExportData) {
            return Err(Error::not_found().detail("This link shows its records, and gives them as no file."));
        }
        match form {
            Form::Csv => self.csv_feed(shared, headers),
            Form::Ics => self.ics_feed(&shared, headers),
        }
    }

    /// The tag stands for the state of the base and for what is asked of it. A filter may know today, so none outlives its hour.
    fn csv_feed(&self, shared: Shared, headers: &HeaderMap) -> Result<Response> {
        let now = self.0.clock.now();
        let (seq, state) = shared.open.read(|base| {
            with_table(&shared.caller, base, shared.share.view.table, |table| {
                let (spec, fields) = asked(&shared, base, table)?;
                let names: Vec<&str> =
                    fields.iter().filter_map(|no| Some(table.field(*no)?.name.as_str())).collect();
                let hour = now.as_second() / 3600;
                let state =
                    serde_json::to_vec(&(&shared.share.id, spec, names, hour)).map_err(Error::internal)?;
                Ok((base.seq(), state))
            })
        })?;
        let mut head = tagged(headers, Versioned::ok(seq, state), seq);
        if head.status() == StatusCode::NOT_MODIFIED {
            return Ok(head);
        }
        let tag = head.headers_mut().remove(header::ETAG);
        let narrowing = Narrowing { view: Some(shared.share.view.to_string()), ..Narrowing::default() };
        let Shared { share, caller, open } = shared;
        let mut response = exports::csv_of(caller, open, share.view.table, &narrowing, now)?;
        if let Some(tag) = tag {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        Ok(response)
    }

    fn ics_feed(&self, shared: &Shared, headers: &HeaderMap) -> Result<Response> {
        let (seq, name, events) = shared.open.read(|base| self.events_of(shared, base))?;
        let text = ics::write(&self.0.web.brand().brand, &name, &events);
        let mut response = tagged(headers, Versioned::ok(seq, text), seq).into_response();
        let headers = response.headers_mut();
        if headers.contains_key(header::CONTENT_TYPE) {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/calendar; charset=utf-8"));
        }
        Ok(response)
    }

    /// The first records with a time, as events named by their primary field, or by the first that is shown.
    fn events_of(&self, shared: &Shared, base: &Base) -> Result<(u64, String, Vec<Event>)> {
        let number = shared.share.view.table;
        with_table(&shared.caller, base, number, |table| {
            let (spec, fields) = asked(shared, base, table)?;
            let (start, end) = times(shared, table, &fields)
                .ok_or_else(|| Error::not_found().detail("This view shows no day and no moment."))?;
            let now = context(self.0.clock.now(), "UTC");
            let window =
                base.window(&spec, &now, 0, MAX_EVENTS).map_err(|errors| problem::of_query(&errors))?;
            let primary = Some(table.head.primary_field).filter(|primary| fields.contains(primary));
            let named = |no: &FieldNo| table.field(*no).is_some_and(|field| !is_people(field.value_kind()));
            let title = primary
                .or_else(|| fields.iter().copied().find(|no| *no != start && Some(*no) != end && named(no)));
            let host =
                self.0.web.brand().brand.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
            let event = |record: RecordId| {
                let text = |no: FieldNo| {
                    let mut text = String::new();
                    base.write_text(number, record.row, no, &mut text);
                    text
                };
                let start_at = when(&text(start))?;
                let others =
                    fields.iter().filter(|no| ![Some(start), end, title].contains(&Some(**no)) && named(no));
                let lines = others.filter_map(|no| {
                    let value = Some(text(*no)).filter(|value| !value.is_empty())?;
                    Some(format!("{}: {value}", table.field(*no)?.name))
                });
                let stamp = base.meta(number, record.row).map_or(0, |meta| meta.updated_us);
                Some(Event {
                    uid: format!("{record}@{host}"),
                    stamp: jiff::Timestamp::from_microsecond(stamp).unwrap_or_default(),
                    start: start_at,
                    end: end.and_then(|end| when(&text(end))),
                    summary: title.map(|title| short(text(title))).unwrap_or_default(),
                    description: short(lines.collect::<Vec<_>>().join("\n")),
                })
            };
            let events = window.rows.iter().filter_map(|row| event(number.record(*row))).collect();
            let name = table.view(shared.share.view.view).map(|view| view.name.clone()).unwrap_or_default();
            Ok((base.seq(), name, events))
        })
    }
}

/// The first characters of a text.
fn short(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
    }
    text
}

/// Values of people are ids here, which say nothing to a calendar's readers and are nobody else's to know.
fn is_people(kind: &FieldKind) -> bool {
    matches!(kind, FieldKind::User { .. } | FieldKind::CreatedBy | FieldKind::ModifiedBy { .. })
}

/// A day or a moment as texts of cells have them.
fn when(text: &str) -> Option<When> {
    text.parse().map(When::Day).or_else(|_| text.parse().map(When::At)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_end_at_a_character() {
        assert_eq!(short("Rye loaf".into()), "Rye loaf");
        assert_eq!(short("é".repeat(LONGEST)), "é".repeat(LONGEST));
        assert_eq!(short("é".repeat(LONGEST + 1)), "é".repeat(LONGEST));
    }

    #[test]
    fn people_are_left_out() {
        assert!(is_people(&FieldKind::CreatedBy) && is_people(&FieldKind::User { many: true }));
        assert!(!is_people(&FieldKind::Url));
    }
}

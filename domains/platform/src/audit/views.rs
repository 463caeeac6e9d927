//! Contexts of the audit pages, and one line of the log as other pages show it.

use super::model::{Action, Broken, Entry, Event, Head, Outcome};
use super::service::Filter;
use jiff::Timestamp;
use kernel_core::TenantId;
use kernel_web::{View, register_view};
use serde::Serialize;

/// One row as people read it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Line {
    seq: i64,
    at: Timestamp,
    who: String,
    initials: String,
    sentence: &'static str,
    action: &'static str,
    failed: bool,
    tenant: Option<String>,
    target: String,
    detail: String,
    cause: String,
    reason: String,
    address: String,
    request_id: String,
    hash: String,
}

impl Line {
    pub fn of(entry: Entry) -> Self {
        let event = entry.event;
        Self {
            seq: entry.seq,
            at: event.time(),
            initials: identity::model::initials(&event.actor_name),
            sentence: event.action.sentence(),
            action: event.action.name(),
            failed: event.outcome == Outcome::Failed,
            tenant: event.tenant.map(|tenant| tenant.to_string()),
            who: event.actor_name,
            target: event.target,
            detail: event.detail,
            cause: event.cause,
            reason: event.reason,
            address: event.address,
            request_id: event.request_id,
            hash: hex(&entry.hash),
        }
    }

    /// A full and a bare line, for the samples of templates.
    pub fn samples() -> Vec<Self> {
        let full = Event {
            at: 1_795_255_200_000_000,
            actor: "stf_0BqzF4ZfHn3vT2mK8sYx1c".into(),
            actor_name: "Ada Example".into(),
            action: Action::TenantSuspended,
            outcome: Outcome::Failed,
            tenant: Some(TenantId::from_uuid(uuid::Uuid::nil())),
            target: "acme".into(),
            detail: "2 people, 1 API tokens".into(),
            cause: "Sends unwanted mail".into(),
            reason: "18,240 mails in an hour".into(),
            address: "203.0.113.7".into(),
            request_id: "req_1".into(),
        };
        let bare = Event {
            action: Action::SignedIn,
            outcome: Outcome::Done,
            tenant: None,
            target: String::new(),
            detail: String::new(),
            cause: String::new(),
            reason: String::new(),
            ..full.clone()
        };
        [full, bare].into_iter().map(|event| Self::of(Entry { seq: 7, hash: [0xab; 32], event })).collect()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Serialize)]
struct Choice {
    value: String,
    name: String,
    chosen: bool,
}

/// What the last check of the chain found.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Checked {
    whole: bool,
    /// Rows checked, or the row at which it broke.
    seq: i64,
    problem: String,
    hash: String,
}

impl Checked {
    pub fn of(result: Result<Head, Broken>) -> Self {
        match result {
            Ok(head) => Self { whole: true, seq: head.seq, problem: String::new(), hash: hex(&head.hash) },
            Err(broken) => {
                Self { whole: false, seq: broken.seq, problem: broken.problem.into(), hash: String::new() }
            }
        }
    }
}

#[derive(Serialize)]
pub(super) struct AuditView {
    lines: Vec<Line>,
    actors: Vec<Choice>,
    actions: Vec<Choice>,
    tenant: String,
    from: String,
    to: String,
    filtered: bool,
    /// Query strings of the next page and of the export, with `?`.
    older: Option<String>,
    export: String,
    checked: Option<Checked>,
}

/// What the page is made of.
pub(super) struct Parts {
    pub filter: Filter,
    pub entries: Vec<Entry>,
    pub actors: Vec<(String, String)>,
    pub more: bool,
    pub checked: Option<Checked>,
}

impl AuditView {
    pub fn of(parts: Parts) -> Self {
        let Parts { filter, entries, actors, more, checked } = parts;
        let query = super::routes::query_of(&filter);
        let older = entries.last().filter(|_| more).map(|last| {
            let separator = if query.is_empty() { "" } else { "&" };
            format!("?{query}{separator}before={}", last.seq)
        });
        let day = |day: Option<jiff::civil::Date>| day.map(|day| day.to_string()).unwrap_or_default();
        Self {
            actors: actors
                .into_iter()
                .map(|(id, name)| Choice { chosen: filter.actor.as_ref() == Some(&id), value: id, name })
                .collect(),
            actions: Action::ALL
                .iter()
                .map(|action| Choice {
                    value: action.name().to_owned(),
                    name: sentence_case(action.sentence()),
                    chosen: filter.action == Some(*action),
                })
                .collect(),
            tenant: filter.tenant.map(|tenant| tenant.to_string()).unwrap_or_default(),
            from: day(filter.from),
            to: day(filter.to),
            filtered: filter != Filter::default(),
            export: if query.is_empty() { String::new() } else { format!("?{query}") },
            older,
            lines: entries.into_iter().map(Line::of).collect(),
            checked,
        }
    }
}

fn sentence_case(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

impl View for AuditView {
    const TEMPLATE: &'static str = "admin/audit.html";
    fn samples() -> Vec<Self> {
        let empty = Parts {
            filter: Filter::default(),
            entries: Vec::new(),
            actors: Vec::new(),
            more: false,
            checked: None,
        };
        let head = Head { seq: 2, hash: [1; 32] };
        let mut full = Self::of(Parts {
            filter: Filter {
                action: Some(Action::SignedIn),
                actor: Some("stf_1".into()),
                ..Filter::default()
            },
            entries: Vec::new(),
            actors: vec![("stf_1".into(), "Ada".into())],
            more: false,
            checked: Some(Checked::of(Ok(head))),
        });
        full.lines = Line::samples();
        full.older = Some("?before=7".into());
        let mut broken = Self::of(Parts {
            filter: Filter { actor: Some("stf_1".into()), ..Filter::default() },
            entries: Vec::new(),
            actors: Vec::new(),
            more: false,
            checked: Some(Checked::of(Err(Broken { seq: 4, problem: "Rows are missing before this one." }))),
        });
        broken.lines = Vec::new();
        vec![Self::of(empty), full, broken]
    }
}
register_view!(AuditView);

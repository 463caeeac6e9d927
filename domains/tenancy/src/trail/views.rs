//! Context of the audit trail's page.

use kernel_web::{FormState, View, register_view};
use serde::Serialize;

/// `app/audit.html`.
#[derive(Serialize)]
pub struct AuditView {
    /// The organisation's name.
    pub name: String,
    /// Its address.
    pub slug: String,
    /// The filter as it was asked.
    pub form: FormState,
    /// Who has acted: id and name.
    pub people: Vec<(String, String)>,
    /// Acts: name and words.
    pub acts: Vec<(String, String)>,
    /// Rows, newest first.
    pub rows: Vec<AuditRow>,
    /// The next page's query; `None`: the end.
    pub next: Option<String>,
    /// Whether anything is filtered.
    pub filtered: bool,
}

/// One row.
#[derive(Serialize)]
pub struct AuditRow {
    /// Its number in the chain.
    pub seq: Option<i64>,
    /// RFC 3339.
    pub at: String,
    /// Who.
    pub who: String,
    /// What, as the rest of a sentence.
    pub text: String,
    /// From where.
    pub address: String,
    /// Why, if a person had to say.
    pub reason: Option<String>,
}

impl View for AuditView {
    const TEMPLATE: &'static str = "app/audit.html";
    fn samples() -> Vec<Self> {
        let row = |seq: Option<i64>| AuditRow {
            seq,
            at: "2026-11-21T10:16:00Z".into(),
            who: "Alex Doe".into(),
            text: "invited new@acme.example as editor".into(),
            address: "10.0.0.7".into(),
            reason: seq.is_none().then(|| "unpaid".into()),
        };
        let view = |rows: Vec<AuditRow>, filtered, next: Option<&str>| Self {
            name: "Acme Services".into(),
            slug: "acme".into(),
            form: FormState::empty().value("object", "new@"),
            people: vec![("usr_1".into(), "Alex Doe".into())],
            acts: vec![("member.invited".into(), "Member invited".into())],
            rows,
            next: next.map(str::to_owned),
            filtered,
        };
        vec![
            view(vec![row(Some(2)), row(None)], false, Some("after=x")),
            view(Vec::new(), true, None),
            Self {
                form: FormState::empty().error("from", "is not a day, as in 2026-12-31"),
                ..view(Vec::new(), false, None)
            },
        ]
    }
}
register_view!(AuditView);

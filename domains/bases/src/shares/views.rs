//! Contexts of the templates of links.

use kernel_web::{FormState, View, register_view};
use serde::Serialize;

register_view!(SharedView, SharedLockedView, SharedEndedView);

/// `app/bases/shared.html`: a page of a view's records.
#[derive(Serialize)]
pub(super) struct SharedView {
    /// The view's name.
    pub(super) title: String,
    pub(super) table: String,
    /// A word for a type that is shown as a table here; empty for a grid.
    pub(super) drawn_as: String,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Shown>>,
    pub(super) total: usize,
    /// Number of the first row of the page, from 1.
    pub(super) first: usize,
    /// Address of this page.
    pub(super) here: String,
    /// The record after which the next page begins.
    pub(super) next: Option<String>,
    pub(super) csv: bool,
    pub(super) ics: bool,
}

/// A column's head.
#[derive(Serialize)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) number: bool,
}

/// A value: `kind` says what is drawn.
#[derive(Clone, Serialize, Default)]
pub(super) struct Shown {
    /// `text`, `number`, `flag`, `date`, `datetime`, `choices`, `link`.
    pub(super) kind: &'static str,
    pub(super) text: String,
    pub(super) number: Option<f64>,
    /// Decimals of a number; none: as many as it has.
    pub(super) places: Option<u8>,
    pub(super) choices: Vec<Pill>,
}

/// A choice.
#[derive(Clone, Serialize)]
pub(super) struct Pill {
    pub(super) name: String,
    pub(super) colour: &'static str,
}

impl View for SharedView {
    const TEMPLATE: &'static str = "app/bases/shared.html";
    fn samples() -> Vec<Self> {
        let text = |text: &str| Shown { kind: "text", text: text.into(), ..Shown::default() };
        let row = vec![
            text("Rye loaf"),
            Shown {
                kind: "number",
                text: "6.40".into(),
                number: Some(6.4),
                places: Some(2),
                ..Shown::default()
            },
            Shown { kind: "date", text: "2026-11-21".into(), ..Shown::default() },
            Shown { kind: "datetime", text: "2026-11-21T10:00:00Z".into(), ..Shown::default() },
            Shown { kind: "flag", text: "true".into(), ..Shown::default() },
            Shown {
                kind: "choices",
                choices: vec![Pill { name: "On sale".into(), colour: "green" }],
                ..Shown::default()
            },
            Shown { kind: "link", text: "https://example.com/rye".into(), ..Shown::default() },
        ];
        let columns = |names: &[&str]| {
            names.iter().map(|name| Column { name: (*name).into(), number: *name == "Price" }).collect()
        };
        let names = ["Name", "Price", "Baked", "Changed", "Fresh", "State", "Page"];
        let view = |rows: Vec<Vec<Shown>>, next: Option<&str>| Self {
            title: "On sale".into(),
            table: "Breads".into(),
            drawn_as: if rows.is_empty() { "calendar".into() } else { String::new() },
            columns: columns(&names),
            total: rows.len() * 101,
            rows,
            first: 1,
            here: "/shared/token".into(),
            next: next.map(str::to_owned),
            csv: next.is_some(),
            ics: next.is_some(),
        };
        vec![view(vec![row.clone(), row], Some("rec2kQ0000000000aB")), view(Vec::new(), None)]
    }
}

/// `app/bases/shared_locked.html`: asks the password.
#[derive(Serialize)]
pub(super) struct SharedLockedView {
    pub(super) here: String,
    pub(super) form: FormState,
}

impl View for SharedLockedView {
    const TEMPLATE: &'static str = "app/bases/shared_locked.html";
    fn samples() -> Vec<Self> {
        let view = |form| Self { here: "/shared/token".into(), form };
        vec![view(FormState::empty()), view(FormState::empty().error("password", "is not right"))]
    }
}

/// `app/bases/shared_ended.html`: the same for every link that does not work.
#[derive(Serialize)]
pub(super) struct SharedEndedView {}

impl View for SharedEndedView {
    const TEMPLATE: &'static str = "app/bases/shared_ended.html";
    fn samples() -> Vec<Self> {
        vec![Self {}]
    }
}

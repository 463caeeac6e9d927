//! Contexts of the pages about an organisation's rules.

use kernel_web::{FormState, View, register_view};
use serde::Serialize;

/// `app/security.html`.
#[derive(Serialize)]
pub struct RulesView {
    /// What is wrong with a change.
    pub form: FormState,
    /// The organisation's part of addresses.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Whether a second factor is needed.
    pub required: bool,
    /// Whether the person may change the rules.
    pub may_change: bool,
    /// Whether the person has a second factor.
    pub own: bool,
    /// Names of members who have none.
    pub without: Vec<String>,
    /// How many members there are.
    pub members: usize,
    /// Something that was just done.
    pub note: Option<&'static str>,
}

impl View for RulesView {
    const TEMPLATE: &'static str = "app/security.html";
    fn samples() -> Vec<Self> {
        let view = |required, may_change| Self {
            form: FormState::empty(),
            slug: "acme".into(),
            name: "Acme".into(),
            required,
            may_change,
            own: true,
            without: vec!["Lee Example".into(), "Robin Tester".into()],
            members: 8,
            note: None,
        };
        vec![
            view(false, true),
            Self { note: Some("Everybody needs one."), without: Vec::new(), ..view(true, true) },
            view(true, false),
            Self {
                own: false,
                form: FormState::empty().message("Set up a second factor for yourself first."),
                ..view(false, true)
            },
        ]
    }
}

/// `app/second_factor.html`: what is missing before somebody is let in.
#[derive(Serialize)]
pub struct FactorView {
    /// The organisation.
    pub name: String,
    /// Whose account.
    pub email: String,
    /// A path to go on with.
    pub next: String,
}

impl View for FactorView {
    const TEMPLATE: &'static str = "app/second_factor.html";
    fn samples() -> Vec<Self> {
        vec![Self { name: "Acme".into(), email: "alex@acme.example".into(), next: "/o/acme/".into() }]
    }
}

register_view!(RulesView, FactorView);

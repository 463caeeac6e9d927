//! Contexts of the pages about passkeys.

use super::{LONGEST_NAME, PasskeyRow};
use kernel_web::{FormState, View, register_view};
use serde::Serialize;

/// `app/account_passkey_add.html`.
#[derive(Serialize)]
pub struct AddView {
    /// The name, and what is wrong with it or with the passkey.
    pub form: FormState,
    /// Characters of a name.
    pub longest: usize,
    /// A path to go on with when it is added.
    pub next: Option<String>,
}

impl View for AddView {
    const TEMPLATE: &'static str = "app/account_passkey_add.html";
    fn samples() -> Vec<Self> {
        let view = |form| Self { form, longest: LONGEST_NAME, next: None };
        vec![
            view(FormState::empty().value("name", "Firefox on Linux")),
            view(FormState::empty().error("name", "is missing").error("passkey", "Try again.")),
            Self {
                next: Some("/o/acme/".into()),
                ..view(FormState::empty().message("20 passkeys at most."))
            },
        ]
    }
}

/// `app/account_passkey.html`: one passkey.
#[derive(Serialize)]
pub struct PasskeyView {
    /// Its name, and what is wrong with it.
    pub form: FormState,
    /// `pky_…`.
    pub id: String,
    /// Its present name.
    pub name: String,
    /// Whether the provider keeps copies.
    pub synced: bool,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339.
    pub last_used_at: Option<String>,
    /// Whether it is the last factor.
    pub last: bool,
}

impl PasskeyView {
    pub(crate) fn new(row: PasskeyRow, form: FormState, last: bool) -> Self {
        Self {
            form,
            id: row.id.to_string(),
            name: row.name,
            synced: row.synced,
            created_at: row.created_at.to_string(),
            last_used_at: row.last_used_at.map(|at| at.to_string()),
            last,
        }
    }
}

impl View for PasskeyView {
    const TEMPLATE: &'static str = "app/account_passkey.html";
    fn samples() -> Vec<Self> {
        let at = || "2026-11-21T10:16:00Z".to_owned();
        let view = |last| Self {
            form: FormState::empty().value("name", "Laptop"),
            id: "pky_x".into(),
            name: "Laptop".into(),
            synced: last,
            created_at: at(),
            last_used_at: last.then(at),
            last,
        };
        vec![view(true), Self { form: FormState::empty().error("name", "is missing"), ..view(false) }]
    }
}

register_view!(AddView, PasskeyView);

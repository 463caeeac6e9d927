//! Context of the page that closes an account.

use kernel_web::{FormState, View, register_view};
use serde::Serialize;

/// `app/account_close.html`.
#[derive(Serialize)]
pub struct CloseView {
    /// The typed address, and what is wrong.
    pub form: FormState,
    /// The account's address.
    pub email: String,
    /// The person's organisations.
    pub ties: Vec<TieItem>,
    /// How many sessions end.
    pub sessions: usize,
    /// How many passkeys end.
    pub passkeys: i64,
}

/// An organisation.
#[derive(Serialize)]
pub struct TieItem {
    /// Its name.
    pub name: String,
    /// Its part of addresses.
    pub slug: String,
    /// Whether nobody else owns it.
    pub sole_owner: bool,
}

impl View for CloseView {
    const TEMPLATE: &'static str = "app/account_close.html";
    fn samples() -> Vec<Self> {
        let tie = |sole_owner| TieItem { name: "Acme".into(), slug: "acme".into(), sole_owner };
        let view =
            |ties, form| Self { form, email: "alex@acme.example".into(), ties, sessions: 2, passkeys: 1 };
        vec![
            view(Vec::new(), FormState::empty()),
            view(
                vec![tie(false)],
                FormState::empty().value("confirm", "x").error("confirm", "is not the address"),
            ),
            view(vec![tie(true), tie(false)], FormState::empty().message("Nobody else owns Acme.")),
        ]
    }
}

register_view!(CloseView);

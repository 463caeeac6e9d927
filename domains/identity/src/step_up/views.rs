//! Context of the page that asks who is there.

use kernel_web::{FormState, View, register_view};
use serde::Serialize;

/// `app/auth_confirm.html`.
#[derive(Serialize)]
pub struct ConfirmView {
    /// What is wrong with the proof.
    pub form: FormState,
    /// Where the form goes.
    pub action: String,
    /// Fields that go with it.
    pub kept: Vec<Kept>,
    /// Whether a code is asked for; otherwise the password.
    pub code: bool,
    /// Whose.
    pub email: String,
}

/// A field of the form that came too late.
#[derive(Serialize)]
pub struct Kept {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl View for ConfirmView {
    const TEMPLATE: &'static str = "app/auth_confirm.html";
    fn samples() -> Vec<Self> {
        let view = |code, form| Self {
            form,
            action: "/confirm".into(),
            kept: vec![Kept { name: "next".into(), value: "/account/security/app".into() }],
            code,
            email: "alex@acme.example".into(),
        };
        vec![
            view(false, FormState::empty()),
            view(false, FormState::empty().error("_password", "is not your password")),
            view(true, FormState::empty()),
            view(true, FormState::empty().error("_code", "is missing").message("Too many tries.")),
        ]
    }
}
register_view!(ConfirmView);

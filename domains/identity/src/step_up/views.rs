//! Context of the page that asks who is there.

use crate::oidc::views::ProviderItem;
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
    /// Whether the person has an authenticator app.
    pub app: bool,
    /// Whether the person has a passkey.
    pub passkey: bool,
    /// Whose.
    pub email: String,
    /// Providers that ask, of people who have neither password nor second factor; `None`: we ask.
    pub providers: Option<Vec<ProviderItem>>,
    /// Where the page leads.
    pub next: String,
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
            app: code,
            passkey: code,
            email: "alex@acme.example".into(),
            providers: None,
            next: "/account/security/app".into(),
        };
        vec![
            view(false, FormState::empty()),
            Self { providers: Some(ProviderItem::samples()), ..view(false, FormState::empty()) },
            Self { providers: Some(Vec::new()), ..view(false, FormState::empty()) },
            view(false, FormState::empty().error("_password", "is not your password")),
            view(true, FormState::empty()),
            view(true, FormState::empty().error("_code", "is missing").message("Too many tries.")),
            Self { app: false, ..view(true, FormState::empty().error("_passkey", "Try again.")) },
        ]
    }
}
register_view!(ConfirmView);

//! Contexts of the sign-in page.

use crate::Identity;
use crate::oidc::views::ProviderItem;
use kernel_web::{FormState, View, register_view};
use serde::Serialize;

/// `app/auth_login.html`.
#[derive(Serialize)]
pub struct LoginView {
    /// What was typed, and what is wrong with it.
    pub form: FormState,
    /// A path to go on with.
    pub next: Option<String>,
    /// Something that just happened: the address was confirmed, the session ended.
    pub note: Option<&'static str>,
    /// The address whose confirmation can be sent again.
    pub unconfirmed: Option<String>,
    /// Accounts elsewhere to log in with.
    pub providers: Vec<ProviderItem>,
}

impl LoginView {
    /// The form as it is, without a note.
    #[must_use]
    pub fn new(form: FormState, identity: &Identity) -> Self {
        let providers = identity.provider_buttons();
        Self { form, next: None, note: None, unconfirmed: None, providers }
    }
}

impl View for LoginView {
    const TEMPLATE: &'static str = "app/auth_login.html";
    fn samples() -> Vec<Self> {
        let empty = || Self {
            form: FormState::empty(),
            next: None,
            note: None,
            unconfirmed: None,
            providers: Vec::new(),
        };
        vec![
            empty(),
            Self { providers: ProviderItem::samples(), next: Some("/o/acme/?a=1".into()), ..empty() },
            Self {
                next: Some("/o/acme/".into()),
                note: Some("Your address is confirmed. Log in to go on."),
                ..empty()
            },
            Self {
                form: FormState::empty().value("email", "alex@acme.example").message("Wrong."),
                unconfirmed: Some("alex@acme.example".into()),
                ..empty()
            },
            Self { form: FormState::empty().error("email", "is missing"), ..empty() },
        ]
    }
}
register_view!(LoginView);

/// `app/auth_second.html`: the second step.
#[derive(Serialize)]
pub struct SecondView {
    /// What is wrong with the code.
    pub form: FormState,
    /// A path to go on with.
    pub next: Option<String>,
    /// Whether a recovery code is asked for rather than the app's.
    pub recovery: bool,
    /// Whether the person has an authenticator app.
    pub app: bool,
    /// Whether the person has a passkey.
    pub passkey: bool,
    /// Whose.
    pub email: String,
}

impl View for SecondView {
    const TEMPLATE: &'static str = "app/auth_second.html";
    fn samples() -> Vec<Self> {
        let view = |recovery, form| Self {
            form,
            next: Some("/o/acme/?a=1".into()),
            recovery,
            app: true,
            passkey: true,
            email: "alex@acme.example".into(),
        };
        vec![
            Self { next: None, ..view(false, FormState::empty()) },
            view(false, FormState::empty().error("code", "is not right, or was used before")),
            view(true, FormState::empty().message("Too many tries.")),
            Self { app: false, ..view(false, FormState::empty().error("passkey", "Try again.")) },
            Self { passkey: false, ..view(false, FormState::empty()) },
        ]
    }
}
register_view!(SecondView);

//! Contexts of the sign-up pages.

use crate::oidc::views::ProviderItem;
use kernel_web::{FormState, View, register_view};
use serde::Serialize;

/// `app/auth_signup.html`.
#[derive(Serialize)]
pub struct SignupView {
    /// What was typed, and what is wrong with it.
    pub form: FormState,
    /// A path to go on with.
    pub next: Option<String>,
    /// Fewest characters of a password.
    pub shortest: usize,
    /// Accounts elsewhere to sign up with.
    pub providers: Vec<ProviderItem>,
}

impl View for SignupView {
    const TEMPLATE: &'static str = "app/auth_signup.html";
    fn samples() -> Vec<Self> {
        let shortest = crate::password::SHORTEST;
        vec![
            Self { form: FormState::empty(), next: None, shortest, providers: ProviderItem::samples() },
            Self {
                form: FormState::empty()
                    .value("email", "alex@acme")
                    .error("email", "lacks an ending after “acme”, for example .com")
                    .error("password", "has 3 of at least 12 characters")
                    .message("Too many tries."),
                next: Some("/invite?token=x".into()),
                shortest,
                providers: Vec::new(),
            },
        ]
    }
}

/// `app/auth_check_mail.html`: after a sign-up, whether the address was known or not.
#[derive(Serialize)]
pub struct CheckMailView {
    /// The address as typed.
    pub email: String,
    /// Whether another mail was asked for.
    pub again: bool,
    /// What is wrong with asking again.
    pub form: FormState,
}

impl View for CheckMailView {
    const TEMPLATE: &'static str = "app/auth_check_mail.html";
    fn samples() -> Vec<Self> {
        let email = || "alex@acme.example".to_owned();
        vec![
            Self { email: email(), again: false, form: FormState::empty() },
            Self { email: email(), again: true, form: FormState::empty() },
            Self { email: String::new(), again: false, form: FormState::empty().message("Too many tries.") },
        ]
    }
}

/// `app/auth_verify.html`: the link's page; nothing happens until its button is pressed.
#[derive(Serialize)]
pub struct VerifyView {
    /// The link's secret.
    pub link: String,
    /// The address; `None`: the link does not work (any more).
    pub email: Option<String>,
}

impl View for VerifyView {
    const TEMPLATE: &'static str = "app/auth_verify.html";
    fn samples() -> Vec<Self> {
        vec![
            Self { link: "x".into(), email: Some("alex@acme.example".into()) },
            Self { link: String::new(), email: None },
        ]
    }
}

register_view!(SignupView, CheckMailView, VerifyView);

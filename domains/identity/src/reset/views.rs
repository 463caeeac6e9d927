//! Contexts of the pages that lead to a new password.

use kernel_web::{FormState, View, register_view};
use serde::Serialize;

/// `app/auth_forgot.html`.
#[derive(Serialize)]
pub struct ForgotView {
    /// What was typed, and what is wrong with it.
    pub form: FormState,
    /// Whether a mail is on its way, if there is an account.
    pub sent: bool,
}

impl View for ForgotView {
    const TEMPLATE: &'static str = "app/auth_forgot.html";
    fn samples() -> Vec<Self> {
        vec![
            Self { form: FormState::empty(), sent: false },
            Self { form: FormState::empty().error("email", "is missing"), sent: false },
            Self { form: FormState::empty(), sent: true },
        ]
    }
}

/// `app/auth_reset.html`.
#[derive(Serialize)]
pub struct ResetView {
    /// What is wrong with the password.
    pub form: FormState,
    /// The link's secret.
    pub link: String,
    /// Whose password; `None`: the link does not work (any more).
    pub email: Option<String>,
    /// Fewest characters of a password.
    pub shortest: usize,
}

impl View for ResetView {
    const TEMPLATE: &'static str = "app/auth_reset.html";
    fn samples() -> Vec<Self> {
        let shortest = crate::password::SHORTEST;
        let email = || Some("alex@acme.example".to_owned());
        vec![
            Self { form: FormState::empty(), link: "x".into(), email: email(), shortest },
            Self {
                form: FormState::empty().error("password", "is missing"),
                link: "x".into(),
                email: email(),
                shortest,
            },
            Self { form: FormState::empty(), link: String::new(), email: None, shortest },
        ]
    }
}

register_view!(ForgotView, ResetView);

//! Context of the onboarding page.

use kernel_web::{FormState, View, register_view};
use serde::Serialize;

/// `app/onboarding.html`.
#[derive(Serialize)]
pub struct OnboardingView {
    /// What was typed, and what is wrong with it.
    pub form: FormState,
    /// What comes after the name: `csv`, `base`, `site`.
    pub start: String,
    /// Whether the person has an organisation already, and so may turn back.
    pub another: bool,
    /// Where forms and sites of the organisation live, e.g. `.sites.nclc.localhost`.
    pub app_host: String,
}

impl View for OnboardingView {
    const TEMPLATE: &'static str = "app/onboarding.html";
    fn samples() -> Vec<Self> {
        let host = || "app.nclc.localhost:8080/o/".to_owned();
        vec![
            Self { form: FormState::empty(), start: "csv".into(), another: false, app_host: host() },
            Self {
                form: FormState::empty()
                    .value("name", "Acme")
                    .error("slug", "is taken; choose another")
                    .message("No."),
                start: "site".into(),
                another: true,
                app_host: host(),
            },
        ]
    }
}
register_view!(OnboardingView);

//! Contexts of the pages that set up a second factor.

use super::picture::Picture;
use kernel_web::{FormState, View, register_view};
use serde::Serialize;

/// `app/account_app.html`: a seed for an authenticator app.
#[derive(Serialize)]
pub struct AppView {
    /// What is wrong with the code.
    pub form: FormState,
    /// The picture to scan.
    pub picture: Picture,
    /// The seed for typing, in groups.
    pub seed: String,
    /// Whether another app is in use until this one is proven.
    pub replaces: bool,
    /// A path to go on with when a factor is there.
    pub next: Option<String>,
}

impl View for AppView {
    const TEMPLATE: &'static str = "app/account_app.html";
    fn samples() -> Vec<Self> {
        let view = |replaces, form| Self {
            form,
            picture: Picture { side: 29, path: "M4 4h7v1h-7z".into() },
            seed: "GEZD GNBV GY3T QOJQ".into(),
            replaces,
            next: replaces.then(|| "/o/acme/".to_owned()),
        };
        vec![
            view(false, FormState::empty()),
            view(true, FormState::empty().error("code", "is not six digits")),
            view(true, FormState::empty().message("The picture was shown too long ago. Scan this one.")),
        ]
    }
}

/// `app/account_codes.html`: recovery codes, shown once.
#[derive(Serialize)]
pub struct CodesView {
    /// The codes.
    pub codes: Vec<String>,
    /// The same as the text of a file.
    pub file: String,
    /// Whether they came with the first factor.
    pub first: bool,
    /// A path to go on with.
    pub next: Option<String>,
}

impl CodesView {
    pub(crate) fn new(
        brand: &str,
        email: &str,
        codes: Vec<String>,
        first: bool,
        next: Option<String>,
    ) -> Self {
        let file = format!(
            "{brand} recovery codes of {email}. Each works once, in place of the code of the app.\n\n{}\n",
            codes.join("\n")
        );
        Self { codes, file, first, next }
    }
}

impl View for CodesView {
    const TEMPLATE: &'static str = "app/account_codes.html";
    fn samples() -> Vec<Self> {
        let codes = || vec!["h5k2-0000-0000-0000-0000-0000".to_owned(); 10];
        [true, false]
            .into_iter()
            .map(|first| {
                Self::new("NCLC", "alex@acme.example", codes(), first, first.then(|| "/o/acme/".to_owned()))
            })
            .collect()
    }
}

register_view!(AppView, CodesView);

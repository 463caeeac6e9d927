//! Contexts of the pages of links to log in.

use kernel_web::{FormState, View, register_view};
use serde::Serialize;

/// `app/auth_link_ask.html`.
#[derive(Serialize)]
pub struct AskView {
    /// What was typed, and what is wrong with it.
    pub form: FormState,
    /// A path to go on with.
    pub next: Option<String>,
    /// Whether a mail is on its way, if there is an account.
    pub sent: bool,
}

impl View for AskView {
    const TEMPLATE: &'static str = "app/auth_link_ask.html";
    fn samples() -> Vec<Self> {
        vec![
            Self { form: FormState::empty(), next: None, sent: false },
            Self {
                form: FormState::empty().value("email", "alex@acme").error("email", "lacks an ending"),
                next: Some("/o/acme/?a=1".into()),
                sent: false,
            },
            Self { form: FormState::empty(), next: None, sent: true },
        ]
    }
}

/// `app/auth_link.html`: the link's page.
#[derive(Serialize)]
pub struct OfferView {
    /// The link's secret.
    pub link: String,
    /// Whose account; `None`: the link does not work (any more).
    pub email: Option<String>,
    /// Whether this browser asked for it.
    pub same_browser: bool,
    /// The browser that asked.
    pub device: String,
    /// Its address.
    pub address: String,
    /// When it asked, RFC 3339.
    pub at: String,
}

impl OfferView {
    /// The page of a link that does not work.
    pub(crate) fn ended() -> Self {
        Self {
            link: String::new(),
            email: None,
            same_browser: false,
            device: String::new(),
            address: String::new(),
            at: String::new(),
        }
    }
}

impl View for OfferView {
    const TEMPLATE: &'static str = "app/auth_link.html";
    fn samples() -> Vec<Self> {
        let view = |same_browser| Self {
            link: "x".into(),
            email: Some("alex@acme.example".into()),
            same_browser,
            device: "Firefox on Linux".into(),
            address: "192.0.2.1".into(),
            at: "2026-11-21T10:16:00Z".into(),
        };
        vec![view(true), view(false), Self::ended()]
    }
}

register_view!(AskView, OfferView);

//! Context of the account page.

use kernel_web::{FormState, View, register_view};
use serde::Serialize;

/// `app/account.html`.
#[derive(Serialize)]
pub struct AccountView {
    /// Name, time zone, theme.
    pub profile: FormState,
    /// The password form.
    pub password: FormState,
    /// Names of time zones.
    pub zones: Vec<String>,
    /// The person's sessions, latest use first.
    pub sessions: Vec<SessionItem>,
    /// The latest events of the account.
    pub events: Vec<EventItem>,
    /// Something that was just done.
    pub note: Option<&'static str>,
    /// Fewest characters of a password.
    pub shortest: usize,
}

/// One session.
#[derive(Serialize)]
pub struct SessionItem {
    /// `ses_…`.
    pub id: String,
    /// Browser and system, e.g. `Firefox on Linux`.
    pub device: String,
    /// The client's address.
    pub address: String,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339.
    pub last_seen_at: String,
    /// Whether it is this one.
    pub current: bool,
}

/// One event.
#[derive(Serialize)]
pub struct EventItem {
    /// RFC 3339.
    pub at: String,
    /// What happened, as a sentence.
    pub text: String,
    /// From where.
    pub address: String,
}

impl View for AccountView {
    const TEMPLATE: &'static str = "app/account.html";
    fn samples() -> Vec<Self> {
        let profile = || {
            FormState::empty()
                .value("name", "Alex Doe")
                .value("time_zone", "Europe/Berlin")
                .value("theme", "dark")
        };
        let at = || "2026-11-21T10:16:00Z".to_owned();
        let session = |current| SessionItem {
            id: "ses_x".into(),
            device: "Firefox on Linux".into(),
            address: "192.0.2.1".into(),
            created_at: at(),
            last_seen_at: at(),
            current,
        };
        vec![
            Self {
                profile: profile(),
                password: FormState::empty(),
                zones: vec!["UTC".into(), "Europe/Berlin".into()],
                sessions: vec![session(true), session(false)],
                events: vec![EventItem { at: at(), text: "Logged in".into(), address: "192.0.2.1".into() }],
                note: Some("Saved."),
                shortest: 12,
            },
            Self {
                profile: profile().error("name", "is missing"),
                password: FormState::empty().error("current", "is not your current password"),
                zones: Vec::new(),
                sessions: vec![session(true)],
                events: Vec::new(),
                note: None,
                shortest: 12,
            },
        ]
    }
}
register_view!(AccountView);

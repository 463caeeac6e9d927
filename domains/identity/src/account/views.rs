//! Contexts of the account's pages.

use kernel_web::{FormState, View, register_view};
use serde::Serialize;

/// `app/account.html`.
#[derive(Serialize)]
pub struct AccountView {
    /// Name, time zone, theme.
    pub profile: FormState,
    /// Names of time zones.
    pub zones: Vec<String>,
    /// The confirmed address.
    pub email: String,
    /// Another address that waits for confirmation.
    pub pending: Option<PendingView>,
    /// Something that was just done.
    pub note: Option<&'static str>,
}

/// A change of the address that waits.
#[derive(Serialize)]
pub struct PendingView {
    /// The new address.
    pub email: String,
    /// Whether the present address has confirmed.
    pub old_done: bool,
    /// Whether the new one has.
    pub new_done: bool,
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
        let view = |profile| Self {
            profile,
            zones: vec!["UTC".into(), "Europe/Berlin".into()],
            email: "alex@acme.example".into(),
            pending: None,
            note: None,
        };
        let pending =
            |old_done| PendingView { email: "alex@new.example".into(), old_done, new_done: !old_done };
        vec![
            view(profile()),
            Self { pending: Some(pending(true)), note: Some("Sent."), ..view(profile()) },
            Self { pending: Some(pending(false)), ..view(profile()) },
            view(profile().error("name", "is missing").error("time_zone", "is not a time zone")),
        ]
    }
}

/// `app/account_password.html`.
#[derive(Serialize)]
pub struct PasswordView {
    /// What is wrong with the passwords.
    pub form: FormState,
    /// Fewest characters of a password.
    pub shortest: usize,
}

impl View for PasswordView {
    const TEMPLATE: &'static str = "app/account_password.html";
    fn samples() -> Vec<Self> {
        vec![
            Self { form: FormState::empty(), shortest: 12 },
            Self { form: FormState::empty().error("current", "is not your current password"), shortest: 12 },
        ]
    }
}

/// `app/account_security.html`.
#[derive(Serialize)]
pub struct SecurityView {
    /// Something that was just done.
    pub note: Option<&'static str>,
    /// Since when an authenticator app is in use, RFC 3339.
    pub app: Option<String>,
    /// When it was used last.
    pub app_used: Option<String>,
    /// Recovery codes: left, of how many, since when.
    pub codes: Option<(i64, i64, String)>,
    /// The person's sessions, latest use first.
    pub sessions: Vec<SessionItem>,
    /// The latest events of the account.
    pub events: Vec<EventItem>,
}

/// One session.
#[derive(Serialize)]
pub struct SessionItem {
    /// `ses_…`.
    pub id: String,
    /// Browser and system, e.g. `Firefox on Linux`.
    pub device: String,
    /// What the person signed in with, e.g. `password and code`.
    pub with: String,
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
    /// What happened.
    pub text: String,
    /// Browser and system; empty when unknown.
    pub device: String,
    /// From where.
    pub address: String,
    /// Whether it is worth a look.
    pub bad: bool,
}

impl View for SecurityView {
    const TEMPLATE: &'static str = "app/account_security.html";
    fn samples() -> Vec<Self> {
        let at = || "2026-11-21T10:16:00Z".to_owned();
        let session = |current| SessionItem {
            id: "ses_x".into(),
            device: "Firefox on Linux".into(),
            with: "password and code".into(),
            address: "192.0.2.1".into(),
            created_at: at(),
            last_seen_at: at(),
            current,
        };
        let event = |text: &str, bad| EventItem {
            at: at(),
            text: text.into(),
            device: if bad { String::new() } else { "Firefox on Linux".into() },
            address: "192.0.2.1".into(),
            bad,
        };
        let empty = || Self {
            note: None,
            app: None,
            app_used: None,
            codes: None,
            sessions: vec![session(true)],
            events: Vec::new(),
        };
        vec![
            empty(),
            Self {
                note: Some("The session has ended."),
                app: Some(at()),
                app_used: Some(at()),
                codes: Some((8, 10, at())),
                sessions: vec![session(true), session(false)],
                events: vec![event("Logged in with password and code", false), event("Wrong password", true)],
            },
            Self { app: Some(at()), codes: Some((0, 10, at())), ..empty() },
        ]
    }
}

/// `app/account_email.html`.
#[derive(Serialize)]
pub struct EmailView {
    /// What was typed, and what is wrong with it.
    pub form: FormState,
    /// The present address.
    pub email: String,
}

impl View for EmailView {
    const TEMPLATE: &'static str = "app/account_email.html";
    fn samples() -> Vec<Self> {
        let email = || "alex@acme.example".to_owned();
        vec![
            Self { form: FormState::empty(), email: email() },
            Self {
                form: FormState::empty().value("email", "alex@acme").error("email", "lacks an ending"),
                email: email(),
            },
        ]
    }
}

/// `app/auth_email.html`: the page of a link that confirms a change of the address.
#[derive(Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum EmailLinkView {
    /// Asks for the button to be pressed.
    Asks {
        /// The link's secret.
        link: String,
        /// The present address.
        from: String,
        /// The new one.
        to: String,
    },
    /// The other address has not confirmed yet.
    Waits,
    /// The address is changed.
    Done {
        /// The new address.
        email: String,
    },
    /// The link does not work (any more).
    Ended,
}

impl View for EmailLinkView {
    const TEMPLATE: &'static str = "app/auth_email.html";
    fn samples() -> Vec<Self> {
        let to = || "alex@new.example".to_owned();
        vec![
            Self::Asks { link: "x".into(), from: "alex@acme.example".into(), to: to() },
            Self::Waits,
            Self::Done { email: to() },
            Self::Ended,
        ]
    }
}

register_view!(AccountView, PasswordView, SecurityView, EmailView, EmailLinkView);

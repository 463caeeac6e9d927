//! Contexts of the account's pages.

use crate::oidc::views::ElsewhereView;
use kernel_web::{FormState, View, register_view};
use serde::Serialize;

/// `app/account.html`.
#[derive(Serialize)]
pub struct AccountView {
    /// Name, time zone, theme.
    pub profile: FormState,
    /// Names of time zones.
    pub zones: Vec<String>,
    /// Locales and an example of each.
    pub locales: Vec<(&'static str, String)>,
    /// What is wrong with a picture.
    pub picture: FormState,
    /// Address of the picture.
    pub avatar: Option<String>,
    /// In its place.
    pub initials: String,
    /// The latest copy of the person's data.
    pub export: Option<ExportView>,
    /// The confirmed address.
    pub email: String,
    /// Another address that waits for confirmation.
    pub pending: Option<PendingView>,
    /// Something that was just done.
    pub note: Option<&'static str>,
}

/// A copy of the person's data.
#[derive(Serialize)]
pub struct ExportView {
    /// `exp_…`.
    pub id: String,
    /// Parts done, of how many.
    pub done: i32,
    /// All of them.
    pub parts: i32,
    /// Whether it can be fetched.
    pub ready: bool,
    /// RFC 3339.
    pub expires_at: String,
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
            locales: vec![("en-GB", "English: 21 Nov 2026".into())],
            picture: FormState::empty(),
            avatar: None,
            initials: "AD".into(),
            export: None,
            email: "alex@acme.example".into(),
            pending: None,
            note: None,
        };
        let export = |ready| ExportView {
            id: "exp_x".into(),
            done: 2,
            parts: 5,
            ready,
            expires_at: "2026-11-28T10:16:00Z".into(),
        };
        let pending =
            |old_done| PendingView { email: "alex@new.example".into(), old_done, new_done: !old_done };
        vec![
            view(profile()),
            Self { pending: Some(pending(true)), note: Some("Sent."), ..view(profile()) },
            Self { pending: Some(pending(false)), ..view(profile()) },
            view(profile().error("name", "is missing").error("time_zone", "is not a time zone")),
            Self {
                avatar: Some("/people/usr_x/picture/ab".into()),
                picture: FormState::empty().error("picture", "is larger than 5 MB"),
                export: Some(export(false)),
                ..view(profile())
            },
            Self { export: Some(export(true)), ..view(profile()) },
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
    /// Something that could not be done.
    pub problem: Option<&'static str>,
    /// Accounts elsewhere.
    pub elsewhere: ElsewhereView,
    /// Since when an authenticator app is in use, RFC 3339.
    pub app: Option<String>,
    /// When it was used last.
    pub app_used: Option<String>,
    /// Recovery codes: left, of how many, since when.
    pub codes: Option<(i64, i64, String)>,
    /// The person's passkeys, oldest first.
    pub passkeys: Vec<PasskeyItem>,
    /// The person's sessions, latest use first.
    pub sessions: Vec<SessionItem>,
    /// The latest events of the account.
    pub events: Vec<EventItem>,
}

/// One passkey.
#[derive(Serialize)]
pub struct PasskeyItem {
    /// `pky_…`.
    pub id: String,
    /// What the person calls it.
    pub name: String,
    /// Whether the provider keeps copies.
    pub synced: bool,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339.
    pub last_used_at: Option<String>,
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
        let elsewhere = |some: bool| {
            let [without, with] = ElsewhereView::samples();
            if some { with } else { without }
        };
        let empty = || Self {
            note: None,
            problem: None,
            elsewhere: elsewhere(false),
            app: None,
            app_used: None,
            codes: None,
            passkeys: Vec::new(),
            sessions: vec![session(true)],
            events: Vec::new(),
        };
        vec![
            empty(),
            Self {
                note: Some("The session has ended."),
                problem: None,
                elsewhere: elsewhere(true),
                app: Some(at()),
                app_used: Some(at()),
                codes: Some((8, 10, at())),
                passkeys: Vec::new(),
                sessions: vec![session(true), session(false)],
                events: vec![event("Logged in with password and code", false), event("Wrong password", true)],
            },
            Self {
                app: Some(at()),
                codes: Some((0, 10, at())),
                problem: Some("It is the only way in."),
                elsewhere: elsewhere(true),
                ..empty()
            },
            Self {
                passkeys: [true, false]
                    .map(|synced| PasskeyItem {
                        id: format!("pky_{synced}"),
                        name: "Laptop".into(),
                        synced,
                        created_at: at(),
                        last_used_at: synced.then(at),
                    })
                    .into(),
                codes: Some((9, 10, at())),
                ..empty()
            },
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

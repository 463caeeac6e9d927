//! Contexts of the pages of apps.

use crate::tokens::views::{BaseItem, ScopeItem};
use kernel_web::{FormState, View, register_view};
use serde::Serialize;

/// `app/apps.html`: `/o/{slug}/apps`.
#[derive(Serialize)]
pub struct AppsView {
    /// The organisation's name.
    pub name: String,
    /// Its part of addresses.
    pub slug: String,
    /// Its apps.
    pub apps: Vec<AppItem>,
    /// The form of a new one.
    pub form: AppForm,
    /// Whether the form is open when the page loads.
    pub open: bool,
    /// Something that was just done.
    pub note: Option<&'static str>,
}

/// An app in the list.
#[derive(Serialize)]
pub struct AppItem {
    /// `oap_…`.
    pub id: String,
    /// As people read it.
    pub name: String,
    /// Whether it has a secret.
    pub confidential: bool,
    /// Whether it works for itself.
    pub itself: bool,
    /// `Read, write`.
    pub may: String,
    /// How many people have connected it.
    pub people: i64,
    /// RFC 3339.
    pub created_at: String,
}

/// The form of an app.
#[derive(Serialize)]
pub struct AppForm {
    /// What was typed.
    pub state: FormState,
    /// Scopes to choose from.
    pub scopes: Vec<ScopeItem>,
    /// Those that are ticked.
    pub ticked: Vec<String>,
    /// Bases to choose from, for an app that works for itself.
    pub bases: Vec<BaseItem>,
}

/// `app/app.html`: `/o/{slug}/apps/{app}`.
#[derive(Serialize)]
pub struct AppView {
    /// The organisation's name.
    pub tenant: String,
    /// Its part of addresses.
    pub slug: String,
    /// The app.
    pub app: AppItem,
    /// What programs send.
    pub client_id: String,
    /// The last characters of the secret and its day, RFC 3339.
    pub secret: Option<(String, String)>,
    /// The secret, shown once.
    pub made: Option<String>,
    /// The form.
    pub form: AppForm,
    /// Whom it acts for.
    pub connections: Vec<ConnectionItem>,
    /// Where programs find the addresses of everything.
    pub issuer: String,
    /// Something that was just done.
    pub note: Option<&'static str>,
}

/// What an app may do for a person.
#[derive(Serialize)]
pub struct ConnectionItem {
    /// `con_…`.
    pub id: String,
    /// The app's name, or the person's: what the page is not about.
    pub name: String,
    /// The organisation: its name and id; for the person's page.
    pub tenant: Option<(String, String)>,
    /// `Read, write`.
    pub may: String,
    /// The names of the bases it is limited to; `None`: all.
    pub bases: Option<Vec<String>>,
    /// How many of its bases are gone, or not to be seen.
    pub gone: usize,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339.
    pub last_used_at: Option<String>,
}

/// `app/consent.html`: what a person is asked.
#[derive(Serialize)]
pub struct ConsentView {
    /// The organisation's name.
    pub tenant: String,
    /// Its part of addresses.
    pub slug: String,
    /// The app's name.
    pub app: String,
    /// Where the answer goes, for the eye.
    pub back: String,
    /// What it could do, in words.
    pub may: Vec<&'static str>,
    /// The request, as it came: name, value.
    pub hidden: Vec<(&'static str, String)>,
    /// Bases to choose from.
    pub bases: Vec<BaseItem>,
    /// What was chosen.
    pub form: FormState,
}

/// `app/connected_apps.html`: `/account/apps`.
#[derive(Serialize)]
pub struct ConnectedView {
    /// The apps, by organisation.
    pub connections: Vec<ConnectionItem>,
    /// Something that was just done.
    pub note: Option<&'static str>,
}

fn app(itself: bool) -> AppItem {
    AppItem {
        id: "oap_a".into(),
        name: "Stock app".into(),
        confidential: itself,
        itself,
        may: "Read, write".into(),
        people: 3,
        created_at: "2026-11-21T10:16:00Z".into(),
    }
}

fn form() -> AppForm {
    AppForm {
        state: FormState::empty().value("kind", "confidential").value("reach", "all"),
        scopes: super::form::scope_items(),
        ticked: vec!["read".into()],
        bases: bases(),
    }
}

fn bases() -> Vec<BaseItem> {
    [("app1", "Warehouse", true), ("app2", "Staff", false)]
        .map(|(id, name, on)| BaseItem { id: id.into(), name: name.into(), on })
        .into()
}

fn connection(limited: bool) -> ConnectionItem {
    ConnectionItem {
        id: "con_a".into(),
        name: "Kim Person".into(),
        tenant: limited.then(|| ("Acme Services".into(), "ten_a".into())),
        may: "Read".into(),
        bases: limited.then(|| vec!["Warehouse".into()]),
        gone: usize::from(limited),
        created_at: "2026-11-21T10:16:00Z".into(),
        last_used_at: limited.then(|| "2026-11-21T10:16:00Z".into()),
    }
}

impl View for AppsView {
    const TEMPLATE: &'static str = "app/apps.html";
    fn samples() -> Vec<Self> {
        let plain = || Self {
            name: "Acme".into(),
            slug: "acme".into(),
            apps: Vec::new(),
            form: form(),
            open: false,
            note: None,
        };
        let mut wrong = form();
        wrong.state =
            wrong.state.error("redirects", "is empty").error("scopes", "is empty").error("itself", "needs");
        vec![
            plain(),
            Self { apps: vec![app(true), app(false)], note: Some("The app is deleted."), ..plain() },
            Self { open: true, form: AppForm { bases: Vec::new(), ..wrong }, ..plain() },
        ]
    }
}

impl View for AppView {
    const TEMPLATE: &'static str = "app/app.html";
    fn samples() -> Vec<Self> {
        let plain = |itself: bool| Self {
            tenant: "Acme".into(),
            slug: "acme".into(),
            app: app(itself),
            client_id: "nclcapp_x".into(),
            secret: itself.then(|| ("kd7f".into(), "2026-11-21T10:16:00Z".into())),
            made: None,
            form: form(),
            connections: Vec::new(),
            issuer: "http://api.nclc.localhost:8080".into(),
            note: None,
        };
        let connected = vec![connection(true), connection(false)];
        vec![
            plain(false),
            Self {
                made: Some("nclcsec_x".into()),
                note: Some("Saved."),
                connections: connected,
                ..plain(true)
            },
        ]
    }
}

impl View for ConsentView {
    const TEMPLATE: &'static str = "app/consent.html";
    fn samples() -> Vec<Self> {
        let plain = || Self {
            tenant: "Acme".into(),
            slug: "acme".into(),
            app: "Stock app".into(),
            back: "https://stock.example".into(),
            may: vec!["See bases", "Delete records"],
            hidden: vec![("client_id", "nclcapp_x".into())],
            bases: bases(),
            form: FormState::empty().value("reach", "all"),
        };
        let wrong = FormState::empty().value("reach", "some").error("bases", "has no base ticked");
        vec![plain(), Self { form: wrong, ..plain() }, Self { bases: Vec::new(), ..plain() }]
    }
}

impl View for ConnectedView {
    const TEMPLATE: &'static str = "app/connected_apps.html";
    fn samples() -> Vec<Self> {
        vec![
            Self { connections: Vec::new(), note: None },
            Self { connections: vec![connection(true), connection(false)], note: Some("Disconnected.") },
        ]
    }
}
register_view!(AppsView, AppView, ConsentView, ConnectedView);

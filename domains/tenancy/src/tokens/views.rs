//! Context of the API tokens page.

use kernel_web::{FormState, View, register_view};
use serde::Serialize;

/// `app/tokens.html`.
#[derive(Serialize)]
pub struct TokensView {
    /// The organisation's address.
    pub slug: String,
    /// Tokens, newest first.
    pub tokens: Vec<TokenItem>,
    /// The form of the dialog.
    pub form: FormState,
    /// Scopes ticked in the form.
    pub ticked: Vec<String>,
    /// Scopes to choose from.
    pub scopes: Vec<ScopeItem>,
    /// Bases to choose from.
    pub bases: Vec<BaseItem>,
    /// Whether the dialog is open when the page loads.
    pub open: bool,
    /// The token that was just made.
    pub made: Option<MadeToken>,
    /// A token was revoked.
    pub revoked: bool,
}

/// One token.
#[derive(Serialize)]
pub struct TokenItem {
    /// `tok_…`.
    pub id: String,
    /// What it is for.
    pub label: String,
    /// The last four characters.
    pub hint: String,
    /// What it may do, e.g. `Read, write`.
    pub may: String,
    /// The names of the bases it is limited to; `None`: all.
    pub bases: Option<Vec<String>>,
    /// How many of its bases are deleted.
    pub gone: usize,
    /// Who made it.
    pub maker: String,
    /// The maker's letters.
    pub initials: String,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339.
    pub expires_at: Option<String>,
    /// Whether its end has come.
    pub expired: bool,
    /// Whether it ends within 14 days.
    pub ending: bool,
    /// RFC 3339.
    pub last_used_at: Option<String>,
    /// From where that was.
    pub last_used_from: Option<String>,
    /// Networks that it is limited to.
    pub networks: Vec<String>,
    /// Calls a minute, if limited.
    pub per_minute: Option<i32>,
    /// Calls in the last 30 days.
    pub calls: i64,
    /// A bar for each of these days, today last: its height, 0 to 20.
    pub bars: Vec<i64>,
    /// RFC 3339: when it was revoked.
    pub revoked_at: Option<String>,
    /// Whether the person who looks may revoke it.
    pub may_revoke: bool,
}

/// A scope in the form.
#[derive(Serialize)]
pub struct ScopeItem {
    /// The name as stored.
    pub name: &'static str,
    /// What it allows.
    pub text: &'static str,
}

/// A base in the form.
#[derive(Serialize)]
pub struct BaseItem {
    /// `app…`.
    pub id: String,
    /// Shown name.
    pub name: String,
    /// Whether it is ticked.
    pub on: bool,
}

/// A token in sight, once.
#[derive(Serialize)]
pub struct MadeToken {
    /// What it is for.
    pub label: String,
    /// The text.
    pub text: String,
    /// What it may do.
    pub may: String,
    /// The names of its bases; `None`: all.
    pub bases: Option<Vec<String>>,
    /// RFC 3339.
    pub expires_at: Option<String>,
}

fn sample(id: &str, ends: Option<String>, expired: bool, ending: bool) -> TokenItem {
    let at = || "2026-11-21T10:16:00Z".to_owned();
    TokenItem {
        id: id.into(),
        label: "Website build".into(),
        hint: "kd7f".into(),
        may: "Read, write".into(),
        bases: ending.then(|| vec!["Warehouse".into(), "Staff".into(), "Route network".into()]),
        gone: usize::from(ending),
        maker: "Alex Doe".into(),
        initials: "AD".into(),
        created_at: at(),
        expires_at: ends,
        expired,
        ending,
        last_used_at: ending.then(at),
        last_used_from: ending.then(|| "203.0.113.7".into()),
        networks: if ending { vec!["203.0.113.0/24".into()] } else { Vec::new() },
        per_minute: ending.then_some(600),
        calls: 12_345,
        bars: (0..30).map(|day| day % 21).collect(),
        revoked_at: expired.then(at),
        may_revoke: !expired,
    }
}

/// `app/tokens_history.html`.
#[derive(Serialize)]
pub struct TokenHistoryView {
    /// The organisation's address.
    pub slug: String,
    /// Revoked tokens, latest first.
    pub tokens: Vec<TokenItem>,
}

impl View for TokenHistoryView {
    const TEMPLATE: &'static str = "app/tokens_history.html";
    fn samples() -> Vec<Self> {
        let view = |tokens| Self { slug: "acme".into(), tokens };
        vec![
            view(Vec::new()),
            view(vec![sample("tok_a", None, true, false), sample("tok_b", None, true, true)]),
        ]
    }
}

impl View for TokensView {
    const TEMPLATE: &'static str = "app/tokens.html";
    fn samples() -> Vec<Self> {
        let at = || "2026-11-21T10:16:00Z".to_owned();
        let scopes = || {
            vec![
                ScopeItem { name: "read", text: "Reads records" },
                ScopeItem { name: "write", text: "Writes" },
            ]
        };
        let plain = || Self {
            slug: "acme".into(),
            tokens: Vec::new(),
            form: FormState::empty().value("days", "90").value("reach", "all"),
            ticked: vec!["read".into()],
            scopes: scopes(),
            bases: Vec::new(),
            open: false,
            made: None,
            revoked: false,
        };
        vec![
            plain(),
            Self {
                tokens: vec![
                    sample("tok_a", None, false, false),
                    sample("tok_b", Some(at()), false, true),
                    sample("tok_c", Some(at()), true, false),
                ],
                revoked: true,
                ..plain()
            },
            Self {
                form: FormState::empty()
                    .value("reach", "some")
                    .error("label", "is missing")
                    .error("scopes", "is empty")
                    .error("bases", "has no base ticked"),
                bases: [("app1", "Warehouse", true), ("app2", "Staff", false)]
                    .map(|(id, name, on)| BaseItem { id: id.into(), name: name.into(), on })
                    .into(),
                open: true,
                ..plain()
            },
            Self {
                made: Some(MadeToken {
                    label: "Kiosk".into(),
                    text: "nclc_x".into(),
                    may: "Read".into(),
                    bases: Some(vec!["Warehouse".into(), "Staff".into()]),
                    expires_at: Some(at()),
                }),
                ..plain()
            },
            Self {
                made: Some(MadeToken {
                    label: "Kiosk".into(),
                    text: "nclc_x".into(),
                    may: "Read".into(),
                    bases: None,
                    expires_at: None,
                }),
                ..plain()
            },
        ]
    }
}
register_view!(TokensView, TokenHistoryView);

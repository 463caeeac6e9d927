//! Contexts of pages about accounts elsewhere.

use super::Provider;
use kernel_web::{View, register_view};
use serde::Serialize;

/// A provider's button.
#[derive(Clone, Debug, Serialize)]
pub struct ProviderItem {
    /// Its part of addresses.
    pub key: String,
    /// What people call it.
    pub name: String,
}

impl ProviderItem {
    pub(crate) fn of(provider: &Provider) -> Self {
        Self { key: provider.key.clone(), name: provider.name.clone() }
    }

    /// One of each kind, for samples.
    #[must_use]
    pub fn samples() -> Vec<Self> {
        [("google", "Google"), ("github", "GitHub"), ("oidc", "Acme")]
            .map(|(key, name)| Self { key: key.into(), name: name.into() })
            .into()
    }
}

/// What the page of the account's protection shows of accounts elsewhere.
#[derive(Serialize)]
pub struct ElsewhereView {
    /// Whether the person has a password.
    pub password: bool,
    /// Connected accounts, oldest first.
    pub linked: Vec<LinkedItem>,
    /// Providers to connect with.
    pub offered: Vec<ProviderItem>,
}

impl ElsewhereView {
    /// With nothing, with everything.
    #[must_use]
    pub fn samples() -> [Self; 2] {
        let linked = |n: u8, used: Option<&str>| LinkedItem {
            id: format!("lnd_000000000000000000000{n}"),
            provider: "Google".into(),
            email: "alex@acme.example".into(),
            created_at: "2026-11-21T10:16:00Z".into(),
            last_used_at: used.map(str::to_owned),
        };
        [
            Self { password: true, linked: Vec::new(), offered: Vec::new() },
            Self {
                password: false,
                linked: vec![linked(1, None), linked(2, Some("2026-11-21T10:16:00Z"))],
                offered: ProviderItem::samples(),
            },
        ]
    }
}

/// One connected account.
#[derive(Serialize)]
pub struct LinkedItem {
    /// `lnd_…`.
    pub id: String,
    /// What the provider is called.
    pub provider: String,
    /// The address there.
    pub email: String,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339.
    pub last_used_at: Option<String>,
}

/// `app/auth_leave.html`: on the way to a provider, where a form can't lead there by itself (`form-action` of the policy).
#[derive(Serialize)]
pub struct LeaveView {
    /// Where it goes.
    pub to: String,
    /// What the provider is called.
    pub name: String,
}

impl View for LeaveView {
    const TEMPLATE: &'static str = "app/auth_leave.html";
    fn samples() -> Vec<Self> {
        vec![Self {
            to: "https://accounts.google.com/o/oauth2/v2/auth?a=b&c=d".into(),
            name: "Google".into(),
        }]
    }
}

register_view!(LeaveView);

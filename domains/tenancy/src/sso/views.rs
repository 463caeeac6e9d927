//! Contexts of the pages of single sign-on.

use crate::scim::ScimSection;
use kernel_web::{FormState, View, register_view};
use serde::Serialize;

/// `app/sso.html`: `/o/{slug}/security/sso`.
#[derive(Serialize)]
pub struct SsoView {
    /// The organisation's name.
    pub name: String,
    /// Its part of addresses.
    pub slug: String,
    /// Whether the plan has it.
    pub included: bool,
    /// Whether who looks is an owner, who alone chooses whom to believe.
    pub owns: bool,
    /// Whether it is set up.
    pub set_up: bool,
    /// The form that is shown: `oidc` or `saml`.
    pub protocol: &'static str,
    /// Whether the provider that is set up is of this form.
    pub present: bool,
    /// What a provider of SAML has to know, and what we know of it.
    pub saml: SamlPart,
    /// Whether members have to come by it.
    pub required: bool,
    /// The last log-in that was tried out, RFC 3339, and what came of it.
    pub tried: Option<(String, String)>,
    /// The address to register at the provider.
    pub back: String,
    /// The address that leads there at once.
    pub start: String,
    /// Provider and roles.
    pub form: FormState,
    /// Roles that may be given: name, label.
    pub roles: Vec<(&'static str, &'static str)>,
    /// Domains.
    pub domains: Vec<DomainItem>,
    /// What was typed for another domain.
    pub domain: FormState,
    /// The directory.
    pub scim: ScimSection,
    /// Something that was just done.
    pub note: Option<&'static str>,
    /// Something that could not be done.
    pub problem: Option<String>,
}

/// What is of SAML alone.
#[derive(Serialize)]
pub struct SamlPart {
    /// Our entity id, which is the address of our metadata.
    pub entity: String,
    /// Where answers are posted to.
    pub acs: String,
    /// The provider's entity id.
    pub provider: Option<String>,
    /// Whether its metadata was fetched, and can be again.
    pub fetched: bool,
    /// Its certificates.
    pub certificates: Vec<CertificateItem>,
}

/// One certificate.
#[derive(Serialize)]
pub struct CertificateItem {
    /// The first bytes of its SHA-256.
    pub fingerprint: String,
    /// Its end, RFC 3339.
    pub ends: String,
    /// Whether that is within 30 days, or past.
    pub soon: bool,
}

/// One domain.
#[derive(Serialize)]
pub struct DomainItem {
    /// The domain.
    pub name: String,
    /// Name of its TXT record.
    pub record: String,
    /// What the record has to say.
    pub text: String,
    /// Since when it is proven, RFC 3339.
    pub proven_at: Option<String>,
}

/// Roles as menus show them.
pub(super) fn roles() -> Vec<(&'static str, &'static str)> {
    vec![
        ("", "Nobody without a mapped role is let in"),
        ("viewer", "Viewer"),
        ("commenter", "Commenter"),
        ("editor", "Editor"),
        ("admin", "Admin"),
    ]
}

impl View for SsoView {
    const TEMPLATE: &'static str = "app/sso.html";
    fn samples() -> Vec<Self> {
        let at = || "2026-11-21T10:16:00Z".to_owned();
        let domain = |proven: bool| DomainItem {
            name: "acme.example".into(),
            record: "_nclc.acme.example".into(),
            text: "nclc-domain=x".into(),
            proven_at: proven.then(at),
        };
        let [no_scim, scim, made] = ScimSection::samples();
        let empty = || Self {
            name: "Acme".into(),
            slug: "acme".into(),
            included: true,
            owns: true,
            set_up: false,
            protocol: "oidc",
            present: false,
            saml: SamlPart {
                entity: "http://x/login/sso/acme/metadata".into(),
                acs: "http://x/login/sso/acme/acs".into(),
                provider: None,
                fetched: false,
                certificates: Vec::new(),
            },
            required: false,
            tried: None,
            back: "http://x/login/sso/acme/callback".into(),
            start: "http://x/login/sso/acme".into(),
            form: FormState::empty(),
            roles: roles(),
            domains: Vec::new(),
            domain: FormState::empty(),
            scim: no_scim.clone(),
            note: None,
            problem: None,
        };
        let typed = || {
            FormState::empty()
                .value("issuer", "https://login.acme.example")
                .value("client_id", "nclc")
                .value("default_role", "viewer")
                .value("role_claim", "groups")
                .value("role_map", "admins = admin\n")
        };
        vec![
            Self { included: false, ..empty() },
            Self { form: FormState::empty().error("issuer", "is missing").message("Wrong."), ..empty() },
            Self { protocol: "saml", form: FormState::empty().error("metadata", "is missing"), ..empty() },
            Self { set_up: true, protocol: "saml", form: typed(), ..empty() },
            Self {
                set_up: true,
                protocol: "saml",
                present: true,
                saml: SamlPart {
                    provider: Some("https://login.acme.example".into()),
                    fetched: true,
                    certificates: [false, true]
                        .map(|soon| CertificateItem { fingerprint: "0A:1B".into(), ends: at(), soon })
                        .into(),
                    ..empty().saml
                },
                form: typed().value("metadata_url", "https://login.acme.example/metadata"),
                ..empty()
            },
            Self {
                set_up: true,
                present: true,
                form: typed(),
                domains: vec![domain(false)],
                problem: Some("No record.".into()),
                scim: scim.clone(),
                ..empty()
            },
            Self {
                set_up: true,
                present: true,
                required: true,
                owns: false,
                tried: Some((at(), "alex@acme.example as editor".into())),
                form: typed(),
                domains: vec![domain(true), domain(false)],
                domain: FormState::empty().value("domain", "acme").error("domain", "is not a domain"),
                note: Some("Saved."),
                scim: made.clone(),
                ..empty()
            },
        ]
    }
}

/// `app/auth_sso.html`: the address leads to the provider.
#[derive(Serialize)]
pub struct AskView {
    /// What was typed, and what is wrong with it.
    pub form: FormState,
    /// A path to go on with.
    pub next: Option<String>,
}

impl View for AskView {
    const TEMPLATE: &'static str = "app/auth_sso.html";
    fn samples() -> Vec<Self> {
        vec![
            Self { form: FormState::empty(), next: None },
            Self {
                form: FormState::empty()
                    .value("email", "alex@acme.example")
                    .error("email", "is of no organisation"),
                next: Some("/o/acme/?a=1".into()),
            },
        ]
    }
}

/// `app/auth_sso_refused.html`: the provider knows who it is, and that is not enough.
#[derive(Serialize)]
pub struct RefusedView {
    /// The sentence.
    pub message: String,
}

impl View for RefusedView {
    const TEMPLATE: &'static str = "app/auth_sso_refused.html";
    fn samples() -> Vec<Self> {
        vec![Self { message: "You were removed from Acme.".into() }]
    }
}

register_view!(SsoView, AskView, RefusedView);

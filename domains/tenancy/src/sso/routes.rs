//! `/o/{slug}/security/sso`: provider, roles, domains, the rule.

use super::domains::{KEY, LABEL};
use super::login_routes::{leave_for, start_path};
use super::model::{Typed, Way};
use super::saml::Certificate;
use super::views::{CertificateItem, DomainItem, SamlPart, SsoView, roles};
use crate::{Member, Tenancy};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use identity::oidc::Purpose;
use identity::oidc::routes::with_flow;
use identity::oidc::views::LeaveView;
use identity::{NoFields, Visit, guarded, mendable};
use jiff::{SignedDuration, Timestamp};
use kernel_core::{Capability, Code, Error, Result};
use kernel_web::{CsrfForm, FormState, Page, WebError};
use serde::{Deserialize, Serialize};

pub(crate) fn routes(tenancy: &Tenancy) -> Router<Tenancy> {
    let people = tenancy.identity();
    Router::new()
        .route("/o/{slug}/security/sso", guarded(people, get(show).post(save)))
        .route("/o/{slug}/security/sso/try", post(ask))
        .route("/o/{slug}/security/sso/renew", guarded(people, post(renew)))
        .route("/o/{slug}/security/sso/trial", guarded(people, post(trial)))
        .route("/o/{slug}/security/sso/rule", guarded(people, post(rule)))
        .route("/o/{slug}/security/sso/remove", guarded(people, post(remove)))
        .route("/o/{slug}/security/sso/domains", guarded(people, post(add_domain)))
        .route("/o/{slug}/security/sso/domains/{domain}/check", guarded(people, post(check_domain)))
        .route("/o/{slug}/security/sso/domains/{domain}/remove", guarded(people, post(remove_domain)))
}

#[derive(Deserialize)]
struct NoteQuery {
    note: Option<String>,
    with: Option<String>,
}

/// A certificate that ends within this is pointed out.
const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);

fn certificate(one: &Certificate, soon: Timestamp) -> CertificateItem {
    CertificateItem { fingerprint: one.fingerprint(), ends: one.ends.to_string(), soon: one.ends < soon }
}

/// The page, with the form of a protocol: the one that is set up, unless another is asked for.
pub(crate) async fn view(
    tenancy: &Tenancy,
    member: &Member,
    with: Option<&str>,
) -> Result<SsoView, WebError> {
    let (caller, tenant) = (&member.caller, &member.tenant);
    let connection = tenancy.sso(caller).await?;
    let kept = connection.as_ref().map(|connection| match connection.way {
        Way::OpenId { .. } => "oidc",
        Way::Saml(_) => "saml",
    });
    let protocol = match with.or(kept) {
        Some("saml") => "saml",
        _ => "oidc",
    };
    let mut saml = SamlPart {
        entity: tenancy.entity(&tenant.slug),
        acs: tenancy.acs(&tenant.slug),
        provider: None,
        fetched: false,
        certificates: Vec::new(),
    };
    let mut form = FormState::empty().value("default_role", "viewer");
    if let Some(connection) = &connection {
        // Who changes the protocol keeps the roles.
        form = FormState::empty()
            .value("default_role", connection.mapping.default.map_or("", |role| role.name()))
            .value("role_claim", connection.mapping.claim.clone())
            .value("role_map", connection.mapping.lines());
        match &connection.way {
            Way::OpenId { client_id } => {
                form = form.value("issuer", connection.issuer.clone()).value("client_id", client_id.clone());
            }
            Way::Saml(kept) => {
                form = form
                    .value("metadata_url", kept.metadata_url.clone().unwrap_or_default())
                    .value("email_attribute", kept.email_attribute.clone())
                    .value("subject_attribute", kept.subject_attribute.clone());
                saml.provider = Some(connection.issuer.clone());
                saml.fetched = kept.metadata_url.is_some();
                let soon = tenancy.now().checked_add(SOON).unwrap_or(Timestamp::MAX);
                saml.certificates = kept.certificates.iter().map(|one| certificate(one, soon)).collect();
            }
        }
    }
    let domains = tenancy.domains(caller).await?;
    let app = &tenancy.identity().web().origins().app;
    Ok(SsoView {
        name: tenant.name.clone(),
        slug: tenant.slug.clone(),
        included: tenancy.sso_included(tenant.id).await?,
        owns: caller.may(Capability::ManageOwners),
        set_up: connection.is_some(),
        protocol,
        present: kept == Some(protocol),
        saml,
        required: tenancy.tenant(tenant.id).await?.sso,
        tried: connection
            .and_then(|connection| connection.tried)
            .map(|(at, outcome)| (at.to_string(), outcome)),
        back: format!("{app}{}/callback", start_path(&tenant.slug)),
        start: format!("{app}{}", start_path(&tenant.slug)),
        form,
        roles: roles(),
        domains: domains
            .into_iter()
            .map(|domain| DomainItem {
                record: format!("{LABEL}.{}", domain.name),
                text: format!("{KEY}{}", domain.proof),
                proven_at: domain.proven_at.map(|at| at.to_string()),
                name: domain.name,
            })
            .collect(),
        domain: FormState::empty(),
        scim: crate::scim::section(tenancy, caller).await?,
        note: None,
        problem: None,
    })
}

async fn show(
    State(tenancy): State<Tenancy>,
    page: Page,
    member: Member,
    Query(query): Query<NoteQuery>,
) -> Result<Response, WebError> {
    let (note, problem) = match query.note.as_deref() {
        Some("saved") => (Some("Saved. The provider answers. Try out a log-in now."), None),
        Some("kept") => (Some("Saved. Try out a log-in now."), None),
        Some("renewed") => (Some("The metadata was fetched again."), None),
        Some("there") => (Some("The provider answers, and its keys can be used."), None),
        Some("tried") => (Some("The log-in worked. What came of it stands below."), None),
        Some("removed") => (Some("Single sign-on is removed. Everybody logs in as before."), None),
        Some("required") => (Some("Members of your domains have to come by the provider from now on."), None),
        Some("optional") => (Some("Members may log in in any way again."), None),
        Some("named") => (Some("Add the TXT record, then press Check."), None),
        Some("proven") => (Some("The domain is proven. Its people are sent to the provider."), None),
        Some("scim-revoked") => (Some("The SCIM token is revoked. It opens nothing any more."), None),
        Some("dropped") => (Some("The domain is dropped."), None),
        Some("trial") => (None, Some("The log-in did not work. The provider, or its settings, refused it.")),
        _ => (None, None),
    };
    let view = SsoView {
        note,
        problem: problem.map(str::to_owned),
        ..view(&tenancy, &member, query.with.as_deref()).await?
    };
    Ok(page.render(&view))
}

fn back(page: &Page, member: &Member, note: &str) -> Response {
    page.redirect(&format!("/o/{}/security/sso?note={note}", member.tenant.slug))
}

/// Back to the page; what could not be done is said above it.
pub(crate) async fn answer(
    tenancy: &Tenancy,
    page: &Page,
    member: &Member,
    (done, note): (Result<()>, &str),
) -> Result<Response, WebError> {
    match done {
        Ok(()) => Ok(back(page, member, note)),
        Err(error) => {
            let (status, error) = mendable(error)?;
            let problem = Some(error.message().to_owned());
            Ok(page.render_with(status, &SsoView { problem, ..view(tenancy, member, None).await? }))
        }
    }
}

async fn save(
    State(tenancy): State<Tenancy>,
    page: Page,
    (member, visit): (Member, Visit),
    CsrfForm(form): CsrfForm<Typed>,
) -> Result<Response, WebError> {
    match tenancy.save_sso(&member.caller, &form, &visit).await {
        Ok(()) => Ok(back(&page, &member, if form.protocol == "saml" { "kept" } else { "saved" })),
        Err(error) => {
            let (status, error) = mendable(error)?;
            let with = if form.protocol == "saml" { "saml" } else { "oidc" };
            let form = FormState::of(&form).with(&error);
            Ok(page.render_with(status, &SsoView { form, ..view(&tenancy, &member, Some(with)).await? }))
        }
    }
}

async fn ask(
    State(tenancy): State<Tenancy>,
    page: Page,
    member: Member,
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    let done = tenancy.try_sso(&member.caller).await;
    answer(&tenancy, &page, &member, (done, "there")).await
}

async fn renew(
    State(tenancy): State<Tenancy>,
    page: Page,
    (member, visit): (Member, Visit),
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    let done = tenancy.renew_saml(&member.caller, &visit).await;
    answer(&tenancy, &page, &member, (done, "renewed")).await
}

async fn trial(
    State(tenancy): State<Tenancy>,
    page: Page,
    member: Member,
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    member.caller.require(Capability::ManageTenant)?;
    let purpose = Purpose::Trial(member.tenant.id, member.user.id);
    match leave_for(&tenancy, &member.tenant, purpose, None).await {
        Ok((to, sealed)) => {
            Ok(with_flow(page.render(&LeaveView { to, name: "your provider".into() }), &sealed))
        }
        Err(error) if error.code() == Code::ProviderFailed => {
            let failed = Error::new(Code::InvalidValue).detail(error.message().to_owned());
            answer(&tenancy, &page, &member, (Err(failed), "")).await
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize)]
struct RuleForm {
    #[serde(default)]
    sso: String,
}

async fn rule(
    State(tenancy): State<Tenancy>,
    page: Page,
    (member, visit): (Member, Visit),
    CsrfForm(form): CsrfForm<RuleForm>,
) -> Result<Response, WebError> {
    let on = form.sso == "required";
    let done = tenancy.require_sso(&member.caller, on, &visit).await;
    answer(&tenancy, &page, &member, (done, if on { "required" } else { "optional" })).await
}

async fn remove(
    State(tenancy): State<Tenancy>,
    page: Page,
    (member, visit): (Member, Visit),
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    let done = tenancy.remove_sso(&member.caller, &visit).await;
    answer(&tenancy, &page, &member, (done, "removed")).await
}

#[derive(Deserialize, Serialize)]
struct DomainForm {
    #[serde(default)]
    domain: String,
}

async fn add_domain(
    State(tenancy): State<Tenancy>,
    page: Page,
    (member, visit): (Member, Visit),
    CsrfForm(form): CsrfForm<DomainForm>,
) -> Result<Response, WebError> {
    match tenancy.add_domain(&member.caller, &form.domain, &visit).await {
        Ok(()) => Ok(back(&page, &member, "named")),
        Err(error) => {
            let (status, error) = mendable(error)?;
            let domain = FormState::of(&form).with(&error);
            Ok(page.render_with(status, &SsoView { domain, ..view(&tenancy, &member, None).await? }))
        }
    }
}

#[derive(Deserialize)]
struct DomainPath {
    domain: String,
}

async fn check_domain(
    State(tenancy): State<Tenancy>,
    page: Page,
    (member, visit, Path(path)): (Member, Visit, Path<DomainPath>),
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    let done = tenancy.check_domain_proof(&member.caller, &path.domain, &visit).await;
    answer(&tenancy, &page, &member, (done, "proven")).await
}

async fn remove_domain(
    State(tenancy): State<Tenancy>,
    page: Page,
    (member, visit, Path(path)): (Member, Visit, Path<DomainPath>),
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    let done = tenancy.remove_domain(&member.caller, &path.domain, &visit).await;
    answer(&tenancy, &page, &member, (done, "dropped")).await
}

//! `/login/sso`: the address leads to the provider of its organisation; `/login/sso/{slug}` goes there at once.

use super::model::Way;
use super::saml::request::Request;
use super::saml_service::request_id;
use super::views::{AskView, RefusedView};
use crate::Tenancy;
use crate::model::TenantSummary;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use identity::devices::Device;
use identity::model::{clean_email, local_path};
use identity::oidc::protocol::Returned;
use identity::oidc::routes::{FlowCookie, with_flow, without_flow};
use identity::oidc::views::LeaveView;
use identity::oidc::{Flow, Person, Purpose};
use identity::session::extract::SessionCookie;
use identity::{SignedIn, Visit, go_on, mendable};
use kernel_core::{Code, Error, Result, Secret};
use kernel_web::{CsrfForm, FormState, Page, WebError};
use serde::{Deserialize, Serialize};

pub(crate) fn routes() -> Router<Tenancy> {
    Router::new()
        .route("/login/sso", get(show).post(find))
        .route("/login/sso/{organisation}", get(leave))
        .route("/login/sso/{organisation}/callback", get(callback))
        .merge(super::saml_routes::routes())
}

/// The address that leads to the provider of an organisation.
pub(super) fn start_path(slug: &str) -> String {
    format!("/login/sso/{slug}")
}

/// Each organisation has a way back of its own: a provider can't pass an answer off as another one's (RFC 9700, 4.4).
fn back(tenancy: &Tenancy, slug: &str) -> String {
    format!("{}{}/callback", tenancy.identity().web().origins().app, start_path(slug))
}

/// Begins a flow with the organisation's provider: where to go, and the cookie's value.
pub(super) async fn leave_for(
    tenancy: &Tenancy,
    tenant: &TenantSummary,
    purpose: Purpose,
    next: Option<String>,
) -> Result<(String, Secret)> {
    let (_, protocol) = tenancy.sso_parts()?;
    let sealing = tenancy.identity().sealing();
    let connected = tenancy.connection(tenant.id).await?.map(|(connection, _)| connection);
    if let Some(Way::Saml(saml)) = connected.map(|connection| connection.way) {
        let (random, now) = (tenancy.identity().random(), tenancy.now());
        let flow = Flow::new(&tenant.id.to_string(), purpose, next, random, now);
        let request = Request {
            to: &saml.sso_url,
            entity: &tenancy.entity(&tenant.slug),
            acs: &tenancy.acs(&tenant.slug),
            id: &request_id(&flow),
            state: &flow.state,
            now,
        };
        return Ok((request.address()?, flow.sealed(sealing)?));
    }
    let provider = tenancy.sso_provider(tenant.id).await?.ok_or_else(Error::not_found)?;
    let (to, flow) = protocol.begin(&provider, purpose, next, &back(tenancy, &tenant.slug)).await?;
    Ok((to, flow.sealed(sealing)?))
}

#[derive(Deserialize)]
struct NextQuery {
    next: Option<String>,
}

async fn show(
    State(tenancy): State<Tenancy>,
    page: Page,
    Query(query): Query<NextQuery>,
) -> Result<Response, WebError> {
    tenancy.sso_parts()?;
    Ok(page.render(&AskView { form: FormState::empty(), next: local_path(query.next.as_deref()) }))
}

#[derive(Deserialize, Serialize)]
struct EmailForm {
    #[serde(default)]
    email: String,
    next: Option<String>,
}

async fn find(
    State(tenancy): State<Tenancy>,
    page: Page,
    CsrfForm(form): CsrfForm<EmailForm>,
) -> Result<Response, WebError> {
    tenancy.sso_parts()?;
    let next = local_path(form.next.as_deref());
    let found = match clean_email("email", &form.email) {
        Ok(email) => match tenancy.captured_by(&email).await? {
            Some(tenant) if tenancy.connection(tenant.id).await?.is_some() => Ok(tenant),
            _ => Err(Error::field(
                "email",
                Code::InvalidValue,
                "is of no organisation with single sign-on; log in another way",
            )),
        },
        Err(error) => Err(Error::fields(vec![error])),
    };
    match found {
        Ok(tenant) => {
            let next = next.map_or_else(String::new, |next| {
                format!("?next={}", form_urlencoded::byte_serialize(next.as_bytes()).collect::<String>())
            });
            // A form can't lead to another host by itself (`form-action` of the policy); a page can.
            let to = format!("{}{next}", start_path(&tenant.slug));
            Ok(page.render(&LeaveView { to, name: "your organisation’s log-in".into() }))
        }
        Err(error) => {
            let (status, error) = mendable(error)?;
            Ok(page.render_with(status, &AskView { form: FormState::of(&form).with(&error), next }))
        }
    }
}

pub(super) async fn tenant_at(tenancy: &Tenancy, slug: &str) -> Result<TenantSummary> {
    tenancy.sso_parts()?;
    tenancy.by_slug(slug).await?.ok_or_else(Error::not_found)
}

async fn leave(
    State(tenancy): State<Tenancy>,
    page: Page,
    (visit, Path(slug)): (Visit, Path<String>),
    Query(query): Query<NextQuery>,
) -> Result<Response, WebError> {
    tenancy.identity().may_leave(&visit)?;
    let tenant = tenant_at(&tenancy, &slug).await?;
    let next = local_path(query.next.as_deref());
    match leave_for(&tenancy, &tenant, Purpose::Organisation(tenant.id), next).await {
        Ok((to, sealed)) => Ok(with_flow(page.redirect(&to), &sealed)),
        Err(error) if error.code() == Code::ProviderFailed => Ok(failed(&page, &tenant, &error)),
        Err(error) => Err(error.into()),
    }
}

/// The reason is for the log, and for the organisation's trial.
pub(super) fn failed(page: &Page, tenant: &TenantSummary, error: &Error) -> Response {
    let request_id = page.exchange().id().as_str();
    tracing::info!(request_id, tenant = %tenant.id, "a log-in with an organisation's provider failed: {error}");
    page.redirect("/login?note=provider")
}

async fn callback(
    State(tenancy): State<Tenancy>,
    page: Page,
    (known, visit, replaced, signed_in): (Device, Visit, SessionCookie, Option<SignedIn>),
    cookie: FlowCookie,
    Path(slug): Path<String>,
    Query(returned): Query<Returned>,
) -> Result<Response, WebError> {
    let tenant = tenant_at(&tenancy, &slug).await?;
    let late = || without_flow(page.redirect("/login?note=provider-late"));
    let flow = cookie.flow(tenancy.identity(), &tenant.id.to_string(), returned.state.as_deref());
    let Some(flow) = flow else { return Ok(late()) };
    let response = match flow.purpose {
        Purpose::Organisation(id) if id == tenant.id => {
            match recognised(&tenancy, &tenant, &flow, &returned).await {
                Ok(person) => {
                    let next = flow.next.clone().unwrap_or_else(|| format!("/o/{}/", tenant.slug));
                    enter(&tenancy, &page, &tenant, (&person, &next), (&known, &visit, &replaced)).await?
                }
                Err(error) if error.code() == Code::ProviderFailed => failed(&page, &tenant, &error),
                Err(error) => return Err(error.into()),
            }
        }
        Purpose::Trial(id, user) if id == tenant.id => {
            let Some(who) = signed_in.filter(|who| who.user.id == user) else { return Ok(late()) };
            let (caller, _) = tenancy.enter(&tenant.slug, who.user.id).await?;
            let note = match recognised(&tenancy, &tenant, &flow, &returned).await {
                Ok(person) => {
                    let (connection, _) = tenancy.connection(id).await?.ok_or_else(Error::not_found)?;
                    let outcome = tenancy.sso_outcome(&tenant, &connection, &person).await?;
                    tenancy.sso_tried(&caller, &outcome, &visit).await?;
                    "tried"
                }
                Err(error) if error.code() == Code::ProviderFailed => {
                    failed(&page, &tenant, &error);
                    "trial"
                }
                Err(error) => return Err(error.into()),
            };
            page.redirect(&format!("/o/{}/security/sso?note={note}", tenant.slug))
        }
        _ => return Ok(late()),
    };
    Ok(without_flow(response))
}

async fn recognised(
    tenancy: &Tenancy,
    tenant: &TenantSummary,
    flow: &Flow,
    returned: &Returned,
) -> Result<Person> {
    if returned.error.is_some() {
        return Err(Error::new(Code::ProviderFailed).detail("The provider refused."));
    }
    let (_, protocol) = tenancy.sso_parts()?;
    let (connection, _) = tenancy.connection(tenant.id).await?.ok_or_else(Error::not_found)?;
    if let Way::Saml(_) = connection.way {
        return tenancy.take_answer(tenant.id, &connection.issuer, flow).await;
    }
    let provider = tenancy.sso_provider(tenant.id).await?.ok_or_else(Error::not_found)?;
    protocol.finish(&provider, flow, returned, &back(tenancy, &tenant.slug)).await
}

async fn enter(
    tenancy: &Tenancy,
    page: &Page,
    tenant: &TenantSummary,
    (person, next): (&Person, &str),
    (known, visit, replaced): (&Device, &Visit, &SessionCookie),
) -> Result<Response, WebError> {
    let (connection, _) = tenancy.connection(tenant.id).await?.ok_or_else(Error::not_found)?;
    match tenancy.enter_by_sso(tenant, &connection, person, replaced.0.as_deref(), visit).await {
        Ok(outcome) => Ok(go_on(tenancy.identity(), page, outcome, Some(next), (known, visit)).await?),
        Err(error) if error.code() == Code::Forbidden => {
            let view = RefusedView { message: error.message().to_owned() };
            Ok(page.render_with(StatusCode::FORBIDDEN, &view))
        }
        Err(error) if error.code() == Code::Conflict => Ok(failed(page, tenant, &error)),
        Err(error) => Err(error.into()),
    }
}

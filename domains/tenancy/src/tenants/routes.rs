//! `/`, `/onboarding`, `/o/{slug}/api-token`.

use super::views::OnboardingView;
use crate::access::jwt::LIFE_SECONDS;
use crate::{Member, Tenancy, TenantState};
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::header;
use identity::{NoFields, SignedIn, Visit, mendable};
use kernel_web::{CsrfForm, FormState, Page, WebError};
use serde::{Deserialize, Serialize};

pub(crate) fn routes() -> Router<Tenancy> {
    Router::new()
        .route("/", get(front))
        .route("/onboarding", get(show).post(create))
        .route("/o/{slug}/api-token", post(api_token))
}

/// Where a person goes who just comes: the organisation of the last time, else any, else onboarding.
async fn front(State(tenancy): State<Tenancy>, page: Page, who: SignedIn) -> Result<Response, WebError> {
    let tenants = tenancy.tenants_of(who.user.id).await?;
    let open = || tenants.iter().filter(|membership| membership.tenant.state == TenantState::Active);
    let last = open().find(|membership| Some(membership.tenant.id) == who.user.last_tenant);
    // A suspended one only when there is no other: its page says what happened.
    let to = match last.or_else(|| open().next()).or(tenants.first()) {
        Some(membership) => format!("/o/{}/", membership.tenant.slug),
        None => "/onboarding".to_owned(),
    };
    Ok(page.redirect(&to))
}

#[derive(Deserialize)]
struct StartQuery {
    start: Option<String>,
}

async fn show(
    State(tenancy): State<Tenancy>,
    page: Page,
    who: SignedIn,
    Query(query): Query<StartQuery>,
) -> Result<Response, WebError> {
    let view = view(&tenancy, &page, &who, FormState::empty(), query.start.as_deref()).await?;
    Ok(page.render(&view))
}

async fn view(
    tenancy: &Tenancy,
    page: &Page,
    who: &SignedIn,
    form: FormState,
    start: Option<&str>,
) -> Result<OnboardingView, WebError> {
    tenancy.show_tenants(page.exchange(), &who.user).await?;
    Ok(OnboardingView {
        form,
        start: start.filter(|start| ["csv", "base", "site"].contains(start)).unwrap_or("csv").to_owned(),
        another: !tenancy.tenants_of(who.user.id).await?.is_empty(),
        app_host: format!("{}/o/", page.exchange().host()),
    })
}

#[derive(Deserialize, Serialize)]
struct CreateForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    slug: String,
    #[serde(default)]
    start: String,
}

async fn create(
    State(tenancy): State<Tenancy>,
    page: Page,
    (who, visit): (SignedIn, Visit),
    CsrfForm(form): CsrfForm<CreateForm>,
) -> Result<Response, WebError> {
    match tenancy.create_tenant(who.user.id, &form.name, Some(&form.slug), &visit).await {
        Ok(tenant) => Ok(page.redirect(&match form.start.as_str() {
            "csv" => format!("/o/{}/bases?new=csv", tenant.slug),
            "base" => format!("/o/{}/bases?new=empty", tenant.slug),
            "site" => format!("/o/{}/sites/new", tenant.slug),
            _ => format!("/o/{}/", tenant.slug),
        })),
        Err(error) => {
            let (status, error) = mendable(error)?;
            let state = FormState::of(&form).with(&error);
            let view = view(&tenancy, &page, &who, state, Some(&form.start)).await?;
            Ok(page.render_with(status, &view))
        }
    }
}

/// `POST /o/{slug}/api-token`: a JWT for the app's calls to the API. The CSRF header guards it as any form.
#[derive(Serialize)]
struct ApiToken {
    token: String,
    expires_in: i64,
}

async fn api_token(
    State(tenancy): State<Tenancy>,
    member: Member,
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    let token = tenancy.mint_jwt(member.tenant.id, member.user.id, member.session)?;
    let body = Json(ApiToken { token, expires_in: LIFE_SECONDS });
    Ok(([(header::CACHE_CONTROL, "no-store")], body).into_response())
}

//! `/account/security/app`, `/account/security/codes`. All of them ask who is there first.

use super::views::{AppView, CodesView};
use crate::Identity;
use crate::model::{Visit, local_path};
use crate::session::SignedIn;
use crate::session::routes::{NoFields, mendable};
use crate::step_up::guarded;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;
use kernel_core::Code;
use kernel_web::{CsrfForm, FormState, Page, WebError};
use serde::Deserialize;

pub(crate) fn routes(identity: &Identity) -> Router<Identity> {
    Router::new()
        .route("/account/security/app", guarded(identity, get(show_app).post(prove_app)))
        .route("/account/security/app/remove", guarded(identity, post(remove_app)))
        .route("/account/security/codes", guarded(identity, post(new_codes)))
}

async fn app_page(
    identity: &Identity,
    page: &Page,
    who: &SignedIn,
    status: StatusCode,
    (form, next): (FormState, Option<String>),
) -> Result<Response, WebError> {
    let setup = identity.begin_totp(who).await?;
    let replaces = identity.factors(who.user.id).await?.totp.is_some();
    Ok(page.render_with(status, &AppView { form, picture: setup.picture, seed: setup.seed, replaces, next }))
}

async fn show_app(
    State(identity): State<Identity>,
    page: Page,
    who: SignedIn,
    Query(query): Query<NextQuery>,
) -> Result<Response, WebError> {
    let next = local_path(query.next.as_deref());
    app_page(&identity, &page, &who, StatusCode::OK, (FormState::empty(), next)).await
}

/// Where to go on when a factor is there.
#[derive(Deserialize)]
pub(crate) struct NextQuery {
    pub next: Option<String>,
}

#[derive(Deserialize)]
struct CodeForm {
    #[serde(default)]
    code: String,
    next: Option<String>,
}

async fn prove_app(
    State(identity): State<Identity>,
    page: Page,
    (who, visit): (SignedIn, Visit),
    CsrfForm(form): CsrfForm<CodeForm>,
) -> Result<Response, WebError> {
    let next = local_path(form.next.as_deref());
    match identity.finish_totp(&who, &form.code, &visit).await {
        Ok(Some(codes)) => Ok(show_codes(&identity, &page, &who, codes, (true, next))),
        Ok(None) => Ok(page.redirect(next.as_deref().unwrap_or("/account/security?note=app"))),
        Err(error) if error.code() == Code::LinkExpired => {
            let form = FormState::empty().message("The picture was shown too long ago. Scan this one.");
            app_page(&identity, &page, &who, StatusCode::GONE, (form, next)).await
        }
        Err(error) => {
            let (status, error) = mendable(error)?;
            app_page(&identity, &page, &who, status, (FormState::empty().with(&error), next)).await
        }
    }
}

async fn remove_app(
    State(identity): State<Identity>,
    page: Page,
    (who, visit): (SignedIn, Visit),
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    identity.remove_totp(&who, &visit).await?;
    Ok(page.redirect("/account/security?note=app-removed"))
}

async fn new_codes(
    State(identity): State<Identity>,
    page: Page,
    (who, visit): (SignedIn, Visit),
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    let codes = identity.new_recovery_codes(&who, &visit).await?;
    Ok(show_codes(&identity, &page, &who, codes, (false, None)))
}

/// The codes are in this one answer and nowhere else.
fn show_codes(
    identity: &Identity,
    page: &Page,
    who: &SignedIn,
    codes: Vec<String>,
    (first, next): (bool, Option<String>),
) -> Response {
    page.render(&CodesView::new(&identity.brand().brand, &who.user.email, codes, first, next))
}

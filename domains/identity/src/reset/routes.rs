//! `/forgot`, `/reset`.

use super::views::{ForgotView, ResetView};
use crate::Identity;
use crate::devices::Device;
use crate::model::Visit;
use crate::password::SHORTEST;
use crate::session::routes::{hinted, mendable};
use crate::session::second_routes::go_on;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use kernel_core::Code;
use kernel_web::{CsrfForm, FormState, Page, WebError};
use serde::{Deserialize, Serialize};

pub(crate) fn routes() -> Router<Identity> {
    Router::new().route("/forgot", get(show).post(ask)).route("/reset", get(link).post(reset))
}

#[derive(Deserialize)]
struct SentQuery {
    sent: Option<String>,
}

async fn show(page: Page, Query(query): Query<SentQuery>) -> Response {
    page.render(&ForgotView { form: FormState::empty(), sent: query.sent.is_some() })
}

#[derive(Deserialize, Serialize)]
struct ForgotForm {
    #[serde(default)]
    email: String,
}

async fn ask(
    State(identity): State<Identity>,
    page: Page,
    visit: Visit,
    CsrfForm(form): CsrfForm<ForgotForm>,
) -> Result<Response, WebError> {
    match identity.forgot_password(&form.email, &visit).await {
        Ok(()) => Ok(page.redirect("/forgot?sent=1")),
        Err(error) => {
            let (status, error) = mendable(error)?;
            let view = ForgotView { form: FormState::of(&form).with(&error), sent: false };
            Ok(hinted(page.render_with(status, &view), &error))
        }
    }
}

#[derive(Deserialize)]
struct Link {
    #[serde(default)]
    token: String,
}

async fn link(
    State(identity): State<Identity>,
    page: Page,
    Query(link): Query<Link>,
) -> Result<Response, WebError> {
    match identity.reset_link(&link.token).await {
        Ok(email) => Ok(page.render(&view(FormState::empty(), link.token, Some(email)))),
        Err(error) if error.code() == Code::LinkExpired => Ok(gone(&page)),
        Err(error) => Err(error.into()),
    }
}

fn view(form: FormState, link: String, email: Option<String>) -> ResetView {
    ResetView { form, link, email, shortest: SHORTEST }
}

fn gone(page: &Page) -> Response {
    page.render_with(StatusCode::GONE, &view(FormState::empty(), String::new(), None))
}

#[derive(Deserialize)]
struct ResetForm {
    #[serde(default)]
    token: String,
    #[serde(default)]
    password: String,
}

async fn reset(
    State(identity): State<Identity>,
    page: Page,
    (known, visit): (Device, Visit),
    CsrfForm(form): CsrfForm<ResetForm>,
) -> Result<Response, WebError> {
    match identity.reset_password(&form.token, &form.password, &visit).await {
        Ok(outcome) => Ok(go_on(&identity, &page, outcome, None, (&known, &visit)).await?),
        Err(error) if error.code() == Code::LinkExpired => Ok(gone(&page)),
        Err(error) => {
            let (status, error) = mendable(error)?;
            let email = identity.reset_link(&form.token).await?;
            Ok(page.render_with(status, &view(FormState::empty().with(&error), form.token, Some(email))))
        }
    }
}

//! `/account/email`, `/email`: another address for the account, confirmed at the present one and at the new one.

use super::views::{EmailLinkView, EmailView};
use crate::Identity;
use crate::model::Visit;
use crate::session::SignedIn;
use crate::session::routes::{NoFields, hinted, mendable};
use crate::step_up::guarded;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;
use kernel_core::Code;
use kernel_web::{CsrfForm, FormState, Page, WebError};
use serde::{Deserialize, Serialize};

pub(super) fn routes(identity: &Identity) -> Router<Identity> {
    Router::new()
        .route("/account/email", guarded(identity, get(show).post(ask)))
        .route("/account/email/cancel", post(cancel))
        .route("/email", get(link).post(confirm))
}

async fn show(page: Page, who: SignedIn) -> Response {
    page.render(&EmailView { form: FormState::empty(), email: who.user.email })
}

#[derive(Deserialize, Serialize)]
struct EmailForm {
    #[serde(default)]
    email: String,
}

async fn ask(
    State(identity): State<Identity>,
    page: Page,
    (who, visit): (SignedIn, Visit),
    CsrfForm(form): CsrfForm<EmailForm>,
) -> Result<Response, WebError> {
    match identity.ask_email_change(&who, &form.email, &visit).await {
        Ok(()) => Ok(page.redirect("/account?note=email")),
        Err(error) => {
            let (status, error) = mendable(error)?;
            let view = EmailView { form: FormState::of(&form).with(&error), email: who.user.email };
            Ok(hinted(page.render_with(status, &view), &error))
        }
    }
}

async fn cancel(
    State(identity): State<Identity>,
    page: Page,
    (who, visit): (SignedIn, Visit),
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    identity.cancel_email_change(&who, &visit).await?;
    Ok(page.redirect("/account?note=email-cancelled"))
}

#[derive(Deserialize)]
struct Link {
    #[serde(default)]
    token: String,
}

fn gone(page: &Page) -> Response {
    page.render_with(StatusCode::GONE, &EmailLinkView::Ended)
}

/// The link's page; nothing happens until its button is pressed.
async fn link(
    State(identity): State<Identity>,
    page: Page,
    Query(link): Query<Link>,
) -> Result<Response, WebError> {
    match identity.email_change_offer(&link.token).await {
        Ok((from, to)) => Ok(page.render(&EmailLinkView::Asks { link: link.token, from, to })),
        Err(error) if error.code() == Code::LinkExpired => Ok(gone(&page)),
        Err(error) => Err(error.into()),
    }
}

async fn confirm(
    State(identity): State<Identity>,
    page: Page,
    visit: Visit,
    CsrfForm(link): CsrfForm<Link>,
) -> Result<Response, WebError> {
    match identity.confirm_email_change(&link.token, &visit).await {
        Ok(Some(email)) => Ok(page.render(&EmailLinkView::Done { email })),
        Ok(None) => Ok(page.render(&EmailLinkView::Waits)),
        Err(error) if error.code() == Code::LinkExpired => Ok(gone(&page)),
        Err(error) => Err(error.into()),
    }
}

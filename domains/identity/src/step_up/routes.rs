//! `/confirm`: the page that asks, on the way to a sensitive page, or around a form that came too late.

use super::service::Given;
use super::views::{ConfirmView, Kept};
use crate::Identity;
use crate::model::{Visit, local_path};
use crate::passkeys::Purpose;
use crate::session::SignedIn;
use crate::session::routes::{NoFields, hinted, mendable, with_session};
use axum::Json;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use http::StatusCode;
use kernel_core::Result;
use kernel_web::{CsrfForm, FormState, Page, WebError};
use serde::Deserialize;

/// Names of the proof's fields: no other form has a field that begins with `_`.
pub(super) mod proof_field {
    pub const PASSWORD: &str = "_password";
    pub const CODE: &str = "_code";
    pub const PASSKEY: &str = "_passkey";
}

pub(crate) fn routes() -> Router<Identity> {
    Router::new().route("/confirm", get(show).post(confirm)).route("/confirm/passkey", post(request))
}

/// The page that asks and then leads to `next`.
pub(super) fn confirm_path(next: &str) -> String {
    let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
    format!("/confirm?next={next}")
}

/// The page that asks. `action` is where its form goes, with what it keeps.
pub(super) async fn render(
    identity: &Identity,
    page: &Page,
    who: &SignedIn,
    form: FormState,
    action: &str,
    kept: Vec<(String, String)>,
) -> Result<Response, WebError> {
    let factors = identity.factors(who.user.id).await?;
    let status = if form.failed() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::FORBIDDEN };
    let status = if action == "/confirm" && !form.failed() { StatusCode::OK } else { status };
    // A form that came too late leads back to its page: the provider's pages can't carry it.
    let next = kept.iter().find(|(name, _)| name == "next").map(|(_, next)| next.as_str());
    let next = next.filter(|_| action == "/confirm").unwrap_or("/account/security").to_owned();
    let providers = match factors.asked() || identity.has_password(who.user.id).await? {
        true => None,
        false => Some(identity.connected_buttons(who.user.id).await?),
    };
    let kept = kept.into_iter().map(|(name, value)| Kept { name, value }).collect();
    let view = ConfirmView {
        form,
        action: action.to_owned(),
        kept,
        code: factors.asked(),
        app: factors.totp.is_some(),
        passkey: factors.passkeys > 0,
        email: who.user.email.clone(),
        providers,
        next,
    };
    Ok(page.render_with(status, &view))
}

#[derive(Deserialize)]
struct NextQuery {
    next: Option<String>,
}

fn kept(next: &str) -> Vec<(String, String)> {
    vec![("next".to_owned(), next.to_owned())]
}

async fn show(
    State(identity): State<Identity>,
    page: Page,
    who: SignedIn,
    Query(query): Query<NextQuery>,
) -> Result<Response, WebError> {
    let next = local_path(query.next.as_deref()).unwrap_or_else(|| "/account/security".to_owned());
    render(&identity, &page, &who, FormState::empty(), "/confirm", kept(&next)).await
}

/// What a passkey is to sign.
async fn request(
    State(identity): State<Identity>,
    (who, visit): (SignedIn, Visit),
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    let binding = who.session.uuid();
    let options = identity.passkey_request(who.user.id, Purpose::Confirm, binding.as_bytes(), &visit).await?;
    Ok(Json(options).into_response())
}

#[derive(Deserialize)]
struct ConfirmForm {
    #[serde(default, rename = "_password")]
    password: String,
    #[serde(default, rename = "_code")]
    code: String,
    #[serde(default, rename = "_passkey")]
    passkey: String,
    next: Option<String>,
}

async fn confirm(
    State(identity): State<Identity>,
    page: Page,
    (who, visit): (SignedIn, Visit),
    CsrfForm(form): CsrfForm<ConfirmForm>,
) -> Result<Response, WebError> {
    let next = local_path(form.next.as_deref()).unwrap_or_else(|| "/account/security".to_owned());
    let given = Given { password: form.password, code: form.code, passkey: form.passkey };
    match identity.prove(&who, &given, &visit).await {
        Ok(session) => Ok(with_session(page.redirect(&next), &session, &identity)),
        Err(error) => {
            let (_, error) = mendable(error)?;
            let form = FormState::empty().with(&error);
            Ok(hinted(render(&identity, &page, &who, form, "/confirm", kept(&next)).await?, &error))
        }
    }
}

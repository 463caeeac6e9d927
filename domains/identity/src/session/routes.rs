//! `/login`, `/logout`.

use super::SignedIn;
use super::extract::{COOKIE, SessionCookie};
use super::second_routes::go_on;
use super::views::LoginView;
use crate::Identity;
use crate::devices::Device;
use crate::model::{NewSession, Theme, Visit, local_path};
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use http::{HeaderValue, StatusCode, header};
use kernel_core::{Code, Error};
use kernel_web::{CsrfForm, FormState, Page, WebError, cookies};
use serde::{Deserialize, Serialize};

pub(crate) fn routes() -> Router<Identity> {
    Router::new()
        .route("/login", get(show).post(sign_in))
        .route("/logout", post(sign_out))
        .merge(super::second_routes::routes())
}

#[derive(Deserialize)]
struct LoginQuery {
    next: Option<String>,
    note: Option<String>,
}

async fn show(
    State(identity): State<Identity>,
    page: Page,
    signed_in: Option<SignedIn>,
    Query(query): Query<LoginQuery>,
) -> Response {
    let next = local_path(query.next.as_deref());
    if signed_in.is_some() {
        return page.redirect(next.as_deref().unwrap_or("/"));
    }
    let note = match query.note.as_deref() {
        Some("confirmed") => Some("Your address is confirmed. Log in to go on."),
        Some("late") => Some("That took too long, or too many codes were wrong. Log in again."),
        Some("closing") => Some("Your account is closed in 14 days. Log in before then, and it stays."),
        Some("out") => Some("You are logged out."),
        _ => None,
    };
    let problem = query.note.as_deref().and_then(crate::oidc::routes::problem);
    let form = problem.map_or_else(FormState::empty, |problem| FormState::empty().message(problem));
    page.render(&LoginView { next, note, ..LoginView::new(form, &identity) })
}

#[derive(Deserialize, Serialize)]
struct LoginForm {
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
    next: Option<String>,
}

async fn sign_in(
    State(identity): State<Identity>,
    page: Page,
    (known, visit, replaced): (Device, Visit, SessionCookie),
    CsrfForm(form): CsrfForm<LoginForm>,
) -> Result<Response, WebError> {
    let next = local_path(form.next.as_deref());
    match identity.sign_in(&form.email, &form.password, replaced.0.as_deref(), &visit).await {
        Ok(outcome) => Ok(go_on(&identity, &page, outcome, next.as_deref(), (&known, &visit)).await?),
        Err(error) => {
            let (status, error) = mendable(error)?;
            let unconfirmed = (error.code() == Code::EmailNotVerified).then(|| form.email.clone());
            let form = FormState::of(&form).with(&error);
            let view = LoginView { next, unconfirmed, ..LoginView::new(form, &identity) };
            Ok(hinted(page.render_with(status, &view), &error))
        }
    }
}

async fn sign_out(
    State(identity): State<Identity>,
    page: Page,
    (visit, signed_in): (Visit, Option<SignedIn>),
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    if let Some(signed_in) = signed_in {
        match identity.end_session(signed_in.user.id, signed_in.session, &visit).await {
            // Another window was faster.
            Err(error) if error.code() == Code::NotFound => {}
            done => done?,
        }
    }
    let mut response = page.redirect("/login?note=out");
    response.headers_mut().append(header::SET_COOKIE, cookies::remove(COOKIE));
    // ASVS 14.3.1: nothing of the signed-in pages stays in the browser.
    response.headers_mut().insert("clear-site-data", HeaderValue::from_static("\"cache\", \"storage\""));
    Ok(response)
}

/// Adds the session's cookie.
pub(crate) fn with_session(mut response: Response, session: &NewSession, identity: &Identity) -> Response {
    let life = session.expires_at.duration_since(identity.now()).as_secs().max(0).unsigned_abs();
    response
        .headers_mut()
        .append(header::SET_COOKIE, cookies::set(COOKIE, session.token.expose(), Some(life)));
    response
}

/// Adds the cookie that page frames read; scripts of the theme menu write it as well, so it is no `__Host-` cookie.
pub(crate) fn with_theme(mut response: Response, theme: Option<Theme>) -> Response {
    if let Some(theme) = theme
        && let Ok(value) =
            HeaderValue::try_from(format!("theme={}; Path=/; Max-Age=31536000; SameSite=Lax", theme.name()))
    {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// The status with which a form is shown again; what is not the person's to mend goes to the error page.
///
/// # Errors
/// The error itself, when it is a fault of ours or about something that is not there.
pub fn mendable(error: Error) -> Result<(StatusCode, Error), WebError> {
    let code = error.code();
    if code.status() >= 500 || matches!(code, Code::NotFound | Code::BadCsrf | Code::TenantSuspended) {
        return Err(error.into());
    }
    Ok((StatusCode::from_u16(code.status()).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY), error))
}

/// Adds `Retry-After` when the error has it.
pub fn hinted(mut response: Response, error: &Error) -> Response {
    if let Some(seconds) = error.wait_seconds() {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// A form without fields of its own.
#[derive(Debug, Deserialize)]
pub struct NoFields {}

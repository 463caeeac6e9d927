//! `app./shared/{token}`, `….csv`, `….ics`: read only, for whoever has the link; not for search engines, and no other page
//! learns the address.

use super::feed::Form;
use super::service::Shared;
use super::unlock::basic;
use super::views::{SharedEndedView, SharedLockedView};
use crate::service::Bases;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use engine_base::RecordId;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use kernel_core::{Code, Error, Result};
use kernel_web::{CsrfForm, FormState, Page, Policy, WebError, limit_key};
use serde::Deserialize;

/// The pages of this feature on `app.`.
pub(crate) fn routes(bases: &Bases) -> Router {
    Router::new().route("/shared/{token}", get(show).post(unlock)).with_state(bases.clone())
}

#[derive(Deserialize)]
struct Place {
    /// The record after which the page begins.
    after: Option<String>,
}

async fn show(
    State(bases): State<Bases>,
    page: Page,
    headers: HeaderMap,
    Path(token): Path<String>,
    Query(place): Query<Place>,
) -> Result<Response, WebError> {
    let limits = bases.0.web.limits();
    limits.enforce(page.exchange(), Policy::SHARED, &limit_key(page.exchange().client()))?;
    let (token, form) = match token.split_once('.') {
        None => (token.as_str(), None),
        Some((token, "csv")) => (token, Some(Form::Csv)),
        Some((token, "ics")) => (token, Some(Form::Ics)),
        Some(_) => return Err(Error::not_found().into()),
    };
    let response = match (bases.open_share(token).await, form) {
        (Ok(shared), None) => sheet(&bases, &page, &headers, shared, place).await,
        (Ok(shared), Some(form)) => feed(&bases, &page, &headers, shared, form).await,
        (Err(error), _) if error.code() == Code::LinkExpired => {
            Ok(page.render_with(StatusCode::GONE, &SharedEndedView {}))
        }
        (Err(error), _) => Err(error.into()),
    };
    Ok(private(response?))
}

async fn sheet(
    bases: &Bases,
    page: &Page,
    headers: &HeaderMap,
    shared: Shared,
    place: Place,
) -> Result<Response, WebError> {
    if !bases.is_unlocked(&shared.share, headers) {
        let view = SharedLockedView { here: page.path.clone(), form: FormState::empty() };
        return Ok(page.render_with(StatusCode::UNAUTHORIZED, &view));
    }
    let after = place.after.and_then(|after| after.parse::<RecordId>().ok());
    let sheet = bases.sheet(&shared, page.path.clone(), after).await.map_err(without_names)?;
    Ok(page.render(&sheet))
}

async fn feed(
    bases: &Bases,
    page: &Page,
    headers: &HeaderMap,
    shared: Shared,
    form: Form,
) -> Result<Response, WebError> {
    if !bases.is_unlocked(&shared.share, headers) {
        let Some(password) = basic(headers) else { return Ok(ask_program()) };
        match bases.check_share_password(&shared.share, &password, page.exchange()).await {
            Ok(()) => {}
            Err(error) if error.code() == Code::BadCredentials => return Ok(ask_program()),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(bases.feed(shared, form, headers).map_err(without_names)?)
}

/// A mistake in the view's own filter or sort names fields that guests may not know of.
fn without_names(error: Error) -> Error {
    match error.code() {
        Code::InvalidFields | Code::BadFilter | Code::BadSort => Error::not_found()
            .detail("This view can't be shown at the moment: its filter does not fit its table."),
        _ => error,
    }
}

/// Asks a program for the password (RFC 7617).
fn ask_program() -> Response {
    let text = "This link asks for a password: send it by HTTP Basic authentication, with any name.\n";
    let mut response = (StatusCode::UNAUTHORIZED, text).into_response();
    let ask = HeaderValue::from_static("Basic realm=\"shared view\", charset=\"UTF-8\"");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, ask);
    response
}

#[derive(Deserialize)]
struct PasswordForm {
    #[serde(default)]
    password: String,
}

async fn unlock(
    State(bases): State<Bases>,
    page: Page,
    Path(token): Path<String>,
    CsrfForm(form): CsrfForm<PasswordForm>,
) -> Result<Response, WebError> {
    let limits = bases.0.web.limits();
    limits.enforce(page.exchange(), Policy::SHARED, &limit_key(page.exchange().client()))?;
    let shared = match bases.open_share(&token).await {
        Ok(shared) => shared,
        Err(error) if error.code() == Code::LinkExpired => {
            return Ok(private(page.render_with(StatusCode::GONE, &SharedEndedView {})));
        }
        Err(error) => return Err(error.into()),
    };
    if shared.share.password.is_none() {
        return Ok(private(page.redirect(&page.path)));
    }
    let again = |status, detail: &str| {
        let form = FormState::empty().error("password", detail);
        private(page.render_with(status, &SharedLockedView { here: page.path.clone(), form }))
    };
    match bases.check_share_password(&shared.share, &form.password, page.exchange()).await {
        Ok(()) => {
            let mut response = page.redirect(&page.path);
            let cookie = bases.unlocked(&shared.share, bases.0.clock.now());
            response.headers_mut().append(header::SET_COOKIE, cookie);
            Ok(private(response))
        }
        Err(error) if error.code() == Code::BadCredentials => {
            Ok(again(StatusCode::UNPROCESSABLE_ENTITY, "is not right"))
        }
        Err(error) => Err(error.into()),
    }
}

/// The address is a secret: it is not indexed, and no other host is told it. (`no-referrer` would take `Origin` from the
/// password's form as well, which is asked for there.)
fn private(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert("x-robots-tag", HeaderValue::from_static("noindex, nofollow"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

//! `/login/code`: the second step of a sign-in.

use super::SignIn;
use super::extract::SessionCookie;
use super::routes::{NoFields, hinted, mendable, with_session, with_theme};
use super::views::SecondView;
use super::{PendingStep, SECOND_STEP_LIFE};
use crate::Identity;
use crate::devices::{Device, with_device};
use crate::model::{User, Visit, local_path};
use axum::extract::{FromRequestParts, Query, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::header;
use http::request::Parts;
use kernel_core::{Code, Result};
use kernel_web::{CsrfForm, FormState, Page, WebError, cookies};
use serde::Deserialize;
use std::convert::Infallible;

/// `__Host-signin`: the sign-in that waits for its second step.
const COOKIE: &str = "signin";

pub(crate) fn routes() -> Router<Identity> {
    Router::new().route("/login/code", get(show).post(finish)).route("/login/code/passkey", post(request))
}

/// Goes on after a first factor: into the app, or to the second step.
///
/// # Errors
/// `internal` only.
pub async fn go_on(
    identity: &Identity,
    page: &Page,
    outcome: SignIn,
    next: Option<&str>,
    (known, visit): (&Device, &Visit),
) -> Result<Response> {
    Ok(match outcome {
        SignIn::Done(session) => {
            let device = identity.note_device(&session, known, visit).await?;
            let theme = identity.users(&[session.user]).await?.first().map(|user| user.theme);
            let response = with_session(page.redirect(next.unwrap_or("/")), &session, identity);
            with_device(with_theme(response, theme), &device)
        }
        SignIn::Second(PendingStep { token }) => {
            let mut response = page.redirect(&with_next("/login/code", "?", next));
            let life = SECOND_STEP_LIFE.as_secs().unsigned_abs();
            response
                .headers_mut()
                .append(header::SET_COOKIE, cookies::set(COOKIE, token.expose(), Some(life)));
            response
        }
    })
}

fn with_next(path: &str, joint: &str, next: Option<&str>) -> String {
    next.map_or_else(
        || path.to_owned(),
        |next| {
            let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
            format!("{path}{joint}next={next}")
        },
    )
}

/// The value of the step's cookie.
struct Step(Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for Step {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self(cookies::read_host(&parts.headers, COOKIE).map(str::to_owned)))
    }
}

/// Whose step it is; `None`: there is none (any more), begin again.
async fn owner(identity: &Identity, step: &Step) -> Result<Option<User>, WebError> {
    let Some(token) = &step.0 else { return Ok(None) };
    match identity.second_step(token).await {
        Ok(user) => Ok(Some(user)),
        Err(error) if error.code() == Code::LinkExpired => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn late(page: &Page, next: Option<&str>) -> Response {
    let mut response = page.redirect(&with_next("/login?note=late", "&", next));
    response.headers_mut().append(header::SET_COOKIE, cookies::remove(COOKIE));
    response
}

#[derive(Deserialize)]
struct StepQuery {
    next: Option<String>,
    recovery: Option<String>,
}

async fn show(
    State(identity): State<Identity>,
    page: Page,
    step: Step,
    Query(query): Query<StepQuery>,
) -> Result<Response, WebError> {
    let next = local_path(query.next.as_deref());
    let Some(user) = owner(&identity, &step).await? else { return Ok(late(&page, next.as_deref())) };
    let view = view(&identity, user, FormState::empty(), next, query.recovery.is_some()).await?;
    Ok(page.render(&view))
}

async fn view(
    identity: &Identity,
    user: User,
    form: FormState,
    next: Option<String>,
    recovery: bool,
) -> Result<SecondView> {
    let factors = identity.factors(user.id).await?;
    let (app, passkey) = (factors.totp.is_some(), factors.passkeys > 0);
    Ok(SecondView { form, next, recovery, app, passkey, email: user.email })
}

/// What a passkey is to sign.
async fn request(
    State(identity): State<Identity>,
    (step, visit): (Step, Visit),
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    let token = step.0.unwrap_or_default();
    Ok(Json(identity.second_step_request(&token, &visit).await?).into_response())
}

#[derive(Deserialize)]
struct CodeForm {
    #[serde(default)]
    code: String,
    #[serde(default)]
    passkey: String,
    next: Option<String>,
    recovery: Option<String>,
}

async fn finish(
    State(identity): State<Identity>,
    page: Page,
    (step, known, visit, replaced): (Step, Device, Visit, SessionCookie),
    CsrfForm(form): CsrfForm<CodeForm>,
) -> Result<Response, WebError> {
    let next = local_path(form.next.as_deref());
    let Some(user) = owner(&identity, &step).await? else { return Ok(late(&page, next.as_deref())) };
    let token = step.0.unwrap_or_default();
    let replaced = replaced.0.as_deref();
    let finished = if form.passkey.is_empty() {
        identity.finish_second_step(&token, &form.code, replaced, &visit).await
    } else {
        identity.finish_second_step_with_passkey(&token, &form.passkey, replaced, &visit).await
    };
    match finished {
        Ok(session) => {
            let outcome = SignIn::Done(session);
            let mut response = go_on(&identity, &page, outcome, next.as_deref(), (&known, &visit)).await?;
            response.headers_mut().append(header::SET_COOKIE, cookies::remove(COOKIE));
            Ok(response)
        }
        Err(error) if error.code() == Code::LinkExpired => Ok(late(&page, next.as_deref())),
        Err(error) => {
            let (status, error) = mendable(error)?;
            let state = FormState::empty().with(&error);
            let view = view(&identity, user, state, next, form.recovery.is_some()).await?;
            Ok(hinted(page.render_with(status, &view), &error))
        }
    }
}

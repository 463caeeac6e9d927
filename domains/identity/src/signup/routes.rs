//! `/signup`, `/signup/sent`, `/verify`.

use super::NewAccount;
use super::views::{CheckMailView, SignupView, VerifyView};
use crate::Identity;
use crate::devices::{Device, with_device};
use crate::model::{Visit, local_path};
use crate::password::SHORTEST;
use crate::session::SignedIn;
use crate::session::routes::{hinted, mendable, with_session};
use axum::Router;
use axum::extract::{FromRequestParts, Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use http::request::Parts;
use http::{StatusCode, header};
use kernel_core::Code;
use kernel_web::{CsrfForm, FormState, Page, WebError, cookies};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;

/// `__Host-signup`: the browser that signed up.
const COOKIE: &str = "signup";

pub(crate) fn routes() -> Router<Identity> {
    Router::new()
        .route("/signup", get(show).post(sign_up))
        .route("/signup/sent", get(sent))
        .route("/signup/again", post(again))
        .route("/verify", get(link).post(confirm))
}

#[derive(Deserialize)]
struct NextQuery {
    next: Option<String>,
    email: Option<String>,
}

async fn show(
    State(identity): State<Identity>,
    page: Page,
    signed_in: Option<SignedIn>,
    Query(query): Query<NextQuery>,
) -> Response {
    let next = local_path(query.next.as_deref());
    if signed_in.is_some() {
        return page.redirect(next.as_deref().unwrap_or("/"));
    }
    let form = query.email.map_or_else(FormState::empty, |email| FormState::empty().value("email", email));
    page.render(&SignupView { form, next, shortest: SHORTEST, providers: identity.provider_buttons() })
}

#[derive(Deserialize, Serialize)]
struct SignupForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
    next: Option<String>,
}

async fn sign_up(
    State(identity): State<Identity>,
    page: Page,
    visit: Visit,
    CsrfForm(form): CsrfForm<SignupForm>,
) -> Result<Response, WebError> {
    let next = local_path(form.next.as_deref());
    let new = NewAccount {
        name: form.name.clone(),
        email: form.email.clone(),
        password: form.password.clone(),
        next: next.clone(),
    };
    match identity.sign_up(&new, &visit).await {
        Ok(browser) => {
            let mut response = page.redirect(&sent_path(&form.email));
            response
                .headers_mut()
                .append(header::SET_COOKIE, cookies::set(COOKIE, browser.expose(), Some(86_400)));
            Ok(response)
        }
        Err(error) => {
            let (status, error) = mendable(error)?;
            let providers = identity.provider_buttons();
            let form = FormState::of(&form).with(&error);
            let view = SignupView { form, next, shortest: SHORTEST, providers };
            Ok(hinted(page.render_with(status, &view), &error))
        }
    }
}

fn sent_path(email: &str) -> String {
    let email: String = form_urlencoded::byte_serialize(email.trim().as_bytes()).collect();
    format!("/signup/sent?email={email}")
}

#[derive(Deserialize)]
struct SentQuery {
    #[serde(default)]
    email: String,
    again: Option<String>,
}

async fn sent(page: Page, Query(query): Query<SentQuery>) -> Response {
    let again = query.again.is_some();
    page.render(&CheckMailView { email: query.email, again, form: FormState::empty() })
}

#[derive(Deserialize)]
struct AgainForm {
    #[serde(default)]
    email: String,
}

async fn again(
    State(identity): State<Identity>,
    page: Page,
    visit: Visit,
    CsrfForm(form): CsrfForm<AgainForm>,
) -> Result<Response, WebError> {
    match identity.send_confirmation_again(&form.email, &visit).await {
        Ok(()) => Ok(page.redirect(&format!("{}&again=1", sent_path(&form.email)))),
        Err(error) => {
            let (status, error) = mendable(error)?;
            let view =
                CheckMailView { email: form.email, again: false, form: FormState::empty().with(&error) };
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
    match identity.confirmation(&link.token).await {
        Ok(email) => Ok(page.render(&VerifyView { link: link.token, email: Some(email) })),
        Err(error) if error.code() == Code::LinkExpired => Ok(gone(&page)),
        Err(error) => Err(error.into()),
    }
}

fn gone(page: &Page) -> Response {
    page.render_with(StatusCode::GONE, &VerifyView { link: String::new(), email: None })
}

/// The secret of the browser that signed up.
struct Browser(Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for Browser {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self(cookies::read_host(&parts.headers, COOKIE).map(str::to_owned)))
    }
}

async fn confirm(
    State(identity): State<Identity>,
    page: Page,
    (known, visit, browser): (Device, Visit, Browser),
    CsrfForm(link): CsrfForm<Link>,
) -> Result<Response, WebError> {
    let confirmed = match identity.confirm(&link.token, browser.0.as_deref(), &visit).await {
        Ok(confirmed) => confirmed,
        Err(error) if error.code() == Code::LinkExpired => return Ok(gone(&page)),
        Err(error) => return Err(error.into()),
    };
    let next = local_path(confirmed.next.as_deref());
    let mut response = match &confirmed.session {
        Some(session) => {
            let device = identity.note_device(session, &known, &visit).await?;
            let to = next.as_deref().unwrap_or("/onboarding");
            with_device(with_session(page.redirect(to), session, &identity), &device)
        }
        None => {
            let next: String =
                next.iter().flat_map(|next| form_urlencoded::byte_serialize(next.as_bytes())).collect();
            page.redirect(&format!("/login?note=confirmed&next={next}"))
        }
    };
    response.headers_mut().append(header::SET_COOKIE, cookies::remove(COOKIE));
    Ok(response)
}

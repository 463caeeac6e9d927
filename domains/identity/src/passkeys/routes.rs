//! `/login/passkey`, `/account/security/passkeys`. The script asks for something to sign (JSON), and sends what the
//! authenticator answered as a field of an ordinary form.

use super::views::{AddView, PasskeyView};
use super::wire::CreationOptions;
use super::{CHALLENGE_LIFE, LONGEST_NAME};
use crate::Identity;
use crate::devices::Device;
use crate::factors::routes::NextQuery;
use crate::factors::views::CodesView;
use crate::model::{Visit, device, local_path};
use crate::session::extract::SessionCookie;
use crate::session::routes::{NoFields, hinted, mendable};
use crate::session::second_routes::go_on;
use crate::session::views::LoginView;
use crate::session::{SignIn, SignedIn};
use crate::step_up::guarded;
use axum::extract::{FromRequestParts, Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::header;
use http::request::Parts;
use kernel_core::{Error, PasskeyId};
use kernel_web::{CsrfForm, FormState, Page, WebError, cookies};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;

/// `__Host-passkey`: the browser that a challenge was made for.
const COOKIE: &str = "passkey";

pub(crate) fn routes(identity: &Identity) -> Router<Identity> {
    let keys = "/account/security/passkeys";
    Router::new()
        .route("/login/passkey", post(sign_in))
        .route("/login/passkey/request", post(request))
        .route(&format!("{keys}/add"), guarded(identity, get(show_add).post(add)))
        .route(&format!("{keys}/creation"), guarded(identity, post(creation)))
        .route(&format!("{keys}/{{passkey}}"), get(show).post(rename))
        .route(&format!("{keys}/{{passkey}}/remove"), guarded(identity, post(remove)))
}

/// The secret of the browser.
struct Asker(Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for Asker {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self(cookies::read_host(&parts.headers, COOKIE).map(str::to_owned)))
    }
}

async fn request(
    State(identity): State<Identity>,
    visit: Visit,
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    let (options, browser) = identity.passkey_sign_in_request(&visit).await?;
    let mut response = Json(options).into_response();
    let life = CHALLENGE_LIFE.as_secs().unsigned_abs();
    let cookie = cookies::set(COOKIE, browser.expose(), Some(life));
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

#[derive(Deserialize)]
struct SignInForm {
    #[serde(default)]
    passkey: String,
    next: Option<String>,
}

async fn sign_in(
    State(identity): State<Identity>,
    page: Page,
    (asker, known, visit, replaced): (Asker, Device, Visit, SessionCookie),
    CsrfForm(form): CsrfForm<SignInForm>,
) -> Result<Response, WebError> {
    let next = local_path(form.next.as_deref());
    let (browser, replaced) = (asker.0.as_deref(), replaced.0.as_deref());
    match identity.sign_in_with_passkey(browser, &form.passkey, replaced, &visit).await {
        Ok(session) => {
            let outcome = SignIn::Done(session);
            let mut response = go_on(&identity, &page, outcome, next.as_deref(), (&known, &visit)).await?;
            response.headers_mut().append(header::SET_COOKIE, cookies::remove(COOKIE));
            Ok(response)
        }
        Err(error) => {
            let (status, error) = mendable(error)?;
            let view = LoginView { next, ..LoginView::new(FormState::empty().with(&error), &identity) };
            Ok(hinted(page.render_with(status, &view), &error))
        }
    }
}

async fn creation(
    State(identity): State<Identity>,
    (who, visit): (SignedIn, Visit),
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Json<CreationOptions>, WebError> {
    Ok(Json(identity.passkey_creation(&who, &visit).await?))
}

async fn show_add(page: Page, _who: SignedIn, visit: Visit, Query(query): Query<NextQuery>) -> Response {
    let form = FormState::empty().value("name", device(&visit.agent));
    page.render(&AddView { form, longest: LONGEST_NAME, next: local_path(query.next.as_deref()) })
}

#[derive(Deserialize, Serialize)]
struct AddForm {
    #[serde(default)]
    name: String,
    #[serde(default, skip_serializing)]
    passkey: String,
    #[serde(skip_serializing)]
    next: Option<String>,
}

async fn add(
    State(identity): State<Identity>,
    page: Page,
    (who, visit): (SignedIn, Visit),
    CsrfForm(form): CsrfForm<AddForm>,
) -> Result<Response, WebError> {
    let next = local_path(form.next.as_deref());
    match identity.add_passkey(&who, &form.name, &form.passkey, &visit).await {
        Ok(Some(codes)) => {
            Ok(page.render(&CodesView::new(&identity.brand().brand, &who.user.email, codes, true, next)))
        }
        Ok(None) => Ok(page.redirect(next.as_deref().unwrap_or("/account/security?note=passkey"))),
        Err(error) => {
            let (status, error) = mendable(error)?;
            let view = AddView { form: FormState::of(&form).with(&error), longest: LONGEST_NAME, next };
            Ok(hinted(page.render_with(status, &view), &error))
        }
    }
}

async fn view(
    identity: &Identity,
    who: &SignedIn,
    passkey: &str,
    form: Option<FormState>,
) -> Result<(PasskeyId, PasskeyView), WebError> {
    let id: PasskeyId = passkey.parse().map_err(|_| Error::not_found())?;
    let all = identity.passkeys(who.user.id).await?;
    let last = all.len() == 1 && identity.factors(who.user.id).await?.totp.is_none();
    let row = all.into_iter().find(|row| row.id == id).ok_or_else(Error::not_found)?;
    let form = form.unwrap_or_else(|| FormState::empty().value("name", row.name.clone()));
    Ok((id, PasskeyView::new(row, form, last)))
}

async fn show(
    State(identity): State<Identity>,
    page: Page,
    (who, Path(passkey)): (SignedIn, Path<String>),
) -> Result<Response, WebError> {
    Ok(page.render(&view(&identity, &who, &passkey, None).await?.1))
}

#[derive(Deserialize, Serialize)]
struct RenameForm {
    #[serde(default)]
    name: String,
}

async fn rename(
    State(identity): State<Identity>,
    page: Page,
    (who, visit, Path(passkey)): (SignedIn, Visit, Path<String>),
    CsrfForm(form): CsrfForm<RenameForm>,
) -> Result<Response, WebError> {
    let id: PasskeyId = passkey.parse().map_err(|_| Error::not_found())?;
    match identity.rename_passkey(&who, id, &form.name, &visit).await {
        Ok(()) => Ok(page.redirect("/account/security?note=passkey-renamed")),
        Err(error) => {
            let (status, error) = mendable(error)?;
            let state = FormState::of(&form).with(&error);
            Ok(page.render_with(status, &view(&identity, &who, &passkey, Some(state)).await?.1))
        }
    }
}

async fn remove(
    State(identity): State<Identity>,
    page: Page,
    (who, visit, Path(passkey)): (SignedIn, Visit, Path<String>),
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    let id: PasskeyId = passkey.parse().map_err(|_| Error::not_found())?;
    match identity.remove_passkey(&who, id, &visit).await {
        Ok(()) => Ok(page.redirect("/account/security?note=passkey-removed")),
        Err(error) => {
            let (status, error) = mendable(error)?;
            let (_, mut view) = view(&identity, &who, &passkey, None).await?;
            view.form = view.form.with(&error);
            Ok(page.render_with(status, &view))
        }
    }
}

//! `/login/link`, `/link`.

use super::views::{AskView, OfferView};
use super::{LINK_LIFE, Offer};
use crate::Identity;
use crate::devices::Device;
use crate::model::{Visit, local_path};
use crate::session::SignedIn;
use crate::session::extract::SessionCookie;
use crate::session::routes::{hinted, mendable};
use crate::session::second_routes::go_on;
use axum::Router;
use axum::extract::{FromRequestParts, Query, State};
use axum::response::Response;
use axum::routing::get;
use http::request::Parts;
use http::{StatusCode, header};
use kernel_core::Code;
use kernel_web::{CsrfForm, FormState, Page, WebError, cookies};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;

/// `__Host-link`: the browser that asked.
const COOKIE: &str = "link";

pub(crate) fn routes() -> Router<Identity> {
    Router::new().route("/login/link", get(show).post(ask)).route("/link", get(offer).post(log_in))
}

/// The secret of the browser that asked.
struct Asker(Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for Asker {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self(cookies::read_host(&parts.headers, COOKIE).map(str::to_owned)))
    }
}

#[derive(Deserialize)]
struct AskQuery {
    next: Option<String>,
    sent: Option<String>,
}

async fn show(page: Page, signed_in: Option<SignedIn>, Query(query): Query<AskQuery>) -> Response {
    let next = local_path(query.next.as_deref());
    if signed_in.is_some() {
        return page.redirect(next.as_deref().unwrap_or("/"));
    }
    page.render(&AskView { form: FormState::empty(), next, sent: query.sent.is_some() })
}

#[derive(Deserialize, Serialize)]
struct AskForm {
    #[serde(default)]
    email: String,
    next: Option<String>,
}

async fn ask(
    State(identity): State<Identity>,
    page: Page,
    visit: Visit,
    CsrfForm(form): CsrfForm<AskForm>,
) -> Result<Response, WebError> {
    let next = local_path(form.next.as_deref());
    match identity.ask_for_link(&form.email, next.as_deref(), &visit).await {
        Ok(browser) => {
            let mut response = page.redirect("/login/link?sent=1");
            let life = LINK_LIFE.as_secs().unsigned_abs();
            let cookie = cookies::set(COOKIE, browser.expose(), Some(life));
            response.headers_mut().append(header::SET_COOKIE, cookie);
            Ok(response)
        }
        Err(error) => {
            let (status, error) = mendable(error)?;
            let view = AskView { form: FormState::of(&form).with(&error), next, sent: false };
            Ok(hinted(page.render_with(status, &view), &error))
        }
    }
}

#[derive(Deserialize)]
struct Link {
    #[serde(default)]
    token: String,
    confirmed: Option<String>,
}

async fn offer(
    State(identity): State<Identity>,
    page: Page,
    asker: Asker,
    Query(link): Query<Link>,
) -> Result<Response, WebError> {
    offered(&identity, &page, &asker, link.token).await
}

/// The link's page; nothing happens until its button is pressed: mail programs open links by themselves.
async fn offered(
    identity: &Identity,
    page: &Page,
    asker: &Asker,
    token: String,
) -> Result<Response, WebError> {
    match identity.link_offer(&token, asker.0.as_deref()).await {
        Ok(Offer { email, same_browser, device, address, at }) => {
            let view = OfferView {
                link: token,
                email: Some(email),
                same_browser,
                device,
                address,
                at: at.to_string(),
            };
            Ok(page.render(&view))
        }
        Err(error) if error.code() == Code::LinkExpired => {
            Ok(page.render_with(StatusCode::GONE, &OfferView::ended()))
        }
        Err(error) => Err(error.into()),
    }
}

async fn log_in(
    State(identity): State<Identity>,
    page: Page,
    (asker, known, visit, replaced): (Asker, Device, Visit, SessionCookie),
    CsrfForm(link): CsrfForm<Link>,
) -> Result<Response, WebError> {
    let (browser, replaced) = (asker.0.as_deref(), replaced.0.as_deref());
    match identity.use_link(&link.token, browser, link.confirmed.is_some(), replaced, &visit).await {
        Ok((outcome, next)) => {
            let next = local_path(next.as_deref());
            let mut response = go_on(&identity, &page, outcome, next.as_deref(), (&known, &visit)).await?;
            response.headers_mut().append(header::SET_COOKIE, cookies::remove(COOKIE));
            Ok(response)
        }
        Err(error) if matches!(error.code(), Code::LinkExpired | Code::StepUpRequired) => {
            offered(&identity, &page, &asker, link.token).await
        }
        Err(error) => Err(error.into()),
    }
}

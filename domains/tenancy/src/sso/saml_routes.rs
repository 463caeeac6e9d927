//! `/login/sso/{slug}/acs`, where providers post their answers to, and `/login/sso/{slug}/metadata`, which describes us to them.
//!
//! The post comes from another site: it is the one form without a token of ours. What it could do is to make a log-in go on that a
//! browser has begun, and that is decided where the browser's cookie is there.

use super::login_routes::{failed, start_path, tenant_at};
use super::saml::metadata;
use super::views::RefusedView;
use crate::Tenancy;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use http::{StatusCode, header};
use identity::Visit;
use kernel_core::{Code, Error, Result};
use kernel_web::{Page, WebError};

/// Bytes of a posted form: an answer in base64, each character of which may be written as three.
const MOST: usize = 512 << 10;

pub(super) fn routes() -> Router<Tenancy> {
    Router::new()
        .route("/login/sso/{organisation}/acs", post(receive).layer(DefaultBodyLimit::max(MOST)))
        .route("/login/sso/{organisation}/metadata", get(describe))
}

async fn describe(State(tenancy): State<Tenancy>, Path(slug): Path<String>) -> Result<Response, WebError> {
    let tenant = tenant_at(&tenancy, &slug).await?;
    let text = metadata::ours(&tenancy.entity(&tenant.slug), &tenancy.acs(&tenant.slug));
    Ok(([(header::CONTENT_TYPE, "application/samlmetadata+xml")], text).into_response())
}

/// The one value of a field; a field that is there twice is none.
fn field(body: &[u8], name: &str) -> Option<String> {
    let mut values = form_urlencoded::parse(body).filter(|(found, _)| found == name);
    values.next().map(|(_, value)| value.into_owned()).filter(|_| values.next().is_none())
}

async fn receive(
    State(tenancy): State<Tenancy>,
    page: Page,
    (visit, Path(slug)): (Visit, Path<String>),
    body: Bytes,
) -> Result<Response, WebError> {
    tenancy.identity().may_leave(&visit)?;
    let tenant = tenant_at(&tenancy, &slug).await?;
    let posted = field(&body, "SAMLResponse")
        .ok_or_else(|| Error::new(Code::BadRequest).detail("There is no SAML response in this form."))?;
    let state = field(&body, "RelayState").unwrap_or_default();
    match tenancy.receive_answer(&tenant, &posted, &state).await {
        Ok(()) => {
            let state: String = form_urlencoded::byte_serialize(state.as_bytes()).collect();
            Ok(page.redirect(&format!("{}/callback?state={state}", start_path(&tenant.slug))))
        }
        Err(error) if error.code() == Code::ProviderFailed => {
            // Logged like every other failed log-in; the person, maybe the one who sets it up, is told why.
            failed(&page, &tenant, &error);
            let view = RefusedView { message: error.message().to_owned() };
            let mut response = page.render_with(StatusCode::FORBIDDEN, &view);
            // The browser's cookies did not come with this request: new ones would take the place of those it has, and end the
            // forms that are open in other tabs.
            response.headers_mut().remove(header::SET_COOKIE);
            Ok(response)
        }
        Err(error) => Err(error.into()),
    }
}

//! Extractors: who is signed in, where a request comes from.

use super::SignedIn;
use crate::Identity;
use crate::model::Visit;
use axum::extract::{FromRef, FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;
use http::{Method, header};
use kernel_core::{Code, Error};
use kernel_web::{Exchange, WebError, cookies};
use std::convert::Infallible;

/// The session's cookie is `__Host-session`.
pub const COOKIE: &str = "session";

impl<S> FromRequestParts<S> for SignedIn
where
    Identity: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = WebError;

    /// Sends a person who is not signed in to the sign-in page and back afterwards; programs get `unauthenticated`.
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, WebError> {
        match <Self as OptionalFromRequestParts<S>>::from_request_parts(parts, state).await? {
            Some(signed_in) => Ok(signed_in),
            None if wants_page(parts) => {
                let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
                Err(WebError::redirect(&login_path(path)))
            }
            None => Err(Error::new(Code::Unauthenticated).detail("Log in again, then repeat.").into()),
        }
    }
}

impl<S> OptionalFromRequestParts<S> for SignedIn
where
    Identity: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, WebError> {
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(Some(known.clone()));
        }
        let exchange = Exchange::of(parts);
        let Some(token) = cookies::read_host(&parts.headers, COOKIE) else { return Ok(None) };
        let found = Identity::from_ref(state).session(token, exchange.client()).await?;
        if let Some(signed_in) = &found {
            let user = &signed_in.user;
            exchange.shell(|shell| shell.user = Some(user.shown()));
            exchange.caller(None, Some(user.id.to_string()));
            parts.extensions.insert(signed_in.clone());
        }
        Ok(found)
    }
}

fn wants_page(parts: &Parts) -> bool {
    let accept = parts.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("");
    parts.method == Method::GET && (accept.contains("text/html") || !accept.contains("json"))
}

/// The sign-in page that leads back to `path`.
#[must_use]
pub fn login_path(path: &str) -> String {
    if path == "/" {
        return "/login".to_owned();
    }
    format!("/login?next={}", form_urlencoded::byte_serialize(path.as_bytes()).collect::<String>())
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let exchange = Exchange::of(parts);
        let agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or("");
        Ok(Self {
            address: exchange.client(),
            agent: agent.chars().take(300).collect(),
            request_id: exchange.id().to_string(),
        })
    }
}

/// The value of the session's cookie.
#[derive(Clone, Debug)]
pub struct SessionCookie(pub Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for SessionCookie {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self(cookies::read_host(&parts.headers, COOKIE).map(str::to_owned)))
    }
}

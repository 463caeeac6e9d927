//! CSRF: a signed double submit, bound to a `__Host-csrf` cookie, beside a check of `Origin` and `Sec-Fetch-Site`
//! (OWASP CSRF cheat sheet; ASVS 3.5.1, 3.5.2).
//!
//! The cookie holds 256 random bits. A form's token is `nonce ‖ HMAC(key, nonce ‖ cookie)`: it can't be made without the
//! key, is worth nothing with another cookie, and differs on every page, so that compression can't leak it (BREACH).

use crate::{Exchange, Web, WebError, body, cookies};
use axum::extract::{FromRef, FromRequest, Request};
use data_encoding::BASE64URL_NOPAD;
use http::{HeaderMap, HeaderValue, header};
use kernel_core::{Code, Error};
use serde::de::DeserializeOwned;

const COOKIE: &str = "csrf";
const NONCE: usize = 16;

/// A page's token, and the cookie it is bound to.
#[derive(Clone)]
pub struct Token {
    cookie: String,
    fresh: bool,
    text: String,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("csrf::Token")
    }
}

impl Token {
    /// The token for the request's cookie, or for a new one.
    pub(crate) fn of(web: &Web, headers: &HeaderMap) -> Self {
        let known = cookies::read_host(headers, COOKIE).filter(|value| value.len() == 43);
        let (cookie, fresh) =
            known.map_or_else(|| (web.random().token(), true), |value| (value.to_owned(), false));
        let nonce = web.random().bytes::<NONCE>();
        let mut raw = nonce.to_vec();
        raw.extend_from_slice(&web.0.csrf_key.sign(&message(&nonce, &cookie)));
        Self { text: BASE64URL_NOPAD.encode(&raw), cookie, fresh }
    }
    /// The text of the `_csrf` field.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
    /// `Set-Cookie`, when the browser has none yet.
    pub(crate) fn new_cookie(&self) -> Option<HeaderValue> {
        self.fresh.then(|| cookies::set(COOKIE, &self.cookie, None))
    }
}

fn message(nonce: &[u8], cookie: &str) -> Vec<u8> {
    [nonce, cookie.as_bytes()].concat()
}

/// Checks that the request comes from a page of this host and carries its token. For multipart and JSON routes of the
/// app, which read their body themselves; [`CsrfForm`] does it by itself.
///
/// # Errors
/// `bad_csrf`.
pub fn verify(web: &Web, exchange: &Exchange, headers: &HeaderMap, field: Option<&str>) -> Result<(), Error> {
    same_origin(web, exchange, headers)?;
    let given = headers.get("x-csrf-token").and_then(|value| value.to_str().ok()).or(field);
    let cookie = cookies::read_host(headers, COOKIE);
    let raw = given.and_then(|given| BASE64URL_NOPAD.decode(given.as_bytes()).ok());
    match (raw, cookie) {
        (Some(raw), Some(cookie)) if raw.len() == NONCE + 32 => {
            let (nonce, signature) = raw.split_at(NONCE);
            let genuine = web.0.csrf_key.verify(&message(nonce, cookie), signature);
            genuine.then_some(()).ok_or_else(|| Error::new(Code::BadCsrf))
        }
        _ => Err(Error::new(Code::BadCsrf)),
    }
}

/// A browser names where a request comes from in `Origin`, or at least in `Sec-Fetch-Site`; both must be this very host.
fn same_origin(web: &Web, exchange: &Exchange, headers: &HeaderMap) -> Result<(), Error> {
    let refused = || Error::new(Code::BadCsrf).detail("This form was sent from another website.");
    if let Some(site) = headers.get("sec-fetch-site")
        && !matches!(site.as_bytes(), b"same-origin" | b"none")
    {
        return Err(refused());
    }
    match headers.get(header::ORIGIN) {
        Some(origin) => {
            let own = format!("{}://{}", web.brand().scheme, exchange.host());
            origin.as_bytes().eq_ignore_ascii_case(own.as_bytes()).then_some(()).ok_or_else(refused)
        }
        None => Ok(()),
    }
}

/// A urlencoded form whose `_csrf` field (or `X-CSRF-Token` header) and origin were checked.
#[derive(Clone, Debug)]
pub struct CsrfForm<T>(pub T);

impl<S, T> FromRequest<S> for CsrfForm<T>
where
    S: Send + Sync,
    Web: FromRef<S>,
    T: DeserializeOwned,
{
    type Rejection = WebError;

    async fn from_request(request: Request, state: &S) -> Result<Self, WebError> {
        let web = Web::from_ref(state);
        let (mut parts, body) = request.into_parts();
        let exchange = Exchange::of(&mut parts);
        let headers = parts.headers.clone();
        same_origin(&web, &exchange, &headers)?;
        let body = body::read(Request::from_parts(parts, body), state).await.map_err(|error| {
            if error.code() != Code::BodyTooLarge {
                return error;
            }
            // The form was not read, so it can't be shown again; the browser still has it.
            let message =
                format!("{} Nothing was saved. Go back: what you typed is still there.", error.message());
            Error::new(Code::BodyTooLarge).detail(message)
        })?;
        let is_form = headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|kind| kind.trim_start().starts_with("application/x-www-form-urlencoded"));
        let field = if is_form { csrf_field(&body) } else { None };
        verify(&web, &exchange, &headers, field.as_deref())?;
        // A script that has nothing to say but its token sends no body.
        if !is_form && !body.is_empty() {
            return Err(Error::new(Code::UnsupportedMediaType).into());
        }
        let read = serde_urlencoded::Deserializer::new(url_pairs(&body));
        serde_path_to_error::deserialize(read).map(Self).map_err(|error| {
            let field = error.path().to_string();
            let detail = format!("The form could not be read: {}.", error.inner());
            Error::new(Code::BadRequest).detail(detail).source(FormField(field)).into()
        })
    }
}

#[derive(Debug)]
struct FormField(String);
impl std::fmt::Display for FormField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "form field {}", self.0)
    }
}
impl std::error::Error for FormField {}

fn url_pairs(body: &[u8]) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(body)
}

fn csrf_field(body: &[u8]) -> Option<String> {
    url_pairs(body).find(|(name, _)| name == "_csrf").map(|(_, value)| value.into_owned())
}

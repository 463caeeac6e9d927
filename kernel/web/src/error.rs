//! [`WebError`]: an error on its way out. Rendered and logged once, by the portal's stack.

use crate::{Exchange, Page, Portal, View, Web};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use kernel_core::{Code, Error};
use serde::Serialize;
use std::sync::Arc;

/// What a handler or an extractor fails with.
#[derive(Debug)]
pub enum WebError {
    /// A failure, rendered as a page or as `application/problem+json`.
    Failed(Error),
    /// A ready answer instead of the handler's: an extractor that sends people to the sign-in page.
    Answer(Box<Response>),
}

impl<E: Into<Error>> From<E> for WebError {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl WebError {
    /// Sends the browser elsewhere (303).
    #[must_use]
    pub fn redirect(to: &str) -> Self {
        Self::Answer(Box::new(axum::response::Redirect::to(to).into_response()))
    }
}

/// The failure that a response stands for, in its extensions until the stack renders it.
#[derive(Clone)]
pub(crate) struct Failure(pub Arc<Error>);

impl IntoResponse for WebError {
    /// Outside a portal's stack the body is the problem document without request id.
    fn into_response(self) -> Response {
        match self {
            Self::Answer(response) => *response,
            Self::Failed(error) => {
                let mut response = problem(&error, None, None);
                response.extensions_mut().insert(Failure(Arc::new(error)));
                response
            }
        }
    }
}

#[derive(Serialize)]
struct Problem<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<&'a str>,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<ProblemField<'a>>,
}

#[derive(Serialize)]
struct ProblemField<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<&'a str>,
    code: &'a str,
    detail: &'a str,
}

/// The problem document (RFC 9457). A field named `/a/b` or `a` is a JSON pointer into the body; `?a` is a parameter of
/// the query.
pub(crate) fn problem(error: &Error, request_id: Option<&str>, docs: Option<&str>) -> Response {
    let code = error.code();
    let fields = error.field_errors().iter().map(|field| {
        let parameter = field.field.strip_prefix('?');
        let pointer = parameter.is_none().then(|| {
            if field.field.starts_with('/') || field.field.is_empty() {
                format!("#{}", field.field)
            } else {
                format!("#/{}", field.field)
            }
        });
        ProblemField { pointer, parameter, code: field.code.name(), detail: &field.detail }
    });
    let body = Problem {
        r#type: docs
            .map_or_else(|| "about:blank".to_owned(), |www| format!("{www}/docs/errors#{}", code.name())),
        title: code.title(),
        status: code.status(),
        detail: error.message(),
        instance: request_id,
        code: code.name(),
        request_id,
        errors: fields.collect(),
    };
    let body = serde_json::to_vec(&body).unwrap_or_default();
    let mut response = (status(code), body).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    add_hints(error, &mut response);
    response
}

fn status(code: Code) -> StatusCode {
    StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn add_hints(error: &Error, response: &mut Response) {
    if let Some(seconds) = error.wait_seconds() {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if error.code() == Code::Unauthenticated {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
}

/// The context of `errors/error.html` (portals) and `errors/site.html` (published sites).
#[derive(Serialize)]
pub struct ErrorView {
    status: u16,
    code: &'static str,
    title: String,
    message: String,
    retryable: bool,
    fields: Vec<String>,
}

impl ErrorView {
    fn of(error: &Error) -> Self {
        let code = error.code();
        let title = match code {
            Code::NotFound => "There is nothing here",
            Code::UnknownHost => "No site answers to this name",
            Code::MethodNotAllowed => "This address does not take that request",
            Code::Unauthenticated => "Sign in first",
            Code::BadCsrf => "Load the page again",
            Code::RateLimited => "Too many requests",
            Code::BodyTooLarge => "That is too much at once",
            Code::Unavailable | Code::Timeout => "Not ready right now",
            Code::HttpsRequired => "Only by https",
            Code::TenantSuspended => "This organisation is suspended",
            _ if code.status() == 403 => "Your role does not allow this",
            _ if code.status() >= 500 => "Something went wrong on our side",
            _ => "That did not work",
        };
        Self {
            status: code.status(),
            code: code.name(),
            title: title.to_owned(),
            message: error.message().to_owned(),
            retryable: code.retryable(),
            fields: error
                .field_errors()
                .iter()
                .map(|field| format!("{} {}", field.field, field.detail))
                .collect(),
        }
    }
}

impl View for ErrorView {
    const TEMPLATE: &'static str = "errors/error.html";
    fn samples() -> Vec<Self> {
        Code::ALL
            .iter()
            .map(|code| Self::of(&Error::new(*code)))
            .chain([Self::of(&Error::field("name", Code::TooLong, "is too long"))])
            .collect()
    }
}
crate::register_view!(ErrorView);

/// The same for published sites: their own page, without the product's name on it.
#[derive(Serialize)]
pub struct SiteErrorView(ErrorView);
impl View for SiteErrorView {
    const TEMPLATE: &'static str = "errors/site.html";
    fn samples() -> Vec<Self> {
        ErrorView::samples().into_iter().map(Self).collect()
    }
}
crate::register_view!(SiteErrorView);

/// What the request wants back.
pub(crate) fn wants_json(portal: Portal, headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("");
    portal == Portal::Api || (accept.contains("json") && !accept.contains("text/html"))
}

/// Renders and logs a failure; the one place that does.
pub(crate) fn render(
    web: &Web,
    exchange: &Exchange,
    headers: &HeaderMap,
    path: &str,
    error: &Error,
) -> Response {
    log(exchange, path, error);
    if let Some(write) = exchange.errors() {
        let mut response = write(error);
        add_hints(error, &mut response);
        return response;
    }
    if wants_json(exchange.portal(), headers) {
        return problem(error, Some(exchange.id().as_str()), Some(&web.origins().www));
    }
    let page = Page::build(web, exchange.clone(), headers, path);
    let (code, view) = (status(error.code()), ErrorView::of(error));
    let mut response = if exchange.portal() == Portal::Sites {
        page.render_with(code, &SiteErrorView(view))
    } else {
        page.render_with(code, &view)
    };
    if let Some(Failure(broken)) = response.extensions_mut().remove::<Failure>() {
        // The error page itself is broken: say the plain thing rather than nothing.
        log(exchange, path, &broken);
        response = problem(error, Some(exchange.id().as_str()), None);
    }
    add_hints(error, &mut response);
    response
}

/// What somebody may do who looks for a way around: each leaves a line, with who and from where (ASVS 16.3.2, 16.3.3).
fn is_refusal(code: Code) -> bool {
    matches!(code.status(), 401 | 403 | 429)
}

fn log(exchange: &Exchange, path: &str, error: &Error) {
    let path = crate::log::shown(path);
    let mut causes = String::new();
    let mut cause = std::error::Error::source(error);
    while let Some(found) = cause {
        causes.push_str(if causes.is_empty() { "" } else { ": " });
        causes.push_str(&found.to_string());
        cause = found.source();
    }
    let (request_id, portal, code) = (exchange.id().as_str(), exchange.portal().name(), error.code().name());
    if error.code().status() >= 500 {
        tracing::error!(request_id, portal, path, code, causes, "request failed: {error}");
    } else if is_refusal(error.code()) {
        let (_, tenant, actor) = exchange.labels();
        let (tenant, actor, client) = (tenant.as_deref(), actor.as_deref(), exchange.client());
        tracing::warn!(target: "security", request_id, portal, path, code, tenant, actor, %client, causes, "refused");
    } else if !causes.is_empty() {
        tracing::info!(request_id, portal, path, code, causes, "request refused: {error}");
    }
}

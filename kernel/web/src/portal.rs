//! The stack around every portal's router.

use crate::error::{Failure, render};
use crate::request_id::REQUEST_ID;
use crate::{
    Exchange, Web, WebError, cors, log, metrics, reports, security_headers, security_txt, static_files,
};
use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Path, Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::FutureExt as _;
use http::{HeaderMap, HeaderValue, Method, header};
use kernel_core::{Code, Error};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;

/// One of the program's faces, chosen by host name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Portal {
    /// The public website.
    Www,
    /// The application.
    App,
    /// The API.
    Api,
    /// The staff's portal.
    Admin,
    /// Published sites of tenants.
    Sites,
}

impl Portal {
    /// The first label of its host name (`sites` has none of its own).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Www => "www",
            Self::App => "app",
            Self::Api => "api",
            Self::Admin => "admin",
            Self::Sites => "sites",
        }
    }
    /// Whether its pages carry forms that change something, hence a CSRF cookie and `no-store`.
    #[must_use]
    pub const fn has_forms(self) -> bool {
        matches!(self, Self::App | Self::Admin)
    }
}

/// Wraps a portal's routes: static files, answers for what no route takes, and the stack.
pub fn wrap(web: &Web, portal: Portal, routes: Router) -> Router {
    let routes =
        routes.route(
            "/static/{*path}",
            get(|Path(path): Path<String>, headers: HeaderMap| async move {
                static_files::serve(&path, &headers)
            }),
        );
    let routes = routes
        .merge(reports::routes(web))
        .route("/.well-known/security.txt", get(security_txt::show).with_state(web.clone()));
    let routes = match portal {
        Portal::Sites => routes,
        _ => routes.route("/favicon.svg", get(favicon)),
    };
    routes
        .fallback(|| async { WebError::from(Error::not_found()) })
        .method_not_allowed_fallback(|| async { WebError::from(Error::new(Code::MethodNotAllowed)) })
        .layer(from_fn(note_route))
        .layer(DefaultBodyLimit::max(web.0.body_limit))
        .layer(from_fn_with_state(web.clone(), stack))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
}

async fn favicon() -> Response {
    let headers =
        [("content-type", "image/svg+xml; charset=utf-8"), ("cache-control", "public, max-age=86400")];
    (headers, include_str!("favicon.svg")).into_response()
}

/// Runs after routing, where the pattern is known.
async fn note_route(request: Request, next: Next) -> Response {
    if let (Some(exchange), Some(route)) =
        (request.extensions().get::<Exchange>(), request.extensions().get::<MatchedPath>())
    {
        exchange.route(route.as_str());
    }
    next.run(request).await
}

/// Time-out, load shedding, panics, error rendering, headers, metrics, log. The [`Exchange`] is put in by `hosts`.
async fn stack(State(web): State<Web>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let (mut parts, body) = request.into_parts();
    let exchange = Exchange::of(&mut parts);
    let (method, headers, path) = (parts.method.clone(), parts.headers.clone(), parts.uri.path().to_owned());
    let is_api = exchange.portal() == Portal::Api;
    // Whatever a route takes, these are never answered (ASVS 13.4.4).
    let never = matches!(method, Method::TRACE | Method::CONNECT) || method.as_str() == "TRACK";
    let preflight = is_api.then(|| cors::preflight(&web, &method, &headers)).flatten();
    let mut response = match preflight {
        Some(response) => response,
        None if never => WebError::from(Error::new(Code::MethodNotAllowed)).into_response(),
        None => guarded(&web, Request::from_parts(parts, body), next).await,
    };
    if let Some(Failure(error)) = response.extensions_mut().remove::<Failure>() {
        let failed = response.into_parts().0.headers;
        response = render(&web, &exchange, &headers, &path, &error);
        keep_cookies(&failed, response.headers_mut());
    }
    let out = response.headers_mut();
    if let Some(id) = exchange.id().header() {
        out.insert(REQUEST_ID, id);
    }
    if let Some(rate) = exchange.rate_now() {
        rate.write(out);
    }
    if is_api {
        cors::write(&web, &headers, out);
    }
    // What is somebody's own stays out of every cache, unless its handler says otherwise (ASVS 14.2.2, 14.3.2).
    if matches!(exchange.portal(), Portal::App | Portal::Api | Portal::Admin) {
        out.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
    security_headers::write(&web, exchange.portal(), out);
    let took = started.elapsed();
    metrics::count(&exchange, &method, response.status(), took);
    log::access(&exchange, &method, &path, response.status(), took);
    response
}

async fn guarded(web: &Web, request: Request, next: Next) -> Response {
    let _slot = match Slot::take(web) {
        Some(slot) => slot,
        None => return WebError::from(Error::new(Code::Unavailable).retry_after(1)).into_response(),
    };
    let work = AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(web.0.timeout, work).await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => WebError::from(Error::internal(Panicked::new(panic.as_ref()))).into_response(),
        Err(_) => WebError::from(Error::new(Code::Timeout).retry_after(1)).into_response(),
    }
}

/// A place among the requests in flight, given back when dropped.
struct Slot(Web);

impl Slot {
    fn take(web: &Web) -> Option<Self> {
        if web.0.in_flight.fetch_add(1, Ordering::Relaxed) >= web.0.in_flight_limit {
            web.0.in_flight.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        Some(Self(web.clone()))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An error page keeps the cookies that the failed handler has set.
fn keep_cookies(from: &HeaderMap, to: &mut HeaderMap) {
    for cookie in from.get_all(header::SET_COOKIE) {
        to.append(header::SET_COOKIE, cookie.clone());
    }
}

#[derive(Debug)]
struct Panicked(Arc<str>);

impl Panicked {
    fn new(panic: &(dyn std::any::Any + Send)) -> Self {
        let text = panic
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        Self(text.unwrap_or("of unknown kind").into())
    }
}
impl std::fmt::Display for Panicked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "panic: {}", self.0)
    }
}
impl std::error::Error for Panicked {}

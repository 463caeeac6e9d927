//! CORS on `api.`: exactly one origin, that of `app.`, may read answers in a browser. No cookies are ever involved: the
//! workspace sends a short-lived token in `Authorization`.

use crate::Web;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

const EXPOSED: &str = "Base-Version, Request-Id, RateLimit, RateLimit-Policy, Retry-After, ETag, Link, Idempotent-Replayed, \
                       Content-Disposition";
const METHODS: &str = "GET, POST, PUT, PATCH, DELETE";
const HEADERS: &str = "Authorization, Content-Type, Accept, Idempotency-Key, Min-Version, If-Match, If-None-Match, Last-Event-ID";

/// Whether the request's `Origin` is `app.`: compared whole, so that `null`, suffixes and look-alikes fail.
fn admitted(web: &Web, headers: &HeaderMap) -> bool {
    headers.get(header::ORIGIN).is_some_and(|origin| origin.as_bytes() == web.origins().app.as_bytes())
}

/// The answer to a preflight, if the request is one.
pub(crate) fn preflight(web: &Web, method: &Method, headers: &HeaderMap) -> Option<Response> {
    if method != Method::OPTIONS || !headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
        return None;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    if admitted(web, headers) {
        let out = response.headers_mut();
        out.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
        out.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(HEADERS));
        out.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"));
    }
    Some(response)
}

/// Adds the CORS headers to an answer of `api.`.
pub(crate) fn write(web: &Web, request: &HeaderMap, response: &mut HeaderMap) {
    response.append(header::VARY, HeaderValue::from_static("Origin"));
    if admitted(web, request)
        && let Ok(origin) = HeaderValue::from_str(&web.origins().app)
    {
        response.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        response.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    }
}

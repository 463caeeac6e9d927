//! Headers that all base routes share: versions and raw JSON answers.

use crate::service::Bases;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use kernel_core::{Code, Error};
use kernel_web::WebError;
use std::hash::Hasher as _;

/// `Min-Version: <seq>`: the answer must know this change (read your own writes on any process).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct MinVersion(pub(crate) Option<u64>);

impl<S: Send + Sync> FromRequestParts<S> for MinVersion {
    type Rejection = WebError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, WebError> {
        let Some(value) = parts.headers.get("min-version") else { return Ok(Self(None)) };
        let number = value
            .to_str()
            .ok()
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| Error::field("Min-Version", Code::InvalidValue, "is not a version number"))?;
        Ok(Self(Some(number)))
    }
}

/// A JSON answer with the version of the base that it shows.
#[derive(Debug)]
pub(crate) struct Versioned {
    pub(crate) status: StatusCode,
    pub(crate) seq: u64,
    pub(crate) body: Bytes,
    pub(crate) replayed: bool,
}

impl Versioned {
    pub(crate) fn ok(seq: u64, body: impl Into<Bytes>) -> Self {
        Self { status: StatusCode::OK, seq, body: body.into(), replayed: false }
    }
    pub(crate) fn json(status: StatusCode, seq: u64, body: &impl serde::Serialize) -> Result<Self, Error> {
        let body = serde_json::to_vec(body).map_err(Error::internal)?;
        Ok(Self { status, ..Self::ok(seq, body) })
    }
}

impl IntoResponse for Versioned {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        headers.insert("base-version", HeaderValue::from(self.seq));
        if self.replayed {
            headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
        }
        response
    }
}

/// An answer with an `ETag`, or 304 when the caller has it already (RFC 9110). The tag has two parts: the version of what is
/// shown, which `If-Match` asks for, and a hash of the answer, because one version is shown in many ways.
pub(crate) fn tagged(headers: &HeaderMap, answer: Versioned, version: u64) -> Response {
    let tag = etag(version, &answer.body);
    let known = headers.get_all(header::IF_NONE_MATCH).iter().any(|value| {
        let tags = value.to_str().unwrap_or_default().split(',').map(str::trim);
        tags.map(|one| one.strip_prefix("W/").unwrap_or(one)).any(|one| one == "*" || one == tag)
    });
    let mut response = if known {
        Versioned { status: StatusCode::NOT_MODIFIED, body: Bytes::new(), ..answer }.into_response()
    } else {
        answer.into_response()
    };
    let headers = response.headers_mut();
    if known {
        headers.remove(header::CONTENT_TYPE);
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

/// The tag of an answer.
pub(crate) fn etag(version: u64, body: &[u8]) -> String {
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(body);
    format!("\"{version:x}.{:x}\"", hasher.finish())
}

/// The versions that `If-Match` names; `None`: it is absent or `*`. What can't be one of our tags is a version that nothing has.
pub(crate) fn if_match(headers: &HeaderMap) -> Option<Vec<u64>> {
    let mut versions = Vec::new();
    for value in headers.get_all(header::IF_MATCH) {
        for tag in value.to_str().unwrap_or_default().split(',').map(str::trim) {
            if tag == "*" {
                return None;
            }
            // A weak tag never matches (RFC 9110, 13.1.1).
            let version = tag.strip_prefix('"').and_then(|rest| rest.split_once('.'));
            versions.push(
                version.and_then(|(version, _)| u64::from_str_radix(version, 16).ok()).unwrap_or(u64::MAX),
            );
        }
    }
    (!versions.is_empty()).then_some(versions)
}

/// What every route of this domain holds.
pub(crate) type AppState = axum::extract::State<Bases>;

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(http::HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn conditions_of_requests() {
        let tag = etag(500, b"{}");
        for (asked, status) in [
            (tag.clone(), 304),
            (format!("\"x\", W/{tag}"), 304),
            ("*".to_owned(), 304),
            ("\"1f4.0\"".to_owned(), 200),
            (String::new(), 200),
        ] {
            let response = tagged(&headers("if-none-match", &asked), Versioned::ok(9, "{}"), 500);
            assert_eq!(
                (response.status().as_u16(), response.headers()["etag"].to_str().unwrap()),
                (status, &*tag),
                "{asked}"
            );
        }
        let check = |value: &str, expected: Option<&[u64]>| {
            assert_eq!(if_match(&headers("if-match", value)).as_deref(), expected, "{value}");
        };
        check(&tag, Some(&[500]));
        check("\"a.1\", \"b.2\"", Some(&[10, 11]));
        check(&format!("W/{tag}"), Some(&[u64::MAX]));
        check("*", None);
        check("nonsense", Some(&[u64::MAX]));
    }
}

//! Headers that all base routes share: versions and raw JSON answers.

use crate::service::Bases;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use kernel_core::{Code, Error};
use kernel_web::WebError;

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

/// What every route of this domain holds.
pub(crate) type AppState = axum::extract::State<Bases>;

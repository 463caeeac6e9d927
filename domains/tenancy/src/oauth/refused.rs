//! Refusals in the form of RFC 6749 5.2. Faults of ours and too many requests are problem documents, as everywhere.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use kernel_core::Error;
use kernel_web::WebError;
use serde_json::json;

/// Why a program gets no answer.
#[derive(Debug)]
pub(crate) enum Refused {
    /// An error of the protocol, and what is wrong in words.
    Protocol(&'static str, &'static str),
    /// The app did not prove who it is.
    Client,
    /// Anything else.
    Other(Error),
}

impl Refused {
    pub(crate) const fn request(why: &'static str) -> Self {
        Self::Protocol("invalid_request", why)
    }
    pub(crate) const fn grant(why: &'static str) -> Self {
        Self::Protocol("invalid_grant", why)
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl From<kernel_db::DbError> for Refused {
    fn from(error: kernel_db::DbError) -> Self {
        Self::Other(error.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, error, why) = match self {
            Self::Protocol(error, why) => (StatusCode::BAD_REQUEST, error, why),
            Self::Client => (
                StatusCode::UNAUTHORIZED,
                "invalid_client",
                "The app is unknown, or its secret is not right.",
            ),
            Self::Other(error) => return WebError::from(error).into_response(),
        };
        let mut response = private(status, json!({ "error": error, "error_description": why }));
        if status == StatusCode::UNAUTHORIZED {
            let basic = HeaderValue::from_static("Basic realm=\"oauth\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, basic);
        }
        response
    }
}

/// An answer that nobody keeps (RFC 6749 5.1).
pub(crate) fn private(status: StatusCode, body: serde_json::Value) -> Response {
    let kept = [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")];
    (status, kept, Json(body)).into_response()
}

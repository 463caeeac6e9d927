//! Reading bodies within their limits. What a request says of its size is believed first, so that a body that is too large
//! is refused before any of it is read; without a size it is refused where it grows over the limit.

use crate::{Web, WebError};
use axum::RequestExt as _;
use axum::extract::{FromRef, FromRequest as _, FromRequestParts, Request};
use bytes::Bytes;
use http::header;
use http::request::Parts;
use hyper::body::Body as _;
use kernel_core::{Code, Error};

/// The whole body, within the limit of its route (`DefaultBodyLimit`).
///
/// # Errors
/// `body_too_large`; `bad_request` when it does not come to its end.
pub(crate) async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Error> {
    let declared = request.body().size_hint().lower();
    let request = request.with_limited_body();
    if let Some(limit) = request.body().size_hint().upper().filter(|limit| *limit < declared) {
        return Err(too_large(limit));
    }
    let limit = request.body().size_hint().upper();
    Bytes::from_request(request, state).await.map_err(|rejection| {
        if rejection.status() == http::StatusCode::PAYLOAD_TOO_LARGE {
            limit.map_or_else(|| Error::new(Code::BodyTooLarge), too_large)
        } else {
            Error::new(Code::BadRequest).detail("The body could not be read to its end.")
        }
    })
}

fn too_large(limit: u64) -> Error {
    let limit = match limit {
        0..1024 => format!("{limit} bytes"),
        1024..1_048_576 => format!("{} kB", limit >> 10),
        _ => format!("{} MB", limit >> 20),
    };
    Error::new(Code::BodyTooLarge).detail(format!("The body is larger than the {limit} that are taken here."))
}

/// Refuses an upload that says that it is larger than uploads may be. The route still counts what it writes: a request
/// without a size passes here.
#[derive(Clone, Copy, Debug)]
pub struct UploadFits;

/// What a form around the file may take.
const AROUND: u64 = 64 << 10;

impl<S: Send + Sync> FromRequestParts<S> for UploadFits
where
    Web: FromRef<S>,
{
    type Rejection = WebError;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, WebError> {
        let limit = Web::from_ref(state).upload_limit() as u64;
        let length = parts.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
        match length.and_then(|text| text.parse::<u64>().ok()) {
            Some(length) if length > limit.saturating_add(AROUND) => Err(too_large(limit).into()),
            _ => Ok(Self),
        }
    }
}

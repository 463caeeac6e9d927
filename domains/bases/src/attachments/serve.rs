//! `GET /files/{token}/{name}` on `api.`: the bytes of a file, for whoever has a good address. No cookie and no token in a header
//! is looked at, so another site gains nothing by making a browser ask.
//!
//! Invariant: nothing that is sent can run. Pictures that were decoded here are shown in place; everything else is a download,
//! pages and drawings as bytes without a meaning; and every answer has a policy that lets nothing run or load (ASVS 3.2.1).

use super::disk::{Form, Hash};
use super::store::FILE;
use super::urls::Ticket;
use super::{clean_name, pictures};
use crate::exports::disposition;
use crate::http::AppState;
use crate::service::Bases;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use kernel_core::{Error, Result};
use kernel_web::{ApiQuery, WebError};
use serde::Deserialize;
use tokio_util::io::ReaderStream;

/// Downloads of files.
pub(crate) fn router(bases: Bases) -> Router {
    Router::new().route("/files/{token}/{name}", get(show)).with_state(bases)
}

#[derive(Deserialize)]
struct ShowQuery {
    /// `small` or `large`.
    size: Option<String>,
    /// Save it, whatever it is.
    download: Option<String>,
}

/// Types that are sent as what they are; others are bytes.
fn is_harmless(media_type: &str) -> bool {
    !matches!(media_type, "text/html" | "image/svg+xml" | "application/xml")
}

async fn show(
    State(bases): AppState,
    Path((token, name)): Path<(String, String)>,
    ApiQuery(query): ApiQuery<ShowQuery>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let form = match query.size.as_deref() {
        None => Form::Whole,
        Some("small") => Form::Small,
        Some("large") => Form::Large,
        Some(_) => return Err(Error::not_found().into()),
    };
    let now = bases.0.clock.now().as_second();
    let ticket = Ticket::read(&bases.0.addresses.key, &token, &name, now).map_err(|_| Error::not_found())?;
    let tenant = ticket.tenant;
    let row = bases.0.db.read_opt(tenant, &FILE, &[&tenant.uuid(), &ticket.file.uuid()]).await?;
    let row = row.ok_or_else(Error::not_found)?;
    let hash: Hash = row.get::<_, &[u8]>(0).try_into().map_err(Error::internal)?;
    let (media_type, is_picture): (String, bool) = (row.get(1), row.get(2));
    if form != Form::Whole && !is_picture {
        return Err(Error::not_found().into());
    }
    let tag = format!(
        "\"{}{}\"",
        data_encoding::HEXLOWER.encode(&hash[..16]),
        query.size.as_deref().unwrap_or_default()
    );
    let mut response =
        if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            bytes(&bases, &ticket, &hash, form, &media_type).await?
        };
    let out = response.headers_mut();
    let in_place = is_picture && query.download.is_none();
    let saved = if in_place { "inline".to_owned() } else { disposition(&clean_name(&name)) };
    for (header, value) in [
        (header::CONTENT_DISPOSITION, saved.as_str()),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
        (header::CACHE_CONTROL, "private, max-age=7200, immutable"),
        (header::ETAG, tag.as_str()),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
        (header::HeaderName::from_static("x-robots-tag"), "noindex"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            out.insert(header, value);
        }
    }
    Ok(response)
}

async fn bytes(
    bases: &Bases,
    ticket: &Ticket,
    hash: &Hash,
    form: Form,
    media_type: &str,
) -> Result<Response> {
    let path = bases.0.disk.path(ticket.tenant, hash, form);
    if form != Form::Whole {
        let bytes = tokio::fs::read(&path).await.map_err(Error::internal)?;
        return Ok(([(header::CONTENT_TYPE, pictures::thumbnail_type(&bytes))], bytes).into_response());
    }
    let file = tokio::fs::File::open(&path).await.map_err(Error::internal)?;
    let length = file.metadata().await.map_err(Error::internal)?.len();
    let media_type = if is_harmless(media_type) { media_type } else { "application/octet-stream" };
    let headers =
        [(header::CONTENT_TYPE, media_type.to_owned()), (header::CONTENT_LENGTH, length.to_string())];
    Ok((headers, Body::from_stream(ReaderStream::with_capacity(file, 64 << 10))).into_response())
}

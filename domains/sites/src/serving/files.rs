//! `/_theme/…`: style sheets by their hash, fonts and pictures of themes. On the sites' hosts and, for previews, on `app.`

use super::kept::Label;
use crate::service::Sites;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use kernel_core::Error;
use kernel_web::WebError;

const FOREVER: &str = "public, max-age=31536000, immutable";

/// How style sheets are labelled.
pub(crate) const SHEET: Label =
    Label { status: StatusCode::OK, content_type: "text/css; charset=utf-8", cache_control: FOREVER };

pub(crate) fn routes() -> Router<Sites> {
    Router::new().route("/_theme/{sheet}", get(sheet)).route("/_theme/{folder}/{file}", get(file))
}

async fn sheet(
    State(sites): State<Sites>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let kept = sites.library().sheet(&format!("/_theme/{name}")).ok_or_else(Error::not_found)?;
    Ok(kept.answer(&headers).map(Body::from))
}

async fn file(
    State(sites): State<Sites>,
    Path((folder, file)): Path<(String, String)>,
) -> Result<Response, WebError> {
    let (bytes, current) = sites.library().file(&folder, &file).ok_or_else(Error::not_found)?;
    let kind = match file.rsplit('.').next() {
        Some("woff2") => "font/woff2",
        Some("svg") => "image/svg+xml; charset=utf-8",
        _ => "application/octet-stream",
    };
    // An older address still answers, for pages that a browser has kept, but not for ever.
    let caching = if current { FOREVER } else { "public, max-age=3600" };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static(caching)),
        // A drawing opened by itself runs nothing.
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox"),
        ),
    ];
    Ok((headers, bytes.into_owned()).into_response())
}

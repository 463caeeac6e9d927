//! A site's own address: its pages, `/sitemap.xml`, `/robots.txt`.

use super::REVALIDATE;
use super::entry::{Entry, NOT_FOUND};
use super::kept::{Kept, Label};
use crate::service::Sites;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Extension, Router};
use http::{HeaderMap, StatusCode, Uri};
use kernel_core::{Code, Error, Result};
use kernel_web::{SiteSlug, WebError};
use std::fmt::Write as _;
use std::sync::Arc;
use tenancy::TenantState;

pub(crate) fn routes() -> Router<Sites> {
    Router::new()
        .route("/robots.txt", get(robots))
        .route("/sitemap.xml", get(sitemap))
        .route("/", get(page))
        .route("/{*path}", get(page))
}

/// The site of this host, if its organisation may work.
async fn site(sites: &Sites, slug: &SiteSlug) -> Result<Arc<Entry>> {
    let entry = sites.entry(&slug.0).await?;
    let tenant = sites.0.tenancy.tenant(entry.tenant).await?;
    if tenant.state != TenantState::Active {
        let detail = "This site is not available at the moment.";
        return Err(Error::new(Code::Unavailable).detail(detail).retry_after(3600));
    }
    Ok(entry)
}

async fn page(
    State(sites): State<Sites>,
    Extension(slug): Extension<SiteSlug>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let entry = site(&sites, &slug).await?;
    let path = uri.path();
    if !entry.by_path.contains_key(path) {
        let bare = path.trim_end_matches('/').to_ascii_lowercase();
        if bare != path && entry.by_path.contains_key(&bare) {
            return Ok(Redirect::permanent(&bare).into_response());
        }
    }
    let known = entry.by_path.contains_key(path);
    let rendered = sites.rendered(&entry, if known { path } else { NOT_FOUND }).await?;
    Ok(rendered.kept.answer(&headers).map(Body::from))
}

async fn robots(
    State(sites): State<Sites>,
    Extension(slug): Extension<SiteSlug>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    site(&sites, &slug).await?;
    let origin = sites.0.web.brand().site_origin(&slug.0);
    let text = format!("User-agent: *\nAllow: /\nSitemap: {origin}/sitemap.xml\n");
    Ok(answer(text, "text/plain; charset=utf-8", &headers))
}

async fn sitemap(
    State(sites): State<Sites>,
    Extension(slug): Extension<SiteSlug>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let entry = site(&sites, &slug).await?;
    Ok(answer(
        sitemap_of(&entry, &sites.0.web.brand().site_origin(&slug.0)),
        "application/xml; charset=utf-8",
        &headers,
    ))
}

/// sitemaps.org 0.9. Paths are of `a-z 0-9 - /` and need no escaping; the origin is ours.
fn sitemap_of(entry: &Entry, origin: &str) -> String {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n",
    );
    for page in entry.pages.iter().filter(|page| !page.noindex) {
        let _ = write!(out, "<url><loc>{origin}{}</loc>", page.path);
        if let Some(at) = page.published_at {
            let _ = write!(out, "<lastmod>{}</lastmod>", at.strftime("%Y-%m-%dT%H:%M:%SZ"));
        }
        out.push_str("</url>\n");
    }
    out.push_str("</urlset>\n");
    out
}

fn answer(text: String, content_type: &'static str, headers: &HeaderMap) -> Response {
    let label = Label { status: StatusCode::OK, content_type, cache_control: REVALIDATE };
    Kept::new(text, &label).answer(headers).map(Body::from)
}

//! The sitemap of `www.`.

use super::Www;
use super::views::{ChangelogView, DocView, HomeView, PricingView};
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use http::header;
use kernel_core::Error;
use kernel_web::{Page, WebError};

pub(super) fn routes() -> Router<Www> {
    Router::new()
        .route("/", get(home))
        .route("/pricing", get(pricing))
        .route("/docs", get(|| async { Redirect::permanent("/docs/getting-started") }))
        .route("/docs/{page}", get(doc))
        .route("/changelog", get(changelog))
        .route("/robots.txt", get(robots))
        .route("/sitemap.xml", get(sitemap))
}

/// The front door opens even when the price list can't be read: it then shows no prices.
async fn home(State(www): State<Www>, page: Page) -> Response {
    let plans = www.billing.plans().await.unwrap_or_else(|error| {
        tracing::error!("no price list for the home page: {error}");
        Vec::new()
    });
    page.render(&HomeView::new(&plans))
}

async fn pricing(State(www): State<Www>, page: Page) -> Result<Response, WebError> {
    let (plans, features) = tokio::try_join!(www.billing.plans(), www.billing.features())?;
    Ok(page.render(&PricingView::new(&plans, &features)))
}

async fn doc(State(www): State<Www>, page: Page, Path(slug): Path<String>) -> Result<Response, WebError> {
    let found = www.library.find(&slug).ok_or_else(Error::not_found)?;
    Ok(page.render(&DocView::new(&www.library.docs, found)))
}

async fn changelog(State(www): State<Www>, page: Page) -> Response {
    page.render(&ChangelogView { html: www.library.changelog.clone() })
}

async fn robots(State(www): State<Www>) -> Response {
    format!("User-agent: *\nAllow: /\nSitemap: {}/sitemap.xml\n", www.web.origins().www).into_response()
}

async fn sitemap(State(www): State<Www>) -> Response {
    let origin = &www.web.origins().www;
    let docs = www.library.docs.iter().map(|doc| format!("/docs/{}", doc.slug));
    let paths = ["/", "/pricing", "/changelog"].map(str::to_owned).into_iter().chain(docs);
    let urls: String = paths.map(|path| format!("<url><loc>{origin}{path}</loc></url>\n")).collect();
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n{urls}</urlset>\n"
    );
    ([(header::CONTENT_TYPE, "application/xml; charset=utf-8")], xml).into_response()
}

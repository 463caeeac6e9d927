//! `GET /reports`.

use super::views::ReportsView;
use crate::admin::Admin;
use crate::staff::SignedInStaff;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use kernel_web::{Page, WebError};

pub(crate) fn routes() -> Router<Admin> {
    Router::new().route("/reports", get(show))
}

async fn show(State(admin): State<Admin>, page: Page, _staff: SignedInStaff) -> Result<Response, WebError> {
    Ok(page.render(&ReportsView::of(admin.reports.latest().await?)))
}

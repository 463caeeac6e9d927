//! `GET /`: the overview.

use super::views::OverviewView;
use crate::admin::Admin;
use crate::audit::{Filter, Line};
use crate::staff::SignedInStaff;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use kernel_web::{Page, WebError};

/// Rows of the audit log on the overview.
const ACTIONS: i64 = 8;

pub(crate) fn routes() -> Router<Admin> {
    Router::new().route("/", get(overview))
}

async fn overview(
    State(admin): State<Admin>,
    page: Page,
    _staff: SignedInStaff,
) -> Result<Response, WebError> {
    let filter = Filter::default();
    let (figures, days, entries) = tokio::try_join!(
        admin.dashboard.figures(),
        admin.dashboard.sign_ups(),
        admin.audit.page(&filter, None, ACTIONS),
    )?;
    let actions = entries.into_iter().map(Line::of).collect();
    Ok(page.render(&OverviewView::of(figures, &days, actions)))
}

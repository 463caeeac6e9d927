//! `www.`: the public website and the documentation.

use crate::System;
use axum::Router;

/// The sitemap.
pub fn routes(system: &System) -> Router {
    platform::www::routes(system.web.clone(), system.billing.clone())
}

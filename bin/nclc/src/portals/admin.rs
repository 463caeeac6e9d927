//! `admin.`: the staff console.

use crate::System;
use axum::Router;

/// The sitemap.
pub fn routes(system: &System) -> Router {
    platform::admin::routes(&system.admin)
}

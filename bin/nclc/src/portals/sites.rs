//! Published sites, by their host names.

use crate::System;
use axum::Router;

/// The sitemap: every path is a page of the site that the host names.
pub fn routes(system: &System) -> Router {
    sites::published(&system.sites)
}

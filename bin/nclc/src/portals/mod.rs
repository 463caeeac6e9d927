//! The sitemap of each portal, and nothing else.

pub mod admin;
pub mod api;
pub mod app;
pub mod sites;
pub mod www;

use crate::System;
use axum::Router;
use kernel_web::hosts::Portals;

/// All portals that the settings name, behind one listener.
pub fn router(system: &System) -> Router {
    let serves = |name: &str| system.settings.http.portals.iter().any(|portal| portal == name);
    let db = system.db.clone();
    let portals = Portals {
        www: serves("www").then(|| www::routes(system)),
        app: serves("app").then(|| app::routes(system)),
        api: serves("api").then(|| api::routes(system)),
        admin: serves("admin").then(|| admin::routes(system)),
        sites: serves("sites").then(|| sites::routes(system)),
        ready: Some(std::sync::Arc::new(move || {
            let db = db.clone();
            Box::pin(async move { db.ready().await.is_ok() })
        })),
    };
    kernel_web::by_host(&system.web, portals)
}

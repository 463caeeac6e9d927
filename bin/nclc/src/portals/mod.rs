//! The sitemap of each portal, and nothing else.

pub mod admin;
pub mod api;
pub mod app;
pub mod sites;
pub mod www;

use crate::System;
use kernel_web::{Hosts, Portals};

/// All portals that the settings name, behind one listener.
pub fn hosts(system: &System) -> Hosts {
    let serves = |name: &str| system.settings.http.portals.iter().any(|portal| portal == name);
    let db = system.db.clone();
    let portals = Portals {
        www: serves("www").then(|| www::routes(system)),
        app: serves("app").then(|| app::routes(system)),
        api: serves("api").then(|| api::routes(system)),
        admin: serves("admin").then(|| admin::routes(system)),
        sites: serves("sites").then(|| sites::routes(system)),
        kept: serves("sites").then(|| ::sites::kept(&system.sites)),
        ready: Some(std::sync::Arc::new(move || {
            let db = db.clone();
            Box::pin(async move { db.ready().await.is_ok() })
        })),
    };
    Hosts::new(&system.web, portals)
}

//! Sites: websites of tenants. Pages are documents of `engine_page`; drafts become public by publishing; visitors are
//! served from memory (spec C1, C3–C7, C9, C10, C20).
//!
//! - [`Sites`] is the service; [`routes`] are its pages on `app.`, [`published`] is the whole of a site's own address.
//! - [`Sites::run`] keeps what is in memory in step with other processes and with the bases that pages show.

pub mod catalog;
mod editor;
pub mod library;
pub mod model;
pub mod pages;
pub mod publishing;
mod service;
pub mod serving;
mod starter;

pub use catalog::{NewSite, SiteSummary};
pub use pages::{PageDraft, PageSettings, PageSummary};
pub use publishing::PageChange;
pub use service::{By, Parts, Sites};
pub use serving::SiteCache;

/// The pages of this domain on `app.`, with the files that previews need.
pub fn routes(sites: &Sites) -> axum::Router {
    axum::Router::new()
        .merge(catalog::routes::routes())
        .merge(editor::routes::routes())
        .merge(serving::files::routes())
        .with_state(sites.clone())
}

/// Everything that answers below the sites' domain.
pub fn published(sites: &Sites) -> axum::Router {
    axum::Router::new()
        .merge(serving::routes::routes())
        .merge(serving::files::routes())
        .with_state(sites.clone())
}

/// Its pages that are in memory, for the short path before the portal (`kernel_web::Portals::kept`).
pub fn kept(sites: &Sites) -> kernel_web::KeptPages {
    let sites = sites.clone();
    std::sync::Arc::new(move |request| sites.kept(request))
}

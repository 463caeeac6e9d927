//! The public website on `www.`: home, prices, documentation, changelog (spec W1, W3, W5, W6, W9).
//!
//! Prices come from the billing tables that staff edit, documentation from `content/docs/*.md`, the error reference from
//! the one table of codes. Nothing here invents customers, numbers or features.

mod docs;
mod routes;
mod views;

use axum::Router;
use axum::extract::FromRef;
use billing::Billing;
use docs::Library;
use kernel_web::Web;
use std::sync::Arc;

/// What every handler of `www.` works with. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Www {
    web: Web,
    billing: Billing,
    library: Arc<Library>,
}

impl FromRef<Www> for Web {
    fn from_ref(www: &Www) -> Self {
        www.web.clone()
    }
}

/// All routes of `www.`. Reads the documentation once.
pub fn routes(web: Web, billing: Billing) -> Router {
    let library = Arc::new(Library::read(&web));
    routes::routes().with_state(Www { web, billing, library })
}

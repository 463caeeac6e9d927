//! `app.`: account, organisation, workspace, sites.

use crate::System;
use axum::Router;
use axum::extract::{FromRef, State};
use axum::response::Response;
use axum::routing::get;
use bases::Bases;
use identity::Identity;
use kernel_web::{Page, Web, WebError};
use tenancy::{HomeBase, HomeView, Member, Tenancy};

/// What the home page brings together.
#[derive(Clone)]
struct Home {
    tenancy: Tenancy,
    bases: Bases,
    web: Web,
}

impl FromRef<Home> for Tenancy {
    fn from_ref(home: &Home) -> Self {
        home.tenancy.clone()
    }
}
impl FromRef<Home> for Identity {
    fn from_ref(home: &Home) -> Self {
        home.tenancy.identity().clone()
    }
}
impl FromRef<Home> for Web {
    fn from_ref(home: &Home) -> Self {
        home.web.clone()
    }
}

/// The sitemap.
pub fn routes(system: &System) -> Router {
    let home = Home {
        tenancy: system.tenancy.clone(),
        bases: system.bases.clone(),
        web: system.web.clone(),
    };
    Router::new()
        .route("/o/{slug}/", get(show_home))
        .with_state(home)
        .merge(identity::routes(&system.identity))
        .merge(tenancy::routes(&system.tenancy))
        .merge(bases::routes(&system.bases))

}

async fn show_home(State(home): State<Home>, member: Member, page: Page) -> Result<Response, WebError> {
    let sizes = home.bases.sizes(&member.caller).await?;
    let bases = home.bases.list(&member.caller).await?.into_iter().map(|base| {
        let size = sizes.get(&base.id.0).copied().unwrap_or_default();
        HomeBase {
            id: base.id.to_string(),
            name: base.name,
            icon: base.icon,
            colour: base.colour,
            records: size.records,
            updated: Some(size.updated_at.unwrap_or(base.created_at).to_string()),
        }
    });
    let bases: Vec<HomeBase> = bases.collect();
    let members = home.tenancy.members(&member.caller).await?.len();
    let view = HomeView::new(&member, members, bases, Vec::new());
    Ok(page.render(&view))
}

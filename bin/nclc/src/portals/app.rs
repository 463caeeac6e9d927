//! `app.`: account, organisation, workspace, sites.

use crate::System;
use axum::Router;
use axum::extract::{FromRef, State};
use axum::response::Response;
use axum::routing::get;
use bases::Bases;
use identity::Identity;
use kernel_web::{Page, Web, WebError};
use sites::Sites;
use std::sync::Arc;
use tenancy::{HomeBase, HomeSite, HomeView, Member, Tenancy};

/// What the home page brings together.
#[derive(Clone)]
struct Home {
    tenancy: Tenancy,
    bases: Bases,
    sites: Sites,
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
        sites: system.sites.clone(),
        web: system.web.clone(),
    };
    Router::new()
        .route("/o/{slug}/", get(show_home))
        .with_state(home)
        .merge(tenancy::with_switcher(identity::routes(&system.identity), &system.tenancy))
        .merge(tenancy::routes(
            &system.tenancy,
            Arc::new(system.bases.clone()),
            Arc::new(system.sites.clone()),
        ))
        .merge(bases::routes(&system.bases))
        .merge(sites::routes(&system.sites))
}

/// A list, or an empty one for somebody who may see nothing of its kind: a client has sites and no bases.
fn seen<T: Default>(list: kernel_core::Result<T>) -> kernel_core::Result<T> {
    match list {
        Err(error) if error.code() == kernel_core::Code::Forbidden => Ok(T::default()),
        list => list,
    }
}

async fn show_home(State(home): State<Home>, member: Member, page: Page) -> Result<Response, WebError> {
    let sizes = seen(home.bases.sizes(&member.caller).await)?;
    let bases = seen(home.bases.list(&member.caller).await)?.into_iter().map(|base| {
        let size = sizes.get(&base.id.0).copied();
        HomeBase {
            id: base.id.to_string(),
            name: base.name,
            icon: base.icon,
            colour: base.colour,
            records: size.map(|size| size.records),
            updated: size.map(|size| size.updated_at.unwrap_or(base.created_at).to_string()),
        }
    });
    let bases: Vec<HomeBase> = bases.collect();
    let sites = seen(home.sites.list(&member.caller).await)?.into_iter().map(|site| HomeSite {
        id: site.id.to_string(),
        url: home.web.brand().site_origin(&site.slug),
        status: if site.published > 0 { "published" } else { "draft" }.to_owned(),
        name: site.name,
    });
    let members = seen(home.tenancy.members(&member.caller).await)?.len();
    let view = HomeView::new(&member, members, bases, sites.collect());
    Ok(page.render(&view))
}

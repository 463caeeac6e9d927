//! `/account/apps`: the apps that a person lets act, in all organisations.

use super::form::{Pages, names};
use super::views::{ConnectedView, ConnectionItem};
use crate::Tenancy;
use crate::tokens::routes::words;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use identity::{NoFields, SignedIn, Visit};
use kernel_core::{Actor, Code};
use kernel_web::{CsrfForm, Page, WebError};
use serde::Deserialize;

pub(super) fn routes() -> Router<Pages> {
    Router::new()
        .route("/account/apps", get(show))
        .route("/account/apps/{tenant}/{connection}/end", post(end))
}

#[derive(Deserialize)]
struct NoteQuery {
    note: Option<String>,
}

async fn show(
    State(pages): State<Pages>,
    page: Page,
    who: SignedIn,
    Query(query): Query<NoteQuery>,
) -> Result<Response, WebError> {
    let tenancy = &pages.tenancy;
    let mut connections = Vec::new();
    for place in tenancy.tenants_of(who.user.id).await? {
        let rows = tenancy.connections_of(place.tenant.id, who.user.id).await?;
        if rows.is_empty() {
            continue;
        }
        let caller = tenancy.member_caller(place.tenant.id, who.user.id, Actor::User(who.user.id)).await?;
        let known = match caller {
            Some(caller) => match pages.bases.bases(&caller).await {
                Ok(known) => known,
                // A client sees no bases at all.
                Err(error) if error.code() == Code::Forbidden => Vec::new(),
                Err(error) => return Err(error.into()),
            },
            None => continue,
        };
        connections.extend(rows.into_iter().map(|row| {
            let (bases, gone) = names(row.bases.as_deref(), &known);
            ConnectionItem {
                id: row.id.to_string(),
                name: row.name,
                tenant: Some((place.tenant.name.clone(), place.tenant.id.to_string())),
                may: words(row.scopes),
                bases,
                gone,
                created_at: row.created_at.to_string(),
                last_used_at: row.last_used_at.map(|at| at.to_string()),
            }
        }));
    }
    let note = query.note.map(|_| "Disconnected. The app can’t act for you any more.");
    Ok(page.render(&ConnectedView { connections, note }))
}

#[derive(Deserialize)]
struct EndPath {
    tenant: String,
    connection: String,
}

async fn end(
    State(tenancy): State<Tenancy>,
    page: Page,
    (who, visit, Path(path)): (SignedIn, Visit, Path<EndPath>),
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    tenancy.disconnect(path.tenant.parse()?, who.user.id, path.connection.parse()?, &visit).await?;
    Ok(page.redirect("/account/apps?note=ended"))
}

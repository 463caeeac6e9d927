//! `/o/{slug}/apps`: an organisation's apps.

use super::apps::AppRow;
use super::connections::ConnectionRow;
use super::form::{Boxes, Pages, items, names, scope_items};
use super::model::{AppText, NewApp, SCOPES};
use super::views::{AppForm, AppItem, AppView, AppsView, ConnectionItem};
use crate::tokens::routes::words;
use crate::{Member, Tenancy};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::post;
use http::StatusCode;
use identity::{NoFields, Visit, guarded, mendable};
use kernel_core::{Capability, OauthAppId, Result, Scopes, UserId};
use kernel_web::{CsrfForm, FormState, Page, WebError};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

pub(super) fn routes(tenancy: &Tenancy) -> Router<Pages> {
    let identity = tenancy.identity();
    Router::new()
        .route("/o/{slug}/apps", guarded(identity, post(create)).get(list))
        .route("/o/{slug}/apps/{app}", guarded(identity, post(change)).get(show))
        .route("/o/{slug}/apps/{app}/secret", guarded(identity, post(rotate)))
        .route("/o/{slug}/apps/{app}/delete", post(delete))
        .route("/o/{slug}/apps/{app}/connections/{connection}/end", post(end))
}

#[derive(Deserialize)]
struct NoteQuery {
    note: Option<String>,
}

impl NoteQuery {
    fn words(&self) -> Option<&'static str> {
        match self.note.as_deref()? {
            "saved" => Some("Saved. It holds from now on."),
            "deleted" => Some("The app is deleted. All that it was let do has ended."),
            "ended" => Some("Disconnected. The app can’t act for this person any more."),
            _ => None,
        }
    }
}

#[derive(Deserialize, Serialize)]
struct AppFields {
    #[serde(default)]
    name: String,
    /// `public`, or one that keeps a secret.
    #[serde(default)]
    kind: String,
    #[serde(default)]
    redirects: String,
    read: Option<String>,
    write: Option<String>,
    delete: Option<String>,
    /// Whether the app works for itself.
    itself: Option<String>,
    /// `some`: in the ticked bases; else in all.
    #[serde(default)]
    reach: String,
    #[serde(flatten, skip_serializing)]
    boxes: HashMap<String, String>,
}

impl AppFields {
    fn scopes(&self) -> Scopes {
        let ticked = [&self.read, &self.write, &self.delete];
        SCOPES
            .into_iter()
            .zip(ticked)
            .filter(|(_, ticked)| ticked.is_some())
            .map(|(scope, _)| scope)
            .collect()
    }

    async fn app(&self, pages: &Pages, member: &Member) -> Result<NewApp> {
        let known = pages.bases.bases(&member.caller).await?;
        let bases = (self.reach == "some").then(|| Boxes(&self.boxes).numbers(&known));
        Ok(NewApp {
            name: self.name.clone(),
            confidential: self.kind != "public",
            redirects: self.redirects.clone(),
            scopes: self.scopes(),
            itself: self.itself.is_some().then_some(bases),
        })
    }
}

fn item(app: &AppRow) -> AppItem {
    AppItem {
        id: app.id.to_string(),
        name: app.name.clone(),
        confidential: app.confidential,
        itself: app.own_connection.is_some(),
        may: words(app.scopes),
        people: app.people,
        created_at: app.created_at.to_string(),
    }
}

async fn form_of(pages: &Pages, member: &Member, app: Option<&AppRow>) -> Result<AppForm> {
    let known = pages.bases.bases(&member.caller).await?;
    let limited = app.and_then(|app| app.own_bases.clone());
    let mut state = FormState::empty()
        .value("kind", if app.is_some_and(|app| !app.confidential) { "public" } else { "confidential" })
        .value("reach", if limited.is_some() { "some" } else { "all" });
    if let Some(app) = app {
        state = state.value("name", app.name.clone()).value("redirects", app.redirects.join("\n"));
        if app.own_connection.is_some() {
            state = state.value("itself", "on");
        }
    }
    let ticked = match app {
        Some(app) => app.scopes.names().map(str::to_owned).collect(),
        None => vec!["read".to_owned()],
    };
    let on = |number: u64| limited.as_ref().is_some_and(|bases| bases.contains(&number));
    Ok(AppForm { state, scopes: scope_items(), ticked, bases: items(known, |base| on(base.number)) })
}

/// The form with what was typed.
async fn typed(
    pages: &Pages,
    member: &Member,
    fields: &AppFields,
    error: &kernel_core::Error,
) -> Result<AppForm> {
    let known = pages.bases.bases(&member.caller).await?;
    Ok(AppForm {
        state: FormState::of(fields).with(error),
        scopes: scope_items(),
        ticked: fields.scopes().names().map(str::to_owned).collect(),
        bases: items(known, |base| Boxes(&fields.boxes).has(&base.id)),
    })
}

async fn list_view(pages: &Pages, member: &Member, form: AppForm) -> Result<AppsView> {
    let apps = pages.tenancy.apps(&member.caller).await?;
    Ok(AppsView {
        name: member.tenant.name.clone(),
        slug: member.tenant.slug.clone(),
        apps: apps.iter().map(item).collect(),
        form,
        open: false,
        note: None,
    })
}

async fn list(
    State(pages): State<Pages>,
    page: Page,
    member: Member,
    Query(query): Query<NoteQuery>,
) -> Result<Response, WebError> {
    member.caller.require(Capability::ManageTenant)?;
    let form = form_of(&pages, &member, None).await?;
    let view = list_view(&pages, &member, form).await?;
    Ok(page.render(&AppsView { note: query.words(), ..view }))
}

async fn create(
    State(pages): State<Pages>,
    page: Page,
    (member, visit): (Member, Visit),
    CsrfForm(fields): CsrfForm<AppFields>,
) -> Result<Response, WebError> {
    member.caller.require(Capability::ManageTenant)?;
    let new = fields.app(&pages, &member).await?;
    match pages.tenancy.create_app(&member.caller, &new, &visit).await {
        Ok(made) => {
            let view = view(&pages, &member, made.id).await?;
            let made = made.secret.map(|secret| secret.expose().to_owned());
            // Not a redirect: the secret exists in this answer only.
            Ok(page.render_with(StatusCode::CREATED, &AppView { made, ..view }))
        }
        Err(error) => {
            let (status, error) = mendable(error)?;
            let form = typed(&pages, &member, &fields, &error).await?;
            let view = list_view(&pages, &member, form).await?;
            Ok(page.render_with(status, &AppsView { open: true, ..view }))
        }
    }
}

#[derive(Deserialize)]
struct AppPath {
    app: String,
}

async fn view(pages: &Pages, member: &Member, id: OauthAppId) -> Result<AppView> {
    let app = pages.tenancy.app(&member.caller, id).await?;
    let rows = pages.tenancy.connections_of_app(&member.caller, id).await?;
    let ids: Vec<UserId> = rows.iter().map(|row| row.user).collect();
    let people = pages.tenancy.identity().users(&ids).await?;
    let known = pages.bases.bases(&member.caller).await?;
    let connection = |row: &ConnectionRow| {
        let (bases, gone) = names(row.bases.as_deref(), &known);
        let person = people.iter().find(|person| person.id == row.user);
        ConnectionItem {
            id: row.id.to_string(),
            name: person.map_or_else(String::new, |person| person.name.clone()),
            tenant: None,
            may: words(row.scopes),
            bases,
            gone,
            created_at: row.created_at.to_string(),
            last_used_at: row.last_used_at.map(|at| at.to_string()),
        }
    };
    Ok(AppView {
        tenant: member.tenant.name.clone(),
        slug: member.tenant.slug.clone(),
        client_id: AppText { tenant: member.tenant.id, app: id }.compose(),
        secret: app.secret.clone().map(|(hint, at)| (hint, at.to_string())),
        made: None,
        form: form_of(pages, member, Some(&app)).await?,
        connections: rows.iter().map(connection).collect(),
        issuer: pages.tenancy.issuer().to_owned(),
        note: None,
        app: AppItem { people: rows.len().try_into().unwrap_or_default(), ..item(&app) },
    })
}

async fn show(
    State(pages): State<Pages>,
    page: Page,
    (member, Path(path)): (Member, Path<AppPath>),
    Query(query): Query<NoteQuery>,
) -> Result<Response, WebError> {
    member.caller.require(Capability::ManageTenant)?;
    let view = view(&pages, &member, path.app.parse()?).await?;
    Ok(page.render(&AppView { note: query.words(), ..view }))
}

async fn change(
    State(pages): State<Pages>,
    page: Page,
    (member, visit, Path(path)): (Member, Visit, Path<AppPath>),
    CsrfForm(fields): CsrfForm<AppFields>,
) -> Result<Response, WebError> {
    member.caller.require(Capability::ManageTenant)?;
    let id = path.app.parse()?;
    let new = fields.app(&pages, &member).await?;
    match pages.tenancy.change_app(&member.caller, id, &new, &visit).await {
        Ok(()) => Ok(page.redirect(&format!("/o/{}/apps/{id}?note=saved", member.tenant.slug))),
        Err(error) => {
            let (status, error) = mendable(error)?;
            let form = typed(&pages, &member, &fields, &error).await?;
            let view = view(&pages, &member, id).await?;
            Ok(page.render_with(status, &AppView { form, ..view }))
        }
    }
}

async fn rotate(
    State(pages): State<Pages>,
    page: Page,
    (member, visit, Path(path)): (Member, Visit, Path<AppPath>),
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    let made = pages.tenancy.rotate_secret(&member.caller, path.app.parse()?, &visit).await?;
    let view = view(&pages, &member, made.id).await?;
    let made = made.secret.map(|secret| secret.expose().to_owned());
    Ok(page.render(&AppView { made, ..view }))
}

async fn delete(
    State(tenancy): State<Tenancy>,
    page: Page,
    (member, visit, Path(path)): (Member, Visit, Path<AppPath>),
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    tenancy.delete_app(&member.caller, path.app.parse()?, &visit).await?;
    Ok(page.redirect(&format!("/o/{}/apps?note=deleted", member.tenant.slug)))
}

#[derive(Deserialize)]
struct ConnectionPath {
    app: String,
    connection: String,
}

async fn end(
    State(tenancy): State<Tenancy>,
    page: Page,
    (member, visit, Path(path)): (Member, Visit, Path<ConnectionPath>),
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    member.caller.require(Capability::ManageTenant)?;
    let app = path.app.parse()?;
    tenancy.disconnect_from(&member.caller, app, path.connection.parse()?, &visit).await?;
    Ok(page.redirect(&format!("/o/{}/apps/{app}?note=ended", member.tenant.slug)))
}

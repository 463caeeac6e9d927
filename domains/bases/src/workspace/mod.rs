//! Pages of `app.`: the list of bases, and the frame in which the workspace's script runs. What the script shows it fetches
//! from `api.` like any other client (design 1).

mod views;

use crate::service::Bases;
use axum::Router;
use axum::extract::{FromRef, Path, Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use engine_base::BaseId;
use http::StatusCode;
use identity::Identity;
use kernel_core::{Capability, Error, Result};
use kernel_web::{CsrfForm, FormState, Page, Web, WebError};
use serde::{Deserialize, Serialize};
use tenancy::{Member, Tenancy};
use views::{BaseRow, BasesView, WorkspaceView};

impl FromRef<Bases> for Web {
    fn from_ref(bases: &Bases) -> Self {
        bases.0.web.clone()
    }
}

impl FromRef<Bases> for Tenancy {
    fn from_ref(bases: &Bases) -> Self {
        bases.0.tenancy.clone()
    }
}

impl FromRef<Bases> for Identity {
    fn from_ref(bases: &Bases) -> Self {
        bases.0.tenancy.identity().clone()
    }
}

/// The pages of this domain on `app.`.
pub fn routes(bases: &Bases) -> Router {
    Router::new()
        .route("/o/{slug}/bases", get(list).post(create))
        .route("/o/{slug}/bases/{base}/rename", post(rename))
        .route("/o/{slug}/bases/{base}/delete", post(delete))
        .route("/o/{slug}/bases/{base}/restore", post(restore))
        .route("/o/{slug}/b/{base}", get(workspace))
        .route("/o/{slug}/b/{base}/{table}", get(workspace))
        .route("/o/{slug}/b/{base}/{table}/{view}", get(workspace))
        .with_state(bases.clone())
        .merge(crate::shares::routes(bases))
}

#[derive(Deserialize, Serialize, Default)]
struct NameForm {
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct ListQuery {
    /// A base that was just deleted: offers to bring it back.
    deleted: Option<String>,
    /// Opens the dialog for a new base.
    new: Option<String>,
}

async fn list(
    State(bases): State<Bases>,
    member: Member,
    page: Page,
    Query(query): Query<ListQuery>,
) -> Result<Response, WebError> {
    let mut view = list_view(&bases, &member, FormState::empty()).await?;
    view.deleted = query.deleted.filter(|base| base.parse::<BaseId>().is_ok());
    view.open_new = query.new.is_some();
    Ok(page.render(&view))
}

async fn list_view(bases: &Bases, member: &Member, form: FormState) -> Result<BasesView> {
    let sizes = bases.sizes(&member.caller).await?;
    let rows = bases.list(&member.caller).await?.into_iter().map(|base| {
        let size = sizes.get(&base.id.0).copied();
        BaseRow {
            id: base.id.to_string(),
            name: base.name,
            icon: base.icon,
            colour: base.colour,
            records: size.map(|size| size.records),
            updated: size.and_then(|size| size.updated_at).unwrap_or(base.created_at).to_string(),
        }
    });
    Ok(BasesView {
        slug: member.tenant.slug.clone(),
        bases: rows.collect(),
        may_create: member.caller.may(Capability::CreateBases),
        open_new: form.failed(),
        deleted: None,
        form,
    })
}

async fn create(
    State(bases): State<Bases>,
    member: Member,
    page: Page,
    CsrfForm(form): CsrfForm<NameForm>,
) -> Result<Response, WebError> {
    match bases.create(&member.caller, &form.name, None, None).await {
        Ok(base) => Ok(page.redirect(&format!("/o/{}/b/{}", member.tenant.slug, base.id))),
        Err(error) if error.field_errors().is_empty() => Err(error.into()),
        Err(error) => {
            let view = list_view(&bases, &member, FormState::of(&form).with(&error)).await?;
            Ok(page.render_with(StatusCode::UNPROCESSABLE_ENTITY, &view))
        }
    }
}

fn base_id(text: &str) -> Result<BaseId> {
    text.parse().map_err(|_| Error::not_found())
}

async fn rename(
    State(bases): State<Bases>,
    member: Member,
    (page, Path((_, base))): (Page, Path<(String, String)>),
    CsrfForm(form): CsrfForm<NameForm>,
) -> Result<Response, WebError> {
    let patch = crate::catalog::BasePatch { name: Some(form.name.clone()), ..Default::default() };
    match bases.update(&member.caller, base_id(&base)?, patch).await {
        Ok(_) => Ok(page.redirect(&format!("/o/{}/bases", member.tenant.slug))),
        Err(error) if error.field_errors().is_empty() => Err(error.into()),
        Err(error) => {
            let view = list_view(&bases, &member, FormState::of(&form).with(&error)).await?;
            Ok(page.render_with(StatusCode::UNPROCESSABLE_ENTITY, &view))
        }
    }
}

#[derive(Deserialize)]
struct NoFields {}

async fn delete(
    State(bases): State<Bases>,
    member: Member,
    (page, Path((_, base))): (Page, Path<(String, String)>),
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    bases.trash(&member.caller, base_id(&base)?).await?;
    Ok(page.redirect(&format!("/o/{}/bases?deleted={base}", member.tenant.slug)))
}

async fn restore(
    State(bases): State<Bases>,
    member: Member,
    (page, Path((_, base))): (Page, Path<(String, String)>),
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    bases.restore(&member.caller, base_id(&base)?).await?;
    Ok(page.redirect(&format!("/o/{}/bases", member.tenant.slug)))
}

#[derive(Deserialize)]
struct Place {
    base: String,
    table: Option<String>,
    view: Option<String>,
}

async fn workspace(
    State(bases): State<Bases>,
    member: Member,
    page: Page,
    Path(place): Path<Place>,
) -> Result<Response, WebError> {
    let base = bases.summary(&member.caller, base_id(&place.base)?).await?;
    let web = &bases.0.web;
    Ok(page.render(&WorkspaceView {
        slug: member.tenant.slug.clone(),
        organisation: member.tenant.name.clone(),
        base: base.id.to_string(),
        base_name: base.name,
        table: place.table.unwrap_or_default(),
        view: place.view.unwrap_or_default(),
        api: web.origins().api.clone(),
        user_id: member.user.id.to_string(),
        user_name: member.user.name.clone(),
    }))
}

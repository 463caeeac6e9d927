//! `/o/{slug}/security`: the rules; `/o/{slug}/second-factor`: what somebody without one sees.

use super::views::{FactorView, RulesView};
use crate::{Member, Tenancy};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use identity::model::local_path;
use identity::{SignedIn, Visit, guarded, mendable};
use kernel_core::Capability;
use kernel_web::{CsrfForm, FormState, Page, WebError};
use serde::Deserialize;

pub(crate) fn routes(tenancy: &Tenancy) -> Router<Tenancy> {
    Router::new()
        .route("/o/{slug}/security", guarded(tenancy.identity(), post(change)).get(show))
        .route("/o/{slug}/second-factor", get(lead))
}

#[derive(Deserialize)]
struct NoteQuery {
    note: Option<String>,
}

async fn view(tenancy: &Tenancy, member: &Member, form: FormState) -> Result<RulesView, WebError> {
    let (without, members) = tenancy.without_second_factor(&member.caller).await?;
    Ok(RulesView {
        form,
        slug: member.tenant.slug.clone(),
        name: member.tenant.name.clone(),
        required: tenancy.tenant(member.tenant.id).await?.second_factor,
        may_change: member.caller.require(Capability::ManageTenant).is_ok(),
        own: without.iter().all(|row| row.user != member.user.id),
        without: without.into_iter().map(|row| row.name).collect(),
        members,
        note: None,
    })
}

async fn show(
    State(tenancy): State<Tenancy>,
    page: Page,
    member: Member,
    Query(query): Query<NoteQuery>,
) -> Result<Response, WebError> {
    let note = match query.note.as_deref() {
        Some("required") => Some("Everybody needs a second factor from now on."),
        Some("optional") => Some("A second factor is up to everybody from now on."),
        _ => None,
    };
    Ok(page.render(&RulesView { note, ..view(&tenancy, &member, FormState::empty()).await? }))
}

#[derive(Deserialize)]
struct RuleForm {
    #[serde(default)]
    second_factor: String,
}

async fn change(
    State(tenancy): State<Tenancy>,
    page: Page,
    (member, visit): (Member, Visit),
    CsrfForm(form): CsrfForm<RuleForm>,
) -> Result<Response, WebError> {
    let on = form.second_factor == "required";
    match tenancy.require_second_factor(&member.caller, on, &visit).await {
        Ok(()) => {
            let note = if on { "required" } else { "optional" };
            Ok(page.redirect(&format!("/o/{}/security?note={note}", member.tenant.slug)))
        }
        Err(error) => {
            let (status, error) = mendable(error)?;
            let view = view(&tenancy, &member, FormState::empty().with(&error)).await?;
            Ok(page.render_with(status, &view))
        }
    }
}

#[derive(Deserialize)]
struct NextQuery {
    next: Option<String>,
}

/// Not for [`Member`]s: whoever is sent here is not let in yet.
async fn lead(
    State(tenancy): State<Tenancy>,
    page: Page,
    (who, Path(slug)): (SignedIn, Path<String>),
    Query(query): Query<NextQuery>,
) -> Result<Response, WebError> {
    let (_, tenant) = tenancy.enter(&slug, who.user.id).await?;
    let next = local_path(query.next.as_deref()).unwrap_or_else(|| format!("/o/{slug}/"));
    if tenancy.lets_in(&tenant, who.user.id).await? {
        return Ok(page.redirect(&next));
    }
    Ok(page.render(&FactorView { name: tenant.name, email: who.user.email, next }))
}

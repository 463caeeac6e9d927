//! The tenants' list and one tenant's page with its dangerous forms.

use super::model::{Search, State as TenantState};
use super::views::{Again, Dialog, ListView, TenantView};
use crate::admin::Admin;
use crate::audit::{Filter, Line};
use crate::staff::SignedInStaff;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;
use kernel_core::{Error, Result, TenantId};
use kernel_web::{CsrfForm, FormState, Page, WebError};
use serde::{Deserialize, Serialize};

/// Rows of the audit log on a tenant's page.
const ACTIONS: i64 = 20;

pub(crate) fn routes() -> Router<Admin> {
    Router::new()
        .route("/tenants", get(list))
        .route("/tenants/{id}", get(tenant))
        .route("/tenants/{id}/suspend", post(suspend))
        .route("/tenants/{id}/resume", post(resume))
        .route("/tenants/{id}/plan", post(change_plan))
}

/// The list's address. Empty values are no filter: a form sends them all.
#[derive(Debug, Default, Deserialize)]
struct ListQuery {
    #[serde(default)]
    q: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    plan: String,
    #[serde(default)]
    page: String,
}

impl ListQuery {
    /// Values that nobody can have chosen are no filter: an old address still opens the list.
    fn search(&self) -> Search {
        Search {
            text: self.q.trim().chars().take(200).collect(),
            state: TenantState::read(&self.state),
            plan: self.plan.parse().ok(),
            page: self.page.parse().unwrap_or(1).max(1),
        }
    }
}

/// The search as a query string that ends in `&`, for the links of the pages.
pub(super) fn query_of(search: &Search) -> String {
    let mut out = String::new();
    if !search.text.is_empty() {
        out.push_str("q=");
        for byte in search.text.bytes() {
            if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
                out.push(char::from(byte));
            } else {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
        out.push('&');
    }
    if let Some(plan) = search.plan {
        out.push_str(&format!("plan={plan}&"));
    }
    if let Some(state) = search.state {
        out.push_str(&format!("state={}&", state.name()));
    }
    out
}

/// The suspend form.
#[derive(Debug, Deserialize, Serialize)]
pub struct SuspendForm {
    /// One of [`super::Cause`]'s names.
    #[serde(default)]
    pub cause: String,
    /// Why, for the audit log.
    #[serde(default)]
    pub reason: String,
    /// The tenant's address, typed.
    #[serde(default)]
    pub confirm: String,
}

/// The resume form.
#[derive(Debug, Deserialize, Serialize)]
pub struct ReasonForm {
    /// Why, for the audit log.
    #[serde(default)]
    pub reason: String,
}

/// The plan form.
#[derive(Debug, Deserialize, Serialize)]
pub struct PlanForm {
    /// The new plan's code.
    #[serde(default)]
    pub plan: String,
    /// Why, for the audit log.
    #[serde(default)]
    pub reason: String,
}

async fn list(
    State(admin): State<Admin>,
    page: Page,
    _staff: SignedInStaff,
    Query(query): Query<ListQuery>,
) -> Result<Response, WebError> {
    let search = query.search();
    let (states, listed) = tokio::try_join!(admin.tenants.states(), admin.tenants.list(&search),)?;
    Ok(page.render(&ListView::of(&search, states, listed)))
}

async fn tenant(
    State(admin): State<Admin>,
    page: Page,
    staff: SignedInStaff,
    Path(id): Path<String>,
) -> Result<Response, WebError> {
    let id: TenantId = id.parse().map_err(Error::from)?;
    let detail = admin.tenants.look(&staff, id).await?;
    Ok(page.render(&view(&admin, detail, None).await?))
}

async fn suspend(
    State(admin): State<Admin>,
    page: Page,
    staff: SignedInStaff,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<SuspendForm>,
) -> Result<Response, WebError> {
    let id: TenantId = id.parse().map_err(Error::from)?;
    let done = admin.tenants.suspend(&staff, id, &form).await;
    answer(&admin, &page, id, done, Again { dialog: Dialog::Suspend, form: FormState::of(&form) }).await
}

async fn resume(
    State(admin): State<Admin>,
    page: Page,
    staff: SignedInStaff,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<ReasonForm>,
) -> Result<Response, WebError> {
    let id: TenantId = id.parse().map_err(Error::from)?;
    let done = admin.tenants.resume(&staff, id, &form).await;
    answer(&admin, &page, id, done, Again { dialog: Dialog::Resume, form: FormState::of(&form) }).await
}

async fn change_plan(
    State(admin): State<Admin>,
    page: Page,
    staff: SignedInStaff,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<PlanForm>,
) -> Result<Response, WebError> {
    let id: TenantId = id.parse().map_err(Error::from)?;
    let done = admin.tenants.change_plan(&staff, id, &form).await;
    answer(&admin, &page, id, done, Again { dialog: Dialog::Plan, form: FormState::of(&form) }).await
}

/// Back to the tenant's page; with the dialog and its errors where the form was refused.
async fn answer(
    admin: &Admin,
    page: &Page,
    id: TenantId,
    done: Result<()>,
    again: Again,
) -> Result<Response, WebError> {
    let Err(error) = done else { return Ok(page.redirect(&format!("/tenants/{id}"))) };
    match StatusCode::from_u16(error.code().status()) {
        Ok(status) if status.is_client_error() && status != StatusCode::NOT_FOUND => {
            let again = Again { form: again.form.with(&error), ..again };
            let detail = admin.tenants.get(id).await?;
            Ok(page.render_with(status, &view(admin, detail, Some(again)).await?))
        }
        _ => Err(error.into()),
    }
}

async fn view(admin: &Admin, detail: super::Detail, again: Option<Again>) -> Result<TenantView> {
    let filter = Filter { tenant: Some(detail.id), ..Filter::default() };
    let entries = admin.audit.page(&filter, None, ACTIONS).await?;
    let actions = entries.into_iter().map(Line::of).collect();
    let brand = admin.web.brand().clone();
    Ok(TenantView::of(detail, move |slug| brand.site_origin(slug), actions, again))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_forgivingly_and_written_back() {
        for (q, state, plan, page, expected, number) in [
            ("", "", "", "", "", 1),
            (" a&b ü", "suspended", "free", "3", "q=a%26b%20%C3%BC&plan=free&state=suspended&", 3),
            ("x", "gone", "gold", "-4", "q=x&", 1),
        ] {
            let query = ListQuery { q: q.into(), state: state.into(), plan: plan.into(), page: page.into() };
            let search = query.search();
            assert_eq!((query_of(&search).as_str(), search.page), (expected, number));
        }
    }
}

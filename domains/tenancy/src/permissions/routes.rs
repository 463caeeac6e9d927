//! `/o/{slug}/team/permissions`.

use super::form::{Places, Posted, apply};
use super::page::{Typed, list, subject_view};
use super::{Detail, Subject, end_of};
use crate::tokens::{BaseDirectory, SiteDirectory};
use crate::{Member, Tenancy};
use axum::Router;
use axum::extract::{FromRef, Path, Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use identity::{Identity, NoFields, Visit, mendable};
use kernel_core::{Capability, Code, Error, FieldError, Grants, Result, Role, UserId};
use kernel_web::{CsrfForm, FormState, Page, Web, WebError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What these pages need.
#[derive(Clone)]
pub(super) struct Pages {
    pub(super) tenancy: Tenancy,
    pub(super) bases: Arc<dyn BaseDirectory>,
    pub(super) sites: Arc<dyn SiteDirectory>,
}

impl FromRef<Pages> for Tenancy {
    fn from_ref(pages: &Pages) -> Self {
        pages.tenancy.clone()
    }
}
impl FromRef<Pages> for Identity {
    fn from_ref(pages: &Pages) -> Self {
        pages.tenancy.identity().clone()
    }
}
impl FromRef<Pages> for Web {
    fn from_ref(pages: &Pages) -> Self {
        Self::from_ref(&pages.tenancy)
    }
}

pub(crate) fn routes(
    tenancy: &Tenancy,
    bases: Arc<dyn BaseDirectory>,
    sites: Arc<dyn SiteDirectory>,
) -> Router {
    Router::new()
        .route("/o/{slug}/team/permissions", get(show_all))
        .route("/o/{slug}/team/permissions/groups", post(create_group))
        .route("/o/{slug}/team/permissions/roles", post(create_role))
        .route("/o/{slug}/team/permissions/{subject}", get(show).post(save))
        .route("/o/{slug}/team/permissions/{subject}/settings", post(settings))
        .route("/o/{slug}/team/permissions/{subject}/delete", post(delete))
        .with_state(Pages { tenancy: tenancy.clone(), bases, sites })
}

async fn show_all(State(pages): State<Pages>, page: Page, member: Member) -> Result<Response, WebError> {
    Ok(page.render(&list(&pages, &member).await?))
}

#[derive(Deserialize, Serialize)]
struct NameForm {
    #[serde(default)]
    name: String,
}

fn path_of(member: &Member, subject: Subject) -> String {
    format!("/o/{}/team/permissions/{subject}", member.tenant.slug)
}

async fn create_group(
    State(pages): State<Pages>,
    page: Page,
    (member, visit): (Member, Visit),
    CsrfForm(form): CsrfForm<NameForm>,
) -> Result<Response, WebError> {
    match pages.tenancy.create_group(&member.caller, &form.name, &visit).await {
        Ok(subject) => Ok(page.redirect(&path_of(&member, subject))),
        Err(error) => {
            let (status, error) = mendable(error)?;
            let mut view = list(&pages, &member).await?;
            view.group = FormState::of(&form).with(&error);
            Ok(page.render_with(status, &view))
        }
    }
}

async fn create_role(
    State(pages): State<Pages>,
    page: Page,
    (member, visit): (Member, Visit),
    CsrfForm(form): CsrfForm<NameForm>,
) -> Result<Response, WebError> {
    match pages.tenancy.create_role(&member.caller, &form.name, &visit).await {
        Ok(subject) => Ok(page.redirect(&path_of(&member, subject))),
        Err(error) => {
            let (status, error) = mendable(error)?;
            let mut view = list(&pages, &member).await?;
            view.role = FormState::of(&form).with(&error);
            Ok(page.render_with(status, &view))
        }
    }
}

#[derive(Deserialize)]
struct SubjectPath {
    subject: String,
}

#[derive(Deserialize)]
struct ShowQuery {
    /// A base whose tables are shown, `app…`.
    base: Option<String>,
    saved: Option<String>,
}

/// What the form of somebody names.
async fn places(pages: &Pages, member: &Member, open: Option<&str>) -> Result<(Places, Option<usize>)> {
    let caller = &member.caller;
    if !caller.may(Capability::ManageMembers) {
        return Ok((Places::default(), None));
    }
    let bases = pages.bases.bases(caller).await?;
    let sites = pages.sites.sites(caller).await?;
    let at = match open {
        None => None,
        Some(id) => Some(bases.iter().position(|base| base.id == id).ok_or_else(Error::not_found)?),
    };
    let tables = match at {
        Some(at) => pages.bases.tables(caller, bases[at].number).await?,
        None => Vec::new(),
    };
    Ok((Places { bases, sites, tables }, at))
}

async fn show(
    State(pages): State<Pages>,
    page: Page,
    member: Member,
    Path(path): Path<SubjectPath>,
    Query(query): Query<ShowQuery>,
) -> Result<Response, WebError> {
    let detail = pages.tenancy.permissions_of(&member.caller, path.subject.parse()?).await?;
    let (places, open) = places(&pages, &member, query.base.as_deref()).await?;
    let mut view = subject_view(&pages, &member, (&detail, &places, open), None).await?;
    view.saved = query.saved.is_some();
    Ok(page.render(&view))
}

/// Conditions on rows as they are stored: with the ids of fields, and only if they can be asked.
async fn read_rows(
    pages: &Pages,
    member: &Member,
    (places, open): (&Places, Option<usize>),
    grants: &mut Grants,
) -> Result<()> {
    let Some(base) = open.map(|at| places.bases[at].number) else { return Ok(()) };
    let mut errors = Vec::new();
    for table in &places.tables {
        let Some(grant) = grants.table.get_mut(&table.number) else { continue };
        let Some(rows) = &grant.rows else { continue };
        match pages.bases.rows_to_store(&member.caller, (base, table.number), rows).await {
            Ok(stored) => grant.rows = Some(stored),
            Err(error) if error.code().status() == 422 => {
                let control = format!("rows.{}", table.number);
                let detail = format!("can’t be asked. {}", error.message());
                errors.push(FieldError::new(control, Code::BadFilter, detail));
            }
            Err(error) => return Err(error),
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::fields(errors)) }
}

async fn save(
    State(pages): State<Pages>,
    page: Page,
    (member, visit): (Member, Visit),
    (Path(path), Query(query)): (Path<SubjectPath>, Query<ShowQuery>),
    CsrfForm(posted): CsrfForm<Posted>,
) -> Result<Response, WebError> {
    member.caller.require(Capability::ManageMembers)?;
    let subject: Subject = path.subject.parse()?;
    let detail = pages.tenancy.permissions_of(&member.caller, subject).await?;
    let (places, open) = places(&pages, &member, query.base.as_deref()).await?;
    let done = match apply(&posted, &places, &detail.grants).map_err(Error::fields) {
        Ok(mut grants) => match read_rows(&pages, &member, (&places, open), &mut grants).await {
            Ok(()) => pages.tenancy.set_grants(&member.caller, subject, &grants, &visit).await,
            Err(error) => Err(error),
        },
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => {
            let base = query.base.map_or_else(String::new, |base| format!("&base={base}"));
            Ok(page.redirect(&format!("{}?saved=1{base}", path_of(&member, subject))))
        }
        Err(error) => {
            let (status, error) = mendable(error)?;
            let typed = Typed { posted: &posted, error: &error };
            let view = subject_view(&pages, &member, (&detail, &places, open), Some(typed)).await?;
            Ok(page.render_with(status, &view))
        }
    }
}

#[derive(Deserialize, Serialize)]
struct SettingsForm {
    #[serde(default)]
    name: String,
    /// `rol_…` or nothing.
    #[serde(default)]
    own_role: String,
    /// A day or nothing.
    #[serde(default)]
    until: String,
    /// `member.usr_…` for each ticked member of a group.
    #[serde(flatten, skip_serializing)]
    boxes: BTreeMap<String, String>,
}

async fn settings(
    State(pages): State<Pages>,
    page: Page,
    (member, visit): (Member, Visit),
    Path(path): Path<SubjectPath>,
    CsrfForm(form): CsrfForm<SettingsForm>,
) -> Result<Response, WebError> {
    member.caller.require(Capability::ManageMembers)?;
    let subject: Subject = path.subject.parse()?;
    let detail: Detail = pages.tenancy.permissions_of(&member.caller, subject).await?;
    let caller = &member.caller;
    let done = match subject {
        Subject::Person(user) => {
            let own_role = match form.own_role.as_str() {
                "" => Ok(None),
                id => id
                    .parse()
                    .map(Some)
                    .map_err(|_| Error::field("own_role", Code::InvalidValue, "is not one of the list")),
            };
            match own_role.and_then(|role| Ok((role, end_of(&form.until)?))) {
                Ok(values) => pages.tenancy.set_guest(caller, user, values, &visit).await,
                Err(error) => Err(error),
            }
        }
        Subject::Group(group) => {
            let ticked = form.boxes.keys().filter_map(|name| name.strip_prefix("member.")?.parse().ok());
            let members: Vec<UserId> = ticked.collect();
            pages.tenancy.change_group(caller, group, (&form.name, &members), &visit).await
        }
        Subject::Role(role) => pages.tenancy.rename_role(caller, role, &form.name, &visit).await,
    };
    match done {
        Ok(()) => Ok(page.redirect(&format!("{}?saved=1", path_of(&member, subject)))),
        Err(error) => {
            let (status, error) = mendable(error)?;
            let (places, open) = places(&pages, &member, None).await?;
            let mut view = subject_view(&pages, &member, (&detail, &places, open), None).await?;
            view.settings = FormState::of(&form).with(&error);
            for member in &mut view.members {
                member.on = form.boxes.contains_key(&format!("member.{}", member.id));
            }
            Ok(page.render_with(status, &view))
        }
    }
}

async fn delete(
    State(pages): State<Pages>,
    page: Page,
    (member, visit): (Member, Visit),
    Path(path): Path<SubjectPath>,
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    pages.tenancy.delete_shared(&member.caller, path.subject.parse()?, &visit).await?;
    Ok(page.redirect(&format!("/o/{}/team/permissions", member.tenant.slug)))
}

/// Whether a person's exceptions can be changed by whoever looks; else the reason.
pub(super) fn fixed(member: &Member, detail: &Detail) -> Option<&'static str> {
    if detail.role == Some(Role::Owner) {
        Some("Owners reach everything. To limit this person, change the role first.")
    } else if detail.subject == Subject::Person(member.user.id) {
        Some("These are your own permissions. Somebody else has to change them.")
    } else if !member.caller.access.is_plain() {
        Some("Your own access has exceptions, so you can’t change permissions.")
    } else {
        None
    }
}

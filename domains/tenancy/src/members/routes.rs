//! `/o/{slug}/team` and `/invite`.

use super::page::team;
use super::views::{InviteView, OfferItem};
use crate::{Member, Tenancy};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;
use identity::{NoFields, SignedIn, Visit, mendable};
use kernel_core::{Code, InviteId, Result, Role, UserId};
use kernel_web::{CsrfForm, FormState, Page, WebError};
use serde::{Deserialize, Serialize};

pub(crate) fn routes() -> Router<Tenancy> {
    Router::new()
        .route("/o/{slug}/team", get(show))
        .route("/o/{slug}/team/invite", post(invite))
        .route("/o/{slug}/team/name", post(rename))
        .route("/o/{slug}/team/leave", post(leave))
        .route("/o/{slug}/team/members/{user}/role", post(change_role))
        .route("/o/{slug}/team/members/{user}/remove", post(remove))
        .route("/o/{slug}/team/invites/{invite}/resend", post(resend))
        .route("/o/{slug}/team/invites/{invite}/revoke", post(revoke))
        .route("/invite", get(offer).post(accept))
}

#[derive(Deserialize)]
struct NoteQuery {
    note: Option<String>,
}

async fn show(
    State(tenancy): State<Tenancy>,
    page: Page,
    member: Member,
    Query(query): Query<NoteQuery>,
) -> Result<Response, WebError> {
    let mut view = team(&tenancy, &member).await?;
    view.note = match query.note.as_deref() {
        Some("invited") => Some("The invitation is on its way.".into()),
        Some("resent") => Some("The invitation was sent again. The earlier link has ended.".into()),
        Some("revoked") => Some("The invitation is taken back.".into()),
        Some("removed") => Some("Removed. Their access and their API tokens have ended.".into()),
        _ => None,
    };
    Ok(page.render(&view))
}

#[derive(Deserialize, Serialize)]
struct InviteForm {
    #[serde(default)]
    emails: String,
    #[serde(default)]
    role: String,
}

async fn invite(
    State(tenancy): State<Tenancy>,
    page: Page,
    (member, visit): (Member, Visit),
    CsrfForm(form): CsrfForm<InviteForm>,
) -> Result<Response, WebError> {
    let invited = match form.role.parse::<Role>() {
        Ok(role) => tenancy.invite(&member.caller, &form.emails, role, &visit).await,
        Err(error) => Err(error),
    };
    match invited {
        Ok(_) => Ok(back(&page, &member, "invited")),
        Err(error) => {
            let (status, error) = mendable(error)?;
            let mut view = team(&tenancy, &member).await?;
            view.form = FormState::of(&form).with(&error);
            Ok(page.render_with(status, &view))
        }
    }
}

#[derive(Deserialize, Serialize)]
struct NameForm {
    #[serde(default)]
    name: String,
}

async fn rename(
    State(tenancy): State<Tenancy>,
    page: Page,
    (member, visit): (Member, Visit),
    CsrfForm(form): CsrfForm<NameForm>,
) -> Result<Response, WebError> {
    match tenancy.rename_tenant(&member.caller, &form.name, &visit).await {
        Ok(()) => Ok(page.redirect(&format!("/o/{}/team", member.tenant.slug))),
        Err(error) => {
            let (status, error) = mendable(error)?;
            let mut view = team(&tenancy, &member).await?;
            view.rename = FormState::of(&form).with(&error);
            Ok(page.render_with(status, &view))
        }
    }
}

#[derive(Deserialize)]
struct RoleForm {
    #[serde(default)]
    role: String,
}

#[derive(Deserialize)]
struct MemberPath {
    user: String,
}

async fn change_role(
    State(tenancy): State<Tenancy>,
    page: Page,
    (member, visit, Path(path)): (Member, Visit, Path<MemberPath>),
    CsrfForm(form): CsrfForm<RoleForm>,
) -> Result<Response, WebError> {
    let user: UserId = path.user.parse()?;
    let done = match form.role.parse::<Role>() {
        Ok(role) => tenancy.change_role(&member.caller, user, role, &visit).await,
        Err(error) => Err(error),
    };
    answer(&tenancy, &page, &member, (done, "")).await
}

async fn remove(
    State(tenancy): State<Tenancy>,
    page: Page,
    (member, visit, Path(path)): (Member, Visit, Path<MemberPath>),
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    let done = tenancy.remove_member(&member.caller, path.user.parse()?, &visit).await;
    answer(&tenancy, &page, &member, (done, "removed")).await
}

async fn leave(
    State(tenancy): State<Tenancy>,
    page: Page,
    (member, visit): (Member, Visit),
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    match tenancy.leave(&member.caller, &visit).await {
        Ok(()) => Ok(page.redirect("/")),
        failed => answer(&tenancy, &page, &member, (failed, "")).await,
    }
}

#[derive(Deserialize)]
struct InvitePath {
    invite: String,
}

async fn resend(
    State(tenancy): State<Tenancy>,
    page: Page,
    (member, visit, Path(path)): (Member, Visit, Path<InvitePath>),
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    let id: InviteId = path.invite.parse()?;
    let done = tenancy.resend_invite(&member.caller, id, &visit).await.map(drop);
    answer(&tenancy, &page, &member, (done, "resent")).await
}

async fn revoke(
    State(tenancy): State<Tenancy>,
    page: Page,
    (member, visit, Path(path)): (Member, Visit, Path<InvitePath>),
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    let id: InviteId = path.invite.parse()?;
    let done = tenancy.revoke_invite(&member.caller, id, &visit).await;
    answer(&tenancy, &page, &member, (done, "revoked")).await
}

fn back(page: &Page, member: &Member, note: &str) -> Response {
    page.redirect(&format!("/o/{}/team?note={note}", member.tenant.slug))
}

/// Back to the team; what could not be done is said above the list.
async fn answer(
    tenancy: &Tenancy,
    page: &Page,
    member: &Member,
    (done, note): (Result<()>, &str),
) -> Result<Response, WebError> {
    match done {
        Ok(()) => Ok(back(page, member, note)),
        Err(error) => {
            let (status, error) = mendable(error)?;
            let mut view = team(tenancy, member).await?;
            view.problem = Some(error.message().to_owned());
            Ok(page.render_with(status, &view))
        }
    }
}

#[derive(Deserialize)]
struct Link {
    #[serde(default)]
    token: String,
}

async fn offer(
    State(tenancy): State<Tenancy>,
    page: Page,
    who: Option<SignedIn>,
    Query(link): Query<Link>,
) -> Result<Response, WebError> {
    let here = format!("/invite?token={}", encoded(&link.token));
    let you = who.map(|who| who.user.email);
    match tenancy.offer(&link.token).await {
        Ok(offer) => {
            let matches = you.as_ref().is_some_and(|you| {
                identity::model::email_key(you) == identity::model::email_key(&offer.email)
            });
            let next = encoded(&here);
            Ok(page.render(&InviteView {
                login: format!("/login?next={next}"),
                signup: format!("/signup?next={next}&email={}", encoded(&offer.email)),
                offer: Some(OfferItem {
                    tenant: offer.tenant,
                    role: offer.role.name().to_owned(),
                    email: offer.email,
                    invited_by: offer.invited_by,
                }),
                link: link.token,
                you,
                matches,
            }))
        }
        Err(error) if error.code() == Code::LinkExpired => Ok(gone(&page, you)),
        Err(error) => Err(error.into()),
    }
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn gone(page: &Page, you: Option<String>) -> Response {
    let (login, signup) = ("/login".to_owned(), "/signup".to_owned());
    page.render_with(
        StatusCode::GONE,
        &InviteView { offer: None, link: String::new(), you, matches: false, login, signup },
    )
}

async fn accept(
    State(tenancy): State<Tenancy>,
    page: Page,
    (who, visit): (SignedIn, Visit),
    CsrfForm(link): CsrfForm<Link>,
) -> Result<Response, WebError> {
    match tenancy.accept_invite(&who.user, &link.token, &visit).await {
        Ok(tenant) => Ok(page.redirect(&format!("/o/{}/", tenant.slug))),
        Err(error) if error.code() == Code::LinkExpired => Ok(gone(&page, Some(who.user.email))),
        Err(error) => Err(error.into()),
    }
}

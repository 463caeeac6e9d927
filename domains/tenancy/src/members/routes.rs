//! `/o/{slug}/team` and `/invite`.

use super::Invitation;
use super::links::NewLink;
use super::page::team;
use super::views::{InviteView, JoinView, OfferItem, TeamView};
use crate::permissions::end_of;
use crate::tokens::SiteDirectory;
use crate::{Member, Tenancy};
use axum::Router;
use axum::extract::{FromRef, Path, Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;
use identity::{Identity, NoFields, SignedIn, Visit, guarded, mendable};
use kernel_core::{Capability, Code, Error, Grants, InviteId, Level, Result, Role, UserId};
use kernel_web::{CsrfForm, FormState, Page, Web, WebError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What these pages need.
#[derive(Clone)]
struct Pages {
    tenancy: Tenancy,
    sites: Arc<dyn SiteDirectory>,
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

impl Pages {
    async fn team(&self, member: &Member) -> Result<TeamView> {
        team(&self.tenancy, &*self.sites, member).await
    }
}

pub(crate) fn routes(tenancy: &Tenancy, sites: Arc<dyn SiteDirectory>) -> Router {
    Router::new()
        .route("/o/{slug}/team", get(show))
        .route("/o/{slug}/team/invite", post(invite))
        .route("/o/{slug}/team/name", post(rename))
        .route("/o/{slug}/team/leave", post(leave))
        .route("/o/{slug}/team/members/{user}/role", post(change_role))
        .route("/o/{slug}/team/members/{user}/remove", post(remove))
        .route("/o/{slug}/team/members/{user}/log-out", guarded(tenancy.identity(), post(log_out)))
        .route("/o/{slug}/team/invites/{invite}/resend", post(resend))
        .route("/o/{slug}/team/invites/{invite}/revoke", post(revoke))
        .route("/o/{slug}/team/members/{user}/transfer", guarded(tenancy.identity(), post(transfer)))
        .route("/o/{slug}/team/links", post(create_link))
        .route("/o/{slug}/team/links/{link}/revoke", post(revoke_link))
        .route("/invite", get(offer).post(accept))
        .route("/join", get(join_offer).post(join))
        .with_state(Pages { tenancy: tenancy.clone(), sites })
}

#[derive(Deserialize)]
struct NoteQuery {
    note: Option<String>,
}

async fn show(
    State(pages): State<Pages>,
    page: Page,
    member: Member,
    Query(query): Query<NoteQuery>,
) -> Result<Response, WebError> {
    let mut view = pages.team(&member).await?;
    view.note = match query.note.as_deref() {
        Some("invited") => Some("The invitation is on its way.".into()),
        Some("resent") => Some("The invitation was sent again. The earlier link has ended.".into()),
        Some("revoked") => Some("The invitation is taken back.".into()),
        Some("link-revoked") => Some("The link has ended.".into()),
        Some("transferred") => Some("The organisation has another owner; you are an admin now.".into()),
        Some("logged-out") => Some("Their sessions have ended. They have to log in again.".into()),
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
    /// A day or nothing.
    #[serde(default)]
    until: String,
    /// `site.sit_…` → a level, for clients.
    #[serde(flatten)]
    boxes: BTreeMap<String, String>,
}

impl InviteForm {
    fn invitation(&self) -> Result<Invitation> {
        let role: Role = self.role.parse()?;
        let mut grants = Grants::default();
        let sites = self.boxes.iter().filter_map(|(name, level)| Some((name.strip_prefix("site.")?, level)));
        for (site, level) in sites.filter(|(_, level)| role == Role::Client && !level.is_empty()) {
            let wrong = || Error::field("sites", Code::InvalidValue, "is not one of the list");
            let level = Level::named(level).filter(|level| Level::OF_SITES.contains(level));
            grants.site.insert(site.parse().map_err(|_| wrong())?, level.ok_or_else(wrong)?);
        }
        if role == Role::Client && grants.is_empty() {
            return Err(Error::field(
                "sites",
                Code::Required,
                "is empty; choose at least one site for a client",
            ));
        }
        Ok(Invitation { role, grants, until: end_of(&self.until)? })
    }
}

async fn invite(
    State(pages): State<Pages>,
    page: Page,
    (member, visit): (Member, Visit),
    CsrfForm(form): CsrfForm<InviteForm>,
) -> Result<Response, WebError> {
    member.caller.require(Capability::ManageMembers)?;
    let invited = match form.invitation() {
        Ok(new) => pages.tenancy.invite_with(&member.caller, &form.emails, &new, &visit).await,
        Err(error) => Err(error),
    };
    match invited {
        Ok(_) => Ok(back(&page, &member, "invited")),
        Err(error) => {
            let (status, error) = mendable(error)?;
            let mut view = pages.team(&member).await?;
            view.form = FormState::of(&form).with(&error);
            Ok(page.render_with(status, &view))
        }
    }
}

#[derive(Deserialize, Serialize)]
struct LinkForm {
    #[serde(default)]
    role: String,
    #[serde(default)]
    domains: String,
    #[serde(default)]
    most_uses: String,
    #[serde(default)]
    days: String,
}

impl LinkForm {
    fn link(&self) -> Result<NewLink> {
        let number = |name: &'static str, text: &str| {
            text.trim().parse().map_err(|_| Error::field(name, Code::InvalidValue, "is not a whole number"))
        };
        let most_uses = number("most_uses", &self.most_uses)?;
        let days = number("days", &self.days)?;
        let days = u32::try_from(days).unwrap_or_default();
        Ok(NewLink { role: self.role.parse()?, domains: self.domains.clone(), most_uses, days })
    }
}

async fn create_link(
    State(pages): State<Pages>,
    page: Page,
    (member, visit): (Member, Visit),
    CsrfForm(form): CsrfForm<LinkForm>,
) -> Result<Response, WebError> {
    member.caller.require(Capability::ManageMembers)?;
    let made = match form.link() {
        Ok(new) => pages.tenancy.create_link(&member.caller, &new, &visit).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(link) => {
            let mut view = pages.team(&member).await?;
            view.made_link = Some(link);
            // Not a redirect: the link exists in this answer only.
            Ok(page.render_with(StatusCode::CREATED, &view))
        }
        Err(error) => {
            let (status, error) = mendable(error)?;
            let mut view = pages.team(&member).await?;
            view.link_form = FormState::of(&form).with(&error);
            Ok(page.render_with(status, &view))
        }
    }
}

#[derive(Deserialize)]
struct LinkPath {
    link: String,
}

async fn revoke_link(
    State(pages): State<Pages>,
    page: Page,
    (member, visit, Path(path)): (Member, Visit, Path<LinkPath>),
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    let done = pages.tenancy.revoke_link(&member.caller, path.link.parse()?, &visit).await;
    answer(&pages, &page, &member, (done, "link-revoked")).await
}

async fn transfer(
    State(pages): State<Pages>,
    page: Page,
    (member, visit, Path(path)): (Member, Visit, Path<MemberPath>),
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    let done = pages.tenancy.transfer_ownership(&member.caller, path.user.parse()?, &visit).await;
    answer(&pages, &page, &member, (done, "transferred")).await
}

async fn join_offer(
    State(tenancy): State<Tenancy>,
    page: Page,
    who: Option<SignedIn>,
    Query(link): Query<Link>,
) -> Result<Response, WebError> {
    let you = who.map(|who| who.user.email);
    match tenancy.link_offer(&link.token, you.as_deref()).await {
        Ok(offer) => {
            let next = encoded(&format!("/join?token={}", encoded(&link.token)));
            Ok(page.render(&JoinView {
                login: format!("/login?next={next}"),
                signup: format!("/signup?next={next}"),
                offer: Some(OfferItem {
                    tenant: offer.tenant,
                    role: offer.role.name().to_owned(),
                    email: String::new(),
                    invited_by: offer.invited_by,
                }),
                link: link.token,
                you,
                problem: None,
            }))
        }
        Err(error) => no_join(&page, you, error),
    }
}

/// A link that has ended, or is for others.
fn no_join(page: &Page, you: Option<String>, error: Error) -> Result<Response, WebError> {
    let status = match error.code() {
        Code::LinkExpired => StatusCode::GONE,
        Code::Forbidden => StatusCode::FORBIDDEN,
        _ => return Err(error.into()),
    };
    let view = JoinView {
        offer: None,
        link: String::new(),
        you,
        problem: Some(error.message().to_owned()),
        login: "/login".to_owned(),
        signup: "/signup".to_owned(),
    };
    Ok(page.render_with(status, &view))
}

async fn join(
    State(tenancy): State<Tenancy>,
    page: Page,
    (who, visit): (SignedIn, Visit),
    CsrfForm(link): CsrfForm<Link>,
) -> Result<Response, WebError> {
    match tenancy.join_by_link(&who.user, &link.token, &visit).await {
        Ok(tenant) => Ok(page.redirect(&format!("/o/{}/", tenant.slug))),
        Err(error) => no_join(&page, Some(who.user.email), error),
    }
}

#[derive(Deserialize, Serialize)]
struct NameForm {
    #[serde(default)]
    name: String,
}

async fn rename(
    State(pages): State<Pages>,
    page: Page,
    (member, visit): (Member, Visit),
    CsrfForm(form): CsrfForm<NameForm>,
) -> Result<Response, WebError> {
    match pages.tenancy.rename_tenant(&member.caller, &form.name, &visit).await {
        Ok(()) => Ok(page.redirect(&format!("/o/{}/team", member.tenant.slug))),
        Err(error) => {
            let (status, error) = mendable(error)?;
            let mut view = pages.team(&member).await?;
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
    State(pages): State<Pages>,
    page: Page,
    (member, visit, Path(path)): (Member, Visit, Path<MemberPath>),
    CsrfForm(form): CsrfForm<RoleForm>,
) -> Result<Response, WebError> {
    let user: UserId = path.user.parse()?;
    let done = match form.role.parse::<Role>() {
        Ok(role) => pages.tenancy.change_role(&member.caller, user, role, &visit).await,
        Err(error) => Err(error),
    };
    answer(&pages, &page, &member, (done, "")).await
}

#[derive(Deserialize)]
struct RemoveForm {
    /// Who takes over the API tokens; nobody: they end.
    #[serde(default)]
    heir: String,
}

async fn remove(
    State(pages): State<Pages>,
    page: Page,
    (member, visit, Path(path)): (Member, Visit, Path<MemberPath>),
    CsrfForm(form): CsrfForm<RemoveForm>,
) -> Result<Response, WebError> {
    let user: UserId = path.user.parse()?;
    let heir = match form.heir.as_str() {
        "" => Ok(None),
        id => id.parse().map(Some).map_err(|_| Error::field("heir", Code::InvalidValue, "is nobody")),
    };
    let done = match heir {
        Ok(heir) => pages.tenancy.remove_member_to(&member.caller, user, heir, &visit).await,
        Err(error) => Err(error),
    };
    answer(&pages, &page, &member, (done, "removed")).await
}

async fn log_out(
    State(pages): State<Pages>,
    page: Page,
    (member, visit, Path(path)): (Member, Visit, Path<MemberPath>),
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    let user: UserId = path.user.parse()?;
    let done = pages.tenancy.log_member_out(&member.caller, user, &visit).await;
    answer(&pages, &page, &member, (done, "logged-out")).await
}

async fn leave(
    State(pages): State<Pages>,
    page: Page,
    (member, visit): (Member, Visit),
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    match pages.tenancy.leave(&member.caller, &visit).await {
        Ok(()) => Ok(page.redirect("/")),
        failed => answer(&pages, &page, &member, (failed, "")).await,
    }
}

#[derive(Deserialize)]
struct InvitePath {
    invite: String,
}

async fn resend(
    State(pages): State<Pages>,
    page: Page,
    (member, visit, Path(path)): (Member, Visit, Path<InvitePath>),
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    let id: InviteId = path.invite.parse()?;
    let done = pages.tenancy.resend_invite(&member.caller, id, &visit).await.map(drop);
    answer(&pages, &page, &member, (done, "resent")).await
}

async fn revoke(
    State(pages): State<Pages>,
    page: Page,
    (member, visit, Path(path)): (Member, Visit, Path<InvitePath>),
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    let id: InviteId = path.invite.parse()?;
    let done = pages.tenancy.revoke_invite(&member.caller, id, &visit).await;
    answer(&pages, &page, &member, (done, "revoked")).await
}

fn back(page: &Page, member: &Member, note: &str) -> Response {
    page.redirect(&format!("/o/{}/team?note={note}", member.tenant.slug))
}

/// Back to the team; what could not be done is said above the list.
async fn answer(
    pages: &Pages,
    page: &Page,
    member: &Member,
    (done, note): (Result<()>, &str),
) -> Result<Response, WebError> {
    match done {
        Ok(()) => Ok(back(page, member, note)),
        Err(error) => {
            let (status, error) = mendable(error)?;
            let mut view = pages.team(member).await?;
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

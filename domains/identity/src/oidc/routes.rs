//! `/login/with/{provider}`, its way back, and the connections of an account.

use super::protocol::Returned;
use super::views::{ElsewhereView, LeaveView, LinkedItem};
use super::{Flow, Purpose, flow};
use crate::Identity;
use crate::devices::Device;
use crate::model::{Visit, local_path};
use crate::session::SignedIn;
use crate::session::extract::{SessionCookie, login_path};
use crate::session::routes::{NoFields, mendable};
use crate::session::second_routes::go_on;
use crate::step_up::guarded;
use axum::Router;
use axum::extract::{FromRequestParts, Path, Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use http::header;
use http::request::Parts;
use kernel_core::{Code, Error, LinkedId, Result, Secret, UserId};
use kernel_web::{CsrfForm, Page, WebError, cookies};
use serde::Deserialize;
use std::convert::Infallible;

/// `__Host-oidc`: the flow that this browser has begun.
const COOKIE: &str = "oidc";

pub(crate) fn routes(identity: &Identity) -> Router<Identity> {
    Router::new()
        .route("/login/with/{provider}", get(leave))
        .route("/login/with/{provider}/callback", get(callback))
        .route("/account/security/providers/{provider}", guarded(identity, post(link)))
        .route("/account/security/linked/{linked}/remove", guarded(identity, post(unlink)))
}

/// The value of the flow's cookie.
#[derive(Debug)]
pub struct FlowCookie(Option<String>);

impl FlowCookie {
    /// The flow, if this browser has begun one with this provider and this state.
    #[must_use]
    pub fn flow(&self, identity: &Identity, provider: &str, state: Option<&str>) -> Option<Flow> {
        Flow::opened(self.0.as_deref()?, provider, state?, &identity.0.sealing, identity.now())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for FlowCookie {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self(cookies::read_host(&parts.headers, COOKIE).map(str::to_owned)))
    }
}

/// Adds the cookie of a flow that begins.
#[must_use]
pub fn with_flow(mut response: Response, sealed: &Secret) -> Response {
    let life = flow::LIFE.as_secs().unsigned_abs();
    response.headers_mut().append(header::SET_COOKIE, cookies::set(COOKIE, sealed.expose(), Some(life)));
    response
}

/// Removes it: a flow ends with its answer, whatever it was.
#[must_use]
pub fn without_flow(mut response: Response) -> Response {
    response.headers_mut().append(header::SET_COOKIE, cookies::remove(COOKIE));
    response
}

/// Where the provider sends people back to: one address a provider, so that answers can't be mixed up (RFC 9700, 4.4).
fn back(identity: &Identity, provider: &str) -> String {
    format!("{}/login/with/{provider}/callback", identity.web().origins().app)
}

impl Identity {
    /// Begins a flow: where to go, and the cookie's value.
    pub(crate) async fn leave_for(
        &self,
        key: &str,
        purpose: Purpose,
        next: Option<String>,
    ) -> Result<(String, Secret)> {
        let (protocol, provider) = self.provider(key)?;
        let (to, flow) = protocol.begin(provider, purpose, next, &back(self, key)).await?;
        Ok((to, flow.sealed(&self.0.sealing)?))
    }

    /// What the account's page shows of accounts elsewhere.
    pub(crate) async fn elsewhere_view(&self, user: UserId) -> Result<ElsewhereView> {
        let linked = self.linked(user).await?;
        Ok(ElsewhereView {
            password: self.has_password(user).await?,
            linked: linked
                .into_iter()
                .map(|linked| LinkedItem {
                    id: linked.id.to_string(),
                    provider: linked.provider,
                    email: linked.email,
                    created_at: linked.created_at.to_string(),
                    last_used_at: linked.last_used_at.map(|at| at.to_string()),
                })
                .collect(),
            offered: self.provider_buttons(),
        })
    }
}

#[derive(Deserialize)]
struct LeaveQuery {
    next: Option<String>,
    again: Option<String>,
}

async fn leave(
    State(identity): State<Identity>,
    page: Page,
    (visit, signed_in): (Visit, Option<SignedIn>),
    Path(key): Path<String>,
    Query(query): Query<LeaveQuery>,
) -> Result<Response, WebError> {
    let next = local_path(query.next.as_deref());
    let again = query.again.is_some();
    if signed_in.is_some() && !again {
        return Ok(page.redirect(next.as_deref().unwrap_or("/")));
    }
    identity.may_leave(&visit)?;
    let purpose = if again { Purpose::Again } else { Purpose::SignIn };
    match identity.leave_for(&key, purpose, next.clone()).await {
        Ok((to, sealed)) => Ok(with_flow(page.redirect(&to), &sealed)),
        Err(error) if error.code() == Code::ProviderFailed => {
            Ok(told(&page, "provider", next.as_deref(), &error))
        }
        Err(error) => Err(error.into()),
    }
}

/// Back to the log-in page with a note; the reason is for the log.
fn told(page: &Page, note: &str, next: Option<&str>, error: &Error) -> Response {
    let request_id = page.exchange().id().as_str();
    tracing::info!(request_id, code = error.code().name(), "a log-in with a provider failed: {error}");
    let path = next.map_or_else(|| "/login".to_owned(), login_path);
    let joint = if path.contains('?') { '&' } else { '?' };
    page.redirect(&format!("{path}{joint}note={note}"))
}

/// What a note of a log-in that failed says on the log-in page.
pub(crate) fn problem(note: &str) -> Option<&'static str> {
    Some(match note {
        "provider" => {
            "The other service did not confirm who you are. Try again in a moment, or log in another way."
        }
        "provider-cancelled" => {
            "The other service says that you did not agree. Try again, or log in another way."
        }
        "provider-late" => "That took too long, or was begun in another window. Try again.",
        "provider-email" => {
            "The other service does not vouch for your e-mail address, so we can’t tell whose account it is. Log in \
             another way or create an account, then connect the two under Account, Security."
        }
        _ => return None,
    })
}

async fn callback(
    State(identity): State<Identity>,
    page: Page,
    (known, visit, replaced, signed_in): (Device, Visit, SessionCookie, Option<SignedIn>),
    cookie: FlowCookie,
    Path(key): Path<String>,
    Query(returned): Query<Returned>,
) -> Result<Response, WebError> {
    let (protocol, provider) = identity.provider(&key)?;
    let Some(flow) = cookie.flow(&identity, &key, returned.state.as_deref()) else {
        return Ok(without_flow(page.redirect("/login?note=provider-late")));
    };
    let next = flow.next.as_deref();
    let refused = |note: &str, error: &Error| match flow.purpose {
        Purpose::Link(_) => page.redirect(&format!("/account/security?note={note}")),
        _ => told(&page, note, next, error),
    };
    if let Some(code) = &returned.error {
        let error = Error::new(Code::ProviderFailed).source(format!("the provider says {}", said(code)));
        return Ok(without_flow(refused("provider-cancelled", &error)));
    }
    let person = match protocol.finish(provider, &flow, &returned, &back(&identity, &key)).await {
        Ok(person) => person,
        Err(error) if error.code() == Code::ProviderFailed => {
            return Ok(without_flow(refused("provider", &error)));
        }
        Err(error) => return Err(error.into()),
    };
    if let Purpose::Link(user) = flow.purpose {
        // Somebody else is signed in by now, or nobody.
        let Some(who) = signed_in.filter(|who| who.user.id == user) else {
            return Ok(without_flow(page.redirect("/login?note=provider-late")));
        };
        let note = match identity.link_provider(&who, provider, &person, &visit).await {
            Ok(()) => "provider-connected",
            Err(error) if error.code() == Code::AlreadyExists => "provider-taken",
            Err(error) => return Err(error.into()),
        };
        return Ok(without_flow(page.redirect(&format!("/account/security?note={note}"))));
    }
    let response = match identity.sign_in_with(provider, &person, replaced.0.as_deref(), &visit).await {
        Ok(outcome) => go_on(&identity, &page, outcome, next, (&known, &visit)).await?,
        Err(error) if error.code() == Code::EmailNotVerified => refused("provider-email", &error),
        Err(error) if error.code() == Code::Conflict => refused("provider", &error),
        Err(error) => return Err(error.into()),
    };
    Ok(without_flow(response))
}

/// A provider's code as a log takes it.
fn said(code: &str) -> String {
    code.chars().filter(|character| character.is_ascii_alphanumeric() || *character == '_').take(60).collect()
}

async fn link(
    State(identity): State<Identity>,
    page: Page,
    (who, Path(key)): (SignedIn, Path<String>),
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    match identity.leave_for(&key, Purpose::Link(who.user.id), None).await {
        Ok((to, sealed)) => {
            let name = identity.provider(&key)?.1.name.clone();
            Ok(with_flow(page.render(&LeaveView { to, name }), &sealed))
        }
        Err(error) if error.code() == Code::ProviderFailed => {
            Ok(page.redirect("/account/security?note=provider"))
        }
        Err(error) => Err(error.into()),
    }
}

async fn unlink(
    State(identity): State<Identity>,
    page: Page,
    (who, visit, Path(id)): (SignedIn, Visit, Path<String>),
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    let id: LinkedId = id.parse()?;
    let note = match identity.unlink_provider(&who, id, &visit).await {
        Ok(()) => "provider-removed",
        Err(error) => {
            mendable(error)?;
            "provider-last"
        }
    };
    Ok(page.redirect(&format!("/account/security?note={note}")))
}

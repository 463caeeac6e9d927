//! Who asks, on `admin.`: the peer of any request, and the signed-in member of staff.

use super::model::Member;
use crate::admin::Admin;
use crate::audit::{Action, Event, Outcome};
use axum::extract::FromRequestParts;
use http::header;
use http::request::Parts;
use jiff::Timestamp;
use kernel_core::{Code, Error};
use kernel_web::{Exchange, ShellStaff, WebError, cookies};
use std::convert::Infallible;
use std::net::IpAddr;

/// The cookie of staff sessions: `__Host-staff`, so that it reaches `admin.` alone.
pub(super) const COOKIE: &str = "staff";
/// Most characters of a user agent that are kept.
const LONGEST_AGENT: usize = 300;

/// From where and in which request.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The client's address.
    pub address: IpAddr,
    /// The request's id.
    pub request_id: String,
    /// The browser, as it calls itself, without control characters.
    pub agent: String,
}

impl Peer {
    fn of(parts: &mut Parts) -> Self {
        let exchange = Exchange::of(parts);
        let agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or("");
        Self {
            address: exchange.client(),
            request_id: exchange.id().as_str().to_owned(),
            agent: agent.chars().filter(|character| !character.is_control()).take(LONGEST_AGENT).collect(),
        }
    }

    /// An event of somebody who is not signed in, `name` being what they call themselves.
    pub(super) fn event(&self, at: Timestamp, actor: &str, name: &str, action: Action) -> Event {
        Event {
            at: at.as_microsecond(),
            actor: actor.to_owned(),
            actor_name: name.to_owned(),
            action,
            outcome: Outcome::Done,
            tenant: None,
            target: String::new(),
            detail: String::new(),
            cause: String::new(),
            reason: String::new(),
            address: self.address.to_string(),
            request_id: self.request_id.clone(),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}

/// A signed-in member of staff. Without one, a page sends to the sign-in page and anything else answers 401.
#[derive(Clone, Debug)]
pub struct SignedInStaff {
    /// The account.
    pub member: Member,
    /// From where.
    pub peer: Peer,
    pub(super) session: [u8; 32],
}

impl SignedInStaff {
    /// An event of this person, to be filled.
    #[must_use]
    pub fn event(&self, at: Timestamp, action: Action) -> Event {
        self.peer.event(at, &self.member.id.to_string(), &self.member.name, action)
    }
}

impl FromRequestParts<Admin> for SignedInStaff {
    type Rejection = WebError;
    async fn from_request_parts(parts: &mut Parts, admin: &Admin) -> Result<Self, WebError> {
        let peer = Peer::of(parts);
        let found = match cookies::read_host(&parts.headers, COOKIE) {
            Some(token) => admin.staff.session(token).await?,
            None => None,
        };
        let Some((member, session)) = found else {
            let page = parts.method == http::Method::GET;
            return Err(if page {
                WebError::redirect("/login")
            } else {
                Error::new(Code::Unauthenticated).into()
            });
        };
        let exchange = Exchange::of(parts);
        exchange.caller(None, Some(member.id.to_string()));
        let staff = ShellStaff { name: member.name.clone(), email: member.email.clone() };
        exchange.shell(|shell| shell.staff = Some(staff));
        Ok(Self { member, peer, session })
    }
}

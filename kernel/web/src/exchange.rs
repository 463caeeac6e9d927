//! What is known about the request in hand, shared by extractors, handlers, error pages and the log.
//!
//! The portal's stack puts one [`Exchange`] into the request's extensions; extractors add to it what they prove (who is
//! signed in, which tenant, which rate limit). [`crate::Page`] and the error pages read it when they render, so the order
//! of a handler's arguments does not matter.

use crate::limits::RateState;
use crate::{Portal, RequestId};
use http::request::Parts;
use kernel_core::{Clock, Random};
use parking_lot::Mutex;
use serde::Serialize;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// One request's facts. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Exchange(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    id: RequestId,
    portal: Portal,
    client: IpAddr,
    host: String,
    found: Mutex<Found>,
}

#[derive(Debug, Default)]
struct Found {
    shell: Shell,
    rate: Option<RateState>,
    tenant: Option<String>,
    actor: Option<String>,
    route: Option<String>,
    errors: Option<WriteError>,
}

/// Writes an error in a form of its own; status, headers and body. Waiting times and log lines are added to it.
pub type WriteError = fn(&kernel_core::Error) -> axum::response::Response;

/// What page frames show besides the page: who is signed in and where. Set by extractors, read by templates.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Shell {
    /// `page.user`: the signed-in person.
    pub user: Option<ShellUser>,
    /// `page.tenant`: the organisation that the page is about.
    pub tenant: Option<ShellTenant>,
    /// `page.tenants`: all organisations of the person, for the switcher.
    pub tenants: Vec<ShellTenant>,
    /// `page.staff`: the signed-in member of the staff, on `admin.` only.
    pub staff: Option<ShellStaff>,
}

/// The signed-in person.
#[derive(Clone, Debug, Serialize)]
pub struct ShellUser {
    /// Display name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// One or two letters for the avatar.
    pub initials: String,
    /// Address of the picture, if there is one.
    pub avatar: Option<String>,
    /// The person's choice of how dates and numbers are written; else the browser's.
    pub locale: Option<&'static str>,
    /// IANA name of the zone in which times are shown; else UTC.
    pub time_zone: Option<String>,
}

impl ShellUser {
    /// With initials taken from the name: first letters of its first and last word.
    #[must_use]
    pub fn new(name: &str, email: &str) -> Self {
        let mut words = name.split_whitespace();
        let letters = [words.next(), words.next_back()];
        let initials =
            letters.iter().flatten().filter_map(|word| word.chars().next()).flat_map(char::to_uppercase);
        Self {
            name: name.to_owned(),
            email: email.to_owned(),
            initials: initials.collect(),
            avatar: None,
            locale: None,
            time_zone: None,
        }
    }
}

/// An organisation in the switcher.
#[derive(Clone, Debug, Serialize)]
pub struct ShellTenant {
    /// `ten_…`.
    pub id: String,
    /// Name.
    pub name: String,
    /// Slug, as in `/o/{slug}/`.
    pub slug: String,
    /// The person's role in it, e.g. `owner`.
    pub role: String,
}

/// The signed-in member of the staff.
#[derive(Clone, Debug, Serialize)]
pub struct ShellStaff {
    /// Display name.
    pub name: String,
    /// E-mail address.
    pub email: String,
}

impl Exchange {
    /// The facts of a new request.
    #[must_use]
    pub fn new(id: RequestId, portal: Portal, client: IpAddr, host: String) -> Self {
        Self(Arc::new(Inner { id, portal, client, host, found: Mutex::default() }))
    }

    /// The request's exchange. Outside a portal's stack (a bare router in a test) a new one is put in place.
    pub fn of(parts: &mut Parts) -> Self {
        if let Some(exchange) = parts.extensions.get::<Self>() {
            return exchange.clone();
        }
        let host = crate::hosts::host_of(&parts.headers, &parts.uri).unwrap_or_default();
        let id = RequestId::new(&Clock::System, &Random::from_os());
        let exchange = Self::new(id, Portal::App, IpAddr::V4(Ipv4Addr::LOCALHOST), host);
        parts.extensions.insert(exchange.clone());
        exchange
    }

    /// The request's id.
    #[must_use]
    pub fn id(&self) -> &RequestId {
        &self.0.id
    }
    /// The portal that answers.
    #[must_use]
    pub fn portal(&self) -> Portal {
        self.0.portal
    }
    /// The client's address, behind trusted proxies.
    #[must_use]
    pub fn client(&self) -> IpAddr {
        self.0.client
    }
    /// The `Host`, with its port, in lower case.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.0.host
    }
    /// Tells page frames who is signed in; later calls add to earlier ones.
    pub fn shell(&self, change: impl FnOnce(&mut Shell)) {
        change(&mut self.0.found.lock().shell);
    }
    /// A copy of what page frames show.
    #[must_use]
    pub fn shell_now(&self) -> Shell {
        self.0.found.lock().shell.clone()
    }
    /// Names the caller for the access log: ids only.
    pub fn caller(&self, tenant: Option<String>, actor: Option<String>) {
        let mut found = self.0.found.lock();
        found.tenant = tenant.or(found.tenant.take());
        found.actor = actor.or(found.actor.take());
    }
    /// Notes a rate limit's state for the answer's headers. The tightest one wins.
    pub fn rate(&self, state: RateState) {
        let mut found = self.0.found.lock();
        if found.rate.as_ref().is_none_or(|known| state.remaining <= known.remaining) {
            found.rate = Some(state);
        }
    }
    pub(crate) fn rate_now(&self) -> Option<RateState> {
        self.0.found.lock().rate.clone()
    }
    pub(crate) fn route(&self, route: &str) {
        self.0.found.lock().route = Some(route.to_owned());
    }
    /// From now on errors of this request are written by `write` and not as a page or problem document: for routes that
    /// speak another API's language.
    pub fn errors_as(&self, write: WriteError) {
        self.0.found.lock().errors = Some(write);
    }
    pub(crate) fn errors(&self) -> Option<WriteError> {
        self.0.found.lock().errors
    }
    /// Route pattern, tenant and actor, for the log and the metrics.
    pub(crate) fn labels(&self) -> (Option<String>, Option<String>, Option<String>) {
        let found = self.0.found.lock();
        (found.route.clone(), found.tenant.clone(), found.actor.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_the_first_letters_of_the_first_and_last_word() {
        for (name, initials) in
            [("Alex Doe", "AD"), ("alex", "A"), ("Ana María de la Cruz", "AC"), ("", ""), ("ßeta", "SS")]
        {
            assert_eq!(ShellUser::new(name, "").initials, initials);
        }
    }
}

//! Extractors: a member of the organisation in the path (`app.`), a caller of the API (`api.`).

use crate::Tenancy;
use crate::model::TenantSummary;
use axum::Router;
use axum::extract::{FromRef, FromRequestParts, OptionalFromRequestParts, RawPathParams, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use http::header;
use http::request::Parts;
use identity::{Identity, SignedIn, User};
use kernel_core::{Actor, Caller, Code, Error, SessionId};
use kernel_web::{Exchange, Policy, ShellTenant, Web, WebError};

/// A signed-in member of the organisation that the path names: `/o/{slug}/…`.
#[derive(Clone, Debug)]
pub struct Member {
    /// Who acts, for services.
    pub caller: Caller,
    /// The organisation.
    pub tenant: TenantSummary,
    /// The person.
    pub user: User,
    /// The session.
    pub session: SessionId,
}

impl<S> FromRequestParts<S> for Member
where
    Tenancy: FromRef<S>,
    Identity: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = WebError;

    /// People who are not signed in are sent to sign in; an organisation that is none of theirs is `not_found`.
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, WebError> {
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| Error::not_found())?;
        let slug = params.iter().find(|(name, _)| *name == "slug").map(|(_, slug)| slug.to_owned());
        let slug = slug.ok_or_else(Error::not_found)?;
        let SignedIn { user, session, methods, .. } =
            <SignedIn as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        let tenancy = Tenancy::from_ref(state);
        let exchange = Exchange::of(parts);
        tenancy.show_tenants(&exchange, &user).await?;
        let (caller, tenant) = tenancy.enter(&slug, user.id).await?;
        if !tenancy.sso_lets_in(&tenant, caller.role, &user, &methods).await? {
            return Err(crate::sso::lead_to_provider(parts, &tenant));
        }
        if !tenancy.lets_in(&tenant, user.id).await? {
            return Err(crate::security::lead_to_factor(parts, &tenant));
        }
        let shown = ShellTenant {
            id: tenant.id.to_string(),
            name: tenant.name.clone(),
            slug: tenant.slug.clone(),
            role: caller.role.name().to_owned(),
        };
        exchange.shell(|shell| shell.tenant = Some(shown));
        exchange.caller(Some(tenant.id.to_string()), Some(user.id.to_string()));
        if user.last_tenant != Some(tenant.id) {
            tenancy.identity().remember_tenant(user.id, tenant.id).await?;
        }
        Ok(Self { caller, tenant, user, session })
    }
}

/// Wraps pages that belong to a person rather than to an organisation (the account): their frames show the person's
/// organisations all the same, the one opened last as the current one.
pub fn with_switcher(pages: Router, tenancy: &Tenancy) -> Router {
    pages.route_layer(from_fn_with_state(tenancy.clone(), show_switcher))
}

async fn show_switcher(
    State(tenancy): State<Tenancy>,
    request: Request,
    next: Next,
) -> Result<Response, WebError> {
    let (mut parts, body) = request.into_parts();
    let who =
        <SignedIn as OptionalFromRequestParts<Tenancy>>::from_request_parts(&mut parts, &tenancy).await?;
    if let Some(who) = who {
        let exchange = Exchange::of(&mut parts);
        tenancy.show_tenants(&exchange, &who.user).await?;
        let last = who.user.last_tenant.map(|tenant| tenant.to_string());
        exchange.shell(|shell| {
            shell.tenant = shell.tenants.iter().find(|shown| Some(&shown.id) == last.as_ref()).cloned()
        });
    }
    Ok(next.run(Request::from_parts(parts, body)).await)
}

impl Tenancy {
    /// Tells page frames the person's organisations, for the switcher.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn show_tenants(&self, exchange: &Exchange, user: &User) -> kernel_core::Result<()> {
        let tenants = self.tenants_of(user.id).await?;
        let shown = tenants.into_iter().map(|membership| ShellTenant {
            id: membership.tenant.id.to_string(),
            name: membership.tenant.name,
            slug: membership.tenant.slug,
            role: membership.role.name().to_owned(),
        });
        exchange.shell(|shell| shell.tenants = shown.collect());
        Ok(())
    }
}

/// A caller of the API, by API token or by the app's JWT, within the rate limit of that token or person.
#[derive(Clone, Debug)]
pub struct ApiCaller(pub Caller);

/// The bearer token of a request (RFC 6750 section 2.1). `what`: the kind that is wanted.
pub(crate) fn bearer(parts: &Parts, what: &str) -> Result<String, Error> {
    let header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = header
        .and_then(|value| value.split_once(' '))
        .filter(|(kind, _)| kind.eq_ignore_ascii_case("bearer"))
        .map(|(_, bearer)| bearer.trim().to_owned());
    bearer.ok_or_else(|| {
        Error::new(Code::Unauthenticated).detail(format!("Send Authorization: Bearer followed by {what}."))
    })
}

impl<S> FromRequestParts<S> for ApiCaller
where
    Tenancy: FromRef<S>,
    Web: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, WebError> {
        let bearer = bearer(parts, "an API token")?;
        let exchange = Exchange::of(parts);
        let tenancy = Tenancy::from_ref(state);
        let (caller, per_minute) = tenancy.let_in(&bearer, Some(exchange.client())).await?;
        exchange.caller(Some(caller.tenant.to_string()), Some(caller.actor.to_string()));
        let key = match caller.actor {
            Actor::Token(id) => id.uuid(),
            Actor::User(id) => id.uuid(),
            Actor::Connection(id) => id.uuid(),
            Actor::System => caller.tenant.uuid(),
        };
        let web = Web::from_ref(state);
        web.limits().enforce(&exchange, Policy::API, &key.to_string())?;
        web.limits().enforce(&exchange, web.tenant_calls(), &caller.tenant.uuid().to_string())?;
        if let Some(calls) = per_minute {
            // A token's own limit besides the one of every token; told last, so the headers are about it.
            let own = Policy { name: "token", quota: calls, window_seconds: 60, burst: calls };
            web.limits().enforce(&exchange, own, &key.to_string())?;
        }
        Ok(Self(caller))
    }
}

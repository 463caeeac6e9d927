//! The authorization endpoint: `/oauth/authorize` leads to the organisation that the app belongs to; there its member is
//! asked. Reading changes nothing; the yes is a form with a CSRF token on a page that nobody may frame.

use super::form::{Boxes, Pages, items, sentences};
use super::grants::{Asked, Consent, Outcome};
use super::model::source;
use super::views::ConsentView;
use crate::{Member, Tenancy};
use axum::Router;
use axum::extract::{Query, RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use http::{HeaderValue, header};
use identity::{Visit, guarded, mendable};
use kernel_core::{Code, Error, Result};
use kernel_web::{CsrfForm, FormState, Page, Policy, Portal, WebError, limit_key, security_headers};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

pub(super) fn routes(tenancy: &Tenancy) -> Router<Pages> {
    // Asked before, so that the yes itself needs no page in between: that page could not lead to the app's address.
    let identity = tenancy.identity();
    Router::new()
        .route("/oauth/authorize", get(authorize))
        .route("/o/{slug}/apps/authorize", guarded(identity, get(ask).post(decide)))
}

fn unknown() -> Error {
    Error::new(Code::BadRequest).detail("There is no such app. Its makers have to look at its client id.")
}

/// To the organisation of the app, with the request as it came.
async fn authorize(
    State(tenancy): State<Tenancy>,
    page: Page,
    visit: Visit,
    Query(asked): Query<Asked>,
    RawQuery(raw): RawQuery,
) -> Result<Response, WebError> {
    page.web().limits().check(Policy::OAUTH, &limit_key(visit.address))?;
    let text = asked.app().ok_or_else(unknown)?;
    let found = tenancy.app_of(text).await?.is_some();
    let tenant = tenancy.tenant(text.tenant).await.ok().filter(|_| found).ok_or_else(unknown)?;
    let path = format!("/o/{}/apps/authorize?{}", tenant.slug, raw.unwrap_or_default());
    Ok(page.redirect(&path))
}

#[derive(Deserialize, Serialize)]
struct Decision {
    #[serde(flatten)]
    asked: Asked,
    /// `allow`, or anything else for no.
    #[serde(default)]
    decision: String,
    /// `some`: the ticked bases; else all.
    #[serde(default)]
    reach: String,
    #[serde(flatten, skip_serializing)]
    boxes: HashMap<String, String>,
}

async fn view(pages: &Pages, member: &Member, asked: &Asked, consent: &Consent) -> Result<ConsentView> {
    let known = pages.bases.bases(&member.caller).await?;
    Ok(ConsentView {
        tenant: member.tenant.name.clone(),
        slug: member.tenant.slug.clone(),
        app: consent.app.name.clone(),
        back: source(&asked.redirect_uri).unwrap_or_default(),
        may: sentences(consent.scopes),
        hidden: vec![
            ("client_id", asked.client_id.clone()),
            ("redirect_uri", asked.redirect_uri.clone()),
            ("response_type", asked.response_type.clone()),
            ("scope", asked.scope.clone()),
            ("state", asked.state.clone()),
            ("code_challenge", asked.code_challenge.clone()),
            ("code_challenge_method", asked.code_challenge_method.clone()),
        ],
        bases: items(known, |_| false),
        form: FormState::empty().value("reach", "all"),
    })
}

/// The page, whose form may lead to the app's address and nowhere else.
fn shown(page: &Page, mut response: Response, asked: &Asked) -> Response {
    let to = source(&asked.redirect_uri).unwrap_or_default();
    let policy = security_headers::policy(page.web(), Portal::App)
        .replace("form-action 'self'", &format!("form-action 'self' {to}"));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

async fn ask(
    State(pages): State<Pages>,
    page: Page,
    member: Member,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    match pages.tenancy.asked(&member.caller, &asked).await? {
        Outcome::Ask(consent) => {
            let view = view(&pages, &member, &asked, &consent).await?;
            Ok(shown(&page, page.render(&view), &asked))
        }
        Outcome::Refuse(error, why) => Ok(refused(&pages, &page, &asked, error, why)),
    }
}

fn refused(pages: &Pages, page: &Page, asked: &Asked, error: &str, why: &str) -> Response {
    let pairs = [("error", error), ("error_description", why)];
    page.redirect(&asked.answer(pages.tenancy.issuer(), &pairs))
}

async fn decide(
    State(pages): State<Pages>,
    page: Page,
    (member, visit): (Member, Visit),
    CsrfForm(decision): CsrfForm<Decision>,
) -> Result<Response, WebError> {
    let asked = &decision.asked;
    let consent = match pages.tenancy.asked(&member.caller, asked).await? {
        Outcome::Ask(consent) => consent,
        Outcome::Refuse(error, why) => return Ok(refused(&pages, &page, asked, error, why)),
    };
    if decision.decision != "allow" {
        return Ok(refused(&pages, &page, asked, "access_denied", "The person said no."));
    }
    let known = pages.bases.bases(&member.caller).await?;
    let some = (decision.reach == "some").then(|| Boxes(&decision.boxes).numbers(&known));
    match pages.tenancy.agree(&member.caller, (asked, &consent), some.as_deref(), &visit).await {
        Ok(code) => Ok(page.redirect(&asked.answer(pages.tenancy.issuer(), &[("code", &code)]))),
        Err(error) => {
            let (status, error) = mendable(error)?;
            let mut view = view(&pages, &member, asked, &consent).await?;
            view.form = FormState::empty().value("reach", decision.reach.clone()).with(&error);
            Ok(shown(&page, page.render_with(status, &view), asked))
        }
    }
}

//! The layer around a sensitive route. Nothing is lost: a form that comes too late is kept in the page that asks, and goes
//! on to its handler together with the proof. Passwords among its fields are left out; the handler asks for them again.

use super::routes::{proof_field, render};
use super::service::Given;
use super::{FRESH, GRACE};
use crate::Identity;
use crate::model::Visit;
use crate::session::SignedIn;
use crate::session::extract::COOKIE;
use crate::session::routes::{mendable, with_session};
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest as _, FromRequestParts as _, OptionalFromRequestParts, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::MethodRouter;
use http::{Method, header};
use kernel_core::{Code, Error};
use kernel_web::{Exchange, FormState, Page, WebError, csrf};

/// Wraps the handlers that `routes` has so far.
pub fn guarded<S>(identity: &Identity, routes: MethodRouter<S>) -> MethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    routes.layer(from_fn_with_state(identity.clone(), guard))
}

async fn guard(State(identity): State<Identity>, request: Request, next: Next) -> Result<Response, WebError> {
    let (mut parts, body) = request.into_parts();
    let who =
        <SignedIn as OptionalFromRequestParts<Identity>>::from_request_parts(&mut parts, &identity).await?;
    // Nobody is signed in: the handler says so in its own way.
    let Some(who) = who else { return Ok(next.run(Request::from_parts(parts, body)).await) };
    let reading = parts.method == Method::GET || parts.method == Method::HEAD;
    let limit = if reading { FRESH } else { GRACE };
    if identity.now().duration_since(who.proven_at) <= limit {
        return Ok(next.run(Request::from_parts(parts, body)).await);
    }
    let accept = parts.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("");
    if accept.contains("json") && !accept.contains("text/html") {
        return Err(Error::new(Code::StepUpRequired).into());
    }
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    if reading {
        return Err(WebError::redirect(&super::routes::confirm_path(&path)));
    }
    let Ok(page) = Page::from_request_parts(&mut parts, &identity).await;
    let Ok(visit) = Visit::from_request_parts(&mut parts, &identity).await;
    let exchange = Exchange::of(&mut parts);
    let limited = Request::from_parts(parts.clone(), body);
    let body = Bytes::from_request(limited, &identity).await.map_err(|_| Error::new(Code::BodyTooLarge))?;
    let fields: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    let field = |name: &str| fields.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
    csrf::verify(identity.web(), &exchange, &parts.headers, field("_csrf"))?;
    let kept: Vec<(String, String)> = fields
        .iter()
        .filter(|(name, _)| !name.starts_with('_') && !name.contains("password"))
        .cloned()
        .collect();
    let given = Given {
        password: field(proof_field::PASSWORD).unwrap_or_default().to_owned(),
        code: field(proof_field::CODE).unwrap_or_default().to_owned(),
        passkey: field(proof_field::PASSKEY).unwrap_or_default().to_owned(),
    };
    let asked = [proof_field::PASSWORD, proof_field::CODE, proof_field::PASSKEY];
    if asked.iter().all(|name| field(name).is_none()) {
        return render(&identity, &page, &who, FormState::empty(), &path, kept).await;
    }
    let session = match identity.prove(&who, &given, &visit).await {
        Ok(session) => session,
        Err(error) => {
            let (_, error) = mendable(error)?;
            return render(&identity, &page, &who, FormState::empty().with(&error), &path, kept).await;
        }
    };
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields.iter().filter(|(name, _)| *name == "_csrf" || !name.starts_with('_')))
        .finish();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.extensions.insert(SignedIn { proven_at: identity.now(), ..who });
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    // A handler that began another session has the last word.
    let own = format!("__Host-{COOKIE}=");
    let begun = response
        .headers()
        .get_all(header::SET_COOKIE)
        .iter()
        .any(|cookie| cookie.as_bytes().starts_with(own.as_bytes()));
    Ok(if begun { response } else { with_session(response, &session, &identity) })
}

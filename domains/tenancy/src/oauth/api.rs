//! The endpoints of programs on `api.`: `/oauth/token`, `/oauth/revoke`, `/oauth/introspect`, the metadata and the keys.

use super::model::SCOPES;
use super::refused::{Refused, private};
use super::token::Client;
use crate::Tenancy;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequestParts, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use data_encoding::BASE64;
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use identity::Visit;
use kernel_web::{Exchange, Policy, Web, WebError, limit_key};
use serde_json::{Value, json};
use std::convert::Infallible;

/// Fields of a request at most: far more than any of ours has. Each is compared with those before it.
const MOST_FIELDS: usize = 30;
/// Bytes of a request at most: anybody may send one.
const MOST_BYTES: usize = 64 << 10;

/// The routes of programs on `api.`.
pub fn api(tenancy: &Tenancy) -> Router {
    Router::new()
        .route("/.well-known/oauth-authorization-server", get(metadata))
        .route("/.well-known/jwks.json", get(keys))
        .route("/oauth/token", post(token))
        .route("/oauth/revoke", post(revoke))
        .route("/oauth/introspect", post(introspect))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .with_state(tenancy.clone())
}

/// RFC 8414.
async fn metadata(State(tenancy): State<Tenancy>) -> Response {
    let origins = tenancy.identity().web().origins();
    let (api, app) = (&origins.api, &origins.app);
    let methods = ["client_secret_basic", "client_secret_post", "none"];
    let document = json!({
        "issuer": api,
        "authorization_endpoint": format!("{app}/oauth/authorize"),
        "token_endpoint": format!("{api}/oauth/token"),
        "revocation_endpoint": format!("{api}/oauth/revoke"),
        "introspection_endpoint": format!("{api}/oauth/introspect"),
        "jwks_uri": format!("{api}/.well-known/jwks.json"),
        "scopes_supported": SCOPES.map(kernel_core::Scope::name),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "token_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_methods_supported": methods,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        "service_documentation": format!("{}/docs/oauth", origins.www),
    });
    shared(document)
}

async fn keys(State(tenancy): State<Tenancy>) -> Result<Response, WebError> {
    Ok(shared(tenancy.key_set().await?))
}

/// Anybody may keep it for a minute.
fn shared(document: Value) -> Response {
    ([(header::CACHE_CONTROL, "public, max-age=60")], Json(document)).into_response()
}

/// The request, for the limit of an address.
struct Asker(Exchange);

impl<S: Send + Sync> FromRequestParts<S> for Asker {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(Exchange::of(parts)))
    }
}

/// The fields of a request, each at most once (RFC 6749 3.2).
struct Fields(Vec<(String, String)>);

impl Fields {
    fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Refused> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !kind.trim_start().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") {
            return Err(Refused::request("Send the fields as application/x-www-form-urlencoded."));
        }
        let mut fields: Vec<(String, String)> = Vec::new();
        for (at, (name, value)) in form_urlencoded::parse(body).into_owned().enumerate() {
            if at >= MOST_FIELDS {
                return Err(Refused::request("Too many fields were sent."));
            }
            if fields.iter().any(|(known, _)| *known == name) {
                return Err(Refused::request("A field was sent twice."));
            }
            // An empty field counts as none (RFC 6749 3.2).
            if !value.is_empty() {
                fields.push((name, value));
            }
        }
        Ok(Self(fields))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn need(&self, name: &str, why: &'static str) -> Result<&str, Refused> {
        self.get(name).ok_or(Refused::request(why))
    }
}

/// Who asks, by Basic or by fields (RFC 6749 2.3.1); never both.
async fn client(tenancy: &Tenancy, headers: &HeaderMap, fields: &Fields) -> Result<Client, Refused> {
    let basic = match headers.get(header::AUTHORIZATION) {
        None => None,
        Some(value) => Some(value.to_str().ok().and_then(basic).ok_or(Refused::Client)?),
    };
    match (basic, fields.get("client_id"), fields.get("client_secret")) {
        (Some(_), _, Some(_)) => Err(Refused::request("The app proves who it is in two ways.")),
        (Some((id, _)), Some(other), None) if id != other => {
            Err(Refused::request("client_id is not the one of the Authorization header."))
        }
        (Some((id, secret)), _, None) => tenancy.client(&id, Some(&secret)).await,
        (None, Some(id), secret) => tenancy.client(id, secret).await,
        (None, None, _) => Err(Refused::Client),
    }
}

fn basic(value: &str) -> Option<(String, String)> {
    let (kind, text) = value.split_once(' ')?;
    let text = BASE64.decode(text.trim().as_bytes()).ok().filter(|_| kind.eq_ignore_ascii_case("basic"))?;
    let text = String::from_utf8(text).ok()?;
    let (id, secret) = text.split_once(':')?;
    // Each half is encoded as a form's value is (RFC 6749 2.3.1); ours have nothing to encode but clients may.
    let plain = |text: &str| {
        let pair = format!("x={text}");
        form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned())
    };
    Some((plain(id)?, plain(secret)?))
}

type Request = (Asker, Visit);

fn within_limits(web: &Web, (asker, visit): &Request) -> Result<(), Refused> {
    let key = limit_key(visit.address);
    let state = web.limits().check(Policy::OAUTH, &key)?;
    asker.0.rate(state);
    Ok(())
}

async fn token(
    State(tenancy): State<Tenancy>,
    State(web): State<Web>,
    asked: Request,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    within_limits(&web, &asked)?;
    let fields = Fields::read(&headers, &body)?;
    let client = client(&tenancy, &headers, &fields).await?;
    let visit = &asked.1;
    let answer = match fields.need("grant_type", "grant_type is missing.")? {
        "authorization_code" => {
            let code = fields.need("code", "code is missing.")?;
            let redirect = fields.need("redirect_uri", "redirect_uri is missing.")?;
            let verifier = fields.need("code_verifier", "code_verifier is missing.")?;
            tenancy.exchange_code(&client, (code, redirect, verifier), visit).await?
        }
        "refresh_token" => {
            let token = fields.need("refresh_token", "refresh_token is missing.")?;
            tenancy.refresh(&client, (token, fields.get("scope").unwrap_or_default()), visit).await?
        }
        "client_credentials" => {
            tenancy.client_credentials(&client, fields.get("scope").unwrap_or_default()).await?
        }
        _ => return Err(Refused::Protocol("unsupported_grant_type", "This way to a token is not offered.")),
    };
    Ok(private(StatusCode::OK, answer))
}

async fn revoke(
    State(tenancy): State<Tenancy>,
    State(web): State<Web>,
    asked: Request,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    within_limits(&web, &asked)?;
    let fields = Fields::read(&headers, &body)?;
    let client = client(&tenancy, &headers, &fields).await?;
    let token = fields.need("token", "token is missing.")?;
    tenancy.revoke(&client, token, &asked.1).await?;
    Ok(private(StatusCode::OK, json!({})))
}

async fn introspect(
    State(tenancy): State<Tenancy>,
    State(web): State<Web>,
    asked: Request,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    within_limits(&web, &asked)?;
    let fields = Fields::read(&headers, &body)?;
    let client = client(&tenancy, &headers, &fields).await?;
    let token = fields.need("token", "token is missing.")?;
    Ok(private(StatusCode::OK, tenancy.introspect(&client, token).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_once_and_are_few() {
        let mut headers = HeaderMap::new();
        let form = http::HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(header::CONTENT_TYPE, form);
        let many = |count: usize| (0..count).map(|at| format!("f{at}=x")).collect::<Vec<_>>().join("&");
        let read = |body: &str| match Fields::read(&headers, body.as_bytes()) {
            Ok(fields) => Ok(fields.0.len()),
            Err(Refused::Protocol(_, why)) => Err(why),
            Err(_) => Err("something else"),
        };
        assert_eq!(read(&many(MOST_FIELDS)), Ok(MOST_FIELDS));
        assert_eq!(read(&many(MOST_FIELDS + 1)), Err("Too many fields were sent."));
        assert_eq!(
            read(&"a=&".repeat(MOST_FIELDS + 1)),
            Err("Too many fields were sent."),
            "empty ones count"
        );
        assert_eq!(read("a=1&b=&a=2"), Err("A field was sent twice."));
        assert_eq!(read("a=1&b="), Ok(1));
    }
}

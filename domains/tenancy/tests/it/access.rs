//! The API's gate: tokens and JWTs over HTTP.

use crate::town::Town;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::routing::get;
use http::{Request, header};
use http_body_util::BodyExt as _;
use jiff::SignedDuration;
use kernel_core::{Actor, Code, Role, Scope};
use kernel_web::Portals;
use std::net::SocketAddr;
use tenancy::{ApiCaller, NewToken};
use tower::ServiceExt as _;

#[tokio::test]
async fn a_jwt_is_the_person_for_five_minutes() {
    let town = Town::new().await;
    let visit = town.world.visit();
    let (tenant, owner) = town.organisation("Acme").await;
    let editor = town.join(&tenant, &owner, "Ed", Role::Editor).await;
    let session = town.session(&editor.user).await;
    let jwt = town.tenancy.mint_jwt(tenant.id, editor.user.id, session).unwrap();
    let caller = town.tenancy.authenticate(&jwt).await.unwrap();
    assert_eq!(
        (caller.tenant, caller.actor, caller.role),
        (tenant.id, Actor::User(editor.user.id), Role::Editor)
    );
    assert!(caller.scopes.is_none());
    town.tenancy.change_role(&owner.caller, editor.user.id, Role::Viewer, &visit).await.unwrap();
    assert_eq!(town.tenancy.authenticate(&jwt).await.unwrap().role, Role::Viewer, "the role of now");
    town.world.pass(SignedDuration::from_secs(301));
    assert_eq!(town.tenancy.authenticate(&jwt).await.unwrap_err().code(), Code::Unauthenticated);
}

#[tokio::test]
async fn a_jwt_ends_with_its_session_and_with_the_membership() {
    let town = Town::new().await;
    let visit = town.world.visit();
    let (tenant, owner) = town.organisation("Acme").await;
    let editor = town.join(&tenant, &owner, "Ed", Role::Editor).await;
    let (one, two) = (town.session(&editor.user).await, town.session(&editor.user).await);
    let mint = |session| town.tenancy.mint_jwt(tenant.id, editor.user.id, session).unwrap();
    let (first, second) = (mint(one), mint(two));
    town.tenancy.authenticate(&first).await.unwrap();
    town.world.identity.end_session(editor.user.id, one, &visit).await.unwrap();
    // The notification is on its way; what was kept is at most five seconds old in any case.
    town.world.pass(SignedDuration::from_secs(6));
    assert_eq!(town.tenancy.authenticate(&first).await.unwrap_err().code(), Code::Unauthenticated);
    town.tenancy.authenticate(&second).await.unwrap();
    town.tenancy.remove_member(&owner.caller, editor.user.id, &visit).await.unwrap();
    assert_eq!(town.tenancy.authenticate(&second).await.unwrap_err().code(), Code::Unauthenticated);
}

async fn whoami(ApiCaller(caller): ApiCaller) -> String {
    caller.actor.to_string()
}

async fn call(router: &Router, authorization: Option<&str>) -> (u16, String) {
    let mut request = Request::builder().uri("/v1/whoami").header(header::HOST, "api.nclc.localhost:8080");
    if let Some(value) = authorization {
        request = request.header(header::AUTHORIZATION, value);
    }
    let mut request = request.body(Body::empty()).unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([203, 0, 113, 9], 5000))));
    let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status.as_u16(), String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test]
async fn over_http() {
    let town = Town::new().await;
    let (tenant, owner) = town.organisation("Acme").await;
    let api = Router::new().route("/v1/whoami", get(whoami)).with_state(town.tenancy.clone());
    let router = kernel_web::by_host(&town.world.web, Portals { api: Some(api), ..Portals::default() });
    for nothing in [None, Some("Basic abc"), Some("Bearer"), Some("Bearer nonsense")] {
        let (status, body) = call(&router, nothing).await;
        assert!(status == 401 && body.contains("\"code\":\"unauthenticated\""), "{nothing:?} {body}");
    }
    let scopes = [Scope::Read].into_iter().collect();
    let new = NewToken { label: "Kiosk".into(), scopes, days: None, ..NewToken::default() };
    let made = town.tenancy.create_token(&owner.caller, &new, &town.world.visit()).await.unwrap();
    let bearer = format!("Bearer {}", made.text.expose());
    assert_eq!(call(&router, Some(&bearer)).await, (200, made.id.to_string()));
    town.tenancy.suspend(tenant.id, "Unpaid").await.unwrap();
    let (status, body) = call(&router, Some(&bearer)).await;
    assert!(
        status == 403 && body.contains("\"code\":\"tenant_suspended\"") && body.contains("Acme"),
        "{body}"
    );
}

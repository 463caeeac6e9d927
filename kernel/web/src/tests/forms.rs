//! CSRF: what is refused, and that nothing else is.

use super::*;
use crate::CsrfForm;
use axum::routing::{get as route_get, post};
use serde::Deserialize;

#[derive(Deserialize)]
struct Input {
    name: String,
}

async fn save(CsrfForm(input): CsrfForm<Input>) -> Result<String, WebError> {
    Ok(format!("saved {}", input.name))
}

fn app(web: &Web) -> Router {
    let routes =
        Router::new().route("/form", route_get(csrf_of)).route("/save", post(save)).with_state(web.clone());
    portals(web, |portals| portals.app = Some(routes))
}

/// Loads the form and returns (cookie pair, token).
async fn load(router: &Router) -> (String, String) {
    let answer = send(router, get(APP, "/form"), "").await;
    let cookie = answer.header("set-cookie").to_owned();
    assert!(
        cookie.starts_with("__Host-csrf=") && cookie.contains("; Secure; HttpOnly; SameSite=Lax"),
        "{cookie}"
    );
    (cookie.split(';').next().unwrap().to_owned(), answer.body)
}

fn submit(cookie: &str) -> http::request::Builder {
    Request::post("/save")
        .header(header::HOST, APP)
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
}

#[tokio::test]
async fn a_form_with_its_token_is_taken_from_the_field_or_the_header() {
    let router = app(&web());
    let (cookie, token) = load(&router).await;
    let body = format!("_csrf={token}&name=J%C3%BCrg+%26+Co");
    let answer = send(&router, submit(&cookie).header("origin", APP_ORIGIN), body).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "saved Jürg & Co"));
    let by_header = submit(&cookie).header("x-csrf-token", &token).header("sec-fetch-site", "same-origin");
    assert_eq!(send(&router, by_header, "name=a").await.status, 200);
}

#[tokio::test]
async fn a_second_page_keeps_the_cookie_and_has_another_token() {
    let router = app(&web());
    let (cookie, token) = load(&router).await;
    let again = send(&router, get(APP, "/form").header(header::COOKIE, &cookie), "").await;
    assert_eq!(again.header("set-cookie"), "");
    assert_ne!(again.body, token, "tokens are masked anew");
    let answer = send(&router, submit(&cookie), format!("_csrf={}&name=a", again.body)).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn everything_else_is_refused() {
    let router = app(&web());
    let (cookie, token) = load(&router).await;
    let (other_cookie, other_token) = load(&router).await;
    let fine = format!("_csrf={token}&name=a");
    let mut flipped = token.clone().into_bytes();
    flipped[40] = if flipped[40] == b'A' { b'B' } else { b'A' };
    let flipped = String::from_utf8(flipped).unwrap();
    let cases = [
        ("no token", submit(&cookie), "name=a".to_owned()),
        ("no cookie", submit("a=b"), fine.clone()),
        ("another browser's cookie", submit(&other_cookie), fine.clone()),
        ("another browser's token", submit(&cookie), format!("_csrf={other_token}&name=a")),
        ("a changed token", submit(&cookie), format!("_csrf={flipped}&name=a")),
        ("the cookie as token", submit(&cookie), format!("_csrf={}&name=a", &cookie[12..])),
        ("a foreign origin", submit(&cookie).header("origin", "http://evil.example"), fine.clone()),
        (
            "a suffix origin",
            submit(&cookie).header("origin", "http://app.nclc.localhost:8080.evil.example"),
            fine.clone(),
        ),
        ("another portal", submit(&cookie).header("origin", "http://www.nclc.localhost:8080"), fine.clone()),
        (
            "a tenant's site",
            submit(&cookie).header("origin", "http://x.sites.nclc.localhost:8080"),
            fine.clone(),
        ),
        ("another scheme", submit(&cookie).header("origin", "https://app.nclc.localhost:8080"), fine.clone()),
        ("a null origin", submit(&cookie).header("origin", "null"), fine.clone()),
        ("a cross-site fetch", submit(&cookie).header("sec-fetch-site", "cross-site"), fine.clone()),
        ("a same-site fetch", submit(&cookie).header("sec-fetch-site", "same-site"), fine.clone()),
    ];
    for (what, request, body) in cases {
        let answer = send(&router, request, body).await;
        assert_eq!(answer.status, 403, "{what}: {}", answer.body);
    }
    let mut plain = submit(&cookie);
    plain.headers_mut().unwrap().insert(header::CONTENT_TYPE, "text/plain".parse().unwrap());
    assert_eq!(send(&router, plain, fine).await.status, 403, "text/plain");
}

#[tokio::test]
async fn a_form_that_lacks_a_field_or_is_too_large_says_so() {
    let router = app(&web_with("[http]\nbody_limit = 2000"));
    let (cookie, token) = load(&router).await;
    let answer = send(&router, submit(&cookie), format!("_csrf={token}")).await;
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("missing field `name`"), "{}", answer.body);
    let large = send(&router, submit(&cookie), format!("_csrf={token}&name={}", "a".repeat(3000))).await;
    assert_eq!(large.status, 413);
}

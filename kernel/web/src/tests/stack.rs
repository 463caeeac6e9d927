//! What every answer carries, and how failures look.

use super::*;
use crate::{ApiJson, ApiQuery, ClientAddr, Exchange, Policy};
use axum::extract::{FromRequestParts as _, State};
use axum::routing::{get as route_get, post};
use kernel_core::{Code, Error};
use serde::Deserialize;
use serde_json::json;

async fn broken() -> Result<Response, WebError> {
    Err(Error::internal(std::io::Error::other("password=hunter2")).into())
}
async fn panics() -> Result<Response, WebError> {
    panic!("secret text")
}
async fn slow() -> Result<Response, WebError> {
    std::future::pending().await
}
async fn forbidden() -> Result<Response, WebError> {
    Err(Error::new(Code::Forbidden).detail("This needs the role admin or higher.").into())
}
async fn limited(State(web): State<Web>, request: Request) -> Result<Response, WebError> {
    let (mut parts, _) = request.into_parts();
    let exchange = Exchange::of(&mut parts);
    let policy = Policy { name: "two", quota: 1, window_seconds: 60, burst: 2 };
    web.limits().enforce(&exchange, policy, "key")?;
    let ClientAddr(client) =
        ClientAddr::from_request_parts(&mut parts, &()).await.unwrap_or_else(|never| match never {});
    Ok(axum::response::IntoResponse::into_response(client.to_string()))
}
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    name: String,
}
async fn json_in(ApiQuery(_): ApiQuery<Limit>, ApiJson(body): ApiJson<Body>) -> Result<String, WebError> {
    Ok(body.name)
}
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Limit {
    #[serde(default, rename = "limit")]
    _limit: Option<u32>,
}

fn routes(web: &Web) -> Router {
    Router::new()
        .route("/", route_get(hello))
        .route("/broken", route_get(broken))
        .route("/panics", route_get(panics))
        .route("/slow", route_get(slow))
        .route("/forbidden", route_get(forbidden))
        .route("/limited", route_get(limited))
        .route("/json", post(json_in))
        .with_state(web.clone())
}

fn both(web: &Web) -> Router {
    portals(web, |portals| {
        portals.app = Some(routes(web));
        portals.api = Some(routes(web));
    })
}

#[tokio::test]
async fn failures_are_problems_on_the_api_and_pages_elsewhere() {
    // A time-out of nothing: whoever is not done at the first look is too slow.
    let router = both(&web_with("[http]\ntimeout_seconds = 0"));
    for (path, status, code) in [
        ("/nothing", 404, "not_found"),
        ("/json", 405, "method_not_allowed"),
        ("/broken", 500, "internal"),
        ("/panics", 500, "internal"),
        ("/slow", 503, "timeout"),
        ("/forbidden", 403, "forbidden"),
    ] {
        let problem = send(&router, get(API, path), "").await;
        assert_eq!(problem.status, status, "{path}");
        assert_eq!(problem.header("content-type"), "application/problem+json");
        let body = problem.json();
        assert_eq!((body["status"].as_u64(), body["code"].as_str()), (Some(u64::from(status)), Some(code)));
        assert_eq!(body["request_id"], problem.header("request-id"));
        assert!(body["type"].as_str().unwrap().ends_with(&format!("/docs/errors#{code}")));
        let page = send(&router, get(APP, path).header("accept", "text/html"), "").await;
        assert_eq!(
            (page.status, page.header("content-type")),
            (status, "text/html; charset=utf-8"),
            "{path}"
        );
        assert!(page.body.contains(page.header("request-id")), "{path}: the page names the request");
        for answer in [&problem.body, &page.body] {
            assert!(!answer.contains("hunter2") && !answer.contains("secret text"), "{path}: {answer}");
        }
        let asked = send(&router, get(APP, path).header("accept", "application/json"), "").await;
        assert_eq!(asked.json()["code"], code, "{path}: JSON on request");
    }
}

#[tokio::test]
async fn security_headers_are_on_every_answer() {
    let router = both(&web());
    for (host, path) in
        [(APP, "/"), (APP, "/nothing"), (APP, "/broken"), (API, "/"), (API, "/x"), ("other.example", "/")]
    {
        let answer = send(&router, get(host, path), "").await;
        let policy = answer.header("content-security-policy");
        for part in [
            "default-src 'self'",
            "script-src 'self'",
            "style-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "form-action 'self'",
        ] {
            assert!(policy.contains(part), "{host}{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "strict-origin-when-cross-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), value, "{host}{path} {name}");
        }
        assert!(answer.header("request-id").starts_with("req_"), "{host}{path}");
        assert!(answer.header("permissions-policy").contains("camera=()"));
        assert_eq!(answer.header("strict-transport-security"), "", "no HSTS without https");
    }
    let app = send(&router, get(APP, "/"), "").await;
    assert!(
        app.header("content-security-policy").contains("connect-src 'self' http://api.nclc.localhost:8080;")
    );
    let https = both(&web_with("[site]\nscheme = \"https\"\npublic_port = 443"));
    let answer = send(&https, get(APP, "/"), "").await;
    assert_eq!(answer.header("strict-transport-security"), "max-age=31536000; includeSubDomains");
}

#[tokio::test]
async fn cors_admits_the_app_and_nobody_else() {
    let router = both(&web());
    let preflight = |origin: &str| {
        Request::options("/json")
            .header("host", API)
            .header("origin", origin)
            .header("access-control-request-method", "POST")
    };
    let fine = send(&router, preflight(APP_ORIGIN), "").await;
    assert_eq!((fine.status, fine.header("access-control-allow-origin")), (204, APP_ORIGIN));
    assert!(fine.header("access-control-allow-headers").contains("Authorization"));
    for origin in [
        "null",
        "http://app.nclc.localhost",
        "https://app.nclc.localhost:8080",
        "http://app.nclc.localhost:8080.evil.example",
        "http://evilapp.nclc.localhost:8080",
        "http://x.sites.nclc.localhost:8080",
        "http://www.nclc.localhost:8080",
        "HTTP://APP.NCLC.LOCALHOST:8080",
        "*",
    ] {
        for answer in [
            send(&router, preflight(origin), "").await,
            send(&router, get(API, "/").header("origin", origin), "").await,
        ] {
            assert_eq!(answer.header("access-control-allow-origin"), "", "{origin}");
            assert_eq!(answer.header("access-control-allow-methods"), "", "{origin}");
            assert!(answer.headers.get_all("vary").iter().any(|value| value == "Origin"));
        }
    }
    let read = send(&router, get(API, "/nothing").header("origin", APP_ORIGIN), "").await;
    assert_eq!(read.header("access-control-allow-origin"), APP_ORIGIN, "errors are readable too");
    assert!(read.header("access-control-expose-headers").contains("Base-Version"));
    assert_eq!(read.header("access-control-allow-credentials"), "", "no cookies");
    let app = send(&router, get(APP, "/").header("origin", APP_ORIGIN), "").await;
    assert_eq!(app.header("access-control-allow-origin"), "", "only api. speaks CORS");
}

#[tokio::test]
async fn rate_limits_tell_where_they_stand() {
    let router = both(&web());
    let first = send(&router, get(API, "/limited"), "").await;
    assert_eq!((first.status, first.body.as_str()), (200, "203.0.113.9"));
    assert_eq!(first.header("ratelimit-policy"), "\"two\";q=2;w=120");
    assert_eq!(first.header("ratelimit"), "\"two\";r=1;t=60");
    send(&router, get(API, "/limited"), "").await;
    let third = send(&router, get(API, "/limited"), "").await;
    assert_eq!((third.status, third.header("retry-after")), (429, "60"));
    assert_eq!(third.header("ratelimit"), "\"two\";r=0;t=120");
    assert_eq!(third.json()["code"], "rate_limited");
}

#[tokio::test]
async fn bad_bodies_have_precise_errors() {
    let router = both(&web_with("[http]\nbody_limit = 1000"));
    let large = json!({"name": "a".repeat(2000)}).to_string();
    let cases = [
        ("/json", "application/json", "{\"name\":\"a\"}", 200, "", None),
        ("/json", "application/problem+json", "{\"name\":\"a\"}", 200, "", None),
        ("/json", "text/plain", "{\"name\":\"a\"}", 415, "unsupported_media_type", None),
        ("/json", "application/json", "{\"name\":", 400, "malformed_json", None),
        ("/json", "application/json", "{\"name\":1}", 422, "wrong_type", Some("#/name")),
        ("/json", "application/json", "{\"name\":\"a\",\"b\":1}", 422, "unknown_field", Some("#/b")),
        ("/json", "application/json", large.as_str(), 413, "body_too_large", None),
    ];
    for (path, kind, body, status, code, pointer) in cases {
        let request = Request::post(path).header("host", API).header("content-type", kind);
        let answer = send(&router, request, body.to_owned()).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.body);
        if status != 200 {
            assert_eq!(answer.json()["code"], code);
            assert_eq!(answer.json()["errors"][0]["pointer"].as_str(), pointer);
        }
    }
    let request =
        Request::post("/json?limit=x").header("host", API).header("content-type", "application/json");
    let query = send(&router, request, "{\"name\":\"a\"}").await;
    assert_eq!((query.status, query.json()["code"].as_str()), (422, Some("invalid_value")), "{}", query.body);
    assert_eq!(query.json()["errors"][0]["parameter"], "limit");
}

#[tokio::test]
async fn load_beyond_the_limit_is_shed() {
    use std::sync::atomic::Ordering;
    let web = web();
    let router = both(&web);
    web.0.in_flight.store(web.0.in_flight_limit, Ordering::Relaxed);
    let refused = send(&router, get(API, "/"), "").await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, "1"));
    web.0.in_flight.store(0, Ordering::Relaxed);
    for path in ["/", "/panics", "/nothing"] {
        send(&router, get(API, path), "").await;
    }
    assert_eq!(web.0.in_flight.load(Ordering::Relaxed), 0, "places are given back, also after a panic");
}

#[tokio::test]
async fn pages_are_compressed_when_the_client_takes_it() {
    let router = both(&web());
    let plain = send(&router, get(APP, "/nothing"), "").await;
    let packed = send(&router, get(APP, "/nothing").header("accept-encoding", "br"), "").await;
    assert_eq!((plain.header("content-encoding"), packed.header("content-encoding")), ("", "br"));
}

#[tokio::test]
async fn static_files_are_found_on_portals() {
    let router = both(&web());
    assert_eq!(send(&router, get(APP, "/static/nothing.js"), "").await.status, 404);
    for host in [APP, API] {
        let icon = send(&router, get(host, "/favicon.svg"), "").await;
        assert_eq!(
            (icon.status, icon.header("content-type")),
            (200, "image/svg+xml; charset=utf-8"),
            "{host}"
        );
    }
}

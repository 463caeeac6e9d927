//! What nobody gets around: one decoding, one value a parameter, methods that are never answered, https, caches; and that
//! refusals and failures leave a line.

use super::*;
use crate::{ApiJson, ApiQuery, CsrfForm};
use axum::extract::Path;
use axum::routing::{get as route_get, post};
use serde::Deserialize;
use std::io::Write;
use std::sync::{Arc, Mutex};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    name: String,
}
#[derive(Deserialize)]
struct Form {
    name: String,
}

async fn broken() -> Result<String, WebError> {
    Err(Error::internal(std::io::Error::other("the disk is full")).into())
}
async fn panics() -> Result<String, WebError> {
    panic!("out of range")
}
async fn forbidden(exchange: axum::extract::Request) -> Result<String, WebError> {
    let exchange = exchange.extensions().get::<crate::Exchange>().expect("the stack put it in").clone();
    exchange.caller(Some("ten_one".into()), Some("usr_one".into()));
    Err(Error::new(Code::Forbidden).detail("of no use to a log").into())
}

fn routes(web: &Web) -> Router {
    Router::new()
        .route("/", route_get(hello))
        .route("/form", route_get(csrf_of))
        .route("/query", route_get(|ApiQuery(input): ApiQuery<Input>| async move { input.name }))
        .route("/json", post(|ApiJson(input): ApiJson<Input>| async move { input.name }))
        .route("/save", post(|CsrfForm(input): CsrfForm<Form>| async move { input.name }))
        .route("/path/{name}", axum::routing::any(|Path(name): Path<String>| async move { name }))
        .route("/broken", route_get(broken))
        .route("/panics", route_get(panics))
        .route("/forbidden", route_get(forbidden))
        .route("/kept", route_get(|| async { ([(header::CACHE_CONTROL, "private, no-cache")], "mine") }))
        .with_state(web.clone())
}

fn all(web: &Web) -> Router {
    portals(web, |portals| {
        portals.www = Some(routes(web));
        portals.app = Some(routes(web));
        portals.api = Some(routes(web));
        portals.sites = Some(routes(web));
    })
}

async fn saved(router: &Router, body: &str) -> Answer {
    let page = send(router, get(APP, "/form"), "").await;
    let cookie = page.header("set-cookie").split(';').next().unwrap().to_owned();
    let request = Request::post("/save")
        .header(header::HOST, APP)
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    send(router, request, format!("_csrf={}&{body}", page.body)).await
}

#[tokio::test]
async fn values_are_decoded_once() {
    let router = all(&web());
    for path in ["/query?name=%2541%252e%252e", "/path/%2541%252e%252e"] {
        let answer = send(&router, get(API, path), "").await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "%41%2e%2e"), "{path}");
    }
    assert_eq!(saved(&router, "name=%2541%252e%252e").await.body, "%41%2e%2e");
    let json = Request::post("/json").header("host", API).header("content-type", "application/json");
    let answer = send(&router, json, r#"{"name":"\\u0041%41"}"#).await;
    assert_eq!(answer.body, "\\u0041%41");
    // A path that is one only after a second decoding is none.
    for path in ["/static/%2e%2e/secret.key", "/static/%252e%252e%252fsecret.key", "/static/..%5csecret.key"]
    {
        assert_eq!(send(&router, get(APP, path), "").await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_parameter_that_is_there_twice_is_refused() {
    let router = all(&web());
    let query = send(&router, get(API, "/query?name=a&name=b"), "").await;
    assert_eq!((query.status, query.json()["errors"][0]["parameter"].as_str()), (422, Some("name")));
    let json = Request::post("/json").header("host", API).header("content-type", "application/json");
    assert_eq!(send(&router, json, r#"{"name":"a","name":"b"}"#).await.status, 422);
    assert_eq!(saved(&router, "name=a").await.body, "a");
    assert_eq!(saved(&router, "name=a&name=b").await.status, 400);
    // What stands in the address is no field of the form, and a field is no parameter.
    let router_form = saved(&router, "other=a").await;
    assert_eq!(router_form.status, 400);
    let twice = get(API, "/query?name=a").header("host", "app.nclc.localhost:8080");
    assert_eq!(send(&router, twice, "").await.status, 404, "two hosts are none");
}

#[tokio::test]
async fn trace_and_its_like_are_never_answered() {
    let router = all(&web());
    for method in ["TRACE", "TRACK", "CONNECT"] {
        for host in [APP, API, "www.nclc.localhost:8080", "acme.sites.nclc.localhost:8080", "other.example"] {
            for path in ["/", "/path/x", "/nothing"] {
                let request = Request::builder().method(method).uri(path).header("host", host);
                let answer = send(&router, request.header("x-secret", "planted"), "").await;
                assert_eq!(answer.status, 405, "{method} {host}{path}");
                assert!(!answer.body.contains("planted"), "{method} {host}{path}");
            }
        }
    }
    let posted = Request::builder().method("POST").uri("/path/x").header("host", API);
    assert_eq!(send(&router, posted, "").await.status, 200, "the route takes every other method");
}

#[tokio::test]
async fn only_pages_lead_from_http_to_https() {
    const HTTPS: &str = "[site]\nscheme = \"https\"\npublic_port = 443\nbase_domain = \"acme.example\"\n\
                         [http]\ntrusted_proxies = \"203.0.113.9\"";
    let router = all(&web_with(HTTPS));
    let request = |method: &str, host: &str, proto: &str| {
        Request::builder()
            .method(method)
            .uri("/path/x?a=1")
            .header("host", host)
            .header("x-forwarded-for", "192.0.2.7")
            .header("x-forwarded-proto", proto)
    };
    for host in ["www.acme.example", "app.acme.example", "bakery.sites.acme.example"] {
        let page = send(&router, request("GET", host, "http"), "").await;
        assert_eq!(
            (page.status, page.header("location")),
            (308, format!("https://{host}/path/x?a=1").as_str()),
            "{host}"
        );
        // A form that was sent in the clear is not repeated for the browser: it was read on the way already.
        assert_eq!(send(&router, request("POST", host, "http"), "").await.status, 403, "{host}");
        assert_eq!(send(&router, request("GET", host, "https"), "").await.status, 200, "{host}");
    }
    for method in ["GET", "POST"] {
        let call = send(&router, request(method, "api.acme.example", "http"), "").await;
        assert_eq!((call.status, call.header("location")), (403, ""), "{method}");
        let call = request(method, "api.acme.example", "http").header("accept", "application/json");
        assert_eq!(send(&router, call, "").await.json()["code"], "https_required");
    }
    assert_eq!(send(&router, request("GET", "api.acme.example", "http, https"), "").await.status, 200);
    // Without https there is nothing to lead to; and who is no proxy of ours has no say.
    assert_eq!(send(&all(&web()), request("GET", APP, "http"), "").await.status, 200);
    let nobody =
        all(&web_with("[site]\nscheme = \"https\"\npublic_port = 443\nbase_domain = \"acme.example\""));
    assert_eq!(send(&nobody, request("GET", "app.acme.example", "http"), "").await.status, 200);
}

#[tokio::test]
async fn what_is_ones_own_stays_out_of_caches() {
    let router = all(&web());
    for host in [APP, API] {
        for path in ["/", "/path/x", "/nothing", "/broken", "/forbidden"] {
            let answer = send(&router, get(host, path), "").await;
            assert_eq!(answer.header("cache-control"), "no-store", "{host}{path}");
        }
        let kept = send(&router, get(host, "/kept"), "").await;
        assert_eq!(kept.header("cache-control"), "private, no-cache", "{host}: its handler knows better");
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);
impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
impl Log {
    fn lines(&self) -> Vec<serde_json::Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect()
    }
}

#[tokio::test]
async fn refusals_and_failures_leave_a_line() {
    let log = Log::default();
    let writer = log.clone();
    let lines = tracing_subscriber::fmt().json().flatten_event(true).with_writer(move || writer.clone());
    let _here = tracing::subscriber::set_default(lines.finish());
    let router = all(&web());
    let find = |target: &str, path: &str| {
        let found = log.lines().into_iter().find(|line| line["target"] == target && line["path"] == path);
        found.unwrap_or_else(|| panic!("no line of {target} about {path}: {:?}", log.lines()))
    };
    // Unexpected: an error that nobody foresaw, and a panic; with the cause, which the client does not see.
    for (path, cause) in [("/broken", "the disk is full"), ("/panics", "panic: out of range")] {
        let answer = send(&router, get(APP, path), "").await;
        assert_eq!(answer.status, 500);
        let line = find("kernel_web::error", path);
        assert_eq!((line["level"].as_str(), line["code"].as_str()), (Some("ERROR"), Some("internal")));
        assert!(line["causes"].as_str().is_some_and(|causes| causes.contains(cause)), "{line}");
        assert_eq!(line["request_id"], answer.header("request-id"));
        assert_eq!(find("access", path)["status"], 500);
    }
    // Refused: who, where, from where, and under which code.
    send(&router, get(API, "/forbidden"), "").await;
    let line = find("security", "/forbidden");
    assert_eq!((line["level"].as_str(), line["code"].as_str()), (Some("WARN"), Some("forbidden")));
    assert_eq!(
        (line["tenant"].as_str(), line["actor"].as_str(), line["client"].as_str()),
        (Some("ten_one"), Some("usr_one"), Some("203.0.113.9"))
    );
    assert!(!line.to_string().contains("of no use"), "no details of people: {line}");
    // An attempt to get around a check: a form from elsewhere.
    let forged = Request::post("/save").header("host", APP).header("origin", "https://evil.example");
    send(&router, forged, "name=a").await;
    assert_eq!(find("security", "/save")["code"], "bad_csrf");
    // What is merely not there is no refusal.
    send(&router, get(API, "/nothing"), "").await;
    assert!(!log.lines().iter().any(|line| line["target"] == "security" && line["path"] == "/nothing"));
}

//! Host names, operational paths, and who may reach them.

use super::*;
use crate::SiteSlug;
use axum::Extension;
use axum::routing::get as route_get;

fn all(web: &Web) -> Router {
    let named = |name: &'static str| Router::new().route("/", route_get(move || async move { name }));
    let site =
        Router::new().route("/", route_get(|Extension(slug): Extension<SiteSlug>| async move { slug.0 }));
    portals(web, |portals| {
        portals.www = Some(named("www"));
        portals.app = Some(named("app"));
        portals.api = Some(named("api"));
        portals.admin = Some(named("admin"));
        portals.sites = Some(site);
    })
}

#[tokio::test]
async fn the_host_chooses_the_portal_or_the_site() {
    let router = all(&web());
    for (host, status, body) in [
        ("www.nclc.localhost:8080", 200, "www"),
        ("WWW.NCLC.localhost:8080", 200, "www"),
        ("app.nclc.localhost", 200, "app"),
        ("app.nclc.localhost.:8080", 200, "app"),
        ("api.nclc.localhost:8080", 200, "api"),
        ("admin.nclc.localhost:8080", 200, "admin"),
        ("bakery.sites.nclc.localhost:8080", 200, "bakery"),
        ("nclc.localhost:8080", 308, ""),
        ("evilapp.nclc.localhost:8080", 404, "<!doctype"),
        ("app.nclc.localhost.evil.example", 404, "<!doctype"),
        ("a.b.sites.nclc.localhost:8080", 404, "<!doctype"),
        ("sites.nclc.localhost:8080", 404, "<!doctype"),
        ("example.com", 404, "<!doctype"),
        ("", 404, "<!doctype"),
    ] {
        let answer = send(&router, get(host, "/"), "").await;
        assert_eq!(answer.status, status, "{host}: {}", answer.body);
        assert!(answer.body.starts_with(body), "{host}: {}", answer.body);
    }
}

#[tokio::test]
async fn two_host_headers_are_nobodys() {
    let request = get(APP, "/").header(header::HOST, "www.nclc.localhost:8080");
    assert_eq!(send(&all(&web()), request, "").await.status, 404);
}

#[tokio::test]
async fn a_portal_that_is_not_served_here_is_an_unknown_host() {
    let router = portals(&web(), |portals| portals.www = Some(Router::new()));
    let answer = send(&router, get(APP, "/any/path").header("accept", "application/json"), "").await;
    assert_eq!((answer.status, answer.json()["code"].as_str()), (404, Some("unknown_host")));
}

#[tokio::test]
async fn staff_come_from_their_networks_in_production() {
    let router = all(&web_with("development = false\n[security]\nstaff_networks = \"198.51.100.0/24\""));
    for (peer, status) in [([198, 51, 100, 7], 200), ([203, 0, 113, 9], 404)] {
        let request =
            get("admin.nclc.localhost:8080", "/").extension(ConnectInfo(SocketAddr::from((peer, 1))));
        assert_eq!(send(&router, request, "").await.status, status, "{peer:?}");
    }
}

#[tokio::test]
async fn operational_paths_need_an_address_as_host_and_a_near_client() {
    let router = all(&web());
    let from = |host: &str, path: &str, peer: [u8; 4]| {
        get(host, path).extension(ConnectInfo(SocketAddr::from((peer, 1))))
    };
    let (near, far) = ([127, 0, 0, 1], [203, 0, 113, 9]);
    for (host, path, peer, status) in [
        ("127.0.0.1:8080", "/healthz", near, 200),
        ("localhost:8080", "/readyz", near, 200),
        ("[::1]:8080", "/metrics", near, 200),
        ("127.0.0.1:8080", "/metrics", far, 404),
        ("www.nclc.localhost:8080", "/metrics", near, 404),
        ("127.0.0.1:8080", "/", near, 404),
    ] {
        assert_eq!(send(&router, from(host, path, peer), "").await.status, status, "{host}{path} {peer:?}");
    }
    let web = web();
    web.shutdown().begin();
    let stopping = send(&all(&web), from("127.0.0.1", "/readyz", near), "").await;
    assert_eq!(stopping.status, 503, "a process that stops is not ready");
}

#[tokio::test]
async fn metrics_count_by_route_pattern() {
    let web = web();
    let router = portals(&web, |portals| {
        portals.www = Some(Router::new().route("/things/{id}", route_get(hello)));
    });
    for id in ["1", "2"] {
        send(&router, get("www.nclc.localhost:8080", &format!("/things/{id}")), "").await;
    }
    let near = ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1)));
    let text = send(&router, get("127.0.0.1", "/metrics").extension(near), "").await.body;
    let line = "http_requests_total{portal=\"www\",method=\"GET\",route=\"/things/{id}\",status=\"200\"} 2";
    assert!(text.contains(line), "{text}");
}

//! The public website against a migrated PostgreSQL: every page renders, every link leads somewhere, every error code has
//! its anchor.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

use axum::Router;
use axum::body::Body;
use billing::Billing;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use kernel_core::secret::SigningKey;
use kernel_core::settings::Settings;
use kernel_core::{Clock, Code, Random};
use kernel_db::Db;
use kernel_db::cluster::Cluster;
use kernel_db::cluster::testing::shared;
use kernel_web::templates::faults;
use kernel_web::{Portals, Web, by_host};
use std::collections::{BTreeMap, BTreeSet};
use tower::ServiceExt as _;

const WWW: &str = "http://www.nclc.localhost:8080";

async fn start() -> (Cluster, Router) {
    let cluster = shared().await.unwrap();
    let db = Db::new(&cluster.urls(), 4).unwrap();
    let settings = Settings::load("", []).unwrap();
    let web = Web::new(&settings, &SigningKey::new([1; 32]), Clock::System, Random::from_os());
    let www = platform::www::routes(web.clone(), Billing::new(db));
    (cluster, by_host(&web, Portals { www: Some(www), ..Portals::default() }))
}

async fn get(router: &Router, path: &str) -> (StatusCode, String, String) {
    let request = Request::get(path).header("host", "www.nclc.localhost:8080").body(Body::empty()).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let kind = response.headers().get("content-type").map(|value| value.to_str().unwrap().to_owned());
    let location = response.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, location.or(kind).unwrap_or_default(), String::from_utf8_lossy(&body).into_owned())
}

fn values<'a>(html: &'a str, attribute: &str) -> Vec<&'a str> {
    html.split(&format!("{attribute}=\"")).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[tokio::test]
async fn every_link_of_the_website_leads_somewhere() {
    let (_cluster, router) = start().await;
    let mut pages: BTreeMap<String, String> = BTreeMap::new();
    let mut anchors: BTreeSet<(String, String)> = BTreeSet::new();
    let mut waiting = vec!["/".to_owned()];
    while let Some(path) = waiting.pop() {
        if pages.contains_key(&path) {
            continue;
        }
        let (status, location, html) = get(&router, &path).await;
        if status == StatusCode::PERMANENT_REDIRECT {
            waiting.push(location);
            continue;
        }
        assert_eq!(status, StatusCode::OK, "{path}");
        assert_eq!(faults(&html), Vec::<String>::new(), "{path}");
        for link in values(&html, "href").into_iter().chain(values(&html, "src")) {
            let link = link.strip_prefix(WWW).unwrap_or(link);
            let (to, anchor) = link.split_once('#').map_or((link, None), |(to, anchor)| (to, Some(anchor)));
            let to = if to.is_empty() && link.starts_with('#') { path.as_str() } else { to };
            if let Some(anchor) = anchor {
                anchors.insert((if to.is_empty() { "/" } else { to }.to_owned(), anchor.to_owned()));
            }
            let elsewhere = ["http://app.nclc.localhost:8080/", "http://api.nclc.localhost:8080/"];
            if elsewhere.iter().any(|origin| to.starts_with(origin)) || to.starts_with("/static/") {
                continue;
            }
            if to == "/favicon.svg" {
                assert_eq!(get(&router, to).await.0, StatusCode::OK);
                continue;
            }
            assert!(to.starts_with('/') || to.is_empty(), "{path} links to {link}");
            waiting.push(if to.is_empty() { "/".to_owned() } else { to.to_owned() });
        }
        pages.insert(path, html);
    }
    assert!(pages.len() >= 10, "{:?}", pages.keys());
    for (path, anchor) in anchors {
        let html = pages.get(&path).or_else(|| pages.get("/docs/getting-started")).unwrap();
        assert!(values(html, "id").contains(&anchor.as_str()), "{path} has no #{anchor}");
    }
    let (_, kind, sitemap) = get(&router, "/sitemap.xml").await;
    assert_eq!(kind, "application/xml; charset=utf-8");
    for path in pages.keys() {
        assert!(sitemap.contains(&format!("<loc>{WWW}{path}</loc>")), "the sitemap lacks {path}");
    }
}

#[tokio::test]
async fn the_error_reference_has_every_code() {
    let (_cluster, router) = start().await;
    let (_, _, html) = get(&router, "/docs/errors").await;
    let ids = values(&html, "id");
    for code in Code::ALL {
        assert!(ids.contains(&code.name()), "{code} has no anchor on the error reference");
    }
}

#[tokio::test]
async fn pages_describe_themselves_to_search_engines() {
    let (_cluster, router) = start().await;
    for path in ["/", "/pricing", "/docs/api", "/changelog"] {
        let (_, _, html) = get(&router, path).await;
        assert!(html.contains(&format!("<link rel=\"canonical\" href=\"{WWW}{path}\">")), "{path}");
        assert!(!html.contains("noindex"), "{path}");
        assert_eq!(html.matches("<h1").count(), 1, "{path}");
        let description = html.split("<meta name=\"description\" content=\"").nth(1).unwrap();
        assert!(description.split('"').next().unwrap().len() > 20, "{path}");
    }
    let (status, _, html) = get(&router, "/nothing-here").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(html.contains("noindex"));
    assert!(
        get(&router, "/robots.txt").await.2.contains("Sitemap: http://www.nclc.localhost:8080/sitemap.xml")
    );
}

#[tokio::test]
async fn prices_are_those_of_the_price_list() {
    let (_cluster, router) = start().await;
    let (_, _, html) = get(&router, "/pricing").await;
    for text in [
        "<p class=\"amt\">$0</p>",
        "<p class=\"amt\">$12</p>",
        "Talk to us",
        "1,000,000",
        "Row-level security",
    ] {
        assert!(html.contains(text), "{text}");
    }
}

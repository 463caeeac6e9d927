//! Tests of the whole stack, over a router without a socket.

mod bodies;
mod bounds;
mod forms;
mod guards;
mod hosts;
mod served;
mod stack;
mod templates;
mod tls;
mod tls_refusals;

use crate::{Page, Portals, Web, WebError};
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use http::header;
use http_body_util::BodyExt as _;
use kernel_core::secret::SigningKey;
use kernel_core::settings::Settings;
use kernel_core::{Clock, Code, Error, FixedClock, Random};
use std::net::SocketAddr;
use tower::ServiceExt as _;

pub const APP: &str = "app.nclc.localhost:8080";
pub const API: &str = "api.nclc.localhost:8080";
pub const APP_ORIGIN: &str = "http://app.nclc.localhost:8080";

pub fn web_with(file: &str) -> Web {
    let settings = Settings::load(file, []).unwrap();
    let clock = Clock::Fixed(FixedClock::at("2026-11-21T10:00:00Z".parse().unwrap()));
    Web::new(&settings, &SigningKey::new([7; 32]), clock, Random::seeded(1))
}

pub fn web() -> Web {
    web_with("")
}

/// Sends one request from 203.0.113.9 and returns status, headers and body.
pub async fn send(router: &Router, request: http::request::Builder, body: impl Into<Body>) -> Answer {
    let mut request: Request = request.body(body.into()).unwrap();
    if request.extensions().get::<ConnectInfo<SocketAddr>>().is_none() {
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([203, 0, 113, 9], 5000))));
    }
    Answer::of(router.clone().oneshot(request).await.unwrap()).await
}

pub fn get(host: &str, path: &str) -> http::request::Builder {
    Request::builder().uri(path).header(header::HOST, host)
}

pub struct Answer {
    pub status: u16,
    pub headers: http::HeaderMap,
    pub body: String,
}

impl Answer {
    async fn of(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Self {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

pub fn portals(web: &Web, change: impl FnOnce(&mut Portals)) -> Router {
    let mut portals = Portals::default();
    change(&mut portals);
    crate::by_host(web, portals)
}

pub async fn hello() -> &'static str {
    "hello"
}

pub async fn csrf_of(page: Page) -> Result<Response, WebError> {
    let token = page.csrf().to_owned();
    Ok(page.html(http::StatusCode::OK, token))
}

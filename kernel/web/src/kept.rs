//! Pages of sites from memory, on a path of their own before the portals' stack: no routing, no waiting, headers made
//! beforehand. What is not kept, and whatever is not a plain `GET`, goes the long way.
//!
//! Invariant: a kept answer has the same headers as the long way's (a test compares them). Whoever keeps answers puts the
//! security headers on when they are made ([`crate::security_headers::write`]).

use crate::hosts::without_port;
use crate::request_id::REQUEST_ID;
use crate::{Exchange, Portal, RequestId, Web, client_addr, log};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, header};
use metrics::{Counter, Histogram};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;
use tracing::Level;

/// The route under which these requests are counted and logged.
const ROUTE: &str = "kept";

/// Looks a page up; `None`: not kept.
pub type KeptPages = Arc<dyn Fn(&KeptRequest<'_>) -> Option<Response<Bytes>> + Send + Sync>;

/// What a page is looked up by.
#[derive(Clone, Copy, Debug)]
pub struct KeptRequest<'a> {
    /// The first label of the site's host name.
    pub slug: &'a str,
    /// The path, without the query.
    pub path: &'a str,
    /// The request's headers.
    pub headers: &'a HeaderMap,
}

pub(crate) struct Kept {
    pages: KeptPages,
    sent: Counter,
    unchanged: Counter,
    took: Histogram,
}

impl Kept {
    pub(crate) fn new(pages: KeptPages) -> Self {
        let portal = Portal::Sites.name();
        let count = |status: &'static str| metrics::counter!("http_requests_total", "portal" => portal, "method" => "GET", "route" => ROUTE, "status" => status);
        let took = metrics::histogram!("http_request_duration_seconds", "portal" => portal, "route" => ROUTE);
        Self { pages, sent: count("200"), unchanged: count("304"), took }
    }

    pub(crate) fn answer<B>(
        &self,
        web: &Web,
        request: &Request<B>,
        peer: SocketAddr,
    ) -> Option<Response<Bytes>> {
        if request.method() != Method::GET {
            return None;
        }
        let started = Instant::now();
        let host = host(request)?;
        let slug = without_port(host).strip_suffix(web.brand().sites_domain.as_str())?.strip_suffix('.')?;
        let path = request.uri().path();
        let mut response = (self.pages)(&KeptRequest { slug, path, headers: request.headers() })?;
        let id = RequestId::new(web.clock(), web.random());
        if let Some(value) = id.header() {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        match response.status() {
            StatusCode::NOT_MODIFIED => self.unchanged.increment(1),
            _ => self.sent.increment(1),
        }
        let took = started.elapsed();
        self.took.record(took.as_secs_f64());
        if tracing::enabled!(target: "access", Level::INFO) {
            let client = client_addr::resolve(peer.ip(), request.headers(), &web.0.trusted_proxies);
            let exchange = Exchange::new(id, Portal::Sites, client, host.to_owned());
            exchange.route(ROUTE);
            log::access(&exchange, request.method(), path, response.status(), took);
        }
        Some(response)
    }
}

/// The host as it came: one in capitals, or two of them, are for the long way.
fn host<B>(request: &Request<B>) -> Option<&str> {
    if let Some(authority) = request.uri().authority() {
        return Some(authority.as_str());
    }
    let mut all = request.headers().get_all(header::HOST).iter();
    let first = all.next()?.to_str().ok()?;
    all.next().is_none().then_some(first)
}

//! Host name → portal or site, and the three operational paths.

use crate::entrance::InTheClear;
use crate::kept::{Kept, KeptPages};
use crate::{Exchange, Portal, RequestId, Web, WebError, client_addr, portal};
use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, Method, StatusCode, Uri, header};
use kernel_core::{Code, Error};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tower::ServiceExt as _;

/// The portals that this process serves. What is `None` answers as an unknown host.
#[derive(Default)]
pub struct Portals {
    /// `www.`
    pub www: Option<Router>,
    /// `app.`
    pub app: Option<Router>,
    /// `api.`
    pub api: Option<Router>,
    /// `admin.`, from the staff's networks only.
    pub admin: Option<Router>,
    /// `<slug>.` below the sites' domain; requests carry [`SiteSlug`].
    pub sites: Option<Router>,
    /// Pages of sites that are in memory: asked before the router of `sites`. `None`: the router answers everything.
    pub kept: Option<KeptPages>,
    /// Whether the process can work (databases answer); asked by `/readyz`. `None`: always.
    pub ready: Option<Ready>,
}

/// The check behind `/readyz`.
pub type Ready = Arc<dyn Fn() -> BoxFuture<'static, bool> + Send + Sync>;

/// The first label of a published site's host name, in the request's extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteSlug(pub String);

/// What the process serves, by host name. Cheap to clone.
#[derive(Clone)]
pub struct Hosts(Arc<Table>);

struct Table {
    web: Web,
    www: Option<Router>,
    app: Option<Router>,
    api: Option<Router>,
    admin: Option<Router>,
    sites: Option<Router>,
    kept: Option<Kept>,
    unknown: Router,
    insecure: Router,
    ready: Option<Ready>,
}

/// The portals as one router, for what asks them without a socket.
pub fn by_host(web: &Web, portals: Portals) -> Router {
    Router::new().fallback(dispatch).with_state(Hosts::new(web, portals))
}

async fn dispatch(State(hosts): State<Hosts>, request: Request) -> Response {
    hosts.answer(request).await
}

impl Hosts {
    /// Puts the portals behind their names.
    #[must_use]
    pub fn new(web: &Web, portals: Portals) -> Self {
        Self(Arc::new(table(web, portals)))
    }

    /// A page that is in memory, without any waiting; `None`: [`Self::answer`] does it.
    pub(crate) fn kept<B>(&self, request: &http::Request<B>, peer: SocketAddr) -> Option<Response<Bytes>> {
        let kept = self.0.kept.as_ref()?;
        if came_in_the_clear(&self.0.web, peer.ip(), request.headers()) {
            return None;
        }
        kept.answer(&self.0.web, request, peer)
    }

    /// The answer of the portal that the host names.
    pub(crate) async fn answer(&self, request: Request) -> Response {
        answer(&self.0, request).await
    }
}

fn table(web: &Web, portals: Portals) -> Table {
    let wrap = |portal, routes: Option<Router>| routes.map(|routes| portal::wrap(web, portal, routes));
    // `wrap` would replace the fallback, so the refusal is a route that takes every path.
    let refusing = |code: Code| {
        let refuse = move || async move { WebError::from(Error::new(code)) };
        let every = Router::new().route("/", axum::routing::any(refuse));
        portal::wrap(web, Portal::Www, every.route("/{*path}", axum::routing::any(refuse)))
    };
    Table {
        www: wrap(Portal::Www, portals.www),
        app: wrap(Portal::App, portals.app),
        api: wrap(Portal::Api, portals.api),
        admin: wrap(Portal::Admin, portals.admin),
        sites: wrap(Portal::Sites, portals.sites),
        kept: portals.kept.map(Kept::new),
        unknown: refusing(Code::UnknownHost),
        insecure: refusing(Code::HttpsRequired),
        ready: portals.ready,
        web: web.clone(),
    }
}

async fn answer(table: &Table, mut request: Request) -> Response {
    let host = host_of(request.headers(), request.uri()).unwrap_or_default();
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let client = client_addr::resolve(peer, request.headers(), &table.web.0.trusted_proxies);
    let clear = request.extensions().get::<InTheClear>().is_some();
    if !clear && let Some(answer) = operations(table, &host, client, request.uri().path()).await {
        return answer;
    }
    let place = place_of(&table.web, &host);
    let (portal, router) = match &place {
        Place::Apex if clear && !matches!(*request.method(), Method::GET | Method::HEAD) => {
            (Portal::Www, Some(&table.insecure))
        }
        Place::Apex => return Redirect::permanent(&table.web.origins().www).into_response(),
        Place::Portal(Portal::Www) => (Portal::Www, table.www.as_ref()),
        Place::Portal(Portal::App) => (Portal::App, table.app.as_ref()),
        Place::Portal(Portal::Api) => (Portal::Api, table.api.as_ref()),
        Place::Portal(Portal::Admin) if staff(&table.web, client) => (Portal::Admin, table.admin.as_ref()),
        Place::Site(_) => (Portal::Sites, table.sites.as_ref()),
        Place::Portal(_) | Place::Unknown => (Portal::Www, None),
    };
    let (portal, router) = match router {
        Some(router) => (portal, router),
        None => (Portal::Www, &table.unknown),
    };
    let plain = place != Place::Unknown && (clear || came_in_the_clear(&table.web, peer, request.headers()));
    if plain && portal != Portal::Api && matches!(*request.method(), Method::GET | Method::HEAD) {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let port = table.web.brand().port_suffix();
        return Redirect::permanent(&format!("https://{}{port}{path}", without_port(&host))).into_response();
    }
    let router = if plain { &table.insecure } else { router };
    let id = RequestId::new(table.web.clock(), table.web.random());
    request.extensions_mut().insert(Exchange::new(id, portal, client, host));
    if let Place::Site(slug) = place {
        request.extensions_mut().insert(SiteSlug(slug));
    }
    match router.clone().oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// Whether browsers reach us by https and yet a trusted proxy says that this request came to it in the clear. Pages lead to
/// https; everything else is refused, so that whoever sent a password or a token that way notices (ASVS 4.1.2).
fn came_in_the_clear(web: &Web, peer: IpAddr, headers: &HeaderMap) -> bool {
    let trusted = web.0.trusted_proxies.iter().any(|proxy| proxy.to_canonical() == peer.to_canonical());
    // Of several proxies the last one added the last word, on a line of its own or not.
    let said =
        || headers.get_all("x-forwarded-proto").iter().next_back().and_then(|value| value.to_str().ok());
    let in_the_clear =
        |said: &str| said.rsplit(',').next().is_some_and(|last| last.trim().eq_ignore_ascii_case("http"));
    web.https() && trusted && said().is_some_and(in_the_clear)
}

/// Staff come from their networks; in development from anywhere.
fn staff(web: &Web, client: IpAddr) -> bool {
    web.development() || web.staff_networks().contains(client)
}

/// `/healthz`, `/readyz`, `/metrics`: reached by address (`Host: 127.0.0.1:8080` or `localhost`), never by one of the
/// public names, and only from this machine or the staff's networks. A reverse proxy that passes the public `Host` on can
/// therefore not expose them.
async fn operations(table: &Table, host: &str, client: IpAddr, path: &str) -> Option<Response> {
    let name = without_port(host);
    let by_address = name == "localhost" || name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    if !by_address || !(client.is_loopback() || table.web.staff_networks().contains(client)) {
        return None;
    }
    match path {
        "/healthz" => Some("ok\n".into_response()),
        "/readyz" => {
            let stopping = table.web.shutdown().has_begun();
            let ready = !stopping
                && match &table.ready {
                    Some(ready) => ready().await,
                    None => true,
                };
            let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            Some((status, if ready { "ready\n" } else { "not ready\n" }).into_response())
        }
        "/metrics" => {
            let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
            Some((kind, table.web.0.metrics.render()).into_response())
        }
        _ => None,
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Portal(Portal),
    Site(String),
    Apex,
    Unknown,
}

fn place_of(web: &Web, host: &str) -> Place {
    let name = without_port(host).trim_end_matches('.');
    let brand = web.brand();
    let below = |domain: &str| name.strip_suffix(domain).and_then(|rest| rest.strip_suffix('.'));
    if let Some(slug) = below(&brand.sites_domain) {
        let fine = !slug.is_empty()
            && slug.len() <= 63
            && slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        return if fine { Place::Site(slug.to_owned()) } else { Place::Unknown };
    }
    if name == brand.base_domain {
        return Place::Apex;
    }
    match below(&brand.base_domain) {
        Some("www") => Place::Portal(Portal::Www),
        Some("app") => Place::Portal(Portal::App),
        Some("api") => Place::Portal(Portal::Api),
        Some("admin") => Place::Portal(Portal::Admin),
        _ => Place::Unknown,
    }
}

pub(crate) fn without_port(host: &str) -> &str {
    if host.starts_with('[') {
        return host.split_inclusive(']').next().unwrap_or(host);
    }
    host.split(':').next().unwrap_or(host)
}

/// The request's host in lower case, with its port: the address of an HTTP/2 request, else `Host`. With more than one
/// `Host` header: none (RFC 9112 section 3.2).
#[must_use]
pub fn host_of(headers: &HeaderMap, uri: &Uri) -> Option<String> {
    if let Some(authority) = uri.authority() {
        return Some(authority.as_str().rsplit('@').next().unwrap_or_default().to_ascii_lowercase());
    }
    let mut all = headers.get_all(header::HOST).iter();
    let first = all.next()?.to_str().ok()?;
    all.next().is_none().then(|| first.to_ascii_lowercase())
}

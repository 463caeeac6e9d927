//! [`Page`]: the one extractor that an HTML handler needs to render.

use crate::web::Origins;
use crate::{
    Exchange, Portal, Shell, ShellStaff, ShellTenant, ShellUser, Theme, View, Web, WebError, cookies, csrf,
};
use axum::extract::{FromRef, FromRequestParts};
use axum::response::{IntoResponse, Redirect, Response};
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use minijinja::value::{Serde, Value};
use serde::Serialize;
use std::convert::Infallible;

/// Everything that rendering a page needs besides its view.
#[derive(Clone, Debug)]
pub struct Page {
    web: Web,
    exchange: Exchange,
    csrf: csrf::Token,
    /// The request's path.
    pub path: String,
    /// The person's choice.
    pub theme: Theme,
    /// What the page shows: `light` or `dark`.
    pub data_theme: &'static str,
    /// The person's locale for dates and numbers, e.g. `en-GB`.
    pub locale: &'static str,
}

/// What templates see as `page`.
#[derive(Serialize)]
struct Context<'a> {
    brand: &'a str,
    origins: &'a Origins,
    portal: &'static str,
    csrf: &'a str,
    theme: Theme,
    data_theme: &'static str,
    locale: &'static str,
    time_zone: &'a str,
    path: &'a str,
    request_id: &'a str,
    development: bool,
    now: jiff::Timestamp,
    #[serde(flatten)]
    shell: Shell,
}

impl<S> FromRequestParts<S> for Page
where
    Web: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let exchange = Exchange::of(parts);
        Ok(Self::build(&Web::from_ref(state), exchange, &parts.headers, parts.uri.path()))
    }
}

impl Page {
    pub(crate) fn build(web: &Web, exchange: Exchange, headers: &http::HeaderMap, path: &str) -> Self {
        let theme = Theme::from_cookie(cookies::read(headers, "theme"));
        Self {
            csrf: csrf::Token::of(web, headers),
            path: path.to_owned(),
            theme,
            data_theme: theme.shown(headers),
            locale: crate::format::locale_of(headers),
            web: web.clone(),
            exchange,
        }
    }

    /// Renders the view with status 200.
    #[must_use]
    pub fn render<V: View>(&self, view: &V) -> Response {
        self.render_with(StatusCode::OK, view)
    }

    /// Renders the view with a status, e.g. 422 for a form with errors.
    #[must_use]
    pub fn render_with<V: View>(&self, status: StatusCode, view: &V) -> Response {
        match self.web.templates().render_values(V::TEMPLATE, self.context(), Value::from(Serde(view))) {
            Ok(html) => self.html(status, html),
            Err(error) => WebError::from(error).into_response(),
        }
    }

    /// An answer of ready HTML with this page's cookies and caching rules.
    #[must_use]
    pub fn html(&self, status: StatusCode, html: String) -> Response {
        let mut response =
            (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response();
        if self.exchange.portal().has_forms() {
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            if let Some(cookie) = self.csrf.new_cookie() {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
        } else {
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        }
        // The device's theme as a client hint, so that a dark page never flashes light.
        for (name, value) in [
            ("accept-ch", "Sec-CH-Prefers-Color-Scheme"),
            ("critical-ch", "Sec-CH-Prefers-Color-Scheme"),
            ("vary", "Sec-CH-Prefers-Color-Scheme, Cookie"),
        ] {
            response.headers_mut().append(name, HeaderValue::from_static(value));
        }
        response
    }

    /// A redirect after a POST (303).
    #[must_use]
    pub fn redirect(&self, to: &str) -> Response {
        Redirect::to(to).into_response()
    }

    /// The CSRF token of this page's forms (`_csrf` field or `X-CSRF-Token` header).
    #[must_use]
    pub fn csrf(&self) -> &str {
        self.csrf.text()
    }
    /// The request's facts: id, client address, shell.
    #[must_use]
    pub fn exchange(&self) -> &Exchange {
        &self.exchange
    }
    /// The web layer.
    #[must_use]
    pub fn web(&self) -> &Web {
        &self.web
    }

    pub(crate) fn context(&self) -> Value {
        let shell = self.exchange.shell_now();
        let user = shell.user.as_ref();
        let time_zone = user.and_then(|user| user.time_zone.clone()).unwrap_or_else(|| "UTC".to_owned());
        Value::from(Serde(Context {
            brand: &self.web.brand().brand,
            origins: self.web.origins(),
            portal: self.exchange.portal().name(),
            csrf: self.csrf.text(),
            theme: self.theme,
            data_theme: self.data_theme,
            locale: user.and_then(|user| user.locale).unwrap_or(self.locale),
            time_zone: &time_zone,
            path: &self.path,
            request_id: self.exchange.id().as_str(),
            development: self.web.development(),
            now: self.web.clock().now(),
            shell,
        }))
    }
}

/// Pages as `templates check` renders them: every theme, with everybody and with nobody signed in. The frames of `app/`
/// and `admin/` templates may count on somebody; those of others may not.
pub(crate) fn sample_contexts(web: &Web, template: &str) -> Vec<Value> {
    let portal = match template.split('/').next() {
        Some("app") => Portal::App,
        Some("admin") => Portal::Admin,
        _ => Portal::Www,
    };
    let tenant = |name: &str, slug: &str| ShellTenant {
        id: "ten_0BqzF4ZfHn3vT2mK8sYx1c".into(),
        name: name.into(),
        slug: slug.into(),
        role: "owner".into(),
    };
    let full = Shell {
        user: Some(ShellUser::new("Alex Doe", "alex@example.com")),
        tenant: Some(tenant("Acme", "acme")),
        tenants: vec![tenant("Acme", "acme"), tenant("Beta & Co", "beta")],
        staff: Some(ShellStaff { name: "Sam Person".into(), email: "sam@example.com".into() }),
    };
    Theme::ALL
        .into_iter()
        .flat_map(|theme| [(theme, full.clone()), (theme, Shell::default())])
        .map(|(theme, shell)| {
            let id = crate::RequestId::new(web.clock(), web.random());
            let exchange =
                Exchange::new(id, portal, std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), String::new());
            exchange.shell(|found| *found = shell);
            let mut page = Page::build(web, exchange, &http::HeaderMap::new(), "/sample");
            page.theme = theme;
            page.data_theme = theme.shown(&http::HeaderMap::new());
            page.context()
        })
        .collect()
}

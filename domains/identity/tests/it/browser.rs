//! A browser without a screen: keeps cookies, follows no redirects, sends forms with the page's CSRF token.

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{HeaderMap, Method, Request, header};
use http_body_util::BodyExt as _;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use tower::ServiceExt as _;

pub const APP: &str = "app.nclc.localhost:8080";

pub struct Browser {
    router: Router,
    cookies: BTreeMap<String, String>,
    csrf: String,
}

pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
    pub fn to(&self) -> &str {
        assert_eq!(self.status, 303, "{}", self.body);
        self.header("location")
    }
    /// The page without what differs from answer to answer.
    pub fn normal(&self) -> String {
        let mut text = self.body.clone();
        while let Some(start) = text.find("name=\"_csrf\" value=\"") {
            let end = start + text[start..].find("\">").unwrap() + 2;
            text.replace_range(start..end, "CSRF");
        }
        text
    }
}

impl Browser {
    pub fn new(router: &Router) -> Self {
        Self { router: router.clone(), cookies: BTreeMap::new(), csrf: String::new() }
    }

    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, None, true).await
    }

    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(Method::POST, path, Some(fields), true).await
    }

    pub async fn post_without_csrf(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(Method::POST, path, Some(fields), false).await
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        fields: Option<&[(&str, &str)]>,
        csrf: bool,
    ) -> Answer {
        let mut body = form_urlencoded::Serializer::new(String::new());
        for (name, value) in fields.unwrap_or_default() {
            body.append_pair(name, value);
        }
        if csrf && fields.is_some() {
            body.append_pair("_csrf", &self.csrf);
        }
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, APP)
            .header(header::ACCEPT, "text/html")
            .header(header::COOKIE, cookies.join("; "));
        if fields.is_some() {
            request = request
                .header(header::ORIGIN, format!("http://{APP}"))
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let mut request = request.body(Body::from(body.finish())).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([203, 0, 113, 9], 5000))));
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        for line in parts.headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        if let Some(found) = body.split("name=\"_csrf\" value=\"").nth(1) {
            self.csrf = found.split('"').next().unwrap().to_owned();
        }
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }
}

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

    /// What a script of the page fetches: no body, the CSRF token in a header, JSON back.
    pub async fn fetch(&mut self, path: &str) -> Answer {
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::HOST, APP)
            .header(header::ACCEPT, "application/json")
            .header(header::ORIGIN, format!("http://{APP}"))
            .header("x-csrf-token", &self.csrf);
        self.answer(request, Body::empty()).await
    }

    /// A form with a file.
    pub async fn upload(&mut self, path: &str, field: &str, file: &[u8]) -> Answer {
        let mark = "a-boundary-that-no-file-has";
        let mut body =
            format!("--{mark}\r\nContent-Disposition: form-data; name=\"_csrf\"\r\n\r\n{}\r\n", self.csrf);
        body.push_str(&format!(
            "--{mark}\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"x\"\r\n\r\n"
        ));
        let body = [body.as_bytes(), file, format!("\r\n--{mark}--\r\n").as_bytes()].concat();
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::HOST, APP)
            .header(header::ACCEPT, "text/html")
            .header(header::ORIGIN, format!("http://{APP}"))
            .header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={mark}"));
        self.answer(request, Body::from(body)).await
    }

    /// An answer that is no text.
    pub async fn get_bytes(&mut self, path: &str) -> (u16, HeaderMap, Vec<u8>) {
        let request = Request::builder().uri(path).header(header::HOST, APP);
        self.raw(request, Body::empty()).await
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
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, APP)
            .header(header::ACCEPT, "text/html");
        if fields.is_some() {
            request = request
                .header(header::ORIGIN, format!("http://{APP}"))
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        self.answer(request, Body::from(body.finish())).await
    }

    async fn answer(&mut self, request: http::request::Builder, body: Body) -> Answer {
        let (status, headers, body) = self.raw(request, body).await;
        let body = String::from_utf8(body).unwrap();
        if let Some(found) = body.split("name=\"_csrf\" value=\"").nth(1) {
            self.csrf = found.split('"').next().unwrap().to_owned();
        }
        Answer { status, headers, body }
    }

    async fn raw(&mut self, request: http::request::Builder, body: Body) -> (u16, HeaderMap, Vec<u8>) {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = request.header(header::COOKIE, cookies.join("; ")).body(body).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([203, 0, 113, 9], 5000))));
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        for line in parts.headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        (parts.status.as_u16(), parts.headers, body)
    }
}

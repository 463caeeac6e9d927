//! The overview page of `api.`: what there is, a first request, every endpoint from the OpenAPI document (spec P4).

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use kernel_core::Code;
use kernel_web::{Page, View, Web, register_view};
use serde::Serialize;
use std::sync::Arc;

register_view!(OverviewView);

/// `api/overview.html`.
#[derive(Serialize)]
struct OverviewView {
    groups: Arc<Vec<Group>>,
    codes: usize,
}

/// Endpoints of one tag.
#[derive(Serialize)]
struct Group {
    name: String,
    description: String,
    endpoints: Vec<Endpoint>,
}

/// One method of one path.
#[derive(Serialize)]
struct Endpoint {
    method: String,
    path: String,
    summary: String,
}

impl View for OverviewView {
    const TEMPLATE: &'static str = "api/overview.html";
    fn samples() -> Vec<Self> {
        vec![Self { groups: Arc::new(groups("http://api.nclc.localhost:8080")), codes: Code::ALL.len() }]
    }
}

#[derive(Clone)]
struct Overview {
    web: Web,
    groups: Arc<Vec<Group>>,
}

impl axum::extract::FromRef<Overview> for Web {
    fn from_ref(overview: &Overview) -> Self {
        overview.web.clone()
    }
}

/// `/` of `api.`.
pub fn routes(web: Web) -> Router {
    let groups = Arc::new(groups(&web.origins().api));
    Router::new().route("/", get(show)).with_state(Overview { web, groups })
}

async fn show(State(overview): State<Overview>, page: Page) -> Response {
    page.render(&OverviewView { groups: overview.groups, codes: Code::ALL.len() })
}

/// The document's endpoints by tag, in its order.
fn groups(server: &str) -> Vec<Group> {
    let document = serde_json::to_value(crate::document(server)).unwrap_or_default();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let mut groups: Vec<Group> = document["tags"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|tag| Group {
            name: text(&tag["name"]),
            description: text(&tag["description"]),
            endpoints: Vec::new(),
        })
        .collect();
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            let endpoint = Endpoint {
                method: method.to_uppercase(),
                path: path.clone(),
                summary: text(&operation["summary"]),
            };
            let tag = text(&operation["tags"][0]);
            if let Some(group) = groups.iter_mut().find(|group| group.name == tag) {
                group.endpoints.push(endpoint);
            }
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_endpoint_is_listed_with_a_summary() {
        let groups = super::groups("http://api.example");
        let endpoints: Vec<_> = groups.iter().flat_map(|group| &group.endpoints).collect();
        assert!(endpoints.len() >= 25, "{}", endpoints.len());
        assert!(endpoints.iter().all(|endpoint| !endpoint.summary.is_empty()));
        assert!(endpoints.iter().any(|endpoint| endpoint.method == "GET" && endpoint.path == "/v1/records"));
    }
}

//! Prometheus metrics: `http_requests_total` and `http_request_duration_seconds` by portal, route pattern and status.

use crate::Exchange;
use http::{Method, StatusCode};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;
use std::time::Duration;

const BUCKETS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];

/// The process's recorder. Other crates count with the `metrics` macros.
#[derive(Clone)]
pub struct Metrics(Option<PrometheusHandle>);

impl Metrics {
    /// Installs the recorder, once a process; later calls share it. If somebody else has installed another one, this
    /// renders nothing.
    #[must_use]
    pub fn install() -> Self {
        static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
        let handle = HANDLE.get_or_init(|| {
            PrometheusBuilder::new()
                .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS)
                .and_then(PrometheusBuilder::install_recorder)
                .inspect_err(|error| tracing::warn!("no metrics: {error}"))
                .ok()
        });
        Self(handle.clone())
    }

    /// Folds what was measured into the histograms' buckets; undone, single measurements pile up in memory until somebody
    /// asks for `/metrics`.
    pub(crate) fn tidy(&self) {
        if let Some(handle) = &self.0 {
            handle.run_upkeep();
        }
    }

    /// The text of `/metrics`.
    #[must_use]
    pub fn render(&self) -> String {
        self.0.as_ref().map_or_else(String::new, |handle| {
            handle.run_upkeep();
            handle.render()
        })
    }
}

pub(crate) fn count(exchange: &Exchange, method: &Method, status: StatusCode, took: Duration) {
    let route = exchange.labels().0.unwrap_or_else(|| "none".to_owned());
    let portal = exchange.portal().name();
    let method = match *method {
        Method::GET | Method::HEAD => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "other",
    };
    metrics::counter!(
        "http_requests_total",
        "portal" => portal, "method" => method, "route" => route.clone(), "status" => status.as_u16().to_string()
    )
    .increment(1);
    metrics::histogram!("http_request_duration_seconds", "portal" => portal, "route" => route)
        .record(took.as_secs_f64());
}

//! The access log: one structured line a request, at target `access`. Ids and patterns only: no query string, no body, no
//! header but the request's id ever enters it.

use crate::Exchange;
use http::{Method, StatusCode};
use std::time::Duration;

/// Beginnings of paths that go on with a secret: of these only the beginning is told.
const SECRETS_FOLLOW: [&str; 2] = ["/shared/", "/files/"];

/// A path as it may be written down.
pub(crate) fn shown(path: &str) -> &str {
    SECRETS_FOLLOW.into_iter().find(|start| path.starts_with(start)).unwrap_or(path)
}

pub(crate) fn access(exchange: &Exchange, method: &Method, path: &str, status: StatusCode, took: Duration) {
    let (route, tenant, actor) = exchange.labels();
    let milliseconds = took.as_secs_f64() * 1_000.0;
    tracing::info!(
        target: "access",
        request_id = exchange.id().as_str(),
        portal = exchange.portal().name(),
        host = exchange.host(),
        method = method.as_str(),
        path = shown(path),
        route = route.as_deref(),
        status = status.as_u16(),
        ms = (milliseconds * 100.0).round() / 100.0,
        client = %exchange.client(),
        tenant = tenant.as_deref(),
        actor = actor.as_deref(),
        "request"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_paths_are_not_written_down() {
        for (path, expected) in [
            ("/shared/0BqzF4ZfHn3v.csv", "/shared/"),
            ("/shared/", "/shared/"),
            ("/files/AAECAwQF.MTIz/plan.pdf", "/files/"),
            ("/o/acme/bases", "/o/acme/bases"),
            ("/o/shared/x", "/o/shared/x"),
        ] {
            assert_eq!(shown(path), expected);
        }
    }
}

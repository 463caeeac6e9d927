//! The access log: one structured line a request, at target `access`. Ids and patterns only: no query string, no body, no
//! header but the request's id ever enters it.

use crate::Exchange;
use http::{Method, StatusCode};
use std::time::Duration;

/// Beginnings of paths that go on with a secret: of these only the beginning is told.
const SECRETS_FOLLOW: [&str; 2] = ["/shared/", "/files/"];

/// Bytes of what a request says of itself: it may say hundreds of thousands.
const MOST_HOST: usize = 255;
const MOST_METHOD: usize = 32;
const MOST_PATH: usize = 2_000;

fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

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
        host = cut(exchange.host(), MOST_HOST),
        method = cut(method.as_str(), MOST_METHOD),
        path = cut(shown(path), MOST_PATH),
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
    fn what_is_written_down_is_bounded() {
        for (text, most, expected) in [("abc", 3, "abc"), ("abcd", 3, "abc"), ("aé", 2, "a"), ("", 3, "")] {
            assert_eq!(cut(text, most), expected);
        }
    }

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

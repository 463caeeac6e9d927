//! `/.well-known/security.txt` (RFC 9116) on every host: where to report a weakness. Without a contact in the settings
//! there is none.

use crate::{Web, WebError};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use kernel_core::Error;
use std::fmt::Write as _;

/// RFC 9116 section 2.5.5 asks for less than a year; the page is made anew each day.
const LIFE: SignedDuration = SignedDuration::from_hours(24 * 90);

pub(crate) async fn show(State(web): State<Web>) -> Result<Response, WebError> {
    let text = text(&web.0.contacts, &web.origins().www, web.clock().now()).ok_or_else(Error::not_found)?;
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=86400"),
    ];
    Ok((headers, text).into_response())
}

/// The file; `None`: nobody is to be written to.
fn text(contacts: &[String], www: &str, now: Timestamp) -> Option<String> {
    if contacts.is_empty() {
        return None;
    }
    let midnight = now.to_zoned(TimeZone::UTC).date().to_zoned(TimeZone::UTC).ok()?.timestamp();
    let mut out = String::new();
    for contact in contacts {
        // Writing to a String can't fail.
        let _ = writeln!(out, "Contact: {contact}");
    }
    let _ = writeln!(out, "Expires: {}", midnight.checked_add(LIFE).ok()?);
    let _ = writeln!(out, "Preferred-Languages: en\nCanonical: {www}/.well-known/security.txt");
    let _ = writeln!(out, "Policy: {www}/docs/security");
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_has_what_the_rfc_asks_for() {
        let now = "2026-11-21T10:16:09Z".parse().unwrap();
        let contacts = ["mailto:security@acme.example".to_owned(), "https://acme.example/report".to_owned()];
        assert_eq!(
            text(&contacts, "https://www.acme.example", now).unwrap(),
            "Contact: mailto:security@acme.example\nContact: https://acme.example/report\n\
             Expires: 2027-02-19T00:00:00Z\nPreferred-Languages: en\n\
             Canonical: https://www.acme.example/.well-known/security.txt\n\
             Policy: https://www.acme.example/docs/security\n"
        );
        assert_eq!(text(&[], "https://www.acme.example", now), None);
    }
}

//! Security headers of every answer (OWASP secure headers; ASVS 3.4).

use crate::{Portal, Web};
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// The Content-Security-Policy of a portal's pages. No inline script or style anywhere.
#[must_use]
pub fn policy(web: &Web, portal: Portal) -> String {
    // The workspace talks to the API, and shows pictures of cells that the API gives.
    let (connect, pictures) = match portal {
        Portal::App => {
            (format!("connect-src 'self' {}", web.origins().api), format!(" {}", web.origins().api))
        }
        _ => ("connect-src 'self'".to_owned(), String::new()),
    };
    format!(
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:{pictures}; font-src 'self'; {connect}; \
         object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; \
         report-uri {REPORTS}; report-to csp"
    )
}

/// Where browsers report what the policy kept out: on every host, so that nothing is sent elsewhere.
pub(crate) const REPORTS: &str = "/csp-report";

/// For a page that another page of the same host shows in a frame (the builder's canvas, the mailbox): no scripts, no
/// forms, framed by itself only. A handler sets it, and the stack leaves it.
#[must_use]
pub fn framed_policy() -> HeaderValue {
    HeaderValue::from_static(
        "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; object-src 'none'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    )
}

/// Puts the headers on an answer. A Content-Security-Policy that the handler has set stays. The stack does it for every
/// answer; who keeps whole answers ([`crate::KeptPages`]) does it when they are made.
pub fn write(web: &Web, portal: Portal, headers: &mut HeaderMap) {
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY)
        && let Ok(value) = HeaderValue::from_str(&policy(web, portal))
    {
        headers.insert(header::CONTENT_SECURITY_POLICY, value);
    }
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("reporting-endpoints", "csp=\"/csp-report\""),
        ("referrer-policy", "strict-origin-when-cross-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        (
            "permissions-policy",
            "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
        ),
    ] {
        headers.entry(HeaderName::from_static(name)).or_insert(HeaderValue::from_static(value));
    }
    if web.https() {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000; includeSubDomains"),
        );
    }
}

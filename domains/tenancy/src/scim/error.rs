//! Errors in the shape of SCIM (RFC 7644 section 3.12): the status as text, a sentence, and `scimType` where there is one.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use kernel_core::{Code, Error};
use serde_json::{Value, json};

/// The media type of everything here.
pub(super) const MEDIA: &str = "application/scim+json";

/// The answer for an error.
pub(super) fn answer(error: &Error) -> Response {
    let (status, kind) = kind(error);
    let mut body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": status.to_string(),
        "detail": sentence(error),
    });
    if let Some(kind) = kind {
        body["scimType"] = json!(kind);
    }
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, Value::to_string(&body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Status and `scimType`.
fn kind(error: &Error) -> (u16, Option<&'static str>) {
    match error.code() {
        Code::BadFilter if !error.field_errors().is_empty() => (400, Some("invalidPath")),
        Code::BadFilter => (400, Some("invalidFilter")),
        Code::AlreadyExists => (409, Some("uniqueness")),
        Code::ReadOnlyField => (400, Some("mutability")),
        Code::UnknownField => (400, Some("invalidPath")),
        Code::UnknownRecord => (400, Some("noTarget")),
        Code::BadRequest | Code::MalformedJson => (400, Some("invalidSyntax")),
        Code::LimitReached => (403, None),
        code if code.status() == 422 => (400, Some("invalidValue")),
        code => (code.status(), None),
    }
}

/// The sentence, with the attributes that are wrong.
fn sentence(error: &Error) -> String {
    let at: Vec<String> = error
        .field_errors()
        .iter()
        .map(|field| format!("{} {}.", field.field.trim_start_matches('/'), field.detail))
        .collect();
    if at.is_empty() { error.message().to_owned() } else { at.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_in_their_words() {
        for (error, status, expected, part) in [
            (
                Error::new(Code::BadFilter).detail("At character 3."),
                400,
                Some("invalidFilter"),
                "character 3",
            ),
            (
                Error::field("userName", Code::AlreadyExists, "is taken"),
                409,
                Some("uniqueness"),
                "userName is taken.",
            ),
            (Error::field("path", Code::UnknownField, "names shoe"), 400, Some("invalidPath"), "shoe"),
            (Error::field("path", Code::ReadOnlyField, "is read only"), 400, Some("mutability"), "read only"),
            (
                Error::field("active", Code::WrongType, "is neither"),
                400,
                Some("invalidValue"),
                "active is neither.",
            ),
            (Error::new(Code::UnknownRecord), 400, Some("noTarget"), ""),
            (Error::new(Code::MalformedJson), 400, Some("invalidSyntax"), ""),
            (Error::new(Code::Unauthenticated), 401, None, ""),
            (Error::new(Code::TenantSuspended), 403, None, ""),
            (Error::not_found(), 404, None, "nothing here"),
            (Error::new(Code::Conflict).detail("The last owner can't go."), 409, None, "last owner"),
            (Error::new(Code::PreconditionFailed), 412, None, ""),
            (Error::internal("x"), 500, None, "our side"),
        ] {
            assert_eq!(kind(&error), (status, expected), "{error}");
            assert!(sentence(&error).contains(part), "{error}: {}", sentence(&error));
        }
    }
}

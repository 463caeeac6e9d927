//! Errors in the shape that Airtable's clients read: `{"error":{"type":…,"message":…}}`, and for 429 the shape of its own.
//!
//! The product's errors stay what they are until the very end: the web layer logs them as ever and asks [`answer`] for the
//! body. A base or table that is not there and one that the caller may not know of give the same words.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use kernel_core::{Code, Error, FieldError};
use serde_json::{Value, json};

/// No such base, table, field or view, or none that the caller may know of.
pub(super) fn no_model() -> Error {
    Error::new(Code::Forbidden).detail(
        "Invalid permissions, or the requested model was not found. Check that both your user and your token have the \
         required permissions, and that the model names and/or ids are correct.",
    )
}

/// [`no_model`] for what a service did not find; other errors stay.
pub(super) fn model(error: Error) -> Error {
    if error.code() == Code::NotFound { no_model() } else { error }
}

/// No such record in the table.
pub(super) fn no_record(id: &str) -> Error {
    Error::not_found().detail(format!("Record \"{id}\" not found."))
}

/// A field that the table does not have.
pub(super) fn unknown_field(name: &str) -> Error {
    Error::new(Code::UnknownField).detail(format!("Unknown field name: \"{name}\""))
}

/// A request that is read but makes no sense.
pub(super) fn invalid(detail: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Code::InvalidValue).detail(detail)
}

/// The answer for an error.
pub(super) fn answer(error: &Error) -> Response {
    let (status, kind) = kind(error);
    let body = match error.code() {
        Code::RateLimited => json!({
            "errors": [{"error": kind, "message": "Rate limit exceeded. Please try again later"}],
        }),
        _ => json!({"error": {"type": kind, "message": message(error)}}),
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, Value::to_string(&body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Status and Airtable's type.
fn kind(error: &Error) -> (u16, &'static str) {
    let pointer = error.field_errors().first().map_or("", |field| field.field.as_ref());
    let of_cell = error.field_errors().iter().any(|field| cell_of(field).is_some());
    match error.code() {
        Code::MalformedJson | Code::BadRequest => (400, "INVALID_REQUEST_BODY"),
        Code::BadCursor | Code::HistoryExpired => (422, "INVALID_OFFSET_VALUE"),
        Code::Unauthenticated => (401, "AUTHENTICATION_REQUIRED"),
        Code::Forbidden | Code::AddressNotAllowed | Code::MissingScope | Code::TenantSuspended => {
            (403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND")
        }
        Code::NotFound if pointer == "?view" => (422, "VIEW_NAME_NOT_FOUND"),
        Code::NotFound => (404, "NOT_FOUND"),
        Code::MethodNotAllowed => (405, "METHOD_NOT_ALLOWED"),
        Code::BodyTooLarge => (413, "REQUEST_TOO_LARGE"),
        Code::UnknownField | Code::BadSort => (422, "UNKNOWN_FIELD_NAME"),
        Code::BadFilter => (422, "INVALID_FILTER_BY_FORMULA"),
        Code::UnknownRecord => (422, "ROW_DOES_NOT_EXIST"),
        Code::AlreadyExists if !of_cell => (422, "DUPLICATE_OR_EMPTY_FIELD_NAME"),
        Code::RateLimited => (429, "RATE_LIMIT_REACHED"),
        Code::Unavailable | Code::ScannerUnavailable | Code::Timeout => (503, "SERVICE_UNAVAILABLE"),
        _ if of_cell => (422, "INVALID_VALUE_FOR_COLUMN"),
        code if code.status() >= 500 => (500, "SERVER_ERROR"),
        Code::Conflict | Code::PreconditionFailed => (409, "CONFLICT"),
        _ => (422, "INVALID_REQUEST_UNKNOWN"),
    }
}

/// The field's name when a cell is at fault: `/fields/Price`, `/records/3/fields/Price`.
fn cell_of(field: &FieldError) -> Option<String> {
    let (before, name) = field.field.rsplit_once("/fields/")?;
    let of_record = before.is_empty() || before.starts_with("/records/");
    (of_record && !name.contains('/')).then(|| name.replace("~1", "/").replace("~0", "~"))
}

fn message(error: &Error) -> String {
    let cells: Vec<String> = error
        .field_errors()
        .iter()
        .filter_map(|field| {
            let name = cell_of(field)?;
            Some(format!("Field \"{name}\" cannot accept the provided value: {}", field.detail))
        })
        .collect();
    if !cells.is_empty() {
        return cells.join(" ");
    }
    match error.code() {
        Code::Unauthenticated => "Authentication required".to_owned(),
        Code::BadFilter => format!("The formula for filtering records is invalid: {}", error.message()),
        _ => {
            let at = error.field_errors().iter().map(|field| format!("{}: {}", field.field, field.detail));
            let details: Vec<String> = at.collect();
            // A list of errors stands for itself; the sentence of its code would add nothing.
            if details.is_empty() || error.message() != error.code().title() {
                error.message().to_owned()
            } else {
                details.join(" ")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(error: &Error, status: u16, kind: &str, part: &str) {
        assert_eq!(super::kind(error), (status, kind), "{error}");
        assert!(message(error).contains(part), "{error}: {}", message(error));
    }

    #[test]
    fn errors_in_their_words() {
        let cell = |pointer: &'static str, code| Error::field(pointer, code, "Expected a number.");
        check(&Error::new(Code::Unauthenticated), 401, "AUTHENTICATION_REQUIRED", "Authentication required");
        check(&no_model(), 403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND", "or the requested model");
        check(&no_record("rec1"), 404, "NOT_FOUND", "rec1");
        check(&unknown_field("A"), 422, "UNKNOWN_FIELD_NAME", "Unknown field name: \"A\"");
        let wrong = cell("/records/3/fields/A~1B", Code::WrongType);
        check(&wrong, 422, "INVALID_VALUE_FOR_COLUMN", "Field \"A/B\" cannot accept");
        check(&cell("/fields/A", Code::UnknownRecord), 422, "ROW_DOES_NOT_EXIST", "\"A\"");
        check(&cell("/name", Code::AlreadyExists), 422, "DUPLICATE_OR_EMPTY_FIELD_NAME", "/name");
        check(&cell("/name", Code::Required), 422, "INVALID_REQUEST_UNKNOWN", "/name");
        check(&Error::new(Code::BadCursor), 422, "INVALID_OFFSET_VALUE", "");
        check(&Error::new(Code::MalformedJson), 400, "INVALID_REQUEST_BODY", "");
        check(&Error::internal("x"), 500, "SERVER_ERROR", "our side");
        assert_eq!(answer(&Error::new(Code::RateLimited).retry_after(1)).status(), 429);
    }
}

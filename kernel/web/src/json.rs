//! JSON bodies and query strings with errors that name the place of the mistake.

use crate::{WebError, body};
use axum::extract::{FromRequest, FromRequestParts, Request};
use bytes::Bytes;
use http::header;
use http::request::Parts;
use kernel_core::{Code, Error};
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

/// A JSON body.
///
/// Errors: `unsupported_media_type`, `body_too_large`, `malformed_json` (line and column in the detail), `wrong_type`,
/// `unknown_field`, `required` or `invalid_value` at the JSON pointer of the value.
#[derive(Clone, Debug)]
pub struct ApiJson<T>(pub T);

/// A JSON body with its bytes, for callers that also sign or hash what was sent. Errors as [`ApiJson`].
#[derive(Clone, Debug)]
pub struct RawJson<T> {
    /// What was read.
    pub value: T,
    /// The body as it came.
    pub body: Bytes,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for RawJson<T> {
    type Rejection = WebError;
    async fn from_request(request: Request, state: &S) -> Result<Self, WebError> {
        if !is_json(&request) {
            let detail = "Send the body as JSON, with Content-Type: application/json.";
            return Err(Error::new(Code::UnsupportedMediaType).detail(detail).into());
        }
        let body = body::read(request, state).await?;
        refuse_list(&body)?;
        Ok(Self { value: parse(&body)?, body })
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for ApiJson<T> {
    type Rejection = WebError;
    async fn from_request(request: Request, state: &S) -> Result<Self, WebError> {
        RawJson::from_request(request, state).await.map(|raw| Self(raw.value))
    }
}

/// No body here is a list. Serde would take one for an object, its values in the order of the fields.
fn refuse_list(body: &[u8]) -> Result<(), Error> {
    if body.trim_ascii_start().starts_with(b"[") {
        return Err(Error::field("", Code::WrongType, "is a list, expected an object"));
    }
    Ok(())
}

fn is_json(request: &Request) -> bool {
    let kind =
        request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let kind = kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// Reads a JSON document into `T`.
///
/// # Errors
/// As [`ApiJson`].
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = pointer(error.path());
        mistake(path, error.inner())
    })?;
    reader.end().map_err(|error| mistake(String::new(), &error))?;
    Ok(value)
}

fn mistake(pointer: String, error: &serde_json::Error) -> Error {
    if !error.is_data() {
        let what = error.to_string();
        let what = what.split(" at line ").next().unwrap_or_default().to_owned();
        let detail = format!("Line {}, column {}: {what}.", error.line(), error.column());
        return Error::new(Code::MalformedJson).detail(detail);
    }
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    let (field, code, detail) = classify(&pointer, text);
    Error::field(field, code, detail)
}

/// Serde's sentences, which are stable enough to be matched (each has a test), as codes.
fn classify(pointer: &str, text: &str) -> (String, Code, String) {
    let named = |prefix: &str| {
        text.strip_prefix(prefix)
            .and_then(|rest| rest.split('`').nth(1))
            .map(|name| name.replace('~', "~0").replace('/', "~1"))
    };
    if let Some(name) = named("missing field") {
        return (format!("{pointer}/{name}"), Code::Required, "is missing".to_owned());
    }
    if let Some(name) = named("unknown field") {
        let expected = text.split_once("expected ").map_or("no such field", |(_, rest)| rest);
        // The path already ends in the unknown key when serde knows it.
        let field = if pointer.ends_with(&format!("/{name}")) {
            pointer.to_owned()
        } else {
            format!("{pointer}/{name}")
        };
        return (field, Code::UnknownField, format!("is not a field here; expected {expected}"));
    }
    if let Some(name) = named("duplicate field") {
        let field = if pointer.ends_with(&format!("/{name}")) {
            pointer.to_owned()
        } else {
            format!("{pointer}/{name}")
        };
        return (field, Code::InvalidValue, "is given twice".to_owned());
    }
    if let Some(rest) = text.strip_prefix("invalid type: ") {
        return (pointer.to_owned(), Code::WrongType, format!("is {rest}"));
    }
    (pointer.to_owned(), Code::InvalidValue, format!("is refused: {text}"))
}

/// A JSON pointer (RFC 6901) of serde's path.
fn pointer(path: &Path) -> String {
    let mut out = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => out.push_str(&format!("/{index}")),
            Segment::Map { key } => {
                out.push('/');
                out.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    out
}

/// A query string. Errors are those of [`ApiJson`] with the parameter's name; `bad_request` when none can be named.
#[derive(Clone, Debug)]
pub struct ApiQuery<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for ApiQuery<T> {
    type Rejection = WebError;
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, WebError> {
        Ok(Self(parse_query(parts.uri.query().unwrap_or(""))?))
    }
}

/// Reads a query string into `T`.
///
/// # Errors
/// As [`ApiQuery`].
pub fn parse_query<T: DeserializeOwned>(query: &str) -> Result<T, Error> {
    let reader = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(reader).map_err(|error| {
        let (field, code, detail) = classify(&pointer(error.path()), &error.inner().to_string());
        let name = field.trim_start_matches('/');
        let sentence = if name.is_empty() { detail.clone() } else { format!("{name} {detail}") };
        let whole =
            Error::new(Code::BadRequest).detail(format!("The query string could not be read: {sentence}."));
        if name.is_empty() {
            return whole;
        }
        let at_field = kernel_core::FieldError::new(format!("?{name}"), code, detail);
        Error::fields(vec![at_field]).detail(whole.message().to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Body {
        name: String,
        #[serde(default)]
        rows: Vec<Row>,
    }
    #[derive(Debug, Deserialize, PartialEq)]
    struct Row {
        price: f64,
    }

    fn check(body: &str, code: Code, field: &str, detail: &str) {
        let error = parse::<Body>(body.as_bytes()).unwrap_err();
        assert_eq!(error.code(), code, "{body}: {error}");
        let found = error.field_errors().first().map_or("", |found| &found.field);
        assert_eq!(found, field, "{body}: {error}");
        assert!(error.to_string().contains(detail), "{body}: {error}");
    }

    #[test]
    fn json_mistakes_name_their_place() {
        check("", Code::MalformedJson, "", "Line 1, column 0");
        check("{\"name\": \"a\",\n  oops}", Code::MalformedJson, "", "Line 2, column 3");
        check("{\"name\": \"a\"} x", Code::MalformedJson, "", "trailing characters");
        check("{\"name\": 3}", Code::WrongType, "/name", "is integer `3`, expected a string");
        check("{}", Code::Required, "/name", "is missing");
        check("{\"name\":\"a\",\"colour\":1}", Code::UnknownField, "/colour", "expected `name` or `rows`");
        check("{\"name\":\"a\",\"name\":\"b\"}", Code::InvalidValue, "/name", "given twice");
        check(
            "{\"name\":\"a\",\"rows\":[{\"price\":1},{\"price\":\"x\"}]}",
            Code::WrongType,
            "/rows/1/price",
            "expected f64",
        );
        check("{\"name\":\"a\",\"rows\":[{}]}", Code::Required, "/rows/0/price", "is missing");
        check("[1]", Code::WrongType, "/0", "");
        assert_eq!(parse::<Body>(b"{\"name\":\"a\"}").unwrap(), Body { name: "a".into(), rows: vec![] });
    }

    #[test]
    fn a_list_is_no_object() {
        for (body, refused) in [("[]", true), (" \n[null, null]", true), ("{\"a\": []}", false), ("", false)]
        {
            let found = refuse_list(body.as_bytes()).map_err(|error| error.code());
            assert_eq!(found, if refused { Err(Code::WrongType) } else { Ok(()) }, "{body}");
        }
    }

    #[test]
    fn deep_nesting_is_an_error_and_not_a_crash() {
        let deep = "[".repeat(100_000);
        assert_eq!(parse::<serde_json::Value>(deep.as_bytes()).unwrap_err().code(), Code::MalformedJson);
    }

    #[test]
    fn query_mistakes_name_the_parameter() {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Query {
            #[serde(default)]
            limit: u32,
        }
        assert_eq!(parse_query::<Query>("limit=5").unwrap().limit, 5);
        for (query, field) in [("limit=x", "?limit"), ("lim=5", "?lim"), ("limit=-1", "?limit")] {
            let error = parse_query::<Query>(query).unwrap_err();
            assert_eq!(error.field_errors()[0].field, field, "{query}: {error}");
        }
    }
}

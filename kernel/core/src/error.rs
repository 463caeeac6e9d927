//! One table of error codes, one error type.
//!
//! A code is part of the API: its name never changes. `kernel_web` renders an [`Error`] as `application/problem+json`
//! (RFC 9457) or as an HTML page; nothing else does.

use std::borrow::Cow;
use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $status:literal, retry $retry:literal, $title:literal;)*) => {
        /// A stable error code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* $variant,)* }

        impl Code {
            /// The whole table, for the reference page and its test.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
            /// The stable name, e.g. `not_found`; also the anchor on the error reference page.
            #[must_use]
            pub const fn name(self) -> &'static str { match self { $(Self::$variant => $name,)* } }
            /// The HTTP status.
            #[must_use]
            pub const fn status(self) -> u16 { match self { $(Self::$variant => $status,)* } }
            /// Whether the same request may succeed later.
            #[must_use]
            pub const fn retryable(self) -> bool { match self { $(Self::$variant => $retry,)* } }
            /// One sentence a person can read.
            #[must_use]
            pub const fn title(self) -> &'static str { match self { $(Self::$variant => $title,)* } }
        }
    };
}

codes! {
    /// The request is not well formed (bad JSON, bad query string).
    BadRequest = "bad_request", 400, retry false, "The request could not be read.";
    /// The body is not valid JSON; the detail names line and column.
    MalformedJson = "malformed_json", 400, retry false, "The body is not valid JSON.";
    /// The pagination cursor is damaged or belongs to another query.
    BadCursor = "bad_cursor", 400, retry false, "The cursor does not belong to this query.";
    /// Nobody is signed in, or the token is unknown, expired or revoked.
    Unauthenticated = "unauthenticated", 401, retry false, "Sign in, or send a valid token.";
    /// Wrong e-mail address or password.
    BadCredentials = "bad_credentials", 401, retry false, "The e-mail address or the password is not right.";
    /// The caller's role does not allow it.
    Forbidden = "forbidden", 403, retry false, "Your role does not allow this.";
    /// The token was not given the scope.
    MissingScope = "missing_scope", 403, retry false, "The token lacks a scope.";
    /// The token may not be used from this address.
    AddressNotAllowed = "address_not_allowed", 403, retry false, "The token can't be used from this address.";
    /// The session is too old for something sensitive: confirm who you are, then repeat.
    StepUpRequired = "step_up_required", 403, retry true, "Confirm that it is you, then repeat.";
    /// The form's CSRF token is missing or stale.
    BadCsrf = "bad_csrf", 403, retry true, "The page was open too long. Load it again and repeat.";
    /// The organisation asks its members to log in through its own provider.
    SsoRequired = "sso_required", 403, retry false, "Log in through your organisation.";
    /// The tenant is suspended by staff.
    TenantSuspended = "tenant_suspended", 403, retry false, "This organisation is suspended.";
    /// The e-mail address is not verified yet.
    EmailNotVerified = "email_not_verified", 403, retry false, "Confirm your e-mail address first.";
    /// The request came in the clear where https is spoken.
    HttpsRequired = "https_required", 403, retry false, "This address is served by https alone.";
    /// Nothing here, or nothing that the caller may know of.
    NotFound = "not_found", 404, retry false, "There is nothing here.";
    /// No site or portal answers to this host name.
    UnknownHost = "unknown_host", 404, retry false, "No site answers to this name.";
    /// The route exists, the method does not.
    MethodNotAllowed = "method_not_allowed", 405, retry false, "This address does not take that method.";
    /// Somebody else changed it first.
    Conflict = "conflict", 409, retry true, "It was changed in the meantime.";
    /// The value is taken.
    AlreadyExists = "already_exists", 409, retry false, "This already exists.";
    /// The same idempotency key is being worked on.
    IdempotencyInProgress = "idempotency_in_progress", 409, retry true, "A request with this key is still running.";
    /// What happened then is not kept any more.
    HistoryExpired = "history_expired", 410, retry false, "The history does not go back that far.";
    /// `If-Match` does not hold any more.
    PreconditionFailed = "precondition_failed", 412, retry false, "The record has changed since it was read.";
    /// The body is larger than the limit.
    BodyTooLarge = "body_too_large", 413, retry false, "The body is too large.";
    /// The content type is not taken here.
    UnsupportedMediaType = "unsupported_media_type", 415, retry false, "This content type is not taken here.";
    /// One or more fields are wrong; see `errors`.
    InvalidFields = "invalid_fields", 422, retry false, "Some values are not right.";
    /// A value of the wrong kind or outside its range.
    InvalidValue = "invalid_value", 422, retry false, "The value is not right.";
    /// A value is missing.
    Required = "required", 422, retry false, "A value is needed.";
    /// A text is longer than its limit.
    TooLong = "too_long", 422, retry false, "The text is too long.";
    /// A name that the table or the schema does not have.
    UnknownField = "unknown_field", 422, retry false, "There is no field of this name.";
    /// The value is computed or set by the product.
    ReadOnlyField = "read_only_field", 422, retry false, "This field can't be written.";
    /// The value has the wrong JSON type for the field.
    WrongType = "wrong_type", 422, retry false, "The value has the wrong type.";
    /// A value breaks the rule that the field's owner wrote; the detail is their message.
    RuleBroken = "rule_broken", 422, retry false, "The value breaks the rule of its field.";
    /// A link names a record that the linked table does not have.
    UnknownRecord = "unknown_record", 422, retry false, "There is no such record to link to.";
    /// The filter has a mistake; `position` tells where.
    BadFilter = "bad_filter", 422, retry false, "The filter has a mistake.";
    /// The sort names an unknown field.
    BadSort = "bad_sort", 422, retry false, "The sort has a mistake.";
    /// More items than one request may carry.
    TooMany = "too_many", 422, retry false, "Too many items in one request.";
    /// The idempotency key was used with another request.
    IdempotencyKeyReused = "idempotency_key_reused", 422, retry false, "This key was used for another request.";
    /// The password is too short, too common or breached.
    WeakPassword = "weak_password", 422, retry false, "Choose another password.";
    /// The link or code is used up or too old.
    LinkExpired = "link_expired", 422, retry false, "This link does not work any more.";
    /// The uploaded CSV can't be read; the detail names the line.
    BadCsv = "bad_csv", 422, retry false, "The CSV file can't be read.";
    /// The uploaded file can't be read as what it looks like; the detail says why.
    BadFile = "bad_file", 422, retry false, "The file can't be read.";
    /// A file, or a table on its way into one, has more rows than fit.
    TooManyRows = "too_many_rows", 422, retry false, "Too many rows.";
    /// A file, or a table on its way into one, has more columns than fit.
    TooManyColumns = "too_many_columns", 422, retry false, "Too many columns.";
    /// A file has more values than one import takes.
    TooManyCells = "too_many_cells", 422, retry false, "Too many values in one file.";
    /// A text is longer than a cell of the file's format can be.
    CellTooLong = "cell_too_long", 422, retry false, "A text is too long for a cell.";
    /// A packed file is larger, unpacked, than one import takes.
    UnpacksTooLarge = "unpacks_too_large", 422, retry false, "The file is too large once unpacked.";
    /// The page document is not valid.
    BadDocument = "bad_document", 422, retry false, "The page document is not valid.";
    /// A file is larger than one may be.
    FileTooLarge = "file_too_large", 413, retry false, "The file is too large.";
    /// Malware was found in a file; the detail says which file and what. Nothing of it is kept.
    FileInfected = "file_infected", 422, retry false, "Malware was found in the file.";
    /// The files of the organisation take all the room that its plan has.
    StorageFull = "storage_full", 422, retry false, "There is no room for more files.";
    /// A plan's or the product's limit is reached.
    LimitReached = "limit_reached", 422, retry false, "A limit is reached.";
    /// More happened since then than is taken back for one answer.
    TooFarBack = "too_far_back", 422, retry false, "That is too far back.";
    /// Too many requests; `Retry-After` tells when to come back.
    RateLimited = "rate_limited", 429, retry true, "Too many requests.";
    /// A fault of ours.
    Internal = "internal", 500, retry true, "Something went wrong on our side.";
    /// Another service, such as a provider of log-ins, did not answer as it should.
    ProviderFailed = "provider_failed", 502, retry true, "The other service did not answer as it should.";
    /// Mail could not be handed over.
    MailFailed = "mail_failed", 502, retry true, "The mail could not be sent.";
    /// The service is starting, stopping or overloaded.
    Unavailable = "unavailable", 503, retry true, "The service is not ready. Try again in a moment.";
    /// Files can't be looked at for malware at the moment, and none is taken without.
    ScannerUnavailable = "scanner_unavailable", 503, retry true, "The file could not be checked. Try again in a moment.";
    /// The request took too long.
    Timeout = "timeout", 503, retry true, "The request took too long.";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is wrong with one value of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The form field's name, or a JSON pointer (RFC 6901) such as `/fields/Price`.
    pub field: Cow<'static, str>,
    /// The code.
    pub code: Code,
    /// What to do, as a sentence without its subject: "is longer than 100 characters".
    pub detail: Cow<'static, str>,
}

impl FieldError {
    /// One error at one field.
    pub fn new(
        field: impl Into<Cow<'static, str>>,
        code: Code,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { field: field.into(), code, detail: detail.into() }
    }
}

type Source = Box<dyn std::error::Error + Send + Sync + 'static>;

/// An error on its way to a caller. The source is for the log alone.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    code: Code,
    detail: Cow<'static, str>,
    fields: Vec<FieldError>,
    retry_after: Option<u64>,
    source: Option<Source>,
}

/// A result with the product's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error that says what its code says.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self(Box::new(Inner {
            code,
            detail: Cow::Borrowed(code.title()),
            fields: Vec::new(),
            retry_after: None,
            source: None,
        }))
    }

    /// `not_found`.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Code::NotFound)
    }

    /// One wrong field.
    pub fn field(
        field: impl Into<Cow<'static, str>>,
        code: Code,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::fields(vec![FieldError::new(field, code, detail)])
    }

    /// Several wrong fields: `invalid_fields`, or the code of the only one.
    #[must_use]
    pub fn fields(fields: Vec<FieldError>) -> Self {
        let code = match fields.as_slice() {
            [only] => only.code,
            _ => Code::InvalidFields,
        };
        let mut error = Self::new(code);
        error.0.fields = fields;
        error
    }

    /// A fault of ours with its cause: the caller sees `internal` and a request id, the log sees the cause.
    pub fn internal(source: impl Into<Source>) -> Self {
        Self::new(Code::Internal).source(source)
    }

    /// Replaces the sentence that the caller reads. Never put internals into it.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.0.detail = detail.into();
        self
    }

    /// Adds the cause, for the log.
    #[must_use]
    pub fn source(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Sets `Retry-After`, in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }
    /// The sentence for the caller.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.detail
    }
    /// Errors at fields, if any.
    #[must_use]
    pub fn field_errors(&self) -> &[FieldError] {
        &self.0.fields
    }
    /// Seconds to wait, if the caller should.
    #[must_use]
    pub fn wait_seconds(&self) -> Option<u64> {
        self.0.retry_after
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code, self.0.detail)?;
        for field in &self.0.fields {
            write!(f, "; {} {}", field.field, field.detail)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

impl From<crate::ids::BadId> for Error {
    /// An id that can't be one is nothing anybody may know of.
    fn from(_: crate::ids::BadId) -> Self {
        Self::not_found()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_are_unique_and_statuses_are_errors() {
        let names: HashSet<_> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        assert!(Code::ALL.iter().all(|code| (400..600).contains(&code.status())));
    }

    #[test]
    fn one_wrong_field_gives_its_own_code() {
        let error = Error::field("name", Code::TooLong, "is longer than 100 characters");
        assert_eq!((error.code(), error.code().status()), (Code::TooLong, 422));
        let two = Error::fields(vec![
            FieldError::new("a", Code::Required, "is missing"),
            FieldError::new("b", Code::Required, "is missing"),
        ]);
        assert_eq!(two.code(), Code::InvalidFields);
    }
}

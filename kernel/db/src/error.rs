//! What can go wrong at a database, in terms a service can branch on.

use crate::{Database, SqlState, Statement};
use kernel_core::{Code, Error};
use std::fmt;

/// A failed statement, or a database that can't be reached.
pub struct DbError(Box<Inner>);

struct Inner {
    database: Database,
    statement: Option<&'static str>,
    cause: Cause,
}

enum Cause {
    /// The server or the connection said so.
    Postgres(tokio_postgres::Error),
    /// No connection in time.
    Unreachable(String),
    /// The caller used a statement or transaction in a way that can't be right.
    Misuse(&'static str),
}

impl DbError {
    pub(crate) fn postgres(statement: &'static Statement, error: tokio_postgres::Error) -> Self {
        Self::new(statement.database, Some(statement.name), Cause::Postgres(error))
    }
    pub(crate) fn session(database: Database, error: tokio_postgres::Error) -> Self {
        Self::new(database, None, Cause::Postgres(error))
    }
    pub(crate) fn unreachable(database: Database, why: impl fmt::Display) -> Self {
        Self::new(database, None, Cause::Unreachable(why.to_string()))
    }
    pub(crate) fn misuse(statement: &'static Statement, why: &'static str) -> Self {
        Self::new(statement.database, Some(statement.name), Cause::Misuse(why))
    }
    pub(crate) fn misuse_of(database: Database, why: &'static str) -> Self {
        Self::new(database, None, Cause::Misuse(why))
    }

    fn new(database: Database, statement: Option<&'static str>, cause: Cause) -> Self {
        metrics::counter!("db_errors_total", "database" => database.name()).increment(1);
        Self(Box::new(Inner { database, statement, cause }))
    }

    /// The SQLSTATE, when the server refused.
    #[must_use]
    pub fn code(&self) -> Option<SqlState> {
        match &self.0.cause {
            Cause::Postgres(error) => error.code().cloned(),
            _ => None,
        }
    }

    /// The constraint that was violated, by its name in the schema.
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        match &self.0.cause {
            Cause::Postgres(error) => error.as_db_error()?.constraint(),
            _ => None,
        }
    }

    /// Whether the database could not be reached, or went away meanwhile: whether the work was done is unknown then.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        match &self.0.cause {
            Cause::Unreachable(_) => true,
            Cause::Postgres(error) => error.is_closed() || is_outage(error),
            Cause::Misuse(_) => false,
        }
    }
}

/// The server is starting, stopping, out of connections, or the socket broke.
pub(crate) fn is_outage(error: &tokio_postgres::Error) -> bool {
    match error.code() {
        Some(code) => [
            SqlState::CANNOT_CONNECT_NOW,
            SqlState::ADMIN_SHUTDOWN,
            SqlState::CRASH_SHUTDOWN,
            SqlState::TOO_MANY_CONNECTIONS,
        ]
        .contains(code),
        None => {
            error.is_closed()
                || std::error::Error::source(error).is_some_and(|source| source.is::<std::io::Error>())
        }
    }
}

impl fmt::Display for DbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "database {}", self.0.database)?;
        if let Some(statement) = self.0.statement {
            write!(f, ", statement {statement}")?;
        }
        match &self.0.cause {
            Cause::Postgres(error) => match error.as_db_error() {
                Some(server) => {
                    write!(f, ": {} ({})", server.message(), server.code().code())?;
                    server.detail().map_or(Ok(()), |detail| write!(f, ": {detail}"))
                }
                None => {
                    write!(f, ": {error}")?;
                    std::error::Error::source(error).map_or(Ok(()), |source| write!(f, ": {source}"))
                }
            },
            Cause::Unreachable(why) => write!(f, ": {why}"),
            Cause::Misuse(why) => write!(f, ": {why}"),
        }
    }
}

impl fmt::Debug for DbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for DbError {}

impl From<DbError> for Error {
    /// `unavailable` when the database is away or two writers stood in each other's way, `timeout` when the statement
    /// took too long, `invalid_value` when a text has the character U+0000, which Postgres does not store, else `internal`. A service maps constraints that it knows before it comes to this.
    fn from(error: DbError) -> Self {
        if let Some(code) = error.code()
            && (code == SqlState::CHARACTER_NOT_IN_REPERTOIRE || code == SqlState::UNTRANSLATABLE_CHARACTER)
        {
            return Self::new(Code::InvalidValue)
                .detail("A text has the character U+0000, which can’t be kept.");
        }
        let code = match error.code() {
            Some(code) if code == SqlState::QUERY_CANCELED => Code::Timeout,
            Some(code)
                if code == SqlState::T_R_SERIALIZATION_FAILURE || code == SqlState::T_R_DEADLOCK_DETECTED =>
            {
                Code::Unavailable
            }
            _ if error.is_unreachable() => Code::Unavailable,
            _ => Code::Internal,
        };
        Self::new(code).source(error)
    }
}

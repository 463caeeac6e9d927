//! A comment as it is stored, and what is shown of the people in it.

use jiff::Timestamp;
use kernel_core::{Code, Error, Result, UserId};
use kernel_db::Row;
use std::collections::HashMap;

/// A comment.
#[derive(Clone, Debug)]
pub(crate) struct Comment {
    /// `com…`, ordered by time.
    pub(crate) id: String,
    /// The comment that it answers.
    pub(crate) parent: Option<String>,
    /// Who wrote it: the text of an actor.
    pub(crate) author: String,
    pub(crate) text: String,
    /// Members that the text names.
    pub(crate) mentions: Vec<UserId>,
    pub(crate) created_at: Timestamp,
    /// When it was last edited.
    pub(crate) updated_at: Option<Timestamp>,
}

impl Comment {
    /// From the columns `id, parent, author, text, mentions, created_at, updated_at`.
    pub(super) fn of(row: &Row) -> Self {
        let mentions: Vec<uuid::Uuid> = row.get(4);
        Self {
            id: row.get(0),
            parent: row.get(1),
            author: row.get(2),
            text: row.get(3),
            mentions: mentions.into_iter().map(UserId::from_uuid).collect(),
            created_at: row.get(5),
            updated_at: row.get(6),
        }
    }
}

/// What is shown of an author or of somebody who is mentioned.
#[derive(Clone, Debug, Default)]
pub(crate) struct Person {
    /// Empty when it is not known any more.
    pub(crate) name: String,
    /// For callers that may see who is a member.
    pub(crate) email: Option<String>,
}

/// People by the text of their id.
pub(crate) type People = HashMap<String, Person>;

/// A text as it is stored.
///
/// # Errors
/// `required`, `too_long`.
pub(super) fn clean(text: &str) -> Result<String> {
    // As it was sent: the schema counts what is cut off at its ends, too.
    if text.chars().count() > super::MAX_TEXT {
        let detail = format!("is longer than {} characters", super::MAX_TEXT);
        return Err(Error::field("/text", Code::TooLong, detail));
    }
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::field("/text", Code::Required, "is empty"));
    }
    // Postgres has no place for it.
    if text.contains('\0') {
        return Err(Error::field("/text", Code::InvalidValue, "has a character that can't be stored"));
    }
    Ok(text.to_owned())
}

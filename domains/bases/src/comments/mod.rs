//! Comments of records (spec D5): texts with mentions, and answers to them; edited and deleted by their authors.
//!
//! Comments are no part of the base's sequence: writing one changes no cell and no version. A deleted record keeps its
//! comments, unseen, until it comes back.

pub(crate) mod api;
mod mails;
mod mentions;
mod model;
mod service;
mod store;

pub(crate) use mails::MentionJob;
pub(crate) use model::{Comment, Person};
pub(crate) use service::Draft;

/// Comments of one page at most.
pub(crate) const MAX_PAGE: usize = 100;
/// Characters of a comment at most.
pub(crate) const MAX_TEXT: usize = 10_000;
/// People that one comment mentions at most.
pub(crate) const MAX_MENTIONS: usize = 50;

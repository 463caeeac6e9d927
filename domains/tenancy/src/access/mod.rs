//! Who may enter an organisation, asked on every request: members by session, programs by token, the app by a
//! short-lived JWT. Answers are kept in memory and dropped by NOTIFY.

mod actors;
pub mod cache;
pub mod extract;
pub mod jwt;
pub(crate) mod service;

//! SCIM 2.0 of an organisation (spec A8; RFC 7643, 7644): its directory (Okta, Entra) creates, changes and deactivates its
//! members and groups, at `api./scim/v2`, with a token that can do nothing else.
//!
//! Invariants:
//! - A *User* is a person whose address is in a domain that the organisation has proven ([`crate::sso`]), or one whom the
//!   directory made a member. Others, such as invited guests, are not there for it. `id` is the account's and never changes.
//! - `active` is the membership, and nothing beside it: ending it is the same as removing a member (sessions, tokens and
//!   connections stop at once), and what the person had is given back when the directory activates again. Whom an
//!   administrator removed by hand is not brought back; the last owner can't be ended.
//! - A *Group* is a group of permissions that the directory made. It fills it; what the group may do is decided here, by hand.
//! - Writes of an organisation happen one after the other: each locks the owners' rows first.

mod api;
mod discovery;
mod error;
mod filter;
mod groups;
mod list;
mod page;
mod patch;
mod people;
mod schema;
mod schemas;
pub(crate) mod store;
mod token;
mod users;
mod views;

pub use api::api;
pub(crate) use page::{routes, section};
pub use token::{ScimToken, ScimTokenRow};
pub(crate) use views::ScimSection;

use serde_json::{Map, Value};

/// The attributes of a resource, named as in the schema.
type Doc = Map<String, Value>;

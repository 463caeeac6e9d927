//! API tokens (spec A7 simple, P6): made by members, shown once, stored hashed, revoked at any time.

pub mod directory;
mod leaks;
pub mod mails;
pub mod model;
pub mod routes;
mod service;
pub(crate) use service::person;
pub(crate) mod store;
pub(crate) mod usage;
pub mod views;

pub use directory::{BaseDirectory, BaseName, FieldName, Later, SiteDirectory, SiteName, TableName};
pub use leaks::{api, operation as leak_operation};
pub use model::{CreatedToken, NewToken, TokenRow};

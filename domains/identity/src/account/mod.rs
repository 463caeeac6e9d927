//! A person's own account: name, time zone, theme, password, sessions (spec A12).

mod email;
pub mod email_service;
pub mod picture;
mod picture_routes;
pub mod routes;
mod security;
mod service;
pub(crate) mod store;
pub mod views;

pub use service::Profile;

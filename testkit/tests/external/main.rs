//! The product and programs of others that run beside it. `cargo xtask test external` installs what they need.

mod clamav;
mod name_server;
mod oauth;
mod provider;
mod saml;
mod sign_in;
mod sso;
mod syslog;

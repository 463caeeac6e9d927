//! SAML 2.0, as the service provider of the web browser SSO profile: what a provider says of itself, the request that sends a
//! browser to it, the answer that it posts back (ADR 0008). Pure: no clock, no network, no database.
//!
//! Invariants: an answer is believed for what a key of the stored metadata has signed, and for nothing else: the element whose
//! digest was verified is the very element that is read. XML without types, comments, instructions and entities is all that is
//! read, within limits that are counted before it is parsed.

pub mod answer;
pub mod c14n;
pub mod certificate;
pub mod conditions;
pub mod metadata;
pub mod provider;
pub mod request;
pub mod signature;
pub mod xml;

pub use answer::{Believed, Expected};
pub use certificate::Certificate;
pub use provider::Saml;

use std::borrow::Cow;

/// A sentence's end about what is wrong, after "The answer" or "The metadata". Says nothing of what was sent.
pub type Wrong = Cow<'static, str>;
/// Something that came from outside, checked.
pub type Checked<T> = Result<T, Wrong>;

/// Elements of assertions.
pub const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
/// Elements of messages.
pub const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
/// Elements of metadata.
pub const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
/// Elements of signatures.
pub const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";
/// Where answers are posted to.
pub const POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
/// How requests are sent.
pub const REDIRECT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";

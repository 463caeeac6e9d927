//! Single sign-on of organisations against a real database, with providers and name servers inside the test.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "../../../identity/tests/it/browser.rs"]
#[expect(dead_code, reason = "shared with the tests of identity")]
mod browser;
mod enter;
#[path = "../../../identity/tests/oidc/idp.rs"]
#[expect(dead_code, reason = "shared with the tests of identity")]
mod idp;
mod saml_evil;
mod saml_flow;
mod saml_idp;
mod saml_read;
mod scene;
mod scim;
mod set_up;
#[path = "../../../identity/tests/it/world.rs"]
#[expect(dead_code, reason = "shared with the tests of identity")]
mod world;

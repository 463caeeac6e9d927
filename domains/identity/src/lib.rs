//! People: accounts, passwords, sessions, mail confirmation, the account page, the audit trail's writer, the
//! development mailbox (spec A1, A9, A12).
//!
//! [`Identity`] is the service; [`routes`] are its pages on `app.`; [`SignedIn`] is the extractor that other domains
//! build on; [`register`] adds its jobs to the worker.

pub mod account;
pub mod audit;
pub mod devices;
pub mod factors;
mod identity;
pub mod jobs;
pub mod leaving;
pub mod links;
pub mod mailbox;
pub mod mails;
pub mod model;
pub mod oidc;
pub mod passkeys;
pub mod password;
pub mod reset;
pub mod security_mail;
pub mod session;
pub mod signup;
pub mod step_up;
pub mod throttle;

pub use identity::Identity;
pub use jobs::register;
pub use mailbox::DevMailbox;
pub use model::{Theme, User, Visit};
pub use session::routes::{NoFields, hinted, mendable};
pub use session::second_routes::go_on;
pub use session::{SignIn, SignedIn};
pub use step_up::guarded;

/// The pages of this domain on `app.`; the mailbox's only in development.
pub fn routes(identity: &Identity) -> axum::Router {
    let mut routes = axum::Router::new()
        .merge(session::routes::routes())
        .merge(step_up::routes::routes())
        .merge(factors::routes::routes(identity))
        .merge(passkeys::routes::routes(identity))
        .merge(oidc::routes::routes(identity))
        .merge(leaving::routes::routes(identity))
        .merge(links::routes::routes())
        .merge(signup::routes::routes())
        .merge(reset::routes::routes())
        .merge(account::routes::routes(identity));
    if identity.web().development() {
        routes = routes.merge(mailbox::routes::routes());
    }
    routes.with_state(identity.clone())
}

//! Proving again who sits in front of a session before something sensitive (ASVS 7.5.1, 7.5.3): one mechanism for every
//! domain. A route is wrapped by [`guarded`]; a session whose person gave password or factor within the last quarter of an
//! hour passes, any other is asked first. What was typed into the form that was sent is kept and sent on.

mod guard;
pub mod routes;
mod service;
pub mod views;

pub use guard::guarded;
pub use service::Given;

use jiff::SignedDuration;

/// A page is shown without asking within this.
pub const FRESH: SignedDuration = SignedDuration::from_mins(15);
/// A form is taken within this: one that was just shown is not refused because it took time to fill in.
pub const GRACE: SignedDuration = SignedDuration::from_mins(30);

/// What a person is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The password, of people without a second factor.
    Password,
    /// The second factor: whoever has stolen a session and the password must not remove it.
    Code,
}

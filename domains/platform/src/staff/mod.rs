//! Staff accounts apart from users: sign-in on `admin.` alone, single-use set-up links, short sessions (spec X12).

mod extract;
mod model;
pub(crate) mod routes;
mod service;
mod store;
mod views;

pub use extract::{Peer, SignedInStaff};
pub use model::Member;
pub use service::Staff;

//! The staff's overview: figures counted in the databases, never estimated (spec X1).

mod chart;
mod model;
pub(crate) mod routes;
mod service;
mod store;
mod views;

pub use model::{Day, Figures};
pub use service::Dashboard;

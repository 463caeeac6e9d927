//! The price list that staff edit, and each tenant's subscription.

mod model;
mod service;
mod store;

pub use model::{CreditPack, Feature, Limits, Plan, PlanCode, Subscription};
pub use service::Billing;

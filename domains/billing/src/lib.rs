//! Plans, credit packs and which plan a tenant has (spec W3, X2). Money is whole US cents.

pub mod plans;

pub use plans::{Billing, CreditPack, Feature, Limits, Plan, PlanCode, Subscription};

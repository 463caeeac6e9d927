//! The platform's own portals: the staff console on `admin.` (spec X1, X2, X6, X12) and the public website on `www.`.

pub mod admin;
pub mod audit;
pub mod dashboard;
pub mod reports;
pub mod retention;
pub mod staff;
pub mod tenants;
pub mod www;

pub use admin::Admin;

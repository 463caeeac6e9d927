//! What browsers say that the Content-Security-Policy kept out (spec O9; ASVS 3.4.7), for staff: a report about a page of
//! ours is a fault of ours, or somebody's attack.

pub mod routes;
mod service;
mod store;
pub mod views;

pub use service::Reports;

use jiff::Timestamp;
use jiff::civil::Date;

/// Days that reports are kept.
pub const KEPT_DAYS: i64 = 30;
/// Rows that the page shows.
pub const SHOWN: i64 = 200;
/// Different places a day that are kept; what comes on top is somebody's play.
pub const MOST_A_DAY: i64 = 5_000;

/// What was kept out at one place on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportRow {
    /// The day (UTC).
    pub day: Date,
    /// The portal, e.g. `app`.
    pub portal: String,
    /// Its host.
    pub host: String,
    /// The page, without query.
    pub page: String,
    /// The directive, e.g. `script-src-elem`.
    pub directive: String,
    /// What was kept out.
    pub blocked: String,
    /// The file that wanted it, with its line; empty when unknown.
    pub source: String,
    /// How often.
    pub times: i64,
    /// The last time.
    pub last_at: Timestamp,
}

//! Links to views for people without an account (spec D4): a page on `app.`, and feeds as CSV and ICS.
//!
//! One rule: a link is made by somebody who sees the whole table, and shows what that person (or token) sees of the view at
//! this moment. So it never shows more than its maker saw; it shows less when its maker sees less; and nothing when its maker
//! is gone, its view is personal or deleted, its time is over, or the organisation is suspended. The row is read at every
//! request, so that a link that was taken back ends at once on every process. Every refusal looks alike.

pub(crate) mod api;
mod feed;
mod ics;
mod model;
mod pages;
mod service;
mod sheet;
mod store;
mod unlock;
mod views;

pub(crate) use pages::routes;

/// Links of one view at most.
pub(crate) const MOST: i64 = 20;
/// Records of one page.
pub(crate) const PAGE: usize = 100;
/// Records of a calendar at most.
pub(crate) const MAX_EVENTS: usize = 5_000;
/// Characters of a password.
pub(crate) const PASSWORD: std::ops::RangeInclusive<usize> = 8..=200;

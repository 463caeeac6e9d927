//! `/v0/bases/{base}/webhooks`: who wants to know what changes in a base.
//!
//! There is no second log: a payload is made from the base's own change when it is read. A webhook has a filter that looks
//! at the facts of a change alone, so the n-th change that passes it is payload n today and tomorrow. What is stored is how
//! far changes have been counted, and marks from which to count for a cursor.

mod api;
mod count;
mod notify;
mod payload;
mod service;
mod specification;
mod store;

pub(super) use api::{create, delete, enable, list, payloads, refresh};
pub(crate) use notify::{ChangesJob, NotifyJob};

use jiff::SignedDuration;

/// Webhooks of one base at most.
const MAX_WEBHOOKS: usize = 10;
/// How long a webhook lives without being read or refreshed.
const LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Payloads of one answer at most.
const MAX_PAYLOADS: usize = 50;
/// Place of the sealed secrets, authenticated with them.
const PLACE: &str = "data.webhooks.secret";

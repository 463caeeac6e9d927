//! Counting, at most every half minute: a count over all records reads them.

use super::model::{Day, Figures, fill};
use super::store;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use kernel_core::{Clock, Error, Result};
use kernel_db::Db;
use std::sync::Arc;
use tokio::sync::Mutex;

/// Days in the chart, today included.
const DAYS: usize = 30;
/// Seconds for which figures are shown again.
const KEPT_SECONDS: i64 = 30;

/// The overview's figures. Cheap to clone.
#[derive(Clone)]
pub struct Dashboard {
    db: Db,
    clock: Clock,
    kept: Arc<Mutex<Option<(Timestamp, Figures)>>>,
}

impl Dashboard {
    /// Over all four databases.
    #[must_use]
    pub fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock, kept: Arc::default() }
    }

    /// Totals and the moment at which they were counted; at most half a minute old.
    ///
    /// # Errors
    /// `internal` when a database can't be read.
    pub async fn figures(&self) -> Result<(Timestamp, Figures)> {
        let mut kept = self.kept.lock().await;
        let now = self.clock.now();
        if let Some((at, figures)) = *kept
            && now.duration_since(at) < SignedDuration::from_secs(KEPT_SECONDS)
        {
            return Ok((at, figures));
        }
        let db = &self.db;
        let (tenants, users, bases, records, sites, published_pages) = tokio::try_join!(
            store::tenants(db),
            store::users(db),
            store::bases(db),
            store::records(db),
            store::sites(db),
            store::published_pages(db),
        )?;
        let (active_tenants, suspended_tenants) = tenants;
        let figures =
            Figures { active_tenants, suspended_tenants, users, bases, records, sites, published_pages };
        *kept = Some((now, figures));
        Ok((now, figures))
    }

    /// Sign-ups of each of the last 30 days (UTC), today last.
    ///
    /// # Errors
    /// `internal` when the database can't be read.
    pub async fn sign_ups(&self) -> Result<Vec<Day>> {
        let today = self.clock.now().to_zoned(TimeZone::UTC).date();
        let first: Date = today.checked_sub((DAYS as i64 - 1).days()).map_err(Error::internal)?;
        let from = first.to_zoned(TimeZone::UTC).map_err(Error::internal)?.timestamp();
        let (users, tenants) =
            tokio::try_join!(store::users_a_day(&self.db, from), store::tenants_a_day(&self.db, from))?;
        Ok(fill(first, DAYS, &users, &tenants))
    }
}

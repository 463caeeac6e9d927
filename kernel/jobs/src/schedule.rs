//! Jobs that come again and again. Time is cut into slots; the first process that reaches a slot enqueues its job, in the
//! transaction that marks the slot. A slot that nobody was up for is made good by one job, not by many.

use crate::{Job, JobOptions, Jobs, enqueue, store};
use jiff::{SignedDuration, Timestamp};
use kernel_db::{Database, DbError, Tx};
use std::pin::Pin;
use std::sync::Arc;

type Enqueue = dyn for<'a> Fn(&'a mut Tx) -> Pin<Box<dyn Future<Output = Result<(), DbError>> + Send + 'a>>
    + Send
    + Sync;

/// A job at regular times (UTC).
#[derive(Clone)]
pub struct Schedule {
    name: &'static str,
    period: SignedDuration,
    offset: SignedDuration,
    enqueue: Arc<Enqueue>,
}

impl std::fmt::Debug for Schedule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Schedule")
            .field("name", &self.name)
            .field("period", &self.period)
            .finish_non_exhaustive()
    }
}

impl Schedule {
    /// Every `period` (at least a second), counted from 1970, with a job that `make` makes.
    pub fn every<J: Job>(period: SignedDuration, make: impl Fn() -> J + Send + Sync + 'static) -> Self {
        let make = Arc::new(make);
        let enqueue: Arc<Enqueue> = Arc::new(move |tx: &mut Tx| {
            let job = make();
            Box::pin(async move {
                // The key: a job of a former slot that still waits is enough.
                let options = JobOptions { key: Some("schedule".into()), ..JobOptions::default() };
                enqueue(tx, &job, options).await.map(drop)
            })
        });
        let period = period.max(SignedDuration::from_secs(1));
        Self { name: J::NAME, period, offset: SignedDuration::ZERO, enqueue }
    }

    /// Every day at this time (UTC).
    pub fn daily<J: Job>(hour: u8, minute: u8, make: impl Fn() -> J + Send + Sync + 'static) -> Self {
        let mut schedule = Self::every(SignedDuration::from_hours(24), make);
        schedule.offset = SignedDuration::from_mins(i64::from(hour) * 60 + i64::from(minute));
        schedule
    }

    /// The begin of the slot that `now` is in.
    fn slot(&self, now: Timestamp) -> Timestamp {
        let (period, offset) = (self.period.as_secs(), self.offset.as_secs());
        let slot = (now.as_second() - offset).div_euclid(period) * period + offset;
        Timestamp::from_second(slot).unwrap_or(now)
    }
}

impl Jobs {
    /// Enqueues what has come due.
    pub(crate) async fn enqueue_scheduled(&self) -> Result<(), DbError> {
        let now = self.clock.now();
        for schedule in self.schedules.iter() {
            let mut tx = self.db.begin_global(Database::Control).await?;
            let taken = tx.query_opt(&store::TAKE_SLOT, &[&schedule.name, &schedule.slot(now)]).await?;
            if taken.is_some() {
                (schedule.enqueue)(&mut tx).await?;
                tx.commit().await?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize)]
    struct Tidy;
    impl Job for Tidy {
        const NAME: &'static str = "tidy";
    }

    #[test]
    fn slots_begin_where_they_should() {
        let check = |schedule: &Schedule, now: &str, slot: &str| {
            assert_eq!(schedule.slot(now.parse().unwrap()), slot.parse().unwrap(), "{now}");
        };
        let hourly = Schedule::every(SignedDuration::from_hours(1), || Tidy);
        check(&hourly, "2026-11-21T10:59:59Z", "2026-11-21T10:00:00Z");
        check(&hourly, "2026-11-21T11:00:00Z", "2026-11-21T11:00:00Z");
        let nightly = Schedule::daily(3, 30, || Tidy);
        check(&nightly, "2026-11-21T03:29:59Z", "2026-11-20T03:30:00Z");
        check(&nightly, "2026-11-21T03:30:00Z", "2026-11-21T03:30:00Z");
    }
}

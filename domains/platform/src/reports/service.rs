//! Keeping reports and reading them.

use super::store::{COUNT_REPORT, DELETE_OLD_REPORTS, LATEST_REPORTS, report};
use super::{KEPT_DAYS, MOST_A_DAY, ReportRow, SHOWN};
use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use kernel_core::secret::sha256;
use kernel_core::{Clock, Error, Result};
use kernel_db::Db;
use kernel_web::{CspReport, Web};
use std::time::Duration;

/// Reports taken at once.
const AT_ONCE: usize = 64;
/// How often what is too old is cleared.
const CLEAR_EVERY: Duration = Duration::from_secs(3_600);

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Reports {
    db: Db,
    clock: Clock,
}

impl Reports {
    /// Over the log database.
    #[must_use]
    pub fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock }
    }

    /// The task that keeps what browsers report, as long as the program runs.
    pub async fn run(&self, web: Web) {
        let mut clear = tokio::time::interval(CLEAR_EVERY);
        loop {
            let done = tokio::select! {
                reports = web.csp_reports(AT_ONCE) => self.keep(&reports).await,
                _ = clear.tick() => self.clear().await.map(|_| ()),
            };
            if let Err(error) = done {
                // Reports are worth no retry; the next ones are tried anew.
                tracing::warn!(%error, "reports of browsers could not be kept");
            }
        }
    }

    /// Counts reports.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn keep(&self, reports: &[CspReport]) -> Result<()> {
        let (now, day) = (self.clock.now(), self.today());
        for found in reports {
            let CspReport { portal, host, page, directive, blocked, source, line } = found;
            let line_text = line.to_string();
            let parts = [
                *portal,
                host.as_str(),
                page.as_str(),
                directive.as_str(),
                blocked.as_str(),
                source.as_str(),
                line_text.as_str(),
            ];
            let place = sha256(parts.join("\0").as_bytes()).to_vec();
            self.db
                .global_execute(
                    &COUNT_REPORT,
                    &[&day, &place, portal, host, page, directive, blocked, source, line, &now, &MOST_A_DAY],
                )
                .await?;
        }
        Ok(())
    }

    /// The latest, by the last time.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn latest(&self) -> Result<Vec<ReportRow>> {
        Ok(self.db.platform(&LATEST_REPORTS, &[&SHOWN]).await?.iter().map(report).collect())
    }

    /// Clears what is older than [`KEPT_DAYS`]. Gives how many rows.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn clear(&self) -> Result<u64> {
        let oldest = self.today().checked_sub(KEPT_DAYS.days()).map_err(Error::internal)?;
        Ok(self.db.global_execute(&DELETE_OLD_REPORTS, &[&oldest]).await?)
    }

    fn today(&self) -> Date {
        self.clock.now().to_zoned(TimeZone::UTC).date()
    }
}

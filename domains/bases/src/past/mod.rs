//! A base as of a version or a time, to be read (spec row D7; ADR 0009): `?as_of=` of the routes that read records and schemas.
//!
//! A copy of the base in memory goes back change by change; the last used copies are kept. Nothing is ever written to one.

mod kept;
mod moment;
mod store;

pub(crate) use kept::{PastBase, Pasts};
pub(crate) use moment::{AsOfQuery, Moment, expired};

use crate::actor::OpenBase;
use crate::service::Bases;
use crate::sight::Seen;
use engine_base::{Base, Change, Past, TableNo};
use jiff::Timestamp;
use kernel_core::{Caller, Code, Error, Result};
use std::sync::Arc;

/// Changes that are taken back for one look, and their bytes.
const MAX_CHANGES: u64 = 50_000;
const MAX_BYTES: usize = 512 << 20;
/// Changes read at once, and the stored bytes of them after which no further one is.
const PAGE: i64 = 200;
const PAGE_BYTES: i64 = 4 << 20;

/// What is read: a base as it is, or as it was.
pub(crate) enum Reading {
    Now(Arc<OpenBase>),
    Then {
        open: Arc<OpenBase>,
        past: Arc<PastBase>,
        /// The moment that was asked for.
        at: Timestamp,
    },
}

impl Reading {
    /// Reads a table as the caller sees it. `run` gets the time that queries are asked at: `now`, or the moment in the past.
    ///
    /// # Errors
    /// `not_found`, `forbidden`; those of `run`.
    pub(crate) fn with_table<T>(
        &self,
        caller: &Caller,
        table: TableNo,
        now: Timestamp,
        run: impl FnOnce(&Base, &Seen<'_>, Timestamp) -> Result<T>,
    ) -> Result<T> {
        match self {
            Self::Now(open) => open.read(|base| {
                let seen = Seen::of(caller, base, table).ok_or_else(Error::not_found)?;
                run(base, &seen, now)
            }),
            Self::Then { open, past, at } => {
                let seen = open.read(|base| Seen::past(caller, base, &past.base, table))?;
                run(&past.base, &seen, *at)
            }
        }
    }

    /// Whether it is a look at the past.
    pub(crate) fn is_past(&self) -> bool {
        matches!(self, Self::Then { .. })
    }
}

impl Bases {
    /// The base of a table, to be read as of a moment; one that is deleted now may have been there then.
    ///
    /// # Errors
    /// `not_found`; as [`Bases::reading`].
    pub(crate) async fn reading_table(
        &self,
        caller: &Caller,
        table: TableNo,
        version: Option<u64>,
        as_of: Option<&str>,
    ) -> Result<Reading> {
        let Some(as_of) = as_of else {
            return Ok(Reading::Now(self.open_table(caller, table, version).await?));
        };
        let (tenant, number) = (caller.tenant, table.0.cast_signed());
        let row = self.0.db.read_opt(tenant, &store::BASE_OF_ANY_TABLE, &[&tenant.uuid(), &number]).await?;
        let base = row.ok_or_else(Error::not_found)?.get::<_, i64>(0).unsigned_abs();
        let open = self.open_at(caller, base, version).await?;
        self.reading(caller, open, Some(as_of)).await
    }

    /// A base, to be read as of a moment.
    ///
    /// # Errors
    /// `invalid_value` for what is no moment of the base; `history_expired`, `too_far_back`.
    pub(crate) async fn reading(
        &self,
        caller: &Caller,
        open: Arc<OpenBase>,
        as_of: Option<&str>,
    ) -> Result<Reading> {
        let Some(as_of) = as_of else { return Ok(Reading::Now(open)) };
        let (past, at) = self.past(caller, &open, Moment::parse(as_of)?).await?;
        Ok(Reading::Then { open, past, at })
    }

    /// The base as of a moment, and that moment.
    pub(crate) async fn past(
        &self,
        caller: &Caller,
        open: &OpenBase,
        moment: Moment,
    ) -> Result<(Arc<PastBase>, Timestamp)> {
        let number = open.number();
        let (version, at) = self.place(caller.tenant, open, moment).await?;
        let (pasts, clock) = (&self.0.registry.pasts, &self.0.clock);
        let is_it =
            |past: &PastBase| past.base.seq() == version && (past.at == at || !past.base.is_volatile());
        if let Some(past) = pasts.nearest(caller.tenant, number, version, clock.now())
            && is_it(&past)
        {
            return Ok((past, at));
        }
        // Few at a time: each takes as much memory as its base.
        let turn = self.0.registry.past_turns.acquire().await.map_err(Error::internal)?;
        let nearest = pasts.nearest(caller.tenant, number, version, clock.now());
        if let Some(past) = nearest.as_ref().filter(|past| is_it(past)) {
            return Ok((Arc::clone(past), at));
        }
        let budget = self.0.registry.past_budget();
        let past = match nearest {
            Some(nearest) => nearest.base.past(),
            None => open.read(|base| {
                let memory = base.memory();
                if (memory.columns + memory.rows) as u64 > budget {
                    return Err(Error::new(Code::TooFarBack).detail("The base is too large for a look back."));
                }
                Ok(base.past())
            })?,
        };
        if past.seq().saturating_sub(version) > MAX_CHANGES {
            let detail = format!("More than {MAX_CHANGES} changes were made since then.");
            return Err(Error::new(Code::TooFarBack).detail(detail));
        }
        let past = self.go_back(caller.tenant, number, past, version, Some(MAX_BYTES)).await?;
        let base = tokio::task::spawn_blocking(move || past.finish(at.as_microsecond()));
        let past = Arc::new(PastBase { base: base.await.map_err(Error::internal)?, at });
        pasts.keep(caller.tenant, number, &past, clock.now(), budget);
        drop(turn);
        Ok((past, at))
    }

    /// Takes changes back until the copy is at `version`.
    ///
    /// # Errors
    /// `history_expired`, `too_far_back` with more than `most` bytes of changes.
    pub(crate) async fn go_back(
        &self,
        tenant: kernel_core::TenantId,
        number: u64,
        mut past: Past,
        version: u64,
        most: Option<usize>,
    ) -> Result<Past> {
        let mut bytes = 0;
        while past.seq() > version {
            let params: kernel_db::Params<'_> = &[
                &tenant.uuid(),
                &number.cast_signed(),
                &version.cast_signed(),
                &past.seq().cast_signed(),
                &PAGE,
                &PAGE_BYTES,
            ];
            let rows = self.0.db.read(tenant, &store::CHANGES_BACK, params).await?;
            if rows.is_empty() {
                return Err(Error::new(Code::HistoryExpired));
            }
            bytes += rows.iter().map(|row| row.get::<_, &str>(1).len()).sum::<usize>();
            if most.is_some_and(|most| bytes > most) {
                return Err(Error::new(Code::TooFarBack).detail("Too much was changed since then."));
            }
            let reverted = tokio::task::spawn_blocking(move || {
                for row in &rows {
                    if row.get::<_, i64>(0).unsigned_abs() != past.seq() {
                        return Err(Error::new(Code::HistoryExpired));
                    }
                    let change = Change::from_json(row.get::<_, &str>(1).as_bytes());
                    past.revert(&change.map_err(Error::internal)?);
                }
                Ok(past)
            });
            past = reverted.await.map_err(Error::internal)??;
        }
        Ok(past)
    }
}

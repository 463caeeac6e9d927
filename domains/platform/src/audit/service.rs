//! Writing, reading and checking the chain.

use super::model::{Action, Broken, Entry, Event, Head, Link};
use super::store::{self, Query};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use kernel_core::secret::SigningKey;
use kernel_core::{Code, Error, Result, TenantId};
use kernel_db::Db;
use std::path::PathBuf;
use std::sync::Arc;

/// Rows read at once while the chain is checked or exported.
const STRETCH: i64 = 1_000;

/// Which rows are wanted. Days are UTC, both inclusive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// `stf_…` or another actor.
    pub actor: Option<String>,
    /// About this tenant.
    pub tenant: Option<TenantId>,
    /// Of this kind.
    pub action: Option<Action>,
    /// From this day on.
    pub from: Option<Date>,
    /// Up to this day.
    pub to: Option<Date>,
}

/// The staff audit log. Cheap to clone.
#[derive(Clone)]
pub struct Audit {
    db: Db,
    head: Arc<HeadFile>,
}

impl Audit {
    /// Over the `logs` database. The signed head is kept in `head_file`, outside the database, so that a cut-off tail
    /// shows.
    #[must_use]
    pub fn new(db: Db, head_file: PathBuf, key: &SigningKey) -> Self {
        Self { db, head: Arc::new(HeadFile { path: head_file, key: key.derive("audit head") }) }
    }

    /// Appends an event, durable when this returns.
    ///
    /// # Errors
    /// `internal`: the row was not written, and what it tells of must not happen.
    pub async fn write(&self, event: &Event) -> Result<()> {
        let mut tx = store::begin(&self.db).await?;
        let link = store::head_for_update(&mut tx).await?.append(event.text());
        store::append(&mut tx, &link).await?;
        tx.commit().await?;
        let head = Head { seq: link.seq, hash: link.hash };
        if let Err(error) = self.head.advance(head).await {
            tracing::error!(%error, "the audit head file could not be written");
        }
        Ok(())
    }

    /// One page of rows below number `before` (`None`: from the newest), newest first.
    ///
    /// # Errors
    /// `internal` when the database can't be read or a stored event can't be understood.
    pub async fn page(&self, filter: &Filter, before: Option<i64>, limit: i64) -> Result<Vec<Entry>> {
        let tenant = filter.tenant.map(|tenant| tenant.to_string());
        let links = store::page(
            &self.db,
            &Query {
                before: before.unwrap_or(i64::MAX),
                actor: filter.actor.as_deref(),
                tenant: tenant.as_deref(),
                action: filter.action.map(Action::name),
                from: filter.from.map_or(Ok(i64::MIN), start_of)?,
                to: filter.to.map_or(Ok(i64::MAX), end_of)?,
                limit,
            },
        )
        .await?;
        links.into_iter().map(entry).collect()
    }

    /// All rows of the filter as CSV, newest first.
    ///
    /// # Errors
    /// `internal` when the database can't be read.
    pub async fn csv(&self, filter: &Filter) -> Result<String> {
        let mut out = String::from(super::csv::HEADER);
        let mut before = None;
        loop {
            let entries = self.page(filter, before, STRETCH).await?;
            for entry in &entries {
                super::csv::line(&mut out, entry);
            }
            match entries.last() {
                Some(last) if entries.len() as i64 == STRETCH => before = Some(last.seq),
                _ => return Ok(out),
            }
        }
    }

    /// Walks the whole chain and compares its end with the head kept outside the database.
    ///
    /// # Errors
    /// `internal` when the database can't be read. A broken chain is not an error but the answer.
    pub async fn check(&self) -> Result<std::result::Result<Head, Broken>> {
        let kept = self.head.read().await?;
        let mut head = Head::default();
        loop {
            let links = store::chain_after(&self.db, head.seq, STRETCH).await?;
            for link in &links {
                head = match head.follow(link) {
                    Ok(next) => next,
                    Err(broken) => return Ok(Err(broken)),
                };
            }
            if (links.len() as i64) < STRETCH {
                break;
            }
        }
        let Some(kept) = kept else { return Ok(Ok(head)) };
        if kept.seq > head.seq {
            return Ok(Err(Broken { seq: head.seq + 1, problem: "Rows at the end are gone." }));
        }
        if kept.seq > 0 && store::hash_at(&self.db, kept.seq).await? != Some(kept.hash) {
            return Ok(Err(Broken { seq: kept.seq, problem: "The chain was written anew." }));
        }
        Ok(Ok(head))
    }

    /// Staff who ever acted: id and name, for the filter.
    ///
    /// # Errors
    /// `internal` when the database can't be read.
    pub async fn actors(&self) -> Result<Vec<(String, String)>> {
        store::actors(&self.db).await
    }
}

fn start_of(day: Date) -> Result<i64> {
    let start = day.to_zoned(TimeZone::UTC).map_err(|_| bad_day())?;
    Ok(start.timestamp().as_microsecond())
}

fn end_of(day: Date) -> Result<i64> {
    start_of(day.tomorrow().map_err(|_| bad_day())?)
}

fn bad_day() -> Error {
    Error::new(Code::BadRequest).detail("That day is outside the calendar.")
}

fn entry(link: Link) -> Result<Entry> {
    let event = serde_json::from_str(&link.event).map_err(Error::internal)?;
    Ok(Entry { seq: link.seq, hash: link.hash, event })
}

/// The newest head this process has seen, signed, in a file outside the database.
struct HeadFile {
    path: PathBuf,
    key: SigningKey,
}

impl HeadFile {
    /// Replaces the file in one step, so that a crash leaves the old or the new one.
    async fn advance(&self, head: Head) -> std::io::Result<()> {
        if let Ok(Some(kept)) = self.read().await
            && kept.seq >= head.seq
        {
            return Ok(());
        }
        let mut bytes = Vec::with_capacity(72);
        bytes.extend_from_slice(&head.seq.to_be_bytes());
        bytes.extend_from_slice(&head.hash);
        let signature = self.key.sign(&bytes);
        bytes.extend_from_slice(&signature);
        let fresh = self.path.with_extension(format!("{}.new", head.seq));
        tokio::fs::write(&fresh, bytes).await?;
        tokio::fs::rename(&fresh, &self.path).await
    }

    /// The kept head; `None` when nothing was kept yet.
    async fn read(&self) -> Result<Option<Head>> {
        let bytes = match tokio::fs::read(&self.path).await {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::internal(error)),
        };
        let parts = bytes.split_at_checked(40).filter(|(body, signature)| self.key.verify(body, signature));
        let Some((body, _)) = parts else {
            return Err(Error::internal(format!("the audit head in {} is damaged", self.path.display())));
        };
        let (seq, hash) = body.split_at(8);
        let head = seq.try_into().ok().zip(hash.try_into().ok());
        Ok(head.map(|(seq, hash)| Head { seq: i64::from_be_bytes(seq), hash }))
    }
}

//! Brings memory to where Postgres is: reads the changes after our number and applies them, as the writer does its own.

use super::Shared;
use super::batch::sql;
use super::store::CHANGES_AFTER;
use engine_base::{Change, Effects};
use kernel_core::{Error, Result};
use kernel_db::Db;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Changes read at once.
const PAGE: i64 = 500;

/// Applies all changes that are committed and not in memory; `publish` tells listeners about each.
///
/// # Errors
/// When the database can't be reached, or a stored change can't be read (corruption: the base should be loaded anew).
pub(super) async fn catch_up(db: &Db, shared: &Shared, publish: impl Fn(&Effects, &Arc<str>)) -> Result<()> {
    loop {
        let from = shared.seq.load(Ordering::Acquire);
        let rows = db
            .read(
                shared.tenant,
                &CHANGES_AFTER,
                &[&shared.tenant.uuid(), &sql(shared.number), &sql(from), &PAGE],
            )
            .await?;
        let full_page = rows.len() == PAGE as usize;
        let mut changes = Vec::with_capacity(rows.len());
        for row in rows {
            let seq = row.get::<_, i64>(0).unsigned_abs();
            let actor: Arc<str> = Arc::from(row.get::<_, &str>(2));
            let change = Change::from_json(row.get::<_, &str>(4).as_bytes()).map_err(Error::internal)?;
            changes.push((seq, actor, change));
        }
        let mut effects = Vec::with_capacity(changes.len());
        if !changes.is_empty() {
            let mut base = shared.state.write();
            for (seq, actor, change) in changes {
                if seq != base.seq() + 1 {
                    return Err(Error::internal(format!("change {seq} does not follow {}", base.seq())));
                }
                effects.push((base.apply_at_once(seq, &change), actor));
            }
            shared.seq.store(base.seq(), Ordering::Release);
        }
        for (effects, actor) in &effects {
            publish(effects, actor);
        }
        if !full_page {
            return Ok(());
        }
    }
}

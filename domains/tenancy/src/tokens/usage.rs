//! Calls of API tokens by day, and from where: counted in memory, written every few seconds and when the process ends in
//! order. What a process that was killed had not written is not in the numbers; limits do not depend on them.

use super::store::{ADD_PLACE, ADD_USAGE, TOKEN_LABEL};
use identity::audit::{Act, AuditEvent, emit};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use kernel_core::{Actor, ApiTokenId, Result, TenantId};
use kernel_db::{Database, Db};
use kernel_web::limit_key;
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// How often counts are written.
const WRITE_EVERY: Duration = Duration::from_secs(3);
/// Places that are remembered; beyond that they are asked about anew.
const MOST: usize = 50_000;

type Token = (TenantId, ApiTokenId);

#[derive(Default)]
struct Counts {
    calls: HashMap<(Token, Date), i64>,
    /// Noted already, by this process.
    known: HashSet<(Token, String)>,
    /// To be noted.
    fresh: HashMap<(Token, String), (IpAddr, Timestamp)>,
}

/// What is not written yet. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Usage(Arc<Mutex<Counts>>);

impl Usage {
    /// One call.
    pub(crate) fn count(&self, token: Token, from: IpAddr, now: Timestamp) {
        let day = now.to_zoned(TimeZone::UTC).date();
        let place = (token, limit_key(from));
        let mut counts = self.0.lock();
        *counts.calls.entry((token, day)).or_default() += 1;
        if !counts.known.contains(&place) {
            counts.fresh.entry(place).or_insert((from, now));
        }
    }

    /// Writes as long as somebody counts. Must be called within a Tokio runtime.
    pub(crate) fn follow(&self, db: &Db) {
        let (weak, db) = (Arc::downgrade(&self.0), db.clone());
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(WRITE_EVERY);
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                let Some(counts) = Weak::upgrade(&weak) else { return };
                Self(counts).write(&db).await;
            }
        });
    }

    /// Writes what is counted so far; what can't be written is kept for the next time.
    pub(crate) async fn write(&self, db: &Db) {
        let (calls, fresh) = {
            let mut counts = self.0.lock();
            (std::mem::take(&mut counts.calls), std::mem::take(&mut counts.fresh))
        };
        for ((token, day), calls) in calls {
            if let Err(error) = add_calls(db, token, day, calls).await {
                *self.0.lock().calls.entry((token, day)).or_default() += calls;
                tracing::warn!(%error, "calls of an API token could not be written");
            }
        }
        for ((token, place), (from, at)) in fresh {
            let noted = add_place(db, token, &place, from, at).await;
            let mut counts = self.0.lock();
            if counts.known.len() >= MOST {
                counts.known.clear();
            }
            match noted {
                Ok(()) => {
                    counts.known.insert((token, place));
                }
                Err(error) => {
                    counts.fresh.insert((token, place), (from, at));
                    tracing::warn!(%error, "the address of an API token's use could not be written");
                }
            }
        }
    }
}

async fn add_calls(db: &Db, (tenant, token): Token, day: Date, calls: i64) -> Result<()> {
    db.write(tenant, &ADD_USAGE, &[&tenant.uuid(), &token.uuid(), &day, &calls]).await?;
    Ok(())
}

/// A place that no process has seen before goes into the audit trail.
async fn add_place(db: &Db, (tenant, token): Token, place: &str, from: IpAddr, at: Timestamp) -> Result<()> {
    let mut tx = db.begin(Database::Control, tenant).await?;
    let added = tx.execute(&ADD_PLACE, &[&tenant.uuid(), &token.uuid(), &place, &at]).await?;
    if added > 0 {
        let label: String = tx.query_one(&TOKEN_LABEL, &[&tenant.uuid(), &token.uuid()]).await?.get("label");
        let event = AuditEvent::in_tenant(tenant, Actor::Token(token), Act::TokenUsedFrom, at).target(token);
        let data = serde_json::json!({ "label": label, "from": from.to_string() });
        emit(&mut tx, &event.data(data)).await?;
    }
    tx.commit().await?;
    Ok(())
}

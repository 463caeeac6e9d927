//! Bases as they were, kept for a while: who looks at one asks for many windows of it.
//!
//! Invariants: their bytes stay within the budget; one is kept for [`MAX_AGE`] at most, so that what was purged meanwhile goes.

use engine_base::Base;
use jiff::{SignedDuration, Timestamp};
use kernel_core::TenantId;
use parking_lot::Mutex;
use std::sync::Arc;

/// How long one is kept after its last use, and at all.
const IDLE: SignedDuration = SignedDuration::from_mins(5);
const MAX_AGE: SignedDuration = SignedDuration::from_hours(1);

/// A base as it was.
pub(crate) struct PastBase {
    pub(crate) base: Base,
    /// The time that its calculated values are as of.
    pub(crate) at: Timestamp,
}

struct Kept {
    tenant: TenantId,
    number: u64,
    past: Arc<PastBase>,
    bytes: u64,
    made_at: Timestamp,
    used_at: Timestamp,
}

/// Some bases as they were, last used last.
#[derive(Default)]
pub(crate) struct Pasts {
    kept: Mutex<Vec<Kept>>,
}

impl std::fmt::Debug for Pasts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pasts").field("kept", &self.kept.lock().len()).finish()
    }
}

impl Pasts {
    /// The one kept of this base whose version is the nearest at or after `version`.
    pub(super) fn nearest(
        &self,
        tenant: TenantId,
        number: u64,
        version: u64,
        now: Timestamp,
    ) -> Option<Arc<PastBase>> {
        let mut kept = self.kept.lock();
        let mine = kept.iter().enumerate().filter(|(_, one)| (one.tenant, one.number) == (tenant, number));
        let at = mine
            .filter(|(_, one)| one.past.base.seq() >= version)
            .min_by_key(|(_, one)| one.past.base.seq())
            .map(|(at, _)| at)?;
        let mut one = kept.remove(at);
        one.used_at = now;
        let past = Arc::clone(&one.past);
        kept.push(one);
        Some(past)
    }

    /// Keeps one; the least used go until all fit.
    pub(super) fn keep(
        &self,
        tenant: TenantId,
        number: u64,
        past: &Arc<PastBase>,
        now: Timestamp,
        budget: u64,
    ) {
        let bytes = past.base.memory().total() as u64;
        let mut kept = self.kept.lock();
        kept.retain(|one| (one.tenant, one.number, one.past.base.seq()) != (tenant, number, past.base.seq()));
        kept.push(Kept { tenant, number, past: Arc::clone(past), bytes, made_at: now, used_at: now });
        let mut total: u64 = kept.iter().map(|one| one.bytes).sum();
        while total > budget && kept.len() > 1 {
            total -= kept.remove(0).bytes;
        }
    }

    /// Forgets those of one base.
    pub(crate) fn forget(&self, tenant: TenantId, number: u64) {
        self.kept.lock().retain(|one| (one.tenant, one.number) != (tenant, number));
    }

    /// Forgets what is not used any more, or was kept for long.
    pub(crate) fn sweep(&self, now: Timestamp) {
        self.kept.lock().retain(|one| now < one.used_at + IDLE && now < one.made_at + MAX_AGE);
    }

    /// Bytes that they take, kept orders of queries included.
    pub(crate) fn bytes(&self) -> u64 {
        self.kept.lock().iter().map(|one| one.past.base.memory().total() as u64).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine_base::BaseId;
    use engine_base::schema::Schema;

    fn past(seq: u64, at: Timestamp) -> Arc<PastBase> {
        Arc::new(PastBase { base: Base::new(BaseId(1), seq, Schema::default()), at })
    }

    #[test]
    fn the_nearest_is_found_and_the_least_used_goes() {
        let (pasts, now) = (Pasts::default(), Timestamp::UNIX_EPOCH);
        let (ours, theirs) =
            (TenantId::from_uuid(uuid::Uuid::from_u128(1)), TenantId::from_uuid(uuid::Uuid::nil()));
        for seq in [10, 40, 20] {
            pasts.keep(ours, 1, &past(seq, now), now, u64::MAX);
        }
        let check = |tenant, base, version, expected: Option<u64>| {
            let found = pasts.nearest(tenant, base, version, now).map(|past| past.base.seq());
            assert_eq!(found, expected, "{version}");
        };
        check(ours, 1, 5, Some(10));
        check(ours, 1, 11, Some(20));
        check(ours, 1, 41, None);
        check(theirs, 1, 5, None);
        check(ours, 2, 5, None);
        pasts.kept.lock().iter_mut().for_each(|one| one.bytes = 100);
        let new = past(30, now);
        pasts.keep(ours, 1, &new, now, 250 + new.base.memory().total() as u64);
        // 40 was looked at the least: it went first, and that was enough.
        check(ours, 1, 31, None);
        check(ours, 1, 5, Some(10));
        pasts.sweep(now + SignedDuration::from_mins(4));
        check(ours, 1, 20, Some(20));
        pasts.sweep(now + SignedDuration::from_mins(6));
        check(ours, 1, 0, None);
        pasts.keep(ours, 1, &past(30, now), now, 250);
        pasts.forget(ours, 1);
        check(ours, 1, 0, None);
    }
}

//! Turns at work that takes much memory or long: so many at once, and one of each organisation, so that none keeps the others
//! waiting.
//!
//! Invariant: whoever does the work holds the slot; a request that went away does not give it back before.

use kernel_core::{Code, Error, Result, TenantId};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

/// Organisations that are remembered before those without work are forgotten.
const REMEMBERED: usize = 1_000;

/// The turns of one kind of work.
#[derive(Debug)]
pub(super) struct Slots {
    all: Semaphore,
    own: Mutex<FxHashMap<TenantId, Arc<Semaphore>>>,
    patience: Duration,
}

/// A turn.
#[derive(Debug)]
pub(super) struct Slot {
    _own: OwnedSemaphorePermit,
    _all: SemaphorePermit<'static>,
}

impl Slots {
    pub(super) fn new(all: usize, patience: Duration) -> Self {
        Self { all: Semaphore::new(all), own: Mutex::default(), patience }
    }

    /// Waits for a turn, for a while.
    ///
    /// # Errors
    /// `unavailable`.
    pub(super) async fn take(&'static self, tenant: TenantId) -> Result<Slot> {
        let own = {
            let mut own = self.own.lock();
            if own.len() >= REMEMBERED {
                own.retain(|_, slot| Arc::strong_count(slot) > 1);
            }
            own.entry(tenant).or_insert_with(|| Arc::new(Semaphore::new(1))).clone()
        };
        let both = async {
            // The own turn first: who waits for it takes nobody else's.
            let own = own.acquire_owned().await.map_err(Error::internal)?;
            let all = self.all.acquire().await.map_err(Error::internal)?;
            Ok(Slot { _own: own, _all: all })
        };
        tokio::time::timeout(self.patience, both).await.unwrap_or_else(|_| {
            let detail = "Too many files are being worked on at the moment.";
            Err(Error::new(Code::Unavailable).detail(detail).retry_after(5))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::LazyLock;

    static SLOTS: LazyLock<Slots> = LazyLock::new(|| Slots::new(2, Duration::from_millis(50)));

    #[tokio::test]
    async fn one_of_each_and_so_many_of_all() {
        let [a, b, c] = [TenantId::new(), TenantId::new(), TenantId::new()];
        let first = SLOTS.take(a).await.unwrap();
        assert_eq!(SLOTS.take(a).await.unwrap_err().code(), Code::Unavailable, "one of each");
        let second = SLOTS.take(b).await.unwrap();
        assert_eq!(SLOTS.take(c).await.unwrap_err().code(), Code::Unavailable, "two of all");
        drop(first);
        let third = SLOTS.take(c).await.unwrap();
        drop((second, third));
        SLOTS.take(a).await.unwrap();
    }
}

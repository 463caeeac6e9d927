//! What happened in a base, to whoever listens in this process: streams to browsers, the page cache, automations.

pub mod api;
mod missed;
mod store;

use kernel_core::TenantId;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::broadcast;

/// More rows than this in one change are reported as "many", so that an import does not send thousands of ids.
pub const MAX_ROWS_NAMED: usize = 200;
/// Events a slow listener may lag behind before it is told to start anew.
const BACKLOG: usize = 1024;

/// A change of a base, as listeners see it.
#[derive(Clone, Debug)]
pub struct BaseEvent {
    /// The tenant.
    pub tenant: TenantId,
    /// The base's number.
    pub base: u64,
    /// The change's sequence number; the base is at least here.
    pub seq: u64,
    /// Who changed it.
    pub actor: Arc<str>,
    /// Whether tables, fields or views changed.
    pub schema: bool,
    /// Changed tables; `None`: not known (the base is not in memory here), take it as all.
    pub tables: Option<BTreeMap<u64, ChangedRows>>,
}

/// Which records of a table changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangedRows {
    /// These row numbers.
    These(Vec<u64>),
    /// More than [`MAX_ROWS_NAMED`].
    Many,
}

/// The process-wide channel of base events.
#[derive(Clone, Debug)]
pub struct Events(broadcast::Sender<Arc<BaseEvent>>);

impl Default for Events {
    fn default() -> Self {
        Self(broadcast::channel(BACKLOG).0)
    }
}

impl Events {
    /// Listens from now on.
    #[must_use]
    pub fn listen(&self) -> broadcast::Receiver<Arc<BaseEvent>> {
        self.0.subscribe()
    }

    pub(crate) fn publish(&self, event: BaseEvent) {
        // Nobody listening is no fault.
        let _ = self.0.send(Arc::new(event));
    }
}

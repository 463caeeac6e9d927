//! A running system for tests: one embedded cluster a test binary, the portals on a port of their own, a fresh tenant for
//! each test. Everything is real but the disk's durability; nothing is mocked.
//!
//! ```no_run
//! # use testkit::TestSystem;
//! #[test]
//! fn a_tenant_has_no_base_at_first() {
//!     testkit::run(async |system: &'static TestSystem| {
//!         let tenant = system.fresh_tenant().await?;
//!         let answer = system.api().get("/v1/bases").token(&tenant.token).send().await?;
//!         assert_eq!(answer.json()["data"], serde_json::json!([]));
//!         Ok(())
//!     });
//! }
//! ```

mod browser;
mod client;
mod mailbox;
mod reaper;
mod server;
mod system;
mod tenant;

pub use browser::Browser;
pub use client::{Answer, Client, Request};
pub use server::Server;
pub use system::{TestSystem, run};
pub use tenant::{Member, Tenant};

use std::time::{Duration, Instant};

/// Asks until the answer is there; nothing sleeps longer than it must.
///
/// # Errors
/// `what`, when it did not happen within `patience`.
pub async fn eventually<T, F>(what: &str, patience: Duration, mut ask: F) -> anyhow::Result<T>
where
    F: AsyncFnMut() -> anyhow::Result<Option<T>>,
{
    let until = Instant::now() + patience;
    loop {
        if let Some(found) = ask().await? {
            return Ok(found);
        }
        if Instant::now() > until {
            anyhow::bail!("never within {patience:?}: {what}");
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

//! Files are looked at for malware before anybody can name them or get them (ASVS 5.4.3), if there is a scanner.
//!
//! Invariants: every file comes by here once it is whole and before it has a place or an id. One in which something is found goes
//! at once, with all of its bytes; the trail and the log have the name of what was found, never a byte of it. Without a verdict
//! nothing is taken, unless the operator has said so, and then the log says which.

use super::disk::Incoming;
use super::slots::Slots;
use crate::service::Bases;
use identity::audit::{Act, AuditEvent, emit};
use kernel_core::scan::{ScanFailure, Scanner, Verdict};
use kernel_core::{Caller, Code, Error, Result};
use kernel_db::Database;
use serde_json::json;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// Files that are looked at together. A scanner has few hands, and others may use it.
static SCANNING: LazyLock<Slots> = LazyLock::new(|| Slots::new(AT_ONCE, Duration::from_secs(15)));
/// So many of all organisations, one of each.
const AT_ONCE: usize = 4;
/// Seconds after which a client may try again when the scanner does not answer.
const AGAIN_SECONDS: u64 = 30;

/// Who looks at files, and whether they have to be looked at.
#[derive(Clone)]
pub struct Scanning {
    /// The scanner.
    pub scanner: Arc<dyn Scanner>,
    /// Whether a file without a verdict is refused.
    pub required: bool,
}

impl Bases {
    /// A file that came in whole, after it was looked at.
    ///
    /// # Errors
    /// `file_infected`, and nothing of it is left; without a verdict `scanner_unavailable`, `file_too_large`, `unavailable`.
    pub(super) async fn scanned(&self, caller: &Caller, name: &str, incoming: Incoming) -> Result<Incoming> {
        let Some(scanning) = &self.0.scanning else { return Ok(incoming) };
        let slot = SCANNING.take(caller.tenant).await?;
        let (scanner, path) = (Arc::clone(&scanning.scanner), incoming.path().to_owned());
        // It goes on when the request is gone, and so does its turn.
        let asked = tokio::spawn(async move {
            let verdict = scanner.scan(&path).await;
            drop(slot);
            verdict
        });
        let failure = match asked.await.map_err(Error::internal)? {
            Ok(Verdict::Clean) => return Ok(incoming),
            Ok(Verdict::Found(signature)) => {
                return Err(self.found(caller, name, incoming, &signature).await);
            }
            Err(ScanFailure::File(problem)) => return Err(Error::internal(problem)),
            Err(failure) => failure,
        };
        if !scanning.required {
            let sha256 = data_encoding::HEXLOWER.encode(&incoming.digest());
            tracing::warn!(target: "security", tenant = %caller.tenant, actor = %caller.actor, size = incoming.size,
                sha256, %failure, "a file was taken without a look for malware");
            return Ok(incoming);
        }
        Err(match failure {
            ScanFailure::TooLarge => Error::new(Code::FileTooLarge)
                .detail("The file is larger than what can be checked for malware here."),
            failure => Error::new(Code::ScannerUnavailable).retry_after(AGAIN_SECONDS).source(failure),
        })
    }

    /// What is said of a file in which something was found. Its bytes go first.
    async fn found(&self, caller: &Caller, name: &str, incoming: Incoming, signature: &str) -> Error {
        let (size, sha256) = (incoming.size, data_encoding::HEXLOWER.encode(&incoming.digest()));
        let discarded = incoming.discard();
        tracing::warn!(target: "security", tenant = %caller.tenant, actor = %caller.actor, size, sha256, signature,
            code = Code::FileInfected.name(), "malware was found in a file");
        let data = json!({"name": name, "signature": signature, "size": size, "sha256": sha256});
        let told = self.tell_of_malware(caller, data).await;
        if let Err(problem) = discarded.and(told) {
            return problem;
        }
        let detail = format!("“{name}” was not taken: {signature} was found in it.");
        Error::new(Code::FileInfected).detail(detail)
    }

    async fn tell_of_malware(&self, caller: &Caller, data: serde_json::Value) -> Result<()> {
        let now = self.0.clock.now();
        let event = AuditEvent::in_tenant(caller.tenant, caller.actor, Act::FileInfected, now).data(data);
        let mut tx = self.0.db.begin(Database::Data, caller.tenant).await?;
        emit(&mut tx, &event).await?;
        tx.commit().await?;
        Ok(())
    }
}

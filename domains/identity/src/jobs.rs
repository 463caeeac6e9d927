//! The jobs of this domain: mail, audit rows, clearing of what has expired.

use crate::Identity;
use crate::audit::{self, AuditEvent};
use crate::mails::SendMail;
use jiff::SignedDuration;
use kernel_core::mail::Mailer;
use kernel_jobs::{Job, JobError, Jobs, Schedule};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Clears sessions, sign-ups and resets that have expired.
#[derive(Debug, Serialize, Deserialize)]
struct ClearExpired {}

impl Job for ClearExpired {
    const NAME: &'static str = "identity_clear_expired";
}

/// Adds this domain's jobs. `mailer` hands mails over: SMTP, or [`crate::DevMailbox`].
#[must_use]
pub fn register(jobs: Jobs, identity: &Identity, mailer: Arc<dyn Mailer>) -> Jobs {
    let identity = identity.clone();
    jobs.on::<SendMail, _, _>(move |_, SendMail(mail)| {
        let mailer = Arc::clone(&mailer);
        async move { mailer.send(&mail).await.map_err(JobError::from) }
    })
    .on::<AuditEvent, _, _>(|context, event| async move {
        audit::write(&context.db, context.id, &event).await.map_err(JobError::from)
    })
    .on::<ClearExpired, _, _>(move |_, _| {
        let identity = identity.clone();
        async move {
            let cleared = identity.clear_expired().await?;
            tracing::info!(cleared, "cleared expired sessions, sign-ups and resets");
            Ok(())
        }
    })
    .schedule(Schedule::every(SignedDuration::from_hours(1), || ClearExpired {}))
}

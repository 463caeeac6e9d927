//! The jobs of this domain: mail, audit rows, clearing of what has expired.

use crate::Identity;
use crate::audit::{self, AuditEvent};
use crate::leaving::{CloseAccounts, ForgetTrail, MakeExport};
use crate::links::LinkAsked;
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

/// Tells people whose second step was never finished.
#[derive(Debug, Serialize, Deserialize)]
struct WarnOfUnpaidSteps {}

impl Job for WarnOfUnpaidSteps {
    const NAME: &'static str = "identity_warn_of_unpaid_steps";
}

/// Adds this domain's jobs. `mailer` hands mails over: SMTP, or [`crate::DevMailbox`].
#[must_use]
pub fn register(jobs: Jobs, identity: &Identity, mailer: Arc<dyn Mailer>) -> Jobs {
    let (identity, warner, linker) = (identity.clone(), identity.clone(), identity.clone());
    let (exporter, closer, forgetter) = (identity.clone(), identity.clone(), identity.clone());
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
    .on::<LinkAsked, _, _>(move |_, asked| {
        let identity = linker.clone();
        async move { identity.send_link(&asked).await.map_err(JobError::from) }
    })
    .on::<MakeExport, _, _>(move |_, export| {
        let identity = exporter.clone();
        async move { identity.make_export(&export).await.map_err(JobError::from) }
    })
    .on::<CloseAccounts, _, _>(move |_, _| {
        let identity = closer.clone();
        async move {
            let closed = identity.close_due_accounts().await?;
            tracing::info!(closed, "closed accounts whose grace was over");
            Ok(())
        }
    })
    .on::<ForgetTrail, _, _>(move |_, trail| {
        let identity = forgetter.clone();
        async move { identity.forget_trail(&trail).await.map_err(JobError::from) }
    })
    .on::<WarnOfUnpaidSteps, _, _>(move |_, _| {
        let identity = warner.clone();
        async move {
            identity.warn_of_unpaid_steps().await?;
            Ok(())
        }
    })
    .schedule(Schedule::every(SignedDuration::from_hours(1), || ClearExpired {}))
    .schedule(Schedule::every(SignedDuration::from_hours(1), || CloseAccounts {}))
    .schedule(Schedule::every(SignedDuration::from_mins(1), || WarnOfUnpaidSteps {}))
}

//! Notifications: a signed POST that says there is something to read. A change of a base with webhooks leaves a job in its
//! own transaction (`data.apply_batch`), which counts the change and leaves a job for each webhook that it is for.
//!
//! A notification names no change, so one stands for all that happened until it was sent. One that is refused is tried again
//! by the jobs' own backoff, about three hours long; then notifications of the webhook are off until they are turned on.

use super::super::wire;
use super::service::Webhook;
use super::{PLACE, store};
use crate::service::Bases;
use data_encoding::HEXLOWER;
use engine_base::BaseId;
use jiff::Timestamp;
use kernel_core::outgoing::{Method, Request};
use kernel_core::secret::SigningKey;
use kernel_core::{Code, Error, Result, TenantId};
use kernel_db::{Database, Params};
use kernel_jobs::{Context, Job, JobError, JobOptions};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

/// How long a receiver may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// Bytes of its answer that are read.
const ANSWER: usize = 64 << 10;

/// A base changed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ChangesJob {
    base: u64,
}

impl Job for ChangesJob {
    const NAME: &'static str = "webhook_changes";
}

/// A receiver is to be told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct NotifyJob {
    base: u64,
    webhook: String,
}

impl Job for NotifyJob {
    const NAME: &'static str = "webhook_notify";
}

impl Bases {
    /// Counts the changes of a base for each of its webhooks, and leaves a job for those that have news.
    pub(crate) async fn count_for_webhooks(&self, tenant: TenantId, job: &ChangesJob) -> Result<()> {
        for webhook in self.webhooks_of(tenant, job.base).await? {
            let counted = match self.count_on(tenant, webhook).await {
                Err(error) if error.code() == Code::NotFound => continue,
                counted => counted?,
            };
            if counted.url.is_some() && counted.notifies && counted.payloads > counted.notified {
                let notify = NotifyJob { base: job.base, webhook: counted.id.clone() };
                let options = JobOptions { key: Some(counted.id), ..JobOptions::default() };
                let mut tx = self.0.db.begin(Database::Data, tenant).await?;
                kernel_jobs::enqueue(&mut tx, &notify, options).await?;
                tx.commit().await?;
            }
        }
        Ok(())
    }

    /// Tells one receiver.
    pub(crate) async fn notify_receiver(
        &self,
        context: &Context,
        job: &NotifyJob,
    ) -> std::result::Result<(), JobError> {
        let tenant = context.tenant.ok_or_else(|| JobError::fatal("a webhook of no tenant"))?;
        let webhook = match self.webhook(tenant, job.base, &job.webhook).await {
            // Deleted or expired meanwhile.
            Err(error) if error.code() == Code::NotFound => return Ok(()),
            webhook => webhook?,
        };
        let Some(url) = webhook.url.as_deref().filter(|_| webhook.notifies) else { return Ok(()) };
        if webhook.payloads <= webhook.notified {
            return Ok(());
        }
        let (known, started) = (webhook.payloads, self.0.clock.now());
        let sent = self.0.outgoing.send(&self.notification(&webhook, url, started)?).await;
        let problem = match sent {
            Ok(answer) if (200..300).contains(&answer.status) => None,
            Ok(answer) => Some(format!("answered with status {}", answer.status)),
            Err(failure) => Some(failure.to_string()),
        };
        let ended = self.0.clock.now();
        let mut result = json!({
            "success": problem.is_none(),
            "completionTimestamp": wire::instant_of(ended),
            "durationMs": ended.duration_since(started).as_millis(),
            "retryNumber": context.attempt - 1,
        });
        if let Some(problem) = &problem {
            result["error"] = json!({"message": problem});
            result["willBeRetried"] = (!context.last).into();
        }
        let told = problem.is_none().then(|| known.cast_signed());
        // The last try that fails turns notifications off.
        let stays = problem.is_none() || !context.last;
        let params: Params<'_> =
            &[&tenant.uuid(), &job.base.cast_signed(), &webhook.id, &result, &told, &ended, &stays];
        self.0.db.write(tenant, &store::NOTIFIED, params).await?;
        match problem {
            None => Ok(()),
            // It stands in the webhook's last result; a dead letter would tell the staff what is not theirs to mend.
            Some(_) if context.last => Ok(()),
            Some(problem) => Err(JobError::retry(problem)),
        }
    }

    fn notification(&self, webhook: &Webhook, url: &str, now: Timestamp) -> Result<Request> {
        let body = json!({
            "base": {"id": BaseId(webhook.base)},
            "webhook": {"id": webhook.id},
            "timestamp": wire::instant_of(now),
        });
        let body = body.to_string();
        let secret = self.0.sealing.open(PLACE, webhook.id.as_bytes(), &webhook.secret)?;
        let secret: [u8; 32] =
            secret.try_into().map_err(|_| Error::internal("a webhook's secret is damaged"))?;
        let mac = HEXLOWER.encode(&SigningKey::new(secret).sign(body.as_bytes()));
        let request = Request::new(Method::Post, url)
            .header("x-airtable-content-mac", format!("hmac-sha256={mac}"))
            .body("application/json", body);
        Ok(Request { limit: ANSWER, timeout: PATIENCE, ..request })
    }
}

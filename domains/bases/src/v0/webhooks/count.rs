//! Counting: which changes are a webhook's payloads. Several processes may count at once; one of them is believed.

use super::service::Webhook;
use super::{MAX_PAYLOADS, store};
use crate::past::expired;
use crate::service::Bases;
use engine_base::Change;
use kernel_core::{Error, Result, TenantId};
use kernel_db::{Database, Params};

/// Changes read at once.
const STRIDE: i64 = 64;

/// A change that is a payload.
pub(super) struct Found {
    pub(super) seq: u64,
    pub(super) change: Change,
}

impl Bases {
    /// Counts on to the base's last change. Gives the webhook as it is then.
    ///
    /// # Errors
    /// `not_found` when it was deleted meanwhile.
    pub(super) async fn count_on(&self, tenant: TenantId, mut webhook: Webhook) -> Result<Webhook> {
        loop {
            let changes = self.webhook_changes(tenant, webhook.base, webhook.seen).await?;
            let Some((last, _)) = changes.last() else { return Ok(webhook) };
            let wanted = changes.iter().filter(|(_, change)| webhook.specification.wants(change)).count();
            let (seen, payloads) = (*last, webhook.payloads + wanted as u64);
            let (uuid, base, id) = (tenant.uuid(), webhook.base.cast_signed(), &webhook.id);
            let mut tx = self.0.db.begin(Database::Data, tenant).await?;
            let counted: Params<'_> = &[
                &uuid,
                &base,
                id,
                &webhook.seen.cast_signed(),
                &seen.cast_signed(),
                &payloads.cast_signed(),
            ];
            if tx.query_opt(&store::COUNTED, counted).await?.is_none() {
                tx.rollback().await?;
                webhook = self.webhook(tenant, webhook.base, &webhook.id).await?;
                continue;
            }
            // A mark each stride, whether or not it had payloads, keeps the way from a mark to a cursor short.
            if webhook.seen / STRIDE.unsigned_abs() != seen / STRIDE.unsigned_abs() {
                let mark: Params<'_> = &[&uuid, &base, id, &payloads.cast_signed(), &seen.cast_signed()];
                tx.execute(&store::PUT_MARK, mark).await?;
            }
            tx.commit().await?;
            (webhook.seen, webhook.payloads) = (seen, payloads);
        }
    }

    /// Payloads after the first `skip`, at most `limit`.
    pub(super) async fn payloads_after(
        &self,
        tenant: TenantId,
        webhook: &Webhook,
        skip: u64,
        limit: usize,
    ) -> Result<Vec<Found>> {
        let mut found = Vec::new();
        if skip >= webhook.payloads {
            return Ok(found);
        }
        let (uuid, base) = (tenant.uuid(), webhook.base.cast_signed());
        let params: Params<'_> = &[&uuid, &base, &webhook.id, &skip.cast_signed()];
        let mark = self.0.db.read_opt(tenant, &store::MARK, params).await?;
        let (mut counted, mut seq) = mark
            .map_or((0, 0), |row| (row.get::<_, i64>(0).unsigned_abs(), row.get::<_, i64>(1).unsigned_abs()));
        if let Some((first, at)) = self.first_change(tenant, base).await?
            && seq + 1 < first
        {
            return Err(expired(Some(at)));
        }
        loop {
            let changes = self.webhook_changes(tenant, webhook.base, seq).await?;
            if changes.is_empty() {
                return Ok(found);
            }
            for (at, change) in changes {
                if at > webhook.seen || found.len() == limit.min(MAX_PAYLOADS) {
                    return Ok(found);
                }
                seq = at;
                if webhook.specification.wants(&change) {
                    counted += 1;
                    if counted > skip {
                        found.push(Found { seq: at, change });
                    }
                }
            }
        }
    }

    /// Marks how many payloads there were up to a change, before the changes up to it go: later cursors are counted from here.
    ///
    /// # Errors
    /// `internal`, `unavailable`.
    pub(crate) async fn mark_payloads(&self, tenant: TenantId, base: u64, until: u64) -> Result<()> {
        let (uuid, number, last) = (tenant.uuid(), base.cast_signed(), until.cast_signed());
        for webhook in self.webhooks_of(tenant, base).await? {
            let before: Params<'_> = &[&uuid, &number, &webhook.id, &last];
            // One that was made later has none.
            let Some(mark) = self.0.db.read_opt(tenant, &store::MARK_BEFORE, before).await? else { continue };
            let (mut counted, mut seq) = (mark.get::<_, i64>(0), mark.get::<_, i64>(1).unsigned_abs());
            while seq < until {
                let changes = self.webhook_changes(tenant, base, seq).await?;
                let passed = changes.iter().filter(|(at, _)| *at <= until);
                counted += passed.filter(|(_, change)| webhook.specification.wants(change)).count() as i64;
                seq = changes.last().map_or(until, |(at, _)| *at);
            }
            let mut tx = self.0.db.begin(Database::Data, tenant).await?;
            tx.execute(&store::PUT_MARK, &[&uuid, &number, &webhook.id, &counted, &last]).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    async fn webhook_changes(&self, tenant: TenantId, base: u64, after: u64) -> Result<Vec<(u64, Change)>> {
        let params: Params<'_> = &[&tenant.uuid(), &base.cast_signed(), &after.cast_signed(), &STRIDE];
        let rows = self.0.db.read(tenant, &store::CHANGES, params).await?;
        rows.iter()
            .map(|row| {
                let change = Change::from_json(row.get::<_, &str>(1).as_bytes()).map_err(Error::internal)?;
                Ok((row.get::<_, i64>(0).unsigned_abs(), change))
            })
            .collect()
    }
}

//! Use cases of webhooks. Who manages a base manages its webhooks.

use super::specification::Specification;
use super::{LIFE, MAX_WEBHOOKS, PLACE, store};
use crate::service::Bases;
use crate::timed_id;
use engine_base::BaseId;
use jiff::Timestamp;
use kernel_core::{Caller, Capability, Code, Error, Level, Result, TenantId, enough};
use kernel_db::{Database, Params, Row};
use serde_json::Value;

/// Characters of an address at most.
const MAX_URL: usize = 2_000;

/// A webhook as it is stored.
#[derive(Clone, Debug)]
pub(super) struct Webhook {
    pub(super) base: u64,
    /// `ach…`.
    pub(super) id: String,
    pub(super) url: Option<String>,
    /// Sealed.
    pub(super) secret: Vec<u8>,
    pub(super) specification: Specification,
    pub(super) expires_at: Timestamp,
    pub(super) notifies: bool,
    /// Changes up to this number are counted.
    pub(super) seen: u64,
    /// Payloads among them.
    pub(super) payloads: u64,
    /// Payloads that the receiver was told of.
    pub(super) notified: u64,
    pub(super) last_result: Option<Value>,
    pub(super) last_success_at: Option<Timestamp>,
}

impl Webhook {
    fn of(base: u64, row: &Row) -> Result<Self> {
        let count = |index: usize| row.get::<_, i64>(index).unsigned_abs();
        Ok(Self {
            base,
            id: row.get(0),
            url: row.get(1),
            secret: row.get(2),
            specification: serde_json::from_value(row.get(3)).map_err(Error::internal)?,
            expires_at: row.get(4),
            notifies: row.get(5),
            seen: count(6),
            payloads: count(7),
            notified: count(8),
            last_result: row.get(9),
            last_success_at: row.get(10),
        })
    }
}

/// A webhook that was just made.
pub(super) struct Made {
    pub(super) id: String,
    /// The key of its signatures; told this once.
    pub(super) secret: [u8; 32],
    pub(super) expires_at: Timestamp,
}

fn manages(caller: &Caller, base: BaseId) -> Result<()> {
    caller.require(Capability::EditSchema)?;
    enough(caller.base(base.0), Level::Manage)
}

impl Bases {
    /// Makes a webhook that hears of changes from now on.
    ///
    /// # Errors
    /// `not_found`, `forbidden`; `invalid_value` for a specification or address that makes no sense; `limit_reached`.
    pub(super) async fn create_webhook(
        &self,
        caller: &Caller,
        base: BaseId,
        url: Option<&str>,
        specification: &Specification,
    ) -> Result<Made> {
        manages(caller, base)?;
        specification.check()?;
        let url = url.map(str::trim).filter(|url| !url.is_empty()).map(checked_url).transpose()?;
        let (uuid, number, now) = (caller.tenant.uuid(), base.0.cast_signed(), self.0.clock.now());
        let secret: [u8; 32] = self.0.random.bytes();
        let made = Made { id: timed_id::new("ach", now, &self.0.random), secret, expires_at: now + LIFE };
        let sealed = self.0.sealing.seal(PLACE, made.id.as_bytes(), &secret)?;
        let specification = serde_json::to_value(specification).map_err(Error::internal)?;
        let mut tx = self.0.db.begin(Database::Data, caller.tenant).await?;
        let marked = tx.query_opt(&store::MARK_BASE, &[&uuid, &number]).await?;
        let seq: i64 = marked.ok_or_else(Error::not_found)?.get(0);
        tx.execute(&store::DELETE_EXPIRED, &[&uuid, &number, &now]).await?;
        if tx.query(&store::WEBHOOKS, &[&uuid, &number, &now]).await?.len() >= MAX_WEBHOOKS {
            let detail = format!("A base has at most {MAX_WEBHOOKS} webhooks.");
            return Err(Error::new(Code::LimitReached).detail(detail));
        }
        let params: Params<'_> = &[
            &uuid,
            &number,
            &made.id,
            &url,
            &sealed,
            &specification,
            &caller.actor.to_string(),
            &now,
            &made.expires_at,
            &seq,
        ];
        tx.execute(&store::INSERT_WEBHOOK, params).await?;
        tx.execute(&store::PUT_MARK, &[&uuid, &number, &made.id, &0_i64, &seq]).await?;
        if url.is_none() {
            tx.execute(&store::UNMARK_BASE, &[&uuid, &number, &now]).await?;
        }
        tx.commit().await?;
        Ok(made)
    }

    /// Webhooks of a base, oldest first, counted to its last change.
    ///
    /// # Errors
    /// `not_found`, `forbidden`.
    pub(super) async fn list_webhooks(&self, caller: &Caller, base: BaseId) -> Result<Vec<Webhook>> {
        manages(caller, base)?;
        let mut found = Vec::new();
        for webhook in self.webhooks_of(caller.tenant, base.0).await? {
            found.push(self.count_on(caller.tenant, webhook).await?);
        }
        Ok(found)
    }

    /// One webhook, counted to the base's last change, for who may manage it.
    ///
    /// # Errors
    /// `not_found`, `forbidden`.
    pub(super) async fn managed_webhook(&self, caller: &Caller, base: BaseId, id: &str) -> Result<Webhook> {
        manages(caller, base)?;
        let webhook = self.webhook(caller.tenant, base.0, id).await?;
        self.count_on(caller.tenant, webhook).await
    }

    /// Deletes a webhook.
    ///
    /// # Errors
    /// `not_found`, `forbidden`.
    pub(super) async fn delete_webhook(&self, caller: &Caller, base: BaseId, id: &str) -> Result<()> {
        manages(caller, base)?;
        let (uuid, number) = (caller.tenant.uuid(), base.0.cast_signed());
        let mut tx = self.0.db.begin(Database::Data, caller.tenant).await?;
        let gone = tx.query_opt(&store::DELETE_WEBHOOK, &[&uuid, &number, &id]).await?;
        gone.ok_or_else(|| missing(id))?;
        tx.execute(&store::UNMARK_BASE, &[&uuid, &number, &self.0.clock.now()]).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Turns notifications on or off.
    ///
    /// # Errors
    /// `not_found`, `forbidden`.
    pub(super) async fn notify_webhook(
        &self,
        caller: &Caller,
        base: BaseId,
        id: &str,
        enable: bool,
    ) -> Result<()> {
        let webhook = self.managed_webhook(caller, base, id).await?;
        let (uuid, number) = (caller.tenant.uuid(), base.0.cast_signed());
        let mut tx = self.0.db.begin(Database::Data, caller.tenant).await?;
        let set: Params<'_> = &[&uuid, &number, &webhook.id, &enable];
        tx.query_opt(&store::SET_NOTIFIES, set).await?.ok_or_else(|| missing(id))?;
        tx.commit().await?;
        Ok(())
    }

    /// Lets a webhook live for another while.
    ///
    /// # Errors
    /// `not_found`, `forbidden`.
    pub(super) async fn refresh_webhook(&self, caller: &Caller, base: BaseId, id: &str) -> Result<Timestamp> {
        manages(caller, base)?;
        self.webhook(caller.tenant, base.0, id).await?;
        let expires = self.0.clock.now() + LIFE;
        let params: Params<'_> = &[&caller.tenant.uuid(), &base.0.cast_signed(), &id, &expires];
        let row = self.0.db.read_opt(caller.tenant, &store::EXTEND, params).await?;
        row.map(|row| row.get(0)).ok_or_else(|| missing(id))
    }

    pub(super) async fn webhooks_of(&self, tenant: TenantId, base: u64) -> Result<Vec<Webhook>> {
        let params: Params<'_> = &[&tenant.uuid(), &base.cast_signed(), &self.0.clock.now()];
        let rows = self.0.db.read(tenant, &store::WEBHOOKS, params).await?;
        rows.iter().map(|row| Webhook::of(base, row)).collect()
    }

    pub(super) async fn webhook(&self, tenant: TenantId, base: u64, id: &str) -> Result<Webhook> {
        let params: Params<'_> = &[&tenant.uuid(), &base.cast_signed(), &self.0.clock.now(), &id];
        let row = self.0.db.read_opt(tenant, &store::WEBHOOK, params).await?;
        Webhook::of(base, &row.ok_or_else(|| missing(id))?)
    }

    /// Seals every webhook's secret under the present key that was sealed under a former one. Gives how many.
    ///
    /// # Errors
    /// `internal` when a value does not open.
    pub async fn reseal(&self) -> Result<u64> {
        let mut done = 0;
        for row in self.0.db.platform(&store::SECRETS, &[]).await? {
            let (tenant, base, id): (uuid::Uuid, i64, String) = (row.get(0), row.get(1), row.get(2));
            let sealed: Vec<u8> = row.get(3);
            if self.0.sealing.is_former(&sealed) {
                let secret = self.0.sealing.open(PLACE, id.as_bytes(), &sealed)?;
                let new = self.0.sealing.seal(PLACE, id.as_bytes(), &secret)?;
                let params: Params<'_> = &[&tenant, &base, &id, &sealed, &new];
                done += u64::from(self.0.db.platform_opt(&store::RESEAL, params).await?.is_some());
            }
        }
        Ok(done)
    }
}

fn missing(id: &str) -> Error {
    Error::not_found().detail(format!("Webhook \"{id}\" not found."))
}

fn checked_url(url: &str) -> Result<&str> {
    let has_host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    if has_host.is_none_or(|rest| rest.is_empty() || rest.starts_with('/')) || url.len() > MAX_URL {
        let detail =
            format!("notificationUrl must be an http or https address of at most {MAX_URL} characters.");
        return Err(super::super::error::invalid(detail));
    }
    Ok(url)
}

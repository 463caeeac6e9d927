//! Idempotency keys (RFC draft "Idempotency-Key", spec P1): a key is stored in the same transaction as its effect.
//!
//! What is kept is which records the request created, changed or deleted and the version it reached. A repeated request
//! changes nothing and is answered from that: the records as they are now, `Idempotent-Replayed: true`.

mod store;

use crate::actor::KeyToStore;
use axum::http::HeaderMap;
use jiff::Timestamp;
use kernel_core::{Caller, Code, Error, Result, TenantId};
use kernel_db::{Db, Params, Tx};

/// Longest key taken, in characters.
pub const MAX_KEY: usize = 255;

/// A request with a key, before its effect.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    scope: String,
    key: String,
    hash: [u8; 32],
    /// A client may repeat it and wants the same records then.
    answered: bool,
}

/// An effect that was stored earlier under the same key.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    /// The status answered then.
    pub(crate) status: u16,
    /// The version reached then.
    pub(crate) version: u64,
    /// The records it was about, as `rec…` ids.
    pub(crate) records: Vec<String>,
    /// Those of them that an upsert made.
    pub(crate) made: Vec<String>,
}

impl Request {
    /// Reads `Idempotency-Key`: bare or as a quoted string.
    ///
    /// # Errors
    /// `invalid_value` when the key is empty, too long or not printable.
    pub(crate) fn read(
        headers: &HeaderMap,
        caller: &Caller,
        route: &str,
        body: &[u8],
    ) -> Result<Option<Self>> {
        let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
        let key = value.to_str().unwrap_or_default().trim().trim_matches('"');
        if key.is_empty() || key.len() > MAX_KEY || key.bytes().any(|byte| byte.is_ascii_control()) {
            return Err(Error::field(
                "Idempotency-Key",
                Code::InvalidValue,
                "is not a text of 1 to 255 printable characters",
            ));
        }
        let mut signed = route.as_bytes().to_vec();
        signed.push(0);
        signed.extend_from_slice(body);
        Ok(Some(Self {
            scope: format!("{} {route}", caller.actor),
            key: key.to_owned(),
            hash: kernel_core::secret::sha256(&signed),
            answered: true,
        }))
    }

    /// The same request with a body of which only the digest is known, and only once it has come.
    pub(crate) fn with_body(mut self, digest: &[u8; 32]) -> Self {
        self.hash = kernel_core::secret::sha256(&[self.hash, *digest].concat());
        self
    }

    /// Whether the key was used, for this request or another.
    pub(crate) async fn is_known(&self, db: &Db, tenant: TenantId) -> Result<bool> {
        let row = db.read_opt(tenant, &store::KEY, &[&tenant.uuid(), &self.scope, &self.key]).await?;
        Ok(row.is_some())
    }

    /// A key for one step of a job, so that a repeated job does not repeat the step.
    pub(crate) fn of_job(scope: &str, step: &str) -> Self {
        let hash = kernel_core::secret::sha256(step.as_bytes());
        Self { scope: scope.to_owned(), key: step.to_owned(), hash, answered: false }
    }

    /// What was stored under this key.
    ///
    /// # Errors
    /// `idempotency_key_reused` when it was another request.
    pub(crate) async fn stored(&self, db: &Db, caller: &Caller) -> Result<Option<Stored>> {
        self.stored_for(db, caller.tenant).await
    }

    /// As [`Request::stored`], for jobs.
    pub(crate) async fn stored_for(&self, db: &Db, tenant: TenantId) -> Result<Option<Stored>> {
        let row = db.read_opt(tenant, &store::KEY, &[&tenant.uuid(), &self.scope, &self.key]).await?;
        let Some(row) = row else { return Ok(None) };
        let hash: Vec<u8> = row.get(0);
        if hash != self.hash {
            return Err(Error::new(Code::IdempotencyKeyReused));
        }
        let records: String = row.get(3);
        let ids = || records.split(',').filter(|id| !id.is_empty());
        Ok(Some(Stored {
            status: u16::try_from(row.get::<_, i32>(1)).unwrap_or(200),
            version: row.get::<_, i64>(2).unsigned_abs(),
            records: ids().map(|id| id.trim_start_matches('+').to_owned()).collect(),
            made: ids().filter_map(|id| id.strip_prefix('+')).map(str::to_owned).collect(),
        }))
    }

    /// Keeps the key in the transaction of an effect that is no change of a base. `body` is what it made.
    ///
    /// # Errors
    /// `idempotency_in_progress` when somebody else used the key meanwhile.
    pub(crate) async fn keep(
        &self,
        tx: &mut Tx,
        tenant: TenantId,
        status: u16,
        body: &str,
        now: Timestamp,
    ) -> Result<()> {
        let (hash, status) = (self.hash.as_slice(), i32::from(status));
        let params: Params<'_> = &[&tenant.uuid(), &self.scope, &self.key, &hash, &status, &body, &now];
        tx.execute(&store::INSERT_KEY, params).await.map(drop).map_err(|error| match error.constraint() {
            Some("idempotency_pkey") => Error::new(Code::IdempotencyInProgress).retry_after(1),
            _ => error.into(),
        })
    }

    /// For the batch that has the effect.
    pub(crate) fn to_store(&self, status: u16) -> KeyToStore {
        KeyToStore {
            scope: self.scope.clone(),
            key: self.key.clone(),
            hash: self.hash,
            status: i32::from(status),
            names_records: self.answered,
        }
    }
}

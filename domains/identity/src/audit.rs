//! The audit trail (spec A8, A9; ASVS 16.3, 16.4): every sign-in, denial, token, permission and member change leaves one row in
//! the log database. The row is a job of the transaction that did the act: committed with it, or not at all. An
//! organisation's rows are a chain of hashes ([`chain`]); what they tell, and in which words, is one list ([`Act`]).

pub mod chain;
mod kinds;
pub mod trail;

pub use kinds::{Act, Told};

use crate::model::Visit;
use jiff::Timestamp;
use kernel_core::{Actor, JobId, Result, TenantId, UserId};
use kernel_db::{Db, Tx, statements};
use kernel_jobs::{Job, JobOptions};
use serde::{Deserialize, Serialize};
use serde_json::Value;

statements! {
    /// An account's row.
    global Logs INSERT_ACCOUNT_EVENT = "insert into logs.account_events
        (id, user_id, at, action, target, address, request_id, data)
        values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (id) do nothing";
    /// An account's newest rows.
    global Logs ACCOUNT_EVENTS = "select at, action, target, address, data from logs.account_events
        where user_id = $1 order by at desc, id desc limit $2";
}

/// One act, as the job carries it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AuditEvent {
    at: Timestamp,
    about: About,
    actor: String,
    action: String,
    target: String,
    address: String,
    request_id: String,
    reason: Option<String>,
    data: Value,
}

/// Whose trail it belongs to.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum About {
    Tenant(TenantId),
    Account(Option<UserId>),
}

impl AuditEvent {
    /// Something done in an organisation.
    #[must_use]
    pub fn in_tenant(tenant: TenantId, actor: Actor, act: Act, at: Timestamp) -> Self {
        Self::new(About::Tenant(tenant), actor.to_string(), act.name(), at)
    }

    /// Something done to an account, e.g. `sign_in.failed`; `None`: to an address that nobody has.
    #[must_use]
    pub fn of_account(user: Option<UserId>, action: &str, at: Timestamp) -> Self {
        let actor = user.map_or_else(|| "nobody".to_owned(), |user| user.to_string());
        Self::new(About::Account(user), actor, action, at)
    }

    fn new(about: About, actor: String, action: &str, at: Timestamp) -> Self {
        Self {
            at,
            about,
            actor,
            action: action.to_owned(),
            target: String::new(),
            address: String::new(),
            request_id: String::new(),
            reason: None,
            data: Value::Object(serde_json::Map::new()),
        }
    }

    /// What it was done to.
    #[must_use]
    pub fn target(mut self, target: impl std::fmt::Display) -> Self {
        self.target = target.to_string();
        self
    }
    /// Where it came from.
    #[must_use]
    pub fn from(mut self, visit: &Visit) -> Self {
        self.address = visit.address.to_string();
        self.request_id.clone_from(&visit.request_id);
        self
    }
    /// Why, if a person had to say.
    #[must_use]
    pub fn reason(mut self, reason: &str) -> Self {
        self.reason = Some(reason.to_owned());
        self
    }
    /// Details: never a password, token or cookie.
    #[must_use]
    pub fn data(mut self, data: Value) -> Self {
        self.data = data;
        self
    }
}

impl Job for AuditEvent {
    const NAME: &'static str = "audit_event";
}

/// Puts the event into the transaction of the act.
///
/// # Errors
/// `internal` when the queue can't be written.
pub async fn emit(tx: &mut Tx, event: &AuditEvent) -> Result<()> {
    kernel_jobs::enqueue(tx, event, JobOptions::default()).await?;
    Ok(())
}

/// The job: writes the row under the job's id. Writing it twice is writing it once.
pub(crate) async fn write(db: &Db, id: JobId, event: &AuditEvent) -> Result<()> {
    match event.about {
        About::Tenant(tenant) => {
            let mut tx = db.begin(kernel_db::Database::Logs, tenant).await?;
            let link = chain::Link {
                id: id.uuid(),
                at: event.at,
                actor: &event.actor,
                action: &event.action,
                target: &event.target,
                address: &event.address,
                request_id: &event.request_id,
                reason: event.reason.as_deref(),
                data: &event.data,
            };
            chain::append(&mut tx, tenant, &link).await?;
            tx.commit().await?;
        }
        About::Account(user) => {
            db.global_execute(
                &INSERT_ACCOUNT_EVENT,
                &[
                    &id.uuid(),
                    &user.map(UserId::uuid),
                    &event.at,
                    &event.action,
                    &event.target,
                    &event.address,
                    &event.request_id,
                    &event.data,
                ],
            )
            .await?;
        }
    }
    Ok(())
}

/// A row of a trail, newest first.
#[derive(Clone, Debug, Serialize)]
pub struct TrailRow {
    /// Its number in the organisation's chain; rows of accounts, and those from before the chain, have none.
    pub seq: Option<i64>,
    /// When.
    pub at: Timestamp,
    /// Who: an id, or `system`.
    pub actor: String,
    /// What.
    pub action: String,
    /// To what.
    pub target: String,
    /// From where.
    pub address: String,
    /// Why, if a person had to say.
    pub reason: Option<String>,
    /// The request that did it.
    pub request_id: String,
    /// Details.
    pub data: Value,
}

/// The newest `limit` rows of an organisation. The caller has been authorised.
///
/// # Errors
/// `internal` only.
pub async fn of_tenant(db: &Db, tenant: TenantId, limit: i64) -> Result<Vec<TrailRow>> {
    Ok(trail::page(db, tenant, &trail::Filter::default(), None, limit).await?.0)
}

/// The newest `limit` rows of an account.
///
/// # Errors
/// `internal` only.
pub async fn of_account(db: &Db, user: UserId, limit: i64) -> Result<Vec<TrailRow>> {
    let rows = db.global(&ACCOUNT_EVENTS, &[&user.uuid(), &limit]).await?;
    Ok(rows
        .iter()
        .map(|row| TrailRow {
            seq: None,
            reason: None,
            request_id: String::new(),
            at: row.get("at"),
            actor: user.to_string(),
            action: row.get("action"),
            target: row.get("target"),
            address: row.get("address"),
            data: row.get("data"),
        })
        .collect())
}

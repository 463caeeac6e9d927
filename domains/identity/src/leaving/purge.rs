//! The end of accounts whose grace is over: out of every organisation, then everything of the person, then the access log.

use super::mails::AccountClosedMail;
use super::store::{CLOSE_ACCOUNT, DELETE_ACCOUNT_EVENTS, DUE_TO_CLOSE, KEEP_ACCOUNT};
use crate::Identity;
use crate::audit::{AuditEvent, emit};
use crate::model::email_key;
use kernel_core::{Result, UserId};
use kernel_db::Database;
use kernel_jobs::{Job, JobOptions};
use serde::{Deserialize, Serialize};

/// Closes the accounts that are due.
#[derive(Debug, Serialize, Deserialize)]
pub struct CloseAccounts {}

impl Job for CloseAccounts {
    const NAME: &'static str = "identity_close_accounts";
}

/// Clears the access log of an account that was closed.
#[derive(Debug, Serialize, Deserialize)]
pub struct ForgetTrail {
    user: UserId,
    email_key: String,
}

impl Job for ForgetTrail {
    const NAME: &'static str = "identity_forget_trail";
}

impl Identity {
    /// Closes what is due, each account by itself. Gives how many. For a schedule.
    ///
    /// # Errors
    /// `internal` only; what was closed before stays closed, what was half done is done at the next time.
    pub async fn close_due_accounts(&self) -> Result<usize> {
        let mut closed = 0;
        for row in self.0.db.global(&DUE_TO_CLOSE, &[&self.now()]).await? {
            let user = UserId::from_uuid(row.get("id"));
            let (email, name): (String, String) = (row.get("email"), row.get("name"));
            if self.close(user, &email, &name).await? {
                closed += 1;
            }
        }
        Ok(closed)
    }

    async fn close(&self, user: UserId, email: &str, name: &str) -> Result<bool> {
        let now = self.now();
        let owned: Vec<String> =
            self.ties_of(user).await?.into_iter().filter(|tie| tie.sole_owner).map(|tie| tie.name).collect();
        if !owned.is_empty() {
            // The other owners left meanwhile: an organisation without an owner would be lost to everybody in it.
            let mut tx = self.0.db.begin_global(Database::Control).await?;
            tx.query_opt(&KEEP_ACCOUNT, &[&user.uuid()]).await?;
            self.send(&mut tx, email, &AccountClosedMail::kept(&self.0.brand, name, &owned)).await?;
            emit(&mut tx, &AuditEvent::of_account(Some(user), "account.kept", now)).await?;
            tx.commit().await?;
            return Ok(false);
        }
        if let Some(ties) = self.ties() {
            ties.leave(user).await?;
        }
        let mut tx = self.0.db.begin_global(Database::Control).await?;
        let params: [&(dyn kernel_db::ToSql + Sync); 3] = [&user.uuid(), &now, &email_key(email)];
        if tx.query_opt(&CLOSE_ACCOUNT, &params).await?.is_none() {
            return Ok(false);
        }
        self.access_derived(&mut tx, user).await?;
        self.send(&mut tx, email, &AccountClosedMail::closed(&self.0.brand, name)).await?;
        emit(&mut tx, &AuditEvent::of_account(Some(user), "account.closed", now)).await?;
        let trail = ForgetTrail { user, email_key: email_key(email) };
        kernel_jobs::enqueue(&mut tx, &trail, JobOptions::default()).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The job: the person's own access log goes with the account.
    pub(crate) async fn forget_trail(&self, trail: &ForgetTrail) -> Result<()> {
        self.0.db.platform(&DELETE_ACCOUNT_EVENTS, &[&trail.user.uuid(), &trail.email_key]).await?;
        Ok(())
    }
}

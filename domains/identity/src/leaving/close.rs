//! Asking for the end of an account, and keeping it.

use super::store::{BEGIN_CLOSING, KEEP_ACCOUNT};
use super::{GRACE, Tie, Ties};
use crate::Identity;
use crate::audit::{AuditEvent, emit};
use crate::identity::after;
use crate::model::{Visit, email_key};
use crate::security_mail::{SecurityMail, SecurityNews};
use crate::session::SignedIn;
use kernel_core::{Code, Error, Result, UserId};
use kernel_db::{Database, Tx};
use std::sync::Arc;

impl Identity {
    /// Makes known who knows of a person's organisations. The last one counts.
    pub fn tie(&self, ties: Arc<dyn Ties>) {
        *self.0.ties.lock() = Some(ties);
    }

    pub(super) fn ties(&self) -> Option<Arc<dyn Ties>> {
        self.0.ties.lock().clone()
    }

    /// The person's organisations.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn ties_of(&self, user: UserId) -> Result<Vec<Tie>> {
        match self.ties() {
            Some(ties) => ties.of(user).await,
            None => Ok(Vec::new()),
        }
    }

    /// Begins the grace: every session ends, and the account with it unless the person logs in again.
    ///
    /// # Errors
    /// A field error at `confirm`, which is to be the account's address; `conflict` while an organisation has no other
    /// owner.
    pub async fn close_account(&self, who: &SignedIn, confirm: &str, visit: &Visit) -> Result<()> {
        let (user, now) = (&who.user, self.now());
        if email_key(confirm.trim()) != email_key(&user.email) {
            let code = if confirm.trim().is_empty() { Code::Required } else { Code::InvalidValue };
            return Err(Error::field("confirm", code, "is not the address of this account"));
        }
        let owned: Vec<String> = self
            .ties_of(user.id)
            .await?
            .into_iter()
            .filter(|tie| tie.sole_owner)
            .map(|tie| tie.name)
            .collect();
        if !owned.is_empty() {
            return Err(Error::new(Code::Conflict).detail(format!(
                "Nobody else owns {}. Make somebody an owner there first.",
                owned.join(", ")
            )));
        }
        let closes = after(now, GRACE);
        let mut tx = self.0.db.begin_global(Database::Control).await?;
        if tx.execute(&BEGIN_CLOSING, &[&user.id.uuid(), &closes]).await? == 1 {
            let news = SecurityNews::Closing(closes);
            let mail = SecurityMail::new(&self.0.brand, &user.name, &news, visit, now);
            self.send(&mut tx, &user.email, &mail).await?;
            emit(&mut tx, &AuditEvent::of_account(Some(user.id), "account.closing", now).from(visit)).await?;
        }
        self.end_others_in(&mut tx, user.id, None).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Whoever logs in keeps the account; inside the transaction of the log-in.
    pub(crate) async fn keep_account(&self, tx: &mut Tx, user: UserId, visit: &Visit) -> Result<()> {
        let Some(row) = tx.query_opt(&KEEP_ACCOUNT, &[&user.uuid()]).await? else { return Ok(()) };
        let (email, name): (String, String) = (row.get("email"), row.get("name"));
        let now = self.now();
        let mail = SecurityMail::new(&self.0.brand, &name, &SecurityNews::Kept, visit, now);
        self.send(tx, &email, &mail).await?;
        emit(tx, &AuditEvent::of_account(Some(user), "account.kept", now).from(visit)).await
    }
}

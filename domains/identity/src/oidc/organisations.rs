//! What organisations with a provider of their own need of people: accounts by address, sessions, and a word before a
//! password is taken.

use super::service::faster;
use super::store::{ACCOUNT_OF_ADDRESS, INSERT_USER_OF_PROVIDER, RENAME_USER};
use crate::account::store::{DELETE_EMAIL_CHANGE, SET_EMAIL};
use crate::audit::{AuditEvent, emit};
use crate::leaving::Later;
use crate::links::store::DELETE_LINKS;
use crate::model::{Visit, clean_email, clean_name, email_key};
use crate::reset::store::DELETE_RESETS;
use crate::security_mail::{SecurityMail, SecurityNews};
use crate::session::SignIn;
use crate::signup::store::DELETE_SIGNUPS;
use crate::throttle::{ELSEWHERE_BY_ADDRESS, LOG_OUT_BY_ORGANISATION};
use crate::{Identity, User};
use kernel_core::sealed::Sealing;
use kernel_core::{Code, Error, Result, TenantId, UserId};
use kernel_db::{Database, Tx};
use std::sync::Arc;

/// Whether somebody has to log in through an organisation: another domain knows.
pub trait Gate: Send + Sync {
    /// The organisation that asks for it, by name.
    fn asks<'a>(&'a self, user: UserId, email_key: &'a str) -> Later<'a, Option<String>>;
}

impl Identity {
    /// Asks `gate` before a password is taken.
    pub fn guard_passwords(&self, gate: Arc<dyn Gate>) {
        *self.0.gate.lock() = Some(gate);
    }

    pub(crate) fn password_gate(&self) -> Option<Arc<dyn Gate>> {
        self.0.gate.lock().clone()
    }

    /// Counts a log-in elsewhere that somebody begins.
    ///
    /// # Errors
    /// `rate_limited`.
    pub fn may_leave(&self, visit: &Visit) -> Result<()> {
        self.0.throttle.take(ELSEWHERE_BY_ADDRESS, &visit.limit_key())
    }

    /// Counts that an organisation ends all sessions of a person.
    ///
    /// # Errors
    /// `rate_limited`.
    pub fn may_end_sessions(&self, tenant: TenantId, user: UserId) -> Result<()> {
        self.0.throttle.take(LOG_OUT_BY_ORGANISATION, &format!("{tenant} {user}"))
    }

    /// Encrypts what other domains must read again.
    #[must_use]
    pub fn sealing(&self) -> &Sealing {
        &self.0.sealing
    }

    /// The account of an address that `with` answers for; a new one without a password if there is none.
    ///
    /// # Errors
    /// A field error at `email`; `conflict` when another browser was faster.
    pub async fn account_for(
        &self,
        tx: &mut Tx,
        email: &str,
        name: Option<&str>,
        with: &str,
        visit: &Visit,
    ) -> Result<UserId> {
        let email = clean_email("email", email).map_err(|error| Error::fields(vec![error]))?;
        let (key, now) = (email_key(&email), self.now());
        if let Some(row) = tx.query_opt(&ACCOUNT_OF_ADDRESS, &[&key]).await? {
            return Ok(UserId::from_uuid(row.get("id")));
        }
        let user = UserId::new();
        let name = name.and_then(|name| clean_name("name", name).ok());
        let name =
            name.unwrap_or_else(|| email.split('@').next().unwrap_or_default().chars().take(100).collect());
        let made = tx.execute(&INSERT_USER_OF_PROVIDER, &[&user.uuid(), &email, &key, &name, &now]).await;
        made.map_err(faster)?;
        tx.execute(&DELETE_SIGNUPS, &[&key]).await?;
        let event = AuditEvent::of_account(Some(user), "account.created", now).target(&key).from(visit);
        emit(tx, &event.data(serde_json::json!({ "with": [with] }))).await?;
        Ok(user)
    }

    /// Changes the address and the name of an account as an organisation's directory says, for an account that is that
    /// organisation's alone. Links that were mailed to the former address work no more; both addresses are told.
    ///
    /// # Errors
    /// `already_exists` at `emails`: somebody else has the address; field errors.
    pub async fn follow_directory(
        &self,
        tx: &mut Tx,
        user: &User,
        (email, name): (Option<&str>, Option<&str>),
        visit: &Visit,
    ) -> Result<()> {
        let now = self.now();
        // A name that is too long to show is the directory's to keep; the account's stays.
        if let Some(name) = name.and_then(|name| clean_name("displayName", name).ok()) {
            tx.execute(&RENAME_USER, &[&user.id.uuid(), &name]).await?;
        }
        let Some(email) = email else { return Ok(()) };
        let email = clean_email("emails", email).map_err(|error| Error::fields(vec![error]))?;
        let key = email_key(&email);
        match tx.execute(&SET_EMAIL, &[&user.id.uuid(), &email, &key]).await {
            Err(error) if error.constraint() == Some("users_email_key") => {
                let detail = format!("name {email}, which is another account's");
                return Err(Error::field("emails", Code::AlreadyExists, detail));
            }
            done => done?,
        };
        for statement in [&DELETE_EMAIL_CHANGE, &DELETE_RESETS, &DELETE_LINKS] {
            tx.execute(statement, &[&user.id.uuid()]).await?;
        }
        let news = SecurityNews::EmailChanged(email.clone());
        for to in [&user.email, &email] {
            self.send(tx, to, &SecurityMail::new(&self.0.brand, &user.name, &news, visit, now)).await?;
        }
        let event = AuditEvent::of_account(Some(user.id), "email.changed", now).target(&key).from(visit);
        emit(tx, &event.data(serde_json::json!({ "by": "directory" }))).await
    }

    /// Logs in somebody whom an organisation's provider has recognised. With `several_factors` the provider has asked for
    /// a second one; otherwise the person's own is owed, if there is one.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn sign_in_through(
        &self,
        user: UserId,
        method: &str,
        several_factors: bool,
        replaced: Option<&str>,
        visit: &Visit,
    ) -> Result<SignIn> {
        let mut tx = self.0.db.begin_global(Database::Control).await?;
        let outcome = if several_factors {
            let methods = [method, "its second factor"];
            SignIn::Done(self.signed_in(&mut tx, user, &methods, replaced, visit).await?)
        } else {
            self.first_done(&mut tx, user, method, replaced, visit).await?
        };
        tx.commit().await?;
        Ok(outcome)
    }
}

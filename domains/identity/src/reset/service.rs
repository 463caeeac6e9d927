//! Asking for a reset and using its link. The answer never tells whether an address has an account (ASVS 6.3.8).

use super::LINK_LIFE;
use super::store::{DELETE_RESETS, INSERT_RESET, RESET_BY_TOKEN, SET_PASSWORD, TAKE_RESET, USER_FOR_RESET};
use crate::Identity;
use crate::audit::{AuditEvent, emit};
use crate::identity::{after, hashed};
use crate::mails::{PasswordChangedMail, ResetMail};
use crate::model::{Visit, clean_email, email_key};
use crate::password;
use crate::session::SignIn;
use crate::throttle::{MAIL_TO_ACCOUNT, RESET_BY_ADDRESS};
use kernel_core::{Code, Error, Result, UserId};
use kernel_db::Database;

impl Identity {
    /// Sends a reset link, if the address has an account.
    ///
    /// # Errors
    /// A field error at `email`; `rate_limited`.
    pub async fn forgot_password(&self, email: &str, visit: &Visit) -> Result<()> {
        let email = clean_email("email", email).map_err(|error| Error::fields(vec![error]))?;
        let key = email_key(&email);
        self.0.throttle.take(RESET_BY_ADDRESS, &visit.limit_key())?;
        self.0.throttle.take(MAIL_TO_ACCOUNT, &key)?;
        let (token, now) = (self.0.random.token(), self.now());
        let mut tx = self.0.db.begin_global(Database::Control).await?;
        let row = tx.query_opt(&USER_FOR_RESET, &[&key]).await?;
        let user = row.as_ref().map(|row| UserId::from_uuid(row.get("id")));
        if let (Some(row), Some(user)) = (&row, user) {
            let (to, name): (String, String) = (row.get("email"), row.get("name"));
            tx.execute(&INSERT_RESET, &[&hashed(&token), &user.uuid(), &now, &after(now, LINK_LIFE)]).await?;
            self.send(&mut tx, &to, &ResetMail::new(&self.0.brand, &name, &token)).await?;
        }
        emit(&mut tx, &AuditEvent::of_account(user, "password.reset_asked", now).target(&key).from(visit))
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Whose password a link sets: the address, to show in the form.
    ///
    /// # Errors
    /// `link_expired`.
    pub async fn reset_link(&self, token: &str) -> Result<String> {
        let row = self.0.db.global_opt(&RESET_BY_TOKEN, &[&hashed(token), &self.now()]).await?;
        row.map(|row| row.get("email")).ok_or_else(expired)
    }

    /// Sets a new password by a link and ends every session of the person. A second factor stays, and is owed
    /// (ASVS 6.4.3).
    ///
    /// # Errors
    /// A field error at `password` (the link stays good); `link_expired`.
    pub async fn reset_password(&self, token: &str, new: &str, visit: &Visit) -> Result<SignIn> {
        let now = self.now();
        let row =
            self.0.db.global_opt(&RESET_BY_TOKEN, &[&hashed(token), &now]).await?.ok_or_else(expired)?;
        let (email, name): (String, String) = (row.get("email"), row.get("name"));
        password::check("password", new, &self.known_words(&name, &email))
            .map_err(|error| Error::fields(vec![error]))?;
        let hash = self.0.hasher.asked_by(&visit.limit_key()).hash(new).await?;
        let mut tx = self.0.db.begin_global(Database::Control).await?;
        let taken = tx.query_opt(&TAKE_RESET, &[&hashed(token), &now]).await?.ok_or_else(expired)?;
        let user = UserId::from_uuid(taken.get("user_id"));
        tx.execute(&SET_PASSWORD, &[&user.uuid(), &hash]).await?;
        tx.execute(&DELETE_RESETS, &[&user.uuid()]).await?;
        tx.execute(&crate::links::store::DELETE_LINKS, &[&user.uuid()]).await?;
        self.end_others_in(&mut tx, user, None).await?;
        self.send(&mut tx, &email, &PasswordChangedMail::new(&self.0.brand, &name)).await?;
        emit(&mut tx, &AuditEvent::of_account(Some(user), "password.reset", now).from(visit)).await?;
        let outcome = self.first_done(&mut tx, user, "link", None, visit).await?;
        tx.commit().await?;
        Ok(outcome)
    }
}

fn expired() -> Error {
    Error::new(Code::LinkExpired).detail("This link was used or is older than an hour. Ask for another.")
}

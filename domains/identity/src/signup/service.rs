//! Signing up: an account exists only once the link in the mail was used. Known and unknown addresses get the same
//! answer after the same work (ASVS 6.3.8); what differs is the mail, which only the owner of the address reads.

use super::store::{
    DELETE_SIGNUPS, INSERT_SIGNUP, INSERT_USER, RENEW_SIGNUP, SIGNUP_BY_TOKEN, TAKE_SIGNUP,
    USER_NAME_BY_EMAIL,
};
use super::{Confirmed, LINK_LIFE, NewAccount};
use crate::Identity;
use crate::audit::{AuditEvent, emit};
use crate::identity::{after, hashed};
use crate::mails::{AccountExistsMail, ConfirmMail};
use crate::model::{Visit, clean_email, clean_name, email_key, local_path};
use crate::password;
use crate::throttle::{MAIL_TO_ACCOUNT, SIGN_UP_BY_ADDRESS};
use kernel_core::{Code, Error, Result, Secret, UserId, secret};
use kernel_db::{Database, Row};

impl Identity {
    /// Takes a sign-up and sends a mail. The answer is a secret for the browser (a cookie): only that browser is
    /// signed in when the link is used.
    ///
    /// # Errors
    /// Field errors at `name`, `email`, `password`; `rate_limited`.
    pub async fn sign_up(&self, new: &NewAccount, visit: &Visit) -> Result<Secret> {
        let mut errors = Vec::new();
        let name = clean_name("name", &new.name).map_err(|error| errors.push(error)).unwrap_or_default();
        let email = clean_email("email", &new.email).map_err(|error| errors.push(error)).unwrap_or_default();
        if let Err(error) = password::check("password", &new.password, &self.known_words(&name, &email)) {
            errors.push(error);
        }
        if !errors.is_empty() {
            return Err(Error::fields(errors));
        }
        let key = email_key(&email);
        self.0.throttle.take(SIGN_UP_BY_ADDRESS, &visit.limit_key())?;
        self.0.throttle.take(MAIL_TO_ACCOUNT, &key)?;
        let hash = self.0.hasher.asked_by(&visit.limit_key()).hash(&new.password).await?;
        let (token, browser) = (self.0.random.token(), self.0.random.token());
        let now = self.now();
        let mut tx = self.0.db.begin_global(Database::Control).await?;
        let known = tx.query_opt(&USER_NAME_BY_EMAIL, &[&key]).await?;
        if let Some(known) = known {
            let name: String = known.get("name");
            self.send(&mut tx, &email, &AccountExistsMail::new(&self.0.brand, &name)).await?;
        } else {
            let next = local_path(new.next.as_deref());
            let expires = after(now, LINK_LIFE);
            tx.execute(
                &INSERT_SIGNUP,
                &[&hashed(&token), &hashed(&browser), &email, &key, &name, &hash, &next, &now, &expires],
            )
            .await?;
            self.send(&mut tx, &email, &ConfirmMail::new(&self.0.brand, &name, &token)).await?;
        }
        emit(&mut tx, &AuditEvent::of_account(None, "sign_up", now).target(&key).from(visit)).await?;
        tx.commit().await?;
        Ok(Secret::new(browser))
    }

    /// Sends the confirmation again, if a sign-up waits for it; the answer does not tell.
    ///
    /// # Errors
    /// A field error at `email`; `rate_limited`.
    pub async fn send_confirmation_again(&self, email: &str, visit: &Visit) -> Result<()> {
        let email = clean_email("email", email).map_err(|error| Error::fields(vec![error]))?;
        let key = email_key(&email);
        self.0.throttle.take(SIGN_UP_BY_ADDRESS, &visit.limit_key())?;
        self.0.throttle.take(MAIL_TO_ACCOUNT, &key)?;
        let (token, now) = (self.0.random.token(), self.now());
        let mut tx = self.0.db.begin_global(Database::Control).await?;
        let expires = after(now, LINK_LIFE);
        if let Some(row) = tx.query_opt(&RENEW_SIGNUP, &[&key, &hashed(&token), &expires, &now]).await? {
            let (to, name): (String, String) = (row.get("email"), row.get("name"));
            self.send(&mut tx, &to, &ConfirmMail::new(&self.0.brand, &name, &token)).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// The address that a link confirms, to show before it is used.
    ///
    /// # Errors
    /// `link_expired` when it was used, is too old or never was.
    pub async fn confirmation(&self, token: &str) -> Result<String> {
        let row = self.0.db.global_opt(&SIGNUP_BY_TOKEN, &[&hashed(token), &self.now()]).await?;
        row.map(|row| row.get("email")).ok_or_else(expired)
    }

    /// Uses a link: makes the account, and signs in if `browser` is the secret of the browser that signed up.
    ///
    /// # Errors
    /// `link_expired` when it was used, is too old or never was, or the address got an account meanwhile.
    pub async fn confirm(&self, token: &str, browser: Option<&str>, visit: &Visit) -> Result<Confirmed> {
        let now = self.now();
        let mut tx = self.0.db.begin_global(Database::Control).await?;
        let row = tx.query_opt(&TAKE_SIGNUP, &[&hashed(token), &now]).await?.ok_or_else(expired)?;
        let (email, key): (String, String) = (row.get("email"), row.get("email_key"));
        let user = UserId::new();
        let name: String = row.get("name");
        let hash: String = row.get("password_hash");
        let made = tx.execute(&INSERT_USER, &[&user.uuid(), &email, &key, &name, &hash, &now]).await;
        match made {
            Err(error) if error.constraint() == Some("users_email_key") => return Err(expired()),
            made => made?,
        };
        tx.execute(&DELETE_SIGNUPS, &[&key]).await?;
        let session = if same_browser(&row, browser) {
            Some(self.open_session(&mut tx, user, &["link"], visit).await?)
        } else {
            None
        };
        emit(&mut tx, &AuditEvent::of_account(Some(user), "account.created", now).target(&key).from(visit))
            .await?;
        tx.commit().await?;
        Ok(Confirmed { user, email, session, next: row.get("next") })
    }
}

fn same_browser(row: &Row, browser: Option<&str>) -> bool {
    let kept: Vec<u8> = row.get("browser_hash");
    browser.is_some_and(|browser| secret::equal(&kept, &hashed(browser)))
}

fn expired() -> Error {
    Error::new(Code::LinkExpired)
        .detail("This link was used or is older than a day. Sign up again to get another.")
}

//! Changing the address. It changes when both addresses have confirmed: the present one, so that a stolen session can't take
//! the account away; the new one, so that it is the person's. Whether the new one has an account already is told to nobody
//! but the owner of that address (ASVS 6.3.8).

use super::store::{
    CONFIRM_EMAIL_CHANGE, DELETE_EMAIL_CHANGE, EMAIL_CHANGE_BY_TOKEN, EMAIL_CHANGE_OF_USER, PUT_EMAIL_CHANGE,
    SET_EMAIL,
};
use crate::Identity;
use crate::audit::{AuditEvent, emit};
use crate::identity::{after, hashed};
use crate::links::store::DELETE_LINKS;
use crate::mails::{AccountExistsMail, EmailChangeMail};
use crate::model::{Visit, clean_email, email_key};
use crate::reset::store::DELETE_RESETS;
use crate::security_mail::{SecurityMail, SecurityNews};
use crate::session::SignedIn;
use crate::signup::store::USER_NAME_BY_EMAIL;
use crate::throttle::MAIL_TO_ACCOUNT;
use jiff::SignedDuration;
use kernel_core::{Code, Error, Result, UserId};
use kernel_db::Database;

/// Both links work so long (ASVS 6.4.1).
const LINK_LIFE: SignedDuration = SignedDuration::from_hours(24);

/// A change that waits for its links to be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingEmail {
    /// The new address.
    pub email: String,
    /// Whether the present address has confirmed.
    pub old_done: bool,
    /// Whether the new one has.
    pub new_done: bool,
}

impl Identity {
    /// Asks both addresses. A change that waited before is forgotten.
    ///
    /// # Errors
    /// A field error at `email`; `rate_limited`.
    pub async fn ask_email_change(&self, who: &SignedIn, email: &str, visit: &Visit) -> Result<()> {
        let user = &who.user;
        let email = clean_email("email", email).map_err(|error| Error::fields(vec![error]))?;
        let key = email_key(&email);
        if key == email_key(&user.email) {
            return Err(Error::field("email", Code::InvalidValue, "is your address already"));
        }
        self.0.throttle.ask(MAIL_TO_ACCOUNT, &key)?;
        self.0.throttle.take(MAIL_TO_ACCOUNT, &email_key(&user.email))?;
        self.0.throttle.take(MAIL_TO_ACCOUNT, &key)?;
        let (old, new, now) = (self.0.random.token(), self.0.random.token(), self.now());
        let mut tx = self.0.db.begin_global(Database::Control).await?;
        tx.execute(
            &PUT_EMAIL_CHANGE,
            &[&user.id.uuid(), &email, &key, &hashed(&old), &hashed(&new), &now, &after(now, LINK_LIFE)],
        )
        .await?;
        let brand = &self.0.brand;
        let mail =
            |token: &str, old| EmailChangeMail::new(brand, &user.name, token, &user.email, &email, old);
        self.send(&mut tx, &user.email, &mail(&old, true)).await?;
        match tx.query_opt(&USER_NAME_BY_EMAIL, &[&key]).await? {
            Some(known) => {
                let name: String = known.get("name");
                self.send(&mut tx, &email, &AccountExistsMail::new(brand, &name)).await?;
            }
            None => self.send(&mut tx, &email, &mail(&new, false)).await?,
        }
        let event = AuditEvent::of_account(Some(user.id), "email.change_asked", now).target(&key).from(visit);
        emit(&mut tx, &event).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The person's change that waits.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn pending_email(&self, user: UserId) -> Result<Option<PendingEmail>> {
        let row = self.0.db.global_opt(&EMAIL_CHANGE_OF_USER, &[&user.uuid(), &self.now()]).await?;
        Ok(row.map(|row| PendingEmail {
            email: row.get("email"),
            old_done: row.get("old_done"),
            new_done: row.get("new_done"),
        }))
    }

    /// Ends a change that waits; both links with it.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn cancel_email_change(&self, who: &SignedIn, visit: &Visit) -> Result<()> {
        let id = who.user.id;
        let mut tx = self.0.db.begin_global(Database::Control).await?;
        if tx.execute(&DELETE_EMAIL_CHANGE, &[&id.uuid()]).await? > 0 {
            let event = AuditEvent::of_account(Some(id), "email.change_cancelled", self.now()).from(visit);
            emit(&mut tx, &event).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// From which address to which one a link leads.
    ///
    /// # Errors
    /// `link_expired`.
    pub async fn email_change_offer(&self, token: &str) -> Result<(String, String)> {
        let row = self.0.db.global_opt(&EMAIL_CHANGE_BY_TOKEN, &[&hashed(token), &self.now()]).await?;
        row.map(|row| (row.get("from"), row.get("to"))).ok_or_else(expired)
    }

    /// Confirms by one of the two links. Gives the new address once both have confirmed; `None`: the other one is missing.
    ///
    /// # Errors
    /// `link_expired`, also when somebody else has got an account with the address meanwhile.
    pub async fn confirm_email_change(&self, token: &str, visit: &Visit) -> Result<Option<String>> {
        let now = self.now();
        let mut tx = self.0.db.begin_global(Database::Control).await?;
        let row = tx.query_opt(&CONFIRM_EMAIL_CHANGE, &[&hashed(token), &now]).await?.ok_or_else(expired)?;
        let user = UserId::from_uuid(row.get("user_id"));
        let (email, key): (String, String) = (row.get("email"), row.get("email_key"));
        if !row.get::<_, bool>("both") {
            tx.commit().await?;
            return Ok(None);
        }
        let (former, name): (String, String) = (row.get("from"), row.get("name"));
        match tx.execute(&SET_EMAIL, &[&user.uuid(), &email, &key]).await {
            Err(error) if error.constraint() == Some("users_email_key") => return Err(expired()),
            done => done?,
        };
        for statement in [&DELETE_EMAIL_CHANGE, &DELETE_RESETS, &DELETE_LINKS] {
            tx.execute(statement, &[&user.uuid()]).await?;
        }
        let news = SecurityNews::EmailChanged(email.clone());
        for to in [&former, &email] {
            self.send(&mut tx, to, &SecurityMail::new(&self.0.brand, &name, &news, visit, now)).await?;
        }
        let event = AuditEvent::of_account(Some(user), "email.changed", now).target(&key).from(visit);
        emit(&mut tx, &event).await?;
        tx.commit().await?;
        Ok(Some(email))
    }
}

fn expired() -> Error {
    Error::new(Code::LinkExpired)
        .detail("This link was used or is older than a day. Ask for the change again.")
}

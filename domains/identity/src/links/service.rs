//! Asking for a link and using it.

use super::store::{DELETE_LINKS, INSERT_LINK, LINK_BY_TOKEN, TAKE_LINK, USER_FOR_LINK};
use super::{LINK_LIFE, LinkAsked, Offer};
use crate::Identity;
use crate::audit::{AuditEvent, emit};
use crate::identity::{after, hashed};
use crate::mails::LinkMail;
use crate::model::{Visit, clean_email, device, email_key, local_path};
use crate::session::SignIn;
use crate::throttle::{MAIL_TO_ACCOUNT, RESET_BY_ADDRESS};
use kernel_core::{Code, Error, Result, Secret, UserId, secret};
use kernel_db::Database;
use kernel_jobs::JobOptions;

impl Identity {
    /// Takes the wish for a link. The answer is a secret for the browser (a cookie), whether the address has an account or
    /// not.
    ///
    /// # Errors
    /// A field error at `email`; `rate_limited`.
    pub async fn ask_for_link(&self, email: &str, next: Option<&str>, visit: &Visit) -> Result<Secret> {
        let email = clean_email("email", email).map_err(|error| Error::fields(vec![error]))?;
        let key = email_key(&email);
        self.0.throttle.take(RESET_BY_ADDRESS, &visit.limit_key())?;
        self.0.throttle.take(MAIL_TO_ACCOUNT, &key)?;
        let browser = self.0.random.token();
        let asked = LinkAsked {
            email_key: key,
            browser_hash: hashed(&browser),
            next: local_path(next),
            address: visit.address.to_string(),
            agent: visit.agent.clone(),
            at: self.now(),
        };
        let mut tx = self.0.db.begin_global(Database::Control).await?;
        kernel_jobs::enqueue(&mut tx, &asked, JobOptions::default()).await?;
        tx.commit().await?;
        Ok(Secret::new(browser))
    }

    /// The job: sends the link, if the address has an account.
    pub(crate) async fn send_link(&self, asked: &LinkAsked) -> Result<()> {
        let mut tx = self.0.db.begin_global(Database::Control).await?;
        let Some(row) = tx.query_opt(&USER_FOR_LINK, &[&asked.email_key]).await? else { return Ok(()) };
        let user = UserId::from_uuid(row.get("id"));
        let (to, name): (String, String) = (row.get("email"), row.get("name"));
        let token = self.0.random.token();
        tx.execute(
            &INSERT_LINK,
            &[
                &hashed(&token),
                &asked.browser_hash,
                &user.uuid(),
                &asked.next,
                &asked.address,
                &asked.agent,
                &asked.at,
                &after(asked.at, LINK_LIFE),
            ],
        )
        .await?;
        let device = device(&asked.agent);
        self.send(&mut tx, &to, &LinkMail::new(&self.0.brand, &name, &token, &device, &asked.address))
            .await?;
        let visit = Visit {
            address: asked.address.parse().map_err(Error::internal)?,
            agent: asked.agent.clone(),
            request_id: String::new(),
        };
        emit(&mut tx, &AuditEvent::of_account(Some(user), "link.asked", asked.at).from(&visit)).await?;
        tx.commit().await?;
        Ok(())
    }

    /// What a link would do.
    ///
    /// # Errors
    /// `link_expired` when it was used, is too old or never was.
    pub async fn link_offer(&self, token: &str, browser: Option<&str>) -> Result<Offer> {
        let row = self.0.db.global_opt(&LINK_BY_TOKEN, &[&hashed(token), &self.now()]).await?;
        let row = row.ok_or_else(expired)?;
        Ok(Offer {
            email: row.get("email"),
            same_browser: is_same(row.get("browser_hash"), browser),
            device: device(row.get("agent")),
            address: row.get("address"),
            at: row.get("created_at"),
        })
    }

    /// Uses a link: a session, or the second step; and where the person wanted to go. In a browser that did not ask for it,
    /// only if the person has `confirmed` that it was they.
    ///
    /// # Errors
    /// `link_expired`; `step_up_required` when another browser asked and nobody confirmed: the link stays good.
    pub async fn use_link(
        &self,
        token: &str,
        browser: Option<&str>,
        confirmed: bool,
        replaced: Option<&str>,
        visit: &Visit,
    ) -> Result<(SignIn, Option<String>)> {
        let mut tx = self.0.db.begin_global(Database::Control).await?;
        let row = tx.query_opt(&TAKE_LINK, &[&hashed(token), &self.now()]).await?.ok_or_else(expired)?;
        if !is_same(row.get("browser_hash"), browser) && !confirmed {
            return Err(Error::new(Code::StepUpRequired));
        }
        let user = UserId::from_uuid(row.get("user_id"));
        tx.execute(&DELETE_LINKS, &[&user.uuid()]).await?;
        let outcome = self.first_done(&mut tx, user, "link", replaced, visit).await?;
        tx.commit().await?;
        Ok((outcome, row.get("next")))
    }
}

fn is_same(kept: Vec<u8>, browser: Option<&str>) -> bool {
    browser.is_some_and(|browser| secret::equal(&kept, &hashed(browser)))
}

fn expired() -> Error {
    Error::new(Code::LinkExpired)
        .detail("This link was used or is older than a quarter of an hour. Ask for another.")
}

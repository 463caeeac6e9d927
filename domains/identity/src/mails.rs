//! Mails of this domain, and the job that sends any mail. A mail is enqueued in the transaction that is its reason.

use crate::Identity;
use kernel_core::Result;
use kernel_core::mail::Mail;
use kernel_core::settings::Brand;
use kernel_db::Tx;
use kernel_jobs::{Job, JobOptions};
use kernel_web::{MailView, register_mail};
use serde::{Deserialize, Serialize};

/// The job: hands one mail to the mailer, again and again until it takes it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SendMail(pub Mail);

impl Job for SendMail {
    const NAME: &'static str = "send_mail";
}

impl Identity {
    /// Renders a mail and enqueues it inside a transaction. Other domains send theirs by it too.
    ///
    /// # Errors
    /// `internal` for a broken template or queue.
    pub async fn send<V: MailView>(&self, tx: &mut Tx, to: &str, view: &V) -> Result<()> {
        let mail = self.0.web.mail(to, view)?;
        kernel_jobs::enqueue(tx, &SendMail(mail), JobOptions::default()).await?;
        Ok(())
    }
}

/// Asks to confirm the address of a sign-up.
#[derive(Serialize)]
pub struct ConfirmMail {
    name: String,
    link: String,
}

impl ConfirmMail {
    pub(crate) fn new(brand: &Brand, name: &str, token: &str) -> Self {
        Self { name: name.to_owned(), link: format!("{}/verify?token={token}", brand.origin("app")) }
    }
}

impl MailView for ConfirmMail {
    const TEMPLATE: &'static str = "email/confirm";
    fn subject(&self, brand: &str) -> String {
        format!("Confirm your e-mail address for {brand}")
    }
    fn samples() -> Vec<Self> {
        vec![Self { name: "Alex Doe".into(), link: "http://app.nclc.localhost:8080/verify?token=x".into() }]
    }
}

/// Somebody signed up with an address that has an account.
#[derive(Serialize)]
pub struct AccountExistsMail {
    name: String,
    login: String,
    forgot: String,
}

impl AccountExistsMail {
    pub(crate) fn new(brand: &Brand, name: &str) -> Self {
        let origin = brand.origin("app");
        Self { name: name.to_owned(), login: format!("{origin}/login"), forgot: format!("{origin}/forgot") }
    }
}

impl MailView for AccountExistsMail {
    const TEMPLATE: &'static str = "email/account_exists";
    fn subject(&self, brand: &str) -> String {
        format!("You already have an account at {brand}")
    }
    fn samples() -> Vec<Self> {
        vec![Self {
            name: "Alex Doe".into(),
            login: "http://x/login".into(),
            forgot: "http://x/forgot".into(),
        }]
    }
}

/// A link to set a new password.
#[derive(Serialize)]
pub struct ResetMail {
    name: String,
    link: String,
}

impl ResetMail {
    pub(crate) fn new(brand: &Brand, name: &str, token: &str) -> Self {
        Self { name: name.to_owned(), link: format!("{}/reset?token={token}", brand.origin("app")) }
    }
}

impl MailView for ResetMail {
    const TEMPLATE: &'static str = "email/reset";
    fn subject(&self, brand: &str) -> String {
        format!("Set a new password for {brand}")
    }
    fn samples() -> Vec<Self> {
        vec![Self { name: "Alex Doe".into(), link: "http://x/reset?token=x".into() }]
    }
}

/// The password was changed (ASVS 6.3.7).
#[derive(Serialize)]
pub struct PasswordChangedMail {
    name: String,
    forgot: String,
}

impl PasswordChangedMail {
    pub(crate) fn new(brand: &Brand, name: &str) -> Self {
        Self { name: name.to_owned(), forgot: format!("{}/forgot", brand.origin("app")) }
    }
}

impl MailView for PasswordChangedMail {
    const TEMPLATE: &'static str = "email/password_changed";
    fn subject(&self, brand: &str) -> String {
        format!("Your {brand} password was changed")
    }
    fn samples() -> Vec<Self> {
        vec![Self { name: "Alex Doe".into(), forgot: "http://x/forgot".into() }]
    }
}

/// A link to log in.
#[derive(Serialize)]
pub struct LinkMail {
    name: String,
    link: String,
    device: String,
    address: String,
}

impl LinkMail {
    pub(crate) fn new(brand: &Brand, name: &str, token: &str, device: &str, address: &str) -> Self {
        Self {
            name: name.to_owned(),
            link: format!("{}/link?token={token}", brand.origin("app")),
            device: device.to_owned(),
            address: address.to_owned(),
        }
    }
}

impl MailView for LinkMail {
    const TEMPLATE: &'static str = "email/link";
    fn subject(&self, brand: &str) -> String {
        format!("Log in to {brand}")
    }
    fn samples() -> Vec<Self> {
        vec![Self {
            name: "Alex Doe".into(),
            link: "http://x/link?token=x".into(),
            device: "Firefox on Linux".into(),
            address: "192.0.2.1".into(),
        }]
    }
}

/// Asks one of two addresses whether the account may move from one to the other.
#[derive(Serialize)]
pub struct EmailChangeMail {
    name: String,
    link: String,
    from: String,
    to: String,
    old: bool,
}

impl EmailChangeMail {
    pub(crate) fn new(brand: &Brand, name: &str, token: &str, from: &str, to: &str, old: bool) -> Self {
        Self {
            name: name.to_owned(),
            link: format!("{}/email?token={token}", brand.origin("app")),
            from: from.to_owned(),
            to: to.to_owned(),
            old,
        }
    }
}

impl MailView for EmailChangeMail {
    const TEMPLATE: &'static str = "email/email_change";
    fn subject(&self, brand: &str) -> String {
        format!("Change the address of your {brand} account")
    }
    fn samples() -> Vec<Self> {
        [true, false]
            .into_iter()
            .map(|old| Self {
                name: "Alex Doe".into(),
                link: "http://x/email?token=x".into(),
                from: "alex@acme.example".into(),
                to: "alex@new.example".into(),
                old,
            })
            .collect()
    }
}

register_mail!(ConfirmMail, AccountExistsMail, ResetMail, PasswordChangedMail, LinkMail, EmailChangeMail);

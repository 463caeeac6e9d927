//! The mails that tell a person what happened to the account's protection (ASVS 6.3.5, 6.3.7): one template, one list of
//! news. None of them can be switched off.

use crate::model::{Visit, device};
use jiff::Timestamp;
use kernel_core::settings::Brand;
use kernel_web::{MailView, format, register_mail};
use serde::Serialize;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecurityNews {
    /// An authenticator app is asked for from now on.
    TotpAdded,
    /// Another authenticator app took the place of the former one.
    TotpReplaced,
    /// No authenticator app is asked for any more.
    TotpRemoved,
    /// A new set of recovery codes was made.
    CodesMade,
    /// Somebody signed in with a recovery code; so many are left.
    RecoveryUsed(i64),
    /// The person logged in with a browser that was not used before.
    NewDevice,
    /// The account has another address: this one.
    EmailChanged(String),
    /// Somebody gave the right password, and never the second factor.
    SecondStepUnpaid,
}

impl SecurityNews {
    /// Subject, heading, and what it means.
    fn words(&self) -> (&'static str, String) {
        match self {
            Self::TotpAdded => (
                "An authenticator app was added",
                "Logging in asks for its code from now on.".into(),
            ),
            Self::TotpReplaced => (
                "Your authenticator app was replaced",
                "Codes of the former app don't work any more.".into(),
            ),
            Self::TotpRemoved => (
                "Your authenticator app was removed",
                "Logging in does not ask for a code any more, and the recovery codes have ended.".into(),
            ),
            Self::CodesMade => (
                "New recovery codes were made",
                "The former recovery codes have ended.".into(),
            ),
            Self::RecoveryUsed(left) => (
                "A recovery code was used",
                match left {
                    0 => "It was the last one. Make new ones under Account, Security.".into(),
                    1 => "One is left.".into(),
                    left => format!("{left} are left."),
                },
            ),
            Self::NewDevice => (
                "New browser",
                "Somebody logged in to your account with a browser that was not used before.".into(),
            ),
            Self::EmailChanged(email) => (
                "Your e-mail address was changed",
                format!("You log in with {email} from now on, and mails go there."),
            ),
            Self::SecondStepUnpaid => (
                "Somebody knows your password",
                "The right password was given, but not the second factor, so nobody got in. If that was not you, \
                 choose another password at once."
                    .into(),
            ),
        }
    }
}

/// One piece of news about the account.
#[derive(Serialize)]
pub struct SecurityMail {
    name: String,
    #[serde(skip)]
    subject: &'static str,
    heading: &'static str,
    text: String,
    at: String,
    device: String,
    address: String,
    security: String,
    forgot: String,
}

impl SecurityMail {
    pub(crate) fn new(brand: &Brand, name: &str, news: &SecurityNews, visit: &Visit, at: Timestamp) -> Self {
        let (subject, text) = news.words();
        let origin = brand.origin("app");
        Self {
            name: name.to_owned(),
            subject,
            heading: subject,
            text,
            at: format::datetime("en-GB", at),
            device: device(&visit.agent),
            address: visit.address.to_string(),
            security: format!("{origin}/account/security"),
            forgot: format!("{origin}/forgot"),
        }
    }
}

impl MailView for SecurityMail {
    const TEMPLATE: &'static str = "email/security";
    fn subject(&self, brand: &str) -> String {
        format!("{brand}: {}", self.subject)
    }
    fn samples() -> Vec<Self> {
        [
            SecurityNews::TotpAdded,
            SecurityNews::TotpReplaced,
            SecurityNews::TotpRemoved,
            SecurityNews::CodesMade,
            SecurityNews::NewDevice,
            SecurityNews::EmailChanged("alex@new.example".into()),
            SecurityNews::RecoveryUsed(0),
            SecurityNews::RecoveryUsed(1),
            SecurityNews::RecoveryUsed(8),
            SecurityNews::SecondStepUnpaid,
        ]
        .into_iter()
        .map(|news| {
            let (subject, text) = news.words();
            Self {
                name: "Alex Doe".into(),
                subject,
                heading: subject,
                text,
                at: "21 Nov 2026, 10:16 UTC".into(),
                device: "Firefox on Linux".into(),
                address: "192.0.2.1".into(),
                security: "http://x/account/security".into(),
                forgot: "http://x/forgot".into(),
            }
        })
        .collect()
    }
}

register_mail!(SecurityMail);

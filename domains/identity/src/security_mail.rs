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
    /// A passkey of this name was added.
    PasskeyAdded(String),
    /// The passkey of this name was removed.
    PasskeyRemoved(String),
    /// The passkey of this name was used with a counter that went back: there is a copy of it. It was refused.
    PasskeyCopied(String),
    /// An account with this provider logs in from now on.
    ProviderConnected(String),
    /// The account with this provider does not log in any more.
    ProviderRemoved(String),
    /// The person logged in with a browser that was not used before.
    NewDevice,
    /// The account has another address: this one.
    EmailChanged(String),
    /// The account is closed at this time, unless the person logs in before.
    Closing(Timestamp),
    /// The person logged in, and so the account stays.
    Kept,
    /// An administrator of this organisation ended all sessions.
    LoggedOut(String),
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
            Self::PasskeyAdded(name) => (
                "A passkey was added",
                format!("“{name}” logs in to your account from now on, without the password."),
            ),
            Self::PasskeyRemoved(name) => (
                "A passkey was removed",
                format!("“{name}” does not log in to your account any more."),
            ),
            Self::PasskeyCopied(name) => (
                "A passkey was refused",
                format!(
                    "“{name}” was used with a counter that went back, as if somebody had copied it. Nobody got in. \
                     Remove it under Account, Security, and add a new one."
                ),
            ),
            Self::ProviderConnected(name) => (
                "Another way to log in",
                format!("Your account with {name} logs in to your account here from now on."),
            ),
            Self::ProviderRemoved(name) => (
                "A way to log in was removed",
                format!("Your account with {name} does not log in to your account here any more."),
            ),
            Self::NewDevice => (
                "New browser",
                "Somebody logged in to your account with a browser that was not used before.".into(),
            ),
            Self::EmailChanged(email) => (
                "Your e-mail address was changed",
                format!("You log in with {email} from now on, and mails go there."),
            ),
            Self::Closing(at) => (
                "Your account will be closed",
                format!(
                    "It is closed for good on {}. Until then, logging in keeps it.",
                    format::datetime("en-GB", *at)
                ),
            ),
            Self::Kept => (
                "Your account stays",
                "It was to be closed; somebody logged in, and so it stays.".into(),
            ),
            Self::LoggedOut(organisation) => (
                "You were logged out everywhere",
                format!("An administrator of {organisation} ended all your sessions. Log in again to go on."),
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
            SecurityNews::PasskeyAdded("Laptop".into()),
            SecurityNews::PasskeyRemoved("Laptop".into()),
            SecurityNews::PasskeyCopied("Laptop".into()),
            SecurityNews::ProviderConnected("Google".into()),
            SecurityNews::ProviderRemoved("Google".into()),
            SecurityNews::NewDevice,
            SecurityNews::EmailChanged("alex@new.example".into()),
            SecurityNews::RecoveryUsed(0),
            SecurityNews::RecoveryUsed(1),
            SecurityNews::RecoveryUsed(8),
            SecurityNews::Closing(Timestamp::UNIX_EPOCH),
            SecurityNews::Kept,
            SecurityNews::LoggedOut("Acme".into()),
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

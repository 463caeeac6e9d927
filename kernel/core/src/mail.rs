//! Outgoing mail as data; the transport is an adapter (SMTP) or the development mailbox.

use crate::Result;
use std::pin::Pin;

/// One message, both forms rendered.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize, PartialEq, Eq)]
pub struct Mail {
    /// The recipient's address.
    pub to: String,
    /// The subject line.
    pub subject: String,
    /// The plain form.
    pub text: String,
    /// The HTML form.
    pub html: String,
}

/// Something that delivers mail. At the process edge, so that tests keep what was sent.
pub trait Mailer: Send + Sync {
    /// # Errors
    /// `mail_failed` when the server refused or could not be reached; the job retries.
    fn send<'a>(&'a self, mail: &'a Mail) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;
}

//! Mail by SMTP (RFC 5321): [`kernel_core::mail::Mailer`] over lettre, with pooled connections.
//!
//! `smtps://user:password@host:465` is TLS from the start; `smtp://…?tls=required` upgrades with STARTTLS or fails;
//! `smtp://host:25` speaks plainly, for a relay on the same machine.

use kernel_core::mail::{Mail, Mailer};
use kernel_core::{Code, Error, Result, Secret};
use lettre::message::{Mailbox, MultiPart};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use std::pin::Pin;
use std::time::Duration;

/// How long one mail may take.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A connection pool to one SMTP server.
#[derive(Clone)]
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Smtp").field("from", &self.from).finish_non_exhaustive()
    }
}

impl Smtp {
    /// A transport to `url`, sending as `from` (`Name <address>`). Connects when the first mail is sent.
    ///
    /// # Errors
    /// The URL or the sender can't be used; the detail says why, without the password.
    pub fn new(url: &Secret, from: &str) -> Result<Self> {
        let unusable =
            |what: &str, why: String| Error::new(Code::InvalidValue).detail(format!("{what}: {why}"));
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose())
            .map_err(|error| unusable("NCLC_MAIL_SMTP_URL", error.to_string()))?
            .timeout(Some(TIMEOUT))
            .build();
        let from = from.parse().map_err(|error| unusable("NCLC_MAIL_FROM", format!("{error}")))?;
        Ok(Self { transport, from })
    }

    fn message(&self, mail: &Mail) -> Result<Message> {
        let refused = |error: &dyn std::fmt::Display| {
            Error::field("to", Code::InvalidValue, format!("can't be written to: {error}"))
        };
        let to: Mailbox = mail.to.parse().map_err(|error| refused(&error))?;
        Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(mail.subject.as_str())
            .multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()))
            .map_err(|error| refused(&error))
    }
}

impl Mailer for Smtp {
    fn send<'a>(&'a self, mail: &'a Mail) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>> {
        Box::pin(async move {
            let message = self.message(mail)?;
            self.transport
                .send(message)
                .await
                .map(drop)
                .map_err(|error| Error::new(Code::MailFailed).source(error))
        })
    }
}

#[cfg(test)]
mod tests;

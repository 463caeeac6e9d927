//! The development mailbox: where mails go while no SMTP server is configured. Its pages exist in development only.

pub mod routes;
pub(crate) mod store;
pub mod views;

use kernel_core::mail::{Mail, Mailer};
use kernel_core::{Clock, Result};
use kernel_db::Db;
use std::pin::Pin;
use store::INSERT_MAIL;

/// A mailer that keeps every mail in `control.dev_mailbox`.
#[derive(Clone)]
pub struct DevMailbox {
    db: Db,
    clock: Clock,
}

impl DevMailbox {
    /// Keeps mails in `db`.
    #[must_use]
    pub fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock }
    }
}

impl Mailer for DevMailbox {
    fn send<'a>(&'a self, mail: &'a Mail) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>> {
        Box::pin(async move {
            let now = self.clock.now();
            self.db
                .global_execute(&INSERT_MAIL, &[&now, &mail.to, &mail.subject, &mail.text, &mail.html])
                .await?;
            Ok(())
        })
    }
}

//! Mails that the system sent, from its development mailbox.

use crate::{TestSystem, eventually};
use std::time::Duration;

impl TestSystem {
    /// The text of the newest mail to an address whose subject contains `subject`. A job sends mails, so it is waited for.
    ///
    /// # Errors
    /// None came within 10 seconds.
    pub async fn mail(&self, to: &str, subject: &str) -> anyhow::Result<String> {
        let sql = self.sql("control", "nclc_platform").await?;
        let what = format!("a mail to {to} about {subject}");
        eventually(&what, Duration::from_secs(10), async || {
            let statement = "select text from control.dev_mailbox where recipient = $1 and strpos(subject, $2) > 0 order by id desc limit 1";
            Ok(sql.query_opt(statement, &[&to, &subject]).await?.map(|row| row.get(0)))
        })
        .await
    }

    /// The `token` of the first link in a mail.
    ///
    /// # Errors
    /// The mail has no such link.
    pub fn token_of(mail: &str) -> anyhow::Result<String> {
        let after = mail.split_once("token=").map(|(_, after)| after);
        let token = after
            .map(|after| after.split(|c: char| c.is_whitespace() || c == '&').next().unwrap_or_default());
        token.map(str::to_owned).ok_or_else(|| anyhow::anyhow!("no link with a token in: {mail}"))
    }
}

//! Statements about the development mailbox.

use kernel_db::statements;

statements! {
    /// Keeps a mail.
    global Control INSERT_MAIL = "insert into control.dev_mailbox (at, recipient, subject, text, html) values ($1, $2, $3, $4, $5)";
    /// The newest mails.
    global Control MAILS = "select id, at, recipient, subject from control.dev_mailbox order by id desc limit 200";
    /// One mail.
    global Control MAIL_BY_ID = "select id, at, recipient, subject, text, html from control.dev_mailbox where id = $1";
}

//! Contexts of the mailbox pages.

use kernel_web::{View, register_view};
use serde::Serialize;

/// `app/auth_mailbox.html`.
#[derive(Serialize)]
pub struct MailboxView {
    /// The newest first.
    pub mails: Vec<MailItem>,
}

/// A mail in the list.
#[derive(Serialize)]
pub struct MailItem {
    /// Its number.
    pub id: i64,
    /// RFC 3339.
    pub at: String,
    /// To whom.
    pub recipient: String,
    /// The subject.
    pub subject: String,
}

/// `app/auth_mail.html`.
#[derive(Serialize)]
pub struct MailView {
    /// The mail.
    pub mail: MailItem,
    /// The plain form in pieces: text, and addresses as links.
    pub pieces: Vec<Piece>,
}

/// A piece of the plain form.
#[derive(Serialize)]
pub struct Piece {
    /// The text.
    pub text: String,
    /// Whether it is an address.
    pub link: bool,
}

fn sample() -> MailItem {
    MailItem {
        id: 1,
        at: "2026-11-21T10:16:00Z".into(),
        recipient: "alex@acme.example".into(),
        subject: "Confirm your address".into(),
    }
}

impl View for MailboxView {
    const TEMPLATE: &'static str = "app/auth_mailbox.html";
    fn samples() -> Vec<Self> {
        vec![Self { mails: Vec::new() }, Self { mails: vec![sample()] }]
    }
}

impl View for MailView {
    const TEMPLATE: &'static str = "app/auth_mail.html";
    fn samples() -> Vec<Self> {
        let piece = |text: &str, link| Piece { text: text.into(), link };
        vec![Self { mail: sample(), pieces: vec![piece("Open ", false), piece("http://x/verify", true)] }]
    }
}

register_view!(MailboxView, MailView);

//! The mail of an invitation.

use kernel_web::{MailView, register_mail};
use serde::Serialize;

/// Somebody is invited to an organisation.
#[derive(Serialize)]
pub struct InviteMail {
    /// The organisation's name.
    pub tenant: String,
    /// As what.
    pub role: String,
    /// Who invites.
    pub invited_by: String,
    /// Where to accept.
    pub link: String,
}

impl MailView for InviteMail {
    const TEMPLATE: &'static str = "email/invite";
    fn subject(&self, brand: &str) -> String {
        format!("{} invites you to {} on {brand}", self.invited_by, self.tenant)
    }
    fn samples() -> Vec<Self> {
        vec![Self {
            tenant: "Acme Services".into(),
            role: "editor".into(),
            invited_by: "Mina Other".into(),
            link: "http://app.nclc.localhost:8080/invite?token=x".into(),
        }]
    }
}
register_mail!(InviteMail);

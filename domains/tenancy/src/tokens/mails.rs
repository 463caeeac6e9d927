//! The mail about a token that was found where it must not be.

use kernel_web::{MailView, register_mail};
use serde::Serialize;

/// A token was reported and is revoked.
#[derive(Serialize)]
pub struct LeakMail {
    /// The organisation's name.
    pub tenant: String,
    /// What the token is for.
    pub label: String,
    /// Where its tokens are.
    pub link: String,
}

impl MailView for LeakMail {
    const TEMPLATE: &'static str = "email/token_leaked";
    fn subject(&self, brand: &str) -> String {
        format!("The API token “{}” of {} was found in public on {brand}", self.label, self.tenant)
    }
    fn samples() -> Vec<Self> {
        vec![Self {
            tenant: "Acme Services".into(),
            label: "Stock sync".into(),
            link: "http://app.nclc.localhost:8080/o/acme/tokens/history".into(),
        }]
    }
}
register_mail!(LeakMail);

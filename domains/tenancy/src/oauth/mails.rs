//! The mail about a code or refresh token that was used twice.

use kernel_web::{MailView, register_mail};
use serde::Serialize;

/// An app was disconnected because one of its tokens came twice.
#[derive(Serialize)]
pub struct ReusedMail {
    /// The app's name.
    pub app: String,
    /// The organisation's name.
    pub tenant: String,
    /// Where connected apps are.
    pub link: String,
}

impl MailView for ReusedMail {
    const TEMPLATE: &'static str = "email/app_reused";
    fn subject(&self, brand: &str) -> String {
        format!("{} was disconnected from {} on {brand}", self.app, self.tenant)
    }
    fn samples() -> Vec<Self> {
        vec![Self {
            app: "Stock app".into(),
            tenant: "Acme Services".into(),
            link: "http://app.nclc.localhost:8080/account/apps".into(),
        }]
    }
}
register_mail!(ReusedMail);

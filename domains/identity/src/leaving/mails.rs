//! Mails about copies of a person's data and about the end of an account.

use jiff::Timestamp;
use kernel_core::DataExportId;
use kernel_core::settings::Brand;
use kernel_web::{MailView, format, register_mail};
use serde::Serialize;

/// The copy is ready.
#[derive(Serialize)]
pub struct ExportReadyMail {
    name: String,
    link: String,
    until: String,
}

impl ExportReadyMail {
    pub(crate) fn new(brand: &Brand, name: &str, id: DataExportId, until: Timestamp) -> Self {
        Self {
            name: name.to_owned(),
            link: format!("{}/account/export/{id}", brand.origin("app")),
            until: format::datetime("en-GB", until),
        }
    }
}

impl MailView for ExportReadyMail {
    const TEMPLATE: &'static str = "email/export_ready";
    fn subject(&self, brand: &str) -> String {
        format!("The copy of your {brand} data is ready")
    }
    fn samples() -> Vec<Self> {
        vec![Self {
            name: "Alex Doe".into(),
            link: "http://x/account/export/exp_x".into(),
            until: "28 Nov 2026, 10:16 UTC".into(),
        }]
    }
}

/// The account is closed; or is not, since an organisation would be left without an owner.
#[derive(Serialize)]
pub struct AccountClosedMail {
    name: String,
    owned: Vec<String>,
    login: String,
}

impl AccountClosedMail {
    pub(crate) fn closed(brand: &Brand, name: &str) -> Self {
        Self::kept(brand, name, &[])
    }

    pub(crate) fn kept(brand: &Brand, name: &str, owned: &[String]) -> Self {
        let login = format!("{}/login", brand.origin("app"));
        Self { name: name.to_owned(), owned: owned.to_vec(), login }
    }
}

impl MailView for AccountClosedMail {
    const TEMPLATE: &'static str = "email/account_closed";
    fn subject(&self, brand: &str) -> String {
        if self.owned.is_empty() {
            format!("Your {brand} account is closed")
        } else {
            format!("Your {brand} account could not be closed")
        }
    }
    fn samples() -> Vec<Self> {
        let sample = |owned| Self { name: "Alex Doe".into(), owned, login: "http://x/login".into() };
        vec![sample(Vec::new()), sample(vec!["Acme".to_owned()])]
    }
}

register_mail!(ExportReadyMail, AccountClosedMail);

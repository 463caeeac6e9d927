//! Mails are templates too: `email/x.txt` and `email/x.html` with one typed context.

use crate::Web;
use crate::web::Origins;
use kernel_core::mail::Mail;
use minijinja::value::{Serde, Value};
use serde::Serialize;

/// The typed context of one mail.
pub trait MailView: Serialize {
    /// The path below `templates/` without its ending, e.g. `email/verify`; both `.txt` and `.html` exist.
    const TEMPLATE: &'static str;
    /// The subject line.
    fn subject(&self, brand: &str) -> String;
    /// Values that cover every optional part.
    fn samples() -> Vec<Self>
    where
        Self: Sized;
}

/// A registered mail, for `templates check`.
pub struct Registered {
    /// The path without its ending.
    pub template: &'static str,
    /// The samples: subject and context.
    pub samples: fn() -> Vec<(String, Value)>,
}
inventory::collect!(Registered);

/// Registers a [`MailView`] for `templates check`.
#[macro_export]
macro_rules! register_mail {
    ($($view:ty),+ $(,)?) => {$(
        $crate::inventory::submit! {
            $crate::mail::Registered {
                template: <$view as $crate::MailView>::TEMPLATE,
                samples: $crate::mail::samples_of::<$view>,
            }
        }
    )+};
}

/// The samples of a mail as subjects and contexts.
#[must_use]
pub fn samples_of<V: MailView>() -> Vec<(String, Value)> {
    V::samples().into_iter().map(|view| (view.subject("Brand"), Value::from(Serde(view)))).collect()
}

/// What mail templates see as `page`.
#[derive(Serialize)]
struct Context<'a> {
    brand: &'a str,
    origins: &'a Origins,
    subject: &'a str,
    locale: &'static str,
    now: jiff::Timestamp,
}

impl Web {
    /// Renders a mail to `to`, both forms.
    ///
    /// # Errors
    /// A broken template: a fault of ours.
    pub fn mail<V: MailView>(&self, to: &str, view: &V) -> kernel_core::Result<Mail> {
        let subject = view.subject(&self.brand().brand);
        let (text, html) = self.mail_bodies(V::TEMPLATE, &subject, &Value::from(Serde(view)))?;
        Ok(Mail { to: to.to_owned(), subject, text, html })
    }

    fn mail_bodies(
        &self,
        template: &str,
        subject: &str,
        view: &Value,
    ) -> kernel_core::Result<(String, String)> {
        let page = Value::from(Serde(Context {
            brand: &self.brand().brand,
            origins: self.origins(),
            subject,
            locale: "en-GB",
            now: self.clock().now(),
        }));
        let text = self.templates().render_values(&format!("{template}.txt"), page.clone(), view.clone())?;
        let html = self.templates().render_values(&format!("{template}.html"), page, view.clone())?;
        Ok((text, html))
    }
}

pub(crate) fn check(web: &Web) -> Vec<(String, String)> {
    let mut problems = Vec::new();
    for registered in inventory::iter::<Registered> {
        for (subject, sample) in (registered.samples)() {
            if subject.is_empty() || subject.contains('\n') {
                problems.push((registered.template.to_owned(), format!("bad subject {subject:?}")));
            }
            if let Err(error) = web.mail_bodies(registered.template, &subject, &sample) {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                problems.push((registered.template.to_owned(), cause.unwrap_or_default()));
            }
        }
    }
    problems
}

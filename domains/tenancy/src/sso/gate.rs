//! Keeping out who comes by another way. Two places ask: the password before it is taken (a clear word, early), and the
//! entrance of the organisation (whatever the log-in was, and however old the session is).

use super::model::domain_of;
use super::store::CAPTURED_BY;
use crate::members::store::ROLE_OF;
use crate::model::TenantSummary;
use crate::tenants::store::summary;
use http::request::Parts;
use http::{Method, header};
use identity::oidc::Gate;
use kernel_core::{Code, Error, Result, Role, UserId};
use kernel_db::Db;
use kernel_web::WebError;
use std::pin::Pin;

/// What a session's way in is called that came by an organisation's provider.
#[must_use]
pub(crate) fn method(slug: &str) -> String {
    format!("SSO of {slug}")
}

/// Asks before a password is taken. Holds no [`crate::Tenancy`]: identity holds this.
pub(crate) struct SsoGate {
    pub db: Db,
}

impl SsoGate {
    async fn organisation(&self, user: UserId, email_key: &str) -> Result<Option<String>> {
        let row = self.db.global_opt(&CAPTURED_BY, &[&domain_of(email_key)]).await?;
        let Some(tenant) = row.as_ref().map(summary).filter(|tenant| tenant.sso) else { return Ok(None) };
        let row = self.db.read_opt(tenant.id, &ROLE_OF, &[&tenant.id.uuid(), &user.uuid()]).await?;
        let kept_out = row.is_some_and(|row| row.get::<_, &str>("role") != Role::Owner.name());
        Ok(kept_out.then_some(tenant.name))
    }
}

impl Gate for SsoGate {
    fn asks<'a>(
        &'a self,
        user: UserId,
        email_key: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<Option<String>>> + Send + 'a>> {
        Box::pin(self.organisation(user, email_key))
    }
}

/// Sends a person to the provider and back; programs get the refusal.
pub(crate) fn lead_to_provider(parts: &Parts, tenant: &TenantSummary) -> WebError {
    let accept = parts.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("");
    if parts.method != Method::GET || !accept.contains("text/html") {
        return Error::new(Code::SsoRequired)
            .detail(format!("{} asks its people to log in through its own provider.", tenant.name))
            .into();
    }
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let next: String = form_urlencoded::byte_serialize(path.as_bytes()).collect();
    WebError::redirect(&format!("/login/sso/{}?next={next}", tenant.slug))
}

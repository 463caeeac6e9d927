//! SAML: setting it up from metadata, what is posted to us, and handing it to the browser that has asked for it.
//!
//! A provider's POST comes from another site, so without our cookies. It is verified and kept under the state that it brings; the
//! browser is sent on to an address of ours, which it asks for with the cookie of its flow. What is handed out there answers the very
//! request that this browser began with, and is handed out once. Nothing that was not verified is kept.

use super::model::{Connection, Typed, Way};
use super::saml::metadata::{self, Described};
use super::saml::provider::people_of;
use super::saml::{Checked, Expected, Saml, answer};
use super::store::{FORGET_ANSWERS, KEEP_ANSWER, RENEW_SAML, TAKE_ANSWER};
use crate::Tenancy;
use crate::members::service::{allow, current_role};
use crate::model::TenantSummary;
use crate::tokens::person;
use identity::audit::{Act, AuditEvent, emit};
use identity::model::Visit;
use identity::oidc::{Flow, Person};
use kernel_core::outgoing::{Method, Request};
use kernel_core::secret::sha256;
use kernel_core::{Caller, Capability, Code, Error, Result, TenantId};
use kernel_db::Database;
use serde_json::json;

/// The longest state that is looked for.
const LONGEST_STATE: usize = 200;

impl Tenancy {
    fn portal(&self) -> &str {
        &self.0.identity.web().origins().app
    }

    /// Our entity id for an organisation: the address of our metadata.
    pub(super) fn entity(&self, slug: &str) -> String {
        format!("{}/login/sso/{slug}/metadata", self.portal())
    }

    /// Where providers post their answers to.
    pub(super) fn acs(&self, slug: &str) -> String {
        format!("{}/login/sso/{slug}/acs", self.portal())
    }

    fn described(&self, source: &str) -> Checked<Described> {
        metadata::read(source, self.portal().starts_with("https://"), self.now())
    }

    pub(super) async fn save_saml(&self, caller: &Caller, typed: &Typed, visit: &Visit) -> Result<()> {
        let before = match self.connection(caller.tenant).await? {
            Some((Connection { issuer, way: Way::Saml(saml), .. }, _)) => Some((issuer, saml)),
            _ => None,
        };
        let mapping = typed.checked_saml(before.is_some()).map_err(Error::fields)?;
        let (pasted, url) = (typed.metadata.trim(), typed.metadata_url.trim());
        let described = if !pasted.is_empty() {
            self.described(pasted).map_err(|why| Error::field("metadata", Code::InvalidValue, why))?
        } else if !url.is_empty() {
            let found = self.fetched(url).await;
            found.map_err(|why| Error::field("metadata_url", Code::InvalidValue, why))?
        } else {
            let (entity, saml) = before.ok_or_else(Error::not_found)?;
            Described { entity, sso_url: saml.sso_url, certificates: saml.certificates }
        };
        let saml = Saml {
            sso_url: described.sso_url,
            certificates: described.certificates,
            metadata_url: (!url.is_empty()).then(|| url.to_owned()),
            email_attribute: typed.email_attribute.trim().to_owned(),
            subject_attribute: typed.subject_attribute.trim().to_owned(),
        };
        let connection = Connection { issuer: described.entity, way: Way::Saml(saml), mapping, tried: None };
        self.keep_sso(caller, &connection, None, visit).await
    }

    /// Metadata at an address; what is wrong goes on after "The metadata".
    async fn fetched(&self, url: &str) -> Checked<Described> {
        let request = Request { redirects: 2, ..Request::new(Method::Get, url) }
            .header("accept", "application/samlmetadata+xml, application/xml, text/xml");
        let (parts, _) = self.sso_parts().map_err(|_| "can’t be fetched here")?;
        let answer =
            parts.http.send(&request).await.map_err(|failure| format!("can’t be fetched: {failure}"))?;
        if answer.status != 200 {
            return Err(format!("can’t be fetched: the answer was {}", answer.status).into());
        }
        self.described(std::str::from_utf8(&answer.body).map_err(|_| "is not text in UTF-8")?)
    }

    /// Fetches the metadata again and takes its address and certificates. The provider stays the same one, so nothing has to be
    /// tried out again.
    ///
    /// # Errors
    /// `forbidden`; `not_found` when it was pasted; `invalid_value` with what is wrong.
    pub async fn renew_saml(&self, caller: &Caller, visit: &Visit) -> Result<()> {
        caller.require(Capability::ManageOwners)?;
        let connection = self.sso(caller).await?.ok_or_else(Error::not_found)?;
        let Way::Saml(Saml { metadata_url: Some(url), .. }) = connection.way else {
            return Err(Error::not_found());
        };
        let wrong = |why: &str| Error::new(Code::InvalidValue).detail(format!("The metadata {why}."));
        let described = self.fetched(&url).await.map_err(|why| wrong(&why))?;
        if described.entity != connection.issuer {
            return Err(wrong("describes another provider by now: save it anew, and try it out"));
        }
        let (actor, tenant, now) = (person(caller)?, caller.tenant, self.now());
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        allow(current_role(&mut tx, caller, actor).await?, Capability::ManageOwners)?;
        let certificates: Vec<&[u8]> = described.certificates.iter().map(|one| one.der.as_slice()).collect();
        let params: kernel_db::Params<'_> =
            &[&tenant.uuid(), &described.entity, &described.sso_url, &certificates, &now];
        if tx.execute(&RENEW_SAML, params).await? == 0 {
            return Err(Error::not_found());
        }
        let prints: Vec<String> = described.certificates.iter().map(|one| one.fingerprint()).collect();
        let event = AuditEvent::in_tenant(tenant, caller.actor, Act::SsoChanged, now)
            .target(&described.entity)
            .from(visit);
        emit(&mut tx, &event.data(json!({ "protocol": "saml", "certificates": prints }))).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Takes what a provider posts: verified, it waits for the browser that asked for it.
    ///
    /// # Errors
    /// `not_found` where no SAML is set up; `provider_failed` with why it is not believed.
    pub(super) async fn receive_answer(
        &self,
        tenant: &TenantSummary,
        posted: &str,
        state: &str,
    ) -> Result<()> {
        let Some((Connection { issuer, way: Way::Saml(saml), .. }, _)) = self.connection(tenant.id).await?
        else {
            return Err(Error::not_found());
        };
        let now = self.now();
        let (entity, acs) = (self.entity(&tenant.slug), self.acs(&tenant.slug));
        let certificates = &saml.certificates;
        let expected = Expected { issuer: &issuer, certificates, entity: &entity, acs: &acs, now };
        let checked = answer::decode(posted).and_then(|source| {
            let believed = answer::read(&source, &expected)?;
            if state.is_empty() || state.len() > LONGEST_STATE {
                return Err("comes without the state that belongs to it (RelayState)".into());
            }
            Ok((saml.person(&issuer, &believed)?, believed))
        });
        let refused = |why: &str| {
            let who = &tenant.name;
            Error::new(Code::ProviderFailed).detail(format!("The answer of {who}’s provider {why}."))
        };
        let (person, believed) = checked.map_err(|why| refused(&why))?;
        let person = serde_json::to_value(&person).map_err(Error::internal)?;
        let id = tenant.id.uuid();
        let (key, state) = (sha256(believed.id.as_bytes()), sha256(state.as_bytes()));
        let mut tx = self.0.db.begin(Database::Control, tenant.id).await?;
        tx.execute(&FORGET_ANSWERS, &[&id, &now]).await?;
        let params: kernel_db::Params<'_> =
            &[&id, &key.as_slice(), &state.as_slice(), &believed.in_response_to, &person, &believed.until];
        if tx.execute(&KEEP_ANSWER, params).await? == 0 {
            return Err(refused("was used before"));
        }
        tx.commit().await?;
        Ok(())
    }

    /// Whom the provider has recognised in answer to the request that this flow began with.
    ///
    /// # Errors
    /// `provider_failed` when there is no such answer, or not any more.
    pub(super) async fn take_answer(&self, tenant: TenantId, entity: &str, flow: &Flow) -> Result<Person> {
        let state = sha256(flow.state.as_bytes());
        let params: kernel_db::Params<'_> =
            &[&tenant.uuid(), &state.as_slice(), &request_id(flow), &self.now()];
        let rows = self.0.db.write(tenant, &TAKE_ANSWER, params).await?;
        let person = rows.first().map(|row| serde_json::from_value::<Person>(row.get("person"))).transpose();
        person
            .map_err(Error::internal)?
            .filter(|person| person.issuer == people_of(entity))
            .ok_or_else(|| Error::new(Code::ProviderFailed).detail("No answer came for this log-in."))
    }
}

/// What the request of a flow is called: an NCName, so it begins with no digit.
pub(super) fn request_id(flow: &Flow) -> String {
    format!("_{}", flow.nonce)
}

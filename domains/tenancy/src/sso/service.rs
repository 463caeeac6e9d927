//! Setting single sign-on up: who may, what is kept, what has to be true before others are kept out.

use super::model::{Connection, Mapping, Typed, Way, role};
use super::saml::{Certificate, Saml};
use super::store::{DELETE_SSO, PUT_SSO, REQUIRE_SSO, RESEAL_SSO, SSO, SSO_SECRETS, SSO_TRIED};
use super::{Domain, SsoParts};
use crate::Tenancy;
use crate::members::service::{allow, current_role};
use crate::tokens::person;
use identity::audit::{Act, AuditEvent, emit};
use identity::model::Visit;
use identity::oidc::{Protocol, Provider};
use kernel_core::{Caller, Capability, Code, Error, Result, Secret, TenantId};
use kernel_db::{Database, Row};
use serde_json::json;

/// Where a client secret is kept, for its seal.
const PLACE: &str = "control.sso.client_secret";

impl Tenancy {
    /// Gives single sign-on what it needs from outside; without it its pages are not there.
    pub fn set_up_sso(&self, parts: SsoParts) {
        // Set once, at start; a second time changes nothing.
        let _ = self.0.sso.set(parts);
    }

    pub(super) fn sso_parts(&self) -> Result<(&SsoParts, &Protocol)> {
        self.0.sso.get().zip(self.0.identity.protocol()).ok_or_else(Error::not_found)
    }

    /// Whether the organisation's plan has single sign-on.
    ///
    /// # Errors
    /// `not_found` where there is none at all.
    pub async fn sso_included(&self, tenant: TenantId) -> Result<bool> {
        self.sso_parts()?.0.plans.single_sign_on(tenant).await
    }

    pub(crate) async fn require_plan(&self, tenant: TenantId) -> Result<()> {
        if self.sso_included(tenant).await? {
            return Ok(());
        }
        Err(Error::new(Code::LimitReached).detail("Single sign-on is part of the Business plan."))
    }

    /// How the organisation's people log in, if it is set up.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn sso(&self, caller: &Caller) -> Result<Option<Connection>> {
        caller.require(Capability::ManageTenant)?;
        Ok(self.connection(caller.tenant).await?.map(|(connection, _)| connection))
    }

    /// The connection, and the sealed secret of one with OpenID Connect.
    pub(super) async fn connection(&self, tenant: TenantId) -> Result<Option<(Connection, Option<Vec<u8>>)>> {
        let row = self.0.db.read_opt(tenant, &SSO, &[&tenant.uuid()]).await?;
        row.as_ref().map(|row| Ok((connection_of(row)?, row.get("client_secret")))).transpose()
    }

    /// The organisation's provider of OpenID Connect, with its secret; `None` also for one of SAML.
    pub(super) async fn sso_provider(&self, tenant: TenantId) -> Result<Option<Provider>> {
        let Some((connection, sealed)) = self.connection(tenant).await? else { return Ok(None) };
        let (Way::OpenId { client_id }, Some(sealed)) = (connection.way, sealed) else { return Ok(None) };
        let secret = self.0.identity.sealing().open(PLACE, tenant.uuid().as_bytes(), &sealed)?;
        let secret = Secret::new(String::from_utf8(secret).map_err(Error::internal)?);
        let key = tenant.to_string();
        Ok(Some(Provider::open_id(&key, "SSO", &connection.issuer, client_id, secret)))
    }

    /// Sets it up, or changes it. The provider is asked whether it is there; a log-in has to be tried out again.
    ///
    /// # Errors
    /// `forbidden`; field errors; `limit_reached` for the plan; `invalid_value` with what is wrong with the provider.
    pub async fn save_sso(&self, caller: &Caller, typed: &Typed, visit: &Visit) -> Result<()> {
        // Whoever says which provider is believed can log in as anybody of the proven domains, owners included.
        caller.require(Capability::ManageOwners)?;
        let tenant = caller.tenant;
        self.require_plan(tenant).await?;
        if typed.protocol == "saml" {
            return self.save_saml(caller, typed, visit).await;
        }
        let (before, kept) = self.connection(tenant).await?.unzip();
        let kept = kept.flatten();
        let (issuer, client_id, mapping) = typed.checked(kept.is_some()).map_err(Error::fields)?;
        self.ask_provider(&issuer).await?;
        let sealed = match (kept, typed.client_secret.as_str()) {
            // The secret that is kept belongs to the provider it was given for.
            (Some(_), "") if before.is_some_and(|before| before.issuer != issuer) => {
                return Err(Error::field(
                    "client_secret",
                    Code::Required,
                    "is needed again for another issuer",
                ));
            }
            (Some(sealed), "") => sealed,
            (_, secret) => {
                self.0.identity.sealing().seal(PLACE, tenant.uuid().as_bytes(), secret.as_bytes())?
            }
        };
        let connection = Connection { issuer, way: Way::OpenId { client_id }, mapping, tried: None };
        self.keep_sso(caller, &connection, Some(sealed), visit).await
    }

    /// Keeps a connection that was checked; what was tried out, and required, has to be again.
    pub(super) async fn keep_sso(
        &self,
        caller: &Caller,
        connection: &Connection,
        sealed: Option<Vec<u8>>,
        visit: &Visit,
    ) -> Result<()> {
        let (actor, tenant, now) = (person(caller)?, caller.tenant, self.now());
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        allow(current_role(&mut tx, caller, actor).await?, Capability::ManageOwners)?;
        let (issuer, mapping) = (&connection.issuer, &connection.mapping);
        let values: Vec<(&str, &str)> =
            mapping.values.iter().map(|(value, role)| (value.as_str(), role.name())).collect();
        let default = mapping.default.map(|role| role.name());
        let (protocol, client_id, saml) = match &connection.way {
            Way::OpenId { client_id } => ("oidc", client_id.as_str(), None),
            Way::Saml(saml) => ("saml", "", Some(saml)),
        };
        let address = saml.map(|saml| saml.sso_url.as_str());
        let certificates: Option<Vec<&[u8]>> =
            saml.map(|saml| saml.certificates.iter().map(|one| one.der.as_slice()).collect());
        let from = saml.and_then(|saml| saml.metadata_url.as_deref());
        let (email, subject) =
            saml.map_or(("", ""), |saml| (saml.email_attribute.as_str(), saml.subject_attribute.as_str()));
        let params: kernel_db::Params<'_> = &[
            &tenant.uuid(),
            &protocol,
            issuer,
            &client_id,
            &sealed,
            &address,
            &certificates,
            &from,
            &email,
            &subject,
            &default,
            &mapping.claim,
            &json!(values),
            &now,
        ];
        tx.execute(&PUT_SSO, params).await?;
        // What is not tried out must not be the only way in.
        tx.execute(&REQUIRE_SSO, &[&tenant.uuid(), &false]).await?;
        let event =
            AuditEvent::in_tenant(tenant, caller.actor, Act::SsoChanged, now).target(issuer).from(visit);
        let mut said = json!({ "protocol": protocol, "default_role": default, "claim": mapping.claim });
        match saml {
            Some(saml) => {
                said["certificates"] =
                    json!(saml.certificates.iter().map(Certificate::fingerprint).collect::<Vec<_>>())
            }
            None => said["client_id"] = json!(client_id),
        }
        emit(&mut tx, &event.data(said)).await?;
        self.commit_access(tx, tenant).await?;
        Ok(())
    }

    /// Asks the provider whether it is there.
    ///
    /// # Errors
    /// `forbidden`; `not_found` when nothing is set up; `invalid_value` with what is wrong.
    pub async fn try_sso(&self, caller: &Caller) -> Result<()> {
        let connection = self.sso(caller).await?.ok_or_else(Error::not_found)?;
        match connection.way {
            Way::OpenId { .. } => self.ask_provider(&connection.issuer).await,
            Way::Saml(_) => Err(Error::not_found()),
        }
    }

    async fn ask_provider(&self, issuer: &str) -> Result<()> {
        let asked = self.sso_parts()?.1.try_out(issuer).await;
        asked.map_err(|error| match error.code() {
            Code::ProviderFailed => Error::new(Code::InvalidValue).detail(error.message().to_owned()),
            _ => error,
        })
    }

    /// Ends it; members log in as everybody does.
    ///
    /// # Errors
    /// `forbidden`, `not_found`.
    pub async fn remove_sso(&self, caller: &Caller, visit: &Visit) -> Result<()> {
        caller.require(Capability::ManageTenant)?;
        let (actor, tenant, now) = (person(caller)?, caller.tenant, self.now());
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        allow(current_role(&mut tx, caller, actor).await?, Capability::ManageTenant)?;
        if tx.execute(&DELETE_SSO, &[&tenant.uuid()]).await? == 0 {
            return Err(Error::not_found());
        }
        tx.execute(&REQUIRE_SSO, &[&tenant.uuid(), &false]).await?;
        emit(&mut tx, &AuditEvent::in_tenant(tenant, caller.actor, Act::SsoRemoved, now).from(visit)).await?;
        self.commit_access(tx, tenant).await?;
        Ok(())
    }

    /// Whether members of proven domains have to come by the provider.
    ///
    /// # Errors
    /// `forbidden`; `conflict` as long as no domain is proven, or no log-in was tried out since the last change.
    pub async fn require_sso(&self, caller: &Caller, on: bool, visit: &Visit) -> Result<()> {
        caller.require(Capability::ManageTenant)?;
        let (actor, tenant, now) = (person(caller)?, caller.tenant, self.now());
        if on {
            self.require_plan(tenant).await?;
            let tried =
                self.connection(tenant).await?.is_some_and(|(connection, _)| connection.tried.is_some());
            let proven = self.domains_of(tenant).await?.iter().any(|domain| domain.proven_at.is_some());
            if !tried || !proven {
                return Err(Error::new(Code::Conflict).detail(
                    "Prove a domain and try out a log-in first: otherwise a slip would keep everybody out.",
                ));
            }
        }
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        allow(current_role(&mut tx, caller, actor).await?, Capability::ManageTenant)?;
        if tx.execute(&REQUIRE_SSO, &[&tenant.uuid(), &on]).await? > 0 {
            let action = if on { Act::SsoRequired } else { Act::SsoOptional };
            emit(&mut tx, &AuditEvent::in_tenant(tenant, caller.actor, action, now).from(visit)).await?;
        }
        self.commit_access(tx, tenant).await?;
        Ok(())
    }

    /// Notes a log-in that was tried out, and what would have come of it.
    pub(super) async fn sso_tried(&self, caller: &Caller, outcome: &str, visit: &Visit) -> Result<()> {
        caller.require(Capability::ManageTenant)?;
        let (tenant, now) = (caller.tenant, self.now());
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        tx.execute(&SSO_TRIED, &[&tenant.uuid(), &now, &outcome]).await?;
        emit(&mut tx, &AuditEvent::in_tenant(tenant, caller.actor, Act::SsoTried, now).from(visit)).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The organisation's domains.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn domains(&self, caller: &Caller) -> Result<Vec<Domain>> {
        caller.require(Capability::ManageTenant)?;
        self.domains_of(caller.tenant).await
    }

    /// Seals every secret of this domain under the present key that was sealed under a former one. Gives how many.
    ///
    /// # Errors
    /// `internal` when a value does not open.
    pub async fn reseal(&self) -> Result<u64> {
        let (mut done, sealing) = (0, self.0.identity.sealing());
        for row in self.0.db.platform(&SSO_SECRETS, &[]).await? {
            let tenant = TenantId::from_uuid(row.get("tenant_id"));
            let (uuid, sealed): (_, Vec<u8>) = (tenant.uuid(), row.get("client_secret"));
            if sealing.is_former(&sealed) {
                let new =
                    sealing.seal(PLACE, uuid.as_bytes(), &sealing.open(PLACE, uuid.as_bytes(), &sealed)?)?;
                done += self.0.db.write(tenant, &RESEAL_SSO, &[&uuid, &sealed, &new]).await?.len() as u64;
            }
        }
        Ok(done + self.reseal_keys().await?)
    }
}

fn connection_of(row: &Row) -> Result<Connection> {
    let values: Vec<(String, String)> =
        serde_json::from_value(row.get("role_map")).map_err(Error::internal)?;
    let tried = row.get::<_, Option<jiff::Timestamp>>("tried_at");
    let way = match row.get("protocol") {
        "saml" => Way::Saml(Saml {
            sso_url: row.get("sso_url"),
            certificates: row
                .get::<_, Vec<Vec<u8>>>("certificates")
                .iter()
                .map(|der| Certificate::read(der).map_err(Error::internal))
                .collect::<Result<_>>()?,
            metadata_url: row.get("metadata_url"),
            email_attribute: row.get("email_attribute"),
            subject_attribute: row.get("subject_attribute"),
        }),
        _ => Way::OpenId { client_id: row.get("client_id") },
    };
    Ok(Connection {
        issuer: row.get("issuer"),
        way,
        mapping: Mapping {
            default: row.get::<_, Option<&str>>("default_role").and_then(role),
            claim: row.get("role_claim"),
            values: values.into_iter().filter_map(|(value, name)| Some((value, role(&name)?))).collect(),
        },
        tried: tried.map(|at| (at, row.get::<_, Option<String>>("tried").unwrap_or_default())),
    })
}

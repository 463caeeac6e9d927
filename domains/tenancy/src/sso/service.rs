//! Setting single sign-on up: who may, what is kept, what has to be true before others are kept out.

use super::model::{Connection, Mapping, Typed, role};
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

    async fn require_plan(&self, tenant: TenantId) -> Result<()> {
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

    pub(super) async fn connection(&self, tenant: TenantId) -> Result<Option<(Connection, Vec<u8>)>> {
        let row = self.0.db.read_opt(tenant, &SSO, &[&tenant.uuid()]).await?;
        row.as_ref().map(|row| Ok((connection_of(row)?, row.get("client_secret")))).transpose()
    }

    /// The organisation's provider, with its secret.
    pub(super) async fn sso_provider(&self, tenant: TenantId) -> Result<Option<(Provider, Connection)>> {
        let Some((connection, sealed)) = self.connection(tenant).await? else { return Ok(None) };
        let secret = self.0.identity.sealing().open(PLACE, tenant.uuid().as_bytes(), &sealed)?;
        let secret = Secret::new(String::from_utf8(secret).map_err(Error::internal)?);
        let key = tenant.to_string();
        let provider =
            Provider::open_id(&key, "SSO", &connection.issuer, connection.client_id.clone(), secret);
        Ok(Some((provider, connection)))
    }

    /// Sets it up, or changes it. The provider is asked whether it is there; a log-in has to be tried out again.
    ///
    /// # Errors
    /// `forbidden`; field errors; `limit_reached` for the plan; `invalid_value` with what is wrong with the provider.
    pub async fn save_sso(&self, caller: &Caller, typed: &Typed, visit: &Visit) -> Result<()> {
        caller.require(Capability::ManageTenant)?;
        let (actor, tenant, now) = (person(caller)?, caller.tenant, self.now());
        self.require_plan(tenant).await?;
        let before = self.connection(tenant).await?;
        let (issuer, client_id, mapping) = typed.checked(before.is_some()).map_err(Error::fields)?;
        self.ask_provider(&issuer).await?;
        let sealed = match (&before, typed.client_secret.as_str()) {
            // The secret that is kept belongs to the provider it was given for.
            (Some((before, _)), "") if before.issuer != issuer => {
                return Err(Error::field(
                    "client_secret",
                    Code::Required,
                    "is needed again for another issuer",
                ));
            }
            (Some((_, sealed)), "") => sealed.clone(),
            (_, secret) => {
                self.0.identity.sealing().seal(PLACE, tenant.uuid().as_bytes(), secret.as_bytes())?
            }
        };
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        allow(current_role(&mut tx, caller, actor).await?, Capability::ManageTenant)?;
        let values: Vec<(&str, &str)> =
            mapping.values.iter().map(|(value, role)| (value.as_str(), role.name())).collect();
        let default = mapping.default.map(|role| role.name());
        tx.execute(
            &PUT_SSO,
            &[&tenant.uuid(), &issuer, &client_id, &sealed, &default, &mapping.claim, &json!(values), &now],
        )
        .await?;
        // What is not tried out must not be the only way in.
        tx.execute(&REQUIRE_SSO, &[&tenant.uuid(), &false]).await?;
        let event =
            AuditEvent::in_tenant(tenant, caller.actor, Act::SsoChanged, now).target(&issuer).from(visit);
        let said = json!({ "client_id": client_id, "default_role": default, "claim": mapping.claim });
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
        self.ask_provider(&connection.issuer).await
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
    Ok(Connection {
        issuer: row.get("issuer"),
        client_id: row.get("client_id"),
        mapping: Mapping {
            default: row.get::<_, Option<&str>>("default_role").and_then(role),
            claim: row.get("role_claim"),
            values: values.into_iter().filter_map(|(value, name)| Some((value, role(&name)?))).collect(),
        },
        tried: tried.map(|at| (at, row.get::<_, Option<String>>("tried").unwrap_or_default())),
    })
}

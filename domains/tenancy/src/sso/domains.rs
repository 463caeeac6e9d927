//! Domains: named, proven by a TXT record at `_nclc.<domain>`, captured by one organisation at a time, dropped.

use super::Domain;
use super::model::{MOST_DOMAINS, check_domain};
use super::store::{CAPTURE, DELETE_DOMAIN, DOMAIN_PROVEN, INSERT_DOMAIN, RELEASE, SSO_DOMAIN, SSO_DOMAINS};
use crate::Tenancy;
use crate::members::service::{allow, current_role};
use crate::tokens::person;
use identity::audit::{Act, AuditEvent, emit};
use identity::model::Visit;
use kernel_core::{Caller, Capability, Code, Error, Result, TenantId};
use kernel_db::{Database, Row};

/// What the record's name begins with.
pub(super) const LABEL: &str = "_nclc";
/// What its text begins with.
pub(super) const KEY: &str = "nclc-domain=";

impl Tenancy {
    pub(super) async fn domains_of(&self, tenant: TenantId) -> Result<Vec<Domain>> {
        let rows = self.0.db.read(tenant, &SSO_DOMAINS, &[&tenant.uuid()]).await?;
        Ok(rows.iter().map(domain_of_row).collect())
    }

    /// Names a domain; nothing is captured until it is proven.
    ///
    /// # Errors
    /// `forbidden`; a field error at `domain`; `limit_reached`.
    pub async fn add_domain(&self, caller: &Caller, text: &str, visit: &Visit) -> Result<()> {
        caller.require(Capability::ManageTenant)?;
        let (actor, tenant, now) = (person(caller)?, caller.tenant, self.now());
        let domain = check_domain(text).map_err(|error| Error::fields(vec![error]))?;
        if !self.sso_included(tenant).await? {
            return Err(Error::new(Code::LimitReached).detail("Single sign-on is part of the Business plan."));
        }
        if self.domains_of(tenant).await?.len() >= MOST_DOMAINS {
            return Err(Error::new(Code::LimitReached).detail(format!("{MOST_DOMAINS} domains at most.")));
        }
        let proof = self.0.identity.random().token();
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        allow(current_role(&mut tx, caller, actor).await?, Capability::ManageTenant)?;
        if tx.execute(&INSERT_DOMAIN, &[&tenant.uuid(), &domain, &proof, &now]).await? == 0 {
            return Err(Error::field("domain", Code::AlreadyExists, "is in the list already"));
        }
        let event =
            AuditEvent::in_tenant(tenant, caller.actor, Act::DomainNamed, now).target(&domain).from(visit);
        emit(&mut tx, &event).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Looks for the proof and captures the domain.
    ///
    /// # Errors
    /// `forbidden`, `not_found`; `conflict` with what is missing, or when another organisation has proven it.
    pub async fn check_domain_proof(&self, caller: &Caller, domain: &str, visit: &Visit) -> Result<()> {
        caller.require(Capability::ManageTenant)?;
        let (actor, tenant, now) = (person(caller)?, caller.tenant, self.now());
        let row = self.0.db.read_opt(tenant, &SSO_DOMAIN, &[&tenant.uuid(), &domain]).await?;
        let domain = row.as_ref().map(domain_of_row).ok_or_else(Error::not_found)?;
        let (name, wanted) = (format!("{LABEL}.{}", domain.name), format!("{KEY}{}", domain.proof));
        let missing = |why: String| Error::new(Code::Conflict).detail(why);
        let texts = self.sso_parts()?.0.names.texts(&name).await;
        let texts = texts.map_err(|why| {
            missing(format!("{name} could not be looked up: {why}. Try again in a moment."))
        })?;
        if !texts.iter().any(|text| text.trim() == wanted) {
            return Err(missing(match texts.len() {
                0 => format!(
                    "There is no TXT record at {name} yet. New records take minutes, sometimes hours."
                ),
                _ => format!("The TXT record at {name} says something else. Copy the text as it is."),
            }));
        }
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        allow(current_role(&mut tx, caller, actor).await?, Capability::ManageTenant)?;
        if tx.execute(&CAPTURE, &[&domain.name, &tenant.uuid()]).await? == 0 {
            return Err(missing(format!(
                "{} is proven by another organisation. It has to be dropped there first.",
                domain.name
            )));
        }
        // Of two that drop and prove it at the same time, the row decides.
        if tx.execute(&DOMAIN_PROVEN, &[&tenant.uuid(), &domain.name, &now]).await? == 0 {
            return Err(Error::not_found());
        }
        let event = AuditEvent::in_tenant(tenant, caller.actor, Act::DomainProven, now)
            .target(&domain.name)
            .from(visit);
        emit(&mut tx, &event).await?;
        self.commit_access(tx, tenant).await?;
        Ok(())
    }

    /// Drops a domain; its people log in as everybody does.
    ///
    /// # Errors
    /// `forbidden`, `not_found`.
    pub async fn remove_domain(&self, caller: &Caller, domain: &str, visit: &Visit) -> Result<()> {
        caller.require(Capability::ManageTenant)?;
        let (actor, tenant, now) = (person(caller)?, caller.tenant, self.now());
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        allow(current_role(&mut tx, caller, actor).await?, Capability::ManageTenant)?;
        if tx.execute(&DELETE_DOMAIN, &[&tenant.uuid(), &domain]).await? == 0 {
            return Err(Error::not_found());
        }
        tx.execute(&RELEASE, &[&domain, &tenant.uuid()]).await?;
        let event =
            AuditEvent::in_tenant(tenant, caller.actor, Act::DomainDropped, now).target(domain).from(visit);
        emit(&mut tx, &event).await?;
        self.commit_access(tx, tenant).await?;
        Ok(())
    }
}

fn domain_of_row(row: &Row) -> Domain {
    Domain { name: row.get("domain"), proof: row.get("proof"), proven_at: row.get("proven_at") }
}

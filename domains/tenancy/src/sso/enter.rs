//! Coming in through an organisation's provider: whose account it is, becoming a member, the role, the session.

use super::model::domain_of;
use super::store::{CAPTURED_BY, IS_REMOVED, PUT_SSO_PERSON, SSO_PERSON};
use super::{Connection, method};
use crate::Tenancy;
use crate::members::store::{INSERT_MEMBER, ROLE_OF_LOCKED, SET_ROLE};
use crate::model::TenantSummary;
use crate::tenants::store::summary;
use identity::audit::{Act, AuditEvent, emit};
use identity::model::{Visit, email_key};
use identity::oidc::Person;
use identity::{SignIn, User};
use kernel_core::{Actor, Code, Error, Result, Role, UserId};
use kernel_db::{Database, Row, Tx};
use serde_json::json;

impl Tenancy {
    /// The organisation whose proven domain an address has.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn captured_by(&self, email: &str) -> Result<Option<TenantSummary>> {
        let row = self.0.db.global_opt(&CAPTURED_BY, &[&domain_of(email)]).await?;
        Ok(row.as_ref().map(summary))
    }

    /// Whether a person may go on into the organisation with the session's way in.
    pub(crate) async fn sso_lets_in(
        &self,
        tenant: &TenantSummary,
        role: Role,
        user: &User,
        methods: &[String],
    ) -> Result<bool> {
        if !tenant.sso || role == Role::Owner || methods.first() == Some(&method(&tenant.slug)) {
            return Ok(true);
        }
        Ok(self.captured_by(&user.email).await?.is_none_or(|captured| captured.id != tenant.id))
    }

    /// Lets somebody in whom the organisation's provider has recognised: the account of the address, a new member's or a
    /// known one's, with the role that the provider names.
    ///
    /// # Errors
    /// `forbidden` with a sentence for the person.
    pub(super) async fn enter_by_sso(
        &self,
        tenant: &TenantSummary,
        connection: &Connection,
        person: &Person,
        replaced: Option<&str>,
        visit: &Visit,
    ) -> Result<SignIn> {
        let mut tx = self.0.db.begin(Database::Control, tenant.id).await?;
        let user = self.account_of(&mut tx, tenant, person, visit).await?;
        let ids: kernel_db::Params<'_> = &[&tenant.id.uuid(), &user.uuid()];
        if let Some(row) = tx.query_opt(&IS_REMOVED, ids).await? {
            return Err(removed(&tenant.name, &row));
        }
        let named = connection.mapping.named(&person.claims);
        self.be_member(&mut tx, tenant, user, (named, connection.mapping.default), visit).await?;
        self.0.identity.remember_tenant_in(&mut tx, user, tenant.id).await?;
        self.commit_access(tx, tenant.id).await?;
        // Another organisation is not bound by what this one's provider says of factors, and no provider speaks for an
        // owner's: who could change what the provider says would be the owner.
        let alone = match self.tenants_of(user).await?.as_slice() {
            [only] => only.role != Role::Owner,
            _ => false,
        };
        let several = person.several_factors && alone;
        let way = method(&tenant.slug);
        self.0.identity.sign_in_through(user, &way, several, replaced, visit).await
    }

    /// The account that a person of the provider has. Its address is in a proven domain of this organisation, always.
    async fn account_of(
        &self,
        tx: &mut Tx,
        tenant: &TenantSummary,
        person: &Person,
        visit: &Visit,
    ) -> Result<UserId> {
        let id = tenant.id.uuid();
        let known = tx.query_opt(&SSO_PERSON, &[&id, &person.issuer, &person.subject]).await?;
        let known = known.map(|row| UserId::from_uuid(row.get("user_id")));
        let mut user = None;
        let asserted = person.email.as_deref().map(email_key);
        // An id that is an address is given to the next one of the name: it says who has the address now, not who had it.
        let by_address =
            person.subject_is_address || asserted.as_deref() == Some(email_key(&person.subject).as_str());
        if let Some(known) = known
            && let [found] = self.0.identity.users(&[known]).await?.as_slice()
            && (!by_address || asserted == Some(email_key(&found.email)))
            && self.is_ours(tx, tenant, &found.email).await?
        {
            user = Some(known);
        }
        let user = match user {
            Some(user) => user,
            None => {
                let email = person.email.as_deref().ok_or_else(|| {
                    refused(format!("The provider of {} did not tell your e-mail address.", tenant.name))
                })?;
                if !self.is_ours(tx, tenant, email).await? {
                    return Err(refused(format!(
                        "{email} is not in a domain of {}, so its provider can’t speak for it.",
                        tenant.name
                    )));
                }
                // A provider that knows the address is not verified must not have it.
                if person.claims.get("email_verified").is_some() && !person.email_verified {
                    return Err(refused(format!(
                        "The provider of {} has not verified {email}.",
                        tenant.name
                    )));
                }
                let with = method(&tenant.slug);
                self.0.identity.account_for(tx, email, person.name.as_deref(), &with, visit).await?
            }
        };
        let params: kernel_db::Params<'_> =
            &[&id, &person.issuer, &person.subject, &user.uuid(), &self.now()];
        tx.execute(&PUT_SSO_PERSON, params).await?;
        Ok(user)
    }

    async fn is_ours(&self, tx: &mut Tx, tenant: &TenantSummary, email: &str) -> Result<bool> {
        let row = tx.query_opt(&CAPTURED_BY, &[&domain_of(email)]).await?;
        Ok(row.is_some_and(|row| summary(&row).id == tenant.id))
    }

    async fn be_member(
        &self,
        tx: &mut Tx,
        tenant: &TenantSummary,
        user: UserId,
        (named, default): (Option<Role>, Option<Role>),
        visit: &Visit,
    ) -> Result<()> {
        let (id, now) = (tenant.id.uuid(), self.now());
        let present = tx.query_opt(&ROLE_OF_LOCKED, &[&id, &user.uuid()]).await?;
        let present: Option<Role> = present.map(|row| row.get::<_, &str>("role").parse()).transpose()?;
        let event = |action| {
            AuditEvent::in_tenant(tenant.id, Actor::User(user), action, now).target(user).from(visit)
        };
        match (present, named.or(default)) {
            // Owners are made and unmade by owners; who reaches only what was assigned stays so.
            (Some(Role::Owner | Role::Client), _) => Ok(()),
            (_, None) => Err(refused(format!("The provider of {} gives you no role in it.", tenant.name))),
            (None, Some(role)) => {
                tx.execute(&INSERT_MEMBER, &[&id, &user.uuid(), &role.name(), &now]).await?;
                emit(tx, &event(Act::MemberJoined).data(json!({ "role": role, "by": "sso" }))).await
            }
            (Some(before), Some(_)) if named.is_none_or(|named| named == before) => Ok(()),
            (Some(before), Some(role)) => {
                tx.execute(&SET_ROLE, &[&id, &user.uuid(), &role.name()]).await?;
                let said = json!({ "before": before, "after": role, "by": "sso" });
                emit(tx, &event(Act::MemberRoleChanged).data(said)).await
            }
        }
    }

    /// What would come of a log-in, for somebody who tries it out.
    pub(super) async fn sso_outcome(
        &self,
        tenant: &TenantSummary,
        connection: &Connection,
        person: &Person,
    ) -> Result<String> {
        let email = person.email.as_deref().unwrap_or("nobody with an address");
        let ours = self.captured_by(email).await?.is_some_and(|captured| captured.id == tenant.id);
        let role = connection.mapping.named(&person.claims).or(connection.mapping.default);
        Ok(match (ours, role) {
            (false, _) => format!("{email}, whose domain is not proven here: nobody would get in"),
            (true, None) => format!("{email}, without a role: would not get in"),
            (true, Some(role)) => format!("{email} as {role}"),
        })
    }
}

/// What somebody is told whose membership was ended: by hand, or by the directory.
pub(crate) fn removed(name: &str, row: &Row) -> Error {
    if row.get("by_directory") {
        return refused(format!(
            "The directory of {name} has ended your membership; it has to give it back, or somebody there invites you."
        ));
    }
    refused(format!("You were removed from {name}. Ask there for an invitation if that was not meant."))
}

fn refused(why: String) -> Error {
    Error::new(Code::Forbidden).detail(why)
}

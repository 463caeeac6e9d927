//! Members: who is one, as what, and how it ends. Owners are made and unmade by owners alone; the last one stays.

use super::MemberRow;
use super::store::{
    DELETE_MEMBER, HAND_OVER_TOKENS, MEMBERS, OWNERS_LOCKED, REVOKE_TOKENS_OF, ROLE_OF_LOCKED, SET_ROLE,
};
use crate::Tenancy;
use crate::oauth::store::END_CONNECTIONS_OF_USER;
use crate::sso::store::{BAR, LEFT_DIRECTORY};
use crate::tokens::person;
use identity::audit::{Act, AuditEvent, emit};
use identity::model::Visit;
use jiff::Timestamp;
use kernel_core::{Caller, Capability, Code, Error, Result, Role, TenantId, UserId};
use kernel_db::{Database, Tx};

impl Tenancy {
    /// Everybody in the organisation, strongest role first.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn members(&self, caller: &Caller) -> Result<Vec<MemberRow>> {
        caller.require(Capability::ReadMembers)?;
        let rows = self.0.db.read(caller.tenant, &MEMBERS, &[&caller.tenant.uuid()]).await?;
        let ids: Vec<UserId> = rows.iter().map(|row| UserId::from_uuid(row.get("user_id"))).collect();
        let people = self.0.identity.users(&ids).await?;
        let seen = self.0.identity.last_seen(&ids).await?;
        rows.iter()
            .zip(ids)
            .filter_map(|(row, id)| people.iter().find(|user| user.id == id).map(|user| (row, user)))
            .map(|(row, user)| {
                Ok(MemberRow {
                    user: user.id,
                    name: user.name.clone(),
                    email: user.email.clone(),
                    role: row.get::<_, &str>("role").parse()?,
                    joined_at: row.get("joined_at"),
                    seen_at: seen.get(&user.id).copied(),
                })
            })
            .collect()
    }

    /// Changes a member's role.
    ///
    /// # Errors
    /// `forbidden` (an admin touching an owner, or making one), `not_found`, `conflict` for the last owner.
    pub async fn change_role(&self, caller: &Caller, user: UserId, role: Role, visit: &Visit) -> Result<()> {
        caller.require(Capability::ManageMembers)?;
        let actor = person(caller)?;
        let (tenant, now) = (caller.tenant, self.now());
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        let owners = owners(&mut tx, caller.tenant).await?;
        let by = current_role(&mut tx, caller, actor).await?;
        let before = current_role(&mut tx, caller, user).await?;
        if before == role {
            return Ok(());
        }
        allow(by, Capability::ManageMembers)?;
        if before == Role::Owner || role == Role::Owner {
            allow(by, Capability::ManageOwners)?;
        }
        keep_an_owner(&owners, user)?;
        tx.execute(&SET_ROLE, &[&tenant.uuid(), &user.uuid(), &role.name()]).await?;
        let event =
            AuditEvent::in_tenant(tenant, caller.actor, Act::MemberRoleChanged, now).target(user).from(visit);
        emit(&mut tx, &event.data(serde_json::json!({ "before": before, "after": role }))).await?;
        self.commit_access(tx, tenant).await?;
        Ok(())
    }

    /// Removes a member; the member's tokens end with it.
    ///
    /// # Errors
    /// `forbidden` (an admin removing an owner), `not_found`, `conflict` for the last owner.
    pub async fn remove_member(&self, caller: &Caller, user: UserId, visit: &Visit) -> Result<()> {
        self.remove_member_to(caller, user, None, visit).await
    }

    /// As [`Tenancy::remove_member`]; with an heir, the API tokens go on as the heir's and act within what the heir may do.
    ///
    /// # Errors
    /// As [`Tenancy::remove_member`]; an error at `heir` for somebody who may not make tokens.
    pub async fn remove_member_to(
        &self,
        caller: &Caller,
        user: UserId,
        heir: Option<UserId>,
        visit: &Visit,
    ) -> Result<()> {
        caller.require(Capability::ManageMembers)?;
        let actor = person(caller)?;
        if let Some(heir) = heir {
            let may = self
                .member(caller.tenant, heir)
                .await?
                .is_some_and(|member| heir != user && member.access.may(Capability::ManageOwnTokens));
            if !may {
                return Err(Error::field("heir", Code::InvalidValue, "is nobody who may have API tokens"));
            }
        }
        let mut tx = self.0.db.begin(Database::Control, caller.tenant).await?;
        let owners = owners(&mut tx, caller.tenant).await?;
        let by = current_role(&mut tx, caller, actor).await?;
        let role = current_role(&mut tx, caller, user).await?;
        allow(by, if role == Role::Owner { Capability::ManageOwners } else { Capability::ManageMembers })?;
        let tokens = match heir {
            Some(heir) => {
                let params: kernel_db::Params<'_> = &[&caller.tenant.uuid(), &user.uuid(), &heir.uuid()];
                tx.execute(&HAND_OVER_TOKENS, params).await?
            }
            None => 0,
        };
        let data = serde_json::json!({ "heir": heir, "tokens": tokens });
        self.end_membership(tx, (caller, user), &owners, (Act::MemberRemoved, data), visit).await
    }

    /// Ends every session of a member, who has to log in anew; API tokens and OAuth apps go on (ASVS 7.4.5).
    ///
    /// # Errors
    /// `forbidden` (an admin and an owner's sessions), `not_found`; `conflict` for oneself, and for somebody whose account is
    /// no more this organisation's than another's; `rate_limited`.
    pub async fn log_member_out(&self, caller: &Caller, user: UserId, visit: &Visit) -> Result<()> {
        caller.require(Capability::ManageMembers)?;
        let actor = person(caller)?;
        if user == actor {
            return Err(Error::new(Code::Conflict).detail("End your own sessions under Account, Security."));
        }
        let (tenant, now) = (caller.tenant, self.now());
        // Below, the person and the organisation are looked up while a row is held.
        let _turn = self.turn().await?;
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        let by = current_role(&mut tx, caller, actor).await?;
        let role = current_role(&mut tx, caller, user).await?;
        allow(by, if role == Role::Owner { Capability::ManageOwners } else { Capability::ManageMembers })?;
        let known = self.tenant(tenant).await?;
        let people = self.0.identity.users(&[user]).await?;
        let ended = match people.first() {
            Some(member) => {
                // Sessions are of the account, wherever it is used: they are ended by whose account it is.
                let ours =
                    self.captured_by(&member.email).await?.is_some_and(|captured| captured.id == tenant);
                if !ours && self.tenants_of(user).await?.len() > 1 {
                    let detail = format!(
                        "{} is in other organisations as well, and the address is in no domain that {} has proven. \
                         Ask the person to log out everywhere, or remove the person here.",
                        member.name, known.name
                    );
                    return Err(Error::new(Code::Conflict).detail(detail));
                }
                self.0.identity.may_end_sessions(tenant, user)?;
                self.0.identity.end_sessions_for(&mut tx, member, &known.name, visit).await?
            }
            None => 0,
        };
        let event =
            AuditEvent::in_tenant(tenant, caller.actor, Act::MemberLoggedOut, now).target(user).from(visit);
        emit(&mut tx, &event.data(serde_json::json!({ "sessions": ended }))).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Makes somebody an owner and oneself an admin, in one step.
    ///
    /// # Errors
    /// `forbidden` for anybody but an owner, `not_found`; `conflict` for oneself.
    pub async fn transfer_ownership(&self, caller: &Caller, to: UserId, visit: &Visit) -> Result<()> {
        caller.require(Capability::ManageOwners)?;
        let actor = person(caller)?;
        if to == actor {
            return Err(Error::new(Code::Conflict).detail("You are the owner already."));
        }
        let (tenant, now) = (caller.tenant, self.now());
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        owners(&mut tx, caller.tenant).await?;
        allow(current_role(&mut tx, caller, actor).await?, Capability::ManageOwners)?;
        current_role(&mut tx, caller, to).await?;
        for (user, role) in [(to, Role::Owner), (actor, Role::Admin)] {
            tx.execute(&SET_ROLE, &[&tenant.uuid(), &user.uuid(), &role.name()]).await?;
        }
        let event = AuditEvent::in_tenant(tenant, caller.actor, Act::OrganisationTransferred, now)
            .target(to)
            .from(visit);
        emit(&mut tx, &event).await?;
        self.commit_access(tx, tenant).await?;
        Ok(())
    }

    /// Leaves the organisation oneself.
    ///
    /// # Errors
    /// `conflict` for the last owner.
    pub async fn leave(&self, caller: &Caller, visit: &Visit) -> Result<()> {
        let user = person(caller)?;
        let mut tx = self.0.db.begin(Database::Control, caller.tenant).await?;
        let owners = owners(&mut tx, caller.tenant).await?;
        current_role(&mut tx, caller, user).await?;
        let left = (Act::MemberLeft, serde_json::json!({}));
        self.end_membership(tx, (caller, user), &owners, left, visit).await
    }

    async fn end_membership(
        &self,
        mut tx: Tx,
        (caller, user): (&Caller, UserId),
        owners: &[UserId],
        (act, data): (Act, serde_json::Value),
        visit: &Visit,
    ) -> Result<()> {
        keep_an_owner(owners, user)?;
        let (tenant, now) = (caller.tenant, self.now());
        delete_membership(&mut tx, (tenant, user), now).await?;
        if act == Act::MemberRemoved {
            tx.execute(&BAR, &[&tenant.uuid(), &user.uuid(), &now]).await?;
        } else {
            tx.execute(&LEFT_DIRECTORY, &[&tenant.uuid(), &user.uuid(), &now]).await?;
        }
        let event = AuditEvent::in_tenant(tenant, caller.actor, act, now).target(user).from(visit);
        emit(&mut tx, &event.data(data)).await?;
        self.commit_access(tx, tenant).await?;
        Ok(())
    }
}

/// The owners, locked: changes of owners happen one after the other.
pub(crate) async fn owners(tx: &mut Tx, tenant: TenantId) -> Result<Vec<UserId>> {
    let rows = tx.query(&OWNERS_LOCKED, &[&tenant.uuid()]).await?;
    Ok(rows.iter().map(|row| UserId::from_uuid(row.get("user_id"))).collect())
}

/// Ends a membership with its tokens and connected apps.
pub(crate) async fn delete_membership(
    tx: &mut Tx,
    (tenant, user): (TenantId, UserId),
    now: Timestamp,
) -> Result<()> {
    tx.execute(&REVOKE_TOKENS_OF, &[&tenant.uuid(), &user.uuid(), &now]).await?;
    tx.execute(&END_CONNECTIONS_OF_USER, &[&tenant.uuid(), &user.uuid(), &now]).await?;
    tx.execute(&DELETE_MEMBER, &[&tenant.uuid(), &user.uuid()]).await?;
    Ok(())
}

/// The role as it is now, not as it was when the request came in (ASVS 15.4.2).
pub(crate) async fn current_role(tx: &mut Tx, caller: &Caller, user: UserId) -> Result<Role> {
    let row = tx.query_opt(&ROLE_OF_LOCKED, &[&caller.tenant.uuid(), &user.uuid()]).await?;
    row.ok_or_else(Error::not_found)?.get::<_, &str>("role").parse()
}

pub(crate) fn allow(role: Role, capability: Capability) -> Result<()> {
    if role.may(capability) {
        return Ok(());
    }
    let needed = Role::needed_for(capability);
    Err(Error::new(Code::Forbidden).detail(format!("This needs the role {needed}.")))
}

fn keep_an_owner(owners: &[UserId], user: UserId) -> Result<()> {
    match owners {
        [last] if *last == user => {
            Err(Error::new(Code::Conflict)
                .detail("The last owner can't go. Make somebody else an owner first."))
        }
        _ => Ok(()),
    }
}

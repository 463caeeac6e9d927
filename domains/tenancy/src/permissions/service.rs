//! Who has which exceptions, and changing that. Whoever is limited hands out nothing; nobody changes their own exceptions
//! but an owner, and an owner has none. Every process knows a change when the transaction commits.

use super::store::{
    CLEAR_GROUP, DELETE_GROUP, DELETE_ROLE, DROP_ROLE, FILL_GROUP, GROUP, GROUP_MEMBERS, GROUPS,
    INSERT_GROUP, INSERT_ROLE, MEMBERS_GRANTS, OWN_ROLE, PERSON_GRANTS, RENAME_GROUP, RENAME_ROLE, ROLES,
    SET_GROUP_GRANTS, SET_PERSON, SET_PERSON_GRANTS, SET_ROLE_GRANTS,
};
use super::{Detail, MOST, MOST_GRANTS, OwnRoles, Subject};
use crate::Tenancy;
use crate::members::{allow, current_role};
use crate::scim::store::{IS_MANAGED, MANAGED_GROUPS};
use crate::tokens::person;
use identity::audit::{Act, AuditEvent, emit};
use identity::model::{Visit, clean_name};
use jiff::Timestamp;
use kernel_core::{Caller, Capability, Code, Error, Grants, GroupId, Result, Role, RoleId, TenantId, UserId};
use kernel_db::{Database, DbError, Row, Tx};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What a member has beyond the role, in a line of the list.
#[derive(Clone, Debug, Default)]
pub struct Beyond {
    /// The exceptions.
    pub grants: Grants,
    /// The role of the organisation's own.
    pub own_role: Option<String>,
    /// The names of the groups.
    pub groups: Vec<String>,
    /// When a guest's access ends.
    pub expires_at: Option<Timestamp>,
}

/// A group, or a role of the organisation's own, in the list.
#[derive(Clone, Debug)]
pub struct Shared {
    /// Which.
    pub subject: Subject,
    /// Its name.
    pub name: String,
    /// How many exceptions it has.
    pub exceptions: usize,
    /// How many members have it.
    pub members: i64,
    /// Whether the organisation's directory manages it.
    pub managed: bool,
}

fn grants_of(row: &Row) -> Result<Grants> {
    serde_json::from_value(row.get("grants")).map_err(Error::internal)
}

fn stored(grants: &Grants) -> Result<Value> {
    serde_json::to_value(grants).map_err(Error::internal)
}

impl Tenancy {
    /// What each member has beyond the role.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn beyond_roles(&self, caller: &Caller) -> Result<HashMap<UserId, Beyond>> {
        caller.require(Capability::ManageMembers)?;
        let rows = self.0.db.read(caller.tenant, &MEMBERS_GRANTS, &[&caller.tenant.uuid()]).await?;
        let beyond = rows.iter().map(|row| {
            let beyond = Beyond {
                grants: grants_of(row)?,
                own_role: row.get("role_name"),
                groups: row.get("groups"),
                expires_at: row.get("expires_at"),
            };
            Ok((UserId::from_uuid(row.get("user_id")), beyond))
        });
        beyond.collect()
    }

    /// The organisation's groups by name.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn groups(&self, caller: &Caller) -> Result<Vec<Shared>> {
        caller.require(Capability::ManageMembers)?;
        let rows = self.0.db.read(caller.tenant, &GROUPS, &[&caller.tenant.uuid()]).await?;
        let managed = self.0.db.read(caller.tenant, &MANAGED_GROUPS, &[&caller.tenant.uuid()]).await?;
        let managed: HashSet<uuid::Uuid> = managed.iter().map(|row| row.get("id")).collect();
        let group = |row: &Row| {
            let id: uuid::Uuid = row.get("id");
            let shared = shared(row, Subject::Group(GroupId::from_uuid(id)))?;
            Ok(Shared { managed: managed.contains(&id), ..shared })
        };
        rows.iter().map(group).collect()
    }

    /// The organisation's own roles by name.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn own_roles(&self, caller: &Caller) -> Result<Vec<Shared>> {
        caller.require(Capability::ManageMembers)?;
        let rows = self.0.db.read(caller.tenant, &ROLES, &[&caller.tenant.uuid()]).await?;
        rows.iter().map(|row| shared(row, Subject::Role(RoleId::from_uuid(row.get("id"))))).collect()
    }

    /// What somebody or something has beyond the role. Everybody may look at themselves.
    ///
    /// # Errors
    /// `not_found`, `forbidden`.
    pub async fn permissions_of(&self, caller: &Caller, subject: Subject) -> Result<Detail> {
        let asker = person(caller)?;
        if subject != Subject::Person(asker) {
            caller.require(Capability::ManageMembers)?;
        }
        let tenant = caller.tenant;
        let plain = |name: String, grants| Detail {
            subject,
            name,
            role: None,
            grants,
            own_role: None,
            expires_at: None,
            members: Vec::new(),
            managed: false,
        };
        match subject {
            Subject::Person(user) => {
                let row = self.0.db.read_opt(tenant, &PERSON_GRANTS, &[&tenant.uuid(), &user.uuid()]).await?;
                let row = row.ok_or_else(Error::not_found)?;
                let people = self.0.identity.users(&[user]).await?;
                let name = people.into_iter().next().map(|user| user.name).unwrap_or_default();
                Ok(Detail {
                    role: Some(row.get::<_, &str>("role").parse()?),
                    own_role: row.get::<_, Option<uuid::Uuid>>("own_role").map(RoleId::from_uuid),
                    expires_at: row.get("expires_at"),
                    ..plain(name, grants_of(&row)?)
                })
            }
            Subject::Group(group) => {
                let params: kernel_db::Params<'_> = &[&tenant.uuid(), &group.uuid()];
                let row = self.0.db.read_opt(tenant, &GROUP, params).await?.ok_or_else(Error::not_found)?;
                let members = self.0.db.read(tenant, &GROUP_MEMBERS, params).await?;
                let members = members.iter().map(|row| UserId::from_uuid(row.get("user_id"))).collect();
                let managed = self.0.db.read_opt(tenant, &IS_MANAGED, params).await?.is_some();
                Ok(Detail { members, managed, ..plain(row.get("name"), grants_of(&row)?) })
            }
            Subject::Role(role) => {
                let params: kernel_db::Params<'_> = &[&tenant.uuid(), &role.uuid()];
                let row =
                    self.0.db.read_opt(tenant, &OWN_ROLE, params).await?.ok_or_else(Error::not_found)?;
                Ok(plain(row.get("name"), grants_of(&row)?))
            }
        }
    }

    /// Replaces somebody's exceptions.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `conflict` for an owner, `limit_reached`.
    pub async fn set_grants(
        &self,
        caller: &Caller,
        subject: Subject,
        grants: &Grants,
        visit: &Visit,
    ) -> Result<()> {
        let before = self.permissions_of(caller, subject).await?;
        if grants.len() > MOST_GRANTS {
            let detail =
                format!("{MOST_GRANTS} exceptions at most. A group or another role may say the same.");
            return Err(Error::new(Code::LimitReached).detail(detail));
        }
        if before.grants == *grants {
            return Ok(());
        }
        let mut tx = self.hand_out(caller, subject).await?;
        let (tenant, value) = (caller.tenant.uuid(), stored(grants)?);
        let changed = match subject {
            Subject::Person(user) => tx.execute(&SET_PERSON_GRANTS, &[&tenant, &user.uuid(), &value]).await?,
            Subject::Group(group) => tx.execute(&SET_GROUP_GRANTS, &[&tenant, &group.uuid(), &value]).await?,
            Subject::Role(role) => tx.execute(&SET_ROLE_GRANTS, &[&tenant, &role.uuid(), &value]).await?,
        };
        if changed == 0 {
            return Err(Error::not_found());
        }
        let data = json!({ "name": before.name, "before": before.grants, "after": grants });
        self.told(tx, caller, (subject, Act::PermissionsChanged, data), visit).await
    }

    /// Gives a person a role of the organisation's own (or takes it), and an end to the access (or none).
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `conflict` for an owner; an error at `until` for a time that is over.
    pub async fn set_guest(
        &self,
        caller: &Caller,
        user: UserId,
        (own_role, until): (Option<RoleId>, Option<Timestamp>),
        visit: &Visit,
    ) -> Result<()> {
        let subject = Subject::Person(user);
        let before = self.permissions_of(caller, subject).await?;
        if let Some(role) = own_role {
            self.permissions_of(caller, Subject::Role(role)).await?;
        }
        if until.is_some_and(|until| until <= self.now()) && until != before.expires_at {
            return Err(Error::field("until", Code::InvalidValue, "is over"));
        }
        let mut tx = self.hand_out(caller, subject).await?;
        let params: kernel_db::Params<'_> =
            &[&caller.tenant.uuid(), &user.uuid(), &own_role.map(RoleId::uuid), &until];
        if tx.execute(&SET_PERSON, params).await? == 0 {
            return Err(Error::not_found());
        }
        let data = json!({ "name": before.name, "role": own_role, "until": until });
        self.told(tx, caller, (subject, Act::MemberGuestChanged, data), visit).await
    }

    /// Makes a group.
    ///
    /// # Errors
    /// `forbidden`; errors at `name`; `limit_reached`.
    pub async fn create_group(&self, caller: &Caller, name: &str, visit: &Visit) -> Result<Subject> {
        let subject = Subject::Group(GroupId::new());
        self.create_shared(caller, subject, name, visit).await
    }

    /// Gives permissions what plans say about roles of an organisation's own; without it every organisation has them.
    pub fn set_up_own_roles(&self, plans: Arc<dyn OwnRoles>) {
        // Set once, at start; a second time changes nothing.
        let _ = self.0.own_roles.set(plans);
    }

    /// Whether the organisation's plan has roles of its own.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn own_roles_included(&self, tenant: TenantId) -> Result<bool> {
        match self.0.own_roles.get() {
            Some(plans) => plans.own_roles(tenant).await,
            None => Ok(true),
        }
    }

    /// Makes a role of the organisation's own. Those that are there go on when the plan changes: some of them take away.
    ///
    /// # Errors
    /// As [`Tenancy::create_group`]; `limit_reached` also for the plan.
    pub async fn create_role(&self, caller: &Caller, name: &str, visit: &Visit) -> Result<Subject> {
        caller.require(Capability::ManageMembers)?;
        if !self.own_roles_included(caller.tenant).await? {
            let detail = "Roles of your own are part of the Business plan.";
            return Err(Error::new(Code::LimitReached).detail(detail));
        }
        let subject = Subject::Role(RoleId::new());
        self.create_shared(caller, subject, name, visit).await
    }

    async fn create_shared(
        &self,
        caller: &Caller,
        subject: Subject,
        name: &str,
        visit: &Visit,
    ) -> Result<Subject> {
        caller.require(Capability::ManageMembers)?;
        let name = clean_name("name", name).map_err(|error| Error::fields(vec![error]))?;
        let (known, insert, id, action) = match subject {
            Subject::Group(id) => {
                (self.groups(caller).await?.len(), &INSERT_GROUP, id.uuid(), Act::GroupCreated)
            }
            Subject::Role(id) => {
                (self.own_roles(caller).await?.len(), &INSERT_ROLE, id.uuid(), Act::RoleCreated)
            }
            Subject::Person(_) => return Err(Error::not_found()),
        };
        if i64::try_from(known).unwrap_or(i64::MAX) >= MOST {
            return Err(Error::new(Code::LimitReached).detail(format!("{MOST} at most.")));
        }
        let mut tx = self.hand_out(caller, subject).await?;
        let params: kernel_db::Params<'_> =
            &[&caller.tenant.uuid(), &id, &name, &name.to_lowercase(), &self.now()];
        tx.execute(insert, params).await.map_err(name_taken)?;
        self.told(tx, caller, (subject, action, json!({ "name": name })), visit).await?;
        Ok(subject)
    }

    /// Renames a group and says who is in it.
    ///
    /// # Errors
    /// `forbidden`, `not_found`; errors at `name`; `conflict` for a group of the directory.
    pub async fn change_group(
        &self,
        caller: &Caller,
        group: GroupId,
        (name, members): (&str, &[UserId]),
        visit: &Visit,
    ) -> Result<()> {
        let subject = Subject::Group(group);
        let before = self.permissions_of(caller, subject).await?;
        by_hand(&before)?;
        let name = clean_name("name", name).map_err(|error| Error::fields(vec![error]))?;
        let own = person(caller)?;
        if caller.role != Role::Owner && before.members.contains(&own) != members.contains(&own) {
            return Err(Error::new(Code::Forbidden).detail("Somebody else has to put you into a group."));
        }
        let mut tx = self.hand_out(caller, subject).await?;
        let (tenant, id) = (caller.tenant.uuid(), group.uuid());
        tx.execute(&RENAME_GROUP, &[&tenant, &id, &name, &name.to_lowercase()]).await.map_err(name_taken)?;
        tx.execute(&CLEAR_GROUP, &[&tenant, &id]).await?;
        let users: Vec<uuid::Uuid> = members.iter().map(|user| user.uuid()).collect();
        tx.execute(&FILL_GROUP, &[&tenant, &id, &users]).await?;
        let data = json!({ "name": name, "before": before.members, "after": members });
        self.told(tx, caller, (subject, Act::GroupChanged, data), visit).await
    }

    /// Renames a role of the organisation's own.
    ///
    /// # Errors
    /// `forbidden`, `not_found`; errors at `name`.
    pub async fn rename_role(&self, caller: &Caller, role: RoleId, name: &str, visit: &Visit) -> Result<()> {
        let subject = Subject::Role(role);
        self.permissions_of(caller, subject).await?;
        let name = clean_name("name", name).map_err(|error| Error::fields(vec![error]))?;
        let mut tx = self.hand_out(caller, subject).await?;
        let params: kernel_db::Params<'_> =
            &[&caller.tenant.uuid(), &role.uuid(), &name, &name.to_lowercase()];
        tx.execute(&RENAME_ROLE, params).await.map_err(name_taken)?;
        self.told(tx, caller, (subject, Act::RoleRenamed, json!({ "name": name })), visit).await
    }

    /// Deletes a group or a role of the organisation's own; its members keep what they have otherwise.
    ///
    /// # Errors
    /// `forbidden`, `not_found`; `conflict` for a group of the directory.
    pub async fn delete_shared(&self, caller: &Caller, subject: Subject, visit: &Visit) -> Result<()> {
        let before = self.permissions_of(caller, subject).await?;
        by_hand(&before)?;
        let mut tx = self.hand_out(caller, subject).await?;
        let tenant = caller.tenant.uuid();
        let (gone, action) = match subject {
            Subject::Group(group) => {
                (tx.execute(&DELETE_GROUP, &[&tenant, &group.uuid()]).await?, Act::GroupDeleted)
            }
            Subject::Role(role) => {
                tx.execute(&DROP_ROLE, &[&tenant, &role.uuid()]).await?;
                (tx.execute(&DELETE_ROLE, &[&tenant, &role.uuid()]).await?, Act::RoleDeleted)
            }
            Subject::Person(_) => return Err(Error::not_found()),
        };
        if gone == 0 {
            return Err(Error::not_found());
        }
        self.told(tx, caller, (subject, action, json!({ "name": before.name })), visit).await
    }

    /// A transaction in which the caller may change the subject, by the roles of now.
    async fn hand_out(&self, caller: &Caller, subject: Subject) -> Result<Tx> {
        caller.require(Capability::ManageMembers)?;
        let actor = person(caller)?;
        let mut tx = self.0.db.begin(Database::Control, caller.tenant).await?;
        let by = current_role(&mut tx, caller, actor).await?;
        allow(by, Capability::ManageMembers)?;
        if !caller.access.is_plain() {
            let detail = "Your own access has exceptions; somebody without any has to change permissions.";
            return Err(Error::new(Code::Forbidden).detail(detail));
        }
        if let Subject::Person(user) = subject {
            if current_role(&mut tx, caller, user).await? == Role::Owner {
                let detail = "Owners reach everything. Change the role first.";
                return Err(Error::new(Code::Conflict).detail(detail));
            }
            if user == actor {
                return Err(
                    Error::new(Code::Forbidden).detail("Somebody else has to change your permissions.")
                );
            }
        }
        Ok(tx)
    }

    async fn told(
        &self,
        mut tx: Tx,
        caller: &Caller,
        (subject, act, data): (Subject, Act, Value),
        visit: &Visit,
    ) -> Result<()> {
        let tenant: TenantId = caller.tenant;
        let event = AuditEvent::in_tenant(tenant, caller.actor, act, self.now())
            .target(subject)
            .from(visit)
            .data(data);
        emit(&mut tx, &event).await?;
        self.commit_access(tx, tenant).await?;
        Ok(())
    }
}

/// Name and members of a group of the directory are the directory's.
fn by_hand(before: &Detail) -> Result<()> {
    if before.managed {
        return Err(Error::new(Code::Conflict).detail("Your directory manages this group. Change it there."));
    }
    Ok(())
}

fn shared(row: &Row, subject: Subject) -> Result<Shared> {
    let exceptions = grants_of(row)?.len();
    Ok(Shared { subject, name: row.get("name"), exceptions, members: row.get("members"), managed: false })
}

fn name_taken(error: DbError) -> Error {
    match error.constraint() {
        Some("groups_name_key" | "roles_name_key") => {
            Error::field("name", Code::AlreadyExists, "is taken; choose another")
        }
        _ => error.into(),
    }
}

//! Groups of the directory: groups of permissions whose name and members are the directory's. What they may do is decided
//! here. Groups that were made by hand are not there for it.

use super::Doc;
use super::filter::Filter;
use super::patch::Change;
use super::people::{About, version};
use super::schemas::{GROUP, GROUP_URN};
use super::store::{
    ADD_TO_GROUP, COUNT_GROUPS, INSERT_SCIM_GROUP, KEEP_GROUP, SCIM_GROUP_BY_NAME, SCIM_GROUP_MEMBERS,
    SCIM_GROUPS, SET_SCIM_GROUP, TAKE_FROM_GROUP,
};
use super::token::Directory;
use super::users::holds;
use crate::Tenancy;
use crate::members::owners;
use crate::permissions::MOST;
use crate::permissions::store::DELETE_GROUP;
use identity::audit::{Act, AuditEvent, emit};
use identity::model::{Visit, clean_name};
use jiff::Timestamp;
use kernel_core::{Code, Error, GroupId, Result, TenantId, UserId};
use kernel_db::{Database, DbError, Row, Tx};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Members that one row of the trail names as added, and as removed.
const IDS_OF_A_ROW: usize = 500;

/// One group.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub id: GroupId,
    name: String,
    external: Option<String>,
    members: Vec<UserId>,
    created_at: Timestamp,
    changed_at: Timestamp,
}

impl Group {
    fn document(&self, base: &str) -> Doc {
        let mut out = Doc::from_iter([("displayName".to_owned(), json!(self.name))]);
        if let Some(external) = &self.external {
            out.insert("externalId".to_owned(), json!(external));
        }
        if !self.members.is_empty() {
            let member =
                |id: &UserId| json!({ "value": id, "$ref": format!("{base}/Users/{id}"), "type": "User" });
            out.insert("members".to_owned(), self.members.iter().map(member).collect());
        }
        out
    }

    /// The whole resource. `base`: the address of SCIM.
    pub(super) fn resource(&self, base: &str) -> Doc {
        let about = About {
            urn: GROUP_URN,
            kind: "Group",
            id: self.id.to_string(),
            version: self.version(),
            times: (self.created_at, self.changed_at),
        };
        about.complete(self.document(base), base)
    }

    fn version(&self) -> String {
        version(&self.document(""))
    }
}

fn groups_of(rows: &[Row], members: &[Row]) -> Vec<Group> {
    let mut inside: HashMap<Uuid, Vec<UserId>> = HashMap::new();
    for row in members {
        inside.entry(row.get("group_id")).or_default().push(UserId::from_uuid(row.get("user_id")));
    }
    let group = |row: &Row| {
        let id: Uuid = row.get("id");
        Group {
            id: GroupId::from_uuid(id),
            name: row.get("name"),
            external: row.get("external_id"),
            members: inside.remove(&id).unwrap_or_default(),
            created_at: row.get("created_at"),
            changed_at: row.get("scim_changed_at"),
        }
    };
    rows.iter().map(group).collect()
}

/// The members that a document names, each once.
fn members_of(document: &Doc) -> Result<Vec<UserId>> {
    let items = document.get("members").and_then(Value::as_array).into_iter().flatten();
    let (mut out, mut seen) = (Vec::new(), HashSet::new());
    for item in items {
        let text = item.get("value").and_then(Value::as_str).unwrap_or_default();
        let id: UserId = text.parse().map_err(|_| no_such_user(text))?;
        if seen.insert(id) {
            out.push(id);
        }
    }
    Ok(out)
}

fn no_such_user(id: &str) -> Error {
    Error::field("members", Code::InvalidValue, format!("name {id}, which is no user"))
}

fn name_taken(error: DbError) -> Error {
    match error.constraint() {
        Some("groups_name_key") => {
            let detail =
                "is the name of another group; one that was made by hand has to be renamed or deleted first";
            Error::field("displayName", Code::AlreadyExists, detail)
        }
        _ => error.into(),
    }
}

impl Tenancy {
    /// The directory's groups, oldest first; with `only` only these.
    pub(super) async fn scim_groups(&self, tenant: TenantId, only: Option<&[GroupId]>) -> Result<Vec<Group>> {
        let only: Option<Vec<Uuid>> = only.map(|only| only.iter().map(|id| id.uuid()).collect());
        let rows = self.0.db.read(tenant, &SCIM_GROUPS, &[&tenant.uuid(), &only]).await?;
        let ids: Vec<Uuid> = rows.iter().map(|row| row.get("id")).collect();
        let members = self.0.db.read(tenant, &SCIM_GROUP_MEMBERS, &[&tenant.uuid(), &ids]).await?;
        Ok(groups_of(&rows, &members))
    }

    /// One group.
    pub(super) async fn scim_group(&self, tenant: TenantId, id: GroupId) -> Result<Group> {
        self.scim_groups(tenant, Some(&[id])).await?.pop().ok_or_else(Error::not_found)
    }

    async fn scim_group_in(&self, tx: &mut Tx, tenant: TenantId, id: GroupId) -> Result<Group> {
        let only = vec![id.uuid()];
        let rows = tx.query(&SCIM_GROUPS, &[&tenant.uuid(), &Some(&only)]).await?;
        let members = tx.query(&SCIM_GROUP_MEMBERS, &[&tenant.uuid(), &only]).await?;
        groups_of(&rows, &members).pop().ok_or_else(Error::not_found)
    }

    /// Those among which a filter can find one; `None`: all have to be asked.
    pub(super) async fn scim_group_candidates(
        &self,
        tenant: TenantId,
        filter: Option<&Filter>,
    ) -> Result<Option<Vec<GroupId>>> {
        match filter.and_then(|filter| filter.anchor(&["id", "displayName"])) {
            Some(("id", text)) => Ok(Some(text.parse().into_iter().collect())),
            Some(("displayName", text)) => {
                let params: kernel_db::Params<'_> = &[&tenant.uuid(), &text.to_lowercase()];
                let rows = self.0.db.read(tenant, &SCIM_GROUP_BY_NAME, params).await?;
                Ok(Some(rows.iter().map(|row| GroupId::from_uuid(row.get("id"))).collect()))
            }
            _ => Ok(None),
        }
    }

    /// Makes, replaces or patches a group. `id`: which; none for one that is made.
    ///
    /// # Errors
    /// `not_found`, `precondition_failed`; `already_exists` at `displayName`; field errors; `limit_reached`.
    pub(super) async fn write_scim_group(
        &self,
        directory: &Directory,
        id: Option<GroupId>,
        (change, if_match): (Change, Option<&str>),
        visit: &Visit,
    ) -> Result<GroupId> {
        let (tenant, now) = (directory.id(), self.now());
        let _turn = self.turn().await?;
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        // What the directory writes happens one after the other.
        owners(&mut tx, tenant).await?;
        let before = match id {
            Some(id) => Some(self.scim_group_in(&mut tx, tenant, id).await?),
            None => None,
        };
        if let Some(before) = &before {
            holds(if_match, &before.version())?;
        }
        let document = change.document(GROUP, before.as_ref().map(|before| before.document("")))?;
        let name = document.get("displayName").and_then(Value::as_str).unwrap_or_default();
        let name = clean_name("displayName", name).map_err(|error| Error::fields(vec![error]))?;
        let external = document.get("externalId").and_then(Value::as_str);
        let wanted = members_of(&document)?;
        let (id, known) = match &before {
            Some(before) => (before.id, before.members.as_slice()),
            None => (GroupId::new(), [].as_slice()),
        };
        let (uuid, key) = (id.uuid(), name.to_lowercase());
        if before.is_some() {
            let params: kernel_db::Params<'_> = &[&tenant.uuid(), &uuid, &name, &key, &external, &now];
            tx.execute(&SET_SCIM_GROUP, params).await.map_err(name_taken)?;
        } else {
            let count: i64 = tx.query_one(&COUNT_GROUPS, &[&tenant.uuid()]).await?.get("total");
            if count >= MOST {
                return Err(Error::new(Code::LimitReached).detail(format!("{MOST} groups at most.")));
            }
            let params: kernel_db::Params<'_> = &[&tenant.uuid(), &uuid, &name, &key, &external, &now];
            tx.execute(&INSERT_SCIM_GROUP, params).await.map_err(name_taken)?;
        }
        let (now_in, was_in): (HashSet<_>, HashSet<_>) = (wanted.iter().collect(), known.iter().collect());
        let added: Vec<UserId> = wanted.iter().filter(|id| !was_in.contains(id)).copied().collect();
        let gone: Vec<Uuid> = known.iter().filter(|id| !now_in.contains(id)).map(|id| id.uuid()).collect();
        self.fill(&mut tx, tenant, id, &added).await?;
        if !gone.is_empty() {
            tx.execute(&TAKE_FROM_GROUP, &[&tenant.uuid(), &uuid, &gone]).await?;
        }
        let act = if before.is_some() { Act::GroupChanged } else { Act::GroupCreated };
        let event = AuditEvent::in_tenant(tenant, directory.actor(), act, now).target(id).from(visit);
        let gone: Vec<UserId> = gone.into_iter().map(UserId::from_uuid).collect();
        // Every id is in the trail; a row of it stays of a size that can be read.
        let rows = added.len().max(gone.len()).div_ceil(IDS_OF_A_ROW).max(1);
        let part = |ids: &[UserId], row: usize| -> Vec<UserId> {
            ids.iter().skip(row * IDS_OF_A_ROW).take(IDS_OF_A_ROW).copied().collect()
        };
        for row in 0..rows {
            let (added, removed) = (part(&added, row), part(&gone, row));
            let data = json!({ "name": name, "by": "scim", "added": added, "removed": removed });
            emit(&mut tx, &event.clone().data(data)).await?;
        }
        self.commit_access(tx, tenant).await?;
        Ok(id)
    }

    async fn fill(&self, tx: &mut Tx, tenant: TenantId, group: GroupId, added: &[UserId]) -> Result<()> {
        if added.is_empty() {
            return Ok(());
        }
        // Nobody is put into a group who is not there for the directory.
        let known: HashSet<UserId> = self.scim_ids(tenant, Some(added)).await?.into_iter().collect();
        if let Some(stranger) = added.iter().find(|id| !known.contains(id)) {
            return Err(no_such_user(&stranger.to_string()));
        }
        let users: Vec<Uuid> = added.iter().map(|id| id.uuid()).collect();
        tx.execute(&ADD_TO_GROUP, &[&tenant.uuid(), &group.uuid(), &users]).await?;
        tx.execute(&KEEP_GROUP, &[&tenant.uuid(), &group.uuid(), &users]).await?;
        Ok(())
    }

    /// Deletes a group; its members keep what they have otherwise.
    ///
    /// # Errors
    /// `not_found`, `precondition_failed`.
    pub(super) async fn delete_scim_group(
        &self,
        directory: &Directory,
        (id, if_match): (GroupId, Option<&str>),
        visit: &Visit,
    ) -> Result<()> {
        let (tenant, now) = (directory.id(), self.now());
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        // What the directory writes happens one after the other.
        owners(&mut tx, tenant).await?;
        let before = self.scim_group_in(&mut tx, tenant, id).await?;
        holds(if_match, &before.version())?;
        let members: Vec<Uuid> = before.members.iter().map(|id| id.uuid()).collect();
        tx.execute(&TAKE_FROM_GROUP, &[&tenant.uuid(), &id.uuid(), &members]).await?;
        tx.execute(&DELETE_GROUP, &[&tenant.uuid(), &id.uuid()]).await?;
        let event = AuditEvent::in_tenant(tenant, directory.actor(), Act::GroupDeleted, now).target(id);
        let event = event.from(visit);
        // As with changes: all ids, in rows that can be read.
        let mut left = before.members.chunks(IDS_OF_A_ROW);
        let first = left.next().unwrap_or_default();
        let data = json!({ "name": before.name, "by": "scim", "removed": first });
        emit(&mut tx, &event.clone().data(data)).await?;
        for removed in left {
            let data = json!({ "name": before.name, "by": "scim", "removed": removed });
            emit(&mut tx, &event.clone().data(data)).await?;
        }
        self.commit_access(tx, tenant).await?;
        Ok(())
    }
}

//! Users as the directory sees them: members in proven domains and those whom it knows, with what they look like.

use super::Doc;
use super::filter::Filter;
use super::schemas::USER_URN;
use super::store::{SCIM_BY_EXTERNAL_ID, SCIM_BY_NAME, SCIM_IDS, SCIM_MEMBERSHIPS, SCIM_PEOPLE};
use crate::Tenancy;
use crate::sso::model::domain_of;
use crate::sso::store::SSO_DOMAINS;
use identity::{Theme, User};
use jiff::Timestamp;
use kernel_core::secret::sha256;
use kernel_core::{Error, GroupId, Result, TenantId, UserId};
use kernel_db::{Row, Tx};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// One user.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub user: User,
    /// Whether the membership stands.
    pub member: bool,
    /// What the directory said; `None`: it only sees the person.
    pub said: Option<Doc>,
    pub deactivated_at: Option<Timestamp>,
    pub kept: Option<Value>,
    created_at: Timestamp,
    changed_at: Timestamp,
    groups: Vec<(GroupId, String)>,
}

impl Person {
    /// The attributes that the directory may write, as they are now.
    pub(super) fn document(&self) -> Doc {
        let Some(mut document) = self.said.clone() else {
            let seen = json!({
                "userName": self.user.email,
                "displayName": self.user.name,
                "emails": [{ "value": self.user.email, "type": "work", "primary": true }],
                "active": self.member,
            });
            return seen.as_object().cloned().unwrap_or_default();
        };
        // Unsaid means active; said or not, what is shown is the membership.
        if document.contains_key("active") || !self.member {
            document.insert("active".to_owned(), Value::Bool(self.member));
        }
        document
    }

    /// The whole resource. `base`: the address of SCIM.
    pub(super) fn resource(&self, base: &str) -> Doc {
        let mut out = self.document();
        if !self.groups.is_empty() {
            let group = |(id, name): &(GroupId, String)| json!({ "value": id, "$ref": format!("{base}/Groups/{id}"), "display": name });
            out.insert("groups".to_owned(), self.groups.iter().map(group).collect());
        }
        let about = About {
            urn: USER_URN,
            kind: "User",
            id: self.user.id.to_string(),
            version: self.version(),
            times: (self.created_at, self.changed_at),
        };
        about.complete(out, base)
    }

    /// The version of what [`Person::resource`] shows.
    pub(super) fn version(&self) -> String {
        let mut all = self.document();
        all.insert("groups".to_owned(), self.groups.iter().map(|(id, name)| json!([id, name])).collect());
        version(&all)
    }

    /// Somebody who has an account and is not in the organisation.
    pub(super) fn outside(user: UserId, email: &str, now: Timestamp) -> Self {
        let user = User {
            id: user,
            email: email.to_owned(),
            name: String::new(),
            time_zone: String::new(),
            theme: Theme::System,
            last_tenant: None,
            locale: None,
            avatar: None,
        };
        Self {
            user,
            member: false,
            said: None,
            deactivated_at: None,
            kept: None,
            created_at: now,
            changed_at: now,
            groups: Vec::new(),
        }
    }
}

/// What every resource has besides its attributes.
pub(super) struct About {
    pub urn: &'static str,
    pub kind: &'static str,
    pub id: String,
    pub version: String,
    /// When it was made and changed.
    pub times: (Timestamp, Timestamp),
}

impl About {
    pub(super) fn complete(self, mut out: Doc, base: &str) -> Doc {
        let (created, changed) = self.times;
        out.insert("schemas".to_owned(), json!([self.urn]));
        let location = format!("{base}/{}s/{}", self.kind, self.id);
        out.insert("id".to_owned(), Value::String(self.id));
        out.insert(
            "meta".to_owned(),
            json!({
                "resourceType": self.kind,
                "created": created.to_string(),
                "lastModified": changed.to_string(),
                "location": location,
                "version": self.version,
            }),
        );
        out
    }
}

/// The version of a resource: a weak entity tag of its attributes.
pub(super) fn version(attributes: &Doc) -> String {
    let text = serde_json::to_vec(attributes).unwrap_or_default();
    let mark: String = sha256(&text).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("W/\"{mark}\"")
}

/// The part of an address after the `@` is one of these.
pub(super) fn is_ours(domains: &HashSet<String>, email: &str) -> bool {
    email.contains('@') && domains.contains(&domain_of(email))
}

fn proven(rows: &[Row]) -> HashSet<String> {
    let proven = rows.iter().filter(|row| row.get::<_, Option<Timestamp>>("proven_at").is_some());
    proven.map(|row| row.get("domain")).collect()
}

fn ids(only: &[UserId]) -> Vec<Uuid> {
    only.iter().map(|id| id.uuid()).collect()
}

impl Tenancy {
    /// Those of these users that are there for the directory, oldest first.
    pub(super) async fn scim_people(&self, tenant: TenantId, only: &[UserId]) -> Result<Vec<Person>> {
        let params: kernel_db::Params<'_> = &[&tenant.uuid(), &ids(only)];
        let rows = self.0.db.read(tenant, &SCIM_PEOPLE, params).await?;
        let groups = self.0.db.read(tenant, &SCIM_MEMBERSHIPS, params).await?;
        let domains = self.0.db.read(tenant, &SSO_DOMAINS, &[&tenant.uuid()]).await?;
        self.people_of(&rows, &groups, &proven(&domains)).await
    }

    /// The ids of everybody who is there for the directory, oldest first, without what is known of them; with `only` of
    /// these alone.
    pub(super) async fn scim_ids(&self, tenant: TenantId, only: Option<&[UserId]>) -> Result<Vec<UserId>> {
        let params: kernel_db::Params<'_> = &[&tenant.uuid(), &only.map(ids)];
        let rows = self.0.db.read(tenant, &SCIM_IDS, params).await?;
        let domains = proven(&self.0.db.read(tenant, &SSO_DOMAINS, &[&tenant.uuid()]).await?);
        let all = rows.iter().map(|row| (UserId::from_uuid(row.get("user_id")), row.get::<_, bool>("said")));
        let all: Vec<(UserId, bool)> = all.collect();
        let seen: Vec<UserId> = all.iter().filter(|(_, said)| !said).map(|(id, _)| *id).collect();
        let seen = self.0.identity.users(&seen).await?;
        let ours: HashSet<UserId> =
            seen.iter().filter(|user| is_ours(&domains, &user.email)).map(|user| user.id).collect();
        Ok(all.into_iter().filter(|(id, said)| *said || ours.contains(id)).map(|(id, _)| id).collect())
    }

    /// One user, within a transaction. `domains`: the proven ones.
    pub(super) async fn scim_person(
        &self,
        tx: &mut Tx,
        (tenant, domains): (TenantId, &HashSet<String>),
        user: UserId,
    ) -> Result<Option<Person>> {
        let only = [user];
        let params: kernel_db::Params<'_> = &[&tenant.uuid(), &ids(&only)];
        let rows = tx.query(&SCIM_PEOPLE, params).await?;
        let groups = tx.query(&SCIM_MEMBERSHIPS, params).await?;
        Ok(self.people_of(&rows, &groups, domains).await?.pop())
    }

    /// The proven domains.
    pub(super) async fn scim_domains(&self, tx: &mut Tx, tenant: TenantId) -> Result<HashSet<String>> {
        Ok(proven(&tx.query(&SSO_DOMAINS, &[&tenant.uuid()]).await?))
    }

    async fn people_of(
        &self,
        rows: &[Row],
        groups: &[Row],
        domains: &HashSet<String>,
    ) -> Result<Vec<Person>> {
        let ids: Vec<UserId> = rows.iter().map(|row| UserId::from_uuid(row.get("user_id"))).collect();
        let users = self.0.identity.users(&ids).await?;
        let mut users: HashMap<UserId, User> = users.into_iter().map(|user| (user.id, user)).collect();
        let mut groups_of: HashMap<Uuid, Vec<(GroupId, String)>> = HashMap::new();
        for row in groups {
            let group = (GroupId::from_uuid(row.get("id")), row.get("name"));
            groups_of.entry(row.get("user_id")).or_default().push(group);
        }
        let mut out = Vec::with_capacity(rows.len());
        for (row, id) in rows.iter().zip(ids) {
            let Some(user) = users.remove(&id) else { continue };
            let said: Option<Value> = row.get("document");
            if said.is_none() && !is_ours(domains, &user.email) {
                continue;
            }
            let created_at = row.get("created_at");
            out.push(Person {
                user,
                member: row.get("member"),
                said: said.and_then(|said| match said {
                    Value::Object(said) => Some(said),
                    _ => None,
                }),
                deactivated_at: row.get("deactivated_at"),
                kept: row.get("kept"),
                created_at,
                changed_at: row.get::<_, Option<Timestamp>>("changed_at").unwrap_or(created_at),
                groups: groups_of.remove(&id.uuid()).unwrap_or_default(),
            });
        }
        Ok(out)
    }

    /// Those among whom a filter can find anybody; `None`: everybody has to be asked.
    pub(super) async fn scim_candidates(
        &self,
        tenant: TenantId,
        filter: &Filter,
    ) -> Result<Option<Vec<UserId>>> {
        let Some((name, text)) = filter.anchor(&["id", "userName", "externalId"]) else { return Ok(None) };
        let key = text.to_lowercase();
        let (statement, value) = match name {
            "id" => return Ok(Some(text.parse().into_iter().collect())),
            "userName" => (&SCIM_BY_NAME, key.as_str()),
            _ => (&SCIM_BY_EXTERNAL_ID, text),
        };
        let rows = self.0.db.read(tenant, statement, &[&tenant.uuid(), &value]).await?;
        let mut found: Vec<UserId> = rows.iter().map(|row| UserId::from_uuid(row.get("user_id"))).collect();
        if name == "userName"
            && let Some(user) = self.0.identity.user_by_email(text).await?
            && !found.contains(&user.id)
        {
            found.push(user.id);
        }
        Ok(Some(found))
    }

    /// One user.
    pub(super) async fn scim_user(&self, tenant: TenantId, user: UserId) -> Result<Person> {
        self.scim_people(tenant, &[user]).await?.pop().ok_or_else(Error::not_found)
    }
}

//! What the directory does to users: make members, change what it says of them, end and give back memberships.

use super::Doc;
use super::patch::Change;
use super::people::{Person, is_ours};
use super::schemas::USER;
use super::store::{
    DELETE_SCIM_USER, DROP_INVITES_TO, FORGET_KEPT, GIVE_BACK, GIVE_BACK_GROUPS, IN_ANOTHER, IS_BARRED,
    KEEP_MEMBER, MEMBER_HAS, NEWCOMERS, PUT_SCIM_USER,
};
use super::token::Directory;
use crate::Tenancy;
use crate::members::store::INSERT_MEMBER;
use crate::members::{delete_membership, owners};
use identity::audit::{Act, AuditEvent, emit};
use identity::model::{Visit, email_key};
use kernel_core::{Code, Error, GroupId, Result, Role, UserId};
use kernel_db::{Database, DbError, Tx};
use serde_json::{Value, json};
use std::collections::HashSet;

/// Bytes of what the directory says of one user.
const MOST_BYTES: usize = 16 << 10;

/// The addresses of a document in the order in which they count: the primary one, the one for work, others, the name.
fn addresses(document: &Doc) -> Vec<&str> {
    let emails: Vec<&Value> =
        document.get("emails").and_then(Value::as_array).into_iter().flatten().collect();
    let rank = |email: &&Value| match (&email["primary"], &email["type"]) {
        (Value::Bool(true), _) => 0,
        (_, Value::String(kind)) if kind.eq_ignore_ascii_case("work") => 1,
        _ => 2,
    };
    let mut ranked = emails;
    ranked.sort_by_key(rank);
    let texts = ranked.into_iter().filter_map(|email| email.get("value")).chain(document.get("userName"));
    texts.filter_map(Value::as_str).map(str::trim).collect()
}

/// The name to show: as it is shown, or put together of its parts.
fn shown_name(document: &Doc) -> Option<String> {
    let part = |name: &str| document.get("name").and_then(|all| all.get(name)).and_then(Value::as_str);
    let whole = document.get("displayName").and_then(Value::as_str).or_else(|| part("formatted"));
    let parts: Vec<&str> = [part("givenName"), part("familyName")].into_iter().flatten().collect();
    let name = whole.map_or_else(|| parts.join(" "), str::to_owned);
    (!name.trim().is_empty()).then_some(name)
}

fn name_taken(error: DbError) -> Error {
    match error.constraint() {
        Some("scim_users_name_key") => {
            Error::field("userName", Code::AlreadyExists, "is another user's in this organisation")
        }
        _ => error.into(),
    }
}

impl Tenancy {
    /// Makes, replaces or patches a user. `id`: whom; none for one who is made.
    ///
    /// # Errors
    /// `not_found`, `precondition_failed`; `already_exists` at `userName`; field errors; `conflict` for an owner whose
    /// membership would end, for whom an administrator removed, and for somebody with an address that is not proven.
    pub(super) async fn write_scim_user(
        &self,
        directory: &Directory,
        id: Option<UserId>,
        (change, if_match): (Change, Option<&str>),
        visit: &Visit,
    ) -> Result<UserId> {
        let (tenant, now) = (directory.id(), self.now());
        // People are looked up over another connection while the owners are locked.
        let _turn = self.turn().await?;
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        let owners = owners(&mut tx, tenant).await?;
        let domains = self.scim_domains(&mut tx, tenant).await?;
        let is_owner = |id: UserId| owners.contains(&id);
        let before = match id {
            Some(id) => {
                Some(self.scim_person(&mut tx, (tenant, &domains), id).await?.ok_or_else(Error::not_found)?)
            }
            None => None,
        };
        if let Some(before) = &before {
            require_version(if_match, before)?;
        }
        let document = change.document(USER, before.as_ref().map(Person::document))?;
        let name = document.get("userName").and_then(Value::as_str).map(str::trim).unwrap_or_default();
        if name.is_empty() {
            return Err(Error::field("userName", Code::Required, "is missing"));
        }
        let same =
            before.as_ref().is_some_and(|before| addresses(&before.document()) == addresses(&document));
        let address =
            if same { None } else { Some(scim_address(&directory.tenant.name, &domains, &document)?) };
        let (person, made) = match (before, address) {
            (Some(before), address) => {
                // What an owner's account is called is what an owner logs in by: no directory changes it.
                if !is_owner(before.user.id) {
                    self.follow(&mut tx, (directory, &domains, &before), (address, &document), visit).await?;
                }
                (before, false)
            }
            (None, Some(address)) => {
                (self.scim_account(&mut tx, (directory, &domains), (&address, &document), visit).await?, true)
            }
            (None, None) => return Err(Error::not_found()),
        };
        let user = person.user.id;
        // Unsaid, whoever is made is active, and everybody else stays as they are.
        let active = document.get("active").and_then(Value::as_bool);
        let wanted = active.unwrap_or(made || person.member);
        let ended = match active {
            None if !made => person.deactivated_at,
            _ => (!wanted).then(|| person.deactivated_at.unwrap_or(now)),
        };
        let external = document.get("externalId").and_then(Value::as_str);
        let (key, said) = (name.to_lowercase(), Value::Object(document.clone()));
        // A list of users has hundreds of them.
        if said.to_string().len() > MOST_BYTES {
            let detail = format!("The attributes of a user have at most {} KiB together.", MOST_BYTES >> 10);
            return Err(Error::new(Code::BodyTooLarge).detail(detail));
        }
        let params: kernel_db::Params<'_> =
            &[&tenant.uuid(), &user.uuid(), &key, &external, &said, &ended, &now];
        tx.execute(&PUT_SCIM_USER, params).await.map_err(name_taken)?;
        let mut had = Value::Null;
        let act = match (person.member, wanted) {
            (true, false) => {
                had = self.end_by_scim(&mut tx, directory, (&person, is_owner(user))).await?;
                Act::MemberDeactivated
            }
            (false, true) => {
                self.begin_by_scim(&mut tx, (directory, &domains), &person).await?;
                if made { Act::MemberProvisioned } else { Act::MemberReactivated }
            }
            _ if made => Act::MemberProvisioned,
            _ => Act::MemberDirectoryChanged,
        };
        let event = AuditEvent::in_tenant(tenant, directory.actor(), act, now).target(user).from(visit);
        let mut data = json!({ "user_name": name, "external_id": external, "active": wanted });
        if !had.is_null() {
            data["had"] = had;
        }
        emit(&mut tx, &event.data(data)).await?;
        self.commit_access(tx, tenant).await?;
        Ok(user)
    }

    /// Ends the membership and forgets what the directory said. The account is the person's and stays.
    ///
    /// # Errors
    /// `not_found`, `precondition_failed`; `conflict` for an owner.
    pub(super) async fn delete_scim_user(
        &self,
        directory: &Directory,
        (user, if_match): (UserId, Option<&str>),
        visit: &Visit,
    ) -> Result<()> {
        let (tenant, now) = (directory.id(), self.now());
        let _turn = self.turn().await?;
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        let owners = owners(&mut tx, tenant).await?;
        let domains = self.scim_domains(&mut tx, tenant).await?;
        let person = self.scim_person(&mut tx, (tenant, &domains), user).await?;
        let person = person.ok_or_else(Error::not_found)?;
        require_version(if_match, &person)?;
        let mut data = json!({ "by": "scim" });
        if person.member {
            data["had"] = self.end_by_scim(&mut tx, directory, (&person, owners.contains(&user))).await?;
        }
        tx.execute(&DELETE_SCIM_USER, &[&tenant.uuid(), &user.uuid()]).await?;
        let event = AuditEvent::in_tenant(tenant, directory.actor(), Act::MemberRemoved, now);
        emit(&mut tx, &event.target(user).from(visit).data(data)).await?;
        self.commit_access(tx, tenant).await?;
        Ok(())
    }

    /// The account of somebody whom the directory makes a member, and whether the person is one already.
    async fn scim_account(
        &self,
        tx: &mut Tx,
        (directory, domains): (&Directory, &HashSet<String>),
        (address, document): (&str, &Doc),
        visit: &Visit,
    ) -> Result<Person> {
        let with = format!("SCIM of {}", directory.tenant.slug);
        let name = shown_name(document);
        let user = self.0.identity.account_for(tx, address, name.as_deref(), &with, visit).await?;
        let person = match self.scim_person(tx, (directory.id(), domains), user).await? {
            Some(known) => known,
            // Made in this transaction, or somebody who is no member yet.
            None => Person::outside(user, address, self.now()),
        };
        if person.said.is_some() {
            return Err(Error::field(
                "userName",
                Code::AlreadyExists,
                format!("means {address}, whom the directory knows as {user} already"),
            ));
        }
        Ok(person)
    }

    /// Follows the directory with the account's address and name, as far as the account is this organisation's alone: its
    /// present address is in a proven domain, and the person is in no other organisation.
    async fn follow(
        &self,
        tx: &mut Tx,
        (directory, domains, before): (&Directory, &HashSet<String>, &Person),
        (address, document): (Option<String>, &Doc),
        visit: &Visit,
    ) -> Result<()> {
        let user = &before.user;
        let address = address.filter(|address| email_key(address) != email_key(&user.email));
        let name = shown_name(document).filter(|name| shown_name(&before.document()).as_ref() != Some(name));
        if address.is_none() && name.is_none() {
            return Ok(());
        }
        let elsewhere =
            tx.query_opt(&IN_ANOTHER, &[&user.id.uuid(), &directory.id().uuid()]).await?.is_some();
        if elsewhere || !is_ours(domains, &user.email) {
            return Ok(());
        }
        self.0.identity.follow_directory(tx, user, (address.as_deref(), name.as_deref()), visit).await
    }

    /// Makes a member of whom the directory activates; gives back what was kept.
    async fn begin_by_scim(
        &self,
        tx: &mut Tx,
        (directory, domains): (&Directory, &HashSet<String>),
        person: &Person,
    ) -> Result<()> {
        let (tenant, user) = (directory.id().uuid(), person.user.id.uuid());
        if tx.query_opt(&IS_BARRED, &[&tenant, &user]).await?.is_some() {
            let detail = format!(
                "This person was removed from {} by an administrator, or has left it. An invitation brings the person back.",
                directory.tenant.name
            );
            return Err(Error::new(Code::Conflict).detail(detail));
        }
        // The account may have another address by now, or the domain another organisation.
        if !is_ours(domains, &person.user.email) {
            let detail = format!(
                "The account’s address, {}, is in no domain that {} has proven. An invitation brings the person back.",
                person.user.email, directory.tenant.name
            );
            return Err(Error::new(Code::Conflict).detail(detail));
        }
        let kept = person.kept.as_ref().and_then(|kept| kept["role"].as_str()).map(str::parse::<Role>);
        let role = match kept.transpose()? {
            // Owners are made by owners.
            Some(role) => role.min(Role::Admin),
            None => {
                let row = tx.query_opt(&NEWCOMERS, &[&tenant]).await?;
                let role = row.and_then(|row| row.get::<_, Option<String>>("default_role"));
                role.map_or(Ok(Role::Viewer), |role| role.parse())?
            }
        };
        tx.execute(&INSERT_MEMBER, &[&tenant, &user, &role.name(), &self.now()]).await?;
        for statement in [&GIVE_BACK, &GIVE_BACK_GROUPS, &FORGET_KEPT] {
            tx.execute(statement, &[&tenant, &user]).await?;
        }
        Ok(())
    }

    /// Ends a membership as removing a member does, and keeps what the person had, which is given for the trail. Owners are
    /// unmade by owners, not by a directory.
    async fn end_by_scim(
        &self,
        tx: &mut Tx,
        directory: &Directory,
        (person, owner): (&Person, bool),
    ) -> Result<Value> {
        let (tenant, user, now) = (directory.id().uuid(), person.user.id, self.now());
        if owner {
            let detail = format!(
                "{} is an owner of {}, whom only an owner can remove. Another owner has to change the role first.",
                person.user.email, directory.tenant.name
            );
            return Err(Error::new(Code::Conflict).detail(detail));
        }
        let had = tx.query_opt(&MEMBER_HAS, &[&tenant, &user.uuid()]).await?.map(|row| {
            let groups: Vec<uuid::Uuid> = row.get("groups");
            let groups: Vec<GroupId> = groups.into_iter().map(GroupId::from_uuid).collect();
            json!({ "role": row.get::<_, &str>("role"), "groups": groups })
        });
        tx.execute(&KEEP_MEMBER, &[&tenant, &user.uuid()]).await?;
        tx.execute(&DROP_INVITES_TO, &[&tenant, &email_key(&person.user.email)]).await?;
        delete_membership(tx, (directory.id(), user), now).await?;
        Ok(had.unwrap_or_default())
    }
}

/// The address by which a document means an account: the first in a proven domain.
fn scim_address(organisation: &str, domains: &HashSet<String>, document: &Doc) -> Result<String> {
    let all = addresses(document);
    if let Some(ours) = all.iter().find(|address| is_ours(domains, address)) {
        return Ok((*ours).to_owned());
    }
    let detail = format!("has no address in a domain that {organisation} has proven: {}", all.join(", "));
    Err(Error::field("emails", Code::InvalidValue, detail))
}

fn require_version(if_match: Option<&str>, person: &Person) -> Result<()> {
    holds(if_match, &person.version())
}

/// `If-Match` (RFC 7644 section 3.14); weak tags are compared by what they say.
pub(super) fn holds(if_match: Option<&str>, version: &str) -> Result<()> {
    let strong = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let fits = |tags: &str| tags.trim() == "*" || tags.split(',').any(|tag| strong(tag) == strong(version));
    if if_match.is_none_or(fits) {
        return Ok(());
    }
    Err(Error::new(Code::PreconditionFailed).detail("The resource has changed since it was read."))
}

//! Links by which many may join: for addresses of some domains, so many times, until a day. The link is shown once.

use super::invitations::{hashed, tenant_of};
use super::service::{allow, current_role};
use super::store::{
    COUNT_LINKS, DELETE_LINK, INSERT_LINK, INSERT_MEMBER, LINK_BY_TOKEN, LINKS, ROLE_OF, USE_LINK,
};
use super::{LinkRow, Offer};
use crate::Tenancy;
use crate::model::TenantSummary;
use crate::sso::enter::removed;
use crate::sso::store::IS_REMOVED;
use crate::tenants::store::{TENANT_BY_ID, summary};
use crate::tokens::person;
use identity::audit::{Act, AuditEvent, emit};
use identity::model::{User, Visit};
use jiff::SignedDuration;
use kernel_core::{Actor, Caller, Capability, Code, Error, FieldError, InviteLinkId, Result, Role, UserId};
use kernel_db::Database;
use serde_json::json;

/// Links of one organisation at most.
const MOST_LINKS: i64 = 20;
/// Roles that a link may give: nobody becomes an admin because a link went astray.
pub const ROLES: [Role; 3] = [Role::Editor, Role::Commenter, Role::Viewer];
/// Days that a link may live.
pub const LIVES: [u32; 4] = [1, 7, 30, 90];

/// A link to make, as it was typed.
#[derive(Clone, Debug)]
pub struct NewLink {
    /// As what people join.
    pub role: Role,
    /// Domains, separated by commas, spaces or lines; nothing: any.
    pub domains: String,
    /// How often it may be used.
    pub most_uses: i32,
    /// Days until it ends.
    pub days: u32,
}

/// The domains in a text, lower-cased, each once.
fn domains(text: &str) -> std::result::Result<Vec<String>, FieldError> {
    let mut found: Vec<String> = Vec::new();
    let words = text.split(|c: char| c.is_whitespace() || ",;".contains(c)).filter(|word| !word.is_empty());
    for word in words {
        let domain = word.trim_start_matches('@').to_lowercase();
        let labels: Vec<&str> = domain.split('.').collect();
        let sound = labels.len() > 1
            && domain.len() <= 253
            && labels.iter().all(|label| {
                !label.is_empty()
                    && label.len() <= 63
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            });
        if !sound {
            let detail = format!("names “{word}”, which is no domain, as in company.com");
            return Err(FieldError::new("domains", Code::InvalidValue, detail));
        }
        if !found.contains(&domain) {
            found.push(domain);
        }
    }
    if found.len() > 20 {
        return Err(FieldError::new("domains", Code::TooMany, "has more than 20 domains"));
    }
    Ok(found)
}

/// Whether an address is of one of the domains; none named: any is.
fn fits(email: &str, domains: &[String]) -> bool {
    let domain = email.rsplit_once('@').map(|(_, domain)| domain.to_lowercase());
    domains.is_empty() || domain.is_some_and(|domain| domains.contains(&domain))
}

impl Tenancy {
    /// Makes a link by which many may join. Gives the link: it is in this answer and nowhere else.
    ///
    /// # Errors
    /// `forbidden`; errors at `domains`, `most_uses`, `days`, `role`; `limit_reached`.
    pub async fn create_link(&self, caller: &Caller, new: &NewLink, visit: &Visit) -> Result<String> {
        caller.require(Capability::ManageMembers)?;
        let actor = person(caller)?;
        let mut errors = Vec::new();
        let names = domains(&new.domains).map_err(|error| errors.push(error)).unwrap_or_default();
        if !ROLES.contains(&new.role) {
            errors.push(FieldError::new("role", Code::InvalidValue, "can’t be given by a link"));
        }
        if !(1..=1_000).contains(&new.most_uses) {
            errors.push(FieldError::new("most_uses", Code::InvalidValue, "is not within 1 to 1,000"));
        }
        if !LIVES.contains(&new.days) {
            errors.push(FieldError::new("days", Code::InvalidValue, "is not one of the list"));
        }
        if !errors.is_empty() {
            return Err(Error::fields(errors));
        }
        let (tenant, now) = (caller.tenant, self.now());
        let ends = now + SignedDuration::from_hours(24 * i64::from(new.days));
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        allow(current_role(&mut tx, caller, actor).await?, Capability::ManageMembers)?;
        let known: i64 = tx.query_one(&COUNT_LINKS, &[&tenant.uuid()]).await?.get("total");
        if known >= MOST_LINKS {
            return Err(Error::new(Code::LimitReached).detail(format!("{MOST_LINKS} links at most.")));
        }
        let (id, text) = (InviteLinkId::new(), self.link_token(tenant));
        tx.execute(
            &INSERT_LINK,
            &[
                &tenant.uuid(),
                &id.uuid(),
                &hashed(&text),
                &new.role.name(),
                &names,
                &new.most_uses,
                &actor.uuid(),
                &now,
                &ends,
            ],
        )
        .await?;
        let event = AuditEvent::in_tenant(tenant, caller.actor, Act::LinkCreated, now).target(id).from(visit);
        let data = json!({ "role": new.role, "domains": names, "uses": new.most_uses, "ends": ends });
        emit(&mut tx, &event.data(data)).await?;
        tx.commit().await?;
        Ok(format!("{}/join?token={text}", self.0.identity.web().origins().app))
    }

    /// Links by which many may join, newest first; used up and ended ones too.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn links(&self, caller: &Caller) -> Result<Vec<LinkRow>> {
        caller.require(Capability::ManageMembers)?;
        let rows = self.0.db.read(caller.tenant, &LINKS, &[&caller.tenant.uuid()]).await?;
        let by: Vec<UserId> = rows.iter().map(|row| UserId::from_uuid(row.get("created_by"))).collect();
        let people = self.0.identity.users(&by).await?;
        let link = |(row, by): (&kernel_db::Row, UserId)| {
            let maker = people.iter().find(|user| user.id == by).map(|user| user.name.clone());
            Ok(LinkRow {
                id: InviteLinkId::from_uuid(row.get("id")),
                role: row.get::<_, &str>("role").parse()?,
                domains: row.get("domains"),
                uses: row.get("uses"),
                most_uses: row.get("most_uses"),
                made_by: maker.unwrap_or_default(),
                expires_at: row.get("expires_at"),
            })
        };
        rows.iter().zip(by).map(link).collect()
    }

    /// Ends a link at once.
    ///
    /// # Errors
    /// `forbidden`, `not_found`.
    pub async fn revoke_link(&self, caller: &Caller, id: InviteLinkId, visit: &Visit) -> Result<()> {
        caller.require(Capability::ManageMembers)?;
        let actor = person(caller)?;
        let (tenant, now) = (caller.tenant, self.now());
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        allow(current_role(&mut tx, caller, actor).await?, Capability::ManageMembers)?;
        if tx.execute(&DELETE_LINK, &[&tenant.uuid(), &id.uuid()]).await? == 0 {
            return Err(Error::not_found());
        }
        let event = AuditEvent::in_tenant(tenant, caller.actor, Act::LinkRevoked, now).target(id).from(visit);
        emit(&mut tx, &event).await?;
        tx.commit().await?;
        Ok(())
    }

    /// What a link offers to somebody with this address; `None`: nobody is signed in yet.
    ///
    /// # Errors
    /// `link_expired` when it ended, is used up or never was; `forbidden` for an address of another domain.
    pub async fn link_offer(&self, token: &str, email: Option<&str>) -> Result<Offer> {
        let tenant = tenant_of(token).ok_or_else(ended)?;
        let params: kernel_db::Params<'_> = &[&tenant.uuid(), &hashed(token), &self.now()];
        let row = self.0.db.read_opt(tenant, &LINK_BY_TOKEN, params).await?.ok_or_else(ended)?;
        let domains: Vec<String> = row.get("domains");
        if let Some(email) = email.filter(|email| !fits(email, &domains)) {
            return Err(other_domain(email, &domains));
        }
        Ok(Offer {
            tenant: row.get("tenant"),
            slug: String::new(),
            email: String::new(),
            role: row.get::<_, &str>("role").parse()?,
            invited_by: self.inviter(UserId::from_uuid(row.get("created_by"))).await?,
        })
    }

    /// Joins by a link. Whoever is a member already stays what they are and uses nothing up.
    ///
    /// # Errors
    /// As [`Tenancy::link_offer`]; `forbidden` for somebody who was removed.
    pub async fn join_by_link(&self, user: &User, token: &str, visit: &Visit) -> Result<TenantSummary> {
        let tenant = tenant_of(token).ok_or_else(ended)?;
        let now = self.now();
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        let already = tx.query_opt(&ROLE_OF, &[&tenant.uuid(), &user.id.uuid()]).await?.is_some();
        let params: kernel_db::Params<'_> = &[&tenant.uuid(), &hashed(token), &now];
        let row = if already {
            tx.query_opt(&LINK_BY_TOKEN, params).await?
        } else {
            tx.query_opt(&USE_LINK, params).await?
        };
        let row = row.ok_or_else(ended)?;
        let found = tx.query_opt(&TENANT_BY_ID, &[&tenant.uuid()]).await?.ok_or_else(ended)?;
        if already {
            return Ok(summary(&found));
        }
        let domains: Vec<String> = row.get("domains");
        if !fits(&user.email, &domains) {
            // Dropping the transaction leaves the link as it was.
            return Err(other_domain(&user.email, &domains));
        }
        // Who was removed comes back when an administrator wants it, not because a link still lives.
        if let Some(row) = tx.query_opt(&IS_REMOVED, &[&tenant.uuid(), &user.id.uuid()]).await? {
            return Err(removed(found.get("name"), &row));
        }
        let role: &str = row.get("role");
        tx.execute(&INSERT_MEMBER, &[&tenant.uuid(), &user.id.uuid(), &role, &now]).await?;
        self.0.identity.remember_tenant_in(&mut tx, user.id, tenant).await?;
        let event = AuditEvent::in_tenant(tenant, Actor::User(user.id), Act::MemberJoined, now)
            .target(user.id)
            .from(visit);
        let link = InviteLinkId::from_uuid(row.get("id"));
        emit(&mut tx, &event.data(json!({ "role": role, "link": link }))).await?;
        self.commit_access(tx, tenant).await?;
        Ok(summary(&found))
    }
}

fn ended() -> Error {
    Error::new(Code::LinkExpired)
        .detail("This link has ended, is used up or was taken back. Ask for another.")
}

fn other_domain(email: &str, domains: &[String]) -> Error {
    Error::new(Code::Forbidden).detail(format!(
        "This link is for addresses of {}. Yours is {email}; log in with another one to use it.",
        domains.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_as_typed() {
        assert_eq!(
            domains(" @Acme.example, acme.example;b.example ").unwrap(),
            ["acme.example", "b.example"]
        );
        assert!(domains("").unwrap().is_empty());
        for wrong in ["acme", "a..b", "-a.example", "a b@c.example", "acme.example/x", "*.acme.example"] {
            assert!(domains(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_address_fits_its_own_domain_only() {
        let domains = ["acme.example".to_owned()];
        assert!(fits("a@ACME.example", &domains) && fits("a@x.example", &[]));
        for other in
            ["a@evil-acme.example", "a@acme.example.evil.example", "a@sub.acme.example", "acme.example"]
        {
            assert!(!fits(other, &domains), "{other}");
        }
    }
}

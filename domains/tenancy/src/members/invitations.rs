//! Invitations by mail: sent, sent again, taken back, accepted. A link is bound to the address it was sent to.

use super::mails::InviteMail;
use super::service::{allow, current_role};
use super::store::{
    COUNT_INVITES, DELETE_INVITE, INSERT_MEMBER, INVITE_BY_TOKEN, INVITE_ROLE, INVITES, RENEW_INVITE,
    ROLE_OF, SET_INVITED, TAKE_INVITE, UPSERT_INVITE,
};
use super::{INVITE_LIFE, Invitation, InviteRow, MOST_AT_ONCE, MOST_INVITES, Offer};
use crate::Tenancy;
use crate::model::TenantSummary;
use crate::sso::store::UNBAR;
use crate::tenants::store::{TENANT_BY_ID, summary};
use crate::tokens::person;
use identity::audit::{Act, AuditEvent, emit};
use identity::model::{User, Visit, clean_email, email_key};
use jiff::Timestamp;
use kernel_core::secret::sha256;
use kernel_core::{Actor, Caller, Capability, Code, Error, Grants, InviteId, Result, Role, TenantId, UserId};
use kernel_db::{Database, Tx};

impl Tenancy {
    /// Invites people. `emails` is text as typed or pasted: separated by commas, semicolons, spaces or lines. Somebody
    /// invited before gets the new role and a new link. Gives the addresses.
    ///
    /// # Errors
    /// `forbidden`; field errors at `emails` (naming the wrong address) and `role`; `limit_reached`.
    pub async fn invite(
        &self,
        caller: &Caller,
        emails: &str,
        role: Role,
        visit: &Visit,
    ) -> Result<Vec<String>> {
        let plain = Invitation { role, grants: Grants::default(), until: None };
        self.invite_with(caller, emails, &plain, visit).await
    }

    /// As [`Tenancy::invite`], with what the people have beyond the role and until when. Every wrong address is named; as
    /// long as one is wrong nobody is invited.
    ///
    /// # Errors
    /// As [`Tenancy::invite`]; an error at `until`.
    pub async fn invite_with(
        &self,
        caller: &Caller,
        emails: &str,
        invitation: &Invitation,
        visit: &Visit,
    ) -> Result<Vec<String>> {
        caller.require(Capability::ManageMembers)?;
        let actor = person(caller)?;
        let role = invitation.role;
        let (emails, mut mistakes) = addresses(emails);
        for email in &emails {
            if let Some(user) = self.0.identity.user_by_email(email).await?
                && self.role(caller.tenant, user.id).await?.is_some()
            {
                mistakes.push((Code::AlreadyExists, format!("names {email}, who is a member already")));
            }
        }
        if let Some((code, _)) = mistakes.first() {
            let told: Vec<&str> = mistakes.iter().map(|(_, detail)| detail.as_str()).collect();
            return Err(Error::field("emails", *code, told.join("; ")));
        }
        if invitation.until.is_some_and(|until| until <= self.now()) {
            return Err(Error::field("until", Code::InvalidValue, "is over"));
        }
        if !invitation.grants.is_empty() && !caller.access.is_plain() {
            let detail = "Your own access has exceptions, so you can’t give any to others.";
            return Err(Error::new(Code::Forbidden).detail(detail));
        }
        let grants = serde_json::to_value(&invitation.grants).map_err(Error::internal)?;
        let (tenant, now) = (caller.tenant, self.now());
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        let by = current_role(&mut tx, caller, actor).await?;
        allow(by, Capability::ManageMembers)?;
        if role == Role::Owner {
            allow(by, Capability::ManageOwners)?;
        }
        let waiting: i64 = tx.query_one(&COUNT_INVITES, &[&tenant.uuid()]).await?.get("total");
        if waiting + i64::try_from(emails.len()).unwrap_or(i64::MAX) > MOST_INVITES {
            return Err(Error::new(Code::LimitReached)
                .detail(format!("{MOST_INVITES} invitations may wait at most.")));
        }
        let inviter = self.inviter(actor).await?;
        for email in &emails {
            let text = self.link_token(tenant);
            let id = InviteId::new().uuid();
            let (hash, expires) = (hashed(&text), ends(now));
            let key = email_key(email);
            tx.execute(
                &UPSERT_INVITE,
                &[
                    &tenant.uuid(),
                    &id,
                    email,
                    &key,
                    &role.name(),
                    &hash,
                    &actor.uuid(),
                    &now,
                    &expires,
                    &grants,
                    &invitation.until,
                ],
            )
            .await?;
            self.send_invite(&mut tx, tenant, email, role, &inviter, &text).await?;
            let event = AuditEvent::in_tenant(tenant, caller.actor, Act::MemberInvited, now)
                .target(email)
                .from(visit);
            emit(&mut tx, &event.data(serde_json::json!({ "role": role }))).await?;
        }
        tx.commit().await?;
        Ok(emails)
    }

    /// Invitations that wait, also expired ones, latest first.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn invites(&self, caller: &Caller) -> Result<Vec<InviteRow>> {
        caller.require(Capability::ReadMembers)?;
        let rows = self.0.db.read(caller.tenant, &INVITES, &[&caller.tenant.uuid()]).await?;
        let by: Vec<UserId> = rows.iter().map(|row| UserId::from_uuid(row.get("invited_by"))).collect();
        let people = self.0.identity.users(&by).await?;
        rows.iter()
            .zip(by)
            .map(|(row, by)| {
                Ok(InviteRow {
                    id: InviteId::from_uuid(row.get("id")),
                    email: row.get("email"),
                    role: row.get::<_, &str>("role").parse()?,
                    invited_by: people
                        .iter()
                        .find(|user| user.id == by)
                        .map_or_else(String::new, |user| user.name.clone()),
                    sent_at: row.get("sent_at"),
                    expires_at: row.get("expires_at"),
                })
            })
            .collect()
    }

    /// Sends an invitation again with a new link; the old one ends.
    ///
    /// # Errors
    /// `forbidden`, `not_found`.
    pub async fn resend_invite(&self, caller: &Caller, id: InviteId, visit: &Visit) -> Result<String> {
        caller.require(Capability::ManageMembers)?;
        let actor = person(caller)?;
        let (tenant, now) = (caller.tenant, self.now());
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        self.may_touch_invite(&mut tx, caller, actor, id).await?;
        let text = self.link_token(tenant);
        let params: [&(dyn kernel_db::ToSql + Sync); 5] =
            [&tenant.uuid(), &id.uuid(), &hashed(&text), &now, &ends(now)];
        let row = tx.query_opt(&RENEW_INVITE, &params).await?.ok_or_else(Error::not_found)?;
        let email: String = row.get("email");
        let role: Role = row.get::<_, &str>("role").parse()?;
        let inviter = self.inviter(actor).await?;
        self.send_invite(&mut tx, tenant, &email, role, &inviter, &text).await?;
        emit(
            &mut tx,
            &AuditEvent::in_tenant(tenant, caller.actor, Act::InviteResent, now).target(&email).from(visit),
        )
        .await?;
        tx.commit().await?;
        Ok(email)
    }

    /// Takes an invitation back.
    ///
    /// # Errors
    /// `forbidden`, `not_found`.
    pub async fn revoke_invite(&self, caller: &Caller, id: InviteId, visit: &Visit) -> Result<()> {
        caller.require(Capability::ManageMembers)?;
        let actor = person(caller)?;
        let (tenant, now) = (caller.tenant, self.now());
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        self.may_touch_invite(&mut tx, caller, actor, id).await?;
        let row = tx
            .query_opt(&DELETE_INVITE, &[&tenant.uuid(), &id.uuid()])
            .await?
            .ok_or_else(Error::not_found)?;
        let email: String = row.get("email");
        emit(
            &mut tx,
            &AuditEvent::in_tenant(tenant, caller.actor, Act::InviteRevoked, now).target(&email).from(visit),
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// What a link offers.
    ///
    /// # Errors
    /// `link_expired` when it was used, taken back, is too old or never was.
    pub async fn offer(&self, token: &str) -> Result<Offer> {
        let tenant = tenant_of(token).ok_or_else(expired)?;
        let params: [&(dyn kernel_db::ToSql + Sync); 3] = [&tenant.uuid(), &hashed(token), &self.now()];
        let row = self.0.db.read_opt(tenant, &INVITE_BY_TOKEN, &params).await?.ok_or_else(expired)?;
        Ok(Offer {
            tenant: row.get("tenant"),
            slug: row.get("slug"),
            email: row.get("email"),
            role: row.get::<_, &str>("role").parse()?,
            invited_by: self.inviter(UserId::from_uuid(row.get("invited_by"))).await?,
        })
    }

    /// Accepts an invitation. Only the person whose confirmed address it was sent to can.
    ///
    /// # Errors
    /// `link_expired`; `forbidden` for another address.
    pub async fn accept_invite(&self, user: &User, token: &str, visit: &Visit) -> Result<TenantSummary> {
        let tenant = tenant_of(token).ok_or_else(expired)?;
        let now = self.now();
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        let params: [&(dyn kernel_db::ToSql + Sync); 3] = [&tenant.uuid(), &hashed(token), &now];
        let row = tx.query_opt(&TAKE_INVITE, &params).await?.ok_or_else(expired)?;
        if row.get::<_, &str>("email_key") != email_key(&user.email) {
            // Dropping the transaction leaves the invitation as it was.
            return Err(Error::new(Code::Forbidden).detail(format!(
                "This invitation was sent to another address than yours, {}. Log in with that one to accept it.",
                user.email
            )));
        }
        let role: &str = row.get("role");
        let found = tx.query_opt(&TENANT_BY_ID, &[&tenant.uuid()]).await?.ok_or_else(expired)?;
        let already = tx.query_opt(&ROLE_OF, &[&tenant.uuid(), &user.id.uuid()]).await?.is_some();
        if !already {
            let (tenant, person) = (tenant.uuid(), user.id.uuid());
            tx.execute(&INSERT_MEMBER, &[&tenant, &person, &role, &now]).await?;
            tx.execute(&UNBAR, &[&tenant, &person]).await?;
            let (grants, until): (serde_json::Value, Option<Timestamp>) =
                (row.get("grants"), row.get("access_until"));
            tx.execute(&SET_INVITED, &[&tenant, &person, &grants, &until]).await?;
        }
        self.0.identity.remember_tenant_in(&mut tx, user.id, tenant).await?;
        let event = AuditEvent::in_tenant(tenant, Actor::User(user.id), Act::MemberJoined, now)
            .target(user.id)
            .from(visit);
        emit(&mut tx, &event.data(serde_json::json!({ "role": role }))).await?;
        self.commit_access(tx, tenant).await?;
        Ok(summary(&found))
    }

    /// Invitations to be an owner are owners' business.
    async fn may_touch_invite(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        actor: UserId,
        id: InviteId,
    ) -> Result<()> {
        let by = current_role(tx, caller, actor).await?;
        allow(by, Capability::ManageMembers)?;
        let row = tx
            .query_opt(&INVITE_ROLE, &[&caller.tenant.uuid(), &id.uuid()])
            .await?
            .ok_or_else(Error::not_found)?;
        if row.get::<_, &str>("role") == Role::Owner.name() {
            allow(by, Capability::ManageOwners)?;
        }
        Ok(())
    }

    pub(super) async fn inviter(&self, user: UserId) -> Result<String> {
        Ok(self.0.identity.users(&[user]).await?.into_iter().next().map(|user| user.name).unwrap_or_default())
    }

    async fn send_invite(
        &self,
        tx: &mut Tx,
        tenant: TenantId,
        email: &str,
        role: Role,
        inviter: &str,
        token: &str,
    ) -> Result<()> {
        let name = self.tenant(tenant).await?.name.clone();
        let origin = &self.0.identity.web().origins().app;
        let mail = InviteMail {
            tenant: name,
            role: role.name().to_owned(),
            invited_by: inviter.to_owned(),
            link: format!("{origin}/invite?token={token}"),
        };
        self.0.identity.send(tx, email, &mail).await
    }

    /// The tenant's digits and 256 random bits: the look-up stays within the tenant's rows.
    pub(super) fn link_token(&self, tenant: TenantId) -> String {
        format!("{}{}", &tenant.to_string()[4..], self.0.identity.random().token())
    }
}

pub(super) fn tenant_of(token: &str) -> Option<TenantId> {
    let digits = token.get(..22)?;
    (token.len() == 65).then(|| format!("ten_{digits}").parse().ok())?
}

pub(super) fn hashed(token: &str) -> Vec<u8> {
    sha256(token.as_bytes()).to_vec()
}

fn ends(now: Timestamp) -> Timestamp {
    now.checked_add(INVITE_LIFE).unwrap_or(Timestamp::MAX)
}

fn expired() -> Error {
    Error::new(Code::LinkExpired)
        .detail("This invitation was used, taken back, or is older than 7 days. Ask for another.")
}

/// The addresses in a text as typed or pasted, each once, and everything that is wrong with it.
fn addresses(text: &str) -> (Vec<String>, Vec<(Code, String)>) {
    let mut found: Vec<String> = Vec::new();
    let mut mistakes = Vec::new();
    let words = text.split([',', ';', ' ', '\n', '\r', '\t']).map(str::trim).filter(|word| !word.is_empty());
    for word in words {
        match clean_email("emails", word) {
            Ok(email) if found.iter().any(|known| email_key(known) == email_key(&email)) => {}
            Ok(email) => found.push(email),
            Err(error) => mistakes.push((error.code, format!("names “{word}”, which {}", error.detail))),
        }
    }
    match found.len() {
        0 if mistakes.is_empty() => mistakes.push((Code::Required, "is missing".to_owned())),
        0..=MOST_AT_ONCE => {}
        _ => mistakes.push((Code::TooMany, format!("has more than {MOST_AT_ONCE} addresses"))),
    }
    (found, mistakes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pasted_addresses() {
        let (found, mistakes) = addresses(" a@b.example, C@d.example;\nc@D.example\ta@b.example ");
        assert_eq!(found, ["a@b.example", "C@d.example"]);
        assert!(mistakes.is_empty());
        assert_eq!(addresses(" , ").1[0].0, Code::Required);
        let (found, mistakes) = addresses("nobody\na@b.example\n@x");
        assert_eq!(found, ["a@b.example"]);
        assert_eq!(mistakes[0].1, "names “nobody”, which has no @, as in name@company.com");
        assert!(mistakes.len() == 2 && mistakes[1].1.starts_with("names “@x”, which "), "each is told");
        let many: String = (0..51).map(|n| format!("p{n}@b.example ")).collect();
        assert_eq!(addresses(&many).1[0].0, Code::TooMany);
    }

    #[test]
    fn a_link_names_its_tenant() {
        let tenant = TenantId::new();
        let token = format!("{}{}", &tenant.to_string()[4..], kernel_core::Random::seeded(1).token());
        assert_eq!(tenant_of(&token), Some(tenant));
        for wrong in ["", "short", &token[1..], &"ä".repeat(40)] {
            assert_eq!(tenant_of(wrong), None, "{wrong}");
        }
    }
}

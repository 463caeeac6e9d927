//! Organisations and people for one test.

use crate::{Browser, TestSystem};
use anyhow::Context as _;
use identity::Visit;
use kernel_core::{Actor, Caller, Role, Scopes, UserId};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU32, Ordering};
use tenancy::{NewToken, TenantSummary};

const PASSWORD: &str = "grey herons over the weir";

/// An organisation of a test's own, and its owner.
pub struct Tenant {
    /// As in addresses: `/o/{slug}/`.
    pub slug: String,
    /// The organisation.
    pub summary: TenantSummary,
    /// The owner.
    pub owner: Member,
    /// The owner's API token with every scope.
    pub token: String,
}

/// A person who belongs to an organisation.
pub struct Member {
    /// The account.
    pub user: UserId,
    /// Where mails go.
    pub email: String,
    /// Who asks, for services.
    pub caller: Caller,
    /// An API token with every scope, within the role.
    pub token: String,
    /// The session cookie's value.
    pub session: String,
}

/// A visit from an address of its own, so that limits by address never meet.
fn visit(number: u32) -> Visit {
    let [_, a, b, c] = number.to_be_bytes();
    Visit {
        address: IpAddr::V4(Ipv4Addr::new(10, a, b, c)),
        agent: "testkit".to_owned(),
        request_id: String::new(),
    }
}

fn next() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl TestSystem {
    /// An organisation that nobody else uses.
    ///
    /// # Errors
    /// What the services refuse.
    pub async fn fresh_tenant(&self) -> anyhow::Result<Tenant> {
        let number = next();
        let (user, email, session) = self.person(number).await?;
        let slug = format!("tenant-{number}");
        let summary = self
            .system
            .tenancy
            .create_tenant(user, &format!("Tenant {number}"), Some(&slug), &visit(number))
            .await?;
        let owner = self.member(&summary, (user, email, session), Role::Owner, number).await?;
        Ok(Tenant { slug, token: owner.token.clone(), summary, owner })
    }

    /// Somebody who joins an organisation by an invitation.
    ///
    /// # Errors
    /// What the services refuse.
    pub async fn join(&self, tenant: &Tenant, role: Role) -> anyhow::Result<Member> {
        let number = next();
        let tenancy = &self.system.tenancy;
        let (user, email, session) = self.person(number).await?;
        // A viewer can't make a token. One made before acts with the role that its maker has when it is used.
        let at_first = if role < Role::Editor { Role::Editor } else { role };
        tenancy.invite(&tenant.owner.caller, &email, at_first, &visit(number)).await?;
        let mail = self.mail(&email, "").await?;
        let signed_in =
            self.system.identity.session(&session, visit(number).address).await?.context("no session")?;
        tenancy.accept_invite(&signed_in.user, &Self::token_of(&mail)?, &visit(number)).await?;
        let mut member = self.member(&tenant.summary, (user, email, session), at_first, number).await?;
        if role != at_first {
            tenancy.change_role(&tenant.owner.caller, user, role, &visit(number)).await?;
            member.caller = kernel_core::Caller::with_role(tenant.summary.id, Actor::User(user), role);
        }
        Ok(member)
    }

    async fn person(&self, number: u32) -> anyhow::Result<(UserId, String, String)> {
        let identity = &self.system.identity;
        let email = format!("person{number}@testkit.example");
        let user = identity.create_account(&format!("Person {number}"), &email, PASSWORD).await?;
        let session = identity.sign_in(&email, PASSWORD, None, &visit(number)).await?.session()?;
        Ok((user, email, session.token.expose().to_owned()))
    }

    async fn member(
        &self,
        tenant: &TenantSummary,
        (user, email, session): (UserId, String, String),
        role: Role,
        number: u32,
    ) -> anyhow::Result<Member> {
        let caller = Caller::with_role(tenant.id, Actor::User(user), role);
        let new = NewToken { label: "testkit".to_owned(), scopes: Scopes::all(), ..NewToken::default() };
        let token = self.system.tenancy.create_token(&caller, &new, &visit(number)).await?;
        Ok(Member { user, email, caller, token: token.text.expose().to_owned(), session })
    }

    /// A browser of the app with a member's session.
    #[must_use]
    pub fn browser(&self, member: &Member) -> Browser {
        Browser::signed_in(self.portal("app"), &member.session)
    }
}

//! Members, roles, invitations.

use crate::town::{Resident, Town};
use crate::world::token_in;
use jiff::SignedDuration;
use kernel_core::{Code, InviteId, Role, UserId};

#[tokio::test]
async fn an_invitation_is_for_its_address_alone_and_works_once() {
    let town = Town::new().await;
    let visit = town.world.visit();
    let (tenant, owner) = town.organisation("Acme").await;
    let (mina, sam) = (town.world.person("Mina").await, town.world.person("Sam").await);
    town.tenancy.invite(&owner.caller, &mina.email, Role::Editor, &visit).await.unwrap();
    let token = town.world.link(&mina.email, 2).await;
    let offer = town.tenancy.offer(&token).await.unwrap();
    assert_eq!(
        (offer.tenant.as_str(), offer.role, offer.invited_by.as_str()),
        ("Acme", Role::Editor, "Olga Owner")
    );
    let stolen = town.tenancy.accept_invite(&sam, &token, &visit).await.unwrap_err();
    assert_eq!(stolen.code(), Code::Forbidden);
    assert_eq!(town.tenancy.accept_invite(&mina, &token, &visit).await.unwrap().id, tenant.id);
    assert_eq!(town.caller(&tenant, &mina).await.role, Role::Editor);
    assert_eq!(
        town.tenancy.accept_invite(&mina, &token, &visit).await.unwrap_err().code(),
        Code::LinkExpired
    );
    assert!(town.tenancy.invites(&owner.caller).await.unwrap().is_empty());
    let again = town.tenancy.invite(&owner.caller, &mina.email, Role::Viewer, &visit).await.unwrap_err();
    assert_eq!(again.code(), Code::AlreadyExists, "a member already");
}

#[tokio::test]
async fn an_invitation_ends_with_time_with_another_link_and_when_taken_back() {
    let town = Town::new().await;
    let visit = town.world.visit();
    let (_, owner) = town.organisation("Acme").await;
    let mina = town.world.person("Mina").await;
    town.tenancy.invite(&owner.caller, &mina.email, Role::Editor, &visit).await.unwrap();
    let first = town.world.link(&mina.email, 2).await;
    let invite = town.tenancy.invites(&owner.caller).await.unwrap().remove(0);
    town.tenancy.resend_invite(&owner.caller, invite.id, &visit).await.unwrap();
    let second = town.world.link(&mina.email, 3).await;
    assert_eq!(town.tenancy.offer(&first).await.unwrap_err().code(), Code::LinkExpired);
    town.world.pass(SignedDuration::from_hours(24 * 7));
    assert_eq!(
        town.tenancy.accept_invite(&mina, &second, &visit).await.unwrap_err().code(),
        Code::LinkExpired
    );
    town.tenancy.invite(&owner.caller, &mina.email, Role::Viewer, &visit).await.unwrap();
    let invites = town.tenancy.invites(&owner.caller).await.unwrap();
    assert_eq!((invites.len(), invites[0].role), (1, Role::Viewer), "the same address, invited anew");
    let third = town.world.link(&mina.email, 4).await;
    town.tenancy.revoke_invite(&owner.caller, invites[0].id, &visit).await.unwrap();
    assert_eq!(
        town.tenancy.accept_invite(&mina, &third, &visit).await.unwrap_err().code(),
        Code::LinkExpired
    );
    let gone = town.tenancy.revoke_invite(&owner.caller, invites[0].id, &visit).await.unwrap_err();
    assert_eq!(gone.code(), Code::NotFound);
}

#[tokio::test]
async fn a_new_person_joins_by_sign_up() {
    let town = Town::new().await;
    let visit = town.world.visit();
    let (tenant, owner) = town.organisation("Acme").await;
    let email = town.world.address("new");
    town.tenancy.invite(&owner.caller, &email, Role::Viewer, &visit).await.unwrap();
    let invitation = town.world.link(&email, 1).await;
    let new = identity::signup::NewAccount {
        name: "New".into(),
        email: email.clone(),
        password: crate::world::PASSWORD.into(),
        next: Some(format!("/invite?token={invitation}")),
    };
    town.world.identity.sign_up(&new, &visit).await.unwrap();
    let mails = town.world.mails(&email, 2).await;
    let confirmed = town.world.identity.confirm(&token_in(&mails[1].1), None, &visit).await.unwrap();
    assert_eq!(confirmed.next, new.next);
    let user = town.world.identity.user_by_email(&email).await.unwrap().unwrap();
    town.tenancy.accept_invite(&user, &invitation, &visit).await.unwrap();
    assert_eq!(town.caller(&tenant, &user).await.role, Role::Viewer);
}

/// Who may do what to whom.
#[tokio::test]
async fn roles() {
    let town = Town::new().await;
    let visit = town.world.visit();
    let (tenant, owner) = town.organisation("Acme").await;
    let admin = town.join(&tenant, &owner, "Adam", Role::Admin).await;
    let editor = town.join(&tenant, &owner, "Ed", Role::Editor).await;
    let viewer = town.join(&tenant, &owner, "Vic", Role::Viewer).await;
    let tenancy = &town.tenancy;
    for weak in [&editor, &viewer] {
        let caller = &weak.caller;
        assert_eq!(tenancy.members(caller).await.unwrap().len(), 4, "everybody sees the team");
        for refused in [
            tenancy.invite(caller, "a@b.example", Role::Viewer, &visit).await.err(),
            tenancy.change_role(caller, viewer.user.id, Role::Admin, &visit).await.err(),
            tenancy.remove_member(caller, admin.user.id, &visit).await.err(),
            tenancy.revoke_invite(caller, InviteId::new(), &visit).await.err(),
            tenancy.resend_invite(caller, InviteId::new(), &visit).await.err(),
        ] {
            assert_eq!(refused.map(|error| error.code()), Some(Code::Forbidden));
        }
    }
    let caller = &admin.caller;
    for refused in [
        tenancy.invite(caller, "a@b.example", Role::Owner, &visit).await.err(),
        tenancy.change_role(caller, admin.user.id, Role::Owner, &visit).await.err(),
        tenancy.change_role(caller, owner.user.id, Role::Viewer, &visit).await.err(),
        tenancy.remove_member(caller, owner.user.id, &visit).await.err(),
    ] {
        assert_eq!(refused.map(|error| error.code()), Some(Code::Forbidden));
    }
    tenancy.change_role(caller, viewer.user.id, Role::Editor, &visit).await.unwrap();
    assert_eq!(town.caller(&tenant, &viewer.user).await.role, Role::Editor, "at the next request");
    tenancy.remove_member(caller, viewer.user.id, &visit).await.unwrap();
    assert_eq!(tenancy.enter(&tenant.slug, viewer.user.id).await.unwrap_err().code(), Code::NotFound);
    assert!(tenancy.tenants_of(viewer.user.id).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_caller_from_before_a_change_has_no_more_rights_than_after_it() {
    let town = Town::new().await;
    let visit = town.world.visit();
    let (tenant, owner) = town.organisation("Acme").await;
    let admin = town.join(&tenant, &owner, "Adam", Role::Admin).await;
    let viewer = town.join(&tenant, &owner, "Vic", Role::Viewer).await;
    town.tenancy.change_role(&owner.caller, admin.user.id, Role::Viewer, &visit).await.unwrap();
    // The request of the admin was let in before: its caller still says admin.
    let late = town.tenancy.remove_member(&admin.caller, viewer.user.id, &visit).await.unwrap_err();
    assert_eq!(late.code(), Code::Forbidden);
    town.tenancy.remove_member(&owner.caller, admin.user.id, &visit).await.unwrap();
    let gone = town.tenancy.remove_member(&admin.caller, viewer.user.id, &visit).await.unwrap_err();
    assert_eq!(gone.code(), Code::NotFound);
}

#[tokio::test]
async fn the_last_owner_stays() {
    let town = Town::new().await;
    let visit = town.world.visit();
    let (tenant, owner) = town.organisation("Acme").await;
    let id = owner.user.id;
    for refused in [
        town.tenancy.leave(&owner.caller, &visit).await,
        town.tenancy.change_role(&owner.caller, id, Role::Admin, &visit).await,
        town.tenancy.remove_member(&owner.caller, id, &visit).await,
    ] {
        assert_eq!(refused.unwrap_err().code(), Code::Conflict);
    }
    let second = town.join(&tenant, &owner, "Second", Role::Owner).await;
    town.tenancy.leave(&owner.caller, &visit).await.unwrap();
    assert_eq!(town.tenancy.leave(&second.caller, &visit).await.unwrap_err().code(), Code::Conflict);
}

#[tokio::test]
async fn of_two_owners_who_leave_at_once_one_stays() {
    let town = Town::new().await;
    for _ in 0..5 {
        let (tenant, first) = town.organisation("Acme").await;
        let second = town.join(&tenant, &first, "Second", Role::Owner).await;
        let visit = town.world.visit();
        let (one, two) = tokio::join!(
            town.tenancy.leave(&first.caller, &visit),
            town.tenancy.remove_member(&second.caller, second.user.id, &visit)
        );
        assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    }
}

#[tokio::test]
async fn ids_of_another_organisation_are_nothing() {
    let town = Town::new().await;
    let visit = town.world.visit();
    let (acme, owner) = town.organisation("Acme").await;
    let member = town.join(&acme, &owner, "Mina", Role::Editor).await;
    town.tenancy.invite(&owner.caller, &town.world.address("new"), Role::Viewer, &visit).await.unwrap();
    let invite = town.tenancy.invites(&owner.caller).await.unwrap().remove(0).id;
    let (_, thief) = town.organisation("Thieves").await;
    let Resident { caller, .. } = &thief;
    for (foreign, random) in [
        (
            town.tenancy.change_role(caller, member.user.id, Role::Viewer, &visit).await,
            town.tenancy.change_role(caller, UserId::new(), Role::Viewer, &visit).await,
        ),
        (
            town.tenancy.remove_member(caller, member.user.id, &visit).await,
            town.tenancy.remove_member(caller, UserId::new(), &visit).await,
        ),
        (
            town.tenancy.revoke_invite(caller, invite, &visit).await,
            town.tenancy.revoke_invite(caller, InviteId::new(), &visit).await,
        ),
        (
            town.tenancy.resend_invite(caller, invite, &visit).await.map(drop),
            town.tenancy.resend_invite(caller, InviteId::new(), &visit).await.map(drop),
        ),
    ] {
        let foreign = foreign.unwrap_err();
        assert_eq!(foreign.code(), Code::NotFound);
        assert_eq!(foreign.to_string(), random.unwrap_err().to_string());
    }
    assert_eq!(town.tenancy.members(caller).await.unwrap().len(), 1);
    assert_eq!(town.tenancy.members(&owner.caller).await.unwrap().len(), 2, "nothing of Acme changed");
    assert_eq!(town.tenancy.invites(&owner.caller).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_team_is_listed_with_names_and_last_use() {
    let town = Town::new().await;
    let (tenant, owner) = town.organisation("Acme").await;
    let mina = town.join(&tenant, &owner, "Mina", Role::Viewer).await;
    town.session(&mina.user).await;
    let rows = town.tenancy.members(&owner.caller).await.unwrap();
    let seen: Vec<_> = rows.iter().map(|row| (row.name.as_str(), row.role, row.seen_at.is_some())).collect();
    assert_eq!(seen, [("Olga Owner", Role::Owner, false), ("Mina", Role::Viewer, true)]);
}

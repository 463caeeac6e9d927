//! API tokens.

use crate::town::{Town, another_process};
use jiff::SignedDuration;
use kernel_core::{Actor, Capability, Code, Role, Scope, Scopes};
use kernel_db::statements;
use std::time::{Duration, Instant};
use tenancy::NewToken;

statements! {
    tenant Control TOKEN_ROWS = "select t::text as row from control.api_tokens t where tenant_id = $1";
}

fn token(scopes: &[Scope]) -> NewToken {
    NewToken {
        label: "Stock sync".into(),
        scopes: scopes.iter().copied().collect(),
        days: None,
        ..NewToken::default()
    }
}

#[tokio::test]
async fn a_token_acts_within_its_scopes_and_bases() {
    let town = Town::new().await;
    let (tenant, owner) = town.organisation("Acme").await;
    let new = NewToken { bases: Some(vec![7, u64::MAX >> 20]), ..token(&[Scope::Read, Scope::Write]) };
    let made = town.tenancy.create_token(&owner.caller, &new, &town.world.visit()).await.unwrap();
    let caller = town.tenancy.authenticate(made.text.expose()).await.unwrap();
    assert_eq!((caller.tenant, caller.actor, caller.role), (tenant.id, Actor::Token(made.id), Role::Owner));
    assert!(caller.may(Capability::WriteRecords) && !caller.may(Capability::DeleteRecords));
    assert!(caller.sees_base(7) && caller.sees_base(u64::MAX >> 20) && !caller.sees_base(8));
    assert!(
        !caller.may(Capability::ManageMembers) && !caller.may(Capability::ManageOwnTokens),
        "no account work"
    );
    let listed = town.tenancy.tokens(&owner.caller).await.unwrap();
    assert_eq!(
        (listed.len(), listed[0].label.as_str(), listed[0].maker.as_str()),
        (1, "Stock sync", "Olga Owner")
    );
    assert!(listed[0].last_used_at.is_some());
}

#[tokio::test]
async fn only_the_hash_is_stored() {
    let town = Town::new().await;
    let (tenant, owner) = town.organisation("Acme").await;
    let made =
        town.tenancy.create_token(&owner.caller, &token(&[Scope::Read]), &town.world.visit()).await.unwrap();
    let rows = town.world.db.read(tenant.id, &TOKEN_ROWS, &[&tenant.id.uuid()]).await.unwrap();
    let row: String = rows[0].get("row");
    let text = made.text.expose();
    assert!(!row.contains(&text[27..60]), "{row}");
    assert!(row.contains(&text[text.len() - 4..]), "the hint is there");
}

#[tokio::test]
async fn a_token_ends_by_time_by_revocation_and_with_its_maker() {
    let town = Town::new().await;
    let visit = town.world.visit();
    let (tenant, owner) = town.organisation("Acme").await;
    let editor = town.join(&tenant, &owner, "Ed", Role::Editor).await;
    let refused = async |text: &str| town.tenancy.authenticate(text).await.err().map(|error| error.code());
    let brief = NewToken { days: Some(7), ..token(&[Scope::Read]) };
    let brief = town.tenancy.create_token(&owner.caller, &brief, &visit).await.unwrap();
    let lasting = town.tenancy.create_token(&owner.caller, &token(&[Scope::Read]), &visit).await.unwrap();
    let theirs = town.tenancy.create_token(&editor.caller, &token(&Scope::ALL), &visit).await.unwrap();
    let caller = town.tenancy.authenticate(theirs.text.expose()).await.unwrap();
    assert!(!caller.may(Capability::EditSchema), "no more than its maker");
    assert_eq!(refused(brief.text.expose()).await, None);
    town.world.pass(SignedDuration::from_hours(24 * 7));
    assert_eq!(refused(brief.text.expose()).await, Some(Code::Unauthenticated));
    assert_eq!(refused(lasting.text.expose()).await, None);
    town.tenancy.revoke_token(&owner.caller, lasting.id, &visit).await.unwrap();
    assert_eq!(refused(lasting.text.expose()).await, Some(Code::Unauthenticated));
    town.tenancy.change_role(&owner.caller, editor.user.id, Role::Viewer, &visit).await.unwrap();
    assert!(!town.tenancy.authenticate(theirs.text.expose()).await.unwrap().may(Capability::WriteRecords));
    town.tenancy.remove_member(&owner.caller, editor.user.id, &visit).await.unwrap();
    assert_eq!(refused(theirs.text.expose()).await, Some(Code::Unauthenticated));
    for nothing in ["", "nclc_", "abc", "a.b.c"] {
        assert_eq!(refused(nothing).await, Some(Code::Unauthenticated), "{nothing}");
    }
}

#[tokio::test]
async fn another_process_hears_of_a_revocation_within_a_second() {
    let town = Town::new().await;
    let visit = town.world.visit();
    let (_, owner) = town.organisation("Acme").await;
    let elsewhere = another_process(&town.world);
    let made = town.tenancy.create_token(&owner.caller, &token(&[Scope::Read]), &visit).await.unwrap();
    elsewhere.authenticate(made.text.expose()).await.unwrap();
    town.tenancy.revoke_token(&owner.caller, made.id, &visit).await.unwrap();
    // The clock stands still, so what is kept does not get old: only the notification can end it.
    let deadline = Instant::now() + Duration::from_secs(20);
    while elsewhere.authenticate(made.text.expose()).await.is_ok() {
        assert!(Instant::now() < deadline, "never heard");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn who_may_make_and_revoke() {
    let town = Town::new().await;
    let visit = town.world.visit();
    let (tenant, owner) = town.organisation("Acme").await;
    let editor = town.join(&tenant, &owner, "Ed", Role::Editor).await;
    let viewer = town.join(&tenant, &owner, "Vic", Role::Viewer).await;
    let read = token(&[Scope::Read]);
    let refused = town.tenancy.create_token(&viewer.caller, &read, &visit).await.unwrap_err();
    assert_eq!(refused.code(), Code::Forbidden);
    let owners = town.tenancy.create_token(&owner.caller, &read, &visit).await.unwrap();
    let editors = town.tenancy.create_token(&editor.caller, &read, &visit).await.unwrap();
    let refused = town.tenancy.revoke_token(&editor.caller, owners.id, &visit).await.unwrap_err();
    assert_eq!(refused.code(), Code::Forbidden);
    town.tenancy.revoke_token(&owner.caller, editors.id, &visit).await.unwrap();
    assert_eq!(
        town.tenancy.revoke_token(&owner.caller, editors.id, &visit).await.unwrap_err().code(),
        Code::NotFound
    );
    let program = town.tenancy.authenticate(owners.text.expose()).await.unwrap();
    assert!(town.tenancy.create_token(&program, &read, &visit).await.is_err(), "a token makes no tokens");
    assert!(town.tenancy.invite(&program, "a@b.example", Role::Viewer, &visit).await.is_err());
    let (_, thief) = town.organisation("Thieves").await;
    let foreign = town.tenancy.revoke_token(&thief.caller, owners.id, &visit).await.unwrap_err();
    assert_eq!(foreign.code(), Code::NotFound);
    assert!(town.tenancy.authenticate(owners.text.expose()).await.is_ok(), "still works");
}

#[tokio::test]
async fn wrong_input_is_named() {
    let town = Town::new().await;
    let (_, owner) = town.organisation("Acme").await;
    let new =
        NewToken { label: String::new(), scopes: Scopes::default(), days: Some(3), ..NewToken::default() };
    let error = town.tenancy.create_token(&owner.caller, &new, &town.world.visit()).await.unwrap_err();
    let fields: Vec<&str> = error.field_errors().iter().map(|field| field.field.as_ref()).collect();
    assert_eq!(fields, ["label", "scopes", "days"]);
}

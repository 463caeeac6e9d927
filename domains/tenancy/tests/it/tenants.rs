//! Making organisations, the switcher, suspension.

use crate::town::{Town, another_process};
use kernel_core::{Code, Role, TenantId};
use std::time::{Duration, Instant};
use tenancy::TenantState;

#[tokio::test]
async fn a_slug_is_made_from_the_name_or_typed_and_is_nobody_elses() {
    let town = Town::new().await;
    let visit = town.world.visit();
    let user = town.world.person("Olga").await;
    let first = town.tenancy.create_tenant(user.id, "Bücher & Töne", None, &visit).await.unwrap();
    assert!(first.slug.starts_with("buecher-toene"), "{}", first.slug);
    let second = town.tenancy.create_tenant(user.id, "Bücher & Töne", Some(" "), &visit).await.unwrap();
    assert!(second.slug.starts_with("buecher-toene-") && second.slug != first.slug, "{}", second.slug);
    let taken = town.tenancy.create_tenant(user.id, "Other", Some(&first.slug), &visit).await.unwrap_err();
    assert_eq!((taken.code(), taken.field_errors()[0].field.as_ref()), (Code::AlreadyExists, "slug"));
    let wrong = town.tenancy.create_tenant(user.id, "", Some("A B"), &visit).await.unwrap_err();
    let fields: Vec<&str> = wrong.field_errors().iter().map(|field| field.field.as_ref()).collect();
    assert_eq!(fields, ["name", "slug"]);
    let all = town.tenancy.tenants_of(user.id).await.unwrap();
    assert_eq!(all.iter().map(|one| one.role).collect::<Vec<_>>(), [Role::Owner, Role::Owner]);
    let user = town.world.identity.user_by_email(&user.email).await.unwrap().unwrap();
    assert_eq!(user.last_tenant, Some(second.id));
}

#[tokio::test]
async fn an_organisation_of_others_is_as_unknown_as_none() {
    let town = Town::new().await;
    let (tenant, _) = town.organisation("Acme").await;
    let stranger = town.world.person("Sam").await;
    let foreign = town.tenancy.enter(&tenant.slug, stranger.id).await.unwrap_err();
    let none = town.tenancy.enter("no-such-organisation", stranger.id).await.unwrap_err();
    assert_eq!(foreign.code(), Code::NotFound);
    assert_eq!(foreign.to_string(), none.to_string());
}

#[tokio::test]
async fn a_suspended_organisation_is_named_and_closed_on_every_process() {
    let town = Town::new().await;
    let (tenant, owner) = town.organisation("Acme").await;
    let elsewhere = another_process(&town.world);
    elsewhere.enter(&tenant.slug, owner.user.id).await.unwrap();
    assert_eq!(town.tenancy.suspend(tenant.id, " ").await.unwrap_err().code(), Code::Required);
    assert!(town.tenancy.suspend(tenant.id, "Unpaid").await.unwrap());
    assert!(!town.tenancy.suspend(tenant.id, "Unpaid").await.unwrap(), "already");
    for process in [&town.tenancy, &elsewhere] {
        let error = process.enter(&tenant.slug, owner.user.id).await.unwrap_err();
        assert_eq!(error.code(), Code::TenantSuspended);
        assert!(error.message().contains("Acme"), "{error}");
    }
    let seen = town.tenancy.get_for_staff(tenant.id).await.unwrap();
    assert_eq!(
        (seen.tenant.state, seen.suspended_reason.as_deref()),
        (TenantState::Suspended, Some("Unpaid"))
    );
    assert!(town.tenancy.resume(tenant.id).await.unwrap());
    assert!(town.tenancy.enter(&tenant.slug, owner.user.id).await.is_ok());
    assert_eq!(town.tenancy.resume(TenantId::new()).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn staff_find_organisations() {
    let town = Town::new().await;
    let unique = town.world.random.token().replace(['-', '_'], "x").to_lowercase();
    let name = format!("100%_{}", &unique[..12]);
    let (tenant, owner) = town.organisation(&name).await;
    town.join(&tenant, &owner, "Mina", Role::Viewer).await;
    let (found, total) = town.tenancy.list_for_staff(&name, None, 10, 0).await.unwrap();
    assert_eq!((found.len(), total, found[0].members, found[0].tenant.id), (1, 1, 2, tenant.id));
    let (found, total) =
        town.tenancy.list_for_staff(&name, Some(TenantState::Suspended), 10, 0).await.unwrap();
    assert_eq!((found.len(), total), (0, 0));
    let (found, _) = town.tenancy.list_for_staff(&tenant.slug, None, 1, 0).await.unwrap();
    assert_eq!(found[0].tenant.id, tenant.id);
}

#[tokio::test]
async fn only_admins_rename() {
    let town = Town::new().await;
    let (tenant, owner) = town.organisation("Acme").await;
    let editor = town.join(&tenant, &owner, "Ed", Role::Editor).await;
    let visit = town.world.visit();
    let refused = town.tenancy.rename_tenant(&editor.caller, "Ours", &visit).await.unwrap_err();
    assert_eq!(refused.code(), Code::Forbidden);
    town.tenancy.rename_tenant(&owner.caller, "Acme Two", &visit).await.unwrap();
    assert_eq!(town.tenancy.tenant(tenant.id).await.unwrap().name, "Acme Two");
}

#[tokio::test]
async fn what_happens_is_in_the_trail() {
    let town = Town::new().await;
    let (tenant, owner) = town.organisation("Acme").await;
    let other = town.organisation("Beta").await.0;
    town.tenancy.rename_tenant(&owner.caller, "Acme Two", &town.world.visit()).await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        town.world.jobs.drain().await.unwrap();
        let rows = identity::audit::of_tenant(&town.world.db, tenant.id, 10).await.unwrap();
        let mut actions: Vec<&str> = rows.iter().map(|row| row.action.as_str()).collect();
        actions.sort_unstable();
        if actions == ["organisation.created", "organisation.renamed"] {
            assert!(
                rows.iter().all(|row| row.actor == owner.user.id.to_string() && row.address == "192.0.2.7")
            );
            break;
        }
        assert!(Instant::now() < deadline, "{actions:?}");
    }
    let foreign = identity::audit::of_tenant(&town.world.db, other.id, 10).await.unwrap();
    assert!(foreign.iter().all(|row| row.target != "Acme Two"));
}

/// Every statement of both domains can be planned by the role that runs it, and names its tenant.
#[tokio::test]
async fn statements_and_tables_are_sound() {
    let town = Town::new().await;
    let report = kernel_db::check::run(&town.world.cluster.urls()).await.unwrap();
    let ours = |subject: &str| {
        ["identity", "tenancy", "control.", "logs."].iter().any(|start| subject.starts_with(start))
    };
    let findings: Vec<String> =
        report.findings.iter().filter(|found| ours(&found.subject)).map(ToString::to_string).collect();
    assert_eq!(findings, Vec::<String>::new());
    assert!(report.statements > 60, "{}", report.statements);
}

//! The account's own settings.

use crate::world::World;
use identity::Theme;
use identity::account::Profile;
use kernel_core::{Code, TenantId, UserId};

#[tokio::test]
async fn profile() {
    let world = World::new().await;
    let user = world.person("Alex").await;
    let profile = |name, time_zone, theme, locale| Profile { name, time_zone, theme, locale };
    let good = profile(" Alex  van Doe ", "Europe/Berlin", "dark", "de");
    let theme = world.identity.change_profile(user.id, &good).await.unwrap();
    assert_eq!(theme, Theme::Dark);
    let changed = world.identity.user_by_email(&user.email).await.unwrap().unwrap();
    assert_eq!(
        (changed.name.as_str(), changed.time_zone.as_str(), changed.theme),
        ("Alex van Doe", "Europe/Berlin", Theme::Dark)
    );
    assert_eq!(changed.locale.as_deref(), Some("de"));
    let bad = profile("", "Mars/Olympus", "pink", "tlh");
    let error = world.identity.change_profile(user.id, &bad).await.unwrap_err();
    let fields: Vec<&str> = error.field_errors().iter().map(|field| field.field.as_ref()).collect();
    assert_eq!((error.code(), fields), (Code::InvalidFields, vec!["name", "time_zone", "theme", "locale"]));
}

#[tokio::test]
async fn people_by_id_and_their_last_tenant() {
    let world = World::new().await;
    let (alex, mina) = (world.person("Alex").await, world.person("Mina").await);
    let mut found = world.identity.users(&[alex.id, UserId::new(), mina.id]).await.unwrap();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(found.iter().map(|user| user.name.as_str()).collect::<Vec<_>>(), ["Alex", "Mina"]);
    let tenant = TenantId::new();
    world.identity.remember_tenant(alex.id, tenant).await.unwrap();
    let alex = world.identity.user_by_email(&alex.email).await.unwrap().unwrap();
    assert_eq!(alex.last_tenant, Some(tenant));
}

/// Every statement of the domain can be planned by the role that runs it.
#[tokio::test]
async fn statements_are_sound() {
    let world = World::new().await;
    let report = kernel_db::check::run(&world.cluster.urls()).await.unwrap();
    let ours = report.findings.iter().filter(|found| found.subject.starts_with("identity"));
    assert_eq!(ours.map(ToString::to_string).collect::<Vec<_>>(), Vec::<String>::new());
    assert!(report.statements > 30, "{}", report.statements);
}

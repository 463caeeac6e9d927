//! The rule that everybody needs a second factor, and what the end of an account means for organisations.

use crate::browser::Browser;
use crate::pages::{app, logged_in};
use crate::town::{Resident, Town};
use identity::factors::totp;
use identity::leaving::Tie;
use jiff::SignedDuration;
use kernel_core::{Code, Role, Scopes};
use tenancy::NewToken;

/// Sets an authenticator app up and gives its seed.
async fn with_app(town: &Town, resident: &Resident) -> Vec<u8> {
    let world = &town.world;
    let who = world.who(&world.log_in(&resident.user.email).await).await;
    let shown = world.identity.begin_totp(&who).await.unwrap().seed;
    let seed = data_encoding::BASE32_NOPAD.decode(shown.replace(' ', "").as_bytes()).unwrap();
    world.identity.finish_totp(&who, &totp::shown(&seed, world.now()), &world.visit()).await.unwrap();
    world.pass(SignedDuration::from_secs(30));
    seed
}

#[tokio::test]
async fn the_rule_leads_members_to_a_factor_and_leaves_tokens_alone() {
    let town = Town::new().await;
    let (tenant, owner) = town.organisation("Acme").await;
    let mina = town.join(&tenant, &owner, "Mina", Role::Editor).await;
    let visit = town.world.visit();
    let token = NewToken { label: "x".into(), scopes: Scopes::all(), days: None, ..NewToken::default() };
    let token = town.tenancy.create_token(&mina.caller, &token, &visit).await.unwrap();
    let session = town.session(&mina.user).await;
    let jwt = town.tenancy.mint_jwt(tenant.id, mina.user.id, session).unwrap();
    town.tenancy.authenticate(&jwt).await.unwrap();

    let rule = async |who: &Resident, on| town.tenancy.require_second_factor(&who.caller, on, &visit).await;
    assert_eq!(rule(&mina, true).await.unwrap_err().code(), Code::Forbidden);
    assert_eq!(rule(&owner, true).await.unwrap_err().code(), Code::Conflict, "it would lock the owner out");
    let app = app(&town);
    let mut browser = logged_in(&app, &mina.user).await;
    let home = format!("/o/{}/", tenant.slug);
    assert_eq!(browser.get(&home).await.status, 200);
    let seen = browser.get(&format!("{home}security")).await;
    assert!(seen.body.contains("2 of 2 have none: Olga Owner, Mina"), "{}", seen.body);
    assert!(!seen.body.contains("name=\"second_factor\""), "not for editors");

    with_app(&town, &owner).await;
    rule(&owner, true).await.unwrap();
    let led = browser.get(&format!("{home}?a=1")).await;
    let place = format!("/o/{}/second-factor?next=%2Fo%2F{}%2F%3Fa%3D1", tenant.slug, tenant.slug);
    assert_eq!(led.to(), place);
    let page = browser.get(&place).await;
    assert!(page.status == 200 && page.body.contains("Acme asks for a second factor"), "{}", page.body);
    for path in ["team", "tokens", "security"] {
        assert!(browser.get(&format!("{home}{path}")).await.to().contains("/second-factor?"), "{path}");
    }
    for path in ["team/name", "security", "api-token"] {
        let refused = browser.post(&format!("{home}{path}"), &[("name", "x")]).await;
        assert!(refused.status == 403 && refused.body.contains("second factor"), "{path} {}", refused.body);
    }
    assert_eq!(town.tenancy.authenticate(&jwt).await.unwrap_err().code(), Code::Forbidden, "nor by a JWT");
    town.tenancy.authenticate(token.text.expose()).await.unwrap();
    let stranger = town.world.person("Sam").await;
    let mut other = logged_in(&app, &stranger).await;
    assert_eq!(other.get(&place).await.status, 404);

    // Her account is not touched, and what she sets up leads her back.
    let setup = browser.get("/account/security/app?next=%2Fo%2Facme%2F").await;
    assert!(setup.status == 200 && setup.body.contains("name=\"next\" value=\"/o/acme/\""), "{}", setup.body);
    with_app(&town, &mina).await;
    assert_eq!(browser.get(&place).await.to(), format!("{home}?a=1"));
    assert_eq!(browser.get(&home).await.status, 200);
    town.tenancy.authenticate(&jwt).await.unwrap();
    let who = town.world.identity.factors(mina.user.id).await.unwrap();
    assert!(who.asked());

    rule(&owner, false).await.unwrap();
    let bo = town.join(&tenant, &owner, "Bo", Role::Viewer).await;
    assert_eq!(logged_in(&app, &bo.user).await.get(&home).await.status, 200);
}

#[tokio::test]
async fn a_factor_that_was_removed_is_missed_at_once() {
    let town = Town::new().await;
    let (tenant, owner) = town.organisation("Acme").await;
    let who = town.world.who(&town.world.log_in(&owner.user.email).await).await;
    with_app(&town, &owner).await;
    let jwt = town.tenancy.mint_jwt(tenant.id, owner.user.id, who.session).unwrap();
    town.tenancy.require_second_factor(&owner.caller, true, &town.world.visit()).await.unwrap();
    town.tenancy.authenticate(&jwt).await.unwrap();
    town.world.identity.remove_totp(&who, &town.world.visit()).await.unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(5);
    while town.tenancy.authenticate(&jwt).await.is_ok() {
        assert!(
            std::time::Instant::now() < deadline,
            "the clock of the cache stands still: a NOTIFY has to say it"
        );
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_page_changes_the_rule_after_asking_who_is_there() {
    let town = Town::new().await;
    let (tenant, owner) = town.organisation("Acme").await;
    let app = app(&town);
    let mut browser = logged_in(&app, &owner.user).await;
    let path = format!("/o/{}/security", tenant.slug);
    assert!(browser.get(&path).await.body.contains("Set up your own first"));
    let early = browser.post(&path, &[("second_factor", "required")]).await;
    assert!(early.status == 409 && early.body.contains("lock you out"), "{}", early.body);
    with_app(&town, &owner).await;
    assert_eq!(browser.post_without_csrf(&path, &[("second_factor", "required")]).await.status, 403);
    browser.get(&path).await;
    let done = browser.post(&path, &[("second_factor", "required")]).await;
    assert_eq!(done.to(), format!("{path}?note=required"));
    let page = browser.get(done.to()).await;
    assert!(
        page.body.contains("All 1 member has one") && page.body.contains("Don’t require"),
        "{}",
        page.body
    );
    town.world.pass(SignedDuration::from_mins(31));
    browser.get("/account").await;
    let asked = browser.post(&path, &[("second_factor", "optional")]).await;
    assert!(asked.status == 403 && asked.body.contains("name=\"second_factor\" value=\"optional\""));
    assert!(town.tenancy.tenant(tenant.id).await.unwrap().second_factor);
}

#[tokio::test]
async fn an_account_that_ends_leaves_its_organisations() {
    let town = Town::new().await;
    let (tenant, owner) = town.organisation("Acme").await;
    let mina = town.join(&tenant, &owner, "Mina", Role::Editor).await;
    let visit = town.world.visit();
    let identity = &town.world.identity;
    let token =
        NewToken { label: "reports".into(), scopes: Scopes::all(), days: None, ..NewToken::default() };
    let token = town.tenancy.create_token(&mina.caller, &token, &visit).await.unwrap();
    let tie = |sole_owner| Tie { name: "Acme".into(), slug: tenant.slug.clone(), sole_owner };
    assert_eq!(identity.ties_of(mina.user.id).await.unwrap(), [tie(false)]);
    assert_eq!(identity.ties_of(owner.user.id).await.unwrap(), [tie(true)]);
    let who = town.world.who(&town.world.log_in(&owner.user.email).await).await;
    let refused = identity.close_account(&who, &owner.user.email, &visit).await.unwrap_err();
    assert!(refused.code() == Code::Conflict && refused.message().contains("Acme"), "{refused}");

    let who = town.world.who(&town.world.log_in(&mina.user.email).await).await;
    identity.ask_for_export(&who, &visit).await.unwrap();
    town.world.mails(&mina.user.email, 3).await;
    let export = identity.latest_export(mina.user.id).await.unwrap().unwrap();
    let file = identity.export_file(&who, export.id, &visit).await.unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&file[..]), &mut text).unwrap();
    assert!(text.contains("\"label\": \"reports\"") && text.contains("\"role\": \"editor\""), "{text}");
    assert!(!text.contains(token.text.expose()));

    identity.close_account(&who, &mina.user.email, &visit).await.unwrap();
    town.tenancy.authenticate(token.text.expose()).await.unwrap();
    town.world.pass(SignedDuration::from_hours(24 * 14 + 1));
    assert_eq!(identity.close_due_accounts().await.unwrap(), 1);
    assert_eq!(
        town.tenancy.authenticate(token.text.expose()).await.unwrap_err().code(),
        Code::Unauthenticated
    );
    assert_eq!(town.tenancy.members(&owner.caller).await.unwrap().len(), 1);
    assert!(town.tenancy.tenants_of(mina.user.id).await.unwrap().is_empty());
    let trail = async || identity::audit::of_tenant(&town.world.db, tenant.id, 50).await.unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        town.world.jobs.drain().await.unwrap();
        let rows = trail().await;
        if let Some(row) = rows.iter().find(|row| row.action == "member.account_closed") {
            assert_eq!(row.actor, mina.user.id.to_string(), "a pseudonym");
            break;
        }
        assert!(std::time::Instant::now() < deadline, "{rows:?}");
    }
    let mut browser = Browser::new(&app(&town));
    browser.get("/login").await;
    let refused =
        browser.post("/login", &[("email", &mina.user.email), ("password", crate::world::PASSWORD)]).await;
    assert_eq!(refused.status, 401);
}

//! Coming in: who becomes a member, as what, and who does not.

use crate::browser::Browser;
use crate::idp::ISSUER;
use crate::scene::{House, Scene};
use crate::world::PASSWORD;
use kernel_core::{Code, Role};
use serde_json::json;

/// The provider knows this person from now on.
fn knows(scene: &Scene, subject: &str, email: &str, groups: &[&str]) {
    let (subject, email, groups) = (subject.to_owned(), email.to_owned(), json!(groups));
    scene.idp.twisted(move |_, claims| {
        claims.insert("sub".into(), json!(subject));
        claims.insert("email".into(), json!(email));
        claims.remove("email_verified");
        claims.insert("groups".into(), groups.clone());
    });
}

fn at(name: &str, house: &House) -> String {
    format!("{name}@{}", house.domain)
}

#[tokio::test]
async fn the_address_leads_to_the_provider_and_in() {
    let scene = Scene::new().await;
    let house = scene.ready("Acme", &[("role_claim", "groups"), ("role_map", "staff = editor")]).await;
    let (email, subject) = (at("Nina", &house), scene.world.random.token());
    knows(&scene, &subject, &email, &["staff"]);
    let mut browser = Browser::new(&scene.app);
    let page = browser.get("/login?next=/account/email").await;
    assert!(page.body.contains("/login/sso?next=/account/email"), "{}", page.body);
    browser.get("/login/sso?next=/account/email").await;
    for (typed, text) in
        [("", "This is missing"), ("nina", "has no @"), ("nina@nobody.example", "of no organisation")]
    {
        let wrong = browser.post("/login/sso", &[("email", typed), ("next", "/account/email")]).await;
        assert!(wrong.status == 422 && wrong.body.contains(text), "{typed}: {}", wrong.body);
        assert!(wrong.body.contains("value=\"/account/email\""), "where to go on stays");
    }
    let leave =
        browser.post("/login/sso", &[("email", &email.to_uppercase()), ("next", "/account/email")]).await;
    let start = format!("/login/sso/{}?next=%2Faccount%2Femail", house.tenant.slug);
    let shown = leave.body.replace("&#x2f;", "/");
    assert!(leave.status == 200 && shown.contains(&format!("url={start}")), "{shown}");
    let to = browser.get(&start).await.to().to_owned();
    let back = scene.back(&house, &to);
    assert_eq!(browser.get(&back).await.to(), "/account/email");
    assert_eq!(scene.role(&house, &email).await, Some(Role::Editor));
    assert!(browser.get(&format!("/o/{}/", house.tenant.slug)).await.status == 200);
    assert!(browser.get("/account/security").await.body.contains(&format!("SSO of {}", house.tenant.slug)));
    let trail = scene.trail(&house, "member.joined").await;
    assert!(trail.iter().any(|(action, data)| action == "member.joined" && data["by"] == "sso"), "{trail:?}");
    // Again, known by the subject, with another group and another address there.
    knows(&scene, &subject, "somebody@elsewhere.example", &["nobody"]);
    let mut other = Browser::new(&scene.app);
    assert_eq!(scene.by_sso(&mut other, &house).await.to(), format!("/o/{}/", house.tenant.slug));
    assert_eq!(scene.role(&house, &email).await, Some(Role::Editor), "no group, no change");
    // The way back works once, and in one browser.
    assert_eq!(other.get(&back).await.to(), "/login?note=provider-late");
    assert_eq!(browser.get("/login/sso/nobody-at-all").await.status, 404);
}

#[tokio::test]
async fn groups_decide_the_role_at_each_log_in() {
    let scene = Scene::new().await;
    let map = "admins = admin\nstaff = editor";
    let fields = [("default_role", ""), ("role_claim", "groups"), ("role_map", map)];
    let house = scene.ready("Acme", &fields).await;
    let (email, subject) = (at("nina", &house), scene.world.random.token());
    for (groups, expected) in [
        (&["staff"][..], Some(Role::Editor)),
        (&["staff", "admins"][..], Some(Role::Admin)),
        (&["staff"][..], Some(Role::Editor)),
    ] {
        knows(&scene, &subject, &email, groups);
        let answer = scene.by_sso(&mut Browser::new(&scene.app), &house).await;
        assert_eq!(answer.to(), format!("/o/{}/", house.tenant.slug));
        assert_eq!(scene.role(&house, &email).await, expected, "{groups:?}");
    }
    knows(&scene, &subject, &email, &[]);
    let answer = scene.by_sso(&mut Browser::new(&scene.app), &house).await;
    assert!(answer.status == 403 && answer.body.contains("gives you no role"), "{}", answer.body);
    let stranger = at("stranger", &house);
    knows(&scene, &scene.world.random.token(), &stranger, &["visitors"]);
    let mut browser = Browser::new(&scene.app);
    assert_eq!(scene.by_sso(&mut browser, &house).await.status, 403);
    assert!(browser.cookie("__Host-session").is_none());
    assert!(
        scene.world.identity.user_by_email(&stranger).await.unwrap().is_none(),
        "nothing is left of a refusal"
    );
    // An owner stays one, whatever the provider says.
    scene
        .tenancy
        .change_role(
            &house.caller,
            scene.world.identity.user_by_email(&email).await.unwrap().unwrap().id,
            Role::Owner,
            &scene.world.visit(),
        )
        .await
        .unwrap();
    knows(&scene, &subject, &email, &["staff"]);
    assert_eq!(scene.by_sso(&mut Browser::new(&scene.app), &house).await.status, 303);
    assert_eq!(scene.role(&house, &email).await, Some(Role::Owner));
}

#[tokio::test]
async fn a_provider_speaks_for_its_own_domains_alone() {
    let scene = Scene::new().await;
    let (house, other) = (scene.ready("Acme", &[]).await, scene.ready("Beta", &[]).await);
    let victim = scene.world.person("Victim").await;
    let theirs = at("nina", &other);
    for email in [victim.email.as_str(), &theirs, "no address"] {
        knows(&scene, &scene.world.random.token(), email, &[]);
        let mut browser = Browser::new(&scene.app);
        let answer = scene.by_sso(&mut browser, &house).await;
        assert!(
            answer.status == 403 && answer.body.contains("can’t speak for it"),
            "{email}: {}",
            answer.body
        );
        assert!(browser.cookie("__Host-session").is_none());
    }
    // An address that the provider itself calls unverified.
    let email = at("unsure", &house);
    scene.idp.is(&scene.world.random.token(), &email, false);
    let answer = scene.by_sso(&mut Browser::new(&scene.app), &house).await;
    assert!(answer.status == 403 && answer.body.contains("has not verified"), "{}", answer.body);
    // A flow that began with one organisation does not end with another.
    knows(&scene, &scene.world.random.token(), &theirs, &[]);
    let mut browser = Browser::new(&scene.app);
    let to = browser.get(&format!("/login/sso/{}", house.tenant.slug)).await.to().to_owned();
    let state = &scene.idp.visited(&to)["state"];
    let crossed = format!("/login/sso/{}/callback?code=good&state={state}&iss={ISSUER}", other.tenant.slug);
    assert_eq!(browser.get(&crossed).await.to(), "/login?note=provider-late");
    // Who was known here, and whose domain was dropped, is not let in any more.
    let (email, subject) = (at("later", &house), scene.world.random.token());
    knows(&scene, &subject, &email, &[]);
    assert_eq!(scene.by_sso(&mut Browser::new(&scene.app), &house).await.status, 303);
    scene.tenancy.remove_domain(&house.caller, &house.domain, &scene.world.visit()).await.unwrap();
    assert_eq!(scene.by_sso(&mut Browser::new(&scene.app), &house).await.status, 403);
    // The provider refuses, or is not there.
    scene.idp.instead.lock().unwrap().insert("token".into(), (400, "{}".into()));
    assert_eq!(scene.by_sso(&mut Browser::new(&scene.app), &house).await.to(), "/login?note=provider");
}

#[tokio::test]
async fn members_of_the_domain_come_by_no_other_way_once_it_is_the_rule() {
    let scene = Scene::new().await;
    let house = scene.ready("Acme", &[]).await;
    let member = scene.colleague(&house, Role::Editor).await;
    let guest = scene.world.person("Gus Guest").await;
    scene.tenancy.invite(&house.caller, &guest.email, Role::Viewer, &scene.world.visit()).await.unwrap();
    let token = scene.world.link(&guest.email, 2).await;
    scene.tenancy.accept_invite(&guest, &token, &scene.world.visit()).await.unwrap();
    let (mut before, mut owner) = (scene.log_in(&member).await, scene.log_in(&house.owner).await);
    let home = format!("/o/{}/", house.tenant.slug);
    let path = format!("{home}security/sso");
    owner.get(&path).await;
    let early = owner.post(&format!("{path}/rule"), &[("sso", "required")]).await;
    assert!(early.status == 409 && early.body.contains("try out a log-in first"), "{}", early.body);
    // The owner tries it out: nothing changes but the note.
    knows(&scene, &scene.world.random.token(), &at("boss", &house), &[]);
    let leave = owner.post(&format!("{path}/trial"), &[]).await;
    let (_, rest) = leave.body.split_once("content=\"0; url=").unwrap();
    let to = rest.split_once('"').unwrap().0.replace("&amp;", "&").replace("&#x2f;", "/");
    assert_eq!(owner.get(&scene.back(&house, &to)).await.to(), format!("{path}?note=tried"));
    assert!(owner.get(&path).await.body.contains(&format!("{} as viewer", at("boss", &house))));
    assert!(scene.world.identity.user_by_email(&at("boss", &house)).await.unwrap().is_none());
    assert_eq!(
        owner.post(&format!("{path}/rule"), &[("sso", "required")]).await.to(),
        format!("{path}?note=required")
    );
    scene.trail(&house, "sso.required").await;
    // The password is refused with a word; a wrong one is just wrong.
    let refused =
        scene.world.identity.sign_in(&member.email, PASSWORD, None, &scene.world.visit()).await.unwrap_err();
    assert_eq!(refused.code(), Code::SsoRequired);
    let mut browser = Browser::new(&scene.app);
    browser.get("/login").await;
    let page = browser.post("/login", &[("email", &member.email), ("password", PASSWORD)]).await;
    assert!(page.status == 403 && page.body.contains("asks its people to log in"), "{}", page.body);
    let wrong =
        scene.world.identity.sign_in(&member.email, "not the password", None, &scene.world.visit()).await;
    assert_eq!(wrong.unwrap_err().code(), Code::BadCredentials);
    // A session from before, and a link by mail, end at the entrance; the account itself is theirs.
    let led = format!("/login/sso/{}?next={}", house.tenant.slug, home.replace('/', "%2F"));
    assert_eq!(before.get(&home).await.to(), led);
    assert_eq!(before.get("/account/security").await.status, 200);
    assert_eq!(before.post(&format!("{home}api-token"), &[]).await.status, 403);
    // Through the provider they are in, with the account they had.
    knows(&scene, &scene.world.random.token(), &member.email, &[]);
    let to = before.get(&led).await.to().to_owned();
    let back = scene.back(&house, &to);
    assert_eq!(before.get(&back).await.to(), home);
    assert_eq!(before.get(&home).await.status, 200);
    assert_eq!(scene.role(&house, &member.email).await, Some(Role::Editor), "the role they had");
    // Guests of other domains and owners come as before.
    assert_eq!(scene.log_in(&guest).await.get(&home).await.status, 200);
    assert_eq!(scene.log_in(&house.owner).await.get(&home).await.status, 200);
    // Also those of the domain, should the provider fail.
    scene.tenancy.change_role(&house.caller, member.id, Role::Owner, &scene.world.visit()).await.unwrap();
    assert_eq!(scene.log_in(&member).await.get(&home).await.status, 200);
    scene.tenancy.change_role(&house.caller, member.id, Role::Editor, &scene.world.visit()).await.unwrap();
    // A changed provider has to be tried out again before it is the only way in.
    let typed = [("issuer", ISSUER), ("client_id", "another"), ("default_role", "viewer")];
    assert_eq!(owner.post(&path, &typed).await.to(), format!("{path}?note=saved"));
    scene.log_in(&member).await;
}

#[tokio::test]
async fn who_was_removed_is_not_brought_back() {
    let scene = Scene::new().await;
    let house = scene.ready("Acme", &[]).await;
    let (email, subject) = (at("nina", &house), scene.world.random.token());
    knows(&scene, &subject, &email, &[]);
    let mut browser = Browser::new(&scene.app);
    let home = format!("/o/{}/", house.tenant.slug);
    assert_eq!(scene.by_sso(&mut browser, &house).await.to(), home);
    let user = scene.world.identity.user_by_email(&email).await.unwrap().unwrap();
    scene.tenancy.remove_member(&house.caller, user.id, &scene.world.visit()).await.unwrap();
    assert_eq!(browser.get(&home).await.status, 404, "at once");
    let answer = scene.by_sso(&mut Browser::new(&scene.app), &house).await;
    assert!(answer.status == 403 && answer.body.contains("You were removed"), "{}", answer.body);
    assert_eq!(scene.role(&house, &email).await, None);
    scene.tenancy.invite(&house.caller, &email, Role::Editor, &scene.world.visit()).await.unwrap();
    let token = scene.world.link(&email, 1).await;
    scene.tenancy.accept_invite(&user, &token, &scene.world.visit()).await.unwrap();
    assert_eq!(scene.by_sso(&mut Browser::new(&scene.app), &house).await.to(), home);
    assert_eq!(scene.role(&house, &email).await, Some(Role::Editor));
}

#[tokio::test]
async fn what_one_provider_says_of_factors_does_not_bind_another_organisation() {
    let scene = Scene::new().await;
    let (house, other) = (scene.ready("Acme", &[]).await, scene.house("Beta").await);
    let member = scene.colleague(&house, Role::Editor).await;
    let who = scene.world.who(&scene.world.log_in(&member.email).await).await;
    let shown = scene.world.identity.begin_totp(&who).await.unwrap().seed;
    let seed = data_encoding::BASE32_NOPAD.decode(shown.replace(' ', "").as_bytes()).unwrap();
    let code = identity::factors::totp::shown(&seed, scene.world.now());
    scene.world.identity.finish_totp(&who, &code, &scene.world.visit()).await.unwrap();
    let (subject, email) = (scene.world.random.token(), member.email.clone());
    scene.idp.twisted(move |_, claims| {
        claims.insert("sub".into(), json!(subject));
        claims.insert("email".into(), json!(email));
        claims.insert("amr".into(), json!(["mfa"]));
    });
    let home = format!("/o/{}/", house.tenant.slug);
    assert_eq!(scene.by_sso(&mut Browser::new(&scene.app), &house).await.to(), home, "of this one alone");
    // Owners show a factor of their own, whatever their provider says.
    let visit = scene.world.visit();
    scene.tenancy.change_role(&house.caller, member.id, Role::Owner, &visit).await.unwrap();
    let asked = scene.by_sso(&mut Browser::new(&scene.app), &house).await;
    assert!(asked.to().starts_with("/login/code"), "an owner: {}", asked.to());
    scene.tenancy.change_role(&house.caller, member.id, Role::Editor, &visit).await.unwrap();
    scene.tenancy.invite(&other.caller, &member.email, Role::Viewer, &scene.world.visit()).await.unwrap();
    let token = scene.world.link(&member.email, 3).await;
    scene.tenancy.accept_invite(&member, &token, &scene.world.visit()).await.unwrap();
    let asked = scene.by_sso(&mut Browser::new(&scene.app), &house).await;
    assert!(asked.to().starts_with("/login/code"), "of two: the person's own factor");
}

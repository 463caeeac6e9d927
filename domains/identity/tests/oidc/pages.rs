//! Logging in with an account elsewhere, as a browser sees it.

use crate::browser::{Answer, Browser};
use crate::idp::{ACCESS, CLIENT, ISSUER, Idp, SECRET, Wire};
use crate::world::{PASSWORD, World};
use axum::Router;
use identity::Identity;
use identity::factors::totp;
use identity::oidc::{Protocol, Provider};
use jiff::SignedDuration;
use kernel_core::sealed::Sealing;
use kernel_core::secret::SigningKey;
use kernel_core::{Clock, Code, Secret};
use kernel_db::statements;
use kernel_web::Portals;
use serde_json::json;
use std::sync::Arc;

statements! {
    global Control IDENTITIES_OF = "select issuer, subject from control.identities i join control.users u on u.id = i.user_id where u.email = $1";
    platform Control KEPT = "select i::text as kept from control.identities i union all select s::text from control.sessions s
        union all select u::text from control.users u union all select d::text from control.devices d
        union all select j.payload::text from control.jobs j";
}

/// A world with the provider "Acme" and GitHub.
async fn scene() -> (World, Arc<Idp>) {
    let world = World::new().await;
    let clock = Clock::Fixed(world.clock.clone());
    let idp = Idp::new({
        let clock = clock.clone();
        move || clock.now()
    });
    let protocol = Protocol::new(Arc::new(Wire(Arc::clone(&idp))), clock, world.random.clone());
    let providers = vec![
        Provider::open_id("oidc", "Acme", ISSUER, CLIENT.into(), Secret::new(SECRET)),
        Provider::github("https://github.com", CLIENT.into(), Secret::new(SECRET)),
    ];
    let sealing = Sealing::new(&SigningKey::new([7; 32]), &[], world.random.clone()).unwrap();
    let places = (world.db.clone(), world.web.clone());
    let identity = Identity::with_providers(places, 2, sealing, protocol, providers).unwrap();
    (World { identity, ..world }, idp)
}

fn app(world: &World) -> Router {
    let portals = Portals { app: Some(identity::routes(&world.identity)), ..Portals::default() };
    kernel_web::by_host(&world.web, portals)
}

/// A subject that nobody had before.
fn subject(world: &World) -> String {
    world.random.token()
}

/// Goes to the provider and gives the address that it sends back to.
async fn visit(browser: &mut Browser, idp: &Idp, path: &str) -> String {
    let to = browser.get(path).await.to().to_owned();
    back(idp, &to)
}

fn back(idp: &Idp, to: &str) -> String {
    assert!(to.starts_with("https://idp.example/authorize?"), "{to}");
    let query = idp.visited(to);
    assert_eq!(query["redirect_uri"], "http://app.nclc.localhost:8080/login/with/oidc/callback");
    format!("/login/with/oidc/callback?code=good&state={}&iss={ISSUER}", query["state"])
}

async fn log_in(browser: &mut Browser, idp: &Idp) -> Answer {
    let back = visit(browser, idp, "/login/with/oidc").await;
    browser.get(&back).await
}

#[tokio::test]
async fn a_new_person_signs_up_without_password_and_comes_back() {
    let (world, idp) = scene().await;
    let (email, subject) = (world.address("Alex"), subject(&world));
    idp.is(&subject, &email, true);
    let mut browser = Browser::new(&app(&world));
    let page = browser.get("/signup?next=/account").await;
    assert!(
        page.body.contains("/login/with/oidc?next=/account") && page.body.contains("GitHub"),
        "{}",
        page.body
    );
    let back = visit(&mut browser, &idp, "/login/with/oidc?next=/account").await;
    let answer = browser.get(&back).await;
    assert_eq!(answer.to(), "/account");
    assert!(browser.cookie("__Host-oidc").is_none() && browser.cookie("__Host-session").is_some());
    let user = world.identity.user_by_email(&email).await.unwrap().unwrap();
    assert_eq!((user.name.as_str(), user.email.as_str()), ("Alex Elsewhere", email.as_str()));
    let page = browser.get("/account/security").await;
    assert!(page.body.contains("Acme") && page.body.contains("You have none"), "{}", page.body);
    // No password works, nor does an empty one.
    for password in [PASSWORD, "!"] {
        let error = world.identity.sign_in(&email, password, None, &world.visit()).await.unwrap_err();
        assert_eq!(error.code(), Code::BadCredentials);
    }
    // The same person, whatever the address there is now.
    idp.is(&subject, "moved@elsewhere.example", false);
    let mut other = Browser::new(&app(&world));
    assert_eq!(log_in(&mut other, &idp).await.to(), "/");
    let page = other.get("/account/security").await;
    assert!(
        page.body.contains("moved@elsewhere.example")
            && other.get("/account/email").await.body.contains(&email)
    );
    assert!(world.identity.user_by_email("moved@elsewhere.example").await.unwrap().is_none());
    assert_eq!(world.mails(&email, 1).await[0].0, "NCLC: New browser");
}

#[tokio::test]
async fn an_address_that_both_sides_have_verified_joins_the_two() {
    let (world, idp) = scene().await;
    let user = world.person("Mina").await;
    idp.is(&subject(&world), &user.email.to_uppercase(), true);
    let mut browser = Browser::new(&app(&world));
    assert_eq!(log_in(&mut browser, &idp).await.to(), "/");
    assert!(browser.get("/account/email").await.body.contains(&user.email));
    let mails = world.mails(&user.email, 2).await;
    assert!(mails[1].0.contains("Another way to log in") && mails[1].1.contains("Acme"), "{mails:?}");
    // The password works as before.
    world.log_in(&user.email).await;
}

#[tokio::test]
async fn an_address_that_the_provider_has_not_verified_joins_nothing() {
    let (world, idp) = scene().await;
    let user = world.person("Victim").await;
    let nobody = world.address("nobody");
    for email in [user.email.as_str(), &nobody, "", "no address"] {
        idp.is(&subject(&world), email, false);
        *idp.userinfo.lock().unwrap() = json!({});
        let mut browser = Browser::new(&app(&world));
        let to = match email {
            // Without an address the provider is asked for one, and answers about nobody.
            "" => "/login?note=provider",
            _ => "/login?note=provider-email",
        };
        assert_eq!(log_in(&mut browser, &idp).await.to(), to, "{email}");
        assert!(browser.cookie("__Host-session").is_none());
        if !email.is_empty() {
            let page = browser.get(to).await;
            assert!(page.body.contains("does not vouch for your e-mail address"), "{}", page.body);
        }
    }
    assert!(world.db.global(&IDENTITIES_OF, &[&user.email]).await.unwrap().is_empty());
    assert!(world.identity.user_by_email(&nobody).await.unwrap().is_none());
    // GitHub tells no verified address.
    *idp.userinfo.lock().unwrap() = json!([{"email": user.email, "primary": true, "verified": false}]);
    let mut browser = Browser::new(&app(&world));
    let to = browser.get("/login/with/github").await.to().to_owned();
    let state = &idp.visited(&to)["state"];
    let answer = browser.get(&format!("/login/with/github/callback?code=good&state={state}")).await;
    assert_eq!(answer.to(), "/login?note=provider-email");
    assert_eq!(world.mails(&user.email, 1).await.len(), 1, "the confirmation alone");
}

#[tokio::test]
async fn only_the_browser_that_began_can_finish_and_once() {
    let (world, idp) = scene().await;
    idp.is(&subject(&world), &world.address("alex"), true);
    let (mut browser, mut other) = (Browser::new(&app(&world)), Browser::new(&app(&world)));
    let back = visit(&mut browser, &idp, "/login/with/oidc").await;
    let asked = idp.times("/token");
    let late = "/login?note=provider-late";
    assert_eq!(other.get(&back).await.to(), late, "another browser has no cookie");
    visit(&mut other, &idp, "/login/with/oidc").await;
    assert_eq!(other.get(&back).await.to(), late, "nor that of another flow");
    assert!(other.get(late).await.body.contains("begun in another window"));
    assert_eq!(idp.times("/token"), asked, "nobody was asked");
    let back = visit(&mut browser, &idp, "/login/with/oidc").await;
    assert_eq!(browser.get(&back).await.to(), "/");
    assert_eq!(browser.get(&back).await.to(), late, "a second time");
    let mut slow = Browser::new(&app(&world));
    let back = visit(&mut slow, &idp, "/login/with/oidc").await;
    world.pass(SignedDuration::from_mins(10));
    assert_eq!(slow.get(&back).await.to(), late, "after ten minutes");
    let back = visit(&mut slow, &idp, "/login/with/oidc").await;
    let elsewhere = back.replace("/with/oidc/", "/with/github/");
    assert_eq!(slow.get(&elsewhere).await.to(), late, "the other provider's address");
    for path in ["/login/with/nobody", "/login/with/nobody/callback?code=good&state=x"] {
        assert_eq!(slow.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn refusals_and_faults_lead_back_with_a_word() {
    let (world, idp) = scene().await;
    let mut browser = Browser::new(&app(&world));
    let back = visit(&mut browser, &idp, "/login/with/oidc?next=/account").await;
    let refused = back.replace("code=good", "error=access_denied%0d%0aforged");
    let to = browser.get(&refused).await.to().to_owned();
    assert_eq!(to, "/login?next=%2Faccount&note=provider-cancelled");
    assert!(browser.get(&to).await.body.contains("did not agree"));
    assert!(browser.cookie("__Host-oidc").is_none());
    for (change, what) in [("code=good", "code=stolen"), ("code=good", "code="), ("iss=https", "iss=http")] {
        let back = visit(&mut browser, &idp, "/login/with/oidc").await;
        let answer = browser.get(&back.replace(change, what)).await;
        assert_eq!(answer.to(), "/login?note=provider", "{what}");
        assert!(browser.cookie("__Host-session").is_none());
    }
    assert!(browser.get("/login?note=provider").await.body.contains("did not confirm who you are"));
    idp.instead.lock().unwrap().insert(".well-known/openid-configuration".into(), (0, String::new()));
    world.pass(SignedDuration::from_hours(1));
    assert_eq!(browser.get("/login/with/oidc").await.to(), "/login?note=provider", "it is not there");
}

#[tokio::test]
async fn the_second_factor_is_owed_unless_the_provider_asked_for_several() {
    let (world, idp) = scene().await;
    let alex = world.person("Alex").await;
    let who = world.who(&world.log_in(&alex.email).await).await;
    let shown = world.identity.begin_totp(&who).await.unwrap().seed;
    let seed = data_encoding::BASE32_NOPAD.decode(shown.replace(' ', "").as_bytes()).unwrap();
    let code = totp::shown(&seed, world.now());
    world.identity.finish_totp(&who, &code, &world.visit()).await.unwrap();
    let subject = subject(&world);
    idp.is(&subject, &alex.email, true);
    let mut browser = Browser::new(&app(&world));
    let back = visit(&mut browser, &idp, "/login/with/oidc?next=/account").await;
    assert_eq!(browser.get(&back).await.to(), "/login/code?next=%2Faccount");
    assert!(browser.cookie("__Host-session").is_none());
    let email = alex.email.clone();
    idp.twisted(move |_, claims| {
        claims.insert("sub".into(), json!(subject));
        claims.insert("email".into(), json!(email));
        claims.insert("amr".into(), json!(["pwd", "mfa"]));
    });
    let mut browser = Browser::new(&app(&world));
    assert_eq!(log_in(&mut browser, &idp).await.to(), "/");
    let page = browser.get("/account/security").await;
    assert!(page.body.contains("Acme and its second factor"), "{}", page.body);
}

#[tokio::test]
async fn beginning_again_and_again_is_limited() {
    let (world, idp) = scene().await;
    let mut browser = Browser::new(&app(&world));
    for _ in 0..120 {
        assert_eq!(browser.get("/login/with/oidc").await.status, 303);
    }
    let limited = browser.get("/login/with/oidc").await;
    assert!(limited.status == 429 && !limited.header("retry-after").is_empty(), "{}", limited.status);
    assert_eq!(idp.times("openid-configuration"), 1, "what the provider says of itself is kept");
}

/// The address that the page on the way to a provider leads to.
fn leads_to(page: &Answer) -> String {
    assert_eq!(page.status, 200, "{}", page.body);
    let (_, rest) = page.body.split_once("content=\"0; url=").unwrap();
    rest.split_once('"').unwrap().0.replace("&amp;", "&").replace("&#x2f;", "/")
}

#[tokio::test]
async fn accounts_are_connected_and_the_connection_is_removed() {
    let (world, idp) = scene().await;
    let (user, taken) = (world.person("Alex").await, subject(&world));
    let login = [("email", user.email.as_str()), ("password", PASSWORD)];
    let mut browser = Browser::new(&app(&world));
    browser.get("/login").await;
    browser.post("/login", &login).await;
    let page = browser.get("/account/security").await;
    assert!(page.body.contains("Connect Acme"));
    // The address there has nothing to do with it, and is not verified.
    idp.is(&taken, "private@home.example", false);
    let link = "/account/security/providers/oidc";
    assert_eq!(browser.post_without_csrf(link, &[]).await.status, 403);
    let to = leads_to(&browser.post(link, &[]).await);
    let answer = browser.get(&back(&idp, &to)).await;
    assert_eq!(answer.to(), "/account/security?note=provider-connected");
    let page = browser.get("/account/security?note=provider-connected").await;
    assert!(page.body.contains("private@home.example") && page.body.contains("The account is connected"));
    assert!(world.mails(&user.email, 2).await[1].0.contains("Another way to log in"));
    let mut other = Browser::new(&app(&world));
    assert_eq!(log_in(&mut other, &idp).await.to(), "/");
    assert!(other.get("/account/email").await.body.contains(&user.email));
    // Somebody else can't have it as well, and a flow of one person does not end with another.
    let mina = world.person("Mina").await;
    let mut third = Browser::new(&app(&world));
    third.get("/login").await;
    third.post("/login", &[("email", &mina.email), ("password", PASSWORD)]).await;
    third.get("/account/security").await;
    let to = leads_to(&third.post(link, &[]).await);
    assert_eq!(third.get(&back(&idp, &to)).await.to(), "/account/security?note=provider-taken");
    let to = leads_to(&third.post(link, &[]).await);
    third.post("/logout", &[]).await;
    assert_eq!(third.get(&back(&idp, &to)).await.to(), "/login?note=provider-late");
    // Away with it; the password is left.
    let page = browser.get("/account/security").await;
    let id =
        page.body.split("/account/security/linked/").nth(1).unwrap().split('/').next().unwrap().to_owned();
    assert_eq!(
        other.post("/account/security/linked/lnd_0000000000000000000000/remove", &[]).await.status,
        404
    );
    let remove = format!("/account/security/linked/{id}/remove");
    let mut stranger = Browser::new(&app(&world));
    stranger.get("/login").await;
    stranger.post("/login", &[("email", &mina.email), ("password", PASSWORD)]).await;
    stranger.get("/account/security").await;
    assert_eq!(stranger.post(&remove, &[]).await.status, 404);
    assert_eq!(browser.post(&remove, &[]).await.to(), "/account/security?note=provider-removed");
    assert_eq!(browser.post(&remove, &[]).await.status, 404, "once");
    assert!(world.db.global(&IDENTITIES_OF, &[&user.email]).await.unwrap().is_empty());
    let mails = world.mails(&user.email, 4).await;
    assert!(mails[3].0.contains("A way to log in was removed"), "{mails:?}");
}

#[tokio::test]
async fn the_last_way_in_stays_and_the_provider_answers_for_who_is_there() {
    let (world, idp) = scene().await;
    let email = world.address("only");
    idp.is(&subject(&world), &email, true);
    let mut browser = Browser::new(&app(&world));
    log_in(&mut browser, &idp).await;
    let page = browser.get("/account/security").await;
    let id =
        page.body.split("/account/security/linked/").nth(1).unwrap().split('/').next().unwrap().to_owned();
    let remove = format!("/account/security/linked/{id}/remove");
    assert_eq!(browser.post(&remove, &[]).await.to(), "/account/security?note=provider-last");
    let page = browser.get("/account/security?note=provider-last").await;
    assert!(page.body.contains("only way to log in"));
    assert_eq!(world.db.global(&IDENTITIES_OF, &[&email]).await.unwrap().len(), 1);
    // Later, something sensitive asks who is there: there is no password to ask for.
    world.pass(SignedDuration::from_mins(31));
    let asked = browser.get("/account/email").await.to().to_owned();
    assert_eq!(asked, "/confirm?next=%2Faccount%2Femail");
    let page = browser.get(&asked).await;
    let again = "/login/with/oidc?again=1&amp;next=/account/email";
    assert!(page.body.contains(again) && !page.body.contains("_password"), "{}", page.body);
    let back = visit(&mut browser, &idp, &again.replace("&amp;", "&")).await;
    assert_eq!(browser.get(&back).await.to(), "/account/email");
    assert_eq!(browser.get("/account/email").await.status, 200, "asked no more");
    // A password by mail is another way in.
    world.identity.forgot_password(&email, &world.visit()).await.unwrap();
    let token = world.link(&email, 1).await;
    world.identity.reset_password(&token, "nine silver spoons", &world.visit()).await.unwrap();
    let mut browser = Browser::new(&app(&world));
    log_in(&mut browser, &idp).await;
    browser.get("/account/security").await;
    assert_eq!(browser.post(&remove, &[]).await.to(), "/account/security?note=provider-removed");
}

#[tokio::test]
async fn what_the_provider_hands_out_goes_nowhere_else() {
    let (world, idp) = scene().await;
    let email = world.address("Alex");
    idp.is(&subject(&world), &email, true);
    let mut browser = Browser::new(&app(&world));
    let back = visit(&mut browser, &idp, "/login/with/oidc").await;
    let mut seen = Vec::new();
    let answer = browser.get(&back).await;
    seen.push(format!("{:?} {}", answer.headers, answer.body));
    for path in ["/account", "/account/security", "/account/email"] {
        let page = browser.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        seen.push(format!("{:?} {}", page.headers, page.body));
    }
    // Not kept either.
    seen.extend(world.db.platform(&KEPT, &[]).await.unwrap().iter().map(|row| row.get::<_, String>("kept")));
    let id_token = idp.token();
    assert!(id_token.len() > 100 && seen.len() > 6);
    let mut parts = id_token.split('.');
    let (head, claims) = (parts.next().unwrap(), parts.next().unwrap());
    for text in &seen {
        assert!(!text.contains(ACCESS) && !text.contains(claims), "{text}");
        assert!(!text.contains(&format!("{head}.")), "{text}");
    }
}

//! Links to log in, changes of the address, and browsers that are known.

use crate::browser::Browser;
use crate::factors::Guarded;
use crate::pages::app;
use crate::world::{PASSWORD, World, token_in, visit};
use identity::session::SignIn;
use jiff::SignedDuration;
use kernel_core::Code;

#[tokio::test]
async fn a_link_logs_in_once_in_the_browser_that_asked() {
    let world = World::new().await;
    let user = world.person("Alex").await;
    let mut browser = Browser::new(&app(&world));
    browser.get("/login/link?next=/account").await;
    let wrong = browser.post("/login/link", &[("email", "alex@acme"), ("next", "/account")]).await;
    assert!(
        wrong.status == 422 && wrong.body.contains("alex@acme") && wrong.body.contains("lacks an ending")
    );
    let sent = browser.post("/login/link", &[("email", &user.email), ("next", "/account")]).await;
    assert_eq!(sent.to(), "/login/link?sent=1");
    let token = world.link(&user.email, 2).await;
    let offer = browser.get(&format!("/link?token={token}")).await;
    assert!(offer.status == 200 && offer.body.contains("in this browser"), "{}", offer.body);
    assert!(browser.cookie("__Host-session").is_none(), "opening it changes nothing");
    assert_eq!(browser.post("/link", &[("token", &token)]).await.to(), "/account");
    assert!(browser.cookie("__Host-session").is_some());
    assert!(browser.get("/account/security").await.body.contains("<td data-l=\"With\">link</td>"));
    let mut again = Browser::new(&app(&world));
    assert_eq!(again.get(&format!("/link?token={token}")).await.status, 410);
    again.get("/login").await;
    assert_eq!(again.post("/link", &[("token", &token), ("confirmed", "1")]).await.status, 410);
}

#[tokio::test]
async fn another_browser_is_asked_first() {
    let world = World::new().await;
    let user = world.person("Alex").await;
    let (mut asker, mut other) = (Browser::new(&app(&world)), Browser::new(&app(&world)));
    asker.get("/login/link").await;
    asker.post("/login/link", &[("email", &user.email)]).await;
    let token = world.link(&user.email, 2).await;
    let offer = other.get(&format!("/link?token={token}")).await;
    assert!(offer.body.contains("Was it you?") && offer.body.contains("203.0.113.9"));
    let asked = other.post("/link", &[("token", &token)]).await;
    assert!(asked.status == 200 && asked.body.contains("Was it you?"), "not without a word");
    assert!(other.cookie("__Host-session").is_none());
    assert_eq!(other.post("/link", &[("token", &token), ("confirmed", "1")]).await.to(), "/");
    assert!(other.cookie("__Host-session").is_some());
}

#[tokio::test]
async fn known_and_unknown_addresses_get_the_same_answer() {
    let world = World::new().await;
    let user = world.person("Alex").await;
    let unknown = world.address("nobody");
    let mut answers = Vec::new();
    for email in [&user.email, &unknown] {
        let mut browser = Browser::new(&app(&world));
        browser.get("/login/link").await;
        let answer = browser.post("/login/link", &[("email", email)]).await;
        let mut names: Vec<_> = answer.headers.keys().map(|name| name.as_str().to_owned()).collect();
        names.sort();
        answers.push((answer.status, answer.to().to_owned(), names, answer.body.clone()));
    }
    assert_eq!(answers[0], answers[1]);
    world.link(&user.email, 2).await;
    assert!(world.mails(&unknown, 0).await.is_empty());
    for _ in 0..3 {
        world.identity.ask_for_link(&unknown, None, &visit("198.51.100.7")).await.unwrap();
    }
    let limited = world.identity.ask_for_link(&unknown, None, &visit("198.51.100.8")).await.unwrap_err();
    assert_eq!(limited.code(), Code::RateLimited, "mails to one address are limited, whoever asks");
}

#[tokio::test]
async fn a_link_ends_after_a_quarter_of_an_hour_and_with_a_new_password() {
    let world = World::new().await;
    let user = world.person("Alex").await;
    let browser = world.identity.ask_for_link(&user.email, None, &world.visit()).await.unwrap();
    let token = world.link(&user.email, 2).await;
    world.pass(SignedDuration::from_mins(15));
    let late = world.identity.use_link(&token, Some(browser.expose()), false, None, &world.visit()).await;
    assert_eq!(late.unwrap_err().code(), Code::LinkExpired);
    let browser = world.identity.ask_for_link(&user.email, None, &world.visit()).await.unwrap();
    let token = world.link(&user.email, 3).await;
    let who = world.who(&world.log_in(&user.email).await).await;
    world.identity.change_password(&who, PASSWORD, "nine silver spoons", &world.visit()).await.unwrap();
    let ended = world.identity.use_link(&token, Some(browser.expose()), false, None, &world.visit()).await;
    assert_eq!(ended.unwrap_err().code(), Code::LinkExpired);
}

#[tokio::test]
async fn a_link_owes_the_second_factor() {
    let world = World::new().await;
    let alex = Guarded::new(&world).await;
    let browser = world.identity.ask_for_link(&alex.user.email, None, &world.visit()).await.unwrap();
    let token = world.link(&alex.user.email, 3).await;
    let (outcome, _) =
        world.identity.use_link(&token, Some(browser.expose()), false, None, &world.visit()).await.unwrap();
    assert!(matches!(outcome, SignIn::Second(_)));
}

#[tokio::test]
async fn an_address_changes_when_both_have_confirmed() {
    let world = World::new().await;
    let user = world.person("Alex").await;
    let mut browser = Browser::new(&app(&world));
    browser.get("/login").await;
    browser.post("/login", &[("email", &user.email), ("password", PASSWORD)]).await;
    let new = world.address("moved");
    browser.get("/account/email").await;
    for (typed, text) in [
        ("", "This is missing."),
        ("alex@acme", "lacks an ending"),
        (user.email.as_str(), "is your address already"),
        (&format!("{}@acme.example", "x".repeat(300)), "longer than 254"),
    ] {
        let wrong = browser.post("/account/email", &[("email", typed)]).await;
        assert!(wrong.status == 422 && wrong.body.contains(text), "{typed:?} {}", wrong.body);
        assert!(wrong.body.contains(&format!("value=\"{typed}\"")), "{typed:?} stays");
    }
    assert_eq!(browser.post("/account/email", &[("email", &new)]).await.to(), "/account?note=email");
    let old_link = world.link(&user.email, 2).await;
    let new_link = world.link(&new, 1).await;
    assert!(browser.get("/account").await.body.contains("neither address has confirmed yet"));
    let mut other = Browser::new(&app(&world));
    let page = other.get(&format!("/email?token={new_link}")).await;
    assert!(page.status == 200 && page.body.contains(&new));
    assert!(other.post("/email", &[("token", &new_link)]).await.body.contains("One more"));
    let again = other.post("/email", &[("token", &new_link)]).await;
    assert_eq!(again.status, 410, "a link is used once");
    assert!(world.identity.user_by_email(&new).await.unwrap().is_none());
    assert!(browser.get("/account").await.body.contains("the present one is missing"));
    assert!(other.post("/email", &[("token", &old_link)]).await.body.contains("The address is changed"));
    assert_eq!(world.identity.user_by_email(&new).await.unwrap().unwrap().id, user.id);
    assert!(world.identity.user_by_email(&user.email).await.unwrap().is_none());
    assert!(browser.get("/account").await.body.contains(&new), "sessions stay");
    let former = world.mails(&user.email, 3).await;
    assert!(former[2].0.contains("address was changed") && former[2].1.contains(&new), "{former:?}");
}

#[tokio::test]
async fn an_address_that_has_an_account_is_told_to_its_owner_alone() {
    let world = World::new().await;
    let (alex, mina) = (world.person("Alex").await, world.person("Mina").await);
    let who = world.who(&world.log_in(&alex.email).await).await;
    world.identity.ask_email_change(&who, &mina.email.to_uppercase(), &world.visit()).await.unwrap();
    let old = world.link(&alex.email, 2).await;
    assert_eq!(world.identity.confirm_email_change(&old, &world.visit()).await.unwrap(), None);
    let told = world.mails(&mina.email.to_uppercase(), 1).await;
    assert!(told[0].0.contains("already have an account"), "{told:?}");
}

#[tokio::test]
async fn a_change_of_the_address_is_cancelled_expires_and_gives_way_to_the_next() {
    let world = World::new().await;
    let user = world.person("Alex").await;
    let who = world.who(&world.log_in(&user.email).await).await;
    let ask = async |name: &str| {
        let new = world.address(name);
        world.identity.ask_email_change(&who, &new, &world.visit()).await.unwrap();
        let link = token_in(&world.mails(&new, 1).await[0].1);
        (new, link)
    };
    let (_, first) = ask("first").await;
    let (second, link) = ask("second").await;
    let ended = async |token: &str| {
        let error = world.identity.confirm_email_change(token, &world.visit()).await.unwrap_err();
        assert_eq!(error.code(), Code::LinkExpired);
    };
    ended(&first).await;
    assert_eq!(world.identity.pending_email(user.id).await.unwrap().unwrap().email, second);
    world.identity.cancel_email_change(&who, &world.visit()).await.unwrap();
    ended(&link).await;
    assert_eq!(world.identity.pending_email(user.id).await.unwrap(), None);
    let (_, link) = ask("third").await;
    world.pass(SignedDuration::from_hours(24));
    ended(&link).await;
}

#[tokio::test]
async fn a_new_browser_is_told_and_a_known_one_is_not() {
    let world = World::new().await;
    let user = world.person("Alex").await;
    let login = [("email", user.email.as_str()), ("password", PASSWORD)];
    let mut first = Browser::new(&app(&world));
    first.get("/login").await;
    first.post("/login", &login).await;
    let device = first.cookie("__Host-device").unwrap().to_owned();
    first.get("/account").await;
    first.post("/logout", &[]).await;
    first.get("/login").await;
    first.post("/login", &login).await;
    assert_eq!(first.cookie("__Host-device"), Some(device.as_str()));
    assert_eq!(world.mails(&user.email, 1).await.len(), 1, "neither the first browser nor a known one");
    let mut second = Browser::new(&app(&world));
    second.get("/login").await;
    second.post("/login", &login).await;
    let mails = world.mails(&user.email, 2).await;
    assert!(mails[1].0.contains("New browser") && mails[1].1.contains("203.0.113.9"), "{mails:?}");
}

//! Signing up and confirming the address.

use crate::world::{PASSWORD, World, token_in, visit};
use identity::signup::NewAccount;
use jiff::SignedDuration;
use kernel_core::Code;

fn account(email: &str) -> NewAccount {
    NewAccount {
        name: "Alex Doe".into(),
        email: email.into(),
        password: PASSWORD.into(),
        next: Some("/invite?token=x".into()),
    }
}

#[tokio::test]
async fn the_link_makes_the_account_and_signs_in_the_browser_that_asked() {
    let world = World::new().await;
    let email = world.address("alex");
    let browser = world.identity.sign_up(&account(&email), &world.visit()).await.unwrap();
    assert!(world.identity.user_by_email(&email).await.unwrap().is_none(), "no account before the link");
    let token = world.link(&email, 1).await;
    assert_eq!(world.identity.confirmation(&token).await.unwrap(), email);
    let confirmed = world.identity.confirm(&token, Some(browser.expose()), &world.visit()).await.unwrap();
    assert_eq!(confirmed.next.as_deref(), Some("/invite?token=x"));
    let session = confirmed.session.unwrap();
    let signed_in =
        world.identity.session(session.token.expose(), world.visit().address).await.unwrap().unwrap();
    assert_eq!((signed_in.user.email.as_str(), signed_in.user.name.as_str()), (email.as_str(), "Alex Doe"));
    let again = world.identity.confirm(&token, Some(browser.expose()), &world.visit()).await.unwrap_err();
    assert_eq!(again.code(), Code::LinkExpired);
}

#[tokio::test]
async fn another_browser_confirms_but_is_not_signed_in() {
    let world = World::new().await;
    let email = world.address("alex");
    world.identity.sign_up(&account(&email), &world.visit()).await.unwrap();
    let token = world.link(&email, 1).await;
    let confirmed = world.identity.confirm(&token, Some("somebody else's"), &world.visit()).await.unwrap();
    assert!(confirmed.session.is_none());
    assert!(world.identity.sign_in(&email, PASSWORD, None, &world.visit()).await.is_ok());
}

#[tokio::test]
async fn a_link_ends_after_a_day_and_with_another_one() {
    let world = World::new().await;
    let email = world.address("alex");
    world.identity.sign_up(&account(&email), &world.visit()).await.unwrap();
    let first = world.link(&email, 1).await;
    world.identity.send_confirmation_again(&email, &world.visit()).await.unwrap();
    let second = world.link(&email, 2).await;
    assert_eq!(world.identity.confirmation(&first).await.unwrap_err().code(), Code::LinkExpired);
    assert!(world.identity.confirmation(&second).await.is_ok());
    world.pass(SignedDuration::from_hours(24));
    assert_eq!(world.identity.confirmation(&second).await.unwrap_err().code(), Code::LinkExpired);
    assert_eq!(
        world.identity.confirm(&second, None, &world.visit()).await.unwrap_err().code(),
        Code::LinkExpired
    );
    assert!(world.identity.user_by_email(&email).await.unwrap().is_none());
}

#[tokio::test]
async fn many_uses_of_one_link_at_once_make_one_account() {
    let world = World::new().await;
    let email = world.address("alex");
    world.identity.sign_up(&account(&email), &world.visit()).await.unwrap();
    let token = world.link(&email, 1).await;
    let tries = (0..10).map(|_| {
        let (identity, token) = (world.identity.clone(), token.clone());
        tokio::spawn(async move { identity.confirm(&token, None, &visit("192.0.2.7")).await.is_ok() })
    });
    let mut won = 0;
    for handle in tries.collect::<Vec<_>>() {
        won += usize::from(handle.await.unwrap());
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn a_known_address_gets_the_same_answer_and_another_mail() {
    let world = World::new().await;
    let user = world.person("Mina").await;
    let known = world.identity.sign_up(&account(&user.email.to_uppercase()), &world.visit()).await.unwrap();
    let unknown = world.identity.sign_up(&account(&world.address("new")), &world.visit()).await.unwrap();
    assert_eq!(known.expose().len(), unknown.expose().len());
    let mails = world.mails(&user.email.to_uppercase(), 1).await;
    assert!(mails[0].0.contains("already have an account"), "{mails:?}");
    assert!(!mails[0].1.contains("token="), "no link that changes anything");
    assert!(
        world.identity.sign_in(&user.email, PASSWORD, None, &world.visit()).await.is_ok(),
        "nothing was changed"
    );
}

#[tokio::test]
async fn two_signups_of_one_address_wait_side_by_side_and_the_first_link_wins() {
    let world = World::new().await;
    let email = world.address("alex");
    world.identity.sign_up(&account(&email), &world.visit()).await.unwrap();
    let other = NewAccount { password: "another pass phrase".into(), ..account(&email) };
    world.identity.sign_up(&other, &world.visit()).await.unwrap();
    let mails = world.mails(&email, 2).await;
    world.identity.confirm(&token_in(&mails[0].1), None, &world.visit()).await.unwrap();
    let late = world.identity.confirm(&token_in(&mails[1].1), None, &world.visit()).await.unwrap_err();
    assert_eq!(late.code(), Code::LinkExpired);
}

#[tokio::test]
async fn every_wrong_field_is_named() {
    let world = World::new().await;
    let new =
        NewAccount { name: " ".into(), email: "alex@acme".into(), password: "short".into(), next: None };
    let error = world.identity.sign_up(&new, &world.visit()).await.unwrap_err();
    let fields: Vec<&str> = error.field_errors().iter().map(|field| field.field.as_ref()).collect();
    assert_eq!((error.code(), fields), (Code::InvalidFields, vec!["name", "email", "password"]));
}

#[tokio::test]
async fn mails_to_one_address_are_limited() {
    let world = World::new().await;
    let email = world.address("alex");
    for _ in 0..4 {
        world.identity.sign_up(&account(&email), &world.visit()).await.unwrap();
    }
    let error = world.identity.sign_up(&account(&email), &visit("198.51.100.4")).await.unwrap_err();
    assert_eq!(error.code(), Code::RateLimited);
    assert!(error.wait_seconds().unwrap() > 60);
}

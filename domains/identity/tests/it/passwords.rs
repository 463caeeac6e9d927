//! Resetting and changing passwords.

use crate::world::{PASSWORD, World, visit};
use jiff::SignedDuration;
use kernel_core::Code;
use kernel_db::statements;

statements! {
    global Control SET_HASH = "update control.users set password_hash = $2 where id = $1";
    global Control HASH_OF = "select password_hash from control.users where id = $1";
}

const NEW: &str = "nine silver spoons";

#[tokio::test]
async fn a_link_sets_the_password_once_and_ends_every_session() {
    let world = World::new().await;
    let user = world.person("Alex").await;
    let old = world.log_in(&user.email).await;
    world.identity.forgot_password(&user.email, &world.visit()).await.unwrap();
    let token = world.link(&user.email, 2).await;
    assert_eq!(world.identity.reset_link(&token).await.unwrap(), user.email);
    let weak = world.identity.reset_password(&token, "password1234", &world.visit()).await.unwrap_err();
    assert_eq!(weak.code(), Code::WeakPassword, "a weak one does not use up the link");
    let outcome = world.identity.reset_password(&token, NEW, &world.visit()).await.unwrap();
    let session = outcome.session().unwrap();
    assert!(world.identity.session_lives(session.id).await.unwrap());
    assert!(!world.identity.session_lives(old.id).await.unwrap());
    let used = world.identity.reset_password(&token, NEW, &world.visit()).await.unwrap_err();
    assert_eq!(used.code(), Code::LinkExpired);
    assert!(world.identity.sign_in(&user.email, NEW, None, &world.visit()).await.is_ok());
    assert!(world.identity.sign_in(&user.email, PASSWORD, None, &world.visit()).await.is_err());
    let mails = world.mails(&user.email, 3).await;
    assert!(mails[2].0.contains("password was changed"), "{mails:?}");
}

#[tokio::test]
async fn a_link_ends_after_an_hour() {
    let world = World::new().await;
    let user = world.person("Alex").await;
    world.identity.forgot_password(&user.email, &world.visit()).await.unwrap();
    let token = world.link(&user.email, 2).await;
    world.pass(SignedDuration::from_mins(60));
    let error = world.identity.reset_password(&token, NEW, &world.visit()).await.unwrap_err();
    assert_eq!(error.code(), Code::LinkExpired);
    assert_eq!(world.identity.reset_link("no token").await.unwrap_err().code(), Code::LinkExpired);
}

#[tokio::test]
async fn many_uses_at_once_set_one_password() {
    let world = World::new().await;
    let user = world.person("Alex").await;
    world.identity.forgot_password(&user.email, &world.visit()).await.unwrap();
    let token = world.link(&user.email, 2).await;
    let tries: Vec<_> = (0..6)
        .map(|number| {
            let (identity, token) = (world.identity.clone(), token.clone());
            let new = format!("{NEW} {number}");
            tokio::spawn(
                async move { identity.reset_password(&token, &new, &visit("192.0.2.7")).await.is_ok() },
            )
        })
        .collect();
    let mut won = 0;
    for handle in tries {
        won += usize::from(handle.await.unwrap());
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn asking_tells_nothing_about_the_address() {
    let world = World::new().await;
    let user = world.person("Alex").await;
    // The mail of the sign-up is forgotten by then.
    world.pass(SignedDuration::from_hours(1));
    assert!(world.identity.forgot_password(&user.email, &world.visit()).await.is_ok());
    let unknown = world.address("nobody");
    assert!(world.identity.forgot_password(&unknown, &world.visit()).await.is_ok());
    world.mails(&user.email, 2).await;
    world.mails(&unknown, 0).await;
    for _ in 0..3 {
        for email in [&user.email, &unknown] {
            world.identity.forgot_password(email, &world.visit()).await.unwrap();
        }
    }
    for email in [&user.email, &unknown] {
        let error = world.identity.forgot_password(email, &visit("198.51.100.9")).await.unwrap_err();
        assert_eq!(error.code(), Code::RateLimited, "the limit is the same for both");
    }
}

#[tokio::test]
async fn changing_needs_the_current_password_and_renews_the_session() {
    let world = World::new().await;
    let user = world.person("Alex").await;
    let here = world.log_in(&user.email).await;
    let there = world.log_in(&user.email).await;
    world.identity.forgot_password(&user.email, &world.visit()).await.unwrap();
    let link = world.link(&user.email, 2).await;
    let who = world.who(&here).await;
    let wrong = world.identity.change_password(&who, "not it", "short", &world.visit()).await.unwrap_err();
    let fields: Vec<&str> = wrong.field_errors().iter().map(|field| field.field.as_ref()).collect();
    assert_eq!(fields, ["current", "password"]);
    let renewed = world.identity.change_password(&who, PASSWORD, NEW, &world.visit()).await.unwrap();
    assert!(world.identity.session_lives(renewed.id).await.unwrap());
    for ended in [here.id, there.id] {
        assert!(!world.identity.session_lives(ended).await.unwrap());
    }
    assert_eq!(
        world.identity.reset_link(&link).await.unwrap_err().code(),
        Code::LinkExpired,
        "links end too"
    );
    assert!(world.identity.sign_in(&user.email, NEW, None, &world.visit()).await.is_ok());
}

#[tokio::test]
async fn guessing_the_current_password_is_limited() {
    let world = World::new().await;
    let user = world.person("Alex").await;
    let session = world.log_in(&user.email).await;
    let who = world.who(&session).await;
    for _ in 0..10 {
        let error = world.identity.change_password(&who, "not it", NEW, &world.visit()).await.unwrap_err();
        assert_eq!(error.code(), Code::BadCredentials);
    }
    let error = world.identity.change_password(&who, PASSWORD, NEW, &world.visit()).await.unwrap_err();
    assert_eq!(error.code(), Code::RateLimited);
}

#[tokio::test]
async fn a_weak_hash_is_replaced_at_the_next_sign_in() {
    let world = World::new().await;
    let user = world.person("Alex").await;
    // argon2id of PASSWORD with 8 MiB and one pass.
    let weak = {
        use argon2::password_hash::PasswordHasher as _;
        let params = argon2::Params::new(8 * 1024, 1, 1, None).unwrap();
        let weak = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
        weak.hash_password_with_salt(PASSWORD.as_bytes(), &[7; 16]).unwrap().to_string()
    };
    world.db.global_execute(&SET_HASH, &[&user.id.uuid(), &weak]).await.unwrap();
    world.identity.sign_in(&user.email, PASSWORD, None, &world.visit()).await.unwrap();
    let stored: String = world.db.global_opt(&HASH_OF, &[&user.id.uuid()]).await.unwrap().unwrap().get(0);
    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
    assert!(world.identity.sign_in(&user.email, PASSWORD, None, &world.visit()).await.is_ok());
}

#[tokio::test]
async fn a_password_does_not_expire() {
    let world = World::new().await;
    let user = world.person("Alex").await;
    world.pass(SignedDuration::from_hours(24 * 365 * 3));
    // Neither refused, nor sent to change it: the session is there at once.
    let session = world.log_in(&user.email).await;
    assert!(world.identity.session_lives(session.id).await.unwrap());
}

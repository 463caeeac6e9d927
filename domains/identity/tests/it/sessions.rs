//! Signing in and sessions.

use crate::world::{PASSWORD, World, visit};
use identity::signup::NewAccount;
use jiff::SignedDuration;
use kernel_core::{Code, SessionId};
use std::time::{Duration, Instant};

#[tokio::test]
async fn wrong_and_unknown_are_one_answer() {
    let world = World::new().await;
    let user = world.person("Alex").await;
    let wrong =
        world.identity.sign_in(&user.email, "not the password", None, &world.visit()).await.unwrap_err();
    let unknown =
        world.identity.sign_in("nobody@acme.example", PASSWORD, None, &world.visit()).await.unwrap_err();
    assert_eq!(wrong.code(), Code::BadCredentials);
    assert_eq!(wrong.to_string(), unknown.to_string());
}

/// The work is the same as well: without a hash for unknown accounts the difference is tenfold.
#[tokio::test]
async fn wrong_and_unknown_take_the_same_time() {
    let world = World::new().await;
    let user = world.person("Alex").await;
    let (mut wrong, mut unknown) = (Vec::new(), Vec::new());
    for number in 0..9u8 {
        for (email, times) in [(user.email.as_str(), &mut wrong), ("nobody@acme.example", &mut unknown)] {
            let began = Instant::now();
            let visit = visit(&format!("192.0.2.{number}"));
            assert!(world.identity.sign_in(email, "not the password", None, &visit).await.is_err());
            times.push(began.elapsed());
        }
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64()
    };
    let ratio = median(&mut wrong) / median(&mut unknown);
    assert!((0.4..2.5).contains(&ratio), "{ratio}");
}

#[tokio::test]
async fn ten_wrong_tries_close_the_address_and_not_the_account() {
    let world = World::new().await;
    let user = world.person("Alex").await;
    let (here, elsewhere) = (visit("198.51.100.1"), visit("198.51.100.2"));
    for _ in 0..10 {
        let error = world.identity.sign_in(&user.email, "not the password", None, &here).await.unwrap_err();
        assert_eq!(error.code(), Code::BadCredentials);
    }
    let error = world.identity.sign_in(&user.email, PASSWORD, None, &here).await.unwrap_err();
    assert_eq!((error.code(), error.wait_seconds().is_some()), (Code::RateLimited, true));
    assert!(world.identity.sign_in(&user.email, PASSWORD, None, &elsewhere).await.is_ok());
    world.pass(SignedDuration::from_secs(20));
    assert!(world.identity.sign_in(&user.email, PASSWORD, None, &here).await.is_ok());
}

/// Tries that come in together are no fewer tries: what is hashed is the burst, also when nobody has an answer yet.
#[tokio::test(flavor = "multi_thread")]
async fn a_volley_is_as_many_tries_as_one_after_the_other() {
    let world = World::new().await;
    let user = world.person("Alex").await;
    let tries = (0..60).map(|number| {
        let (identity, email) = (world.identity.clone(), user.email.clone());
        tokio::spawn(async move {
            let typed = format!("not the password {number}");
            identity.sign_in(&email, &typed, None, &visit("198.51.100.3")).await.unwrap_err().code()
        })
    });
    let codes: Vec<Code> =
        futures_util::future::join_all(tries).await.into_iter().map(Result::unwrap).collect();
    let count = |code| codes.iter().filter(|found| **found == code).count();
    // Those beyond the places of one address are told to come back, and have tried nothing.
    let looked_at = count(Code::BadCredentials);
    assert!((1..=10).contains(&looked_at), "{looked_at} looked at");
    assert_eq!(looked_at + count(Code::RateLimited) + count(Code::Unavailable), 60, "{codes:?}");
    assert!(count(Code::RateLimited) > 0, "{codes:?}");
    // The account is open from elsewhere, and a right password costs nothing, also many at once.
    let right = (0..30).map(|_| {
        let (identity, email) = (world.identity.clone(), user.email.clone());
        tokio::spawn(async move {
            identity.sign_in(&email, PASSWORD, None, &visit("198.51.100.4")).await.map(drop)
        })
    });
    futures_util::future::join_all(right).await;
    assert!(world.identity.sign_in(&user.email, PASSWORD, None, &visit("198.51.100.4")).await.is_ok());
}

#[tokio::test]
async fn right_passwords_are_not_counted() {
    let world = World::new().await;
    let user = world.person("Alex").await;
    for _ in 0..12 {
        world.identity.sign_in(&user.email, PASSWORD, None, &world.visit()).await.unwrap();
    }
}

#[tokio::test]
async fn an_unconfirmed_account_is_told_so_only_with_its_password() {
    let world = World::new().await;
    let email = world.address("alex");
    let new = NewAccount { name: "Alex".into(), email: email.clone(), password: PASSWORD.into(), next: None };
    world.identity.sign_up(&new, &world.visit()).await.unwrap();
    let right = world.identity.sign_in(&email, PASSWORD, None, &world.visit()).await.unwrap_err();
    let wrong = world.identity.sign_in(&email, "not the password", None, &world.visit()).await.unwrap_err();
    assert_eq!((right.code(), wrong.code()), (Code::EmailNotVerified, Code::BadCredentials));
}

#[tokio::test]
async fn missing_values_are_named_before_anything_is_asked() {
    let world = World::new().await;
    let error = world.identity.sign_in(" ", "", None, &world.visit()).await.unwrap_err();
    let fields: Vec<&str> = error.field_errors().iter().map(|field| field.field.as_ref()).collect();
    assert_eq!(fields, ["email", "password"]);
}

#[tokio::test]
async fn a_session_ends_when_idle_and_at_its_absolute_end() {
    let world = World::new().await;
    // In the past: what is cleared by this clock is nothing that other tests wait for.
    world.pass(SignedDuration::from_hours(-24 * 90));
    let user = world.person("Alex").await;
    let address = world.visit().address;
    let alive = async |token: &str| world.identity.session(token, address).await.unwrap().is_some();
    let idle = world.log_in(&user.email).await;
    world.pass(SignedDuration::from_hours(24 * 7 + 1));
    assert!(!alive(idle.token.expose()).await, "idle");
    let used = world.log_in(&user.email).await;
    for _ in 0..5 {
        world.pass(SignedDuration::from_hours(24 * 5));
        assert!(alive(used.token.expose()).await, "in use");
    }
    world.pass(SignedDuration::from_hours(24 * 5 + 1));
    assert!(!alive(used.token.expose()).await, "absolute");
    assert!(world.identity.clear_expired().await.unwrap() >= 2);
}

#[tokio::test]
async fn signing_in_again_ends_the_browsers_former_session() {
    let world = World::new().await;
    let user = world.person("Alex").await;
    let first = world.log_in(&user.email).await;
    let second = world
        .identity
        .sign_in(&user.email, PASSWORD, Some(first.token.expose()), &world.visit())
        .await
        .unwrap()
        .session()
        .unwrap();
    assert_ne!(first.token.expose(), second.token.expose());
    assert!(world.identity.session(first.token.expose(), world.visit().address).await.unwrap().is_none());
    assert!(world.identity.session(second.token.expose(), world.visit().address).await.unwrap().is_some());
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let world = World::new().await;
    let (user, other) = (world.person("Alex").await, world.person("Mina").await);
    let sign_in = async || world.log_in(&user.email).await;
    let (one, two, three) = (sign_in().await, sign_in().await, sign_in().await);
    assert_eq!(world.identity.sessions(user.id).await.unwrap().len(), 3);
    let foreign = world.identity.end_session(other.id, one.id, &world.visit()).await.unwrap_err();
    assert_eq!(foreign.code(), Code::NotFound, "another person's session");
    world.identity.end_session(user.id, one.id, &world.visit()).await.unwrap();
    assert!(!world.identity.session_lives(one.id).await.unwrap());
    assert_eq!(
        world.identity.end_session(user.id, one.id, &world.visit()).await.unwrap_err().code(),
        Code::NotFound
    );
    assert_eq!(world.identity.end_other_sessions(user.id, Some(three.id), &world.visit()).await.unwrap(), 1);
    assert!(!world.identity.session_lives(two.id).await.unwrap());
    assert!(world.identity.session_lives(three.id).await.unwrap());
    assert!(!world.identity.session_lives(SessionId::new()).await.unwrap());
}

#[tokio::test]
async fn every_try_leaves_one_row_in_the_trail() {
    let world = World::new().await;
    let user = world.person("Alex").await;
    let _wrong =
        world.identity.sign_in(&user.email, "not the password", None, &world.visit()).await.unwrap_err();
    world.identity.sign_in(&user.email, PASSWORD, None, &world.visit()).await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        world.jobs.drain().await.unwrap();
        let rows = identity::audit::of_account(&world.db, user.id, 10).await.unwrap();
        let mut actions: Vec<&str> = rows.iter().map(|row| row.action.as_str()).collect();
        actions.sort_unstable();
        if actions == ["account.created", "sign_in", "sign_in.failed"] {
            assert!(rows.iter().all(|row| row.address == "192.0.2.7"));
            return;
        }
        assert!(Instant::now() < deadline, "{actions:?}");
    }
}

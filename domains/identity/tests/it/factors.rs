//! Second factors: what they ask for, and what they withstand.

use crate::world::{PASSWORD, World, visit};
use identity::factors::totp;
use identity::session::{PendingStep, SignIn};
use identity::step_up::Ask;
use identity::{SignedIn, User};
use jiff::SignedDuration;
use kernel_core::sealed::Sealing;
use kernel_core::secret::SigningKey;
use kernel_core::{Code, Random};
use kernel_db::statements;

statements! {
    global Control SEED_OF = "select seed from control.totp where user_id = $1";
}

/// A person with an authenticator app and a session, the app's seed, and the recovery codes.
pub struct Guarded {
    pub user: User,
    pub who: SignedIn,
    pub seed: Vec<u8>,
    pub codes: Vec<String>,
}

impl Guarded {
    pub async fn new(world: &World) -> Self {
        let user = world.person("Alex").await;
        let who = world.who(&world.log_in(&user.email).await).await;
        let seed = seed_of(&world.identity.begin_totp(&who).await.unwrap().seed);
        let code = totp::shown(&seed, world.now());
        let codes = world.identity.finish_totp(&who, &code, &world.visit()).await.unwrap().unwrap();
        // The code just used is used up.
        world.pass(SignedDuration::from_secs(30));
        Self { user, who, seed, codes }
    }

    pub fn code(&self, world: &World) -> String {
        totp::shown(&self.seed, world.now())
    }

    async fn step(&self, world: &World) -> PendingStep {
        let outcome = world.identity.sign_in(&self.user.email, PASSWORD, None, &world.visit()).await.unwrap();
        match outcome {
            SignIn::Second(step) => step,
            SignIn::Done(_) => panic!("no second step"),
        }
    }
}

pub fn seed_of(shown: &str) -> Vec<u8> {
    data_encoding::BASE32_NOPAD.decode(shown.replace(' ', "").as_bytes()).unwrap()
}

fn wrong_code(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

#[tokio::test]
async fn an_app_is_proven_before_it_is_asked_for() {
    let world = World::new().await;
    let user = world.person("Alex").await;
    let who = world.who(&world.log_in(&user.email).await).await;
    let first = world.identity.begin_totp(&who).await.unwrap();
    let again = world.identity.begin_totp(&who).await.unwrap();
    assert_eq!(first.seed, again.seed, "loading the page again shows the same");
    let seed = seed_of(&first.seed);
    let right = totp::shown(&seed, world.now());
    for (code, expected) in [
        ("", Code::Required),
        ("12345", Code::InvalidValue),
        ("1234567", Code::InvalidValue),
        (wrong_code(&right).as_str(), Code::InvalidValue),
    ] {
        let error = world.identity.finish_totp(&who, code, &world.visit()).await.unwrap_err();
        assert_eq!((error.code(), error.field_errors()[0].field.as_ref()), (expected, "code"), "{code:?}");
    }
    assert!(world.identity.factors(user.id).await.unwrap().totp.is_none());
    assert!(world.log_in(&user.email).await.expires_at > world.now(), "nothing is asked for yet");
    let codes = world.identity.finish_totp(&who, &right, &world.visit()).await.unwrap().unwrap();
    assert_eq!(codes.len(), 10);
    let factors = world.identity.factors(user.id).await.unwrap();
    assert!(factors.asked() && factors.codes.is_some_and(|(left, of, _)| (left, of) == (10, 10)));
    let late = world.identity.finish_totp(&who, &right, &world.visit()).await.unwrap_err();
    assert_eq!(late.code(), Code::LinkExpired, "the seed was taken");
    let mails = world.mails(&user.email, 2).await;
    assert!(mails[1].0.contains("authenticator app was added"), "{mails:?}");
}

#[tokio::test]
async fn a_seed_that_was_shown_too_long_ago_is_not_taken() {
    let world = World::new().await;
    let user = world.person("Alex").await;
    let who = world.who(&world.log_in(&user.email).await).await;
    let first = world.identity.begin_totp(&who).await.unwrap();
    world.pass(SignedDuration::from_mins(31));
    let code = totp::shown(&seed_of(&first.seed), world.now());
    let error = world.identity.finish_totp(&who, &code, &world.visit()).await.unwrap_err();
    assert_eq!(error.code(), Code::LinkExpired);
    assert_ne!(world.identity.begin_totp(&who).await.unwrap().seed, first.seed);
}

#[tokio::test]
async fn the_password_alone_opens_nothing() {
    let world = World::new().await;
    let alex = Guarded::new(&world).await;
    let before = world.identity.sessions(alex.user.id).await.unwrap().len();
    let step = alex.step(&world).await;
    assert_eq!(world.identity.sessions(alex.user.id).await.unwrap().len(), before, "no session yet");
    let nothing = world.identity.session(step.token.expose(), world.visit().address).await.unwrap();
    assert!(nothing.is_none(), "the step's secret is no session");
    assert_eq!(world.identity.second_step(step.token.expose()).await.unwrap().id, alex.user.id);
    let code = alex.code(&world);
    let session =
        world.identity.finish_second_step(step.token.expose(), &code, None, &world.visit()).await.unwrap();
    assert!(world.identity.session_lives(session.id).await.unwrap());
    let row = &world.identity.sessions(alex.user.id).await.unwrap()[0];
    assert_eq!(row.methods, ["password", "code"]);
    let again = world.identity.finish_second_step(step.token.expose(), &code, None, &world.visit()).await;
    assert_eq!(again.unwrap_err().code(), Code::LinkExpired, "a step is finished once");
}

/// ASVS 6.5.1: within the half minute that it is shown, and from however many browsers at once.
#[tokio::test]
async fn a_code_works_once() {
    let world = World::new().await;
    let alex = Guarded::new(&world).await;
    let code = alex.code(&world);
    let mut tries = Vec::new();
    for _ in 0..6 {
        let (identity, step, code) = (world.identity.clone(), alex.step(&world).await, code.clone());
        tries.push(tokio::spawn(async move {
            identity.finish_second_step(step.token.expose(), &code, None, &visit("192.0.2.7")).await.is_ok()
        }));
    }
    let mut right = 0;
    for one in tries {
        right += usize::from(one.await.unwrap());
    }
    assert_eq!(right, 1);
    world.pass(SignedDuration::from_secs(-30));
    let step = alex.step(&world).await;
    let older = alex.code(&world);
    let error = world
        .identity
        .finish_second_step(step.token.expose(), &older, None, &world.visit())
        .await
        .unwrap_err();
    assert_eq!(error.code(), Code::InvalidValue, "nor does one that was shown before it");
}

#[tokio::test]
async fn a_recovery_code_works_once_and_is_told() {
    let world = World::new().await;
    let alex = Guarded::new(&world).await;
    let typed = alex.codes[3].to_uppercase().replace('-', " ");
    let step = alex.step(&world).await;
    let done = world.identity.finish_second_step(step.token.expose(), &typed, None, &world.visit()).await;
    assert!(done.is_ok());
    let step = alex.step(&world).await;
    let token = step.token.expose();
    let again = world.identity.finish_second_step(token, &typed, None, &world.visit()).await.unwrap_err();
    assert_eq!(again.code(), Code::InvalidValue);
    assert!(world.identity.factors(alex.user.id).await.unwrap().codes.is_some_and(|(left, ..)| left == 9));
    let mails = world.mails(&alex.user.email, 3).await;
    assert!(mails[2].0.contains("recovery code was used") && mails[2].1.contains("9 are left"), "{mails:?}");
    let new = world.identity.new_recovery_codes(&alex.who, &world.visit()).await.unwrap();
    let former = world.identity.finish_second_step(token, &alex.codes[4], None, &world.visit()).await;
    assert_eq!(former.unwrap_err().code(), Code::InvalidValue, "the former set has ended");
    assert!(world.identity.finish_second_step(token, &new[4], None, &world.visit()).await.is_ok());
}

#[tokio::test]
async fn a_step_ends_after_ten_tries_or_ten_minutes() {
    let world = World::new().await;
    let alex = Guarded::new(&world).await;
    let step = alex.step(&world).await;
    world.pass(SignedDuration::from_mins(10));
    assert_eq!(world.identity.second_step(step.token.expose()).await.unwrap_err().code(), Code::LinkExpired);
    let step = alex.step(&world).await;
    for _ in 0..10 {
        let wrong = wrong_code(&alex.code(&world));
        let error = world
            .identity
            .finish_second_step(step.token.expose(), &wrong, None, &world.visit())
            .await
            .unwrap_err();
        assert_eq!(error.code(), Code::InvalidValue);
    }
    let code = alex.code(&world);
    let over = world.identity.finish_second_step(step.token.expose(), &code, None, &world.visit()).await;
    assert_eq!(over.unwrap_err().code(), Code::LinkExpired);
    // Another step does not help: the account has its own limit, and it comes back slowly.
    let step = alex.step(&world).await;
    let limited = world.identity.finish_second_step(step.token.expose(), &code, None, &world.visit()).await;
    assert_eq!(limited.unwrap_err().code(), Code::RateLimited);
    world.pass(SignedDuration::from_secs(300));
    let step = alex.step(&world).await;
    let code = alex.code(&world);
    assert!(
        world.identity.finish_second_step(step.token.expose(), &code, None, &world.visit()).await.is_ok()
    );
}

/// ASVS 6.3.5: who knows the password and not the factor is reported to the owner, once.
#[tokio::test]
async fn a_step_that_is_never_finished_is_told() {
    let world = World::new().await;
    // In the past: what ends by this clock is nothing that other tests wait for.
    world.pass(SignedDuration::from_hours(-24));
    let alex = Guarded::new(&world).await;
    alex.step(&world).await;
    alex.step(&world).await;
    let finished = alex.step(&world).await;
    let code = alex.code(&world);
    world.identity.finish_second_step(finished.token.expose(), &code, None, &world.visit()).await.unwrap();
    world.pass(SignedDuration::from_mins(11));
    world.identity.warn_of_unpaid_steps().await.unwrap();
    world.identity.warn_of_unpaid_steps().await.unwrap();
    let mails = world.mails(&alex.user.email, 3).await;
    assert!(mails[2].0.contains("Somebody knows your password"), "{mails:?}");
    assert!(mails[2].1.contains("Firefox on Linux, 192.0.2.7"), "{}", mails[2].1);
}

/// ASVS 6.4.3: a reset by mail does not remove the second factor.
#[tokio::test]
async fn a_reset_leaves_the_factor() {
    let world = World::new().await;
    let alex = Guarded::new(&world).await;
    world.identity.forgot_password(&alex.user.email, &world.visit()).await.unwrap();
    let token = world.link(&alex.user.email, 3).await;
    let outcome = world.identity.reset_password(&token, "nine silver spoons", &world.visit()).await.unwrap();
    assert!(matches!(outcome, SignIn::Second(_)));
    assert!(world.identity.sessions(alex.user.id).await.unwrap().is_empty());
}

#[tokio::test]
async fn replacing_and_removing() {
    let world = World::new().await;
    let alex = Guarded::new(&world).await;
    let shown = world.identity.begin_totp(&alex.who).await.unwrap();
    let new = seed_of(&shown.seed);
    assert_ne!(new, alex.seed);
    let code = totp::shown(&new, world.now());
    let codes = world.identity.finish_totp(&alex.who, &code, &world.visit()).await.unwrap();
    assert_eq!(codes, None, "recovery codes stay");
    world.pass(SignedDuration::from_secs(30));
    let step = alex.step(&world).await;
    let former = alex.code(&world);
    let token = step.token.expose();
    assert!(world.identity.finish_second_step(token, &former, None, &world.visit()).await.is_err());
    world.identity.remove_totp(&alex.who, &world.visit()).await.unwrap();
    let error = world.identity.remove_totp(&alex.who, &world.visit()).await.unwrap_err();
    assert_eq!(error.code(), Code::NotFound);
    let factors = world.identity.factors(alex.user.id).await.unwrap();
    assert!(factors.totp.is_none() && factors.codes.is_none());
    world.log_in(&alex.user.email).await;
}

#[tokio::test]
async fn proving_it_renews_the_session() {
    let world = World::new().await;
    let user = world.person("Alex").await;
    let session = world.log_in(&user.email).await;
    world.pass(SignedDuration::from_hours(1));
    let who = world.who(&session).await;
    let given = |password: &str, code: &str| identity::step_up::Given {
        password: password.to_owned(),
        code: code.to_owned(),
        ..Default::default()
    };
    for (typed, expected) in [("", Code::Required), ("not the password", Code::BadCredentials)] {
        let error = world.identity.prove(&who, &given(typed, ""), &world.visit()).await.unwrap_err();
        assert_eq!((error.code(), error.field_errors()[0].field.as_ref()), (expected, "_password"));
    }
    let renewed = world.identity.prove(&who, &given(PASSWORD, ""), &world.visit()).await.unwrap();
    assert_eq!(renewed.id, session.id);
    let old = world.identity.session(session.token.expose(), world.visit().address).await.unwrap();
    assert!(old.is_none(), "the former secret is worth nothing");
    let who = world.who(&renewed).await;
    assert_eq!(who.proven_at.as_second(), world.now().as_second());
    for _ in 0..9 {
        let _wrong = world.identity.prove(&who, &given("not it", ""), &world.visit()).await.unwrap_err();
    }
    let error = world.identity.prove(&who, &given(PASSWORD, ""), &world.visit()).await.unwrap_err();
    assert_eq!(error.code(), Code::RateLimited);
}

#[tokio::test]
async fn with_a_factor_the_password_proves_nothing() {
    let world = World::new().await;
    let alex = Guarded::new(&world).await;
    assert_eq!(world.identity.proof_asked(alex.user.id).await.unwrap(), Ask::Code);
    let mut given = identity::step_up::Given { password: PASSWORD.to_owned(), ..Default::default() };
    let error = world.identity.prove(&alex.who, &given, &world.visit()).await.unwrap_err();
    assert_eq!((error.code(), error.field_errors()[0].field.as_ref()), (Code::Required, "_code"));
    given.code = alex.code(&world);
    let renewed = world.identity.prove(&alex.who, &given, &world.visit()).await.unwrap();
    let who = world.who(&renewed).await;
    let error = world.identity.prove(&who, &given, &world.visit()).await.unwrap_err();
    assert_eq!(error.code(), Code::BadCredentials, "the code is used up");
}

/// Seeds are not readable in the database, and move to another key.
#[tokio::test]
async fn seeds_are_sealed_and_sealed_anew() {
    let world = World::new().await;
    let alex = Guarded::new(&world).await;
    let stored = async || -> Vec<u8> {
        world.db.global_opt(&SEED_OF, &[&alex.user.id.uuid()]).await.unwrap().unwrap().get(0)
    };
    let before = stored().await;
    assert!(!before.windows(alex.seed.len()).any(|part| part == alex.seed));
    let keys = (SigningKey::new([8; 32]), SigningKey::new([7; 32]));
    let sealing = Sealing::new(&keys.0, std::slice::from_ref(&keys.1), Random::from_os()).unwrap();
    let next = identity::Identity::new(world.db.clone(), world.web.clone(), 1, sealing).unwrap();
    // Other tests' seeds are in the same table.
    assert!(next.reseal().await.unwrap() >= 1);
    assert_ne!(stored().await, before);
    let step = alex.step(&world).await;
    let code = alex.code(&world);
    let token = step.token.expose();
    assert!(next.finish_second_step(token, &code, None, &world.visit()).await.is_ok());
}

//! Passkeys end to end: adding, logging in without a name, the second step, proving again, and what they withstand.

use crate::authenticator::{Authenticator, Key};
use crate::browser::Browser;
use crate::factors::Guarded;
use crate::pages::app;
use crate::world::{PASSWORD, World};
use identity::model::NewSession;
use identity::passkeys::{MOST, Purpose};
use identity::session::SignIn;
use identity::{SignedIn, User};
use jiff::SignedDuration;
use kernel_core::{Code, PasskeyId};
use serde_json::{Value, json};

/// A person with a passkey and a session.
pub struct Keyed {
    pub user: User,
    pub who: SignedIn,
    pub authenticator: Authenticator,
    pub codes: Vec<String>,
}

fn value(options: &impl serde::Serialize) -> Value {
    serde_json::to_value(options).unwrap()
}

impl Keyed {
    pub async fn new(world: &World) -> Self {
        let user = world.person("Alex").await;
        let who = world.who(&world.log_in(&user.email).await).await;
        let mut authenticator = Authenticator::new(Key::es256());
        authenticator.user_handle = Some(user.id.uuid().as_bytes().to_vec());
        let codes = add(world, &who, &authenticator, "Laptop").await.unwrap().unwrap();
        Self { user, who, authenticator, codes }
    }
}

async fn add(
    world: &World,
    who: &SignedIn,
    authenticator: &Authenticator,
    name: &str,
) -> kernel_core::Result<Option<Vec<String>>> {
    let options = value(&world.identity.passkey_creation(who, &world.visit()).await?);
    world.identity.add_passkey(who, name, &authenticator.create(&options), &world.visit()).await
}

/// What a session was begun with.
async fn methods(world: &World, session: &NewSession) -> Vec<String> {
    let all = world.identity.sessions(session.user).await.unwrap();
    all.into_iter().find(|row| row.id == session.id).unwrap().methods
}

async fn request(world: &World) -> (Value, String) {
    let (options, browser) = world.identity.passkey_sign_in_request(&world.visit()).await.unwrap();
    (value(&options), browser.expose().to_owned())
}

#[tokio::test]
async fn what_is_asked_of_the_authenticator() {
    let world = World::new().await;
    let alex = Keyed::new(&world).await;
    let creation = value(&world.identity.passkey_creation(&alex.who, &world.visit()).await.unwrap());
    assert_eq!(creation["rp"]["id"], "app.nclc.localhost");
    assert_eq!(creation["attestation"], "none");
    assert_eq!(creation["authenticatorSelection"]["userVerification"], "required");
    assert_eq!(creation["authenticatorSelection"]["residentKey"], "required");
    assert_eq!(creation["excludeCredentials"].as_array().unwrap().len(), 1);
    assert_eq!(creation["challenge"].as_str().unwrap().len(), 43, "256 bits");
    let (request, _) = request(&world).await;
    assert_eq!(
        (&request["allowCredentials"], &request["userVerification"]),
        (&json!([]), &json!("required"))
    );
    assert_ne!(request["challenge"], creation["challenge"]);
}

#[tokio::test]
async fn a_passkey_logs_in_without_a_name_and_once_a_challenge() {
    let world = World::new().await;
    let mut alex = Keyed::new(&world).await;
    assert_eq!(alex.codes.len(), 10, "recovery codes come with the first factor");
    let (options, browser) = request(&world).await;
    let answer = alex.authenticator.get(&options);
    let visit = world.visit();
    let sign_in = async |browser: Option<&str>, answer: &str| {
        world.identity.sign_in_with_passkey(browser, answer, None, &visit).await
    };
    let session = sign_in(Some(&browser), &answer).await.unwrap();
    assert_eq!(session.user, alex.user.id);
    assert_eq!(methods(&world, &session).await, ["passkey"]);
    let row = &world.identity.passkeys(alex.user.id).await.unwrap()[0];
    assert!(row.name == "Laptop" && row.last_used_at.is_some(), "{row:?}");
    let again = sign_in(Some(&browser), &answer).await.unwrap_err();
    assert_eq!(again.code(), Code::BadCredentials, "an answer works once");

    let refused = async |what: &str, browser: Option<&str>, answer: &str| {
        let error = sign_in(browser, answer).await.unwrap_err();
        assert_eq!(error.code(), Code::BadCredentials, "{what}");
        error.message().to_owned()
    };
    let (options, _) = request(&world).await;
    refused("another browser", Some(&browser), &alex.authenticator.get(&options)).await;
    refused("used up by that", Some(&browser), &alex.authenticator.get(&options)).await;
    let (options, _) = request(&world).await;
    refused("no browser", None, &alex.authenticator.get(&options)).await;
    let (options, browser) = request(&world).await;
    world.pass(SignedDuration::from_mins(5) + SignedDuration::from_secs(1));
    refused("too late", Some(&browser), &alex.authenticator.get(&options)).await;
    let (_, browser) = request(&world).await;
    let own = json!({"challenge": "b3duIGNoYWxsZW5nZQ"});
    refused("a challenge of one's own", Some(&browser), &alex.authenticator.get(&own)).await;
    refused("nothing", Some(&browser), "").await;
    let creation = value(&world.identity.passkey_creation(&alex.who, &world.visit()).await.unwrap());
    refused("a challenge for something else", Some(&browser), &alex.authenticator.get(&creation)).await;

    let (options, browser) = request(&world).await;
    let mut stranger = Authenticator::new(Key::es256());
    let text = refused("not known here", Some(&browser), &stranger.get(&options)).await;
    assert!(text.contains("not known here"), "{text}");
    for handle in [None, Some(b"somebody else..!".to_vec())] {
        let (options, browser) = request(&world).await;
        let own = alex.authenticator.user_handle.clone();
        alex.authenticator.user_handle = handle;
        refused("whose it is", Some(&browser), &alex.authenticator.get(&options)).await;
        alex.authenticator.user_handle = own;
    }
    let (options, browser) = request(&world).await;
    sign_in(Some(&browser), &alex.authenticator.get(&options)).await.unwrap();
}

#[tokio::test]
async fn a_copied_key_is_refused_and_told() {
    let world = World::new().await;
    let mut alex = Keyed::new(&world).await;
    let (options, browser) = request(&world).await;
    let answer = alex.authenticator.get(&options);
    world.identity.sign_in_with_passkey(Some(&browser), &answer, None, &world.visit()).await.unwrap();
    let (options, browser) = request(&world).await;
    let copy = alex.authenticator.get_again(&options);
    let refused =
        world.identity.sign_in_with_passkey(Some(&browser), &copy, None, &world.visit()).await.unwrap_err();
    assert!(refused.message().contains("copied"), "{}", refused.message());
    let mails = world.mails(&alex.user.email, 3).await;
    // Two jobs: either mail may be the first.
    let told = |subject: &str, text: &str| {
        mails.iter().any(|(said, body)| said.contains(subject) && body.contains(text))
    };
    assert!(told("passkey was added", "“Laptop”") && told("passkey was refused", "copied"), "{mails:?}");
}

#[tokio::test]
async fn a_passkey_is_a_second_factor_beside_app_and_codes() {
    let world = World::new().await;
    let mut alex = Keyed::new(&world).await;
    let step = async || match world.identity.sign_in(&alex.user.email, PASSWORD, None, &world.visit()).await {
        Ok(SignIn::Second(step)) => step.token,
        other => panic!("{other:?}"),
    };
    let (first, second) = (step().await, step().await);
    let visit = world.visit();
    let options = value(&world.identity.second_step_request(first.expose(), &visit).await.unwrap());
    assert_eq!(options["allowCredentials"].as_array().unwrap().len(), 1);
    let answer = alex.authenticator.get(&options);
    let finish = async |token: &str, answer: &str| {
        world.identity.finish_second_step_with_passkey(token, answer, None, &visit).await
    };
    let other = finish(second.expose(), &answer).await.unwrap_err();
    assert_eq!(other.field_errors()[0].field, "passkey", "bound to its step");
    let options = value(&world.identity.second_step_request(first.expose(), &visit).await.unwrap());
    let mut stranger = Keyed::new(&world).await;
    assert!(finish(first.expose(), &stranger.authenticator.get(&options)).await.is_err(), "somebody else's");
    let options = value(&world.identity.second_step_request(first.expose(), &visit).await.unwrap());
    let session = finish(first.expose(), &alex.authenticator.get(&options)).await.unwrap();
    assert_eq!(methods(&world, &session).await, ["password", "passkey"]);
    let code = alex.codes[0].clone();
    world.identity.finish_second_step(second.expose(), &code, None, &visit).await.unwrap();
    let late = world.identity.second_step_request(first.expose(), &visit).await.unwrap_err();
    assert_eq!(late.code(), Code::LinkExpired);
}

#[tokio::test]
async fn a_passkey_proves_again_who_is_there() {
    let world = World::new().await;
    let mut alex = Keyed::new(&world).await;
    world.pass(SignedDuration::from_hours(1));
    let binding = alex.who.session.uuid();
    let ask = async || {
        let bytes = binding.as_bytes();
        value(
            &world
                .identity
                .passkey_request(alex.user.id, Purpose::Confirm, bytes, &world.visit())
                .await
                .unwrap(),
        )
    };
    let (options, other) = (ask().await, ask().await);
    let given = |passkey: String| identity::step_up::Given { passkey, ..Default::default() };
    let wrong = given(alex.authenticator.get(&json!({"challenge": "eA"})));
    let error = world.identity.prove(&alex.who, &wrong, &world.visit()).await.unwrap_err();
    assert_eq!(error.field_errors()[0].field, "_passkey");
    let proof = given(alex.authenticator.get(&options));
    let session = world.identity.prove(&alex.who, &proof, &world.visit()).await.unwrap();
    assert!(world.who(&session).await.proven_at > alex.who.proven_at);
    let (options, browser) = request(&world).await;
    let answer = alex.authenticator.get(&options);
    let session =
        world.identity.sign_in_with_passkey(Some(&browser), &answer, None, &world.visit()).await.unwrap();
    let foreign = world.who(&session).await;
    let proof = given(alex.authenticator.get(&other));
    assert!(world.identity.prove(&foreign, &proof, &world.visit()).await.is_err(), "bound to its session");
}

#[tokio::test]
async fn names_limits_and_removal() {
    let world = World::new().await;
    let alex = Keyed::new(&world).await;
    for (name, code) in [("", Code::Required), ("  ", Code::Required), (&*"x".repeat(61), Code::TooLong)] {
        let error = add(&world, &alex.who, &Authenticator::new(Key::es256()), name).await.unwrap_err();
        assert_eq!((error.code(), error.field_errors()[0].field.as_ref()), (code, "name"), "{name:?}");
    }
    let twice = add(&world, &alex.who, &alex.authenticator, "Again").await.unwrap_err();
    assert_eq!(twice.code(), Code::AlreadyExists, "one account has a credential");
    let sam = Keyed::new(&world).await;
    let theirs = world.identity.passkeys(sam.user.id).await.unwrap()[0].id;
    for id in [theirs, PasskeyId::new()] {
        let renamed = world.identity.rename_passkey(&alex.who, id, "Mine", &world.visit()).await.unwrap_err();
        let removed = world.identity.remove_passkey(&alex.who, id, &world.visit()).await.unwrap_err();
        assert_eq!((renamed.code(), removed.code()), (Code::NotFound, Code::NotFound));
    }
    assert_eq!(world.identity.passkeys(sam.user.id).await.unwrap()[0].name, "Laptop");
    for number in 1..MOST {
        let next = Authenticator::new(Key::ed_dsa());
        assert_eq!(add(&world, &alex.who, &next, &format!("Key {number}")).await.unwrap(), None);
    }
    let error = world.identity.passkey_creation(&alex.who, &world.visit()).await.unwrap_err();
    assert_eq!(error.code(), Code::LimitReached);
    let all = world.identity.passkeys(alex.user.id).await.unwrap();
    assert_eq!(all.len(), MOST);
    world.identity.rename_passkey(&alex.who, all[0].id, " Old  laptop ", &world.visit()).await.unwrap();
    for (left, row) in (0..MOST).rev().zip(&all) {
        assert!(world.identity.factors(alex.user.id).await.unwrap().codes.is_some(), "{left}");
        world.identity.remove_passkey(&alex.who, row.id, &world.visit()).await.unwrap();
    }
    let factors = world.identity.factors(alex.user.id).await.unwrap();
    assert!(!factors.asked() && factors.codes.is_none(), "codes go with the last factor");
}

#[tokio::test]
async fn codes_stay_while_any_factor_is_there() {
    let world = World::new().await;
    let alex = Guarded::new(&world).await;
    assert_eq!(add(&world, &alex.who, &Authenticator::new(Key::es256()), "Laptop").await.unwrap(), None);
    world.identity.remove_totp(&alex.who, &world.visit()).await.unwrap();
    let factors = world.identity.factors(alex.user.id).await.unwrap();
    assert!(factors.asked() && factors.codes.is_some());
}

/// The page's script: what is to be signed, with the page's CSRF token in a header.
async fn fetched(browser: &mut Browser, path: &str) -> Value {
    let answer = browser.fetch(path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

#[tokio::test]
async fn from_the_account_page_to_a_log_in_without_a_name() {
    let world = World::new().await;
    let user = world.person("Alex").await;
    let mut browser = Browser::new(&app(&world));
    browser.get("/login").await;
    browser.post("/login", &[("email", &user.email), ("password", PASSWORD)]).await;
    let page = browser.get("/account/security/passkeys/add?next=/o/acme/").await;
    assert!(page.status == 200 && page.body.contains("Firefox on Linux") == page.body.contains("Firefox"));
    let mut key = Authenticator::new(Key::es256());
    key.user_handle = Some(user.id.uuid().as_bytes().to_vec());
    let options = fetched(&mut browser, "/account/security/passkeys/creation").await;
    let answer = key.create(&options);
    let fields = [("name", ""), ("passkey", answer.as_str()), ("next", "//evil.example")];
    let wrong = browser.post("/account/security/passkeys/add", &fields).await;
    assert!(wrong.status == 422 && wrong.body.contains("This is missing.") && !wrong.body.contains("evil"));
    let fields = [("name", "Lap<b>top"), ("passkey", answer.as_str()), ("next", "/o/acme/")];
    let codes = browser.post("/account/security/passkeys/add", &fields).await;
    assert!(codes.status == 200 && codes.body.contains("Store these recovery codes"), "{}", codes.body);
    assert!(codes.body.contains("href=\"/o/acme/\""), "and on where the person came from");
    let security = browser.get("/account/security").await;
    assert!(security.body.contains("Lap&lt;b&gt;top") && security.body.contains("not used yet"));
    let at = security.body.find("/account/security/passkeys/pky_").unwrap();
    let path = security.body[at..].split('"').next().unwrap().to_owned();
    browser.get(&path).await;
    let empty = browser.post(&path, &[("name", "")]).await;
    assert!(empty.status == 422 && empty.body.contains("This is missing."));
    assert_eq!(
        browser.post(&path, &[("name", "Laptop")]).await.to(),
        "/account/security?note=passkey-renamed"
    );
    for path in ["/account/security/passkeys/pky_0", "/account/security/passkeys/pky_0000000000000000000000"]
    {
        assert_eq!(browser.get(path).await.status, 404, "{path}");
        assert_eq!(browser.post(path, &[("name", "x")]).await.status, 404, "{path}");
        assert_eq!(browser.post(&format!("{path}/remove"), &[]).await.status, 404, "{path}");
    }

    let mut other = Browser::new(&app(&world));
    let login = other.get("/login?next=/account").await;
    assert!(login.body.contains("autocomplete=\"username webauthn\""), "{}", login.body);
    let options = fetched(&mut other, "/login/passkey/request").await;
    let bad = other.post("/login/passkey", &[("passkey", "{}"), ("next", "/account")]).await;
    assert!(bad.status == 401 && bad.body.contains("value=\"/account\""), "{}", bad.body);
    let answer = key.get(&options);
    let fields = [("passkey", answer.as_str()), ("next", "/account")];
    assert_eq!(other.post_without_csrf("/login/passkey", &fields).await.status, 403);
    assert_eq!(other.post("/login/passkey", &fields).await.to(), "/account");
    assert!(other.cookie("__Host-session").is_some() && other.cookie("__Host-passkey").is_none());

    let mut third = Browser::new(&app(&world));
    third.get("/login").await;
    third.post("/login", &[("email", &user.email), ("password", PASSWORD)]).await;
    let step = third.get("/login/code").await;
    assert!(step.body.contains("Use your passkey") && !step.body.contains("six digits"), "{}", step.body);
    let options = fetched(&mut third, "/login/code/passkey").await;
    let answer = key.get(&options);
    assert_eq!(third.post("/login/code", &[("passkey", &answer)]).await.to(), "/");

    world.pass(SignedDuration::from_mins(31));
    browser.get("/account").await;
    assert_eq!(browser.fetch("/account/security/passkeys/creation").await.status, 403, "asked first");
    let asked = browser.post(&format!("{path}/remove"), &[]).await;
    assert!(asked.status == 403 && asked.body.contains("/confirm/passkey"), "{}", asked.body);
    let options = fetched(&mut browser, "/confirm/passkey").await;
    let wrong = browser.post(&format!("{path}/remove"), &[("_passkey", "{}")]).await;
    assert!(wrong.status == 422 && wrong.body.contains("was not accepted"), "{}", wrong.body);
    let answer = key.get(&options);
    let removed = browser.post(&format!("{path}/remove"), &[("_passkey", &answer)]).await;
    assert_eq!(removed.to(), "/account/security?note=passkey-removed");
}

#[tokio::test]
async fn strangers_get_nothing_to_sign() {
    let world = World::new().await;
    let mut browser = Browser::new(&app(&world));
    browser.get("/login").await;
    for (path, status) in [
        ("/account/security/passkeys/creation", 401),
        ("/confirm/passkey", 401),
        ("/login/code/passkey", 422),
    ] {
        assert_eq!(browser.fetch(path).await.status, status, "{path}");
    }
    for path in ["/account/security/passkeys/add", "/account/security/passkeys/pky_0000000000000000000000"] {
        assert!(browser.get(path).await.to().starts_with("/login?next="), "{path}");
    }
    for _ in 0..120 {
        browser.fetch("/login/passkey/request").await;
    }
    let answer = browser.fetch("/login/passkey/request").await;
    assert!(answer.status == 429 && !answer.header("retry-after").is_empty());
}

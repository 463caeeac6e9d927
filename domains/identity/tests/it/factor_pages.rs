//! The pages of second factors and of step-up, as a browser sees them.

use crate::browser::Browser;
use crate::factors::{Guarded, seed_of};
use crate::pages::app;
use crate::world::{PASSWORD, World};
use identity::factors::totp;
use jiff::SignedDuration;

async fn logged_in(world: &World, email: &str) -> Browser {
    let mut browser = Browser::new(&app(world));
    browser.get("/login").await;
    assert_eq!(browser.post("/login", &[("email", email), ("password", PASSWORD)]).await.to(), "/");
    browser
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    text.split_once(start).unwrap_or_else(|| panic!("no {start} in {text}")).1.split_once(end).unwrap().0
}

#[tokio::test]
async fn from_the_picture_to_the_second_step() {
    let world = World::new().await;
    let user = world.person("Alex").await;
    let mut browser = logged_in(&world, &user.email).await;
    let setup = browser.get("/account/security/app").await;
    assert!(setup.body.contains("<svg class=\"qr\"") && setup.header("cache-control") == "no-store");
    let seed = seed_of(between(&setup.body, "id=\"seed\" aria-labelledby=\"seed-l\">", "<"));
    let wrong = browser.post("/account/security/app", &[("code", "12345")]).await;
    assert!(wrong.status == 422 && wrong.body.contains("This is not six digits."));
    let code = totp::shown(&seed, world.now());
    let codes = browser.post("/account/security/app", &[("code", &code)]).await;
    assert_eq!(codes.status, 200);
    let first = between(&codes.body, "<li>", "\n").trim().to_owned();
    assert!(codes.body.contains("data:text/plain"), "the codes can be stored as a file");
    let security = browser.get("/account/security").await;
    assert!(security.body.contains("10 of 10 left") && !security.body.contains(&first), "shown once");

    let mut other = Browser::new(&app(&world));
    assert_eq!(other.get("/login/code").await.to(), "/login?note=late", "there is no step yet");
    other.get("/login").await;
    let fields = [("email", user.email.as_str()), ("password", PASSWORD), ("next", "/account")];
    assert_eq!(other.post("/login", &fields).await.to(), "/login/code?next=%2Faccount");
    assert!(other.cookie("__Host-session").is_none());
    assert_eq!(other.get("/account").await.status, 303);
    assert!(other.get("/login/code?next=%2Faccount").await.body.contains(&user.email));
    for (code, text) in [("", "This is missing."), ("000000", "is not right"), (&code, "is not right")] {
        let wrong = other.post("/login/code", &[("code", code), ("next", "/account")]).await;
        assert!(wrong.status == 422 && wrong.body.contains(text), "{code:?} {}", wrong.body);
        assert!(wrong.body.contains("name=\"next\" value=\"/account\""), "the way on stays");
    }
    assert!(other.get("/login/code?recovery=1").await.body.contains("Six groups of four"));
    let done = other.post("/login/code", &[("code", &first), ("recovery", "1"), ("next", "/account")]).await;
    assert_eq!(done.to(), "/account");
    assert!(other.cookie("__Host-session").is_some() && other.cookie("__Host-signin").is_none());
    assert!(other.get("/account/security").await.body.contains("password and recovery code"));
}

#[tokio::test]
async fn an_old_session_is_asked_first_and_loses_nothing() {
    let world = World::new().await;
    let alex = Guarded::new(&world).await;
    let app = app(&world);
    let mut browser = Browser::new(&app);
    browser.get("/login").await;
    browser.post("/login", &[("email", &alex.user.email), ("password", PASSWORD)]).await;
    browser.get("/login/code").await;
    let code = alex.code(&world);
    assert_eq!(browser.post("/login/code", &[("code", &code)]).await.to(), "/");
    assert_eq!(browser.get("/account/security/app").await.status, 200, "fresh from the log-in");
    world.pass(SignedDuration::from_mins(16));
    let confirm = browser.get("/account/security/app?a=1").await;
    assert_eq!(confirm.to(), "/confirm?next=%2Faccount%2Fsecurity%2Fapp%3Fa%3D1");
    assert!(browser.get(confirm.to()).await.body.contains("name=\"_code\""));
    let wrong = browser.post("/confirm", &[("_code", "000000"), ("next", "/account/security/app")]).await;
    assert!(wrong.status == 422 && wrong.body.contains("value=\"/account/security/app\""));
    let before = browser.cookie("__Host-session").unwrap().to_owned();
    let code = alex.code(&world);
    let next = [("_code", code.as_str()), ("next", "//evil.example")];
    assert_eq!(browser.post("/confirm", &next).await.to(), "/account/security", "no way to another host");
    assert_ne!(browser.cookie("__Host-session").unwrap(), before);

    // A form that comes too late: refused, kept, and sent on with the proof.
    browser.get("/account/security").await;
    world.pass(SignedDuration::from_mins(31));
    let asked = browser.post("/account/security/codes", &[("kept", "a \"quoted\" & odd value")]).await;
    assert_eq!(asked.status, 403);
    assert!(asked.body.contains("action=\"/account/security/codes\""), "{}", asked.body);
    assert!(asked.body.contains("name=\"kept\" value=\"a &quot;quoted&quot; &amp; odd value\""));
    let wrong = browser.post("/account/security/codes", &[("kept", "x"), ("_code", "1")]).await;
    assert!(wrong.status == 422 && wrong.body.contains("name=\"kept\" value=\"x\""));
    let code = alex.code(&world);
    let forged = browser.post_without_csrf("/account/security/codes", &[("_code", &code)]).await;
    assert_eq!(forged.status, 403);
    let done = browser.post("/account/security/codes", &[("_code", &code)]).await;
    assert!(done.status == 200 && done.body.contains("Store these recovery codes"), "{}", done.body);
    assert_eq!(browser.get("/account/security/app").await.status, 200, "and the session is fresh again");
}

#[tokio::test]
async fn ending_sessions_asks_who_is_there() {
    let world = World::new().await;
    let user = world.person("Alex").await;
    let other = world.log_in(&user.email).await;
    let mut browser = logged_in(&world, &user.email).await;
    browser.get("/account/security").await;
    world.pass(SignedDuration::from_mins(31));
    let one = format!("/account/sessions/{}/end", other.id);
    for path in ["/account/sessions/end-others", one.as_str()] {
        let asked = browser.post(path, &[]).await;
        assert!(asked.status == 403 && asked.body.contains(&format!("action=\"{path}\"")), "{}", asked.body);
        let wrong = browser.post(path, &[("_password", "not the password")]).await;
        assert_eq!(wrong.status, 422, "{path}");
        assert!(world.identity.session_lives(other.id).await.unwrap(), "{path}");
    }
    let done = browser.post(&one, &[("_password", PASSWORD)]).await;
    assert_eq!(done.to(), "/account/security?note=session");
    assert!(!world.identity.session_lives(other.id).await.unwrap());
    // The session is fresh again, so the next one is not asked about.
    assert_eq!(
        browser.post("/account/sessions/end-others", &[]).await.to(),
        "/account/security?note=sessions"
    );
}

#[tokio::test]
async fn passwords_are_not_kept_in_the_page_that_asks() {
    let world = World::new().await;
    let user = world.person("Alex").await;
    let mut browser = logged_in(&world, &user.email).await;
    browser.get("/account").await;
    world.pass(SignedDuration::from_hours(1));
    let fields = [("current_password", "hush hush"), ("password", "hush hush")];
    let asked = browser.post("/account/password", &fields).await;
    assert!(asked.status == 403 && !asked.body.contains("hush hush"));
    assert!(asked.body.contains("name=\"_password\""), "without a factor, the password is asked for");
    let given = browser.post("/account/password", &[("_password", PASSWORD)]).await;
    assert!(given.status == 422 && given.body.contains("This is missing."), "{}", given.body);
}

#[tokio::test]
async fn strangers_are_sent_to_log_in() {
    let world = World::new().await;
    let mut browser = Browser::new(&app(&world));
    for path in ["/account/security", "/account/security/app", "/account/password", "/confirm"] {
        assert!(browser.get(path).await.to().starts_with("/login?next="), "{path}");
    }
    browser.get("/login").await;
    for path in ["/account/security/app", "/account/security/app/remove", "/account/security/codes"] {
        assert_eq!(browser.post(path, &[]).await.status, 401, "{path}");
    }
}
